//! Makes an instruction's operands meet chosen addresses: in place, misaligned, across pages, on pages that refuse.

use super::{Subject, code_target, values};
use crate::memory::{DATA, HIGH, LOW, PAGE};
use crate::rng::Rng;
use crate::state::State;
use iced_x86::{FlowControl, InstructionInfoFactory, Mnemonic as M, OpKind, Register};

/// A usable stack pointer.
pub(super) fn stack(rng: &mut Rng) -> u64 {
    let at = LOW + 6 * PAGE + 512 + rng.below(7000);
    if rng.percent(80) { at & !7 } else { at }
}

/// An address for an operand of `size` bytes.
fn target(rng: &mut Rng, size: u64, wide: bool) -> u64 {
    let size = size.clamp(1, 1024);
    let align = size.next_power_of_two().min(64);
    let straddle = |rng: &mut Rng, boundary: u64| boundary - 1 - rng.below(size.max(2) - 1);
    let pages = |rng: &mut Rng| LOW + rng.below(3 * PAGE - size);
    match rng.below(100) {
        0..68 => pages(rng) & !(align - 1),
        68..80 => pages(rng),
        80..86 => {
            let boundary = LOW + PAGE * rng.pick(&[1, 2, 7]);
            straddle(rng, boundary)
        }
        86..91 if wide => HIGH + rng.below(2 * PAGE - size) & !(align - 1),
        91 if wide => straddle(rng, HIGH + PAGE),
        92 => LOW + 3 * PAGE + rng.below(PAGE - size) & !(align - 1),
        93 => straddle(rng, LOW + 3 * PAGE),
        94 => straddle(rng, LOW + 4 * PAGE),
        95 => LOW + 4 * PAGE + rng.below(2 * PAGE - size),
        96 => straddle(rng, LOW + 8 * PAGE),
        97 => straddle(rng, HIGH + 2 * PAGE),
        98 => rng.below(256),
        99 if wide && rng.percent(50) => 0x8000_0000_0000 - rng.below(32) + rng.below(32),
        99 if wide => rng.bits() | 1 << 62,
        _ => pages(rng) & !15,
    }
}

fn slot(register: Register) -> Option<usize> {
    (register.is_gpr() && register != Register::None)
        .then(|| register.full_register() as usize - Register::RAX as usize)
}

/// Sets registers (and segment bases) so that `insn`'s memory operands lie at random places, and what else the
/// instruction needs to do something worth looking at.
pub fn prepare(rng: &mut Rng, subject: &Subject, state: &mut State) {
    let insn = &subject.insn;
    state.rip = subject.rip;
    if insn.is_invalid() {
        return;
    }
    special(rng, subject, state);
    let mut factory = InstructionInfoFactory::new();
    let info = factory.info(insn);
    let explicit = insn.op_kinds().any(|k| k == OpKind::Memory);
    for memory in info.used_memory().iter().rev() {
        let same = explicit && memory.base() == insn.memory_base() && memory.index() == insn.memory_index();
        if same || memory.base() == Register::RSP || memory.base() == Register::None {
            continue;
        }
        if let Some(base) = slot(memory.base()) {
            let narrow = memory.base().size() == 4;
            let at = target(rng, memory.memory_size().size() as u64, !narrow);
            state.gpr[base] = at.wrapping_sub(segment_base(state, memory.segment()));
            if narrow {
                state.gpr[base] = state.gpr[base] & 0xffff_ffff | rng.bits() << 32;
            }
        }
    }
    if insn.is_string_instruction() {
        string(rng, subject, state);
    }
    if explicit {
        operand(rng, subject, state);
    }
    if matches!(insn.flow_control(), FlowControl::IndirectBranch | FlowControl::IndirectCall)
        && insn.op0_kind() == OpKind::Register
        && rng.percent(85)
        && let Some(n) = slot(insn.op0_register())
    {
        state.gpr[n] = code_target(rng, subject.rip);
    }
}

fn segment_base(state: &State, segment: Register) -> u64 {
    match segment {
        Register::FS => state.seg_base[0],
        Register::GS => state.seg_base[1],
        _ => 0,
    }
}

/// Solves base + index * scale + displacement for a random target.
fn operand(rng: &mut Rng, subject: &Subject, state: &mut State) {
    let insn = &subject.insn;
    if insn.is_vsib() {
        return gather(rng, subject, state);
    }
    if matches!(insn.mnemonic(), M::Lea | M::Nop | M::Prefetcht0 | M::Prefetchnta | M::Prefetchw) && rng.percent(70) {
        return;
    }
    let narrow = insn.memory_base().size() == 4
        || insn.memory_index().size() == 4
        || (insn.memory_base() == Register::None
            && insn.memory_index() == Register::None
            && insn.memory_displ_size() == 4);
    if matches!(insn.segment_prefix(), Register::FS | Register::GS) {
        let base = rng.pick(&[0, 0x1000, 0x10, LOW, LOW / 2, 0x7fff_0000_0000, (LOW / 2).wrapping_neg()]);
        let absolute = slot(insn.memory_base()).is_none();
        let base = if absolute {
            base & 0x1000
        } else if narrow {
            base & (LOW | 0x1010)
        } else {
            base
        };
        state.seg_base[usize::from(insn.segment_prefix() == Register::GS)] = base;
    }
    let at = target(rng, insn.memory_size().size().max(1) as u64, !narrow);
    let offset = at.wrapping_sub(segment_base(state, insn.segment_prefix()));
    let scale = u64::from(insn.memory_index_scale());
    let disp = insn.memory_displacement64();
    match (slot(insn.memory_base()), slot(insn.memory_index())) {
        (Some(base), Some(index)) if base == index => {
            state.gpr[base] = offset.wrapping_sub(disp) / (1 + scale);
        }
        (Some(base), index) => {
            if let Some(index) = index.filter(|_| rng.percent(50) && insn.mnemonic() != M::Xlatb) {
                state.gpr[index] = rng.bits() as i16 as u64;
            }
            let mut rest = offset.wrapping_sub(disp);
            if let Some(index) = index {
                let part = if insn.mnemonic() == M::Xlatb { state.gpr[0] & 0xff } else { state.gpr[index] };
                rest = rest.wrapping_sub(part.wrapping_mul(scale));
            }
            state.gpr[base] = rest;
        }
        (None, Some(index)) => state.gpr[index] = (offset.wrapping_sub(disp) as i64 / scale as i64) as u64,
        (None, None) => {}
    }
    if narrow {
        for register in [insn.memory_base(), insn.memory_index()] {
            if let Some(n) = slot(register).filter(|_| rng.percent(70)) {
                state.gpr[n] = state.gpr[n] & 0xffff_ffff | rng.bits() << 32;
            }
        }
    }
    bit_offset(rng, subject, state);
}

/// BT and its kin with a register address bits far from the operand.
fn bit_offset(rng: &mut Rng, subject: &Subject, state: &mut State) {
    let insn = &subject.insn;
    if !matches!(insn.mnemonic(), M::Bt | M::Bts | M::Btr | M::Btc) || insn.op1_kind() != OpKind::Register {
        return;
    }
    let Some(n) = slot(insn.op1_register()) else { return };
    if n == slot(insn.memory_base()).unwrap_or(16) || n == slot(insn.memory_index()).unwrap_or(16) || rng.percent(3) {
        return;
    }
    let small = (rng.below(4096) as i64 - 2048) as u64;
    let size = insn.op1_register().size() as u32;
    let mask = u64::MAX >> (64 - 8 * size);
    state.gpr[n] = state.gpr[n] & !mask | small & mask;
}

/// Gathers: every index lane small, or the base far and lanes compensating.
fn gather(rng: &mut Rng, subject: &Subject, state: &mut State) {
    let insn = &subject.insn;
    let dword = matches!(insn.mnemonic(), M::Vpgatherdd | M::Vpgatherdq | M::Vgatherdps | M::Vgatherdpd);
    let index = insn.memory_index() as usize
        - if insn.memory_index().is_xmm() { Register::XMM0 } else { Register::YMM0 } as usize;
    for word in &mut state.ymm[index] {
        let mut lane = || (rng.below(1000) as i64 - 500) as u64;
        *word = if dword { lane() & 0xffff_ffff | lane() << 32 } else { lane() };
    }
    if let Some(base) = slot(insn.memory_base()) {
        state.gpr[base] = LOW + PAGE + 2048;
        if rng.percent(10) {
            state.gpr[base] = target(rng, 8, true);
        }
    }
}

/// Counts stay small, and source and destination sometimes overlap.
fn string(rng: &mut Rng, subject: &Subject, state: &mut State) {
    let insn = &subject.insn;
    let narrow = insn.op_kinds().any(|k| matches!(k, OpKind::MemorySegESI | OpKind::MemoryESEDI));
    if insn.has_rep_prefix() || insn.has_repne_prefix() {
        let limit = if rng.percent(80) { 24 } else { 700 };
        state.gpr[1] = rng.below(limit);
        if narrow && rng.percent(50) {
            state.gpr[1] |= rng.bits() << 32;
        }
    }
    if matches!(insn.segment_prefix(), Register::FS | Register::GS) {
        let which = usize::from(insn.segment_prefix() == Register::GS);
        let base = rng.pick(&[0, 16, 0x1000]);
        state.seg_base[which] = base;
        state.gpr[6] = state.gpr[6].wrapping_sub(base);
    }
    if rng.percent(30) {
        state.gpr[7] = state.gpr[6].wrapping_add(rng.below(40)).wrapping_sub(20);
    }
}

/// What single instructions want.
fn special(rng: &mut Rng, subject: &Subject, state: &mut State) {
    match subject.insn.mnemonic() {
        M::Div if rng.percent(75) => state.gpr[2] = rng.below(3),
        M::Idiv if rng.percent(75) => state.gpr[2] = ((state.gpr[0] as i64) >> 63) as u64,
        M::Enter | M::Leave if rng.percent(90) => state.gpr[5] = stack(rng),
        M::Popf | M::Popfq if rng.percent(95) => state.gpr[4] = stack(rng),
        M::Loop | M::Loope | M::Loopne | M::Jrcxz | M::Jecxz if rng.percent(70) => {
            state.gpr[1] = rng.below(3) | (rng.bits() & !0 << 32) * rng.below(2);
        }
        M::Push | M::Pop | M::Call | M::Ret if rng.percent(6) => state.gpr[4] = target(rng, 8, true),
        M::Pcmpestri | M::Pcmpestrm | M::Pcmpestri64 | M::Pcmpestrm64 | M::Vpcmpestri | M::Vpcmpestrm
            if rng.percent(80) =>
        {
            state.gpr[0] = (rng.below(40) as i64 - 20) as u64;
            state.gpr[2] = (rng.below(40) as i64 - 20) as u64;
        }
        _ => {}
    }
}

/// Contents for the memory near what the instruction will touch: random, or made to match a register.
pub fn windows(rng: &mut Rng, subject: &Subject, state: &State) -> Vec<(u64, Vec<u8>)> {
    let insn = &subject.insn;
    let mut all = Vec::new();
    if insn.is_invalid() {
        return all;
    }
    let mut factory = InstructionInfoFactory::new();
    for memory in factory.info(insn).used_memory() {
        let at = memory.virtual_address(0, |register, _, _| {
            Some(match register {
                Register::FS => state.seg_base[0],
                Register::GS => state.seg_base[1],
                Register::AL => state.gpr[0] & 0xff,
                r if r.is_gpr() => {
                    let value = state.gpr[slot(r)?];
                    if r.size() == 4 { value & 0xffff_ffff } else { value }
                }
                _ => 0,
            })
        });
        let Some(at) = at else { continue };
        let size = memory.memory_size().size().max(8);
        let margin = if insn.is_string_instruction() { 256 } else { 64 };
        let mut bytes = vec![0; size.min(1024) + 2 * margin];
        values::fill(rng, &mut bytes);
        content(rng, subject, state, &mut bytes[margin..]);
        all.push((at.wrapping_sub(margin as u64), bytes));
    }
    all
}

/// What the operand itself holds, where plain random bytes would say little.
fn content(rng: &mut Rng, subject: &Subject, state: &State, operand: &mut [u8]) {
    let insn = &subject.insn;
    let put = |operand: &mut [u8], at: usize, value: u64| operand[at..at + 8].copy_from_slice(&value.to_le_bytes());
    let room = operand.len() >= 16;
    match insn.mnemonic() {
        M::Ret | M::Jmp | M::Call if rng.percent(85) => put(operand, 0, code_target(rng, subject.rip)),
        M::Popf | M::Popfq => put(operand, 0, rng.bits() & 0x20_0cd5), // no TF, no AC: the host would stop for them
        M::Cmpxchg8b if rng.percent(60) => put(operand, 0, state.gpr[0] & 0xffff_ffff | state.gpr[2] << 32),
        M::Cmpxchg16b if rng.percent(60) && room => {
            put(operand, 0, state.gpr[0]);
            put(operand, 8, state.gpr[2]);
        }
        M::Ldmxcsr | M::Vldmxcsr => {
            put(operand, 0, u64::from(values::mxcsr(rng)) | (rng.below(50) == 0) as u64 * 0x10000)
        }
        M::Fxrstor | M::Fxrstor64 => fxrstor(rng, operand),
        M::Frstor | M::Fldenv => {
            let (fcw, fsw, ftw) = values::x87(rng);
            for (at, word) in [(0, fcw), (4, fsw), (8, u16::from(ftw) * 0x101)] {
                operand[at..at + 2].copy_from_slice(&word.to_le_bytes());
            }
        }
        M::Fld | M::Fbld if rng.percent(50) && room => {
            let (significand, exponent) = values::extended(rng);
            put(operand, 0, significand);
            put(operand, 8, u64::from(exponent));
        }
        M::Fldcw => put(operand, 0, u64::from(values::x87(rng).0)),
        _ if rng.percent(15) => put(operand, 0, state.gpr[0]),
        _ if rng.percent(15) && room => {
            let n = rng.below(16) as usize;
            put(operand, 0, state.ymm[n][0]);
            put(operand, 8, state.ymm[n][1]);
        }
        _ => {}
    }
}

fn fxrstor(rng: &mut Rng, operand: &mut [u8]) {
    if operand.len() < 32 {
        return;
    }
    let (fcw, fsw, ftw) = values::x87(rng);
    operand[0..2].copy_from_slice(&fcw.to_le_bytes());
    operand[2..4].copy_from_slice(&fsw.to_le_bytes());
    operand[4] = ftw;
    let mxcsr = values::mxcsr(rng) | if rng.percent(3) { 0x10000 } else { 0 };
    operand[24..28].copy_from_slice(&mxcsr.to_le_bytes());
}

const _: () = assert!(DATA[0].0 == LOW);
