//! Clocks, sleeping, timers: clock_gettime(2), nanosleep(2), setitimer(2), timer_create(2), times(2).

use super::args::{UserMut, UserPtr, opaque};
use super::{Cx, SysResult};
use crate::signal::SigNum;
use crate::task::cap;
use crate::timers::{PosixTimer, Timer, is_cpu_clock};
use crate::wait::{OnSignal, Wait, WaitOn};
use brainworm_abi::linux::signal::{SIGALRM, SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_THREAD_ID, SigEvent};
use brainworm_abi::linux::time::*;
use brainworm_abi::{Errno, Nanos, Pid};

opaque!(Timezone, Itimerval, Tms, SigEvent);

const SECOND: Nanos = 1_000_000_000;
/// Timers a process may have (RLIMIT_SIGPENDING bounds them on Linux).
const MAX_TIMERS: usize = 1024;

/// The time on a clock. CPU clocks of other processes are negative ids (clock_getcpuclockid(3)).
fn read_clock(cx: &mut Cx<'_>, clock: i32) -> Result<Nanos, Errno> {
    Ok(match clock {
        CLOCK_REALTIME | CLOCK_REALTIME_COARSE | CLOCK_REALTIME_ALARM | CLOCK_TAI => cx.k.host.wall(),
        CLOCK_MONOTONIC | CLOCK_MONOTONIC_RAW | CLOCK_MONOTONIC_COARSE | CLOCK_BOOTTIME | CLOCK_BOOTTIME_ALARM => {
            cx.now()
        }
        CLOCK_PROCESS_CPUTIME_ID => process_time(cx, cx.task().process),
        CLOCK_THREAD_CPUTIME_ID => cx.task().cpu_time + running(cx),
        clock if clock < 0 => cpu_clock_of(cx, clock)?,
        _ => return Err(Errno::EINVAL),
    })
}

/// CPU time of the turn that is not charged yet.
fn running(cx: &mut Cx<'_>) -> Nanos {
    let since = cx.k.mono;
    cx.now().saturating_sub(since)
}

fn process_time(cx: &mut Cx<'_>, slot: u32) -> Nanos {
    let usage = cx.k.process_usage(slot);
    let own = if slot == cx.task().process { running(cx) } else { 0 };
    usage.user + usage.system + own
}

/// `~pid << 3 | kind`; bit 2 of the kind is set for threads.
fn cpu_clock_of(cx: &mut Cx<'_>, clock: i32) -> Result<Nanos, Errno> {
    let pid = !(clock >> 3) as Pid;
    if clock & 3 == 3 {
        return Err(Errno::EINVAL);
    }
    if clock & 4 != 0 {
        let ix = if pid == 0 { cx.ix } else { cx.k.world.task_of(pid).ok_or(Errno::EINVAL)? };
        return Ok(cx.k.world.tasks[ix].cpu_time);
    }
    let slot = if pid == 0 { cx.task().process } else { cx.k.world.process_of(pid).ok_or(Errno::EINVAL)? };
    Ok(process_time(cx, slot))
}

/// clock_gettime(2).
pub(super) fn sys_clock_gettime(cx: &mut Cx<'_>, clock: i32, time: UserMut<TimespecC>) -> SysResult {
    let now = read_clock(cx, clock)?;
    cx.copy_out(time, &TimespecC::from_nanos(now))?;
    Ok(0)
}

/// clock_getres(2).
pub(super) fn sys_clock_getres(cx: &mut Cx<'_>, clock: i32, res: UserMut<TimespecC>) -> SysResult {
    read_clock(cx, clock)?;
    let is_coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
    cx.copy_out_opt(res, &TimespecC::from_nanos(if is_coarse { 4_000_000 } else { 1 }))?;
    Ok(0)
}

/// clock_settime(2): the host's clock is not ours to set.
pub(super) fn sys_clock_settime(cx: &mut Cx<'_>, clock: i32, time: UserPtr<TimespecC>) -> SysResult {
    cx.copy_in(time)?.to_time()?;
    if clock != CLOCK_REALTIME {
        return Err(Errno::EINVAL.into());
    }
    Err(Errno::EPERM.into())
}

/// gettimeofday(2).
pub(super) fn sys_gettimeofday(cx: &mut Cx<'_>, time: UserMut<Timeval>, zone: UserMut<Timezone>) -> SysResult {
    let now = cx.k.host.wall();
    cx.copy_out_opt(time, &Timeval::from_nanos(now))?;
    cx.copy_out_opt(zone, &Timezone::default())?;
    Ok(0)
}

/// time(2).
pub(super) fn sys_time(cx: &mut Cx<'_>, time: UserMut<i64>) -> SysResult {
    let now = cx.k.host.wall() / SECOND;
    cx.copy_out_opt(time, &(now as i64))?;
    Ok(now)
}

/// settimeofday(2), see `sys_clock_settime`.
pub(super) fn sys_settimeofday(cx: &mut Cx<'_>, _time: UserPtr<Timeval>, _zone: UserPtr<Timezone>) -> SysResult {
    let _ = cx.creds().can(cap::SYS_TIME);
    Err(Errno::EPERM.into())
}

/// times(2).
pub(super) fn sys_times(cx: &mut Cx<'_>, buf: UserMut<Tms>) -> SysResult {
    const TICK: Nanos = SECOND / USER_HZ;
    let usage = cx.k.process_usage(cx.task().process);
    let children = cx.process().dead_children;
    let tms = Tms {
        tms_utime: usage.user / TICK,
        tms_stime: usage.system / TICK,
        tms_cutime: children.user / TICK,
        tms_cstime: children.system / TICK,
    };
    cx.copy_out_opt(buf, &tms)?;
    Ok(cx.now() / TICK)
}

// --- sleeping ------------------------------------------------------------------------------------------------------------

/// nanosleep(2).
pub(super) fn sys_nanosleep(cx: &mut Cx<'_>, time: UserPtr<TimespecC>, left: UserMut<TimespecC>) -> SysResult {
    let nanos = cx.copy_in(time)?.to_nanos()?;
    let deadline = cx.deadline(Some(nanos));
    sleep(cx, deadline, Some(left))
}

/// clock_nanosleep(2).
pub(super) fn sys_clock_nanosleep(
    cx: &mut Cx<'_>,
    clock: i32,
    flags: u32,
    time: UserPtr<TimespecC>,
    left: UserMut<TimespecC>,
) -> SysResult {
    let nanos = cx.copy_in(time)?.to_nanos()?;
    match clock {
        CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME | CLOCK_TAI | CLOCK_PROCESS_CPUTIME_ID => {}
        CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM => {}
        CLOCK_THREAD_CPUTIME_ID => return Err(Errno::EINVAL.into()),
        _ => return Err(Errno::EOPNOTSUPP.into()),
    }
    if flags & TIMER_ABSTIME == 0 {
        let deadline = cx.deadline(Some(nanos));
        return sleep(cx, deadline, Some(left));
    }
    // Again from the clock each time: the wall clock may be set while we sleep.
    let now = read_clock(cx, clock)?;
    if now >= nanos {
        return Ok(0);
    }
    let deadline = cx.now().saturating_add(nanos - now);
    Err(cx.block(Wait::default(), Some(deadline), OnSignal::NoHandler))
}

fn sleep(cx: &mut Cx<'_>, deadline: Option<Nanos>, left: Option<UserMut<TimespecC>>) -> SysResult {
    if cx.is_past(deadline) {
        return Ok(0);
    }
    if let (Some(left), Some(deadline)) = (left, deadline)
        && cx.k.has_signal(cx.ix)
    {
        let rest = deadline.saturating_sub(cx.now());
        cx.copy_out_opt(left, &TimespecC::from_nanos(rest))?;
    }
    Err(cx.block(Wait::on(WaitOn::Signal), deadline, OnSignal::Block))
}

// --- interval timers -----------------------------------------------------------------------------------------------------

fn timer_of(cx: &Cx<'_>, which: u32) -> Result<Timer, Errno> {
    let timers = &cx.process().timers;
    match which {
        ITIMER_REAL => Ok(timers.real),
        ITIMER_VIRTUAL => Ok(timers.virt),
        ITIMER_PROF => Ok(timers.prof),
        _ => Err(Errno::EINVAL),
    }
}

fn timer_now(cx: &mut Cx<'_>, which: u32) -> Nanos {
    if which == ITIMER_REAL { cx.now() } else { cx.process().timers.cpu }
}

fn itimerval(timer: Timer, now: Nanos) -> Itimerval {
    // Less than a microsecond still shows as one: 0 would mean disarmed.
    let left = timer.left(now);
    let left = if timer.due.is_some() { left.max(1000) } else { 0 };
    Itimerval { it_interval: Timeval::from_nanos(timer.interval), it_value: Timeval::from_nanos(left) }
}

/// getitimer(2).
pub(super) fn sys_getitimer(cx: &mut Cx<'_>, which: u32, value: UserMut<Itimerval>) -> SysResult {
    let timer = timer_of(cx, which)?;
    let now = timer_now(cx, which);
    cx.copy_out(value, &itimerval(timer, now))?;
    Ok(0)
}

/// setitimer(2).
pub(super) fn sys_setitimer(
    cx: &mut Cx<'_>,
    which: u32,
    new: UserPtr<Itimerval>,
    old: UserMut<Itimerval>,
) -> SysResult {
    let new = cx.copy_in_opt(new)?.unwrap_or_default();
    let (value, interval) = (new.it_value.to_nanos()?, new.it_interval.to_nanos()?);
    let timer = timer_of(cx, which)?;
    let now = timer_now(cx, which);
    set_itimer(cx, which, now, value, interval);
    cx.copy_out_opt(old, &itimerval(timer, now))?;
    Ok(0)
}

fn set_itimer(cx: &mut Cx<'_>, which: u32, now: Nanos, value: Nanos, interval: Nanos) {
    let due = (value > 0).then(|| now.saturating_add(value));
    if which == ITIMER_REAL {
        let slot = cx.task().process;
        cx.k.set_real_timer(slot, due, interval);
        return;
    }
    let timers = &mut cx.process_mut().timers;
    if which == ITIMER_VIRTUAL { timers.virt.set(due, interval) } else { timers.prof.set(due, interval) }
}

/// alarm(2).
pub(super) fn sys_alarm(cx: &mut Cx<'_>, seconds: u32) -> SysResult {
    let now = cx.now();
    let timer = cx.process().timers.real;
    let left = timer.due.map_or(0, |due| due.saturating_sub(now));
    set_itimer(cx, ITIMER_REAL, now, Nanos::from(seconds) * SECOND, 0);
    // Rounded, and never 0 while one was pending.
    let seconds = (left + SECOND / 2) / SECOND;
    Ok(if timer.due.is_some() { seconds.max(1) } else { 0 })
}

// --- POSIX timers --------------------------------------------------------------------------------------------------------

/// timer_create(2).
pub(super) fn sys_timer_create(cx: &mut Cx<'_>, clock: i32, event: UserPtr<SigEvent>, id: UserMut<u32>) -> SysResult {
    read_clock(cx, clock)?;
    if clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let event = cx.copy_in_opt(event)?;
    if cx.process().timers.posix.len() >= MAX_TIMERS {
        return Err(Errno::EAGAIN.into());
    }
    let new_id = cx.process().timers.next_posix;
    let (signal, thread, value) = match event {
        None => (SigNum::from_u8(SIGALRM), None, u64::from(new_id)),
        Some(event) => {
            let signal = SigNum::new(event.sigev_signo as u64);
            match event.sigev_notify as u32 {
                SIGEV_NONE => (None, None, event.sigev_value),
                SIGEV_SIGNAL | SIGEV_THREAD => (Some(signal.ok_or(Errno::EINVAL)?), None, event.sigev_value),
                SIGEV_THREAD_ID => {
                    let ix = cx.k.world.task_of(event._pad_tid).ok_or(Errno::EINVAL)?;
                    if cx.k.world.tasks[ix].process != cx.task().process {
                        return Err(Errno::EINVAL.into());
                    }
                    (Some(signal.ok_or(Errno::EINVAL)?), Some(event._pad_tid), event.sigev_value)
                }
                _ => return Err(Errno::EINVAL.into()),
            }
        }
    };
    cx.copy_out(id, &new_id)?;
    let timer = PosixTimer { timer: Timer::default(), clock, signal, thread, value, overrun: 0 };
    let timers = &mut cx.process_mut().timers;
    timers.posix.insert(new_id, timer);
    timers.next_posix = (new_id + 1) & 0x7fff_ffff;
    Ok(0)
}

/// Now on the scale a timer's deadline is kept in.
fn posix_now(cx: &mut Cx<'_>, clock: i32) -> Nanos {
    if is_cpu_clock(clock) { cx.process().timers.cpu } else { cx.now() }
}

fn itimerspec(timer: Timer, now: Nanos) -> Itimerspec {
    let (interval, value) = (TimespecC::from_nanos(timer.interval), TimespecC::from_nanos(timer.left(now)));
    Itimerspec { it_interval: interval, it_value: value }
}

/// timer_settime(2).
pub(super) fn sys_timer_settime(
    cx: &mut Cx<'_>,
    id: u32,
    flags: u32,
    new: UserPtr<Itimerspec>,
    old: UserMut<Itimerspec>,
) -> SysResult {
    let new = cx.copy_in(new)?;
    let (value, interval) = (new.it_value.to_nanos()?, new.it_interval.to_nanos()?);
    let timer = *cx.process().timers.posix.get(&id).ok_or(Errno::EINVAL)?;
    let now = posix_now(cx, timer.clock);
    let due = if value == 0 {
        None
    } else if flags & TIMER_ABSTIME == 0 {
        Some(now.saturating_add(value))
    } else {
        // A point on the timer's clock, as a point on ours.
        let clock_now = read_clock(cx, timer.clock)?;
        Some(now.saturating_add(value.saturating_sub(clock_now)))
    };
    if let Some(timer) = cx.process_mut().timers.posix.get_mut(&id) {
        timer.timer.set(due, interval);
        timer.overrun = 0;
    }
    if !is_cpu_clock(timer.clock) {
        let slot = cx.task().process;
        cx.k.arm_posix_timer(slot, id);
    }
    cx.copy_out_opt(old, &itimerspec(timer.timer, now))?;
    Ok(0)
}

/// timer_gettime(2).
pub(super) fn sys_timer_gettime(cx: &mut Cx<'_>, id: u32, value: UserMut<Itimerspec>) -> SysResult {
    let timer = *cx.process().timers.posix.get(&id).ok_or(Errno::EINVAL)?;
    let now = posix_now(cx, timer.clock);
    cx.copy_out(value, &itimerspec(timer.timer, now))?;
    Ok(0)
}

/// timer_getoverrun(2).
pub(super) fn sys_timer_getoverrun(cx: &mut Cx<'_>, id: u32) -> SysResult {
    let timer = cx.process().timers.posix.get(&id).ok_or(Errno::EINVAL)?;
    Ok(timer.overrun.into())
}

/// timer_delete(2).
pub(super) fn sys_timer_delete(cx: &mut Cx<'_>, id: u32) -> SysResult {
    cx.process_mut().timers.posix.remove(&id).ok_or(Errno::EINVAL)?;
    Ok(0)
}
