//! Code translated ahead of time, moved to another flavour of the kernel: the functions appended to one module
//! ([`crate::link`]) become functions that can be appended to another.
//!
//! Appended functions name three things of the module by number: each other, the kernel's function that does one
//! instruction, and their own type. Those numbers are changed, and nothing else.

use crate::error::{Error, Result};
use crate::link::Room;
use wasm_encoder::CodeSection;
use wasm_encoder::reencode::{self, Reencode};
use wasmparser::{BinaryReader, FunctionBody, Parser, Payload};

/// The bodies of the functions of `wasm` behind the first `count` (imported ones included), as [`crate::link::Ahead`]
/// takes them.
pub fn functions_behind(wasm: &[u8], count: u32) -> Result<Vec<Vec<u8>>> {
    let malformed = |e: wasmparser::BinaryReaderError| Error::because("it is no valid wasm module", e);
    let (mut number, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(malformed)? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let is_function = matches!(import.map_err(malformed)?.ty, wasmparser::TypeRef::Func(_));
                    number += is_function as u32;
                }
            }
            Payload::CodeSectionEntry(body) => {
                if number >= count {
                    bodies.push(body.as_bytes().to_vec());
                }
                number += 1;
            }
            _ => {}
        }
    }
    Ok(bodies)
}

/// Function bodies made for one module's [`Room`], for another's.
pub fn rebase(bodies: &[Vec<u8>], from: Room, to: Room) -> Result<Vec<Vec<u8>>> {
    let mut moved = Vec::new();
    for body in bodies {
        let mut code = CodeSection::new();
        let body = FunctionBody::new(BinaryReader::new(body, 0));
        let mut other = Other { from, to, count: bodies.len() as u32 };
        other.parse_function_body(&mut code, body).map_err(|e| Error::because("translated code", e))?;
        let mut section = Vec::new();
        wasm_encoder::Encode::encode(&code, &mut section);
        // Length of the section, count of bodies, length of the body.
        let mut rest = &section[..];
        for _ in 0..3 {
            let len = rest.iter().position(|b| b & 0x80 == 0).map_or(rest.len(), |last| last + 1);
            rest = &rest[len..];
        }
        moved.push(rest.to_vec());
    }
    Ok(moved)
}

struct Other {
    from: Room,
    to: Room,
    count: u32,
}

/// It names something else of its module.
fn foreign() -> reencode::Error<Error> {
    reencode::Error::UserError(Error::new("it is no code of ours"))
}

impl Reencode for Other {
    type Error = Error;

    fn function_index(&mut self, index: u32) -> std::result::Result<u32, reencode::Error<Error>> {
        match index.checked_sub(self.from.function) {
            Some(number) if number < self.count => Ok(self.to.function + number),
            _ if Some(index) == self.from.step => self.to.step.ok_or_else(foreign),
            _ => Err(foreign()),
        }
    }

    fn type_index(&mut self, index: u32) -> std::result::Result<u32, reencode::Error<Error>> {
        if index == self.from.kind { Ok(self.to.kind) } else { Err(foreign()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::Function;

    #[test]
    fn what_is_named_by_number_moves_and_nothing_else() {
        let from = Room { function: 10, element: 5, count: 100, kind: 3, step: Some(7) };
        let to = Room { function: 1000, element: 50, count: 100, kind: 30, step: Some(700) };
        let body = |room: Room| {
            let mut function = Function::new([(2, wasm_encoder::ValType::I64)]);
            function.instructions().local_get(0).local_get(1).call(room.step.unwrap()).drop();
            function.instructions().local_get(0).local_get(1).i32_const(10).call(room.function + 1).drop();
            function
                .instructions()
                .local_get(0)
                .local_get(1)
                .i32_const(7)
                .i32_const(3)
                .call_indirect(0, room.kind)
                .end();
            function.into_raw_body()
        };
        let bodies = vec![body(from), body(from)];
        assert_eq!(rebase(&bodies, from, to).unwrap(), vec![body(to), body(to)]);
        assert_eq!(rebase(&bodies, from, from).unwrap(), bodies);
        assert!(rebase(&bodies[..1], from, to).is_err(), "it calls a function that is not there");
        assert!(rebase(&[b"\x01\x02\x7e\x20".to_vec()], from, to).is_err(), "cut off");
    }
}
