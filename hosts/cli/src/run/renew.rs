//! A machine moves to a fresh store: its memory comes along page by page, without a copy, and so do the mounts, the
//! streams and the code that is in use. Between two calls of the module nothing else of it is state: its one mutable
//! global, the stack pointer, is back where it started.

use super::drive::Context;
use super::jit::Jit;
use crate::failure::{Failure, Outcome};
use rustix::mm::{MremapFlags, mremap_fixed};
use std::ops::Range;
use wasmtime::{Instance, Linker, Memory, Module, Store};

/// Makes the store a fresh one with an instance of its own.
pub(crate) fn renew(
    store: &mut Store<Context>,
    instance: &mut Instance,
    linker: &Linker<Context>,
    module: &Module,
) -> Outcome<()> {
    let internal = |e: wasmtime::Error| Failure::because("the machine cannot move to a fresh store", e);
    let mut fresh = Store::new(store.engine(), Context::none());
    let moved = linker.instantiate(&mut fresh, module).map_err(internal)?;
    let memory = |store: &mut Store<Context>, instance: &Instance| {
        instance.get_memory(store, "memory").ok_or_else(|| Failure::new("the kernel has no memory"))
    };
    let (from, to) = (memory(store, instance)?, memory(&mut fresh, &moved)?);
    let missing = from.size(&*store).saturating_sub(to.size(&fresh));
    to.grow(&mut fresh, missing).map_err(internal)?;
    move_pages(store, from, &mut fresh, to)?;
    std::mem::swap(store.data_mut(), fresh.data_mut());
    // From here on the old one is only there to be dropped.
    std::mem::swap(store, &mut fresh);
    *instance = moved;
    drop(fresh);
    Jit::attach(store, instance).map_err(internal)?;
    if let Some(jit) = &mut store.data_mut().jit {
        jit.counts.moves += 1;
    }
    Ok(())
}

/// Moves what lies in one memory into another of the same size.
fn move_pages(store: &mut Store<Context>, from: Memory, fresh: &mut Store<Context>, to: Memory) -> Outcome<()> {
    let (source, target) = (from.data_mut(&mut *store), to.data_mut(&mut *fresh));
    let target = target.get_mut(..source.len()).ok_or_else(|| Failure::new("the fresh memory is too small"))?;
    let start = source.as_ptr().addr();
    for range in mappings(start..start + source.len()) {
        let (at, len) = (range.start - start, range.len());
        let (source, target) = (&mut source[at..at + len], &mut target[at..at + len]);
        let (old, new) = (source.as_mut_ptr().cast(), target.as_mut_ptr().cast());
        // SAFETY: both are whole pages of private mappings that are borrowed for writing here, so nobody refers to
        // them. The old pages stay mapped, with other contents: nothing can take their place before the old store
        // unmaps them all. The new ones stay readable and writable as they were.
        if unsafe { mremap_fixed(old, len, len, MremapFlags::MAYMOVE | MremapFlags::DONTUNMAP, new) }.is_err() {
            // An older Linux moves no mappings of files so.
            target.copy_from_slice(source);
        }
    }
    Ok(())
}

/// This process's mappings within a range, cut to it: one call moves one of them.
fn mappings(within: Range<usize>) -> Vec<Range<usize>> {
    let text = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let parse = |line: &str| {
        let (start, end) = line.split_whitespace().next()?.split_once('-')?;
        Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
    };
    let cut = |range: Range<usize>| range.start.max(within.start)..range.end.min(within.end);
    let found: Vec<_> = text.lines().filter_map(parse).map(cut).filter(|range| !range.is_empty()).collect();
    // Without the list all of it is tried as one.
    if found.is_empty() { vec![within] } else { found }
}
