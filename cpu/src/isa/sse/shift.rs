//! Shifts of lanes by one count, which is not taken modulo the width: large counts give zeros or sign bits.

use super::{binary, mmx_check, source};
use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Width};
use crate::vec::{Shape, VShift};

/// dst <- first shifted by the low quadword of the source, or by the immediate.
#[inline(always)]
fn shift<E: Emit>(e: &mut E, i: &Insn, word: VShift, lane_bits: u64, arithmetic: bool) -> Done<E> {
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    if let Operand::Imm = i.src() {
        let n = i.imm as u64 & 0xff;
        let a = e.xread(bytes, true, i, i.first())?;
        let x = if n >= lane_bits && !arithmetic {
            e.vimm(0, 0)
        } else {
            let n = e.imm(n.min(lane_bits - 1));
            e.vshift(word, a, n)
        };
        return e.xwrite(bytes, true, i, i.dst(), x);
    }
    let count = source(e, i, bytes, i.src())?;
    let a = e.xread(bytes, true, i, i.first())?;
    let n = e.vextract(Shape::I64x2, 0, count);
    let limit = e.imm(lane_bits);
    let fits = e.ult(n, limit);
    let x = if arithmetic {
        let most = e.imm(lane_bits - 1);
        let n = e.select(fits, n, most);
        e.vshift(word, a, n)
    } else {
        let n = e.zext(Width::W8, n);
        let x = e.vshift(word, a, n);
        let zero = e.vimm(0, 0);
        e.vselect(fits, x, zero)
    };
    e.xwrite(bytes, true, i, i.dst(), x)
}

macro_rules! shifts {
    ($($(#[$doc:meta])* $name:ident $word:ident $bits:literal $arithmetic:literal;)*) => {
        $($(#[$doc])*
        #[inline(always)]
        pub fn $name<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
            shift(e, i, VShift::$word, $bits, $arithmetic)
        })*
    };
}

shifts! {
    /// PSLLW.
    psllw I16x8Shl 16 false;
    /// PSLLD.
    pslld I32x4Shl 32 false;
    /// PSLLQ.
    psllq I64x2Shl 64 false;
    /// PSRLW.
    psrlw I16x8ShrU 16 false;
    /// PSRLD.
    psrld I32x4ShrU 32 false;
    /// PSRLQ.
    psrlq I64x2ShrU 64 false;
    /// PSRAW.
    psraw I16x8ShrS 16 true;
    /// PSRAD.
    psrad I32x4ShrS 32 true;
}

/// PSLLDQ: the whole register by bytes.
#[inline(always)]
pub fn pslldq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let n = (i.imm as u64 & 0xff).min(16) as u8;
    let a = e.xread(16, true, i, i.first())?;
    let zero = e.vimm(0, 0);
    let x = e.vshuffle(core::array::from_fn(|k| 16 - n + k as u8), zero, a);
    e.xwrite(16, true, i, i.dst(), x)
}

/// PSRLDQ.
#[inline(always)]
pub fn psrldq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let n = (i.imm as u64 & 0xff).min(16) as u8;
    let a = e.xread(16, true, i, i.first())?;
    let zero = e.vimm(0, 0);
    let x = e.vshuffle(core::array::from_fn(|k| n + k as u8), a, zero);
    e.xwrite(16, true, i, i.dst(), x)
}

/// PALIGNR: the source and above it the destination, shifted right by bytes.
#[inline(always)]
pub fn palignr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let bytes = e.vector_bytes(i);
    let n = i.imm as u64 & 0xff;
    binary(e, i, |e, a, b| {
        let zero = e.vimm(0, 0);
        let width = bytes as u64;
        let (low, high, n) = match n / width {
            0 => (b, a, n),
            1 => (a, zero, n - width),
            _ => (zero, zero, 0),
        };
        // Byte k of the result is byte k + n of high:low; for MMX `high` starts at byte 8.
        let lanes = core::array::from_fn(|k| {
            let at = k as u64 + n;
            if at < width { at as u8 } else { (16 + (at - width).min(15)) as u8 }
        });
        e.vshuffle(lanes, low, high)
    })
}
