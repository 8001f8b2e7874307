//! How the CPU reaches guest memory: a flat table of per-page deltas on the fast path, [`Bus`] on a miss.
//!
//! Scheme F of the design: for an address below `table_len` pages, `entry = table[addr >> 12]` and the byte lies at
//! `(addr + entry) mod 2^32` of the arena, where the low 12 bits of `entry` are flags:
//!
//! ```text
//!   31                                   12 11            2     1      0
//!  | (host page - guest page) mod 2^20     |  reserved 0   | SPLIT | DENY |
//! ```
//!
//! `DENY`: this access is not allowed without the kernel (not present, no permission, copy-on-write, code page).
//! `SPLIT`: the next guest page is not the next host page (or is denied): an access that crosses must go the slow way.
//! Guest memory belongs to `kernel::mm`, which fills the tables; emitted wasm inlines this layout.
#![allow(unsafe_code, reason = "the one place that follows the kernel's tables to bytes")]

use crate::insn::Width;
use crate::state::Cpu;

/// A byte of the arena, by offset from its base. In the shipped module the arena is the linear memory, base 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostAddr(pub u32);

/// Flag bits of a table entry.
pub mod entry {
    /// The access needs the kernel.
    pub const DENY: u32 = 1;
    /// The next page is elsewhere: accesses that cross into it need the slow path.
    pub const SPLIT: u32 = 2;
    /// An entry of a page that is not there.
    pub const ABSENT: u32 = DENY | SPLIT;
}

/// What an access wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the three accesses of SDM Vol. 3A 4.7")]
pub enum Access {
    Read,
    Write,
    Fetch,
}

/// Why memory could not be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemFaultKind {
    /// No mapping at this address (SEGV_MAPERR); also non-canonical addresses (Linux: SI_KERNEL with si_addr 0).
    Unmapped,
    /// A mapping that does not allow the access (SEGV_ACCERR).
    Denied,
    /// A file mapping past the end of its file (SIGBUS, BUS_ADRERR).
    PastEnd,
    /// No frame left under the memory limit.
    OutOfMemory,
    /// A non-canonical address: #GP, not #PF (SDM Vol. 1 3.3.7.1).
    NonCanonical,
    /// The page's content is still on its way (image chunk, host file): run the instruction again later.
    NotHereYet,
}

/// A memory access that could not be done; nothing of the instruction has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemFault {
    /// The first byte that could not be accessed.
    pub addr: u64,
    /// The access that was tried.
    pub access: Access,
    /// Why it failed.
    pub kind: MemFaultKind,
}

/// A page made accessible by the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resolved {
    /// Where the byte at the asked address lies. Valid up to the end of its page, until the next call of the bus.
    pub host: HostAddr,
    /// The page held translated code and is about to be written: stale pages wait in `take_stale`.
    pub wrote_code: bool,
}

/// A page of code, ready to be decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodePage {
    /// Where the page's bytes lie (page aligned).
    pub host: HostAddr,
}

/// What the fast path needs to know of the current address space. Raw pointers, because emitted code uses them too:
/// they stay valid until the next call of a `Bus` method.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct MemView {
    /// Base of the arena; null in the shipped module.
    pub base: *mut u8,
    /// Read entries, `len` of them.
    pub read: *const u32,
    /// Write entries, `len` of them.
    pub write: *const u32,
    /// Pages covered by both tables.
    pub len: u32,
    /// Tag of (address space, state of its executable mappings): unique over the machine's life, changes whenever an
    /// executable mapping changes. Caches of rip -> code carry it, so a task switch flushes nothing.
    pub code_tag: u32,
}

/// Guest memory as the CPU asks for it. Implemented by `kernel::mm`; a unit test needs 20 lines.
pub trait Bus {
    /// The tables as they are now.
    fn view(&self) -> MemView;
    /// The same into a view of before.
    #[inline]
    fn refresh(&self, view: &mut MemView) {
        *view = self.view();
    }
    /// Makes the page at `addr` accessible (demand zero, copy-on-write, file page) and tells where the byte is. Pages
    /// above the tables are reachable only this way.
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault>;
    /// The page of code at `rip`; marks it so that later writes to it are noticed.
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault>;
    /// The time stamp counter (RDTSC).
    fn timestamp(&mut self) -> u64 {
        0
    }
    /// `syscall` was run: rip, rcx and r11 are as it leaves them. A bus that can make the call at once may do so. Until
    /// the CPU stops or this answers [`Called::On`], nothing else of the bus is asked for.
    fn system_call(&mut self, _cpu: &mut Cpu) -> Called {
        Called::Not
    }
    /// Pages (by arena offset) whose translations are void: written, freed or reused since the last call.
    fn take_stale(&mut self) -> Option<HostAddr>;
}

/// What a bus did about a system call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Called {
    /// Nothing: the CPU stops with `Exit::Syscall`.
    Not,
    /// It is made, and the CPU may go on; what it counts for in the budget.
    On(i64),
    /// It is made (or waits), but something else is to be done: the CPU stops with `Exit::Budget`. The cost as above.
    Stop(i64),
}

impl MemView {
    /// The fast path: where `bytes` bytes at `addr` lie, if one table lookup can tell.
    #[inline(always)]
    fn find(&self, table: *const u32, addr: u64, bytes: u32) -> Option<*mut u8> {
        let page = addr >> 12;
        if page >= self.len as u64 {
            return None;
        }
        // SAFETY: the tables have `len` entries (Bus::view).
        let e = unsafe { *table.add(page as usize) };
        let crosses = addr as u32 & 0xfff > 0x1000 - bytes;
        if e & entry::DENY != 0 || crosses && e & entry::SPLIT != 0 {
            return None;
        }
        Some(self.at(HostAddr((addr as u32).wrapping_add(e & !0xfff))))
    }
    /// Where `bytes` readable bytes at `addr` lie, if one table lookup can tell.
    #[inline(always)]
    pub fn find_read(&self, addr: u64, bytes: u32) -> Option<*const u8> {
        self.find(self.read, addr, bytes).map(|p| p.cast_const())
    }
    /// Where `bytes` writable bytes at `addr` lie, if one table lookup can tell.
    #[inline(always)]
    pub fn find_write(&self, addr: u64, bytes: u32) -> Option<*mut u8> {
        self.find(self.write, addr, bytes)
    }
    /// The bytes of a page that the bus named just now.
    pub fn copy_page(&self, page: HostAddr) -> [u8; 0x1000] {
        // SAFETY: the bus vouches for whole pages.
        unsafe { *self.at(HostAddr(page.0 & !0xfff)).cast::<[u8; 0x1000]>() }
    }
    /// A byte of the arena. On wasm32 the arena is the linear memory: its base is 0, and an offset is an address (made a
    /// pointer as such: arithmetic on a null pointer would tell the compiler that nothing can be there).
    #[inline(always)]
    pub fn at(&self, host: HostAddr) -> *mut u8 {
        if cfg!(target_arch = "wasm32") {
            core::ptr::with_exposed_provenance_mut(host.0 as usize)
        } else {
            self.base.wrapping_add(host.0 as usize)
        }
    }
}

/// Reads an integer of width `w`.
///
/// # Safety
/// `p` must come from a lookup of at least that many bytes, with no call of the bus since.
#[inline(always)]
pub(crate) unsafe fn peek(w: Width, p: *const u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match w {
            Width::W8 => *p as u64,
            Width::W16 => p.cast::<u16>().read_unaligned() as u64,
            Width::W32 => p.cast::<u32>().read_unaligned() as u64,
            Width::W64 => p.cast::<u64>().read_unaligned(),
        }
    }
}

/// Writes an integer of width `w`.
///
/// # Safety
/// As [`peek`], with a lookup for writing.
#[inline(always)]
pub(crate) unsafe fn poke(w: Width, p: *mut u8, v: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match w {
            Width::W8 => *p = v as u8,
            Width::W16 => p.cast::<u16>().write_unaligned(v as u16),
            Width::W32 => p.cast::<u32>().write_unaligned(v as u32),
            Width::W64 => p.cast::<u64>().write_unaligned(v),
        }
    }
}

/// Memory that has been checked for writing: one piece, or two when it crosses into a page that lies elsewhere. Valid
/// until the next call of the bus.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    first: *mut u8,
    second: *mut u8,
    /// Bytes in the first piece; 0: all of them.
    split: u32,
}

impl Checked {
    /// Nothing has been checked.
    pub(crate) const NONE: Checked = Checked { first: core::ptr::null_mut(), second: core::ptr::null_mut(), split: 0 };
}

/// The first address that is not canonical (SDM Vol. 1 3.3.7.1).
const USER_END: u64 = 1 << 47;

/// Guest memory for everything that is not the fast path: [`Bus`] with the rules of page-crossing accesses.
pub struct Guest<'a> {
    bus: &'a mut dyn Bus,
    view: MemView,
    /// A page with translations was written: leave the current block.
    pub wrote_code: bool,
    /// Work beyond the one instruction, in instructions: what REP adds to the bill.
    pub cost: i64,
    /// The last access that failed was to this address, which is not canonical.
    pub outside: Option<u64>,
}

impl<'a> Guest<'a> {
    /// Memory through `bus`.
    pub fn new(bus: &'a mut dyn Bus) -> Guest<'a> {
        let view = bus.view();
        Guest { bus, view, wrote_code: false, cost: 0, outside: None }
    }
    /// Memory through `bus`, whose view is known.
    pub fn with_view(bus: &'a mut dyn Bus, view: MemView) -> Guest<'a> {
        Guest { bus, view, wrote_code: false, cost: 0, outside: None }
    }
    /// The tables as of the last call of the bus.
    pub fn view(&self) -> MemView {
        self.view
    }
    /// The bus itself. The tables may have changed afterwards.
    pub fn bus(&mut self) -> &mut dyn Bus {
        self.bus
    }
    /// Reads the tables again after using the bus.
    pub fn refresh(&mut self) {
        self.view = self.bus.view();
    }
    #[cold]
    #[inline(never)]
    fn resolve(&mut self, addr: u64, access: Access) -> Result<*mut u8, MemFault> {
        let r = self.bus.resolve(addr, access);
        self.view = self.bus.view();
        if let Err(MemFault { addr, kind: MemFaultKind::NonCanonical, .. }) = r {
            self.outside = Some(addr);
        }
        let r = r?;
        self.wrote_code |= r.wrote_code;
        Ok(self.view.at(r.host))
    }
    /// Two pieces of an access that the fast path cannot do. All bytes are checked before any is named.
    #[cold]
    #[inline(never)]
    fn resolve_pieces(&mut self, bytes: u32, addr: u64, access: Access) -> Result<Checked, MemFault> {
        let in_first = 0x1000 - (addr as u32 & 0xfff);
        if bytes > in_first && addr.wrapping_add(in_first as u64) == USER_END {
            // The whole access is looked at before any page of it.
            self.outside = Some(USER_END);
            return Err(MemFault { addr: USER_END, access, kind: MemFaultKind::NonCanonical });
        }
        let first = self.resolve(addr, access)?;
        if bytes <= in_first {
            return Ok(Checked { first, second: first, split: 0 });
        }
        let next = addr.wrapping_add(in_first as u64);
        self.resolve(next, access)?;
        // The bus promises a pointer only until its next call: ask again now that both pages are there.
        let first = self.resolve(addr, access)?;
        let second = self.resolve(next, access)?;
        Ok(Checked { first, second, split: in_first })
    }
    /// Checks `bytes` bytes for reading.
    #[inline(never)]
    pub fn check_read(&mut self, bytes: u32, addr: u64) -> Result<Checked, MemFault> {
        match self.view.find_read(addr, bytes) {
            Some(p) => Ok(Checked { first: p.cast_mut(), second: p.cast_mut(), split: 0 }),
            None => self.resolve_pieces(bytes, addr, Access::Read),
        }
    }
    /// Checks `bytes` bytes for writing (and reading).
    #[inline(never)]
    pub fn check_write(&mut self, bytes: u32, addr: u64) -> Result<Checked, MemFault> {
        match self.view.find_write(addr, bytes) {
            Some(p) => Ok(Checked { first: p, second: p, split: 0 }),
            None => self.resolve_pieces(bytes, addr, Access::Write),
        }
    }
    /// Reads checked memory.
    #[inline(never)]
    pub fn get(&self, w: Width, m: Checked) -> u64 {
        if m.split != 0 {
            let mut bytes = [0; 8];
            self.copy_out(m, &mut bytes[..w.bytes() as usize]);
            return u64::from_le_bytes(bytes);
        }
        // SAFETY: checked for at least `w` bytes, and `&self` shows that the bus was not called since by us.
        unsafe { peek(w, m.first) }
    }
    /// Writes checked memory.
    #[inline(never)]
    pub fn put(&mut self, w: Width, m: Checked, v: u64) {
        if m.split != 0 {
            return self.copy_in(m, &v.to_le_bytes()[..w.bytes() as usize]);
        }
        // SAFETY: as in `get`, checked for writing.
        unsafe { poke(w, m.first, v) }
    }
    /// Reads checked memory of any length up to a page.
    #[inline(never)]
    pub fn copy_out(&self, m: Checked, to: &mut [u8]) {
        let n = if m.split == 0 { to.len() } else { m.split as usize };
        // SAFETY: `n` bytes at `first` and the rest at `second` were checked.
        unsafe {
            core::ptr::copy_nonoverlapping(m.first, to.as_mut_ptr(), n);
            core::ptr::copy_nonoverlapping(m.second, to.as_mut_ptr().add(n), to.len() - n);
        }
    }
    /// Writes checked memory of any length up to a page.
    #[inline(never)]
    pub fn copy_in(&mut self, m: Checked, from: &[u8]) {
        let n = if m.split == 0 { from.len() } else { m.split as usize };
        // SAFETY: as in `copy_out`, checked for writing.
        unsafe {
            core::ptr::copy_nonoverlapping(from.as_ptr(), m.first, n);
            core::ptr::copy_nonoverlapping(from.as_ptr().add(n), m.second, from.len() - n);
        }
    }
    /// Reads an integer.
    #[inline(never)]
    pub fn read(&mut self, w: Width, addr: u64) -> Result<u64, MemFault> {
        let m = self.check_read(w.bytes(), addr)?;
        Ok(self.get(w, m))
    }
    /// Writes an integer.
    #[inline(never)]
    pub fn write(&mut self, w: Width, addr: u64, v: u64) -> Result<(), MemFault> {
        let m = self.check_write(w.bytes(), addr)?;
        self.put(w, m, v);
        Ok(())
    }
    /// Reads up to a page of bytes, all or nothing.
    #[inline(never)]
    pub fn read_bytes(&mut self, addr: u64, to: &mut [u8]) -> Result<(), MemFault> {
        let m = self.check_read(to.len() as u32, addr)?;
        self.copy_out(m, to);
        Ok(())
    }
    /// Writes up to a page of bytes, all or nothing.
    #[inline(never)]
    pub fn write_bytes(&mut self, addr: u64, from: &[u8]) -> Result<(), MemFault> {
        let m = self.check_write(from.len() as u32, addr)?;
        self.copy_in(m, from);
        Ok(())
    }
    /// `rep movs` upwards: `n` elements, which lie within one page on either side. Answers false if the fast path has no
    /// pointer to a page (the caller goes element by element then).
    pub fn copy_run(&mut self, w: Width, src: u64, dst: u64, n: u64) -> Result<bool, MemFault> {
        let len = n as u32 * w.bytes();
        self.check_read(w.bytes(), src)?;
        self.check_write(w.bytes(), dst)?;
        let (Some(from), Some(to)) = (self.view.find_read(src, len), self.view.find_write(dst, len)) else {
            return Ok(false);
        };
        let ahead = (to as usize).wrapping_sub(from as usize);
        // SAFETY: both runs were looked up as a whole just now. A destination that starts inside the source repeats a
        // pattern, element by element; an overlap smaller than an element goes the slow way.
        unsafe {
            if ahead == 0 || ahead >= len as usize {
                core::ptr::copy(from, to, len as usize);
            } else if ahead < w.bytes() as usize {
                return Ok(false);
            } else {
                for k in 0..n as usize {
                    let at = k * w.bytes() as usize;
                    poke(w, to.add(at), peek(w, from.add(at)));
                }
            }
        }
        Ok(true)
    }
    /// `rep stos` upwards: as [`Guest::copy_run`].
    pub fn fill_run(&mut self, w: Width, dst: u64, n: u64, v: u64) -> Result<bool, MemFault> {
        self.check_write(w.bytes(), dst)?;
        let Some(to) = self.view.find_write(dst, n as u32 * w.bytes()) else { return Ok(false) };
        let bytes = v.to_le_bytes();
        let uniform = bytes[..w.bytes() as usize].iter().all(|b| *b == bytes[0]);
        // SAFETY: the run was looked up as a whole just now.
        unsafe {
            if uniform {
                core::ptr::write_bytes(to, bytes[0], n as usize * w.bytes() as usize);
            } else {
                for k in 0..n as usize {
                    poke(w, to.add(k * w.bytes() as usize), v);
                }
            }
        }
        Ok(true)
    }
    /// Instruction bytes at `rip`: at least those up to the end of its page, at most 15. More only if the next page can
    /// be fetched; its fault is reported if the instruction turns out to need it.
    pub fn fetch(&mut self, rip: u64) -> Result<Code, MemFault> {
        let mut code = Code { bytes: [0; 15], len: 0, beyond: None };
        let in_page = (0x1000 - (rip as usize & 0xfff)).min(15);
        code.take(self, rip, in_page)?;
        if in_page < 15 {
            code.beyond = code.take(self, rip.wrapping_add(in_page as u64), 15 - in_page).err();
        }
        Ok(code)
    }
}

/// Instruction bytes ([`Guest::fetch`]).
#[derive(Clone, Copy, Debug)]
pub struct Code {
    bytes: [u8; 15],
    len: usize,
    /// Why there are no more of them.
    pub beyond: Option<MemFault>,
}

impl Code {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
    fn take(&mut self, guest: &mut Guest<'_>, addr: u64, n: usize) -> Result<(), MemFault> {
        let page = guest.bus.fetch(addr);
        guest.view = guest.bus.view();
        let from = guest.view.at(page?.host).wrapping_add(addr as usize & 0xfff);
        // SAFETY: the bus gave a page, and the `n` bytes lie within it.
        unsafe { core::ptr::copy_nonoverlapping(from, self.bytes.as_mut_ptr().add(self.len), n) };
        self.len += n;
        Ok(())
    }
}
