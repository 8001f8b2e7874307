//! [`Emit`] that runs: every word does its work at once, on values. Complete and general; the hot forms have a leaner
//! twin in `fast`, which comes here for whatever it cannot do.

use crate::Gpr;
use crate::emit::{Done, Emit, Helper};
use crate::flags::{Flag, FlagOp};
use crate::fp::{self, FpCvt, FpOp, FpType, Lanes};
use crate::helper::fault;
use crate::insn::{Cond, Insn, Mem, Mn, Operand, Width};
use crate::isa::table::Meaning;
use crate::mem::{Checked, Guest, MemFault};
use crate::state::{Cpu, Exception, Exit};
use crate::vec::{self, Bytes, Shape, VBin, VShift, VUn};

/// The instruction did not happen; the reason is kept in [`Exec`].
pub struct Trapped;

/// Runs one instruction at a time.
pub struct Exec<'a> {
    cpu: &'a mut Cpu,
    mem: Guest<'a>,
    stop: Option<Exit>,
}

impl<'a> Exec<'a> {
    /// On the registers of `cpu` and the memory of `mem`.
    pub fn new(cpu: &'a mut Cpu, mem: Guest<'a>) -> Exec<'a> {
        Exec { cpu, mem, stop: None }
    }

    /// Runs `insn`, found at `cpu.rip`: afterwards rip is at the next one, or, with a fault, where it was.
    pub fn step(&mut self, insn: &Insn, meaning: Meaning<Exec<'a>>) -> Option<Exit> {
        let rip = self.cpu.rip;
        self.cpu.rip = rip.wrapping_add(insn.len as u64);
        if meaning(self, insn).is_err() && self.stop != Some(Exit::Exception(Exception::Breakpoint)) {
            self.cpu.rip = rip;
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
    #[inline(always)]
    fn checked<T>(&mut self, r: Result<T, MemFault>) -> Result<T, Trapped> {
        r.map_err(|f| self.stop(fault(f)))
    }
    #[inline(always)]
    fn raised<T>(&mut self, r: Result<T, Exception>) -> Result<T, Trapped> {
        r.map_err(|x| self.stop(Exit::Exception(x)))
    }
    #[inline(always)]
    fn slot(&mut self, r: Gpr) -> &mut u64 {
        &mut self.cpu.gpr[r.0 as usize & 31]
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

/// The integer words, the same for every [`Emit`] that works on values.
macro_rules! integer_words_on_values {
    () => {
        #[inline(always)]
        fn imm(&mut self, v: u64) -> u64 {
            v
        }
        #[inline(always)]
        fn add(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_add(b))
        }
        #[inline(always)]
        fn sub(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_sub(b))
        }
        #[inline(always)]
        fn mul(&mut self, w: Width, a: u64, b: u64) -> u64 {
            w.trunc(a.wrapping_mul(b))
        }
        #[inline(always)]
        fn mul_hi_u(&mut self, w: Width, a: u64, b: u64) -> u64 {
            match w {
                Width::W64 => (a as u128 * b as u128 >> 64) as u64,
                _ => w.trunc(a.wrapping_mul(b) >> w.bits()),
            }
        }
        #[inline(always)]
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
        #[inline(always)]
        fn shl(&mut self, w: Width, a: u64, n: u64) -> u64 {
            w.trunc(a.wrapping_shl(n as u32))
        }
        #[inline(always)]
        fn shr(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W32 => (a as u32).wrapping_shr(n as u32) as u64,
                _ => a.wrapping_shr(n as u32),
            }
        }
        #[inline(always)]
        fn sar(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W32 => (a as i32).wrapping_shr(n as u32) as u32 as u64,
                _ => w.trunc(w.sext(a).wrapping_shr(n as u32) as u64),
            }
        }
        #[inline(always)]
        fn rol(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W8 => (a as u8).rotate_left(n as u32) as u64,
                Width::W16 => (a as u16).rotate_left(n as u32) as u64,
                Width::W32 => (a as u32).rotate_left(n as u32) as u64,
                Width::W64 => a.rotate_left(n as u32),
            }
        }
        #[inline(always)]
        fn ror(&mut self, w: Width, a: u64, n: u64) -> u64 {
            match w {
                Width::W8 => (a as u8).rotate_right(n as u32) as u64,
                Width::W16 => (a as u16).rotate_right(n as u32) as u64,
                Width::W32 => (a as u32).rotate_right(n as u32) as u64,
                Width::W64 => a.rotate_right(n as u32),
            }
        }
        #[inline(always)]
        fn zext(&mut self, w: Width, a: u64) -> u64 {
            w.trunc(a)
        }
        #[inline(always)]
        fn sext(&mut self, from: Width, to: Width, a: u64) -> u64 {
            to.trunc(from.sext(a) as u64)
        }
        #[inline(always)]
        fn clz(&mut self, w: Width, a: u64) -> u64 {
            (a.leading_zeros() - (64 - w.bits())) as u64
        }
        #[inline(always)]
        fn ctz(&mut self, w: Width, a: u64) -> u64 {
            a.trailing_zeros().min(w.bits()) as u64
        }
        #[inline(always)]
        fn popcnt(&mut self, a: u64) -> u64 {
            a.count_ones() as u64
        }
        #[inline(always)]
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
        #[inline(always)]
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

/// The vector words, likewise.
macro_rules! vector_words_on_values {
    () => {
        #[inline(always)]
        fn vimm(&mut self, lo: u64, hi: u64) -> Bytes {
            vec::of_halves(lo, hi)
        }
        #[inline(always)]
        fn vun(&mut self, op: VUn, a: Bytes) -> Bytes {
            op.meaning()(a)
        }
        #[inline(always)]
        fn vbin(&mut self, op: VBin, a: Bytes, b: Bytes) -> Bytes {
            op.meaning()(a, b)
        }
        #[inline(always)]
        fn vshift(&mut self, op: VShift, a: Bytes, n: u64) -> Bytes {
            op.meaning()(a, n as u32)
        }
        #[inline(always)]
        fn vshuffle(&mut self, lanes: [u8; 16], a: Bytes, b: Bytes) -> Bytes {
            vec::shuffle(lanes, a, b)
        }
        #[inline(always)]
        fn vbitselect(&mut self, a: Bytes, b: Bytes, mask: Bytes) -> Bytes {
            core::array::from_fn(|i| a[i] & mask[i] | b[i] & !mask[i])
        }
        #[inline(always)]
        fn vselect(&mut self, c: bool, a: Bytes, b: Bytes) -> Bytes {
            if c { a } else { b }
        }
        #[inline(always)]
        fn vsplat(&mut self, shape: Shape, v: u64) -> Bytes {
            vec::splat(shape, v)
        }
        #[inline(always)]
        fn vextract(&mut self, shape: Shape, lane: u8, a: Bytes) -> u64 {
            vec::extract(shape, lane, a)
        }
        #[inline(always)]
        fn vreplace(&mut self, shape: Shape, lane: u8, a: Bytes, v: u64) -> Bytes {
            vec::replace(shape, lane, a, v)
        }
        #[inline(always)]
        fn vbitmask(&mut self, shape: Shape, a: Bytes) -> u64 {
            vec::bitmask(shape, a)
        }
        #[inline(always)]
        fn vany(&mut self, a: Bytes) -> bool {
            a != [0; 16]
        }
    };
}
pub(super) use vector_words_on_values;

impl Emit for Exec<'_> {
    type V = u64;
    type B = bool;
    type X = Bytes;
    type M = Checked;
    type Trap = Trapped;

    integer_words_on_values!();

    #[inline(always)]
    fn reg(&mut self, w: Width, r: Gpr) -> u64 {
        w.trunc(*self.slot(r))
    }
    #[inline(always)]
    fn set_reg(&mut self, w: Width, r: Gpr, v: u64) {
        let slot = self.slot(r);
        *slot = match w {
            Width::W32 | Width::W64 => v,
            _ => *slot & !w.mask() | v,
        };
    }
    #[inline(always)]
    fn reg_high(&mut self, r: Gpr) -> u64 {
        *self.slot(r) >> 8 & 0xff
    }
    #[inline(always)]
    fn set_reg_high(&mut self, r: Gpr, v: u64) {
        let slot = self.slot(r);
        *slot = *slot & !0xff00 | v << 8;
    }
    #[inline(always)]
    fn offset(&mut self, m: &Mem) -> u64 {
        self.cpu.offset(m)
    }
    #[inline(always)]
    fn addr(&mut self, m: &Mem) -> u64 {
        self.cpu.address(m)
    }
    #[inline(always)]
    fn load_at(&mut self, w: Width, addr: u64) -> Result<u64, Trapped> {
        let r = self.mem.read(w, addr);
        self.checked(r)
    }
    #[inline(always)]
    fn store_at(&mut self, w: Width, addr: u64, v: u64) -> Done<Self> {
        let r = self.mem.write(w, addr, v);
        self.checked(r)
    }
    #[inline(always)]
    fn check_write(&mut self, w: Width, addr: u64) -> Result<Checked, Trapped> {
        let r = self.mem.check_write(w.bytes(), addr);
        self.checked(r)
    }
    #[inline(always)]
    fn get(&mut self, w: Width, m: Checked) -> u64 {
        self.mem.get(w, m)
    }
    #[inline(always)]
    fn put(&mut self, w: Width, m: Checked, v: u64) {
        self.mem.put(w, m, v)
    }
    #[inline(always)]
    fn set_flags(&mut self, op: FlagOp, w: Width, a: u64, b: u64, res: u64) {
        self.cpu.flags.set(op, w, a, b, res)
    }
    #[inline(always)]
    fn flag(&mut self, f: Flag) -> bool {
        self.cpu.flags.get(f)
    }
    #[inline(always)]
    fn cond(&mut self, c: Cond) -> bool {
        self.cpu.flags.cond(c)
    }
    fn status(&mut self) -> u64 {
        self.cpu.flags.status()
    }
    fn set_status(&mut self, mask: u64, v: u64) {
        self.cpu.flags.set_status(mask, v)
    }
    #[inline(always)]
    fn next_rip(&mut self, _: &Insn) -> u64 {
        self.cpu.rip
    }
    #[inline(always)]
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
    fn trap(&mut self, x: Exception) -> Done<Self> {
        Err(self.stop(Exit::Exception(x)))
    }
    fn leave(&mut self, why: Exit) {
        self.stop = Some(why);
    }
    fn call(&mut self, i: &Insn, f: Helper) -> Done<Self> {
        f(self.cpu, i, &mut self.mem).map_err(|exit| self.stop(exit))
    }

    #[inline(always)]
    fn xmm(&mut self, r: u8) -> Bytes {
        self.cpu.xmm(r)
    }
    #[inline(always)]
    fn set_xmm(&mut self, r: u8, x: Bytes) {
        self.cpu.set_xmm(r, x)
    }
    fn mmx(&mut self, r: u8) -> Bytes {
        vec::replace(Shape::I64x2, 0, [0; 16], self.cpu.fpr[r as usize & 7].0)
    }
    fn set_mmx(&mut self, r: u8, x: Bytes) {
        self.cpu.fpr[r as usize & 7] = (vec::extract(Shape::I64x2, 0, x), 0xffff);
        self.cpu.fsw &= !0x3800;
        self.cpu.ftw = 0;
    }
    vector_words_on_values!();
    #[inline(always)]
    fn vload(&mut self, bytes: u32, aligned: bool, addr: u64) -> Result<Bytes, Trapped> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(self.stop(Exit::Exception(Exception::GeneralProtection)));
        }
        let mut x = [0; 16];
        let r = self.mem.read_bytes(addr, &mut x[..bytes as usize]);
        self.checked(r)?;
        Ok(x)
    }
    #[inline(always)]
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: u64, x: Bytes) -> Done<Self> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(self.stop(Exit::Exception(Exception::GeneralProtection)));
        }
        let r = self.mem.write_bytes(addr, &x[..bytes as usize]);
        self.checked(r)
    }
    fn fp(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: Bytes, b: Bytes) -> Result<Bytes, Trapped> {
        let r = fp::arith(&mut self.cpu.mxcsr, op, t, lanes, a, b);
        self.raised(r)
    }
    fn fp_convert(&mut self, op: FpCvt, a: Bytes, b: Bytes) -> Result<Bytes, Trapped> {
        let r = fp::convert(&mut self.cpu.mxcsr, op, a, b);
        self.raised(r)
    }
    fn fp_to_int(&mut self, t: FpType, w: Width, truncate: bool, x: Bytes) -> Result<u64, Trapped> {
        let r = fp::to_int(&mut self.cpu.mxcsr, t, w, truncate, x);
        self.raised(r)
    }
    fn fp_from_int(&mut self, t: FpType, w: Width, a: Bytes, v: u64) -> Result<Bytes, Trapped> {
        let r = fp::from_int(&mut self.cpu.mxcsr, t, w, a, v);
        self.raised(r)
    }
    fn fp_compare(&mut self, t: FpType, quiet: bool, a: Bytes, b: Bytes) -> Result<u64, Trapped> {
        let r = fp::compare(&mut self.cpu.mxcsr, t, quiet, a, b);
        self.raised(r)
    }
}
