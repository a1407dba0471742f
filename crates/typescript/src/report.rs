//! Diagnostics as a person reads them: `file:line:column`, the line, and a caret below the place.
//!
//! `strip` collects them here. Sources are hostile: a report shows a bounded part of a bounded number.

use oxc_diagnostics::OxcDiagnostic;
use oxc_span::LabeledSpan;
use std::fmt::Write as _;

/// Diagnostics that are written out; of the rest only the number is told.
const SHOWN_LIMIT: usize = 20;
/// Characters of a line that are shown, around the place.
const LINE_LIMIT: usize = 100;

/// Diagnostics of any number of files.
#[derive(Debug, Default)]
pub(crate) struct Report {
    text: String,
    count: usize,
}

impl Report {
    /// Adds a diagnostic of a file.
    pub(crate) fn add(&mut self, path: &str, source: &str, diagnostic: &OxcDiagnostic) {
        self.count += 1;
        if self.count > SHOWN_LIMIT {
            return;
        }
        let first = diagnostic.labels.first().map(|label| Place::of(source, label));
        let (line, column) = first.as_ref().map_or((1, 1), |place| (place.line, place.column));
        let message = &diagnostic.message;
        // Writing to a string cannot fail.
        _ = writeln!(self.text, "{path}:{line}:{column}: error: {message}");
        for label in &diagnostic.labels {
            self.snippet(&Place::of(source, label), label.label().unwrap_or_default());
        }
        if let Some(help) = &diagnostic.help {
            _ = writeln!(self.text, "     = help: {help}");
        }
    }

    fn snippet(&mut self, place: &Place, label: &str) {
        let (number, before, marked) = (place.line, place.before, place.marked);
        _ = writeln!(self.text, "{number:>4} | {}", place.text);
        let line = format!("     | {}{} {label}", " ".repeat(before), "^".repeat(marked));
        _ = writeln!(self.text, "{}", line.trim_end());
    }

    /// The whole report; nothing when there was no diagnostic.
    pub(crate) fn finish(mut self) -> Option<String> {
        if self.count > SHOWN_LIMIT {
            _ = writeln!(self.text, "and {} more", self.count - SHOWN_LIMIT);
        }
        (self.count > 0).then_some(self.text)
    }
}

/// A place in a source, with as much of its line as is shown.
struct Place {
    line: usize,
    column: usize,
    text: String,
    /// Characters shown before the marked ones.
    before: usize,
    marked: usize,
}

impl Place {
    fn of(source: &str, label: &LabeledSpan) -> Self {
        let at = floor(source, label.offset() as usize);
        let end = floor(source, at.saturating_add(label.len() as usize));
        let start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let stop = source[at..]
            .find('\n')
            .map_or(source.len(), |newline| at + newline);
        let column = source[start..at].chars().count();
        let first = column.saturating_sub(LINE_LIMIT / 2);
        let shown = source[start..stop].chars().skip(first).take(LINE_LIMIT);
        let text: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        let before = column - first;
        let marked = source[at..end.min(stop).max(at)].chars().take(LINE_LIMIT).count();
        let room = text.chars().count().saturating_sub(before);
        Self {
            line: source[..at].matches('\n').count() + 1,
            column: column + 1,
            text: text.trim_end().to_owned(),
            before,
            marked: marked.min(room).max(1),
        }
    }
}

/// The nearest place at or before an offset where a character begins.
fn floor(source: &str, offset: usize) -> usize {
    let offset = offset.min(source.len());
    (0..=offset)
        .rev()
        .find(|at| source.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxc_span::Span;
    use proptest::prelude::*;

    fn report(source: &str, from: u32, to: u32) -> String {
        let mut report = Report::default();
        let diagnostic = OxcDiagnostic::error("bad").with_label(Span::new(from, to));
        report.add("a.ts", source, &diagnostic);
        report.finish().unwrap()
    }

    #[test]
    fn a_place_is_shown_with_its_line_and_a_caret() {
        assert_eq!(
            report("let a;\nlet ü = ;\n", 16, 17),
            "a.ts:2:9: error: bad\n   2 | let ü = ;\n     |         ^\n"
        );
        assert_eq!(
            report("", 0, 0),
            "a.ts:1:1: error: bad\n   1 |\n     | ^\n".replace("1 |\n", "1 | \n")
        );
        assert!(report("a\nbcd\ne", 2, 7).contains("2 | bcd\n     | ^^^\n"));
    }

    #[test]
    fn a_report_is_bounded() {
        let long = "x".repeat(1 << 16);
        assert!(report(&long, 40_000, 50_000).len() < 500);
        let mut many = Report::default();
        for _ in 0..100 {
            many.add("a.ts", "", &OxcDiagnostic::error("bad"));
        }
        let text = many.finish().unwrap();
        assert_eq!(text.lines().count(), SHOWN_LIMIT + 1);
        assert!(text.ends_with("and 80 more\n"));
        assert!(Report::default().finish().is_none());
    }

    proptest! {
        #[test]
        fn any_place_is_survived(source in "[a-zä\n\t]{0,40}", from in 0u32..60, length in 0u32..60) {
            prop_assert!(report(&source, from, from + length).starts_with("a.ts:"));
        }
    }
}
