//! futex(2) and the robust list.

use super::record::{c_check, c_consts, c_struct};

c_consts! {
    /// Operations of futex(2).
    OPERATIONS: u32 {
        FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_FD = 2, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE = 4, FUTEX_WAKE_OP = 5,
        FUTEX_LOCK_PI = 6, FUTEX_UNLOCK_PI = 7, FUTEX_TRYLOCK_PI = 8, FUTEX_WAIT_BITSET = 9, FUTEX_WAKE_BITSET = 10,
        FUTEX_WAIT_REQUEUE_PI = 11, FUTEX_CMP_REQUEUE_PI = 12, FUTEX_LOCK_PI2 = 13, FUTEX_PRIVATE_FLAG = 128,
        FUTEX_CLOCK_REALTIME = 256,
    }
}
c_consts! {
    /// Parts of the word of a robust or PI futex, and the bitset that matches all.
    WORD: u32 {
        FUTEX_WAITERS = 0x8000_0000, FUTEX_OWNER_DIED = 0x4000_0000, FUTEX_TID_MASK = 0x3fff_ffff,
        FUTEX_BITSET_MATCH_ANY = 0xffff_ffff,
    }
}
c_consts! {
    /// Parts of the third operand of FUTEX_WAKE_OP.
    WAKE_OP: u32 {
        FUTEX_OP_SET = 0, FUTEX_OP_ADD = 1, FUTEX_OP_OR = 2, FUTEX_OP_ANDN = 3, FUTEX_OP_XOR = 4,
        FUTEX_OP_OPARG_SHIFT = 8, FUTEX_OP_CMP_EQ = 0, FUTEX_OP_CMP_NE = 1, FUTEX_OP_CMP_LT = 2, FUTEX_OP_CMP_LE = 3,
        FUTEX_OP_CMP_GT = 4, FUTEX_OP_CMP_GE = 5,
    }
}
/// Longest robust list that is walked.
pub const ROBUST_LIST_LIMIT: usize = 2048;
c_struct! {
    /// `struct robust_list_head`.
    RobustListHead: 24, "struct robust_list_head" { list: u64, futex_offset: i64, list_op_pending: u64, }
}

c_check! { "linux/futex.h", consts [OPERATIONS, WORD, WAKE_OP], flags [], structs [RobustListHead] }
