//! Code translated ahead of time: the index that ties places in the packed image to functions of the module.
//!
//! A region (`crate::wasm`) is known by where its bytes lie in the image, so it serves whatever process maps that file at
//! whatever address, as long as the pages are the image's own: a page written has another place. Regions of one
//! executable segment of a file form a span and are entered only while the whole span is mapped as in the image; then
//! they may also call each other without another look.
//!
//! The packer writes the index ([`encode`]), the engine reads it where it lies ([`Index`]). All words are little-endian:
//!
//! ```text
//!   magic, spans, pages, entries
//!   span:   first page in the image, pages
//!   page:   page in the image, index of its first entry          ascending, and one more page that ends the list
//!   entry:  offset in the page | entry number << 16, function, span       ascending within a page
//! ```

use crate::mem::HostAddr;
use crate::state::Cpu;
use alloc::vec::Vec;

/// First word of an index.
const MAGIC: u32 = 0x3141_5742;
const HEADER: usize = 16;
const SPAN: usize = 8;
const PAGE: usize = 8;
const ENTRY: usize = 12;
/// Pages of a span at most: checking one is bounded.
pub const SPAN_PAGES: u32 = 1024;
/// Entry numbers and offsets share a word.
pub const ENTRIES_MAX: usize = 1 << 16;

/// Calls a function of the module by its place in the table, with the registers, the memory and the number of an entry
/// (`crate::wasm`); answers an `EXIT_` code. The embedder gives it: this crate never loads code.
pub type Call = fn(function: u32, cpu: &mut Cpu, env: &mut Env, entry: u32) -> i32;

/// What a region's function is given besides the registers, as it lies in the module's memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Env {
    /// Address of the read entries ([`crate::MemView`]).
    pub read: u32,
    /// Address of the write entries.
    pub write: u32,
    /// Pages in both.
    pub len: u32,
    /// The address space and its executable mappings ([`crate::MemView::code_tag`]).
    pub tag: u32,
    /// Instructions left; below 0 the function leaves at the next loop header.
    pub budget: i64,
    /// Bytes of the machine's stack that a function and what it calls may take; below 0 it leaves at once. Spent by the
    /// caller and not given back.
    pub stack: i32,
    /// Address of [`SLOTS`](crate::wasm::SLOTS) slots.
    pub slots: u32,
    /// The engine's own: what [`crate::interp::step`] needs.
    pub context: u64,
    /// [`Cpu::fp_is_usual`].
    pub fp_usual: u32,
    /// Zero.
    pub reserved: u32,
}

/// Pages of the image that hold an executable segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// First page, counted from the image's start.
    pub page: u32,
    /// How many.
    pub pages: u32,
}

/// One way into a region.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// Byte of the image.
    pub at: u32,
    /// Number of the entry.
    pub number: u32,
    /// Place of the function in the module's table.
    pub function: u32,
    /// Number of the span.
    pub span: u32,
}

/// Writes an index. Of several entries at one place the first in order stays.
pub fn encode(spans: &[Span], entries: &[Entry]) -> Vec<u8> {
    let mut entries: Vec<Entry> = entries.iter().copied().filter(|e| (e.number as usize) < ENTRIES_MAX).collect();
    entries.sort_unstable();
    entries.dedup_by_key(|entry| entry.at);
    let mut pages: Vec<(u32, u32)> = Vec::new();
    for (number, entry) in entries.iter().enumerate() {
        if pages.last().is_none_or(|(page, _)| *page != entry.at >> 12) {
            pages.push((entry.at >> 12, number as u32));
        }
    }
    pages.push((u32::MAX, entries.len() as u32));
    let mut words = [MAGIC, spans.len() as u32, pages.len() as u32, entries.len() as u32].to_vec();
    words.extend(spans.iter().flat_map(|span| [span.page, span.pages]));
    words.extend(pages.iter().flat_map(|&(page, first)| [page, first]));
    words.extend(entries.iter().flat_map(|e| [e.at & 0xfff | e.number << 16, e.function, e.span]));
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Moves the functions that a whole index names by so many places of the table. False: it is none.
pub fn rebase(index: &mut [u8], by: u32) -> bool {
    let word = |index: &[u8], at: usize| index.get(at..).and_then(|b| b.first_chunk()).map(|b| u32::from_le_bytes(*b));
    let [Some(MAGIC), Some(spans), Some(pages), Some(entries)] = [0, 4, 8, 12].map(|at| word(index, at)) else {
        return false;
    };
    let first = HEADER as u64 + spans as u64 * SPAN as u64 + pages as u64 * PAGE as u64;
    if first + entries as u64 * ENTRY as u64 != index.len() as u64 {
        return false;
    }
    for entry in index[first as usize..].chunks_exact_mut(ENTRY) {
        let function = word(entry, 4).unwrap_or(0).wrapping_add(by);
        entry[4..8].copy_from_slice(&function.to_le_bytes());
    }
    true
}

/// An index in memory, for an image at a place of the arena.
#[derive(Clone, Copy)]
pub struct Index {
    bytes: &'static [u8],
    image_page: u32,
    spans: usize,
    pages: usize,
    entries: usize,
}

impl Index {
    /// The index in `bytes` for the image that begins at `image`. `None`: it is none.
    pub fn parse(bytes: &'static [u8], image: HostAddr) -> Option<Index> {
        let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (spans, pages, entries) = (word(4)? as usize, word(8)? as usize, word(12)? as usize);
        let len = HEADER as u64 + (spans * SPAN) as u64 + (pages * PAGE) as u64 + (entries * ENTRY) as u64;
        let is_whole = word(0)? == MAGIC && pages > 0 && len == bytes.len() as u64;
        is_whole.then_some(Index { bytes, image_page: image.0 >> 12, spans, pages, entries })
    }

    fn word(&self, at: usize) -> u32 {
        self.bytes.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_le_bytes(*b))
    }

    /// A span, its page counted from the arena's start.
    pub fn span(&self, number: u32) -> Option<Span> {
        let at = HEADER + number as usize * SPAN;
        let span = Span { page: self.word(at).wrapping_add(self.image_page), pages: self.word(at + 4) };
        ((number as usize) < self.spans && span.pages <= SPAN_PAGES).then_some(span)
    }

    /// The entries in a page of the arena, ascending.
    pub fn page(&self, host: HostAddr) -> impl Iterator<Item = Entry> + '_ {
        let first_page = HEADER + self.spans * SPAN;
        let wanted = (host.0 >> 12).wrapping_sub(self.image_page);
        let (mut low, mut high) = (0, self.pages - 1);
        while low < high {
            let middle = low.midpoint(high);
            match self.word(first_page + middle * PAGE) < wanted {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let at = first_page + low * PAGE;
        let is_there = low + 1 < self.pages && self.word(at) == wanted;
        let (first, end) = if is_there { (self.word(at + 4), self.word(at + PAGE + 4)) } else { (0, 0) };
        let first_entry = first_page + self.pages * PAGE;
        (first..end.min(self.entries as u32)).map(move |number| {
            let at = first_entry + number as usize * ENTRY;
            let place = self.word(at);
            Entry {
                at: host.0 & !0xfff | place & 0xfff,
                number: place >> 16,
                function: self.word(at + 4),
                span: self.word(at + 8),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn entries_are_found_by_page() {
        let entry = |at, number, function, span| Entry { at, number, function, span };
        let spans = [Span { page: 2, pages: 3 }, Span { page: 9, pages: 1 }];
        let all = [entry(0x9004, 0, 12, 1), entry(0x2010, 0, 10, 0), entry(0x4ffe, 2, 10, 0), entry(0x2020, 1, 10, 0)];
        let bytes: &'static [u8] = encode(&spans, &all).leak();
        let index = Index::parse(bytes, HostAddr(0x10_0000)).unwrap();
        let page = |at: u32| index.page(HostAddr(0x10_0000 + at)).map(|e| (e.at - 0x10_0000, e.number)).collect();
        assert_eq!((page(0x2fff), page(0x4000)), (vec![(0x2010, 0), (0x2020, 1)], vec![(0x4ffe, 2)]));
        assert_eq!((page(0x3000), page(0xffff_f000), page(0x9000)), (vec![], vec![], vec![(0x9004, 0)]));
        assert_eq!(index.span(1), Some(Span { page: 0x109, pages: 1 }));
        assert_eq!(index.span(2), None);
        let mut moved = bytes.to_vec();
        assert!(rebase(&mut moved, 100) && !rebase(&mut moved[1..], 0));
        let moved = Index::parse(moved.leak(), HostAddr(0x10_0000)).unwrap();
        let functions: Vec<u32> = moved.page(HostAddr(0x10_9000)).map(|entry| entry.function).collect();
        assert_eq!((functions, moved.span(1)), (vec![112], index.span(1)));
        assert!(Index::parse(&bytes[..bytes.len() - 1], HostAddr(0)).is_none());
        assert!(Index::parse(encode(&[], &[]).leak(), HostAddr(0)).unwrap().page(HostAddr(0)).next().is_none());
    }
}
