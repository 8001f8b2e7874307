//! `brainworm inspect`: what an image or a built file holds.

use crate::args::{Cpu, InspectArgs};
use crate::failure::{Failure, Outcome};
use crate::kernel;
use crate::progress::Bar;
use brainworm_abi::FileKind;
use brainworm_abi::image::{ContainerConfig, Image};
use serde_json::{Value, json};

/// Prints it, for people or as JSON.
pub(crate) fn inspect(args: &InspectArgs) -> Outcome {
    let mut bar = Bar::new(args.json);
    let (wasm_len, bytes) = if kernel::is_wasm(&args.image) {
        let (wasm, image) = kernel::read_wasm(&args.image)?;
        (Some(wasm.len()), image)
    } else {
        (None, kernel::load(&args.image, &mut bar)?.pack()?.0)
    };
    bar.clear();
    let broken = |e| Failure::because(args.image.display(), e);
    let image = Image::open(&bytes).map_err(broken)?;
    image.verify().map_err(broken)?;
    let config = image.config().map_err(broken)?;
    let mut report = describe(&config);
    let (mut files, mut file_bytes, mut mapped) = (0u64, 0u64, 0u64);
    for id in 1..=image.layout().inode_count {
        let inode = image.inode(id).map_err(broken)?;
        if inode.kind() == FileKind::Regular {
            files += 1;
            file_bytes += inode.size;
            mapped += inode.is_mappable() as u64;
        }
    }
    report["wasm_bytes"] = wasm_len.map_or(Value::Null, |len| json!(len));
    report["image_bytes"] = json!(bytes.len());
    report["inodes"] = json!(image.layout().inode_count);
    report["files"] = json!(files);
    report["file_bytes"] = json!(file_bytes);
    report["programs_and_libraries"] = json!(mapped);
    if args.json {
        println!("{report}");
    } else {
        print_lines(&report);
    }
    Ok(0)
}

fn describe(config: &ContainerConfig) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let list = |list: &[Vec<u8>]| list.iter().map(|item| text(item)).collect::<Vec<_>>();
    let labels: serde_json::Map<String, Value> = config.labels.iter().map(|(k, v)| (text(k), json!(text(v)))).collect();
    json!({
        "entrypoint": list(&config.entrypoint),
        "cmd": list(&config.cmd),
        "env": list(&config.env),
        "workdir": text(&config.working_dir),
        "user": text(&config.user),
        "exposed_ports": list(&config.exposed_ports),
        "stop_signal": config.stop_signal,
        "volumes": list(&config.volumes),
        "labels": labels,
        "cpu": config.cpu.and_then(Cpu::name),
    })
}

/// One line a field; empty ones are left out.
fn print_lines(report: &Value) {
    for (key, value) in report.as_object().into_iter().flatten() {
        let line = match value {
            Value::Null => continue,
            Value::String(text) if text.is_empty() => continue,
            Value::String(text) => text.clone(),
            Value::Array(items) if items.is_empty() => continue,
            Value::Object(map) if map.is_empty() => continue,
            Value::Number(n) if key == "stop_signal" && n.as_u64() == Some(0) => continue,
            other => other.to_string(),
        };
        println!("{:24}{line}", key.replace('_', " "));
    }
}
