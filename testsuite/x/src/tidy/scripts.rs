//! Recorded scripts and their recordings come in pairs, and lists of known failures name scripts that exist.

use super::Source;
use std::collections::BTreeSet;

/// Folders with recordings.
const FOLDERS: [&str; 3] = ["testsuite/scripts/", "testsuite/programs/debian/", "testsuite/programs/musl/"];

/// Widows, orphans, and names of nothing.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let paths: BTreeSet<&str> = sources.iter().map(|s| s.path.as_str()).collect();
    let mut breaches = Vec::new();
    for path in &paths {
        if !FOLDERS.iter().any(|f| path.strip_prefix(f).is_some_and(|rest| !rest.contains('/'))) {
            continue;
        }
        if let Some(stem) = path.strip_suffix(".sh").filter(|s| !paths.contains(format!("{s}.out").as_str())) {
            breaches.push(format!("{stem}.sh: has no recording; cargo x bless --scripts"));
        }
        if let Some(stem) = path.strip_suffix(".out").filter(|s| !paths.contains(format!("{s}.sh").as_str())) {
            breaches.push(format!("{stem}.out: a recording without its script"));
        }
    }
    for list in sources.iter().filter(|s| s.path.ends_with("/known-failures.txt")) {
        let folder = list.path.trim_end_matches("known-failures.txt");
        for (number, line) in (1..).zip(list.text.lines()) {
            let name = line.split('#').next().unwrap_or_default().trim();
            let program = name.trim_end_matches("-musl");
            let exists = paths.contains(format!("{folder}{name}.sh").as_str())
                || paths.contains(format!("{folder}{program}.c").as_str());
            if !name.is_empty() && !exists {
                breaches.push(format!("{}:{number}: {name} does not exist", list.path));
            }
            if !name.is_empty() && !line.contains('#') {
                breaches.push(format!("{}:{number}: say why, after #", list.path));
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_scripts_with_recordings() {
        let file = |path: &str, text: &str| Source { path: format!("testsuite/scripts/{path}"), text: text.into() };
        assert!(check(&[file("001-a.sh", ""), file("001-a.out", "")]).is_empty());
        assert_eq!(check(&[file("001-a.sh", ""), file("002-b.out", "")]).len(), 2);
        let list = "# head\n001-a # slow\n009-z # gone\n001-a\n";
        assert_eq!(check(&[file("001-a.sh", ""), file("001-a.out", ""), file("known-failures.txt", list)]).len(), 2);
    }
}
