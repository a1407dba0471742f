//! Escape programs: each tries one thing inside and prints one verdict line. The files
//! `escape_*.rs` and `omit.rs` call it. It must never take silence for safety: a program without
//! a verdict fails its test.

use std::path::Path;

use crate::{
    host,
    outcome::Outcome,
    run::{Run, Running},
};

/// A program of `tests/programs/`, about to run.
#[derive(Debug)]
pub struct Probe {
    name: String,
    claim: String,
    run: Run,
}

/// What a program found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The wall stood.
    Held,
    /// The program got through.
    Escaped,
}

/// A program by its path below `tests/programs/`; a Python program is put after `prelude.py`.
pub fn probe(file: &str) -> Probe {
    let read = |name: &Path| {
        let path = host::programs().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let body = read(Path::new(file));
    let run = match Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("py") => Run::python(format!("{}\n{body}", read(Path::new("prelude.py")))),
        Some("c") => Run::c(body),
        Some("sh") => Run::bash(body),
        Some("js") => Run::javascript(body),
        other => panic!("{file}: no language for {other:?}"),
    };
    Probe {
        name: file.to_owned(),
        claim: String::new(),
        // It attacks on purpose: what is tested is what holds when it runs.
        run: run.observed(),
    }
}

impl Probe {
    /// States what must be true; it appears when the test fails.
    pub fn claim(mut self, claim: &str) -> Self {
        self.claim = claim.trim().to_owned();
        self
    }

    /// Changes the run: limits, arguments, files.
    pub fn with(mut self, change: impl FnOnce(Run) -> Run) -> Self {
        self.run = change(self.run);
        self
    }

    /// An argument of the program.
    pub fn arg(self, argument: impl Into<std::ffi::OsString>) -> Self {
        self.with(|run| run.arg(argument))
    }

    /// Starts the program without waiting for its verdict.
    #[track_caller]
    pub fn start(self) -> Running {
        self.run.start()
    }

    /// Runs the program and returns its verdict and everything else.
    #[track_caller]
    pub fn verdict(self) -> (Verdict, Outcome) {
        let Self { name, claim, run } = self;
        let outcome = run.go();
        let mut verdicts = outcome.stdout().lines().filter_map(|line| {
            let held = line.starts_with("HELD:").then_some(Verdict::Held);
            held.or_else(|| line.starts_with("ESCAPED:").then_some(Verdict::Escaped))
        });
        match (verdicts.next(), verdicts.next()) {
            (Some(verdict), None) => (verdict, outcome),
            _ => panic!("{name} gave no single verdict\nclaim: {claim}\n{outcome}"),
        }
    }

    /// Runs the program, which must find that the wall stood.
    #[track_caller]
    pub fn held(self) -> Outcome {
        let (name, claim) = (self.name.clone(), self.claim.clone());
        let (verdict, outcome) = self.verdict();
        assert_eq!(
            verdict,
            Verdict::Held,
            "{name} got through\nclaim: {claim}\n{outcome}"
        );
        outcome.succeeded()
    }

    /// Runs the program, which must get through: proof that it can.
    #[track_caller]
    pub fn escapes(self) -> Outcome {
        let name = self.name.clone();
        let (verdict, outcome) = self.verdict();
        assert_eq!(
            verdict,
            Verdict::Escaped,
            "{name} proves nothing: it holds without its wall\n{outcome}"
        );
        outcome
    }
}
