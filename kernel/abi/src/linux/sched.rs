//! clone(2), clone3(2), sched_setscheduler(2) and relatives.

use super::record::{c_check, c_consts, c_flags, c_struct};

c_flags! {
    /// Flags of clone(2); the low byte of the argument is the exit signal.
    CloneFlags: u64 {
        CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_PIDFD = 0x1000,
        CLONE_PTRACE = 0x2000, CLONE_VFORK = 0x4000, CLONE_PARENT = 0x8000, CLONE_THREAD = 0x1_0000,
        CLONE_NEWNS = 0x2_0000, CLONE_SYSVSEM = 0x4_0000, CLONE_SETTLS = 0x8_0000, CLONE_PARENT_SETTID = 0x10_0000,
        CLONE_CHILD_CLEARTID = 0x20_0000, CLONE_DETACHED = 0x40_0000, CLONE_UNTRACED = 0x80_0000,
        CLONE_CHILD_SETTID = 0x100_0000, CLONE_NEWCGROUP = 0x200_0000, CLONE_NEWUTS = 0x400_0000,
        CLONE_NEWIPC = 0x800_0000, CLONE_NEWUSER = 0x1000_0000, CLONE_NEWPID = 0x2000_0000,
        CLONE_NEWNET = 0x4000_0000, CLONE_IO = 0x8000_0000, CLONE_CLEAR_SIGHAND = 0x1_0000_0000,
        CLONE_INTO_CGROUP = 0x2_0000_0000, CLONE_NEWTIME = 0x80,
    }
}
/// The exit signal in the flags of clone(2).
pub const CSIGNAL: u64 = 0xff;
/// Size of the first published `struct clone_args`.
pub const CLONE_ARGS_SIZE_VER0: u64 = 64;

c_struct! {
    /// `struct clone_args`, clone3(2); shorter ones are zero-extended.
    CloneArgs: 88, "struct clone_args" {
        flags: u64, pidfd: u64, child_tid: u64, parent_tid: u64, exit_signal: u64, stack: u64, stack_size: u64,
        tls: u64, set_tid: u64, set_tid_size: u64, cgroup: u64,
    }
}

c_consts! {
    /// Scheduling policy, sched(7).
    POLICIES: u32 {
        SCHED_NORMAL = 0, SCHED_FIFO = 1, SCHED_RR = 2, SCHED_BATCH = 3, SCHED_IDLE = 5, SCHED_DEADLINE = 6,
        SCHED_RESET_ON_FORK = 0x4000_0000,
    }
}
c_struct! {
    /// `struct sched_attr`, sched_setattr(2).
    SchedAttr: 56, "" {
        size: u32, sched_policy: u32, sched_flags: u64, sched_nice: i32, sched_priority: u32, sched_runtime: u64,
        sched_deadline: u64, sched_period: u64, sched_util_min: u32, sched_util_max: u32,
    }
}

c_check! { "linux/sched.h", consts [POLICIES], flags [CloneFlags], structs [CloneArgs] }
