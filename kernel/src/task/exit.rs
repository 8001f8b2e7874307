//! How threads and processes end: what they leave behind, who inherits their children, who is told.

use super::{State, Usage};
use crate::Kernel;
use crate::sched::Name;
use crate::signal::SigNum;
use crate::task::FdTable;
use alloc::sync::Arc;
use brainworm_abi::linux::signal::*;
use brainworm_abi::{ExitStatus, Pid};
use spin::Mutex;

impl Kernel {
    /// Ends one thread with a wait status; the last one ends the process.
    pub(crate) fn exit_task(&mut self, ix: u32, status: u32) {
        if matches!(self.world.tasks[ix].state, State::Dead) {
            return;
        }
        self.unpark(ix);
        self.trace_end(ix, status);
        self.world.tasks[ix].state = State::Dead;
        self.world.tasks[ix].call = None;
        self.leave_memory(ix);
        let task = &mut self.world.tasks[ix];
        let (tid, process) = (task.tid, task.process);
        task.files = Arc::new(Mutex::new(FdTable::new(0)));
        let usage = task_usage(task);
        self.dead.push(ix);
        if let Some(entry) = self.world.pids.get_mut(&tid) {
            entry.task = None;
            if entry.process.is_none() {
                self.world.pids.remove(&tid);
            }
        }
        let proc = &mut self.world.procs[process];
        proc.dead_threads.add(&usage);
        proc.tasks.retain(|&t| t != ix);
        if proc.tasks.is_empty() {
            let status = proc.group_exit.unwrap_or(status);
            self.end_process(ix, process, status);
        }
    }
    /// Ends all threads of a process with a wait status; the first reason given stands.
    pub(crate) fn exit_group(&mut self, ix: u32, status: u32) {
        let process = self.world.tasks[ix].process;
        self.world.procs[process].group_exit.get_or_insert(status);
        // The calling thread goes last, so that the process ends in its name.
        let others: alloc::vec::Vec<u32> =
            self.world.procs[process].tasks.iter().copied().filter(|&t| t != ix).collect();
        for other in others {
            self.exit_task(other, status);
        }
        self.exit_task(ix, status);
    }

    /// Leaves the address space: the thread library's words are cleared and their waiters woken, vfork's parent goes on.
    pub(crate) fn leave_memory(&mut self, ix: u32) {
        let Some(space) = self.world.tasks[ix].space else { return };
        self.walk_robust_list(ix);
        let clear_tid = core::mem::take(&mut self.world.tasks[ix].clear_tid);
        // Linux clears the word only while others share the memory.
        if !clear_tid.is_null() && self.world.spaces[space].users > 1 {
            let _ = self.user_mem(ix).copy_out(clear_tid, &[0; 4]);
            self.futex_wake_addr(ix, clear_tid, 1);
        }
        self.world.tasks[ix].space = None;
        self.drop_space(space);
        let tid = self.world.tasks[ix].tid;
        if self.world.tasks[ix].vfork_parent.take().is_some() {
            self.wake_all(Name::Vfork(tid));
        }
    }
    /// One user of an address space less; the last one frees it.
    pub(crate) fn drop_space(&mut self, space: u32) {
        self.world.spaces[space].users -= 1;
        if self.world.spaces[space].users == 0
            && let Some(mut space) = self.world.spaces.remove(space)
        {
            space.destroy(&mut self.frames);
        }
    }

    /// The last thread is gone: the process becomes a zombie, or vanishes when its parent does not care.
    fn end_process(&mut self, ix: u32, process: u32, status: u32) {
        let proc = &mut self.world.procs[process];
        let (pid, parent, sid) = (proc.pid, proc.parent, proc.sid);
        proc.exit_status = Some(status);
        proc.comm = self.world.tasks[ix].comm.clone();
        proc.uid = self.world.tasks[ix].creds.uid;
        proc.exit_point.notify();
        self.world.ipc.settle_undo(pid);
        self.stop_timers(process);
        if pid == 1 {
            self.exited = Some(exit_status(status));
            return;
        }
        let linked = self.linked_groups(process);
        self.give_away_children(process);
        if pid == sid {
            self.end_session(ix, sid);
        }
        self.wake_orphaned(&linked);
        let exit_signal = self.world.procs[process].exit_signal;
        let (code, value) = match status & 0x7f {
            0 => (CLD_EXITED, (status >> 8 & 0xff) as i32),
            signal => (CLD_KILLED, signal as i32),
        };
        let is_ignored = exit_signal == Some(SigNum::SIGCHLD) && self.ignores_children(parent);
        match exit_signal {
            Some(SigNum::SIGCHLD) => self.notify_parent(process, code, value),
            Some(other) => {
                if let Some(parent) = self.world.process_of(parent) {
                    self.signal_process(parent, SigInfo::sent(other.number(), SI_USER, pid, 0));
                }
                self.wake_all(Name::Child(parent));
            }
            None => self.wake_all(Name::Child(parent)),
        }
        if is_ignored || self.world.process_of(parent).is_none() {
            self.reap(process);
            self.wake_all(Name::Child(parent));
        }
    }
    /// SIGCHLD is ignored or SA_NOCLDWAIT set: children leave no zombies (wait(2), "Notes").
    fn ignores_children(&self, parent: Pid) -> bool {
        let Some(parent) = self.world.process(parent) else { return true };
        let Some(&task) = parent.tasks.first() else { return false };
        let action = self.world.tasks[task].actions.lock().get(SigNum::SIGCHLD);
        let flags = SigActionFlags::from_bits_retain(action.sa_flags);
        action.sa_handler == SIG_IGN || flags.contains(SigActionFlags::SA_NOCLDWAIT)
    }
    /// Removes a zombie; its CPU time goes to its parent's children.
    pub(crate) fn reap(&mut self, process: u32) {
        let Some(proc) = self.world.procs.remove(process) else { return };
        if let Some(parent) = self.world.process_mut(proc.parent) {
            parent.children.retain(|&pid| pid != proc.pid);
            parent.dead_children.add(&proc.dead_threads);
            parent.dead_children.add(&proc.dead_children);
        }
        if let Some(entry) = self.world.pids.get_mut(&proc.pid) {
            entry.process = None;
            if entry.task.is_none() {
                self.world.pids.remove(&proc.pid);
            }
        }
    }
    /// Children go to the nearest subreaper above, or to init (prctl(2), PR_SET_CHILD_SUBREAPER).
    fn give_away_children(&mut self, process: u32) {
        let children = core::mem::take(&mut self.world.procs[process].children);
        if children.is_empty() {
            return;
        }
        let mut heir = self.world.procs[process].parent;
        while let Some(candidate) = self.world.process(heir) {
            if heir == 1 || (candidate.is_subreaper && !candidate.is_zombie()) {
                break;
            }
            heir = candidate.parent;
        }
        let heir = if self.world.process(heir).is_some() { heir } else { 1 };
        for pid in children {
            let Some(child) = self.world.process_of(pid) else { continue };
            self.world.procs[child].parent = heir;
            self.world.procs[child].exit_signal = Some(SigNum::SIGCHLD);
            if let Some(heir) = self.world.process_mut(heir) {
                heir.children.push(pid);
            }
            for task in self.world.procs[child].tasks.clone() {
                if let Some(signal) = self.world.tasks[task].death_signal {
                    self.signal_task(task, SigInfo::sent(signal.number(), SI_USER, 0, 0));
                }
            }
            if let Some(status) = self.world.procs[child].exit_status {
                let (code, value) = match status & 0x7f {
                    0 => (CLD_EXITED, (status >> 8 & 0xff) as i32),
                    signal => (CLD_KILLED, signal as i32),
                };
                let vanishes = self.ignores_children(heir);
                self.notify_parent(child, code, value);
                if vanishes {
                    self.reap(child);
                }
            }
        }
    }
    /// A session leader ends: its terminal is free for another session, the foreground group gets SIGHUP.
    fn end_session(&mut self, ix: u32, sid: Pid) {
        if let Some(&tty) = self.world.ttys.get(&sid) {
            let vfs = self.vfs.clone();
            vfs.session_ended(&mut self.io(ix), tty, sid);
            self.world.ttys.remove(&sid);
        }
    }
    /// Groups that this process linked to the rest of the session: its own by its parent, its children's by itself.
    fn linked_groups(&self, process: u32) -> alloc::vec::Vec<Pid> {
        let proc = &self.world.procs[process];
        let (pgid, sid) = (proc.pgid, proc.sid);
        let is_elsewhere = |p: &super::Process| p.sid == sid && p.pgid != pgid;
        let mut groups = alloc::vec::Vec::new();
        if self.world.process(proc.parent).is_some_and(is_elsewhere) {
            groups.push(pgid);
        }
        let children = proc.children.iter().filter_map(|&pid| self.world.process(pid));
        groups.extend(children.filter(|child| is_elsewhere(child)).map(|child| child.pgid));
        groups.sort_unstable();
        groups.dedup();
        groups
    }
    /// Of those, the ones that are orphaned now and have stopped members get SIGHUP and SIGCONT (setpgid(2)).
    fn wake_orphaned(&mut self, groups: &[Pid]) {
        for &group in groups {
            let members = self.world.group(group);
            let is_stopped = members.iter().any(|&m| self.world.procs[m].job.stopped.is_some());
            if is_stopped && self.world.is_orphaned(group) {
                for signal in [SIGHUP, SIGCONT] {
                    for member in self.world.group(group) {
                        if !self.is_spared_init(member) {
                            self.signal_process(member, SigInfo::sent(signal, SI_KERNEL, 0, 0));
                        }
                    }
                }
            }
        }
    }
    /// The container's first process, unless it handles SIGHUP: nobody outside has hung up (pid_namespaces(7)).
    fn is_spared_init(&self, process: u32) -> bool {
        let proc = &self.world.procs[process];
        let handles = |&task: &u32| self.world.tasks[task].actions.lock().get(SigNum::SIGHUP).sa_handler > SIG_IGN;
        proc.pid == 1 && !proc.tasks.first().is_some_and(handles)
    }

    /// Frees the slots of dead threads.
    pub(crate) fn bury(&mut self) {
        while let Some(ix) = self.dead.pop() {
            self.settle(ix);
            self.world.tasks.remove(ix);
        }
    }
}

/// How the machine ended, by the wait status of its first process.
fn exit_status(status: u32) -> ExitStatus {
    match status & 0x7f {
        0 => ExitStatus::Code((status >> 8) as u8),
        signal => ExitStatus::Signal(signal as u8),
    }
}

/// CPU time of a thread so far.
pub(crate) fn task_usage(task: &super::Task) -> Usage {
    Usage {
        user: task.cpu_time.saturating_sub(task.system_time),
        system: task.system_time,
        switches: task.switches,
        ..Usage::default()
    }
}

impl Usage {
    /// Adds another's.
    pub(crate) fn add(&mut self, other: &Usage) {
        self.user += other.user;
        self.system += other.system;
        self.faults += other.faults;
        self.switches.0 += other.switches.0;
        self.switches.1 += other.switches.1;
        self.peak_resident_pages = self.peak_resident_pages.max(other.peak_resident_pages);
    }
}

impl Kernel {
    /// CPU time of a process: its threads, living and dead.
    pub(crate) fn process_usage(&self, process: u32) -> Usage {
        let proc = &self.world.procs[process];
        let mut usage = proc.dead_threads;
        for &ix in &proc.tasks {
            usage.add(&task_usage(&self.world.tasks[ix]));
        }
        if let Some(space) = proc.tasks.first().and_then(|&t| self.world.tasks[t].space) {
            let space = &self.world.spaces[space];
            usage.faults = space.faults;
            usage.peak_resident_pages = usage.peak_resident_pages.max(space.peak_resident_pages);
        }
        usage
    }
}
