//! Open files that are made of events: eventfd(2), timerfd_create(2), signalfd(2), pidfd_open(2).
//!
//! The first two are complete as files. What a signalfd or pidfd is ready for depends on tasks, which files cannot see:
//! the handlers in `sys` ask `Cx::readiness` and `Cx::read_special`.

use crate::signal::SigSet;
use alloc::sync::Arc;
use brainworm_abi::linux::time::{CLOCK_REALTIME, CLOCK_REALTIME_ALARM};
use brainworm_abi::{Errno, File, Io, Nanos, Readiness, Stat, WaitPoint};
use core::any::Any;
use spin::Mutex;

/// Metadata of an object without a filesystem: no type at all, mode 0600 (as `anon_inode` files have).
pub(crate) fn anonymous_stat() -> Stat {
    Stat { dev: 15, ino: 1057, mode: 0o600, nlink: 1, blksize: 4096, ..Stat::default() }
}

/// A counter, eventfd(2).
pub(crate) struct EventFd {
    count: Mutex<u64>,
    is_semaphore: bool,
    wait: WaitPoint,
}

impl EventFd {
    pub(crate) fn new(count: u64, is_semaphore: bool, wait: WaitPoint) -> EventFd {
        EventFd { count: Mutex::new(count), is_semaphore, wait }
    }
}

impl File for EventFd {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(anonymous_stat())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let out = buf.first_chunk_mut::<8>().ok_or(Errno::EINVAL)?;
        let mut count = self.count.lock();
        if *count == 0 {
            return Err(Errno::EAGAIN);
        }
        let taken = if self.is_semaphore { 1 } else { *count };
        *count -= taken;
        drop(count);
        *out = taken.to_le_bytes();
        self.wait.notify();
        Ok(8)
    }
    fn write(&self, _io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let added = u64::from_le_bytes(*bytes.first_chunk::<8>().ok_or(Errno::EINVAL)?);
        if added == u64::MAX {
            return Err(Errno::EINVAL);
        }
        let mut count = self.count.lock();
        *count = count.checked_add(added).filter(|&sum| sum != u64::MAX).ok_or(Errno::EAGAIN)?;
        drop(count);
        self.wait.notify();
        // The counter is what was written, however many bytes there were.
        Ok((8, pos))
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        let count = *self.count.lock();
        let mut ready = Readiness::empty();
        if count > 0 {
            ready |= Readiness::IN | Readiness::RDNORM;
        }
        if count < u64::MAX - 1 {
            ready |= Readiness::OUT | Readiness::WRNORM;
        }
        ready
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
}

/// What a timerfd is set to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setting {
    /// When it expires next, on its clock; `None` while disarmed.
    pub(crate) next: Option<Nanos>,
    /// 0: once.
    pub(crate) interval: Nanos,
}

/// A timer, timerfd_create(2).
pub(crate) struct TimerFd {
    /// The id of its clock.
    pub(crate) clock: i32,
    setting: Mutex<Setting>,
    wait: WaitPoint,
}

impl TimerFd {
    pub(crate) fn new(clock: i32, wait: WaitPoint) -> TimerFd {
        TimerFd { clock, setting: Mutex::default(), wait }
    }
    /// The time on its clock.
    pub(crate) fn now(&self, io: &mut Io<'_>) -> Nanos {
        let is_wall = matches!(self.clock, CLOCK_REALTIME | CLOCK_REALTIME_ALARM);
        if is_wall { io.host.wall() } else { io.host.monotonic() }
    }
    /// Replaces the setting; answers the old one.
    pub(crate) fn set(&self, setting: Setting) -> Setting {
        let old = core::mem::replace(&mut *self.setting.lock(), setting);
        self.wait.notify();
        old
    }
    /// The setting.
    pub(crate) fn get(&self) -> Setting {
        *self.setting.lock()
    }
    /// Expirations nobody has read yet.
    pub(crate) fn expirations(&self, now: Nanos) -> u64 {
        let setting = *self.setting.lock();
        match setting.next {
            Some(next) if next <= now => 1 + (now - next).checked_div(setting.interval).unwrap_or(0),
            _ => 0,
        }
    }
}

impl Setting {
    /// How long until it expires; while periods went by unread, until the next one.
    pub(crate) fn left(self, now: Nanos) -> Nanos {
        match self.next {
            None => 0,
            Some(next) if next > now => next - now,
            // An expired one-shot timer reads as disarmed.
            Some(_) if self.interval == 0 => 0,
            Some(next) => self.interval - (now - next) % self.interval,
        }
    }
}

impl File for TimerFd {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(anonymous_stat())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let out = buf.first_chunk_mut::<8>().ok_or(Errno::EINVAL)?;
        let now = self.now(io);
        let count = self.expirations(now);
        if count == 0 {
            return Err(Errno::EAGAIN);
        }
        let mut setting = self.setting.lock();
        setting.next = match setting.next {
            Some(next) if setting.interval > 0 => Some(next.saturating_add(count.saturating_mul(setting.interval))),
            _ => None,
        };
        *out = count.to_le_bytes();
        Ok(8)
    }
    fn readiness(&self, io: &mut Io<'_>) -> Readiness {
        let now = self.now(io);
        if self.expirations(now) > 0 { Readiness::IN | Readiness::RDNORM } else { Readiness::empty() }
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
    fn wake_at(&self, io: &mut Io<'_>) -> Option<Nanos> {
        let next = self.setting.lock().next?;
        let left = next.saturating_sub(self.now(io));
        Some(io.host.monotonic().saturating_add(left))
    }
}

/// Signals read as bytes, signalfd(2). Which are pending is asked for the reading task, not for who made it.
pub(crate) struct SignalFd {
    pub(crate) mask: Mutex<SigSet>,
    /// The machine's signal point.
    pub(crate) wait: Arc<WaitPoint>,
}

impl File for SignalFd {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(anonymous_stat())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn read(&self, _io: &mut Io<'_>, _pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        if buf.len() < 128 { Err(Errno::EINVAL) } else { Err(Errno::EAGAIN) }
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        Readiness::empty()
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
}
