//! Open files as the kernel sees them, whatever is behind: `fs`, `net` and the kernel's own objects implement `File`.
//!
//! Objects never block. A call that cannot go on answers `EAGAIN`; the kernel parks the task at the object's
//! [`WaitPoint`] and makes the same call again once it was notified.

use crate::linux;
use crate::{Errno, Frame, FrameStore, Host, Interest, Nanos, Pid, ProcInfo, ProcNode, Timespec, WaitPoint};
use alloc::vec::Vec;
use bitflags::bitflags;
use core::any::Any;

bitflags! {
    /// Flags of open(2) with Linux's values on x86-64. The access mode is the low two bits: see `reads`, `writes`.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "each is open(2)'s flag of that name")]
    pub struct OpenFlags: u32 {
        const O_WRONLY = 0o1; const O_RDWR = 0o2;
        const O_CREAT = 0o100; const O_EXCL = 0o200; const O_NOCTTY = 0o400; const O_TRUNC = 0o1000;
        const O_APPEND = 0o2000; const O_NONBLOCK = 0o4000; const O_DSYNC = 0o10000; const O_ASYNC = 0o20000;
        const O_DIRECT = 0o40000; const O_LARGEFILE = 0o100000; const O_DIRECTORY = 0o200000;
        const O_NOFOLLOW = 0o400000; const O_NOATIME = 0o1000000; const O_CLOEXEC = 0o2000000;
        const O_SYNC = 0o4010000; const O_PATH = 0o10000000; const O_TMPFILE = 0o20200000;
    }
}

impl OpenFlags {
    /// O_RDONLY or O_RDWR.
    pub fn reads(self) -> bool {
        self.bits() & 3 == 0 || self.bits() & 3 == 2
    }
    /// O_WRONLY or O_RDWR.
    pub fn writes(self) -> bool {
        self.bits() & 3 == 1 || self.bits() & 3 == 2
    }
}

bitflags! {
    /// What a file is ready for: poll(2)'s events with Linux's values.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "each is poll(2)'s event of that name")]
    pub struct Readiness: u32 {
        const IN = 0x1; const PRI = 0x2; const OUT = 0x4; const ERR = 0x8; const HUP = 0x10; const NVAL = 0x20;
        const RDNORM = 0x40; const RDBAND = 0x80; const WRNORM = 0x100; const WRBAND = 0x200; const RDHUP = 0x2000;
    }
}

/// The file type bits of `st_mode` (inode(7)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
#[allow(missing_docs, reason = "inode(7)")]
pub enum FileKind {
    Fifo = 0o010000,
    CharDevice = 0o020000,
    Directory = 0o040000,
    BlockDevice = 0o060000,
    Regular = 0o100000,
    Symlink = 0o120000,
    Socket = 0o140000,
}

impl FileKind {
    /// From the type bits of a mode.
    pub fn from_mode(mode: u32) -> Option<FileKind> {
        Some(match mode & 0o170000 {
            0o010000 => FileKind::Fifo,
            0o020000 => FileKind::CharDevice,
            0o040000 => FileKind::Directory,
            0o060000 => FileKind::BlockDevice,
            0o100000 => FileKind::Regular,
            0o120000 => FileKind::Symlink,
            0o140000 => FileKind::Socket,
            _ => return None,
        })
    }
    /// `d_type` of getdents64(2).
    pub fn dirent_type(self) -> u8 {
        (self as u32 >> 12) as u8
    }
}

/// What stat(2) and statx(2) tell. `mode` holds type and permissions; `rdev` is in Linux's encoding (makedev(3)).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "fields of struct stat, stat(3type)")]
pub struct Stat {
    pub dev: u64,
    pub ino: u64,
    pub mode: u32,
    pub nlink: u32,
    pub uid: u32,
    pub gid: u32,
    pub rdev: u64,
    pub size: u64,
    pub blksize: u32,
    pub blocks: u64,
    pub atime: Timespec,
    pub mtime: Timespec,
    pub ctime: Timespec,
    pub btime: Timespec,
}

/// What statfs(2) tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "fields of struct statfs, statfs(2)")]
pub struct StatFs {
    pub kind: u64,
    pub bsize: u64,
    pub blocks: u64,
    pub bfree: u64,
    pub bavail: u64,
    pub files: u64,
    pub ffree: u64,
    pub namelen: u64,
    pub flags: u64,
}

/// What an object asks the kernel to do once its call is over; it cannot reach tasks itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send a signal to every process of a group (tty line discipline: SIGINT, SIGTSTP, SIGWINCH, SIGHUP, SIGTTOU ...).
    SignalGroup { pgid: Pid, signal: u8 },
    /// Send a signal to one process (O_ASYNC owner, mqueue notification).
    SignalProcess { pid: Pid, signal: u8 },
    /// The tty became the controlling terminal of the caller's session (TIOCSCTTY, open without O_NOCTTY): its id.
    AcquireTty { tty: u32, steal: bool },
    /// TIOCNOTTY.
    ReleaseTty { tty: u32 },
    /// The frames behind pages `first..first + count` of the mapped file (`File::map_id`) are no longer the ones
    /// `File::frame` handed out (truncation, a hole, the first write to a page of the image): mappings of them must
    /// ask again on the next touch.
    Unmap { file: (u64, u64), first: u64, count: u64 },
    /// A file of /proc was written: `PidComm`, `PidOomScoreAdj`. The bytes are well-formed for it.
    WriteProc { node: ProcNode, bytes: Vec<u8> },
}

/// Guest memory for ioctl(2) arguments. Addresses are the guest's; both fail with `EFAULT`.
pub trait IoctlMem {
    /// Copies guest bytes in.
    fn read(&mut self, addr: u64, into: &mut [u8]) -> Result<(), Errno>;
    /// Copies bytes out to the guest.
    fn write(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Errno>;
}

/// What a call into a file may use of the world. Built by the kernel for each call from its own fields.
pub struct Io<'a> {
    /// The outside.
    pub host: &'a mut dyn Host,
    /// Page frames and the packed image.
    pub frames: &'a mut dyn FrameStore,
    /// What /proc shows.
    pub proc: &'a dyn ProcInfo,
    /// Wall clock, for timestamps.
    pub now: Timespec,
    /// The caller.
    pub caller: linux::Caller,
    /// What to do when the call is over.
    pub effects: &'a mut Vec<Effect>,
}

/// One open object. Methods take `&self`: a description may be shared by tasks, state is behind `spin` locks.
///
/// `pos` is the offset of pread(2)-like access; objects that do not seek ignore it. The kernel keeps the position,
/// checks the access mode of the description and turns `EAGAIN` into waiting unless O_NONBLOCK is set. `ERESTART` says
/// that an effect sends the caller a job control signal: the call is interrupted by it and made again after it.
pub trait File: Any + Send + Sync {
    /// Type and metadata, fstat(2).
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno>;
    /// For downcasts by the object's own crate and by the kernel (sockets, epoll, pidfd ...).
    fn as_any(&self) -> &dyn Any;

    /// read(2): 0 is end of file.
    fn read(&self, io: &mut Io<'_>, pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let _ = (io, pos, buf);
        Err(Errno::EINVAL)
    }
    /// write(2). `append` asks for an atomic O_APPEND write; the answer is (bytes written, position after them).
    fn write(&self, io: &mut Io<'_>, pos: u64, append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let _ = (io, pos, append, bytes);
        Err(Errno::EINVAL)
    }
    /// True when lseek(2) and pread(2) work; pipes, sockets and ttys answer `ESPIPE` otherwise.
    fn can_seek(&self) -> bool {
        false
    }
    /// The size SEEK_END, SEEK_DATA and SEEK_HOLE count from.
    fn size(&self, io: &mut Io<'_>) -> Result<u64, Errno> {
        self.stat(io).map(|s| s.size)
    }
    /// lseek(2) with SEEK_DATA (`data`) or SEEK_HOLE. A file without holes is data up to its size.
    fn seek_extent(&self, io: &mut Io<'_>, pos: u64, data: bool) -> Result<u64, Errno> {
        let size = self.size(io)?;
        if pos >= size { Err(Errno::ENXIO) } else { Ok(if data { pos } else { size }) }
    }
    /// What the file is ready for now. Regular files are always ready.
    fn readiness(&self, io: &mut Io<'_>) -> Readiness {
        let _ = io;
        Readiness::IN | Readiness::OUT | Readiness::RDNORM | Readiness::WRNORM
    }
    /// Where to wait for a change of readiness; `None` for files that are always ready.
    fn wait_point(&self) -> Option<&WaitPoint> {
        None
    }
    /// A time on the monotonic clock when a task parked here makes its call again although nothing was notified:
    /// VTIME of a terminal (termios(3)).
    fn wake_at(&self, io: &mut Io<'_>) -> Option<Nanos> {
        let _ = io;
        None
    }
    /// What the host must watch while a task is parked at this object's wait point: its standard streams, its files.
    fn interest(&self) -> Interest {
        Interest::default()
    }
    /// ioctl(2).
    fn ioctl(&self, io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        let _ = (io, mem, request, arg);
        Err(Errno::ENOTTY)
    }
    /// The frame of page `page` (4 KiB units) for mmap(2): shared with every mapping of the inode. With `write`, a
    /// frame that may be written through a shared mapping. The caller owns a count of it. `ENODEV` when not mappable,
    /// `ENXIO` (SIGBUS) past the end of file.
    fn frame(&self, io: &mut Io<'_>, page: u64, write: bool) -> Result<Frame, Errno> {
        let _ = (io, page, write);
        Err(Errno::ENODEV)
    }
    /// Identity of what is mapped (inode), for /proc/PID/maps and for finding all mappings of one file: (dev, ino).
    fn map_id(&self) -> Option<(u64, u64)> {
        None
    }
    /// getdents64(2) from cookie `pos`: calls `each(ino, next cookie, d_type, name)` until it answers false (full).
    /// Stable while entries are deleted. Answers ENOTDIR when it is no directory.
    fn read_dir(
        &self,
        io: &mut Io<'_>,
        pos: u64,
        each: &mut dyn FnMut(u64, u64, u8, &[u8]) -> bool,
    ) -> Result<(), Errno> {
        let _ = (io, pos, each);
        Err(Errno::ENOTDIR)
    }
    /// ftruncate(2).
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        let _ = (io, size);
        Err(Errno::EINVAL)
    }
    /// fallocate(2) with its mode bits.
    fn allocate(&self, io: &mut Io<'_>, mode: u32, offset: u64, len: u64) -> Result<(), Errno> {
        let _ = (io, mode, offset, len);
        Err(Errno::ENODEV)
    }
    /// fsync(2).
    fn sync(&self, io: &mut Io<'_>) -> Result<(), Errno> {
        let _ = io;
        Ok(())
    }
    /// fstatfs(2).
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        let _ = io;
        Err(Errno::ENOSYS)
    }
    /// The status flags of the description changed (F_SETFL, FIONBIO): sockets and host files care.
    fn set_flags(&self, io: &mut Io<'_>, flags: OpenFlags) {
        let _ = (io, flags);
    }
    /// A description of this object is about to go: pipe ends count readers and writers by it, ttys clean up. Called
    /// once for each successful open, when its last descriptor (dup and fork share the description) is closed.
    fn close(&self, io: &mut Io<'_>) {
        let _ = io;
    }
}
