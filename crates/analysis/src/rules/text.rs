//! What rules ask of texts. A text is gone through once for the literals of all rules; expressions are compiled when
//! a literal first calls for them, and never again in the process.

use super::compile::ClauseId;
use super::form::TextForm;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind, StartKind};
use regex_automata::Input;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// Bytes that a compiled expression may take; what is larger never matches, and fails a test of ours.
const REGEX_BYTES: usize = 4 << 20;

/// What a text must be.
#[derive(Default, Debug)]
pub struct TextTest {
    contains: Vec<String>,
    equals: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
    needs: Vec<String>,
    regex: Vec<Expression>,
    longer: Option<usize>,
    shorter: Option<usize>,
}

#[derive(Debug)]
struct Expression {
    written: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Expression {
    fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.written)).as_ref()
    }
}

/// Compiles an expression; nothing when it would be too large.
pub fn compile(written: &str) -> Option<Regex> {
    Regex::builder()
        .configure(
            Regex::config()
                .utf8_empty(false)
                .nfa_size_limit(Some(REGEX_BYTES)),
        )
        .syntax(syntax::Config::new().utf8(false).unicode(false).nest_limit(32))
        .build(written)
        .ok()
}

impl TextTest {
    /// Makes a test of its written form.
    pub fn new(form: &TextForm) -> Self {
        let lower = |list: &[String]| list.iter().map(|text| text.to_ascii_lowercase()).collect();
        Self {
            contains: lower(&form.contains),
            equals: form.equals.clone(),
            starts: lower(&form.starts),
            ends: lower(&form.ends),
            needs: lower(&form.needs),
            regex: form
                .regex
                .iter()
                .map(|written| Expression {
                    written: written.clone(),
                    compiled: OnceLock::new(),
                })
                .collect(),
            longer: form.longer,
            shorter: form.shorter,
        }
    }

    /// Whether the text is what is asked for.
    pub fn matches(&self, text: &str) -> bool {
        self.fits(text) && (self.says_length_only() || self.literal(text) || self.expression(text))
    }

    fn fits(&self, text: &str) -> bool {
        self.longer.is_none_or(|bytes| text.len() > bytes)
            && self.shorter.is_none_or(|bytes| text.len() < bytes)
    }

    fn says_length_only(&self) -> bool {
        let lists = [&self.contains, &self.equals, &self.starts, &self.ends];
        self.regex.is_empty() && lists.iter().all(|list| list.is_empty())
    }

    fn has_no_literal(&self) -> bool {
        let lists = [
            &self.contains,
            &self.equals,
            &self.starts,
            &self.ends,
            &self.needs,
        ];
        lists.iter().all(|list| list.is_empty())
    }

    fn literal(&self, text: &str) -> bool {
        self.equals.iter().any(|one| one == text)
            || self.starts.iter().any(|one| begins(text.as_bytes(), one))
            || self.ends.iter().any(|one| finishes(text.as_bytes(), one))
            || self.contains.iter().any(|one| has(text, one))
    }

    fn expression(&self, text: &str) -> bool {
        (self.needs.is_empty() || self.needs.iter().any(|one| has(text, one)))
            && self
                .regex
                .iter()
                .any(|one| one.get().is_some_and(|regex| regex.is_match(Input::new(text))))
    }
}

fn begins(text: &[u8], literal: &str) -> bool {
    text.get(..literal.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(literal.as_bytes()))
}

fn finishes(text: &[u8], literal: &str) -> bool {
    let from = text.len().checked_sub(literal.len());
    from.and_then(|from| text.get(from..))
        .is_some_and(|end| end.eq_ignore_ascii_case(literal.as_bytes()))
}

/// Whether a text has a literal of small letters in it, in any case.
fn has(text: &str, literal: &str) -> bool {
    let (text, literal) = (text.as_bytes(), literal.as_bytes());
    let Some(first) = literal.first() else { return true };
    let last = (text.len() + 1).saturating_sub(literal.len());
    (0..last).any(|at| {
        text.get(at).is_some_and(|byte| byte.eq_ignore_ascii_case(first))
            && text
                .get(at..at + literal.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(literal))
    })
}

/// Every literal by which a condition on texts is found.
#[derive(Default, Debug)]
pub struct Needles {
    automaton: Option<AhoCorasick>,
    uses: Vec<Vec<Use>>,
    lengths: Vec<ClauseId>,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    clause: ClauseId,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// That it is there is enough.
    Contains,
    /// It must stand at the start.
    Starts,
    /// It must stand at the end.
    Ends,
    /// The rest is to be asked of the test.
    Ask,
}

/// Collects literals before the automaton is made.
#[derive(Default)]
pub struct NeedlesBuilder {
    numbers: FxHashMap<String, usize>,
    texts: Vec<String>,
    uses: Vec<Vec<Use>>,
    lengths: Vec<ClauseId>,
}

impl NeedlesBuilder {
    /// Adds the literals of a condition.
    pub fn add(&mut self, test: &TextTest, clause: ClauseId) {
        if test.has_no_literal() {
            self.lengths.push(clause);
        }
        let lists = [
            (&test.contains, How::Contains),
            (&test.starts, How::Starts),
            (&test.ends, How::Ends),
            (&test.equals, How::Ask),
            (&test.needs, How::Ask),
        ];
        for (list, how) in lists {
            for literal in list {
                let next = self.texts.len();
                let number = *self.numbers.entry(literal.to_ascii_lowercase()).or_insert(next);
                if number == next {
                    self.texts.push(literal.to_ascii_lowercase());
                    self.uses.push(Vec::new());
                }
                if let Some(uses) = self.uses.get_mut(number) {
                    uses.push(Use { clause, how });
                }
            }
        }
    }

    /// Makes the automaton, of the kind that is made fastest: many a process reads one program and ends.
    pub fn build(self) -> Needles {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Unanchored)
            .build(&self.texts);
        Needles {
            automaton: automaton.ok(),
            uses: self.uses,
            lengths: self.lengths,
        }
    }
}

/// Marks of the conditions that one text has met; kept from text to text.
#[derive(Default)]
pub struct Marks {
    round: u32,
    met: Vec<u32>,
}

impl Marks {
    fn next(&mut self, clauses: usize) {
        self.round = self.round.wrapping_add(1);
        self.met.resize(clauses, 0);
    }

    /// Whether this is the first time in the round.
    fn first(&mut self, clause: ClauseId) -> bool {
        match self.met.get_mut(clause.0 as usize) {
            Some(met) if *met != self.round => {
                *met = self.round;
                true
            }
            _ => false,
        }
    }
}

impl Needles {
    /// Adds to `found` the conditions that the text meets. `test` gives a condition's test.
    pub fn find<'t>(
        &self,
        text: &str,
        clauses: usize,
        test: impl Fn(ClauseId) -> Option<&'t TextTest>,
        marks: &mut Marks,
        found: &mut Vec<ClauseId>,
    ) {
        marks.next(clauses);
        let fits = |clause: ClauseId| test(clause).is_some_and(|test| test.fits(text));
        let meets = |clause: &ClauseId| test(*clause).is_some_and(|test| test.matches(text));
        found.extend(self.lengths.iter().copied().filter(meets));
        let Some(automaton) = &self.automaton else { return };
        for hit in automaton.find_overlapping_iter(text) {
            for one in self.uses.get(hit.pattern().as_usize()).into_iter().flatten() {
                let placed = match one.how {
                    How::Contains | How::Ask => true,
                    How::Starts => hit.start() == 0,
                    How::Ends => hit.end() == text.len(),
                };
                if !placed || !marks.first(one.clause) {
                    continue;
                }
                let meets = match one.how {
                    How::Ask => test(one.clause).is_some_and(|test| test.matches(text)),
                    _ => fits(one.clause),
                };
                if meets {
                    found.push(one.clause);
                }
            }
        }
    }
}
