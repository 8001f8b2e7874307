//! `abi::Host` for a machine that answers requests: clocks and entropy of the engine, no files, and streams as the way
//! of answering has them.

use super::super::{Output, entropy, monotonic, wall};
use super::command::Cgi;
use alloc::rc::Rc;
use brainworm_abi::{ChunkId, Host, HostError, HostFiles, HostResult, Nanos, NoFiles, Stream, WinSize};

/// The engine as a host.
pub(super) struct HttpHost {
    /// The request that standard input and output belong to; without one, input is at its end and output is a log.
    cgi: Option<Rc<Cgi>>,
    output: Output,
    error: Output,
    files: NoFiles,
}

impl HttpHost {
    pub(super) fn new(cgi: Option<Rc<Cgi>>) -> HttpHost {
        let output = Output::new(wasip2::cli::stdout::get_stdout());
        HttpHost { cgi, output, error: Output::new(wasip2::cli::stderr::get_stderr()), files: NoFiles }
    }
}

/// Logs wait for nobody: an engine that does not take them now is waited for, which is short.
fn log(output: &Output, bytes: &[u8]) -> HostResult<usize> {
    output.write_all(bytes);
    Ok(bytes.len())
}

impl Host for HttpHost {
    fn monotonic(&mut self) -> Nanos {
        monotonic()
    }
    fn wall(&mut self) -> Nanos {
        wall()
    }
    fn entropy(&mut self, out: &mut [u8]) {
        entropy(out);
    }
    fn read(&mut self, stream: Stream, buf: &mut [u8]) -> HostResult<usize> {
        match (stream, &self.cgi) {
            (Stream::Stdin, Some(cgi)) => cgi.read(buf),
            (Stream::Stdin, None) => Ok(0),
            _ => Err(HostError::Refused),
        }
    }
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> HostResult<usize> {
        match (stream, &self.cgi) {
            (Stream::Stdout, Some(cgi)) => cgi.write(bytes),
            (Stream::Stdout, None) => log(&self.output, bytes),
            (Stream::Stderr, _) => log(&self.error, bytes),
            (Stream::Stdin, _) => Err(HostError::Refused),
        }
    }
    fn is_terminal(&mut self, _stream: Stream) -> bool {
        false
    }
    fn window(&mut self) -> Option<WinSize> {
        None
    }
    fn files(&mut self) -> &mut dyn HostFiles {
        &mut self.files
    }
    fn chunk(&mut self, _id: ChunkId) -> HostResult<()> {
        Ok(()) // the whole image is in memory
    }
    fn heap_bytes(&mut self) -> u64 {
        crate::HEAP.used()
    }
    fn log(&mut self, line: &str) {
        crate::say(line);
    }
}
