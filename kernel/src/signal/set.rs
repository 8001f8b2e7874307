//! Signal numbers and sets, as types the guest cannot get wrong.

use brainworm_abi::linux::Record;

/// A signal number, 1..=64 (signal(7)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigNum(u8);

macro_rules! signals {
    ($($name:ident = $n:literal),* $(,)?) => {
        #[allow(missing_docs, dead_code, reason = "signal(7), whole")]
        impl SigNum {
            $(pub const $name: SigNum = SigNum($n);)*
            /// The name as strace prints it; `None` for real-time signals.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 { $($n => Some(stringify!($name)),)* _ => None }
            }
        }
    };
}
signals! {
    SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGKILL = 9,
    SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGSTKFLT = 16, SIGCHLD = 17,
    SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22, SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25,
    SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGIO = 29, SIGPWR = 30, SIGSYS = 31,
}

impl SigNum {
    /// The signal with this number.
    pub const fn new(number: u64) -> Option<SigNum> {
        if number >= 1 && number <= 64 { Some(SigNum(number as u8)) } else { None }
    }
    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }
    /// Index into a table of 64.
    pub const fn index(self) -> usize {
        (self.0 - 1) as usize
    }
    /// The same from a byte.
    pub const fn from_u8(number: u8) -> Option<SigNum> {
        SigNum::new(number as u64)
    }
    /// True for the signals that queue (signal(7), "Real-time signals").
    pub const fn is_realtime(self) -> bool {
        self.0 >= 32
    }
}

impl core::fmt::Debug for SigNum {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None if self.0 == 32 => f.write_str("SIGRTMIN"),
            None => write!(f, "SIGRT_{}", self.0 - 32),
        }
    }
}

/// A set of signals, bit n-1 for signal n: the kernel's 64-bit sigset_t.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SigSet(pub u64);

impl SigSet {
    /// No signal.
    pub const EMPTY: SigSet = SigSet(0);
    /// What can never be blocked.
    pub const UNBLOCKABLE: SigSet = SigSet::EMPTY.with(SigNum::SIGKILL).with(SigNum::SIGSTOP);
    /// With one more.
    pub const fn with(self, s: SigNum) -> SigSet {
        SigSet(self.0 | 1 << (s.0 - 1))
    }
    /// Without one.
    pub const fn without(self, s: SigNum) -> SigSet {
        SigSet(self.0 & !(1 << (s.0 - 1)))
    }
    /// True when the set has it.
    pub const fn has(self, s: SigNum) -> bool {
        self.0 & 1 << (s.0 - 1) != 0
    }
    /// Both.
    pub const fn union(self, other: SigSet) -> SigSet {
        SigSet(self.0 | other.0)
    }
    /// `self` without `other`.
    pub const fn minus(self, other: SigSet) -> SigSet {
        SigSet(self.0 & !other.0)
    }
    /// The signals in both.
    pub const fn intersection(self, other: SigSet) -> SigSet {
        SigSet(self.0 & other.0)
    }
    /// True when there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The lowest signal of the set.
    pub const fn first(self) -> Option<SigNum> {
        SigNum::new(if self.0 == 0 { 0 } else { self.0.trailing_zeros() as u64 + 1 })
    }
    /// All signals of the set, lowest first.
    pub fn iter(self) -> impl Iterator<Item = SigNum> {
        (1..=64).filter_map(SigNum::new).filter(move |&s| self.has(s))
    }
}

impl Record for SigSet {
    const SIZE: usize = 8;
    fn load(bytes: &[u8]) -> Self {
        SigSet(u64::load(bytes))
    }
    fn store(&self, out: &mut [u8]) {
        self.0.store(out);
    }
}
