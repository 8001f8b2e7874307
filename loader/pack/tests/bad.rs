//! What images are refused with: one line that says what and where.

mod support;

use std::io::Write;
use support::{Oci, Tar, docker_save, read, seal};

fn refuse(what: &str, tar: &[u8], words: &str) {
    match read(tar) {
        Ok(_) => panic!("{what}: accepted"),
        Err(error) => {
            let line = error.to_string();
            assert!(line.contains(words), "{what}: said '{line}', not '{words}'");
            assert!(!line.contains('\n'), "{what}: several lines");
        }
    }
}

#[test]
fn truncated_and_corrupt_archives() {
    let tar = Tar::new().file("f", &[1; 3000]).dir("d");
    let whole = tar.clone().end();
    assert!(read(&whole).is_ok());
    for cut in [100, 511, 700, 3000, 3600, 4000] {
        refuse("cut", &whole[..cut], "truncated tar");
    }
    refuse("cut between two members", &whole[..3584], "truncated tar");
    refuse("no end", &tar.0, "truncated tar");
    let mut flipped = whole.clone();
    flipped[20] ^= 1;
    refuse("flipped bit in a header", &flipped, "checksum");
    let mut wrong = whole.clone();
    wrong[124..136].copy_from_slice(b"99999999999\0");
    seal(&mut wrong[..512]);
    refuse("size in no octal digits", &wrong, "no number");
    wrong[124..136].copy_from_slice(b"77777777777\0");
    seal(&mut wrong[..512]);
    refuse("size of 8 GiB", &wrong, "truncated tar");
    refuse("not a tar", &[b'x'; 2000], "checksum");
    refuse("empty", &[], "empty");
    refuse("pax garbage", &Tar::new().member(b'x', b"p", b"", 0, (0, 0), b"99 path=x\n").file("f", b"").end(), "pax");
    let huge = Tar::new().pax(&[("size", b"18446744073709551615")]).file("f", b"x").end();
    refuse("absurd size", &huge, "absurd");
    let bomb: &[(&str, &[u8])] = &[("GNU.sparse.realsize", b"99999999999"), ("GNU.sparse.map", b"0,1")];
    refuse("sparse bomb", &Tar::new().pax(bomb).file("f", b"x").end(), "more than an image");
}

#[test]
fn paths_that_escape() {
    refuse("..", &Tar::new().file("../evil", b"x").end(), "leads out of the image");
    refuse("a/../..", &Tar::new().file("a/../../evil", b"x").end(), "leads out of the image");
    refuse("symlink up", &Tar::new().symlink("up", "../..").file("up/evil", b"x").end(), "leads out of the image");
    refuse("absolute symlink", &Tar::new().symlink("abs", "/tmp").file("abs/evil", b"x").end(), "not in the image");
    refuse("hard link to ..", &Tar::new().hardlink("h", "../../etc/passwd").end(), "leads out of the image");
    refuse("hard link to nothing", &Tar::new().hardlink("h", "none").end(), "not there");
    refuse("hard link to a directory", &Tar::new().dir("d").hardlink("h", "d").end(), "directory");
    refuse("loop", &Tar::new().symlink("a", "b").symlink("b", "a").file("a/x", b"").end(), "too many symlinks");
    refuse("below a file", &Tar::new().file("f", b"").file("f/x", b"").end(), "no directory");
    refuse("empty symlink", &Tar::new().symlink("s", "").end(), "no target");
    let in_layer = |tar: Tar| Oci::of(vec![tar.end()]).tar();
    refuse("whiteout of ..", &in_layer(Tar::new().file("a/.wh...", b"")), "whiteout");
    refuse("opaque out of the root", &in_layer(Tar::new().file("../.wh..wh..opq", b"")), "leads out of the image");
    // An absolute name is below the root, as tar and docker have it.
    assert!(read(&Tar::new().file("/etc/passwd", b"x").end()).is_ok());
}

#[test]
fn digests_platforms_and_manifests() {
    let layer = Tar::new().file("f", b"x").end();
    refuse("digest", &Oci { wrong_digest: true, ..Oci::of(vec![layer.clone()]) }.tar(), "digest of its contents");
    refuse("diff_id", &Oci { wrong_diff_id: true, ..Oci::of(vec![layer.clone()]) }.tar(), "uncompressed contents");
    let arm = Oci { architecture: "arm64", ..Oci::of(vec![layer.clone()]) }.tar();
    refuse("architecture", &arm, "linux/arm64");
    refuse("architecture of docker save", &docker_save(std::slice::from_ref(&layer), "riscv64"), "linux/riscv64");
    let text = String::from_utf8_lossy(&docker_save(std::slice::from_ref(&layer), "amd64")).into_owned();
    refuse("missing layer", text.replace("0/layer.tar\"", "9/layer.tar\"").as_bytes(), "missing");
    refuse("no layers", text.replace("[\"0/layer.tar\"]", "[             ]").as_bytes(), "different layers");
    let tarred = |files: &[(&str, &[u8])]| files.iter().fold(Tar::new(), |t, f| t.file(f.0, f.1)).end();
    let layout = ("oci-layout", &b"{}"[..]);
    refuse("json", &tarred(&[layout, ("index.json", b"{")]), "index.json is malformed");
    refuse("empty index", &tarred(&[layout, ("index.json", br#"{"manifests":[]}"#)]), "no image");
    let evil = br#"{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}"#;
    refuse("digest as a path", &tarred(&[layout, ("index.json", evil)]), "malformed digest");
    let gone =
        br#"{"manifests":[{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}]}"#;
    refuse("missing manifest", &tarred(&[layout, ("index.json", gone)]), "missing");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&layer).unwrap();
    let gzip = gzip.finish().unwrap();
    let cut = Oci { plain: vec![layer.clone()], ..Oci::of(vec![gzip[..gzip.len() - 20].to_vec()]) };
    refuse("cut gzip layer", &cut.tar(), "layer sha256:");
    refuse("xz layer", &Oci::of(vec![b"\xfd7zXZ\0xxxxxx".to_vec()]).tar(), "xz");
    refuse("layer that is no tar", &Oci::of(vec![vec![b'x'; 1000]]).tar(), "checksum");
}

#[test]
fn references_that_lead_nowhere() {
    let line = |reference: &str| brainworm_pack::load(reference, &mut ()).unwrap_err().to_string();
    assert!(line("alpine:3.20").contains("registry"));
    assert!(line("rootfs:/no/such/dir").contains("no such file"));
    assert!(line("/no/such.tar").contains("no such file"));
}
