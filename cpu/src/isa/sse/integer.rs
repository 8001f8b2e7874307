//! Arithmetic and comparison of packed integers.

use super::{binary, unary};
use crate::emit::{Done, Emit};
use crate::insn::Insn;
use crate::vec::{Shape, VBin, VShift, VUn};

macro_rules! by_word {
    ($($(#[$doc:meta])* $name:ident $word:ident;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            binary(e, i, |e, a, b| e.vbin(VBin::$word, a, b))
        })*
    };
}

by_word! {
    /// PADDB.
    paddb I8x16Add;
    /// PADDW.
    paddw I16x8Add;
    /// PADDD.
    paddd I32x4Add;
    /// PADDQ.
    paddq I64x2Add;
    /// PADDSB.
    paddsb I8x16AddSatS;
    /// PADDSW.
    paddsw I16x8AddSatS;
    /// PADDUSB.
    paddusb I8x16AddSatU;
    /// PADDUSW.
    paddusw I16x8AddSatU;
    /// PSUBB.
    psubb I8x16Sub;
    /// PSUBW.
    psubw I16x8Sub;
    /// PSUBD.
    psubd I32x4Sub;
    /// PSUBQ.
    psubq I64x2Sub;
    /// PSUBSB.
    psubsb I8x16SubSatS;
    /// PSUBSW.
    psubsw I16x8SubSatS;
    /// PSUBUSB.
    psubusb I8x16SubSatU;
    /// PSUBUSW.
    psubusw I16x8SubSatU;
    /// PAVGB.
    pavgb I8x16AvgrU;
    /// PAVGW.
    pavgw I16x8AvgrU;
    /// PMINUB.
    pminub I8x16MinU;
    /// PMINUW.
    pminuw I16x8MinU;
    /// PMINUD.
    pminud I32x4MinU;
    /// PMINSB.
    pminsb I8x16MinS;
    /// PMINSW.
    pminsw I16x8MinS;
    /// PMINSD.
    pminsd I32x4MinS;
    /// PMAXUB.
    pmaxub I8x16MaxU;
    /// PMAXUW.
    pmaxuw I16x8MaxU;
    /// PMAXUD.
    pmaxud I32x4MaxU;
    /// PMAXSB.
    pmaxsb I8x16MaxS;
    /// PMAXSW.
    pmaxsw I16x8MaxS;
    /// PMAXSD.
    pmaxsd I32x4MaxS;
    /// PCMPEQB.
    pcmpeqb I8x16Eq;
    /// PCMPEQW.
    pcmpeqw I16x8Eq;
    /// PCMPEQD.
    pcmpeqd I32x4Eq;
    /// PCMPEQQ.
    pcmpeqq I64x2Eq;
    /// PCMPGTB.
    pcmpgtb I8x16GtS;
    /// PCMPGTW.
    pcmpgtw I16x8GtS;
    /// PCMPGTD.
    pcmpgtd I32x4GtS;
    /// PCMPGTQ.
    pcmpgtq I64x2GtS;
    /// PMULLW.
    pmullw I16x8Mul;
    /// PMULLD.
    pmulld I32x4Mul;
    /// PMADDWD.
    pmaddwd I32x4DotI16x8S;
}

/// The odd words of two vectors of doublewords: the high halves of eight products.
#[inline(always)]
fn high_words<E: Emit>(e: &mut E, low: E::X, high: E::X) -> E::X {
    e.vshuffle(core::array::from_fn(|k| (k as u8 / 2) * 4 + 2 + k as u8 % 2), low, high)
}

/// PMULHW.
#[inline(always)]
pub fn pmulhw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let low = e.vbin(VBin::I32x4ExtmulLowI16x8S, a, b);
        let high = e.vbin(VBin::I32x4ExtmulHighI16x8S, a, b);
        high_words(e, low, high)
    })
}

/// PMULHUW.
#[inline(always)]
pub fn pmulhuw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let low = e.vbin(VBin::I32x4ExtmulLowI16x8U, a, b);
        let high = e.vbin(VBin::I32x4ExtmulHighI16x8U, a, b);
        high_words(e, low, high)
    })
}

/// PMULHRSW: ((a * b >> 14) + 1) >> 1. Not wasm's q15mulr, which saturates.
#[inline(always)]
pub fn pmulhrsw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let round = e.vimm(0x4000_0000_4000, 0x4000_0000_4000);
        let one = e.imm(1);
        let products = [VBin::I32x4ExtmulLowI16x8S, VBin::I32x4ExtmulHighI16x8S].map(|word| {
            let x = e.vbin(word, a, b);
            let x = e.vbin(VBin::I32x4Add, x, round);
            e.vshift(VShift::I32x4Shl, x, one)
        });
        high_words(e, products[0], products[1])
    })
}

/// The even doublewords, multiplied to quadwords: PMULUDQ, PMULDQ.
#[inline(always)]
fn even_products<E: Emit>(e: &mut E, i: &Insn, word: VBin) -> Done<E> {
    const EVEN: [u8; 16] = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];
    binary(e, i, |e, a, b| {
        let (a, b) = (e.vshuffle(EVEN, a, a), e.vshuffle(EVEN, b, b));
        e.vbin(word, a, b)
    })
}

/// PMULUDQ.
#[inline(always)]
pub fn pmuludq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    even_products(e, i, VBin::I64x2ExtmulLowI32x4U)
}

/// PMULDQ.
#[inline(always)]
pub fn pmuldq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    even_products(e, i, VBin::I64x2ExtmulLowI32x4S)
}

/// |a - b| of unsigned bytes.
#[inline(always)]
fn distance<E: Emit>(e: &mut E, a: E::X, b: E::X) -> E::X {
    let above = e.vbin(VBin::I8x16SubSatU, a, b);
    let below = e.vbin(VBin::I8x16SubSatU, b, a);
    e.vbin(VBin::V128Or, above, below)
}

/// PSADBW: the sum of the distances of eight bytes, for each quadword.
#[inline(always)]
pub fn psadbw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let d = distance(e, a, b);
        let eight = e.imm(8);
        let even_mask = e.vimm(0x00ff_00ff_00ff_00ff, 0x00ff_00ff_00ff_00ff);
        let even = e.vbin(VBin::V128And, d, even_mask);
        let odd = e.vshift(VShift::I16x8ShrU, d, eight);
        let words = e.vbin(VBin::I16x8Add, even, odd);
        let ones = e.vimm(0x0001_0001_0001_0001, 0x0001_0001_0001_0001);
        let doublewords = e.vbin(VBin::I32x4DotI16x8S, words, ones);
        let half = e.imm(32);
        let upper = e.vshift(VShift::I64x2ShrU, doublewords, half);
        let sum = e.vbin(VBin::I32x4Add, doublewords, upper);
        let low_mask = e.vimm(0xffff_ffff, 0xffff_ffff);
        e.vbin(VBin::V128And, sum, low_mask)
    })
}

/// PMADDUBSW: unsigned bytes of the destination times signed bytes of the source, pairs added with saturation.
#[inline(always)]
pub fn pmaddubsw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let eight = e.imm(8);
        let mask = e.vimm(0x00ff_00ff_00ff_00ff, 0x00ff_00ff_00ff_00ff);
        let a_even = e.vbin(VBin::V128And, a, mask);
        let a_odd = e.vshift(VShift::I16x8ShrU, a, eight);
        let b_up = e.vshift(VShift::I16x8Shl, b, eight);
        let b_even = e.vshift(VShift::I16x8ShrS, b_up, eight);
        let b_odd = e.vshift(VShift::I16x8ShrS, b, eight);
        let even = e.vbin(VBin::I16x8Mul, a_even, b_even);
        let odd = e.vbin(VBin::I16x8Mul, a_odd, b_odd);
        e.vbin(VBin::I16x8AddSatS, even, odd)
    })
}

/// The even and the odd lanes of both operands, joined: what horizontal operations combine.
#[inline(always)]
fn pairs<E: Emit>(e: &mut E, bytes: u32, lane: u8, a: E::X, b: E::X) -> (E::X, E::X) {
    // MMX registers first become one vector.
    let (a, b, lanes) = if bytes == 8 {
        let both = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
        let joined = e.vshuffle(both, a, b);
        (joined, joined, 8)
    } else {
        (a, b, 16)
    };
    let pick = |odd: u8| {
        core::array::from_fn(|k| {
            let k = k as u8;
            // MMX: eight bytes make the whole result; what lies above is dropped.
            let k = if lanes == 8 { k % 8 } else { k };
            (k / lane) * 2 * lane + odd * lane + k % lane
        })
    };
    (e.vshuffle(pick(0), a, b), e.vshuffle(pick(1), a, b))
}

macro_rules! horizontal {
    ($($(#[$doc:meta])* $name:ident $lane:literal $word:ident;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            let bytes = e.vector_bytes(i);
            binary(e, i, |e, a, b| {
                let (even, odd) = pairs(e, bytes, $lane, a, b);
                e.vbin(VBin::$word, even, odd)
            })
        })*
    };
}

horizontal! {
    /// PHADDW.
    phaddw 2 I16x8Add;
    /// PHADDD.
    phaddd 4 I32x4Add;
    /// PHADDSW.
    phaddsw 2 I16x8AddSatS;
    /// PHSUBW.
    phsubw 2 I16x8Sub;
    /// PHSUBD.
    phsubd 4 I32x4Sub;
    /// PHSUBSW.
    phsubsw 2 I16x8SubSatS;
}

/// PABSB.
#[inline(always)]
pub fn pabsb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vun(VUn::I8x16Abs, b))
}

/// PABSW.
#[inline(always)]
pub fn pabsw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vun(VUn::I16x8Abs, b))
}

/// PABSD.
#[inline(always)]
pub fn pabsd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vun(VUn::I32x4Abs, b))
}

/// The destination with the source's sign: negated below 0, zero at 0.
#[inline(always)]
fn sign<E: Emit>(e: &mut E, i: &Insn, less: VBin, equal: VBin, negate: VUn) -> Done<E> {
    binary(e, i, |e, a, b| {
        let zero = e.vimm(0, 0);
        let below = e.vbin(less, b, zero);
        let at = e.vbin(equal, b, zero);
        let minus = e.vun(negate, a);
        let x = e.vbitselect(minus, a, below);
        e.vbin(VBin::V128Andnot, x, at)
    })
}

/// PSIGNB.
#[inline(always)]
pub fn psignb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    sign(e, i, VBin::I8x16LtS, VBin::I8x16Eq, VUn::I8x16Neg)
}

/// PSIGNW.
#[inline(always)]
pub fn psignw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    sign(e, i, VBin::I16x8LtS, VBin::I16x8Eq, VUn::I16x8Neg)
}

/// PSIGND.
#[inline(always)]
pub fn psignd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    sign(e, i, VBin::I32x4LtS, VBin::I32x4Eq, VUn::I32x4Neg)
}

/// MPSADBW: eight sums of four distances, between one block of the source and a sliding one of the destination.
pub fn mpsadbw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let first = (i.imm >> 2 & 1) as u8 * 4;
    let block = (i.imm & 3) as u8 * 4;
    binary(e, i, |e, a, b| {
        let mut sum = e.vimm(0, 0);
        for k in 0..4u8 {
            let word = |from: u8| move |n: usize| if n.is_multiple_of(2) { from + n as u8 / 2 } else { 16 };
            let zero = e.vimm(0, 0);
            let sliding = e.vshuffle(core::array::from_fn(word(first + k)), a, zero);
            let fixed = e.vextract(Shape::I8x16, block + k, b);
            let fixed = e.vsplat(Shape::I16x8, fixed);
            let d = distance(e, sliding, fixed);
            sum = e.vbin(VBin::I16x8Add, sum, d);
        }
        sum
    })
}
