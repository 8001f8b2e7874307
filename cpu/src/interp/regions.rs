//! Regions, translated ahead of time or while the guest runs, as the engine enters them: which addresses begin one, and
//! whether it may be used.
//!
//! A block whose first byte is an entry begins with a [`Code::Region`](super::op::Code) op; behind it the block goes on as
//! usual, for when the region cannot be used. The op belongs to a page of the arena, whoever maps it, so each address
//! space is looked at by itself: the verdict on a span (or unit, `jit`) holds as long as `code_tag` does.

#![allow(unsafe_code, reason = "`step` is called by translated code with the address of its context")]

use super::Step;
use super::exec::{Exec, Vectors};
use super::jit::{Jit, UNIT};
use crate::ahead::{Call, Entry, Env, Index};
use crate::decode::decode;
use crate::flags::bits;
use crate::insn::Insn;
use crate::isa::table::meaning;
use crate::mem::{Bus, HostAddr, MemView};
use crate::state::Cpu;
use crate::wasm::{EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET, EXIT_STOP, SLOTS, STEP_ON, Slot, slot_of};
use crate::{Gpr, Guest};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Verdicts kept at a time.
const VERDICTS: usize = 256;
/// Instructions kept decoded for `step`.
const DECODED: usize = 256;
/// What regions that call each other may take of the host's stack: engines give a module 512 KiB and more.
const STACK: i32 = 192 << 10;

/// Of so many ways out of regions one is looked at.
const LEFT_INTERVAL: u64 = 61;

/// What the regions did since boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RegionCounts {
    /// Calls of regions by the interpreter.
    pub entered: u64,
    /// ... that ended with a jump to where no region is known to begin.
    pub left: u64,
    /// ... with the budget.
    pub preempted: u64,
    /// ... with an instruction for the interpreter.
    pub interpreted: u64,
    /// Instructions run in regions.
    pub instructions: u64,
    /// Those of them that were done by `step`.
    pub stepped: u64,
}

/// Regions and what is known of them.
pub(super) struct Regions {
    index: Option<Index>,
    pub(super) jit: Option<Jit>,
    call: Call,
    /// What the ops name by number.
    refs: Vec<Ref>,
    verdicts: Box<[Verdict; VERDICTS]>,
    slots: Box<[Slot]>,
    decoded: Box<[Decoded]>,
    vectors: Vectors,
    /// Of regions translated ahead of time, and of the others.
    pub(super) counts: [RegionCounts; 2],
    /// Where regions leave to, now and then.
    pub(super) left_to: Option<u64>,
}

/// An instruction at an address of an address space.
#[derive(Clone, Copy)]
struct Decoded {
    rip: u64,
    tag: u32,
    insn: Insn,
}

impl Decoded {
    const EMPTY: Decoded = Decoded { rip: u64::MAX, tag: 0, insn: Insn::EMPTY };
}

/// What [`step`] works on, while a region runs.
struct Context<'a> {
    bus: &'a mut dyn Bus,
    /// The bus's view, as it is between two instructions.
    view: MemView,
    decoded: &'a mut [Decoded],
    vectors: &'a mut Vectors,
    /// Why all functions leave.
    stop: Option<Step>,
    steps: u64,
}

#[derive(Clone, Copy)]
struct Ref {
    function: u32,
    number: u32,
    /// A span, or with [`UNIT`] a unit.
    span: u32,
    /// Page of the entry within it.
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
    /// `step` stopped.
    Stop(Step),
}

impl Regions {
    pub(super) fn new(call: Call) -> Regions {
        const NONE: Verdict = Verdict { tag: 0, span: u32::MAX, base: 0, is_usable: false };
        Regions {
            index: None,
            jit: None,
            call,
            refs: Vec::new(),
            verdicts: Box::new([NONE; VERDICTS]),
            slots: vec![Slot::default(); SLOTS as usize].into_boxed_slice(),
            decoded: vec![Decoded::EMPTY; DECODED].into_boxed_slice(),
            vectors: Vectors::new(),
            counts: [RegionCounts::default(); 2],
            left_to: None,
        }
    }

    /// Code of the image that is translated already.
    pub(super) fn set_index(&mut self, index: Index) {
        self.index = Some(index);
    }

    /// The ops are gone.
    pub(super) fn flush(&mut self) {
        self.refs.clear();
    }

    fn jit(&self) -> Option<&Jit> {
        self.jit.as_ref().filter(|_| cfg!(feature = "jit"))
    }

    /// The entries in a page, by place in the arena: what is ahead of time comes first.
    pub(super) fn entries(&self, page: HostAddr) -> impl Iterator<Item = Entry> + '_ {
        let ahead = self.index.iter().flat_map(move |index| index.page(page));
        ahead.chain(self.jit().into_iter().flat_map(move |jit| jit.entries(page)).copied())
    }

    /// The entry at a place in the arena.
    pub(super) fn entry(&self, at: HostAddr) -> Option<Entry> {
        self.entries(HostAddr(at.0 & !0xfff)).find(|entry| entry.at == at.0)
    }

    /// The number an op names the entry by.
    pub(super) fn add(&mut self, entry: &Entry) -> Option<i32> {
        let page = if entry.span & UNIT == 0 {
            let span = self.index.as_ref()?.span(entry.span)?;
            Some((entry.at >> 12).wrapping_sub(span.page)).filter(|page| *page < span.pages)
        } else {
            let pages = &self.jit()?.unit(entry.span)?.pages;
            pages.iter().find(|(_, host)| *host == entry.at >> 12).map(|(page, _)| *page)
        };
        let page = page?;
        self.refs.push(Ref { function: entry.function, number: entry.number, span: entry.span, page });
        Some(self.refs.len() as i32 - 1)
    }

    /// Code was written.
    pub(super) fn forget_decoded(&mut self) {
        self.decoded.fill(Decoded::EMPTY);
    }

    /// There are newer functions: whoever looks for an address is to find those.
    pub(super) fn renew(&mut self) {
        self.slots.fill(Slot::default());
    }

    /// Functions are gone: nothing leads to them any more.
    pub(super) fn forget(&mut self, functions: &[u32]) {
        for slot in self.slots.iter_mut().filter(|slot| functions.contains(&slot.function)) {
            *slot = Slot::default();
        }
        self.verdicts.iter_mut().filter(|verdict| verdict.span & UNIT != 0).for_each(|verdict| verdict.tag = 0);
    }

    fn slot(span: u32, tag: u32) -> usize {
        (span.wrapping_mul(0x9e37_79b9) >> 8 ^ tag) as usize % VERDICTS
    }

    /// Runs the region of an op at this offset of the page `cpu.gpr[CODE_PAGE]`. `view`: the bus's, before and after.
    pub(super) fn run(
        &mut self,
        (number, off): (i32, u16),
        cpu: &mut Cpu,
        bus: &mut dyn Bus,
        view: &mut MemView,
        left: &mut i64,
    ) -> Ran {
        let Some(&Ref { function, number, span, page }) = self.refs.get(number as usize) else { return Ran::Not };
        let here = cpu.gpr[Gpr::CODE_PAGE.0 as usize];
        let base = here.wrapping_sub((page as u64) << 12);
        let verdict = &self.verdicts[Regions::slot(span, view.code_tag)];
        if (verdict.tag, verdict.span, verdict.base) != (view.code_tag, span, base) {
            return Ran::Ask;
        }
        if !verdict.is_usable {
            return Ran::Not;
        }
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = base;
        let rip = here + off as u64;
        self.slots[slot_of(rip) as usize] =
            Slot { rip, base, tag: view.code_tag, function, entry: number, reserved: 0 };
        let late = self.jit().map_or(u32::MAX, |jit| jit.settings.first_place);
        let (decoded, vectors) = (&mut self.decoded, &mut self.vectors);
        let mut context = Context { bus, view: *view, decoded, vectors, stop: None, steps: 0 };
        let mut env = Env {
            read: view.read.expose_provenance() as u32,
            write: view.write.expose_provenance() as u32,
            len: view.len,
            tag: view.code_tag,
            budget: *left,
            stack: STACK,
            slots: self.slots.as_ptr().expose_provenance() as u32,
            context: (&raw mut context).expose_provenance() as u64,
            fp_usual: cpu.fp_is_usual() as u32,
            ..Env::default()
        };
        let (mut function, mut number) = (function, number);
        // The counts are those of the tier that did it.
        let mut steps = 0;
        let (exit, counts) = loop {
            let before = env.budget;
            let exit = (self.call)(function, cpu, &mut env, number);
            let counts = &mut self.counts[(function >= late) as usize];
            counts.instructions = counts.instructions.wrapping_add((before - env.budget) as u64);
            counts.stepped += context.steps - core::mem::replace(&mut steps, context.steps);
            if exit != EXIT_GOTO {
                break (exit, counts);
            }
            // What was called by a region that had to leave returns to it: that is where to go on, at once.
            let slot = &self.slots[slot_of(cpu.rip) as usize];
            if env.budget < 0 || (slot.rip, slot.tag) != (cpu.rip, env.tag) {
                break (exit, counts);
            }
            cpu.gpr[Gpr::CODE_PAGE.0 as usize] = slot.base;
            env.stack = STACK;
            (function, number) = (slot.function, slot.entry);
        };
        *view = context.view;
        counts.entered += 1;
        *left = env.budget;
        match exit {
            EXIT_STOP => Ran::Stop(context.stop.take().unwrap_or(Step::Jumped)),
            EXIT_GOTO => {
                counts.left += 1;
                if counts.left.is_multiple_of(LEFT_INTERVAL) {
                    self.left_to = Some(cpu.rip);
                }
                Ran::On
            }
            EXIT_BUDGET => {
                counts.preempted += 1;
                Ran::On
            }
            _ => {
                counts.interpreted += 1;
                Ran::Interpret
            }
        }
    }

    /// Finds out whether the span of an op's region is mapped as in the image. `cpu.gpr[CODE_PAGE]` is the op's page.
    pub(super) fn verify(&mut self, number: i32, cpu: &Cpu, bus: &mut dyn Bus) {
        let Some(&Ref { span: number, page, .. }) = self.refs.get(number as usize) else { return };
        let base = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_sub((page as u64) << 12);
        let mut is_there = |page: u32, host: u32| {
            let fetched = bus.fetch(base.wrapping_add((page as u64) << 12));
            fetched.is_ok_and(|page| page.host.0 >> 12 == host)
        };
        let is_usable = if number & UNIT == 0 {
            let span = self.index.as_ref().and_then(|index| index.span(number));
            span.is_some_and(|span| (0..span.pages).all(|page| is_there(page, span.page + page)))
        } else {
            let unit = self.jit().and_then(|jit| jit.unit(number));
            unit.is_some_and(|unit| unit.pages.iter().all(|&(page, host)| is_there(page, host)))
        };
        let tag = bus.view().code_tag;
        self.verdicts[Regions::slot(number, tag)] = Verdict { tag, span: number, base, is_usable };
    }
}

/// Runs the one instruction at `cpu.rip`, on behalf of a region that has no lowering for it: [`STEP_ON`] when the next one
/// follows, else the exit code to leave with. The tables in `env` are up to date afterwards. Only for translated code,
/// with the arguments it was called with.
pub fn step(cpu: &mut Cpu, env: &mut Env) -> i32 {
    // SAFETY: `Regions::run` put the address of its context there and waits for the region that calls this; nobody else
    // uses the context meanwhile.
    let context = unsafe { &mut *core::ptr::with_exposed_provenance_mut::<Context<'_>>(env.context as usize) };
    context.step(cpu, env)
}

impl Context<'_> {
    fn step(&mut self, cpu: &mut Cpu, env: &mut Env) -> i32 {
        let rip = cpu.rip;
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = rip & !0xfff;
        let slot = (rip ^ rip >> 8) as usize % DECODED;
        if (self.decoded[slot].rip, self.decoded[slot].tag) != (rip, env.tag) {
            let code = Guest::new(&mut *self.bus).fetch(rip);
            self.view = self.bus.view();
            // What cannot be fetched or decoded has its own way in the interpreter.
            let Some(insn) = code.ok().and_then(|code| decode(code.bytes(), rip as u32 & 0xfff).ok()) else {
                return EXIT_INTERPRET;
            };
            self.decoded[slot] = Decoded { rip, tag: env.tag, insn };
        }
        let insn = &self.decoded[slot].insn;
        let next = rip.wrapping_add(insn.len as u64);
        let mut exec = Exec::new(cpu, Guest::with_view(&mut *self.bus, self.view), self.vectors);
        let exit = exec.step(insn, meaning::<Exec<'_>>(insn.mn));
        let guest = exec.guest();
        let (wrote_code, view) = (guest.wrote_code, guest.view());
        self.steps += 1;
        env.budget -= guest.cost;
        self.view = view;
        env.read = view.read.expose_provenance() as u32;
        env.write = view.write.expose_provenance() as u32;
        env.len = view.len;
        env.fp_usual = cpu.fp_is_usual() as u32;
        let is_traced = cpu.flags.system as u64 & bits::TF != 0;
        self.stop = match exit {
            Some(exit) => Some(Step::Exit(exit)),
            None if wrote_code || is_traced || view.code_tag != env.tag => Some(Step::Jumped),
            None if cpu.rip == next => return STEP_ON,
            None => return EXIT_GOTO,
        };
        EXIT_STOP
    }
}
