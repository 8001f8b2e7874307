//! The tables everything hangs from: tasks, processes, address spaces, sessions.

use crate::ipc::Ipc;
use crate::mm::{FramePeek, Space};
use crate::proc::Facts;
use crate::slab::Slab;
use crate::task::{Process, Task};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use brainworm_abi::Pid;

/// Highest pid plus one (`kernel.pid_max`).
pub(crate) const PID_MAX: Pid = 32768;

/// What a number names.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct PidEntry {
    /// Slot of the thread with this tid.
    pub(crate) task: Option<u32>,
    /// Slot of the process with this pid, zombies included.
    pub(crate) process: Option<u32>,
}

/// All tasks and what they share.
pub(crate) struct World {
    pub(crate) tasks: Slab<Task>,
    pub(crate) procs: Slab<Process>,
    pub(crate) spaces: Slab<Space>,
    pub(crate) pids: BTreeMap<Pid, PidEntry>,
    /// Controlling terminals by session.
    pub(crate) ttys: BTreeMap<Pid, u32>,
    pub(crate) last_pid: Pid,
    /// The running task's process and thread id.
    pub(crate) current: (Pid, Pid),
    pub(crate) peek: FramePeek,
    /// Forks since boot (/proc/stat).
    pub(crate) forks: u64,
    pub(crate) hostname: Vec<u8>,
    pub(crate) domainname: Vec<u8>,
    /// What /proc shows besides.
    pub(crate) facts: Facts,
    /// System V IPC and POSIX message queues.
    pub(crate) ipc: Ipc,
}

impl World {
    /// A free pid after the last one given, skipping numbers that still name a group or session.
    pub(crate) fn new_pid(&mut self) -> Option<Pid> {
        for _ in 0..PID_MAX {
            self.last_pid = if self.last_pid + 1 >= PID_MAX { 300 } else { self.last_pid + 1 };
            let pid = self.last_pid;
            let is_group = || self.procs.iter().any(|(_, p)| p.pgid == pid || p.sid == pid);
            // Numbers are only reused after the first round, so the search through groups is rare.
            if !(self.pids.contains_key(&pid) || self.forks as Pid >= PID_MAX - 300 && is_group()) {
                return Some(pid);
            }
        }
        None
    }
    /// Slot of a thread.
    pub(crate) fn task_of(&self, tid: Pid) -> Option<u32> {
        self.pids.get(&tid)?.task
    }
    /// Slot of a process, zombies included.
    pub(crate) fn process_of(&self, pid: Pid) -> Option<u32> {
        self.pids.get(&pid)?.process
    }
    /// The process with this pid.
    pub(crate) fn process(&self, pid: Pid) -> Option<&Process> {
        self.procs.get(self.process_of(pid)?)
    }
    /// The process with this pid, for changing it.
    pub(crate) fn process_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        let ix = self.process_of(pid)?;
        self.procs.get_mut(ix)
    }
    /// Slots of the processes of a group, zombies included.
    pub(crate) fn group(&self, pgid: Pid) -> Vec<u32> {
        self.procs.iter().filter(|(_, p)| p.pgid == pgid).map(|(ix, _)| ix).collect()
    }
    /// A group is orphaned when no member has a parent in another group of the same session (credentials(7)).
    pub(crate) fn is_orphaned(&self, pgid: Pid) -> bool {
        !self.procs.iter().any(|(_, p)| {
            p.pgid == pgid
                && !p.is_zombie()
                && self.process(p.parent).is_some_and(|parent| parent.pgid != pgid && parent.sid == p.sid)
        })
    }
}
