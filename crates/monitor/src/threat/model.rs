//! The weights of the verdict: what each feature adds to the sum that becomes the probability of a threat.
//!
//! Features are rules that held (`rule.*`), what the source had not shown (`unshown.*`), metrics (`count.*`), and how
//! far from normal the run is (`unlike.*`). Each starts at what is expected of it; `resources/threat/model.txt` has what was learned.

use super::rules::{Rule, Rules};
use super::sequence::likelihood;
use casemate_types::analysis::{Confidence, Severity};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

const SHIPPED: &str = include_str!("../../../../resources/threat/model.txt");
/// Lines of a model.
const MAX_LINES: usize = 4096;
/// The largest weight.
const LARGEST: f64 = 20.0;

/// Why a model was refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("model, line {line}: {why}")]
pub struct ModelError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// Weights by the names of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    weights: BTreeMap<String, f64>,
    /// What stands alone.
    pub intercept: f64,
    /// After Platt: the sum times `slope` plus `offset`.
    pub slope: f64,
    /// See `slope`.
    pub offset: f64,
}

impl Model {
    /// What is expected before anything was recorded.
    pub fn expected() -> Self {
        Self {
            weights: BTreeMap::new(),
            intercept: -4.0,
            slope: 1.0,
            offset: 0.0,
        }
    }

    /// The model that is shipped.
    ///
    /// # Errors
    /// None in a build that passed its tests.
    pub fn shipped() -> Result<&'static Self, ModelError> {
        static MODEL: OnceLock<Result<Model, ModelError>> = OnceLock::new();
        MODEL
            .get_or_init(|| Self::read(SHIPPED))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Reads a model: a name and a number a line.
    ///
    /// # Errors
    /// The first line that is none of a model.
    pub fn read(text: &str) -> Result<Self, ModelError> {
        let mut model = Self::expected();
        for (at, line) in text.lines().enumerate() {
            let error = |why| ModelError { line: at + 1, why };
            if at >= MAX_LINES {
                return Err(error("it has more than 4096 lines"));
            }
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, number) = line.split_once(' ').ok_or(error("it is no name with a number"))?;
            let number: f64 = number.trim().parse().map_err(|_| error("its number is none"))?;
            if !number.is_finite() || number.abs() > LARGEST {
                return Err(error("its number is not between -20 and 20"));
            }
            match name {
                "intercept" => model.intercept = number,
                "slope" if number > 0.0 => model.slope = number,
                "slope" => return Err(error("the slope must be above 0")),
                "offset" => model.offset = number,
                _ => {
                    model.weights.insert(name.to_owned(), number);
                }
            }
        }
        Ok(model)
    }

    /// The model as text.
    pub fn write(&self) -> String {
        let mut text = format!(
            "intercept {:.4}\nslope {:.4}\noffset {:.4}\n",
            self.intercept, self.slope, self.offset
        );
        for (name, weight) in &self.weights {
            let _ = writeln!(text, "{name} {weight:.4}");
        }
        text
    }

    /// Sets a weight.
    pub fn set(&mut self, name: &str, weight: f64) {
        self.weights
            .insert(name.to_owned(), weight.clamp(-LARGEST, LARGEST));
    }

    /// What a feature weighs: what was learned, else what is expected.
    pub fn weight(&self, name: &str) -> f64 {
        self.weights.get(name).copied().unwrap_or_else(|| prior(name))
    }

    /// The probability that a sum stands for.
    pub fn probability(&self, sum: f64) -> f64 {
        likelihood(self.slope * (self.intercept + sum) + self.offset)
    }
}

/// What a feature is expected to weigh.
pub fn prior(name: &str) -> f64 {
    if let Some(id) = name.strip_prefix("rule.") {
        let rules = Rules::shipped().ok();
        let rule = rules.and_then(|rules| rules.all().iter().find(|rule| rule.id == id));
        return match (rule, id) {
            (Some(rule), _) => of_rule(rule),
            (None, "runtime.honeytoken") => 12.0,
            (None, _) => 0.0,
        };
    }
    match name {
        "unlike.metrics" => 1.5,
        "unlike.words" => 1.5,
        "count.denials" | "count.refusals" => 0.2,
        _ if name.starts_with("unshown.") => 1.0,
        _ => 0.0,
    }
}

/// What a rule is expected to weigh, by how bad and how sure it is.
pub(super) fn of_rule(rule: &Rule) -> f64 {
    of(rule.severity, rule.confidence)
}

/// The same by the two alone.
pub(super) fn of(severity: Severity, confidence: Confidence) -> f64 {
    let bad = match severity {
        Severity::Critical => 9.0,
        Severity::High => 6.5,
        Severity::Medium => 4.0,
        Severity::Low => 2.0,
        Severity::Info => 0.0,
    };
    bad * match confidence {
        Confidence::High => 1.0,
        Confidence::Medium => 0.8,
        Confidence::Low => 0.5,
    }
}
