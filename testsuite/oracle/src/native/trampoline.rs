//! The few instructions around the tested one: load all state, jump, save all state; and the signal handler's entry.
//!
//! Everything is reached rip-relative in `AREA`, because the tested code owns every register, rsp included. A fault
//! does not unwind: the handler notes it in `AREA` and lets the kernel resume at `oracle_exit` with the registers
//! exactly as the instruction left them, so that one path saves state in all cases.

use core::arch::global_asm;

/// What the assembly below reads and writes. Offsets are asserted.
#[repr(C, align(64))]
pub(super) struct Area {
    /// XSAVE area: legacy region, header, AVX halves (SDM Vol. 1 13.4).
    pub(super) xsave: [u8; 1024],
    pub(super) gpr: [u64; 16],
    /// Scratch stack below the flags.
    pub(super) scratch: [u64; 7],
    pub(super) rflags: u64,
    pub(super) fs_base: u64,
    pub(super) gs_base: u64,
    pub(super) target: u64,
    host_rsp: u64,
    host_fs: u64,
    host_gs: u64,
    /// Not zero while guest state is (partly) loaded.
    in_guest: u64,
    pub(super) signo: u64,
    pub(super) si_code: u64,
    pub(super) trapno: u64,
    pub(super) error: u64,
    pub(super) cr2: u64,
    pub(super) fault_rip: u64,
    pub(super) fault_flags: u64,
}

/// The one area; `Native` holds a process-wide lock while it uses it.
pub(super) static mut AREA: Area = Area {
    xsave: [0; 1024],
    gpr: [0; 16],
    scratch: [0; 7],
    rflags: 2,
    fs_base: 0,
    gs_base: 0,
    target: 0,
    host_rsp: 0,
    host_fs: 0,
    host_gs: 0,
    in_guest: 0,
    signo: 0,
    si_code: 0,
    trapno: 0,
    error: 0,
    cr2: 0,
    fault_rip: 0,
    fault_flags: 0,
};

unsafe extern "C" {
    /// Runs from `AREA` until the exit stub or a signal.
    pub(super) fn oracle_enter();
    /// Where exit stubs jump to. Not callable.
    pub(super) fn oracle_exit();
    /// The signal handler. Not callable.
    pub(super) fn oracle_signal();
}

/// A signal that is none of ours: die of it.
extern "C" fn foreign_signal(signo: i32) {
    // SAFETY: restoring the default action; returning repeats the fault, which then kills the process as usual.
    unsafe { libc::signal(signo, libc::SIG_DFL) };
}

global_asm!(
    ".globl oracle_enter",
    "oracle_enter:",
    "push rbx; push rbp; push r12; push r13; push r14; push r15",
    "pushfq",
    "sub rsp, 8",
    "stmxcsr [rsp]",
    "fnstcw [rsp + 4]",
    "mov [rip + {area} + {host_rsp}], rsp",
    "rdfsbase rax; mov [rip + {area} + {host_fs}], rax",
    "rdgsbase rax; mov [rip + {area} + {host_gs}], rax",
    "mov dword ptr [rip + {area} + {in_guest}], 1",
    "mov eax, 7; xor edx, edx",
    "xrstor64 [rip + {area}]",
    "mov rax, [rip + {area} + {fs_base}]; wrfsbase rax",
    "mov rax, [rip + {area} + {gs_base}]; wrgsbase rax",
    "lea rsp, [rip + {area} + {rflags}]",
    "popfq",
    "mov rax, [rip + {area} + {gpr}]",
    "mov rcx, [rip + {area} + {gpr} + 8]",
    "mov rdx, [rip + {area} + {gpr} + 16]",
    "mov rbx, [rip + {area} + {gpr} + 24]",
    "mov rsp, [rip + {area} + {gpr} + 32]",
    "mov rbp, [rip + {area} + {gpr} + 40]",
    "mov rsi, [rip + {area} + {gpr} + 48]",
    "mov rdi, [rip + {area} + {gpr} + 56]",
    "mov r8, [rip + {area} + {gpr} + 64]",
    "mov r9, [rip + {area} + {gpr} + 72]",
    "mov r10, [rip + {area} + {gpr} + 80]",
    "mov r11, [rip + {area} + {gpr} + 88]",
    "mov r12, [rip + {area} + {gpr} + 96]",
    "mov r13, [rip + {area} + {gpr} + 104]",
    "mov r14, [rip + {area} + {gpr} + 112]",
    "mov r15, [rip + {area} + {gpr} + 120]",
    "jmp [rip + {area} + {target}]",
    "",
    ".globl oracle_exit",
    "oracle_exit:",
    "mov [rip + {area} + {gpr} + 32], rsp",
    "lea rsp, [rip + {area} + {rflags} + 8]",
    "pushfq",
    "push 2",
    "popfq", // AC, DF and TF off before anything else of ours runs
    "mov [rip + {area} + {gpr}], rax",
    "mov [rip + {area} + {gpr} + 8], rcx",
    "mov [rip + {area} + {gpr} + 16], rdx",
    "mov [rip + {area} + {gpr} + 24], rbx",
    "mov [rip + {area} + {gpr} + 40], rbp",
    "mov [rip + {area} + {gpr} + 48], rsi",
    "mov [rip + {area} + {gpr} + 56], rdi",
    "mov [rip + {area} + {gpr} + 64], r8",
    "mov [rip + {area} + {gpr} + 72], r9",
    "mov [rip + {area} + {gpr} + 80], r10",
    "mov [rip + {area} + {gpr} + 88], r11",
    "mov [rip + {area} + {gpr} + 96], r12",
    "mov [rip + {area} + {gpr} + 104], r13",
    "mov [rip + {area} + {gpr} + 112], r14",
    "mov [rip + {area} + {gpr} + 120], r15",
    "rdfsbase rax; mov [rip + {area} + {fs_base}], rax",
    "rdgsbase rax; mov [rip + {area} + {gs_base}], rax",
    "mov rax, [rip + {area} + {host_fs}]; wrfsbase rax",
    "mov rax, [rip + {area} + {host_gs}]; wrgsbase rax",
    "mov eax, 7; xor edx, edx",
    "xsave64 [rip + {area}]",
    "mov rsp, [rip + {area} + {host_rsp}]",
    "mov dword ptr [rip + {area} + {in_guest}], 0",
    "vzeroupper",
    "fninit",
    "ldmxcsr [rsp]",
    "fldcw [rsp + 4]",
    "add rsp, 8",
    "popfq",
    "pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx",
    "ret",
    "",
    // rdi = signo, rsi = siginfo, rdx = ucontext; FS may still be the guest's, so no Rust here.
    ".globl oracle_signal",
    "oracle_signal:",
    "pushfq",
    "and qword ptr [rsp], -0x40501", // AC, DF, TF off; ID stays: sigreturn does not restore it
    "popfq",
    "cmp dword ptr [rip + {area} + {in_guest}], 0",
    "je {foreign}",
    "mov [rip + {area} + {signo}], rdi",
    "movsxd rax, dword ptr [rsi + 8]; mov [rip + {area} + {si_code}], rax",
    "mov rax, [rdx + 40 + 8*20]; mov [rip + {area} + {trapno}], rax",
    "mov rax, [rdx + 40 + 8*19]; mov [rip + {area} + {error}], rax",
    "mov rax, [rdx + 40 + 8*22]; mov [rip + {area} + {cr2}], rax",
    "mov rax, [rdx + 40 + 8*17]; mov [rip + {area} + {fault_flags}], rax",
    "and qword ptr [rdx + 40 + 8*17], -0x101", // TF off
    "mov rax, [rdx + 40 + 8*16]; mov [rip + {area} + {fault_rip}], rax",
    "lea rax, [rip + oracle_exit]; mov [rdx + 40 + 8*16], rax",
    "ret",
    area = sym AREA,
    foreign = sym foreign_signal,
    gpr = const core::mem::offset_of!(Area, gpr),
    rflags = const core::mem::offset_of!(Area, rflags),
    fs_base = const core::mem::offset_of!(Area, fs_base),
    gs_base = const core::mem::offset_of!(Area, gs_base),
    target = const core::mem::offset_of!(Area, target),
    host_rsp = const core::mem::offset_of!(Area, host_rsp),
    host_fs = const core::mem::offset_of!(Area, host_fs),
    host_gs = const core::mem::offset_of!(Area, host_gs),
    in_guest = const core::mem::offset_of!(Area, in_guest),
    signo = const core::mem::offset_of!(Area, signo),
    si_code = const core::mem::offset_of!(Area, si_code),
    trapno = const core::mem::offset_of!(Area, trapno),
    error = const core::mem::offset_of!(Area, error),
    cr2 = const core::mem::offset_of!(Area, cr2),
    fault_rip = const core::mem::offset_of!(Area, fault_rip),
    fault_flags = const core::mem::offset_of!(Area, fault_flags),
);
