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
    /// Makes the page at `addr` accessible (demand zero, copy-on-write, file page) and tells where the byte is. Pages
    /// above the tables are reachable only this way.
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault>;
    /// The page of code at `rip`; marks it so that later writes to it are noticed.
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault>;
    /// Pages (by arena offset) whose translations are void: written, freed or reused since the last call.
    fn take_stale(&mut self) -> Option<HostAddr>;
}
