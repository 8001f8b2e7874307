//! A command line as words, as sh(1) splits it: for hosts that are given a command as text.

use alloc::vec::Vec;
use core::fmt;

/// Why a text is no command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WordsError {
    /// A quote is not closed.
    OpenQuote,
    /// A backslash is the last character.
    LastBackslash,
}

impl fmt::Display for WordsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WordsError::OpenQuote => "a quote is not closed",
            WordsError::LastBackslash => "a backslash ends the command",
        })
    }
}

/// Splits: blanks part words; quotes and backslashes keep them together. Nothing is expanded.
pub fn split(command: &[u8]) -> Result<Vec<Vec<u8>>, WordsError> {
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
                let next = bytes.next().ok_or(WordsError::LastBackslash)?;
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
        return Err(WordsError::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn commands_are_split_into_words() {
        for (text, expect) in [
            ("a  b", Ok("a|b")),
            ("sh -c 'echo \"$x\" | wc'", Ok("sh|-c|echo \"$x\" | wc")),
            ("a\\ b \"c\\\"d\\e\"f", Ok("a b|c\"d\\ef")),
            ("'' x", Ok("|x")),
            (" \t\n", Ok("")),
            ("'a", Err(WordsError::OpenQuote)),
            ("a\\", Err(WordsError::LastBackslash)),
        ] {
            let words = split(text.as_bytes()).map(|words| String::from_utf8(words.join(&b'|')).unwrap());
            assert_eq!(words, expect.map(String::from), "{text}");
        }
    }
}
