//! Translation at run time, in the flavour of the module that has it: what it asks of its host.
//!
//! ```text
//!   (import "brainworm" "publish" (func (param $id i32) (param $at i32) (param $len i32) (param $table_len i32) (result i32)))
//!   (import "brainworm" "retire"  (func (param $id i32)))
//! ```
//!
//! `publish` gives `len` bytes at `at`: a module that imports `env.memory`, `env.table` and `env.step`, which are this
//! module's exports `memory`, `__indirect_function_table` and `bw_step`. Instantiating it puts its functions where they
//! belong in the table; the host grows the table to `table_len` elements before. It answers
//!
//! ```text
//!   0  loaded            1  later: `bw_push(6, id, 1)` once it is, or `bw_push(6, id, 0)` if it cannot be
//!   2  no room now       3  never ask again
//!   4  loaded, and `bw_run` is to return before the next one
//! ```
//!
//! The bytes are the module's again when `publish` returns. An event is pushed between two calls of `bw_run`, never from
//! within. After `retire` nothing calls the functions of that module any more, and the host may forget it. Its elements are
//! written over by later modules; until then the host may empty them: each function is exported by the number of its
//! element. Before boot the host sets option 9 (samples after which a function is translated, plus 1; 1 translates
//! everything at once) and option 10 (the number of elements the table has).

use brainworm_abi::Publish;
use brainworm_abi::driven::publish as answer;
use brainworm_cpu::interp::JitSettings;
use brainworm_kernel::Kernel;

/// Engines that pool memory give a module one table of so many elements.
const ELEMENTS_MAX: u32 = 20_000;
/// Functions at a time: looking for one that is void is bounded, and so is what instantiating costs where it grows with
/// the table.
const PLACES: u32 = 4096;

#[link(wasm_import_module = "brainworm")]
unsafe extern "C" {
    #[link_name = "publish"]
    fn host_publish(id: u32, at: *const u8, len: u32, table_len: u32) -> u32;
    #[link_name = "retire"]
    fn host_retire(id: u32);
}

/// Translates what is met so often.
pub(crate) fn start(kernel: &mut Kernel, threshold: u32, first_place: u32) {
    let places = PLACES.min(ELEMENTS_MAX.saturating_sub(first_place));
    let settings = JitSettings { translate: brainworm_cpu::jit::translate, threshold, first_place, places };
    kernel.set_jit(settings, crate::ahead::call);
}

/// `Host::publish`.
pub(crate) fn publish(id: u32, wasm: &[u8], table_len: u32) -> Publish {
    // SAFETY: the host reads the bytes, and no longer than the call takes.
    match unsafe { host_publish(id, wasm.as_ptr(), wasm.len() as u32, table_len) } {
        answer::READY => Publish::Ready,
        answer::LAST => Publish::Last,
        answer::ACCEPTED => Publish::Accepted,
        answer::FULL => Publish::Full,
        _ => Publish::Refused,
    }
}

/// `Host::retire`.
pub(crate) fn retire(id: u32) {
    // SAFETY: it is given a number.
    unsafe { host_retire(id) }
}
