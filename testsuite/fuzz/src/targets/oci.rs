//! What people save images as: tars in tars, JSON, gzip and zstd.

use super::Target;
use crate::mutate::Random;
use brainworm_abi::image::Image;
use brainworm_pack::source::{Archive, Data, Source};
use brainworm_pack::{decompress, read};
use std::io::Read;

pub(crate) const TARGET: Target = Target { name: "oci", seeds, repair, run, told: super::no_more };

/// Contents of one input: enough for everything but bombs.
const BUDGET: u64 = 8 << 20;
const BLOCK: usize = 512;

fn seeds() -> Vec<Vec<u8>> {
    let mut layer = Vec::new();
    member(&mut layer, b'5', "etc/", "", b"");
    member(&mut layer, b'0', "etc/f", "", b"contents");
    member(&mut layer, b'1', "hard", "etc/f", b"");
    member(&mut layer, b'2', "link", "etc", b"");
    member(&mut layer, b'0', "link/through", "", b"x");
    member(&mut layer, b'3', "null", "", b"");
    member(&mut layer, b'x', "pax", "", &pax(&["SCHILY.xattr.user.k=v", "path=long/name", "mtime=-1.500"]));
    member(&mut layer, b'0', "short", "", b"y");
    member(&mut layer, b'L', "././@LongLink", "", b"a/long/name\0");
    member(&mut layer, b'0', "cut", "", b"z");
    member(&mut layer, b'0', "etc/.wh.f", "", b"");
    member(&mut layer, b'0', "etc/.wh..wh..opq", "", b"");
    let sparse = pax(&["GNU.sparse.major=1", "GNU.sparse.name=holes", "GNU.sparse.realsize=12"]);
    member(&mut layer, b'x', "pax", "", &sparse);
    let mut map = b"1\n1\n2\n".to_vec();
    map.resize(BLOCK, 0);
    map.extend(b"ab");
    member(&mut layer, b'0', "GNUSparseFile.0/holes", "", &map);
    layer.extend([0; 2 * BLOCK]);

    let config = br#"{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"],"StopSignal":"SIGTERM"},
        "rootfs":{"diff_ids":["sha256:0000000000000000000000000000000000000000000000000000000000000000"]}}"#;
    let mut saved = Vec::new();
    member(&mut saved, b'0', "c.json", "", config);
    member(&mut saved, b'0', "l/layer.tar", "", &layer);
    member(
        &mut saved,
        b'0',
        "manifest.json",
        "",
        br#"[{"Config":"c.json","RepoTags":["x"],"Layers":["l/layer.tar"]}]"#,
    );
    saved.extend([0; 2 * BLOCK]);

    let mut layout = Vec::new();
    member(&mut layout, b'0', "oci-layout", "", b"{}");
    let index = br#"{"manifests":[{"digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111",
        "platform":{"os":"linux","architecture":"amd64"}}]}"#;
    member(&mut layout, b'0', "index.json", "", index);
    layout.extend([0; 2 * BLOCK]);
    // One stored gzip member and one raw zstd block, by hand.
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01\x02\0\xfd\xffhi\xac\x2a\x93\xd8\x02\0\0\0".to_vec();
    let zstd = b"\x28\xb5\x2f\xfd\x20\x02\x11\0\0hi".to_vec();
    vec![layer, saved, layout, gzip, zstd]
}

fn member(out: &mut Vec<u8>, flag: u8, name: &str, link: &str, data: &[u8]) {
    let mut block = [0u8; BLOCK];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    block[136..147].copy_from_slice(b"13750443000");
    block[156] = flag;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    out.extend_from_slice(&block);
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(BLOCK), 0);
}

/// Extended header records: each begins with its own length (all of these are 10 to 99 long).
fn pax(records: &[&str]) -> Vec<u8> {
    records.iter().flat_map(|record| format!("{} {record}\n", record.len() + 4).into_bytes()).collect()
}

fn seal(block: &mut [u8]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&b| b as u32).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// Seals every block that looks like a header, so that mutants get past the checksum.
#[expect(clippy::ptr_arg, reason = "the type of all repairs")]
fn repair(random: &mut Random, bytes: &mut Vec<u8>) {
    if random.once_in(8) {
        return;
    }
    for block in bytes.chunks_exact_mut(BLOCK) {
        if &block[257..262] == b"ustar" {
            seal(block);
        }
    }
}

fn run(bytes: &[u8]) {
    if decompress::is_compressed(bytes) {
        if let Ok(plain) = decompress::open(bytes) {
            let _ = std::io::copy(&mut plain.take(BUDGET), &mut std::io::sink());
        }
        return;
    }
    let Ok(archive) = Archive::index(Data::Memory(bytes.to_vec())) else { return };
    let source = Source::Archive(archive);
    for must_be_root in [false, true] {
        if let Ok(container) = read(&source, must_be_root, BUDGET, &mut ()) {
            let (packed, _) = container.pack().expect("what was read can be packed");
            Image::open(&packed).and_then(|image| image.verify()).expect("what was packed is well-formed");
        }
    }
    // A layer's whiteouts are only read in images, whose digests no mutant has: read it as a layer too.
    let mut tree = brainworm_pack::tree::Tree::new();
    let mut budget = BUDGET;
    let kind = brainworm_pack::layers::ArchiveKind::Layer;
    let _ = brainworm_pack::layers::apply(&mut tree, bytes, kind, &mut budget);
    let _ = brainworm_pack::layers::apply(&mut tree, bytes, kind, &mut budget);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read() {
        let seeds = seeds();
        let kind = brainworm_pack::layers::ArchiveKind::Layer;
        let mut tree = brainworm_pack::tree::Tree::new();
        assert!(brainworm_pack::layers::apply(&mut tree, &seeds[0][..], kind, &mut { BUDGET }).unwrap());
        for image in &seeds[1..3] {
            let source = Source::Archive(Archive::index(Data::Memory(image.clone())).unwrap());
            let error = read(&source, false, BUDGET, &mut ()).unwrap_err().to_string();
            assert!(error.contains("digest") || error.contains("missing"), "{error}");
        }
        for stream in &seeds[3..] {
            let mut plain = String::new();
            decompress::open(&stream[..]).unwrap().read_to_string(&mut plain).unwrap();
            assert_eq!(plain, "hi");
        }
    }
}
