//! The words in which instruction meanings (`isa`) are written.
//!
//! A meaning is an ordinary generic function over [`Emit`]. `interp` runs it on values, `wasm` writes code from it, the
//! recorder of the tests notes what it touches. Ordinary `if` in a meaning is for what decoding knows (widths, operand
//! kinds); on guest values there are [`Emit::select`] and [`Emit::when`].
//!
//! The one rule: whatever can fault or trap comes before the first visible change, so that a fault leaves the state of
//! the instruction's start.

use crate::flags::{Flag, FlagOp};
use crate::fp::{FpCvt, FpOp, FpType, Lanes};
use crate::insn::{Cond, Insn, Mem, Operand, Vex, Width};
use crate::vec::{Shape, VBin, VShift, VUn};
use crate::{Cpu, Exception, Exit, Gpr, Guest};

/// What a meaning returns.
pub type Done<E> = Result<(), <E as Emit>::Trap>;

/// Rare and heavy instructions are plain functions, reached by [`Emit::call`]. They may change `cpu` only when they
/// succeed, and find `cpu.rip` at the next instruction.
pub type Helper = fn(&mut Cpu, &Insn, &mut Guest<'_>) -> Result<(), Exit>;

/// An operand that is read and written: its address is computed once and known to be writable.
#[derive(Clone, Copy, Debug)]
pub enum Place<M> {
    /// A register.
    Reg(Gpr),
    /// ah, ch, dh, bh.
    High(Gpr),
    /// Checked memory.
    Mem(M),
}

/// A builder (or runner) of instruction meanings. Integer values are zero-extended from the width they were made with.
pub trait Emit: Sized {
    /// An integer of up to 64 bits.
    type V: Copy;
    /// A truth value.
    type B: Copy;
    /// 128 bits.
    type X: Copy;
    /// Memory that has been checked for reading and writing.
    type M: Copy;
    /// The instruction did not happen.
    type Trap;

    /// Meanings are written down, to be done many times: a longer one that calls nobody is better.
    const WRITES: bool = false;

    // ---- constants and registers

    /// A constant.
    fn imm(&mut self, v: u64) -> Self::V;
    /// The low bits of a register.
    fn reg(&mut self, w: Width, r: Gpr) -> Self::V;
    /// Writes a register: 32 bits clear the upper half, 8 and 16 keep the rest.
    fn set_reg(&mut self, w: Width, r: Gpr, v: Self::V);
    /// Bits 8..15 of a register.
    fn reg_high(&mut self, r: Gpr) -> Self::V;
    /// Writes bits 8..15 of a register.
    fn set_reg_high(&mut self, r: Gpr, v: Self::V);

    // ---- memory

    /// The offset of a memory operand, without its segment (`lea`).
    fn offset(&mut self, m: &Mem) -> Self::V;
    /// The address of a memory operand.
    fn addr(&mut self, m: &Mem) -> Self::V;
    /// Reads memory.
    fn load_at(&mut self, w: Width, addr: Self::V) -> Result<Self::V, Self::Trap>;
    /// Writes memory.
    fn store_at(&mut self, w: Width, addr: Self::V, v: Self::V) -> Done<Self>;
    /// Checks memory for a read followed by a write.
    fn check_write(&mut self, w: Width, addr: Self::V) -> Result<Self::M, Self::Trap>;
    /// Reads checked memory.
    fn get(&mut self, w: Width, m: Self::M) -> Self::V;
    /// Writes checked memory.
    fn put(&mut self, w: Width, m: Self::M, v: Self::V);

    // ---- integers; results are cut to `w`, shift counts must be below its bits

    /// a + b.
    fn add(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::V;
    /// a - b.
    fn sub(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::V;
    /// a * b, low half.
    fn mul(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::V;
    /// High half of the unsigned product.
    fn mul_hi_u(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::V;
    /// High half of the signed product.
    fn mul_hi_s(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::V;
    /// a & b.
    fn and(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// a | b.
    fn or(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// a ^ b.
    fn xor(&mut self, a: Self::V, b: Self::V) -> Self::V;
    /// a << n.
    fn shl(&mut self, w: Width, a: Self::V, n: Self::V) -> Self::V;
    /// a >> n, zeros in.
    fn shr(&mut self, w: Width, a: Self::V, n: Self::V) -> Self::V;
    /// a >> n, sign in.
    fn sar(&mut self, w: Width, a: Self::V, n: Self::V) -> Self::V;
    /// Rotate left.
    fn rol(&mut self, w: Width, a: Self::V, n: Self::V) -> Self::V;
    /// Rotate right.
    fn ror(&mut self, w: Width, a: Self::V, n: Self::V) -> Self::V;
    /// The low `w` bits.
    fn zext(&mut self, w: Width, a: Self::V) -> Self::V;
    /// The low `from` bits, sign-extended to `to`.
    fn sext(&mut self, from: Width, to: Width, a: Self::V) -> Self::V;
    /// Leading zeros within `w`; `w` bits for 0.
    fn clz(&mut self, w: Width, a: Self::V) -> Self::V;
    /// Trailing zeros; `w` bits for 0.
    fn ctz(&mut self, w: Width, a: Self::V) -> Self::V;
    /// Ones.
    fn popcnt(&mut self, a: Self::V) -> Self::V;

    // ---- truth

    /// a == b.
    fn eq(&mut self, a: Self::V, b: Self::V) -> Self::B;
    /// a < b, unsigned.
    fn ult(&mut self, a: Self::V, b: Self::V) -> Self::B;
    /// a < b, signed.
    fn slt(&mut self, w: Width, a: Self::V, b: Self::V) -> Self::B;
    /// !a.
    fn not(&mut self, a: Self::B) -> Self::B;
    /// a and b.
    fn both(&mut self, a: Self::B, b: Self::B) -> Self::B;
    /// a or b.
    fn either(&mut self, a: Self::B, b: Self::B) -> Self::B;
    /// 1 or 0.
    fn to_int(&mut self, a: Self::B) -> Self::V;
    /// c ? a : b.
    fn select(&mut self, c: Self::B, a: Self::V, b: Self::V) -> Self::V;
    /// Does `then` if `c`. What `then` computes stays inside; registers and flags it sets come out.
    fn when(&mut self, c: Self::B, then: impl FnOnce(&mut Self) -> Done<Self>) -> Done<Self>;

    // ---- flags

    /// Records the operation the status flags follow from.
    fn set_flags(&mut self, op: FlagOp, w: Width, a: Self::V, b: Self::V, res: Self::V);
    /// One status flag.
    fn flag(&mut self, f: Flag) -> Self::B;
    /// A condition code.
    fn cond(&mut self, c: Cond) -> Self::B;
    /// The six status flags as bits of rflags.
    fn status(&mut self) -> Self::V;
    /// Sets the status flags in `mask` from the bits of `v`; the others stay.
    fn set_status(&mut self, mask: u64, v: Self::V);

    // ---- control

    /// The address of the next instruction.
    fn next_rip(&mut self, i: &Insn) -> Self::V;
    /// Goes to the next instruction plus `i.imm`.
    fn jump(&mut self, i: &Insn);
    /// Goes there if `c`.
    fn jump_if(&mut self, i: &Insn, c: Self::B);
    /// Goes to an address.
    fn jump_to(&mut self, target: Self::V);
    /// Raises an exception.
    fn trap(&mut self, x: Exception) -> Done<Self>;
    /// Leaves the engine after this instruction.
    fn leave(&mut self, why: Exit);
    /// Runs a helper.
    fn call(&mut self, i: &Insn, f: Helper) -> Done<Self>;

    // ---- vectors: the words are wasm's

    /// The low 128 bits of a vector register; from 16 on the high ones ([`UPPER`](crate::state::UPPER)).
    fn xmm(&mut self, r: u8) -> Self::X;
    /// Writes them; the other half of the ymm register stays.
    fn set_xmm(&mut self, r: u8, x: Self::X);
    /// An mmx register, zero-extended.
    fn mmx(&mut self, r: u8) -> Self::X;
    /// Writes an mmx register, with the x87 side effects of MMX (SDM Vol. 1 9.5).
    fn set_mmx(&mut self, r: u8, x: Self::X);
    /// A constant, low half first.
    fn vimm(&mut self, lo: u64, hi: u64) -> Self::X;
    /// One operand.
    fn vun(&mut self, op: VUn, a: Self::X) -> Self::X;
    /// Two operands.
    fn vbin(&mut self, op: VBin, a: Self::X, b: Self::X) -> Self::X;
    /// Shift of all lanes by one count, which is taken modulo the lane's bits.
    fn vshift(&mut self, op: VShift, a: Self::X, n: Self::V) -> Self::X;
    /// Bytes picked from a (0..15) and b (16..31).
    fn vshuffle(&mut self, lanes: [u8; 16], a: Self::X, b: Self::X) -> Self::X;
    /// (a & mask) | (b & !mask).
    fn vbitselect(&mut self, a: Self::X, b: Self::X, mask: Self::X) -> Self::X;
    /// c ? a : b.
    fn vselect(&mut self, c: Self::B, a: Self::X, b: Self::X) -> Self::X;
    /// All lanes equal `v`.
    fn vsplat(&mut self, shape: Shape, v: Self::V) -> Self::X;
    /// A lane, zero-extended.
    fn vextract(&mut self, shape: Shape, lane: u8, a: Self::X) -> Self::V;
    /// `a` with a lane replaced.
    fn vreplace(&mut self, shape: Shape, lane: u8, a: Self::X, v: Self::V) -> Self::X;
    /// The top bits of all lanes.
    fn vbitmask(&mut self, shape: Shape, a: Self::X) -> Self::V;
    /// True if any bit is set.
    fn vany(&mut self, a: Self::X) -> Self::B;
    /// Loads 4, 8 or 16 bytes, zeros above. `aligned`: #GP unless the address is a multiple of 16.
    fn vload(&mut self, bytes: u32, aligned: bool, addr: Self::V) -> Result<Self::X, Self::Trap>;
    /// Stores the low 4, 8 or 16 bytes.
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: Self::V, x: Self::X) -> Done<Self>;

    /// Loads 32 bytes, lower half first.
    fn vload_pair(&mut self, addr: Self::V) -> Result<(Self::X, Self::X), Self::Trap>;
    /// Stores 32 bytes, or nothing.
    fn vstore_pair(&mut self, addr: Self::V, low: Self::X, high: Self::X) -> Done<Self>;

    // ---- floating point: x86's rules exactly, MXCSR included

    /// Until [`Emit::fp_raise`] exceptions are collected: those of both halves of 256 bits are looked at together.
    fn fp_collect(&mut self);
    /// Raises what was collected.
    fn fp_raise(&mut self) -> Done<Self>;
    /// Arithmetic; scalar operations keep the upper lanes of `a`.
    fn fp(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: Self::X, b: Self::X) -> Result<Self::X, Self::Trap>;
    /// Conversions between vectors. Lanes that the conversion does not define come from `a`; `b` is converted.
    fn fp_convert(&mut self, op: FpCvt, a: Self::X, b: Self::X) -> Result<Self::X, Self::Trap>;
    /// Lane 0 to an integer of width `w` (cvt/cvtt sd2si, ss2si).
    fn fp_to_int(&mut self, t: FpType, w: Width, truncate: bool, x: Self::X) -> Result<Self::V, Self::Trap>;
    /// An integer of width `w` into lane 0 of `a` (cvtsi2sd, cvtsi2ss).
    fn fp_from_int(&mut self, t: FpType, w: Width, a: Self::X, v: Self::V) -> Result<Self::X, Self::Trap>;
    /// comiss & co (`quiet`: ucomiss): CF, PF, ZF as bits of rflags.
    fn fp_compare(&mut self, t: FpType, quiet: bool, a: Self::X, b: Self::X) -> Result<Self::V, Self::Trap>;

    // ---- written once on top of the above

    /// Operand value.
    #[inline(always)]
    fn read(&mut self, w: Width, i: &Insn, op: Operand) -> Result<Self::V, Self::Trap> {
        Ok(match op {
            Operand::Reg(r) => self.reg(w, r),
            Operand::High(r) => self.reg_high(r),
            Operand::Mem => {
                let addr = self.addr(&i.mem);
                self.load_at(w, addr)?
            }
            _ => self.imm(w.trunc(i.imm as u64)),
        })
    }
    /// Writes an operand that is not read.
    #[inline(always)]
    fn write(&mut self, w: Width, i: &Insn, op: Operand, v: Self::V) -> Done<Self> {
        match op {
            Operand::Reg(r) => self.set_reg(w, r, v),
            Operand::High(r) => self.set_reg_high(r, v),
            Operand::Mem => {
                let addr = self.addr(&i.mem);
                self.store_at(w, addr, v)?
            }
            _ => {}
        }
        Ok(())
    }
    /// An operand that is read and written; nothing can fail after this.
    #[inline(always)]
    fn place(&mut self, w: Width, i: &Insn, op: Operand) -> Result<Place<Self::M>, Self::Trap> {
        Ok(match op {
            Operand::Reg(r) => Place::Reg(r),
            Operand::High(r) => Place::High(r),
            _ => {
                let addr = self.addr(&i.mem);
                Place::Mem(self.check_write(w, addr)?)
            }
        })
    }
    /// Value of a place.
    #[inline(always)]
    fn load(&mut self, w: Width, p: Place<Self::M>) -> Self::V {
        match p {
            Place::Reg(r) => self.reg(w, r),
            Place::High(r) => self.reg_high(r),
            Place::Mem(m) => self.get(w, m),
        }
    }
    /// Writes a place.
    #[inline(always)]
    fn store(&mut self, w: Width, p: Place<Self::M>, v: Self::V) {
        match p {
            Place::Reg(r) => self.set_reg(w, r, v),
            Place::High(r) => self.set_reg_high(r, v),
            Place::Mem(m) => self.put(w, m, v),
        }
    }
    /// Vector operand (xmm, mmx or memory of `bytes`; general registers are zero-extended). `aligned` as in `vload`, but
    /// VEX asks for it only where the instruction is about it.
    #[inline(always)]
    fn xread(&mut self, bytes: u32, aligned: bool, i: &Insn, op: Operand) -> Result<Self::X, Self::Trap> {
        Ok(match op {
            Operand::Xmm(r) => self.xmm(r),
            Operand::Mmx(r) => self.mmx(r),
            Operand::Reg(r) => {
                let v = self.reg(Width::of_bytes(bytes), r);
                let zero = self.vimm(0, 0);
                self.vreplace(Shape::I64x2, 0, zero, v)
            }
            _ => {
                let addr = self.addr(&i.mem);
                self.vload(bytes, aligned && i.vex == Vex::None, addr)?
            }
        })
    }
    /// Writes a whole vector register, or `bytes` of memory.
    #[inline(always)]
    fn xwrite(&mut self, bytes: u32, aligned: bool, i: &Insn, op: Operand, x: Self::X) -> Done<Self> {
        match op {
            Operand::Xmm(r) => self.set_xmm(r, x),
            Operand::Mmx(r) => self.set_mmx(r, x),
            _ => {
                let addr = self.addr(&i.mem);
                self.vstore(bytes, aligned && i.vex == Vex::None, addr, x)?
            }
        }
        Ok(())
    }
    /// Size in bytes of the vector register an instruction works on: 8 for MMX, 16 for SSE.
    #[inline(always)]
    fn vector_bytes(&self, i: &Insn) -> u32 {
        if matches!(i.ops[0], Operand::Mmx(_)) || matches!(i.ops[1], Operand::Mmx(_)) { 8 } else { 16 }
    }
    /// a op b where one side is a constant, for readability.
    #[inline(always)]
    fn add_imm(&mut self, w: Width, a: Self::V, b: i64) -> Self::V {
        let b = self.imm(w.trunc(b as u64));
        self.add(w, a, b)
    }
    /// a & constant.
    #[inline(always)]
    fn and_imm(&mut self, a: Self::V, b: u64) -> Self::V {
        let b = self.imm(b);
        self.and(a, b)
    }
    /// a == 0.
    #[inline(always)]
    fn is_zero(&mut self, a: Self::V) -> Self::B {
        let zero = self.imm(0);
        self.eq(a, zero)
    }
    /// a != 0.
    #[inline(always)]
    fn is_nonzero(&mut self, a: Self::V) -> Self::B {
        let z = self.is_zero(a);
        self.not(z)
    }
    /// Bytes in reverse order.
    #[inline(always)]
    fn bswap(&mut self, w: Width, a: Self::V) -> Self::V {
        // Neighbouring bytes change places, then neighbouring pairs, then halves.
        let mut v = a;
        for (step, mask) in [(8, 0x00ff_00ff_00ff_00ff), (16, 0x0000_ffff_0000_ffff), (32, 0xffff_ffff)] {
            if step < w.bits() as u64 {
                let n = self.imm(step);
                let high = self.shr(w, v, n);
                let high = self.and_imm(high, w.trunc(mask));
                let low = self.and_imm(v, w.trunc(mask));
                let low = self.shl(w, low, n);
                v = self.or(high, low);
            }
        }
        v
    }
}
