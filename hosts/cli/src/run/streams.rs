//! What the module imports that must be exact: the command line as bytes, the clocks of this machine, and descriptors
//! 0 to 2 that never block.
//!
//! These replace wasmtime-wasi's functions of the same names (which take UTF-8 only and read standard input ahead).
//! Readiness is asked by poll(2) before each call, since O_NONBLOCK would change the streams for everyone who shares
//! them; a pipe that is ready takes 4 KiB without blocking (PIPE_BUF).

use super::drive::Context;
use super::wait;
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};
use std::os::fd::AsFd;
use std::time::Duration;
use wasmtime::{Caller, Extern, Linker};

const MODULE: &str = "wasi_snapshot_preview1";
const PIPE_BUF: usize = 4096;

const SUCCESS: i32 = 0;
const EAGAIN: i32 = 6;
const EBADF: i32 = 8;
const EFAULT: i32 = 21;
const EINVAL: i32 = 28;
const EIO: i32 = 29;
const ENOSPC: i32 = 51;
const EPIPE: i32 = 64;

const FILETYPE_UNKNOWN: u8 = 0;
const FILETYPE_CHARACTER_DEVICE: u8 = 2;
const FILETYPE_DIRECTORY: u8 = 3;
const RIGHTS_SEEK_TELL: u64 = 1 << 2 | 1 << 5;

/// The streams and words of one machine.
pub(crate) struct Streams {
    args: Vec<Vec<u8>>,
    environment: Vec<Vec<u8>>,
    /// Without it standard input is empty.
    is_interactive: bool,
    /// The module is to see a terminal.
    is_terminal: bool,
    /// A call answered EAGAIN and nobody was told since.
    pub(crate) blocked: [bool; 3],
    /// Regular files take everything at once.
    takes_all: [bool; 3],
    /// The machine is cut off from this one: see [`Streams::virtual`].
    world: Option<World>,
}

/// A world of its own: the same at every run.
struct World {
    /// Monotonic clock, in ns.
    now: u64,
    /// State of the entropy (splitmix64).
    seed: u64,
}

/// Wall clock minus monotonic clock of a [`World`]: 2026-01-01, in ns.
const WORLD_EPOCH: u64 = 1_767_225_600_000_000_000;
/// What a look at the clock of a [`World`] costs.
const WORLD_TICK: u64 = 10_000;

impl Streams {
    pub(crate) fn new(
        args: Vec<Vec<u8>>,
        environment: Vec<Vec<u8>>,
        is_interactive: bool,
        is_terminal: bool,
    ) -> Streams {
        let is_file = |fd: std::os::fd::BorrowedFd<'_>| {
            let mode = rustix::fs::fstat(fd).map(|stat| stat.st_mode);
            mode.is_ok_and(|mode| rustix::fs::FileType::from_raw_mode(mode).is_file())
        };
        let takes_all = [false, is_file(rustix::stdio::stdout()), is_file(rustix::stdio::stderr())];
        Streams { args, environment, is_interactive, is_terminal, blocked: [false; 3], takes_all, world: None }
    }

    /// Streams that take and give nothing, a clock that moves when it is looked at or slept on, and entropy that is
    /// none: what is run on them does the same each time.
    pub(crate) fn virtual_world(args: Vec<Vec<u8>>, environment: Vec<Vec<u8>>) -> Streams {
        let world = Some(World { now: 1_000_000_000, seed: 1 });
        Streams { world, ..Streams::new(args, environment, false, false) }
    }

    /// Moves the virtual clock on.
    pub(crate) fn pass_time(&mut self, until: u64) {
        if let Some(world) = &mut self.world {
            world.now = world.now.max(until);
        }
    }

    fn clock(&mut self, id: u32) -> Option<u64> {
        match (&mut self.world, id) {
            (None, _) => clock(id),
            (Some(world), 0..=1) => {
                world.now += WORLD_TICK;
                Some(world.now + if id == 0 { WORLD_EPOCH } else { 0 })
            }
            _ => None,
        }
    }

    /// True for `virtual_world`.
    pub(crate) fn is_virtual(&self) -> bool {
        self.world.is_some()
    }

    fn entropy(&mut self, room: &mut [u8]) -> Result<(), i32> {
        let Some(world) = &mut self.world else { return Err(EIO) };
        for bytes in room.chunks_mut(8) {
            world.seed = world.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = (world.seed ^ world.seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.copy_from_slice(&(mixed ^ mixed >> 31).to_le_bytes()[..bytes.len()]);
        }
        Ok(())
    }

    fn read(&mut self, buf: &mut [u8]) -> Result<usize, i32> {
        if !self.is_interactive || buf.is_empty() {
            return Ok(0);
        }
        if !wait::wait([true, false, false], None, Some(Duration::ZERO)).streams[0] {
            self.blocked[0] = true;
            return Err(EAGAIN);
        }
        let answer = rustix::io::retry_on_intr(|| rustix::io::read(rustix::stdio::stdin(), &mut *buf));
        self.answer(0, answer)
    }

    fn write(&mut self, fd: usize, bytes: &[u8]) -> Result<usize, i32> {
        if self.world.is_some() {
            return Ok(bytes.len());
        }
        let stream = if fd == 1 { rustix::stdio::stdout() } else { rustix::stdio::stderr() };
        let room = if self.takes_all[fd] { usize::MAX } else { PIPE_BUF };
        if !self.takes_all[fd] {
            let asked = [false, fd == 1, fd == 2];
            if !wait::wait(asked, None, Some(Duration::ZERO)).streams[fd] {
                self.blocked[fd] = true;
                return Err(EAGAIN);
            }
        }
        let part = &bytes[..bytes.len().min(room)];
        let answer = rustix::io::retry_on_intr(|| rustix::io::write(stream.as_fd(), part));
        self.answer(fd, answer)
    }

    fn answer(&mut self, fd: usize, answer: Result<usize, Errno>) -> Result<usize, i32> {
        self.blocked[fd] = answer == Err(Errno::AGAIN);
        answer.map_err(|e| match e {
            Errno::AGAIN => EAGAIN,
            Errno::PIPE => EPIPE,
            Errno::NOSPC => ENOSPC,
            Errno::BADF => EBADF,
            _ => EIO,
        })
    }
}

/// Defines the functions, over those of the same names.
pub(crate) fn define(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker.func_wrap(MODULE, "args_sizes_get", |mut caller: Caller<'_, Context>, count: u32, bytes: u32| {
        with(&mut caller, |memory, streams| sizes(memory, &streams.args, count, bytes))
    })?;
    linker.func_wrap(MODULE, "args_get", |mut caller: Caller<'_, Context>, table: u32, bytes: u32| {
        with(&mut caller, |memory, streams| strings(memory, &streams.args, table, bytes))
    })?;
    linker.func_wrap(MODULE, "environ_sizes_get", |mut caller: Caller<'_, Context>, count: u32, bytes: u32| {
        with(&mut caller, |memory, streams| sizes(memory, &streams.environment, count, bytes))
    })?;
    linker.func_wrap(MODULE, "environ_get", |mut caller: Caller<'_, Context>, table: u32, bytes: u32| {
        with(&mut caller, |memory, streams| strings(memory, &streams.environment, table, bytes))
    })?;
    linker.func_wrap(MODULE, "fd_read", |mut caller: Caller<'_, Context>, fd: u32, iovs: u32, n: u32, done: u32| {
        with(&mut caller, |memory, streams| {
            transfer(memory, iovs, n, done, |buf| match fd {
                0 => streams.read(buf),
                _ => Err(EBADF),
            })
        })
    })?;
    linker.func_wrap(
        MODULE,
        "fd_write",
        |mut caller: Caller<'_, Context>, fd: u32, iovs: u32, n: u32, done: u32| {
            with(&mut caller, |memory, streams| {
                transfer(memory, iovs, n, done, |buf| match fd {
                    1 | 2 => streams.write(fd as usize, buf),
                    _ => Err(EBADF),
                })
            })
        },
    )?;
    linker.func_wrap(MODULE, "fd_fdstat_get", |mut caller: Caller<'_, Context>, fd: u32, out: u32| {
        with(&mut caller, |memory, streams| fdstat(memory, fd, out, streams.is_terminal))
    })?;
    linker.func_wrap(
        MODULE,
        "clock_time_get",
        |mut caller: Caller<'_, Context>, id: u32, _precision: u64, out: u32| {
            with(&mut caller, |memory, streams| put(memory, out, &streams.clock(id).ok_or(EINVAL)?.to_le_bytes()))
        },
    )?;
    linker.func_wrap(
        MODULE,
        "poll_oneoff",
        |mut caller: Caller<'_, Context>, subs: u32, events: u32, n: u32, done: u32| {
            with(&mut caller, |memory, _| poll_output(memory, subs, events, n, done))
        },
    )?;
    Ok(())
}

/// Nanoseconds of the wall clock (0) or the monotonic one (1).
pub(crate) fn clock(id: u32) -> Option<u64> {
    let now = clock_gettime(match id {
        0 => ClockId::Realtime,
        1 => ClockId::Monotonic,
        _ => return None,
    });
    Some((now.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(now.tv_nsec as u64))
}

/// Defines the entropy of a virtual world, over wasmtime-wasi's.
pub(crate) fn define_entropy(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, Context>, at: u32, len: u32| {
        with(&mut caller, |memory, streams| streams.entropy(slot(memory, at, len as usize)?))
    })?;
    Ok(())
}

/// Gives the module's memory and the streams; a memory error becomes EFAULT.
fn with(caller: &mut Caller<'_, Context>, f: impl FnOnce(&mut [u8], &mut Streams) -> Result<(), i32>) -> i32 {
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return EINVAL };
    let (memory, context) = memory.data_and_store_mut(caller);
    f(memory, &mut context.streams).err().unwrap_or(SUCCESS)
}

fn slot(memory: &mut [u8], at: u32, len: usize) -> Result<&mut [u8], i32> {
    let start = at as usize;
    memory.get_mut(start..start + len).ok_or(EFAULT)
}

fn put(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), i32> {
    slot(memory, at, bytes.len())?.copy_from_slice(bytes);
    Ok(())
}

fn word(memory: &mut [u8], at: u32) -> Result<u32, i32> {
    let bytes = slot(memory, at, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn sizes(memory: &mut [u8], list: &[Vec<u8>], count: u32, bytes: u32) -> Result<(), i32> {
    let len: usize = list.iter().map(|s| s.len() + 1).sum();
    put(memory, count, &(list.len() as u32).to_le_bytes())?;
    put(memory, bytes, &(len as u32).to_le_bytes())
}

fn strings(memory: &mut [u8], list: &[Vec<u8>], mut table: u32, mut at: u32) -> Result<(), i32> {
    for string in list {
        put(memory, table, &at.to_le_bytes())?;
        put(memory, at, string)?;
        at = at.checked_add(string.len() as u32).ok_or(EFAULT)?;
        put(memory, at, &[0])?;
        (table, at) = (table.wrapping_add(4), at.wrapping_add(1));
    }
    Ok(())
}

/// Moves bytes for the first iovec that has any: a short answer is always allowed.
fn transfer(
    memory: &mut [u8],
    iovs: u32,
    count: u32,
    done: u32,
    call: impl FnOnce(&mut [u8]) -> Result<usize, i32>,
) -> Result<(), i32> {
    let mut moved = 0;
    for i in 0..count {
        let iov = i.checked_mul(8).and_then(|offset| iovs.checked_add(offset)).ok_or(EFAULT)?;
        let (at, len) = (word(memory, iov)?, word(memory, iov.checked_add(4).ok_or(EFAULT)?)?);
        if len != 0 {
            moved = call(slot(memory, at, len as usize)?)?;
            break;
        }
    }
    put(memory, done, &(moved as u32).to_le_bytes())
}

/// The module asks for terminals (0 to 2) and whether directories can be written (told by an option instead).
fn fdstat(memory: &mut [u8], fd: u32, out: u32, is_terminal: bool) -> Result<(), i32> {
    let (kind, rights) = match fd {
        0..=2 if is_terminal => (FILETYPE_CHARACTER_DEVICE, !RIGHTS_SEEK_TELL),
        0..=2 => (FILETYPE_UNKNOWN, u64::MAX),
        _ => (FILETYPE_DIRECTORY, u64::MAX),
    };
    // The highest rights bit of preview 1 is 29; engines refuse unknown ones.
    let rights = rights & ((1 << 30) - 1);
    let mut stat = [0; 24];
    stat[0] = kind;
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    stat[16..24].copy_from_slice(&rights.to_le_bytes());
    put(memory, out, &stat)
}

/// The driven module polls only for room to print its last words.
fn poll_output(memory: &mut [u8], subs: u32, events: u32, count: u32, done: u32) -> Result<(), i32> {
    if count == 0 {
        return Err(EINVAL);
    }
    wait::wait([false, false, true], None, None);
    let userdata = slot(memory, subs, 8)?.to_vec();
    let mut event = [0; 32];
    event[..8].copy_from_slice(&userdata);
    put(memory, events, &event)?;
    put(memory, done, &1u32.to_le_bytes())
}
