//! Which crate may depend on which: the arrows of ARCHITECTURE.md. An edge that is not drawn there is a review question.

use super::Source;

/// Folder of the crate, and the crates of ours it may name. The testsuite may name everything.
const EDGES: [(&str, &[&str]); 12] = [
    ("kernel/abi", &[]),
    ("cpu", &[]),
    ("fs", &["abi"]),
    ("net", &["abi"]),
    ("loader", &["abi"]),
    ("kernel", &["abi", "cpu", "fs", "net", "loader"]),
    ("hosts/serverless", &[]),
    ("hosts/module", &["abi", "cpu", "fs", "net", "loader", "kernel", "serverless"]),
    ("hosts/web", &["abi", "loader"]),
    ("hosts/web/bindgen", &[]),
    ("loader/pack", &["abi", "loader"]),
    ("hosts/cli", &["abi", "cpu", "loader", "pack"]),
];

/// Undrawn edges, and crates nobody has placed.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources {
        let Some(folder) = source.path.strip_suffix("/Cargo.toml") else { continue };
        if folder.starts_with("testsuite/") {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(f, _)| *f == folder) else {
            breaches.push(format!("{}: a crate without a place in tidy's list of edges", source.path));
            continue;
        };
        for (line, name) in dependencies(&source.text) {
            if !allowed.contains(&name.as_str()) {
                breaches.push(format!("{}:{line}: {folder} may not depend on brainworm-{name}", source.path));
            }
        }
    }
    breaches
}

/// Line number and short name of each of our crates in [dependencies] and [build-dependencies]; tests may use more.
fn dependencies(toml: &str) -> Vec<(usize, String)> {
    let mut counts = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(toml.lines()) {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            let table = table.trim_end_matches(']');
            counts = table.ends_with("dependencies") && !table.ends_with("dev-dependencies");
            if let Some((_, name)) = table.rsplit_once("dependencies.brainworm-") {
                found.push((number, name.to_string()));
            }
        } else if let Some(name) = line.strip_prefix("brainworm-").filter(|_| counts) {
            found.push((number, name.split(['.', ' ', '=']).next().unwrap_or_default().to_string()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(path: &str, text: &str) -> Vec<String> {
        check(&[Source { path: path.into(), text: text.into() }])
    }

    #[test]
    fn refuses_undrawn_edges() {
        let upward = "[dependencies]\nbrainworm-abi.workspace = true\nbrainworm-cpu = { path = \"../cpu\" }\n";
        assert_eq!(check_one("fs/Cargo.toml", upward), ["fs/Cargo.toml:3: fs may not depend on brainworm-cpu"]);
        assert!(check_one("kernel/Cargo.toml", upward).is_empty());
        assert_eq!(check_one("net/Cargo.toml", "[dependencies.brainworm-fs]\npath = \"x\"\n").len(), 1);
        assert!(check_one("fs/Cargo.toml", "[dev-dependencies]\nbrainworm-cpu.workspace = true\n").is_empty());
        assert!(check_one("testsuite/new/Cargo.toml", upward).is_empty());
        assert_eq!(check_one("stray/Cargo.toml", "").len(), 1);
    }
}
