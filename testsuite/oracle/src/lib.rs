//! The oracle: instructions on the real CPU and in the engine, from the same random states, compared in everything.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

pub mod forms;
pub mod generate;
pub mod memory;
pub mod native;
pub mod rng;
pub mod state;
