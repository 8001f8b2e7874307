//! One case as data: bytes, registers and memory before, and, when recorded, what the real CPU made of it.
//!
//! The text form is what the oracle prints for a failure and what `testsuite/isa/cases` stores:
//!
//! ```text
//! # Add_rm32_r32: add [rax],ecx
//! code 01 08
//! set rip=0x11000200 rax=0x10000000
//! mem 0x10000000=0x1
//! ends Landed
//! get rip=0x11000202 rflags=0x4
//! out 0x10000000=0x2
//! ```
//!
//! Registers that are not named are as in `State::new`, memory is zero; `get` and `out` name what changed.

use crate::memory::Image;
use crate::state::{State, Stop, Want};
use std::fmt::Write;

/// One case.
#[derive(Clone)]
pub struct Case {
    /// Comment lines.
    pub title: String,
    /// The tested bytes, at `state.rip`.
    pub bytes: Vec<u8>,
    /// Registers before.
    pub state: State,
    /// Memory before.
    pub image: Image,
}

/// What a case must come to.
#[derive(Clone)]
pub struct Expect {
    /// Registers after.
    pub state: State,
    /// How it ends.
    pub stop: Stop,
    /// Memory after.
    pub image: Image,
}

fn stop_text(stop: &Stop) -> String {
    match stop {
        Stop::Landed => "Landed".into(),
        Stop::Vector(vector) => format!("Vector {vector}"),
        Stop::Page { addr, want, mapped } => format!("Page {addr:#x} {want:?} {mapped}"),
        Stop::Odd(why) => format!("Odd {why}"),
    }
}

fn number(text: &str) -> Result<u64, String> {
    let bad = |_| format!("not a number: {text}");
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).map_err(bad),
        None => text.parse().map_err(bad),
    }
}

fn stop_from(text: &str) -> Result<Stop, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    Ok(match words[..] {
        ["Landed"] => Stop::Landed,
        ["Vector", vector] => Stop::Vector(number(vector)? as u8),
        ["Page", addr, want, mapped] => Stop::Page {
            addr: number(addr)?,
            want: match want {
                "Read" => Want::Read,
                "Write" => Want::Write,
                "Fetch" => Want::Fetch,
                _ => return Err(format!("not an access: {want}")),
            },
            mapped: mapped == "true",
        },
        _ => return Err(format!("not an ending: {text}")),
    })
}

fn memory_text(text: &mut String, word: &str, from: &Image, to: &Image) {
    let old: std::collections::BTreeMap<u64, u64> = from.words().into_iter().collect();
    let new: std::collections::BTreeMap<u64, u64> = to.words().into_iter().collect();
    let mut changed: Vec<u64> = old.keys().chain(new.keys()).copied().collect();
    changed.sort_unstable();
    changed.dedup();
    for addr in changed {
        let value = new.get(&addr).copied().unwrap_or(0);
        if value != old.get(&addr).copied().unwrap_or(0) {
            let _ = writeln!(text, "{word} {addr:#x}={value:#x}");
        }
    }
}

impl Case {
    /// Instructions to run: one, or what a program's loop may take.
    pub fn budget(&self) -> i64 {
        if self.title.starts_with("sequence") { crate::sequence::BUDGET } else { 1 }
    }

    /// The text form, with `expect` if given.
    pub fn to_text(&self, expect: Option<&Expect>) -> String {
        let mut text = String::new();
        for line in self.title.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let bytes: Vec<String> = self.bytes.iter().map(|b| format!("{b:02x}")).collect();
        let _ = writeln!(text, "code {}", bytes.join(" "));
        let _ = writeln!(text, "set{}", self.state.diff_text(&State::new()));
        memory_text(&mut text, "mem", &Image::new(), &self.image);
        if let Some(expect) = expect {
            let _ = writeln!(text, "ends {}", stop_text(&expect.stop));
            let _ = writeln!(text, "get{}", expect.state.diff_text(&self.state));
            memory_text(&mut text, "out", &self.image, &expect.image);
        }
        text
    }

    /// Reads all cases of a text (blank lines between them).
    pub fn read_all(text: &str) -> Result<Vec<(Case, Option<Expect>)>, String> {
        text.split("\n\n").filter(|part| part.contains("code ")).map(Case::read).collect()
    }

    fn read(text: &str) -> Result<(Case, Option<Expect>), String> {
        let mut case = Case { title: String::new(), bytes: Vec::new(), state: State::new(), image: Image::new() };
        let mut expect: Option<Expect> = None;
        for line in text.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "#" => {
                    let _ = writeln!(case.title, "{rest}");
                }
                "code" => {
                    for byte in rest.split_whitespace() {
                        case.bytes.push(u8::from_str_radix(byte, 16).map_err(|_| format!("not a byte: {byte}"))?);
                    }
                }
                "set" => assign(&mut case.state, rest)?,
                "mem" => poke(&mut case.image, rest)?,
                "ends" => {
                    expect =
                        Some(Expect { state: case.state.clone(), stop: stop_from(rest)?, image: case.image.clone() });
                }
                "get" => assign(&mut expect.as_mut().ok_or("get before ends")?.state, rest)?,
                "out" => poke(&mut expect.as_mut().ok_or("out before ends")?.image, rest)?,
                "" => {}
                _ => return Err(format!("not a line of a case: {line}")),
            }
        }
        Ok((case, expect))
    }
}

fn assign(state: &mut State, text: &str) -> Result<(), String> {
    for part in text.split_whitespace() {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("no value: {part}"))?;
        if !state.set_word(name, number(value)?) {
            return Err(format!("no such register: {name}"));
        }
    }
    Ok(())
}

fn poke(image: &mut Image, text: &str) -> Result<(), String> {
    let (addr, value) = text.trim().split_once('=').ok_or_else(|| format!("no value: {text}"))?;
    image.write(number(addr)?, &number(value)?.to_le_bytes());
    Ok(())
}
