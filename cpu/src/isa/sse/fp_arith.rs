//! Floating-point arithmetic of SSE, SSE2, SSE3 and SSE4.1. The numbers themselves are [`Emit::fp`]'s.

use crate::emit::{Done, Emit};
use crate::fp::{FpOp, FpType, Lanes};
use crate::insn::{Insn, Operand};
use crate::vec::VBin;

/// The number of an xmm operand; decoding has seen to it that it is one.
#[inline(always)]
pub(super) fn xmm_number(op: Operand) -> u8 {
    match op {
        Operand::Xmm(r) => r,
        _ => 0,
    }
}

/// Bytes a memory operand has.
#[inline(always)]
pub(super) fn operand_bytes(t: FpType, lanes: Lanes) -> u32 {
    match (lanes, t) {
        (Lanes::Packed, _) => 16,
        (Lanes::Scalar, FpType::F32) => 4,
        (Lanes::Scalar, FpType::F64) => 8,
    }
}

/// dst <- first op src.
#[inline(always)]
pub(super) fn apply<E: Emit>(e: &mut E, i: &Insn, op: FpOp, t: FpType, lanes: Lanes) -> Done<E> {
    let r = xmm_number(i.dst());
    let b = e.xread(operand_bytes(t, lanes), true, i, i.src())?;
    let a = e.xmm(xmm_number(i.first()));
    let x = e.fp(op, t, lanes, a, b)?;
    e.set_xmm(r, x);
    Ok(())
}

/// The four forms of one operation.
macro_rules! forms {
    ($($op:expr => $ss:ident $sd:ident $ps:ident $pd:ident;)*) => { $(
        forms!(@ $ss, $op, F32, Scalar);
        forms!(@ $sd, $op, F64, Scalar);
        forms!(@ $ps, $op, F32, Packed);
        forms!(@ $pd, $op, F64, Packed);
    )* };
    (@ $name:ident, $op:expr, $t:ident, $lanes:ident) => {
        #[doc = concat!(stringify!($name), ": SDM Vol. 2.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            apply(e, i, $op, FpType::$t, Lanes::$lanes)
        }
    };
}

forms! {
    FpOp::Add => addss addsd addps addpd;
    FpOp::Sub => subss subsd subps subpd;
    FpOp::Mul => mulss mulsd mulps mulpd;
    FpOp::Div => divss divsd divps divpd;
    FpOp::Sqrt => sqrtss sqrtsd sqrtps sqrtpd;
    FpOp::Min => minss minsd minps minpd;
    FpOp::Max => maxss maxsd maxps maxpd;
}
forms!(@ addsubps, FpOp::AddSub, F32, Packed);
forms!(@ addsubpd, FpOp::AddSub, F64, Packed);
forms!(@ rcpss, FpOp::Rcp, F32, Scalar);
forms!(@ rcpps, FpOp::Rcp, F32, Packed);
forms!(@ rsqrtss, FpOp::Rsqrt, F32, Scalar);
forms!(@ rsqrtps, FpOp::Rsqrt, F32, Packed);

macro_rules! rounds {
    ($($name:ident $t:ident $lanes:ident;)*) => { $(
        #[doc = concat!(stringify!($name), ": SDM Vol. 2. Mode and the masking of PE are in the immediate.")]
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            apply(e, i, FpOp::Round(i.imm as u8 & 15), FpType::$t, Lanes::$lanes)
        }
    )* };
}
rounds! {
    roundss F32 Scalar;
    roundsd F64 Scalar;
    roundps F32 Packed;
    roundpd F64 Packed;
}

/// Lanes of 4 bytes picked from two vectors, as `vshuffle` wants them.
const fn quads(lanes: [u8; 4]) -> [u8; 16] {
    let mut out = [0; 16];
    let mut k = 0;
    while k < 16 {
        out[k] = lanes[k / 4] * 4 + k as u8 % 4;
        k += 1;
    }
    out
}

/// Even lanes of both operands op their odd lanes.
#[inline(always)]
fn horizontal<E: Emit>(e: &mut E, i: &Insn, op: FpOp, t: FpType) -> Done<E> {
    let r = xmm_number(i.dst());
    let b = e.xread(16, true, i, i.src())?;
    let a = e.xmm(xmm_number(i.first()));
    let (even, odd) = match t {
        FpType::F32 => (quads([0, 2, 4, 6]), quads([1, 3, 5, 7])),
        FpType::F64 => (quads([0, 1, 4, 5]), quads([2, 3, 6, 7])),
    };
    let (even, odd) = (e.vshuffle(even, a, b), e.vshuffle(odd, a, b));
    let x = e.fp(op, t, Lanes::Packed, even, odd)?;
    e.set_xmm(r, x);
    Ok(())
}

/// HADDPS.
#[inline(always)]
pub fn haddps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    horizontal(e, i, FpOp::Add, FpType::F32)
}

/// HADDPD.
#[inline(always)]
pub fn haddpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    horizontal(e, i, FpOp::Add, FpType::F64)
}

/// HSUBPS.
#[inline(always)]
pub fn hsubps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    horizontal(e, i, FpOp::Sub, FpType::F32)
}

/// HSUBPD.
#[inline(always)]
pub fn hsubpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    horizontal(e, i, FpOp::Sub, FpType::F64)
}

/// All ones in the lanes whose bit is set, of `bytes` bytes each.
fn lane_mask(bits: u8, bytes: u32) -> (u64, u64) {
    let mut mask = 0u128;
    for k in 0..16 / bytes {
        if bits >> k & 1 != 0 {
            mask |= (u128::MAX >> (128 - 8 * bytes)) << (8 * bytes * k);
        }
    }
    (mask as u64, (mask >> 64) as u64)
}

/// Products of the lanes the immediate's high half names, their sum into the lanes its low half names. A product left
/// out is a zero, and raises nothing.
#[inline(always)]
fn dot<E: Emit>(e: &mut E, i: &Insn, t: FpType) -> Done<E> {
    let x = dot_products(e, i, t)?;
    let x = dot_pairs(e, t, x)?;
    let x = dot_sums(e, t, x)?;
    dot_result(e, i, t, x);
    Ok(())
}

/// The products.
fn dot_products<E: Emit>(e: &mut E, i: &Insn, t: FpType) -> Result<E::X, E::Trap> {
    let b = e.xread(16, true, i, i.src())?;
    let a = e.xmm(xmm_number(i.first()));
    let (lo, hi) = lane_mask(i.imm as u8 >> 4, lane_bytes(t));
    let keep = e.vimm(lo, hi);
    let (a, b) = (e.vbin(VBin::V128And, a, keep), e.vbin(VBin::V128And, b, keep));
    e.fp(FpOp::Mul, t, Lanes::Packed, a, b)
}

/// Each lane adds its neighbour, then the other pair. The order matters for NaNs, and is the processors'.
fn dot_pairs<E: Emit>(e: &mut E, t: FpType, products: E::X) -> Result<E::X, E::Trap> {
    if t == FpType::F64 {
        return Ok(products);
    }
    let other = e.vshuffle(quads([1, 0, 3, 2]), products, products);
    e.fp(FpOp::Add, t, Lanes::Packed, other, products)
}

/// The sum, in every lane.
fn dot_sums<E: Emit>(e: &mut E, t: FpType, pairs: E::X) -> Result<E::X, E::Trap> {
    let other = e.vshuffle(quads([2, 3, 0, 1]), pairs, pairs);
    e.fp(FpOp::Add, t, Lanes::Packed, pairs, other)
}

/// The lanes of the result.
fn dot_result<E: Emit>(e: &mut E, i: &Insn, t: FpType, sum: E::X) {
    let (lo, hi) = lane_mask(i.imm as u8 & 15, lane_bytes(t));
    let keep = e.vimm(lo, hi);
    let x = e.vbin(VBin::V128And, sum, keep);
    e.set_xmm(xmm_number(i.dst()), x);
}

fn lane_bytes(t: FpType) -> u32 {
    if t == FpType::F32 { 4 } else { 8 }
}

/// DPPS of 256 bits, by the instructions of both halves: what one step raises in either comes before the next step.
pub(in crate::isa) fn dpps_pair<E: Emit>(e: &mut E, halves: [Insn; 2]) -> Done<E> {
    const T: FpType = FpType::F32;
    let step = |e: &mut E, f: &dyn Fn(&mut E, usize) -> Result<E::X, E::Trap>| {
        e.fp_collect();
        let both = (f(e, 0)?, f(e, 1)?);
        e.fp_raise()?;
        Ok(both)
    };
    let (low, high) = step(e, &|e, n| dot_products(e, &halves[n], T))?;
    let (low, high) = step(e, &|e, n| dot_pairs(e, T, [low, high][n]))?;
    let (low, high) = step(e, &|e, n| dot_sums(e, T, [low, high][n]))?;
    dot_result(e, &halves[0], T, low);
    dot_result(e, &halves[1], T, high);
    Ok(())
}

/// DPPS.
#[inline(always)]
pub fn dpps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    dot(e, i, FpType::F32)
}

/// DPPD.
#[inline(always)]
pub fn dppd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    dot(e, i, FpType::F64)
}
