//! The files of /proc/PID that are lines of numbers.

use super::machine::NANOS_PER_TICK;
use crate::mm::Space;
use crate::task::{Process, State, Task};
use crate::world::World;
use alloc::vec::Vec;
use brainworm_abi::linux::resource::*;
use brainworm_abi::{Errno, OpenFlags, PAGE_SIZE, Pid};
use core::fmt::{Arguments, Write};

/// Appends formatted text.
pub(super) fn line(out: &mut Vec<u8>, text: Arguments<'_>) {
    struct Bytes<'a>(&'a mut Vec<u8>);
    impl Write for Bytes<'_> {
        fn write_str(&mut self, s: &str) -> core::fmt::Result {
            self.0.extend_from_slice(s.as_bytes());
            Ok(())
        }
    }
    // Writing to a vector cannot fail.
    let _ = Bytes(out).write_fmt(text);
}

/// State letter and word of proc(5).
fn state_of(process: &Process, task: Option<&Task>) -> (char, &'static str) {
    match task {
        _ if process.is_zombie() => ('Z', "zombie"),
        None => ('Z', "zombie"),
        Some(task) => match task.state {
            State::Ready => ('R', "running"),
            State::Parked(_) => ('S', "sleeping"),
            State::Stopped => ('T', "stopped"),
            State::Dead => ('X', "dead"),
        },
    }
}

impl World {
    fn comm<'a>(&self, process: &'a Process, task: Option<&'a Task>) -> &'a [u8] {
        task.map_or(&process.comm[..], |task| &task.comm[..])
    }
    /// /proc/PID/comm.
    pub(super) fn pid_comm(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let process = self.shown_process(pid)?;
        out.extend_from_slice(self.comm(process, self.shown_task(pid)));
        out.push(b'\n');
        Ok(())
    }
    /// /proc/PID/stat.
    pub(super) fn pid_stat(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let process = self.shown_process(pid)?;
        let task = self.shown_task(pid);
        let space = task.and_then(|task| self.spaces.get(task.space?));
        let tty = self.ttys.get(&process.sid).copied();
        let ticks = |nanos: u64| nanos / NANOS_PER_TICK;
        let (mut user, mut system) = (process.dead_threads.user, process.dead_threads.system);
        for task in process.tasks.iter().filter_map(|&ix| self.tasks.get(ix)) {
            user += task.cpu_time.saturating_sub(task.system_time);
            system += task.system_time;
        }
        let children = &process.dead_children;
        line(out, format_args!("{pid} ("));
        out.extend_from_slice(self.comm(process, task));
        let (letter, _) = state_of(process, task);
        let (parent, pgid, sid) = (process.parent, process.pgid, process.sid);
        // tty_nr: minor and major packed as makedev(3) does; ttys are numbered within pts's major 136, the console is 5:1.
        let tty_nr = tty.map_or(0, |tty| if tty == 0 { 0x501 } else { 0x8800 + tty - 1 });
        line(out, format_args!(") {letter} {parent} {pgid} {sid} {tty_nr} -1 4194304 "));
        let faults = space.map_or(0, |space| space.faults) + process.dead_threads.faults;
        line(out, format_args!("{faults} {} 0 0 ", children.faults));
        let nice = task.map_or(0, |task| task.nice as i32);
        let (user, system) = (ticks(user), ticks(system));
        let (child_user, child_system) = (ticks(children.user), ticks(children.system));
        line(out, format_args!("{user} {system} {child_user} {child_system} {} {nice} ", 20 + nice));
        let start = ticks(task.map_or(process.start, |task| task.start).saturating_sub(self.facts.boot));
        line(out, format_args!("{} 0 {start} ", process.tasks.len().max(1)));
        let (bytes, resident) = space.map_or((0, 0), |s| (s.total_pages * PAGE_SIZE as u64, s.resident_pages));
        let limit = process.limits[RLIMIT_RSS as usize].rlim_cur;
        let program = space.map(|space| space.program.clone()).unwrap_or_default();
        line(out, format_args!("{bytes} {resident} {limit} {} {} ", program.start_code, program.end_code));
        line(out, format_args!("{} 0 0 0 0 0 0 0 0 0 ", program.start_stack));
        let signal = process.exit_signal.map_or(0, |signal| signal.number());
        line(out, format_args!("{signal} 0 0 0 0 0 0 {} {} ", program.start_data, program.end_data));
        let brk = space.map_or(0, |space| space.brk_start);
        let (args, env) = (program.args, program.env);
        let status = process.exit_status.unwrap_or(0);
        line(out, format_args!("{brk} {} {} {} {} {status}\n", args.0, args.1, env.0, env.1));
        Ok(())
    }
    /// /proc/PID/statm, in pages.
    pub(super) fn pid_statm(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        self.shown_process(pid)?;
        let space = self.shown_task(pid).and_then(|task| self.spaces.get(task.space?));
        let (total, resident) = space.map_or((0, 0), |space| (space.total_pages, space.resident_pages));
        let text = space.map_or(0, |space| {
            (space.program.end_code.saturating_sub(space.program.start_code)).div_ceil(PAGE_SIZE as u64)
        });
        line(out, format_args!("{total} {resident} 0 {text} 0 {} 0\n", total.saturating_sub(text)));
        Ok(())
    }
    /// /proc/PID/status.
    pub(super) fn pid_status(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let process = self.shown_process(pid)?;
        let task = self.shown_task(pid);
        let (letter, word) = state_of(process, task);
        out.extend_from_slice(b"Name:\t");
        out.extend_from_slice(self.comm(process, task));
        let tid = task.map_or(pid, |task| task.tid);
        if let Some(task) = task {
            line(out, format_args!("\nUmask:\t{:04o}", task.fs.lock().umask));
        }
        line(out, format_args!("\nState:\t{letter} ({word})\nTgid:\t{}\nNgid:\t0\nPid:\t{tid}\n", process.pid));
        line(out, format_args!("PPid:\t{}\nTracerPid:\t0\n", process.parent));
        if let Some(task) = task {
            let c = &task.creds;
            line(out, format_args!("Uid:\t{}\t{}\t{}\t{}\n", c.uid, c.euid, c.suid, c.fsuid));
            line(out, format_args!("Gid:\t{}\t{}\t{}\t{}\n", c.gid, c.egid, c.sgid, c.fsgid));
            line(out, format_args!("FDSize:\t{}\nGroups:\t", task.files.lock().capacity().next_multiple_of(64)));
            c.groups.iter().for_each(|group| line(out, format_args!("{group} ")));
            out.push(b'\n');
        }
        line(
            out,
            format_args!(
                "NStgid:\t{0}\nNSpid:\t{tid}\nNSpgid:\t{1}\nNSsid:\t{2}\n",
                process.pid, process.pgid, process.sid
            ),
        );
        if let Some(space) = task.and_then(|task| self.spaces.get(task.space?)) {
            let kib = |pages: u64| pages * 4;
            let text = space.program.end_code.saturating_sub(space.program.start_code) / 1024;
            let rows = [
                ("VmPeak", kib(space.total_pages)),
                ("VmSize", kib(space.total_pages)),
                ("VmLck", kib(space.locked_pages)),
                ("VmPin", 0),
                ("VmHWM", kib(space.peak_resident_pages)),
                ("VmRSS", kib(space.resident_pages)),
                ("RssAnon", kib(space.resident_pages)),
                ("RssFile", 0),
                ("RssShmem", 0),
                ("VmData", kib(space.total_pages)),
                ("VmStk", 132),
                ("VmExe", text),
                ("VmLib", 0),
                ("VmPTE", space.tables.table_bytes() as u64 / 1024),
                ("VmSwap", 0),
            ];
            rows.iter().for_each(|(name, kib)| line(out, format_args!("{name}:\t{kib:>8} kB\n")));
        }
        line(out, format_args!("Threads:\t{}\n", process.tasks.len().max(1)));
        self.signal_lines(process, task, out);
        if let Some(task) = task {
            let c = &task.creds;
            let rows = [
                ("CapInh", c.inheritable),
                ("CapPrm", c.permitted),
                ("CapEff", c.effective),
                ("CapBnd", c.bounding),
                ("CapAmb", c.ambient),
            ];
            rows.iter().for_each(|(name, set)| line(out, format_args!("{name}:\t{set:016x}\n")));
            line(out, format_args!("NoNewPrivs:\t{}\nSeccomp:\t0\nSeccomp_filters:\t0\n", task.no_new_privs as u8));
            line(
                out,
                format_args!("Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n"),
            );
            let (voluntary, other) = task.switches;
            line(out, format_args!("voluntary_ctxt_switches:\t{voluntary}\nnonvoluntary_ctxt_switches:\t{other}\n"));
        }
        Ok(())
    }
    fn signal_lines(&self, process: &Process, task: Option<&Task>, out: &mut Vec<u8>) {
        let queued = process.signals.pending.len() + task.map_or(0, |task| task.signals.pending.len());
        let limit = process.limits[RLIMIT_SIGPENDING as usize].rlim_cur;
        line(out, format_args!("SigQ:\t{queued}/{limit}\n"));
        let (own, blocked) = task.map_or((0, 0), |task| (task.signals.pending.set().0, task.signals.mask.0));
        let (ignored, caught) = task.map_or((0, 0), |task| {
            let actions = task.actions.lock();
            (actions.ignored().0, actions.caught().0)
        });
        let shared = process.signals.pending.set().0;
        line(out, format_args!("SigPnd:\t{own:016x}\nShdPnd:\t{shared:016x}\nSigBlk:\t{blocked:016x}\n"));
        line(out, format_args!("SigIgn:\t{ignored:016x}\nSigCgt:\t{caught:016x}\n"));
    }
    /// /proc/PID/cmdline.
    pub(super) fn pid_cmdline(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        self.shown_process(pid)?;
        if let Some(space) = self.shown_task(pid).and_then(|task| self.spaces.get(task.space?)) {
            self.strings(space, space.program.args, out);
        }
        Ok(())
    }
    /// Arguments or environment: the bytes on the program's stack as they are now.
    pub(super) fn strings(&self, space: &Space, (mut at, end): (u64, u64), out: &mut Vec<u8>) {
        while at < end {
            let chunk = (end - at).min(PAGE_SIZE as u64 - at % PAGE_SIZE as u64) as usize;
            let from = out.len();
            out.resize(from + chunk, 0);
            if !space.peek(&self.peek, at, &mut out[from..]) {
                out.truncate(from);
                break;
            }
            at += chunk as u64;
        }
    }
    /// /proc/PID/limits.
    pub(super) fn pid_limits(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let process = self.shown_process(pid)?;
        let rows = [
            ("Max cpu time", RLIMIT_CPU, "seconds"),
            ("Max file size", RLIMIT_FSIZE, "bytes"),
            ("Max data size", RLIMIT_DATA, "bytes"),
            ("Max stack size", RLIMIT_STACK, "bytes"),
            ("Max core file size", RLIMIT_CORE, "bytes"),
            ("Max resident set", RLIMIT_RSS, "bytes"),
            ("Max processes", RLIMIT_NPROC, "processes"),
            ("Max open files", RLIMIT_NOFILE, "files"),
            ("Max locked memory", RLIMIT_MEMLOCK, "bytes"),
            ("Max address space", RLIMIT_AS, "bytes"),
            ("Max file locks", RLIMIT_LOCKS, "locks"),
            ("Max pending signals", RLIMIT_SIGPENDING, "signals"),
            ("Max msgqueue size", RLIMIT_MSGQUEUE, "bytes"),
            ("Max nice priority", RLIMIT_NICE, ""),
            ("Max realtime priority", RLIMIT_RTPRIO, ""),
            ("Max realtime timeout", RLIMIT_RTTIME, "us"),
        ];
        line(out, format_args!("{:<25} {:<20} {:<20} {:<10}\n", "Limit", "Soft Limit", "Hard Limit", "Units"));
        for (name, resource, unit) in rows {
            let limit = process.limits[resource as usize];
            line(out, format_args!("{name:<25} "));
            for value in [limit.rlim_cur, limit.rlim_max] {
                match value {
                    RLIM_INFINITY => line(out, format_args!("{:<20} ", "unlimited")),
                    value => line(out, format_args!("{value:<20} ")),
                }
            }
            line(out, format_args!("{unit:<10}\n"));
        }
        Ok(())
    }
    /// /proc/PID/io.
    pub(super) fn pid_io(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let [read, written, reads, writes] = self.shown_process(pid)?.io_counts;
        line(out, format_args!("rchar: {read}\nwchar: {written}\nsyscr: {reads}\nsyscw: {writes}\n"));
        line(out, format_args!("read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"));
        Ok(())
    }
    /// /proc/PID/oom_score: the share of memory used, as Linux weighs it, plus the adjustment.
    pub(super) fn pid_oom_score(&self, pid: Pid, out: &mut Vec<u8>) -> Result<(), Errno> {
        let process = self.shown_process(pid)?;
        let space = self.shown_task(pid).and_then(|task| self.spaces.get(task.space?));
        let limit = self.facts.memory.limit.max(1) as u64;
        let share = space.map_or(0, |space| space.resident_pages * 1000 / limit) as i64;
        let score = ((1000 + share + process.oom_score_adj as i64).max(0) * 2 / 3).min(2000);
        line(out, format_args!("{score}\n"));
        Ok(())
    }
    /// /proc/PID/fdinfo/N.
    pub(super) fn pid_fdinfo(&self, pid: Pid, fd: u32, out: &mut Vec<u8>) -> Result<(), Errno> {
        self.shown_process(pid)?;
        let task = self.shown_task(pid).ok_or(Errno::ENOENT)?;
        let files = task.files.lock();
        let slot = files.get(i32::try_from(fd).map_err(|_| Errno::ENOENT)?).map_err(|_| Errno::ENOENT)?;
        let cloexec = if slot.cloexec { OpenFlags::O_CLOEXEC.bits() } else { 0 };
        let flags = slot.desc.flags().bits() | cloexec;
        line(out, format_args!("pos:\t{}\nflags:\t0{flags:o}\nmnt_id:\t1\n", *slot.desc.pos.lock()));
        Ok(())
    }
}
