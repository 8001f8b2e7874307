//! The loop: pick a task, make its call again or let it run, handle why it stopped.

use crate::Kernel;
use crate::running::{CALL_COST, Running};
use crate::signal::SigNum;
use crate::sys::{Cx, Stop, SysResult, table, trace};
use crate::task::{Call, State};
use crate::wait::Wait;
use brainworm_abi::linux::signal::*;
use brainworm_abi::{Errno, Event, Nanos, PAGE_SHIFT, Pause, Timespec};
use brainworm_cpu::{Access, Exception, Exit, MemFault, MemFaultKind};

/// Instructions a task may run before the next one gets its turn.
const SLICE: i64 = 400_000;
/// Slices without a look at the clock while they are short.
const CLOCK_INTERVAL: i64 = 50_000;

impl Kernel {
    /// Works until about `budget` instructions are used up, nothing can run, or the container has ended.
    pub fn run(&mut self, budget: u64) -> Pause {
        let mut left = i64::try_from(budget).unwrap_or(i64::MAX);
        self.read_clocks();
        loop {
            self.answer_bell();
            self.expire_alarms();
            if let Some(status) = self.exited {
                return Pause::Exited(status);
            }
            if left <= 0 || core::mem::take(&mut self.has_to_pause) {
                return Pause::Budget;
            }
            let Some(ix) = self.sched.ready.pop_front() else {
                self.unread_work = 0;
                let until = self.next_deadline();
                self.read_clocks();
                if until.is_some_and(|until| until <= self.mono) {
                    continue;
                }
                return Pause::Idle { until, on: self.interest() };
            };
            let used = self.run_task(ix, self.slice_of(ix).min(left));
            left -= used;
            self.unread_work += used;
            if self.unread_work >= CLOCK_INTERVAL {
                self.read_clocks();
            }
        }
    }

    /// A nicer task gets shorter turns, by a quarter a step as on Linux (sched(7)), within bounds that keep turns worth it.
    fn slice_of(&self, ix: u32) -> i64 {
        let nice = self.world.tasks.get(ix).map_or(0, |task| task.nice);
        let step = |slice: i64, _| if nice > 0 { slice * 4 / 5 } else { slice * 5 / 4 };
        (0..nice.unsigned_abs()).fold(SLICE, step).clamp(SLICE / 32, SLICE * 8)
    }

    /// Something happened outside.
    pub fn push(&mut self, event: Event) {
        if let Event::Signal(number) = event {
            if let (Some(signal), Some(init)) = (SigNum::from_u8(number), self.world.process_of(1)) {
                self.signal_process(init, SigInfo::sent(signal.number(), SI_USER, 0, 0));
            }
            return;
        }
        if let Event::CodeReady(id, is_loaded) = event {
            self.engine.code_ready(id, is_loaded);
            return;
        }
        if matches!(event, Event::FileReady(_) | Event::ChunkReady(_)) {
            self.wake_all(crate::sched::Name::Host);
        }
        let vfs = self.vfs.clone();
        vfs.event(&mut self.kernel_io(), event);
        self.carry_out_effects();
        self.answer_bell();
    }

    /// Brings the clocks that timestamps and CPU times are made of up to date.
    fn read_clocks(&mut self) {
        self.unread_work = 0;
        self.wall = Timespec::from_nanos(self.host.wall());
        self.mono = self.host.monotonic();
        if self.host.heap_bytes() > self.heap_limit {
            self.out_of_memory(None);
            self.bury();
        }
    }

    /// Gives a task its turn; answers what it used of the budget.
    fn run_task(&mut self, ix: u32, slice: i64) -> i64 {
        let Some(task) = self.world.tasks.get_mut(ix) else { return 0 };
        task.is_queued = false;
        if !matches!(task.state, State::Ready) {
            return 0;
        }
        if self.world.procs[task.process].job.stopped.is_some() && !self.is_killed(ix) {
            self.world.tasks[ix].state = State::Stopped;
            return 0;
        }
        let task = &self.world.tasks[ix];
        self.world.current = (self.world.procs[task.process].pid, task.tid);
        let started = self.mono;
        let mut left = slice;
        if self.world.tasks[ix].call.is_some() {
            self.world.tasks[ix].restart.is_again = true;
            self.make_call(ix);
            left -= CALL_COST;
        }
        self.run_ready(ix, &mut left);
        let used = slice - left;
        self.account(ix, started, used);
        self.bury();
        used
    }

    /// Runs a task until it parks, ends, or its slice is over; then it is queued again.
    #[inline(never)]
    fn run_ready(&mut self, ix: u32, left: &mut i64) {
        loop {
            // A call that was answered at once leads straight back to the CPU.
            if !self.is_undisturbed(ix) {
                if !self.attend(ix, left) {
                    return;
                }
                if self.world.tasks[ix].call.is_some() && *left > 0 {
                    continue;
                }
            }
            if *left <= 0 {
                self.world.tasks[ix].switches.1 += 1;
                self.enqueue(ix);
                return;
            }
            match self.execute(ix, left) {
                Exit::Budget if self.has_to_pause => {
                    self.enqueue(ix);
                    return;
                }
                Exit::Budget => {}
                Exit::Yield => {
                    self.enqueue(ix);
                    return;
                }
                Exit::Syscall => {
                    *left -= CALL_COST;
                    let call = Call::of(&self.world.tasks[ix].cpu);
                    self.start_call(ix, call);
                }
                Exit::Fault(fault) => self.page_fault(ix, fault),
                Exit::Exception(exception) => self.exception(ix, exception),
            }
        }
    }

    /// True when nothing keeps a task from the CPU: it is ready, no call is under way, no signal is to be taken.
    #[inline(always)]
    pub(crate) fn is_undisturbed(&self, ix: u32) -> bool {
        let task = &self.world.tasks[ix];
        matches!(task.state, State::Ready)
            && task.call.is_none()
            && !task.yields
            && task.signals.saved_mask.is_none()
            && !self.has_signal(ix)
    }

    /// Does what has to be done before a task may run on: signals, a call to be made again. False: it may not run on.
    #[cold]
    #[inline(never)]
    fn attend(&mut self, ix: u32, left: &mut i64) -> bool {
        if !matches!(self.world.tasks[ix].state, State::Ready) {
            return false;
        }
        if self.has_signal(ix) || self.world.tasks[ix].signals.saved_mask.is_some() {
            self.take_signals(ix);
            if !matches!(self.world.tasks[ix].state, State::Ready) {
                return false;
            }
        }
        if self.world.tasks[ix].call.is_some() {
            // Interrupted, but no handler ran: the call goes on.
            self.world.tasks[ix].restart.is_again = true;
            self.make_call(ix);
            *left -= CALL_COST;
        }
        if core::mem::take(&mut self.world.tasks[ix].yields) {
            *left = 0;
        }
        matches!(self.world.tasks[ix].state, State::Ready)
    }

    /// Lets the CPU run the task's registers against its memory.
    #[inline]
    fn execute(&mut self, ix: u32, left: &mut i64) -> Exit {
        let task = &mut self.world.tasks[ix];
        let Some(space) = task.space else { return Exit::Budget };
        let mut cpu = core::mem::replace(&mut task.cpu, self.stand_in.take());
        let mut engine = self.engine.take();
        let (before, calls) = (*left, self.calls);
        let exit = engine.run(&mut cpu, &mut Running { k: self, ix, space }, left);
        self.engine.give_back(engine);
        self.stand_in.give_back(core::mem::replace(&mut self.world.tasks[ix].cpu, cpu));
        let cost = (self.calls - calls) as i64 * CALL_COST;
        self.instructions += before.saturating_sub(*left).saturating_sub(cost).max(0) as u64;
        self.settle_cpu();
        if self.engine.has_news() {
            self.publish_code();
        }
        exit
    }

    /// Carries out what the CPU's use of memory asked for.
    #[inline(always)]
    pub(crate) fn settle_cpu(&mut self) {
        if !self.effects.is_empty() {
            self.carry_out_effects();
        }
        if self.frames.has_shared_code() {
            self.guard_shared_code();
        }
    }

    /// A new call.
    #[inline]
    pub(crate) fn start_call(&mut self, ix: u32, call: Call) {
        let task = &mut self.world.tasks[ix];
        task.call = Some(call);
        task.restart.clear();
        self.call_with(ix, &call);
    }

    /// Makes the call under way, for the first time or again.
    fn make_call(&mut self, ix: u32) {
        if let Some(call) = self.world.tasks[ix].call {
            self.call_with(ix, &call);
        }
    }

    fn call_with(&mut self, ix: u32, &Call { nr, ref args }: &Call) {
        self.calls += 1;
        let result = if self.is_traced() {
            trace::call(&mut Cx::new(self, ix), nr, args)
        } else {
            let result = table::dispatch(&mut Cx::new(self, ix), nr, args);
            if self.postponed.is_some() { self.with_postponed(ix, result) } else { result }
        };
        match result {
            Ok(value) => self.answer_call(ix, value),
            Err(Stop::Errno(errno)) => self.answer_call(ix, errno.to_rax()),
            Err(Stop::Replaced) => self.world.tasks[ix].call = None,
            Err(Stop::Exit) => {}
            Err(Stop::Block(wait)) => self.block(ix, wait),
        }
        self.settle(ix);
    }

    /// A call that met memory which is there later is no failed one: it waits for the host and is made again, or, out of
    /// memory, once another process has made room.
    pub(crate) fn with_postponed(&mut self, ix: u32, result: SysResult) -> SysResult {
        match (self.postponed.take(), result) {
            (Some(MemFaultKind::NotHereYet), Err(Stop::Errno(Errno::EFAULT))) => Err(Stop::Block(Wait::host())),
            (Some(_), Err(Stop::Errno(Errno::EFAULT))) => {
                self.out_of_memory(Some(ix));
                let is_gone = matches!(self.world.tasks[ix].state, State::Dead);
                let now = Wait::default().until(Some(self.mono));
                Err(if is_gone { Stop::Exit } else { Stop::Block(now) })
            }
            (_, result) => result,
        }
    }

    /// A signal is there already that ends such a wait.
    pub(crate) fn is_interrupted(&self, ix: u32, wait: &Wait) -> bool {
        if wait.is_killable_only { self.is_killed(ix) } else { self.has_signal(ix) }
    }

    /// The call cannot go on now: the task is parked, unless a signal is there already.
    fn block(&mut self, ix: u32, wait: Wait) {
        if !self.is_interrupted(ix, &wait) {
            self.park(ix, wait);
        } else if self.world.tasks[ix].restart.done > 0 {
            let done = self.world.tasks[ix].restart.done;
            self.answer_call(ix, done);
        } else {
            self.world.tasks[ix].interrupted = Some(wait.on_signal);
        }
    }

    #[inline(always)]
    fn answer_call(&mut self, ix: u32, value: u64) {
        let task = &mut self.world.tasks[ix];
        task.cpu.gpr[0] = value;
        task.call = None;
        task.restart.held = None;
    }

    /// A memory access failed for good: the signal Linux sends (arch/x86/mm/fault.c).
    #[inline(never)]
    fn page_fault(&mut self, ix: u32, fault: MemFault) {
        let (signal, code, addr) = match fault.kind {
            MemFaultKind::Unmapped => (SIGSEGV, SEGV_MAPERR, fault.addr),
            MemFaultKind::Denied => (SIGSEGV, SEGV_ACCERR, fault.addr),
            MemFaultKind::PastEnd => (SIGBUS, BUS_ADRERR, fault.addr),
            MemFaultKind::NonCanonical => (SIGSEGV, SI_KERNEL, 0),
            MemFaultKind::NotHereYet => {
                // A later turn asks again; the host says when it is worth it.
                self.park(ix, Wait::host());
                return;
            }
            MemFaultKind::OutOfMemory => {
                self.out_of_memory(Some(ix));
                return;
            }
        };
        // Error code of a page fault: present, write, user, instruction fetch (SDM Vol. 3A 4.7).
        let space = self.world.tasks[ix].space.and_then(|space| self.world.spaces.get(space));
        let present = u64::from(space.is_some_and(|s| s.tables.get(fault.addr >> PAGE_SHIFT).is_some()));
        let error_code = present
            | match fault.access {
                Access::Read => 4,
                Access::Write => 6,
                Access::Fetch => 0x14,
            };
        let trap = if fault.kind == MemFaultKind::NonCanonical { 13 } else { 14 };
        let error_code = if trap == 13 { 0 } else { error_code };
        let info = &mut self.world.tasks[ix].fault;
        (info.trap, info.error_code) = (trap, error_code);
        if trap == 14 {
            info.address = fault.addr;
        }
        self.force_signal(ix, SigInfo::fault(signal, code, addr));
    }

    /// Another exception: SDM Vol. 3A 6.15 to signal(7), as arch/x86/kernel/traps.c has it.
    #[inline(never)]
    fn exception(&mut self, ix: u32, exception: Exception) {
        let cpu = &self.world.tasks[ix].cpu;
        let rip = cpu.rip;
        let (trap, signal, code, addr) = match exception {
            Exception::Divide => (0, SIGFPE, FPE_INTDIV, rip),
            Exception::Debug => (1, SIGTRAP, TRAP_TRACE, rip),
            Exception::Breakpoint => (3, SIGTRAP, SI_KERNEL, 0),
            Exception::InvalidOpcode => (6, SIGILL, ILL_ILLOPN, rip),
            Exception::StackSegment => (12, SIGBUS, SI_KERNEL, 0),
            Exception::GeneralProtection => (13, SIGSEGV, SI_KERNEL, 0),
            Exception::X87 => (16, SIGFPE, fpe_code(cpu.fsw & !cpu.fcw), rip),
            Exception::Alignment => (17, SIGBUS, BUS_ADRALN, 0),
            Exception::Simd => (19, SIGFPE, fpe_code(cpu.mxcsr as u16 & !(cpu.mxcsr >> 7) as u16), rip),
        };
        if exception == Exception::InvalidOpcode {
            self.log_refused(ix);
        }
        // cr2 keeps the address of the last page fault.
        let info = &mut self.world.tasks[ix].fault;
        (info.trap, info.error_code) = (trap, 0);
        self.force_signal(ix, SigInfo::fault(signal, code, addr));
    }

    /// CPU time of a turn, by the clock where it moved, else by what was done.
    fn account(&mut self, ix: u32, started: Nanos, used: i64) {
        let Some(task) = self.world.tasks.get_mut(ix) else { return };
        // About 3 ns an instruction between two readings of the clock; `read_clocks` bounds the error.
        let spent = self.mono.saturating_sub(started).max(used.max(0) as u64 * 3);
        task.cpu_time += spent;
        let process = task.process;
        self.charge_cpu_timers(process, spent);
    }
}

/// `si_code` of an unmasked floating-point exception, by the status bits in order of Linux's fpu__exception_code.
fn fpe_code(unmasked: u16) -> i32 {
    match unmasked {
        e if e & 1 != 0 => FPE_FLTINV,
        e if e & 4 != 0 => FPE_FLTDIV,
        e if e & 8 != 0 => FPE_FLTOVF,
        e if e & 0x12 != 0 => FPE_FLTUND,
        _ => FPE_FLTRES,
    }
}
