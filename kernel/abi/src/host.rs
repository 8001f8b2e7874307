//! Everything the machine may ask of the outside; nothing else crosses the border.
//!
//! The host is asked for little and never calls into the middle of us: it drives `run(budget)` and `push(Event)`.
//! Any call may answer [`HostError::WouldBlock`]; completion comes back as an [`Event`].

use crate::{Nanos, Timespec};
use alloc::vec::Vec;

/// The container's standard streams.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs, reason = "stdin(3)")]
pub enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

/// Window size of a terminal, in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "struct winsize, ioctl_tty(2)")]
pub struct WinSize {
    pub rows: u16,
    pub cols: u16,
}

impl WinSize {
    /// As one number, for `bw_option` and `bw_push`: rows in the upper half, columns in the lower.
    pub const fn pack(self) -> u32 {
        (self.rows as u32) << 16 | self.cols as u32
    }
    /// From that number.
    pub const fn unpack(packed: u32) -> WinSize {
        WinSize { rows: (packed >> 16) as u16, cols: packed as u16 }
    }
}

/// Why the host could not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HostError {
    /// Not now; an event follows.
    WouldBlock,
    /// The other end is gone (EPIPE, closed pipe).
    Closed,
    /// A failed file operation, as Linux numbers it.
    Errno(crate::Errno),
    /// The host does not grant or have this at all.
    Refused,
}

/// Answer of a host call.
pub type HostResult<T> = Result<T, HostError>;

/// A part of the packed image that a host may deliver late.
pub type ChunkId = u32;

/// A module of guest code translated at run time, named by the machine.
pub type CodeId = u32;

/// Answer of [`Host::publish`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Publish {
    /// Its functions can be called already.
    Ready,
    /// As `Ready`, and the machine is to pause before the next one: the host has to make room.
    Last,
    /// [`Event::CodeReady`] follows.
    Accepted,
    /// The host has no room: once all other modules are retired there is some.
    Full,
    /// The host loads no code.
    Refused,
}

/// An open file or directory of a host mount, named by the host.
pub type HostFileId = u32;

/// Why the machine stopped working for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// The budget is used up; call `run` again.
    Budget,
    /// Nothing can run before `until` (monotonic; `None`: never by itself) or an event of interest.
    Idle { until: Option<Nanos>, on: Interest },
    /// The container's first process is gone.
    Exited(ExitStatus),
}

/// What an idle machine waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Interest {
    /// A task waits for standard input.
    pub stdin: bool,
    /// A task waits to write to stdout or stderr after `WouldBlock`.
    pub output: bool,
    /// A host file or socket operation is under way.
    pub files: bool,
}

/// How the container ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitStatus {
    /// exit_group(status & 0xff).
    Code(u8),
    /// Killed by this signal: the shell's 128 + n.
    Signal(u8),
}

impl ExitStatus {
    /// The number docker gives: the code, or 128 + n.
    pub fn code(self) -> u8 {
        match self {
            ExitStatus::Code(code) => code,
            ExitStatus::Signal(signal) => 128u8.wrapping_add(signal),
        }
    }
}

/// What happened outside. Pushed by the host between two `run` calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// Standard input has bytes or ended: a call of `read` will tell.
    Readable,
    /// stdout or stderr takes bytes again.
    Writable,
    /// The terminal has a new size; the first one makes the streams a terminal.
    Resize(WinSize),
    /// An image chunk is there.
    ChunkReady(ChunkId),
    /// A host file operation can go on.
    FileReady(HostFileId),
    /// A signal for the container's first process (docker stop, kill).
    Signal(u8),
    /// A published module is loaded (true), or never will be.
    CodeReady(CodeId, bool),
}

/// The outside. Implemented by hosts and by the test host, which answers WouldBlock wherever it may.
pub trait Host {
    /// Monotonic clock.
    fn monotonic(&mut self) -> Nanos;
    /// Wall clock since the epoch.
    fn wall(&mut self) -> Nanos;
    /// Cryptographic entropy.
    fn entropy(&mut self, out: &mut [u8]);
    /// Standard input: bytes; 0 is its end.
    fn read(&mut self, stream: Stream, buf: &mut [u8]) -> HostResult<usize>;
    /// stdout/stderr: may take less than all; `Closed` becomes EPIPE and SIGPIPE.
    fn write(&mut self, stream: Stream, bytes: &[u8]) -> HostResult<usize>;
    /// True when the stream is a terminal of the host (then the guest sees a tty on it).
    fn is_terminal(&mut self, stream: Stream) -> bool;
    /// The terminal's size; `None` where the host cannot know it.
    fn window(&mut self) -> Option<WinSize>;
    /// Host directories the user granted.
    fn files(&mut self) -> &mut dyn HostFiles;
    /// A part of the image that is not here yet; `Ok` once it is.
    fn chunk(&mut self, id: ChunkId) -> HostResult<()>;
    /// Loads a module of code (`brainworm_cpu::jit`) that puts its functions into table 0, which must have `table_len`
    /// elements by then. The machine goes on meanwhile.
    fn publish(&mut self, _id: CodeId, _wasm: &[u8], _table_len: u32) -> Publish {
        Publish::Refused
    }
    /// Nothing calls a module's functions any more; their places in the table may be given to others.
    fn retire(&mut self, _id: CodeId) {}
    /// Bytes of heap in use by the kernel, where the embedder counts them.
    fn heap_bytes(&mut self) -> u64 {
        0
    }
    /// A line for the person who debugs (`--strace`, `--log`); never the guest's output.
    fn log(&mut self, line: &str);
}

/// Metadata of a host file. `mode` has the file type; permissions only where the host knows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "as struct stat")]
pub struct HostStat {
    pub dev: u64,
    pub ino: u64,
    pub mode: u32,
    pub nlink: u32,
    pub size: u64,
    pub atime: Timespec,
    pub mtime: Timespec,
    pub ctime: Timespec,
}

/// One entry of a host directory.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "struct dirent")]
pub struct DirEntry {
    pub ino: u64,
    pub kind: u8,
    pub name: Vec<u8>,
}

/// Directories of the host as mounts. Paths are relative, `/`-separated bytes below the mount's root, which is `.`; the host never
/// follows a symlink out of it, and the caller resolves symlinks itself (one component at a time).
#[allow(missing_docs, reason = "each is the system call of that name on a granted directory")]
pub trait HostFiles {
    /// The granted directories: (guest path, read-only).
    fn mounts(&mut self) -> Vec<(Vec<u8>, bool)>;
    fn stat(&mut self, mount: u32, path: &[u8]) -> HostResult<HostStat>;
    fn open(&mut self, mount: u32, path: &[u8], flags: crate::OpenFlags, mode: u32) -> HostResult<HostFileId>;
    fn close(&mut self, file: HostFileId);
    fn fstat(&mut self, file: HostFileId) -> HostResult<HostStat>;
    fn read_at(&mut self, file: HostFileId, pos: u64, buf: &mut [u8]) -> HostResult<usize>;
    fn write_at(&mut self, file: HostFileId, pos: u64, bytes: &[u8]) -> HostResult<usize>;
    fn set_len(&mut self, file: HostFileId, size: u64) -> HostResult<()>;
    fn sync(&mut self, file: HostFileId) -> HostResult<()>;
    fn read_dir(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<DirEntry>>;
    fn mkdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()>;
    fn unlink(&mut self, mount: u32, path: &[u8]) -> HostResult<()>;
    fn rmdir(&mut self, mount: u32, path: &[u8]) -> HostResult<()>;
    fn rename(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()>;
    fn link(&mut self, mount: u32, from: &[u8], to: &[u8]) -> HostResult<()>;
    fn symlink(&mut self, mount: u32, target: &[u8], path: &[u8]) -> HostResult<()>;
    fn readlink(&mut self, mount: u32, path: &[u8]) -> HostResult<Vec<u8>>;
    /// `None` leaves a time as it is.
    fn set_times(
        &mut self,
        mount: u32,
        path: &[u8],
        atime: Option<Timespec>,
        mtime: Option<Timespec>,
    ) -> HostResult<()>;
}
