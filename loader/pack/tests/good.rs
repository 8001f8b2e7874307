//! What well-formed images become.

mod support;

use brainworm_abi::Timespec;
use brainworm_abi::image::Image;
use brainworm_pack::source::Source;
use std::io::Write;
use support::{Oci, Tar, docker_save, listing, read, scratch};

fn check(layers: &[Tar], expect: &[&str]) {
    let layers = layers.iter().map(|t| t.clone().end()).collect();
    let container = read(&Oci::of(layers).tar()).unwrap();
    assert_eq!(listing(&container), expect.join("\n"));
}

#[test]
fn layers_merge() {
    check(
        &[
            Tar::new().dir("etc").file("etc/a", b"1").file("etc/b", b"2").member(b'0', b"s", b"", 0o4755, (5, 6), b"x"),
            Tar::new().file("etc/a", b"new").file("./deep/er/f", b"f").symlink("l", "etc"),
            Tar::new().file("l/through", b"t"),
        ],
        &[
            "/deep 755 0:0 3 dir",
            "/deep/er 755 0:0 2 dir",
            "/deep/er/f 644 0:0 1 'f'",
            "/etc 755 0:0 2 dir",
            "/etc/a 644 0:0 1 'new'",
            "/etc/b 644 0:0 1 '2'",
            "/etc/through 644 0:0 1 't'",
            "/l 777 0:0 1 -> etc",
            "/s 4755 5:6 1 'x'",
        ],
    );
}

#[test]
fn a_whiteout_hides_lower_layers_only() {
    let lower = Tar::new().dir("d").file("d/a", b"1").file("d/b", b"2").file("f", b"3").dir("e").file("e/x", b"4");
    check(
        &[lower.clone(), Tar::new().file("d/.wh.a", b"").file(".wh.f", b"").file(".wh.e", b"").file(".wh.none", b"")],
        &["/d 755 0:0 2 dir", "/d/b 644 0:0 1 '2'"],
    );
    // Opaque before and after the new file, and a whiteout in the layer that brings the name back.
    check(
        &[
            lower.clone(),
            Tar::new().dir("d").file("d/new", b"n").file("d/.wh..wh..opq", b"").file(".wh.e", b"").file("e/y", b"5"),
        ],
        &["/d 755 0:0 2 dir", "/d/new 644 0:0 1 'n'", "/e 755 0:0 2 dir", "/e/y 644 0:0 1 '5'", "/f 644 0:0 1 '3'"],
    );
    check(
        &[lower.clone(), Tar::new().dir("e").file("e/y", b"5").file(".wh.e", b"").file(".wh..wh..opq", b"")],
        &["/e 755 0:0 2 dir", "/e/y 644 0:0 1 '5'"],
    );
    // A file over a directory takes all of it away; a directory over a symlink replaces the symlink.
    check(
        &[lower.symlink("s", "e"), Tar::new().file("d", b"file").dir("s")],
        &["/d 644 0:0 1 'file'", "/e 755 0:0 2 dir", "/e/x 644 0:0 1 '4'", "/f 644 0:0 1 '3'", "/s 755 0:0 2 dir"],
    );
}

#[test]
fn hard_links_hold_across_layers() {
    check(
        &[
            Tar::new().file("a", b"1").hardlink("b", "a").hardlink("dir/c", "./b"),
            Tar::new().hardlink("d", "a").file("b", b"own"),
        ],
        &["/a 644 0:0 3 '1'", "/b 644 0:0 1 'own'", "/d 644 0:0 3 '1'", "/dir 755 0:0 2 dir", "/dir/c 644 0:0 3 '1'"],
    );
}

#[test]
fn names_attributes_times_and_devices_survive() {
    let long = "n".repeat(200);
    let tar = Tar::new()
        .pax(&[("path", b"caf\xe9/\xff"), ("mtime", b"-1.5"), ("uid", b"3000000"), ("SCHILY.xattr.user.k", b"a\0b")])
        .file("ignored", b"x")
        .member(b'L', b"././@LongLink", b"", 0o644, (0, 0), format!("{long}\0").as_bytes())
        .file("cut", b"y")
        .member(b'3', b"null", b"", 0o666, (0, 0), b"")
        .member(b'6', b"fifo", b"", 0o600, (0, 0), b"");
    let container = read(&tar.end()).unwrap();
    assert_eq!(
        listing(&container),
        [
            "/caf\\xe9 755 0:0 2 dir",
            "/caf\\xe9/\\xff 644 3000000:0 1 'x'",
            "/fifo 600 0:0 1 dev 0x0",
            &format!("/{long} 644 0:0 1 'y'"),
            "/null 666 0:0 1 dev 0x103",
        ]
        .join("\n")
    );
    let (bytes, _) = container.pack().unwrap();
    let image = Image::open(&bytes).unwrap();
    let dir = image.lookup(1, b"caf\xe9").unwrap().unwrap();
    let file = image.lookup(dir, b"\xff").unwrap().unwrap();
    assert_eq!(image.inode(file).unwrap().mtime, Timespec { sec: -2, nsec: 500_000_000 });
    assert_eq!(image.xattrs(file).unwrap().collect::<Vec<_>>(), [Ok((&b"user.k"[..], &b"a\0b"[..]))]);
}

#[test]
fn sparse_files_get_their_holes_back() {
    let mut map = b"2\n1\n2\n9\n1\n".to_vec();
    map.resize(512, 0);
    map.extend(b"abc");
    let records: &[(&str, &[u8])] = &[
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"holes"),
        ("GNU.sparse.realsize", b"12"),
    ];
    let container = read(&Tar::new().pax(records).file("GNUSparseFile.0/holes", &map).end()).unwrap();
    assert_eq!(listing(&container), r"/holes 644 0:0 1 '\x00ab\x00\x00\x00\x00\x00\x00c\x00\x00'");
}

#[test]
fn equal_contents_are_stored_once_and_programs_get_pages() {
    let mut elf = b"\x7fELF............\x03\0".to_vec();
    elf.resize(5000, 1);
    let tar = Tar::new().file("p", &elf).file("q", &elf).file("t", &[7; 1000]).file("u", &[7; 1000]).file("e", b"");
    let (bytes, figures) = read(&tar.end()).unwrap().pack().unwrap();
    let image = Image::open(&bytes).unwrap();
    image.verify().unwrap();
    let place = |name: &[u8]| image.data(image.lookup(1, name).unwrap().unwrap()).unwrap();
    assert_eq!((place(b"p"), place(b"t")), (place(b"q"), place(b"u")));
    assert_eq!(place(b"p").0 % 4096, 0);
    assert_eq!((figures.file_bytes, figures.stored_bytes, figures.mapped_files), (12000, 6000, 1));
    // The bound of a built file: files + 4 KiB a mapped file + 128 B an inode.
    assert!(bytes.len() as u64 <= figures.stored_bytes + 4096 * 2 + 128 * figures.inodes + 8192);
}

#[test]
fn all_ways_to_save_an_image_are_read() {
    let layer = Tar::new().file("f", b"hello").end();
    let plain = vec![layer.clone()];
    let gzip = |bytes: &[u8]| {
        let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        e.write_all(bytes).unwrap();
        e.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    let with = |layers: Vec<Vec<u8>>| Oci { plain: plain.clone(), ..Oci::of(layers) };
    let dir = scratch("ways");
    let layout = dir.join("layout");
    for (name, bytes) in with(vec![gzip(&layer)]).files() {
        std::fs::create_dir_all(layout.join(&name).parent().unwrap()).unwrap();
        std::fs::write(layout.join(name), bytes).unwrap();
    }
    let root = dir.join("root");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("f"), b"hello").unwrap();
    let files = [
        ("oci.tar", with(plain.clone()).tar()),
        ("oci-gzip-layer.tar", with(vec![gzip(&layer)]).tar()),
        ("oci-zstd-layer.tar", with(vec![zstd(&layer)]).tar()),
        ("oci.tar.gz", gzip(&with(plain.clone()).tar())),
        ("docker.tar", docker_save(&plain, "amd64")),
        ("docker-twice.tar", docker_save(&[layer.clone(), layer.clone()], "amd64")),
        ("docker.tar.zst", zstd(&docker_save(&plain, "amd64"))),
        ("root.tar", layer.clone()),
        ("root.tar.gz", gzip(&layer)),
    ];
    let mut paths = vec![layout, root];
    for (name, bytes) in files {
        std::fs::write(dir.join(name), bytes).unwrap();
        paths.push(dir.join(name));
    }
    for path in paths {
        let container = brainworm_pack::load(path.to_str().unwrap(), &mut ()).unwrap();
        let f = listing(&container);
        assert!(f.starts_with("/f 644 ") && f.ends_with("'hello'"), "{}: {f}", path.display());
    }
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn the_configuration_is_kept_and_the_result_is_reproducible() {
    let tar = Oci::of(vec![Tar::new().file("f", b"x").file("g", b"y").end()]).tar();
    let one = read(&tar).unwrap();
    assert_eq!(one.config.entrypoint, [b"/bin/sh".to_vec()]);
    assert_eq!((&one.config.user[..], &one.config.working_dir[..]), (&b"7"[..], &b"/srv"[..]));
    let bytes = one.pack().unwrap().0;
    assert_eq!(bytes, read(&tar).unwrap().pack().unwrap().0);
    assert_eq!(Image::open(&bytes).unwrap().config().unwrap(), one.config);
}

#[test]
fn the_right_platform_is_taken_out_of_an_index() {
    let arm = Oci { architecture: "arm64", ..Oci::of(vec![Tar::new().file("arm", b"").end()]) }.files();
    let amd = Oci::of(vec![Tar::new().file("amd", b"").end()]).files();
    let manifests = |files: &[(String, Vec<u8>)]| {
        let text = String::from_utf8(files.iter().find(|f| f.0 == "index.json").unwrap().1.clone()).unwrap();
        text[text.find('[').unwrap() + 1..text.rfind(']').unwrap()].to_string()
    };
    let index = format!(r#"{{"manifests":[{},{}]}}"#, manifests(&arm), manifests(&amd));
    let all = arm.iter().chain(&amd).filter(|f| f.0 != "index.json");
    let tar = all.fold(Tar::new(), |tar, (name, bytes)| tar.file(name, bytes));
    let container = read(&tar.file("index.json", index.as_bytes()).end()).unwrap();
    assert!(listing(&container).starts_with("/amd "));
}

#[test]
fn a_directory_is_read_as_it_is() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = scratch("asis");
    std::fs::write(dir.join("a"), b"1").unwrap();
    std::fs::set_permissions(dir.join("a"), std::fs::Permissions::from_mode(0o2750)).unwrap();
    std::fs::hard_link(dir.join("a"), dir.join("b")).unwrap();
    std::fs::create_dir(dir.join("c")).unwrap();
    symlink("/nowhere/../..", dir.join("c/l")).unwrap();
    std::fs::write(dir.join("c/.wh.x"), b"literal").unwrap();
    let source = Source::open(&dir).unwrap();
    let container = brainworm_pack::read(&source, true, 1 << 20, &mut ()).unwrap();
    let text = listing(&container);
    let names: Vec<&str> = text.lines().map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["/a", "/b", "/c", "/c/.wh.x", "/c/l"]);
    assert!(text.lines().next().unwrap().starts_with("/a 2750 ") && text.contains(" 2 '1'"), "{text}");
    std::fs::remove_dir_all(dir).unwrap();
}
