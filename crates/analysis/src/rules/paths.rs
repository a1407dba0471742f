//! A table from paths to the conditions that name them: the cost of a path does not grow with the number of rules.

use super::compile::ClauseId;
use super::glob::{Glob, Key};
use rustc_hash::FxHashMap;

/// Conditions by the paths that they name.
#[derive(Default, Debug)]
pub struct PathTable {
    whole: FxHashMap<String, Vec<ClauseId>>,
    last: FxHashMap<String, Vec<(Glob, ClauseId)>>,
    first: FxHashMap<String, Vec<(Glob, ClauseId)>>,
    rest: Vec<(Glob, ClauseId)>,
}

impl PathTable {
    /// Adds a pattern as written.
    pub fn add(&mut self, written: &str, clause: ClauseId) {
        for glob in Glob::expand(written) {
            match glob.key() {
                Key::Whole(path) => self.whole.entry(path).or_default().push(clause),
                Key::Last(name) => self.last.entry(name).or_default().push((glob, clause)),
                Key::First(name) => self.first.entry(name).or_default().push((glob, clause)),
                Key::None => self.rest.push((glob, clause)),
            }
        }
    }

    /// Adds to `found` the conditions that name the path, each once.
    pub fn find(&self, path: &str, found: &mut Vec<ClauseId>) {
        let from = found.len();
        if let Some(clauses) = self.whole.get(path) {
            found.extend_from_slice(clauses);
        }
        let last = path.rsplit_once('.').map_or(path, |(_, last)| last);
        let first = path.split_once('.').map_or(path, |(first, _)| first);
        let globs = [self.last.get(last), self.first.get(first), Some(&self.rest)];
        for (glob, clause) in globs.into_iter().flatten().flatten() {
            if glob.matches(path) {
                found.push(*clause);
            }
        }
        if found.len() > from + 1 {
            let mut new = found.split_off(from);
            new.sort_unstable();
            new.dedup();
            found.append(&mut new);
        }
    }

    /// The same of a module and of each package around it.
    pub fn find_within(&self, module: &str, found: &mut Vec<ClauseId>) {
        let ends = module
            .char_indices()
            .filter(|(_, c)| ".:/".contains(*c))
            .map(|(at, _)| at);
        for end in ends.chain([module.len()]) {
            self.find(module.get(..end).unwrap_or_default(), found);
        }
        found.sort_unstable();
        found.dedup();
    }
}

/// What may stand before a name without changing what it means.
const IDLE: [&str; 5] = ["node:", "builtins.", "__builtin__.", "globalThis.", "window."];

/// A path without what may stand before it.
pub fn plain(path: &str) -> &str {
    IDLE.iter()
        .find_map(|idle| path.strip_prefix(idle))
        .unwrap_or(path)
}
