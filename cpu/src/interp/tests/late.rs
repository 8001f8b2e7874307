//! Translation at run time, with functions by hand in place of modules: when code is chosen, when it is entered, and when
//! it is void.

use super::*;
use crate::ahead::Env;
use crate::interp::{JitSettings, Unpublished};
use crate::jit::{Done, Request, Translated};
use crate::wasm::EXIT_GOTO;

// 1000: mov ecx, 100000; add eax, ecx; dec ecx; jnz add; ud2
const CODE: [u8; 13] = [0xb9, 0xa0, 0x86, 1, 0, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xfa, 0x0f, 0x0b];
/// What the loop leaves in eax, and what the function by hand does.
const SUM: u64 = 705_082_704;
const BY_HAND: u64 = 42;
const FIRST_PLACE: u32 = 500;

/// Every function is 13 bytes long, entered where it begins, and refused if that is not at the start of a page.
fn translate(request: &Request<'_>) -> Translated {
    let good = |w: &&crate::jit::Wanted| request.code[w.start as usize] == 0xb9 || request.code[w.start as usize] == 1;
    let done = |w: &crate::jit::Wanted| Done { place: w.place, entries: vec![w.start], bytes: w.start..w.start + 8 };
    let functions: Vec<Done> = request.functions.iter().filter(good).map(done).collect();
    Translated { wasm: vec![functions.len() as u8], functions, too_long: Vec::new() }
}

fn call(function: u32, cpu: &mut Cpu, env: &mut Env, entry: u32) -> i32 {
    assert!(function >= FIRST_PLACE && entry == 0);
    cpu.gpr[0] = BY_HAND + function as u64;
    cpu.rip = (cpu.gpr[17] & !0xfff) + 0xb;
    env.budget -= 5;
    EXIT_GOTO
}

/// An engine, memory with `CODE` on its first pages, and what happens to a guest that starts on one of them.
struct Rig {
    engine: Engine,
    bus: Flat,
}

impl Rig {
    fn new(threshold: u32, places: u32) -> Rig {
        Rig::with(translate, threshold, places)
    }
    fn with(translate: crate::jit::Translate, threshold: u32, places: u32) -> Rig {
        let (mut engine, mut bus) = (Engine::new(), Flat::new(8));
        engine.set_jit(JitSettings { translate, threshold, first_place: FIRST_PLACE, places }, call);
        (1..6).for_each(|page| bus.put(page << 12, &CODE));
        Rig { engine, bus }
    }
    /// eax in the end, and the modules that were made on the way.
    fn run(&mut self, page: u64) -> (u64, Vec<Unpublished>) {
        let (mut cpu, mut made) = (Cpu::new(), Vec::new());
        (cpu.rip, cpu.gpr[4]) = (page << 12, 0x6000);
        loop {
            let exit = self.engine.run(&mut cpu, &mut self.bus, &mut 1_000_000_000);
            made.extend(core::iter::from_fn(|| self.engine.take_unpublished()));
            if exit != Exit::Budget {
                assert_eq!(exit, Exit::Exception(crate::Exception::InvalidOpcode));
                return (cpu.gpr[0], made);
            }
        }
    }
    fn write(&mut self, addr: u64, byte: u8) {
        self.bus.resolve(addr, Access::Write).unwrap();
        self.bus.put(addr, &[byte]);
    }
    fn entered(&self) -> u64 {
        self.engine.region_counts()[1].entered
    }
}

/// What the loop leaves when the second byte of its code is 1.
fn other_sum() -> u64 {
    (1..=0x1_8601u64).sum::<u64>() as u32 as u64
}

#[test]
fn forced_code_is_asked_for_before_it_runs_and_used_once_it_is_there() {
    let mut rig = Rig::new(0, 8);
    let (sum, made) = rig.run(1);
    // The block that begins the code, and the loop. `ud2` was tried, too, and could not be translated.
    assert_eq!((sum, made.len(), rig.entered()), (SUM, 2, 0), "the host has not answered: the interpreter goes on");
    assert!(made.iter().all(|module| module.table_len <= FIRST_PLACE + 2));
    assert_eq!(rig.run(1), (SUM, vec![]), "it is asked for once");
    rig.engine.code_ready(made[0].id, true);
    assert_eq!((rig.run(1).0, rig.entered()), (BY_HAND + FIRST_PLACE as u64, 1));
    rig.engine.code_ready(made[1].id, false);
    assert_eq!(rig.run(1).0, BY_HAND + FIRST_PLACE as u64);
}

#[test]
fn hot_code_is_found_by_looking_now_and_then() {
    let mut rig = Rig::new(5, 8);
    let (_, made) = rig.run(1);
    assert_eq!(made.len(), 1, "300,000 instructions are 18 looks: once after 5, and after 10 more");
    assert!(rig.run(2).1.len() == 1, "other pages are other code");
    let mut cold = Rig::new(20, 8);
    assert_eq!((cold.run(1).1, cold.run(2).1), (vec![], vec![]));
    assert_eq!(cold.run(1).1.len(), 1);
}

#[test]
fn a_write_voids_what_is_made_of_the_page_and_nothing_else() {
    let mut rig = Rig::new(0, 8);
    let mut made = rig.run(1).1;
    made.extend(rig.run(2).1);
    made.iter().for_each(|module| rig.engine.code_ready(module.id, true));
    assert!(rig.run(1).0 >= BY_HAND && rig.run(1).0 < BY_HAND + 1000);
    assert_eq!(rig.engine.take_retired(), None);
    rig.write(0x1001, 1);
    let (sum, again) = rig.run(1);
    assert_eq!(sum, other_sum(), "the new code, interpreted");
    assert!(!again.is_empty(), "it is translated anew");
    let retired: Vec<u32> = core::iter::from_fn(|| rig.engine.take_retired()).collect();
    assert_eq!(retired.len(), 2);
    assert!(rig.run(2).0 < BY_HAND + 1000);
    assert_eq!(rig.engine.take_retired(), None);
}

#[test]
fn code_that_changes_before_it_is_loaded_is_never_entered() {
    let mut rig = Rig::new(0, 1);
    let made = rig.run(1).1;
    assert_eq!(made.len(), 1, "there is one place");
    rig.write(0x1001, 1);
    assert_eq!(rig.run(1), (other_sum(), vec![]), "its place is taken until the host has answered");
    rig.engine.code_ready(made[0].id, true);
    assert_eq!(rig.engine.take_retired(), Some(made[0].id));
    assert_eq!(rig.entered(), 0);
}

#[test]
fn when_there_is_no_place_all_make_room() {
    let mut rig = Rig::new(0, 4);
    for page in 1..6 {
        for module in rig.run(page).1 {
            rig.engine.code_ready(module.id, true);
        }
    }
    let counts = rig.engine.jit_counts();
    assert!(counts.retired >= 4 && counts.loaded >= 6, "{counts:?}");
    let is_right = |sum: u64| sum == SUM || (BY_HAND + 500..BY_HAND + 504).contains(&sum);
    assert!((1..6).all(|page| is_right(rig.run(page).0)));
}

#[test]
fn a_high_threshold_stays_high() {
    use crate::interp::jit::Jit;
    let mut jit = Jit::new(JitSettings { translate, threshold: 1 << 26, first_place: FIRST_PLACE, places: 1 });
    let place = HostAddr(0x1000);
    assert!(!jit.heat_up(place, (0, 0, 1), 1));
    // Each attempt doubles it: past the 32 bits it was said in.
    jit.heat.get_mut(&place.0).unwrap().tries = 6;
    assert!(!jit.heat_up(place, (0, 0, 1), 1));
}

/// As `translate`, for functions that have 512 instructions each.
fn translate_long(request: &Request<'_>) -> Translated {
    let done = translate(request);
    let is_too_long = |done: &Done| request.functions.iter().any(|w| w.place == done.place && w.limit < 512);
    let (too_long, functions) = done.functions.into_iter().partition::<Vec<Done>, _>(is_too_long);
    let too_long = too_long.into_iter().map(|done| (done.place, 512)).collect();
    Translated { wasm: done.wasm, functions, too_long }
}

#[test]
fn a_long_function_is_translated_later() {
    // The loop takes 300,000 instructions: 18 looks.
    assert_eq!(Rig::new(10, 8).run(1).1.len(), 1, "a short one");
    assert_eq!(Rig::with(translate_long, 10, 8).run(1).1.len(), 0, "one that needs 40 looks");
    assert_eq!(Rig::with(translate_long, 4, 8).run(1).1.len(), 1, "and one that needs 16");
}

#[test]
fn a_function_begins_where_a_call_leads() {
    let mut bus = Flat::new(8);
    let mut put = |at: u64, bytes: &[u8]| bus.put(at, bytes);
    put(0x1000, &[0xe8, 0xfb, 0x0f, 0, 0]); // call 0x2000
    put(0x1010, &[0xe8, 0xeb, 0x1f, 0, 0]); // call 0x3000
    put(0x3000, &[0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 5, 0, 0, 0]); // endbr64; bnd jmp [0x3010]
    put(0x3010, &0x2000u64.to_le_bytes());
    put(0x1020, &[0x41, 0xff, 0xd4]); // call r12
    put(0x1030, &[0xff, 0x54, 0x24, 0x10]); // call [rsp + 16], rsp before it pushes: the slot after is rsp + 24
    put(0x6018, &0x2000u64.to_le_bytes());
    let called = |bus: &mut Flat, back: u64, rip: u64| {
        bus.put(0x6000, &back.to_le_bytes());
        [0x1000, 0x3000, 0x6000].into_iter().for_each(|at| _ = bus.resolve(at, Access::Read));
        let mut cpu = Cpu::new();
        (cpu.rip, cpu.gpr[4], cpu.gpr[12]) = (rip, 0x6000, 0x2000);
        super::super::hot::is_called(&cpu, &bus.view())
    };
    for (call, back) in [("direct", 0x1005), ("by a stub", 0x1015), ("by a register", 0x1023), ("by memory", 0x1034)] {
        assert!(called(&mut bus, back, 0x2000), "{call}");
        assert!(!called(&mut bus, back, 0x2040), "{call}: a block inside of the function");
    }
    assert!(!called(&mut bus, 0x1008, 0x2000), "no call there");
}

/// Translates everything; the module says where each function begins and how long it may be.
fn translate_all(request: &Request<'_>) -> Translated {
    let done = |w: &crate::jit::Wanted| Done { place: w.place, entries: vec![w.start], bytes: w.range.clone() };
    let told = |w: &crate::jit::Wanted| [w.start as u8, (w.range.end - w.range.start).min(255) as u8];
    let functions = request.functions.iter().map(done).collect();
    Translated { wasm: request.functions.iter().flat_map(told).collect(), functions, too_long: Vec::new() }
}

#[test]
fn stubs_that_hot_code_calls_are_translated_with_it() {
    // 1000: mov ecx, 60000; 5: call 2020; dec ecx; jnz 5; ud2.  2020: jmp [3000].  4000: ret
    let code = [0xb9, 0x60, 0xea, 0, 0, 0xe8, 0x16, 0x10, 0, 0, 0xff, 0xc9, 0x75, 0xf7, 0x0f, 0x0b];
    let run = |stub: u64| {
        let mut rig = Rig::with(translate_all, 5, 64);
        rig.bus.put(0x1000, &code);
        rig.bus.put(0x1006, &(stub as u32 - 0x100a).to_le_bytes());
        rig.bus.put(stub, &[0xff, 0x25]);
        rig.bus.put(stub + 2, &(0x3000 - stub as u32 - 6).to_le_bytes());
        rig.bus.put(0x3000, &0x4000u64.to_le_bytes());
        rig.bus.put(0x4000, &[0xc3]);
        rig.run(1).1.into_iter().map(|module| module.wasm).collect::<Vec<_>>()
    };
    assert!(run(0x2020).contains(&vec![0x20, 6]), "{:?}", run(0x2020));
    // Half of it lies in a page that the unit would not know of.
    assert!(!run(0x1ffd).iter().any(|module| module.ends_with(&[0xfd, 6])), "{:?}", run(0x1ffd));
}
