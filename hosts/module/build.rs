//! The linker drops custom sections with the names (`--strip-all`); those that tell `wit-component` the types of the
//! imports and exports are to stay. The flavour with translation at run time lets its host add functions to the table.

/// As the `wasip2` crate calls them. A name that is wrong is noticed: without its section no component can be made.
const PREFIX: &str = "component-type:wit-bindgen:0.62.0:wasi:";
const SUFFIX: &str = "rust-wasip2-2.0.1+wasi-0.2.12-from-crates-io";
const SECTIONS: [(&str, &str); 5] = [
    ("cli@0.2.12:imports:encoded world", ""),
    ("cli@0.2.12:command:imports and exports", "-command-world"),
    ("cli@0.2.12:command-with-all-of-its-exports-removed:encoded world", "-command-world"),
    ("http@0.2.12:proxy:imports and exports", "-proxy-world"),
    ("http@0.2.12:proxy-with-all-of-its-exports-removed:encoded world", "-proxy-world"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_WASI2").is_some() {
        for (section, world) in SECTIONS {
            println!("cargo::rustc-cdylib-link-arg=--keep-section={PREFIX}{section}{SUFFIX}{world}");
        }
    }
    if std::env::var_os("CARGO_FEATURE_JIT").is_some()
        && std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32")
    {
        println!("cargo::rustc-cdylib-link-arg=--export-table");
        println!("cargo::rustc-cdylib-link-arg=--growable-table");
    }
}
