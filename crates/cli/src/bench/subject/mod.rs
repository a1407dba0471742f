//! The subjects of a bench: ways to run one program, each with the same answer. A subject runs a program and
//! looks at what it wrote; that it ran wrongly is told, never counted as a sample.

mod bundle;
mod find;
mod others;
mod process;

pub use find::{Field, Unavailable};

use super::client::{Client, Target};
use super::program::{EXPECTED, Program};
use anyhow::Result;
use process::Launch;
use serde_json::Value;
use std::time::{Duration, Instant};

/// One way to run one program.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its name in the report.
    pub name: &'static str,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Service { target: Target, body: Vec<u8> },
    Process(Launch),
}

/// A subject that is ready to run: for the service a connection that is kept.
#[derive(Debug)]
pub enum Runner<'a> {
    /// By the service.
    Service(Client, &'a [u8]),
    /// As a process.
    Process(&'a Launch),
}

/// One run that went as it should.
#[derive(Debug)]
pub struct Run {
    /// How long it took.
    pub elapsed: Duration,
    /// Which path of the service it took.
    pub path: Option<String>,
}

impl Subject {
    /// The service.
    pub fn service(target: &Target, program: &Program) -> Self {
        let way = Way::Service {
            target: target.clone(),
            body: program.body(),
        };
        Self {
            name: "casemate",
            way,
        }
    }

    /// A process.
    fn process(name: &'static str, launch: Launch) -> Self {
        Self {
            name,
            way: Way::Process(launch),
        }
    }

    /// Makes it ready. The service's connection is made by the first run.
    ///
    /// # Errors
    /// When an address is none.
    pub fn runner(&self) -> Result<Runner<'_>> {
        Ok(match &self.way {
            Way::Service { target, body } => Runner::Service(Client::new(target)?, body),
            Way::Process(launch) => Runner::Process(launch),
        })
    }
}

impl Runner<'_> {
    /// Runs the program once.
    ///
    /// # Errors
    /// Whatever is not as it should be: how it ended, or what it wrote.
    pub fn run(&self) -> Result<Run, String> {
        match self {
            Self::Process(launch) => by_process(launch),
            Self::Service(client, body) => by_service(client, body),
        }
    }
}

fn by_process(launch: &Launch) -> Result<Run, String> {
    let finished = launch.run()?;
    if finished.code != Some(0) {
        let why = first_line(&finished.stderr);
        return Err(match finished.code {
            Some(code) => format!("exit code {code}: {why}"),
            None => format!("ended by a signal: {why}"),
        });
    }
    check_output(&finished.stdout)?;
    Ok(Run {
        elapsed: finished.elapsed,
        path: None,
    })
}

fn by_service(client: &Client, body: &[u8]) -> Result<Run, String> {
    let begun = Instant::now();
    let answer = client.execute(body).map_err(|error| format!("{error:#}"))?;
    let elapsed = begun.elapsed();
    let result: Value =
        serde_json::from_slice(&answer).map_err(|error| format!("read the result: {error}"))?;
    let text = |name: &str| result.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("status") != "succeeded" {
        let (status, reason, stderr) = (text("status"), text("reason"), text("stderr"));
        return Err(format!("it {status}: {reason} {}", first_line(stderr.as_bytes())));
    }
    check_output(text("stdout").as_bytes())?;
    let path = result.get("path").and_then(Value::as_str).map(str::to_owned);
    Ok(Run { elapsed, path })
}

fn check_output(output: &[u8]) -> Result<(), String> {
    if output == EXPECTED {
        return Ok(());
    }
    let got = String::from_utf8_lossy(&output[..output.len().min(80)]);
    let expected = String::from_utf8_lossy(EXPECTED);
    Err(format!("it wrote {got:?}, not {expected:?}"))
}

/// The first line that says anything, for a report.
fn first_line(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.unwrap_or("it said nothing").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_is_no_sample() {
        let program = Program::example();
        let run = |code: &'static str| {
            let mut launch = others::bare(&program);
            launch.program = "/bin/sh".into();
            launch.words = vec!["-c".into(), code.into()];
            Subject::process("bare", launch).runner().unwrap().run()
        };
        assert!(run("echo 1").unwrap().path.is_none());
        assert!(run("echo 2").unwrap_err().contains("it wrote \"2\\n\""));
        assert_eq!(run("echo no >&2; exit 3").unwrap_err(), "exit code 3: no");
        assert!(run("kill -9 $$").unwrap_err().contains("signal"));
    }
}
