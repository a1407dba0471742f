//! Learns the weights of the verdict from recorded runs: `train_threat TRACES.jsonl[.gz] MODEL.txt`.
//!
//! The recipe is in `resources/threat/README.md`.

use casemate_monitor::threat::sequence::likelihood;
use casemate_monitor::threat::{Judge, Model, Terms, prior};
use casemate_monitor::trace::{self, Body, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;

/// How hard weights are pulled to what is expected of them.
const PULL: f64 = 4.0;
const ROUNDS: usize = 100;
/// Runs of each kind without which nothing is learned.
const LEAST: usize = 20;

struct Example {
    features: Vec<(String, f64)>,
    attack: bool,
    weight: f64,
    family: String,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [traces, target] = arguments.as_slice() else {
        eprintln!("train_threat TRACES.jsonl[.gz] MODEL.txt");
        return ExitCode::from(2);
    };
    match run(traces.as_ref(), target.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("train_threat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(traces: &Path, target: &Path) -> Result<(), String> {
    let runs = trace::read(traces).map_err(|error| error.to_string())?;
    let mut examples = runs
        .iter()
        .filter_map(example)
        .collect::<Result<Vec<_>, String>>()?;
    let attacks = examples.iter().filter(|example| example.attack).count();
    let normal = examples.len() - attacks;
    if attacks < LEAST || normal < LEAST {
        return Err(format!(
            "{attacks} attacks and {normal} normal runs: at least {LEAST} of each are needed"
        ));
    }
    for example in &mut examples {
        let own = if example.attack { attacks } else { normal };
        example.weight = attacks.max(normal) as f64 / own as f64;
    }
    let left_out = left_out(&examples);
    figures(&left_out);
    let all: Vec<&Example> = examples.iter().collect();
    let mut model = learn(&all);
    (model.slope, model.offset) = calibrate(&left_out);
    let head = "# Weights of the verdict, written by train_threat. What is not named weighs what is expected of it.\n";
    std::fs::write(target, head.to_owned() + &model.write()).map_err(|error| error.to_string())
}

/// A run that counts, as features.
fn example(run: &Run) -> Option<Result<Example, String>> {
    let Body::Events(events) = &run.body else {
        return None;
    };
    let attack = run.label.is_positive().filter(|attack| run.reached || !attack)?;
    let mut terms = match Terms::shipped() {
        Ok(terms) => terms,
        Err(error) => return Some(Err(error)),
    };
    if !run.shown.is_empty() {
        terms.shown = Some(run.shown.iter().cloned().collect());
    }
    let mut judge = Judge::new(terms);
    for event in events {
        judge.take(event);
    }
    Some(Ok(Example {
        features: judge.features(),
        attack,
        weight: 1.0,
        family: format!("{}/{}", run.source, run.family),
    }))
}

/// The sum of each example by a model that has seen none of its family.
fn left_out(examples: &[Example]) -> Vec<(f64, bool, f64)> {
    let families: BTreeSet<&str> = examples.iter().map(|example| example.family.as_str()).collect();
    let mut sums = Vec::new();
    for family in families {
        let rest: Vec<&Example> = examples
            .iter()
            .filter(|example| example.family != family)
            .collect();
        let model = learn(&rest);
        for example in examples.iter().filter(|example| example.family == family) {
            sums.push((sum(&model, example), example.attack, example.weight));
        }
    }
    sums
}

fn sum(model: &Model, example: &Example) -> f64 {
    let weigh = |(name, value): &(String, f64)| model.weight(name) * value;
    model.intercept + example.features.iter().map(weigh).sum::<f64>()
}

/// Logistic loss plus `PULL / 2 * (weight - prior)^2`, one weight after the other, by Newton's steps.
fn learn(examples: &[&Example]) -> Model {
    let mut columns: BTreeMap<&str, Vec<(usize, f64)>> = BTreeMap::new();
    for (row, example) in examples.iter().enumerate() {
        for (name, value) in &example.features {
            columns.entry(name).or_default().push((row, *value));
        }
    }
    let mut model = Model::expected();
    let mut sums: Vec<f64> = examples.iter().map(|example| sum(&model, example)).collect();
    for _ in 0..ROUNDS {
        let mut moved: f64 = 0.0;
        for (name, column) in &columns {
            let (old, expected) = (model.weight(name), prior(name));
            let (mut slope, mut bend) = (PULL * (old - expected), PULL);
            for (row, value) in column {
                let (example, likely) = (examples[*row], likelihood(sums[*row]));
                slope += example.weight * (likely - f64::from(u8::from(example.attack))) * value;
                bend += example.weight * likely * (1.0 - likely) * value * value;
            }
            let mut new = old + (-slope / bend).clamp(-1.0, 1.0);
            // What speaks for a threat never speaks against one.
            if expected > 0.0 || name.starts_with("rule.") {
                new = new.max(0.0);
            }
            model.set(name, new);
            moved = moved.max((new - old).abs());
            for (row, value) in column {
                sums[*row] += (new - old) * value;
            }
        }
        if moved < 1e-4 {
            break;
        }
    }
    model
}

fn calibrate(judged: &[(f64, bool, f64)]) -> (f64, f64) {
    let (mut slope, mut offset) = (1.0_f64, 0.0_f64);
    for _ in 0..500 {
        let (mut by_slope, mut by_offset, mut all) = (0.0, 0.0, 0.0);
        for (sum, attack, weight) in judged {
            let error = weight * (likelihood(slope * sum + offset) - f64::from(u8::from(*attack)));
            by_slope += error * sum.clamp(-8.0, 8.0);
            by_offset += error;
            all += weight;
        }
        slope = (slope - 0.05 * by_slope / all).clamp(0.1, 4.0);
        offset = (offset - 0.2 * by_offset / all).clamp(-6.0, 6.0);
    }
    (slope, offset)
}

fn figures(judged: &[(f64, bool, f64)]) {
    let called = |attack: bool| {
        let kind = judged.iter().filter(move |(_, is, _)| *is == attack);
        let all = kind.clone().count().max(1);
        kind.filter(|(sum, ..)| *sum >= 0.0).count() as f64 / all as f64
    };
    println!(
        "families left out: {} runs, recall {:.4}, false positives {:.4}",
        judged.len(),
        called(true),
        called(false)
    );
}
