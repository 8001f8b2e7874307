//! `brainworm build`: an image becomes one wasm file.

use crate::args::{BuildArgs, Target};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::output::write_whole;
use crate::progress::Bar;
use brainworm_pack::link;
use serde_json::json;

/// Builds and says what it built.
pub(crate) fn build(args: &BuildArgs) -> Outcome {
    args.check()?;
    let mut bar = Bar::new(args.json);
    if kernel::is_wasm(&args.image) {
        return Err(Failure::new(format!("{}: is a wasm file already: build takes an image", args.image.display())));
    }
    let mut container = kernel::load(&args.image, &mut bar)?;
    args.container.configure(&mut container.config)?;
    container.config.cpu = args.cpu.map(|cpu| cpu as u8);
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
    let translated = args.aot.translate(&image, kernel, true, &mut bar)?;
    let ahead = link::Ahead { functions: &translated.functions, index: &translated.index };
    let linked = write_whole(&args.output, |out| Ok(link::link(kernel, &image, ahead, out)?))?;
    let report = &translated.report;
    bar.clear();
    let name = args.output.display();
    if args.json {
        let mut json = json!({
            "output": name.to_string(),
            "bytes": linked.bytes,
            "kernel_bytes": kernel.len(),
            "image_bytes": figures.image_bytes,
            "file_bytes": figures.file_bytes,
            "stored_bytes": figures.stored_bytes,
            "inodes": figures.inodes,
            "mapped_files": figures.mapped_files,
            "memory_bytes": linked.memory,
        });
        report.add_to(&mut json);
        println!("{json}");
    } else {
        eprintln!("{name}: {:.1} MiB, {} files and directories", linked.bytes as f64 / 1048576.0, figures.inodes);
        if let Some(line) = report.line() {
            eprintln!("{name}: {line}");
        }
    }
    Ok(0)
}
