//! Trains the risk: `cargo run --release -p casemate-analysis --example train_risk -- FOLDER [MODEL [FEATURES]]`.
//!
//! Reads the corpora of the folder, judges every category, source and later time by a model that has not seen it, prints
//! what came of that, and writes the model that has seen everything; with a third name also the features of each row. The
//! same corpora give the same files.

mod corpus;
mod folds;
mod learn;
mod report;

use corpus::Row;
use learn::{Example, Learned, calibrate, learn};
use report::Judged;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How much an honest program of this repository counts: they are few, short, and do much at once.
const OWN_WEIGHT: f64 = 3.0;
/// The share of malicious programs for which scores are calibrated.
const SHARE: f64 = 1.0 / 3.0;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments
        .next()
        .ok_or("usage: train_risk FOLDER [MODEL [FEATURES]]")?;
    let rows = corpus::read(&folder)?;
    let model = arguments.next();
    if let Some(path) = arguments.next() {
        std::fs::write(path, report::features(&rows)?)?;
    }
    let mut text = String::from(
        "# Written by the training program from the corpora that README.md names: a weight for each feature.\n",
    );
    let (shell, script): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.shell);
    train("script", &script, &mut text)?;
    train("shell", &shell, &mut text)?;
    if let Some(model) = model {
        std::fs::write(model, text)?;
    }
    Ok(())
}

/// Judges and learns one kind of program, and adds its section to the model.
fn train(section: &str, rows: &[Row], text: &mut String) -> Result<(), Box<dyn Error>> {
    let (names, examples) = examples(rows);
    let mut judged = Vec::new();
    let folds = folds::folds(rows);
    for fold in &folds {
        let seen: Vec<&Example> = (0..rows.len())
            .filter(|row| !fold.hidden.contains(row))
            .filter_map(|row| examples[row].as_ref())
            .collect();
        let learned = learn(&names, &seen);
        judged.extend(fold.judged.iter().filter_map(|row| {
            let sum = learned.sum(&examples[*row].as_ref()?.features);
            Some(Judged {
                row: *row,
                fold: fold.name.clone(),
                sum,
                score: 0.0,
            })
        }));
    }
    let sums: Vec<(f64, bool, f64)> = judged
        .iter()
        .filter_map(|one| {
            Some((
                one.sum,
                rows[one.row].malicious()?,
                examples[one.row].as_ref()?.weight,
            ))
        })
        .collect();
    let (slope, offset) = calibrate(&at_common_share(&sums));
    for one in &mut judged {
        one.score = casemate_analysis::risk::logistic(slope * one.sum + offset);
    }
    let all: Vec<&Example> = examples.iter().flatten().collect();
    let learned = learn(&names, &all);
    report::print(section, rows, &judged);
    report::print_others(rows, |row| {
        let features = numbered(rows, row, &names);
        casemate_analysis::risk::logistic(slope * learned.sum(&features) + offset)
    });
    write_section(section, &names, &learned, (slope, offset), text)
}

fn write_section(
    section: &str,
    names: &[String],
    learned: &Learned,
    (slope, offset): (f64, f64),
    text: &mut String,
) -> Result<(), Box<dyn Error>> {
    writeln!(
        text,
        "[{section}]\n@intercept {:.4}\n@slope {slope:.4}\n@offset {offset:.4}",
        learned.intercept
    )?;
    for (name, weight) in names.iter().zip(&learned.weights) {
        writeln!(text, "{name} {weight:.3}")?;
    }
    Ok(())
}

/// The same with weights by which one program in four is malicious, in either kind: a score of one kind means what it means in
/// the other.
fn at_common_share(sums: &[(f64, bool, f64)]) -> Vec<(f64, bool, f64)> {
    let bad = sums.iter().filter(|one| one.1).count().max(1) as f64;
    let good = sums.iter().filter(|one| !one.1).count().max(1) as f64;
    let all = bad + good;
    sums.iter()
        .map(|(sum, malicious, _)| {
            let weight = if *malicious {
                SHARE * all / bad
            } else {
                (1.0 - SHARE) * all / good
            };
            (*sum, *malicious, weight)
        })
        .collect()
}

/// The examples by row, and the names of the features by number. Near copies share their weight.
fn examples(rows: &[Row]) -> (Vec<String>, Vec<Option<Example>>) {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut copies: BTreeMap<&str, f64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.malicious().is_some()) {
        *copies.entry(&row.cluster).or_default() += 1.0;
        for (name, _) in row.features.sorted() {
            numbers.entry(name).or_default();
        }
    }
    for (number, value) in (0_u32..).zip(numbers.values_mut()) {
        *value = number;
    }
    let examples = rows
        .iter()
        .map(|row| {
            let malicious = row.malicious()?;
            let copies = if row.cluster.is_empty() {
                1.0
            } else {
                copies.get(row.cluster.as_str())?.max(1.0)
            };
            let features = row
                .features
                .sorted()
                .into_iter()
                .filter_map(|(name, value)| Some((*numbers.get(name)?, value)))
                .collect();
            Some(Example {
                features,
                malicious,
                weight: if row.source == corpus::OWN_SOURCE {
                    OWN_WEIGHT
                } else {
                    1.0 / copies.sqrt()
                },
            })
        })
        .collect();
    (numbers.keys().map(|name| (*name).to_owned()).collect(), examples)
}

/// The features of a row that was not learned from, by number.
fn numbered(rows: &[Row], row: usize, names: &[String]) -> Vec<(u32, f64)> {
    rows[row]
        .features
        .sorted()
        .into_iter()
        .filter_map(|(name, value)| {
            let number = names.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
            Some((u32::try_from(number).ok()?, value))
        })
        .collect()
}
