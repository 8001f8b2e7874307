//! The code cache: ops, blocks by where their bytes lie, and what must go when those bytes change.
//!
//! Blocks are found by (host page, offset): processes that map the same frame share them. Ops never move and are freed
//! only all together, when the cache is full; a page that was written turns its ops into [`Code::Dead`], so that links
//! and jump-cache entries that still lead there fall out of the loop.
#![allow(unsafe_code, reason = "ops are linked to each other by distance and patched in place")]

use super::jumps::JumpCache;
use super::op::{Code, Op};
use crate::insn::Insn;
use crate::mem::HostAddr;
use alloc::boxed::Box;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Ops the cache holds at most; then everything is translated anew.
const MAX_OPS: usize = (24 << 20) / size_of::<Op>();
/// Instructions of the side table at most (the rarer ones, without a form of their own).
const MAX_INSNS: usize = 1 << 17;
/// Ops allocated at a time. Links are 32-bit distances: anywhere on a 32-bit machine, within one piece on others (whose
/// kernels give the pages of a large allocation only when they are touched).
const PIECE_OPS: usize = if cfg!(target_pointer_width = "32") { 4096 } else { MAX_OPS };

/// Ops translated in one go.
struct Run {
    start: *mut Op,
    len: u32,
    /// Offset of the block in its page.
    off: u16,
}

/// The cache.
pub(super) struct Cache {
    pieces: Vec<Vec<Op>>,
    used: usize,
    insns: Vec<Insn>,
    /// Block starts by host address of their first byte.
    blocks: HashMap<u32, *const Op>,
    /// What was translated of a host page.
    pages: HashMap<u32, Vec<Run>>,
    /// Where indirect and far jumps continue.
    pub jumps: Box<JumpCache>,
    /// Counts flushes: op pointers are void once it changes.
    pub generation: u32,
}

impl Cache {
    pub(super) fn new() -> Cache {
        Cache {
            pieces: Vec::new(),
            used: 0,
            insns: Vec::new(),
            blocks: HashMap::new(),
            pages: HashMap::new(),
            jumps: Box::new(JumpCache::new()),
            generation: 0,
        }
    }

    /// Forgets everything.
    pub(super) fn flush(&mut self) {
        self.pieces.clear();
        self.insns.clear();
        self.blocks.clear();
        self.pages.clear();
        self.jumps.clear();
        self.used = 0;
        self.generation = self.generation.wrapping_add(1);
    }

    /// The block at a host address.
    pub(super) fn find(&self, host: HostAddr) -> Option<*const Op> {
        self.blocks.get(&host.0).copied()
    }

    /// What the loop reads: the jump cache and the side table.
    pub(super) fn tables(&self) -> (&JumpCache, &[Insn]) {
        (&self.jumps, &self.insns)
    }

    /// Puts an instruction into the side table.
    pub(super) fn add_insn(&mut self, insn: Insn) -> i32 {
        self.insns.push(insn);
        self.insns.len() as i32 - 1
    }

    /// Makes room for a block of `ops` ops and as many instructions, if need be by forgetting everything.
    pub(super) fn reserve(&mut self, ops: usize) {
        if self.used + ops > MAX_OPS || self.insns.len() + ops > MAX_INSNS {
            self.flush();
        }
        let fits = self.pieces.last().is_some_and(|p| p.len() + ops <= p.capacity());
        if !fits {
            self.used = self.pieces.len() * PIECE_OPS;
            self.pieces.push(Vec::with_capacity(PIECE_OPS));
        }
    }

    /// Adds the block at a host address. `reserve` came before.
    pub(super) fn add(&mut self, host: HostAddr, ops: &[Op]) -> *const Op {
        let Some(piece) = self.pieces.last_mut() else { return core::ptr::null() };
        debug_assert!(piece.len() + ops.len() <= piece.capacity(), "ops never move");
        let at = piece.len();
        piece.extend_from_slice(ops);
        self.used += ops.len();
        let start = piece[at..].as_mut_ptr();
        self.blocks.insert(host.0, start);
        let run = Run { start, len: ops.len() as u32, off: (host.0 & 0xfff) as u16 };
        self.pages.entry(host.0 & !0xfff).or_default().push(run);
        start
    }

    /// Voids what was translated of a page.
    pub(super) fn invalidate(&mut self, page: HostAddr) {
        let page = page.0 & !0xfff;
        for run in self.pages.remove(&page).unwrap_or_default() {
            self.blocks.remove(&(page | run.off as u32));
            for k in 0..run.len as usize {
                // SAFETY: a run lies in a piece, which lives until `flush`, which also forgets the runs.
                let op = unsafe { &mut *run.start.add(k) };
                // Far jumps name guest addresses and stay right.
                if op.code != Code::Far {
                    op.code = Code::Dead;
                }
            }
        }
    }

    /// The offsets in a page at which blocks start, as a test.
    pub(super) fn starts(&self, page: HostAddr) -> Vec<u16> {
        self.pages.get(&page.0).map(|runs| runs.iter().map(|r| r.off).collect()).unwrap_or_default()
    }

    /// Something was translated of the page.
    pub(super) fn has(&self, page: HostAddr) -> bool {
        self.pages.contains_key(&(page.0 & !0xfff))
    }

    /// The op at a pointer of this generation.
    pub(super) fn op(&self, at: *const Op) -> Op {
        // SAFETY: pointers to ops come from `add` and are dropped when the generation changes.
        unsafe { *at }
    }

    /// Turns the stub at `stub` into the way to `target`, and leads the branch it belongs to there at once.
    pub(super) fn link(&mut self, stub: *const Op, target: *const Op) {
        let stub = stub.cast_mut();
        // SAFETY: as in `op`; nothing else holds a reference to an op while the loop is not running.
        unsafe {
            if (*stub).code != Code::Stub {
                return;
            }
            if (*stub).imm != 0 {
                let branch = stub.wrapping_byte_offset((*stub).imm as isize);
                (*branch).disp = distance(branch, target);
            }
            (*stub).code = Code::Goto;
            (*stub).disp = distance(stub, target);
        }
    }
}

/// Bytes from one op to another.
fn distance(from: *const Op, to: *const Op) -> i32 {
    (to as usize).wrapping_sub(from as usize) as i32
}
