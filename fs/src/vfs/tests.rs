//! Path calls as a whole: a tree over a small image, each rule of the man pages in a line or two.

use crate::testing::{Item, Tree, World, build_image, read_all};
use crate::{Access, At, RenameFlags, TimeSet, XattrSet};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::{Errno, FileKind, OpenFlags, Timespec};

type F = OpenFlags;

/// / { bin { sh (mappable) }, etc { hosts, motd -> hosts }, hard (= etc/hosts), tmp (1777), usr { bin -> ../bin } }
fn image() -> Vec<u8> {
    build_image(&[
        (0o755, Item::Dir(vec![("bin", 1), ("etc", 2), ("hard", 4), ("tmp", 6), ("usr", 7)])),
        (0o755, Item::Dir(vec![("sh", 3)])),
        (0o755, Item::Dir(vec![("hosts", 4), ("motd", 5)])),
        (0o755, Item::Pages(vec![7; 5000])),
        (0o644, Item::File(b"127.0.0.1 localhost\n".to_vec())),
        (0, Item::Link("hosts")),
        (0o1777, Item::Dir(vec![])),
        (0o755, Item::Dir(vec![("bin", 8)])),
        (0, Item::Link("../bin")),
    ])
}

fn boot() -> (World, Tree) {
    World::boot(image())
}

#[test]
fn the_image_is_seen_through_links() {
    let (mut w, t) = boot();
    assert_eq!(t.read(&mut w, "/etc/motd").unwrap(), b"127.0.0.1 localhost\n");
    assert_eq!(t.read(&mut w, "/usr/bin/../bin/sh").unwrap(), [7; 5000]);
    assert_eq!(t.lstat(&mut w, "/etc/motd").unwrap().mode, 0o120777);
    let (a, b) = (t.stat(&mut w, "/hard").unwrap(), t.stat(&mut w, "etc/hosts").unwrap());
    assert_eq!((a.ino, a.dev, a.nlink), (b.ino, b.dev, 2));
    assert_eq!(t.list(&mut w, "/").unwrap(), ["bin", "etc", "hard", "tmp", "usr", "dev", "proc", "sys"]);
    assert_eq!(t.vfs.readlink(&mut w.io(), t.at(), b"/usr/bin"), Ok(b"../bin".to_vec()));
}

#[test]
fn resolution_fails_as_path_resolution_7_says() {
    let (mut w, t) = boot();
    t.symlink(&mut w, "loop", "/tmp/loop").unwrap();
    t.symlink(&mut w, "/tmp/none", "/tmp/dangling").unwrap();
    let long = format!("/{}", "x".repeat(256));
    let too_long = format!("/{}", "y/".repeat(2100));
    let cases = [
        ("", Errno::ENOENT),
        ("/none", Errno::ENOENT),
        ("/none/x", Errno::ENOENT),
        ("/etc/hosts/x", Errno::ENOTDIR),
        ("/etc/hosts/", Errno::ENOTDIR),
        ("/etc/hosts/.", Errno::ENOTDIR),
        ("/tmp/loop", Errno::ELOOP),
        ("/tmp/loop/x", Errno::ELOOP),
        ("/tmp/dangling", Errno::ENOENT),
        (&long, Errno::ENAMETOOLONG),
        (&too_long, Errno::ENAMETOOLONG),
    ];
    for (path, errno) in cases {
        assert_eq!(t.stat(&mut w, path).err(), Some(errno), "{path}");
    }
    for path in ["/", "//", "/..", "/../etc/..", ".", "/tmp/.", "/tmp/", "/usr/bin/"] {
        assert!(t.stat(&mut w, path).is_ok(), "{path}");
    }
    assert!(t.lstat(&mut w, "/tmp/loop").is_ok());
}

#[test]
fn search_and_access_permissions_of_an_ordinary_user() {
    let (mut w, t) = boot();
    t.mkdir(&mut w, "/tmp/private").unwrap();
    t.write(&mut w, "/tmp/private/f", "x").unwrap();
    t.vfs.chmod(&mut w.io(), t.at(), b"/tmp/private", true, 0o700).unwrap();
    w.become_user(1000);
    assert_eq!(t.stat(&mut w, "/tmp/private/f").err(), Some(Errno::EACCES));
    assert_eq!(t.write(&mut w, "/etc/new", "x"), Err(Errno::EACCES));
    assert_eq!(t.write(&mut w, "/etc/hosts", "x"), Err(Errno::EACCES));
    assert_eq!(t.unlink(&mut w, "/etc/hosts"), Err(Errno::EACCES));
    t.write(&mut w, "/tmp/mine", "x").unwrap();
    assert_eq!(t.stat(&mut w, "/tmp/mine").unwrap().uid, 1000);
    assert_eq!(t.stat(&mut w, "/tmp/mine").unwrap().mode, 0o100644);
    let access = |w: &mut World, path: &str, want| t.vfs.access(&mut w.io(), t.at(), path.as_bytes(), want, true);
    assert_eq!(access(&mut w, "/bin/sh", Access::X | Access::R), Ok(()));
    assert_eq!(access(&mut w, "/bin/sh", Access::W), Err(Errno::EACCES));
    assert_eq!(access(&mut w, "/tmp/mine", Access::X), Err(Errno::EACCES));
    assert_eq!(access(&mut w, "/tmp/mine", Access::empty()), Ok(()));
    w.become_user(1001);
    assert_eq!(t.unlink(&mut w, "/tmp/mine"), Err(Errno::EPERM), "the sticky bit");
    assert_eq!(t.rename(&mut w, "/tmp/mine", "/tmp/other"), Err(Errno::EPERM));
    assert_eq!(t.vfs.chmod(&mut w.io(), t.at(), b"/tmp/mine", true, 0o777), Err(Errno::EPERM));
    assert_eq!(t.vfs.chown(&mut w.io(), t.at(), b"/tmp/mine", true, Some(1001), None), Err(Errno::EPERM));
}

#[test]
fn open_flags_as_in_the_man_page() {
    let (mut w, t) = boot();
    let mut fails = |path: &str, flags: OpenFlags| t.open(&mut w, path, flags).err();
    assert_eq!(fails("/etc/hosts", F::O_CREAT | F::O_EXCL), Some(Errno::EEXIST));
    assert_eq!(fails("/etc/motd", F::O_CREAT | F::O_EXCL), Some(Errno::EEXIST));
    assert_eq!(fails("/etc/motd", F::O_NOFOLLOW), Some(Errno::ELOOP));
    assert_eq!(fails("/etc", F::O_RDWR), Some(Errno::EISDIR));
    assert_eq!(fails("/etc", F::O_CREAT), Some(Errno::EISDIR));
    assert_eq!(fails("/etc/hosts", F::O_DIRECTORY), Some(Errno::ENOTDIR));
    assert_eq!(fails("/tmp/new/", F::O_CREAT | F::O_WRONLY), Some(Errno::EISDIR));
    assert_eq!(fails("/none/new", F::O_CREAT | F::O_WRONLY), Some(Errno::ENOENT));
    assert_eq!(fails("/tmp/", F::O_TMPFILE), Some(Errno::EINVAL));
    assert_eq!(fails("/etc/motd", F::O_PATH | F::O_NOFOLLOW), None);
    t.symlink(&mut w, "made", "/tmp/link").unwrap();
    t.write(&mut w, "/tmp/link", "through").unwrap();
    assert_eq!(t.read(&mut w, "/tmp/made").unwrap(), b"through");
    t.write(&mut w, "/tmp/made", "").unwrap();
    assert_eq!(t.stat(&mut w, "/tmp/made").unwrap().size, 0, "O_TRUNC");
    let path = t.open(&mut w, "/etc/hosts", F::O_PATH).unwrap();
    assert_eq!(path.file.read(&mut w.io(), 0, &mut [0]), Err(Errno::EBADF));
    assert_eq!(path.file.stat(&mut w.io()).unwrap().size, 20);
    let again = t.vfs.stat(&mut w.io(), At::new(&t.root, &path.path).or_empty(), b"", true);
    assert_eq!(again.unwrap().size, 20);
}

#[test]
fn a_file_of_the_image_is_changed_by_page_and_for_all_its_names() {
    let (mut w, t) = boot();
    let sh = t.open(&mut w, "/bin/sh", F::O_RDWR).unwrap();
    assert_eq!(sh.file.write(&mut w.io(), 4999, true, b"tail").unwrap(), (4, 5004));
    assert_eq!(w.frames.live, 1, "one page of two was copied");
    let all = read_all(&mut w, &*sh.file).unwrap();
    assert_eq!((all.len(), &all[4999..]), (5004, &b"\x07tail"[..]));
    t.write(&mut w, "/hard", "changed").unwrap();
    assert_eq!(t.read(&mut w, "/etc/hosts").unwrap(), b"changed");
    t.unlink(&mut w, "/etc/hosts").unwrap();
    let left = t.stat(&mut w, "/hard").unwrap();
    assert_eq!((left.nlink, left.ino), (1, 5));
    assert_eq!(t.stat(&mut w, "/etc/motd").err(), Some(Errno::ENOENT));
    assert_eq!(t.list(&mut w, "/etc").unwrap(), ["motd"]);
    t.unlink(&mut w, "/hard").unwrap();
    drop(sh);
    assert_eq!(t.vfs.reap(&mut w.frames), 1, "the frame of a file without names comes back, that of /bin/sh stays");
}

#[test]
fn changes_outlive_the_cache_of_names() {
    let (mut w, t) = boot();
    t.vfs.chmod(&mut w.io(), t.at(), b"/etc/hosts", true, 0o600).unwrap();
    t.mkdir(&mut w, "/etc/d").unwrap();
    t.rename(&mut w, "/bin/sh", "/etc/d/bash").unwrap();
    t.vfs.prune();
    assert_eq!(t.stat(&mut w, "/hard").unwrap().mode, 0o100600);
    assert_eq!(t.stat(&mut w, "/etc/d/bash").unwrap().ino, 4);
    assert_eq!(t.stat(&mut w, "/bin/sh").err(), Some(Errno::ENOENT));
    assert_eq!(t.list(&mut w, "/bin").unwrap().len(), 0);
    t.rmdir(&mut w, "/bin").unwrap();
    t.mkdir(&mut w, "/bin").unwrap();
    assert_eq!(t.list(&mut w, "/bin").unwrap().len(), 0, "a new directory does not show the image's entries");
}

#[test]
fn names_are_made_and_removed_as_in_the_man_pages() {
    let (mut w, t) = boot();
    assert_eq!(t.mkdir(&mut w, "/"), Err(Errno::EEXIST));
    assert_eq!(t.mkdir(&mut w, "/etc/."), Err(Errno::EEXIST));
    assert_eq!(t.mkdir(&mut w, "/tmp/a/"), Ok(()));
    assert_eq!(t.mkdir(&mut w, "/tmp/a"), Err(Errno::EEXIST));
    assert_eq!(t.mkdir(&mut w, "/tmp/x/y"), Err(Errno::ENOENT));
    assert_eq!(t.symlink(&mut w, "", "/tmp/l"), Err(Errno::ENOENT));
    assert_eq!(t.symlink(&mut w, "t", "/tmp/l/"), Err(Errno::ENOENT));
    assert_eq!(t.unlink(&mut w, "/tmp/a"), Err(Errno::EISDIR));
    assert_eq!(t.unlink(&mut w, "/tmp/a/"), Err(Errno::EISDIR));
    assert_eq!(t.unlink(&mut w, "/etc/hosts/"), Err(Errno::ENOTDIR));
    assert_eq!(t.unlink(&mut w, "/etc/none"), Err(Errno::ENOENT));
    assert_eq!(t.rmdir(&mut w, "/etc"), Err(Errno::ENOTEMPTY));
    assert_eq!(t.rmdir(&mut w, "/etc/hosts"), Err(Errno::ENOTDIR));
    assert_eq!(t.rmdir(&mut w, "/tmp/a/."), Err(Errno::EINVAL));
    assert_eq!(t.rmdir(&mut w, "/tmp/a/.."), Err(Errno::ENOTEMPTY));
    assert_eq!(t.rmdir(&mut w, "/"), Err(Errno::EBUSY));
    assert_eq!(t.rmdir(&mut w, "/dev"), Err(Errno::EBUSY));
    let before = t.stat(&mut w, "/tmp").unwrap().nlink;
    assert_eq!(t.rmdir(&mut w, "/tmp/a/"), Ok(()));
    assert_eq!(t.stat(&mut w, "/tmp").unwrap().nlink, before - 1);
    assert_eq!(t.link(&mut w, "/etc", "/tmp/etc"), Err(Errno::EPERM));
    assert_eq!(t.link(&mut w, "/etc/hosts", "/dev/hosts"), Err(Errno::EXDEV));
    assert_eq!(t.link(&mut w, "/etc/hosts", "/etc/hosts"), Err(Errno::EEXIST));
    assert_eq!(t.link(&mut w, "/etc/motd", "/tmp/l"), Ok(()));
    assert_eq!(t.lstat(&mut w, "/tmp/l").unwrap().mode, 0o120777, "link(2) does not follow");
}

#[test]
fn rename_replaces_refuses_and_exchanges() {
    let (mut w, t) = boot();
    t.mkdir(&mut w, "/tmp/d").unwrap();
    t.mkdir(&mut w, "/tmp/d/sub").unwrap();
    t.write(&mut w, "/tmp/f", "f").unwrap();
    t.write(&mut w, "/tmp/g", "g").unwrap();
    t.link(&mut w, "/tmp/f", "/tmp/f2").unwrap();
    assert_eq!(t.rename(&mut w, "/tmp/d", "/tmp/d/sub/x"), Err(Errno::EINVAL));
    assert_eq!(t.rename(&mut w, "/tmp/f", "/tmp/d"), Err(Errno::EISDIR));
    assert_eq!(t.rename(&mut w, "/tmp/d", "/tmp/f"), Err(Errno::ENOTDIR));
    assert_eq!(t.rename(&mut w, "/tmp/d/sub", "/tmp/d"), Err(Errno::ENOTEMPTY));
    assert_eq!(t.rename(&mut w, "/tmp/f", "/tmp/new/"), Err(Errno::ENOTDIR));
    assert_eq!(t.rename(&mut w, "/tmp/none", "/tmp/x"), Err(Errno::ENOENT));
    assert_eq!(t.rename(&mut w, "/tmp/.", "/tmp/x"), Err(Errno::EBUSY));
    assert_eq!(t.rename(&mut w, "/tmp/f", "/dev/f"), Err(Errno::EXDEV));
    assert_eq!(t.rename_with(&mut w, "/tmp/f", "/tmp/g", RenameFlags::NOREPLACE), Err(Errno::EEXIST));
    assert_eq!(t.rename(&mut w, "/tmp/f", "/tmp/f2"), Ok(()));
    assert!(t.stat(&mut w, "/tmp/f").is_ok(), "two names of one file: nothing happens");
    let open = t.open(&mut w, "/tmp/g", F::empty()).unwrap();
    t.rename(&mut w, "/tmp/f", "/tmp/g").unwrap();
    assert_eq!(t.read(&mut w, "/tmp/g").unwrap(), b"f");
    assert_eq!(read_all(&mut w, &*open.file).unwrap(), b"g", "an open file lives on");
    assert_eq!(open.file.stat(&mut w.io()).unwrap().nlink, 0);
    assert_eq!(t.vfs.link_text(&t.root, &open.path), b"/tmp/g (deleted)");
    t.rename_with(&mut w, "/tmp/d", "/tmp/g", RenameFlags::EXCHANGE).unwrap();
    assert_eq!(t.read(&mut w, "/tmp/d").unwrap(), b"f");
    assert_eq!(t.list(&mut w, "/tmp/g").unwrap(), ["sub"]);
    t.mkdir(&mut w, "/tmp/empty").unwrap();
    t.rename(&mut w, "/tmp/g", "/tmp/empty").unwrap();
    assert_eq!(t.list(&mut w, "/tmp/empty").unwrap(), ["sub"]);
}

#[test]
fn directories_know_where_they_are() {
    let (mut w, mut t) = boot();
    t.mkdir(&mut w, "/tmp/a").unwrap();
    t.mkdir(&mut w, "/tmp/a/b").unwrap();
    t.cwd = t.vfs.chdir(&mut w.io(), t.at(), b"/tmp/a/b").unwrap();
    assert_eq!(t.vfs.getcwd(&t.root, &t.cwd).unwrap(), b"/tmp/a/b");
    t.rename(&mut w, "/tmp/a", "/etc/moved").unwrap();
    assert_eq!(t.vfs.getcwd(&t.root, &t.cwd).unwrap(), b"/etc/moved/b");
    assert_eq!(t.stat(&mut w, "..").unwrap().ino, t.stat(&mut w, "/etc/moved").unwrap().ino);
    assert_eq!(t.stat(&mut w, "../../hosts").unwrap().size, 20);
    t.rmdir(&mut w, "/etc/moved/b").unwrap();
    assert_eq!(t.vfs.getcwd(&t.root, &t.cwd), Err(Errno::ENOENT));
    assert_eq!(t.vfs.link_text(&t.root, &t.cwd), b"/etc/moved/b (deleted)");
    assert_eq!(t.write(&mut w, "x", ""), Err(Errno::ENOENT));
    assert_eq!(t.mkdir(&mut w, "x"), Err(Errno::ENOENT));
    let jail = t.vfs.chroot(&mut w.io(), t.at(), b"/etc").unwrap();
    let inside = At::new(&jail, &jail);
    assert!(t.vfs.stat(&mut w.io(), inside, b"/../../hosts", true).is_ok());
    let dev = t.vfs.chdir(&mut w.io(), t.at(), b"/dev/shm").unwrap();
    assert_eq!(t.vfs.getcwd(&t.root, &dev).unwrap(), b"/dev/shm");
    let up = t.vfs.stat(&mut w.io(), At::new(&t.root, &dev), b"../..", true).unwrap();
    assert_eq!(up.ino, 1);
    assert!(t.vfs.getcwd(&jail, &dev).unwrap().starts_with(b"(unreachable)"));
}

#[test]
fn unnamed_files_get_a_name_once() {
    let (mut w, t) = boot();
    let file = t.open(&mut w, "/tmp", F::O_TMPFILE | F::O_RDWR).unwrap();
    file.file.write(&mut w.io(), 0, false, b"data").unwrap();
    assert_eq!(file.file.stat(&mut w.io()).unwrap().nlink, 0);
    let from = At::new(&t.root, &file.path).or_empty();
    t.vfs.link(&mut w.io(), from, b"", true, t.at(), b"/tmp/named").unwrap();
    assert_eq!(t.read(&mut w, "/tmp/named").unwrap(), b"data");
    let gone = t.open(&mut w, "/tmp/named", F::empty()).unwrap();
    t.unlink(&mut w, "/tmp/named").unwrap();
    drop(file);
    drop(gone);
    assert_eq!(t.vfs.reap(&mut w.frames), 1);
    assert_eq!(w.frames.live, 0);
}

#[test]
fn listing_goes_on_while_entries_are_deleted() {
    let (mut w, t) = boot();
    (0..50).for_each(|i| t.write(&mut w, &format!("/etc/f{i:02}"), "").unwrap());
    let dir = t.open(&mut w, "/etc", F::O_DIRECTORY).unwrap();
    let (mut cookie, mut seen) = (0, Vec::<String>::new());
    loop {
        let mut batch = Vec::new();
        let each = &mut |_: u64, next: u64, _: u8, name: &[u8]| {
            if batch.len() == 3 {
                return false;
            }
            batch.push((String::from_utf8_lossy(name).into_owned(), next));
            true
        };
        dir.file.read_dir(&mut w.io(), cookie, each).unwrap();
        let Some(last) = batch.last() else { break };
        cookie = last.1;
        for (name, _) in batch {
            if name != "." && name != ".." {
                t.unlink(&mut w, &format!("/etc/{name}")).unwrap();
            }
            seen.push(name);
        }
    }
    assert_eq!(seen.len(), 2 + 2 + 50);
    assert_eq!(t.list(&mut w, "/etc").unwrap().len(), 0);
    t.rmdir(&mut w, "/etc").unwrap();
}

#[test]
fn owners_modes_and_times_change_as_they_should() {
    let (mut w, t) = boot();
    w.caller.umask = 0;
    t.write(&mut w, "/tmp/f", "x").unwrap();
    let at = t.at();
    t.vfs.chmod(&mut w.io(), at, b"/tmp/f", true, 0o6755).unwrap();
    t.vfs.chown(&mut w.io(), at, b"/tmp/f", true, Some(1000), Some(50)).unwrap();
    assert_eq!(t.stat(&mut w, "/tmp/f").unwrap().mode, 0o100755, "chown drops the set-ID bits");
    t.vfs.chmod(&mut w.io(), at, b"/tmp/f", true, 0o6777).unwrap();
    w.become_user(1000);
    w.caller.groups = [60].into();
    assert_eq!(t.vfs.chown(&mut w.io(), at, b"/tmp/f", true, None, Some(60)), Ok(()));
    assert_eq!(t.vfs.chown(&mut w.io(), at, b"/tmp/f", true, None, Some(61)), Err(Errno::EPERM));
    t.vfs.chmod(&mut w.io(), at, b"/tmp/f", true, 0o4777).unwrap();
    w.become_user(1001);
    let f = t.open(&mut w, "/tmp/f", F::O_WRONLY).unwrap();
    f.file.write(&mut w.io(), 0, false, b"y").unwrap();
    assert_eq!(t.stat(&mut w, "/tmp/f").unwrap().mode, 0o100777, "a write drops them too");
    let some = TimeSet::At(Timespec { sec: 5, nsec: 6 });
    assert_eq!(t.vfs.utimens(&mut w.io(), at, b"/tmp/f", true, some, some), Err(Errno::EPERM));
    assert_eq!(t.vfs.utimens(&mut w.io(), at, b"/tmp/f", true, TimeSet::Now, TimeSet::Now), Ok(()));
    w.become_user(1000);
    t.vfs.utimens(&mut w.io(), at, b"/tmp/f", true, some, TimeSet::Omit).unwrap();
    let stat = t.stat(&mut w, "/tmp/f").unwrap();
    assert_eq!((stat.atime.sec, stat.mtime.sec), (5, 1000));
    w.caller = crate::testing::root();
    t.mkdir(&mut w, "/tmp/g").unwrap();
    t.vfs.chown(&mut w.io(), at, b"/tmp/g", true, None, Some(77)).unwrap();
    t.vfs.chmod(&mut w.io(), at, b"/tmp/g", true, 0o2777).unwrap();
    t.mkdir(&mut w, "/tmp/g/sub").unwrap();
    let sub = t.stat(&mut w, "/tmp/g/sub").unwrap();
    assert_eq!((sub.gid, sub.mode & 0o2000), (77, 0o2000), "set-group-ID directories hand on their group");
}

#[test]
fn extended_attributes() {
    let (mut w, t) = boot();
    let place = t.vfs.walk(&mut w.io(), t.at(), b"/etc/hosts", true).unwrap();
    let vfs = &t.vfs;
    let set = |w: &mut World, name: &[u8], how| vfs.set_xattr(&mut w.io(), &place, name, b"v", how);
    assert_eq!(vfs.get_xattr(&mut w.io(), &place, b"user.a"), Err(Errno::ENODATA));
    assert_eq!(set(&mut w, b"user.a", XattrSet::Replace), Err(Errno::ENODATA));
    assert_eq!(set(&mut w, b"user.a", XattrSet::Create), Ok(()));
    assert_eq!(set(&mut w, b"user.a", XattrSet::Create), Err(Errno::EEXIST));
    assert_eq!(set(&mut w, b"nonsense", XattrSet::Any), Err(Errno::EOPNOTSUPP));
    assert_eq!(set(&mut w, b"trusted.t", XattrSet::Any), Ok(()));
    w.become_user(1000);
    assert_eq!(set(&mut w, b"user.b", XattrSet::Any), Err(Errno::EACCES));
    assert_eq!(vfs.get_xattr(&mut w.io(), &place, b"user.a").unwrap(), b"v");
    assert_eq!(vfs.list_xattr(&mut w.io(), &place).unwrap(), b"user.a\0");
    w.caller = crate::testing::root();
    assert_eq!(vfs.remove_xattr(&mut w.io(), &place, b"user.a"), Ok(()));
    assert_eq!(vfs.remove_xattr(&mut w.io(), &place, b"user.a"), Err(Errno::ENODATA));
}

#[test]
fn mounts_come_and_go() {
    let (mut w, t) = boot();
    let mount = |w: &mut World, target: &[u8], kind: &[u8], flags, data: &[u8]| {
        t.vfs.mount(&mut w.io(), t.at(), b"none", target, kind, flags, data)
    };
    t.write(&mut w, "/tmp/under", "").unwrap();
    mount(&mut w, b"/tmp", b"tmpfs", 0, b"size=8k,mode=755").unwrap();
    assert_eq!(t.list(&mut w, "/tmp").unwrap().len(), 0);
    let f = t.open(&mut w, "/tmp/f", F::O_RDWR | F::O_CREAT).unwrap();
    assert_eq!(f.file.write(&mut w.io(), 0, false, &[1; 10000]).unwrap().0, 8192);
    assert_eq!(f.file.write(&mut w.io(), 8192, false, &[1; 10]), Err(Errno::ENOSPC));
    assert_eq!(t.vfs.umount(&mut w.io(), t.at(), b"/tmp", 0), Err(Errno::EBUSY));
    drop(f);
    assert_eq!(t.vfs.umount(&mut w.io(), t.at(), b"/tmp/f", 0), Err(Errno::EINVAL));
    mount(&mut w, b"/tmp", b"", crate::MS_REMOUNT | crate::MS_RDONLY, b"").unwrap();
    assert_eq!(t.write(&mut w, "/tmp/g", ""), Err(Errno::EROFS));
    assert_eq!(t.mkdir(&mut w, "/tmp/g"), Err(Errno::EROFS));
    assert_eq!(t.unlink(&mut w, "/tmp/f"), Err(Errno::EROFS));
    let mut text = Vec::new();
    t.vfs.render_mounts(&t.root, crate::MountFormat::Mounts, &mut text);
    assert!(String::from_utf8(text).unwrap().contains("none /tmp tmpfs ro,relatime 0 0\n"));
    t.vfs.umount(&mut w.io(), t.at(), b"/tmp", 0).unwrap();
    assert_eq!(t.list(&mut w, "/tmp").unwrap(), ["under"]);
    t.vfs.reap(&mut w.frames);
    assert_eq!(w.frames.live, 0);
    let bind = t.vfs.mount(&mut w.io(), t.at(), b"/etc", b"/tmp", b"", crate::MS_BIND, b"");
    assert_eq!(bind, Ok(()));
    assert_eq!(t.stat(&mut w, "/tmp/hosts").unwrap().ino, t.stat(&mut w, "/etc/hosts").unwrap().ino);
    w.become_user(1);
    assert_eq!(t.vfs.umount(&mut w.io(), t.at(), b"/tmp", 0), Err(Errno::EPERM));
}

#[test]
fn deep_trees_neither_recurse_nor_leak() {
    let (mut w, mut t) = boot();
    t.vfs.mount(&mut w.io(), t.at(), b"none", b"/tmp", b"tmpfs", 0, b"").unwrap();
    let top = t.vfs.chdir(&mut w.io(), t.at(), b"/tmp").unwrap();
    t.cwd = top.clone();
    for _ in 0..30_000 {
        t.mkdir(&mut w, "d").unwrap();
        t.cwd = t.vfs.chdir(&mut w.io(), t.at(), b"d").unwrap();
    }
    assert_eq!(t.vfs.getcwd(&t.root, &t.cwd).unwrap().len(), 4 + 2 * 30_000);
    t.vfs.prune();
    t.cwd = t.root.clone();
    t.vfs.prune();
    drop(top);
    assert!(t.stat(&mut w, "/tmp/d/d/d/d").is_ok());
    t.vfs.umount(&mut w.io(), t.at(), b"/tmp", 0).unwrap();
}

#[test]
fn pipes_and_devices_by_path() {
    let (mut w, t) = boot();
    t.vfs.mknod(&mut w.io(), t.at(), b"/tmp/fifo", 0o010666, 0).unwrap();
    assert_eq!(t.open(&mut w, "/tmp/fifo", F::O_WRONLY | F::O_NONBLOCK).err(), Some(Errno::ENXIO));
    let reader = t.open(&mut w, "/tmp/fifo", F::empty()).unwrap();
    assert!(!reader.is_ready());
    let writer = t.open(&mut w, "/tmp/fifo", F::O_WRONLY).unwrap();
    assert!(reader.is_ready() && writer.is_ready());
    writer.file.write(&mut w.io(), 0, false, b"hi").unwrap();
    writer.file.close(&mut w.io());
    assert_eq!(read_all(&mut w, &*reader.file).unwrap(), b"hi");
    assert_eq!(reader.path.kind(), FileKind::Fifo);
    assert_eq!(t.read(&mut w, "/dev/null").unwrap(), b"");
    assert_eq!(t.write(&mut w, "/dev/full", "x"), Err(Errno::ENOSPC));
    t.write(&mut w, "/dev/null", "x").unwrap();
    let zero = t.open(&mut w, "/dev/zero", F::empty()).unwrap();
    assert_eq!(zero.file.read(&mut w.io(), 0, &mut [9; 3]), Ok(3));
    assert_eq!(zero.file.stat(&mut w.io()).unwrap().rdev, 0x105);
    let (reader, writer) = t.vfs.pipe(&mut w.io());
    assert!(t.vfs.link_text(&t.root, &reader.path).starts_with(b"pipe:["));
    assert_eq!(reader.path.id(), writer.path.id());
}
