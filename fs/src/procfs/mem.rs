//! /proc/PID/mem: the memory of a process as a file, offsets being its addresses (proc(5)).
//!
//! Only the kernel reaches memory: reads and writes answer `EAGAIN`, and it makes them itself.

use crate::PathRef;
use brainworm_abi::{Errno, File, Io, Stat, StatFs};
use core::any::Any;

/// An open /proc/PID/mem.
pub struct ProcMem {
    path: PathRef,
    /// `ProcInfo::memory` at the open: what another program makes of the process afterwards is not shown.
    memory: u64,
}

impl ProcMem {
    pub(super) fn new(path: &PathRef, memory: u64) -> ProcMem {
        ProcMem { path: path.clone(), memory }
    }
    /// Which memory, as `ProcInfo::memory` names it.
    pub fn memory(&self) -> u64 {
        self.memory
    }
}

impl File for ProcMem {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    /// Memory has no end to seek from (corresponds to fs/proc/base.c:mem_lseek).
    fn size(&self, _io: &mut Io<'_>) -> Result<u64, Errno> {
        Err(Errno::EINVAL)
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, _buf: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::EAGAIN)
    }
    fn write(&self, _io: &mut Io<'_>, _pos: u64, _append: bool, _bytes: &[u8]) -> Result<(usize, u64), Errno> {
        Err(Errno::EAGAIN)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        self.path.inode().statfs(io)
    }
}
