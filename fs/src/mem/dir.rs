//! A directory in memory: added names over the entries of an image directory, some of which are masked (whiteouts).
//!
//! Cookies of getdents64(2) stay valid while entries come and go: entry `i` of the image has cookie `FIRST + i`, added
//! names follow with numbers that are never used again.

use super::MemInode;
use crate::image::Root;
use crate::inode::EachEntry;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use brainworm_abi::image::InodeId;
use brainworm_abi::{Errno, FrameStore};
use hashbrown::{HashMap, HashSet};

/// Cookies below are `.` and `..`, and the one before the first entry.
const FIRST: u64 = 3;

#[derive(Default)]
pub(super) struct Dir {
    /// The image directory below, with its number of entries.
    base: Option<(InodeId, u32)>,
    masked: HashSet<Arc<[u8]>>,
    names: HashMap<Arc<[u8]>, u64>,
    order: BTreeMap<u64, (Arc<[u8]>, Arc<MemInode>)>,
    next: u64,
}

/// What a name leads to.
pub(super) enum Found {
    Own(Arc<MemInode>),
    Image(InodeId),
}

impl Dir {
    pub(super) fn over(id: InodeId, count: u32) -> Dir {
        Dir { base: Some((id, count)), ..Dir::default() }
    }
    pub(super) fn find(&self, root: Option<&Root>, store: &dyn FrameStore, name: &[u8]) -> Result<Found, Errno> {
        if let Some((_, inode)) = self.names.get(name).and_then(|seq| self.order.get(seq)) {
            return Ok(Found::Own(inode.clone()));
        }
        match (self.base, root) {
            (Some((dir, _)), Some(root)) if !self.masked.contains(name) => {
                root.lookup(store, dir, name)?.map(Found::Image).ok_or(Errno::ENOENT)
            }
            _ => Err(Errno::ENOENT),
        }
    }
    /// Enters a name. A name the image has must have been removed before.
    pub(super) fn insert(&mut self, name: &[u8], inode: Arc<MemInode>) {
        let name: Arc<[u8]> = name.into();
        let base = self.base.map_or(0, |(_, count)| count as u64);
        let seq = FIRST + base + self.next;
        self.next += 1;
        self.names.insert(name.clone(), seq);
        self.order.insert(seq, (name, inode));
    }
    /// Puts another inode behind a name; an added name keeps its cookie.
    pub(super) fn replace(&mut self, name: &[u8], inode: Arc<MemInode>) -> Option<Arc<MemInode>> {
        if let Some(slot) = self.names.get(name).and_then(|seq| self.order.get_mut(seq)) {
            return Some(core::mem::replace(&mut slot.1, inode));
        }
        self.mask(name);
        self.insert(name, inode);
        None
    }
    /// Takes a name away; the inode is handed out so that it is dropped outside the directory's lock.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<Arc<MemInode>> {
        match self.names.remove(name) {
            // The image may have the name too: then it is masked already.
            Some(seq) => self.order.remove(&seq).map(|(_, inode)| inode),
            None => {
                self.mask(name);
                None
            }
        }
    }
    fn mask(&mut self, name: &[u8]) {
        if self.base.is_some() {
            self.masked.insert(name.into());
        }
    }
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty() && self.base.is_none_or(|(_, count)| self.masked.len() as u64 >= count as u64)
    }
    /// Entries for `st_size`.
    pub(super) fn len(&self) -> u64 {
        self.order.len() as u64
            + self.base.map_or(0, |(_, count)| (count as u64).saturating_sub(self.masked.len() as u64))
    }
    /// See `Inode::entries`.
    pub(super) fn list(
        &self,
        root: Option<&Root>,
        store: &dyn FrameStore,
        cookie: u64,
        each: EachEntry<'_>,
    ) -> Result<(), Errno> {
        let cookie = cookie.max(FIRST);
        if let (Some((dir, count)), Some(root)) = (self.base, root)
            && cookie < FIRST + count as u64
        {
            let image = root.image(store)?;
            let mut next = cookie;
            for entry in image.entries(dir, (cookie - FIRST) as u32).map_err(|_| Errno::EIO)? {
                let entry = entry.map_err(|_| Errno::EIO)?;
                next += 1;
                if !self.masked.contains(entry.name) && !each(entry.inode as u64, next, entry.kind, entry.name) {
                    return Ok(());
                }
            }
        }
        for (&seq, (name, inode)) in self.order.range(cookie..) {
            if !each(inode.ino, seq + 1, inode.kind.dirent_type(), name) {
                return Ok(());
            }
        }
        Ok(())
    }
    /// All added inodes, for taking a tree apart without recursion.
    pub(super) fn take_children(&mut self) -> impl Iterator<Item = Arc<MemInode>> + use<> {
        self.names.clear();
        core::mem::take(&mut self.order).into_values().map(|(_, inode)| inode)
    }
}
