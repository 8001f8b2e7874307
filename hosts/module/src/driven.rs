//! The exports our own host drives the machine by, without ever waiting inside. hosts/cli's `run` is the other side.
//!
//! ```text
//!   bw_option(key, value)          before boot: a number          (keys: OPTION_*)
//!   bw_string(key, len) -> addr    before boot: room for a string (keys: STRING_*), to be filled by the host
//!   bw_boot() -> status            0, or the exit status after a line on standard error
//!   bw_run(budget) -> pause        kind in bits 0-7; for Idle the interest in 8-15, for Exited the status in 8-15
//!   bw_until() -> ns               when the last Idle ends by itself, monotonic; all ones: never
//!   bw_push(kind, a, b)            an event: EVENT_*
//!   bw_figure(which) -> n          a count since boot: FIGURE_*
//!   bw_profile() -> addr           u32 count, then (u32 place in the image, u64 runs) of every block; OPTION_PROFILE
//! ```

use crate::preview1::{Machine, Setup};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::{Event, Pause, WinSize};
use brainworm_cpu::cpuid::Level;
use core::cell::RefCell;

const OPTION_MEMORY: u32 = 1;
const OPTION_STRACE: u32 = 2;
const OPTION_WINDOW: u32 = 3;
const OPTION_READ_ONLY_MOUNTS: u32 = 4;
const OPTION_INTERPRET: u32 = 5;
const OPTION_PROFILE: u32 = 6;
const OPTION_FILE_MOUNTS: u32 = 7;
const OPTION_CPU: u32 = 8;
/// Samples after which a function is translated at run time, plus 1; 0: never.
#[cfg(feature = "jit")]
const OPTION_JIT: u32 = 9;
/// First place of table 0 for what is translated at run time.
#[cfg(feature = "jit")]
const OPTION_JIT_PLACE: u32 = 10;
const OPTION_LOG: u32 = 11;

const STRING_ENTRYPOINT: u32 = 1;
const STRING_WORKING_DIR: u32 = 2;
const STRING_USER: u32 = 3;
const STRING_HOSTNAME: u32 = 4;
const STRING_TERM: u32 = 5;
const STRINGS: usize = 6;
/// No path or name is longer.
const STRING_MAX: u32 = 4096;

const PAUSE_BUDGET: u64 = 0;
const PAUSE_IDLE: u64 = 1;
const PAUSE_EXITED: u64 = 2;
const INTEREST_STDIN: u64 = 1;
const INTEREST_OUTPUT: u64 = 2;
const INTEREST_FILES: u64 = 4;

const EVENT_READABLE: u32 = 1;
const EVENT_WRITABLE: u32 = 2;
const EVENT_RESIZE: u32 = 3;
const EVENT_SIGNAL: u32 = 4;
const EVENT_FILE: u32 = 5;
const EVENT_CODE: u32 = 6;

const FIGURE_INSTRUCTIONS: u32 = 1;
const FIGURE_SYSTEM_CALLS: u32 = 2;
const FIGURE_FORKS: u32 = 3;
const FIGURE_PEAK_BYTES: u32 = 4;
const FIGURE_TABLE_BYTES: u32 = 5;
const FIGURE_AHEAD_INSTRUCTIONS: u32 = 6;
const FIGURE_AHEAD_ENTERED: u32 = 7;
const FIGURE_AHEAD_LEFT: u32 = 8;
const FIGURE_AHEAD_PREEMPTED: u32 = 9;
const FIGURE_AHEAD_INTERPRETED: u32 = 10;
const FIGURE_AHEAD_STEPPED: u32 = 11;
const FIGURE_IMAGE_BYTES: u32 = 12;
const FIGURE_JIT_INSTRUCTIONS: u32 = 13;
const FIGURE_JIT_ENTERED: u32 = 14;
const FIGURE_JIT_LEFT: u32 = 15;
const FIGURE_JIT_PREEMPTED: u32 = 16;
const FIGURE_JIT_INTERPRETED: u32 = 17;
const FIGURE_JIT_STEPPED: u32 = 18;
const FIGURE_JIT_MODULES: u32 = 19;
const FIGURE_JIT_LOADED: u32 = 20;
const FIGURE_JIT_RETIRED: u32 = 21;
const FIGURE_JIT_FUNCTIONS: u32 = 22;
const FIGURE_JIT_BYTES: u32 = 23;

/// The one global of the module.
struct State {
    setup: Setup,
    strings: [Option<Vec<u8>>; STRINGS],
    machine: Option<Machine>,
    until: u64,
    /// What `bw_profile` gave out.
    profile: Vec<u8>,
}

/// One thread, so a cell is enough.
struct Global(RefCell<Option<State>>);
// SAFETY: the module is built without threads (design: the portable core has none).
unsafe impl Sync for Global {}
static GLOBAL: Global = Global(RefCell::new(None));

fn with<T>(f: impl FnOnce(&mut State) -> T) -> T {
    let mut slot = GLOBAL.0.borrow_mut();
    let fresh = || State {
        setup: Setup::default(),
        strings: [const { None }; STRINGS],
        machine: None,
        until: u64::MAX,
        profile: Vec::new(),
    };
    f(slot.get_or_insert_with(fresh))
}

/// Sets a number before boot; unknown keys are ignored.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_option(key: u32, value: u64) {
    with(|state| match key {
        OPTION_MEMORY => state.setup.machine.memory_bytes = value,
        OPTION_STRACE => state.setup.machine.strace = value != 0,
        OPTION_WINDOW => state.setup.window = Some(window(value as u32)),
        OPTION_READ_ONLY_MOUNTS => state.setup.read_only_mounts = value,
        OPTION_FILE_MOUNTS => state.setup.file_mounts = value,
        OPTION_INTERPRET => state.setup.machine.is_interpreted = value != 0,
        OPTION_CPU => state.setup.machine.cpu = Level::of_index(value),
        OPTION_PROFILE => state.setup.machine.is_profiled = value != 0,
        #[cfg(feature = "jit")]
        OPTION_JIT => state.setup.machine.jit_threshold = u32::try_from(value).unwrap_or(u32::MAX).checked_sub(1),
        #[cfg(feature = "jit")]
        OPTION_JIT_PLACE => state.setup.machine.jit_place = value as u32,
        OPTION_LOG => state.setup.machine.log = value != 0,
        _ => {}
    });
}

/// Room for a string before boot; 0 when the key or length is none of ours.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_string(key: u32, len: u32) -> *mut u8 {
    with(|state| match state.strings.get_mut(key as usize) {
        Some(slot) if len <= STRING_MAX => slot.insert(vec![0; len as usize]).as_mut_ptr(),
        _ => core::ptr::null_mut(),
    })
}

/// Boots the machine.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_boot() -> u32 {
    with(|state| {
        let mut setup = core::mem::take(&mut state.setup);
        let mut take = |key: u32| state.strings[key as usize].take();
        setup.machine.wishes.entrypoint = take(STRING_ENTRYPOINT).map(|program| vec![program]);
        setup.machine.wishes.working_dir = take(STRING_WORKING_DIR);
        setup.machine.wishes.user = take(STRING_USER);
        setup.machine.wishes.hostname = take(STRING_HOSTNAME);
        setup.machine.wishes.term = take(STRING_TERM);
        match Machine::boot(setup, true) {
            Ok(machine) => {
                state.machine = Some(machine);
                0
            }
            Err(error) => {
                crate::say(&format!("brainworm: {}", error.message));
                error.code as u32
            }
        }
    })
}

/// Works until the budget is used up or nothing can go on.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_run(budget: u64) -> u64 {
    with(|state| {
        let Some(machine) = &mut state.machine else { return PAUSE_EXITED | (crate::OWN_ERROR as u64) << 8 };
        match machine.kernel.run(budget) {
            Pause::Budget => PAUSE_BUDGET,
            Pause::Idle { until, on } => {
                state.until = until.unwrap_or(u64::MAX);
                let interest = [(on.stdin, INTEREST_STDIN), (on.output, INTEREST_OUTPUT), (on.files, INTEREST_FILES)];
                PAUSE_IDLE | interest.iter().map(|(wanted, bit)| *wanted as u64 * bit).sum::<u64>() << 8
            }
            Pause::Exited(status) => PAUSE_EXITED | (status.code() as u64) << 8,
        }
    })
}

/// When the last idle pause ends by itself.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_until() -> u64 {
    with(|state| state.until)
}

/// Tells what happened outside.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_push(kind: u32, a: u32, b: u32) {
    with(|state| {
        let Some(machine) = &mut state.machine else { return };
        let event = match kind {
            EVENT_READABLE => Event::Readable,
            EVENT_WRITABLE => Event::Writable,
            EVENT_SIGNAL => Event::Signal(a as u8),
            EVENT_FILE => Event::FileReady(a),
            EVENT_CODE => Event::CodeReady(a, b != 0),
            EVENT_RESIZE => {
                machine.streams.resize(window(a));
                Event::Resize(window(a))
            }
            _ => return,
        };
        machine.kernel.push(event);
    });
}

/// A count since boot; 0 for what is not counted.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_figure(which: u32) -> u64 {
    with(|state| {
        let Some(machine) = &state.machine else { return 0 };
        let (instructions, calls, forks) = machine.kernel.counts();
        let [ahead, late] = machine.kernel.region_counts();
        let jit = machine.kernel.jit_counts();
        match which {
            FIGURE_INSTRUCTIONS => instructions,
            FIGURE_SYSTEM_CALLS => calls,
            FIGURE_FORKS => forks,
            FIGURE_PEAK_BYTES => (machine.kernel.memory().peak as u64) << brainworm_abi::PAGE_SHIFT,
            FIGURE_TABLE_BYTES => machine.kernel.table_bytes() as u64,
            FIGURE_IMAGE_BYTES => crate::image().len() as u64,
            FIGURE_AHEAD_INSTRUCTIONS => ahead.instructions,
            FIGURE_AHEAD_ENTERED => ahead.entered,
            FIGURE_AHEAD_LEFT => ahead.left,
            FIGURE_AHEAD_PREEMPTED => ahead.preempted,
            FIGURE_AHEAD_INTERPRETED => ahead.interpreted,
            FIGURE_AHEAD_STEPPED => ahead.stepped,
            FIGURE_JIT_INSTRUCTIONS => late.instructions,
            FIGURE_JIT_ENTERED => late.entered,
            FIGURE_JIT_LEFT => late.left,
            FIGURE_JIT_PREEMPTED => late.preempted,
            FIGURE_JIT_INTERPRETED => late.interpreted,
            FIGURE_JIT_STEPPED => late.stepped,
            FIGURE_JIT_MODULES => jit.units,
            FIGURE_JIT_LOADED => jit.loaded,
            FIGURE_JIT_RETIRED => jit.retired,
            FIGURE_JIT_FUNCTIONS => jit.functions,
            FIGURE_JIT_BYTES => jit.bytes,
            _ => 0,
        }
    })
}

/// How often each block of the image's code was run: see the module's description. Valid until the next call.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_profile() -> *const u8 {
    with(|state| {
        let image = crate::image();
        let (start, end) = (image.as_ptr() as u32, image.as_ptr() as u32 + image.len() as u32);
        let blocks = state.machine.iter().flat_map(|machine| machine.kernel.profile());
        let mut blocks: Vec<(u32, u64)> =
            blocks.filter(|(at, _)| (start..end).contains(&at.0)).map(|(at, runs)| (at.0 - start, runs)).collect();
        blocks.sort_unstable();
        state.profile = (blocks.len() as u32).to_le_bytes().to_vec();
        for (at, runs) in blocks {
            state.profile.extend(at.to_le_bytes());
            state.profile.extend(runs.to_le_bytes());
        }
        state.profile.as_ptr()
    })
}

/// Rows in the upper half, columns in the lower.
fn window(packed: u32) -> WinSize {
    WinSize { rows: (packed >> 16) as u16, cols: packed as u16 }
}
