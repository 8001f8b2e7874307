//! Processes: clone(2), execve(2), wait4(2) and what they are called by (credentials(7), setpgid(2), setsid(2)).

use super::args::{DirFd, Fd, Hex, UserMut, UserPtr, UserStr, flag_arg, opaque};
use super::{Cx, Stop, SysResult};
use crate::signal::SigNum;
use crate::task::{CloneRequest, ExecRequest, PidFd, Usage, cap};
use crate::wait::{Wait, WaitOn};
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::fcntl::AtFlags;
use brainworm_abi::linux::resource::{RLIMIT_NPROC, RLIMIT_STACK, RUsage};
use brainworm_abi::linux::sched::{CLONE_ARGS_SIZE_VER0, CSIGNAL, CloneArgs, CloneFlags};
use brainworm_abi::linux::signal::{CLD_CONTINUED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, SigInfo};
use brainworm_abi::linux::time::Timeval;
use brainworm_abi::linux::wait::{CONTINUED, P_ALL, P_PGID, P_PID, P_PIDFD, WaitOptions, stopped};
use brainworm_abi::{Errno, GuestAddr, Pid};
use brainworm_fs::PathRef;

flag_arg!(WaitOptions);
opaque!(RUsage, CloneArgs);

/// getpid(2).
pub(super) fn sys_getpid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.pid().into())
}

/// gettid(2).
pub(super) fn sys_gettid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.task().tid.into())
}

/// getppid(2).
pub(super) fn sys_getppid(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.process().parent.into())
}

/// fork(2).
pub(super) fn sys_fork(cx: &mut Cx<'_>) -> SysResult {
    start_clone(cx, SigNum::SIGCHLD.number().into(), 0, UserMut::new(GuestAddr::NULL), UserMut::new(GuestAddr::NULL), 0)
}

/// vfork(2).
pub(super) fn sys_vfork(cx: &mut Cx<'_>) -> SysResult {
    let flags = (CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK).bits() | u64::from(SigNum::SIGCHLD.number());
    start_clone(cx, flags, 0, UserMut::new(GuestAddr::NULL), UserMut::new(GuestAddr::NULL), 0)
}

/// clone(2).
pub(super) fn sys_clone(
    cx: &mut Cx<'_>,
    flags: Hex,
    stack: GuestAddr,
    parent_tid: UserMut<i32>,
    child_tid: UserMut<i32>,
    tls: GuestAddr,
) -> SysResult {
    start_clone(cx, flags.0, stack.0, parent_tid, child_tid, tls.0)
}

fn start_clone(
    cx: &mut Cx<'_>,
    flags: u64,
    stack: u64,
    parent_tid: UserMut<i32>,
    child_tid: UserMut<i32>,
    tls: u64,
) -> SysResult {
    let request = CloneRequest {
        flags: CloneFlags::from_bits_truncate(flags & 0xffff_ffff & !CSIGNAL),
        exit_signal: SigNum::new(flags & CSIGNAL),
        stack,
        parent_tid: parent_tid.addr,
        child_tid: child_tid.addr,
        // clone(2) has no argument of its own for it.
        pidfd: parent_tid.addr,
        tls,
    };
    if request.flags.contains(CloneFlags::CLONE_PIDFD | CloneFlags::CLONE_PARENT_SETTID) {
        return Err(Errno::EINVAL.into());
    }
    finish_clone(cx, request)
}

/// clone3(2).
pub(super) fn sys_clone3(cx: &mut Cx<'_>, args: GuestAddr, size: u64) -> SysResult {
    if size < CLONE_ARGS_SIZE_VER0 {
        return Err(Errno::EINVAL.into());
    }
    if size > 4096 {
        return Err(Errno::E2BIG.into());
    }
    let mut bytes = alloc::vec![0; (size as usize).max(CloneArgs::SIZE)];
    cx.read_bytes(args, &mut bytes[..size as usize])?;
    if bytes[CloneArgs::SIZE..].iter().any(|&b| b != 0) {
        return Err(Errno::E2BIG.into());
    }
    let args = CloneArgs::load(&bytes[..CloneArgs::SIZE]);
    let flags = CloneFlags::from_bits(args.flags).ok_or(Errno::EINVAL)?;
    let is_bad_signal = args.exit_signal > CSIGNAL || args.exit_signal > 64;
    let shares_parent = flags.intersects(CloneFlags::CLONE_THREAD | CloneFlags::CLONE_PARENT);
    if is_bad_signal || (shares_parent && args.exit_signal != 0) || (args.stack == 0) != (args.stack_size == 0) {
        return Err(Errno::EINVAL.into());
    }
    if args.set_tid_size != 0 {
        // Choosing a pid needs CAP_CHECKPOINT_RESTORE over a pid namespace: not offered.
        return Err(Errno::EPERM.into());
    }
    let request = CloneRequest {
        flags,
        exit_signal: SigNum::new(args.exit_signal),
        stack: args.stack.wrapping_add(args.stack_size),
        parent_tid: GuestAddr(args.parent_tid),
        child_tid: GuestAddr(args.child_tid),
        pidfd: GuestAddr(args.pidfd),
        tls: args.tls,
    };
    finish_clone(cx, request)
}

/// Makes the child; with CLONE_VFORK the caller waits until it has execed or is gone.
fn finish_clone(cx: &mut Cx<'_>, request: CloneRequest) -> SysResult {
    if cx.task().restart.is_again {
        let tid = cx.task().restart.scratch as Pid;
        let is_held = cx.k.world.task_of(tid).is_some_and(|ix| cx.k.world.tasks[ix].vfork_parent.is_some());
        return if is_held { Err(vfork_wait(tid)) } else { Ok(tid.into()) };
    }
    let is_vfork = request.flags.contains(CloneFlags::CLONE_VFORK);
    let tid = cx.k.clone_task(cx.ix, &request)?;
    if is_vfork {
        cx.task_mut().restart.scratch = tid.into();
        return Err(vfork_wait(tid));
    }
    Ok(tid.into())
}

fn vfork_wait(tid: Pid) -> Stop {
    Stop::Block(Wait { is_killable_only: true, ..Wait::on(WaitOn::Vfork(tid)) })
}

/// execve(2).
pub(super) fn sys_execve(cx: &mut Cx<'_>, path: UserStr, argv: GuestAddr, envp: GuestAddr) -> SysResult {
    let path = cx.read_path(path)?;
    let base = cx.fs().cwd.clone();
    run_program(cx, base, path, AtFlags::empty(), None, argv, envp)
}

/// execveat(2).
pub(super) fn sys_execveat(
    cx: &mut Cx<'_>,
    dirfd: DirFd,
    path: UserStr,
    argv: GuestAddr,
    envp: GuestAddr,
    flags: AtFlags,
) -> SysResult {
    if !(AtFlags::AT_EMPTY_PATH | AtFlags::AT_SYMLINK_NOFOLLOW).contains(flags) {
        return Err(Errno::EINVAL.into());
    }
    let path = cx.read_path(path)?;
    let base = match cx.dir_location(dirfd)? {
        Some(place) => place,
        None => cx.fs().cwd.clone(),
    };
    let shown = (dirfd != DirFd::CWD && !path.starts_with(b"/")).then_some(dirfd.0);
    run_program(cx, base, path, flags, shown, argv, envp)
}

fn run_program(
    cx: &mut Cx<'_>,
    base: crate::task::Location,
    path: Vec<u8>,
    flags: AtFlags,
    dirfd: Option<i32>,
    argv: GuestAddr,
    envp: GuestAddr,
) -> SysResult {
    let uid = cx.creds().uid;
    let limit = cx.limit(RLIMIT_NPROC);
    let mine = cx.k.world.tasks.iter().filter(|(_, t)| t.creds.uid == uid).count() as u64;
    if uid != 0 && mine > limit {
        return Err(Errno::EAGAIN.into());
    }
    let room = (cx.limit(RLIMIT_STACK) / 4).clamp(128 << 10, 6 << 20) as usize;
    let mut left = room;
    let argv = read_strings(cx, argv, &mut left)?;
    let envp = read_strings(cx, envp, &mut left)?;
    let shown_path = match dirfd {
        Some(fd) if path.is_empty() => alloc::format!("/dev/fd/{fd}").into_bytes(),
        Some(fd) => [alloc::format!("/dev/fd/{fd}/").as_bytes(), &path].concat(),
        None => path.clone(),
    };
    let request = ExecRequest {
        base,
        path,
        allow_empty: flags.contains(AtFlags::AT_EMPTY_PATH),
        follow: !flags.contains(AtFlags::AT_SYMLINK_NOFOLLOW),
        shown_path,
        argv,
        envp,
    };
    cx.k.exec(cx.ix, request)?;
    Err(Stop::Replaced)
}

/// A NULL-terminated array of strings; E2BIG past `left` bytes.
fn read_strings(cx: &mut Cx<'_>, at: GuestAddr, left: &mut usize) -> Result<Vec<Vec<u8>>, Errno> {
    let mut strings = Vec::new();
    if at.is_null() {
        return Ok(strings);
    }
    for i in 0.. {
        let slot = at.checked_add(8 * i).ok_or(Errno::EFAULT)?;
        let pointer: u64 = cx.copy_in(UserPtr::new(slot))?;
        if pointer == 0 {
            break;
        }
        let max = brainworm_loader::auxv::ARG_STRLEN_MAX;
        let text = cx.mem().read_str(GuestAddr(pointer), max, Errno::E2BIG)?;
        *left = left.checked_sub(text.len() + 9).ok_or(Errno::E2BIG)?;
        strings.push(text);
    }
    Ok(strings)
}

/// set_tid_address(2).
pub(super) fn sys_set_tid_address(cx: &mut Cx<'_>, addr: GuestAddr) -> SysResult {
    cx.task_mut().clear_tid = addr;
    Ok(cx.task().tid.into())
}

// --- waiting for children ----------------------------------------------------------------------------------------------

/// Whom wait4(2) and waitid(2) wait for.
#[derive(Clone, Copy)]
enum Whom {
    Any,
    Pid(Pid),
    Group(Pid),
}

/// What a child has to tell.
struct Report {
    pid: Pid,
    uid: u32,
    code: i32,
    /// si_status.
    value: i32,
    /// wait4's status word.
    status: u32,
    usage: Usage,
}

/// wait4(2).
pub(super) fn sys_wait4(
    cx: &mut Cx<'_>,
    pid: i32,
    status: UserMut<i32>,
    options: WaitOptions,
    usage: UserMut<RUsage>,
) -> SysResult {
    let allowed = WaitOptions::WNOHANG
        | WaitOptions::WUNTRACED
        | WaitOptions::WCONTINUED
        | WaitOptions::__WALL
        | WaitOptions::__WCLONE
        | WaitOptions::__WNOTHREAD;
    if !allowed.contains(options) {
        return Err(Errno::EINVAL.into());
    }
    let whom = match pid {
        i32::MIN => return Err(Errno::ESRCH.into()),
        -1 => Whom::Any,
        0 => Whom::Group(cx.process().pgid),
        p if p > 0 => Whom::Pid(p as Pid),
        p => Whom::Group(p.unsigned_abs()),
    };
    match wait_for(cx, whom, options | WaitOptions::WEXITED)? {
        Some(report) => {
            cx.copy_out_opt(status, &(report.status as i32))?;
            cx.copy_out_opt(usage, &rusage(&report.usage))?;
            Ok(report.pid.into())
        }
        None => Ok(0),
    }
}

/// waitid(2).
pub(super) fn sys_waitid(
    cx: &mut Cx<'_>,
    id_type: u32,
    id: u32,
    info: UserMut<SigInfo>,
    options: WaitOptions,
    usage: UserMut<RUsage>,
) -> SysResult {
    let events = WaitOptions::WEXITED | WaitOptions::WSTOPPED | WaitOptions::WCONTINUED;
    if !options.intersects(events) {
        return Err(Errno::EINVAL.into());
    }
    let whom = match id_type {
        P_ALL => Whom::Any,
        P_PID if id > 0 => Whom::Pid(id),
        P_PGID if id == 0 => Whom::Group(cx.process().pgid),
        P_PGID if id as i32 > 0 => Whom::Group(id),
        P_PIDFD => {
            let desc = cx.desc(Fd(id as i32))?;
            let pidfd = desc.file.as_any().downcast_ref::<PidFd>().ok_or(Errno::EBADF)?;
            if desc.is_nonblocking() {
                let found = wait_for(cx, Whom::Pid(pidfd.pid), options | WaitOptions::WNOHANG)?;
                return match found {
                    None if !options.contains(WaitOptions::WNOHANG) => Err(Errno::EAGAIN.into()),
                    found => tell_waitid(cx, found, info, usage),
                };
            }
            Whom::Pid(pidfd.pid)
        }
        _ => return Err(Errno::EINVAL.into()),
    };
    let found = wait_for(cx, whom, options)?;
    tell_waitid(cx, found, info, usage)
}

fn tell_waitid(cx: &mut Cx<'_>, found: Option<Report>, info: UserMut<SigInfo>, usage: UserMut<RUsage>) -> SysResult {
    let siginfo = match &found {
        Some(r) => SigInfo::child(r.code, r.pid, r.uid, r.value, 0, 0),
        None => SigInfo::default(),
    };
    cx.copy_out_opt(info, &siginfo)?;
    if let Some(report) = found {
        cx.copy_out_opt(usage, &rusage(&report.usage))?;
    }
    Ok(0)
}

/// Finds a child with news; blocks, or answers `None` with WNOHANG; ECHILD when there is no such child at all.
fn wait_for(cx: &mut Cx<'_>, whom: Whom, options: WaitOptions) -> Result<Option<Report>, Stop> {
    let mut has_candidate = false;
    let me = cx.pid();
    for pid in cx.process().children.clone() {
        let Some(slot) = cx.k.world.process_of(pid) else { continue };
        let child = &cx.k.world.procs[slot];
        let is_meant = match whom {
            Whom::Any => true,
            Whom::Pid(p) => p == pid,
            Whom::Group(g) => child.pgid == g,
        };
        let is_clone = child.exit_signal != Some(SigNum::SIGCHLD);
        let is_kind = options.contains(WaitOptions::__WALL) || is_clone == options.contains(WaitOptions::__WCLONE);
        if !is_meant || !is_kind {
            continue;
        }
        has_candidate = true;
        if let Some(report) = take_report(cx, slot, options) {
            return Ok(Some(report));
        }
    }
    if !has_candidate {
        return Err(Errno::ECHILD.into());
    }
    if options.contains(WaitOptions::WNOHANG) {
        return Ok(None);
    }
    Err(Stop::Block(Wait::on(WaitOn::Child(me))))
}

fn take_report(cx: &mut Cx<'_>, slot: u32, options: WaitOptions) -> Option<Report> {
    let keeps = options.contains(WaitOptions::WNOWAIT);
    let usage = cx.k.process_usage(slot);
    let child = &mut cx.k.world.procs[slot];
    let (pid, uid, job) = (child.pid, child.uid, child.job);
    let report = |code, value, status| Report { pid, uid, code, value, status, usage };
    if let Some(status) = child.exit_status {
        if !options.contains(WaitOptions::WEXITED) {
            return None;
        }
        let mut total = usage;
        total.add(&child.dead_children);
        if !keeps {
            cx.k.reap(slot);
        }
        let (code, value) = match status & 0x7f {
            0 => (CLD_EXITED, (status >> 8 & 0xff) as i32),
            signal => (CLD_KILLED, signal as i32),
        };
        return Some(Report { pid, uid, code, value, status, usage: total });
    }
    if let Some(signal) = job.stopped.filter(|_| job.reports_stop && options.contains(WaitOptions::WUNTRACED)) {
        child.job.reports_stop &= keeps;
        return Some(report(CLD_STOPPED, signal.number().into(), stopped(signal.number())));
    }
    if job.reports_continue && options.contains(WaitOptions::WCONTINUED) {
        child.job.reports_continue &= keeps;
        return Some(report(CLD_CONTINUED, SigNum::SIGCONT.number().into(), CONTINUED));
    }
    None
}

/// `struct rusage` of what was used.
pub(super) fn rusage(usage: &Usage) -> RUsage {
    RUsage {
        ru_utime: Timeval::from_nanos(usage.user),
        ru_stime: Timeval::from_nanos(usage.system),
        ru_maxrss: (usage.peak_resident_pages * 4) as i64,
        ru_minflt: usage.faults as i64,
        ru_nvcsw: usage.switches.0 as i64,
        ru_nivcsw: usage.switches.1 as i64,
        ..RUsage::default()
    }
}

// --- groups and sessions -----------------------------------------------------------------------------------------------

/// getpgid(2).
pub(super) fn sys_getpgid(cx: &mut Cx<'_>, pid: i32) -> SysResult {
    Ok(named_process(cx, pid)?.1.into())
}

/// getpgrp(2).
pub(super) fn sys_getpgrp(cx: &mut Cx<'_>) -> SysResult {
    Ok(cx.process().pgid.into())
}

/// getsid(2).
pub(super) fn sys_getsid(cx: &mut Cx<'_>, pid: i32) -> SysResult {
    Ok(named_process(cx, pid)?.2.into())
}

/// (slot, group, session) of the process `pid` names, 0 being the caller's.
fn named_process(cx: &Cx<'_>, pid: i32) -> Result<(u32, Pid, Pid), Errno> {
    let slot = match pid {
        0 => cx.task().process,
        p if p < 0 => return Err(Errno::ESRCH),
        p => match cx.k.world.process_of(p as Pid) {
            Some(slot) => slot,
            None => cx.k.world.task_of(p as Pid).map(|ix| cx.k.world.tasks[ix].process).ok_or(Errno::ESRCH)?,
        },
    };
    let process = &cx.k.world.procs[slot];
    Ok((slot, process.pgid, process.sid))
}

/// setpgid(2).
pub(super) fn sys_setpgid(cx: &mut Cx<'_>, pid: i32, pgid: i32) -> SysResult {
    if pgid < 0 {
        return Err(Errno::EINVAL.into());
    }
    let me = cx.pid();
    let pid = if pid == 0 { me } else { pid as Pid };
    let slot = cx.k.world.process_of(pid).ok_or(Errno::ESRCH)?;
    let pgid = if pgid == 0 { pid } else { pgid as Pid };
    let target = &cx.k.world.procs[slot];
    if pid != me {
        if target.parent != me {
            return Err(Errno::ESRCH.into());
        }
        if target.sid != cx.process().sid {
            return Err(Errno::EPERM.into());
        }
        if target.has_execed {
            return Err(Errno::EACCES.into());
        }
    }
    if target.sid == pid {
        return Err(Errno::EPERM.into());
    }
    let sid = target.sid;
    let joins_other = pgid != pid;
    if joins_other && !cx.k.world.procs.iter().any(|(_, p)| p.pgid == pgid && p.sid == sid) {
        return Err(Errno::EPERM.into());
    }
    cx.k.world.procs[slot].pgid = pgid;
    Ok(0)
}

/// setsid(2).
pub(super) fn sys_setsid(cx: &mut Cx<'_>) -> SysResult {
    let pid = cx.pid();
    if cx.k.world.procs.iter().any(|(_, p)| p.pgid == pid) {
        return Err(Errno::EPERM.into());
    }
    let process = cx.process_mut();
    process.sid = pid;
    process.pgid = pid;
    Ok(pid.into())
}

// --- pidfd ---------------------------------------------------------------------------------------------------------------

/// pidfd_open(2).
pub(super) fn sys_pidfd_open(cx: &mut Cx<'_>, pid: i32, flags: Hex) -> SysResult {
    const PIDFD_NONBLOCK: u64 = 0o4000;
    if flags.0 & !PIDFD_NONBLOCK != 0 || pid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    if cx.k.world.process_of(pid as Pid).is_none() {
        return Err(if cx.k.world.task_of(pid as Pid).is_some() { Errno::EINVAL } else { Errno::ESRCH }.into());
    }
    let [fd] = cx.free_fds::<1>()?;
    cx.k.install_pidfd(cx.ix, fd, pid as Pid);
    if flags.0 & PIDFD_NONBLOCK != 0 {
        let desc = cx.desc(Fd(fd))?;
        desc.set_flags(desc.flags() | brainworm_abi::OpenFlags::O_NONBLOCK);
    }
    Ok(fd as u64)
}

/// pidfd_send_signal(2).
pub(super) fn sys_pidfd_send_signal(
    cx: &mut Cx<'_>,
    fd: Fd,
    signal: super::args::SigOrZero,
    info: UserPtr<SigInfo>,
    flags: u32,
) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    let desc = cx.desc(fd)?;
    let slot = match desc.file.as_any().downcast_ref::<PidFd>() {
        Some(file) => process_behind(cx, file)?,
        // A directory /proc/PID does as well.
        None => {
            let pid = desc.location.as_ref().and_then(PathRef::proc_pid).ok_or(Errno::EBADF)?;
            cx.k.world.process_of(pid).ok_or(Errno::ESRCH)?
        }
    };
    let Some(signal) = signal.0 else { return Ok(0) };
    super::signal::check_permission(cx, slot, signal)?;
    let info = match cx.copy_in_opt(info)? {
        Some(info) if info.si_signo != i32::from(signal.number()) => return Err(Errno::EINVAL.into()),
        Some(info) => info,
        None => super::signal::own_info(cx, signal, brainworm_abi::linux::signal::SI_USER),
    };
    cx.k.signal_process(slot, info);
    Ok(0)
}

/// The process a pidfd was made for; ESRCH when it is reaped, even if another has its number now.
fn process_behind(cx: &Cx<'_>, file: &PidFd) -> Result<u32, Errno> {
    let slot = cx.k.world.process_of(file.pid).ok_or(Errno::ESRCH)?;
    if file.is_of(&cx.k.world.procs[slot].exit_point) { Ok(slot) } else { Err(Errno::ESRCH) }
}

/// pidfd_getfd(2).
pub(super) fn sys_pidfd_getfd(cx: &mut Cx<'_>, fd: Fd, target: i32, flags: u32) -> SysResult {
    if flags != 0 {
        return Err(Errno::EINVAL.into());
    }
    let desc = cx.desc(fd)?;
    let file = desc.file.as_any().downcast_ref::<PidFd>().ok_or(Errno::EBADF)?;
    process_behind(cx, file)?;
    let ix = cx.k.world.task_of(file.pid).ok_or(Errno::ESRCH)?;
    let other = &cx.k.world.tasks[ix];
    if !cx.creds().can(cap::SYS_ADMIN) && other.creds.uid != cx.creds().uid {
        return Err(Errno::EPERM.into());
    }
    let found = other.files.lock().get(target)?.desc.clone();
    Ok(cx.install(found, true)? as u64)
}
