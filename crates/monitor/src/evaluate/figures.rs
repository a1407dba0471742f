//! Counts of right and wrong decisions, and what they come to. The form is that of `casemate analyze --evaluate`.

use crate::trace::Run;
use serde::Serialize;
use std::collections::BTreeMap;

/// How often decisions were right.
#[derive(Clone, Copy, Default, Debug)]
pub struct Counts {
    /// Attacks that were called.
    pub true_positive: u64,
    /// Attacks that were not.
    pub false_negative: u64,
    /// Normal runs that were called.
    pub false_positive: u64,
    /// Normal runs that were not.
    pub true_negative: u64,
}

/// The ratios of the counts; one that is undefined is null.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Ratios {
    /// Rows.
    pub n: u64,
    /// Attacks called, of all attacks.
    pub recall: Option<f64>,
    /// Normal runs called, of all normal runs.
    pub fpr: Option<f64>,
    /// Right decisions, of all.
    pub accuracy: Option<f64>,
    /// Recall less false positives.
    pub youden: Option<f64>,
}

/// Rows that are not counted, and those of them that were called.
#[derive(Clone, Copy, Default, Debug, Serialize)]
pub struct Uncounted {
    /// Rows.
    pub n: u64,
    /// Called.
    pub called: u64,
}

/// A decision that was wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Mistake {
    /// The row.
    pub id: String,
    /// Where it is from.
    pub source: String,
    /// What kind it is.
    pub category: String,
    /// `positive` or `negative`.
    pub label: &'static str,
    /// What it scored; above 0 (sequences) or from the threshold on (events) it is called.
    pub score: f64,
    /// What moved the score.
    pub reasons: Vec<String>,
}

/// What an evaluation found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// All counted rows.
    pub overall: Ratios,
    /// By where they are from.
    pub by_source: BTreeMap<String, Ratios>,
    /// By kind.
    pub by_category: BTreeMap<String, Ratios>,
    /// By why they were held out.
    pub by_held_kind: BTreeMap<String, Ratios>,
    /// Attacks of each family, judged by what has seen none of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_unseen_family: BTreeMap<String, Ratios>,
    /// Labels that are not counted, and attacks that never came to their action.
    pub uncounted: BTreeMap<String, Uncounted>,
    /// Recall where the threshold lets 5 % of the judged normal rows through.
    pub recall_at_5_percent: Option<f64>,
    /// The chance that an attack scores above a normal row.
    pub auc: Option<f64>,
    /// How rows were parted, in words.
    pub protocol: String,
    /// How long it took.
    pub seconds: f64,
    /// Rows that were read.
    pub rows: u64,
    /// Events or calls that were judged.
    pub events: u64,
    /// Mistakes, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
}

impl Counts {
    /// Counts one decision.
    pub fn add(&mut self, is_positive: bool, is_called: bool) {
        let count = match (is_positive, is_called) {
            (true, true) => &mut self.true_positive,
            (true, false) => &mut self.false_negative,
            (false, true) => &mut self.false_positive,
            (false, false) => &mut self.true_negative,
        };
        *count += 1;
    }

    /// The ratios, of rows that were each judged `times` times.
    pub fn ratios(&self, times: u64) -> Ratios {
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| round(part as f64 / whole as f64));
        let positives = self.true_positive + self.false_negative;
        let negatives = self.false_positive + self.true_negative;
        let (recall, fpr) = (
            ratio(self.true_positive, positives),
            ratio(self.false_positive, negatives),
        );
        Ratios {
            n: (positives + negatives) / times.max(1),
            recall,
            fpr,
            accuracy: ratio(self.true_positive + self.true_negative, positives + negatives),
            youden: recall.zip(fpr).map(|(recall, fpr)| round(recall - fpr)),
        }
    }
}

/// One decision on one row.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub row: usize,
    pub score: f64,
    pub called: bool,
    pub reasons: Vec<String>,
}

/// To a millionth.
pub(super) fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// Counts decisions, each counted row having been judged `times` times.
pub(super) fn report(runs: &[Run], decisions: &[Decision], times: u64, most_errors: usize) -> Report {
    let mut overall = Counts::default();
    let (mut sources, mut categories, mut held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut uncounted: BTreeMap<String, Uncounted> = BTreeMap::new();
    let (mut mistakes, mut scores) = (Vec::new(), Vec::new());
    for decision in decisions {
        let Some(run) = runs.get(decision.row) else {
            continue;
        };
        let Some(is_positive) = run.label.is_positive().filter(|attack| run.reached || !attack) else {
            let word = match run.label.is_positive() {
                Some(_) => format!("{} that never reached its action", run.label.word()),
                None => run.label.word().to_owned(),
            };
            let count = uncounted.entry(word).or_default();
            count.n += 1;
            count.called += u64::from(decision.called);
            continue;
        };
        overall.add(is_positive, decision.called);
        scores.push((decision.score, is_positive));
        for (counts, key) in [
            (&mut sources, &run.source),
            (&mut categories, &run.category),
            (&mut held, &run.held_kind),
        ] {
            let counts: &mut Counts = counts.entry(key.clone()).or_default();
            counts.add(is_positive, decision.called);
        }
        if is_positive != decision.called {
            mistakes.push((decision, run, is_positive));
        }
    }
    let ratios = |counts: BTreeMap<String, Counts>| -> BTreeMap<String, Ratios> {
        let ratio = |(key, counts): (String, Counts)| (key, counts.ratios(times));
        counts.into_iter().map(ratio).collect()
    };
    Report {
        overall: overall.ratios(times),
        by_source: ratios(sources),
        by_category: ratios(categories),
        by_held_kind: ratios(held),
        by_unseen_family: BTreeMap::new(),
        uncounted,
        recall_at_5_percent: recall_at(&scores, 0.05),
        auc: auc(&mut scores),
        protocol: String::new(),
        seconds: 0.0,
        rows: runs.len() as u64,
        events: 0,
        errors: worst(mistakes, most_errors),
    }
}

/// The mistakes whose score lies furthest on the wrong side.
fn worst(mut mistakes: Vec<(&Decision, &Run, bool)>, most: usize) -> Vec<Mistake> {
    mistakes.sort_by(|a, b| {
        b.0.score
            .abs()
            .total_cmp(&a.0.score.abs())
            .then(a.0.row.cmp(&b.0.row))
    });
    mistakes.dedup_by_key(|(decision, _, _)| decision.row);
    let mistake = |(decision, run, is_positive): (&Decision, &Run, bool)| Mistake {
        id: run.id.clone(),
        source: run.source.clone(),
        category: run.category.clone(),
        label: if is_positive { "positive" } else { "negative" },
        score: round(decision.score),
        reasons: decision.reasons.clone(),
    };
    mistakes.into_iter().take(most).map(mistake).collect()
}

/// Recall of the lowest threshold that calls no more than `part` of the normal rows.
pub(super) fn recall_at(scores: &[(f64, bool)], part: f64) -> Option<f64> {
    let mut normal: Vec<f64> = scores
        .iter()
        .filter(|(_, attack)| !attack)
        .map(|(score, _)| *score)
        .collect();
    normal.sort_by(|a, b| b.total_cmp(a));
    let threshold = *normal.get((part * normal.len() as f64) as usize)?;
    let attacks = scores.iter().filter(|(_, attack)| *attack);
    let all = attacks.clone().count();
    let called = attacks.filter(|(score, _)| *score > threshold).count();
    (all > 0).then(|| round(called as f64 / all as f64))
}

/// The area under the curve of recall over false positives, ties counted half.
pub(super) fn auc(scores: &mut [(f64, bool)]) -> Option<f64> {
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut area, mut attacks) = (0_u64, 0.0, 0_u64);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let here = tied.iter().filter(|(_, attack)| *attack).count() as u64;
        let normal = tied.len() as u64 - here;
        area += here as f64 * (below as f64 + normal as f64 / 2.0);
        below += normal;
        attacks += here;
    }
    (below > 0 && attacks > 0).then(|| round(area / below as f64 / attacks as f64))
}
