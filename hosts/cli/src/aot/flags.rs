//! The flags that say which code of an image is translated ahead of time: those of `build` and `web`.

use super::{Choice, Profile, Translated};
use crate::args;
use crate::failure::{Failure, Outcome};
use crate::output::write_whole;
use crate::progress::Bar;
use crate::run::train;
use brainworm_pack::link;
use clap::Args;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Bytes of translated code, unless somebody says otherwise.
const SIZE: u64 = 16 << 20;

/// The flags.
#[derive(Args, Debug)]
pub(crate) struct AotArgs {
    /// Translate guest code to wasm ahead of time: off, profile (what training ran), all, or one file of the image [default:
    /// profile for build, off for web unless it is trained]
    #[arg(long, value_name = "WHAT")]
    aot: Vec<OsString>,
    /// Bytes of translated code at most (bytes, or with k, m, g) [default: 16m]
    #[arg(long, value_name = "SIZE")]
    aot_size: Option<String>,
    /// Run a command in the container while building, to learn which code is worth translating (split as a shell
    /// splits words; empty: the image's entrypoint, which is what runs without --train)
    #[arg(long, value_name = "CMD")]
    train: Vec<OsString>,
    /// Keep what training found in this file, or, without --train, take it from there
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
}

impl AotArgs {
    /// True when any of it was given.
    pub(crate) fn is_given(&self) -> bool {
        self.is_used() || self.aot_size.is_some()
    }
    /// True when any of it asks for a translation.
    fn is_used(&self) -> bool {
        !self.aot.is_empty() || !self.train.is_empty() || self.profile.is_some()
    }

    /// Trains and translates as the flags say; if they say nothing, what the image's entrypoint runs, or nothing unless
    /// `is_usual`.
    pub(crate) fn translate(&self, image: &[u8], kernel: &[u8], is_usual: bool, bar: &mut Bar) -> Outcome<Translated> {
        let is = |what: &str| self.aot.iter().any(|word| word == what);
        let files: Vec<&OsString> =
            self.aot.iter().filter(|word| !["off", "profile", "all"].iter().any(|known| word == known)).collect();
        let is_on = self.is_used() || is_usual;
        if (!is_on || is("off")) && self.aot_size.is_some() {
            return Err(Failure::new("--aot-size is for --aot, --train and --profile"));
        }
        if !is_on || is("off") {
            return Ok(Translated::default());
        }
        let digest = crate::cache::digest(image);
        let mut profile = Profile::new(&digest);
        let mut is_mute = false;
        match &self.profile {
            Some(path) if self.train.is_empty() => profile = Profile::load(path, &digest)?,
            _ if is("profile") || !self.train.is_empty() || !self.is_used() => {
                let mut commands =
                    self.train.iter().map(|c| train::words(c.as_bytes())).collect::<Outcome<Vec<_>>>()?;
                if commands.is_empty() {
                    commands.push(Vec::new());
                }
                for words in &commands {
                    match train::train(image, words, bar)? {
                        Some(blocks) => profile.add(&blocks),
                        // A file of an image of libraries is as good.
                        None if !self.is_used() => is_mute = true,
                        None => return Err(cannot_run(words)),
                    }
                }
            }
            _ => {}
        }
        if let Some(path) = self.profile.as_ref().filter(|_| !self.train.is_empty()) {
            write_whole(path, |out| {
                out.write_all(profile.text().as_bytes()).map_err(|e| Failure::because(path.display(), e))
            })?;
        }
        bar.spin("translating");
        let size = self.aot_size.as_deref().map_or(Ok(SIZE), args::size)? as usize;
        let files = files.iter().map(|file| file.as_bytes().to_vec()).collect();
        let choice = Choice { profile, all: is("all"), files, size };
        let mut translated = super::translate(image, &choice, link::room(kernel)?)?;
        translated.report.is_mute = is_mute;
        Ok(translated)
    }
}

/// What was to be run is not in the image; without words that is its entrypoint.
fn cannot_run(words: &[Vec<u8>]) -> Failure {
    let command = String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    let what = if words.is_empty() { "the image's entrypoint".into() } else { format!("'{command}'") };
    Failure::new(format!("--train: {what} cannot be run in the image"))
}
