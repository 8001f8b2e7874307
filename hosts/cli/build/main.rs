//! Builds what the command embeds: the kernel module (`kernel`) and the parts of a site (`web`).
//!
//! Both are made for wasm32 by a cargo of their own, with a target directory next to the one in use: the outer cargo
//! holds the lock of that.

mod kernel;
mod licences;
mod web;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..").canonicalize().unwrap();
    // OUT_DIR is TARGET/PROFILE/build/NAME-HASH/out; TARGET is shared by all profiles.
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap());
    let target = out.ancestors().nth(4).expect("cargo's OUT_DIR is four levels deep").to_path_buf();
    kernel::main(&root, &target);
    web::main(&root, &target, &out);
}

/// The target directory of inner cargos, in the outer one's.
const INNER: &str = "kernel-module";

/// A cargo with a target directory of its own.
fn cargo(root: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap());
    cargo.current_dir(root).env("CARGO_TARGET_DIR", target.join(INNER));
    // Flags and wrappers of the outer build are for the outer target.
    for name in
        ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET"]
    {
        cargo.env_remove(name);
    }
    cargo
}

/// Builds a package as a module with a profile and answers where it is.
fn module(root: &Path, target: &Path, package: &str, profile: &str, features: &[&str]) -> PathBuf {
    let mut cargo = cargo(root, target);
    cargo.args(["build", "--package", package, "--profile", profile, "--target", "wasm32-unknown-unknown"]);
    cargo.args(features);
    let status = cargo.status().expect("cargo can be run");
    assert!(
        status.success(),
        "{package} does not build (is the target installed? rustup target add wasm32-unknown-unknown)"
    );
    let folder = target.join(INNER).join("wasm32-unknown-unknown").join(profile);
    folder.join(package.replace('-', "_")).with_extension("wasm")
}

/// Tells cargo what the outcome depends on, from the workspace's root.
fn depends_on(root: &Path, sources: &[&str]) {
    for source in sources {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
}
