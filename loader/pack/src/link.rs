//! Joins the kernel's module and a packed image into one wasm file, and takes the image out of one again. A kernel that
//! is a component (`component`) stays one.
//!
//! The image goes into linear memory above everything the linker placed (stack, data: below `__heap_base`) at a page
//! boundary, as active data segments without its stretches of zeros. The module's slot (`abi::image::SLOT_SYMBOL`)
//! gets its address and length, and the memory starts large enough. Code translated ahead of time ([`Ahead`]) is appended:
//! functions, places in the module's one table, and behind the image the index that the engine finds them by. All other
//! sections stay byte for byte: function, table and type indices are never renumbered. Whoever allocates memory in the
//! module does so by `memory.grow`.

use crate::component;
use crate::error::{Error, Result};
use brainworm_abi::PAGE_SIZE;
use brainworm_abi::image::{Image, SLOT_EMPTY, SLOT_SYMBOL, SLOT_WORDS};
use std::io::Write;
use std::ops::Range;
use wasm_encoder::{ConstExpr, Encode, MemorySection, MemoryType};
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload};

const WASM_PAGE: u64 = 65536;
/// Stretches of zeros at least this long are left out; one costs about ten bytes of headers.
const ZEROS_MIN: usize = 256;
/// Engines take 100,000 segments; the kernel's own need some.
const SEGMENTS_MAX: usize = 90_000;
/// Engines that pool memory give a module one table of so many elements.
const ELEMENTS_MAX: u32 = 20_000;
/// Export of the function that does one instruction for code translated ahead of time.
const STEP: &str = "bw_step";
const TYPE_SECTION: u8 = 1;
const FUNCTION_SECTION: u8 = 3;
const TABLE_SECTION: u8 = 4;
const MEMORY_SECTION: u8 = 5;
const ELEMENT_SECTION: u8 = 9;
const CODE_SECTION: u8 = 10;
const DATA_SECTION: u8 = 11;

/// Code translated ahead of time.
#[derive(Clone, Copy, Default)]
pub struct Ahead<'a> {
    /// Bodies of functions of type `(i32, i32, i32) -> i32`, as in a code section without their length. The n-th gets
    /// the place [`Room::element`] + n of the table and is function [`Room::function`] + n.
    pub functions: &'a [Vec<u8>],
    /// What the engine finds them by (`brainworm_cpu::ahead`).
    pub index: &'a [u8],
}

/// Where appended functions come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// First free function index.
    pub function: u32,
    /// First free place in the table.
    pub element: u32,
    /// Functions that can be added.
    pub count: u32,
    /// Index of their type.
    pub kind: u32,
    /// Index of the kernel's function that does an instruction they have no code for (`bw_step`).
    pub step: Option<u32>,
}

/// Where functions appended to `kernel` come.
pub fn room(kernel: &[u8]) -> Result<Room> {
    let module = Module::parse(component::module(kernel)?)?;
    let element = module.table.map_or(0, |table| table.initial as u32);
    let count = ELEMENTS_MAX.saturating_sub(element);
    Ok(Room { function: module.functions, element, count, kind: module.types, step: module.step })
}

/// What was joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Linked {
    /// Address of the image.
    pub image_at: u32,
    /// Memory the module begins with, in bytes.
    pub memory: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Writes `kernel` with `image` inside.
pub fn link(kernel: &[u8], image: &[u8], ahead: Ahead<'_>, out: &mut dyn Write) -> Result<Linked> {
    if component::is_component(kernel) {
        return component::link(kernel, image, ahead, out);
    }
    link_module(kernel, image, ahead, out)
}

/// True for a module with a place for an image.
pub(crate) fn has_slot(wasm: &[u8]) -> bool {
    Module::parse(wasm).is_ok_and(|module| module.slot_place().is_ok())
}

pub(crate) fn link_module(kernel: &[u8], image: &[u8], ahead: Ahead<'_>, out: &mut dyn Write) -> Result<Linked> {
    let module = Module::parse(kernel)?;
    if module.slot_words()? != [SLOT_EMPTY; SLOT_WORDS] {
        return Err(Error::new("the kernel module has an image already"));
    }
    let image_at = (module.heap_base as u64).next_multiple_of(PAGE_SIZE as u64);
    let index_at = image_at + image.len() as u64;
    let end = index_at + ahead.index.len() as u64;
    if end > u32::MAX as u64 {
        return Err(Error::new(format!(
            "kernel and image have {} MiB together, too much for a 32-bit memory",
            end >> 20
        )));
    }
    let pages = end.div_ceil(WASM_PAGE).max(module.memory.minimum);
    if module.memory.maximum.is_some_and(|maximum| maximum < pages) {
        return Err(Error::new("the kernel module does not allow a memory this large"));
    }

    let slot = [image_at, image.len() as u64, index_at, ahead.index.len() as u64].map(|word| word as u32);
    let added = match ahead.functions {
        [] => Added::default(),
        functions => Added::new(&module, functions)?,
    };
    let mut sink = Counted { out, bytes: 0 };
    sink.write(&kernel[..8])?;
    for (id, range) in &module.sections {
        match *id {
            MEMORY_SECTION => {
                sink.section(MEMORY_SECTION, &[&memory_section(MemoryType { minimum: pages, ..module.memory })])?;
            }
            DATA_SECTION => write_data(&module, slot, image, ahead.index, &mut sink)?,
            TABLE_SECTION if !added.table.is_empty() => sink.section(TABLE_SECTION, &[&added.table])?,
            id => {
                let body = &kernel[range.clone()];
                match added.entries.iter().find(|(section, ..)| *section == id) {
                    None => sink.section(id, &[body])?,
                    Some((_, more, bytes)) => {
                        let (count, rest) = leb(body);
                        let mut head = Vec::new();
                        (count + more).encode(&mut head);
                        let mut parts = vec![&head[..], rest];
                        parts.extend(bytes.iter().map(|bytes| &bytes[..]));
                        sink.section(id, &parts)?;
                    }
                }
            }
        }
    }
    Ok(Linked { image_at: image_at as u32, memory: pages * WASM_PAGE, bytes: sink.bytes })
}

/// What appended functions add to the sections.
#[derive(Default)]
struct Added<'a> {
    /// The table section, whole.
    table: Vec<u8>,
    /// Section, how many entries more, and their bytes.
    entries: Vec<(u8, u32, Vec<std::borrow::Cow<'a, [u8]>>)>,
}

impl<'a> Added<'a> {
    fn new(module: &Module<'_>, functions: &'a [Vec<u8>]) -> Result<Added<'a>> {
        let not_ours = || Error::new("it is no module of brainworm: functions cannot be added");
        let table = module.table.ok_or_else(not_ours)?;
        let count = functions.len() as u32;
        let size = table.initial as u32 + count;
        if size > ELEMENTS_MAX {
            return Err(Error::new(format!("{size} functions in the table: engines take {ELEMENTS_MAX}")));
        }
        let mut body = vec![1];
        body.extend([0x70, table.maximum.is_some() as u8]);
        size.encode(&mut body);
        if table.maximum.is_some() {
            size.encode(&mut body);
        }
        // The type is added at the end of the list: other indices stay.
        let mut kinds = Vec::new();
        (0..count).for_each(|_| module.types.encode(&mut kinds));
        let mut elements = vec![0];
        ConstExpr::i32_const(table.initial as i32).encode(&mut elements);
        count.encode(&mut elements);
        (0..count).for_each(|number| (module.functions + number).encode(&mut elements));
        let mut bodies = Vec::new();
        for function in functions {
            let mut len = Vec::new();
            function.len().encode(&mut len);
            bodies.extend([len.into(), function[..].into()]);
        }
        let i32x3_to_i32 = vec![0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f];
        let entries = vec![
            (TYPE_SECTION, 1, vec![i32x3_to_i32.into()]),
            (FUNCTION_SECTION, count, vec![kinds.into()]),
            (ELEMENT_SECTION, 1, vec![elements.into()]),
            (CODE_SECTION, count, bodies),
        ];
        let has = |id: u8| module.sections.iter().any(|(section, _)| *section == id);
        if !has(TABLE_SECTION) || !entries.iter().all(|(id, ..)| has(*id)) {
            return Err(not_ours());
        }
        Ok(Added { table: body, entries })
    }
}

/// Takes the packed image out of a module that `link` wrote.
pub fn extract(wasm: &[u8]) -> Result<Vec<u8>> {
    let module = Module::parse(component::module(wasm)?)?;
    let [at, len, ..] = image_words(&module)?;
    contents(&module, at, len)
}

/// A module that `link` wrote, taken apart.
pub struct Parts {
    /// The kernel with the functions added to it, and no image.
    pub code: Vec<u8>,
    /// The packed image, and right behind it the index of the functions, if there is one.
    pub image: Vec<u8>,
}

/// Takes a module (no component) apart that `link` wrote: for hosts that place the image themselves.
pub fn split(wasm: &[u8]) -> Result<Parts> {
    let module = Module::parse(wasm)?;
    let [at, len, _, index_len] = image_words(&module)?;
    let end = len.checked_add(index_len).ok_or_else(damaged)?;
    let mut image = contents(&module, at, len)?;
    if index_len > 0 {
        image.extend(contents_at(&module, at, end)?.get(len as usize..).unwrap_or_default());
    }
    let kernel: Vec<&Segment<'_>> = module.segments.iter().filter(|s| s.at.is_none_or(|start| start < at)).collect();
    let (slot_segment, slot_at) = module.slot_place()?;
    let mut data = Vec::new();
    kernel.len().encode(&mut data);
    for segment in kernel {
        write_segment_head(segment.at, segment.bytes.len(), &mut data);
        let start = data.len();
        data.extend(segment.bytes);
        if std::ptr::eq(segment, &module.segments[slot_segment]) {
            let words = &mut data[start + slot_at..][..4 * SLOT_WORDS];
            words.copy_from_slice([SLOT_EMPTY; SLOT_WORDS].map(u32::to_le_bytes).as_flattened());
        }
    }
    let mut code = Vec::new();
    let mut sink = Counted { out: &mut code, bytes: 0 };
    sink.write(&wasm[..8])?;
    for (id, range) in &module.sections {
        match *id {
            MEMORY_SECTION => {
                let minimum = (module.heap_base as u64).div_ceil(WASM_PAGE);
                sink.section(MEMORY_SECTION, &[&memory_section(MemoryType { minimum, ..module.memory })])?;
            }
            DATA_SECTION => sink.section(DATA_SECTION, &[&data])?,
            id => sink.section(id, &[&wasm[range.clone()]])?,
        }
    }
    Ok(Parts { code, image })
}

fn damaged() -> Error {
    Error::new("the image in the module is damaged: build it again")
}

fn image_words(module: &Module<'_>) -> Result<[u32; SLOT_WORDS]> {
    let words = module.slot_words()?;
    match words[0] {
        SLOT_EMPTY => Err(Error::new("the module has no image inside")),
        _ => Ok(words),
    }
}

/// The packed image at an address.
fn contents(module: &Module<'_>, at: u32, len: u32) -> Result<Vec<u8>> {
    let image = contents_at(module, at, len)?;
    Image::open(&image).map_err(|e| Error::because("the module", e))?;
    Ok(image)
}

/// What the segments put at an address.
fn contents_at(module: &Module<'_>, at: u32, len: u32) -> Result<Vec<u8>> {
    let stored: u64 = module.segments.iter().map(|s| s.bytes.len() as u64).sum();
    // What is left out is zeros: metadata alone keeps an honest image from being mostly that.
    if len as u64 > stored.saturating_mul(4096).saturating_add(WASM_PAGE) {
        return Err(damaged());
    }
    let mut image = vec![0; len as usize];
    for segment in &module.segments {
        let offset = segment.at.and_then(|segment_at| segment_at.checked_sub(at));
        // What comes behind the image is not of it.
        let Some(offset) = offset.filter(|offset| *offset < len) else { continue };
        let end = (offset as usize).checked_add(segment.bytes.len()).ok_or_else(damaged)?;
        image.get_mut(offset as usize..end).ok_or_else(damaged)?.copy_from_slice(segment.bytes);
    }
    Ok(image)
}

/// True when the bytes begin as a wasm module does.
pub fn is_wasm(head: &[u8]) -> bool {
    head.starts_with(b"\0asm")
}

/// What linking needs to know of a module.
struct Module<'a> {
    memory: MemoryType,
    heap_base: u32,
    slot: u32,
    segments: Vec<Segment<'a>>,
    /// The only table, if there is one and it has just as many elements as the linker needed.
    table: Option<wasmparser::TableType>,
    /// How many types and functions there are, imported ones included.
    types: u32,
    functions: u32,
    /// The exported function that does one instruction.
    step: Option<u32>,
    /// Id and contents of every section, in order.
    sections: Vec<(u8, Range<usize>)>,
}

struct Segment<'a> {
    /// `None`: passive.
    at: Option<u32>,
    bytes: &'a [u8],
}

impl<'a> Module<'a> {
    fn parse(wasm: &'a [u8]) -> Result<Module<'a>> {
        let malformed = |e| Error::because("it is no wasm module we can read", e);
        let not_ours = |what: &str| Error::new(format!("it is no module of brainworm: {what}"));
        let mut sections = Vec::new();
        let (mut globals, mut exports, mut memories, mut segments) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut imported_globals, mut step) = (0, None);
        let (mut types, mut functions, mut tables) = (0, 0, Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload.map_err(malformed)?;
            if let Some(section) = payload.as_section() {
                sections.push((section.0, section.1.start as usize..section.1.end as usize));
            }
            match payload {
                Payload::Version { encoding, .. } if encoding != wasmparser::Encoding::Module => {
                    return Err(not_ours("it is a component"));
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import.map_err(malformed)?.ty {
                            wasmparser::TypeRef::Global(_) => imported_globals += 1,
                            wasmparser::TypeRef::Func(_) => functions += 1,
                            _ => {}
                        }
                    }
                }
                // Every entry of ours is one type: `rec` groups would count for several.
                Payload::TypeSection(section) => types += section.count(),
                Payload::FunctionSection(section) => functions += section.count(),
                Payload::TableSection(section) => {
                    for table in section {
                        tables.push(table.map_err(malformed)?.ty);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        memories.push(memory.map_err(malformed)?);
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        globals.push(constant(&global.map_err(malformed)?.init_expr));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        match export.kind {
                            ExternalKind::Global => exports.push((export.name, export.index as usize)),
                            ExternalKind::Func if export.name == STEP => step = Some(export.index),
                            _ => {}
                        }
                    }
                }
                Payload::DataSection(section) => {
                    for data in section {
                        let data = data.map_err(malformed)?;
                        let at = match &data.kind {
                            DataKind::Passive => None,
                            DataKind::Active { memory_index: 0, offset_expr } => {
                                Some(constant(offset_expr).ok_or_else(|| not_ours("data at an unknown place"))?)
                            }
                            DataKind::Active { .. } => return Err(not_ours("it has several memories")),
                        };
                        segments.push(Segment { at, bytes: data.data });
                    }
                }
                _ => {}
            }
        }
        let symbol = |name: &str| {
            let index = exports.iter().find(|(export, _)| *export == name)?.1.checked_sub(imported_globals)?;
            *globals.get(index)?
        };
        let [memory] = memories[..] else { return Err(not_ours("it does not define one memory")) };
        Ok(Module {
            memory: MemoryType {
                minimum: memory.initial,
                maximum: memory.maximum,
                memory64: memory.memory64,
                shared: memory.shared,
                page_size_log2: memory.page_size_log2,
            },
            heap_base: symbol("__heap_base").ok_or_else(|| not_ours("it does not export __heap_base"))?,
            slot: symbol(SLOT_SYMBOL).ok_or_else(|| not_ours("it has no place for an image"))?,
            segments,
            table: match tables[..] {
                [table] if table.maximum.is_none_or(|maximum| maximum == table.initial) => Some(table),
                _ => None,
            },
            types,
            functions,
            step,
            sections,
        })
    }

    /// The segment that holds the slot, and the slot's place in it.
    fn slot_place(&self) -> Result<(usize, usize)> {
        let place = |segment: &Segment<'_>| {
            let offset = self.slot.checked_sub(segment.at?)? as usize;
            (offset.checked_add(4 * SLOT_WORDS)? <= segment.bytes.len()).then_some(offset)
        };
        let found = self.segments.iter().enumerate().find_map(|(i, segment)| Some((i, place(segment)?)));
        found.ok_or_else(|| Error::new("it is no module of brainworm: the place for an image has no bytes"))
    }

    fn slot_words(&self) -> Result<[u32; SLOT_WORDS]> {
        let (segment, at) = self.slot_place()?;
        let word = |at: usize| self.segments[segment].bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        Ok(core::array::from_fn(|i| word(at + 4 * i)))
    }
}

/// The value of an `i32.const` expression.
fn constant(expr: &wasmparser::ConstExpr<'_>) -> Option<u32> {
    match expr.get_operators_reader().read() {
        Ok(Operator::I32Const { value }) => Some(value as u32),
        _ => None,
    }
}

fn write_data(
    module: &Module<'_>,
    slot: [u32; SLOT_WORDS],
    image: &[u8],
    index: &[u8],
    sink: &mut Counted<'_>,
) -> Result<()> {
    let (slot_segment, slot_at) = module.slot_place()?;
    let [image_at, _, index_at, _] = slot;
    let mut patched = module.segments[slot_segment].bytes.to_vec();
    patched[slot_at..slot_at + 4 * SLOT_WORDS].copy_from_slice(slot.map(u32::to_le_bytes).as_flattened());

    let mut zeros_min = ZEROS_MIN;
    let mut pieces = pieces(image, zeros_min);
    while pieces.len() > SEGMENTS_MAX {
        zeros_min *= 2;
        pieces = self::pieces(image, zeros_min);
    }
    let mut heads = Vec::new();
    let mut parts: Vec<(Range<usize>, &[u8])> = Vec::new();
    let own = module.segments.iter().enumerate();
    let own = own.map(|(i, segment)| (segment.at, if i == slot_segment { &patched[..] } else { segment.bytes }));
    let added = pieces.iter().map(|piece| (Some(image_at + piece.start as u32), &image[piece.clone()]));
    let index = Some((Some(index_at), index)).filter(|(_, index)| !index.is_empty());
    for (at, bytes) in own.chain(added).chain(index) {
        let start = heads.len();
        write_segment_head(at, bytes.len(), &mut heads);
        parts.push((start..heads.len(), bytes));
    }
    let mut count = Vec::new();
    parts.len().encode(&mut count);
    let body: Vec<&[u8]> =
        [&count[..]].into_iter().chain(parts.iter().flat_map(|(head, bytes)| [&heads[head.clone()], bytes])).collect();
    sink.section(DATA_SECTION, &body)
}

/// What comes before a data segment's bytes; without an address it is passive.
fn write_segment_head(at: Option<u32>, len: usize, into: &mut Vec<u8>) {
    match at {
        None => into.push(1),
        Some(at) => {
            into.push(0);
            ConstExpr::i32_const(at as i32).encode(into);
        }
    }
    len.encode(into);
}

/// The contents of a memory section.
fn memory_section(memory: MemoryType) -> Vec<u8> {
    let (mut section, mut body) = (MemorySection::new(), Vec::new());
    section.memory(memory);
    section.encode(&mut body);
    body.split_off(leb_len(&body))
}

/// The parts of the image that are not long stretches of zeros.
fn pieces(image: &[u8], zeros_min: usize) -> Vec<Range<usize>> {
    let mut pieces: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(skip) = image[at..].iter().position(|&b| b != 0) {
        let start = at + skip;
        let run = image[start..].iter().position(|&b| b == 0).unwrap_or(image.len() - start);
        let end = start + run;
        match pieces.last_mut() {
            Some(last) if start - last.end < zeros_min => last.end = end,
            _ => pieces.push(start..end),
        }
        at = end;
    }
    pieces
}

fn leb_len(bytes: &[u8]) -> usize {
    bytes.iter().position(|b| b & 0x80 == 0).map_or(bytes.len(), |last| last + 1)
}

/// The number at the start of a section, and what follows it.
pub(crate) fn leb(bytes: &[u8]) -> (u32, &[u8]) {
    let (head, rest) = bytes.split_at(leb_len(bytes).min(bytes.len()));
    (head.iter().rev().fold(0, |value, b| value << 7 | (b & 0x7f) as u32), rest)
}

struct Counted<'a> {
    out: &'a mut dyn Write,
    bytes: u64,
}

impl Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(|e| Error::because("cannot write the module", e))
    }
    fn section(&mut self, id: u8, body: &[&[u8]]) -> Result<()> {
        let mut head = vec![id];
        let len: usize = body.iter().map(|part| part.len()).sum();
        let len = u32::try_from(len).map_err(|_| Error::new("a section of the module is over 4 GiB"))?;
        len.encode(&mut head);
        self.write(&head)?;
        body.iter().try_for_each(|part| self.write(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{
        CodeSection, DataSection, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection,
        GlobalSection, GlobalType, RefType, TableSection, TableType, TypeSection, ValType,
    };

    /// A module with nothing but what linking needs; the heap begins at 70,000.
    fn stub(slot: u32, maximum: Option<u64>) -> Vec<u8> {
        let mut module = wasm_encoder::Module::new();
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 2, maximum, memory64: false, shared: false, page_size_log2: None });
        let mut globals = GlobalSection::new();
        for value in [70_000, 1032] {
            let ty = GlobalType { val_type: ValType::I32, mutable: false, shared: false };
            globals.global(ty, &ConstExpr::i32_const(value));
        }
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("__heap_base", ExportKind::Global, 0);
        exports.export(SLOT_SYMBOL, ExportKind::Global, 1);
        let mut data = DataSection::new();
        let bytes = [b"ownbytes".to_vec(), slot.to_le_bytes().repeat(SLOT_WORDS)].concat();
        data.active(0, &ConstExpr::i32_const(1024), bytes);
        let (mut types, mut functions, mut tables) = (TypeSection::new(), FunctionSection::new(), TableSection::new());
        types.ty().function([], []);
        functions.function(0).function(0);
        let element_type = RefType::FUNCREF;
        tables.table(TableType { element_type, table64: false, minimum: 2, maximum: Some(2), shared: false });
        exports.export(STEP, ExportKind::Func, 1);
        let (mut elements, mut code) = (ElementSection::new(), CodeSection::new());
        elements.active(None, &ConstExpr::i32_const(1), Elements::Functions([0].as_slice().into()));
        code.function(&empty()).function(&empty());
        module.section(&types).section(&functions).section(&tables).section(&memories).section(&globals);
        module.section(&exports).section(&elements).section(&code).section(&data);
        module.finish()
    }

    fn empty() -> Function {
        let mut function = Function::new([]);
        function.instructions().end();
        function
    }

    fn image(len: usize) -> Vec<u8> {
        let mut image = crate::Container::default().pack().unwrap().0;
        assert_eq!(image.len(), 4096);
        image.resize(len, 0);
        image[16..24].copy_from_slice(&(len as u64).to_le_bytes());
        image[len - 5000] = 7;
        image
    }

    #[test]
    fn an_image_goes_in_and_comes_out() {
        let image = image(40 * 4096);
        let mut wasm = Vec::new();
        let linked = link(&stub(SLOT_EMPTY, None), &image, Ahead::default(), &mut wasm).unwrap();
        assert_eq!((linked.image_at, linked.bytes), (73728, wasm.len() as u64));
        assert_eq!(linked.memory, 4 * WASM_PAGE, "73728 + 163840 bytes");
        assert!(wasm.len() < 1100, "zeros stay out, but {} bytes", wasm.len());
        wasmparser::validate(&wasm).unwrap();
        assert_eq!(extract(&wasm).unwrap(), image);
        assert!(link(&wasm, &image, Ahead::default(), &mut Vec::new()).is_err(), "one image a module");
    }

    #[test]
    fn functions_are_added_and_the_parts_come_out() {
        let (kernel, image) = (stub(SLOT_EMPTY, None), image(40 * 4096));
        let mut answer = Function::new([]);
        answer.instructions().i32_const(42).end();
        let functions = vec![answer.into_raw_body(); 300];
        let room = room(&kernel).unwrap();
        assert_eq!(
            (room.function, room.element, room.count, room.kind, room.step),
            (2, 2, ELEMENTS_MAX - 2, 1, Some(1)),
            "behind what is there"
        );
        let ahead = Ahead { functions: &functions, index: b"the index" };
        let mut wasm = Vec::new();
        link(&kernel, &image, ahead, &mut wasm).unwrap();
        wasmparser::validate(&wasm).unwrap();
        assert_eq!(extract(&wasm).unwrap(), image);
        let parts = split(&wasm).unwrap();
        wasmparser::validate(&parts.code).unwrap();
        assert_eq!(parts.image, [&image[..], b"the index"].concat());
        let mut again = Vec::new();
        link(&parts.code, &image, Ahead { functions: &[], index: b"the index" }, &mut again).unwrap();
        assert!(again == wasm, "the code is the kernel with the functions");
        let many = vec![functions[0].clone(); room.count as usize + 1];
        assert!(link(&kernel, &image, Ahead { functions: &many, index: b"" }, &mut Vec::new()).is_err());
        for cut in (0..wasm.len()).step_by(7) {
            assert!(split(&wasm[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn modules_that_are_not_ours_are_refused() {
        let empty = wasm_encoder::Module::new().finish();
        for wasm in [b"".as_slice(), b"\0asm", b"not wasm at all", &empty, &stub(SLOT_EMPTY, None), &stub(0, None)] {
            assert!(extract(wasm).is_err());
        }
        assert!(link(&stub(0, None), &image(8192), Ahead::default(), &mut Vec::new()).is_err());
        assert!(link(&stub(SLOT_EMPTY, Some(2)), &image(40 * 4096), Ahead::default(), &mut Vec::new()).is_err());
        let mut wasm = Vec::new();
        link(&stub(SLOT_EMPTY, None), &image(8192), Ahead::default(), &mut wasm).unwrap();
        for cut in 0..wasm.len() {
            assert!(extract(&wasm[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_component_stays_one() {
        let (mut other, mut kernel) = (wasm_encoder::Module::new(), stub(SLOT_EMPTY, None));
        other.section(&TypeSection::new());
        let section = |id: u8, bytes: &[u8]| {
            let mut section = vec![id];
            bytes.len().encode(&mut section);
            [section, bytes.to_vec()].concat()
        };
        let around = |kernel: &[u8]| {
            let custom = section(0, b"\x04name");
            [b"\0asm\x0d\0\x01\0".to_vec(), section(1, &other.clone().finish()), section(1, kernel), custom].concat()
        };
        let component = around(&kernel);
        wasmparser::validate(&component).unwrap();
        assert_eq!(room(&component).unwrap(), room(&kernel).unwrap());
        let (mut module, mut wasm) = (Vec::new(), Vec::new());
        link(&kernel, &image(8192), Ahead::default(), &mut module).unwrap();
        let linked = link(&component, &image(8192), Ahead::default(), &mut wasm).unwrap();
        assert!(wasm == around(&module));
        assert_eq!(linked.bytes, wasm.len() as u64);
        assert_eq!(extract(&wasm).unwrap(), image(8192));
        for cut in (0..wasm.len() - 7).step_by(3) {
            assert!(extract(&wasm[..cut]).is_err(), "cut at {cut}");
        }
        kernel.truncate(20);
        assert!(link(&around(&kernel), &image(8192), Ahead::default(), &mut Vec::new()).is_err());
    }

    #[test]
    fn zeros_are_left_out_when_it_pays() {
        let mut image = vec![0; 3000];
        image[0] = 1;
        image[200] = 1;
        image[1000] = 1;
        assert_eq!(pieces(&image, 256), [0..201, 1000..1001]);
        assert_eq!(pieces(&[0; 100], 256), []);
    }
}
