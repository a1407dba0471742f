//! How surprising each next word is after the words before it.
//!
//! Interpolated back-off after Witten and Bell (1991): the longest known context speaks first, and leaves the more to the
//! shorter ones the more different words it was followed by.

use super::{Symbol, hash};
use rustc_hash::FxHashMap;

/// Contexts and pairs of context and word that one model keeps; what comes after is not learned.
const MAX_ENTRIES: usize = 1 << 20;
/// The longest context.
const MAX_ORDER: usize = 6;
/// Words are judged against this many that could come instead.
const ALPHABET: f64 = 1024.0;

/// What followed a context.
#[derive(Clone, Copy, Default)]
struct Context {
    total: u32,
    different: u32,
}

/// A model of the order it was made with.
pub struct Markov {
    order: usize,
    contexts: FxHashMap<u64, Context>,
    pairs: FxHashMap<u64, u32>,
}

/// The last words of a sequence that is judged as it comes.
#[derive(Clone, Copy, Default)]
pub struct MarkovState {
    last: [Symbol; MAX_ORDER],
    length: usize,
}

impl MarkovState {
    /// The last words, oldest first.
    fn words(&self) -> &[Symbol] {
        self.last.get(MAX_ORDER - self.length..).unwrap_or(&[])
    }

    fn push(&mut self, symbol: Symbol) {
        self.last.rotate_left(1);
        if let Some(last) = self.last.last_mut() {
            *last = symbol;
        }
        self.length = (self.length + 1).min(MAX_ORDER);
    }
}

impl Markov {
    /// An empty model with contexts of up to `order` words, 6 at most.
    pub fn new(order: usize) -> Self {
        Self {
            order: order.min(MAX_ORDER),
            contexts: FxHashMap::default(),
            pairs: FxHashMap::default(),
        }
    }

    /// Learns a normal sequence.
    pub fn learn(&mut self, sequence: &[Symbol]) {
        for (at, _) in sequence.iter().enumerate() {
            for length in 0..=self.order.min(at) {
                let (Some(context), Some(pair)) =
                    (sequence.get(at - length..at), sequence.get(at - length..=at))
                else {
                    continue;
                };
                self.count(hash(context), hash(pair));
            }
        }
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.contexts.len() + self.pairs.len()
    }

    /// Whether it has learned nothing.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How surprising `symbol` is after what `state` holds, in bits; the state takes it up.
    pub fn step(&self, state: &mut MarkovState, symbol: Symbol) -> f64 {
        let words = state.words();
        let mut run = [0; MAX_ORDER + 1];
        let mut likely = 1.0 / ALPHABET;
        for length in 0..=self.order.min(words.len()) {
            let context = words.get(words.len() - length..).unwrap_or(&[]);
            let Some(known) = self.contexts.get(&hash(context)) else {
                break;
            };
            let Some(pair) = run.get_mut(..=length) else { break };
            if let Some((last, before)) = pair.split_last_mut() {
                before.copy_from_slice(context);
                *last = symbol;
            }
            let seen = self.pairs.get(&hash(pair)).copied().unwrap_or(0);
            let different = f64::from(known.different);
            likely = (f64::from(seen) + different * likely) / (f64::from(known.total) + different);
        }
        state.push(symbol);
        -likely.log2()
    }

    /// The surprise of each word of a sequence.
    pub fn surprises(&self, sequence: &[Symbol]) -> Vec<f64> {
        let mut state = MarkovState::default();
        sequence
            .iter()
            .map(|symbol| self.step(&mut state, *symbol))
            .collect()
    }

    /// The mean surprise of a sequence; 0 of an empty one.
    pub fn score(&self, sequence: &[Symbol]) -> f64 {
        let surprises = self.surprises(sequence);
        surprises.iter().sum::<f64>() / surprises.len().max(1) as f64
    }

    fn count(&mut self, context: u64, pair: u64) {
        let full = self.len() >= MAX_ENTRIES;
        if full && (!self.contexts.contains_key(&context) || !self.pairs.contains_key(&pair)) {
            return;
        }
        let seen = self.pairs.entry(pair).or_default();
        let known = self.contexts.entry(context).or_default();
        known.different += u32::from(*seen == 0);
        known.total = known.total.saturating_add(1);
        *seen = seen.saturating_add(1);
    }
}
