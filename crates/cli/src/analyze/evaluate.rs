//! `casemate analyze --evaluate`: how often the decisions on labelled programs are right.
//!
//! A program counts as called positive when it would not run under the configured policy in enforce mode; a row on taint
//! when there is a flow. Labels that are neither are told apart and not counted.

use super::corpus::{self, Label, Row};
use super::{Options, encode, read_all};
use crate::config::Loaded;
use crate::output;
use anyhow::{Context, Result};
use casemate_engine::admission::{self, Policy};
use casemate_engine::analysis::Reading;
use casemate_types::ExecutionRequest;
use casemate_types::analysis::{Analysis, Mode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// How often decisions were right.
#[derive(Clone, Copy, Default, Debug)]
struct Counts {
    true_positive: u64,
    false_negative: u64,
    false_positive: u64,
    true_negative: u64,
}

/// The ratios of the counts; one that is undefined is null.
#[derive(Serialize)]
struct Ratios {
    n: u64,
    recall: Option<f64>,
    fpr: Option<f64>,
    accuracy: Option<f64>,
    youden: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    overall: Ratios,
    by_source: BTreeMap<String, Ratios>,
    by_category: BTreeMap<String, Ratios>,
    by_held_kind: BTreeMap<String, Ratios>,
    /// Labels that are not counted: how many, and how many were called positive.
    uncounted: BTreeMap<String, Uncounted>,
    seconds: f64,
    files: u64,
    lines: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Mistake>,
}

#[derive(Clone, Copy, Default, Serialize)]
struct Uncounted {
    n: u64,
    called: u64,
}

/// A decision that was wrong.
#[derive(Serialize)]
struct Mistake {
    id: String,
    source: String,
    category: String,
    label: &'static str,
    risk_score: f64,
    reasons: Vec<String>,
}

impl Counts {
    fn add(&mut self, is_positive: bool, is_called: bool) {
        let count = match (is_positive, is_called) {
            (true, true) => &mut self.true_positive,
            (true, false) => &mut self.false_negative,
            (false, true) => &mut self.false_positive,
            (false, false) => &mut self.true_negative,
        };
        *count += 1;
    }

    fn ratios(&self) -> Ratios {
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| round(part as f64 / whole as f64));
        let positives = self.true_positive + self.false_negative;
        let negatives = self.false_positive + self.true_negative;
        let recall = ratio(self.true_positive, positives);
        let fpr = ratio(self.false_positive, negatives);
        Ratios {
            n: positives + negatives,
            recall,
            fpr,
            accuracy: ratio(self.true_positive + self.true_negative, positives + negatives),
            youden: recall.zip(fpr).map(|(recall, fpr)| round(recall - fpr)),
        }
    }
}

/// To a millionth.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

/// Runs the evaluation; the exit code.
pub fn run(options: &Options, loaded: &Loaded, policy: &Policy) -> Result<u8> {
    let policy = Policy {
        mode: Mode::Enforce,
        ..*policy
    };
    let rows = corpus::read(&options.evaluate)?;
    let mut lines = 0;
    let mut files = 0;
    let mut decisions: Vec<Option<Analysis>> = rows.iter().map(|_| None).collect();
    let begun = Instant::now();
    let submissions = rows.iter().map(|row| encode(&row.files));
    read_all(options, loaded, submissions, &mut |number, reading| {
        if let Reading::Report(report) = &reading {
            lines += u64::from(report.lines);
        }
        if let Some(place) = decisions.get_mut(number) {
            *place = Some(admission::decide(reading, &ExecutionRequest::default(), &policy));
        }
    })?;
    let seconds = begun.elapsed().as_secs_f64();
    files += rows.iter().map(|row| row.files.len() as u64).sum::<u64>();
    let report = Report {
        seconds: (seconds * 1000.0).round() / 1000.0,
        files,
        lines,
        ..judge(&rows, &decisions, options.errors)
    };
    let text = match options.json {
        true => output::harmless_json(&serde_json::to_string(&report).context("write the report")?) + "\n",
        false => text(&report),
    };
    output::print(text.as_bytes()).context("write the report")?;
    Ok(0)
}

fn judge(rows: &[Row], decisions: &[Option<Analysis>], most_errors: usize) -> Report {
    let mut overall = Counts::default();
    let (mut sources, mut categories, mut held) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut uncounted: BTreeMap<String, Uncounted> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (row, analysis) in rows.iter().zip(decisions) {
        let Some(analysis) = analysis else { continue };
        let is_called = match row.label.is_taint() {
            true => !analysis.flows.is_empty(),
            false => !analysis.can_execute,
        };
        let Some(is_positive) = row.label.is_positive() else {
            if let Label::Other(label) = &row.label {
                let count = uncounted.entry(label.clone()).or_default();
                count.n += 1;
                count.called += u64::from(is_called);
            }
            continue;
        };
        overall.add(is_positive, is_called);
        for (counts, key) in [
            (&mut sources, &row.source),
            (&mut categories, &row.category),
            (&mut held, &row.held_kind),
        ] {
            let counts: &mut Counts = counts.entry(key.clone()).or_default();
            counts.add(is_positive, is_called);
        }
        if is_positive != is_called {
            mistakes.push((row, analysis, is_positive));
        }
    }
    let ratios = |counts: BTreeMap<String, Counts>| -> BTreeMap<String, Ratios> {
        counts
            .into_iter()
            .map(|(key, counts)| (key, counts.ratios()))
            .collect()
    };
    Report {
        overall: overall.ratios(),
        by_source: ratios(sources),
        by_category: ratios(categories),
        by_held_kind: ratios(held),
        uncounted,
        seconds: 0.0,
        files: 0,
        lines: 0,
        errors: worst(mistakes, most_errors),
    }
}

/// The mistakes whose score lies furthest on the wrong side.
fn worst(mut mistakes: Vec<(&Row, &Analysis, bool)>, most: usize) -> Vec<Mistake> {
    let distance = |(_, analysis, is_positive): &(&Row, &Analysis, bool)| match is_positive {
        true => 1.0 - analysis.risk.score,
        false => analysis.risk.score,
    };
    mistakes.sort_by(|a, b| distance(b).total_cmp(&distance(a)));
    let mistake = |(row, analysis, is_positive): (&Row, &Analysis, bool)| Mistake {
        id: row.id.clone(),
        source: row.source.clone(),
        category: row.category.clone(),
        label: match is_positive {
            true => "positive",
            false => "negative",
        },
        risk_score: round(analysis.risk.score),
        reasons: analysis
            .risk
            .reasons
            .iter()
            .map(|reason| reason.feature.clone())
            .take(5)
            .collect(),
    };
    mistakes.into_iter().take(most).map(mistake).collect()
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |name: &str, ratios: &Ratios| {
        let number = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.4}"));
        text += &format!(
            "{name:<44} {:>6} {:>8} {:>8} {:>8} {:>8}\n",
            ratios.n,
            number(ratios.recall),
            number(ratios.fpr),
            number(ratios.accuracy),
            number(ratios.youden)
        );
    };
    line("overall", &report.overall);
    let groups = [
        ("source", &report.by_source),
        ("category", &report.by_category),
        ("held", &report.by_held_kind),
    ];
    for (kind, group) in groups {
        for (key, ratios) in group {
            line(&format!("{kind} {key}"), ratios);
        }
    }
    let head = format!(
        "{:<44} {:>6} {:>8} {:>8} {:>8} {:>8}\n",
        "", "n", "recall", "fpr", "accuracy", "youden"
    );
    for (label, counts) in &report.uncounted {
        text += &format!("not counted: {label}: {} called of {}\n", counts.called, counts.n);
    }
    text += &format!(
        "{:.3} s, {} files, {} lines: {:.0} files/s, {:.0} lines/s\n",
        report.seconds,
        report.files,
        report.lines,
        report.files as f64 / report.seconds.max(0.001),
        report.lines as f64 / report.seconds.max(0.001)
    );
    for error in &report.errors {
        text += &format!(
            "wrong ({}): {} [{}, {}] risk {:.3}: {}\n",
            error.label,
            error.id,
            error.source,
            error.category,
            error.risk_score,
            error.reasons.join(", ")
        );
    }
    String::from_utf8_lossy(&output::harmless((head + &text).as_bytes())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_counts_and_null_where_undefined() {
        let mut counts = Counts::default();
        let empty = counts.ratios();
        assert_eq!(
            (empty.n, empty.recall, empty.accuracy, empty.youden),
            (0, None, None, None)
        );
        for (is_positive, is_called) in [(true, true), (true, true), (true, true), (true, false)] {
            counts.add(is_positive, is_called);
        }
        assert_eq!(
            (
                counts.ratios().recall,
                counts.ratios().fpr,
                counts.ratios().youden
            ),
            (Some(0.75), None, None)
        );
        counts.add(false, true);
        counts.add(false, false);
        let ratios = counts.ratios();
        assert_eq!(
            (ratios.fpr, ratios.youden, ratios.accuracy),
            (Some(0.5), Some(0.25), Some(0.666_667))
        );
    }
}
