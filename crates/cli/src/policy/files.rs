//! Files of policies, and folders of them.

use crate::exit;
use anyhow::{Context, Result};
use casemate_policy::authorize::{Base, MAX_FILES, MAX_TEXT_BYTES, PolicyError, PolicySet, PolicyText};
use clap::Args;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What files of policies are called in a folder.
const EXTENSION: &str = "cedar";

/// Which policies.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Leave out the policies that are shipped: what the files do not permit is denied
    #[arg(long)]
    pub no_default: bool,
}

/// The policies of these files and folders, or what is wrong with them.
///
/// # Errors
/// The first error is of reading; the second of the policies themselves.
pub(super) fn load(paths: &[PathBuf], which: &Which) -> Result<Result<PolicySet, PolicyError>> {
    let mut texts = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in folder(path)? {
                texts.push(read(&file)?);
            }
        } else {
            texts.push(read(path)?);
        }
        if texts.len() > MAX_FILES {
            return Err(exit::usage(format!("more than {MAX_FILES} files of policies")));
        }
    }
    let base = if which.no_default {
        Base::Empty
    } else {
        Base::Shipped
    };
    Ok(PolicySet::load(base, &texts))
}

/// The files of a folder, by their names; others than policies are not looked at.
fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()));
    let entries = entries.map_err(|error| exit::usage(format!("{error:#}")))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry
            .with_context(|| format!("cannot list {}", path.display()))?
            .path();
        if file.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(file);
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read(path: &Path) -> Result<PolicyText> {
    let most = MAX_TEXT_BYTES as u64 + 1;
    let mut text = String::new();
    let file = File::open(path).and_then(|file| file.take(most).read_to_string(&mut text));
    file.map_err(|error| exit::usage(format!("cannot read {}: {error}", path.display())))?;
    Ok(PolicyText {
        name: path.display().to_string(),
        text,
    })
}
