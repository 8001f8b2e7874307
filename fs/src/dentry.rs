//! Names: a cached tree of directory entries for each mounted filesystem, and [`PathRef`], a place in it.
//!
//! A dentry knows its parent and its name, follows renames and knows when it was deleted; that is what getcwd(2), `..`
//! and the links of /proc need. Children are cached by `vfs`, which bounds their number.

use crate::inode::Inode;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use hashbrown::HashMap;
use spin::Mutex;

/// One name of one inode.
pub(crate) struct Dentry {
    pub(crate) inode: Arc<dyn Inode>,
    place: Mutex<Place>,
    /// Cached children. Each holds its parent, so the cycle must be cut by `forget` or by pruning.
    children: Mutex<HashMap<Arc<[u8]>, Arc<Dentry>>>,
    /// Something is mounted here (in some mount of this filesystem).
    pub(crate) is_mountpoint: AtomicBool,
}

struct Place {
    /// `None` at the root of a filesystem and for anonymous objects.
    parent: Option<Arc<Dentry>>,
    name: Arc<[u8]>,
    is_deleted: bool,
}

impl Dentry {
    /// The root of a filesystem.
    pub(crate) fn root(inode: Arc<dyn Inode>) -> Arc<Dentry> {
        Dentry::with(inode, None, b"/")
    }
    /// An object without a directory; `name` is what /proc/PID/fd shows.
    pub(crate) fn anonymous(inode: Arc<dyn Inode>, name: &[u8]) -> Arc<Dentry> {
        Dentry::with(inode, None, name)
    }
    /// A child that the parent does not cache (yet).
    pub(crate) fn child(parent: &Arc<Dentry>, name: &[u8], inode: Arc<dyn Inode>) -> Arc<Dentry> {
        Dentry::with(inode, Some(parent.clone()), name)
    }
    fn with(inode: Arc<dyn Inode>, parent: Option<Arc<Dentry>>, name: &[u8]) -> Arc<Dentry> {
        Arc::new(Dentry {
            inode,
            place: Mutex::new(Place { parent, name: name.into(), is_deleted: false }),
            children: Mutex::new(HashMap::new()),
            is_mountpoint: AtomicBool::new(false),
        })
    }

    pub(crate) fn parent(&self) -> Option<Arc<Dentry>> {
        self.place.lock().parent.clone()
    }
    pub(crate) fn name(&self) -> Arc<[u8]> {
        self.place.lock().name.clone()
    }
    pub(crate) fn is_deleted(&self) -> bool {
        self.place.lock().is_deleted
    }
    pub(crate) fn cached(&self, name: &[u8]) -> Option<Arc<Dentry>> {
        self.children.lock().get(name).cloned()
    }
    /// Remembers a child under its name; answers true when it is a new one.
    pub(crate) fn remember(&self, child: &Arc<Dentry>) -> bool {
        let name = child.name();
        let old = self.children.lock().insert(name, child.clone());
        old.is_none()
    }
    /// Drops a cached child; answers true when there was one.
    pub(crate) fn forget(&self, name: &[u8]) -> bool {
        let old = self.children.lock().remove(name);
        old.is_some()
    }
    /// The name was unlinked.
    pub(crate) fn mark_deleted(&self) {
        self.place.lock().is_deleted = true;
    }
    /// The name was renamed, or an unnamed file was linked.
    pub(crate) fn move_to(&self, parent: &Arc<Dentry>, name: &[u8]) {
        let old = {
            let mut place = self.place.lock();
            place.name = name.into();
            place.is_deleted = false;
            place.parent.replace(parent.clone())
        };
        drop(old);
    }
    /// True when `self` is `other` or lies below it.
    pub(crate) fn is_within(self: &Arc<Dentry>, other: &Arc<Dentry>) -> bool {
        let mut at = self.clone();
        loop {
            if Arc::ptr_eq(&at, other) {
                return true;
            }
            let Some(parent) = at.parent() else { return false };
            at = parent;
        }
    }
    /// Drops cached descendants that nobody else holds; answers how many. Not recursive: directories may be nested
    /// deeper than any stack.
    pub(crate) fn prune(self: &Arc<Dentry>) -> usize {
        let mut order = alloc::vec![self.clone()];
        let mut at = 0;
        while let Some(dentry) = order.get(at).cloned() {
            order.extend(dentry.children.lock().values().cloned());
            at += 1;
        }
        // Children before parents: a directory goes when its last child went.
        let mut dropped = 0;
        while let Some(dentry) = order.pop() {
            let is_mountpoint = dentry.is_mountpoint.load(Ordering::Relaxed);
            let is_idle = Arc::strong_count(&dentry) == 2 && dentry.children.lock().is_empty();
            if let Some(parent) = dentry.parent().filter(|_| is_idle && !is_mountpoint) {
                let name = dentry.name();
                dropped += usize::from(parent.forget(&name));
            }
        }
        dropped
    }
    /// Drops all cached descendants: the filesystem was unmounted.
    pub(crate) fn forget_all(self: &Arc<Dentry>) -> usize {
        let mut work: Vec<Arc<Dentry>> = alloc::vec![self.clone()];
        let mut dropped = 0;
        while let Some(dentry) = work.pop() {
            let children = core::mem::take(&mut *dentry.children.lock());
            dropped += children.len();
            work.extend(children.into_values());
        }
        dropped
    }
}

impl Drop for Dentry {
    fn drop(&mut self) {
        // A chain of parents nobody else holds goes here, one by one instead of recursively.
        let mut parent = self.place.get_mut().parent.take();
        while let Some(dentry) = parent.take() {
            parent = Arc::into_inner(dentry).and_then(|mut d| d.place.get_mut().parent.take());
        }
    }
}

/// One mounted filesystem (mount(2)).
pub(crate) struct Mount {
    /// As in /proc/PID/mountinfo.
    pub(crate) id: u32,
    pub(crate) root: Arc<Dentry>,
    /// Where it is mounted; `None` for the root and for filesystems nobody can reach by name.
    pub(crate) at: Option<PathRef>,
    pub(crate) fs_type: &'static str,
    pub(crate) source: Vec<u8>,
    /// MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC of mount(2); MS_REMOUNT changes them.
    pub(crate) flags: AtomicU32,
}

impl Mount {
    pub(crate) fn has_flag(&self, flag: u32) -> bool {
        self.flags.load(Ordering::Relaxed) & flag != 0
    }
}

/// A place: a directory entry as seen through a mount. What the kernel keeps for working directories, root
/// directories, open files and programs; cloning it is two reference counts. It follows renames.
#[derive(Clone)]
pub struct PathRef {
    pub(crate) mount: Arc<Mount>,
    pub(crate) dentry: Arc<Dentry>,
}

impl PathRef {
    pub(crate) fn inode(&self) -> &Arc<dyn Inode> {
        &self.dentry.inode
    }
    /// (device, inode number): the identity of the file, equal for all its hard links.
    pub fn id(&self) -> (u64, u64) {
        self.dentry.inode.id()
    }
    /// The file's type.
    pub fn kind(&self) -> brainworm_abi::FileKind {
        self.dentry.inode.kind()
    }
    /// True when its last known name was unlinked.
    pub fn is_deleted(&self) -> bool {
        self.dentry.is_deleted()
    }
    /// The last component of the name, `/` for a root.
    pub fn name(&self) -> Arc<[u8]> {
        self.dentry.name()
    }
    /// The directory it lies in, within the same mount; `None` at the root of a mount and for anonymous objects.
    pub fn parent(&self) -> Option<PathRef> {
        let parent = self.dentry.parent()?;
        Some(self.with(parent))
    }
    /// The mount's number, as /proc/PID/mountinfo and statx(2) have it.
    pub fn mount_id(&self) -> u32 {
        self.mount.id
    }
    /// True when set-user-ID bits of programs there have no effect (MS_NOSUID).
    pub fn is_nosuid(&self) -> bool {
        self.mount.has_flag(crate::vfs::MS_NOSUID)
    }
    /// True when programs there cannot be executed (MS_NOEXEC).
    pub fn is_noexec(&self) -> bool {
        self.mount.has_flag(crate::vfs::MS_NOEXEC)
    }
    pub(crate) fn same(&self, other: &PathRef) -> bool {
        Arc::ptr_eq(&self.mount, &other.mount) && Arc::ptr_eq(&self.dentry, &other.dentry)
    }
    pub(crate) fn with(&self, dentry: Arc<Dentry>) -> PathRef {
        PathRef { mount: self.mount.clone(), dentry }
    }
}

impl core::fmt::Debug for PathRef {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PathRef({})", alloc::string::String::from_utf8_lossy(&self.name()))
    }
}
