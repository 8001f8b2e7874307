//! What is known of a file: stat(2), statx(2), statfs(2), access(2), readlink(2).

use super::args::{DirFd, Fd, UserMut, UserSliceMut, UserStr};
use super::path::check_flags;
use super::{Cx, SysResult};
use brainworm_abi::linux::fcntl::AtFlags;
use brainworm_abi::linux::stat::{STATX__RESERVED, StatC, StatfsC, Statx};
use brainworm_abi::{Errno, Stat};
use brainworm_fs::Access;

/// stat(2).
pub(super) fn sys_stat(cx: &mut Cx<'_>, path: UserStr, buf: UserMut<StatC>) -> SysResult {
    sys_newfstatat(cx, DirFd::CWD, path, buf, AtFlags::empty())
}

/// lstat(2).
pub(super) fn sys_lstat(cx: &mut Cx<'_>, path: UserStr, buf: UserMut<StatC>) -> SysResult {
    sys_newfstatat(cx, DirFd::CWD, path, buf, AtFlags::AT_SYMLINK_NOFOLLOW)
}

/// fstat(2).
pub(super) fn sys_fstat(cx: &mut Cx<'_>, fd: Fd, buf: UserMut<StatC>) -> SysResult {
    let stat = fstat(cx, fd)?;
    cx.copy_out(buf, &StatC::from(&stat))?;
    Ok(0)
}

fn fstat(cx: &mut Cx<'_>, fd: Fd) -> Result<Stat, super::Stop> {
    let desc = cx.desc_or_path(fd)?;
    cx.file_call(|io| desc.file.stat(io))
}

/// fstatat(2).
pub(super) fn sys_newfstatat(
    cx: &mut Cx<'_>,
    dirfd: DirFd,
    path: UserStr,
    buf: UserMut<StatC>,
    flags: AtFlags,
) -> SysResult {
    check_flags(flags, AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_NO_AUTOMOUNT | AtFlags::AT_EMPTY_PATH)?;
    let stat = stat_at(cx, dirfd, path, flags)?;
    cx.copy_out(buf, &StatC::from(&stat))?;
    Ok(0)
}

fn stat_at(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, flags: AtFlags) -> Result<Stat, super::Stop> {
    let path = cx.path_or_empty(path, flags)?;
    let is_empty_allowed = flags.contains(AtFlags::AT_EMPTY_PATH);
    // How libc makes fstat(2).
    if path.is_empty() && is_empty_allowed && dirfd != DirFd::CWD {
        return fstat(cx, Fd(dirfd.0));
    }
    let follow = !flags.contains(AtFlags::AT_SYMLINK_NOFOLLOW);
    cx.on_bytes(dirfd, &path, |vfs, io, at, path| {
        vfs.stat(io, if is_empty_allowed { at.or_empty() } else { at }, path, follow)
    })
}

/// statx(2).
pub(super) fn sys_statx(
    cx: &mut Cx<'_>,
    dirfd: DirFd,
    path: UserStr,
    flags: AtFlags,
    mask: u32,
    buf: UserMut<Statx>,
) -> SysResult {
    let sync = AtFlags::AT_STATX_FORCE_SYNC | AtFlags::AT_STATX_DONT_SYNC;
    check_flags(flags, AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_NO_AUTOMOUNT | AtFlags::AT_EMPTY_PATH | sync)?;
    if mask & STATX__RESERVED != 0 || flags.contains(sync) {
        return Err(Errno::EINVAL.into());
    }
    let stat = stat_at(cx, dirfd, path, flags)?;
    cx.copy_out(buf, &Statx::from(&stat))?;
    Ok(0)
}

/// statfs(2).
pub(super) fn sys_statfs(cx: &mut Cx<'_>, path: UserStr, buf: UserMut<StatfsC>) -> SysResult {
    let stat = cx.on_path(DirFd::CWD, path, |vfs, io, at, path| vfs.statfs(io, at, path))?;
    cx.copy_out(buf, &StatfsC::from(&stat))?;
    Ok(0)
}

/// fstatfs(2).
pub(super) fn sys_fstatfs(cx: &mut Cx<'_>, fd: Fd, buf: UserMut<StatfsC>) -> SysResult {
    let place = cx.location_of(fd)?;
    let stat = cx.on_place(|vfs, io| vfs.statfs_place(io, &place))?;
    cx.copy_out(buf, &StatfsC::from(&stat))?;
    Ok(0)
}

/// access(2).
pub(super) fn sys_access(cx: &mut Cx<'_>, path: UserStr, mode: u32) -> SysResult {
    sys_faccessat2(cx, DirFd::CWD, path, mode, AtFlags::empty())
}

/// faccessat(2), the system call, which has no flags.
pub(super) fn sys_faccessat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: u32) -> SysResult {
    sys_faccessat2(cx, dirfd, path, mode, AtFlags::empty())
}

/// faccessat2(2): asks with the real ids unless AT_EACCESS.
pub(super) fn sys_faccessat2(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: u32, flags: AtFlags) -> SysResult {
    check_flags(flags, AtFlags::AT_EACCESS | AtFlags::AT_SYMLINK_NOFOLLOW | AtFlags::AT_EMPTY_PATH)?;
    let want = Access::from_bits(mode).ok_or(Errno::EINVAL)?;
    let path = cx.path_or_empty(path, flags)?;
    let follow = !flags.contains(AtFlags::AT_SYMLINK_NOFOLLOW);
    let is_empty_allowed = flags.contains(AtFlags::AT_EMPTY_PATH);
    let creds = cx.creds().clone();
    cx.on_bytes(dirfd, &path, |vfs, io, at, path| {
        if !flags.contains(AtFlags::AT_EACCESS) {
            io.caller.fsuid = creds.uid;
            io.caller.fsgid = creds.gid;
            // capabilities(7): the real root's are the permitted ones, nobody else's count.
            let real_caps = if creds.uid == 0 { creds.permitted } else { 0 };
            io.caller.is_privileged = real_caps >> crate::task::cap::DAC_OVERRIDE & 1 != 0;
        }
        vfs.access(io, if is_empty_allowed { at.or_empty() } else { at }, path, want, follow)
    })?;
    Ok(0)
}

/// readlink(2).
pub(super) fn sys_readlink(cx: &mut Cx<'_>, path: UserStr, buf: UserSliceMut, size: i32) -> SysResult {
    sys_readlinkat(cx, DirFd::CWD, path, buf, size)
}

/// readlinkat(2): an empty path means a descriptor opened with O_PATH and O_NOFOLLOW.
pub(super) fn sys_readlinkat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, buf: UserSliceMut, size: i32) -> SysResult {
    if size <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let mut target = cx.on_path(dirfd, path, |vfs, io, at, path| {
        vfs.readlink(io, if dirfd == DirFd::CWD { at } else { at.or_empty() }, path)
    })?;
    target.truncate(size as usize);
    cx.write_bytes(buf.0, &target)?;
    Ok(target.len() as u64)
}
