//! read(2), write(2) and their vectored and positioned forms, lseek(2).
//!
//! One loop each way serves them all. User memory is a list of segments; bytes go through the kernel's bounce buffer,
//! so a message or an atomic write is one call into the object however it is scattered. Progress of a call that must
//! wait is in `task.restart.done`; the position of the description is moved along with it.

use super::args::{Fd, Hex, UserSlice, UserSliceMut};
use super::{Cx, Stop, SysResult};
use crate::signal::SigNum;
use crate::task::Description;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::fcntl::{MAX_RW_COUNT, RwFlags, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET};
use brainworm_abi::{Errno, FileKind, GuestAddr, OpenFlags};
use brainworm_net::Socket;

/// Largest piece moved through the kernel's buffer at once.
const CHUNK: usize = 256 << 10;

/// A piece of user memory: address and length.
pub(crate) type Segment = (GuestAddr, u64);

/// read(2).
pub(super) fn sys_read(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    read_here(cx, &desc, &[user_range(buf.0, count)?])
}

/// readv(2).
pub(super) fn sys_readv(cx: &mut Cx<'_>, fd: Fd, iov: GuestAddr, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    let segments = cx.copy_in_iovecs(iov, count)?;
    read_here(cx, &desc, &segments)
}

/// pread64(2).
pub(super) fn sys_pread64(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u64, pos: i64) -> SysResult {
    let desc = seekable(cx, fd, pos)?;
    read_at(cx, &desc, &[user_range(buf.0, count)?], pos as u64)
}

/// preadv(2).
pub(super) fn sys_preadv(cx: &mut Cx<'_>, fd: Fd, iov: GuestAddr, count: u64, pos: i64) -> SysResult {
    let desc = seekable(cx, fd, pos)?;
    let segments = cx.copy_in_iovecs(iov, count)?;
    read_at(cx, &desc, &segments, pos as u64)
}

/// preadv2(2): a position of -1 means the description's own.
pub(super) fn sys_preadv2(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: GuestAddr,
    count: u64,
    pos: i64,
    _pos_high: Hex,
    flags: RwFlags,
) -> SysResult {
    if flags.contains(RwFlags::RWF_APPEND) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if pos == -1 { sys_readv(cx, fd, iov, count) } else { sys_preadv(cx, fd, iov, count, pos) }
}

/// write(2).
pub(super) fn sys_write(cx: &mut Cx<'_>, fd: Fd, buf: UserSlice, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    write_here(cx, &desc, &[user_range(buf.0, count)?], false)
}

/// writev(2).
pub(super) fn sys_writev(cx: &mut Cx<'_>, fd: Fd, iov: GuestAddr, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    let segments = cx.copy_in_iovecs(iov, count)?;
    write_here(cx, &desc, &segments, false)
}

/// pwrite64(2). As on Linux, O_APPEND wins over the position.
pub(super) fn sys_pwrite64(cx: &mut Cx<'_>, fd: Fd, buf: UserSlice, count: u64, pos: i64) -> SysResult {
    let desc = seekable(cx, fd, pos)?;
    write_at(cx, &desc, &[user_range(buf.0, count)?], pos as u64, false)
}

/// pwritev(2).
pub(super) fn sys_pwritev(cx: &mut Cx<'_>, fd: Fd, iov: GuestAddr, count: u64, pos: i64) -> SysResult {
    let desc = seekable(cx, fd, pos)?;
    let segments = cx.copy_in_iovecs(iov, count)?;
    write_at(cx, &desc, &segments, pos as u64, false)
}

/// pwritev2(2): a position of -1 means the description's own.
pub(super) fn sys_pwritev2(
    cx: &mut Cx<'_>,
    fd: Fd,
    iov: GuestAddr,
    count: u64,
    pos: i64,
    _pos_high: Hex,
    flags: RwFlags,
) -> SysResult {
    let append = flags.contains(RwFlags::RWF_APPEND);
    let desc = if pos == -1 { cx.desc(fd)? } else { seekable(cx, fd, pos)? };
    let segments = cx.copy_in_iovecs(iov, count)?;
    if pos == -1 {
        write_here(cx, &desc, &segments, append)
    } else {
        write_at(cx, &desc, &segments, pos as u64, append)
    }
}

/// One piece of user memory. As on Linux, a range that leaves user space is EFAULT before anything else is looked at.
pub(super) fn user_range(addr: GuestAddr, count: u64) -> Result<Segment, Errno> {
    let end = addr.0.checked_add(count).ok_or(Errno::EFAULT)?;
    if end > GuestAddr::USER_END.0 { Err(Errno::EFAULT) } else { Ok((addr, count.min(MAX_RW_COUNT))) }
}

/// The description of a positioned call.
fn seekable(cx: &mut Cx<'_>, fd: Fd, pos: i64) -> Result<Arc<Description>, Errno> {
    if pos < 0 {
        return Err(Errno::EINVAL);
    }
    let desc = cx.desc(fd)?;
    if desc.file.can_seek() { Ok(desc) } else { Err(Errno::ESPIPE) }
}

/// lseek(2).
pub(super) fn sys_lseek(cx: &mut Cx<'_>, fd: Fd, offset: i64, whence: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    if !desc.file.can_seek() {
        return Err(Errno::ESPIPE.into());
    }
    let base = match whence {
        SEEK_SET => 0,
        SEEK_CUR => *desc.pos.lock() as i64,
        SEEK_END => cx.file_call(|io| desc.file.size(io))? as i64,
        SEEK_DATA | SEEK_HOLE if offset < 0 => return Err(Errno::ENXIO.into()),
        SEEK_DATA | SEEK_HOLE => {
            let is_data = whence == SEEK_DATA;
            let found = cx.file_call(|io| desc.file.seek_extent(io, offset as u64, is_data))?;
            *desc.pos.lock() = found;
            return Ok(found);
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let pos = base.checked_add(offset).ok_or(Errno::EOVERFLOW)?;
    if pos < 0 {
        return Err(Errno::EINVAL.into());
    }
    *desc.pos.lock() = pos as u64;
    Ok(pos as u64)
}

impl Cx<'_> {
    /// A call into a file that may have to wait for the host: `EAGAIN` parks until it answers.
    pub(super) fn file_call<T>(
        &mut self,
        call: impl FnOnce(&mut brainworm_abi::Io<'_>) -> Result<T, Errno>,
    ) -> Result<T, Stop> {
        call(&mut self.io()).map_err(|errno| match errno {
            Errno::EAGAIN => Stop::Block(crate::wait::Wait::host()),
            errno => errno.into(),
        })
    }
}

/// Waits for a file, a socket no longer than its SO_RCVTIMEO or SO_SNDTIMEO.
fn wait_to_transfer(cx: &mut Cx<'_>, desc: &Arc<Description>, is_write: bool) -> Stop {
    match desc.file.as_any().downcast_ref::<Socket>() {
        None => cx.block_on(desc),
        Some(socket) => {
            let timeout = if is_write { socket.send_timeout() } else { socket.receive_timeout() };
            cx.wait_at_socket(desc, timeout, false)
        }
    }
}

// --- reading ---------------------------------------------------------------------------------------------------------

/// Reads at the description's position and moves it.
fn read_here(cx: &mut Cx<'_>, desc: &Arc<Description>, segments: &[Segment]) -> SysResult {
    let start = *desc.pos.lock();
    let mut pos = start;
    let result = read_through(cx, desc, segments, &mut pos);
    if pos != start {
        *desc.pos.lock() = pos;
    }
    result
}

/// Reads at `pos`, where this call began.
pub(super) fn read_at(cx: &mut Cx<'_>, desc: &Arc<Description>, segments: &[Segment], pos: u64) -> SysResult {
    let mut pos = pos.wrapping_add(cx.task().restart.done);
    read_through(cx, desc, segments, &mut pos)
}

fn read_through(cx: &mut Cx<'_>, desc: &Arc<Description>, segments: &[Segment], pos: &mut u64) -> SysResult {
    if !desc.flags().reads() {
        return Err(Errno::EBADF.into());
    }
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result = read_loop(cx, desc, segments, pos, &mut buffer);
    cx.k.scratch = buffer;
    if let Ok(1..) = result {
        cx.k.note_access(desc);
    }
    result
}

/// The whole count from files that seek, what there is from others.
fn read_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    pos: &mut u64,
    buffer: &mut Vec<u8>,
) -> SysResult {
    let count = total(segments);
    let can_seek = desc.file.can_seek();
    let mut done = cx.task().restart.done;
    loop {
        // What is read is gone from a pipe: the memory must be there before.
        let room = match writable_from(cx, segments, done, CHUNK) {
            Ok(room) => room,
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno.into()),
        };
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        let n = match desc.file.read(&mut cx.io(), *pos, &mut buffer[..room]) {
            Ok(n) => n,
            Err(Errno::EAGAIN) => match cx.read_special(desc, *pos, &mut buffer[..room]) {
                Some(Err(_)) if done > 0 => return Ok(done),
                Some(result) => result?,
                None if done == 0 || can_seek => {
                    cx.task_mut().restart.done = done;
                    return Err(wait_to_transfer(cx, desc, false));
                }
                None => return Ok(done),
            },
            Err(_) if done > 0 => return Ok(done),
            Err(errno) => return Err(errno.into()),
        };
        scatter(cx, segments, done, &buffer[..n])?;
        done += n as u64;
        if can_seek {
            *pos += n as u64;
        }
        if n < room || done == count || !can_seek {
            return Ok(done);
        }
    }
}

// --- writing ---------------------------------------------------------------------------------------------------------

/// Writes at the description's position and moves it.
fn write_here(cx: &mut Cx<'_>, desc: &Arc<Description>, segments: &[Segment], append: bool) -> SysResult {
    let start = *desc.pos.lock();
    let mut pos = start;
    let result = write_through(cx, desc, segments, &mut pos, append);
    if pos != start && desc.file.can_seek() {
        *desc.pos.lock() = pos;
    }
    result
}

/// Writes at `pos`, where this call began.
pub(super) fn write_at(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    pos: u64,
    append: bool,
) -> SysResult {
    let mut pos = pos.wrapping_add(cx.task().restart.done);
    write_through(cx, desc, segments, &mut pos, append)
}

fn write_through(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    pos: &mut u64,
    append: bool,
) -> SysResult {
    let flags = desc.flags();
    if !flags.writes() {
        return Err(Errno::EBADF.into());
    }
    let append = append || flags.contains(OpenFlags::O_APPEND);
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result = write_loop(cx, desc, segments, pos, append, &mut buffer);
    cx.k.scratch = buffer;
    if let Ok(1..) = result {
        cx.k.note_modify(desc);
    }
    result
}

/// A blocking write goes on until all is written.
fn write_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    segments: &[Segment],
    pos: &mut u64,
    append: bool,
    buffer: &mut Vec<u8>,
) -> SysResult {
    let count = total(segments);
    let mut done = cx.task().restart.done;
    loop {
        let written = gather(cx, segments, done, CHUNK, buffer).and_then(|room| {
            let (n, end) = match desc.file.write(&mut cx.io(), *pos, append, &buffer[..room]) {
                Err(Errno::EAGAIN) => match cx.write_memory(&*desc.file, *pos, &buffer[..room]) {
                    Some(result) => result.map(|n| (n, pos.wrapping_add(n as u64)))?,
                    None => return Err(Errno::EAGAIN),
                },
                other => other?,
            };
            Ok((n, end, room))
        });
        match written {
            Ok((n, end, room)) => {
                done += n as u64;
                *pos = end;
                if done == count || (n < room && desc.file.can_seek()) || n == 0 {
                    return Ok(done);
                }
            }
            Err(Errno::EAGAIN) if done > 0 && desc.is_nonblocking() => return Ok(done),
            Err(Errno::EAGAIN) => {
                cx.task_mut().restart.done = done;
                return match wait_to_transfer(cx, desc, true) {
                    Stop::Errno(_) if done > 0 => Ok(done),
                    stop => Err(stop),
                };
            }
            Err(errno) => {
                cx.signal_for(errno);
                return if done > 0 { Ok(done) } else { Err(errno.into()) };
            }
        }
    }
}

impl Cx<'_> {
    /// The signal that comes with a write nobody will read. (Files themselves ask for SIGXFSZ at RLIMIT_FSIZE.)
    pub(super) fn signal_for(&mut self, errno: Errno) {
        if errno == Errno::EPIPE {
            self.signal_self(SigNum::SIGPIPE);
        }
    }
    /// True for a description of a regular file.
    pub(super) fn is_regular(&self, desc: &Description) -> bool {
        desc.location.as_ref().is_some_and(|location| location.kind() == FileKind::Regular)
    }
}

// --- user memory in pieces --------------------------------------------------------------------------------------------

/// Bytes in all segments.
pub(super) fn total(segments: &[Segment]) -> u64 {
    segments.iter().map(|&(_, len)| len).sum()
}

/// The rest of the segments after `skip` bytes.
fn after(segments: &[Segment], mut skip: u64) -> impl Iterator<Item = Segment> {
    segments.iter().filter_map(move |&(addr, len)| {
        let skipped = skip.min(len);
        skip -= skipped;
        (len > skipped).then(|| (addr.wrapping_add(skipped), len - skipped))
    })
}

/// How many bytes from `skip` on, at most `max`, can be written to. `EFAULT` when not even the first.
pub(super) fn writable_from(cx: &mut Cx<'_>, segments: &[Segment], skip: u64, max: usize) -> Result<usize, Errno> {
    let mut room = 0;
    for (addr, len) in after(segments, skip) {
        let want = len.min((max - room) as u64) as usize;
        match cx.writable(addr, want) {
            Ok(n) => room += n,
            Err(errno) if room == 0 => return Err(errno),
            Err(_) => break,
        }
        if room == max || (room as u64) < want as u64 {
            break;
        }
    }
    Ok(room)
}

/// Copies `bytes` to the segments from `skip` on.
pub(super) fn scatter(cx: &mut Cx<'_>, segments: &[Segment], skip: u64, mut bytes: &[u8]) -> Result<(), Errno> {
    for (addr, len) in after(segments, skip) {
        let (now, later) = bytes.split_at((bytes.len() as u64).min(len) as usize);
        cx.write_bytes(addr, now)?;
        bytes = later;
        if bytes.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Copies user bytes from `skip` on into the front of `buffer`: all of them, at most `max`, or up to where memory ends.
pub(super) fn gather(
    cx: &mut Cx<'_>,
    segments: &[Segment],
    skip: u64,
    max: usize,
    buffer: &mut Vec<u8>,
) -> Result<usize, Errno> {
    let mut filled = 0;
    for (addr, len) in after(segments, skip) {
        let want = len.min((max - filled) as u64) as usize;
        if buffer.len() < filled + want {
            buffer.resize(filled + want, 0);
        }
        if cx.read_bytes(addr, &mut buffer[filled..filled + want]).is_err() {
            let there = match cx.readable(addr, want) {
                Ok(there) => there,
                Err(errno) if filled == 0 => return Err(errno),
                Err(_) => break,
            };
            cx.read_bytes(addr, &mut buffer[filled..filled + there])?;
            filled += there;
            break;
        }
        filled += want;
        if filled == max {
            break;
        }
    }
    Ok(filled)
}
