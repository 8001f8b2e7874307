//! A host that has nothing, for unit tests.

use brainworm_abi::*;

/// Time stands still, streams are closed, no directory is granted.
#[derive(Default)]
pub(crate) struct NoHost(NoFiles);

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
