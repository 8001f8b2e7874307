//! The interpreter: [`exec`] gives the meanings values, [`Engine`] runs programs.

pub mod exec;
#[cfg(test)]
mod tests;

use crate::decode::{DecodeError, decode};
use crate::helper::fault;
use crate::isa::table::meaning;
use crate::state::{Cpu, Exception, Exit};
use crate::{Bus, Gpr, Guest};
use exec::Exec;

/// The CPU engine: the translations of all processes, whatever thread runs. One for the machine.
#[derive(Default)]
pub struct Engine {
    refused: Option<Refused>,
}

/// Bytes that were no instruction of ours, for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Where.
    pub rip: u64,
    /// The bytes there.
    pub bytes: [u8; 15],
}

impl Engine {
    /// An engine without translations.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Runs `cpu` on the memory of `bus` until something happens, for about `budget` instructions at most; what was run
    /// is taken off `budget`.
    pub fn run(&mut self, cpu: &mut Cpu, bus: &mut impl Bus, budget: &mut i64) -> Exit {
        loop {
            if *budget <= 0 {
                return Exit::Budget;
            }
            *budget -= 1;
            if let Err(exit) = self.step(cpu, bus) {
                return exit;
            }
        }
    }

    /// The last instruction that was refused with #UD.
    pub fn refused(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }

    /// One instruction, the plain way.
    fn step(&mut self, cpu: &mut Cpu, bus: &mut dyn Bus) -> Result<(), Exit> {
        let rip = cpu.rip;
        let mut guest = Guest::new(bus);
        let code = guest.fetch(rip).map_err(fault)?;
        let insn = match decode(code.bytes(), rip as u32 & 0xfff) {
            Ok(insn) => insn,
            Err(error) => {
                if let (DecodeError::Truncated, Some(beyond)) = (error, code.beyond) {
                    return Err(fault(beyond));
                }
                let mut bytes = [0; 15];
                bytes[..code.bytes().len()].copy_from_slice(code.bytes());
                self.refused = Some(Refused { rip, bytes });
                return Err(Exit::Exception(Exception::InvalidOpcode));
            }
        };
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = rip & !0xfff;
        let exit = Exec::new(cpu, guest).step(&insn, meaning::<Exec<'_>>(insn.mn));
        while bus.take_stale().is_some() {}
        match exit {
            Some(exit) => Err(exit),
            None => Ok(()),
        }
    }
}
