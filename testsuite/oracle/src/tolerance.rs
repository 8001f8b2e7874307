//! What may differ from this machine's CPU, and why: flags that the SDM leaves undefined where the engine does not do as
//! the hardware does, and the tolerances that the design names. Nothing else is let through.

use crate::state::State;
use crate::vendor;
use iced_x86::{Code, Instruction, Mnemonic as M, OpKind, RflagsBits};

const CF: u64 = 1;
const PF: u64 = 4;
const AF: u64 = 0x10;
const ZF: u64 = 0x40;
const SF: u64 = 0x80;
const OF: u64 = 0x800;

/// Flags that are not compared after `insn` from `before`: on Intel's processors, which the engine is like, those that the
/// comments name; on others all that the manual leaves undefined.
pub fn undefined_flags(insn: &Instruction, before: &State) -> u64 {
    let known = undefined_on_intel(insn, before);
    if vendor::is_amd() { known | undefined_by_manual(insn, before) } else { known }
}

/// What the manual leaves undefined, as iced-x86 has it; a shift by nothing changes nothing.
fn undefined_by_manual(insn: &Instruction, before: &State) -> u64 {
    let shifts = matches!(insn.mnemonic(), M::Shl | M::Sal | M::Shr | M::Sar | M::Shld | M::Shrd);
    let bits = if insn.op0_kind() == OpKind::Register { insn.op0_register().size() } else { insn.memory_size().size() };
    if shifts && count(insn, before) & mask(bits as u64 * 8) == 0 {
        return 0;
    }
    let undefined = insn.rflags_undefined();
    FLAGS.iter().filter(|(iced, _)| undefined & iced != 0).fold(0, |all, (_, bit)| all | bit)
}

/// iced-x86's names of the flags, and their bits.
const FLAGS: [(u32, u64); 6] = [
    (RflagsBits::CF, CF),
    (RflagsBits::PF, PF),
    (RflagsBits::AF, AF),
    (RflagsBits::ZF, ZF),
    (RflagsBits::SF, SF),
    (RflagsBits::OF, OF),
];

fn undefined_on_intel(insn: &Instruction, before: &State) -> u64 {
    let bits = match insn.op0_kind() {
        OpKind::Register => insn.op0_register().size() as u64 * 8,
        OpKind::Memory => insn.memory_size().size() as u64 * 8,
        _ => 64,
    };
    match insn.mnemonic() {
        // MUL, IMUL: SF, ZF, AF and PF are undefined; the hardware's ZF is not that of the result.
        M::Mul | M::Imul => ZF,
        // Shifts: OF is undefined for counts above 1.
        M::Shl | M::Sal | M::Shr if count(insn, before) & mask(bits) > 1 => OF,
        // Double shifts: OF likewise; with a count above the width all flags and the result (`undefined_result`) are.
        M::Shld | M::Shrd => match count(insn, before) & mask(bits) {
            0 | 1 => 0,
            n if n <= bits => OF,
            _ => CF | PF | AF | ZF | SF | OF,
        },
        // Rotates: OF is undefined for counts above 1.
        M::Rol | M::Ror | M::Rcl | M::Rcr if count(insn, before) & mask(bits) > 1 => OF,
        // BSF, BSR: all but ZF are undefined; the hardware's PF is that of something internal.
        M::Bsf | M::Bsr => PF,
        // BMI: AF and PF are undefined, for BEXTR SF as well.
        M::Andn | M::Blsi | M::Blsr | M::Blsmsk | M::Bzhi => PF,
        M::Bextr => PF | SF,
        _ => 0,
    }
}

fn mask(bits: u64) -> u64 {
    if bits == 64 { 0x3f } else { 0x1f }
}

fn count(insn: &Instruction, before: &State) -> u64 {
    let last = insn.op_count() - 1;
    match insn.op_kind(last) {
        OpKind::Immediate8 => u64::from(insn.immediate8()),
        _ => before.gpr[1] & 0xff,
    }
}

/// The destination's value is undefined: SHLD and SHRD of 16 bits by more than 16 (SDM Vol. 2B).
pub fn undefined_result(insn: &Instruction, before: &State) -> bool {
    matches!(
        insn.code(),
        Code::Shld_rm16_r16_imm8 | Code::Shld_rm16_r16_CL | Code::Shrd_rm16_r16_imm8 | Code::Shrd_rm16_r16_CL
    ) && count(insn, before) & 0x1f > 16
}

/// Bytes of the memory operand that hold FOP, FIP and FDP, which the design leaves out (FXSAVE: SDM Vol. 1 10.5.1,
/// FSAVE and FSTENV: 8.1.10).
pub fn pointer_bytes(insn: &Instruction) -> Option<std::ops::Range<u64>> {
    Some(match insn.code() {
        Code::Fxsave_m512byte | Code::Fxsave64_m512byte => 6..24,
        Code::Fnstenv_m28byte | Code::Fnsave_m108byte => 12..28,
        Code::Fnstenv_m14byte | Code::Fnsave_m94byte => 6..14,
        _ => return None,
    })
}

/// How closely a result must agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Near {
    /// To the bit.
    Exact,
    /// x87 transcendentals: one unit in the last place; then C1 (rounding direction) and PE say little as well.
    OneUlp,
    /// RCPPS, RSQRTPS and their kin: relative error 1.5 * 2^-12 (SDM Vol. 2B).
    Approximation,
}

/// The tolerance for `insn`'s result.
pub fn nearness(insn: &Instruction) -> Near {
    nearness_of(insn.code())
}

/// The same by form.
pub fn nearness_of(code: Code) -> Near {
    match code.mnemonic() {
        M::F2xm1 | M::Fyl2x | M::Fyl2xp1 | M::Fpatan | M::Fptan | M::Fsin | M::Fcos | M::Fsincos => Near::OneUlp,
        M::Rcpps | M::Rcpss | M::Rsqrtps | M::Rsqrtss | M::Vrcpps | M::Vrcpss | M::Vrsqrtps | M::Vrsqrtss => {
            Near::Approximation
        }
        _ => Near::Exact,
    }
}

/// A string instruction with a repeat prefix.
pub fn is_rep(insn: &Instruction) -> bool {
    insn.is_string_instruction() && (insn.has_rep_prefix() || insn.has_repne_prefix())
}

/// Operands that the hardware reads or writes in several steps, not in order of addresses: which of its bytes a fault
/// names, and how much of a store came before the fault, is not specified.
pub fn is_long_operand(insn: &Instruction) -> bool {
    matches!(
        insn.mnemonic(),
        M::Fxsave
            | M::Fxsave64
            | M::Fxrstor
            | M::Fxrstor64
            | M::Fnsave
            | M::Frstor
            | M::Fnstenv
            | M::Fldenv
            | M::Fbstp
            | M::Fbld
    ) || matches!(insn.code(), Code::Fstp_m80fp | Code::Fld_m80fp)
}

#[cfg(test)]
mod tests {
    use super::{FLAGS, undefined_flags};
    use crate::forms;
    use crate::generate;
    use crate::rng::Rng;

    /// Nothing is tolerated that the manual (as iced-x86 has it) defines.
    #[test]
    fn only_undefined_flags_are_tolerated() {
        let mut rng = Rng::new(3);
        for form in forms::all() {
            for _ in 0..40 {
                let Some(subject) = generate::encode(&mut rng, form.code) else { continue };
                if subject.insn.is_invalid() {
                    continue;
                }
                let mut state = generate::registers(&mut rng);
                generate::prepare(&mut rng, &subject, &mut state);
                if super::undefined_result(&subject.insn, &state) {
                    continue;
                }
                let ours = undefined_flags(&subject.insn, &state);
                let undefined = subject.insn.rflags_undefined();
                for (iced, bit) in FLAGS {
                    // iced knows no counts: CF and OF of shifts and rotates depend on them.
                    let by_count = subject.insn.op_count() >= 2 && (bit & (super::CF | super::OF)) != 0;
                    assert!(ours & bit == 0 || undefined & iced != 0 || by_count, "{:?} {bit:#x}", form.code);
                }
            }
        }
    }
}
