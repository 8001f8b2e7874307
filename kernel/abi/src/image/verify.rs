//! The check of a whole image, for tools and tests: the kernel reads lazily and never pays for it.

use super::{Image, ImageError, InodeId, ROOT};
use crate::FileKind;
use alloc::vec;
use alloc::vec::Vec;

impl Image<'_> {
    /// Reads every record once: the directories form one tree from the root, names are sorted and unique, link counts
    /// are right, all references lie inside, and the tail of each mapped file's last page is zeros.
    pub fn verify(&self) -> Result<(), ImageError> {
        self.config()?;
        let count = self.layout.inode_count as usize;
        if self.inode(ROOT)?.parent != ROOT {
            return Err(ImageError::Corrupt("the root is not its own parent"));
        }
        let mut names = vec![0u32; count];
        let mut work = vec![ROOT];
        names[0] = 1;
        while let Some(dir) = work.pop() {
            self.verify_directory(dir, &mut names, &mut work)?;
        }
        for (index, &names) in names.iter().enumerate() {
            let id = index as InodeId + 1;
            let inode = self.inode(id)?;
            if names == 0 || (!inode.is_dir() && inode.nlink != names) {
                return Err(ImageError::Corrupt("a link count is wrong"));
            }
            self.xattrs(id)?.try_for_each(|pair| pair.map(|_| ()))?;
            match inode.kind() {
                FileKind::Regular => self.verify_contents(id)?,
                FileKind::Symlink => drop(self.readlink(id)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn verify_directory(&self, dir: InodeId, names: &mut [u32], work: &mut Vec<InodeId>) -> Result<(), ImageError> {
        let (mut last, mut subdirectories) = (&b""[..], 0);
        for entry in self.entries(dir, 0)? {
            let entry = entry?;
            if entry.name <= last {
                return Err(ImageError::Corrupt("names are not sorted"));
            }
            last = entry.name;
            let inode = self.inode(entry.inode)?;
            if inode.kind().dirent_type() != entry.kind {
                return Err(ImageError::Corrupt("an entry's type differs from its inode's"));
            }
            let seen = &mut names[entry.inode as usize - 1];
            *seen = seen.saturating_add(1);
            if inode.is_dir() {
                if *seen > 1 || inode.parent != dir {
                    return Err(ImageError::Corrupt("directories do not form a tree"));
                }
                subdirectories += 1;
                work.push(entry.inode);
            }
        }
        if self.inode(dir)?.nlink != 2 + subdirectories {
            return Err(ImageError::Corrupt("a directory's link count is wrong"));
        }
        Ok(())
    }

    fn verify_contents(&self, id: InodeId) -> Result<(), ImageError> {
        let (offset, len) = self.data(id)?;
        if self.inode(id)?.is_mappable() && len != 0 {
            let end = (offset + len) as usize;
            let page_end = end.next_multiple_of(crate::PAGE_SIZE);
            if self.bytes.get(end..page_end).is_none_or(|tail| tail.iter().any(|&b| b != 0)) {
                return Err(ImageError::Corrupt("a mapped file's last page does not end in zeros"));
            }
        }
        Ok(())
    }
}
