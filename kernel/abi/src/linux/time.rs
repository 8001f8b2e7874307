//! clock_gettime(2), timer_create(2), setitimer(2), timerfd_create(2), times(2): clocks and layouts.

use super::record::{c_check, c_consts, c_flags, c_struct};
use crate::{Errno, Nanos, Timespec};

c_consts! {
    /// Clock ids, clock_getres(2).
    CLOCKS: i32 {
        CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2, CLOCK_THREAD_CPUTIME_ID = 3,
        CLOCK_MONOTONIC_RAW = 4, CLOCK_REALTIME_COARSE = 5, CLOCK_MONOTONIC_COARSE = 6, CLOCK_BOOTTIME = 7,
        CLOCK_REALTIME_ALARM = 8, CLOCK_BOOTTIME_ALARM = 9, CLOCK_TAI = 11,
    }
}
c_consts! {
    /// Which timer of setitimer(2).
    ITIMERS: u32 { ITIMER_REAL = 0, ITIMER_VIRTUAL = 1, ITIMER_PROF = 2, }
}
/// clock_nanosleep(2), timer_settime(2): the time is a point, not a duration.
pub const TIMER_ABSTIME: u32 = 1;

c_flags! {
    /// Flags of timerfd_create(2).
    TimerfdFlags: u32 { TFD_NONBLOCK = 0o4000, TFD_CLOEXEC = 0o2000000, }
}
c_flags! {
    /// Flags of timerfd_settime(2).
    TimerfdSetFlags: u32 { TFD_TIMER_ABSTIME = 1, TFD_TIMER_CANCEL_ON_SET = 2, }
}

c_struct! {
    /// `struct timespec` as the guest stores it: unlike [`Timespec`], `tv_nsec` may hold anything.
    TimespecC: 16, "struct timespec" { tv_sec: i64, tv_nsec: i64, }
}
impl From<Timespec> for TimespecC {
    fn from(time: Timespec) -> TimespecC {
        TimespecC { tv_sec: time.sec, tv_nsec: i64::from(time.nsec) }
    }
}
impl TimespecC {
    /// From nanoseconds.
    pub fn from_nanos(nanos: Nanos) -> TimespecC {
        Timespec::from_nanos(nanos).into()
    }
    /// A point or duration of at least 0: `EINVAL` when negative or the nanoseconds are out of range.
    pub fn to_nanos(self) -> Result<Nanos, Errno> {
        if self.tv_sec < 0 { Err(Errno::EINVAL) } else { Ok(self.to_time()?.to_nanos()) }
    }
    /// A point in time, possibly before 1970; `EINVAL` when the nanoseconds are out of range.
    pub fn to_time(self) -> Result<Timespec, Errno> {
        if (0..1_000_000_000).contains(&self.tv_nsec) {
            Ok(Timespec { sec: self.tv_sec, nsec: self.tv_nsec as u32 })
        } else {
            Err(Errno::EINVAL)
        }
    }
}

c_struct! {
    /// `struct timeval`.
    Timeval: 16, "struct timeval" { tv_sec: i64, tv_usec: i64, }
}
impl Timeval {
    /// From nanoseconds, rounded down.
    pub fn from_nanos(nanos: Nanos) -> Timeval {
        Timeval { tv_sec: (nanos / 1_000_000_000) as i64, tv_usec: (nanos % 1_000_000_000 / 1000) as i64 }
    }
    /// A point or duration of at least 0: `EINVAL` when negative or the microseconds are out of range.
    pub fn to_nanos(self) -> Result<Nanos, Errno> {
        if self.tv_sec < 0 { Err(Errno::EINVAL) } else { Ok(self.to_time()?.to_nanos()) }
    }
    /// A point in time, possibly before 1970; `EINVAL` when the microseconds are out of range.
    pub fn to_time(self) -> Result<Timespec, Errno> {
        if (0..1_000_000).contains(&self.tv_usec) {
            Ok(Timespec { sec: self.tv_sec, nsec: self.tv_usec as u32 * 1000 })
        } else {
            Err(Errno::EINVAL)
        }
    }
}

c_struct! {
    /// `struct itimerval`.
    Itimerval: 32, "struct itimerval" { it_interval: Timeval, it_value: Timeval, }
}
c_struct! {
    /// `struct itimerspec`.
    Itimerspec: 32, "struct itimerspec" { it_interval: TimespecC, it_value: TimespecC, }
}
c_struct! {
    /// `struct timezone`, gettimeofday(2).
    Timezone: 8, "struct timezone" { tz_minuteswest: i32, tz_dsttime: i32, }
}
c_struct! {
    /// `struct tms`, times(2), in clock ticks.
    Tms: 32, "struct tms" { tms_utime: u64, tms_stime: u64, tms_cutime: u64, tms_cstime: u64, }
}
c_struct! {
    /// `struct utimbuf`, utime(2).
    Utimbuf: 16, "struct utimbuf" { actime: i64, modtime: i64, }
}
/// Clock ticks a second, as sysconf(_SC_CLK_TCK) says.
pub const USER_HZ: u64 = 100;

c_check! { "time.h sys/time.h sys/times.h sys/timerfd.h utime.h", consts [CLOCKS, ITIMERS],
    flags [TimerfdFlags, TimerfdSetFlags],
    structs [TimespecC, Timeval, Itimerval, Itimerspec, Timezone, Tms, Utimbuf] }
