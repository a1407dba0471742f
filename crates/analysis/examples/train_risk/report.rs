//! What came of the training, for a person: by fold, by source, and for thresholds.

use crate::corpus::Row;
use casemate_analysis::risk::MAX_ALLOWED_RISK;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a row came to when its fold was left out.
pub struct Judged {
    /// The row.
    pub row: usize,
    /// The fold.
    pub fold: String,
    /// The sum before it became a probability.
    pub sum: f64,
    /// The probability.
    pub score: f64,
}

/// Prints the figures of one kind of program.
pub fn print(section: &str, rows: &[Row], judged: &[Judged]) {
    println!(
        "\n## {section}: {} programs, each judged by a model that has not seen its fold\n",
        judged.len()
    );
    println!("| threshold | recall | false positives | accuracy |\n|---|---|---|---|");
    for threshold in [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] {
        let (hits, bad, alarms, good) = count(rows, judged.iter(), threshold);
        println!(
            "| {threshold:.2} | {:.3} | {:.4} | {:.4} |",
            share(hits, bad),
            share(alarms, good),
            share(hits + good - alarms, bad + good)
        );
    }
    let mut folds: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
    for one in judged {
        folds.entry(&one.fold).or_default().push(one);
    }
    println!(
        "\n| left out | programs | called malicious at {MAX_ALLOWED_RISK} | median score |\n|---|---|---|---|"
    );
    for (fold, ones) in folds {
        let called = ones.iter().filter(|one| one.score >= MAX_ALLOWED_RISK).count();
        let mut scores: Vec<f64> = ones.iter().map(|one| one.score).collect();
        scores.sort_by(f64::total_cmp);
        println!(
            "| {fold} | {} | {:.3} | {:.3} |",
            ones.len(),
            share(called, ones.len()),
            scores[scores.len() / 2]
        );
    }
    print_calibration(rows, judged);
    print_worst(rows, judged);
}

/// Whether a score of x is right in a share x of the cases.
fn print_calibration(rows: &[Row], judged: &[Judged]) {
    println!("\n| score | programs | malicious among them |\n|---|---|---|");
    for tenth in 0..10 {
        let low = f64::from(tenth) / 10.0;
        let ones: Vec<&Judged> = judged
            .iter()
            .filter(|one| one.score >= low && (one.score < low + 0.1 || tenth == 9))
            .collect();
        let bad = ones
            .iter()
            .filter(|one| rows[one.row].malicious() == Some(true))
            .count();
        println!(
            "| {low:.1} to {:.1} | {} | {:.3} |",
            low + 0.1,
            ones.len(),
            share(bad, ones.len())
        );
    }
}

/// The worst mistakes, to standard error: they name rows of the corpora.
fn print_worst(rows: &[Row], judged: &[Judged]) {
    for malicious in [true, false] {
        let mut wrong: Vec<&Judged> = judged
            .iter()
            .filter(|one| {
                rows[one.row].malicious() == Some(malicious) && (one.score < MAX_ALLOWED_RISK) == malicious
            })
            .collect();
        wrong.sort_by(|left, right| left.score.total_cmp(&right.score));
        if !malicious {
            wrong.reverse();
        }
        for one in wrong.iter().take(200) {
            let row = &rows[one.row];
            eprintln!(
                "{} {:.3} {} [{} {}]",
                if malicious { "missed" } else { "alarm" },
                one.score,
                row.id,
                row.source,
                row.category
            );
        }
    }
}

/// Prints what the model makes of rows that are neither malicious nor benign.
pub fn print_others(rows: &[Row], score: impl Fn(usize) -> f64) {
    let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (number, row) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.malicious().is_none())
    {
        groups
            .entry(format!("{} {}", row.source, row.label))
            .or_default()
            .push(score(number));
    }
    println!("\n| neither | programs | called malicious |\n|---|---|---|");
    for (group, scores) in groups {
        let called = scores.iter().filter(|score| **score >= MAX_ALLOWED_RISK).count();
        println!(
            "| {group} | {} | {:.3} |",
            scores.len(),
            share(called, scores.len())
        );
    }
}

/// The features of each row as JSON lines.
pub fn features(rows: &[Row]) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = String::new();
    for row in rows {
        let features: BTreeMap<&str, f64> = row.features.sorted().into_iter().collect();
        let line = serde_json::json!({
            "id": row.id, "source": row.source, "label": row.label, "category": row.category, "added": row.added,
            "cluster": row.cluster, "shell": row.shell, "features": features,
        });
        writeln!(text, "{line}")?;
    }
    Ok(text)
}

fn count<'a>(
    rows: &[Row],
    judged: impl Iterator<Item = &'a Judged>,
    threshold: f64,
) -> (usize, usize, usize, usize) {
    let (mut hits, mut bad, mut alarms, mut good) = (0, 0, 0, 0);
    for one in judged {
        let called = usize::from(one.score >= threshold);
        if rows[one.row].malicious() == Some(true) {
            bad += 1;
            hits += called;
        } else {
            good += 1;
            alarms += called;
        }
    }
    (hits, bad, alarms, good)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}
