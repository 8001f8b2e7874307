//! Command-line words: `--name value`, `--name=value` and `--flag`. Every command refuses words it did not ask for.

use crate::Failure;

/// The words after a command, taken out one by one; `finish` complains about what is left.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn new(words: &[String]) -> Self {
        Args(words.to_vec())
    }

    /// Take `--name VALUE` or `--name=VALUE`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let joined = format!("{name}=");
        let Some(at) = self.0.iter().position(|w| w == name || w.starts_with(&joined)) else { return Ok(None) };
        let word = self.0.remove(at);
        if let Some(value) = word.strip_prefix(&joined) {
            return Ok(Some(value.to_string()));
        }
        if at == self.0.len() {
            return Err(format!("{name} needs a value").into());
        }
        Ok(Some(self.0.remove(at)))
    }

    /// Take `--name VALUE` as a number.
    pub(crate) fn number(&mut self, name: &str, default: u64) -> Result<u64, Failure> {
        match self.value(name)? {
            None => Ok(default),
            Some(v) => v.parse().map_err(|_| format!("{name} {v}: not a number").into()),
        }
    }

    /// Take `--name`.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|w| w == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// Nothing may be left over.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(format!("what is {word}?").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(line: &str) -> Args {
        Args::new(&line.split_whitespace().map(str::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn takes_values_flags_and_refuses_the_rest() {
        let mut a = args("--only=x --jobs 3 --stock");
        assert_eq!(a.value("--only").unwrap().as_deref(), Some("x"));
        assert_eq!(a.number("--jobs", 1).unwrap(), 3);
        assert!(a.flag("--stock"));
        assert!(!a.flag("--stock"));
        a.finish().unwrap();
        assert!(args("--jobs").value("--jobs").is_err());
        assert!(args("--jobs x").number("--jobs", 1).is_err());
        assert!(args("stray").finish().is_err());
    }
}
