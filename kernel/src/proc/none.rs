//! The answers for callers that cannot be readers of /proc: page faults on mapped files.

use alloc::boxed::Box;
use alloc::vec::Vec;
use brainworm_abi::{Errno, Nanos, Pid, ProcInfo, ProcNode};
use core::any::Any;

/// Knows nothing.
pub(crate) struct NoProc;

impl ProcInfo for NoProc {
    fn render(&self, _node: ProcNode, _out: &mut Vec<u8>) -> Result<(), Errno> {
        Err(Errno::ESRCH)
    }
    fn target(&self, _node: ProcNode) -> Result<Box<dyn Any>, Errno> {
        Err(Errno::ESRCH)
    }
    fn current(&self) -> (Pid, Pid) {
        (0, 0)
    }
    fn pids(&self, _out: &mut Vec<Pid>) {}
    fn tids(&self, _pid: Pid, _out: &mut Vec<Pid>) -> Result<(), Errno> {
        Err(Errno::ESRCH)
    }
    fn fds(&self, _pid: Pid, _out: &mut Vec<u32>) -> Result<(), Errno> {
        Err(Errno::ESRCH)
    }
    fn group_session(&self, _pgid: Pid) -> Result<Pid, Errno> {
        Err(Errno::ESRCH)
    }
    fn memory(&self, _pid: Pid) -> Result<u64, Errno> {
        Err(Errno::ESRCH)
    }
    fn is_running(&self, _file: (u64, u64)) -> bool {
        false
    }
    fn owner(&self, _pid: Pid) -> Result<(u32, u32, Nanos), Errno> {
        Err(Errno::ESRCH)
    }
}
