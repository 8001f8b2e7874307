//! getrlimit(2), getrusage(2), getpriority(2).

use super::record::{c_check, c_consts, c_struct};
use super::time::Timeval;

c_consts! {
    /// Resources of getrlimit(2).
    RESOURCES: u32 {
        RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_CORE = 4, RLIMIT_RSS = 5,
        RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9, RLIMIT_LOCKS = 10,
        RLIMIT_SIGPENDING = 11, RLIMIT_MSGQUEUE = 12, RLIMIT_NICE = 13, RLIMIT_RTPRIO = 14, RLIMIT_RTTIME = 15,
    }
}
/// Number of resources.
pub const RLIM_NLIMITS: usize = 16;
/// No limit.
pub const RLIM_INFINITY: u64 = u64::MAX;
c_consts! {
    /// Whose usage, getrusage(2).
    WHO: i32 { RUSAGE_SELF = 0, RUSAGE_CHILDREN = -1, RUSAGE_THREAD = 1, }
}
c_consts! {
    /// `which` of getpriority(2).
    PRIORITIES: u32 { PRIO_PROCESS = 0, PRIO_PGRP = 1, PRIO_USER = 2, }
}
c_struct! {
    /// `struct rlimit64`.
    RLimit: 16, "struct rlimit64" { rlim_cur: u64, rlim_max: u64, }
}
c_struct! {
    /// `struct rusage`.
    RUsage: 144, "struct rusage" {
        ru_utime: Timeval, ru_stime: Timeval, ru_maxrss: i64, ru_ixrss: i64, ru_idrss: i64, ru_isrss: i64,
        ru_minflt: i64, ru_majflt: i64, ru_nswap: i64, ru_inblock: i64, ru_oublock: i64, ru_msgsnd: i64,
        ru_msgrcv: i64, ru_nsignals: i64, ru_nvcsw: i64, ru_nivcsw: i64,
    }
}

c_check! { "sys/resource.h", consts [RESOURCES, WHO, PRIORITIES], flags [], structs [RLimit, RUsage] }
