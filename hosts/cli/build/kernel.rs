//! The kernel module (`hosts/module`). With BRAINWORM_KERNEL set to a file, that file is embedded instead.

use sha2::{Digest, Sha256};
use std::env;
use std::path::{Path, PathBuf};

/// What the module is made of.
const SOURCES: [&str; 8] =
    ["kernel", "cpu", "fs/src", "net/src", "loader/src", "hosts/module", "Cargo.toml", ".cargo/config.toml"];

/// Hands the module's path and digest to the command.
pub(crate) fn main(root: &Path, target: &Path) {
    println!("cargo::rerun-if-env-changed=BRAINWORM_KERNEL");
    crate::depends_on(root, &SOURCES);
    let kernel = match env::var_os("BRAINWORM_KERNEL") {
        Some(path) => PathBuf::from(path),
        None => crate::module(root, target, "brainworm-module"),
    };
    println!("cargo::rerun-if-changed={}", kernel.display());
    let bytes = std::fs::read(&kernel).unwrap_or_else(|e| panic!("{}: {e}", kernel.display()));
    let digest: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo::rustc-env=BRAINWORM_KERNEL_PATH={}", kernel.display());
    println!("cargo::rustc-env=BRAINWORM_KERNEL_DIGEST={digest}");
}
