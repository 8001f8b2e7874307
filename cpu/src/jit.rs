//! Translation at run time: a few functions that turned out to be hot become one module of WebAssembly (a unit).
//!
//! The module imports the machine's memory, table 0 and `bw_step`, and its element segments put its functions at the
//! places of the table that the engine chose, so a host only has to instantiate it:
//!
//! ```text
//!   (import "env" "memory" (memory 1))   (import "env" "table" (table N funcref))   (import "env" "step" (func (param i32 i32) (result i32)))
//! ```
//!
//! N is the number of elements the table must have by then. Each function is exported, too, by the number of its place:
//! hosts that can empty the places of a unit that is not used any more know them by that. What is hot, which pages a unit
//! depends on, and when it is void is the engine's business (`crate::interp`).

use crate::wasm::{Link, Region, Seen, jump_function};
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;
use hashbrown::HashMap;
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, FunctionSection,
    ImportSection, MemoryType, Module, NameMap, NameSection, RefType, TableType, TypeSection, ValType,
};

/// How far behind a function's end blocks that ran are taken for its own.
const SLACK: u32 = 2048;

/// A function that is to be translated. All numbers are offsets from the unit's first page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Where it begins.
    pub start: u32,
    /// Where it is entered, too.
    pub entries: Vec<u32>,
    /// What may belong to it.
    pub range: Range<u32>,
    /// Where blocks begin that ran, ascending.
    pub seen: Vec<u32>,
    /// How far other blocks are wanted ([`Seen`]).
    pub reach: u32,
    /// A place in the table.
    pub place: u32,
    /// Instructions it may have now: more are not worth their translation yet.
    pub limit: u32,
}

/// What is to be translated together.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Code from the unit's first page on. Only what lies in a function's range is looked at.
    pub code: &'a [u8],
    /// Guest address of the first page: for names only.
    pub base: u64,
    /// The functions; no two have the same place.
    pub functions: &'a [Wanted],
    /// Elements the table will have.
    pub table_len: u32,
}

/// A function that was translated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// Its place in the table.
    pub place: u32,
    /// Offsets of its entries, by number.
    pub entries: Vec<u32>,
    /// The bytes it was made of.
    pub bytes: Range<u32>,
}

/// A module, and what is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Translated {
    /// The module.
    pub wasm: Vec<u8>,
    /// Its functions: those of the request that could be translated. Without any there is no module.
    pub functions: Vec<Done>,
    /// Those with more instructions than they may have now: place, and instructions.
    pub too_long: Vec<(u32, u32)>,
}

/// [`translate`], as a value: an embedder that never names it does not carry it along.
pub type Translate = fn(&Request<'_>) -> Translated;

/// Translates what can be.
pub fn translate(request: &Request<'_>) -> Translated {
    let (mut found, mut too_long) = (Vec::new(), Vec::new());
    for wanted in request.functions {
        let Some(region) = region(request.code, wanted) else { continue };
        match region.instructions() {
            instructions if instructions > wanted.limit as usize => too_long.push((wanted.place, instructions as u32)),
            _ => found.push((wanted.place, region)),
        }
    }
    let wasm = if found.is_empty() { Vec::new() } else { module(request, &found) };
    let functions =
        found.into_iter().map(|(place, region)| Done { place, entries: region.entries, bytes: region.bytes }).collect();
    Translated { wasm, functions, too_long }
}

/// The region of a function.
fn region(code: &[u8], wanted: &Wanted) -> Option<Region> {
    let starts: Vec<u32> = core::iter::once(wanted.start).chain(wanted.entries.iter().copied()).collect();
    let seen = Seen { blocks: &wanted.seen, reach: wanted.reach };
    let region = Region::of_function(code, (wanted.range.clone(), SLACK), &starts, seen);
    // Outside the range there may be nothing yet, or something else by and by, and no unit would know.
    region.filter(|region| !region.is_too_large()).map(Region::without_stubs)
}

fn module(request: &Request<'_>, found: &[(u32, Region)]) -> Vec<u8> {
    /// Index of the first region: behind the imported function and the one for jumps.
    const FIRST: u32 = 2;
    let (mut types, mut imports, mut functions) = (TypeSection::new(), ImportSection::new(), FunctionSection::new());
    let (mut elements, mut code, mut names) = (ElementSection::new(), CodeSection::new(), NameMap::new());
    let mut exports = ExportSection::new();
    types.ty().function([ValType::I32; 3], [ValType::I32]);
    types.ty().function([ValType::I32; 2], [ValType::I32]);
    let memory = MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None };
    let (element_type, minimum) = (RefType::FUNCREF, request.table_len as u64);
    imports.import("env", "memory", EntityType::Memory(memory));
    imports.import(
        "env",
        "table",
        EntityType::Table(TableType { element_type, table64: false, minimum, maximum: None, shared: false }),
    );
    imports.import("env", "step", EntityType::Function(1));
    let mut places = HashMap::new();
    for (index, (_, region)) in (FIRST..).zip(found) {
        for (entry, &at) in region.entries.iter().enumerate() {
            places.entry(at as i64).or_insert((index, entry as u32));
        }
    }
    let callee = |to: i64| places.get(&to).copied();
    let link = Link { step: Some(0), callee: &callee, jump: Some(1) };
    functions.function(0);
    code.function(&jump_function(0));
    for (index, (place, region)) in (FIRST..).zip(found) {
        functions.function(0);
        code.function(&region.function(&link));
        let at = ConstExpr::i32_const(*place as i32);
        elements.active(Some(0), &at, Elements::Functions([index].as_slice().into()));
        exports.export(&format!("{place}"), ExportKind::Func, index);
        let start = region.entries.first().copied().unwrap_or(0);
        names.append(index, &format!("guest_{:x}", request.base.wrapping_add(start as u64)));
    }
    let mut section = NameSection::new();
    section.functions(&names);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&exports).section(&elements);
    module.section(&code).section(&section);
    module.finish()
}
