//! Figures for Prometheus: counters, gauges, histograms. Text format 0.0.4:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use casemate_engine::service::{Load, store::Health};
use casemate_types::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Upper ends of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0,
];
/// The parts of a run that have a histogram.
const PARTS: [&str; 4] = ["queue", "lease", "run", "total"];

/// All that is counted here; what the engine counts is asked for when it is shown.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By language and status: both are ours, so their number is bounded.
    executions: BTreeMap<(&'static str, &'static str), u64>,
    /// Of our own failures, by language.
    failures: BTreeMap<&'static str, u64>,
    /// By route and status.
    requests: BTreeMap<(&'static str, u16), u64>,
    parts: [Histogram; PARTS.len()],
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum_seconds: f64,
}

/// What is measured when it is shown.
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) load: Load,
    pub(crate) health: Health,
    pub(crate) body_free_bytes: usize,
    pub(crate) uptime: Duration,
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.count += 1;
        self.sum_seconds += seconds;
        if let Some(index) = BUCKETS.iter().position(|end| seconds <= *end) {
            self.buckets[index] += 1;
        }
    }

    fn write(&self, text: &mut String, part: &str) {
        let mut below = 0;
        for (end, count) in BUCKETS.iter().zip(&self.buckets) {
            below += count;
            let _ = writeln!(text, "casemate_{part}_seconds_bucket{{le=\"{end}\"}} {below}");
        }
        let (count, sum) = (self.count, self.sum_seconds);
        let _ = writeln!(text, "casemate_{part}_seconds_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(
            text,
            "casemate_{part}_seconds_sum {sum}\ncasemate_{part}_seconds_count {count}"
        );
    }
}

impl Metrics {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is an addition: a panic elsewhere leaves whole values.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An execution is over and recorded.
    pub(crate) fn ended(&self, language: &'static str, outcome: &Outcome) {
        let t = &outcome.timing;
        let mut inner = self.inner();
        *inner
            .executions
            .entry((language, outcome.status.as_str()))
            .or_default() += 1;
        for (histogram, took) in inner.parts.iter_mut().zip([t.queue, t.lease, t.run, t.total]) {
            histogram.add(took);
        }
    }

    /// We could not carry one out.
    pub(crate) fn failed(&self, language: &'static str) {
        *self.inner().failures.entry(language).or_default() += 1;
    }

    /// A request was answered.
    pub(crate) fn answered(&self, route: &'static str, status: u16) {
        *self.inner().requests.entry((route, status)).or_default() += 1;
    }

    /// Everything, as text.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        let mut text = String::with_capacity(8 << 10);
        let inner = self.inner();
        head(
            &mut text,
            "executions_total",
            "counter",
            "Executions that ended, by language and status.",
        );
        for ((language, status), count) in &inner.executions {
            let labels = format!("language=\"{language}\",status=\"{status}\"");
            let _ = writeln!(text, "casemate_executions_total{{{labels}}} {count}");
        }
        head(
            &mut text,
            "execution_failures_total",
            "counter",
            "Executions that the service failed to carry out.",
        );
        for (language, count) in &inner.failures {
            let _ = writeln!(
                text,
                "casemate_execution_failures_total{{language=\"{language}\"}} {count}"
            );
        }
        head(
            &mut text,
            "http_requests_total",
            "counter",
            "Answers, by route and status code.",
        );
        for ((route, status), count) in &inner.requests {
            let labels = format!("route=\"{route}\",code=\"{status}\"");
            let _ = writeln!(text, "casemate_http_requests_total{{{labels}}} {count}");
        }
        for (part, histogram) in PARTS.iter().zip(&inner.parts) {
            let about = "Where the time of executions goes.";
            head(&mut text, &format!("{part}_seconds"), "histogram", about);
            histogram.write(&mut text, part);
        }
        drop(inner);
        gauges.write(&mut text);
        text
    }
}

impl Gauges {
    fn write(&self, text: &mut String) {
        let is = |condition: bool| u64::from(condition);
        let load = &self.load;
        let all = [
            (
                "executions_running",
                "gauge",
                "Executions that run.",
                load.running,
            ),
            ("executions_queued", "gauge", "Executions that wait.", load.queued),
            (
                "finished_total",
                "counter",
                "Executions that ended since the start.",
                load.finished,
            ),
            (
                "output_memory_bytes",
                "gauge",
                "Output that is held in memory.",
                load.kept_bytes,
            ),
            (
                "warden_up",
                "gauge",
                "Whether there is a warden.",
                is(load.has_warden),
            ),
            (
                "store_healthy",
                "gauge",
                "Whether the state can be written.",
                is(self.health == Health::Healthy),
            ),
            (
                "body_memory_free_bytes",
                "gauge",
                "Room for bodies of requests.",
                self.body_free_bytes as u64,
            ),
            (
                "uptime_seconds",
                "gauge",
                "Since the start.",
                self.uptime.as_secs(),
            ),
        ];
        for (name, kind, about, value) in all {
            head(text, name, kind, about);
            let _ = writeln!(text, "casemate_{name} {value}");
        }
    }
}

fn head(text: &mut String, name: &str, kind: &str, about: &str) {
    let _ = writeln!(
        text,
        "# HELP casemate_{name} {about}\n# TYPE casemate_{name} {kind}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let mut histogram = Histogram::default();
        for ms in [1, 1, 40, 5_000_000] {
            histogram.add(Duration::from_millis(ms));
        }
        let mut text = String::new();
        histogram.write(&mut text, "run");
        assert!(
            text.contains("le=\"0.0005\"} 0\n") && text.contains("le=\"0.001\"} 2\n"),
            "{text}"
        );
        assert!(
            text.contains("le=\"600\"} 3\n") && text.contains("le=\"+Inf\"} 4\n"),
            "{text}"
        );
        assert!(text.contains("casemate_run_seconds_count 4\n"), "{text}");
    }
}
