//! Advisory locks: flock(2), record locks of fcntl(2) (POSIX and open file description ones).
//!
//! Locks belong to files (by inode identity), owners are descriptor tables or descriptions by id. Owners give their
//! locks back when they go (`FdTable` and `Description` do so on drop), so nothing here knows tasks. Everybody who waits
//! for a lock waits at one point and looks again.

use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Bell, Pid, WaitPoint};
use hashbrown::HashMap;
use spin::Mutex;

/// Identity of a file: (dev, ino).
pub(crate) type FileId = (u64, u64);

/// Who holds a record lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    /// A descriptor table: POSIX locks.
    Table(u64),
    /// A description: OFD locks.
    Description(u64),
}

/// A locked range of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) owner: Owner,
    pub(crate) is_write: bool,
    pub(crate) start: u64,
    /// Past the last byte; `u64::MAX` means to the end however the file grows.
    pub(crate) end: u64,
    /// Whom F_GETLK names.
    pub(crate) pid: Pid,
}

impl Record {
    fn conflicts(&self, other: &Record) -> bool {
        self.owner != other.owner
            && (self.is_write || other.is_write)
            && self.start < other.end
            && other.start < self.end
    }
}

#[derive(Default)]
struct FileLocks {
    /// flock(2): (description id, exclusive).
    whole: Vec<(u64, bool)>,
    records: Vec<Record>,
}

/// All locks of a machine.
pub(crate) struct Locks {
    files: Mutex<HashMap<FileId, FileLocks>>,
    /// POSIX owners that wait, and for whom: a circle is EDEADLK.
    waiting: Mutex<Vec<(Owner, Owner)>>,
    /// Where everybody waits.
    pub(crate) point: Arc<WaitPoint>,
}

impl Locks {
    pub(crate) fn new(bell: &Arc<Bell>) -> Arc<Locks> {
        let point = Arc::new(WaitPoint::new(bell));
        Arc::new(Locks { files: Mutex::default(), waiting: Mutex::default(), point })
    }

    /// flock(2): `None` unlocks. Answers false when another description is in the way. Changing the kind of a lock gives
    /// up the old one first, as on Linux.
    pub(crate) fn flock(&self, file: FileId, description: u64, exclusive: Option<bool>) -> bool {
        let mut files = self.files.lock();
        let locks = files.entry(file).or_default();
        if exclusive.is_some_and(|exclusive| locks.whole.contains(&(description, exclusive))) {
            return true;
        }
        let before = locks.whole.len();
        locks.whole.retain(|&(owner, _)| owner != description);
        let has_released = locks.whole.len() != before;
        let is_granted = match exclusive {
            Some(exclusive) if locks.whole.iter().any(|&(_, other)| other || exclusive) => false,
            Some(exclusive) => {
                locks.whole.push((description, exclusive));
                true
            }
            None => true,
        };
        Locks::tidy(&mut files, file);
        drop(files);
        if has_released {
            self.point.notify();
        }
        is_granted
    }

    /// F_SETLK: the first lock in the way, if any; else the range is the owner's.
    pub(crate) fn set_record(&self, file: FileId, lock: Record) -> Result<(), Record> {
        self.waiting.lock().retain(|(waiter, _)| *waiter != lock.owner);
        let mut files = self.files.lock();
        let locks = files.entry(file).or_default();
        if let Some(other) = locks.records.iter().find(|other| lock.conflicts(other)).copied() {
            Locks::tidy(&mut files, file);
            return Err(other);
        }
        Locks::cut(locks, &lock);
        locks.records.push(lock);
        drop(files);
        // A write lock that became a read lock lets readers in.
        self.point.notify();
        Ok(())
    }

    /// F_UNLCK of a range.
    pub(crate) fn clear_record(&self, file: FileId, range: Record) {
        let mut files = self.files.lock();
        if let Some(locks) = files.get_mut(&file) {
            Locks::cut(locks, &range);
        }
        Locks::tidy(&mut files, file);
        drop(files);
        self.point.notify();
    }

    /// F_GETLK: a lock that would be in the way.
    pub(crate) fn blocker(&self, file: FileId, lock: &Record) -> Option<Record> {
        self.files.lock().get(&file)?.records.iter().find(|other| lock.conflicts(other)).copied()
    }

    /// Notes that `waiter` waits for `holder`; false when that closes a circle of waiters (EDEADLK).
    pub(crate) fn wait_for(&self, waiter: Owner, holder: Owner) -> bool {
        let mut waiting = self.waiting.lock();
        waiting.retain(|(other, _)| *other != waiter);
        let mut at = holder;
        for _ in 0..=waiting.len() {
            if at == waiter {
                return false;
            }
            match waiting.iter().find(|(other, _)| *other == at) {
                Some(&(_, next)) => at = next,
                None => break,
            }
        }
        waiting.push((waiter, holder));
        true
    }

    /// close(2) of any descriptor of a file gives up the process's record locks on it.
    pub(crate) fn release_records(&self, file: FileId, owner: Owner) {
        let mut files = self.files.lock();
        let Some(locks) = files.get_mut(&file) else { return };
        locks.records.retain(|record| record.owner != owner);
        Locks::tidy(&mut files, file);
        drop(files);
        self.point.notify();
    }

    /// A table or description is gone.
    pub(crate) fn release_owner(&self, owner: Owner) {
        self.waiting.lock().retain(|(waiter, _)| *waiter != owner);
        self.files.lock().retain(|_, locks| {
            locks.records.retain(|record| record.owner != owner);
            if let Owner::Description(id) = owner {
                locks.whole.retain(|&(holder, _)| holder != id);
            }
            !locks.records.is_empty() || !locks.whole.is_empty()
        });
        self.point.notify();
    }

    /// Takes `range` out of what its owner holds, splitting locks that reach beyond.
    fn cut(locks: &mut FileLocks, range: &Record) {
        let mut kept = Vec::with_capacity(locks.records.len() + 1);
        for record in locks.records.drain(..) {
            if record.owner != range.owner || record.end <= range.start || range.end <= record.start {
                kept.push(record);
                continue;
            }
            if record.start < range.start {
                kept.push(Record { end: range.start, ..record });
            }
            if record.end > range.end {
                kept.push(Record { start: range.end, ..record });
            }
        }
        locks.records = kept;
    }

    fn tidy(files: &mut HashMap<FileId, FileLocks>, file: FileId) {
        if files.get(&file).is_some_and(|locks| locks.whole.is_empty() && locks.records.is_empty()) {
            files.remove(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: FileId = (1, 1);

    fn lock(owner: u64, is_write: bool, start: u64, end: u64) -> Record {
        Record { owner: Owner::Table(owner), is_write, start, end, pid: owner as Pid }
    }

    #[test]
    fn ranges_split_and_conflict() {
        let locks = Locks::new(&Bell::new());
        assert_eq!(locks.set_record(FILE, lock(1, true, 0, 100)), Ok(()));
        locks.clear_record(FILE, lock(1, true, 40, 60));
        assert_eq!(locks.set_record(FILE, lock(2, true, 40, 60)), Ok(()));
        assert_eq!(locks.set_record(FILE, lock(2, false, 39, 60)), Err(lock(1, true, 0, 40)));
        assert_eq!(locks.blocker(FILE, &lock(2, false, 60, u64::MAX)), Some(lock(1, true, 60, 100)));
        locks.release_owner(Owner::Table(1));
        assert_eq!(locks.set_record(FILE, lock(2, false, 0, u64::MAX)), Ok(()));
        assert_eq!(locks.set_record(FILE, lock(3, false, 0, u64::MAX)), Ok(()));
        assert!(locks.set_record(FILE, lock(3, true, 0, 1)).is_err());
    }

    #[test]
    fn circles_of_waiters_are_refused() {
        let locks = Locks::new(&Bell::new());
        let table = Owner::Table;
        assert!(locks.wait_for(table(1), table(2)));
        assert!(locks.wait_for(table(2), table(3)));
        assert!(!locks.wait_for(table(3), table(1)));
    }

    #[test]
    fn flock_is_shared_or_exclusive() {
        let locks = Locks::new(&Bell::new());
        assert!(locks.flock(FILE, 1, Some(false)) && locks.flock(FILE, 2, Some(false)));
        assert!(!locks.flock(FILE, 2, Some(true)));
        locks.flock(FILE, 1, None);
        assert!(locks.flock(FILE, 2, Some(true)));
        assert!(!locks.flock(FILE, 1, Some(false)));
        locks.release_owner(Owner::Description(2));
        assert!(locks.flock(FILE, 1, Some(false)));
    }
}
