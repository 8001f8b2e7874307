//! poll(2) and select(2). The events themselves are [`crate::Readiness`].

use super::record::{c_check, c_struct};

c_struct! {
    /// `struct pollfd`.
    PollFd: 8, "struct pollfd" { fd: i32, events: i16, revents: i16, }
}
/// Bits in an `fd_set` of libc; the kernel takes any number up to the descriptor limit.
pub const FD_SETSIZE: usize = 1024;
c_struct! {
    /// Sixth argument of pselect6(2): address and size of a signal mask.
    SigsetArg: 16, "" { ss: u64, ss_len: u64, }
}

c_check! { "poll.h", consts [], flags [crate::Readiness], structs [PollFd] }
