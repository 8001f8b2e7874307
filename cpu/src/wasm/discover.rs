//! Finding the blocks of a region: from its starts along branches, within bounds. Every block ends where control may go
//! elsewhere, or where something else goes to.

use super::flow::{Graph, Next};
use super::region::Region;
use super::state::is_conditional;
use crate::Gpr;
use crate::decode::decode;
use crate::insn::{Insn, Mn, Operand};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Code of at most this many bytes is looked at for one region: what hostile code can cost is bounded.
const MAX_BYTES: usize = 64 * 1024;
/// Instructions in a region at most.
const MAX_INSNS: usize = 8192;

/// Blocks, ways in and the like of a region that is to be translated quickly: structuring them takes more than their number.
const NODES_MAX: usize = 2500;
/// How many ways into a function that only indirect jumps lead to are tried together at first.
const STARTS_STEP: usize = 32;

/// Which code of a function ran, and what else is worth a translation.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Where blocks begin that ran, ascending.
    pub blocks: &'a [u32],
    /// How many branches and calls behind one of them other blocks are wanted, too: 0, and nothing but the ways by branches
    /// that were always taken is translated beside what ran.
    pub reach: u32,
}

/// Instructions that follow each other.
pub(super) struct Block {
    pub(super) start: u32,
    pub(super) insns: Vec<(u32, Insn)>,
    /// Where it goes when it falls out of its end.
    pub(super) end: u32,
}

/// A node of the graph that is no block of the guest's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// The way into a block from outside. Guarded: the flags must come from what the block expects.
    Entry { block: usize, is_guarded: bool },
    /// Picks one of so many ways by the hash of an indirect jump's target.
    Dispatch(u64),
    /// Is it this offset?
    Check(u32),
    /// The target is outside.
    Miss,
}

/// The hash of an offset that an indirect jump goes to.
pub(super) fn jump_hash(at: u64, count: u64) -> u64 {
    (at ^ at >> 4) & (count - 1)
}

/// Where control goes after an instruction.
enum Flow {
    Next,
    Jump(u32),
    Branch(u32),
    /// To its successor, or out of the region.
    MayLeave,
    /// Elsewhere, and back to its successor.
    Call,
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
        Region::discover_seen(code, range, starts, Seen { blocks: &[], reach: u32::MAX })
    }

    /// The region of a function that begins at the first of `starts`, and is entered at the others too, where blocks were
    /// seen to run: also those that nothing direct leads to (targets of jump tables). So far behind what is known of it
    /// blocks may be its own (`slack`, in bytes) where its end is not known.
    pub fn of_function(
        code: &[u8],
        (range, slack): (Range<u32>, u32),
        starts: &[u32],
        seen: Seen<'_>,
    ) -> Option<Region> {
        let discover = |starts: &[u32]| Region::discover_seen(code, range.clone(), starts, seen);
        let (mut starts, mut step) = (starts.to_vec(), STARTS_STEP);
        let start = starts.first().copied()?;
        let mut region = discover(&starts);
        if starts.len() > 1 && region.as_ref().is_some_and(|region| region.is_too_large()) {
            starts.truncate(1);
            region = discover(&starts);
        }
        loop {
            let end = region.as_ref().map_or(start, |region| region.bytes.end).saturating_add(slack).min(range.end);
            let is_missed = |block: &&u32| {
                (range.start..end).contains(*block) && region.as_ref().is_none_or(|region| !region.has(**block))
            };
            // A few at a time: what one leads to need not be a start itself.
            let missed: Vec<u32> = seen.blocks.iter().filter(is_missed).copied().take(step).collect();
            let known = starts.len();
            starts.extend(missed.into_iter().filter(|block| !starts[..known].contains(block)).collect::<Vec<u32>>());
            if starts.len() == known {
                return region;
            }
            step *= 2;
            match discover(&starts) {
                Some(more) if !more.is_too_large() => region = Some(more),
                _ => return region,
            }
        }
    }

    /// It was cut off at the limit, or has so many blocks that its translation would take seconds.
    pub(crate) fn is_too_large(&self) -> bool {
        self.instructions() >= MAX_INSNS || self.graph.next.len() > NODES_MAX
    }

    /// As `discover_in`, as far as `seen` says.
    fn discover_seen(code: &[u8], range: Range<u32>, starts: &[u32], seen: Seen<'_>) -> Option<Region> {
        let first = range.start as usize;
        let range = first..(range.end as usize).min(code.len()).min(first.saturating_add(MAX_BYTES));
        let mut scan = Scan {
            code,
            range,
            insns: BTreeMap::new(),
            leaders: BTreeSet::new(),
            entries: Vec::new(),
            starts: starts.iter().copied().collect(),
            seen,
        };
        for &start in starts {
            scan.entries.push(start);
            scan.follow(start);
        }
        if scan.insns.is_empty() {
            return None;
        }
        Some(scan.region())
    }

    /// The same without what its calls find at their targets, stubs of the linkage table: it depends on no bytes but its
    /// own then.
    pub(crate) fn without_stubs(mut self) -> Region {
        self.stubs.clear();
        self
    }
}

/// Where a direct branch goes, as an offset from the region's first page; may be anywhere.
pub(super) fn target(at: u32, insn: &Insn) -> i64 {
    at as i64 + insn.len as i64 + insn.imm
}

/// A jump to where a word says that lies at a fixed distance, as in a linkage table.
fn is_through_word(jump: &Insn) -> bool {
    let m = jump.mem;
    let is_fixed = m.base == Gpr::CODE_PAGE && m.index == Gpr::ZERO && m.segment == Gpr::ZERO && !m.addr32;
    jump.dst() == Operand::Mem && is_fixed
}

struct Scan<'a> {
    code: &'a [u8],
    /// Where instructions may be.
    range: Range<usize>,
    insns: BTreeMap<u32, Insn>,
    leaders: BTreeSet<u32>,
    entries: Vec<u32>,
    /// What was asked for: function starts, and targets of indirect jumps.
    starts: BTreeSet<u32>,
    seen: Seen<'a>,
}

impl Scan<'_> {
    fn follow(&mut self, start: u32) {
        // Blocks, and how many branches behind one that ran; what ran is followed first.
        let mut work = VecDeque::from([(start, 0u32)]);
        while let Some((mut at, mut depth)) = work.pop_back() {
            self.leaders.insert(at);
            while !self.insns.contains_key(&at) && self.insns.len() < MAX_INSNS {
                let here = Some(at as usize).filter(|at| self.range.contains(at));
                let code = here.and_then(|at| self.code.get(at..self.range.end));
                let Some(insn) = code.and_then(|code| decode(code, at & 0xfff).ok()) else { break };
                self.insns.insert(at, insn);
                let next = at + insn.len as u32;
                let has_run = |at: u32| self.seen.blocks.binary_search(&at).is_ok();
                let mut go = |to: u32, far: u32| {
                    let far = depth.saturating_add(far);
                    let is_wanted = has_run(to) || far <= self.seen.reach;
                    match has_run(to) {
                        true => work.push_back((to, 0)),
                        false if is_wanted => work.push_front((to, far)),
                        false => {}
                    }
                    is_wanted
                };
                match self.flow(at, &insn) {
                    Flow::Next => at = next,
                    Flow::Jump(to) => {
                        go(to, 0);
                        break;
                    }
                    flow @ (Flow::Branch(_) | Flow::MayLeave) => {
                        if let Flow::Branch(to) = flow {
                            go(to, 1);
                        }
                        self.leaders.insert(next);
                        (at, depth) = (next, if has_run(next) { 0 } else { depth.saturating_add(1) });
                    }
                    // The region goes on behind it, by another entry too.
                    Flow::Call => {
                        if go(next, 1) {
                            self.entries.push(next);
                        }
                        break;
                    }
                    Flow::Leave => break,
                }
            }
        }
    }

    fn flow(&self, at: u32, insn: &Insn) -> Flow {
        let to = target(at, insn);
        let inside = self.range.contains(&(to.max(0) as usize)) && to >= 0;
        match insn.mn {
            mn if is_conditional(mn) && inside => Flow::Branch(to as u32),
            mn if is_conditional(mn) => Flow::MayLeave,
            Mn::Jmp if insn.dst() == Operand::Imm && inside => Flow::Jump(to as u32),
            // The kernel returns behind `syscall`.
            Mn::Call | Mn::Syscall => Flow::Call,
            Mn::Jmp | Mn::Ret | Mn::Int3 | Mn::Hlt | Mn::Ud0 | Mn::Ud1 | Mn::Ud2 => Flow::Leave,
            _ => Flow::Next,
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
                let on = fall.map_or(Next::Leave, Next::Goto);
                match flow {
                    Flow::Next if fall.is_none() => continue,
                    Flow::Next | Flow::Call | Flow::MayLeave => break on,
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
                            _ => on,
                        };
                    }
                    Flow::Leave => break Next::Leave,
                }
            };
            blocks.push(Block { start, insns, end: at });
            next.push(end);
        }
        let mut seen = BTreeSet::new();
        self.entries.retain(|&at| seen.insert(at));
        let (mut entries, mut ways) = (Vec::new(), Vec::new()); // the ways in are nodes, the first behind the blocks
        let mut enter = |next: &mut Vec<Next>, block: usize, is_guarded: bool| {
            entries.push(next.len());
            next.push(Next::Goto(block));
            ways.push(Node::Entry { block, is_guarded });
        };
        self.entries.iter().filter_map(|&at| index_of(at)).for_each(|block| enter(&mut next, block, false));
        // Loop headers can be entered too: that is where a preempted guest comes back.
        for (block, &start) in starts.iter().enumerate() {
            if is_header[block] && seen.insert(start) {
                enter(&mut next, block, true);
                self.entries.push(start);
            }
        }
        let called = self.insns.iter().filter(|(_, insn)| matches!(insn.mn, Mn::Call | Mn::Jmp));
        let called = called.filter(|(_, insn)| insn.dst() == Operand::Imm).map(|(at, insn)| target(*at, insn));
        let stubs = called.filter_map(|to| Some((to, self.stub(to)?))).collect();
        let nodes = self.jumps(&blocks, &mut next, ways);
        let end = self.insns.iter().map(|(at, insn)| at + insn.len as u32).max().unwrap_or(0);
        let bytes = starts.first().copied().unwrap_or(0)..end;
        Region { blocks, graph: Graph { next, entries }, is_header, nodes, entries: self.entries, bytes, stubs }
    }

    /// What a stub of the linkage table at `to` jumps through: the offset of a word from the region's first page.
    fn stub(&self, to: i64) -> Option<i64> {
        let mut at = u32::try_from(to).ok()?;
        for _ in 0..2 {
            let insn = decode(self.code.get(at as usize..)?, at & 0xfff).ok()?;
            match insn.mn {
                Mn::Jmp if is_through_word(&insn) => return Some((at & !0xfff) as i64 + insn.mem.disp),
                Mn::Endbr64 => at += insn.len as u32,
                _ => return None,
            }
        }
        None
    }

    /// Lets indirect jumps go to the region's own entries: they all meet in a node that picks by a hash of the address,
    /// and what it picks is compared. Not those through a word beside the code: they lead to other functions.
    fn jumps(&self, blocks: &[Block], next: &mut Vec<Next>, mut nodes: Vec<Node>) -> Vec<Node> {
        let is_indirect = |block: &Block| {
            let last = block.insns.last();
            last.is_some_and(|(_, insn)| insn.mn == Mn::Jmp && insn.dst() != Operand::Imm && !is_through_word(insn))
        };
        let sites: Vec<usize> = (0..blocks.len()).filter(|&block| is_indirect(&blocks[block])).collect();
        if sites.is_empty() || self.starts.len() < 2 {
            return nodes;
        }
        let miss = next.len();
        next.push(Next::Leave);
        nodes.push(Node::Miss);
        let count = (2 * self.starts.len()).next_power_of_two().min(1024);
        let mut buckets = vec![miss; count];
        for (block, at) in blocks.iter().enumerate().map(|(block, b)| (block, b.start)) {
            if self.starts.contains(&at) {
                let bucket = &mut buckets[jump_hash(at as u64, count as u64) as usize];
                next.push(Next::If(block, *bucket));
                nodes.push(Node::Check(at));
                *bucket = next.len() - 1;
            }
        }
        let dispatch = next.len();
        next.push(Next::Switch(buckets));
        nodes.push(Node::Dispatch(count as u64));
        sites.into_iter().for_each(|site| next[site] = Next::Goto(dispatch));
        nodes
    }
}
