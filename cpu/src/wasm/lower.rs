//! [`Emit`] that writes WebAssembly: one instruction meaning after the other becomes the body of one wasm function.
//!
//! Guest registers and the lazy flags live in wasm locals over the whole function; `region` wraps the body into a prologue
//! that loads them and an epilogue that stores them. A memory miss, an instruction that has no lowering and the end of the
//! budget leave the function with exact state (never a call inside a loop: it would spill every local), and the
//! interpreter goes on at `rip`. Temporaries live for one instruction, so their locals are used again by the next.

use super::region::{EXIT_BUDGET, EXIT_INTERPRET};
use crate::Gpr;
use crate::emit::Done;
use crate::flags::FlagOp;
use crate::insn::{Insn, Width};
use crate::mem::entry;
use alloc::vec::Vec;
use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget, ValType};

/// An integer: known now, or in an i64 local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum V {
    Const(u64),
    Local(u32),
}

/// A truth value: known now, or 0 / 1 in an i32 local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum B {
    Const(bool),
    Local(u32),
}

/// 128 bits in a v128 local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct X(pub(super) u32);

/// A checked host address in an i32 local.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct M(pub(super) u32);

/// The instruction has no lowering (yet): the interpreter does it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NoLowering;

/// Parameters and fixed locals of a region's function, in order.
pub(super) mod local {
    /// i32: address of the [`Cpu`](crate::Cpu).
    pub(in super::super) const CPU: u32 = 0;
    /// i32: address of the [`MemView`](crate::MemView) and the budget behind it.
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
    /// i64: pages in the tables.
    pub(in super::super) const LEN: u32 = 7;
    /// i64: guest address of the region's first page.
    pub(in super::super) const BASE: u32 = 8;
    /// i64: instruction budget left.
    pub(in super::super) const BUDGET: u32 = 9;
    /// i64: where to go on.
    pub(in super::super) const RIP: u32 = 10;
    /// i64: operands and result of the last flag operation.
    pub(in super::super) const FLAG_A: u32 = 11;
    /// See `FLAG_A`.
    pub(in super::super) const FLAG_B: u32 = 12;
    /// See `FLAG_A`.
    pub(in super::super) const FLAG_RES: u32 = 13;
    /// i32: the operation.
    pub(in super::super) const FLAG_OP: u32 = 14;
    /// i64: the 16 general-purpose registers, then FS and GS base.
    pub(in super::super) const GPR: u32 = 15;
    /// v128: the 16 xmm registers.
    pub(in super::super) const XMM: u32 = GPR + 18;
    /// First temporary.
    pub(in super::super) const FREE: u32 = XMM + 16;
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
    /// The function was left.
    Left,
}

/// The writer of one function's body.
pub(super) struct Lower {
    pub(super) bytes: Vec<u8>,
    /// Types of the locals from `local::FREE` on.
    pub(super) temporaries: Vec<ValType>,
    pools: [Pool; 3],
    /// Open blocks between here and the function's exit block.
    pub(super) depth: u32,
    pub(super) flags: Known,
    pub(super) end: End,
    /// A word of the current instruction has no lowering.
    pub(super) failed: bool,
    /// Offset of the current instruction from the region's first page, and of the next one.
    pub(super) at: i64,
    pub(super) next: i64,
    pub(super) used: u32,
    pub(super) written: u32,
    pub(super) used_xmm: u16,
    pub(super) written_xmm: u16,
}

impl Lower {
    pub(super) fn new() -> Lower {
        Lower {
            bytes: Vec::new(),
            temporaries: Vec::new(),
            pools: Default::default(),
            depth: 0,
            flags: Known::Nothing,
            end: End::Next,
            failed: false,
            at: 0,
            next: 0,
            used: 0,
            written: 0,
            used_xmm: 0,
            written_xmm: 0,
        }
    }

    pub(super) fn sink(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// Lowers one instruction whose first byte is at `at` (from the region's first page). If it has no lowering, the
    /// code leaves the function at it.
    pub(super) fn insn(&mut self, at: i64, insn: &Insn, meaning: impl FnOnce(&mut Lower, &Insn) -> Done<Lower>) {
        self.at = at;
        self.next = at + insn.len as i64;
        self.end = End::Next;
        self.pools.iter_mut().for_each(|pool| pool.used = 0);
        self.failed = false;
        let (mark, flags) = (self.bytes.len(), self.flags);
        if meaning(self, insn).is_err() || self.failed {
            self.bytes.truncate(mark);
            self.flags = flags;
            self.leave_at(at, EXIT_INTERPRET);
            self.end = End::Left;
        }
    }

    /// Leaves the function; the guest goes on at `offset` from the region's first page.
    pub(super) fn leave_at(&mut self, offset: i64, code: i32) {
        let depth = self.depth;
        let mut sink = self.sink();
        sink.local_get(local::BASE).i64_const(offset).i64_add().local_set(local::RIP);
        sink.i32_const(code).local_set(local::CODE).br(depth);
    }

    /// Charges `cost` instructions and leaves at `offset` when the budget is used up. For loop headers.
    pub(super) fn charge(&mut self, offset: i64, cost: u32) {
        self.sink().local_get(local::BUDGET).i64_const(cost as i64).i64_sub().local_tee(local::BUDGET);
        self.sink().i64_const(0).i64_lt_s().if_(BlockType::Empty);
        self.depth += 1;
        self.leave_at(offset, EXIT_BUDGET);
        self.depth -= 1;
        self.sink().end();
    }

    pub(super) fn temporary(&mut self, ty: ValType) -> u32 {
        let pool = match ty {
            ValType::I32 => 0,
            ValType::I64 => 1,
            _ => 2,
        };
        let (pool, temporaries) = (&mut self.pools[pool], &mut self.temporaries);
        if pool.used == pool.locals.len() {
            pool.locals.push(local::FREE + temporaries.len() as u32);
            temporaries.push(ty);
        }
        pool.used += 1;
        pool.locals[pool.used - 1]
    }

    /// The i64 on the stack as a value.
    pub(super) fn value(&mut self) -> V {
        let into = self.temporary(ValType::I64);
        self.sink().local_set(into);
        V::Local(into)
    }
    /// The i32 (0 or 1) on the stack as a truth value.
    pub(super) fn truth(&mut self) -> B {
        let into = self.temporary(ValType::I32);
        self.sink().local_set(into);
        B::Local(into)
    }
    /// The v128 on the stack as a value.
    pub(super) fn vector(&mut self) -> X {
        let into = self.temporary(ValType::V128);
        self.sink().local_set(into);
        X(into)
    }
    pub(super) fn push(&mut self, v: V) {
        let mut sink = self.sink();
        match v {
            V::Const(v) => sink.i64_const(v as i64),
            V::Local(l) => sink.local_get(l),
        };
    }
    pub(super) fn push_truth(&mut self, b: B) {
        let mut sink = self.sink();
        match b {
            B::Const(b) => sink.i32_const(b as i32),
            B::Local(l) => sink.local_get(l),
        };
    }
    pub(super) fn push_x(&mut self, x: X) {
        self.sink().local_get(x.0);
    }
    /// Cuts the i64 on the stack to `w`.
    pub(super) fn cut(&mut self, w: Width) {
        if w != Width::W64 {
            self.sink().i64_const(w.mask() as i64).i64_and();
        }
    }
    /// Sign-extends the i64 on the stack from `w`.
    pub(super) fn extend(&mut self, w: Width) {
        let mut sink = self.sink();
        match w {
            Width::W8 => sink.i64_extend8_s(),
            Width::W16 => sink.i64_extend16_s(),
            Width::W32 => sink.i64_extend32_s(),
            Width::W64 => return,
        };
    }

    /// A binary i64 operation, folded when both sides are known.
    pub(super) fn binary(
        &mut self,
        w: Width,
        a: V,
        b: V,
        fold: impl FnOnce(u64, u64) -> u64,
        op: impl for<'s, 't> FnOnce(&'s mut InstructionSink<'t>) -> &'s mut InstructionSink<'t>,
        cut: bool,
    ) -> V {
        if let (V::Const(a), V::Const(b)) = (a, b) {
            return V::Const(w.trunc(fold(a, b)));
        }
        self.push(a);
        self.push(b);
        op(&mut self.sink());
        if cut {
            self.cut(w);
        }
        self.value()
    }

    /// The i64 local of a register slot; notes the use.
    pub(super) fn slot(&mut self, r: Gpr) -> Option<u32> {
        let index = match r {
            Gpr(n) if n < 16 => n as u32,
            Gpr::FS_BASE => 16,
            Gpr::GS_BASE => 17,
            _ => return None,
        };
        self.used |= 1 << index;
        Some(local::GPR + index)
    }

    /// Turns a guest address into a checked host address (scheme F, `crate::mem`), or leaves the function.
    pub(super) fn host(&mut self, addr: V, bytes: u32, table: u32, code: i32) -> M {
        let (page, entry, host) =
            (self.temporary(ValType::I64), self.temporary(ValType::I32), self.temporary(ValType::I32));
        self.push(addr);
        self.sink().i64_const(12).i64_shr_u().local_tee(page).local_get(local::LEN).i64_ge_u();
        self.leave_if(code);
        self.sink().local_get(page).i32_wrap_i64().i32_const(2).i32_shl().local_get(table).i32_add();
        self.sink()
            .i32_load(MemArg { offset: 0, align: 2, target: MemArgTarget::Memory(0), ordering: None })
            .local_tee(entry);
        self.sink().i32_const((entry::DENY | entry::SPLIT) as i32).i32_and().if_(BlockType::Empty);
        self.depth += 1;
        self.sink().local_get(entry).i32_const(entry::DENY as i32).i32_and();
        self.leave_if(code);
        if bytes > 1 {
            self.push(addr);
            self.sink().i32_wrap_i64().i32_const(0xfff).i32_and().i32_const(4096 - bytes as i32).i32_gt_u();
            self.leave_if(code);
        }
        self.sink().local_get(entry).i32_const(!0xfff).i32_and().local_set(entry);
        self.depth -= 1;
        self.sink().end();
        self.push(addr);
        self.sink().i32_wrap_i64().local_get(entry).i32_add().local_set(host);
        M(host)
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

    pub(super) fn load_host(&mut self, w: Width, host: M) -> V {
        let arg = MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(0), ordering: None };
        self.sink().local_get(host.0);
        let mut sink = self.sink();
        match w {
            Width::W8 => sink.i64_load8_u(arg),
            Width::W16 => sink.i64_load16_u(arg),
            Width::W32 => sink.i64_load32_u(arg),
            Width::W64 => sink.i64_load(arg),
        };
        self.value()
    }

    pub(super) fn store_host(&mut self, w: Width, host: M, v: V) {
        let arg = MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(0), ordering: None };
        self.sink().local_get(host.0);
        self.push(v);
        let mut sink = self.sink();
        match w {
            Width::W8 => sink.i64_store8(arg),
            Width::W16 => sink.i64_store16(arg),
            Width::W32 => sink.i64_store32(arg),
            Width::W64 => sink.i64_store(arg),
        };
    }
}
