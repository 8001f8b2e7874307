//! `cargo x check`: everything that must hold before a change goes in, and exactly what CI runs. The steps are a table;
//! all of them run, even after one has failed, and the last line counts.

use crate::{Failure, args::Args, repo};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How much of it.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// Always.
    Quick,
    /// Not with --quick: needs the images, or takes minutes.
    Full,
}

/// Name, when, and the words of the command. `cargo` is this cargo; `x` is this program.
const STEPS: [(&str, When, &[&str]); 34] = [
    ("fmt", When::Quick, &["cargo", "fmt", "--all", "--check"]),
    (
        "clippy",
        When::Quick,
        &["cargo", "clippy", "--quiet", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"],
    ),
    ("tidy", When::Quick, &["x", "tidy"]),
    ("unit", When::Quick, &["cargo", "test", "--quiet", "--release", "--workspace", "--no-fail-fast"]),
    ("images", When::Full, &["x", "images"]),
    ("build", When::Full, &["cargo", "build", "--quiet", "--release", "--workspace"]),
    (
        "isa",
        When::Full,
        &[
            "cargo",
            "run",
            "--quiet",
            "--release",
            "-p",
            "brainworm-oracle",
            "--",
            "--states",
            "1000",
            "--seed",
            "1",
            "--check-docs",
            "docs/isa.md",
        ],
    ),
    (
        "fuzz code",
        When::Full,
        &["cargo", "run", "--quiet", "--release", "-p", "brainworm-fuzz", "--", "code", "--seconds", "60"],
    ),
    (
        "fuzz elf",
        When::Full,
        &["cargo", "run", "--quiet", "--release", "-p", "brainworm-fuzz", "--", "elf", "--seconds", "60"],
    ),
    (
        "fuzz image",
        When::Full,
        &["cargo", "run", "--quiet", "--release", "-p", "brainworm-fuzz", "--", "image", "--seconds", "60"],
    ),
    (
        "fuzz oci",
        When::Full,
        &["cargo", "run", "--quiet", "--release", "-p", "brainworm-fuzz", "--", "oci", "--seconds", "60"],
    ),
    (
        "fuzz syscalls",
        When::Full,
        &["cargo", "run", "--quiet", "--release", "-p", "brainworm-fuzz", "--", "syscalls", "--seconds", "60"],
    ),
    ("sys natively", When::Full, &["x", "sys"]),
    ("sys", When::Full, &["x", "sys", "--runner", "{brainworm} run {cache}/sys.tar"]),
    ("march", When::Full, &["x", "march", "--runner", "{brainworm} run --cpu LEVEL {cache}/march.tar"]),
    (
        "march, translated file",
        When::Full,
        &[
            "{brainworm}",
            "build",
            "{cache}/march.tar",
            "-o",
            "{cache}/march.wasm",
            "--aot-size",
            "3m",
            "--train",
            "/t/integer-v3",
            "--train",
            "/t/floating-v3",
            "--train",
            "/t/vectors-v3",
            "--train",
            "/t/integer-v2",
            "--train",
            "/t/floating-v2",
        ],
    ),
    (
        "march, translated",
        When::Full,
        &[
            "x",
            "march",
            "--runner",
            "{brainworm} run --cpu LEVEL {cache}/march.wasm",
            "--only",
            "integer|floating|vectors",
        ],
    ),
    ("scripts", When::Full, &["x", "scripts", "--runner", "{brainworm} run {cache}/debian.tar", "--timeout", "300"]),
    (
        "programs",
        When::Full,
        &["x", "scripts", "--set", "programs", "--runner", "{brainworm} run {cache}/debian.tar", "--timeout", "600"],
    ),
    (
        "musl",
        When::Full,
        &["x", "scripts", "--set", "musl", "--runner", "{brainworm} run {cache}/musl.tar", "--timeout", "300"],
    ),
    (
        "tools",
        When::Full,
        &["x", "scripts", "--set", "tools", "--runner", "{brainworm} run {cache}/tools-root.tar", "--timeout", "600"],
    ),
    (
        "strace",
        When::Full,
        &["python3", "testsuite/strace/check.py", "--runner", "{brainworm} run --strace IMAGE", "--cache", "{cache}"],
    ),
    (
        "translated file",
        When::Full,
        &[
            "{brainworm}",
            "build",
            "{cache}/debian.tar",
            "-o",
            "{cache}/translated.wasm",
            "--aot-size",
            "3m",
            "--train",
            "sh -c 'for i in 1 2 3 4 5 6 7 8 9; do seq 500 | sort -rn | tail -1; ls -l /etc | sed s/e/x/g | wc; done'",
            "--train",
            "bash -c 'for ((i = 0; i < 2000; i++)); do x=$((x * 7 + i)); done; echo $x'",
        ],
    ),
    (
        "scripts, translated",
        When::Full,
        &[
            "x",
            "scripts",
            "--runner",
            "{brainworm} run {cache}/translated.wasm",
            "--only",
            "0[0-4].*",
            "--timeout",
            "300",
        ],
    ),
    ("built file", When::Full, &["{brainworm}", "build", "{cache}/debian.tar", "-o", "{cache}/debian.wasm"]),
    ("size", When::Full, &["x", "size"]),
    ("memory", When::Full, &["x", "memory", "--brainworm", "{brainworm}", "--image", "{cache}/debian.tar"]),
    (
        "engines",
        When::Full,
        &[
            "python3",
            "testsuite/engines/check.py",
            "--image",
            "{cache}/debian-min.tar",
            "--brainworm",
            "{brainworm}",
            "--wasmtime",
            "{cache}/tools/bin/wasmtime",
            "--node",
            "node",
            "--wasmi",
            "qemu-aarch64-static {cache}/tools-aarch64/bin/wasmi",
        ],
    ),
    ("site", When::Full, &["{brainworm}", "web", "{cache}/web.oci", "-o", "{cache}/site"]),
    ("browser", When::Full, &["node", "testsuite/web/site.test.mjs", "--cache", "{cache}", "--site", "{cache}/site"]),
    (
        "scripts in a browser",
        When::Full,
        &[
            "node",
            "testsuite/web/with-browser.mjs",
            "--cache",
            "{cache}",
            "--site",
            "{cache}/site",
            "{x}",
            "scripts",
            "--runner",
            "node testsuite/web/guest.mjs",
            "--only",
            // What needs no other programs than the image's, and no exact order of naps on a slow machine.
            "^0(0|1[0-8]|2[1-9]|30|3[2-9])",
            "--timeout",
            "120",
        ],
    ),
    (
        "components",
        When::Full,
        &[
            "python3",
            "testsuite/http/check.py",
            "--cache",
            "{cache}",
            "--node",
            "{cache}/jco/node_modules",
            "--brainworm",
            "{brainworm}",
            "--wasmtime",
            "{cache}/tools/bin/wasmtime",
        ],
    ),
    ("packed image", When::Full, &["{sim}", "--pack", "{cache}/debian.packed", "{cache}/debian.tar"]),
    (
        "scripts on the test host",
        When::Full,
        &[
            "x",
            "scripts",
            "--runner",
            "{sim} --slice 1000 --chaos {cache}/debian.packed",
            "--known",
            "testsuite/sim/chaos-known.txt",
            "--timeout",
            "300",
        ],
    ),
];

/// Run the steps.
pub(crate) fn run(words: &[String]) -> Result<bool, Failure> {
    let mut args = Args::new(words);
    let quick = args.flag("--quick");
    let only = args.value("--only")?;
    args.finish()?;
    let chosen = |name: &str, when: When| only.as_ref().map_or(!quick || when == When::Quick, |o| o == name);
    let (mut passed, mut failed) = (0, Vec::new());
    for (name, _, words) in STEPS.iter().filter(|(name, when, _)| chosen(name, *when)) {
        let started = Instant::now();
        let is_good = step(words)?;
        println!("check: {name}: {} ({:.0} s)", if is_good { "ok" } else { "FAILED" }, started.elapsed().as_secs_f64());
        if is_good { passed += 1 } else { failed.push(*name) }
    }
    if !failed.is_empty() {
        println!("check: failed: {}", failed.join(", "));
    }
    println!("{passed} passed, {} failed", failed.len());
    Ok(failed.is_empty() && passed > 0)
}

fn step(words: &[&str]) -> Result<bool, Failure> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repo::top().join("target"), Into::into);
    let x = std::env::current_exe()?.to_string_lossy().into_owned();
    let place = |word: &str| {
        let word = word.replace("{brainworm}", &target.join("release/brainworm").to_string_lossy());
        let word = word.replace("{x}", &x);
        let word = word.replace("{sim}", &target.join("release/sim").to_string_lossy());
        word.replace("{cache}", &repo::cache().to_string_lossy())
    };
    let (program, words) = words.split_first().ok_or("an empty step")?;
    let mut command = match *program {
        "cargo" => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
        "x" => Command::new(std::env::current_exe()?),
        other => Command::new(place(other)),
    };
    command.args(words.iter().map(|w| place(w)));
    command.current_dir(repo::top()).stdin(Stdio::null());
    Ok(command.status().is_ok_and(|s| s.success()))
}
