//! Errors for people: one line that says what, where and what to do, with the cause behind it.

use std::error::Error as StdError;
use std::fmt;

/// Why something could not be packed.
#[derive(Debug)]
pub struct Error {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Answer of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of our own.
    pub fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), source: None }
    }
    /// An error with somebody else's behind it, whose words are part of the line.
    pub fn because(message: impl fmt::Display, source: impl StdError + Send + Sync + 'static) -> Error {
        Error { message: format!("{message}: {source}"), source: Some(Box::new(source)) }
    }
    /// The same error with the place put in front.
    pub fn at(mut self, place: impl fmt::Display) -> Error {
        self.message = format!("{place}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|s| s.as_ref() as _)
    }
}

/// Says where an error happened.
pub(crate) trait Place<T> {
    /// Puts a place in front of the error's line.
    fn at(self, place: impl fmt::Display) -> Result<T>;
}

impl<T> Place<T> for Result<T> {
    fn at(self, place: impl fmt::Display) -> Result<T> {
        self.map_err(|e| e.at(place))
    }
}

impl<T> Place<T> for std::io::Result<T> {
    fn at(self, place: impl fmt::Display) -> Result<T> {
        self.map_err(|e| Error::because(place, e))
    }
}

/// Bytes of a path for an error line: one line, whatever is in it.
pub(crate) fn show(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}
