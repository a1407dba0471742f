//! The form of a rule as it is written in TOML, and as the build hands it on. No meaning is given to it here.
//!
//! Shared with the build script, so it knows nothing else of this crate.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A file of rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rules, with their places in the file.
    #[serde(default)]
    pub rule: Vec<toml::Spanned<RuleForm>>,
}

/// A rule.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleForm {
    /// Group and name, such as `exec.shell`.
    pub id: String,
    /// One sentence. `{path}` is what was called, imported, read or written, `{text}` the text that matched.
    pub message: String,
    /// `info`, `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// `low`, `medium` or `high`.
    pub confidence: String,
    /// `capability`, `intent` or `weakness`.
    pub axis: String,
    /// What it belongs to, such as `reverse-shell`.
    pub category: String,
    /// Such as 78 for CWE-78.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwe: Option<u32>,
    /// Such as `T1059.006`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// Where it applies; nothing is every language. `javascript` covers TypeScript, and `c` covers C++.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// What to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// A part for other rules to name: it makes no finding by itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub part: bool,
    /// Alternatives, of which any is enough.
    #[serde(rename = "match")]
    pub matches: Vec<ClauseForm>,
    /// By language, programs that it finds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bad: BTreeMap<String, Vec<String>>,
    /// By language, programs in which it finds nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub good: BTreeMap<String, Vec<String>>,
}

/// A condition: on one fact, or on several by `all`, `any` or `then`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClauseForm {
    /// One of these paths is called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub call: Vec<String>,
    /// One of these modules, or a module inside one, is imported.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub import: Vec<String>,
    /// One of these paths is read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// One of these paths is assigned. `name:` stands before a variable, a field or a key that a constant is given to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub write: Vec<String>,
    /// One of these would run code that was found inside other code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inner: Vec<String>,
    /// A text in the source, put together, or decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextForm>,
    /// One of these made something unreadable.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<String>,
    /// A loop that nothing known ends.
    #[serde(skip_serializing_if = "is_false")]
    pub endless_loop: bool,
    /// Data of an outsider reaches one of these sinks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flow: Vec<String>,
    /// One of these rules found something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<String>,

    /// Of a call or an assignment: what must hold of what is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<ArgumentForm>,
    /// Of a call: the last name of its path and its known arguments, with single spaces between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<TextForm>,
    /// Of one fact: it was reached by decoding, or what is given to it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Of one fact: it happens whenever the program starts.
    #[serde(skip_serializing_if = "is_false")]
    pub start: bool,

    /// Each of these holds. A finding stands where the first does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<ClauseForm>,
    /// One of these holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<ClauseForm>,
    /// Each of these holds, and in this order. A finding stands where the last does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<ClauseForm>,
    /// Of `any`: so many of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<usize>,
    /// None of these holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not: Vec<ClauseForm>,
    /// Of an alternative with several facts: `program` (which is meant without it), `file` or `function`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// What a text must be: any of these, and `longer`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextForm {
    /// It has one of these in it, in any case of letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// It is one of these, letter for letter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub equals: Vec<String>,
    /// It begins with one of these, in any case of letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<String>,
    /// It ends with one of these, in any case of letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<String>,
    /// One of these regular expressions, over bytes, is found in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regex: Vec<String>,
    /// The expressions are tried only where one of these is in the text, in any case of letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// It has more bytes than so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longer: Option<usize>,
    /// It has fewer bytes than so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shorter: Option<usize>,
}

/// What must hold of one argument: all of what is said. Without a place and a name, any argument may be the one.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ArgumentForm {
    /// Its place among those that are given by place, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// Its name; with a place, either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its text, or one of its items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextForm>,
    /// What it is or came from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The sources that reach it; `*` is any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tainted_by: Vec<String>,
    /// Its number or truth value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<f64>,
    /// Its number is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Its number is greater.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Whether its text or number is wholly known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<bool>,
    /// Whether it was hidden behind decodings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// It is not given. Alone with a place or a name.
    #[serde(skip_serializing_if = "is_false")]
    pub missing: bool,
    /// The rest must not hold of any argument that is meant; it holds where there is none.
    #[serde(skip_serializing_if = "is_false")]
    pub not: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(value: &bool) -> bool {
    !*value
}
