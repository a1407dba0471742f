//! Reads a workspace, and writes the JavaScript beside its TypeScript.
//!
//! `casemate strip-types` calls it, inside a sandbox whose files all are the caller's.

use crate::file::Kind;
use crate::folder::PACKAGE;
use crate::strip::{Input, Output, Refusal, strip};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders deep; a request's paths are no deeper.
const DEPTH_LIMIT: usize = 64;
/// Files and folders looked at; a request has 1,000 files.
const ENTRY_LIMIT: usize = 16_384;
/// Where packages live: node takes no types out of them either.
const PACKAGES: &str = "node_modules";

/// Why a workspace was left as it was.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// The program is wrong, or could not be worked through.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file could not be read or written.
    #[error("{step} {}", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// With which file.
        path: PathBuf,
        /// What came of it.
        #[source]
        source: io::Error,
    },
}

/// Writes the JavaScript of a workspace into it. `entry` is the program's first file, in the workspace.
///
/// # Errors
/// When the program is wrong, or the workspace cannot be read or written.
pub fn strip_workspace(workspace: &Path, entry: &Path) -> Result<(), WorkspaceError> {
    let mut inputs = Vec::new();
    let mut left = ENTRY_LIMIT;
    read(workspace, "", 0, &mut left, &mut inputs)?;
    let entry = entry.strip_prefix(workspace).unwrap_or(entry).to_string_lossy();
    strip(&inputs, &entry)?
        .iter()
        .try_for_each(|output| write(workspace, output))
}

fn read(
    folder: &Path,
    prefix: &str,
    depth: usize,
    left: &mut usize,
    inputs: &mut Vec<Input>,
) -> Result<(), WorkspaceError> {
    let at = |step, path: &Path| {
        let path = path.to_owned();
        move |source| WorkspaceError::Io { step, path, source }
    };
    for entry in fs::read_dir(folder).map_err(at("read the folder", folder))? {
        let entry = entry.map_err(at("read the folder", folder))?;
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        // A name that is not UTF-8 can be imported by nobody.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let (path, below) = (entry.path(), format!("{prefix}{name}"));
        let kind = entry.file_type().map_err(at("look at", &path))?;
        if kind.is_dir() && depth < DEPTH_LIMIT && name != PACKAGES {
            read(&path, &format!("{below}/"), depth + 1, left, inputs)?;
        } else if kind.is_file() && (name == PACKAGE || Kind::of(&name).is_some()) {
            let text = fs::read(&path).map_err(at("read", &path))?;
            inputs.push(Input { path: below, text });
        }
    }
    Ok(())
}

fn write(workspace: &Path, output: &Output) -> Result<(), WorkspaceError> {
    let path = workspace.join(&output.path);
    let at = |source| WorkspaceError::Io {
        step: "write",
        path: path.clone(),
        source,
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at)?;
    }
    fs::write(&path, &output.text).map_err(at)
}
