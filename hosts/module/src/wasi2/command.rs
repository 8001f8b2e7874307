//! `wasi:cli/run`: the same behaviour as the preview 1 command, as far as 0.2 can tell it.

use super::files::Mounts;
use super::{Happened, Input, Output, Waiting};
use crate::{fail, machine, say};
use alloc::boxed::Box;
use alloc::format;
use alloc::rc::Rc;
use alloc::string::String;
use brainworm_abi::{
    ChunkId, Event, ExitStatus, Host, HostError, HostFiles, HostResult, Nanos, Pause, Stream, WinSize,
};
use brainworm_kernel::Kernel;
use core::cell::Cell;
use wasip2::cli::{environment, stderr, stdin, stdout, terminal_stderr, terminal_stdin, terminal_stdout};

/// Instructions between two looks at the outside.
const BUDGET: u64 = 20_000_000;

/// The standard streams, shared by the loop and the host the machine owns.
struct Streams {
    input: Input,
    output: Output,
    error: Output,
    /// A read answered WouldBlock: someone wants input.
    wants_input: Cell<bool>,
}

struct CommandHost {
    mounts: Mounts,
    streams: Rc<Streams>,
}

impl Host for CommandHost {
    fn monotonic(&mut self) -> Nanos {
        super::monotonic()
    }
    fn wall(&mut self) -> Nanos {
        super::wall()
    }
    fn entropy(&mut self, out: &mut [u8]) {
        super::entropy(out);
    }
    fn read(&mut self, stream: Stream, buf: &mut [u8]) -> HostResult<usize> {
        if stream != Stream::Stdin {
            return Err(HostError::Refused);
        }
        let answer = self.streams.input.read(buf);
        self.streams.wants_input.set(answer == Err(HostError::WouldBlock));
        answer
    }
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> HostResult<usize> {
        match stream {
            Stream::Stdin => Err(HostError::Refused),
            Stream::Stdout => self.streams.output.write(bytes),
            Stream::Stderr => self.streams.error.write(bytes),
        }
    }
    fn is_terminal(&mut self, stream: Stream) -> bool {
        match stream {
            Stream::Stdin => terminal_stdin::get_terminal_stdin().is_some(),
            Stream::Stdout => terminal_stdout::get_terminal_stdout().is_some(),
            Stream::Stderr => terminal_stderr::get_terminal_stderr().is_some(),
        }
    }
    fn window(&mut self) -> Option<WinSize> {
        None
    }
    fn files(&mut self) -> &mut dyn HostFiles {
        &mut self.mounts
    }
    fn chunk(&mut self, _id: ChunkId) -> HostResult<()> {
        Ok(()) // the whole image is in memory
    }
    fn heap_bytes(&mut self) -> u64 {
        crate::HEAP.used()
    }
    fn log(&mut self, line: &str) {
        say(line);
    }
}

struct Command;
wasip2::cli::command::export!(Command);

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        let streams = Rc::new(Streams {
            input: Input::new(stdin::get_stdin()),
            output: Output::new(stdout::get_stdout()),
            error: Output::new(stderr::get_stderr()),
            wants_input: Cell::new(false),
        });
        let status = match boot(&streams) {
            Ok(mut kernel) => drive(&mut kernel, &streams).code(),
            Err(error) => {
                say(&format!("brainworm: {}", error.message));
                error.code
            }
        };
        streams.output.finish();
        streams.error.finish();
        if status == 0 {
            return Ok(());
        }
        say(&format!("brainworm: exit status {status} (WASI 0.2 tells success and failure only)"));
        Err(())
    }
}

fn boot(streams: &Rc<Streams>) -> Result<Kernel, brainworm_kernel::BootError> {
    let config = machine::config()?;
    let mut setup = machine::Setup::default();
    setup.wishes.args = environment::get_arguments().into_iter().skip(1).map(String::into_bytes).collect();
    let variables = environment::get_environment().into_iter();
    setup.wishes.env = variables.map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
    let mounts = Mounts::find(&config.working_dir);
    let mut host = Box::new(CommandHost { mounts, streams: streams.clone() });
    if host.is_terminal(Stream::Stdin) {
        // 0.2 says nothing of the terminal but that it is one: nothing is promised of it.
        setup.wishes.term = Some(b"dumb".to_vec());
    }
    machine::boot(host, setup)
}

fn drive(kernel: &mut Kernel, streams: &Streams) -> ExitStatus {
    loop {
        let pause = kernel.run(BUDGET);
        streams.output.flush();
        streams.error.flush();
        let waiting = match pause {
            Pause::Exited(status) => return status,
            Pause::Budget if streams.wants_input.get() => {
                Waiting { until: Some(0), input: Some(&streams.input), ..Waiting::default() }
            }
            Pause::Budget => continue,
            Pause::Idle { until, on } => {
                // A read that found nothing is a wish, too: a terminal reads ahead of whoever asks it.
                let wants_input = on.stdin || streams.wants_input.get();
                if until.is_none() && !wants_input && !on.output {
                    fail("deadlock: every process of the guest waits for something that cannot come");
                }
                let input = wants_input.then_some(&streams.input);
                let outputs = [&streams.output, &streams.error].map(|output| on.output.then_some(output));
                Waiting { until, input, outputs }
            }
        };
        let Happened { readable, writable } = waiting.wait();
        if readable {
            streams.wants_input.set(false);
            kernel.push(Event::Readable);
        }
        if writable {
            kernel.push(Event::Writable);
        }
    }
}
