//! Values between the words: wasm's stack and the locals of temporaries.

use super::lower::{B, Lower, V, X};
use alloc::vec::Vec;
use wasm_encoder::{Encode, ValType};

/// Temporaries of one type: taken in turn, all given back at the end of an instruction.
#[derive(Default)]
pub(super) struct Pool {
    pub(super) locals: Vec<u32>,
    pub(super) used: usize,
}

/// The last thing written was a `local.set`.
#[derive(Clone, Copy)]
pub(super) struct LastSet {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) local: u32,
}

/// Pool of temporaries by type; the last one is for addresses, which live longer than an instruction.
pub(super) const ADDRESSES: usize = 5;

impl Lower<'_> {
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

    /// An i32 local that keeps its value as long as a group of memory accesses names it.
    pub(super) fn address_local(&mut self) -> u32 {
        let pool = &mut self.pools[ADDRESSES];
        if let Some(&local) = pool.locals.iter().find(|&&local| !self.groups.holds_local(local)) {
            return local;
        }
        pool.used = pool.locals.len();
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
}
