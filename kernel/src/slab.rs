//! A table of boxes with small reusable indices, for tasks, processes and address spaces.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Slots by index. An index is valid until its slot is removed; whoever keeps one longer looks it up by pid instead.
pub(crate) struct Slab<T> {
    slots: Vec<Option<Box<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Slab<T> {
        Slab { slots: Vec::new(), free: Vec::new(), len: 0 }
    }
    /// Stores a value and names its slot.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        let value = Some(Box::new(value));
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = value;
            return index;
        }
        self.slots.push(value);
        self.slots.len() as u32 - 1
    }
    /// Takes a value out; its index may be given again.
    pub(crate) fn remove(&mut self, index: u32) -> Option<Box<T>> {
        let value = self.slots.get_mut(index as usize)?.take()?;
        self.free.push(index);
        self.len -= 1;
        Some(value)
    }
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        self.slots.get(index as usize)?.as_deref()
    }
    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.slots.get_mut(index as usize)?.as_deref_mut()
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.slots.iter().enumerate().filter_map(|(i, slot)| Some((i as u32, slot.as_deref()?)))
    }
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.slots.iter_mut().enumerate().filter_map(|(i, slot)| Some((i as u32, slot.as_deref_mut()?)))
    }
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl<T> core::ops::Index<u32> for Slab<T> {
    type Output = T;
    fn index(&self, index: u32) -> &T {
        self.get(index).expect("an index outlived its slot")
    }
}

impl<T> core::ops::IndexMut<u32> for Slab<T> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        self.get_mut(index).expect("an index outlived its slot")
    }
}
