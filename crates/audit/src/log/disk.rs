//! The few calls by which the log reaches the disk, so that tests can lose power or room at any of them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Where bytes go.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// Appends all of the bytes to a file.
    ///
    /// # Errors
    /// Those of writing; some of the bytes may have been written.
    fn append(&self, path: &Path, file: &File, bytes: &[u8]) -> io::Result<()>;

    /// Waits until all that was written to the file is on the disk.
    ///
    /// # Errors
    /// Those of flushing: what was written since the last one may be lost.
    fn sync(&self, path: &Path, file: &File) -> io::Result<()>;
}

/// The disk of the host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Real;

impl Disk for Real {
    fn append(&self, _: &Path, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, _: &Path, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}
