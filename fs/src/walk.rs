//! From path names to places: path_resolution(7), one component at a time.
//!
//! The one loop here serves every call: it follows symlinks (40 in all), crosses mounts in both directions, checks
//! search permission on each directory and stops before the last component when a call wants to make or remove it.

use crate::dentry::{Dentry, PathRef};
use crate::inode::{Caching, NAME_MAX, PATH_MAX};
use crate::perm;
use crate::vfs::Vfs;
use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bitflags::bitflags;
use brainworm_abi::{Errno, FileKind, Io};
use core::sync::atomic::Ordering;

/// Symlinks followed in one resolution (MAXSYMLINKS).
const MAX_LINKS: u32 = 40;

bitflags! {
    /// RESOLVE_* of openat2(2), with Linux's values.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "each is openat2(2)'s flag of that name")]
    pub struct Resolve: u32 {
        const NO_XDEV = 1; const NO_MAGICLINKS = 2; const NO_SYMLINKS = 4; const BENEATH = 8; const IN_ROOT = 16;
        const CACHED = 32;
    }
}

/// Where a path starts.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The caller's root directory: `/` and the top of `..`.
    pub root: &'a PathRef,
    /// Relative paths start here: the working directory, or the path of a directory descriptor. With an empty path
    /// (AT_EMPTY_PATH) it may be any file.
    pub base: &'a PathRef,
    /// Restrictions of openat2(2).
    pub resolve: Resolve,
    /// AT_EMPTY_PATH: an empty path means `base` itself. Otherwise it is `ENOENT`.
    pub allow_empty: bool,
}

impl<'a> At<'a> {
    /// The plain case.
    pub fn new(root: &'a PathRef, base: &'a PathRef) -> At<'a> {
        At { root, base, resolve: Resolve::empty(), allow_empty: false }
    }
    /// The same with AT_EMPTY_PATH.
    pub fn or_empty(self) -> At<'a> {
        At { allow_empty: true, ..self }
    }
}

/// The last component of a path, not looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Last {
    Name(Vec<u8>),
    /// The path ends in `.`
    Dot,
    /// The path ends in `..`
    DotDot,
    /// The path is nothing but slashes.
    Root,
}

/// A resolved path up to its last component.
pub(crate) struct Parent {
    pub(crate) dir: PathRef,
    pub(crate) last: Last,
    /// Slashes follow the last component.
    pub(crate) has_slash: bool,
}

/// How far `resolve` goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// To the object; a symlink at the end is followed or not.
    Object { follow: bool },
    /// Before the last component.
    Parent,
}

enum Outcome {
    Object(PathRef),
    Parent(Parent),
}

/// Symlinks followed so far, across the restarts of one call.
#[derive(Default)]
pub(crate) struct Links(u32);

impl Links {
    pub(crate) fn count(&mut self) -> Result<(), Errno> {
        self.0 += 1;
        if self.0 > MAX_LINKS { Err(Errno::ELOOP) } else { Ok(()) }
    }
}

impl Vfs {
    /// The place a path leads to; a symlink at its end is followed when `follow` says so.
    pub fn walk(&self, io: &mut Io<'_>, at: At<'_>, path: &[u8], follow: bool) -> Result<PathRef, Errno> {
        if path.is_empty() && at.allow_empty {
            return Ok(at.base.clone());
        }
        match self.resolve(io, at, path, Stop::Object { follow }, &mut Links::default())? {
            Outcome::Object(path) => Ok(path),
            Outcome::Parent(_) => Err(Errno::ENOENT),
        }
    }

    /// The directory that holds the last component, which is left alone.
    pub(crate) fn walk_parent(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        links: &mut Links,
    ) -> Result<Parent, Errno> {
        match self.resolve(io, at, path, Stop::Parent, links)? {
            Outcome::Parent(parent) => Ok(parent),
            Outcome::Object(dir) => Ok(Parent { dir, last: Last::Root, has_slash: false }),
        }
    }

    fn resolve(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        path: &[u8],
        stop: Stop,
        links: &mut Links,
    ) -> Result<Outcome, Errno> {
        if path.is_empty() {
            return Err(Errno::ENOENT);
        }
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let scoped = at.resolve.intersects(Resolve::IN_ROOT | Resolve::BENEATH);
        let root = if scoped { at.base } else { at.root };
        let mut here = if path[0] == b'/' { self.jump_to_root(at, root)? } else { at.base.clone() };
        // What is left to do is `text[start..]`; symlink targets are put in front of it.
        let mut text = Cow::Borrowed(path);
        let mut start = 0;
        let mut last = Last::Root;
        loop {
            let (name, after) = split(&text[start..]);
            let next = text.len() - after.len();
            if name.is_empty() {
                return Ok(match stop {
                    Stop::Object { .. } => Outcome::Object(here),
                    Stop::Parent => Outcome::Parent(Parent { dir: here, last, has_slash: false }),
                });
            }
            if here.kind() != FileKind::Directory {
                return Err(Errno::ENOTDIR);
            }
            self.check_search(io, &here)?;
            let has_slash = !after.is_empty();
            let is_end = after.iter().all(|&b| b == b'/');
            if name == b"." || name == b".." {
                if name == b".." {
                    last = Last::DotDot;
                    here = self.parent_within(at, root, &here)?;
                } else {
                    last = Last::Dot;
                }
                start = next;
                continue;
            }
            if is_end && stop == Stop::Parent {
                return Ok(Outcome::Parent(Parent { dir: here, last: Last::Name(name.to_vec()), has_slash }));
            }
            let child = self.child(io, &here, name)?;
            if at.resolve.contains(Resolve::NO_XDEV) && !Arc::ptr_eq(&child.mount, &here.mount) {
                return Err(Errno::EXDEV);
            }
            let follow = !is_end || has_slash || stop == Stop::Object { follow: true };
            start = next;
            if child.kind() != FileKind::Symlink || !follow {
                if is_end && has_slash && child.kind() != FileKind::Directory {
                    return Err(Errno::ENOTDIR);
                }
                here = child;
                continue;
            }
            if is_end {
                self.check_protected(io, &here, &child)?;
            }
            match self.follow(io, at, &child, links)? {
                Followed::Place(place) => here = place,
                Followed::Text(mut target) => {
                    if target[0] == b'/' {
                        here = self.jump_to_root(at, root)?;
                    }
                    target.extend_from_slice(&text[start..]);
                    text = Cow::Owned(target);
                    start = 0;
                }
            }
        }
    }
}

pub(crate) enum Followed {
    Place(PathRef),
    /// A symlink's text; never empty.
    Text(Vec<u8>),
}

/// The next component (empty at the end) and what follows it, slashes included.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let start = path.iter().position(|&b| b != b'/').unwrap_or(path.len());
    let path = &path[start..];
    let end = path.iter().position(|&b| b == b'/').unwrap_or(path.len());
    path.split_at(end)
}

impl Vfs {
    fn jump_to_root(&self, at: At<'_>, root: &PathRef) -> Result<PathRef, Errno> {
        if at.resolve.contains(Resolve::BENEATH) {
            return Err(Errno::EXDEV);
        }
        if at.resolve.contains(Resolve::NO_XDEV) && !Arc::ptr_eq(&root.mount, &at.base.mount) {
            return Err(Errno::EXDEV);
        }
        Ok(root.clone())
    }

    fn check_search(&self, io: &mut Io<'_>, dir: &PathRef) -> Result<(), Errno> {
        if io.caller.is_privileged {
            return Ok(());
        }
        let permissions = dir.inode().perm(io)?;
        perm::check(&io.caller, permissions, perm::EXEC)
    }

    /// Where following the symlink `link` leads.
    pub(crate) fn follow(
        &self,
        io: &mut Io<'_>,
        at: At<'_>,
        link: &PathRef,
        links: &mut Links,
    ) -> Result<Followed, Errno> {
        links.count()?;
        if at.resolve.contains(Resolve::NO_SYMLINKS) {
            return Err(Errno::ELOOP);
        }
        if let Some(target) = link.inode().magic(io) {
            if at.resolve.contains(Resolve::NO_MAGICLINKS) {
                return Err(Errno::ELOOP);
            }
            if at.resolve.intersects(Resolve::BENEATH | Resolve::IN_ROOT) {
                return Err(Errno::EXDEV);
            }
            return target.map(Followed::Place);
        }
        let target = link.inode().readlink(io)?;
        if target.is_empty() { Err(Errno::ENOENT) } else { Ok(Followed::Text(target)) }
    }

    /// fs.protected_symlinks (proc_sys_fs(5)), for a link at the end of a path: in a sticky directory everyone may
    /// write, only links of one's own or of the directory's owner are followed.
    pub(crate) fn check_protected(&self, io: &mut Io<'_>, dir: &PathRef, link: &PathRef) -> Result<(), Errno> {
        let parent = dir.inode().perm(io)?;
        if parent.mode & 0o1002 != 0o1002 {
            return Ok(());
        }
        let owner = link.inode().perm(io)?.uid;
        if owner == io.caller.fsuid || owner == parent.uid { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// The entry `name` of a directory, with what is mounted on it.
    pub(crate) fn child(&self, io: &mut Io<'_>, dir: &PathRef, name: &[u8]) -> Result<PathRef, Errno> {
        if name.len() > NAME_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let inode = dir.inode();
        let caching = inode.caching();
        if let Some(cached) = dir.dentry.cached(name) {
            let is_pinned = cached.is_mountpoint.load(Ordering::Relaxed);
            if is_pinned || caching != Caching::Revalidate || inode.is_current(io, name, &cached.inode) {
                return Ok(self.cross(dir.with(cached)));
            }
            self.forget(&dir.dentry, name);
            cached.mark_deleted();
        }
        let found = inode.lookup(io, name)?;
        let dentry = Dentry::child(&dir.dentry, name, found);
        if caching != Caching::Never {
            self.remember(&dir.dentry, &dentry);
        }
        Ok(self.cross(dir.with(dentry)))
    }

    /// Descends into what is mounted on a place.
    pub(crate) fn cross(&self, mut place: PathRef) -> PathRef {
        while place.dentry.is_mountpoint.load(Ordering::Relaxed) {
            let Some(mount) = self.mounted_on(&place) else { break };
            place = PathRef { dentry: mount.root.clone(), mount };
        }
        place
    }

    /// `..` of a place: the place itself at the root directory and at the top of a mount nobody can leave.
    pub(crate) fn parent_of(&self, root: &PathRef, place: &PathRef) -> PathRef {
        let mut place = place.clone();
        loop {
            if place.same(root) {
                return place;
            }
            if !Arc::ptr_eq(&place.dentry, &place.mount.root) {
                return match place.dentry.parent() {
                    Some(parent) => self.cross(place.with(parent)),
                    None => place,
                };
            }
            match &place.mount.at {
                Some(at) => place = at.clone(),
                None => return place,
            }
        }
    }

    fn parent_within(&self, at: At<'_>, root: &PathRef, place: &PathRef) -> Result<PathRef, Errno> {
        if at.resolve.contains(Resolve::BENEATH) && place.same(root) {
            return Err(Errno::EXDEV);
        }
        let parent = self.parent_of(root, place);
        if at.resolve.contains(Resolve::NO_XDEV) && !Arc::ptr_eq(&parent.mount, &place.mount) {
            return Err(Errno::EXDEV);
        }
        Ok(parent)
    }
}
