//! [`Emit`] that writes WebAssembly: one instruction meaning after the other becomes the body of one wasm function.
//!
//! Guest registers and the lazy flags live in wasm locals over the whole function; `state` wraps the body into a prologue
//! that loads them and an epilogue that stores them. A memory miss and the end of the budget leave the function with exact
//! state (never a call inside a loop: it would spill every local), and the interpreter goes on at `rip`; an instruction
//! without lowering is done by a call ([`Lower::step`]). Temporaries live for one instruction, so their locals are used
//! again by the next. A block is lowered on trial before: what it uses, which memory checks can be one, which flags
//! nobody sees is known when it is written.

use super::memory::{Groups, Roots};
use super::region::{EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET, Link};
use crate::Gpr;
use crate::flags::FlagOp;
use crate::fp::FpType;
use crate::insn::{Insn, Mn, Operand, Width};
use crate::isa::avx;
use crate::isa::table::Meaning;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};

/// An integer: known now, or in a local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum V {
    Const(u64),
    /// In an i64 local.
    Local(u32),
    /// Below 2^32, in an i32 local.
    Short(u32),
    /// The flags of a floating-point comparison of two locals.
    Order(FpType, u32, u32),
}

/// A truth value: known now, or 0 / 1 in an i32 local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum B {
    Const(bool),
    Local(u32),
}

/// 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum X {
    Const(u64, u64),
    /// In a v128 local.
    Vector(u32),
    /// The low half in an f64 local, and the high half.
    Halves(u32, V),
}

/// Checked memory: a host address in an i32 local and what to add.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct M {
    pub(super) local: u32,
    pub(super) offset: u32,
}

/// The instruction has no lowering: the interpreter does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoLowering;

/// Parameters and fixed locals of a region's function, in order.
pub(super) mod local {
    use wasm_encoder::ValType;

    /// i32: address of the [`Cpu`](crate::Cpu).
    pub(in super::super) const CPU: u32 = 0;
    /// i32: address of the [`Env`](super::super::Env).
    pub(in super::super) const ENV: u32 = 1;
    /// i32: which entry.
    pub(in super::super) const ENTRY: u32 = 2;
    /// i32: address of the read table.
    pub(in super::super) const READ: u32 = 3;
    /// i32: address of the write table.
    pub(in super::super) const WRITE: u32 = 4;
    /// i32: why the function is left.
    pub(in super::super) const CODE: u32 = 5;
    /// i32: which entry of an irreducible loop.
    pub(in super::super) const SELECTOR: u32 = 6;
    /// i32: offset of the instruction that the interpreter is to do.
    pub(in super::super) const AT: u32 = 7;
    /// i64: pages in the tables.
    pub(in super::super) const LEN: u32 = 8;
    /// i64: guest address of the region's first page.
    pub(in super::super) const BASE: u32 = 9;
    /// i64: instruction budget left.
    pub(in super::super) const BUDGET: u32 = 10;
    /// i64: where to go on.
    pub(in super::super) const RIP: u32 = 11;
    /// i64: where an indirect jump goes, as an offset from the first page.
    pub(in super::super) const TARGET: u32 = 12;
    /// First local of the registers.
    pub(in super::super) const REGISTERS: u32 = 13;
    /// The fixed locals that are no parameters.
    pub(in super::super) const FIXED: [(u32, ValType); 2] = [(5, ValType::I32), (5, ValType::I64)];
}

/// Registers by number as bits of masks: 16 general-purpose ones, FS and GS base.
pub(super) const GPRS: u32 = 18;
/// Vectors of 128 bits: lower halves of the ymm registers, upper halves, and four that live within an instruction.
pub(super) const VECTORS: u32 = 36;

/// What a region does with registers; gathered on trial, the same for the whole function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Usage {
    /// General-purpose registers read or written, and those written.
    pub(super) used: u32,
    pub(super) written: u32,
    /// The same for vectors of 128 bits, by their number for [`Emit`](crate::emit::Emit).
    pub(super) used_xmm: u64,
    pub(super) written_xmm: u64,
    /// Uses as a scalar double less uses as anything else.
    pub(super) scalar: [i32; 16],
    /// There is floating point.
    pub(super) fp: bool,
}

impl Usage {
    /// Everything either does.
    pub(super) fn merge(&mut self, other: &Usage) {
        self.used |= other.used;
        self.written |= other.written;
        self.used_xmm |= other.used_xmm;
        self.written_xmm |= other.written_xmm;
        (0..16).for_each(|r| self.scalar[r] += other.scalar[r]);
        self.fp |= other.fp;
    }
    /// Xmm registers that are best kept as a double and the rest.
    pub(super) fn halved(&self) -> u16 {
        (0..16).filter(|&r| self.scalar[r] > 0).fold(0, |mask, r| mask | 1 << r)
    }
}

/// A set of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Dirty {
    pub(super) gpr: u32,
    pub(super) xmm: u64,
}

impl Dirty {
    /// Those of both.
    pub(super) fn or(self, other: Dirty) -> Dirty {
        Dirty { gpr: self.gpr | other.gpr, xmm: self.xmm | other.xmm }
    }
}

/// Which local holds which register.
#[derive(Clone)]
pub(super) struct Layout {
    pub(super) gpr: [u32; GPRS as usize],
    /// The v128 local, or the f64 one of the low half followed in `high`.
    pub(super) xmm: [u32; VECTORS as usize],
    pub(super) high: [u32; 16],
    pub(super) halved: u16,
    /// Types of these locals, and the first local behind them.
    pub(super) types: Vec<ValType>,
    pub(super) free: u32,
}

impl Layout {
    /// Locals for the registers that are used, and no others.
    pub(super) fn new(usage: &Usage) -> Layout {
        let mut layout = Layout {
            gpr: [0; GPRS as usize],
            xmm: [0; VECTORS as usize],
            high: [0; 16],
            halved: usage.halved(),
            types: Vec::new(),
            free: 0,
        };
        for r in 0..GPRS as usize {
            if usage.used >> r & 1 != 0 {
                layout.gpr[r] = layout.add(ValType::I64);
            }
        }
        for r in 0..VECTORS as usize {
            if usage.used_xmm >> r & 1 != 0 {
                let halved = r < 16 && layout.halved >> r & 1 != 0;
                layout.xmm[r] = layout.add(if halved { ValType::F64 } else { ValType::V128 });
                if halved {
                    layout.high[r] = layout.add(ValType::I64);
                }
            }
        }
        layout.free = local::REGISTERS + layout.types.len() as u32;
        layout
    }
    fn add(&mut self, ty: ValType) -> u32 {
        self.types.push(ty);
        local::REGISTERS + self.types.len() as u32 - 1
    }
}

/// Temporaries of one type: taken in turn, all given back at the end of an instruction.
#[derive(Default)]
struct Pool {
    locals: Vec<u32>,
    used: usize,
}

/// What is known of the flags at this point of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// This operation of this width.
    Op(FlagOp, Width),
    /// Nothing: another block decided.
    Nothing,
}

/// How an instruction ended its block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// Not at all.
    Next,
    /// `jump`.
    Jump,
    /// `jump_if` with its condition.
    Branch(B),
    /// `jump_to` with the address.
    To(V),
    /// The function was left.
    Left,
}

/// Flags that are not in the CPU yet: the operation they follow from, its operands in locals of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Pending {
    pub(super) op: FlagOp,
    pub(super) w: Width,
    pub(super) a: V,
    pub(super) b: V,
    pub(super) res: V,
}

/// What happens to the flags in a block, in order: which writes nobody reads follows from it. An exit for the interpreter
/// is no reader: it goes on with the code behind it, which does not read them either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// The instruction with this number writes all of them.
    Write(u32),
    /// It writes some, or perhaps.
    Partial(u32),
    /// They are read, or control goes where they may be.
    Read,
}

/// The writer of one function's body.
pub(super) struct Lower<'a> {
    pub(super) link: &'a Link<'a>,
    pub(super) bytes: Vec<u8>,
    pub(super) layout: Layout,
    pub(super) usage: Usage,
    /// Types of the locals from `layout.free` on.
    pub(super) temporaries: Vec<ValType>,
    pools: [Pool; 6],
    /// Open blocks between here and the function's exits.
    pub(super) depth: u32,
    pub(super) flags: Known,
    pub(super) end: End,
    /// A word of the current instruction has no lowering.
    pub(super) failed: bool,
    /// Offset of the current instruction from the region's first page, and of the next one.
    pub(super) at: i64,
    pub(super) next: i64,
    pub(super) mn: Mn,
    /// Open `when`s.
    pub(super) conditional: u32,
    /// The current instruction wants 8 bytes of memory as a double.
    pub(super) wants_double: bool,
    /// MXCSR was looked at in this block.
    pub(super) fp_checked: bool,
    /// Registers whose locals may be newer than the CPU's.
    pub(super) dirty: Dirty,
    /// The CPU was made current in this block.
    pub(super) spilled: bool,
    pub(super) roots: Roots,
    /// Memory checks of the block: being gathered on trial, used afterwards.
    pub(super) groups: Groups,
    pub(super) events: Vec<Event>,
    /// Number of the instruction in its block, and those whose flags nobody reads.
    number: u32,
    pub(super) dead_flags: Vec<bool>,
    /// Bytes of the machine's stack that a call of the function is charged.
    pub(super) frame: i32,
    /// Flags set in this block that have readers.
    pub(super) pending: Option<Pending>,
    /// Locals of flag operands by place and type, as they were needed.
    kept: [[Option<u32>; 4]; 3],
    last_set: Option<LastSet>,
}

/// The last thing written was a `local.set`.
#[derive(Clone, Copy)]
struct LastSet {
    start: usize,
    end: usize,
    local: u32,
}

/// Pool of temporaries by type; the last one is for addresses that live as long as their block.
const ADDRESSES: usize = 5;

impl<'a> Lower<'a> {
    pub(super) fn new(link: &'a Link<'a>, usage: Usage) -> Lower<'a> {
        Lower {
            link,
            bytes: Vec::new(),
            layout: Layout::new(&usage),
            usage,
            temporaries: Vec::new(),
            pools: Default::default(),
            depth: 0,
            flags: Known::Nothing,
            end: End::Next,
            failed: false,
            at: 0,
            next: 0,
            mn: Mn::Nop,
            conditional: 0,
            wants_double: false,
            fp_checked: false,
            dirty: Dirty::default(),
            spilled: false,
            roots: Roots::default(),
            groups: Groups::default(),
            events: Vec::new(),
            number: 0,
            dead_flags: Vec::new(),
            frame: 0,
            pending: None,
            kept: [[None; 4]; 3],
            last_set: None,
        }
    }

    /// One for trials: whatever is used has a local.
    pub(super) fn trial(link: &'a Link<'a>) -> Lower<'a> {
        let all = Usage { used: (1 << GPRS) - 1, used_xmm: (1 << VECTORS) - 1, ..Usage::default() };
        let mut lower = Lower::new(link, all);
        lower.usage = Usage::default();
        lower.groups = Groups::gathering();
        lower
    }

    pub(super) fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// Starts a block that knows this of the flags, with registers that the CPU has not got.
    pub(super) fn start_block(&mut self, flags: Known, dirty: Dirty) {
        self.flags = flags;
        self.dirty = dirty;
        self.spilled = false;
        self.pending = None;
        self.roots = Roots::default();
        self.events.clear();
        self.number = 0;
        self.fp_checked = false;
        self.end = End::Next;
        self.pools[ADDRESSES].used = 0;
    }

    /// Lowers one instruction whose first byte is at `at` (from the region's first page). If it has no lowering, a call
    /// does it.
    pub(super) fn insn(&mut self, at: i64, insn: &Insn, meaning: Meaning<Self>) {
        self.at = at;
        self.next = at + insn.len as i64;
        self.mn = insn.mn;
        self.end = End::Next;
        self.pools[..ADDRESSES].iter_mut().for_each(|pool| pool.used = 0);
        self.roots.forget_values();
        self.failed = false;
        self.number += 1;
        let is_double = self.note_scalar(insn);
        self.wants_double = is_double || matches!(insn.dst(), Operand::Xmm(r) if self.is_halved(r));
        let (mark, usage, fp_checked) = (self.bytes.len(), self.usage, self.fp_checked);
        let (flags, pending, dirty) = (self.flags, self.pending, self.dirty);
        let (roots, events) = (self.roots.clone(), self.events.len());
        let done = match self.special(insn) {
            Some(done) => done,
            None => avx::run(self, insn, meaning),
        };
        if done.is_err() || self.failed {
            self.bytes.truncate(mark);
            self.last_set = None;
            self.conditional = 0;
            self.events.truncate(events);
            (self.flags, self.pending, self.dirty) = (flags, pending, dirty);
            (self.usage, self.roots, self.fp_checked) = (usage, roots, fp_checked);
            self.groups.forget_since(self.number);
            self.step();
        }
        self.groups.commit();
    }

    /// Counts a use of xmm registers as scalar doubles or otherwise; true if it is the former.
    fn note_scalar(&mut self, insn: &Insn) -> bool {
        let same = insn.first() == insn.src();
        let score = match insn.mn {
            Mn::Addsd | Mn::Subsd | Mn::Mulsd | Mn::Divsd | Mn::Sqrtsd | Mn::Minsd | Mn::Maxsd => 2,
            Mn::MovsdXmm | Mn::Ucomisd | Mn::Comisd | Mn::Cvtsi2sd | Mn::Cvttsd2si | Mn::Cvtsd2si => 2,
            Mn::Cvtss2sd => 2,
            Mn::Movapd | Mn::Movaps | Mn::Movdqa | Mn::Movq => 0,
            Mn::Pxor | Mn::Xorps | Mn::Xorpd if same => 0,
            Mn::Andpd | Mn::Xorpd | Mn::Andnpd | Mn::Orpd | Mn::Andps | Mn::Xorps => -1,
            _ => -2,
        };
        for op in insn.ops {
            match op {
                Operand::Xmm(r) => self.usage.scalar[r as usize & 15] += score,
                Operand::Ymm(r) => self.usage.scalar[r as usize & 15] -= 2,
                _ => {}
            }
        }
        score == 2
    }

    pub(super) fn is_halved(&self, r: u8) -> bool {
        r < 16 && self.layout.halved >> r & 1 != 0
    }

    /// Leaves the function; the guest goes on at `offset` from the region's first page.
    pub(super) fn leave_at(&mut self, offset: i64, code: i32) {
        if code == EXIT_GOTO {
            self.events.push(Event::Read);
        }
        self.write_pending();
        let depth = self.depth;
        let mut sink = self.sink();
        if code == EXIT_INTERPRET {
            sink.i32_const(offset as i32).local_set(local::AT).br(depth);
        } else {
            sink.local_get(local::BASE).i64_const(offset).i64_add().local_set(local::RIP);
            sink.i32_const(code).local_set(local::CODE).br(depth + 1);
        }
    }

    /// Leaves at `offset` when the budget is used up. For loop headers.
    pub(super) fn check_budget(&mut self, offset: i64) {
        self.sink().local_get(local::BUDGET).i64_const(0).i64_lt_s().if_(BlockType::Empty);
        self.depth += 1;
        self.leave_at(offset, EXIT_BUDGET);
        self.depth -= 1;
        self.sink().end();
    }

    fn pool_of(ty: ValType) -> usize {
        match ty {
            ValType::I32 => 0,
            ValType::I64 => 1,
            ValType::F32 => 2,
            ValType::F64 => 3,
            _ => 4,
        }
    }

    pub(super) fn temporary(&mut self, ty: ValType) -> u32 {
        self.take(Self::pool_of(ty), ty)
    }

    /// An i32 local that keeps its value to the end of the block.
    pub(super) fn address_local(&mut self) -> u32 {
        self.take(ADDRESSES, ValType::I32)
    }

    /// The local for a flag operand (0 first, 1 second, 2 result) that outlives its instruction.
    pub(super) fn kept_local(&mut self, place: usize, ty: ValType) -> u32 {
        let next = self.layout.free + self.temporaries.len() as u32;
        let slot = &mut self.kept[place][Self::pool_of(ty)];
        if slot.is_none() {
            self.temporaries.push(ty);
        }
        *slot.get_or_insert(next)
    }

    fn take(&mut self, pool: usize, ty: ValType) -> u32 {
        let (pool, temporaries) = (&mut self.pools[pool], &mut self.temporaries);
        if pool.used == pool.locals.len() {
            pool.locals.push(self.layout.free + temporaries.len() as u32);
            temporaries.push(ty);
        }
        pool.used += 1;
        pool.locals[pool.used - 1]
    }

    /// Pops into a local; the next `get` of it, if it follows at once, makes a `tee` of both.
    pub(super) fn set(&mut self, into: u32) {
        let start = self.bytes.len();
        self.sink().local_set(into);
        self.last_set = Some(LastSet { start, end: self.bytes.len(), local: into });
    }

    pub(super) fn get(&mut self, from: u32) {
        match self.last_set.take() {
            Some(last) if last.end == self.bytes.len() && last.local == from => {
                self.bytes.truncate(last.start);
                self.sink().local_tee(from);
            }
            _ => _ = self.sink().local_get(from),
        }
    }

    fn pop_into(&mut self, ty: ValType) -> u32 {
        let into = self.temporary(ty);
        self.set(into);
        into
    }

    /// The i64 on the stack as a value.
    pub(super) fn value(&mut self) -> V {
        V::Local(self.pop_into(ValType::I64))
    }
    /// The i32 on the stack as a value.
    pub(super) fn short(&mut self) -> V {
        V::Short(self.pop_into(ValType::I32))
    }
    /// The i32 (0 or 1) on the stack as a truth value.
    pub(super) fn truth(&mut self) -> B {
        B::Local(self.pop_into(ValType::I32))
    }
    /// The v128 on the stack as a value.
    pub(super) fn vector(&mut self) -> X {
        X::Vector(self.pop_into(ValType::V128))
    }
    /// The f64 on the stack as the low half of a value.
    pub(super) fn halves(&mut self, high: V) -> X {
        X::Halves(self.pop_into(ValType::F64), high)
    }

    /// Pushes an i64.
    pub(super) fn push(&mut self, v: V) {
        match v {
            V::Const(v) => _ = self.sink().i64_const(v as i64),
            V::Local(l) => self.get(l),
            V::Short(l) => {
                self.get(l);
                self.sink().i64_extend_i32_u();
            }
            V::Order(..) => {
                let bits = self.order_bits(v);
                self.push(bits);
            }
        }
    }
    /// Pushes the low half as an i32.
    pub(super) fn push32(&mut self, v: V) {
        match v {
            V::Const(v) => _ = self.sink().i32_const(v as i32),
            V::Local(l) => {
                self.get(l);
                self.sink().i32_wrap_i64();
            }
            V::Short(l) => self.get(l),
            V::Order(..) => {
                let bits = self.order_bits(v);
                self.push32(bits);
            }
        }
    }
    pub(super) fn push_truth(&mut self, b: B) {
        match b {
            B::Const(b) => _ = self.sink().i32_const(b as i32),
            B::Local(l) => self.get(l),
        }
    }
    /// Pushes a v128.
    pub(super) fn push_x(&mut self, x: X) {
        match x {
            X::Const(low, high) => _ = self.sink().v128_const((high as i128) << 64 | low as i128),
            X::Vector(l) => self.get(l),
            X::Halves(low, high) => {
                self.get(low);
                self.sink().f64x2_splat();
                self.push(high);
                self.sink().i64x2_replace_lane(1);
            }
        }
    }
    /// Pushes lane 0 as an f64.
    pub(super) fn push_double(&mut self, x: X) {
        match x {
            X::Const(low, _) => _ = self.sink().f64_const(f64::from_bits(low).into()),
            X::Vector(l) => {
                self.get(l);
                self.sink().f64x2_extract_lane(0);
            }
            X::Halves(low, _) => self.get(low),
        }
    }
    /// The low half as an integer.
    pub(super) fn low_half(&mut self, x: X) -> V {
        match x {
            X::Const(low, _) => return V::Const(low),
            X::Vector(l) => {
                self.get(l);
                self.sink().i64x2_extract_lane(0);
            }
            X::Halves(low, _) => {
                self.get(low);
                self.sink().i64_reinterpret_f64();
            }
        }
        self.value()
    }
    /// The high half as an integer.
    pub(super) fn high_half(&mut self, x: X) -> V {
        match x {
            X::Const(_, high) => V::Const(high),
            X::Vector(l) => {
                self.get(l);
                self.sink().i64x2_extract_lane(1);
                self.value()
            }
            X::Halves(_, high) => high,
        }
    }

    /// Writes an instruction of the vector group.
    pub(super) fn simd(&mut self, opcode: u32) {
        self.bytes.push(0xfd);
        opcode.encode(&mut self.bytes);
    }

    /// The local of a register slot; notes the use.
    pub(super) fn slot(&mut self, r: Gpr) -> Option<u32> {
        let index = slot_index(r)?;
        self.usage.used |= 1 << index;
        Some(self.layout.gpr[index as usize])
    }

    /// Leaves the function at the current instruction if the i32 on the stack is not 0.
    pub(super) fn leave_if(&mut self, code: i32) {
        self.sink().if_(BlockType::Empty);
        self.depth += 1;
        let at = self.at;
        self.leave_at(at, code);
        self.depth -= 1;
        self.sink().end();
    }

    /// True if nobody reads the flags that the current instruction sets.
    pub(super) fn flags_are_dead(&self) -> bool {
        self.dead_flags.get(self.number as usize).copied().unwrap_or(false)
    }
    /// Notes that the current instruction sets all flags.
    pub(super) fn note_flags_written(&mut self) {
        let some = self.conditional > 0 || self.keeps_carry();
        let event = if some { Event::Partial(self.number) } else { Event::Write(self.number) };
        self.events.push(event);
    }
    /// The current instruction reads CF only to leave it as it is.
    pub(super) fn keeps_carry(&self) -> bool {
        matches!(self.mn, Mn::Inc | Mn::Dec)
    }
    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

/// Number of a register among those with a local.
pub(super) fn slot_index(r: Gpr) -> Option<u32> {
    match r {
        Gpr(n) if n < 16 => Some(n as u32),
        Gpr::FS_BASE => Some(16),
        Gpr::GS_BASE => Some(17),
        _ => None,
    }
}

/// Which instructions' flags nobody reads: written again before anything looks, or dead behind the block.
pub(super) fn dead_flags(events: &[Event], live_behind: bool) -> Vec<bool> {
    let mut dead = Vec::new();
    let mut overwritten_by = if live_behind { None } else { Some(u32::MAX) };
    let mut note = |number: u32, by: Option<u32>| {
        if by.is_some_and(|by| by != number) {
            dead.resize(dead.len().max(number as usize + 1), false);
            dead[number as usize] = true;
        }
    };
    for event in events.iter().rev() {
        match *event {
            Event::Read => overwritten_by = None,
            Event::Partial(number) => note(number, overwritten_by),
            Event::Write(number) => {
                note(number, overwritten_by);
                overwritten_by = Some(number);
            }
        }
    }
    dead
}

/// Whether flags are read in a block before they are written as a whole; None: neither.
pub(super) fn reads_flags(events: &[Event]) -> Option<bool> {
    events.iter().find_map(|event| match event {
        Event::Read => Some(true),
        Event::Write(_) => Some(false),
        Event::Partial(_) => None,
    })
}
