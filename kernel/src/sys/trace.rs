//! `--strace`: calls, signals and ends of tasks in lines as `strace -f` prints them, through `Host::log`.
//!
//! A line appears when the call is over. One that waits is begun, and if another task has something to say meanwhile, it
//! is shown as unfinished and resumed later. Arguments the call reads are shown as they were before it.

use super::args::Shown;
use super::{Cx, Stop, SysResult, show, table};
use crate::Kernel;
use crate::wait::OnSignal;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use brainworm_abi::linux::signal::SigInfo;
use brainworm_abi::{Errno, Pid};
use core::fmt::Write;

/// Column of the result.
const RESULT_COLUMN: usize = 39;
const EXECVE: u64 = 59;
const RT_SIGRETURN: u64 = 15;
const EXIT: [u64; 2] = [60, 231];

/// What was said so far.
#[derive(Default)]
pub(crate) struct Traced {
    /// A line that is begun: its task, and the text.
    begun: Option<(Pid, String)>,
    /// Tasks whose line was cut by another's.
    cut: BTreeSet<Pid>,
}

/// A call being shown: its arguments as they were when it was made.
struct Line {
    nr: u64,
    raw: [u64; 6],
    order: Vec<usize>,
    before: Vec<Option<String>>,
}

/// How a call ended.
enum End {
    Value(i64),
    /// `?` and why.
    Unknown(&'static str),
}

/// Makes a call and shows it.
#[cold]
#[inline(never)]
pub(crate) fn call(cx: &mut Cx<'_>, nr: u64, raw: &[u64; 6]) -> SysResult {
    let line = begin(cx, nr, *raw);
    let result = table::dispatch(cx, nr, raw);
    let result = cx.k.with_postponed(cx.ix, result);
    end(cx, &line, &result);
    if let Err(Stop::Block(on)) = &result {
        let done = cx.task().restart.done;
        match cx.k.is_interrupted(cx.ix, on) {
            true if done > 0 => end(cx, &line, &Ok(done)),
            is_interrupted => wait(cx, &line, is_interrupted.then_some(on.on_signal)),
        }
    }
    result
}

/// Shows the arguments of a call about to run.
fn begin(cx: &mut Cx<'_>, nr: u64, raw: [u64; 6]) -> Line {
    let order = show::order(nr, &raw, table::row(nr).map_or(0, table::Row::arity));
    let before = order.iter().map(|&i| argument(cx, nr, raw, None, i)).collect();
    let line = Line { nr, raw, order, before };
    if EXIT.contains(&nr) {
        finish(cx, &line, End::Unknown(""));
    }
    line
}

/// Shows how the call went.
fn end(cx: &mut Cx<'_>, line: &Line, result: &SysResult) {
    let value = match result {
        Ok(value) => *value as i64,
        Err(Stop::Errno(errno)) => -(*errno as i64),
        Err(Stop::Replaced) if line.nr == RT_SIGRETURN => cx.task().cpu.gpr[0] as i64,
        Err(Stop::Replaced) => 0,
        Err(Stop::Block(_) | Stop::Exit) => return,
    };
    finish(cx, line, End::Value(value));
}

/// The call waits now, or was interrupted by a signal.
fn wait(cx: &mut Cx<'_>, line: &Line, interrupted: Option<OnSignal>) {
    let end = match interrupted {
        None => {
            let tid = cx.task().tid;
            if !cx.k.traced.cut.contains(&tid) && cx.k.traced.begun.as_ref().is_none_or(|(begun, _)| *begun != tid) {
                cut(cx.k);
                let (head, _) = texts(cx, line, None);
                let text = prefix(cx.k, tid) + &head;
                cx.k.traced.begun = Some((tid, text));
            }
            return;
        }
        Some(OnSignal::Restart) => End::Unknown(" ERESTARTSYS (To be restarted if SA_RESTART is set)"),
        Some(OnSignal::NoHandler) => End::Unknown(" ERESTARTNOHAND (To be restarted if no handler)"),
        Some(OnSignal::Block) => End::Unknown(" ERESTART_RESTARTBLOCK (Interrupted by signal)"),
        Some(OnSignal::Eintr) => End::Value(-(Errno::EINTR as i64)),
    };
    finish(cx, line, end);
}

impl Kernel {
    /// A signal is taken.
    pub(crate) fn trace_signal(&mut self, ix: u32, info: &SigInfo) {
        if self.is_traced() {
            self.trace_line(ix, &show::siginfo(info));
        }
    }
    /// A task stops or ends: `exited with 0`, `killed by SIGKILL`, `stopped by SIGTSTP`.
    pub(crate) fn trace_end(&mut self, ix: u32, status: u32) {
        if self.is_traced() {
            let text = match crate::signal::SigNum::new(u64::from(status & 0x7f)) {
                Some(signal) => alloc::format!("+++ killed by {signal:?} +++"),
                None => alloc::format!("+++ exited with {} +++", status >> 8 & 0xff),
            };
            self.trace_line(ix, &text);
            let tid = self.world.tasks[ix].tid;
            self.traced.cut.remove(&tid);
        }
    }
    /// Says something of a task between its calls.
    pub(crate) fn trace_line(&mut self, ix: u32, text: &str) {
        cut(self);
        let text = prefix(self, self.world.tasks[ix].tid) + text;
        self.host.log(&text);
    }
    /// The program the container starts with, as if it had called execve(2).
    pub(crate) fn trace_start(&mut self, ix: u32, path: &[u8], args: usize) {
        let mut cx = Cx::new(self, ix);
        let argv = cx.task().cpu.gpr[4] + 8;
        let raw = [0, argv, argv + 8 * (args as u64 + 1), 0, 0, 0];
        let mut name = String::new();
        super::args::show_bytes(path, usize::MAX, &mut name);
        let rest = [1, 2].map(|i| argument(&mut cx, EXECVE, raw, None, i));
        let before = [Some(name)].into_iter().chain(rest).collect();
        finish(&mut cx, &Line { nr: EXECVE, raw, order: alloc::vec![0, 1, 2], before }, End::Value(0));
    }
}

/// Another line follows: what was begun is shown as it is.
fn cut(k: &mut Kernel) {
    if let Some((tid, text)) = k.traced.begun.take() {
        k.host.log(&(text + " <unfinished ...>"));
        k.traced.cut.insert(tid);
    }
}

fn prefix(k: &Kernel, tid: Pid) -> String {
    if k.world.tasks.len() > 1 { alloc::format!("[pid {tid:5}] ") } else { String::new() }
}

/// An argument; `None` when it is shown only after the call.
fn argument(cx: &mut Cx<'_>, nr: u64, raw: [u64; 6], ret: Option<i64>, index: usize) -> Option<String> {
    let mut call = Shown { cx, raw, ret };
    let row = table::row(nr)?;
    if ret.is_none() && (row.is_out(index) || show::is_out(nr, index)) {
        return None;
    }
    let mut text = String::new();
    if !show::argument(&mut call, nr, index, &mut text) {
        text.clear();
        row.show_arg(&mut call, index, &mut text);
    }
    Some(text)
}

/// What is said when the call is made, and the rest.
fn texts(cx: &mut Cx<'_>, line: &Line, ret: Option<i64>) -> (String, String) {
    let mut head = match table::row(line.nr) {
        Some(row) => String::from(row.name),
        None => alloc::format!("syscall_{:#x}", line.nr),
    };
    head.push('(');
    let mut tail = String::new();
    let mut is_head = true;
    for (place, (&index, before)) in line.order.iter().zip(&line.before).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        match before {
            Some(text) if is_head => _ = write!(head, "{comma}{text}"),
            Some(text) => _ = write!(tail, "{comma}{text}"),
            None => {
                let text = argument(cx, line.nr, line.raw, Some(ret.unwrap_or(-1)), index).unwrap_or_default();
                // What clone3(2) filled follows its structure without one.
                let comma = if text.starts_with("=>") { " " } else { comma };
                if core::mem::take(&mut is_head) {
                    head.push_str(comma);
                    tail.push_str(&text);
                } else {
                    let _ = write!(tail, "{comma}{text}");
                }
            }
        }
    }
    tail.push(')');
    (head, tail)
}

/// brk, mmap, mremap, shmat answer addresses.
fn is_address(nr: u64) -> bool {
    matches!(nr, 9 | 12 | 25 | 30)
}

fn finish(cx: &mut Cx<'_>, line: &Line, end: End) {
    let tid = cx.task().tid;
    let ret = match end {
        End::Value(value) => Some(value),
        End::Unknown(_) => None,
    };
    if cx.k.traced.begun.as_ref().is_some_and(|(begun, _)| *begun == tid) {
        cx.k.traced.begun = None;
    }
    cut(cx.k);
    let (head, tail) = texts(cx, line, ret);
    let mut text = prefix(cx.k, tid);
    if cx.k.traced.cut.remove(&tid) {
        let name = head.split('(').next().unwrap_or("");
        let _ = write!(text, "<... {name} resumed>{tail}");
    } else {
        let _ = write!(text, "{head}{tail}");
    }
    while text.len() < RESULT_COLUMN {
        text.push(' ');
    }
    text.push_str(" = ");
    match end {
        End::Unknown(why) => _ = write!(text, "?{why}"),
        End::Value(value) => match u16::try_from(-value).ok().and_then(Errno::from_number) {
            Some(errno) => _ = write!(text, "-1 {} ({})", errno.name(), errno.text()),
            None => {
                let mut call = Shown { cx, raw: line.raw, ret };
                if !show::result(&mut call, line.nr, value, &mut text) {
                    let _ = if is_address(line.nr) { write!(text, "{value:#x}") } else { write!(text, "{value}") };
                }
            }
        },
    }
    cx.k.host.log(&text);
}
