//! What can be asked for: one word for each action, the same on the wire, in policies and in the audit log.
//!
//! `policy` decides on actions, `server` gives each route one, and a credential may be narrowed to some of
//! them. No I/O.

use std::fmt;
use std::str::FromStr;

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// One thing that a principal may be allowed to do.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word that stands for it everywhere outside the code.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

actions! {
    /// Run a program.
    ExecutionCreate = "execution:create",
    /// Run a program with a request that only watches what would have been refused.
    ExecutionObserve = "execution:observe",
    /// Read an execution: its state, result, output, files and events.
    ExecutionRead = "execution:read",
    /// List executions.
    ExecutionList = "execution:list",
    /// End an execution that runs or waits.
    ExecutionCancel = "execution:cancel",
    /// Have a program read without running it.
    AnalysisCreate = "analysis:create",
    /// Let a program connect to a destination.
    NetworkConnect = "network:connect",
    /// Let a program read a data source.
    DataRead = "data:read",
    /// Let a program install packages from an index.
    PackageInstall = "package:install",
    /// Attach a debugger to a program.
    DebugAttach = "debug:attach",
    /// Read the state of the service.
    StatusRead = "status:read",
    /// Read the figures of the service.
    MetricsRead = "metrics:read",
    /// Read what a tenant used and what it cost.
    UsageRead = "usage:read",
    /// Read the audit log.
    AuditRead = "audit:read",
    /// Take segments of the audit log out of the service.
    AuditExport = "audit:export",
    /// Make, list, replace and revoke keys.
    KeyManage = "key:manage",
    /// Make and change principals and projects of a tenant.
    PrincipalManage = "principal:manage",
    /// Make and change tenants.
    TenantManage = "tenant:manage",
    /// Read the policies in force.
    PolicyRead = "policy:read",
    /// Replace the policies in force.
    PolicyWrite = "policy:write",
    /// Make a backup.
    BackupCreate = "backup:create",
    /// Anything else that changes the service itself.
    Administer = "administer",
}

/// A word that names no action.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an action, such as execution:create")]
pub struct UnknownAction;

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        let found = Self::ALL.iter().find(|action| action.word() == text);
        found.copied().ok_or(UnknownAction)
    }
}

/// Bits of a set: there are fewer actions than that.
const BITS: usize = u64::BITS as usize;
const _: () = assert!(Action::ALL.len() < BITS);

/// A set of actions: what a credential may be used for. The principal's rights narrow it further, never widen it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u64);

impl Scopes {
    /// No action.
    pub const NONE: Self = Self(0);
    /// Every action, those of later releases included.
    pub const ALL: Self = Self(u64::MAX);

    /// Exactly these actions.
    pub fn of(actions: impl IntoIterator<Item = Action>) -> Self {
        Self(actions.into_iter().fold(0, |bits, action| bits | bit(action)))
    }

    /// Whether the action is in the set.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }

    /// Whether it is every action.
    pub const fn is_all(self) -> bool {
        self.0 == u64::MAX
    }

    /// Whether it is no action.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether everything in this set is in the other.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The actions of the set.
    pub fn actions(self) -> impl Iterator<Item = Action> {
        let all = Action::ALL.iter().copied();
        all.filter(move |action| self.contains(*action))
    }

    /// The set of these words; `*` is every action. A word that stands twice counts once.
    ///
    /// # Errors
    /// [`UnknownAction`] for the first word that names none: a scope is never dropped, which could leave a
    /// credential that can do less or more than somebody meant.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownAction> {
        words.into_iter().try_fold(Self::NONE, |set, word| match word {
            "*" => Ok(Self::ALL),
            word => word.parse().map(|action| Self(set.0 | bit(action))),
        })
    }

    /// The words of the set, `*` alone for every action.
    pub fn words(self) -> Vec<&'static str> {
        if self.is_all() {
            return vec!["*"];
        }
        self.actions().map(Action::word).collect()
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.words()).finish()
    }
}

/// The words with spaces between them, `*` alone for every action.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

/// Words with spaces between them, as [`Scopes::from_words`] takes them.
impl FromStr for Scopes {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::from_words(text.split_ascii_whitespace())
    }
}

const fn bit(action: Action) -> u64 {
    1 << action as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_and_actions_agree() {
        for action in Action::ALL {
            assert_eq!(action.word().parse(), Ok(*action));
        }
        for bad in ["", "*", "execution", "Execution:create", "execution:create "] {
            assert_eq!(bad.parse::<Action>(), Err(UnknownAction), "{bad}");
        }
    }

    #[test]
    fn scopes_narrow() {
        let both = Scopes::of([Action::ExecutionCreate, Action::ExecutionRead]);
        assert!(both.is_within(Scopes::ALL) && !Scopes::ALL.is_within(both));
        assert!(both.contains(Action::ExecutionRead) && !both.contains(Action::AuditRead));
        assert_eq!(both.intersection(Scopes::ALL), both);
        assert_eq!(both.to_string(), "execution:create execution:read");
        assert_eq!("execution:read execution:create".parse(), Ok(both));
        assert_eq!("*".parse(), Ok(Scopes::ALL));
        assert_eq!("".parse(), Ok(Scopes::NONE));
        assert_eq!("execution:read nothing".parse::<Scopes>(), Err(UnknownAction));
        assert_eq!(Scopes::ALL.to_string(), "*");
    }

    proptest! {
        #[test]
        fn words_of_a_set_read_back(picks in proptest::collection::vec(0..Action::ALL.len(), 0..30)) {
            let set = Scopes::of(picks.iter().map(|i| Action::ALL[*i]));
            prop_assert_eq!(set.to_string().parse(), Ok(set));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,40}") {
            let _ = (text.parse::<Action>(), text.parse::<Scopes>());
        }
    }
}
