//! A region: blocks found in guest code, and the wasm function made of them.
//!
//! The function's type is `(cpu: i32, env: i32, entry: i32) -> i32`: addresses of a [`Cpu`](crate::Cpu) and an [`Env`](crate::ahead::Env), the
//! number of an entry, and one of the `EXIT_` codes as the answer. On entry slot [`Gpr::CODE_PAGE`](crate::Gpr::CODE_PAGE)
//! holds the guest address of the page the code given to `discover` begins at; on exit `cpu.rip` says where the guest goes
//! on and all registers and flags are exact. Several regions found in the same code (a span: one executable segment of a
//! file) agree on that page.

use super::discover::{Block, target};
use super::flow::{Graph, Next, Step, structure};
use super::lower::{End, Known, Lower, Usage, dead_flags, local, reads_flags};
use super::memory::Groups;
use super::state::{Callee, frame_size};
use crate::insn::{Insn, Mn};
use crate::isa::table::meaning;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use hashbrown::HashMap;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, MemoryType, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

/// The guest goes on at `cpu.rip`, anywhere.
pub const EXIT_GOTO: i32 = 0;
/// The budget is used up.
pub const EXIT_BUDGET: i32 = 1;
/// The instruction at `cpu.rip` is for the interpreter: memory that missed, or no lowering.
pub const EXIT_INTERPRET: i32 = 2;
/// A step ended in a way that the engine must see; it knows how.
pub const EXIT_STOP: i32 = 3;
/// Answer of [`Link::step`]: the instruction went to its successor, and the region may go on.
pub const STEP_ON: i32 = -1;

/// Where an address is in translated code: what indirect calls and jumps look at. The engine fills slots as it enters
/// regions; a slot counts if address and tag agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Slot {
    /// The guest address.
    pub rip: u64,
    /// The guest address of its span's first page.
    pub base: u64,
    /// As in [`Env`](crate::ahead::Env).
    pub tag: u32,
    /// Number of the function in table 0.
    pub function: u32,
    /// Number of the entry.
    pub entry: u32,
    /// Zero.
    pub reserved: u32,
}

/// Slots there are.
pub const SLOTS: u32 = 4096;

/// The slot in which an address would be.
pub fn slot_of(rip: u64) -> u32 {
    ((rip >> 3) as u32 ^ (rip >> 13) as u32) & (SLOTS - 1)
}

/// What lowered code may call.
#[derive(Clone, Copy)]
pub struct Link<'a> {
    /// Index of a function `(cpu: i32, env: i32) -> i32`: runs the instruction at `cpu.rip` by the interpreter. It
    /// answers [`STEP_ON`], or what the region is to answer, and keeps the tables in [`Env`](crate::ahead::Env) current. Without it the
    /// region leaves at instructions that have no lowering.
    pub step: Option<u32>,
    /// Function index and entry number of the region that begins at an offset of the span.
    pub callee: &'a dyn Fn(i64) -> Option<(u32, u32)>,
    /// Index of the type of regions' functions, if table 0 can be called through.
    pub indirect: Option<u32>,
}

impl Link<'_> {
    /// Nothing.
    pub const NONE: Link<'static> = Link { step: None, callee: &|_| None, indirect: None };
}

/// Blocks of one function of the guest.
pub struct Region {
    pub(super) blocks: Vec<Block>,
    /// Nodes past the last block are guards of entries, in the order of `guarded`.
    pub(super) graph: Graph,
    pub(super) is_header: Vec<bool>,
    /// Blocks that are entered from outside only by way of a guard: the flags must come from what the block expects.
    pub(super) guarded: Vec<usize>,
    /// Offsets (from the region's first page) at which the function can be entered, by entry number.
    pub entries: Vec<u32>,
    /// The bytes its instructions lie in, as offsets likewise.
    pub bytes: Range<u32>,
}

/// What is known before a block is written: which memory checks can be one, whose flags nobody sees.
#[derive(Clone, Default)]
struct Plan {
    groups: Groups,
    dead_flags: Vec<bool>,
}

/// What is found out about a region before it is written.
struct Survey {
    /// What blocks know of the flags when they start.
    known: Vec<Known>,
    usage: Usage,
    /// Blocks behind which the flags are read.
    live: Vec<bool>,
}

impl Region {
    /// True when an instruction of the region begins at this offset.
    pub fn has(&self, at: u32) -> bool {
        let before = self.blocks.partition_point(|block| block.start <= at);
        before.checked_sub(1).is_some_and(|i| self.blocks[i].insns.binary_search_by_key(&at, |(at, _)| *at).is_ok())
    }

    /// How many instructions it has.
    pub fn instructions(&self) -> usize {
        self.blocks.iter().map(|block| block.insns.len()).sum()
    }

    /// Offsets that it calls directly, or jumps to outside of itself.
    pub fn callees(&self) -> Vec<u32> {
        let ends = self.blocks.iter().zip(&self.graph.next).filter_map(|(block, next)| {
            let (at, insn) = block.insns.last()?;
            let is_out = insn.mn == Mn::Call || insn.mn == Mn::Jmp && *next == Next::Leave;
            (is_out && insn.dst() == crate::insn::Operand::Imm).then(|| u32::try_from(target(*at, insn)).ok())?
        });
        ends.collect()
    }

    /// The wasm function of the region.
    pub fn function(&self, link: &Link<'_>) -> Function {
        let Survey { known, usage, live } = self.survey(link);
        let mut lower = Lower::new(link, usage);
        let plans: Vec<Plan> = (0..self.blocks.len())
            .map(|index| {
                let mut trial = Lower::new(link, usage);
                trial.groups = Groups::gathering();
                self.block(&mut trial, index, known[index], live[index]);
                lower.frame = lower.frame.max(frame_size(&trial.layout, &trial.temporaries));
                let dead_flags = dead_flags(&trial.events, live[index]);
                Plan { groups: trial.groups.gathered(), dead_flags }
            })
            .collect();
        for step in structure(&self.graph) {
            match step {
                Step::Block(block) if block < self.blocks.len() => {
                    lower.groups = plans[block].groups.clone();
                    lower.dead_flags = plans[block].dead_flags.clone();
                    self.block(&mut lower, block, known[block], live[block]);
                }
                Step::Block(guard) => {
                    let block = self.guarded[guard - self.blocks.len()];
                    self.guard(&mut lower, block, known[block]);
                }
                Step::PushEntry => _ = lower.sink().local_get(local::ENTRY),
                Step::SetSelector(number) => _ = lower.sink().i32_const(number as i32).local_set(local::SELECTOR),
                Step::PushSelector => _ = lower.sink().local_get(local::SELECTOR),
                Step::OpenBlock => _ = lower.sink().block(BlockType::Empty),
                Step::OpenLoop => _ = lower.sink().loop_(BlockType::Empty),
                Step::OpenIf => _ = lower.sink().if_(BlockType::Empty),
                Step::Else => _ = lower.sink().else_(),
                Step::End => _ = lower.sink().end(),
                Step::Br(depth) => _ = lower.sink().br(depth),
                Step::BrTable(ref targets) => {
                    if let Some((default, targets)) = targets.split_last() {
                        lower.sink().br_table(targets.iter().copied(), *default);
                    }
                }
            }
            match step {
                Step::OpenBlock | Step::OpenLoop | Step::OpenIf => lower.depth += 1,
                Step::End => lower.depth -= 1,
                _ => {}
            }
        }
        lower.finish()
    }

    fn block(&self, lower: &mut Lower<'_>, index: usize, known: Known, live: bool) {
        let block = &self.blocks[index];
        lower.start_block(known);
        if self.is_header[index] {
            lower.check_budget(block.start as i64);
        }
        let cost = block.insns.len() as i64;
        lower.sink().local_get(local::BUDGET).i64_const(cost).i64_sub().local_set(local::BUDGET);
        for (at, insn) in &block.insns {
            lower.insn(*at as i64, insn, meaning::<Lower<'_>>(insn.mn));
        }
        let Some((at, last)) = block.insns.last() else { return lower.leave_at(block.end as i64, EXIT_GOTO) };
        if live {
            lower.materialise();
        }
        self.end(lower, index, *at, last);
    }

    /// What comes after the last instruction of a block.
    fn end(&self, lower: &mut Lower<'_>, index: usize, at: u32, last: &Insn) {
        let (back, next) = (self.blocks[index].end as i64, &self.graph.next[index]);
        let is_call = last.mn == Mn::Call;
        match lower.end {
            End::Branch(condition) => {
                lower.push_truth(condition);
                if let Next::If(..) = next {
                    return;
                }
                // The way out of the region.
                lower.sink().if_(BlockType::Empty);
                lower.depth += 1;
                self.go_out(lower, target(at, last), None);
                lower.depth -= 1;
                lower.sink().end();
            }
            End::Jump if is_call => self.go_out(lower, target(at, last), Some(back)),
            End::Jump => {
                if *next == Next::Leave {
                    self.go_out(lower, target(at, last), None);
                }
                return;
            }
            End::To(address) => {
                if last.mn == Mn::Ret || lower.link.indirect.is_none() {
                    lower.leave_to(address);
                } else {
                    lower.enter(Callee::Address(address), is_call.then_some(back));
                }
                if !is_call {
                    return;
                }
            }
            End::Left => return,
            End::Next => {}
        }
        if *next == Next::Leave {
            lower.leave_at(back, EXIT_GOTO);
        }
    }

    /// Goes to an address outside, as a call if there is a way back.
    fn go_out(&self, lower: &mut Lower<'_>, to: i64, back: Option<i64>) {
        if let Some((index, entry)) = (lower.link.callee)(to) {
            lower.enter(Callee::Function { index, entry, offset: to }, back);
        } else if back.is_some() && lower.link.indirect.is_some() {
            lower.sink().local_get(local::BASE).i64_const(to).i64_add();
            let address = lower.value();
            lower.enter(Callee::Address(address), back);
        } else {
            lower.leave_at(to, EXIT_GOTO);
        }
    }

    /// Lets nobody in whose flags come from another operation than the block expects.
    fn guard(&self, lower: &mut Lower<'_>, block: usize, known: Known) {
        if let Known::Op(op, w) = known {
            lower.start_block(known);
            lower.at = self.blocks[block].start as i64;
            lower.sink().local_get(local::FLAG_OP).i32_const(op.code(w) as i32).i32_ne();
            lower.leave_if(EXIT_INTERPRET);
        }
    }

    /// What every block knows of the flags when it starts (an operation all its predecessors agree on), and what is done
    /// with registers.
    fn survey(&self, link: &Link<'_>) -> Survey {
        let count = self.blocks.len();
        let mut usage = Usage::default();
        let mut reads = vec![None; count];
        // None: not reached yet by the analysis, anything is possible.
        let mut start: Vec<Option<Known>> = vec![None; count];
        let mut work: Vec<usize> = self.graph.entries.iter().copied().filter(|&entry| entry < count).collect();
        work.iter().for_each(|&entry| start[entry] = Some(Known::Nothing));
        let mut unseen = 0;
        loop {
            let Some(index) = work.pop() else {
                // What only a guard leads to.
                while unseen < count && start[unseen].is_some() {
                    unseen += 1;
                }
                if unseen == count {
                    break;
                }
                start[unseen] = Some(Known::Nothing);
                work.push(unseen);
                continue;
            };
            let mut trial = Lower::trial(link);
            self.block(&mut trial, index, start[index].unwrap_or(Known::Nothing), true);
            let after = trial.flags;
            reads[index] = reads_flags(&trial.events);
            usage.merge(&trial.usage);
            for to in self.graph.next[index].targets() {
                let merged = match start[to] {
                    None => after,
                    Some(known) if known == after => continue,
                    Some(Known::Nothing) => continue,
                    Some(_) => Known::Nothing,
                };
                start[to] = Some(merged);
                work.push(to);
            }
        }
        let live = self.live_behind(&reads);
        // What nobody reads need not be known, nor guarded.
        let known = (0..count).map(|index| {
            let is_read = reads[index].unwrap_or(live[index]);
            start[index].filter(|_| is_read).unwrap_or(Known::Nothing)
        });
        Survey { known: known.collect(), usage, live }
    }

    /// Behind which blocks the flags are read before they are written. `reads`: in which they are.
    fn live_behind(&self, reads: &[Option<bool>]) -> Vec<bool> {
        let mut live: Vec<bool> =
            (0..self.blocks.len()).map(|index| self.graph.next[index] == Next::Leave).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for index in (0..self.blocks.len()).rev() {
                let is_live = live[index]
                    || self.graph.next[index].targets().into_iter().any(|to| reads[to].unwrap_or(live[to]));
                changed |= core::mem::replace(&mut live[index], is_live) != is_live;
            }
        }
        live
    }
}

/// A module of regions: imports `env.memory` and `env.step`, exports the functions by their number, which is also that in
/// its table. Only if they are `linked`, regions of one span, do they call each other.
pub fn module(regions: &[Region], linked: bool) -> Vec<u8> {
    let (mut types, mut imports, mut functions) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
    let (mut tables, mut exports) = (TableSection::new(), ExportSection::new());
    let (mut elements, mut code) = (ElementSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 3], [ValType::I32]);
    types.ty().function([ValType::I32; 2], [ValType::I32]);
    let memory = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
    imports.import("env", "memory", EntityType::Memory(memory));
    imports.import("env", "step", EntityType::Function(1));
    let count = regions.len() as u64;
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: count,
        maximum: Some(count),
        shared: false,
    });
    let mut all = HashMap::new();
    for (number, region) in regions.iter().enumerate() {
        for (entry, at) in region.entries.iter().enumerate() {
            all.entry(*at as i64).or_insert((number as u32 + 1, entry as u32));
        }
    }
    let callee = |to: i64| all.get(&to).copied().filter(|_| linked);
    let link = Link { step: Some(0), callee: &callee, indirect: Some(0).filter(|_| linked) };
    for (number, region) in regions.iter().enumerate() {
        functions.function(0);
        exports.export(&alloc::format!("{number}"), ExportKind::Func, number as u32 + 1);
        code.function(&region.function(&link));
    }
    let indices: Vec<u32> = (1..=regions.len() as u32).collect();
    elements.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(indices.into()));
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
    module.section(&elements).section(&code);
    module.finish()
}
