//! Latency and time to interactive: one run at a time, by every subject in turn.

use crate::bench::report::{InteractiveRow, LatencyRow, Report};
use crate::bench::statistics::{Samples, ratio};
use crate::bench::subject::{Run, Subject};
use crate::bench::{Bench, Entry};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// First rounds, which fill caches and are thrown away.
const WARM_UPS: usize = 3;

/// How many rounds, and of what.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// What they are for.
    pub name: &'static str,
    /// How many count.
    pub count: u32,
    /// How the service is reached.
    pub connection: Connection,
}

/// How the service is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// All runs on one connection.
    Kept,
    /// Every run on a connection of its own.
    Fresh,
}

/// What one subject did.
#[derive(Debug)]
pub struct Series {
    /// Whose.
    pub subject: &'static str,
    /// How long its runs took.
    pub samples: Samples,
    /// How many took which path of the service.
    pub paths: BTreeMap<String, u64>,
}

/// The time of one run on a connection that is kept.
pub fn latency(bench: &mut Bench<'_>, entries: &[Entry], report: &mut Report) -> Result<()> {
    let rounds = Rounds {
        name: "latency",
        count: bench.options.latency_rounds(),
        connection: Connection::Kept,
    };
    for entry in entries {
        let series = take_turns(bench, entry, &entry.subjects, rounds)?;
        let bare = bare_median(&series);
        report.latency.extend(series.into_iter().map(|one| LatencyRow {
            language: entry.program.language,
            subject: one.subject,
            runs: one.samples.count(),
            median_ms: one.samples.median_ms(),
            p95_ms: one.samples.percentile_ms(95),
            p99_ms: one.samples.percentile_ms(99),
            max_ms: one.samples.max_ms(),
            ratio_to_bare: ratio(one.samples.median_ms(), bare),
            paths: one.paths,
        }));
    }
    Ok(())
}

/// The time from nothing, without a connection, to the output of the first command.
pub fn interactive(bench: &mut Bench<'_>, entries: &[Entry], report: &mut Report) -> Result<()> {
    let rounds = Rounds {
        name: "interactive",
        count: bench.options.interactive_rounds(),
        connection: Connection::Fresh,
    };
    for entry in entries {
        let series = take_turns(bench, entry, &entry.subjects, rounds)?;
        let bare = bare_median(&series);
        report
            .interactive
            .extend(series.into_iter().map(|one| InteractiveRow {
                language: entry.program.language,
                subject: one.subject,
                runs: one.samples.count(),
                median_ms: one.samples.median_ms(),
                p99_ms: one.samples.percentile_ms(99),
                max_ms: one.samples.max_ms(),
                ratio_to_bare: ratio(one.samples.median_ms(), bare),
            }));
    }
    Ok(())
}

/// Lets subjects run the program in turn. Who is first changes with every round.
pub fn take_turns(
    bench: &mut Bench<'_>,
    entry: &Entry,
    subjects: &[Subject],
    rounds: Rounds,
) -> Result<Vec<Series>> {
    let language = entry.program.language;
    let runners = subjects.iter().map(Subject::runner).collect::<Result<Vec<_>>>()?;
    let mut taken: Vec<(Vec<Duration>, BTreeMap<String, u64>)> = vec![Default::default(); subjects.len()];
    for round in 0..WARM_UPS + rounds.count as usize {
        bench.watch.say(&format!(
            "{} of {language}, round {round} of {}",
            rounds.name,
            WARM_UPS + rounds.count as usize
        ));
        for turn in 0..subjects.len() {
            let at = (round + turn) % subjects.len();
            let result = match rounds.connection {
                Connection::Kept => runners[at].run(),
                Connection::Fresh => run_fresh(&subjects[at]),
            };
            let who = format!("{}, {language}, {}", rounds.name, subjects[at].name);
            if let Some(run) = bench.take(&who, result)?
                && round >= WARM_UPS
            {
                taken[at].0.push(run.elapsed);
                if let Some(path) = run.path {
                    *taken[at].1.entry(path).or_default() += 1;
                }
            }
        }
    }
    let series = subjects
        .iter()
        .zip(taken)
        .map(|(subject, (times, paths))| Series {
            subject: subject.name,
            samples: Samples::new(&times),
            paths,
        });
    Ok(series.collect())
}

fn run_fresh(subject: &Subject) -> Result<Run, String> {
    let begun = Instant::now();
    let runner = subject.runner().map_err(|error| format!("{error:#}"))?;
    let before = begun.elapsed();
    let run = runner.run()?;
    Ok(Run {
        elapsed: before + run.elapsed,
        ..run
    })
}

fn bare_median(series: &[Series]) -> Option<f64> {
    let bare = series.iter().find(|one| one.subject == "bare")?;
    bare.samples.median_ms()
}
