//! Runs a static x86-64 Linux program on the interpreter alone, with a dozen system calls, and reports its speed:
//!
//! ```sh
//! gcc -O2 -static -o /tmp/k k.c && cargo run --release -p brainworm-cpu --example mips -- /tmp/k 1000
//! ```
//!
//! It also builds for wasm32-wasip1. Not a kernel: one address space, no files, no signals.

use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};
use std::time::Instant;

const PAGES: usize = 0x8000;
const STACK_TOP: u64 = (PAGES as u64) << 12;

/// Flat memory of 128 MiB from address 0; the first page is absent.
struct Flat {
    arena: Vec<[u64; 512]>,
    read: Vec<u32>,
    write: Vec<u32>,
    stale: Vec<HostAddr>,
}

impl Flat {
    fn new() -> Flat {
        let arena = vec![[0; 512]; PAGES + 1];
        // In wasm the arena is the memory itself.
        let delta =
            if cfg!(target_arch = "wasm32") { (arena.as_ptr().expose_provenance() as u32 + 0xfff) & !0xfff } else { 0 };
        let mut table = vec![delta; PAGES];
        table[0] = entry::ABSENT;
        table[PAGES - 1] |= entry::SPLIT;
        Flat { arena, read: table.clone(), write: table, stale: Vec::new() }
    }
    fn bytes(&mut self, addr: u64, len: usize) -> &mut [u8] {
        let base = self.view().at(HostAddr(self.read[1]));
        // SAFETY: the arena is that large, and a caller holds one slice at a time.
        unsafe { std::slice::from_raw_parts_mut(base.add(addr as usize), len) }
    }
    fn host(&self, addr: u64) -> HostAddr {
        HostAddr(addr as u32 + (self.read[1] & !0xfff))
    }
}

impl Bus for Flat {
    fn view(&self) -> MemView {
        MemView {
            base: if cfg!(target_arch = "wasm32") {
                std::ptr::null_mut()
            } else {
                self.arena.as_ptr().cast_mut().cast()
            },
            read: self.read.as_ptr(),
            write: self.write.as_ptr(),
            len: self.read.len() as u32,
            code_tag: 1,
        }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let page = addr >> 12;
        if page == 0 || page >= PAGES as u64 {
            return Err(MemFault { addr, access, kind: MemFaultKind::Unmapped });
        }
        let denied = self.write[page as usize] & entry::DENY != 0;
        if access == Access::Write && denied {
            self.write[page as usize] &= !entry::DENY;
            self.stale.push(self.host(page << 12));
        }
        Ok(Resolved { host: self.host(addr), wrote_code: access == Access::Write && denied })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        self.resolve(rip, Access::Fetch)?;
        let page = (rip >> 12) as usize;
        self.write[page] |= entry::DENY;
        self.write[page - 1] |= entry::SPLIT;
        Ok(CodePage { host: self.host(rip & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
}

fn load(file: &[u8], memory: &mut Flat) -> (u64, u64) {
    let word = |at: usize, n: usize| file[at..at + n].iter().rev().fold(0u64, |v, b| v << 8 | *b as u64);
    let mut end = 0;
    for k in 0..word(56, 2) as usize {
        let ph = word(32, 8) as usize + k * word(54, 2) as usize;
        if word(ph, 4) == 1 {
            let (off, addr, len) = (word(ph + 8, 8) as usize, word(ph + 16, 8), word(ph + 32, 8) as usize);
            memory.bytes(addr, len).copy_from_slice(&file[off..off + len]);
            end = end.max(addr + word(ph + 40, 8));
        }
    }
    let mut stack = STACK_TOP - 4096;
    let mut strings = Vec::new();
    for arg in std::env::args().skip(1) {
        stack -= arg.len() as u64 + 1;
        memory.bytes(stack, arg.len()).copy_from_slice(arg.as_bytes());
        strings.push(stack);
    }
    let random = stack - 32;
    let phdr = 0x400000 + word(32, 8);
    let mut words = vec![strings.len() as u64];
    words.extend(&strings);
    words.extend([0, 0, 3, phdr, 4, word(54, 2), 5, word(56, 2), 6, 4096, 9, word(24, 8), 25, random, 23, 0, 0, 0]);
    let rsp = (random - 8 * words.len() as u64) & !15;
    for (k, w) in words.iter().enumerate() {
        memory.bytes(rsp + 8 * k as u64, 8).copy_from_slice(&w.to_le_bytes());
    }
    let brk = (end + 0xffff) & !0xffff;
    memory.bytes(0, 8).copy_from_slice(&brk.to_le_bytes());
    (word(24, 8), rsp)
}

fn main() {
    let path = std::env::args().nth(1).expect("a static ELF file");
    let file = std::fs::read(path).expect("cannot read it");
    let mut memory = Flat::new();
    let (rip, rsp) = load(&file, &mut memory);
    let mut brk = u64::from_le_bytes(memory.bytes(0, 8).try_into().expect("8 bytes"));
    let mut map = STACK_TOP - (32 << 20);
    let mut cpu = Cpu::new();
    cpu.rip = rip;
    cpu.gpr[4] = rsp;
    let mut engine = Engine::new();
    if let Ok(n) = std::env::var("MAX_BLOCK") {
        engine.set_max_block(n.parse().expect("a number"));
    }
    let start = Instant::now();
    let mut run = 0;
    loop {
        let mut budget = 1 << 30;
        let exit = engine.run(&mut cpu, &mut memory, &mut budget);
        run += (1 << 30) - budget;
        match exit {
            Exit::Budget | Exit::Yield => continue,
            Exit::Syscall => {}
            other => {
                eprintln!("{other:?} at {:#x} {:x?}", cpu.rip, engine.refused());
                std::process::exit(1);
            }
        }
        let g = &cpu.gpr;
        let args = [g[7], g[6], g[2]];
        cpu.gpr[0] = match g[0] {
            1 => {
                use std::io::Write;
                let bytes = memory.bytes(args[1], args[2] as usize);
                let _ = if args[0] == 1 { std::io::stdout().write(bytes) } else { std::io::stderr().write(bytes) };
                args[2]
            }
            5 | 262 => -38i64 as u64,
            9 => {
                map -= (args[1] + 0xfff) & !0xfff;
                map
            }
            10 | 11 | 13 | 14 | 16 | 218 | 273 => 0,
            12 => {
                brk = brk.max(args[0]);
                brk
            }
            20 => {
                let count = args[2];
                let mut total = 0;
                for k in 0..count {
                    let v = memory.bytes(args[1] + 16 * k, 16).to_vec();
                    let at = u64::from_le_bytes(v[..8].try_into().expect("8 bytes"));
                    let len = u64::from_le_bytes(v[8..].try_into().expect("8 bytes"));
                    print!("{}", String::from_utf8_lossy(memory.bytes(at, len as usize)));
                    total += len;
                }
                total
            }
            60 | 231 => {
                let took = start.elapsed();
                let mips = run as f64 / took.as_secs_f64() / 1e6;
                eprintln!("{run} instructions, {:.3} s, {mips:.0} MIPS", took.as_secs_f64());
                std::process::exit(args[0] as i32);
            }
            158 => {
                cpu.gpr[18] = args[1];
                0
            }
            228 => {
                let t = start.elapsed();
                memory.bytes(args[1], 8).copy_from_slice(&t.as_secs().to_le_bytes());
                memory.bytes(args[1] + 8, 8).copy_from_slice(&(t.subsec_nanos() as u64).to_le_bytes());
                0
            }
            _ => -38i64 as u64,
        };
    }
}
