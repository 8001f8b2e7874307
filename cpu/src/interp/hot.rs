//! What is worth translating while the guest runs, found without a counter in the code: every few thousand instructions
//! the engine looks where the guest is, and what was interpreted since the last look is charged to the function there. One
//! that was charged with as much as its translation takes is translated, together with others nearby that are nearly
//! as warm. What regions run costs nothing: who is there is translated already.

use super::Engine;
use super::jit::{Heat, INTERVAL, JitCounts, JitSettings, LEAVING, SLOW, Unpublished};
use super::translate::{MAX_BLOCK, block_at};
use crate::ahead::Call;
use crate::decode::decode;
use crate::insn::{Insn, Mn, Operand, Width};
use crate::jit::{Request, Wanted};
use crate::mem::{Bus, HostAddr, MemView, peek};
use crate::state::{Cpu, Exit, Gpr};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes that may belong to one function.
const FUNCTION_MAX: u64 = 64 * 1024;
/// Functions of a unit, and pages from the first one to the last.
const BATCH_MAX: usize = 8;
const WINDOW_PAGES: u64 = 64;
/// Stubs of the PLT in a unit.
const STUBS_MAX: usize = 32;
/// How many pages back the beginning of a function is looked for.
const PAGES_BACK: u64 = FUNCTION_MAX >> 12;

/// A function that may be worth its translation: its first byte, a block of it that ran, and the instructions it may have.
struct Function {
    start: u64,
    at: u64,
    limit: u32,
}

/// What is to become a unit: its first page, the others counted from it and where they lie, and the functions.
#[derive(Default)]
struct Plan {
    first: u64,
    pages: Vec<(u32, HostAddr)>,
    wanted: Vec<Wanted>,
}

impl Plan {
    /// A function in these bytes, of which blocks ran, and which is entered elsewhere too.
    fn add(&mut self, bytes: Range<u64>, seen: &[u64], ways_in: &[u64], (reach, limit): (u32, u32)) {
        let offset = |at: u64| (at - (self.first << 12)) as u32;
        let offsets = |places: &[u64]| places.iter().map(|at| offset(*at)).collect();
        let (start, range) = (offset(bytes.start), offset(bytes.start)..offset(bytes.end));
        let (seen, entries) = (offsets(seen), offsets(ways_in));
        self.wanted.push(Wanted { start, entries, range, seen, reach, place: 0, limit });
    }
}

impl Engine {
    /// Translates hot code from now on. Modules wait in [`Engine::take_unpublished`].
    pub fn set_jit(&mut self, settings: JitSettings, call: Call) {
        if cfg!(feature = "jit") {
            self.regions_mut(call).jit = Some(super::jit::Jit::new(settings));
            self.flush();
        }
    }

    /// Ends it: the host loads no code. What is loaded stays in use.
    pub fn stop_jit(&mut self) {
        if let Some(jit) = self.jit() {
            jit.settings.threshold = u32::MAX;
            jit.outbox.clear();
        }
    }

    /// What was translated at run time.
    pub fn jit_counts(&self) -> JitCounts {
        self.regions.as_ref().and_then(|regions| regions.jit.as_ref()).map(|jit| jit.counts).unwrap_or_default()
    }

    /// True when `take_unpublished` or `take_retired` has some.
    #[inline]
    pub fn has_news(&self) -> bool {
        let jit = self.regions.as_ref().and_then(|regions| regions.jit.as_ref()).filter(|_| cfg!(feature = "jit"));
        jit.is_some_and(|jit| !jit.outbox.is_empty() || !jit.retired.is_empty())
    }

    /// A module that the host is to load.
    pub fn take_unpublished(&mut self) -> Option<Unpublished> {
        self.jit()?.outbox.pop()
    }

    /// A module that is not used any more.
    pub fn take_retired(&mut self) -> Option<u32> {
        self.jit()?.retired.pop()
    }

    /// The host has loaded a module, or could not.
    pub fn code_ready(&mut self, id: u32, is_loaded: bool) {
        let touched = self.jit().map(|jit| jit.ready(id, is_loaded)).unwrap_or_default();
        self.regions.iter_mut().filter(|_| !touched.is_empty()).for_each(|regions| regions.renew());
        // Their blocks are to begin with the new entries.
        touched.into_iter().for_each(|page| self.cache.invalidate(page));
    }

    /// All translations of the run time make room.
    pub fn retire_code(&mut self) {
        if let Some(void) = self.jit().map(|jit| jit.retire_all()) {
            self.forget_units(void);
        }
    }

    /// Units are gone: nothing leads to them any more.
    pub(super) fn forget_units(&mut self, (places, pages): (Vec<u32>, Vec<HostAddr>)) {
        if let Some(regions) = self.regions.as_mut().filter(|_| !places.is_empty()) {
            regions.forget(&places);
        }
        pages.into_iter().for_each(|page| self.cache.invalidate(page));
    }

    /// [`Engine::run`], with looks at where the guest is.
    pub(super) fn run_sampled(&mut self, cpu: &mut Cpu, bus: &mut impl Bus, budget: &mut i64) -> Exit {
        loop {
            if *budget <= 0 {
                return Exit::Budget;
            }
            let until = self.jit().map_or(i64::MAX, |jit| jit.until_sample.max(64));
            let slice = (*budget).min(until);
            let mut left = slice;
            self.is_used_up = false;
            let exit = self.run_blocks(cpu, bus, &mut left);
            *budget -= slice - left;
            let Some(jit) = self.jit() else { return exit };
            jit.until_sample -= slice - left;
            let is_due = jit.until_sample <= 0;
            if is_due {
                jit.until_sample = INTERVAL;
            }
            if exit != Exit::Budget || !self.is_used_up {
                return exit;
            }
            if is_due {
                self.look(cpu, bus);
                if self.has_news() {
                    return exit;
                }
            }
        }
    }

    /// Charges what the interpreter did since the last look to where the guest is, if that is the interpreter's, and the
    /// ways out of regions to where one of them led.
    #[cold]
    #[inline(never)]
    fn look(&mut self, cpu: &Cpu, bus: &mut dyn Bus) {
        let counts = self.region_counts();
        let left_to = self.regions.as_mut().and_then(|regions| regions.left_to.take());
        let Some(jit) = self.jit() else { return };
        let sum = |of: fn(&super::RegionCounts) -> u64| counts.iter().map(of).fold(0, u64::wrapping_add);
        let in_regions = (sum(|counts| counts.instructions), sum(|counts| counts.left));
        let before = core::mem::replace(&mut jit.in_regions, in_regions);
        let interpreted = INTERVAL - in_regions.0.wrapping_sub(before.0) as i64;
        jit.interpreted += interpreted.max(0) + SLOW * core::mem::take(&mut jit.slow);
        jit.leaving += LEAVING * in_regions.1.wrapping_sub(before.1) as i64;
        let (here, there) = ((jit.interpreted / INTERVAL) as u32, (jit.leaving / INTERVAL) as u32);
        if here > 0 && self.sample(cpu.rip, bus, here) {
            self.jit().into_iter().for_each(|jit| jit.interpreted %= INTERVAL);
        }
        if there > 0 {
            self.jit().into_iter().for_each(|jit| jit.leaving %= INTERVAL);
            // What leads to a region is as good as it gets: nobody else is charged with it.
            left_to.into_iter().for_each(|rip| _ = self.sample(rip, bus, there));
        }
    }

    /// The guest was at `rip`: if not in a region, so many samples of its function. False: none were counted.
    fn sample(&mut self, rip: u64, bus: &mut dyn Bus, weight: u32) -> bool {
        let Ok(page) = bus.fetch(rip) else { return false };
        self.drain(bus);
        let (host, view) = (HostAddr(page.host.0 | rip as u32 & 0xfff), bus.view());
        if self.has_region(host) {
            return false;
        }
        let (start, start_host) = self.function_of(rip, host, &view);
        let Some(jit) = self.jit() else { return false };
        if jit.is_forced()
            || jit.is_coming(start_host)
            || !jit.heat_up(start_host, (start, rip, view.code_tag), weight)
            || jit.is_busy()
        {
            return true;
        }
        let threshold = jit.settings.threshold;
        let (first, last) = ((start >> 12).saturating_sub(WINDOW_PAGES / 2), (start >> 12) + WINDOW_PAGES / 2);
        // The others that are nearly as warm come along.
        let mut warm: Vec<(u32, u32)> = jit
            .heat
            .iter()
            .filter(|(_, heat)| heat.tag == view.code_tag && heat.tries == 0 && heat.samples > threshold / 3)
            .filter(|(at, heat)| **at != start_host.0 && (first..last).contains(&(heat.rip >> 12)))
            .map(|(at, heat)| (heat.samples, *at))
            .collect();
        warm.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = [start_host.0].into_iter().chain(warm.into_iter().map(|(_, at)| at)).take(BATCH_MAX);
        let heats: Vec<(u32, Heat)> = chosen.filter_map(|at| Some((at, *jit.heat.get(&at)?))).collect();
        let function = |heat: &Heat| Function { start: heat.rip, at: heat.at, limit: jit.limit(heat.samples) };
        let functions: Vec<Function> = heats.iter().map(|(_, heat)| function(heat)).collect();
        let lengths = self.translate_hot(bus, &functions);
        for (n, (at, _)) in heats.iter().enumerate() {
            let Some(heat) = self.jit().and_then(|jit| jit.heat.get_mut(at)) else { continue };
            match lengths.iter().find(|(function, _)| *function == n) {
                Some((_, instructions)) => heat.instructions = *instructions,
                None => (heat.samples, heat.tries) = (0, heat.tries + 1),
            }
        }
        true
    }

    /// Everything is to be translated when it is first run: true when there is something new for the host.
    pub(super) fn force(&mut self, cpu: &Cpu, bus: &mut dyn Bus, host: HostAddr) -> bool {
        let is_wanted = self.jit().is_some_and(|jit| jit.is_forced());
        if !is_wanted || self.has_region(host) || !self.jit().is_some_and(|jit| jit.is_first_try(host)) {
            return false;
        }
        self.translate_hot(bus, &[Function { start: cpu.rip, at: cpu.rip, limit: u32::MAX }]);
        self.has_news()
    }

    /// Notes that a function begins at `cpu.rip`, if it looks as if it were called just now.
    pub(super) fn note_start(&mut self, cpu: &Cpu, bus: &dyn Bus, host: HostAddr) {
        if self.jit().is_some()
            && is_called(cpu, &bus.view())
            && let Some(jit) = self.jit()
        {
            jit.add_start(host);
        }
    }

    fn has_region(&self, host: HostAddr) -> bool {
        self.regions.as_ref().is_some_and(|regions| regions.entry(host).is_some())
    }

    /// Where the function begins that the block at `rip` belongs to, as far as is known.
    fn function_of(&self, rip: u64, host: HostAddr, view: &MemView) -> (u64, HostAddr) {
        let Some(jit) = self.regions.as_ref().and_then(|regions| regions.jit.as_ref()) else { return (rip, host) };
        for back in 0..=PAGES_BACK.min(rip >> 12) {
            let page = (rip >> 12) - back;
            let place = if back == 0 { Some(HostAddr(host.0 & !0xfff)) } else { place_of(page << 12, view) };
            let Some(place) = place else { break };
            let limit = if back == 0 { (rip & 0xfff) as u16 } else { 0xfff };
            if let Some(&off) = jit.starts(place).iter().rfind(|&&off| off <= limit) {
                return (page << 12 | off as u64, HostAddr(place.0 | off as u32));
            }
        }
        (rip, host)
    }

    /// Translates functions, all in the address space of `bus`. Answers those that are too long yet: number, and
    /// instructions.
    fn translate_hot(&mut self, bus: &mut dyn Bus, functions: &[Function]) -> Vec<(usize, u32)> {
        let Some(first) = functions.iter().map(|function| function.start >> 12).min() else { return Vec::new() };
        let mut plan = Plan { first, ..Plan::default() };
        let is_forced = self.jit().is_some_and(|jit| jit.is_forced());
        let mut stubs: Vec<(u64, u64)> = Vec::new();
        for &Function { start, at, limit } in functions {
            let (here, end) = self.pages_from(bus, start, at);
            let (mut seen, mut ways_in): (Vec<u64>, Vec<u64>) = Default::default();
            for (page, &host) in (start >> 12..).zip(&here) {
                let place = |off: &u16| page << 12 | *off as u64;
                seen.extend(self.cache.starts(host).iter().map(place));
                ways_in.extend(self.jit().into_iter().flat_map(|jit| jit.ways_in(host)).map(place));
                plan.pages.push(((page - first) as u32, host));
            }
            seen.retain(|at| (start..end).contains(at));
            ways_in.retain(|at| (start + 1..end).contains(at));
            seen.sort_unstable();
            if !is_forced {
                stubs.extend(self.follow(&seen, start..end, &bus.view()));
            }
            plan.add(start..end, &seen, &ways_in, (if is_forced { u32::MAX } else { 0 }, limit));
        }
        let units = self.jit_counts().units;
        let too_long = self.translate_plan(bus, plan);
        if self.jit_counts().units > units {
            self.translate_stubs(bus, stubs);
        }
        too_long
    }

    /// Translates stubs of the PLT, those that lie together as one unit. What the host has no time for waits for the next
    /// function that calls it.
    fn translate_stubs(&mut self, bus: &mut dyn Bus, mut stubs: Vec<(u64, u64)>) {
        stubs.sort_unstable();
        stubs.dedup();
        while let Some(&(start, _)) = stubs.first() {
            if !self.jit().is_some_and(|jit| !jit.is_busy() && jit.has_places(STUBS_MAX)) {
                break;
            }
            let mut plan = Plan { first: start >> 12, ..Plan::default() };
            let near = stubs.partition_point(|(at, _)| at >> 12 < (start >> 12) + WINDOW_PAGES).min(STUBS_MAX);
            for (start, end) in stubs.drain(..near) {
                let Ok(page) = bus.fetch(start) else { continue };
                plan.pages.push((((start >> 12) - plan.first) as u32, page.host));
                plan.add(start..end, &[start], &[], (0, u32::MAX));
            }
            self.translate_plan(bus, plan);
        }
    }

    /// Looks where the blocks of a function go to directly. Functions that they call begin there; what they jump to in
    /// others is to be an entry. Answers stubs of the PLT that have no translation: who calls one would have to leave.
    fn follow(&mut self, seen: &[u64], own: Range<u64>, view: &MemView) -> Vec<(u64, u64)> {
        let mut stubs = Vec::new();
        let mut page = (u64::MAX, None);
        for &at in seen {
            if page.0 != at >> 12 {
                page = (at >> 12, place_of(at, view).map(|host| view.copy_page(host)));
            }
            let Some(code) = &page.1 else { continue };
            let is_start = |off: u32| seen.binary_search(&(at & !0xfff | off as u64)).is_ok();
            // A block of the interpreter goes on behind branches, for so many instructions.
            let (mut off, mut left) = (at as u32 & 0xfff, MAX_BLOCK);
            loop {
                let shape = block_at(&code[..], off, is_start);
                let target = shape.target.map(|target| (at & !0xfff).wrapping_add(target as u64));
                if let Some(target) = target.filter(|target| !own.contains(target)) {
                    stubs.extend(self.note_target(target, shape.is_call, view));
                }
                (off, left) = (shape.end, left.saturating_sub(shape.len));
                if !shape.is_branch || left == 0 || off >= 0x1000 || is_start(off) {
                    break;
                }
            }
        }
        stubs
    }

    /// A function goes to `target`, outside of it. Answers that as a stub, if it is one.
    fn note_target(&mut self, target: u64, is_call: bool, view: &MemView) -> Option<(u64, u64)> {
        let page = place_of(target, view)?;
        let host = HostAddr(page.0 | target as u32 & 0xfff);
        if let Some((at, jump)) = stub(target, view) {
            let end = at.wrapping_add(jump.len as u64);
            let is_new = !self.has_region(host) && !self.jit().is_some_and(|jit| jit.is_coming(host));
            return Some((target, end)).filter(|_| is_new && (end - 1) >> 12 == target >> 12);
        }
        // What is known of a page goes with its code.
        if self.cache.has(page)
            && let Some(jit) = self.jit()
        {
            if is_call { jit.add_start(host) } else { jit.add_way_in(host) }
        }
        None
    }

    /// Translates what is planned as one unit; answers as `translate_hot`.
    fn translate_plan(&mut self, bus: &mut dyn Bus, plan: Plan) -> Vec<(usize, u32)> {
        let Plan { first, mut pages, mut wanted } = plan;
        pages.sort_unstable();
        pages.dedup();
        // The looks at the pages may have told of others that are void.
        self.drain(bus);
        let Some(&(last, _)) = pages.last() else { return Vec::new() };
        let view = bus.view();
        let mut code = vec![0; (last as usize + 1) << 12];
        for (page, host) in &pages {
            code[(*page as usize) << 12..][..0x1000].copy_from_slice(&view.copy_page(*host));
        }
        let Some(jit) = self.jit() else { return Vec::new() };
        let mut places = jit.take_places(wanted.len());
        if places.is_none() {
            self.retire_code();
            places = self.jit().and_then(|jit| jit.take_places(wanted.len()));
        }
        let (Some(places), Some(jit)) = (places, self.jit()) else { return Vec::new() };
        wanted.iter_mut().zip(&places).for_each(|(wanted, place)| wanted.place = *place);
        let request = Request { code: &code, base: first << 12, functions: &wanted, table_len: jit.table_len() };
        let translated = (jit.settings.translate)(&request);
        let number = |place: u32| places.iter().position(|given| *given == place);
        let too_long = translated.too_long.iter().filter_map(|(place, length)| Some((number(*place)?, *length)));
        let too_long = too_long.collect();
        let used: Vec<u32> = translated.functions.iter().map(|done| done.place).collect();
        jit.give_back(places.into_iter().filter(|place| !used.contains(place)));
        let covered = |page: u32| {
            let touches = |bytes: &Range<u32>| bytes.start >> 12 <= page && page <= (bytes.end - 1) >> 12;
            translated.functions.iter().any(|done| touches(&done.bytes))
        };
        let pages = pages.into_iter().filter(|(page, _)| covered(*page)).map(|(page, host)| (page, host.0 >> 12));
        let pages = pages.collect();
        if !translated.functions.is_empty() {
            jit.add(translated, pages);
        }
        too_long
    }

    /// The pages of a function that begins at `start` and that ran at `at`, by place in the arena, and where it ends: at the
    /// next function known, or with the last page that ran.
    fn pages_from(&mut self, bus: &mut dyn Bus, start: u64, at: u64) -> (Vec<HostAddr>, u64) {
        let (view, first, mut count, mut end) = (bus.view(), start >> 12, 1, start + FUNCTION_MAX);
        for k in 0..=FUNCTION_MAX >> 12 {
            let Some(host) = place_of((first + k) << 12, &view) else { break };
            if self.cache.has(host) {
                count = k + 1;
            }
            let starts = self.jit().map(|jit| jit.starts(host)).unwrap_or_default();
            let mut starts = starts.iter().map(|off| (first + k) << 12 | *off as u64);
            if let Some(next) = starts.find(|&next| next > start.max(at)) {
                end = end.min(next);
                break;
            }
        }
        // Fetched from, a page is watched for writes: not without need.
        let fetched = (first..first + count).map_while(|page| bus.fetch(page << 12).ok());
        let pages: Vec<HostAddr> = fetched.map(|page| page.host).collect();
        let end = end.min((first + pages.len() as u64) << 12).max(start);
        (pages, end)
    }
}

/// Where a page that can be read lies.
fn place_of(addr: u64, view: &MemView) -> Option<HostAddr> {
    let at = view.find_read(addr & !0xfff, 1)?;
    Some(HostAddr(at.addr().wrapping_sub(view.base.addr()) as u32))
}

/// What lies there, if it lies in one page that can be read at once.
fn read(view: &MemView, width: Width, addr: u64) -> Option<u64> {
    let at = view.find_read(addr, width.bytes())?;
    // SAFETY: just looked up, and the bus was not called since.
    #[allow(unsafe_code, reason = "a look at the guest's stack and code")]
    Some(unsafe { peek(width, at) })
}

/// Bytes of a call instruction at most: prefix, opcode, ModRM, SIB, displacement.
const CALL_MAX: u64 = 9;

/// True when the guest at `cpu.rip` seems to have come from a call: the return address is there, and behind a call
/// instruction that leads here, perhaps by a stub of the PLT. Inside of a function that looks the same but for the target.
pub(super) fn is_called(cpu: &Cpu, view: &MemView) -> bool {
    let leads_here = |back: u64, len: u64| {
        let at = back.wrapping_sub(len);
        // e8, or ff behind a prefix at most: most bytes are no call.
        let first = read(view, Width::W8, at)?;
        if first != 0xe8 && first != 0xff && read(view, Width::W8, at.wrapping_add(1))? != 0xff {
            return None;
        }
        let insn = insn_at(at, view).filter(|insn| insn.mn == Mn::Call && u64::from(insn.len) == len)?;
        match insn.dst() {
            Operand::Imm => {
                let target = back.wrapping_add(insn.imm as u64);
                Some(target == cpu.rip || stub_target(cpu, target, view) == Some(cpu.rip))
            }
            Operand::Reg(r) => Some(cpu.gpr[r.0 as usize & 31] == cpu.rip),
            _ => {
                // The call has pushed eight bytes since it read its operand.
                let pushed = if insn.mem.base == Gpr::RSP { 8 } else { 0 };
                Some(read(view, Width::W64, address_at(cpu, at, &insn).wrapping_add(pushed))? == cpu.rip)
            }
        }
    };
    let back = read(view, Width::W64, cpu.gpr[Gpr::RSP.0 as usize]);
    back.is_some_and(|back| (2..=CALL_MAX).any(|len| leads_here(back, len) == Some(true)))
}

/// The jump of a stub of the PLT, and where it is: endbr64; bnd jmp [rip + x].
fn stub(mut at: u64, view: &MemView) -> Option<(u64, Insn)> {
    let mut insn = insn_at(at, view)?;
    if insn.mn == Mn::Endbr64 {
        at = at.wrapping_add(insn.len as u64);
        insn = insn_at(at, view)?;
    }
    let is_stub = insn.mn == Mn::Jmp && insn.dst() == Operand::Mem && insn.mem.base == Gpr::CODE_PAGE;
    is_stub.then_some((at, insn))
}

/// Where a stub of the PLT leads.
fn stub_target(cpu: &Cpu, at: u64, view: &MemView) -> Option<u64> {
    let (at, jump) = stub(at, view)?;
    read(view, Width::W64, address_at(cpu, at, &jump))
}

/// The instruction at an address, if it lies in one page that can be read at once.
fn insn_at(at: u64, view: &MemView) -> Option<Insn> {
    let mut bytes = [0; CALL_MAX as usize];
    let room = bytes.len().min(0x1000 - (at & 0xfff) as usize);
    for (byte, k) in bytes[..room].iter_mut().zip(0..) {
        *byte = read(view, Width::W8, at.wrapping_add(k))? as u8;
    }
    decode(&bytes[..room], at as u32 & 0xfff).ok()
}

/// The address of a memory operand of an instruction that is elsewhere.
fn address_at(cpu: &Cpu, at: u64, insn: &Insn) -> u64 {
    let slot = |r: Gpr| if r == Gpr::CODE_PAGE { at & !0xfff } else { cpu.gpr[r.0 as usize & 31] };
    let m = &insn.mem;
    slot(m.base).wrapping_add(slot(m.index) << (m.scale & 3)).wrapping_add(m.disp as u64).wrapping_add(slot(m.segment))
}
