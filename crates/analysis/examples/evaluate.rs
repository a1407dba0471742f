//! Reads labelled programs (JSON lines, `-` for the standard input) and tells how well taint is found: recall and false positives by category,
//! and the mistakes. `zcat rows.jsonl.gz | cargo run --release --example evaluate -- - [--errors N] [--only WORD] [--show ID]`.
//!
//! A development tool; nothing of a corpus is kept.

use casemate_analysis::ir::{File, Language, Program};
use casemate_analysis::{Bounds, front, machine};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

#[derive(Default)]
struct Counts {
    /// True and found, true and missed, false and found, false and passed.
    cells: [u32; 4],
}

impl Counts {
    fn add(&mut self, truth: bool, found: bool) {
        self.cells[usize::from(!truth) * 2 + usize::from(!found)] += 1;
    }

    fn line(&self) -> String {
        let [hits, misses, alarms, passed] = self.cells.map(f64::from);
        let recall = hits / (hits + misses);
        let false_positives = alarms / (alarms + passed);
        let youden = recall - false_positives;
        format!(
            "n {:5}  recall {recall:.3}  fpr {false_positives:.3}  youden {youden:.3}",
            hits + misses + alarms + passed
        )
    }
}

fn files_of(row: &Value, language: Language) -> Vec<File> {
    let code = row["code"].as_str().unwrap_or("");
    let mut files: Vec<(String, String)> = Vec::new();
    if row["nfiles"].as_u64().unwrap_or(1) > 1 {
        for line in code.lines() {
            if let Some(name) = line
                .trim_start_matches(['/', '#', ' '])
                .strip_prefix("===== FILE: ")
            {
                files.push((name.trim().trim_end_matches('=').trim().to_owned(), String::new()));
            } else if let Some((_, text)) = files.last_mut() {
                text.push_str(line);
                text.push('\n');
            }
        }
    } else {
        files.push((format!("main.{}", language.as_str()), code.to_owned()));
    }
    files
        .into_iter()
        .map(|(path, text)| File::new(path, language, text))
        .collect()
}

struct Options {
    path: String,
    errors: usize,
    only: Option<String>,
    show: Option<String>,
}

fn options() -> Options {
    let mut options = Options {
        path: "-".to_owned(),
        errors: 0,
        only: None,
        show: None,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--errors" => options.errors = words.next().and_then(|count| count.parse().ok()).unwrap_or(20),
            "--only" => options.only = words.next(),
            "--show" => options.show = words.next(),
            path => options.path = path.to_owned(),
        }
    }
    options
}

fn run_row(row: &Value, language: Language, show: bool) -> (bool, Duration, Vec<&'static str>) {
    let mut program = Program {
        files: files_of(row, language),
        ..Program::default()
    };
    let start = Instant::now();
    let trace = machine::run(&mut program, &Bounds::default(), &front::lower);
    let spent = start.elapsed();
    if show {
        println!("{}", row["code"].as_str().unwrap_or(""));
        for fact in &trace.facts {
            println!("{:?} {:?} {:?}", fact.reach, fact.span, fact.kind);
        }
        for flow in &trace.flows {
            println!("{} -> {}: {:?}", flow.source.id, flow.sink.id, flow.steps);
        }
        println!("{} steps, {:?}", trace.steps, trace.limits_reached);
    }
    (!trace.flows.is_empty(), spent, trace.limits_reached)
}

/// What was counted.
#[derive(Default)]
struct Tally {
    groups: BTreeMap<String, Counts>,
    mistakes: Vec<String>,
    total: Duration,
    lines: usize,
    slowest: Vec<(Duration, String)>,
    limits: BTreeMap<&'static str, u32>,
}

impl Tally {
    fn add(&mut self, row: &Value, options: &Options) {
        let word = |key: &str| row[key].as_str().unwrap_or("").to_owned();
        let name = if word("language") == "python2" {
            "python".to_owned()
        } else {
            word("language")
        };
        let Some(language) = Language::from_word(&name) else {
            return;
        };
        let key = format!("{} {} {}", word("language"), word("category"), word("id"));
        let show = options
            .show
            .as_ref()
            .is_some_and(|id| word("id").contains(id.as_str()));
        if options
            .only
            .as_ref()
            .is_some_and(|only| !key.contains(only.as_str()))
            || (options.show.is_some() && !show)
        {
            return;
        }
        let (found, spent, reached) = run_row(row, language, show);
        self.total += spent;
        self.lines += row["code"].as_str().unwrap_or("").lines().count();
        self.slowest.push((spent, word("id")));
        reached
            .iter()
            .for_each(|what| *self.limits.entry(what).or_default() += 1);
        let label = word("label");
        let truth = label == "taint_true";
        if !label.starts_with("taint_") {
            return;
        }
        let flow = row["flow"]
            .as_bool()
            .map_or("", |flow| if flow { " flow" } else { " other" });
        for group in ["all".to_owned(), word("category")] {
            self.groups
                .entry(format!("{}{flow} {group}", word("language")))
                .or_default()
                .add(truth, found);
        }
        if truth != found {
            self.mistakes
                .push(format!("{label} {} {}", word("category"), word("id")));
        }
    }

    fn print(&mut self, errors: usize) {
        for (name, counts) in &self.groups {
            println!("{}  {name}", counts.line());
        }
        let (files, seconds) = (self.slowest.len() as f64, self.total.as_secs_f64());
        println!(
            "{files} files, {} lines, {seconds:.3} s: {:.0} files/s, {:.0} lines/s",
            self.lines,
            files / seconds,
            self.lines as f64 / seconds
        );
        self.slowest.sort_unstable_by(|one, other| other.cmp(one));
        for (spent, id) in self.slowest.iter().take(5) {
            println!("{spent:?} {id}");
        }
        println!("{:?}", self.limits);
        self.mistakes.sort();
        for mistake in self.mistakes.iter().take(errors) {
            println!("{mistake}");
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = options();
    let input: Box<dyn Read> = if options.path == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(&options.path)?)
    };
    let mut tally = Tally::default();
    for line in BufReader::new(input).lines() {
        tally.add(&serde_json::from_str(&line?)?, &options);
    }
    tally.print(options.errors);
    Ok(())
}
