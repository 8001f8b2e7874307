//! The tiers side by side: one guest memory inside a wasmtime memory, run by the interpreter and by lowered regions.
//!
//! The interpreter runs natively over the very bytes that the lowered code sees, so a guest can change tiers at any
//! instruction. Tests, the differential fuzzer and the kernels' benchmark drive it; nothing of it ships.

pub mod forms;
pub mod programs;
mod world;

use brainworm_cpu::wasm::{EXIT_BUDGET, EXIT_INTERPRET, EXIT_STOP, Env, Region, SLOTS, Slot, module, slot_of};
use brainworm_cpu::{Cpu, Exit, Gpr};
use std::collections::HashMap;
use wasmtime::{Config, Engine, Func, Instance, Memory, MemoryType, Module, OptLevel, Store, TypedFunc};
pub use world::Page;
use world::{CPU, ENV, SLOTS_AT, World};

/// Pages of guest memory from address 0 on that a [`Machine::new`] has.
pub const PAGES: usize = 0x400;
/// What calls between regions may take of wasmtime's stack.
const STACK: i32 = 128 * 1024;

/// How often the machine did what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Calls of lowered code.
    pub entered: u32,
    /// ... that began in the middle of the region.
    pub reentered: u32,
    /// ... that ended with the budget.
    pub preempted: u32,
    /// Instructions done by the interpreter on behalf of lowered code that was left.
    pub interpreted: u32,
    /// Instructions done by the interpreter inside lowered code.
    pub stepped: u32,
    /// Pages made present on a miss.
    pub page_ins: u32,
}

/// A guest with its memory in wasmtime.
pub struct Machine {
    store: Store<World>,
    memory: Memory,
    step: Func,
}

/// Lowered regions of one span, ready to run.
pub struct Code {
    span: u64,
    entries: HashMap<u64, (u32, u32)>,
    functions: Vec<TypedFunc<(i32, i32, i32), i32>>,
    /// Bytes of WebAssembly.
    pub size: usize,
}

impl Code {
    /// The address is an entry.
    pub fn has(&self, rip: u64) -> bool {
        self.entries.contains_key(&rip)
    }
}

impl Machine {
    /// `PAGES` pages from address 0 on, all unmapped.
    pub fn new() -> Machine {
        let pages: Vec<u64> = (0..PAGES as u64).collect();
        Machine::with_pages(&pages, PAGES as u32, OptLevel::Speed)
    }

    /// These guest pages, in memory in this order, all unmapped; the tables cover `len` pages.
    pub fn with_pages(pages: &[u64], len: u32, opt: OptLevel) -> Machine {
        let mut config = Config::new();
        config.cranelift_opt_level(opt);
        let engine = Engine::new(&config).expect("an engine");
        let world = World::new(pages, len);
        let size = world.size().div_ceil(65536) as u32;
        let mut store = Store::new(&engine, world);
        let memory = Memory::new(&mut store, MemoryType::new(size, Some(size))).expect("a memory of a few MiB");
        let base = memory.data_ptr(&store);
        // The memory never moves: it cannot grow.
        store.data_mut().attach(base);
        let step = Func::wrap(&mut store, |mut caller: wasmtime::Caller<'_, World>, cpu: i32, env: i32| {
            caller.data_mut().step(cpu as usize, env as usize)
        });
        Machine { store, memory, step }
    }

    /// Changes a page's state; its content stays.
    pub fn set_page(&mut self, page: usize, state: Page) {
        self.store.data_mut().set_page(page as u64, state);
    }

    /// Guest bytes within a page, or within pages that follow each other, whatever their state.
    pub fn guest(&mut self, addr: u64, len: usize) -> &mut [u8] {
        let at = self.store.data().place(addr).expect("a page of the machine");
        &mut self.memory.data_mut(&mut self.store)[at..at + len]
    }

    /// Runs on the interpreter alone.
    pub fn interpret(&mut self, cpu: &mut Cpu, budget: i64) -> Exit {
        let world = self.store.data_mut();
        let mut left = budget;
        world.interpret(cpu, &mut left)
    }

    /// Loads regions of the code that begins at page `span`; they call each other if they are `linked`.
    pub fn load(&mut self, span: u64, regions: &[Region], linked: bool) -> Code {
        let wasm = module(regions, linked);
        if let Ok(path) = std::env::var("TIERS_DUMP") {
            std::fs::write(path, &wasm).expect("TIERS_DUMP names a file that can be written");
        }
        let module = Module::new(self.store.engine(), &wasm).expect("lowered code validates");
        let (memory, step) = (self.memory, self.step);
        let instance = Instance::new(&mut self.store, &module, &[memory.into(), step.into()]).expect("two imports");
        let functions = (0..regions.len())
            .map(|n| instance.get_typed_func(&mut self.store, &n.to_string()).expect("regions are exported"))
            .collect();
        let mut entries = HashMap::new();
        for (number, region) in regions.iter().enumerate() {
            for (entry, at) in region.entries.iter().enumerate() {
                entries.entry(span + *at as u64).or_insert((number as u32, entry as u32));
            }
        }
        // Slots of other code name functions of another table.
        self.store.data_mut().clear_slots();
        Code { span, entries, functions, size: wasm.len() }
    }

    fn call_entry(&mut self, code: &Code, number: u32, entry: u32, cpu: &mut Cpu, budget: &mut i64) -> i32 {
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = code.span;
        let slot = Slot { rip: cpu.rip, base: code.span, tag: 1, function: number, entry, reserved: 0 };
        let world = self.store.data_mut();
        world.put(SLOTS_AT + slot_of(cpu.rip) as usize * size_of::<Slot>(), &slot);
        let fp_usual = cpu.fp_is_usual() as u32;
        let env = Env { tag: 1, budget: *budget, stack: STACK, slots: SLOTS_AT as u32, fp_usual, ..world.tables() };
        world.put(ENV, &env);
        world.put(CPU, cpu);
        let function = &code.functions[number as usize];
        let exit =
            function.call(&mut self.store, (CPU as i32, ENV as i32, entry as i32)).expect("lowered code does not trap");
        let world = self.store.data();
        *cpu = world.take::<Cpu>(CPU);
        *budget = world.take::<Env>(ENV).budget;
        exit
    }

    /// The interpreter forgets its translations: code was written.
    pub fn flush(&mut self) {
        self.store.data_mut().flush();
    }

    /// Steps inside lowered code so far.
    pub fn steps(&self) -> u32 {
        self.store.data().stepped
    }

    /// Region number `number` from its first entry, whatever `cpu.rip` says: an `EXIT_` code.
    pub fn call_first(&mut self, code: &Code, number: usize, cpu: &mut Cpu, budget: &mut i64) -> i32 {
        self.call_entry(code, number as u32, 0, cpu, budget)
    }

    /// Why the last step inside lowered code stopped it.
    pub fn stopped(&mut self) -> Option<Exit> {
        self.store.data_mut().stopped.take()
    }

    /// Runs lowered code wherever it can be entered, everything else on the interpreter, until something that is no
    /// budget; lowered code is preempted every `slice` instructions.
    pub fn run(&mut self, code: &Code, cpu: &mut Cpu, slice: i64, counts: &mut Counts) -> Exit {
        let (page_ins, stepped) = (self.store.data().page_ins, self.store.data().stepped);
        let mut budget = slice;
        let exit = loop {
            let answer = match code.entries.get(&cpu.rip) {
                Some(&(number, entry)) => {
                    counts.entered += 1;
                    counts.reentered += (entry != 0) as u32;
                    self.call_entry(code, number, entry, cpu, &mut budget)
                }
                None => EXIT_INTERPRET,
            };
            if budget < 0 {
                counts.preempted += (answer == EXIT_BUDGET) as u32;
                budget = slice;
            }
            match answer {
                EXIT_INTERPRET => {
                    counts.interpreted += 1;
                    let exit = self.interpret(cpu, 1);
                    if exit != Exit::Budget {
                        break exit;
                    }
                }
                EXIT_STOP => {
                    if let Some(exit) = self.stopped().filter(|exit| *exit != Exit::Budget) {
                        break exit;
                    }
                }
                _ => {}
            }
        };
        counts.page_ins += self.store.data().page_ins - page_ins;
        counts.stepped += self.store.data().stepped - stepped;
        exit
    }

    /// Runs the region that starts at guest address `start`, whose bytes end at `end`.
    pub fn run_lowered(&mut self, cpu: &mut Cpu, start: u64, end: u64, slice: i64, counts: &mut Counts) -> Exit {
        let page = start & !0xfff;
        let bytes = self.guest(page, (end - page) as usize).to_vec();
        let region = Region::discover(&bytes, (start - page) as u32).expect("code at the start");
        let code = self.load(page, std::slice::from_ref(&region), true);
        self.run(&code, cpu, slice, counts)
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

/// Bytes of all slots.
const SLOT_BYTES: usize = SLOTS as usize * size_of::<Slot>();
