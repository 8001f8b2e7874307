//! Places as text: getcwd(2), the links of /proc/PID (proc(5)).

use super::Vfs;
use crate::dentry::{Dentry, PathRef};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::Errno;

impl Vfs {
    /// getcwd(2), without the terminating zero. `ENOENT` when the directory was removed; a place that cannot be
    /// reached from `root` begins with `(unreachable)`.
    pub fn getcwd(&self, root: &PathRef, cwd: &PathRef) -> Result<Vec<u8>, Errno> {
        if cwd.dentry.is_deleted() {
            return Err(Errno::ENOENT);
        }
        Ok(match self.text_below(root, cwd) {
            Some(text) => text,
            None => [b"(unreachable)", &self.text_within(&cwd.dentry)[..]].concat(),
        })
    }

    /// What a link of /proc/PID shows: the path from `root`, with ` (deleted)` when it was removed; the name itself
    /// for objects without a directory (`pipe:[7]`).
    pub fn link_text(&self, root: &PathRef, place: &PathRef) -> Vec<u8> {
        if Arc::ptr_eq(&place.mount, &self.anon) {
            return place.name().to_vec();
        }
        let mut text = self.text_below(root, place).unwrap_or_else(|| self.text_within(&place.dentry));
        if place.dentry.is_deleted() {
            text.extend_from_slice(b" (deleted)");
        }
        text
    }

    /// The path from `root` down to a place; `None` when it is not below it.
    pub(super) fn text_below(&self, root: &PathRef, place: &PathRef) -> Option<Vec<u8>> {
        let mut names: Vec<Arc<[u8]>> = Vec::new();
        let mut at = place.clone();
        while !at.same(root) {
            if Arc::ptr_eq(&at.dentry, &at.mount.root) {
                at = at.mount.at.clone()?;
            } else {
                names.push(at.dentry.name());
                at = at.with(at.dentry.parent()?);
            }
        }
        Some(join(&names))
    }

    /// The path from the root of its filesystem.
    pub(super) fn text_within(&self, dentry: &Arc<Dentry>) -> Vec<u8> {
        let mut names = Vec::new();
        let mut at = dentry.clone();
        while let Some(parent) = at.parent() {
            names.push(at.name());
            at = parent;
        }
        join(&names)
    }
}

/// Names from the innermost outwards.
fn join(names: &[Arc<[u8]>]) -> Vec<u8> {
    if names.is_empty() {
        return b"/".to_vec();
    }
    let mut text = Vec::new();
    for name in names.iter().rev() {
        text.push(b'/');
        text.extend_from_slice(name);
    }
    text
}
