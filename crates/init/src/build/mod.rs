//! Builds the inside of a sandbox: root filesystem, `/proc`, host name, clocks.
//!
//! Called once by [`crate::serve`] while init still holds its capabilities over the sandbox's user
//! namespace. Afterwards nothing of the building remains reachable.

mod procfs;
mod root;

use crate::plan::{Plan, Wall};
use crate::protocol::Release;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use casemate_sys::handle::{BorrowedFd, OwnedFd};
use casemate_sys::io;
use casemate_sys::{event, fs, namespace};

/// A step that failed: what was done to what, and why.
#[derive(Debug)]
pub struct StepError {
    /// The step in words.
    pub step: String,
    /// The kernel's answer.
    pub source: io::Error,
}

/// Names the step of a failed call.
pub trait AtStep<T> {
    /// Names it.
    ///
    /// # Errors
    /// The call's own, with the step.
    fn at(self, step: impl FnOnce() -> String) -> Result<T, StepError>;
}

impl<T> AtStep<T> for io::Result<T> {
    fn at(self, step: impl FnOnce() -> String) -> Result<T, StepError> {
        self.map_err(|source| StepError { step: step(), source })
    }
}

/// What the rest of init needs of the built sandbox.
#[derive(Debug)]
pub struct Built {
    /// The workspace folder.
    pub workspace: OwnedFd,
    /// What `/proc/meminfo` shows, open for writing, where it can still change.
    pub meminfo: Option<OwnedFd>,
}

/// Builds everything that `plan` and `release` ask for.
///
/// # Errors
/// The first [`StepError`]; the sandbox is then of no use and init ends.
pub fn build(plan: &Plan, release: &Release, trees: Vec<OwnedFd>) -> Result<Built, StepError> {
    if !plan.omitted.has(Wall::CgroupNamespace) {
        // The warden has put us into our cgroup, so that becomes the root of what we see.
        namespace::unshare(namespace::CLONE_NEWCGROUP).at(|| "unshare the cgroup namespace".into())?;
    }
    if !plan.omitted.has(Wall::Uts) {
        namespace::set_host_name(&plan.host_name).at(|| "set the host name".into())?;
        namespace::set_domain_name(b"(none)").at(|| "set the domain name".into())?;
    }
    let built = if plan.omitted.has(Wall::Mount) {
        root::host_workspace()?
    } else {
        root::build(plan, release, trees)?
    };
    if !plan.omitted.has(Wall::Time) {
        start_clocks_anew()?;
    }
    Ok(built)
}

/// Builds what all sandboxes of a template share: their root but for what each has of its own.
///
/// # Errors
/// The first [`StepError`]; the template is then of no use and init ends.
pub fn build_template(plan: &Plan, release: &Release, trees: Vec<OwnedFd>) -> Result<(), StepError> {
    namespace::unshare(namespace::CLONE_NEWCGROUP).at(|| "unshare the cgroup namespace".into())?;
    namespace::set_host_name(&plan.host_name).at(|| "set the host name".into())?;
    namespace::set_domain_name(b"(none)").at(|| "set the domain name".into())?;
    root::build(plan, release, trees).map(drop)
}

/// Builds what a sandbox made in a template has of its own, over its copy of the template's mounts.
///
/// # Errors
/// The first [`StepError`]; the sandbox is then of no use and init ends.
pub fn build_cell(plan: &Plan, release: &Release) -> Result<Built, StepError> {
    namespace::unshare(namespace::CLONE_NEWCGROUP).at(|| "unshare the cgroup namespace".into())?;
    namespace::set_host_name(&plan.host_name).at(|| "set the host name".into())?;
    namespace::set_domain_name(b"(none)").at(|| "set the domain name".into())?;
    let built = root::renew(plan, release)?;
    start_clocks_anew()?;
    Ok(built)
}

/// Changes what a sandbox of a template sees as its memory.
///
/// # Errors
/// When the file cannot be written.
pub fn show_memory(file: BorrowedFd<'_>, memory_bytes: u64) -> io::Result<()> {
    casemate_sys::fd::write_all_at(file, root::memory_text(memory_bytes).as_bytes(), 0)
}

/// Puts later children into a time namespace whose clocks start near zero (time_namespaces(7)), so
/// that the host's uptime does not show.
fn start_clocks_anew() -> Result<(), StepError> {
    namespace::unshare(namespace::CLONE_NEWTIME).at(|| "unshare the time namespace".into())?;
    let offsets = format!(
        "monotonic -{} 0\nboottime -{} 0\n",
        event::monotonic().as_secs(),
        event::boottime().as_secs()
    );
    fs::write_existing(b"/proc/self/timens_offsets", offsets.as_bytes()).at(|| "set the clock offsets".into())
}
