//! Tasks (threads) and processes (thread groups), their shared parts and their life.
//!
//! A task is what the scheduler runs; a process is what the guest names by pid. Both live in slabs of `World`. What
//! clone(2) can share (descriptors, working directory, signal actions) is behind an `Arc`; the address space is a slot.

mod clone;
mod creds;
mod exec;
mod exit;
mod fd_table;
mod oom;
mod pidfd;

pub(crate) use clone::CloneRequest;
pub use creds::{ALL_CAPS, Creds, cap};
pub(crate) use exec::ExecRequest;
pub(crate) use exit::task_usage;
pub(crate) use fd_table::{Dead, Descriptions};
pub use fd_table::{Description, FdTable, Location, NR_OPEN, Slot, WeakDescription};
pub use pidfd::PidFd;

use crate::signal::SigNum;
use crate::signal::{Actions, ProcessSignals, TaskSignals};
use crate::sys::Shared;
use crate::timers::Timers;
use crate::wait::{OnSignal, Parked, Restart};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::resource::*;
use brainworm_abi::{GuestAddr, Nanos, Pid};
use brainworm_cpu::Cpu;

/// Working directory, root directory and umask: what CLONE_FS shares.
#[derive(Clone)]
pub struct FsContext {
    /// Where relative paths start.
    pub cwd: Location,
    /// Where absolute paths start, chroot(2).
    pub root: Location,
    /// umask(2).
    pub umask: u32,
}

/// What a task is doing.
pub(crate) enum State {
    /// In the run queue, or running.
    Ready,
    /// Waits in a system call.
    Parked(Parked),
    /// Stopped by a signal until SIGCONT (or SIGKILL).
    Stopped,
    /// Gone, or about to be; never runs again.
    Dead,
}

/// A system call under way: kept while it is parked, and made again from here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) nr: u64,
    pub(crate) args: [u64; 6],
}

impl Call {
    /// The call that `syscall` makes with these registers (System V ABI A.2.1).
    #[inline]
    pub(crate) fn of(cpu: &Cpu) -> Call {
        let gpr = &cpu.gpr;
        Call { nr: gpr[0], args: [gpr[7], gpr[6], gpr[2], gpr[10], gpr[8], gpr[9]] }
    }
}

/// One thread.
pub struct Task {
    /// Thread id.
    pub tid: Pid,
    /// Slot of its process.
    pub(crate) process: u32,
    /// Its registers; while it runs a stand-in (see `running`).
    pub(crate) cpu: Box<Cpu>,
    /// Slot of its address space; `None` once it is gone.
    pub(crate) space: Option<u32>,
    /// Descriptors.
    pub files: Shared<FdTable>,
    /// Directories and umask.
    pub fs: Shared<FsContext>,
    /// Signal actions.
    pub actions: Shared<Actions>,
    /// Identity; replaced, never changed.
    pub creds: Arc<Creds>,
    /// Mask, pending signals, alternate stack.
    pub signals: TaskSignals,
    pub(crate) state: State,
    /// A signal interrupted the call under way: what becomes of it is decided when the signal is taken.
    pub(crate) interrupted: Option<OnSignal>,
    /// The call under way.
    pub(crate) call: Option<Call>,
    /// What a call made again must remember.
    pub restart: Restart,
    /// prctl(PR_SET_NAME), at most 15 bytes.
    pub comm: Vec<u8>,
    /// Where to write 0 and wake a futex when the thread ends (set_tid_address(2)).
    pub(crate) clear_tid: GuestAddr,
    /// set_robust_list(2).
    pub(crate) robust_list: GuestAddr,
    /// Signal for the parent of PR_SET_PDEATHSIG.
    pub(crate) death_signal: Option<SigNum>,
    /// Parent that waits for us in vfork(2): its tid.
    pub(crate) vfork_parent: Option<Pid>,
    /// Nanoseconds on the CPU.
    pub(crate) cpu_time: Nanos,
    /// Of which in system calls.
    pub(crate) system_time: Nanos,
    /// Voluntary and involuntary switches.
    pub(crate) switches: (u64, u64),
    /// When it was made, monotonic.
    pub(crate) start: Nanos,
    /// setpriority(2).
    pub(crate) nice: i8,
    /// PR_SET_TIMERSLACK.
    pub(crate) timer_slack: Nanos,
    /// PR_SET_NO_NEW_PRIVS.
    pub(crate) no_new_privs: bool,
    /// PR_SET_KEEPCAPS.
    pub(crate) keeps_caps: bool,
    /// The last exception: what a signal frame tells of it.
    pub(crate) fault: FaultInfo,
    /// sched_yield(2): the turn ends when the call is over.
    pub(crate) yields: bool,
    /// In the run queue (it is filed once).
    pub(crate) is_queued: bool,
}

/// The last processor exception of a task (`trapno`, `err`, `cr2` of a signal frame).
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct FaultInfo {
    pub(crate) trap: u64,
    pub(crate) error_code: u64,
    pub(crate) address: u64,
}

/// CPU time of threads or children that are gone.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Usage {
    pub(crate) user: Nanos,
    pub(crate) system: Nanos,
    pub(crate) faults: u64,
    pub(crate) switches: (u64, u64),
    pub(crate) peak_resident_pages: u64,
}

/// Job control state of a process, with what wait4(2) has not told yet.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct JobState {
    /// Stopped by this signal.
    pub(crate) stopped: Option<SigNum>,
    /// A stop not yet reported to the parent.
    pub(crate) reports_stop: bool,
    /// A continuation not yet reported.
    pub(crate) reports_continue: bool,
}

/// A thread group.
pub struct Process {
    /// Process id: the first thread's.
    pub pid: Pid,
    /// Parent process, 0 for the first.
    pub parent: Pid,
    /// Process group and session.
    pub pgid: Pid,
    /// See `pgid`.
    pub sid: Pid,
    /// Slots of its threads, the leader first while it lives.
    pub(crate) tasks: Vec<u32>,
    /// Pids of its children, zombies included.
    pub(crate) children: Vec<Pid>,
    /// Signals for the process as a whole.
    pub signals: ProcessSignals,
    /// Resource limits.
    pub limits: [RLimit; RLIM_NLIMITS],
    /// Wait status once all threads are gone.
    pub(crate) exit_status: Option<u32>,
    /// Status of exit_group(2) or a fatal signal, while threads are still leaving.
    pub(crate) group_exit: Option<u32>,
    /// Signal the parent gets at exit (clone(2)'s low byte).
    pub(crate) exit_signal: Option<SigNum>,
    pub(crate) job: JobState,
    pub(crate) dead_threads: Usage,
    pub(crate) dead_children: Usage,
    /// PR_SET_CHILD_SUBREAPER.
    pub(crate) is_subreaper: bool,
    /// It has called execve(2) (setpgid(2): EACCES).
    pub(crate) has_execed: bool,
    /// PR_SET_DUMPABLE.
    pub(crate) dumpable: u32,
    /// personality(2).
    pub(crate) personality: u32,
    pub(crate) start: Nanos,
    /// Command line and so on survive in the zombie's /proc entry only as the name.
    pub(crate) comm: Vec<u8>,
    /// Credentials at exit, for /proc and SIGCHLD.
    pub(crate) uid: u32,
    /// Bytes and calls of /proc/PID/io.
    pub(crate) io_counts: [u64; 4],
    /// setitimer(2), timer_create(2), RLIMIT_CPU.
    pub(crate) timers: Timers,
    /// oom_score_adj.
    pub(crate) oom_score_adj: i32,
    /// The wait point pidfds poll: notified when the process ends.
    pub(crate) exit_point: Arc<brainworm_abi::WaitPoint>,
}

impl Process {
    /// True once all threads are gone.
    pub(crate) fn is_zombie(&self) -> bool {
        self.exit_status.is_some()
    }
}

/// The limits the first process starts with; docker's defaults where Linux has none.
pub(crate) fn default_limits() -> [RLimit; RLIM_NLIMITS] {
    let mut limits = [RLimit { rlim_cur: RLIM_INFINITY, rlim_max: RLIM_INFINITY }; RLIM_NLIMITS];
    let mut set = |resource: u32, cur, max| limits[resource as usize] = RLimit { rlim_cur: cur, rlim_max: max };
    set(RLIMIT_STACK, 8 << 20, RLIM_INFINITY);
    set(RLIMIT_CORE, 0, RLIM_INFINITY);
    set(RLIMIT_NPROC, 4096, 4096);
    set(RLIMIT_NOFILE, 1024, 1 << 20);
    set(RLIMIT_MEMLOCK, 8 << 20, 8 << 20);
    set(RLIMIT_SIGPENDING, 4096, 4096);
    set(RLIMIT_MSGQUEUE, 819_200, 819_200);
    set(RLIMIT_NICE, 0, 0);
    set(RLIMIT_RTPRIO, 0, 0);
    limits
}
