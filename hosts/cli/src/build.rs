//! `brainworm build`: an image becomes one wasm file.

use crate::args::BuildArgs;
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::output::write_whole;
use crate::progress::Bar;
use brainworm_abi::image::ContainerConfig;
use brainworm_pack::link;
use serde_json::json;
use std::os::unix::ffi::OsStrExt;

/// Builds and says what it built.
pub(crate) fn build(args: &BuildArgs) -> Outcome {
    args.check()?;
    let mut bar = Bar::new(args.json);
    if kernel::is_wasm(&args.image) {
        return Err(Failure::new(format!("{}: is a wasm file already: build takes an image", args.image.display())));
    }
    let mut container = kernel::load(&args.image, &mut bar)?;
    configure(&mut container.config, args)?;
    bar.spin("packing");
    let (image, figures) = container.pack()?;
    drop(container);
    let linked = write_whole(&args.output, |out| Ok(link::link(kernel::KERNEL, &image, out)?))?;
    bar.clear();
    let name = args.output.display();
    if args.json {
        let report = json!({
            "output": name.to_string(),
            "bytes": linked.bytes,
            "kernel_bytes": kernel::KERNEL.len(),
            "image_bytes": figures.image_bytes,
            "file_bytes": figures.file_bytes,
            "stored_bytes": figures.stored_bytes,
            "inodes": figures.inodes,
            "mapped_files": figures.mapped_files,
            "memory_bytes": linked.memory,
        });
        println!("{report}");
    } else {
        eprintln!("{name}: {:.1} MiB, {} files and directories", linked.bytes as f64 / 1048576.0, figures.inodes);
    }
    Ok(0)
}

/// Writes what the user wants into the configuration.
fn configure(config: &mut ContainerConfig, args: &BuildArgs) -> Outcome<()> {
    if let Some(entrypoint) = &args.entrypoint {
        config.entrypoint = if entrypoint.is_empty() { Vec::new() } else { vec![entrypoint.as_bytes().to_vec()] };
        config.cmd.clear();
    }
    for variable in kernel::environment(&args.env)? {
        brainworm_loader::start::set(&mut config.env, &variable);
    }
    if let Some(directory) = &args.workdir {
        if !directory.as_bytes().starts_with(b"/") {
            return Err(Failure::new(format!("-w {}: the directory must be absolute", directory.display())));
        }
        config.working_dir = directory.as_bytes().to_vec();
    }
    if let Some(user) = &args.user {
        config.user = user.as_bytes().to_vec();
    }
    Ok(())
}
