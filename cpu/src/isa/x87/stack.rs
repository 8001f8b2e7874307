//! The register stack, tags, and how exceptions are recorded (SDM Vol. 1 8.1, 8.5).
//!
//! `ftw` tells only empty (3) from full (0) here; FNSTENV computes the other tags from the registers.

use crate::helper::fault;
use crate::insn::{Insn, Operand};
use crate::mem::MemFault;
use crate::softfloat::{Env, F80, Flags};
use crate::{Cpu, Exception, Exit};

/// Status word: stack fault.
pub(super) const SF: u16 = 1 << 6;
/// Status word: an unmasked exception is pending.
pub(super) const ES: u16 = 1 << 7;
/// Status word: condition codes.
pub(super) const C0: u16 = 1 << 8;
/// See `C0`. Also: rounded up; stack overflow rather than underflow.
pub(super) const C1: u16 = 1 << 9;
/// See `C0`.
pub(super) const C2: u16 = 1 << 10;
/// Status word: where TOP is.
pub(super) const TOP: u16 = 7 << 11;
/// See `C0`.
pub(super) const C3: u16 = 1 << 14;
/// Status word: busy, a copy of ES.
pub(super) const BUSY: u16 = 1 << 15;

/// What helpers return.
pub(super) type Ran = Result<(), Exit>;

/// A memory fault as an exit.
pub(super) fn memory<T>(r: Result<T, MemFault>) -> Result<T, Exit> {
    r.map_err(fault)
}

/// Which register an operand names.
pub(super) fn st_number(op: Operand) -> u8 {
    match op {
        Operand::St(n) => n & 7,
        _ => 0,
    }
}

/// The physical register of ST(`i`).
fn physical(cpu: &Cpu, i: u8) -> usize {
    usize::from(((cpu.fsw >> 11) as u8 + i) & 7)
}

/// ST(`i`), None when it is empty.
pub(super) fn st(cpu: &Cpu, i: u8) -> Option<F80> {
    let p = physical(cpu, i);
    (cpu.ftw >> (2 * p) & 3 != 3).then(|| raw(cpu, i))
}

/// ST(`i`) as its bits are.
pub(super) fn raw(cpu: &Cpu, i: u8) -> F80 {
    let (sig, se) = cpu.fpr[physical(cpu, i)];
    F80::new(sig, se)
}

/// Writes ST(`i`), which is full afterwards.
pub(super) fn set_st(cpu: &mut Cpu, i: u8, v: F80) {
    let p = physical(cpu, i);
    cpu.fpr[p] = (v.sig, v.se);
    cpu.ftw &= !(3 << (2 * p));
}

/// Marks ST(`i`) empty.
pub(super) fn set_empty(cpu: &mut Cpu, i: u8) {
    cpu.ftw |= 3 << (2 * physical(cpu, i));
}

/// Moves TOP.
pub(super) fn rotate(cpu: &mut Cpu, by: u16) {
    cpu.fsw = cpu.fsw & !TOP | cpu.fsw.wrapping_add(by << 11) & TOP;
}

/// Empties ST(0) and drops it.
pub(super) fn pop(cpu: &mut Cpu) {
    set_empty(cpu, 0);
    rotate(cpu, 1);
}

/// Puts a value on the stack, whatever was there.
pub(super) fn push(cpu: &mut Cpu, v: F80) {
    rotate(cpu, 7);
    set_st(cpu, 0, v);
}

/// What every waiting instruction starts with: #MF if an exception is pending; then the modes. Notes where the last
/// instruction was (data pointers are noted by those that have one).
pub(super) fn begin(cpu: &mut Cpu, i: &Insn) -> Result<Env, Exit> {
    check_pending(cpu)?;
    let _ = i;
    Ok(Env::x87(cpu.fcw))
}

/// #MF if an exception is pending.
pub(super) fn check_pending(cpu: &Cpu) -> Ran {
    if cpu.fsw & ES != 0 { Err(Exit::Exception(Exception::X87)) } else { Ok(()) }
}

/// Notes the instruction that is about to complete, and its memory operand.
pub(super) fn note_pointers(cpu: &mut Cpu, i: &Insn) {
    cpu.fip = cpu.rip.wrapping_sub(u64::from(i.len));
    if i.mem_bytes != 0 {
        cpu.fdp = cpu.offset(&i.mem);
    }
}

/// Sets ES and B by whether a flag is set whose mask is not.
pub(super) fn update_pending(cpu: &mut Cpu) {
    let pending = cpu.fsw & !cpu.fcw & 0x3f != 0;
    cpu.fsw = if pending { cpu.fsw | ES | BUSY } else { cpu.fsw & !(ES | BUSY) };
}

/// Replaces the given condition codes.
pub(super) fn set_codes(cpu: &mut Cpu, mask: u16, codes: u16) {
    cpu.fsw = cpu.fsw & !mask | codes & mask;
}

/// Records what an operation raised, and C1 from its rounding.
pub(super) fn record(cpu: &mut Cpu, env: &Env) {
    set_codes(cpu, C1, if env.rounded_up { C1 } else { 0 });
    record_flags(cpu, env);
}

/// Records what an operation raised; C1 stays.
pub(super) fn record_flags(cpu: &mut Cpu, env: &Env) {
    cpu.fsw |= u16::from(env.raised.bits());
    update_pending(cpu);
}

/// Records a stack fault (`overflow`: pushed onto a full register). True when it is masked, and the answer is the
/// indefinite.
pub(super) fn stack_fault(cpu: &mut Cpu, overflow: bool) -> bool {
    set_codes(cpu, C1, if overflow { C1 } else { 0 });
    cpu.fsw |= u16::from(Flags::IE.bits()) | SF;
    update_pending(cpu);
    cpu.fcw & 1 != 0
}

/// Pushes the answer of an operation, unless it was stopped or the stack is full.
pub(super) fn push_result(cpu: &mut Cpu, env: &Env, v: F80) {
    record(cpu, env);
    if !env.stopped() {
        push(cpu, v);
    }
}

/// Before a push: the register must be empty. False: the fault has been dealt with.
pub(super) fn room(cpu: &mut Cpu) -> bool {
    if st(cpu, 7).is_none() {
        return true;
    }
    if stack_fault(cpu, true) {
        push(cpu, F80::INDEFINITE);
    }
    false
}
