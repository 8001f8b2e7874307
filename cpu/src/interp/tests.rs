//! Programs on a flat memory.

use super::Engine;
use crate::{Access, Bus, CodePage, Cpu, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry};
use alloc::vec;
use alloc::vec::Vec;

/// `pages` pages from address 0x1000, all writable and executable; each marked as code once fetched.
pub(crate) struct Flat {
    arena: Vec<u64>,
    read: Vec<u32>,
    write: Vec<u32>,
    is_code: Vec<bool>,
    stale: Vec<HostAddr>,
}

impl Flat {
    pub(crate) fn new(pages: usize) -> Flat {
        let mut tables = vec![0; pages + 1];
        tables[0] = entry::ABSENT;
        tables[pages] |= entry::SPLIT;
        Flat {
            arena: vec![0; (pages + 1) * 512],
            read: tables.clone(),
            write: tables,
            is_code: vec![false; pages + 1],
            stale: Vec::new(),
        }
    }
    pub(crate) fn put(&mut self, addr: u64, bytes: &[u8]) {
        for (k, b) in bytes.iter().enumerate() {
            let at = addr as usize + k;
            let word = &mut self.arena[at / 8];
            *word = *word & !(0xff << (at % 8 * 8)) | (*b as u64) << (at % 8 * 8);
        }
    }
    pub(crate) fn get(&self, addr: u64) -> u8 {
        (self.arena[addr as usize / 8] >> (addr % 8 * 8)) as u8
    }
}

impl Bus for Flat {
    fn view(&self) -> MemView {
        MemView {
            base: self.arena.as_ptr().cast_mut().cast(),
            read: self.read.as_ptr(),
            write: self.write.as_ptr(),
            len: self.read.len() as u32,
            code_tag: 1,
        }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let page = (addr >> 12) as usize;
        if page == 0 || addr >> 12 >= self.read.len() as u64 {
            return Err(MemFault { addr, access, kind: MemFaultKind::Unmapped });
        }
        let wrote_code = access == Access::Write && self.is_code[page];
        if wrote_code {
            self.is_code[page] = false;
            self.write[page] &= !entry::DENY;
            self.write[page - 1] &= !entry::SPLIT;
            self.stale.push(HostAddr((page as u32) << 12));
        }
        Ok(Resolved { host: HostAddr(addr as u32), wrote_code })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let r = self.resolve(rip, Access::Fetch)?;
        let page = (rip >> 12) as usize;
        self.is_code[page] = true;
        self.write[page] |= entry::DENY;
        self.write[page - 1] |= entry::SPLIT;
        Ok(CodePage { host: HostAddr(r.host.0 & !0xfff) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
}

/// Runs `code` at 0x1000 with a stack until it stops.
pub(crate) fn run(code: &[u8], budget: i64) -> (Cpu, Flat, Exit) {
    let mut bus = Flat::new(32);
    bus.put(0x1000, code);
    let mut cpu = Cpu::new();
    cpu.rip = 0x1000;
    cpu.gpr[4] = 0x1f000;
    let mut budget = budget;
    let exit = Engine::new().run(&mut cpu, &mut bus, &mut budget);
    (cpu, bus, exit)
}

#[test]
fn adds_and_stops_at_an_undefined_instruction() {
    // mov eax, 5; add rax, 7; push rax; pop rbx; ud2
    let code = [0xb8, 5, 0, 0, 0, 0x48, 0x83, 0xc0, 7, 0x50, 0x5b, 0x0f, 0x0b];
    let (cpu, bus, exit) = run(&code, 100);
    assert_eq!(exit, Exit::Exception(crate::Exception::InvalidOpcode));
    assert_eq!((cpu.rip, cpu.gpr[0], cpu.gpr[3], cpu.gpr[4]), (0x100b, 12, 12, 0x1f000));
    assert_eq!(bus.get(0x1eff8), 12);
}
