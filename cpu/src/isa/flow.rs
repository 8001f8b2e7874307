//! Branches, calls, and the ways out of the program.

use super::mov::{drop_bytes, peek_value, push_value};
use crate::emit::{Done, Emit};
use crate::flags::Flag;
use crate::insn::{Insn, Operand, Width};
use crate::state::{Cpu, Exception, Exit};
use crate::{Gpr, helper};

/// #GP for a branch to an address that is not canonical: it happens at the branch, which then has not been taken
/// (SDM Vol. 2, exceptions of CALL, JMP and RET).
#[inline(always)]
fn check_target<E: Emit>(e: &mut E, target: E::V) -> Done<E> {
    let spare = e.imm(16);
    let up = e.shl(Width::W64, target, spare);
    let canonical = e.sar(Width::W64, up, spare);
    let same = e.eq(canonical, target);
    let outside = e.not(same);
    e.when(outside, |e| e.trap(Exception::GeneralProtection))
}

/// JMP, direct and indirect.
#[inline(always)]
pub fn jmp<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    if i.dst() == Operand::Imm {
        e.jump(i);
    } else {
        let target = e.read(Width::W64, i, i.dst())?;
        check_target(e, target)?;
        e.jump_to(target);
    }
    Ok(())
}

/// Jcc.
#[inline(always)]
pub fn jcc<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let c = e.cond(i.cond);
    e.jump_if(i, c);
    Ok(())
}

/// CALL, direct and indirect: the target is read before the return address is pushed.
#[inline(always)]
pub fn call<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let back = e.next_rip(i);
    if i.dst() == Operand::Imm {
        push_value(e, Width::W64, back)?;
        e.jump(i);
    } else {
        let target = e.read(Width::W64, i, i.dst())?;
        // The hardware stores before it looks at the target; rsp moves only when all is well.
        let rsp = e.reg(Width::W64, Gpr::RSP);
        let top = e.add_imm(Width::W64, rsp, -8);
        e.store_at(Width::W64, top, back)?;
        check_target(e, target)?;
        e.set_reg(Width::W64, Gpr::RSP, top);
        e.jump_to(target);
    }
    Ok(())
}

/// RET, with or without bytes to drop.
#[inline(always)]
pub fn ret<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let target = peek_value(e, Width::W64)?;
    check_target(e, target)?;
    let extra = if i.dst() == Operand::Imm { i.imm as u16 as i64 } else { 0 };
    drop_bytes(e, 8 + extra);
    e.jump_to(target);
    Ok(())
}

/// Counts rcx (ecx under 0x67) down; the new value is not zero.
fn count_down<E: Emit>(e: &mut E, i: &Insn) -> E::B {
    let w = if i.mem.addr32 { Width::W32 } else { Width::W64 };
    let n = e.reg(w, Gpr::RCX);
    let n = e.add_imm(w, n, -1);
    e.set_reg(w, Gpr::RCX, n);
    e.is_nonzero(n)
}

/// LOOP.
pub fn loop_<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let more = count_down(e, i);
    e.jump_if(i, more);
    Ok(())
}

/// LOOPE.
pub fn loope<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (more, zero) = (count_down(e, i), e.flag(Flag::Zf));
    let go = e.both(more, zero);
    e.jump_if(i, go);
    Ok(())
}

/// LOOPNE.
pub fn loopne<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let (more, zero) = (count_down(e, i), e.flag(Flag::Zf));
    let nonzero = e.not(zero);
    let go = e.both(more, nonzero);
    e.jump_if(i, go);
    Ok(())
}

/// JRCXZ.
pub fn jrcxz<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let n = e.reg(Width::W64, Gpr::RCX);
    let zero = e.is_zero(n);
    e.jump_if(i, zero);
    Ok(())
}

/// JECXZ.
pub fn jecxz<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let n = e.reg(Width::W32, Gpr::RCX);
    let zero = e.is_zero(n);
    e.jump_if(i, zero);
    Ok(())
}

/// LEAVE.
#[inline(always)]
pub fn leave<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    let frame = e.reg(Width::W64, Gpr::RBP);
    let old = e.load_at(i.width, frame)?;
    let rsp = e.add_imm(Width::W64, frame, i.width.bytes() as i64);
    e.set_reg(Width::W64, Gpr::RSP, rsp);
    e.set_reg(i.width, Gpr::RBP, old);
    Ok(())
}

/// ENTER: all stores are checked by doing them below rsp before rsp and rbp move.
pub fn enter<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let w = i.width;
        let step = w.bytes() as u64;
        let (size, level) = (i.imm as u16 as u64, (i.imm >> 16) as u64 & 31);
        let (rsp, rbp) = (cpu.gpr[4], cpu.gpr[5]);
        let mut top = rsp.wrapping_sub(step);
        mem.write(w, top, rbp).map_err(helper::fault)?;
        let frame = top;
        for n in 1..level {
            let outer = mem.read(w, rbp.wrapping_sub(n * step)).map_err(helper::fault)?;
            top = top.wrapping_sub(step);
            mem.write(w, top, outer).map_err(helper::fault)?;
        }
        if level > 0 {
            top = top.wrapping_sub(step);
            mem.write(w, top, frame).map_err(helper::fault)?;
        }
        // The new top must be writable, though nothing is written there.
        let bottom = top.wrapping_sub(size);
        mem.check_write(w.bytes(), bottom).map_err(helper::fault)?;
        cpu.gpr[4] = bottom;
        helper::set_reg(cpu, w, Gpr::RBP, frame);
        Ok(())
    })
}

/// SYSCALL: rcx and r11 as the instruction leaves them, the rest is the kernel's.
pub fn syscall<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, _, _| {
        enter_kernel(cpu);
        Ok(())
    })?;
    e.leave(Exit::Syscall);
    Ok(())
}

/// What SYSCALL does to the registers; rip is after it.
#[inline]
pub fn enter_kernel(cpu: &mut Cpu) {
    cpu.gpr[1] = cpu.rip;
    cpu.gpr[11] = cpu.flags.rflags();
}

/// INT3.
pub fn int3<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    e.trap(Exception::Breakpoint)
}

/// UD0, UD1, UD2.
pub fn undefined<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    e.trap(Exception::InvalidOpcode)
}

/// HLT, IN, OUT, CLI, INT n and what else needs privilege (or a 32-bit kernel: `int 0x80`).
pub fn privileged<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    e.trap(Exception::GeneralProtection)
}

/// PAUSE: somebody else may hold what we spin on.
pub fn pause<E: Emit>(e: &mut E, _: &Insn) -> Done<E> {
    e.leave(Exit::Yield);
    Ok(())
}
