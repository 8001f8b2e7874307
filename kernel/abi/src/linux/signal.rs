//! signal(7), sigaction(2), sigaltstack(2): numbers, `siginfo_t`, and the frame a handler finds on its stack.

use super::record::{c_check, c_consts, c_flags, c_struct};

c_consts! {
    /// Signal number, signal(7).
    SIGNALS: u8 {
        SIGHUP = 1, SIGINT = 2, SIGQUIT = 3, SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8,
        SIGKILL = 9, SIGUSR1 = 10, SIGSEGV = 11, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15,
        SIGSTKFLT = 16, SIGCHLD = 17, SIGCONT = 18, SIGSTOP = 19, SIGTSTP = 20, SIGTTIN = 21, SIGTTOU = 22,
        SIGURG = 23, SIGXCPU = 24, SIGXFSZ = 25, SIGVTALRM = 26, SIGPROF = 27, SIGWINCH = 28, SIGIO = 29,
        SIGPWR = 30, SIGSYS = 31,
    }
}
/// First real-time signal of the kernel (libc keeps the first few for itself).
pub const SIGRTMIN: u8 = 32;
/// Last signal.
pub const SIGRTMAX: u8 = 64;
/// Handler that means the default action.
pub const SIG_DFL: u64 = 0;
/// Handler that ignores.
pub const SIG_IGN: u64 = 1;

/// The name of a signal with its SIG, for traces and /proc; `None` for real-time ones and no signal.
pub fn name(signal: u8) -> Option<&'static str> {
    const NAMES: [&str; 31] = [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
        "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
        "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
        "SIGSYS",
    ];
    NAMES.get(usize::from(signal).wrapping_sub(1)).copied()
}

c_consts! {
    /// How rt_sigprocmask(2) changes the mask.
    HOW: u32 { SIG_BLOCK = 0, SIG_UNBLOCK = 1, SIG_SETMASK = 2, }
}

c_flags! {
    /// `sa_flags` of sigaction(2).
    SigActionFlags: u64 {
        SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2, SA_SIGINFO = 4, SA_RESTORER = 0x0400_0000, SA_ONSTACK = 0x0800_0000,
        SA_RESTART = 0x1000_0000, SA_NODEFER = 0x4000_0000, SA_RESETHAND = 0x8000_0000,
    }
}

c_consts! {
    /// Flags of sigaltstack(2).
    ALTSTACK: u32 { SS_ONSTACK = 1, SS_DISABLE = 2, }
}
/// sigaltstack(2): leave the alternate stack when a handler is entered on it.
pub const SS_AUTODISARM: u32 = 1 << 31;

c_consts! {
    /// `si_code`: who sent it.
    SENT_BY: i32 {
        SI_USER = 0, SI_KERNEL = 0x80, SI_QUEUE = -1, SI_TIMER = -2, SI_MESGQ = -3, SI_ASYNCIO = -4, SI_SIGIO = -5,
        SI_TKILL = -6,
    }
}
c_consts! {
    /// `si_code` of a fault or child signal.
    REASONS: i32 {
        ILL_ILLOPC = 1, ILL_ILLOPN = 2, ILL_ILLADR = 3, ILL_ILLTRP = 4, ILL_PRVOPC = 5, ILL_PRVREG = 6, ILL_COPROC = 7,
        ILL_BADSTK = 8,
        FPE_INTDIV = 1, FPE_INTOVF = 2, FPE_FLTDIV = 3, FPE_FLTOVF = 4, FPE_FLTUND = 5, FPE_FLTRES = 6, FPE_FLTINV = 7,
        FPE_FLTSUB = 8,
        SEGV_MAPERR = 1, SEGV_ACCERR = 2, SEGV_BNDERR = 3, SEGV_PKUERR = 4,
        BUS_ADRALN = 1, BUS_ADRERR = 2, BUS_OBJERR = 3,
        TRAP_BRKPT = 1, TRAP_TRACE = 2,
        CLD_EXITED = 1, CLD_KILLED = 2, CLD_DUMPED = 3, CLD_TRAPPED = 4, CLD_STOPPED = 5, CLD_CONTINUED = 6,
        POLL_IN = 1, POLL_OUT = 2, POLL_MSG = 3, POLL_ERR = 4, POLL_PRI = 5, POLL_HUP = 6,
    }
}
c_consts! {
    /// How a sigevent notifies, sigevent(3type).
    NOTIFY: u32 { SIGEV_SIGNAL = 0, SIGEV_NONE = 1, SIGEV_THREAD = 2, SIGEV_THREAD_ID = 4, }
}

c_struct! {
    /// What rt_sigaction(2) takes from libc (the kernel's layout, not libc's).
    SigAction: 32, "" { sa_handler: u64, sa_flags: u64, sa_restorer: u64, sa_mask: u64, }
}
c_struct! {
    /// `stack_t`, sigaltstack(2).
    StackT: 24, "stack_t" { ss_sp: u64, ss_flags: u32, ss_size: u64, }
}
c_struct! {
    /// `siginfo_t`: the three words all signals have, then 112 bytes by kind; see the constructors.
    ///
    /// ```text
    ///   0 si_signo | 4 si_errno | 8 si_code | 12 -
    ///  16 kill, queue: pid u32, uid u32, value u64        (sigqueue(3))
    ///  16 timer: id i32, overrun i32, value u64           (timer_create(2))
    ///  16 child: pid u32, uid u32, status i32, -, utime i64, stime i64
    ///  16 fault: addr u64                                 16 poll: band i64, fd i32
    ///  16 sys: call_addr u64, nr i32, arch u32
    /// ```
    SigInfo: 128, "siginfo_t" {
        si_signo: i32, si_errno: i32, si_code: i32, _pad: i32, _pad_fields: [u64; 14],
    }
}

/// Two halves as one word of `SigInfo::_pad_fields`.
const fn pair(low: u32, high: u32) -> u64 {
    low as u64 | (high as u64) << 32
}

impl SigInfo {
    fn with(signal: u8, code: i32, fields: &[u64]) -> SigInfo {
        let mut info = SigInfo { si_signo: i32::from(signal), si_code: code, ..SigInfo::default() };
        info._pad_fields[..fields.len()].copy_from_slice(fields);
        info
    }
    /// kill(2), tgkill(2), and signals the kernel itself sends (`SI_KERNEL`, ids 0).
    pub fn sent(signal: u8, code: i32, pid: u32, uid: u32) -> SigInfo {
        SigInfo::with(signal, code, &[pair(pid, uid)])
    }
    /// sigqueue(3).
    pub fn queued(signal: u8, code: i32, pid: u32, uid: u32, value: u64) -> SigInfo {
        SigInfo::with(signal, code, &[pair(pid, uid), value])
    }
    /// A POSIX timer expired.
    pub fn timer(signal: u8, id: u32, overrun: u32, value: u64) -> SigInfo {
        SigInfo::with(signal, SI_TIMER, &[pair(id, overrun), value])
    }
    /// A fault at an address.
    pub fn fault(signal: u8, code: i32, addr: u64) -> SigInfo {
        SigInfo::with(signal, code, &[addr])
    }
    /// SIGCHLD and waitid(2). Times in clock ticks (sysconf(3) says 100 a second).
    pub fn child(code: i32, pid: u32, uid: u32, status: i32, utime: u64, stime: u64) -> SigInfo {
        SigInfo::with(SIGCHLD, code, &[pair(pid, uid), u64::from(status as u32), utime, stime])
    }
    /// SIGIO and its like with F_SETSIG.
    pub fn poll(signal: u8, code: i32, band: u64, fd: u32) -> SigInfo {
        SigInfo::with(signal, code, &[band, u64::from(fd)])
    }
    /// The signal's number.
    pub fn signal(&self) -> u8 {
        self.si_signo as u8
    }
    /// `si_pid` of a sent or child signal.
    pub fn pid(&self) -> u32 {
        self._pad_fields[0] as u32
    }
    /// `si_uid` of a sent or child signal.
    pub fn uid(&self) -> u32 {
        (self._pad_fields[0] >> 32) as u32
    }
    /// `si_value` of a queued or timer signal.
    pub fn value(&self) -> u64 {
        self._pad_fields[1]
    }
    /// `si_status` of a child.
    pub fn status(&self) -> i32 {
        self._pad_fields[1] as i32
    }
    /// `si_addr` of a fault.
    pub fn addr(&self) -> u64 {
        self._pad_fields[0]
    }
}

c_struct! {
    /// `struct sigevent`, sigevent(3type).
    SigEvent: 64, "struct sigevent" {
        sigev_value: u64, sigev_signo: i32, sigev_notify: i32,
        /// `_sigev_un._tid` with SIGEV_THREAD_ID.
        _pad_tid: u32, _pad: [u32; 11],
    }
}

c_struct! {
    /// `struct sigcontext` of the x86-64 kernel: registers at the interruption (`uc_mcontext`).
    SigContext: 256, "struct sigcontext" {
        r8: u64, r9: u64, r10: u64, r11: u64, r12: u64, r13: u64, r14: u64, r15: u64,
        rdi: u64, rsi: u64, rbp: u64, rbx: u64, rdx: u64, rax: u64, rcx: u64, rsp: u64, rip: u64,
        eflags: u64, cs: u16, gs: u16, fs: u16, _pad_ss: u16,
        err: u64, trapno: u64, oldmask: u64, cr2: u64,
        /// Address of the FXSAVE image, or 0.
        _pad_fpstate: u64,
        _pad_reserved: [u64; 8],
    }
}
c_struct! {
    /// `struct ucontext` as the kernel pushes it: flags, link, stack, registers, mask (8 bytes).
    UContext: 304, "" {
        uc_flags: u64, uc_link: u64, uc_stack: StackT, uc_mcontext: SigContext, uc_sigmask: u64,
    }
}
/// `uc_flags`: the fpstate is an XSAVE image.
pub const UC_FP_XSTATE: u64 = 1;
/// `uc_flags`: `ss` is saved.
pub const UC_SIGCONTEXT_SS: u64 = 2;
/// `uc_flags`: `ss` is restored strictly.
pub const UC_STRICT_RESTORE_SS: u64 = 4;
/// First word of the software bytes of an FXSAVE image followed by XSAVE state.
pub const FP_XSTATE_MAGIC1: u32 = 0x4650_5853;
/// Word after the XSAVE state.
pub const FP_XSTATE_MAGIC2: u32 = 0x4650_5845;

/// The bit of a signal (1..=64) in a 64-bit mask.
pub const fn bit(signal: u8) -> u64 {
    1 << (signal - 1)
}

c_check! { "signal.h", consts [SIGNALS, HOW, ALTSTACK, SENT_BY, REASONS, NOTIFY],
    flags [SigActionFlags], structs [StackT, SigInfo, SigEvent, SigContext] }
