//! What becomes of some functions: `golden/NAME.code` has their bytes and reads as a listing, `golden/NAME.wat` what they
//! are translated to at run time, with the number of instructions on its first line. A change of either is to be looked
//! at, then `cargo x bless --golden` writes it down.

use brainworm_cpu::jit::{Request, Wanted, translate};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use wasmtime::{Engine, Module};

/// The bytes of a listing, and where blocks begin that nothing but a table leads to.
fn read(listing: &str) -> (Vec<u8>, Vec<u32>) {
    let (mut code, mut seen) = (Vec::new(), Vec::new());
    for line in listing.lines() {
        let (bytes, text) = line.split_once('#').unwrap_or((line, ""));
        if text.contains(": ran ") {
            seen.push(code.len() as u32);
        }
        code.extend(bytes.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("bytes in hex")));
    }
    (code, seen)
}

/// The text of its translation.
fn emitted(name: &str, listing: &str) -> String {
    let (code, seen) = read(listing);
    let range = 0..code.len() as u32;
    let wanted = Wanted { range, seen, reach: u32::MAX, place: 100, limit: u32::MAX, ..Wanted::default() };
    let translated = translate(&Request { code: &code, base: 0x40_0000, functions: &[wanted], table_len: 200 });
    Module::validate(&Engine::default(), &translated.wasm).unwrap_or_else(|e| panic!("{name}: {e:#}"));
    let text = wasmprinter::print_bytes(&translated.wasm).expect("it is valid");
    let is_instruction = |line: &&str| line.starts_with("    ") && !line.trim_start().starts_with(['(', ')']);
    let of_wasm = text.lines().filter(is_instruction).count();
    let of_guest = listing.lines().count();
    format!(";; {of_wasm} instructions of wasm for {of_guest} of the guest\n{text}")
}

/// The first lines that differ.
fn difference(old: &str, new: &str) -> String {
    let mut out = String::new();
    let lines = old.lines().zip(new.lines()).enumerate().filter(|(_, (old, new))| old != new);
    for (number, (old, new)) in lines.take(5) {
        let _ = writeln!(out, "{:5} - {old}\n      + {new}", number + 1);
    }
    out
}

#[test]
fn functions_are_translated_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut listings: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    listings.retain(|path| path.extension().is_some_and(|kind| kind == "code"));
    listings.sort();
    assert!(listings.len() > 10, "{listings:?}");
    let is_blessed = std::env::var_os("BRAINWORM_BLESS").is_some();
    let mut changed = String::new();
    for path in listings {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let new = emitted(&name, &std::fs::read_to_string(&path).unwrap());
        let golden = path.with_extension("wat");
        let old = std::fs::read_to_string(&golden).unwrap_or_default();
        if old == new {
            continue;
        }
        let counts = [&old, &new].map(|text| text.lines().next().unwrap_or("nothing").to_owned());
        let _ = writeln!(changed, "{name}: {} -> {}\n{}", counts[0], counts[1], difference(&old, &new));
        if is_blessed {
            std::fs::write(&golden, new).unwrap();
        }
    }
    if is_blessed {
        println!("{changed}");
    } else {
        assert!(changed.is_empty(), "{changed}\nLook at it, then: cargo x bless --golden");
    }
}
