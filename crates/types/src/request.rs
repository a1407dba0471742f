//! What a caller asks for: one execution.

use crate::analysis::Mode;
use crate::error::RequestError;
use crate::limits::{Limits, Maxima};
use crate::path::{Glob, RelativePath};
use std::collections::BTreeMap;

/// Largest source, bytes.
pub const MAX_CODE_BYTES: usize = 1 << 20;
/// Largest standard input, bytes.
pub const MAX_STDIN_BYTES: usize = 8 << 20;
/// Most arguments.
pub const MAX_ARGS: usize = 256;
/// Most variables.
pub const MAX_ENV: usize = 256;
/// Arguments together, and variables together, bytes.
pub const MAX_STRING_BYTES: usize = 128 << 10;
/// Most input files.
pub const MAX_FILES: usize = 1000;
/// Input files together, bytes.
pub const MAX_FILE_BYTES: usize = 8 << 20;
/// Most output patterns.
pub const MAX_OUTPUTS: usize = 64;
/// Most output files.
pub const MAX_OUTPUT_FILES: u32 = 1000;
/// Output files together, bytes.
pub const MAX_OUTPUT_FILE_BYTES: u64 = 16 << 20;

/// Most labels.
pub const MAX_LABELS: usize = 16;
/// Longest name of a label, bytes.
pub const MAX_LABEL_NAME_BYTES: usize = 63;
/// Longest value of a label, bytes.
pub const MAX_LABEL_VALUE_BYTES: usize = 256;
/// How a program may be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Profile {
    /// By whatever is fastest.
    #[default]
    Default,
    /// By a fresh exec: nothing of it, its layout of memory included, was there before.
    Fresh,
    /// As `Fresh`, after it was detonated: what it does in a sandbox of its own decides too. A service does not offer it.
    Detonate,
}

impl Profile {
    /// Reads the word of requests to a service.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "default" => Some(Self::Default),
            "fresh" => Some(Self::Fresh),
            _ => None,
        }
    }

    /// The word in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Fresh => "fresh",
            Self::Detonate => "detonate",
        }
    }
}

/// What the program may reach by network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Network {
    /// Nothing, not even itself.
    #[default]
    None,
    /// Its own loopback interface.
    Loopback,
}

impl Network {
    /// The word in requests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Loopback => "loopback",
        }
    }
}

/// A file that is there before the program starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputFile {
    /// Where, below the workspace.
    pub path: RelativePath,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Permission bits, at most 0777.
    pub mode: u32,
}

/// One execution as asked for; [`ExecutionRequest::check`] holds the bounds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ExecutionRequest {
    /// Name or alias of a language.
    pub language: String,
    /// The source.
    pub code: Vec<u8>,
    /// Standard input.
    pub stdin: Vec<u8>,
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// Variables beside the fixed ones.
    pub env: BTreeMap<String, String>,
    /// Files that are there at the start.
    pub files: Vec<InputFile>,
    /// Patterns of files to return.
    pub outputs: Vec<Glob>,
    /// Network.
    pub network: Network,
    /// How it may be started.
    pub profile: Profile,
    /// Whether a decision against it is carried out; `None` is as configured.
    pub mode: Option<Mode>,
    /// The caller's own words on the execution, to find it by.
    pub labels: BTreeMap<String, String>,
    /// Limits.
    pub limits: Limits,
}

impl ExecutionRequest {
    /// Checks every field against its bound.
    ///
    /// # Errors
    /// The first [`RequestError`].
    pub fn check(&self, maxima: &Maxima) -> Result<(), RequestError> {
        most("code", self.code.len(), MAX_CODE_BYTES, "bytes")?;
        most("stdin", self.stdin.len(), MAX_STDIN_BYTES, "bytes")?;
        most("args", self.args.len(), MAX_ARGS, "arguments")?;
        most(
            "args",
            self.args.iter().map(String::len).sum(),
            MAX_STRING_BYTES,
            "bytes",
        )?;
        if let Some(bad) = self.args.iter().find(|a| a.contains('\0')) {
            return Err(RequestError::form("args", bad, "free of NUL"));
        }
        self.check_env()?;
        most("files", self.files.len(), MAX_FILES, "files")?;
        most(
            "files",
            self.files.iter().map(|f| f.content.len()).sum(),
            MAX_FILE_BYTES,
            "bytes",
        )?;
        for file in &self.files {
            if file.mode & !0o777 != 0 {
                return Err(RequestError::form(
                    "files.mode",
                    &format!("{:o}", file.mode),
                    "a mode of 0 to 777 (octal)",
                ));
            }
        }
        self.check_paths()?;
        self.check_labels()?;
        most("outputs", self.outputs.len(), MAX_OUTPUTS, "patterns")?;
        self.limits.check(maxima)
    }

    fn check_env(&self) -> Result<(), RequestError> {
        most("env", self.env.len(), MAX_ENV, "variables")?;
        most(
            "env",
            self.env.iter().map(|(k, v)| k.len() + v.len() + 1).sum(),
            MAX_STRING_BYTES,
            "bytes",
        )?;
        for (name, value) in &self.env {
            if !is_variable_name(name) {
                return Err(RequestError::form(
                    "env",
                    name,
                    "a name of the form [A-Za-z_][A-Za-z0-9_]*",
                ));
            }
            if value.contains('\0') {
                return Err(RequestError::form(
                    "env",
                    name,
                    "a variable whose value is free of NUL",
                ));
            }
        }
        Ok(())
    }

    fn check_labels(&self) -> Result<(), RequestError> {
        most("labels", self.labels.len(), MAX_LABELS, "labels")?;
        for (name, value) in &self.labels {
            if !is_label_name(name) {
                return Err(RequestError::form(
                    "labels",
                    name,
                    "a name of 1 to 63 letters, digits, '.', '_', '-' or '/'",
                ));
            }
            most("labels", value.len(), MAX_LABEL_VALUE_BYTES, "bytes")?;
            if value.contains('\0') {
                return Err(RequestError::form(
                    "labels",
                    name,
                    "a label whose value is free of NUL",
                ));
            }
        }
        Ok(())
    }

    /// No path twice, and none that is also the folder of another.
    fn check_paths(&self) -> Result<(), RequestError> {
        let mut paths: Vec<&str> = self.files.iter().map(|f| f.path.as_str()).collect();
        paths.sort_unstable();
        let clash = paths.iter().enumerate().find(|(i, path)| {
            let below = format!("{path}/");
            paths.get(i + 1).is_some_and(|next| next == *path) || paths.iter().any(|p| p.starts_with(&below))
        });
        match clash {
            Some((_, path)) => Err(RequestError::form(
                "files.path",
                path,
                "named once, as a file or as a folder",
            )),
            None => Ok(()),
        }
    }
}

/// Whether a text is a name of a label.
pub fn is_label_name(name: &str) -> bool {
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"._-/".contains(&b);
    (1..=MAX_LABEL_NAME_BYTES).contains(&name.len()) && name.bytes().all(fine)
}

/// Whether a text is a name of an environment variable.
pub fn is_variable_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn most(field: &'static str, given: usize, bound: usize, unit: &str) -> Result<(), RequestError> {
    if given > bound {
        return Err(RequestError::TooMuch {
            field,
            given: format!("{given} {unit}"),
            bound: format!("{bound} {unit}"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut ExecutionRequest), expected: Option<&str>) {
        let mut request = ExecutionRequest::default();
        change(&mut request);
        let got = request.check(&Maxima::of_host(2)).map_err(|e| e.field()).err();
        assert_eq!(got, expected);
    }

    fn file(path: &str) -> InputFile {
        InputFile {
            path: RelativePath::new("files.path", path).unwrap(),
            content: vec![],
            mode: 0o644,
        }
    }

    #[test]
    fn bounds_name_their_field() {
        check(|_| {}, None);
        check(|r| r.code = vec![0; MAX_CODE_BYTES], None);
        check(|r| r.code = vec![0; MAX_CODE_BYTES + 1], Some("code"));
        check(|r| r.stdin = vec![0; MAX_STDIN_BYTES + 1], Some("stdin"));
        check(|r| r.args = vec![String::new(); 257], Some("args"));
        check(|r| r.args = vec!["a\0".into()], Some("args"));
        check(|r| r.args = vec!["a".repeat(MAX_STRING_BYTES + 1)], Some("args"));
        check(|r| _ = r.env.insert("1A".into(), String::new()), Some("env"));
        check(|r| _ = r.env.insert("A=B".into(), String::new()), Some("env"));
        check(|r| _ = r.env.insert("A".into(), "\0".into()), Some("env"));
        check(|r| _ = r.labels.insert("a/b-c".into(), "any text".into()), None);
        check(|r| _ = r.labels.insert(String::new(), "a".into()), Some("labels"));
        check(|r| _ = r.labels.insert("a b".into(), "a".into()), Some("labels"));
        check(
            |r| _ = r.labels.insert("a".into(), "a".repeat(257)),
            Some("labels"),
        );
        check(
            |r| r.labels = (0..17).map(|n| (n.to_string(), String::new())).collect(),
            Some("labels"),
        );
        check(|r| r.files = vec![file("a"), file("a")], Some("files.path"));
        check(
            |r| r.files = vec![file("a"), file("a-b"), file("a/b")],
            Some("files.path"),
        );
        check(|r| r.files = vec![file("a/b"), file("a/c")], None);
        check(
            |r| {
                r.files = vec![InputFile {
                    mode: 0o4755,
                    ..file("a")
                }]
            },
            Some("files.mode"),
        );
        check(|r| r.limits.pids = 0, Some("limits.pids"));
    }
}
