//! What a filesystem implements: [`Inode`]. `dentry.rs` names inodes, `vfs/` checks permissions and calls them.
//!
//! Inodes do what they are asked: who may do it, mounts, the caller's umask and path names are the callers' business.

use crate::PathRef;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Errno, File, FileKind, Io, OpenFlags, Stat, StatFs, Timespec};
use core::any::Any;

/// S_ISUID, S_ISGID and S_ISVTX of inode(7).
pub(crate) const S_ISUID: u32 = 0o4000;
pub(crate) const S_ISGID: u32 = 0o2000;
pub(crate) const S_ISVTX: u32 = 0o1000;

/// NAME_MAX: longest component of a path.
pub(crate) const NAME_MAX: usize = 255;
/// PATH_MAX with its terminator: paths of this many bytes and more are ENAMETOOLONG.
pub(crate) const PATH_MAX: usize = 4096;

/// The part of the metadata that permission checks read.
#[derive(Clone, Copy)]
pub(crate) struct Perm {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// An inode to be made; `mode` has its type.
#[derive(Clone, Copy)]
pub(crate) struct NewInode<'a> {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) rdev: u64,
    /// Target of a symlink.
    pub(crate) target: &'a [u8],
}

/// Metadata to be changed; `None` stays. The change time becomes `Io::now` in any case.
#[derive(Clone, Copy, Default)]
pub(crate) struct SetAttr {
    /// Permission bits, without the type.
    pub(crate) mode: Option<u32>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) atime: Option<Timespec>,
    pub(crate) mtime: Option<Timespec>,
}

/// How long the answer of `lookup` holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caching {
    /// Until this machine changes the directory.
    Always,
    /// Until `Inode::is_current` says otherwise: somebody else changes it too.
    Revalidate,
    /// Not at all.
    Never,
}

/// Called with (ino, next cookie, d_type, name); answers false when it is full.
pub(crate) type EachEntry<'a> = &'a mut dyn FnMut(u64, u64, u8, &[u8]) -> bool;

/// One file, directory, link or node of a mounted filesystem.
pub(crate) trait Inode: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    /// The file type; never changes.
    fn kind(&self) -> FileKind;
    /// (device, inode number); never changes.
    fn id(&self) -> (u64, u64);
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno>;
    /// The short form of `stat` for each step of a walk.
    fn perm(&self, io: &mut Io<'_>) -> Result<Perm, Errno> {
        self.stat(io).map(|s| Perm { mode: s.mode, uid: s.uid, gid: s.gid })
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno>;

    // Directories.

    /// The inode of a name; `ENOENT`.
    fn lookup(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let _ = (io, name);
        Err(Errno::ENOTDIR)
    }
    fn caching(&self) -> Caching {
        Caching::Always
    }
    /// With `Caching::Revalidate`: true when `name` still leads to `child`.
    fn is_current(&self, io: &mut Io<'_>, name: &[u8], child: &Arc<dyn Inode>) -> bool {
        let _ = (io, name, child);
        true
    }
    /// Entries except `.` and `..` from a cookie on; cookies 0, 1 and 2 mean the first one.
    fn entries(&self, io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        let _ = (io, cookie, each);
        Err(Errno::ENOTDIR)
    }
    /// Makes what `new` says under a name that was looked up and is free.
    fn create(&self, io: &mut Io<'_>, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        let _ = (io, name, new);
        Err(Errno::EPERM)
    }
    /// A regular file without a name (O_TMPFILE).
    fn tmpfile(&self, io: &mut Io<'_>, new: &NewInode<'_>, is_linkable: bool) -> Result<Arc<dyn Inode>, Errno> {
        let _ = (io, new, is_linkable);
        Err(Errno::EOPNOTSUPP)
    }
    /// One more name for `target`, an inode of the same filesystem.
    fn link(&self, io: &mut Io<'_>, name: &[u8], target: &Arc<dyn Inode>) -> Result<(), Errno> {
        let _ = (io, name, target);
        Err(Errno::EPERM)
    }
    /// Takes a name away; `child` is what it leads to. A directory must be empty (`ENOTEMPTY`).
    fn unlink(&self, io: &mut Io<'_>, name: &[u8], child: &Arc<dyn Inode>) -> Result<(), Errno> {
        let _ = (io, name, child);
        Err(Errno::EPERM)
    }
    /// Moves `child` to another directory and name; `over` is what the new name led to. With `exchange` both move.
    fn rename(&self, io: &mut Io<'_>, how: &Rename<'_>) -> Result<(), Errno> {
        let _ = (io, how);
        Err(Errno::EPERM)
    }

    // Other types.

    /// A description for a regular file; devices, FIFOs and directories are opened by the callers.
    fn open(self: Arc<Self>, io: &mut Io<'_>, path: &PathRef, flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        let _ = (io, path, flags);
        Err(Errno::ENXIO)
    }
    /// What a FIFO keeps its pipe in; `None` when this filesystem's FIFOs cannot be opened.
    fn fifo(&self) -> Option<Arc<crate::pipe::Fifo>> {
        None
    }
    fn readlink(&self, io: &mut Io<'_>) -> Result<Vec<u8>, Errno> {
        let _ = io;
        Err(Errno::EINVAL)
    }
    /// For magic links (proc(5)): where following them leads, whatever `readlink` says.
    fn magic(&self, io: &mut Io<'_>) -> Option<Result<PathRef, Errno>> {
        let _ = io;
        None
    }
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        let _ = (io, size);
        Err(Errno::EINVAL)
    }
    fn set_attr(&self, io: &mut Io<'_>, attr: &SetAttr) -> Result<(), Errno> {
        let _ = (io, attr);
        Err(Errno::EPERM)
    }

    // xattr(7). Namespaces and permissions are checked before.

    fn get_xattr(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Vec<u8>, Errno> {
        let _ = (io, name);
        Err(Errno::EOPNOTSUPP)
    }
    fn set_xattr(&self, io: &mut Io<'_>, name: &[u8], value: Option<&[u8]>) -> Result<(), Errno> {
        let _ = (io, name, value);
        Err(Errno::EOPNOTSUPP)
    }
    fn list_xattr(&self, io: &mut Io<'_>) -> Result<Vec<Vec<u8>>, Errno> {
        let _ = io;
        Ok(Vec::new())
    }
}

/// The arguments of `Inode::rename`, which is called on the old directory.
pub(crate) struct Rename<'a> {
    pub(crate) old_name: &'a [u8],
    pub(crate) child: &'a Arc<dyn Inode>,
    pub(crate) new_dir: &'a Arc<dyn Inode>,
    pub(crate) new_name: &'a [u8],
    pub(crate) over: Option<&'a Arc<dyn Inode>>,
    /// RENAME_EXCHANGE: `over` takes the old name.
    pub(crate) exchange: bool,
}
