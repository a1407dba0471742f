//! Why an execution could not be carried out. What the program did wrong is in its outcome.

use casemate_runtime::RuntimeError;
use casemate_runtime::language::LanguageError;
use casemate_sandbox::SandboxError;
use casemate_types::{Fault, RequestError};
use thiserror::Error;

/// An error of the engine.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The request is out of its bounds.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No such language.
    #[error("language: {0:?} is unknown; `casemate languages` lists what there is")]
    UnknownLanguage(String),
    /// The host has no usable installation of the language.
    #[error(transparent)]
    Language(#[from] LanguageError),
    /// The host of a service lacks the language.
    #[error("{0}")]
    NotHere(String),
    /// The state could not be read or written.
    #[error(transparent)]
    Store(#[from] casemate_store::StoreError),
    /// The host gave no thread or descriptor.
    #[error("start the engine")]
    Host(#[source] std::io::Error),
    /// The sandbox or its run failed.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The program could not be started in its sandbox.
    #[error("{step}: {source}")]
    Start {
        /// The step that failed.
        step: String,
        /// The kernel's answer.
        #[source]
        source: std::io::Error,
    },
    /// Our own program could not be read, which is a compiler too.
    #[error("read our own program")]
    OwnProgram(#[source] std::io::Error),
    /// The kernel gave no randomness for an id.
    #[error("make an id")]
    Id(#[source] std::io::Error),
}

impl EngineError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Request(_) | Self::UnknownLanguage(_) | Self::NotHere(_) => Fault::Caller,
            _ => Fault::Platform,
        }
    }
}

impl From<SandboxError> for EngineError {
    fn from(error: SandboxError) -> Self {
        Self::Runtime(error.into())
    }
}
