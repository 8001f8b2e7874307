//! Conversions between floating-point types and integers.

use super::fp_arith::xmm_number;
use crate::emit::{Done, Emit};
use crate::fp::{FpCvt, FpType};
use crate::insn::{Insn, Operand, Vex};
use crate::isa::avx;
use crate::isa::x87::mmx;
use crate::vec::Shape;

/// xmm to xmm. `bytes` of a memory source are read; only whole vectors must be aligned.
#[inline(always)]
fn vector<E: Emit>(e: &mut E, i: &Insn, op: FpCvt, bytes: u32) -> Done<E> {
    let r = xmm_number(i.dst());
    let b = e.xread(bytes, true, i, i.src())?;
    let a = e.xmm(xmm_number(i.first()));
    let x = e.fp_convert(op, a, b)?;
    e.set_xmm(r, x);
    Ok(())
}

macro_rules! vectors {
    ($($name:ident $op:ident $bytes:literal;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            vector(e, i, FpCvt::$op, $bytes)
        }
    )* };
}
vectors! {
    cvtss2sd Ss2sd 4;
    cvtsd2ss Sd2ss 8;
    cvtdq2ps Dq2ps 16;
    cvtps2dq Ps2dq 16;
    cvttps2dq Tps2dq 16;
}

/// Elements of another size: with 256 bits on one side there are 128 on the other.
#[inline(always)]
fn resized<E: Emit>(e: &mut E, i: &Insn, op: FpCvt, bytes: u32) -> Done<E> {
    if i.vex != Vex::L256 {
        return vector(e, i, op, bytes);
    }
    let none = e.vimm(0, 0);
    e.fp_collect();
    if bytes == 8 {
        let b = e.xread(16, false, i, i.src())?;
        let upper = upper_half(e, b);
        let (low, high) = (e.fp_convert(op, none, b)?, e.fp_convert(op, none, upper)?);
        avx::write(e, i, low, high)
    } else {
        let (low, high) = avx::read(e, i, i.src())?;
        let (low, high) = (e.fp_convert(op, none, low)?, e.fp_convert(op, none, high)?);
        let x = e.vshuffle(core::array::from_fn(|k| k as u8 % 8 + k as u8 / 8 * 16), low, high);
        avx::write(e, i, x, none)
    }
}

macro_rules! resizing {
    ($($name:ident $op:ident $bytes:literal;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            resized(e, i, FpCvt::$op, $bytes)
        }
    )* };
}
resizing! {
    cvtps2pd Ps2pd 8;
    cvtpd2ps Pd2ps 16;
    cvtdq2pd Dq2pd 8;
    cvtpd2dq Pd2dq 16;
    cvttpd2dq Tpd2dq 16;
}

macro_rules! to_integer {
    ($($name:ident $t:ident $bytes:literal $truncate:literal;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            let x = e.xread($bytes, true, i, i.src())?;
            let v = e.fp_to_int(FpType::$t, i.width, $truncate, x)?;
            e.write(i.width, i, i.dst(), v)
        }
    )* };
}
to_integer! {
    cvtss2si F32 4 false;
    cvttss2si F32 4 true;
    cvtsd2si F64 8 false;
    cvttsd2si F64 8 true;
}

macro_rules! from_integer {
    ($($name:ident $t:ident;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2A.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            let v = e.read(i.src_width, i, i.src())?;
            let r = xmm_number(i.dst());
            let a = e.xmm(xmm_number(i.first()));
            let x = e.fp_from_int(FpType::$t, i.src_width, a, v)?;
            e.set_xmm(r, x);
            Ok(())
        }
    )* };
}
from_integer! {
    cvtsi2ss F32;
    cvtsi2sd F64;
}

/// The low half of a vector, nothing above: what is not converted must raise nothing.
#[inline(always)]
fn low_half<E: Emit>(e: &mut E, x: E::X) -> E::X {
    let zero = e.vimm(0, 0);
    let v = e.vextract(Shape::I64x2, 0, x);
    e.vreplace(Shape::I64x2, 0, zero, v)
}

/// The high half where the low one was.
#[inline(always)]
fn upper_half<E: Emit>(e: &mut E, x: E::X) -> E::X {
    e.vshuffle(core::array::from_fn(|k| 8 + k as u8 % 8), x, x)
}

/// Two integers of an mmx register or memory to floating point: CVTPI2PS keeps the upper half of its destination. Only
/// an mmx source makes the x87 an MMX unit.
#[inline(always)]
fn from_mmx<E: Emit>(e: &mut E, i: &Insn, op: FpCvt) -> Done<E> {
    let r = xmm_number(i.dst());
    let from_register = matches!(i.src(), Operand::Mmx(_));
    if from_register {
        e.call(i, mmx::check_pending)?;
    }
    let b = e.xread(8, false, i, i.src())?;
    // An unmasked exception comes after the transition.
    if from_register {
        e.call(i, mmx::enter)?;
    }
    let a = e.xmm(r);
    let x = e.fp_convert(op, a, b)?;
    let x = if op == FpCvt::Dq2ps {
        let low = e.vextract(Shape::I64x2, 0, x);
        e.vreplace(Shape::I64x2, 0, a, low)
    } else {
        x
    };
    e.set_xmm(r, x);
    Ok(())
}

/// CVTPI2PS.
#[inline(always)]
pub fn cvtpi2ps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    from_mmx(e, i, FpCvt::Dq2ps)
}

/// CVTPI2PD.
#[inline(always)]
pub fn cvtpi2pd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    from_mmx(e, i, FpCvt::Dq2pd)
}

/// Two numbers to integers in an mmx register.
#[inline(always)]
fn to_mmx<E: Emit>(e: &mut E, i: &Insn, op: FpCvt, bytes: u32) -> Done<E> {
    e.call(i, mmx::check_pending)?;
    let b = e.xread(bytes, true, i, i.src())?;
    let b = if bytes == 8 { low_half(e, b) } else { b };
    // An unmasked exception comes after the transition.
    e.call(i, mmx::enter)?;
    let zero = e.vimm(0, 0);
    let x = e.fp_convert(op, zero, b)?;
    if let Operand::Mmx(r) = i.dst() {
        e.set_mmx(r, x);
    }
    Ok(())
}

/// CVTPS2PI.
#[inline(always)]
pub fn cvtps2pi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    to_mmx(e, i, FpCvt::Ps2dq, 8)
}

/// CVTTPS2PI.
#[inline(always)]
pub fn cvttps2pi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    to_mmx(e, i, FpCvt::Tps2dq, 8)
}

/// CVTPD2PI.
#[inline(always)]
pub fn cvtpd2pi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    to_mmx(e, i, FpCvt::Pd2dq, 16)
}

/// CVTTPD2PI.
#[inline(always)]
pub fn cvttpd2pi<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    to_mmx(e, i, FpCvt::Tpd2dq, 16)
}
