//! Who runs next: a round robin over ready tasks, and a heap of deadlines.

use alloc::collections::{BinaryHeap, VecDeque};
use brainworm_abi::{Nanos, Pid, WaitKey};
use core::cmp::Reverse;
use hashbrown::HashMap;

/// Queues of the scheduler.
#[derive(Default)]
pub(crate) struct Sched {
    pub(crate) ready: VecDeque<u32>,
    /// (deadline, tid, serial of the park).
    pub(crate) timers: BinaryHeap<Reverse<(Nanos, Pid, u64)>>,
    /// Tids parked under a key.
    pub(crate) parked: HashMap<WaitKey, alloc::vec::Vec<Pid>>,
    pub(crate) serial: u64,
}
