//! The verdict on one execution.

use super::rules::Threat;
use serde::Serialize;

/// How grave it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing to see.
    #[default]
    None,
    /// Worth knowing.
    Low,
    /// More likely a threat than not.
    Medium,
    /// Very likely a threat.
    High,
    /// Hardly anything else.
    Critical,
}

impl Level {
    /// The level of a probability.
    pub fn of(probability: f64) -> Self {
        match probability {
            p if p >= 0.98 => Self::Critical,
            p if p >= 0.85 => Self::High,
            p if p >= 0.5 => Self::Medium,
            p if p >= 0.15 => Self::Low,
            _ => Self::None,
        }
    }
}

/// Something that speaks for the verdict.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Evidence {
    /// The rule.
    pub rule: String,
    /// What it says.
    pub message: String,
    /// The word of its severity.
    pub severity: &'static str,
    /// The technique of ATT&CK.
    pub technique: String,
    /// What kind of threat it tells.
    pub threat: Threat,
    /// When it held, milliseconds after the start.
    pub at_ms: u64,
    /// From its first step to its last, milliseconds.
    pub took_ms: u64,
    /// The process.
    pub pid: u32,
    /// The event that completed it.
    pub seen: String,
    /// It rests on texts that the program could change meanwhile.
    pub evidence_only: bool,
}

/// What moved the probability, and by how much before it became one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Moved {
    /// The feature.
    pub feature: String,
    /// Above 0 speaks for a threat.
    pub by: f64,
}

/// What is thought of an execution.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Verdict {
    /// How unlike what is normal, 0 to 1: the part of normal runs that are less so.
    pub anomaly_score: f64,
    /// How grave it is.
    pub threat_level: Level,
    /// What it most likely is; absent at level none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threat_type: Option<Threat>,
    /// The probability of a threat, 0 to 1.
    pub confidence: f64,
    /// The level that rests on what the program cannot have changed meanwhile: interventions go by it.
    pub grounded_level: Level,
    /// What to do.
    pub recommendations: Vec<String>,
    /// The rules that held, the first first; at most 64.
    pub evidence: Vec<Evidence>,
    /// The techniques of ATT&CK among them, once each.
    pub techniques: Vec<String>,
    /// From the start to the first time that the level was medium or above, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_detect_ms: Option<u64>,
    /// What moved the confidence, the heaviest first; at most 12.
    pub reasons: Vec<Moved>,
}

impl Verdict {
    /// Whether it counts as called.
    pub fn is_called(&self) -> bool {
        self.threat_level >= Level::Medium
    }

    /// 100 for nothing to see, 0 for a certain threat.
    pub fn security_score(&self) -> u8 {
        (100.0 * (1.0 - self.confidence)).round().clamp(0.0, 100.0) as u8
    }
}

/// What to do about a threat of this kind.
pub(super) fn recommendations(level: Level, threat: Option<Threat>) -> Vec<String> {
    if level < Level::Low {
        return Vec::new();
    }
    let what = match threat {
        Some(Threat::ReverseShell) => {
            "Cut the network and end the program; look at the address that it spoke to."
        }
        Some(Threat::CredentialTheft) => "Change every secret that the program could read.",
        Some(Threat::Exfiltration) => {
            "Cut the network; look at what left and to where, and change what was read."
        }
        Some(Threat::Destruction) => "End the program and throw its files away.",
        Some(Threat::Mining) => "End the program; lower the limit of processor time of whoever sent it.",
        Some(Threat::Exhaustion) => "End the program; lower its limits of processes and memory.",
        Some(Threat::Reconnaissance) => "Look at what else the same principal has run.",
        Some(Threat::Persistence) => "Do not use the files that the program left.",
        Some(Threat::Execution) => "Look at what was fetched or decoded before it runs again.",
        Some(Threat::Injection) => "Run it under the hardened profile, or end it.",
        Some(Threat::Escape) => "End the program and quarantine the key that sent it.",
        Some(Threat::Evasion) => "Trust nothing that came after; end the program.",
        Some(Threat::Anomaly) | None => "Look at what moved the score.",
    };
    let mut all = vec![what.to_owned()];
    if level >= Level::High {
        all.push("Keep the record of this execution.".to_owned());
    }
    all
}
