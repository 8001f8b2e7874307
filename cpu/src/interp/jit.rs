//! Code translated while the guest runs, as the engine keeps it: units, the pages they depend on, and what is known of
//! code that may become one. How it is chosen is `hot`'s business, how it is entered that of `regions`.
//!
//! A unit is one module of functions (`crate::jit`). Like the interpreter's code it belongs to page frames: it is entered
//! wherever its pages are mapped side by side and executable, and void as soon as one of them is written or freed.

use crate::ahead::Entry;
use crate::jit::{Done, Translate, Translated};
use crate::mem::HostAddr;
use alloc::vec::Vec;
use hashbrown::HashMap;

/// Instructions between two looks at where the guest is.
pub(super) const INTERVAL: i64 = 16_384;
/// Instructions of a function that the threshold is for.
pub(super) const USUAL: u32 = 128;
/// What an instruction done the general way takes, and a way out of a region and into another, in instructions that have a
/// form of their own.
pub(super) const SLOW: i64 = 5;
pub(super) const LEAVING: i64 = 16;
/// Units the host may be working on at a time: a function comes with another one for its stubs.
const WAITING_MAX: usize = 4;
/// Marks the number of a unit among those of spans.
pub(super) const UNIT: u32 = 1 << 31;
/// Thresholds double with each attempt and each void page, so often at most.
const DOUBLINGS_MAX: u32 = 6;
/// Functions whose samples are kept.
const HEAT_MAX: usize = 8192;

/// What the embedder decides about translation at run time.
#[derive(Clone, Copy)]
pub struct JitSettings {
    /// [`crate::jit::translate`].
    pub translate: Translate,
    /// Samples (one every 16,384 instructions) after which a function of up to 128 instructions is translated,
    /// longer ones proportionally later; 0: everything, when it is run for the first time.
    pub threshold: u32,
    /// First place of table 0 that is free for functions.
    pub first_place: u32,
    /// How many there may be.
    pub places: u32,
}

/// A module for the host to load.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unpublished {
    /// Names the unit to [`Engine::code_ready`](super::Engine::code_ready).
    pub id: u32,
    /// The module.
    pub wasm: Vec<u8>,
    /// Elements that table 0 must have.
    pub table_len: u32,
}

/// What was translated at run time since boot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JitCounts {
    /// Modules given to the host.
    pub units: u64,
    /// ... that it loaded.
    pub loaded: u64,
    /// ... whose code was written or freed since, or that made room.
    pub retired: u64,
    /// Functions in those modules.
    pub functions: u64,
    /// Bytes of the modules.
    pub bytes: u64,
}

/// What is known of a host page.
#[derive(Default)]
struct Page {
    /// Offsets at which functions begin, ascending.
    starts: Vec<u16>,
    /// Offsets that other functions jump to, ascending.
    ways_in: Vec<u16>,
    /// Offsets that were tried at their first execution.
    tried: Vec<u16>,
    /// Units made of it.
    units: Vec<u32>,
    /// Ways into them, by place in the arena.
    entries: Vec<Entry>,
    /// How often it was void.
    voids: u32,
}

/// Samples of a function, by the place of its first byte in the arena.
#[derive(Clone, Copy)]
pub(super) struct Heat {
    pub(super) samples: u32,
    /// Translations so far.
    pub(super) tries: u32,
    /// How many instructions it has, if that is known.
    pub(super) instructions: u32,
    /// Where the function was seen, and the block.
    pub(super) rip: u64,
    pub(super) at: u64,
    pub(super) tag: u32,
}

/// Offsets of a page that are noted at most: what a guest makes the engine keep is bounded by its pages.
const NOTED_MAX: usize = 256;

/// As [`insert`], as long as there are few.
fn note(offsets: &mut Vec<u16>, at: HostAddr) {
    if offsets.len() < NOTED_MAX {
        insert(offsets, at);
    }
}

/// Adds the place's offset in its page; true if it is new.
fn insert(offsets: &mut Vec<u16>, at: HostAddr) -> bool {
    let off = (at.0 & 0xfff) as u16;
    offsets.binary_search(&off).map_err(|place| offsets.insert(place, off)).is_err()
}

/// A module.
pub(super) struct Unit {
    /// (page counted from the unit's first, page of the arena).
    pub(super) pages: Vec<(u32, u32)>,
    functions: Vec<Done>,
    is_loaded: bool,
}

/// All of it.
pub(super) struct Jit {
    pub(super) settings: JitSettings,
    pages: HashMap<u32, Page>,
    units: HashMap<u32, Unit>,
    next: u32,
    pub(super) heat: HashMap<u32, Heat>,
    /// Places that are free again, and how many were ever given out.
    free: Vec<u32>,
    given: u32,
    /// Units void before they were loaded: their places are taken until the host has answered.
    dying: HashMap<u32, Vec<u32>>,
    /// Units the host has not answered for.
    waiting: Vec<u32>,
    pub(super) outbox: Vec<Unpublished>,
    pub(super) retired: Vec<u32>,
    pub(super) until_sample: i64,
    /// Instructions done the general way since the last look.
    pub(super) slow: i64,
    /// What the interpreter has done since the last function was charged with it, in instructions; and what ways out of
    /// regions took.
    pub(super) interpreted: i64,
    pub(super) leaving: i64,
    /// Instructions of regions, and ways out of them, until the last look.
    pub(super) in_regions: (u64, u64),
    pub(super) counts: JitCounts,
}

impl Jit {
    pub(super) fn new(settings: JitSettings) -> Jit {
        Jit {
            settings,
            pages: HashMap::new(),
            units: HashMap::new(),
            next: 0,
            heat: HashMap::new(),
            free: Vec::new(),
            given: 0,
            dying: HashMap::new(),
            waiting: Vec::new(),
            outbox: Vec::new(),
            retired: Vec::new(),
            until_sample: INTERVAL,
            slow: 0,
            interpreted: 0,
            leaving: 0,
            in_regions: (0, 0),
            counts: JitCounts::default(),
        }
    }

    /// Everything is translated at once.
    pub(super) fn is_forced(&self) -> bool {
        self.settings.threshold == 0
    }

    /// The host has enough to do.
    pub(super) fn is_busy(&self) -> bool {
        self.waiting.len() >= WAITING_MAX
    }

    /// A function that begins here is translated already, and not loaded yet.
    pub(super) fn is_coming(&self, at: HostAddr) -> bool {
        self.waiting.iter().filter_map(|id| self.units.get(id)).any(|unit| {
            let mut entries =
                unit.functions.iter().flat_map(|done| &done.entries).filter(|&&e| e & 0xfff == at.0 & 0xfff);
            entries.any(|entry| unit.pages.contains(&(entry >> 12, at.0 >> 12)))
        })
    }

    /// The entries in a page of the arena.
    pub(super) fn entries(&self, page: HostAddr) -> &[Entry] {
        self.pages.get(&(page.0 >> 12)).map_or(&[], |page| &page.entries)
    }

    /// A unit by its number with [`UNIT`].
    pub(super) fn unit(&self, number: u32) -> Option<&Unit> {
        self.units.get(&(number & !UNIT))
    }

    /// A function begins here.
    pub(super) fn add_start(&mut self, at: HostAddr) {
        note(&mut self.pages.entry(at.0 >> 12).or_default().starts, at);
    }

    /// A function jumps here, into another one.
    pub(super) fn add_way_in(&mut self, at: HostAddr) {
        note(&mut self.pages.entry(at.0 >> 12).or_default().ways_in, at);
    }

    /// Offsets in a page that functions jump to from elsewhere, ascending.
    pub(super) fn ways_in(&self, page: HostAddr) -> &[u16] {
        self.pages.get(&(page.0 >> 12)).map_or(&[], |page| &page.ways_in)
    }

    /// Offsets in a page at which functions begin, ascending.
    pub(super) fn starts(&self, page: HostAddr) -> &[u16] {
        self.pages.get(&(page.0 >> 12)).map_or(&[], |page| &page.starts)
    }

    /// True once for each place, until its page is void.
    pub(super) fn is_first_try(&mut self, at: HostAddr) -> bool {
        insert(&mut self.pages.entry(at.0 >> 12).or_default().tried, at)
    }

    /// Counts `weight` samples of a function; true when it is to be translated.
    pub(super) fn heat_up(&mut self, start: HostAddr, seen: (u64, u64, u32), weight: u32) -> bool {
        if self.heat.len() >= HEAT_MAX && !self.heat.contains_key(&start.0) {
            self.heat.clear();
        }
        let voids = self.pages.get(&(start.0 >> 12)).map_or(0, |page| page.voids);
        let (rip, at, tag) = seen;
        let heat = self.heat.entry(start.0).or_insert(Heat { samples: 0, tries: 0, instructions: 0, rip, at, tag });
        heat.samples = heat.samples.saturating_add(weight);
        (heat.rip, heat.at, heat.tag) = seen;
        // What a translation costs grows with its length: it waits until interpreting has cost as much.
        let needed = u64::from(self.settings.threshold) * u64::from(heat.instructions.max(USUAL)) / u64::from(USUAL);
        u64::from(heat.samples) >= needed << (heat.tries + voids).min(DOUBLINGS_MAX)
    }

    /// How many instructions a function with so many samples may have.
    pub(super) fn limit(&self, samples: u32) -> u32 {
        let limit = u64::from(samples) * u64::from(USUAL) / u64::from(self.settings.threshold.max(1));
        u32::try_from(limit).unwrap_or(u32::MAX).max(USUAL)
    }

    /// Places for functions, or none: then everything there is has made room.
    pub(super) fn take_places(&mut self, count: usize) -> Option<Vec<u32>> {
        let mut places = Vec::with_capacity(count);
        while places.len() < count {
            match self.free.pop() {
                Some(place) => places.push(place),
                None if self.given < self.settings.places => {
                    places.push(self.settings.first_place + self.given);
                    self.given += 1;
                }
                None => {
                    self.free.extend(places);
                    return None;
                }
            }
        }
        Some(places)
    }

    /// True if so many are there without others making room.
    pub(super) fn has_places(&self, count: usize) -> bool {
        self.free.len() + (self.settings.places - self.given) as usize >= count
    }

    /// Places that were not used.
    pub(super) fn give_back(&mut self, places: impl IntoIterator<Item = u32>) {
        self.free.extend(places);
    }

    /// Elements the table needs for all places given out.
    pub(super) fn table_len(&self) -> u32 {
        self.settings.first_place + self.given
    }

    /// A unit is made. `pages` as in [`Unit`].
    pub(super) fn add(&mut self, translated: Translated, pages: Vec<(u32, u32)>) {
        let id = self.next;
        self.next = (self.next + 1) & !UNIT;
        for (_, host) in &pages {
            self.pages.entry(*host).or_default().units.push(id);
        }
        let Translated { wasm, functions, .. } = translated;
        self.counts.units += 1;
        self.counts.functions += functions.len() as u64;
        self.counts.bytes += wasm.len() as u64;
        self.units.insert(id, Unit { pages, functions, is_loaded: false });
        self.waiting.push(id);
        self.outbox.push(Unpublished { id, wasm, table_len: self.table_len() });
    }

    /// The host has loaded a unit or could not; answers the pages whose blocks now begin otherwise.
    pub(super) fn ready(&mut self, id: u32, is_loaded: bool) -> Vec<HostAddr> {
        self.waiting.retain(|waiting| *waiting != id);
        if let Some(places) = self.dying.remove(&id) {
            self.free.extend(places);
            if is_loaded {
                self.retired.push(id);
            }
            return Vec::new();
        }
        let Some(unit) = self.units.get_mut(&id).filter(|unit| !unit.is_loaded) else { return Vec::new() };
        if !is_loaded {
            self.remove(id);
            let places = self.dying.remove(&id).unwrap_or_default();
            self.free.extend(places);
            return Vec::new();
        }
        unit.is_loaded = true;
        self.counts.loaded += 1;
        let mut touched = Vec::new();
        for done in &unit.functions {
            for (number, at) in done.entries.iter().enumerate() {
                let Some((_, host)) = unit.pages.iter().find(|(page, _)| *page == at >> 12) else { continue };
                let at = host << 12 | at & 0xfff;
                let entries = &mut self.pages.entry(*host).or_default().entries;
                // The newest one counts.
                entries.retain(|entry| entry.at != at);
                entries.push(Entry { at, number: number as u32, function: done.place, span: id | UNIT });
                if touched.last() != Some(&HostAddr(host << 12)) {
                    touched.push(HostAddr(host << 12));
                }
            }
        }
        touched
    }

    /// Takes a unit out; answers the places of its functions if it was loaded.
    fn remove(&mut self, id: u32) -> Vec<u32> {
        let Some(unit) = self.units.remove(&id) else { return Vec::new() };
        for (_, host) in &unit.pages {
            if let Some(page) = self.pages.get_mut(host) {
                page.units.retain(|unit| *unit != id);
                page.entries.retain(|entry| entry.span != id | UNIT);
            }
        }
        self.counts.retired += 1;
        let places: Vec<u32> = unit.functions.iter().map(|done| done.place).collect();
        if unit.is_loaded {
            self.retired.push(id);
            self.free.extend(&places);
            places
        } else {
            match self.outbox.iter().position(|module| module.id == id) {
                // The host never heard of it.
                Some(at) => {
                    self.outbox.swap_remove(at);
                    self.waiting.retain(|waiting| *waiting != id);
                    self.free.extend(places);
                }
                None => _ = self.dying.insert(id, places),
            }
            Vec::new()
        }
    }

    /// A page is written or freed. Answers the places of functions that may be in slots, and the pages whose blocks
    /// began with them.
    pub(super) fn void(&mut self, page: HostAddr) -> (Vec<u32>, Vec<HostAddr>) {
        let Some(info) = self.pages.get_mut(&(page.0 >> 12)) else { return (Vec::new(), Vec::new()) };
        let units = core::mem::take(&mut info.units);
        *info = Page { voids: info.voids.saturating_add(!units.is_empty() as u32), ..Page::default() };
        let (mut places, mut pages) = (Vec::new(), Vec::new());
        for id in units {
            let unit = self.units.get(&id);
            pages.extend(unit.iter().flat_map(|unit| &unit.pages).map(|(_, host)| HostAddr(host << 12)));
            places.extend(self.remove(id));
        }
        (places, pages)
    }

    /// All units make room for new ones; answers as [`Jit::void`].
    pub(super) fn retire_all(&mut self) -> (Vec<u32>, Vec<HostAddr>) {
        let all: Vec<u32> = self.units.keys().copied().collect();
        let pages = self.units.values().flat_map(|unit| &unit.pages).map(|(_, host)| HostAddr(host << 12)).collect();
        let places = all.into_iter().flat_map(|id| self.remove(id)).collect();
        self.heat.clear();
        (places, pages)
    }
}
