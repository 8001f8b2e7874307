//! Changing a file other than by writing: chmod(2), chown(2), utimensat(2), truncate(2), fallocate(2), fsync(2),
//! xattr(7).

use super::args::{DirFd, Fd, Mode, UserPtr, UserStr};
use super::path::check_flags;
use super::{Cx, SysResult};
use crate::task::Location;
use alloc::vec::Vec;
use brainworm_abi::linux::fcntl::{AtFlags, FallocMode, POSIX_FADV_NOREUSE};
use brainworm_abi::linux::stat::{UTIME_NOW, UTIME_OMIT};
use brainworm_abi::linux::system::{XATTR_LIST_MAX, XATTR_NAME_MAX, XATTR_SIZE_MAX, XattrFlags};
use brainworm_abi::linux::time::{TimespecC, Timeval, Utimbuf};
use brainworm_abi::{Errno, FileKind, GuestAddr, Timespec};
use brainworm_fs::{TimeSet, XattrSet};

/// chmod(2).
pub(super) fn sys_chmod(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    sys_fchmodat(cx, DirFd::CWD, path, mode)
}

/// fchmodat(2), the system call, which has no flags.
pub(super) fn sys_fchmodat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: Mode) -> SysResult {
    sys_fchmodat2(cx, dirfd, path, mode, AtFlags::empty())
}

/// fchmodat2(2).
pub(super) fn sys_fchmodat2(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: Mode, flags: AtFlags) -> SysResult {
    check_flags(flags, AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_EMPTY_PATH)?;
    let place = cx.place(dirfd, path, flags)?;
    change(cx, &place, |vfs, io, place| vfs.chmod_place(io, place, mode.0))
}

/// fchmod(2).
pub(super) fn sys_fchmod(cx: &mut Cx<'_>, fd: Fd, mode: Mode) -> SysResult {
    let place = cx.desc(fd)?.location.clone().ok_or(Errno::EINVAL)?;
    change(cx, &place, |vfs, io, place| vfs.chmod_place(io, place, mode.0))
}

/// Changes metadata of a place, and tells who watches it.
fn change(
    cx: &mut Cx<'_>,
    place: &Location,
    call: impl FnOnce(&brainworm_fs::Vfs, &mut brainworm_abi::Io<'_>, &Location) -> Result<(), Errno>,
) -> SysResult {
    cx.on_place(|vfs, io| call(vfs, io, place))?;
    cx.k.note_attrib(place);
    Ok(0)
}

/// -1 leaves an id as it is.
fn id(raw: u32) -> Option<u32> {
    (raw != u32::MAX).then_some(raw)
}

/// chown(2).
pub(super) fn sys_chown(cx: &mut Cx<'_>, path: UserStr, uid: u32, gid: u32) -> SysResult {
    sys_fchownat(cx, DirFd::CWD, path, uid, gid, AtFlags::empty())
}

/// lchown(2).
pub(super) fn sys_lchown(cx: &mut Cx<'_>, path: UserStr, uid: u32, gid: u32) -> SysResult {
    sys_fchownat(cx, DirFd::CWD, path, uid, gid, AtFlags::AT_SYMLINK_NOFOLLOW)
}

/// fchownat(2).
pub(super) fn sys_fchownat(
    cx: &mut Cx<'_>,
    dirfd: DirFd,
    path: UserStr,
    uid: u32,
    gid: u32,
    flags: AtFlags,
) -> SysResult {
    check_flags(flags, AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_EMPTY_PATH)?;
    let place = cx.place(dirfd, path, flags)?;
    change(cx, &place, |vfs, io, place| vfs.chown_place(io, place, id(uid), id(gid)))
}

/// fchown(2).
pub(super) fn sys_fchown(cx: &mut Cx<'_>, fd: Fd, uid: u32, gid: u32) -> SysResult {
    let place = cx.desc(fd)?.location.clone().ok_or(Errno::EINVAL)?;
    change(cx, &place, |vfs, io, place| vfs.chown_place(io, place, id(uid), id(gid)))
}

/// utimensat(2): a NULL path means the descriptor.
pub(super) fn sys_utimensat(
    cx: &mut Cx<'_>,
    dirfd: DirFd,
    path: UserStr,
    times: UserPtr<[TimespecC; 2]>,
    flags: AtFlags,
) -> SysResult {
    check_flags(flags, AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_EMPTY_PATH)?;
    let mut set = [TimeSet::Now; 2];
    if let Some(times) = cx.copy_in_opt(times)? {
        for (slot, time) in set.iter_mut().zip(times) {
            *slot = match time.tv_nsec as u64 {
                UTIME_NOW => TimeSet::Now,
                UTIME_OMIT => TimeSet::Omit,
                _ => TimeSet::At(time.to_time()?),
            };
        }
    }
    let place = if path.0.is_null() {
        if !flags.is_empty() && flags != AtFlags::AT_EMPTY_PATH {
            return Err(Errno::EINVAL.into());
        }
        if dirfd == DirFd::CWD {
            return Err(Errno::EFAULT.into());
        }
        cx.location_of(Fd(dirfd.0))?
    } else {
        if set == [TimeSet::Omit; 2] {
            return Ok(0);
        }
        cx.place(dirfd, path, flags)?
    };
    change(cx, &place, |vfs, io, place| vfs.utimens_place(io, place, set[0], set[1]))
}

fn set_times(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, times: Option<[Timespec; 2]>) -> SysResult {
    let set = times.map_or([TimeSet::Now; 2], |times| times.map(TimeSet::At));
    let place = cx.place(dirfd, path, AtFlags::empty())?;
    change(cx, &place, |vfs, io, place| vfs.utimens_place(io, place, set[0], set[1]))
}

/// utime(2).
pub(super) fn sys_utime(cx: &mut Cx<'_>, path: UserStr, times: UserPtr<Utimbuf>) -> SysResult {
    let times = cx.copy_in_opt(times)?.map(|t| [t.actime, t.modtime].map(|sec| Timespec { sec, nsec: 0 }));
    set_times(cx, DirFd::CWD, path, times)
}

/// utimes(2).
pub(super) fn sys_utimes(cx: &mut Cx<'_>, path: UserStr, times: UserPtr<[Timeval; 2]>) -> SysResult {
    sys_futimesat(cx, DirFd::CWD, path, times)
}

/// futimesat(2): a NULL path means the descriptor.
pub(super) fn sys_futimesat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, times: UserPtr<[Timeval; 2]>) -> SysResult {
    let times = match cx.copy_in_opt(times)? {
        Some([access, modify]) => Some([access.to_time()?, modify.to_time()?]),
        None => None,
    };
    if path.0.is_null() && dirfd != DirFd::CWD {
        let place = cx.location_of(Fd(dirfd.0))?;
        let set = times.map_or([TimeSet::Now; 2], |times| times.map(TimeSet::At));
        return change(cx, &place, |vfs, io, place| vfs.utimens_place(io, place, set[0], set[1]));
    }
    set_times(cx, dirfd, path, times)
}

/// truncate(2).
pub(super) fn sys_truncate(cx: &mut Cx<'_>, path: UserStr, size: i64) -> SysResult {
    if size < 0 {
        return Err(Errno::EINVAL.into());
    }
    let path = cx.read_path(path)?;
    cx.on_bytes(DirFd::CWD, &path, |vfs, io, at, path| vfs.truncate(io, at, path, size as u64))?;
    if let Some(place) = cx.watched_place(DirFd::CWD, &path) {
        cx.k.note_modify_at(&place);
    }
    cx.reap();
    Ok(0)
}

/// ftruncate(2).
pub(super) fn sys_ftruncate(cx: &mut Cx<'_>, fd: Fd, size: i64) -> SysResult {
    let desc = cx.desc(fd)?;
    if size < 0 || !desc.flags().writes() {
        return Err(Errno::EINVAL.into());
    }
    cx.file_call(|io| desc.file.truncate(io, size as u64))?;
    cx.k.note_modify(&desc);
    cx.reap();
    Ok(0)
}

/// fallocate(2).
pub(super) fn sys_fallocate(cx: &mut Cx<'_>, fd: Fd, mode: FallocMode, offset: i64, len: i64) -> SysResult {
    let desc = cx.desc(fd)?;
    if offset < 0 || len <= 0 {
        return Err(Errno::EINVAL.into());
    }
    if mode.contains(FallocMode::FALLOC_FL_PUNCH_HOLE) && !mode.contains(FallocMode::FALLOC_FL_KEEP_SIZE) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if !desc.flags().writes() {
        return Err(Errno::EBADF.into());
    }
    if offset.checked_add(len).is_none() {
        return Err(Errno::EFBIG.into());
    }
    match desc.location.as_ref().map(Location::kind) {
        Some(FileKind::Fifo) => return Err(Errno::ESPIPE.into()),
        Some(FileKind::Directory) => return Err(Errno::EISDIR.into()),
        _ => {}
    }
    cx.file_call(|io| desc.file.allocate(io, mode.bits(), offset as u64, len as u64))?;
    cx.k.note_modify(&desc);
    Ok(0)
}

/// fsync(2), and fdatasync(2).
pub(super) fn sys_fsync(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let desc = cx.desc(fd)?;
    match desc.location.as_ref().map(Location::kind) {
        Some(FileKind::Regular | FileKind::Directory | FileKind::BlockDevice) => {}
        _ => return Err(Errno::EINVAL.into()),
    }
    cx.file_call(|io| desc.file.sync(io))?;
    Ok(0)
}

/// fdatasync(2).
pub(super) fn sys_fdatasync(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    sys_fsync(cx, fd)
}

/// sync(2): what a host directory was given is the host's already.
pub(super) fn sys_sync(_cx: &mut Cx<'_>) -> SysResult {
    Ok(0)
}

/// syncfs(2).
pub(super) fn sys_syncfs(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    cx.desc(fd)?;
    Ok(0)
}

/// sync_file_range(2).
pub(super) fn sys_sync_file_range(cx: &mut Cx<'_>, fd: Fd, offset: i64, len: i64, _flags: u32) -> SysResult {
    if offset < 0 || len < 0 {
        return Err(Errno::EINVAL.into());
    }
    let desc = cx.desc(fd)?;
    if desc.file.can_seek() { Ok(0) } else { Err(Errno::ESPIPE.into()) }
}

/// posix_fadvise(2): everything is in memory already.
pub(super) fn sys_fadvise64(cx: &mut Cx<'_>, fd: Fd, _offset: i64, len: i64, advice: u32) -> SysResult {
    let desc = cx.desc(fd)?;
    if len < 0 || advice > POSIX_FADV_NOREUSE {
        return Err(Errno::EINVAL.into());
    }
    match desc.location.as_ref().map(Location::kind) {
        Some(FileKind::Fifo) => Err(Errno::ESPIPE.into()),
        _ => Ok(0),
    }
}

/// readahead(2).
pub(super) fn sys_readahead(cx: &mut Cx<'_>, fd: Fd, _offset: i64, _count: u64) -> SysResult {
    let desc = cx.desc(fd)?;
    if !desc.flags().reads() {
        return Err(Errno::EBADF.into());
    }
    if cx.is_regular(&desc) { Ok(0) } else { Err(Errno::EINVAL.into()) }
}

// --- xattr(7) --------------------------------------------------------------------------------------------------------

fn xattr_name(cx: &mut Cx<'_>, name: UserStr) -> Result<Vec<u8>, Errno> {
    let name = cx.read_str(name, XATTR_NAME_MAX + 1).map_err(|errno| match errno {
        Errno::ENAMETOOLONG => Errno::ERANGE,
        other => other,
    })?;
    if name.is_empty() { Err(Errno::ERANGE) } else { Ok(name) }
}

/// Hands out a value: size 0 asks for its length.
fn give(cx: &mut Cx<'_>, value: &[u8], buf: GuestAddr, size: u64) -> SysResult {
    if size != 0 {
        if value.len() as u64 > size {
            return Err(Errno::ERANGE.into());
        }
        cx.write_bytes(buf, value)?;
    }
    Ok(value.len() as u64)
}

fn get_xattr(cx: &mut Cx<'_>, place: &Location, name: UserStr, buf: GuestAddr, size: u64) -> SysResult {
    let name = xattr_name(cx, name)?;
    let value = cx.on_place(|vfs, io| vfs.get_xattr(io, place, &name))?;
    give(cx, &value, buf, size)
}

fn set_xattr(
    cx: &mut Cx<'_>,
    place: &Location,
    name: UserStr,
    value: GuestAddr,
    size: u64,
    flags: XattrFlags,
) -> SysResult {
    let how = match flags {
        XattrFlags::XATTR_CREATE => XattrSet::Create,
        XattrFlags::XATTR_REPLACE => XattrSet::Replace,
        flags if flags.is_empty() => XattrSet::Any,
        _ => return Err(Errno::EINVAL.into()),
    };
    let name = xattr_name(cx, name)?;
    if size > XATTR_SIZE_MAX as u64 {
        return Err(Errno::E2BIG.into());
    }
    let value: Vec<u8> = cx.copy_in_array(value, size, XATTR_SIZE_MAX as u64)?;
    change(cx, place, |vfs, io, place| vfs.set_xattr(io, place, &name, &value, how))
}

fn list_xattr(cx: &mut Cx<'_>, place: &Location, buf: GuestAddr, size: u64) -> SysResult {
    let names = cx.on_place(|vfs, io| vfs.list_xattr(io, place))?;
    if names.len() > XATTR_LIST_MAX {
        return Err(Errno::E2BIG.into());
    }
    give(cx, &names, buf, size)
}

fn remove_xattr(cx: &mut Cx<'_>, place: &Location, name: UserStr) -> SysResult {
    let name = xattr_name(cx, name)?;
    change(cx, place, |vfs, io, place| vfs.remove_xattr(io, place, &name))
}

/// The three ways to name a file: following links, not following, by descriptor.
macro_rules! xattr_calls {
    ($($call:ident: $by_path:ident $by_link:ident $by_fd:ident ($($arg:ident: $ty:ty),*);)*) => { $(
        #[doc = concat!(stringify!($by_path), ", xattr(7).")]
        pub(super) fn $by_path(cx: &mut Cx<'_>, path: UserStr, $($arg: $ty),*) -> SysResult {
            let place = cx.place(DirFd::CWD, path, AtFlags::empty())?;
            $call(cx, &place, $($arg),*)
        }
        #[doc = concat!(stringify!($by_link), ", xattr(7): symbolic links themselves.")]
        pub(super) fn $by_link(cx: &mut Cx<'_>, path: UserStr, $($arg: $ty),*) -> SysResult {
            let place = cx.place(DirFd::CWD, path, AtFlags::AT_SYMLINK_NOFOLLOW)?;
            $call(cx, &place, $($arg),*)
        }
        #[doc = concat!(stringify!($by_fd), ", xattr(7): open files.")]
        pub(super) fn $by_fd(cx: &mut Cx<'_>, fd: Fd, $($arg: $ty),*) -> SysResult {
            let place = cx.desc(fd)?.location.clone().ok_or(Errno::EOPNOTSUPP)?;
            $call(cx, &place, $($arg),*)
        }
    )* };
}
xattr_calls! {
    get_xattr: sys_getxattr sys_lgetxattr sys_fgetxattr (name: UserStr, buf: GuestAddr, size: u64);
    set_xattr: sys_setxattr sys_lsetxattr sys_fsetxattr
        (name: UserStr, value: GuestAddr, size: u64, flags: XattrFlags);
    list_xattr: sys_listxattr sys_llistxattr sys_flistxattr (buf: GuestAddr, size: u64);
    remove_xattr: sys_removexattr sys_lremovexattr sys_fremovexattr (name: UserStr);
}
