//! The host that grants no directory: what embedders without mounts answer `Host::files` with.

use super::host::{DirEntry, HostError, HostFileId, HostFiles, HostResult, HostStat};
use crate::{OpenFlags, Timespec};
use alloc::vec::Vec;

/// No mounts; whatever is asked all the same is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl HostFiles for NoFiles {
    fn mounts(&mut self) -> Vec<(Vec<u8>, bool)> {
        Vec::new()
    }
    fn stat(&mut self, _: u32, _: &[u8]) -> HostResult<HostStat> {
        Err(HostError::Refused)
    }
    fn open(&mut self, _: u32, _: &[u8], _: OpenFlags, _: u32) -> HostResult<HostFileId> {
        Err(HostError::Refused)
    }
    fn close(&mut self, _: HostFileId) {}
    fn fstat(&mut self, _: HostFileId) -> HostResult<HostStat> {
        Err(HostError::Refused)
    }
    fn read_at(&mut self, _: HostFileId, _: u64, _: &mut [u8]) -> HostResult<usize> {
        Err(HostError::Refused)
    }
    fn write_at(&mut self, _: HostFileId, _: u64, _: &[u8]) -> HostResult<usize> {
        Err(HostError::Refused)
    }
    fn set_len(&mut self, _: HostFileId, _: u64) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn sync(&mut self, _: HostFileId) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn read_dir(&mut self, _: u32, _: &[u8]) -> HostResult<Vec<DirEntry>> {
        Err(HostError::Refused)
    }
    fn mkdir(&mut self, _: u32, _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn unlink(&mut self, _: u32, _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn rmdir(&mut self, _: u32, _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn rename(&mut self, _: u32, _: &[u8], _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn link(&mut self, _: u32, _: &[u8], _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn symlink(&mut self, _: u32, _: &[u8], _: &[u8]) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn readlink(&mut self, _: u32, _: &[u8]) -> HostResult<Vec<u8>> {
        Err(HostError::Refused)
    }
    fn set_times(&mut self, _: u32, _: &[u8], _: Option<Timespec>, _: Option<Timespec>) -> HostResult<()> {
        Err(HostError::Refused)
    }
}
