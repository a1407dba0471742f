//! Secrets that are known by their form.

use regex_automata::meta::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// A kind, and its expression. Where it has a group, the group alone is the secret.
const PATTERNS: &[(&str, &str)] = &[
    ("casemate_key", r"csm_[0-9A-Za-z]{20,32}_[0-9A-Za-z_-]{20,64}"),
    (
        "aws_access_key",
        r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16}\b",
    ),
    ("github_token", r"\bgh[pousr]_[0-9A-Za-z]{30,255}"),
    ("github_token", r"\bgithub_pat_[0-9A-Za-z_]{40,255}"),
    ("gitlab_token", r"\bglpat-[0-9A-Za-z_-]{20,64}"),
    ("slack_token", r"\bxox[abeprs]-[0-9A-Za-z-]{10,255}"),
    ("google_key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("stripe_key", r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,255}"),
    (
        "openai_key",
        r"\bsk-(?:proj-|ant-[0-9a-z]+-)?[0-9A-Za-z_-]{24,255}",
    ),
    ("npm_token", r"\bnpm_[0-9A-Za-z]{36}"),
    ("pypi_token", r"\bpypi-[0-9A-Za-z_-]{50,255}"),
    ("age_key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}"),
    (
        "jwt",
        r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*",
    ),
    (
        "private_key",
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.{0,16384}?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)",
    ),
    (
        "password",
        r#"\b[A-Za-z][0-9A-Za-z+.-]{1,30}://[^\s/:@'"<>]{0,128}:([^\s/@'"<>]{1,256})@"#,
    ),
    (
        "password",
        r#"(?i)\b(?:pwd|password|accountkey|sharedaccesskey)=([^\s;&'"]{4,256})"#,
    ),
    ("bearer_token", r"(?i)\bbearer\s+([0-9A-Za-z._~+/-]{16,512}=*)"),
    (
        "basic_credentials",
        r"(?i)\bauthorization:\s*basic\s+([0-9A-Za-z+/]{8,512}=*)",
    ),
    (
        "assigned_secret",
        r#"(?i)(?:passwd|password|passphrase|secret|token|api_?key|access_?key|private_?key|credential)[0-9a-z_]{0,24}["']?\s{0,4}(?::=|=>|=|:)\s{0,4}["']([^"'\s]{6,256})["']"#,
    ),
];

static ALL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let expressions: Vec<&str> = PATTERNS.iter().map(|(_, expression)| *expression).collect();
    let syntax = regex_automata::util::syntax::Config::new()
        .unicode(false)
        .utf8(false);
    Regex::builder().syntax(syntax).build_many(&expressions).ok()
});

/// Every place with a secret of a known form.
pub(super) fn find(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let Some(all) = &*ALL else {
        // Expressions that do not compile are a fault of ours, which tests see; nothing is written unread then.
        return vec![(0..text.len(), "unread")];
    };
    let mut found = Vec::new();
    if !all.is_match(text) {
        return found;
    }
    for captures in all.captures_iter(text) {
        let (Some(whole), Some(pattern)) = (captures.get_match(), captures.pattern()) else {
            continue;
        };
        let secret = captures.get_group(1).map_or(whole.range(), |group| group.range());
        let kind = PATTERNS[pattern.as_usize()].0;
        // Expressions are over bytes: the ends of a secret must be those of characters.
        if text.is_char_boundary(secret.start) && text.is_char_boundary(secret.end) {
            found.push((secret, kind));
        } else {
            found.push((boundaries(text, secret), kind));
        }
    }
    found
}

fn boundaries(text: &str, range: Range<usize>) -> Range<usize> {
    let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at));
    let end = (range.end..=text.len()).find(|at| text.is_char_boundary(*at));
    start.unwrap_or(0)..end.unwrap_or(text.len())
}
