//! prctl(2), arch_prctl(2), and other numbers of process control.

use super::record::{c_check, c_consts, c_flags};

c_consts! {
    /// Operations of prctl(2).
    OPERATIONS: u32 {
        PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_GET_KEEPCAPS = 7,
        PR_SET_KEEPCAPS = 8, PR_GET_TIMING = 13, PR_SET_TIMING = 14, PR_SET_NAME = 15, PR_GET_NAME = 16,
        PR_GET_SECCOMP = 21, PR_SET_SECCOMP = 22, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24, PR_GET_TSC = 25,
        PR_SET_TSC = 26, PR_GET_SECUREBITS = 27, PR_SET_SECUREBITS = 28, PR_SET_TIMERSLACK = 29,
        PR_GET_TIMERSLACK = 30, PR_SET_MM = 35, PR_SET_CHILD_SUBREAPER = 36, PR_GET_CHILD_SUBREAPER = 37,
        PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39, PR_GET_TID_ADDRESS = 40, PR_SET_THP_DISABLE = 41,
        PR_GET_THP_DISABLE = 42, PR_CAP_AMBIENT = 47, PR_GET_SPECULATION_CTRL = 52, PR_SET_SPECULATION_CTRL = 53,
        PR_SET_PTRACER = 0x5961_6d61, PR_SET_VMA = 0x5356_4d41, PR_SCHED_CORE = 62,
    }
}
c_consts! {
    /// Operations of arch_prctl(2).
    ARCH: u32 {
        ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004,
        ARCH_GET_CPUID = 0x1011, ARCH_SET_CPUID = 0x1012,
    }
}
c_flags! {
    /// Flags of getrandom(2).
    RandomFlags: u32 { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4, }
}

c_check! { "sys/prctl.h asm/prctl.h sys/random.h", consts [OPERATIONS, ARCH], flags [RandomFlags], structs [] }
