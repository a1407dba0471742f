//! Sequences of system calls: learned from and judged within the given rows.
//!
//! Where rows say who is held out (`split`, or `held_kind` on some of them), the others are learned from and those are
//! judged. Else it is cross-validation with near copies on one side, twice with other parts, and each family of attacks
//! once more judged by what has seen none of it.

use super::EvaluateError;
use super::cross::{fold, judge};
use super::detector::{Sequence, Train};
use super::figures::{Counts, Decision, Ratios, Report, recall_at, report, round};
use crate::threat::sequence::Symbol;
use crate::trace::{Body, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hasher;
use std::time::Instant;

const FOLDS: u64 = 5;
const REPEATS: u64 = 2;
/// Rows of each kind without which nothing is learned.
const LEAST: usize = 10;

/// Evaluates sequences; `errors` is how many mistakes are told.
///
/// # Errors
/// Too few rows of either kind.
pub fn sequences(runs: &[Run], train: Train, errors: usize) -> Result<Report, EvaluateError> {
    let begun = Instant::now();
    let rows: Vec<Sequence> = runs.iter().map(sequence).collect();
    let counted: Vec<usize> = (0..runs.len())
        .filter(|at| runs.get(*at).is_some_and(|run| run.label.is_positive().is_some()))
        .collect();
    let is_held = |at: &usize| runs.get(*at).is_some_and(held);
    let (held, seen): (Vec<usize>, Vec<usize>) = counted.iter().partition(|at| is_held(at));
    let is_split = !held.is_empty() && !seen.is_empty();
    enough(&rows, if is_split { &seen } else { &counted }, train)?;
    let (decisions, times, protocol) = if is_split {
        let decisions = judge(&rows, &seen, &held, train, errors > 0);
        let protocol = format!(
            "learned from {} rows, judged the {} held out",
            seen.len(),
            held.len()
        );
        (decisions, 1, protocol)
    } else {
        let decisions = crossed(&rows, &counted, train, errors > 0);
        let protocol = format!(
            "{REPEATS} times {FOLDS}-fold cross-validation, near copies on one side, threshold at 5 % of the normal rows learned from"
        );
        (decisions, REPEATS, protocol)
    };
    let mut report = report(runs, &decisions, times, errors);
    if !is_split {
        report.recall_at_5_percent = mean_recall(&rows, &decisions, counted.len());
        if train == Train::All {
            report.by_unseen_family = unseen_families(runs, &rows, &counted);
        }
    }
    report.protocol = protocol;
    report.events = rows.iter().map(|row| row.calls.len() as u64).sum();
    report.seconds = (begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    Ok(report)
}

fn held(run: &Run) -> bool {
    match run.split.as_str() {
        "" => !run.held_kind.is_empty(),
        split => split != "train",
    }
}

fn sequence(run: &Run) -> Sequence<'_> {
    let calls: &[Symbol] = match &run.body {
        Body::Calls(calls) => calls,
        Body::Events(_) => &[],
    };
    Sequence {
        calls,
        attack: run.label.is_positive() == Some(true),
        group: group(calls),
    }
}

/// Sequences that hold the same runs of three calls are near copies, however often they hold each.
fn group(calls: &[Symbol]) -> u64 {
    let runs: BTreeSet<&[Symbol]> = if calls.len() < 3 {
        [calls].into()
    } else {
        calls.windows(3).collect()
    };
    let mut hasher = rustc_hash::FxHasher::default();
    for run in runs {
        for call in run {
            hasher.write_u16(*call);
        }
    }
    hasher.finish()
}

fn enough(rows: &[Sequence], learned: &[usize], train: Train) -> Result<(), EvaluateError> {
    let attacks = learned
        .iter()
        .filter(|at| rows.get(**at).is_some_and(|row| row.attack))
        .count();
    let mut needed = vec![("normal rows to learn from", learned.len() - attacks)];
    if train == Train::All {
        needed.push(("attacks to learn from", attacks));
    }
    match needed.into_iter().find(|(_, have)| *have < LEAST) {
        Some((what, have)) => Err(EvaluateError::TooFew {
            what,
            have,
            need: LEAST,
        }),
        None => Ok(()),
    }
}

/// Each row judged once for each repeat, by what has seen neither it nor its near copies.
fn crossed(rows: &[Sequence], counted: &[usize], train: Train, with_reasons: bool) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for repeat in 0..REPEATS {
        for part in 0..FOLDS {
            let is_out = |at: &usize| {
                rows.get(*at)
                    .is_some_and(|row| fold(row.group, repeat, FOLDS) == part)
            };
            let (test, learn): (Vec<usize>, Vec<usize>) = counted.iter().partition(|at| is_out(at));
            decisions.extend(judge(rows, &learn, &test, train, with_reasons));
        }
    }
    decisions
}

/// Recall at 5 % false positives, the mean over the repeats.
fn mean_recall(rows: &[Sequence], decisions: &[Decision], each: usize) -> Option<f64> {
    let repeat = |decisions: &[Decision]| {
        let scores: Vec<(f64, bool)> = decisions
            .iter()
            .filter_map(|decision| Some((decision.score, rows.get(decision.row)?.attack)))
            .collect();
        recall_at(&scores, 0.05)
    };
    let recalls: Vec<f64> = decisions.chunks(each.max(1)).filter_map(repeat).collect();
    (!recalls.is_empty()).then(|| round(recalls.iter().sum::<f64>() / recalls.len() as f64))
}

/// Each family of attacks judged by what has learned from the others, beside normal rows that were left out too.
fn unseen_families(runs: &[Run], rows: &[Sequence], counted: &[usize]) -> BTreeMap<String, Ratios> {
    let family = |at: usize| {
        let run = runs
            .get(at)
            .filter(|_| rows.get(at).is_some_and(|row| row.attack));
        run.map_or("", |run| run.family.as_str())
    };
    let families: BTreeSet<&str> = counted
        .iter()
        .map(|at| family(*at))
        .filter(|family| !family.is_empty())
        .collect();
    let mut all = BTreeMap::new();
    if families.len() < 2 {
        return all;
    }
    for (number, unseen) in (0_u64..).zip(families) {
        let out_fold = |at: usize| {
            rows.get(at)
                .is_some_and(|row| fold(row.group, 7, FOLDS) == number % FOLDS)
        };
        let is_normal = |at: usize| rows.get(at).is_some_and(|row| !row.attack);
        let (test, learn): (Vec<usize>, Vec<usize>) = counted
            .iter()
            .partition(|at| family(**at) == unseen || is_normal(**at) && out_fold(**at));
        let mut counts = Counts::default();
        for decision in judge(rows, &learn, &test, Train::All, false) {
            counts.add(!is_normal(decision.row), decision.called);
        }
        all.insert(unseen.to_owned(), counts.ratios(1));
    }
    all
}
