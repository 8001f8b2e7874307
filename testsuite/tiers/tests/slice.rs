//! The vertical slice: one loop of integer instructions through the interpreter and as a wasm function on wasmtime over
//! the same memory, with page misses, a fault, preemptions and re-entries in the middle; the real CPU is the oracle.

use brainworm_cpu::{Access, Cpu, Exit, Gpr, MemFaultKind};
use brainworm_tiers::{Counts, Machine, Page};

// rdi: words, rsi: how many, rdx: where results go; rax: a checksum. Ends by reading address 0.
std::arch::global_asm!(
    ".globl slice_start, slice_end, slice_native",
    "slice_native:",
    "push rbx",
    "push rbp",
    "call slice_start",
    "pop rbp",
    "pop rbx",
    "ret",
    ".p2align 4",
    "slice_start:",
    "xor eax, eax",
    "mov ecx, 7",
    "xor r8d, r8d",
    "lea r9, [rdi + rsi*8]",
    "2:",
    "mov r10, [rdi]",
    "add rax, r10",
    "adc rcx, 3",
    "imul r11, r10, 31",
    "mov r10d, r11d",
    "shr r11, 7",
    "xor r11, rcx",
    "sub r11, r8",
    "and r10d, 0xffff",
    "or r10, r11",
    "mov [rdx + r8*8], r10",
    "mov [rdx + r8*8 + 3], r10b",
    "add word ptr [rdx + r8*8 + 1], 77",
    "movzx ebx, byte ptr [rdi + 1]",
    "movsx rbp, word ptr [rdi + 2]",
    "lea rax, [rax + rbx*4 + 5]",
    "neg rbp",
    "not rbx",
    "test bl, 1",
    "je 3f",
    "sar rbp, 3",
    "dec rbp",
    "3:",
    "push rbp",
    "add rax, [rsp]",
    "pop rbx",
    "inc r8",
    "add rdi, 8",
    "cmp rdi, r9",
    "jb 2b",
    "ret",
    "slice_end:",
);

unsafe extern "C" {
    fn slice_native(words: *const u64, count: u64, results: *mut u64) -> u64;
    static slice_start: u8;
    static slice_end: u8;
}

const CODE: u64 = 0x1_0f80;
const WORDS: u64 = 0x2_0000;
const RESULTS: u64 = 0x5_0ff8;
const STACK: u64 = 0x8_0000;
const COUNT: usize = 3000;

fn words() -> Vec<u64> {
    (0..COUNT as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(i as u32)).collect()
}

/// A machine with the code and the words; the pages of the results are still untouched, all else is unmapped.
fn machine() -> (Machine, Cpu, u64) {
    let mut machine = Machine::new();
    // SAFETY: both labels bound one stretch of this program's text.
    let code = unsafe {
        let (start, end) = (&raw const slice_start, &raw const slice_end);
        std::slice::from_raw_parts(start, end.offset_from(start) as usize)
    };
    (0x10..0x12).for_each(|page| machine.set_page(page, Page::Present));
    (0x20..0x26).for_each(|page| machine.set_page(page, Page::Present));
    (0x50..0x58).for_each(|page| machine.set_page(page, Page::Untouched));
    machine.set_page(0x7f, Page::Present);
    machine.guest(CODE, code.len()).copy_from_slice(code);
    for (i, word) in words().iter().enumerate() {
        machine.guest(WORDS + 8 * i as u64, 8).copy_from_slice(&word.to_le_bytes());
    }
    let mut cpu = Cpu::new();
    cpu.rip = CODE;
    cpu.gpr[Gpr::RDI.0 as usize] = WORDS;
    cpu.gpr[Gpr::RSI.0 as usize] = COUNT as u64;
    cpu.gpr[Gpr::RDX.0 as usize] = RESULTS;
    cpu.gpr[Gpr::RSP.0 as usize] = STACK;
    // The return address: nothing is mapped there.
    machine.guest(STACK - 8, 8).copy_from_slice(&0xdead_0000u64.to_le_bytes());
    cpu.gpr[Gpr::RSP.0 as usize] -= 8;
    (machine, cpu, CODE + code.len() as u64)
}

fn native() -> (u64, Vec<u64>) {
    let (words, mut results) = (words(), vec![0u64; COUNT]);
    // SAFETY: the function reads `COUNT` words and writes as many.
    let sum = unsafe { slice_native(words.as_ptr(), COUNT as u64, results.as_mut_ptr()) };
    (sum, results)
}

fn results(machine: &mut Machine) -> Vec<u64> {
    let bytes = machine.guest(RESULTS, 8 * COUNT).to_vec();
    bytes.chunks(8).map(|b| u64::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn both_tiers_agree_with_the_real_cpu() {
    let (sum, expected) = native();
    let (mut machine_i, mut cpu_i, end) = machine();
    let exit_i = machine_i.interpret(&mut cpu_i, i64::MAX);
    // The guest returned to an address where nothing is: that is how it ends here.
    let Exit::Fault(fault) = exit_i else { panic!("interpreter: {exit_i:?} at {:#x}", cpu_i.rip) };
    assert_eq!((fault.addr, fault.access, fault.kind), (0xdead_0000, Access::Fetch, MemFaultKind::Unmapped));
    assert_eq!(cpu_i.gpr[0], sum);
    assert_eq!(results(&mut machine_i), expected);

    for slice in [1, 10, 1000, i64::MAX] {
        let (mut machine_l, mut cpu_l, _) = machine();
        let mut counts = Counts::default();
        let exit_l = machine_l.run_lowered(&mut cpu_l, CODE, end, slice, &mut counts);
        assert_eq!(exit_l, exit_i, "slice {slice}");
        assert_eq!(cpu_l.gpr[..16], cpu_i.gpr[..16], "slice {slice}");
        assert_eq!(cpu_l.flags.rflags(), cpu_i.flags.rflags(), "slice {slice}");
        assert_eq!(results(&mut machine_l), expected, "slice {slice}");
        // The result pages were all brought in by misses of lowered code, also by stores that straddle two of them.
        assert_eq!(counts.page_ins, 7, "slice {slice}: {counts:?}");
        assert!(counts.reentered >= counts.page_ins, "slice {slice}: {counts:?}");
        match slice {
            // Every block uses the slice up, so every header stops.
            1 => assert!(counts.preempted >= COUNT as u32 - 10, "{counts:?}"),
            1000 => assert!((50..500).contains(&counts.preempted), "{counts:?}"),
            i64::MAX => assert_eq!(counts.preempted, 0, "{counts:?}"),
            _ => {}
        }
        // Nearly everything ran as wasm: the interpreter did what missed and what is not lowered, up to the next entry.
        if slice == i64::MAX {
            assert!(counts.interpreted < 2000, "{counts:?}");
        }
    }
}

#[test]
fn a_fault_in_lowered_code_leaves_exact_state() {
    let (mut machine_i, mut cpu_i, end) = machine();
    machine_i.set_page(0x54, Page::Unmapped);
    let exit_i = machine_i.interpret(&mut cpu_i, i64::MAX);
    let Exit::Fault(fault) = exit_i else { panic!("{exit_i:?}") };
    assert_eq!((fault.addr, fault.access), (0x5_4000, Access::Write));

    let (mut machine_l, mut cpu_l, _) = machine();
    machine_l.set_page(0x54, Page::Unmapped);
    let exit_l = machine_l.run_lowered(&mut cpu_l, CODE, end, 777, &mut Counts::default());
    assert_eq!(exit_l, exit_i);
    assert_eq!((cpu_l.rip, &cpu_l.gpr[..16]), (cpu_i.rip, &cpu_i.gpr[..16]));
    // The status flags are dead there: the next instructions write them all before anything reads one.
    assert_eq!(machine_l.guest(0x5_0000, 0x4000), machine_i.guest(0x5_0000, 0x4000));
}
