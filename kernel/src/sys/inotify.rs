//! inotify_init(2), inotify_add_watch(2), and how path calls tell watchers what they did.

use super::args::{DirFd, Fd, UserStr};
use super::{Cx, SysResult};
use crate::inotify::Inotify;
use crate::locks::FileId;
use crate::task::Location;
use alloc::sync::Arc;
use brainworm_abi::linux::inotify::{InotifyInitFlags, InotifyMask};
use brainworm_abi::{Errno, File, FileKind, OpenFlags, WaitPoint};

/// inotify_init(2).
pub(super) fn sys_inotify_init(cx: &mut Cx<'_>) -> SysResult {
    sys_inotify_init1(cx, InotifyInitFlags::empty())
}

/// inotify_init1(2).
pub(super) fn sys_inotify_init1(cx: &mut Cx<'_>, flags: InotifyInitFlags) -> SysResult {
    let file: Arc<dyn File> = Arc::new(Inotify::new(WaitPoint::new(&cx.k.bell)));
    let status = OpenFlags::from_bits_truncate(flags.bits()) & OpenFlags::O_NONBLOCK;
    let desc = cx.describe_anonymous(file, FileKind::CharDevice, b"anon_inode:inotify", status);
    Ok(cx.install(desc, flags.contains(InotifyInitFlags::IN_CLOEXEC))? as u64)
}

fn instance(cx: &mut Cx<'_>, fd: Fd) -> Result<Arc<Inotify>, Errno> {
    let file: Arc<dyn core::any::Any + Send + Sync> = cx.desc(fd)?.file.clone();
    file.downcast::<Inotify>().map_err(|_| Errno::EINVAL)
}

/// inotify_add_watch(2).
pub(super) fn sys_inotify_add_watch(cx: &mut Cx<'_>, fd: Fd, path: UserStr, mask: InotifyMask) -> SysResult {
    if !mask.intersects(InotifyMask::IN_ALL_EVENTS) {
        return Err(Errno::EINVAL.into());
    }
    if mask.contains(InotifyMask::IN_MASK_ADD | InotifyMask::IN_MASK_CREATE) {
        return Err(Errno::EINVAL.into());
    }
    let instance = instance(cx, fd)?;
    let follow = !mask.contains(InotifyMask::IN_DONT_FOLLOW);
    let place = cx.on_path(DirFd::CWD, path, |vfs, io, at, path| {
        let place = vfs.walk(io, at, path, follow)?;
        vfs.access(io, brainworm_fs::At::new(at.root, &place).or_empty(), b"", brainworm_fs::Access::R, false)?;
        Ok(place)
    })?;
    if mask.contains(InotifyMask::IN_ONLYDIR) && place.kind() != FileKind::Directory {
        return Err(Errno::ENOTDIR.into());
    }
    Ok(cx.k.inotify.add(&instance, place.id(), mask)? as u64)
}

/// inotify_rm_watch(2).
pub(super) fn sys_inotify_rm_watch(cx: &mut Cx<'_>, fd: Fd, wd: i32) -> SysResult {
    let instance = instance(cx, fd)?;
    cx.k.inotify.remove(&instance, wd)?;
    Ok(0)
}

impl Cx<'_> {
    /// The place a path leads to (no link at its end followed), while anybody watches anything.
    pub(super) fn watched_place(&mut self, dirfd: DirFd, path: &[u8]) -> Option<Location> {
        if !self.k.inotify.is_active() {
            return None;
        }
        self.on_bytes(dirfd, path, |vfs, io, at, path| vfs.walk(io, at, path, false)).ok()
    }
    /// True when the path leads somewhere.
    pub(super) fn exists(&mut self, dirfd: DirFd, path: &[u8]) -> bool {
        self.on_bytes(dirfd, path, |vfs, io, at, path| vfs.walk(io, at, path, false)).is_ok()
    }
    /// A call made the name `path`.
    pub(super) fn note_name_made(&mut self, dirfd: DirFd, path: &[u8]) {
        if let Some(place) = self.watched_place(dirfd, path) {
            self.k.note_create(&place);
        }
    }
    /// A call removed the name that led to `place`.
    pub(super) fn note_name_removed(&mut self, place: Option<Location>) {
        let Some(place) = place else { return };
        self.note_link_gone(&place);
        if let Some(parent) = place.parent() {
            let is_dir = place.kind() == FileKind::Directory;
            self.k.inotify.name_event(parent.id(), &place.name(), is_dir, InotifyMask::IN_DELETE, 0);
        }
    }
    fn note_link_gone(&mut self, place: &Location) {
        let stat = self.on_place(|vfs, io| vfs.stat_place(io, place));
        self.k.inotify.event(place, InotifyMask::IN_ATTRIB);
        let is_last = stat.is_ok_and(|stat| stat.nlink == 0 || place.kind() == FileKind::Directory);
        if is_last {
            self.k.inotify.deleted(place.id());
        }
    }
    /// What rename(2) is about to move: its directory and name as they are now.
    pub(super) fn before_rename(&mut self, dirfd: DirFd, path: &[u8]) -> Option<Moving> {
        let place = self.watched_place(dirfd, path)?;
        Some(Moving { parent: place.parent()?.id(), name: place.name(), place })
    }
    /// rename(2) is done; a place follows its name, so it tells the new one. `replaced` was under that name before.
    pub(super) fn note_renamed(&mut self, moving: Option<Moving>, replaced: Option<Location>) {
        let Some(Moving { parent, name, place }) = moving else { return };
        let is_dir = place.kind() == FileKind::Directory;
        let cookie = self.k.inotify.cookie();
        self.k.inotify.name_event(parent, &name, is_dir, InotifyMask::IN_MOVED_FROM, cookie);
        if let Some(parent) = place.parent() {
            self.k.inotify.name_event(parent.id(), &place.name(), is_dir, InotifyMask::IN_MOVED_TO, cookie);
        }
        self.k.inotify.moved(&place);
        if let Some(replaced) = replaced.filter(|replaced| replaced.is_deleted()) {
            self.note_link_gone(&replaced);
        }
    }
}

/// A name on its way.
pub(super) struct Moving {
    parent: FileId,
    name: Arc<[u8]>,
    place: Location,
}
