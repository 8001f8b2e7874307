//! Random encodings of one form: every operand kind, addressing form and prefix that its opcode takes.
//!
//! Registers are chosen here, contents in `state`. The result is decoded again, so that what follows sees what the
//! bytes say and not what was meant.

use super::values;
use crate::memory::{CODE, CODE_PAGES, LOW, PAGE};
use crate::rng::Rng;
use iced_x86::{
    Code, Decoder, DecoderOptions, Encoder, Instruction, MemoryOperand, Mnemonic, OpCodeOperandKind as K, OpKind,
    Register,
};

/// One encoded instruction at its address.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its bytes, prefixes included.
    pub bytes: Vec<u8>,
    /// What iced-x86 decodes from them. Invalid when a forbidden LOCK was put in front.
    pub insn: Instruction,
    /// Where it runs.
    pub rip: u64,
}

/// What operands an encoding may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Everything.
    Alone,
    /// One of several instructions in a row: memory only near rbx and rbp, which it does not write, nor rsp, rsi, rdi and
    /// r15; no odd prefixes; position independent.
    InSequence,
}

/// General registers that instructions of a sequence use.
const SEQUENCE_REGISTERS: [u64; 10] = [0, 1, 2, 8, 9, 10, 11, 12, 13, 14];

/// A random encoding of `code`, or `None` where this attempt gave no valid one.
pub fn encode(rng: &mut Rng, code: Code) -> Option<Subject> {
    let offset = match rng.below(10) {
        0 => PAGE - 1 - rng.below(14), // straddles the two code pages
        _ => 512 + rng.below(2048),
    };
    encode_at(rng, code, CODE + offset, Style::Alone)
}

/// The same at a given address and in a given style.
pub fn encode_at(rng: &mut Rng, code: Code, rip: u64, style: Style) -> Option<Subject> {
    let mut insn = Instruction::default();
    insn.set_code(code);
    let op = code.op_code();
    let addr32 = style == Style::Alone && rng.percent(6) && !op.op_kinds().iter().any(|k| is_vsib(*k));
    for (n, kind) in op.op_kinds().iter().enumerate() {
        operand(rng, &mut insn, n as u32, *kind, rip, addr32, style)?;
    }
    let has_memory = insn.op_kinds().any(|k| k == OpKind::Memory);
    if has_memory && insn.op0_kind() == OpKind::Memory && op.can_use_lock_prefix() && rng.percent(30) {
        insn.set_has_lock_prefix(true);
    }
    if insn.is_string_instruction() && style == Style::Alone && rng.percent(60) {
        let both = op.can_use_repne_prefix();
        insn.set_has_repe_prefix(op.can_use_rep_prefix() && (!both || rng.percent(50)));
        insn.set_has_repne_prefix(both && !insn.has_repe_prefix());
    }
    let mut encoder = Encoder::new(64);
    encoder.encode(&insn, rip).ok()?;
    let mut bytes = encoder.take_buffer();
    let alone = style == Style::Alone;
    let legacy = alone && op.encoding() == iced_x86::EncodingKind::Legacy;
    if legacy && rng.percent(3) && insn.segment_prefix() == Register::None && insn.memory_base() != Register::RIP {
        bytes.insert(0, rng.pick(&[0x26, 0x2e, 0x36, 0x3e])); // ignored in 64-bit mode
    }
    if alone && rng.percent(1) {
        bytes.insert(0, 0xf0); // #UD nearly everywhere
    }
    let decoded = decode(&bytes, rip);
    let same = decoded.code() == code || (bytes[0] == 0xf0 && decoded.is_invalid());
    (same && bytes.len() <= 15 && (decoded.is_invalid() || decoded.len() == bytes.len())).then_some(Subject {
        bytes,
        insn: decoded,
        rip,
    })
}

/// What iced-x86 says of the bytes.
pub fn decode(bytes: &[u8], rip: u64) -> Instruction {
    Decoder::with_ip(64, bytes, rip, DecoderOptions::NONE).decode()
}

fn is_vsib(kind: K) -> bool {
    matches!(kind, K::mem_vsib32x | K::mem_vsib64x | K::mem_vsib32y | K::mem_vsib64y)
}

const R8: [Register; 16] = [
    Register::AL,
    Register::CL,
    Register::DL,
    Register::BL,
    Register::SPL,
    Register::BPL,
    Register::SIL,
    Register::DIL,
    Register::R8L,
    Register::R9L,
    Register::R12L,
    Register::R15L,
    Register::AH,
    Register::CH,
    Register::DH,
    Register::BH,
];

const SEQUENCE_R8: [Register; 8] =
    [Register::AL, Register::CL, Register::DL, Register::AH, Register::DH, Register::R8L, Register::R12L, Register::CH];

fn reg(base: Register, n: u64) -> Register {
    base + n as u32
}

/// A register of the kind's file; general ones avoid rsp most of the time, so that stacks stay usable.
fn register(rng: &mut Rng, kind: K, style: Style) -> Option<Register> {
    let mut gpr = rng.below(16);
    if gpr == 4 && !rng.percent(25) {
        gpr = 0;
    }
    if style == Style::InSequence {
        gpr = rng.pick(&SEQUENCE_REGISTERS);
        if matches!(kind, K::r8_or_mem | K::r8_reg | K::r8_opcode) {
            return Some(rng.pick(&SEQUENCE_R8));
        }
    }
    Some(match kind {
        K::r8_or_mem | K::r8_reg | K::r8_opcode => rng.pick(&R8),
        K::r16_or_mem | K::r16_reg | K::r16_reg_mem | K::r16_rm | K::r16_opcode => reg(Register::AX, gpr),
        K::r32_or_mem | K::r32_reg | K::r32_reg_mem | K::r32_rm | K::r32_opcode | K::r32_vvvv => {
            reg(Register::EAX, gpr)
        }
        K::r64_or_mem | K::r64_reg | K::r64_reg_mem | K::r64_rm | K::r64_opcode | K::r64_vvvv => {
            reg(Register::RAX, gpr)
        }
        K::mm_or_mem | K::mm_reg | K::mm_rm => reg(Register::MM0, rng.below(8)),
        K::xmm_or_mem | K::xmm_reg | K::xmm_rm | K::xmm_vvvv | K::xmm_is4 => reg(Register::XMM0, rng.below(16)),
        K::ymm_or_mem | K::ymm_reg | K::ymm_rm | K::ymm_vvvv | K::ymm_is4 => reg(Register::YMM0, rng.below(16)),
        K::sti_opcode => reg(Register::ST0, rng.below(8)),
        K::cr_reg => rng.pick(&[Register::CR0, Register::CR2, Register::CR3, Register::CR4, Register::CR8]),
        K::dr_reg => reg(Register::DR0, rng.below(8)),
        K::st0 => Register::ST0,
        K::al => Register::AL,
        K::cl => Register::CL,
        K::ax => Register::AX,
        K::dx => Register::DX,
        K::eax => Register::EAX,
        K::rax => Register::RAX,
        _ => return None,
    })
}

fn operand(rng: &mut Rng, insn: &mut Instruction, n: u32, kind: K, rip: u64, addr32: bool, style: Style) -> Option<()> {
    let or_memory = matches!(
        kind,
        K::r8_or_mem | K::r16_or_mem | K::r32_or_mem | K::r64_or_mem | K::mm_or_mem | K::xmm_or_mem | K::ymm_or_mem
    );
    if !(or_memory && rng.percent(50))
        && let Some(register) = register(rng, kind, style)
    {
        insn.set_op_kind(n, OpKind::Register);
        insn.set_op_register(n, register);
        return Some(());
    }
    if style == Style::InSequence && (kind == K::mem_offs || kind == K::seg_rBX_al || is_vsib(kind)) {
        return None;
    }
    match kind {
        K::seg_rSI => string(rng, insn, n, if addr32 { OpKind::MemorySegESI } else { OpKind::MemorySegRSI }, style),
        K::es_rDI => insn.set_op_kind(n, if addr32 { OpKind::MemoryESEDI } else { OpKind::MemoryESRDI }),
        K::seg_rDI => string(rng, insn, n, if addr32 { OpKind::MemorySegEDI } else { OpKind::MemorySegRDI }, style),
        K::seg_rBX_al => {
            let base = if addr32 { Register::EBX } else { Register::RBX };
            memory(insn, n, MemoryOperand::with_base_index(base, Register::AL));
        }
        K::mem_offs => {
            let at = LOW + rng.below(2 * PAGE);
            let segment = segment(rng);
            let size = if addr32 { 4 } else { 8 };
            memory(insn, n, MemoryOperand::new(Register::None, Register::None, 1, at as i64, size, false, segment));
        }
        K::mem_vsib32x | K::mem_vsib64x | K::mem_vsib32y | K::mem_vsib64y => {
            let file = if matches!(kind, K::mem_vsib32x | K::mem_vsib64x) { Register::XMM0 } else { Register::YMM0 };
            let (base, index) = (reg(Register::RAX, rng.below(16)), reg(file, rng.below(16)));
            memory(
                insn,
                n,
                MemoryOperand::new(base, index, 1 << rng.below(4), rng.below(64) as i64, 1, false, segment(rng)),
            );
        }
        _ if or_memory || kind == K::mem => {
            let operand = match style {
                Style::Alone => addressing(rng, addr32),
                Style::InSequence => near_pointer(rng),
            };
            memory(insn, n, operand);
        }
        K::imm8_const_1 => immediate(insn, n, OpKind::Immediate8, 1),
        K::imm8 | K::imm4_m2z => {
            let second = n > 0 && insn.op_kind(n - 1) == OpKind::Immediate16; // enter
            let value = values::word(rng) & 0xff;
            immediate(insn, n, if second { OpKind::Immediate8_2nd } else { OpKind::Immediate8 }, value);
        }
        K::imm8sex16 => immediate(insn, n, OpKind::Immediate8to16, values::word(rng) as i8 as u64),
        K::imm8sex32 => immediate(insn, n, OpKind::Immediate8to32, values::word(rng) as i8 as u64),
        K::imm8sex64 => immediate(insn, n, OpKind::Immediate8to64, values::word(rng) as i8 as u64),
        K::imm16 => {
            let limit = if insn.mnemonic() == Mnemonic::Enter && rng.percent(90) { 0xff } else { 0xffff };
            immediate(insn, n, OpKind::Immediate16, values::word(rng) & limit);
        }
        K::imm32 => immediate(insn, n, OpKind::Immediate32, values::word(rng) & 0xffff_ffff),
        K::imm32sex64 => immediate(insn, n, OpKind::Immediate32to64, values::word(rng) as i32 as u64),
        K::imm64 => immediate(insn, n, OpKind::Immediate64, values::word(rng)),
        K::br64_1 => {
            insn.set_op_kind(n, OpKind::NearBranch64);
            insn.set_near_branch64(short_target(rng, rip));
        }
        K::br64_4 => {
            insn.set_op_kind(n, OpKind::NearBranch64);
            insn.set_near_branch64(if rng.percent(90) { code_target(rng, rip) } else { LOW + rng.below(8 * PAGE) });
        }
        _ => return None,
    }
    Some(())
}

fn immediate(insn: &mut Instruction, n: u32, kind: OpKind, value: u64) {
    insn.set_op_kind(n, kind);
    match kind {
        OpKind::Immediate8 => insn.set_immediate8(value as u8),
        OpKind::Immediate8_2nd => insn.set_immediate8_2nd(value as u8),
        OpKind::Immediate16 => insn.set_immediate16(value as u16),
        OpKind::Immediate32 => insn.set_immediate32(value as u32),
        OpKind::Immediate64 => insn.set_immediate64(value),
        OpKind::Immediate8to16 => insn.set_immediate8to16(value as i16),
        OpKind::Immediate8to32 => insn.set_immediate8to32(value as i32),
        OpKind::Immediate8to64 => insn.set_immediate8to64(value as i64),
        _ => insn.set_immediate32to64(value as i64),
    }
}

fn string(rng: &mut Rng, insn: &mut Instruction, n: u32, kind: OpKind, style: Style) {
    insn.set_op_kind(n, kind);
    if style == Style::Alone {
        insn.set_segment_prefix(segment(rng));
    }
}

fn memory(insn: &mut Instruction, n: u32, m: MemoryOperand) {
    insn.set_op_kind(n, OpKind::Memory);
    insn.set_memory_base(m.base);
    insn.set_memory_index(m.index);
    insn.set_memory_index_scale(m.scale);
    insn.set_memory_displacement64(m.displacement as u64);
    insn.set_memory_displ_size(m.displ_size);
    insn.set_segment_prefix(m.segment_prefix);
}

/// A slot near one of a sequence's two pointers; few of them, so that instructions meet each other's results.
fn near_pointer(rng: &mut Rng) -> MemoryOperand {
    let slot = (rng.below(8) as i64 - 4) * 32 + if rng.percent(15) { rng.below(32) as i64 } else { 0 };
    let (base, slot) =
        if rng.percent(8) { (Register::RSP, slot + 256) } else { (rng.pick(&[Register::RBX, Register::RBP]), slot) };
    MemoryOperand::new(
        base,
        Register::None,
        1,
        slot,
        if (-128..128).contains(&slot) { 1 } else { 8 },
        false,
        Register::None,
    )
}

fn segment(rng: &mut Rng) -> Register {
    match rng.below(20) {
        0 => Register::FS,
        1 => Register::GS,
        2 => rng.pick(&[Register::ES, Register::CS, Register::SS, Register::DS]),
        _ => Register::None,
    }
}

/// One of the addressing forms of 64-bit mode (SDM Vol. 2A 2.1.5).
fn addressing(rng: &mut Rng, addr32: bool) -> MemoryOperand {
    let file = if addr32 { Register::EAX } else { Register::RAX };
    let long = if addr32 { 4 } else { 8 };
    let segment = segment(rng);
    let base = reg(file, rng.below(16));
    let index = reg(file, rng.pick(&[0, 1, 2, 3, 5, 6, 7, 8, 9, 12, 13, 14, 15]));
    let scale = 1 << rng.below(4);
    let (disp, size) = match rng.below(4) {
        0 => (0, 0),
        1 => (rng.bits() as i8 as i64, 1),
        _ => (rng.bits() as i32 as i64 >> rng.below(20), long),
    };
    let near = (LOW + rng.below(3 * PAGE)) as i64;
    let direct = (LOW + rng.below(3 * PAGE) / 64 * 64) as i64 + if rng.percent(20) { rng.below(64) as i64 } else { 0 };
    match rng.below(12) {
        0..5 => MemoryOperand::new(base, Register::None, 1, disp, size, false, segment),
        5..9 => MemoryOperand::new(base, index, scale, disp, size, false, segment),
        9 => MemoryOperand::new(Register::None, index, scale, near / 16 * 16, long, false, segment),
        10 if !addr32 => MemoryOperand::new(Register::RIP, Register::None, 1, direct, 8, false, segment),
        10 => MemoryOperand::new(Register::EIP, Register::None, 1, direct, 4, false, segment),
        _ => MemoryOperand::new(Register::None, Register::None, 1, direct, long, false, segment),
    }
}

/// Bytes around the tested instruction that no branch may go to: they hold it, and the exit stub.
const BODY: std::ops::Range<i64> = -20..48;

/// A place in the code pages that holds filler.
pub fn code_target(rng: &mut Rng, rip: u64) -> u64 {
    loop {
        let at = CODE + rng.below(CODE_PAGES * PAGE);
        if !BODY.contains(&(at.wrapping_sub(rip) as i64)) {
            return at;
        }
    }
}

fn short_target(rng: &mut Rng, rip: u64) -> u64 {
    loop {
        let distance = rng.bits() as i8 as i64;
        let at = rip.wrapping_add(distance as u64);
        if !BODY.contains(&distance) && (CODE..CODE + CODE_PAGES * PAGE).contains(&at) {
            return at;
        }
    }
}
