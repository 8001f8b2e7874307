//! The running task as the CPU sees it: its memory, and the system calls that are made without leaving the CPU's loop.
//!
//! While a task runs, its registers and the engine are lent out: a stand-in lies in their place. Calls that look at
//! registers are therefore left to `run`, where everything is back. All others are made here, and most of them end
//! here: the task goes on at once unless there is a signal to take, a turn to end or code to be forgotten.

use crate::Kernel;
use crate::mm::UserMem;
use crate::task::Call;
use alloc::boxed::Box;
use brainworm_cpu::{Access, Bus, Called, CodePage, Cpu, HostAddr, MemFault, MemView, Resolved};
use core::ops::{Deref, DerefMut};

/// What a system call counts for in a budget of instructions.
pub(crate) const CALL_COST: i64 = 200;

/// Something that is away from its place while it is used together with the rest.
pub(crate) struct Lent<T>(Option<Box<T>>);

impl<T> Lent<T> {
    pub(crate) fn new(value: T) -> Lent<T> {
        Lent(Some(Box::new(value)))
    }
    /// Takes it away: until `give_back` nobody may use it.
    pub(crate) fn take(&mut self) -> Box<T> {
        self.0.take().expect("lent already")
    }
    pub(crate) fn give_back(&mut self, value: Box<T>) {
        self.0 = Some(value);
    }
}

impl<T> Deref for Lent<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is lent")
    }
}

impl<T> DerefMut for Lent<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it is lent")
    }
}

/// The running task in its kernel.
pub(crate) struct Running<'k> {
    pub(crate) k: &'k mut Kernel,
    pub(crate) ix: u32,
    pub(crate) space: u32,
}

impl Running<'_> {
    #[inline]
    fn mem(&mut self) -> UserMem<'_> {
        self.k.user_mem(self.ix)
    }
}

impl Bus for Running<'_> {
    #[inline]
    fn view(&self) -> MemView {
        self.k.world.spaces[self.space].view(&self.k.frames)
    }
    fn refresh(&self, view: &mut MemView) {
        // Field by field: a processor waits when it loads as a whole what was stored in parts just before.
        let MemView { base, read, write, len, code_tag } = self.view();
        (view.base, view.read, view.write) = (base, read, write);
        (view.len, view.code_tag) = (len, code_tag);
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        self.mem().resolve(addr, access)
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        self.mem().fetch(rip)
    }
    #[inline]
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.k.frames.take_stale()
    }
    fn system_call(&mut self, cpu: &mut Cpu) -> Called {
        if needs_registers(cpu.gpr[0]) {
            return Called::Not;
        }
        // What the CPU did so far comes first.
        self.k.settle_cpu();
        self.k.start_call(self.ix, Call::of(cpu));
        let task = &self.k.world.tasks[self.ix];
        if task.call.is_none() {
            // Answered: into the stand-in.
            cpu.gpr[0] = task.cpu.gpr[0];
        }
        if self.k.is_undisturbed(self.ix) && !self.k.frames.has_void_code() {
            Called::On(CALL_COST)
        } else {
            Called::Stop(CALL_COST)
        }
    }
}

/// Calls that read or replace registers: rt_sigreturn, the clones, execve, sigaltstack, arch_prctl.
fn needs_registers(nr: u64) -> bool {
    matches!(nr, 15 | 56..=59 | 131 | 158 | 322 | 435)
}
