//! What AVX and AVX2 have and SSE has not: broadcasts, moves between the halves, shifts by a count for each lane.

use super::{read, write};
use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Vex, Width};
use crate::vec::{Shape, VBin, VShift};

/// VZEROUPPER.
pub fn zeroupper<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    zero(e, crate::state::UPPER)
}

/// VZEROALL.
pub fn zeroall<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    zero(e, 0)
}

fn zero<E: Emit>(e: &mut E, first: u8) -> Done<E> {
    let zero = e.vimm(0, 0);
    (first..2 * crate::state::UPPER).for_each(|r| e.set_xmm(r, zero));
    Ok(())
}

/// The lowest lane of the source everywhere.
fn broadcast<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    let v = if i.src() == Operand::Mem {
        e.read(Width::of_bytes(shape.bytes()), i, Operand::Mem)?
    } else {
        let x = e.xread(16, false, i, i.src())?;
        e.vextract(shape, 0, x)
    };
    let x = e.vsplat(shape, v);
    write(e, i, x, x)
}

/// VPBROADCASTB.
pub fn pbroadcastb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    broadcast(e, i, Shape::I8x16)
}

/// VPBROADCASTW.
pub fn pbroadcastw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    broadcast(e, i, Shape::I16x8)
}

/// VBROADCASTSS, VPBROADCASTD.
pub fn broadcastss<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    broadcast(e, i, Shape::I32x4)
}

/// VBROADCASTSD, VPBROADCASTQ.
pub fn broadcastsd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    broadcast(e, i, Shape::I64x2)
}

/// VBROADCASTF128, VBROADCASTI128.
pub fn broadcastf128<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let x = e.xread(16, false, i, i.src())?;
    write(e, i, x, x)
}

/// VEXTRACTF128, VEXTRACTI128.
pub fn extractf128<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (low, high) = read(e, i, i.src())?;
    e.xwrite(16, false, i, i.dst(), if i.imm & 1 == 0 { low } else { high })
}

/// VINSERTF128, VINSERTI128.
pub fn insertf128<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let x = e.xread(16, false, i, i.src())?;
    let (low, high) = read(e, i, i.first())?;
    if i.imm & 1 == 0 { write(e, i, x, high) } else { write(e, i, low, x) }
}

/// VPERM2F128, VPERM2I128: each half is one of the four of both sources, or zero.
pub fn perm2f128<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (b, a) = (read(e, i, i.src())?, read(e, i, i.first())?);
    let zero = e.vimm(0, 0);
    let pick = |control: i64| match control & 11 {
        0 => a.0,
        1 => a.1,
        2 => b.0,
        3 => b.1,
        _ => zero,
    };
    write(e, i, pick(i.imm), pick(i.imm >> 4))
}

/// Byte lanes from lane numbers in the immediate, `bits` each.
fn by_immediate(i: &Insn, lane: u8, bits: u8) -> [u8; 16] {
    core::array::from_fn(|k| {
        let n = k as u8 / lane;
        (i.imm as u8 >> (n * bits) & ((1 << bits) - 1)) * lane + k as u8 % lane
    })
}

/// Byte lanes from the low bits of each lane of `numbers`: `step` bytes a lane, and the bytes of one lane from `first` on.
fn by_numbers<E: Emit>(e: &mut E, numbers: E::X, wide: bool) -> E::X {
    let (low, step, first, multiply, add) = if wide {
        (1, 0x0808_0808_0808_0808, 0x0706_0504_0302_0100, VBin::I64x2Mul, VBin::I64x2Add)
    } else {
        (0x3_0000_0003, 0x0404_0404_0404_0404, 0x0302_0100_0302_0100, VBin::I32x4Mul, VBin::I32x4Add)
    };
    let (low, step, first) = (e.vimm(low, low), e.vimm(step, step), e.vimm(first, first));
    let x = e.vbin(VBin::V128And, numbers, low);
    let x = e.vbin(multiply, x, step);
    e.vbin(add, x, first)
}

/// VPERMILPS: within 128 bits, by the immediate or a register.
pub fn permilps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    permil(e, i, false)
}

/// VPERMILPD.
pub fn permilpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    permil(e, i, true)
}

fn permil<E: Emit>(e: &mut E, i: &Insn, wide: bool) -> Done<E> {
    let b = e.xread(16, false, i, i.src())?;
    let x = if i.ops[2] == Operand::Imm {
        let lanes = if wide { by_immediate(i, 8, 1) } else { by_immediate(i, 4, 2) };
        e.vshuffle(lanes, b, b)
    } else {
        let a = e.xread(16, false, i, i.first())?;
        // Doubles are chosen by the second bit.
        let one = e.imm(1);
        let numbers = if wide { e.vshift(VShift::I64x2ShrU, b, one) } else { b };
        let lanes = by_numbers(e, numbers, wide);
        e.vbin(VBin::I8x16Swizzle, a, lanes)
    };
    e.xwrite(16, false, i, i.dst(), x)
}

/// VPERMD, VPERMPS: eight doublewords by the numbers in the first source.
pub fn permd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let ((low, high), numbers) = (read(e, i, i.src())?, read(e, i, i.first())?);
    let mut half = |numbers| {
        let lanes = by_numbers(e, numbers, false);
        let (from_low, from_high) = (e.vbin(VBin::I8x16Swizzle, low, lanes), e.vbin(VBin::I8x16Swizzle, high, lanes));
        let (up, down) = (e.imm(29), e.imm(31));
        let is_high = e.vshift(VShift::I32x4Shl, numbers, up);
        let is_high = e.vshift(VShift::I32x4ShrS, is_high, down);
        e.vbitselect(from_high, from_low, is_high)
    };
    let (x, y) = (half(numbers.0), half(numbers.1));
    write(e, i, x, y)
}

/// VPERMQ, VPERMPD: four quadwords by the immediate.
pub fn permq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (low, high) = read(e, i, i.src())?;
    let x = e.vshuffle(by_immediate(i, 8, 2), low, high);
    let upper = Insn { imm: i.imm >> 4, ..*i };
    let y = e.vshuffle(by_immediate(&upper, 8, 2), low, high);
    write(e, i, x, y)
}

/// Lanes shifted by counts of their own; counts beyond the lane give zeros, or signs.
fn shift_each<E: Emit>(e: &mut E, i: &Insn, shape: Shape, word: VShift) -> Done<E> {
    debug_assert!(i.vex == Vex::L128);
    let b = e.xread(16, false, i, i.src())?;
    let a = e.xread(16, false, i, i.first())?;
    let width = Width::of_bytes(shape.bytes());
    let bits = e.imm(8 * shape.bytes() as u64);
    let signed = word == VShift::I32x4ShrS;
    let mut x = a;
    for lane in 0..(16 / shape.bytes()) as u8 {
        let (v, n) = (e.vextract(shape, lane, a), e.vextract(shape, lane, b));
        let fits = e.ult(n, bits);
        let v = if signed {
            let most = e.imm(31);
            let n = e.select(fits, n, most);
            e.sar(width, v, n)
        } else {
            let (zero, mask) = (e.imm(0), e.imm(8 * shape.bytes() as u64 - 1));
            let n = e.and(n, mask);
            let v = if matches!(word, VShift::I32x4Shl | VShift::I64x2Shl) {
                e.shl(width, v, n)
            } else {
                e.shr(width, v, n)
            };
            e.select(fits, v, zero)
        };
        x = e.vreplace(shape, lane, x, v);
    }
    e.xwrite(16, false, i, i.dst(), x)
}

/// VPSLLVD.
pub fn psllvd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    shift_each(e, i, Shape::I32x4, VShift::I32x4Shl)
}

/// VPSLLVQ.
pub fn psllvq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    shift_each(e, i, Shape::I64x2, VShift::I64x2Shl)
}

/// VPSRAVD.
pub fn psravd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    shift_each(e, i, Shape::I32x4, VShift::I32x4ShrS)
}

/// VPSRLVD.
pub fn psrlvd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    shift_each(e, i, Shape::I32x4, VShift::I32x4ShrU)
}

/// VPSRLVQ.
pub fn psrlvq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    shift_each(e, i, Shape::I64x2, VShift::I64x2ShrU)
}
