//! How tasks end.

use crate::Kernel;
use crate::signal::SigNum;
use crate::task::State;
use brainworm_abi::linux::signal::SigInfo;

impl Kernel {
    /// Ends one thread.
    pub(crate) fn exit_task(&mut self, ix: u32, status: u32) {
        self.world.tasks[ix].state = State::Dead;
        let process = self.world.tasks[ix].process;
        self.world.procs[process].exit_status = Some(status);
    }
    /// Ends all threads of a process.
    pub(crate) fn exit_group(&mut self, ix: u32, status: u32) {
        self.exit_task(ix, status);
    }
    /// Sends a thread a signal.
    pub(crate) fn signal_task(&mut self, ix: u32, info: SigInfo) {
        debug_assert!(SigNum::from_u8(info.signal()).is_some());
        self.world.tasks[ix].signals.pending.push(info, 4096);
    }
}
