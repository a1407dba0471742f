//! Where the time of executions goes: histograms by language and by the way the program got its sandbox.
//!
//! Counted when an execution's end is recorded; the server shows them. Both labels are ours, so that their number is
//! bounded.

use super::Service;
use casemate_types::{Outcome, RunPath};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the buckets, in seconds.
pub const BUCKETS: [f64; 17] = [
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// A part of an execution's time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Waiting for a place.
    Queue,
    /// From the order until the program had its sandbox.
    Lease,
    /// Making a sandbox, whether somebody waited for it or not.
    Create,
    /// Compiling and running.
    Run,
    /// Collecting output and files, and taking the sandbox down.
    Teardown,
    /// All of it.
    Total,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] = [
        Self::Queue,
        Self::Lease,
        Self::Create,
        Self::Run,
        Self::Teardown,
        Self::Total,
    ];

    /// The word in figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Lease => "lease",
            Self::Create => "create",
            Self::Run => "run",
            Self::Teardown => "teardown",
            Self::Total => "total",
        }
    }
}

/// Times, counted by size.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Histogram {
    /// How many fell into each bucket, and not into one before it.
    pub buckets: [u64; BUCKETS.len()],
    /// All of them, those beyond the last bucket too.
    pub count: u64,
    /// Their sum.
    pub sum_seconds: f64,
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
}

/// The times of one language on one path.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Times {
    /// The language.
    pub language: &'static str,
    /// The path.
    pub path: RunPath,
    parts: [Histogram; Part::ALL.len()],
}

impl Times {
    /// The histogram of a part.
    pub fn of(&self, part: Part) -> &Histogram {
        &self.parts[part as usize]
    }
}

/// All histograms.
#[derive(Debug, Default)]
pub(super) struct Figures {
    parts: Mutex<BTreeMap<(&'static str, RunPath), [Histogram; Part::ALL.len()]>>,
}

impl Figures {
    fn add(&self, language: &'static str, path: RunPath, times: &[(Part, Duration)]) {
        // Every change is an addition: a panic elsewhere leaves whole values.
        let mut all = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = all.entry((language, path)).or_default();
        for (part, took) in times {
            parts[*part as usize].add(*took);
        }
    }

    /// A sandbox for programs of this path was made; it took so long until it could be used.
    pub(super) fn created(&self, language: &'static str, path: RunPath, took: Duration) {
        self.add(language, path, &[(Part::Create, took)]);
    }

    /// An execution has ended. One that never started has only a whole.
    pub(super) fn ended(&self, language: &'static str, outcome: &Outcome) {
        let (t, path) = (&outcome.timing, outcome.path);
        self.add(language, path, &[(Part::Total, t.total)]);
        if outcome.started_at.is_none() {
            return;
        }
        if path == RunPath::Exec {
            // Its sandbox was made for it, while it waited.
            self.created(language, path, t.lease);
        }
        let times = [
            (Part::Queue, t.queue),
            (Part::Lease, t.lease),
            (Part::Run, t.run),
            (Part::Teardown, t.collect),
        ];
        self.add(language, path, &times);
    }

    fn all(&self) -> Vec<Times> {
        let all = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = |(&(language, path), parts): (&(&'static str, RunPath), &_)| Times {
            language,
            path,
            parts: *parts,
        };
        all.iter().map(times).collect()
    }
}

impl Service {
    /// Where the time of executions went since the start, by language and path.
    pub fn times(&self) -> Vec<Times> {
        self.shared.figures.all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_apart_by_language_path_and_part() {
        let figures = Figures::default();
        let ms = Duration::from_millis;
        figures.add("bash", RunPath::Exec, &[(Part::Run, ms(1)), (Part::Run, ms(2))]);
        figures.created("bash", RunPath::Pool, ms(100_000));
        figures.created("python", RunPath::Pool, Duration::from_micros(250));
        let all = figures.all();
        let labels: Vec<_> = all.iter().map(|times| (times.language, times.path)).collect();
        assert_eq!(
            labels,
            [
                ("bash", RunPath::Pool),
                ("bash", RunPath::Exec),
                ("python", RunPath::Pool)
            ]
        );
        let run = all[1].of(Part::Run);
        assert_eq!((run.count, run.buckets[2], run.buckets[3]), (2, 1, 1));
        assert_eq!(all[1].of(Part::Create).count, 0);
        let beyond = all[0].of(Part::Create);
        assert_eq!((beyond.count, beyond.buckets.iter().sum::<u64>()), (1, 0));
        assert_eq!(all[2].of(Part::Create).buckets[0], 1);
    }
}
