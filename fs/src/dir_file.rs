//! Open directories of every filesystem: getdents64(2) with `.` and `..` in front.

use crate::PathRef;
use alloc::sync::Arc;
use brainworm_abi::{Errno, File, FileKind, Io, Stat, StatFs};
use core::any::Any;

pub(crate) struct DirFile {
    path: PathRef,
}

impl DirFile {
    pub(crate) fn new(path: &PathRef) -> DirFile {
        DirFile { path: path.clone() }
    }

    /// The inode number of `..`: of the mount point's parent at the root of a mount.
    fn parent_ino(&self) -> u64 {
        let mut at = self.path.clone();
        while Arc::ptr_eq(&at.dentry, &at.mount.root) {
            match &at.mount.at {
                Some(up) => at = up.clone(),
                None => return at.id().1,
            }
        }
        at.dentry.parent().map_or(at.id().1, |parent| parent.inode.id().1)
    }
}

impl File for DirFile {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, _buf: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::EISDIR)
    }
    fn write(&self, _io: &mut Io<'_>, _pos: u64, _append: bool, _bytes: &[u8]) -> Result<(usize, u64), Errno> {
        Err(Errno::EBADF)
    }
    fn read_dir(
        &self,
        io: &mut Io<'_>,
        pos: u64,
        each: &mut dyn FnMut(u64, u64, u8, &[u8]) -> bool,
    ) -> Result<(), Errno> {
        if self.path.is_deleted() {
            return Err(Errno::ENOENT);
        }
        let kind = FileKind::Directory.dirent_type();
        if pos == 0 && !each(self.path.id().1, 1, kind, b".") {
            return Ok(());
        }
        if pos <= 1 && !each(self.parent_ino(), 2, kind, b"..") {
            return Ok(());
        }
        self.path.inode().entries(io, pos, each)
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        self.path.inode().statfs(io)
    }
}
