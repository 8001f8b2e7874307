//! How an object that never blocks tells the kernel, which parks tasks, that something changed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use spin::Mutex;

/// Names a wait point; unique for the machine's life.
pub type WaitKey = u64;

/// Where rung keys collect until the kernel drains them (after each system call and each event).
#[derive(Default)]
pub struct Bell {
    next_key: AtomicU64,
    rung: Mutex<Vec<WaitKey>>,
}

impl Bell {
    /// A bell nobody has rung.
    pub fn new() -> Arc<Bell> {
        Arc::new(Bell::default())
    }
    /// Takes all keys rung since the last call.
    pub fn drain(&self, into: &mut Vec<WaitKey>) {
        into.append(&mut self.rung.lock());
    }
    /// True when a key waits to be drained.
    #[inline]
    pub fn is_rung(&self) -> bool {
        !self.rung.lock().is_empty()
    }
}

/// A place where tasks (or epoll instances) can wait for an object's state to change: one per pipe, socket, tty, ...
pub struct WaitPoint {
    bell: Arc<Bell>,
    key: WaitKey,
    /// Parked waiters; `notify` is one load while it is 0.
    interested: AtomicU32,
    /// Counts notifications: epoll's edge trigger compares it with the value it last reported.
    sequence: AtomicU32,
}

impl WaitPoint {
    /// A fresh wait point that rings `bell`.
    pub fn new(bell: &Arc<Bell>) -> WaitPoint {
        let key = bell.next_key.fetch_add(1, Ordering::Relaxed);
        WaitPoint { bell: bell.clone(), key, interested: AtomicU32::new(0), sequence: AtomicU32::new(0) }
    }
    /// The name waiters are filed under.
    pub fn key(&self) -> WaitKey {
        self.key
    }
    /// The bell, for objects that create others.
    pub fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }
    /// The object's state changed: everyone parked here looks again. Called by the object, in the middle of a call.
    pub fn notify(&self) {
        self.sequence.fetch_add(1, Ordering::Relaxed);
        if self.interested.load(Ordering::Relaxed) != 0 {
            self.bell.rung.lock().push(self.key);
        }
    }
    /// Notifications so far, modulo 2^32.
    pub fn sequence(&self) -> u32 {
        self.sequence.load(Ordering::Relaxed)
    }
    /// The kernel parked a waiter here.
    pub fn add_waiter(&self) {
        self.interested.fetch_add(1, Ordering::Relaxed);
    }
    /// The kernel took a waiter away.
    pub fn remove_waiter(&self) {
        self.interested.fetch_sub(1, Ordering::Relaxed);
    }
}
