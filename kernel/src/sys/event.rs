//! eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2), pidfd_send_signal(2).

use super::args::{Fd, UserMut, UserPtr};
use super::{Cx, Stop, SysResult};
use crate::events::{EventFd, Setting, SignalFd, TimerFd};
use crate::signal::SigSet;
use crate::task::Description;
use alloc::sync::Arc;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::eventfd::{EventfdFlags, SignalfdFlags, SignalfdSiginfo};
use brainworm_abi::linux::signal::*;
use brainworm_abi::linux::time::*;
use brainworm_abi::{Errno, File, FileKind, Nanos, OpenFlags, WaitPoint};

impl Cx<'_> {
    fn install_event(&mut self, file: Arc<dyn File>, name: &[u8], nonblock: bool, cloexec: bool) -> SysResult {
        let status = if nonblock { OpenFlags::O_RDWR | OpenFlags::O_NONBLOCK } else { OpenFlags::O_RDWR };
        let desc = self.describe_anonymous(file, FileKind::CharDevice, name, status);
        Ok(self.install(desc, cloexec)? as u64)
    }
    fn new_point(&self) -> WaitPoint {
        WaitPoint::new(&self.k.bell)
    }
}

/// eventfd(2).
pub(super) fn sys_eventfd(cx: &mut Cx<'_>, count: u32) -> SysResult {
    sys_eventfd2(cx, count, EventfdFlags::empty())
}

/// eventfd2(2).
pub(super) fn sys_eventfd2(cx: &mut Cx<'_>, count: u32, flags: EventfdFlags) -> SysResult {
    let is_semaphore = flags.contains(EventfdFlags::EFD_SEMAPHORE);
    let file = Arc::new(EventFd::new(u64::from(count), is_semaphore, cx.new_point()));
    let nonblock = flags.contains(EventfdFlags::EFD_NONBLOCK);
    cx.install_event(file, b"anon_inode:[eventfd]", nonblock, flags.contains(EventfdFlags::EFD_CLOEXEC))
}

/// timerfd_create(2).
pub(super) fn sys_timerfd_create(cx: &mut Cx<'_>, clock: i32, flags: TimerfdFlags) -> SysResult {
    match clock {
        CLOCK_REALTIME | CLOCK_MONOTONIC | CLOCK_BOOTTIME => {}
        // Alarms that wake a suspended machine need CAP_WAKE_ALARM.
        CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM if cx.creds().can(35) => {}
        CLOCK_REALTIME_ALARM | CLOCK_BOOTTIME_ALARM => return Err(Errno::EPERM.into()),
        _ => return Err(Errno::EINVAL.into()),
    }
    let file = Arc::new(TimerFd::new(clock, cx.new_point()));
    let nonblock = flags.contains(TimerfdFlags::TFD_NONBLOCK);
    cx.install_event(file, b"anon_inode:[timerfd]", nonblock, flags.contains(TimerfdFlags::TFD_CLOEXEC))
}

/// What timerfd_gettime(2) shows of a setting.
fn shown(setting: Setting, now: Nanos) -> Itimerspec {
    Itimerspec {
        it_interval: TimespecC::from_nanos(setting.interval),
        it_value: TimespecC::from_nanos(setting.left(now)),
    }
}

/// timerfd_settime(2).
pub(super) fn sys_timerfd_settime(
    cx: &mut Cx<'_>,
    fd: Fd,
    flags: TimerfdSetFlags,
    new: UserPtr<Itimerspec>,
    old: UserMut<Itimerspec>,
) -> SysResult {
    let new = cx.copy_in(new)?;
    let (value, interval) = (new.it_value.to_nanos()?, new.it_interval.to_nanos()?);
    let desc = cx.desc(fd)?;
    let timer = desc.file.as_any().downcast_ref::<TimerFd>().ok_or(Errno::EINVAL)?;
    let now = timer.now(&mut cx.io());
    let next = match value {
        0 => None,
        value if flags.contains(TimerfdSetFlags::TFD_TIMER_ABSTIME) => Some(value),
        value => Some(now.saturating_add(value)),
    };
    let before = timer.set(Setting { next, interval });
    cx.copy_out_opt(old, &shown(before, now))?;
    Ok(0)
}

/// timerfd_gettime(2).
pub(super) fn sys_timerfd_gettime(cx: &mut Cx<'_>, fd: Fd, value: UserMut<Itimerspec>) -> SysResult {
    let desc = cx.desc(fd)?;
    let timer = desc.file.as_any().downcast_ref::<TimerFd>().ok_or(Errno::EINVAL)?;
    let now = timer.now(&mut cx.io());
    cx.copy_out(value, &shown(timer.get(), now))?;
    Ok(0)
}

/// signalfd(2).
pub(super) fn sys_signalfd(cx: &mut Cx<'_>, fd: Fd, mask: UserPtr<SigSet>, size: u64) -> SysResult {
    sys_signalfd4(cx, fd, mask, size, SignalfdFlags::empty())
}

/// signalfd4(2): a descriptor of -1 makes a new one.
pub(super) fn sys_signalfd4(
    cx: &mut Cx<'_>,
    fd: Fd,
    mask: UserPtr<SigSet>,
    size: u64,
    flags: SignalfdFlags,
) -> SysResult {
    if size != 8 {
        return Err(Errno::EINVAL.into());
    }
    let mask = cx.copy_in(mask)?.minus(SigSet::UNBLOCKABLE);
    if fd.0 != -1 {
        let desc = cx.desc(fd)?;
        let file = desc.file.as_any().downcast_ref::<SignalFd>().ok_or(Errno::EINVAL)?;
        *file.mask.lock() = mask;
        file.wait.notify();
        return Ok(fd.0 as u64);
    }
    let wait = cx.k.signal_point.clone();
    let file = Arc::new(SignalFd { mask: spin::Mutex::new(mask), wait });
    let nonblock = flags.contains(SignalfdFlags::SFD_NONBLOCK);
    cx.install_event(file, b"anon_inode:[signalfd]", nonblock, flags.contains(SignalfdFlags::SFD_CLOEXEC))
}

/// `struct signalfd_siginfo` of a signal: the same fields at other places.
fn as_siginfo(info: &SigInfo) -> SignalfdSiginfo {
    let mut out = SignalfdSiginfo {
        ssi_signo: info.si_signo as u32,
        ssi_errno: info.si_errno,
        ssi_code: info.si_code,
        ..SignalfdSiginfo::default()
    };
    let is_fault = matches!(info.signal(), SIGSEGV | SIGBUS | SIGILL | SIGFPE | SIGTRAP) && info.si_code > 0;
    match info.si_code {
        _ if is_fault => out.ssi_addr = info.addr(),
        SI_TIMER => {
            (out.ssi_tid, out.ssi_overrun) = (info.pid(), info.uid());
            (out.ssi_ptr, out.ssi_int) = (info.value(), info.value() as i32);
        }
        _ if info.signal() == SIGCHLD && info.si_code > 0 => {
            (out.ssi_pid, out.ssi_uid, out.ssi_status) = (info.pid(), info.uid(), info.status());
        }
        SI_USER | SI_KERNEL | SI_TKILL => (out.ssi_pid, out.ssi_uid) = (info.pid(), info.uid()),
        code if code < 0 => {
            (out.ssi_pid, out.ssi_uid) = (info.pid(), info.uid());
            (out.ssi_ptr, out.ssi_int) = (info.value(), info.value() as i32);
        }
        _ => out.ssi_addr = info.addr(),
    }
    out
}

impl Cx<'_> {
    /// Signals of the set that wait for this task or its process.
    pub(super) fn pending_of(&self, set: SigSet) -> SigSet {
        let mine = self.task().signals.pending.set();
        let shared = self.process().signals.pending.set();
        SigSet((mine.0 | shared.0) & set.0)
    }

    /// Takes a pending signal of the set.
    pub(super) fn take_pending(&mut self, set: SigSet) -> Option<SigInfo> {
        self.k.dequeue_signal(self.ix, SigSet(!set.0))
    }

    /// What read(2) makes of `EAGAIN` from files that only the kernel can read: `None` for all others.
    pub(super) fn read_special(
        &mut self,
        desc: &Arc<Description>,
        pos: u64,
        buf: &mut [u8],
    ) -> Option<Result<usize, Stop>> {
        let Some(file) = desc.file.as_any().downcast_ref::<SignalFd>() else {
            return self.read_memory(&*desc.file, pos, buf).map(|result| result.map_err(Stop::Errno));
        };
        let set = *file.mask.lock();
        let mut done = 0;
        for slot in buf.chunks_exact_mut(SignalfdSiginfo::SIZE) {
            let Some(info) = self.take_pending(set) else { break };
            slot.fill(0);
            as_siginfo(&info).store(slot);
            done += SignalfdSiginfo::SIZE;
        }
        if done == 0 { None } else { Some(Ok(done)) }
    }
}
