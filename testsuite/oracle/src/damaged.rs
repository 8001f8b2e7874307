//! Encodings that nobody means: valid ones with bits flipped, bytes replaced and prefixes put in front. Most are #UD by a
//! rule of their own (VEX.L, W and vvvv, LOCK, prefixes before VEX, registers where memory must be), the others are
//! instructions after all; either way the engine must do as the processor does.

use crate::bench::Bench;
use crate::case::Case;
use crate::forms;
use crate::generate::{self, Subject, decode};
use crate::memory::{CODE, CODE_PAGES, PAGE};
use crate::minimise::minimise;
use crate::rng::Rng;
use crate::run::text;
use crate::vendor;
use iced_x86::{Code, OpKind};
use std::collections::BTreeSet;

/// What came of it.
#[derive(Default)]
pub struct Damaged {
    /// Encodings compared, and how many of them are no instruction.
    pub compared: u64,
    /// See `compared`.
    pub invalid: u64,
    /// The first failures, minimised, with what differs.
    pub failures: Vec<(Case, Vec<String>)>,
}

/// Failures kept.
const KEPT: usize = 20;
const PREFIXES: [u8; 16] =
    [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x40, 0x41, 0x44, 0x48, 0x4f, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];

/// Compares `count` damaged encodings.
pub fn run(bench: &mut Bench, count: u64, seed: u64) -> Damaged {
    let forms: Vec<Code> = forms::all().iter().map(|form| form.code).collect();
    let known: BTreeSet<u32> = forms.iter().map(|code| *code as u32).collect();
    let mut damaged = Damaged::default();
    let mut number = 0;
    while damaged.compared < count && damaged.failures.len() < KEPT {
        let mut rng = Rng::new(seed ^ number << 20);
        number += 1;
        let code = rng.pick(&forms);
        let rip = CODE + 512 + rng.below(2048);
        let Some(subject) = generate::encode_at(&mut rng, code, rip, generate::Style::Alone) else { continue };
        let bytes = damage(&mut rng, subject.bytes);
        let Some(subject) = cut(bytes, rip).filter(|subject| is_safe(subject, &known)) else { continue };
        damaged.compared += 1;
        damaged.invalid += u64::from(subject.insn.is_invalid());
        if let Some(failure) = one(bench, &mut rng, &subject) {
            damaged.failures.push(failure);
        }
    }
    damaged
}

fn damage(rng: &mut Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..1 + rng.below(2) {
        let at = rng.below(bytes.len().min(6) as u64) as usize;
        match rng.below(5) {
            0 => bytes.insert(0, rng.pick(&PREFIXES)),
            1 => bytes[at] = rng.bits() as u8,
            _ => bytes[at] ^= 1 << rng.below(8),
        }
    }
    // What the damage made longer goes on with something.
    while bytes.len() < 15 {
        bytes.push(rng.bits() as u8);
    }
    bytes
}

/// As long as it is; what is no instruction is refused before its end matters.
fn cut(mut bytes: Vec<u8>, rip: u64) -> Option<Subject> {
    bytes.truncate(15);
    let insn = decode(&bytes, rip);
    if !insn.is_invalid() {
        bytes.truncate(insn.len());
    }
    Some(Subject { bytes, insn, rip })
}

/// The processor may run it: it is a form the oracle compares, or none at all. What begins like EVEX or XOP may be an
/// instruction of this machine that is none of ours.
fn is_safe(subject: &Subject, known: &BTreeSet<u32>) -> bool {
    let insn = &subject.insn;
    if !insn.is_invalid() {
        // Into itself or the exit stub behind it: that would be more than one instruction.
        let into_itself = matches!(insn.op0_kind(), OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64)
            && insn.near_branch_target().wrapping_sub(subject.rip.wrapping_sub(20)) < 80;
        // Code around the instruction is not the same on both sides.
        let code = CODE..CODE + CODE_PAGES * PAGE;
        let reads_code = insn.is_ip_rel_memory_operand() && code.contains(&insn.memory_displacement64());
        let differs = vendor::is_amd() && vendor::has_other_branch(insn, &subject.bytes);
        return known.contains(&(insn.code() as u32)) && !into_itself && !reads_code && !differs;
    }
    if vendor::is_amd() && vendor::is_other_instruction(&subject.bytes) {
        return false;
    }
    let is_prefix = |byte: &&u8| PREFIXES.contains(byte) || (0x40..0x50).contains(*byte);
    let opcode: Vec<u8> = subject.bytes.iter().skip_while(is_prefix).take(2).copied().collect();
    !matches!(
        opcode[..],
        [0x62 | 0x8f | 0xd6 | 0xf1 | 0xcd | 0xce, _] | [0x0f, 0x01 | 0x05 | 0x07 | 0x0f | 0x34 | 0x35]
    )
}

fn one(bench: &mut Bench, rng: &mut Rng, subject: &Subject) -> Option<(Case, Vec<String>)> {
    bench.put_code(subject.rip, &subject.bytes);
    let mut state = generate::registers(rng);
    generate::prepare(rng, subject, &mut state);
    for (at, bytes) in generate::windows(rng, subject, &state) {
        bench.write(at, &bytes);
    }
    let image = bench.image().clone();
    let lines = bench.run(&subject.insn, &state, subject.bytes.len() as u64, 1);
    if lines.is_empty() {
        return None;
    }
    let title = format!("damaged: {}", text(&subject.insn));
    let small = minimise(bench, &Case { title, bytes: subject.bytes.clone(), state, image }, 1);
    let lines = bench.case(&small, 1);
    Some((small, lines))
}
