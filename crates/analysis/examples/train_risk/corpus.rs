//! The corpora: JSON lines, compressed. Read as text, never run.

use casemate_analysis::ir::Language;
use casemate_analysis::risk::Features;
use casemate_analysis::{Bounds, SourceFile, Submission, features_of};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// The files of the folder that are read.
const FILES: [&str; 5] = [
    "static_python",
    "static_python_setup",
    "static_bash",
    "static_javascript",
    "static_typescript",
];

/// The folders of this repository whose programs are honest.
const OWN: [&str; 2] = ["examples", "tests/programs/works"];
/// What they are called as a source.
pub const OWN_SOURCE: &str = "own";
/// The one among them that shows what a wall stops.
const ATTACK: &str = "attack.py";

/// A program of the corpora.
pub struct Row {
    /// Its id.
    pub id: String,
    /// Where it is from.
    pub source: String,
    /// Its label.
    pub label: String,
    /// Its category.
    pub category: String,
    /// When it was added, where that is known.
    pub added: String,
    /// Near copies share it.
    pub cluster: String,
    /// Whether it is written for a shell.
    pub shell: bool,
    /// What was found in it.
    pub features: Features,
}

impl Row {
    /// Whether it is malicious; nothing for what is neither that nor benign.
    pub fn malicious(&self) -> Option<bool> {
        match self.label.as_str() {
            "malicious" => Some(true),
            "benign" => Some(false),
            _ => None,
        }
    }
}

/// Reads all corpora of a folder, in order.
pub fn read(folder: &Path) -> std::io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in FILES {
        let file = std::fs::File::open(folder.join(format!("{name}.jsonl.gz")))?;
        for line in BufReader::new(GzDecoder::new(file)).lines() {
            let fields: BTreeMap<String, Value> = serde_json::from_str(&line?)?;
            rows.extend(row_of(&fields));
        }
        eprintln!("{name}: {} rows so far", rows.len());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in OWN {
        own(&root.join(folder), folder, &mut rows)?;
    }
    Ok(rows)
}

/// Reads the project's own honest programs of a folder, and of those in it.
fn own(folder: &Path, name: &str, rows: &mut Vec<Row>) -> std::io::Result<()> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let name = format!("{name}/{file}");
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
        if path.is_dir() {
            own(&path, &name, rows)?;
        } else if let ("py" | "js" | "ts" | "sh", false) = (ending, file == ATTACK) {
            let fields = [
                ("id", name.as_str()),
                ("source", OWN_SOURCE),
                ("label", "benign"),
                (
                    "language",
                    match ending {
                        "py" => "python",
                        "js" => "javascript",
                        "ts" => "typescript",
                        _ => "bash",
                    },
                ),
                ("code", &std::fs::read_to_string(&path)?),
            ]
            .map(|(field, text)| (field.to_owned(), Value::from(text)));
            rows.extend(row_of(&BTreeMap::from(fields)));
        }
    }
    Ok(())
}

fn row_of(fields: &BTreeMap<String, Value>) -> Option<Row> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let language = Language::from_word(&text("language"))?;
    let submission = Submission {
        files: vec![SourceFile {
            path: "main".to_owned(),
            language: Some(language),
            bytes: text("code").into_bytes(),
        }],
    };
    Some(Row {
        id: text("id"),
        source: text("source"),
        label: text("label"),
        category: text("category"),
        added: text("added"),
        cluster: text("cluster"),
        shell: language == Language::Bash,
        features: features_of(&submission, &Bounds::default()),
    })
}
