//! `cargo x docs`: writes the pages under docs/ that are made from the kernel's tables. Tests hold that they are fresh, and
//! that the table has every call that traced programs make (docs/syscalls-used.tsv).

#![forbid(unsafe_code)]

use std::path::Path;

/// Page under docs/, and what it must hold.
fn pages() -> [(&'static str, String); 1] {
    [("syscalls.md", brainworm_kernel::markdown())]
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn main() -> std::io::Result<()> {
    for (name, text) in pages() {
        std::fs::write(folder().join(name), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use brainworm_kernel::{Level, TABLE};

    /// Programs whose every call is full, or partial with a note.
    const PROMISED: [&str; 20] = [
        "dash",
        "bash",
        "busybox",
        "coreutils",
        "findutils",
        "grep",
        "sed",
        "gawk",
        "mawk",
        "tar",
        "gzip",
        "perl",
        "python3",
        "sqlite3",
        "make",
        "git",
        "gcc",
        "redis",
        "esbuild",
        "ruff",
    ];

    #[test]
    fn generated_pages_are_fresh() {
        for (name, text) in pages() {
            let there = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
            assert!(there == text, "docs/{name} is stale: cargo x docs");
        }
    }

    #[test]
    fn every_call_of_the_traced_programs_is_there() {
        let used = std::fs::read_to_string(folder().join("syscalls-used.tsv")).expect("the list is checked in");
        // The last column names the programs; some traced beside the promised ones look at what we do not have.
        let promised = |line: &&str| line.split(['\t', ' ']).any(|word| PROMISED.contains(&word));
        let names = used.lines().skip(1).filter(promised).filter_map(|l| l.split('\t').next());
        // glibc registers rseq where it can and does without it otherwise.
        let is_there = |name: &str| {
            name == "rseq" || TABLE.iter().any(|row| row.name == name && !matches!(row.level, Level::Absent(_)))
        };
        let missing: Vec<&str> = names.filter(|name| !is_there(name)).collect();
        assert!(missing.is_empty(), "traced programs make these calls, the table lacks them: {missing:?}");
    }
}
