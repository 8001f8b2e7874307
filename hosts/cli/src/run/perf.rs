//! `--perf-map`: where compiled functions lie, in the file in which perf(1) looks for code that no file on disk has
//! (tools/perf/Documentation/jit-interface.txt in Linux).

use crate::failure::{Failure, Outcome};
use std::fs::File;
use std::io::{BufWriter, Write};
use wasmtime::Module;

/// The file.
pub(crate) struct PerfMap(BufWriter<File>);

impl PerfMap {
    /// An empty one for this process.
    pub(crate) fn create() -> Outcome<PerfMap> {
        let path = format!("/tmp/perf-{}.map", std::process::id());
        // One of an earlier process may be there, and nobody's link is followed.
        let _ = std::fs::remove_file(&path);
        let file = File::create_new(&path).map_err(|e| Failure::because(format_args!("--perf-map: {path}"), e))?;
        Ok(PerfMap(BufWriter::new(file)))
    }

    /// The functions of a module: by their names, which are those of guest code, or else by number.
    pub(crate) fn note(&mut self, module: &Module) {
        let text = module.text().as_ptr().addr();
        for function in module.functions() {
            let (at, number) = (text + function.offset, function.index.as_u32());
            let name = function.name.unwrap_or_else(|| format!("wasm_{number}"));
            // A profile without some names is no reason to end the guest.
            let _ = writeln!(self.0, "{at:x} {:x} {name}", function.len);
        }
        let _ = self.0.flush();
    }
}
