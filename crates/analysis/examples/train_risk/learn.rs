//! Logistic regression whose weights start from what is expected of them and move as far as the examples ask.
//!
//! It minimises the logistic loss plus `pull / 2 * (weight - prior)^2` for each weight, one weight after the other, with
//! Newton's steps. The order is fixed and nothing is drawn, so the same rows give the same weights.

use casemate_analysis::risk::{logistic, prior};

/// A program for the learner.
pub struct Example {
    /// Features by their number, with their values.
    pub features: Vec<(u32, f64)>,
    /// Whether it is malicious.
    pub malicious: bool,
    /// How much it counts.
    pub weight: f64,
}

/// What was learned.
pub struct Learned {
    /// By the number of the feature.
    pub weights: Vec<f64>,
    /// What stands alone.
    pub intercept: f64,
}

impl Learned {
    /// The sum for one program.
    pub fn sum(&self, features: &[(u32, f64)]) -> f64 {
        features.iter().fold(self.intercept, |sum, (number, value)| {
            sum + self.weights[*number as usize] * value
        })
    }
}

/// How hard weights are pulled to what is expected of them.
const PULL: f64 = 2.0;
/// How hard for what says little about what a program is for: its size, and what honest programs do.
const HARD_PULL: f64 = 16.0;
/// How hard for the mere size.
const HARDEST_PULL: f64 = 60.0;
/// The lowest weight: nobody gets free by doing harmless things beside the others.
const LOWEST: f64 = -1.2;
/// The highest.
const HIGHEST: f64 = 4.0;
/// Where the weight that stands alone starts.
const INTERCEPT: f64 = -3.0;
const ROUNDS: usize = 200;
const ENOUGH: f64 = 1e-4;

/// Learns from some of the examples.
pub fn learn(names: &[String], examples: &[&Example]) -> Learned {
    let priors: Vec<_> = names.iter().map(|name| prior(name)).collect();
    let pulls: Vec<f64> = names.iter().map(|name| pull(name)).collect();
    let mut columns: Vec<Vec<(u32, f64)>> = vec![Vec::new(); names.len()];
    for (row, example) in (0_u32..).zip(examples) {
        for (feature, value) in &example.features {
            columns[*feature as usize].push((row, *value));
        }
    }
    let mut weights: Vec<f64> = priors.iter().map(|prior| prior.weight).collect();
    let mut intercept = INTERCEPT;
    let mut sums: Vec<f64> = examples
        .iter()
        .map(|example| {
            example.features.iter().fold(intercept, |sum, (number, value)| {
                sum + weights[*number as usize] * value
            })
        })
        .collect();
    let everywhere: Vec<(u32, f64)> = (0..examples.len()).map(|row| (row as u32, 1.0)).collect();
    for _ in 0..ROUNDS {
        let step = newton(&everywhere, examples, &sums, 0.01 * (intercept - INTERCEPT), 0.01);
        intercept += step;
        sums.iter_mut().for_each(|sum| *sum += step);
        let mut moved = step.abs();
        for (feature, column) in columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.is_empty())
        {
            let old = weights[feature];
            let expected = priors[feature];
            let pull = pulls[feature];
            let step = newton(column, examples, &sums, pull * (old - expected.weight), pull);
            let mut new = (old + step).clamp(lowest(&names[feature]), HIGHEST);
            if expected.signed && new * expected.weight < 0.0 {
                new = 0.0;
            }
            let step = new - old;
            if step == 0.0 {
                continue;
            }
            weights[feature] = new;
            moved = moved.max(step.abs());
            for (row, value) in column {
                sums[*row as usize] += step * value;
            }
        }
        if moved < ENOUGH {
            break;
        }
    }
    Learned { weights, intercept }
}

/// The lowest weight of a feature. What a program looks like may count more against its acts than other acts do, and a
/// command beside others hardly at all.
fn lowest(name: &str) -> f64 {
    match name.split('.').next() {
        Some("shape") => 2.0 * LOWEST,
        Some("sh") => LOWEST / 3.0,
        _ => LOWEST,
    }
}

/// How hard a weight is pulled to what is expected of it.
fn pull(name: &str) -> f64 {
    match name {
        "shape.lines-10" | "shape.lines-30" | "sh.short" => return HARDEST_PULL,
        "shape.shell-line" => return PULL,
        _ => {}
    }
    let hard = [
        "shape.lines",
        "shape.length",
        "shape.shell",
        "shape.comment",
        "talk.",
        "found.",
        "text.program-file",
        "data.",
        "file.",
        "address.any",
        "address.plain",
        "sh.web",
        "sh.short",
        "place.",
        "sh.build",
        "sh.install",
        "sh.mode",
        "sh.text",
        "sh.files",
        "sh.flow",
    ];
    if hard.iter().any(|family| name.starts_with(family)) {
        HARD_PULL
    } else {
        PULL
    }
}

/// One of Newton's steps for one weight, at most 2 long.
fn newton(column: &[(u32, f64)], examples: &[&Example], sums: &[f64], slope: f64, bend: f64) -> f64 {
    let (mut slope, mut bend) = (slope, bend);
    for (row, value) in column {
        let example = examples[*row as usize];
        let likely = logistic(sums[*row as usize]);
        slope += example.weight * (likely - f64::from(u8::from(example.malicious))) * value;
        bend += example.weight * likely * (1.0 - likely) * value * value;
    }
    (-slope / bend.max(1e-6)).clamp(-2.0, 2.0)
}

/// Fits `slope * sum + offset` to what is true, after Platt (1999).
pub fn calibrate(judged: &[(f64, bool, f64)]) -> (f64, f64) {
    let (mut slope, mut offset) = (1.0, 0.0);
    for _ in 0..100 {
        let mut gradient = [0.0_f64; 2];
        let mut bends = [[1e-6_f64, 0.0], [0.0, 1e-6]];
        for (sum, malicious, weight) in judged {
            let likely = logistic(slope * sum + offset);
            let error = weight * (likely - f64::from(u8::from(*malicious)));
            let bend = weight * likely * (1.0 - likely);
            gradient[0] += error * sum;
            gradient[1] += error;
            bends[0][0] += bend * sum * sum;
            bends[0][1] += bend * sum;
            bends[1][1] += bend;
        }
        bends[1][0] = bends[0][1];
        let whole = bends[0][0] * bends[1][1] - bends[0][1] * bends[1][0];
        if whole.abs() < 1e-12 {
            break;
        }
        let step = [
            (gradient[0] * bends[1][1] - gradient[1] * bends[0][1]) / whole,
            (gradient[1] * bends[0][0] - gradient[0] * bends[1][0]) / whole,
        ];
        slope = (slope - step[0].clamp(-0.5, 0.5)).max(0.05);
        offset -= step[1].clamp(-1.0, 1.0);
        if step[0].abs() + step[1].abs() < 1e-7 {
            break;
        }
    }
    (slope, offset)
}
