//! Who takes part: the service and the bare program always, others when they are asked for, installed, and
//! able to run the program once.

use super::others::{self, Image};
use super::{Subject, bundle};
use crate::bench::client::Target;
use crate::bench::options::{CompareArg, Options};
use crate::bench::program::Program;
use anyhow::{Context, Result};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Others, with the names of their programs.
const OTHERS: [(CompareArg, &str, &str); 5] = [
    (CompareArg::Bubblewrap, "bubblewrap", "bwrap"),
    (CompareArg::Crun, "crun", "crun"),
    (CompareArg::Runc, "runc", "runc"),
    (CompareArg::Docker, "docker", "docker"),
    (CompareArg::Runsc, "runsc", "runsc"),
];

/// Who does not take part, and why.
#[derive(Debug, Serialize)]
pub struct Unavailable {
    /// Its name.
    pub subject: &'static str,
    /// The language that it cannot run; null: none.
    pub language: Option<&'static str>,
    /// Why.
    pub reason: String,
}

/// All who could take part, and what they need for as long as they do.
#[derive(Debug)]
pub struct Field {
    work: PathBuf,
    root: PathBuf,
    tools: Vec<(CompareArg, &'static str, PathBuf)>,
    image: Option<Image>,
    /// Who does not take part.
    pub unavailable: Vec<Unavailable>,
}

impl Field {
    /// Looks for the others; what they need is made below `work`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn look(options: &Options, work: &Path) -> Result<Self> {
        let mut field = Self {
            work: work.to_owned(),
            root: bundle::root(work)?,
            tools: Vec::new(),
            image: None,
            unavailable: Vec::new(),
        };
        for (kind, name, program) in OTHERS.into_iter().filter(|one| options.compares(one.0)) {
            match others::find(program) {
                Some(tool) => field.tools.push((kind, name, tool)),
                None => field.refuse(name, None, format!("{program} is not installed")),
            }
        }
        let docker = field.tools.iter().position(|tool| tool.0 == CompareArg::Docker);
        if let Some(at) = docker {
            match Image::make(&field.tools[at].2, &field.root) {
                Ok(image) => field.image = Some(image),
                Err(error) => {
                    let (_, name, _) = field.tools.remove(at);
                    field.refuse(name, None, format!("{error:#}"));
                }
            }
        }
        Ok(field)
    }

    /// The subjects for one program: those that run it once as they should.
    ///
    /// # Errors
    /// When the service or the bare program does not.
    pub fn subjects(&mut self, target: &Target, program: &Program) -> Result<Vec<Subject>> {
        let own = [
            Subject::service(target, program),
            Subject::process("bare", others::bare(program)),
        ];
        for subject in &own {
            let tried = subject.runner()?.run().map_err(anyhow::Error::msg);
            tried.with_context(|| format!("{} {}: a first run", program.language, subject.name))?;
        }
        let mut subjects = own.to_vec();
        let tools = self.tools.clone();
        for (kind, name, tool) in tools {
            let tried = self.launch(kind, name, &tool, program).and_then(|subject| {
                subject.runner()?.run().map_err(anyhow::Error::msg)?;
                Ok(subject)
            });
            match tried {
                Ok(subject) => subjects.push(subject),
                Err(error) => self.refuse(name, Some(program.language), format!("{error:#}")),
            }
        }
        Ok(subjects)
    }

    fn launch(
        &self,
        kind: CompareArg,
        name: &'static str,
        tool: &Path,
        program: &Program,
    ) -> Result<Subject> {
        let launch = match (kind, &self.image) {
            (CompareArg::Bubblewrap, _) => others::bubblewrap(tool, program),
            (CompareArg::Docker, Some(image)) => others::docker(image, program),
            _ => others::oci(tool, name, &self.work, &self.root, program)?,
        };
        Ok(Subject::process(name, launch))
    }

    fn refuse(&mut self, subject: &'static str, language: Option<&'static str>, reason: String) {
        self.unavailable.push(Unavailable {
            subject,
            language,
            reason,
        });
    }
}
