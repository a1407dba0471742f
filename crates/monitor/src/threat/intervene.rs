//! What is to be done about a verdict, by policy. Interventions rest on the grounded level alone.

use super::verdict::{Level, Verdict};
use serde::{Deserialize, Serialize};

/// Something that the warden or the engine can do, the mildest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Only tell.
    #[default]
    Observe,
    /// Less processor time.
    Throttle,
    /// No network any more.
    CutNetwork,
    /// Stand still until somebody says resume or kill.
    Freeze,
    /// End.
    Kill,
    /// End, and refuse the key that sent it from now on.
    Quarantine,
}

/// Whether what is decided is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Only told.
    #[default]
    Observe,
    /// Told and done.
    Enforce,
}

/// Which action for which level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether it is done.
    pub mode: Mode,
    /// For low.
    pub low: Action,
    /// For medium.
    pub medium: Action,
    /// For high.
    pub high: Action,
    /// For critical.
    pub critical: Action,
    /// When the stream of events broke off.
    pub blind: Action,
}

/// What was decided, and whether it is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Decision {
    /// What.
    pub action: Action,
    /// In mode observe it is only told.
    pub carried_out: bool,
    /// The level that it rests on.
    pub level: Level,
}

impl Policy {
    /// For most programs: what may be wrong is made slow or still, what is certain ends.
    pub const STANDARD: Self = Self {
        mode: Mode::Enforce,
        low: Action::Observe,
        medium: Action::Throttle,
        high: Action::Freeze,
        critical: Action::Kill,
        blind: Action::Kill,
    };

    /// For programs that nobody waits for to be asked about.
    pub const HARDENED: Self = Self {
        mode: Mode::Enforce,
        low: Action::Throttle,
        medium: Action::Freeze,
        high: Action::Kill,
        critical: Action::Quarantine,
        blind: Action::Kill,
    };

    /// What to do about a verdict, or about a broken stream. `done` is what was done before: nothing is done twice, and
    /// nothing milder afterwards.
    pub fn decide(&self, verdict: &Verdict, is_blind: bool, done: Action) -> Option<Decision> {
        let level = verdict.grounded_level;
        let by_level = match level {
            Level::None => Action::Observe,
            Level::Low => self.low,
            Level::Medium => self.medium,
            Level::High => self.high,
            Level::Critical => self.critical,
        };
        let action = if is_blind {
            by_level.max(self.blind)
        } else {
            by_level
        };
        (action > done).then_some(Decision {
            action,
            carried_out: self.mode == Mode::Enforce,
            level,
        })
    }
}
