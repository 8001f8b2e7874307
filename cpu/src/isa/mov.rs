//! Moves between registers and memory, the stack, and address computation.

use crate::Gpr;
use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand, Width};

/// MOV.
#[inline(always)]
pub fn mov<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.width, i, i.src())?;
    e.write(i.width, i, i.dst(), v)
}

/// MOVZX.
#[inline(always)]
pub fn movzx<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.src_width, i, i.src())?;
    e.write(i.width, i, i.dst(), v)
}

/// MOVSX, MOVSXD.
#[inline(always)]
pub fn movsx<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.src_width, i, i.src())?;
    let v = e.sext(i.src_width, i.width, v);
    e.write(i.width, i, i.dst(), v)
}

/// LEA: the offset, without segment or access.
#[inline(always)]
pub fn lea<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.offset(&i.mem);
    let v = e.zext(i.width, v);
    e.write(i.width, i, i.dst(), v)
}

/// NOP in its many encodings, ENDBR64, PREFETCHh: no access, even to a memory operand.
#[inline(always)]
pub fn nop<E: Emit>(_: &mut E, _: &Insn) -> Done<E> {
    Ok(())
}

/// rsp - `w` and the store there, then rsp moves.
#[inline(always)]
pub(super) fn push_value<E: Emit>(e: &mut E, w: Width, v: E::V) -> Done<E> {
    let rsp = e.reg(Width::W64, Gpr::RSP);
    let top = e.add_imm(Width::W64, rsp, -(w.bytes() as i64));
    e.store_at(w, top, v)?;
    e.set_reg(Width::W64, Gpr::RSP, top);
    Ok(())
}

/// The value at the top; the caller moves rsp when nothing can fault any more.
#[inline(always)]
pub(super) fn peek_value<E: Emit>(e: &mut E, w: Width) -> Result<E::V, E::Trap> {
    let rsp = e.reg(Width::W64, Gpr::RSP);
    e.load_at(w, rsp)
}

/// rsp + `bytes`.
#[inline(always)]
pub(super) fn drop_bytes<E: Emit>(e: &mut E, bytes: i64) {
    let rsp = e.reg(Width::W64, Gpr::RSP);
    let rsp = e.add_imm(Width::W64, rsp, bytes);
    e.set_reg(Width::W64, Gpr::RSP, rsp);
}

/// PUSH: a register or memory operand is read before rsp moves.
#[inline(always)]
pub fn push<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = match i.dst() {
        // FS and GS hold the null selector in 64-bit Linux programs.
        Operand::Seg(_) => e.imm(0),
        op => e.read(i.width, i, op)?,
    };
    push_value(e, i.width, v)
}

/// POP: a memory operand's address is computed with the rsp after the pop (SDM Vol. 2B, POP).
#[inline(always)]
pub fn pop<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = peek_value(e, i.width)?;
    let bytes = i.width.bytes() as i64;
    match i.dst() {
        Operand::Mem => {
            let mut m = i.mem;
            if m.base == Gpr::RSP {
                m.disp = m.disp.wrapping_add(bytes);
            }
            let addr = e.addr(&m);
            e.store_at(i.width, addr, v)?;
            drop_bytes(e, bytes);
        }
        dst => {
            drop_bytes(e, bytes);
            e.write(i.width, i, dst, v)?;
        }
    }
    Ok(())
}
