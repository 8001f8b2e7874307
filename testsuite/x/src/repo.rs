//! Where things are: the top of the repository and its cache of downloaded and generated files.

use std::path::{Path, PathBuf};

/// The top of the repository this program was built from.
pub(crate) fn top() -> PathBuf {
    let x = Path::new(env!("CARGO_MANIFEST_DIR"));
    x.ancestors().nth(2).expect("testsuite/x lies two levels below the top").to_path_buf()
}

/// `.cache`, or what BRAINWORM_CACHE names: everything that is fetched or made and never committed.
pub(crate) fn cache() -> PathBuf {
    std::env::var_os("BRAINWORM_CACHE").map_or_else(|| top().join(".cache"), PathBuf::from)
}
