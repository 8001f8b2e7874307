//! Points in time and durations.

/// Nanoseconds: of the monotonic clock when a point in time, else a duration.
pub type Nanos = u64;

/// Seconds and nanoseconds since the epoch, `struct timespec` (timespec(3type)). `nsec` is in 0..1e9.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Timespec {
    /// Whole seconds; negative before 1970.
    pub sec: i64,
    /// Nanoseconds within the second.
    pub nsec: u32,
}

impl Timespec {
    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: Nanos) -> Timespec {
        Timespec { sec: (nanos / 1_000_000_000) as i64, nsec: (nanos % 1_000_000_000) as u32 }
    }
    /// Nanoseconds since the epoch; times before it become 0, times past the range the largest.
    pub const fn to_nanos(self) -> Nanos {
        if self.sec < 0 { 0 } else { (self.sec as u64).saturating_mul(1_000_000_000).saturating_add(self.nsec as u64) }
    }
}
