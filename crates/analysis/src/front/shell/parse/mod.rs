//! The parser: from the text of a script to its tree, by recursive descent over the bytes, as the shell itself reads.
//!
//! It never fails: what it does not understand it notes and steps over. Every step forward is bounded by the text, every step
//! down by [`DEPTH`], so that the cost is linear and the stack small.

mod arithmetic;
mod braces;
mod command;
mod compound;
mod expansion;
mod heredoc;
mod quote;
mod redirect;
mod word;

pub(super) use braces::{PIECES, expand as expand_braces};
pub(super) use command::is_name;
pub(super) use compound::constant;

use super::syntax::{Arith, List, Place, Uses, Word};
use rustc_hash::FxHashSet;

/// How deep commands, substitutions and expressions may nest.
const DEPTH: u16 = 60;

/// Bytes of text inside backticks and such, which are copied and read again, for the whole file.
const REREAD_BYTES: usize = 1 << 20;

/// A script that was read.
pub(super) struct Script {
    /// What it does.
    pub(super) list: List,
    /// The here-documents, to which redirections refer.
    pub(super) documents: Vec<Word>,
    /// How it uses names.
    pub(super) uses: Uses,
    /// Where it could not be read.
    pub(super) errors: Vec<(&'static str, Place)>,
}

/// Reads a script.
pub(super) fn script(text: &str) -> Script {
    let mut parser = Parser::new(text);
    let list = parser.top_level();
    Script {
        list,
        documents: parser.documents,
        uses: parser.uses,
        errors: parser.errors,
    }
}

/// Reads an arithmetic expression that stands alone.
pub(super) fn arithmetic(text: &str) -> Arith {
    Parser::new(text).arithmetic_until(b"")
}

/// A here-document that is announced and stands behind the end of the line.
struct Pending {
    number: usize,
    delimiter: String,
    quoted: bool,
    tabs: bool,
}

/// The state of reading.
struct Parser<'text> {
    text: &'text str,
    bytes: &'text [u8],
    at: usize,
    depth: u16,
    pending: Vec<Pending>,
    documents: Vec<Word>,
    uses: Uses,
    errors: Vec<(&'static str, Place)>,
    /// Of a piece that is read again, where it stands in the file.
    origin: Option<Place>,
    reread_left: usize,
    /// From here on no single quote ends.
    no_quote_from: usize,
    /// Where `$((` turned out to be a command, so that it is tried once.
    not_arithmetic: FxHashSet<usize>,
}

impl<'text> Parser<'text> {
    fn new(text: &'text str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: 0,
            pending: Vec::new(),
            documents: Vec::new(),
            uses: Uses::default(),
            errors: Vec::new(),
            origin: None,
            reread_left: REREAD_BYTES,
            no_quote_from: usize::MAX,
            not_arithmetic: FxHashSet::default(),
        }
    }

    /// Reads everything; what closes nothing is stepped over.
    fn top_level(&mut self) -> List {
        let mut list = Vec::new();
        loop {
            list.append(&mut self.list());
            if self.at >= self.bytes.len() {
                self.read_documents();
                return list;
            }
            self.error("syntax_error");
            let before = self.at;
            if self.word().is_none() || self.at == before {
                self.at = before + 1;
                self.align();
            }
        }
    }

    /// Reads a piece of text that is no slice of the file, such as what backticks hold once their escapes are removed.
    fn reread<T>(&mut self, text: &str, place: Place, read: impl FnOnce(&mut Parser<'_>) -> T) -> Option<T> {
        if self.depth >= DEPTH || text.len() > self.reread_left {
            self.error("too_deep");
            return None;
        }
        self.reread_left -= text.len();
        let mut inner = Parser::new(text);
        inner.depth = self.depth + 1;
        inner.origin = Some(self.origin.unwrap_or(place));
        inner.reread_left = self.reread_left;
        inner.documents = std::mem::take(&mut self.documents);
        inner.uses = std::mem::take(&mut self.uses);
        inner.errors = std::mem::take(&mut self.errors);
        let result = read(&mut inner);
        self.reread_left = inner.reread_left;
        self.documents = inner.documents;
        self.uses = inner.uses;
        self.errors = inner.errors;
        Some(result)
    }

    /// Goes one level down, unless that is too deep; then the rest of the line is stepped over.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.error("too_deep");
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        Some(result)
    }

    fn error(&mut self, what: &'static str) {
        if self.errors.len() < 32 {
            let place = self.place(self.at);
            self.errors.push((what, place));
        }
    }

    /// From a byte to where the parser stands, in the file.
    fn place(&self, start: usize) -> Place {
        self.origin.unwrap_or_else(|| Place {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(self.at.max(start)).unwrap_or(u32::MAX),
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn looking_at(&self, text: &str) -> bool {
        self.bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    /// Steps over a text, if it is there.
    fn take(&mut self, text: &str) -> bool {
        let found = self.looking_at(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Steps to the next boundary of a character.
    fn align(&mut self) {
        while self.at < self.bytes.len() && !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// The text of a range, whose ends lie on boundaries of characters.
    fn slice(&self, start: usize, end: usize) -> &'text str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Steps over blanks, continued lines and comments, but not over the end of the line.
    fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') if self.peek_at(1) == Some(b'\n') => self.at += 1,
                Some(b'\\') if self.peek_at(1) == Some(b'\n') => self.at += 2,
                Some(b'\\') if self.looking_at("\\\r\n") => self.at += 3,
                Some(b'#') => {
                    let rest = self.bytes.get(self.at..).unwrap_or(&[]);
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Steps over blanks and ends of lines, and reads the documents that stand behind these.
    fn lines(&mut self) {
        loop {
            self.blanks();
            if self.peek() != Some(b'\n') {
                return;
            }
            self.at += 1;
            self.read_documents();
        }
    }
}
