//! String instructions. With REP they work in runs of bytes within pages; a fault in the middle leaves rcx, rsi and rdi
//! at the element that faulted and rip at the instruction, so that it goes on where it was (SDM Vol. 1 7.3.9.2).

use crate::emit::{Done, Emit};
use crate::flags::{FlagOp, bits};
use crate::helper::fault;
use crate::insn::{Insn, Rep, Width};
use crate::state::{Cpu, Exit, Gpr};
use crate::{Guest, helper};

/// Elements one execution does at most before it lets signals and other tasks in.
const AT_ONCE: u64 = 1 << 18;

/// The registers of a string instruction while it runs.
struct Strings {
    w: Width,
    /// Width of addresses.
    aw: Width,
    src_base: u64,
    step: u64,
    /// Elements to do now.
    count: u64,
}

impl Strings {
    fn new(cpu: &Cpu, i: &Insn) -> Strings {
        let aw = if i.mem.addr32 { Width::W32 } else { Width::W64 };
        let w = i.width;
        let down = cpu.flags.system as u64 & bits::DF != 0;
        Strings {
            w,
            aw,
            src_base: cpu.gpr[i.mem.segment.0 as usize & 31],
            step: if down { (w.bytes() as u64).wrapping_neg() } else { w.bytes() as u64 },
            count: if i.rep == Rep::None { 1 } else { aw.trunc(cpu.gpr[1]) },
        }
    }
    /// With 0x67 and REP these registers lose their upper halves even if nothing is done.
    fn narrow(&self, cpu: &mut Cpu, i: &Insn, registers: &[Gpr]) {
        if self.aw == Width::W32 && i.rep != Rep::None {
            for r in registers {
                cpu.gpr[r.0 as usize & 31] &= 0xffff_ffff;
            }
        }
    }
    fn src(&self, cpu: &Cpu) -> u64 {
        self.aw.trunc(cpu.gpr[6]).wrapping_add(self.src_base)
    }
    fn dst(&self, cpu: &Cpu) -> u64 {
        self.aw.trunc(cpu.gpr[7])
    }
    fn advance(&self, cpu: &mut Cpu, r: Gpr, n: u64) {
        let v = cpu.gpr[r.0 as usize].wrapping_add(self.step.wrapping_mul(n));
        helper::set_reg(cpu, self.aw, r, v);
    }
    /// Takes `n` elements off rcx.
    fn done(&self, cpu: &mut Cpu, i: &Insn, n: u64) {
        if i.rep != Rep::None {
            let left = cpu.gpr[1].wrapping_sub(n);
            helper::set_reg(cpu, self.aw, Gpr::RCX, left);
        }
    }
    /// How many whole elements from `addr` on lie in its page; only upwards.
    fn in_page(&self, addr: u64) -> u64 {
        if self.step > 8 { 0 } else { (0x1000 - (addr & 0xfff)) / self.step }
    }
    /// True when the run must be broken off here, to go on later at the same instruction.
    fn pause_here(&self, cpu: &mut Cpu, i: &Insn, done: u64, mem: &mut Guest<'_>) -> bool {
        mem.cost += (done * self.w.bytes() as u64 >> 5) as i64;
        let unfinished = done < self.count;
        if unfinished {
            cpu.rip = cpu.rip.wrapping_sub(i.len as u64);
        }
        unfinished
    }
}

/// MOVSB, MOVSW, MOVSD, MOVSQ.
pub fn movs<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let s = Strings::new(cpu, i);
        s.narrow(cpu, i, &[Gpr::RCX, Gpr::RSI, Gpr::RDI]);
        let limit = s.count.min(AT_ONCE);
        let mut done = 0;
        while done < limit {
            let (src, dst) = (s.src(cpu), s.dst(cpu));
            let run = s.in_page(src).min(s.in_page(dst)).min(limit - done);
            let n = if run > 1 && mem.copy_run(s.w, src, dst, run).map_err(fault)? {
                run
            } else {
                let v = mem.read(s.w, src).map_err(fault)?;
                mem.write(s.w, dst, v).map_err(fault)?;
                1
            };
            s.advance(cpu, Gpr::RSI, n);
            s.advance(cpu, Gpr::RDI, n);
            s.done(cpu, i, n);
            done += n;
        }
        s.pause_here(cpu, i, done, mem);
        Ok(())
    })
}

/// STOSB, STOSW, STOSD, STOSQ.
pub fn stos<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let s = Strings::new(cpu, i);
        s.narrow(cpu, i, &[Gpr::RCX, Gpr::RDI]);
        let limit = s.count.min(AT_ONCE);
        let v = s.w.trunc(cpu.gpr[0]);
        let mut done = 0;
        while done < limit {
            let dst = s.dst(cpu);
            let run = s.in_page(dst).min(limit - done);
            let n = if run > 1 && mem.fill_run(s.w, dst, run, v).map_err(fault)? {
                run
            } else {
                mem.write(s.w, dst, v).map_err(fault)?;
                1
            };
            s.advance(cpu, Gpr::RDI, n);
            s.done(cpu, i, n);
            done += n;
        }
        s.pause_here(cpu, i, done, mem);
        Ok(())
    })
}

/// LODSB, LODSW, LODSD, LODSQ.
pub fn lods<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| {
        let s = Strings::new(cpu, i);
        s.narrow(cpu, i, &[Gpr::RCX]);
        let limit = s.count.min(AT_ONCE);
        for _ in 0..limit {
            let v = mem.read(s.w, s.src(cpu)).map_err(fault)?;
            helper::set_reg(cpu, s.w, Gpr::RAX, v);
            s.advance(cpu, Gpr::RSI, 1);
            s.done(cpu, i, 1);
        }
        s.pause_here(cpu, i, limit, mem);
        Ok(())
    })
}

/// Compares until REPE / REPNE is satisfied; flags are those of the last comparison. A fault in the middle leaves the
/// flags of the instruction's start (SDM Vol. 2B, REP).
fn compare(cpu: &mut Cpu, i: &Insn, mem: &mut Guest<'_>, scan: bool) -> Result<(), Exit> {
    let s = Strings::new(cpu, i);
    s.narrow(cpu, i, &[Gpr::RCX]);
    let limit = s.count.min(AT_ONCE);
    let mut last = None;
    for n in 0..limit {
        // The hardware reads at rdi first: of two faults that is the one to report.
        let b = mem.read(s.w, s.dst(cpu)).map_err(fault)?;
        let a = if scan { s.w.trunc(cpu.gpr[0]) } else { mem.read(s.w, s.src(cpu)).map_err(fault)? };
        if !scan {
            s.advance(cpu, Gpr::RSI, 1);
        }
        s.advance(cpu, Gpr::RDI, 1);
        s.done(cpu, i, 1);
        last = Some((a, b));
        let stop = match i.rep {
            Rep::Rep => a != b,
            Rep::Repne => a == b,
            Rep::None => false,
        };
        if stop {
            mem.cost += n as i64 >> 2;
            break;
        }
    }
    let Some((a, b)) = last else { return Ok(()) };
    cpu.flags.set(FlagOp::Sub, s.w, a, b, s.w.trunc(a.wrapping_sub(b)));
    let satisfied = match i.rep {
        Rep::Rep => a != b,
        Rep::Repne => a == b,
        Rep::None => true,
    };
    if !satisfied {
        s.pause_here(cpu, i, limit, mem);
    }
    Ok(())
}

/// CMPSB, CMPSW, CMPSD, CMPSQ.
pub fn cmps<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| compare(cpu, i, mem, false))
}

/// SCASB, SCASW, SCASD, SCASQ.
pub fn scas<E: Emit>(e: &mut E, i: &Insn) -> Done<E> {
    e.call(i, |cpu, i, mem| compare(cpu, i, mem, true))
}
