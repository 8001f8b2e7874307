//! The test host: a seeded world in which the clock is virtual and every call that may answer `WouldBlock` does so now
//! and then. Two runs with the same seed see the same world.

use brainworm_abi::{ChunkId, Event, Host, HostError, HostFiles, HostResult, Nanos, NoFiles, Stream, WinSize};
use std::cell::RefCell;
use std::rc::Rc;

/// The first nanosecond of 2026.
const WALL_START: Nanos = 1_767_225_600_000_000_000;

/// xorshift64*.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(2).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }
    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        (self.draw() >> 20).is_multiple_of(n)
    }
}

/// What the world looks like from outside; shared between the host in the kernel and whoever drives it.
#[derive(Debug)]
pub struct World {
    /// Nanoseconds since boot.
    pub now: Nanos,
    /// Standard input not read yet.
    pub stdin: Vec<u8>,
    /// What the guest wrote.
    pub stdout: Vec<u8>,
    /// What the guest wrote to the other one.
    pub stderr: Vec<u8>,
    /// Answer WouldBlock and short counts.
    pub is_chaotic: bool,
    /// Copy the guest's output and the log to this process's streams at once.
    pub is_live: bool,
    /// Bytes of `stdout` and of `stderr` that are kept; the rest is taken and forgotten.
    pub kept_bytes: usize,
    /// Events owed for calls that answered WouldBlock.
    pub owed: Vec<Event>,
    random: Random,
}

impl World {
    /// A world from its seed.
    pub fn new(seed: u64, stdin: Vec<u8>, is_chaotic: bool) -> World {
        World {
            now: 1_000_000_000,
            stdin,
            stdout: Vec::new(),
            stderr: Vec::new(),
            is_chaotic,
            is_live: false,
            kept_bytes: usize::MAX,
            owed: Vec::new(),
            random: Random::new(seed),
        }
    }
    /// Refuses now and then, and owes an event for it.
    fn delay(&mut self, event: Event) -> HostResult<()> {
        if self.is_chaotic && self.random.one_in(3) {
            self.owed.push(event);
            return Err(HostError::WouldBlock);
        }
        Ok(())
    }
    fn shorten(&mut self, len: usize) -> usize {
        if self.is_chaotic && len > 1 && self.random.one_in(2) { 1 + self.random.draw() as usize % len } else { len }
    }
}

/// The kernel's side of the world.
pub struct SimHost {
    world: Rc<RefCell<World>>,
    files: NoFiles,
}

impl SimHost {
    /// A host in this world.
    pub fn new(world: Rc<RefCell<World>>) -> SimHost {
        SimHost { world, files: NoFiles }
    }
}

impl Host for SimHost {
    fn monotonic(&mut self) -> Nanos {
        let mut world = self.world.borrow_mut();
        world.now += 1_000;
        world.now
    }
    fn wall(&mut self) -> Nanos {
        WALL_START + self.world.borrow().now
    }
    fn entropy(&mut self, out: &mut [u8]) {
        let mut world = self.world.borrow_mut();
        out.iter_mut().for_each(|byte| *byte = (world.random.draw() >> 32) as u8);
    }
    fn read(&mut self, stream: Stream, buf: &mut [u8]) -> HostResult<usize> {
        let mut world = self.world.borrow_mut();
        if stream != Stream::Stdin {
            return Ok(0);
        }
        world.delay(Event::Readable)?;
        let len = buf.len().min(world.stdin.len());
        let len = world.shorten(len);
        buf[..len].copy_from_slice(&world.stdin[..len]);
        world.stdin.drain(..len);
        Ok(len)
    }
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> HostResult<usize> {
        use std::io::Write;
        let mut world = self.world.borrow_mut();
        world.delay(Event::Writable)?;
        let len = world.shorten(bytes.len());
        let bytes = &bytes[..len];
        if world.is_live {
            // Nobody can be told when this process's own streams are gone.
            let _ = match stream {
                Stream::Stderr => std::io::stderr().write_all(bytes),
                _ => std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush()),
            };
        }
        let kept_bytes = world.kept_bytes;
        let kept = match stream {
            Stream::Stderr => &mut world.stderr,
            _ => &mut world.stdout,
        };
        kept.extend_from_slice(&bytes[..len.min(kept_bytes.saturating_sub(kept.len()))]);
        Ok(len)
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
        Ok(())
    }
    fn heap_bytes(&mut self) -> u64 {
        crate::heap::heap_bytes()
    }
    fn log(&mut self, line: &str) {
        if self.world.borrow().is_live {
            eprintln!("{line}");
        }
    }
}
