//! LDMXCSR and STMXCSR (SDM Vol. 2).

use crate::emit::{Done, Emit};
use crate::helper::fault;
use crate::insn::{Insn, Width};
use crate::{Cpu, Exception, Exit, Guest};

/// The bits of MXCSR that exist (MXCSR_MASK of FXSAVE); setting another is #GP.
pub const MASK: u32 = 0xffff;
/// The sticky exception flags.
const FLAGS: u32 = 0x3f;

fn load(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    let v = mem.read(Width::W32, cpu.address(&i.mem)).map_err(fault)? as u32;
    if v & !MASK != 0 {
        return Err(Exit::Exception(Exception::GeneralProtection));
    }
    // Flags cleared by hand are going to be looked at.
    if v & FLAGS == 0 {
        cpu.fp_watched = 1;
    }
    cpu.mxcsr = v;
    Ok(())
}

fn store(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Result<(), Exit> {
    mem.write(Width::W32, cpu.address(&i.mem), u64::from(cpu.mxcsr)).map_err(fault)
}

/// LDMXCSR.
pub fn ldmxcsr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, load)
}

/// STMXCSR.
pub fn stmxcsr<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, store)
}
