//! Who makes a call: credentials(7) in the short form that permission checks read.

use crate::Pid;
use alloc::sync::Arc;

/// Identity of the calling thread for checks in `fs` and `net`. Filesystem ids follow the effective ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "credentials(7)")]
pub struct Caller {
    pub pid: Pid,
    pub tid: Pid,
    pub pgid: Pid,
    pub sid: Pid,
    /// The session's controlling terminal.
    pub tty: Option<u32>,
    pub fsuid: u32,
    pub fsgid: u32,
    /// Supplementary groups (getgroups(2)).
    pub groups: Arc<[u32]>,
    /// CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN ... : root's powers over files. False for ordinary users.
    pub is_privileged: bool,
    /// SIGTTOU is blocked or ignored by the caller: a background write or ioctl then goes through (tty(4)).
    pub ignores_ttou: bool,
    /// SIGTTIN is blocked or ignored by the caller: a background read then fails with EIO.
    pub ignores_ttin: bool,
    /// The caller's process group is orphaned: job control stops do not apply.
    pub is_orphaned: bool,
    /// umask(2).
    pub umask: u32,
    /// RLIMIT_FSIZE in bytes; `u64::MAX` is unlimited.
    pub file_size_limit: u64,
}
