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

mod late;

mod calls {
    //! What becomes of `syscall`, by the answer of the bus.

    use super::*;
    use crate::Called;

    /// A bus that answers the first call so, and later ones with `Not`.
    struct Calls {
        flat: Flat,
        answer: Called,
        tag: u32,
        /// The tag after the first call.
        next_tag: u32,
    }

    impl Bus for Calls {
        fn view(&self) -> MemView {
            MemView { code_tag: self.tag, ..self.flat.view() }
        }
        fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
            self.flat.resolve(addr, access)
        }
        fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
            self.flat.fetch(rip)
        }
        fn take_stale(&mut self) -> Option<HostAddr> {
            self.flat.take_stale()
        }
        fn system_call(&mut self, cpu: &mut Cpu) -> Called {
            assert_eq!((cpu.gpr[1], cpu.gpr[11] & 0x41), (cpu.rip, 0x40), "rcx and r11 are set before");
            cpu.gpr[0] = 7;
            self.tag = self.next_tag;
            core::mem::replace(&mut self.answer, Called::Not)
        }
    }

    /// 1000: xor ecx, ecx; syscall; mov ebx, eax; syscall; ud2. Answers rip, rbx, how it ended, and what is left of 1000.
    fn answered(answer: Called, next_tag: u32, budget: i64) -> (u64, u64, Exit, i64) {
        let mut bus = Calls { flat: Flat::new(4), answer, tag: 1, next_tag };
        bus.flat.put(0x1000, &[0x31, 0xc9, 0x0f, 0x05, 0x89, 0xc3, 0x0f, 0x05, 0x0f, 0x0b]);
        let mut cpu = Cpu::new();
        cpu.rip = 0x1000;
        let mut left = budget;
        let exit = Engine::new().run(&mut cpu, &mut bus, &mut left);
        (cpu.rip, cpu.gpr[3], exit, left)
    }

    #[test]
    fn a_call_that_is_made_goes_on_and_costs() {
        assert_eq!(answered(Called::On(200), 1, 1000), (0x1008, 7, Exit::Syscall, 1000 - 200 - 4));
        assert_eq!(answered(Called::On(200), 2, 1000), (0x1008, 7, Exit::Syscall, 1000 - 200 - 4), "code was remapped");
        assert_eq!(answered(Called::On(200), 1, 100).0, 0x1004, "the budget ends behind the call");
        assert_eq!(answered(Called::On(200), 1, 100).2, Exit::Budget);
    }

    #[test]
    fn a_call_that_is_not_made_or_wants_a_stop_ends_the_run_behind_it() {
        assert_eq!(answered(Called::Not, 1, 1000), (0x1004, 0, Exit::Syscall, 998));
        assert_eq!(answered(Called::Stop(200), 1, 1000), (0x1004, 0, Exit::Budget, 798));
    }
}

mod ahead {
    //! Regions are entered where the index says, and only there; what they leave, the interpreter does.

    use super::*;
    use crate::ahead::{Entry, Env, Index, Span, encode};
    use crate::wasm::{EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET};

    // 1000: mov ecx, 10
    // 1005: add eax, ecx; dec ecx; jnz 1005        the region
    // 100b: ud2
    const CODE: [u8; 13] = [0xb9, 10, 0, 0, 0, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xfa, 0x0f, 0x0b];

    const WHOLE: u32 = 7;
    const ONE_BY_ONE: u32 = 8;
    const NEVER: u32 = 9;

    /// What the engine's embedder would call: functions by hand for the loop in `CODE`.
    fn call(function: u32, cpu: &mut Cpu, env: &mut Env, entry: u32) -> i32 {
        assert_eq!((entry, cpu.gpr[17]), (3, 0x1000), "the entry's number, and the span's first page");
        assert!(env.len > 1);
        match function {
            WHOLE => {
                cpu.gpr[0] += (1..=cpu.gpr[1]).sum::<u64>();
                env.budget -= 3 * cpu.gpr[1] as i64;
                (cpu.gpr[1], cpu.rip) = (0, 0x100b);
                EXIT_GOTO
            }
            ONE_BY_ONE => {
                cpu.gpr[0] += cpu.gpr[1];
                cpu.gpr[1] -= 1;
                env.budget -= 3;
                cpu.rip = if cpu.gpr[1] == 0 { 0x100b } else { 0x1005 };
                if env.budget <= 0 { EXIT_BUDGET } else { EXIT_GOTO }
            }
            _ => {
                cpu.rip = 0x1005;
                EXIT_INTERPRET
            }
        }
    }

    /// Runs `CODE` with the loop as this function, in a span of so many pages, a slice of the budget after the other.
    fn run_ahead(function: u32, pages: u32, slice: i64) -> (u64, crate::interp::RegionCounts, i64) {
        let mut bus = Flat::new(4);
        bus.put(0x1000, &CODE);
        let spans = [Span { page: 0, pages }];
        let index = encode(&spans, &[Entry { at: 5, number: 3, function, span: 0 }]);
        let mut engine = Engine::new();
        engine.set_ahead(Index::parse(index.leak(), HostAddr(0x1000)).unwrap(), call);
        let (mut cpu, mut used) = (Cpu::new(), 0);
        cpu.rip = 0x1000;
        loop {
            let mut budget = slice;
            let exit = engine.run(&mut cpu, &mut bus, &mut budget);
            used += slice - budget;
            if exit != Exit::Budget {
                assert_eq!(exit, Exit::Exception(crate::Exception::InvalidOpcode));
                assert_eq!((cpu.rip, cpu.gpr[1]), (0x100b, 0));
                return (cpu.gpr[0], engine.region_counts()[0], used);
            }
        }
    }

    #[test]
    fn a_region_takes_over_where_it_begins() {
        let (sum, counts, used) = run_ahead(WHOLE, 1, 1000);
        assert_eq!((sum, counts.entered, counts.left, counts.instructions), (55, 1, 1, 30));
        assert_eq!(used, 32, "the undefined instruction counts, too");
    }

    #[test]
    fn a_region_goes_on_at_once_after_an_exit_and_anew_after_a_slice() {
        for slice in [1, 2, 7, 1000] {
            let (sum, counts, _) = run_ahead(ONE_BY_ONE, 1, slice);
            assert_eq!((sum, counts.instructions), (55, 30), "slices of {slice}");
            assert_eq!(counts.entered == 1, slice == 1000, "{counts:?}, slices of {slice}");
            assert_eq!(counts.preempted > 0, slice < 1000);
        }
    }

    #[test]
    fn the_interpreter_does_what_a_region_cannot_and_always_gets_on() {
        for slice in [1, 2, 1000] {
            let (sum, counts, _) = run_ahead(NEVER, 1, slice);
            assert_eq!(sum, 55);
            assert!((1..=10).contains(&counts.interpreted), "{counts:?}");
        }
    }

    #[test]
    fn a_span_that_is_not_mapped_as_a_whole_is_not_entered() {
        for (pages, entered) in [(4, 1), (5, 0)] {
            let (sum, counts, _) = run_ahead(WHOLE, pages, 1000);
            assert_eq!((sum, counts.entered), (55, entered));
        }
    }
}
