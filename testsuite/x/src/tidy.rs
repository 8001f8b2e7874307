//! `cargo x tidy`, also a test of this crate: what can be said about the sources without running them. Crate edges, where
//! `unsafe` may stand, sizes, words that do not belong into a repository, files that nothing leads to. Each rule is a module of its own; a breach
//! is one line, `path:line: what`.

mod dead;
mod edges;
mod scripts;
mod text;
mod unsafety;

use crate::{Failure, args::Args, repo};
use std::path::Path;
use std::process::Command;

/// A file under version control, read as text.
#[derive(Clone)]
pub(crate) struct Source {
    /// From the top of the repository.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Print the breaches.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    Args::new(words).finish()?;
    let breaches = breaches()?;
    breaches.iter().for_each(|b| println!("{b}"));
    println!("tidy: {} breaches", breaches.len());
    Ok(breaches.is_empty())
}

fn breaches() -> Result<Vec<String>, Failure> {
    let top = repo::top();
    let sources = sources(&top)?;
    let mut all = Vec::new();
    all.extend(edges::check(&sources));
    all.extend(unsafety::check(&sources));
    all.extend(text::check(&sources));
    all.extend(scripts::check(&sources));
    all.extend(dead::check(&sources));
    Ok(all)
}

/// Everything git knows; a recording may hold any bytes.
fn sources(top: &Path) -> Result<Vec<Source>, Failure> {
    let list = Command::new("git").arg("-C").arg(top).args(["ls-files", "-z"]).output()?;
    if !list.status.success() {
        return Err("git ls-files failed: tidy looks at what is under version control".into());
    }
    let names = String::from_utf8(list.stdout)?;
    let read = |path: &str| {
        let bytes = std::fs::read(top.join(path)).ok()?;
        Some(Source { path: path.to_string(), text: String::from_utf8_lossy(&bytes).into_owned() })
    };
    Ok(names.split('\0').filter(|n| !n.is_empty()).filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let breaches = super::breaches().unwrap();
        assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
    }
}
