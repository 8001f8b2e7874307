//! Semaphore sets, semget(2), semop(2).

use super::{Ipc, Object, Perm};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::ipc::{IPC_NOWAIT, SEM_UNDO, SemBuf};
use brainworm_abi::{Errno, Pid, WaitPoint};
use core::fmt::Write;
use hashbrown::HashMap;

/// Highest value of a semaphore.
pub(crate) const SEMVMX: i32 = 32767;
/// Most semaphores of a set.
pub(crate) const SEMMSL: i32 = 32000;
/// Most operations of one semop(2).
pub(crate) const SEMOPM: u64 = 500;

/// One semaphore.
#[derive(Clone, Copy, Default)]
pub(crate) struct Semaphore {
    pub(crate) value: i32,
    pub(crate) last: Pid,
}

/// A set.
pub(crate) struct Set {
    pub(crate) perm: Perm,
    pub(crate) semaphores: Vec<Semaphore>,
    pub(crate) operation_time: i64,
    pub(crate) change_time: i64,
    /// Notified at every change, and when the set goes.
    pub(crate) point: Arc<WaitPoint>,
    /// Threads that wait: (tid, semaphore, for zero).
    pub(crate) waiters: Vec<(Pid, u16, bool)>,
}

impl Object for Set {
    fn perm(&self) -> &Perm {
        &self.perm
    }
}

/// Why operations cannot be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Errno(Errno),
    /// This operation would have to wait.
    Wait(SemBuf),
}

impl Set {
    /// All operations or none, in order (semop(2)).
    pub(crate) fn operate(&mut self, pid: Pid, operations: &[SemBuf]) -> Result<(), Refusal> {
        let mut values: Vec<i32> = self.semaphores.iter().map(|semaphore| semaphore.value).collect();
        for operation in operations {
            let value = values.get_mut(usize::from(operation.sem_num)).ok_or(Refusal::Errno(Errno::EFBIG))?;
            let by = i32::from(operation.sem_op);
            if (by == 0 && *value != 0) || *value + by < 0 {
                let is_nowait = operation.sem_flg as u16 as u32 & IPC_NOWAIT != 0;
                return Err(if is_nowait { Refusal::Errno(Errno::EAGAIN) } else { Refusal::Wait(*operation) });
            }
            *value += by;
            if *value > SEMVMX {
                return Err(Refusal::Errno(Errno::ERANGE));
            }
        }
        for operation in operations {
            self.semaphores[usize::from(operation.sem_num)].last = pid;
        }
        let has_changed = operations.iter().any(|operation| operation.sem_op != 0);
        for (semaphore, value) in self.semaphores.iter_mut().zip(values) {
            semaphore.value = value;
        }
        if has_changed {
            self.point.notify();
        }
        Ok(())
    }
}

/// What processes owe to semaphores when they end: (process, set) to an adjustment for each semaphore.
#[derive(Default)]
pub(crate) struct Undo {
    owed: HashMap<(Pid, i32), Vec<i32>>,
}

impl Undo {
    /// Notes the operations with SEM_UNDO.
    pub(crate) fn note(&mut self, pid: Pid, set: i32, count: usize, operations: &[SemBuf]) {
        for operation in operations.iter().filter(|o| o.sem_flg as u16 as u32 & SEM_UNDO != 0) {
            let owed = self.owed.entry((pid, set)).or_insert_with(|| alloc::vec![0; count]);
            if let Some(slot) = owed.get_mut(usize::from(operation.sem_num)) {
                *slot -= i32::from(operation.sem_op);
            }
        }
    }
    /// SETVAL and SETALL forget what is owed to a semaphore (`None`: to the set).
    pub(crate) fn forget(&mut self, set: i32, semaphore: Option<usize>) {
        for ((_, other), owed) in &mut self.owed {
            if *other != set {
                continue;
            }
            match semaphore {
                Some(index) => {
                    if let Some(slot) = owed.get_mut(index) {
                        *slot = 0;
                    }
                }
                None => owed.fill(0),
            }
        }
    }
}

impl Ipc {
    /// A process is gone: what it owed is settled, as far as values allow.
    pub(crate) fn settle_undo(&mut self, pid: Pid) {
        if self.undo.owed.is_empty() {
            return;
        }
        let due: Vec<i32> = self.undo.owed.keys().filter(|(other, _)| *other == pid).map(|&(_, set)| set).collect();
        for id in due {
            let owed = self.undo.owed.remove(&(pid, id)).unwrap_or_default();
            let Ok(set) = self.semaphores.find(id) else { continue };
            for (semaphore, by) in set.semaphores.iter_mut().zip(owed) {
                if by != 0 {
                    semaphore.value = (semaphore.value + by).clamp(0, SEMVMX);
                    semaphore.last = pid;
                }
            }
            set.point.notify();
        }
    }

    /// /proc/sysvipc/sem.
    pub(crate) fn render_semaphores(&self) -> String {
        let mut text =
            String::from("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
        for (id, set) in self.semaphores.iter() {
            let perm = set.perm;
            let _ = writeln!(
                text,
                "{:10} {id:10}  {:4o} {:10} {:5} {:5} {:5} {:5} {:10} {:10}",
                perm.key as i32,
                perm.mode,
                set.semaphores.len(),
                perm.uid,
                perm.gid,
                perm.cuid,
                perm.cgid,
                set.operation_time,
                set.change_time
            );
        }
        text
    }
}
