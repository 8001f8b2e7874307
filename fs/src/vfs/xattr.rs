//! Extended attributes: xattr(7), getxattr(2), setxattr(2), listxattr(2), removexattr(2).

use super::Vfs;
use crate::dentry::PathRef;
use crate::inode::S_ISVTX;
use crate::perm;
use alloc::vec::Vec;
use brainworm_abi::{Errno, FileKind, Io};

/// XATTR_NAME_MAX and XATTR_SIZE_MAX.
const NAME_LIMIT: usize = 255;
const SIZE_LIMIT: usize = 65536;

/// Flags of setxattr(2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XattrSet {
    /// 0: make or replace.
    Any,
    /// XATTR_CREATE.
    Create,
    /// XATTR_REPLACE.
    Replace,
}

impl Vfs {
    /// getxattr(2) of a place (`walk` with or without following makes it getxattr or lgetxattr).
    pub fn get_xattr(&self, io: &mut Io<'_>, place: &PathRef, name: &[u8]) -> Result<Vec<u8>, Errno> {
        self.check_xattr(io, place, name, perm::READ)?;
        place.inode().get_xattr(io, name)
    }

    /// setxattr(2).
    pub fn set_xattr(
        &self,
        io: &mut Io<'_>,
        place: &PathRef,
        name: &[u8],
        value: &[u8],
        how: XattrSet,
    ) -> Result<(), Errno> {
        self.check_writable(place)?;
        if value.len() > SIZE_LIMIT {
            return Err(Errno::E2BIG);
        }
        self.check_xattr(io, place, name, perm::WRITE)?;
        if how != XattrSet::Any {
            let exists = match place.inode().get_xattr(io, name) {
                Ok(_) => true,
                Err(Errno::ENODATA) => false,
                Err(e) => return Err(e),
            };
            match (how, exists) {
                (XattrSet::Create, true) => return Err(Errno::EEXIST),
                (XattrSet::Replace, false) => return Err(Errno::ENODATA),
                _ => {}
            }
        }
        place.inode().set_xattr(io, name, Some(value))
    }

    /// removexattr(2).
    pub fn remove_xattr(&self, io: &mut Io<'_>, place: &PathRef, name: &[u8]) -> Result<(), Errno> {
        self.check_writable(place)?;
        self.check_xattr(io, place, name, perm::WRITE)?;
        place.inode().set_xattr(io, name, None)
    }

    /// listxattr(2): the names, each with its terminating zero.
    pub fn list_xattr(&self, io: &mut Io<'_>, place: &PathRef) -> Result<Vec<u8>, Errno> {
        let mut out = Vec::new();
        for name in place.inode().list_xattr(io)? {
            if name.starts_with(b"trusted.") && !io.caller.is_privileged {
                continue;
            }
            out.extend_from_slice(&name);
            out.push(0);
        }
        Ok(out)
    }

    /// Namespaces and who may use them.
    fn check_xattr(&self, io: &mut Io<'_>, place: &PathRef, name: &[u8], want: u32) -> Result<(), Errno> {
        if name.is_empty() || name.len() > NAME_LIMIT {
            return Err(Errno::ERANGE);
        }
        let is_write = want == perm::WRITE;
        let refusal = if is_write { Errno::EPERM } else { Errno::ENODATA };
        if name.starts_with(b"trusted.") {
            return if io.caller.is_privileged { Ok(()) } else { Err(refusal) };
        }
        if name.starts_with(b"security.") {
            return if io.caller.is_privileged || !is_write { Ok(()) } else { Err(Errno::EPERM) };
        }
        if !name.starts_with(b"user.") || name == b"user." {
            return Err(Errno::EOPNOTSUPP);
        }
        let kind = place.kind();
        if !matches!(kind, FileKind::Regular | FileKind::Directory) {
            return Err(refusal);
        }
        let permissions = place.inode().perm(io)?;
        let is_sticky_dir = kind == FileKind::Directory && permissions.mode & S_ISVTX != 0;
        if is_write && is_sticky_dir && !perm::is_owner(&io.caller, permissions) {
            return Err(Errno::EPERM);
        }
        perm::check(&io.caller, permissions, want)
    }
}
