//! Bytes to [`Insn`], by iced-x86. The only module that knows iced's types besides the table of rows.

use crate::Gpr;
use crate::insn::{Cond, Insn, Mem, Mn, Operand, Rep, Vex, Width};
use crate::isa::avx;
use crate::isa::table;
use iced_x86::{Code, ConditionCode, Decoder, DecoderError, DecoderOptions, Instruction, OpKind, Register};

/// Why bytes are no instruction of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// Undefined, or not implemented.
    Invalid,
    /// The bytes end before the instruction does.
    Truncated,
}

/// Decodes the instruction at the start of `code`, which lies at `offset` of its page.
pub fn decode(code: &[u8], offset: u32) -> Result<Insn, DecodeError> {
    let code = &code[..code.len().min(15)];
    let mut decoder = Decoder::with_ip(64, code, offset as u64, DecoderOptions::NONE);
    let mut raw = Instruction::default();
    decoder.decode_out(&mut raw);
    match decoder.last_error() {
        DecoderError::None => {
            let mut insn = convert(&raw)?;
            if insn.mn == Mn::Fma {
                // What it does is in its opcode, and in VEX.W, which becomes bit 8.
                let vex = code.iter().position(|byte| *byte == 0xc4).unwrap_or(0);
                let byte = |n: usize| i64::from(code.get(vex + n).copied().unwrap_or(0));
                insn.imm = byte(3) | (byte(2) & 0x80) << 1;
            }
            Ok(insn)
        }
        DecoderError::NoMoreBytes if code.len() < 15 => Err(DecodeError::Truncated),
        _ => Err(DecodeError::Invalid),
    }
}

/// A general-purpose register with its width.
fn gpr(r: Register) -> Option<(Operand, Width)> {
    let i = r.number() as u8;
    Some(if r.is_gpr64() {
        (Operand::Reg(Gpr(i)), Width::W64)
    } else if r.is_gpr32() {
        (Operand::Reg(Gpr(i)), Width::W32)
    } else if r.is_gpr16() {
        (Operand::Reg(Gpr(i)), Width::W16)
    } else if r.is_gpr8() {
        match r {
            Register::AH => (Operand::High(Gpr::RAX), Width::W8),
            Register::CH => (Operand::High(Gpr::RCX), Width::W8),
            Register::DH => (Operand::High(Gpr::RDX), Width::W8),
            Register::BH => (Operand::High(Gpr::RBX), Width::W8),
            _ => (Operand::Reg(Gpr(low_byte_number(r))), Width::W8),
        }
    } else {
        return None;
    })
}

/// The encoding of al, cl .. r15b: iced numbers ah..bh in between.
fn low_byte_number(r: Register) -> u8 {
    let i = r as u32 - Register::AL as u32;
    (if i < 4 { i } else { i - 4 }) as u8
}

fn register(r: Register) -> (Operand, Option<Width>) {
    let i = r.number() as u8;
    if let Some((op, w)) = gpr(r) {
        (op, Some(w))
    } else if r.is_xmm() && i < 16 {
        (Operand::Xmm(i), None)
    } else if r.is_ymm() && i < 16 {
        (Operand::Ymm(i), None)
    } else if r.is_mm() {
        (Operand::Mmx(i), None)
    } else if r.is_st() {
        (Operand::St(i), None)
    } else if r.is_segment_register() {
        (Operand::Seg(i), None)
    } else {
        (Operand::Other, None)
    }
}

fn memory(raw: &Instruction) -> Mem {
    // A vector of indices is an operand of its own.
    let pick = |r: Register| {
        if r == Register::None || r.is_vector_register() { Gpr::ZERO } else { Gpr(r.number() as u8) }
    };
    let addr32 = raw.memory_base().is_gpr32()
        || raw.memory_index().is_gpr32()
        || raw.memory_base() == Register::EIP
        || raw.memory_base() == Register::None && raw.memory_index() == Register::None && raw.memory_displ_size() == 4;
    let base = if raw.is_ip_rel_memory_operand() { Gpr::CODE_PAGE } else { pick(raw.memory_base()) };
    Mem {
        base,
        index: pick(raw.memory_index()),
        scale: raw.memory_index_scale().trailing_zeros() as u8,
        segment: match raw.memory_segment() {
            Register::FS => Gpr::FS_BASE,
            Register::GS => Gpr::GS_BASE,
            _ => Gpr::ZERO,
        },
        addr32,
        // For rip-relative operands iced gives the sum with the ip we decoded with: the offset in the page.
        disp: raw.memory_displacement64() as i64,
    }
}

/// String instructions name memory by fixed registers: decode keeps only the segment and the address size.
fn string_memory(raw: &Instruction, kind: OpKind) -> Mem {
    let segment = match raw.memory_segment() {
        Register::FS => Gpr::FS_BASE,
        Register::GS => Gpr::GS_BASE,
        _ => Gpr::ZERO,
    };
    let addr32 =
        matches!(kind, OpKind::MemorySegESI | OpKind::MemoryESEDI | OpKind::MemorySegEDI | OpKind::MemorySegSI);
    Mem { segment, addr32, ..Mem::NONE }
}

fn condition(raw: &Instruction) -> Cond {
    match raw.condition_code() {
        ConditionCode::None | ConditionCode::o => Cond::O,
        ConditionCode::no => Cond::No,
        ConditionCode::b => Cond::B,
        ConditionCode::ae => Cond::Ae,
        ConditionCode::e => Cond::E,
        ConditionCode::ne => Cond::Ne,
        ConditionCode::be => Cond::Be,
        ConditionCode::a => Cond::A,
        ConditionCode::s => Cond::S,
        ConditionCode::ns => Cond::Ns,
        ConditionCode::p => Cond::P,
        ConditionCode::np => Cond::Np,
        ConditionCode::l => Cond::L,
        ConditionCode::ge => Cond::Ge,
        ConditionCode::le => Cond::Le,
        ConditionCode::g => Cond::G,
    }
}

fn convert(raw: &Instruction) -> Result<Insn, DecodeError> {
    let vex = avx::find(raw.mnemonic());
    let mn = match vex {
        Some((mn, _)) => mn,
        None => table::row_of(raw.mnemonic(), raw.code()).ok_or(DecodeError::Invalid)?,
    };
    let mut insn = Insn { mn, len: raw.len() as u8, cond: condition(raw), lock: raw.has_lock_prefix(), ..Insn::EMPTY };
    insn.rep = match (raw.has_repne_prefix(), raw.has_rep_prefix()) {
        (true, _) => Rep::Repne,
        (_, true) => Rep::Rep,
        _ => Rep::None,
    };
    let mut widths = [None; 4];
    for n in 0..raw.op_count().min(4) {
        let kind = raw.op_kind(n);
        let (op, w) = match kind {
            OpKind::Register => register(raw.op_register(n)),
            OpKind::Memory => {
                insn.mem = memory(raw);
                let bytes = raw.memory_size().size();
                insn.mem_bytes = bytes.min(255) as u8;
                (Operand::Mem, matches!(bytes, 1 | 2 | 4 | 8).then(|| Width::of_bytes(bytes as u32)))
            }
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
                insn.imm = raw.near_branch_target().wrapping_sub(raw.next_ip()) as i64;
                (Operand::Imm, None)
            }
            OpKind::FarBranch16 | OpKind::FarBranch32 => return Err(DecodeError::Invalid),
            OpKind::Immediate8_2nd => {
                insn.imm |= (raw.immediate8_2nd() as i64) << 16;
                (Operand::Imm, None)
            }
            OpKind::Immediate8
            | OpKind::Immediate16
            | OpKind::Immediate32
            | OpKind::Immediate64
            | OpKind::Immediate8to16
            | OpKind::Immediate8to32
            | OpKind::Immediate8to64
            | OpKind::Immediate32to64 => {
                insn.imm |= raw.immediate(n) as i64;
                (Operand::Imm, None)
            }
            _ => {
                insn.mem = string_memory(raw, kind);
                let bytes = raw.memory_size().size();
                insn.mem_bytes = bytes.min(255) as u8;
                (Operand::Mem, matches!(bytes, 1 | 2 | 4 | 8).then(|| Width::of_bytes(bytes as u32)))
            }
        };
        insn.ops[n as usize] = op;
        widths[n as usize] = w;
    }
    if let Some((_, whole)) = vex {
        order_vex(raw, &mut insn, &mut widths, whole);
    }
    // The operation's width: the destination's, else the source's; what has neither (push imm, call) is 64 bit but for
    // the forms whose name says otherwise.
    insn.width = widths[0].or(widths[1]).or(widths[2]).unwrap_or_else(|| stack_width(raw));
    insn.src_width = widths[1].unwrap_or(insn.width);
    if matches!(raw.code(), Code::Loop_rel8_64_ECX | Code::Loope_rel8_64_ECX | Code::Loopne_rel8_64_ECX) {
        insn.mem.addr32 = true;
    }
    Ok(insn)
}

/// Puts the operands of a VEX-encoded instruction where the SSE one has them, the first source last. `whole` is how its
/// form of 256 bits is done.
fn order_vex(raw: &Instruction, insn: &mut Insn, widths: &mut [Option<Width>; 4], whole: Vex) {
    let indices = raw.memory_index();
    let is_wide = insn.ops.iter().any(|op| matches!(op, Operand::Ymm(_))) || indices.is_ymm() || insn.mem_bytes == 32;
    insn.vex = if is_wide { whole } else { Vex::L128 };
    let [dst, a, b, c] = insn.ops;
    if indices.is_vector_register() {
        // Destination, mask, indices.
        insn.ops = [dst, b, register(indices).0, a];
    } else if dst == Operand::Mem || matches!(b, Operand::None) || matches!(b, Operand::Imm) && !is_shift(insn.mn) {
        insn.ops[3] = if matches!(dst, Operand::Mem) { Operand::None } else { dst };
    } else {
        insn.ops = [dst, b, c, a];
        *widths = [widths[0], widths[2], widths[3], widths[1]];
    }
}

/// SSE shifts one register by an immediate, VEX another.
fn is_shift(mn: Mn) -> bool {
    use Mn::*;
    matches!(mn, Psllw | Pslld | Psllq | Psrlw | Psrld | Psrlq | Psraw | Psrad | Pslldq | Psrldq)
}

/// Width of instructions without sized operands: 0x66 forms of the stack instructions and cbw & co.
fn stack_width(raw: &Instruction) -> Width {
    match raw.code() {
        Code::Pushw_imm8
        | Code::Push_imm16
        | Code::Pushfw
        | Code::Popfw
        | Code::Enterw_imm16_imm8
        | Code::Leavew
        | Code::Cbw
        | Code::Cwd
        | Code::Iretw
        | Code::Retnw
        | Code::Retnw_imm16 => Width::W16,
        Code::Cwde | Code::Cdq => Width::W32,
        _ => Width::W64,
    }
}
