//! A region: blocks found in guest code, and the wasm function made of them.
//!
//! The function's type is `(cpu: i32, env: i32, entry: i32) -> i32`: addresses of a [`Cpu`] and an [`Env`], the number of an
//! entry, and one of the `EXIT_` codes as the answer. On entry slot [`Gpr::CODE_PAGE`] holds the guest address of the page
//! the code given to `discover` begins at; on exit `cpu.rip` says where the guest goes on and all registers and flags are
//! exact. Several regions found in the same code (a span: one executable segment of a file) agree on that page.

use super::flow::{Graph, Next, Step, structure};
use super::lower::{End, Known, Lower, local};
use crate::ahead::Env;
use crate::decode::decode;
use crate::insn::{Insn, Mn};
use crate::isa::table::meaning;
use crate::{Cpu, Gpr, LazyFlags};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::ops::Range;
use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemArg,
    MemArgTarget, MemoryType, Module, TypeSection, ValType,
};

/// The guest goes on at `cpu.rip`, anywhere.
pub const EXIT_GOTO: i32 = 0;
/// The budget is used up.
pub const EXIT_BUDGET: i32 = 1;
/// The instruction at `cpu.rip` is for the interpreter: memory that missed, or no lowering.
pub const EXIT_INTERPRET: i32 = 2;

/// Code of at most this many bytes is looked at for one region: what hostile code can cost is bounded.
const MAX_BYTES: usize = 64 * 1024;
/// Instructions in a region at most.
const MAX_INSNS: usize = 8192;

/// Blocks of one function of the guest.
pub struct Region {
    blocks: Vec<Block>,
    graph: Graph,
    is_header: Vec<bool>,
    /// Offsets (from the region's first page) at which the function can be entered, by entry number.
    pub entries: Vec<u32>,
    /// The bytes its instructions lie in, as offsets likewise.
    pub bytes: Range<u32>,
}

struct Block {
    start: u32,
    insns: Vec<(u32, Insn)>,
    /// Where it goes when it falls out of its end.
    end: u32,
}

/// How an instruction ends, found by lowering it on trial.
enum Flow {
    Next,
    Jump(u32),
    Branch(u32),
    Leave,
}

impl Region {
    /// Finds the blocks reachable from `start` in `code`, which begins at the region's first page. Code past its end is
    /// outside: going there leaves the function. `None` when there is no instruction at `start`.
    pub fn discover(code: &[u8], start: u32) -> Option<Region> {
        Region::discover_in(code, 0..u32::MAX, &[start])
    }

    /// The same for several starts, and within `range` only: what lies outside of it is another function's. All starts
    /// are entries. `None` when there is no instruction at any of them.
    pub fn discover_in(code: &[u8], range: Range<u32>, starts: &[u32]) -> Option<Region> {
        let first = range.start as usize;
        let range = first..(range.end as usize).min(code.len()).min(first.saturating_add(MAX_BYTES));
        let mut scan = Scan { code, range, insns: BTreeMap::new(), leaders: BTreeSet::new(), entries: Vec::new() };
        for &start in starts {
            scan.entries.push(start);
            scan.follow(start);
        }
        if scan.insns.is_empty() {
            return None;
        }
        Some(scan.region())
    }

    /// True when an instruction of the region begins at this offset.
    pub fn has(&self, at: u32) -> bool {
        let before = self.blocks.partition_point(|block| block.start <= at);
        before.checked_sub(1).is_some_and(|i| self.blocks[i].insns.binary_search_by_key(&at, |(at, _)| *at).is_ok())
    }

    /// How many instructions it has.
    pub fn instructions(&self) -> usize {
        self.blocks.iter().map(|block| block.insns.len()).sum()
    }

    /// The wasm function of the region.
    pub fn function(&self) -> Function {
        let mut lower = Lower::new();
        let flags = self.flags_known();
        for step in structure(&self.graph) {
            match step {
                Step::Block(block) => self.block(&mut lower, block, flags[block]),
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
        wrap(&lower)
    }

    fn block(&self, lower: &mut Lower, index: usize, known: Known) {
        let block = &self.blocks[index];
        lower.flags = known;
        if self.is_header[index] {
            lower.charge(block.start as i64, 0);
        }
        let cost = block.insns.len() as i64;
        lower.sink().local_get(local::BUDGET).i64_const(cost).i64_sub().local_set(local::BUDGET);
        lower.end = End::Next;
        for (at, insn) in &block.insns {
            lower.insn(*at as i64, insn, meaning::<Lower>(insn.mn));
        }
        match (lower.end, &self.graph.next[index]) {
            (End::Branch(condition), Next::If(..)) => lower.push_truth(condition),
            // Both ways are outside, or one block: nothing to decide.
            (End::Branch(condition), Next::Leave) => {
                let (at, insn) = block.insns[block.insns.len() - 1];
                lower.push_truth(condition);
                lower.sink().if_(BlockType::Empty);
                lower.depth += 1;
                lower.leave_at(target(at, &insn), EXIT_GOTO);
                lower.depth -= 1;
                lower.sink().end();
                lower.leave_at(block.end as i64, EXIT_GOTO);
            }
            (End::Jump, Next::Leave) => {
                let (at, insn) = block.insns[block.insns.len() - 1];
                lower.leave_at(target(at, &insn), EXIT_GOTO);
            }
            (End::Next, Next::Leave) => lower.leave_at(block.end as i64, EXIT_GOTO),
            _ => {}
        }
    }

    /// What every block knows of the flags when it starts: an operation all its predecessors agree on.
    fn flags_known(&self) -> Vec<Known> {
        let count = self.blocks.len();
        // None: not reached yet by the analysis, anything is possible.
        let mut start: Vec<Option<Known>> = vec![None; count];
        self.graph.entries.iter().for_each(|&entry| start[entry] = Some(Known::Nothing));
        let mut work = self.graph.entries.clone();
        while let Some(index) = work.pop() {
            let mut trial = Lower::new();
            self.block(&mut trial, index, start[index].unwrap_or(Known::Nothing));
            let after = trial.flags;
            let targets = match &self.graph.next[index] {
                Next::Goto(a) => vec![*a],
                Next::If(a, b) => vec![*a, *b],
                Next::Switch(all) => all.clone(),
                Next::Leave => vec![],
            };
            for to in targets {
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
        start.into_iter().map(|known| known.unwrap_or(Known::Nothing)).collect()
    }
}

/// Where a direct branch goes, as an offset from the region's first page; may be anywhere.
fn target(at: u32, insn: &Insn) -> i64 {
    at as i64 + insn.len as i64 + insn.imm
}

struct Scan<'a> {
    code: &'a [u8],
    /// Where instructions may be.
    range: Range<usize>,
    insns: BTreeMap<u32, Insn>,
    leaders: BTreeSet<u32>,
    entries: Vec<u32>,
}

impl Scan<'_> {
    fn follow(&mut self, start: u32) {
        let mut work = vec![start];
        while let Some(mut at) = work.pop() {
            self.leaders.insert(at);
            while !self.insns.contains_key(&at) && self.insns.len() < MAX_INSNS {
                let here = Some(at as usize).filter(|at| self.range.contains(at));
                let code = here.and_then(|at| self.code.get(at..self.range.end));
                let Some(insn) = code.and_then(|code| decode(code, at & 0xfff).ok()) else { break };
                self.insns.insert(at, insn);
                let next = at + insn.len as u32;
                match self.flow(at, &insn) {
                    Flow::Next => at = next,
                    Flow::Jump(to) => {
                        work.push(to);
                        break;
                    }
                    Flow::Branch(to) => {
                        work.push(to);
                        self.leaders.insert(next);
                        at = next;
                    }
                    // The interpreter does it, or a callee returns: the region goes on behind it by another entry.
                    Flow::Leave => {
                        self.entries.push(next);
                        work.push(next);
                        break;
                    }
                }
            }
        }
    }

    fn flow(&self, at: u32, insn: &Insn) -> Flow {
        let mut trial = Lower::new();
        // Flags of some operation, so that conditions are not taken for something without lowering.
        trial.flags = Known::Op(crate::flags::FlagOp::Sub, crate::insn::Width::W64);
        trial.insn(at as i64, insn, meaning::<Lower>(insn.mn));
        let to = target(at, insn);
        let inside = (self.range.start as i64..self.range.end as i64).contains(&to);
        match trial.end {
            End::Next => Flow::Next,
            End::Jump if inside && insn.mn != Mn::Call => Flow::Jump(to as u32),
            End::Branch(_) if inside => Flow::Branch(to as u32),
            End::Branch(_) | End::Jump | End::Left => Flow::Leave,
        }
    }

    fn region(mut self) -> Region {
        self.leaders.retain(|at| self.insns.contains_key(at));
        self.entries.retain(|at| self.insns.contains_key(at));
        let starts: Vec<u32> = self.leaders.iter().copied().collect();
        let index_of = |at: u32| starts.binary_search(&at).ok();
        let (mut blocks, mut next, mut is_header) = (Vec::new(), Vec::new(), vec![false; starts.len()]);
        for &start in &starts {
            let (mut insns, mut at) = (Vec::new(), start);
            let end = loop {
                let Some(&insn) = self.insns.get(&at) else { break Next::Leave };
                insns.push((at, insn));
                let after = at + insn.len as u32;
                let flow = self.flow(at, &insn);
                let from = at;
                at = after;
                let fall = index_of(after);
                match flow {
                    Flow::Next if fall.is_none() => continue,
                    Flow::Next => break fall.map_or(Next::Leave, Next::Goto),
                    Flow::Jump(to) => {
                        let to = index_of(to);
                        to.filter(|&to| starts[to] <= from).into_iter().for_each(|to| is_header[to] = true);
                        break to.map_or(Next::Leave, Next::Goto);
                    }
                    Flow::Branch(to) => {
                        let to = index_of(to);
                        to.filter(|&to| starts[to] <= from).into_iter().for_each(|to| is_header[to] = true);
                        break match (to, fall) {
                            (Some(to), Some(fall)) => Next::If(to, fall),
                            _ => Next::Leave,
                        };
                    }
                    Flow::Leave => break Next::Leave,
                }
            };
            blocks.push(Block { start, insns, end: at });
            next.push(end);
        }
        // Loop headers can be entered too: that is where a preempted guest comes back.
        self.entries.extend(starts.iter().zip(&is_header).filter(|(_, header)| **header).map(|(start, _)| *start));
        let mut seen = BTreeSet::new();
        self.entries.retain(|&at| seen.insert(at));
        let entries = self.entries.iter().filter_map(|&at| index_of(at)).collect();
        let end = self.insns.iter().map(|(at, insn)| at + insn.len as u32).max().unwrap_or(0);
        let bytes = starts.first().copied().unwrap_or(0)..end;
        Region { blocks, graph: Graph { next, entries }, is_header, entries: self.entries, bytes }
    }
}

const CPU_GPR: u64 = offset_of!(Cpu, gpr) as u64;
const CPU_FLAGS: u64 = offset_of!(Cpu, flags) as u64;

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

/// Offset in [`Cpu`] of the register slot with this index among the locals.
fn slot_offset(index: u32) -> u64 {
    CPU_GPR
        + 8 * match index {
            16 => Gpr::FS_BASE.0 as u64,
            17 => Gpr::GS_BASE.0 as u64,
            _ => index as u64,
        }
}

/// Prologue, body, epilogue.
fn wrap(lower: &Lower) -> Function {
    let mut locals =
        vec![(4, ValType::I32), (7, ValType::I64), (1, ValType::I32), (18, ValType::I64), (16, ValType::V128)];
    locals.extend(lower.temporaries.iter().map(|&ty| (1, ty)));
    let mut function = Function::new(locals);
    let mut sink = function.instructions();
    for (local, offset) in [(local::READ, offset_of!(Env, read)), (local::WRITE, offset_of!(Env, write))] {
        sink.local_get(local::ENV).i32_load(at(offset as u64)).local_set(local);
    }
    sink.local_get(local::ENV).i64_load32_u(at(offset_of!(Env, len) as u64)).local_set(local::LEN);
    sink.local_get(local::ENV).i64_load(at(offset_of!(Env, budget) as u64)).local_set(local::BUDGET);
    sink.local_get(local::CPU).i64_load(at(CPU_GPR + 8 * Gpr::CODE_PAGE.0 as u64)).local_set(local::BASE);
    for (local, offset) in flag_fields() {
        sink.local_get(local::CPU).i64_load(at(offset)).local_set(local);
    }
    let op = CPU_FLAGS + offset_of!(LazyFlags, op) as u64;
    sink.local_get(local::CPU).i32_load(at(op)).local_set(local::FLAG_OP);
    for index in (0..18).filter(|index| lower.used >> index & 1 != 0) {
        sink.local_get(local::CPU).i64_load(at(slot_offset(index))).local_set(local::GPR + index);
    }
    for index in (0..16).filter(|index| lower.used_xmm >> index & 1 != 0) {
        sink.local_get(local::CPU).v128_load(at(xmm_offset(index))).local_set(local::XMM + index);
    }
    sink.block(BlockType::Empty);
    function.raw(lower.bytes.iter().copied());
    let mut sink = function.instructions();
    // The body never falls out of its end.
    sink.unreachable().end();
    for index in (0..18).filter(|index| lower.written >> index & 1 != 0) {
        sink.local_get(local::CPU).local_get(local::GPR + index).i64_store(at(slot_offset(index)));
    }
    for index in (0..16).filter(|index| lower.written_xmm >> index & 1 != 0) {
        sink.local_get(local::CPU).local_get(local::XMM + index).v128_store(at(xmm_offset(index)));
    }
    for (local, offset) in flag_fields() {
        sink.local_get(local::CPU).local_get(local).i64_store(at(offset));
    }
    sink.local_get(local::CPU).local_get(local::FLAG_OP).i32_store(at(op));
    sink.local_get(local::CPU).local_get(local::RIP).i64_store(at(offset_of!(Cpu, rip) as u64));
    sink.local_get(local::ENV).local_get(local::BUDGET).i64_store(at(offset_of!(Env, budget) as u64));
    sink.local_get(local::CODE).end();
    function
}

fn xmm_offset(index: u32) -> u64 {
    offset_of!(Cpu, ymm) as u64 + 32 * index as u64
}

fn flag_fields() -> [(u32, u64); 3] {
    [
        (local::FLAG_A, CPU_FLAGS + offset_of!(LazyFlags, a) as u64),
        (local::FLAG_B, CPU_FLAGS + offset_of!(LazyFlags, b) as u64),
        (local::FLAG_RES, CPU_FLAGS + offset_of!(LazyFlags, res) as u64),
    ]
}

/// A module of regions: imports `env.memory`, exports the functions by their number.
pub fn module(regions: &[Region]) -> Vec<u8> {
    let (mut types, mut imports, mut functions) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 3], [ValType::I32]);
    let memory = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
    imports.import("env", "memory", EntityType::Memory(memory));
    for (number, region) in regions.iter().enumerate() {
        functions.function(0);
        exports.export(&alloc::format!("{number}"), ExportKind::Func, number as u32);
        code.function(&region.function());
    }
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&code);
    module.finish()
}
