//! Every system call on one line: number, handler, typed arguments, support.
//!
//! The macro makes the dispatcher, the decoding of arguments, the strace line and docs/syscalls.md. Nothing else lists
//! system calls. A handler is `sys_<name as Linux has it>`; the table drops the prefix where the name is shown.
//! Numbers without a line, and lines that say `absent`, answer the named errno: runtimes probe and fall back.

use super::args::{Arg, Shown};
use super::{Cx, SysResult};
use super::{args::*, exit::*, rw::*};
use alloc::string::String;
use brainworm_abi::Errno;
use core::fmt::Write;

/// How much of a call is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// All that its manual page describes and this machine can have.
    Full,
    /// What the note does not take away.
    Partial(&'static str),
    /// Answers this errno.
    Absent(Errno),
}

type ShowArg = fn(&mut Shown<'_, '_>, usize, &mut String);

/// One line of the table.
pub struct Row {
    /// Number in rax.
    pub nr: u64,
    /// Name as Linux has it.
    pub name: &'static str,
    /// (name, how to show it, shown only after the call).
    args: &'static [(&'static str, ShowArg, bool)],
    /// How much of it is there.
    pub level: Level,
}

const fn without_prefix(name: &'static str) -> &'static str {
    name.split_at(4).1
}

macro_rules! level {
    (full) => {
        Level::Full
    };
    (partial $note:literal) => {
        Level::Partial($note)
    };
    (absent $errno:ident) => {
        Level::Absent(Errno::$errno)
    };
}

macro_rules! invoke {
    ($cx:ident, $raw:ident, $name:ident, absent $errno:ident, ()) => {
        Err(Errno::$errno.into())
    };
    ($cx:ident, $raw:ident, $name:ident, $level:ident $($note:literal)?, ($($arg:ident : $ty:ty),*)) => {{
        let mut _registers = $raw.iter().copied();
        $(let $arg = <$ty as Arg>::from_reg(_registers.next().unwrap_or(0))?;)*
        $name($cx, $($arg),*)
    }};
}

macro_rules! syscalls {
    ($($nr:literal $name:ident ($($arg:ident : $ty:ty),*) $($level:ident)+ $($note:literal)?;)*) => {
        /// Decodes the arguments of call `nr` and runs its handler.
        pub(crate) fn dispatch(cx: &mut Cx<'_>, nr: u64, raw: &[u64; 6]) -> SysResult {
            match nr {
                $($nr => invoke!(cx, raw, $name, $($level)+ $($note)?, ($($arg : $ty),*)),)*
                _ => Err(Errno::ENOSYS.into()),
            }
        }
        /// The table as data, in the order of numbers.
        pub static TABLE: &[Row] = &[$(Row {
            nr: $nr,
            name: without_prefix(stringify!($name)),
            args: &[$((stringify!($arg), <$ty as Arg>::show, <$ty as Arg>::IS_OUT)),*],
            level: level!($($level)+ $($note)?),
        }),*];
    };
}

syscalls! {
    // nr  handler              arguments                                                          support
    0   sys_read                (fd: Fd, buf: UserSliceMut, count: u64)                            full;
    1   sys_write               (fd: Fd, buf: UserSlice, count: u64)                               full;
    3   sys_close               (fd: Fd)                                                           full;
    60  sys_exit                (status: i32)                                                      full;
    231 sys_exit_group          (status: i32)                                                      full;
    310 sys_process_vm_readv    ()                                                                 absent ENOSYS;
}

/// The line of a number.
pub(crate) fn row(nr: u64) -> Option<&'static Row> {
    TABLE.binary_search_by_key(&nr, |row| row.nr).ok().map(|at| &TABLE[at])
}

impl Row {
    /// Shows argument `index` if it can be shown now (`call.ret` tells before from after).
    pub(crate) fn show_arg(&self, call: &mut Shown<'_, '_>, index: usize) -> Option<String> {
        let (_, show, is_out) = self.args.get(index)?;
        if *is_out && call.ret.is_none() {
            return None;
        }
        let mut text = String::new();
        show(call, index, &mut text);
        Some(text)
    }
    /// How many arguments it has.
    pub(crate) fn arity(&self) -> usize {
        self.args.len()
    }
}

/// docs/syscalls.md.
pub fn markdown() -> String {
    let mut out = String::from(
        "# System calls\n\nMade from `kernel/src/sys/table.rs`. What is not listed answers ENOSYS.\n\n\
         | Number | Name | Arguments | Support |\n|---|---|---|---|\n",
    );
    for row in TABLE {
        let _ = write!(out, "| {} | {} | ", row.nr, row.name);
        for (i, (name, ..)) in row.args.iter().enumerate() {
            let _ = write!(out, "{}{name}", if i == 0 { "" } else { ", " });
        }
        let _ = match row.level {
            Level::Full => writeln!(out, " | full |"),
            Level::Partial(note) => writeln!(out, " | partial: {note} |"),
            Level::Absent(errno) => writeln!(out, " | {} |", errno.name()),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_are_linux_names() {
        assert!(TABLE.windows(2).all(|w| w[0].nr < w[1].nr), "rows out of order");
        assert!(TABLE.iter().all(|row| row.args.len() <= 6));
        assert_eq!(row(0).map(|r| r.name), Some("read"));
    }
}
