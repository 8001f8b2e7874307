//! Metadata by path: stat(2), access(2), chmod(2), chown(2), utimensat(2), truncate(2), statfs(2), readlink(2).

use super::{MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, Vfs};
use crate::dentry::PathRef;
use crate::inode::{S_ISGID, S_ISUID, SetAttr};
use crate::perm;
use crate::walk::At;
use alloc::vec::Vec;
use bitflags::bitflags;
use brainworm_abi::{Errno, FileKind, Io, Stat, StatFs, Timespec};

bitflags! {
    /// R_OK, W_OK, X_OK of access(2); none of them is F_OK.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "access(2)")]
    pub struct Access: u32 {
        const R = 4; const W = 2; const X = 1;
    }
}

/// One of the two times of utimensat(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeSet {
    /// UTIME_NOW, or no times given at all.
    Now,
    /// UTIME_OMIT.
    Omit,
    /// A time.
    At(Timespec),
}

impl Vfs {
    /// stat(2), lstat(2), fstatat(2).
    pub fn stat(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], follow: bool) -> Result<Stat, Errno> {
        let place = self.walk(io, at, path, follow)?;
        place.inode().stat(io)
    }
    /// fstat(2) of a place.
    pub fn stat_place(&self, io: &mut Io<'_>, place: &PathRef) -> Result<Stat, Errno> {
        place.inode().stat(io)
    }

    /// faccessat2(2). The kernel puts the real ids into `io.caller` unless AT_EACCESS is given.
    pub fn access(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], want: Access, follow: bool) -> Result<(), Errno> {
        let place = self.walk(io, at, path, follow)?;
        let permissions = place.inode().perm(io)?;
        let kind = place.kind();
        if want.contains(Access::X) && kind == FileKind::Regular && place.mount.has_flag(MS_NOEXEC) {
            return Err(Errno::EACCES);
        }
        perm::check(&io.caller, permissions, want.bits())?;
        let is_content = matches!(kind, FileKind::Regular | FileKind::Directory | FileKind::Symlink);
        if want.contains(Access::W) && is_content { self.check_writable(&place) } else { Ok(()) }
    }

    /// chmod(2), fchmodat2(2).
    pub fn chmod(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], follow: bool, mode: u32) -> Result<(), Errno> {
        let place = self.walk(io, at, path, follow)?;
        self.chmod_place(io, &place, mode)
    }
    /// fchmod(2).
    pub fn chmod_place(&self, io: &mut Io<'_>, place: &PathRef, mode: u32) -> Result<(), Errno> {
        if place.kind() == FileKind::Symlink {
            return Err(Errno::EOPNOTSUPP);
        }
        self.check_writable(place)?;
        let permissions = place.inode().perm(io)?;
        if !perm::is_owner(&io.caller, permissions) {
            return Err(Errno::EPERM);
        }
        let mut mode = mode & 0o7777;
        if !io.caller.is_privileged && !perm::in_group(&io.caller, permissions.gid) {
            mode &= !S_ISGID;
        }
        place.inode().set_attr(io, &SetAttr { mode: Some(mode), ..SetAttr::default() })
    }

    /// chown(2), lchown(2), fchownat(2); `None` is -1.
    pub fn chown(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        follow: bool,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), Errno> {
        let place = self.walk(io, at, path, follow)?;
        self.chown_place(io, &place, uid, gid)
    }
    /// fchown(2).
    pub fn chown_place(
        &self,
        io: &mut Io<'_>,
        place: &PathRef,
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), Errno> {
        self.check_writable(place)?;
        let old = place.inode().perm(io)?;
        let caller = &io.caller;
        let is_owner = caller.fsuid == old.uid;
        let may_uid = uid.is_none_or(|uid| is_owner && uid == old.uid);
        let may_gid = gid.is_none_or(|gid| is_owner && (gid == old.gid || perm::in_group(caller, gid)));
        let may = caller.is_privileged || may_uid && may_gid;
        if !may {
            return Err(Errno::EPERM);
        }
        let mut mode = None;
        if place.kind() != FileKind::Directory {
            let mut drop = S_ISUID;
            let keeps_sgid = caller.is_privileged || perm::in_group(caller, old.gid);
            if old.mode & 0o010 != 0 || !keeps_sgid {
                drop |= S_ISGID;
            }
            mode = Some(old.mode & 0o7777 & !drop).filter(|_| old.mode & drop != 0);
            if mode.is_some() && !perm::is_owner(caller, old) {
                return Err(Errno::EPERM);
            }
        }
        place.inode().set_attr(io, &SetAttr { mode, uid, gid, ..SetAttr::default() })
    }

    /// utimensat(2).
    pub fn utimens(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        follow: bool,
        atime: TimeSet,
        mtime: TimeSet,
    ) -> Result<(), Errno> {
        let place = self.walk(io, at, path, follow)?;
        self.utimens_place(io, &place, atime, mtime)
    }
    /// futimens(3).
    pub fn utimens_place(&self, io: &mut Io<'_>, place: &PathRef, atime: TimeSet, mtime: TimeSet) -> Result<(), Errno> {
        if (atime, mtime) == (TimeSet::Omit, TimeSet::Omit) {
            return Ok(());
        }
        self.check_writable(place)?;
        let permissions = place.inode().perm(io)?;
        if !perm::is_owner(&io.caller, permissions) {
            if (atime, mtime) != (TimeSet::Now, TimeSet::Now) {
                return Err(Errno::EPERM);
            }
            perm::check(&io.caller, permissions, perm::WRITE)?;
        }
        let now = io.now;
        let time = |set| match set {
            TimeSet::Now => Some(now),
            TimeSet::Omit => None,
            TimeSet::At(time) => Some(time),
        };
        place.inode().set_attr(io, &SetAttr { atime: time(atime), mtime: time(mtime), ..SetAttr::default() })
    }

    /// truncate(2).
    pub fn truncate(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], size: u64) -> Result<(), Errno> {
        let place = self.walk(io, at, path, true)?;
        match place.kind() {
            FileKind::Directory => return Err(Errno::EISDIR),
            FileKind::Regular => {}
            _ => return Err(Errno::EINVAL),
        }
        self.check_writable(&place)?;
        let permissions = place.inode().perm(io)?;
        perm::check(&io.caller, permissions, perm::WRITE)?;
        if io.proc.is_running(place.id()) {
            return Err(Errno::ETXTBSY);
        }
        place.inode().truncate(io, size)
    }

    /// statfs(2).
    pub fn statfs(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<StatFs, Errno> {
        let place = self.walk(io, at, path, true)?;
        self.statfs_place(io, &place)
    }
    /// fstatfs(2).
    pub fn statfs_place(&self, io: &mut Io<'_>, place: &PathRef) -> Result<StatFs, Errno> {
        const ST_VALID: u64 = 0x20;
        const ST_RELATIME: u64 = 4096;
        let mut answer = place.inode().statfs(io)?;
        answer.flags = ST_VALID | ST_RELATIME;
        for flag in [MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC] {
            if place.mount.has_flag(flag) {
                answer.flags |= flag as u64;
            }
        }
        Ok(answer)
    }

    /// readlink(2).
    pub fn readlink(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let place = self.walk(io, at, path, false)?;
        if path.is_empty() && place.kind() != FileKind::Symlink {
            return Err(Errno::ENOENT);
        }
        place.inode().readlink(io)
    }

    /// chdir(2): the directory, to be the new working directory.
    pub fn chdir(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<PathRef, Errno> {
        let place = self.walk(io, at, path, true)?;
        self.check_dir(io, &place, perm::EXEC)?;
        Ok(place)
    }
    /// fchdir(2).
    pub fn fchdir(&self, io: &mut Io<'_>, place: &PathRef) -> Result<PathRef, Errno> {
        self.check_dir(io, place, perm::EXEC)?;
        Ok(place.clone())
    }
    /// chroot(2): the directory, to be the new root directory. Only for root.
    pub fn chroot(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8]) -> Result<PathRef, Errno> {
        let place = self.chdir(io, at, path)?;
        if io.caller.is_privileged { Ok(place) } else { Err(Errno::EPERM) }
    }
}
