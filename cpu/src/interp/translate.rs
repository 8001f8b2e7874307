//! Guest code to ops: one block at a time, from its start along the path where no branch is taken.
//!
//! A block may hold several conditional jumps. What the taken ones owe is the number of instructions since the block's
//! start; so blocks are entered at their start only, and code met again in the middle of one is translated again. A
//! block ends at an unconditional jump, at the start of another one, at the end of the page, or at its limit.

use super::op::{self, Code, Kind, Op, Producer};
use crate::decode::{DecodeError, decode};
use crate::insn::{Cond, Insn, Mn, Operand, Rep, Width};
use alloc::vec::Vec;

/// Instructions in a block at most; fits [`Op::d`] and leaves room for a call's return offset.
pub(super) const MAX_BLOCK: u32 = 64;
/// Ops a block may need: its heads, each instruction and a way out for each conditional jump.
pub(super) const MAX_OPS: usize = MAX_BLOCK as usize * 2 + 6;

/// Builds one block.
pub(super) struct Builder<'a> {
    code: &'a [u8],
    max: u32,
    /// Blocks end at branches, too.
    ends_at_branches: bool,
    ops: Vec<Op>,
    /// Instructions so far.
    count: u32,
    flags: Option<(Producer, Width, bool)>,
    /// Branches whose way out is still to be appended: op, and the target by offset from the page.
    exits: Vec<(usize, i64)>,
}

impl<'a> Builder<'a> {
    /// `code` is the page; blocks have at most `max` instructions, and begin with `heads`.
    pub(super) fn new(code: &'a [u8], max: u32, heads: impl Iterator<Item = Op>) -> Builder<'a> {
        let (max, ops) = (max.clamp(1, MAX_BLOCK), heads.collect());
        Builder { code, max, ends_at_branches: false, ops, count: 0, flags: None, exits: Vec::new() }
    }

    /// A branch that is not taken ends its block, so that a count of blocks says what ran.
    pub(super) fn ending_at_branches(self, ends_at_branches: bool) -> Builder<'a> {
        Builder { ends_at_branches, ..self }
    }

    /// The ops of the block at `off`. `is_start` tells where other blocks start, `side` keeps instructions.
    pub(super) fn build(
        mut self,
        mut off: u32,
        is_start: impl Fn(u32) -> bool,
        mut side: impl FnMut(Insn) -> i32,
    ) -> Vec<Op> {
        loop {
            if self.count >= self.max || self.count > 0 && is_start(off) {
                self.goto(off as i64);
                break;
            }
            if off >= 0x1000 {
                self.goto(off as i64);
                break;
            }
            let insn = match decode(&self.code[off as usize..], off) {
                Ok(insn) => insn,
                Err(error) => {
                    let code = if error == DecodeError::Truncated { Code::Cross } else { Code::Refused };
                    self.ops.push(Op { d: self.count as u8, ..Op::new(code, off) });
                    break;
                }
            };
            self.count += 1;
            let next = off + insn.len as u32;
            let then = self.one(&insn, off, next, &mut side);
            let is_branch = matches!(then, Then::Skip(_)) || is_jcc(&insn);
            match then {
                Then::On => off = next,
                Then::Skip(more) => off = next + more,
                Then::End => break,
            }
            if self.ends_at_branches && is_branch {
                self.goto(off as i64);
                break;
            }
        }
        self.append_exits();
        self.ops
    }

    /// A way to an offset, with what the block owes.
    fn goto(&mut self, target: i64) {
        let op = Op { d: self.count as u8, ..Op::new(Code::Goto, target as u32) };
        self.branch(op, target);
    }

    /// A branch op whose link is yet to be made.
    fn branch(&mut self, op: Op, target: i64) {
        self.exits.push((self.ops.len(), target));
        self.ops.push(op);
    }

    /// Stubs for targets in the page, far jumps for the others.
    fn append_exits(&mut self) {
        for (from, target) in core::mem::take(&mut self.exits) {
            let back = (self.ops.len() - from) as i32 * size_of::<Op>() as i32;
            self.ops[from].disp = back;
            self.ops.push(if (0..0x1000).contains(&target) {
                Op { imm: -back, ..Op::new(Code::Stub, target as u32) }
            } else {
                Op { disp: target as i32, ..Op::new(Code::Far, 0) }
            });
        }
    }

    fn one(&mut self, i: &Insn, off: u32, next: u32, side: &mut impl FnMut(Insn) -> i32) -> Then {
        // Only branches have a target: for others this is any number.
        let target = (next as i64).wrapping_add(i.imm);
        let near = i32::try_from(target).is_ok();
        let count = self.count as u8;
        let owing = Op { d: count, ..Op::new(Code::Generic, off) };
        match (i.mn, i.dst()) {
            (Mn::Jmp, Operand::Imm) if near => {
                self.goto(target);
                // The op stands for the jump itself, should its page die under it or the budget end before it: the
                // target may be too far for `off`.
                if let Some(op) = self.ops.last_mut() {
                    op.off = off as u16;
                }
                return Then::End;
            }
            (Mn::Call, Operand::Imm) if near => {
                let op = Op { imm: next as i32, ..owing };
                if (0..0x1000).contains(&target) {
                    self.branch(Op { code: Code::CallNear, ..op }, target);
                } else {
                    self.ops.push(Op { code: Code::CallFar, disp: target as i32, ..op });
                }
                return Then::End;
            }
            (Mn::Ret, _) if i.width == Width::W64 => {
                let extra = if i.dst() == Operand::Imm { i.imm as u16 as i32 } else { 0 };
                self.ops.push(Op { code: Code::Ret, imm: extra, ..owing });
                return Then::End;
            }
            (Mn::Syscall, _) => {
                self.ops.push(Op { code: Code::Syscall, imm: next as i32, ..owing });
                self.goto(next as i64);
                return Then::End;
            }
            (Mn::Jmp | Mn::Call, Operand::Reg(_) | Operand::Mem) if i.width == Width::W64 => {
                if let Some((kind, op)) = op::operands(i, off) {
                    let (jump, call) = match kind {
                        Kind::R => (Code::JmpR, Code::CallR),
                        Kind::M => (Code::JmpM, Code::CallM),
                        _ => (Code::JmpX, Code::CallX),
                    };
                    self.ops.push(if i.mn == Mn::Jmp {
                        Op { code: jump, imm: count as i32, ..op }
                    } else {
                        Op { code: call, imm: (next << 8) as i32 | count as i32, ..op }
                    });
                    return Then::End;
                }
            }
            _ if is_jcc(i) && near => {
                let op = match self.flags.and_then(|known| Some((conditional(known, i.cond, op::jcc)?, known.1))) {
                    Some((code, w)) => Op { code, c: (64 - w.bits()) as u8, ..owing },
                    None => Op { code: Code::JccAny, b: i.cond as u8, ..owing },
                };
                self.branch(op, target);
                return Then::On;
            }
            _ => {}
        }
        if does_nothing(i.mn) {
            // A block's first op stands for its first byte: should the page die, the guest goes on there.
            if self.ops.is_empty() {
                self.ops.push(Op { disp: size_of::<Op>() as i32, ..Op::new(Code::Goto, off) });
            }
            return Then::On;
        }
        if let Some(then) = self.fuse(i, off, next) {
            return then;
        }
        let hot = self.conditional_move(i, off).or_else(|| hot_form(i, off));
        if let Some(op) = hot {
            self.ops.push(op);
            self.note_flags(i);
            return Then::On;
        }
        if let Some(op) = fp_form(i, off) {
            self.ops.push(Op { imm: side(*i), ..op });
            self.note_flags(i);
            return Then::On;
        }
        let ends = ends_block(i);
        self.ops.push(Op { imm: side(*i), a: ends as u8, ..owing });
        self.note_flags(i);
        if ends { Then::End } else { Then::On }
    }

    /// A comparison between registers and immediates with the conditional jump that follows it.
    fn fuse(&mut self, i: &Insn, off: u32, next: u32) -> Option<Then> {
        if !matches!(i.mn, Mn::Cmp | Mn::Test) || self.count >= self.max || next >= 0x1000 {
            return None;
        }
        let jump = decode(&self.code[next as usize..], next).ok().filter(is_jcc)?;
        let (kind, op) = op::operands(i, off)?;
        // test r, r: a zero or negative number.
        let code = op::fused(i.mn, i.width, kind, jump.cond)?;
        let target = (next + jump.len as u32) as i64 + jump.imm;
        i32::try_from(target).ok()?;
        self.count += 1;
        self.note_flags(i);
        self.branch(Op { code, d: self.count as u8, ..op }, target);
        Some(Then::Skip(jump.len as u32))
    }

    /// setcc and cmovcc between registers.
    fn conditional_move(&mut self, i: &Insn, off: u32) -> Option<Op> {
        let shift = |w: Width| (64 - w.bits()) as u8;
        match (i.dst(), i.src()) {
            (Operand::Reg(a), Operand::None) if is_set(i.mn) => {
                let op = Op { a: a.0 * 8, ..Op::new(Code::SetAny, off) };
                Some(match self.flags.and_then(|known| Some((conditional(known, i.cond, op::set)?, known.1))) {
                    Some((code, w)) => Op { code, c: shift(w), ..op },
                    None => Op { b: i.cond as u8, ..op },
                })
            }
            (Operand::Reg(a), Operand::Reg(b)) if is_cmov(i.mn) && i.width >= Width::W32 => {
                let any = if i.width == Width::W32 { Code::CmovAny32 } else { Code::CmovAny64 };
                let op = Op { a: a.0 * 8, b: b.0 * 8, ..Op::new(any, off) };
                let pick = |producer, cond| op::cmov(producer, cond, i.width);
                Some(match self.flags.and_then(|known| Some((conditional(known, i.cond, pick)?, known.1))) {
                    Some((code, w)) => Op { code, c: shift(w), ..op },
                    None => Op { c: i.cond as u8, ..op },
                })
            }
            _ => None,
        }
    }

    /// What the flags come from after this instruction.
    fn note_flags(&mut self, i: &Insn) {
        if i.mn.row().writes == 0 {
            return;
        }
        self.flags = match i.mn {
            Mn::Cmp | Mn::Sub | Mn::Neg => Some((Producer::Sub, i.width, false)),
            Mn::Test | Mn::And | Mn::Or | Mn::Xor => Some((Producer::Res, i.width, true)),
            Mn::Add | Mn::Adc | Mn::Sbb | Mn::Inc | Mn::Dec => Some((Producer::Res, i.width, false)),
            // A count that is no constant may be 0 and leave the flags to whatever was before.
            Mn::Shl | Mn::Sal | Mn::Shr | Mn::Sar if i.src() == Operand::Imm && i.imm & 31 != 0 => {
                Some((Producer::Res, i.width, false))
            }
            _ => None,
        };
    }
}

/// How translation goes on.
enum Then {
    On,
    /// The next instruction, of this length, is done too.
    Skip(u32),
    End,
}

/// The specialised code for a condition, if flags of this origin allow it.
fn conditional(
    (producer, _, overflow_clear): (Producer, Width, bool),
    cond: Cond,
    pick: impl Fn(Producer, Cond) -> Option<Code>,
) -> Option<Code> {
    match cond {
        Cond::E | Cond::Ne | Cond::S | Cond::Ns => pick(Producer::Res, cond),
        Cond::Le | Cond::G if overflow_clear => pick(Producer::Res, cond),
        Cond::L if overflow_clear => pick(Producer::Res, Cond::S),
        Cond::Ge if overflow_clear => pick(Producer::Res, Cond::Ns),
        _ if producer == Producer::Sub => pick(Producer::Sub, cond),
        _ => None,
    }
}

/// The op of an instruction with a form of its own.
fn hot_form(i: &Insn, off: u32) -> Option<Op> {
    if i.rep != Rep::None && decode_keeps_rep(i.mn) {
        return None;
    }
    let (mut kind, mut op) = op::operands(i, off)?;
    let mn = match i.mn {
        Mn::Sal => Mn::Shl,
        Mn::Movapd | Mn::Movdqa => Mn::Movaps,
        Mn::Movupd | Mn::Movdqu | Mn::Lddqu => Mn::Movups,
        Mn::Xorps | Mn::Xorpd => Mn::Pxor,
        Mn::Orps | Mn::Orpd => Mn::Por,
        Mn::Andps | Mn::Andpd => Mn::Pand,
        Mn::Andnps | Mn::Andnpd => Mn::Pandn,
        Mn::Movhpd => Mn::Movhps,
        Mn::Movlpd => Mn::Movlps,
        Mn::Unpcklpd | Mn::Movlhps => Mn::Punpcklqdq,
        Mn::Unpckhpd => Mn::Punpckhqdq,
        Mn::Unpcklps => Mn::Punpckldq,
        mn => mn,
    };
    let (mut w, mut sw) = (i.width, i.src_width);
    match mn {
        // A zero-extended value is the same for both widths.
        Mn::Movzx if w == Width::W64 => w = Width::W32,
        Mn::Movsxd if w != Width::W64 => return None,
        Mn::Movzx | Mn::Movsx | Mn::Movsxd => {}
        // Aligned whole registers and the rest, whose width is the register's.
        Mn::Movaps | Mn::Movups | Mn::Pxor | Mn::Por | Mn::Pand | Mn::Pandn => (w, sw) = (Width::W64, Width::W64),
        Mn::Movd | Mn::Movss | Mn::Pmovmskb => (w, sw) = (Width::W32, Width::W32),
        _ => {
            sw = w;
        }
    }
    // A 64-bit immediate that is an unsigned 32-bit one.
    if mn == Mn::Mov && kind == Kind::Rw && i.imm as u32 as i64 == i.imm {
        (kind, w, sw) = (Kind::Ri, Width::W32, Width::W32);
        op.disp = 0;
    }
    op.code = op::hot(mn, w, sw, kind)?;
    Some(op)
}

/// The op of a floating-point instruction with a form of its own; its `imm` is to be a place in the side table.
fn fp_form(i: &Insn, off: u32) -> Option<Op> {
    let (kind, op) = op::operands(i, off)?;
    Some(Op { code: op::fp(i.mn, i.width, kind)?, ..op })
}

/// String instructions, for which REP is not a hint.
fn decode_keeps_rep(mn: Mn) -> bool {
    use Mn::*;
    matches!(
        mn,
        Movsb
            | Movsw
            | Movsd
            | Movsq
            | Stosb
            | Stosw
            | Stosd
            | Stosq
            | Lodsb
            | Lodsw
            | Lodsd
            | Lodsq
            | Scasb
            | Scasw
            | Scasd
            | Scasq
            | Cmpsb
            | Cmpsw
            | Cmpsd
            | Cmpsq
    )
}

/// A conditional jump on flags.
fn is_jcc(i: &Insn) -> bool {
    (Mn::Jo as u16..=Mn::Jg as u16).contains(&(i.mn as u16))
}

/// Instructions that need no op: they are counted, and that is all.
fn does_nothing(mn: Mn) -> bool {
    use Mn::*;
    matches!(
        mn,
        Nop | Reservednop
            | Endbr32
            | Endbr64
            | Lfence
            | Mfence
            | Sfence
            | Prefetch
            | Prefetchw
            | Prefetchnta
            | Prefetcht0
            | Prefetcht1
            | Prefetcht2
    )
}

fn is_set(mn: Mn) -> bool {
    (Mn::Seto as u16..=Mn::Setg as u16).contains(&(mn as u16))
}

fn is_cmov(mn: Mn) -> bool {
    (Mn::Cmovo as u16..=Mn::Cmovg as u16).contains(&(mn as u16))
}

/// Instructions after which the next one is not simply the next: branches, ways out, and what may leave rip in place.
pub(super) fn ends_block(i: &Insn) -> bool {
    use Mn::*;
    is_jcc(i)
        || i.rep != Rep::None && decode_keeps_rep(i.mn)
        || matches!(
            i.mn,
            Jmp | Call
                | Ret
                | Loop
                | Loope
                | Loopne
                | Jrcxz
                | Jecxz
                | Syscall
                | Int3
                | Ud0
                | Ud1
                | Ud2
                | Pause
                | Popf
                | Popfq
                | Hlt
                | Int
        )
}

/// Instructions that run one after the other, as they lie in a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BlockShape {
    /// How many there are.
    pub len: u32,
    /// Where the next one is.
    pub end: u32,
    /// Where the last one may jump or call directly: an offset from the page.
    pub target: Option<i64>,
    /// That is a call.
    pub is_call: bool,
    /// It may be passed by.
    pub is_branch: bool,
}

/// What a profile counts as one block: from this offset of a page to the next branch, call or jump, where other blocks
/// begin where `is_start` says.
pub fn block_at(page: &[u8], start: u32, is_start: impl Fn(u32) -> bool) -> BlockShape {
    let mut shape = BlockShape { end: start, ..BlockShape::default() };
    while let Some(insn) = page.get(shape.end as usize..).and_then(|code| decode(code, shape.end).ok()) {
        (shape.end, shape.len) = (shape.end + insn.len as u32, shape.len + 1);
        if ends_block(&insn) {
            shape.is_branch = is_jcc(&insn);
            shape.is_call = insn.mn == Mn::Call;
            let is_direct = shape.is_branch || matches!(insn.mn, Mn::Jmp | Mn::Call) && insn.dst() == Operand::Imm;
            shape.target = is_direct.then(|| (shape.end as i64).wrapping_add(insn.imm));
            break;
        }
        if is_start(shape.end) || shape.len == MAX_BLOCK {
            break;
        }
    }
    shape
}
