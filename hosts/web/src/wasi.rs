//! The kernel's imports: as much of WASI preview 1 as it uses when it is driven (hosts/module's `wasi.rs`), and what it
//! loads code by. There are no mounts, so every call about files is answered with ENOSYS.

use crate::jit::Jit;
use crate::kernel::Linear;
use crate::object;
use crate::world::World;
use brainworm_abi::driven::publish as answer;
use js_sys::WebAssembly::Module;
use js_sys::{Object, Reflect};
use std::rc::Rc;
use wasm_bindgen::prelude::*;

const MODULE: &str = "wasi_snapshot_preview1";
/// Whose imports translation at run time is asked by.
const OURS: &str = "brainworm";

const SUCCESS: u32 = 0;
const EAGAIN: u32 = 6;
const EBADF: u32 = 8;
const EFAULT: u32 = 21;
const EINVAL: u32 = 28;
const EIO: u32 = 29;
const ENOSYS: u32 = 52;

const FILETYPE_UNKNOWN: u8 = 0;
const FILETYPE_CHARACTER_DEVICE: u8 = 2;
const RIGHTS_SEEK_TELL: u64 = 1 << 2 | 1 << 5;
const RIGHTS_ALL: u64 = (1 << 30) - 1;

type Answer = Result<(), u32>;

/// The import object for a module: what we have, and refusals for the rest of preview 1.
pub(crate) fn imports(module: &Module, world: &Rc<World>, jit: &Rc<Jit>) -> Object {
    let refuse = Closure::<dyn Fn() -> u32>::new(|| ENOSYS).into_js_value();
    let text = |import: &JsValue, key: &str| Reflect::get(import, &JsValue::from_str(key)).ok()?.as_string();
    let wasi = Object::new();
    for import in Module::imports(module).iter().filter(|import| text(import, "module").as_deref() == Some(MODULE)) {
        let _ = Reflect::set(&wasi, &JsValue::from_str(&text(&import, "name").unwrap_or_default()), &refuse);
    }
    Object::assign(&wasi, &functions(world));
    object([(MODULE, wasi.into()), (OURS, loading(world, jit).into())])
}

fn loading(world: &Rc<World>, jit: &Rc<Jit>) -> Object {
    let publish = {
        let (world, jit) = (world.clone(), jit.clone());
        let call = move |id, at, len, table_len| match world.linear().and_then(|linear| linear.part(at, len)) {
            Some(wasm) => jit.publish(id, &wasm, table_len),
            None => answer::REFUSED,
        };
        Closure::<dyn Fn(u32, u32, u32, u32) -> u32>::new(call).into_js_value()
    };
    let retire = {
        let jit = jit.clone();
        Closure::<dyn Fn(u32)>::new(move |id| jit.retire(id)).into_js_value()
    };
    object([("publish", publish), ("retire", retire)])
}

fn functions(world: &Rc<World>) -> Object {
    let two = |call: fn(&World, &Linear, u32, u32) -> Answer| {
        let world = world.clone();
        Closure::<dyn Fn(u32, u32) -> u32>::new(move |a, b| with(&world, |linear| call(&world, linear, a, b)))
            .into_js_value()
    };
    let four = |call: fn(&World, &Linear, u32, u32, u32, u32) -> Answer| {
        let world = world.clone();
        Closure::<dyn Fn(u32, u32, u32, u32) -> u32>::new(move |a, b, c, d| {
            with(&world, |linear| call(&world, linear, a, b, c, d))
        })
        .into_js_value()
    };
    let clock = {
        let world = world.clone();
        Closure::<dyn Fn(u32, u64, u32) -> u32>::new(move |id, _precision, out| {
            with(&world, |linear| put(linear, out, &world.clock(id).ok_or(EINVAL)?.to_le_bytes()))
        })
        .into_js_value()
    };
    let exit = {
        let world = world.clone();
        Closure::<dyn Fn(u32)>::new(move |status| {
            world.exit.set(Some(status));
            // Unwinds the kernel's stack up to whoever called its export.
            wasm_bindgen::throw_str("exit");
        })
        .into_js_value()
    };
    object([
        ("args_sizes_get", two(|world, linear, count, bytes| sizes(linear, &world.args, count, bytes))),
        ("args_get", two(|world, linear, table, bytes| strings(linear, &world.args, table, bytes))),
        ("environ_sizes_get", two(|world, linear, count, bytes| sizes(linear, &world.env, count, bytes))),
        ("environ_get", two(|world, linear, table, bytes| strings(linear, &world.env, table, bytes))),
        ("random_get", two(random)),
        ("fd_fdstat_get", two(fdstat)),
        // No preopened directories: the kernel asks from 3 on until the first refusal.
        ("fd_prestat_get", two(|_, _, _, _| Err(EBADF))),
        ("fd_read", four(read)),
        ("fd_write", four(write)),
        ("poll_oneoff", four(poll)),
        ("clock_time_get", clock),
        ("proc_exit", exit),
    ])
}

fn with(world: &World, call: impl FnOnce(&Linear) -> Answer) -> u32 {
    match world.linear() {
        Some(linear) => call(linear).err().unwrap_or(SUCCESS),
        None => EINVAL,
    }
}

fn put(linear: &Linear, at: u32, bytes: &[u8]) -> Answer {
    linear.put(at, bytes).then_some(()).ok_or(EFAULT)
}

fn sizes(linear: &Linear, list: &[Vec<u8>], count: u32, bytes: u32) -> Answer {
    let len: usize = list.iter().map(|s| s.len() + 1).sum();
    put(linear, count, &(list.len() as u32).to_le_bytes())?;
    put(linear, bytes, &(len as u32).to_le_bytes())
}

fn strings(linear: &Linear, list: &[Vec<u8>], mut table: u32, mut at: u32) -> Answer {
    for string in list {
        put(linear, table, &at.to_le_bytes())?;
        put(linear, at, &[string, &[0][..]].concat())?;
        (table, at) = (table.wrapping_add(4), at.wrapping_add(string.len() as u32 + 1));
    }
    Ok(())
}

fn random(world: &World, linear: &Linear, at: u32, len: u32) -> Answer {
    let room = linear.part(at, len).ok_or(EFAULT)?;
    world.entropy(&room).then_some(()).ok_or(EIO)
}

fn fdstat(world: &World, linear: &Linear, fd: u32, out: u32) -> Answer {
    let (kind, rights) = match fd {
        0..=2 if world.is_terminal => (FILETYPE_CHARACTER_DEVICE, RIGHTS_ALL & !RIGHTS_SEEK_TELL),
        0..=2 => (FILETYPE_UNKNOWN, RIGHTS_ALL),
        _ => return Err(EBADF),
    };
    let mut stat = [0; 24];
    stat[0] = kind;
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    stat[16..24].copy_from_slice(&rights.to_le_bytes());
    put(linear, out, &stat)
}

/// Address and length of the first iovec that has any: a short answer is always allowed.
fn buffer(linear: &Linear, iovs: u32, count: u32) -> Result<(u32, u32), u32> {
    for i in 0..count {
        let iov: [u8; 8] = linear.get(iovs.wrapping_add(i.wrapping_mul(8))).ok_or(EFAULT)?;
        let [at, len] = [0, 4].map(|word| u32::from_le_bytes([iov[word], iov[word + 1], iov[word + 2], iov[word + 3]]));
        if len != 0 {
            return Ok((at, len));
        }
    }
    Ok((0, 0))
}

fn read(world: &World, linear: &Linear, fd: u32, iovs: u32, count: u32, done: u32) -> Answer {
    if fd != 0 {
        return Err(EBADF);
    }
    let (at, len) = buffer(linear, iovs, count)?;
    let bytes = world.read(len as usize).ok_or(EAGAIN)?;
    put(linear, at, &bytes)?;
    put(linear, done, &(bytes.len() as u32).to_le_bytes())
}

fn write(world: &World, linear: &Linear, fd: u32, iovs: u32, count: u32, done: u32) -> Answer {
    if !(1..=2).contains(&fd) {
        return Err(EBADF);
    }
    let (at, len) = buffer(linear, iovs, count)?;
    let len = len.min(world.room().ok_or(EAGAIN)?.min(u32::MAX as usize) as u32);
    world.write(fd, &linear.part(at, len).ok_or(EFAULT)?);
    put(linear, done, &len.to_le_bytes())
}

/// The driven module polls only for room to print its last words: they are taken at once.
fn poll(world: &World, linear: &Linear, subscriptions: u32, events: u32, count: u32, done: u32) -> Answer {
    if count == 0 {
        return Err(EINVAL);
    }
    world.hurry();
    let userdata: [u8; 8] = linear.get(subscriptions).ok_or(EFAULT)?;
    let mut event = [0; 32];
    event[..8].copy_from_slice(&userdata);
    put(linear, events, &event)?;
    put(linear, done, &1u32.to_le_bytes())
}
