//! The steps of `cargo x check`, as a table.

/// How much of the check a step belongs to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum When {
    /// Always.
    Quick,
    /// Not with --quick: needs the images, or takes minutes.
    Full,
}
use When::{Full, Quick};

/// In which of the two rows of steps that run at the same time. Those of a row come one after the other.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Row {
    /// What looks at time, or needs several processors itself.
    Main,
    /// What computes or fetches, and gives the same answer on a busy machine.
    Beside,
}
use Row::{Beside, Main};

pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) when: When,
    pub(super) row: Row,
    /// Words, quoted as a shell would have them (`super::words`). `cargo` is this cargo, `x` this program; `{bin}` is where
    /// cargo leaves programs, `{cache}` where images are.
    pub(super) command: &'static str,
}

const fn step(name: &'static str, when: When, row: Row, command: &'static str) -> Step {
    Step { name, when, row, command }
}

/// Two stages, for the second runs what the first has made.
pub(super) const STAGES: [&[Step]; 2] = [
    &[
        step("images", Full, Beside, "x images"),
        step("fmt", Quick, Main, "cargo fmt --all --check"),
        step("clippy", Quick, Main, "cargo clippy --quiet --release --workspace --all-targets -- -D warnings"),
        step("tidy", Quick, Main, "x tidy"),
        step("unit", Quick, Main, "cargo test --quiet --release --workspace --no-fail-fast"),
        step("build", Full, Main, "cargo build --quiet --release --workspace"),
    ],
    &[
        step("isa", Full, Beside, "{bin}/brainworm-oracle --states 1000 --seed 1 --check-docs docs/isa.md"),
        step("fuzz code", Full, Beside, "{bin}/brainworm-fuzz code --seconds 60"),
        step("fuzz elf", Full, Beside, "{bin}/brainworm-fuzz elf --seconds 60"),
        step("fuzz functions", Full, Beside, "{bin}/brainworm-fuzz functions --seconds 30"),
        step("fuzz image", Full, Beside, "{bin}/brainworm-fuzz image --seconds 60"),
        step("fuzz oci", Full, Beside, "{bin}/brainworm-fuzz oci --seconds 60"),
        step("fuzz syscalls", Full, Beside, "{bin}/brainworm-fuzz syscalls --seconds 60"),
        step("fuzz translation", Full, Beside, "{bin}/brainworm-fuzz translation --seconds 30"),
        step("march", Full, Beside, "x march --runner '{bin}/brainworm run --cpu LEVEL {cache}/march.tar'"),
        step(
            "march, translated file",
            Full,
            Beside,
            "{bin}/brainworm build {cache}/march.tar -o {cache}/march.wasm --aot-size 3m --train /t/integer-v3 \
             --train /t/floating-v3 --train /t/vectors-v3 --train /t/integer-v2 --train /t/floating-v2",
        ),
        step(
            "march, translated",
            Full,
            Beside,
            "x march --runner '{bin}/brainworm run --cpu LEVEL {cache}/march.wasm' --only 'integer|floating|vectors'",
        ),
        step("built file", Full, Beside, "{bin}/brainworm build {cache}/debian.tar -o {cache}/debian.wasm"),
        step("size", Full, Beside, "x size"),
        step("memory", Full, Beside, "x memory --brainworm {bin}/brainworm --image {cache}/debian.tar"),
        step("packed image", Full, Beside, "{bin}/sim --pack {cache}/debian.packed {cache}/debian.tar"),
        step(
            "scripts on the test host",
            Full,
            Beside,
            "x scripts --runner '{bin}/sim --slice 1000 --chaos {cache}/debian.packed' \
             --known testsuite/sim/chaos-known.txt --timeout 600",
        ),
        step(
            "programs",
            Full,
            Beside,
            "x scripts --set programs --runner '{bin}/brainworm run {cache}/debian.tar' --timeout 600",
        ),
        step(
            "tools",
            Full,
            Beside,
            "x scripts --set tools --runner '{bin}/brainworm run {cache}/tools-root.tar' --timeout 600",
        ),
        step("sys natively", Full, Main, "x sys"),
        step("sys", Full, Main, "x sys --runner '{bin}/brainworm run {cache}/sys.tar'"),
        // All code is translated before it runs: what writes code, faults, is interrupted, forks and starts threads.
        step(
            "sys, translated at run time",
            Full,
            Main,
            "x sys --runner '{bin}/brainworm run --engine jit --jit-threshold 0 {cache}/sys.tar' \
             --only '^(codegen|faults|signals|fork|threads)$' --timeout 600",
        ),
        step(
            "luajit",
            Full,
            Main,
            "x scripts --set luajit --runner '{bin}/brainworm run --jit-threshold 1 --jit-code 2m {cache}/luajit.tar' \
             --timeout 300",
        ),
        step("scripts", Full, Main, "x scripts --runner '{bin}/brainworm run {cache}/debian.tar' --timeout 300"),
        step("musl", Full, Main, "x scripts --set musl --runner '{bin}/brainworm run {cache}/musl.tar' --timeout 300"),
        step(
            "strace",
            Full,
            Main,
            "python3 testsuite/strace/check.py --runner '{bin}/brainworm run --strace IMAGE' --cache {cache}",
        ),
        step(
            "translated file",
            Full,
            Main,
            "{bin}/brainworm build {cache}/debian.tar -o {cache}/translated.wasm --aot-size 3m \
             --train \"sh -c 'for i in 1 2 3 4 5 6 7 8 9; do seq 500 | sort -rn | tail -1; ls -l /etc | sed s/e/x/g | wc; done'\" \
             --train \"bash -c 'for ((i = 0; i < 2000; i++)); do x=$((x * 7 + i)); done; echo $x'\"",
        ),
        step(
            "scripts, translated",
            Full,
            Main,
            "x scripts --runner '{bin}/brainworm run {cache}/translated.wasm' --only '0[0-4].*' --timeout 300",
        ),
        step(
            "engines",
            Full,
            Main,
            "python3 testsuite/engines/check.py --image {cache}/debian-min.tar --brainworm {bin}/brainworm \
             --wasmtime {cache}/tools/bin/wasmtime --node node \
             --wasmi 'qemu-aarch64-static {cache}/tools-aarch64/bin/wasmi'",
        ),
        step(
            "site",
            Full,
            Main,
            "{bin}/brainworm web {cache}/web.oci -o {cache}/site --aot-size 4m \
             --train \"bash -c 'for i in 1 2 3; do seq 2000 | sort -r | sort -n | gzip | gzip -d | sha256sum; done'\"",
        ),
        step("browser", Full, Main, "node testsuite/web/site.test.mjs --cache {cache} --site {cache}/site"),
        // What needs no other programs than the image's, and no exact order of naps on a slow machine.
        step(
            "scripts in a browser",
            Full,
            Main,
            "node testsuite/web/with-browser.mjs --cache {cache} --site {cache}/site --boot '{}' x scripts \
             --runner 'node testsuite/web/guest.mjs' --only '^0(0|1[0-8]|2[1-9]|3)' --timeout 120",
        ),
        step(
            "site of programs",
            Full,
            Main,
            "{bin}/brainworm web {cache}/sys.tar -o {cache}/site-sys --entrypoint /t/codegen",
        ),
        step(
            "sys in a browser, translated at run time",
            Full,
            Main,
            "node testsuite/web/with-browser.mjs --cache {cache} --site {cache}/site-sys \
             --boot '{\"entrypoint\":\"\",\"engine\":\"jit\",\"jitThreshold\":0}' x sys --runner 'node testsuite/web/guest.mjs' \
             --only '^(codegen|faults|signals|fork|threads)$' --timeout 600",
        ),
        step(
            "components",
            Full,
            Main,
            "python3 testsuite/http/check.py --cache {cache} --node {cache}/jco/node_modules \
             --brainworm {bin}/brainworm --wasmtime {cache}/tools/bin/wasmtime",
        ),
    ],
];
