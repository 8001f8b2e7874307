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
    /// Status flags (and DF) it reads, as the low bits of rflags.
    pub reads: u16,
    /// Flags it changes or leaves undefined.
    pub writes: u16,
    /// What CPUID must announce for it.
    pub feature: Feature,
}

/// A meaning, bound to an [`Emit`].
pub type Meaning<E> = fn(&mut E, &Insn) -> Done<E>;

/// Letters of the flags columns to bits.
const fn letters(s: &str) -> u16 {
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
    mask as u16
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
                reads: letters(concat!($(stringify!($reads))?)),
                writes: letters(concat!($(stringify!($writes))?)),
                feature: Feature::$feature,
            },)*
            $(Row {
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
        Code::Cmpsd_xmm_xmmm64_imm8 => Some(Mn::CmpsdXmm),
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
        // Without shadow stacks these are NOPs, and unwinders rely on it (SDM Vol. 2B, RDSSPD/RDSSPQ).
        Rdsspd      mov::nop,             []       []        Base;
        Rdsspq      mov::nop,             []       []        Base;
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
        // ---- sse/fp_arith.rs, fp_cmp.rs, fp_cvt.rs, mxcsr.rs: floating point
        Addss       sse::fp_arith::addss,           []        []        Sse;
        Addsd       sse::fp_arith::addsd,           []        []        Sse2;
        Addps       sse::fp_arith::addps,           []        []        Sse;
        Addpd       sse::fp_arith::addpd,           []        []        Sse2;
        Subss       sse::fp_arith::subss,           []        []        Sse;
        Subsd       sse::fp_arith::subsd,           []        []        Sse2;
        Subps       sse::fp_arith::subps,           []        []        Sse;
        Subpd       sse::fp_arith::subpd,           []        []        Sse2;
        Mulss       sse::fp_arith::mulss,           []        []        Sse;
        Mulsd       sse::fp_arith::mulsd,           []        []        Sse2;
        Mulps       sse::fp_arith::mulps,           []        []        Sse;
        Mulpd       sse::fp_arith::mulpd,           []        []        Sse2;
        Divss       sse::fp_arith::divss,           []        []        Sse;
        Divsd       sse::fp_arith::divsd,           []        []        Sse2;
        Divps       sse::fp_arith::divps,           []        []        Sse;
        Divpd       sse::fp_arith::divpd,           []        []        Sse2;
        Sqrtss      sse::fp_arith::sqrtss,          []        []        Sse;
        Sqrtsd      sse::fp_arith::sqrtsd,          []        []        Sse2;
        Sqrtps      sse::fp_arith::sqrtps,          []        []        Sse;
        Sqrtpd      sse::fp_arith::sqrtpd,          []        []        Sse2;
        Minss       sse::fp_arith::minss,           []        []        Sse;
        Minsd       sse::fp_arith::minsd,           []        []        Sse2;
        Minps       sse::fp_arith::minps,           []        []        Sse;
        Minpd       sse::fp_arith::minpd,           []        []        Sse2;
        Maxss       sse::fp_arith::maxss,           []        []        Sse;
        Maxsd       sse::fp_arith::maxsd,           []        []        Sse2;
        Maxps       sse::fp_arith::maxps,           []        []        Sse;
        Maxpd       sse::fp_arith::maxpd,           []        []        Sse2;
        Rcpss       sse::fp_arith::rcpss,           []        []        Sse;
        Rcpps       sse::fp_arith::rcpps,           []        []        Sse;
        Rsqrtss     sse::fp_arith::rsqrtss,         []        []        Sse;
        Rsqrtps     sse::fp_arith::rsqrtps,         []        []        Sse;
        Addsubps    sse::fp_arith::addsubps,        []        []        Sse3;
        Addsubpd    sse::fp_arith::addsubpd,        []        []        Sse3;
        Haddps      sse::fp_arith::haddps,          []        []        Sse3;
        Haddpd      sse::fp_arith::haddpd,          []        []        Sse3;
        Hsubps      sse::fp_arith::hsubps,          []        []        Sse3;
        Hsubpd      sse::fp_arith::hsubpd,          []        []        Sse3;
        Roundss     sse::fp_arith::roundss,         []        []        Sse41;
        Roundsd     sse::fp_arith::roundsd,         []        []        Sse41;
        Roundps     sse::fp_arith::roundps,         []        []        Sse41;
        Roundpd     sse::fp_arith::roundpd,         []        []        Sse41;
        Dpps        sse::fp_arith::dpps,            []        []        Sse41;
        Dppd        sse::fp_arith::dppd,            []        []        Sse41;
        Cmpss       sse::fp_cmp::cmpss,             []        []        Sse;
        Cmpps       sse::fp_cmp::cmpps,             []        []        Sse;
        Cmppd       sse::fp_cmp::cmppd,             []        []        Sse2;
        Comiss      sse::fp_cmp::comiss,            []        [OSZAPC]  Sse;
        Ucomiss     sse::fp_cmp::ucomiss,           []        [OSZAPC]  Sse;
        Comisd      sse::fp_cmp::comisd,            []        [OSZAPC]  Sse2;
        Ucomisd     sse::fp_cmp::ucomisd,           []        [OSZAPC]  Sse2;
        Cvtss2sd    sse::fp_cvt::cvtss2sd,          []        []        Sse2;
        Cvtsd2ss    sse::fp_cvt::cvtsd2ss,          []        []        Sse2;
        Cvtps2pd    sse::fp_cvt::cvtps2pd,          []        []        Sse2;
        Cvtpd2ps    sse::fp_cvt::cvtpd2ps,          []        []        Sse2;
        Cvtdq2ps    sse::fp_cvt::cvtdq2ps,          []        []        Sse2;
        Cvtdq2pd    sse::fp_cvt::cvtdq2pd,          []        []        Sse2;
        Cvtps2dq    sse::fp_cvt::cvtps2dq,          []        []        Sse2;
        Cvttps2dq   sse::fp_cvt::cvttps2dq,         []        []        Sse2;
        Cvtpd2dq    sse::fp_cvt::cvtpd2dq,          []        []        Sse2;
        Cvttpd2dq   sse::fp_cvt::cvttpd2dq,         []        []        Sse2;
        Cvtsd2si    sse::fp_cvt::cvtsd2si,          []        []        Sse2;
        Cvttsd2si   sse::fp_cvt::cvttsd2si,         []        []        Sse2;
        Cvtsi2sd    sse::fp_cvt::cvtsi2sd,          []        []        Sse2;
        Cvtpi2pd    sse::fp_cvt::cvtpi2pd,          []        []        Sse2;
        Cvtpd2pi    sse::fp_cvt::cvtpd2pi,          []        []        Sse2;
        Cvttpd2pi   sse::fp_cvt::cvttpd2pi,         []        []        Sse2;
        Cvtss2si    sse::fp_cvt::cvtss2si,          []        []        Sse;
        Cvttss2si   sse::fp_cvt::cvttss2si,         []        []        Sse;
        Cvtsi2ss    sse::fp_cvt::cvtsi2ss,          []        []        Sse;
        Cvtpi2ps    sse::fp_cvt::cvtpi2ps,          []        []        Sse;
        Cvtps2pi    sse::fp_cvt::cvtps2pi,          []        []        Sse;
        Cvttps2pi   sse::fp_cvt::cvttps2pi,         []        []        Sse;
        Ldmxcsr     sse::mxcsr::ldmxcsr,            []        []        Sse;
        Stmxcsr     sse::mxcsr::stmxcsr,            []        []        Sse;
        // ---- avx: what has no SSE twin; the twins are in avx/names.rs
        Vbroadcastss   avx::broadcastss,            []        []        Avx;
        Vbroadcastsd   avx::broadcastsd,            []        []        Avx;
        Vbroadcastf128 avx::broadcastf128,          []        []        Avx;
        Vextractf128   avx::extractf128,            []        []        Avx;
        Vinsertf128    avx::insertf128,             []        []        Avx;
        Vperm2f128     avx::perm2f128,              []        []        Avx;
        Vpermilps      avx::permilps,               []        []        Avx;
        Vpermilpd      avx::permilpd,               []        []        Avx;
        Vmaskmovps     avx::maskmovps,              []        []        Avx;
        Vmaskmovpd     avx::maskmovpd,              []        []        Avx;
        Vtestps        sse::logic::vtestps,         []        [OSZAPC]  Avx;
        Vtestpd        sse::logic::vtestpd,         []        [OSZAPC]  Avx;
        Vzeroupper     avx::zeroupper,              []        []        Avx;
        Vzeroall       avx::zeroall,                []        []        Avx;
        Vpbroadcastb   avx::pbroadcastb,            []        []        Avx2;
        Vpbroadcastw   avx::pbroadcastw,            []        []        Avx2;
        Vpermd         avx::permd,                  []        []        Avx2;
        Vpermq         avx::permq,                  []        []        Avx2;
        Vpsllvd        avx::psllvd,                 []        []        Avx2;
        Vpsllvq        avx::psllvq,                 []        []        Avx2;
        Vpsravd        avx::psravd,                 []        []        Avx2;
        Vpsrlvd        avx::psrlvd,                 []        []        Avx2;
        Vpsrlvq        avx::psrlvq,                 []        []        Avx2;
        Vgatherdps     avx::gatherdps,              []        []        Avx2;
        Vgatherdpd     avx::gatherdpd,              []        []        Avx2;
        Vgatherqps     avx::gatherqps,              []        []        Avx2;
        Vgatherqpd     avx::gatherqpd,              []        []        Avx2;
        Vcvtph2ps      avx::vcvtph2ps,              []        []        F16c;
        Vcvtps2ph      avx::vcvtps2ph,              []        []        F16c;
        // ---- x87
        Fadd        x87::arith::fadd,               []        []        Base;
        Faddp       x87::arith::faddp,              []        []        Base;
        Fiadd       x87::arith::fiadd,              []        []        Base;
        Fsub        x87::arith::fsub,               []        []        Base;
        Fsubp       x87::arith::fsubp,              []        []        Base;
        Fisub       x87::arith::fisub,              []        []        Base;
        Fsubr       x87::arith::fsubr,              []        []        Base;
        Fsubrp      x87::arith::fsubrp,             []        []        Base;
        Fisubr      x87::arith::fisubr,             []        []        Base;
        Fmul        x87::arith::fmul,               []        []        Base;
        Fmulp       x87::arith::fmulp,              []        []        Base;
        Fimul       x87::arith::fimul,              []        []        Base;
        Fdiv        x87::arith::fdiv,               []        []        Base;
        Fdivp       x87::arith::fdivp,              []        []        Base;
        Fidiv       x87::arith::fidiv,              []        []        Base;
        Fdivr       x87::arith::fdivr,              []        []        Base;
        Fdivrp      x87::arith::fdivrp,             []        []        Base;
        Fidivr      x87::arith::fidivr,             []        []        Base;
        Fchs        x87::arith::fchs,               []        []        Base;
        Fabs        x87::arith::fabs,               []        []        Base;
        Fsqrt       x87::arith::fsqrt,              []        []        Base;
        Frndint     x87::arith::frndint,            []        []        Base;
        Fscale      x87::arith::fscale,             []        []        Base;
        Fprem       x87::arith::fprem,              []        []        Base;
        Fprem1      x87::arith::fprem1,             []        []        Base;
        Fxtract     x87::arith::fxtract,            []        []        Base;
        F2xm1       x87::elementary::f2xm1,         []        []        Base;
        Fyl2x       x87::elementary::fyl2x,         []        []        Base;
        Fyl2xp1     x87::elementary::fyl2xp1,       []        []        Base;
        Fpatan      x87::elementary::fpatan,        []        []        Base;
        Fsin        x87::elementary::fsin,          []        []        Base;
        Fcos        x87::elementary::fcos,          []        []        Base;
        Fsincos     x87::elementary::fsincos,       []        []        Base;
        Fptan       x87::elementary::fptan,         []        []        Base;
        Fcom        x87::compare::fcom,             []        []        Base;
        Fcomp       x87::compare::fcomp,            []        []        Base;
        Fcompp      x87::compare::fcompp,           []        []        Base;
        Fucom       x87::compare::fucom,            []        []        Base;
        Fucomp      x87::compare::fucomp,           []        []        Base;
        Fucompp     x87::compare::fucompp,          []        []        Base;
        Ficom       x87::compare::ficom,            []        []        Base;
        Ficomp      x87::compare::ficomp,           []        []        Base;
        Ftst        x87::compare::ftst,             []        []        Base;
        Fxam        x87::compare::fxam,             []        []        Base;
        Fcomi       x87::compare::fcomi,            []        [OSZAPC]  Base;
        Fcomip      x87::compare::fcomip,           []        [OSZAPC]  Base;
        Fucomi      x87::compare::fucomi,           []        [OSZAPC]  Base;
        Fucomip     x87::compare::fucomip,          []        [OSZAPC]  Base;
        Fld         x87::moves::fld,                []        []        Base;
        Fst         x87::moves::fst,                []        []        Base;
        Fstp        x87::moves::fstp,               []        []        Base;
        Fild        x87::moves::fild,               []        []        Base;
        Fist        x87::moves::fist,               []        []        Base;
        Fistp       x87::moves::fistp,              []        []        Base;
        Fisttp      x87::moves::fisttp,             []        []        Sse3;
        Fbld        x87::moves::fbld,               []        []        Base;
        Fbstp       x87::moves::fbstp,              []        []        Base;
        Fxch        x87::moves::fxch,               []        []        Base;
        Fldz        x87::moves::fldz,               []        []        Base;
        Fld1        x87::moves::fld1,               []        []        Base;
        Fldl2t      x87::moves::fldl2t,             []        []        Base;
        Fldl2e      x87::moves::fldl2e,             []        []        Base;
        Fldpi       x87::moves::fldpi,              []        []        Base;
        Fldlg2      x87::moves::fldlg2,             []        []        Base;
        Fldln2      x87::moves::fldln2,             []        []        Base;
        Fcmovb      x87::moves::fcmovb,             [C]       []        Base;
        Fcmove      x87::moves::fcmove,             [Z]       []        Base;
        Fcmovbe     x87::moves::fcmovbe,            [CZ]      []        Base;
        Fcmovu      x87::moves::fcmovu,             [P]       []        Base;
        Fcmovnb     x87::moves::fcmovnb,            [C]       []        Base;
        Fcmovne     x87::moves::fcmovne,            [Z]       []        Base;
        Fcmovnbe    x87::moves::fcmovnbe,           [CZ]      []        Base;
        Fcmovnu     x87::moves::fcmovnu,            [P]       []        Base;
        Fninit      x87::control::fninit,           []        []        Base;
        Fnclex      x87::control::fnclex,           []        []        Base;
        Fldcw       x87::control::fldcw,            []        []        Base;
        Fnstcw      x87::control::fnstcw,           []        []        Base;
        Fnstsw      x87::control::fnstsw,           []        []        Base;
        Fnstenv     x87::control::fnstenv,          []        []        Base;
        Fldenv      x87::control::fldenv,           []        []        Base;
        Fnsave      x87::control::fnsave,           []        []        Base;
        Frstor      x87::control::frstor,           []        []        Base;
        Fincstp     x87::control::fincstp,          []        []        Base;
        Fdecstp     x87::control::fdecstp,          []        []        Base;
        Ffree       x87::control::ffree,            []        []        Base;
        Ffreep      x87::control::ffreep,           []        []        Base;
        Wait        x87::control::wait,             []        []        Base;
        Fnop        x87::control::wait,             []        []        Base;
        Fneni       x87::control::fneni,            []        []        Base;
        Fndisi      x87::control::fneni,            []        []        Base;
        Fnsetpm     x87::control::fneni,            []        []        Base;
        Fstpnce     x87::moves::fstpnce,             []        []        Base;
        Emms        x87::mmx::emms,                 []        []        Mmx;
        Fxsave      x87::xsave::fxsave,     []        []        Base;
        Fxsave64    x87::xsave::fxsave64,   []        []        Base;
        Fxrstor     x87::xsave::fxrstor,    []        []        Base;
        Fxrstor64   x87::xsave::fxrstor64,  []        []        Base;
        Xsave       x87::xsave::xsave,      []        []        Xsave;
        Xsave64     x87::xsave::xsave,      []        []        Xsave;
        Xsaveopt    x87::xsave::xsaveopt,   []        []        Xsave;
        Xsaveopt64  x87::xsave::xsaveopt,   []        []        Xsave;
        Xsavec      x87::xsave::xsavec,     []        []        Xsave;
        Xsavec64    x87::xsave::xsavec,     []        []        Xsave;
        Xrstor      x87::xsave::xrstor,     []        []        Xsave;
        Xrstor64    x87::xsave::xrstor,     []        []        Xsave;
        Xgetbv      x87::xsave::xgetbv,             []        []        Xsave;
        Xsetbv      flow::privileged,                []        []        Xsave;
    }
    by_encoding {
        // ---- string.rs: SSE2 has instructions of these names
        Movsd       string::movs,         [D]      []        Base;
        Cmpsd       string::cmps,         [D]      [OSZAPC]  Base;
        // ---- sse/mov.rs
        MovsdXmm    sse::mov::movsd,                []       []        Sse2;
        CmpsdXmm    sse::fp_cmp::cmpsd,             []        []        Sse2;
        // ---- avx/fma.rs: sixty mnemonics, told apart by their opcodes
        Fma         avx::fma,                       []        []        Fma;
    }
}
