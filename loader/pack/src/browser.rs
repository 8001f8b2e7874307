//! What browsers refuse, found while building and not by whoever opens the page.
//!
//! The limits are those that the WebAssembly JavaScript interface names ("Limits"), which all browsers share.

use crate::error::{Error, Result};
use wasmparser::{ExternalKind, Parser, Payload};

/// Bytes of a module.
const MODULE_MAX: usize = 1 << 30;
/// Functions of a module, imported ones included.
const FUNCTIONS_MAX: u32 = 1_000_000;
/// Bytes of a function.
const FUNCTION_MAX: u64 = 7_654_321;
/// Locals of a function, parameters included.
const LOCALS_MAX: u32 = 50_000;
/// Bytes of an image and what belongs to it: a page has 4 GiB in all, and the guest needs some.
const IMAGE_MAX: usize = 3 << 30;
/// An export that every kernel has which a host can drive.
const DRIVEN: &str = "bw_run";

/// Refuses what no browser could run: `code` is the kernel's module with translated functions, `image` what goes into
/// its memory.
pub fn check(code: &[u8], image: &[u8]) -> Result<()> {
    if code.len() > MODULE_MAX {
        return Err(too_much("the module has", code.len() as u64 >> 20, "MiB", MODULE_MAX as u64 >> 20));
    }
    if image.len() > IMAGE_MAX {
        return Err(too_much("the packed image has", image.len() as u64 >> 20, "MiB", IMAGE_MAX as u64 >> 20));
    }
    let malformed = |e| Error::because("the module cannot be read", e);
    let (mut functions, mut is_driven) = (0, false);
    for payload in Parser::new(0).parse_all(code) {
        match payload.map_err(malformed)? {
            Payload::FunctionSection(section) => functions += section.count(),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(malformed)?;
                    is_driven |= export.name == DRIVEN && export.kind == ExternalKind::Func;
                }
            }
            Payload::CodeSectionEntry(body) => {
                let len = body.range().end - body.range().start;
                if len > FUNCTION_MAX {
                    return Err(too_much("a translated function has", len, "bytes", FUNCTION_MAX));
                }
                let mut locals = 0u32;
                for local in body.get_locals_reader().map_err(malformed)? {
                    locals = locals.saturating_add(local.map_err(malformed)?.0);
                }
                if locals > LOCALS_MAX {
                    return Err(too_much("a translated function has", locals.into(), "locals", LOCALS_MAX.into()));
                }
            }
            _ => {}
        }
    }
    if functions > FUNCTIONS_MAX {
        return Err(too_much("the module has", functions.into(), "functions", FUNCTIONS_MAX.into()));
    }
    match is_driven {
        true => Ok(()),
        false => Err(Error::new("it was built by another version of brainworm: build it again")),
    }
}

fn too_much(what: &str, is: u64, unit: &str, max: u64) -> Error {
    Error::new(format!("{what} {is} {unit}: browsers take {max}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, ExportKind, ExportSection, Function, FunctionSection, Module, TypeSection, ValType,
    };

    fn module(export: &str, locals: u32, len: usize) -> Vec<u8> {
        let (mut types, mut functions, mut exports) =
            (TypeSection::new(), FunctionSection::new(), ExportSection::new());
        types.ty().function([], []);
        functions.function(0);
        exports.export(export, ExportKind::Func, 0);
        let mut function = Function::new([(locals, ValType::I32)]);
        (0..len).for_each(|_| {
            function.instructions().nop();
        });
        function.instructions().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    #[test]
    fn what_browsers_refuse_is_refused() {
        let refusal = |wasm: &[u8]| check(wasm, &[]).map_err(|e| e.to_string());
        assert_eq!(refusal(&module("bw_run", LOCALS_MAX, 10)), Ok(()));
        for (wasm, word) in [
            (module("bw_run", LOCALS_MAX + 1, 10), "50001 locals"),
            (module("bw_run", 1, FUNCTION_MAX as usize), "bytes: browsers take 7654321"),
            (module("other", 1, 10), "another version"),
            (b"\0asm".to_vec(), "cannot be read"),
        ] {
            let said = refusal(&wasm).unwrap_err();
            assert!(said.contains(word), "{said}");
        }
        // Not touched, so not there.
        let image = vec![0; IMAGE_MAX + 1];
        assert!(check(&module("bw_run", 1, 1), &image).unwrap_err().to_string().contains("3072"));
    }
}
