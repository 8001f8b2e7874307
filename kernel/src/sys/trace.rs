//! `--strace`: one line a call, as strace(1) prints it, through `Host::log`.
//!
//! A line appears when the call is over. Arguments the call reads are shown as they were before it.

use super::args::Shown;
use super::{Cx, Stop, SysResult, table};
use alloc::string::String;
use alloc::vec::Vec;
use brainworm_abi::Errno;
use core::fmt::Write;

/// The arguments as they were when the call was made.
pub(crate) struct Line {
    nr: u64,
    raw: [u64; 6],
    before: Vec<Option<String>>,
}

/// Shows the arguments of a call about to run.
pub(crate) fn begin(cx: &mut Cx<'_>, nr: u64, raw: [u64; 6]) -> Line {
    let arity = table::row(nr).map_or(0, table::Row::arity);
    let before = (0..arity)
        .map(|i| {
            let mut call = Shown { cx, raw, ret: None };
            table::row(nr).and_then(|row| row.show_arg(&mut call, i))
        })
        .collect();
    Line { nr, raw, before }
}

/// Prints the line of a call that does not come back.
pub(crate) fn end_exit(cx: &mut Cx<'_>, line: Line) {
    print(cx, line, None);
}

/// Prints the line of a call that is over.
pub(crate) fn end(cx: &mut Cx<'_>, line: Line, result: &SysResult) {
    let ret = match result {
        Ok(value) => Some(*value as i64),
        Err(Stop::Errno(errno)) => Some(-(*errno as i64)),
        Err(Stop::Block(_)) => return,
        Err(Stop::Exit) => None,
        Err(Stop::Replaced) => Some(0),
    };
    print(cx, line, ret);
}

/// brk, mmap, mremap, shmat answer addresses.
fn is_address(nr: u64) -> bool {
    matches!(nr, 9 | 12 | 25 | 30)
}

fn print(cx: &mut Cx<'_>, line: Line, ret: Option<i64>) {
    let mut text = String::new();
    let _ = write!(text, "[pid {:5}] ", cx.task().tid);
    match table::row(line.nr) {
        Some(row) => text.push_str(row.name),
        None => _ = write!(text, "syscall_{:#x}", line.nr),
    }
    text.push('(');
    for (i, before) in line.before.into_iter().enumerate() {
        text.push_str(if i == 0 { "" } else { ", " });
        let shown = before.or_else(|| {
            let mut call = Shown { cx, raw: line.raw, ret: Some(ret.unwrap_or(0)) };
            table::row(line.nr).and_then(|row| row.show_arg(&mut call, i))
        });
        text.push_str(&shown.unwrap_or_default());
    }
    text.push(')');
    while text.len() < 39 {
        text.push(' ');
    }
    let errno = ret.and_then(|ret| u16::try_from(-ret).ok()).and_then(Errno::from_number);
    let _ = match (ret, errno) {
        (None, _) => write!(text, " = ?"),
        (_, Some(errno)) => write!(text, " = -1 {} ({})", errno.name(), errno.text()),
        (Some(ret), None) if is_address(line.nr) => write!(text, " = {ret:#x}"),
        (Some(ret), None) => write!(text, " = {ret}"),
    };
    cx.k.host.log(&text);
}
