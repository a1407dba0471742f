//! Logistic regression over sparse vectors: each weight says how much one feature moves the verdict.
//!
//! Minimises the logistic loss plus `pull / 2 * weight^2`, one weight after the other, by Newton's steps in a fixed order.

use super::grams::Vector;

const ROUNDS: usize = 60;
const ENOUGH: f64 = 2e-3;
/// The longest step of one weight.
const LONGEST: f64 = 2.0;

/// A sequence to learn from.
pub struct Example<'a> {
    /// Its features.
    pub features: &'a Vector,
    /// Whether it is an attack.
    pub attack: bool,
}

/// What was learned.
#[derive(Clone, Debug)]
pub struct Logistic {
    /// By the number of the feature.
    pub weights: Vec<f64>,
    /// What stands alone.
    pub intercept: f64,
}

/// How likely a sum makes it, 0 to 1.
pub fn likelihood(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

impl Logistic {
    /// Learns `features` weights; both kinds count alike as wholes.
    pub fn learn(examples: &[Example], features: usize, pull: f64) -> Self {
        let attacks = examples.iter().filter(|example| example.attack).count();
        let share = |count: usize| examples.len() as f64 / 2.0 / count.max(1) as f64;
        let (heavy, light) = (share(attacks), share(examples.len() - attacks));
        let rows: Vec<Row> = examples
            .iter()
            .map(|example| Row {
                truth: f64::from(u8::from(example.attack)),
                weight: if example.attack { heavy } else { light },
            })
            .collect();
        let mut columns: Vec<Vec<(u32, f32)>> = vec![Vec::new(); features];
        for (row, example) in (0_u32..).zip(examples) {
            for (feature, value) in example.features {
                if let Some(column) = columns.get_mut(*feature as usize) {
                    column.push((row, *value));
                }
            }
        }
        let everywhere: Vec<(u32, f32)> = (0_u32..).zip(examples).map(|(row, _)| (row, 1.0)).collect();
        let mut learned = Self {
            weights: vec![0.0; features],
            intercept: 0.0,
        };
        let mut sums = vec![0.0; rows.len()];
        let mut still = vec![0_u8; features];
        for round in 0..ROUNDS {
            let mut moved = step(&everywhere, &rows, &mut sums, &mut learned.intercept, 0.0);
            for ((weight, column), still) in learned.weights.iter_mut().zip(&columns).zip(&mut still) {
                // What has stood still is looked at again now and then only.
                if column.is_empty() || *still >= 2 && round % 8 != 0 {
                    continue;
                }
                let by = step(column, &rows, &mut sums, weight, pull);
                *still = if by < ENOUGH { still.saturating_add(1) } else { 0 };
                moved = moved.max(by);
            }
            if moved < ENOUGH {
                break;
            }
        }
        learned
    }

    /// The sum of a sequence; above 0 speaks for an attack.
    pub fn sum(&self, features: &Vector) -> f64 {
        features.iter().fold(self.intercept, |sum, (feature, value)| {
            sum + self.weights.get(*feature as usize).unwrap_or(&0.0) * f64::from(*value)
        })
    }

    /// The features that moved the sum most towards an attack, with how much.
    pub fn reasons(&self, features: &Vector, most: usize) -> Vec<(u32, f64)> {
        let mut moved: Vec<(u32, f64)> = features
            .iter()
            .map(|(feature, value)| {
                let weight = self.weights.get(*feature as usize).unwrap_or(&0.0);
                (*feature, weight * f64::from(*value))
            })
            .filter(|(_, by)| *by > 0.0)
            .collect();
        moved.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        moved.truncate(most);
        moved
    }
}

struct Row {
    truth: f64,
    weight: f64,
}

/// One of Newton's steps of one weight; how far it went.
fn step(column: &[(u32, f32)], rows: &[Row], sums: &mut [f64], weight: &mut f64, pull: f64) -> f64 {
    let (mut slope, mut bend) = (pull * *weight, pull + 1e-6);
    for (at, value) in column {
        let (Some(row), Some(sum)) = (rows.get(*at as usize), sums.get(*at as usize)) else {
            continue;
        };
        let (likely, value) = (likelihood(*sum), f64::from(*value));
        slope += row.weight * (likely - row.truth) * value;
        bend += row.weight * likely * (1.0 - likely) * value * value;
    }
    let by = (-slope / bend).clamp(-LONGEST, LONGEST);
    *weight += by;
    for (at, value) in column {
        if let Some(sum) = sums.get_mut(*at as usize) {
            *sum += by * f64::from(*value);
        }
    }
    by.abs()
}
