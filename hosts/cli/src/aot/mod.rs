//! Translation ahead of time: functions of the image's programs and libraries become functions of the wasm file.
//!
//! `brainworm_pack::functions` finds where they are, this module chooses (the hottest of a profile first, within a budget) and
//! has them lowered (`brainworm_cpu::wasm`), `brainworm_pack::link` appends them. The same image, profile and budget give
//! the same bytes.

mod flags;
mod profile;

pub(crate) use flags::AotArgs;
pub(crate) use profile::{Block, Profile};

use crate::failure::{Failure, Outcome};
use brainworm_abi::image::Image;
use brainworm_cpu::ahead::{self, Entry, SPAN_PAGES, Span};
use brainworm_cpu::interp::{BlockShape, block_at};
use brainworm_cpu::wasm::{Link, Region, Seen};
use brainworm_pack::functions::{self, Segment};
use brainworm_pack::link::Room;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// Bytes a region may lie in: longer functions are translated up to here.
const FUNCTION_MAX: u32 = 64 * 1024;

/// What of a function that training ran is translated.
#[derive(Clone, Copy)]
struct Depth {
    /// Blocks that ran at least so often.
    runs: u64,
    /// How far behind those others are, in branches.
    reach: u32,
}

impl Depth {
    /// Where there is room: what is near to code that ran may be what other input runs.
    const WIDE: Depth = Depth { runs: 0, reach: 1 };
    /// Where there is not: of the instructions that training ran, the rarest that make up so many thousandths are left out.
    const RARE: [u64; 3] = [0, 1, 10];
}

/// So many candidates in a row for which there is no room, and the rest is not tried.
const MISFITS_MAX: u32 = 256;

/// What is to be translated.
pub(crate) struct Choice {
    /// Blocks that were run.
    pub(crate) profile: Profile,
    /// Every function of every file, whether it was run or not.
    pub(crate) all: bool,
    /// Every function of these files.
    pub(crate) files: Vec<Vec<u8>>,
    /// Bytes of wasm at most.
    pub(crate) size: usize,
}

/// Functions to append, and what was chosen.
#[derive(Default)]
pub(crate) struct Translated {
    pub(crate) functions: Vec<Vec<u8>>,
    pub(crate) index: Vec<u8>,
    pub(crate) report: Report,
}

/// Figures of a translation.
#[derive(Clone, Copy, Default)]
pub(crate) struct Report {
    /// Functions of the guest that training ran, or all.
    pub(crate) wanted: usize,
    /// Functions translated.
    pub(crate) functions: usize,
    /// Functions that training ran, and those of them that are translated.
    pub(crate) ran: (usize, usize),
    /// Entries of them.
    pub(crate) entries: usize,
    /// Bytes of their wasm.
    pub(crate) bytes: usize,
    /// Instructions that training ran, and those of them that are translated: blocks by how often they were run and how
    /// long they are.
    pub(crate) instructions: (u64, u64),
    /// Nobody said what to run, and the image's own command cannot be run.
    pub(crate) is_mute: bool,
}

impl Report {
    /// For people.
    pub(crate) fn line(&self) -> Option<String> {
        if self.is_mute {
            return Some("nothing was translated: the image's command cannot be run (--train names others)".into());
        }
        let Report { functions, wanted, .. } = self;
        let mut line =
            format!("{functions} of {wanted} functions translated to {:.1} MiB of wasm", self.bytes as f64 / 1048576.0);
        if self.ran.0 > 0 {
            let (instructions, ran) = (100.0 * self.share(), 100.0 * self.ran.1 as f64 / self.ran.0 as f64);
            line += &format!(": {instructions:.1}% of the instructions that training ran, {ran:.1}% of the functions");
        }
        (*wanted > 0).then_some(line)
    }
    /// For programs.
    pub(crate) fn add_to(&self, report: &mut serde_json::Value) {
        report["aot_functions"] = self.functions.into();
        report["aot_functions_wanted"] = self.wanted.into();
        report["aot_functions_run"] = self.ran.0.into();
        report["aot_functions_run_translated"] = self.ran.1.into();
        report["aot_entries"] = self.entries.into();
        report["aot_bytes"] = self.bytes.into();
        report["aot_share_of_training"] = self.share().into();
        report["aot_command_runs"] = (!self.is_mute).into();
    }
    /// Of the instructions that training ran.
    fn share(&self) -> f64 {
        let (all, translated) = self.instructions;
        if all == 0 { 0.0 } else { translated as f64 / all as f64 }
    }
}

/// A function of the guest that may be translated.
struct Candidate {
    segment: usize,
    /// Bytes of the image.
    start: u32,
    end: u32,
    /// How often its blocks were run.
    weight: u64,
    /// Blocks that were run, and how often.
    blocks: Vec<(u32, u64)>,
    /// Where others jump into it, and indirect jumps lead.
    entries: Vec<u32>,
}

impl Candidate {
    /// What its translation takes, by the blocks that ran; unseen ones take what a block has of bytes on average.
    fn cost(&self) -> u32 {
        if self.blocks.is_empty() { (self.end - self.start) / 16 + 1 } else { self.blocks.len() as u32 }
    }
}

/// Translates what `choice` says of `image`.
pub(crate) fn translate(image: &[u8], choice: &Choice, room: Room) -> Outcome<Translated> {
    let opened = Image::open(image).map_err(|e| Failure::because("the packed image", e))?;
    let segments = functions::segments(&opened, SPAN_PAGES).map_err(|e| Failure::because("the packed image", e))?;
    let whole = whole_files(&opened, &choice.files)?;
    let mut candidates = candidates(&segments, choice, &whole);
    let wanted = candidates.len();
    let ran = candidates.iter().filter(|candidate| candidate.weight > 0).count();
    let shapes = Shapes::new(image, &candidates);
    shapes.enter(&mut candidates);
    let instructions = total(candidates.iter().map(|candidate| shapes.run(candidate, &|_| true)));
    // The most runs for what it takes first: many small hot functions are worth more than a large warm one.
    candidates.sort_by(|a, b| {
        let value = |a: &Candidate, b: &Candidate| a.weight as u128 * b.cost() as u128;
        value(b, a).cmp(&value(a, b)).then(a.start.cmp(&b.start))
    });
    let ran_in = |chosen: &[Chosen<'_>]| chosen.iter().filter(|chosen| chosen.candidate.weight > 0).count();
    let first = |chosen: &Chosen<'_>| segments[chosen.candidate.segment].bytes.start;
    let run_in = |chosen: &[Chosen<'_>]| -> u64 {
        let run = |chosen: &Chosen<'_>| shapes.run(chosen.candidate, &|block| chosen.region.has(block - first(chosen)));
        total(chosen.iter().map(run))
    };
    let mut chosen = choose(image, &segments, &candidates, choice.size, room, Depth::WIDE);
    let mut translated = run_in(&chosen);
    for share in Depth::RARE {
        if ran_in(&chosen) == ran {
            break;
        }
        let depth = Depth { runs: shapes.rare(&candidates, instructions / 1000 * share), reach: 0 };
        let other = choose(image, &segments, &candidates, choice.size, room, depth);
        let run = run_in(&other);
        // About as many instructions: other input runs more of the functions.
        let about = instructions / 500;
        if run > translated.saturating_add(about)
            || run.saturating_add(about) >= translated && ran_in(&other) > ran_in(&chosen)
        {
            (chosen, translated) = (other, run);
        }
    }
    let report = Report { wanted, ran: (ran, 0), instructions: (instructions, 0), ..Report::default() };
    if chosen.is_empty() {
        return Ok(Translated { report, ..Translated::default() });
    }
    let functions = emit(&chosen, room);
    let mut entries = Vec::new();
    for (number, chosen) in chosen.iter().enumerate() {
        let first = first(chosen);
        let (function, span) = (room.element + FIRST + number as u32, chosen.candidate.segment as u32);
        let ways = chosen.region.entries.iter().enumerate();
        entries.extend(ways.map(|(number, &at)| Entry { at: first + at, number: number as u32, function, span }));
    }
    let spans: Vec<Span> = segments.iter().map(|s| pages(&s.bytes)).collect();
    let report = Report {
        functions: chosen.len(),
        ran: (ran, ran_in(&chosen)),
        instructions: (instructions, translated),
        entries: entries.len(),
        bytes: functions.iter().map(Vec::len).sum(),
        ..report
    };
    Ok(Translated { functions, index: ahead::encode(&spans, &entries), report })
}

/// Number of the first one among the functions that are added: behind the one for jumps.
const FIRST: u32 = 1;

/// A function that is translated.
struct Chosen<'a> {
    candidate: &'a Candidate,
    region: Region,
}

/// What is in the blocks that were run.
struct Shapes(HashMap<u32, BlockShape>);

impl Shapes {
    fn new(image: &[u8], candidates: &[Candidate]) -> Shapes {
        let blocks = || candidates.iter().flat_map(|candidate| &candidate.blocks).map(|&(at, _)| at);
        let starts: HashSet<u32> = blocks().collect();
        let shape = |at: u32| {
            let page = at & !0xfff;
            let code = image.get(page as usize..).map_or(&[][..], |code| &code[..code.len().min(0x1000)]);
            block_at(code, at - page, |other| starts.contains(&(page + other)))
        };
        Shapes(blocks().map(|at| (at, shape(at))).collect())
    }
    /// Where functions jump into others, behind their beginnings: who jumps there is to find an entry.
    fn enter(&self, candidates: &mut [Candidate]) {
        let targets = self.0.iter().filter(|(_, shape)| !shape.is_call).filter_map(|(&at, shape)| {
            let target = u32::try_from((at & !0xfff) as i64 + shape.target?).ok()?;
            self.0.contains_key(&target).then_some((at, target))
        });
        let mut targets: Vec<(u32, u32)> = targets.collect();
        targets.sort_unstable_by_key(|&(at, target)| (target, at));
        for candidate in candidates {
            let inside = candidate.start + 1..candidate.end;
            let first = targets.partition_point(|&(_, target)| target < inside.start);
            let into = targets[first..].iter().take_while(|(_, target)| inside.contains(target));
            let into = into.filter(|(at, _)| !inside.contains(at) && *at != candidate.start);
            candidate.entries.extend(into.map(|&(_, target)| target));
            candidate.entries.sort_unstable();
            candidate.entries.dedup();
        }
    }
    /// How often blocks ran that are not among the rarest: those have `instructions` together.
    fn rare(&self, functions: &[Candidate], instructions: u64) -> u64 {
        let len = |at: &u32| self.0.get(at).map_or(1, |shape| shape.len).into();
        let blocks = functions.iter().flat_map(|function| &function.blocks);
        rarest(blocks.map(|(at, runs)| (*runs, runs.saturating_mul(len(at)))).collect(), instructions)
    }
    /// Instructions that were run in those blocks of a function that `counts`.
    fn run(&self, function: &Candidate, counts: &dyn Fn(u32) -> bool) -> u64 {
        let blocks = function.blocks.iter().filter(|(at, _)| counts(*at));
        blocks
            .map(|(at, runs)| runs.saturating_mul(self.0.get(at).map_or(1, |shape| shape.len).into()))
            .fold(0, u64::saturating_add)
    }
}

/// The sum: a profile may say anything.
fn total(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// How often that ran (first number) which is not among the rarest, whose second numbers make up `sum`.
fn rarest(mut all: Vec<(u64, u64)>, sum: u64) -> u64 {
    all.sort_unstable();
    let mut seen = 0u64;
    let rest = all.iter().find(|(_, weight)| {
        seen = seen.saturating_add(*weight);
        seen > sum
    });
    rest.map_or(0, |(runs, _)| *runs)
}

/// The first candidates that fit into `size` bytes of wasm, were every callee translated.
fn choose<'a>(
    image: &[u8],
    segments: &[Segment],
    candidates: &'a [Candidate],
    size: usize,
    room: Room,
    depth: Depth,
) -> Vec<Chosen<'a>> {
    let (mut chosen, mut left, mut misfits) = (Vec::new(), size, 0);
    let link = Link { step: room.step, callee: &|_| Some((room.function, 0)), jump: Some(room.function) };
    for candidate in candidates {
        if chosen.len() + FIRST as usize >= room.count as usize || misfits >= MISFITS_MAX {
            break;
        }
        let Some(region) = region(image, &segments[candidate.segment], candidate, depth) else { continue };
        let len = region.function(&link).into_raw_body().len();
        // A smaller one may still fit.
        match left.checked_sub(len) {
            Some(rest) => {
                (left, misfits) = (rest, 0);
                chosen.push(Chosen { candidate, region });
            }
            None => misfits += 1,
        }
    }
    chosen
}

/// The functions' bodies, calling each other, behind the one for jumps.
fn emit(chosen: &[Chosen<'_>], room: Room) -> Vec<Vec<u8>> {
    let mut places: HashMap<(usize, u32), (u32, u32)> = HashMap::new();
    for (number, chosen) in chosen.iter().enumerate() {
        for (entry, &at) in chosen.region.entries.iter().enumerate() {
            places
                .entry((chosen.candidate.segment, at))
                .or_insert((room.function + FIRST + number as u32, entry as u32));
        }
    }
    let body = |chosen: &Chosen<'_>| {
        let callee = |at: i64| places.get(&(chosen.candidate.segment, u32::try_from(at).ok()?)).copied();
        chosen.region.function(&Link { step: room.step, callee: &callee, jump: Some(room.function) }).into_raw_body()
    };
    let jump = brainworm_cpu::wasm::jump_function(room.kind).into_raw_body();
    core::iter::once(jump).chain(chosen.iter().map(body)).collect()
}

fn pages(bytes: &Range<u32>) -> Span {
    Span { page: bytes.start >> 12, pages: (bytes.end - bytes.start) >> 12 }
}

/// The functions that were run, or all.
fn candidates(segments: &[Segment], choice: &Choice, files: &[Range<u32>]) -> Vec<Candidate> {
    let mut found: BTreeMap<(usize, u32), Candidate> = BTreeMap::new();
    let mut add = |number: usize, start: u32, block: Option<Block>| {
        let segment = &segments[number];
        let next = segment.starts.partition_point(|&other| other <= start);
        let end = segment.starts.get(next).copied().unwrap_or(segment.bytes.end);
        let end = end.min(start.saturating_add(FUNCTION_MAX));
        let candidate = found.entry((number, start)).or_insert_with(|| Candidate {
            segment: number,
            start,
            end,
            weight: 0,
            blocks: Vec::new(),
            entries: Vec::new(),
        });
        if let Some(Block { at, runs, is_target }) = block {
            candidate.weight = candidate.weight.saturating_add(runs);
            candidate.blocks.push((at, runs));
            candidate.entries.extend(Some(at).filter(|at| is_target && *at != start));
        }
    };
    for &block in choice.profile.blocks() {
        let at = block.at;
        let number = segments.partition_point(|segment| segment.bytes.end <= at);
        let Some(segment) = segments.get(number).filter(|segment| segment.bytes.contains(&at)) else { continue };
        let before = segment.starts.partition_point(|&start| start <= at);
        let start = before.checked_sub(1).map(|i| segment.starts[i]).filter(|start| at - start < FUNCTION_MAX);
        add(number, start.unwrap_or(at), Some(block));
    }
    for (number, segment) in segments.iter().enumerate() {
        if choice.all || files.iter().any(|file| file.contains(&segment.bytes.start)) {
            segment.starts.iter().for_each(|&start| add(number, start, None));
        }
    }
    found.into_values().collect()
}

/// Where the contents of files lie in the image.
fn whole_files(image: &Image<'_>, paths: &[Vec<u8>]) -> Outcome<Vec<Range<u32>>> {
    let place = |path: &Vec<u8>| {
        let missing = || Failure::new(format!("--aot {}: there is no such program", String::from_utf8_lossy(path)));
        let mut id = brainworm_abi::image::ROOT;
        for name in path.split(|&b| b == b'/').filter(|name| !name.is_empty()) {
            id = image.lookup(id, name).ok().flatten().ok_or_else(missing)?;
        }
        let (at, len) = image.data(id).map_err(|_| missing())?;
        Ok(at as u32..(at + len) as u32)
    };
    paths.iter().map(place).collect()
}

/// The region of a function; none if it never ran so often.
fn region(image: &[u8], segment: &Segment, candidate: &Candidate, depth: Depth) -> Option<Region> {
    let first = segment.bytes.start;
    let whole = region_of(image, segment, candidate, depth)?;
    let run_in = |region: &Region| -> u64 {
        total(candidate.blocks.iter().filter(|(at, _)| region.has(at - first)).map(|(_, runs)| *runs))
    };
    let wanted = total(candidate.blocks.iter().map(|(_, runs)| *runs).filter(|runs| *runs >= depth.runs));
    let mut most = run_in(&whole);
    let mut best = whole;
    // What has too many blocks for a region does without its rarest.
    for share in Depth::RARE {
        if most >= wanted - wanted / 256 {
            break;
        }
        let runs = rarest(candidate.blocks.iter().map(|&(_, runs)| (runs, runs)).collect(), wanted / 1000 * share);
        let depth = Depth { runs: runs.max(depth.runs), reach: 0 };
        if let Some(region) = region_of(image, segment, candidate, depth) {
            let run = run_in(&region);
            if run > most {
                (best, most) = (region, run);
            }
        }
    }
    Some(best)
}

/// One that is made of what ran so often.
fn region_of(image: &[u8], segment: &Segment, candidate: &Candidate, depth: Depth) -> Option<Region> {
    let first = segment.bytes.start;
    let code = image.get(first as usize..segment.bytes.end as usize)?;
    let range = candidate.start - first..candidate.end - first;
    let often = candidate.blocks.iter().filter(|(_, runs)| *runs >= depth.runs);
    let mut seen: Vec<u32> = often.map(|(block, _)| block - first).collect();
    if seen.is_empty() && !candidate.blocks.is_empty() {
        return None;
    }
    seen.sort_unstable();
    let starts: Vec<u32> = [candidate.start].iter().chain(&candidate.entries).map(|at| at - first).collect();
    // Of a function that training ran, what it ran, and what is near to that, is translated: the others get the room.
    let reach = if seen.is_empty() { u32::MAX } else { depth.reach };
    Region::of_function(code, (range, u32::MAX), &starts, Seen { blocks: &seen, reach })
}
