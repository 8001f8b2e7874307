//! Advisory locks: flock(2), and record locks of processes and of open file descriptions (fcntl(2)).
//!
//! A lock that cannot be had is `EAGAIN`; who wants to wait parks at [`Locks::wait_point`] and asks again. Waits of
//! processes are noted, so that the one that would close a circle gets `EDEADLK`.

use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{Bell, Errno, Pid, WaitPoint};
use hashbrown::HashMap;
use spin::Mutex;

/// A file, as `PathRef::id` names it.
pub type FileId = (u64, u64);

/// Whose record lock it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LockOwner {
    /// F_SETLK: all threads and descriptors of a process.
    Process(Pid),
    /// F_OFD_SETLK: an open file description, by a number the kernel gives it.
    Description(u64),
}

/// Bytes `start..end`; an `end` of `u64::MAX` reaches past any end of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the fields of a range")]
pub struct LockRange {
    pub start: u64,
    pub end: u64,
}

impl LockRange {
    /// From l_start and l_len of struct flock, where `base` is what l_whence counts from. A negative length reaches
    /// backwards; `EINVAL` before 0, `EOVERFLOW` past the largest offset.
    pub fn from_flock(base: u64, start: i64, len: i64) -> Result<LockRange, Errno> {
        let base = i64::try_from(base).map_err(|_| Errno::EOVERFLOW)?;
        let start = base.checked_add(start).ok_or(Errno::EOVERFLOW)?;
        let (start, end) = match len {
            0 => (start, None),
            1.. => (start, Some(start.checked_add(len - 1).ok_or(Errno::EOVERFLOW)? as u64 + 1)),
            _ => (start.checked_add(len).ok_or(Errno::EINVAL)?, Some(start as u64)),
        };
        match u64::try_from(start) {
            Ok(start) => Ok(LockRange { start, end: end.unwrap_or(u64::MAX) }),
            Err(_) => Err(Errno::EINVAL),
        }
    }
    fn overlaps(self, other: LockRange) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// One lock that is held, as F_GETLK shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "struct flock")]
pub struct RecordLock {
    pub owner: LockOwner,
    pub range: LockRange,
    pub is_exclusive: bool,
}

#[derive(Default)]
struct OfFile {
    /// Sorted by nothing; those of one owner never overlap.
    records: Vec<RecordLock>,
    /// (description, exclusive).
    whole: Vec<(u64, bool)>,
}

/// A process's thread that waits for a record lock.
#[derive(Clone, Copy)]
struct Waiting {
    tid: Pid,
    file: FileId,
    wanted: RecordLock,
}

#[derive(Default)]
struct Table {
    files: HashMap<FileId, OfFile>,
    waiting: Vec<Waiting>,
}

/// All advisory locks of a machine.
pub struct Locks {
    table: Mutex<Table>,
    wait: WaitPoint,
}

impl Locks {
    pub(crate) fn new(bell: &Arc<Bell>) -> Locks {
        Locks { table: Mutex::default(), wait: WaitPoint::new(bell) }
    }

    /// Notified when a lock was given back.
    pub fn wait_point(&self) -> &WaitPoint {
        &self.wait
    }

    /// flock(2): `Some(exclusive)` takes or converts the description's lock, `None` gives it back. `EAGAIN` when
    /// another one is in the way; a lock held before is lost then, as on Linux.
    pub fn flock(&self, file: FileId, description: u64, want: Option<bool>) -> Result<(), Errno> {
        let mut table = self.table.lock();
        let Some(is_exclusive) = want else {
            self.unlock_whole(&mut table, file, description);
            return Ok(());
        };
        let whole = &mut table.files.entry(file).or_default().whole;
        if whole.contains(&(description, is_exclusive)) {
            return Ok(());
        }
        let had = whole.len();
        whole.retain(|(holder, _)| *holder != description);
        let lost = whole.len() != had;
        let conflict = whole.iter().any(|(_, held)| *held || is_exclusive);
        if !conflict {
            whole.push((description, is_exclusive));
        }
        if lost {
            self.wait.notify();
        }
        if conflict { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    fn unlock_whole(&self, table: &mut Table, file: FileId, description: u64) {
        if let Some(of_file) = table.files.get_mut(&file) {
            of_file.whole.retain(|(holder, _)| *holder != description);
            if of_file.whole.is_empty() && of_file.records.is_empty() {
                table.files.remove(&file);
            }
            self.wait.notify();
        }
    }

    /// F_SETLK, F_SETLKW, F_OFD_SETLK ...: `Some(exclusive)` locks the range, `None` unlocks it. `EAGAIN` when a lock of
    /// another owner is in the way. With `waits` (the thread that will park) a wait is noted until the lock is had or
    /// `stop_waiting` is called; `EDEADLK` when processes would wait for each other for ever.
    pub fn set(
        &self,
        file: FileId,
        owner: LockOwner,
        range: LockRange,
        want: Option<bool>,
        waits: Option<Pid>,
    ) -> Result<(), Errno> {
        let mut table = self.table.lock();
        if let Some(tid) = waits {
            table.waiting.retain(|w| w.tid != tid);
        }
        if let Some(is_exclusive) = want {
            let wanted = RecordLock { owner, range, is_exclusive };
            if table.conflicts(file, &wanted).next().is_some() {
                let Some(tid) = waits else { return Err(Errno::EAGAIN) };
                if table.would_deadlock(file, &wanted) {
                    return Err(Errno::EDEADLK);
                }
                table.waiting.push(Waiting { tid, file, wanted });
                return Err(Errno::EAGAIN);
            }
        }
        table.replace(file, owner, range, want);
        drop(table);
        self.wait.notify();
        Ok(())
    }

    /// A thread that waited in `set` was interrupted.
    pub fn stop_waiting(&self, tid: Pid) {
        self.table.lock().waiting.retain(|w| w.tid != tid);
    }

    /// F_GETLK: a lock that is in the way of this one.
    pub fn get(&self, file: FileId, owner: LockOwner, range: LockRange, is_exclusive: bool) -> Option<RecordLock> {
        let table = self.table.lock();
        let first = table.conflicts(file, &RecordLock { owner, range, is_exclusive }).next().copied();
        first
    }

    /// A descriptor of the file was closed by this owner: all its record locks on the file go (fcntl(2)).
    pub fn release(&self, file: FileId, owner: LockOwner) {
        let mut table = self.table.lock();
        if table.files.contains_key(&file) {
            table.replace(file, owner, LockRange { start: 0, end: u64::MAX }, None);
            self.wait.notify();
        }
    }
    /// An open file description is gone: its locks of both kinds go.
    pub fn release_description(&self, file: FileId, description: u64) {
        if self.table.lock().files.is_empty() {
            return;
        }
        self.release(file, LockOwner::Description(description));
        self.unlock_whole(&mut self.table.lock(), file, description);
    }
    /// A process is gone: its record locks on all files go.
    pub fn release_process(&self, pid: Pid) {
        let mut table = self.table.lock();
        let files: Vec<FileId> = table.files.keys().copied().collect();
        for file in files {
            table.replace(file, LockOwner::Process(pid), LockRange { start: 0, end: u64::MAX }, None);
        }
        table.waiting.retain(|w| w.wanted.owner != LockOwner::Process(pid));
        drop(table);
        self.wait.notify();
    }
}

impl Table {
    fn conflicts<'a>(&'a self, file: FileId, wanted: &'a RecordLock) -> impl Iterator<Item = &'a RecordLock> {
        let records = self.files.get(&file).map_or(&[][..], |of_file| &of_file.records);
        records.iter().filter(|held| {
            held.owner != wanted.owner
                && (held.is_exclusive || wanted.is_exclusive)
                && held.range.overlaps(wanted.range)
        })
    }

    /// True when somebody `wanted` has to wait for waits, directly or not, for its owner.
    fn would_deadlock(&self, file: FileId, wanted: &RecordLock) -> bool {
        let LockOwner::Process(_) = wanted.owner else { return false };
        let mut seen: Vec<LockOwner> = Vec::new();
        let mut work: Vec<LockOwner> = self.conflicts(file, wanted).map(|held| held.owner).collect();
        while let Some(owner) = work.pop() {
            if owner == wanted.owner {
                return true;
            }
            if seen.contains(&owner) {
                continue;
            }
            seen.push(owner);
            for wait in self.waiting.iter().filter(|w| w.wanted.owner == owner) {
                work.extend(self.conflicts(wait.file, &wait.wanted).map(|held| held.owner));
            }
        }
        false
    }

    /// Makes `range` of the owner locked as wanted: cuts what it had there, and joins neighbours of one kind.
    fn replace(&mut self, file: FileId, owner: LockOwner, range: LockRange, want: Option<bool>) {
        let of_file = self.files.entry(file).or_default();
        let mut kept = Vec::with_capacity(of_file.records.len() + 2);
        let mut new = range;
        for held in of_file.records.drain(..) {
            let touches = held.range.start <= new.end && new.start <= held.range.end;
            if held.owner != owner || !touches {
                kept.push(held);
            } else if want == Some(held.is_exclusive) {
                new = LockRange { start: new.start.min(held.range.start), end: new.end.max(held.range.end) };
            } else {
                let before = LockRange { start: held.range.start, end: held.range.end.min(range.start) };
                let after = LockRange { start: held.range.start.max(range.end), end: held.range.end };
                let parts = [before, after].into_iter().filter(|part| part.start < part.end);
                kept.extend(parts.map(|range| RecordLock { range, ..held }));
            }
        }
        if let Some(is_exclusive) = want {
            kept.push(RecordLock { owner, range: new, is_exclusive });
        }
        of_file.records = kept;
        if of_file.records.is_empty() && of_file.whole.is_empty() {
            self.files.remove(&file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FileId = (1, 1);
    const G: FileId = (1, 2);
    const A: LockOwner = LockOwner::Process(1);
    const B: LockOwner = LockOwner::Process(2);

    fn range(start: u64, end: u64) -> LockRange {
        LockRange { start, end }
    }

    #[test]
    fn ranges_come_from_struct_flock() {
        assert_eq!(LockRange::from_flock(10, 5, 3), Ok(range(15, 18)));
        assert_eq!(LockRange::from_flock(10, 5, 0), Ok(range(15, u64::MAX)));
        assert_eq!(LockRange::from_flock(10, 5, -3), Ok(range(12, 15)));
        assert_eq!(LockRange::from_flock(0, -1, 3), Err(Errno::EINVAL));
        assert_eq!(LockRange::from_flock(0, 2, -3), Err(Errno::EINVAL));
        assert_eq!(LockRange::from_flock(0, 2, i64::MAX), Err(Errno::EOVERFLOW));
        assert!(LockRange::from_flock(0, 1, i64::MAX).is_ok());
    }

    #[test]
    fn record_locks_split_join_and_conflict() {
        let locks = Locks::new(&Bell::new());
        let set = |owner, start, end, want| locks.set(F, owner, range(start, end), want, None);
        assert_eq!(set(A, 0, 100, Some(true)), Ok(()));
        assert_eq!(set(B, 50, 60, Some(false)), Err(Errno::EAGAIN));
        assert_eq!(set(A, 40, 60, None), Ok(()));
        assert_eq!(set(B, 40, 60, Some(true)), Ok(()));
        assert_eq!(set(B, 39, 40, Some(true)), Err(Errno::EAGAIN));
        let held = locks.get(F, B, range(0, 1000), true).unwrap();
        assert_eq!((held.owner, held.range), (A, range(0, 40)));
        assert_eq!(locks.get(F, A, range(0, 40), true), None);
        assert_eq!(set(A, 0, 40, Some(false)), Ok(()), "a lock can be weakened");
        assert_eq!(set(B, 0, 10, Some(false)), Ok(()));
        assert_eq!(set(A, 0, 40, Some(true)), Err(Errno::EAGAIN));
        locks.release(F, B);
        assert_eq!(set(A, 0, u64::MAX, Some(true)), Ok(()));
        locks.release_process(1);
        assert!(locks.table.lock().files.is_empty());
    }

    #[test]
    fn a_circle_of_waits_is_refused() {
        let locks = Locks::new(&Bell::new());
        let all = range(0, u64::MAX);
        locks.set(F, A, all, Some(true), None).unwrap();
        locks.set(G, B, all, Some(true), None).unwrap();
        assert_eq!(locks.set(G, A, all, Some(true), Some(1)), Err(Errno::EAGAIN));
        assert_eq!(locks.set(F, B, all, Some(true), Some(2)), Err(Errno::EDEADLK));
        locks.stop_waiting(1);
        assert_eq!(locks.set(F, B, all, Some(true), Some(2)), Err(Errno::EAGAIN));
        let description = LockOwner::Description(9);
        assert_eq!(locks.set(F, description, all, Some(true), Some(3)), Err(Errno::EAGAIN), "never for descriptions");
    }

    #[test]
    fn whole_file_locks_belong_to_descriptions() {
        let locks = Locks::new(&Bell::new());
        assert_eq!(locks.flock(F, 1, Some(false)), Ok(()));
        assert_eq!(locks.flock(F, 2, Some(false)), Ok(()));
        assert_eq!(locks.flock(F, 2, Some(true)), Err(Errno::EAGAIN));
        assert_eq!(locks.flock(F, 1, Some(true)), Ok(()), "the failed conversion lost its lock");
        assert_eq!(locks.flock(F, 1, None), Ok(()));
        assert_eq!(locks.flock(F, 2, Some(true)), Ok(()));
        locks.release_description(F, 2);
        assert!(locks.table.lock().files.is_empty());
    }
}
