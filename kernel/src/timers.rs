//! Timers of a process: setitimer(2), timer_create(2), RLIMIT_CPU.
//!
//! Timers on real clocks are alarms of the scheduler's heap, each with a generation that tells a current deadline from a
//! stale one. Timers on CPU clocks are looked at when CPU time is charged.

use crate::Kernel;
use crate::sched::Alarm;
use crate::signal::SigNum;
use alloc::collections::BTreeMap;
use brainworm_abi::linux::resource::{RLIM_INFINITY, RLIMIT_CPU};
use brainworm_abi::linux::signal::{SI_KERNEL, SIGALRM, SIGKILL, SIGPROF, SIGVTALRM, SIGXCPU, SigInfo};
use brainworm_abi::{Nanos, Pid};

/// A deadline and how it repeats.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Timer {
    /// Monotonic time, or CPU time; `None` when disarmed.
    pub(crate) due: Option<Nanos>,
    /// 0: once.
    pub(crate) interval: Nanos,
    /// Counts settings: an alarm of an older one is stale.
    pub(crate) generation: u64,
}

/// What a POSIX timer measures and whom it tells.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PosixTimer {
    pub(crate) timer: Timer,
    /// CLOCK_* as given; CPU clocks count the process's or thread's time.
    pub(crate) clock: i32,
    /// `None` with SIGEV_NONE.
    pub(crate) signal: Option<SigNum>,
    /// SIGEV_THREAD_ID.
    pub(crate) thread: Option<Pid>,
    pub(crate) value: u64,
    /// Expirations that the signal taken last stood for, besides the first (timer_getoverrun(2)).
    pub(crate) overrun: u32,
}

/// All timers of a process.
#[derive(Clone, Default, Debug)]
pub(crate) struct Timers {
    /// ITIMER_REAL.
    pub(crate) real: Timer,
    /// ITIMER_VIRTUAL, ITIMER_PROF: on CPU time.
    pub(crate) virt: Timer,
    pub(crate) prof: Timer,
    pub(crate) posix: BTreeMap<u32, PosixTimer>,
    pub(crate) next_posix: u32,
    /// CPU time charged so far.
    pub(crate) cpu: Nanos,
    /// Seconds of RLIMIT_CPU already told by SIGXCPU.
    pub(crate) told_cpu_secs: u64,
}

impl Timer {
    /// Arms or disarms it.
    pub(crate) fn set(&mut self, due: Option<Nanos>, interval: Nanos) {
        *self = Timer { due, interval, generation: self.generation + 1 };
    }
    /// Moves past `now`; answers how often it expired (0: not due).
    fn expire(&mut self, now: Nanos) -> u64 {
        let Some(due) = self.due.filter(|&due| due <= now) else { return 0 };
        if self.interval == 0 {
            self.due = None;
            return 1;
        }
        let times = (now - due) / self.interval + 1;
        self.due = Some(due.saturating_add(times.saturating_mul(self.interval)));
        times
    }
    /// Time left at `now`: never 0 while armed (getitimer(2)).
    pub(crate) fn left(&self, now: Nanos) -> Nanos {
        self.due.map_or(0, |due| due.saturating_sub(now).max(1))
    }
}

impl Kernel {
    /// Sets ITIMER_REAL of a process.
    pub(crate) fn set_real_timer(&mut self, process: u32, due: Option<Nanos>, interval: Nanos) {
        let proc = &mut self.world.procs[process];
        proc.timers.real.set(due, interval);
        let (pid, generation) = (proc.pid, proc.timers.real.generation);
        if let Some(due) = due {
            self.set_alarm(due, Alarm::Real(pid, generation));
        }
    }
    pub(crate) fn is_real_timer(&self, pid: Pid, generation: u64) -> bool {
        self.world.process(pid).is_some_and(|p| p.timers.real.generation == generation && p.timers.real.due.is_some())
    }
    pub(crate) fn expire_real_timer(&mut self, pid: Pid, generation: u64, now: Nanos) {
        let Some(process) = self.world.process_of(pid) else { return };
        let timer = &mut self.world.procs[process].timers.real;
        if timer.generation != generation || timer.expire(now) == 0 {
            return;
        }
        if let Some(due) = timer.due {
            self.set_alarm(due, Alarm::Real(pid, generation));
        }
        self.signal_process(process, SigInfo::sent(SIGALRM, SI_KERNEL, 0, 0));
    }

    /// Arms a POSIX timer on a real clock.
    pub(crate) fn arm_posix_timer(&mut self, process: u32, id: u32) {
        let proc = &self.world.procs[process];
        let pid = proc.pid;
        if let Some(timer) = proc.timers.posix.get(&id)
            && let Some(due) = timer.timer.due
        {
            self.set_alarm(due, Alarm::Posix(pid, id, timer.timer.generation));
        }
    }
    pub(crate) fn is_posix_timer(&self, pid: Pid, id: u32, generation: u64) -> bool {
        let timer = self.world.process(pid).and_then(|p| p.timers.posix.get(&id));
        timer.is_some_and(|t| t.timer.generation == generation && t.timer.due.is_some())
    }
    pub(crate) fn expire_posix_timer(&mut self, pid: Pid, id: u32, generation: u64, now: Nanos) {
        let Some(process) = self.world.process_of(pid) else { return };
        let Some(timer) = self.world.procs[process].timers.posix.get_mut(&id) else { return };
        if timer.timer.generation != generation {
            return;
        }
        let times = timer.timer.expire(now);
        let timer = *timer;
        if times == 0 {
            return;
        }
        if let Some(due) = timer.timer.due {
            self.set_alarm(due, Alarm::Posix(pid, id, generation));
        }
        self.tell_posix_timer(process, id, times);
    }
    fn tell_posix_timer(&mut self, process: u32, id: u32, times: u64) {
        let Some(timer) = self.world.procs[process].timers.posix.get(&id) else { return };
        let Some(signal) = timer.signal else { return };
        let overrun = u32::try_from(times - 1).unwrap_or(i32::MAX as u32).min(i32::MAX as u32);
        let (thread, info) = (timer.thread, SigInfo::timer(signal.number(), id, overrun, timer.value));
        match thread.map(|tid| self.world.task_of(tid)) {
            Some(Some(ix)) => {
                if !self.world.tasks[ix].signals.pending.merge_timer(id, times) {
                    self.signal_task(ix, info);
                }
            }
            Some(None) => {}
            None => {
                if !self.world.procs[process].signals.pending.merge_timer(id, times) {
                    self.signal_process(process, info);
                }
            }
        }
    }
    /// execve(2) deletes POSIX timers.
    pub(crate) fn delete_posix_timers(&mut self, process: u32) {
        self.world.procs[process].timers.posix.clear();
    }
    /// The process has ended.
    pub(crate) fn stop_timers(&mut self, process: u32) {
        self.world.procs[process].timers = Timers::default();
    }

    /// A process used CPU time: timers on it, and RLIMIT_CPU.
    pub(crate) fn charge_cpu_timers(&mut self, process: u32, spent: Nanos) {
        let Some(proc) = self.world.procs.get_mut(process) else { return };
        proc.timers.cpu += spent;
        let cpu = proc.timers.cpu;
        let limit = proc.limits[RLIMIT_CPU as usize];
        let timers = &mut proc.timers;
        let has_cpu_posix = timers.posix.values().any(|t| is_cpu_clock(t.clock) && t.timer.due.is_some());
        if timers.virt.due.is_none() && timers.prof.due.is_none() && limit.rlim_cur == RLIM_INFINITY && !has_cpu_posix {
            return;
        }
        let (virt, prof) = (timers.virt.expire(cpu), timers.prof.expire(cpu));
        let mut due = alloc::vec::Vec::new();
        for (&id, timer) in &mut timers.posix {
            if is_cpu_clock(timer.clock) {
                let times = timer.timer.expire(cpu);
                if times > 0 {
                    due.push((id, times));
                }
            }
        }
        let secs = cpu / 1_000_000_000;
        let is_over = secs >= limit.rlim_cur && secs > timers.told_cpu_secs;
        if is_over {
            timers.told_cpu_secs = secs;
        }
        for (times, signal) in [(virt, SIGVTALRM), (prof, SIGPROF)] {
            if times > 0 {
                self.signal_process(process, SigInfo::sent(signal, SI_KERNEL, 0, 0));
            }
        }
        for (id, times) in due {
            self.tell_posix_timer(process, id, times);
        }
        if is_over {
            let signal = if secs >= limit.rlim_max { SIGKILL } else { SIGXCPU };
            self.signal_process(process, SigInfo::sent(signal, SI_KERNEL, 0, 0));
        }
    }
}

/// CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID and the dynamic ones of clock_getcpuclockid(3).
pub(crate) fn is_cpu_clock(clock: i32) -> bool {
    clock == 2 || clock == 3 || clock < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_counts_what_it_missed_and_stays_on_its_beat() {
        let mut timer = Timer::default();
        timer.set(Some(100), 30);
        assert_eq!((timer.expire(99), timer.left(99)), (0, 1));
        assert_eq!((timer.expire(165), timer.due), (3, Some(190)));
        timer.set(Some(5), 0);
        assert_eq!((timer.expire(9), timer.due, timer.left(9)), (1, None, 0));
    }
}
