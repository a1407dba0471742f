//! The result object of one run, as `--json` printed it. Tests read it. It must never guess: a
//! field that the contract names and the result lacks fails the test.

use std::time::Duration;

use serde_json::Value;

use crate::base64;

/// The fields that every result has, however it was asked for.
pub const RESULT_FIELDS: [&str; 27] = [
    "id",
    "sandbox_id",
    "session_id",
    "node_id",
    "audit_id",
    "status",
    "reason",
    "exit_code",
    "signal",
    "stdout",
    "stdout_bytes",
    "stdout_truncated",
    "stderr",
    "stderr_bytes",
    "stderr_truncated",
    "files",
    "usage",
    "timing_ms",
    "path",
    "layers",
    "analysis",
    "security",
    "cost",
    "created_at",
    "started_at",
    "ended_at",
    "files_left_out",
];

/// What came back from `casemate run --json`.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The result object.
    pub json: Value,
    /// The exit code of `casemate run`.
    pub code: i32,
    /// What `casemate` wrote to its own stderr.
    pub notes: String,
    /// From start to exit of `casemate run`, seen from outside.
    pub elapsed: Duration,
}

impl Outcome {
    /// A field of the result, which must be there (it may be null).
    pub fn field(&self, name: &str) -> &Value {
        self.json
            .get(name)
            .unwrap_or_else(|| panic!("the result has no field {name}: {self}"))
    }

    fn text(&self, name: &str) -> &str {
        self.field(name)
            .as_str()
            .unwrap_or_else(|| panic!("{name} is no string: {self}"))
    }

    /// The outcome's name.
    pub fn status(&self) -> &str {
        self.text("status")
    }

    /// Why, when the result says.
    pub fn reason(&self) -> Option<&str> {
        self.field("reason").as_str()
    }

    /// The program's exit code, when it exited.
    pub fn exit_code(&self) -> Option<i64> {
        self.field("exit_code").as_i64()
    }

    /// The signal that ended the program.
    pub fn signal(&self) -> Option<i64> {
        self.field("signal").as_i64()
    }

    /// The program's stdout as text.
    pub fn stdout(&self) -> &str {
        self.text("stdout")
    }

    /// The program's stderr as text.
    pub fn stderr(&self) -> &str {
        self.text("stderr")
    }

    /// The program's stdout as bytes, exactly.
    pub fn stdout_raw(&self) -> Vec<u8> {
        match self.json.get("stdout_base64").and_then(Value::as_str) {
            Some(encoded) => base64::decode(encoded),
            None => self.stdout().as_bytes().to_vec(),
        }
    }

    /// A whole number of the result, such as `stdout_bytes`.
    pub fn number(&self, name: &str) -> u64 {
        self.field(name)
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is no whole number: {self}"))
    }

    /// A truth of the result, such as `stdout_truncated`.
    pub fn flag(&self, name: &str) -> bool {
        self.field(name)
            .as_bool()
            .unwrap_or_else(|| panic!("{name} is no boolean: {self}"))
    }

    /// A number of `usage`, when it was measured.
    pub fn usage(&self, name: &str) -> Option<f64> {
        let usage = self.field("usage");
        usage
            .get(name)
            .unwrap_or_else(|| panic!("usage has no {name}: {self}"))
            .as_f64()
    }

    /// The state of a layer, when the result names it.
    pub fn layer(&self, name: &str) -> Option<String> {
        let layers = self.field("layers").as_array().expect("layers is a list");
        let layer = layers
            .iter()
            .find(|layer| layer.get("name").and_then(Value::as_str) == Some(name))?;
        layer.get("state").and_then(Value::as_str).map(str::to_owned)
    }

    /// The collected files: path and entry.
    pub fn files(&self) -> Vec<(String, Value)> {
        let files = self.field("files").as_array().expect("files is a list");
        let path = |file: &Value| {
            file.get("path")
                .and_then(Value::as_str)
                .expect("a file has a path")
                .to_owned()
        };
        files.iter().map(|file| (path(file), file.clone())).collect()
    }

    /// The content of a collected file, when it came back within the result.
    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        let (_, entry) = self.files().into_iter().find(|(name, _)| name == path)?;
        entry
            .get("content_base64")
            .and_then(Value::as_str)
            .map(base64::decode)
    }

    /// The same outcome, which must be a success.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.status(), "succeeded", "{self}");
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// The same outcome, which must have this status and this exit code of `casemate run`.
    #[track_caller]
    pub fn ended(self, status: &str, code: i32) -> Self {
        assert_eq!((self.status(), self.code), (status, code), "{self}");
        self
    }

    /// Whether the output of `languages --json` names a language that is there.
    pub fn lists_language(listed: &Value, language: &str) -> bool {
        let rows = listed
            .as_array()
            .or_else(|| listed.get("languages").and_then(Value::as_array));
        rows.is_some_and(|rows| {
            rows.iter().any(|row| {
                let named = row.get("name").and_then(Value::as_str) == Some(language);
                named && row.get("available").and_then(Value::as_bool).unwrap_or(true)
            })
        })
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut json = self.json.to_string();
        if json.len() > 4000 {
            let end = (0..=4000)
                .rev()
                .find(|at| json.is_char_boundary(*at))
                .unwrap_or(0);
            json.truncate(end);
        }
        write!(
            to,
            "exit code {} after {:?}\nresult: {json}\nnotes: {}",
            self.code, self.elapsed, self.notes
        )
    }
}
