//! Figures for Prometheus: counters, gauges, histograms; these the engine keeps. Text format 0.0.4:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use casemate_engine::allocate::Shortage;
use casemate_engine::analysis::Counts;
use casemate_engine::service::{BUCKETS, DecisionCount, Load, MemoryLoad, Part, Times, store::Health};
use casemate_types::Outcome;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

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
}

/// What is measured when it is shown.
#[derive(Debug)]
pub(crate) struct Gauges {
    pub(crate) load: Load,
    pub(crate) memory: MemoryLoad,
    pub(crate) health: Health,
    pub(crate) body_free_bytes: usize,
    pub(crate) uptime: Duration,
    pub(crate) reading: Counts,
    pub(crate) decisions: [DecisionCount; 4],
}

/// Adds the lines of one histogram.
fn write_histogram(text: &mut String, part: Part, times: &Times) {
    let (part, histogram) = (part.as_str(), times.of(part));
    let labels = format!("language=\"{}\",path=\"{}\"", times.language, times.path.as_str());
    let mut below = 0;
    for (end, count) in BUCKETS.iter().zip(&histogram.buckets) {
        below += count;
        let _ = writeln!(
            text,
            "casemate_{part}_seconds_bucket{{{labels},le=\"{end}\"}} {below}"
        );
    }
    let (count, sum) = (histogram.count, histogram.sum_seconds);
    let _ = writeln!(
        text,
        "casemate_{part}_seconds_bucket{{{labels},le=\"+Inf\"}} {count}\n\
         casemate_{part}_seconds_sum{{{labels}}} {sum}\ncasemate_{part}_seconds_count{{{labels}}} {count}"
    );
}

impl Metrics {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Every change is an addition: a panic elsewhere leaves whole values.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An execution is over and recorded.
    pub(crate) fn ended(&self, language: &'static str, outcome: &Outcome) {
        let status = outcome.status.as_str();
        *self.inner().executions.entry((language, status)).or_default() += 1;
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
    pub(crate) fn text(&self, gauges: &Gauges, times: &[Times]) -> String {
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
        drop(inner);
        for part in Part::ALL {
            let about = "Where the time of executions goes, by language and path.";
            head(
                &mut text,
                &format!("{}_seconds", part.as_str()),
                "histogram",
                about,
            );
            let counted = times.iter().filter(|times| times.of(part).count > 0);
            counted.for_each(|times| write_histogram(&mut text, part, times));
        }
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
        self.write_memory(text);
        self.write_reading(text);
    }

    fn write_reading(&self, text: &mut String) {
        let reading = &self.reading;
        let about = "Programs that were read before they ran, by what became of it.";
        head(text, "analyses_total", "counter", about);
        let all = [
            ("read", reading.read),
            ("known", reading.known),
            ("crashed", reading.crashed),
            ("late", reading.late),
        ];
        for (outcome, count) in all {
            let _ = writeln!(text, "casemate_analyses_total{{outcome=\"{outcome}\"}} {count}");
        }
        head(
            text,
            "analyses_waiting",
            "gauge",
            "Programs that wait to be read.",
        );
        let _ = writeln!(text, "casemate_analyses_waiting {}", reading.waiting);
        head(
            text,
            "decisions_total",
            "counter",
            "Decisions on programs that were read.",
        );
        for DecisionCount { decision, count } in self.decisions {
            let _ = writeln!(
                text,
                "casemate_decisions_total{{decision=\"{decision}\"}} {count}"
            );
        }
    }

    fn write_memory(&self, text: &mut String) {
        let memory = &self.memory;
        let about = "Whether executions wait for memory, and why.";
        head(text, "admission_waits", "gauge", about);
        for shortage in Shortage::ALL {
            let (reason, waits) = (shortage.as_str(), u64::from(memory.shortage == Some(shortage)));
            let _ = writeln!(text, "casemate_admission_waits{{reason=\"{reason}\"}} {waits}");
        }
        head(
            text,
            "host_memory_victims_total",
            "counter",
            "Executions that were ended because the host was nearly out of memory.",
        );
        let _ = writeln!(text, "casemate_host_memory_victims_total {}", memory.victims);
        let all = [
            ("host_memory_bytes", "All memory of the host.", memory.total_bytes),
            (
                "host_memory_available_bytes",
                "Memory that can be had; as of when something last waited or ran.",
                memory.available_bytes,
            ),
            (
                "memory_charged_bytes",
                "Memory that executions which just started are expected to take.",
                Some(memory.charged_bytes),
            ),
        ];
        for (name, about, value) in all {
            let Some(value) = value else { continue };
            head(text, name, "gauge", about);
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
