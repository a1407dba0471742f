//! Makes of written rules what facts are judged by: conditions in tables, and trees over their numbers.

use super::argument::ArgumentTest;
use super::form::{ClauseForm, RuleForm};
use super::paths::PathTable;
use super::text::{Needles, NeedlesBuilder, TextTest};
use crate::ir::Language;
use casemate_types::analysis::{Axis, Confidence, Severity};
use rustc_hash::FxHashMap;

/// The number of a condition on one fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClauseId(pub u32);

/// A condition on one fact; which path or text it is about stands in the tables.
#[derive(Debug)]
pub struct Clause {
    /// A bit for each language.
    pub languages: u32,
    /// What must hold of what is given.
    pub arguments: Vec<ArgumentTest>,
    /// Of the whole command.
    pub line: Option<TextTest>,
    /// Of a text.
    pub text: Option<TextTest>,
    /// Reached by decoding, or not.
    pub hidden: Option<bool>,
    /// Whenever the program starts.
    pub start: bool,
}

/// A condition over several facts.
#[derive(Debug)]
pub enum Node {
    /// On one fact.
    One(ClauseId),
    /// A finding of one of these rules, by number.
    Rule(Vec<u32>),
    /// All.
    All(Vec<Node>),
    /// So many of them.
    Any(usize, Vec<Node>),
    /// All, in this order.
    Then(Vec<Node>),
    /// None.
    Not(Box<Node>),
}

/// Where the facts of an alternative must be together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Within {
    /// Anywhere in the program.
    Program,
    /// In one submitted file, with the code inside it.
    File,
    /// In one function.
    Function,
}

/// An alternative of a rule.
#[derive(Debug)]
pub struct Alternative {
    /// What must hold.
    pub node: Node,
    /// And where.
    pub within: Within,
}

/// A rule, ready.
#[derive(Debug)]
pub struct Rule {
    /// As written.
    pub form: RuleForm,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// What it speaks about.
    pub axis: Axis,
    /// Of which any is enough.
    pub alternatives: Vec<Alternative>,
}

/// Every condition, by what it is about.
#[derive(Default, Debug)]
pub struct Tables {
    /// By number.
    pub clauses: Vec<Clause>,
    /// On calls.
    pub call: PathTable,
    /// On imports.
    pub import: PathTable,
    /// On reads.
    pub read: PathTable,
    /// On assignments.
    pub write: PathTable,
    /// On code inside code.
    pub inner: PathTable,
    /// On what could not be read.
    pub unreadable: PathTable,
    /// On flows, by sink.
    pub flow: PathTable,
    /// On loops without end.
    pub endless: Vec<ClauseId>,
    /// On texts.
    pub needles: Needles,
}

/// Rules and their tables.
#[derive(Default, Debug)]
pub struct Compiled {
    /// In the order in which they are judged: a rule comes behind those that it names.
    pub rules: Vec<Rule>,
    /// Their conditions.
    pub tables: Tables,
}

/// The bit of a language in a set.
pub fn bit(language: Language) -> u32 {
    1 << (language as u32)
}

/// Makes the tables.
///
/// # Errors
/// The rule's place in the list and the reason, when a rule names rules that are not there or that name it.
pub fn compile(forms: Vec<RuleForm>) -> Result<Compiled, (usize, String)> {
    let order = super::order::order(&forms)?;
    let numbers: FxHashMap<String, u32> = (0..)
        .zip(&order)
        .filter_map(|(number, at)| forms.get(*at).map(|form| (form.id.clone(), number)))
        .collect();
    let mut maker = Maker {
        numbers,
        tables: Tables::default(),
        needles: NeedlesBuilder::default(),
    };
    let mut forms: Vec<Option<RuleForm>> = forms.into_iter().map(Some).collect();
    let mut rules = Vec::with_capacity(order.len());
    for at in order {
        if let Some(form) = forms.get_mut(at).and_then(Option::take) {
            rules.push(maker.rule(form));
        }
    }
    let mut tables = maker.tables;
    tables.needles = maker.needles.build();
    Ok(Compiled { rules, tables })
}

struct Maker {
    numbers: FxHashMap<String, u32>,
    tables: Tables,
    needles: NeedlesBuilder,
}

impl Maker {
    fn rule(&mut self, form: RuleForm) -> Rule {
        let languages = languages(&form.languages);
        let alternatives = form
            .matches
            .iter()
            .map(|clause| Alternative {
                node: self.node(clause, languages),
                within: match clause.within.as_deref() {
                    Some("function") => Within::Function,
                    Some("file") => Within::File,
                    _ => Within::Program,
                },
            })
            .collect();
        Rule {
            severity: Severity::from_word(&form.severity).unwrap_or(Severity::Info),
            confidence: Confidence::from_word(&form.confidence).unwrap_or(Confidence::Low),
            axis: Axis::from_word(&form.axis).unwrap_or(Axis::Capability),
            alternatives,
            form,
        }
    }

    fn node(&mut self, form: &ClauseForm, languages: u32) -> Node {
        let many = |maker: &mut Self, forms: &[ClauseForm]| -> Vec<Node> {
            forms.iter().map(|one| maker.node(one, languages)).collect()
        };
        let node = if !form.all.is_empty() {
            Node::All(many(self, &form.all))
        } else if !form.any.is_empty() {
            Node::Any(form.at_least.unwrap_or(1), many(self, &form.any))
        } else if !form.then.is_empty() {
            Node::Then(many(self, &form.then))
        } else if !form.rule.is_empty() {
            Node::Rule(super::order::named(&form.rule, &self.numbers))
        } else {
            Node::One(self.clause(form, languages))
        };
        if form.not.is_empty() {
            return node;
        }
        let mut both = vec![node];
        both.extend(
            many(self, &form.not)
                .into_iter()
                .map(|one| Node::Not(Box::new(one))),
        );
        Node::All(both)
    }

    fn clause(&mut self, form: &ClauseForm, languages: u32) -> ClauseId {
        let id = ClauseId(u32::try_from(self.tables.clauses.len()).unwrap_or(u32::MAX));
        let tables = &mut self.tables;
        let lists = [
            (&form.call, &mut tables.call),
            (&form.import, &mut tables.import),
            (&form.read, &mut tables.read),
            (&form.write, &mut tables.write),
            (&form.inner, &mut tables.inner),
            (&form.unreadable, &mut tables.unreadable),
            (&form.flow, &mut tables.flow),
        ];
        for (paths, table) in lists {
            for path in paths {
                table.add(path, id);
            }
        }
        if form.endless_loop {
            tables.endless.push(id);
        }
        let text = form.text.as_ref().map(TextTest::new);
        if let Some(test) = &text {
            self.needles.add(test, id);
        }
        tables.clauses.push(Clause {
            languages,
            arguments: form.arguments.iter().map(ArgumentTest::new).collect(),
            line: form.line.as_ref().map(TextTest::new),
            text,
            hidden: form.hidden,
            start: form.start,
        });
        id
    }
}

fn languages(words: &[String]) -> u32 {
    if words.is_empty() {
        return u32::MAX;
    }
    let covered = |language: Language| match language {
        Language::JavaScript => bit(Language::JavaScript) | bit(Language::TypeScript),
        Language::C => bit(Language::C) | bit(Language::Cpp),
        other => bit(other),
    };
    words
        .iter()
        .filter_map(|word| Language::from_word(word))
        .fold(0, |set, language| set | covered(language))
}
