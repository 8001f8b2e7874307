//! Survives #XM: the handler masks all exceptions and resumes at the address in r11, which the asm under test set.

use std::cell::Cell;
use std::sync::Once;

thread_local! {
    /// Set by the handler: the signal comes to the thread that ran the instruction.
    pub static FAULTED: Cell<bool> = const { Cell::new(false) };
}

const REG_R11: usize = libc::REG_R11 as usize;
const REG_RIP: usize = libc::REG_RIP as usize;

extern "C" fn on_fpe(_signal: i32, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel hands a valid ucontext, whose fpregs point at the frame's FXSAVE image.
    unsafe {
        let context = &mut *context.cast::<libc::ucontext_t>();
        context.uc_mcontext.gregs[REG_RIP] = context.uc_mcontext.gregs[REG_R11];
        (*context.uc_mcontext.fpregs).mxcsr |= 0x1f80;
    }
    FAULTED.set(true);
}

/// Installs the handler.
pub(crate) fn arm() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: a zeroed sigaction is valid, and the handler only touches the frame.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fpe as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(libc::SIGFPE, &action, std::ptr::null_mut()), 0);
        }
    });
}
