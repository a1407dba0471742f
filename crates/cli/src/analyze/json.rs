//! The report as JSON: the objects of the service's `analysis`, one for each program.

use super::Read;
use anyhow::{Context, Result};
use casemate_server::wire::{WireAnalysis, WireFinding};
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    programs: Vec<Program<'a>>,
}

#[derive(Serialize)]
struct Program<'a> {
    files: Vec<&'a str>,
    language: Option<&'static str>,
    #[serde(flatten)]
    analysis: WireAnalysis<'a>,
    suppressed: Vec<Suppressed<'a>>,
}

#[derive(Serialize)]
struct Suppressed<'a> {
    reason: &'a str,
    finding: WireFinding<'a>,
}

/// The report on all programs.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn write(reads: &[Read]) -> Result<String> {
    let report = Report {
        programs: reads.iter().map(of).collect(),
    };
    serde_json::to_string_pretty(&report).context("write the report")
}

fn of(read: &Read) -> Program<'_> {
    let suppressed = read.suppressed.iter().map(|(finding, reason)| Suppressed {
        reason,
        finding: WireFinding::from(finding),
    });
    Program {
        files: read.files.iter().map(|file| file.path.as_str()).collect(),
        language: read
            .files
            .first()
            .and_then(|file| file.language)
            .map(|language| language.as_str()),
        analysis: WireAnalysis::from(&read.analysis),
        suppressed: suppressed.collect(),
    }
}
