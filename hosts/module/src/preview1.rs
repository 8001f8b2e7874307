//! WASI preview 1. `_start` serves any engine: it boots, runs, waits in `poll_oneoff` and exits. Our own host calls
//! `bw_*` instead (`driven.rs`) and never waits inside.

use crate::files::Mounts;
use crate::host::{Streams, WasiHost};
use crate::{OWN_ERROR, fail, machine, wasi};
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use brainworm_abi::{Event, Host, HostError, Pause, Stream, WinSize};
use brainworm_kernel::{BootError, Kernel};

/// Instructions between two looks at the outside.
const BUDGET: u64 = 20_000_000;
/// Stock preview 1 engines refuse exit statuses from here on.
const STATUS_LIMIT: u8 = 126;

/// What our own host decides before boot. A stock engine decides nothing.
#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) machine: machine::Setup,
    /// The terminal's size.
    pub(crate) window: Option<WinSize>,
    /// Bit n: the n-th preopened directory is read-only.
    pub(crate) read_only_mounts: u64,
    /// Bit n: of the n-th only the file in it is mounted.
    pub(crate) file_mounts: u64,
}

/// The one machine.
pub(crate) struct Machine {
    pub(crate) kernel: Kernel,
    pub(crate) streams: Rc<Streams>,
}

impl Machine {
    /// Boots with the engine's arguments and environment. `is_driven`: by our own host.
    pub(crate) fn boot(mut setup: Setup, is_driven: bool) -> Result<Machine, BootError> {
        let config = machine::config()?;
        let wishes = &mut setup.machine.wishes;
        wishes.args = wasi::args().into_iter().skip(1).collect();
        wishes.env = wasi::environ();
        let working_dir = wishes.working_dir.as_ref().unwrap_or(&config.working_dir);
        let mounts = Mounts::find(working_dir, setup.read_only_mounts, setup.file_mounts);
        let streams = Streams::new(is_driven, setup.window);
        let mut host = Box::new(WasiHost::new(mounts, streams.clone()));
        if !is_driven && host.is_terminal(Stream::Stdin) {
            // Preview 1 says nothing of the terminal: nothing is promised of it.
            wishes.term = Some(b"dumb".to_vec());
        }
        let kernel = machine::boot(host, setup.machine)?;
        Ok(Machine { kernel, streams })
    }
}

/// Entry point for stock engines.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn _start() {
    let mut machine = match Machine::boot(Setup::default(), false) {
        Ok(machine) => machine,
        Err(error) => {
            say(&format!("brainworm: {}", error.message));
            leave(error.code)
        }
    };
    loop {
        match machine.kernel.run(BUDGET) {
            Pause::Budget => {
                if machine.streams.poll_input() {
                    machine.kernel.push(Event::Readable);
                }
            }
            Pause::Idle { until, on } => {
                // A read that found nothing is a wish, too: a terminal reads ahead of whoever asks it.
                let input = on.stdin || machine.streams.wants_input();
                if until.is_none() && !input && !on.output {
                    fail("deadlock: every process of the guest waits for something that cannot come");
                }
                let (readable, writable) = machine.streams.wait(until, input, on.output);
                if readable {
                    machine.kernel.push(Event::Readable);
                }
                if writable {
                    machine.kernel.push(Event::Writable);
                }
            }
            Pause::Exited(status) => leave(status.code()),
        }
    }
}

/// Exits with the guest's status where the engine takes it; else with 125 and a line that names the true one.
fn leave(status: u8) -> ! {
    if status < STATUS_LIMIT {
        wasi::exit(status as u32);
    }
    say(&format!("brainworm: exit status {status} (WASI preview 1 has none above 125)"));
    stop()
}

/// A line on standard error.
pub(crate) fn say(line: &str) {
    let line = format!("{line}\n");
    let mut rest = line.as_bytes();
    while !rest.is_empty() {
        match wasi::write(2, rest) {
            Ok(n) if n > 0 => rest = &rest[n..],
            // A full pipe of our own host: it drains while it is polled.
            Err(HostError::WouldBlock) => {
                let _ = wasi::poll(&[wasi::Subscription::write(2)], &mut [wasi::WasiEvent::default()]);
            }
            _ => return,
        }
    }
}

/// The end after an error of ours.
pub(crate) fn stop() -> ! {
    wasi::exit(OWN_ERROR as u32)
}
