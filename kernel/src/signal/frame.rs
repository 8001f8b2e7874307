//! The frame a handler finds on its stack, and rt_sigreturn(2), bit for bit as Linux on x86-64 lays it out
//! (arch/x86/kernel/signal_64.c).
//!
//! ```text
//!   rsp  return address (sa_restorer)   8
//!        struct ucontext                304
//!        siginfo_t                      128
//!        (16-byte alignment: rsp + 8 is a multiple of 16)
//!        FXSAVE image, XSAVE header, upper halves of ymm, magic: 64-byte aligned
//!        red zone of 128 bytes, or the top of the alternate stack
//! ```

use super::fxstate;
use super::{SigNum, SigSet};
use crate::Kernel;
use brainworm_abi::linux::Record;
use brainworm_abi::linux::signal::*;
use brainworm_abi::{Errno, GuestAddr};

const FRAME_LEN: u64 = 8 + UContext::SIZE as u64 + SigInfo::SIZE as u64;
/// What the System V ABI lets leaf functions use below rsp.
const RED_ZONE: u64 = 128;
/// Selectors user code runs with.
const USER_CS: u16 = 0x33;
const USER_SS: u16 = 0x2b;

/// The smallest alternate stack (MINSIGSTKSZ).
pub(crate) const MINSIGSTKSZ: u64 = 2048;
/// Bytes of a signal frame with all state: AT_MINSIGSTKSZ.
pub(crate) const FRAME_MAX: u64 = FRAME_LEN + fxstate::LEN as u64 + 64 + 16 + RED_ZONE;

impl Kernel {
    /// Pushes the frame of a handler and points the registers at it. Nothing has changed after an error.
    pub(super) fn push_frame(
        &mut self,
        ix: u32,
        info: &SigInfo,
        signal: SigNum,
        action: SigAction,
    ) -> Result<(), Errno> {
        let task = &self.world.tasks[ix];
        let flags = SigActionFlags::from_bits_retain(action.sa_flags);
        if !flags.contains(SigActionFlags::SA_RESTORER) {
            // x86-64 has no other way back (the kernel's own trampoline was never there).
            return Err(Errno::EFAULT);
        }
        let rsp = task.cpu.gpr[4];
        let is_on_alt = task.signals.is_on_altstack(rsp);
        let mut top = rsp.wrapping_sub(RED_ZONE);
        if flags.contains(SigActionFlags::SA_ONSTACK)
            && !is_on_alt
            && let Some((start, size)) = task.signals.altstack
        {
            top = start.0.wrapping_add(size);
        }
        let fp_at = top.wrapping_sub(fxstate::LEN as u64) & !63;
        let frame = (fp_at.wrapping_sub(FRAME_LEN) & !15).wrapping_sub(8);
        if is_on_alt && !task.signals.is_on_altstack(frame) {
            return Err(Errno::EFAULT);
        }
        let context = UContext {
            uc_flags: UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
            uc_link: 0,
            uc_stack: task.signals.stack_t(rsp),
            uc_mcontext: self.sigcontext(ix, fp_at),
            uc_sigmask: task.signals.saved_mask.unwrap_or(task.signals.mask).0,
        };
        let mut bytes = [0; FRAME_LEN as usize];
        bytes[..8].copy_from_slice(&action.sa_restorer.to_le_bytes());
        context.store(&mut bytes[8..8 + UContext::SIZE]);
        info.store(&mut bytes[8 + UContext::SIZE..]);
        let fp = fxstate::save(&self.world.tasks[ix].cpu);
        let mut mem = self.user_mem(ix);
        mem.copy_out(GuestAddr(fp_at), &fp)?;
        mem.copy_out(GuestAddr(frame), &bytes)?;

        let task = &mut self.world.tasks[ix];
        if task.signals.altstack_autodisarm {
            task.signals.altstack = None;
        }
        let cpu = &mut task.cpu;
        cpu.rip = action.sa_handler;
        cpu.gpr[4] = frame;
        cpu.gpr[7] = u64::from(signal.number());
        cpu.gpr[6] = frame + 8 + UContext::SIZE as u64;
        cpu.gpr[2] = frame + 8;
        cpu.gpr[0] = 0;
        // DF and TF are clear in a handler; the rest stays (fs/signal: setup_rt_frame).
        let rflags = cpu.flags.rflags();
        cpu.flags.set_rflags(rflags & !(1 << 10 | 1 << 8));
        Ok(())
    }

    fn sigcontext(&self, ix: u32, fp_at: u64) -> SigContext {
        let task = &self.world.tasks[ix];
        let cpu = &task.cpu;
        let [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, ..] = cpu.gpr;
        SigContext {
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rdi,
            rsi,
            rbp,
            rbx,
            rdx,
            rax,
            rcx,
            rsp,
            rip: cpu.rip,
            eflags: cpu.flags.rflags(),
            cs: USER_CS,
            gs: 0,
            fs: 0,
            _pad_ss: USER_SS,
            err: task.fault.error_code,
            trapno: task.fault.trap,
            oldmask: task.signals.mask.0,
            cr2: task.fault.address,
            _pad_fpstate: fp_at,
            _pad_reserved: [0; 8],
        }
    }

    /// rt_sigreturn(2): everything as it was, or SIGSEGV for a frame that makes no sense.
    pub(crate) fn pop_frame(&mut self, ix: u32) {
        if self.try_pop_frame(ix).is_err() {
            self.force_signal(ix, SigInfo::sent(SigNum::SIGSEGV.number(), SI_KERNEL, 0, 0));
        }
    }

    fn try_pop_frame(&mut self, ix: u32) -> Result<(), Errno> {
        // The handler's `ret` took the return address.
        let at = self.world.tasks[ix].cpu.gpr[4];
        let mut bytes = [0; UContext::SIZE];
        self.user_mem(ix).copy_in(GuestAddr(at), &mut bytes)?;
        let context = UContext::load(&bytes);
        let regs = &context.uc_mcontext;
        let fp = match regs._pad_fpstate {
            0 => None,
            fp_at => {
                let mut image = [0; fxstate::LEN];
                let all = self.user_mem(ix).copy_in(GuestAddr(fp_at), &mut image);
                if all.is_err() {
                    // A frame without extended state may end where memory does.
                    image.fill(0);
                    self.user_mem(ix).copy_in(GuestAddr(fp_at), &mut image[..fxstate::LEGACY_LEN])?;
                }
                let has_extended = fxstate::has_extended(&image);
                if has_extended {
                    all?;
                }
                Some((image, has_extended))
            }
        };
        let task = &mut self.world.tasks[ix];
        let cpu = &mut task.cpu;
        cpu.gpr[..16].copy_from_slice(&[
            regs.rax, regs.rcx, regs.rdx, regs.rbx, regs.rsp, regs.rbp, regs.rsi, regs.rdi, regs.r8, regs.r9, regs.r10,
            regs.r11, regs.r12, regs.r13, regs.r14, regs.r15,
        ]);
        cpu.rip = regs.rip;
        cpu.flags.set_rflags(regs.eflags);
        if let Some((image, has_extended)) = fp {
            fxstate::restore(cpu, &image, has_extended);
        }
        task.signals.mask = SigSet(context.uc_sigmask).minus(SigSet::UNBLOCKABLE);
        // A frame is no system call: nothing restarts.
        task.call = None;
        task.signals.restore_stack(&context.uc_stack);
        Ok(())
    }
}

impl super::TaskSignals {
    /// True when a stack pointer lies on the alternate stack.
    pub(crate) fn is_on_altstack(&self, rsp: u64) -> bool {
        !self.altstack_autodisarm
            && self.altstack.is_some_and(|(start, size)| rsp > start.0 && rsp.wrapping_sub(start.0) <= size)
    }
    /// The alternate stack as sigaltstack(2) tells it.
    pub(crate) fn stack_t(&self, rsp: u64) -> StackT {
        let autodisarm = if self.altstack_autodisarm { SS_AUTODISARM } else { 0 };
        match self.altstack {
            None => StackT { ss_sp: 0, ss_flags: SS_DISABLE, ss_size: 0 },
            Some((start, ss_size)) => {
                let on = if self.is_on_altstack(rsp) { SS_ONSTACK } else { 0 };
                StackT { ss_sp: start.0, ss_flags: on | autodisarm, ss_size }
            }
        }
    }
    /// The alternate stack of a frame comes back (a handler may have changed it, SS_AUTODISARM has).
    fn restore_stack(&mut self, stack: &StackT) {
        let mode = stack.ss_flags & !(SS_AUTODISARM | SS_ONSTACK);
        if mode == SS_DISABLE {
            self.altstack = None;
        } else if mode == 0 && stack.ss_size >= MINSIGSTKSZ {
            self.altstack = Some((GuestAddr(stack.ss_sp), stack.ss_size));
            self.altstack_autodisarm = stack.ss_flags & SS_AUTODISARM != 0;
        }
    }
}
