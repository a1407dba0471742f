//! Follows one execution and gives the verdict on it, at any time.

use super::baseline::{Baseline, Key, Unlike};
use super::counters::{Counters, Metrics};
use super::model::{Model, of};
use super::rules::{Honeytokens, Match, Matcher, Rules, Threat};
use super::sequence::Symbol;
use super::verdict::{Evidence, Level, Moved, Verdict, recommendations};
use super::word::word;
use crate::event::{Event, What};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Rules that are told of in one verdict.
const MAX_EVIDENCE: usize = 64;
/// Reasons that are told.
const MAX_REASONS: usize = 12;
/// Pairs of words of one execution that are kept.
const MAX_PAIRS: usize = 2048;

/// Numbers by the names of features.
type Named = Vec<(String, f64)>;

/// What an execution is judged by.
#[derive(Clone)]
pub struct Terms<'a> {
    /// Rules.
    pub rules: &'a Rules,
    /// Weights.
    pub model: &'a Model,
    /// What is normal; none where nothing is known.
    pub baseline: Option<&'a Baseline>,
    /// Whose normal it is compared with.
    pub key: Key,
    /// The capabilities that reading the source had shown; none where it was not read.
    pub shown: Option<BTreeSet<String>>,
    /// What was planted.
    pub tokens: Honeytokens,
}

impl<'a> Terms<'a> {
    /// With shipped rules and weights alone.
    ///
    /// # Errors
    /// Rules or weights that cannot be read, in words; none in a build that passed its tests.
    pub fn shipped() -> Result<Self, String> {
        Ok(Self {
            rules: Rules::shipped().map_err(|error| error.to_string())?,
            model: Model::shipped().map_err(|error| error.to_string())?,
            baseline: None,
            key: Key::default(),
            shown: None,
            tokens: Honeytokens::default(),
        })
    }
}

/// The state of one execution.
pub struct Judge<'a> {
    terms: Terms<'a>,
    matcher: Matcher<'a>,
    counters: Counters,
    matches: Vec<Match>,
    last: Symbol,
    pairs: FxHashSet<u32>,
    blind: bool,
    detected_ns: Option<u64>,
}

impl<'a> Judge<'a> {
    /// At the start of an execution.
    pub fn new(terms: Terms<'a>) -> Self {
        Self {
            matcher: Matcher::new(terms.rules, terms.tokens.clone()),
            counters: Counters::default(),
            matches: Vec::new(),
            last: 0,
            pairs: FxHashSet::default(),
            blind: false,
            detected_ns: None,
            terms,
        }
    }

    /// Takes up an event; whether the verdict may have changed and is worth asking for.
    pub fn take(&mut self, event: &Event) -> bool {
        self.counters.take(event);
        self.blind |= matches!(event.what, What::Blind);
        if let Some(word) = word(event) {
            if self.pairs.len() < MAX_PAIRS {
                self.pairs.insert(u32::from(self.last) << 16 | u32::from(word));
            }
            self.last = word;
        }
        let before = self.matches.len();
        let matches = &mut self.matches;
        self.matcher.take(event, |found| {
            if matches.len() < MAX_EVIDENCE {
                matches.push(found);
            }
        });
        let changed = self.matches.len() > before;
        if changed && self.detected_ns.is_none() {
            let (probability, _) = self.probability(false);
            if Level::of(probability) >= Level::Medium {
                self.detected_ns = Some(event.at_ns);
            }
        }
        changed
    }

    /// Whether the stream of events broke off.
    pub fn is_blind(&self) -> bool {
        self.blind
    }

    /// What it did, counted; with the pairs of words, what a baseline learns.
    pub fn metrics(&self) -> Metrics {
        self.counters.metrics()
    }

    /// The pairs of words that followed each other, in order.
    pub fn pairs(&self) -> Vec<u32> {
        let mut pairs: Vec<u32> = self.pairs.iter().copied().collect();
        pairs.sort_unstable();
        pairs
    }

    /// The features, with their values: what the model weighs and the training learns from.
    pub fn features(&self) -> Vec<(String, f64)> {
        self.features_of(false).0
    }

    /// The verdict as it stands.
    pub fn verdict(&self) -> Verdict {
        let (probability, mut reasons) = self.probability(false);
        let (grounded, _) = self.probability(true);
        let unlike = self.unlike();
        let level = Level::of(probability);
        let worst = self.matches.iter().max_by(|a, b| {
            let key = |found: &Match| of(found.severity, found.confidence);
            key(a).total_cmp(&key(b)).then(b.at_ns.cmp(&a.at_ns))
        });
        let threat = match (level, worst) {
            (Level::None, _) => None,
            (_, Some(found)) => Some(found.threat),
            (_, None) => Some(Threat::Anomaly),
        };
        reasons.sort_by(|a, b| {
            b.by.abs()
                .total_cmp(&a.by.abs())
                .then_with(|| a.feature.cmp(&b.feature))
        });
        reasons.truncate(MAX_REASONS);
        let techniques: BTreeSet<String> = self.matches.iter().map(|found| found.technique.clone()).collect();
        let late = (level >= Level::Medium).then(|| self.counters.last_ns());
        Verdict {
            anomaly_score: unlike.map_or(0.0, |unlike| unlike.score),
            threat_level: level,
            threat_type: threat,
            confidence: (probability * 1e4).round() / 1e4,
            grounded_level: Level::of(grounded),
            recommendations: recommendations(level, threat),
            evidence: self.matches.iter().map(evidence).collect(),
            techniques: techniques.into_iter().collect(),
            time_to_detect_ms: self.detected_ns.or(late).map(|at| at / 1_000_000),
            reasons,
        }
    }

    fn unlike(&self) -> Option<Unlike> {
        let baseline = self.terms.baseline?;
        baseline.compare(&self.terms.key, &self.metrics(), self.pairs.iter().copied())
    }

    fn probability(&self, grounded: bool) -> (f64, Vec<Moved>) {
        let (features, own) = self.features_of(grounded);
        let mut sum = 0.0;
        let mut moved = Vec::new();
        for (name, value) in features {
            // A rule that somebody added weighs what its severity says.
            let weight = own
                .iter()
                .find(|(rule, _)| *rule == name)
                .map_or_else(|| self.terms.model.weight(&name), |(_, weight)| *weight);
            let by = weight * value;
            sum += by;
            if by != 0.0 {
                moved.push(Moved { feature: name, by });
            }
        }
        (self.terms.model.probability(sum), moved)
    }

    /// The features, and the weights of rules that the model does not know.
    fn features_of(&self, grounded: bool) -> (Named, Named) {
        let mut features = Vec::new();
        let mut own = Vec::new();
        let mut unshown = BTreeSet::new();
        for found in self.matches.iter().filter(|found| !(grounded && found.evidence)) {
            let name = format!("rule.{}", found.rule);
            if self.terms.model.weight(&name) == 0.0 {
                own.push((name.clone(), of(found.severity, found.confidence)));
            }
            features.push((name, 1.0));
            if let Some(shown) = &self.terms.shown
                && !found.capability.is_empty()
                && !shown.contains(&found.capability)
            {
                unshown.insert(format!("unshown.{}", found.capability));
            }
        }
        features.extend(unshown.into_iter().map(|name| (name, 1.0)));
        if grounded {
            return (features, own);
        }
        for (name, value) in self.metrics().named().filter(|(_, value)| *value > 0.0) {
            features.push((format!("count.{name}"), value));
        }
        if let Some(unlike) = self.unlike() {
            features.push(("unlike.metrics".to_owned(), unlike.metrics));
            features.push(("unlike.words".to_owned(), unlike.words));
        }
        (features, own)
    }
}

fn evidence(found: &Match) -> Evidence {
    Evidence {
        rule: found.rule.clone(),
        message: found.message.clone(),
        severity: found.severity.as_str(),
        technique: found.technique.clone(),
        threat: found.threat,
        at_ms: found.at_ns / 1_000_000,
        took_ms: found.at_ns.saturating_sub(found.begun_ns) / 1_000_000,
        pid: found.pid,
        seen: found.seen.clone(),
        evidence_only: found.evidence,
    }
}
