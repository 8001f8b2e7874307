//! Signals: rt_sigaction(2), kill(2), sigaltstack(2), sigtimedwait(2) and relatives.

use super::args::{SigOrZero, UserMut, UserPtr, opaque};
use super::{Cx, Stop, SysResult};
use crate::signal::{MINSIGSTKSZ, SigNum, SigSet};
use crate::task::cap;
use crate::wait::{OnSignal, Wait, WaitOn};
use brainworm_abi::linux::signal::*;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr, Pid};

opaque!(SigAction, StackT);

/// `sigsetsize` of every call that takes a set.
fn check_size(size: u64) -> Result<(), Errno> {
    if size == 8 { Ok(()) } else { Err(Errno::EINVAL) }
}

/// rt_sigaction(2).
pub(super) fn sys_rt_sigaction(
    cx: &mut Cx<'_>,
    signal: SigNum,
    new: UserPtr<SigAction>,
    old: UserMut<SigAction>,
    size: u64,
) -> SysResult {
    check_size(size)?;
    let new = cx.copy_in_opt(new)?;
    if new.is_some() && SigSet::UNBLOCKABLE.has(signal) {
        return Err(Errno::EINVAL.into());
    }
    let actions = cx.task().actions.clone();
    let before = actions.lock().get(signal);
    if let Some(mut new) = new {
        new.sa_mask = SigSet(new.sa_mask).minus(SigSet::UNBLOCKABLE).0;
        actions.lock().set(signal, new);
        // Setting a signal to be ignored discards it where it is pending (signal(7)).
        if actions.lock().ignores(signal) {
            let process = cx.task().process;
            cx.k.discard_pending(process, SigSet::EMPTY.with(signal));
        }
    }
    cx.copy_out_opt(old, &before)?;
    Ok(0)
}

/// rt_sigprocmask(2).
pub(super) fn sys_rt_sigprocmask(
    cx: &mut Cx<'_>,
    how: u32,
    set: UserPtr<SigSet>,
    old: UserMut<SigSet>,
    size: u64,
) -> SysResult {
    check_size(size)?;
    let set = cx.copy_in_opt(set)?;
    let before = cx.task().signals.mask;
    if let Some(set) = set {
        let mask = match how {
            SIG_BLOCK => before.union(set),
            SIG_UNBLOCK => before.minus(set),
            SIG_SETMASK => set,
            _ => return Err(Errno::EINVAL.into()),
        };
        cx.task_mut().signals.mask = mask.minus(SigSet::UNBLOCKABLE);
    }
    cx.copy_out_opt(old, &before)?;
    Ok(0)
}

/// rt_sigpending(2).
pub(super) fn sys_rt_sigpending(cx: &mut Cx<'_>, set: UserMut<SigSet>, size: u64) -> SysResult {
    if size > 8 {
        return Err(Errno::EINVAL.into());
    }
    let pending = cx.task().signals.pending.set().union(cx.process().signals.pending.set());
    let blocked = pending.intersection(cx.task().signals.mask);
    cx.write_bytes(set.addr, &blocked.0.to_le_bytes()[..size as usize])?;
    Ok(0)
}

/// rt_sigsuspend(2).
pub(super) fn sys_rt_sigsuspend(cx: &mut Cx<'_>, mask: UserPtr<SigSet>, size: u64) -> SysResult {
    check_size(size)?;
    let mask = cx.copy_in(mask)?;
    cx.set_temporary_mask(mask);
    Err(Stop::Block(Wait::on(WaitOn::Signal).on_signal(OnSignal::NoHandler)))
}

/// pause(2).
pub(super) fn sys_pause(_cx: &mut Cx<'_>) -> SysResult {
    Err(Stop::Block(Wait::on(WaitOn::Signal).on_signal(OnSignal::NoHandler)))
}

/// rt_sigtimedwait(2).
pub(super) fn sys_rt_sigtimedwait(
    cx: &mut Cx<'_>,
    set: UserPtr<SigSet>,
    info: UserMut<SigInfo>,
    timeout: UserPtr<TimespecC>,
    size: u64,
) -> SysResult {
    check_size(size)?;
    let wanted = cx.copy_in(set)?.minus(SigSet::UNBLOCKABLE);
    let timeout = cx.copy_in_opt(timeout)?.map(TimespecC::to_nanos).transpose()?;
    cx.task_mut().signals.awaited = SigSet::EMPTY;
    if let Some(found) = cx.take_pending(wanted) {
        cx.copy_out_opt(info, &found)?;
        return Ok(found.signal().into());
    }
    let deadline = cx.deadline(timeout);
    if cx.is_past(deadline) {
        return Err(Errno::EAGAIN.into());
    }
    cx.task_mut().signals.awaited = wanted;
    Err(cx.block(Wait::on(WaitOn::Signal), deadline, OnSignal::Eintr))
}

/// rt_sigreturn(2).
pub(super) fn sys_rt_sigreturn(cx: &mut Cx<'_>) -> SysResult {
    cx.k.pop_frame(cx.ix);
    Err(Stop::Replaced)
}

/// sigaltstack(2).
pub(super) fn sys_sigaltstack(cx: &mut Cx<'_>, new: UserPtr<StackT>, old: UserMut<StackT>) -> SysResult {
    let new = cx.copy_in_opt(new)?;
    let rsp = cx.task().cpu.gpr[4];
    let before = cx.task().signals.stack_t(rsp);
    if let Some(new) = new {
        if cx.task().signals.is_on_altstack(rsp) {
            return Err(Errno::EPERM.into());
        }
        let mode = new.ss_flags & !SS_AUTODISARM;
        let signals = &mut cx.task_mut().signals;
        match mode {
            SS_DISABLE => signals.altstack = None,
            0 | SS_ONSTACK => {
                if new.ss_size < MINSIGSTKSZ {
                    return Err(Errno::ENOMEM.into());
                }
                signals.altstack = Some((GuestAddr(new.ss_sp), new.ss_size));
            }
            _ => return Err(Errno::EINVAL.into()),
        }
        signals.altstack_autodisarm = new.ss_flags & SS_AUTODISARM != 0;
    }
    cx.copy_out_opt(old, &before)?;
    Ok(0)
}

// --- sending -------------------------------------------------------------------------------------------------------------

/// A signal as the caller sends it.
pub(super) fn own_info(cx: &Cx<'_>, signal: SigNum, code: i32) -> SigInfo {
    SigInfo::sent(signal.number(), code, cx.pid(), cx.creds().uid)
}

/// EPERM unless the caller may signal the process (kill(2)).
pub(super) fn check_permission(cx: &Cx<'_>, slot: u32, signal: SigNum) -> Result<(), Errno> {
    let target = &cx.k.world.procs[slot];
    let me = cx.creds();
    let is_own = target.pid == cx.pid();
    let continues_session = signal == SigNum::SIGCONT && target.sid == cx.process().sid;
    let may = match target.tasks.first() {
        Some(&task) => me.may_signal(&cx.k.world.tasks[task].creds),
        None => me.can(cap::KILL) || me.uid == target.uid || me.euid == target.uid,
    };
    if may || is_own || continues_session { Ok(()) } else { Err(Errno::EPERM) }
}

/// kill(2).
pub(super) fn sys_kill(cx: &mut Cx<'_>, pid: i32, signal: SigOrZero) -> SysResult {
    let me = cx.pid();
    let targets: alloc::vec::Vec<u32> = match pid {
        0 => cx.k.world.group(cx.process().pgid),
        // All but init and ourselves.
        -1 => cx.k.world.procs.iter().filter(|(_, p)| p.pid != 1 && p.pid != me).map(|(slot, _)| slot).collect(),
        i32::MIN => return Err(Errno::ESRCH.into()),
        p if p < 0 => cx.k.world.group(p.unsigned_abs()),
        p => {
            let pid = p as Pid;
            // A thread's id names its process.
            let of_thread = || Some(cx.k.world.tasks[cx.k.world.task_of(pid)?].process);
            let slot = cx.k.world.process_of(pid).or_else(of_thread).ok_or(Errno::ESRCH)?;
            return Ok(kill_process(cx, slot, signal).map(|()| 0)?);
        }
    };
    if targets.is_empty() {
        return Err(Errno::ESRCH.into());
    }
    let mut refused = 0;
    for &slot in &targets {
        refused += usize::from(kill_process(cx, slot, signal).is_err());
    }
    if refused == targets.len() { Err(Errno::EPERM.into()) } else { Ok(0) }
}

fn kill_process(cx: &mut Cx<'_>, slot: u32, signal: SigOrZero) -> Result<(), Errno> {
    check_permission(cx, slot, signal.0.unwrap_or(SigNum::SIGTERM))?;
    if let Some(signal) = signal.0 {
        let info = own_info(cx, signal, SI_USER);
        cx.k.signal_process(slot, info);
    }
    Ok(())
}

/// tkill(2).
pub(super) fn sys_tkill(cx: &mut Cx<'_>, tid: i32, signal: SigOrZero) -> SysResult {
    if tid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    signal_thread(cx, None, tid as Pid, signal, None)
}

/// tgkill(2).
pub(super) fn sys_tgkill(cx: &mut Cx<'_>, pid: i32, tid: i32, signal: SigOrZero) -> SysResult {
    if tid <= 0 || pid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    signal_thread(cx, Some(pid as Pid), tid as Pid, signal, None)
}

fn signal_thread(cx: &mut Cx<'_>, pid: Option<Pid>, tid: Pid, signal: SigOrZero, info: Option<SigInfo>) -> SysResult {
    let ix = cx.k.world.task_of(tid).ok_or(Errno::ESRCH)?;
    let slot = cx.k.world.tasks[ix].process;
    if pid.is_some_and(|pid| cx.k.world.procs[slot].pid != pid) {
        return Err(Errno::ESRCH.into());
    }
    check_permission(cx, slot, signal.0.unwrap_or(SigNum::SIGTERM))?;
    if let Some(signal) = signal.0 {
        let info = info.unwrap_or_else(|| own_info(cx, signal, SI_TKILL));
        cx.k.signal_task(ix, info);
    }
    Ok(0)
}

/// A siginfo_t a guest made: it may not pretend to be the kernel or kill(2) towards others.
fn guest_info(cx: &mut Cx<'_>, pid: Pid, signal: SigOrZero, info: UserPtr<SigInfo>) -> Result<SigInfo, Errno> {
    let mut info = cx.copy_in(info)?;
    if (info.si_code >= 0 || info.si_code == SI_TKILL) && pid != cx.pid() {
        return Err(Errno::EPERM);
    }
    info.si_signo = signal.0.map_or(0, |s| s.number().into());
    Ok(info)
}

/// rt_sigqueueinfo(2).
pub(super) fn sys_rt_sigqueueinfo(cx: &mut Cx<'_>, pid: i32, signal: SigOrZero, info: UserPtr<SigInfo>) -> SysResult {
    let pid = pid as Pid;
    let info = guest_info(cx, pid, signal, info)?;
    let slot = cx.k.world.process_of(pid).ok_or(Errno::ESRCH)?;
    check_permission(cx, slot, signal.0.unwrap_or(SigNum::SIGTERM))?;
    if signal.0.is_some() {
        use brainworm_abi::linux::resource::RLIMIT_SIGPENDING;
        let queued = cx.k.world.procs[slot].signals.pending.len() as u64;
        if queued >= cx.k.world.procs[slot].limits[RLIMIT_SIGPENDING as usize].rlim_cur {
            return Err(Errno::EAGAIN.into());
        }
        cx.k.signal_process(slot, info);
    }
    Ok(0)
}

/// rt_tgsigqueueinfo(2).
pub(super) fn sys_rt_tgsigqueueinfo(
    cx: &mut Cx<'_>,
    pid: i32,
    tid: i32,
    signal: SigOrZero,
    info: UserPtr<SigInfo>,
) -> SysResult {
    if tid <= 0 || pid <= 0 {
        return Err(Errno::EINVAL.into());
    }
    let info = guest_info(cx, pid as Pid, signal, info)?;
    signal_thread(cx, Some(pid as Pid), tid as Pid, signal, Some(info))
}
