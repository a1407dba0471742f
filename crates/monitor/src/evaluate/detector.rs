//! A detector of sequences, learned from some rows.

use crate::threat::sequence::{Example, Grams, Logistic, Neighbours, Symbol, Vector};

/// A run of calls counts when so many of the sequences hold it.
const LEAST_ALL: u32 = 3;
const LEAST_NORMAL: u32 = 1;
/// How hard weights are pulled to 0.
const PULL: f64 = 1.0;
/// Reasons that are told.
const REASONS: usize = 5;

/// What is learned from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Train {
    /// Normal rows and attacks.
    #[default]
    All,
    /// Normal rows alone.
    Normal,
}

/// One sequence to learn from or to judge.
#[derive(Clone, Copy)]
pub(super) struct Sequence<'a> {
    pub calls: &'a [Symbol],
    pub attack: bool,
    /// Near copies share it.
    pub group: u64,
}

/// What was learned.
pub(super) enum Detector {
    /// Runs of calls, each with a weight.
    Weights(Grams, Logistic),
    /// The distance to the most alike of the normal ones.
    Distance(Grams, Neighbours, Vec<u64>),
}

impl Detector {
    pub fn learn(rows: &[Sequence], train: Train) -> Self {
        match train {
            Train::All => {
                let grams = Grams::learn(rows.iter().map(|row| row.calls), LEAST_ALL);
                let vectors: Vec<Vector> = rows.iter().map(|row| grams.counts(row.calls)).collect();
                let examples: Vec<Example> = rows
                    .iter()
                    .zip(&vectors)
                    .map(|(row, features)| Example {
                        features,
                        attack: row.attack,
                    })
                    .collect();
                let model = Logistic::learn(&examples, grams.len(), PULL);
                Self::Weights(grams, model)
            }
            Train::Normal => {
                let normal: Vec<&Sequence> = rows.iter().filter(|row| !row.attack).collect();
                let grams = Grams::learn(normal.iter().map(|row| row.calls), LEAST_NORMAL);
                let vectors: Vec<Vector> = normal.iter().map(|row| grams.weighed(row.calls)).collect();
                let near = Neighbours::new(&vectors, grams.len());
                let groups = normal.iter().map(|row| row.group).collect();
                Self::Distance(grams, near, groups)
            }
        }
    }

    /// The score of a row; near copies of it that were learned from do not count.
    pub fn score(&self, row: &Sequence) -> f64 {
        match self {
            Self::Weights(grams, model) => model.sum(&grams.counts(row.calls)),
            Self::Distance(grams, near, groups) => near.score(&grams.weighed(row.calls), |other| {
                groups.get(other) != Some(&row.group)
            }),
        }
    }

    /// The runs of calls that moved a score most.
    pub fn reasons(&self, row: &Sequence) -> Vec<String> {
        let Self::Weights(grams, model) = self else {
            return Vec::new();
        };
        let words = |(run, by): (u32, f64)| {
            let calls: Vec<String> = grams.run(run).iter().map(u16::to_string).collect();
            format!("{} ({by:+.2})", calls.join(" "))
        };
        model
            .reasons(&grams.counts(row.calls), REASONS)
            .into_iter()
            .map(words)
            .collect()
    }
}
