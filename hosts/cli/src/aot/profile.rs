//! What was run: blocks of code by their place in the image, and how often. Kept as text, a block a line.

use crate::failure::{Failure, Outcome};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// First line of a profile, but for the number of the format.
const NAME: &str = "brainworm profile ";
/// First line of a profile.
const HEAD: &str = "brainworm profile 2";

/// A block that ran.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    /// Its place in the image.
    pub(crate) at: u32,
    /// How often.
    pub(crate) runs: u64,
    /// An indirect jump led there.
    pub(crate) is_target: bool,
}

/// A profile, ascending by place.
#[derive(Clone, Default)]
pub(crate) struct Profile {
    image: String,
    blocks: Vec<Block>,
}

impl Profile {
    /// An empty profile of the image with this digest: places mean nothing in another one.
    pub(crate) fn new(image: &str) -> Profile {
        Profile { image: image.to_owned(), blocks: Vec::new() }
    }

    /// What ran.
    pub(crate) fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Adds the runs of another profile of the same image.
    pub(crate) fn add(&mut self, blocks: &[Block]) {
        let mut all: BTreeMap<u32, Block> = self.blocks.drain(..).map(|block| (block.at, block)).collect();
        for block in blocks {
            let sum = all.entry(block.at).or_insert(Block { runs: 0, ..*block });
            sum.runs = sum.runs.saturating_add(block.runs);
            sum.is_target |= block.is_target;
        }
        self.blocks = all.into_values().collect();
    }

    /// Reads a file that `store` wrote, for the image with this digest.
    pub(crate) fn load(path: &Path, image: &str) -> Outcome<Profile> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| Failure::because(format_args!("--profile {}", path.display()), e))?;
        let bad = |what: &str| Failure::new(format!("--profile {}: {what}", path.display()));
        let mut lines = text.lines();
        match lines.next() {
            Some(HEAD) => {}
            Some(head) if head.starts_with(NAME) => return Err(bad("another version made it: train again")),
            _ => return Err(bad("it is no profile of brainworm")),
        }
        if lines.next().and_then(|line| line.strip_prefix("image ")) != Some(image) {
            return Err(bad("it was made with another image: train again"));
        }
        let mut blocks = Vec::new();
        for line in lines {
            blocks.push(block(line).ok_or_else(|| bad("a line is no block"))?);
        }
        let mut profile = Profile::new(image);
        profile.add(&blocks);
        Ok(profile)
    }

    /// The profile as text.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{HEAD}\nimage {}\n", self.image);
        for Block { at, runs, is_target } in &self.blocks {
            let _ = writeln!(text, "{at:x} {runs}{}", if *is_target { TARGET } else { "" });
        }
        text
    }
}

/// The end of the line of a block that an indirect jump led to.
const TARGET: &str = " jump";

/// A line of a file.
fn block(line: &str) -> Option<Block> {
    let rest = line.strip_suffix(TARGET);
    let (at, runs) = rest.unwrap_or(line).split_once(' ')?;
    Some(Block { at: u32::from_str_radix(at, 16).ok()?, runs: runs.parse().ok()?, is_target: rest.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("brainworm-profile-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("p");
        let mut profile = Profile::new("x");
        profile
            .add(&[Block { at: 0x20, runs: 3, is_target: true }, Block { at: 0x10, runs: u64::MAX, is_target: false }]);
        profile.add(&[Block { at: 0x10, runs: 1, is_target: true }, Block { at: 0x30, runs: 0, is_target: false }]);
        let text = profile.text();
        assert_eq!(text, format!("{HEAD}\nimage x\n10 18446744073709551615 jump\n20 3 jump\n30 0\n"));
        std::fs::write(&path, &text).unwrap();
        assert_eq!(Profile::load(&path, "x").unwrap().text(), text);
        let bad = [
            text.replace(HEAD, "brainworm profile 1"),
            text.replace("image x", "image y"),
            text.replace("jump", "call"),
            text.replace(HEAD, "a shopping list"),
        ];
        let why =
            ["another version made it", "it was made with another image", "a line is no block", "it is no profile"];
        for (text, why) in bad.into_iter().zip(why) {
            std::fs::write(&path, text).unwrap();
            let failure = Profile::load(&path, "x").map(|_| ()).unwrap_err();
            assert!(failure.to_string().contains(why), "{why}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
