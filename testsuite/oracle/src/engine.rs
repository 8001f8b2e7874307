//! The engine under test on the same guest addresses: a bus over an arena whose pages lie out of order.
//!
//! Some neighbouring guest pages are neighbours in the arena and some are not, so that both the one-lookup path and the
//! page-crossing one are taken; the pages above 4 GiB are reachable through `resolve` alone.

use crate::memory::{Allow, CODE, CODE_PAGES, DATA, LOW, PAGE, page_index};
use crate::native::FILLER;
use crate::state::{STATUS_FLAGS, State, Stop, USER_FLAGS, Want};
use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exception, Exit, Gpr, HostAddr, LazyFlags, MemFault, MemFaultKind, MemView,
    Resolved, Ymm, entry,
};

/// Arena page of each entry of `DATA`. LOW 0-1 and 2-3 are neighbours, 1-2 and 6-7 are not.
const FRAMES: [u32; DATA.len()] = [5, 6, 2, 3, 13, 9, 1, 7, 0];
/// Arena pages of the code.
const CODE_FRAMES: [u32; CODE_PAGES as usize] = [10, 12];
const ARENA_PAGES: usize = 16;
/// Guest pages that the tables cover: up to and with the hole behind the code.
const TABLE_LEN: usize = ((CODE >> 12) + CODE_PAGES + 1) as usize;

/// Guest memory of the engine.
pub struct Memory {
    arena: Vec<u8>,
    read: Vec<u32>,
    write: Vec<u32>,
    stale: Vec<HostAddr>,
}

fn table_entry(page: u64, frame: u32, split: bool) -> u32 {
    frame.wrapping_sub(page as u32) << 12 | if split { entry::SPLIT } else { 0 }
}

impl Memory {
    fn new() -> Memory {
        let mut read = vec![entry::ABSENT; TABLE_LEN];
        let mut write = read.clone();
        let frame =
            |addr: u64, needs: &[Allow]| page_index(addr).filter(|n| needs.contains(&DATA[*n].1)).map(|n| FRAMES[n]);
        for (addr, _) in DATA.iter().filter(|(addr, _)| *addr < LOW + 16 * PAGE) {
            for (table, needs) in
                [(&mut read, &[Allow::ReadWrite, Allow::Read][..]), (&mut write, &[Allow::ReadWrite][..])]
            {
                if let Some(here) = frame(*addr, needs) {
                    let split = frame(addr + PAGE, needs) != Some(here + 1);
                    table[(addr >> 12) as usize] = table_entry(addr >> 12, here, split);
                }
            }
        }
        for (n, frame) in CODE_FRAMES.iter().enumerate() {
            let page = (CODE >> 12) + n as u64;
            read[page as usize] = table_entry(page, *frame, true);
        }
        let mut arena = vec![0; ARENA_PAGES * PAGE as usize];
        for frame in CODE_FRAMES {
            arena[frame as usize * PAGE as usize..][..PAGE as usize].fill(FILLER);
        }
        Memory { arena, read, write, stale: Vec::new() }
    }
    /// Page `index` of `DATA`.
    pub fn page(&mut self, index: usize) -> &mut [u8; PAGE as usize] {
        let at = FRAMES[index] as usize * PAGE as usize;
        (&mut self.arena[at..at + PAGE as usize]).try_into().expect("a page")
    }
    fn host(&self, addr: u64, access: Access) -> Result<HostAddr, MemFault> {
        let fault = |kind| Err(MemFault { addr, access, kind });
        if (0x8000_0000_0000..0xffff_8000_0000_0000).contains(&addr) {
            return fault(MemFaultKind::NonCanonical);
        }
        let at = |frame: u32| HostAddr(frame << 12 | (addr % PAGE) as u32);
        if let Some(n) = addr.checked_sub(CODE).map(|d| d / PAGE).filter(|n| *n < CODE_PAGES) {
            return if access == Access::Write { fault(MemFaultKind::Denied) } else { Ok(at(CODE_FRAMES[n as usize])) };
        }
        let Some(n) = page_index(addr) else { return fault(MemFaultKind::Unmapped) };
        match (access, DATA[n].1) {
            (Access::Read, Allow::Read | Allow::ReadWrite) | (Access::Write, Allow::ReadWrite) => Ok(at(FRAMES[n])),
            _ => fault(MemFaultKind::Denied),
        }
    }
}

impl Bus for Memory {
    fn view(&self) -> MemView {
        MemView {
            base: self.arena.as_ptr().cast_mut(),
            read: self.read.as_ptr(),
            write: self.write.as_ptr(),
            len: TABLE_LEN as u32,
            code_tag: 1,
        }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        Ok(Resolved { host: self.host(addr, access)?, wrote_code: false })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let host = self.host(rip, Access::Fetch)?;
        Ok(CodePage { host: HostAddr(host.0 & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
}

/// The engine with its memory.
pub struct Subject {
    engine: Engine,
    /// Guest memory.
    pub memory: Memory,
    code: std::ops::Range<usize>,
}

impl Subject {
    /// A fresh engine.
    pub fn new() -> Subject {
        Subject { engine: Engine::new(), memory: Memory::new(), code: 0..0 }
    }

    /// Puts `bytes` at `offset` of the code pages, between filler. Bytes past the last page are cut.
    pub fn put_code(&mut self, offset: usize, bytes: &[u8]) {
        let end = (offset + bytes.len()).min((CODE_PAGES * PAGE) as usize);
        let old = self.code.clone();
        for at in old.chain(offset..end) {
            let frame = CODE_FRAMES[at / PAGE as usize] as usize;
            let byte = if (offset..end).contains(&at) { bytes[at - offset] } else { FILLER };
            self.memory.arena[frame * PAGE as usize + at % PAGE as usize] = byte;
        }
        self.code = offset..end;
        self.memory.stale.extend(CODE_FRAMES.map(|frame| HostAddr(frame << 12)));
    }

    /// Runs from `before.rip`, where `put_code` put `len` bytes, for at most `budget` instructions.
    pub fn run(&mut self, before: &State, len: u64, budget: i64) -> (State, Stop) {
        let mut cpu = load(before);
        let mut left = budget;
        let exit = loop {
            let exit = self.engine.run(&mut cpu, &mut self.memory, &mut left);
            match exit {
                // A repeated string instruction may use up a budget without being done.
                Exit::Budget if budget == 1 && cpu.rip == before.rip => left = 1,
                Exit::Yield if left > 0 => {}
                _ => break exit,
            }
        };
        let stop = judge(exit, before.rip..before.rip + len, &mut cpu);
        (store(&cpu), stop)
    }
}

impl Default for Subject {
    fn default() -> Subject {
        Subject::new()
    }
}

/// Full tags (SDM Vol. 1 8.1.7) from the abridged ones and the contents.
fn full_tags(state: &State) -> u16 {
    (0..8).fold(0, |tags, n| {
        let (significand, exponent) = (state.fpr[n].0, state.fpr[n].1 & 0x7fff);
        let tag = match (state.ftw >> n & 1, exponent, significand) {
            (0, _, _) => 3,
            (_, 0, 0) => 1,
            (_, 1..0x7fff, 0x8000_0000_0000_0000..) => 0,
            _ => 2,
        };
        tags | tag << (2 * n)
    })
}

/// A state as the engine has it.
pub fn load(state: &State) -> Cpu {
    let mut cpu = Cpu::new();
    cpu.gpr[..16].copy_from_slice(&state.gpr);
    cpu.gpr[Gpr::FS_BASE.0 as usize] = state.seg_base[0];
    cpu.gpr[Gpr::GS_BASE.0 as usize] = state.seg_base[1];
    cpu.rip = state.rip;
    let system = (state.rflags & USER_FLAGS & !STATUS_FLAGS) as u32;
    cpu.flags = LazyFlags { a: state.rflags & STATUS_FLAGS, op: 0, system, ..LazyFlags::default() };
    cpu.ymm = state.ymm.map(Ymm);
    cpu.mxcsr = state.mxcsr;
    (cpu.fcw, cpu.fsw, cpu.ftw) = (state.fcw, state.fsw, full_tags(state));
    cpu.fpr = state.fpr;
    cpu
}

/// The state of an engine.
pub fn store(cpu: &Cpu) -> State {
    let tags = (0..8).fold(0, |tags, n| tags | u8::from(cpu.ftw >> (2 * n) & 3 != 3) << n);
    State {
        gpr: cpu.gpr[..16].try_into().expect("sixteen"),
        rip: cpu.rip,
        rflags: cpu.flags.status() | u64::from(cpu.flags.system) & USER_FLAGS,
        seg_base: [cpu.gpr[Gpr::FS_BASE.0 as usize], cpu.gpr[Gpr::GS_BASE.0 as usize]],
        ymm: cpu.ymm.map(|y| y.0),
        mxcsr: cpu.mxcsr,
        fcw: cpu.fcw,
        fsw: cpu.fsw,
        ftw: tags,
        fpr: cpu.fpr,
    }
}

/// The engine's answer in the words of the native side.
pub fn judge(exit: Exit, tested: std::ops::Range<u64>, cpu: &mut Cpu) -> Stop {
    let vector = match exit {
        Exit::Budget | Exit::Yield => return Stop::Landed,
        Exit::Fault(MemFault { access: Access::Fetch, .. }) if !tested.contains(&cpu.rip) => return Stop::Landed,
        Exit::Fault(fault) => {
            let want = match fault.access {
                Access::Read => Want::Read,
                Access::Write => Want::Write,
                Access::Fetch => Want::Fetch,
            };
            return Stop::Page { addr: fault.addr, want, mapped: fault.kind == MemFaultKind::Denied };
        }
        Exit::Syscall => return Stop::Odd("a system call".into()),
        Exit::Exception(exception) => match exception {
            Exception::Divide => 0,
            Exception::Debug => 1,
            Exception::Breakpoint => 3,
            Exception::InvalidOpcode => 6,
            Exception::StackSegment => 12,
            Exception::GeneralProtection => 13,
            Exception::X87 => 16,
            Exception::Alignment => 17,
            Exception::Simd => 19,
        },
    };
    if vector == 3 && !tested.contains(&(cpu.rip - 1)) {
        cpu.rip -= 1;
        return Stop::Landed;
    }
    Stop::Vector(vector)
}
