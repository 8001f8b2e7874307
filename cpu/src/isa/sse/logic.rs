//! Bitwise operations, tests and blends of whole registers.

use super::binary;
use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::insn::{Insn, Operand, Vex};
use crate::isa::avx;
use crate::vec::{Shape, VBin, VShift};

macro_rules! bitwise {
    ($($(#[$doc:meta])* $name:ident $word:ident;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            binary(e, i, |e, a, b| e.vbin(VBin::$word, a, b))
        })*
    };
}

bitwise! {
    /// PAND, ANDPS, ANDPD.
    pand V128And;
    /// POR, ORPS, ORPD.
    por V128Or;
    /// PXOR, XORPS, XORPD.
    pxor V128Xor;
}

/// PANDN, ANDNPS, ANDNPD: !dst & src.
#[inline(always)]
pub fn pandn<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| e.vbin(VBin::V128Andnot, b, a))
}

/// ZF = (src & dst) is 0, CF = (src & !dst) is 0, the others 0. Of each quadword the bits in `mask` count.
#[inline(always)]
fn test<E: Emit>(e: &mut E, i: &Insn, mask: u64) -> Done<E> {
    let ((b, high_b), (a, high_a)) = if i.vex == Vex::L256 {
        (avx::read(e, i, i.src())?, avx::read(e, i, i.dst())?)
    } else {
        let (b, a, zero) = (e.xread(16, true, i, i.src())?, e.xread(16, true, i, i.dst())?, e.vimm(0, 0));
        ((b, zero), (a, zero))
    };
    let (mut both, mut rest) = (e.vbin(VBin::V128And, b, a), e.vbin(VBin::V128Andnot, b, a));
    if i.vex == Vex::L256 {
        let (high_both, high_rest) = (e.vbin(VBin::V128And, high_b, high_a), e.vbin(VBin::V128Andnot, high_b, high_a));
        (both, rest) = (e.vbin(VBin::V128Or, both, high_both), e.vbin(VBin::V128Or, rest, high_rest));
    }
    if mask != u64::MAX {
        let mask = e.vimm(mask, mask);
        (both, rest) = (e.vbin(VBin::V128And, both, mask), e.vbin(VBin::V128And, rest, mask));
    }
    let (zf, cf) = (e.vany(both), e.vany(rest));
    let (zero, z, c) = (e.imm(0), e.imm(bits::ZF), e.imm(bits::CF));
    let z = e.select(zf, zero, z);
    let c = e.select(cf, zero, c);
    let v = e.or(z, c);
    e.set_status(bits::STATUS, v);
    Ok(())
}

/// PTEST.
#[inline(always)]
pub fn ptest<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    test(e, i, u64::MAX)
}

/// VTESTPS: PTEST of the signs.
pub fn vtestps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    test(e, i, 0x8000_0000_8000_0000)
}

/// VTESTPD.
pub fn vtestpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    test(e, i, 1 << 63)
}

/// Lanes by the bits of the immediate: PBLENDW, BLENDPS, BLENDPD.
#[inline(always)]
fn blend<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    let bytes = shape.bytes() as u8;
    binary(e, i, |e, a, b| {
        let lanes = core::array::from_fn(|n| {
            let n = n as u8;
            if i.imm >> (n / bytes) & 1 != 0 { n + 16 } else { n }
        });
        e.vshuffle(lanes, a, b)
    })
}

/// PBLENDW.
#[inline(always)]
pub fn pblendw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blend(e, i, Shape::I16x8)
}

/// BLENDPS, VPBLENDD.
#[inline(always)]
pub fn blendps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blend(e, i, Shape::I32x4)
}

/// BLENDPD.
#[inline(always)]
pub fn blendpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blend(e, i, Shape::I64x2)
}

/// Lanes by the top bits of xmm0's, or of a third register's: PBLENDVB, BLENDVPS, BLENDVPD.
#[inline(always)]
fn blendv<E: Emit>(e: &mut E, i: &Insn, spread: VShift, bits: u64) -> Done<E> {
    let b = e.xread(16, true, i, i.src())?;
    let a = e.xread(16, true, i, i.first())?;
    let mask = if i.vex == Vex::None { Operand::Xmm(0) } else { i.ops[2] };
    let mask = e.xread(16, true, i, mask)?;
    let n = e.imm(bits - 1);
    let mask = e.vshift(spread, mask, n);
    let x = e.vbitselect(b, a, mask);
    e.xwrite(16, true, i, i.dst(), x)
}

/// PBLENDVB.
#[inline(always)]
pub fn pblendvb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blendv(e, i, VShift::I8x16ShrS, 8)
}

/// BLENDVPS.
#[inline(always)]
pub fn blendvps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blendv(e, i, VShift::I32x4ShrS, 32)
}

/// BLENDVPD.
#[inline(always)]
pub fn blendvpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    blendv(e, i, VShift::I64x2ShrS, 64)
}
