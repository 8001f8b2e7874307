//! Where `unsafe` may stand. Crates that need none say `#![forbid(unsafe_code)]`; in the others it stays in few files.

use super::Source;

/// Crate roots that must forbid it.
const FORBID: [&str; 7] = [
    "kernel/abi/src/lib.rs",
    "fs/src/lib.rs",
    "net/src/lib.rs",
    "loader/src/lib.rs",
    "loader/pack/src/lib.rs",
    "hosts/serverless/src/lib.rs",
    "testsuite/x/src/main.rs",
];

/// Files and folders that may have it. `examples` and `tests` run on the build machine only.
const ALLOWED: [&str; 12] = [
    "kernel/src/mm/frames.rs",
    "cpu/src/mem.rs",
    "cpu/src/interp/",
    "cpu/examples/",
    "cpu/tests/",
    "hosts/module/src/",
    "hosts/cli/src/run/",
    "hosts/cli/src/serve/program.rs",
    "testsuite/oracle/",
    "testsuite/sim/",
    "testsuite/tiers/",
    "testsuite/fuzz/",
];

/// Stray blocks, and crate roots that fail to forbid.
pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|s| s.path.ends_with(".rs")) {
        if FORBID.contains(&source.path.as_str()) && !source.text.contains("#![forbid(unsafe_code)]") {
            breaches.push(format!("{}: must say #![forbid(unsafe_code)]", source.path));
        }
        if ALLOWED.iter().any(|a| source.path.starts_with(a)) || source.path.starts_with("testsuite/x/") {
            continue;
        }
        for (number, line) in (1..).zip(source.text.lines()) {
            if is_unsafe(line) {
                breaches.push(format!("{}:{number}: unsafe outside of the files tidy lists", source.path));
            }
        }
    }
    breaches
}

/// The keyword, outside of comments and of the names of lints.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe("].iter().any(|w| code.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_stray_blocks() {
        let stray =
            Source { path: "fs/src/walk.rs".into(), text: "fn f() {\n    unsafe { g() }\n}\n// unsafe { }\n".into() };
        assert_eq!(check(&[stray]), ["fs/src/walk.rs:2: unsafe outside of the files tidy lists"]);
        let root = Source { path: "net/src/lib.rs".into(), text: "#![no_std]\n".into() };
        assert_eq!(check(&[root]).len(), 1);
    }
}
