//! The numbers of the module's `bw_*` exports and of `brainworm.publish`, for the module and the hosts that drive it.
//! hosts/module's `driven.rs` and `jit.rs` describe the functions.

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
    /// Samples after which a function is translated at run time, plus 1; 0: never.
    pub const JIT: u32 = 9;
    /// First place of table 0 for what is translated at run time.
    pub const JIT_PLACE: u32 = 10;
    /// Tell which bytes were refused as no instruction.
    pub const LOG: u32 = 11;
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
    /// A published module is loaded (b: 1), or never will be (b: 0); a: which.
    pub const CODE: u32 = 6;
}

/// Answers of `brainworm.publish`: [`crate::Publish`].
pub mod publish {
    /// It is loaded.
    pub const READY: u32 = 0;
    /// [`super::event::CODE`] follows.
    pub const ACCEPTED: u32 = 1;
    /// No room now.
    pub const FULL: u32 = 2;
    /// Never ask again.
    pub const REFUSED: u32 = 3;
    /// It is loaded, and `bw_run` is to return before the next one.
    pub const LAST: u32 = 4;
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
    /// Bytes of page tables now.
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
    /// Instructions of regions translated at run time.
    pub const JIT_INSTRUCTIONS: u32 = 13;
    /// Such regions entered.
    pub const JIT_ENTERED: u32 = 14;
    /// ... left by a jump.
    pub const JIT_LEFT: u32 = 15;
    /// ... left since the budget was used up.
    pub const JIT_PREEMPTED: u32 = 16;
    /// ... left for the interpreter.
    pub const JIT_INTERPRETED: u32 = 17;
    /// Instructions they had no code for.
    pub const JIT_STEPPED: u32 = 18;
    /// Modules given to the host.
    pub const JIT_MODULES: u32 = 19;
    /// ... that it loaded.
    pub const JIT_LOADED: u32 = 20;
    /// ... that are not used any more.
    pub const JIT_RETIRED: u32 = 21;
    /// Functions in them.
    pub const JIT_FUNCTIONS: u32 = 22;
    /// Their bytes.
    pub const JIT_BYTES: u32 = 23;

    /// All of them, by the names that people see.
    pub const NAMES: [(u32, &str); 23] = [
        (INSTRUCTIONS, "instructions"),
        (SYSTEM_CALLS, "syscalls"),
        (FORKS, "forks"),
        (PEAK_BYTES, "peak_memory_bytes"),
        (TABLE_BYTES, "page_table_bytes"),
        (AHEAD_INSTRUCTIONS, "aot_instructions"),
        (AHEAD_ENTERED, "aot_regions_entered"),
        (AHEAD_LEFT, "aot_exits_jump"),
        (AHEAD_PREEMPTED, "aot_exits_budget"),
        (AHEAD_INTERPRETED, "aot_exits_interpret"),
        (AHEAD_STEPPED, "aot_steps"),
        (IMAGE_BYTES, "image_bytes"),
        (JIT_INSTRUCTIONS, "jit_instructions"),
        (JIT_ENTERED, "jit_regions_entered"),
        (JIT_LEFT, "jit_exits_jump"),
        (JIT_PREEMPTED, "jit_exits_budget"),
        (JIT_INTERPRETED, "jit_exits_interpret"),
        (JIT_STEPPED, "jit_steps"),
        (JIT_MODULES, "jit_modules"),
        (JIT_LOADED, "jit_modules_loaded"),
        (JIT_RETIRED, "jit_modules_retired"),
        (JIT_FUNCTIONS, "jit_functions"),
        (JIT_BYTES, "jit_wasm_bytes"),
    ];
}
