//! The languages: a table of rows, what of it the host has, and the commands that run it.
//!
//! The engine picks a row, detects its installation and renders its commands; `casemate languages`
//! and `casemate doctor` list them. Nothing here may run a program of the caller's, a version
//! manager's shim, or anything found by a relative path.

mod cache;
mod command;
mod detect;
mod entry;
mod error;
mod host;
mod managed;
mod probe;
mod resolve;
#[cfg(test)]
mod schema;
mod shebang;
mod shim;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use command::RunContext;
pub use detect::{Installation, detect};
pub use entry::SourceName;
pub use error::{LanguageError, PlaceFault, ProbeFault};
pub use host::Host;
pub use shebang::LIMIT_BYTES as SHEBANG_LIMIT_BYTES;
pub use table::{Compile, CompileLimits, Language, Naming, Packages, Table};
