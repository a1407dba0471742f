//! Ways that part and meet: unknown branches, and the scopes to which jumps lead.
//!
//! A branch is run in a layer of the store, which is then taken back. Where both ways go on they are joined at once. Where one
//! jumps, what it wrote since the jump's target began is parked there, and the target joins it when it ends.

use super::object::Join;
use super::store::Delta;
use super::value::Value;
use super::{Eval, Flow, Machine, Stop};
use crate::ir::Label;

/// What a scope takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// Breaks of a label.
    Break(Label),
    /// Continues of a label.
    Continue(Label),
    /// Returns.
    Return,
    /// What is raised.
    Raise,
    /// Everything: a `finally` is to be run.
    All,
}

/// A scope that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScopeMark {
    takes: Takes,
    /// How many layers there were before it.
    depth: usize,
    /// The call in which it is: labels of others do not count.
    call: u32,
}

/// A way that waits for its target.
pub(super) struct Park {
    scope: usize,
    flow: Flow,
    delta: Delta,
}

impl Park {
    /// The scope at which it waits.
    pub(super) fn scope(&self) -> usize {
        self.scope
    }
}

/// How many ways may wait.
const PARKS: usize = 4096;

impl Machine<'_> {
    /// Opens a scope, with a layer.
    pub(super) fn open(&mut self, takes: Takes) {
        let call = self.store.call;
        self.scopes.push(ScopeMark {
            takes,
            depth: self.store.depth(),
            call,
        });
        self.store.push();
    }

    /// Ends the last scope. Gives the jumps that ended here, joined with the present way if that goes on from here
    /// (`taken` says so of a jump); the state is that of all of them.
    pub(super) fn close(&mut self, flow: Flow) -> Closed {
        let scope = self.scopes.len().saturating_sub(1);
        let takes = self.scopes.last().map_or(Takes::All, |mark| mark.takes);
        self.scopes.pop();
        let first = self.parks.partition_point(|park| park.scope < scope);
        let parked: Vec<Park> = self.parks.drain(first..).collect();
        let mut closed = Closed {
            flows: Vec::new(),
            goes_on: None,
        };
        let taken = takes_flow(takes, &flow);
        if parked.is_empty() {
            self.store.merge();
            match flow {
                Flow::Dead => {}
                flow if taken => closed.flows.push(flow),
                flow => closed.goes_on = Some(flow),
            }
            return closed;
        }
        let mut deltas: Vec<Delta> = Vec::with_capacity(parked.len() + 1);
        let present = self.store.undo();
        match flow {
            Flow::Dead => {}
            flow if taken || matches!(flow, Flow::Next) => {
                deltas.push(present);
                match flow {
                    Flow::Next => closed.goes_on = Some(flow),
                    flow => closed.flows.push(flow),
                }
            }
            flow => {
                // The present way jumps farther: it waits at its own target.
                self.store.push();
                self.store.write_joined(&[&present], Join::Keep, false);
                self.park(flow);
                self.store.undo();
            }
        }
        for park in parked {
            deltas.push(park.delta);
            closed.flows.push(park.flow);
        }
        let deltas: Vec<&Delta> = deltas.iter().collect();
        self.store.write_joined(&deltas, Join::Keep, false);
        closed
    }

    /// Leaves the present way, with what it wrote, at the target of its jump.
    pub(super) fn park(&mut self, flow: Flow) {
        let call = self.store.call;
        let target = self
            .scopes
            .iter()
            .enumerate()
            .rev()
            .find(|(_, mark)| match (&flow, mark.takes) {
                (Flow::Raise(_), Takes::Raise | Takes::All) => true,
                (_, Takes::All) => mark.call == call,
                (Flow::Break(label), Takes::Break(known)) => *label == known && mark.call == call,
                (Flow::Continue(label), Takes::Continue(known)) => *label == known && mark.call == call,
                (Flow::Return(_), Takes::Return) => mark.call == call,
                _ => false,
            });
        let Some((scope, mark)) = target else { return };
        if self.parks.len() >= PARKS {
            self.collect.limit("parks");
            return;
        }
        let delta = self.store.snapshot(mark.depth);
        let place = self.parks.partition_point(|park| park.scope <= scope);
        self.parks.insert(place, Park { scope, flow, delta });
    }

    /// Follows several ways from here, one after another, and goes on where any of them goes on.
    pub(super) fn ways(
        &mut self,
        count: usize,
        mut run: impl FnMut(&mut Self, usize) -> Result<Flow, Stop>,
    ) -> Result<Flow, Stop> {
        let mut deltas = Vec::with_capacity(count);
        self.uncertain += 1;
        let mut ended = None;
        for way in 0..count {
            self.store.push();
            match run(self, way) {
                Ok(Flow::Next) => deltas.push(self.store.undo()),
                Ok(Flow::Dead) => drop(self.store.undo()),
                Ok(flow) => {
                    self.park(flow);
                    self.store.undo();
                }
                Err(Stop::Raise(value)) => {
                    self.park(Flow::Raise(*value));
                    self.store.undo();
                }
                Err(Stop::Dead) => drop(self.store.undo()),
                Err(stop) => {
                    self.store.merge();
                    ended = Some(stop);
                    break;
                }
            }
        }
        self.uncertain -= 1;
        if let Some(stop) = ended {
            return Err(stop);
        }
        if deltas.is_empty() {
            return Ok(Flow::Dead);
        }
        let deltas: Vec<&Delta> = deltas.iter().collect();
        self.store.write_joined(&deltas, Join::Keep, false);
        Ok(Flow::Next)
    }

    /// Evaluates several ways from here and joins their values.
    pub(super) fn either(&mut self, count: usize, mut run: impl FnMut(&mut Self, usize) -> Eval) -> Eval {
        let mut joined: Option<Value> = None;
        let flow = self.ways(count, |machine, way| {
            let value = run(machine, way)?;
            joined = Some(
                joined
                    .as_ref()
                    .map_or_else(|| value.clone(), |known| known.join(&value)),
            );
            Ok(Flow::Next)
        })?;
        match (flow, joined) {
            (Flow::Next, Some(value)) => Ok(value),
            _ => Err(Stop::Dead),
        }
    }

    /// Ends the last scope, takes back what the present way wrote, and gives it with the ways that waited here.
    pub(super) fn take_apart(&mut self) -> (Delta, Vec<(Flow, Delta)>) {
        let scope = self.scopes.len().saturating_sub(1);
        self.scopes.pop();
        let first = self.parks.partition_point(|park| park.scope < scope);
        let parked = self
            .parks
            .drain(first..)
            .map(|park| (park.flow, park.delta))
            .collect();
        (self.store.undo(), parked)
    }

    /// How many ways wait.
    pub(super) fn waiting(&self) -> usize {
        self.parks.len()
    }

    /// Forgets scopes, layers and waiting ways beyond those that there were: an entry was given up.
    pub(super) fn give_up(&mut self, scopes: usize, layers: usize) {
        self.scopes.truncate(scopes);
        self.parks.retain(|park| park.scope < scopes);
        while self.store.depth() > layers {
            self.store.merge();
        }
    }
}

/// What a scope's end gives.
pub(super) struct Closed {
    /// The jumps that ended here.
    pub flows: Vec<Flow>,
    /// How the present way goes on, when it did not end here.
    pub goes_on: Option<Flow>,
}

impl Closed {
    /// How to go on behind a scope whose jumps lead behind it.
    pub fn behind(self) -> Flow {
        if self.flows.is_empty() {
            self.goes_on.unwrap_or(Flow::Dead)
        } else {
            Flow::Next
        }
    }
}

fn takes_flow(takes: Takes, flow: &Flow) -> bool {
    match (takes, flow) {
        (_, Flow::Next | Flow::Dead) => false,
        (Takes::All, _) | (Takes::Raise, Flow::Raise(_)) | (Takes::Return, Flow::Return(_)) => true,
        (Takes::Break(one), Flow::Break(other)) | (Takes::Continue(one), Flow::Continue(other)) => {
            one == *other
        }
        _ => false,
    }
}

/// Turns what stops an evaluation into how a statement leaves.
pub(super) fn left(stop: Stop) -> Result<Flow, Stop> {
    match stop {
        Stop::Raise(value) => Ok(Flow::Raise(*value)),
        Stop::Dead => Ok(Flow::Dead),
        Stop::Exhausted => Err(Stop::Exhausted),
    }
}
