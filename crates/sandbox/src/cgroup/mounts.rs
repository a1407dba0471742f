//! Where control groups are mounted and where this process stands in them: `/proc/self/mountinfo` (proc(5)) and
//! `/proc/self/cgroup` (cgroups(7)), parsed.
//!
//! Pure functions over text, called by the discovery. Lines that are not understood are skipped: whatever they held
//! is then missing, and the discovery says so.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

/// Cgroup mounts beyond this many are not looked at.
const MAX_MOUNTS: usize = 256;

/// A set of the controllers that a sandbox needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Set(u8);

impl Set {
    pub(super) const CPU: Set = Set(1);
    pub(super) const CPUACCT: Set = Set(2);
    pub(super) const MEMORY: Set = Set(4);
    pub(super) const PIDS: Set = Set(8);
    pub(super) const FREEZER: Set = Set(16);
    /// The three that limit. On cgroup v2 `cpu` accounts too, and freezing and killing need no controller.
    pub(super) const LIMITS: Set = Set(1 | 4 | 8);

    const NAMED: [(Set, &'static str); 5] = [
        (Set::CPU, "cpu"),
        (Set::CPUACCT, "cpuacct"),
        (Set::MEMORY, "memory"),
        (Set::PIDS, "pids"),
        (Set::FREEZER, "freezer"),
    ];

    /// The set of the names in `list`; other names are ignored.
    pub(super) fn parse(list: &str, separator: char) -> Set {
        list.split(separator)
            .filter_map(|word| Set::NAMED.iter().find(|(_, name)| *name == word.trim()))
            .fold(Set::default(), |all, (one, _)| all.with(*one))
    }

    pub(super) fn with(self, other: Set) -> Set {
        Set(self.0 | other.0)
    }

    pub(super) fn without(self, other: Set) -> Set {
        Set(self.0 & !other.0)
    }

    pub(super) fn has(self, other: Set) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn overlaps(self, other: Set) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, one by one, with the kernel's names.
    pub(super) fn each(self) -> impl Iterator<Item = (Set, &'static str)> {
        Set::NAMED.into_iter().filter(move |(one, _)| self.has(*one))
    }

    /// The members as text: `cpu, memory`.
    pub(super) fn list(self) -> String {
        self.each().map(|(_, name)| name).collect::<Vec<_>>().join(", ")
    }
}

/// Which hierarchy a mount shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// A v1 hierarchy with these of our controllers.
    One(Set),
    /// The v2 tree.
    Two,
}

/// One mount of a control group file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    pub(super) version: Version,
    /// The group that is visible at the mount point.
    pub(super) root: PathBuf,
    pub(super) point: PathBuf,
    pub(super) read_only: bool,
}

impl Mount {
    /// The directory of the group `path` (as in `/proc/self/cgroup`) below this mount. `None` when this mount does
    /// not show it, as with a mount that was made in another cgroup namespace.
    pub(super) fn locate(&self, path: &Path) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.root).ok()?;
        let plain = inside
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !plain {
            return None;
        }
        if inside.as_os_str().is_empty() {
            Some(self.point.clone())
        } else {
            Some(self.point.join(inside))
        }
    }
}

/// The control group mounts of a `mountinfo` text. Later mounts come first: they cover earlier ones.
pub(super) fn parse_mounts(mountinfo: &str) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = mountinfo
        .lines()
        .filter_map(parse_mount)
        .take(MAX_MOUNTS)
        .collect();
    mounts.reverse();
    mounts
}

/// The groups of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// For each v1 hierarchy, its controllers and our path in it.
    pub(super) v1: Vec<(Set, PathBuf)>,
    /// Our path in the v2 tree.
    pub(super) v2: Option<PathBuf>,
}

impl Own {
    /// Our path in the v1 hierarchy of `controller`.
    pub(super) fn v1_path(&self, controller: Set) -> Option<&Path> {
        self.v1
            .iter()
            .find(|(set, _)| set.has(controller))
            .map(|(_, path)| path.as_path())
    }
}

/// Parses `/proc/self/cgroup`: lines of `hierarchy-id:controllers:path`; `0::path` is v2.
pub(super) fn parse_own(text: &str) -> Own {
    let mut own = Own::default();
    for line in text.lines().take(MAX_MOUNTS) {
        let mut parts = line.splitn(3, ':');
        let (Some(id), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        if !path.starts_with('/') {
            continue;
        }
        if id == "0" && controllers.is_empty() {
            own.v2 = Some(PathBuf::from(path));
        } else {
            own.v1.push((Set::parse(controllers, ','), PathBuf::from(path)));
        }
    }
    own
}

/// One line: `id parent major:minor root point options [optional ...] - type source super-options`.
fn parse_mount(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let kind = right.next()?;
    let super_options = right.nth(1)?;
    let version = match kind {
        "cgroup2" => Version::Two,
        "cgroup" => Version::One(Set::parse(super_options, ',')),
        _ => return None,
    };
    let mut left = left.split(' ').skip(3);
    let (root, point, options) = (left.next()?, left.next()?, left.next()?);
    let read_only = [options, super_options]
        .iter()
        .any(|list| list.split(',').any(|word| word == "ro"));
    Some(Mount {
        version,
        root: unescape(root),
        point: unescape(point),
        read_only,
    })
}

/// Undoes the octal escapes of `mountinfo`: space, tab, newline and backslash are written `\040` and so on.
fn unescape(field: &str) -> PathBuf {
    let bytes = field.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes
            .get(at + 1..at + 4)
            .filter(|_| bytes[at] == b'\\')
            .and_then(octal);
        out.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 4 } else { 1 };
    }
    PathBuf::from(OsString::from_vec(out))
}

fn octal(digits: &[u8]) -> Option<u8> {
    let value = digits.iter().try_fold(0u32, |value, digit| match digit {
        b'0'..=b'7' => Some(value * 8 + u32::from(digit - b'0')),
        _ => None,
    })?;
    u8::try_from(value).ok()
}
