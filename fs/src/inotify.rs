//! inotify(7): what happens to files, told to who asked.
//!
//! `Vfs` reports what its own calls do; the kernel reports reads, writes and closes of open files (`Vfs::note_access`
//! and the like). With no watch anywhere a report is one load.

use crate::dentry::PathRef;
use crate::vfs::{Opened, Vfs};
use crate::walk::At;
use alloc::collections::VecDeque;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use bitflags::bitflags;
use brainworm_abi::{Bell, Errno, File, FileKind, Io, IoctlMem, Readiness, Stat, WaitPoint};
use core::any::Any;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use spin::Mutex;

/// fs.inotify.max_queued_events.
const MAX_QUEUED: usize = 16384;
/// struct inotify_event without its name.
const HEADER: usize = 16;
const FIONREAD: u32 = 0x541b;

bitflags! {
    /// IN_* of inotify(7), with Linux's values.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
    #[allow(missing_docs, reason = "each is inotify(7)'s flag of that name")]
    pub struct InotifyMask: u32 {
        const ACCESS = 1; const MODIFY = 2; const ATTRIB = 4; const CLOSE_WRITE = 8; const CLOSE_NOWRITE = 0x10;
        const OPEN = 0x20; const MOVED_FROM = 0x40; const MOVED_TO = 0x80; const CREATE = 0x100; const DELETE = 0x200;
        const DELETE_SELF = 0x400; const MOVE_SELF = 0x800; const UNMOUNT = 0x2000; const Q_OVERFLOW = 0x4000;
        const IGNORED = 0x8000; const ONLYDIR = 0x0100_0000; const DONT_FOLLOW = 0x0200_0000;
        const EXCL_UNLINK = 0x0400_0000; const MASK_CREATE = 0x1000_0000; const MASK_ADD = 0x2000_0000;
        const ISDIR = 0x4000_0000; const ONESHOT = 0x8000_0000;
        const ALL_EVENTS = 0xfff;
    }
}

struct Watch {
    wd: i32,
    mask: InotifyMask,
    /// Held so that the file's number is not given to another one.
    place: PathRef,
}

struct Queued {
    wd: i32,
    mask: InotifyMask,
    cookie: u32,
    name: Vec<u8>,
}

impl Queued {
    /// The name's length in the structure: terminated, and padded to the size of the header.
    fn name_len(&self) -> usize {
        if self.name.is_empty() { 0 } else { (self.name.len() + 1).next_multiple_of(HEADER) }
    }
}

#[derive(Default)]
struct State {
    watches: Vec<Watch>,
    queue: VecDeque<Queued>,
    last_wd: i32,
}

/// One inotify instance.
pub(crate) struct Inotify {
    state: Mutex<State>,
    wait: WaitPoint,
    watches: Arc<Watches>,
}

/// All instances of a machine.
#[derive(Default)]
pub(crate) struct Watches {
    instances: Mutex<Vec<Weak<Inotify>>>,
    /// Watches of all instances.
    count: AtomicUsize,
    next_cookie: AtomicU32,
}

impl Inotify {
    fn push(&self, state: &mut State, event: Queued) {
        if state.queue.len() >= MAX_QUEUED {
            return;
        }
        if state.queue.len() == MAX_QUEUED - 1 {
            let mask = InotifyMask::Q_OVERFLOW;
            state.queue.push_back(Queued { wd: -1, mask, cookie: 0, name: Vec::new() });
        } else {
            let is_repeat = state.queue.back().is_some_and(|last| {
                (last.wd, last.mask, last.cookie, &last.name) == (event.wd, event.mask, event.cookie, &event.name)
            });
            if is_repeat {
                return;
            }
            state.queue.push_back(event);
        }
        self.wait.notify();
    }

    fn report(&self, file: (u64, u64), mask: InotifyMask, cookie: u32, name: &[u8]) {
        let mut state = self.state.lock();
        let Some(index) = state.watches.iter().position(|watch| watch.place.id() == file) else { return };
        let (wd, wanted) = (state.watches[index].wd, state.watches[index].mask);
        if !wanted.intersects(mask & InotifyMask::ALL_EVENTS) {
            return;
        }
        self.push(&mut state, Queued { wd, mask, cookie, name: name.to_vec() });
        if wanted.contains(InotifyMask::ONESHOT) {
            self.drop_watch(&mut state, index);
        }
    }

    /// The watch goes, and says so.
    fn drop_watch(&self, state: &mut State, index: usize) {
        let watch = state.watches.remove(index);
        self.watches.count.fetch_sub(1, Ordering::Relaxed);
        let event = Queued { wd: watch.wd, mask: InotifyMask::IGNORED, cookie: 0, name: Vec::new() };
        self.push(state, event);
    }
}

impl Drop for Inotify {
    fn drop(&mut self) {
        let count = self.state.get_mut().watches.len();
        self.watches.count.fetch_sub(count, Ordering::Relaxed);
    }
}

impl Watches {
    fn instances(&self) -> Vec<Arc<Inotify>> {
        let mut instances = self.instances.lock();
        instances.retain(|instance| instance.strong_count() > 0);
        instances.iter().filter_map(Weak::upgrade).collect()
    }
    pub(crate) fn is_idle(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }
}

impl Vfs {
    /// inotify_init1(2).
    pub fn inotify(&self, bell: &Arc<Bell>) -> Opened {
        let watches = self.watches.clone();
        let instance = Arc::new(Inotify { state: Mutex::default(), wait: WaitPoint::new(bell), watches });
        self.watches.instances.lock().push(Arc::downgrade(&instance));
        let file: Arc<dyn File> = instance;
        let path = self.anonymous(&file, FileKind::Regular, b"anon_inode:inotify");
        Opened { file, path }
    }

    /// inotify_add_watch(2): the watch descriptor. `file` is an inotify instance, else `EINVAL`.
    pub fn inotify_add_watch(
        &self,
        io: &mut Io<'_>,
        file: &dyn File,
        at: At<'_>,
        path: &[u8],
        mask: InotifyMask,
    ) -> Result<i32, Errno> {
        let instance = file.as_any().downcast_ref::<Inotify>().ok_or(Errno::EINVAL)?;
        if !mask.intersects(InotifyMask::ALL_EVENTS) || mask.contains(InotifyMask::MASK_ADD | InotifyMask::MASK_CREATE)
        {
            return Err(Errno::EINVAL);
        }
        let place = self.walk(io, at, path, !mask.contains(InotifyMask::DONT_FOLLOW))?;
        if mask.contains(InotifyMask::ONLYDIR) && place.kind() != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let permissions = place.inode().perm(io)?;
        crate::perm::check(&io.caller, permissions, crate::perm::READ)?;
        let mut state = instance.state.lock();
        if let Some(watch) = state.watches.iter_mut().find(|watch| watch.place.id() == place.id()) {
            if mask.contains(InotifyMask::MASK_CREATE) {
                return Err(Errno::EEXIST);
            }
            watch.mask = if mask.contains(InotifyMask::MASK_ADD) { watch.mask | mask } else { mask };
            return Ok(watch.wd);
        }
        state.last_wd += 1;
        let wd = state.last_wd;
        state.watches.push(Watch { wd, mask, place });
        self.watches.count.fetch_add(1, Ordering::Relaxed);
        Ok(wd)
    }

    /// inotify_rm_watch(2).
    pub fn inotify_rm_watch(&self, file: &dyn File, wd: i32) -> Result<(), Errno> {
        let instance = file.as_any().downcast_ref::<Inotify>().ok_or(Errno::EINVAL)?;
        let mut state = instance.state.lock();
        let index = state.watches.iter().position(|watch| watch.wd == wd).ok_or(Errno::EINVAL)?;
        instance.drop_watch(&mut state, index);
        Ok(())
    }

    /// A file was read (IN_ACCESS).
    pub fn note_access(&self, place: &PathRef) {
        self.note(place, InotifyMask::ACCESS);
    }
    /// A file was written (IN_MODIFY).
    pub fn note_modify(&self, place: &PathRef) {
        self.note(place, InotifyMask::MODIFY);
    }
    /// A description was closed.
    pub fn note_close(&self, place: &PathRef, was_writable: bool) {
        self.note(place, if was_writable { InotifyMask::CLOSE_WRITE } else { InotifyMask::CLOSE_NOWRITE });
    }

    /// Something happened to a file: for its own watches, and by name for those of its directory.
    pub(crate) fn note(&self, place: &PathRef, mask: InotifyMask) {
        if self.watches.is_idle() {
            return;
        }
        let mask = with_kind(mask, place.kind());
        for instance in self.watches.instances() {
            instance.report(place.id(), mask, 0, b"");
            if let Some(dir) = place.dentry.parent().filter(|_| !place.is_deleted()) {
                instance.report(dir.inode.id(), mask, 0, &place.name());
            }
        }
    }

    /// Something happened to a file that its directory does not hear of.
    pub(crate) fn note_self(&self, place: &PathRef, mask: InotifyMask) {
        if self.watches.is_idle() {
            return;
        }
        for instance in self.watches.instances() {
            instance.report(place.id(), with_kind(mask, place.kind()), 0, b"");
        }
    }

    /// A name came or went in a directory.
    pub(crate) fn note_name(&self, dir: &PathRef, name: &[u8], kind: FileKind, mask: InotifyMask, cookie: u32) {
        if self.watches.is_idle() {
            return;
        }
        for instance in self.watches.instances() {
            instance.report(dir.id(), with_kind(mask, kind), cookie, name);
        }
    }

    /// A file lost its last name: watches on it end.
    pub(crate) fn note_gone(&self, place: &PathRef) {
        if self.watches.is_idle() {
            return;
        }
        for instance in self.watches.instances() {
            instance.report(place.id(), with_kind(InotifyMask::DELETE_SELF, place.kind()), 0, b"");
            let mut state = instance.state.lock();
            if let Some(index) = state.watches.iter().position(|watch| watch.place.id() == place.id()) {
                instance.drop_watch(&mut state, index);
            }
        }
    }

    /// Ties the two events of a rename together.
    pub(crate) fn next_cookie(&self) -> u32 {
        self.watches.next_cookie.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }
}

fn with_kind(mask: InotifyMask, kind: FileKind) -> InotifyMask {
    if kind == FileKind::Directory { mask | InotifyMask::ISDIR } else { mask }
}

impl File for Inotify {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(Stat { mode: 0o600, nlink: 1, blksize: 4096, ..Stat::default() })
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        let mut done = 0;
        while let Some(event) = state.queue.front() {
            let len = HEADER + event.name_len();
            let Some(out) = buf.get_mut(done..done + len) else { break };
            out[..4].copy_from_slice(&event.wd.to_le_bytes());
            out[4..8].copy_from_slice(&event.mask.bits().to_le_bytes());
            out[8..12].copy_from_slice(&event.cookie.to_le_bytes());
            out[12..16].copy_from_slice(&(event.name_len() as u32).to_le_bytes());
            out[HEADER..].fill(0);
            out[HEADER..HEADER + event.name.len()].copy_from_slice(&event.name);
            done += len;
            state.queue.pop_front();
        }
        match (done, state.queue.is_empty()) {
            (0, true) => Err(Errno::EAGAIN),
            (0, false) => Err(Errno::EINVAL),
            _ => Ok(done),
        }
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        if self.state.lock().queue.is_empty() { Readiness::empty() } else { Readiness::IN | Readiness::RDNORM }
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
    fn ioctl(&self, _io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        if request != FIONREAD {
            return Err(Errno::ENOTTY);
        }
        let len: usize = self.state.lock().queue.iter().map(|event| HEADER + event.name_len()).sum();
        mem.write(arg, &(len as u32).to_le_bytes())?;
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, World};
    use alloc::string::String;
    use brainworm_abi::OpenFlags;

    fn events(w: &mut World, instance: &Opened) -> Vec<(i32, u32, String)> {
        let mut buf = [0; 4096];
        let n = instance.file.read(&mut w.io(), 0, &mut buf).unwrap_or(0);
        let (mut at, mut out) = (0, Vec::new());
        let word = |buf: &[u8], at: usize| u32::from_le_bytes(buf[at..at + 4].try_into().unwrap());
        while at < n {
            let len = word(&buf, at + 12) as usize;
            let name = String::from_utf8_lossy(&buf[at + 16..at + 16 + len]).trim_end_matches('\0').into();
            out.push((word(&buf, at) as i32, word(&buf, at + 4), name));
            at += 16 + len;
        }
        out
    }

    fn watch(w: &mut World, t: &Tree, instance: &Opened, path: &str, mask: InotifyMask) -> Result<i32, Errno> {
        t.vfs.inotify_add_watch(&mut w.io(), &*instance.file, t.at(), path.as_bytes(), mask)
    }

    #[test]
    fn changes_are_told_in_order() {
        let (mut w, t) = World::boot(Vec::new());
        let bell = w.bell.clone();
        t.mkdir(&mut w, "/d").unwrap();
        let instance = t.vfs.inotify(&bell);
        let all = InotifyMask::ALL_EVENTS & !InotifyMask::ACCESS;
        assert_eq!(watch(&mut w, &t, &instance, "/d", all), Ok(1));
        assert_eq!(watch(&mut w, &t, &instance, "/none", all), Err(Errno::ENOENT));
        assert_eq!(watch(&mut w, &t, &instance, "/d", InotifyMask::empty()), Err(Errno::EINVAL));
        let f = t.open(&mut w, "/d/f", OpenFlags::O_CREAT | OpenFlags::O_WRONLY).unwrap();
        t.vfs.note_modify(&f.path);
        t.vfs.note_modify(&f.path);
        t.vfs.note_close(&f.path, true);
        assert_eq!(watch(&mut w, &t, &instance, "/d/f", InotifyMask::DELETE_SELF | InotifyMask::ATTRIB), Ok(2));
        t.rename(&mut w, "/d/f", "/d/g").unwrap();
        t.mkdir(&mut w, "/d/sub").unwrap();
        t.unlink(&mut w, "/d/g").unwrap();
        let name = |mask: u32, name: &str| (1, mask, String::from(name));
        let expect = [
            name(0x100, "f"),
            name(0x20, "f"),
            name(2, "f"),
            name(8, "f"),
            name(0x40, "f"),
            name(0x80, "g"),
            name(0x4000_0100, "sub"),
            name(0x200, "g"),
            (2, 0x400, String::new()),
            (2, 0x8000, String::new()),
        ];
        assert_eq!(events(&mut w, &instance), expect);
        assert_eq!(instance.file.read(&mut w.io(), 0, &mut [0; 16]), Err(Errno::EAGAIN));
        t.vfs.inotify_rm_watch(&*instance.file, 1).unwrap();
        assert_eq!(t.vfs.inotify_rm_watch(&*instance.file, 1), Err(Errno::EINVAL));
        t.write(&mut w, "/d/h", "").unwrap();
        assert_eq!(events(&mut w, &instance), [(1, 0x8000, String::new())]);
        assert!(t.vfs.watches.is_idle());
    }
}
