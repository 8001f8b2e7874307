//! Every instruction form the oracle knows, lowered, against the interpreter, from the oracle's random states: registers,
//! flags, memory and how it ends. (That the interpreter agrees with the real CPU is the oracle's own business.)
//!
//! One encoding is one region; many of them are compiled as one module.

use crate::world::Page;
use crate::{Code, Machine};
use brainworm_cpu::decode::decode;
use brainworm_cpu::wasm::{EXIT_INTERPRET, EXIT_STOP, Region};
use brainworm_cpu::{Cpu, Exit};
use brainworm_oracle::engine::{judge, load, store};
use brainworm_oracle::forms::{self, Form};
use brainworm_oracle::generate::{self, Subject};
use brainworm_oracle::memory::{Allow, CODE, CODE_PAGES, DATA, PAGE};
use brainworm_oracle::native::FILLER;
use brainworm_oracle::rng::Rng;
use brainworm_oracle::run::text;
use brainworm_oracle::state::{State, Stop};
use wasmtime::OptLevel;

/// What to run.
pub struct Options {
    /// States for each form.
    pub states: u64,
    /// Seed of everything random.
    pub seed: u64,
    /// Only forms whose name contains one of these; all when empty.
    pub only: Vec<String>,
}

/// What became of one form.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// States that ran as WebAssembly, those that stepped through the interpreter inside, those that left for it.
    pub lowered: u64,
    /// See `lowered`.
    pub stepped: u64,
    /// See `lowered`.
    pub left: u64,
    /// The first differences.
    pub failures: Vec<String>,
}

/// States that share one encoding.
const STATES_PER_ENCODING: u64 = 20;
/// Forms in a module.
const BATCH: usize = 60;
/// Pages of the arena in their order, as the oracle's engine has them: some neighbours are neighbours, some are not.
const FRAMES: [u64; 14] = [
    DATA[8].0,
    DATA[6].0,
    DATA[2].0,
    DATA[3].0,
    0x9_0000_0000,
    DATA[0].0,
    DATA[1].0,
    DATA[7].0,
    0x9_1000_0000,
    DATA[5].0,
    CODE,
    0x9_2000_0000,
    CODE + PAGE,
    DATA[4].0,
];
/// Bits of MXCSR that lowered code does not keep.
const STICKY: u32 = 0x3f;

/// A machine with the oracle's pages.
pub fn machine() -> Machine {
    let pages: Vec<u64> = FRAMES.iter().map(|addr| addr >> 12).collect();
    let mut machine = Machine::with_pages(&pages, ((CODE >> 12) + CODE_PAGES + 1) as u32, OptLevel::None);
    for (addr, allow) in DATA {
        let state = match allow {
            Allow::ReadWrite => Page::Present,
            Allow::Read => Page::ReadOnly,
            Allow::Nothing => Page::Nothing,
        };
        machine.set_page((addr >> 12) as usize, state);
    }
    (0..CODE_PAGES).for_each(|page| machine.set_page(((CODE >> 12) + page) as usize, Page::ReadOnly));
    machine
}

/// Puts bytes between filler.
pub fn put_code(machine: &mut Machine, rip: u64, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![FILLER; (CODE_PAGES * PAGE) as usize];
    let at = (rip - CODE) as usize;
    let end = (at + bytes.len()).min(all.len());
    all[at..end].copy_from_slice(&bytes[..end - at]);
    for page in 0..CODE_PAGES {
        let part = &all[(page * PAGE) as usize..][..PAGE as usize];
        machine.guest(CODE + page * PAGE, PAGE as usize).copy_from_slice(part);
    }
    machine.flush();
    all
}

/// Writes what lies in data pages that hold anything; the rest is dropped.
pub fn write(machine: &mut Machine, addr: u64, bytes: &[u8]) {
    for (n, byte) in bytes.iter().enumerate() {
        let at = addr.wrapping_add(n as u64);
        if DATA.iter().any(|(page, allow)| *page == at & !(PAGE - 1) && *allow != Allow::Nothing) {
            machine.guest(at, 1)[0] = *byte;
        }
    }
}

/// Contents of all data pages.
pub fn snapshot(machine: &mut Machine) -> Vec<Vec<u8>> {
    DATA.iter().map(|(page, _)| machine.guest(*page, PAGE as usize).to_vec()).collect()
}

/// Puts contents back.
pub fn restore(machine: &mut Machine, pages: &[Vec<u8>]) {
    for ((page, _), bytes) in DATA.iter().zip(pages) {
        machine.guest(*page, PAGE as usize).copy_from_slice(bytes);
    }
}

/// All forms that `options` asks for.
pub fn run(options: &Options) -> Vec<Outcome> {
    let wanted = |form: &Form| {
        let name = format!("{:?}", form.code).to_lowercase();
        options.only.is_empty() || options.only.iter().any(|only| name.contains(&only.to_lowercase()))
    };
    let all: Vec<Form> = forms::all().into_iter().filter(wanted).collect();
    all.chunks(BATCH).flat_map(|forms| batch(options, forms)).collect()
}

fn batch(options: &Options, forms: &[Form]) -> Vec<Outcome> {
    let mut machine = machine();
    let (mut subjects, mut regions) = (Vec::new(), Vec::new());
    for (n, form) in forms.iter().enumerate() {
        let mut rng = Rng::new(options.seed ^ (form.code as u64) << 32);
        let (mut wanted, mut attempts) = (options.states.div_ceil(STATES_PER_ENCODING), 0);
        while wanted > 0 && attempts < 40 {
            attempts += 1;
            let Some(subject) = generate::encode(&mut rng, form.code) else { continue };
            if decode(&subject.bytes, subject.rip as u32 & 0xfff).is_err() {
                continue;
            }
            let code = put_code(&mut machine, subject.rip, &subject.bytes);
            let Some(region) = Region::discover(&code, (subject.rip - CODE) as u32) else { continue };
            subjects.push((n, subject));
            regions.push(region);
            wanted -= 1;
        }
    }
    let mut outcomes: Vec<Outcome> = forms
        .iter()
        .map(|form| Outcome { name: format!("{:?}", form.code), lowered: 0, stepped: 0, left: 0, failures: Vec::new() })
        .collect();
    if regions.is_empty() {
        return outcomes;
    }
    let code = machine.load(CODE, &regions, false);
    for (number, (n, subject)) in subjects.iter().enumerate() {
        let mut rng = Rng::new(options.seed ^ (number as u64) << 40 ^ forms[*n].code as u64);
        put_code(&mut machine, subject.rip, &subject.bytes);
        for _ in 0..STATES_PER_ENCODING.min(options.states) {
            one(&mut machine, &code, number, subject, &mut rng, &mut outcomes[*n]);
        }
    }
    outcomes
}

fn one(machine: &mut Machine, code: &Code, number: usize, subject: &Subject, rng: &mut Rng, outcome: &mut Outcome) {
    let mut state = generate::registers(rng);
    generate::prepare(rng, subject, &mut state);
    for (at, bytes) in generate::windows(rng, subject, &state) {
        write(machine, at, &bytes);
    }
    let watched = rng.percent(25) as u32;
    let start = || Cpu { fp_watched: watched, ..load(&state) };
    let before = snapshot(machine);
    let tested = subject.rip..subject.rip + subject.bytes.len() as u64;

    let mut cpu = start();
    let exit = loop {
        match machine.interpret(&mut cpu, 1) {
            // A repeated string instruction may take several.
            Exit::Budget if cpu.rip == subject.rip => {}
            exit => break exit,
        }
    };
    let stop = judge(exit, tested.clone(), &mut cpu);
    let wanted = (store(&cpu), stop);
    let after = snapshot(machine);
    restore(machine, &before);

    let steps = machine.steps();
    let mut cpu = start();
    let answer = machine.call_first(code, number, &mut cpu, &mut 1000);
    let stepped = machine.steps() != steps;
    let got = match answer {
        EXIT_STOP => {
            let exit = machine.stopped().unwrap_or(Exit::Budget);
            let stop = judge(exit, tested, &mut cpu);
            (store(&cpu), stop)
        }
        EXIT_INTERPRET if cpu.rip == subject.rip => {
            outcome.left += 1;
            // What is stored before a trap is stored again.
            let memory = snapshot(machine);
            let unchanged = store(&cpu) == state && (memory == before || memory == after);
            if !unchanged {
                outcome.failures.push(format!("{}: left with something changed: {:x?}", text(&subject.insn), state));
            }
            return restore(machine, &after);
        }
        _ => (store(&cpu), Stop::Landed),
    };
    if stepped {
        outcome.stepped += 1;
    } else {
        outcome.lowered += 1;
    }
    let mut lines = differences(&wanted, &got, watched != 0 || stepped);
    for ((page, _), (a, b)) in DATA.iter().zip(after.iter().zip(&snapshot(machine))) {
        if let Some(at) = (0..PAGE as usize).find(|&at| a[at] != b[at]) {
            lines.push(format!("memory {:#x}: {:02x} interpreted, {:02x} lowered", page + at as u64, a[at], b[at]));
        }
    }
    if !lines.is_empty() {
        outcome.failures.push(format!(
            "{} ({:02x?} at {:#x}): {}\n  from{}",
            text(&subject.insn),
            subject.bytes,
            subject.rip,
            lines.join("; "),
            state.diff_text(&State::new())
        ));
    }
    restore(machine, &after);
}

/// What differs between the interpreter's outcome and that of lowered code.
pub fn differences(wanted: &(State, Stop), got: &(State, Stop), sticky: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if wanted.1 != got.1 {
        lines.push(format!("ends: {:x?} interpreted, {:x?} lowered", wanted.1, got.1));
    }
    let mut state = got.0.clone();
    if !sticky && (state.mxcsr ^ wanted.0.mxcsr) & !STICKY == 0 {
        state.mxcsr = wanted.0.mxcsr;
    }
    for ((name, a), (_, b)) in wanted.0.words().into_iter().zip(state.words()) {
        if a != b {
            lines.push(format!("{name}: {a:#x} interpreted, {b:#x} lowered"));
        }
    }
    lines
}
