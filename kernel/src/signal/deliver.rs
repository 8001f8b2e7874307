//! Taking pending signals on the way back to user mode: default actions, handlers, and what becomes of an interrupted
//! system call (signal(7), "Interruption of system calls").

use super::{STOP_SIGNALS, SigNum, SigSet};
use crate::Kernel;
use crate::task::State;
use crate::wait::OnSignal;
use brainworm_abi::linux::signal::*;
use brainworm_abi::linux::wait::killed;
use brainworm_abi::{Errno, Pid};

/// What a signal does by default, signal(7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Default {
    Terminate,
    /// Terminate with the "core dumped" bit where RLIMIT_CORE allows one: we never write one, so it is not set.
    Core,
    Ignore,
    Stop,
}

fn default_action(signal: SigNum) -> Default {
    match signal {
        SigNum::SIGCHLD | SigNum::SIGURG | SigNum::SIGWINCH | SigNum::SIGCONT => Default::Ignore,
        s if STOP_SIGNALS.has(s) => Default::Stop,
        SigNum::SIGQUIT
        | SigNum::SIGILL
        | SigNum::SIGTRAP
        | SigNum::SIGABRT
        | SigNum::SIGBUS
        | SigNum::SIGFPE
        | SigNum::SIGSEGV
        | SigNum::SIGXCPU
        | SigNum::SIGXFSZ
        | SigNum::SIGSYS => Default::Core,
        _ => Default::Terminate,
    }
}

impl Kernel {
    /// Takes what is pending. Afterwards the task either runs on (its registers are at the handler, if there is one),
    /// makes its interrupted call again, is stopped, or is gone.
    pub(crate) fn take_signals(&mut self, ix: u32) {
        let mut has_handler = false;
        while self.has_signal(ix) {
            // Before everything else: a stop that is pending too must not win.
            if self.is_killed(ix) {
                self.exit_group(ix, killed(SigNum::SIGKILL.number(), false));
                return;
            }
            let mask = self.world.tasks[ix].signals.mask;
            let Some((info, signal)) =
                self.dequeue_signal(ix, mask).and_then(|info| Some((info, SigNum::from_u8(info.signal())?)))
            else {
                break;
            };
            self.trace_signal(ix, &info);
            let action = self.world.tasks[ix].actions.lock().get(signal);
            match action.sa_handler {
                SIG_IGN => {}
                SIG_DFL => match default_action(signal) {
                    Default::Ignore => {}
                    Default::Terminate | Default::Core => {
                        self.exit_group(ix, killed(signal.number(), false));
                        return;
                    }
                    Default::Stop => {
                        if self.stop_by(ix, signal) {
                            return;
                        }
                    }
                },
                _ => {
                    self.settle_interrupted(ix, Some(action));
                    has_handler = true;
                    self.enter_handler(ix, info, signal, action);
                    if matches!(self.world.tasks[ix].state, State::Dead) {
                        return;
                    }
                }
            }
        }
        if !has_handler {
            self.settle_interrupted(ix, None);
        }
        // A mask set for the time of the call only: after a handler it is in the frame.
        let task = &mut self.world.tasks[ix];
        if task.call.is_none()
            && let Some(mask) = task.signals.saved_mask.take()
        {
            task.signals.mask = mask;
        }
    }

    /// The one place that decides between EINTR and making the call again.
    fn settle_interrupted(&mut self, ix: u32, handler: Option<SigAction>) {
        let task = &mut self.world.tasks[ix];
        let (Some(kind), Some(call)) = (task.interrupted.take(), task.call) else { return };
        let restarts = match (kind, handler) {
            (OnSignal::Eintr, _) => false,
            // No handler runs: the call goes on with what it remembers (deadline, bytes done).
            (_, None) => return,
            (OnSignal::Restart, Some(action)) => {
                SigActionFlags::from_bits_retain(action.sa_flags).contains(SigActionFlags::SA_RESTART)
            }
            (OnSignal::NoHandler | OnSignal::Block, Some(_)) => false,
        };
        task.call = None;
        // An end of a FIFO that waited for the other is closed; a call made again opens another.
        task.restart.held = None;
        if restarts {
            // Back onto the `syscall` instruction (two bytes), with the number where it was.
            task.cpu.rip = task.cpu.rip.wrapping_sub(2);
            task.cpu.gpr[0] = call.nr;
        } else {
            task.cpu.gpr[0] = Errno::EINTR.to_rax();
        }
    }

    /// Stops the process unless its group is orphaned (SIGSTOP always stops). True when it is stopped now.
    fn stop_by(&mut self, ix: u32, signal: SigNum) -> bool {
        let process = self.world.tasks[ix].process;
        let pgid: Pid = self.world.procs[process].pgid;
        if signal != SigNum::SIGSTOP && self.world.is_orphaned(pgid) {
            return false;
        }
        let job = &mut self.world.procs[process].job;
        job.stopped = Some(signal);
        job.reports_stop = true;
        job.reports_continue = false;
        if self.is_traced() {
            self.trace_line(ix, &alloc::format!("--- stopped by {signal:?} ---"));
        }
        // Parked threads stay parked; whoever becomes ready is stopped when its turn comes.
        self.world.tasks[ix].state = State::Stopped;
        self.notify_parent(process, CLD_STOPPED, i32::from(signal.number()));
        true
    }

    /// Runs a handler next: pushes its frame and sets the registers.
    fn enter_handler(&mut self, ix: u32, info: SigInfo, signal: SigNum, action: SigAction) {
        let flags = SigActionFlags::from_bits_retain(action.sa_flags);
        if self.push_frame(ix, &info, signal, action).is_err() {
            // No room for the frame: SIGSEGV, fatal if that was the signal (signal(7)).
            if signal == SigNum::SIGSEGV {
                let task = &self.world.tasks[ix];
                task.actions.lock().set(SigNum::SIGSEGV, SigAction::default());
            }
            self.force_signal(ix, SigInfo::sent(SigNum::SIGSEGV.number(), SI_KERNEL, 0, 0));
            return;
        }
        let task = &mut self.world.tasks[ix];
        if flags.contains(SigActionFlags::SA_RESETHAND) {
            task.actions.lock().set(signal, SigAction { sa_handler: SIG_DFL, ..action });
        }
        task.signals.saved_mask = None;
        let mut mask = task.signals.mask.union(SigSet(action.sa_mask));
        if !flags.contains(SigActionFlags::SA_NODEFER) {
            mask = mask.with(signal);
        }
        task.signals.mask = mask.minus(SigSet::UNBLOCKABLE);
    }
}
