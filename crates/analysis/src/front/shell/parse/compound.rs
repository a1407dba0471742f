//! Compound commands.

use super::Parser;
use super::arithmetic;
use super::word::is_end;
use crate::front::shell::syntax::{
    AndOr, Arith, CaseItem, Command, Junction, List, Node, Part, Pipeline, Quote, Test, Word,
};

impl Parser<'_> {
    /// The compound command that begins here, if one does.
    pub(super) fn compound(&mut self) -> Option<Command> {
        match self.peek()? {
            b'(' => Some(self.parenthesis()),
            b'{' if self.keyword("{") => {
                let list = self.list();
                self.closed_by("}");
                Some(Command::Group(list))
            }
            b'[' if self.looking_at("[[") && self.at_keyword("[[") => {
                self.at += 2;
                let test = self
                    .deeper(|parser| parser.test(Junction::Or))
                    .unwrap_or_else(nothing);
                self.lines();
                self.closed_by("]]");
                Some(Command::Test(test))
            }
            b'i' if self.keyword("if") => Some(self.conditional()),
            b'w' if self.keyword("while") => Some(self.while_loop(false)),
            b'u' if self.keyword("until") => Some(self.while_loop(true)),
            b'f' if self.keyword("for") => Some(self.for_loop()),
            b's' if self.keyword("select") => Some(self.for_loop()),
            b'c' if self.keyword("case") => Some(self.case()),
            b'c' if self.keyword("coproc") => Some(self.coprocess()),
            b'f' if self.keyword("function") => Some(self.function()),
            _ => None,
        }
    }

    fn closed_by(&mut self, word: &str) {
        self.lines();
        if !self.keyword(word) {
            self.error("syntax_error");
        }
    }

    /// `( ... )` or `(( ... ))`.
    fn parenthesis(&mut self) -> Command {
        let (start, errors) = (self.at, self.errors.len());
        if self.looking_at("((") && !self.not_arithmetic.contains(&start) {
            self.at += 2;
            let arith = self.arithmetic_until(b")");
            if self.take("))") {
                return Command::Arith(arith);
            }
            self.not_arithmetic.insert(start);
            self.at = start;
            self.errors.truncate(errors);
        }
        self.at += 1;
        Command::Group(self.parenthesized_list())
    }

    fn conditional(&mut self) -> Command {
        let mut branches = Vec::new();
        loop {
            let test = self.list();
            self.closed_by("then");
            let body = self.list();
            branches.push((test, body));
            if !self.keyword("elif") {
                break;
            }
        }
        let otherwise = if self.keyword("else") {
            self.list()
        } else {
            Vec::new()
        };
        self.closed_by("fi");
        Command::If(branches, otherwise)
    }

    fn while_loop(&mut self, until: bool) -> Command {
        let test = self.list();
        let body = self.do_group();
        Command::While(until, test, body)
    }

    fn do_group(&mut self) -> List {
        self.separator();
        if self.keyword("{") {
            let list = self.list();
            self.closed_by("}");
            return list;
        }
        self.closed_by("do");
        let list = self.list();
        self.closed_by("done");
        list
    }

    fn separator(&mut self) {
        self.lines();
        if self.peek() == Some(b';') && !self.list_item_ends() {
            self.at += 1;
        }
        self.lines();
    }

    fn for_loop(&mut self) -> Command {
        self.blanks();
        if self.take("((") {
            return self.for_arithmetic();
        }
        let name = self.name();
        self.uses.assigned.insert(name.clone());
        self.lines();
        let mut words = None;
        if self.keyword("in") {
            let mut items = Vec::new();
            loop {
                self.blanks();
                match self.word() {
                    Some(word) => items.push(word),
                    None => break,
                }
            }
            words = Some(items);
        }
        let body = self.do_group();
        Command::For(name, words, body)
    }

    fn for_arithmetic(&mut self) -> Command {
        let mut parts: [Option<Arith>; 3] = [None, None, None];
        for (number, part) in parts.iter_mut().enumerate() {
            self.arith_blanks();
            if !matches!(self.peek(), Some(b';' | b')')) {
                *part = Some(self.arithmetic_until(b";)"));
            }
            if number < 2 {
                self.take(";");
            }
        }
        self.arith_blanks();
        if !self.take("))") {
            self.error("syntax_error");
        }
        let body = self.do_group();
        Command::ForArith(parts, body)
    }

    fn case(&mut self) -> Command {
        self.blanks();
        let subject = self.word().unwrap_or_default();
        self.closed_by("in");
        let mut items = Vec::new();
        loop {
            self.lines();
            if self.peek().is_none() || self.at_keyword("esac") {
                break;
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks();
                if let Some(pattern) = self.word() {
                    patterns.push(pattern);
                }
                self.blanks();
                if !self.take("|") {
                    break;
                }
            }
            if !self.take(")") {
                self.error("syntax_error");
                break;
            }
            let body = self.list();
            items.push(CaseItem { patterns, body });
            self.lines();
            if !(self.take(";;&") || self.take(";;") || self.take(";&")) {
                break;
            }
        }
        self.closed_by("esac");
        Command::Case(subject, items)
    }

    /// `coproc command`, `coproc name { ...; }`: a command beside the script.
    fn coprocess(&mut self) -> Command {
        self.blanks();
        let start = self.at;
        let name = self.name();
        self.blanks();
        if name.is_empty() || !matches!(self.peek(), Some(b'{' | b'(')) {
            self.at = start;
        }
        let nodes: Vec<Node> = self.node().into_iter().collect();
        let first = Pipeline {
            negated: false,
            nodes,
        };
        Command::Group(vec![AndOr {
            first,
            rest: Vec::new(),
        }])
    }

    fn function(&mut self) -> Command {
        self.blanks();
        let name = self.word().and_then(|word| word.text()).unwrap_or_default();
        self.blanks();
        if self.take("(") {
            self.blanks();
            self.take(")");
        }
        self.function_body(name)
    }

    /// Behind the one word of a command and before `(`: `name() { ... }`.
    pub(super) fn function_after(&mut self, words: &[Word]) -> Option<Command> {
        let start = self.at;
        self.at += 1;
        self.blanks();
        let name = words.first().and_then(Word::text);
        match (self.take(")"), name) {
            (true, Some(name)) => Some(self.function_body(name)),
            _ => {
                self.at = start;
                None
            }
        }
    }

    fn function_body(&mut self, name: String) -> Command {
        self.uses.functions.insert(name.clone());
        self.lines();
        let body = self.deeper(Self::node).flatten();
        match body {
            Some(body) => Command::Function(name, Box::new(body)),
            None => {
                self.error("syntax_error");
                Command::Group(Vec::new())
            }
        }
    }

    /// Conditions with an operator between them, the loosest first.
    fn test(&mut self, junction: Junction) -> Test {
        let (operator, or) = match junction {
            Junction::Or => ("||", true),
            Junction::And => ("&&", false),
        };
        let mut left = if or {
            self.test(Junction::And)
        } else {
            self.test_primary()
        };
        loop {
            self.lines();
            if !self.take(operator) {
                return left;
            }
            let right = if or {
                self.test(Junction::And)
            } else {
                self.test_primary()
            };
            left = Test::Both(junction, Box::new(left), Box::new(right));
        }
    }

    fn test_primary(&mut self) -> Test {
        self.lines();
        if self.keyword("!") {
            let inner = self.deeper(Self::test_primary).unwrap_or_else(nothing);
            return Test::Not(Box::new(inner));
        }
        if self.take("(") {
            let inner = self
                .deeper(|parser| parser.test(Junction::Or))
                .unwrap_or_else(nothing);
            self.lines();
            self.take(")");
            return inner;
        }
        let Some(left) = self.test_word() else {
            return nothing();
        };
        self.blanks();
        let unary = left
            .bare()
            .filter(|text| text.len() == 2 && text.starts_with('-'));
        if let Some(operator) = unary.map(str::to_owned) {
            if let Some(operand) = self.test_word() {
                return Test::Unary(operator, operand);
            }
            return Test::Word(left);
        }
        let Some(operator) = self.test_operator() else {
            return Test::Word(left);
        };
        self.blanks();
        let right = if operator == "=~" {
            self.pattern_word()
        } else {
            self.test_word()
        };
        Test::Binary(left, operator, right.unwrap_or_default())
    }

    fn test_word(&mut self) -> Option<Word> {
        if self.at_keyword("]]") || self.looking_at("&&") || self.looking_at("||") {
            return None;
        }
        self.word()
    }

    fn test_operator(&mut self) -> Option<String> {
        for operator in ["==", "=~", "!=", "=", "<", ">"] {
            if self.take(operator) {
                return Some(operator.to_owned());
            }
        }
        let rest = self.bytes.get(self.at..)?;
        let length = rest.iter().take(4).take_while(|&&byte| !is_end(byte)).count();
        let text = self.slice(self.at, self.at + length);
        let known = matches!(
            text,
            "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-nt" | "-ot" | "-ef"
        );
        known.then(|| {
            self.at += length;
            text.to_owned()
        })
    }

    /// A regular expression, in which parentheses and bars are no ends.
    fn pattern_word(&mut self) -> Option<Word> {
        self.word_until(|byte| matches!(byte, b' ' | b'\t' | b'\n'))
    }
}

/// What stands for a condition that could not be read.
fn nothing() -> Test {
    Test::Word(Word {
        parts: vec![Part::Literal("?".to_owned(), Quote::Quoted)],
        ..Word::default()
    })
}

/// A word as a number, where it is one.
pub(in crate::front::shell) fn constant(word: &Word) -> Option<i64> {
    word.text().and_then(|text| arithmetic::number(&text))
}
