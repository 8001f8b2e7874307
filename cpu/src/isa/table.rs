//! One row an instruction: mnemonic, meaning, flags read and written, CPUID feature.
//!
//! Mnemonics are iced's. Rows of the second list share a mnemonic with another instruction and are told apart by
//! encoding ([`row_of`]). To add an instruction: one row here, one function in a module of `isa`.

use crate::cpuid::Feature;
use crate::emit::{Done, Emit};
use crate::flags::bits;
use crate::insn::Insn;
use crate::isa::*;
use iced_x86::{Code, Mnemonic};

/// What the table says of an instruction besides its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The mnemonic.
    pub name: &'static str,
    /// Status flags (and DF) it reads, as bits of rflags.
    pub reads: u64,
    /// Flags it changes or leaves undefined.
    pub writes: u64,
    /// What CPUID must announce for it.
    pub feature: Feature,
}

/// A meaning, bound to an [`Emit`].
pub type Meaning<E> = fn(&mut E, &Insn) -> Done<E>;

/// Letters of the flags columns to bits.
const fn letters(s: &str) -> u64 {
    let s = s.as_bytes();
    let (mut i, mut mask) = (0, 0);
    while i < s.len() {
        mask |= match s[i] {
            b'O' => bits::OF,
            b'S' => bits::SF,
            b'Z' => bits::ZF,
            b'A' => bits::AF,
            b'P' => bits::PF,
            b'C' => bits::CF,
            b'D' => bits::DF,
            _ => 0,
        };
        i += 1;
    }
    mask
}

macro_rules! insns {
    (
        rows { $($name:ident $($meaning:ident)::+, [$($reads:ident)?] [$($writes:ident)?] $feature:ident;)* }
        by_encoding { $($name2:ident $($meaning2:ident)::+, [$($reads2:ident)?] [$($writes2:ident)?] $feature2:ident;)* }
    ) => {
        /// The rows of the table, by name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the manual's mnemonics")]
        #[repr(u16)]
        pub enum Mn { $($name,)* $($name2,)* }

        impl Mn {
            /// All of them, in order.
            pub const ALL: &'static [Mn] = &[$(Mn::$name,)* $(Mn::$name2,)*];
            /// Its row.
            pub fn row(self) -> &'static Row {
                &ROWS[self as usize]
            }
        }

        /// The table.
        pub static ROWS: &[Row] = &[
            $(Row {
                name: stringify!($name),
                reads: letters(concat!($(stringify!($reads))?)),
                writes: letters(concat!($(stringify!($writes))?)),
                feature: Feature::$feature,
            },)*
            $(Row {
                name: stringify!($name2),
                reads: letters(concat!($(stringify!($reads2))?)),
                writes: letters(concat!($(stringify!($writes2))?)),
                feature: Feature::$feature2,
            },)*
        ];

        fn by_mnemonic(m: Mnemonic) -> Option<Mn> {
            Some(match m {
                $(Mnemonic::$name => Mn::$name,)*
                _ => return None,
            })
        }

        /// The meaning of a row for `E`.
        #[inline]
        pub fn meaning<E: Emit>(mn: Mn) -> Meaning<E> {
            match mn {
                $(Mn::$name => $($meaning)::+::<E>,)*
                $(Mn::$name2 => $($meaning2)::+::<E>,)*
            }
        }
    };
}

/// The row of a decoded mnemonic.
pub fn row_of(m: Mnemonic, code: Code) -> Option<Mn> {
    match code {
        Code::Movsd_xmm_xmmm64 | Code::Movsd_xmmm64_xmm => Some(Mn::MovsdXmm),
        Code::Movsd_m32_m32 => Some(Mn::Movsd),
        Code::Cmpsd_m32_m32 => Some(Mn::Cmpsd),
        _ => by_mnemonic(m),
    }
}

insns! {
    rows {
        // ---- alu.rs: arithmetic and logic
        Adc         alu::adc,             [C]      [OSZAPC]  Base;
        Add         alu::add,             []       [OSZAPC]  Base;
        And         alu::and,             []       [OSZAPC]  Base;
        Cmp         alu::cmp,             []       [OSZAPC]  Base;
        Dec         alu::dec,             []       [OSZAP]   Base;
        Div         alu::div,             []       [OSZAPC]  Base;
        Idiv        alu::idiv,            []       [OSZAPC]  Base;
        Imul        alu::imul,            []       [OSZAPC]  Base;
        Inc         alu::inc,             []       [OSZAP]   Base;
        Mul         alu::mul,             []       [OSZAPC]  Base;
        Neg         alu::neg,             []       [OSZAPC]  Base;
        Not         alu::not,             []       []        Base;
        Or          alu::or,              []       [OSZAPC]  Base;
        Sbb         alu::sbb,             [C]      [OSZAPC]  Base;
        Sub         alu::sub,             []       [OSZAPC]  Base;
        Test        alu::test,            []       [OSZAPC]  Base;
        Xor         alu::xor,             []       [OSZAPC]  Base;
        // ---- shift.rs: shifts and rotates
        Rcl         shift::rcl,           [C]      [OC]      Base;
        Rcr         shift::rcr,           [C]      [OC]      Base;
        Rol         shift::rol,           []       [OC]      Base;
        Ror         shift::ror,           []       [OC]      Base;
        Sal         shift::shl,           []       [OSZAPC]  Base;
        Sar         shift::sar,           []       [OSZAPC]  Base;
        Shl         shift::shl,           []       [OSZAPC]  Base;
        Shld        shift::shld,          []       [OSZAPC]  Base;
        Shr         shift::shr,           []       [OSZAPC]  Base;
        Shrd        shift::shrd,          []       [OSZAPC]  Base;
        // ---- bit.rs: single bits, counting, BMI, ADX
        Adcx        bit::adcx,            [C]      [C]       Adx;
        Adox        bit::adox,            [O]      [O]       Adx;
        Andn        bit::andn,            []       [OSZAPC]  Bmi1;
        Bextr       bit::bextr,           []       [OSZAPC]  Bmi1;
        Blsi        bit::blsi,            []       [OSZAPC]  Bmi1;
        Blsmsk      bit::blsmsk,          []       [OSZAPC]  Bmi1;
        Blsr        bit::blsr,            []       [OSZAPC]  Bmi1;
        Bsf         bit::bsf,             []       [OSZAPC]  Base;
        Bsr         bit::bsr,             []       [OSZAPC]  Base;
        Bt          bit::bt,              []       [OSAPC]   Base;
        Btc         bit::btc,             []       [OSAPC]   Base;
        Btr         bit::btr,             []       [OSAPC]   Base;
        Bts         bit::bts,             []       [OSAPC]   Base;
        Bzhi        bit::bzhi,            []       [OSZAPC]  Bmi2;
        Crc32       bit::crc32,           []       []        Sse42;
        Lzcnt       bit::lzcnt,           []       [OSZAPC]  Lzcnt;
        Mulx        bit::mulx,            []       []        Bmi2;
        Pdep        bit::pdep,            []       []        Bmi2;
        Pext        bit::pext,            []       []        Bmi2;
        Popcnt      bit::popcnt,          []       [OSZAPC]  Popcnt;
        Rorx        bit::rorx,            []       []        Bmi2;
        Sarx        bit::sarx,            []       []        Bmi2;
        Shlx        bit::shlx,            []       []        Bmi2;
        Shrx        bit::shrx,            []       []        Bmi2;
        Tzcnt       bit::tzcnt,           []       [OSZAPC]  Bmi1;
        // ---- mov.rs: moves, the stack, exchanges
        Bswap       mov::bswap,           []       []        Base;
        Cbw         mov::cbw,             []       []        Base;
        Cdq         mov::cdq,             []       []        Base;
        Cdqe        mov::cdqe,            []       []        Base;
        Cqo         mov::cqo,             []       []        Base;
        Cwd         mov::cwd,             []       []        Base;
        Cwde        mov::cwde,            []       []        Base;
        Endbr32     mov::nop,             []       []        Base;
        Endbr64     mov::nop,             []       []        Base;
        Lea         mov::lea,             []       []        Base;
        Mov         mov::mov,             []       []        Base;
        Movbe       mov::movbe,           []       []        Movbe;
        Movsx       mov::movsx,           []       []        Base;
        Movsxd      mov::movsx,           []       []        Base;
        Movzx       mov::movzx,           []       []        Base;
        Nop         mov::nop,             []       []        Base;
        Pop         mov::pop,             []       []        Base;
        Push        mov::push,            []       []        Base;
        Xchg        mov::xchg,            []       []        Base;
        Xlatb       mov::xlat,            []       []        Base;
        Cmpxchg     mov::cmpxchg,         []       [OSZAPC]  Base;
        Cmpxchg16b  mov::cmpxchg_wide,    []       [Z]       Cx16;
        Cmpxchg8b   mov::cmpxchg_wide,    []       [Z]       Base;
        Xadd        mov::xadd,            []       [OSZAPC]  Base;
        // ---- mov.rs and flow.rs: by condition
        Cmovo       mov::cmov,            [O]      []        Base;
        Cmovno      mov::cmov,            [O]      []        Base;
        Cmovb       mov::cmov,            [C]      []        Base;
        Cmovae      mov::cmov,            [C]      []        Base;
        Cmove       mov::cmov,            [Z]      []        Base;
        Cmovne      mov::cmov,            [Z]      []        Base;
        Cmovbe      mov::cmov,            [ZC]     []        Base;
        Cmova       mov::cmov,            [ZC]     []        Base;
        Cmovs       mov::cmov,            [S]      []        Base;
        Cmovns      mov::cmov,            [S]      []        Base;
        Cmovp       mov::cmov,            [P]      []        Base;
        Cmovnp      mov::cmov,            [P]      []        Base;
        Cmovl       mov::cmov,            [OS]     []        Base;
        Cmovge      mov::cmov,            [OS]     []        Base;
        Cmovle      mov::cmov,            [OSZ]    []        Base;
        Cmovg       mov::cmov,            [OSZ]    []        Base;
        Seto        mov::set,             [O]      []        Base;
        Setno       mov::set,             [O]      []        Base;
        Setb        mov::set,             [C]      []        Base;
        Setae       mov::set,             [C]      []        Base;
        Sete        mov::set,             [Z]      []        Base;
        Setne       mov::set,             [Z]      []        Base;
        Setbe       mov::set,             [ZC]     []        Base;
        Seta        mov::set,             [ZC]     []        Base;
        Sets        mov::set,             [S]      []        Base;
        Setns       mov::set,             [S]      []        Base;
        Setp        mov::set,             [P]      []        Base;
        Setnp       mov::set,             [P]      []        Base;
        Setl        mov::set,             [OS]     []        Base;
        Setge       mov::set,             [OS]     []        Base;
        Setle       mov::set,             [OSZ]    []        Base;
        Setg        mov::set,             [OSZ]    []        Base;
        Jo          flow::jcc,            [O]      []        Base;
        Jno         flow::jcc,            [O]      []        Base;
        Jb          flow::jcc,            [C]      []        Base;
        Jae         flow::jcc,            [C]      []        Base;
        Je          flow::jcc,            [Z]      []        Base;
        Jne         flow::jcc,            [Z]      []        Base;
        Jbe         flow::jcc,            [ZC]     []        Base;
        Ja          flow::jcc,            [ZC]     []        Base;
        Js          flow::jcc,            [S]      []        Base;
        Jns         flow::jcc,            [S]      []        Base;
        Jp          flow::jcc,            [P]      []        Base;
        Jnp         flow::jcc,            [P]      []        Base;
        Jl          flow::jcc,            [OS]     []        Base;
        Jge         flow::jcc,            [OS]     []        Base;
        Jle         flow::jcc,            [OSZ]    []        Base;
        Jg          flow::jcc,            [OSZ]    []        Base;
        // ---- flow.rs: branches and ways out
        Call        flow::call,           []       []        Base;
        Enter       flow::enter,          []       []        Base;
        Jecxz       flow::jecxz,          []       []        Base;
        Jmp         flow::jmp,            []       []        Base;
        Jrcxz       flow::jrcxz,          []       []        Base;
        Leave       flow::leave,          []       []        Base;
        Loop        flow::loop_,          []       []        Base;
        Loope       flow::loope,          [Z]      []        Base;
        Loopne      flow::loopne,         [Z]      []        Base;
        Pause       flow::pause,          []       []        Base;
        Ret         flow::ret,            []       []        Base;
        Syscall     flow::syscall,        []       []        Base;
        Int3        flow::int3,           []       []        Base;
        Ud0         flow::undefined,      []       []        Base;
        Ud1         flow::undefined,      []       []        Base;
        Ud2         flow::undefined,      []       []        Base;
        // ---- flow.rs: privileged
        Cli         flow::privileged,     []       []        Base;
        Clts        flow::privileged,     []       []        Base;
        Hlt         flow::privileged,     []       []        Base;
        In          flow::privileged,     []       []        Base;
        Insb        flow::privileged,     []       []        Base;
        Insd        flow::privileged,     []       []        Base;
        Insw        flow::privileged,     []       []        Base;
        Int         flow::privileged,     []       []        Base;
        Invd        flow::privileged,     []       []        Base;
        Invlpg      flow::privileged,     []       []        Base;
        Lgdt        flow::privileged,     []       []        Base;
        Lidt        flow::privileged,     []       []        Base;
        Lldt        flow::privileged,     []       []        Base;
        Lmsw        flow::privileged,     []       []        Base;
        Ltr         flow::privileged,     []       []        Base;
        Out         flow::privileged,     []       []        Base;
        Outsb       flow::privileged,     []       []        Base;
        Outsd       flow::privileged,     []       []        Base;
        Outsw       flow::privileged,     []       []        Base;
        Rdmsr       flow::privileged,     []       []        Base;
        Rdpmc       flow::privileged,     []       []        Base;
        Sti         flow::privileged,     []       []        Base;
        Swapgs      flow::privileged,     []       []        Base;
        Sysexit     flow::privileged,     []       []        Base;
        Sysret      flow::privileged,     []       []        Base;
        Wbinvd      flow::privileged,     []       []        Base;
        Wrmsr       flow::privileged,     []       []        Base;
        // ---- string.rs
        Cmpsb       string::cmps,         [D]      [OSZAPC]  Base;
        Cmpsw       string::cmps,         [D]      [OSZAPC]  Base;
        Cmpsq       string::cmps,         [D]      [OSZAPC]  Base;
        Lodsb       string::lods,         [D]      []        Base;
        Lodsw       string::lods,         [D]      []        Base;
        Lodsd       string::lods,         [D]      []        Base;
        Lodsq       string::lods,         [D]      []        Base;
        Movsb       string::movs,         [D]      []        Base;
        Movsw       string::movs,         [D]      []        Base;
        Movsq       string::movs,         [D]      []        Base;
        Scasb       string::scas,         [D]      [OSZAPC]  Base;
        Scasw       string::scas,         [D]      [OSZAPC]  Base;
        Scasd       string::scas,         [D]      [OSZAPC]  Base;
        Scasq       string::scas,         [D]      [OSZAPC]  Base;
        Stosb       string::stos,         [D]      []        Base;
        Stosw       string::stos,         [D]      []        Base;
        Stosd       string::stos,         [D]      []        Base;
        Stosq       string::stos,         [D]      []        Base;
        // ---- system.rs
        Clc         system::clc,          []       [C]       Base;
        Cld         system::cld,          []       [D]       Base;
        Clflush     system::clflush,      []       []        Sse2;
        Clflushopt  system::clflush,      []       []        ClflushOpt;
        Clwb        system::clflush,      []       []        Clwb;
        Cmc         system::cmc,          [C]      [C]       Base;
        Cpuid       system::cpuid,        []       []        Base;
        Lahf        system::lahf,         [SZAPC]  []        Lahf;
        Popf        system::popf,         []       [OSZAPCD] Base;
        Popfq       system::popf,         []       [OSZAPCD] Base;
        Pushf       system::pushf,        [OSZAPCD][]        Base;
        Pushfq      system::pushf,        [OSZAPCD][]        Base;
        Rdfsbase    system::rdfsbase,     []       []        FsGsBase;
        Rdgsbase    system::rdgsbase,     []       []        FsGsBase;
        Rdpid       system::rdpid,        []       []        Rdpid;
        Rdtsc       system::rdtsc,        []       []        Base;
        Rdtscp      system::rdtscp,       []       []        Rdtscp;
        Sahf        system::sahf,         []       [SZAPC]   Lahf;
        Stc         system::stc,          []       [C]       Base;
        Std         system::std,          []       [D]       Base;
        Wrfsbase    system::wrfsbase,     []       []        FsGsBase;
        Wrgsbase    system::wrgsbase,     []       []        FsGsBase;
        // ---- hints and fences: nothing to do for one processor
        Lfence      mov::nop,             []       []        Sse2;
        Mfence      mov::nop,             []       []        Sse2;
        Sfence      mov::nop,             []       []        Sse;
        Prefetch    mov::nop,             []       []        Prefetchw;
        Prefetchw   mov::nop,             []       []        Prefetchw;
        Prefetchnta mov::nop,             []       []        Sse;
        Prefetcht0  mov::nop,             []       []        Sse;
        Prefetcht1  mov::nop,             []       []        Sse;
        Prefetcht2  mov::nop,             []       []        Sse;
        Reservednop mov::nop,             []       []        Base;
        // ---- sse/mov.rs
        Movaps      sse::mov::movaps,               []        []        Sse;
        Movntps     sse::mov::movaps,               []        []        Sse;
        Movapd      sse::mov::movaps,               []        []        Sse2;
        Movdqa      sse::mov::movaps,               []        []        Sse2;
        Movntpd     sse::mov::movaps,               []        []        Sse2;
        Movntdq     sse::mov::movaps,               []        []        Sse2;
        Movntdqa    sse::mov::movaps,               []        []        Sse41;
        Movups      sse::mov::movups,               []        []        Sse;
        Movupd      sse::mov::movups,               []        []        Sse2;
        Movdqu      sse::mov::movups,               []        []        Sse2;
        Lddqu       sse::mov::movups,               []        []        Sse3;
        Movd        sse::mov::movd,                 []        []        Mmx;
        Movq        sse::mov::movq,                 []        []        Mmx;
        Movntq      sse::mov::movq,                 []        []        Sse;
        Movq2dq     sse::mov::movq,                 []        []        Sse2;
        Movdq2q     sse::mov::movq,                 []        []        Sse2;
        Movnti      sse::mov::movnti,               []        []        Sse2;
        Movss       sse::mov::movss,                []        []        Sse;
        Movlps      sse::mov::movlps,               []        []        Sse;
        Movlpd      sse::mov::movlps,               []        []        Sse2;
        Movhps      sse::mov::movhps,               []        []        Sse;
        Movhpd      sse::mov::movhps,               []        []        Sse2;
        Pmovmskb    sse::mov::pmovmskb,             []        []        Sse;
        Movmskps    sse::mov::movmskps,             []        []        Sse;
        Movmskpd    sse::mov::movmskpd,             []        []        Sse2;
        Pextrb      sse::mov::pextrb,               []        []        Sse41;
        Pextrw      sse::mov::pextrw,               []        []        Sse;
        Pextrd      sse::mov::pextrd,               []        []        Sse41;
        Pextrq      sse::mov::pextrq,               []        []        Sse41;
        Extractps   sse::mov::pextrd,               []        []        Sse41;
        Pinsrb      sse::mov::pinsrb,               []        []        Sse41;
        Pinsrw      sse::mov::pinsrw,               []        []        Sse;
        Pinsrd      sse::mov::pinsrd,               []        []        Sse41;
        Pinsrq      sse::mov::pinsrq,               []        []        Sse41;
        Insertps    sse::mov::insertps,             []        []        Sse41;
        Maskmovq    sse::mov::maskmov,              []        []        Sse;
        Maskmovdqu  sse::mov::maskmov,              []        []        Sse2;
        // ---- sse/logic.rs
        Pand        sse::logic::pand,               []        []        Mmx;
        Andps       sse::logic::pand,               []        []        Sse;
        Andpd       sse::logic::pand,               []        []        Sse2;
        Por         sse::logic::por,                []        []        Mmx;
        Orps        sse::logic::por,                []        []        Sse;
        Orpd        sse::logic::por,                []        []        Sse2;
        Pxor        sse::logic::pxor,               []        []        Mmx;
        Xorps       sse::logic::pxor,               []        []        Sse;
        Xorpd       sse::logic::pxor,               []        []        Sse2;
        Pandn       sse::logic::pandn,              []        []        Mmx;
        Andnps      sse::logic::pandn,              []        []        Sse;
        Andnpd      sse::logic::pandn,              []        []        Sse2;
        Ptest       sse::logic::ptest,              []        [OSZAPC]  Sse41;
        Pblendw     sse::logic::pblendw,            []        []        Sse41;
        Blendps     sse::logic::blendps,            []        []        Sse41;
        Blendpd     sse::logic::blendpd,            []        []        Sse41;
        Pblendvb    sse::logic::pblendvb,           []        []        Sse41;
        Blendvps    sse::logic::blendvps,           []        []        Sse41;
        Blendvpd    sse::logic::blendvpd,           []        []        Sse41;
        // ---- sse/shift.rs
        Psllw       sse::shift::psllw,              []        []        Mmx;
        Pslld       sse::shift::pslld,              []        []        Mmx;
        Psllq       sse::shift::psllq,              []        []        Mmx;
        Psrlw       sse::shift::psrlw,              []        []        Mmx;
        Psrld       sse::shift::psrld,              []        []        Mmx;
        Psrlq       sse::shift::psrlq,              []        []        Mmx;
        Psraw       sse::shift::psraw,              []        []        Mmx;
        Psrad       sse::shift::psrad,              []        []        Mmx;
        Pslldq      sse::shift::pslldq,             []        []        Sse2;
        Psrldq      sse::shift::psrldq,             []        []        Sse2;
        Palignr     sse::shift::palignr,            []        []        Ssse3;
        // ---- sse/shuffle.rs
        Pshufw      sse::shuffle::pshufw,           []        []        Sse;
        Pshufd      sse::shuffle::pshufd,           []        []        Sse2;
        Pshuflw     sse::shuffle::pshuflw,          []        []        Sse2;
        Pshufhw     sse::shuffle::pshufhw,          []        []        Sse2;
        Shufpd      sse::shuffle::shufpd,           []        []        Sse2;
        Shufps      sse::shuffle::shufps,           []        []        Sse;
        Punpcklbw   sse::shuffle::punpcklbw,        []        []        Mmx;
        Punpcklwd   sse::shuffle::punpcklwd,        []        []        Mmx;
        Punpckldq   sse::shuffle::punpckldq,        []        []        Mmx;
        Punpckhbw   sse::shuffle::punpckhbw,        []        []        Mmx;
        Punpckhwd   sse::shuffle::punpckhwd,        []        []        Mmx;
        Punpckhdq   sse::shuffle::punpckhdq,        []        []        Mmx;
        Punpcklqdq  sse::shuffle::punpcklqdq,       []        []        Sse2;
        Punpckhqdq  sse::shuffle::punpckhqdq,       []        []        Sse2;
        Unpcklps    sse::shuffle::punpckldq,        []        []        Sse;
        Unpcklpd    sse::shuffle::punpcklqdq,       []        []        Sse2;
        Unpckhps    sse::shuffle::punpckhdq,        []        []        Sse;
        Unpckhpd    sse::shuffle::punpckhqdq,       []        []        Sse2;
        Movlhps     sse::shuffle::punpcklqdq,       []        []        Sse;
        Movhlps     sse::shuffle::movhlps,          []        []        Sse;
        Movsldup    sse::shuffle::movsldup,         []        []        Sse3;
        Movshdup    sse::shuffle::movshdup,         []        []        Sse3;
        Movddup     sse::shuffle::movddup,          []        []        Sse3;
        Packsswb    sse::shuffle::packsswb,         []        []        Mmx;
        Packuswb    sse::shuffle::packuswb,         []        []        Mmx;
        Packssdw    sse::shuffle::packssdw,         []        []        Mmx;
        Packusdw    sse::shuffle::packusdw,         []        []        Sse41;
        Pshufb      sse::shuffle::pshufb,           []        []        Ssse3;
        Pmovsxbw    sse::shuffle::pmovsxbw,         []        []        Sse41;
        Pmovsxbd    sse::shuffle::pmovsxbd,         []        []        Sse41;
        Pmovsxbq    sse::shuffle::pmovsxbq,         []        []        Sse41;
        Pmovsxwd    sse::shuffle::pmovsxwd,         []        []        Sse41;
        Pmovsxwq    sse::shuffle::pmovsxwq,         []        []        Sse41;
        Pmovsxdq    sse::shuffle::pmovsxdq,         []        []        Sse41;
        Pmovzxbw    sse::shuffle::pmovzxbw,         []        []        Sse41;
        Pmovzxbd    sse::shuffle::pmovzxbd,         []        []        Sse41;
        Pmovzxbq    sse::shuffle::pmovzxbq,         []        []        Sse41;
        Pmovzxwd    sse::shuffle::pmovzxwd,         []        []        Sse41;
        Pmovzxwq    sse::shuffle::pmovzxwq,         []        []        Sse41;
        Pmovzxdq    sse::shuffle::pmovzxdq,         []        []        Sse41;
        Phminposuw  sse::shuffle::phminposuw,       []        []        Sse41;
        // ---- sse/integer.rs
        Paddb       sse::integer::paddb,            []        []        Mmx;
        Paddw       sse::integer::paddw,            []        []        Mmx;
        Paddd       sse::integer::paddd,            []        []        Mmx;
        Paddsb      sse::integer::paddsb,           []        []        Mmx;
        Paddsw      sse::integer::paddsw,           []        []        Mmx;
        Paddusb     sse::integer::paddusb,          []        []        Mmx;
        Paddusw     sse::integer::paddusw,          []        []        Mmx;
        Psubb       sse::integer::psubb,            []        []        Mmx;
        Psubw       sse::integer::psubw,            []        []        Mmx;
        Psubd       sse::integer::psubd,            []        []        Mmx;
        Psubsb      sse::integer::psubsb,           []        []        Mmx;
        Psubsw      sse::integer::psubsw,           []        []        Mmx;
        Psubusb     sse::integer::psubusb,          []        []        Mmx;
        Psubusw     sse::integer::psubusw,          []        []        Mmx;
        Pcmpeqb     sse::integer::pcmpeqb,          []        []        Mmx;
        Pcmpeqw     sse::integer::pcmpeqw,          []        []        Mmx;
        Pcmpeqd     sse::integer::pcmpeqd,          []        []        Mmx;
        Pcmpgtb     sse::integer::pcmpgtb,          []        []        Mmx;
        Pcmpgtw     sse::integer::pcmpgtw,          []        []        Mmx;
        Pcmpgtd     sse::integer::pcmpgtd,          []        []        Mmx;
        Pmullw      sse::integer::pmullw,           []        []        Mmx;
        Pmulhw      sse::integer::pmulhw,           []        []        Mmx;
        Pmaddwd     sse::integer::pmaddwd,          []        []        Mmx;
        Pavgb       sse::integer::pavgb,            []        []        Sse;
        Pavgw       sse::integer::pavgw,            []        []        Sse;
        Pminub      sse::integer::pminub,           []        []        Sse;
        Pminsw      sse::integer::pminsw,           []        []        Sse;
        Pmaxub      sse::integer::pmaxub,           []        []        Sse;
        Pmaxsw      sse::integer::pmaxsw,           []        []        Sse;
        Pmulhuw     sse::integer::pmulhuw,          []        []        Sse;
        Psadbw      sse::integer::psadbw,           []        []        Sse;
        Paddq       sse::integer::paddq,            []        []        Sse2;
        Psubq       sse::integer::psubq,            []        []        Sse2;
        Pmuludq     sse::integer::pmuludq,          []        []        Sse2;
        Phaddw      sse::integer::phaddw,           []        []        Ssse3;
        Phaddd      sse::integer::phaddd,           []        []        Ssse3;
        Phaddsw     sse::integer::phaddsw,          []        []        Ssse3;
        Phsubw      sse::integer::phsubw,           []        []        Ssse3;
        Phsubd      sse::integer::phsubd,           []        []        Ssse3;
        Phsubsw     sse::integer::phsubsw,          []        []        Ssse3;
        Pabsb       sse::integer::pabsb,            []        []        Ssse3;
        Pabsw       sse::integer::pabsw,            []        []        Ssse3;
        Pabsd       sse::integer::pabsd,            []        []        Ssse3;
        Psignb      sse::integer::psignb,           []        []        Ssse3;
        Psignw      sse::integer::psignw,           []        []        Ssse3;
        Psignd      sse::integer::psignd,           []        []        Ssse3;
        Pmaddubsw   sse::integer::pmaddubsw,        []        []        Ssse3;
        Pmulhrsw    sse::integer::pmulhrsw,         []        []        Ssse3;
        Pminuw      sse::integer::pminuw,           []        []        Sse41;
        Pminud      sse::integer::pminud,           []        []        Sse41;
        Pminsb      sse::integer::pminsb,           []        []        Sse41;
        Pminsd      sse::integer::pminsd,           []        []        Sse41;
        Pmaxuw      sse::integer::pmaxuw,           []        []        Sse41;
        Pmaxud      sse::integer::pmaxud,           []        []        Sse41;
        Pmaxsb      sse::integer::pmaxsb,           []        []        Sse41;
        Pmaxsd      sse::integer::pmaxsd,           []        []        Sse41;
        Pcmpeqq     sse::integer::pcmpeqq,          []        []        Sse41;
        Pmulld      sse::integer::pmulld,           []        []        Sse41;
        Pmuldq      sse::integer::pmuldq,           []        []        Sse41;
        Mpsadbw     sse::integer::mpsadbw,          []        []        Sse41;
        Pcmpgtq     sse::integer::pcmpgtq,          []        []        Sse42;
        // ---- sse/compare_string.rs
        Pcmpestri       sse::compare_string::pcmpestri,    [] [OSZAPC] Sse42;
        Pcmpestri64     sse::compare_string::pcmpestri64,  [] [OSZAPC] Sse42;
        Pcmpestrm       sse::compare_string::pcmpestrm,    [] [OSZAPC] Sse42;
        Pcmpestrm64     sse::compare_string::pcmpestrm64,  [] [OSZAPC] Sse42;
        Pcmpistri       sse::compare_string::pcmpistri,    [] [OSZAPC] Sse42;
        Pcmpistrm       sse::compare_string::pcmpistrm,    [] [OSZAPC] Sse42;
        // ---- sse/crypto.rs
        Aesenc          sse::crypto::aesenc,               [] [] Aes;
        Aesenclast      sse::crypto::aesenclast,           [] [] Aes;
        Aesdec          sse::crypto::aesdec,               [] [] Aes;
        Aesdeclast      sse::crypto::aesdeclast,           [] [] Aes;
        Aesimc          sse::crypto::aesimc,               [] [] Aes;
        Aeskeygenassist sse::crypto::aeskeygenassist,      [] [] Aes;
        Pclmulqdq       sse::crypto::pclmulqdq,            [] [] Pclmulqdq;
        Sha1nexte       sse::crypto::sha1nexte,            [] [] Sha;
        Sha1msg1        sse::crypto::sha1msg1,             [] [] Sha;
        Sha1msg2        sse::crypto::sha1msg2,             [] [] Sha;
        Sha1rnds4       sse::crypto::sha1rnds4,            [] [] Sha;
        Sha256rnds2     sse::crypto::sha256rnds2,          [] [] Sha;
        Sha256msg1      sse::crypto::sha256msg1,           [] [] Sha;
        Sha256msg2      sse::crypto::sha256msg2,           [] [] Sha;
    }
    by_encoding {
        // ---- string.rs: SSE2 has instructions of these names
        Movsd       string::movs,         [D]      []        Base;
        Cmpsd       string::cmps,         [D]      [OSZAPC]  Base;
        // ---- sse/mov.rs
        MovsdXmm    sse::mov::movsd,                []       []        Sse2;
    }
}
