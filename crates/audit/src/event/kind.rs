//! The kinds of records, and where each stands in the classes of OCSF 1.3 (<https://schema.ocsf.io>).

/// Where a kind stands: class, activity within it, severity unless the event says otherwise.
struct Place(u32, u32, u32);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $class:literal, $activity:literal, $severity:literal;)*) => {
        /// What a record is about.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its word in a record: `unmapped.kind`.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            const fn place(self) -> Place {
                match self {
                    $(Self::$name => Place($class, $activity, $severity),)*
                }
            }
        }
    };
}

kinds! {
    /// Somebody proved who they are, or failed to. Authentication, logon.
    LogIn = "identity.log_in", 3002, 1, 1;
    /// A policy decided on an action. API activity, other.
    Decision = "policy.decision", 6003, 99, 1;
    /// A program was read and judged. Detection finding, create.
    Analysis = "execution.analysis", 2004, 1, 1;
    /// A program is about to start. Process activity, launch.
    Intent = "execution.intent", 1007, 1, 1;
    /// An execution has ended. Process activity, terminate.
    Outcome = "execution.outcome", 1007, 2, 1;
    /// A piece of a program's source or output. Process activity, other.
    Content = "execution.content", 1007, 99, 1;
    /// We, or its caller, ended a program. Remediation activity, evict.
    Intervention = "execution.intervention", 7001, 2, 3;
    /// A data source was read or written. Datastore activity, read.
    DataAccess = "data.access", 6005, 1, 1;
    /// A program was looked into. Process activity, open.
    Debug = "debug.inspection", 1007, 3, 3;
    /// The audit log was read or taken out. API activity, read.
    AuditRead = "audit.read", 6003, 2, 1;
    /// The configuration changed. Entity management, update.
    Configuration = "configuration.change", 3004, 3, 3;
    /// A key was made, replaced or revoked. Entity management, update.
    Key = "key.change", 3004, 3, 3;
    /// A tenant, project or principal was made or changed. Entity management, update.
    Principal = "principal.change", 3004, 3, 3;
    /// The policies in force changed. Entity management, update.
    Policy = "policy.change", 3004, 3, 3;
    /// A backup was made or restored. Entity management, read.
    Backup = "backup", 3004, 2, 2;
    /// The service started or stopped. Application lifecycle, start.
    Service = "service.lifecycle", 6002, 3, 1;
    /// The recorder started, or took up its work again; a repair is told here. Application lifecycle, start.
    Recorder = "recorder.lifecycle", 6002, 3, 1;
    /// The key that signs changed. Entity management, update.
    Epoch = "audit.epoch", 3004, 3, 1;
    /// Retention removed a segment. Entity management, delete.
    Tombstone = "audit.tombstone", 3004, 4, 2;
}

impl Kind {
    /// Reads the word of records.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether the recorder alone writes records of this kind.
    pub const fn is_recorders(self) -> bool {
        matches!(self, Self::Recorder | Self::Epoch | Self::Tombstone)
    }

    /// The class of OCSF.
    pub const fn class(self) -> u32 {
        self.place().0
    }

    /// The activity within the class.
    pub const fn activity(self) -> u32 {
        self.place().1
    }

    /// How bad it is, unless the event says otherwise.
    pub const fn severity(self) -> u32 {
        self.place().2
    }
}
