//! The imports: `wasi_snapshot_preview1`, as much as we use, behind safe functions. The only file with raw pointers.
//!
//! Layouts are those of the WASI 0.1 witx (`wasi_snapshot_preview1.witx`); errors come back as Linux's numbers.

use brainworm_abi::{Errno, HostError, Timespec};

/// A descriptor of the engine.
pub(crate) type Fd = u32;
/// Answer of a WASI call.
pub(crate) type WasiResult<T> = Result<T, HostError>;

mod raw {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn args_sizes_get(count: *mut u32, bytes: *mut u32) -> i32;
        pub(super) fn args_get(table: *mut u32, bytes: *mut u8) -> i32;
        pub(super) fn environ_sizes_get(count: *mut u32, bytes: *mut u32) -> i32;
        pub(super) fn environ_get(table: *mut u32, bytes: *mut u8) -> i32;
        pub(super) fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> i32;
        pub(super) fn random_get(buf: *mut u8, len: u32) -> i32;
        pub(super) fn fd_read(fd: u32, iovs: *const [u32; 2], count: u32, done: *mut u32) -> i32;
        pub(super) fn fd_write(fd: u32, iovs: *const [u32; 2], count: u32, done: *mut u32) -> i32;
        pub(super) fn fd_pread(fd: u32, iovs: *const [u32; 2], count: u32, offset: u64, done: *mut u32) -> i32;
        pub(super) fn fd_pwrite(fd: u32, iovs: *const [u32; 2], count: u32, offset: u64, done: *mut u32) -> i32;
        pub(super) fn fd_close(fd: u32) -> i32;
        pub(super) fn fd_fdstat_get(fd: u32, out: *mut [u64; 3]) -> i32;
        pub(super) fn fd_filestat_get(fd: u32, out: *mut [u64; 8]) -> i32;
        pub(super) fn fd_filestat_set_size(fd: u32, size: u64) -> i32;
        pub(super) fn fd_sync(fd: u32) -> i32;
        pub(super) fn fd_readdir(fd: u32, buf: *mut u8, len: u32, cookie: u64, used: *mut u32) -> i32;
        pub(super) fn fd_prestat_get(fd: u32, out: *mut [u32; 2]) -> i32;
        pub(super) fn fd_prestat_dir_name(fd: u32, path: *mut u8, len: u32) -> i32;
        pub(super) fn path_open(
            fd: u32,
            lookup: u32,
            path: *const u8,
            len: u32,
            oflags: u32,
            rights: u64,
            inheriting: u64,
            fdflags: u32,
            out: *mut u32,
        ) -> i32;
        pub(super) fn path_filestat_get(fd: u32, lookup: u32, path: *const u8, len: u32, out: *mut [u64; 8]) -> i32;
        pub(super) fn path_filestat_set_times(
            fd: u32,
            lookup: u32,
            path: *const u8,
            len: u32,
            atim: u64,
            mtim: u64,
            flags: u32,
        ) -> i32;
        pub(super) fn path_create_directory(fd: u32, path: *const u8, len: u32) -> i32;
        pub(super) fn path_unlink_file(fd: u32, path: *const u8, len: u32) -> i32;
        pub(super) fn path_remove_directory(fd: u32, path: *const u8, len: u32) -> i32;
        pub(super) fn path_rename(fd: u32, from: *const u8, len: u32, to: u32, path: *const u8, path_len: u32) -> i32;
        pub(super) fn path_link(
            fd: u32,
            lookup: u32,
            from: *const u8,
            len: u32,
            to: u32,
            path: *const u8,
            path_len: u32,
        ) -> i32;
        pub(super) fn path_symlink(target: *const u8, len: u32, fd: u32, path: *const u8, path_len: u32) -> i32;
        pub(super) fn path_readlink(fd: u32, path: *const u8, len: u32, buf: *mut u8, room: u32, used: *mut u32)
        -> i32;
        pub(super) fn poll_oneoff(subs: *const Subscription, events: *mut WasiEvent, count: u32, done: *mut u32)
        -> i32;
        pub(super) fn proc_exit(code: u32) -> !;
    }
    pub(super) use super::{Subscription, WasiEvent};
}

/// `subscription`: userdata, tag, then the clock's id, timeout, precision, flags, or a descriptor in the id's place.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct Subscription {
    userdata: u64,
    tag: u64,
    id: u64,
    timeout: u64,
    precision: u64,
    flags: u64,
}
const _: () = assert!(size_of::<Subscription>() == 48);

/// `event`: userdata, error and type, then what a descriptor has.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(crate) struct WasiEvent {
    userdata: u64,
    error_and_type: u64,
    bytes: u64,
    flags: u64,
}
const _: () = assert!(size_of::<WasiEvent>() == 32);

impl Subscription {
    const CLOCK: u64 = 0;
    const READ: u64 = 1;
    const WRITE: u64 = 2;

    /// In `timeout_ns` from now on the monotonic clock.
    pub(crate) fn clock(timeout_ns: u64) -> Subscription {
        Subscription {
            userdata: u64::MAX,
            tag: Subscription::CLOCK,
            id: 1,
            timeout: timeout_ns,
            ..Subscription::default()
        }
    }
    /// When the descriptor can be read.
    pub(crate) fn read(fd: Fd) -> Subscription {
        Subscription { userdata: fd as u64, tag: Subscription::READ, id: fd as u64, ..Subscription::default() }
    }
    /// When the descriptor can be written.
    pub(crate) fn write(fd: Fd) -> Subscription {
        Subscription { userdata: fd as u64, tag: Subscription::WRITE, id: fd as u64, ..Subscription::default() }
    }
}

impl WasiEvent {
    /// The descriptor it is about; `None`: the clock.
    pub(crate) fn fd(&self) -> Option<Fd> {
        u32::try_from(self.userdata).ok()
    }
}

/// Metadata of a file: `filestat`.
#[derive(Clone, Copy, Default)]
pub(crate) struct FileStat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) kind: u8,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    pub(crate) times: [Timespec; 3],
}

impl FileStat {
    fn decode(raw: [u64; 8]) -> FileStat {
        let times = [Timespec::from_nanos(raw[5]), Timespec::from_nanos(raw[6]), Timespec::from_nanos(raw[7])];
        FileStat { dev: raw[0], ino: raw[1], kind: raw[2] as u8, nlink: raw[3], size: raw[4], times }
    }
}

/// File types of WASI.
pub(crate) mod filetype {
    pub(crate) const BLOCK_DEVICE: u8 = 1;
    pub(crate) const CHARACTER_DEVICE: u8 = 2;
    pub(crate) const DIRECTORY: u8 = 3;
    pub(crate) const REGULAR_FILE: u8 = 4;
    pub(crate) const SOCKET_DGRAM: u8 = 5;
    pub(crate) const SOCKET_STREAM: u8 = 6;
    pub(crate) const SYMBOLIC_LINK: u8 = 7;
}

/// Rights asked for when opening, as far as the directory grants them.
pub(crate) mod rights {
    pub(crate) const FD_READ: u64 = 1 << 1;
    pub(crate) const FD_SEEK: u64 = 1 << 2;
    pub(crate) const FD_SYNC: u64 = 1 << 4;
    pub(crate) const FD_TELL: u64 = 1 << 5;
    pub(crate) const FD_WRITE: u64 = 1 << 6;
    pub(crate) const FD_READDIR: u64 = 1 << 14;
    pub(crate) const FD_FILESTAT_GET: u64 = 1 << 21;
    pub(crate) const FD_FILESTAT_SET_SIZE: u64 = 1 << 22;
}

fn check(errno: i32) -> WasiResult<()> {
    match errno {
        0 => Ok(()),
        n => Err(linux(n as u32)),
    }
}

/// WASI numbers its errors alphabetically.
fn linux(errno: u32) -> HostError {
    use Errno::*;
    #[rustfmt::skip]
    const TABLE: [Errno; 77] = [
        EIO, E2BIG, EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EBADF, EBADMSG, EBUSY, ECANCELED,
        ECHILD, ECONNABORTED, ECONNREFUSED, ECONNRESET, EDEADLK, EDESTADDRREQ, EDOM, EDQUOT, EEXIST, EFAULT, EFBIG,
        EHOSTUNREACH, EIDRM, EILSEQ, EINPROGRESS, EINTR, EINVAL, EIO, EISCONN, EISDIR, ELOOP, EMFILE, EMLINK, EMSGSIZE,
        EMULTIHOP, ENAMETOOLONG, ENETDOWN, ENETRESET, ENETUNREACH, ENFILE, ENOBUFS, ENODEV, ENOENT, ENOEXEC, ENOLCK,
        ENOLINK, ENOMEM, ENOMSG, ENOPROTOOPT, ENOSPC, ENOSYS, ENOTCONN, ENOTDIR, ENOTEMPTY, ENOTRECOVERABLE, ENOTSOCK,
        EOPNOTSUPP, ENOTTY, ENXIO, EOVERFLOW, EOWNERDEAD, EPERM, EPIPE, EPROTO, EPROTONOSUPPORT, EPROTOTYPE, ERANGE, EROFS,
        ESPIPE, ESRCH, ESTALE, ETIMEDOUT, ETXTBSY, EXDEV, EPERM,
    ];
    match TABLE.get(errno as usize).copied().unwrap_or(EIO) {
        EAGAIN => HostError::WouldBlock,
        EPIPE => HostError::Closed,
        errno => HostError::Errno(errno),
    }
}

type Sizes = unsafe extern "C" fn(*mut u32, *mut u32) -> i32;
type Get = unsafe extern "C" fn(*mut u32, *mut u8) -> i32;

fn strings(sizes: Sizes, get: Get) -> alloc::vec::Vec<alloc::vec::Vec<u8>> {
    let (mut count, mut len) = (0, 0);
    // SAFETY: both are places for one u32 each.
    if unsafe { sizes(&mut count, &mut len) } != 0 {
        return alloc::vec::Vec::new();
    }
    let mut table = alloc::vec![0u32; count as usize];
    let mut bytes = alloc::vec![0u8; len as usize];
    // SAFETY: the engine writes as many pointers and bytes as it has just said.
    if unsafe { get(table.as_mut_ptr(), bytes.as_mut_ptr()) } != 0 {
        return alloc::vec::Vec::new();
    }
    // One string after the other, each with its NUL, in the order of the table.
    bytes.split(|&b| b == 0).take(count as usize).map(|s| s.to_vec()).collect()
}

/// The command line.
pub(crate) fn args() -> alloc::vec::Vec<alloc::vec::Vec<u8>> {
    strings(raw::args_sizes_get, raw::args_get)
}

/// The environment as `NAME=VALUE`.
pub(crate) fn environ() -> alloc::vec::Vec<alloc::vec::Vec<u8>> {
    strings(raw::environ_sizes_get, raw::environ_get)
}

/// Nanoseconds of a clock: 0 wall, 1 monotonic.
pub(crate) fn clock(id: u32) -> u64 {
    let mut now = 0;
    // SAFETY: the place is for one u64; an engine without the clock leaves it 0.
    unsafe { raw::clock_time_get(id, 1, &mut now) };
    now
}

/// Fills with entropy; false when the engine has none.
pub(crate) fn random(out: &mut [u8]) -> bool {
    // SAFETY: pointer and length are of one slice.
    unsafe { raw::random_get(out.as_mut_ptr(), out.len() as u32) == 0 }
}

/// fd_read into one buffer.
pub(crate) fn read(fd: Fd, buf: &mut [u8]) -> WasiResult<usize> {
    let (iov, mut done) = ([buf.as_mut_ptr() as u32, buf.len() as u32], 0);
    // SAFETY: the one iovec is `buf`, which nothing else uses meanwhile.
    check(unsafe { raw::fd_read(fd, &iov, 1, &mut done) }).map(|()| (done as usize).min(buf.len()))
}

/// fd_write of one buffer.
pub(crate) fn write(fd: Fd, bytes: &[u8]) -> WasiResult<usize> {
    let (iov, mut done) = ([bytes.as_ptr() as u32, bytes.len() as u32], 0);
    // SAFETY: the one iovec is `bytes`, only read.
    check(unsafe { raw::fd_write(fd, &iov, 1, &mut done) }).map(|()| (done as usize).min(bytes.len()))
}

/// fd_pread into one buffer.
pub(crate) fn pread(fd: Fd, offset: u64, buf: &mut [u8]) -> WasiResult<usize> {
    let (iov, mut done) = ([buf.as_mut_ptr() as u32, buf.len() as u32], 0);
    // SAFETY: as in `read`.
    check(unsafe { raw::fd_pread(fd, &iov, 1, offset, &mut done) }).map(|()| (done as usize).min(buf.len()))
}

/// fd_pwrite of one buffer.
pub(crate) fn pwrite(fd: Fd, offset: u64, bytes: &[u8]) -> WasiResult<usize> {
    let (iov, mut done) = ([bytes.as_ptr() as u32, bytes.len() as u32], 0);
    // SAFETY: as in `write`.
    check(unsafe { raw::fd_pwrite(fd, &iov, 1, offset, &mut done) }).map(|()| (done as usize).min(bytes.len()))
}

/// fd_close.
pub(crate) fn close(fd: Fd) {
    // SAFETY: takes a number only.
    unsafe { raw::fd_close(fd) };
}

/// (file type, rights, rights that files opened below may have).
pub(crate) fn fdstat(fd: Fd) -> WasiResult<(u8, u64, u64)> {
    let mut out = [0; 3];
    // SAFETY: the place has fdstat's 24 bytes and alignment.
    check(unsafe { raw::fd_fdstat_get(fd, &mut out) }).map(|()| (out[0] as u8, out[1], out[2]))
}

/// fd_filestat_get.
pub(crate) fn fstat(fd: Fd) -> WasiResult<FileStat> {
    let mut out = [0; 8];
    // SAFETY: the place has filestat's 64 bytes and alignment.
    check(unsafe { raw::fd_filestat_get(fd, &mut out) }).map(|()| FileStat::decode(out))
}

/// fd_filestat_set_size.
pub(crate) fn set_size(fd: Fd, size: u64) -> WasiResult<()> {
    // SAFETY: takes numbers only.
    check(unsafe { raw::fd_filestat_set_size(fd, size) })
}

/// fd_sync.
pub(crate) fn sync(fd: Fd) -> WasiResult<()> {
    // SAFETY: takes a number only.
    check(unsafe { raw::fd_sync(fd) })
}

/// fd_readdir: bytes used of the buffer.
pub(crate) fn readdir(fd: Fd, buf: &mut [u8], cookie: u64) -> WasiResult<usize> {
    let mut used = 0;
    // SAFETY: pointer and length are of one slice.
    let errno = unsafe { raw::fd_readdir(fd, buf.as_mut_ptr(), buf.len() as u32, cookie, &mut used) };
    check(errno).map(|()| (used as usize).min(buf.len()))
}

/// The name of a preopened directory; `None` when the descriptor is none.
pub(crate) fn preopen(fd: Fd) -> Option<alloc::vec::Vec<u8>> {
    let mut out = [0; 2];
    // SAFETY: the place has prestat's 8 bytes.
    check(unsafe { raw::fd_prestat_get(fd, &mut out) }).ok()?;
    let mut name = alloc::vec![0; out[1] as usize];
    // SAFETY: pointer and length are of one vector.
    check(unsafe { raw::fd_prestat_dir_name(fd, name.as_mut_ptr(), name.len() as u32) }).ok()?;
    Some(name)
}

/// path_open without following a last symlink.
pub(crate) fn open(dir: Fd, path: &[u8], oflags: u32, rights: u64) -> WasiResult<Fd> {
    let mut fd = 0;
    // SAFETY: the path is one slice, only read.
    check(unsafe { raw::path_open(dir, 0, path.as_ptr(), path.len() as u32, oflags, rights, 0, 0, &mut fd) })
        .map(|()| fd)
}

/// path_filestat_get without following a last symlink.
pub(crate) fn stat(dir: Fd, path: &[u8]) -> WasiResult<FileStat> {
    let mut out = [0; 8];
    // SAFETY: the path is one slice, the place has filestat's size.
    check(unsafe { raw::path_filestat_get(dir, 0, path.as_ptr(), path.len() as u32, &mut out) })
        .map(|()| FileStat::decode(out))
}

/// path_filestat_set_times; `None` leaves a time as it is.
pub(crate) fn set_times(dir: Fd, path: &[u8], atime: Option<u64>, mtime: Option<u64>) -> WasiResult<()> {
    let flags = atime.map_or(0, |_| 1) | mtime.map_or(0, |_| 4);
    let (atime, mtime) = (atime.unwrap_or(0), mtime.unwrap_or(0));
    // SAFETY: the path is one slice, only read.
    check(unsafe { raw::path_filestat_set_times(dir, 0, path.as_ptr(), path.len() as u32, atime, mtime, flags) })
}

/// path_create_directory.
pub(crate) fn mkdir(dir: Fd, path: &[u8]) -> WasiResult<()> {
    // SAFETY: the path is one slice, only read.
    check(unsafe { raw::path_create_directory(dir, path.as_ptr(), path.len() as u32) })
}

/// path_unlink_file.
pub(crate) fn unlink(dir: Fd, path: &[u8]) -> WasiResult<()> {
    // SAFETY: the path is one slice, only read.
    check(unsafe { raw::path_unlink_file(dir, path.as_ptr(), path.len() as u32) })
}

/// path_remove_directory.
pub(crate) fn rmdir(dir: Fd, path: &[u8]) -> WasiResult<()> {
    // SAFETY: the path is one slice, only read.
    check(unsafe { raw::path_remove_directory(dir, path.as_ptr(), path.len() as u32) })
}

/// path_rename within one directory tree.
pub(crate) fn rename(dir: Fd, from: &[u8], to: &[u8]) -> WasiResult<()> {
    let (from_len, to_len) = (from.len() as u32, to.len() as u32);
    // SAFETY: both paths are slices, only read.
    check(unsafe { raw::path_rename(dir, from.as_ptr(), from_len, dir, to.as_ptr(), to_len) })
}

/// path_link within one directory tree.
pub(crate) fn link(dir: Fd, from: &[u8], to: &[u8]) -> WasiResult<()> {
    let (from_len, to_len) = (from.len() as u32, to.len() as u32);
    // SAFETY: both paths are slices, only read.
    check(unsafe { raw::path_link(dir, 0, from.as_ptr(), from_len, dir, to.as_ptr(), to_len) })
}

/// path_symlink.
pub(crate) fn symlink(target: &[u8], dir: Fd, path: &[u8]) -> WasiResult<()> {
    // SAFETY: both are slices, only read.
    check(unsafe { raw::path_symlink(target.as_ptr(), target.len() as u32, dir, path.as_ptr(), path.len() as u32) })
}

/// path_readlink: bytes used of the buffer.
pub(crate) fn readlink(dir: Fd, path: &[u8], buf: &mut [u8]) -> WasiResult<usize> {
    let mut used = 0;
    let (room, len) = (buf.len() as u32, path.len() as u32);
    // SAFETY: the path and the buffer are slices of these lengths.
    check(unsafe { raw::path_readlink(dir, path.as_ptr(), len, buf.as_mut_ptr(), room, &mut used) })
        .map(|()| (used as usize).min(buf.len()))
}

/// poll_oneoff: the events that happened, at most as many as there are places.
pub(crate) fn poll(subscriptions: &[Subscription], events: &mut [WasiEvent]) -> WasiResult<usize> {
    let (count, mut done) = (subscriptions.len().min(events.len()) as u32, 0);
    // SAFETY: both tables have at least `count` elements of the layouts asserted above.
    check(unsafe { raw::poll_oneoff(subscriptions.as_ptr(), events.as_mut_ptr(), count, &mut done) })
        .map(|()| (done as usize).min(events.len()))
}

/// Ends the program.
pub(crate) fn exit(code: u32) -> ! {
    // SAFETY: takes a number only and does not return.
    unsafe { raw::proc_exit(code) }
}
