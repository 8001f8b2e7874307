//! The exports our own host drives the machine by, without ever waiting inside. hosts/cli's `run` is the other side.
//!
//! ```text
//!   bw_option(key, value)          before boot: a number          (keys: `option`)
//!   bw_string(key, len) -> addr    before boot: room for a string (keys: `string`), to be filled by the host
//!   bw_boot() -> status            0, or the exit status after a line on standard error
//!   bw_run(budget) -> pause        kind in bits 0-7; for Idle the interest in 8-15, for Exited the status in 8-15
//!   bw_until() -> ns               when the last Idle ends by itself, monotonic; all ones: never
//!   bw_push(kind, a, b)            an event: `event`
//!   bw_figure(which) -> n          a count since boot: `figure`
//!   bw_profile() -> addr           u32 count, then of every block (u32 place in the image, u32 whether an indirect
//!                                  jump led there, u64 runs); option::PROFILE
//! ```
//!
//! The numbers are those of `brainworm_abi::driven`.

use crate::preview1::{Machine, Setup};
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use brainworm_abi::driven::{event, figure, option, pause, string};
use brainworm_abi::{Event, Pause, WinSize};
use brainworm_cpu::cpuid::Level;
use brainworm_cpu::interp::Counted;
use core::cell::RefCell;

/// The one global of the module.
struct State {
    setup: Setup,
    strings: [Option<Vec<u8>>; string::COUNT],
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
        strings: [const { None }; string::COUNT],
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
        option::MEMORY => state.setup.machine.memory_bytes = value,
        option::STRACE => state.setup.machine.strace = value != 0,
        option::WINDOW => state.setup.window = Some(WinSize::unpack(value as u32)),
        option::READ_ONLY_MOUNTS => state.setup.read_only_mounts = value,
        option::FILE_MOUNTS => state.setup.file_mounts = value,
        option::INTERPRET => state.setup.machine.is_interpreted = value != 0,
        option::CPU => state.setup.machine.cpu = Some(Level::of_index(value)),
        option::PROFILE => state.setup.machine.is_profiled = value != 0,
        #[cfg(feature = "jit")]
        option::JIT => state.setup.machine.jit_threshold = u32::try_from(value).unwrap_or(u32::MAX).checked_sub(1),
        #[cfg(feature = "jit")]
        option::JIT_PLACE => state.setup.machine.jit_place = value as u32,
        option::LOG => state.setup.machine.log = value != 0,
        _ => {}
    });
}

/// Room for a string before boot; 0 when the key or length is none of ours.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_string(key: u32, len: u32) -> *mut u8 {
    with(|state| match state.strings.get_mut(key as usize) {
        Some(slot) if len <= string::LEN_MAX => slot.insert(vec![0; len as usize]).as_mut_ptr(),
        _ => core::ptr::null_mut(),
    })
}

/// Boots the machine.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn bw_boot() -> u32 {
    with(|state| {
        let mut setup = core::mem::take(&mut state.setup);
        let mut take = |key: u32| state.strings[key as usize].take();
        setup.machine.wishes.entrypoint = take(string::ENTRYPOINT).map(|program| vec![program]);
        setup.machine.wishes.working_dir = take(string::WORKING_DIR);
        setup.machine.wishes.user = take(string::USER);
        setup.machine.wishes.hostname = take(string::HOSTNAME);
        setup.machine.wishes.term = take(string::TERM);
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
        let pack = |kind: u8, detail: u8| kind as u64 | (detail as u64) << 8;
        let Some(machine) = &mut state.machine else { return pack(pause::EXITED, crate::OWN_ERROR) };
        match machine.kernel.run(budget) {
            Pause::Budget => pack(pause::BUDGET, 0),
            Pause::Idle { until, on } => {
                state.until = until.unwrap_or(u64::MAX);
                let stdin = on.stdin as u8 * pause::INTEREST_STDIN;
                let output = on.output as u8 * pause::INTEREST_OUTPUT;
                pack(pause::IDLE, stdin | output | on.files as u8 * pause::INTEREST_FILES)
            }
            Pause::Exited(status) => pack(pause::EXITED, status.code()),
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
            event::READABLE => Event::Readable,
            event::WRITABLE => Event::Writable,
            event::SIGNAL => Event::Signal(a as u8),
            event::FILE => Event::FileReady(a),
            event::CODE => Event::CodeReady(a, b != 0),
            event::RESIZE => {
                machine.streams.resize(WinSize::unpack(a));
                Event::Resize(WinSize::unpack(a))
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
            figure::INSTRUCTIONS => instructions,
            figure::SYSTEM_CALLS => calls,
            figure::FORKS => forks,
            figure::PEAK_BYTES => (machine.kernel.memory().peak as u64) << brainworm_abi::PAGE_SHIFT,
            figure::TABLE_BYTES => machine.kernel.table_bytes() as u64,
            figure::IMAGE_BYTES => crate::image().len() as u64,
            figure::AHEAD_INSTRUCTIONS => ahead.instructions,
            figure::AHEAD_ENTERED => ahead.entered,
            figure::AHEAD_LEFT => ahead.left,
            figure::AHEAD_PREEMPTED => ahead.preempted,
            figure::AHEAD_INTERPRETED => ahead.interpreted,
            figure::AHEAD_STEPPED => ahead.stepped,
            figure::JIT_INSTRUCTIONS => late.instructions,
            figure::JIT_ENTERED => late.entered,
            figure::JIT_LEFT => late.left,
            figure::JIT_PREEMPTED => late.preempted,
            figure::JIT_INTERPRETED => late.interpreted,
            figure::JIT_STEPPED => late.stepped,
            figure::JIT_MODULES => jit.units,
            figure::JIT_LOADED => jit.loaded,
            figure::JIT_RETIRED => jit.retired,
            figure::JIT_FUNCTIONS => jit.functions,
            figure::JIT_BYTES => jit.bytes,
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
        let mut blocks: Vec<Counted> = blocks.filter(|block| (start..end).contains(&block.host.0)).collect();
        blocks.sort_unstable();
        state.profile = (blocks.len() as u32).to_le_bytes().to_vec();
        for block in blocks {
            state.profile.extend((block.host.0 - start).to_le_bytes());
            state.profile.extend((block.is_target as u32).to_le_bytes());
            state.profile.extend(block.runs.to_le_bytes());
        }
        state.profile.as_ptr()
    })
}
