//! Queues of pending signals, and the table of actions.

use super::{SigNum, SigSet};
use alloc::collections::VecDeque;
use brainworm_abi::GuestAddr;
use brainworm_abi::linux::signal::{SI_TIMER, SI_USER, SIG_DFL, SIG_IGN, SigAction, SigInfo};

/// Signals that wait for delivery: standard ones once, real-time ones queued in order (signal(7)).
#[derive(Clone, Default)]
pub struct Pending {
    set: SigSet,
    queue: VecDeque<SigInfo>,
}

impl Pending {
    /// Which signals are pending.
    pub fn set(&self) -> SigSet {
        self.set
    }
    /// Entries in the queue (RLIMIT_SIGPENDING counts them).
    pub fn len(&self) -> usize {
        self.queue.len()
    }
    /// Adds a signal; a standard one that is pending already is dropped. Past `limit` entries only the fact is kept.
    pub fn push(&mut self, info: SigInfo, limit: usize) {
        let Some(signo) = SigNum::from_u8(info.signal()) else { return };
        if !signo.is_realtime() && self.set.has(signo) {
            return;
        }
        self.set = self.set.with(signo);
        if self.queue.len() < limit {
            self.queue.push_back(info);
        }
    }
    /// A timer whose signal still waits expired again: that one counts it (timer_getoverrun(2)). False when none waits.
    pub fn merge_timer(&mut self, id: u32, times: u64) -> bool {
        let Some(info) = self.queue.iter_mut().find(|info| info.si_code == SI_TIMER && info.pid() == id) else {
            return false;
        };
        let overrun = (u64::from(info.uid()) + times).min(i32::MAX as u64) as u32;
        *info = SigInfo::timer(info.signal(), id, overrun, info.value());
        true
    }
    /// Takes the next signal that `mask` does not block: faults and other synchronous ones first, then lowest number.
    pub fn take(&mut self, mask: SigSet) -> Option<SigInfo> {
        const SYNCHRONOUS: SigSet = SigSet::EMPTY
            .with(SigNum::SIGSEGV)
            .with(SigNum::SIGBUS)
            .with(SigNum::SIGILL)
            .with(SigNum::SIGTRAP)
            .with(SigNum::SIGFPE)
            .with(SigNum::SIGSYS);
        let ready = self.set.minus(mask);
        let signo = ready.intersection(SYNCHRONOUS).first().or(ready.first())?;
        let info = match self.queue.iter().position(|i| i.signal() == signo.number()) {
            Some(at) => self.queue.remove(at),
            None => None,
        };
        if !self.queue.iter().any(|i| i.signal() == signo.number()) {
            self.set = self.set.without(signo);
        }
        Some(info.unwrap_or(SigInfo::sent(signo.number(), SI_USER, 0, 0)))
    }
    /// Forgets the signals of a set.
    pub fn discard(&mut self, set: SigSet) {
        self.set = self.set.minus(set);
        self.queue.retain(|info| !SigNum::from_u8(info.signal()).is_some_and(|s| set.has(s)));
    }
}

/// What to do with each signal; shared by CLONE_SIGHAND.
#[derive(Clone)]
pub struct Actions([SigAction; 64]);

impl Default for Actions {
    fn default() -> Actions {
        Actions([SigAction::default(); 64])
    }
}

impl Actions {
    /// The action of a signal.
    pub fn get(&self, signal: SigNum) -> SigAction {
        self.0[signal.index()]
    }
    /// Replaces it.
    pub fn set(&mut self, signal: SigNum, action: SigAction) {
        self.0[signal.index()] = action;
    }
    /// True when the signal would do nothing: SIG_IGN, or SIG_DFL where the default is to ignore.
    pub fn ignores(&self, signal: SigNum) -> bool {
        match self.get(signal).sa_handler {
            SIG_IGN => true,
            SIG_DFL => matches!(signal, SigNum::SIGCHLD | SigNum::SIGURG | SigNum::SIGWINCH | SigNum::SIGCONT),
            _ => false,
        }
    }
    /// The signals set to this kind of handling, for /proc/PID/status.
    fn with_handler(&self, is_wanted: impl Fn(u64) -> bool) -> SigSet {
        let all = (1..=64).filter_map(SigNum::new).filter(|&signal| is_wanted(self.get(signal).sa_handler));
        all.fold(SigSet::EMPTY, SigSet::with)
    }
    /// Signals with SIG_IGN.
    pub fn ignored(&self) -> SigSet {
        self.with_handler(|handler| handler == SIG_IGN)
    }
    /// Signals with a handler.
    pub fn caught(&self) -> SigSet {
        self.with_handler(|handler| handler != SIG_IGN && handler != SIG_DFL)
    }
    /// CLONE_CLEAR_SIGHAND: the same as execve(2).
    pub fn clear_handlers(&mut self) {
        self.reset_for_exec();
    }
    /// execve(2): handlers go back to the default, ignored signals stay ignored.
    pub fn reset_for_exec(&mut self) {
        for action in &mut self.0 {
            let handler = if action.sa_handler == SIG_IGN { SIG_IGN } else { SIG_DFL };
            *action = SigAction { sa_handler: handler, ..SigAction::default() };
        }
    }
}

/// Signal state of a thread.
#[derive(Clone, Default)]
pub struct TaskSignals {
    /// Blocked signals.
    pub mask: SigSet,
    /// The mask to go back to after a handler: sigsuspend, ppoll, pselect, epoll_pwait.
    pub saved_mask: Option<SigSet>,
    /// Signals for this thread.
    pub pending: Pending,
    /// Alternate stack: start, size; `None` when disabled. SS_AUTODISARM with it.
    pub altstack: Option<(GuestAddr, u64)>,
    /// SS_AUTODISARM.
    pub altstack_autodisarm: bool,
    /// Signals sigtimedwait(2) waits for: they wake although blocked.
    pub awaited: SigSet,
}

/// Signal state of a process.
#[derive(Clone, Default)]
pub struct ProcessSignals {
    /// Signals for any of its threads.
    pub pending: Pending,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(n: u64, value: u64) -> SigInfo {
        SigInfo::queued(n as u8, brainworm_abi::linux::signal::SI_QUEUE, 1, 0, value)
    }

    #[test]
    fn standard_signals_merge_and_real_time_signals_queue_in_order() {
        let mut pending = Pending::default();
        _ = [sent(10, 1), sent(10, 2), sent(40, 3), sent(40, 4), sent(11, 5), sent(2, 6)].map(|s| pending.push(s, 100));
        let mut order = alloc::vec::Vec::new();
        while let Some(info) = pending.take(SigSet::EMPTY.with(SigNum::SIGINT)) {
            order.push(info);
        }
        assert_eq!(order, [sent(11, 5), sent(10, 1), sent(40, 3), sent(40, 4)], "SIGSEGV first, then by number");
        assert_eq!(pending.set(), SigSet::EMPTY.with(SigNum::SIGINT));
    }

    #[test]
    fn a_timer_has_one_signal_that_counts() {
        let mut pending = Pending::default();
        assert!(!pending.merge_timer(3, 1));
        _ = [3, 4].map(|id| pending.push(SigInfo::timer(40, id, 1, 9), 100));
        assert!(pending.merge_timer(3, 5) && pending.merge_timer(4, u64::from(u32::MAX)));
        assert_eq!(pending.take(SigSet::EMPTY), Some(SigInfo::timer(40, 3, 6, 9)));
        assert_eq!(pending.take(SigSet::EMPTY), Some(SigInfo::timer(40, 4, i32::MAX as u32, 9)));
    }

    #[test]
    fn past_the_limit_the_fact_is_kept() {
        let mut pending = Pending::default();
        pending.push(sent(40, 1), 1);
        pending.push(sent(41, 1), 1);
        assert_eq!(pending.take(SigSet::EMPTY), Some(sent(40, 1)));
        assert_eq!(pending.take(SigSet::EMPTY).map(|i| i.signal()), Some(41));
        assert_eq!(pending.take(SigSet::EMPTY), None);
    }
}
