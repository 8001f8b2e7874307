//! The guest of the fuzzer: an ELF program that makes the calls of a table, with several processes at it.
//!
//! Process 1 forks a child and waits; on SIGTERM it kills everybody else, and when no child is left it looks whether its
//! own memory is as it was. The child makes the calls of the first records, which open things, and forks `WORKERS` more.
//! Each takes the next record of the table (the count is in a shared file mapping, so that forks, threads and executed
//! programs share the work), loads the registers and makes the call, until none is left. The handler that records may
//! install makes one call more, inside of the signal.

use brainworm_pack::Container;
use brainworm_pack::tree::{Body, Directory, Meta, Tree};
use iced_x86::Register::{
    self, EAX, EBX, ECX, EDI, EDX, R8, R8D, R9, R9D, R10, R10D, RAX, RBX, RCX, RDI, RDX, RSI, RSP,
};
use iced_x86::{BlockEncoder, BlockEncoderOptions, Code, Instruction, InstructionBlock, MemoryOperand};

/// Grandchildren of process 1.
const WORKERS: i64 = 2;
/// Most records of a table.
pub(super) const RECORDS: usize = 192;
/// Number and six arguments.
pub(super) const RECORD_WORDS: usize = 8;

const TEXT: u64 = 0x40_0000;
/// The handler of signals, for arguments.
pub(super) const HANDLER: u64 = TEXT + 0x800;
/// rt_sigreturn(2).
pub(super) const RESTORER: u64 = TEXT + 0xf00;
const TABLE: u64 = 0x41_0000;
/// Four pages that calls may point to: texts, values, room, and a last page with nothing behind it.
pub(super) const DATA: u64 = 0x60_0000;
/// Words of the second of them are the input's.
pub(super) const VALUES: u64 = DATA + 0x1000;
/// How many.
pub(super) const VALUE_WORDS: usize = 512;
/// Where stacks of threads begin.
pub(super) const ROOM_END: u64 = DATA + 0x3000;
/// One past the last byte.
pub(super) const DATA_END: u64 = DATA + 0x4000;
/// A page that may be read only.
pub(super) const READ_ONLY: u64 = 0x61_0000;
/// The shared page with the number of the next record.
pub(super) const COUNTER: u64 = 0x62_0000;
/// Process 1 looks at this page in the end.
pub(super) const CANARY: u64 = 0x63_0000;
const CANARY_WORD: i32 = 0x5a5a_a5a5;
/// Status of process 1 when somebody else wrote to its memory.
pub(super) const CANARY_DIED: u8 = 3;

/// Texts of the first data page and their places.
pub(super) const TEXTS: [(&str, u64); 40] = {
    let texts = [
        "/counter",
        "/prog",
        "/",
        ".",
        "..",
        "",
        "/tmp",
        "/tmp/a",
        "/tmp/b",
        "/tmp/d",
        "/tmp/d/x",
        "/tmp/link",
        "/tmp/s",
        "/big",
        "/etc/passwd",
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/tty",
        "/dev/ptmx",
        "/dev/pts/0",
        "/dev/shm/m",
        "/proc/self/maps",
        "/proc/self/fd/3",
        "/proc/1/stat",
        "/proc/self/exe",
        "/proc/sys/kernel/pid_max",
        "/proc",
        "/proc/self/comm",
        "user.a",
        "tmpfs",
        "/mq",
        "a/../../b/./c",
        "/tmp/a/b",
        "/sys",
        "/dev",
        "\u{fffd}\u{1}",
        "/loop",
        "/script",
        "PATH=/",
    ];
    let mut placed = [("", 0); 40];
    let (mut i, mut at) = (0, DATA);
    while i < texts.len() {
        placed[i] = (texts[i], at);
        at += texts[i].len() as u64 + 1;
        i += 1;
    }
    placed
};
/// A text without an end until far behind, longer than PATH_MAX.
pub(super) const LONG_TEXT: u64 = DATA + 0x800;

/// The packed image, and where the input's parts go in it.
pub(super) struct Guest {
    image: Vec<u8>,
    values: usize,
    table: usize,
}

impl Guest {
    pub(super) fn new() -> Guest {
        let program = program();
        let image = container(&program).pack().expect("the guest is well-formed").0;
        let at = image.windows(program.len()).position(|w| w == program).expect("a program lies in one piece");
        Guest { image, values: at + offset(VALUES), table: at + offset(TABLE) }
    }
    /// The image for these values and records, the first of which are made before there is more than one worker.
    pub(super) fn image(&self, values: &[u64], openers: usize, records: &[[u64; RECORD_WORDS]]) -> Vec<u8> {
        let mut image = self.image.clone();
        let mut put = |at: usize, words: &mut dyn Iterator<Item = u64>| {
            for (i, word) in words.enumerate() {
                image[at + 8 * i..at + 8 * i + 8].copy_from_slice(&word.to_le_bytes());
            }
        };
        put(self.values, &mut values.iter().copied());
        let last = std::iter::once([records.len() as u64, openers as u64, 0, 0, 0, 0, 0, 0]);
        put(self.table, &mut last.chain(records.iter().copied()).flatten());
        image
    }
}

fn container(program: &[u8]) -> Container {
    let mut tree = Tree::new();
    let directory = |mode| (Meta { mode, ..Meta::default() }, Body::Directory(Directory::default()));
    let file = |mode, bytes: &[u8]| (Meta { mode, ..Meta::default() }, Body::File(bytes.to_vec()));
    let entries: [(&[u8], (Meta, Body)); 12] = [
        (b"prog", file(0o755, program)),
        (b"counter", file(0o666, &[0; 4096])),
        (b"big", file(0o644, &[7; 5 * 4096 + 100])),
        (b"script", file(0o755, b"#!/prog -x\n")),
        (b"loop", (Meta::default(), Body::Symlink(b"loop".to_vec()))),
        (b"etc", directory(0o755)),
        (b"etc/passwd", file(0o644, b"root:x:0:0:root:/:/prog\n")),
        (b"tmp", directory(0o1777)),
        (b"tmp/d", directory(0o755)),
        (b"tmp/link", (Meta::default(), Body::Symlink(b"/tmp/d".to_vec()))),
        (b"proc", directory(0o755)),
        (b"dev", directory(0o755)),
    ];
    for (path, (meta, body)) in entries {
        tree.put(path, meta, body).expect("the guest is well-formed");
    }
    let config = brainworm_abi::image::ContainerConfig { entrypoint: vec![b"/prog".to_vec()], ..Default::default() };
    Container { tree, config }
}

/// Segments of the program: address, pages, flags.
const SEGMENTS: [(u64, u64, u32); 5] = [(TEXT, 1, 5), (TABLE, 4, 4), (DATA, 4, 6), (READ_ONLY, 1, 4), (CANARY, 1, 6)];

/// Where an address of a segment lies in the file.
fn offset(address: u64) -> usize {
    let mut start = 0x1000;
    for (base, pages, _) in SEGMENTS {
        if (base..base + pages * 0x1000).contains(&address) {
            return (start + address - base) as usize;
        }
        start += pages * 0x1000;
    }
    unreachable!("an address of no segment")
}

fn program() -> Vec<u8> {
    let pages: u64 = SEGMENTS.iter().map(|(_, pages, _)| pages).sum();
    let mut file = vec![0; 0x1000 + (pages as usize) * 0x1000];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &[2, 0, 62, 0, 1]);
    put(24, &TEXT.to_le_bytes());
    put(32, &64u64.to_le_bytes());
    put(52, &[64, 0, 56, 0, SEGMENTS.len() as u8]);
    for (i, (base, pages, flags)) in SEGMENTS.into_iter().enumerate() {
        let header = 64 + 56 * i;
        put(header, &[1, 0, 0, 0, flags as u8]);
        for (field, value) in
            [offset(base) as u64, base, base, pages * 0x1000, pages * 0x1000, 0x1000].iter().enumerate()
        {
            put(header + 8 + 8 * field, &value.to_le_bytes());
        }
    }
    for (text, at) in TEXTS {
        put(offset(at), text.as_bytes());
    }
    put(offset(LONG_TEXT), &[b'a'; 0x800]);
    put(offset(CANARY), &CANARY_WORD.to_le_bytes().repeat(1024));
    put(offset(TEXT), &assemble(TEXT, &main_code()));
    put(offset(HANDLER), &assemble(HANDLER, &handler_code()));
    // Process 1's own handler: it only interrupts what is waiting.
    put(offset(RESTORER) - 1, &[0xc3]);
    put(offset(RESTORER), &assemble(RESTORER, &[set(Register::EAX, 15), bare(Code::Syscall)]));
    file
}

/// Numbers in `asm/unistd_64.h`.
mod nr {
    pub(super) const OPEN: i64 = 2;
    pub(super) const CLOSE: i64 = 3;
    pub(super) const MMAP: i64 = 9;
    pub(super) const RT_SIGACTION: i64 = 13;
    pub(super) const GETPID: i64 = 39;
    pub(super) const FORK: i64 = 57;
    pub(super) const EXIT: i64 = 60;
    pub(super) const WAIT4: i64 = 61;
    pub(super) const KILL: i64 = 62;
    pub(super) const EXIT_GROUP: i64 = 231;
}

/// A place in the code: labels are made before what they mark.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    Open,
    Spread,
    Work,
    Fork,
    Wait,
    Check,
    Look,
    Bad,
    Done,
}

/// An instruction, with the label it bears and the one it jumps to.
struct Line(Option<Label>, Instruction, Option<Label>);

fn at(label: Label, line: Line) -> Line {
    Line(Some(label), line.1, line.2)
}
fn bare(code: Code) -> Line {
    Line(None, Instruction::with(code), None)
}
fn set(register: Register, value: i64) -> Line {
    let code = if register.is_gpr64() { Code::Mov_rm64_imm32 } else { Code::Mov_r32_imm32 };
    Line(None, Instruction::with2(code, register, value as i32).expect("a move"), None)
}
fn compare(register: Register, value: i32) -> Line {
    let code = if register.is_gpr64() { Code::Cmp_rm64_imm32 } else { Code::Cmp_rm32_imm32 };
    Line(None, Instruction::with2(code, register, value).expect("a comparison"), None)
}
fn jump(code: Code, to: Label) -> Line {
    Line(None, Instruction::with_branch(code, 0).expect("a branch"), Some(to))
}
fn with(code: Code, a: Register, b: MemoryOperand) -> Line {
    Line(None, Instruction::with2(code, a, b).expect("a load"), None)
}
fn memory(base: Register, displacement: i64) -> MemoryOperand {
    MemoryOperand::with_base_displ_size(base, displacement, 8)
}
fn absolute(address: u64) -> MemoryOperand {
    MemoryOperand::new(Register::None, Register::None, 1, address as i64, 4, false, Register::None)
}
/// A call with its arguments.
fn call(nr: i64, args: &[i64]) -> Vec<Line> {
    let mut lines: Vec<Line> = [RDI, RSI, RDX, R10, R8, R9].into_iter().zip(args).map(|(r, &v)| set(r, v)).collect();
    lines.extend([set(EAX, nr), bare(Code::Syscall)]);
    lines
}

/// Takes the next record and makes its call; jumps to `done` when it is beyond the count at `limit`.
fn one_call(limit: u64, done: Label) -> Vec<Line> {
    let lock_xadd = Instruction::with2(Code::Xadd_rm32_r32, absolute(COUNTER), EAX).map(|mut i| {
        i.set_has_lock_prefix(true);
        i
    });
    let shift = Instruction::with2(Code::Shl_rm64_imm8, RBX, 6);
    let whole = Instruction::with2(Code::Mov_r32_rm32, EBX, EAX);
    let mut lines = vec![
        set(EAX, 1),
        Line(None, lock_xadd.expect("xadd"), None),
        with(Code::Cmp_r32_rm32, EAX, absolute(limit)),
        jump(Code::Jae_rel32_64, done),
        Line(None, whole.expect("a move"), None),
        Line(None, shift.expect("a shift"), None),
    ];
    let first = TABLE as i64 + 64;
    for (i, register) in [RAX, RDI, RSI, RDX, R10, R8, R9].into_iter().enumerate() {
        lines.push(with(Code::Mov_r64_rm64, register, memory(RBX, first + 8 * i as i64)));
    }
    lines.push(bare(Code::Syscall));
    lines
}

fn main_code() -> Vec<Line> {
    let mut code = call(nr::OPEN, &[TEXTS[0].1 as i64, 2]);
    code.push(Line(None, Instruction::with2(Code::Mov_r32_rm32, R8D, EAX).expect("a move"), None));
    // PROT_READ | PROT_WRITE; MAP_SHARED | MAP_FIXED.
    let mut map = call(nr::MMAP, &[COUNTER as i64, 0x1000, 3, 0x11]);
    map.insert(0, set(R9D, 0));
    code.extend(map);
    code.push(Line(None, Instruction::with2(Code::Mov_r32_rm32, EDI, R8D).expect("a move"), None));
    code.extend(call(nr::CLOSE, &[]));
    code.extend(call(nr::GETPID, &[]));
    code.extend([compare(EAX, 1), jump(Code::Jne_rel32_64, Label::Work)]);
    // struct sigaction on the stack: handler, SA_RESTORER, restorer, mask.
    for word in [0, RESTORER as i32, 0x0400_0000, RESTORER as i32 - 1] {
        code.push(Line(None, Instruction::with1(Code::Pushq_imm32, word).expect("a push"), None));
    }
    code.push(Line(None, Instruction::with2(Code::Mov_r64_rm64, RSI, RSP).expect("a move"), None));
    code.extend([set(R10D, 8), set(EDX, 0)]);
    code.extend(call(nr::RT_SIGACTION, &[15]));
    code.extend(call(nr::FORK, &[]));
    code.extend([compare(EAX, 0), jump(Code::Je_rel32_64, Label::Open)]);
    // __WALL: whatever signal they end with.
    let mut wait = call(nr::WAIT4, &[-1, 0, 0x4000_0000, 0]);
    wait[0].0 = Some(Label::Wait);
    code.extend(wait);
    let (echild, eintr) = (-10, -4);
    code.extend([compare(RAX, echild), jump(Code::Je_rel32_64, Label::Check)]);
    code.extend([compare(RAX, eintr), jump(Code::Jne_rel32_64, Label::Wait)]);
    code.extend(call(nr::KILL, &[-1, 9]));
    code.push(jump(Code::Jmp_rel32_64, Label::Wait));
    code.push(at(Label::Check, set(ECX, 0x1000)));
    let word = memory(RCX, CANARY as i64 - 4);
    code.push(at(
        Label::Look,
        Line(None, Instruction::with2(Code::Cmp_rm32_imm32, word, CANARY_WORD).expect("cmp"), None),
    ));
    code.extend([
        jump(Code::Jne_rel32_64, Label::Bad),
        Line(None, Instruction::with2(Code::Sub_rm32_imm32, ECX, 4).expect("a step"), None),
        jump(Code::Jne_rel32_64, Label::Look),
    ]);
    code.extend(call(nr::EXIT_GROUP, &[0]));
    code.push(at(Label::Bad, set(EDI, i64::from(CANARY_DIED))));
    code.extend(call(nr::EXIT_GROUP, &[]));
    let mut open = one_call(TABLE + 8, Label::Spread);
    open[0].0 = Some(Label::Open);
    code.extend(open);
    code.push(jump(Code::Jmp_rel32_64, Label::Open));
    code.push(at(Label::Spread, set(EBX, WORKERS)));
    let mut fork = call(nr::FORK, &[]);
    fork[0].0 = Some(Label::Fork);
    code.extend(fork);
    code.extend([
        compare(EAX, 0),
        jump(Code::Je_rel32_64, Label::Work),
        Line(None, Instruction::with1(Code::Dec_rm32, EBX).expect("a count"), None),
        jump(Code::Jne_rel32_64, Label::Fork),
    ]);
    let mut work = one_call(TABLE, Label::Done);
    work[0].0 = Some(Label::Work);
    code.extend(work);
    code.push(jump(Code::Jmp_rel32_64, Label::Work));
    code.push(at(Label::Done, set(EDI, 0)));
    code.extend(call(nr::EXIT, &[]));
    code
}

fn handler_code() -> Vec<Line> {
    let mut code = one_call(TABLE, Label::Done);
    code.push(at(Label::Done, bare(Code::Retnq)));
    code
}

/// Bytes of the code at its address. Instructions stand at their index until branches are resolved.
fn assemble(base: u64, code: &[Line]) -> Vec<u8> {
    let place = |label| code.iter().position(|line| line.0 == Some(label)).expect("a label is somewhere") as u64;
    let placed: Vec<Instruction> = code
        .iter()
        .enumerate()
        .map(|(i, line)| {
            let mut instruction = line.1;
            instruction.set_ip(1 + i as u64);
            if let Some(label) = line.2 {
                instruction.set_near_branch64(1 + place(label));
            }
            instruction
        })
        .collect();
    let block = InstructionBlock::new(&placed, base);
    BlockEncoder::encode(64, block, BlockEncoderOptions::NONE).expect("the guest's code can be encoded").code_buffer
}
