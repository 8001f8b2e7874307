//! Short random programs: a loop of a few instructions with memory, forward branches and flags that live across
//! instructions, native against engine. What single instructions cannot show: caching, chaining, fusion, lazy flags.
//!
//! ```text
//! start: item .. item        an item is an instruction, or a conditional jump over the next few
//!        dec r15; jg start   r15 is small
//! ```
//!
//! rbx and rbp point to memory, rsp to a stack, rsi and rdi to strings; only string and stack instructions move them.
//! Flags that an instruction leaves undefined are tracked: nothing may read them, and they are not compared at the end.

use crate::bench::{Bench, Undefined};
use crate::case::Case;
use crate::forms;
use crate::generate::{self, Style, decode, encode_at, values};
use crate::memory::{CODE, LOW, PAGE};
use crate::minimise::minimise;
use crate::rng::Rng;
use crate::run::text;
use crate::state::{State, USER_FLAGS};
use crate::tolerance;
use crate::vendor;
use iced_x86::{Code, FlowControl, InstructionInfoFactory, Mnemonic as M, OpAccess, OpKind, Register, RflagsBits};

/// Instructions a program may take at most; far above what its loop needs.
pub const BUDGET: i64 = 100_000;
/// Where programs lie: the loop crosses into the second code page now and then.
const PLACES: [u64; 3] = [CODE + 0x100, CODE + 0x800, CODE + PAGE - 60];

/// One item of a program.
#[derive(Clone)]
enum Item {
    /// An instruction, position independent.
    Plain(Vec<u8>),
    /// jcc over the next items.
    Skip { condition: u8, items: usize },
}

/// A program.
#[derive(Clone)]
struct Program {
    rip: u64,
    items: Vec<Item>,
}

/// What became of a run.
pub struct Sequences {
    /// Programs run.
    pub programs: u64,
    /// Those that differed, minimised, with what differs.
    pub failures: Vec<(Case, Vec<String>)>,
}

/// Forms that programs are made of.
pub fn usable() -> Vec<(Code, &'static str)> {
    forms::all()
        .into_iter()
        .filter(|form| {
            let op = form.code.op_code();
            let odd = op.is_privileged() || op.is_input_output() || op.must_be_cpl0() || op.is_save_restore();
            !odd && !unsuitable(form.code.mnemonic())
        })
        .filter(|form| {
            let mut rng = Rng::new(form.code as u64);
            (0..20).filter_map(|_| encode_at(&mut rng, form.code, CODE, Style::InSequence)).next().is_some_and(|s| {
                s.insn.flow_control() == FlowControl::Next && brainworm_cpu::decode::decode(&s.bytes, 0).is_ok()
            })
        })
        .map(|form| (form.code, form.level))
        .collect()
}

/// Results or effects that are not compared to the bit, or that end the program at once.
fn unsuitable(mnemonic: M) -> bool {
    matches!(
        mnemonic,
        M::Popf
            | M::Popfq
            | M::Enter
            | M::Leave
            | M::Ud0
            | M::Ud1
            | M::Ud2
            | M::Int3
            | M::Fnstenv
            | M::Fnsave
            | M::Fxsave
            | M::Fxsave64
            | M::Fldenv
            | M::Frstor
            | M::Fxrstor
            | M::Fxrstor64
            | M::Ldmxcsr
            | M::Vldmxcsr
            | M::Vmaskmovdqu
            | M::Fldcw
            | M::Emms
            | M::Maskmovq
            | M::Maskmovdqu
            | M::Shld
            | M::Shrd
    ) || mnemonic == M::Pause
        || vendor::is_amd() && vendor::differs(mnemonic)
}

/// Status flags an instruction reads, surely writes, and leaves undefined where the engine differs.
fn flag_effects(bytes: &[u8]) -> (u64, u64, u64) {
    const MAP: [(u32, u64); 6] = [
        (RflagsBits::CF, 1),
        (RflagsBits::PF, 4),
        (RflagsBits::AF, 0x10),
        (RflagsBits::ZF, 0x40),
        (RflagsBits::SF, 0x80),
        (RflagsBits::OF, 0x800),
    ];
    let insn = decode(bytes, CODE);
    let bits = |mask: u32| MAP.iter().filter(|(bit, _)| mask & bit != 0).fold(0, |all, (_, bit)| all | bit);
    // Counts in cl are not known here: every count's mask counts, and a count of 0 writes nothing.
    let mut undefined = 0;
    for count in 0..64 {
        let mut state = State::new();
        state.gpr[1] = count;
        undefined |= tolerance::undefined_flags(&insn, &state);
    }
    let by_count = insn.op_count() > 1
        && insn.op_kinds().last() == Some(OpKind::Register)
        && insn.op_register(insn.op_count() - 1) == Register::CL;
    // What the manual leaves undefined the hardware may leave as it was.
    let sure = insn.rflags_written() | insn.rflags_cleared() | insn.rflags_set();
    let written = if by_count { 0 } else { bits(sure) & !undefined };
    (bits(insn.rflags_read()), written, undefined)
}

impl Program {
    fn random(rng: &mut Rng, forms: &[(Code, &'static str)]) -> Program {
        let rip = rng.pick(&PLACES);
        let wanted = 5 + rng.below(16) as usize;
        let mut items = Vec::new();
        while items.len() < wanted {
            if rng.percent(12) {
                items.push(Item::Skip { condition: rng.below(16) as u8, items: 1 + rng.below(3) as usize });
                continue;
            }
            let (code, level) = rng.pick(forms);
            // x87 and MMX share registers and mostly meet an empty or full stack: fewer of them.
            if matches!(level, "x87" | "mmx") && !rng.percent(30)
                || matches!(code.mnemonic(), M::Div | M::Idiv) && !rng.percent(10)
                || tolerance::nearness_of(code) != tolerance::Near::Exact
            {
                continue;
            }
            let Some(subject) = encode_at(rng, code, CODE, Style::InSequence) else { continue };
            if keeps_pointers(&subject.insn) && !has_bit_offset(&subject.insn) {
                items.push(Item::Plain(subject.bytes));
            }
        }
        Program { rip, items }
    }

    /// Status flags that are undefined, or `None` where an instruction would read one.
    fn undefined(&self) -> Option<Undefined> {
        let (mut at_start, mut anywhere) = (0, 0);
        // Twice: the second time round the loop starts with what the first left.
        for _ in 0..2 {
            let mut now = at_start;
            let mut joins = vec![0; self.items.len() + 5];
            for (n, item) in self.items.iter().enumerate() {
                now |= joins[n];
                match item {
                    Item::Skip { condition, items } => {
                        if now & condition_flags(*condition) != 0 {
                            return None;
                        }
                        joins[n + 1 + items] |= now;
                    }
                    Item::Plain(bytes) => {
                        let (reads, writes, undefined) = flag_effects(bytes);
                        if reads & now != 0 {
                            return None;
                        }
                        now = now & !writes | undefined;
                        anywhere |= now;
                    }
                }
            }
            now |= joins[self.items.len()..].iter().fold(0, |all, j| all | j);
            // dec writes everything but CF.
            at_start |= now & 1;
        }
        Some(Undefined { at_end: at_start, anywhere })
    }

    fn bytes(&self) -> Vec<u8> {
        let sizes: Vec<usize> =
            self.items.iter().map(|item| if let Item::Plain(bytes) = item { bytes.len() } else { 6 }).collect();
        let mut all = Vec::new();
        for (n, item) in self.items.iter().enumerate() {
            match item {
                Item::Plain(bytes) => all.extend(bytes),
                Item::Skip { condition, items } => {
                    let distance: usize = sizes[n + 1..].iter().take(*items).sum();
                    all.extend([0x0f, 0x80 | condition]);
                    all.extend((distance as i32).to_le_bytes());
                }
            }
        }
        all.extend([0x49, 0xff, 0xcf]); // dec r15
        all.extend([0x0f, 0x8f]); // jg start
        all.extend((-(all.len() as i32) - 4).to_le_bytes());
        all
    }

    fn listing(&self) -> String {
        let bytes = self.bytes();
        let mut decoder = iced_x86::Decoder::with_ip(64, &bytes, self.rip, iced_x86::DecoderOptions::NONE);
        let mut lines = vec!["sequence:".to_string()];
        while decoder.can_decode() {
            let insn = decoder.decode();
            lines.push(format!("{:#x} {}", insn.ip(), text(&insn)));
        }
        lines.join("\n")
    }

    fn case(&self, state: &State, bench: &Bench) -> Case {
        Case { title: self.listing(), bytes: self.bytes(), state: state.clone(), image: bench.image().clone() }
    }
}

/// A random instruction for programs: position independent, near rbx and rbp, which it keeps.
pub fn random_instruction(rng: &mut Rng, forms: &[(Code, &'static str)]) -> Option<generate::Subject> {
    let (code, level) = rng.pick(forms);
    if matches!(level, "x87" | "mmx") && !rng.percent(30) {
        return None;
    }
    let subject = encode_at(rng, code, CODE, Style::InSequence)?;
    (keeps_pointers(&subject.insn) && !has_bit_offset(&subject.insn)).then_some(subject)
}

/// A state to start a program at `rip` from.
pub fn random_state(rng: &mut Rng, rip: u64) -> State {
    state(rng, &Program { rip, items: Vec::new() })
}

/// The status flags a condition code looks at.
fn condition_flags(condition: u8) -> u64 {
    [0x800, 1, 0x40, 0x41, 0x80, 4, 0x880, 0x8c0][usize::from(condition >> 1)]
}

/// True when the instruction moves no pointer, or moves it as strings and stacks do.
fn keeps_pointers(insn: &iced_x86::Instruction) -> bool {
    let kept = [Register::RBX, Register::RBP, Register::RSP, Register::RSI, Register::RDI, Register::R15];
    let moves = insn.is_string_instruction() || insn.is_stack_instruction();
    let mut factory = InstructionInfoFactory::new();
    let written =
        |access| !matches!(access, OpAccess::Read | OpAccess::CondRead | OpAccess::NoMemAccess | OpAccess::None);
    moves
        || !factory
            .info(insn)
            .used_registers()
            .iter()
            .any(|used| written(used.access()) && kept.contains(&used.register().full_register()))
}

/// BT and its kin with a register reach far from their memory operand.
fn has_bit_offset(insn: &iced_x86::Instruction) -> bool {
    matches!(insn.mnemonic(), M::Bt | M::Bts | M::Btr | M::Btc)
        && insn.op0_kind() == OpKind::Memory
        && insn.op1_kind() == OpKind::Register
}

fn state(rng: &mut Rng, program: &Program) -> State {
    let mut state = generate::registers(rng);
    state.rip = program.rip;
    let pointer = |rng: &mut Rng| {
        let page = rng.pick(&[
            LOW + 1024,
            LOW + PAGE,
            LOW + PAGE + 2048,
            LOW + 2 * PAGE,
            LOW + 7 * PAGE,
            LOW + 2 * PAGE + 2048,
        ]);
        page + if rng.percent(5) { rng.below(16) } else { 0 }
    };
    state.gpr[3] = pointer(rng);
    state.gpr[5] = if rng.percent(40) { state.gpr[3] + 32 * rng.below(4) } else { pointer(rng) };
    state.gpr[4] = LOW + 6 * PAGE + 1024 + 8 * rng.below(64);
    state.gpr[6] = pointer(rng);
    state.gpr[7] = pointer(rng);
    state.gpr[15] = rng.below(5);
    state.rflags &= USER_FLAGS & !0x20_0000;
    state
}

/// Runs `count` programs, each from a few states.
pub fn run(bench: &mut Bench, count: u64, seed: u64) -> Sequences {
    const STATES: u64 = 4;
    const ENOUGH: usize = 20;
    let forms = usable();
    let mut rng = Rng::new(seed ^ 0x5e9);
    let mut all = Sequences { programs: 0, failures: Vec::new() };
    while all.programs < count && all.failures.len() < ENOUGH {
        let program = Program::random(&mut rng, &forms);
        let Some(undefined) = program.undefined() else { continue };
        all.programs += 1;
        let bytes = program.bytes();
        bench.put_code(program.rip, &bytes);
        for _ in 0..STATES {
            let state = state(&mut rng, &program);
            for base in [3, 5, 6, 7, 4] {
                let mut contents = [0; 512];
                values::fill(&mut rng, &mut contents);
                bench.write(state.gpr[base].wrapping_sub(256), &contents);
            }
            bench.ignore_flags(undefined);
            let image = bench.image().clone();
            let lines = bench.run(&decode(&[0x90], program.rip), &state, bytes.len() as u64, BUDGET);
            if !lines.is_empty() {
                bench.load(&image);
                let small = shrink(bench, &program, &state);
                let lines = bench.case(&small, BUDGET);
                all.failures.push((small, lines));
                break;
            }
        }
        bench.ignore_flags(Undefined::default());
    }
    all
}

/// Fewer items first, then a smaller state.
fn shrink(bench: &mut Bench, program: &Program, state: &State) -> Case {
    let mut best = program.clone();
    let whole = program.case(state, bench);
    let mut n = 0;
    while n < best.items.len() {
        let mut fewer = best.clone();
        fewer.items.remove(n);
        let candidate = Case { bytes: fewer.bytes(), title: fewer.listing(), ..whole.clone() };
        let Some(undefined) = fewer.undefined() else {
            n += 1;
            continue;
        };
        bench.ignore_flags(undefined);
        if bench.case(&candidate, BUDGET).is_empty() { n += 1 } else { best = fewer }
    }
    bench.ignore_flags(best.undefined().unwrap_or_default());
    let case = Case { bytes: best.bytes(), title: best.listing(), ..whole };
    minimise(bench, &case, BUDGET)
}
