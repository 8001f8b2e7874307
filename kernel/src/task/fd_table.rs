//! Descriptors and descriptions (open(2), "Open file descriptions"): a table of small numbers that may be shared by
//! tasks (CLONE_FILES), each naming a description that may be shared by tables (dup, fork, SCM_RIGHTS).

use crate::locks::{Locks, Owner};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::{Errno, File, OpenFlags};
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use spin::Mutex;

/// A description whose last descriptor is gone and which waits for its `File::close`.
pub struct Dead {
    /// The object.
    pub file: Arc<dyn File>,
    /// Where it had been opened.
    pub location: Option<Location>,
    /// How it had been opened.
    pub flags: OpenFlags,
}

/// Dead descriptions; the kernel empties it after each call.
pub type Graveyard = Mutex<Vec<Dead>>;

/// A location in the tree that the description was opened at, for *at(2) calls, fchdir(2), execveat(2), /proc/PID/fd.
pub type Location = brainworm_fs::PathRef;

/// An open file description: the object, its position and status flags.
pub struct Description {
    /// What is open.
    pub file: Arc<dyn File>,
    /// Where it was opened; `None` for pipes, sockets and other nameless objects.
    pub location: Option<Location>,
    /// Unique for the machine's life: owner of flock(2) and OFD locks.
    pub id: u64,
    /// Position of read(2), write(2), lseek(2), getdents64(2).
    pub pos: Mutex<u64>,
    /// Owner and signal of O_ASYNC: pid (negative: group) of fcntl(2) F_SETOWN, F_SETSIG.
    pub owner: Mutex<(i32, u8)>,
    flags: AtomicU32,
    graveyard: Arc<Graveyard>,
    /// Where this description holds locks of its own, once it took the first.
    locks: Mutex<Option<Arc<Locks>>>,
}

impl Description {
    /// Status flags and access mode, as F_GETFL tells them.
    pub fn flags(&self) -> OpenFlags {
        OpenFlags::from_bits_retain(self.flags.load(Ordering::Relaxed))
    }
    /// Replaces status flags (F_SETFL, FIONBIO); the caller tells the file by `File::set_flags`.
    pub fn set_flags(&self, flags: OpenFlags) {
        self.flags.store(flags.bits(), Ordering::Relaxed);
    }
    /// O_NONBLOCK is set.
    pub fn is_nonblocking(&self) -> bool {
        self.flags().contains(OpenFlags::O_NONBLOCK)
    }
    /// The description takes a lock of its own (flock(2), OFD): given back with it.
    pub(crate) fn keep_locks(&self, locks: &Arc<Locks>) {
        self.locks.lock().get_or_insert_with(|| locks.clone());
    }
    /// O_PATH: names a location only (open(2)).
    pub fn is_path(&self) -> bool {
        self.flags().contains(OpenFlags::O_PATH)
    }
}

impl Drop for Description {
    fn drop(&mut self) {
        if let Some(locks) = self.locks.get_mut().take() {
            locks.release_owner(Owner::Description(self.id));
        }
        let (file, location, flags) = (self.file.clone(), self.location.take(), self.flags());
        self.graveyard.lock().push(Dead { file, location, flags });
    }
}

impl core::fmt::Debug for Description {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Description({}, {:?})", self.id, self.location)
    }
}

/// Makes descriptions of one machine.
#[derive(Default)]
pub(crate) struct Descriptions {
    next_id: AtomicU64,
    pub(crate) graveyard: Arc<Graveyard>,
}

impl Descriptions {
    pub(crate) fn make(&self, file: Arc<dyn File>, flags: OpenFlags, location: Option<Location>) -> Arc<Description> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        // What open(2) keeps: creation flags are not part of the description.
        let kept = flags
            - (OpenFlags::O_CREAT
                | OpenFlags::O_EXCL
                | OpenFlags::O_NOCTTY
                | OpenFlags::O_TRUNC
                | OpenFlags::O_CLOEXEC);
        Arc::new(Description {
            file,
            location,
            id,
            pos: Mutex::new(0),
            owner: Mutex::new((0, 0)),
            flags: AtomicU32::new(kept.bits()),
            graveyard: self.graveyard.clone(),
            locks: Mutex::new(None),
        })
    }
}

/// A descriptor's slot.
#[derive(Clone)]
pub struct Slot {
    /// What it names.
    pub desc: Arc<Description>,
    /// FD_CLOEXEC.
    pub cloexec: bool,
}

/// The descriptors of a task, or of several with CLONE_FILES.
pub struct FdTable {
    slots: Vec<Option<Slot>>,
    /// No free slot below it.
    lowest: usize,
    /// Unique for the machine's life: owner of fcntl(2) record locks.
    pub id: u64,
    /// Where this table holds record locks, once it took the first.
    locks: Option<Arc<Locks>>,
}

impl Drop for FdTable {
    fn drop(&mut self) {
        if let Some(locks) = self.locks.take() {
            locks.release_owner(Owner::Table(self.id));
        }
    }
}

/// Largest value RLIMIT_NOFILE can have (`fs.nr_open`).
pub const NR_OPEN: u64 = 1 << 20;

impl FdTable {
    /// An empty table.
    pub fn new(id: u64) -> FdTable {
        FdTable { slots: Vec::new(), lowest: 0, id, locks: None }
    }
    /// A copy for fork(2), under a new id.
    pub fn fork(&self, id: u64) -> FdTable {
        FdTable { slots: self.slots.clone(), lowest: self.lowest, id, locks: None }
    }
    /// The table takes a record lock: given back with it.
    pub(crate) fn keep_locks(&mut self, locks: &Arc<Locks>) {
        self.locks.get_or_insert_with(|| locks.clone());
    }
    /// True when it may hold record locks.
    pub(crate) fn has_locks(&self) -> bool {
        self.locks.is_some()
    }
    /// The slot of a descriptor.
    pub fn get(&self, fd: i32) -> Result<&Slot, Errno> {
        usize::try_from(fd).ok().and_then(|fd| self.slots.get(fd)).and_then(Option::as_ref).ok_or(Errno::EBADF)
    }
    /// The slot of a descriptor, for changing FD_CLOEXEC.
    pub fn get_mut(&mut self, fd: i32) -> Result<&mut Slot, Errno> {
        usize::try_from(fd).ok().and_then(|fd| self.slots.get_mut(fd)).and_then(Option::as_mut).ok_or(Errno::EBADF)
    }
    /// The lowest free descriptors from `min` on, below `limit` (EMFILE). They stay free until `set`.
    pub fn lowest_free<const N: usize>(&self, min: usize, limit: u64) -> Result<[i32; N], Errno> {
        let mut found = [0; N];
        let mut fd = min.max(self.lowest);
        for slot in &mut found {
            while self.slots.get(fd).is_some_and(Option::is_some) {
                fd += 1;
            }
            if fd as u64 >= limit.min(NR_OPEN) {
                return Err(Errno::EMFILE);
            }
            *slot = fd as i32;
            fd += 1;
        }
        Ok(found)
    }
    /// Fills a slot; answers what was there before. The descriptor is below `NR_OPEN`.
    pub fn set(&mut self, fd: i32, slot: Slot) -> Option<Slot> {
        let fd = fd as usize;
        debug_assert!((fd as u64) < NR_OPEN, "a descriptor past the limit was handed out");
        if fd >= self.slots.len() {
            self.slots.resize(fd + 1, None);
        }
        if fd == self.lowest {
            self.lowest = fd + 1;
        }
        self.slots[fd].replace(slot)
    }
    /// Empties a slot.
    pub fn take(&mut self, fd: i32) -> Result<Slot, Errno> {
        let index = usize::try_from(fd).map_err(|_| Errno::EBADF)?;
        let slot = self.slots.get_mut(index).and_then(Option::take).ok_or(Errno::EBADF)?;
        self.lowest = self.lowest.min(index);
        Ok(slot)
    }
    /// Removes what execve(2) closes.
    pub fn take_cloexec(&mut self) -> Vec<Slot> {
        let mut closed = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.as_ref().is_some_and(|s| s.cloexec) {
                closed.extend(slot.take());
                self.lowest = self.lowest.min(index);
            }
        }
        closed
    }
    /// Open descriptors in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (i32, &Slot)> {
        self.slots.iter().enumerate().filter_map(|(fd, slot)| Some((fd as i32, slot.as_ref()?)))
    }
    /// One past the highest descriptor ever used.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }
}

/// A reference that does not keep the description open: what epoll and notifications remember.
pub type WeakDescription = Weak<Description>;
