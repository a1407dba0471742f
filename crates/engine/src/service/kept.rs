//! Output that is kept until its execution is over: in memory while all executions together stay
//! within a budget, and in files without a name beyond it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory for kept output of all executions together.
#[derive(Debug)]
pub struct Budget {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    folder: PathBuf,
    next_file: AtomicU64,
}

impl Budget {
    /// So many bytes of memory; beyond them files in this folder, which exists.
    pub fn new(limit_bytes: u64, folder: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            folder,
            next_file: AtomicU64::new(0),
        })
    }

    /// Bytes in memory now.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes);
        self.used_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, within)
            .is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A file that nobody else can open, and that is gone when it closes.
    fn file(&self) -> io::Result<File> {
        let number = self.next_file.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("kept-{}-{number}", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }
}

/// The bytes of one stream.
#[derive(Debug)]
pub struct Kept {
    budget: Arc<Budget>,
    memory: Vec<u8>,
    file: Option<File>,
    length: u64,
    /// Bytes found no place: what follows them is not kept either, for it would leave a hole.
    is_cut: bool,
}

/// Memory of the budget that is still in use, given back when this is dropped.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

impl Kept {
    /// Nothing yet.
    pub fn new(budget: &Arc<Budget>) -> Self {
        Self {
            budget: budget.clone(),
            memory: Vec::new(),
            file: None,
            length: 0,
            is_cut: false,
        }
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When memory is used up and the disk takes no more; nothing is added then, nor later.
    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_cut {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let added = self.try_append(bytes);
        self.is_cut = added.is_err();
        added
    }

    fn try_append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() && !self.budget.take(bytes.len() as u64) {
            self.move_out()?;
        }
        match &self.file {
            Some(file) => file.write_all_at(bytes, self.length)?,
            None => self.memory.extend_from_slice(bytes),
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn move_out(&mut self) -> io::Result<()> {
        let mut file = self.budget.file()?;
        file.write_all(&self.memory)?;
        self.file = Some(file);
        self.forget_memory();
        Ok(())
    }

    fn forget_memory(&mut self) -> Vec<u8> {
        self.budget.give_back(self.memory.len() as u64);
        std::mem::take(&mut self.memory)
    }

    /// At most so many bytes from an offset on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let left = self.length.saturating_sub(offset);
        let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        match &self.file {
            None => Ok(self.memory[self.memory.len() - left as usize..][..length].to_vec()),
            Some(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes)
            }
        }
    }

    /// All bytes, and what they take of the budget for as long as they are held.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn take(&mut self) -> io::Result<(Vec<u8>, Charge)> {
        let charge = Charge {
            budget: self.budget.clone(),
            bytes: self.memory.len() as u64,
        };
        let bytes = match self.file.take() {
            None => std::mem::take(&mut self.memory),
            Some(file) => {
                let mut bytes = vec![0; self.length as usize];
                file.read_exact_at(&mut bytes, 0)?;
                bytes
            }
        };
        self.length = 0;
        Ok((bytes, charge))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.forget_memory();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_budget_bytes_go_to_disk_and_come_back() {
        let budget = Budget::new(10, std::env::temp_dir());
        let (mut first, mut second) = (Kept::new(&budget), Kept::new(&budget));
        first.append(b"12345678").unwrap();
        second.append(b"abcd").unwrap();
        second.append(b"efgh").unwrap();
        assert_eq!(budget.used_bytes(), 8);
        assert!(first.file.is_none() && second.file.is_some());
        assert_eq!(second.read(2, 100).unwrap(), b"cdefgh");
        assert_eq!(first.read(6, 100).unwrap(), b"78");
        assert_eq!(first.read(60, 100).unwrap(), b"");
        assert_eq!(second.take().unwrap().0, b"abcdefgh");
        let held = first.take().unwrap();
        assert_eq!(budget.used_bytes(), 8);
        drop(held);
        drop(first);
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn a_disk_that_takes_nothing_is_told() {
        let budget = Budget::new(4, "/proc/nowhere".into());
        let mut kept = Kept::new(&budget);
        kept.append(b"1234").unwrap();
        assert!(kept.append(b"5").is_err());
        assert!(kept.append(b"").is_err(), "no hole");
        assert_eq!(kept.take().unwrap().0, b"1234");
    }
}
