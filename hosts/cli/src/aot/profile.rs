//! What was run: blocks of code by their place in the image, and how often. Kept as text, a block a line.

use crate::failure::{Failure, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// First line of a profile.
const HEAD: &str = "brainworm profile 1";

/// A profile, ascending by place.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    image: String,
    blocks: Vec<(u32, u64)>,
}

impl Profile {
    /// An empty profile of the image with this digest: places mean nothing in another one.
    pub(crate) fn new(image: &str) -> Profile {
        Profile { image: image.to_owned(), blocks: Vec::new() }
    }

    /// Blocks and how often each was run.
    pub(crate) fn blocks(&self) -> &[(u32, u64)] {
        &self.blocks
    }

    /// Adds the runs of another profile of the same image.
    pub(crate) fn add(&mut self, blocks: &[(u32, u64)]) {
        let mut all: BTreeMap<u32, u64> = self.blocks.drain(..).collect();
        for &(at, runs) in blocks {
            let sum = all.entry(at).or_default();
            *sum = sum.saturating_add(runs);
        }
        self.blocks = all.into_iter().collect();
    }

    /// Reads a file that `store` wrote, for the image with this digest.
    pub(crate) fn load(path: &Path, image: &str) -> Outcome<Profile> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::because(format_args!("--profile {}", path.display()), e))?;
        let bad = |what: &str| Failure::new(format!("--profile {}: {what}", path.display()));
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            return Err(bad("it is no profile of brainworm"));
        }
        if lines.next().and_then(|line| line.strip_prefix("image ")) != Some(image) {
            return Err(bad("it was made with another image: train again"));
        }
        let mut blocks = Vec::new();
        for line in lines {
            let pair = line
                .split_once(' ')
                .and_then(|(at, runs)| Some((u32::from_str_radix(at, 16).ok()?, runs.parse().ok()?)));
            blocks.push(pair.ok_or_else(|| bad("a line is no block"))?);
        }
        let mut profile = Profile::new(image);
        profile.add(&blocks);
        Ok(profile)
    }

    /// The profile as text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{HEAD}\nimage {}\n", self.image);
        for (at, runs) in &self.blocks {
            let _ = writeln!(text, "{at:x} {runs}");
        }
        text
    }
}
