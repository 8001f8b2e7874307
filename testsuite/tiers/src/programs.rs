//! Short random programs in both tiers: loops, forward and backward branches, calls of functions directly and through a
//! register, flags across blocks, memory, faults, and preemption at random points. What single forms cannot show: flags
//! known and dead, shared memory checks, spills around calls, entries in the middle.
//!
//! ```text
//! main: item .. item ; dec r15 ; jg main ; int3
//! f, g: item .. item ; ret
//! item: an instruction | jcc over the next few | dec r15; jle +; jcc back over the last few | a call
//! ```

use crate::forms::{differences, machine, put_code, restore, snapshot, write};
use crate::{Counts, Machine};
use brainworm_cpu::Exit;
use brainworm_cpu::wasm::Region;
use brainworm_oracle::engine::{judge, load, store};
use brainworm_oracle::generate::values;
use brainworm_oracle::memory::{CODE, DATA, PAGE};
use brainworm_oracle::rng::Rng;
use brainworm_oracle::sequence::{random_instruction, random_state, usable};
use brainworm_oracle::state::Stop;
use iced_x86::{Code, Formatter, IntelFormatter, Mnemonic};

/// Where main lies; the second place crosses into another page.
const PLACES: [u64; 3] = [CODE + 0x100, CODE + PAGE - 200, CODE + 0x40];
/// Status flags.
const STATUS: u64 = 0x8d5;

/// A program as bytes.
struct Program {
    rip: u64,
    bytes: Vec<u8>,
    /// Offsets in `bytes` of main and the functions.
    starts: Vec<usize>,
    /// It looks at MXCSR.
    looks: bool,
}

/// Items of one function: their bytes, and the places of calls to be filled in (offset of the displacement, callee).
struct Body {
    bytes: Vec<u8>,
    calls: Vec<(usize, usize)>,
    looks: bool,
}

fn body(rng: &mut Rng, forms: &[(Code, &'static str)], count: usize, callees: &[usize], is_main: bool) -> Body {
    let mut body = Body { bytes: Vec::new(), calls: Vec::new(), looks: false };
    // Where items begin, and forward jumps to be filled in: (offset of the displacement, item).
    let (mut items, mut skips) = (Vec::new(), Vec::new());
    while items.len() < count {
        let at = items.len();
        if rng.percent(12) {
            items.push(body.bytes.len());
            body.bytes.extend([0x0f, 0x80 | rng.below(16) as u8, 0, 0, 0, 0]);
            skips.push((body.bytes.len() - 4, at + 2 + rng.below(3) as usize));
        } else if rng.percent(8) && at > 1 {
            // dec r15; jle +6; jcc back
            let to = items[at - 1 - rng.below((at as u64 - 1).min(5)) as usize];
            items.push(body.bytes.len());
            body.bytes.extend([0x49, 0xff, 0xcf, 0x7e, 6, 0x0f, 0x80 | rng.below(16) as u8]);
            let back = to as i32 - (body.bytes.len() as i32 + 4);
            body.bytes.extend(back.to_le_bytes());
        } else if rng.percent(10) && !callees.is_empty() {
            items.push(body.bytes.len());
            let callee = rng.pick(callees);
            if rng.percent(30) {
                // lea rax, [rip + callee]; call rax
                body.bytes.extend([0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xff, 0xd0]);
                body.calls.push((body.bytes.len() - 6, callee));
            } else {
                body.bytes.extend([0xe8, 0, 0, 0, 0]);
                body.calls.push((body.bytes.len() - 4, callee));
            }
        } else if let Some(subject) = random_instruction(rng, forms) {
            if subject.insn.is_stack_instruction() && !is_main {
                continue;
            }
            body.looks |= matches!(
                subject.insn.mnemonic(),
                Mnemonic::Stmxcsr | Mnemonic::Vstmxcsr | Mnemonic::Fxsave | Mnemonic::Fxsave64
            );
            items.push(body.bytes.len());
            body.bytes.extend(&subject.bytes);
        }
    }
    for (at, item) in skips {
        let to = items.get(item).copied().unwrap_or(body.bytes.len());
        let distance = to as i32 - (at as i32 + 4);
        body.bytes[at..at + 4].copy_from_slice(&distance.to_le_bytes());
    }
    if is_main {
        body.bytes.extend([0x49, 0xff, 0xcf, 0x0f, 0x8f]); // dec r15; jg main
        body.bytes.extend((-(body.bytes.len() as i32) - 4).to_le_bytes());
        body.bytes.push(0xcc);
    } else {
        body.bytes.push(0xc3);
    }
    body
}

impl Program {
    fn random(rng: &mut Rng, forms: &[(Code, &'static str)]) -> Program {
        let rip = rng.pick(&PLACES);
        let count = 5 + rng.below(16) as usize;
        let bodies = [
            body(rng, forms, count, &[1, 2], true),
            body(rng, forms, 1 + count / 3, &[2], false),
            body(rng, forms, 1 + count / 4, &[], false),
        ];
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for body in &bodies {
            starts.push(bytes.len());
            bytes.extend(&body.bytes);
            bytes.extend([0xcc; 3]);
        }
        for (body, &start) in bodies.iter().zip(&starts) {
            for &(at, callee) in &body.calls {
                // Of `lea` the displacement ends two bytes before `call rax`, of `call` at its end: from its own end either way.
                let distance = starts[callee] as i32 - (start + at + 4) as i32;
                bytes[start + at..start + at + 4].copy_from_slice(&distance.to_le_bytes());
            }
        }
        Program { rip, bytes, starts, looks: bodies.iter().any(|b| b.looks) }
    }

    fn listing(&self) -> String {
        let mut decoder = iced_x86::Decoder::with_ip(64, &self.bytes, self.rip, iced_x86::DecoderOptions::NONE);
        let mut lines = Vec::new();
        while decoder.can_decode() {
            let insn = decoder.decode();
            let mut text = String::new();
            IntelFormatter::new().format(&insn, &mut text);
            lines.push(format!("{:#x} {text}", insn.ip()));
        }
        lines.join("\n")
    }
}

/// Runs `count` programs, each from a few states: what differed, at most 10, and how much was lowered code's.
pub fn run(count: u64, seed: u64) -> (Vec<String>, Counts) {
    const STATES: u64 = 4;
    let forms = usable();
    let (mut failures, mut counts) = (Vec::new(), Counts::default());
    let mut machine = machine();
    for number in 0..count {
        let mut rng = Rng::new(seed ^ number << 20);
        let program = Program::random(&mut rng, &forms);
        // A fresh store now and then: compiled code goes only with it.
        if number % 500 == 499 {
            machine = crate::forms::machine();
        }
        let bytes = put_code(&mut machine, program.rip, &program.bytes);
        let regions: Vec<Region> = program
            .starts
            .iter()
            .filter_map(|start| Region::discover(&bytes, (program.rip - CODE) as u32 + *start as u32))
            .collect();
        let code = machine.load(CODE, &regions, true);
        for _ in 0..STATES {
            if let Some(lines) = one(&mut machine, &code, &program, &mut rng, &mut counts) {
                failures.push(format!("program {number}: {lines}\n{}", program.listing()));
                break;
            }
        }
        if failures.len() == 10 {
            break;
        }
    }
    (failures, counts)
}

fn one(
    machine: &mut Machine,
    code: &crate::Code,
    program: &Program,
    rng: &mut Rng,
    counts: &mut Counts,
) -> Option<String> {
    let state = random_state(rng, program.rip);
    for base in [3, 5, 6, 7, 4] {
        let mut contents = [0; 512];
        values::fill(rng, &mut contents);
        write(machine, state.gpr[base].wrapping_sub(256), &contents);
    }
    let watched = program.looks || rng.percent(40);
    let mut cpu = load(&state);
    cpu.fp_watched = watched as u32;
    let before = snapshot(machine);
    let tested = program.rip..program.rip + program.bytes.len() as u64;
    let mut start = cpu.clone();

    let exit = loop {
        match machine.interpret(&mut cpu, 100_000) {
            Exit::Budget => {}
            exit => break exit,
        }
    };
    let stop = judge(exit, tested.clone(), &mut cpu);
    let mut wanted = (store(&cpu), stop);
    let after = snapshot(machine);
    restore(machine, &before);

    let slice = rng.pick(&[3, 20, 100, 1000, 1_000_000]);
    let exit = machine.run(code, &mut start, slice, counts);
    let stop = judge(exit, tested, &mut start);
    let mut got = (store(&start), stop);
    let ends_there = matches!(wanted.1, Stop::Landed) || exit == Exit::Exception(brainworm_cpu::Exception::Breakpoint);
    if !ends_there {
        // Flags that nobody reads any more are not kept for a fault.
        wanted.0.rflags &= !STATUS;
        got.0.rflags &= !STATUS;
    }
    let mut lines = differences(&wanted, &got, watched);
    for ((page, _), (a, b)) in DATA.iter().zip(after.iter().zip(&snapshot(machine))) {
        if let Some(at) = (0..PAGE as usize).find(|&at| a[at] != b[at]) {
            lines.push(format!("memory {:#x}: {:02x} interpreted, {:02x} lowered", page + at as u64, a[at], b[at]));
        }
    }
    restore(machine, &after);
    (!lines.is_empty())
        .then(|| format!("slice {slice}: {}\n  from{}", lines.join("; "), state.diff_text(&Default::default())))
}
