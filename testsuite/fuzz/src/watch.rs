//! Watches the input under way from outside: whoever hangs or asks for too much memory cannot be stopped from within.
//!
//! The input is written to `fuzz-TARGET.bin` and the process ends.

use rustix::time::{ClockId, clock_gettime};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// An input that keeps the CPU longer hangs, as far as users are concerned. Time on the wall is the machine's load, too.
const PATIENCE: Duration = Duration::from_secs(10);
/// Heap an input may take. The machine's own memory does not count: it is a mapping, and limited by itself.
const HEAP_MAX_BYTES: u64 = 256 << 20;

/// One input is run for a person who debugs: targets may tell what they do.
pub(crate) static IS_REPLAY: AtomicBool = AtomicBool::new(false);

struct Input {
    target: &'static str,
    bytes: Vec<u8>,
    seed: u64,
    since: Duration,
}

static CURRENT: Mutex<Option<Input>> = Mutex::new(None);

/// What this process has used of the CPU.
fn cpu_time() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}

/// Notes the input under way, and none when it is over.
pub(crate) fn begin(target: &'static str, bytes: &[u8], seed: u64) {
    brainworm_sim::bound_heap(HEAP_MAX_BYTES, too_much_memory);
    set(Some(Input { target, bytes: bytes.to_vec(), seed, since: cpu_time() }));
}

/// The input is over.
pub(crate) fn end() {
    set(None);
}

fn set(input: Option<Input>) {
    let old = std::mem::replace(&mut *CURRENT.lock().unwrap_or_else(|e| e.into_inner()), input);
    drop(old);
}

/// Starts the thread that looks at the clock.
pub(crate) fn start() {
    std::thread::spawn(|| {
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let current = CURRENT.lock().unwrap_or_else(|e| e.into_inner());
            if let Some(input) = current.as_ref().filter(|input| cpu_time().saturating_sub(input.since) > PATIENCE) {
                give_up(input, "takes too long");
            }
        }
    });
}

/// Writes the input where one can find it.
pub(crate) fn save(target: &str, bytes: &[u8], seed: u64, complaint: &str) {
    let path = format!("fuzz-{target}.bin");
    let _ = std::fs::write(&path, bytes);
    eprintln!("{target}: {complaint} at seed {seed}; the input is in {path}");
}

fn give_up(input: &Input, complaint: &str) -> ! {
    save(input.target, &input.bytes, input.seed, complaint);
    std::process::exit(1)
}

fn too_much_memory() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    // Once: what follows allocates too. `try_lock`: this may happen while the input is being noted.
    if !IS_OVER.swap(true, Ordering::Relaxed)
        && let Ok(current) = CURRENT.try_lock()
        && let Some(input) = current.as_ref()
    {
        give_up(input, "asks for too much memory");
    }
}
