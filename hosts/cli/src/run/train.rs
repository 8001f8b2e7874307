//! A command of an image, run once to learn which of its code is worth translating.
//!
//! The embedded kernel runs it interpreted, cut off from this machine: no input, output thrown away, a virtual clock and
//! entropy that is none. The same image and command give the same profile.

use super::drive::{Machine, Options};
use super::engine::{self, Image};
use super::streams::Streams;
use crate::aot::Block;
use crate::failure::{Failure, Outcome};
use crate::progress::Bar;

/// Instructions a command is run for at most.
const BUDGET: u64 = 4_000_000_000;

/// Runs `words` (none: the image's entrypoint) and answers how often each block of the image's code was run; `None` if the
/// image has no such command.
pub(crate) fn train(packed: &[u8], words: &[Vec<u8>], bar: &mut Bar) -> Outcome<Option<Vec<Block>>> {
    let program = engine::embedded_with(Image::Bytes(packed.to_vec()), bar)?;
    let args = std::iter::once(b"brainworm".to_vec()).chain(words.iter().cloned()).collect();
    let options = Options { is_profiled: true, ..Options::default() };
    let mut machine = Machine::new(program, Streams::virtual_world(args, Vec::new()), &[], &options, None)?;
    bar.spin("training");
    machine.train(BUDGET)
}

/// Splits a command into words as sh(1) does.
pub(crate) fn words(command: &[u8]) -> Outcome<Vec<Vec<u8>>> {
    let text = || String::from_utf8_lossy(command);
    brainworm_loader::words::split(command).map_err(|e| Failure::new(format!("--train {}: {e}", text())))
}
