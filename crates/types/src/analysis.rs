//! What reading a program told: findings, flows, a risk, and what follows from them.
//!
//! Made by `casemate-analysis` and by admission; shown by `cli` and `server`. No I/O.

/// Whether a decision against a program is carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mode {
    /// The decision stands: refused programs do not run, restrictions apply.
    #[default]
    Enforce,
    /// The program runs as asked; the decision that would have been taken is reported.
    Observe,
}

impl Mode {
    /// Reads the word of requests.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "enforce" => Some(Self::Enforce),
            "observe" => Some(Self::Observe),
            _ => None,
        }
    }

    /// The word in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Observe => "observe",
        }
    }
}

/// How bad it is if a finding is true.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Info,
    /// A weakness with little reach.
    Low,
    /// A weakness, or an act that needs a reason.
    Medium,
    /// An act that honest programs seldom need.
    High,
    /// An act that honest programs do not need.
    Critical,
}

impl Severity {
    /// Every severity, the least first.
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word in reports and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word of rules and flags.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// How sure a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Often wrong.
    Low,
    /// Mostly right.
    Medium,
    /// Rarely wrong.
    High,
}

impl Confidence {
    /// Every confidence, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// The word in reports and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// Reads the word of rules.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|confidence| confidence.as_str() == word)
    }
}

/// What a finding speaks about: each moves another part of the risk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Axis {
    /// What the program can do: honest programs have capabilities too.
    Capability,
    /// What it seems to be for.
    Intent,
    /// What an attacker could do with it: warned of, never a reason to refuse.
    Weakness,
}

impl Axis {
    /// Every axis.
    pub const ALL: [Self; 3] = [Self::Capability, Self::Intent, Self::Weakness];

    /// The word in reports and rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Intent => "intent",
            Self::Weakness => "weakness",
        }
    }

    /// Reads the word of rules.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.as_str() == word)
    }
}

/// A place in a submitted file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Location {
    /// The file's name as submitted; of code inside code, the outer file's.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// From 1; the last line of the place.
    pub end_line: u32,
    /// From 1, in characters; the first column behind the place.
    pub end_column: u32,
}

/// One thing that a rule found.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule's id, such as `exec.reverse-shell`.
    pub rule: String,
    /// One sentence on what was found.
    pub message: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What it speaks about.
    pub axis: Axis,
    /// The rule's category, such as `reverse-shell`.
    pub category: String,
    /// Such as 78 for CWE-78; none where no weakness of the list fits.
    pub cwe: Option<u32>,
    /// A MITRE ATT&CK technique, such as `T1059.006`.
    pub technique: Option<String>,
    /// Where.
    pub location: Location,
    /// The code that was hidden, when the place was reached by decoding; at most 200 characters.
    pub hidden: Option<String>,
    /// What to do instead.
    pub advice: Option<String>,
}

/// A step of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Where.
    pub location: Location,
    /// What happens there, such as `assigned to query`.
    pub note: String,
}

/// Data that an outsider may choose, on its way to where it does harm.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// The sink's id, such as `command`.
    pub sink: String,
    /// The source's id, such as `http-request`.
    pub source: String,
    /// One sentence.
    pub message: String,
    /// How bad.
    pub severity: Severity,
    /// Of the sink.
    pub cwe: Option<u32>,
    /// From source to sink; at least the two, at most 64.
    pub steps: Vec<Step>,
}

/// What moved the risk, and by how much.
#[derive(Clone, PartialEq, Debug)]
pub struct Reason {
    /// The feature's name, such as `exec.decoded-code`.
    pub feature: String,
    /// Its part of the score before it becomes a probability: above 0 raises the risk.
    pub weight: f64,
}

/// How likely a program is malicious, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Risk {
    /// The calibrated probability of malice, 0 to 1.
    pub score: f64,
    /// What it can do, 0 to 1.
    pub capability: f64,
    /// What it seems to be for, 0 to 1.
    pub intent: f64,
    /// How weak it is, 0 to 1. No part of the score.
    pub weakness: f64,
    /// The heaviest first; at most 10.
    pub reasons: Vec<Reason>,
}

/// A tightening of the profile. None widens it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Restriction {
    /// No network, whatever was asked for.
    NetworkOff,
    /// At most so many bytes of memory.
    Memory(u64),
    /// At most so many processes.
    Processes(u32),
    /// At most so many milliseconds of wall time.
    WallTime(u64),
    /// At most so many bytes of disk.
    Disk(u64),
}

impl Restriction {
    /// The word in results.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NetworkOff => "network_off",
            Self::Memory(_) => "memory_bytes",
            Self::Processes(_) => "pids",
            Self::WallTime(_) => "wall_ms",
            Self::Disk(_) => "disk_bytes",
        }
    }

    /// Its number, where it has one.
    pub fn bound(&self) -> Option<u64> {
        match *self {
            Self::NetworkOff => None,
            Self::Memory(bound) | Self::WallTime(bound) | Self::Disk(bound) => Some(bound),
            Self::Processes(bound) => Some(u64::from(bound)),
        }
    }

    /// Reads the word of results, and its number.
    pub fn from_word(word: &str, bound: u64) -> Option<Self> {
        match word {
            "network_off" => Some(Self::NetworkOff),
            "memory_bytes" => Some(Self::Memory(bound)),
            "pids" => Some(Self::Processes(u32::try_from(bound).ok()?)),
            "wall_ms" => Some(Self::WallTime(bound)),
            "disk_bytes" => Some(Self::Disk(bound)),
            _ => None,
        }
    }
}

/// What reading a program told, whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Analysis {
    /// The risk.
    pub risk: Risk,
    /// Whether the program may run by the decision; in observe mode it runs in any case.
    pub can_execute: bool,
    /// Whether the decision was carried out.
    pub mode: Mode,
    /// What the decision tightens.
    pub restrictions: Vec<Restriction>,
    /// Of the axes capability and intent; the gravest first, bounded.
    pub findings: Vec<Finding>,
    /// Bounded.
    pub flows: Vec<Flow>,
    /// Findings of the axis weakness.
    pub vulnerabilities: Vec<Finding>,
    /// What could not be read or was cut, such as `syntax_error`, `budget_exhausted`, `worker_crashed`.
    pub limits_reached: Vec<String>,
    /// What the program did when it was detonated, where that was asked for and took place.
    pub detonation: Option<Detonation>,
}

/// A run of the program in a sandbox of its own, with what it could find faked, before anything was decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detonation {
    /// How it ended: a word of [`crate::Status`].
    pub status: String,
    /// How long it ran.
    pub wall_ms: u64,
    /// Calls that were heard of.
    pub acts: u64,
    /// Programs that it executed or tried to; at most 32.
    pub programs: Vec<String>,
    /// Addresses and names that it tried to reach; at most 32.
    pub hosts: Vec<String>,
}
