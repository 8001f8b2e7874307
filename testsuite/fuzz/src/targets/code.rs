//! Any bytes as machine code, on a processor whose memory lies between pages that nobody may touch.
//!
//! An input is a seed for the registers and the code. What must hold: no panic, no hang, an end that is an exception a
//! program can have, and not a byte changed outside the pages the guest may write.

use super::{Target, as_is};
use brainworm_cpu::{
    Access, Bus, CodePage, Cpu, Engine, Exit, HostAddr, MemFault, MemFaultKind, MemView, Resolved, entry,
};
use brainworm_oracle::engine::load;
use brainworm_oracle::forms;
use brainworm_oracle::generate::{Style, encode_at, registers};
use brainworm_oracle::memory;
use brainworm_oracle::rng::Rng;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) const TARGET: Target = Target { name: "code", seeds, repair: as_is, run, told };

const PAGE: u64 = 0x1000;
/// First guest page; the pages before it are not mapped.
const FIRST: u64 = 0x10;
/// Guest pages by what may be done with them: two of code that may be written, two for data, a hole, one that may only be
/// read, one for data.
const PAGES: [Option<bool>; 7] = [Some(true), Some(true), Some(true), Some(true), None, Some(false), Some(true)];
const CODE: u64 = FIRST * PAGE;
/// Pages of the arena: a page that nobody may touch before each of the guest's, and one at the end.
const FRAMES: usize = 2 * PAGES.len() + 1;
const CANARY: u8 = 0xa5;
/// Instructions that all inputs took.
static INSTRUCTIONS: AtomicU64 = AtomicU64::new(0);
/// Instructions an input may take.
const BUDGET: i64 = 4000;
/// Exceptions after which the guest goes on elsewhere, as a signal handler would have it.
const HANDLED: u32 = 16;

struct Memory {
    arena: Vec<[u8; PAGE as usize]>,
    read: Vec<u32>,
    write: Vec<u32>,
    /// Pages with translations: writes to them go through `resolve`.
    has_code: [bool; PAGES.len()],
    stale: Vec<HostAddr>,
}

/// The guest's n-th page in the arena.
fn frame(n: usize) -> usize {
    2 * n + 1
}

impl Memory {
    fn new() -> Memory {
        let mut arena = vec![[CANARY; PAGE as usize]; FRAMES];
        let table = |allowed: fn(&bool) -> bool| {
            let mut table = vec![entry::ABSENT; FIRST as usize + PAGES.len() + 1];
            for (n, _) in PAGES.iter().enumerate().filter(|(_, page)| page.as_ref().is_some_and(allowed)) {
                let page = FIRST as usize + n;
                table[page] = (frame(n) as u32).wrapping_sub(page as u32) << 12 | entry::SPLIT;
            }
            table
        };
        (0..PAGES.len()).for_each(|n| arena[frame(n)] = [0; PAGE as usize]);
        let (read, write) = (table(|_| true), table(|may_write| *may_write));
        Memory { arena, read, write, has_code: [false; PAGES.len()], stale: Vec::new() }
    }

    fn find(&self, addr: u64, access: Access) -> Result<usize, MemFault> {
        let fault = |kind| Err(MemFault { addr, access, kind });
        if (addr as i64) << 16 >> 16 != addr as i64 {
            return fault(MemFaultKind::NonCanonical);
        }
        let n = (addr / PAGE).wrapping_sub(FIRST) as usize;
        match PAGES.get(n) {
            Some(Some(may_write)) if *may_write || access != Access::Write => Ok(n),
            Some(Some(_)) => fault(MemFaultKind::Denied),
            _ => fault(MemFaultKind::Unmapped),
        }
    }
}

fn host(n: usize, addr: u64) -> HostAddr {
    HostAddr((frame(n) as u32) << 12 | (addr % PAGE) as u32)
}

impl Bus for Memory {
    fn view(&self) -> MemView {
        MemView {
            base: self.arena.as_flattened().as_ptr().cast_mut(),
            read: self.read.as_ptr(),
            write: self.write.as_ptr(),
            len: self.read.len() as u32,
            code_tag: 1,
        }
    }
    fn resolve(&mut self, addr: u64, access: Access) -> Result<Resolved, MemFault> {
        let n = self.find(addr, access)?;
        let wrote_code = access == Access::Write && self.has_code[n];
        if wrote_code {
            self.stale.push(host(n, 0));
            self.has_code[n] = false;
            self.write[FIRST as usize + n] = self.read[FIRST as usize + n];
        }
        Ok(Resolved { host: host(n, addr), wrote_code })
    }
    fn fetch(&mut self, rip: u64) -> Result<CodePage, MemFault> {
        let n = self.find(rip, Access::Fetch)?;
        if PAGES[n] == Some(true) {
            self.has_code[n] = true;
            self.write[FIRST as usize + n] = entry::ABSENT;
        }
        Ok(CodePage { host: host(n, 0) })
    }
    fn take_stale(&mut self) -> Option<HostAddr> {
        self.stale.pop()
    }
}

/// Instructions in a row: half of them of any form, half of those that make loops and reach memory.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let forms = forms::all();
    let seed = |number: u64| {
        let mut rng = Rng::new(number);
        let mut bytes = rng.bits().to_le_bytes().to_vec();
        while bytes.len() < 300 {
            let style = if rng.percent(70) { Style::InSequence } else { Style::Alone };
            let form = rng.pick(&forms);
            bytes.extend(
                encode_at(&mut rng, form.code, memory::CODE + 0x400, style).iter().flat_map(|subject| &subject.bytes),
            );
            if rng.percent(8) {
                bytes.extend([0x70 | rng.below(16) as u8, (rng.bits() as u8) | 0x80]);
            }
        }
        bytes
    };
    (0..64).map(seed).collect()
}

fn told() -> String {
    format!(", {} instructions", INSTRUCTIONS.load(Ordering::Relaxed))
}

fn run(input: &[u8]) {
    let Some((seed, code)) = input.split_first_chunk() else { return };
    let mut rng = Rng::new(u64::from_le_bytes(*seed));
    let mut memory = Memory::new();
    let code = &code[..code.len().min(2 * PAGE as usize)];
    for (n, part) in code.chunks(PAGE as usize).enumerate() {
        memory.arena[frame(n)][..part.len()].copy_from_slice(part);
    }
    let kept = memory.arena[frame(5)];
    let mut state = registers(&mut rng);
    state.rip = CODE + rng.below(code.len() as u64 + 1);
    for value in &mut state.gpr {
        if rng.percent(60) {
            *value = CODE + rng.below(PAGES.len() as u64 * PAGE + 64);
        }
    }
    let mut cpu: Cpu = load(&state);
    let mut engine = Engine::new();
    let mut left = BUDGET;
    for _ in 0..HANDLED {
        match engine.run(&mut cpu, &mut memory, &mut left) {
            Exit::Budget if left <= 0 => break,
            Exit::Yield | Exit::Budget | Exit::Syscall => {}
            // #DB comes after the instruction, and at every one while TF is set.
            Exit::Fault(_) | Exit::Exception(_) => {
                cpu.rip = CODE + rng.below(code.len() as u64 + 1);
                cpu.flags.system &= !0x100;
            }
        }
    }
    INSTRUCTIONS.fetch_add((BUDGET - left) as u64, Ordering::Relaxed);
    assert!(left > -200_000, "the budget is kept: {left}");
    let canaries = (0..FRAMES).step_by(2).chain([frame(4)]);
    assert!(
        canaries.clone().all(|n| memory.arena[n].iter().all(|byte| *byte == if n == frame(4) { 0 } else { CANARY })),
        "a page that nobody may touch was written"
    );
    assert!(memory.arena[frame(5)] == kept, "a page that may only be read was written");
}
