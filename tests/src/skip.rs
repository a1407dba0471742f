//! Skips: a test that cannot run here says so. Tests call it. It must never be silent: the line
//! goes past libtest's capture, and `CASEMATE_TEST_NO_SKIP=1` turns it into a failure.

use std::io::Write;

use crate::{host, outcome::Outcome, run::Run};

/// A reason not to run; `?`-like use: `if let Some(skip) = need_root() { return skip.report(); }`.
#[derive(Debug, Clone)]
#[must_use]
pub struct Skip(String);

impl Skip {
    /// A capability that is missing, in a few words.
    pub fn because(reason: &str) -> Self {
        Self(reason.to_owned())
    }

    /// Prints the reason, or fails the test where skips are not allowed.
    pub fn report(self) {
        skip(&self.0);
    }
}

/// Prints why the current test does not run, or fails it where skips are not allowed.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    assert!(!host::no_skip(), "{name} may not be skipped here: {reason}");
    // The handle itself is not captured by libtest, as `eprintln!` would be.
    let line = format!("SKIPPED {name}: {reason}\n");
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Tests of limits that only the cgroup holds are skipped where rootless runs may lack it.
pub fn need_cgroup() -> Option<Skip> {
    if !host::rootless() {
        return None;
    }
    let state = Run::bash("true").go().layer("cgroup");
    (state.as_deref() != Some("enforced")).then(|| {
        Skip(format!(
            "rootless without a delegated cgroup (the layer is {state:?})"
        ))
    })
}

/// Tests that need the tests' own process to be root.
pub fn need_root() -> Option<Skip> {
    (host::rootless() || !host::is_root()).then(|| Skip("needs root".to_owned()))
}

/// Tests of a language that the host may lack. One of `tools` in the usual folders means that
/// the product must find it; otherwise its own word decides.
pub fn need_language(language: &str, tools: &[&str]) -> Option<Skip> {
    if tools.iter().any(|tool| host::which(tool).is_some()) {
        return None;
    }
    let output = crate::run::raw(&["languages", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    (!Outcome::lists_language(&listed, language)).then(|| Skip(format!("{language} is not installed")))
}
