//! The oracle: instructions on the real CPU and in the engine, from the same random states, compared in everything.
//!
//! `native` runs bytes on this machine, `engine` in brainworm-cpu; `bench` holds both and compares. `forms` says what
//! there is to test, `generate` makes encodings and states, `run` goes through all of it, `minimise` shrinks failures to
//! `case`s. What may differ is in `tolerance`, each entry with its reason.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

pub mod bench;
pub mod case;
pub mod compare;
pub mod damaged;
pub mod engine;
pub mod forms;
pub mod generate;
pub mod memory;
pub mod minimise;
pub mod native;
pub mod report;
pub mod rng;
pub mod run;
pub mod sequence;
pub mod state;
pub mod tolerance;
pub mod vendor;
