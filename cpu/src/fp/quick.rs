//! Floating point that the loop over threaded code does itself: MXCSR in its usual state and the inexact flag set already,
//! as it is after a program's first few operations, and nothing special in sight. Flags stay as they are then, so
//! answers are all there is. `None`: the general way knows.

use super::{Double, Elem, FpCvt, FpOp, FpType, Lanes, PE, Single, host, is_usual, order_flags};
use crate::insn::Width;
use crate::vec::{self, Bytes, Shape};

#[inline(always)]
fn is_quick(mxcsr: u32) -> bool {
    is_usual(mxcsr) && mxcsr & PE != 0
}

/// [`super::arith`].
#[inline(always)]
pub(crate) fn arith(mxcsr: u32, op: FpOp, t: FpType, lanes: Lanes, a: Bytes, b: Bytes) -> Option<Bytes> {
    if !is_quick(mxcsr) {
        return None;
    }
    match (lanes, t) {
        (Lanes::Scalar, FpType::F64) => lane::<Double>(op, 0, a, a, b),
        (Lanes::Scalar, FpType::F32) => lane::<Single>(op, 0, a, a, b),
        // Out of line: four lanes are more code than a call.
        (Lanes::Packed, _) => {
            packed(op, t, vec::halves(a), vec::halves(b)).map(|(low, high)| vec::of_halves(low, high))
        }
    }
}

/// One lane of the result, into `out`.
#[inline(always)]
fn lane<F: Elem>(op: FpOp, lane: usize, mut out: Bytes, a: Bytes, b: Bytes) -> Option<Bytes> {
    // With the inexact flag set nothing is noted.
    let v = F::fast(&mut { PE }, op, lane, F::get(&a, lane), F::get(&b, lane))?;
    F::set(&mut out, lane, v);
    Some(out)
}

#[inline(never)]
fn packed(op: FpOp, t: FpType, a: (u64, u64), b: (u64, u64)) -> Option<(u64, u64)> {
    let (a, b) = (vec::of_halves(a.0, a.1), vec::of_halves(b.0, b.1));
    let out = match t {
        FpType::F64 => (0..2).try_fold(a, |out, k| lane::<Double>(op, k, out, a, b)),
        FpType::F32 => (0..4).try_fold(a, |out, k| lane::<Single>(op, k, out, a, b)),
    };
    out.map(vec::halves)
}

/// [`super::convert`] of one element.
#[inline(always)]
pub(crate) fn convert(mxcsr: u32, op: FpCvt, a: Bytes, b: Bytes) -> Option<Bytes> {
    if !is_quick(mxcsr) {
        return None;
    }
    match op {
        FpCvt::Ss2sd => host::widen(Single::get(&b, 0)).map(|v| vec::replace(Shape::I64x2, 0, a, v)),
        FpCvt::Sd2ss => {
            host::narrow(&mut { PE }, Double::get(&b, 0)).map(|v| vec::replace(Shape::I32x4, 0, a, u64::from(v)))
        }
        _ => None,
    }
}

/// [`super::to_int`].
#[inline(always)]
pub(crate) fn to_int(mxcsr: u32, t: FpType, w: Width, truncate: bool, x: Bytes) -> Option<u64> {
    if !is_quick(mxcsr) {
        return None;
    }
    let v = match t {
        FpType::F32 => host::widen(Single::get(&x, 0))?,
        FpType::F64 => Double::get(&x, 0),
    };
    host::to_int(&mut { PE }, v, w.bits(), truncate).map(|v| w.trunc(v as u64))
}

/// [`super::from_int`].
#[inline(always)]
pub(crate) fn from_int(mxcsr: u32, t: FpType, w: Width, mut a: Bytes, v: u64) -> Option<Bytes> {
    if !is_quick(mxcsr) {
        return None;
    }
    let v = w.sext(v);
    match t {
        FpType::F32 => Single::set(&mut a, 0, (v as f32).to_bits()),
        FpType::F64 => Double::set(&mut a, 0, (v as f64).to_bits()),
    }
    Some(a)
}

/// [`super::compare`]: MXCSR makes no difference to operands that are neither NaN nor denormal.
#[inline(always)]
pub(crate) fn compare(t: FpType, a: Bytes, b: Bytes) -> Option<u64> {
    let order = match t {
        FpType::F32 => host::single::compare(Single::get(&a, 0), Single::get(&b, 0)),
        FpType::F64 => host::double::compare(Double::get(&a, 0), Double::get(&b, 0)),
    };
    order.map(order_flags)
}
