//! TypeScript becomes JavaScript: types go, enums, namespaces, parameter properties, decorators and
//! JSX are written out, and imports name what came of their files.
//!
//! The hidden command `casemate strip-types` calls it, as the compiler of a program, inside a sandbox.
//! The sources are hostile: nothing else may call it, least of all on the host's side of the walls.

mod decorator;
mod file;
mod folder;
mod module;
mod project;
mod report;
mod rewrite;
mod specifier;
mod strip;
mod survey;
#[cfg(test)]
mod tests;
mod workspace;

pub use strip::{Input, Output, Refusal, strip};
pub use workspace::{WorkspaceError, strip_workspace};
