//! The list of known failures: a name a line, then why, after `#`. A script on the list must fail; when it passes, that is
//! a failure too, so the list can only be true.

use crate::Failure;
use std::collections::BTreeSet;
use std::path::Path;

/// Names of scripts that must fail.
#[derive(Default)]
pub(crate) struct Known(BTreeSet<String>);

impl Known {
    /// A missing file is an empty list.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(format!("{}: {e}", path.display()).into()),
        }
    }

    fn parse(text: &str) -> Self {
        let names = text.lines().map(|l| l.split('#').next().unwrap_or("").trim());
        Known(names.filter(|n| !n.is_empty()).map(str::to_string).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Known;

    #[test]
    fn reads_names_and_skips_reasons() {
        let known = Known::parse("# head\n\n012-x  # no ptrace\n013-y\n");
        assert!(known.has("012-x") && known.has("013-y") && !known.has("head"));
    }
}
