//! Metadata of memory inodes: stat(2), times, owners, extended attributes, seals.

use super::MemInode;
use super::node::{Body, F_SEAL_WRITE, State};
use crate::inode::SetAttr;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use brainworm_abi::image::InodeId;
use brainworm_abi::{Errno, FileKind, Io, PAGE_SIZE, Stat, Timespec};

const DAY: i64 = 24 * 60 * 60;
/// F_SEAL_SEAL of fcntl(2): no more seals.
const F_SEAL_SEAL: u32 = 1;
const F_ALL_SEALS: u32 = 0x3f;

impl State {
    /// The file was read: the access time follows as with the mount option relatime (mount(8)).
    pub(super) fn read_at(&mut self, now: Timespec) {
        if self.atime <= self.mtime || self.atime <= self.ctime || now.sec - self.atime.sec >= DAY {
            self.atime = now;
        }
    }
}

impl MemInode {
    pub(super) fn metadata(&self) -> Stat {
        let state = self.state.lock();
        let (size, blocks) = match &state.body {
            Body::File(pages) => (state.size, pages.blocks()),
            Body::Dir(_) if self.fs.image.is_some() => (4096, 8),
            Body::Dir(dir) => (20 * (dir.len() + 2), 0),
            _ => (state.size, 0),
        };
        Stat {
            dev: self.fs.dev,
            ino: self.ino,
            mode: self.kind as u32 | state.mode,
            nlink: state.nlink,
            uid: state.uid,
            gid: state.gid,
            rdev: self.rdev,
            size,
            blksize: PAGE_SIZE as u32,
            blocks,
            atime: state.atime,
            mtime: state.mtime,
            ctime: state.ctime,
            btime: state.btime,
        }
    }

    pub(super) fn touch_ctime(&self, now: Timespec) {
        let mut state = self.state.lock();
        self.keep(&mut state);
        state.ctime = now;
    }

    pub(super) fn change(&self, now: Timespec, attr: &SetAttr) {
        let mut state = self.state.lock();
        self.keep(&mut state);
        let SetAttr { mode, uid, gid, atime, mtime } = *attr;
        state.mode = mode.map_or(state.mode, |mode| mode & 0o7777);
        state.uid = uid.unwrap_or(state.uid);
        state.gid = gid.unwrap_or(state.gid);
        state.atime = atime.unwrap_or(state.atime);
        state.mtime = mtime.unwrap_or(state.mtime);
        state.ctime = now;
    }

    /// The attributes of the image, which `State::xattrs` replaces once one was changed.
    fn image_xattrs(&self, io: &Io<'_>) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Errno> {
        let mut all = BTreeMap::new();
        if let Some(root) = self.fs.image.as_ref().filter(|_| self.fs.is_image_ino(self.ino)) {
            for pair in root.image(io.frames)?.xattrs(self.ino as InodeId).map_err(|_| Errno::EIO)? {
                let (name, value) = pair.map_err(|_| Errno::EIO)?;
                all.insert(name.to_vec(), value.to_vec());
            }
        }
        Ok(all)
    }
    pub(super) fn xattr(&self, io: &Io<'_>, name: &[u8]) -> Result<Vec<u8>, Errno> {
        let state = self.state.lock();
        let value = match &state.xattrs {
            Some(own) => own.get(name).cloned(),
            None => self.image_xattrs(io)?.remove(name),
        };
        value.ok_or(Errno::ENODATA)
    }
    pub(super) fn xattr_names(&self, io: &Io<'_>) -> Result<Vec<Vec<u8>>, Errno> {
        let state = self.state.lock();
        Ok(match &state.xattrs {
            Some(own) => own.keys().cloned().collect(),
            None => self.image_xattrs(io)?.into_keys().collect(),
        })
    }
    pub(super) fn change_xattr(&self, io: &Io<'_>, name: &[u8], value: Option<&[u8]>) -> Result<(), Errno> {
        let mut state = self.state.lock();
        let mut all = match state.xattrs.take() {
            Some(own) => own,
            None => self.image_xattrs(io)?,
        };
        let result = match value {
            Some(value) => {
                all.insert(name.to_vec(), value.to_vec());
                Ok(())
            }
            None => all.remove(name).map(|_| ()).ok_or(Errno::ENODATA),
        };
        state.xattrs = Some(all);
        if result.is_ok() {
            self.keep(&mut state);
            state.ctime = io.now;
        }
        result
    }

    /// F_GET_SEALS of fcntl(2).
    pub(crate) fn seals(&self) -> Result<u32, Errno> {
        match (self.kind, self.state.lock().seals) {
            (FileKind::Regular, Some(seals)) => Ok(seals),
            _ => Err(Errno::EINVAL),
        }
    }
    /// F_ADD_SEALS. `is_mapped_shared`: a writable shared mapping exists, which F_SEAL_WRITE refuses.
    pub(crate) fn add_seals(&self, seals: u32, is_mapped_shared: bool) -> Result<(), Errno> {
        let mut state = self.state.lock();
        let old = state.seals.ok_or(Errno::EINVAL)?;
        if seals & !F_ALL_SEALS != 0 {
            return Err(Errno::EINVAL);
        }
        if old & F_SEAL_SEAL != 0 {
            return Err(Errno::EPERM);
        }
        if seals & F_SEAL_WRITE != 0 && is_mapped_shared {
            return Err(Errno::EBUSY);
        }
        state.seals = Some(old | seals);
        Ok(())
    }
}
