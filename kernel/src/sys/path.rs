//! How path calls reach the filesystem: where a path starts, and what an answer of it means for the task.

use super::args::{DirFd, Fd, UserStr};
use super::{Cx, Stop};
use crate::task::{Description, Location};
use crate::wait::Wait;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::fcntl::AtFlags;
use brainworm_abi::{Errno, File, FileKind, Io, OpenFlags};
use brainworm_fs::{At, Vfs};

/// What an error of a path call makes of the system call: a host directory that needs time parks the task.
pub(super) fn path_stop(errno: Errno) -> Stop {
    match errno {
        Errno::EAGAIN => Stop::Block(Wait::host()),
        errno => errno.into(),
    }
}

/// Unknown flags of an *at(2) call are EINVAL.
pub(super) fn check_flags(flags: AtFlags, allowed: AtFlags) -> Result<(), Errno> {
    if allowed.contains(flags) { Ok(()) } else { Err(Errno::EINVAL) }
}

impl Cx<'_> {
    /// The root directory, and where `path` starts. An absolute path does not look at `dirfd` at all.
    pub(super) fn start_of(&self, dirfd: DirFd, path: &[u8]) -> Result<(Location, Location), Errno> {
        let (root, cwd) = {
            let fs = self.fs();
            (fs.root.clone(), fs.cwd.clone())
        };
        if dirfd == DirFd::CWD || path.first() == Some(&b'/') {
            return Ok((root, cwd));
        }
        let desc = self.desc_or_path(Fd(dirfd.0))?;
        let base = desc.location.clone().ok_or(Errno::ENOTDIR)?;
        Ok((root, base))
    }

    /// Reads a path from user memory and makes a call of the filesystem with it.
    pub(super) fn on_path<T>(
        &mut self,
        dirfd: DirFd,
        path: UserStr,
        call: impl FnOnce(&Vfs, &mut Io<'_>, At<'_>, &[u8]) -> Result<T, Errno>,
    ) -> Result<T, Stop> {
        let path = self.read_path(path)?;
        self.on_bytes(dirfd, &path, call)
    }

    /// As `on_path`, with the path at hand.
    pub(super) fn on_bytes<T>(
        &mut self,
        dirfd: DirFd,
        path: &[u8],
        call: impl FnOnce(&Vfs, &mut Io<'_>, At<'_>, &[u8]) -> Result<T, Errno>,
    ) -> Result<T, Stop> {
        let (root, base) = self.start_of(dirfd, path)?;
        let vfs = self.k.vfs.clone();
        call(&vfs, &mut self.io(), At::new(&root, &base), path).map_err(path_stop)
    }

    /// Makes a call of the filesystem on a place.
    pub(super) fn on_place<T>(&mut self, call: impl FnOnce(&Vfs, &mut Io<'_>) -> Result<T, Errno>) -> Result<T, Stop> {
        let vfs = self.k.vfs.clone();
        call(&vfs, &mut self.io()).map_err(path_stop)
    }

    /// The place a path leads to. With AT_EMPTY_PATH an empty one (or NULL) means the descriptor itself.
    pub(super) fn place(&mut self, dirfd: DirFd, path: UserStr, flags: AtFlags) -> Result<Location, Stop> {
        let path = self.path_or_empty(path, flags)?;
        let follow = !flags.contains(AtFlags::AT_SYMLINK_NOFOLLOW);
        let is_empty_allowed = flags.contains(AtFlags::AT_EMPTY_PATH);
        self.on_bytes(dirfd, &path, |vfs, io, at, path| {
            vfs.walk(io, if is_empty_allowed { at.or_empty() } else { at }, path, follow)
        })
    }

    /// A path that may be NULL where AT_EMPTY_PATH allows an empty one.
    pub(super) fn path_or_empty(&mut self, path: UserStr, flags: AtFlags) -> Result<Vec<u8>, Errno> {
        if path.0.is_null() && flags.contains(AtFlags::AT_EMPTY_PATH) { Ok(Vec::new()) } else { self.read_path(path) }
    }

    /// Where a descriptor was opened, O_PATH ones included.
    pub(super) fn location_of(&self, fd: Fd) -> Result<Location, Errno> {
        self.desc_or_path(fd)?.location.clone().ok_or(Errno::EINVAL)
    }

    /// A description of an object without a path, as /proc/PID/fd shows it (`anon_inode:[eventpoll]`, `socket:`).
    pub(super) fn describe_anonymous(
        &mut self,
        file: Arc<dyn File>,
        kind: FileKind,
        name: &[u8],
        flags: OpenFlags,
    ) -> Arc<Description> {
        let location = self.k.vfs.anonymous(&file, kind, name);
        self.describe(file, flags, Some(location))
    }

    /// Frames of files that lost their last name or opener come back.
    pub(super) fn reap(&mut self) {
        let vfs = self.k.vfs.clone();
        vfs.reap(&mut self.k.frames);
    }
}
