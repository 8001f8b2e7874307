//! The kernel module (`hosts/module`) in each of its flavours, those for WASI 0.2 made components of. With BRAINWORM_KERNEL
//! set to a file, that file is embedded as the preview 1 module instead.

use sha2::{Digest, Sha256};
use std::env;
use std::path::{Path, PathBuf};

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

/// Hands the modules' paths and the digest of the first to the command.
pub(crate) fn main(root: &Path, target: &Path) {
    println!("cargo::rerun-if-env-changed=BRAINWORM_KERNEL");
    crate::depends_on(root, &SOURCES);
    let kernel = match env::var_os("BRAINWORM_KERNEL") {
        Some(path) => PathBuf::from(path),
        None => flavour(root, target, "preview1"),
    };
    println!("cargo::rerun-if-changed={}", kernel.display());
    let digest: String = Sha256::digest(read(&kernel)).iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo::rustc-env=BRAINWORM_KERNEL_PATH={}", kernel.display());
    println!("cargo::rustc-env=BRAINWORM_KERNEL_DIGEST={digest}");
    for (name, variable) in [("component", "BRAINWORM_COMPONENT_PATH"), ("http", "BRAINWORM_HTTP_PATH")] {
        let path = componentise(&flavour(root, target, name));
        println!("cargo::rustc-env={variable}={}", path.display());
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Cargo writes all flavours to one place: each is copied to one of its own.
fn flavour(root: &Path, target: &Path, name: &str) -> PathBuf {
    let built = crate::module(root, target, "brainworm-module", &["--no-default-features", "--features", name]);
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
