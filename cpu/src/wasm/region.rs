//! A region: blocks found in guest code, and the wasm function made of them.
//!
//! The function's type is `(cpu: i32, env: i32, entry: i32) -> i32`: addresses of a [`Cpu`](crate::Cpu) and an [`Env`](crate::ahead::Env), the
//! number of an entry, and one of the `EXIT_` codes as the answer. On entry slot [`Gpr::CODE_PAGE`](crate::Gpr::CODE_PAGE)
//! holds the guest address of the page the code given to `discover` begins at; on exit `cpu.rip` says where the guest goes
//! on and all registers and flags are exact. Several regions found in the same code (a span: one executable segment of a
//! file) agree on that page.

use super::discover::{Block, Node, jump_hash, target};
use super::flow::{Graph, Next, Step, structure};
use super::liveness::{Touch, Wanted, newer_behind, wanted};
use super::lower::{End, Known, Legacy, Lower, Regs, Usage, V, dead_flags, local, reads_flags};
use super::memory::Groups;
use super::state::{Callee, frame_size, jump_function};
use crate::insn::{Insn, Mn};
use crate::isa::table::meaning;
use alloc::collections::BTreeMap;
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
pub const SLOTS: u32 = 16384;

/// The bits of an address above these two choose its slot.
pub(super) const SLOT_SHIFTS: [u32; 2] = [2, 14];

/// The slot in which an address would be.
pub fn slot_of(rip: u64) -> u32 {
    let [low, high] = SLOT_SHIFTS;
    ((rip >> low) as u32 ^ (rip >> high) as u32) & (SLOTS - 1)
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
    /// Index of a [`jump_function`](super::jump_function). Without it the region leaves where it does not know who comes next.
    pub jump: Option<u32>,
}

impl Link<'_> {
    /// Nothing.
    pub const NONE: Link<'static> = Link { step: None, callee: &|_| None, jump: None };
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
    /// Offsets it calls or jumps to that only jump on, and the word that says where.
    pub(super) stubs: BTreeMap<i64, i64>,
}

/// What is known before a block is written: which memory checks can be one, whose flags nobody sees.
#[derive(Clone, Default)]
struct Plan {
    groups: Groups,
    dead_flags: Vec<bool>,
}

/// What is found out about a region before it is written; all by node of the graph.
struct Survey {
    usage: Usage,
    blocks: Vec<Found>,
}

/// What is found out about a block.
#[derive(Clone, Default)]
struct Found {
    /// What it knows of the flags when it starts.
    known: Known,
    /// The flags are read behind it.
    live: bool,
    /// Registers that may be newer in locals than in the CPU when it starts.
    dirty: Regs,
    /// Registers that must be in locals.
    wanted: Wanted,
    /// The block whose end it begins at: nothing else leads to it.
    parent: Option<usize>,
    /// A block that begins elsewhere than at its end reads the flags.
    leaves_flags: bool,
    /// MXCSR was looked at on all ways to it, and there is floating point in it or behind it.
    fp_checked: bool,
    fp_ahead: bool,
}

/// What a trial says of a block.
#[derive(Clone, Default)]
struct Trial {
    reads_flags: Option<bool>,
    touches: Vec<Touch>,
    has_fp: bool,
    /// MXCSR was looked at in it, behind whatever may have changed it.
    checks_fp: bool,
}

impl Trial {
    /// Something that may change MXCSR is in it.
    fn forgets(&self) -> bool {
        self.touches.iter().any(|touch| matches!(touch, Touch::Step(_) | Touch::Call))
    }
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
        let Survey { usage, blocks: found } = self.survey(link);
        let mut lower = Lower::new(link, usage);
        let mut plans = vec![Plan::default(); self.blocks.len()];
        let (order, heirs) = family(&found[..self.blocks.len()]);
        let mut legacies = vec![Legacy::default(); self.blocks.len()];
        for index in order {
            let mut trial = Lower::new(link, usage);
            trial.groups = Groups::gathering();
            self.start(&mut trial, index, &found, &legacies);
            self.block(&mut trial, index, found[index].leaves_flags);
            lower.frame = lower.frame.max(frame_size(&trial.layout, &trial.temporaries));
            if heirs[index] {
                legacies[index] = trial.legacy();
            }
            let dead_flags = dead_flags(&trial.events, found[index].live);
            plans[index] = Plan { groups: trial.groups.gathered().for_heirs(heirs[index]), dead_flags };
        }
        for step in structure(&self.graph) {
            match step {
                Step::Block(block) if block < self.blocks.len() => {
                    let Plan { groups, dead_flags } = core::mem::take(&mut plans[block]);
                    (lower.groups, lower.dead_flags) = (groups, dead_flags);
                    self.start(&mut lower, block, &found, &legacies);
                    self.block(&mut lower, block, found[block].leaves_flags);
                    legacies[block] = if heirs[block] { lower.legacy() } else { Legacy::default() };
                }
                Step::Block(node) => {
                    lower.start_block(Known::Nothing, found[node].dirty);
                    self.node(&mut lower, self.nodes[node - self.blocks.len()], &found);
                }
                Step::PushIsFirst => _ = lower.sink().local_get(local::ENTRY).i32_eqz(),
                Step::PushEntry => _ = lower.sink().local_get(local::ENTRY),
                Step::SetSelector(number) => _ = lower.sink().i32_const(number as i32).local_set(local::SELECTOR),
                Step::TeeSelector => _ = lower.sink().local_tee(local::SELECTOR),
                Step::AddSelector(by) => {
                    lower.sink().local_get(local::SELECTOR).i32_const(by).i32_add().local_set(local::SELECTOR);
                }
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

    /// Starts a block with what was found out about it.
    fn start(&self, lower: &mut Lower<'_>, index: usize, found: &[Found], legacies: &[Legacy]) {
        let here = &found[index];
        lower.start_block(here.known, here.dirty);
        if let Some(parent) = here.parent {
            lower.inherit(&legacies[parent]);
        }
        lower.fp_checked = here.fp_checked;
        lower.behind_steps.clone_from(&here.wanted.behind_steps);
        let behind = self.behind_call(index).map(|to| &found[to]);
        lower.behind_call = behind.map_or((Regs::NONE, false), |to| (to.wanted.before, to.fp_ahead));
    }

    /// The block that goes on behind the call that ends this one.
    fn behind_call(&self, index: usize) -> Option<usize> {
        let is_call = self.blocks.get(index)?.insns.last().is_some_and(|(_, insn)| insn.mn == Mn::Call);
        match self.graph.next[index] {
            Next::Goto(to) if is_call => Some(to),
            _ => None,
        }
    }

    fn block(&self, lower: &mut Lower<'_>, index: usize, leaves_flags: bool) {
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
        if leaves_flags {
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
                let (state, touches) = ((lower.dirty, lower.pending), lower.touches.len());
                self.go_out(lower, target(at, last), None);
                (lower.dirty, lower.pending) = state;
                // It is a way out, whatever happens on it.
                lower.touches.truncate(touches);
                lower.touches.push(Touch::Exit);
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
                } else {
                    self.go_to(lower, address, is_call.then_some(back));
                }
                if !is_call {
                    return;
                }
            }
            End::Left => return,
            End::Next if *next == Next::Leave => return self.go_out(lower, back, None),
            End::Next => {}
        }
        if *next == Next::Leave {
            lower.leave_at(back, EXIT_GOTO);
        }
    }

    /// Goes to an address outside, as a call if there is a way back. A jump is a call too, whose answer is our own: to
    /// leave would give up all callers, for what may be the next block of the same function.
    fn go_out(&self, lower: &mut Lower<'_>, to: i64, back: Option<i64>) {
        if let (Some(&word), true) = (self.stubs.get(&to), lower.link.jump.is_some()) {
            // The stub is done here: two instructions at most, and what it needs may be missing.
            lower.at = to;
            let address = lower.load_word(word);
            self.go_to(lower, address, back);
        } else if let Some((index, entry)) = (lower.link.callee)(to) {
            lower.enter(Callee::Function { index, entry }, back);
        } else if lower.link.jump.is_some() {
            lower.sink().local_get(local::BASE).i64_const(to).i64_add();
            let address = lower.value();
            self.go_to(lower, address, back);
        } else {
            lower.leave_at(to, EXIT_GOTO);
        }
    }

    /// As `go_out`, to an address of which nothing is known.
    fn go_to(&self, lower: &mut Lower<'_>, address: V, back: Option<i64>) {
        match lower.link.jump {
            Some(jump) => lower.enter(Callee::Address(address, jump), back),
            None => lower.leave_to(address),
        }
    }

    /// The code of a node that is no block.
    fn node(&self, lower: &mut Lower<'_>, node: Node, found: &[Found]) {
        match node {
            Node::Entry { block, is_guarded } => {
                lower.at = self.blocks[block].start as i64;
                lower.check_room(lower.at);
                if let (Known::Op(op, w), true) = (found[block].known, is_guarded) {
                    lower.guard_flags(op, w);
                }
                if found[block].fp_ahead {
                    lower.check_fp(lower.at);
                }
                lower.reload(found[block].wanted.before);
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
                self.go_to(lower, target, None);
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
        let mut trials = vec![Trial::default(); count];
        // None: not reached yet by the analysis, anything is possible.
        let mut start: Vec<Option<Known>> = vec![None; count];
        let is_way_in = |node: &Node| match *node {
            Node::Entry { block, is_guarded: false } => Some(block),
            _ => None,
        };
        let mut work: Vec<usize> = self.nodes.iter().filter_map(is_way_in).collect();
        work.iter().for_each(|&entry| start[entry] = Some(Known::Nothing));
        let mut unseen = 0;
        loop {
            let Some(index) = work.pop() else {
                // What only a guarded entry leads to.
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
                trial.start_block(after, Regs::NONE);
                self.block(&mut trial, index, true);
                after = trial.flags;
                usage.merge(&trial.usage);
                trials[index] = Trial {
                    reads_flags: reads_flags(&trial.events),
                    has_fp: trial.usage.fp,
                    checks_fp: trial.fp_checked,
                    touches: trial.touches,
                };
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
        for (node, trial) in self.nodes.iter().zip(&mut trials[self.blocks.len()..]) {
            if let Node::Dispatch(_) | Node::Miss = node {
                trial.touches.push(Touch::Exit);
            }
        }
        let reads: Vec<Option<bool>> = trials.iter().map(|trial| trial.reads_flags).collect();
        let live = self.live_behind(&reads);
        // What nobody reads need not be known, nor guarded.
        let blocks = (0..count).map(|index| {
            let is_read = reads[index].unwrap_or(live[index]);
            let known = start[index].filter(|_| is_read).unwrap_or(Known::Nothing);
            Found { known, live: live[index], ..Found::default() }
        });
        let mut blocks: Vec<Found> = blocks.collect();
        self.find_dirty(&trials, &mut blocks);
        self.find_wanted(&trials, &mut blocks);
        self.find_fp(&trials, &mut blocks);
        self.find_parents(&mut blocks);
        for index in 0..count {
            let next = self.graph.next[index].targets().into_iter();
            let mut others = next.filter(|&to| blocks[to].parent.is_none());
            blocks[index].leaves_flags = others.any(|to| reads[to].unwrap_or(live[to]));
        }
        Survey { usage, blocks }
    }

    /// Registers that may be newer in locals than in the CPU when a block starts.
    fn find_dirty(&self, trials: &[Trial], found: &mut [Found]) {
        let mut work: Vec<usize> = (0..found.len()).collect();
        while let Some(index) = work.pop() {
            let after = newer_behind(&trials[index].touches, found[index].dirty);
            for to in self.graph.next[index].targets() {
                let merged = found[to].dirty.or(after);
                if core::mem::replace(&mut found[to].dirty, merged) != merged {
                    work.push(to);
                }
            }
        }
    }

    /// Registers that must be in locals when a block starts, and behind its steps.
    fn find_wanted(&self, trials: &[Trial], found: &mut [Found]) {
        let before = self.predecessors();
        let mut work: Vec<usize> = (0..found.len()).collect();
        while let Some(index) = work.pop() {
            let mut behind = Regs::NONE;
            if self.behind_call(index).is_none() {
                let next = self.graph.next[index].targets().into_iter();
                behind = next.fold(behind, |all, to| all.or(found[to].wanted.before));
            }
            let is_way_in =
                index >= self.blocks.len() && matches!(self.nodes[index - self.blocks.len()], Node::Entry { .. });
            if is_way_in {
                // It loads what it leads to.
                continue;
            }
            let wanted = wanted(&trials[index].touches, found[index].dirty, behind);
            let is_new = wanted.before != found[index].wanted.before;
            found[index].wanted = wanted;
            if is_new {
                work.extend(&before[index]);
            }
        }
    }

    /// Where MXCSR has been looked at, and where that is of use: at every entry and behind every call that floating point
    /// may follow.
    fn find_fp(&self, trials: &[Trial], found: &mut [Found]) {
        let before = self.predecessors();
        let mut work: Vec<usize> = (0..found.len()).filter(|&index| trials[index].has_fp).collect();
        while let Some(index) = work.pop() {
            if !core::mem::replace(&mut found[index].fp_ahead, true) {
                let from = before[index].iter().copied();
                work.extend(from.filter(|&from| self.behind_call(from).is_none()));
            }
        }
        let checked_behind = |found: &[Found], index: usize| match self.behind_call(index) {
            Some(to) => found[to].fp_ahead,
            None => trials[index].checks_fp || found[index].fp_checked && !trials[index].forgets(),
        };
        // From "everywhere" down to what holds on all ways.
        found.iter_mut().for_each(|found| found.fp_checked = found.fp_ahead);
        let mut work: Vec<usize> = (0..found.len()).collect();
        while let Some(index) = work.pop() {
            let is_way_in =
                index >= self.blocks.len() && matches!(self.nodes[index - self.blocks.len()], Node::Entry { .. });
            if is_way_in || checked_behind(found, index) {
                continue;
            }
            for to in self.graph.next[index].targets() {
                if core::mem::replace(&mut found[to].fp_checked, false) {
                    work.push(to);
                }
            }
        }
    }

    /// Blocks that nothing but the end of one other block leads to.
    fn find_parents(&self, found: &mut [Found]) {
        let before = self.predecessors();
        for index in 0..self.blocks.len() {
            if let [from] = before[index][..]
                && from < self.blocks.len()
                && self.behind_call(from).is_none()
            {
                found[index].parent = Some(from);
            }
        }
    }

    /// The other way round than [`Graph::next`].
    fn predecessors(&self) -> Vec<Vec<usize>> {
        let mut before = vec![Vec::new(); self.graph.next.len()];
        for (from, next) in self.graph.next.iter().enumerate() {
            next.targets().into_iter().for_each(|to| before[to].push(from));
        }
        before
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

/// The blocks in an order in which parents come before their children, and which have some.
fn family(found: &[Found]) -> (Vec<usize>, Vec<bool>) {
    let mut children = vec![Vec::new(); found.len()];
    let mut order: Vec<usize> = Vec::new();
    for (index, found) in found.iter().enumerate() {
        match found.parent {
            Some(parent) => children[parent].push(index),
            None => order.push(index),
        }
    }
    let mut done = 0;
    while let Some(&index) = order.get(done) {
        order.extend(&children[index]);
        done += 1;
    }
    (order, children.iter().map(|children| !children.is_empty()).collect())
}

/// A module of regions: imports `env.memory` and `env.step`, exports the functions by their number, which is also that in
/// its table. Only if they are `linked`, regions of one span, do they call each other.
pub fn module(regions: &[Region], linked: bool) -> Vec<u8> {
    /// Index of the first region: behind the imported function and the one for jumps.
    const FIRST: u32 = 2;
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
            all.entry(*at as i64).or_insert((number as u32 + FIRST, entry as u32));
        }
    }
    let callee = |to: i64| all.get(&to).copied().filter(|_| linked);
    let link = Link { step: Some(0), callee: &callee, jump: Some(1).filter(|_| linked) };
    functions.function(0);
    code.function(&jump_function(0));
    for (number, region) in regions.iter().enumerate() {
        functions.function(0);
        exports.export(&alloc::format!("{number}"), ExportKind::Func, number as u32 + FIRST);
        code.function(&region.function(&link));
    }
    let indices: Vec<u32> = (FIRST..FIRST + regions.len() as u32).collect();
    elements.active(Some(0), &ConstExpr::i32_const(0), Elements::Functions(indices.into()));
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables).section(&exports);
    module.section(&elements).section(&code);
    module.finish()
}
