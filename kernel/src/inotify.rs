//! inotify(7): who watches which file, and the queues of events.
//!
//! Handlers that did something to a file say so by the `note_*` methods; while nobody watches anything each is one
//! comparison. A watch is on an inode; directories also hear of their entries, by name.
//! Unlike Linux: IN_DELETE_SELF comes when the last name goes, though the file may still be open somewhere.

use crate::Kernel;
use crate::locks::FileId;
use crate::task::{Description, Location};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::inotify::{InotifyEvent, InotifyMask};
use brainworm_abi::{Errno, File, FileKind, Io, IoctlMem, OpenFlags, Readiness, Stat, WaitPoint};
use core::any::Any;
use hashbrown::HashMap;
use spin::Mutex;

/// fs.inotify.max_queued_events.
const MAX_QUEUED: usize = 16384;
/// fs.inotify.max_user_watches, for one instance.
const MAX_WATCHES: usize = 65536;

struct Event {
    wd: i32,
    mask: InotifyMask,
    cookie: u32,
    /// Padded with zeros to a multiple of 16, or empty.
    name: Vec<u8>,
}

impl Event {
    fn len(&self) -> usize {
        InotifyEvent::SIZE + self.name.len()
    }
}

struct Watch {
    file: FileId,
    mask: InotifyMask,
}

#[derive(Default)]
struct State {
    events: VecDeque<Event>,
    watches: BTreeMap<i32, Watch>,
    last_wd: i32,
}

/// An inotify instance, as an open file.
pub(crate) struct Inotify {
    state: Mutex<State>,
    wait: WaitPoint,
}

impl Inotify {
    pub(crate) fn new(wait: WaitPoint) -> Inotify {
        Inotify { state: Mutex::default(), wait }
    }

    fn push(&self, wd: i32, mask: InotifyMask, cookie: u32, name: Option<&[u8]>) {
        let mut padded = name.map(<[u8]>::to_vec).unwrap_or_default();
        if !padded.is_empty() {
            padded.resize((padded.len() + 1).next_multiple_of(InotifyEvent::SIZE), 0);
        }
        let mut state = self.state.lock();
        // Two equal events in a row are one (inotify(7)).
        let is_repeated = state
            .events
            .back()
            .is_some_and(|last| (last.wd, last.mask, last.cookie) == (wd, mask, cookie) && last.name == padded);
        if is_repeated {
            return;
        }
        if state.events.len() >= MAX_QUEUED {
            if state.events.back().is_some_and(|last| last.mask == InotifyMask::IN_Q_OVERFLOW) {
                return;
            }
            let mask = InotifyMask::IN_Q_OVERFLOW;
            state.events.push_back(Event { wd: -1, mask, cookie: 0, name: Vec::new() });
        } else {
            state.events.push_back(Event { wd, mask, cookie, name: padded });
        }
        drop(state);
        self.wait.notify();
    }
}

impl File for Inotify {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(crate::events::anonymous_stat())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        let mut done = 0;
        while let Some(event) = state.events.front() {
            let len = event.len();
            if done + len > buf.len() {
                if done == 0 {
                    return Err(Errno::EINVAL);
                }
                break;
            }
            let head = InotifyEvent {
                wd: event.wd,
                mask: event.mask.bits(),
                cookie: event.cookie,
                len: event.name.len() as u32,
            };
            head.store(&mut buf[done..done + InotifyEvent::SIZE]);
            buf[done + InotifyEvent::SIZE..done + len].copy_from_slice(&event.name);
            done += len;
            state.events.pop_front();
        }
        if done == 0 { Err(Errno::EAGAIN) } else { Ok(done) }
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        let is_empty = self.state.lock().events.is_empty();
        if is_empty { Readiness::empty() } else { Readiness::IN | Readiness::RDNORM }
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
    fn ioctl(&self, _io: &mut Io<'_>, mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
        if request != brainworm_abi::linux::ioctl::FIONREAD {
            return Err(Errno::ENOTTY);
        }
        let len: usize = self.state.lock().events.iter().map(Event::len).sum();
        mem.write(arg, &(len as u32).to_le_bytes())?;
        Ok(0)
    }
}

/// All watches of a machine, by what they are on.
#[derive(Default)]
pub(crate) struct Watches {
    by_file: HashMap<FileId, Vec<(Weak<Inotify>, i32)>>,
    last_cookie: u32,
}

impl Watches {
    /// Anybody watches anything.
    pub(crate) fn is_active(&self) -> bool {
        !self.by_file.is_empty()
    }

    /// inotify_add_watch(2): a new watch, or the changed one the instance already has on that inode.
    pub(crate) fn add(&mut self, instance: &Arc<Inotify>, file: FileId, mask: InotifyMask) -> Result<i32, Errno> {
        let mut state = instance.state.lock();
        if let Some((&wd, watch)) = state.watches.iter_mut().find(|(_, watch)| watch.file == file) {
            if mask.contains(InotifyMask::IN_MASK_CREATE) {
                return Err(Errno::EEXIST);
            }
            let added = mask.contains(InotifyMask::IN_MASK_ADD);
            watch.mask = if added { watch.mask | mask } else { mask };
            return Ok(wd);
        }
        if state.watches.len() >= MAX_WATCHES {
            return Err(Errno::ENOSPC);
        }
        state.last_wd = state.last_wd.checked_add(1).ok_or(Errno::ENOSPC)?;
        let wd = state.last_wd;
        state.watches.insert(wd, Watch { file, mask });
        drop(state);
        self.by_file.entry(file).or_default().push((Arc::downgrade(instance), wd));
        Ok(wd)
    }

    /// inotify_rm_watch(2).
    pub(crate) fn remove(&mut self, instance: &Arc<Inotify>, wd: i32) -> Result<(), Errno> {
        let watch = instance.state.lock().watches.remove(&wd).ok_or(Errno::EINVAL)?;
        self.forget(watch.file, |other, at| at == wd && other.as_ptr() == Arc::as_ptr(instance));
        instance.push(wd, InotifyMask::IN_IGNORED, 0, None);
        Ok(())
    }

    fn forget(&mut self, file: FileId, is_gone: impl Fn(&Weak<Inotify>, i32) -> bool) {
        if let Some(list) = self.by_file.get_mut(&file) {
            list.retain(|(instance, wd)| instance.strong_count() > 0 && !is_gone(instance, *wd));
            if list.is_empty() {
                self.by_file.remove(&file);
            }
        }
    }

    /// Tells the watches on one inode.
    fn tell(&mut self, file: FileId, event: InotifyMask, extra: InotifyMask, cookie: u32, name: Option<&[u8]>) {
        let Some(list) = self.by_file.get(&file) else { return };
        let mut done = Vec::new();
        let mut has_dead = false;
        for (instance, wd) in list {
            let Some(instance) = instance.upgrade() else {
                has_dead = true;
                continue;
            };
            let mask = instance.state.lock().watches.get(wd).map(|watch| watch.mask);
            let Some(mask) = mask.filter(|mask| mask.intersects(event)) else { continue };
            instance.push(*wd, event | extra, cookie, name);
            if mask.contains(InotifyMask::IN_ONESHOT) {
                done.push((instance, *wd));
            }
        }
        for (instance, wd) in done {
            let _ = self.remove(&instance, wd);
        }
        if has_dead {
            self.forget(file, |_, _| false);
        }
    }

    /// Something happened to a place: its own watches and its directory's hear of it.
    pub(crate) fn event(&mut self, place: &Location, event: InotifyMask) {
        if !self.is_active() {
            return;
        }
        let is_dir = if place.kind() == FileKind::Directory { InotifyMask::IN_ISDIR } else { InotifyMask::empty() };
        if let Some(parent) = place.parent() {
            self.tell(parent.id(), event, is_dir, 0, Some(&place.name()));
        }
        self.tell(place.id(), event, is_dir, 0, None);
    }

    /// A name appeared or went: only the directory hears of it.
    pub(crate) fn name_event(&mut self, parent: FileId, name: &[u8], is_dir: bool, event: InotifyMask, cookie: u32) {
        let extra = if is_dir { InotifyMask::IN_ISDIR } else { InotifyMask::empty() };
        self.tell(parent, event, extra, cookie, Some(name));
    }

    /// An inode got another name: IN_MOVE_SELF.
    pub(crate) fn moved(&mut self, place: &Location) {
        self.tell(place.id(), InotifyMask::IN_MOVE_SELF, InotifyMask::empty(), 0, None);
    }

    /// The last name of an inode is gone: its watches end.
    pub(crate) fn deleted(&mut self, file: FileId) {
        self.tell(file, InotifyMask::IN_DELETE_SELF, InotifyMask::empty(), 0, None);
        for (instance, wd) in self.by_file.remove(&file).unwrap_or_default() {
            if let Some(instance) = instance.upgrade() {
                instance.state.lock().watches.remove(&wd);
                instance.push(wd, InotifyMask::IN_IGNORED, 0, None);
            }
        }
    }

    /// A description of the place was closed.
    pub(crate) fn closed(&mut self, place: &Location, flags: OpenFlags) {
        if self.is_active() && !flags.contains(OpenFlags::O_PATH) {
            let wrote = flags.writes();
            self.event(place, if wrote { InotifyMask::IN_CLOSE_WRITE } else { InotifyMask::IN_CLOSE_NOWRITE });
        }
    }

    /// A number that joins the two halves of a rename.
    pub(crate) fn cookie(&mut self) -> u32 {
        self.last_cookie = self.last_cookie.wrapping_add(1).max(1);
        self.last_cookie
    }
}

impl Kernel {
    fn note(&mut self, desc: &Description, event: InotifyMask) {
        if self.inotify.is_active()
            && let Some(place) = &desc.location
        {
            self.inotify.event(place, event);
        }
    }
    /// Bytes were read.
    pub(crate) fn note_access(&mut self, desc: &Description) {
        self.note(desc, InotifyMask::IN_ACCESS);
    }
    /// Bytes were written, or the size changed.
    pub(crate) fn note_modify(&mut self, desc: &Description) {
        self.note(desc, InotifyMask::IN_MODIFY);
    }
    /// The same by place.
    pub(crate) fn note_modify_at(&mut self, place: &Location) {
        self.inotify.event(place, InotifyMask::IN_MODIFY);
    }
    /// A description was opened.
    pub(crate) fn note_open(&mut self, desc: &Description) {
        self.note(desc, InotifyMask::IN_OPEN);
    }
    /// Metadata changed.
    pub(crate) fn note_attrib(&mut self, place: &Location) {
        self.inotify.event(place, InotifyMask::IN_ATTRIB);
    }
    /// A name was made.
    pub(crate) fn note_create(&mut self, place: &Location) {
        if self.inotify.is_active()
            && let Some(parent) = place.parent()
        {
            let is_dir = place.kind() == FileKind::Directory;
            self.inotify.name_event(parent.id(), &place.name(), is_dir, InotifyMask::IN_CREATE, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brainworm_abi::Bell;

    #[test]
    fn events_queue_merge_and_end_with_the_file() {
        let bell = Bell::new();
        let instance = Arc::new(Inotify::new(WaitPoint::new(&bell)));
        let mut watches = Watches::default();
        let wd = watches.add(&instance, (1, 2), InotifyMask::IN_CREATE | InotifyMask::IN_DELETE_SELF).unwrap();
        assert_eq!(watches.add(&instance, (1, 2), InotifyMask::IN_CREATE | InotifyMask::IN_MASK_ADD), Ok(wd));
        watches.name_event((1, 2), b"name", false, InotifyMask::IN_CREATE, 0);
        watches.name_event((1, 2), b"name", false, InotifyMask::IN_CREATE, 0);
        watches.name_event((1, 2), b"name", false, InotifyMask::IN_DELETE, 0);
        watches.deleted((1, 2));
        let masks: Vec<InotifyMask> = instance.state.lock().events.iter().map(|event| event.mask).collect();
        assert_eq!(masks, [InotifyMask::IN_CREATE, InotifyMask::IN_DELETE_SELF, InotifyMask::IN_IGNORED]);
        assert!(!watches.is_active());
    }
}
