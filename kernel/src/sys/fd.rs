//! Descriptors: dup(2), close(2), close_range(2), fcntl(2), pipe(2), flock(2).

use super::args::{Fd, Hex, UserMut, UserPtr};
use super::{Cx, Stop, SysResult};
use crate::locks::{Owner, Record as LockRecord};
use crate::task::Description;
use crate::wait::{Wait, WaitOn};
use alloc::sync::Arc;
use brainworm_abi::linux::fcntl::*;
use brainworm_abi::linux::resource::RLIMIT_NOFILE;
use brainworm_abi::{Errno, GuestAddr, OpenFlags};
use brainworm_fs::PipeEnd;

/// close(2).
pub(super) fn sys_close(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    cx.close(fd)?;
    Ok(0)
}

/// close_range(2).
pub(super) fn sys_close_range(cx: &mut Cx<'_>, first: u32, last: u32, flags: CloseRangeFlags) -> SysResult {
    if first > last {
        return Err(Errno::EINVAL.into());
    }
    if flags.contains(CloseRangeFlags::CLOSE_RANGE_UNSHARE) {
        let id = cx.k.new_id();
        let copy = cx.files().fork(id);
        cx.task_mut().files = Arc::new(spin::Mutex::new(copy));
    }
    let sets_cloexec = flags.contains(CloseRangeFlags::CLOSE_RANGE_CLOEXEC);
    let end = (last as usize).saturating_add(1).min(cx.files().capacity());
    for fd in first as usize..end {
        let fd = fd as i32;
        if sets_cloexec {
            if let Ok(slot) = cx.files().get_mut(fd) {
                slot.cloexec = true;
            }
        } else {
            // A hole in the range is none of the caller's business.
            let _ = cx.close(Fd(fd));
        }
    }
    Ok(0)
}

/// dup(2).
pub(super) fn sys_dup(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let desc = cx.desc_or_path(fd)?;
    Ok(cx.install(desc, false)? as u64)
}

/// dup2(2).
pub(super) fn sys_dup2(cx: &mut Cx<'_>, old: Fd, new: Fd) -> SysResult {
    if old == new {
        cx.desc_or_path(old)?;
        return Ok(new.0 as u64);
    }
    dup_to(cx, old, new, false)
}

/// dup3(2).
pub(super) fn sys_dup3(cx: &mut Cx<'_>, old: Fd, new: Fd, flags: OpenFlags) -> SysResult {
    if old == new || !OpenFlags::O_CLOEXEC.contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    dup_to(cx, old, new, flags.contains(OpenFlags::O_CLOEXEC))
}

fn dup_to(cx: &mut Cx<'_>, old: Fd, new: Fd, cloexec: bool) -> SysResult {
    if new.0 < 0 || new.0 as u64 >= cx.limit(RLIMIT_NOFILE).min(crate::task::NR_OPEN) {
        return Err(Errno::EBADF.into());
    }
    let desc = cx.desc_or_path(old)?;
    cx.install_at(new.0, desc, cloexec);
    Ok(new.0 as u64)
}

/// pipe(2).
pub(super) fn sys_pipe(cx: &mut Cx<'_>, fds: UserMut<[Fd; 2]>) -> SysResult {
    sys_pipe2(cx, fds, OpenFlags::empty())
}

/// pipe2(2).
pub(super) fn sys_pipe2(cx: &mut Cx<'_>, fds: UserMut<[Fd; 2]>, flags: OpenFlags) -> SysResult {
    let allowed = OpenFlags::O_CLOEXEC | OpenFlags::O_NONBLOCK | OpenFlags::O_DIRECT;
    if !allowed.contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    let free = cx.free_fds::<2>()?;
    cx.copy_out(fds, &free.map(Fd))?;
    let vfs = cx.k.vfs.clone();
    let (reader, writer) = vfs.pipe(&mut cx.io());
    let status = flags & OpenFlags::O_NONBLOCK;
    let cloexec = flags.contains(OpenFlags::O_CLOEXEC);
    let reader = cx.describe(reader.file, status, Some(reader.path));
    let writer = cx.describe(writer.file, status | OpenFlags::O_WRONLY, Some(writer.path));
    cx.install_at(free[0], reader, cloexec);
    cx.install_at(free[1], writer, cloexec);
    Ok(0)
}

/// Status flags F_SETFL can change.
const SETTABLE: OpenFlags = OpenFlags::O_APPEND
    .union(OpenFlags::O_NONBLOCK)
    .union(OpenFlags::O_ASYNC)
    .union(OpenFlags::O_DIRECT)
    .union(OpenFlags::O_NOATIME);

/// fcntl(2).
pub(super) fn sys_fcntl(cx: &mut Cx<'_>, fd: Fd, cmd: u32, arg: Hex) -> SysResult {
    let arg = arg.0;
    match cmd {
        F_DUPFD | F_DUPFD_CLOEXEC => return dup_from(cx, fd, arg as i32, cmd == F_DUPFD_CLOEXEC),
        F_GETFD => return Ok(u64::from(cx.files().get(fd.0)?.cloexec)),
        F_SETFD => {
            cx.files().get_mut(fd.0)?.cloexec = arg as u32 & FD_CLOEXEC != 0;
            return Ok(0);
        }
        F_GETFL => return Ok(u64::from(cx.desc_or_path(fd)?.flags().bits())),
        _ => {}
    }
    let desc = cx.desc(fd)?;
    match cmd {
        F_SETFL => set_status(cx, &desc, OpenFlags::from_bits_truncate(arg as u32)),
        F_GETLK | F_OFD_GETLK => get_lock(cx, &desc, GuestAddr(arg), cmd == F_OFD_GETLK),
        F_SETLK | F_SETLKW => set_lock(cx, &desc, GuestAddr(arg), cmd == F_SETLKW, false),
        F_OFD_SETLK | F_OFD_SETLKW => set_lock(cx, &desc, GuestAddr(arg), cmd == F_OFD_SETLKW, true),
        F_SETOWN => {
            desc.owner.lock().0 = arg as i32;
            Ok(0)
        }
        // A process group comes back negative; as on Linux one below -4095 cannot be told from an error.
        F_GETOWN => Ok(desc.owner.lock().0 as i64 as u64),
        F_SETOWN_EX => {
            let owner = cx.copy_in(UserPtr::<OwnerEx>::new(GuestAddr(arg)))?;
            desc.owner.lock().0 = match owner.r#type {
                F_OWNER_TID | F_OWNER_PID => owner.pid,
                F_OWNER_PGRP => -owner.pid,
                _ => return Err(Errno::EINVAL.into()),
            };
            Ok(0)
        }
        F_GETOWN_EX => {
            let pid = desc.owner.lock().0;
            let kind = if pid < 0 { F_OWNER_PGRP } else { F_OWNER_PID };
            cx.copy_out(UserMut::new(GuestAddr(arg)), &OwnerEx { r#type: kind, pid: pid.abs() })?;
            Ok(0)
        }
        F_SETSIG if arg > 64 => Err(Errno::EINVAL.into()),
        F_SETSIG => {
            desc.owner.lock().1 = arg as u8;
            Ok(0)
        }
        F_GETSIG => Ok(u64::from(desc.owner.lock().1)),
        F_SETPIPE_SZ => {
            let end = desc.file.as_any().downcast_ref::<PipeEnd>().ok_or(Errno::EBADF)?;
            if arg > u64::from(u32::MAX >> 1) {
                return Err(Errno::EINVAL.into());
            }
            Ok(end.pipe().set_capacity(&cx.io(), arg)? as u64)
        }
        F_GETPIPE_SZ => Ok(desc.file.as_any().downcast_ref::<PipeEnd>().ok_or(Errno::EBADF)?.pipe().capacity() as u64),
        F_ADD_SEALS => {
            if !desc.flags().writes() {
                return Err(Errno::EPERM.into());
            }
            let seals = u32::try_from(arg).ok().and_then(Seals::from_bits).ok_or(Errno::EINVAL)?;
            let is_mapped = cx.k.is_mapped_writable(&*desc.file);
            cx.k.vfs.add_seals(&*desc.file, seals.bits(), is_mapped)?;
            Ok(0)
        }
        F_GET_SEALS => Ok(u64::from(cx.k.vfs.seals(&*desc.file)?)),
        // No leases are held; hints are taken and forgotten.
        F_GETLEASE => Ok(2),
        F_SETLEASE | F_NOTIFY => Err(Errno::EINVAL.into()),
        F_GET_RW_HINT | F_GET_FILE_RW_HINT => {
            cx.copy_out(UserMut::<u64>::new(GuestAddr(arg)), &0)?;
            Ok(0)
        }
        F_SET_RW_HINT | F_SET_FILE_RW_HINT => {
            let hint = cx.copy_in(UserPtr::<u64>::new(GuestAddr(arg)))?;
            if hint > 5 { Err(Errno::EINVAL.into()) } else { Ok(0) }
        }
        _ => Err(Errno::EINVAL.into()),
    }
}

fn dup_from(cx: &mut Cx<'_>, fd: Fd, min: i32, cloexec: bool) -> SysResult {
    let desc = cx.desc_or_path(fd)?;
    let limit = cx.limit(RLIMIT_NOFILE);
    if min < 0 || min as u64 >= limit {
        return Err(Errno::EINVAL.into());
    }
    let [new] = cx.files().lowest_free::<1>(min as usize, limit)?;
    cx.install_at(new, desc, cloexec);
    Ok(new as u64)
}

/// F_SETFL and FIONBIO.
pub(super) fn set_status(cx: &mut Cx<'_>, desc: &Description, flags: OpenFlags) -> SysResult {
    let flags = (desc.flags() - SETTABLE) | (flags & SETTABLE);
    desc.set_flags(flags);
    desc.file.set_flags(&mut cx.io(), flags);
    Ok(0)
}

/// flock(2).
pub(super) fn sys_flock(cx: &mut Cx<'_>, fd: Fd, operation: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    let exclusive = match operation & !LOCK_NB {
        LOCK_SH => Some(false),
        LOCK_EX => Some(true),
        LOCK_UN => None,
        _ => return Err(Errno::EINVAL.into()),
    };
    let locks = cx.k.locks.clone();
    let file = desc.location.as_ref().ok_or(Errno::EINVAL)?.id();
    desc.keep_locks(&locks);
    match locks.flock(file, desc.id, exclusive) {
        true => Ok(0),
        false if operation & LOCK_NB != 0 => Err(Errno::EAGAIN.into()),
        false => Err(Stop::Block(Wait::on(WaitOn::Point(locks.point.clone())))),
    }
}

/// The range a `struct flock` names, as a lock of its owner; `None` in `is_write` is F_UNLCK.
fn lock_of(
    cx: &mut Cx<'_>,
    desc: &Arc<Description>,
    flock: &Flock,
    is_ofd: bool,
) -> Result<(LockRecord, Option<bool>), Stop> {
    if is_ofd && flock.l_pid != 0 {
        return Err(Errno::EINVAL.into());
    }
    let base = match u32::from(flock.l_whence as u16) {
        SEEK_SET => 0,
        SEEK_CUR => *desc.pos.lock() as i64,
        SEEK_END => cx.file_call(|io| desc.file.size(io))? as i64,
        _ => return Err(Errno::EINVAL.into()),
    };
    let start = base.checked_add(flock.l_start).ok_or(Errno::EOVERFLOW)?;
    let (start, end) = match flock.l_len {
        0 => (start, u64::MAX),
        len if len > 0 => (start, start.checked_add(len).ok_or(Errno::EOVERFLOW)? as u64),
        len => (start.checked_add(len).ok_or(Errno::EINVAL)?, start as u64),
    };
    if start < 0 {
        return Err(Errno::EINVAL.into());
    }
    let is_write = match flock.l_type {
        F_RDLCK => Some(false),
        F_WRLCK => Some(true),
        F_UNLCK => None,
        _ => return Err(Errno::EINVAL.into()),
    };
    let owner = if is_ofd { Owner::Description(desc.id) } else { Owner::Table(cx.files().id) };
    let pid = cx.pid();
    Ok((LockRecord { owner, is_write: is_write == Some(true), start: start as u64, end, pid }, is_write))
}

fn set_lock(cx: &mut Cx<'_>, desc: &Arc<Description>, addr: GuestAddr, waits: bool, is_ofd: bool) -> SysResult {
    let flock = cx.copy_in(UserPtr::<Flock>::new(addr))?;
    let (lock, is_write) = lock_of(cx, desc, &flock, is_ofd)?;
    let file = desc.location.as_ref().ok_or(Errno::EBADF)?.id();
    let locks = cx.k.locks.clone();
    match is_write {
        None => {
            locks.clear_record(file, lock);
            return Ok(0);
        }
        Some(false) if !desc.flags().reads() => return Err(Errno::EBADF.into()),
        Some(true) if !desc.flags().writes() => return Err(Errno::EBADF.into()),
        Some(_) => {}
    }
    if is_ofd {
        desc.keep_locks(&locks);
    } else {
        cx.files().keep_locks(&locks);
    }
    match locks.set_record(file, lock) {
        Ok(()) => Ok(0),
        Err(_) if !waits => Err(Errno::EAGAIN.into()),
        Err(other) if !is_ofd && !locks.wait_for(lock.owner, other.owner) => Err(Errno::EDEADLK.into()),
        Err(_) => Err(Stop::Block(Wait::on(WaitOn::Point(locks.point.clone())))),
    }
}

fn get_lock(cx: &mut Cx<'_>, desc: &Arc<Description>, addr: GuestAddr, is_ofd: bool) -> SysResult {
    let mut flock = cx.copy_in(UserPtr::<Flock>::new(addr))?;
    let (lock, is_write) = lock_of(cx, desc, &flock, is_ofd)?;
    if is_write.is_none() && !is_ofd {
        return Err(Errno::EINVAL.into());
    }
    let file = desc.location.as_ref().ok_or(Errno::EBADF)?.id();
    match cx.k.locks.blocker(file, &lock) {
        None => flock.l_type = F_UNLCK,
        Some(other) => {
            flock.l_type = if other.is_write { F_WRLCK } else { F_RDLCK };
            flock.l_whence = SEEK_SET as i16;
            flock.l_start = other.start as i64;
            flock.l_len = if other.end == u64::MAX { 0 } else { (other.end - other.start) as i64 };
            flock.l_pid = if matches!(other.owner, Owner::Description(_)) { -1 } else { other.pid as i32 };
        }
    }
    cx.copy_out(UserMut::new(addr), &flock)?;
    Ok(0)
}

impl crate::Kernel {
    /// A shared mapping of the file that is or may become writable exists (F_SEAL_WRITE is EBUSY then).
    fn is_mapped_writable(&self, file: &dyn brainworm_abi::File) -> bool {
        use crate::mm::Backing;
        let Some(id) = file.map_id() else { return false };
        self.world.spaces.iter().flat_map(|(_, space)| space.vmas.values()).any(|vma| match &vma.backing {
            Backing::File { desc, .. } => {
                vma.flags.contains(crate::mm::VmaFlags::SHARED | crate::mm::VmaFlags::MAY_WRITE)
                    && desc.file.map_id() == Some(id)
            }
            Backing::Anonymous => false,
        })
    }
}
