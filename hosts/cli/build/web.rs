//! The parts of a site that are the same for every image: the page (`hosts/web/page`), the host (`hosts/web`, with the
//! JavaScript side that wasm-bindgen writes), the terminal from npm, and everybody's licences.
//!
//! The page's packages are fetched by `npm ci` once and kept in the target directory. Without npm or its registry the
//! command is built all the same, without a site; `brainworm web` then says so.

use crate::licences::{self, Licence};
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Answer<T> = Result<T, Box<dyn Error>>;

/// What the host is made of, besides what the kernel is made of.
const SOURCES: [&str; 2] = ["hosts/web", "LICENSE"];
/// Name in the site, file of the npm package.
const TERMINAL: [(&str, &str); 6] = [
    ("xterm/xterm.mjs", "@xterm/xterm/lib/xterm.mjs"),
    ("xterm/xterm.css", "@xterm/xterm/css/xterm.css"),
    ("xterm/addon-fit.mjs", "@xterm/addon-fit/lib/addon-fit.mjs"),
    ("xterm/addon-web-links.mjs", "@xterm/addon-web-links/lib/addon-web-links.mjs"),
    ("xterm/addon-webgl.mjs", "@xterm/addon-webgl/lib/addon-webgl.mjs"),
    ("xterm/addon-clipboard.mjs", "@xterm/addon-clipboard/lib/addon-clipboard.mjs"),
];

/// Writes `web_parts.rs`: `PARTS`, names and contents, or why there are none.
pub(crate) fn main(root: &Path, target: &Path, out: &Path) {
    crate::depends_on(root, &SOURCES);
    let text = match packages(root, target) {
        Ok(packages) => {
            let parts = parts(root, target, out, &packages).unwrap_or_else(|e| panic!("the site's parts: {e}"));
            let mut text = String::from("Ok(&[\n");
            for (name, path) in parts {
                writeln!(text, "    ({name:?}, include_bytes!({path:?})),").unwrap();
            }
            text + "])\n"
        }
        Err(why) => {
            println!("cargo::warning=built without the browser's page: {why}");
            // Tried again at the next build: a file that is never there has always changed.
            println!("cargo::rerun-if-changed={}", out.join("never").display());
            format!("Err({:?})\n", why.to_string())
        }
    };
    write(&out.join("web_parts.rs"), text.as_bytes()).unwrap_or_else(|e| panic!("{e}"));
}

/// Fetches the npm packages of the lock file, unless they are there.
fn packages(root: &Path, target: &Path) -> Answer<PathBuf> {
    let page = root.join("hosts/web/npm");
    let lock = fs::read(page.join("package-lock.json"))?;
    let folder = target.join("web-packages");
    let modules = folder.join("node_modules");
    // Written last, so what it stands beside is whole.
    let stamp = folder.join("fetched");
    if fs::read(&stamp).is_ok_and(|fetched| fetched == lock) {
        return Ok(modules);
    }
    fs::create_dir_all(&folder)?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(page.join(name), folder.join(name))?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).stdin(Stdio::null());
    let output = npm.output().map_err(|e| format!("npm cannot be run ({e}): install it and build again"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
        return Err(format!("npm ci failed ({why}): see that its registry can be reached, and build again").into());
    }
    fs::write(stamp, lock)?;
    Ok(modules)
}

/// Names in the site, and where their contents are.
fn parts(root: &Path, target: &Path, out: &Path, packages: &Path) -> Answer<Vec<(String, PathBuf)>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(root.join("hosts/web/page"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name that is not UTF-8")?.to_string();
        parts.push((name, path));
    }
    let host = out.join("host");
    bindgen(root, target, &crate::module(root, target, "brainworm-web", "module", &[]), &host)?;
    for name in ["host.js", "host_bg.wasm"] {
        parts.push((name.to_string(), host.join(name)));
    }
    for (name, file) in TERMINAL {
        let path = out.join(name);
        let text = fs::read_to_string(packages.join(file)).map_err(|e| format!("{file}: {e}"))?;
        // The maps are not shipped.
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("//# sourceMappingURL=")).collect();
        write(&path, lines.join("\n").as_bytes())?;
        parts.push((name.to_string(), path));
    }
    let mut licences = licences::of_crates(root, &["brainworm-web", "brainworm-module"])?;
    licences.extend(of_packages(packages)?);
    let path = out.join("licences.txt");
    write(&path, licences::text(&fs::read_to_string(root.join("LICENSE"))?, licences).as_bytes())?;
    parts.push(("licences.txt".to_string(), path));
    parts.sort();
    Ok(parts)
}

/// Writes the JavaScript side of the host, with the tool beside it.
fn bindgen(root: &Path, target: &Path, module: &Path, out: &Path) -> Answer<()> {
    let mut cargo = crate::cargo(root, target);
    cargo.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(root.join("hosts/web/bindgen/Cargo.toml"));
    cargo.arg("--").arg(module).arg(out);
    match cargo.status()?.success() {
        true => Ok(()),
        false => Err("brainworm-web-bindgen does not build or failed".into()),
    }
}

/// The licences of all npm packages.
fn of_packages(modules: &Path) -> Answer<Vec<Licence>> {
    let lock: serde_json::Value = serde_json::from_slice(&fs::read(modules.join("../package-lock.json"))?)?;
    let entries = lock["packages"].as_object().ok_or("package-lock.json lists no packages")?;
    let of = |(place, package): (&String, &serde_json::Value)| {
        let name = place.strip_prefix("node_modules/")?;
        let word = |key: &str| package[key].as_str().unwrap_or_default().to_string();
        Some(Licence {
            name: format!("{name} {}", word("version")),
            expression: word("license"),
            text: licences::files(&modules.join(name)),
        })
    };
    Ok(entries.iter().filter_map(of).collect())
}

fn write(path: &Path, bytes: &[u8]) -> Answer<()> {
    fs::create_dir_all(path.parent().ok_or("a path without a folder")?)?;
    // Unchanged files keep their times, so that nothing is built again for them.
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    Ok(fs::write(path, bytes)?)
}
