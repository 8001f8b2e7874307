//! Where processors of AMD differ from those of Intel, whose manual the engine follows, in what that manual defines or
//! leaves open beyond flags. On other hosts nothing here lets anything through.

use crate::state::{State, Stop};
use crate::tolerance::is_rep;
use iced_x86::{Code, FlowControl, Instruction, Mnemonic as M, OpKind, Register};
use std::sync::LazyLock;

/// This machine's processor is AMD's.
pub fn is_amd() -> bool {
    static AMD: LazyLock<bool> = LazyLock::new(|| {
        let id = core::arch::x86_64::__cpuid(0);
        (id.ebx, id.edx, id.ecx) == (0x6874_7541, 0x6974_6e65, 0x444d_4163)
    });
    *AMD
}

/// Instructions that often do otherwise, and not only in how they fault.
pub fn differs(mnemonic: M) -> bool {
    matches!(
        mnemonic,
        M::Dpps
            | M::Vdpps
            | M::Dppd
            | M::Vdppd
            | M::Reservednop
            | M::Sha1nexte
            | M::Sha1msg1
            | M::Sha1msg2
            | M::Sha1rnds4
            | M::Sha256rnds2
            | M::Sha256msg1
            | M::Sha256msg2
    )
}

/// A case on which the processor does otherwise, for a known reason. `at` is the address of the memory operand.
pub fn is_explained(
    insn: &Instruction,
    before: &State,
    at: Option<u64>,
    native: &(State, Stop),
    engine: &(State, Stop),
) -> bool {
    if !is_amd() {
        return false;
    }
    let faults = |stop: &Stop| matches!(stop, Stop::Page { .. } | Stop::Vector(12 | 13));
    let both_fault = native.1 == engine.1 && faults(&native.1);
    let like_native = |change: &dyn Fn(&mut State, &State)| {
        let mut state = engine.0.clone();
        change(&mut state, &native.0);
        state == native.0
    };
    // An offset that is not canonical is refused, whatever the segment's base makes of it.
    if matches!(insn.segment_prefix(), Register::FS | Register::GS) && matches!(native.1, Stop::Vector(12 | 13)) {
        let base = before.seg_base[usize::from(insn.segment_prefix() == Register::GS)];
        let offset = at.map_or(0, |at| at.wrapping_sub(base).wrapping_add(bit_string_offset(insn, before)));
        if (offset as i64) << 16 >> 16 != offset as i64 {
            return true;
        }
    }
    match insn.mnemonic() {
        // REP with 32-bit addresses that does nothing, for a count of zero or a fault, leaves the upper halves of registers,
        // where Intel's clears them. A fault in the middle of REPE and REPNE leaves the flags of the last comparison, where
        // Intel's has the first's.
        _ if is_rep(insn) && (both_fault || native.1 == engine.1 && is_narrow_string(insn)) => like_native(&|e, n| {
            for r in [1, 6, 7] {
                if is_narrow_string(insn) && e.gpr[r] as u32 == n.gpr[r] as u32 && n.gpr[r] == before.gpr[r] {
                    e.gpr[r] = n.gpr[r];
                }
            }
            if both_fault {
                e.rflags = n.rflags;
            }
        }),
        // MOVSXD to 16 bits reads four bytes, of which it takes two: the last two are not there.
        M::Movsxd if insn.code() == Code::Movsxd_r16_rm16 => {
            faults(&native.1) && at.is_some_and(|at| at & 0xfff > 0xffc) && native.0 == *before
        }
        // The target is looked at before the return address is pushed.
        M::Call => native.1 == Stop::Vector(13) && native == engine,
        M::Reservednop if native.1 == Stop::Vector(6) => matches!(
            insn.code(),
            Code::Reservednop_rm16_r16_0F0D | Code::Reservednop_rm32_r32_0F0D | Code::Reservednop_rm64_r64_0F0D
        ),
        // The operand's page is looked at before an unmasked exception of the conversion.
        M::Fst | M::Fstp | M::Fist | M::Fistp | M::Fisttp | M::Fbstp => {
            faults(&native.1) && engine.1 == Stop::Landed && engine.0.fsw & 0x80 != 0
        }
        // A result that is denormal is an underflow where that is unmasked, exact or not, and delivered with its exponent
        // raised.
        M::Fprem | M::Fprem1 | M::Fscale if before.fcw & 0x10 == 0 && native.0.fsw & !engine.0.fsw == 0x8090 => {
            native.1 == engine.1
                && like_native(&|e, n| {
                    let top = usize::from(n.fsw >> 11 & 7);
                    e.fsw = n.fsw;
                    e.fpr[top] = n.fpr[top];
                })
        }
        // An operand that is misaligned and leaves the canonical addresses off rsp or rbp: the stack segment's #SS comes
        // before the #GP of alignment. The manual names both, and no order.
        M::Fxsave | M::Fxsave64 | M::Fxrstor | M::Fxrstor64 => {
            (&native.1, &engine.1) == (&Stop::Vector(12), &Stop::Vector(13))
                && at.is_some_and(|at| at & 15 != 0 && at < 1 << 47 && at + 512 > 1 << 47)
                && native.0 == engine.0
        }
        // A store that faults leaves TOP.
        M::Movd | M::Movq | M::Movntq | M::Maskmovq => both_fault && like_native(&|e, n| e.fsw = n.fsw),
        // The lower half is looked at first.
        M::Maskmovdqu | M::Vmaskmovdqu => faults(&native.1) && faults(&engine.1) && native.0 == engine.0,
        // Masks of what is still to be gathered keep their low bits.
        _ if insn.is_vsib() => both_fault && same_signs(insn, &native.0, &engine.0),
        // Memory need not be aligned.
        M::Sha1nexte | M::Sha1msg1 | M::Sha1msg2 | M::Sha1rnds4 | M::Sha256rnds2 | M::Sha256msg1 | M::Sha256msg2 => {
            engine.1 == Stop::Vector(13) && at.is_some_and(|at| at & 15 != 0)
        }
        // Which of several NaNs survives: sums are taken in another order.
        M::Dpps | M::Vdpps => native.1 == engine.1 && same_or_nan(insn, &native.0, &engine.0, false),
        M::Dppd | M::Vdppd => native.1 == engine.1 && same_or_nan(insn, &native.0, &engine.0, true),
        _ => false,
    }
}

/// How far from its operand BT and its kin with a bit number in a register reach, in bytes.
fn bit_string_offset(insn: &Instruction, before: &State) -> u64 {
    let is_bit_string = matches!(insn.mnemonic(), M::Bt | M::Bts | M::Btr | M::Btc);
    if !is_bit_string || insn.op1_kind() != OpKind::Register {
        return 0;
    }
    let bits = 8 * insn.op1_register().size() as u32;
    let number = before.gpr[insn.op1_register().full_register() as usize - Register::RAX as usize];
    let number = (number << (64 - bits)) as i64 >> (64 - bits);
    (number.div_euclid(i64::from(bits)) * i64::from(bits / 8)) as u64
}

fn is_narrow_string(insn: &Instruction) -> bool {
    insn.op_kinds().any(|k| matches!(k, OpKind::MemorySegESI | OpKind::MemoryESEDI | OpKind::MemorySegEDI))
}

/// Bytes that are no instruction of Intel's: VPERMQ and VPERMPD without VEX.W, which AMD's ignore, and MOV with a control
/// register and LOCK, which names CR8 there: privileged (#GP), where Intel's say #UD.
pub fn is_other_instruction(bytes: &[u8]) -> bool {
    bytes.windows(4).take(5).any(|w| w[0] == 0xc4 && w[1] & 0x1f == 3 && w[2] & 0x87 == 5 && w[3] <= 1)
        || bytes.contains(&0xf0) && bytes.windows(2).take(6).any(|w| matches!(w, [0x0f, 0x20 | 0x22]))
}

/// Branches with prefixes: 0x66 makes AMD's cut rip to 16 bits, and 0xf3 makes LOOPNE another instruction; Intel's ignore
/// both.
pub fn has_other_branch(insn: &Instruction, bytes: &[u8]) -> bool {
    let is_prefix = |byte: &&u8| {
        matches!(byte, 0x66 | 0x67 | 0xf2 | 0xf3 | 0xf0 | 0x2e | 0x36 | 0x3e | 0x26 | 0x64 | 0x65 | 0x40..=0x4f)
    };
    let has = |prefix: u8| bytes.iter().take_while(is_prefix).any(|byte| *byte == prefix);
    insn.flow_control() != FlowControl::Next && (has(0x66) || insn.mnemonic() == M::Loopne && has(0xf3))
}

/// Everything is equal but the low bits of a gather's mask.
fn same_signs(insn: &Instruction, native: &State, engine: &State) -> bool {
    let n = vector_number(insn.op2_register());
    let wide = matches!(insn.memory_size().size(), 8);
    let signs = if wide { 1 << 63 } else { 0x8000_0000_8000_0000u64 };
    let mut others = engine.clone();
    others.ymm[n] = native.ymm[n];
    others == *native && native.ymm[n].iter().zip(&engine.ymm[n]).all(|(x, y)| (x ^ y) & signs == 0)
}

fn vector_number(register: Register) -> usize {
    register as usize - if register.is_ymm() { Register::YMM0 } else { Register::XMM0 } as usize
}

/// Everything is equal but lanes of the destination that are a NaN on both sides.
fn same_or_nan(insn: &Instruction, native: &State, engine: &State, wide: bool) -> bool {
    let n = vector_number(insn.op0_register());
    let is_nan = |v: u64| if wide { f64::from_bits(v).is_nan() } else { f32::from_bits(v as u32).is_nan() };
    let lanes = |v: u64| if wide { [v, v] } else { [v & 0xffff_ffff, v >> 32] };
    let same = |x: u64, y: u64| lanes(x).into_iter().zip(lanes(y)).all(|(x, y)| x == y || is_nan(x) && is_nan(y));
    let mut others = engine.clone();
    others.ymm[n] = native.ymm[n];
    others == *native && native.ymm[n].iter().zip(&engine.ymm[n]).all(|(x, y)| same(*x, *y))
}
