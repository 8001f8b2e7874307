//! System V IPC (sysvipc(7)): tables of objects with keys, owners and permissions; `shm`, `sem` and `msg` say what is in
//! them. POSIX message queues are in `mqueue`. Objects live until somebody removes them. Handlers are in `sys::sysv` and
//! `sys::mqueue`.

pub(crate) mod mqueue;
pub(crate) mod msg;
pub(crate) mod sem;
pub(crate) mod shm;

use crate::task::{Creds, cap};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use brainworm_abi::linux::ipc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE, IpcPerm};
use brainworm_abi::{Bell, Errno, Nanos, WaitPoint};

/// Most objects of a kind (`kernel.shmmni`, `kernel.msgmni`, SEMMNI).
pub(crate) const MAX_OBJECTS: usize = 4096;

/// Permissions of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "struct ipc_perm, sysvipc(7)")]
pub(crate) struct Perm {
    pub(crate) key: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) cuid: u32,
    pub(crate) cgid: u32,
    pub(crate) mode: u32,
}

/// Read and write, as in each class of the mode.
pub(crate) const READ: u32 = 4;
pub(crate) const WRITE: u32 = 2;

impl Perm {
    pub(crate) fn new(key: u32, mode: u32, creds: &Creds) -> Perm {
        Perm { key, uid: creds.euid, gid: creds.egid, cuid: creds.euid, cgid: creds.egid, mode: mode & 0o777 }
    }
    /// EACCES unless the caller's class has all of `want`.
    pub(crate) fn check(&self, creds: &Creds, want: u32) -> Result<(), Errno> {
        const IPC_OWNER: u32 = 15;
        let shift = if creds.euid == self.uid || creds.euid == self.cuid {
            6
        } else if creds.in_group(self.gid) || creds.in_group(self.cgid) {
            3
        } else {
            0
        };
        let is_granted = (self.mode >> shift) & want == want || creds.can(IPC_OWNER);
        if is_granted { Ok(()) } else { Err(Errno::EACCES) }
    }
    /// EPERM unless the caller owns or made the object: for IPC_RMID and IPC_SET.
    pub(crate) fn check_owner(&self, creds: &Creds) -> Result<(), Errno> {
        let is_owner = creds.euid == self.uid || creds.euid == self.cuid || creds.can(cap::SYS_ADMIN);
        if is_owner { Ok(()) } else { Err(Errno::EPERM) }
    }
    /// IPC_SET.
    pub(crate) fn set(&mut self, new: &IpcPerm) {
        (self.uid, self.gid) = (new.uid, new.gid);
        self.mode = (self.mode & !0o777) | (new.mode & 0o777);
    }
    /// As the guest sees it; `id` carries the sequence number.
    pub(crate) fn to_c(self, id: i32) -> IpcPerm {
        IpcPerm {
            __key: self.key,
            uid: self.uid,
            gid: self.gid,
            cuid: self.cuid,
            cgid: self.cgid,
            mode: self.mode,
            __seq: (id / MAX_OBJECTS as i32) as u16,
            ..IpcPerm::default()
        }
    }
}

/// Objects of one kind by id.
pub(crate) struct Table<T> {
    objects: BTreeMap<i32, T>,
    next_id: i32,
}

/// What all kinds have.
pub(crate) trait Object {
    fn perm(&self) -> &Perm;
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { objects: BTreeMap::new(), next_id: 0 }
    }
}

impl<T: Object> Table<T> {
    /// shmget(2), semget(2), msgget(2): the object of a key, or a new one by `make`. `fits` refuses what is there but
    /// differs from what is asked.
    pub(crate) fn get(
        &mut self,
        key: u32,
        flags: u32,
        creds: &Creds,
        fits: impl FnOnce(&T) -> Result<(), Errno>,
        make: impl FnOnce(Perm) -> Result<T, Errno>,
    ) -> Result<i32, Errno> {
        if key != IPC_PRIVATE {
            let found = self.objects.iter().find(|(_, object)| object.perm().key == key);
            if let Some((&id, object)) = found {
                if flags & IPC_CREAT != 0 && flags & IPC_EXCL != 0 {
                    return Err(Errno::EEXIST);
                }
                let asked = flags & 0o777;
                object.perm().check(creds, (asked >> 6 | asked >> 3 | asked) & 7)?;
                fits(object)?;
                return Ok(id);
            }
            if flags & IPC_CREAT == 0 {
                return Err(Errno::ENOENT);
            }
        }
        if self.objects.len() >= MAX_OBJECTS {
            return Err(Errno::ENOSPC);
        }
        let object = make(Perm::new(key, flags, creds))?;
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(0);
        self.objects.insert(id, object);
        Ok(id)
    }
    /// The object with this id.
    pub(crate) fn find(&mut self, id: i32) -> Result<&mut T, Errno> {
        self.objects.get_mut(&id).ok_or(Errno::EINVAL)
    }
    /// Takes an object away.
    pub(crate) fn remove(&mut self, id: i32) -> Option<T> {
        self.objects.remove(&id)
    }
    /// The object at a position in the order of ids: SHM_STAT and its like.
    pub(crate) fn at(&self, index: usize) -> Result<i32, Errno> {
        self.objects.keys().nth(index).copied().ok_or(Errno::EINVAL)
    }
    /// All objects.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (i32, &T)> {
        self.objects.iter().map(|(&id, object)| (id, object))
    }
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }
}

/// All IPC objects of a machine.
pub(crate) struct Ipc {
    pub(crate) segments: Table<shm::Segment>,
    pub(crate) semaphores: Table<sem::Set>,
    pub(crate) queues: Table<msg::Queue>,
    pub(crate) named_queues: mqueue::Names,
    /// What SEM_UNDO owes.
    pub(crate) undo: sem::Undo,
    bell: Arc<Bell>,
}

impl Ipc {
    pub(crate) fn new(bell: &Arc<Bell>) -> Ipc {
        Ipc {
            segments: Table::default(),
            semaphores: Table::default(),
            queues: Table::default(),
            named_queues: mqueue::Names::new(),
            undo: sem::Undo::default(),
            bell: bell.clone(),
        }
    }
    /// A place to wait at.
    pub(crate) fn point(&self) -> Arc<WaitPoint> {
        Arc::new(WaitPoint::new(&self.bell))
    }
}

/// Whole seconds of a wall clock time.
pub(crate) fn seconds(nanos: Nanos) -> i64 {
    (nanos / 1_000_000_000) as i64
}
