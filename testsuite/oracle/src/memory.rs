//! The guest memory of every test: where pages lie, what they allow, and two images of them.
//!
//! ```text
//! LOW  0x1000_0000   0 rw | 1 rw | 2 rw | 3 r- | 4 -- | 5 no mapping | 6 rw | 7 rw | 8 no mapping
//! CODE 0x1100_0000   0 rx | 1 rx | 2 no mapping
//! HIGH 0x2_0000_0000 0 rw | 1 rw | 2 no mapping              (above the engine's fast tables)
//! ```
//!
//! `native` maps them for real, `engine` keeps a copy in an arena whose pages are not in guest order.

/// Bytes in a page.
pub const PAGE: u64 = 4096;
/// First low data page.
pub const LOW: u64 = 0x1000_0000;
/// First code page.
pub const CODE: u64 = 0x1100_0000;
/// Pages of code.
pub const CODE_PAGES: u64 = 2;
/// First data page above 4 GiB.
pub const HIGH: u64 = 0x2_0000_0000;

/// What a data page allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allow {
    /// Loads and stores.
    ReadWrite,
    /// Loads.
    Read,
    /// A mapping with PROT_NONE.
    Nothing,
}

/// The mapped data pages in the order in which `Image` stores them.
pub const DATA: [(u64, Allow); 9] = [
    (LOW, Allow::ReadWrite),
    (LOW + PAGE, Allow::ReadWrite),
    (LOW + 2 * PAGE, Allow::ReadWrite),
    (LOW + 3 * PAGE, Allow::Read),
    (LOW + 4 * PAGE, Allow::Nothing),
    (LOW + 6 * PAGE, Allow::ReadWrite),
    (LOW + 7 * PAGE, Allow::ReadWrite),
    (HIGH, Allow::ReadWrite),
    (HIGH + PAGE, Allow::ReadWrite),
];

/// Index in `DATA` of the page that holds `addr`.
pub fn page_index(addr: u64) -> Option<usize> {
    DATA.iter().position(|(page, _)| *page == addr & !(PAGE - 1))
}

/// Contents of all data pages.
#[derive(Clone)]
pub struct Image {
    /// One page for each entry of `DATA`.
    pub pages: Vec<[u8; PAGE as usize]>,
}

impl Image {
    /// All zero.
    pub fn new() -> Image {
        Image { pages: vec![[0; PAGE as usize]; DATA.len()] }
    }
    /// Writes what lies in data pages that hold anything; the rest is dropped.
    pub fn write(&mut self, addr: u64, bytes: &[u8]) {
        for (n, byte) in bytes.iter().enumerate() {
            let at = addr.wrapping_add(n as u64);
            if let Some(page) = page_index(at).filter(|p| DATA[*p].1 != Allow::Nothing) {
                self.pages[page][(at % PAGE) as usize] = *byte;
            }
        }
    }
    /// The nonzero 8-byte words with their addresses.
    pub fn words(&self) -> Vec<(u64, u64)> {
        let mut all = Vec::new();
        for ((base, _), page) in DATA.iter().zip(&self.pages) {
            for (n, chunk) in page.chunks_exact(8).enumerate() {
                let word = u64::from_le_bytes(chunk.try_into().expect("eight bytes"));
                if word != 0 {
                    all.push((base + 8 * n as u64, word));
                }
            }
        }
        all
    }
}

impl Default for Image {
    fn default() -> Image {
        Image::new()
    }
}
