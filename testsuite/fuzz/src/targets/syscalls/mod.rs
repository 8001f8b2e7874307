//! System calls with any arguments, made by several processes of a real guest through the real kernel.
//!
//! An input is a list of 64-bit words: how to run, the values that pointers may point to, and records of a call each.
//! `guest` makes the calls, `generate` makes inputs. What must hold: no panic, no hang, an end when everybody is killed, the kernel's
//! books in order whenever it pauses (`Kernel::audit`), and process 1's own memory untouched.

mod generate;
mod guest;

use super::Target;
use crate::mutate::Random;
use crate::watch::IS_REPLAY;
use brainworm_abi::linux::signal::{SIGKILL, SIGTERM};
use brainworm_abi::{Event, ExitStatus, Pause};
use brainworm_kernel::{BootConfig, Kernel};
use brainworm_sim::{SimHost, World, reserve};
use guest::{CANARY_DIED, Guest, RECORD_WORDS, RECORDS, VALUE_WORDS};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

pub(crate) const TARGET: Target = Target { name: "syscalls", seeds, repair, run, told: super::no_more };

/// What a guest may use before it is told to end, and then again; far more than its calls need. An endless loop uses it all.
const PATIENCE_INSTRUCTIONS: u64 = 2_000_000;
/// What a pause counts for: timers can make a machine pause for ever.
const PAUSE_COST: u64 = 500;
/// Smallest memory: the guest's own needs and little more.
const MEMORY_MIN_BYTES: u64 = 1 << 20;

/// What the kernel's own objects may take.
const KERNEL_BYTES: u64 = 64 << 20;

/// How to run, in the input's first word.
#[derive(Clone, Copy)]
struct Setting(u64);

impl Setting {
    fn strace(self) -> bool {
        self.0 & 7 == 7
    }
    fn is_chaotic(self) -> bool {
        self.0 & 8 != 0
    }
    /// Instructions a run of the kernel may use.
    fn budget(self) -> u64 {
        [1, 17, 300, 5_000, 100_000, 1_000_000, 40, 2_000][(self.0 >> 4 & 7) as usize]
    }
    /// Records that are made by the first worker alone.
    fn openers(self) -> usize {
        (self.0 >> 12 & 15) as usize
    }
    fn memory_bytes(self) -> u64 {
        MEMORY_MIN_BYTES << (self.0 >> 8 & 7)
    }
}

fn words(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks_exact(8).map(|word| word.iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte))).collect()
}

fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    (0..8).map(|seed| fresh(&mut Random::new(seed))).collect()
}

fn fresh(random: &mut Random) -> Vec<u8> {
    let mut all = vec![random.next()];
    all.extend(generate::values(random));
    let openers = Setting(all[0]).openers();
    all.extend((0..openers).flat_map(|_| generate::opening(random)));
    all.extend((0..8 + random.below(RECORDS - 24)).flat_map(|_| generate::record(random)));
    bytes(&all)
}

/// Damaged bytes rarely mean something: most inputs are made anew, or the damage is overlaid with sensible calls.
fn repair(random: &mut Random, input: &mut Vec<u8>) {
    if !random.once_in(4) {
        *input = fresh(random);
        return;
    }
    let mut all = words(input);
    all.resize(all.len().max(1 + VALUE_WORDS + RECORD_WORDS), 0);
    all[0] = random.next();
    for _ in 0..random.below(20) {
        generate::renew(random, &mut all[1..=VALUE_WORDS]);
    }
    let records = (all.len() - 1 - VALUE_WORDS) / RECORD_WORDS;
    for _ in 0..random.below(records) {
        let at = 1 + VALUE_WORDS + random.below(records) * RECORD_WORDS;
        all[at..at + RECORD_WORDS].copy_from_slice(&generate::record(random));
    }
    *input = bytes(&all);
}

fn run(input: &[u8]) {
    static GUEST: OnceLock<Guest> = OnceLock::new();
    let all = words(input);
    let Some((setting, rest)) = all.split_first().map(|(first, rest)| (Setting(*first), rest)) else { return };
    let (values, rest) = rest.split_at(rest.len().min(VALUE_WORDS));
    let records: Vec<[u64; RECORD_WORDS]> = rest.as_chunks().0.iter().take(RECORDS).copied().collect();
    let image = GUEST.get_or_init(Guest::new).image(values, setting.openers(), &records);
    let mut world = World::new(setting.0, b"some input\n".to_vec(), setting.is_chaotic());
    // What a guest writes is the host's to keep or not: it does not count against the kernel's heap.
    world.kept_bytes = 0;
    world.is_live = IS_REPLAY.load(Ordering::Relaxed);
    let world = Rc::new(RefCell::new(world));
    let config = BootConfig {
        wishes: Default::default(),
        memory_bytes: setting.memory_bytes(),
        kernel_bytes: KERNEL_BYTES,
        cpu: Default::default(),
        log: true,
        strace: setting.strace() || IS_REPLAY.load(Ordering::Relaxed),
    };
    match Kernel::boot(Box::new(SimHost::new(world.clone())), reserve(&image), config) {
        Ok(mut kernel) => drive(&mut kernel, &world, setting),
        Err(error) => panic!("the guest starts: {error:?}"),
    }
}

/// Runs the machine to its end, and sees to it that there is one.
fn drive(kernel: &mut Kernel, world: &RefCell<World>, setting: Setting) {
    let budget = setting.budget();
    let (mut used, mut is_told) = (0, false);
    for turn in 0u64.. {
        let pause = kernel.run(budget);
        used += PAUSE_COST + if pause == Pause::Budget { budget } else { 0 };
        let owed = std::mem::take(&mut world.borrow_mut().owed);
        let is_owed = !owed.is_empty();
        owed.into_iter().for_each(|event| kernel.push(event));
        // Short turns leave little to be found between two of them.
        if budget > 1000 || turn % 64 == 0 {
            audit(kernel);
        }
        let is_stuck = match pause {
            Pause::Exited(status) => {
                assert!(status != ExitStatus::Code(CANARY_DIED), "somebody wrote to the memory of process 1");
                // When memory is short it may be process 1 that has to go.
                let is_expected = matches!(status, ExitStatus::Code(0) | ExitStatus::Signal(SIGKILL));
                assert!(is_expected, "process 1 ends with {status:?}");
                break;
            }
            Pause::Budget => {
                world.borrow_mut().now += budget;
                false
            }
            Pause::Idle { .. } if is_owed => false,
            Pause::Idle { until: Some(until), .. } => {
                let mut world = world.borrow_mut();
                world.now = world.now.max(until);
                false
            }
            Pause::Idle { until: None, on } if on.stdin => {
                kernel.push(Event::Readable);
                false
            }
            Pause::Idle { until: None, on } if on.output => {
                kernel.push(Event::Writable);
                false
            }
            Pause::Idle { .. } => true,
        };
        if is_stuck || used > PATIENCE_INSTRUCTIONS {
            assert!(!is_told, "process 1 was told to end all, and all does not end");
            kernel.push(Event::Signal(SIGTERM));
            (is_told, used) = (true, 0);
        }
    }
    audit(kernel);
}

fn audit(kernel: &Kernel) {
    if let Err(rule) = kernel.audit() {
        panic!("the kernel's books do not agree: {rule}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brainworm_kernel::TABLE;

    fn number(name: &str) -> u64 {
        TABLE.iter().find(|row| row.name == name).expect("a call of the table").nr
    }

    fn input(records: &[[u64; RECORD_WORDS]]) -> Vec<u8> {
        let mut all = vec![0x750];
        all.resize(1 + VALUE_WORDS, 0);
        all.extend(records.iter().flatten());
        bytes(&all)
    }

    #[test]
    fn seeds_run_and_the_guest_makes_its_calls() {
        let message = guest::TEXTS[1].1;
        let hello = [number("write"), 1, message, 5, 0, 0, 0, 0];
        run(&input(&[hello, [number("exit_group"), 4, 0, 0, 0, 0, 0, 0], hello]));
        seeds().iter().take(2).for_each(|seed| run(seed));
    }

    #[test]
    #[should_panic(expected = "wrote to the memory of process 1")]
    fn the_canary_dies_when_it_is_touched() {
        // The first child writes to the counter's page only; process 1 itself is damaged from here.
        let records = [[number("mprotect"), guest::CANARY, 4096, 7, 0, 0, 0, 0]];
        let guest = Guest::new();
        let mut image = guest.image(&[], 0, &records);
        let canary = 0xa5u8;
        let at = image.windows(8).position(|w| w == [canary, canary, 0x5a, 0x5a, canary, canary, 0x5a, 0x5a]);
        image[at.expect("the canary is in the image")] = 0;
        let world = Rc::new(RefCell::new(World::new(1, Vec::new(), false)));
        let config = BootConfig {
            wishes: Default::default(),
            memory_bytes: 8 << 20,
            kernel_bytes: KERNEL_BYTES,
            log: true,
            strace: false,
            cpu: Default::default(),
        };
        let mut kernel = Kernel::boot(Box::new(SimHost::new(world.clone())), reserve(&image), config);
        let Ok(kernel) = &mut kernel else { panic!("it boots") };
        drive(kernel, &world, Setting(0x750));
    }
}
