//! Moves between vector registers, general registers and memory; masks to general registers.

use super::{mmx_check, mmx_top, mmx_touch};
use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Vex, Width};
use crate::isa::avx;
use crate::vec::{Shape, VBin};
use crate::{Cpu, Exit, Gpr, Guest};

/// MOVAPS, MOVAPD, MOVDQA, MOVNTPS, MOVNTPD, MOVNTDQ, MOVNTDQA: a whole register; memory must be aligned.
#[inline(always)]
pub fn movaps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    if i.vex != Vex::None {
        avx::check_aligned(e, i)?;
        return movups(e, i);
    }
    let x = e.xread(16, true, i, i.src())?;
    e.xwrite(16, true, i, i.dst(), x)
}

/// MOVUPS, MOVUPD, MOVDQU, LDDQU: a whole register, memory anywhere.
#[inline(always)]
pub fn movups<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    if i.vex == Vex::L256 {
        let (low, high) = avx::read(e, i, i.src())?;
        return avx::write(e, i, low, high);
    }
    let x = e.xread(16, false, i, i.src())?;
    e.xwrite(16, false, i, i.dst(), x)
}

/// The low `bytes` of the source, zeros above.
#[inline(always)]
fn low_move<E: Emit>(e: &mut E, i: &Insn, bytes: u32) -> Done<E> {
    let mmx = e.vector_bytes(i);
    mmx_check(e, i, mmx)?;
    let x = e.xread(bytes, false, i, i.src())?;
    match i.dst() {
        Operand::Xmm(r) => {
            let lane = e.vextract(Shape::I64x2, 0, x);
            let zero = e.vimm(0, 0);
            let x = e.vreplace(Shape::I64x2, 0, zero, lane);
            e.set_xmm(r, x);
            mmx_touch(e, i, mmx)
        }
        Operand::Mmx(r) => {
            e.set_mmx(r, x);
            Ok(())
        }
        Operand::Reg(_) => {
            let shape = if bytes == 4 { Shape::I32x4 } else { Shape::I64x2 };
            let v = e.vextract(shape, 0, x);
            e.write(Width::of_bytes(bytes), i, i.dst(), v)?;
            mmx_touch(e, i, mmx)
        }
        _ => {
            mmx_top(e, i, mmx)?;
            e.xwrite(bytes, false, i, i.dst(), x)?;
            mmx_touch(e, i, mmx)
        }
    }
}

/// MOVD: 32 bits between a vector register and a general register or memory.
#[inline(always)]
pub fn movd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    low_move(e, i, 4)
}

/// MOVQ: 64 bits between vector registers, general registers and memory. MOVNTQ. MOVQ2DQ and MOVDQ2Q, which change file.
#[inline(always)]
pub fn movq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    low_move(e, i, 8)
}

/// MOVNTI.
#[inline(always)]
pub fn movnti<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.src_width, i, i.src())?;
    e.write(i.src_width, i, i.dst(), v)
}

/// MOVSS and MOVSD: between registers the low lane alone, from memory with zeros above.
#[inline(always)]
fn scalar<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    let bytes = shape.bytes();
    match (i.dst(), i.src()) {
        (Operand::Xmm(d), Operand::Xmm(s)) => {
            let a = e.xread(16, true, i, i.first())?;
            let b = e.xmm(s);
            let lane = e.vextract(shape, 0, b);
            let x = e.vreplace(shape, 0, a, lane);
            e.set_xmm(d, x);
            Ok(())
        }
        (dst, src) => {
            let x = e.xread(bytes, false, i, src)?;
            e.xwrite(bytes, false, i, dst, x)
        }
    }
}

/// MOVSS.
#[inline(always)]
pub fn movss<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    scalar(e, i, Shape::I32x4)
}

/// MOVSD (the vector one).
#[inline(always)]
pub fn movsd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    scalar(e, i, Shape::I64x2)
}

/// A quadword between memory and `lane` of a register; the other lane stays.
#[inline(always)]
fn half<E: Emit>(e: &mut E, i: &Insn, lane: u8) -> Done<E> {
    match i.dst() {
        Operand::Xmm(d) => {
            let v = e.read(Width::W64, i, i.src())?;
            let a = e.xread(16, true, i, i.first())?;
            let x = e.vreplace(Shape::I64x2, lane, a, v);
            e.set_xmm(d, x);
            Ok(())
        }
        dst => {
            let x = e.xread(16, true, i, i.src())?;
            let v = e.vextract(Shape::I64x2, lane, x);
            e.write(Width::W64, i, dst, v)
        }
    }
}

/// MOVLPS, MOVLPD.
#[inline(always)]
pub fn movlps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    half(e, i, 0)
}

/// MOVHPS, MOVHPD.
#[inline(always)]
pub fn movhps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    half(e, i, 1)
}

/// The top bits of all lanes to a general register.
#[inline(always)]
fn mask<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    if i.vex == Vex::L256 {
        let (low, high) = avx::read(e, i, i.src())?;
        let (low, high, lanes) = (e.vbitmask(shape, low), e.vbitmask(shape, high), e.imm(16 / shape.bytes() as u64));
        let high = e.shl(Width::W32, high, lanes);
        let v = e.or(low, high);
        return e.write(Width::W64, i, i.dst(), v);
    }
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    let x = e.xread(bytes, true, i, i.src())?;
    let v = e.vbitmask(shape, x);
    e.write(Width::W64, i, i.dst(), v)?;
    mmx_touch(e, i, bytes)
}

/// PMOVMSKB.
#[inline(always)]
pub fn pmovmskb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    mask(e, i, Shape::I8x16)
}

/// MOVMSKPS.
#[inline(always)]
pub fn movmskps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    mask(e, i, Shape::I32x4)
}

/// MOVMSKPD.
#[inline(always)]
pub fn movmskpd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    mask(e, i, Shape::I64x2)
}

/// One lane to a general register or memory: PEXTRB, PEXTRW, PEXTRD, PEXTRQ, EXTRACTPS.
#[inline(always)]
fn extract<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    let lane = (i.imm as u32 & (bytes / shape.bytes() - 1)) as u8;
    let x = e.xread(bytes, true, i, i.src())?;
    let v = e.vextract(shape, lane, x);
    match i.dst() {
        Operand::Mem => e.write(Width::of_bytes(shape.bytes()), i, i.dst(), v)?,
        dst => e.write(Width::W64, i, dst, v)?,
    }
    mmx_touch(e, i, bytes)
}

/// PEXTRB.
#[inline(always)]
pub fn pextrb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    extract(e, i, Shape::I8x16)
}

/// PEXTRW.
#[inline(always)]
pub fn pextrw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    extract(e, i, Shape::I16x8)
}

/// PEXTRD, EXTRACTPS.
#[inline(always)]
pub fn pextrd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    extract(e, i, Shape::I32x4)
}

/// PEXTRQ.
#[inline(always)]
pub fn pextrq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    extract(e, i, Shape::I64x2)
}

/// One lane from a general register or memory: PINSRB, PINSRW, PINSRD, PINSRQ.
#[inline(always)]
fn insert<E: Emit>(e: &mut E, i: &Insn, shape: Shape) -> Done<E> {
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    let lane = (i.imm as u32 & (bytes / shape.bytes() - 1)) as u8;
    let v = e.read(Width::of_bytes(shape.bytes()), i, i.src())?;
    let x = e.xread(bytes, true, i, i.first())?;
    let x = e.vreplace(shape, lane, x, v);
    e.xwrite(bytes, true, i, i.dst(), x)
}

/// PINSRB.
#[inline(always)]
pub fn pinsrb<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    insert(e, i, Shape::I8x16)
}

/// PINSRW.
#[inline(always)]
pub fn pinsrw<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    insert(e, i, Shape::I16x8)
}

/// PINSRD.
#[inline(always)]
pub fn pinsrd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    insert(e, i, Shape::I32x4)
}

/// PINSRQ.
#[inline(always)]
pub fn pinsrq<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    insert(e, i, Shape::I64x2)
}

/// INSERTPS: a lane of the source into a lane of the destination, then lanes cleared by a mask.
#[inline(always)]
pub fn insertps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let control = i.imm as u8;
    let v = match i.src() {
        Operand::Mem => e.read(Width::W32, i, Operand::Mem)?,
        src => {
            let x = e.xread(16, true, i, src)?;
            e.vextract(Shape::I32x4, control >> 6, x)
        }
    };
    let x = e.xread(16, true, i, i.first())?;
    let x = e.vreplace(Shape::I32x4, control >> 4 & 3, x, v);
    let keep = |lane: u8| if control >> lane & 1 == 0 { 0xffff_ffffu64 } else { 0 };
    let mask = e.vimm(keep(0) | keep(1) << 32, keep(2) | keep(3) << 32);
    let x = e.vbin(VBin::V128And, x, mask);
    e.xwrite(16, true, i, i.dst(), x)
}

/// MASKMOVDQU, MASKMOVQ: stores the bytes of the first register whose mask byte has its top bit set at rdi.
pub fn maskmov<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    // The memory operand comes first, so the registers decide which file it is.
    let bytes = if matches!(i.ops[1], Operand::Mmx(_)) { 8 } else { 16 };
    mmx_check(e, i, bytes)?;
    // Even when the store faults: so does the hardware.
    mmx_touch(e, i, bytes)?;
    e.call(i, masked_store)
}

fn masked_store(cpu: &mut Cpu, i: &Insn, guest: &mut Guest<'_>) -> Result<(), Exit> {
    let get = |op| match op {
        Operand::Mmx(r) => cpu.fpr[r as usize & 7].0 as u128,
        Operand::Xmm(r) => u128::from_le_bytes(cpu.xmm(r)),
        _ => 0,
    };
    let (data, mask) = (get(i.ops[1]).to_le_bytes(), get(i.ops[2]).to_le_bytes());
    let mut m = i.mem;
    m.base = Gpr::RDI;
    let addr = cpu.address(&m);
    // All of it must be writable, whatever the mask says; the hardware looks at the upper half first.
    if matches!(i.ops[1], Operand::Xmm(_)) {
        guest.check_write(8, addr.wrapping_add(8)).map_err(crate::helper::fault)?;
    }
    guest.check_write(8, addr).map_err(crate::helper::fault)?;
    for n in (0..16).filter(|n| mask[*n] & 0x80 != 0) {
        guest.write(Width::W8, addr.wrapping_add(n as u64), data[n] as u64).map_err(crate::helper::fault)?;
    }
    Ok(())
}
