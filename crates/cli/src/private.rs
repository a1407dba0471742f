//! Folders and files that nobody else may read: the data folder and what is kept in it.

use crate::exit::usage;
use anyhow::{Context, Result};
use casemate_sys::credentials;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Makes a folder for us alone, and refuses one that is not.
pub fn make_private(dir: &Path) -> Result<()> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))?;
    }
    match fs::DirBuilder::new().mode(0o700).create(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
            return Err(e)
                .with_context(|| format!("make the data folder {} (CASEMATE_DATA_DIR)", dir.display()));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(dir).with_context(|| format!("look at {}", dir.display()))?;
    let ours =
        metadata.is_dir() && metadata.uid() == credentials::effective_uid() && metadata.mode() & 0o022 == 0;
    if !ours {
        return Err(usage(format!(
            "{}: not a folder of ours that only we may write (CASEMATE_DATA_DIR)",
            dir.display()
        )));
    }
    Ok(())
}

/// Writes a file that only we may read: whole or not at all. Two that write it at once do not mix.
pub fn write_private(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = file.with_added_extension(std::process::id().to_string());
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    fs::rename(&fresh, file)?;
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
