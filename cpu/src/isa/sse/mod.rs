//! MMX and SSE. Moves, logic, packed integers, shuffles and shifts by subject; floating point in its own modules.
//!
//! The MMX twin of an instruction is the same function: operands are zero-extended to 128 bits, and what is special about
//! MMX (pending x87 exceptions, the effect on TOP and tags) is in [`mmx_check`] and [`mmx_touch`].

pub mod compare_string;
pub mod crypto;
pub mod fp_arith;
pub mod fp_cmp;
pub mod fp_cvt;
pub mod integer;
pub mod logic;
pub mod mov;
pub mod mxcsr;
pub mod shift;
pub mod shuffle;

use crate::emit::{Done, Emit};
use crate::insn::{Insn, Operand};
use crate::{Cpu, Exception, Exit, Guest};

/// A source operand of `bytes` bytes, aligned when it is a whole xmm register's; MMX memory operands may be narrower.
#[inline(always)]
fn source<E: Emit>(e: &mut E, i: &Insn, bytes: u32, op: Operand) -> Result<E::X, E::Trap> {
    let bytes = if op == Operand::Mem && i.mem_bytes != 0 { bytes.min(i.mem_bytes as u32) } else { bytes };
    e.xread(bytes, true, i, op)
}

/// dst <- f(first, src) on whole registers of either file.
#[inline(always)]
fn binary<E: Emit>(e: &mut E, i: &Insn, f: impl FnOnce(&mut E, E::X, E::X) -> E::X) -> Done<E> {
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    let b = source(e, i, bytes, i.src())?;
    let a = e.xread(bytes, true, i, i.first())?;
    let r = f(e, a, b);
    e.xwrite(bytes, true, i, i.dst(), r)
}

/// dst <- f(src) on whole registers of either file.
#[inline(always)]
fn unary<E: Emit>(e: &mut E, i: &Insn, f: impl FnOnce(&mut E, E::X) -> E::X) -> Done<E> {
    let bytes = e.vector_bytes(i);
    mmx_check(e, i, bytes)?;
    let b = source(e, i, bytes, i.src())?;
    let r = f(e, b);
    e.xwrite(bytes, true, i, i.dst(), r)
}

/// MMX instructions wait for pending x87 exceptions (SDM Vol. 1 9.6.3 and Vol. 2A 2.4, "MMX exceptions").
#[inline(always)]
fn mmx_check<E: Emit>(e: &mut E, i: &Insn, bytes: u32) -> Done<E> {
    if bytes == 8 { e.call(i, pending) } else { Ok(()) }
}

/// An MMX instruction that writes no MMX register: TOP becomes 0 and all tags valid all the same (SDM Vol. 1 9.5.1).
#[inline(always)]
fn mmx_touch<E: Emit>(e: &mut E, i: &Insn, bytes: u32) -> Done<E> {
    if bytes == 8 { e.call(i, touch) } else { Ok(()) }
}

/// A store of an MMX register that faults has cleared TOP already, on the hardware.
#[inline(always)]
fn mmx_top<E: Emit>(e: &mut E, i: &Insn, bytes: u32) -> Done<E> {
    if bytes == 8 { e.call(i, clear_top) } else { Ok(()) }
}

fn clear_top(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Result<(), Exit> {
    cpu.fsw &= !0x3800;
    Ok(())
}

fn pending(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Result<(), Exit> {
    if cpu.fsw & !cpu.fcw & 0x3f != 0 { Err(Exit::Exception(Exception::X87)) } else { Ok(()) }
}

fn touch(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Result<(), Exit> {
    cpu.fsw &= !0x3800;
    cpu.ftw = 0;
    Ok(())
}
