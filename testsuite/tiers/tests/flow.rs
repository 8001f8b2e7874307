//! Control flow of lowered code against the real CPU: indirect jumps to the region's own blocks, recursion far deeper than
//! the machine's stack.

use brainworm_cpu::wasm::Region;
use brainworm_cpu::{Cpu, Exit, Gpr};
use brainworm_tiers::{Counts, Machine, PAGES, Page};

// rdi: bytecode, rsi: its end; a loop of computed jumps without a table: handlers lie 32 bytes apart.
std::arch::global_asm!(
    ".globl flow_vm, flow_vm_handlers, flow_vm_end, flow_deep, flow_deep_end",
    ".p2align 5",
    "flow_vm:",
    "xor eax, eax",
    "lea r8, [rip + flow_vm_handlers]",
    "flow_vm_next:",
    "cmp rdi, rsi",
    "jae 9f",
    "movzx ecx, byte ptr [rdi]",
    "inc rdi",
    "shl ecx, 5",
    "add rcx, r8",
    "jmp rcx",
    "9: ret",
    ".p2align 5",
    "flow_vm_handlers:",
    "add rax, 3",
    "jmp flow_vm_next",
    ".p2align 5",
    "imul rax, rax, 7",
    "jmp flow_vm_next",
    ".p2align 5",
    "rol rax, 5",
    "xor rax, 0x55",
    "jmp flow_vm_next",
    ".p2align 5",
    "mov rdx, rax",
    "shr rdx, 3",
    "sub rax, rdx",
    "jmp flow_vm_next",
    "flow_vm_end:",
    // rdi: how deep; the sum of what is added on the way back.
    ".p2align 5",
    "flow_deep:",
    "mov rax, 1",
    "test rdi, rdi",
    "je 8f",
    "push rdi",
    "dec rdi",
    "call flow_deep",
    "pop rdi",
    "lea rax, [rax + rax*2]",
    "add rax, rdi",
    "8: ret",
    "flow_deep_end:",
);

unsafe extern "C" {
    fn flow_vm(code: *const u8, end: *const u8) -> u64;
    fn flow_deep(depth: u64) -> u64;
    static flow_vm_handlers: u8;
    static flow_vm_end: u8;
    static flow_deep_end: u8;
}

const CODE: u64 = 0x1_0000;
const DATA: u64 = 0x2_0000;
const STACK: u64 = PAGES as u64 * 4096 - 8;
const RETURN: u64 = 0x7000_0000;

/// A machine with the program's bytes between two labels; the offset of the first one in its page.
fn machine(start: *const u8, end: *const u8) -> (Machine, u32, usize) {
    let mut machine = Machine::new();
    (0..PAGES).for_each(|page| machine.set_page(page, Page::Present));
    let offset = start as usize & 0xfff;
    // SAFETY: both labels bound one stretch of this program's text.
    let code = unsafe { std::slice::from_raw_parts(start, end.offset_from(start) as usize) };
    machine.guest(CODE + offset as u64, code.len()).copy_from_slice(code);
    machine.guest(STACK, 8).copy_from_slice(&RETURN.to_le_bytes());
    (machine, offset as u32, offset + code.len())
}

fn run(machine: &mut Machine, region: Region, offset: u32, arguments: [u64; 2], slice: i64) -> (u64, Counts) {
    let code = machine.load(CODE, &[region], true);
    let mut cpu = Cpu::new();
    cpu.rip = CODE + offset as u64;
    cpu.gpr[Gpr::RDI.0 as usize] = arguments[0];
    cpu.gpr[Gpr::RSI.0 as usize] = arguments[1];
    cpu.gpr[Gpr::RSP.0 as usize] = STACK;
    let mut counts = Counts::default();
    let exit = machine.run(&code, &mut cpu, slice, &mut counts);
    assert!(matches!(exit, Exit::Fault(_)) && cpu.rip == RETURN, "{exit:?} at {:#x}", cpu.rip);
    (cpu.gpr[0], counts)
}

#[test]
fn indirect_jumps_stay_inside() {
    let program: Vec<u8> = (0..20_000u64).map(|k| (k.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60 & 3) as u8).collect();
    let range = program.as_ptr_range();
    // SAFETY: it reads the program.
    let expected = unsafe { flow_vm(range.start, range.end) };
    let (start, end) = (flow_vm as *const u8, &raw const flow_vm_end);
    for slice in [37, i64::MAX] {
        let (mut machine, offset, len) = machine(start, end);
        machine.guest(DATA, program.len()).copy_from_slice(&program);
        let bytes = machine.guest(CODE, len).to_vec();
        // SAFETY: labels of one text.
        let handlers = unsafe { (&raw const flow_vm_handlers).offset_from(start) } as u32 + offset;
        let starts = [offset, handlers, handlers + 32, handlers + 64, handlers + 96];
        let region = Region::discover_in(&bytes, 0..u32::MAX, &starts).expect("code at the start");
        let (value, counts) = run(&mut machine, region, offset, [DATA, DATA + program.len() as u64], slice);
        assert_eq!(value, expected, "slice {slice}");
        if slice == i64::MAX {
            assert!(counts.entered < 10 && counts.interpreted < 10, "{counts:?}");
        }
    }
}

#[test]
fn recursion_is_as_deep_as_the_guest_likes() {
    // 16 bytes a call of the guest's stack.
    const DEPTH: u64 = 200_000;
    // SAFETY: it needs 3.2 MB of stack, which this thread has.
    let deep = || unsafe { flow_deep(DEPTH) };
    let expected = std::thread::Builder::new().stack_size(8 << 20).spawn(deep).unwrap().join().unwrap();
    let (mut machine, offset, len) = machine(flow_deep as *const u8, &raw const flow_deep_end);
    let bytes = machine.guest(CODE, len).to_vec();
    let region = Region::discover(&bytes, offset).expect("code at the start");
    let (value, counts) = run(&mut machine, region, offset, [DEPTH, 0], i64::MAX);
    assert_eq!(value, expected);
    // Most calls were calls: the rest is one for each time the machine's stack was used up, and the way back.
    assert!(counts.interpreted < 10, "{counts:?}");
}
