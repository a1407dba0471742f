//! The kinds of sandboxes that a service offers: every language that the host has, and which of the
//! warden's blueprints it takes.

use crate::error::EngineError;
use crate::layers::BlueprintFacts;
use crate::stages;
use casemate_init::spec::SpawnSpec;
use casemate_runtime::language::{Compile, Host, Installation, Language, Table, detect};
use casemate_runtime::oneshot::By;
use casemate_sandbox::plan::{Blueprint, Ground, draw};
use casemate_types::{ExecutionRequest, Profile};
use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A language that can be run.
#[derive(Clone, Debug)]
pub struct Kind {
    /// Where it is.
    pub installation: Installation,
    /// The warden's number of its blueprint.
    pub blueprint: u32,
    /// What results tell of that blueprint.
    pub facts: BlueprintFacts,
    /// Whether sandboxes of its blueprint are made in a template, and whether its programs can be forked there.
    pub template: bool,
    /// Whether a started interpreter forks its programs.
    pub forks: bool,
    /// How an interpreter is started that waits for its program.
    pub worker: Option<SpawnSpec>,
}

impl Kind {
    /// What is to become a program of it, where that is there.
    pub fn way(&self, request: &ExecutionRequest) -> By {
        if self.worker.is_some() && stages::may_wait(request) {
            By::Worker
        } else if self.forks && stages::may_fork(request) {
            By::Fork
        } else {
            By::Exec
        }
    }

    /// Whether a sandbox that stands ready suits a program. One in which a worker holds memory is no gain for a program
    /// that the worker cannot become, and may not fit its limit.
    pub fn may_park(&self, request: &ExecutionRequest, way: By) -> bool {
        request.profile == Profile::Default && (self.worker.is_none() || way == By::Worker)
    }

    fn is_compiled_by_us(&self) -> bool {
        let compile = self.installation.language.compile.as_ref();
        compile.is_some_and(Compile::is_ours)
    }
}

/// Every language, in the order of the table, with what the host has of it.
#[derive(Debug)]
pub struct Kinds {
    rows: Vec<(&'static Language, Result<Kind, String>)>,
    versions: Mutex<HashMap<String, String>>,
    own_program: Option<File>,
}

impl Kinds {
    /// Looks at the host, and draws a blueprint for each different ground. Nothing is run. Zygotes of Python will load
    /// the modules of `preloads`.
    ///
    /// # Errors
    /// When the host lacks what every sandbox needs, or `own_program` cannot be read.
    pub fn survey(
        host: &Host,
        cache_dir: &Path,
        own_program: &Path,
        preloads: &[String],
    ) -> Result<(Self, Vec<Blueprint>), EngineError> {
        let mut grounds: Vec<Ground> = Vec::new();
        let mut blueprints: Vec<Blueprint> = Vec::new();
        let mut rows = Vec::new();
        for language in Table::builtin().iter() {
            let installation = match detect(language, host) {
                Ok(found) => found,
                Err(error) => {
                    rows.push((language, Err(error.to_string())));
                    continue;
                }
            };
            let ground = Ground {
                prefixes: installation.prefixes.clone(),
                extra: installation.mounts.clone(),
                cache_dir: Some(cache_dir.to_owned()),
                zygote: stages::zygote(&installation, preloads),
                gate: true,
                ..Ground::default()
            };
            let forks = ground.zygote.is_some();
            // A language without an interpreter to fork takes any blueprint that shows what it needs.
            let known = grounds.iter().position(|g| {
                let serves = ground.zygote.is_none() || g.zygote == ground.zygote;
                g.prefixes == ground.prefixes && g.extra == ground.extra && serves
            });
            let index = match known {
                Some(index) => index,
                None => {
                    blueprints.push(draw(&ground)?);
                    grounds.push(ground);
                    blueprints.len() - 1
                }
            };
            let kind = Kind {
                worker: stages::worker(&installation),
                installation,
                blueprint: index as u32,
                template: blueprints[index].has_zygote,
                forks: forks && blueprints[index].has_zygote,
                facts: BlueprintFacts::from(&blueprints[index]),
            };
            rows.push((language, Ok(kind)));
        }
        // Opened now: the process that serves sees nothing of the host.
        let ours = |row: &(_, Result<Kind, String>)| row.1.as_ref().is_ok_and(Kind::is_compiled_by_us);
        let own_program = match rows.iter().any(ours) {
            true => Some(File::open(own_program).map_err(EngineError::OwnProgram)?),
            false => None,
        };
        let kinds = Self {
            rows,
            versions: Mutex::default(),
            own_program,
        };
        Ok((kinds, blueprints))
    }

    /// The versions of all languages that are here: known ones from the cache, others by running the
    /// language's program once, outside the walls.
    pub fn probe_versions<'a>(&'a self, host: &'a Host) -> impl Iterator<Item = (String, String)> + 'a {
        let here = self
            .rows
            .iter()
            .filter_map(|(language, kind)| Some((language, kind.as_ref().ok()?)));
        here.filter_map(|(language, kind)| {
            let versioned = kind.installation.clone().versioned(host).ok()?;
            Some((language.name.to_owned(), versioned.version?))
        })
    }

    /// Takes note of a version.
    pub fn learn_version(&self, language: &str, version: String) {
        if Table::builtin().find(language).is_some() {
            self.versions().insert(language.to_owned(), version);
        }
    }

    /// The version of a language, once it is known.
    pub fn version(&self, language: &str) -> Option<String> {
        self.versions().get(language).cloned()
    }

    fn versions(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our own program, for a language that it compiles.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn compiler_of(&self, kind: &Kind) -> Result<Option<Vec<u8>>, EngineError> {
        let Some(file) = self.own_program.as_ref().filter(|_| kind.is_compiled_by_us()) else {
            return Ok(None);
        };
        let read = || {
            let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut bytes, 0).map(|()| bytes)
        };
        read().map(Some).map_err(EngineError::OwnProgram)
    }

    /// What a process that uses this must keep open.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.own_program.as_ref().map(AsFd::as_fd)
    }

    /// Every language, and its kind or why there is none.
    pub fn rows(&self) -> impl Iterator<Item = (&'static Language, Result<&Kind, &str>)> {
        self.rows
            .iter()
            .map(|(language, kind)| (*language, kind.as_ref().map_err(String::as_str)))
    }

    /// The kind of a language, by its name or an alias.
    ///
    /// # Errors
    /// An unknown language, or one that this host lacks.
    pub fn find(&self, name: &str) -> Result<&Kind, EngineError> {
        let shortened = || name.chars().take(64).collect();
        let language = Table::builtin()
            .find(name)
            .ok_or_else(|| EngineError::UnknownLanguage(shortened()))?;
        let row = self.rows.iter().find(|(known, _)| known.name == language.name);
        match row {
            Some((_, Ok(kind))) => Ok(kind),
            Some((_, Err(reason))) => Err(EngineError::NotHere(reason.clone())),
            None => Err(EngineError::UnknownLanguage(shortened())),
        }
    }
}
