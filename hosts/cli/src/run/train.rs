//! A command of an image, run once to learn which of its code is worth translating.
//!
//! The embedded kernel runs it interpreted, cut off from this machine: no input, output thrown away, a virtual clock and
//! entropy that is none. The same image and command give the same profile.

use super::drive::{Machine, Options};
use super::engine::{self, Image};
use super::streams::Streams;
use crate::failure::{Failure, Outcome};
use crate::progress::Bar;

/// Instructions a command is run for at most.
const BUDGET: u64 = 4_000_000_000;

/// Runs `words` (none: the image's entrypoint) and answers how often each block of the image's code was run.
pub(crate) fn train(packed: &[u8], words: &[Vec<u8>], bar: &mut Bar) -> Outcome<Vec<(u32, u64)>> {
    let program = engine::embedded_with(Image::Bytes(packed.to_vec()), bar)?;
    let args = std::iter::once(b"brainworm".to_vec()).chain(words.iter().cloned()).collect();
    let options = Options { is_profiled: true, ..Options::default() };
    let mut machine = Machine::new(program, Streams::virtual_world(args, Vec::new()), &[], &options, None)?;
    bar.spin("training");
    machine.train(BUDGET)
}

/// Splits a command into words as sh(1) does: blanks part words; quotes and backslashes keep them together.
pub(crate) fn words(command: &[u8]) -> Outcome<Vec<Vec<u8>>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<Vec<u8>>, None);
    let mut bytes = command.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (None, b' ' | b'\t' | b'\n') => words.extend(word.take()),
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == byte => quote = None,
            (None | Some(b'"'), b'\\') => {
                let next = bytes.next().ok_or_else(|| Failure::new("--train: a backslash ends the command"))?;
                let word = word.get_or_insert_default();
                if quote.is_some() && !b"$`\"\\\n".contains(&next) {
                    word.push(b'\\');
                }
                word.push(next);
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    if quote.is_some() {
        return Err(Failure::new(format!("--train {}: a quote is not closed", String::from_utf8_lossy(command))));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_are_split_into_words() {
        let words =
            |text: &str| super::words(text.as_bytes()).map(|words| words.join(&b'|')).unwrap_or(b"bad".to_vec());
        for (text, expect) in [
            ("a  b", "a|b"),
            ("sh -c 'echo \"$x\" | wc'", "sh|-c|echo \"$x\" | wc"),
            ("a\\ b \"c\\\"d\\e\"f", "a b|c\"d\\ef"),
            ("'' x", "|x"),
            ("'a", "bad"),
            ("a\\", "bad"),
        ] {
            assert_eq!(String::from_utf8(words(text)).unwrap(), expect, "{text}");
        }
    }
}
