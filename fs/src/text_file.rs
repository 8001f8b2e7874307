//! Open files whose content is made up when they are read: those of /proc and /sys.

use crate::PathRef;
use alloc::boxed::Box;
use alloc::vec::Vec;
use brainworm_abi::{Errno, File, Io, Stat, StatFs};
use core::any::Any;
use spin::Mutex;

/// Appends the content.
pub(crate) type Render = Box<dyn Fn(&mut Io<'_>, &mut Vec<u8>) -> Result<(), Errno> + Send + Sync>;
/// Takes what was written in one call.
pub(crate) type Accept = Box<dyn Fn(&mut Io<'_>, &[u8]) -> Result<(), Errno> + Send + Sync>;

pub(crate) struct TextFile {
    path: PathRef,
    render: Render,
    accept: Option<Accept>,
    /// What the reader at the start saw, so that the pieces it reads fit together.
    content: Mutex<Option<Vec<u8>>>,
    /// Each read sees what is there at that moment.
    is_live: bool,
}

impl TextFile {
    pub(crate) fn new(path: &PathRef, render: Render, accept: Option<Accept>) -> TextFile {
        TextFile { path: path.clone(), render, accept, content: Mutex::new(None), is_live: false }
    }
    /// The same without a memory of what was read.
    pub(crate) fn live(self) -> TextFile {
        TextFile { is_live: true, ..self }
    }
}

impl File for TextFile {
    fn stat(&self, io: &mut Io<'_>) -> Result<Stat, Errno> {
        self.path.inode().stat(io)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn can_seek(&self) -> bool {
        true
    }
    fn read(&self, io: &mut Io<'_>, pos: u64, buf: &mut [u8]) -> Result<usize, Errno> {
        let mut content = self.content.lock();
        if pos == 0 || self.is_live || content.is_none() {
            let mut text = Vec::new();
            (self.render)(io, &mut text)?;
            *content = Some(text);
        }
        let text = content.as_deref().unwrap_or_default();
        let rest = usize::try_from(pos).ok().and_then(|pos| text.get(pos..)).unwrap_or_default();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
    fn write(&self, io: &mut Io<'_>, pos: u64, _append: bool, bytes: &[u8]) -> Result<(usize, u64), Errno> {
        let accept = self.accept.as_ref().ok_or(Errno::EROFS)?;
        accept(io, bytes)?;
        Ok((bytes.len(), pos + bytes.len() as u64))
    }
    /// Written like any file by shells (`>`): there is nothing to cut.
    fn truncate(&self, _io: &mut Io<'_>, _size: u64) -> Result<(), Errno> {
        Ok(())
    }
    fn statfs(&self, io: &mut Io<'_>) -> Result<StatFs, Errno> {
        self.path.inode().statfs(io)
    }
}
