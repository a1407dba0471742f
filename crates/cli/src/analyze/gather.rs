//! From paths to sources: files, folders, patterns, standard input.

use crate::exit::usage;
use anyhow::{Context, Result};
use casemate_analysis::SourceFile;
use casemate_analysis::ir::Language;
use casemate_engine::analysis::language_of;
use casemate_engine::runtime::language::Table;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most bytes that are taken of a file; the reader says what it left out.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// Most files of one command.
const MAX_FILES: usize = 200_000;
/// Deepest folder below one that was named.
const MAX_DEPTH: usize = 64;

/// A file to read, and whether it was named itself: then its language must be known.
#[derive(Clone, Debug)]
pub struct Found {
    path: PathBuf,
    is_named: bool,
}

/// Reads the name of `--language`.
///
/// # Errors
/// When there is none of this name.
pub fn language(name: &str) -> Result<Language> {
    let known = Table::builtin().find(name).map_or(name, |language| language.name);
    Language::from_word(known).ok_or_else(|| usage(format!("language: {name:?} is none that is analysed")))
}

/// The files that paths name, in their order, those of a folder by name.
///
/// # Errors
/// A path that leads nowhere, or too many files.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(Found {
                path: path.clone(),
                is_named: true,
            });
            continue;
        }
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk(path, 0, &|_| true, &mut found)?,
            Ok(_) => found.push(Found {
                path: path.clone(),
                is_named: true,
            }),
            Err(error) => match pattern(path) {
                Some((folder, extension)) => {
                    let fits = |path: &Path| path.extension().is_some_and(|own| *own == *extension);
                    walk(&folder, 0, &fits, &mut found)?;
                }
                None => return Err(usage(format!("cannot read {}: {error}", path.display()))),
            },
        }
    }
    Ok(found)
}

/// A pattern of the form `FOLDER/**/*.EXTENSION` or `*.EXTENSION`: the folder and the extension.
fn pattern(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str()?;
    let (before, extension) = text.rsplit_once("*.")?;
    let folder = before.trim_end_matches("**/").trim_end_matches('/');
    if folder.contains('*') || extension.contains(['/', '*']) || extension.is_empty() {
        return None;
    }
    let folder = if folder.is_empty() { "." } else { folder };
    Some((folder.into(), extension.to_owned()))
}

/// Takes what lies below a folder, over no link; what is hidden is left out.
fn walk(folder: &Path, depth: usize, fits: &dyn Fn(&Path) -> bool, found: &mut Vec<Found>) -> Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))?;
    let mut entries: Vec<_> = entries
        .collect::<io::Result<_>>()
        .with_context(|| format!("list {}", folder.display()))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        let kind = entry
            .file_type()
            .with_context(|| format!("look at {}", entry.path().display()))?;
        if is_hidden || kind.is_symlink() {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), depth + 1, fits, found)?;
        } else if kind.is_file() && fits(&entry.path()) {
            found.push(Found {
                path: entry.path(),
                is_named: false,
            });
        }
        if found.len() > MAX_FILES {
            return Err(usage(format!("more than {MAX_FILES} files: name fewer folders")));
        }
    }
    Ok(())
}

/// Reads a file; `None` when it is no source, and was not named itself.
///
/// # Errors
/// When it cannot be read, or was named and its language is not known.
pub fn read(found: &Found, forced: Option<Language>) -> Result<Option<SourceFile>> {
    let path = &found.path;
    let shown = path.to_string_lossy().into_owned();
    // Before it is opened: a folder may hold what is large and no source.
    if !found.is_named && forced.is_none() && path.extension().is_some() && language_of(&shown, b"").is_none()
    {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let taken = if path.as_os_str() == "-" {
        io::stdin().lock().take(MAX_FILE_BYTES).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes))
    };
    taken.map_err(|error| usage(format!("cannot read {shown}: {error}")))?;
    let language = forced.or_else(|| language_of(&shown, &bytes));
    if language.is_none() && !found.is_named {
        return Ok(None);
    }
    if language.is_none() {
        return Err(usage(format!(
            "language: neither extension nor shebang of {shown} says it; give --language"
        )));
    }
    let path = if shown == "-" { "<stdin>".to_owned() } else { shown };
    Ok(Some(SourceFile {
        path,
        language,
        bytes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_a_folder_and_an_extension() {
        for (text, expected) in [
            ("*.py", Some((".", "py"))),
            ("src/*.py", Some(("src", "py"))),
            ("src/**/*.js", Some(("src", "js"))),
            ("/a/b/*.sh", Some(("/a/b", "sh"))),
            ("a*/b.py", None),
            ("src/*.", None),
            ("plain.py", None),
        ] {
            let expected = expected.map(|(folder, extension)| (PathBuf::from(folder), extension.to_owned()));
            assert_eq!(pattern(Path::new(text)), expected, "{text}");
        }
    }
}
