//! [`Emit`] that runs: every word does its work at once, on values. Complete and general; the hot forms have a faster
//! twin in `fast`, which comes here for whatever it cannot do.
//!
//! Here what counts is size: there is one instance of each meaning, some six hundred. So every word that is more than an
//! operation of the machine is a call, and results are one number each: vectors are named by their [`Slot`], and a
//! word that can trap leaves the reason in [`Exec::stop`].

use crate::Gpr;
use crate::emit::{Done, Emit, Helper, Place};
use crate::flags::{Flag, FlagOp};
use crate::fp::{self, FpCvt, FpOp, FpType, Lanes};
use crate::helper::fault;
use crate::insn::{Cond, Insn, Mem, Mn, Operand, Vex, Width};
use crate::isa::avx;
use crate::isa::table::Meaning;
use crate::mem::{Checked, Guest, MemFault};
use crate::state::{Cpu, Exception, Exit};
use crate::vec::{self, Bytes, Shape, VBin, VShift, VUn};
use core::num::NonZeroU8;

/// The instruction did not happen; the reason is kept in [`Exec`].
pub struct Trapped;

/// Vectors a meaning may make: the longest, MPSADBW, makes 31.
const SLOTS: usize = 32;

/// The vectors that the meaning at work has made.
pub struct Vectors {
    slots: [Bytes; SLOTS],
    last: u8,
}

impl Vectors {
    /// None yet.
    pub const fn new() -> Vectors {
        Vectors { slots: [[0; 16]; SLOTS], last: 0 }
    }
}

impl Default for Vectors {
    fn default() -> Vectors {
        Vectors::new()
    }
}

/// One of [`Vectors`].
#[derive(Clone, Copy)]
pub struct Slot(NonZeroU8);

/// The place of a meaning that is in memory: there is one at most, and [`Exec`] has it.
#[derive(Clone, Copy)]
pub struct Held;

/// Runs one instruction at a time.
pub struct Exec<'a> {
    cpu: &'a mut Cpu,
    mem: Guest<'a>,
    vectors: &'a mut Vectors,
    held: Checked,
    stop: Option<Exit>,
}

impl<'a> Exec<'a> {
    /// On the registers of `cpu` and the memory of `mem`.
    pub fn new(cpu: &'a mut Cpu, mem: Guest<'a>, vectors: &'a mut Vectors) -> Exec<'a> {
        vectors.last = 0;
        Exec { cpu, mem, vectors, held: Checked::NONE, stop: None }
    }

    /// Runs `insn`, found at `cpu.rip`: afterwards rip is at the next one, or, with a fault, where it was.
    pub fn step(&mut self, insn: &Insn, meaning: Meaning<Exec<'a>>) -> Option<Exit> {
        let (rip, mxcsr) = (self.cpu.rip, self.cpu.mxcsr);
        self.cpu.rip = rip.wrapping_add(insn.len as u64);
        let done = if insn.vex == Vex::None { meaning(self, insn) } else { avx::run(self, insn, meaning) };
        if done.is_err() && self.stop != Some(Exit::Exception(Exception::Breakpoint)) {
            self.cpu.rip = rip;
            // One half may have been computed before the other failed.
            if insn.vex != Vex::None && self.stop != Some(Exit::Exception(Exception::Simd)) {
                self.cpu.mxcsr = mxcsr;
            }
            if self.stop == Some(Exit::Exception(Exception::GeneralProtection))
                && is_stack_access(self.cpu, insn, self.mem.outside)
            {
                self.stop = Some(Exit::Exception(Exception::StackSegment));
            }
        }
        self.stop
    }

    /// The memory, with what it noted.
    pub fn guest(&self) -> &Guest<'a> {
        &self.mem
    }

    #[cold]
    fn stop(&mut self, exit: Exit) -> Trapped {
        self.stop = Some(exit);
        Trapped
    }
    fn fault<T>(&mut self, f: MemFault) -> Result<T, Trapped> {
        Err(self.stop(fault(f)))
    }
    /// A result unless the word has trapped.
    #[inline(always)]
    fn unless_stopped<T>(&self, v: T) -> Result<T, Trapped> {
        if self.stop.is_some() { Err(Trapped) } else { Ok(v) }
    }
    /// As [`Emit::load_at`]; any number if it trapped.
    #[inline(never)]
    fn load_or_stop(&mut self, w: Width, addr: u64) -> u64 {
        match self.mem.read(w, addr) {
            Ok(v) => v,
            Err(f) => {
                self.stop(fault(f));
                0
            }
        }
    }
    /// As [`Emit::read`].
    #[inline(never)]
    fn read_or_stop(&mut self, w: Width, i: &Insn, op: Operand) -> u64 {
        match op {
            Operand::Reg(r) => self.reg(w, r),
            Operand::High(r) => self.reg_high(r),
            Operand::Mem => {
                let addr = self.addr(&i.mem);
                self.load_or_stop(w, addr)
            }
            _ => w.trunc(i.imm as u64),
        }
    }
    #[inline(always)]
    fn slot(&mut self, r: Gpr) -> &mut u64 {
        &mut self.cpu.gpr[r.0 as usize & 31]
    }
    #[inline(always)]
    fn vector(&self, x: Slot) -> Bytes {
        self.vectors.slots[x.0.get() as usize % SLOTS]
    }
    #[inline(always)]
    fn keep(&mut self, x: Bytes) -> Slot {
        self.vectors.last = self.vectors.last % SLOTS as u8 + 1;
        let slot = Slot(NonZeroU8::new(self.vectors.last).unwrap_or(NonZeroU8::MIN));
        self.vectors.slots[slot.0.get() as usize % SLOTS] = x;
        slot
    }
    #[inline(always)]
    fn raised<T>(&mut self, r: Result<T, Exception>) -> Result<T, Trapped> {
        r.map_err(|x| self.stop(Exit::Exception(x)))
    }
    #[inline(always)]
    fn kept(&mut self, r: Result<Bytes, Exception>) -> Result<Slot, Trapped> {
        match r {
            Ok(x) => Ok(self.keep(x)),
            Err(x) => Err(self.stop(Exit::Exception(x))),
        }
    }
}

/// The access that failed, at `outside` if it is known, was to a non-canonical address through SS: the stack's own, or
/// a memory operand off rsp or rbp without FS or GS. That is #SS, and #GP elsewhere (SDM Vol. 1 3.3.7.1).
#[cold]
fn is_stack_access(cpu: &Cpu, insn: &Insn, outside: Option<u64>) -> bool {
    if insn.ops.contains(&Operand::Mem) && matches!(insn.mem.base, Gpr::RSP | Gpr::RBP) && insn.mem.segment == Gpr::ZERO
    {
        // These look at the address before they look at its alignment; the others the other way round.
        let image = matches!(insn.mn, Mn::Fxsave | Mn::Fxsave64 | Mn::Fxrstor | Mn::Fxrstor64);
        let addr = cpu.address(&insn.mem) as i64;
        return outside.is_some() || image && addr << 16 >> 16 != addr;
    }
    // The operand of `push [rax]` is no stack access, though the instruction makes one.
    let near = |r: Gpr| outside.is_some_and(|addr| addr.wrapping_sub(cpu.gpr[r.0 as usize]).wrapping_add(512) < 1024);
    match insn.mn {
        Mn::Push | Mn::Pop | Mn::Call | Mn::Ret | Mn::Pushf | Mn::Pushfq | Mn::Popf | Mn::Popfq => near(Gpr::RSP),
        Mn::Leave | Mn::Enter => near(Gpr::RSP) || near(Gpr::RBP),
        _ => false,
    }
}

/// The integer words, the same for every [`Emit`] that works on values. `$inline` is for those that do something else for
/// each width: the loop, where widths are known, has them in line.
macro_rules! integer_words_on_values {
    ($inline:meta) => {
        #[inline(always)]
        fn imm(&mut self, v: u64) -> u64 {
            v
        }
        #[$inline]
        fn add(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_add(b))
        }
        #[$inline]
        fn sub(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_sub(b))
        }
        #[$inline]
        fn mul(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_mul(b))
        }
        #[$inline]
        fn mul_hi_u(&mut self, w: Width, a: u64, b: u64) -> u64 {
            match w {
                Width::W64 => (a as u128 * b as u128 >> 64) as u64,
                _ => w.trunc(a.wrapping_mul(b) >> w.bits()),
            }
        }
        #[$inline]
        fn mul_hi_s(&mut self, w: Width, a: u64, b: u64) -> u64 {
            match w {
                Width::W64 => (a as i64 as i128 * b as i64 as i128 >> 64) as u64,
                _ => w.trunc((w.sext(a).wrapping_mul(w.sext(b)) >> w.bits()) as u64),
            }
        }
        #[inline(always)]
        fn and(&mut self, a: u64, b: u64) -> u64 {
            a & b
        }
        #[inline(always)]
        fn or(&mut self, a: u64, b: u64) -> u64 {
            a | b
        }
        #[inline(always)]
        fn xor(&mut self, a: u64, b: u64) -> u64 {
            a ^ b
        }
        #[$inline]
        fn shl(&mut self, w: Width, a: u64, n: u64) -> u64 {
            w.trunc(a.wrapping_shl(n as u32))
        }
        #[$inline]
        fn shr(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W32 => (a as u32).wrapping_shr(n as u32) as u64,
                _ => a.wrapping_shr(n as u32),
            }
        }
        #[$inline]
        fn sar(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W32 => (a as i32).wrapping_shr(n as u32) as u32 as u64,
                _ => w.trunc(w.sext(a).wrapping_shr(n as u32) as u64),
            }
        }
        #[$inline]
        fn rol(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W8 => (a as u8).rotate_left(n as u32) as u64,
                Width::W16 => (a as u16).rotate_left(n as u32) as u64,
                Width::W32 => (a as u32).rotate_left(n as u32) as u64,
                Width::W64 => a.rotate_left(n as u32),
            }
        }
        #[$inline]
        fn ror(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W8 => (a as u8).rotate_right(n as u32) as u64,
                Width::W16 => (a as u16).rotate_right(n as u32) as u64,
                Width::W32 => (a as u32).rotate_right(n as u32) as u64,
                Width::W64 => a.rotate_right(n as u32),
            }
        }
        #[$inline]
        fn zext(&mut self, w: Width, a: u64) -> u64 {
            w.trunc(a)
        }
        #[$inline]
        fn sext(&mut self, from: Width, to: Width, a: u64) -> u64 {
            to.trunc(from.sext(a) as u64)
        }
        #[$inline]
        fn clz(&mut self, w: Width, a: u64) -> u64 {
            (a.leading_zeros() - (64 - w.bits())) as u64
        }
        #[$inline]
        fn ctz(&mut self, w: Width, a: u64) -> u64 {
            a.trailing_zeros().min(w.bits()) as u64
        }
        #[inline(always)]
        fn popcnt(&mut self, a: u64) -> u64 {
            a.count_ones() as u64
        }
        #[$inline]
        fn bswap(&mut self, w: Width, a: u64) -> u64 {
            a.swap_bytes() >> (64 - w.bits())
        }
        #[inline(always)]
        fn eq(&mut self, a: u64, b: u64) -> bool {
            a == b
        }
        #[inline(always)]
        fn ult(&mut self, a: u64, b: u64) -> bool {
            a < b
        }
        #[$inline]
        fn slt(&mut self, w: Width, a: u64, b: u64) -> bool {
            w.sext(a) < w.sext(b)
        }
        #[inline(always)]
        fn not(&mut self, a: bool) -> bool {
            !a
        }
        #[inline(always)]
        fn both(&mut self, a: bool, b: bool) -> bool {
            a & b
        }
        #[inline(always)]
        fn either(&mut self, a: bool, b: bool) -> bool {
            a | b
        }
        #[inline(always)]
        fn to_int(&mut self, a: bool) -> u64 {
            a as u64
        }
        #[inline(always)]
        fn select(&mut self, c: bool, a: u64, b: u64) -> u64 {
            if c { a } else { b }
        }
        #[inline(always)]
        fn when(&mut self, c: bool, then: impl FnOnce(&mut Self) -> Done<Self>) -> Done<Self> {
            if c { then(self) } else { Ok(()) }
        }
    };
}

pub(super) use integer_words_on_values;

impl Emit for Exec<'_> {
    type V = u64;
    type B = bool;
    type X = Slot;
    type M = Held;
    type Trap = Trapped;

    integer_words_on_values!(inline(never));

    #[inline(never)]
    fn reg(&mut self, w: Width, r: Gpr) -> u64 {
        w.trunc(*self.slot(r))
    }
    #[inline(never)]
    fn set_reg(&mut self, w: Width, r: Gpr, v: u64) {
        let slot = self.slot(r);
        *slot = match w {
            Width::W32 | Width::W64 => v,
            _ => *slot & !w.mask() | v,
        };
    }
    #[inline(never)]
    fn reg_high(&mut self, r: Gpr) -> u64 {
        *self.slot(r) >> 8 & 0xff
    }
    #[inline(never)]
    fn set_reg_high(&mut self, r: Gpr, v: u64) {
        let slot = self.slot(r);
        *slot = *slot & !0xff00 | v << 8;
    }
    #[inline(never)]
    fn offset(&mut self, m: &Mem) -> u64 {
        self.cpu.offset(m)
    }
    #[inline(never)]
    fn addr(&mut self, m: &Mem) -> u64 {
        self.cpu.address(m)
    }
    #[inline(always)]
    fn load_at(&mut self, w: Width, addr: u64) -> Result<u64, Trapped> {
        let v = self.load_or_stop(w, addr);
        self.unless_stopped(v)
    }
    #[inline(never)]
    fn store_at(&mut self, w: Width, addr: u64, v: u64) -> Done<Self> {
        match self.mem.write(w, addr, v) {
            Ok(()) => Ok(()),
            Err(f) => self.fault(f),
        }
    }
    #[inline(never)]
    fn check_write(&mut self, w: Width, addr: u64) -> Result<Held, Trapped> {
        match self.mem.check_write(w.bytes(), addr) {
            Ok(m) => {
                self.held = m;
                Ok(Held)
            }
            Err(f) => self.fault(f),
        }
    }
    #[inline(never)]
    fn get(&mut self, w: Width, _: Held) -> u64 {
        self.mem.get(w, self.held)
    }
    #[inline(never)]
    fn put(&mut self, w: Width, _: Held, v: u64) {
        self.mem.put(w, self.held, v)
    }
    #[inline(never)]
    fn set_flags(&mut self, op: FlagOp, w: Width, a: u64, b: u64, res: u64) {
        self.cpu.flags.set(op, w, a, b, res)
    }
    #[inline(never)]
    fn flag(&mut self, f: Flag) -> bool {
        self.cpu.flags.get(f)
    }
    #[inline(never)]
    fn cond(&mut self, c: Cond) -> bool {
        self.cpu.flags.cond_by_number(c as u8)
    }
    #[inline(never)]
    fn status(&mut self) -> u64 {
        self.cpu.flags.status()
    }
    #[inline(never)]
    fn set_status(&mut self, mask: u64, v: u64) {
        self.cpu.flags.set_status(mask, v)
    }
    #[inline(always)]
    fn next_rip(&mut self, _: &Insn) -> u64 {
        self.cpu.rip
    }
    #[inline(never)]
    fn jump(&mut self, i: &Insn) {
        self.cpu.rip = self.cpu.rip.wrapping_add(i.imm as u64);
    }
    #[inline(always)]
    fn jump_if(&mut self, i: &Insn, c: bool) {
        if c {
            self.jump(i)
        }
    }
    #[inline(always)]
    fn jump_to(&mut self, target: u64) {
        self.cpu.rip = target;
    }
    #[inline(never)]
    fn trap(&mut self, x: Exception) -> Done<Self> {
        Err(self.stop(Exit::Exception(x)))
    }
    #[inline(never)]
    fn leave(&mut self, why: Exit) {
        self.stop = Some(why);
    }
    #[inline(never)]
    fn call(&mut self, i: &Insn, f: Helper) -> Done<Self> {
        match f(self.cpu, i, &mut self.mem) {
            Ok(()) => Ok(()),
            Err(exit) => Err(self.stop(exit)),
        }
    }

    // ---- operands

    #[inline(always)]
    fn read(&mut self, w: Width, i: &Insn, op: Operand) -> Result<u64, Trapped> {
        let v = self.read_or_stop(w, i, op);
        self.unless_stopped(v)
    }
    #[inline(never)]
    fn write(&mut self, w: Width, i: &Insn, op: Operand, v: u64) -> Done<Self> {
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
    #[inline(never)]
    fn load(&mut self, w: Width, p: Place<Held>) -> u64 {
        match p {
            Place::Reg(r) => self.reg(w, r),
            Place::High(r) => self.reg_high(r),
            Place::Mem(m) => self.get(w, m),
        }
    }
    #[inline(never)]
    fn store(&mut self, w: Width, p: Place<Held>, v: u64) {
        match p {
            Place::Reg(r) => self.set_reg(w, r, v),
            Place::High(r) => self.set_reg_high(r, v),
            Place::Mem(m) => self.put(w, m, v),
        }
    }
    #[inline(never)]
    fn xread(&mut self, bytes: u32, aligned: bool, i: &Insn, op: Operand) -> Result<Slot, Trapped> {
        Ok(match op {
            Operand::Xmm(r) => self.xmm(r),
            Operand::Mmx(r) => self.mmx(r),
            Operand::Reg(r) => {
                let v = self.reg(Width::of_bytes(bytes), r);
                self.vimm(v, 0)
            }
            _ => {
                let addr = self.addr(&i.mem);
                self.vload(bytes, aligned && i.vex == Vex::None, addr)?
            }
        })
    }
    #[inline(never)]
    fn xwrite(&mut self, bytes: u32, aligned: bool, i: &Insn, op: Operand, x: Slot) -> Done<Self> {
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
    #[inline(never)]
    fn vector_bytes(&self, i: &Insn) -> u32 {
        if matches!(i.ops[0], Operand::Mmx(_)) || matches!(i.ops[1], Operand::Mmx(_)) { 8 } else { 16 }
    }

    // ---- vectors

    #[inline(never)]
    fn xmm(&mut self, r: u8) -> Slot {
        self.keep(self.cpu.vector(r))
    }
    #[inline(never)]
    fn set_xmm(&mut self, r: u8, x: Slot) {
        let x = self.vector(x);
        self.cpu.set_vector(r, x)
    }
    #[inline(never)]
    fn mmx(&mut self, r: u8) -> Slot {
        self.vimm(self.cpu.fpr[r as usize & 7].0, 0)
    }
    #[inline(never)]
    fn set_mmx(&mut self, r: u8, x: Slot) {
        self.cpu.fpr[r as usize & 7] = (vec::halves(self.vector(x)).0, 0xffff);
        self.cpu.fsw &= !0x3800;
        self.cpu.ftw = 0;
    }
    #[inline(never)]
    fn vimm(&mut self, lo: u64, hi: u64) -> Slot {
        self.keep(vec::of_halves(lo, hi))
    }
    #[inline(never)]
    fn vun(&mut self, op: VUn, a: Slot) -> Slot {
        self.keep(op.evaluate(self.vector(a)))
    }
    #[inline(never)]
    fn vbin(&mut self, op: VBin, a: Slot, b: Slot) -> Slot {
        self.keep(op.evaluate(self.vector(a), self.vector(b)))
    }
    #[inline(never)]
    fn vshift(&mut self, op: VShift, a: Slot, n: u64) -> Slot {
        self.keep(op.evaluate(self.vector(a), n as u32))
    }
    #[inline(never)]
    fn vshuffle(&mut self, lanes: [u8; 16], a: Slot, b: Slot) -> Slot {
        self.keep(vec::shuffle(lanes, self.vector(a), self.vector(b)))
    }
    #[inline(never)]
    fn vbitselect(&mut self, a: Slot, b: Slot, mask: Slot) -> Slot {
        self.keep(vec::bitselect(self.vector(a), self.vector(b), self.vector(mask)))
    }
    #[inline(always)]
    fn vselect(&mut self, c: bool, a: Slot, b: Slot) -> Slot {
        if c { a } else { b }
    }
    #[inline(never)]
    fn vsplat(&mut self, shape: Shape, v: u64) -> Slot {
        self.keep(vec::splat(shape, v))
    }
    #[inline(never)]
    fn vextract(&mut self, shape: Shape, lane: u8, a: Slot) -> u64 {
        vec::extract(shape, lane, self.vector(a))
    }
    #[inline(never)]
    fn vreplace(&mut self, shape: Shape, lane: u8, a: Slot, v: u64) -> Slot {
        self.keep(vec::replace(shape, lane, self.vector(a), v))
    }
    #[inline(never)]
    fn vbitmask(&mut self, shape: Shape, a: Slot) -> u64 {
        vec::bitmask(shape, self.vector(a))
    }
    #[inline(never)]
    fn vany(&mut self, a: Slot) -> bool {
        vec::any(self.vector(a))
    }
    #[inline(never)]
    fn vload(&mut self, bytes: u32, aligned: bool, addr: u64) -> Result<Slot, Trapped> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(self.stop(Exit::Exception(Exception::GeneralProtection)));
        }
        let mut x = [0; 16];
        match self.mem.read_bytes(addr, &mut x[..bytes as usize & 31]) {
            Ok(()) => Ok(self.keep(x)),
            Err(f) => self.fault(f),
        }
    }
    #[inline(never)]
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: u64, x: Slot) -> Done<Self> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(self.stop(Exit::Exception(Exception::GeneralProtection)));
        }
        let x = self.vector(x);
        match self.mem.write_bytes(addr, &x[..bytes as usize]) {
            Ok(()) => Ok(()),
            Err(f) => self.fault(f),
        }
    }
    #[inline(never)]
    fn vload_pair(&mut self, addr: u64) -> Result<(Slot, Slot), Trapped> {
        let mut x = [[0; 16]; 2];
        match self.mem.read_bytes(addr, x.as_flattened_mut()) {
            Ok(()) => Ok((self.keep(x[0]), self.keep(x[1]))),
            Err(f) => self.fault(f),
        }
    }
    #[inline(never)]
    fn vstore_pair(&mut self, addr: u64, low: Slot, high: Slot) -> Done<Self> {
        let x = [self.vector(low), self.vector(high)];
        match self.mem.write_bytes(addr, x.as_flattened()) {
            Ok(()) => Ok(()),
            Err(f) => self.fault(f),
        }
    }
    #[inline(always)]
    fn fp_collect(&mut self) {
        fp::collect(&mut self.cpu.mxcsr);
    }
    #[inline(never)]
    fn fp_raise(&mut self) -> Done<Self> {
        let r = fp::raise(&mut self.cpu.mxcsr);
        self.raised(r)
    }
    #[inline(never)]
    fn fp(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: Slot, b: Slot) -> Result<Slot, Trapped> {
        let (a, b) = (self.vector(a), self.vector(b));
        let r = fp::arith(&mut self.cpu.mxcsr, op, t, lanes, a, b);
        self.kept(r)
    }
    #[inline(never)]
    fn fp_convert(&mut self, op: FpCvt, a: Slot, b: Slot) -> Result<Slot, Trapped> {
        let (a, b) = (self.vector(a), self.vector(b));
        let r = fp::convert(&mut self.cpu.mxcsr, op, a, b);
        self.kept(r)
    }
    #[inline(never)]
    fn fp_to_int(&mut self, t: FpType, w: Width, truncate: bool, x: Slot) -> Result<u64, Trapped> {
        let x = self.vector(x);
        let r = fp::to_int(&mut self.cpu.mxcsr, t, w, truncate, x);
        self.raised(r)
    }
    #[inline(never)]
    fn fp_from_int(&mut self, t: FpType, w: Width, a: Slot, v: u64) -> Result<Slot, Trapped> {
        let a = self.vector(a);
        let r = fp::from_int(&mut self.cpu.mxcsr, t, w, a, v);
        self.kept(r)
    }
    #[inline(never)]
    fn fp_compare(&mut self, t: FpType, quiet: bool, a: Slot, b: Slot) -> Result<u64, Trapped> {
        let (a, b) = (self.vector(a), self.vector(b));
        let r = fp::compare(&mut self.cpu.mxcsr, t, quiet, a, b);
        self.raised(r)
    }
}
