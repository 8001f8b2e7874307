//! Sending signals: to a thread, a process, a group; what is dropped, what wakes, what continues (signal(7)).

use super::{SigNum, SigSet};
use crate::Kernel;
use crate::sched::Name;
use crate::task::State;
use brainworm_abi::Pid;
use brainworm_abi::linux::resource::RLIMIT_SIGPENDING;
use brainworm_abi::linux::signal::{
    CLD_CONTINUED, SI_TIMER, SI_USER, SIG_DFL, SIG_IGN, SigAction, SigActionFlags, SigInfo,
};

/// Signals whose default action stops the process.
pub(crate) const STOP_SIGNALS: SigSet =
    SigSet::EMPTY.with(SigNum::SIGSTOP).with(SigNum::SIGTSTP).with(SigNum::SIGTTIN).with(SigNum::SIGTTOU);

impl Kernel {
    /// Sends a thread a signal.
    pub(crate) fn signal_task(&mut self, ix: u32, info: SigInfo) {
        let Some(signal) = SigNum::from_u8(info.signal()) else { return };
        let process = self.world.tasks[ix].process;
        self.prepare(process, signal);
        let limit = self.world.procs[process].limits[RLIMIT_SIGPENDING as usize].rlim_cur.min(1 << 20) as usize;
        if self.drops(ix, signal) {
            return;
        }
        if self.spares_init(ix, signal, &info) {
            return;
        }
        let task = &mut self.world.tasks[ix];
        task.signals.pending.push(info, limit);
        self.notify_signal(ix);
        self.signal_point.notify();
    }
    /// Sends a process a signal: one of its threads that does not block it will take it.
    pub(crate) fn signal_process(&mut self, process: u32, info: SigInfo) {
        let Some(signal) = SigNum::from_u8(info.signal()) else { return };
        if self.world.procs[process].is_zombie() {
            return;
        }
        self.prepare(process, signal);
        let proc = &self.world.procs[process];
        let limit = proc.limits[RLIMIT_SIGPENDING as usize].rlim_cur.min(1 << 20) as usize;
        let Some(&first) = proc.tasks.first() else { return };
        let wants = |&&ix: &&u32| {
            let signals = &self.world.tasks[ix].signals;
            !signals.mask.has(signal) || signals.awaited.has(signal)
        };
        let taker = proc.tasks.iter().find(wants).copied();
        if self.drops(taker.unwrap_or(first), signal) {
            return;
        }
        if self.spares_init(taker.unwrap_or(first), signal, &info) {
            return;
        }
        self.world.procs[process].signals.pending.push(info, limit);
        if let Some(taker) = taker {
            self.notify_signal(taker);
        }
        self.signal_point.notify();
    }
    /// Sends every process of a group a signal; false when there is none.
    pub(crate) fn signal_group(&mut self, pgid: Pid, info: SigInfo) -> bool {
        let group = self.world.group(pgid);
        group.iter().for_each(|&process| self.signal_process(process, info));
        !group.is_empty()
    }

    /// A signal that would do nothing is not even queued, unless somebody watches.
    fn drops(&self, ix: u32, signal: SigNum) -> bool {
        !self.is_traced() && self_ignores(&self.world.tasks[ix], signal)
    }
    /// The container's first process does not die of (or stop by) what others inside send it: only a handler makes such
    /// a signal do something (pid_namespaces(7)). Unlike Linux, what the terminal or the host sends takes effect, so
    /// that ^C and `docker stop` end a program that does not care.
    fn spares_init(&self, ix: u32, signal: SigNum, info: &SigInfo) -> bool {
        let task = &self.world.tasks[ix];
        // Only the host sends SI_USER in the name of nobody: rt_sigqueueinfo(2) refuses that code.
        let is_from_inside = info.si_code < SI_USER || info.si_code == SI_USER && info.pid() != 0;
        self.world.procs[task.process].pid == 1
            && is_from_inside
            && task.actions.lock().get(signal).sa_handler == SIG_DFL
            && !task.signals.mask.has(signal)
    }
    /// What happens at once, whatever the receiver does: SIGCONT continues and forgets stops, a stop forgets SIGCONT.
    fn prepare(&mut self, process: u32, signal: SigNum) {
        if signal == SigNum::SIGCONT {
            self.discard_pending(process, STOP_SIGNALS);
            self.continue_process(process);
        } else if STOP_SIGNALS.has(signal) {
            self.discard_pending(process, SigSet::EMPTY.with(SigNum::SIGCONT));
        } else if signal == SigNum::SIGKILL {
            self.release_stopped(process);
        }
    }
    /// Forgets pending signals of a process and all its threads.
    pub(crate) fn discard_pending(&mut self, process: u32, set: SigSet) {
        self.world.procs[process].signals.pending.discard(set);
        for ix in self.world.procs[process].tasks.clone() {
            self.world.tasks[ix].signals.pending.discard(set);
        }
    }
    /// The process runs again if it was stopped, and its parent hears of it.
    fn continue_process(&mut self, process: u32) {
        let job = &mut self.world.procs[process].job;
        if job.stopped.take().is_none() {
            return;
        }
        job.reports_stop = false;
        job.reports_continue = true;
        self.release_stopped(process);
        self.notify_parent(process, CLD_CONTINUED, i32::from(SigNum::SIGCONT.number()));
    }
    /// Stopped threads go back to the run queue.
    fn release_stopped(&mut self, process: u32) {
        self.world.procs[process].job.stopped = None;
        for ix in self.world.procs[process].tasks.clone() {
            if matches!(self.world.tasks[ix].state, State::Stopped) {
                self.world.tasks[ix].state = State::Ready;
                self.enqueue(ix);
            }
        }
    }
    /// A signal for this task is pending: it leaves an interruptible wait.
    fn notify_signal(&mut self, ix: u32) {
        let is_fatal = self.is_killed(ix);
        let task = &self.world.tasks[ix];
        let State::Parked(parked) = &task.state else { return };
        if is_fatal || (!parked.wait.is_killable_only && self.wants_signal(ix)) {
            self.wake(ix);
        }
    }
    /// True when a pending signal would be taken now: unblocked, or waited for by sigtimedwait(2).
    pub(crate) fn wants_signal(&self, ix: u32) -> bool {
        let task = &self.world.tasks[ix];
        let pending = task.signals.pending.set().union(self.world.procs[task.process].signals.pending.set());
        !pending.minus(SigSet(task.signals.mask.0 & !task.signals.awaited.0)).is_empty()
    }
    /// True when a signal is pending that the task does not block.
    #[inline(always)]
    pub(crate) fn has_signal(&self, ix: u32) -> bool {
        let task = &self.world.tasks[ix];
        let pending = task.signals.pending.set().union(self.world.procs[task.process].signals.pending.set());
        !pending.minus(task.signals.mask).is_empty()
    }
    /// Takes the next pending signal that `mask` does not block: the task's own before those of its process.
    pub(crate) fn dequeue_signal(&mut self, ix: u32, mask: SigSet) -> Option<SigInfo> {
        let task = &mut self.world.tasks[ix];
        let process = &mut self.world.procs[task.process];
        let info = task.signals.pending.take(mask).or_else(|| process.signals.pending.take(mask))?;
        if info.si_code == SI_TIMER
            && let Some(timer) = process.timers.posix.get_mut(&info.pid())
        {
            timer.overrun = info.uid();
        }
        Some(info)
    }
    /// SIGKILL is pending.
    pub(crate) fn is_killed(&self, ix: u32) -> bool {
        let task = &self.world.tasks[ix];
        task.signals.pending.set().has(SigNum::SIGKILL)
            || self.world.procs[task.process].signals.pending.set().has(SigNum::SIGKILL)
    }
    /// A fault or another signal that cannot wait: delivered even if blocked or ignored, then by its default action.
    pub(crate) fn force_signal(&mut self, ix: u32, info: SigInfo) {
        let Some(signal) = SigNum::from_u8(info.signal()) else { return };
        let task = &mut self.world.tasks[ix];
        let action = task.actions.lock().get(signal);
        if task.signals.mask.has(signal) || action.sa_handler == SIG_IGN {
            task.actions.lock().set(signal, SigAction { sa_handler: SIG_DFL, ..SigAction::default() });
            task.signals.mask = task.signals.mask.without(signal);
        }
        task.signals.pending.push(info, usize::MAX);
    }
    /// SIGCHLD to the parent with what happened to a child; wakes its wait4(2).
    pub(crate) fn notify_parent(&mut self, process: u32, code: i32, status: i32) {
        let child = &self.world.procs[process];
        let Some(parent) = self.world.process_of(child.parent) else { return };
        let usage = self.process_usage(process);
        let child = &self.world.procs[process];
        let (pid, uid) = (child.pid, child.uid);
        const TICK: u64 = 10_000_000;
        let info = SigInfo::child(code, pid, uid, status, usage.user / TICK, usage.system / TICK);
        let wants = match self.world.procs[parent].tasks.first() {
            Some(&task) => {
                let action = self.world.tasks[task].actions.lock().get(SigNum::SIGCHLD);
                let no_stops = SigActionFlags::from_bits_retain(action.sa_flags).contains(SigActionFlags::SA_NOCLDSTOP);
                !(no_stops && code >= brainworm_abi::linux::signal::CLD_TRAPPED)
            }
            None => false,
        };
        let parent_pid = self.world.procs[parent].pid;
        if wants {
            self.signal_process(parent, info);
        }
        self.wake_all(Name::Child(parent_pid));
    }
}

/// A signal that would do nothing is not even queued, unless it is blocked (it may get a handler before it is taken).
fn self_ignores(task: &crate::task::Task, signal: SigNum) -> bool {
    !task.signals.mask.has(signal) && !task.signals.awaited.has(signal) && task.actions.lock().ignores(signal)
}
