//! Moves between registers and memory, the stack, and address computation.

use super::system::mov_segment;
use crate::emit::{Done, Emit, Place};
use crate::flags::{FlagOp, bits};
use crate::helper::{self, fault};
use crate::insn::{Insn, Mem, Operand, Width};
use crate::state::{Exception, Exit, Gpr};

/// MOV. Control and debug registers are the kernel's.
#[inline(always)]
pub fn mov<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    match (i.dst(), i.src()) {
        (Operand::Seg(_), _) | (_, Operand::Seg(_)) => return mov_segment(e, i),
        (Operand::Other, _) | (_, Operand::Other) => return e.trap(Exception::GeneralProtection),
        _ => {}
    }
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

/// CMOVcc: the source is read in any case, and a 32-bit destination is always zero-extended.
#[inline(always)]
pub fn cmov<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let new = e.read(i.width, i, i.src())?;
    let old = e.read(i.width, i, i.dst())?;
    let c = e.cond(i.cond);
    let v = e.select(c, new, old);
    e.write(i.width, i, i.dst(), v)
}

/// SETcc.
#[inline(always)]
pub fn set<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let c = e.cond(i.cond);
    let v = e.to_int(c);
    e.write(Width::W8, i, i.dst(), v)
}

/// BSWAP. The 16-bit form is undefined; processors give 0.
pub fn bswap<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.width, i, i.dst())?;
    let v = if i.width == Width::W16 { e.imm(0) } else { e.bswap(i.width, v) };
    e.write(i.width, i, i.dst(), v)
}

/// MOVBE.
pub fn movbe<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let v = e.read(i.width, i, i.src())?;
    let v = e.bswap(i.width, v);
    e.write(i.width, i, i.dst(), v)
}

/// XLAT: al <- [rbx + al].
pub fn xlat<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let table = e.offset(&Mem { base: Gpr::RBX, addr32: i.mem.addr32, ..Mem::NONE });
    let al = e.reg(Width::W8, Gpr::RAX);
    let w = if i.mem.addr32 { Width::W32 } else { Width::W64 };
    let offset = e.add(w, table, al);
    let segment = e.reg(Width::W64, i.mem.segment);
    let addr = e.add(Width::W64, offset, segment);
    let v = e.load_at(Width::W8, addr)?;
    e.set_reg(Width::W8, Gpr::RAX, v);
    Ok(())
}

/// rax of half the width, sign-extended (CBW, CWDE, CDQE).
#[inline(always)]
fn extend_rax<E: Emit>(e: &mut E, from: Width, to: Width) -> Done<E> {
    let v = e.reg(from, Gpr::RAX);
    let v = e.sext(from, to, v);
    e.set_reg(to, Gpr::RAX, v);
    Ok(())
}

/// CBW.
pub fn cbw<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    extend_rax(e, Width::W8, Width::W16)
}
/// CWDE.
pub fn cwde<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    extend_rax(e, Width::W16, Width::W32)
}
/// CDQE.
#[inline(always)]
pub fn cdqe<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    extend_rax(e, Width::W32, Width::W64)
}

/// The sign of rax into all of rdx (CWD, CDQ, CQO).
#[inline(always)]
fn sign_rdx<E: Emit>(e: &mut E, w: Width) -> Done<E> {
    let v = e.reg(w, Gpr::RAX);
    let top = e.imm(w.bits() as u64 - 1);
    let v = e.sar(w, v, top);
    e.set_reg(w, Gpr::RDX, v);
    Ok(())
}

/// CWD.
pub fn cwd<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    sign_rdx(e, Width::W16)
}
/// CDQ.
#[inline(always)]
pub fn cdq<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    sign_rdx(e, Width::W32)
}
/// CQO.
#[inline(always)]
pub fn cqo<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    sign_rdx(e, Width::W64)
}

/// XCHG.
pub fn xchg<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let b = e.read(w, i, i.src())?;
    e.store(w, dst, b);
    e.write(w, i, i.src(), a)
}

/// XADD: the source gets the old value first, so that with two equal operands the sum stays.
pub fn xadd<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let a = e.load(w, dst);
    let b = e.read(w, i, i.src())?;
    let sum = e.add(w, a, b);
    e.write(w, i, i.src(), a)?;
    e.store(w, dst, sum);
    e.set_flags(FlagOp::Add, w, a, b, sum);
    Ok(())
}

/// CMPXCHG: memory is written in either case; of two registers that differ only rax is (the upper half of a 32-bit
/// destination stays).
pub fn cmpxchg<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let w = i.width;
    let dst = e.place(w, i, i.dst())?;
    let old = e.load(w, dst);
    let new = e.read(w, i, i.src())?;
    let rax = e.reg(w, Gpr::RAX);
    let same = e.eq(rax, old);
    match dst {
        Place::Mem(_) => {
            let value = e.select(same, new, old);
            e.store(w, dst, value);
        }
        _ => e.when(same, |e| {
            e.store(w, dst, new);
            Ok(())
        })?,
    }
    let other = e.not(same);
    e.when(other, |e| {
        e.set_reg(w, Gpr::RAX, old);
        Ok(())
    })?;
    let diff = e.sub(w, rax, old);
    e.set_flags(FlagOp::Sub, w, rax, old, diff);
    Ok(())
}

/// CMPXCHG8B, CMPXCHG16B: rdx:rax against memory, rcx:rbx into it; ZF tells.
pub fn cmpxchg_wide<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let half = i.mem_bytes as usize / 2;
        let w = Width::of_bytes(half as u32);
        let addr = cpu.address(&i.mem);
        if half == 8 && addr & 15 != 0 {
            return Err(Exit::Exception(Exception::GeneralProtection));
        }
        let at = mem.check_write(2 * half as u32, addr).map_err(fault)?;
        let mut bytes = [0; 16];
        mem.copy_out(at, &mut bytes[..2 * half]);
        let old = u128::from_le_bytes(bytes);
        let (lo, hi) = (w.trunc(old as u64), w.trunc((old >> w.bits()) as u64));
        let same = lo == w.trunc(cpu.gpr[0]) && hi == w.trunc(cpu.gpr[2]);
        if same {
            let new = w.trunc(cpu.gpr[3]) as u128 | (w.trunc(cpu.gpr[1]) as u128) << w.bits();
            mem.copy_in(at, &new.to_le_bytes()[..2 * half]);
        } else {
            helper::set_reg(cpu, w, Gpr::RAX, lo);
            helper::set_reg(cpu, w, Gpr::RDX, hi);
        }
        cpu.flags.set_status(bits::ZF, if same { bits::ZF } else { 0 });
        Ok(())
    })
}
