//! Finds a language's installation on the host.
//!
//! The engine calls [`detect`] for every run, so it costs a handful of file look-ups and starts
//! nothing; [`Installation::versioned`] is for listings. It must never run a shim, nor anything that
//! was found by a relative path or by what the user's program says.

use super::error::LanguageError;
use super::host::Host;
use super::managed;
use super::resolve::{Rejected, Resolved, resolve};
use super::table::Language;
use super::{cache, probe};
use std::fs;
use std::path::{Path, PathBuf};

/// Names in one folder that a `*` is compared with.
const GLOB_LIMIT: usize = 1024;

/// A language as this host has it.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The row.
    pub language: &'static Language,
    /// The program, absolute, at a path that is valid inside once `prefixes` are mounted.
    pub program: PathBuf,
    /// The version, once [`Installation::versioned`] has asked for it.
    pub version: Option<String>,
    /// Folders to mount read-only at their own path, beside what every sandbox has.
    pub prefixes: Vec<PathBuf>,
    /// Host files and folders outside the system's that the language reads; they exist.
    pub mounts: Vec<PathBuf>,
    pub(super) tools: Vec<(&'static str, PathBuf)>,
}

impl Installation {
    /// The folder of the program: for PATH when the installation is not the system's.
    pub fn bin_folder(&self) -> &Path {
        self.program.parent().unwrap_or(Path::new("/"))
    }

    /// Adds the version: from the cache, or by running the program once, outside the walls, with an
    /// empty environment, for at most 5 s.
    ///
    /// # Errors
    /// `VersionFailed` when the program does not start, answer in time, or name a version.
    pub fn versioned(mut self, host: &Host) -> Result<Self, LanguageError> {
        let fail = |cause| LanguageError::VersionFailed {
            language: self.language.name,
            program: self.program.clone(),
            cause,
        };
        let key = cache::Key::of(self.language.name, &self.program)
            .map_err(|e| fail(super::ProbeFault::Start(e)))?;
        if let Some(version) = cache::read(host, &key) {
            self.version = Some(version);
            return Ok(self);
        }
        let version = probe::version(&self.program, &self.language.version, probe::LIMIT).map_err(fail)?;
        cache::write(host, &key, &version);
        self.version = Some(version);
        Ok(self)
    }
}

/// Finds a language: in the system's folders, then in the caller's PATH, then where version managers
/// keep their toolchains. Nothing is run and the version stays open.
///
/// # Errors
/// Says what was looked for and what to install, or why what was found cannot be used. Where several
/// candidates failed, the first that was more than a shim is told.
pub fn detect(language: &'static Language, host: &Host) -> Result<Installation, LanguageError> {
    let mut shim = None;
    let mut refused = None;
    for (candidate, folder) in candidates(language, host) {
        let resolved = match resolve(&candidate, folder.as_deref(), host) {
            Ok(resolved) => resolved,
            Err(Rejected::Absent) => continue,
            Err(Rejected::Shim) => {
                shim.get_or_insert(candidate);
                continue;
            }
            Err(Rejected::Place(cause)) => {
                refused.get_or_insert(LanguageError::Unusable {
                    language: language.name,
                    program: candidate,
                    cause,
                });
                continue;
            }
        };
        match find_tools(language, &resolved, host) {
            Ok(tools) => return Ok(installation(language, resolved, tools)),
            Err(error) => _ = refused.get_or_insert(error),
        }
    }
    let (name, packages) = (language.name, language.packages);
    Err(refused.unwrap_or_else(|| match shim {
        Some(shim) => LanguageError::OnlyShim {
            language: name,
            shim,
            packages,
        },
        None => LanguageError::NotInstalled {
            language: name,
            looked_for: looked_for(language, host),
            packages,
        },
    }))
}

fn installation(
    language: &'static Language,
    resolved: Resolved,
    tools: Vec<(&'static str, PathBuf)>,
) -> Installation {
    let Resolved { program, prefix } = resolved;
    let mounts = language.mounts.iter().flat_map(|mount| existing(mount)).collect();
    Installation {
        language,
        program,
        version: None,
        prefixes: prefix.into_iter().collect(),
        mounts,
        tools,
    }
}

/// All candidates in order; the managers' folders are only read when nothing else was found.
fn candidates<'a>(
    language: &'static Language,
    host: &'a Host,
) -> impl Iterator<Item = (PathBuf, Option<PathBuf>)> + 'a {
    let named = |folder: &Path| -> Vec<PathBuf> {
        let names = language
            .programs
            .iter()
            .filter(|program| !program.starts_with('/'));
        names.map(|name| folder.join(name)).collect()
    };
    let absolute = language
        .programs
        .iter()
        .filter(|program| program.starts_with('/'))
        .map(PathBuf::from);
    let system = host.system_folders.iter().flat_map(move |folder| named(folder));
    let path = host.path_folders().flat_map(move |folder| named(&folder));
    let managed = language
        .managed
        .iter()
        .flat_map(|managed| managed::candidates(managed, host));
    system
        .chain(absolute)
        .chain(path)
        .map(|program| (program, None))
        .chain(managed.map(|candidate| (candidate.program, Some(candidate.folder))))
}

/// The further programs a row requires. They come from the system's folders or from the installation.
fn find_tools(
    language: &'static Language,
    resolved: &Resolved,
    host: &Host,
) -> Result<Vec<(&'static str, PathBuf)>, LanguageError> {
    let bin = resolved.program.parent().unwrap_or(Path::new("/"));
    let usable = |candidate: PathBuf| {
        let tool = resolve(&candidate, resolved.prefix.as_deref(), host).ok()?;
        (tool.prefix.is_none() || tool.prefix == resolved.prefix).then_some(tool.program)
    };
    let find = |name: &&str| match name.strip_prefix("{bin}/") {
        Some(name) => usable(bin.join(name)),
        None => host
            .system_folders
            .iter()
            .find_map(|folder| usable(folder.join(name))),
    };
    let mut tools = Vec::with_capacity(language.requires.len());
    for (tool, names) in language.requires {
        let found = names
            .iter()
            .find_map(find)
            .ok_or_else(|| LanguageError::MissingTool {
                language: language.name,
                program: resolved.program.clone(),
                tool: names
                    .iter()
                    .map(|name| name.replace("{bin}", &bin.to_string_lossy()))
                    .collect::<Vec<_>>()
                    .join(" or "),
                packages: language.packages,
            })?;
        tools.push((*tool, found));
    }
    Ok(tools)
}

fn looked_for(language: &Language, host: &Host) -> String {
    let folders: Vec<_> = host
        .system_folders
        .iter()
        .map(|folder| folder.display().to_string())
        .collect();
    let mut managers: Vec<_> = language.managed.iter().map(|managed| managed.manager).collect();
    managers.dedup();
    let mut text = format!("{} in {}, PATH", language.programs.join(", "), folders.join(", "));
    if !managers.is_empty() {
        text += &format!(" and the toolchains of {}", managers.join(", "));
    }
    text
}

/// The host paths that an absolute pattern means, sorted; `*` stands for part of one name.
pub(super) fn existing(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part.split_once('*') {
            None => found
                .into_iter()
                .map(|folder| folder.join(part))
                .filter(|path| path.exists())
                .collect(),
            Some((start, end)) => found
                .iter()
                .flat_map(|folder| matching(folder, start, end))
                .collect(),
        };
    }
    found
}

fn matching(folder: &Path, start: &str, end: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .take(GLOB_LIMIT)
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    let fits = |name: &String| {
        name.len() >= start.len() + end.len()
            && name.starts_with(start)
            && name.ends_with(end)
            && !name.starts_with('.')
    };
    let mut found: Vec<_> = names.filter(fits).map(|name| folder.join(name)).collect();
    found.sort();
    found
}
