//! The walls as a result names them: what is in force, what only in part, what is missing.

use std::fmt;

/// Every wall there is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LayerName {
    /// User namespace with ids of its own.
    User,
    /// Process id namespace.
    Pid,
    /// Mount namespace with a root filesystem of its own.
    Mount,
    /// Network namespace.
    Net,
    /// System V and POSIX IPC namespace.
    Ipc,
    /// Host name namespace.
    Uts,
    /// Cgroup namespace.
    CgroupNamespace,
    /// Clock namespace.
    Time,
    /// Limits on CPU, memory and processes.
    Cgroup,
    /// System call filter.
    Seccomp,
    /// Landlock.
    Landlock,
    /// AppArmor profile.
    AppArmor,
    /// No capabilities and no new privileges.
    Privileges,
    /// Limits of each process.
    ResourceLimits,
    /// An own view of `/proc`.
    Proc,
}

impl LayerName {
    /// Every wall, in the order of results.
    pub const ALL: [Self; 15] = [
        Self::User,
        Self::Pid,
        Self::Mount,
        Self::Net,
        Self::Ipc,
        Self::Uts,
        Self::CgroupNamespace,
        Self::Time,
        Self::Cgroup,
        Self::Seccomp,
        Self::Landlock,
        Self::AppArmor,
        Self::Privileges,
        Self::ResourceLimits,
        Self::Proc,
    ];

    /// Reads the name of results.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == word)
    }

    /// The name in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user_namespace",
            Self::Pid => "pid_namespace",
            Self::Mount => "mount_namespace",
            Self::Net => "net_namespace",
            Self::Ipc => "ipc_namespace",
            Self::Uts => "uts_namespace",
            Self::CgroupNamespace => "cgroup_namespace",
            Self::Time => "time_namespace",
            Self::Cgroup => "cgroup",
            Self::Seccomp => "seccomp",
            Self::Landlock => "landlock",
            Self::AppArmor => "apparmor",
            Self::Privileges => "privileges",
            Self::ResourceLimits => "resource_limits",
            Self::Proc => "proc",
        }
    }
}

impl fmt::Display for LayerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much of a wall stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LayerState {
    /// All of it.
    Enforced,
    /// Some of it; the detail says what is not.
    Partial,
    /// None of it.
    Missing,
}

impl LayerState {
    /// Reads the word of results.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Enforced, Self::Partial, Self::Missing]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// The word in results.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforced => "enforced",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// One wall around one execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layer {
    /// Which.
    pub name: LayerName,
    /// How much of it stands.
    pub state: LayerState,
    /// What exactly, in a sentence.
    pub detail: String,
}
