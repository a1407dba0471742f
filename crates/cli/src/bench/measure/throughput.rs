//! Throughput: as many runs as go, so many at once. Subjects take turns of a few seconds at every level.

use crate::bench::report::{Report, ThroughputRow};
use crate::bench::statistics::{ratio, rounded};
use crate::bench::subject::Subject;
use crate::bench::{Bench, Entry};
use anyhow::{Context, Result, anyhow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Turns that a subject's time is cut into, each of a second at least.
const MOST_TURNS: u32 = 5;
/// Failures of one thread after which it ends its turn.
const MOST_FAILURES: usize = 3;

/// What a thread, or many, did in a turn.
#[derive(Clone, Debug, Default)]
struct Done {
    runs: u64,
    time: Duration,
    failures: Vec<String>,
}

/// Runs a second at each level of parallelism.
pub fn throughput(bench: &mut Bench<'_>, entries: &[Entry], report: &mut Report) -> Result<()> {
    for entry in entries {
        for level in &bench.options.in_flight {
            let totals = at_level(bench, entry, *level)?;
            let rate = |done: &Done| match done.time.as_secs_f64() {
                seconds if seconds > 0.0 => Some(rounded(done.runs as f64 / seconds)),
                _ => None,
            };
            let bare = entry
                .subjects
                .iter()
                .zip(&totals)
                .find(|(subject, _)| subject.name == "bare");
            let bare = bare.and_then(|(_, done)| rate(done));
            let rows = entry
                .subjects
                .iter()
                .zip(&totals)
                .map(|(subject, done)| ThroughputRow {
                    language: entry.program.language,
                    subject: subject.name,
                    in_flight: *level,
                    runs: done.runs,
                    seconds: rounded(done.time.as_secs_f64()),
                    runs_per_second: rate(done),
                    ratio_to_bare: ratio(rate(done), bare),
                });
            report.throughput.extend(rows);
        }
    }
    Ok(())
}

fn at_level(bench: &mut Bench<'_>, entry: &Entry, level: u32) -> Result<Vec<Done>> {
    let language = entry.program.language;
    let turns = bench.options.seconds.clamp(1, MOST_TURNS);
    let time = Duration::from_secs(bench.options.seconds.into()) / turns;
    let mut totals = vec![Done::default(); entry.subjects.len()];
    for round in 0..turns as usize {
        for turn in 0..entry.subjects.len() {
            let at = (round + turn) % entry.subjects.len();
            let subject = &entry.subjects[at];
            bench.watch.say(&format!(
                "throughput of {language}, {level} in flight, {}",
                subject.name
            ));
            let done = take_turn(bench, subject, level, time)?;
            totals[at].runs += done.runs;
            totals[at].time += done.time;
            for why in done.failures {
                let who = format!("throughput, {language}, {}, {level} in flight", subject.name);
                bench.take::<()>(&who, Err(why))?;
            }
        }
    }
    Ok(totals)
}

/// One turn. What has begun in it is let end, and its time counts.
fn take_turn(bench: &Bench<'_>, subject: &Subject, level: u32, time: Duration) -> Result<Done> {
    let is_over = AtomicBool::new(false);
    let begun = Instant::now();
    let mut total = Done::default();
    let rested = std::thread::scope(|scope| -> Result<()> {
        let mut threads = Vec::new();
        let mut result = Ok(());
        for _ in 0..level {
            let thread = std::thread::Builder::new().stack_size(256 << 10);
            match thread.spawn_scoped(scope, || run_until(subject, &is_over)) {
                Ok(thread) => threads.push(thread),
                Err(error) => {
                    result = Err(error).context("start a thread");
                    break;
                }
            }
        }
        if result.is_ok() {
            result = bench.watch.rest(time);
        }
        is_over.store(true, Ordering::Relaxed);
        for thread in threads {
            let done = thread
                .join()
                .map_err(|_| anyhow!("a thread of the bench ended"))?;
            total.runs += done.runs;
            total.failures.extend(done.failures);
        }
        result
    });
    rested?;
    total.time = begun.elapsed();
    Ok(total)
}

fn run_until(subject: &Subject, is_over: &AtomicBool) -> Done {
    let mut done = Done::default();
    let runner = match subject.runner() {
        Ok(runner) => runner,
        Err(error) => {
            done.failures.push(format!("{error:#}"));
            return done;
        }
    };
    while !is_over.load(Ordering::Relaxed) && done.failures.len() < MOST_FAILURES {
        match runner.run() {
            Ok(_) => done.runs += 1,
            Err(why) => done.failures.push(why),
        }
    }
    done
}
