//! What the loop over threaded code borrows for one run, and what it does through calls: regions, system calls, and
//! instructions without an arm of their own.

use super::Step;
use super::exec::{Exec, Vectors};
use super::jumps::{JumpCache, Way};
use super::op::Op;
use super::regions::{Ran, Regions};
use crate::insn::Insn;
use crate::isa::table::meaning;
use crate::mem::{Bus, Called, Guest, MemView};
use crate::state::{Cpu, Exit, Gpr};

/// What the loop needs besides registers and ops, and what it leaves behind.
pub(super) struct Frame<'a> {
    /// The tables as they are now.
    pub view: MemView,
    pub jumps: &'a JumpCache,
    /// The side table.
    pub insns: &'a [Insn],
    pub bus: &'a mut dyn Bus,
    pub vectors: &'a mut Vectors,
    /// Work done beyond the instructions counted.
    pub cost: i64,
    /// Why the last instruction done the general way did not simply go on.
    pub step: Option<Step>,
    pub regions: Option<&'a mut Regions>,
    /// How often which block was run.
    pub counts: &'a mut [u64],
    /// The budget before and after a region.
    pub left: i64,
    /// How `cpu.rip` is come to.
    pub way: Way,
    /// Instructions done the general way.
    pub slow: i64,
}

impl<'a> Frame<'a> {
    /// A frame for one run of the loop.
    pub(super) fn new(
        bus: &'a mut dyn Bus,
        (jumps, insns): (&'a JumpCache, &'a [Insn]),
        regions: Option<&'a mut Regions>,
        counts: &'a mut [u64],
        vectors: &'a mut Vectors,
    ) -> Frame<'a> {
        let view = bus.view();
        Frame {
            view,
            jumps,
            insns,
            bus,
            vectors,
            cost: 0,
            step: None,
            regions,
            counts,
            left: 0,
            way: Way::Usual,
            slow: 0,
        }
    }

    /// Runs the region of a [`Code::Region`] op; `left` is the budget, before and after.
    #[inline(never)]
    pub(super) fn region(&mut self, cpu: &mut Cpu, op: &Op) -> Ran {
        match &mut self.regions {
            Some(regions) => regions.run((op.imm, op.off), cpu, self.bus, &mut self.view, &mut self.left),
            None => Ran::Not,
        }
    }

    /// Has the bus make a system call; false: leave the loop, `step` says why.
    #[inline]
    pub(super) fn system_call(&mut self, cpu: &mut Cpu) -> bool {
        match self.bus.system_call(cpu) {
            Called::On(cost) => {
                let tag = self.view.code_tag;
                self.bus.refresh(&mut self.view);
                self.cost += cost;
                if self.view.code_tag == tag {
                    return true;
                }
                self.step = Some(Step::Jumped);
            }
            Called::Not => self.step = Some(Step::Exit(Exit::Syscall)),
            Called::Stop(cost) => {
                self.cost += cost;
                self.step = Some(Step::Exit(Exit::Budget));
            }
        }
        false
    }

    /// Does the instruction that an op has in the side table; false: leave the loop, `step` says why. `ends`: it does so
    /// always.
    #[inline(never)]
    pub(super) fn general(&mut self, cpu: &mut Cpu, op: &Op, ends: bool) -> bool {
        self.slow += 1;
        let insn = &self.insns[op.imm as usize];
        let rip = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_add(op.off as u64);
        cpu.rip = rip;
        let mut exec = Exec::new(cpu, Guest::with_view(&mut *self.bus, self.view), self.vectors);
        let exit = exec.step(insn, meaning::<Exec<'_>>(insn.mn));
        let guest = exec.guest();
        (self.view, self.cost) = (guest.view(), self.cost + guest.cost);
        let wrote_code = guest.wrote_code;
        if exit.is_none() && !wrote_code && !ends {
            return true;
        }
        self.step = Some(match exit {
            Some(exit) => Step::Exit(exit),
            None => Step::Jumped,
        });
        false
    }
}
