//! The shape of /proc, with a kernel that names what it is asked for.

use crate::testing::World;
use brainworm_abi::{Effect, Errno, OpenFlags, ProcNode};

#[test]
fn files_and_links_are_where_proc_5_says() {
    let (mut w, t) = World::boot(alloc::vec::Vec::new());
    let text = |w: &mut World, path: &str| alloc::string::String::from_utf8(t.read(w, path).unwrap()).unwrap();
    let cases = [
        ("/proc/meminfo", "Meminfo\n"),
        ("/proc/self/status", "PidStatus(7)\n"),
        ("/proc/1/maps", "Maps(101)\n"),
        ("/proc/thread-self/comm", "PidComm(8)\n"),
        ("/proc/7/task/8/stat", "PidStat(8)\n"),
        ("/proc/mounts", "PidMounts(7)\n"),
        ("/proc/net/tcp", "NetTcp\n"),
        ("/proc/self/fdinfo/3", "PidFdinfo(7, 3)\n"),
        ("/proc/sysvipc/shm", "SysvipcShm\n"),
        ("/proc/sys/kernel/ostype", "Sys(\"kernel/ostype\")\n"),
        ("/proc/sys/fs/pipe-max-size", "1048576\n"),
        ("/sys/devices/system/cpu/online", "0\n"),
    ];
    for (path, expect) in cases {
        assert_eq!(text(&mut w, path), expect, "{path}");
    }
    for (path, errno) in [
        ("/proc/2", Errno::ENOENT),
        ("/proc/07", Errno::ENOENT),
        ("/proc/7/task/1", Errno::ENOENT),
        ("/proc/7/task/8/task", Errno::ENOENT),
        ("/proc/self/fd/9", Errno::ENOENT),
        ("/proc/self/fd/none", Errno::ENOENT),
        ("/proc/4294967303/stat", Errno::ENOENT),
        ("/proc/uptime/x", Errno::ENOTDIR),
    ] {
        assert_eq!(t.stat(&mut w, path).err(), Some(errno), "{path}");
    }
    assert_eq!(t.vfs.readlink(&mut w.io(), t.at(), b"/proc/self").unwrap(), b"7");
    assert_eq!(t.stat(&mut w, "/proc/7/status").unwrap().uid, 1000);
    assert_eq!(text(&mut w, "/proc/sys/kernel/random/boot_id"), text(&mut w, "/proc/sys/kernel/random/boot_id"));
    assert_eq!(text(&mut w, "/proc/sys/kernel/random/uuid").len(), 37);
    assert!(t.open(&mut w, "/proc/new", OpenFlags::O_CREAT | OpenFlags::O_RDWR).is_err());
    assert!(t.mkdir(&mut w, "/proc/sys/x").is_err());
}

#[test]
fn listings_name_each_entry_once() {
    let (mut w, t) = World::boot(alloc::vec::Vec::new());
    for dir in [
        "/proc",
        "/proc/self",
        "/proc/self/task",
        "/proc/self/fd",
        "/proc/sys",
        "/proc/sys/kernel",
        "/sys",
        "/proc/self/net",
    ] {
        let mut names = t.list(&mut w, dir).unwrap();
        for name in &names {
            assert!(t.lstat(&mut w, &alloc::format!("{dir}/{name}")).is_ok(), "{dir}/{name}");
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "{dir}");
        assert!(count > 0, "{dir}");
    }
    assert_eq!(t.list(&mut w, "/proc/self/fd").unwrap(), ["0", "3"]);
    assert_eq!(t.list(&mut w, "/sys/devices/system").unwrap(), ["cpu", "node"]);
}

#[test]
fn magic_links_lead_to_the_object_itself() {
    let (mut w, t) = World::boot(alloc::vec::Vec::new());
    t.mkdir(&mut w, "/tmp").unwrap();
    t.write(&mut w, "/tmp/f", "deleted but open").unwrap();
    let file = t.open(&mut w, "/tmp/f", OpenFlags::empty()).unwrap();
    let (reader, writer) = t.vfs.pipe(&mut w.io());
    w.proc.targets.push((ProcNode::PidFd(7, 3), file.path.clone()));
    w.proc.targets.push((ProcNode::PidFd(7, 0), reader.path.clone()));
    let tmp = t.vfs.chdir(&mut w.io(), t.at(), b"/tmp").unwrap();
    w.proc.targets.push((ProcNode::PidCwd(7), tmp));
    t.unlink(&mut w, "/tmp/f").unwrap();
    assert_eq!(t.read(&mut w, "/proc/self/fd/3").unwrap(), b"deleted but open");
    assert_eq!(t.stat(&mut w, "/dev/fd/3").unwrap().nlink, 0);
    t.write(&mut w, "/proc/self/cwd/new", "x").unwrap();
    assert_eq!(t.read(&mut w, "/tmp/new").unwrap(), b"x");
    let again = t.open(&mut w, "/dev/stdin", OpenFlags::empty()).unwrap();
    writer.file.write(&mut w.io(), 0, false, b"through a pipe").unwrap();
    assert_eq!(again.file.read(&mut w.io(), 0, &mut [0; 20]), Ok(14));
    assert_eq!(t.lstat(&mut w, "/proc/self/fd/0").unwrap().mode, 0o120700);
    w.become_user(5);
    assert_eq!(t.read(&mut w, "/proc/7/fd/3").err(), Some(Errno::EACCES));
    assert_eq!(t.vfs.readlink(&mut w.io(), t.at(), b"/proc/7/cwd").err(), Some(Errno::EACCES));
}

#[test]
fn the_two_files_that_can_be_written_reach_the_kernel() {
    let (mut w, t) = World::boot(alloc::vec::Vec::new());
    t.write(&mut w, "/proc/self/comm", "a name that is too long\n").unwrap();
    t.write(&mut w, "/proc/self/oom_score_adj", "-17\n").unwrap();
    assert_eq!(t.write(&mut w, "/proc/self/oom_score_adj", "2000\n"), Err(Errno::EINVAL));
    assert_eq!(
        w.effects,
        [
            Effect::WriteProc { node: ProcNode::PidComm(7), bytes: b"a name that is ".to_vec() },
            Effect::WriteProc { node: ProcNode::PidOomScoreAdj(7), bytes: b"-17".to_vec() },
        ]
    );
}
