//! Signals: what is pending and blocked, what is to be done, and how they reach tasks (signal(7)).

mod deliver;
mod frame;
mod fxstate;
mod pending;
mod send;
mod set;

pub(crate) use frame::{FRAME_MAX, MINSIGSTKSZ};
pub use pending::{Actions, ProcessSignals, TaskSignals};
pub(crate) use send::STOP_SIGNALS;
pub use set::{SigNum, SigSet};
