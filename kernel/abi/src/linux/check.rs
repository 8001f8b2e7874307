//! Test only: a C program, built by the system's compiler from the real headers, prints every constant and layout of
//! this folder; what differs is an error of ours.

use super::Record;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use std::process::Command;

/// The layout of a record, for comparison.
pub(crate) trait CLayout: Record {
    const C: &'static str;
    fn fields() -> Vec<(&'static str, usize, usize)>;
}

/// Not in libc's headers or not in older ones: compared where the headers know them.
const NEWER: &[&str] =
    &["SA_RESTORER", "F_SEAL_EXEC", "MFD_NOEXEC_SEAL", "MFD_EXEC", "MADV_COLLAPSE", "MADV_DONTNEED_LOCKED"];

/// What one file of this folder claims of its C headers: (C expression, value we have).
pub(crate) struct Header {
    module: &'static str,
    includes: &'static str,
    claims: Vec<(String, i128)>,
}

impl Header {
    pub(crate) fn new(module: &'static str, includes: &'static str) -> Header {
        Header { module, includes, claims: Vec::new() }
    }

    pub(crate) fn consts(&mut self, group: &[(&'static str, i128)]) {
        self.claims.extend(group.iter().map(|&(name, value)| (String::from(name), value)));
    }

    pub(crate) fn flags<T: bitflags::Flags>(&mut self)
    where
        T::Bits: TryInto<i128>,
    {
        for flag in T::FLAGS {
            let value = flag.value().bits().try_into().ok().expect("flags fit 127 bits");
            // poll(2)'s events go without their prefix; O_LARGEFILE is 0 for 64-bit programs, the kernel sets it itself.
            match flag.name() {
                "O_LARGEFILE" => {}
                name if self.module.ends_with("linux::poll") => self.claims.push((format!("POLL{name}"), value)),
                name => self.claims.push((String::from(name), value)),
            }
        }
    }

    pub(crate) fn record<T: CLayout>(&mut self) {
        if T::C.is_empty() {
            return;
        }
        self.claims.push((format!("sizeof({})", T::C), T::SIZE as i128));
        for (field, offset, size) in T::fields() {
            let field = field.trim_start_matches("r#");
            if field.starts_with("_pad") {
                continue;
            }
            self.claims.push((format!("offsetof({}, {field})", T::C), offset as i128));
            self.claims.push((format!("sizeof((({}*)0)->{field})", T::C), size as i128));
        }
    }

    fn compare(&self) -> Vec<String> {
        let mut source = String::from("#define _GNU_SOURCE 1\n#include <stddef.h>\n#include <stdio.h>\n");
        for include in self.includes.split_whitespace() {
            source += &match include.strip_prefix('#') {
                Some(define) => format!("#define {define} 1\n"),
                None => format!("#include <{include}>\n"),
            };
        }
        source += "int main(void) {\n";
        for (expression, ours) in &self.claims {
            if NEWER.contains(&expression.as_str()) {
                source += &format!("#ifndef {expression}\n#define {expression} {ours}\n#endif\n");
            }
            source += &format!("  printf(\"%lld\\n\", (long long)({expression}));\n");
        }
        source += "  return 0;\n}\n";
        let answers = run_c(self.module, &source);
        assert_eq!(answers.len(), self.claims.len(), "{}", self.module);
        let differs = |ours: i128, theirs: i128| {
            ours as i64 != theirs as i64 && (ours as u32 as i128 != ours || ours as u32 != theirs as u32)
        };
        let wrong = self.claims.iter().zip(answers).filter(|((_, ours), theirs)| differs(*ours, *theirs));
        wrong.map(|((what, ours), theirs)| format!("{}: {what} is {theirs:#x}, not {ours:#x}", self.module)).collect()
    }
}

/// Compiles and runs a C program; its output as numbers, one a line.
fn run_c(name: &str, source: &str) -> Vec<i128> {
    let dir = std::env::temp_dir().join(format!("brainworm-abi-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a temporary directory");
    let (file, program) = (dir.join(name.replace("::", "-") + ".c"), dir.join(name.replace("::", "-")));
    std::fs::write(&file, source).expect("the C file is written");
    let built = Command::new("gcc").args(["-w", "-o"]).arg(&program).arg(&file).output().expect("gcc runs");
    assert!(built.status.success(), "{name}: {}", String::from_utf8_lossy(&built.stderr));
    let output = Command::new(&program).output().expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("numbers");
    let _ = std::fs::remove_dir_all(&dir);
    text.lines().map(|line| line.parse().expect("a number")).collect()
}

#[test]
fn constants_and_layouts_are_those_of_the_c_headers() {
    let wrong: Vec<String> = super::headers().iter().flat_map(Header::compare).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
