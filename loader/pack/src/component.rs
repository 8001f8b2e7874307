//! Components (the component model's binary format) around a kernel's module: a component made of the kernel alone
//! becomes one with an image when its module is replaced. All other sections stay byte for byte.

use crate::error::{Error, Result};
use crate::link::{Ahead, Linked, has_slot, leb, link_module};
use std::io::Write;
use std::ops::Range;
use wasm_encoder::Encode;

/// Magic, version 13, layer 1.
const HEADER: [u8; 8] = *b"\0asm\x0d\x00\x01\x00";
const CORE_MODULE: u8 = 1;

/// True for a component, false for a module or anything else.
pub fn is_component(wasm: &[u8]) -> bool {
    wasm.starts_with(&HEADER)
}

/// The kernel's module: what is given, or the one of its modules with a place for an image.
pub fn module(wasm: &[u8]) -> Result<&[u8]> {
    if !is_component(wasm) {
        return Ok(wasm);
    }
    Ok(&wasm[place(wasm)?.1])
}

/// The section with the kernel's module, and its contents.
fn place(component: &[u8]) -> Result<(Range<usize>, Range<usize>)> {
    let mut at = HEADER.len();
    while let Some((&id, rest)) = component[at..].split_first() {
        let cut = || Error::new("the component ends amid a section");
        let len_bytes = rest.iter().position(|b| b & 0x80 == 0).filter(|&n| n < 5).ok_or_else(cut)? + 1;
        let (len, _) = leb(rest);
        let start = at + 1 + len_bytes;
        let end = start.checked_add(len as usize).filter(|&end| end <= component.len()).ok_or_else(cut)?;
        if id == CORE_MODULE && has_slot(&component[start..end]) {
            return Ok((at..end, start..end));
        }
        at = end;
    }
    Err(Error::new("no module of the component has a place for an image"))
}

/// Writes `component` with `image` inside its kernel.
pub(crate) fn link(component: &[u8], image: &[u8], ahead: Ahead<'_>, out: &mut dyn Write) -> Result<Linked> {
    let (section, module) = place(component)?;
    // Its length comes first: it is written twice, once to nowhere.
    let linked = link_module(&component[module.clone()], image, ahead, &mut std::io::sink())?;
    let len = u32::try_from(linked.bytes).map_err(|_| Error::new("kernel and image do not fit a component"))?;
    let mut head = vec![CORE_MODULE];
    len.encode(&mut head);
    let write = |out: &mut dyn Write, bytes: &[u8]| {
        out.write_all(bytes).map_err(|e| Error::because("the component cannot be written", e))
    };
    write(out, &component[..section.start])?;
    write(out, &head)?;
    link_module(&component[module], image, ahead, out)?;
    write(out, &component[section.end..])?;
    let around = component.len() - section.len() + head.len();
    Ok(Linked { bytes: linked.bytes + around as u64, ..linked })
}
