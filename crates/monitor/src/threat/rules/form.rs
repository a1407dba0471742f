//! Rules as they are written.

use crate::event::{Event, What};
use serde::{Deserialize, Serialize};

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileForm {
    pub rule: Vec<toml::Spanned<RuleForm>>,
}

/// One rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleForm {
    pub id: String,
    pub message: String,
    pub severity: String,
    pub confidence: String,
    pub technique: String,
    pub threat: Threat,
    #[serde(default)]
    pub capability: String,
    #[serde(default)]
    pub within_ms: Option<u64>,
    #[serde(default)]
    pub scope: Scope,
    #[serde(default)]
    pub ordered: bool,
    pub step: Vec<StepForm>,
    #[serde(default)]
    pub trips: Vec<Vec<Example>>,
    #[serde(default)]
    pub twins: Vec<Vec<Example>>,
}

/// What a rule is tried with.
#[derive(Debug, Default)]
pub(super) struct Examples {
    pub trips: Vec<Vec<Example>>,
    pub twins: Vec<Vec<Example>>,
}

/// What kind of threat it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threat {
    /// A shell at the other end of a connection.
    ReverseShell,
    /// Secrets are looked for or taken.
    CredentialTheft,
    /// Data leaves.
    Exfiltration,
    /// Many files are overwritten, renamed or removed.
    Destruction,
    /// Work for somebody else's purse.
    Mining,
    /// Resources are used up.
    Exhaustion,
    /// The surroundings are looked at.
    Reconnaissance,
    /// Something is left that starts again.
    Persistence,
    /// Programs are brought in and run.
    Execution,
    /// Code is put into memory or into others.
    Injection,
    /// A wall is tried.
    Escape,
    /// What was watched is no longer.
    Evasion,
    /// Nothing that is known, but unlike what is normal.
    Anomaly,
}

/// Over what the steps of a rule must hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// All processes together.
    #[default]
    Execution,
    /// One process, with what it had done before it made or became another.
    Process,
}

/// One step: every condition that is given must hold.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    /// Words of kinds of events.
    pub event: Vec<String>,
    /// How often.
    #[serde(default)]
    pub count: Option<u32>,
    /// Each with another path, address or call.
    #[serde(default)]
    pub distinct: bool,
    /// Any path of the event; `*` stands for any text.
    #[serde(default)]
    pub path: Vec<String>,
    /// No path of the event.
    #[serde(default)]
    pub not_path: Vec<String>,
    /// The name of the executed program.
    #[serde(default)]
    pub name: Vec<String>,
    /// What all arguments, joined by blanks, hold.
    #[serde(default)]
    pub argument: Vec<String>,
    /// The program that the process was before, or whose copy it is.
    #[serde(default)]
    pub before: Vec<String>,
    #[serde(default)]
    pub result: Option<ResultForm>,
    #[serde(default)]
    pub access: Vec<crate::event::Access>,
    #[serde(default)]
    pub reach: Option<Reach>,
    #[serde(default)]
    pub port: Vec<u16>,
    #[serde(default)]
    pub packet: Option<bool>,
    /// Names of system calls.
    #[serde(default)]
    pub call: Vec<String>,
    #[serde(default)]
    pub signal: Vec<u8>,
    #[serde(default)]
    pub nameless: Option<bool>,
    #[serde(default)]
    pub socket: Option<bool>,
    /// Any of these bits of a mode.
    #[serde(default)]
    pub mode: Option<u32>,
    #[serde(default)]
    pub bytes_from: Option<u64>,
    #[serde(default)]
    pub count_from: Option<u64>,
    /// Processors in use between two samples, in thousandths.
    #[serde(default)]
    pub cpu_from: Option<u64>,
    #[serde(default)]
    pub pids_from: Option<u32>,
}

/// Whether an act was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResultForm {
    Done,
    Refused,
}

/// How far an address reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reach {
    /// Not this machine, and no local socket.
    Outside,
    /// The addresses at which clouds tell machines about themselves.
    Metadata,
}

/// An event to try a rule with.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Example {
    #[serde(default)]
    pub at_ms: u64,
    #[serde(default = "one")]
    pub pid: u32,
    /// So many, a millisecond apart, `#` in the path being their number.
    #[serde(default = "one")]
    pub times: u32,
    #[serde(flatten)]
    pub what: What,
}

fn one() -> u32 {
    1
}

impl Example {
    /// The events that it stands for.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        (0..self.times).map(|number| {
            let mut what = self.what.clone();
            let text = number.to_string();
            match &mut what {
                What::Open { path, .. } | What::Unlink { path, .. } | What::Exec { path, .. } => {
                    *path = path.replace('#', &text).as_str().into();
                }
                What::Rename { path, to, .. } => {
                    *path = path.replace('#', &text).as_str().into();
                    *to = to.replace('#', &text).as_str().into();
                }
                What::Fork { child } => *child += number,
                What::Connect {
                    address: crate::event::Address::Net { port, .. },
                    ..
                } => *port = port.saturating_add(number as u16),
                What::Resources(sample) => {
                    sample.cpu_ns = sample.cpu_ns.map(|cpu| cpu * u64::from(number + 1));
                }
                _ => {}
            }
            let step = if matches!(what, What::Resources(_)) {
                100
            } else {
                1
            };
            Event::new(
                (self.at_ms + u64::from(number) * step) * 1_000_000,
                self.pid,
                what,
            )
        })
    }
}
