//! WASI 0.2: what both of its flavours use of it. Bindings come from the `wasip2` crate.

#[cfg(feature = "component")]
mod command;
#[cfg(feature = "component")]
mod files;
#[cfg(feature = "http")]
mod http;

use alloc::format;
use alloc::vec::Vec;
use brainworm_abi::{Errno, HostError, HostResult, Nanos};
use core::cell::Cell;
use wasip2::clocks::{monotonic_clock, wall_clock};
use wasip2::io::poll::{self, Pollable};
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

/// Bytes of one read or write: what passes the border is copied once more by the engine.
const CHUNK: usize = 64 << 10;

/// Monotonic clock.
fn monotonic() -> Nanos {
    monotonic_clock::now()
}

/// Wall clock since the epoch.
fn wall() -> Nanos {
    let now = wall_clock::now();
    now.seconds.saturating_mul(1_000_000_000).saturating_add(now.nanoseconds as u64)
}

/// Entropy.
fn entropy(out: &mut [u8]) {
    let bytes = wasip2::random::random::get_random_bytes(out.len() as u64);
    match bytes.len() == out.len() {
        true => out.copy_from_slice(&bytes),
        false => crate::fail("the engine gave less entropy than asked for"),
    }
}

/// A stream that can be written. Fields are dropped in order: what waits for a stream goes before it.
struct Output {
    ready: Cell<Option<Pollable>>,
    stream: OutputStream,
    has_unflushed: Cell<bool>,
}

impl Output {
    fn new(stream: OutputStream) -> Output {
        Output { ready: Cell::new(None), stream, has_unflushed: Cell::new(false) }
    }
    /// Writes as much as the engine takes now.
    fn write(&self, bytes: &[u8]) -> HostResult<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let room = self.stream.check_write().map_err(failure)?;
        if room == 0 {
            return Err(HostError::WouldBlock);
        }
        let len = bytes.len().min(CHUNK).min(usize::try_from(room).unwrap_or(usize::MAX));
        self.stream.write(&bytes[..len]).map_err(failure)?;
        self.has_unflushed.set(true);
        Ok(len)
    }
    /// Asks the engine to let go of what it may have kept; without waiting.
    fn flush(&self) {
        if self.has_unflushed.take() {
            // A failure shows at the next write.
            let _ = self.stream.flush();
        }
    }
    /// Writes and flushes everything, however long it takes.
    fn write_all(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match self.write(bytes) {
                Ok(len) => bytes = &bytes[len..],
                Err(HostError::WouldBlock) => self.stream.subscribe().block(),
                Err(_) => return,
            }
        }
        self.finish();
    }
    /// Waits until everything written has left the engine.
    fn finish(&self) {
        if self.has_unflushed.take() {
            let _ = self.stream.blocking_flush();
        }
    }
}

/// A stream that can be read.
struct Input {
    ready: Cell<Option<Pollable>>,
    stream: InputStream,
}

impl Input {
    fn new(stream: InputStream) -> Input {
        Input { ready: Cell::new(None), stream }
    }
    /// Reads what is there; 0 is the end.
    fn read(&self, buf: &mut [u8]) -> HostResult<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.stream.read(buf.len().min(CHUNK) as u64) {
            Ok(bytes) if bytes.is_empty() => Err(HostError::WouldBlock),
            Ok(bytes) if bytes.len() > buf.len() => Err(HostError::Errno(Errno::EIO)),
            Ok(bytes) => {
                buf[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Err(StreamError::Closed) => Ok(0),
            Err(StreamError::LastOperationFailed(_)) => Err(HostError::Errno(Errno::EIO)),
        }
    }
}

fn failure(error: StreamError) -> HostError {
    match error {
        StreamError::Closed => HostError::Closed,
        // 0.2 does not say why; a pipe without a reader is the usual reason.
        StreamError::LastOperationFailed(_) => HostError::Closed,
    }
}

/// What a wait is for, and which of it happened.
#[derive(Default)]
struct Waiting<'a> {
    /// Monotonic.
    until: Option<Nanos>,
    input: Option<&'a Input>,
    outputs: [Option<&'a Output>; 2],
}

/// What happened.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Happened {
    readable: bool,
    writable: bool,
}

impl Waiting<'_> {
    /// Waits; at once when there is nothing to wait for.
    fn wait(&self) -> Happened {
        let clock = self.until.map(monotonic_clock::subscribe_instant);
        let input = self.input.map(|input| input.ready.take().unwrap_or_else(|| input.stream.subscribe()));
        let outputs = self
            .outputs
            .map(|output| output.map(|output| output.ready.take().unwrap_or_else(|| output.stream.subscribe())));
        let all = [input.as_ref(), outputs[0].as_ref(), outputs[1].as_ref(), clock.as_ref()];
        let list: Vec<&Pollable> = all.into_iter().flatten().collect();
        let mut happened = Happened::default();
        if !list.is_empty() {
            let is_input = input.is_some() as u32;
            let streams = list.len() as u32 - clock.is_some() as u32;
            for index in poll::poll(&list) {
                happened.readable |= index < is_input;
                happened.writable |= (is_input..streams).contains(&index);
            }
        }
        // The pollables are kept for the next wait.
        if let Some(at) = self.input {
            at.ready.set(input);
        }
        for (at, ready) in self.outputs.iter().zip(outputs) {
            if let Some(at) = at {
                at.ready.set(ready);
            }
        }
        happened
    }
}

/// A line on standard error.
pub(crate) fn say(line: &str) {
    Output::new(wasip2::cli::stderr::get_stderr()).write_all(format!("{line}\n").as_bytes());
}

/// The end after an error of ours.
#[cfg(feature = "component")]
pub(crate) fn stop() -> ! {
    wasip2::cli::exit::exit(Err(()));
    core::arch::wasm32::unreachable()
}

/// The end after an error of ours: the proxy world has no exit, so the instance traps.
#[cfg(feature = "http")]
pub(crate) fn stop() -> ! {
    core::arch::wasm32::unreachable()
}
