//! [`Emit`] that writes WebAssembly: one instruction meaning after the other becomes the body of one wasm function.
//!
//! Guest registers live in wasm locals over the whole function, the flags as the operands they follow from. A register is
//! loaded where it is wanted (`liveness`) and spilled on every way out that it may be newer on. A memory miss and the end
//! of the budget leave the function with exact state (never a call inside a loop: it would spill every local), and the
//! interpreter goes on at `rip`; an instruction without lowering is done by a call ([`Lower::step`]). Temporaries live for
//! one instruction, so their locals are used again by the next. A block is lowered on trial before: what it uses, which
//! memory checks can be one, which flags nobody sees is known when it is written.

use super::liveness::Touch;
use super::memory::{Group, Groups, Roots};
use super::region::{EXIT_BUDGET, EXIT_GOTO, EXIT_INTERPRET, Link};
use super::values::{ADDRESSES, LastSet, Pool};
use crate::Gpr;
use crate::flags::FlagOp;
use crate::fp::FpType;
use crate::insn::{Insn, Mn, Operand, Width};
use crate::isa::avx;
use crate::isa::table::Meaning;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, InstructionSink, ValType};

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
    /// i32: bytes of the machine's stack that calls may still take.
    pub(in super::super) const STACK: u32 = 8;
    /// i64: pages in the tables.
    pub(in super::super) const LEN: u32 = 9;
    /// i64: guest address of the region's first page.
    pub(in super::super) const BASE: u32 = 10;
    /// i64: instruction budget left.
    pub(in super::super) const BUDGET: u32 = 11;
    /// i64: where to go on.
    pub(in super::super) const RIP: u32 = 12;
    /// i64: where an indirect jump goes, as an offset from the first page.
    pub(in super::super) const TARGET: u32 = 13;
    /// First local of the registers.
    pub(in super::super) const REGISTERS: u32 = 14;
    /// The fixed locals that are no parameters.
    pub(in super::super) const FIXED: [(u32, ValType); 2] = [(6, ValType::I32), (5, ValType::I64)];
}

/// Registers by number as bits of masks: 16 general-purpose ones, FS and GS base.
pub(super) const GPRS: u32 = 18;
/// Vectors of 128 bits: lower halves of the ymm registers, upper halves, and four that live within an instruction.
pub(super) const VECTORS: u32 = 36;
/// Those of them that outlive an instruction.
pub(super) const KEPT: u32 = 32;

/// What a region does with registers; gathered on trial, the same for the whole function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Usage {
    /// Registers read or written.
    pub(super) used: Regs,
    /// Uses as a scalar double less uses as anything else.
    pub(super) scalar: [i32; 16],
    /// There is floating point.
    pub(super) fp: bool,
}

impl Usage {
    /// Everything either does.
    pub(super) fn merge(&mut self, other: &Usage) {
        self.used = self.used.or(other.used);
        (0..16).for_each(|r| self.scalar[r] += other.scalar[r]);
        self.fp |= other.fp;
    }
    /// Xmm registers that are best kept as a double and the rest.
    pub(super) fn halved(&self) -> u16 {
        (0..16).filter(|&r| self.scalar[r] > 0).fold(0, |mask, r| mask | 1 << r)
    }
}

/// A set of registers, by the numbers of [`slot_index`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Regs {
    pub(super) gpr: u32,
    pub(super) xmm: u64,
}

impl Regs {
    /// None.
    pub(super) const NONE: Regs = Regs { gpr: 0, xmm: 0 };
    /// All there are.
    pub(super) const ALL: Regs = Regs { gpr: (1 << GPRS) - 1, xmm: (1 << VECTORS) - 1 };

    /// A general-purpose register by its number.
    pub(super) fn gpr(index: u32) -> Regs {
        Regs { gpr: 1 << index, xmm: 0 }
    }
    /// A vector of 128 bits, by its number for [`Emit`](crate::emit::Emit).
    pub(super) fn xmm(r: u8) -> Regs {
        Regs { gpr: 0, xmm: 1 << r }
    }
    /// Those that outlive an instruction.
    fn kept(self) -> Regs {
        Regs { xmm: self.xmm & ((1 << KEPT) - 1), ..self }
    }
    /// Those of both.
    pub(super) fn or(self, other: Regs) -> Regs {
        Regs { gpr: self.gpr | other.gpr, xmm: self.xmm | other.xmm }
    }
    /// Those that the other has not.
    pub(super) fn without(self, other: Regs) -> Regs {
        Regs { gpr: self.gpr & !other.gpr, xmm: self.xmm & !other.xmm }
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
            if usage.used.gpr >> r & 1 != 0 {
                layout.gpr[r] = layout.add(ValType::I64);
            }
        }
        for r in 0..VECTORS as usize {
            if usage.used.xmm >> r & 1 != 0 {
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

/// What is known of the flags at this point of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Known {
    /// This operation of this width.
    Op(FlagOp, Width),
    /// Nothing: another block decided.
    #[default]
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

/// What a block leaves to the blocks that only it leads to.
#[derive(Clone, Default)]
pub(super) struct Legacy {
    roots: Roots,
    groups: Vec<Group>,
    pending: Option<Pending>,
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
    pub(super) pools: [Pool; 6],
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
    /// MXCSR is known to be as it mostly is.
    pub(super) fp_checked: bool,
    /// What is done with registers in this block, in order.
    pub(super) touches: Vec<Touch>,
    /// Registers to load behind instructions that the interpreter does, by their number in the block.
    pub(super) behind_steps: Vec<(u32, Regs)>,
    /// Registers to load behind the call that ends the block, and whether MXCSR is looked at there.
    pub(super) behind_call: (Regs, bool),
    /// The depth at which ways out of the current instruction meet, and whether there are any.
    handler: Option<u32>,
    leaves: bool,
    /// On trial: the current instruction may turn out to be the interpreter's.
    pub(super) may_step: bool,
    /// Registers whose locals may be newer than the CPU's.
    pub(super) dirty: Regs,
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
    pub(super) kept: [[Option<u32>; 4]; 3],
    pub(super) last_set: Option<LastSet>,
}

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
            touches: Vec::new(),
            behind_steps: Vec::new(),
            behind_call: (Regs::NONE, false),
            handler: None,
            leaves: false,
            may_step: false,
            dirty: Regs::default(),
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
        let all = Usage { used: Regs::ALL, ..Usage::default() };
        let mut lower = Lower::new(link, all);
        lower.usage = Usage::default();
        lower.groups = Groups::gathering();
        lower
    }

    pub(super) fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// Starts a block that knows this of the flags, with registers that the CPU has not got.
    pub(super) fn start_block(&mut self, flags: Known, dirty: Regs) {
        self.flags = flags;
        self.dirty = dirty;
        self.pending = None;
        self.roots = Roots::default();
        self.events.clear();
        self.touches.clear();
        self.number = 0;
        self.fp_checked = false;
        self.end = End::Next;
    }

    /// What holds at the end of a block, for blocks that nothing else leads to.
    pub(super) fn legacy(&self) -> Legacy {
        Legacy { roots: self.roots.clone(), groups: self.groups.legacy(), pending: self.pending }
    }

    /// The current block begins where another one ends.
    pub(super) fn inherit(&mut self, legacy: &Legacy) {
        self.roots.clone_from(&legacy.roots);
        self.groups.inherit(&legacy.groups);
        self.pending = legacy.pending;
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
        let (roots, events, touches) = (self.roots.clone(), self.events.len(), self.touches.len());
        // All ways out of an instruction meet behind it: whatever leaves has changed nothing yet.
        self.sink().block(BlockType::Empty).block(BlockType::Empty);
        let (depth, head) = (self.depth, self.bytes.len() - mark);
        self.depth += 2;
        (self.handler, self.leaves, self.may_step) = (Some(self.depth), false, false);
        let done = match self.special(insn) {
            Some(done) => done,
            None => avx::run(self, insn, meaning),
        };
        self.depth = depth;
        self.handler = None;
        if done.is_err() || self.failed {
            self.bytes.truncate(mark);
            self.last_set = None;
            self.conditional = 0;
            self.events.truncate(events);
            self.touches.truncate(touches);
            (self.flags, self.pending, self.dirty) = (flags, pending, dirty);
            (self.usage, self.roots, self.fp_checked) = (usage, roots, fp_checked);
            self.groups.forget_since(self.number);
            self.step();
            self.groups.commit();
            return;
        }
        if self.leaves || self.may_step {
            self.touches.insert(touches, Touch::Exit);
        }
        if self.leaves {
            self.sink().br(1).end();
            self.depth += 1;
            let after = (self.pending, self.dirty);
            (self.pending, self.dirty) = (pending, dirty);
            self.leave_at(at, EXIT_INTERPRET);
            self.touches.pop();
            (self.pending, self.dirty) = after;
            self.depth = depth;
            self.sink().end();
            self.last_set = None;
        } else {
            self.bytes.drain(mark..mark + head);
            if let Some(last) = self.last_set.as_mut().filter(|last| last.start >= mark + head) {
                (last.start, last.end) = (last.start - head, last.end - head);
            }
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
        if let Some(handler) = self.handler {
            // Within an instruction: to do it on the interpreter.
            self.leaves = true;
            let depth = self.depth - handler;
            self.sink().br(depth);
            return;
        }
        if code == EXIT_GOTO {
            self.events.push(Event::Read);
        }
        self.write_out();
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

    /// The local of a register slot that is read.
    pub(super) fn slot(&mut self, r: Gpr) -> Option<u32> {
        let index = slot_index(r)?;
        self.touch(Touch::Use, Regs::gpr(index));
        Some(self.layout.gpr[index as usize])
    }

    /// Notes what happens to registers.
    pub(super) fn touch(&mut self, how: fn(Regs) -> Touch, regs: Regs) {
        self.usage.used = self.usage.used.or(regs);
        self.touches.push(how(regs.kept()));
    }

    /// Notes that registers are written: as a whole, or so that something of them stays.
    pub(super) fn touch_written(&mut self, regs: Regs, whole: bool) {
        self.dirty = self.dirty.or(regs.kept());
        self.touch(if whole && self.conditional == 0 { Touch::Write } else { Touch::Change }, regs);
    }

    /// Leaves the function at the current instruction if the i32 on the stack is not 0.
    pub(super) fn leave_if(&mut self, code: i32) {
        if let Some(handler) = self.handler {
            // A `br_if` to where several come together would have its moves on the straight way.
            self.leaves = true;
            let depth = self.depth + 1 - handler;
            self.sink().if_(BlockType::Empty).br(depth).end();
            return;
        }
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
