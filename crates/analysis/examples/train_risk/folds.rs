//! What is left out together: whole categories, whole sources, a later time. A model is judged on what it has not seen.

use crate::corpus::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Parts into which a large source is cut, besides being left out whole.
const PARTS: u64 = 5;

/// Rows that are left out together.
pub struct Fold {
    /// What it is called in the report.
    pub name: String,
    /// The numbers of the rows that are judged.
    pub judged: Vec<usize>,
    /// The rows of which nothing may be learned: those, and their near copies.
    pub hidden: BTreeSet<usize>,
}

/// Every fold over these rows. Each row that is malicious or benign is judged in exactly one of them.
pub fn folds(rows: &[Row]) -> Vec<Fold> {
    let late = late_time(rows);
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, row) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.malicious().is_some())
    {
        groups.entry(group_of(row, &late)).or_default().push(number);
    }
    groups
        .into_iter()
        .map(|(name, judged)| {
            let clusters: BTreeSet<&str> = judged.iter().map(|row| rows[*row].cluster.as_str()).collect();
            let hidden = (0..rows.len())
                .filter(|row| {
                    !rows[*row].cluster.is_empty() && clusters.contains(rows[*row].cluster.as_str())
                })
                .chain(judged.iter().copied())
                .collect();
            Fold { name, judged, hidden }
        })
        .collect()
}

/// From when on a third of the dated rows is late.
fn late_time(rows: &[Row]) -> String {
    let mut times: Vec<&str> = rows
        .iter()
        .map(|row| row.added.as_str())
        .filter(|added| !added.is_empty())
        .collect();
    times.sort_unstable();
    times
        .get(times.len() * 2 / 3)
        .map_or_else(String::new, |time| (*time).to_owned())
}

fn group_of(row: &Row, late: &str) -> String {
    let source = &row.source;
    if !row.added.is_empty() {
        if !late.is_empty() && row.added.as_str() >= late {
            return format!("{source} from {late}");
        }
        return format!("{source} before {late}, part {}", part_of(row));
    }
    if row.malicious() == Some(true) {
        return format!(
            "{source} {} {}",
            if row.shell { "shell" } else { "script" },
            row.category
        );
    }
    // A source that is most of what is known of honest programs is cut; the others are left out whole.
    match source.as_str() {
        "nl2bash"
        | "MBPP(InterCode)"
        | "CPython-3.11-Lib"
        | "geekcomputers/Python"
        | "node20-npm-tree"
        | "own" => {
            format!("{source}, part {}", part_of(row))
        }
        _ => source.clone(),
    }
}

fn part_of(row: &Row) -> u64 {
    let name = if row.cluster.is_empty() {
        &row.id
    } else {
        &row.cluster
    };
    name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    }) / 7
        % PARTS
}
