//! The x87 as MMX unit (SDM Vol. 1 9.5): every MMX instruction but EMMS makes TOP zero and all registers full.

use super::meanings;
use super::stack::{Ran, TOP, check_pending as check};
use crate::insn::Insn;
use crate::{Cpu, Guest};

/// #MF if an x87 exception is pending: MMX instructions wait for the x87.
pub fn check_pending(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
    check(cpu)
}

/// The transition itself.
pub fn enter(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
    cpu.fsw &= !TOP;
    cpu.ftw = 0;
    Ok(())
}

/// Both, for instructions that cannot fail any more.
pub fn touch(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>) -> Ran {
    check(cpu)?;
    enter(cpu, i, mem)
}

fn emms_(cpu: &mut Cpu, _: &Insn, _: &mut Guest<'_>) -> Ran {
    check(cpu)?;
    cpu.fsw &= !TOP;
    cpu.ftw = 0xffff;
    Ok(())
}

meanings! {
    emms => emms_;
}
