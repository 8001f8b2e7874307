//! Calls that mean something: numbers of the table, and arguments of the kind that their names promise, most of the time.

use super::guest::{
    CANARY, COUNTER, DATA, DATA_END, HANDLER, LONG_TEXT, READ_ONLY, RECORD_WORDS, RESTORER, ROOM_END, TEXTS,
    VALUE_WORDS, VALUES,
};
use crate::mutate::Random;
use brainworm_kernel::{Row, TABLE};

/// Numbers at edges of what some type holds.
const EDGES: [u64; 18] = [
    0,
    1,
    2,
    7,
    8,
    0xfff,
    0x1000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x7fff_ffff_f000,
    0xffff_8000_0000_0000,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 0xfff,
    u64::MAX,
];

/// A structure kept among the input's values: its first word, how many it has, and whose arguments are called so.
struct Kind {
    at: usize,
    len: usize,
    names: &'static [&'static str],
}

const KINDS: [Kind; 18] = [
    Kind { at: 0, len: 8, names: &["iov"] },
    Kind { at: 8, len: 16, names: &["message", "msg", "array"] },
    Kind { at: 24, len: 16, names: &["addr", "dest", "address"] },
    Kind {
        at: 40,
        len: 4,
        names: &["req", "t", "timeout", "times", "tp", "tv", "new_value", "new", "value", "interval"],
    },
    Kind { at: 44, len: 4, names: &["act", "action"] },
    Kind { at: 48, len: 2, names: &["set", "mask", "read", "write", "except"] },
    Kind { at: 50, len: 8, names: &["fds"] },
    Kind { at: 58, len: 2, names: &["event", "events"] },
    Kind { at: 60, len: 8, names: &["argv", "envp"] },
    Kind { at: 68, len: 12, names: &["cl_args", "args"] },
    Kind { at: 80, len: 4, names: &["arg"] },
    Kind { at: 84, len: 2, names: &["rlim", "new_limit"] },
    Kind { at: 86, len: 4, names: &["operations"] },
    Kind { at: 90, len: 8, names: &["sevp", "event"] },
    Kind { at: 98, len: 4, names: &["how", "attr"] },
    Kind { at: 102, len: 4, names: &["header", "data"] },
    Kind { at: 106, len: 16, names: &["info"] },
    Kind { at: 122, len: 4, names: &["ss", "new_stack", "offset", "in_offset", "out_offset"] },
];
/// The first word that is of no kind.
const FREE: usize = 128;

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len())]
}

/// A record for some line of the table.
pub(super) fn record(random: &mut Random) -> [u64; RECORD_WORDS] {
    if random.once_in(10) {
        return opening(random);
    }
    let row = &TABLE[random.below(TABLE.len())];
    let mut record = [0; RECORD_WORDS];
    record[0] = if random.once_in(200) { random.next() >> random.below(64) } else { row.nr };
    for (i, name) in row.arg_names().enumerate() {
        record[1 + i] = argument(random, row, name);
    }
    // Calls that would end a worker at once are made only now and then.
    if matches!(row.name, "exit" | "exit_group" | "pause" | "rt_sigreturn" | "rt_sigsuspend") && !random.once_in(6) {
        return self::record(random);
    }
    record
}

/// What gives descriptors, mappings and objects to work with: name, arguments (texts by their place in `TEXTS`).
fn opener(random: &mut Random) -> (&'static str, Vec<u64>) {
    let path = |i: usize| TEXTS[i].1;
    let room = DATA + 0x2800;
    match random.below(24) {
        0 => ("pipe2", vec![room, pick(random, &[0, 0o4000, 0o2000000])]),
        1 => ("socketpair", vec![1, pick(random, &[1, 2, 5, 0o4001]), 0, room]),
        2 => ("socket", vec![pick(random, &[1, 2, 10, 16]), pick(random, &[1, 2, 3, 0o4001]), 0]),
        3 => ("eventfd2", vec![3, pick(random, &[0, 1, 0o4000])]),
        4 => ("epoll_create1", vec![0]),
        5 => ("timerfd_create", vec![pick(random, &[0, 1]), 0]),
        6 => ("inotify_init1", vec![0o4000]),
        7 => ("memfd_create", vec![path(7), pick(random, &[0, 2])]),
        8 => ("open", vec![path(7 + random.below(3)), pick(random, &[0o102, 0o2102, 0o1102]), 0o666]),
        9 => ("open", vec![path(pick(random, &[2, 6, 9, 24, 27])), 0o200000, 0]),
        10 => ("open", vec![path(15 + random.below(5)), 2, 0]),
        11 => ("signalfd4", vec![u64::MAX, VALUES + 8 * 48, 8, 0o4000]),
        12 => ("mmap", vec![0, 0x5000, 3, 1, 3, 0]),
        13 => ("mmap", vec![0x70_0000, 0x8000, 7, 0x32, u64::MAX, 0]),
        14 => ("shmget", vec![1, 0x3000, 0o1666]),
        15 => ("shmat", vec![pick(random, &[0, 1]), 0, 0]),
        16 => ("semget", vec![1, 3, 0o1666]),
        17 => ("msgget", vec![1, 0o1666]),
        18 => ("mq_open", vec![path(31), 0o102, 0o666, 0]),
        19 => ("rt_sigaction", vec![1 + random.below(64) as u64, VALUES + 8 * 44, 0, 8]),
        20 => ("open", vec![path(13), 2, 0]),
        21 => ("ioctl", vec![random.below(10) as u64, 0x4004_5431, DATA + 0x2f80]),
        22 => ("mkdir", vec![path(7 + random.below(4)), 0o755]),
        _ => ("timer_create", vec![pick(random, &[0, 1]), VALUES + 8 * 90, room]),
    }
}

/// A record of a call that opens something, most likely with success.
pub(super) fn opening(random: &mut Random) -> [u64; RECORD_WORDS] {
    let (name, args) = opener(random);
    let mut record = [0; RECORD_WORDS];
    record[0] = TABLE.iter().find(|row| row.name == name).map_or(u64::MAX, |row| row.nr);
    record[1..=args.len()].copy_from_slice(&args);
    record
}

/// All values of an input.
pub(super) fn values(random: &mut Random) -> Vec<u64> {
    let mut values: Vec<u64> = (0..VALUE_WORDS).map(|_| word(random)).collect();
    for kind in &KINDS {
        structure(random, kind, &mut values[kind.at..kind.at + kind.len]);
    }
    values
}

/// One value renewed.
pub(super) fn renew(random: &mut Random, values: &mut [u64]) {
    if random.once_in(2) {
        let kind = &KINDS[random.below(KINDS.len())];
        structure(random, kind, &mut values[kind.at..kind.at + kind.len]);
    } else {
        let at = random.below(values.len());
        values[at] = word(random);
    }
}

/// A number of no known kind.
fn word(random: &mut Random) -> u64 {
    match random.below(8) {
        0 | 1 => random.below(24) as u64,
        2 => pick(random, &EDGES),
        3 | 4 => pointer(random),
        5 => flags(random),
        6 => random.next() >> random.below(64),
        _ => (random.below(40) as u64).wrapping_neg(),
    }
}

fn argument(random: &mut Random, row: &Row, name: &str) -> u64 {
    if random.once_in(12) {
        return word(random);
    }
    let is_known = KINDS.iter().find(|kind| kind.names.contains(&name));
    match name {
        "fd" | "old" | "input" | "out" | "epfd" | "dirfd" | "old_dir" | "new_dir" | "pidfd" | "targetfd" | "first"
            if !row.name.starts_with("rename") || name.ends_with("dir") =>
        {
            descriptor(random)
        }
        "path" | "pathname" | "name" | "target" | "source" | "old" | "fs_type" | "special" => text(random),
        "new" if row.name.starts_with("rename") || row.name.starts_with("link") => text(random),
        "new" if row.name.starts_with("dup") => descriptor(random),
        "pid" | "tid" | "tgid" | "pgid" | "id" | "who" | "upid" => {
            pick(random, &[0, 1, 2, 3, 4, 5, 6, u64::MAX, -2i64 as u64, 12345])
        }
        "sig" | "signum" => pick(random, &[0, 1, 2, 9, 10, 11, 14, 15, 17, 18, 19, 20, 33, 34, 64, 65]),
        "prot" => random.below(8) as u64,
        "flags" if row.name == "mmap" => {
            pick(random, &[1, 2, 0x21, 0x22, 0x32, 0x31, 0x122, 0x10022, 0x12, 0x11, 0x100032])
        }
        "flags" if row.name == "clone" => {
            pick(random, &[17, 0x4111, 0x100, 0x7d0f00, 0x3d0f11, 0x800011, 0x4000, 0x1000011])
        }
        "count" | "len" | "length" | "size" | "buflen" | "sigsetsize" | "max" | "addrlen" | "optlen" | "msgsz" => {
            length(random, name)
        }
        "offset" | "pos" | "pos_high" => {
            pick(random, &[0, 1, 0x1000, 0x2000, 0x4fff, u64::MAX, 1 << 40, i64::MAX as u64])
        }
        "request" => pick(
            random,
            &[
                0x5401,
                0x5402,
                0x5404,
                0x540e,
                0x540f,
                0x5410,
                0x5411,
                0x5413,
                0x5414,
                0x541b,
                0x5421,
                0x5422,
                0x5450,
                0x5451,
                0x5452,
                0x8004_5430,
                0x4004_5431,
                0x8905,
                0x8912,
                0x8927,
                0x5409,
                0x540b,
                0x5429,
            ],
        ),
        "cmd" | "op" | "futex_op" | "how" | "which" | "whence" | "option" | "domain" | "kind" | "protocol"
        | "clockid" | "clock" | "resource" | "idtype" | "advice" | "level" | "optname" | "policy" => {
            small_number(random)
        }
        "mode" => random.next() & 0o7777,
        "timeout_ms" => pick(random, &[0, 0, 1, 10, u64::MAX]),
        "stack" | "child_stack" => pick(random, &[0, ROOM_END, ROOM_END - 0x400, DATA_END, 8]),
        "flags" => flags(random),
        _ if is_known.is_some_and(|_| !random.once_in(4)) => is_known.map_or(0, |kind| VALUES + 8 * kind.at as u64),
        _ if random.once_in(3) => word(random),
        _ => pointer(random),
    }
}

fn descriptor(random: &mut Random) -> u64 {
    match random.below(16) {
        0 => u64::MAX,
        1 => -100i64 as u64,
        2 => pick(random, &[1023, 1024, 0x7fff_ffff]),
        _ => random.below(18) as u64,
    }
}

fn text(random: &mut Random) -> u64 {
    match random.below(24) {
        0 => LONG_TEXT,
        1 => pointer(random),
        _ => TEXTS[random.below(TEXTS.len())].1,
    }
}

fn small_number(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => pick(random, &EDGES),
        1 => 1024 + random.below(20) as u64,
        2 => 128 + random.below(16) as u64,
        _ => random.below(44) as u64,
    }
}

fn length(random: &mut Random, name: &str) -> u64 {
    if name == "sigsetsize" && !random.once_in(8) {
        return 8;
    }
    match random.below(8) {
        0 => pick(random, &EDGES),
        1 => pick(random, &[0x10000, 0x10001, 0x100_0000, 1 << 32, 1 << 46]),
        2 | 3 => pick(random, &[0x1000, 0x1001, 0x2000, 0x4000, 100_000]),
        _ => random.below(140) as u64,
    }
}

fn flags(random: &mut Random) -> u64 {
    if random.once_in(3) {
        return 0;
    }
    (0..random.below(4)).fold(random.below(4) as u64, |all, _| all | 1 << random.below(24))
}

fn pointer(random: &mut Random) -> u64 {
    match random.below(16) {
        0 => 0,
        1 => DATA_END - random.below(64) as u64,
        2 => DATA + 0x1000 * (1 + random.below(3) as u64) - random.below(40) as u64,
        3 => READ_ONLY + random.below(0x1008) as u64,
        4 => COUNTER + random.below(0x1008) as u64,
        5 => CANARY + random.below(0x1000) as u64,
        6 => pick(random, &EDGES),
        7 => HANDLER,
        8 => random.below(0x30_0000) as u64 & !0xfff,
        9 | 10 => VALUES + 8 * (FREE + random.below(VALUE_WORDS - FREE)) as u64,
        11 => TEXTS[random.below(TEXTS.len())].1,
        12 => VALUES + 8 * pick(random, &KINDS.map(|kind| kind.at)) as u64,
        _ => DATA + 0x2000 + random.below(0x1000) as u64,
    }
}

/// Two 32-bit halves, the lower first in memory.
fn pair(low: u64, high: u64) -> u64 {
    low & 0xffff_ffff | high << 32
}

/// Writes a structure of a kind as a program would have it, more or less.
fn structure(random: &mut Random, kind: &Kind, to: &mut [u64]) {
    let time = |random: &mut Random| {
        pick(random, &[0, 0, 1, 999_999_999, 1_000_000_000, u64::MAX, i64::MAX as u64, 0x3fff_ffff])
    };
    match kind.names[0] {
        "iov" => to.chunks_mut(2).for_each(|v| v.copy_from_slice(&[pointer(random), length(random, "len")])),
        "message" => {
            // struct msghdr, then a control message with a descriptor.
            let control = VALUES + 8 * (kind.at as u64 + 8);
            let address = VALUES + 8 * 24;
            let (iov, iov_len) = (VALUES, random.below(5) as u64);
            let control_len = pick(random, &[0, 20, 24, 16, 17, 64]);
            to[..7].copy_from_slice(&[address, 16, iov, iov_len, control, control_len, 0]);
            to[8] = pick(random, &[20, 24, 16, 17, 64, 0, u64::MAX]);
            to[9] = pair(1, pick(random, &[1, 2, 3]));
            to[10] = pair(descriptor(random), descriptor(random));
        }
        "addr" => {
            let port = pick(random, &[0, 80, 0x1234, 8080]) as u16;
            to.fill(0);
            match random.below(5) {
                // AF_INET 127.0.0.1
                0 => to[0] = 2 | u64::from(port.swap_bytes()) << 16 | 0x0100_007f << 32,
                // AF_INET6 ::1
                1 => (to[0], to[2]) = (10 | u64::from(port.swap_bytes()) << 16, 1 << 56),
                // AF_NETLINK
                2 => to[0] = 16,
                // AF_UNIX: abstract, or a path.
                3 => to[0] = 1 | 0x61 << 24,
                _ => (to[0], to[1]) = (u64::from_le_bytes(*b"\x01\0/tmp/s"), 0),
            }
        }
        "req" => to.iter_mut().for_each(|word| *word = time(random)),
        "act" => {
            let odd = pointer(random);
            to[0] = pick(random, &[HANDLER, HANDLER, 0, 1, odd]);
            to[1] = 0x0400_0000 | pick(random, &[0, 4, 0x1000_0000, 0x4000_0000, 0x8000_0000, 0x0800_0000, 2]);
            (to[2], to[3]) = (RESTORER, random.next() & random.next());
        }
        "fds" => to.iter_mut().for_each(|word| *word = pair(descriptor(random), random.next() & 0x3f)),
        "event" => to.copy_from_slice(&[pair(random.next() & 0xc000_201f, 5), 6]),
        "argv" => {
            let len = random.below(to.len());
            to[..len].iter_mut().for_each(|word| *word = text(random));
            to[len..].fill(0);
        }
        "cl_args" => {
            let flags = pick(random, &[0, 0x4000, 0x100, 0x7d0f00, 0x1000, 0x8000_0000]);
            let end = pick(random, &[0, 17, 65]);
            to[..8].copy_from_slice(&[
                flags,
                pointer(random),
                pointer(random),
                pointer(random),
                end,
                ROOM_END - 0x800,
                0x800,
                0,
            ]);
        }
        "operations" => to.iter_mut().for_each(|word| *word = random.next() & 0x1001_0003_0003),
        "sevp" => {
            let (signal, notify) = (random.below(66) as u64, pick(random, &[0, 1, 2, 4]));
            to[..3].copy_from_slice(&[7, pair(signal, notify), pick(random, &[1, 2, 3, 9])]);
        }
        _ => to.iter_mut().for_each(|word| *word = self::word(random)),
    }
}
