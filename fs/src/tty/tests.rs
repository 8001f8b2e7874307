//! Terminals: what is typed, what the screen shows, what the program reads.

use super::termios::{ECHO, ICANON, IUTF8, Termios};
use crate::testing::{TestMem, Tree, World};
use crate::{At, Opened};
use alloc::string::String;
use alloc::vec::Vec;
use brainworm_abi::{Effect, Errno, Event, OpenFlags, Readiness, WinSize};

const TCGETS: u32 = 0x5401;
const TCSETS: u32 = 0x5402;
const TTY0: u32 = 0x8800;

/// A pseudoterminal: master and terminal side; the caller is no session leader.
fn pty() -> (World, Tree, Opened, Opened) {
    let (mut w, t) = World::boot(Vec::new());
    w.caller.pid = 3;
    let master = t.open(&mut w, "/dev/ptmx", OpenFlags::O_RDWR | OpenFlags::O_NOCTTY).unwrap();
    assert_eq!(t.open(&mut w, "/dev/pts/0", OpenFlags::O_RDWR).err(), Some(Errno::EIO), "locked");
    let mut mem = TestMem(alloc::vec![0; 64]);
    assert_eq!(master.file.ioctl(&mut w.io(), &mut mem, 0x4004_5431, 0), Ok(0));
    let slave = t.open(&mut w, "/dev/pts/0", OpenFlags::O_RDWR | OpenFlags::O_NOCTTY).unwrap();
    (w, t, master, slave)
}

fn set_mode(w: &mut World, file: &Opened, change: impl FnOnce(&mut Termios)) {
    let mut mem = TestMem(alloc::vec![0; 64]);
    file.file.ioctl(&mut w.io(), &mut mem, TCGETS, 0).unwrap();
    let mut termios = Termios::default().decode(&mem.0[..36]);
    change(&mut termios);
    mem.0[..36].copy_from_slice(&termios.encode()[..36]);
    file.file.ioctl(&mut w.io(), &mut mem, TCSETS, 0).unwrap();
}

fn read(w: &mut World, file: &Opened) -> Result<String, Errno> {
    let mut buf = [0; 8192];
    let n = file.file.read(&mut w.io(), 0, &mut buf)?;
    Ok(String::from_utf8_lossy(&buf[..n]).into_owned())
}

fn write(w: &mut World, file: &Opened, text: &str) -> Result<usize, Errno> {
    file.file.write(&mut w.io(), 0, false, text.as_bytes()).map(|done| done.0)
}

/// Types, and answers what the screen shows and what the first read gives.
fn typed(change: impl FnOnce(&mut Termios), keys: &str) -> (String, Result<String, Errno>) {
    let (mut w, _t, master, slave) = pty();
    set_mode(&mut w, &slave, change);
    write(&mut w, &master, keys).unwrap();
    (read(&mut w, &master).unwrap_or_default(), read(&mut w, &slave))
}

#[test]
fn lines_are_edited_and_echoed() {
    let erase = "\x08 \x08";
    let cases: [(&str, String, Result<&str, Errno>); 10] = [
        ("ab\n", "ab\r\n".into(), Ok("ab\n")),
        ("ab\r", "ab\r\n".into(), Ok("ab\n")),
        ("abc\x7f\n", alloc::format!("abc{erase}\r\n"), Ok("ab\n")),
        ("\x7fa\n", "a\r\n".into(), Ok("a\n")),
        ("ab\x15c\n", alloc::format!("ab{erase}{erase}c\r\n"), Ok("c\n")),
        ("a bc\x17d\n", alloc::format!("a bc{erase}{erase}d\r\n"), Ok("a d\n")),
        ("a\x01\x7f\n", alloc::format!("a^A{erase}{erase}\r\n"), Ok("a\n")),
        ("a\tb\x7f\x7f\n", alloc::format!("a\tb{erase}{}\r\n", "\x08".repeat(7)), Ok("a\n")),
        ("a\x16\x03\n", "a^\x08^C\r\n".into(), Ok("a\x03\n")),
        ("abc", "abc".into(), Err(Errno::EAGAIN)),
    ];
    for (keys, screen, line) in cases {
        assert_eq!(typed(|_| {}, keys), (screen, line.map(String::from)), "{keys:?}");
    }
    let utf8 = typed(|t| t.iflag |= IUTF8, "aé\x7f\n");
    assert_eq!(utf8, (alloc::format!("aé{erase}\r\n"), Ok("a\n".into())));
    let quiet = typed(|t| t.lflag &= !ECHO, "secret\n");
    assert_eq!(quiet, (String::new(), Ok("secret\n".into())));
    assert_eq!(typed(|_| {}, "ab\x12c\n").0, "ab^R\r\nabc\r\n");
}

#[test]
fn end_of_file_ends_lines_and_files() {
    let (mut w, _t, master, slave) = pty();
    write(&mut w, &master, "ab\x04\x04x\n").unwrap();
    assert_eq!(read(&mut w, &slave).unwrap(), "ab");
    assert_eq!(read(&mut w, &slave).unwrap(), "");
    assert_eq!(read(&mut w, &slave).unwrap(), "x\n");
    write(&mut w, &master, "12345\nrest\n").unwrap();
    let mut small = [0; 3];
    assert_eq!(slave.file.read(&mut w.io(), 0, &mut small), Ok(3));
    assert_eq!(read(&mut w, &slave).unwrap(), "45\n");
    assert_eq!(read(&mut w, &slave).unwrap(), "rest\n");
    write(&mut w, &master, "abc\x04").unwrap();
    assert_eq!(slave.file.read(&mut w.io(), 0, &mut small), Ok(3));
    assert_eq!(read(&mut w, &slave), Err(Errno::EAGAIN), "the end went with a buffer it filled");
}

#[test]
fn raw_reads_follow_vmin_and_vtime() {
    let (mut w, _t, master, slave) = pty();
    let raw = |min, time| {
        move |t: &mut Termios| {
            t.lflag &= !(ICANON | ECHO);
            (t.cc[super::termios::VMIN], t.cc[super::termios::VTIME]) = (min, time);
        }
    };
    set_mode(&mut w, &slave, raw(3, 0));
    write(&mut w, &master, "ab").unwrap();
    assert_eq!(read(&mut w, &slave), Err(Errno::EAGAIN));
    assert_eq!(slave.file.readiness(&mut w.io()) & Readiness::IN, Readiness::empty());
    write(&mut w, &master, "c\x7f").unwrap();
    assert_eq!(read(&mut w, &slave).unwrap(), "abc\x7f");
    set_mode(&mut w, &slave, raw(0, 0));
    assert_eq!(read(&mut w, &slave).unwrap(), "");
    set_mode(&mut w, &slave, raw(0, 5));
    w.host.clock = 1_000_000_000;
    assert_eq!(read(&mut w, &slave), Err(Errno::EAGAIN));
    assert_eq!(slave.file.wake_at(&mut w.io()), Some(1_500_000_000));
    w.host.clock = 1_500_000_000;
    assert_eq!(read(&mut w, &slave).unwrap(), "");
    assert_eq!(slave.file.wake_at(&mut w.io()), None);
    set_mode(&mut w, &slave, raw(9, 1));
    assert_eq!(read(&mut w, &slave), Err(Errno::EAGAIN));
    assert_eq!(slave.file.wake_at(&mut w.io()), None, "the clock starts with the first byte");
    write(&mut w, &master, "x").unwrap();
    assert_eq!(slave.file.wake_at(&mut w.io()), Some(1_600_000_000));
    w.host.clock = 1_600_000_000;
    assert_eq!(read(&mut w, &slave).unwrap(), "x");
    set_mode(&mut w, &slave, raw(9, 0));
    slave.file.set_flags(&mut w.io(), OpenFlags::O_NONBLOCK);
    write(&mut w, &master, "y").unwrap();
    assert_eq!(read(&mut w, &slave).unwrap(), "y", "O_NONBLOCK does not wait for VMIN");
}

#[test]
fn a_session_gets_its_terminal_and_its_signals() {
    let (mut w, t, master, slave) = pty();
    (w.caller.pid, w.caller.sid, w.caller.pgid) = (7, 7, 7);
    let mut mem = TestMem(alloc::vec![0; 64]);
    assert_eq!(t.open(&mut w, "/dev/tty", OpenFlags::O_RDWR).err(), Some(Errno::ENXIO));
    slave.file.ioctl(&mut w.io(), &mut mem, 0x540e, 0).unwrap();
    assert_eq!(w.effects, [Effect::AcquireTty { tty: TTY0, steal: false }]);
    w.effects.clear();
    w.caller.tty = Some(TTY0);
    assert!(t.open(&mut w, "/dev/tty", OpenFlags::O_RDWR).is_ok());
    write(&mut w, &master, "lost\x03\x1a").unwrap();
    let group = |pgid, signal| Effect::SignalGroup { pgid, signal };
    assert_eq!(w.effects, [group(7, 2), group(7, 20)]);
    assert_eq!(read(&mut w, &master).unwrap(), "^Z", "a signal drops what waits on both sides");
    assert_eq!(read(&mut w, &slave), Err(Errno::EAGAIN));
    w.effects.clear();
    // The shell puts group 9 into the foreground and is in the background itself then.
    mem.0[..4].copy_from_slice(&9u32.to_le_bytes());
    assert_eq!(slave.file.ioctl(&mut w.io(), &mut mem, 0x5410, 0), Ok(0));
    mem.0[..4].copy_from_slice(&1u32.to_le_bytes());
    w.caller.ignores_ttou = true;
    assert_eq!(slave.file.ioctl(&mut w.io(), &mut mem, 0x5410, 0), Err(Errno::EPERM), "another session's group");
    w.caller.ignores_ttou = false;
    assert_eq!(read(&mut w, &slave), Err(Errno::ERESTART));
    assert_eq!(slave.file.ioctl(&mut w.io(), &mut mem, TCSETS, 0), Err(Errno::ERESTART));
    assert_eq!(w.effects, [group(7, 21), group(7, 22)]);
    assert_eq!(write(&mut w, &slave, "x"), Ok(1), "without TOSTOP anybody writes");
    w.caller.is_orphaned = true;
    assert_eq!(read(&mut w, &slave), Err(Errno::EIO));
    w.effects.clear();
    mem.0[..8].copy_from_slice(&[30, 0, 90, 0, 0, 0, 0, 0]);
    master.file.ioctl(&mut w.io(), &mut mem, 0x5414, 0).unwrap();
    assert_eq!(w.effects, [group(9, 28)]);
    w.effects.clear();
    master.file.close(&mut w.io());
    let process = |signal| Effect::SignalProcess { pid: 7, signal };
    let released = Effect::ReleaseTty { tty: TTY0 };
    assert_eq!(w.effects, [process(1), process(18), released, group(9, 1), group(9, 18)]);
    w.caller.tty = None;
    assert_eq!(read(&mut w, &slave), Ok(String::new()));
    assert_eq!(write(&mut w, &slave, "x"), Err(Errno::EIO));
    assert_eq!(t.list(&mut w, "/dev/pts").unwrap(), ["ptmx"]);
}

#[test]
fn output_is_processed_and_held_back() {
    let (mut w, _t, master, slave) = pty();
    assert_eq!(write(&mut w, &slave, "a\nb\r\n"), Ok(5));
    assert_eq!(read(&mut w, &master).unwrap(), "a\r\nb\r\r\n");
    write(&mut w, &master, "\x13").unwrap();
    assert_eq!(write(&mut w, &slave, "x"), Err(Errno::EAGAIN));
    write(&mut w, &master, "\x11").unwrap();
    assert_eq!(write(&mut w, &slave, "x"), Ok(1));
    assert_eq!(write(&mut w, &slave, &"y".repeat(5000)), Ok(4095));
    assert_eq!(slave.file.readiness(&mut w.io()) & Readiness::OUT, Readiness::empty());
    assert_eq!(read(&mut w, &master).unwrap().len(), 4096);
    assert_eq!(read(&mut w, &master), Err(Errno::EAGAIN));
    slave.file.close(&mut w.io());
    assert_eq!(read(&mut w, &master), Err(Errno::EIO));
    assert!(master.file.readiness(&mut w.io()).contains(Readiness::HUP));
    let long = "z".repeat(6000);
    assert_eq!(write(&mut w, &master, &long), Ok(6000), "an endless line loses its tail");
}

#[test]
fn the_console_is_the_hosts_terminal() {
    let (mut w, t) = World::boot(Vec::new());
    w.host.is_terminal = true;
    w.host.window = Some(WinSize { rows: 40, cols: 100 });
    let [stdin, stdout, _] = t.vfs.stdio(&mut w.io(), &t.root).unwrap();
    assert_eq!(w.effects, [Effect::AcquireTty { tty: TTY0, steal: false }]);
    w.caller.tty = Some(TTY0);
    assert_eq!(t.vfs.link_text(&t.root, &stdin.path), b"/dev/pts/0");
    assert_eq!(stdin.file.stat(&mut w.io()).unwrap().rdev, TTY0 as u64);
    write(&mut w, &stdout, "hello\n").unwrap();
    assert_eq!(w.host.output, b"hello\r\n");
    w.host.input.push_back(Ok(b"ls\r\x03".to_vec()));
    w.effects.clear();
    t.vfs.event(&mut w.io(), Event::Readable);
    assert_eq!(w.effects, [Effect::SignalGroup { pgid: 7, signal: 2 }], "typed without a reader");
    t.vfs.event(&mut w.io(), Event::Resize(WinSize { rows: 1, cols: 2 }));
    assert_eq!(w.effects.len(), 2);
    w.host.room = 0;
    assert_eq!(write(&mut w, &stdout, "later"), Ok(5));
    w.host.room = 100;
    t.vfs.event(&mut w.io(), Event::Writable);
    assert!(w.host.output.ends_with(b"later"));
    w.host.input.push_back(Ok(Vec::new()));
    assert_eq!(read(&mut w, &stdin), Ok(String::new()), "the end of the stream is an end of file");
}

#[test]
fn a_terminal_the_host_edits_is_left_alone() {
    let (mut w, t) = World::boot(Vec::new());
    w.host.is_terminal = true;
    let [stdin, stdout, _] = t.vfs.stdio(&mut w.io(), &t.root).unwrap();
    w.host.input.push_back(Ok(b"line\n".to_vec()));
    assert_eq!(read(&mut w, &stdin).unwrap(), "line\n");
    write(&mut w, &stdout, "x\n").unwrap();
    assert_eq!(w.host.output, b"x\n", "no echo, no carriage returns");
}

#[test]
fn peers_and_nodes() {
    let (mut w, t, master, slave) = pty();
    let peer = t.vfs.open_pty_peer(&mut w.io(), &t.root, &*master.file, OpenFlags::O_RDWR).unwrap();
    write(&mut w, &peer, "p").unwrap();
    assert_eq!(read(&mut w, &master).unwrap(), "p");
    t.vfs.chown(&mut w.io(), At::new(&t.root, &t.root), b"/dev/pts/0", true, Some(5), None).unwrap();
    assert_eq!(slave.file.stat(&mut w.io()).unwrap().uid, 5);
    assert_eq!(t.list(&mut w, "/dev/pts").unwrap(), ["ptmx", "0"]);
    let second = t.open(&mut w, "/dev/pts/ptmx", OpenFlags::O_RDWR).unwrap();
    let mut mem = TestMem::default();
    second.file.ioctl(&mut w.io(), &mut mem, 0x8004_5430, 0).unwrap();
    assert_eq!(mem.0, 1u32.to_le_bytes());
}
