//! What a task waits for while a system call of it cannot go on.
//!
//! A handler answers `Stop::Block(Wait)`; the kernel parks the task under every key of the wait and makes the same call
//! again when one of them is rung, the deadline passes or a signal arrives. Waking too often is harmless: the call
//! looks again and blocks again. What the call already did is kept in [`Restart`], never on a stack.

use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::{File, Nanos, Pid, WaitPoint};

/// One thing that can wake a parked task.
#[derive(Clone)]
pub enum WaitOn {
    /// A change of an open object's readiness (its `wait_point`; objects without one are never waited for).
    File(Arc<dyn File>),
    /// A wait point that belongs to no open file: locks, timers, inotify.
    Point(Arc<WaitPoint>),
    /// Any completion of a host operation (`Event::FileReady`, `ChunkReady`).
    Host,
    /// A child of this process changed state.
    Child(Pid),
    /// The vfork(2) child with this tid has execed or is gone.
    Vfork(Pid),
    /// A wake-up on a futex(2), under its key, by a waker whose bits meet these.
    Futex(FutexKey, u32),
    /// Nothing but a signal: pause(2), sigtimedwait(2).
    Signal,
}

/// Identity of a futex word (futex(2)): private ones by address space and address, shared ones by what is mapped.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum FutexKey {
    /// Address space (its unique id) and address.
    Private { space: u64, addr: u64 },
    /// File (`File::map_id`) and offset: shared anonymous memory and file mappings.
    Shared { file: (u64, u64), offset: u64 },
}

/// What an interrupting signal makes of the call (the in-kernel errnos of Linux's include/linux/errno.h).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnSignal {
    /// ERESTARTSYS: EINTR when a handler without SA_RESTART runs, else the call is made again.
    #[default]
    Restart,
    /// ERESTARTNOHAND: EINTR when any handler runs, else again (select, pause, sigsuspend ...).
    NoHandler,
    /// ERESTART_RESTARTBLOCK: EINTR when any handler runs, else again with the same absolute deadline (nanosleep, poll).
    Block,
    /// Always EINTR (epoll_wait, sigtimedwait, semop with a timeout ...).
    Eintr,
}

/// A reason to park.
#[derive(Clone, Default)]
pub struct Wait {
    /// What wakes the task.
    pub on: Vec<WaitOn>,
    /// Monotonic time after which the call is made again in any case.
    pub until: Option<Nanos>,
    /// What a signal does to the call.
    pub on_signal: OnSignal,
    /// Signals do not interrupt it at all, fatal ones excepted (vfork(2)).
    pub is_killable_only: bool,
}

impl Wait {
    /// Waits for one thing.
    pub fn on(what: WaitOn) -> Wait {
        Wait { on: alloc::vec![what], ..Wait::default() }
    }
    /// Waits for a change of an object's readiness.
    pub fn file(file: &Arc<dyn File>) -> Wait {
        Wait::on(WaitOn::File(file.clone()))
    }
    /// Waits for a host operation.
    pub fn host() -> Wait {
        Wait::on(WaitOn::Host)
    }
    /// Also wakes at a time (monotonic clock).
    pub fn until(mut self, deadline: Option<Nanos>) -> Wait {
        self.until = match (self.until, deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self
    }
    /// Chooses what a signal does.
    pub fn on_signal(mut self, what: OnSignal) -> Wait {
        self.on_signal = what;
        self
    }
}

/// What a call that is made again must remember; cleared when a new call begins.
#[derive(Clone, Default, Debug)]
pub struct Restart {
    /// Absolute deadline computed from a relative timeout by the first try.
    pub deadline: Option<Nanos>,
    /// Bytes (or units) already done: what the call answers when it is interrupted now.
    pub done: u64,
    /// True when this is not the call's first try.
    pub is_again: bool,
    /// The wake-up this task was chosen for (futex): the call succeeded while it was parked.
    pub is_granted: bool,
    /// A description kept open between tries: a FIFO's end that waits for the other.
    pub held: Option<Arc<crate::task::Description>>,
    /// A value handlers may keep between tries.
    pub scratch: u64,
}

impl Restart {
    /// A new call begins. Field by field: every call does this, and a copy of the whole is slower.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.deadline = None;
        self.done = 0;
        self.is_again = false;
        self.is_granted = false;
        self.held = None;
        self.scratch = 0;
    }
}

/// A parked task's side of the wait; owned by the scheduler.
pub(crate) struct Parked {
    pub(crate) wait: Wait,
    /// Tells this park from earlier ones of the same task in the timer heap.
    pub(crate) serial: u64,
}

impl WaitOn {
    /// The wait point behind it, if it is one.
    pub(crate) fn point(&self) -> Option<&WaitPoint> {
        match self {
            WaitOn::File(file) => file.wait_point(),
            WaitOn::Point(point) => Some(point),
            _ => None,
        }
    }
}
