//! The report of a bench: the same figures as JSON and as text. Every name says its unit; what was not
//! measured is null.

mod text;

use super::failures::Failures;
use super::machine::Machine;
use super::options::Options;
use super::subject::Unavailable;
use clap::ValueEnum;
use serde::Serialize;
use std::collections::BTreeMap;

/// All figures of one bench.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether no run failed.
    pub is_ok: bool,
    /// Our version.
    pub version: &'static str,
    /// Where it was measured.
    pub machine: Machine,
    /// What was measured.
    pub service: Measured,
    /// The measures asked for.
    pub measures: Vec<String>,
    /// Who did not take part.
    pub unavailable: Vec<Unavailable>,
    /// Rows of latency.
    pub latency: Vec<LatencyRow>,
    /// Rows of throughput.
    pub throughput: Vec<ThroughputRow>,
    /// Rows of memory.
    pub memory: Vec<MemoryRow>,
    /// Rows of the time to interactive.
    pub interactive: Vec<InteractiveRow>,
    /// Rows of density.
    pub density: Vec<DensityRow>,
    /// Runs that failed.
    pub failures: Failures,
}

/// The service.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Its address.
    pub url: String,
    /// Whether the bench started it.
    pub is_own: bool,
}

/// Latency of one subject.
#[derive(Debug, Serialize)]
pub struct LatencyRow {
    /// The program's language.
    pub language: &'static str,
    /// Who ran it.
    pub subject: &'static str,
    /// Samples.
    pub runs: usize,
    /// The middle one.
    pub median_ms: Option<f64>,
    /// What 95 of 100 do not exceed.
    pub p95_ms: Option<f64>,
    /// What 99 of 100 do not exceed.
    pub p99_ms: Option<f64>,
    /// The largest.
    pub max_ms: Option<f64>,
    /// The median, over that of the bare program.
    pub ratio_to_bare: Option<f64>,
    /// How many took which path of the service.
    pub paths: BTreeMap<String, u64>,
}

/// Throughput of one subject at one level.
#[derive(Debug, Serialize)]
pub struct ThroughputRow {
    /// The program's language.
    pub language: &'static str,
    /// Who ran it.
    pub subject: &'static str,
    /// How many at once.
    pub in_flight: u32,
    /// How many in all.
    pub runs: u64,
    /// How long that took.
    pub seconds: f64,
    /// The rate.
    pub runs_per_second: Option<f64>,
    /// The rate, over that of the bare program.
    pub ratio_to_bare: Option<f64>,
}

/// Memory of one sandbox.
#[derive(Debug, Serialize)]
pub struct MemoryRow {
    /// `idle` or `running`.
    pub state: &'static str,
    /// The program's language; null for all pools together.
    pub language: Option<&'static str>,
    /// How many there were.
    pub sandboxes: u64,
    /// What each took, the middle of a few figures; below 0 when others gave memory back meanwhile.
    pub bytes_per_sandbox: Option<i64>,
    /// The least of these figures.
    pub least_bytes_per_sandbox: Option<i64>,
    /// The largest of them.
    pub most_bytes_per_sandbox: Option<i64>,
    /// Why it was not measured.
    pub unavailable: Option<String>,
}

impl MemoryRow {
    /// Of figures for so many sandboxes.
    pub fn of(
        state: &'static str,
        language: Option<&'static str>,
        sandboxes: u64,
        mut figures: Vec<i64>,
    ) -> Self {
        figures.sort_unstable();
        Self {
            state,
            language,
            sandboxes,
            bytes_per_sandbox: figures.get(figures.len() / 2).copied(),
            least_bytes_per_sandbox: figures.first().copied(),
            most_bytes_per_sandbox: figures.last().copied(),
            unavailable: None,
        }
    }

    /// What was not measured, and why.
    pub fn unavailable(state: &'static str, reason: String) -> Self {
        Self {
            unavailable: Some(reason),
            ..Self::of(state, None, 0, Vec::new())
        }
    }
}

/// Time to interactive of one subject.
#[derive(Debug, Serialize)]
pub struct InteractiveRow {
    /// The program's language.
    pub language: &'static str,
    /// Who ran it.
    pub subject: &'static str,
    /// Samples.
    pub runs: usize,
    /// The middle one.
    pub median_ms: Option<f64>,
    /// What 99 of 100 do not exceed.
    pub p99_ms: Option<f64>,
    /// The largest.
    pub max_ms: Option<f64>,
    /// The median, over that of the bare program.
    pub ratio_to_bare: Option<f64>,
}

/// Many programs at once.
#[derive(Debug, Serialize)]
pub struct DensityRow {
    /// The programs' language.
    pub language: &'static str,
    /// How many were held.
    pub sandboxes: u64,
    /// From the first request until the last program ran.
    pub all_running_ms: f64,
    /// From the first request to end until the last had ended.
    pub all_cancelled_ms: f64,
    /// Requests for the status meanwhile.
    pub status_requests: usize,
    /// Their middle one.
    pub status_median_ms: Option<f64>,
    /// Their longest.
    pub status_max_ms: Option<f64>,
    /// Median of one more run with none held.
    pub none_held_median_ms: Option<f64>,
    /// What 99 of 100 of these do not exceed.
    pub none_held_p99_ms: Option<f64>,
    /// Median of one more run with all held.
    pub all_held_median_ms: Option<f64>,
    /// What 99 of 100 of these do not exceed.
    pub all_held_p99_ms: Option<f64>,
}

impl Report {
    /// One without figures.
    pub fn new(machine: Machine, url: &str, options: &Options) -> Self {
        let name = |value: super::MeasureArg| {
            let named = value.to_possible_value();
            named.map(|named| named.get_name().to_owned())
        };
        Self {
            is_ok: false,
            version: env!("CARGO_PKG_VERSION"),
            machine,
            service: Measured {
                url: url.to_owned(),
                is_own: options.server.is_none(),
            },
            measures: options.measures().into_iter().filter_map(name).collect(),
            unavailable: Vec::new(),
            latency: Vec::new(),
            throughput: Vec::new(),
            memory: Vec::new(),
            interactive: Vec::new(),
            density: Vec::new(),
            failures: Failures::default(),
        }
    }
}

#[cfg(test)]
mod tests;
