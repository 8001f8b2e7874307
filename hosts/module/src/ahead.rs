//! Code translated ahead of time: functions that the packer appended to this module, called through its table.

use brainworm_abi::image::SLOT_EMPTY;
use brainworm_cpu::ahead::{Env, Index};
use brainworm_cpu::{Cpu, HostAddr};
use core::sync::atomic::Ordering;

/// The index behind the image, if the packer wrote one.
pub(crate) fn index() -> Option<Index> {
    let [image, _, at, len] = [0, 1, 2, 3].map(|i| crate::BRAINWORM_IMAGE[i].load(Ordering::Relaxed));
    if at == SLOT_EMPTY || len == 0 {
        return None;
    }
    // SAFETY: as for the image (`crate::image`): the packer put `len` bytes there, and nobody writes them.
    let bytes = unsafe { core::slice::from_raw_parts(at as *const u8, len as usize) };
    Index::parse(bytes, HostAddr(image))
}

/// An instruction that an appended function has no code for. Its parameters are those the function was called with.
///
/// # Safety
/// Only appended functions call it.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn bw_step(cpu: *mut Cpu, env: *mut Env) -> i32 {
    // SAFETY: both are the references that `call` passed on, borrowed for as long as the function runs.
    let (cpu, env) = unsafe { (&mut *cpu, &mut *env) };
    brainworm_cpu::interp::step(cpu, env)
}

/// Calls an appended function.
pub(crate) fn call(function: u32, cpu: &mut Cpu, env: &mut Env, entry: u32) -> i32 {
    // SAFETY: on wasm32 a function pointer is its place in the table. The packer wrote the index together with the
    // functions it names, which have this type (the engine checks it) and touch nothing but the registers, `env` and
    // the guest's memory through its tables (`brainworm_cpu::wasm`).
    let function: extern "C" fn(*mut Cpu, *mut Env, u32) -> i32 = unsafe { core::mem::transmute(function as usize) };
    function(cpu, env, entry)
}
