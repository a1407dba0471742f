//! Here-documents: announced in a line, they stand behind its end.

use super::{Parser, Pending};
use crate::front::shell::syntax::{Part, Quote, Word};

impl Parser<'_> {
    /// Announces a document, and gives its number.
    pub(super) fn announce(&mut self, delimiter: &Word, tabs: bool) -> usize {
        let number = self.documents.len();
        self.documents.push(Word::default());
        let mut quoted = false;
        let mut text = String::new();
        for part in &delimiter.parts {
            if let Part::Literal(literal, quote) = part {
                text.push_str(literal);
                quoted |= *quote == Quote::Quoted;
            }
        }
        self.pending.push(Pending {
            number,
            delimiter: text,
            quoted,
            tabs,
        });
        number
    }

    /// Behind the end of a line: reads what it announced.
    pub(super) fn read_documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let start = self.at;
            let text = self.document_text(&pending);
            let place = self.place(start);
            let parts = if pending.quoted || !text.contains(['$', '`', '\\']) {
                vec![Part::Literal(text, Quote::Quoted)]
            } else {
                self.reread(&text, place, |inner| {
                    let mut parts = Vec::new();
                    inner.quoted_until(&mut parts, None);
                    parts
                })
                .unwrap_or_default()
            };
            if let Some(word) = self.documents.get_mut(pending.number) {
                *word = Word { parts, place };
            }
        }
    }

    fn document_text(&mut self, pending: &Pending) -> String {
        let mut text = String::new();
        loop {
            if self.at >= self.bytes.len() {
                self.error("syntax_error");
                return text;
            }
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let length = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            let mut line = self.slice(self.at, self.at + length);
            self.at = (self.at + length + 1).min(self.bytes.len());
            if pending.tabs {
                line = line.trim_start_matches('\t');
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line == pending.delimiter {
                return text;
            }
            text.push_str(line);
            text.push('\n');
        }
    }
}
