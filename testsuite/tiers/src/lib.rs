//! The tiers side by side: one guest memory inside a wasmtime memory, run by the interpreter and by lowered regions.
//!
//! The interpreter runs natively over the very bytes that the lowered code sees, so a guest can change tiers at any
//! instruction. Tests and the differential fuzzer drive it; nothing of it ships.

use brainworm_cpu::wasm::{EXIT_BUDGET, EXIT_INTERPRET, Env, Region, module};
use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exit, Gpr, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};
use wasmtime::{Instance, Memory, MemoryType, Module, Store, TypedFunc};

/// Where things lie in the wasm memory.
const CPU: usize = 0x1000;
const ENV: usize = 0x2000;
const READ: usize = 0x4000;
const WRITE: usize = 0x8000;
/// Guest page 0 lies here; guest pages follow in order.
const GUEST: usize = 0x10000;
/// Pages the tables cover.
pub const PAGES: usize = 0x400;

/// What the guest sees of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// Nothing: a fault.
    Unmapped,
    /// Zeros once somebody touches it: a miss that the bus mends.
    Untouched,
    /// Readable and writable.
    Present,
}

/// How often the machine did what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Calls of lowered code.
    pub entered: u32,
    /// ... that began in the middle of the region.
    pub reentered: u32,
    /// ... that ended with the budget.
    pub preempted: u32,
    /// Instructions done by the interpreter on behalf of lowered code.
    pub interpreted: u32,
    /// Pages made present on a miss.
    pub page_ins: u32,
}

/// A guest with its memory in wasmtime.
pub struct Machine {
    store: Store<()>,
    memory: Memory,
    pages: Vec<Page>,
    page_ins: u32,
}

impl Machine {
    /// All pages unmapped.
    pub fn new() -> Machine {
        let mut store = Store::<()>::default();
        let size = (GUEST + PAGES * 4096).div_ceil(65536) as u32;
        let memory = Memory::new(&mut store, MemoryType::new(size, None)).expect("a memory of a few MiB");
        let mut machine = Machine { store, memory, pages: vec![Page::Unmapped; PAGES], page_ins: 0 };
        (0..PAGES).for_each(|page| machine.set_page(page, Page::Unmapped));
        machine
    }
    /// Changes a page's state; its content stays.
    pub fn set_page(&mut self, page: usize, state: Page) {
        self.pages[page] = state;
        self.write_entries();
    }
    fn write_entries(&mut self) {
        let present = |page: usize| self.pages.get(page) == Some(&Page::Present);
        let entries: Vec<u32> = (0..PAGES)
            .map(|page| match (present(page), present(page + 1)) {
                (true, true) => GUEST as u32,
                (true, false) => GUEST as u32 | entry::SPLIT,
                _ => entry::ABSENT,
            })
            .collect();
        let bytes: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
        self.bytes(READ, bytes.len()).copy_from_slice(&bytes);
        self.bytes(WRITE, bytes.len()).copy_from_slice(&bytes);
    }
    fn bytes(&mut self, at: usize, len: usize) -> &mut [u8] {
        &mut self.memory.data_mut(&mut self.store)[at..at + len]
    }
    /// Guest bytes, whatever the page's state.
    pub fn guest(&mut self, addr: u64, len: usize) -> &mut [u8] {
        self.bytes(GUEST + addr as usize, len)
    }

    /// Runs on the interpreter alone.
    pub fn interpret(&mut self, cpu: &mut Cpu, budget: i64) -> Exit {
        let mut left = budget;
        Engine::new().run(cpu, self, &mut left)
    }

    /// Runs the region that starts at guest address `start` in lowered code wherever it can be entered, everything else
    /// on the interpreter, until something that is no budget; lowered code is preempted every `slice` instructions.
    pub fn run_lowered(&mut self, cpu: &mut Cpu, start: u64, end: u64, slice: i64, counts: &mut Counts) -> Exit {
        let page = start & !0xfff;
        let code = self.guest(page, (end - page) as usize).to_vec();
        let region = Region::discover(&code, (start - page) as u32).expect("code at the start");
        let wasm = module(std::slice::from_ref(&region));
        let module = Module::new(self.store.engine(), &wasm).expect("lowered code validates");
        let memory = self.memory;
        let instance = Instance::new(&mut self.store, &module, &[memory.into()]).expect("one import");
        let function: TypedFunc<(i32, i32, i32), i32> =
            instance.get_typed_func(&mut self.store, "0").expect("region 0 is exported");
        let (mut engine, mut budget) = (Engine::new(), slice);
        loop {
            let number = region.entries.iter().position(|&at| page + at as u64 == cpu.rip);
            let code = match number {
                Some(number) => {
                    counts.entered += 1;
                    counts.reentered += (number != 0) as u32;
                    cpu.gpr[Gpr::CODE_PAGE.0 as usize] = page;
                    let env = Env { read: READ as u32, write: WRITE as u32, len: PAGES as u32, reserved: 0, budget };
                    self.put_state(cpu, &env);
                    let code = function
                        .call(&mut self.store, (CPU as i32, ENV as i32, number as i32))
                        .expect("lowered code does not trap");
                    budget = self.take_state(cpu);
                    code
                }
                None => EXIT_INTERPRET,
            };
            if code == EXIT_BUDGET {
                counts.preempted += 1;
                budget = slice;
            } else if code == EXIT_INTERPRET {
                counts.interpreted += 1;
                let before = self.page_ins;
                let exit = engine.run(cpu, self, &mut 1);
                counts.page_ins += self.page_ins - before;
                if exit != Exit::Budget {
                    return exit;
                }
            }
        }
    }

    fn put_state(&mut self, cpu: &Cpu, env: &Env) {
        // SAFETY: both are plain `repr(C)` data, read as the bytes they are.
        let (cpu, env) = unsafe {
            (
                std::slice::from_raw_parts((&raw const *cpu).cast::<u8>(), size_of::<Cpu>()),
                std::slice::from_raw_parts((&raw const *env).cast::<u8>(), size_of::<Env>()),
            )
        };
        self.bytes(CPU, cpu.len()).copy_from_slice(cpu);
        self.bytes(ENV, env.len()).copy_from_slice(env);
    }
    fn take_state(&mut self, cpu: &mut Cpu) -> i64 {
        let from = self.bytes(CPU, size_of::<Cpu>()).as_ptr();
        // SAFETY: the bytes of a `Cpu`, written by `put_state` and changed only in integer fields.
        unsafe { std::ptr::copy_nonoverlapping(from, (&raw mut *cpu).cast::<u8>(), size_of::<Cpu>()) };
        let at = ENV + std::mem::offset_of!(Env, budget);
        i64::from_le_bytes(self.bytes(at, 8).try_into().expect("eight bytes"))
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

impl Bus for Machine {
    fn view(&self) -> MemView {
        let base = self.memory.data_ptr(&self.store);
        // SAFETY: both tables lie inside the memory.
        let (read, write) = unsafe { (base.add(READ).cast(), base.add(WRITE).cast()) };
        MemView { base, read, write, len: PAGES as u32, code_tag: 1 }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let page = (addr >> 12) as usize;
        match self.pages.get(page) {
            Some(Page::Present) => {}
            Some(Page::Untouched) => {
                self.page_ins += 1;
                self.guest((page << 12) as u64, 4096).fill(0);
                self.set_page(page, Page::Present);
            }
            _ => return Err(MemFault { addr, access, kind: MemFaultKind::Unmapped }),
        }
        Ok(Resolved { host: HostAddr((GUEST as u64 + addr) as u32), wrote_code: false })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let byte = self.resolve(rip, Access::Fetch)?;
        Ok(CodePage { host: HostAddr(byte.host.0 & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        None
    }
}
