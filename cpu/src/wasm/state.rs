//! Where registers cross the border of a region's function: its entries and the ways out of it, the call that does one
//! instruction on the interpreter, and calls of other regions.

use super::liveness::Touch;
use super::lower::{End, Event, GPRS, KEPT, Known, Layout, Lower, Regs, V, local};
use super::region::{EXIT_GOTO, EXIT_INTERPRET, SLOT_SHIFTS, SLOTS, STEP_ON, Slot};
use crate::ahead::Env;
use crate::flags::FlagOp;
use crate::insn::{Mn, Width};
use crate::{Cpu, Gpr};
use alloc::vec::Vec;
use core::mem::offset_of;
use wasm_encoder::{BlockType, Function, MemArg, MemArgTarget, ValType};

const CPU_GPR: u64 = offset_of!(Cpu, gpr) as u64;
const CPU_RIP: u64 = offset_of!(Cpu, rip) as u64;
const CPU_PAGE: u64 = CPU_GPR + 8 * Gpr::CODE_PAGE.0 as u64;
const ENV_BUDGET: u64 = offset_of!(Env, budget) as u64;
const ENV_STACK: u64 = offset_of!(Env, stack) as u64;

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

/// Offset in [`Cpu`] of the register with this number among those with a local.
fn slot_offset(index: u32) -> u64 {
    CPU_GPR
        + 8 * match index {
            16 => Gpr::FS_BASE.0 as u64,
            17 => Gpr::GS_BASE.0 as u64,
            _ => index as u64,
        }
}

fn xmm_offset(index: u32) -> u64 {
    offset_of!(Cpu, ymm) as u64 + 32 * (index % 16) as u64 + 16 * (index / 16) as u64
}

/// Whom a call goes to.
pub(super) enum Callee {
    /// A function of this module, at one of its entries.
    Function { index: u32, entry: u32 },
    /// Whoever has the address, by this function ([`jump_function`]).
    Address(V, u32),
}

impl Lower<'_> {
    /// Registers to the CPU.
    fn spill(&mut self, which: Regs) {
        for r in (0..GPRS).filter(|r| which.gpr >> r & 1 != 0) {
            let from = self.layout.gpr[r as usize];
            self.sink().local_get(local::CPU).local_get(from).i64_store(at(slot_offset(r)));
        }
        for r in (0..KEPT).filter(|r| which.xmm >> r & 1 != 0) {
            let (low, high) = (self.layout.xmm[r as usize], self.layout.high[r as usize % 16]);
            if self.is_halved(r as u8) {
                self.sink().local_get(local::CPU).local_get(low).f64_store(at(xmm_offset(r)));
                self.sink().local_get(local::CPU).local_get(high).i64_store(at(xmm_offset(r) + 8));
            } else {
                self.sink().local_get(local::CPU).local_get(low).v128_store(at(xmm_offset(r)));
            }
        }
    }

    /// What the environment says to locals.
    fn reload_env(&mut self) {
        for (local, offset) in [(local::READ, offset_of!(Env, read)), (local::WRITE, offset_of!(Env, write))] {
            self.sink().local_get(local::ENV).i32_load(at(offset as u64)).local_set(local);
        }
        self.sink().local_get(local::ENV).i64_load32_u(at(offset_of!(Env, len) as u64)).local_set(local::LEN);
        self.sink().local_get(local::ENV).i64_load(at(ENV_BUDGET)).local_set(local::BUDGET);
    }

    /// Registers to locals.
    pub(super) fn reload(&mut self, which: Regs) {
        for r in (0..GPRS).filter(|r| which.gpr >> r & 1 != 0) {
            let into = self.layout.gpr[r as usize];
            self.sink().local_get(local::CPU).i64_load(at(slot_offset(r))).local_set(into);
        }
        for r in (0..KEPT).filter(|r| which.xmm >> r & 1 != 0) {
            let (low, high) = (self.layout.xmm[r as usize], self.layout.high[r as usize % 16]);
            if self.is_halved(r as u8) {
                self.sink().local_get(local::CPU).f64_load(at(xmm_offset(r))).local_set(low);
                self.sink().local_get(local::CPU).i64_load(at(xmm_offset(r) + 8)).local_set(high);
            } else {
                self.sink().local_get(local::CPU).v128_load(at(xmm_offset(r))).local_set(low);
            }
        }
    }

    /// Nothing is known any more: somebody else ran.
    fn forget(&mut self) {
        self.flags = Known::Nothing;
        self.pending = None;
        self.fp_checked = false;
        self.roots.forget_all();
    }

    /// Spills and gives the budget back.
    fn hand_over(&mut self, touch: Touch) {
        self.events.push(Event::Read);
        self.materialise();
        let dirty = self.dirty;
        self.spill(dirty);
        self.touches.push(touch);
        self.dirty = Regs::NONE;
        self.give_budget();
    }

    fn give_budget(&mut self) {
        self.sink().local_get(local::ENV).local_get(local::BUDGET).i64_store(at(ENV_BUDGET));
    }

    /// Flags and registers to the CPU, on a way out.
    pub(super) fn write_out(&mut self) {
        self.write_pending();
        let dirty = self.dirty;
        self.spill(dirty);
        self.touches.push(Touch::Exit);
    }

    /// Pushes whether lowered floating point may be used.
    pub(super) fn push_fp_usual(&mut self) {
        self.sink().local_get(local::ENV).i32_load(at(offset_of!(Env, fp_usual) as u64));
    }

    /// Returns to a guest address: as `leave_to`, but at once, for the way that is taken most.
    pub(super) fn return_to(&mut self, target: V) {
        self.hand_over(Touch::Call);
        self.sink().local_get(local::CPU);
        self.push(target);
        self.sink().i64_store(at(CPU_RIP)).i32_const(EXIT_GOTO).return_();
    }

    /// The current instruction on the interpreter, without leaving.
    pub(super) fn step(&mut self) {
        let at_insn = self.at;
        let Some(step) = self.link.step else {
            self.leave_at(at_insn, EXIT_INTERPRET);
            self.end = End::Left;
            return;
        };
        // Everything may be read and written.
        let number = self.number();
        self.hand_over(Touch::Step(number));
        self.sink().local_get(local::CPU).local_get(local::BASE).i64_const(at_insn).i64_add().i64_store(at(CPU_RIP));
        self.sink().local_get(local::CPU).local_get(local::ENV).call(step).local_tee(local::CODE);
        let branches = is_conditional(self.mn);
        if branches {
            // It may have gone either way.
            self.sink().i32_const(EXIT_GOTO).i32_gt_s();
        } else {
            self.sink().i32_const(STEP_ON).i32_ne();
        }
        self.sink().if_(BlockType::Empty).local_get(local::CODE).return_().end();
        self.reload_env();
        let behind = self.behind_steps.iter().find(|(of, _)| *of == number);
        // A step that the trial did not see: everything.
        self.reload(behind.map_or(self.usage.used, |(_, regs)| *regs));
        self.forget();
        if is_string_comparison(self.mn) {
            // The interpreter leaves all of them, packed.
            self.flags = Known::Op(FlagOp::Packed, Width::W8);
        }
        self.end = End::Next;
        if branches {
            self.sink().local_get(local::CODE).i32_const(STEP_ON).i32_ne();
            self.end = End::Branch(self.truth());
        }
    }

    /// Leaves for an address.
    pub(super) fn leave_to(&mut self, target: V) {
        self.events.push(Event::Read);
        self.write_out();
        self.push(target);
        let depth = self.depth;
        self.sink().local_set(local::RIP).i32_const(EXIT_GOTO).local_set(local::CODE).br(depth + 1);
    }

    /// Calls another region. With `back`, the offset of the return address, the code goes on there; without, what the
    /// callee says is said to our own caller. Whether there is room for a call, the callee looks ([`Lower::check_room`]).
    pub(super) fn enter(&mut self, callee: Callee, back: Option<i64>) {
        self.hand_over(Touch::Call);
        let frame = self.frame;
        self.sink().local_get(local::ENV).local_get(local::STACK).i32_const(frame).i32_sub().i32_store(at(ENV_STACK));
        self.sink().local_get(local::CPU);
        match callee {
            Callee::Function { index, entry } => {
                self.sink().local_get(local::BASE).i64_store(at(CPU_PAGE));
                self.sink().local_get(local::CPU).local_get(local::ENV).i32_const(entry as i32).call(index);
            }
            Callee::Address(target, jump) => {
                self.push(target);
                self.sink().i64_store(at(CPU_RIP));
                self.sink().local_get(local::CPU).local_get(local::ENV).i32_const(0).call(jump);
            }
        }
        let Some(back) = back else {
            self.sink().return_();
            return;
        };
        self.sink().local_tee(local::CODE);
        self.sink().local_get(local::CPU).i64_load(at(CPU_RIP));
        self.sink().local_get(local::BASE).i64_const(back).i64_add().i64_ne();
        self.sink().i32_or().if_(BlockType::Empty).local_get(local::CODE).return_().end();
        self.reload_env();
        let (behind, has_fp) = self.behind_call;
        self.reload(behind);
        self.forget();
        if has_fp {
            self.check_fp(back);
        }
    }

    /// Leaves from an entry at `offset` when calls went too deep, or on for too long.
    pub(super) fn check_room(&mut self, offset: i64) {
        self.sink().local_get(local::STACK).i64_extend_i32_s().local_get(local::BUDGET).i64_or();
        self.sink().i64_const(0).i64_lt_s().if_(BlockType::Empty);
        self.depth += 1;
        self.leave_at(offset, EXIT_GOTO);
        self.depth -= 1;
        self.sink().end();
    }

    /// Leaves before the instruction at this offset if its floating point, or what comes after, is the interpreter's.
    pub(super) fn check_fp(&mut self, offset: i64) {
        self.push_fp_usual();
        self.sink().i32_eqz().if_(BlockType::Empty);
        self.depth += 1;
        self.leave_at(offset, EXIT_INTERPRET);
        self.depth -= 1;
        self.sink().end();
        self.fp_checked = true;
    }

    /// Prologue, body, epilogue.
    pub(super) fn finish(mut self) -> Function {
        let body = core::mem::take(&mut self.bytes);
        self.reload_env();
        self.sink().local_get(local::ENV).i32_load(at(ENV_STACK)).local_set(local::STACK);
        self.sink().local_get(local::CPU).i64_load(at(CPU_PAGE)).local_set(local::BASE);
        self.sink().block(BlockType::Empty).block(BlockType::Empty);
        self.bytes.extend_from_slice(&body);
        // The body never falls out of its end.
        self.sink().unreachable().end();
        self.sink().local_get(local::BASE).local_get(local::AT).i64_extend_i32_s().i64_add().local_set(local::RIP);
        self.sink().i32_const(EXIT_INTERPRET).local_set(local::CODE).end();
        self.give_budget();
        self.sink().local_get(local::CPU).local_get(local::RIP).i64_store(at(CPU_RIP));
        self.sink().local_get(local::CODE).end();
        let mut function = Function::new(locals(&self.layout, &self.temporaries));
        function.raw(self.bytes);
        function
    }
}

/// jcc and its like.
pub(super) fn is_conditional(mn: Mn) -> bool {
    use Mn::*;
    matches!(
        mn,
        Ja | Jae
            | Jb
            | Jbe
            | Je
            | Jne
            | Jg
            | Jge
            | Jl
            | Jle
            | Jo
            | Jno
            | Jp
            | Jnp
            | Js
            | Jns
            | Jrcxz
            | Jecxz
            | Loop
            | Loope
            | Loopne
    )
}

/// pcmpestri and its like.
fn is_string_comparison(mn: Mn) -> bool {
    use Mn::*;
    matches!(mn, Pcmpestri | Pcmpestri64 | Pcmpestrm | Pcmpestrm64 | Pcmpistri | Pcmpistrm)
}

/// Declarations, equal types in a row as one.
fn locals(layout: &Layout, temporaries: &[ValType]) -> Vec<(u32, ValType)> {
    let mut all: Vec<(u32, ValType)> = local::FIXED.to_vec();
    for &ty in layout.types.iter().chain(temporaries) {
        match all.last_mut() {
            Some((count, last)) if *last == ty => *count += 1,
            _ => all.push((1, ty)),
        }
    }
    all
}

/// An estimate of the machine's stack that a function takes on any engine.
pub(super) fn frame_size(layout: &Layout, temporaries: &[ValType]) -> i32 {
    let bytes = |ty: &ValType| if *ty == ValType::V128 { 16 } else { 8 };
    let all: i32 = layout.types.iter().chain(temporaries).map(bytes).sum();
    640 + 8 * 14 + all
}

/// A function that goes on at `cpu.rip`, of the type of regions' functions (the entry counts for nothing): by the slots, at
/// the region that begins there, or it answers [`EXIT_GOTO`]. `kind` is the index of that type.
/// It is no part of each call: those would be twice as long.
pub fn jump_function(kind: u32) -> Function {
    const SLOT: u32 = 3;
    const RIP: u32 = 4;
    let mut function = Function::new([(1, ValType::I32), (1, ValType::I64)]);
    let mut sink = function.instructions();
    sink.local_get(local::ENV).i32_load(at(offset_of!(Env, slots) as u64));
    sink.local_get(local::CPU).i64_load(at(CPU_RIP)).local_tee(RIP);
    let [low, high] = SLOT_SHIFTS.map(i64::from);
    sink.i64_const(low).i64_shr_u().local_get(RIP).i64_const(high).i64_shr_u().i64_xor();
    sink.i32_wrap_i64().i32_const(SLOTS as i32 - 1).i32_and();
    sink.i32_const(size_of::<Slot>().ilog2() as i32).i32_shl().i32_add().local_tee(SLOT);
    sink.i64_load(at(offset_of!(Slot, rip) as u64)).local_get(RIP).i64_ne();
    sink.local_get(SLOT).i32_load(at(offset_of!(Slot, tag) as u64));
    sink.local_get(local::ENV).i32_load(at(offset_of!(Env, tag) as u64)).i32_ne().i32_or();
    sink.if_(BlockType::Empty).i32_const(EXIT_GOTO).return_().end();
    sink.local_get(local::CPU).local_get(SLOT).i64_load(at(offset_of!(Slot, base) as u64)).i64_store(at(CPU_PAGE));
    sink.local_get(local::CPU).local_get(local::ENV);
    sink.local_get(SLOT).i32_load(at(offset_of!(Slot, entry) as u64));
    sink.local_get(SLOT).i32_load(at(offset_of!(Slot, function) as u64));
    sink.call_indirect(0, kind).end();
    function
}
