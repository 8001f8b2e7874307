//! The packed image, and wasm files that should have one inside.

use super::{Target, as_is};
use brainworm_abi::FileKind;
use brainworm_abi::image::{ContainerConfig, Image, Layout, SLOT_WORDS};
use brainworm_pack::tree::{Body, Directory, Meta, Tree};
use brainworm_pack::{Container, link};

pub(crate) const TARGET: Target = Target { name: "image", seeds, repair: as_is, run, told: super::no_more };

fn seeds() -> Vec<Vec<u8>> {
    let mut tree = Tree::new();
    let mut elf = b"\x7fELF............\x03\0".to_vec();
    elf.resize(4500, 0xcc);
    let xattrs = vec![(b"user.k".to_vec(), b"v".to_vec()), (b"security.capability".to_vec(), vec![1; 20])];
    let files: [(&[u8], Body); 8] = [
        (b"etc", Body::Directory(Directory::default())),
        (b"etc/passwd", Body::File(b"root:x:0:0".to_vec())),
        (b"etc/same", Body::File(b"root:x:0:0".to_vec())),
        (b"bin/prog", Body::File(elf)),
        (b"bin/sh", Body::Symlink(b"prog".to_vec())),
        (b"dev/null", Body::CharDevice(0x103)),
        (b"run/fifo", Body::Fifo),
        (b"empty", Body::File(Vec::new())),
    ];
    for (path, body) in files {
        tree.put(path, Meta { xattrs: xattrs.clone(), ..Meta::default() }, body).expect("the seed is well-formed");
    }
    tree.link(b"bin/hard", b"bin/prog").expect("the seed is well-formed");
    let config = ContainerConfig {
        entrypoint: vec![b"/bin/sh".to_vec()],
        env: vec![b"A=b".to_vec()],
        labels: vec![(b"k".to_vec(), b"v".to_vec())],
        ..ContainerConfig::default()
    };
    let image = Container { tree, config }.pack().expect("the seed is well-formed").0;
    vec![image.clone(), module_with(&image)]
}

/// The least that `link::extract` takes for a module: memory, two exported globals, data; without translated code.
fn module_with(image: &[u8]) -> Vec<u8> {
    let mut wasm = b"\0asm\x01\0\0\0".to_vec();
    let mut section = |id: u8, body: &[u8]| {
        wasm.push(id);
        leb(&mut wasm, body.len());
        wasm.extend_from_slice(body);
    };
    section(5, &[1, 0, 2]);
    section(6, &[2, 0x7f, 0, 0x41, 0x80, 0x80, 4, 0x0b, 0x7f, 0, 0x41, 0x80, 8, 0x0b]);
    let mut exports = vec![2];
    for (name, index) in [("__heap_base", 0), ("BRAINWORM_IMAGE", 1)] {
        exports.push(name.len() as u8);
        exports.extend(name.bytes());
        exports.extend([3, index]);
    }
    section(7, &exports);
    let mut data = vec![2, 0, 0x41, 0x80, 8, 0x0b, 4 * SLOT_WORDS as u8];
    let slot: [u32; SLOT_WORDS] = [0x10000, image.len() as u32, 0, 0];
    data.extend(slot.iter().flat_map(|word| word.to_le_bytes()));
    data.extend([0, 0x41, 0x80, 0x80, 4, 0x0b]);
    leb(&mut data, image.len());
    data.extend_from_slice(image);
    section(11, &data);
    wasm
}

fn leb(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn run(bytes: &[u8]) {
    if link::is_wasm(bytes) {
        if let Ok(image) = link::extract(bytes) {
            read_all(&image);
        }
        return;
    }
    read_all(bytes);
}

/// Everything the kernel and `fs` may ask.
fn read_all(bytes: &[u8]) {
    let Ok(image) = Image::open(bytes) else { return };
    let is_good = image.verify().is_ok();
    let _ = image.config();
    // A header may claim four billion inodes; the reader bounds them by the image's size.
    for id in 0..image.layout().inode_count.min(100_000).saturating_add(2) {
        let Ok(inode) = image.inode(id) else { continue };
        let contents = image.contents(id);
        assert!(!is_good || inode.kind() != FileKind::Regular || contents.is_ok(), "a verified image can be read");
        let _ = image.readlink(id);
        if let Ok(xattrs) = image.xattrs(id) {
            let _ = xattrs.take(1000).filter(|pair| pair.is_ok()).count();
        }
        if let Ok(entries) = image.entries(id, 0) {
            for entry in entries.take(1000).flatten() {
                let found = image.lookup(id, entry.name);
                assert!(!is_good || found == Ok(Some(entry.inode)), "a verified directory finds its names");
            }
        }
        let _ = image.lookup(id, b"passwd");
    }
    assert_eq!(Layout::parse(&image.layout().encode()).as_ref(), Ok(image.layout()), "headers survive");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read() {
        let [image, wasm] = &seeds()[..] else { panic!("two seeds") };
        Image::open(image).unwrap().verify().unwrap();
        assert_eq!(&link::extract(wasm).unwrap(), image);
    }
}
