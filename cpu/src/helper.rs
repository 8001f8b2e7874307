//! Operands for helpers: the plain functions behind [`Emit::call`](crate::emit::Emit::call).

use crate::emit::Place;
use crate::insn::{Insn, Operand, Width};
use crate::mem::{Checked, Guest, MemFault, MemFaultKind};
use crate::state::{Cpu, Exception, Exit, Gpr};

/// How a memory fault leaves the CPU.
pub fn fault(f: MemFault) -> Exit {
    match f.kind {
        MemFaultKind::NonCanonical => Exit::Exception(Exception::GeneralProtection),
        _ => Exit::Fault(f),
    }
}

/// An integer operand's value.
pub fn read(cpu: &Cpu, w: Width, i: &Insn, op: Operand, mem: &mut Guest<'_>) -> Result<u64, Exit> {
    Ok(match op {
        Operand::Reg(r) => w.trunc(cpu.gpr[r.0 as usize & 31]),
        Operand::High(r) => cpu.gpr[r.0 as usize & 31] >> 8 & 0xff,
        Operand::Mem => mem.read(w, cpu.address(&i.mem)).map_err(fault)?,
        _ => w.trunc(i.imm as u64),
    })
}

/// Writes an integer register.
pub fn set_reg(cpu: &mut Cpu, w: Width, r: Gpr, v: u64) {
    let slot = &mut cpu.gpr[r.0 as usize & 31];
    *slot = match w {
        Width::W32 | Width::W64 => w.trunc(v),
        _ => *slot & !w.mask() | w.trunc(v),
    };
}

/// Writes an integer operand.
pub fn write(cpu: &mut Cpu, w: Width, i: &Insn, op: Operand, mem: &mut Guest<'_>, v: u64) -> Result<(), Exit> {
    let place = place(cpu, i, op, mem)?;
    store(cpu, w, place, mem, v);
    Ok(())
}

/// An operand of `i.width` that is read and written; nothing can fail after this.
pub fn place(cpu: &Cpu, i: &Insn, op: Operand, mem: &mut Guest<'_>) -> Result<Place<Checked>, Exit> {
    Ok(match op {
        Operand::Reg(r) => Place::Reg(r),
        Operand::High(r) => Place::High(r),
        _ => Place::Mem(mem.check_write(i.width.bytes(), cpu.address(&i.mem)).map_err(fault)?),
    })
}

/// Value of a place.
pub fn load(cpu: &Cpu, w: Width, p: Place<Checked>, mem: &Guest<'_>) -> u64 {
    match p {
        Place::Reg(r) => w.trunc(cpu.gpr[r.0 as usize & 31]),
        Place::High(r) => cpu.gpr[r.0 as usize & 31] >> 8 & 0xff,
        Place::Mem(m) => mem.get(w, m),
    }
}

/// Writes a place.
pub fn store(cpu: &mut Cpu, w: Width, p: Place<Checked>, mem: &mut Guest<'_>, v: u64) {
    match p {
        Place::Reg(r) => set_reg(cpu, w, r, v),
        Place::High(r) => {
            let slot = &mut cpu.gpr[r.0 as usize & 31];
            *slot = *slot & !0xff00 | (v & 0xff) << 8;
        }
        Place::Mem(m) => mem.put(w, m, v),
    }
}
