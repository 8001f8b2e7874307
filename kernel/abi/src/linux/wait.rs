//! wait4(2), waitid(2): options, whom to wait for, the status word.

use super::record::{c_check, c_consts, c_flags};

c_flags! {
    /// Options of wait4(2) and waitid(2).
    WaitOptions: u32 {
        WNOHANG = 1, WUNTRACED = 2, WEXITED = 4, WCONTINUED = 8, WNOWAIT = 0x0100_0000, __WNOTHREAD = 0x2000_0000,
        __WALL = 0x4000_0000, __WCLONE = 0x8000_0000,
    }
}
impl WaitOptions {
    /// waitid(2)'s name for WUNTRACED.
    pub const WSTOPPED: WaitOptions = WaitOptions::WUNTRACED;
}
c_consts! {
    /// `idtype` of waitid(2).
    ID_TYPES: u32 { P_ALL = 0, P_PID = 1, P_PGID = 2, P_PIDFD = 3, }
}

/// Status word of a process that exited.
pub const fn exited(code: u8) -> u32 {
    (code as u32) << 8
}
/// Status word of a process killed by a signal.
pub const fn killed(signal: u8, dumped: bool) -> u32 {
    signal as u32 | if dumped { 0x80 } else { 0 }
}
/// Status word of a process stopped by a signal.
pub const fn stopped(signal: u8) -> u32 {
    (signal as u32) << 8 | 0x7f
}
/// Status word of a process that continued.
pub const CONTINUED: u32 = 0xffff;

c_check! { "sys/wait.h", consts [ID_TYPES], flags [WaitOptions], structs [] }
