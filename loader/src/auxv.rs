//! The first bytes on a new program's stack: arguments, environment and the auxiliary vector (getauxval(3), System V
//! ABI x86-64 3.4.1; corresponds to `create_elf_tables` of fs/binfmt_elf.c).

use abi::{Errno, PAGE_SIZE};
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi as abi;

const AT_NULL: u64 = 0;
const AT_PHDR: u64 = 3;
const AT_PHENT: u64 = 4;
const AT_PHNUM: u64 = 5;
const AT_PAGESZ: u64 = 6;
const AT_BASE: u64 = 7;
const AT_FLAGS: u64 = 8;
const AT_ENTRY: u64 = 9;
const AT_UID: u64 = 11;
const AT_EUID: u64 = 12;
const AT_GID: u64 = 13;
const AT_EGID: u64 = 14;
const AT_PLATFORM: u64 = 15;
const AT_HWCAP: u64 = 16;
const AT_CLKTCK: u64 = 17;
const AT_SECURE: u64 = 23;
const AT_RANDOM: u64 = 25;
const AT_HWCAP2: u64 = 26;
const AT_EXECFN: u64 = 31;
const AT_SYSINFO_EHDR: u64 = 33;
const AT_MINSIGSTKSZ: u64 = 51;

/// Longest single argument or variable with its terminator (MAX_ARG_STRLEN).
pub const ARG_STRLEN_MAX: usize = 32 * PAGE_SIZE;
/// Ticks of a second as times(2) and /proc count them (USER_HZ).
pub const CLOCK_TICKS: u64 = 100;

/// What goes onto the stack.
#[derive(Clone, Copy, Debug)]
pub struct Contents<'a> {
    /// Arguments, without terminators.
    pub argv: &'a [Vec<u8>],
    /// Environment, without terminators.
    pub envp: &'a [Vec<u8>],
    /// The path as execve(2) got it (AT_EXECFN).
    pub execfn: &'a [u8],
    /// Numbers of the auxiliary vector.
    pub aux: Aux,
    /// The 16 bytes AT_RANDOM points to.
    pub random: [u8; 16],
}

/// The auxiliary vector's numbers, load bias already added.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "each is getauxval(3)'s entry of that name")]
pub struct Aux {
    /// 0 when no segment holds the program headers.
    pub phdr: u64,
    pub phnum: u64,
    /// Where the dynamic linker was loaded; 0 without one.
    pub base: u64,
    /// The program's entry, not the linker's.
    pub entry: u64,
    pub uid: u32,
    pub euid: u32,
    pub gid: u32,
    pub egid: u32,
    pub secure: bool,
    /// CPUID.1:EDX.
    pub hwcap: u64,
    /// Bit 1: FSGSBASE works in user mode.
    pub hwcap2: u64,
    /// Bytes of a signal frame with all the CPU's state.
    pub minsigstksz: u64,
    /// Address of the vDSO; `None` without one.
    pub sysinfo_ehdr: Option<u64>,
}

/// The stack ready to be copied: `bytes` go to `rsp..top`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stack {
    /// Initial stack pointer, 16-byte aligned; `argc` is there.
    pub rsp: u64,
    /// Contents from `rsp` up to the top.
    pub bytes: Vec<u8>,
    /// Where the argument strings are: /proc/PID/cmdline shows these bytes.
    pub args: (u64, u64),
    /// Where the environment strings are: /proc/PID/environ.
    pub environ: (u64, u64),
    /// The auxiliary vector as it is in memory: /proc/PID/auxv.
    pub auxv: Vec<u8>,
}

/// Builds the stack that ends at `top` (page aligned). More than `limit` bytes (Linux: a quarter of RLIMIT_STACK, at
/// least 128 KiB, at most 6 MiB), a string over 128 KiB: E2BIG.
///
/// ```text
///   rsp  argc | argv[] NULL | envp[] NULL | auxv | gap | random[16] | "x86_64" | gap | args | environment | execfn | 0 (8)  top
/// ```
pub fn build(what: &Contents<'_>, top: u64, limit: usize) -> Result<Stack, Errno> {
    let pointers = what.argv.len() + what.envp.len() + 3;
    let sizes = what.argv.iter().chain(what.envp).map(|s| s.len() + 1);
    if sizes.clone().chain([what.execfn.len() + 1]).any(|len| len > ARG_STRLEN_MAX) {
        return Err(Errno::E2BIG);
    }
    let strings_len = sizes.sum::<usize>() + what.execfn.len() + 1 + 8;
    if strings_len.saturating_add(pointers * 8) > limit {
        return Err(Errno::E2BIG);
    }

    // From the top down: strings, then the small things, then the tables; `at` is the address reached.
    let strings_at = top - strings_len as u64;
    let platform_at = (strings_at & !15) - 16;
    let random_at = platform_at - 16;
    let auxv = auxv(&what.aux, random_at, platform_at, top - 8 - (what.execfn.len() as u64 + 1));
    let tables_len = (pointers * 8 + auxv.len()) as u64;
    // Never in the last page: one that has no page behind it is slower to reach (`brainworm_cpu::mem::entry::SPLIT`), and
    // most programs of small machines stay in the page they start in.
    let is_last = random_at - tables_len >= top - PAGE_SIZE as u64;
    let tables_end = if is_last { top - PAGE_SIZE as u64 } else { random_at };
    let rsp = (tables_end - tables_len) & !15;

    let mut out = Writer { base: rsp, bytes: vec![0; (top - rsp) as usize] };
    let mut string_at = strings_at;
    let mut table_at = out.word(rsp, what.argv.len() as u64);
    let mut ends = [strings_at; 2];
    for (list, end) in [what.argv, what.envp].into_iter().zip(&mut ends) {
        for string in list {
            table_at = out.word(table_at, string_at);
            string_at = out.put(string_at, string) + 1;
        }
        table_at = out.word(table_at, 0);
        *end = string_at;
    }
    out.put(table_at, &auxv);
    out.put(string_at, what.execfn);
    out.put(platform_at, b"x86_64");
    out.put(random_at, &what.random);
    Ok(Stack { rsp, bytes: out.bytes, args: (strings_at, ends[0]), environ: (ends[0], ends[1]), auxv })
}

fn auxv(aux: &Aux, random_at: u64, platform_at: u64, execfn_at: u64) -> Vec<u8> {
    let head = [aux.sysinfo_ehdr.map(|addr| (AT_SYSINFO_EHDR, addr)), Some((AT_MINSIGSTKSZ, aux.minsigstksz))];
    let rest = [
        (AT_HWCAP, aux.hwcap),
        (AT_PAGESZ, PAGE_SIZE as u64),
        (AT_CLKTCK, CLOCK_TICKS),
        (AT_PHDR, aux.phdr),
        (AT_PHENT, crate::elf::PHDR_LEN as u64),
        (AT_PHNUM, aux.phnum),
        (AT_BASE, aux.base),
        (AT_FLAGS, 0),
        (AT_ENTRY, aux.entry),
        (AT_UID, aux.uid as u64),
        (AT_EUID, aux.euid as u64),
        (AT_GID, aux.gid as u64),
        (AT_EGID, aux.egid as u64),
        (AT_SECURE, aux.secure as u64),
        (AT_RANDOM, random_at),
        (AT_HWCAP2, aux.hwcap2),
        (AT_EXECFN, execfn_at),
        (AT_PLATFORM, platform_at),
        (AT_NULL, 0),
    ];
    let pairs = head.into_iter().flatten().chain(rest);
    pairs.flat_map(|(key, value)| [key, value]).flat_map(u64::to_le_bytes).collect()
}

struct Writer {
    base: u64,
    bytes: Vec<u8>,
}

impl Writer {
    /// Puts bytes at a guest address and answers the address after them.
    fn put(&mut self, at: u64, bytes: &[u8]) -> u64 {
        let start = (at - self.base) as usize;
        self.bytes[start..start + bytes.len()].copy_from_slice(bytes);
        at + bytes.len() as u64
    }
    fn word(&mut self, at: u64, value: u64) -> u64 {
        self.put(at, &value.to_le_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: u64 = 0x7000_0000;

    fn words(list: &[&str]) -> Vec<Vec<u8>> {
        list.iter().map(|s| s.as_bytes().to_vec()).collect()
    }

    struct Reader(Stack);
    impl Reader {
        fn word(&self, at: u64) -> u64 {
            let i = (at - self.0.rsp) as usize;
            u64::from_le_bytes(self.0.bytes[i..i + 8].try_into().unwrap())
        }
        fn string(&self, at: u64) -> &[u8] {
            let rest = &self.0.bytes[(at - self.0.rsp) as usize..];
            &rest[..rest.iter().position(|&b| b == 0).unwrap()]
        }
    }

    #[test]
    fn a_program_finds_what_the_abi_promises() {
        for (argc, envc) in [(0, 0), (1, 0), (2, 1), (3, 3), (4, 1)] {
            let argv = words(&["sh", "", "-c", "echo"][..argc]);
            let envp = words(&["PATH=/bin", "X=", "HOME=/"][..envc]);
            let aux = Aux { entry: 0x1234, secure: true, sysinfo_ehdr: Some(0x9000), ..Aux::default() };
            let what = Contents { argv: &argv, envp: &envp, execfn: b"/bin/sh", aux, random: [7; 16] };
            let r = Reader(build(&what, TOP, 1 << 20).unwrap());
            assert_eq!((r.0.rsp % 16, r.0.rsp < TOP - PAGE_SIZE as u64), (0, true));
            assert_eq!(r.0.rsp + r.0.bytes.len() as u64, TOP);
            let mut at = r.0.rsp;
            let mut next = || {
                at += 8;
                r.word(at - 8)
            };
            assert_eq!(next(), argc as u64);
            for arg in &argv {
                assert_eq!(r.string(next()), &arg[..]);
            }
            assert_eq!(next(), 0);
            for var in &envp {
                assert_eq!(r.string(next()), &var[..]);
            }
            assert_eq!(next(), 0);
            let mut seen = 0;
            loop {
                let (key, value) = (next(), next());
                match key {
                    AT_NULL => break,
                    AT_EXECFN => assert_eq!(r.string(value), b"/bin/sh"),
                    AT_PLATFORM => assert_eq!(r.string(value), b"x86_64"),
                    AT_RANDOM => assert_eq!(r.string(value)[..16], [7; 16]),
                    AT_ENTRY => assert_eq!(value, 0x1234),
                    AT_SECURE => assert_eq!(value, 1),
                    _ => {}
                }
                seen += 1;
            }
            assert_eq!(seen, 20);
            let args: Vec<u8> = argv.iter().flat_map(|a| [a, &[0][..]].concat()).collect();
            let (from, to) = r.0.args;
            assert_eq!(r.0.bytes[(from - r.0.rsp) as usize..(to - r.0.rsp) as usize], args[..]);
            assert_eq!(r.0.environ.0, to);
        }
    }

    #[test]
    fn too_much_is_e2big() {
        let aux = Aux::default();
        let long = [vec![b'x'; ARG_STRLEN_MAX]];
        let what = Contents { argv: &long, envp: &[], execfn: b"x", aux, random: [0; 16] };
        assert_eq!(build(&what, TOP, usize::MAX), Err(Errno::E2BIG));
        let many = vec![vec![b'x'; 1000]; 200];
        let what = Contents { argv: &many, envp: &many, execfn: b"x", aux, random: [0; 16] };
        assert_eq!(build(&what, TOP, 300_000), Err(Errno::E2BIG));
        assert!(build(&what, TOP, 500_000).is_ok());
    }
}
