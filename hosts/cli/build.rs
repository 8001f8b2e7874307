//! Builds the kernel module (`hosts/module`) for wasm32 and hands its path and digest to the command that embeds it.
//!
//! It has a target directory of its own, next to the one in use: the outer cargo holds the lock of that. With
//! BRAINWORM_KERNEL set to a file, that file is embedded instead.

use sha2::{Digest, Sha256};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the module is made of, from the workspace's root.
const SOURCES: [&str; 8] =
    ["kernel", "cpu", "fs/src", "net/src", "loader/src", "hosts/module", "Cargo.toml", ".cargo/config.toml"];

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..").canonicalize().unwrap();
    println!("cargo::rerun-if-env-changed=BRAINWORM_KERNEL");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    let kernel = match env::var_os("BRAINWORM_KERNEL") {
        Some(path) => PathBuf::from(path),
        None => build(&root),
    };
    println!("cargo::rerun-if-changed={}", kernel.display());
    let bytes = std::fs::read(&kernel).unwrap_or_else(|e| panic!("{}: {e}", kernel.display()));
    let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo::rustc-env=BRAINWORM_KERNEL_PATH={}", kernel.display());
    println!("cargo::rustc-env=BRAINWORM_KERNEL_DIGEST={digest}");
}

fn build(root: &Path) -> PathBuf {
    // OUT_DIR is TARGET/PROFILE/build/NAME-HASH/out; TARGET is shared by all profiles.
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let target = out.ancestors().nth(4).expect("cargo's OUT_DIR is four levels deep").join("kernel-module");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap());
    cargo.current_dir(root).args(["build", "--package", "brainworm-module", "--profile", "module"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]).arg(&target);
    // Flags and wrappers of the outer build are for the outer target.
    for name in
        ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(name);
    }
    let status = cargo.status().expect("cargo can be run");
    assert!(
        status.success(),
        "the kernel module does not build (is the target installed? rustup target add wasm32-unknown-unknown)"
    );
    target.join("wasm32-unknown-unknown/module/brainworm_module.wasm")
}
