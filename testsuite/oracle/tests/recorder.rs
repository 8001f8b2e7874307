//! A third implementation of `Emit`, which notes what a meaning touches, against iced-x86's instruction info: registers,
//! flags and memory read and written, for every implemented form. Also the one rule of `Emit`: whatever can fault or
//! trap comes before the first visible change.
//!
//! What a helper (`Emit::call`) touches cannot be seen from here; those forms are counted, and `forms` runs them.

use brainworm_cpu::decode::decode;
use brainworm_cpu::emit::{Done, Emit, Helper};
use brainworm_cpu::flags::{Flag, FlagOp, bits};
use brainworm_cpu::fp::{FpCvt, FpOp, FpType, Lanes};
use brainworm_cpu::insn::{Cond, Insn, Mem, Width};
use brainworm_cpu::isa::avx;
use brainworm_cpu::isa::table::{meaning, row_of};
use brainworm_cpu::vec::{Shape, VBin, VShift, VUn};
use brainworm_cpu::{Exception, Exit, Gpr};
use brainworm_oracle::{forms, generate, rng::Rng};
use iced_x86::{Code, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, Register, RflagsBits};
use std::collections::BTreeSet;

/// What a meaning touched. Registers are numbered: 0..16 general, 100.. xmm, 200.. mmx, 300 and 301 the bases of fs and gs.
#[derive(Default, Debug)]
struct Recorder {
    reads: BTreeSet<u32>,
    writes: BTreeSet<u32>,
    flags_read: u64,
    flags_written: u64,
    /// (bytes, is a write), in order.
    memory: Vec<(u32, bool)>,
    has_changed: bool,
    is_helper: bool,
    late: bool,
    traps: bool,
}

/// A value nobody knows.
#[derive(Clone, Copy)]
struct Unknown;

type Result<T> = std::result::Result<T, ()>;

impl Recorder {
    fn read(&mut self, r: Gpr) {
        match r {
            Gpr::ZERO | Gpr::CODE_PAGE => {}
            Gpr::FS_BASE => _ = self.reads.insert(300),
            Gpr::GS_BASE => _ = self.reads.insert(301),
            Gpr(n) => _ = self.reads.insert(n.into()),
        }
    }
    fn write(&mut self, number: u32) {
        self.has_changed = true;
        self.writes.insert(number);
    }
    /// Something that may fault or trap.
    fn may_fail(&mut self) {
        self.late |= self.has_changed;
    }
    fn access(&mut self, bytes: u32, is_write: bool) {
        self.may_fail();
        self.memory.push((bytes, is_write));
    }
}

macro_rules! unknown {
    ($($name:ident ($($arg:ident: $ty:ty),*);)*) => {
        $(fn $name(&mut self, $($arg: $ty),*) -> Unknown {
            $(let _ = $arg;)*
            Unknown
        })*
    };
}

impl Emit for Recorder {
    type V = Unknown;
    type B = Unknown;
    type X = Unknown;
    type M = u32;
    type Trap = ();

    fn reg(&mut self, _: Width, r: Gpr) -> Unknown {
        self.read(r);
        Unknown
    }
    fn set_reg(&mut self, _: Width, r: Gpr, _: Unknown) {
        self.write(r.0.into());
    }
    fn reg_high(&mut self, r: Gpr) -> Unknown {
        self.read(r);
        Unknown
    }
    fn set_reg_high(&mut self, r: Gpr, _: Unknown) {
        self.write(r.0.into());
    }
    fn offset(&mut self, m: &Mem) -> Unknown {
        self.read(m.base);
        self.read(m.index);
        Unknown
    }
    fn addr(&mut self, m: &Mem) -> Unknown {
        self.read(m.segment);
        self.offset(m)
    }
    fn load_at(&mut self, w: Width, _: Unknown) -> Result<Unknown> {
        self.access(w.bytes(), false);
        Ok(Unknown)
    }
    fn store_at(&mut self, w: Width, _: Unknown, _: Unknown) -> Done<Self> {
        self.access(w.bytes(), true);
        self.has_changed = true;
        Ok(())
    }
    fn check_write(&mut self, w: Width, _: Unknown) -> Result<u32> {
        self.may_fail();
        Ok(w.bytes())
    }
    fn get(&mut self, w: Width, _: u32) -> Unknown {
        self.memory.push((w.bytes(), false));
        Unknown
    }
    fn put(&mut self, w: Width, checked: u32, _: Unknown) {
        assert!(w.bytes() <= checked, "written as checked");
        self.memory.push((w.bytes(), true));
        self.has_changed = true;
    }
    unknown! {
        imm(v: u64);
        add(w: Width, a: Unknown, b: Unknown);
        sub(w: Width, a: Unknown, b: Unknown);
        mul(w: Width, a: Unknown, b: Unknown);
        mul_hi_u(w: Width, a: Unknown, b: Unknown);
        mul_hi_s(w: Width, a: Unknown, b: Unknown);
        and(a: Unknown, b: Unknown);
        or(a: Unknown, b: Unknown);
        xor(a: Unknown, b: Unknown);
        shl(w: Width, a: Unknown, n: Unknown);
        shr(w: Width, a: Unknown, n: Unknown);
        sar(w: Width, a: Unknown, n: Unknown);
        rol(w: Width, a: Unknown, n: Unknown);
        ror(w: Width, a: Unknown, n: Unknown);
        zext(w: Width, a: Unknown);
        sext(from: Width, to: Width, a: Unknown);
        clz(w: Width, a: Unknown);
        ctz(w: Width, a: Unknown);
        popcnt(a: Unknown);
        eq(a: Unknown, b: Unknown);
        ult(a: Unknown, b: Unknown);
        slt(w: Width, a: Unknown, b: Unknown);
        not(a: Unknown);
        both(a: Unknown, b: Unknown);
        either(a: Unknown, b: Unknown);
        to_int(a: Unknown);
        select(c: Unknown, a: Unknown, b: Unknown);
        next_rip(i: &Insn);
        vimm(lo: u64, hi: u64);
        vun(op: VUn, a: Unknown);
        vbin(op: VBin, a: Unknown, b: Unknown);
        vshift(op: VShift, a: Unknown, n: Unknown);
        vshuffle(lanes: [u8; 16], a: Unknown, b: Unknown);
        vbitselect(a: Unknown, b: Unknown, mask: Unknown);
        vselect(c: Unknown, a: Unknown, b: Unknown);
        vsplat(shape: Shape, v: Unknown);
        vextract(shape: Shape, lane: u8, a: Unknown);
        vreplace(shape: Shape, lane: u8, a: Unknown, v: Unknown);
        vbitmask(shape: Shape, a: Unknown);
        vany(a: Unknown);
    }
    fn when(&mut self, _: Unknown, then: impl FnOnce(&mut Self) -> Done<Self>) -> Done<Self> {
        then(self)
    }
    fn set_flags(&mut self, _: FlagOp, _: Width, _: Unknown, _: Unknown, _: Unknown) {
        self.has_changed = true;
        self.flags_written |= bits::STATUS;
    }
    fn flag(&mut self, f: Flag) -> Unknown {
        self.flags_read |= match f {
            Flag::Cf => bits::CF,
            Flag::Pf => bits::PF,
            Flag::Af => bits::AF,
            Flag::Zf => bits::ZF,
            Flag::Sf => bits::SF,
            Flag::Of => bits::OF,
        };
        Unknown
    }
    fn cond(&mut self, c: Cond) -> Unknown {
        self.flags_read |= match c {
            Cond::O | Cond::No => bits::OF,
            Cond::B | Cond::Ae => bits::CF,
            Cond::E | Cond::Ne => bits::ZF,
            Cond::Be | Cond::A => bits::CF | bits::ZF,
            Cond::S | Cond::Ns => bits::SF,
            Cond::P | Cond::Np => bits::PF,
            Cond::L | Cond::Ge => bits::SF | bits::OF,
            Cond::Le | Cond::G => bits::SF | bits::OF | bits::ZF,
        };
        Unknown
    }
    fn status(&mut self) -> Unknown {
        self.flags_read |= bits::STATUS;
        Unknown
    }
    fn set_status(&mut self, mask: u64, _: Unknown) {
        self.has_changed = true;
        self.flags_written |= mask;
    }
    fn jump(&mut self, _: &Insn) {
        self.has_changed = true;
    }
    fn jump_if(&mut self, _: &Insn, _: Unknown) {
        self.has_changed = true;
    }
    fn jump_to(&mut self, _: Unknown) {
        self.has_changed = true;
    }
    fn trap(&mut self, _: Exception) -> Done<Self> {
        self.may_fail();
        self.traps = true;
        Ok(())
    }
    fn leave(&mut self, _: Exit) {
        self.has_changed = true;
    }
    fn call(&mut self, _: &Insn, _: Helper) -> Done<Self> {
        self.may_fail();
        self.is_helper = true;
        Ok(())
    }
    fn xmm(&mut self, r: u8) -> Unknown {
        // Upper halves follow the lower ones, and then what is kept aside within an instruction.
        if r < 32 {
            self.reads.insert(100 + u32::from(r % 16));
        }
        Unknown
    }
    fn set_xmm(&mut self, r: u8, _: Unknown) {
        if r < 32 {
            self.write(100 + u32::from(r % 16));
        }
    }
    fn mmx(&mut self, r: u8) -> Unknown {
        self.reads.insert(200 + u32::from(r));
        Unknown
    }
    fn set_mmx(&mut self, r: u8, _: Unknown) {
        self.write(200 + u32::from(r));
    }
    fn vload(&mut self, bytes: u32, _: bool, _: Unknown) -> Result<Unknown> {
        self.access(bytes, false);
        Ok(Unknown)
    }
    fn vstore(&mut self, bytes: u32, _: bool, _: Unknown, _: Unknown) -> Done<Self> {
        self.access(bytes, true);
        self.has_changed = true;
        Ok(())
    }
    fn vload_pair(&mut self, _: Unknown) -> Result<(Unknown, Unknown)> {
        self.access(32, false);
        Ok((Unknown, Unknown))
    }
    fn vstore_pair(&mut self, _: Unknown, _: Unknown, _: Unknown) -> Done<Self> {
        self.access(32, true);
        self.has_changed = true;
        Ok(())
    }
    fn fp_collect(&mut self) {}
    fn fp_raise(&mut self) -> Done<Self> {
        // Of what has no exceptions nothing was collected.
        Ok(())
    }
    fn fp(&mut self, _: FpOp, _: FpType, _: Lanes, _: Unknown, _: Unknown) -> Result<Unknown> {
        self.may_fail();
        Ok(Unknown)
    }
    fn fp_convert(&mut self, _: FpCvt, _: Unknown, _: Unknown) -> Result<Unknown> {
        self.may_fail();
        Ok(Unknown)
    }
    fn fp_to_int(&mut self, _: FpType, _: Width, _: bool, _: Unknown) -> Result<Unknown> {
        self.may_fail();
        Ok(Unknown)
    }
    fn fp_from_int(&mut self, _: FpType, _: Width, _: Unknown, _: Unknown) -> Result<Unknown> {
        self.may_fail();
        Ok(Unknown)
    }
    fn fp_compare(&mut self, _: FpType, _: bool, _: Unknown, _: Unknown) -> Result<Unknown> {
        self.may_fail();
        Ok(Unknown)
    }
}

/// Our number of a register, if the recorder knows it.
fn number(register: Register) -> Option<u32> {
    let full = register.full_register();
    let n = full.number() as u32;
    if full.is_gpr64() {
        Some(n)
    } else if full.is_vector_register() {
        Some(100 + n)
    } else if full.is_mm() {
        Some(200 + n)
    } else {
        match full {
            Register::FS => Some(300),
            Register::GS => Some(301),
            _ => None,
        }
    }
}

fn rflags(iced: u32) -> u64 {
    let pairs = [
        (RflagsBits::OF, bits::OF),
        (RflagsBits::SF, bits::SF),
        (RflagsBits::ZF, bits::ZF),
        (RflagsBits::AF, bits::AF),
        (RflagsBits::PF, bits::PF),
        (RflagsBits::CF, bits::CF),
        (RflagsBits::DF, bits::DF),
    ];
    pairs.iter().filter(|(theirs, _)| iced & theirs != 0).fold(0, |all, (_, ours)| all | ours)
}

/// What iced-x86 says of an encoding: what may be touched, and what is touched in any case.
#[derive(Default)]
struct Manual {
    may_read: BTreeSet<u32>,
    reads: BTreeSet<u32>,
    may_write: BTreeSet<u32>,
    writes: BTreeSet<u32>,
    memory_read: bool,
    memory_written: bool,
    sizes: BTreeSet<u32>,
}

fn manual(factory: &mut InstructionInfoFactory, insn: &Instruction) -> Manual {
    let info = factory.info(insn);
    let mut manual = Manual::default();
    for used in info.used_registers() {
        let Some(n) = number(used.register()) else { continue };
        let access = used.access();
        if matches!(access, OpAccess::Read | OpAccess::ReadWrite | OpAccess::ReadCondWrite) {
            manual.reads.insert(n);
        }
        if matches!(access, OpAccess::Write | OpAccess::ReadWrite) {
            manual.writes.insert(n);
        }
        if !matches!(access, OpAccess::Write | OpAccess::CondWrite) {
            manual.may_read.insert(n);
        }
        if !matches!(access, OpAccess::Read | OpAccess::CondRead) {
            manual.may_write.insert(n);
        }
    }
    for used in info.used_memory() {
        let access = used.access();
        if access == OpAccess::NoMemAccess {
            continue;
        }
        manual.sizes.insert(used.memory_size().size() as u32);
        manual.memory_read |= !matches!(access, OpAccess::Write | OpAccess::CondWrite);
        manual.memory_written |= !matches!(access, OpAccess::Read | OpAccess::CondRead);
    }
    manual
}

/// What is wrong with a recording, in words.
fn complaints(insn: &Instruction, ours: &Recorder, manual: &Manual) -> Vec<String> {
    let mut all = Vec::new();
    let mut say = |what: &str, set: Vec<u32>| {
        if !set.is_empty() {
            all.push(format!("{what} {set:?}"));
        }
    };
    let minus = |a: &BTreeSet<u32>, b: &BTreeSet<u32>| a.difference(b).copied().collect::<Vec<u32>>();
    // Lanes that stay are read here and merged; and `xor same, same` reads for us what the manual calls an idiom.
    let mut kept: BTreeSet<u32> = manual.may_read.union(&manual.may_write).copied().collect();
    if insn.op_count() == 3 && insn.op1_register() == insn.op2_register() {
        kept.extend(number(insn.op1_register()));
    }
    say("reads beyond the manual:", minus(&ours.reads, &kept));
    // Lower halves that stay are not read here.
    if insn.mnemonic() != Mnemonic::Vzeroupper {
        say("does not read:", minus(&manual.reads, &ours.reads));
    }
    say("writes beyond the manual:", minus(&ours.writes, &manual.may_write));
    say("does not write:", minus(&manual.writes, &ours.writes));
    let (is_read, is_written) = (ours.memory.iter().any(|m| !m.1), ours.memory.iter().any(|m| m.1));
    if is_read != manual.memory_read || is_written != manual.memory_written {
        all.push(format!("memory {:?}, the manual: {} {}", ours.memory, manual.memory_read, manual.memory_written));
    }
    // Bytes count too, where the manual has one size for all accesses.
    let sizes: BTreeSet<u32> = ours.memory.iter().map(|m| m.0).collect();
    if manual.sizes.len() == 1 && sizes != manual.sizes && !insn.is_stack_instruction() {
        all.push(format!("memory of {sizes:?} bytes, the manual: {:?}", manual.sizes));
    }
    let (read, modified) = (rflags(insn.rflags_read()), rflags(insn.rflags_modified()));
    // What the manual leaves undefined may stay: the processor leaves it, too, where `forms` asks it.
    let must = modified & !rflags(insn.rflags_undefined());
    if must & !ours.flags_written != 0 {
        all.push(format!("leaves flags {:x}", must & !ours.flags_written));
    }
    if read & !ours.flags_read != 0 {
        all.push(format!("does not read flags {:x}", read & !ours.flags_read));
    }
    if ours.flags_read & !read & modified & !ours.flags_written != 0 {
        all.push(format!("reads flags {:x}", ours.flags_read));
    }
    if ours.late && !checks_target_last(insn.code()) {
        all.push("something that may fail comes after a visible change".into());
    }
    all
}

#[test]
fn meanings_touch_what_the_manual_says() {
    let mut rng = Rng::new(7);
    let mut factory = InstructionInfoFactory::new();
    let (mut wrong, mut seen, mut helpers) = (Vec::new(), 0, 0);
    for form in forms::all() {
        let mut worst = None;
        let mut is_helper = false;
        let mut is_seen = false;
        for _ in 0..40 {
            let Some(subject) = generate::encode(&mut rng, form.code) else { continue };
            let Ok(ours) = decode(&subject.bytes, (subject.rip & 0xfff) as u32) else { continue };
            let mut recorder = Recorder::default();
            let done = avx::run(&mut recorder, &ours, meaning::<Recorder>(ours.mn));
            is_seen = true;
            if recorder.is_helper {
                is_helper = true;
                break;
            }
            if done.is_err() || recorder.traps && recorder.writes.is_empty() {
                continue;
            }
            let lines = complaints(&subject.insn, &recorder, &manual(&mut factory, &subject.insn));
            if !lines.is_empty() && !is_hint(&subject.insn) {
                worst = Some(format!("{:?} `{}`: {}", form.code, subject.insn, lines.join("; ")));
            }
        }
        seen += u32::from(is_seen);
        helpers += u32::from(is_helper);
        wrong.extend(worst);
    }
    println!("{seen} forms, of which {helpers} are helpers");
    assert!(seen > 1000, "the engine's table is there");
    assert!(wrong.is_empty(), "{} forms:\n{}", wrong.len(), wrong.join("\n"));
}

/// The hardware stores the return address before it looks at the target: a bad one leaves it below the stack pointer.
fn checks_target_last(code: Code) -> bool {
    code == Code::Call_rm64
}

/// Hints: iced-x86 lists the registers of an address that nobody computes.
fn is_hint(insn: &Instruction) -> bool {
    format!("{:?}", insn.mnemonic()).starts_with("Prefetch")
}

#[test]
fn flags_columns_of_the_table_are_those_of_the_manual() {
    let mut wrong = Vec::new();
    for code in Code::values() {
        let Some(mn) = row_of(code.mnemonic(), code) else { continue };
        let mut insn = Instruction::default();
        insn.set_code(code);
        // Shifts by a constant say "nothing" for a count of 0.
        insn.set_immediate8(3);
        let row = mn.row();
        let (may_read, may_write) = (u64::from(row.reads), u64::from(row.writes));
        let (reads, writes) = (rflags(insn.rflags_read()), rflags(insn.rflags_modified()));
        // What user mode never executes (in, out, system registers) only raises #GP, and `syscall` is the kernel's: its
        // flags are those of the registers it saves.
        let name = format!("{mn:?}");
        let is_port = ["Insb", "Insw", "Insd", "Outsb", "Outsw", "Outsd"].contains(&name.as_str());
        if insn.is_privileged() || is_port || code == Code::Syscall {
            continue;
        }
        // A row covers all encodings of its mnemonic: it may write more than one of them does.
        if reads & !may_read != 0 || writes & !may_write != 0 {
            wrong.push(format!("{code:?}: reads {reads:x}/{:x} writes {writes:x}/{:x}", may_read, may_write));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
