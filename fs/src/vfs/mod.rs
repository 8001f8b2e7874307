//! The filesystem as the kernel's handlers see it: one method for each thing they do with a path.
//!
//! `open.rs` opens, `names.rs` makes and removes names, `rename.rs` moves them, `attr.rs` and `xattr.rs` read and change
//! metadata, `mount.rs` keeps the mount table, `text.rs` turns places back into text, `boot.rs` builds the tree of a
//! fresh machine. Resolution is in `walk.rs`; no method here blocks.

mod attr;
mod boot;
mod mount;
mod names;
mod open;
mod rename;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod tests;
mod text;
mod xattr;

pub use attr::{Access, TimeSet};
pub use boot::BootConfig;
pub use mount::{MS_BIND, MS_NODEV, MS_NOEXEC, MS_NOSUID, MS_RDONLY, MS_REMOUNT, MountFormat};
pub use open::Opened;
pub use rename::RenameFlags;
pub use xattr::XattrSet;

use crate::dentry::{Dentry, Mount, PathRef};
use crate::mem::{Graveyard, MemFs};
use crate::stream::HostStream;
use crate::tty::Ttys;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Bell, Errno, FrameStore, WaitPoint};
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use spin::Mutex;

/// Cached names beyond which idle ones are dropped.
const DENTRY_LIMIT: usize = 16384;

/// All mounted filesystems of a machine and their names.
pub struct Vfs {
    bell: Arc<Bell>,
    graveyard: Arc<Graveyard>,
    /// In order of mounting; a later mount on the same place hides an earlier one.
    mounts: Mutex<Vec<Arc<Mount>>>,
    next_mount: AtomicU32,
    /// Minor numbers of devices without a device (st_dev of tmpfs, proc ...).
    next_dev: AtomicU64,
    /// Pipes, sockets and other objects without a directory live here.
    anon: Arc<Mount>,
    anon_dev: u64,
    next_anon_ino: AtomicU64,
    /// memfd_create(2) and shared anonymous memory.
    shm: Arc<MemFs>,
    /// /proc/sys/kernel/random/boot_id.
    boot_id: [u8; 16],
    /// Cached names, and how many there may be before the next pruning.
    dentries: AtomicUsize,
    dentry_limit: AtomicUsize,
    /// Operations on host directories that answered `EAGAIN` wait here.
    host_wait: Arc<WaitPoint>,
    ttys: Arc<Ttys>,
    /// The standard streams that are no terminal.
    streams: Mutex<Vec<Arc<HostStream>>>,
}

impl Vfs {
    /// Gives back the frames of files that went away; answers how many. Cheap when there are none: call it after
    /// closing and unlinking, and when memory runs out.
    pub fn reap(&self, frames: &mut dyn FrameStore) -> usize {
        self.graveyard.reap(frames)
    }
    /// Frames that memory filesystems hold, those that `reap` would give back included.
    pub fn held_frames(&self) -> u64 {
        self.graveyard.held()
    }

    /// The same after dropping cached names and inodes nobody uses: for when memory is about to run out.
    pub fn shrink(&self, frames: &mut dyn FrameStore) -> usize {
        self.prune();
        self.reap(frames)
    }

    /// Where a task waits whose call on a path answered `EAGAIN` (a host directory that needs time).
    pub fn wait_point(&self) -> &WaitPoint {
        &self.host_wait
    }

    pub(crate) fn remember(&self, dir: &Arc<Dentry>, child: &Arc<Dentry>) {
        if dir.remember(child) {
            let count = self.dentries.fetch_add(1, Ordering::Relaxed) + 1;
            if count > self.dentry_limit.load(Ordering::Relaxed) {
                self.prune();
            }
        }
    }
    pub(crate) fn forget(&self, dir: &Arc<Dentry>, name: &[u8]) {
        if dir.forget(name) {
            self.dentries.fetch_sub(1, Ordering::Relaxed);
        }
    }
    fn prune(&self) {
        let roots: Vec<Arc<Dentry>> = self.mounts.lock().iter().map(|mount| mount.root.clone()).collect();
        let dropped: usize = roots.iter().map(Dentry::prune).sum();
        let left = self.dentries.fetch_sub(dropped, Ordering::Relaxed).saturating_sub(dropped);
        self.dentry_limit.store(left + DENTRY_LIMIT, Ordering::Relaxed);
    }

    fn fresh_dev(&self) -> u64 {
        crate::device::makedev(0, self.next_dev.fetch_add(1, Ordering::Relaxed))
    }
    fn fresh_ino(&self) -> u64 {
        self.next_anon_ino.fetch_add(1, Ordering::Relaxed)
    }
    /// `EROFS` when the mount of a place cannot be written.
    fn check_writable(&self, place: &PathRef) -> Result<(), Errno> {
        if place.mount.has_flag(MS_RDONLY) { Err(Errno::EROFS) } else { Ok(()) }
    }
}
