//! The model: a weight for each feature, and what makes a probability of their sum. Its file is `resources/risk/model.txt`,
//! written by the training program; `priors.txt` stands for features that no training has seen.

use super::features::Features;
use casemate_types::analysis::{Axis, Reason};
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

const MODEL: &str = include_str!("../../../../resources/risk/model.txt");
const PRIORS: &str = include_str!("../../../../resources/risk/priors.txt");
/// Reasons that are told.
const REASONS: usize = 10;

/// What a feature is expected to weigh before any training.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Prior {
    /// The weight.
    pub weight: f64,
    /// Whether training may only move it on its side of 0.
    pub signed: bool,
}

/// The weights for one kind of program.
#[derive(Clone, Default, Debug)]
pub struct Weights {
    /// By feature.
    pub of: FxHashMap<String, f64>,
    /// What stands alone.
    pub intercept: f64,
    /// Calibration: the score is the logistic of `slope * sum + offset`.
    pub slope: f64,
    /// Calibration.
    pub offset: f64,
}

/// The sum of what a program's features weigh, and its parts.
pub(super) struct Sum {
    /// The calibrated probability.
    pub(super) score: f64,
    /// By axis what raises it: capability, intent.
    pub(super) raised: [f64; 2],
    /// The heaviest first.
    pub(super) reasons: Vec<Reason>,
}

/// The expectation for a feature: that of its name, or of the longest family that has one.
pub fn prior(feature: &str) -> Prior {
    let priors = priors();
    if let Some(prior) = priors.get(feature) {
        return *prior;
    }
    let mut head = feature;
    while let Some(at) = head.rfind('.') {
        head = head.get(..at).unwrap_or("");
        if let Some(prior) = priors.get(format!("{head}.*").as_str()) {
            return *prior;
        }
    }
    Prior {
        weight: 0.0,
        signed: false,
    }
}

/// Weighs features.
pub(super) fn weigh(features: &Features) -> Sum {
    let weights = weights(features.has("shape.shell"));
    let mut sum = weights.intercept;
    let mut raised = [0.0; 2];
    let mut reasons = Vec::new();
    for (name, value) in features.iter() {
        let weight = weights
            .of
            .get(name.as_ref())
            .copied()
            .unwrap_or_else(|| prior(name).weight);
        let part = weight * value;
        if part == 0.0 {
            continue;
        }
        sum += part;
        if part > 0.0 {
            raised[usize::from(axis_of(name) == Axis::Intent)] += part;
        }
        reasons.push(Reason {
            feature: name.to_string(),
            weight: part * weights.slope,
        });
    }
    reasons.sort_by(|left, right| {
        right
            .weight
            .abs()
            .total_cmp(&left.weight.abs())
            .then_with(|| left.feature.cmp(&right.feature))
    });
    reasons.truncate(REASONS);
    Sum {
        score: logistic(weights.slope * sum + weights.offset),
        raised,
        reasons,
    }
}

/// The logistic function.
pub fn logistic(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

/// What a feature speaks about: single acts are what a program can do, the rest what it seems to be for.
fn axis_of(feature: &str) -> Axis {
    let family = feature.split('.').next().unwrap_or(feature);
    match family {
        "net" | "exec" | "code" | "who" | "watch" | "host" | "wait" | "web" | "data" | "file" | "sh"
        | "inner" | "talk" => Axis::Capability,
        _ => Axis::Intent,
    }
}

/// The weights for programs of a shell, or for others.
fn weights(shell: bool) -> &'static Weights {
    static WEIGHTS: OnceLock<[Weights; 2]> = OnceLock::new();
    let [script, commands] = WEIGHTS.get_or_init(|| [read_weights("script"), read_weights("shell")]);
    if shell { commands } else { script }
}

fn read_weights(section: &str) -> Weights {
    let mut weights = Weights {
        slope: 1.0,
        ..Weights::default()
    };
    let mut inside = false;
    for line in MODEL
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
    {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == section;
            continue;
        }
        let Some((name, value)) = line.split_once(' ') else {
            continue;
        };
        let Ok(value) = value.trim().parse::<f64>() else {
            continue;
        };
        match name {
            _ if !inside => {}
            "@intercept" => weights.intercept = value,
            "@slope" => weights.slope = value,
            "@offset" => weights.offset = value,
            _ => {
                weights.of.insert(name.to_owned(), value);
            }
        }
    }
    weights
}

fn priors() -> &'static FxHashMap<&'static str, Prior> {
    static TABLE: OnceLock<FxHashMap<&'static str, Prior>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = FxHashMap::default();
        for line in PRIORS.lines().filter(|line| !line.starts_with("# ")) {
            let mut words = line.split_whitespace();
            let Some(weight) = words.next().and_then(|word| word.parse::<f64>().ok()) else {
                continue;
            };
            for name in words {
                let free = name.strip_suffix('?');
                table.insert(
                    free.unwrap_or(name),
                    Prior {
                        weight,
                        signed: free.is_none() && weight != 0.0,
                    },
                );
            }
        }
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priors_are_found_by_name_and_family() {
        assert!(prior("touch.read.secret").weight > 0.0);
        assert!(prior("touch.link.setup").signed);
        assert_eq!(prior("nothing.known").weight, 0.0);
    }

    #[test]
    fn the_model_has_both_sections_and_finite_numbers() {
        for section in ["script", "shell"] {
            let weights = read_weights(section);
            assert!(weights.intercept != 0.0, "{section}");
            assert!(
                weights
                    .of
                    .values()
                    .all(|weight| weight.is_finite() && weight.abs() < 20.0)
            );
        }
    }
}
