//! The files of /proc itself: the whole machine.

use super::process::line;
use crate::sys::{RELEASE, VERSION};
use crate::task::State;
use crate::world::World;
use alloc::vec::Vec;
use brainworm_abi::Errno;
use brainworm_cpu::cpuid;

/// Clock ticks a second as user space counts them (USER_HZ).
pub(super) const NANOS_PER_TICK: u64 = 10_000_000;

/// /proc/version.
pub(super) fn version(out: &mut Vec<u8>) {
    out.extend_from_slice(b"Linux version ");
    out.extend_from_slice(RELEASE);
    out.extend_from_slice(b" (brainworm) ");
    out.extend_from_slice(VERSION);
    out.push(b'\n');
}

/// /proc/filesystems.
pub(super) fn filesystems(out: &mut Vec<u8>) {
    for name in ["tmpfs", "proc", "sysfs", "devpts", "devtmpfs", "overlay", "sockfs", "pipefs", "mqueue"] {
        line(out, format_args!("nodev\t{name}\n"));
    }
}

/// Bits of CPUID with the names Linux gives them (cpufeatures.h): leaf, subleaf, register, bit, name.
const FLAGS: &[(u32, u32, usize, u32, &str)] = &[
    (1, 0, 3, 0, "fpu"),
    (1, 0, 3, 4, "tsc"),
    (1, 0, 3, 8, "cx8"),
    (1, 0, 3, 15, "cmov"),
    (1, 0, 3, 19, "clflush"),
    (1, 0, 3, 23, "mmx"),
    (1, 0, 3, 24, "fxsr"),
    (1, 0, 3, 25, "sse"),
    (1, 0, 3, 26, "sse2"),
    (0x8000_0001, 0, 3, 11, "syscall"),
    (0x8000_0001, 0, 3, 20, "nx"),
    (0x8000_0001, 0, 3, 27, "rdtscp"),
    (0x8000_0001, 0, 3, 29, "lm"),
    (1, 0, 2, 0, "pni"),
    (1, 0, 2, 1, "pclmulqdq"),
    (1, 0, 2, 9, "ssse3"),
    (1, 0, 2, 12, "fma"),
    (1, 0, 2, 13, "cx16"),
    (1, 0, 2, 19, "sse4_1"),
    (1, 0, 2, 20, "sse4_2"),
    (1, 0, 2, 22, "movbe"),
    (1, 0, 2, 23, "popcnt"),
    (1, 0, 2, 25, "aes"),
    (1, 0, 2, 26, "xsave"),
    (1, 0, 2, 28, "avx"),
    (1, 0, 2, 29, "f16c"),
    (1, 0, 2, 30, "rdrand"),
    (0x8000_0001, 0, 2, 0, "lahf_lm"),
    (0x8000_0001, 0, 2, 5, "abm"),
    (0x8000_0001, 0, 2, 8, "3dnowprefetch"),
    (7, 0, 1, 0, "fsgsbase"),
    (7, 0, 1, 3, "bmi1"),
    (7, 0, 1, 5, "avx2"),
    (7, 0, 1, 8, "bmi2"),
    (7, 0, 1, 9, "erms"),
    (7, 0, 1, 18, "rdseed"),
    (7, 0, 1, 19, "adx"),
    (7, 0, 1, 23, "clflushopt"),
    (7, 0, 1, 24, "clwb"),
    (7, 0, 1, 29, "sha_ni"),
    (0xd, 1, 0, 0, "xsaveopt"),
    (0xd, 1, 0, 1, "xsavec"),
    (0xd, 1, 0, 2, "xgetbv1"),
    (7, 0, 2, 9, "vaes"),
    (7, 0, 2, 10, "vpclmulqdq"),
    (7, 0, 3, 4, "fsrm"),
];

/// /proc/cpuinfo: what CPUID says, in Linux's words.
pub(super) fn cpuinfo(shown: cpuid::Level, out: &mut Vec<u8>) {
    let [_, b, c, d] = cpuid::leaf(shown, 0, 0);
    let mut vendor = Vec::new();
    [b, d, c].iter().for_each(|word| vendor.extend_from_slice(&word.to_le_bytes()));
    let mut name = Vec::new();
    for leaf in 0x8000_0002..=0x8000_0004 {
        cpuid::leaf(shown, leaf, 0).iter().for_each(|word| name.extend_from_slice(&word.to_le_bytes()));
    }
    name.retain(|&byte| byte != 0);
    let signature = cpuid::leaf(shown, 1, 0)[0];
    let (base_family, base_model) = (signature >> 8 & 15, signature >> 4 & 15);
    let family = if base_family == 15 { base_family + (signature >> 20 & 255) } else { base_family };
    let model =
        if base_family == 6 || base_family == 15 { base_model + (signature >> 16 & 15) * 16 } else { base_model };
    line(out, format_args!("processor\t: 0\nvendor_id\t: "));
    out.extend_from_slice(&vendor);
    line(out, format_args!("\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: "));
    out.extend_from_slice(name.trim_ascii());
    line(out, format_args!("\nstepping\t: {}\ncpu MHz\t\t: 1000.000\ncache size\t: 1024 KB\n", signature & 15));
    line(out, format_args!("physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\napicid\t\t: 0\n"));
    line(
        out,
        format_args!(
            "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {}\nwp\t\t: yes\n",
            cpuid::leaf(shown, 0, 0)[0]
        ),
    );
    line(out, format_args!("flags\t\t:"));
    for &(leaf, subleaf, register, bit, name) in FLAGS {
        if cpuid::leaf(shown, leaf, subleaf)[register] >> bit & 1 != 0 {
            line(out, format_args!(" {name}"));
        }
    }
    line(out, format_args!("\nbogomips\t: 2000.00\nclflush size\t: 64\ncache_alignment\t: 64\n"));
    line(out, format_args!("address sizes\t: 32 bits physical, 48 bits virtual\n\n"));
}

impl World {
    fn since_boot(&self) -> u64 {
        self.facts.mono.saturating_sub(self.facts.boot)
    }
    /// CPU time of all tasks, living and gone: (user, system).
    fn cpu_times(&self) -> (u64, u64) {
        let (mut user, mut system) = (0, 0);
        for (_, task) in self.tasks.iter() {
            user += task.cpu_time.saturating_sub(task.system_time);
            system += task.system_time;
        }
        for (_, process) in self.procs.iter() {
            user += process.dead_threads.user;
            system += process.dead_threads.system;
        }
        (user, system)
    }
    fn running(&self) -> usize {
        self.tasks.iter().filter(|(_, task)| matches!(task.state, State::Ready)).count()
    }
    /// /proc/stat.
    pub(super) fn machine_stat(&self, out: &mut Vec<u8>) {
        let (user, system) = self.cpu_times();
        let idle = self.since_boot().saturating_sub(user + system);
        let ticks = |nanos: u64| nanos / NANOS_PER_TICK;
        for name in ["cpu ", "cpu0"] {
            let (user, system, idle) = (ticks(user), ticks(system), ticks(idle));
            line(out, format_args!("{name} {user} 0 {system} {idle} 0 0 0 0 0 0\n"));
        }
        line(
            out,
            format_args!("intr 0\nctxt {}\nbtime {}\n", self.facts.switches, self.facts.boot_wall / 1_000_000_000),
        );
        let blocked = 0;
        let (forks, running) = (self.forks, self.running());
        line(out, format_args!("processes {forks}\nprocs_running {running}\nprocs_blocked {blocked}\nsoftirq 0\n"));
    }
    /// /proc/meminfo. The page cache is the image and the overlay's files; nothing is ever swapped.
    pub(super) fn meminfo(&self, out: &mut Vec<u8>) {
        let memory = &self.facts.memory;
        let (total, free) = (memory.limit as u64 * 4, memory.limit.saturating_sub(memory.used) as u64 * 4);
        let tables: u64 = self.spaces.iter().map(|(_, space)| space.tables.table_bytes() as u64 / 1024).sum();
        let mapped: u64 = self.spaces.iter().map(|(_, space)| space.resident_pages * 4).sum();
        let rows = [
            ("MemTotal", total),
            ("MemFree", free),
            ("MemAvailable", free),
            ("Buffers", 0),
            ("Cached", self.facts.image_pages * 4),
            ("SwapCached", 0),
            ("Active", mapped),
            ("Inactive", 0),
            ("SwapTotal", 0),
            ("SwapFree", 0),
            ("Dirty", 0),
            ("Writeback", 0),
            ("AnonPages", mapped),
            ("Mapped", mapped),
            ("Shmem", 0),
            ("Slab", 0),
            ("PageTables", tables),
            ("CommitLimit", total),
            ("Committed_AS", mapped),
            ("VmallocTotal", 0),
            ("HugePages_Total", 0),
        ];
        for (name, kib) in rows {
            let unit = if name.starts_with("Huge") { "" } else { " kB" };
            let width = 24 - name.len() - 1 - 8 + 8;
            line(out, format_args!("{name}:{kib:>width$}{unit}\n"));
        }
    }
    /// /proc/uptime.
    pub(super) fn uptime(&self, out: &mut Vec<u8>) {
        let (user, system) = self.cpu_times();
        let (up, idle) = (self.since_boot(), self.since_boot().saturating_sub(user + system));
        let hundredths = |nanos: u64| (nanos / 1_000_000_000, nanos / 10_000_000 % 100);
        let ((up, up_rest), (idle, idle_rest)) = (hundredths(up), hundredths(idle));
        line(out, format_args!("{up}.{up_rest:02} {idle}.{idle_rest:02}\n"));
    }
    /// /proc/loadavg. Unlike Linux, the averages are the momentary number of runnable tasks.
    pub(super) fn loadavg(&self, out: &mut Vec<u8>) {
        let (running, all, last) = (self.running(), self.tasks.iter().count(), self.last_pid);
        line(out, format_args!("{running}.00 {running}.00 {running}.00 {running}/{all} {last}\n"));
    }
    /// /proc/sys files whose content the kernel decides.
    pub(super) fn sysctl(&self, name: &str, out: &mut Vec<u8>) -> Result<(), Errno> {
        let text: &[u8] = match name {
            "kernel/hostname" => &self.hostname,
            "kernel/domainname" => &self.domainname,
            "kernel/osrelease" => RELEASE,
            "kernel/ostype" => b"Linux",
            "kernel/version" => VERSION,
            _ => return Err(Errno::ENOENT),
        };
        out.extend_from_slice(text);
        out.push(b'\n');
        Ok(())
    }
}
