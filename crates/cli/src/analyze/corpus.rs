//! A corpus: labelled programs as JSON lines, perhaps by gzip (RFC 1952).

use crate::exit::usage;
use anyhow::Result;
use casemate_analysis::SourceFile;
use casemate_analysis::ir::Language;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Largest corpus, unpacked, bytes.
const MAX_BYTES: usize = 1 << 30;
/// What begins a file within the code of a row; comment marks of its language may stand before it.
const FILE_MARK: &str = "===== FILE:";

/// One program.
#[derive(Debug)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// Where it is from.
    pub source: String,
    /// What its author says that it is.
    pub label: Label,
    /// What kind of program it is.
    pub category: String,
    /// Why it was held out; empty where it was not.
    pub held_kind: String,
    /// Its files.
    pub files: Vec<SourceFile>,
}

/// What a label counts as.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Label {
    /// Malicious.
    Malicious,
    /// Benign.
    Benign,
    /// Tainted data reaches a sink.
    TaintTrue,
    /// None does.
    TaintFalse,
    /// Told apart, and not counted.
    Other(String),
}

impl Label {
    /// Whether it is a positive; none where it is not counted.
    pub fn is_positive(&self) -> Option<bool> {
        match self {
            Self::Malicious | Self::TaintTrue => Some(true),
            Self::Benign | Self::TaintFalse => Some(false),
            Self::Other(_) => None,
        }
    }

    /// Whether flows are asked about, and not the decision.
    pub fn is_taint(&self) -> bool {
        matches!(self, Self::TaintTrue | Self::TaintFalse)
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: serde_json::Value,
    source: String,
    language: String,
    label: String,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    held_kind: Option<String>,
    code: String,
}

/// Reads corpora.
///
/// # Errors
/// A file that cannot be read, or a line that is none of a corpus, by its number.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in paths {
        let bytes =
            std::fs::read(path).map_err(|error| usage(format!("cannot read {}: {error}", path.display())))?;
        let text = match bytes.starts_with(&[0x1f, 0x8b]) {
            true => unpack(&bytes).ok_or_else(|| usage(format!("{}: it is no gzip", path.display())))?,
            false => bytes,
        };
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if !line.trim_ascii().is_empty() {
                rows.push(row(path, number + 1, line)?);
            }
        }
    }
    Ok(rows)
}

fn row(path: &Path, number: usize, line: &[u8]) -> Result<Row> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        usage(format!(
            "{}:{number}: no row of a corpus: {error}",
            path.display()
        ))
    })?;
    let label = match line.label.as_str() {
        "malicious" => Label::Malicious,
        "benign" => Label::Benign,
        "taint_true" => Label::TaintTrue,
        "taint_false" => Label::TaintFalse,
        _ => Label::Other(line.label.clone()),
    };
    let id = match line.id {
        serde_json::Value::String(id) => id,
        serde_json::Value::Null => number.to_string(),
        other => other.to_string(),
    };
    Ok(Row {
        id,
        source: line.source,
        label,
        category: line.category.unwrap_or_default(),
        held_kind: line.held_kind.unwrap_or_default(),
        files: split(&line.language, &line.code),
    })
}

/// The files of a row: one, or as its marks part them.
fn split(language: &str, code: &str) -> Vec<SourceFile> {
    let (language, extension) = match language {
        // Its syntax errors are what the reader has to say about it.
        "python2" => (Some(Language::Python), "py"),
        other => (Language::from_word(other), extension(other)),
    };
    let mut files: Vec<SourceFile> = Vec::new();
    let mut add = |path: String, text: &str| {
        files.push(SourceFile {
            path,
            language,
            bytes: text.as_bytes().to_vec(),
        });
    };
    let (mut name, mut start, mut at) = (None, 0, 0);
    for line in code.split_inclusive('\n') {
        if let Some(path) = mark(line) {
            if name.is_some() || !code[start..at].trim().is_empty() {
                add(
                    name.unwrap_or_else(|| format!("main.{extension}")),
                    &code[start..at],
                );
            }
            (name, start) = (Some(path.to_owned()), at + line.len());
        }
        at += line.len();
    }
    add(
        name.unwrap_or_else(|| format!("main.{extension}")),
        &code[start..],
    );
    files
}

fn mark(line: &str) -> Option<&str> {
    let text = line.trim_start_matches(['#', '/', '-', ';', ' ', '*']);
    let path = text
        .strip_prefix(FILE_MARK)?
        .trim()
        .trim_end_matches('=')
        .trim_end();
    (!path.is_empty()).then_some(path)
}

fn extension(language: &str) -> &str {
    match language {
        "python" => "py",
        "javascript" => "js",
        "typescript" => "ts",
        "bash" => "sh",
        other => other,
    }
}

/// The first member of a gzip file: a corpus has one.
fn unpack(bytes: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_with_limit(member(bytes)?, MAX_BYTES).ok()
}

/// What lies behind the head of a member.
fn member(bytes: &[u8]) -> Option<&[u8]> {
    let flags = *bytes.get(3)?;
    let mut rest = bytes.get(10..)?;
    if flags & 4 != 0 {
        let length = usize::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?]));
        rest = rest.get(2 + length..)?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    rest.get(if flags & 2 != 0 { 2 } else { 0 }..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_part_files() {
        let code = "// ===== FILE: A/a.js\nlet a;\n// ===== FILE: B/b.js =====\nlet b;\n";
        let files = split("javascript", code);
        let seen: Vec<_> = files
            .iter()
            .map(|file| (file.path.as_str(), file.bytes.as_slice()))
            .collect();
        assert_eq!(seen, [("A/a.js", &b"let a;\n"[..]), ("B/b.js", b"let b;\n")]);
        let one = split("python2", "print 1\n");
        assert_eq!(
            (one.len(), one[0].path.as_str(), one[0].language),
            (1, "main.py", Some(Language::Python))
        );
        assert_eq!(split("csharp", "x")[0].language, None);
    }

    #[test]
    fn rows_are_read_and_labels_counted() {
        let line = br#"{"id": 7, "source": "s", "language": "bash", "label": "weakness", "code": "ls"}"#;
        let row = row(Path::new("c"), 1, line).unwrap();
        assert_eq!((row.id.as_str(), row.label.is_positive()), ("7", None));
        assert!(super::row(Path::new("c"), 3, b"{}").is_err());
    }
}
