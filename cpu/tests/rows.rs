//! The flags columns of the table against what iced-x86 knows of every encoding.

use brainworm_cpu::flags::bits;
use brainworm_cpu::isa::table::row_of;
use iced_x86::{Code, Instruction, RflagsBits};

fn rflags(iced: u32) -> u64 {
    [
        (RflagsBits::OF, bits::OF),
        (RflagsBits::SF, bits::SF),
        (RflagsBits::ZF, bits::ZF),
        (RflagsBits::AF, bits::AF),
        (RflagsBits::PF, bits::PF),
        (RflagsBits::CF, bits::CF),
        (RflagsBits::DF, bits::DF),
    ]
    .iter()
    .fold(0, |all, (theirs, ours)| if iced & theirs != 0 { all | ours } else { all })
}

#[test]
fn flags_read_and_written_are_those_of_the_manual() {
    let mut wrong = Vec::new();
    for code in Code::values() {
        let Some(mn) = row_of(code.mnemonic(), code) else { continue };
        let mut insn = Instruction::default();
        insn.set_code(code);
        // Shifts by a constant say "nothing" for a count of 0.
        insn.set_immediate8(3);
        let row = mn.row();
        let (reads, writes) = (rflags(insn.rflags_read()), rflags(insn.rflags_modified()));
        // What user mode never executes (in, out, system registers) only raises #GP, and `syscall` is the kernel's: its
        // flags are those of the registers it saves.
        let name = format!("{mn:?}");
        let is_port = ["Insb", "Insw", "Insd", "Outsb", "Outsw", "Outsd"].contains(&name.as_str());
        if insn.is_privileged() || is_port || code == Code::Syscall {
            continue;
        }
        // A row covers all encodings of its mnemonic: it may write more than one of them does.
        if reads & !row.reads != 0 || writes & !row.writes != 0 {
            wrong.push(format!("{code:?}: reads {reads:x}/{:x} writes {writes:x}/{:x}", row.reads, row.writes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
