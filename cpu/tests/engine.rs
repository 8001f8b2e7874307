//! The interpreter from outside: code that changes under it, pages that come and go, preemption anywhere, faults in the
//! middle of repeated instructions. What single instructions compute is `silicon` and the oracle.
#![allow(unsafe_code, reason = "a bus hands out raw tables")]

use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exception, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};

const PAGE: usize = 0x1000;
/// Where programs begin.
const CODE: u64 = 0x1000;
/// A page of data in the middle of three.
const DATA: u64 = 0x9000;

/// Guest pages over frames, any page on any frame. Frames are marked as code once fetched, like the kernel's.
#[derive(Clone)]
struct Paged {
    arena: Vec<[u8; PAGE]>,
    /// Frame and right to write of each guest page.
    pages: Vec<Option<(usize, bool)>>,
    read: Vec<u32>,
    write: Vec<u32>,
    is_code: Vec<bool>,
    stale: Vec<HostAddr>,
    tag: u32,
}

impl Paged {
    /// `count` pages, each on the frame of its number; page 0 is not there.
    fn new(count: usize) -> Paged {
        let mut pages: Vec<Option<(usize, bool)>> = (0..count).map(|n| Some((n, true))).collect();
        pages[0] = None;
        let mut bus = Paged {
            arena: vec![[0; PAGE]; count],
            pages,
            read: vec![entry::ABSENT; count],
            write: vec![entry::ABSENT; count],
            is_code: vec![false; count],
            stale: Vec::new(),
            tag: 1,
        };
        bus.fill();
        bus
    }
    /// Makes the tables anew.
    fn fill(&mut self) {
        for page in 0..self.pages.len() {
            let entry_of = |to: Option<usize>| match to {
                Some(frame) => (frame.wrapping_sub(page) as u32) << 12 | entry::SPLIT,
                None => entry::ABSENT,
            };
            let here = self.pages[page];
            self.read[page] = entry_of(here.map(|(frame, _)| frame));
            let writable = here.filter(|&(frame, may)| may && !self.is_code[frame]);
            self.write[page] = entry_of(writable.map(|(frame, _)| frame));
        }
    }
    /// Puts a guest page on a frame, or takes it away.
    fn map(&mut self, page: usize, to: Option<(usize, bool)>) {
        self.pages[page] = to;
        self.tag += 1;
        self.fill();
    }
    fn place(&self, addr: u64) -> (usize, usize) {
        let (frame, _) = self.pages[addr as usize / PAGE].expect("a page that is there");
        (frame, addr as usize % PAGE)
    }
    /// Writes from outside, as the kernel does.
    fn put(&mut self, addr: u64, bytes: &[u8]) {
        for (k, &byte) in bytes.iter().enumerate() {
            let (frame, at) = self.place(addr + k as u64);
            self.arena[frame][at] = byte;
            self.void(frame);
        }
    }
    fn get(&self, addr: u64) -> u8 {
        let (frame, at) = self.place(addr);
        self.arena[frame][at]
    }
    fn void(&mut self, frame: usize) -> bool {
        if std::mem::take(&mut self.is_code[frame]) {
            self.stale.push(HostAddr((frame * PAGE) as u32));
            self.fill();
            return true;
        }
        false
    }
    fn find(&self, addr: u64, access: Access) -> Result<usize, MemFault> {
        let fault = |kind| Err(MemFault { addr, access, kind });
        match self.pages.get((addr >> 12) as usize).copied().flatten() {
            None => fault(MemFaultKind::Unmapped),
            Some((_, false)) if access == Access::Write => fault(MemFaultKind::Denied),
            Some((frame, _)) => Ok(frame),
        }
    }
}

impl Bus for Paged {
    fn view(&self) -> MemView {
        MemView {
            base: self.arena.as_ptr().cast_mut().cast(),
            read: self.read.as_ptr(),
            write: self.write.as_ptr(),
            len: self.read.len() as u32,
            code_tag: self.tag,
        }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let frame = self.find(addr, access)?;
        let wrote_code = access == Access::Write && self.void(frame);
        Ok(Resolved { host: HostAddr((frame * PAGE) as u32 | addr as u32 & 0xfff), wrote_code })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let frame = self.find(rip, Access::Fetch)?;
        if !std::mem::replace(&mut self.is_code[frame], true) {
            self.fill();
        }
        Ok(CodePage { host: HostAddr((frame * PAGE) as u32) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
}

/// One machine: memory, registers, engine.
struct Machine {
    bus: Paged,
    cpu: Cpu,
    engine: Engine,
}

const UD2: [u8; 2] = [0x0f, 0x0b];

impl Machine {
    /// These pieces of code and data in 32 pages; rip at `CODE`, a stack at the end.
    fn new(pieces: &[(u64, &[u8])]) -> Machine {
        let mut bus = Paged::new(32);
        pieces.iter().for_each(|(at, bytes)| bus.put(*at, bytes));
        let mut cpu = Cpu::new();
        cpu.rip = CODE;
        cpu.gpr[4] = 0x1f000;
        Machine { bus, cpu, engine: Engine::new() }
    }
    /// Runs in slices until something else than the end of a slice happens.
    fn run_sliced(&mut self, slice: i64) -> Exit {
        for _ in 0..1_000_000 {
            let mut budget = slice;
            let exit = self.engine.run(&mut self.cpu, &mut self.bus, &mut budget);
            if exit != Exit::Budget {
                return exit;
            }
            assert!(budget < slice, "each slice gets on");
        }
        panic!("no end in sight at {:#x}", self.cpu.rip);
    }
    /// Runs to the next `ud2`.
    fn run(&mut self) {
        assert_eq!(self.run_sliced(100_000), Exit::Exception(Exception::InvalidOpcode));
        assert_eq!((self.bus.get(self.cpu.rip), self.bus.get(self.cpu.rip + 1)), (UD2[0], UD2[1]), "our own ud2");
    }
    /// Runs from `rip` to the next `ud2` and tells rax.
    fn run_from(&mut self, rip: u64) -> u64 {
        self.cpu.rip = rip;
        self.run();
        self.cpu.gpr[0]
    }
    /// Everything a guest can see.
    fn state(&self) -> (Vec<u64>, u64, u64, Vec<[u8; PAGE]>) {
        (self.cpu.gpr[..16].to_vec(), self.cpu.rip, self.cpu.flags.rflags(), self.bus.arena.clone())
    }
}

mod changing_code {
    use super::*;

    #[test]
    fn the_next_instruction_of_the_same_block() {
        // mov byte [rip + 1], 2; mov al, 1
        let code = [&[0xc6, 0x05, 1, 0, 0, 0, 2, 0xb0, 1][..], &UD2].concat();
        assert_eq!(Machine::new(&[(CODE, &code)]).run_from(CODE), 2);
    }

    #[test]
    fn a_loop_that_counts_in_its_own_immediate() {
        // mov ecx, 20; again: add eax, 1; inc byte [rip - 9 + ...]; dec ecx; jnz again
        let mut code = vec![0xb9, 20, 0, 0, 0, 0x83, 0xc0, 1];
        // inc byte [rip - 7]: the immediate is the byte before this instruction of 6 bytes.
        code.extend([0xfe, 0x05, 0xf9, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x75, 0xf3]);
        code.extend(UD2);
        for slice in [1, 2, 3, 1000] {
            let mut m = Machine::new(&[(CODE, &code)]);
            m.run_sliced(slice);
            assert_eq!(m.cpu.gpr[0], (1..=20).sum::<u64>(), "slices of {slice}");
        }
    }

    #[test]
    fn a_function_on_another_page_between_two_calls() {
        // mov eax, 1; ret
        let function = [0xb8, 1, 0, 0, 0, 0xc3];
        // call 0x3000; mov ebx, eax; mov byte [0x3001], 7; call 0x3000
        let mut code = vec![0xe8, 0xfb, 0x1f, 0, 0, 0x89, 0xc3, 0xc6, 0x04, 0x25, 0x01, 0x30, 0, 0, 7];
        code.extend([0xe8, 0xec, 0x1f, 0, 0]);
        code.extend(UD2);
        let mut m = Machine::new(&[(CODE, &code), (0x3000, &function)]);
        assert_eq!((m.run_from(CODE), m.cpu.gpr[3]), (7, 1));
        // The translations of the caller were not touched, those of the function are new: once more, both as they are.
        assert_eq!((m.run_from(CODE), m.cpu.gpr[3]), (7, 7));
    }

    #[test]
    fn a_repeated_store_over_the_code_behind_it() {
        // mov edi, 0x100e; mov ecx, 4; mov al, 0x90; rep stosb; mov bl, 9; mov cl, 9: the last two become nops.
        let mut code = vec![0xbf, 0x0e, 0x10, 0, 0, 0xb9, 4, 0, 0, 0, 0xb0, 0x90, 0xf3, 0xaa];
        code.extend([0xb3, 9, 0xb1, 9]);
        code.extend(UD2);
        let mut m = Machine::new(&[(CODE, &code)]);
        m.run();
        assert_eq!((m.cpu.gpr[3], m.cpu.gpr[1]), (0, 0), "neither of the two moves is left");
    }

    #[test]
    fn what_the_kernel_writes_counts_too() {
        let code = [&[0xb8, 1, 0, 0, 0][..], &UD2].concat();
        let mut m = Machine::new(&[(CODE, &code)]);
        assert_eq!(m.run_from(CODE), 1);
        m.bus.put(CODE + 1, &[5]);
        assert_eq!(m.run_from(CODE), 5);
    }
}

mod two_pages {
    use super::*;

    /// `mov eax, 0x01020304` with its last two bytes on the next page.
    const AT: u64 = 0x1ffd;
    const CROSSING: [u8; 5] = [0xb8, 4, 3, 2, 1];

    fn machine() -> Machine {
        Machine::new(&[(AT, &[&CROSSING[..], &UD2].concat())])
    }

    #[test]
    fn the_second_page_is_missing_and_comes() {
        let mut m = machine();
        m.bus.map(2, None);
        m.cpu.rip = AT;
        let exit = m.run_sliced(100);
        let fault = MemFault { addr: 0x2000, access: Access::Fetch, kind: MemFaultKind::Unmapped };
        assert_eq!((exit, m.cpu.rip, m.cpu.gpr[0]), (Exit::Fault(fault), AT, 0));
        m.bus.map(2, Some((2, true)));
        assert_eq!(m.run_from(AT), 0x0102_0304);
    }

    #[test]
    fn either_page_changes() {
        let mut m = machine();
        assert_eq!(m.run_from(AT), 0x0102_0304);
        m.bus.put(0x2000, &[9]);
        assert_eq!(m.run_from(AT), 0x0109_0304);
        m.bus.put(0x1ffe, &[8]);
        assert_eq!(m.run_from(AT), 0x0109_0308);
    }

    #[test]
    fn the_guest_itself_changes_the_second_page() {
        let mut m = machine();
        // mov byte [0x2000], 0x77; jmp AT
        let code = [0xc6, 0x04, 0x25, 0, 0x20, 0, 0, 0x77, 0xe9, 0xf0, 0x0f, 0, 0];
        m.bus.put(CODE, &code);
        assert_eq!(m.run_from(AT), 0x0102_0304);
        assert_eq!(m.run_from(CODE), 0x0177_0304);
    }

    #[test]
    fn the_second_page_is_mapped_anew() {
        let mut m = machine();
        assert_eq!(m.run_from(AT), 0x0102_0304);
        m.bus.put(0x5000, &[&[6, 5][..], &UD2].concat());
        m.bus.map(2, Some((5, true)));
        assert_eq!(m.run_from(AT), 0x0506_0304);
        // It is an instruction of another length now.
        m.bus.put(AT, &[0x90, 0x90, 0x90]);
        m.bus.put(0x2000, &[0xb0, 3, 0x0f, 0x0b]);
        assert_eq!(m.run_from(AT), 0x0506_0303);
    }
}

mod mappings {
    use super::*;

    #[test]
    fn two_mappings_of_one_frame_run_the_same_bytes_at_their_own_addresses() {
        // lea rax, [rip]
        let code = [&[0x48, 0x8d, 0x05, 0, 0, 0, 0][..], &UD2].concat();
        let mut m = Machine::new(&[(CODE, &code)]);
        m.bus.map(6, Some((1, true)));
        assert_eq!((m.run_from(CODE), m.run_from(0x6000)), (0x1007, 0x6007));
        assert_eq!((m.run_from(CODE), m.run_from(0x6000)), (0x1007, 0x6007));
    }

    #[test]
    fn a_write_through_one_mapping_is_seen_by_the_other() {
        // mov al, 1
        let code = [&[0xb0, 1][..], &UD2].concat();
        // mov byte [0x6001], 4; jmp CODE
        let writer = [0xc6, 0x04, 0x25, 1, 0x60, 0, 0, 4, 0xe9, 0xf3, 0xef, 0xff, 0xff];
        let mut m = Machine::new(&[(CODE, &code), (0x2000, &writer)]);
        m.bus.map(6, Some((1, true)));
        assert_eq!((m.run_from(CODE), m.run_from(0x2000)), (1, 4));
    }

    #[test]
    fn spaces_with_other_tags_have_other_code_at_the_same_address() {
        let code = |n| [&[0xb8, n, 0, 0, 0][..], &UD2].concat();
        let mut m = Machine::new(&[(CODE, &code(1)), (0x5000, &code(2))]);
        for _ in 0..3 {
            m.bus.map(1, Some((1, true)));
            assert_eq!(m.run_from(CODE), 1);
            m.bus.map(1, Some((5, true)));
            assert_eq!(m.run_from(CODE), 2);
        }
    }

    #[test]
    fn a_page_that_is_gone_is_not_run_from_memory() {
        let code = [&[0xb0, 1][..], &UD2].concat();
        let mut m = Machine::new(&[(CODE, &code)]);
        m.run();
        m.bus.map(1, None);
        m.cpu.rip = CODE;
        let fault = MemFault { addr: CODE, access: Access::Fetch, kind: MemFaultKind::Unmapped };
        assert_eq!((m.run_sliced(100), m.cpu.rip), (Exit::Fault(fault), CODE));
    }
}

mod preemption {
    use super::*;

    /// Loops, calls, flags across slices, strings, a push and a division: a bit of everything.
    fn program() -> Machine {
        let mut code = vec![0xb9, 25, 0, 0, 0]; // mov ecx, 25
        let again = code.len();
        code.extend([0x51]); // push rcx
        code.extend([0x01, 0xc8]); // add eax, ecx
        code.extend([0x11, 0xc3]); // adc ebx, eax
        code.extend([0x48, 0x0f, 0xaf, 0xd9]); // imul rbx, rcx
        code.extend([0xbe, 0x00, 0x80, 0, 0]); // mov esi, 0x8000
        code.extend([0xbf, 0x03, 0x90, 0, 0]); // mov edi, 0x9003
        code.extend([0xb9, 33, 0, 0, 0, 0xf3, 0xa4]); // mov ecx, 33; rep movsb
        code.extend([0x89, 0x1c, 0x25, 0x10, 0x80, 0, 0]); // mov [0x8010], ebx
        code.extend([0x99, 0xf7, 0x34, 0x25, 0x00, 0x90, 0, 0]); // cdq; div dword [0x9000]
        let call = code.len();
        code.extend([0xe8, 0, 0, 0, 0]); // call function
        code.extend([0x59]); // pop rcx
        code.extend([0xff, 0xc9]); // dec ecx
        code.extend([0x75, (again as i64 - (code.len() as i64 + 2)) as u8]); // jnz again
        code.extend([0x0f, 0x94, 0xc2]); // sete dl
        code.extend(UD2);
        let function = CODE as usize + 0x1000 - 3;
        let distance = (function - (CODE as usize + call + 5)) as u32;
        code[call + 1..call + 5].copy_from_slice(&distance.to_le_bytes());
        // Across two pages: xor rdx, rax; ror rbx, 7; sbb esi, 0; ret
        let body = [0x48, 0x31, 0xc2, 0x48, 0xc1, 0xcb, 7, 0x83, 0xde, 0, 0xc3];
        let numbers: Vec<u8> = (0..64).map(|n| (n * 37 + 11) as u8).collect();
        Machine::new(&[(CODE, &code), (function as u64, &body), (0x8000, &numbers), (0x9000, &[77, 1, 0, 0])])
    }

    #[test]
    fn any_slicing_leads_to_the_same_end() {
        let mut whole = program();
        whole.run();
        for slice in [1, 2, 3, 5, 7, 11, 64, 1001] {
            for max_block in [1, 2, 64] {
                let mut m = program();
                m.engine.set_max_block(max_block);
                assert_eq!(m.run_sliced(slice), Exit::Exception(Exception::InvalidOpcode));
                assert!(m.state() == whole.state(), "slices of {slice}, blocks of {max_block}");
            }
        }
    }

    #[test]
    fn with_blocks_of_one_a_slice_of_one_is_one_instruction() {
        let mut m = program();
        m.engine.set_max_block(1);
        let mut seen = Vec::new();
        for _ in 0..8 {
            let mut budget = 1;
            assert_eq!(m.engine.run(&mut m.cpu, &mut m.bus, &mut budget), Exit::Budget);
            seen.push(m.cpu.rip - CODE);
        }
        // Until the end of rep movsb, which may take its time, but not an instruction more.
        assert_eq!(seen, [5, 6, 8, 10, 14, 19, 24, 29]);
    }
}

mod repeated {
    use super::*;

    /// rep movsb, movsq, stosb, stosq; repe cmpsb; repne scasb: bytes, element, and whether it writes.
    const REPEATED: [(&[u8], u64, bool); 6] = [
        (&[0xf3, 0xa4], 1, true),
        (&[0xf3, 0x48, 0xa5], 8, true),
        (&[0xf3, 0xaa], 1, true),
        (&[0xf3, 0x48, 0xab], 8, true),
        (&[0xf3, 0xa6], 1, false),
        (&[0xf2, 0xae], 1, false),
    ];

    fn machine(code: &[u8], element: u64, down: bool) -> Machine {
        let code = [if down { &[0xfd][..] } else { &[0x90] }, code, &UD2].concat();
        let mut m = Machine::new(&[(CODE, &code)]);
        // From one page into the next, in both directions; equal bytes, so that comparisons go on.
        let size = 0x1800;
        m.cpu.gpr[1] = size / element;
        m.cpu.gpr[6] = if down { 0x6000 - element } else { 0x4800 };
        m.cpu.gpr[7] = if down { DATA + 0x1000 - element } else { DATA - 0x800 };
        m.cpu.gpr[0] = 0x1122_3344_5566_7788;
        for at in 0x4000..0x7000u64 {
            m.bus.put(at, &[5]);
            m.bus.put(at + 0x4000, &[5]);
        }
        m
    }

    #[test]
    fn a_missing_page_in_the_middle_stops_at_its_first_element_and_goes_on() {
        for (code, element, _) in REPEATED {
            for down in [false, true] {
                // The destination's second page in the direction of the run.
                let gone = (DATA >> 12) as usize - usize::from(down);
                let mut whole = machine(code, element, down);
                whole.run();
                let mut m = machine(code, element, down);
                m.bus.map(gone, None);
                let before = m.cpu.gpr;
                let exit = m.run_sliced(1000);
                let Exit::Fault(fault) = exit else { panic!("{code:x?}: {exit:?}") };
                assert_eq!((fault.addr >> 12, fault.kind), (gone as u64, MemFaultKind::Unmapped), "{code:x?}");
                assert_eq!(m.cpu.rip, CODE + 1, "{code:x?}");
                let done = (before[1] - m.cpu.gpr[1]) * element;
                let expected = if down { 0x1000 } else { 0x800 };
                assert_eq!(done, expected, "{code:x?} down: {down}");
                let moved = |n: usize| if down { before[n] - m.cpu.gpr[n] } else { m.cpu.gpr[n] - before[n] };
                assert_eq!(moved(7), done);
                let reads_two = matches!(code.last(), Some(0xa4..=0xa7));
                assert_eq!(moved(6), if reads_two { done } else { 0 });
                m.bus.map(gone, Some((gone, true)));
                assert_eq!(m.run_sliced(1000), Exit::Exception(Exception::InvalidOpcode));
                assert!(m.state() == whole.state(), "{code:x?} down: {down}");
            }
        }
    }

    #[test]
    fn a_missing_source_page_does_the_same() {
        for (code, element, _) in REPEATED.iter().filter(|(code, ..)| matches!(code.last(), Some(0xa4..=0xa7))) {
            let mut whole = machine(code, *element, false);
            whole.run();
            let mut m = machine(code, *element, false);
            m.bus.map(5, None);
            let Exit::Fault(fault) = m.run_sliced(1000) else { panic!("{code:x?}") };
            assert_eq!((fault.addr, fault.access), (0x5000, Access::Read), "{code:x?}");
            assert_eq!((m.cpu.gpr[6], m.cpu.rip), (0x5000, CODE + 1));
            m.bus.map(5, Some((5, true)));
            m.run_sliced(1000);
            assert!(m.state() == whole.state(), "{code:x?}");
        }
    }

    #[test]
    fn a_page_that_may_not_be_written_is_left_as_it_was() {
        for (code, element, writes) in REPEATED {
            let mut m = machine(code, element, false);
            let page = (DATA >> 12) as usize;
            m.bus.map(page, Some((page, false)));
            let old = m.bus.arena[page];
            match m.run_sliced(1000) {
                Exit::Fault(fault) if writes => {
                    assert_eq!((fault.addr, fault.kind), (DATA, MemFaultKind::Denied));
                    assert_eq!(m.cpu.gpr[1] * element, 0x1000);
                }
                exit => assert!(!writes && exit == Exit::Exception(Exception::InvalidOpcode), "{code:x?}: {exit:?}"),
            }
            assert!(m.bus.arena[page] == old, "{code:x?}");
        }
    }

    #[test]
    fn an_element_on_two_pages_faults_as_a_whole() {
        // rep movsq with the destination 4 bytes before the missing page.
        let mut m = machine(&[0xf3, 0x48, 0xa5], 8, false);
        m.cpu.gpr[7] = DATA - 0x14;
        m.bus.map((DATA >> 12) as usize, None);
        let Exit::Fault(fault) = m.run_sliced(1000) else { panic!("it faults") };
        assert_eq!((fault.addr, m.cpu.gpr[7]), (DATA, DATA - 4));
        let tail: Vec<u8> = (DATA - 4..DATA).map(|at| m.bus.get(at)).collect();
        assert_eq!(tail, [5; 4], "not even the first half was written");
    }
}

#[test]
fn a_profile_says_where_indirect_jumps_led() {
    let function = CODE + 0x100;
    // call function; mov rax, function; jmp rax
    let mut code = vec![0xe8, 0xfb, 0, 0, 0, 0x48, 0xc7, 0xc0];
    code.extend((function as u32).to_le_bytes());
    code.extend([0xff, 0xe0]);
    // inc ebx; cmp ebx, 2; je end; ret; end: ud2
    let callee = [&[0xff, 0xc3, 0x83, 0xfb, 2, 0x74, 1, 0xc3][..], &UD2].concat();
    let mut m = Machine::new(&[(CODE, &code), (function, &callee)]);
    m.engine.start_profile();
    m.run();
    let mut blocks: Vec<_> = m.engine.profile().map(|b| (u64::from(b.host.0), b.runs, b.is_target)).collect();
    blocks.sort_unstable();
    let expected = [(CODE, 1, false), (CODE + 5, 1, false), (function, 2, true), (function + 7, 1, false)];
    assert_eq!(blocks[..4], expected, "the function was called before it was jumped to");
}

#[test]
fn a_full_cache_is_emptied_and_the_program_goes_on() {
    // Pages full of xlatb, each adding 1 to al by a table: more instructions than the cache holds.
    const PAGES: usize = 300;
    let mut bus = Paged::new(PAGES + 8);
    for page in 1..=PAGES {
        bus.arena[page] = [0xd7; PAGE];
    }
    let (end, table) = (((PAGES + 1) * PAGE) as u64, ((PAGES + 4) * PAGE) as u64);
    bus.put(end, &UD2);
    (0..=255u8).for_each(|n| bus.put(table + u64::from(n), &[n.wrapping_add(1)]));
    let mut cpu = Cpu::new();
    cpu.gpr[3] = table;
    let mut m = Machine { bus, cpu, engine: Engine::new() };
    // A jump over the first three, so that the sum is not a multiple of 256.
    for _ in 0..2 {
        m.cpu.gpr[0] = 0;
        m.cpu.rip = CODE + 3;
        let mut budget = 10_000_000;
        let exit = m.engine.run(&mut m.cpu, &mut m.bus, &mut budget);
        assert_eq!((exit, m.cpu.rip), (Exit::Exception(Exception::InvalidOpcode), end));
        let count = (PAGES * PAGE - 3) as u64;
        assert_eq!(m.cpu.gpr[0], count & 0xff);
        assert_eq!(10_000_000 - budget, count as i64 + 1, "each instruction is counted once");
    }
}
