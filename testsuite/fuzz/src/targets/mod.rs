//! The list of targets. To add one: a file with `TARGET`, and a line here.

mod code;
mod elf;
mod functions;
mod image;
mod oci;
mod syscalls;
mod translation;

use crate::mutate::Random;

/// Something that reads bytes from outside.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Well-formed inputs to begin with.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Mends what would stop every mutant at the door (checksums), most of the time.
    pub(crate) repair: fn(&mut Random, &mut Vec<u8>),
    /// May do anything but panic or hang.
    pub(crate) run: fn(&[u8]),
    /// What there is to tell of all inputs so far, beside their number.
    pub(crate) told: fn() -> String,
}

/// All of them.
pub(crate) const TARGETS: &[Target] =
    &[code::TARGET, elf::TARGET, functions::TARGET, image::TARGET, oci::TARGET, syscalls::TARGET, translation::TARGET];

/// No mending.
pub(crate) fn as_is(_random: &mut Random, _bytes: &mut Vec<u8>) {}

/// Their number says all.
pub(crate) fn no_more() -> String {
    String::new()
}
