//! Finding, and making ready, a place for our groups in the v2 tree.
//!
//! Called by the discovery. The rules are those of "Delegation" and "No Internal Process Constraint" in
//! Documentation/admin-guide/cgroup-v2.rst: children get controllers only from a group that holds no process itself,
//! and an account without privilege may move a process only below a group whose `cgroup.procs` it may write. Our own
//! group comes first, so that its limits keep holding for the sandboxes; only then the groups above it. It must never
//! move a process that is not ours.

use std::path::{Path, PathBuf};

use super::discover::REMEDY;
use super::error::CgroupError;
use super::mounts::{Mount, Set};
use super::{BASE_NAME, SELF_NAME, files, life};

/// Groups above ours that are looked at.
const MAX_DEPTH: usize = 64;

/// What decides whether sandboxes can live below one group.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) is_root: bool,
    pub(super) is_domain: bool,
    pub(super) is_writable: bool,
    /// Controllers that its parent lets it have.
    pub(super) offered: Set,
    /// Controllers that its children have.
    pub(super) enabled: Set,
    pub(super) members: Vec<u32>,
}

/// The answer to [`judge`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The controllers are on, or can be turned on.
    Fits,
    /// It fits once our own processes, its only ones, have moved to a leaf.
    FitsAfterMove,
    /// It does not; the reason.
    No(String),
}

/// Judges a group. `movable` are the processes that may be moved out of it.
pub(super) fn judge(facts: &Facts, movable: &[u32]) -> Verdict {
    let lacking = Set::LIMITS.without(facts.offered);
    if !facts.is_writable {
        return Verdict::No("not writable for this account".to_owned());
    }
    if !facts.is_domain {
        return Verdict::No("its cgroup.type is not domain".to_owned());
    }
    if !lacking.is_empty() {
        return Verdict::No(format!(
            "its cgroup.controllers lacks {}, which its parent does not pass on",
            lacking.list()
        ));
    }
    if facts.enabled.has(Set::LIMITS) || facts.is_root || facts.members.is_empty() {
        return Verdict::Fits;
    }
    if facts.members.iter().all(|pid| movable.contains(pid)) {
        return Verdict::FitsAfterMove;
    }
    let others = facts.members.iter().filter(|pid| !movable.contains(pid)).count();
    Verdict::No(format!(
        "it holds processes that are not ours ({others}), so that its children can have no controllers"
    ))
}

/// Finds a place for an unconfigured base: our own group, then those above. Returns the base, ready for use.
pub(super) fn find(mount: &Mount, own: &Path, movable: &[u32]) -> Result<PathBuf, CgroupError> {
    let start = locate_own(mount, own)?;
    let mut reasons = String::new();
    let above = start
        .ancestors()
        .take_while(|dir| dir.starts_with(&mount.point))
        .take(MAX_DEPTH);
    // A process of ours that has moved to its leaf already stands one below its place.
    for dir in above.skip_while(|dir| dir.ends_with(SELF_NAME)) {
        let movable = if dir == start { movable } else { &[] };
        let settled = look(dir).and_then(|facts| settle(dir, judge(&facts, movable), movable));
        let reason = match settled {
            Ok(base) => return Ok(base),
            Err(CgroupError::Unavailable { what, .. }) => what,
            Err(error) => explain(&error),
        };
        reasons.push_str(&format!("; {}: {reason}", dir.display()));
    }
    let what = format!("no group from ours upwards can hold limited children{reasons}");
    Err(CgroupError::Unavailable {
        what,
        at: start,
        advice: REMEDY.to_owned(),
    })
}

/// Checks and readies a configured base `wanted`, a path as in `/proc/self/cgroup`. It is made when missing, and the
/// groups above it are asked for the controllers that it lacks.
pub(super) fn find_at(
    mount: &Mount,
    wanted: &Path,
    own: &Path,
    movable: &[u32],
) -> Result<PathBuf, CgroupError> {
    let dir = locate_wanted(mount, wanted)?;
    let above: Vec<&Path> = dir
        .ancestors()
        .skip(1)
        .take_while(|dir| dir.starts_with(&mount.point))
        .collect();
    for parent in above.into_iter().rev() {
        // What fails here shows as a missing controller below.
        let _ = enable(parent, Set::LIMITS);
    }
    files::make_dir(&dir)?;
    let own_dir = locate_own(mount, own)?;
    let movable = if own_dir == dir { movable } else { &[] };
    let base = settle(&dir, judge(&look(&dir)?, movable), movable)?;
    let common = own_dir
        .ancestors()
        .find(|above| dir.starts_with(above))
        .unwrap_or(&mount.point);
    let procs = common.join("cgroup.procs");
    files::check_writable(&procs).map_err(|error| {
        let what = format!("processes cannot be moved from our group to the configured one: {error}");
        CgroupError::Unavailable {
            what,
            at: procs,
            advice: REMEDY.to_owned(),
        }
    })?;
    Ok(base)
}

/// The directory of the configured base below `mount`.
pub(super) fn locate_wanted(mount: &Mount, wanted: &Path) -> Result<PathBuf, CgroupError> {
    mount.locate(wanted).ok_or_else(|| CgroupError::Unavailable {
        what: format!(
            "the configured base is not a group that {} shows",
            mount.point.display()
        ),
        at: wanted.to_path_buf(),
        advice: "give a path as in /proc/self/cgroup, such as /system.slice/casemate.service".to_owned(),
    })
}

/// Our own directory below `mount`.
pub(super) fn locate_own(mount: &Mount, own: &Path) -> Result<PathBuf, CgroupError> {
    let dir = mount.locate(own).filter(|dir| dir.join("cgroup.procs").exists());
    dir.ok_or_else(|| CgroupError::Unavailable {
        what: format!("our own group {} is not below the mount", own.display()),
        at: mount.point.clone(),
        advice: "mount the control groups inside our own cgroup namespace, or accept missing limits with \
                 `--allow-missing cgroup`"
            .to_owned(),
    })
}

/// Turns on the controllers of `set` for the children of `dir`.
pub(super) fn enable(dir: &Path, set: Set) -> Result<(), CgroupError> {
    let path = dir.join("cgroup.subtree_control");
    let enabled = || files::text(&path).map(|text| Set::parse(&text, ' '));
    let missing = set.without(enabled().map_err(|error| CgroupError::io("read", &path, error))?);
    if missing.is_empty() {
        return Ok(());
    }
    let order = missing
        .each()
        .map(|(_, name)| format!("+{name}"))
        .collect::<Vec<_>>()
        .join(" ");
    files::write(&path, order.as_bytes())
        .map_err(|error| CgroupError::io("enable controllers in", &path, error))?;
    match enabled() {
        Ok(now) if now.has(set) => Ok(()),
        Ok(_) => Err(CgroupError::io(
            "enable controllers in",
            &path,
            std::io::ErrorKind::Unsupported.into(),
        )),
        Err(error) => Err(CgroupError::io("read", &path, error)),
    }
}

/// Reads what [`judge`] needs.
pub(super) fn look(dir: &Path) -> Result<Facts, CgroupError> {
    let read = |name: &str| {
        let path = dir.join(name);
        files::text(&path).map_err(|error| CgroupError::io("read", &path, error))
    };
    // The root of the whole tree has no cgroup.type; the root of a cgroup namespace has.
    let kind = read("cgroup.type").ok();
    let may_write = |name: &str| files::check_writable(&dir.join(name)).is_ok();
    Ok(Facts {
        is_root: kind.is_none(),
        is_domain: kind.is_none_or(|kind| kind.trim() == "domain"),
        is_writable: may_write("cgroup.procs") && may_write("cgroup.subtree_control"),
        offered: Set::parse(&read("cgroup.controllers")?, ' '),
        enabled: Set::parse(&read("cgroup.subtree_control")?, ' '),
        members: files::members(dir).map_err(|error| CgroupError::io("list", dir, error))?,
    })
}

/// Acts on a verdict: moves our own processes to a leaf if need be, turns the controllers on, makes the base.
fn settle(dir: &Path, verdict: Verdict, movable: &[u32]) -> Result<PathBuf, CgroupError> {
    match verdict {
        Verdict::No(what) => Err(CgroupError::Unavailable {
            what,
            at: dir.to_path_buf(),
            advice: REMEDY.to_owned(),
        }),
        Verdict::Fits => make_base(dir),
        Verdict::FitsAfterMove => {
            let leaf = dir.join(SELF_NAME);
            files::make_dir(&leaf)?;
            let moved = movable.iter().try_for_each(|pid| life::attach(&leaf, *pid));
            moved.and_then(|()| make_base(dir)).map_err(|error| {
                let back = movable.iter().try_for_each(|pid| life::attach(dir, *pid));
                error.after_cleanup(back.and_then(|()| files::remove_group(&leaf)))
            })
        }
    }
}

/// Makes `casemate` below `dir`, with controllers for its children.
fn make_base(dir: &Path) -> Result<PathBuf, CgroupError> {
    enable(dir, Set::LIMITS)?;
    let base = dir.join(BASE_NAME);
    let is_new = !base.exists();
    files::make_dir(&base)?;
    let procs = base.join("cgroup.procs");
    let ready = files::check_writable(&procs).map_err(|error| CgroupError::io("write", &procs, error));
    match ready.and_then(|()| enable(&base, Set::LIMITS)) {
        Ok(()) => Ok(base),
        Err(error) if is_new => Err(error.after_cleanup(files::remove_group(&base))),
        Err(error) => Err(error),
    }
}

/// An error with its cause, for the list of reasons.
fn explain(error: &CgroupError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
