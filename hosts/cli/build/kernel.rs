//! The kernel module (`hosts/module`) in each of its flavours, those for WASI 0.2 made components of. For preview 1 there are
//! two: what goes into built files is made small, what `run` uses is made fast and has `--strace` and the JIT. With
//! BRAINWORM_KERNEL, BRAINWORM_KERNEL_RUN, BRAINWORM_COMPONENT or BRAINWORM_HTTP set to a file, that file is embedded instead.

use sha2::{Digest, Sha256};
use std::env;
use std::path::{Path, PathBuf};
use std::thread;

/// What the module is made of.
const SOURCES: [&str; 9] = [
    "kernel",
    "cpu",
    "fs/src",
    "net/src",
    "loader/src",
    "hosts/module",
    "hosts/serverless",
    "Cargo.toml",
    ".cargo/config.toml",
];

/// Variable, name, profile and features of the flavours for preview 1.
const PREVIEW1: [(&str, &str, &str, &str); 2] = [
    ("BRAINWORM_KERNEL", "preview1", "module", "preview1"),
    ("BRAINWORM_KERNEL_RUN", "run", "module-run", "preview1,strace,jit"),
];

/// Hands the modules' paths and digests to the command. The flavours are linked by one processor each, for minutes: those of
/// different profiles, which cargo keeps apart, are built at the same time.
pub(crate) fn main(root: &Path, target: &Path) {
    crate::depends_on(root, &SOURCES);
    thread::scope(|scope| {
        let fast = scope.spawn(|| preview1(root, target, PREVIEW1[1]));
        preview1(root, target, PREVIEW1[0]);
        for (name, variable) in [("component", "BRAINWORM_COMPONENT"), ("http", "BRAINWORM_HTTP")] {
            let path = given(variable).unwrap_or_else(|| componentise(&flavour(root, target, name, "module", name)));
            println!("cargo::rustc-env={variable}_PATH={}", path.display());
        }
        fast.join().expect("it told why it does not build");
    });
}

fn preview1(root: &Path, target: &Path, (variable, name, profile, features): (&str, &str, &str, &str)) {
    let kernel = given(variable).unwrap_or_else(|| flavour(root, target, name, profile, features));
    println!("cargo::rerun-if-changed={}", kernel.display());
    let digest: String = Sha256::digest(read(&kernel)).iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo::rustc-env={variable}_PATH={}", kernel.display());
    println!("cargo::rustc-env={variable}_DIGEST={digest}");
}

/// The file to embed in place of a flavour.
fn given(variable: &str) -> Option<PathBuf> {
    println!("cargo::rerun-if-env-changed={variable}");
    env::var_os(variable).map(PathBuf::from)
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Cargo writes all flavours to one place: each is copied to one of its own.
fn flavour(root: &Path, target: &Path, name: &str, profile: &str, features: &str) -> PathBuf {
    let features = ["--no-default-features", "--features", features];
    let built = crate::module(root, target, "brainworm-module", profile, &features);
    let path = target.join(crate::INNER).join(name).with_extension("wasm");
    std::fs::copy(built, &path).expect("a module was built");
    path
}

/// The component around a module that imports and exports by the canonical ABI.
fn componentise(module: &Path) -> PathBuf {
    let mut encoder = wit_component::ComponentEncoder::default();
    let encoded = encoder.validate(true).module(&read(module)).and_then(|encoder| encoder.encode());
    let component = encoded.unwrap_or_else(|e| panic!("{}: {e:?}", module.display()));
    let path = module.with_extension("component.wasm");
    std::fs::write(&path, component).expect("the target directory can be written");
    path
}
