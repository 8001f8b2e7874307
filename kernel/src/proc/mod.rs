//! What /proc shows of the machine: `ProcInfo` over the kernel's own tables.

mod none;

pub(crate) use none::NoProc;
