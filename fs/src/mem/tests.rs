//! File contents: holes, pages over the image, mappings, limits.

use crate::testing::{Item, Tree, World, build_image, read_all};
use crate::{At, Opened};
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::{Effect, Errno, FrameStore, OpenFlags};

const P: u64 = 4096;
const PUNCH: u32 = 3;

fn boot() -> (World, Tree) {
    let mut bytes: Vec<u8> = (0..3 * P as usize + 100).map(|i| (i / 4096) as u8 + 1).collect();
    bytes[0] = 0xff;
    World::boot(build_image(&[
        (0o755, Item::Dir(vec![("elf", 1), ("plain", 2), ("suid", 3)])),
        (0o755, Item::Pages(bytes.clone())),
        (0o644, Item::File(bytes)),
        (0o4755, Item::File(b"#!".to_vec())),
    ]))
}

fn open(w: &mut World, t: &Tree, path: &str) -> Opened {
    t.open(w, path, OpenFlags::O_RDWR | OpenFlags::O_CREAT).unwrap()
}

fn read(w: &mut World, f: &Opened, pos: u64, len: usize) -> Vec<u8> {
    let mut buf = vec![0xee; len];
    let n = f.file.read(&mut w.io(), pos, &mut buf).unwrap();
    buf.truncate(n);
    buf
}

#[test]
fn holes_read_as_zeros_and_cost_nothing() {
    let (mut w, t) = boot();
    let f = open(&mut w, &t, "/sparse");
    f.file.write(&mut w.io(), 10 * P + 5, false, b"data").unwrap();
    assert_eq!(w.frames.live, 1);
    let stat = f.file.stat(&mut w.io()).unwrap();
    assert_eq!((stat.size, stat.blocks), (10 * P + 9, 8));
    assert_eq!(read(&mut w, &f, 10 * P - 2, 100), b"\0\0\0\0\0\0\0data");
    let seek = |w: &mut World, pos, data| f.file.seek_extent(&mut w.io(), pos, data);
    assert_eq!(seek(&mut w, 0, true), Ok(10 * P));
    assert_eq!(seek(&mut w, 0, false), Ok(0));
    assert_eq!(seek(&mut w, 10 * P + 1, true), Ok(10 * P + 1));
    assert_eq!(seek(&mut w, 10 * P, false), Ok(10 * P + 9));
    assert_eq!(seek(&mut w, 10 * P + 9, true), Err(Errno::ENXIO));
    f.file.truncate(&mut w.io(), 1 << 40).unwrap();
    assert_eq!(seek(&mut w, 11 * P, true), Err(Errno::ENXIO));
    assert_eq!(f.file.truncate(&mut w.io(), u64::MAX), Err(Errno::EFBIG));
    f.file.truncate(&mut w.io(), 0).unwrap();
    assert_eq!(w.frames.live, 0);
}

#[test]
fn what_was_cut_off_never_comes_back() {
    let (mut w, t) = boot();
    for path in ["/new", "/elf", "/plain"] {
        let f = open(&mut w, &t, path);
        f.file.write(&mut w.io(), 0, false, &[9; 5000]).unwrap();
        f.file.truncate(&mut w.io(), 4100).unwrap();
        f.file.truncate(&mut w.io(), 3 * P).unwrap();
        assert_eq!(read(&mut w, &f, 4098, 4), [9, 9, 0, 0], "{path}");
        assert!(read(&mut w, &f, 4100, 2 * 4096).iter().all(|&b| b == 0), "{path}");
        f.file.truncate(&mut w.io(), 100).unwrap();
        f.file.write(&mut w.io(), 200, false, b"x").unwrap();
        assert!(read(&mut w, &f, 100, 100).iter().all(|&b| b == 0), "{path}");
    }
}

#[test]
fn pages_of_the_image_stay_where_they_are_until_written() {
    let (mut w, t) = boot();
    let f = open(&mut w, &t, "/elf");
    let in_place = f.file.frame(&mut w.io(), 3, false).unwrap();
    assert_eq!(w.frames.live, 0);
    assert_eq!(&w.frames.bytes(in_place)[98..102], [4, 4, 0, 0], "the tail of the last page is zeros");
    assert_eq!(f.file.frame(&mut w.io(), 4, false), Err(Errno::ENXIO));
    let own = f.file.frame(&mut w.io(), 3, true).unwrap();
    assert_ne!(own, in_place);
    assert_eq!(w.effects, [Effect::Unmap { file: f.path.id(), first: 3, count: 1 }]);
    w.frames.bytes_mut(own)[0] = 0x77;
    assert_eq!(read(&mut w, &f, 3 * P, 2), [0x77, 4], "a mapping and the file are one");
    w.effects.clear();
    f.file.write(&mut w.io(), P - 1, false, b"ab").unwrap();
    assert_eq!(w.effects.len(), 2, "both pages moved to frames of their own");
    assert_eq!(read(&mut w, &f, P - 2, 4), [1, b'a', b'b', 2]);
    w.effects.clear();
    f.file.truncate(&mut w.io(), P).unwrap();
    assert!(matches!(w.effects[..], [Effect::Unmap { first: 1, .. }]));
    w.frames.release(own);
    let plain = t.open(&mut w, "/plain", OpenFlags::empty()).unwrap();
    let copy = plain.file.frame(&mut w.io(), 0, false).unwrap();
    assert_eq!(w.frames.bytes(copy)[..2], [0xff, 1]);
    assert_eq!(plain.file.frame(&mut w.io(), 0, false), Ok(copy), "one frame an inode");
}

#[test]
fn ranges_are_punched_out() {
    let (mut w, t) = boot();
    for path in ["/elf", "/new"] {
        let f = open(&mut w, &t, path);
        if path == "/new" {
            let all: Vec<u8> = (0..3 * P + 100).map(|i| (i / P) as u8 + 1).collect();
            f.file.write(&mut w.io(), 0, false, &all).unwrap();
        }
        f.file.allocate(&mut w.io(), PUNCH, P - 10, P + 20).unwrap();
        assert_eq!(read(&mut w, &f, P - 11, 2), [1, 0], "{path}");
        assert_eq!(read(&mut w, &f, 2 * P + 9, 2), [0, 3], "{path}");
        assert_eq!(f.file.seek_extent(&mut w.io(), 0, false), Ok(P), "{path}");
        assert_eq!(f.file.seek_extent(&mut w.io(), P, true), Ok(2 * P), "{path}");
        f.file.allocate(&mut w.io(), PUNCH, 10, 5).unwrap();
        assert_eq!(read(&mut w, &f, 9, 7), [1, 0, 0, 0, 0, 0, 1], "{path}");
        assert_eq!(f.file.stat(&mut w.io()).unwrap().size, 3 * P + 100);
        f.file.allocate(&mut w.io(), 0, 0, 5 * P).unwrap();
        assert_eq!(f.file.stat(&mut w.io()).unwrap().size, 5 * P);
        f.file.allocate(&mut w.io(), 1, 0, 50 * P).unwrap();
        assert_eq!(f.file.stat(&mut w.io()).unwrap().size, 5 * P);
        assert_eq!(f.file.allocate(&mut w.io(), 8, 0, P), Err(Errno::EOPNOTSUPP));
        assert_eq!(f.file.allocate(&mut w.io(), 0, 0, 0), Err(Errno::EINVAL));
        assert_eq!(f.file.allocate(&mut w.io(), 0, u64::MAX, 9), Err(Errno::EFBIG));
    }
}

#[test]
fn limits_are_kept() {
    let (mut w, t) = boot();
    let f = open(&mut w, &t, "/new");
    w.frames.limit = 3;
    assert_eq!(f.file.write(&mut w.io(), 0, false, &[1; 5 * P as usize]).unwrap().0 as u64, 3 * P);
    assert_eq!(f.file.write(&mut w.io(), 3 * P, false, b"x"), Err(Errno::ENOSPC));
    t.unlink(&mut w, "/new").unwrap();
    drop(f);
    let f = open(&mut w, &t, "/again");
    assert_eq!(f.file.write(&mut w.io(), 0, false, b"x"), Ok((1, 1)), "frames of deleted files are found");
    w.caller.file_size_limit = 10;
    assert_eq!(f.file.write(&mut w.io(), 5, false, b"123456789"), Ok((5, 10)));
    assert_eq!(f.file.write(&mut w.io(), 10, false, b"x"), Err(Errno::EFBIG));
    assert_eq!(f.file.truncate(&mut w.io(), 11), Err(Errno::EFBIG));
    let signal = Effect::SignalProcess { pid: 7, signal: 25 };
    assert_eq!(w.effects, [signal.clone(), signal]);
}

#[test]
fn seals_hold() {
    let (mut w, t) = boot();
    let f = t.vfs.memfd(&mut w.io(), b"name", Some(0));
    assert_eq!(t.vfs.link_text(&t.root, &f.path), b"/memfd:name (deleted)");
    f.file.write(&mut w.io(), 0, false, b"data").unwrap();
    assert_eq!(t.vfs.add_seals(&*f.file, 8, true), Err(Errno::EBUSY));
    assert_eq!(t.vfs.add_seals(&*f.file, 2 | 4, false), Ok(()));
    assert_eq!(f.file.truncate(&mut w.io(), 1), Err(Errno::EPERM));
    assert_eq!(f.file.write(&mut w.io(), 3, false, b"xy"), Err(Errno::EPERM));
    assert_eq!(f.file.write(&mut w.io(), 3, false, b"x"), Ok((1, 4)));
    assert_eq!(t.vfs.add_seals(&*f.file, 8 | 1, false), Ok(()));
    assert_eq!(f.file.write(&mut w.io(), 0, false, b"x"), Err(Errno::EPERM));
    assert_eq!(f.file.allocate(&mut w.io(), PUNCH, 0, 1), Err(Errno::EPERM));
    assert_eq!(t.vfs.seals(&*f.file), Ok(15));
    assert_eq!(t.vfs.add_seals(&*f.file, 2, false), Err(Errno::EPERM));
    let again = t.vfs.open_place(&mut w.io(), &f.path, OpenFlags::empty()).unwrap();
    assert_eq!(read_all(&mut w, &*again.file).unwrap(), b"datx");
    let unsealable = t.vfs.memfd(&mut w.io(), b"n", None);
    assert_eq!(t.vfs.add_seals(&*unsealable.file, 2, false), Err(Errno::EPERM));
    let shared = t.vfs.shared_memory(&mut w.io(), b"dev/zero", 2 * P).unwrap();
    assert_eq!(t.vfs.link_text(&t.root, &shared.path), b"/dev/zero (deleted)");
    assert_eq!(shared.file.size(&mut w.io()), Ok(2 * P));
}

#[test]
fn random_operations_agree_with_a_plain_vector() {
    let (mut w, t) = boot();
    let mut seed = 0x1234_5678_9abc_def1u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for path in ["/elf", "/plain", "/new"] {
        let f = open(&mut w, &t, path);
        let mut model = read_all(&mut w, &*f.file).unwrap();
        for step in 0..2000 {
            let (pos, len) = (random(5 * P) as usize, random(2 * P) as usize + 1);
            match random(6) {
                0 => {
                    f.file.truncate(&mut w.io(), pos as u64).unwrap();
                    model.resize(pos, 0);
                }
                1 => {
                    f.file.allocate(&mut w.io(), PUNCH, pos as u64, len as u64).unwrap();
                    let end = model.len().min(pos + len);
                    model.get_mut(pos..end).into_iter().for_each(|range| range.fill(0));
                }
                2 => {
                    if let Ok(frame) = f.file.frame(&mut w.io(), (pos / 4096) as u64, true) {
                        w.frames.bytes_mut(frame)[pos % 4096] = step as u8;
                        model.get_mut(pos).into_iter().for_each(|byte| *byte = step as u8);
                        w.frames.release(frame);
                    }
                }
                3 => {
                    let end = model.len().min(pos + len);
                    assert_eq!(read(&mut w, &f, pos as u64, len), model.get(pos..end).unwrap_or_default(), "{step}");
                }
                _ => {
                    let bytes = vec![step as u8; len];
                    f.file.write(&mut w.io(), pos as u64, false, &bytes).unwrap();
                    model.resize(model.len().max(pos + len), 0);
                    model[pos..pos + len].copy_from_slice(&bytes);
                }
            }
            w.effects.clear();
        }
        assert_eq!(read_all(&mut w, &*f.file).unwrap(), model, "{path}");
        f.file.truncate(&mut w.io(), 0).unwrap();
    }
    assert_eq!(w.frames.live, 0);
}

#[test]
fn set_id_bits_of_the_image_go_with_a_write() {
    let (mut w, t) = boot();
    w.caller.umask = 0;
    t.vfs.chmod(&mut w.io(), At::new(&t.root, &t.root), b"/suid", true, 0o4777).unwrap();
    w.become_user(1);
    let f = open(&mut w, &t, "/suid");
    f.file.write(&mut w.io(), 0, false, b"x").unwrap();
    assert_eq!(f.file.stat(&mut w.io()).unwrap().mode, 0o100777);
}
