//! Directories and names: getdents(2), getcwd(2), chdir(2), mkdir(2), unlink(2), rename(2), link(2), symlink(2),
//! mknod(2), mount(2).

use super::args::{DirFd, Fd, Mode, UserSliceMut, UserStr};
use super::path::check_flags;
use super::{Cx, SysResult};
use alloc::vec::Vec;
use brainworm_abi::linux::fcntl::{AtFlags, RenameFlags};
use brainworm_abi::linux::stat::{DIRENT_NAME, DIRENT64_NAME};
use brainworm_abi::linux::system::{MountFlags, UmountFlags};
use brainworm_abi::{Errno, GuestAddr};

/// Largest answer of getdents(2) made at once.
const DIRENTS_MAX: usize = 1 << 20;

/// One entry of getdents64(2): inode u64, next cookie i64, length u16, type u8, name.
fn dirent64(out: &mut Vec<u8>, ino: u64, next: u64, kind: u8, name: &[u8], len: usize) {
    let end = out.len() + len;
    out.extend(ino.to_le_bytes());
    out.extend(next.to_le_bytes());
    out.extend((len as u16).to_le_bytes());
    out.push(kind);
    out.extend_from_slice(name);
    out.resize(end, 0);
}

/// One entry of getdents(2): the type is the last byte.
fn dirent(out: &mut Vec<u8>, ino: u64, next: u64, kind: u8, name: &[u8], len: usize) {
    let end = out.len() + len;
    out.extend(ino.to_le_bytes());
    out.extend(next.to_le_bytes());
    out.extend((len as u16).to_le_bytes());
    out.extend_from_slice(name);
    out.resize(end - 1, 0);
    out.push(kind);
}

/// getdents64(2).
pub(super) fn sys_getdents64(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u32) -> SysResult {
    list(cx, fd, buf, count, DIRENT64_NAME + 1, dirent64)
}

/// getdents(2).
pub(super) fn sys_getdents(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u32) -> SysResult {
    list(cx, fd, buf, count, DIRENT_NAME + 2, dirent)
}

type PutEntry = fn(&mut Vec<u8>, u64, u64, u8, &[u8], usize);

fn list(cx: &mut Cx<'_>, fd: Fd, buf: UserSliceMut, count: u32, overhead: usize, put: PutEntry) -> SysResult {
    let desc = cx.desc(fd)?;
    let room = (count as usize).min(DIRENTS_MAX);
    let mut pos = *desc.pos.lock();
    let mut out = Vec::new();
    let mut is_full = false;
    cx.file_call(|io| {
        desc.file.read_dir(io, pos, &mut |ino, next, kind, name| {
            let len = (overhead + name.len()).next_multiple_of(8);
            if out.len() + len > room {
                is_full = true;
                return false;
            }
            put(&mut out, ino, next, kind, name, len);
            pos = next;
            true
        })
    })?;
    if out.is_empty() && is_full {
        return Err(Errno::EINVAL.into());
    }
    cx.write_bytes(buf.0, &out)?;
    *desc.pos.lock() = pos;
    Ok(out.len() as u64)
}

/// getcwd(2): the length with its NUL.
pub(super) fn sys_getcwd(cx: &mut Cx<'_>, buf: GuestAddr, size: u64) -> SysResult {
    let (root, cwd) = {
        let fs = cx.fs();
        (fs.root.clone(), fs.cwd.clone())
    };
    let mut path = cx.k.vfs.getcwd(&root, &cwd)?;
    path.push(0);
    if path.len() as u64 > size {
        return Err(Errno::ERANGE.into());
    }
    cx.write_bytes(buf, &path)?;
    Ok(path.len() as u64)
}

/// chdir(2).
pub(super) fn sys_chdir(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    let place = cx.on_path(DirFd::CWD, path, |vfs, io, at, path| vfs.chdir(io, at, path))?;
    cx.fs().cwd = place;
    Ok(0)
}

/// fchdir(2).
pub(super) fn sys_fchdir(cx: &mut Cx<'_>, fd: Fd) -> SysResult {
    let desc = cx.desc_or_path(fd)?;
    let place = desc.location.clone().ok_or(Errno::ENOTDIR)?;
    let place = cx.on_place(|vfs, io| vfs.fchdir(io, &place))?;
    cx.fs().cwd = place;
    Ok(0)
}

/// chroot(2).
pub(super) fn sys_chroot(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    let place = cx.on_path(DirFd::CWD, path, |vfs, io, at, path| vfs.chroot(io, at, path))?;
    cx.fs().root = place;
    Ok(0)
}

/// mkdir(2).
pub(super) fn sys_mkdir(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    sys_mkdirat(cx, DirFd::CWD, path, mode)
}

/// mkdirat(2).
pub(super) fn sys_mkdirat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: Mode) -> SysResult {
    let path = cx.read_path(path)?;
    cx.on_bytes(dirfd, &path, |vfs, io, at, path| vfs.mkdir(io, at, path, mode.0))?;
    cx.note_name_made(dirfd, &path);
    Ok(0)
}

/// rmdir(2).
pub(super) fn sys_rmdir(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    sys_unlinkat(cx, DirFd::CWD, path, AtFlags::AT_REMOVEDIR)
}

/// unlink(2).
pub(super) fn sys_unlink(cx: &mut Cx<'_>, path: UserStr) -> SysResult {
    sys_unlinkat(cx, DirFd::CWD, path, AtFlags::empty())
}

/// unlinkat(2).
pub(super) fn sys_unlinkat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, flags: AtFlags) -> SysResult {
    check_flags(flags, AtFlags::AT_REMOVEDIR)?;
    let path = cx.read_path(path)?;
    let watched = cx.watched_place(dirfd, &path);
    let removes_dir = flags.contains(AtFlags::AT_REMOVEDIR);
    cx.on_bytes(
        dirfd,
        &path,
        |vfs, io, at, path| {
            if removes_dir { vfs.rmdir(io, at, path) } else { vfs.unlink(io, at, path) }
        },
    )?;
    cx.note_name_removed(watched);
    cx.reap();
    Ok(0)
}

/// rename(2).
pub(super) fn sys_rename(cx: &mut Cx<'_>, old: UserStr, new: UserStr) -> SysResult {
    sys_renameat2(cx, DirFd::CWD, old, DirFd::CWD, new, RenameFlags::empty())
}

/// renameat(2).
pub(super) fn sys_renameat(cx: &mut Cx<'_>, old_dir: DirFd, old: UserStr, new_dir: DirFd, new: UserStr) -> SysResult {
    sys_renameat2(cx, old_dir, old, new_dir, new, RenameFlags::empty())
}

/// renameat2(2).
pub(super) fn sys_renameat2(
    cx: &mut Cx<'_>,
    old_dir: DirFd,
    old: UserStr,
    new_dir: DirFd,
    new: UserStr,
    flags: RenameFlags,
) -> SysResult {
    let (old, new) = (cx.read_path(old)?, cx.read_path(new)?);
    let (_, new_base) = cx.start_of(new_dir, &new)?;
    let moved = cx.before_rename(old_dir, &old);
    let replaced = cx.watched_place(new_dir, &new);
    let flags = brainworm_fs::RenameFlags::from_bits_retain(flags.bits());
    cx.on_bytes(old_dir, &old, |vfs, io, at, old| {
        let new_at = brainworm_fs::At { base: &new_base, ..at };
        vfs.rename(io, at, old, new_at, &new, flags)
    })?;
    cx.note_renamed(moved, replaced);
    cx.reap();
    Ok(0)
}

/// link(2).
pub(super) fn sys_link(cx: &mut Cx<'_>, old: UserStr, new: UserStr) -> SysResult {
    sys_linkat(cx, DirFd::CWD, old, DirFd::CWD, new, AtFlags::empty())
}

/// linkat(2).
pub(super) fn sys_linkat(
    cx: &mut Cx<'_>,
    old_dir: DirFd,
    old: UserStr,
    new_dir: DirFd,
    new: UserStr,
    flags: AtFlags,
) -> SysResult {
    check_flags(flags, AtFlags::AT_SYMLINK_FOLLOW | AtFlags::AT_EMPTY_PATH)?;
    let (old, new) = (cx.path_or_empty(old, flags)?, cx.read_path(new)?);
    let (_, new_base) = cx.start_of(new_dir, &new)?;
    let follow = flags.contains(AtFlags::AT_SYMLINK_FOLLOW);
    let is_empty_allowed = flags.contains(AtFlags::AT_EMPTY_PATH);
    cx.on_bytes(old_dir, &old, |vfs, io, at, old| {
        let new_at = brainworm_fs::At { base: &new_base, ..at };
        let old_at = if is_empty_allowed { at.or_empty() } else { at };
        vfs.link(io, old_at, old, follow, new_at, &new)
    })?;
    cx.note_name_made(new_dir, &new);
    Ok(0)
}

/// symlink(2).
pub(super) fn sys_symlink(cx: &mut Cx<'_>, target: UserStr, path: UserStr) -> SysResult {
    sys_symlinkat(cx, target, DirFd::CWD, path)
}

/// symlinkat(2).
pub(super) fn sys_symlinkat(cx: &mut Cx<'_>, target: UserStr, dirfd: DirFd, path: UserStr) -> SysResult {
    let (target, path) = (cx.read_path(target)?, cx.read_path(path)?);
    cx.on_bytes(dirfd, &path, |vfs, io, at, path| vfs.symlink(io, &target, at, path))?;
    cx.note_name_made(dirfd, &path);
    Ok(0)
}

/// mknod(2).
pub(super) fn sys_mknod(cx: &mut Cx<'_>, path: UserStr, mode: Mode, dev: u64) -> SysResult {
    sys_mknodat(cx, DirFd::CWD, path, mode, dev)
}

/// mknodat(2).
pub(super) fn sys_mknodat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, mode: Mode, dev: u64) -> SysResult {
    let path = cx.read_path(path)?;
    // Device numbers are 32 bits in this call.
    let dev = u64::from(dev as u32);
    let place = cx.on_bytes(dirfd, &path, |vfs, io, at, path| vfs.mknod(io, at, path, mode.0, dev))?;
    cx.k.note_create(&place);
    Ok(0)
}

/// umask(2).
pub(super) fn sys_umask(cx: &mut Cx<'_>, mask: Mode) -> SysResult {
    Ok(u64::from(core::mem::replace(&mut cx.fs().umask, mask.0 & 0o777)))
}

/// mount(2).
pub(super) fn sys_mount(
    cx: &mut Cx<'_>,
    source: UserStr,
    target: UserStr,
    fs_type: UserStr,
    flags: MountFlags,
    data: GuestAddr,
) -> SysResult {
    let source = optional(cx, source)?;
    let fs_type = optional(cx, fs_type)?;
    let data = if data.is_null() { Vec::new() } else { cx.read_str(UserStr(data), 4096)? };
    let flags = flags.bits() as u32;
    cx.on_path(DirFd::CWD, target, |vfs, io, at, target| vfs.mount(io, at, &source, target, &fs_type, flags, &data))?;
    Ok(0)
}

fn optional(cx: &mut Cx<'_>, text: UserStr) -> Result<Vec<u8>, Errno> {
    if text.0.is_null() { Ok(Vec::new()) } else { cx.read_path(text) }
}

/// umount2(2).
pub(super) fn sys_umount2(cx: &mut Cx<'_>, target: UserStr, flags: UmountFlags) -> SysResult {
    cx.on_path(DirFd::CWD, target, |vfs, io, at, path| vfs.umount(io, at, path, flags.bits()))?;
    cx.reap();
    Ok(0)
}
