//! epoll_create(2), epoll_ctl(2), epoll_wait(2).

use super::args::{Fd, UserPtr};
use super::{Cx, SysResult};
use crate::poll::Epoll;
use crate::signal::SigSet;
use crate::task::Description;
use crate::wait::{OnSignal, Wait};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::epoll::*;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, FileKind, GuestAddr, Nanos, OpenFlags, Readiness, WaitPoint};

/// epoll_create(2).
pub(super) fn sys_epoll_create(cx: &mut Cx<'_>, size: i32) -> SysResult {
    if size <= 0 {
        return Err(Errno::EINVAL.into());
    }
    sys_epoll_create1(cx, EpollCreateFlags::empty())
}

/// epoll_create1(2).
pub(super) fn sys_epoll_create1(cx: &mut Cx<'_>, flags: EpollCreateFlags) -> SysResult {
    let epoll = Epoll::new(WaitPoint::new(&cx.k.bell), &cx.k.epolls);
    let desc = cx.describe_anonymous(epoll, FileKind::CharDevice, b"anon_inode:[eventpoll]", OpenFlags::O_RDWR);
    Ok(cx.install(desc, flags.contains(EpollCreateFlags::EPOLL_CLOEXEC))? as u64)
}

fn epoll_of(desc: &Description) -> Result<&Epoll, Errno> {
    desc.file.as_any().downcast_ref::<Epoll>().ok_or(Errno::EINVAL)
}

/// epoll_ctl(2).
pub(super) fn sys_epoll_ctl(cx: &mut Cx<'_>, epfd: Fd, op: u32, fd: Fd, event: UserPtr<EpollEvent>) -> SysResult {
    let event = if op == EPOLL_CTL_DEL { EpollEvent::default() } else { cx.copy_in(event)? };
    let desc = cx.desc(epfd)?;
    let target = cx.desc(fd)?;
    if target.file.wait_point().is_none() {
        return Err(Errno::EPERM.into());
    }
    let epoll = epoll_of(&desc)?;
    if Arc::ptr_eq(&desc.file, &target.file) {
        return Err(Errno::EINVAL.into());
    }
    let events = EpollEvents::from_bits_retain(event.events);
    if events.contains(EpollEvents::EPOLLEXCLUSIVE) {
        let allowed = EpollEvents::EPOLLIN
            | EpollEvents::EPOLLOUT
            | EpollEvents::EPOLLERR
            | EpollEvents::EPOLLHUP
            | EpollEvents::EPOLLWAKEUP
            | EpollEvents::EPOLLET
            | EpollEvents::EPOLLEXCLUSIVE;
        if op != EPOLL_CTL_ADD || !allowed.contains(events) || target.file.as_any().is::<Epoll>() {
            return Err(Errno::EINVAL.into());
        }
    }
    // An item that asks for nothing still hears of errors, unlike one that EPOLLONESHOT put to sleep.
    let events = events | EpollEvents::EPOLLERR | EpollEvents::EPOLLHUP;
    match op {
        EPOLL_CTL_ADD => epoll.add(fd.0, &target, events, event.data)?,
        EPOLL_CTL_MOD => epoll.modify(fd.0, &target, events, event.data)?,
        EPOLL_CTL_DEL => epoll.delete(fd.0, &target)?,
        _ => return Err(Errno::EINVAL.into()),
    }
    Ok(0)
}

/// epoll_wait(2).
pub(super) fn sys_epoll_wait(cx: &mut Cx<'_>, epfd: Fd, events: GuestAddr, max: i32, timeout_ms: i32) -> SysResult {
    let timeout = u64::try_from(timeout_ms).ok().map(|ms| ms * 1_000_000);
    wait(cx, epfd, events, max, timeout)
}

/// epoll_pwait(2).
pub(super) fn sys_epoll_pwait(
    cx: &mut Cx<'_>,
    epfd: Fd,
    events: GuestAddr,
    max: i32,
    timeout_ms: i32,
    mask: UserPtr<SigSet>,
    size: u64,
) -> SysResult {
    set_mask(cx, mask, size)?;
    sys_epoll_wait(cx, epfd, events, max, timeout_ms)
}

/// epoll_pwait2(2): the timeout in nanoseconds.
pub(super) fn sys_epoll_pwait2(
    cx: &mut Cx<'_>,
    epfd: Fd,
    events: GuestAddr,
    max: i32,
    timeout: UserPtr<TimespecC>,
    mask: UserPtr<SigSet>,
    size: u64,
) -> SysResult {
    let timeout = cx.copy_in_opt(timeout)?.map(TimespecC::to_nanos).transpose()?;
    set_mask(cx, mask, size)?;
    wait(cx, epfd, events, max, timeout)
}

fn set_mask(cx: &mut Cx<'_>, mask: UserPtr<SigSet>, size: u64) -> Result<(), Errno> {
    if mask.is_null() {
        return Ok(());
    }
    if size != 8 {
        return Err(Errno::EINVAL);
    }
    let mask = cx.copy_in(mask)?;
    cx.set_temporary_mask(mask);
    Ok(())
}

/// Most events one call reports.
const MAX_EVENTS: i32 = i32::MAX / EpollEvent::SIZE as i32;

fn wait(cx: &mut Cx<'_>, epfd: Fd, addr: GuestAddr, max: i32, timeout: Option<Nanos>) -> SysResult {
    if max <= 0 || max > MAX_EVENTS {
        return Err(Errno::EINVAL.into());
    }
    let desc = cx.desc(epfd)?;
    let epoll = epoll_of(&desc)?;
    let candidates = epoll.begin();
    // What is taken for reporting must not be lost: the memory has to be there.
    let room = candidates.min(max as usize);
    if room > 0 && cx.writable(addr, room * EpollEvent::SIZE)? < room * EpollEvent::SIZE {
        return Err(Errno::EFAULT.into());
    }
    let mut out: Vec<u8> = Vec::new();
    // Filed again only after the round, or they would come twice in it.
    let mut reported = Vec::new();
    let mut count = 0;
    for _ in 0..candidates {
        if count == room as u64 {
            break;
        }
        let Some(candidate) = epoll.next() else { break };
        let ready = cx.readiness(&candidate.desc.file);
        let ready = epoll.judge(&candidate, ready, &mut cx.io());
        if ready.is_empty() {
            continue;
        }
        let at = out.len();
        out.resize(at + EpollEvent::SIZE, 0);
        EpollEvent { events: ready.bits(), data: candidate.data }.store(&mut out[at..]);
        reported.push(candidate);
        count += 1;
    }
    for candidate in &reported {
        epoll.reported(candidate);
    }
    if count > 0 {
        cx.write_bytes(addr, &out)?;
        return Ok(count);
    }
    if timeout == Some(0) {
        return Ok(0);
    }
    let deadline = cx.deadline(timeout);
    if cx.is_past(deadline) {
        return Ok(0);
    }
    let timer = epoll.next_timer(&mut cx.io());
    let wait = Wait::file(&desc.file).until(timer);
    Err(cx.block(wait, deadline, OnSignal::Eintr))
}

impl Cx<'_> {
    /// An instance is readable when one of its candidates is ready. Candidates that are not go to sleep.
    pub(super) fn epoll_readiness(&mut self, epoll: &Epoll) -> Readiness {
        for _ in 0..epoll.begin() {
            let Some(candidate) = epoll.next() else { break };
            let ready = self.readiness(&candidate.desc.file);
            let asked = Readiness::from_bits_truncate(candidate.events.bits());
            if ready.intersects(asked) {
                epoll.put_back(&candidate);
                return Readiness::IN | Readiness::RDNORM;
            }
        }
        Readiness::empty()
    }
}
