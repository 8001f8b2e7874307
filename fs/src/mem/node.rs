//! Inodes of the memory filesystem: making them, directories, and regular files as open files.

use super::dir::{Dir, Found};
use super::pages::{Base, Charge, Pages};
use super::{MemFs, own};
use crate::PathRef;
use crate::image::Root;
use crate::inode::{EachEntry, Inode, NewInode, Perm, Rename, SetAttr};
use crate::pipe::Fifo;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::image::InodeId;
use brainworm_abi::{
    Effect, Errno, File, FileKind, Frame, FrameStore, Io, OpenFlags, PAGE_SIZE, Stat, StatFs, Timespec,
};
use core::any::Any;
use core::sync::atomic::Ordering;
use spin::Mutex;

const PAGE: u64 = PAGE_SIZE as u64;
/// Largest file: the offsets of Linux are signed.
const MAX_SIZE: u64 = i64::MAX as u64 & !(PAGE - 1);
const SIGXFSZ: u8 = 25;

/// An inode of a [`MemFs`].
pub(crate) struct MemInode {
    pub(super) fs: Arc<MemFs>,
    pub(super) me: Weak<MemInode>,
    pub(super) ino: u64,
    pub(super) kind: FileKind,
    pub(super) rdev: u64,
    pub(super) state: Mutex<State>,
}

pub(super) struct State {
    /// Without the type.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) nlink: u32,
    pub(super) size: u64,
    pub(super) atime: Timespec,
    pub(super) mtime: Timespec,
    pub(super) ctime: Timespec,
    pub(super) btime: Timespec,
    /// `None`: those of the image, if any.
    pub(super) xattrs: Option<BTreeMap<Vec<u8>, Vec<u8>>>,
    pub(super) body: Body,
    /// Changed: `MemFs::live` holds it (image inodes only).
    is_kept: bool,
    /// Frames were handed out: changes of frames are announced.
    is_mapped: bool,
    /// Made by O_TMPFILE without O_EXCL: may get its first link.
    is_linkable: bool,
    /// F_SEAL_* of fcntl(2); `None` where sealing is not allowed at all (files that are no memfd).
    pub(super) seals: Option<u32>,
}

pub(super) enum Body {
    File(Pages),
    Dir(Box<Dir>),
    Link(Target),
    Fifo(Arc<Fifo>),
    /// Devices and sockets: what they are is in `rdev`, or kept elsewhere by `Inode::id`.
    Node,
}

/// Where a symlink's target is.
pub(super) enum Target {
    Own(Box<[u8]>),
    Image(InodeId),
}

/// F_SEAL_* of fcntl(2).
pub(super) const F_SEAL_SHRINK: u32 = 2;
pub(super) const F_SEAL_GROW: u32 = 4;
pub(super) const F_SEAL_WRITE: u32 = 8;
pub(super) const F_SEAL_FUTURE_WRITE: u32 = 16;

impl MemInode {
    pub(super) fn fresh(fs: &Arc<MemFs>, new: &NewInode<'_>, now: Timespec, nlink: u32) -> Arc<MemInode> {
        let kind = FileKind::from_mode(new.mode).unwrap_or(FileKind::Regular);
        let body = match kind {
            FileKind::Regular => Body::File(Pages::default()),
            FileKind::Directory => Body::Dir(Box::default()),
            FileKind::Symlink => Body::Link(Target::Own(new.target.into())),
            FileKind::Fifo => Body::Fifo(Fifo::new(&fs.bell)),
            _ => Body::Node,
        };
        let ino = fs.next_ino.fetch_add(1, Ordering::Relaxed);
        let state = State {
            mode: new.mode & 0o7777,
            uid: new.uid,
            gid: new.gid,
            nlink,
            size: new.target.len() as u64,
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
            xattrs: None,
            body,
            is_kept: false,
            is_mapped: false,
            is_linkable: false,
            seals: None,
        };
        MemInode::build(fs, ino, kind, new.rdev, state)
    }

    pub(super) fn from_image(
        fs: &Arc<MemFs>,
        root: &Root,
        store: &dyn FrameStore,
        id: InodeId,
    ) -> Result<Arc<MemInode>, Errno> {
        let image = root.image(store)?;
        let record = image.inode(id).map_err(|_| Errno::EIO)?;
        let kind = record.kind();
        let body = match kind {
            FileKind::Regular => {
                let (offset, len) = image.data(id).map_err(|_| Errno::EIO)?;
                Body::File(Pages::over(Base { offset, full: len, visible: len, is_pages: record.is_mappable() }))
            }
            FileKind::Directory => Body::Dir(Box::new(Dir::over(id, record.size.min(u32::MAX as u64) as u32))),
            FileKind::Symlink => Body::Link(Target::Image(id)),
            FileKind::Fifo => Body::Fifo(Fifo::new(&fs.bell)),
            _ => Body::Node,
        };
        let size = if matches!(kind, FileKind::Regular | FileKind::Symlink) { record.size } else { 0 };
        let state = State {
            mode: record.mode & 0o7777,
            uid: record.uid,
            gid: record.gid,
            nlink: record.nlink,
            size,
            atime: record.mtime,
            mtime: record.mtime,
            ctime: record.mtime,
            btime: record.mtime,
            xattrs: None,
            body,
            is_kept: false,
            is_mapped: false,
            is_linkable: false,
            seals: None,
        };
        Ok(MemInode::build(fs, id as u64, kind, record.rdev(), state))
    }

    fn build(fs: &Arc<MemFs>, ino: u64, kind: FileKind, rdev: u64, state: State) -> Arc<MemInode> {
        Arc::new_cyclic(|me| MemInode { fs: fs.clone(), me: me.clone(), ino, kind, rdev, state: Mutex::new(state) })
    }

    /// The inode changes: one of the image must live on.
    pub(super) fn keep(&self, state: &mut State) {
        if !state.is_kept && self.fs.is_image_ino(self.ino) && state.nlink > 0 {
            state.is_kept = true;
            if let Some(me) = self.me.upgrade() {
                self.fs.keep(&me);
            }
        }
    }

    fn with_dir<T>(&self, change: impl FnOnce(&mut Dir) -> Result<T, Errno>) -> Result<T, Errno> {
        let mut state = self.state.lock();
        self.keep(&mut state);
        match &mut state.body {
            Body::Dir(dir) => change(dir),
            _ => Err(Errno::ENOTDIR),
        }
    }
    /// The directory's contents changed by one entry; `subdirs` counts directories among them.
    fn dir_changed(&self, now: Timespec, subdirs: i32) {
        let mut state = self.state.lock();
        state.mtime = now;
        state.ctime = now;
        state.nlink = state.nlink.saturating_add_signed(subdirs);
    }
    fn add_link(&self, now: Timespec) {
        let mut state = self.state.lock();
        self.keep(&mut state);
        state.nlink += 1;
        state.ctime = now;
    }
    fn drop_link(&self, now: Timespec) {
        let mut state = self.state.lock();
        self.keep(&mut state);
        state.ctime = now;
        state.nlink = if self.kind == FileKind::Directory { 0 } else { state.nlink.saturating_sub(1) };
        if state.nlink == 0 && state.is_kept {
            state.is_kept = false;
            drop(state);
            self.fs.let_go(self.ino as InodeId);
        }
    }
    fn is_empty_dir(&self) -> bool {
        match &self.state.lock().body {
            Body::Dir(dir) => dir.is_empty(),
            _ => true,
        }
    }
    fn dir_delta(&self) -> i32 {
        i32::from(self.kind == FileKind::Directory)
    }
    /// The filesystem it is in.
    pub(crate) fn fs(&self) -> &Arc<MemFs> {
        &self.fs
    }
    /// Allows sealing, with these seals to begin with (memfd_create(2)).
    pub(crate) fn allow_seals(&self, seals: u32) {
        self.state.lock().seals = Some(seals);
    }
}

impl Drop for MemInode {
    fn drop(&mut self) {
        let state = self.state.get_mut();
        if let Body::File(pages) = &mut state.body {
            let frames = pages.take_frames();
            if !frames.is_empty() {
                self.fs.uncharge(frames.len() as u64);
                self.fs.graveyard.bury(frames);
            }
        }
        // A whole tree may go (umount): take it apart one by one, it may be deeper than any stack.
        if let Body::Dir(dir) = &mut state.body {
            let mut work: Vec<Arc<MemInode>> = dir.take_children().collect();
            while let Some(child) = work.pop() {
                if let Some(mut child) = Arc::into_inner(child)
                    && let Body::Dir(dir) = &mut child.state.get_mut().body
                {
                    work.extend(dir.take_children());
                }
            }
        }
        if self.fs.is_image_ino(self.ino) {
            self.fs.forget(self.ino as InodeId);
        }
    }
}

impl Inode for MemInode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn kind(&self) -> FileKind {
        self.kind
    }
    fn id(&self) -> (u64, u64) {
        (self.fs.dev, self.ino)
    }
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(self.metadata())
    }
    fn perm(&self, _io: &mut Io<'_>) -> Result<Perm, Errno> {
        let state = self.state.lock();
        Ok(Perm { mode: self.kind as u32 | state.mode, uid: state.uid, gid: state.gid })
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(self.fs.statfs(io))
    }

    fn lookup(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Arc<dyn Inode>, Errno> {
        let found = match &self.state.lock().body {
            Body::Dir(dir) => dir.find(self.fs.image.as_ref(), io.frames, name)?,
            _ => return Err(Errno::ENOTDIR),
        };
        match found {
            Found::Own(inode) => Ok(inode),
            Found::Image(id) => Ok(self.fs.image_inode(io.frames, id)?),
        }
    }
    fn entries(&self, io: &mut Io<'_>, cookie: u64, each: EachEntry<'_>) -> Result<(), Errno> {
        match &self.state.lock().body {
            Body::Dir(dir) => dir.list(self.fs.image.as_ref(), io.frames, cookie, each),
            _ => Err(Errno::ENOTDIR),
        }
    }
    fn create(&self, io: &mut Io<'_>, name: &[u8], new: &NewInode<'_>) -> Result<Arc<dyn Inode>, Errno> {
        if self.state.lock().nlink == 0 {
            return Err(Errno::ENOENT); // a removed directory takes nothing
        }
        let is_dir = FileKind::from_mode(new.mode) == Some(FileKind::Directory);
        let inode = MemInode::fresh(&self.fs, new, io.now, if is_dir { 2 } else { 1 });
        self.with_dir(|dir| {
            dir.insert(name, inode.clone());
            Ok(())
        })?;
        self.dir_changed(io.now, inode.dir_delta());
        Ok(inode)
    }
    fn tmpfile(&self, io: &mut Io<'_>, new: &NewInode<'_>, is_linkable: bool) -> Result<Arc<dyn Inode>, Errno> {
        let inode = self.fs.detached(new, io.now);
        inode.state.lock().is_linkable = is_linkable;
        Ok(inode)
    }
    fn link(&self, io: &mut Io<'_>, name: &[u8], target: &Arc<dyn Inode>) -> Result<(), Errno> {
        let target = own(target)?;
        let me = target.me.upgrade().ok_or(Errno::ENOENT)?;
        {
            let state = target.state.lock();
            if state.nlink == 0 && !state.is_linkable || self.state.lock().nlink == 0 {
                return Err(Errno::ENOENT);
            }
            if state.nlink >= 65_000 {
                return Err(Errno::EMLINK);
            }
        }
        target.add_link(io.now);
        self.with_dir(|dir| {
            dir.insert(name, me);
            Ok(())
        })?;
        self.dir_changed(io.now, 0);
        Ok(())
    }
    fn unlink(&self, io: &mut Io<'_>, name: &[u8], child: &Arc<dyn Inode>) -> Result<(), Errno> {
        let child = own(child)?;
        if !child.is_empty_dir() {
            return Err(Errno::ENOTEMPTY);
        }
        let gone = self.with_dir(|dir| Ok(dir.remove(name)))?;
        child.drop_link(io.now);
        drop(gone);
        self.dir_changed(io.now, -child.dir_delta());
        Ok(())
    }
    fn rename(&self, io: &mut Io<'_>, how: &Rename<'_>) -> Result<(), Errno> {
        let (child, to) = (own(how.child)?, own(how.new_dir)?);
        let over = how.over.map(own).transpose()?;
        let moved = child.me.upgrade().ok_or(Errno::ENOENT)?;
        if to.state.lock().nlink == 0 {
            return Err(Errno::ENOENT);
        }
        let mut old_delta = -child.dir_delta();
        let mut new_delta = child.dir_delta();
        match over {
            Some(over) if how.exchange => {
                let other = over.me.upgrade().ok_or(Errno::ENOENT)?;
                drop(to.with_dir(|dir| Ok(dir.replace(how.new_name, moved)))?);
                drop(self.with_dir(|dir| Ok(dir.replace(how.old_name, other)))?);
                old_delta += over.dir_delta();
                new_delta -= over.dir_delta();
                over.touch_ctime(io.now);
            }
            Some(over) => {
                if !over.is_empty_dir() {
                    return Err(Errno::ENOTEMPTY);
                }
                drop(to.with_dir(|dir| Ok(dir.replace(how.new_name, moved)))?);
                drop(self.with_dir(|dir| Ok(dir.remove(how.old_name)))?);
                new_delta -= over.dir_delta();
                over.drop_link(io.now);
            }
            None => {
                to.with_dir(|dir| {
                    dir.insert(how.new_name, moved);
                    Ok(())
                })?;
                drop(self.with_dir(|dir| Ok(dir.remove(how.old_name)))?);
            }
        }
        self.dir_changed(io.now, old_delta);
        to.dir_changed(io.now, new_delta);
        child.touch_ctime(io.now);
        Ok(())
    }

    fn open(self: Arc<Self>, _io: &mut Io<'_>, _path: &PathRef, _flags: OpenFlags) -> Result<Arc<dyn File>, Errno> {
        match self.kind {
            FileKind::Regular => Ok(self),
            _ => Err(Errno::ENXIO),
        }
    }
    fn fifo(&self) -> Option<Arc<Fifo>> {
        match &self.state.lock().body {
            Body::Fifo(fifo) => Some(fifo.clone()),
            _ => None,
        }
    }
    fn readlink(&self, io: &mut Io<'_>) -> Result<Vec<u8>, Errno> {
        match &self.state.lock().body {
            Body::Link(Target::Own(target)) => Ok(target.to_vec()),
            Body::Link(Target::Image(id)) => {
                let root = self.fs.image.as_ref().ok_or(Errno::EIO)?;
                let image = root.image(io.frames)?;
                image.readlink(*id).map(<[u8]>::to_vec).map_err(|_| Errno::EIO)
            }
            _ => Err(Errno::EINVAL),
        }
    }
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        if self.kind != FileKind::Regular {
            return Err(Errno::EINVAL);
        }
        if size > MAX_SIZE {
            return Err(Errno::EFBIG);
        }
        self.check_limit(io, size)?;
        let mut state = self.state.lock();
        let seals = state.seals.unwrap_or(0);
        let old = state.size;
        if size < old && seals & F_SEAL_SHRINK != 0 || size > old && seals & F_SEAL_GROW != 0 {
            return Err(Errno::EPERM);
        }
        self.keep(&mut state);
        if let Body::File(pages) = &mut state.body {
            pages.resize(io.frames, &*self.fs, old, size);
        }
        state.size = size;
        self.modified(io, &mut state);
        if size < old && state.is_mapped {
            io.effects.push(Effect::Unmap {
                file: self.id(),
                first: size / PAGE,
                count: (old - size).div_ceil(PAGE) + 1,
            });
        }
        Ok(())
    }
    fn set_attr(&self, io: &mut Io<'_>, attr: &SetAttr) -> Result<(), Errno> {
        self.change(io.now, attr);
        Ok(())
    }
    fn get_xattr(&self, io: &mut Io<'_>, name: &[u8]) -> Result<Vec<u8>, Errno> {
        self.xattr(io, name)
    }
    fn set_xattr(&self, io: &mut Io<'_>, name: &[u8], value: Option<&[u8]>) -> Result<(), Errno> {
        self.change_xattr(io, name, value)
    }
    fn list_xattr(&self, io: &mut Io<'_>) -> Result<Vec<Vec<u8>>, Errno> {
        self.xattr_names(io)
    }
}

impl MemInode {
    /// RLIMIT_FSIZE (setrlimit(2)): `EFBIG` and SIGXFSZ.
    fn check_limit(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        if size > io.caller.file_size_limit && size > self.state.lock().size {
            io.effects.push(Effect::SignalProcess { pid: io.caller.pid, signal: SIGXFSZ });
            return Err(Errno::EFBIG);
        }
        Ok(())
    }

    /// Times after a change of contents, and the set-ID bits an unprivileged writer takes away (inode(7)).
    fn modified(&self, io: &Io<'_>, state: &mut State) {
        state.mtime = io.now;
        state.ctime = io.now;
        if state.mode & 0o6000 != 0 && !io.caller.is_privileged {
            let sgid = if state.mode & 0o010 != 0 { 0o2000 } else { 0 };
            state.mode &= !(0o4000 | sgid);
        }
    }

    fn announce(&self, io: &mut Io<'_>, replaced: &[u64]) {
        for &page in replaced {
            io.effects.push(Effect::Unmap { file: self.id(), first: page, count: 1 });
        }
    }
}

impl File for MemInode {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(self.metadata())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn size(&self, _io: &mut Io<'_>) -> Result<u64, Errno> {
        Ok(self.state.lock().size)
    }
    fn read(&self, io: &mut Io<'_>, pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        if pos >= state.size || buf.is_empty() {
            return Ok(0);
        }
        let len = (buf.len() as u64).min(state.size - pos) as usize;
        let Body::File(pages) = &state.body else { return Err(Errno::EINVAL) };
        pages.read(io.frames, pos, &mut buf[..len])?;
        state.read_at(io.now);
        Ok(len)
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let mut state = self.state.lock();
        let pos = if append { state.size } else { pos };
        if bytes.is_empty() {
            return Ok((0, pos));
        }
        let limit = io.caller.file_size_limit.min(MAX_SIZE);
        if pos >= limit {
            drop(state);
            if pos >= io.caller.file_size_limit {
                io.effects.push(Effect::SignalProcess { pid: io.caller.pid, signal: SIGXFSZ });
            }
            return Err(Errno::EFBIG);
        }
        let bytes = &bytes[..(bytes.len() as u64).min(limit - pos) as usize];
        let seals = state.seals.unwrap_or(0);
        let end = pos + bytes.len() as u64;
        if seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) != 0 || end > state.size && seals & F_SEAL_GROW != 0 {
            return Err(Errno::EPERM);
        }
        self.keep(&mut state);
        let (old, is_mapped) = (state.size, state.is_mapped);
        let mut replaced = Vec::new();
        let Body::File(pages) = &mut state.body else { return Err(Errno::EINVAL) };
        if pos > old {
            pages.resize(io.frames, &*self.fs, old, pos);
        }
        let mut note = |page| {
            if is_mapped {
                replaced.push(page);
            }
        };
        let done = match pages.write(io.frames, &*self.fs, pos, bytes, &mut note) {
            // Files that lost their last link may still hold what is needed.
            Err(Errno::ENOSPC) if self.fs.graveyard.reap(io.frames) > 0 => {
                pages.write(io.frames, &*self.fs, pos, bytes, &mut note)?
            }
            other => other?,
        };
        state.size = old.max(pos + done as u64);
        self.modified(io, &mut state);
        drop(state);
        self.announce(io, &replaced);
        Ok((done, pos + done as u64))
    }
    fn seek_extent(&self, _io: &mut Io<'_>, pos: u64, data: bool) -> Result<u64, Errno> {
        let state = self.state.lock();
        match &state.body {
            Body::File(pages) if pos < state.size => pages.seek(pos, state.size, data).ok_or(Errno::ENXIO),
            _ => Err(Errno::ENXIO),
        }
    }
    fn frame(&self, io: &mut Io<'_>, page: u64, write: bool) -> Result<Frame, Errno> {
        let mut state = self.state.lock();
        if page >= state.size.div_ceil(PAGE) {
            return Err(Errno::ENXIO);
        }
        if write {
            self.keep(&mut state);
            self.modified(io, &mut state);
        }
        state.is_mapped = true;
        let Body::File(pages) = &mut state.body else { return Err(Errno::ENODEV) };
        if !write && let Some(frame) = pages.in_place(io.frames, page) {
            io.frames.retain(frame);
            return Ok(frame);
        }
        let mut replaced = Vec::new();
        let mut note = |page| replaced.push(page);
        let frame = match pages.own_frame(io.frames, &*self.fs, page, true, &mut note) {
            Err(Errno::ENOSPC) if self.fs.graveyard.reap(io.frames) > 0 => {
                pages.own_frame(io.frames, &*self.fs, page, true, &mut note)?
            }
            other => other?,
        };
        io.frames.retain(frame);
        drop(state);
        if write {
            self.announce(io, &replaced);
        }
        Ok(frame)
    }
    fn map_id(&self) -> Option<(u64, u64)> {
        Some(Inode::id(self))
    }
    fn truncate(&self, io: &mut Io<'_>, size: u64) -> Result<(), Errno> {
        Inode::truncate(self, io, size)
    }
    /// fallocate(2): the plain mode, KEEP_SIZE, PUNCH_HOLE and ZERO_RANGE, as on tmpfs.
    fn allocate(&self, io: &mut Io<'_>, mode: u32, offset: u64, len: u64) -> Result<(), Errno> {
        const KEEP_SIZE: u32 = 1;
        const PUNCH_HOLE: u32 = 2;
        const ZERO_RANGE: u32 = 0x10;
        let end = offset.checked_add(len).filter(|&end| end <= MAX_SIZE).ok_or(Errno::EFBIG)?;
        if len == 0 {
            return Err(Errno::EINVAL);
        }
        if mode & !(KEEP_SIZE | PUNCH_HOLE | ZERO_RANGE) != 0 || mode & 0x12 == 0x12 || mode & 3 == PUNCH_HOLE {
            return Err(Errno::EOPNOTSUPP);
        }
        let grows = mode & KEEP_SIZE == 0 && end > self.state.lock().size;
        if grows {
            self.check_limit(io, end)?;
            if self.state.lock().seals.unwrap_or(0) & F_SEAL_GROW != 0 {
                return Err(Errno::EPERM);
            }
        }
        if mode & (PUNCH_HOLE | ZERO_RANGE) != 0 {
            self.punch(io, offset, end)?;
        }
        if mode & PUNCH_HOLE != 0 {
            return Ok(());
        }
        let mut state = self.state.lock();
        self.keep(&mut state);
        let old = state.size;
        let Body::File(pages) = &mut state.body else { return Err(Errno::ENODEV) };
        if grows {
            pages.resize(io.frames, &*self.fs, old, end);
        }
        let range = offset / PAGE..end.div_ceil(PAGE);
        match pages.reserve(io.frames, &*self.fs, range.clone()) {
            Err(Errno::ENOSPC) if self.fs.graveyard.reap(io.frames) > 0 => {
                pages.reserve(io.frames, &*self.fs, range)?;
            }
            other => other?,
        }
        if grows {
            state.size = end;
        }
        self.modified(io, &mut state);
        Ok(())
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        Ok(self.fs.statfs(io))
    }
}

impl MemInode {
    fn punch(&self, io: &mut Io<'_>, start: u64, end: u64) -> Result<(), Errno> {
        let mut state = self.state.lock();
        if state.seals.unwrap_or(0) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) != 0 {
            return Err(Errno::EPERM);
        }
        self.keep(&mut state);
        let end = end.min(state.size);
        if start < end {
            if let Body::File(pages) = &mut state.body {
                pages.punch(io.frames, &*self.fs, start, end)?;
            }
            if state.is_mapped {
                io.effects.push(Effect::Unmap {
                    file: self.id(),
                    first: start / PAGE,
                    count: end.div_ceil(PAGE) - start / PAGE,
                });
            }
        }
        self.modified(io, &mut state);
        Ok(())
    }
}
