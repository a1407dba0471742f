//! Loops: round by round while the test or the items are known, else to a fixpoint.

use super::branch::{Takes, left};
use super::object::Join;
use super::store::Delta;
use super::value::{Kind, Value};
use super::{Act, Flow, Machine, Stop};
use crate::fact::{FactKind, Reach};
use crate::ir::{Block, ExprId, ExprKind, Label, Pattern, Span};

/// How many rounds of a `while` are followed one by one.
const ROUNDS_WHILE: u32 = 256;
/// How many rounds are followed one by one once steps are tight.
const ROUNDS_TIGHT: u32 = 12;
/// How many items are gone through one by one.
const ROUNDS_FOR: usize = 65_536;
/// How many rounds lead to a fixpoint before values are widened, and at most.
const ROUNDS_KEEP: u32 = 2;
const ROUNDS_MOST: u32 = 6;
/// How many ways may wait before a loop is no longer followed round by round.
const WAITING: usize = 24;

impl Machine<'_> {
    /// A `while`.
    pub(super) fn while_loop(
        &mut self,
        act: &Act<'_>,
        label: Label,
        test: ExprId,
        (body, step, otherwise): (&Block, &Block, &Block),
        span: Span,
    ) -> Result<Flow, Stop> {
        let constant = matches!(act.code.expr(test).kind, ExprKind::Bool(true) | ExprKind::Int(1));
        self.open(Takes::Break(label));
        let waiting = self.waiting();
        let mut rounds = 0;
        let most = if self.hurried() {
            ROUNDS_TIGHT
        } else {
            ROUNDS_WHILE
        };
        let flow = loop {
            let value = match self.eval(act, test) {
                Ok(value) => value,
                Err(stop) => break left(stop)?,
            };
            match self.truth(&value) {
                Some(false) => break self.block(act, otherwise)?,
                Some(true) if rounds < most && self.waiting() <= waiting + WAITING && self.budget_left() => {
                    rounds += 1;
                    match self.round(act, label, (body, step))? {
                        Flow::Next => {}
                        flow => break flow,
                    }
                }
                truth => {
                    if truth == Some(true) && constant && self.waiting() == waiting {
                        self.tell(act, span, FactKind::EndlessLoop);
                    }
                    let flow = self.fixpoint(|machine| {
                        let value = machine.eval(act, test)?;
                        if machine.truth(&value) == Some(false) {
                            return Ok(Flow::Dead);
                        }
                        machine.refine(act, test, true);
                        machine.round(act, label, (body, step))
                    })?;
                    break match flow {
                        Flow::Next if constant => Flow::Dead,
                        Flow::Next => {
                            self.refine(act, test, false);
                            self.block(act, otherwise)?
                        }
                        flow => flow,
                    };
                }
            }
        };
        let closed = self.close(flow).behind();
        if matches!(closed, Flow::Dead) && constant && self.rounds == 0 {
            // Nothing known ends it, yet something may: an exception, a signal. What follows is read as well.
            return Ok(Flow::Next);
        }
        Ok(closed)
    }

    /// Whether there are steps for following a loop round by round.
    fn budget_left(&self) -> bool {
        self.rounds == 0 && self.steps < self.deadline - (self.deadline - self.steps.min(self.deadline)) / 4
    }

    /// Whether loops are followed for a few rounds only: the top level has run and steps are tight.
    fn hurried(&self) -> bool {
        self.tight() && (self.reach != Reach::Start || self.steps > self.tight_from.saturating_mul(8))
    }

    /// One round, with what a `continue` skips to.
    fn round(&mut self, act: &Act<'_>, label: Label, (body, step): (&Block, &Block)) -> Result<Flow, Stop> {
        self.open(Takes::Continue(label));
        let flow = self.block(act, body)?;
        match self.close(flow).behind() {
            Flow::Next => self.block(act, step),
            flow => Ok(flow),
        }
    }

    /// Runs rounds, each on what all before it may have left, until nothing changes. The present state is one of the
    /// ways out.
    pub(super) fn fixpoint(
        &mut self,
        mut round: impl FnMut(&mut Self) -> Result<Flow, Stop>,
    ) -> Result<Flow, Stop> {
        self.rounds += 1;
        let mut result = Ok(Flow::Next);
        for count in 0..ROUNDS_MOST {
            self.store.push();
            self.uncertain += 1;
            let flow = round(self);
            self.uncertain -= 1;
            let delta: Delta = match flow {
                Ok(Flow::Next) => self.store.undo(),
                Ok(Flow::Dead) | Err(Stop::Dead) => {
                    drop(self.store.undo());
                    break;
                }
                Ok(flow) => {
                    self.park(flow);
                    drop(self.store.undo());
                    break;
                }
                Err(Stop::Raise(value)) => {
                    self.park(Flow::Raise(*value));
                    drop(self.store.undo());
                    break;
                }
                Err(stop) => {
                    self.store.merge();
                    result = Err(stop);
                    break;
                }
            };
            let how = if count < ROUNDS_KEEP {
                Join::Keep
            } else {
                Join::Widen
            };
            if !self.store.write_joined(&[&delta], how, true) {
                break;
            }
        }
        self.rounds -= 1;
        result
    }

    /// A loop over items or keys.
    pub(super) fn for_loop(
        &mut self,
        act: &Act<'_>,
        (label, pattern, iterable, keys): (Label, &Pattern, ExprId, bool),
        (body, otherwise): (&Block, &Block),
        span: Span,
    ) -> Result<Flow, Stop> {
        let value = self.eval(act, iterable)?;
        let items = self.iterate(act, &value, keys, span)?;
        self.open(Takes::Break(label));
        let empty = Block::new();
        let flow = match items {
            Items::Known(items) => {
                let waiting = self.waiting();
                let most = if self.hurried() {
                    ROUNDS_TIGHT as usize
                } else {
                    ROUNDS_FOR
                };
                let mut flow = Flow::Next;
                for (place, item) in items.iter().enumerate() {
                    if place >= most || self.waiting() > waiting + WAITING || !self.budget_left() {
                        let rest = items[place..]
                            .iter()
                            .fold(Value::default(), |any, item| any.widen(item));
                        flow = self.unknown_rounds(act, (label, pattern), &rest, body, span)?;
                        break;
                    }
                    flow = match self.assign(act, pattern, item.clone(), span) {
                        Ok(()) => self.round(act, label, (body, &empty))?,
                        Err(stop) => left(stop)?,
                    };
                    if !matches!(flow, Flow::Next) {
                        break;
                    }
                }
                flow
            }
            Items::Any(item) => self.unknown_rounds(act, (label, pattern), &item, body, span)?,
        };
        let flow = match flow {
            Flow::Next => self.block(act, otherwise)?,
            flow => flow,
        };
        Ok(self.close(flow).behind())
    }

    fn unknown_rounds(
        &mut self,
        act: &Act<'_>,
        (label, pattern): (Label, &Pattern),
        item: &Value,
        body: &Block,
        span: Span,
    ) -> Result<Flow, Stop> {
        let empty = Block::new();
        self.fixpoint(|machine| {
            machine.assign(act, pattern, item.clone(), span)?;
            machine.round(act, label, (body, &empty))
        })
    }

    /// What a loop goes through.
    pub(super) fn iterate(
        &mut self,
        act: &Act<'_>,
        value: &Value,
        keys: bool,
        span: Span,
    ) -> Result<Items, Stop> {
        let value = self.iterator_of(act, value, span)?;
        let known = if keys {
            self.keys(&value)
        } else {
            self.items(&value)
        };
        Ok(match known {
            Some(items) if items.len() <= ROUNDS_FOR => Items::Known(items),
            Some(items) => Items::Any(
                items
                    .iter()
                    .take(64)
                    .fold(Value::default(), |any, item| any.widen(item)),
            ),
            None if keys => {
                let marks = value.all_marks();
                Items::Any(Value {
                    kind: Kind::Unknown(super::value::Type::Text),
                    marks,
                })
            }
            None => Items::Any(self.any_item(&value)),
        })
    }
}

/// What a loop goes through.
pub(super) enum Items {
    /// These.
    Known(Vec<Value>),
    /// Any number of such.
    Any(Value),
}
