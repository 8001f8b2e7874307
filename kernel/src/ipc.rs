//! System V IPC (sysvipc(7)).
use alloc::sync::Arc;
use brainworm_abi::Bell;
pub(crate) struct Ipc {}
impl Ipc {
    pub(crate) fn new(_bell: &Arc<Bell>) -> Ipc {
        Ipc {}
    }
}
