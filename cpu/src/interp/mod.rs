//! The interpreter: threaded code for what is hot ([`fast`]), the meanings on values for everything else ([`exec`]).
//!
//! [`Engine::run`] alternates between the loop over ops, which calls nothing, and the general way, which knows the bus.

mod cache;
pub mod exec;
mod fast;
mod forms;
mod frame;
mod hot;
mod jit;
mod jumps;
mod op;
mod profile;
mod regions;
#[cfg(test)]
mod tests;
mod translate;

use crate::ahead::{Call, Index};
use crate::decode::{DecodeError, decode};
use crate::flags::bits;
use crate::helper::fault;
use crate::insn::Insn;
use crate::isa::table::meaning;
use crate::mem::HostAddr;
use crate::state::{Cpu, Exception, Exit};
use crate::{Bus, Gpr, Guest};
use cache::Cache;
use exec::{Exec, Vectors};
use frame::Frame;
use jit::Jit;
use jumps::Way;
use op::{Code, Op};
use profile::Profile;
use regions::Regions;
use translate::Builder;

pub use jit::{JitCounts, JitSettings, Unpublished};
pub use profile::Counted;
pub use regions::{RegionCounts, step};
pub use translate::{BlockShape, block_at};

/// The CPU engine: the translations of all processes, whatever thread runs. One for the machine.
pub struct Engine {
    cache: Cache,
    crossing: [Crossing; CROSSINGS],
    max_block: u32,
    refused: Option<Refused>,
    regions: Option<Regions>,
    profile: Option<Profile>,
    vectors: Vectors,
    /// The last run ended with its budget.
    is_used_up: bool,
}

/// Bytes that were no instruction of ours, for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Where.
    pub rip: u64,
    /// The bytes there.
    pub bytes: [u8; 15],
}

/// Instructions that cross pages and are kept decoded.
const CROSSINGS: usize = 64;

/// An instruction on two pages: valid for an address in an address space, until any code page is written.
#[derive(Clone, Copy)]
struct Crossing {
    rip: u64,
    tag: u32,
    insn: Insn,
}

/// What came of one instruction done the general way.
enum Step {
    /// It went to its successor.
    On,
    /// It went elsewhere, or translations changed.
    Jumped,
    Exit(Exit),
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    /// An engine without translations.
    pub fn new() -> Engine {
        const NONE: Crossing = Crossing { rip: u64::MAX, tag: 0, insn: Insn::EMPTY };
        Engine {
            cache: Cache::new(),
            crossing: [NONE; CROSSINGS],
            max_block: translate::MAX_BLOCK,
            refused: None,
            regions: None,
            profile: None,
            vectors: Vectors::new(),
            is_used_up: false,
        }
    }

    /// Code of the image translated ahead of time: entered wherever it is mapped as it is in the image.
    pub fn set_ahead(&mut self, index: Index, call: Call) {
        self.regions_mut(call).set_index(index);
        self.flush();
    }

    fn regions_mut(&mut self, call: Call) -> &mut Regions {
        self.regions.get_or_insert_with(|| Regions::new(call))
    }

    /// Translation at run time, where it is built in and asked for.
    fn jit(&mut self) -> Option<&mut Jit> {
        self.regions.as_mut()?.jit.as_mut().filter(|_| cfg!(feature = "jit"))
    }

    /// What the regions did: those of `set_ahead`, and those translated at run time.
    pub fn region_counts(&self) -> [RegionCounts; 2] {
        self.regions.as_ref().map(|regions| regions.counts).unwrap_or_default()
    }

    /// Counts from now on how often each block is run.
    pub fn start_profile(&mut self) {
        self.profile = Some(Profile::default());
        self.flush();
    }

    /// Blocks of code that ran since `start_profile`. Blocks that regions ran are not among them; what they left to the
    /// interpreter is.
    pub fn profile(&self) -> impl Iterator<Item = Counted> + '_ {
        self.profile.iter().flat_map(|profile| profile.blocks())
    }

    /// Limits blocks to `n` instructions: with 1 the budget is exact to the instruction. For tests of preemption.
    pub fn set_max_block(&mut self, n: u32) {
        self.max_block = n;
        self.flush();
    }

    /// The last instruction that was refused with #UD.
    pub fn refused(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }

    /// Forgets all translations.
    pub fn flush(&mut self) {
        self.cache.flush();
        self.regions.iter_mut().for_each(|regions| regions.flush());
        self.forget_crossings();
    }

    /// Runs `cpu` on the memory of `bus` until something happens, for about `budget` instructions at most; what was run
    /// is taken off `budget`.
    pub fn run(&mut self, cpu: &mut Cpu, bus: &mut impl Bus, budget: &mut i64) -> Exit {
        self.drain(bus);
        if self.jit().is_some() { self.run_sampled(cpu, bus, budget) } else { self.run_blocks(cpu, bus, budget) }
    }

    // Out of line: the kernel's loop is large already, and both need the machine's registers.
    #[inline(never)]
    fn run_blocks(&mut self, cpu: &mut Cpu, bus: &mut impl Bus, budget: &mut i64) -> Exit {
        let mut ip: *const Op = core::ptr::null();
        let mut way = Way::Usual;
        loop {
            if *budget <= 0 && way != Way::Plain {
                self.is_used_up = true;
                return Exit::Budget;
            }
            if ip.is_null() {
                // `popf` ends its block: TF is seen here before the next instruction.
                if cpu.flags.system as u64 & bits::TF != 0 {
                    return self.single_step(cpu, bus, budget);
                }
                ip = match self.enter(cpu, bus, way) {
                    Ok(ip) => ip,
                    Err(exit) => return exit,
                };
            }
            let counts = self.profile.as_mut().map(|profile| profile.counts()).unwrap_or_default();
            let mut frame =
                Frame::new(&mut *bus, self.cache.tables(), self.regions.as_mut(), counts, &mut self.vectors);
            // SAFETY: `ip` comes from `enter`, which set CODE_PAGE, or is the successor of an op done the general way in
            // the same page; the view is the bus's now and nothing is called before the loop returns.
            #[allow(unsafe_code, reason = "the loop trusts ops")]
            let at = unsafe { fast::run(cpu, ip, &mut frame, budget) };
            let (step, cost, slow) = (frame.step, frame.cost, frame.slow);
            way = frame.way;
            *budget -= cost;
            if slow > 0
                && let Some(jit) = self.jit()
            {
                jit.slow += slow;
            }
            ip = core::ptr::null();
            if let Some(step) = step {
                self.drain(bus);
                match step {
                    Step::Exit(exit) => return exit,
                    _ => continue,
                }
            }
            if at.is_null() {
                continue;
            }
            let op = self.cache.op(at);
            let rip = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_add(op.off as u64);
            if *budget <= 0 && op.code != Code::Far {
                cpu.rip = rip;
                self.is_used_up = true;
                return Exit::Budget;
            }
            match op.code {
                // A far jump names no address of its own: let it do its work first.
                Code::Far => cpu.rip = cpu.gpr[Gpr::CODE_PAGE.0 as usize].wrapping_add(op.disp as u64),
                Code::Dead => {
                    cpu.rip = rip;
                    // Whoever comes the usual way is led to the new block below.
                    self.cache.jumps.forget_indirect(rip);
                }
                Code::Region => {
                    if let Some(regions) = &mut self.regions {
                        regions.verify(op.imm, cpu, bus);
                    }
                    self.drain(bus);
                    ip = at;
                }
                Code::Stub => {
                    cpu.rip = rip;
                    let generation = self.cache.generation;
                    match self.enter(cpu, bus, Way::Usual) {
                        Ok(target) => {
                            if generation == self.cache.generation {
                                self.cache.link(at, target);
                            }
                            ip = target;
                        }
                        Err(exit) => return exit,
                    }
                }
                code => {
                    cpu.rip = rip;
                    if code == Code::Cross {
                        *budget -= op.d as i64 + 1;
                    }
                    match self.step(cpu, bus, budget) {
                        Step::Exit(exit) => return exit,
                        Step::On if code != Code::Cross => {
                            ip = at.wrapping_add(1);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// One instruction, then the trap that TF asks for.
    fn single_step(&mut self, cpu: &mut Cpu, bus: &mut dyn Bus, budget: &mut i64) -> Exit {
        *budget -= 1;
        match self.step(cpu, bus, budget) {
            Step::Exit(exit) => exit,
            _ => Exit::Exception(Exception::Debug),
        }
    }

    /// The block at `cpu.rip`, translated if need be.
    fn enter(&mut self, cpu: &mut Cpu, bus: &mut dyn Bus, way: Way) -> Result<*const Op, Exit> {
        let rip = cpu.rip;
        let tag = bus.view().code_tag;
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = rip & !0xfff;
        if way != Way::Plain
            && let Some(op) = self.cache.jumps.find(rip, way, tag)
            && self.cache.op(op).code != Code::Dead
        {
            return Ok(op);
        }
        let page = bus.fetch(rip).map_err(fault)?.host;
        self.drain(bus);
        let off = rip as u32 & 0xfff;
        let host = HostAddr(page.0 | off);
        let op = match self.cache.find(host) {
            Some(op) => op,
            None => {
                self.note_start(cpu, bus, host);
                if way != Way::Plain && self.force(cpu, bus, host) {
                    return Err(Exit::Budget);
                }
                self.translate(bus, host)
            }
        };
        if way == Way::Indirect {
            self.note_indirect(host);
        }
        let is_region = way == Way::Plain && self.cache.op(op).code == Code::Region;
        let op = if is_region { op.wrapping_add(1) } else { op };
        self.cache.jumps.insert(rip, way, bus.view().code_tag, op);
        Ok(op)
    }

    /// An indirect jump led here: who translates the function wants to know.
    fn note_indirect(&mut self, host: HostAddr) {
        self.profile.iter_mut().for_each(|profile| profile.add_target(host));
        self.jit().into_iter().for_each(|jit| jit.add_way_in(host));
    }

    fn translate(&mut self, bus: &mut dyn Bus, host: HostAddr) -> *const Op {
        let generation = self.cache.generation;
        self.cache.reserve(translate::MAX_OPS);
        if generation != self.cache.generation {
            self.regions.iter_mut().for_each(|regions| regions.flush());
        }
        let page = HostAddr(host.0 & !0xfff);
        let code = bus.view().copy_page(page);
        let mut starts = self.cache.starts(page);
        let mut region = None;
        // Blocks that were cut short for a test are to be run as they are.
        if let Some(regions) = self.regions.as_ref().filter(|_| self.max_block == translate::MAX_BLOCK) {
            starts.extend(regions.entries(page).map(|entry| (entry.at & 0xfff) as u16));
            region = regions.entry(host);
        }
        let region = region.and_then(|entry| self.regions.as_mut()?.add(&entry));
        let counter = self.profile.as_mut().map(|profile| profile.add(host));
        let heads = [(Code::Region, region), (Code::Count, counter)];
        let heads =
            heads.iter().filter_map(|&(code, number)| Some(Op { imm: number?, ..Op::new(code, host.0 & 0xfff) }));
        let cache = &mut self.cache;
        let builder = Builder::new(&code[..], self.max_block, heads).ending_at_branches(self.profile.is_some());
        let ops = builder.build(host.0 & 0xfff, |off| starts.contains(&(off as u16)), |insn| cache.add_insn(insn));
        self.cache.add(host, &ops)
    }

    /// Voids what the bus says is stale.
    #[inline]
    fn drain(&mut self, bus: &mut (impl Bus + ?Sized)) {
        while let Some(page) = bus.take_stale() {
            self.void(page);
        }
    }

    #[cold]
    #[inline(never)]
    fn void(&mut self, page: HostAddr) {
        self.cache.invalidate(page);
        self.forget_crossings();
        self.regions.iter_mut().for_each(|regions| regions.forget_decoded());
        if let Some(void) = self.jit().map(|jit| jit.void(page)) {
            self.forget_units(void);
        }
    }

    fn forget_crossings(&mut self) {
        for c in &mut self.crossing {
            c.rip = u64::MAX;
        }
    }

    /// One instruction at `cpu.rip`, decoded from memory.
    #[cold]
    fn step(&mut self, cpu: &mut Cpu, bus: &mut dyn Bus, budget: &mut i64) -> Step {
        let rip = cpu.rip;
        cpu.gpr[Gpr::CODE_PAGE.0 as usize] = rip & !0xfff;
        let tag = bus.view().code_tag;
        let slot = (rip ^ rip >> 12) as usize % CROSSINGS;
        if self.crossing[slot].rip == rip && self.crossing[slot].tag == tag {
            let insn = self.crossing[slot].insn;
            return self.execute(cpu, bus, &insn, budget);
        }
        let code = match Guest::new(bus).fetch(rip) {
            Ok(code) => code,
            Err(f) => return Step::Exit(fault(f)),
        };
        self.drain(bus);
        let insn = match decode(code.bytes(), rip as u32 & 0xfff) {
            Ok(insn) => insn,
            Err(error) => {
                if let (DecodeError::Truncated, Some(beyond)) = (error, code.beyond) {
                    return Step::Exit(fault(beyond));
                }
                let mut bytes = [0; 15];
                bytes[..code.bytes().len()].copy_from_slice(code.bytes());
                self.refused = Some(Refused { rip, bytes });
                return Step::Exit(Exit::Exception(Exception::InvalidOpcode));
            }
        };
        if (rip & 0xfff) + insn.len as u64 > 0x1000 {
            self.crossing[slot] = Crossing { rip, tag: bus.view().code_tag, insn };
        }
        self.execute(cpu, bus, &insn, budget)
    }

    /// One instruction, found at `cpu.rip` with `CODE_PAGE` set.
    fn execute(&mut self, cpu: &mut Cpu, bus: &mut dyn Bus, insn: &Insn, budget: &mut i64) -> Step {
        let next = cpu.rip.wrapping_add(insn.len as u64);
        let mut exec = Exec::new(cpu, Guest::new(bus), &mut self.vectors);
        let exit = exec.step(insn, meaning::<Exec<'_>>(insn.mn));
        let wrote_code = exec.guest().wrote_code;
        *budget -= exec.guest().cost;
        let on = cpu.rip == next;
        if wrote_code {
            self.drain(bus);
        }
        match exit {
            Some(exit) => Step::Exit(exit),
            None if on && !wrote_code && !translate::ends_block(insn) => Step::On,
            None => Step::Jumped,
        }
    }
}
