//! read(2), write(2), close(2): the models the other handlers follow.

use super::args::{Fd, UserSlice, UserSliceMut};
use super::{Cx, Stop, SysResult};
use crate::signal::SigNum;
use crate::task::Description;
use alloc::sync::Arc;
use brainworm_abi::linux::fcntl::MAX_RW_COUNT;
use brainworm_abi::{Errno, GuestAddr, OpenFlags};

/// Largest piece moved through the kernel's buffer at once.
const CHUNK: usize = 256 << 10;

/// read(2).
pub(super) fn sys_read(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    let pos = *desc.pos.lock();
    let n = read_at(cx, &desc, buf.0, count, pos)?;
    *desc.pos.lock() = pos + n;
    Ok(n)
}

/// Reads into user memory from `pos` on: the whole count from files that seek, what there is from others.
pub(crate) fn read_at(cx: &mut Cx<'_>, desc: &Arc<Description>, addr: GuestAddr, count: u64, pos: u64) -> SysResult {
    if !desc.flags().reads() {
        return Err(Errno::EBADF.into());
    }
    let count = count.min(MAX_RW_COUNT) as usize;
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result = read_loop(cx, desc, addr, count, pos, &mut buffer);
    cx.k.scratch = buffer;
    result
}

fn read_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    addr: GuestAddr,
    count: usize,
    pos: u64,
    buffer: &mut alloc::vec::Vec<u8>,
) -> SysResult {
    let mut done = 0;
    loop {
        // What is read is gone from a pipe: the memory must be there before.
        let at = addr.wrapping_add(done as u64);
        let room = match cx.writable(at, (count - done).min(CHUNK)) {
            Ok(room) => room,
            Err(_) if done > 0 => return Ok(done as u64),
            Err(errno) => return Err(errno.into()),
        };
        if buffer.len() < room {
            buffer.resize(room, 0);
        }
        let n = match desc.file.read(&mut cx.io(), pos.wrapping_add(done as u64), &mut buffer[..room]) {
            Ok(n) => n,
            Err(_) if done > 0 => return Ok(done as u64),
            Err(Errno::EAGAIN) => return Err(cx.block_on(desc)),
            Err(errno) => return Err(errno.into()),
        };
        cx.write_bytes(at, &buffer[..n])?;
        done += n;
        if n < room || done == count || !desc.file.can_seek() {
            return Ok(done as u64);
        }
    }
}

/// write(2).
pub(super) fn sys_write(cx: &mut Cx<'_>, fd: Fd, buf: UserSlice, count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    let pos = *desc.pos.lock();
    let (n, end) = write_at(cx, &desc, buf.0, count, pos, desc.flags().contains(OpenFlags::O_APPEND))?;
    if desc.file.can_seek() {
        *desc.pos.lock() = end;
    }
    Ok(n)
}

/// Writes user memory at `pos`; answers (bytes, position after them). A blocking write goes on until all is written:
/// what is done is kept in `task.restart` while it waits, and is the answer when a signal ends it.
pub(crate) fn write_at(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    addr: GuestAddr,
    count: u64,
    pos: u64,
    append: bool,
) -> Result<(u64, u64), Stop> {
    if !desc.flags().writes() {
        return Err(Errno::EBADF.into());
    }
    let count = count.min(MAX_RW_COUNT) as usize;
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    let result = write_loop(cx, desc, addr, count, pos, append, &mut buffer);
    cx.k.scratch = buffer;
    result
}

fn write_loop(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    addr: GuestAddr,
    count: usize,
    pos: u64,
    append: bool,
    buffer: &mut alloc::vec::Vec<u8>,
) -> Result<(u64, u64), Stop> {
    let mut done = cx.task().restart.done as usize;
    let mut pos = pos;
    loop {
        let at = addr.wrapping_add(done as u64);
        let result = match cx.readable(at, (count - done).min(CHUNK)) {
            Ok(room) => {
                if buffer.len() < room {
                    buffer.resize(room, 0);
                }
                cx.read_bytes(at, &mut buffer[..room])
                    .and_then(|()| desc.file.write(&mut cx.io(), pos, append, &buffer[..room]))
                    .map(|(n, end)| (n, end, room))
            }
            Err(errno) => Err(errno),
        };
        match result {
            Ok((n, end, room)) => {
                done += n;
                pos = end;
                if done == count || (n < room && desc.file.can_seek()) {
                    return Ok((done as u64, pos));
                }
            }
            Err(Errno::EAGAIN) if done == 0 || !desc.is_nonblocking() => {
                cx.task_mut().restart.done = done as u64;
                return Err(cx.block_on(desc));
            }
            Err(errno) => {
                if errno == Errno::EPIPE {
                    cx.signal_self(SigNum::SIGPIPE);
                }
                if errno == Errno::EFBIG {
                    cx.signal_self(SigNum::SIGXFSZ);
                }
                return if done > 0 { Ok((done as u64, pos)) } else { Err(errno.into()) };
            }
        }
    }
}

/// close(2).
pub(super) fn sys_close(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    cx.close(fd)?;
    Ok(0)
}
