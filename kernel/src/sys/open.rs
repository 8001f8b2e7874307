//! open(2) in its forms, creat(2), memfd_create(2).

use super::args::{DirFd, Mode, UserPtr, UserStr};
use super::{Cx, SysResult};
use crate::task::Description;
use crate::wait::Wait;
use alloc::sync::Arc;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::fcntl::{OpenHow, ResolveFlags, Seals};
use brainworm_abi::linux::mman::MemfdFlags;
use brainworm_abi::{Errno, GuestAddr, OpenFlags};
use brainworm_fs::{Opened, Resolve};

/// open(2).
pub(super) fn sys_open(cx: &mut Cx<'_>, path: UserStr, flags: OpenFlags, mode: Mode) -> SysResult {
    open(cx, DirFd::CWD, path, flags, mode.0, Resolve::empty())
}

/// openat(2).
pub(super) fn sys_openat(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, flags: OpenFlags, mode: Mode) -> SysResult {
    open(cx, dirfd, path, flags, mode.0, Resolve::empty())
}

/// creat(2).
pub(super) fn sys_creat(cx: &mut Cx<'_>, path: UserStr, mode: Mode) -> SysResult {
    let flags = OpenFlags::O_CREAT | OpenFlags::O_WRONLY | OpenFlags::O_TRUNC;
    open(cx, DirFd::CWD, path, flags, mode.0, Resolve::empty())
}

/// openat2(2): unlike openat(2) it refuses what it does not know.
pub(super) fn sys_openat2(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, how: GuestAddr, size: u64) -> SysResult {
    if size < OpenHow::SIZE as u64 {
        return Err(Errno::EINVAL.into());
    }
    if size > 4096 {
        return Err(Errno::E2BIG.into());
    }
    let rest = size - OpenHow::SIZE as u64;
    let more: alloc::vec::Vec<u8> = cx.copy_in_array(how.wrapping_add(OpenHow::SIZE as u64), rest, 4096)?;
    if more.iter().any(|&byte| byte != 0) {
        return Err(Errno::E2BIG.into());
    }
    let how = cx.copy_in(UserPtr::<OpenHow>::new(how))?;
    let flags = u32::try_from(how.flags).ok().and_then(OpenFlags::from_bits).ok_or(Errno::EINVAL)?;
    let resolve = ResolveFlags::from_bits(how.resolve).ok_or(Errno::EINVAL)?;
    let creates = flags.contains(OpenFlags::O_CREAT) || flags.contains(OpenFlags::O_TMPFILE);
    if how.mode & !0o7777 != 0 || (how.mode != 0 && !creates) {
        return Err(Errno::EINVAL.into());
    }
    let is_twice_scoped = resolve.contains(ResolveFlags::RESOLVE_BENEATH | ResolveFlags::RESOLVE_IN_ROOT);
    if is_twice_scoped {
        return Err(Errno::EINVAL.into());
    }
    if resolve.contains(ResolveFlags::RESOLVE_CACHED) {
        // Nothing is known to be cached: the caller tries again without.
        return Err(Errno::EAGAIN.into());
    }
    open(cx, dirfd, path, flags, how.mode as u32, Resolve::from_bits_truncate(resolve.bits() as u32))
}

fn open(cx: &mut Cx<'_>, dirfd: DirFd, path: UserStr, flags: OpenFlags, mode: u32, resolve: Resolve) -> SysResult {
    let mut flags = flags | OpenFlags::O_LARGEFILE;
    if flags.contains(OpenFlags::O_PATH) {
        let kept = OpenFlags::O_DIRECTORY | OpenFlags::O_NOFOLLOW | OpenFlags::O_PATH | OpenFlags::O_CLOEXEC;
        flags &= kept;
    }
    if let Some(desc) = cx.task_mut().restart.held.take() {
        return finish_fifo(cx, desc, flags);
    }
    let path = cx.read_path(path)?;
    let [fd] = cx.free_fds::<1>()?;
    let existed = !cx.k.inotify.is_active() || cx.exists(dirfd, &path);
    let opened = cx.on_bytes(dirfd, &path, |vfs, io, mut at, path| {
        at.resolve = resolve;
        vfs.open(io, at, path, flags, mode)
    })?;
    if !existed {
        cx.k.note_create(&opened.path);
    }
    let is_ready = opened.is_ready() || flags.contains(OpenFlags::O_NONBLOCK);
    let desc = describe(cx, opened, flags);
    if !is_ready {
        return finish_fifo(cx, desc, flags);
    }
    if flags.contains(OpenFlags::O_TRUNC) {
        cx.k.note_modify(&desc);
        cx.reap();
    }
    cx.k.note_open(&desc);
    cx.install_at(fd, desc, flags.contains(OpenFlags::O_CLOEXEC));
    Ok(fd as u64)
}

/// fifo(7): an open for one direction waits for the other. The end exists meanwhile, or two such opens would never meet.
fn finish_fifo(cx: &mut Cx<'_>, desc: Arc<Description>, flags: OpenFlags) -> SysResult {
    let is_connected =
        desc.file.as_any().downcast_ref::<brainworm_fs::PipeEnd>().is_none_or(brainworm_fs::PipeEnd::is_connected);
    if is_connected {
        return Ok(cx.install(desc, flags.contains(OpenFlags::O_CLOEXEC))? as u64);
    }
    let wait = Wait::file(&desc.file);
    cx.task_mut().restart.held = Some(desc);
    Err(super::Stop::Block(wait))
}

fn describe(cx: &Cx<'_>, opened: Opened, flags: OpenFlags) -> Arc<Description> {
    cx.describe(opened.file, flags, Some(opened.path))
}

/// memfd_create(2).
pub(super) fn sys_memfd_create(cx: &mut Cx<'_>, name: UserStr, flags: MemfdFlags) -> SysResult {
    const NAME_MAX: usize = 249;
    let name = cx.read_str(name, NAME_MAX + 1).map_err(|errno| match errno {
        Errno::ENAMETOOLONG => Errno::EINVAL,
        other => other,
    })?;
    if flags.contains(MemfdFlags::MFD_NOEXEC_SEAL | MemfdFlags::MFD_EXEC) {
        return Err(Errno::EINVAL.into());
    }
    let mut seals = flags.contains(MemfdFlags::MFD_ALLOW_SEALING).then_some(0);
    if flags.contains(MemfdFlags::MFD_NOEXEC_SEAL) {
        seals = Some(Seals::F_SEAL_EXEC.bits());
    }
    let [fd] = cx.free_fds::<1>()?;
    let vfs = cx.k.vfs.clone();
    let opened = vfs.memfd(&mut cx.io(), &name, seals);
    let desc = describe(cx, opened, OpenFlags::O_RDWR | OpenFlags::O_LARGEFILE);
    cx.install_at(fd, desc, flags.contains(MemfdFlags::MFD_CLOEXEC));
    Ok(fd as u64)
}
