//! What can go wrong between a language's row and its installation.
//!
//! All of it is the platform's fault, never the program's, and trying again changes nothing until
//! somebody installs or repairs something. The messages may be shown to the caller.

use super::table::Packages;
use std::path::PathBuf;

/// Why a language cannot be used on this host.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// No candidate exists.
    #[error("{language} is not installed: looked for {looked_for}; {}", hint(packages))]
    NotInstalled {
        /// The row's name.
        language: &'static str,
        /// Programs and folders that were tried.
        looked_for: String,
        /// What provides it.
        packages: Packages,
    },
    /// All that was found is a version manager's stand-in, without a toolchain behind it.
    #[error(
        "{language} is not installed: {} belongs to a version manager and no toolchain of it was found; {}",
        shim.display(), hint(packages)
    )]
    OnlyShim {
        /// The row's name.
        language: &'static str,
        /// The first stand-in met.
        shim: PathBuf,
        /// What provides the real one.
        packages: Packages,
    },
    /// The language is there, but not a program it needs.
    #[error("{language} cannot be used: {} needs {tool}; {}", program.display(), hint(packages))]
    MissingTool {
        /// The row's name.
        language: &'static str,
        /// The installation that was found.
        program: PathBuf,
        /// What it needs: candidates, in order.
        tool: String,
        /// What provides all of it.
        packages: Packages,
    },
    /// The language is there, at a place that must not be used.
    #[error("{language} cannot be used from {}", program.display())]
    Unusable {
        /// The row's name.
        language: &'static str,
        /// The program at that place.
        program: PathBuf,
        /// What is wrong with the place.
        #[source]
        cause: PlaceFault,
    },
    /// The program was found and does not say its version: it is broken.
    #[error("cannot read the version of {language} from {}", program.display())]
    VersionFailed {
        /// The row's name.
        language: &'static str,
        /// The program that was asked.
        program: PathBuf,
        /// Why it has no answer.
        #[source]
        cause: ProbeFault,
    },
}

/// Why a program's place is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceFault {
    /// To mount the installation would show the sandbox what is not part of it.
    #[error("its folder {} holds more than the installation: install it for all users, or in a folder of its own", .0.display())]
    TooWide(PathBuf),
    /// Others than the caller and root can replace the program.
    #[error("{} can be changed by other users", .0.display())]
    Untrusted(PathBuf),
}

/// Why a program did not tell its version.
#[derive(Debug, thiserror::Error)]
pub enum ProbeFault {
    /// It could not be started or waited for.
    #[error("it could not be started")]
    Start(#[source] std::io::Error),
    /// It did not end in time and was killed.
    #[error("it did not answer within {} s", .0.as_secs())]
    TimedOut(std::time::Duration),
    /// Its answer holds no version; at most 80 characters of it are kept.
    #[error("its answer holds no version: {0:?}")]
    Unreadable(String),
}

fn hint(packages: &Packages) -> String {
    let Packages { debian, fedora } = packages;
    format!("install it with `apt-get install {debian}` or `dnf install {fedora}`")
}
