//! The features of one program: names and values, of which the model makes a risk.

use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A feature's name. Those of acts stand in `resources/risk`.
pub type FeatureName = Cow<'static, str>;

/// The features of one program. What is not there is 0; values lie in 0 to 1.
#[derive(Clone, Default, Debug)]
pub struct Features {
    values: FxHashMap<FeatureName, f64>,
}

impl Features {
    /// Says that a feature holds.
    pub(super) fn set(&mut self, name: impl Into<FeatureName>) {
        self.values.insert(name.into(), 1.0);
    }

    /// Says that a feature holds, if it does.
    pub(super) fn set_if(&mut self, name: &'static str, holds: Holds) {
        if holds.0 {
            self.set(name);
        }
    }

    /// Says how much of a feature there is; the most counts.
    pub(super) fn raise(&mut self, name: impl Into<FeatureName>, value: f64) {
        let entry = self.values.entry(name.into()).or_insert(0.0);
        *entry = entry.max(value.clamp(0.0, 1.0));
    }

    /// Lessens what acts and texts count; the shape of a program stays as it is.
    pub(super) fn fade(&mut self, factor: f64) {
        for (name, value) in &mut self.values {
            if !name.starts_with("shape.") {
                *value *= factor;
            }
        }
    }

    /// Whether a feature holds at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| *value > 0.0)
    }

    /// Whether one of these holds.
    pub(super) fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }

    /// How many features of a family hold.
    pub(super) fn count(&self, family: &str) -> usize {
        self.values
            .iter()
            .filter(|(name, value)| **value > 0.0 && name.starts_with(family))
            .count()
    }

    /// The features by name, in order.
    pub fn sorted(&self) -> Vec<(&str, f64)> {
        let mut all: Vec<(&str, f64)> = self
            .values
            .iter()
            .map(|(name, value)| (name.as_ref(), *value))
            .collect();
        all.sort_by(|left, right| left.0.cmp(right.0));
        all
    }

    /// The features in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&FeatureName, f64)> {
        self.values.iter().map(|(name, value)| (name, *value))
    }
}

/// Whether something holds.
#[derive(Clone, Copy)]
pub(super) struct Holds(pub(super) bool);
