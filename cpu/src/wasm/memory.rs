//! Guest memory in lowered code: scheme F of [`crate::mem`] inlined, one check for all accesses off one base in a block.
//!
//! Addresses are followed to where they come from: a register as it was at the start of the block (or at its last
//! write that nobody understands) plus a constant. Accesses with the same origin and different constants form a group;
//! the first one checks the bytes of all and keeps the host's address, so `push`, `pop` and the fields of a structure
//! cost a load or store each; so do those in blocks behind that nothing else leads to. A miss leaves the function at the first of them: the interpreter sorts it out.

use super::lower::{GPRS, Lower, M, V, local, slot_index};
use super::region::EXIT_INTERPRET;
use crate::Gpr;
use crate::insn::{Mem, Width};
use crate::mem::entry;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, MemArg, MemArgTarget, ValType};

/// Bytes that one check covers at most.
const SPAN: i64 = 4096;

/// There is no such register.
const NONE: u32 = u32::MAX;
/// The page of the code: a constant.
const PAGE: u32 = u32::MAX - 1;

/// What an address is made of besides a constant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key {
    base: u32,
    index: u32,
    scale: u8,
    segment: u32,
    /// The tables may have changed in between.
    epoch: u32,
}

/// Where an address comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Origin {
    key: Key,
    disp: i64,
}

/// What registers and temporaries hold, in terms of values that do not change.
#[derive(Clone)]
pub(super) struct Roots {
    registers: [(u32, i64); GPRS as usize],
    next: u32,
    epoch: u32,
    values: Vec<(u32, Origin)>,
}

impl Default for Roots {
    fn default() -> Roots {
        Roots { registers: core::array::from_fn(|r| (r as u32, 0)), next: GPRS, epoch: 0, values: Vec::new() }
    }
}

impl Roots {
    fn root(&self, r: Gpr) -> (u32, i64) {
        match slot_index(r) {
            Some(index) => self.registers[index as usize],
            None if r == Gpr::CODE_PAGE => (PAGE, 0),
            None => (NONE, 0),
        }
    }
    /// The origin of a value.
    pub(super) fn origin(&self, v: V) -> Option<Origin> {
        let V::Local(local) = v else { return None };
        self.values.iter().rev().find(|(l, _)| *l == local).map(|(_, origin)| *origin)
    }
    /// `v` is a register's value.
    pub(super) fn note_register(&mut self, v: V, r: Gpr) {
        let (base, disp) = self.root(r);
        let key = Key { base, index: NONE, scale: 0, segment: NONE, epoch: self.epoch };
        self.note(v, Origin { key, disp });
    }
    /// `v` is the offset of a memory operand in the page of code at `page`.
    fn note_operand(&mut self, v: V, m: &Mem, page: i64) {
        let (base, disp) = self.root(m.base);
        let disp = if base == PAGE { page } else { disp };
        let (index, behind) = self.root(m.index);
        let key = Key { base, index, scale: if index == NONE { 0 } else { m.scale }, segment: NONE, epoch: self.epoch };
        let disp = disp.wrapping_add(behind << (m.scale & 3)).wrapping_add(m.disp);
        self.note(v, Origin { key, disp });
    }
    /// `v` is `of` plus a constant.
    pub(super) fn note_sum(&mut self, v: V, of: V, constant: u64) {
        if let Some(origin) = self.origin(of) {
            self.note(v, Origin { disp: origin.disp.wrapping_add(constant as i64), ..origin });
        }
    }
    fn note(&mut self, v: V, origin: Origin) {
        if let V::Local(local) = v {
            self.values.push((local, origin));
        }
    }
    /// A register gets the value `v`, which is not cut.
    pub(super) fn write(&mut self, index: u32, v: Option<V>) {
        let simple = v.and_then(|v| self.origin(v)).filter(|o| o.key.index == NONE && o.key.segment == NONE);
        self.registers[index as usize] = match simple {
            Some(origin) if origin.key.base != PAGE => (origin.key.base, origin.disp),
            _ => {
                self.next += 1;
                (self.next, 0)
            }
        };
    }
    /// Temporaries are used again.
    pub(super) fn forget_values(&mut self) {
        self.values.clear();
    }
    /// Registers and tables are others now.
    pub(super) fn forget_all(&mut self) {
        for index in 0..GPRS {
            self.write(index, None);
        }
        self.epoch += 1;
        self.values.clear();
    }
}

/// Checked memory that blocks leave to those behind them at most.
const LEGACY: usize = 24;

/// Accesses that one check can cover.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    key: Key,
    low: i64,
    high: i64,
    write: bool,
    count: u32,
    /// The address of the byte at `low`, once checked, and by which instruction.
    host: Option<(u32, u32)>,
}

impl Group {
    /// Its address is needed more than once, or may be.
    fn is_used(&self, has_heirs: bool) -> bool {
        self.count > 1 || has_heirs
    }
    fn holds(&self, origin: Origin, bytes: u32) -> bool {
        self.key == origin.key && self.low <= origin.disp && origin.disp + bytes as i64 <= self.high
    }
}

/// The groups of a block.
#[derive(Clone, Default)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// Checked by blocks before, on the only way here.
    above: Vec<Group>,
    /// Blocks behind may use what is checked here.
    has_heirs: bool,
    /// Gathered on trial: of the current instruction.
    pending: Vec<(Origin, u32, bool)>,
    pub(super) gather: bool,
}

impl Groups {
    /// A gathering one.
    pub(super) fn gathering() -> Groups {
        Groups { gather: true, ..Groups::default() }
    }
    /// One of a block whose checks others may use.
    pub(super) fn for_heirs(mut self, has_heirs: bool) -> Groups {
        self.has_heirs = has_heirs;
        self
    }
    /// What is checked at the end of the block; gathered on trial, what will be.
    pub(super) fn legacy(&self) -> Vec<Group> {
        let all = self.above.iter().chain(&self.groups).filter(|group| self.gather || group.host.is_some());
        let mut all: Vec<Group> = all.copied().collect();
        all.drain(..all.len().saturating_sub(LEGACY));
        all
    }
    /// The block begins with this checked.
    pub(super) fn inherit(&mut self, legacy: &[Group]) {
        self.above = legacy.to_vec();
    }
    /// The local holds an address that may still be used.
    pub(super) fn holds_local(&self, local: u32) -> bool {
        self.above.iter().chain(&self.groups).any(|group| group.host.is_some_and(|(host, _)| host == local))
    }
    /// Done with gathering.
    pub(super) fn gathered(mut self) -> Groups {
        self.commit();
        self.gather = false;
        self
    }
    /// The instruction before this one was lowered.
    pub(super) fn commit(&mut self) {
        for (origin, bytes, write) in core::mem::take(&mut self.pending) {
            let (low, high) = (origin.disp, origin.disp.saturating_add(bytes as i64));
            let same = self.groups.iter_mut().rev().find(|g| g.key == origin.key);
            match same {
                Some(g) if g.high.max(high).saturating_sub(g.low.min(low)) <= SPAN => {
                    (g.low, g.high) = (g.low.min(low), g.high.max(high));
                    g.write |= write;
                    g.count += 1;
                }
                _ => self.groups.push(Group { key: origin.key, low, high, write, count: 1, host: None }),
            }
        }
    }
    /// Instruction `number` was not lowered after all.
    pub(super) fn forget_since(&mut self, number: u32) {
        self.pending.clear();
        for group in &mut self.groups {
            if group.host.is_some_and(|(_, by)| by == number) {
                group.host = None;
            }
        }
    }
}

const PLAIN: MemArg = MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(0), ordering: None };

fn arg(m: M) -> MemArg {
    MemArg { offset: m.offset as u64, ..PLAIN }
}

impl Lower<'_> {
    /// The offset of a memory operand.
    pub(super) fn operand_offset(&mut self, m: &Mem) -> V {
        use crate::emit::Emit;
        const W64: Width = Width::W64;
        let mut sum = self.reg(W64, m.base);
        if m.index != Gpr::ZERO {
            let index = self.reg(W64, m.index);
            let scaled = self.shl(W64, index, V::Const(m.scale as u64));
            sum = self.add(W64, sum, scaled);
        }
        sum = self.add(W64, sum, V::Const(m.disp as u64));
        if m.addr32 {
            return self.zext(Width::W32, sum);
        }
        let page = self.at & !0xfff;
        self.roots.note_operand(sum, m, page);
        sum
    }

    /// Puts a segment's base on top of an offset.
    pub(super) fn segmented(&mut self, offset: V, segment: Gpr) -> V {
        use crate::emit::Emit;
        let base = self.reg(Width::W64, segment);
        if base == V::Const(0) {
            return offset;
        }
        let origin = self.roots.origin(offset);
        let sum = self.add(Width::W64, offset, base);
        if let Some(mut origin) = origin
            && origin.key.segment == NONE
        {
            (origin.key.segment, _) = self.roots.root(segment);
            self.roots.note(sum, origin);
        } else if offset == V::Const(0) || matches!(offset, V::Const(_)) {
            let (base, disp) = self.roots.root(segment);
            let key = Key { base: NONE, index: NONE, scale: 0, segment: base, epoch: self.roots.epoch };
            let constant = if let V::Const(c) = offset { c as i64 } else { 0 };
            self.roots.note(sum, Origin { key, disp: disp.wrapping_add(constant) });
        }
        sum
    }

    /// Checked memory: leaves the function unless all bytes can be reached at once.
    pub(super) fn checked(&mut self, addr: V, bytes: u32, write: bool) -> M {
        if let Some(origin) = self.roots.origin(addr) {
            let above = self.groups.above.iter().rev().find(|g| g.holds(origin, bytes) && (g.write || !write));
            match above.map(|group| (group.host, group.low)) {
                Some((Some((local, _)), low)) => return M { local, offset: (origin.disp - low) as u32 },
                // On trial: there will be one.
                Some((None, _)) => return M { local: self.temporary(ValType::I32), offset: 0 },
                None => {}
            }
            if self.groups.gather && self.conditional == 0 {
                self.groups.pending.push((origin, bytes, write));
            }
            let has_heirs = self.groups.has_heirs;
            let at = self.groups.groups.iter().position(|g| g.is_used(has_heirs) && g.holds(origin, bytes));
            if let Some(at) = at.filter(|_| !self.groups.gather) {
                let group = self.groups.groups[at];
                let offset = (origin.disp - group.low) as u32;
                if let Some((local, _)) = group.host {
                    return M { local, offset };
                }
                if self.conditional == 0 {
                    let host = self.address_local();
                    self.push(addr);
                    if offset != 0 {
                        self.sink().i64_const(-(offset as i64)).i64_add();
                    }
                    let start = self.value();
                    self.check(start, (group.high - group.low) as u32, group.write, host);
                    self.groups.groups[at].host = Some((host, self.number()));
                    return M { local: host, offset };
                }
            }
        }
        let host = self.temporary(ValType::I32);
        self.check(addr, bytes, write, host);
        M { local: host, offset: 0 }
    }

    /// The word at an offset from the region's first page.
    pub(super) fn load_word(&mut self, offset: i64) -> V {
        self.sink().local_get(local::BASE).i64_const(offset).i64_add();
        let addr = self.value();
        let m = self.checked(addr, 8, false);
        self.load_host(Width::W64, m)
    }

    /// Turns a guest address into a host address, or leaves the function.
    fn check(&mut self, addr: V, bytes: u32, write: bool, host: u32) {
        let table = if write { local::WRITE } else { local::READ };
        let (page, found) = (self.temporary(ValType::I64), self.temporary(ValType::I32));
        self.push(addr);
        self.sink().i64_const(12).i64_shr_u().local_tee(page).local_get(local::LEN).i64_ge_u();
        self.leave_if(EXIT_INTERPRET);
        self.sink().local_get(page).i32_wrap_i64().i32_const(2).i32_shl().local_get(table).i32_add();
        self.sink().i32_load(MemArg { align: 2, ..PLAIN }).local_tee(found);
        if bytes == 1 {
            // A byte crosses nothing.
            self.sink().i32_const(entry::DENY as i32).i32_and();
            self.leave_if(EXIT_INTERPRET);
            self.push32(addr);
            self.sink().local_get(found).i32_const(!0xfff).i32_and().i32_add();
            return self.set(host);
        }
        self.sink().i32_const((entry::DENY | entry::SPLIT) as i32).i32_and().if_(BlockType::Empty);
        self.depth += 1;
        self.sink().local_get(found).i32_const(entry::DENY as i32).i32_and();
        self.push32(addr);
        self.sink().i32_const(0xfff).i32_and().i32_const(4096 - bytes as i32).i32_gt_u().i32_or();
        self.leave_if(EXIT_INTERPRET);
        self.sink().local_get(found).i32_const(!0xfff).i32_and().local_set(found);
        self.depth -= 1;
        self.sink().end();
        self.push32(addr);
        self.sink().local_get(found).i32_add();
        self.set(host);
    }

    pub(super) fn load_host(&mut self, w: Width, m: M) -> V {
        self.get(m.local);
        let mut sink = self.sink();
        match w {
            Width::W8 => sink.i32_load8_u(arg(m)),
            Width::W16 => sink.i32_load16_u(arg(m)),
            Width::W32 => sink.i32_load(arg(m)),
            Width::W64 => {
                sink.i64_load(arg(m));
                return self.value();
            }
        };
        self.short()
    }

    pub(super) fn store_host(&mut self, w: Width, m: M, v: V) {
        self.get(m.local);
        if w == Width::W64 {
            self.push(v);
            self.sink().i64_store(arg(m));
            return;
        }
        self.push32(v);
        let mut sink = self.sink();
        match w {
            Width::W8 => sink.i32_store8(arg(m)),
            Width::W16 => sink.i32_store16(arg(m)),
            _ => sink.i32_store(arg(m)),
        };
    }

    /// Leaves unless the address is a multiple of 16.
    pub(super) fn leave_unless_aligned(&mut self, addr: V) {
        self.push32(addr);
        self.sink().i32_const(15).i32_and();
        self.leave_if(EXIT_INTERPRET);
    }

    /// Loads 4, 8 or 16 bytes of a vector.
    pub(super) fn load_vector(&mut self, bytes: u32, m: M) -> super::lower::X {
        self.get(m.local);
        if bytes == 8 && self.wants_double {
            self.sink().f64_load(arg(m));
            return self.halves(V::Const(0));
        }
        let mut sink = self.sink();
        match bytes {
            4 => sink.v128_load32_zero(arg(m)),
            8 => sink.v128_load64_zero(arg(m)),
            _ => sink.v128_load(arg(m)),
        };
        self.vector()
    }

    /// Stores the low 4, 8 or 16 bytes of a vector.
    pub(super) fn store_vector(&mut self, bytes: u32, m: M, x: super::lower::X) {
        self.get(m.local);
        if bytes == 8 && matches!(x, super::lower::X::Halves(..)) {
            self.push_double(x);
            self.sink().f64_store(arg(m));
            return;
        }
        self.push_x(x);
        let mut sink = self.sink();
        match bytes {
            4 => sink.v128_store32_lane(arg(m), 0),
            8 => sink.v128_store64_lane(arg(m), 0),
            _ => sink.v128_store(arg(m)),
        };
    }
}
