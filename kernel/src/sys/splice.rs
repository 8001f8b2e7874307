//! Moving bytes between files without user memory: sendfile(2), copy_file_range(2), splice(2), tee(2), vmsplice(2).
//!
//! Bytes of a pipe or socket are looked at first and taken only as far as the other side took them, so nothing is lost
//! when it is full.

use super::args::{Fd, UserMut, UserPtr};
use super::rw::{read_at, write_at};
use super::{Cx, Stop, SysResult};
use crate::task::Description;
use alloc::sync::Arc;
use brainworm_abi::linux::fcntl::{MAX_RW_COUNT, SpliceFlags};
use brainworm_abi::linux::socket::MsgFlags;
use brainworm_abi::{Errno, FileKind, GuestAddr, OpenFlags};
use brainworm_fs::{PipeEnd, ProcMem};
use brainworm_net::Socket;

/// Bytes moved in one step.
const STEP: usize = 64 << 10;

/// One side of a transfer.
struct Side {
    desc: Arc<Description>,
    /// Where it reads or writes; the description's own position when `is_own`.
    pos: u64,
    is_own: bool,
}

impl Side {
    /// `offset` is the caller's variable, or the description's position with NULL. ESPIPE for an offset into a pipe.
    fn new(cx: &mut Cx<'_>, fd: Fd, offset: UserMut<i64>) -> Result<Side, Stop> {
        let desc = cx.desc(fd)?;
        if offset.is_null() {
            let pos = *desc.pos.lock();
            return Ok(Side { desc, pos, is_own: true });
        }
        if !desc.file.can_seek() {
            return Err(Errno::ESPIPE.into());
        }
        let pos = cx.copy_in(UserPtr::<i64>::new(offset.addr))?;
        let pos = u64::try_from(pos).map_err(|_| Errno::EINVAL)?;
        Ok(Side { desc, pos, is_own: false })
    }
    fn pipe(&self) -> Option<&PipeEnd> {
        self.desc.file.as_any().downcast_ref::<PipeEnd>()
    }
    /// Remembers how far it came.
    fn finish(&self, cx: &mut Cx<'_>, offset: UserMut<i64>) -> Result<(), Errno> {
        if self.is_own {
            if self.desc.file.can_seek() {
                *self.desc.pos.lock() = self.pos;
            }
            Ok(())
        } else {
            cx.copy_out(offset, &(self.pos as i64))
        }
    }
}

/// Why a transfer stopped early.
enum Halt {
    Input(Errno),
    Output(Errno),
}

/// Bytes from the input without taking them.
fn look(cx: &mut Cx<'_>, from: &Side, buffer: &mut [u8]) -> Result<usize, Errno> {
    if let Some(pipe) = from.pipe() {
        return pipe.peek(buffer);
    }
    if let Some(socket) = from.desc.file.as_any().downcast_ref::<Socket>() {
        return socket.recv(buffer, MsgFlags::MSG_PEEK).map(|received| received.len);
    }
    match from.desc.file.read(&mut cx.io(), from.pos, buffer) {
        // Not even the kernel's copy is made without user memory.
        Err(Errno::EAGAIN) if from.desc.file.as_any().is::<ProcMem>() => Err(Errno::EINVAL),
        other => other,
    }
}

fn pump(cx: &mut Cx<'_>, from: &mut Side, to: &mut Side, count: u64, moved: &mut u64) -> Result<(), Halt> {
    let mut buffer = core::mem::take(&mut cx.k.scratch);
    if buffer.len() < STEP {
        buffer.resize(STEP, 0);
    }
    let result = pump_through(cx, from, to, count, moved, &mut buffer);
    cx.k.scratch = buffer;
    result
}

fn pump_through(
    cx: &mut Cx<'_>,
    from: &mut Side,
    to: &mut Side,
    count: u64,
    moved: &mut u64,
    buffer: &mut [u8],
) -> Result<(), Halt> {
    let is_stream = !from.desc.file.can_seek();
    let append = to.desc.flags().contains(OpenFlags::O_APPEND);
    while *moved < count {
        let want = (count - *moved).min(STEP as u64) as usize;
        let there = look(cx, from, &mut buffer[..want]).map_err(Halt::Input)?;
        if there == 0 {
            return Ok(());
        }
        let (taken, end) = to.desc.file.write(&mut cx.io(), to.pos, append, &buffer[..there]).map_err(Halt::Output)?;
        if is_stream {
            // It was looked at, so it is there.
            let _ = from.desc.file.read(&mut cx.io(), from.pos, &mut buffer[..taken]);
        } else {
            from.pos += taken as u64;
        }
        to.pos = end;
        *moved += taken as u64;
        if taken < there || is_stream {
            return Ok(());
        }
    }
    Ok(())
}

/// Runs a transfer to its end or to where it must wait. `waits` is false for SPLICE_F_NONBLOCK.
fn transfer(cx: &mut Cx<'_>, from: &mut Side, to: &mut Side, count: u64, waits: bool) -> SysResult {
    if !from.desc.flags().reads() || !to.desc.flags().writes() {
        return Err(Errno::EBADF.into());
    }
    let mut moved = 0;
    let result = pump(cx, from, to, count.min(MAX_RW_COUNT), &mut moved);
    if moved > 0 {
        cx.k.note_access(&from.desc);
        cx.k.note_modify(&to.desc);
        return Ok(moved);
    }
    match result {
        Ok(()) => Ok(0),
        Err(Halt::Input(Errno::EAGAIN)) if waits => Err(cx.block_on(&from.desc)),
        Err(Halt::Output(Errno::EAGAIN)) if waits => Err(cx.block_on(&to.desc)),
        Err(Halt::Output(errno)) => {
            cx.signal_for(errno);
            Err(errno.into())
        }
        Err(Halt::Input(errno)) => Err(errno.into()),
    }
}

/// sendfile(2).
pub(super) fn sys_sendfile(cx: &mut Cx<'_>, out: Fd, input: Fd, offset: UserMut<i64>, count: u64) -> SysResult {
    let mut from = Side::new(cx, input, offset)?;
    let mut to = Side::new(cx, out, UserMut::new(GuestAddr::NULL))?;
    if !from.desc.file.can_seek() || to.desc.flags().contains(OpenFlags::O_APPEND) {
        return Err(Errno::EINVAL.into());
    }
    let result = transfer(cx, &mut from, &mut to, count, true);
    if result.is_ok() {
        from.finish(cx, offset)?;
        to.finish(cx, UserMut::new(GuestAddr::NULL))?;
    }
    result
}

/// copy_file_range(2).
pub(super) fn sys_copy_file_range(
    cx: &mut Cx<'_>,
    input: Fd,
    in_offset: UserMut<i64>,
    out: Fd,
    out_offset: UserMut<i64>,
    count: u64,
    flags: u32,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut from = Side::new(cx, input, in_offset)?;
    let mut to = Side::new(cx, out, out_offset)?;
    for side in [&from, &to] {
        match side.desc.location.as_ref().map(brainworm_fs::PathRef::kind) {
            Some(FileKind::Regular) => {}
            Some(FileKind::Directory) => return Err(Errno::EISDIR.into()),
            _ => return Err(Errno::EINVAL.into()),
        }
    }
    if to.desc.flags().contains(OpenFlags::O_APPEND) {
        return Err(Errno::EBADF.into());
    }
    let same = from.desc.location.as_ref().map(|l| l.id()) == to.desc.location.as_ref().map(|l| l.id());
    let (a, b) = (from.pos, to.pos);
    if same && a < b.saturating_add(count) && b < a.saturating_add(count) {
        return Err(Errno::EINVAL.into());
    }
    let result = transfer(cx, &mut from, &mut to, count, true);
    if result.is_ok() {
        from.finish(cx, in_offset)?;
        to.finish(cx, out_offset)?;
    }
    result
}

/// splice(2): one side is a pipe.
pub(super) fn sys_splice(
    cx: &mut Cx<'_>,
    input: Fd,
    in_offset: UserMut<i64>,
    out: Fd,
    out_offset: UserMut<i64>,
    count: u64,
    flags: SpliceFlags,
) -> SysResult {
    if count == 0 {
        return Ok(0);
    }
    let mut from = Side::new(cx, input, in_offset)?;
    let mut to = Side::new(cx, out, out_offset)?;
    match (from.pipe(), to.pipe()) {
        (None, None) => return Err(Errno::EINVAL.into()),
        (Some(a), Some(b)) if a.is_same_pipe(b) => return Err(Errno::EINVAL.into()),
        _ => {}
    }
    if to.desc.flags().contains(OpenFlags::O_APPEND) {
        return Err(Errno::EINVAL.into());
    }
    let waits = !flags.contains(SpliceFlags::SPLICE_F_NONBLOCK);
    let result = transfer(cx, &mut from, &mut to, count, waits);
    if result.is_ok() {
        from.finish(cx, in_offset)?;
        to.finish(cx, out_offset)?;
    }
    result
}

/// tee(2): the bytes stay in the first pipe.
pub(super) fn sys_tee(cx: &mut Cx<'_>, input: Fd, out: Fd, count: u64, flags: SpliceFlags) -> SysResult {
    let (from, to) = (cx.desc(input)?, cx.desc(out)?);
    let pipe_of = |desc: &Arc<Description>| desc.file.clone();
    let (source, sink) = (pipe_of(&from), pipe_of(&to));
    let (Some(a), Some(b)) = (source.as_any().downcast_ref::<PipeEnd>(), sink.as_any().downcast_ref::<PipeEnd>())
    else {
        return Err(Errno::EINVAL.into());
    };
    if a.is_same_pipe(b) {
        return Err(Errno::EINVAL.into());
    }
    if !from.flags().reads() || !to.flags().writes() {
        return Err(Errno::EBADF.into());
    }
    let waits = !flags.contains(SpliceFlags::SPLICE_F_NONBLOCK);
    let mut buffer = alloc::vec![0; count.min(STEP as u64) as usize];
    let there = match a.peek(&mut buffer) {
        Err(Errno::EAGAIN) if waits => return Err(cx.block_on(&from)),
        other => other?,
    };
    if there == 0 {
        return Ok(0);
    }
    match to.file.write(&mut cx.io(), 0, false, &buffer[..there]) {
        Ok((n, _)) => Ok(n as u64),
        Err(Errno::EAGAIN) if waits => Err(cx.block_on(&to)),
        Err(errno) => {
            cx.signal_for(errno);
            Err(errno.into())
        }
    }
}

/// vmsplice(2): user memory into a pipe, or out of one.
pub(super) fn sys_vmsplice(cx: &mut Cx<'_>, fd: Fd, iov: GuestAddr, count: u64, flags: SpliceFlags) -> SysResult {
    let desc = cx.desc(fd)?;
    if !desc.file.as_any().is::<PipeEnd>() {
        return Err(Errno::EBADF.into());
    }
    let segments = cx.copy_in_iovecs(iov, count)?;
    let result =
        if desc.flags().writes() { write_at(cx, &desc, &segments, 0, false) } else { read_at(cx, &desc, &segments, 0) };
    match result {
        Err(Stop::Block(_)) if flags.contains(SpliceFlags::SPLICE_F_NONBLOCK) => Err(Errno::EAGAIN.into()),
        other => other,
    }
}
