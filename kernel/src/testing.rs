//! A host that has nothing, for unit tests.

use alloc::vec::Vec;
use brainworm_abi::*;

/// Time stands still, streams are closed, no directory is granted.
#[derive(Default)]
pub(crate) struct NoHost(NoFiles);

#[derive(Default)]
struct NoFiles;

impl Host for NoHost {
    fn monotonic(&mut self) -> Nanos {
        0
    }
    fn wall(&mut self) -> Nanos {
        0
    }
    fn entropy(&mut self, out: &mut [u8]) {
        out.fill(4);
    }
    fn read(&mut self, _: Stream, _: &mut [u8]) -> HostResult<usize> {
        Ok(0)
    }
    fn write(&mut self, _: Stream, bytes: &[u8]) -> HostResult<usize> {
        Ok(bytes.len())
    }
    fn is_terminal(&mut self, _: Stream) -> bool {
        false
    }
    fn window(&mut self) -> Option<WinSize> {
        None
    }
    fn files(&mut self) -> &mut dyn HostFiles {
        &mut self.0
    }
    fn chunk(&mut self, _: ChunkId) -> HostResult<()> {
        Err(HostError::Refused)
    }
    fn log(&mut self, _: &str) {}
}

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
