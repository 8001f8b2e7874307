//! Both machines side by side: runs a case on the real CPU and in the engine and says what differs.

use crate::case::{Case, Expect};
use crate::compare;
use crate::engine;
use crate::generate::decode;
use crate::memory::{CODE, DATA, Image, PAGE};
use crate::native::Native;
use crate::state::{State, Stop};
use crate::tolerance::{is_long_operand, pointer_bytes, undefined_result};
use crate::vendor;
use iced_x86::{Instruction, Mnemonic, OpKind, Register};

/// The real CPU, the engine, and the memory both had before the last run.
pub struct Bench {
    native: Native,
    engine: engine::Subject,
    /// What both memories hold between runs.
    image: Image,
    ignored: Undefined,
}

/// Status flags that a program leaves undefined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Undefined {
    /// At its end.
    pub at_end: u64,
    /// Somewhere, for runs that end early.
    pub anywhere: u64,
}

impl Bench {
    /// Takes the machine. `Err` names what it lacks.
    pub fn new() -> Result<Bench, String> {
        Ok(Bench {
            native: Native::new()?,
            engine: engine::Subject::new(),
            image: Image::new(),
            ignored: Undefined::default(),
        })
    }

    /// Puts the bytes at guest address `rip` on both.
    pub fn put_code(&mut self, rip: u64, bytes: &[u8]) {
        self.native.put_code((rip - CODE) as usize, bytes);
        self.engine.put_code((rip - CODE) as usize, bytes);
    }

    /// Flags that runs from now on do not compare, besides those the instruction leaves undefined.
    pub fn ignore_flags(&mut self, flags: Undefined) {
        self.ignored = flags;
    }

    /// Writes to both memories.
    pub fn write(&mut self, addr: u64, bytes: &[u8]) {
        self.image.write(addr, bytes);
        let first = DATA.iter().position(|(page, _)| addr.wrapping_sub(*page) < PAGE);
        let last =
            DATA.iter().position(|(page, _)| addr.wrapping_add(bytes.len() as u64 - 1).wrapping_sub(*page) < PAGE);
        for index in first.into_iter().chain(last) {
            self.sync(index);
        }
    }

    /// What both memories hold now.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Replaces both memories.
    pub fn load(&mut self, image: &Image) {
        self.image = image.clone();
        for index in 0..DATA.len() {
            self.sync(index);
        }
    }

    fn sync(&mut self, index: usize) {
        *self.native.page(index) = self.image.pages[index];
        *self.engine.memory.page(index) = self.image.pages[index];
    }

    /// Runs the bytes that were put at `state.rip` for up to `budget` instructions; empty when both agree. Afterwards
    /// both memories are what the real CPU left, without the bytes nobody compares.
    pub fn run(&mut self, insn: &Instruction, state: &State, len: u64, budget: i64) -> Vec<String> {
        let native = self.native.run(state, len);
        let mut engine = self.engine.run(state, len, budget);
        let ignored = if native.1 == Stop::Landed { self.ignored.at_end } else { self.ignored.anywhere };
        engine.0.rflags = engine.0.rflags & !ignored | native.0.rflags & ignored;
        if vendor::is_amd()
            && native.1 == Stop::Landed
            && matches!(insn.mnemonic(), Mnemonic::Fxsave | Mnemonic::Fxsave64)
        {
            self.hide_misaligned_mode(insn, state);
        }
        let mut lines = compare::registers(insn, state, &native, &engine);
        let hidden = if is_long_operand(insn) && matches!(native.1, Stop::Page { .. }) {
            operand(insn, state, 0..1024)
        } else {
            hidden(insn, state)
        };
        #[expect(clippy::needless_range_loop, reason = "the index names a page on both sides")]
        for index in 0..DATA.len() {
            let before = &self.image.pages[index];
            let (real, ours) = (self.native.page(index), self.engine.memory.page(index));
            if real == before && ours == before {
                continue;
            }
            if real != ours {
                memory_lines(&mut lines, DATA[index].0, real, ours, hidden.clone());
            }
            self.image.pages[index] = *real;
            *ours = *real;
        }
        let at = operand(insn, state, 0..1);
        let at = (!at.is_empty()).then_some(at.start);
        // What was stored before a fault counts, but for the return address that is not pushed.
        let same_memory = insn.mnemonic() == Mnemonic::Call || lines.iter().all(|line| !line.starts_with("mem "));
        if !lines.is_empty() && same_memory && vendor::is_explained(insn, state, at, &native, &engine) {
            lines.clear();
        }
        lines
    }

    /// AMD's MXCSR has one bit more, which MXCSR_MASK in an FXSAVE image shows.
    fn hide_misaligned_mode(&mut self, insn: &Instruction, state: &State) {
        let at = operand(insn, state, 30..31).start;
        if let Some(index) = DATA.iter().position(|(page, _)| at.wrapping_sub(*page) < PAGE) {
            self.native.page(index)[(at % PAGE) as usize] &= !2;
        }
    }

    /// Runs a whole case from scratch.
    pub fn case(&mut self, case: &Case, budget: i64) -> Vec<String> {
        assert!(case.state.is_loadable(), "a state that can be loaded");
        self.load(&case.image);
        self.put_code(case.state.rip, &case.bytes);
        // Tolerances belong to single instructions; a sequence avoids what needs one.
        let insn = if budget == 1 { decode(&case.bytes, case.state.rip) } else { decode(&[0x90], case.state.rip) };
        self.run(&insn, &case.state, case.bytes.len() as u64, budget)
    }

    /// What the real CPU makes of a case.
    pub fn truth(&mut self, case: &Case) -> Expect {
        self.load(&case.image);
        self.native.put_code((case.state.rip - CODE) as usize, &case.bytes);
        let (state, stop) = self.native.run(&case.state, case.bytes.len() as u64);
        let mut image = Image::new();
        for index in 0..DATA.len() {
            image.pages[index] = *self.native.page(index);
        }
        self.load(&image.clone());
        Expect { state, stop, image }
    }

    /// How the real CPU ends a run (for generators that need a first look).
    pub fn ending(&mut self, case: &Case) -> Stop {
        self.truth(case).stop
    }
}

/// The addresses whose contents are not compared.
fn hidden(insn: &Instruction, state: &State) -> std::ops::Range<u64> {
    if insn.is_invalid() || insn.op_count() == 0 || insn.op0_kind() != OpKind::Memory {
        return 0..0;
    }
    match pointer_bytes(insn).or_else(|| undefined_result(insn, state).then_some(0..2)) {
        Some(range) => operand(insn, state, range),
        None => 0..0,
    }
}

/// Bytes of the memory operand as addresses.
fn operand(insn: &Instruction, state: &State, range: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let place = (0..insn.op_count()).find(|n| insn.op_kind(*n) == OpKind::Memory).unwrap_or(0);
    let at = insn.virtual_address(place, 0, |register, _, _| {
        Some(match register {
            Register::FS => state.seg_base[0],
            Register::GS => state.seg_base[1],
            r if r.is_segment_register() => 0,
            r if !r.is_gpr() => return None,
            r => {
                let value = state.gpr[r.full_register() as usize - Register::RAX as usize];
                if r.size() == 4 { value & 0xffff_ffff } else { value }
            }
        })
    });
    at.map_or(0..0, |at| at.wrapping_add(range.start)..at.wrapping_add(range.end))
}

fn memory_lines(lines: &mut Vec<String>, base: u64, real: &[u8], ours: &[u8], hidden: std::ops::Range<u64>) {
    for (n, (a, b)) in real.chunks_exact(8).zip(ours.chunks_exact(8)).enumerate() {
        let addr = base + 8 * n as u64;
        let differs = (0..8).any(|k| a[k] != b[k] && !hidden.contains(&(addr + k as u64)));
        if differs && lines.len() < 12 {
            let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight"));
            lines.push(format!("mem {addr:#x}: native {:#018x}, engine {:#018x}", word(a), word(b)));
        }
    }
}
