//! Floating-point comparisons: to masks (CMPPS ...) and to status flags (COMISS ...).

use super::fp_arith::{apply, operand_bytes, xmm_number};
use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::fp::{FpOp, FpType, Lanes};
use crate::insn::{Insn, Vex};

macro_rules! masks {
    ($($name:ident $t:ident $lanes:ident;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A. The legacy encodings look at three bits of the predicate, VEX at five.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            let bits = if i.vex == Vex::None { 7 } else { 31 };
            apply(e, i, FpOp::Cmp(i.imm as u8 & bits), FpType::$t, Lanes::$lanes)
        }
    )* };
}
masks! {
    cmpss F32 Scalar;
    cmpsd F64 Scalar;
    cmpps F32 Packed;
    cmppd F64 Packed;
}

#[inline(always)]
fn order<E: Emit>(e: &mut E, i: &Insn, t: FpType, quiet: bool) -> Done<E> {
    let b = e.xread(operand_bytes(t, Lanes::Scalar), true, i, i.src())?;
    let a = e.xmm(xmm_number(i.dst()));
    let flags = e.fp_compare(t, quiet, a, b)?;
    e.set_status(bits::CF | bits::PF | bits::AF | bits::ZF | bits::SF | bits::OF, flags);
    Ok(())
}

/// COMISS.
#[inline(always)]
pub fn comiss<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    order(e, i, FpType::F32, false)
}

/// COMISD.
#[inline(always)]
pub fn comisd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    order(e, i, FpType::F64, false)
}

/// UCOMISS.
#[inline(always)]
pub fn ucomiss<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    order(e, i, FpType::F32, true)
}

/// UCOMISD.
#[inline(always)]
pub fn ucomisd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    order(e, i, FpType::F64, true)
}
