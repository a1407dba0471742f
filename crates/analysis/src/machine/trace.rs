//! What a run tells: facts without repetition, flows, and the bounds that were reached.

use crate::fact::{Fact, FactArgument, FactKind, Reach};
use crate::ir::{FuncId, Span};
use crate::taint::{Sink, Source};
use rustc_hash::{FxHashMap, FxHashSet};
use std::hash::{Hash, Hasher};

/// What a run told.
#[derive(Default, Debug)]
pub struct Trace {
    /// In the order in which they were met.
    pub facts: Vec<Fact>,
    /// Without repetition.
    pub flows: Vec<TaintFlow>,
    /// Such as `steps`, `depth`, `facts`, `flows`, `files`, `decoded_bytes`.
    pub limits_reached: Vec<&'static str>,
    /// Steps that the machine made.
    pub steps: u64,
}

/// Data of a source at a sink, with its way.
#[derive(Clone, Debug)]
pub struct TaintFlow {
    /// Where it came in.
    pub source: &'static Source,
    /// Where it does harm.
    pub sink: &'static Sink,
    /// The function in which the sink stands.
    pub function: FuncId,
    /// From source to sink: places and what happens there.
    pub steps: Vec<(Span, String)>,
}

/// How many calls of one path at one place are told apart.
const VARIANTS: usize = 6;

/// Collects what a run tells.
#[derive(Default)]
pub(super) struct Collector {
    pub trace: Trace,
    limit: usize,
    flow_limit: usize,
    places: FxHashMap<u64, Vec<u32>>,
    flows: FxHashSet<(u16, u16, Span, Span)>,
}

impl Collector {
    pub fn new(limit: usize, flow_limit: usize) -> Self {
        Self {
            limit,
            flow_limit,
            ..Self::default()
        }
    }

    /// Says that a bound was reached.
    pub fn limit(&mut self, what: &'static str) {
        if !self.trace.limits_reached.contains(&what) {
            self.trace.limits_reached.push(what);
        }
    }

    /// Adds a fact, unless it was told.
    pub fn fact(&mut self, fact: Fact) {
        let places = self.places.entry(place_of(&fact)).or_default();
        for &known in places.iter() {
            let known = &mut self.trace.facts[known as usize];
            if same_fact(&known.kind, &fact.kind) {
                known.reach = known.reach.min(fact.reach);
                return;
            }
        }
        if places.len() >= VARIANTS {
            // The last one tells most: a text that grows is whole at the end.
            if let Some(&last) = places.last() {
                self.trace.facts[last as usize] = fact;
            }
            return;
        }
        if self.trace.facts.len() >= self.limit {
            self.limit("facts");
            return;
        }
        places.push(u32::try_from(self.trace.facts.len()).unwrap_or(u32::MAX));
        self.trace.facts.push(fact);
    }

    /// Whether a flow is new; then it has to be told.
    pub fn is_new(&mut self, source: u16, sink: u16, from: Span, to: Span) -> bool {
        if self.trace.flows.len() >= self.flow_limit {
            self.limit("flows");
            return false;
        }
        self.flows.insert((source, sink, from, to))
    }
}

/// A number for the place and the kind of a fact.
fn place_of(fact: &Fact) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    fact.span.hash(&mut hasher);
    std::mem::discriminant(&fact.kind).hash(&mut hasher);
    match &fact.kind {
        FactKind::Call { path, .. } | FactKind::Read { path } | FactKind::Write { path, .. } => {
            path.hash(&mut hasher);
        }
        FactKind::Import { module } => module.hash(&mut hasher),
        FactKind::Text { origin, .. } => std::mem::discriminant(origin).hash(&mut hasher),
        FactKind::Unreadable { what } => what.hash(&mut hasher),
        FactKind::Inner { .. } | FactKind::EndlessLoop => {}
    }
    hasher.finish()
}

fn same_fact(one: &FactKind, other: &FactKind) -> bool {
    match (one, other) {
        (FactKind::Call { arguments: a, .. }, FactKind::Call { arguments: b, .. }) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_argument(a, b))
        }
        (FactKind::Write { value: a, .. }, FactKind::Write { value: b, .. }) => same_argument(a, b),
        (FactKind::Text { text: a, .. }, FactKind::Text { text: b, .. }) => a == b,
        (FactKind::Inner { file: a, .. }, FactKind::Inner { file: b, .. }) => a == b,
        _ => true,
    }
}

fn same_argument(one: &FactArgument, other: &FactArgument) -> bool {
    one.text == other.text
        && one.number == other.number
        && one.items == other.items
        && one.paths == other.paths
        && one.taints == other.taints
        && one.name == other.name
}

/// Reaches by how much they matter: what starts with the program comes first.
const _: () =
    assert!((Reach::Start as u8) < (Reach::Call as u8) && (Reach::Call as u8) < (Reach::Dead as u8));
