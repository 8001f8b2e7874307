//! eventfd(2), signalfd(2), pidfd_open(2).

use super::record::{c_check, c_flags, c_struct};

c_flags! {
    /// Flags of eventfd(2).
    EventfdFlags: u32 { EFD_SEMAPHORE = 1, EFD_NONBLOCK = 0o4000, EFD_CLOEXEC = 0o2000000, }
}
c_flags! {
    /// Flags of signalfd4(2).
    SignalfdFlags: u32 { SFD_NONBLOCK = 0o4000, SFD_CLOEXEC = 0o2000000, }
}
c_struct! {
    /// What a signalfd reads.
    SignalfdSiginfo: 128, "struct signalfd_siginfo" {
        ssi_signo: u32, ssi_errno: i32, ssi_code: i32, ssi_pid: u32, ssi_uid: u32, ssi_fd: i32, ssi_tid: u32,
        ssi_band: u32, ssi_overrun: u32, ssi_trapno: u32, ssi_status: i32, ssi_int: i32, ssi_ptr: u64, ssi_utime: u64,
        ssi_stime: u64, ssi_addr: u64, ssi_addr_lsb: u16, _pad2: u16, ssi_syscall: i32, ssi_call_addr: u64,
        ssi_arch: u32, _pad: [u8; 28],
    }
}
/// pidfd_open(2): the descriptor is nonblocking.
pub const PIDFD_NONBLOCK: u32 = 0o4000;

c_check! { "sys/eventfd.h sys/signalfd.h", consts [], flags [EventfdFlags, SignalfdFlags], structs [SignalfdSiginfo] }
