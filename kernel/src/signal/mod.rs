//! Signals: what is pending and blocked, what is to be done, and how they reach tasks (signal(7)).

mod pending;
mod set;

pub use pending::{Actions, Pending, ProcessSignals, TaskSignals};
pub use set::{SigNum, SigSet};
