//! Files that nothing leads to: a module no `mod` names, a script or table that no other file mentions.

use super::Source;
use std::collections::BTreeSet;

/// Folders that somebody reads as a whole.
const WHOLE: [&str; 11] = [
    "testsuite/scripts",
    "testsuite/programs",
    "testsuite/sys",
    "testsuite/march",
    "testsuite/isa/cases",
    "testsuite/tiers/golden",
    "testsuite/fuzz/regressions",
    "testsuite/bench/c",
    "testsuite/bench/apps",
    "testsuite/images/musl",
    "testsuite/traces",
];
/// Names that tools look for by themselves.
const KNOWN: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "rustfmt.toml",
    "rust-toolchain.toml",
    "clippy.toml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    ".ci/run",
];

/// The dead ones.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let modules = modules(sources);
    let dead = |source: &&Source| {
        let path = source.path.as_str();
        if path.ends_with(".rs") { !is_module(path, &modules) } else { !is_mentioned(path, sources) }
    };
    sources.iter().filter(dead).map(|s| format!("{}: nothing leads here", s.path)).collect()
}

/// (folder of the declaring file's modules, name) of each `mod name;`.
fn modules(sources: &[Source]) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".rs")) {
        let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
        let is_root = matches!(file, "lib.rs" | "main.rs" | "mod.rs") || is_target(&source.path);
        let base = if is_root { folder.to_string() } else { source.path.trim_end_matches(".rs").to_string() };
        if source.text.contains("mod $name;") {
            // Declared by a macro: whatever it lists.
            let words = source.text.split(|c: char| !c.is_alphanumeric() && c != '_');
            all.extend(words.map(|word| (base.clone(), word.to_string())));
        }
        for line in source.text.lines() {
            let words = line.trim().strip_suffix(';').unwrap_or_default();
            let name = words.strip_prefix("mod ").or_else(|| words.rsplit_once(" mod ").map(|(_, name)| name));
            if let Some(name) = name {
                all.insert((base.clone(), name.to_string()));
            }
        }
    }
    all
}

/// A file that cargo builds by itself.
fn is_target(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folder_name = folder.rsplit('/').next().unwrap_or_default();
    file == "build.rs" || matches!(folder_name, "tests" | "examples" | "benches" | "bin")
}

fn is_module(path: &str, modules: &BTreeSet<(String, String)>) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    if matches!(file, "lib.rs" | "main.rs") || is_target(path) {
        return true;
    }
    let key = match file {
        "mod.rs" => folder.rsplit_once('/').map(|(above, name)| (above.to_string(), name.to_string())),
        _ => Some((folder.to_string(), file.trim_end_matches(".rs").to_string())),
    };
    key.is_some_and(|key| modules.contains(&key))
}

fn is_mentioned(path: &str, sources: &[Source]) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let is_below =
        |whole: &str| folder.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if WHOLE.iter().any(|whole| is_below(whole)) || KNOWN.contains(&file) || KNOWN.contains(&path) {
        return true;
    }
    let import = file.strip_suffix(".py").map(|stem| format!("from {stem} import"));
    let names = |text: &str| text.contains(file) || import.as_ref().is_some_and(|import| text.contains(import));
    sources.iter().any(|other| other.path != path && !other.path.ends_with(".out") && names(&other.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.into(), text: text.into() }
    }

    #[test]
    fn finds_modules_and_files_that_nothing_names() {
        let tree = [
            source("a/src/lib.rs", "mod used;\npub(crate) mod folder;\n"),
            source("a/src/used.rs", "mod below;\n"),
            source("a/src/used/below.rs", ""),
            source("a/src/folder/mod.rs", "mod inner;\n"),
            source("a/src/folder/inner.rs", "// notes.txt\n"),
            source("a/tests/whole.rs", "mod support;\n"),
            source("a/tests/support/mod.rs", ""),
            source("a/Cargo.toml", ""),
            source("notes.txt", ""),
        ];
        assert!(check(&tree).is_empty(), "{:?}", check(&tree));
        let mut more = tree.to_vec();
        more.extend([source("a/src/old.rs", ""), source("a/src/folder/used.rs", ""), source("x.py", "x.py\n")]);
        assert_eq!(
            check(&more),
            [
                "a/src/old.rs: nothing leads here",
                "a/src/folder/used.rs: nothing leads here",
                "x.py: nothing leads here"
            ]
        );
    }
}
