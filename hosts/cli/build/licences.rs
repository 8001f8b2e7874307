//! Whose work a site ships, under which terms.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// One package's.
pub(crate) struct Licence {
    pub(crate) name: String,
    /// As the package names it.
    pub(crate) expression: String,
    pub(crate) text: String,
}

/// Those of the crates that are linked into some of ours for wasm32.
pub(crate) fn of_crates(root: &Path, ours: &[&str]) -> Result<Vec<Licence>, Box<dyn Error>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap());
    cargo.current_dir(root).args(["metadata", "--format-version", "1", "--filter-platform", "wasm32-unknown-unknown"]);
    let output = cargo.output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let packages: BTreeMap<String, Value> =
        list(&metadata["packages"]).into_iter().map(|package| (word(&package["id"]), package)).collect();
    let edges: BTreeMap<String, Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (word(&node["id"]), node["deps"].clone())).collect();
    let is_linked = |package: &Value| {
        !list(&package["targets"]).iter().any(|target| list(&target["kind"]).contains(&Value::from("proc-macro")))
    };
    let mut work: Vec<String> = packages
        .iter()
        .filter(|(_, package)| ours.contains(&word(&package["name"]).as_str()))
        .map(|(id, _)| id.clone())
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = work.pop() {
        if !packages.get(&id).is_some_and(is_linked) || !seen.insert(id.clone()) {
            continue;
        }
        for edge in edges.get(&id).map(list).unwrap_or_default() {
            // Kind null is an ordinary dependency; others build or test.
            if list(&edge["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                work.push(word(&edge["pkg"]));
            }
        }
    }
    let from_outside = seen.iter().map(|id| &packages[id]).filter(|package| !package["source"].is_null());
    let licence = |package: &Value| Licence {
        name: format!("{} {}", word(&package["name"]), word(&package["version"])),
        expression: word(&package["license"]),
        text: files(Path::new(&word(&package["manifest_path"])).parent().unwrap_or(Path::new(""))),
    };
    Ok(from_outside.map(licence).collect())
}

/// What the licence files of a folder say; MIT alone where there is a choice.
pub(crate) fn files(folder: &Path) -> String {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|e| e.file_name().into_string().ok());
    let is_licence = |name: &String| {
        let name = name.to_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|head| name.starts_with(head))
    };
    let mut names: Vec<String> = names.filter(is_licence).collect();
    names.sort();
    if let Some(mit) = names.iter().find(|name| name.to_uppercase().contains("MIT")).cloned() {
        names = vec![mit];
    }
    let text = |name: &String| fs::read_to_string(folder.join(name)).ok();
    names.iter().filter_map(text).map(|text| text.trim().to_string()).collect::<Vec<_>>().join("\n\n")
}

/// One text: ours, then each text once under the names of those who share it.
pub(crate) fn text(ours: &str, licences: Vec<Licence>) -> String {
    let mut out = format!("brainworm\n\n{}\n", ours.trim());
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for licence in licences {
        by_text.entry(licence.text).or_default().push(format!("{} ({})", licence.name, licence.expression));
    }
    let mut groups: Vec<(Vec<String>, String)> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    groups.sort();
    for (names, text) in groups {
        write!(out, "\n{}\n{}\n\n{text}\n", "-".repeat(80), names.join("\n")).unwrap();
    }
    out
}
