//! poll(2), select(2) and what they and epoll(7) ask of files.

use super::args::{UserMut, UserPtr};
use super::{Cx, Stop, SysResult};
use crate::poll::Epoll;
use crate::signal::SigSet;
use crate::task::Description;
use crate::wait::{OnSignal, Wait, WaitOn};
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::poll::{PollFd, SigsetArg};
use brainworm_abi::linux::resource::RLIMIT_NOFILE;
use brainworm_abi::linux::time::{TimespecC, Timeval};
use brainworm_abi::{Errno, File, GuestAddr, Nanos, Readiness};

impl Cx<'_> {
    /// What an open file is ready for.
    pub(super) fn readiness(&mut self, file: &Arc<dyn File>) -> Readiness {
        if let Some(epoll) = file.as_any().downcast_ref::<Epoll>() {
            return self.epoll_readiness(epoll);
        }
        if let Some(signals) = file.as_any().downcast_ref::<crate::events::SignalFd>() {
            let set = *signals.mask.lock();
            let is_pending = !self.pending_of(set).is_empty();
            return if is_pending { Readiness::IN | Readiness::RDNORM } else { Readiness::empty() };
        }
        if let Some(pidfd) = file.as_any().downcast_ref::<crate::task::PidFd>() {
            let process = self.k.world.process(pidfd.pid).filter(|process| pidfd.is_of(&process.exit_point));
            let has_ended = process.is_none_or(crate::task::Process::is_zombie);
            return if has_ended { Readiness::IN | Readiness::RDNORM } else { Readiness::empty() };
        }
        file.readiness(&mut self.io())
    }

    /// A wait for any of the files to change.
    pub(super) fn wait_for_any<'a>(&mut self, descs: impl Iterator<Item = &'a Arc<Description>>) -> Wait {
        let mut wait = Wait::default();
        for desc in descs {
            if desc.file.wait_point().is_some() {
                wait.on.push(WaitOn::File(desc.file.clone()));
            }
            let wake_at = desc.file.wake_at(&mut self.io());
            wait = wait.until(wake_at);
        }
        if wait.on.is_empty() {
            wait.on.push(WaitOn::Signal);
        }
        wait
    }
}

/// poll(2). A negative timeout waits for ever.
pub(super) fn sys_poll(cx: &mut Cx<'_>, fds: GuestAddr, count: u32, timeout_ms: i32) -> SysResult {
    let timeout = u64::try_from(timeout_ms).ok().map(|ms| ms * 1_000_000);
    let deadline = if timeout == Some(0) { None } else { cx.deadline(timeout) };
    poll(cx, fds, count, timeout == Some(0), deadline, OnSignal::Block)
}

/// ppoll(2).
pub(super) fn sys_ppoll(
    cx: &mut Cx<'_>,
    fds: GuestAddr,
    count: u32,
    timeout: UserMut<TimespecC>,
    mask: UserPtr<SigSet>,
    size: u64,
) -> SysResult {
    let wanted = cx.copy_in_opt(UserPtr::<TimespecC>::new(timeout.addr))?.map(TimespecC::to_nanos).transpose()?;
    if !mask.is_null() {
        if size != 8 {
            return Err(Errno::EINVAL.into());
        }
        let mask = cx.copy_in(mask)?;
        cx.set_temporary_mask(mask);
    }
    let deadline = cx.deadline(wanted);
    let result = poll(cx, fds, count, wanted == Some(0), deadline, OnSignal::NoHandler);
    give_rest(cx, timeout, deadline, &result);
    result
}

/// ppoll(2) and pselect6(2) tell how much of the timeout is left, also when a signal ends the wait, which no handler
/// hears of: it is told on every try. That it cannot be stored is no error.
fn give_rest(cx: &mut Cx<'_>, timeout: UserMut<TimespecC>, deadline: Option<Nanos>, result: &SysResult) {
    if let (Some(deadline), Ok(_) | Err(Stop::Block(_))) = (deadline, result) {
        let left = deadline.saturating_sub(cx.now());
        let _ = cx.copy_out_opt(timeout, &TimespecC::from_nanos(left));
    }
}

fn poll(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    count: u32,
    is_probe: bool,
    deadline: Option<Nanos>,
    on_signal: OnSignal,
) -> SysResult {
    if u64::from(count) > cx.limit(RLIMIT_NOFILE) {
        return Err(Errno::EINVAL.into());
    }
    let mut fds: Vec<PollFd> = cx.copy_in_array(addr, u64::from(count), u64::from(u32::MAX))?;
    let mut descs: Vec<Arc<Description>> = Vec::with_capacity(fds.len());
    let mut ready = 0;
    for entry in &mut fds {
        entry.revents = 0;
        if entry.fd < 0 {
            continue;
        }
        let slot = cx.files().get(entry.fd).map(|slot| slot.desc.clone());
        let found = match slot {
            Ok(desc) if !desc.is_path() => {
                let asked = Readiness::from_bits_truncate(u32::from(entry.events as u16));
                let found = cx.readiness(&desc.file) & (asked | Readiness::ERR | Readiness::HUP);
                descs.push(desc);
                found
            }
            _ => Readiness::NVAL,
        };
        entry.revents = found.bits() as i16;
        ready += u64::from(!found.is_empty());
    }
    if ready == 0 && !is_probe && !cx.is_past(deadline) {
        let wait = cx.wait_for_any(descs.iter());
        return Err(cx.block(wait, deadline, on_signal));
    }
    let mut bytes = alloc::vec![0; fds.len() * PollFd::SIZE];
    for (entry, slot) in fds.iter().zip(bytes.chunks_exact_mut(PollFd::SIZE)) {
        entry.store(slot);
    }
    cx.write_bytes(addr, &bytes)?;
    Ok(ready)
}

/// select(2).
pub(super) fn sys_select(
    cx: &mut Cx<'_>,
    count: i32,
    read: GuestAddr,
    write: GuestAddr,
    except: GuestAddr,
    timeout: UserMut<Timeval>,
) -> SysResult {
    let wanted = match cx.copy_in_opt(UserPtr::<Timeval>::new(timeout.addr))? {
        // Microseconds of a second and more are taken as they are (poll_select_set_timeout after normalising).
        Some(time) if time.tv_sec < 0 || time.tv_usec < 0 => return Err(Errno::EINVAL.into()),
        Some(time) => {
            Some((time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_usec as u64 * 1000))
        }
        None => None,
    };
    let deadline = cx.deadline(wanted);
    let result = select(cx, count, [read, write, except], wanted == Some(0), deadline);
    if let (Some(deadline), Ok(_) | Err(Stop::Block(_))) = (deadline, &result) {
        let left = deadline.saturating_sub(cx.now());
        let _ = cx.copy_out_opt(timeout, &Timeval::from_nanos(left));
    }
    result
}

/// pselect6(2).
pub(super) fn sys_pselect6(
    cx: &mut Cx<'_>,
    count: i32,
    read: GuestAddr,
    write: GuestAddr,
    except: GuestAddr,
    timeout: UserMut<TimespecC>,
    mask: UserPtr<SigsetArg>,
) -> SysResult {
    let wanted = cx.copy_in_opt(UserPtr::<TimespecC>::new(timeout.addr))?.map(TimespecC::to_nanos).transpose()?;
    if let Some(SigsetArg { ss, ss_len }) = cx.copy_in_opt(mask)?
        && ss != 0
    {
        if ss_len != 8 {
            return Err(Errno::EINVAL.into());
        }
        let mask = cx.copy_in(UserPtr::<SigSet>::new(GuestAddr(ss)))?;
        cx.set_temporary_mask(mask);
    }
    let deadline = cx.deadline(wanted);
    let result = select(cx, count, [read, write, except], wanted == Some(0), deadline);
    give_rest(cx, timeout, deadline, &result);
    result
}

/// What makes a descriptor readable, writable and exceptional for select(2).
const MEANING: [Readiness; 3] = [
    Readiness::IN.union(Readiness::RDNORM).union(Readiness::RDBAND).union(Readiness::HUP).union(Readiness::ERR),
    Readiness::OUT.union(Readiness::WRNORM).union(Readiness::WRBAND).union(Readiness::ERR),
    Readiness::PRI,
];

fn select(cx: &mut Cx<'_>, count: i32, sets: [GuestAddr; 3], is_probe: bool, deadline: Option<Nanos>) -> SysResult {
    if count < 0 {
        return Err(Errno::EINVAL.into());
    }
    // Descriptors past the table cannot be open; as on Linux they are not even looked at.
    let count = (count as usize).min(cx.files().capacity().next_multiple_of(64));
    let words = count.div_ceil(64);
    let mut asked: [Vec<u64>; 3] = Default::default();
    for (set, &addr) in asked.iter_mut().zip(&sets) {
        *set = if addr.is_null() { alloc::vec![0; words] } else { cx.copy_in_array(addr, words as u64, u64::MAX)? };
    }
    let mut found: [Vec<u64>; 3] = core::array::from_fn(|_| alloc::vec![0; words]);
    let mut descs = Vec::new();
    let mut ready = 0;
    for fd in 0..count {
        let (word, bit) = (fd / 64, 1u64 << (fd % 64));
        if asked.iter().all(|set| set[word] & bit == 0) {
            continue;
        }
        let desc = cx.desc(super::args::Fd(fd as i32))?;
        let state = cx.readiness(&desc.file);
        for ((asked, found), meaning) in asked.iter().zip(&mut found).zip(MEANING) {
            if asked[word] & bit != 0 && state.intersects(meaning) {
                found[word] |= bit;
                ready += 1;
            }
        }
        descs.push(desc);
    }
    if ready == 0 && !is_probe && !cx.is_past(deadline) {
        let wait = cx.wait_for_any(descs.iter());
        return Err(cx.block(wait, deadline, OnSignal::NoHandler));
    }
    for (set, &addr) in found.iter().zip(&sets) {
        if !addr.is_null() {
            let bytes: Vec<u8> = set.iter().flat_map(|word| word.to_le_bytes()).collect();
            cx.write_bytes(addr, &bytes)?;
        }
    }
    Ok(ready)
}
