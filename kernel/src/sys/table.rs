//! Every system call on one line: number, handler, typed arguments, support.
//!
//! The macro makes the dispatcher, the decoding of arguments, the strace line and docs/syscalls.md. Nothing else lists
//! system calls. A handler is `sys_<name as Linux has it>`; the table drops the prefix where the name is shown.
//! Numbers without a line, and lines that say `absent`, answer the named errno: runtimes probe and fall back.

use super::args::*;
use super::flags::*;
use super::{Cx, SysResult};
use super::{
    attr::*, creds::*, dir::*, epoll::*, event::*, exit::*, fd::*, futex::*, info::*, inotify::*, ioctl::*, memory::*,
    message::*, mqueue::*, open::*, poll::*, process::*, rw::*, signal::*, socket::*, splice::*, stat::*, sysv::*,
    time::*,
};
use crate::signal::{SigNum, SigSet};
use alloc::string::String;
use brainworm_abi::Errno;
use brainworm_abi::GuestAddr;
use brainworm_abi::linux::fcntl::AtFlags;
use brainworm_abi::linux::mman::{LockFlags, MapFlags, Prot, RemapFlags, SyncFlags};
use brainworm_abi::linux::prctl::RandomFlags;
use brainworm_abi::linux::resource::{RLimit, RUsage};
use brainworm_abi::linux::signal::{SigAction, SigEvent, SigInfo, StackT};
use brainworm_abi::linux::system::{CapData, CapHeader, SysInfo, Utsname};
use brainworm_abi::linux::time::{Itimerspec, Itimerval, TimespecC, Timeval, Timezone, Tms};
use brainworm_abi::linux::wait::WaitOptions;
use core::fmt::Write;

/// How much of a call is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// All that its manual page describes and this machine can have.
    Full,
    /// What the note does not take away.
    Partial(&'static str),
    /// Answers this errno.
    Absent(Errno),
}

type ShowArg = fn(&mut Shown<'_, '_>, usize, &mut String);

/// One line of the table.
pub struct Row {
    /// Number in rax.
    pub nr: u64,
    /// Name as Linux has it.
    pub name: &'static str,
    /// (name, how to show it, shown only after the call).
    args: &'static [(&'static str, ShowArg, bool)],
    /// How much of it is there.
    pub level: Level,
}

const fn without_prefix(name: &'static str) -> &'static str {
    name.split_at(4).1
}

macro_rules! level {
    (full) => {
        Level::Full
    };
    (partial $note:literal) => {
        Level::Partial($note)
    };
    (absent $errno:ident) => {
        Level::Absent(Errno::$errno)
    };
}

macro_rules! invoke {
    ($cx:ident, $raw:ident, $name:ident, absent $errno:ident, ()) => {
        Err(Errno::$errno.into())
    };
    ($cx:ident, $raw:ident, $name:ident, $level:ident $($note:literal)?, ($($arg:ident : $ty:ty),*)) => {{
        let mut _registers = $raw.iter().copied();
        $(let $arg = <$ty as Arg>::from_reg(_registers.next().unwrap_or(0))?;)*
        $name($cx, $($arg),*)
    }};
}

macro_rules! syscalls {
    ($($nr:literal $name:ident ($($arg:ident : $ty:ty),*) $($level:ident)+ $($note:literal)?;)*) => {
        /// Decodes the arguments of call `nr` and runs its handler.
        pub(crate) fn dispatch(cx: &mut Cx<'_>, nr: u64, raw: &[u64; 6]) -> SysResult {
            match nr {
                $($nr => invoke!(cx, raw, $name, $($level)+ $($note)?, ($($arg : $ty),*)),)*
                _ => Err(Errno::ENOSYS.into()),
            }
        }
        /// The table as data, in the order of numbers.
        pub static TABLE: &[Row] = &[$(Row {
            nr: $nr,
            name: without_prefix(stringify!($name)),
            args: &[$((stringify!($arg), <$ty as Arg>::show, <$ty as Arg>::IS_OUT)),*],
            level: level!($($level)+ $($note)?),
        }),*];
    };
}

syscalls! {
    // nr  handler              arguments                                                          support
    0   sys_read (fd: Fd, buf: UserSliceMut, count: u64) full;
    1   sys_write (fd: Fd, buf: UserSlice, count: u64) full;
    2   sys_open (path: UserStr, flags: OpenFlags, mode: Mode) full;
    3   sys_close (fd: Fd) full;
    4   sys_stat (path: UserStr, buf: UserMut<StatC>) full;
    5   sys_fstat (fd: Fd, buf: UserMut<StatC>) full;
    6   sys_lstat (path: UserStr, buf: UserMut<StatC>) full;
    7   sys_poll (fds: GuestAddr, count: u32, timeout_ms: i32) full;
    8   sys_lseek (fd: Fd, offset: i64, whence: u32) full;
    9   sys_mmap (addr: GuestAddr, length: u64, prot: Prot, flags: MapFlags, fd: Fd, offset: u64)
        partial "no huge pages; hints above 3 GiB are not honoured";
    10  sys_mprotect (addr: GuestAddr, len: u64, prot: Prot) full;
    11  sys_munmap (addr: GuestAddr, length: u64) full;
    12  sys_brk (addr: GuestAddr) full;
    13  sys_rt_sigaction (signum: SigNum, act: UserPtr<SigAction>, oldact: UserMut<SigAction>, sigsetsize: u64) full;
    14  sys_rt_sigprocmask (how: u32, set: UserPtr<SigSet>, oldset: UserMut<SigSet>, sigsetsize: u64) full;
    15  sys_rt_sigreturn () full;
    16  sys_ioctl (fd: Fd, request: u32, arg: Hex) full;
    17  sys_pread64 (fd: Fd, buf: UserSliceMut, count: u64, pos: i64) full;
    18  sys_pwrite64 (fd: Fd, buf: UserSlice, count: u64, pos: i64) full;
    19  sys_readv (fd: Fd, iov: GuestAddr, count: u64) full;
    20  sys_writev (fd: Fd, iov: GuestAddr, count: u64) full;
    21  sys_access (path: UserStr, mode: u32) full;
    22  sys_pipe (fds: UserMut<[Fd; 2]>) full;
    23  sys_select (count: i32, read: GuestAddr, write: GuestAddr, except: GuestAddr, timeout: UserMut<Timeval>) full;
    24  sys_sched_yield () full;
    25  sys_mremap (old_address: GuestAddr, old_size: u64, new_size: u64, flags: RemapFlags, new_address: GuestAddr)
        full;
    26  sys_msync (addr: GuestAddr, length: u64, flags: SyncFlags) full;
    27  sys_mincore (addr: GuestAddr, length: u64, vec: UserMut<u8>) full;
    28  sys_madvise (addr: GuestAddr, length: u64, advice: u32)
        partial "advice about performance is accepted and changes nothing";
    29  sys_shmget (key: u32, size: u64, flags: Hex) full;
    30  sys_shmat (id: i32, addr: GuestAddr, flags: Hex) full;
    31  sys_shmctl (id: i32, cmd: u32, buf: GuestAddr) full;
    32  sys_dup (fd: Fd) full;
    33  sys_dup2 (old: Fd, new: Fd) full;
    34  sys_pause () full;
    35  sys_nanosleep (req: UserPtr<TimespecC>, rem: UserMut<TimespecC>) full;
    36  sys_getitimer (which: u32, curr_value: UserMut<Itimerval>) full;
    37  sys_alarm (seconds: u32) full;
    38  sys_setitimer (which: u32, new_value: UserPtr<Itimerval>, old_value: UserMut<Itimerval>) full;
    39  sys_getpid () full;
    40  sys_sendfile (out: Fd, input: Fd, offset: UserMut<i64>, count: u64) full;
    41  sys_socket (family: u32, kind: u32, protocol: u32)
        partial "UNIX sockets, TCP and UDP over loopback, NETLINK_ROUTE; nothing leaves the machine";
    42  sys_connect (fd: Fd, addr: GuestAddr, len: u32) full;
    43  sys_accept (fd: Fd, addr: GuestAddr, len: UserMut<u32>) full;
    44  sys_sendto (fd: Fd, buf: UserSlice, len: u64, flags: MsgFlags, addr: GuestAddr, addr_len: u32) full;
    45  sys_recvfrom (fd: Fd, buf: UserSliceMut, len: u64, flags: MsgFlags, addr: GuestAddr, addr_len: UserMut<u32>)
        full;
    46  sys_sendmsg (fd: Fd, message: UserPtr<MsgHdr>, flags: MsgFlags) full;
    47  sys_recvmsg (fd: Fd, message: UserMut<MsgHdr>, flags: MsgFlags) full;
    48  sys_shutdown (fd: Fd, how: u32) full;
    49  sys_bind (fd: Fd, addr: GuestAddr, len: u32) full;
    50  sys_listen (fd: Fd, backlog: i32) full;
    51  sys_getsockname (fd: Fd, addr: GuestAddr, len: UserMut<u32>) full;
    52  sys_getpeername (fd: Fd, addr: GuestAddr, len: UserMut<u32>) full;
    53  sys_socketpair (family: u32, kind: u32, protocol: u32, fds: UserMut<[Fd; 2]>) full;
    54  sys_setsockopt (fd: Fd, level: u32, option: u32, value: GuestAddr, len: u32) full;
    55  sys_getsockopt (fd: Fd, level: u32, option: u32, value: GuestAddr, len: UserMut<u32>) full;
    56  sys_clone (flags: Hex, stack: GuestAddr, parent_tid: UserMut<i32>, child_tid: UserMut<i32>, tls: GuestAddr)
        partial "no new namespaces, no CLONE_PTRACE";
    57  sys_fork () full;
    58  sys_vfork () full;
    59  sys_execve (pathname: UserStr, argv: GuestAddr, envp: GuestAddr)
        partial "file capabilities are ignored";
    60  sys_exit (status: i32) full;
    61  sys_wait4 (pid: i32, wstatus: UserMut<i32>, options: WaitOptions, rusage: UserMut<RUsage>) full;
    62  sys_kill (pid: i32, sig: SigOrZero) full;
    63  sys_uname (buf: UserMut<Utsname>) full;
    64  sys_semget (key: u32, count: i32, flags: Hex) full;
    65  sys_semop (id: i32, operations: GuestAddr, count: u64) full;
    66  sys_semctl (id: i32, index: i32, cmd: u32, arg: Hex) full;
    67  sys_shmdt (addr: GuestAddr) full;
    68  sys_msgget (key: u32, flags: Hex) full;
    69  sys_msgsnd (id: i32, buf: GuestAddr, size: u64, flags: Hex) full;
    70  sys_msgrcv (id: i32, buf: GuestAddr, size: u64, kind: i64, flags: Hex) partial "MSG_COPY is refused";
    71  sys_msgctl (id: i32, cmd: u32, buf: GuestAddr) full;
    72  sys_fcntl (fd: Fd, cmd: u32, arg: Hex) partial "leases and dnotify are refused";
    73  sys_flock (fd: Fd, operation: u32) full;
    74  sys_fsync (fd: Fd) full;
    75  sys_fdatasync (fd: Fd) full;
    76  sys_truncate (path: UserStr, size: i64) full;
    77  sys_ftruncate (fd: Fd, size: i64) full;
    78  sys_getdents (fd: Fd, buf: UserSliceMut, count: u32) full;
    79  sys_getcwd (buf: GuestAddr, size: u64) full;
    80  sys_chdir (path: UserStr) full;
    81  sys_fchdir (fd: Fd) full;
    82  sys_rename (old: UserStr, new: UserStr) full;
    83  sys_mkdir (path: UserStr, mode: Mode) full;
    84  sys_rmdir (path: UserStr) full;
    85  sys_creat (path: UserStr, mode: Mode) full;
    86  sys_link (old: UserStr, new: UserStr) full;
    87  sys_unlink (path: UserStr) full;
    88  sys_symlink (target: UserStr, path: UserStr) full;
    89  sys_readlink (path: UserStr, buf: UserSliceMut, size: i32) full;
    90  sys_chmod (path: UserStr, mode: Mode) full;
    91  sys_fchmod (fd: Fd, mode: Mode) full;
    92  sys_chown (path: UserStr, uid: u32, gid: u32) full;
    93  sys_fchown (fd: Fd, uid: u32, gid: u32) full;
    94  sys_lchown (path: UserStr, uid: u32, gid: u32) full;
    95  sys_umask (mask: Mode) full;
    96  sys_gettimeofday (tv: UserMut<Timeval>, tz: UserMut<Timezone>) full;
    97  sys_getrlimit (resource: u32, rlim: UserMut<RLimit>) full;
    98  sys_getrusage (who: i32, usage: UserMut<RUsage>) full;
    99  sys_sysinfo (info: UserMut<SysInfo>) partial "load averages are 0";
    100 sys_times (buf: UserMut<Tms>) full;
    101 sys_ptrace () absent EPERM;
    102 sys_getuid () full;
    103 sys_syslog () absent EPERM;
    104 sys_getgid () full;
    105 sys_setuid (uid: u32) full;
    106 sys_setgid (gid: u32) full;
    107 sys_geteuid () full;
    108 sys_getegid () full;
    109 sys_setpgid (pid: i32, pgid: i32) full;
    110 sys_getppid () full;
    111 sys_getpgrp () full;
    112 sys_setsid () full;
    113 sys_setreuid (ruid: u32, euid: u32) full;
    114 sys_setregid (rgid: u32, egid: u32) full;
    115 sys_getgroups (size: i32, list: GuestAddr) full;
    116 sys_setgroups (size: u64, list: GuestAddr) full;
    117 sys_setresuid (ruid: u32, euid: u32, suid: u32) full;
    118 sys_getresuid (ruid: UserMut<u32>, euid: UserMut<u32>, suid: UserMut<u32>) full;
    119 sys_setresgid (rgid: u32, egid: u32, sgid: u32) full;
    120 sys_getresgid (rgid: UserMut<u32>, egid: UserMut<u32>, sgid: UserMut<u32>) full;
    121 sys_getpgid (pid: i32) full;
    122 sys_setfsuid (fsuid: u32) full;
    123 sys_setfsgid (fsgid: u32) full;
    124 sys_getsid (pid: i32) full;
    125 sys_capget (hdrp: UserMut<CapHeader>, datap: UserMut<CapData>) full;
    126 sys_capset (hdrp: UserMut<CapHeader>, datap: UserPtr<CapData>) full;
    127 sys_rt_sigpending (set: UserMut<SigSet>, sigsetsize: u64) full;
    128 sys_rt_sigtimedwait (set: UserPtr<SigSet>, info: UserMut<SigInfo>, timeout: UserPtr<TimespecC>, sigsetsize: u64)
        full;
    129 sys_rt_sigqueueinfo (pid: i32, sig: SigOrZero, info: UserPtr<SigInfo>) full;
    130 sys_rt_sigsuspend (mask: UserPtr<SigSet>, sigsetsize: u64) full;
    131 sys_sigaltstack (ss: UserPtr<StackT>, old_ss: UserMut<StackT>) full;
    132 sys_utime (path: UserStr, times: UserPtr<Utimbuf>) full;
    133 sys_mknod (path: UserStr, mode: Mode, dev: u64) full;
    135 sys_personality (persona: Hex) partial "kept, without effect";
    137 sys_statfs (path: UserStr, buf: UserMut<StatfsC>) full;
    138 sys_fstatfs (fd: Fd, buf: UserMut<StatfsC>) full;
    140 sys_getpriority (which: u32, who: u32) full;
    141 sys_setpriority (which: u32, who: u32, prio: i32) full;
    142 sys_sched_setparam (pid: i32, param: UserPtr<i32>) partial "everything is SCHED_OTHER";
    143 sys_sched_getparam (pid: i32, param: UserMut<i32>) full;
    144 sys_sched_setscheduler (pid: i32, policy: u32, param: UserPtr<i32>) partial "checked, without effect";
    145 sys_sched_getscheduler (pid: i32) full;
    146 sys_sched_get_priority_max (policy: u32) full;
    147 sys_sched_get_priority_min (policy: u32) full;
    148 sys_sched_rr_get_interval (pid: i32, tp: UserMut<TimespecC>) full;
    149 sys_mlock (addr: GuestAddr, len: u64) full;
    150 sys_munlock (addr: GuestAddr, len: u64) full;
    151 sys_mlockall (flags: LockFlags) full;
    152 sys_munlockall () full;
    155 sys_pivot_root () absent EPERM;
    157 sys_prctl (op: i32, arg2: Hex, arg3: Hex, arg4: Hex, arg5: Hex)
        partial "no PR_SET_MM, seccomp, speculation control, core scheduling";
    158 sys_arch_prctl (op: Hex, addr: GuestAddr) full;
    160 sys_setrlimit (resource: u32, rlim: UserPtr<RLimit>) full;
    161 sys_chroot (path: UserStr) full;
    162 sys_sync () full;
    164 sys_settimeofday (tv: UserPtr<Timeval>, tz: UserPtr<Timezone>) partial "EPERM: the host owns the clock";
    165 sys_mount (source: UserStr, target: UserStr, fs_type: UserStr, flags: MountFlags, data: GuestAddr)
        partial "tmpfs, MS_BIND and MS_REMOUNT; no propagation";
    166 sys_umount2 (target: UserStr, flags: UmountFlags) full;
    170 sys_sethostname (name: GuestAddr, len: i32) full;
    171 sys_setdomainname (name: GuestAddr, len: i32) full;
    186 sys_gettid () full;
    187 sys_readahead (fd: Fd, offset: i64, count: u64) full;
    188 sys_setxattr (path: UserStr, name: UserStr, value: GuestAddr, size: u64, flags: XattrFlags) full;
    189 sys_lsetxattr (path: UserStr, name: UserStr, value: GuestAddr, size: u64, flags: XattrFlags) full;
    190 sys_fsetxattr (fd: Fd, name: UserStr, value: GuestAddr, size: u64, flags: XattrFlags) full;
    191 sys_getxattr (path: UserStr, name: UserStr, buf: GuestAddr, size: u64) full;
    192 sys_lgetxattr (path: UserStr, name: UserStr, buf: GuestAddr, size: u64) full;
    193 sys_fgetxattr (fd: Fd, name: UserStr, buf: GuestAddr, size: u64) full;
    194 sys_listxattr (path: UserStr, buf: GuestAddr, size: u64) full;
    195 sys_llistxattr (path: UserStr, buf: GuestAddr, size: u64) full;
    196 sys_flistxattr (fd: Fd, buf: GuestAddr, size: u64) full;
    197 sys_removexattr (path: UserStr, name: UserStr) full;
    198 sys_lremovexattr (path: UserStr, name: UserStr) full;
    199 sys_fremovexattr (fd: Fd, name: UserStr) full;
    200 sys_tkill (tid: i32, sig: SigOrZero) full;
    201 sys_time (tloc: UserMut<i64>) full;
    202 sys_futex (uaddr: GuestAddr, futex_op: Hex, val: u32, timeout: UserPtr<TimespecC>, uaddr2: GuestAddr, val3: u32)
        partial "no priority inheritance between tasks; no FUTEX_FD";
    203 sys_sched_setaffinity (pid: i32, cpusetsize: u64, mask: GuestAddr) full;
    204 sys_sched_getaffinity (pid: i32, cpusetsize: u64, mask: GuestAddr) full;
    213 sys_epoll_create (size: i32) full;
    217 sys_getdents64 (fd: Fd, buf: UserSliceMut, count: u32) full;
    218 sys_set_tid_address (tidptr: GuestAddr) full;
    220 sys_semtimedop (id: i32, operations: GuestAddr, count: u64, timeout: UserPtr<TimespecC>) full;
    221 sys_fadvise64 (fd: Fd, offset: i64, len: i64, advice: u32) full;
    222 sys_timer_create (clockid: i32, sevp: UserPtr<SigEvent>, timerid: UserMut<u32>) full;
    223 sys_timer_settime (timerid: u32, flags: u32, new_value: UserPtr<Itimerspec>, old_value: UserMut<Itimerspec>)
        full;
    224 sys_timer_gettime (timerid: u32, curr_value: UserMut<Itimerspec>) full;
    225 sys_timer_getoverrun (timerid: u32) full;
    226 sys_timer_delete (timerid: u32) full;
    227 sys_clock_settime (clockid: i32, tp: UserPtr<TimespecC>) partial "EPERM: the host owns the clock";
    228 sys_clock_gettime (clockid: i32, tp: UserMut<TimespecC>) full;
    229 sys_clock_getres (clockid: i32, res: UserMut<TimespecC>) full;
    230 sys_clock_nanosleep (clockid: i32, flags: u32, t: UserPtr<TimespecC>, remain: UserMut<TimespecC>) full;
    231 sys_exit_group (status: i32) full;
    232 sys_epoll_wait (epfd: Fd, events: GuestAddr, max: i32, timeout_ms: i32) full;
    233 sys_epoll_ctl (epfd: Fd, op: u32, fd: Fd, event: UserPtr<EpollEvent>) full;
    234 sys_tgkill (tgid: i32, tid: i32, sig: SigOrZero) full;
    235 sys_utimes (path: UserStr, times: UserPtr<[Timeval; 2]>) full;
    240 sys_mq_open (name: UserStr, flags: OpenFlags, mode: Mode, attr: UserPtr<MqAttr>) full;
    241 sys_mq_unlink (name: UserStr) full;
    242 sys_mq_timedsend (fd: Fd, message: GuestAddr, len: u64, priority: u32, timeout: UserPtr<TimespecC>) full;
    243 sys_mq_timedreceive (fd: Fd, buffer: GuestAddr, len: u64, priority: UserMut<u32>, timeout: UserPtr<TimespecC>)
        full;
    244 sys_mq_notify (fd: Fd, event: UserPtr<SigEvent>) partial "no SIGEV_THREAD";
    245 sys_mq_getsetattr (fd: Fd, new: UserPtr<MqAttr>, old: UserMut<MqAttr>) full;
    247 sys_waitid (idtype: u32, id: u32, infop: UserMut<SigInfo>, options: WaitOptions, rusage: UserMut<RUsage>) full;
    250 sys_keyctl () absent ENOSYS;
    251 sys_ioprio_set (which: i32, who: i32, ioprio: i32) partial "checked, without effect";
    252 sys_ioprio_get (which: i32, who: i32) partial "everything has class none";
    253 sys_inotify_init () full;
    254 sys_inotify_add_watch (fd: Fd, path: UserStr, mask: InotifyMask) full;
    255 sys_inotify_rm_watch (fd: Fd, wd: i32) full;
    257 sys_openat (dirfd: DirFd, path: UserStr, flags: OpenFlags, mode: Mode) full;
    258 sys_mkdirat (dirfd: DirFd, path: UserStr, mode: Mode) full;
    259 sys_mknodat (dirfd: DirFd, path: UserStr, mode: Mode, dev: u64) full;
    260 sys_fchownat (dirfd: DirFd, path: UserStr, uid: u32, gid: u32, flags: AtFlags) full;
    261 sys_futimesat (dirfd: DirFd, path: UserStr, times: UserPtr<[Timeval; 2]>) full;
    262 sys_newfstatat (dirfd: DirFd, path: UserStr, buf: UserMut<StatC>, flags: AtFlags) full;
    263 sys_unlinkat (dirfd: DirFd, path: UserStr, flags: AtFlags) full;
    264 sys_renameat (old_dir: DirFd, old: UserStr, new_dir: DirFd, new: UserStr) full;
    265 sys_linkat (old_dir: DirFd, old: UserStr, new_dir: DirFd, new: UserStr, flags: AtFlags) full;
    266 sys_symlinkat (target: UserStr, dirfd: DirFd, path: UserStr) full;
    267 sys_readlinkat (dirfd: DirFd, path: UserStr, buf: UserSliceMut, size: i32) full;
    268 sys_fchmodat (dirfd: DirFd, path: UserStr, mode: Mode) full;
    269 sys_faccessat (dirfd: DirFd, path: UserStr, mode: u32) full;
    270 sys_pselect6 (count: i32, read: GuestAddr, write: GuestAddr, except: GuestAddr, timeout: UserMut<TimespecC>, mask: UserPtr<SigsetArg>)
        full;
    271 sys_ppoll (fds: GuestAddr, count: u32, timeout: UserMut<TimespecC>, mask: UserPtr<SigSet>, size: u64) full;
    272 sys_unshare (flags: Hex) partial "no new namespaces: EPERM";
    273 sys_set_robust_list (head: GuestAddr, len: u64) full;
    274 sys_get_robust_list (pid: i32, head_ptr: UserMut<u64>, len_ptr: UserMut<u64>) full;
    275 sys_splice (input: Fd, in_offset: UserMut<i64>, out: Fd, out_offset: UserMut<i64>, count: u64, flags: SpliceFlags)
        full;
    276 sys_tee (input: Fd, out: Fd, count: u64, flags: SpliceFlags) full;
    277 sys_sync_file_range (fd: Fd, offset: i64, len: i64, flags: u32) full;
    278 sys_vmsplice (fd: Fd, iov: GuestAddr, count: u64, flags: SpliceFlags) full;
    280 sys_utimensat (dirfd: DirFd, path: UserStr, times: UserPtr<[TimespecC; 2]>, flags: AtFlags) full;
    281 sys_epoll_pwait (epfd: Fd, events: GuestAddr, max: i32, timeout_ms: i32, mask: UserPtr<SigSet>, size: u64) full;
    282 sys_signalfd (fd: Fd, mask: UserPtr<SigSet>, size: u64) full;
    283 sys_timerfd_create (clock: i32, flags: TimerfdFlags) full;
    284 sys_eventfd (count: u32) full;
    285 sys_fallocate (fd: Fd, mode: FallocMode, offset: i64, len: i64) full;
    286 sys_timerfd_settime (fd: Fd, flags: TimerfdSetFlags, new: UserPtr<Itimerspec>, old: UserMut<Itimerspec>) full;
    287 sys_timerfd_gettime (fd: Fd, value: UserMut<Itimerspec>) full;
    288 sys_accept4 (fd: Fd, addr: GuestAddr, len: UserMut<u32>, flags: SocketFlags) full;
    289 sys_signalfd4 (fd: Fd, mask: UserPtr<SigSet>, size: u64, flags: SignalfdFlags) full;
    290 sys_eventfd2 (count: u32, flags: EventfdFlags) full;
    291 sys_epoll_create1 (flags: EpollCreateFlags) full;
    292 sys_dup3 (old: Fd, new: Fd, flags: OpenFlags) full;
    293 sys_pipe2 (fds: UserMut<[Fd; 2]>, flags: OpenFlags) partial "packet mode (O_DIRECT) is not kept";
    294 sys_inotify_init1 (flags: InotifyInitFlags) full;
    295 sys_preadv (fd: Fd, iov: GuestAddr, count: u64, pos: i64) full;
    296 sys_pwritev (fd: Fd, iov: GuestAddr, count: u64, pos: i64) full;
    297 sys_rt_tgsigqueueinfo (tgid: i32, tid: i32, sig: SigOrZero, info: UserPtr<SigInfo>) full;
    298 sys_perf_event_open () absent EACCES;
    299 sys_recvmmsg (fd: Fd, array: GuestAddr, count: u32, flags: MsgFlags, timeout: UserMut<TimespecC>)
        partial "waits for the first message only";
    302 sys_prlimit64 (pid: i32, resource: u32, new_limit: UserPtr<RLimit>, old_limit: UserMut<RLimit>) full;
    303 sys_name_to_handle_at () absent EOPNOTSUPP;
    304 sys_open_by_handle_at () absent EPERM;
    306 sys_syncfs (fd: Fd) full;
    307 sys_sendmmsg (fd: Fd, array: GuestAddr, count: u32, flags: MsgFlags) partial "waits for the first message only";
    308 sys_setns () absent EPERM;
    309 sys_getcpu (cpu: UserMut<u32>, node: UserMut<u32>) full;
    310 sys_process_vm_readv () absent ENOSYS;
    311 sys_process_vm_writev () absent ENOSYS;
    314 sys_sched_setattr (pid: i32, attr: GuestAddr, flags: u32) partial "everything is SCHED_OTHER: of the rest only nice counts";
    315 sys_sched_getattr (pid: i32, attr: GuestAddr, size: u32, flags: u32) full;
    316 sys_renameat2 (old_dir: DirFd, old: UserStr, new_dir: DirFd, new: UserStr, flags: RenameFlags) full;
    317 sys_seccomp () absent EINVAL;
    318 sys_getrandom (buf: UserSliceMut, buflen: u64, flags: RandomFlags) full;
    319 sys_memfd_create (name: UserStr, flags: MemfdFlags) full;
    321 sys_bpf () absent EPERM;
    322 sys_execveat (dirfd: DirFd, pathname: UserStr, argv: GuestAddr, envp: GuestAddr, flags: AtFlags)
        partial "as execve";
    324 sys_membarrier (cmd: i32, flags: u32, cpu_id: i32) full;
    325 sys_mlock2 (addr: GuestAddr, len: u64, flags: u32) full;
    326 sys_copy_file_range (input: Fd, in_offset: UserMut<i64>, out: Fd, out_offset: UserMut<i64>, count: u64, flags: u32)
        full;
    327 sys_preadv2 (fd: Fd, iov: GuestAddr, count: u64, pos: i64, pos_high: Hex, flags: RwFlags) full;
    328 sys_pwritev2 (fd: Fd, iov: GuestAddr, count: u64, pos: i64, pos_high: Hex, flags: RwFlags) full;
    332 sys_statx (dirfd: DirFd, path: UserStr, flags: AtFlags, mask: u32, buf: UserMut<Statx>) full;
    334 sys_rseq () absent ENOSYS;
    424 sys_pidfd_send_signal (pidfd: Fd, sig: SigOrZero, info: UserPtr<SigInfo>, flags: u32) full;
    425 sys_io_uring_setup () absent ENOSYS;
    434 sys_pidfd_open (pid: i32, flags: Hex) full;
    435 sys_clone3 (cl_args: GuestAddr, size: u64) partial "no new namespaces, no set_tid, no cgroups";
    436 sys_close_range (first: u32, last: u32, flags: CloseRangeFlags) full;
    437 sys_openat2 (dirfd: DirFd, path: UserStr, how: GuestAddr, size: u64) full;
    438 sys_pidfd_getfd (pidfd: Fd, targetfd: i32, flags: u32) full;
    439 sys_faccessat2 (dirfd: DirFd, path: UserStr, mode: u32, flags: AtFlags) full;
    441 sys_epoll_pwait2 (epfd: Fd, events: GuestAddr, max: i32, timeout: UserPtr<TimespecC>, mask: UserPtr<SigSet>, size: u64)
        full;
    452 sys_fchmodat2 (dirfd: DirFd, path: UserStr, mode: Mode, flags: AtFlags) full;
}

/// The line of a number.
pub(crate) fn row(nr: u64) -> Option<&'static Row> {
    TABLE.binary_search_by_key(&nr, |row| row.nr).ok().map(|at| &TABLE[at])
}

impl Row {
    /// Shows argument `index` if it can be shown now (`call.ret` tells before from after).
    pub(crate) fn show_arg(&self, call: &mut Shown<'_, '_>, index: usize, out: &mut String) {
        if let Some((_, show, _)) = self.args.get(index) {
            show(call, index, out);
        }
    }
    /// True when the call fills what the argument points to.
    pub(crate) fn is_out(&self, index: usize) -> bool {
        self.args.get(index).is_some_and(|(.., is_out)| *is_out)
    }
    /// What its arguments are called.
    pub fn arg_names(&self) -> impl Iterator<Item = &'static str> {
        self.args.iter().map(|(name, ..)| *name)
    }
    /// How many arguments it has.
    pub(crate) fn arity(&self) -> usize {
        self.args.len()
    }
}

/// docs/syscalls.md.
pub fn markdown() -> String {
    let mut out = String::from(
        "# System calls\n\nMade from `kernel/src/sys/table.rs`. What is not listed answers ENOSYS.\n\n\
         | Number | Name | Arguments | Support |\n|---|---|---|---|\n",
    );
    for row in TABLE {
        let _ = write!(out, "| {} | {} | ", row.nr, row.name);
        for (i, (name, ..)) in row.args.iter().enumerate() {
            let _ = write!(out, "{}{name}", if i == 0 { "" } else { ", " });
        }
        let _ = match row.level {
            Level::Full => writeln!(out, " | full |"),
            Level::Partial(note) => writeln!(out, " | partial: {note} |"),
            Level::Absent(errno) => writeln!(out, " | {} |", errno.name()),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_linux_names() {
        assert!(TABLE.windows(2).all(|w| w[0].nr < w[1].nr), "rows out of order");
        assert!(TABLE.iter().all(|row| row.args.len() <= 6));
        assert_eq!(row(0).map(|r| r.name), Some("read"));
    }
}
