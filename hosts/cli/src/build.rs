//! `brainworm build`: an image becomes one wasm file.

use crate::aot::{self, Choice, Profile, Translated};
use crate::args::{BuildArgs, Target};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::output::write_whole;
use crate::progress::Bar;
use crate::run::train;
use brainworm_pack::link;
use serde_json::json;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

/// Builds and says what it built.
pub(crate) fn build(args: &BuildArgs) -> Outcome {
    args.check()?;
    let mut bar = Bar::new(args.json);
    if kernel::is_wasm(&args.image) {
        return Err(Failure::new(format!("{}: is a wasm file already: build takes an image", args.image.display())));
    }
    let mut container = kernel::load(&args.image, &mut bar)?;
    args.container.configure(&mut container.config)?;
    let kernel = match args.target {
        Target::Wasi => kernel::KERNEL,
        Target::Component => kernel::COMPONENT,
        Target::Http => {
            args.http.configure(&mut container.config)?;
            kernel::HTTP
        }
    };
    bar.spin("packing");
    let (image, figures) = container.pack()?;
    drop(container);
    let translated = translate(&image, kernel, args, &mut bar)?;
    let ahead = link::Ahead { functions: &translated.functions, index: &translated.index };
    let linked = write_whole(&args.output, |out| Ok(link::link(kernel, &image, ahead, out)?))?;
    let report = &translated.report;
    bar.clear();
    let name = args.output.display();
    if args.json {
        let report = json!({
            "output": name.to_string(),
            "bytes": linked.bytes,
            "kernel_bytes": kernel.len(),
            "image_bytes": figures.image_bytes,
            "file_bytes": figures.file_bytes,
            "stored_bytes": figures.stored_bytes,
            "inodes": figures.inodes,
            "mapped_files": figures.mapped_files,
            "memory_bytes": linked.memory,
            "aot_functions": report.functions,
            "aot_functions_wanted": report.wanted,
            "aot_entries": report.entries,
            "aot_bytes": report.bytes,
            "aot_share_of_training": report.covered,
        });
        println!("{report}");
    } else {
        eprintln!("{name}: {:.1} MiB, {} files and directories", linked.bytes as f64 / 1048576.0, figures.inodes);
        if report.functions > 0 {
            eprintln!(
                "{name}: {} of {} functions translated to {:.1} MiB of wasm, {:.1}% of what training ran",
                report.functions,
                report.wanted,
                report.bytes as f64 / 1048576.0,
                report.covered * 100.0
            );
        }
    }
    Ok(0)
}

/// Trains and translates as the flags say.
fn translate(image: &[u8], kernel: &[u8], args: &BuildArgs, bar: &mut Bar) -> Outcome<Translated> {
    let is = |what: &str| args.aot.iter().any(|word| word == what);
    let files: Vec<&OsString> =
        args.aot.iter().filter(|word| !["off", "profile", "all"].iter().any(|known| word == known)).collect();
    let is_wanted = !args.aot.is_empty() || !args.train.is_empty() || args.profile.is_some();
    if !is_wanted || is("off") {
        return Ok(Translated::default());
    }
    let digest = crate::cache::digest(image);
    let mut profile = Profile::new(&digest);
    match &args.profile {
        Some(path) if args.train.is_empty() => profile = Profile::load(path, &digest)?,
        _ if is("profile") || !args.train.is_empty() => {
            let mut commands = args.train.iter().map(|c| train::words(c.as_bytes())).collect::<Outcome<Vec<_>>>()?;
            if commands.is_empty() {
                commands.push(Vec::new());
            }
            for words in &commands {
                profile.add(&train::train(image, words, bar)?);
            }
        }
        _ => {}
    }
    if let Some(path) = args.profile.as_ref().filter(|_| !args.train.is_empty()) {
        write_whole(path, |out| {
            out.write_all(profile.text().as_bytes()).map_err(|e| Failure::because(path.display(), e))
        })?;
    }
    bar.spin("translating");
    let files = files.iter().map(|file| file.as_bytes().to_vec()).collect();
    let choice = Choice { profile, all: is("all"), files, size: crate::args::size(&args.aot_size)? as usize };
    aot::translate(image, &choice, link::room(kernel)?)
}
