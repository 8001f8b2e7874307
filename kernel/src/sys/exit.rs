//! _exit(2), exit_group(2).

use super::{Cx, Stop, SysResult};

/// _exit(2): ends the calling thread.
pub(super) fn sys_exit(cx: &mut Cx<'_>, status: i32) -> SysResult {
    cx.k.exit_task(cx.ix, (status as u32 & 0xff) << 8);
    Err(Stop::Exit)
}

/// exit_group(2): ends all threads of the process.
pub(super) fn sys_exit_group(cx: &mut Cx<'_>, status: i32) -> SysResult {
    cx.k.exit_group(cx.ix, (status as u32 & 0xff) << 8);
    Err(Stop::Exit)
}
