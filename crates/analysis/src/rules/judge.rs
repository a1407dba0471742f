//! Facts in, findings out.

use super::compile::{Alternative, Clause, ClauseId, Compiled, Node, Within, bit};
use super::paths::{PathTable, plain};
use super::place::Places;
use super::text::Marks;
use crate::fact::{Fact, FactArgument, FactKind, Origin, Reach};
use crate::ir::Program;
use casemate_types::analysis::{Finding, Flow};
use rustc_hash::FxHashSet;

/// Facts that are kept of each condition.
const MAX_HITS: usize = 256;
/// Findings of one rule.
const MAX_PER_RULE: usize = 50;
/// Findings of one program.
const MAX_FINDINGS: usize = 500;
/// Bytes of a command that are joined.
const MAX_LINE: usize = 4096;

/// What a fact or a flow is told apart by.
type Seen = u32;

/// One judging.
pub struct Judge<'a> {
    compiled: &'a Compiled,
    program: &'a Program,
    facts: &'a [Fact],
    /// Constants that have a name; numbered behind the facts.
    names: &'a [Fact],
    /// Numbered behind those.
    flows: &'a [Flow],
    /// By condition, what met it, in the order of facts.
    hits: Vec<Vec<Seen>>,
    /// By rule, where it found something.
    found: Vec<Vec<Seen>>,
    /// By file, a bit for its language.
    languages: Vec<u32>,
    marks: Marks,
}

impl<'a> Judge<'a> {
    /// Prepares a judging.
    pub fn new(
        compiled: &'a Compiled,
        program: &'a Program,
        facts: &'a [Fact],
        names: &'a [Fact],
        flows: &'a [Flow],
    ) -> Self {
        Self {
            compiled,
            program,
            facts,
            names,
            flows,
            hits: vec![Vec::new(); compiled.tables.clauses.len()],
            found: vec![Vec::new(); compiled.rules.len()],
            languages: program.files.iter().map(|file| bit(file.language)).collect(),
            marks: Marks::default(),
        }
    }

    /// Judges every rule.
    pub fn findings(mut self) -> Vec<Finding> {
        self.collect();
        for number in 0..self.compiled.rules.len() {
            let met = self.rule(number);
            if let Some(slot) = self.found.get_mut(number) {
                *slot = met;
            }
        }
        self.tell()
    }

    fn collect(&mut self) {
        let tables = &self.compiled.tables;
        let mut met = Vec::new();
        for (at, fact) in (0..).zip(self.facts.iter().chain(self.names)) {
            if fact.reach == Reach::Dead {
                continue;
            }
            met.clear();
            let by_path =
                |table: &PathTable, path: &str, met: &mut Vec<ClauseId>| table.find(plain(path), met);
            match &fact.kind {
                FactKind::Call { path, .. } => by_path(&tables.call, path, &mut met),
                FactKind::Import { module } => tables.import.find_within(plain(module), &mut met),
                FactKind::Read { path } => by_path(&tables.read, path, &mut met),
                FactKind::Write { path, .. } => by_path(&tables.write, path, &mut met),
                FactKind::Inner { path, .. } => by_path(&tables.inner, path, &mut met),
                FactKind::EndlessLoop => met.extend_from_slice(&tables.endless),
                FactKind::Unreadable { what } => by_path(&tables.unreadable, what, &mut met),
                FactKind::Text { text, .. } => {
                    let test = |clause: ClauseId| {
                        tables
                            .clauses
                            .get(clause.0 as usize)
                            .and_then(|clause| clause.text.as_ref())
                    };
                    tables
                        .needles
                        .find(text, tables.clauses.len(), test, &mut self.marks, &mut met);
                }
            }
            for clause in &met {
                self.hit(*clause, at, fact);
            }
        }
        let behind = u32::try_from(self.facts.len() + self.names.len()).unwrap_or(u32::MAX);
        for (at, flow) in (behind..).zip(self.flows) {
            met.clear();
            tables.flow.find(&flow.sink, &mut met);
            for clause in &met {
                if let Some(hits) = self.hits.get_mut(clause.0 as usize) {
                    hits.push(at);
                }
            }
        }
    }

    fn hit(&mut self, id: ClauseId, at: Seen, fact: &Fact) {
        let Some(clause) = self.compiled.tables.clauses.get(id.0 as usize) else {
            return;
        };
        let Some(hits) = self.hits.get_mut(id.0 as usize) else {
            return;
        };
        let language = self
            .languages
            .get(fact.span.file.0 as usize)
            .copied()
            .unwrap_or(0);
        if hits.len() < MAX_HITS && clause.languages & language != 0 && holds(clause, fact) {
            hits.push(at);
        }
    }

    /// Where a rule finds something.
    fn rule(&self, number: usize) -> Vec<Seen> {
        let Some(rule) = self.compiled.rules.get(number) else {
            return Vec::new();
        };
        let mut met = Vec::new();
        for alternative in &rule.alternatives {
            match &alternative.node {
                Node::One(clause) => met.extend(self.hits.get(clause.0 as usize).into_iter().flatten()),
                node if alternative.within == Within::Program => met.extend(self.first(node, &|_| true, 0)),
                _ => self.apart(alternative, &mut met),
            }
        }
        met.sort_unstable();
        met.dedup();
        met
    }

    /// An alternative in each file or function of its own.
    fn apart(&self, alternative: &Alternative, met: &mut Vec<Seen>) {
        if self.first(&alternative.node, &|_| true, 0).is_none() && !has_not(&alternative.node) {
            return;
        }
        let mut groups = Vec::new();
        self.groups(&alternative.node, alternative.within, &mut groups);
        groups.sort_unstable();
        groups.dedup();
        for group in groups.into_iter().take(MAX_HITS) {
            let inside = |seen: Seen| self.group(seen, alternative.within) == group;
            met.extend(self.first(&alternative.node, &inside, 0));
        }
    }

    fn groups(&self, node: &Node, within: Within, groups: &mut Vec<u32>) {
        match node {
            Node::One(clause) => {
                let hits = self.hits.get(clause.0 as usize).into_iter().flatten();
                groups.extend(hits.map(|seen| self.group(*seen, within)));
            }
            Node::Rule(rules) => {
                let hits = rules
                    .iter()
                    .filter_map(|rule| self.found.get(*rule as usize))
                    .flatten();
                groups.extend(hits.map(|seen| self.group(*seen, within)));
            }
            Node::All(nodes) | Node::Any(_, nodes) | Node::Then(nodes) => {
                nodes.iter().for_each(|node| self.groups(node, within, groups));
            }
            Node::Not(_) => {}
        }
    }

    fn fact(&self, seen: Seen) -> Option<&Fact> {
        let at = seen as usize;
        self.facts
            .get(at)
            .or_else(|| self.names.get(at.checked_sub(self.facts.len())?))
    }

    fn flow(&self, seen: Seen) -> Option<&'a Flow> {
        let behind = self.facts.len() + self.names.len();
        self.flows.get((seen as usize).checked_sub(behind)?)
    }

    fn group(&self, seen: Seen, within: Within) -> u32 {
        let Some(fact) = self.fact(seen) else {
            return u32::MAX;
        };
        match within {
            Within::Program => 0,
            Within::Function => fact.function.0,
            Within::File => u32::from(super::place::outermost(self.program, fact.span).file.0),
        }
    }

    /// The place of a condition, among what is inside and at `from` or behind it.
    fn first(&self, node: &Node, inside: &dyn Fn(Seen) -> bool, from: Seen) -> Option<Seen> {
        let usable = |seen: &Seen| *seen >= from && inside(*seen);
        match node {
            Node::One(clause) => self.hits.get(clause.0 as usize)?.iter().copied().find(usable),
            Node::Rule(rules) => {
                let found = rules.iter().filter_map(|rule| self.found.get(*rule as usize));
                found.flatten().copied().filter(usable).min()
            }
            Node::All(nodes) => {
                let mut place = None;
                for node in nodes {
                    let one = self.first(node, inside, from)?;
                    // What is absent has no place.
                    place = place.or(Some(one).filter(|_| !matches!(node, Node::Not(_))));
                }
                place
            }
            Node::Any(least, nodes) => {
                let mut places = nodes.iter().filter_map(|node| self.first(node, inside, from));
                let first = places.next()?;
                let rest: Vec<Seen> = places.collect();
                (rest.len() + 1 >= *least).then(|| rest.into_iter().fold(first, Seen::min))
            }
            Node::Then(nodes) => {
                let mut next = from;
                let mut last = None;
                for node in nodes {
                    let one = self.first(node, inside, next)?;
                    (next, last) = (one, Some(one));
                }
                last
            }
            Node::Not(node) => match self.first(node, inside, from) {
                Some(_) => None,
                None => Some(0),
            },
        }
    }

    fn tell(self) -> Vec<Finding> {
        let places = Places::new(self.program);
        let mut findings = Vec::new();
        for (rule, met) in self.compiled.rules.iter().zip(&self.found) {
            if rule.form.part {
                continue;
            }
            let mut lines = FxHashSet::default();
            for seen in met {
                let finding = match self.fact(*seen) {
                    Some(fact) => Some(places.finding(rule, fact)),
                    None => match self.flow(*seen) {
                        Some(flow) => places.of_flow(rule, flow),
                        None => None,
                    },
                };
                if lines.len() >= MAX_PER_RULE {
                    break;
                }
                findings.extend(
                    finding.filter(|one| lines.insert((one.location.file.clone(), one.location.line))),
                );
            }
        }
        let key = |one: &Finding| {
            (
                std::cmp::Reverse((one.severity, one.confidence)),
                one.location.clone(),
            )
        };
        findings.sort_by_cached_key(key);
        findings.truncate(MAX_FINDINGS);
        findings
    }
}

fn has_not(node: &Node) -> bool {
    match node {
        Node::One(_) | Node::Rule(_) => false,
        Node::All(nodes) | Node::Any(_, nodes) | Node::Then(nodes) => nodes.iter().any(has_not),
        Node::Not(_) => true,
    }
}

fn holds(clause: &Clause, fact: &Fact) -> bool {
    if clause.start && fact.reach != Reach::Start {
        return false;
    }
    if clause.hidden.is_some_and(|hidden| hidden != is_hidden(fact)) {
        return false;
    }
    let arguments = match &fact.kind {
        FactKind::Call { arguments, .. } => arguments.as_slice(),
        FactKind::Write { value, .. } => std::slice::from_ref(value),
        _ => &[],
    };
    clause.arguments.iter().all(|test| test.holds(arguments))
        && clause.line.as_ref().is_none_or(|test| match &fact.kind {
            FactKind::Call { path, arguments } => test.matches(&line(path, arguments)),
            _ => false,
        })
}

/// Whether a fact was reached by decoding, or what is given to it was.
fn is_hidden(fact: &Fact) -> bool {
    match &fact.kind {
        FactKind::Call { arguments, .. } => arguments.iter().any(|argument| argument.hidden > 0),
        FactKind::Write { value, .. } => value.hidden > 0,
        FactKind::Text { origin, .. } => matches!(origin, Origin::Decoded(_)),
        _ => false,
    }
}

/// A call as a line of a shell.
fn line(path: &str, arguments: &[FactArgument]) -> String {
    let name = path
        .strip_prefix("sh:")
        .unwrap_or_else(|| path.rsplit_once('.').map_or(path, |(_, last)| last));
    let mut line = name.to_owned();
    let stdin = |argument: &&FactArgument| argument.name.as_deref() != Some("stdin");
    for text in arguments
        .iter()
        .filter(stdin)
        .flat_map(|argument| argument.text.iter().chain(&argument.items))
    {
        if line.len() + text.len() > MAX_LINE {
            break;
        }
        line.push(' ');
        line.push_str(text);
    }
    line
}
