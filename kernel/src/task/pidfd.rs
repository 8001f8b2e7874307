//! Descriptors that name a process (pidfd_open(2)): they poll readable when it has ended.

use alloc::sync::Arc;
use brainworm_abi::{Errno, File, FileKind, Io, Pid, Readiness, Stat, WaitPoint};
use core::any::Any;

/// What is behind a pidfd.
pub struct PidFd {
    /// The process.
    pub pid: Pid,
    ended: Arc<WaitPoint>,
}

impl PidFd {
    #[expect(clippy::new_ret_no_self, reason = "a pidfd only ever lives behind an Arc")]
    pub(crate) fn new(pid: Pid, ended: Arc<WaitPoint>) -> Arc<dyn File> {
        Arc::new(PidFd { pid, ended })
    }
    /// True when it names the process with this exit point, not an earlier one with its number.
    pub(crate) fn is_of(&self, exit_point: &Arc<WaitPoint>) -> bool {
        Arc::ptr_eq(&self.ended, exit_point)
    }
}

impl File for PidFd {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(Stat { mode: FileKind::Regular as u32 | 0o700, ino: u64::from(self.pid), nlink: 1, ..Stat::default() })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn readiness(&self, io: &mut Io<'_>) -> Readiness {
        // A zombie or reaped process has no threads any more.
        let mut tids = alloc::vec::Vec::new();
        let lives = io.proc.tids(self.pid, &mut tids).is_ok() && !tids.is_empty();
        if lives { Readiness::empty() } else { Readiness::IN | Readiness::RDNORM }
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.ended)
    }
}
