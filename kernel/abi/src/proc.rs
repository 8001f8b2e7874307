//! What procfs asks of the kernel.

use crate::{Errno, Nanos};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;

/// A process or thread id as the guest sees it; 0 is nobody.
pub type Pid = u32;

/// One file or link of /proc whose content only the kernel knows (proc(5)). `fs::procfs` owns the tree's shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is the file of that name in proc(5)")]
pub enum ProcNode {
    // /proc/FILE
    Stat,
    Meminfo,
    Cpuinfo,
    Uptime,
    Loadavg,
    Version,
    Filesystems,
    Cmdline,
    SysvipcShm,
    SysvipcSem,
    SysvipcMsg,
    // /proc/PID/FILE
    PidStat(Pid),
    PidStatus(Pid),
    PidStatm(Pid),
    PidCmdline(Pid),
    PidComm(Pid),
    PidLimits(Pid),
    PidIo(Pid),
    PidMounts(Pid),
    PidMountinfo(Pid),
    PidCgroup(Pid),
    PidOomScore(Pid),
    PidOomScoreAdj(Pid),
    PidWchan(Pid),
    PidLoginuid(Pid),
    // /proc/PID/FILE of an address space (`ProcInfo::memory`): what execve(2) leaves behind is gone for its readers too
    Environ(u64),
    Maps(u64),
    Smaps(u64),
    Auxv(u64),
    // /proc/PID/LINK
    PidExe(Pid),
    PidCwd(Pid),
    PidRoot(Pid),
    PidFd(Pid, u32),
    // /proc/PID/fdinfo/N
    PidFdinfo(Pid, u32),
    // /proc/net/FILE
    NetTcp,
    NetUdp,
    NetUnix,
    NetDev,
    NetRoute,
    /// /proc/sys/NAME where the kernel knows better than `fs`: `kernel/hostname`, `kernel/osrelease` ... `ENOENT` leaves
    /// the content that `fs` has for it.
    Sys(&'static str),
}

/// The kernel's answers; read-only, so a reader cannot disturb what it watches.
pub trait ProcInfo {
    /// Appends the file's content, or the link's target.
    fn render(&self, node: ProcNode, out: &mut Vec<u8>) -> Result<(), Errno>;
    /// The object behind a link (`PidExe`, `PidCwd`, `PidRoot`, `PidFd`): the `fs::PathRef` the kernel keeps for it, boxed.
    /// Following such a link leads to the object itself, whatever its name leads to now (proc(5)).
    fn target(&self, node: ProcNode) -> Result<Box<dyn Any>, Errno>;
    /// The id of the calling process (`/proc/self`) and thread (`/proc/thread-self`).
    fn current(&self) -> (Pid, Pid);
    /// All process ids in ascending order.
    fn pids(&self, out: &mut Vec<Pid>);
    /// All thread ids of a process in ascending order; `ESRCH` when it is gone.
    fn tids(&self, pid: Pid, out: &mut Vec<Pid>) -> Result<(), Errno>;
    /// Open descriptors of a process in ascending order.
    fn fds(&self, pid: Pid, out: &mut Vec<u32>) -> Result<(), Errno>;
    /// The session of a process group; `ESRCH` when there is no such group. Terminals ask it (tcsetpgrp(3)).
    fn group_session(&self, pgid: Pid) -> Result<Pid, Errno>;
    /// Effective uid and gid of a process (or thread, by its own id) and its start on the monotonic clock: owner and time of /proc/PID.
    fn owner(&self, pid: Pid) -> Result<(u32, u32, Nanos), Errno>;
    /// The address space of a process as a number unique for the machine's life; 0 for a zombie.
    fn memory(&self, pid: Pid) -> Result<u64, Errno>;
    /// True when some process runs this file (`Inode::id`): opening it for writing is ETXTBSY.
    fn is_running(&self, file: (u64, u64)) -> bool;
}
