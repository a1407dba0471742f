//! Python 2, translated as far as its statements differ: `print x`, `exec x in y`, `except X, e`, `raise X, y`,
//! backticks, `<>`, `ur""`, `0777`, `10L`, tabs beside spaces.

use super::position::{Edits, Positions};
use ruff_python_ast::token::{Token, TokenKind, Tokens};
use ruff_text_size::Ranged;

const SPACES: &str = "                                                                ";

/// Translates a text that did not parse; none when nothing of it looks like Python 2.
pub(super) fn translate(text: &str, tokens: &Tokens) -> Option<(String, Positions)> {
    let tokens: Vec<Token> = tokens
        .iter()
        .filter(|token| !matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline))
        .copied()
        .collect();
    let mut translator = Translator {
        text,
        tokens: &tokens,
        edits: Edits::default(),
    };
    translator.statements();
    translator.words();
    translator.tabs();
    if translator.edits.is_empty() {
        return None;
    }
    Some(translator.edits.apply(text))
}

struct Translator<'a> {
    text: &'a str,
    tokens: &'a [Token],
    edits: Edits,
}

impl Translator<'_> {
    fn word(&self, index: usize) -> &str {
        self.tokens
            .get(index)
            .and_then(|token| self.text.get(start(token)..end(token)))
            .unwrap_or("")
    }

    fn kind(&self, index: usize) -> TokenKind {
        self.tokens
            .get(index)
            .map_or(TokenKind::EndOfFile, |token| token.kind())
    }

    /// The first token from an index on that stands outside of brackets and is wanted, or ends the statement.
    fn find(&self, from: usize, wanted: TokenKind) -> Result<usize, usize> {
        let mut depth = 0_u32;
        let mut index = from;
        loop {
            let kind = self.kind(index);
            match kind {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.saturating_sub(1),
                TokenKind::EndOfFile | TokenKind::Newline => return Err(index),
                TokenKind::Semi if depth == 0 => return Err(index),
                _ if depth == 0 && kind == wanted => return Ok(index),
                _ => {}
            }
            index += 1;
        }
    }

    fn statements(&mut self) {
        let mut at_start = true;
        let mut head = false;
        let mut depth = 0_u32;
        for index in 0..self.tokens.len() {
            let kind = self.kind(index);
            if at_start && !matches!(kind, TokenKind::Indent | TokenKind::Dedent) {
                at_start = false;
                head = is_head(kind);
                self.statement(index);
            }
            match kind {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => depth = depth.saturating_sub(1),
                TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent => {
                    at_start = true;
                    depth = 0;
                }
                TokenKind::Semi => at_start = true,
                TokenKind::Colon if head && depth == 0 => {
                    at_start = true;
                    head = false;
                }
                _ => {}
            }
        }
    }

    fn statement(&mut self, index: usize) {
        match self.kind(index) {
            TokenKind::Name if self.word(index) == "print" => self.print(index),
            TokenKind::Name if self.word(index) == "exec" => self.exec(index),
            TokenKind::Except => {
                let colon = self.find(index, TokenKind::Colon).unwrap_or(usize::MAX);
                if let Ok(comma) = self.find(index, TokenKind::Comma)
                    && comma < colon
                {
                    self.replace(comma, " as ");
                }
            }
            TokenKind::Raise => {
                if let Ok(comma) = self.find(index, TokenKind::Comma) {
                    self.replace(comma, "(");
                    self.close(index);
                }
            }
            _ => {}
        }
    }

    fn print(&mut self, index: usize) {
        match self.kind(index + 1) {
            TokenKind::RightShift => {
                self.replace_range(index, index + 1, "(");
                match self.find(index + 2, TokenKind::Comma) {
                    Ok(comma) => {
                        self.replace(comma, ").write((");
                        self.close_with(index, "))");
                    }
                    Err(_) => self.close_with(index, ").write(\"\\n\")"),
                }
            }
            TokenKind::Lpar if self.ends_with_call(index + 1) => {}
            kind if starts_expression(kind) => {
                self.open(index);
                self.close(index);
            }
            _ => {}
        }
    }

    fn exec(&mut self, index: usize) {
        if (self.kind(index + 1) == TokenKind::Lpar && self.ends_with_call(index + 1))
            || !starts_expression(self.kind(index + 1))
        {
            return;
        }
        self.open(index);
        if let Ok(place) = self.find(index + 1, TokenKind::In) {
            self.replace(place, ",");
        }
        self.close(index);
    }

    /// Whether the bracket that opens here closes at the statement's end.
    fn ends_with_call(&self, open: usize) -> bool {
        let mut depth = 0_u32;
        for index in open..self.tokens.len() {
            match self.kind(index) {
                TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
                TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        let next = self.kind(index + 1);
                        return matches!(next, TokenKind::Newline | TokenKind::Semi | TokenKind::EndOfFile);
                    }
                }
                TokenKind::Newline | TokenKind::EndOfFile => return false,
                _ => {}
            }
        }
        false
    }

    /// A bracket in place of the blank behind a word.
    fn open(&mut self, index: usize) {
        if let (Some(word), Some(next)) = (self.tokens.get(index), self.tokens.get(index + 1)) {
            self.edits.replace(end(word), start(next), "(");
        }
    }

    fn close(&mut self, index: usize) {
        self.close_with(index, ")");
    }

    /// Puts brackets at the end of the statement.
    fn close_with(&mut self, index: usize, text: &'static str) {
        let behind = match self.find(index, TokenKind::EndOfFile) {
            Ok(behind) | Err(behind) => behind,
        };
        if let Some(last) = behind.checked_sub(1).and_then(|last| self.tokens.get(last)) {
            self.edits.insert(end(last), text);
        }
    }

    fn replace(&mut self, index: usize, text: &'static str) {
        self.replace_range(index, index, text);
    }

    fn replace_range(&mut self, first: usize, last: usize, text: &'static str) {
        if let (Some(first), Some(last)) = (self.tokens.get(first), self.tokens.get(last)) {
            self.edits.replace(start(first), end(last), text);
        }
    }

    /// What differs within expressions.
    fn words(&mut self) {
        let mut quoted = false;
        for index in 0..self.tokens.len() {
            let touches = match (self.tokens.get(index), self.tokens.get(index + 1)) {
                (Some(token), Some(next)) => end(token) == start(next),
                _ => false,
            };
            let next = self.kind(index + 1);
            match self.kind(index) {
                TokenKind::Less if touches && next == TokenKind::Greater => {
                    self.replace_range(index, index + 1, "!=");
                }
                TokenKind::Unknown if self.word(index) == "`" => {
                    self.replace(index, if quoted { ")" } else { "repr(" });
                    quoted = !quoted;
                }
                TokenKind::Name if touches && next == TokenKind::String && is_ur(self.word(index)) => {
                    self.replace(index, "r");
                }
                TokenKind::Int | TokenKind::Unknown
                    if touches && matches!(self.word(index + 1), "L" | "l") =>
                {
                    self.octal(index);
                    self.replace(index + 1, "");
                }
                TokenKind::Int | TokenKind::Unknown => self.octal(index),
                _ => {}
            }
        }
    }

    fn octal(&mut self, index: usize) {
        let word = self.word(index);
        let is_octal = word.len() > 1
            && word.starts_with('0')
            && word.bytes().all(|byte| (b'0'..=b'7').contains(&byte))
            && word.bytes().any(|byte| byte != b'0');
        if let (true, Some(token)) = (is_octal, self.tokens.get(index)) {
            self.edits.replace(start(token), start(token) + 1, "0o");
        }
    }

    /// A tab goes to the next eighth column, where tabs and spaces are mixed.
    fn tabs(&mut self) {
        if !(self.text.contains("\n\t") && self.text.contains("\n ")) {
            return;
        }
        let mut offset = 0;
        for line in self.text.split_inclusive('\n') {
            let blank = line
                .bytes()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            let lead = line.get(..blank).unwrap_or("");
            if lead.contains('\t') {
                let columns = lead.bytes().fold(0, |column, byte| match byte {
                    b'\t' => (column / 8 + 1) * 8,
                    _ => column + 1,
                });
                let spaces = SPACES.get(..columns).unwrap_or(SPACES);
                self.edits.replace(offset, offset + blank, spaces);
            }
            offset += line.len();
        }
    }
}

fn start(token: &Token) -> usize {
    token.range().start().into()
}

fn end(token: &Token) -> usize {
    token.range().end().into()
}

fn is_ur(word: &str) -> bool {
    matches!(word, "ur" | "uR" | "Ur" | "UR")
}

/// Whether a colon may come before another statement on the same line.
fn is_head(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::If
            | TokenKind::Elif
            | TokenKind::Else
            | TokenKind::For
            | TokenKind::While
            | TokenKind::Try
            | TokenKind::Except
            | TokenKind::Finally
            | TokenKind::With
            | TokenKind::Def
            | TokenKind::Class
    )
}

fn starts_expression(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Complex
            | TokenKind::String
            | TokenKind::FStringStart
            | TokenKind::Lpar
            | TokenKind::Lsqb
            | TokenKind::Lbrace
            | TokenKind::Minus
            | TokenKind::Not
            | TokenKind::None
            | TokenKind::True
            | TokenKind::False
            | TokenKind::Lambda
            | TokenKind::Unknown
    )
}
