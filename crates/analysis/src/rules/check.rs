//! Says what is wrong with rules before anything is made of them. Shared with the build script: a broken rule of ours
//! fails the build, a broken rule of a user's is told with its line.

use super::form::{ArgumentForm, ClauseForm, RuleFile, RuleForm, TextForm};
use casemate_types::analysis::{Axis, Confidence, Severity};
use regex_syntax::ParserBuilder;

/// Bytes of one file of rules.
pub const MAX_FILE_BYTES: usize = 1 << 20;
/// Rules of one file.
pub const MAX_RULES: usize = 1000;
/// Conditions of one rule, at every depth.
const MAX_CLAUSES: usize = 200;
/// Characters of one expression.
const MAX_REGEX: usize = 1000;
/// Wildcards of one path: matching goes back to them.
const MAX_STARS: usize = 6;
/// Choices of one path: each multiplies it.
const MAX_BRACES: usize = 3;
/// A shorter needle is found everywhere.
const MIN_NEEDLE: usize = 3;

const LANGUAGES: [&str; 14] = [
    "python",
    "javascript",
    "typescript",
    "bash",
    "c",
    "cpp",
    "rust",
    "go",
    "java",
    "ruby",
    "php",
    "perl",
    "lua",
    "r",
];

/// A file of rules that cannot be used: where, and why.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct RuleError {
    /// The file's name as given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads a file of rules.
///
/// # Errors
/// With the line and the reason, when the file is too large, is no TOML, or a rule of it makes no sense.
pub fn read(file: &str, text: &str) -> Result<Vec<RuleForm>, RuleError> {
    let fault = |line: usize, reason: String| RuleError {
        file: file.to_owned(),
        line,
        reason,
    };
    if text.len() > MAX_FILE_BYTES {
        return Err(fault(1, format!("more than {MAX_FILE_BYTES} bytes")));
    }
    let parsed: RuleFile = toml::from_str(text).map_err(|e| {
        let line = line_of(text, e.span().map_or(0, |span| span.start));
        fault(line, e.message().replace('\n', " "))
    })?;
    if parsed.rule.len() > MAX_RULES {
        return Err(fault(1, format!("more than {MAX_RULES} rules")));
    }
    let mut rules: Vec<RuleForm> = Vec::with_capacity(parsed.rule.len());
    for spanned in parsed.rule {
        let line = line_of(text, spanned.span().start);
        let rule = spanned.into_inner();
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(fault(line, format!("rule `{}` is there twice", rule.id)));
        }
        check(&rule).map_err(|reason| fault(line, format!("rule `{}`: {reason}", rule.id)))?;
        rules.push(rule);
    }
    Ok(rules)
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn check(rule: &RuleForm) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if !rule.id.contains('.') || rule.id.len() > 80 || !rule.id.chars().all(plain) {
        return Err("an id is a group, a point and a name of small letters, digits and hyphens".to_owned());
    }
    word(
        "severity",
        &rule.severity,
        Severity::from_word(&rule.severity).is_some(),
    )?;
    word(
        "confidence",
        &rule.confidence,
        Confidence::from_word(&rule.confidence).is_some(),
    )?;
    word("axis", &rule.axis, Axis::from_word(&rule.axis).is_some())?;
    if rule.message.is_empty() || rule.message.len() > 300 {
        return Err("a message has 1 to 300 bytes".to_owned());
    }
    if rule.category.is_empty() {
        return Err("the category is empty".to_owned());
    }
    let named = rule
        .languages
        .iter()
        .chain(rule.good.keys())
        .chain(rule.bad.keys());
    for language in named {
        word("language", language, LANGUAGES.contains(&language.as_str()))?;
    }
    if rule.matches.is_empty() {
        return Err("`match` is empty".to_owned());
    }
    let mut budget = MAX_CLAUSES;
    rule.matches
        .iter()
        .try_for_each(|clause| check_clause(clause, &mut budget))
}

fn word(what: &str, given: &str, known: bool) -> Result<(), String> {
    if known {
        Ok(())
    } else {
        Err(format!("`{given}` is no {what}"))
    }
}

fn check_clause(clause: &ClauseForm, budget: &mut usize) -> Result<(), String> {
    *budget = budget
        .checked_sub(1)
        .ok_or_else(|| format!("more than {MAX_CLAUSES} conditions"))?;
    let paths = [
        &clause.call,
        &clause.import,
        &clause.read,
        &clause.write,
        &clause.inner,
    ];
    let several = [&clause.all, &clause.any, &clause.then];
    let kinds = paths.iter().filter(|list| !list.is_empty()).count()
        + several.iter().filter(|list| !list.is_empty()).count()
        + usize::from(clause.text.is_some())
        + usize::from(!clause.unreadable.is_empty())
        + usize::from(clause.endless_loop)
        + usize::from(!clause.flow.is_empty())
        + usize::from(!clause.rule.is_empty());
    if kinds != 1 {
        return Err(format!(
            "a condition says one of `call`, `import`, `read`, `write`, `inner`, `text`, `unreadable`, \
             `endless_loop`, `flow`, `rule`, `all`, `any`, `then`; here {kinds} are said"
        ));
    }
    paths
        .iter()
        .flat_map(|list| list.iter())
        .try_for_each(|path| check_path(path))?;
    if !clause.arguments.is_empty() && clause.call.is_empty() && clause.write.is_empty() {
        return Err("`arguments` belong to `call` or `write`".to_owned());
    }
    if clause.line.is_some() && clause.call.is_empty() {
        return Err("`line` belongs to `call`".to_owned());
    }
    if clause.at_least.is_some_and(|n| n < 2 || n > clause.any.len()) {
        return Err(
            "`at_least` belongs to `any`, and is between 2 and the number of its conditions".to_owned(),
        );
    }
    if let Some(within) = &clause.within {
        word(
            "scope",
            within,
            ["program", "file", "function"].contains(&within.as_str()),
        )?;
    }
    clause.arguments.iter().try_for_each(check_argument)?;
    clause.line.iter().try_for_each(check_text)?;
    if let Some(text) = &clause.text {
        check_text(text)?;
        check_needles(text)?;
    }
    several
        .into_iter()
        .chain([&clause.not])
        .flatten()
        .try_for_each(|inner| check_clause(inner, budget))
}

fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() || path.len() > 400 {
        return Err("a path has 1 to 400 bytes".to_owned());
    }
    if stars(path) > MAX_STARS {
        return Err(format!("`{path}` has more than {MAX_STARS} stars"));
    }
    if path.matches('{').count() != path.matches('}').count() || path.matches('{').count() > MAX_BRACES {
        return Err(format!(
            "`{path}`: at most {MAX_BRACES} times `{{a,b}}`, and closed"
        ));
    }
    Ok(())
}

/// The most stars that one choice of a path has.
fn stars(path: &str) -> usize {
    let count = |text: &str| text.matches('*').count();
    match path.split_once('{').and_then(|(before, rest)| {
        rest.split_once('}')
            .map(|(inside, after)| (before, inside, after))
    }) {
        Some((before, inside, after)) => {
            count(before) + inside.split(',').map(count).max().unwrap_or(0) + stars(after)
        }
        None => count(path),
    }
}

fn check_argument(argument: &ArgumentForm) -> Result<(), String> {
    let says = argument.text.is_some()
        || !argument.paths.is_empty()
        || !argument.tainted_by.is_empty()
        || argument.number.is_some()
        || argument.below.is_some()
        || argument.above.is_some()
        || argument.constant.is_some()
        || argument.hidden.is_some();
    if argument.missing && (says || argument.not) {
        return Err("`missing` stands alone with a place or a name".to_owned());
    }
    if argument.missing && argument.place.is_none() && argument.name.is_none() {
        return Err("`missing` needs a place or a name".to_owned());
    }
    argument.paths.iter().try_for_each(|path| check_path(path))?;
    argument.text.iter().try_for_each(check_text)
}

fn check_text(text: &TextForm) -> Result<(), String> {
    let literals = [
        &text.contains,
        &text.equals,
        &text.starts,
        &text.ends,
        &text.needs,
    ];
    let empty = literals.iter().all(|list| list.is_empty()) && text.regex.is_empty();
    if empty && text.longer.is_none() && text.shorter.is_none() {
        return Err("a text says nothing".to_owned());
    }
    if literals.iter().flat_map(|list| list.iter()).any(String::is_empty) {
        return Err("an empty text is found everywhere".to_owned());
    }
    if text.regex.is_empty() && !text.needs.is_empty() {
        return Err("`needs` belongs to `regex`".to_owned());
    }
    text.regex.iter().try_for_each(|regex| {
        if regex.len() > MAX_REGEX {
            return Err(format!("an expression has more than {MAX_REGEX} bytes"));
        }
        let mut parser = ParserBuilder::new()
            .utf8(false)
            .unicode(false)
            .nest_limit(32)
            .build();
        let parsed = parser.parse(regex);
        parsed
            .map(|_| ())
            .map_err(|e| format!("`{regex}`: {}", one_line(&e.to_string())))
    })
}

/// Texts are many: each is gone through once for all needles of all rules, and no rule may ask to see every text.
fn check_needles(text: &TextForm) -> Result<(), String> {
    let long = text.longer.is_some_and(|longer| longer >= 200);
    if !text.regex.is_empty() && text.needs.is_empty() && !long {
        return Err(
            "here `regex` needs `needs`: texts of which one is there whenever it matches; or `longer`"
                .to_owned(),
        );
    }
    let lists = [
        &text.contains,
        &text.equals,
        &text.starts,
        &text.ends,
        &text.needs,
    ];
    if lists.iter().all(|list| list.is_empty()) && !long {
        return Err("here a text needs a literal, or to be longer than 200 or more".to_owned());
    }
    match lists
        .iter()
        .flat_map(|list| list.iter())
        .find(|literal| literal.len() < MIN_NEEDLE)
    {
        Some(short) => Err(format!("`{short}` is shorter than {MIN_NEEDLE} bytes")),
        None => Ok(()),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The line of a rule's id in its file.
pub fn line_of_rule(text: &str, id: &str) -> usize {
    let quoted = format!("\"{id}\"");
    let at = text
        .lines()
        .position(|line| line.trim_start().starts_with("id") && line.contains(&quoted));
    at.map_or(1, |at| at + 1)
}
