//! `abi::Host` over WASI preview 1.
//!
//! Under a stock engine reads block, so standard input is only read after `poll_oneoff` promised bytes. Our own host
//! makes its streams non-blocking (EAGAIN) and the promise is not needed.

use crate::files::Mounts;
use crate::wasi::{self, Subscription, WasiEvent, filetype};
use alloc::rc::Rc;
use brainworm_abi::{ChunkId, Errno, Host, HostError, HostFiles, HostResult, Nanos, Stream, WinSize};
use core::cell::Cell;

/// The engine as a host.
pub(crate) struct WasiHost {
    mounts: Mounts,
    streams: Rc<Streams>,
}

/// What the loop that drives the machine shares with the host the machine owns.
pub(crate) struct Streams {
    input: Cell<Input>,
    /// A read answered WouldBlock: someone wants input.
    wants_input: Cell<bool>,
    window: Cell<Option<WinSize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    /// Read at any time: a regular file, an engine that cannot poll it, or our own host, which never blocks.
    Steady,
    /// To be polled first.
    Polled,
    /// Polled, and there is something.
    Ready,
}

impl Streams {
    /// `is_driven`: our own host drives the machine, descriptors 0 to 2 answer EAGAIN. `window`: what it says of the
    /// terminal.
    pub(crate) fn new(is_driven: bool, window: Option<WinSize>) -> Rc<Streams> {
        let is_steady = is_driven || wasi::fdstat(0).is_ok_and(|stat| stat.0 == filetype::REGULAR_FILE);
        let input = Cell::new(if is_steady { Input::Steady } else { Input::Polled });
        Rc::new(Streams { input, wants_input: Cell::new(false), window: Cell::new(window) })
    }

    /// The terminal's size changed.
    pub(crate) fn resize(&self, window: WinSize) {
        self.window.set(Some(window));
    }

    /// Waits until `until` (`None`: for ever) or, with `input` and `output`, until those streams are ready. Answers
    /// which of them are.
    pub(crate) fn wait(&self, until: Option<Nanos>, input: bool, output: bool) -> (bool, bool) {
        if input && self.input.get() != Input::Polled {
            self.wants_input.set(false);
            return (true, false);
        }
        let clock = until.map(|until| Subscription::clock(until.saturating_sub(wasi::clock(1))));
        let input = input.then(|| Subscription::read(0));
        let output = [1, 2].map(|fd| output.then(|| Subscription::write(fd)));
        let mut wanted = [Subscription::default(); 4];
        let mut count = 0;
        for subscription in [clock, input, output[0], output[1]].into_iter().flatten() {
            wanted[count] = subscription;
            count += 1;
        }
        if count == 0 {
            return (false, false);
        }
        let mut events = [WasiEvent::default(); 4];
        let Ok(count) = wasi::poll(&wanted[..count], &mut events) else {
            return self.wait_badly(clock, input.is_some());
        };
        let has = |fds: &[u32]| events[..count].iter().any(|e| e.fd().is_some_and(|fd| fds.contains(&fd)));
        let ready = (has(&[0]), has(&[1, 2]));
        if ready.0 {
            self.input.set(Input::Ready);
            self.wants_input.set(false);
        }
        ready
    }

    /// Node's `poll_oneoff` fails at once on an input that is a file or /dev/null, and takes the timer down with it.
    /// Such an input is always ready; the clock is then polled alone.
    fn wait_badly(&self, clock: Option<Subscription>, input: bool) -> (bool, bool) {
        if input {
            self.input.set(Input::Steady);
            self.wants_input.set(false);
        } else if let Some(clock) = clock {
            let _ = wasi::poll(&[clock], &mut [WasiEvent::default()]);
        }
        (input, true)
    }

    /// True when a read found nothing and nobody was told of input since.
    pub(crate) fn wants_input(&self) -> bool {
        self.wants_input.get()
    }

    /// True when someone wants input and there is some now: asked while the guest computes.
    pub(crate) fn poll_input(&self) -> bool {
        self.wants_input.get() && self.wait(Some(0), true, false).0
    }

    fn read(&self, buf: &mut [u8]) -> HostResult<usize> {
        if self.input.get() == Input::Polled {
            self.wait(Some(0), true, false);
        }
        let answer = match self.input.get() {
            Input::Polled => Err(HostError::WouldBlock),
            Input::Steady => wasi::read(0, buf),
            Input::Ready => {
                self.input.set(Input::Polled);
                wasi::read(0, buf)
            }
        };
        self.wants_input.set(answer == Err(HostError::WouldBlock));
        answer
    }
}

impl WasiHost {
    /// A host for one machine.
    pub(crate) fn new(mounts: Mounts, streams: Rc<Streams>) -> WasiHost {
        WasiHost { mounts, streams }
    }
}

fn descriptor(stream: Stream) -> u32 {
    match stream {
        Stream::Stdin => 0,
        Stream::Stdout => 1,
        Stream::Stderr => 2,
    }
}

impl Host for WasiHost {
    fn monotonic(&mut self) -> Nanos {
        wasi::clock(1)
    }
    fn wall(&mut self) -> Nanos {
        wasi::clock(0)
    }
    fn entropy(&mut self, out: &mut [u8]) {
        if !wasi::random(out) {
            crate::fail("the engine has no entropy (random_get failed)");
        }
    }
    fn read(&mut self, stream: Stream, buf: &mut [u8]) -> HostResult<usize> {
        if stream != Stream::Stdin {
            return Err(HostError::Refused);
        }
        self.streams.read(buf)
    }
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> HostResult<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match wasi::write(descriptor(stream), bytes) {
            // wasmtime answers EIO when the other end of a pipe is gone.
            Err(HostError::Errno(Errno::EIO)) => Err(HostError::Closed),
            answer => answer,
        }
    }
    fn is_terminal(&mut self, stream: Stream) -> bool {
        // As wasi-libc's isatty: a character device that cannot seek. /dev/null can.
        const SEEKS: u64 = wasi::rights::FD_SEEK | wasi::rights::FD_TELL;
        let stat = wasi::fdstat(descriptor(stream));
        stat.is_ok_and(|(kind, rights, _)| kind == filetype::CHARACTER_DEVICE && rights & SEEKS == 0)
    }
    fn window(&mut self) -> Option<WinSize> {
        self.streams.window.get()
    }
    fn files(&mut self) -> &mut dyn HostFiles {
        &mut self.mounts
    }
    fn chunk(&mut self, _id: ChunkId) -> HostResult<()> {
        Ok(()) // the whole image is in memory
    }
    #[cfg(feature = "jit")]
    fn publish(&mut self, id: brainworm_abi::CodeId, wasm: &[u8], table_len: u32) -> brainworm_abi::Publish {
        crate::jit::publish(id, wasm, table_len)
    }
    #[cfg(feature = "jit")]
    fn retire(&mut self, id: brainworm_abi::CodeId) {
        crate::jit::retire(id);
    }
    fn heap_bytes(&mut self) -> u64 {
        crate::HEAP.used()
    }
    fn log(&mut self, line: &str) {
        crate::say(line);
    }
}
