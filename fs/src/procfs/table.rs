//! The names of /proc and of a process's directory, and what is behind each (proc(5)).

use brainworm_abi::{Pid, ProcNode};

/// What a name of /proc or /proc/PID is.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    /// A file the kernel fills.
    File(ProcNode),
    /// A file that always says the same.
    Text(&'static str),
    /// A symlink with this target.
    Link(&'static str),
    /// /proc/self.
    Current,
    /// /proc/thread-self.
    CurrentThread,
    Sysvipc,
    Tty,
    /// /proc/sys.
    Sys,
}

use Entry::{File, Link, Sys, Sysvipc, Text, Tty};

/// /proc, without the processes.
pub(super) const ROOT: &[(&str, Entry)] = &[
    ("cmdline", File(ProcNode::Cmdline)),
    ("consoles", Text("")),
    ("cpuinfo", File(ProcNode::Cpuinfo)),
    ("crypto", Text("")),
    ("devices", Text(DEVICES)),
    ("diskstats", Text("")),
    ("filesystems", File(ProcNode::Filesystems)),
    ("interrupts", Text("           CPU0       \n")),
    ("loadavg", File(ProcNode::Loadavg)),
    ("locks", Text("")),
    ("meminfo", File(ProcNode::Meminfo)),
    ("modules", Text("")),
    ("mounts", Link("self/mounts")),
    ("net", Link("self/net")),
    ("partitions", Text("major minor  #blocks  name\n\n")),
    ("self", Entry::Current),
    ("stat", File(ProcNode::Stat)),
    ("swaps", Text("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")),
    ("sys", Sys),
    ("sysvipc", Sysvipc),
    ("thread-self", Entry::CurrentThread),
    ("tty", Tty),
    ("uptime", File(ProcNode::Uptime)),
    ("version", File(ProcNode::Version)),
    ("vmstat", Text("nr_free_pages 0\npgfault 0\npgmajfault 0\npswpin 0\npswpout 0\n")),
    ("zoneinfo", Text("")),
];

const DEVICES: &str =
    "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n";

pub(super) const SYSVIPC: &[(&str, Entry)] =
    &[("msg", File(ProcNode::SysvipcMsg)), ("sem", File(ProcNode::SysvipcSem)), ("shm", File(ProcNode::SysvipcShm))];

pub(super) const TTY: &[(&str, Entry)] = &[("drivers", Text(TTY_DRIVERS)), ("ldiscs", Text("n_tty       0\n"))];

const TTY_DRIVERS: &str = "\
/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
/dev/ptmx            /dev/ptmx       5       2 system
pty_slave            /dev/pts      136 0-1048575 pty:slave
";

const SOCKET_HEADER_6: &str = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

pub(super) const NET: &[(&str, Entry)] = &[
    ("arp", Text("IP address       HW type     Flags       HW address            Mask     Device\n")),
    ("dev", File(ProcNode::NetDev)),
    ("if_inet6", Text("")),
    ("packet", Text("sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n")),
    ("protocols", Text("")),
    ("raw", Text(RAW_HEADER)),
    ("route", File(ProcNode::NetRoute)),
    ("tcp", File(ProcNode::NetTcp)),
    ("tcp6", Text(SOCKET_HEADER_6)),
    ("udp", File(ProcNode::NetUdp)),
    ("udp6", Text(SOCKET_HEADER_6)),
    ("unix", File(ProcNode::NetUnix)),
];

const RAW_HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";

/// What a name of a process's directory is.
#[derive(Clone, Copy)]
pub(super) enum PidEntry {
    /// A file the kernel fills, with its mode.
    File(fn(Pid) -> ProcNode, u32),
    Text(&'static str, u32),
    /// A file the kernel fills from the address space there was at the open.
    Memory(fn(u64) -> ProcNode, u32),
    /// mem.
    Mem,
    /// A magic link.
    Magic(fn(Pid) -> ProcNode),
    Fd,
    Fdinfo,
    /// Only in the directory of a process, not in that of a thread.
    Task,
    Net,
    Ns,
}

use PidEntry::{Fd, Fdinfo, Magic, Mem, Memory, Ns, Task};

const fn file(node: fn(Pid) -> ProcNode) -> PidEntry {
    PidEntry::File(node, 0o444)
}
const fn private(node: fn(Pid) -> ProcNode) -> PidEntry {
    PidEntry::File(node, 0o400)
}

/// /proc/PID.
pub(super) const PID: &[(&str, PidEntry)] = &[
    ("auxv", Memory(ProcNode::Auxv, 0o400)),
    ("cgroup", file(ProcNode::PidCgroup)),
    ("cmdline", file(ProcNode::PidCmdline)),
    ("comm", PidEntry::File(ProcNode::PidComm, 0o644)),
    ("coredump_filter", PidEntry::Text("00000033\n", 0o444)),
    ("cwd", Magic(ProcNode::PidCwd)),
    ("environ", Memory(ProcNode::Environ, 0o400)),
    ("exe", Magic(ProcNode::PidExe)),
    ("fd", Fd),
    ("fdinfo", Fdinfo),
    ("gid_map", PidEntry::Text("         0          0 4294967295\n", 0o444)),
    ("io", private(ProcNode::PidIo)),
    ("limits", file(ProcNode::PidLimits)),
    ("loginuid", file(ProcNode::PidLoginuid)),
    ("maps", Memory(ProcNode::Maps, 0o444)),
    ("mem", Mem),
    ("mountinfo", file(ProcNode::PidMountinfo)),
    ("mounts", file(ProcNode::PidMounts)),
    ("net", PidEntry::Net),
    ("ns", Ns),
    ("oom_score", file(ProcNode::PidOomScore)),
    ("oom_score_adj", PidEntry::File(ProcNode::PidOomScoreAdj, 0o644)),
    ("personality", PidEntry::Text("00000000\n", 0o400)),
    ("root", Magic(ProcNode::PidRoot)),
    ("schedstat", PidEntry::Text("0 0 0\n", 0o444)),
    ("sessionid", PidEntry::Text("4294967295", 0o444)),
    ("setgroups", PidEntry::Text("allow\n", 0o444)),
    ("smaps", Memory(ProcNode::Smaps, 0o444)),
    ("stat", file(ProcNode::PidStat)),
    ("statm", file(ProcNode::PidStatm)),
    ("status", file(ProcNode::PidStatus)),
    ("task", Task),
    ("uid_map", PidEntry::Text("         0          0 4294967295\n", 0o444)),
    ("wchan", file(ProcNode::PidWchan)),
];

/// /proc/PID/ns (namespaces(7)): everyone is in the first ones.
pub(super) const NS: &[(&str, &str)] = &[
    ("cgroup", "cgroup:[4026531835]"),
    ("ipc", "ipc:[4026531839]"),
    ("mnt", "mnt:[4026531841]"),
    ("net", "net:[4026531840]"),
    ("pid", "pid:[4026531836]"),
    ("pid_for_children", "pid:[4026531836]"),
    ("time", "time:[4026531834]"),
    ("time_for_children", "time:[4026531834]"),
    ("user", "user:[4026531837]"),
    ("uts", "uts:[4026531838]"),
];
