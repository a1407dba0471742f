//! `casemate languages`: the table and what of it this machine has.

use crate::{args, config, output};
use anyhow::Result;
use casemate_engine::runtime::language::{Host, Installation, Language, Table, detect};
use serde::Serialize;
use std::path::Path;

/// One language as it is here.
#[derive(Debug, Serialize)]
pub struct Row {
    name: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    compiled: bool,
    available: bool,
    program: Option<String>,
    version: Option<String>,
    /// Why it is not available, and what to do.
    reason: Option<String>,
}

/// Every language, with its version where it is installed.
pub fn rows(host: &Host) -> Vec<Row> {
    Table::builtin()
        .iter()
        .map(|language| row(language, host))
        .collect()
}

fn row(language: &'static Language, host: &Host) -> Row {
    let found = detect(language, host).and_then(|found| found.versioned(host));
    let (installation, reason): (Option<Installation>, _) = match found {
        Ok(found) => (Some(found), None),
        Err(error) => (None, Some(format!("{:#}", anyhow::Error::from(error)))),
    };
    Row {
        name: language.name,
        aliases: language.aliases,
        extensions: language.extensions,
        compiled: language.compile.is_some(),
        available: installation.is_some(),
        program: installation.as_ref().map(|i| i.program.display().to_string()),
        version: installation.and_then(|i| i.version),
        reason,
    }
}

/// One line for people.
pub fn line(row: &Row) -> String {
    match (&row.version, &row.program) {
        (Some(version), Some(program)) => format!("{:<12} {version:<12} {program}", row.name),
        _ => format!(
            "{:<12} {:<12} {}",
            row.name,
            "-",
            row.reason.as_deref().unwrap_or("not available")
        ),
    }
}

/// Runs the command.
pub fn run(args: &args::Languages, explicit: Option<&Path>) -> Result<u8> {
    let settings = config::load(explicit)?.settings()?;
    let rows = rows(&settings.host);
    let text = if args.json {
        serde_json::to_string_pretty(&rows)? + "\n"
    } else {
        rows.iter().map(|r| line(r) + "\n").collect()
    };
    output::print(text.as_bytes())?;
    Ok(0)
}
