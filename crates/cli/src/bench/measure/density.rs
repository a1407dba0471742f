//! Density: many sleeping programs at once, how soon they run, and what the service is worth meanwhile.

use super::held::Held;
use super::rounds::{Connection, Rounds, take_turns};
use crate::bench::client::Client;
use crate::bench::report::{DensityRow, Report};
use crate::bench::statistics::{Samples, rounded};
use crate::bench::{Bench, Entry};
use anyhow::{Context, Result, anyhow};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the service may take to say how it is, however much it holds.
const STATUS_LIMIT: Duration = Duration::from_secs(1);
/// How often it is asked.
const STATUS_REST: Duration = Duration::from_millis(50);
/// Runs with and without others held.
const RUNS: u32 = 30;
/// Failures of the API after which it is asked no more.
const MOST_FAILURES: usize = 3;

/// What the API did while programs were held.
#[derive(Debug, Default)]
struct Answers {
    times: Vec<Duration>,
    failures: Vec<String>,
}

/// What became of the held programs.
#[derive(Debug)]
struct Holding {
    sandboxes: u64,
    all_running: Duration,
    all_cancelled: Duration,
    beside: Samples,
}

/// Holds many sleeping programs of each language.
pub fn density(bench: &mut Bench<'_>, entries: &[Entry], report: &mut Report) -> Result<()> {
    for entry in entries {
        let alone = service_runs(bench, entry, "density, none held")?;
        let is_over = AtomicBool::new(false);
        let client = bench.client()?;
        let (holding, answers) = std::thread::scope(|scope| -> Result<_> {
            let thread = std::thread::Builder::new();
            let asking = thread
                .spawn_scoped(scope, || ask(&client, &is_over))
                .context("start a thread")?;
            let holding = hold(bench, entry);
            is_over.store(true, Ordering::Relaxed);
            let answers = asking
                .join()
                .map_err(|_| anyhow!("a thread of the bench ended"))?;
            Ok((holding?, answers))
        })?;
        for why in answers.failures {
            bench.take::<()>("density, GET /v1/status", Err(why))?;
        }
        let Some(holding) = holding else { continue };
        let (times, status) = (answers.times.len(), Samples::new(&answers.times));
        report.density.push(DensityRow {
            language: entry.program.language,
            sandboxes: holding.sandboxes,
            all_running_ms: milliseconds(holding.all_running),
            all_cancelled_ms: milliseconds(holding.all_cancelled),
            status_requests: times,
            status_median_ms: status.median_ms(),
            status_max_ms: status.max_ms(),
            none_held_median_ms: alone.median_ms(),
            none_held_p99_ms: alone.percentile_ms(99),
            all_held_median_ms: holding.beside.median_ms(),
            all_held_p99_ms: holding.beside.percentile_ms(99),
        });
    }
    Ok(())
}

/// Starts them, runs others beside them, and cancels them; nothing when not all came to run.
fn hold(bench: &mut Bench<'_>, entry: &Entry) -> Result<Option<Holding>> {
    let begun = Instant::now();
    let count = bench.options.density_count();
    bench.watch.say(&format!("starting {count} sleeping programs"));
    let held = Held::start(bench, entry, count)?;
    let is_whole = held.wait_running(bench)? && held.count() == count as usize;
    let all_running = begun.elapsed();
    if !is_whole {
        return held.cancel(bench).map(|()| None);
    }
    let beside = service_runs(bench, entry, "density, all held")?;
    let sandboxes = held.count() as u64;
    let begun = Instant::now();
    held.cancel(bench)?;
    Ok(Some(Holding {
        sandboxes,
        all_running,
        all_cancelled: begun.elapsed(),
        beside,
    }))
}

/// Runs by the service alone.
fn service_runs(bench: &mut Bench<'_>, entry: &Entry, name: &'static str) -> Result<Samples> {
    let rounds = Rounds {
        name,
        count: RUNS,
        connection: Connection::Kept,
    };
    let own = entry.subjects.iter().filter(|subject| subject.name == "casemate");
    let subjects: Vec<_> = own.cloned().collect();
    let series = take_turns(bench, entry, &subjects, rounds)?;
    let samples = series.into_iter().next().map(|one| one.samples);
    Ok(samples.unwrap_or_else(|| Samples::new(&[])))
}

/// Asks the service how it is, again and again.
fn ask(client: &Client, is_over: &AtomicBool) -> Answers {
    let mut answers = Answers::default();
    while !is_over.load(Ordering::Relaxed) && answers.failures.len() < MOST_FAILURES {
        let begun = Instant::now();
        let answer = client.get("/v1/status");
        let took = begun.elapsed();
        match answer {
            Ok(Some(_)) => answers.times.push(took),
            Ok(None) => answers.failures.push("there is no such route".to_owned()),
            Err(error) => answers.failures.push(format!("{error:#}")),
        }
        if took > STATUS_LIMIT {
            let (took, limit) = (milliseconds(took), STATUS_LIMIT.as_secs());
            answers
                .failures
                .push(format!("it took {took} ms; at most {limit} s"));
        }
        std::thread::sleep(STATUS_REST);
    }
    answers
}

fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1000.0)
}
