//! The kernel run natively under a test host: seeded clock and entropy, WouldBlock and short counts wherever they may
//! come, preemption after every n-th instruction. The same guests as under wasm, with a debugger and without an engine.

mod arena;
mod heap;
mod host;

pub use arena::reserve;
pub use heap::bound_heap;
pub use host::{Random, SimHost, World};

use brainworm_abi::{Event, ExitStatus, Pause};
use brainworm_cpu::cpuid::Level;
use brainworm_kernel::{BootConfig, Kernel};
use brainworm_loader::start::Wishes;
use std::cell::RefCell;
use std::rc::Rc;

/// How to run a guest.
#[derive(Clone, Debug)]
pub struct Options {
    /// Replaces the image's command.
    pub args: Vec<Vec<u8>>,
    /// Added to the image's environment.
    pub env: Vec<Vec<u8>>,
    /// Where everything random comes from.
    pub seed: u64,
    /// WouldBlock, short reads and writes.
    pub is_chaotic: bool,
    /// Instructions until the next task gets its turn; `None`: the kernel's own slices.
    pub slice: Option<u64>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Print system calls to this process's stderr.
    pub strace: bool,
    /// Copy the output to this process's streams as it comes.
    pub is_live: bool,
    /// Memory limit in bytes.
    pub memory_bytes: u64,
    /// What CPUID shows, by `Level`'s numbers.
    pub cpu: u64,
    /// Give up after this many instructions.
    pub instructions_max: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            args: Vec::new(),
            env: Vec::new(),
            seed: 1,
            is_chaotic: false,
            slice: None,
            stdin: Vec::new(),
            strace: false,
            is_live: false,
            memory_bytes: 2 << 30,
            cpu: Level::default() as u64,
            instructions_max: 1 << 40,
        }
    }
}

/// How it went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The container ended.
    Exited(ExitStatus),
    /// Every task waits and nothing will ever come: what they wait for is not of this world.
    Stuck,
    /// `instructions_max` were used up.
    TooLong,
    /// It could not be started: the message and docker's exit code.
    NotStarted(String, u8),
}

/// What a guest left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it wrote.
    pub stdout: Vec<u8>,
    /// What it wrote to the other one.
    pub stderr: Vec<u8>,
}

impl Outcome {
    /// The exit code a shell would see; 125 when the guest did not end by itself.
    pub fn code(&self) -> u8 {
        match &self.end {
            End::Exited(status) => status.code(),
            End::NotStarted(_, code) => *code,
            End::Stuck | End::TooLong => 125,
        }
    }
}

/// Runs a packed image (`brainworm_pack::Container::pack`) to its end.
pub fn run(image: &[u8], options: &Options) -> Outcome {
    let mut world = World::new(options.seed, options.stdin.clone(), options.is_chaotic);
    world.is_live = options.is_live;
    let world = Rc::new(RefCell::new(world));
    let end = drive(image, options, &world);
    let mut world = world.borrow_mut();
    Outcome { end, stdout: std::mem::take(&mut world.stdout), stderr: std::mem::take(&mut world.stderr) }
}

fn drive(image: &[u8], options: &Options, world: &Rc<RefCell<World>>) -> End {
    let wishes = Wishes { args: options.args.clone(), env: options.env.clone(), ..Wishes::default() };
    let config = BootConfig {
        cpu: Some(Level::of_index(options.cpu)),
        wishes,
        memory_bytes: options.memory_bytes,
        kernel_bytes: options.memory_bytes / 2 + (64 << 20),
        strace: options.strace,
        log: true,
    };
    let host = Box::new(SimHost::new(world.clone()));
    let mut kernel = match Kernel::boot(host, reserve(image), config) {
        Ok(kernel) => kernel,
        Err(error) => return End::NotStarted(error.message, error.code),
    };
    let slice = options.slice.unwrap_or(10_000_000);
    let mut left = options.instructions_max;
    let mut random = Random::new(options.seed ^ 0x51ce);
    while left > 0 {
        // With a slice of 1..n, every point of preemption is met some time.
        let budget = match options.slice {
            Some(most) if options.is_chaotic => 1 + random.draw() % most,
            _ => slice,
        };
        let pause = kernel.run(budget);
        left = left.saturating_sub(budget);
        let owed = std::mem::take(&mut world.borrow_mut().owed);
        let is_owed = !owed.is_empty();
        owed.into_iter().for_each(|event| kernel.push(event));
        match pause {
            Pause::Exited(status) => return End::Exited(status),
            // A native CPU of a nanosecond an instruction.
            Pause::Budget => world.borrow_mut().now += budget,
            Pause::Idle { .. } if is_owed => {}
            Pause::Idle { until: Some(until), .. } => {
                let mut world = world.borrow_mut();
                world.now = world.now.max(until);
            }
            Pause::Idle { until: None, on } if on.stdin => kernel.push(Event::Readable),
            Pause::Idle { until: None, on } if on.output => kernel.push(Event::Writable),
            Pause::Idle { .. } => return End::Stuck,
        }
    }
    End::TooLong
}
