//! The guest's memory as both tiers see it, and the interpreter on it.
//!
//! The bytes belong to a wasmtime memory that never grows, so their address stays; this module holds the one pointer.

use crate::SLOT_BYTES;
use brainworm_cpu::decode::decode;
use brainworm_cpu::wasm::{EXIT_GOTO, EXIT_STOP, Env, STEP_ON};
use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};
use std::collections::BTreeMap;

/// Where things lie in the wasm memory.
pub(crate) const CPU: usize = 0x1000;
pub(crate) const ENV: usize = 0x2000;
pub(crate) const SLOTS_AT: usize = 0x10000;
const TABLES: usize = 0x10_0000;

/// What the guest sees of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// Nothing: a fault.
    Unmapped,
    /// Zeros once somebody touches it: a miss that the bus mends.
    Untouched,
    /// Readable and writable.
    Present,
    /// Readable.
    ReadOnly,
    /// Mapped, with no permission.
    Nothing,
}

struct Mapping {
    frame: usize,
    state: Page,
}

/// Memory and interpreter.
pub(crate) struct World {
    base: *mut u8,
    engine: Option<Engine>,
    pages: BTreeMap<u64, Mapping>,
    /// Pages the tables cover.
    len: u32,
    pub(crate) page_ins: u32,
    pub(crate) stepped: u32,
    pub(crate) stopped: Option<Exit>,
}

impl World {
    pub(crate) fn new(pages: &[u64], len: u32) -> World {
        let mut engine = Engine::new();
        // One instruction at a time must be one.
        engine.set_max_block(1);
        let pages =
            pages.iter().enumerate().map(|(frame, page)| (*page, Mapping { frame, state: Page::Unmapped })).collect();
        let base = std::ptr::null_mut();
        World { base, engine: Some(engine), pages, len, page_ins: 0, stepped: 0, stopped: None }
    }
    fn read_table(&self) -> usize {
        TABLES
    }
    fn write_table(&self) -> usize {
        TABLES + (self.len as usize * 4).next_multiple_of(4096)
    }
    fn arena(&self) -> usize {
        TABLES + 2 * (self.len as usize * 4).next_multiple_of(4096)
    }
    /// Bytes of memory it takes.
    pub(crate) fn size(&self) -> usize {
        self.arena() + (self.pages.len() + 1) * 4096
    }
    pub(crate) fn attach(&mut self, base: *mut u8) {
        self.base = base;
        self.write_entries();
    }
    /// Where a guest byte lies in the wasm memory.
    pub(crate) fn place(&self, addr: u64) -> Option<usize> {
        self.pages.get(&(addr >> 12)).map(|page| self.arena() + page.frame * 4096 + (addr & 0xfff) as usize)
    }
    pub(crate) fn set_page(&mut self, page: u64, state: Page) {
        self.pages.get_mut(&page).expect("a page of the machine").state = state;
        for page in page.saturating_sub(1)..page + 1 {
            self.write_entry(page);
        }
    }
    fn write_entries(&mut self) {
        (0..self.len as u64).for_each(|page| self.write_entry(page));
    }
    fn write_entry(&mut self, page: u64) {
        if page >= self.len as u64 {
            return;
        }
        for (table, write) in [(self.read_table(), false), (self.write_table(), true)] {
            let frame = |page: u64| {
                self.pages.get(&page).filter(|m| match m.state {
                    Page::Present => true,
                    Page::ReadOnly => !write,
                    _ => false,
                })
            };
            let entry = frame(page).map_or(entry::ABSENT, |here| {
                let delta = (self.arena() as u32 + here.frame as u32 * 4096).wrapping_sub((page as u32) << 12);
                let follows = frame(page + 1).is_some_and(|next| next.frame == here.frame + 1);
                delta | if follows { 0 } else { entry::SPLIT }
            });
            self.put(table + 4 * page as usize, &entry);
        }
    }
    pub(crate) fn clear_slots(&mut self) {
        // SAFETY: the slots lie within the memory.
        unsafe { std::ptr::write_bytes(self.base.add(SLOTS_AT), 0, SLOT_BYTES) };
    }
    /// Writes plain data.
    pub(crate) fn put<T: Clone>(&mut self, at: usize, v: &T) {
        assert!(at + size_of::<T>() <= self.size());
        // SAFETY: within the memory; `T` is integers.
        unsafe { std::ptr::copy_nonoverlapping((&raw const *v).cast::<u8>(), self.base.add(at), size_of::<T>()) };
    }
    /// Reads plain data.
    pub(crate) fn take<T: Clone + Default>(&self, at: usize) -> T {
        assert!(at + size_of::<T>() <= self.size());
        let mut v = T::default();
        // SAFETY: within the memory; every pattern of bits is a `T` of integers.
        unsafe { std::ptr::copy_nonoverlapping(self.base.add(at), (&raw mut v).cast::<u8>(), size_of::<T>()) };
        v
    }
    /// The tables as an environment names them.
    pub(crate) fn tables(&self) -> Env {
        Env { read: self.read_table() as u32, write: self.write_table() as u32, len: self.len, ..Env::default() }
    }
    pub(crate) fn interpret(&mut self, cpu: &mut Cpu, left: &mut i64) -> Exit {
        let mut engine = self.engine.take().unwrap_or_default();
        let exit = engine.run(cpu, self, left);
        self.engine = Some(engine);
        exit
    }
    /// The engine forgets what it translated.
    pub(crate) fn flush(&mut self) {
        self.engine.iter_mut().for_each(Engine::flush);
    }
    /// One instruction for lowered code.
    pub(crate) fn step(&mut self, cpu_at: usize, env_at: usize) -> i32 {
        self.stepped += 1;
        let mut cpu: Cpu = self.take(cpu_at);
        let before = cpu.rip;
        let len = self
            .place(before)
            .and_then(|at| {
                let mut bytes = [0; 15];
                for (k, byte) in bytes.iter_mut().enumerate() {
                    *byte = self.place(before + k as u64).map_or(0, |at| self.take(at));
                }
                let _ = at;
                decode(&bytes, before as u32 & 0xfff).ok()
            })
            .map_or(0, |insn| insn.len as u64);
        let exit = self.interpret(&mut cpu, &mut 1);
        let is_next = cpu.rip == before + len;
        self.put(cpu_at, &cpu);
        let env = Env { ..self.take(env_at) };
        let tables = self.tables();
        let fp_usual = cpu.fp_is_usual() as u32;
        self.put(env_at, &Env { read: tables.read, write: tables.write, len: tables.len, fp_usual, ..env });
        match exit {
            Exit::Budget if is_next => STEP_ON,
            Exit::Budget => EXIT_GOTO,
            _ => {
                self.stopped = Some(exit);
                EXIT_STOP
            }
        }
    }
}

impl Bus for World {
    fn view(&self) -> MemView {
        // SAFETY: both tables lie inside the memory.
        let (read, write) =
            unsafe { (self.base.add(self.read_table()).cast(), self.base.add(self.write_table()).cast()) };
        MemView { base: self.base, read, write, len: self.len, code_tag: 1 }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let fault = |kind| Err(MemFault { addr, access, kind });
        if (0x8000_0000_0000..0xffff_8000_0000_0000).contains(&addr) {
            return fault(MemFaultKind::NonCanonical);
        }
        match (self.pages.get(&(addr >> 12)).map(|page| page.state), access) {
            (Some(Page::Present), _) | (Some(Page::ReadOnly), Access::Read | Access::Fetch) => {}
            (Some(Page::Untouched), _) => {
                self.page_ins += 1;
                let at = self.place(addr & !0xfff).expect("a page of the machine");
                // SAFETY: a page of the arena.
                unsafe { std::ptr::write_bytes(self.base.add(at), 0, 4096) };
                self.set_page(addr >> 12, Page::Present);
            }
            (Some(Page::ReadOnly | Page::Nothing), _) => return fault(MemFaultKind::Denied),
            _ => return fault(MemFaultKind::Unmapped),
        }
        Ok(Resolved { host: HostAddr(self.place(addr).expect("a page of the machine") as u32), wrote_code: false })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let byte = self.resolve(rip, Access::Fetch)?;
        Ok(CodePage { host: HostAddr(byte.host.0 & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        None
    }
}
