//! A region: blocks found in guest code, and the wasm function made of them.
//!
//! The function's type is `(cpu: i32, env: i32, entry: i32) -> i32`: addresses of a [`Cpu`](crate::Cpu) and an [`Env`](crate::ahead::Env), the
//! number of an entry, and one of the `EXIT_` codes as the answer. On entry slot [`Gpr::CODE_PAGE`](crate::Gpr::CODE_PAGE)
//! holds the guest address of the page the code given to `discover` begins at; on exit `cpu.rip` says where the guest goes
//! on and all registers and flags are exact. Several regions found in the same code (a span: one executable segment of a
//! file) agree on that page.

use super::discover::{Block, Node, jump_hash, target};
use super::flow::{Graph, Next, Step, structure};
use super::lower::{Dirty, End, Known, Lower, Usage, V, dead_flags, local, reads_flags};
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
    /// Nodes past the last block are those of `nodes`.
    pub(super) graph: Graph,
    pub(super) is_header: Vec<bool>,
    pub(super) nodes: Vec<Node>,
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
    /// Registers that may be newer in locals than in the CPU when blocks start.
    dirty: Vec<Dirty>,
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
        let Survey { known, usage, live, dirty } = self.survey(link);
        let mut lower = Lower::new(link, usage);
        let plans: Vec<Plan> = (0..self.blocks.len())
            .map(|index| {
                let mut trial = Lower::new(link, usage);
                trial.groups = Groups::gathering();
                trial.start_block(known[index], dirty[index]);
                self.block(&mut trial, index, live[index]);
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
                    lower.start_block(known[block], dirty[block]);
                    self.block(&mut lower, block, live[block]);
                }
                Step::Block(node) => {
                    lower.start_block(Known::Nothing, dirty[node]);
                    self.node(&mut lower, self.nodes[node - self.blocks.len()], &known);
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

    fn block(&self, lower: &mut Lower<'_>, index: usize, live: bool) {
        let block = &self.blocks[index];
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
                let state = (lower.dirty, lower.spilled, lower.pending);
                self.go_out(lower, target(at, last), None);
                (lower.dirty, lower.spilled, lower.pending) = state;
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
                if last.mn == Mn::Ret {
                    lower.return_to(address);
                } else if let (Next::Goto(_), false) = (next, is_call) {
                    lower.push(address);
                    lower.sink().local_get(local::BASE).i64_sub().local_set(local::TARGET);
                } else if lower.link.indirect.is_none() {
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

    /// The code of a node that is no block.
    fn node(&self, lower: &mut Lower<'_>, node: Node, known: &[Known]) {
        match node {
            Node::Guard(block) => {
                if let Known::Op(op, w) = known[block] {
                    lower.at = self.blocks[block].start as i64;
                    lower.guard_flags(op, w);
                }
            }
            Node::Dispatch(count) => {
                lower.sink().local_get(local::BUDGET).i64_const(0).i64_lt_s().if_(BlockType::Empty);
                lower.depth += 1;
                let target = self.jump_target(lower);
                lower.leave_to(target);
                lower.depth -= 1;
                lower.sink().end();
                debug_assert_eq!(jump_hash(0x10, count), (0x11) & (count - 1));
                lower.sink().local_get(local::TARGET).local_get(local::TARGET).i64_const(4).i64_shr_u().i64_xor();
                lower.sink().i32_wrap_i64().i32_const(count as i32 - 1).i32_and();
            }
            Node::Check(at) => _ = lower.sink().local_get(local::TARGET).i64_const(at as i64).i64_eq(),
            Node::Miss => {
                let target = self.jump_target(lower);
                if lower.link.indirect.is_some() {
                    lower.enter(Callee::Address(target), None);
                } else {
                    lower.leave_to(target);
                }
            }
        }
    }

    /// The guest address of an indirect jump that is on its way.
    fn jump_target(&self, lower: &mut Lower<'_>) -> V {
        lower.sink().local_get(local::BASE).local_get(local::TARGET).i64_add();
        lower.value()
    }

    /// What every block knows of the flags when it starts (an operation all its predecessors agree on), and what is done
    /// with registers.
    fn survey(&self, link: &Link<'_>) -> Survey {
        let count = self.graph.next.len();
        let mut usage = Usage::default();
        let mut reads = vec![None; count];
        // Registers written behind the last spill of a block, and whether there is one.
        let mut writes = vec![(Dirty::default(), false); count];
        // None: not reached yet by the analysis, anything is possible.
        let mut start: Vec<Option<Known>> = vec![None; count];
        let is_guard = |node: usize| node >= self.blocks.len();
        let mut work: Vec<usize> = self.graph.entries.iter().copied().filter(|&entry| !is_guard(entry)).collect();
        work.iter().for_each(|&entry| start[entry] = Some(Known::Nothing));
        let mut unseen = 0;
        loop {
            let Some(index) = work.pop() else {
                // What only a guard leads to.
                while unseen < self.blocks.len() && start[unseen].is_some() {
                    unseen += 1;
                }
                if unseen == self.blocks.len() {
                    break;
                }
                start[unseen] = Some(Known::Nothing);
                work.push(unseen);
                continue;
            };
            let mut after = start[index].unwrap_or(Known::Nothing);
            if index < self.blocks.len() {
                let mut trial = Lower::trial(link);
                trial.start_block(after, Dirty::default());
                self.block(&mut trial, index, true);
                after = trial.flags;
                reads[index] = reads_flags(&trial.events);
                writes[index] = (trial.dirty, trial.spilled);
                usage.merge(&trial.usage);
            }
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
        let known = known.collect();
        Survey { known, usage, live, dirty: self.dirty_before(&writes) }
    }

    /// Registers that may be newer in locals than in the CPU when a block starts.
    fn dirty_before(&self, writes: &[(Dirty, bool)]) -> Vec<Dirty> {
        let mut dirty = vec![Dirty::default(); writes.len()];
        let mut work: Vec<usize> = (0..writes.len()).collect();
        while let Some(index) = work.pop() {
            let (written, spilled) = writes[index];
            let after = if spilled { written } else { dirty[index].or(written) };
            for to in self.graph.next[index].targets() {
                let merged = dirty[to].or(after);
                if core::mem::replace(&mut dirty[to], merged) != merged {
                    work.push(to);
                }
            }
        }
        dirty
    }

    /// Behind which blocks the flags are read before they are written. `reads`: in which they are.
    fn live_behind(&self, reads: &[Option<bool>]) -> Vec<bool> {
        let mut live: Vec<bool> = self.graph.next.iter().map(|next| *next == Next::Leave).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for index in (0..live.len()).rev() {
                let is_live =
                    live[index] || self.graph.next[index].targets().into_iter().any(|to| reads[to].unwrap_or(live[to]));
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
