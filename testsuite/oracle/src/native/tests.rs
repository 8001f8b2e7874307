use super::Native;
use crate::memory::{CODE, HIGH, LOW, PAGE};
use crate::state::{State, Stop, Want};

fn run(bytes: &[u8], set: impl FnOnce(&mut State)) -> (State, Stop) {
    let mut native = Native::new().expect("a machine");
    let mut state = State::new();
    state.rip = CODE + 0x100;
    state.gpr[4] = LOW + 0x6800;
    set(&mut state);
    native.put_code((state.rip - CODE) as usize, bytes);
    native.run(&state, bytes.len() as u64)
}

#[test]
fn registers_flags_and_vectors_come_back() {
    let (after, stop) = run(&[0x48, 0x01, 0xd8], |s| {
        s.gpr[0] = u64::MAX;
        s.gpr[3] = 1;
        s.ymm[15] = [1, 2, 3, 4];
        s.fpr[5] = (0x8000_0000_0000_0000, 0x3fff);
        s.fsw = 5 << 11;
        s.ftw = 1 << 5;
        s.seg_base = [0x1234, 0x5678];
    });
    assert_eq!((after.gpr[0], after.rflags, stop), (0, 0x55, Stop::Landed));
    assert_eq!((after.ymm[15], after.fpr[5].1, after.ftw), ([1, 2, 3, 4], 0x3fff, 1 << 5));
    assert_eq!((after.rip, after.seg_base), (CODE + 0x103, [0x1234, 0x5678]));
}

#[test]
fn rsp_is_the_guests() {
    let (after, stop) = run(&[0x50], |s| s.gpr[4] = LOW + PAGE);
    assert_eq!((after.gpr[4], stop), (LOW + PAGE - 8, Stop::Landed));
}

#[test]
fn faults_say_address_and_access() {
    let load = [0x48, 0x8b, 0x18]; // mov rbx,[rax]
    let store = [0x48, 0x89, 0x18];
    let at = |bytes: &[u8], addr| run(bytes, |s| s.gpr[0] = addr).1;
    assert_eq!(at(&load, LOW + PAGE - 4), Stop::Landed);
    assert_eq!(at(&load, LOW + 5 * PAGE), Stop::Page { addr: LOW + 5 * PAGE, want: Want::Read, mapped: false });
    assert_eq!(at(&load, LOW + 8 * PAGE - 1), Stop::Page { addr: LOW + 8 * PAGE, want: Want::Read, mapped: false });
    assert_eq!(at(&store, LOW + 3 * PAGE), Stop::Page { addr: LOW + 3 * PAGE, want: Want::Write, mapped: true });
    assert_eq!(at(&load, LOW + 4 * PAGE), Stop::Page { addr: LOW + 4 * PAGE, want: Want::Read, mapped: true });
    assert_eq!(at(&store, HIGH), Stop::Landed);
    assert_eq!(at(&load, 1 << 63), Stop::Vector(13));
}

#[test]
fn exceptions_by_vector() {
    assert_eq!(run(&[0x48, 0xf7, 0xf3], |_| ()).1, Stop::Vector(0)); // div rbx
    assert_eq!(run(&[0xcc], |_| ()).1, Stop::Vector(3));
    assert_eq!(run(&[0x0f, 0x0b], |_| ()).1, Stop::Vector(6)); // ud2
    assert_eq!(run(&[0xf4], |_| ()).1, Stop::Vector(13)); // hlt
    assert_eq!(run(&[0x0f, 0x28, 0x00], |s| s.gpr[0] = LOW + 8).1, Stop::Vector(13)); // movaps xmm0,[rax]
    assert_eq!(run(&[0x0f, 0x5e, 0xc0], |s| s.mxcsr = 0).1, Stop::Vector(19)); // divps xmm0,xmm0
}

#[test]
fn jumps_land_in_filler_and_outside() {
    let (after, stop) = run(&[0xeb, 0x40], |_| ());
    assert_eq!((after.rip, stop), (CODE + 0x142, Stop::Landed));
    let (after, stop) = run(&[0xff, 0xe0], |s| s.gpr[0] = LOW);
    assert_eq!((after.rip, stop), (LOW, Stop::Landed));
}

#[test]
fn a_cut_instruction_cannot_be_fetched() {
    let (after, stop) = run(&[0x48, 0x01, 0xd8], |s| s.rip = CODE + 2 * PAGE - 1);
    assert_eq!(stop, Stop::Page { addr: CODE + 2 * PAGE, want: Want::Fetch, mapped: false });
    assert_eq!(after.rip, CODE + 2 * PAGE - 1);
}

#[test]
fn two_hundred_thousand_states_a_second() {
    let mut native = Native::new().expect("a machine");
    let mut state = State::new();
    state.rip = CODE;
    native.put_code(0, &[0x48, 0x01, 0xd8]);
    let start = std::time::Instant::now();
    for _ in 0..20_000 {
        std::hint::black_box(native.run(&state, 3));
    }
    // A tenth of it, so that a busy machine and an unoptimised build pass.
    assert!(start.elapsed().as_millis() < 1000, "{:?} for 20000", start.elapsed());
}
