//! The filesystem in memory: tmpfs, and the writable root over the packed image. They are one thing: an inode may have
//! a base in the image, and what was changed is in memory.
//!
//! Inode numbers of the image stay as they are, hard links included; new inodes follow. An unchanged image inode is
//! made when it is looked up and goes when nobody holds it; a changed one stays as long as it has a link.
//!
//! `pages.rs` holds file contents, `dir.rs` directories, `node.rs` the inodes and `attr.rs` their metadata.

mod attr;
mod dir;
mod node;
mod pages;
#[cfg(test)]
mod tests;

pub(crate) use node::MemInode;

use crate::image::Root;
use crate::inode::{Inode, NewInode};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::image::{InodeId, ROOT};
use brainworm_abi::{Bell, Errno, Frame, FrameStore, Io, PAGE_SIZE, StatFs, Timespec};
use core::sync::atomic::{AtomicU64, Ordering};
use hashbrown::HashMap;
use spin::Mutex;

/// TMPFS_MAGIC and OVERLAYFS_SUPER_MAGIC of statfs(2).
pub(crate) const TMPFS_MAGIC: u64 = 0x0102_1994;
pub(crate) const OVERLAYFS_MAGIC: u64 = 0x794c_7630;

/// Frames of inodes that went away where no `FrameStore` was at hand; emptied by `Vfs::reap`.
#[derive(Default)]
pub(crate) struct Graveyard {
    frames: Mutex<Vec<Frame>>,
    /// Frames of inodes that are there, of all memory filesystems.
    charged: AtomicU64,
}

impl Graveyard {
    pub(crate) fn bury(&self, mut frames: Vec<Frame>) {
        self.frames.lock().append(&mut frames);
    }
    /// Gives the frames back; answers how many.
    pub(crate) fn reap(&self, store: &mut dyn FrameStore) -> usize {
        let frames = core::mem::take(&mut *self.frames.lock());
        frames.iter().for_each(|&frame| store.release(frame));
        frames.len()
    }
    /// Frames of inodes, those of inodes that went away included.
    pub(crate) fn held(&self) -> u64 {
        self.charged.load(Ordering::Relaxed) + self.frames.lock().len() as u64
    }
}

/// One mounted memory filesystem.
pub(crate) struct MemFs {
    pub(crate) dev: u64,
    magic: u64,
    bell: Arc<Bell>,
    graveyard: Arc<Graveyard>,
    image: Option<Root>,
    next_ino: AtomicU64,
    /// Inodes of the image that exist now.
    live: Mutex<HashMap<InodeId, Live>>,
    /// Frames in use and the most there may be (size= of tmpfs(5)).
    used: AtomicU64,
    limit: u64,
}

/// An image inode that was made.
enum Live {
    /// Unchanged: it can be made again.
    Clean(Weak<MemInode>),
    /// Changed, and still linked.
    Kept(Arc<MemInode>),
}

impl Live {
    fn get(&self) -> Option<Arc<MemInode>> {
        match self {
            Live::Clean(inode) => inode.upgrade(),
            Live::Kept(inode) => Some(inode.clone()),
        }
    }
}

/// What `MemFs::tmpfs` and `MemFs::overlay` have in common.
pub(crate) struct MemFsConfig {
    pub(crate) dev: u64,
    pub(crate) bell: Arc<Bell>,
    pub(crate) graveyard: Arc<Graveyard>,
    /// Most bytes of file contents; `u64::MAX` for no limit but memory.
    pub(crate) limit_bytes: u64,
}

impl MemFs {
    /// An empty tmpfs(5): its root directory.
    pub(crate) fn tmpfs(config: MemFsConfig, mode: u32, now: Timespec) -> Arc<MemInode> {
        let fs = MemFs::new(config, TMPFS_MAGIC, None);
        let root = NewInode { mode: 0o040000 | mode, uid: 0, gid: 0, rdev: 0, target: b"" };
        MemInode::fresh(&fs, &root, now, 2)
    }
    /// A writable layer over the packed image: its root directory.
    pub(crate) fn overlay(config: MemFsConfig, image: Root, store: &dyn FrameStore) -> Result<Arc<MemInode>, Errno> {
        MemFs::new(config, OVERLAYFS_MAGIC, Some(image)).image_inode(store, ROOT)
    }
    fn new(config: MemFsConfig, magic: u64, image: Option<Root>) -> Arc<MemFs> {
        let first = image.as_ref().map_or(1, |root| root.inode_count() as u64 + 1);
        let MemFsConfig { dev, bell, graveyard, limit_bytes } = config;
        Arc::new(MemFs {
            dev,
            magic,
            bell,
            graveyard,
            image,
            next_ino: AtomicU64::new(first),
            live: Mutex::new(HashMap::new()),
            used: AtomicU64::new(0),
            limit: limit_bytes / PAGE_SIZE as u64,
        })
    }
    /// A file that belongs to no directory: memfd_create(2), shared anonymous memory.
    pub(crate) fn detached(self: &Arc<MemFs>, new: &NewInode<'_>, now: Timespec) -> Arc<MemInode> {
        MemInode::fresh(self, new, now, 0)
    }

    fn image_inode(self: &Arc<MemFs>, store: &dyn FrameStore, id: InodeId) -> Result<Arc<MemInode>, Errno> {
        let live = self.live.lock().get(&id).and_then(Live::get);
        if let Some(inode) = live {
            return Ok(inode);
        }
        let root = self.image.as_ref().ok_or(Errno::EIO)?;
        let inode = MemInode::from_image(self, root, store, id)?;
        self.live.lock().insert(id, Live::Clean(Arc::downgrade(&inode)));
        Ok(inode)
    }
    /// The image inode was changed: it must not be made again from the image.
    fn keep(&self, inode: &Arc<MemInode>) {
        self.live.lock().insert(inode.ino as InodeId, Live::Kept(inode.clone()));
    }
    /// The image inode has no link any more. Its last holder drops it.
    fn let_go(&self, id: InodeId) {
        let live = self.live.lock().remove(&id);
        drop(live);
    }
    fn is_image_ino(&self, ino: u64) -> bool {
        self.image.as_ref().is_some_and(|root| ino <= root.inode_count() as u64)
    }
    /// An unchanged image inode is gone.
    fn forget(&self, id: InodeId) {
        let mut live = self.live.lock();
        if matches!(live.get(&id), Some(Live::Clean(weak)) if weak.strong_count() == 0) {
            live.remove(&id);
        }
    }

    fn statfs(&self, io: &mut Io<'_>) -> StatFs {
        let used = self.used.load(Ordering::Relaxed);
        let image = self.image.as_ref().map_or(0, |root| root.total() / PAGE_SIZE as u64);
        let free = self.limit.saturating_sub(used).min(io.frames.available());
        let files = self.next_ino.load(Ordering::Relaxed);
        StatFs {
            kind: self.magic,
            bsize: PAGE_SIZE as u64,
            blocks: image + used + free,
            bfree: free,
            bavail: free,
            files: files + (1 << 20),
            ffree: 1 << 20,
            namelen: crate::inode::NAME_MAX as u64,
            flags: 0,
        }
    }
}

impl pages::Charge for MemFs {
    fn charge(&self) -> Result<(), Errno> {
        if self.used.load(Ordering::Relaxed) >= self.limit {
            return Err(Errno::ENOSPC);
        }
        self.used.fetch_add(1, Ordering::Relaxed);
        self.graveyard.charged.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn uncharge(&self, frames: u64) {
        self.used.fetch_sub(frames, Ordering::Relaxed);
        self.graveyard.charged.fetch_sub(frames, Ordering::Relaxed);
    }
}

/// The memory inode behind an inode of a memory filesystem.
fn own(inode: &Arc<dyn Inode>) -> Result<&MemInode, Errno> {
    inode.as_any().downcast_ref().ok_or(Errno::EXDEV)
}
