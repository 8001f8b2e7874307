//! Making and removing names: mkdir(2), mknod(2), symlink(2), link(2), unlink(2), rmdir(2).

use super::Vfs;
use crate::dentry::{Dentry, PathRef};
use crate::inode::{NewInode, Perm, S_ISGID};
use crate::perm;
use crate::walk::{At, Followed, Last, Links};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Errno, FileKind, Io};
use core::sync::atomic::Ordering;

impl Vfs {
    /// mkdir(2). `mode` is that before the umask, as in all calls that make something.
    pub fn mkdir(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], mode: u32) -> Result<(), Errno> {
        let (dir, name) = self.free_name(io, at, path, true)?;
        self.make(io, &dir, &name, FileKind::Directory, mode & 0o1777, 0, b"").map(drop)
    }

    /// mknod(2): regular files, FIFOs, sockets; devices for root. Answers the place, which bind(2) of a UNIX socket
    /// files its listener under (`PathRef::id`).
    pub fn mknod(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], mode: u32, rdev: u64) -> Result<PathRef, Errno> {
        let kind = match mode & 0o170000 {
            0 => FileKind::Regular,
            bits => FileKind::from_mode(bits).ok_or(Errno::EINVAL)?,
        };
        let (dir, name) = self.free_name(io, at, path, false)?;
        match kind {
            FileKind::Directory => return Err(Errno::EPERM),
            FileKind::Symlink => return Err(Errno::EINVAL),
            FileKind::CharDevice | FileKind::BlockDevice if !io.caller.is_privileged => return Err(Errno::EPERM),
            _ => {}
        }
        self.make(io, &dir, &name, kind, mode & 0o7777, rdev, b"")
    }

    /// symlink(2).
    pub fn symlink(&self, io: &mut Io<'_>, target: &[u8], at: At<'_>, path: &[u8]) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        if target.len() >= crate::inode::PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let (dir, name) = self.free_name(io, at, path, false)?;
        self.make(io, &dir, &name, FileKind::Symlink, 0o777, 0, target).map(drop)
    }

    /// linkat(2): a second name for `old`; `follow` is AT_SYMLINK_FOLLOW. For AT_EMPTY_PATH see `At::or_empty`.
    pub fn link(
        &self,
        io: &mut Io<'_>,
        old_at: At<'_>,
        old: &[u8],
        follow: bool,
        at: At<'_>,
        path: &[u8],
    ) -> Result<(), Errno> {
        let target = self.walk(io, old_at, old, follow)?;
        let (dir, name) = self.free_name(io, at, path, false)?;
        if !Arc::ptr_eq(&target.mount, &dir.mount) {
            return Err(Errno::EXDEV);
        }
        self.check_hardlink(io, &target)?;
        self.check_dir(io, &dir, perm::WRITE | perm::EXEC)?;
        if target.kind() == FileKind::Directory {
            return Err(Errno::EPERM);
        }
        dir.inode().link(io, &name, target.inode())?;
        let dentry = Dentry::child(&dir.dentry, &name, target.inode().clone());
        self.enter(&dir, &dentry);
        Ok(())
    }

    /// fs.protected_hardlinks (proc_sys_fs(5)): others' files only when plain, and readable and writable for the caller.
    fn check_hardlink(&self, io: &mut Io<'_>, target: &PathRef) -> Result<(), Errno> {
        let permissions = target.inode().perm(io)?;
        if perm::is_owner(&io.caller, permissions) {
            return Ok(());
        }
        let is_set_id = permissions.mode & 0o4000 != 0 || permissions.mode & 0o2010 == 0o2010;
        let is_plain = target.kind() == FileKind::Regular && !is_set_id;
        if is_plain && perm::check(&io.caller, permissions, perm::READ | perm::WRITE).is_ok() {
            Ok(())
        } else {
            Err(Errno::EPERM)
        }
    }

    /// unlink(2).
    pub fn unlink(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<(), Errno> {
        let parent = self.walk_parent(io, at, path, &mut Links::default())?;
        let Last::Name(name) = &parent.last else { return Err(Errno::EISDIR) };
        let child = self.entry(io, &parent.dir, name)?;
        if parent.has_slash {
            return Err(if child.kind() == FileKind::Directory { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        self.check_writable(&parent.dir)?;
        self.check_remove(io, &parent.dir, &child)?;
        if child.kind() == FileKind::Directory {
            return Err(Errno::EISDIR);
        }
        self.remove(io, &parent.dir, name, &child)
    }

    /// rmdir(2).
    pub fn rmdir(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<(), Errno> {
        let parent = self.walk_parent(io, at, path, &mut Links::default())?;
        let name = match &parent.last {
            Last::Name(name) => name,
            Last::Dot => return Err(Errno::EINVAL),
            Last::DotDot => return Err(Errno::ENOTEMPTY),
            Last::Root => return Err(Errno::EBUSY),
        };
        let child = self.entry(io, &parent.dir, name)?;
        self.check_writable(&parent.dir)?;
        self.check_remove(io, &parent.dir, &child)?;
        if child.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        self.remove(io, &parent.dir, name, &child)
    }

    fn remove(&self, io: &mut Io<'_>, dir: &PathRef, name: &[u8], child: &PathRef) -> Result<(), Errno> {
        if child.dentry.is_mountpoint.load(Ordering::Relaxed) {
            return Err(Errno::EBUSY);
        }
        dir.inode().unlink(io, name, child.inode())?;
        self.forget(&dir.dentry, name);
        child.dentry.mark_deleted();
        Ok(())
    }

    /// The entry itself, not what is mounted on it.
    pub(super) fn entry(&self, io: &mut Io<'_>, dir: &PathRef, name: &[u8]) -> Result<PathRef, Errno> {
        self.check_dir(io, dir, perm::EXEC)?;
        let mut child = self.child(io, dir, name)?;
        while !Arc::ptr_eq(&child.mount, &dir.mount) {
            match &child.mount.at {
                Some(at) => child = at.clone(),
                None => return Err(Errno::EBUSY),
            }
        }
        Ok(child)
    }

    /// The directory and the name a new file is to get; `EEXIST` when it is taken.
    pub(super) fn free_name(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        is_dir: bool,
    ) -> Result<(PathRef, Vec<u8>), Errno> {
        let parent = self.walk_parent(io, at, path, &mut Links::default())?;
        let Last::Name(name) = parent.last else { return Err(Errno::EEXIST) };
        self.check_dir(io, &parent.dir, perm::EXEC)?;
        match self.child(io, &parent.dir, &name) {
            Ok(_) => return Err(Errno::EEXIST),
            Err(Errno::ENOENT) => {}
            Err(e) => return Err(e),
        }
        if parent.dir.is_deleted() || parent.has_slash && !is_dir {
            return Err(Errno::ENOENT);
        }
        self.check_writable(&parent.dir)?;
        Ok((parent.dir, name))
    }

    /// Makes an inode under a free name.
    #[expect(clippy::too_many_arguments, reason = "what mknod(2) and symlink(2) take together")]
    pub(super) fn make(
        &self,
        io: &mut Io<'_>,
        dir: &PathRef,
        name: &[u8],
        kind: FileKind,
        mode: u32,
        rdev: u64,
        target: &[u8],
    ) -> Result<PathRef, Errno> {
        if dir.is_deleted() {
            return Err(Errno::ENOENT);
        }
        self.check_writable(dir)?;
        self.check_dir(io, dir, perm::WRITE | perm::EXEC)?;
        let new = self.new_inode(io, dir, kind, mode, rdev, target)?;
        let inode = dir.inode().create(io, name, &new)?;
        let dentry = Dentry::child(&dir.dentry, name, inode);
        self.enter(dir, &dentry);
        Ok(dir.with(dentry))
    }

    /// Owner and mode of a new inode: the umask, and the set-group-ID bit of the directory (inode(7)).
    pub(super) fn new_inode<'a>(
        &self,
        io: &mut Io<'_>,
        dir: &PathRef,
        kind: FileKind,
        mode: u32,
        rdev: u64,
        target: &'a [u8],
    ) -> Result<NewInode<'a>, Errno> {
        let parent: Perm = dir.inode().perm(io)?;
        let mut mode = if kind == FileKind::Symlink { mode } else { mode & !io.caller.umask };
        let mut gid = io.caller.fsgid;
        if parent.mode & S_ISGID != 0 {
            gid = parent.gid;
            if kind == FileKind::Directory {
                mode |= S_ISGID;
            } else if mode & 0o2010 == 0o2010 && !io.caller.is_privileged && !perm::in_group(&io.caller, gid) {
                mode &= !S_ISGID;
            }
        }
        Ok(NewInode { mode: kind as u32 | mode, uid: io.caller.fsuid, gid, rdev, target })
    }

    pub(super) fn enter(&self, dir: &PathRef, dentry: &Arc<Dentry>) {
        if dir.inode().caching() != crate::inode::Caching::Never {
            self.remember(&dir.dentry, dentry);
        }
    }

    pub(super) fn check_dir(&self, io: &mut Io<'_>, dir: &PathRef, want: u32) -> Result<(), Errno> {
        if dir.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        if io.caller.is_privileged {
            return Ok(());
        }
        let permissions = dir.inode().perm(io)?;
        perm::check(&io.caller, permissions, want)
    }

    /// May the caller take `child` out of `dir`? (`may_delete`)
    pub(super) fn check_remove(&self, io: &mut Io<'_>, dir: &PathRef, child: &PathRef) -> Result<(), Errno> {
        self.check_dir(io, dir, perm::WRITE | perm::EXEC)?;
        if io.caller.is_privileged {
            return Ok(());
        }
        let (parent, entry) = (dir.inode().perm(io)?, child.inode().perm(io)?);
        perm::check_sticky(&io.caller, parent, entry)
    }

    /// Follows a link at the end of a path: the place of a magic link, or the text to go on with.
    pub(super) fn follow_last(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        dir: &PathRef,
        link: &PathRef,
        links: &mut Links,
    ) -> Result<Result<PathRef, Vec<u8>>, Errno> {
        self.check_protected(io, dir, link)?;
        Ok(match self.follow(io, at, link, links)? {
            Followed::Place(place) => Ok(place),
            Followed::Text(text) => Err(text),
        })
    }
}
