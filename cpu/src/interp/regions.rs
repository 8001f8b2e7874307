//! Regions translated ahead of time, as the engine enters them: which addresses begin one, and whether it may be used.
//!
//! A block whose first byte is an entry begins with a [`Code::Region`](super::op::Code) op; behind it the block goes on as
//! usual, for when the region cannot be used. The op belongs to a page of the image, whoever maps it, so each address
//! space is looked at by itself: the verdict on a span holds as long as `code_tag` does.

use crate::Gpr;
use crate::ahead::{Call, Entry, Env, Index};
use crate::mem::{Bus, HostAddr, MemView};
use crate::state::Cpu;
use crate::wasm::{EXIT_BUDGET, EXIT_GOTO};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Verdicts kept at a time.
const VERDICTS: usize = 256;

/// What the regions did since boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RegionCounts {
    /// Calls of regions.
    pub entered: u64,
    /// ... that ended with a jump out of the region.
    pub left: u64,
    /// ... with the budget.
    pub preempted: u64,
    /// ... with an instruction for the interpreter.
    pub interpreted: u64,
    /// Instructions run in regions.
    pub instructions: u64,
}

/// Regions and what is known of them.
pub(super) struct Regions {
    index: Index,
    call: Call,
    /// What the ops name by number.
    refs: Vec<Ref>,
    verdicts: Box<[Verdict; VERDICTS]>,
    pub(super) counts: RegionCounts,
}

#[derive(Clone, Copy)]
struct Ref {
    function: u32,
    number: u32,
    span: u32,
    /// Page of the entry within the span.
    page: u32,
}

/// Whether a span is mapped as in the image at a place of an address space.
#[derive(Clone, Copy)]
struct Verdict {
    tag: u32,
    span: u32,
    /// Guest address of the span's first page.
    base: u64,
    is_usable: bool,
}

/// How an attempt to run a region ended.
pub(super) enum Ran {
    /// It cannot be used here: the block's own ops follow.
    Not,
    /// It is not known whether it can be used.
    Ask,
    /// On to `cpu.rip`.
    On,
    /// The instruction at `cpu.rip` is the interpreter's.
    Interpret,
}

impl Regions {
    pub(super) fn new(index: Index, call: Call) -> Regions {
        const NONE: Verdict = Verdict { tag: 0, span: u32::MAX, base: 0, is_usable: false };
        let (verdicts, counts) = (Box::new([NONE; VERDICTS]), RegionCounts::default());
        Regions { index, call, refs: Vec::new(), verdicts, counts }
    }

    /// The ops are gone.
    pub(super) fn flush(&mut self) {
        self.refs.clear();
    }

    /// The entries in a page, by place in the arena.
    pub(super) fn entries(&self, page: HostAddr) -> impl Iterator<Item = Entry> + '_ {
        self.index.page(page)
    }

    /// The number an op names the entry by.
    pub(super) fn add(&mut self, entry: &Entry) -> Option<i32> {
        let span = self.index.span(entry.span)?;
        let page = (entry.at >> 12).wrapping_sub(span.page);
        self.refs.push(Ref { function: entry.function, number: entry.number, span: entry.span, page });
        (page < span.pages).then(|| self.refs.len() as i32 - 1)
    }

    fn slot(span: u32, tag: u32) -> usize {
        (span.wrapping_mul(0x9e37_79b9) >> 8 ^ tag) as usize % VERDICTS
    }

    /// Runs the region of an op. `cpu.gpr[CODE_PAGE]` is the op's page.
    pub(super) fn run(&mut self, number: i32, cpu: &mut Cpu, view: &MemView, left: &mut i64) -> Ran {
        let Some(&Ref { function, number, span, page }) = self.refs.get(number as usize) else { return Ran::Not };
        let base = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_sub((page as u64) << 12);
        let verdict = &self.verdicts[Regions::slot(span, view.code_tag)];
        if (verdict.tag, verdict.span, verdict.base) != (view.code_tag, span, base) {
            return Ran::Ask;
        }
        if !verdict.is_usable {
            return Ran::Not;
        }
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = base;
        let mut env = Env {
            read: view.read.expose_provenance() as u32,
            write: view.write.expose_provenance() as u32,
            len: view.len,
            tag: view.code_tag,
            budget: *left,
            stack: 0,
            slots: 0,
        };
        let exit = (self.call)(function, cpu, &mut env, number);
        self.counts.entered += 1;
        self.counts.instructions = self.counts.instructions.wrapping_add((*left - env.budget) as u64);
        *left = env.budget;
        match exit {
            EXIT_GOTO => {
                self.counts.left += 1;
                Ran::On
            }
            EXIT_BUDGET => {
                self.counts.preempted += 1;
                Ran::On
            }
            _ => {
                self.counts.interpreted += 1;
                Ran::Interpret
            }
        }
    }

    /// Finds out whether the span of an op's region is mapped as in the image. `cpu.gpr[CODE_PAGE]` is the op's page.
    pub(super) fn verify(&mut self, number: i32, cpu: &Cpu, bus: &mut dyn Bus) {
        let Some(&Ref { span: number, page, .. }) = self.refs.get(number as usize) else { return };
        let Some(span) = self.index.span(number) else { return };
        let base = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_sub((page as u64) << 12);
        let is_usable = (0..span.pages).all(|k| {
            let fetched = bus.fetch(base.wrapping_add((k as u64) << 12));
            fetched.is_ok_and(|page| page.host.0 >> 12 == span.page + k)
        });
        let tag = bus.view().code_tag;
        self.verdicts[Regions::slot(number, tag)] = Verdict { tag, span: number, base, is_usable };
    }
}
