//! The loop over threaded code, and the [`Emit`] its arms are made from.
//!
//! The loop calls nothing: registers, tables and the op pointer stay in machine registers. Whatever an arm cannot do at
//! once (a page the tables do not have, an exception, a helper) is a [`Miss`]: nothing has happened, the loop returns the
//! op it stands at, and `Engine` does the instruction the general way.
#![allow(unsafe_code, reason = "the interpreter's hot loop: op pointers and memory through the kernel's tables")]

use super::exec::integer_words_on_values;
use super::forms::hot_forms;
use super::frame::Frame;
use super::jumps::Way;
use super::op::{Code, Kind, Op, insn, slot};
use super::regions::Ran;
use crate::emit::{Done, Emit, Helper};
use crate::flags::{Flag, FlagOp};
use crate::fp::{self, FpCvt, FpOp, FpType, Lanes};
use crate::insn::{Cond, Insn, Mem, Mn, Operand, Width};
use crate::isa::{alu, bit, flow, mov, shift, sse};
use crate::mem::{self, HostAddr, MemView, entry};
use crate::state::{Cpu, Exception, Exit, Gpr};
use crate::vec::{self, Bytes, Shape, VBin, VShift, VUn};

/// The instruction needs the general way; nothing of it has happened.
pub(super) struct Miss;

/// The values the flags were last set from, while that is known within an arm.
#[derive(Clone, Copy)]
enum Known {
    No,
    Ops(FlagOp, Width, u64, u64, u64),
}

/// Where a branch went.
#[derive(Clone, Copy)]
enum Went {
    On,
    Link,
    To(u64),
}

/// [`Emit`] for the arms.
struct Fast<'a> {
    cpu: &'a mut Cpu,
    view: &'a MemView,
    known: Known,
    went: Went,
    next_rip: u64,
}

impl Fast<'_> {
    #[inline(always)]
    fn slot(&mut self, r: Gpr) -> &mut u64 {
        &mut self.cpu.gpr[r.0 as usize & 31]
    }
    #[inline(always)]
    fn host(&self, table: *const u32, addr: u64, bytes: u32) -> Result<*mut u8, Miss> {
        let page = addr >> 12;
        if page >= self.view.len as u64 {
            return Err(Miss);
        }
        // SAFETY: the tables have `len` entries (Bus::view).
        let e = unsafe { *table.add(page as usize) };
        if e & (entry::DENY | entry::SPLIT) != 0 && (e & entry::DENY != 0 || addr as u32 & 0xfff > 0x1000 - bytes) {
            return Err(Miss);
        }
        Ok(self.view.at(HostAddr((addr as u32).wrapping_add(e & !0xfff))))
    }
    #[inline(always)]
    fn readable(&self, addr: u64, bytes: u32) -> Result<*const u8, Miss> {
        self.host(self.view.read, addr, bytes).map(|p| p.cast_const())
    }
    #[inline(always)]
    fn writable(&self, addr: u64, bytes: u32) -> Result<*mut u8, Miss> {
        self.host(self.view.write, addr, bytes)
    }
    /// What unfused conditions know: see [`Producer`](super::op::Producer). `shift` brings the width's sign to bit 63.
    #[inline(always)]
    fn assume_sub(&mut self, shift: u8) {
        let (a, b) = (self.cpu.flags.a << (shift & 63), self.cpu.flags.b << (shift & 63));
        self.known = Known::Ops(FlagOp::Sub, Width::W64, a, b, a.wrapping_sub(b));
    }
    #[inline(always)]
    fn assume_res(&mut self, shift: u8) {
        let res = self.cpu.flags.res << (shift & 63);
        self.known = Known::Ops(FlagOp::Logic, Width::W64, res, res, res);
    }
}

impl Emit for Fast<'_> {
    type V = u64;
    type B = bool;
    type X = Bytes;
    type M = *mut u8;
    type Trap = Miss;

    integer_words_on_values!(inline(always));

    #[inline(always)]
    fn reg(&mut self, w: Width, r: Gpr) -> u64 {
        w.trunc(*self.slot(r))
    }
    #[inline(always)]
    fn set_reg(&mut self, w: Width, r: Gpr, v: u64) {
        let p: *mut u64 = self.slot(r);
        // SAFETY: a slot of the register file; narrow registers are its low bytes.
        unsafe {
            match w {
                Width::W32 | Width::W64 => *p = v,
                #[cfg(target_endian = "little")]
                _ => mem::poke(w, p.cast(), v),
                #[cfg(not(target_endian = "little"))]
                _ => *p = *p & !w.mask() | v,
            }
        }
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
        let mut sum = (*self.slot(m.base)).wrapping_add(m.disp as u64);
        if m.index != Gpr::ZERO {
            sum = sum.wrapping_add(*self.slot(m.index) << (m.scale & 3));
        }
        sum
    }
    #[inline(always)]
    fn addr(&mut self, m: &Mem) -> u64 {
        self.offset(m)
    }
    #[inline(always)]
    fn load_at(&mut self, w: Width, addr: u64) -> Result<u64, Miss> {
        let p = self.readable(addr, w.bytes())?;
        // SAFETY: just looked up.
        Ok(unsafe { mem::peek(w, p) })
    }
    #[inline(always)]
    fn store_at(&mut self, w: Width, addr: u64, v: u64) -> Done<Self> {
        let p = self.writable(addr, w.bytes())?;
        // SAFETY: just looked up.
        unsafe { mem::poke(w, p, v) };
        Ok(())
    }
    #[inline(always)]
    fn check_write(&mut self, w: Width, addr: u64) -> Result<*mut u8, Miss> {
        self.writable(addr, w.bytes())
    }
    #[inline(always)]
    fn get(&mut self, w: Width, m: *mut u8) -> u64 {
        // SAFETY: from `check_write`, and the loop never calls the bus.
        unsafe { mem::peek(w, m) }
    }
    #[inline(always)]
    fn put(&mut self, w: Width, m: *mut u8, v: u64) {
        // SAFETY: as in `get`.
        unsafe { mem::poke(w, m, v) }
    }
    #[inline(always)]
    fn set_flags(&mut self, op: FlagOp, w: Width, a: u64, b: u64, res: u64) {
        self.known = Known::Ops(op, w, a, b, res);
        let f = &mut self.cpu.flags;
        f.op = op.code(w);
        f.res = res;
        // Only what the operation's flags are computed from.
        match op {
            FlagOp::Logic => {}
            FlagOp::ResCarry | FlagOp::Mul | FlagOp::Partial => f.b = b,
            _ => (f.a, f.b) = (a, b),
        }
    }
    #[inline(always)]
    fn flag(&mut self, f: Flag) -> bool {
        self.cpu.flags.get(f)
    }
    #[inline(always)]
    fn cond(&mut self, c: Cond) -> bool {
        match (self.known, c) {
            (Known::Ops(_, _, _, _, res), Cond::E) => res == 0,
            (Known::Ops(_, _, _, _, res), Cond::Ne) => res != 0,
            (Known::Ops(_, w, _, _, res), Cond::S) => w.sext(res) < 0,
            (Known::Ops(_, w, _, _, res), Cond::Ns) => w.sext(res) >= 0,
            (Known::Ops(FlagOp::Sub, _, a, b, _), Cond::B) => a < b,
            (Known::Ops(FlagOp::Sub, _, a, b, _), Cond::Ae) => a >= b,
            (Known::Ops(FlagOp::Sub, _, a, b, _), Cond::Be) => a <= b,
            (Known::Ops(FlagOp::Sub, _, a, b, _), Cond::A) => a > b,
            (Known::Ops(FlagOp::Sub, w, a, b, _), Cond::L) => w.sext(a) < w.sext(b),
            (Known::Ops(FlagOp::Sub, w, a, b, _), Cond::Ge) => w.sext(a) >= w.sext(b),
            (Known::Ops(FlagOp::Sub, w, a, b, _), Cond::Le) => w.sext(a) <= w.sext(b),
            (Known::Ops(FlagOp::Sub, w, a, b, _), Cond::G) => w.sext(a) > w.sext(b),
            (Known::Ops(FlagOp::Logic, w, _, _, res), Cond::Le) => w.sext(res) <= 0,
            (Known::Ops(FlagOp::Logic, w, _, _, res), Cond::G) => w.sext(res) > 0,
            _ => self.cpu.flags.cond(c),
        }
    }
    #[inline(always)]
    fn status(&mut self) -> u64 {
        self.cpu.flags.status()
    }
    #[inline(always)]
    fn set_status(&mut self, mask: u64, v: u64) {
        self.known = Known::No;
        self.cpu.flags.set_status(mask, v)
    }
    #[inline(always)]
    fn next_rip(&mut self, _: &Insn) -> u64 {
        self.next_rip
    }
    #[inline(always)]
    fn jump(&mut self, _: &Insn) {
        self.went = Went::Link;
    }
    #[inline(always)]
    fn jump_if(&mut self, _: &Insn, c: bool) {
        if c {
            self.went = Went::Link;
        }
    }
    #[inline(always)]
    fn jump_to(&mut self, target: u64) {
        self.went = Went::To(target);
    }
    #[inline(always)]
    fn trap(&mut self, _: Exception) -> Done<Self> {
        Err(Miss)
    }
    #[inline(always)]
    fn leave(&mut self, _: Exit) {
        // No form leaves: such instructions are `Generic`.
        debug_assert!(false);
    }
    #[inline(always)]
    fn call(&mut self, _: &Insn, _: Helper) -> Done<Self> {
        Err(Miss)
    }

    #[inline(always)]
    fn xmm(&mut self, r: u8) -> Bytes {
        self.cpu.xmm(r)
    }
    #[inline(always)]
    fn set_xmm(&mut self, r: u8, x: Bytes) {
        self.cpu.set_xmm(r, x)
    }
    #[inline(always)]
    fn mmx(&mut self, _: u8) -> Bytes {
        [0; 16]
    }
    #[inline(always)]
    fn set_mmx(&mut self, _: u8, _: Bytes) {
        // No form names an MMX register.
        debug_assert!(false);
    }
    #[inline(always)]
    fn vimm(&mut self, lo: u64, hi: u64) -> Bytes {
        vec::of_halves(lo, hi)
    }
    #[inline(always)]
    fn vun(&mut self, op: VUn, a: Bytes) -> Bytes {
        op.evaluate(a)
    }
    #[inline(always)]
    fn vbin(&mut self, op: VBin, a: Bytes, b: Bytes) -> Bytes {
        op.evaluate(a, b)
    }
    #[inline(always)]
    fn vshift(&mut self, op: VShift, a: Bytes, n: u64) -> Bytes {
        op.evaluate(a, n as u32)
    }
    #[inline(always)]
    fn vshuffle(&mut self, lanes: [u8; 16], a: Bytes, b: Bytes) -> Bytes {
        vec::shuffle(lanes, a, b)
    }
    #[inline(always)]
    fn vbitselect(&mut self, a: Bytes, b: Bytes, mask: Bytes) -> Bytes {
        vec::bitselect(a, b, mask)
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
        vec::any(a)
    }
    #[inline(always)]
    fn vload(&mut self, bytes: u32, aligned: bool, addr: u64) -> Result<Bytes, Miss> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(Miss);
        }
        let p = self.readable(addr, bytes)?;
        // SAFETY: just looked up.
        Ok(unsafe {
            match bytes {
                16 => p.cast::<Bytes>().read(),
                _ => vec::of_halves(mem::peek(Width::of_bytes(bytes), p), 0),
            }
        })
    }
    #[inline(always)]
    fn vstore(&mut self, bytes: u32, aligned: bool, addr: u64, x: Bytes) -> Done<Self> {
        if aligned && bytes == 16 && addr & 15 != 0 {
            return Err(Miss);
        }
        let p = self.writable(addr, bytes)?;
        // SAFETY: just looked up.
        unsafe {
            match bytes {
                16 => p.cast::<Bytes>().write(x),
                _ => mem::poke(Width::of_bytes(bytes), p, vec::halves(x).0),
            }
        }
        Ok(())
    }
    #[inline(always)]
    fn vload_pair(&mut self, _: u64) -> Result<(Bytes, Bytes), Miss> {
        Err(Miss)
    }
    #[inline(always)]
    fn vstore_pair(&mut self, _: u64, _: Bytes, _: Bytes) -> Done<Self> {
        Err(Miss)
    }
    #[inline(always)]
    fn fp_collect(&mut self) {}
    #[inline(always)]
    fn fp_raise(&mut self) -> Done<Self> {
        Ok(())
    }

    #[inline(always)]
    fn fp(&mut self, op: FpOp, t: FpType, lanes: Lanes, a: Bytes, b: Bytes) -> Result<Bytes, Miss> {
        fp::quick::arith(self.cpu.mxcsr, op, t, lanes, a, b).ok_or(Miss)
    }
    #[inline(always)]
    fn fp_convert(&mut self, op: FpCvt, a: Bytes, b: Bytes) -> Result<Bytes, Miss> {
        fp::quick::convert(self.cpu.mxcsr, op, a, b).ok_or(Miss)
    }
    #[inline(always)]
    fn fp_to_int(&mut self, t: FpType, w: Width, truncate: bool, x: Bytes) -> Result<u64, Miss> {
        fp::quick::to_int(self.cpu.mxcsr, t, w, truncate, x).ok_or(Miss)
    }
    #[inline(always)]
    fn fp_from_int(&mut self, t: FpType, w: Width, a: Bytes, v: u64) -> Result<Bytes, Miss> {
        fp::quick::from_int(self.cpu.mxcsr, t, w, a, v).ok_or(Miss)
    }
    #[inline(always)]
    fn fp_compare(&mut self, t: FpType, _: bool, a: Bytes, b: Bytes) -> Result<u64, Miss> {
        fp::quick::compare(t, a, b).ok_or(Miss)
    }
}

/// Defines the loop.
macro_rules! fast {
    (
        ops { $($name:ident $($path:ident)::+ $mn:ident $w:ident $sw:ident $kind:ident;)* }
        fp { $($pname:ident $($ppath:ident)::+ $pmn:ident $pw:ident $pkind:ident;)* }
        fused { $($fname:ident $($fpath:ident)::+ $fmn:ident $fw:ident $fkind:ident $fcond:ident;)* }
        jcc { $($jname:ident $jprod:ident $jcond:ident;)* }
        set { $($sname:ident $sprod:ident $scond:ident;)* }
        cmov { $($cname:ident $cprod:ident $ccond:ident $cw:ident;)* }
    ) => {
        /// Runs from `ip` until an op cannot be done here: that op is returned, or null if `cpu.rip` has no op known to
        /// the jump cache. A budget of 0 or less means that it ran out just before the op (or rip) returned.
        ///
        /// # Safety
        /// `ip` must be an op of the engine's arena whose block was translated for the page in `CODE_PAGE`, and
        /// `frame.view` the bus's view now.
        pub(super) unsafe fn run(cpu: &mut Cpu, mut ip: *const Op, frame: &mut Frame<'_>, budget: &mut i64) -> *const Op {
            let jumps = frame.jumps;
            let mut left = *budget;
            let stopped = loop {
                // SAFETY: the caller's promise, kept by following only links the translator made.
                let op: &Op = unsafe { &*ip };
                macro_rules! arm {
                    () => {
                        Fast { cpu: &mut *cpu, view: &frame.view, known: Known::No, went: Went::On, next_rip: 0 }
                    };
                }
                // To the next op.
                macro_rules! next {
                    () => {{
                        ip = ip.wrapping_add(1);
                        continue;
                    }};
                }
                // To the op linked.
                macro_rules! link {
                    ($n:expr) => {{
                        ip = ip.wrapping_byte_offset(op.disp as isize);
                        left -= $n as i64;
                        if left <= 0 {
                            break ip;
                        }
                        continue;
                    }};
                }
                // To a guest address.
                macro_rules! to {
                    ($rip:expr, $n:expr) => {
                        to!($rip, $n, Way::Usual)
                    };
                    ($rip:expr, $n:expr, $way:expr) => {{
                        let rip: u64 = $rip;
                        left -= $n as i64;
                        match jumps.find(rip, $way, frame.view.code_tag) {
                            Some(op) if left > 0 => {
                                cpu.gpr[Gpr::CODE_PAGE.0 as usize] = rip & !0xfff;
                                ip = op;
                                continue;
                            }
                            _ => {
                                cpu.rip = rip;
                                frame.way = $way;
                                break core::ptr::null();
                            }
                        }
                    }};
                }
                macro_rules! page {
                    () => {
                        cpu.gpr[Gpr::CODE_PAGE.0 as usize]
                    };
                }
                match op.code {
                    $(Code::$name => {
                        let i = insn(op, Mn::$mn, Width::$w, Width::$sw, Kind::$kind);
                        match $($path)::+(&mut arm!(), &i) {
                            Ok(()) => next!(),
                            Err(Miss) => break ip,
                        }
                    })*
                    // What these cannot do, they can do the general way at once.
                    $(Code::$pname => {
                        let i = insn(op, Mn::$pmn, Width::$pw, Width::$pw, Kind::$pkind);
                        if $($ppath)::+(&mut arm!(), &i).is_ok() || frame.general(cpu, op, false) {
                            next!()
                        }
                        break core::ptr::null();
                    })*
                    $(Code::$fname => {
                        let i = insn(op, Mn::$fmn, Width::$fw, Width::$fw, Kind::$fkind);
                        let mut f = arm!();
                        let done = $($fpath)::+(&mut f, &i).and_then(|()| {
                            flow::jcc(&mut f, &Insn { cond: Cond::$fcond, ..Insn::EMPTY })
                        });
                        match (done, f.went) {
                            (Err(Miss), _) => break ip,
                            (_, Went::On) => next!(),
                            _ => link!(op.d),
                        }
                    })*
                    $(Code::$jname => {
                        let mut f = arm!();
                        known!($jprod, f, op.c);
                        let _ = flow::jcc(&mut f, &Insn { cond: Cond::$jcond, ..Insn::EMPTY });
                        match f.went {
                            Went::On => next!(),
                            _ => link!(op.d),
                        }
                    })*
                    $(Code::$sname => {
                        let mut f = arm!();
                        known!($sprod, f, op.c);
                        let i = insn(op, Mn::Nop, Width::W8, Width::W8, Kind::R);
                        let _ = mov::set(&mut f, &Insn { cond: Cond::$scond, ..i });
                        next!()
                    })*
                    $(Code::$cname => {
                        let mut f = arm!();
                        known!($cprod, f, op.c);
                        let i = insn(op, Mn::Nop, Width::$cw, Width::$cw, Kind::Rr);
                        let _ = mov::cmov(&mut f, &Insn { cond: Cond::$ccond, ..i });
                        next!()
                    })*
                    Code::JccAny => {
                        if cpu.flags.cond_by_number(op.b) {
                            link!(op.d)
                        }
                        next!()
                    }
                    Code::SetAny => {
                        let v = cpu.flags.cond_by_number(op.b) as u64;
                        arm!().set_reg(Width::W8, slot(op.a), v);
                        next!()
                    }
                    Code::CmovAny32 | Code::CmovAny64 => {
                        let w = if op.code == Code::CmovAny32 { Width::W32 } else { Width::W64 };
                        let from = if cpu.flags.cond_by_number(op.c) { op.b } else { op.a };
                        let mut f = arm!();
                        let v = f.reg(w, slot(from));
                        f.set_reg(w, slot(op.a), v);
                        next!()
                    }
                    Code::Goto => link!(op.d),
                    Code::Far => to!(page!().wrapping_add(op.disp as u64), op.d),
                    Code::JmpR => {
                        let target = cpu.gpr[slot(op.a).0 as usize & 31];
                        if target >> 47 != 0 {
                            break ip; // perhaps #GP at the jump
                        }
                        to!(target, op.imm, Way::Indirect)
                    }
                    Code::JmpM | Code::JmpX => {
                        let kind = if op.code == Code::JmpM { Kind::M } else { Kind::X };
                        let i = insn(op, Mn::Jmp, Width::W64, Width::W64, kind);
                        match arm!().read(Width::W64, &i, Operand::Mem) {
                            Ok(target) if target >> 47 == 0 => to!(target, op.imm, Way::Indirect),
                            _ => break ip,
                        }
                    }
                    Code::CallNear | Code::CallFar => {
                        let mut f = arm!();
                        f.next_rip = f.cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_add(op.imm as u64);
                        let i = Insn { ops: [Operand::Imm, Operand::None, Operand::None, Operand::None], ..Insn::EMPTY };
                        if flow::call(&mut f, &i).is_err() {
                            break ip;
                        }
                        if op.code == Code::CallNear {
                            link!(op.d)
                        }
                        to!(page!().wrapping_add(op.disp as u64), op.d)
                    }
                    Code::CallR | Code::CallM | Code::CallX => {
                        let kind = match op.code {
                            Code::CallR => Kind::R,
                            Code::CallM => Kind::M,
                            _ => Kind::X,
                        };
                        let i = insn(op, Mn::Call, Width::W64, Width::W64, kind);
                        let mut f = arm!();
                        f.next_rip = f.cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_add(op.imm as u64 >> 8);
                        match (flow::call(&mut f, &i), f.went) {
                            (Ok(()), Went::To(target)) => to!(target, op.imm & 0xff),
                            _ => break ip,
                        }
                    }
                    Code::Ret => {
                        let i = Insn {
                            ops: [Operand::Imm, Operand::None, Operand::None, Operand::None],
                            imm: op.imm as i64,
                            ..Insn::EMPTY
                        };
                        let mut f = arm!();
                        match (flow::ret(&mut f, &i), f.went) {
                            (Ok(()), Went::To(target)) => to!(target, op.d),
                            _ => break ip,
                        }
                    }
                    // The op behind it goes to the next instruction.
                    Code::Syscall => {
                        cpu.rip = page!().wrapping_add(op.imm as u64);
                        flow::enter_kernel(cpu);
                        if frame.system_call(cpu) {
                            left -= frame.cost;
                            frame.cost = 0;
                            next!()
                        }
                        left -= op.d as i64;
                        break core::ptr::null();
                    }
                    Code::Generic => {
                        if frame.general(cpu, op, op.a != 0) {
                            next!()
                        }
                        left -= if op.a == 0 { 0 } else { op.d as i64 };
                        break core::ptr::null();
                    }
                    Code::Region => {
                        frame.left = left;
                        let ran = frame.region(cpu, op);
                        left = frame.left;
                        match ran {
                            Ran::Stop(step) => {
                                frame.step = Some(step);
                                break core::ptr::null();
                            }
                            Ran::Not => next!(),
                            Ran::Ask => break ip,
                            Ran::On => to!(cpu.rip, 0),
                            // Even without a budget: at least this instruction is done, so that the guest gets on.
                            Ran::Interpret => match jumps.find(cpu.rip, Way::Plain, frame.view.code_tag) {
                                // SAFETY: the cache's ops live as long as its entries; a page of theirs that was written
                                // made them `Dead`.
                                Some(op) if unsafe { (*op).code } != Code::Dead => {
                                    cpu.gpr[Gpr::CODE_PAGE.0 as usize] = cpu.rip & !0xfff;
                                    ip = op;
                                    continue;
                                }
                                _ => {
                                    frame.way = Way::Plain;
                                    break core::ptr::null();
                                }
                            },
                        }
                    }
                    Code::Count => {
                        if let Some(count) = frame.counts.get_mut(op.imm as usize) {
                            *count += 1;
                        }
                        next!()
                    }
                    Code::Stub | Code::Cross | Code::Refused | Code::Dead => break ip,
                }
            };
            *budget = left;
            stopped
        }
    };
}

/// Tells an arm what the flags come from.
macro_rules! known {
    (Sub, $f:ident, $shift:expr) => {
        $f.assume_sub($shift)
    };
    (Res, $f:ident, $shift:expr) => {
        $f.assume_res($shift)
    };
}

hot_forms!(fast);
