//! What reading a program told, as JSON. The command line writes the same objects.

use casemate_types::analysis::{Analysis, Detonation, Finding, Flow, Location, Reason, Restriction, Risk};
use serde::Serialize;

/// The `analysis` of a result, and the answer of `POST /v1/analyses`.
#[derive(Debug, Serialize)]
pub struct WireAnalysis<'a> {
    #[serde(flatten)]
    risk: WireRisk<'a>,
    can_execute: bool,
    mode: &'static str,
    restrictions: Vec<WireRestriction>,
    findings: Vec<WireFinding<'a>>,
    flows: Vec<WireFlow<'a>>,
    vulnerabilities: Vec<WireFinding<'a>>,
    limits_reached: &'a [String],
    detonation: Option<WireDetonation<'a>>,
}

#[derive(Debug, Serialize)]
struct WireDetonation<'a> {
    status: &'a str,
    wall_ms: u64,
    acts: u64,
    programs: &'a [String],
    hosts: &'a [String],
}

impl<'a> From<&'a Detonation> for WireDetonation<'a> {
    fn from(detonation: &'a Detonation) -> Self {
        Self {
            status: &detonation.status,
            wall_ms: detonation.wall_ms,
            acts: detonation.acts,
            programs: &detonation.programs,
            hosts: &detonation.hosts,
        }
    }
}

impl<'a> From<&'a Analysis> for WireAnalysis<'a> {
    fn from(analysis: &'a Analysis) -> Self {
        Self {
            risk: WireRisk::from(&analysis.risk),
            can_execute: analysis.can_execute,
            mode: analysis.mode.as_str(),
            restrictions: analysis.restrictions.iter().map(WireRestriction::from).collect(),
            findings: analysis.findings.iter().map(WireFinding::from).collect(),
            flows: analysis.flows.iter().map(WireFlow::from).collect(),
            vulnerabilities: analysis.vulnerabilities.iter().map(WireFinding::from).collect(),
            limits_reached: &analysis.limits_reached,
            detonation: analysis.detonation.as_ref().map(WireDetonation::from),
        }
    }
}

/// The risk with its axes and reasons.
#[derive(Debug, Serialize)]
pub struct WireRisk<'a> {
    risk_score: f64,
    axes: WireAxes,
    reasons: Vec<WireReason<'a>>,
}

#[derive(Debug, Serialize)]
struct WireAxes {
    capability: f64,
    intent: f64,
    weakness: f64,
}

#[derive(Debug, Serialize)]
struct WireReason<'a> {
    feature: &'a str,
    weight: f64,
}

/// To a ten-thousandth: more is noise.
fn rounded(number: f64) -> f64 {
    (number * 10_000.0).round() / 10_000.0
}

impl<'a> From<&'a Risk> for WireRisk<'a> {
    fn from(risk: &'a Risk) -> Self {
        let reason = |reason: &'a Reason| WireReason {
            feature: &reason.feature,
            weight: rounded(reason.weight),
        };
        Self {
            risk_score: rounded(risk.score),
            axes: WireAxes {
                capability: rounded(risk.capability),
                intent: rounded(risk.intent),
                weakness: rounded(risk.weakness),
            },
            reasons: risk.reasons.iter().map(reason).collect(),
        }
    }
}

#[derive(Debug, Serialize)]
struct WireRestriction {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<u64>,
}

impl From<&Restriction> for WireRestriction {
    fn from(restriction: &Restriction) -> Self {
        Self {
            kind: restriction.as_str(),
            bound: restriction.bound(),
        }
    }
}

#[derive(Debug, Serialize)]
struct WireLocation<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

impl<'a> From<&'a Location> for WireLocation<'a> {
    fn from(at: &'a Location) -> Self {
        Self {
            file: &at.file,
            line: at.line,
            column: at.column,
            end_line: at.end_line,
            end_column: at.end_column,
        }
    }
}

/// What a rule found.
#[derive(Debug, Serialize)]
pub struct WireFinding<'a> {
    rule: &'a str,
    message: &'a str,
    severity: &'static str,
    confidence: &'static str,
    axis: &'static str,
    category: &'a str,
    cwe: Option<u32>,
    technique: Option<&'a str>,
    location: WireLocation<'a>,
    hidden: Option<&'a str>,
    advice: Option<&'a str>,
}

impl<'a> From<&'a Finding> for WireFinding<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            rule: &finding.rule,
            message: &finding.message,
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            axis: finding.axis.as_str(),
            category: &finding.category,
            cwe: finding.cwe,
            technique: finding.technique.as_deref(),
            location: WireLocation::from(&finding.location),
            hidden: finding.hidden.as_deref(),
            advice: finding.advice.as_deref(),
        }
    }
}

/// Data on its way to where it does harm.
#[derive(Debug, Serialize)]
pub struct WireFlow<'a> {
    source: &'a str,
    sink: &'a str,
    message: &'a str,
    severity: &'static str,
    cwe: Option<u32>,
    steps: Vec<WireStep<'a>>,
}

#[derive(Debug, Serialize)]
struct WireStep<'a> {
    note: &'a str,
    location: WireLocation<'a>,
}

impl<'a> From<&'a Flow> for WireFlow<'a> {
    fn from(flow: &'a Flow) -> Self {
        let steps = flow.steps.iter().map(|step| WireStep {
            note: &step.note,
            location: WireLocation::from(&step.location),
        });
        Self {
            source: &flow.source,
            sink: &flow.sink,
            message: &flow.message,
            severity: flow.severity.as_str(),
            cwe: flow.cwe,
            steps: steps.collect(),
        }
    }
}
