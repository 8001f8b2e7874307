//! `brainworm web`: an image becomes a static site with a terminal.
//!
//! A site is the parts that build.rs embeds (`hosts/web`), the kernel as a module, the packed image on its own, so that
//! the browser compiles the one and unpacks the other straight into memory, and `site.js`, which names both. Files that
//! depend on the image have their digest in their name: a browser's cache never mixes two builds.

use crate::aot::{Report, Translated};
use crate::args::WebArgs;
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::output::write_folder;
use crate::progress::Bar;
use base64::Engine;
use brainworm_abi::image::{Image, Layout};
use brainworm_pack::browser;
use brainworm_pack::link::{self, Parts};
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Names and contents, or why this command was built without them.
type Embedded = Result<&'static [(&'static str, &'static [u8])], &'static str>;

const PARTS: Embedded = include!(concat!(env!("OUT_DIR"), "/web_parts.rs"));
/// The part written for each site; it begins with this line.
const SITE: &str = "site.js";
const MARK: &str = "// Made by brainworm web.";

/// Builds the site and says what it built.
pub(crate) fn web(args: &WebArgs) -> Outcome {
    let parts =
        PARTS.map_err(|why| Failure::new(format!("this brainworm was built without the browser's page: {why}")))?;
    let settings = settings(args)?;
    let mut bar = Bar::new(args.json);
    let (Parts { code, image }, translated) = program(args, &mut bar)?;
    browser::check(&code, &image).map_err(|e| Failure::from(e.at(args.image.display())))?;
    let broken = |e| Failure::because(args.image.display(), e);
    let len = Layout::parse(&image).map_err(broken)?.total;
    let config = Image::open(&image[..len as usize]).and_then(|image| image.config()).map_err(broken)?;
    if args.container.entrypoint.is_none() && config.entrypoint.is_empty() && config.cmd.is_empty() {
        return Err(Failure::new(format!(
            "{}: the image does not say what to run: name a program with --entrypoint",
            args.image.display()
        )));
    }
    bar.spin("compressing");
    let packed = compress(&image)?;
    let kernel_name = format!("kernel.{}.wasm", short_digest(&code));
    let image_name = format!("image.{}.bin", short_digest(&packed));
    let integrity = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(&code));
    let site = json!({
        "title": title(&args.image),
        "kernel": { "file": kernel_name, "size": code.len(), "integrity": format!("sha256-{integrity}") },
        "image": { "file": image_name, "size": packed.len(), "bytes": len, "code": image.len() as u64 - len },
        "settings": settings,
    });
    let site = format!("{MARK}\nexport default {site};\n");
    let mut files: Vec<(&str, &[u8])> = parts.to_vec();
    files.extend([(&*kernel_name, &*code), (&*image_name, &*packed), (SITE, site.as_bytes())]);
    bar.spin("writing");
    write_folder(&args.output, &files, is_ours)?;
    bar.clear();

    let bytes: usize = files.iter().map(|(_, contents)| contents.len()).sum();
    let place = args.output.display();
    if args.json {
        let mut report = json!({
            "output": place.to_string(),
            "bytes": bytes,
            "kernel_bytes": code.len(),
            "image_bytes": image.len(),
            "compressed_image_bytes": packed.len(),
        });
        translated.add_to(&mut report);
        println!("{report}");
    } else {
        eprintln!("{place}: {:.1} MiB, to be served by any web server", bytes as f64 / 1048576.0);
        if let Some(line) = translated.line() {
            eprintln!("{place}: {line}");
        }
    }
    Ok(0)
}

/// The kernel with translation at run time and functions translated ahead, and the image with their index behind it. A file
/// built by another version comes with its own kernel.
fn program(args: &WebArgs, bar: &mut Bar) -> Outcome<(Parts, Report)> {
    let name = args.image.display();
    if kernel::is_wasm(&args.image) {
        if args.aot.is_given() || args.cpu.is_some() {
            let message = "is a wasm file already: --aot, --train and --cpu are for images";
            return Err(Failure::new(format!("{name}: {message}")));
        }
        let wasm = std::fs::read(&args.image).map_err(|e| Failure::because(&name, e))?;
        let parts = link::split(&wasm).map_err(|e| Failure::from(e.at(&name)))?;
        return Ok((kernel::on_ours(&wasm, &parts).unwrap_or(parts), Report::default()));
    }
    let mut container = kernel::load(&args.image, bar)?;
    // Training runs what the page will run.
    args.container.configure(&mut container.config)?;
    container.config.cpu = args.cpu.map(|cpu| cpu as u8);
    bar.spin("packing");
    let image = container.pack()?.0;
    drop(container);
    let Translated { functions, index, report } = args.aot.translate(&image, kernel::KERNEL_RUN, false, bar)?;
    if functions.is_empty() {
        return Ok((Parts { code: kernel::KERNEL_RUN.to_vec(), image }, report));
    }
    Ok((kernel::with_functions(&image, link::Ahead { functions: &functions, index: &index })?, report))
}

/// What the flags say, for page/brainworm.js.
fn settings(args: &WebArgs) -> Outcome<Value> {
    let text = |flag: &str, value: &OsStr| match value.to_str() {
        Some(value) => Ok(Value::from(value)),
        None => Err(Failure::new(format!("{flag} {}: is not UTF-8, as a page needs it", value.display()))),
    };
    let mut settings = Map::new();
    let container = &args.container;
    for (name, flag, value) in [
        ("entrypoint", "--entrypoint", &container.entrypoint),
        ("workdir", "-w", container.workdir()?),
        ("user", "-u", &container.user),
    ] {
        if let Some(value) = value {
            settings.insert(name.into(), text(flag, value)?);
        }
    }
    let env = container.environment()?;
    let env = env.iter().map(|variable| text("-e", OsStr::from_bytes(variable))).collect::<Outcome<Vec<_>>>()?;
    settings.insert("env".into(), env.into());
    Ok(settings.into())
}

/// gzip without a name or time: the same image gives the same bytes.
fn compress(image: &[u8]) -> Outcome<Vec<u8>> {
    let failed = |e| Failure::because("the image cannot be compressed", e);
    let mut gzip: GzEncoder<Vec<u8>> = GzBuilder::new().write(Vec::new(), Compression::default());
    gzip.write_all(image).map_err(failed)?;
    gzip.finish().map_err(failed)
}

/// What the page calls the container: the file's name without what says its format.
fn title(image: &OsStr) -> String {
    let name = Path::new(image).file_name().unwrap_or(image).to_string_lossy().into_owned();
    let ends = [".gz", ".zst", ".tgz", ".tar", ".oci", ".wasm"];
    let name = ends.iter().fold(&*name, |name, end| name.strip_suffix(end).unwrap_or(name));
    name.strip_prefix("rootfs:").unwrap_or(name).to_string()
}

fn short_digest(bytes: &[u8]) -> String {
    crate::cache::digest(bytes)[..16].to_string()
}

/// True when a folder holds a site of ours and nothing else, so that another may take its place.
fn is_ours(folder: &Path, names: &[String]) -> bool {
    let is_site = std::fs::read(folder.join(SITE)).is_ok_and(|site| site.starts_with(MARK.as_bytes()));
    let is_part = |name: &String| {
        let is_numbered = |head: &str, end: &str| name.starts_with(head) && name.ends_with(end);
        PARTS.unwrap_or_default().iter().any(|(part, _)| part == name)
            || name == SITE
            || is_numbered("kernel.", ".wasm")
            || is_numbered("image.", ".bin")
    };
    is_site && names.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles_are_names_without_formats() {
        for (image, expect) in
            [("a/debian.tar.gz", "debian"), ("app.wasm", "app"), ("rootfs:tree", "tree"), ("box.tgz", "box")]
        {
            assert_eq!(super::title(std::ffi::OsStr::new(image)), expect);
        }
    }
}
