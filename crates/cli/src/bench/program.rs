//! The programs that are run: one that says 1, and one that sleeps. Every subject gets the same ones,
//! with the interpreter that the product would take.

use super::options::LanguageArg;
use anyhow::{Context, Result, anyhow};
use casemate_engine::runtime::language::{Host, Table, detect};
use casemate_sys::{credentials, host};
use serde_json::json;
use std::path::PathBuf;

/// The limit of a sleeping program, ms: longer than any measure takes, and shorter than its sleep.
const SLEEP_LIMIT_MS: u64 = 900_000;

/// The programs of one language.
#[derive(Clone, Debug)]
pub struct Program {
    /// The language's name.
    pub language: &'static str,
    /// The interpreter, absolute.
    pub interpreter: PathBuf,
    /// The flag behind which an interpreter takes its program.
    pub flag: &'static str,
    /// The program.
    pub code: &'static str,
    sleeping: &'static str,
}

/// What every program writes.
pub const EXPECTED: &[u8] = b"1\n";

impl Program {
    /// The programs of a language, as this host has it.
    ///
    /// # Errors
    /// When the host does not have it.
    pub fn of(language: LanguageArg) -> Result<Self> {
        let (name, flag, code, sleeping) = match language {
            LanguageArg::Python => ("python", "-c", "print(1)", "import time; time.sleep(3600)"),
            LanguageArg::Javascript => (
                "javascript",
                "-e",
                "console.log(1)",
                "setTimeout(() => {}, 3600000)",
            ),
            LanguageArg::Bash => ("bash", "-c", "echo 1", "exec sleep 3600"),
        };
        Ok(Self {
            language: name,
            interpreter: interpreter(name)?,
            flag,
            code,
            sleeping,
        })
    }

    /// One for tests, wherever its interpreter is.
    #[cfg(test)]
    pub fn example() -> Self {
        Self {
            language: "python",
            interpreter: "/usr/bin/python3".into(),
            flag: "-c",
            code: "print(1)",
            sleeping: "",
        }
    }

    /// The body of a request to run it.
    pub fn body(&self) -> Vec<u8> {
        json!({"language": self.language, "code": self.code})
            .to_string()
            .into_bytes()
    }

    /// The body of a request to sleep.
    pub fn sleeping_body(&self) -> Vec<u8> {
        let limits = json!({"wall_ms": SLEEP_LIMIT_MS});
        let body = json!({"language": self.language, "code": self.sleeping, "limits": limits});
        body.to_string().into_bytes()
    }
}

fn interpreter(name: &str) -> Result<PathBuf> {
    let home = host::env("HOME")
        .map(PathBuf::from)
        .filter(|home| home.is_absolute());
    let path = host::env("PATH").unwrap_or_default();
    let host = Host::new(home, path, None, credentials::effective_uid());
    let language = Table::builtin().find(name);
    let language = language.ok_or_else(|| anyhow!("{name} is in no row of the languages"))?;
    let found = detect(language, &host).with_context(|| format!("--language {name}"))?;
    Ok(found.program)
}
