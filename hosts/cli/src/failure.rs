//! brainworm's own errors: one line, status 125.

use std::error::Error;
use std::fmt;

/// Status of errors that are brainworm's and not the guest's (docker's number).
pub(crate) const OWN_ERROR: u8 = 125;

/// What, where and what to do; the cause behind it for `-v`.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    source: Option<Box<dyn Error>>,
}

/// Answer of a command: the exit status.
pub(crate) type Outcome<T = u8> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), source: None }
    }
    pub(crate) fn because(message: impl fmt::Display, source: impl Into<Box<dyn Error>>) -> Failure {
        let source = source.into();
        let line = format!("{message}: {source}");
        // wasmtime's errors are long; the first line says what it is.
        Failure { message: line.lines().next().unwrap_or_default().to_string(), source: Some(source) }
    }
    /// A flag of the contract whose feature comes later.
    pub(crate) fn not_yet(what: &str) -> Failure {
        Failure::new(format!("{what} is not there yet: leave it out"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref()
    }
}

impl From<brainworm_pack::Error> for Failure {
    fn from(error: brainworm_pack::Error) -> Failure {
        Failure { message: error.to_string(), source: Some(Box::new(error)) }
    }
}
