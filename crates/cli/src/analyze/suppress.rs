//! `casemate: ignore[RULE] REASON` in the source keeps a finding from the report: a person looked at it and said why.
//!
//! Only `casemate analyze` heeds it. A program that is handed in to run is its author's word against the host's, so
//! admission never looks here.

use casemate_types::analysis::Finding;

/// The words that begin a suppression.
const MARK: &str = "casemate: ignore[";

/// Why a finding is not to be told, when its line or the one above says so.
pub fn reason<'a>(lines: &[&'a str], finding: &Finding) -> Option<&'a str> {
    let line = finding.location.line as usize;
    let own = line.checked_sub(1).and_then(|at| lines.get(at));
    let above = line.checked_sub(2).and_then(|at| lines.get(at));
    // The line above counts when it is a comment and nothing else.
    let above = above.filter(|text| text.trim_start().starts_with(['#', '/', '-', ';', '*', '%']));
    [own, above]
        .into_iter()
        .flatten()
        .find_map(|text| read(text, &finding.rule))
}

fn read<'a>(line: &'a str, rule: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(MARK)?;
    let (rules, reason) = rest.split_once(']')?;
    let reason = reason.trim().trim_end_matches("*/").trim();
    let is_named = rules.split(',').any(|name| name.trim() == rule);
    (is_named && !reason.is_empty()).then_some(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_needed_and_the_rule_must_be_named() {
        for (line, expected) in [
            ("x()  # casemate: ignore[a.b] it is a test", Some("it is a test")),
            ("x()  // casemate: ignore[c, a.b] both", Some("both")),
            ("x(); /* casemate: ignore[a.b] why */", Some("why")),
            ("x()  # casemate: ignore[a.b]", None),
            ("x()  # casemate: ignore[a] why", None),
            ("x()  # casemate: ignore a.b why", None),
        ] {
            assert_eq!(read(line, "a.b"), expected, "{line}");
        }
    }
}
