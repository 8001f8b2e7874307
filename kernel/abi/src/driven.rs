//! The numbers of the module's `bw_*` exports, for hosts that drive it. hosts/module's `driven.rs` describes them and lists
//! the same numbers for its own side.

/// Keys of `bw_option`.
pub mod option {
    /// Memory limit in bytes; 0: none but the address space's.
    pub const MEMORY: u32 = 1;
    /// Print system calls.
    pub const STRACE: u32 = 2;
    /// The terminal's size, as [`crate::WinSize::pack`] packs it.
    pub const WINDOW: u32 = 3;
    /// Bit n: the n-th preopened directory is read-only.
    pub const READ_ONLY_MOUNTS: u32 = 4;
    /// Leave code translated ahead of time alone.
    pub const INTERPRET: u32 = 5;
    /// Count how often blocks are run.
    pub const PROFILE: u32 = 6;
    /// Bit n: of the n-th preopened directory only the file in it is mounted.
    pub const FILE_MOUNTS: u32 = 7;
    /// The level of x86-64 that CPUID shows.
    pub const CPU: u32 = 8;
}

/// Keys of `bw_string`.
pub mod string {
    /// Replaces the image's entrypoint.
    pub const ENTRYPOINT: u32 = 1;
    /// Replaces its working directory.
    pub const WORKING_DIR: u32 = 2;
    /// Replaces its user.
    pub const USER: u32 = 3;
    /// The host's name inside.
    pub const HOSTNAME: u32 = 4;
    /// TERM, unless somebody set it.
    pub const TERM: u32 = 5;
    /// Keys are below this.
    pub const COUNT: usize = 6;
    /// Longest string; no path or name is longer.
    pub const LEN_MAX: u32 = 4096;
}

/// Answers of `bw_run`: the kind in bits 0-7, what belongs to it in bits 8-15.
pub mod pause {
    /// The budget is used up.
    pub const BUDGET: u8 = 0;
    /// Nothing can go on; with the interest.
    pub const IDLE: u8 = 1;
    /// The end; with the exit status.
    pub const EXITED: u8 = 2;
    /// Interest: something on standard input.
    pub const INTEREST_STDIN: u8 = 1;
    /// Interest: room on the outputs.
    pub const INTEREST_OUTPUT: u8 = 2;
    /// Interest: a mounted file.
    pub const INTEREST_FILES: u8 = 4;
}

/// Kinds of `bw_push`.
pub mod event {
    /// Standard input has something.
    pub const READABLE: u32 = 1;
    /// The outputs have room.
    pub const WRITABLE: u32 = 2;
    /// The terminal has another size; a: as [`crate::WinSize::pack`] packs it.
    pub const RESIZE: u32 = 3;
    /// A signal for the first process; a: its number.
    pub const SIGNAL: u32 = 4;
    /// A mounted file can go on; a: which.
    pub const FILE: u32 = 5;
}

/// Keys of `bw_figure`.
pub mod figure {
    /// Guest instructions.
    pub const INSTRUCTIONS: u32 = 1;
    /// System calls.
    pub const SYSTEM_CALLS: u32 = 2;
    /// Processes made.
    pub const FORKS: u32 = 3;
    /// Most guest memory in use at once, in bytes.
    pub const PEAK_BYTES: u32 = 4;
    /// Bytes of page tables.
    pub const TABLE_BYTES: u32 = 5;
    /// Instructions of regions translated ahead of time.
    pub const AHEAD_INSTRUCTIONS: u32 = 6;
    /// Regions entered.
    pub const AHEAD_ENTERED: u32 = 7;
    /// Regions left by a jump.
    pub const AHEAD_LEFT: u32 = 8;
    /// Regions left since the budget was used up.
    pub const AHEAD_PREEMPTED: u32 = 9;
    /// Regions left for the interpreter.
    pub const AHEAD_INTERPRETED: u32 = 10;
    /// Instructions regions had no code for.
    pub const AHEAD_STEPPED: u32 = 11;
    /// Bytes of the packed image.
    pub const IMAGE_BYTES: u32 = 12;
}
