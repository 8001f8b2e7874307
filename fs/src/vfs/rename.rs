//! rename(2), renameat2(2).

use super::Vfs;
use crate::dentry::PathRef;
use crate::inode::Rename;
use crate::perm;
use crate::walk::{At, Last, Links, Parent};
use alloc::sync::Arc;
use bitflags::bitflags;
use brainworm_abi::{Errno, FileKind, Io};
use core::sync::atomic::Ordering;

bitflags! {
    /// Flags of renameat2(2) with Linux's values.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "each is renameat2(2)'s flag of that name")]
    pub struct RenameFlags: u32 {
        const NOREPLACE = 1; const EXCHANGE = 2; const WHITEOUT = 4;
    }
}

impl Vfs {
    /// renameat2(2).
    pub fn rename(
        &self,
        io: &mut Io<'_>,
        old_at: At<'_>,
        old: &[u8],
        new_at: At<'_>,
        new: &[u8],
        flags: RenameFlags,
    ) -> Result<(), Errno> {
        let exchange = flags.contains(RenameFlags::EXCHANGE);
        if flags.contains(RenameFlags::WHITEOUT) || exchange && flags.contains(RenameFlags::NOREPLACE) {
            return Err(Errno::EINVAL);
        }
        let from = self.walk_parent(io, old_at, old, &mut Links::default())?;
        let to = self.walk_parent(io, new_at, new, &mut Links::default())?;
        if !Arc::ptr_eq(&from.dir.mount, &to.dir.mount) {
            return Err(Errno::EXDEV);
        }
        let Last::Name(old_name) = from.last.clone() else { return Err(Errno::EBUSY) };
        let Last::Name(new_name) = to.last.clone() else {
            return Err(if flags.contains(RenameFlags::NOREPLACE) { Errno::EEXIST } else { Errno::EBUSY });
        };
        self.check_writable(&from.dir)?;
        let child = self.entry(io, &from.dir, &old_name)?;
        let over = match self.entry(io, &to.dir, &new_name) {
            Ok(over) => Some(over),
            Err(Errno::ENOENT) => None,
            Err(e) => return Err(e),
        };
        if to.dir.is_deleted() {
            return Err(Errno::ENOENT);
        }
        match &over {
            Some(_) if flags.contains(RenameFlags::NOREPLACE) => return Err(Errno::EEXIST),
            None if exchange => return Err(Errno::ENOENT),
            _ => {}
        }
        self.check_shapes(&from, &child, &to, over.as_ref(), exchange)?;
        if over.as_ref().is_some_and(|over| Arc::ptr_eq(over.inode(), child.inode())) {
            return Ok(()); // two names of one file: nothing happens
        }
        self.check_permissions(io, &from.dir, &child, &to.dir, over.as_ref(), exchange)?;
        let busy = |place: &PathRef| place.dentry.is_mountpoint.load(Ordering::Relaxed);
        if busy(&child) || over.as_ref().is_some_and(busy) {
            return Err(Errno::EBUSY);
        }
        let how = Rename {
            old_name: &old_name,
            child: child.inode(),
            new_dir: to.dir.inode(),
            new_name: &new_name,
            over: over.as_ref().map(PathRef::inode),
            exchange,
        };
        from.dir.inode().rename(io, &how)?;
        self.rename_dentries(&from.dir, &old_name, &child, &to.dir, &new_name, over, exchange);
        Ok(())
    }

    /// What does not depend on who asks: slashes and loops.
    fn check_shapes(
        &self,
        from: &Parent,
        child: &PathRef,
        to: &Parent,
        over: Option<&PathRef>,
        exchange: bool,
    ) -> Result<(), Errno> {
        let is_dir = |place: &PathRef| place.kind() == FileKind::Directory;
        if !is_dir(child) && (from.has_slash || to.has_slash && !exchange) {
            return Err(Errno::ENOTDIR);
        }
        if exchange && to.has_slash && over.is_some_and(|over| !is_dir(over)) {
            return Err(Errno::ENOTDIR);
        }
        if to.dir.dentry.is_within(&child.dentry) {
            return Err(Errno::EINVAL);
        }
        if over.is_some_and(|over| from.dir.dentry.is_within(&over.dentry)) {
            return Err(if exchange { Errno::EINVAL } else { Errno::ENOTEMPTY });
        }
        Ok(())
    }

    /// In Linux's order: what may be taken away, then whether the types fit (may_delete).
    fn check_permissions(
        &self,
        io: &mut Io<'_>,
        from: &PathRef,
        child: &PathRef,
        to: &PathRef,
        over: Option<&PathRef>,
        exchange: bool,
    ) -> Result<(), Errno> {
        self.check_remove(io, from, child)?;
        match over {
            Some(over) => self.check_remove(io, to, over)?,
            None => self.check_dir(io, to, perm::WRITE | perm::EXEC)?,
        }
        let is_dir = child.kind() == FileKind::Directory;
        if over.is_some_and(|over| !exchange && is_dir != (over.kind() == FileKind::Directory)) {
            return Err(if is_dir { Errno::ENOTDIR } else { Errno::EISDIR });
        }
        // A directory that moves gets another `..`.
        if !from.same(to) {
            for moved in [Some(child), over.filter(|_| exchange)].into_iter().flatten() {
                if moved.kind() == FileKind::Directory {
                    self.check_dir(io, moved, perm::WRITE)?;
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "both ends of a rename, each a directory, a name and an inode")]
    fn rename_dentries(
        &self,
        from: &PathRef,
        old_name: &[u8],
        child: &PathRef,
        to: &PathRef,
        new_name: &[u8],
        over: Option<PathRef>,
        exchange: bool,
    ) {
        self.forget(&from.dentry, old_name);
        self.forget(&to.dentry, new_name);
        child.dentry.move_to(&to.dentry, new_name);
        self.enter(to, &child.dentry);
        match over {
            Some(over) if exchange => {
                over.dentry.move_to(&from.dentry, old_name);
                self.enter(from, &over.dentry);
            }
            Some(over) => over.dentry.mark_deleted(),
            None => {}
        }
    }
}
