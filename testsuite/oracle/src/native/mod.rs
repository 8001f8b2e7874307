//! The real CPU as an oracle: one instruction (or a few) from a given state, and the whole state after it.
//!
//! Neighbours: `trampoline` is the assembly, `crate::memory` says where pages lie. Not here: any judgement.
//! Safe for any user-mode instruction that neither calls the kernel nor replaces CS; `forms` leaves those out.

#[cfg(test)]
mod tests;
mod trampoline;

use crate::memory::{Allow, CODE, CODE_PAGES, DATA, HIGH, LOW, PAGE};
use crate::state::{State, Stop, USER_FLAGS, Want};
use std::ptr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use trampoline::{AREA, Area, oracle_enter, oracle_exit, oracle_signal};

/// The guest addresses and `AREA` exist once in a process.
static ONE: Mutex<()> = Mutex::new(());

/// What fills the code pages around the tested bytes: landing there is a trap of one byte.
pub const FILLER: u8 = 0xcc;
/// Bytes of `jmp [rip]; .quad oracle_exit`, which follow the tested bytes.
const STUB_LEN: usize = 14;
const SIGNALS: [i32; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP];

/// The machine, ready to run.
pub struct Native {
    data: *mut [u8; PAGE as usize],
    code: (usize, usize),
    _one: MutexGuard<'static, ()>,
}

impl Native {
    /// Maps the guest's pages and takes the signals. `Err` names what this machine lacks.
    pub fn new() -> Result<Native, String> {
        if !std::is_x86_feature_detected!("avx") {
            return Err("the oracle needs a CPU with AVX".into());
        }
        // SAFETY: getauxval has no preconditions; bit 1 of AT_HWCAP2 says that rdfsbase works in user mode.
        if unsafe { libc::getauxval(libc::AT_HWCAP2) } & 2 == 0 {
            return Err("the oracle needs a kernel that enables FSGSBASE (Linux 5.9)".into());
        }
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let data = map_data()?;
        map(CODE, CODE_PAGES, libc::PROT_READ | libc::PROT_WRITE, None)?;
        // SAFETY: just mapped, writable, ours.
        unsafe { ptr::write_bytes(CODE as *mut u8, FILLER, (CODE_PAGES * PAGE) as usize) };
        protect_code(libc::PROT_READ | libc::PROT_EXEC);
        take_signals()?;
        Ok(Native { data, code: (0, 0), _one: one })
    }

    /// Page `index` of `memory::DATA`, writable whatever the guest may do there.
    pub fn page(&mut self, index: usize) -> &mut [u8; PAGE as usize] {
        assert!(index < DATA.len(), "a page of DATA");
        // SAFETY: `data` is the alias mapping of all pages, and `self` is borrowed for as long as the reference lives.
        unsafe { &mut *self.data.add(index) }
    }

    /// Puts `bytes` at `offset` of the code pages, between filler and the exit stub. Bytes past the last page are cut:
    /// the fetch faults there.
    pub fn put_code(&mut self, offset: usize, bytes: &[u8]) {
        let all = (CODE_PAGES * PAGE) as usize;
        assert!(offset < all, "within the code pages");
        // Written where it is executed (SDM Vol. 3A 8.1.3: no serialising instruction needed then), never while it runs.
        protect_code(libc::PROT_READ | libc::PROT_WRITE);
        // SAFETY: the code pages are writable now and nothing holds a reference to them.
        let code = unsafe { std::slice::from_raw_parts_mut(CODE as *mut u8, all) };
        code[self.code.0..self.code.1].fill(FILLER);
        let mut stub = [0u8; STUB_LEN];
        stub[..2].copy_from_slice(&[0xff, 0x25]);
        stub[6..].copy_from_slice(&(oracle_exit as *const () as u64).to_le_bytes());
        let end = (offset + bytes.len() + STUB_LEN).min(all);
        for (at, byte) in (offset..end).zip(bytes.iter().chain(&stub)) {
            code[at] = *byte;
        }
        self.code = (offset, end);
        protect_code(libc::PROT_READ | libc::PROT_EXEC);
    }

    /// Runs from `before.rip`, which is where `put_code` put `len` bytes. Data pages are changed in place.
    pub fn run(&mut self, before: &State, len: u64) -> (State, Stop) {
        let area = &raw mut AREA;
        // SAFETY: `ONE` is held, so AREA is ours alone; `oracle_enter` keeps the C calling convention, and whatever the
        // tested code does ends at the stub or in the handler. It can write only where the process has memory: `forms`
        // and `gen` keep its addresses within the guest's pages and holes.
        unsafe {
            load(&mut *area, before);
            (*area).signo = 0;
            oracle_enter();
            let mut after = store(&*area, before.rip);
            let stop = judge(&*area, before, len, &mut after);
            (after, stop)
        }
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        // SAFETY: these ranges were mapped by `new`, and nothing refers to them any more.
        unsafe {
            libc::munmap(self.data.cast(), DATA.len() * PAGE as usize);
            for (base, pages) in [(LOW, 9), (HIGH, 3), (CODE, CODE_PAGES)] {
                libc::munmap(base as *mut libc::c_void, (pages * PAGE) as usize);
            }
            for signo in SIGNALS {
                libc::signal(signo, libc::SIG_DFL);
            }
        }
    }
}

fn map(at: u64, pages: u64, prot: i32, file: Option<(i32, usize)>) -> Result<*mut u8, String> {
    let fixed = if at == 0 { 0 } else { libc::MAP_FIXED_NOREPLACE };
    let (fd, offset, kind) = match file {
        Some((fd, page)) => (fd, (page * PAGE as usize) as i64, libc::MAP_SHARED),
        None => (-1, 0, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS),
    };
    // SAFETY: MAP_FIXED_NOREPLACE never replaces a mapping of ours.
    let got = unsafe { libc::mmap(at as *mut _, (pages * PAGE) as usize, prot, kind | fixed, fd, offset) };
    if got == libc::MAP_FAILED || (at != 0 && got as u64 != at) {
        return Err(format!("mmap at {at:#x}: {}", std::io::Error::last_os_error()));
    }
    Ok(got.cast())
}

/// The guest may execute its code pages, we write them in between.
fn protect_code(prot: i32) {
    // SAFETY: the code pages are mapped for as long as `ONE` is held, and hold nothing but tested code.
    let done = unsafe { libc::mprotect(CODE as *mut libc::c_void, (CODE_PAGES * PAGE) as usize, prot) };
    assert_eq!(done, 0, "mprotect of our own pages");
}

/// One file behind all data pages, mapped page by page at the guest's addresses and once more for us.
fn map_data() -> Result<*mut [u8; PAGE as usize], String> {
    // SAFETY: plain system calls on a fresh descriptor.
    let fd = unsafe { libc::memfd_create(c"oracle".as_ptr(), libc::MFD_CLOEXEC) };
    // SAFETY: as above.
    if fd < 0 || unsafe { libc::ftruncate(fd, (DATA.len() as u64 * PAGE) as i64) } != 0 {
        return Err(format!("memfd: {}", std::io::Error::last_os_error()));
    }
    for (index, (addr, allow)) in DATA.iter().enumerate() {
        let prot = match allow {
            Allow::ReadWrite => libc::PROT_READ | libc::PROT_WRITE,
            Allow::Read => libc::PROT_READ,
            Allow::Nothing => libc::PROT_NONE,
        };
        map(*addr, 1, prot, Some((fd, index)))?;
    }
    let alias = map(0, DATA.len() as u64, libc::PROT_READ | libc::PROT_WRITE, Some((fd, 0)))?;
    // SAFETY: mappings keep the file.
    unsafe { libc::close(fd) };
    Ok(alias.cast())
}

fn take_signals() -> Result<(), String> {
    const STACK: usize = 64 * 1024; // room for the AVX-512 state of the frame
    let stack = Box::leak(vec![0u8; STACK].into_boxed_slice());
    // SAFETY: the stack is leaked, the handler is written for SA_SIGINFO and reads only its arguments and AREA.
    unsafe {
        let alt = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
        if libc::sigaltstack(&alt, ptr::null_mut()) != 0 {
            return Err(format!("sigaltstack: {}", std::io::Error::last_os_error()));
        }
        for signo in SIGNALS {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = oracle_signal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            if libc::sigaction(signo, &action, ptr::null_mut()) != 0 {
                return Err(format!("sigaction: {}", std::io::Error::last_os_error()));
            }
        }
    }
    Ok(())
}

fn put(area: &mut Area, at: usize, bytes: &[u8]) {
    area.xsave[at..at + bytes.len()].copy_from_slice(bytes);
}

fn take<const N: usize>(area: &Area, at: usize) -> [u8; N] {
    area.xsave[at..at + N].try_into().expect("within the area")
}

/// Fills the area. XSAVE layout: SDM Vol. 1 10.5.1 and 13.4; x87 registers there are in stack order.
fn load(area: &mut Area, state: &State) {
    area.gpr = state.gpr;
    area.rflags = state.rflags & USER_FLAGS | 0x202;
    area.fs_base = state.seg_base[0];
    area.gs_base = state.seg_base[1];
    area.target = state.rip;
    area.xsave[512..576].fill(0);
    area.xsave[512] = 7;
    put(area, 0, &state.fcw.to_le_bytes());
    put(area, 2, &state.fsw.to_le_bytes());
    put(area, 4, &[state.ftw, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    put(area, 24, &state.mxcsr.to_le_bytes());
    let top = usize::from(state.fsw >> 11 & 7);
    for i in 0..8 {
        let (significand, exponent) = state.fpr[(top + i) & 7];
        put(area, 32 + 16 * i, &significand.to_le_bytes());
        put(area, 40 + 16 * i, &u64::from(exponent).to_le_bytes());
    }
    for (n, ymm) in state.ymm.iter().enumerate() {
        put(area, 160 + 16 * n, &ymm[0].to_le_bytes());
        put(area, 168 + 16 * n, &ymm[1].to_le_bytes());
        put(area, 576 + 16 * n, &ymm[2].to_le_bytes());
        put(area, 584 + 16 * n, &ymm[3].to_le_bytes());
    }
}

fn store(area: &Area, rip: u64) -> State {
    let word = |at| u64::from_le_bytes(take::<8>(area, at));
    let fsw = u16::from_le_bytes(take(area, 2));
    let top = usize::from(fsw >> 11 & 7);
    let mut fpr = [(0, 0); 8];
    for i in 0..8 {
        fpr[(top + i) & 7] = (word(32 + 16 * i), word(40 + 16 * i) as u16);
    }
    let mut ymm = [[0; 4]; 16];
    for (n, ymm) in ymm.iter_mut().enumerate() {
        *ymm = [word(160 + 16 * n), word(168 + 16 * n), word(576 + 16 * n), word(584 + 16 * n)];
    }
    State {
        gpr: area.gpr,
        rip,
        rflags: area.rflags & USER_FLAGS,
        seg_base: [area.fs_base, area.gs_base],
        ymm,
        mxcsr: u32::from_le_bytes(take(area, 24)),
        fcw: u16::from_le_bytes(take(area, 0)),
        fsw,
        ftw: area.xsave[4],
        fpr,
    }
}

/// Turns what the handler noted into a `Stop`, and sets rip.
fn judge(area: &Area, before: &State, len: u64, after: &mut State) -> Stop {
    let tested = before.rip..before.rip + len;
    if area.signo == 0 {
        after.rip = tested.end;
        return Stop::Landed;
    }
    after.rip = area.fault_rip;
    match area.trapno {
        3 if !tested.contains(&(area.fault_rip - 1)) => {
            after.rip = area.fault_rip - 1;
            Stop::Landed
        }
        // An instruction fetch (error code bit 4): a jump's target is not executable, or the tested bytes are cut.
        14 if area.error & 0x10 != 0 && !tested.contains(&area.fault_rip) => Stop::Landed,
        14 => Stop::Page {
            addr: area.cr2,
            want: match (area.error & 0x10 != 0, area.error & 2 != 0) {
                (true, _) => Want::Fetch,
                (false, true) => Want::Write,
                (false, false) => Want::Read,
            },
            mapped: area.si_code == 2, // SEGV_ACCERR
        },
        vector => Stop::Vector(vector as u8),
    }
}
