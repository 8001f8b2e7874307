//! How often each block is run: what the packer chooses the code to translate by.
//!
//! A profiled block begins with a [`Code::Count`](super::op::Code) op. A block that is translated again goes on counting
//! where it was, so flushes lose nothing.

use crate::mem::HostAddr;
use alloc::vec::Vec;
use hashbrown::{HashMap, HashSet};

/// A block that ran.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Counted {
    /// Its first byte in the arena.
    pub host: HostAddr,
    /// How often.
    pub runs: u64,
    /// An indirect jump led there.
    pub is_target: bool,
}

/// Counters by the place of a block's first byte.
#[derive(Default)]
pub(super) struct Profile {
    numbers: HashMap<u32, u32>,
    counts: Vec<u64>,
    targets: HashSet<u32>,
}

impl Profile {
    /// The number of a block's counter.
    pub(super) fn add(&mut self, host: HostAddr) -> i32 {
        let counts = &mut self.counts;
        let number = self.numbers.entry(host.0).or_insert_with(|| {
            counts.push(0);
            counts.len() as u32 - 1
        });
        *number as i32
    }

    /// An indirect jump led to a block.
    pub(super) fn add_target(&mut self, host: HostAddr) {
        self.targets.insert(host.0);
    }

    /// The counters, for the loop.
    pub(super) fn counts(&mut self) -> &mut [u64] {
        &mut self.counts
    }

    /// Blocks and their counts, in no order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Counted> + '_ {
        self.numbers.iter().map(|(host, &number)| Counted {
            host: HostAddr(*host),
            runs: self.counts[number as usize],
            is_target: self.targets.contains(host),
        })
    }
}
