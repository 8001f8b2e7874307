//! How strace(1) shows what a register's type does not tell: names of numbers, structures, arguments that others decide
//! about. `trace` asks here first and falls back on the types of the table (`args`).
//!
//! Names are words in one string, the position being the number: small, and as the manual pages list them.

use super::args::{Shown, UserStr, show_bytes};
use crate::signal::{SigNum, SigSet};
use alloc::string::String;
use alloc::vec::Vec;
use brainworm_abi::GuestAddr;
use brainworm_abi::linux::resource::{RLIM_INFINITY, RLimit};
use brainworm_abi::linux::sched::{CSIGNAL, CloneArgs, CloneFlags};
use brainworm_abi::linux::signal::*;
use brainworm_abi::linux::stat::{StatC, Statx, StatxMask, major, minor};
use brainworm_abi::linux::time::{Itimerval, Timeval};
use core::fmt::Write;

const RESOURCES: &str = "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE \
    RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME";
const WHENCE: &str = "SEEK_SET SEEK_CUR SEEK_END SEEK_DATA SEEK_HOLE";
const MADVICE: &str = "MADV_NORMAL MADV_RANDOM MADV_SEQUENTIAL MADV_WILLNEED MADV_DONTNEED - - - MADV_FREE MADV_REMOVE \
    MADV_DONTFORK MADV_DOFORK MADV_MERGEABLE MADV_UNMERGEABLE MADV_HUGEPAGE MADV_NOHUGEPAGE MADV_DONTDUMP MADV_DODUMP \
    MADV_WIPEONFORK MADV_KEEPONFORK MADV_COLD MADV_PAGEOUT MADV_POPULATE_READ MADV_POPULATE_WRITE";
const FADVICE: &str = "POSIX_FADV_NORMAL POSIX_FADV_RANDOM POSIX_FADV_SEQUENTIAL POSIX_FADV_WILLNEED POSIX_FADV_DONTNEED \
    POSIX_FADV_NOREUSE";
const HOW: &str = "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK";
const CLOCKS: &str = "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW \
    CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME";
/// From 0x1001 on.
const ARCH: &str = "ARCH_SET_GS ARCH_SET_FS ARCH_GET_FS ARCH_GET_GS";
const FCNTL: &str =
    "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN F_GETOWN F_SETSIG F_GETSIG";
/// From 1024 on.
const FCNTL_LINUX: &str = "F_SETLEASE F_GETLEASE F_NOTIFY - - F_CANCELLK F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ \
    F_ADD_SEALS F_GET_SEALS";
const FUTEX: &str = "FUTEX_WAIT FUTEX_WAKE FUTEX_FD FUTEX_REQUEUE FUTEX_CMP_REQUEUE FUTEX_WAKE_OP FUTEX_LOCK_PI \
    FUTEX_UNLOCK_PI FUTEX_TRYLOCK_PI FUTEX_WAIT_BITSET FUTEX_WAKE_BITSET";
/// From 0x5401 on.
const IOCTL: &str = "TCGETS TCSETS TCSETSW TCSETSF TCGETA TCSETA TCSETAW TCSETAF TCSBRK TCXONC TCFLSH TIOCEXCL TIOCNXCL \
    TIOCSCTTY TIOCGPGRP TIOCSPGRP TIOCOUTQ TIOCSTI TIOCGWINSZ TIOCSWINSZ TIOCMGET TIOCMBIS TIOCMBIC TIOCMSET TIOCGSOFTCAR \
    TIOCSSOFTCAR FIONREAD TIOCLINUX TIOCCONS TIOCGSERIAL TIOCSSERIAL TIOCPKT FIONBIO TIOCNOTTY";
const FAMILIES: &str = "AF_UNSPEC AF_UNIX AF_INET - - - - - - - AF_INET6 - - - - - AF_NETLINK AF_PACKET";
const SOCKETS: &str = "- SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET";
/// By the type bits of a mode.
const KINDS: &str = "- S_IFIFO S_IFCHR - S_IFDIR - S_IFBLK - S_IFREG - S_IFLNK - S_IFSOCK";
const CHILD: &str = "- CLD_EXITED CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED CLD_CONTINUED";
const ACCESS: &[(u64, &str)] = &[(4, "R_OK"), (2, "W_OK"), (1, "X_OK")];
const OPEN: &[(u64, &str)] = &[
    (0o100, "O_CREAT"),
    (0o200, "O_EXCL"),
    (0o400, "O_NOCTTY"),
    (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"),
    (0o4000, "O_NONBLOCK"),
    (0o4010000, "O_SYNC"),
    (0o10000, "O_DSYNC"),
    (0o20000, "O_ASYNC"),
    (0o40000, "O_DIRECT"),
    (0o100000, "O_LARGEFILE"),
    (0o400000, "O_NOFOLLOW"),
    (0o1000000, "O_NOATIME"),
    (0o2000000, "O_CLOEXEC"),
    (0o10000000, "O_PATH"),
    (0o20200000, "O_TMPFILE"),
    (0o200000, "O_DIRECTORY"),
];
const ACTION: &[(u64, &str)] = &[
    (0x0400_0000, "SA_RESTORER"),
    (0x0800_0000, "SA_ONSTACK"),
    (0x1000_0000, "SA_RESTART"),
    (0x4000_0000, "SA_NODEFER"),
    (0x8000_0000, "SA_RESETHAND"),
    (4, "SA_SIGINFO"),
    (1, "SA_NOCLDSTOP"),
    (2, "SA_NOCLDWAIT"),
];
const POLL: &[(u64, &str)] = &[
    (1, "POLLIN"),
    (2, "POLLPRI"),
    (4, "POLLOUT"),
    (0x40, "POLLRDNORM"),
    (0x80, "POLLRDBAND"),
    (0x100, "POLLWRNORM"),
    (0x200, "POLLWRBAND"),
    (8, "POLLERR"),
    (0x10, "POLLHUP"),
    (0x20, "POLLNVAL"),
    (0x2000, "POLLRDHUP"),
];
const SOCKET_FLAGS: &[(u64, &str)] = &[(0x80000, "SOCK_CLOEXEC"), (0x800, "SOCK_NONBLOCK")];

fn nth(words: &'static str, n: u64) -> Option<&'static str> {
    words.split(' ').nth(usize::try_from(n).ok()?).filter(|word| *word != "-")
}
fn name(words: &'static str, n: u64, out: &mut String) {
    match nth(words, n) {
        Some(word) => out.push_str(word),
        None => _ = write!(out, "{n:#x}"),
    }
}
/// Names of the bits joined by `|`, what is left in hexadecimal, `none` for nothing.
fn bits(table: &[(u64, &'static str)], mut rest: u64, none: &str, out: &mut String) {
    let start = out.len();
    for &(bit, word) in table {
        if rest & bit == bit {
            rest &= !bit;
            out.push_str(if out.len() == start { "" } else { "|" });
            out.push_str(word);
        }
    }
    if rest != 0 {
        let _ = write!(out, "{}{rest:#x}", if out.len() == start { "" } else { "|" });
    } else if out.len() == start {
        out.push_str(none);
    }
}
/// `0x2a`, or `NULL`.
fn address(addr: u64, out: &mut String) {
    let _ = if addr == 0 { write!(out, "NULL") } else { write!(out, "{addr:#x}") };
}
fn hex(value: u64, out: &mut String) {
    let _ = if value == 0 { write!(out, "0") } else { write!(out, "{value:#x}") };
}
fn open_flags(flags: u64, out: &mut String) {
    name("O_RDONLY O_WRONLY O_RDWR O_ACCMODE", flags & 3, out);
    let mut rest = String::new();
    bits(OPEN, flags & 0xffff_fffc, "", &mut rest);
    let _ = write!(out, "{}{rest}", if rest.is_empty() { "" } else { "|" });
}
fn mode(mode: u64, out: &mut String) {
    name(KINDS, mode >> 12, out);
    for (bit, word) in [(0o4000, "|S_ISUID"), (0o2000, "|S_ISGID"), (0o1000, "|S_ISVTX")] {
        out.push_str(if mode & bit != 0 { word } else { "" });
    }
    let _ = write!(out, "|0{:03o}", mode & 0o777);
}
fn set(set: u64, out: &mut String) {
    super::args::Show::show(&SigSet(set), out);
}
fn signal(n: u64, out: &mut String) {
    match SigNum::new(n) {
        Some(signal) => _ = write!(out, "{signal:?}"),
        None => _ = write!(out, "{n}"),
    }
}

/// Which arguments are shown, in which order: some calls have fewer than registers, and clone(2)'s are rearranged.
pub(super) fn order(nr: u64, raw: &[u64; 6], arity: usize) -> Vec<usize> {
    let makes = |flags: u64| flags & 0o100 != 0 || flags & 0o20200000 == 0o20200000;
    match nr {
        2 if !makes(raw[1]) => alloc::vec![0, 1],
        257 if !makes(raw[2]) => alloc::vec![0, 1, 2],
        72 if matches!(raw[1], 1 | 3 | 9 | 11 | 1025 | 1032 | 1034) => alloc::vec![0, 1],
        202 => match raw[1] & 0x7f {
            0 => alloc::vec![0, 1, 2, 3],
            3 => alloc::vec![0, 1, 2, 3, 4],
            4 | 5 => alloc::vec![0, 1, 2, 3, 4, 5],
            6 => alloc::vec![0, 1, 3],
            7 | 8 => alloc::vec![0, 1],
            9 => alloc::vec![0, 1, 2, 3, 5],
            10 => alloc::vec![0, 1, 2, 5],
            _ => alloc::vec![0, 1, 2],
        },
        56 => {
            let flags = CloneFlags::from_bits_retain(raw[0]);
            let mut order = alloc::vec![1, 0];
            order.extend(flags.contains(CloneFlags::CLONE_PARENT_SETTID).then_some(2));
            order.extend(flags.contains(CloneFlags::CLONE_SETTLS).then_some(4));
            order.extend(
                flags.intersects(CloneFlags::CLONE_CHILD_SETTID | CloneFlags::CLONE_CHILD_CLEARTID).then_some(3),
            );
            order
        }
        // What rseq(2) would be told, although it is not there; rt_sigreturn(2) shows its frame.
        334 => (0..4).collect(),
        15 => alloc::vec![0],
        _ => (0..arity).collect(),
    }
}

/// True for arguments that are filled by the call although their type does not say so.
pub(super) fn is_out(nr: u64, index: usize) -> bool {
    matches!((nr, index), (16, 2) | (79, 0) | (56, 2..) | (435, 1))
}

/// Shows an argument of call `nr`; false when its type knows better.
pub(super) fn argument(call: &mut Shown<'_, '_>, nr: u64, index: usize, out: &mut String) -> bool {
    let raw = call.raw;
    let value = raw[index];
    let is_ok = call.ret.is_some_and(|ret| ret >= 0);
    match (nr, index) {
        (2, 1) | (257, 2) => open_flags(value, out),
        (4..=6, 1) | (262, 2) => return is_ok && stat(call, value, out),
        (7, 0) => return poll_fds(call, value, raw[1], false, out),
        (8, 2) => name(WHENCE, value, out),
        (9 | 10, 2) if value == 0 => out.push_str("PROT_NONE"),
        (9, 5) | (334, 1..=3) => hex(value, out),
        (13, 1 | 2) => return (index == 1 || is_ok) && action(call, value, out),
        (14, 0) => name(HOW, value, out),
        (15, 0) => {
            // `struct ucontext` lies where the handler's return address was; its mask is behind the registers.
            const MASK: u64 = 296;
            let at = call.cx.task().cpu.gpr[4].wrapping_add(MASK);
            let mask: u64 = call.peek(at).unwrap_or(0);
            out.push_str("{mask=");
            set(mask, out);
            out.push('}');
        }
        (16, 1) => match nth(IOCTL, value.wrapping_sub(0x5401)) {
            Some(word) => out.push_str(word),
            None if value == 0x5451 => out.push_str("FIOCLEX"),
            None => hex(value, out),
        },
        (16, 2) => match raw[1] {
            0x540f | 0x5410 | 0x541b | 0x5421 if is_ok || raw[1] != 0x540f => match call.peek::<i32>(value) {
                Some(n) => _ = write!(out, "[{n}]"),
                None => address(value, out),
            },
            0x5413 if is_ok => {
                let size: [u16; 4] = call.peek(value).unwrap_or_default();
                let [rows, columns, x, y] = size;
                let _ = write!(out, "{{ws_row={rows}, ws_col={columns}, ws_xpixel={x}, ws_ypixel={y}}}");
            }
            _ => address(value, out),
        },
        (21, 1) | (269 | 439, 2) => bits(ACCESS, value, "F_OK", out),
        (28, 2) => name(MADVICE, value, out),
        (35, 1) | (230, 3) => address(value, out),
        (36 | 38, 0) => name("ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF", value, out),
        (36, 1) | (38, 1 | 2) => return (raw[1] == value || is_ok) && interval_timer(call, value, out),
        (129, 2) | (297, 3) => match call.peek::<SigInfo>(value) {
            Some(info) => siginfo_fields(&info, out),
            None => address(value, out),
        },
        (41 | 53, 0) => name(FAMILIES, value, out),
        (41 | 53, 1) => {
            name(SOCKETS, value & 0xf, out);
            let mut flags = String::new();
            bits(SOCKET_FLAGS, value & !0xf, "", &mut flags);
            let _ = write!(out, "{}{flags}", if flags.is_empty() { "" } else { "|" });
        }
        (41, 2) if raw[0] == 2 || raw[0] == 10 => name("IPPROTO_IP IPPROTO_ICMP - - - - IPPROTO_TCP", value, out),
        (42 | 49, 1) => return socket_address(call, value, raw[2], out),
        (56, 0) => {
            out.push_str("flags=");
            clone_flags(value & !CSIGNAL, value & CSIGNAL, out);
        }
        (56, 1..=4) => {
            out.push_str(["child_stack=", "parent_tid=", "child_tidptr=", "tls="][index - 1]);
            match call.peek::<i32>(value).filter(|_| index == 2) {
                Some(tid) => _ = write!(out, "[{tid}]"),
                None => address(value, out),
            }
        }
        (59, 1) | (322, 2) => strings(call, value, out),
        (59, 2) | (322, 3) => {
            let mut count = 0;
            while call.peek::<u64>(value.wrapping_add(count * 8)).is_some_and(|at| at != 0) {
                count += 1;
            }
            address(value, out);
            let _ = write!(out, " /* {count} var{} */", if count == 1 { "" } else { "s" });
        }
        (61, 1) => match call.peek::<u32>(value) {
            Some(status) if call.ret.is_some_and(|ret| ret > 0) && value != 0 => wait_status(u64::from(status), out),
            _ => address(value, out),
        },
        (61, 2) => {
            let options = [(1, "WNOHANG"), (2, "WSTOPPED"), (8, "WCONTINUED"), (0x4000_0000, "__WALL")];
            bits(&options, value, "0", out);
        }
        (72, 1) => match nth(FCNTL, value).or(nth(FCNTL_LINUX, value.wrapping_sub(1024))) {
            Some(word) => out.push_str(word),
            None => name("F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW", value.wrapping_sub(36), out),
        },
        (72, 2) => match raw[1] {
            0 | 8 | 10 | 1030 | 1031 => _ = write!(out, "{value}"),
            2 => bits(&[(1, "FD_CLOEXEC")], value, "0", out),
            4 => open_flags(value, out),
            _ => address(value, out),
        },
        (79, 0) => match call.cx.read_str(UserStr(GuestAddr(value)), 4096) {
            Ok(text) if is_ok => show_bytes(&text, usize::MAX, out),
            _ => address(value, out),
        },
        (96, 0) => match call.peek::<Timeval>(value).filter(|_| is_ok) {
            Some(t) => _ = write!(out, "{{tv_sec={}, tv_usec={}}}", t.tv_sec, t.tv_usec),
            None => address(value, out),
        },
        (97 | 160 | 302, _) if index == usize::from(nr == 302) => name(RESOURCES, value, out),
        (97 | 160, 1) | (302, 2 | 3) => return (index != 3 || is_ok) && limit(call, value, out),
        (158, 0) => name(ARCH, value.wrapping_sub(0x1001), out),
        (202, 1) => {
            name(FUTEX, value & 0x7f, out);
            out.push_str(if value & 0x80 != 0 { "_PRIVATE" } else { "" });
            out.push_str(if value & 0x100 != 0 { "|FUTEX_CLOCK_REALTIME" } else { "" });
        }
        (202, 3) if matches!(raw[1] & 0x7f, 3..=5) => _ = write!(out, "{value}"),
        (202, 5) if value as u32 == u32::MAX => out.push_str("FUTEX_BITSET_MATCH_ANY"),
        (202, 5) => hex(value as u32 as u64, out),
        (217, 1) => return is_ok && entries(call, value, out),
        (221, 3) => name(FADVICE, value, out),
        (227..=230, 0) => name(CLOCKS, value, out),
        (271, 0) => return poll_fds(call, value, raw[1], false, out),
        (332, 2) => {
            out.push_str("AT_STATX_SYNC_AS_STAT");
            bits(
                &[(0x100, "|AT_SYMLINK_NOFOLLOW"), (0x800, "|AT_NO_AUTOMOUNT"), (0x1000, "|AT_EMPTY_PATH")],
                value,
                "",
                out,
            );
            let joined = out.replace("||", "|");
            *out = joined;
        }
        (332, 3) => statx_mask(value, out),
        (332, 4) => return is_ok && statx(call, value, out),
        (334, 0) => address(value, out),
        (435, 0) => return clone_args(call, value, out),
        (435, 1) => {
            let args = call.peek::<CloneArgs>(raw[0]).unwrap_or_default();
            let tid = call.peek::<i32>(args.parent_tid).filter(|_| args.flags & 0x10_0000 != 0);
            if let Some(tid) = tid.filter(|_| is_ok) {
                let _ = write!(out, "=> {{parent_tid=[{tid}]}}, ");
            }
            let _ = write!(out, "{value}");
        }
        _ => return false,
    }
    true
}

/// What strace says of a result besides the number.
pub(super) fn result(call: &mut Shown<'_, '_>, nr: u64, ret: i64, out: &mut String) -> bool {
    let raw = call.raw;
    match (nr, raw[1]) {
        (72, 1) if ret > 0 => out.push_str("0x1 (flags FD_CLOEXEC)"),
        (72, 3) => {
            let _ = write!(out, "{ret:#x} (flags ");
            open_flags(ret as u64, out);
            out.push(')');
        }
        (95, _) => _ = write!(out, "0{ret:02o}"),
        (7 | 271, _) if ret == 0 => out.push_str("0 (Timeout)"),
        (7 | 271, _) => {
            let _ = write!(out, "{ret} (");
            poll_fds(call, raw[0], raw[1], true, out);
            out.push(')');
        }
        _ => return false,
    }
    true
}

fn stat(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(stat) = call.peek::<StatC>(addr) else { return false };
    out.push_str("{st_mode=");
    mode(u64::from(stat.st_mode), out);
    let _ = match stat.st_mode >> 12 {
        2 | 6 => write!(out, ", st_rdev=makedev({:#x}, {:#x})", major(stat.st_rdev), minor(stat.st_rdev)),
        _ => write!(out, ", st_size={}", stat.st_size),
    };
    out.push_str(", ...}");
    true
}
fn statx_mask(mask: u64, out: &mut String) {
    const BASIC: u64 = StatxMask::STATX_BASIC_STATS.bits() as u64;
    let mut table: Vec<(u64, &'static str)> = alloc::vec![(BASIC, "STATX_BASIC_STATS")];
    table.extend(
        StatxMask::all()
            .iter_names()
            .filter(|(_, bit)| *bit != StatxMask::STATX_BASIC_STATS)
            .map(|(word, bit)| (u64::from(bit.bits()), word)),
    );
    bits(&table, mask, "0", out);
}
fn statx(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(stat) = call.peek::<Statx>(addr) else { return false };
    out.push_str("{stx_mask=");
    statx_mask(u64::from(stat.stx_mask), out);
    out.push_str(", stx_attributes=");
    hex(stat.stx_attributes, out);
    out.push_str(", stx_mode=");
    mode(u64::from(stat.stx_mode), out);
    let _ = write!(out, ", stx_size={}, ...}}", stat.stx_size);
    true
}
fn action(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(action) = call.peek::<SigAction>(addr).filter(|_| addr != 0) else { return false };
    out.push_str("{sa_handler=");
    match action.sa_handler {
        SIG_DFL => out.push_str("SIG_DFL"),
        SIG_IGN => out.push_str("SIG_IGN"),
        at => hex(at, out),
    }
    out.push_str(", sa_mask=");
    set(action.sa_mask, out);
    let flags = SigActionFlags::from_bits_retain(action.sa_flags);
    out.push_str(", sa_flags=");
    bits(ACTION, action.sa_flags, "0", out);
    if flags.contains(SigActionFlags::SA_RESTORER) {
        let _ = write!(out, ", sa_restorer={:#x}", action.sa_restorer);
    }
    out.push('}');
    true
}
fn poll_fds(call: &mut Shown<'_, '_>, addr: u64, count: u64, answers: bool, out: &mut String) -> bool {
    out.push('[');
    let start = out.len();
    for i in 0..count.min(32) {
        let Some([fd, events]) = call.peek::<[u32; 2]>(addr.wrapping_add(i * 8)) else { return false };
        let (asked, got) = (u64::from(events & 0xffff), u64::from(events >> 16));
        if answers && got == 0 {
            continue;
        }
        let word = if answers { "revents" } else { "events" };
        let _ = write!(out, "{}{{fd={}, {word}=", if out.len() == start { "" } else { ", " }, fd as i32);
        bits(POLL, if answers { got } else { asked }, "0", out);
        out.push('}');
    }
    out.push(']');
    true
}
fn socket_address(call: &mut Shown<'_, '_>, addr: u64, len: u64, out: &mut String) -> bool {
    let mut bytes = alloc::vec![0; len.min(128) as usize];
    if len < 2 || call.cx.read_bytes(GuestAddr(addr), &mut bytes).is_err() {
        return false;
    }
    let family = u64::from(bytes[0]);
    out.push_str("{sa_family=");
    name(FAMILIES, family, out);
    match (family, &bytes[2..]) {
        (1, [0, abstract_name @ ..]) if !abstract_name.is_empty() => {
            out.push_str(", sun_path=@");
            show_bytes(abstract_name, usize::MAX, out);
        }
        (1, path) => {
            out.push_str(", sun_path=");
            show_bytes(path.split(|&b| b == 0).next().unwrap_or(path), usize::MAX, out);
        }
        (2, [high, low, a, b, c, d, ..]) => {
            let port = u16::from_be_bytes([*high, *low]);
            let _ = write!(out, ", sin_port=htons({port}), sin_addr=inet_addr(\"{a}.{b}.{c}.{d}\")");
        }
        _ => out.push_str(", ..."),
    }
    out.push('}');
    true
}
fn strings(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) {
    const SHOWN: u64 = 32;
    if addr == 0 {
        return out.push_str("NULL");
    }
    out.push('[');
    for i in 0.. {
        let Some(at) = call.peek::<u64>(addr.wrapping_add(i * 8)).filter(|&at| at != 0) else { break };
        out.push_str(if i == 0 { "" } else { ", " });
        if i == SHOWN {
            out.push_str("...");
            break;
        }
        match call.cx.read_str(UserStr(GuestAddr(at)), 1 << 17) {
            Ok(text) => show_bytes(&text, 32, out),
            Err(_) => hex(at, out),
        }
    }
    out.push(']');
}
fn limit(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(limit) = call.peek::<RLimit>(addr).filter(|_| addr != 0) else { return false };
    let one = |value: u64, out: &mut String| {
        let _ = match value {
            RLIM_INFINITY => write!(out, "RLIM64_INFINITY"),
            n if n > 1024 && n % 1024 == 0 => write!(out, "{}*1024", n / 1024),
            n => write!(out, "{n}"),
        };
    };
    out.push_str("{rlim_cur=");
    one(limit.rlim_cur, out);
    out.push_str(", rlim_max=");
    one(limit.rlim_max, out);
    out.push('}');
    true
}
fn wait_status(status: u64, out: &mut String) {
    let (test, value, n) = match (status & 0x7f, status >> 8 & 0xff) {
        _ if status == 0xffff => return out.push_str("[{WIFCONTINUED(s)}]"),
        (0, code) => {
            let _ = write!(out, "[{{WIFEXITED(s) && WEXITSTATUS(s) == {code}}}]");
            return;
        }
        (0x7f, n) => ("STOPPED", "STOP", n),
        (n, _) => ("SIGNALED", "TERM", n),
    };
    let _ = write!(out, "[{{WIF{test}(s) && W{value}SIG(s) == ");
    signal(n, out);
    out.push_str("}]");
}
fn entries(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let (mut at, mut count, len) = (0, 0, call.ret.unwrap_or(0) as u64);
    while at < len {
        let size = call.peek::<u16>(addr.wrapping_add(at + 16)).unwrap_or(0);
        at += u64::from(size.max(24));
        count += 1;
    }
    let _ = write!(out, "{addr:#x} /* {count} entries */");
    true
}
fn clone_flags(flags: u64, exit_signal: u64, out: &mut String) {
    let start = out.len();
    super::args::show_flags(CloneFlags::from_bits_truncate(flags), flags, out);
    if exit_signal != 0 {
        if flags == 0 {
            out.truncate(start);
        } else {
            out.push('|');
        }
        signal(exit_signal, out);
    }
}
fn clone_args(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(args) = call.peek::<CloneArgs>(addr) else { return false };
    out.push_str("{flags=");
    clone_flags(args.flags, 0, out);
    let flags = CloneFlags::from_bits_retain(args.flags);
    let mut field = |is_shown: bool, name: &str, value: u64| {
        if is_shown {
            let _ = write!(out, ", {name}=");
            hex(value, out);
        }
    };
    let child = CloneFlags::CLONE_CHILD_SETTID | CloneFlags::CLONE_CHILD_CLEARTID;
    field(flags.intersects(child), "child_tid", args.child_tid);
    field(flags.contains(CloneFlags::CLONE_PARENT_SETTID), "parent_tid", args.parent_tid);
    out.push_str(", exit_signal=");
    signal(args.exit_signal, out);
    let _ = match args.stack {
        0 => write!(out, ", stack=NULL, stack_size="),
        at => write!(out, ", stack={at:#x}, stack_size="),
    };
    hex(args.stack_size, out);
    if flags.contains(CloneFlags::CLONE_SETTLS) {
        let _ = write!(out, ", tls={:#x}", args.tls);
    }
    out.push('}');
    true
}

/// `--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, ...} ---`.
pub(super) fn siginfo(info: &SigInfo) -> String {
    let mut out = String::from("--- ");
    signal(u64::from(info.signal()), &mut out);
    out.push(' ');
    siginfo_fields(info, &mut out);
    out.push_str(" ---");
    out
}
fn siginfo_fields(info: &SigInfo, out: &mut String) {
    let number = info.signal();
    out.push_str("{si_signo=");
    signal(u64::from(number), out);
    out.push_str(", si_code=");
    let code = info.si_code;
    let word = match (number, code) {
        (_, SI_USER) => Some("SI_USER"),
        (_, SI_KERNEL) => Some("SI_KERNEL"),
        (_, SI_QUEUE) => Some("SI_QUEUE"),
        (_, SI_TIMER) => Some("SI_TIMER"),
        (_, SI_TKILL) => Some("SI_TKILL"),
        (SIGCHLD, 1..) => nth(CHILD, code as u64),
        (SIGSEGV, 1..) => nth("- SEGV_MAPERR SEGV_ACCERR", code as u64),
        (SIGBUS, 1..) => nth("- BUS_ADRALN BUS_ADRERR BUS_OBJERR", code as u64),
        (SIGFPE, 1..) => {
            nth("- FPE_INTDIV FPE_INTOVF FPE_FLTDIV FPE_FLTOVF FPE_FLTUND FPE_FLTRES FPE_FLTINV", code as u64)
        }
        (SIGILL, 1..) => nth("- ILL_ILLOPC ILL_ILLOPN", code as u64),
        (SIGTRAP, 1..) => nth("- TRAP_BRKPT TRAP_TRACE", code as u64),
        _ => None,
    };
    match word {
        Some(word) => out.push_str(word),
        None => _ = write!(out, "{code}"),
    }
    let _ = match (number, code) {
        (_, SI_USER | SI_TKILL) => write!(out, ", si_pid={}, si_uid={}", info.pid(), info.uid()),
        (_, SI_QUEUE) => {
            let value = info.value();
            let _ = write!(out, ", si_pid={}, si_uid={}, si_int={}, si_ptr=", info.pid(), info.uid(), value as i32);
            address(value, out);
            Ok(())
        }
        (_, SI_TIMER) => {
            let value = info.value();
            let _ =
                write!(out, ", si_timerid={}, si_overrun={}, si_int={}, si_ptr=", info.pid(), info.uid(), value as i32);
            address(value, out);
            Ok(())
        }
        (SIGCHLD, 1..) => {
            let _ = write!(out, ", si_pid={}, si_uid={}, si_status=", info.pid(), info.uid());
            match code {
                CLD_EXITED => _ = write!(out, "{}", info.status()),
                _ => signal(info.status() as u64, out),
            }
            let [user, system] = [info._pad_fields[2], info._pad_fields[3]];
            write!(out, ", si_utime={user}, si_stime={system}")
        }
        (SIGSEGV | SIGBUS | SIGFPE | SIGILL | SIGTRAP, 1..=0x7f) => {
            out.push_str(", si_addr=");
            address(info.addr(), out);
            Ok(())
        }
        _ => Ok(()),
    };
    out.push('}');
}

fn interval_timer(call: &mut Shown<'_, '_>, addr: u64, out: &mut String) -> bool {
    let Some(timer) = call.peek::<Itimerval>(addr).filter(|_| addr != 0) else { return false };
    let time = |t: Timeval| alloc::format!("{{tv_sec={}, tv_usec={}}}", t.tv_sec, t.tv_usec);
    let _ = write!(out, "{{it_interval={}, it_value={}}}", time(timer.it_interval), time(timer.it_value));
    true
}
