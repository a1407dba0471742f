//! Lists, pipelines and simple commands.

use super::Parser;
use super::expansion::{is_name_byte, is_name_start};
use super::word::is_end;
use crate::front::shell::syntax::{
    AndOr, Assignment, Command, Junction, List, Node, Pipeline, Redirect, Value, Word,
};

/// Words that end the list before them.
const CLOSING: [&str; 9] = ["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"];

impl Parser<'_> {
    /// Commands to what ends a list: a closing word or parenthesis, `;;`, the end.
    pub(super) fn list(&mut self) -> List {
        let mut list = Vec::new();
        loop {
            self.lines();
            match self.peek() {
                None | Some(b')') => break,
                Some(b';') if self.list_item_ends() => break,
                // Empty commands are an error of the shell, and nothing to us.
                Some(b';' | b'&') => {
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            if self.closing_word() {
                break;
            }
            let before = self.at;
            match self.and_or() {
                Some(item) => list.push(item),
                None => break,
            }
            if self.at == before {
                break;
            }
            self.blanks();
            if matches!(self.peek(), Some(b'&')) || (self.peek() == Some(b';') && !self.list_item_ends()) {
                self.at += 1;
            }
        }
        list
    }

    /// `;;`, `;&`, `;;&`.
    pub(super) fn list_item_ends(&self) -> bool {
        self.peek() == Some(b';') && matches!(self.peek_at(1), Some(b';' | b'&'))
    }

    fn closing_word(&self) -> bool {
        CLOSING.iter().any(|word| *word != "in" && self.at_keyword(word))
    }

    /// Whether a keyword stands here, as a word of its own.
    pub(super) fn at_keyword(&self, word: &str) -> bool {
        self.looking_at(word) && self.peek_at(word.len()).is_none_or(is_end)
    }

    /// Steps over a keyword, if it stands here.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let found = self.at_keyword(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn and_or(&mut self) -> Option<AndOr> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks();
            let junction = if self.take("&&") {
                Junction::And
            } else if self.take("||") {
                Junction::Or
            } else {
                break;
            };
            self.lines();
            match self.pipeline() {
                Some(pipeline) => rest.push((junction, pipeline)),
                None => {
                    self.error("syntax_error");
                    break;
                }
            }
        }
        Some(AndOr { first, rest })
    }

    fn pipeline(&mut self) -> Option<Pipeline> {
        let mut negated = false;
        self.blanks();
        while self.keyword("!") {
            negated = !negated;
            self.blanks();
        }
        let mut nodes = vec![self.node()?];
        loop {
            self.blanks();
            if self.looking_at("||") || !self.take("|") {
                break;
            }
            self.take("&");
            self.lines();
            match self.node() {
                Some(node) => nodes.push(node),
                None => {
                    self.error("syntax_error");
                    break;
                }
            }
        }
        Some(Pipeline { negated, nodes })
    }

    /// A command and its redirections.
    pub(super) fn node(&mut self) -> Option<Node> {
        self.blanks();
        let start = self.at;
        let compound = self.deeper(Self::compound)?;
        let (command, mut redirects) = match compound {
            Some(command) => (command, Vec::new()),
            None => self.simple()?,
        };
        if !matches!(command, Command::Simple(..) | Command::Declare(..)) {
            loop {
                self.blanks();
                match self.redirect() {
                    Some(redirect) => redirects.push(redirect),
                    None => break,
                }
            }
        }
        Some(Node {
            command,
            redirects,
            place: self.place(start),
        })
    }

    fn simple(&mut self) -> Option<(Command, Vec<Redirect>)> {
        let mut assignments = Vec::new();
        let mut words: Vec<Word> = Vec::new();
        let mut redirects = Vec::new();
        let mut declares = false;
        loop {
            self.blanks();
            if let Some(redirect) = self.redirect() {
                redirects.push(redirect);
                continue;
            }
            if self.peek() == Some(b'(')
                && words.len() == 1
                && assignments.is_empty()
                && let Some(function) = self.function_after(&words)
            {
                return Some((function, redirects));
            }
            if (words.is_empty() || declares)
                && let Some(assignment) = self.assignment()
            {
                self.uses.assigned.insert(assignment.name.clone());
                assignments.push(assignment);
                continue;
            }
            match self.word() {
                Some(word) => words.push(word),
                None => break,
            }
            declares = words.first().and_then(Word::bare).is_some_and(is_declaration);
        }
        if assignments.is_empty() && words.is_empty() && redirects.is_empty() {
            return None;
        }
        self.note_names(&words, &assignments, declares);
        if declares {
            return Some((Command::Declare(words, assignments), redirects));
        }
        Some((Command::Simple(assignments, words), redirects))
    }

    /// Notes the names that a command assigns.
    fn note_names(&mut self, words: &[Word], assignments: &[Assignment], declares: bool) {
        let Some(name) = words.first().and_then(Word::bare) else {
            return;
        };
        let flags = || {
            words
                .iter()
                .skip(1)
                .filter_map(Word::bare)
                .filter(|word| word.starts_with('-'))
        };
        if declares {
            if flags().any(|flag| flag.contains('A')) {
                let bare = words.iter().skip(1).filter_map(Word::bare).map(str::to_owned);
                self.uses.maps.extend(bare);
                let assigned = assignments.iter().map(|assignment| assignment.name.clone());
                self.uses.maps.extend(assigned);
            }
            if flags().any(|flag| flag.contains('i')) {
                let assigned = assignments.iter().map(|assignment| assignment.name.clone());
                self.uses.numeric.extend(assigned);
            }
        }
        if declares || matches!(name, "read" | "mapfile" | "readarray" | "getopts" | "unset") {
            let names = words.iter().skip(1).filter_map(Word::bare);
            let names = names.filter(|name| is_name(name)).map(str::to_owned);
            self.uses.assigned.extend(names);
        }
        if name == "printf" && words.get(1).and_then(Word::bare) == Some("-v") {
            self.uses.assigned.extend(words.get(2).and_then(Word::text));
        }
    }

    /// `name=value`, `name+=value`, `name[index]=value`, if one begins here.
    pub(super) fn assignment(&mut self) -> Option<Assignment> {
        let start = self.at;
        let rest = self.bytes.get(start..)?;
        if !rest.first().copied().is_some_and(is_name_start) {
            return None;
        }
        let name = rest
            .iter()
            .take(256)
            .take_while(|&&byte| is_name_byte(byte))
            .count();
        if !matches!(rest.get(name..), Some([b'=', ..] | [b'+', b'=', ..] | [b'[', ..])) {
            return None;
        }
        self.at += name;
        let name = self.slice(start, self.at).to_owned();
        let mut index = None;
        if self.take("[") {
            index = Some(
                self.word_until(|byte| matches!(byte, b']' | b'\n' | b';' | b'|' | b'&'))
                    .unwrap_or_default(),
            );
            if !self.take("]") {
                self.at = start;
                return None;
            }
        }
        let append = self.take("+=");
        if !append && !self.take("=") {
            self.at = start;
            return None;
        }
        let value = if self.peek() == Some(b'(') {
            self.at += 1;
            Value::Array(self.array())
        } else {
            Value::Word(self.word().unwrap_or_default())
        };
        Some(Assignment {
            name,
            index,
            append,
            value,
            place: self.place(start),
        })
    }

    /// Behind `=(`: items to `)`.
    fn array(&mut self) -> Vec<(Option<Word>, Word)> {
        let mut items = Vec::new();
        loop {
            self.lines();
            if self.take(")") {
                break;
            }
            let key = self.array_key();
            match self.word() {
                Some(word) => items.push((key, word)),
                None if key.is_some() => items.push((key, Word::default())),
                None => {
                    self.error("syntax_error");
                    break;
                }
            }
        }
        items
    }

    fn array_key(&mut self) -> Option<Word> {
        let start = self.at;
        if !self.take("[") {
            return None;
        }
        let key = self
            .word_until(|byte| matches!(byte, b']' | b'\n'))
            .unwrap_or_default();
        if self.take("]=") {
            return Some(key);
        }
        self.at = start;
        None
    }
}

/// Whether a builtin takes assignments for arguments.
fn is_declaration(name: &str) -> bool {
    matches!(name, "export" | "local" | "declare" | "typeset" | "readonly")
}

/// Whether a text is a variable's name.
pub(in crate::front::shell) fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(is_name_start) && text.bytes().all(is_name_byte)
}
