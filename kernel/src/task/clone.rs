//! clone(2), clone3(2), fork(2), vfork(2): new threads and processes.

use super::{Call, FaultInfo, Process, State, Task, Usage};
use crate::Kernel;
use crate::signal::{ProcessSignals, SigNum, SigSet, TaskSignals};
use crate::wait::Restart;
use crate::world::{PID_MAX, PidEntry};
use alloc::sync::Arc;
use brainworm_abi::linux::resource::RLIMIT_NPROC;
use brainworm_abi::linux::sched::CloneFlags;
use brainworm_abi::{Errno, GuestAddr, OpenFlags, Pid, WaitPoint};
use spin::Mutex;

/// What clone(2) and clone3(2) ask for.
pub(crate) struct CloneRequest {
    pub(crate) flags: CloneFlags,
    pub(crate) exit_signal: Option<SigNum>,
    /// New stack pointer; 0 keeps the caller's.
    pub(crate) stack: u64,
    pub(crate) parent_tid: GuestAddr,
    pub(crate) child_tid: GuestAddr,
    pub(crate) pidfd: GuestAddr,
    pub(crate) tls: u64,
}

/// Threads and processes there can be at once, whatever the limits say.
const MAX_TASKS: usize = 8192;

impl Kernel {
    /// Makes a task that answers 0 to the call under way; answers its tid.
    pub(crate) fn clone_task(&mut self, ix: u32, want: &CloneRequest) -> Result<Pid, Errno> {
        use CloneFlags as F;
        let flags = want.flags;
        check_flags(flags)?;
        self.check_task_limit(ix)?;
        let tid = self.world.new_pid().ok_or(Errno::EAGAIN)?;
        debug_assert!(tid < PID_MAX);
        let pidfd = if flags.contains(F::CLONE_PIDFD) { Some(self.free_fd(ix)?) } else { None };
        if let Some(fd) = pidfd {
            self.user_mem(ix).copy_out(want.pidfd, &fd.to_le_bytes())?;
        }
        let is_thread = flags.contains(F::CLONE_THREAD);
        let space = self.clone_space(ix, flags)?;
        let files_id = self.new_id();
        let now = self.mono;
        let parent = &self.world.tasks[ix];
        let shares = |flag: CloneFlags| flags.contains(flag);
        let files = if shares(F::CLONE_FILES) {
            parent.files.clone()
        } else {
            let copy = parent.files.lock().fork(files_id);
            Arc::new(Mutex::new(copy))
        };
        let fs = if shares(F::CLONE_FS) { parent.fs.clone() } else { Arc::new(Mutex::new(parent.fs.lock().clone())) };
        let actions = if shares(F::CLONE_SIGHAND) {
            parent.actions.clone()
        } else {
            let mut copy = parent.actions.lock().clone();
            if shares(F::CLONE_CLEAR_SIGHAND) {
                copy.clear_handlers();
            }
            Arc::new(Mutex::new(copy))
        };
        let mut cpu = parent.cpu.clone();
        cpu.gpr[0] = 0;
        if want.stack != 0 {
            cpu.gpr[4] = want.stack;
        }
        if shares(F::CLONE_SETTLS) {
            cpu.gpr[usize::from(brainworm_cpu::Gpr::FS_BASE.0)] = want.tls;
        }
        // A vfork child runs on its parent's stack, so its alternate stack stays; a thread has none.
        let keeps_altstack = !shares(F::CLONE_VM) || shares(F::CLONE_VFORK);
        let signals = TaskSignals {
            mask: parent.signals.saved_mask.unwrap_or(parent.signals.mask),
            altstack: parent.signals.altstack.filter(|_| keeps_altstack),
            altstack_autodisarm: parent.signals.altstack_autodisarm && keeps_altstack,
            awaited: SigSet::EMPTY,
            ..TaskSignals::default()
        };
        let task = Task {
            tid,
            process: parent.process,
            cpu,
            space: Some(space),
            files,
            fs,
            actions,
            creds: parent.creds.clone(),
            signals,
            state: State::Ready,
            interrupted: None,
            call: None::<Call>,
            restart: Restart::default(),
            comm: parent.comm.clone(),
            clear_tid: if shares(F::CLONE_CHILD_CLEARTID) { want.child_tid } else { GuestAddr::NULL },
            robust_list: GuestAddr::NULL,
            death_signal: None,
            vfork_parent: shares(F::CLONE_VFORK).then_some(parent.tid),
            cpu_time: 0,
            system_time: 0,
            switches: (0, 0),
            start: now,
            nice: parent.nice,
            timer_slack: parent.timer_slack,
            no_new_privs: parent.no_new_privs,
            keeps_caps: parent.keeps_caps,
            fault: FaultInfo::default(),
            yields: false,
            is_queued: false,
        };
        let child = self.world.tasks.insert(task);
        self.world.forks += 1;
        let mut entry = PidEntry { task: Some(child), process: None };
        if is_thread {
            let process = self.world.tasks[ix].process;
            self.world.procs[process].tasks.push(child);
        } else {
            let process = self.new_process(ix, child, tid, want);
            entry.process = Some(process);
        }
        self.world.pids.insert(tid, entry);
        if let Some(fd) = pidfd {
            self.install_pidfd(ix, fd, tid);
        }
        if flags.contains(F::CLONE_PARENT_SETTID) {
            let _ = self.user_mem(ix).copy_out(want.parent_tid, &tid.to_le_bytes());
        }
        if flags.contains(F::CLONE_CHILD_SETTID) {
            let _ = self.user_mem(child).copy_out(want.child_tid, &tid.to_le_bytes());
        }
        self.enqueue(child);
        Ok(tid)
    }

    fn check_task_limit(&self, ix: u32) -> Result<(), Errno> {
        let task = &self.world.tasks[ix];
        let limit = self.world.procs[task.process].limits[RLIMIT_NPROC as usize].rlim_cur;
        if self.world.tasks.len() >= MAX_TASKS {
            return Err(Errno::EAGAIN);
        }
        // Counting is linear: only done when the limit can be near. Unlike Linux it holds for root too, at its default,
        // or a fork bomb would end the machine.
        if self.world.tasks.len() as u64 >= limit {
            let uid = task.creds.uid;
            let mine = self.world.tasks.iter().filter(|(_, t)| t.creds.uid == uid).count() as u64;
            if mine >= limit {
                return Err(Errno::EAGAIN);
            }
        }
        Ok(())
    }

    fn clone_space(&mut self, ix: u32, flags: CloneFlags) -> Result<u32, Errno> {
        let space = self.world.tasks[ix].space.ok_or(Errno::ESRCH)?;
        if flags.contains(CloneFlags::CLONE_VM) {
            self.world.spaces[space].users += 1;
            return Ok(space);
        }
        if self.is_tight() {
            return Err(Errno::ENOMEM);
        }
        let id = self.new_id();
        let copy = self.world.spaces[space].fork(&mut self.frames, id);
        Ok(self.world.spaces.insert(copy))
    }

    fn new_process(&mut self, ix: u32, child: u32, pid: Pid, want: &CloneRequest) -> u32 {
        let caller = self.world.tasks[ix].process;
        let from = &self.world.procs[caller];
        let parent = if want.flags.contains(CloneFlags::CLONE_PARENT) { from.parent } else { from.pid };
        let process = Process {
            pid,
            parent,
            pgid: from.pgid,
            sid: from.sid,
            tasks: alloc::vec![child],
            children: alloc::vec::Vec::new(),
            signals: ProcessSignals::default(),
            limits: from.limits,
            exit_status: None,
            group_exit: None,
            exit_signal: want.exit_signal,
            job: super::JobState::default(),
            dead_threads: Usage::default(),
            dead_children: Usage::default(),
            is_subreaper: false,
            has_execed: false,
            dumpable: from.dumpable,
            personality: from.personality,
            start: self.mono,
            comm: from.comm.clone(),
            uid: from.uid,
            io_counts: [0; 4],
            oom_score_adj: from.oom_score_adj,
            timers: crate::timers::Timers::default(),
            exit_point: Arc::new(WaitPoint::new(&self.bell)),
        };
        let slot = self.world.procs.insert(process);
        self.world.tasks[child].process = slot;
        if let Some(parent) = self.world.process_mut(parent) {
            parent.children.push(pid);
        }
        slot
    }

    fn free_fd(&self, ix: u32) -> Result<i32, Errno> {
        let task = &self.world.tasks[ix];
        let limit = self.world.procs[task.process].limits[brainworm_abi::linux::resource::RLIMIT_NOFILE as usize];
        let [fd] = task.files.lock().lowest_free::<1>(0, limit.rlim_cur)?;
        Ok(fd)
    }
    /// Puts a pidfd for a process under a descriptor.
    pub(crate) fn install_pidfd(&mut self, ix: u32, fd: i32, pid: Pid) {
        let Some(process) = self.world.process(pid) else { return };
        let file = super::PidFd::new(pid, process.exit_point.clone());
        let path = self.vfs.anonymous(&file, brainworm_abi::FileKind::Regular, b"anon_inode:[pidfd]");
        let desc = self.descriptions.make(file, OpenFlags::O_RDWR, Some(path));
        self.world.tasks[ix].files.lock().set(fd, super::Slot { desc, cloexec: true });
    }
}

/// Combinations clone(2) refuses.
fn check_flags(flags: CloneFlags) -> Result<(), Errno> {
    use CloneFlags as F;
    let needs = |a: F, b: F| flags.contains(a) && !flags.contains(b);
    let namespaces = F::CLONE_NEWNS
        | F::CLONE_NEWCGROUP
        | F::CLONE_NEWUTS
        | F::CLONE_NEWIPC
        | F::CLONE_NEWUSER
        | F::CLONE_NEWPID
        | F::CLONE_NEWNET
        | F::CLONE_NEWTIME;
    if flags.intersects(namespaces) {
        // Unlike Linux: there are no further namespaces, as where they are configured out.
        return Err(Errno::EINVAL);
    }
    if needs(F::CLONE_THREAD, F::CLONE_SIGHAND)
        || needs(F::CLONE_SIGHAND, F::CLONE_VM)
        || flags.contains(F::CLONE_SIGHAND | F::CLONE_CLEAR_SIGHAND)
        || flags.contains(F::CLONE_PIDFD | F::CLONE_THREAD)
        || flags.contains(F::CLONE_INTO_CGROUP)
    {
        return Err(Errno::EINVAL);
    }
    Ok(())
}
