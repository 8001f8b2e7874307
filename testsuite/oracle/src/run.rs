//! The run over all forms: encodings, states, comparison, counting, one minimised case a failing form.

use crate::bench::Bench;
use crate::case::Case;
use crate::forms::{self, Form};
use crate::generate;
use crate::minimise::minimise;
use crate::rng::Rng;
use crate::vendor;
use iced_x86::{Formatter, Instruction, IntelFormatter};

/// Kinds of failures kept for each form.
const KINDS: usize = 4;

/// What to run.
pub struct Options {
    /// States for each form.
    pub states: u64,
    /// Seed of everything random.
    pub seed: u64,
    /// Only forms whose name contains one of these; all when empty.
    pub only: Vec<String>,
    /// Also forms that the engine does not implement.
    pub missing: bool,
    /// Part K of N of the forms (K from 1), for long runs. Each part can be repeated by itself.
    pub part: (usize, usize),
}

/// States that share one encoding.
const STATES_PER_ENCODING: u64 = 20;
/// A form stops after this many mismatches: they are one bug, and finding them costs.
const ENOUGH: u64 = 50;

/// A failing case.
pub struct Failure {
    /// Minimised.
    pub case: Case,
    /// What differs in it.
    pub lines: Vec<String>,
    /// What differed before, without the numbers.
    signature: String,
}

/// What became of one form.
pub struct Outcome {
    /// The form.
    pub form: Form,
    /// The engine's decoder takes it.
    pub implemented: bool,
    /// States compared.
    pub states: u64,
    /// States with a difference.
    pub mismatches: u64,
    /// The first failures that differ in kind, minimised, with what differs in them.
    pub failures: Vec<Failure>,
}

impl Outcome {
    /// Compared, and no difference.
    pub fn passed(&self) -> bool {
        self.implemented && self.states > 0 && self.mismatches == 0
    }
}

/// All forms that `options` asks for; `each` sees every outcome as it comes.
pub fn run(bench: &mut Bench, options: &Options, mut each: impl FnMut(&Outcome)) -> Vec<Outcome> {
    let wanted = |form: &Form| {
        let name = format!("{:?}", form.code).to_lowercase();
        options.only.is_empty()
            || options.only.iter().any(|only| name.contains(&only.to_lowercase()) || form.level == *only)
    };
    let (part, parts) = options.part;
    forms::all()
        .into_iter()
        .filter(wanted)
        .enumerate()
        .filter(|(index, _)| index % parts == part - 1)
        .map(|(_, form)| {
            let outcome = one(bench, options, form);
            each(&outcome);
            outcome
        })
        .collect()
}

fn is_implemented(subject: &generate::Subject) -> bool {
    brainworm_cpu::decode::decode(&subject.bytes, subject.rip as u32 & 0xfff).is_ok()
}

fn one(bench: &mut Bench, options: &Options, form: Form) -> Outcome {
    let mut rng = Rng::new(options.seed ^ (form.code as u64) << 32);
    let mut outcome = Outcome { form, implemented: false, states: 0, mismatches: 0, failures: Vec::new() };
    let mut attempts = 0;
    while outcome.states < options.states && attempts < 20 + options.states && outcome.mismatches < ENOUGH {
        attempts += 1;
        let Some(subject) = generate::encode(&mut rng, form.code) else { continue };
        outcome.implemented |= is_implemented(&subject);
        if !outcome.implemented && !options.missing {
            if attempts > 8 {
                break;
            }
            continue;
        }
        if vendor::is_amd() && vendor::is_other_instruction(&subject.bytes) {
            continue;
        }
        bench.put_code(subject.rip, &subject.bytes);
        for _ in 0..STATES_PER_ENCODING.min(options.states - outcome.states) {
            outcome.states += 1;
            let mut state = generate::registers(&mut rng);
            generate::prepare(&mut rng, &subject, &mut state);
            for (at, bytes) in generate::windows(&mut rng, &subject, &state) {
                bench.write(at, &bytes);
            }
            if differs(bench, &subject, &state, &mut outcome) {
                bench.put_code(subject.rip, &subject.bytes);
            }
        }
    }
    outcome
}

/// Runs one state; on a difference counts it and keeps a minimised case. True when the bench was used for that.
fn differs(bench: &mut Bench, subject: &generate::Subject, state: &crate::state::State, outcome: &mut Outcome) -> bool {
    // The memory before is needed only for failures of a new kind: run them again from a copy.
    let before = (outcome.failures.len() < KINDS).then(|| bench.image().clone());
    let lines = bench.run(&subject.insn, state, subject.bytes.len() as u64, 1);
    if lines.is_empty() {
        return false;
    }
    outcome.mismatches += 1;
    let signature = signature(&lines);
    let Some(image) = before.filter(|_| outcome.failures.iter().all(|f| f.signature != signature)) else {
        return false;
    };
    let title = format!("{:?}: {}", outcome.form.code, text(&subject.insn));
    let case = Case { title, bytes: subject.bytes.clone(), state: state.clone(), image };
    let small = minimise(bench, &case, 1);
    let lines = bench.case(&small, 1);
    outcome.failures.push(Failure { case: small, lines, signature });
    true
}

/// The kind of a failure: what differs first, without numbers.
fn signature(lines: &[String]) -> String {
    lines[0].chars().filter(|c| !c.is_ascii_digit() && !('a'..='f').contains(c)).collect()
}

/// The instruction as one writes it.
pub fn text(insn: &Instruction) -> String {
    let mut text = String::new();
    IntelFormatter::new().format(insn, &mut text);
    text
}
