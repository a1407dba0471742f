//! Scopes: which variable a name means.

use crate::ir::VarId;
use rustc_hash::FxHashMap;

/// The names that are bound, with what each meant before.
#[derive(Default)]
pub(super) struct Scopes<'a> {
    bound: FxHashMap<&'a str, Vec<(u32, VarId)>>,
    names: Vec<&'a str>,
    starts: Vec<usize>,
}

impl<'a> Scopes<'a> {
    /// Opens a scope.
    pub(super) fn push(&mut self) {
        self.starts.push(self.names.len());
    }

    /// Closes the innermost scope.
    pub(super) fn pop(&mut self) {
        let start = self.starts.pop().unwrap_or(0);
        for name in self.names.drain(start..) {
            if let Some(bound) = self.bound.get_mut(name) {
                bound.pop();
            }
        }
    }

    /// The variable of that name that the innermost scope binds.
    pub(super) fn own(&self, name: &str) -> Option<VarId> {
        let (depth, variable) = *self.bound.get(name)?.last()?;
        (depth == self.depth()).then_some(variable)
    }

    /// Binds a name in the innermost scope.
    pub(super) fn bind(&mut self, name: &'a str, variable: VarId) {
        let depth = self.depth();
        self.bound.entry(name).or_default().push((depth, variable));
        self.names.push(name);
    }

    /// The variable that a name means here.
    pub(super) fn find(&self, name: &str) -> Option<VarId> {
        Some(self.bound.get(name)?.last()?.1)
    }

    fn depth(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }
}
