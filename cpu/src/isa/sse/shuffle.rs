//! Lanes to other places: shuffles, unpacks, packs, duplicates, widening moves.

use super::{binary, unary};
use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Vex, Width};
use crate::isa::avx;
use crate::vec::{Shape, VBin, VUn};

/// Byte lanes from lane numbers: lane n of the result is lane `pick(n)` of the two operands.
#[inline(always)]
fn lanes(bytes: u8, pick: impl Fn(u8) -> u8) -> [u8; 16] {
    core::array::from_fn(|k| pick(k as u8 / bytes) * bytes + k as u8 % bytes)
}

/// Two bits of the immediate.
#[inline(always)]
fn two(imm: i64, n: u8) -> u8 {
    (imm >> (2 * n) & 3) as u8
}

/// PSHUFD.
#[inline(always)]
pub fn pshufd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vshuffle(lanes(4, |n| two(i.imm, n)), b, b))
}

/// PSHUFLW.
#[inline(always)]
pub fn pshuflw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vshuffle(lanes(2, |n| if n < 4 { two(i.imm, n) } else { n }), b, b))
}

/// PSHUFW.
#[inline(always)]
pub fn pshufw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    pshuflw(e, i)
}

/// PSHUFHW.
#[inline(always)]
pub fn pshufhw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vshuffle(lanes(2, |n| if n < 4 { n } else { 4 + two(i.imm, n - 4) }), b, b))
}

/// SHUFPS: two lanes of the destination, then two of the source.
#[inline(always)]
pub fn shufps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| e.vshuffle(lanes(4, |n| two(i.imm, n) + if n < 2 { 0 } else { 4 }), a, b))
}

/// SHUFPD.
#[inline(always)]
pub fn shufpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| e.vshuffle(lanes(8, |n| (i.imm >> n & 1) as u8 + 2 * n), a, b))
}

/// Lanes of both operands in turn, from the low or the high half.
#[inline(always)]
fn unpack<E: Emit>(e: &mut E, i: &Insn, bytes: u8, high: bool) -> Done<E> {
    let half = e.vector_bytes(i) as u8 / bytes / 2;
    let first = if high { half } else { 0 };
    let all = 16 / bytes;
    binary(e, i, |e, a, b| e.vshuffle(lanes(bytes, |n| (first + n / 2) % all + n % 2 * all), a, b))
}

macro_rules! unpacks {
    ($($(#[$doc:meta])* $name:ident $bytes:literal $high:literal;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            unpack(e, i, $bytes, $high)
        })*
    };
}

unpacks! {
    /// PUNPCKLBW.
    punpcklbw 1 false;
    /// PUNPCKLWD.
    punpcklwd 2 false;
    /// PUNPCKLDQ, UNPCKLPS.
    punpckldq 4 false;
    /// PUNPCKLQDQ, UNPCKLPD, MOVLHPS.
    punpcklqdq 8 false;
    /// PUNPCKHBW.
    punpckhbw 1 true;
    /// PUNPCKHWD.
    punpckhwd 2 true;
    /// PUNPCKHDQ, UNPCKHPS.
    punpckhdq 4 true;
    /// PUNPCKHQDQ, UNPCKHPD.
    punpckhqdq 8 true;
}

/// MOVHLPS: the source's high half into the low half.
#[inline(always)]
pub fn movhlps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    binary(e, i, |e, a, b| e.vshuffle(lanes(8, |n| if n == 0 { 3 } else { 1 }), a, b))
}

/// MOVSLDUP.
#[inline(always)]
pub fn movsldup<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vshuffle(lanes(4, |n| n & 2), b, b))
}

/// MOVSHDUP.
#[inline(always)]
pub fn movshdup<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| e.vshuffle(lanes(4, |n| n | 1), b, b))
}

/// MOVDDUP: the low quadword twice.
#[inline(always)]
pub fn movddup<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let b = e.xread(if i.src() == Operand::Mem { 8 } else { 16 }, false, i, i.src())?;
    let x = e.vshuffle(lanes(8, |_| 0), b, b);
    e.xwrite(16, true, i, i.dst(), x)
}

/// Both operands narrowed with saturation; MMX registers are joined first, so that one word does both files.
#[inline(always)]
fn pack<E: Emit>(e: &mut E, i: &Insn, word: VBin) -> Done<E> {
    let bytes = e.vector_bytes(i);
    binary(e, i, |e, a, b| {
        if bytes == 16 {
            return e.vbin(word, a, b);
        }
        let joined = e.vshuffle(lanes(8, |n| 2 * n), a, b);
        e.vbin(word, joined, joined)
    })
}

/// PACKSSWB.
#[inline(always)]
pub fn packsswb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    pack(e, i, VBin::I8x16NarrowI16x8S)
}

/// PACKUSWB.
#[inline(always)]
pub fn packuswb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    pack(e, i, VBin::I8x16NarrowI16x8U)
}

/// PACKSSDW.
#[inline(always)]
pub fn packssdw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    pack(e, i, VBin::I16x8NarrowI32x4S)
}

/// PACKUSDW.
#[inline(always)]
pub fn packusdw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    pack(e, i, VBin::I16x8NarrowI32x4U)
}

/// PSHUFB: byte by byte; a control byte with its top bit set gives 0.
#[inline(always)]
pub fn pshufb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let keep = if e.vector_bytes(i) == 8 { 0x8787_8787_8787_8787 } else { 0x8f8f_8f8f_8f8f_8f8f };
    binary(e, i, |e, a, b| {
        let keep = e.vimm(keep, keep);
        let b = e.vbin(VBin::V128And, b, keep);
        e.vbin(VBin::I8x16Swizzle, a, b)
    })
}

/// PMOVSX*, PMOVZX*: the low lanes, widened once or more.
#[inline(always)]
fn widen<E: Emit>(e: &mut E, i: &Insn, bytes: u32, words: &[VUn]) -> Done<E> {
    let wide = i.vex == Vex::L256;
    let from = if wide { 2 * bytes } else { bytes };
    let b = e.xread(if i.src() == Operand::Mem { from } else { 16 }, false, i, i.src())?;
    let mut x = b;
    for word in words {
        x = e.vun(*word, x);
    }
    if !wide {
        return e.xwrite(16, true, i, i.dst(), x);
    }
    let mut high = e.vshuffle(core::array::from_fn(|k| (k as u8 + bytes as u8) % 16), b, b);
    for word in words {
        high = e.vun(*word, high);
    }
    avx::write(e, i, x, high)
}

macro_rules! widening {
    ($($(#[$doc:meta])* $name:ident $bytes:literal $($word:ident)*;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            widen(e, i, $bytes, &[$(VUn::$word),*])
        })*
    };
}

widening! {
    /// PMOVSXBW.
    pmovsxbw 8 I16x8ExtendLowI8x16S;
    /// PMOVSXBD.
    pmovsxbd 4 I16x8ExtendLowI8x16S I32x4ExtendLowI16x8S;
    /// PMOVSXBQ.
    pmovsxbq 2 I16x8ExtendLowI8x16S I32x4ExtendLowI16x8S I64x2ExtendLowI32x4S;
    /// PMOVSXWD.
    pmovsxwd 8 I32x4ExtendLowI16x8S;
    /// PMOVSXWQ.
    pmovsxwq 4 I32x4ExtendLowI16x8S I64x2ExtendLowI32x4S;
    /// PMOVSXDQ.
    pmovsxdq 8 I64x2ExtendLowI32x4S;
    /// PMOVZXBW.
    pmovzxbw 8 I16x8ExtendLowI8x16U;
    /// PMOVZXBD.
    pmovzxbd 4 I16x8ExtendLowI8x16U I32x4ExtendLowI16x8U;
    /// PMOVZXBQ.
    pmovzxbq 2 I16x8ExtendLowI8x16U I32x4ExtendLowI16x8U I64x2ExtendLowI32x4U;
    /// PMOVZXWD.
    pmovzxwd 8 I32x4ExtendLowI16x8U;
    /// PMOVZXWQ.
    pmovzxwq 4 I32x4ExtendLowI16x8U I64x2ExtendLowI32x4U;
    /// PMOVZXDQ.
    pmovzxdq 8 I64x2ExtendLowI32x4U;
}

/// PHMINPOSUW: the smallest word and its place.
pub fn phminposuw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    unary(e, i, |e, b| {
        let (mut least, mut place) = (e.vextract(Shape::I16x8, 0, b), e.imm(0));
        for n in 1..8u8 {
            let (v, k) = (e.vextract(Shape::I16x8, n, b), e.imm(n as u64));
            let less = e.ult(v, least);
            least = e.select(less, v, least);
            place = e.select(less, k, place);
        }
        let sixteen = e.imm(16);
        let place = e.shl(Width::W32, place, sixteen);
        let v = e.or(least, place);
        let zero = e.vimm(0, 0);
        e.vreplace(Shape::I64x2, 0, zero, v)
    })
}
