//! Floating point that the loop over threaded code does itself: MXCSR in its usual state and the inexact flag set already,
//! as it is after a program's first few operations, and nothing special in sight. Flags stay as they are then, so
//! answers are all there is. `None`: the general way knows.

use super::{Double, Elem, FpCvt, FpOp, FpType, Lanes, PE, Single, is_usual, order_flags};
use crate::insn::Width;
use crate::vec::{self, Bytes};

/// What the host's answers are noted in: with the inexact flag set there is nothing to note.
#[inline(always)]
fn noted(mxcsr: u32) -> Option<u32> {
    (is_usual(mxcsr) && mxcsr & PE != 0).then_some(PE)
}

/// [`super::arith`].
#[inline(always)]
pub(crate) fn arith(mxcsr: u32, op: FpOp, t: FpType, lanes: Lanes, a: Bytes, b: Bytes) -> Option<Bytes> {
    let mut mxcsr = noted(mxcsr)?;
    match (lanes, t) {
        (Lanes::Scalar, FpType::F64) => super::arith_fast::<Double>(&mut mxcsr, op, 1, a, b),
        (Lanes::Scalar, FpType::F32) => super::arith_fast::<Single>(&mut mxcsr, op, 1, a, b),
        (Lanes::Packed, _) => {
            packed(op, t, vec::halves(a), vec::halves(b)).map(|(low, high)| vec::of_halves(low, high))
        }
    }
}

/// All lanes, out of line: they are more code than a call.
#[inline(never)]
fn packed(op: FpOp, t: FpType, a: (u64, u64), b: (u64, u64)) -> Option<(u64, u64)> {
    let (a, b) = (vec::of_halves(a.0, a.1), vec::of_halves(b.0, b.1));
    let out = match t {
        FpType::F64 => super::arith_fast::<Double>(&mut { PE }, op, Double::COUNT, a, b),
        FpType::F32 => super::arith_fast::<Single>(&mut { PE }, op, Single::COUNT, a, b),
    };
    out.map(vec::halves)
}

/// [`super::convert`] of one element.
#[inline(always)]
pub(crate) fn convert(mxcsr: u32, op: FpCvt, a: Bytes, b: Bytes) -> Option<Bytes> {
    super::convert_fast(&mut noted(mxcsr)?, op, a, b)
}

/// [`super::to_int`].
#[inline(always)]
pub(crate) fn to_int(mxcsr: u32, t: FpType, w: Width, truncate: bool, x: Bytes) -> Option<u64> {
    super::to_int_fast(&mut noted(mxcsr)?, t, w, truncate, x)
}

/// [`super::from_int`].
#[inline(always)]
pub(crate) fn from_int(mxcsr: u32, t: FpType, w: Width, a: Bytes, v: u64) -> Option<Bytes> {
    Some(super::from_int_fast(&mut noted(mxcsr)?, t, a, w.sext(v)))
}

/// [`super::compare`]: MXCSR makes no difference to operands that are neither NaN nor denormal.
#[inline(always)]
pub(crate) fn compare(t: FpType, a: Bytes, b: Bytes) -> Option<u64> {
    let order = match t {
        FpType::F32 => Single::fast_compare(Single::get(&a, 0), Single::get(&b, 0)),
        FpType::F64 => Double::fast_compare(Double::get(&a, 0), Double::get(&b, 0)),
    };
    order.map(order_flags)
}
