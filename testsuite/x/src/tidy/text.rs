//! Sizes of files and lines, module headers, and words that do not belong: unfinished marks, places on somebody's machine,
//! hosts of package registries.

use super::Source;

/// Lines of a Rust or C file, unless it is a table.
const MAX_FILE_LINES: usize = 700;
/// Columns, by the end of the name; rustfmt keeps code to 120, this is for strings. Recorded scripts are one idea a line and may be dense.
const MAX_COLUMNS: [(&str, usize); 5] = [(".rs", 200), (".c", 160), (".h", 160), (".py", 170), (".md", 160)];
/// Tables: long because what they list is long.
const TABLES: [&str; 3] = ["cpu/src/isa/table.rs", "cpu/src/wasm/words.rs", "kernel/src/sys/table.rs"];
/// Where a word may stand that is refused elsewhere: these name it in order to refuse it, or take it from outside.
const EXEMPT: [&str; 2] = ["Cargo.lock", "testsuite/x/src/tidy/text.rs"];

/// Unfinished work.
const MARKS: [&str; 4] = ["TODO", "FIXME", "todo!(", "unimplemented!("];
/// Paths that exist on one machine, and registries' hosts: fetching scripts use what the machine is set up for.
const PLACES: [&str; 8] = [
    "/tmp/w/",
    "/opt/wt",
    "/home/",
    "deb.debian.org",
    "static.crates.io",
    "index.crates.io",
    "pypi.org",
    "registry.npmjs.org",
];

/// All of it, file by file.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    sources.iter().filter(|s| !EXEMPT.contains(&s.path.as_str())).flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let mut breaches = Vec::new();
    let is_code = path.ends_with(".rs") || path.ends_with(".c");
    let lines = text.lines().count();
    if is_code && lines > MAX_FILE_LINES && !TABLES.contains(&path.as_str()) {
        breaches.push(format!("{path}: {lines} lines; split it, or list it as a table"));
    }
    if path.ends_with(".rs") && !path.ends_with("/tests.rs") && !text.starts_with("//!") {
        breaches.push(format!("{path}:1: a module opens with //! and what it is for"));
    }
    let columns = MAX_COLUMNS.iter().find(|(end, _)| path.ends_with(end)).map_or(usize::MAX, |(_, max)| *max);
    // Generated tables are as wide as their contents.
    let is_generated = path.ends_with("docs/isa.md") || path.ends_with("docs/syscalls.md");
    // Recorded output may hold anything.
    let is_recorded = path.ends_with(".out");
    for (number, line) in (1..).zip(text.lines()) {
        let mut breach = |what: String| breaches.push(format!("{path}:{number}: {what}"));
        if !is_generated && line.chars().count() > columns && !line.contains("://") {
            breach(format!("longer than {columns} columns"));
        }
        if is_code && line.ends_with([' ', '\t']) {
            breach("blanks at the end of the line".into());
        }
        if !is_recorded {
            MARKS
                .iter()
                .chain(&PLACES)
                .filter(|w| line.contains(**w))
                .for_each(|w| breach(format!("{w} does not belong here")));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(path: &str, text: &str) -> usize {
        check(&[Source { path: path.into(), text: text.into() }]).len()
    }

    #[test]
    fn finds_marks_places_and_long_lines() {
        assert_eq!(check_text("fs/src/a.rs", "//! A.\n"), 0);
        assert_eq!(check_text("fs/src/a.rs", "fn f() {}\n"), 1);
        assert_eq!(check_text("fs/src/a.rs", "//! A.\n// TODO later\n"), 1);
        assert_eq!(check_text("testsuite/setup.sh", "curl deb.debian.org\n"), 1);
        assert_eq!(check_text("README.md", &"x".repeat(161)), 1);
        assert_eq!(check_text("fs/src/a.rs", &format!("//! A.\n{}", "// x\n".repeat(700))), 1);
        assert_eq!(check_text("fs/src/a.rs", "//! A.\nfn f() {} \n"), 1);
    }
}
