//! Statements.

use super::branch::{Takes, left};
use super::value::{Kind, Value};
use super::{Act, Flow, Machine, Stop};
use crate::fact::FactKind;
use crate::ir::{Block, Case, CompareOp, ExprId, ExprKind, Label, Pattern, Statement, StatementKind};
use rustc_hash::FxHashSet;

impl Machine<'_> {
    /// Statements in order.
    pub(super) fn block(&mut self, act: &Act<'_>, block: &Block) -> Result<Flow, Stop> {
        for statement in block {
            match self.statement(act, statement)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, act: &Act<'_>, statement: &Statement) -> Result<Flow, Stop> {
        let result = self.nested(|machine| machine.statement_within(act, statement));
        match result {
            Some(Ok(flow)) => Ok(flow),
            Some(Err(stop)) => left(stop),
            None => {
                self.tell(act, statement.span, FactKind::Unreadable { what: "too_deep" });
                Ok(Flow::Next)
            }
        }
    }

    fn statement_within(&mut self, act: &Act<'_>, statement: &Statement) -> Result<Flow, Stop> {
        self.tick()?;
        match &statement.kind {
            StatementKind::Expr(id) => {
                // A text alone is a comment.
                if !matches!(act.code.expr(*id).kind, ExprKind::Text(_)) {
                    self.eval(act, *id)?;
                }
            }
            StatementKind::Assign(pattern, id) => {
                let value = self.eval(act, *id)?;
                self.tell_built(act, &value, statement.span);
                self.assign(act, pattern, value, statement.span)?;
            }
            StatementKind::Delete(pattern) => self.delete(act, pattern)?,
            StatementKind::If(test, then, otherwise) => return self.choose(act, *test, then, otherwise),
            StatementKind::While {
                label,
                test,
                body,
                step,
                otherwise,
            } => {
                return self.while_loop(act, *label, *test, (body, step, otherwise), statement.span);
            }
            StatementKind::For {
                label,
                pattern,
                iterable,
                keys,
                body,
                otherwise,
            } => {
                let header = (*label, pattern, *iterable, *keys);
                return self.for_loop(act, header, (body, otherwise), statement.span);
            }
            StatementKind::Labelled(label, body) => {
                self.open(Takes::Break(*label));
                let flow = self.block(act, body)?;
                return Ok(self.close(flow).behind());
            }
            StatementKind::Switch {
                label,
                subject,
                cases,
            } => return self.switch(act, *label, *subject, cases),
            StatementKind::Break(label) => return Ok(Flow::Break(*label)),
            StatementKind::Continue(label) => return Ok(Flow::Continue(*label)),
            StatementKind::Return(value) => {
                let value = match value {
                    Some(id) => self.eval(act, *id)?,
                    None => self.nothing(act),
                };
                self.tell_built(act, &value, statement.span);
                return Ok(Flow::Return(value));
            }
            _ => return self.statement_rare(act, statement),
        }
        Ok(Flow::Next)
    }

    fn statement_rare(&mut self, act: &Act<'_>, statement: &Statement) -> Result<Flow, Stop> {
        match &statement.kind {
            StatementKind::Raise(value) => {
                let value = match value {
                    Some(id) => self.eval(act, *id)?,
                    None => Value::unknown(),
                };
                let value = self.raised(value, statement.span)?;
                return Ok(Flow::Raise(value));
            }
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                return self.try_statement(act, body, handlers, otherwise, finally);
            }
            StatementKind::Assert(test) => {
                let value = self.eval(act, *test)?;
                if self.truth(&value) != Some(true) {
                    self.may_raise = true;
                }
                self.refine(act, *test, true);
            }
            StatementKind::Export(name, id) => {
                let value = self.eval(act, *id)?;
                self.export(act, *name, value);
            }
            _ => {}
        }
        Ok(Flow::Next)
    }

    /// What a function gives that returns nothing.
    pub(super) fn nothing(&self, act: &Act<'_>) -> Value {
        if act.language == crate::ir::Language::Python {
            Value::null()
        } else {
            Value::undefined()
        }
    }

    /// An `if`. A chain of `else if` is followed without nesting.
    fn choose(&mut self, act: &Act<'_>, test: ExprId, then: &Block, otherwise: &Block) -> Result<Flow, Stop> {
        let value = self.eval(act, test)?;
        match self.truth(&value) {
            Some(true) => {
                self.walk_dead(act, otherwise);
                self.block(act, then)
            }
            Some(false) => {
                self.walk_dead(act, then);
                self.block(act, otherwise)
            }
            None => self.ways(2, |machine, way| {
                machine.refine(act, test, way == 0);
                machine.block(act, if way == 0 { then } else { otherwise })
            }),
        }
    }

    fn switch(&mut self, act: &Act<'_>, label: Label, subject: ExprId, cases: &[Case]) -> Result<Flow, Stop> {
        let subject = self.eval(act, subject)?;
        let mut starts = Vec::new();
        let mut certain = false;
        for (place, case) in cases.iter().enumerate() {
            let Some(test) = case.test else { continue };
            let value = self.eval(act, test)?;
            match self.compare(act, CompareOp::Is, &subject, &value).0 {
                Some(true) => {
                    starts.push(Some(place));
                    certain = true;
                    break;
                }
                Some(false) => {}
                None => starts.push(Some(place)),
            }
        }
        if !certain {
            starts.push(cases.iter().position(|case| case.test.is_none()));
        }
        self.open(Takes::Break(label));
        let run = |machine: &mut Self, start: Option<usize>| {
            let from = start.unwrap_or(cases.len());
            for case in &cases[from..] {
                match machine.block(act, &case.body)? {
                    Flow::Next => {}
                    flow => return Ok(flow),
                }
            }
            Ok(Flow::Next)
        };
        let flow = match starts.as_slice() {
            [only] => run(self, *only)?,
            many => self.ways(many.len(), |machine, way| run(machine, many[way]))?,
        };
        Ok(self.close(flow).behind())
    }

    /// What is raised: of a class, an instance.
    fn raised(&mut self, value: Value, span: crate::ir::Span) -> super::Eval {
        let is_class = value
            .as_object()
            .is_some_and(|id| matches!(self.store.object(id).shape, super::object::Shape::Class(_)));
        if is_class {
            return self.call_back(&value, None, Vec::new(), span);
        }
        Ok(value)
    }

    /// Reads statements that are never reached, for what they say: literals and names of modules, no effects.
    fn walk_dead(&mut self, act: &Act<'_>, block: &Block) {
        let Some(first) = block.first() else { return };
        if self.rounds > 0
            || !self
                .inner
                .dead
                .insert((act.code.unit, first.span.start, first.span.end))
        {
            return;
        }
        let reach = std::mem::replace(&mut self.reach, crate::fact::Reach::Dead);
        let (scopes, layers) = (self.scopes.len(), self.store.depth());
        let may_raise = self.may_raise;
        let deadline = self.deadline;
        self.deadline = deadline.min(self.steps + 500);
        self.uncertain += 1;
        self.open(Takes::All);
        let _left = self.block(act, block);
        self.give_up(scopes + 1, layers + 1);
        self.scopes.truncate(scopes);
        self.parks.retain(|park| park.scope() < scopes);
        drop(self.store.undo());
        self.uncertain -= 1;
        self.deadline = deadline;
        self.may_raise = may_raise;
        self.reach = reach;
    }

    /// Uses what a test tells where it was so: a variable that equals a constant is that constant.
    pub(super) fn refine(&mut self, act: &Act<'_>, test: ExprId, held: bool) {
        match &act.code.expr(test).kind {
            ExprKind::Unary(crate::ir::UnaryOp::Not, inner) => self.refine(act, *inner, !held),
            ExprKind::Logic(crate::ir::LogicOp::And, one, other) if held => {
                self.refine(act, *one, true);
                self.refine(act, *other, true);
            }
            ExprKind::Logic(crate::ir::LogicOp::Or, one, other) if !held => {
                self.refine(act, *one, false);
                self.refine(act, *other, false);
            }
            ExprKind::Compare(op, one, other) => {
                let equal = match op {
                    CompareOp::Equal | CompareOp::Is => held,
                    CompareOp::NotEqual | CompareOp::IsNot => !held,
                    CompareOp::In => return self.refine_in(act, *one, *other, held),
                    CompareOp::NotIn => return self.refine_in(act, *one, *other, !held),
                    _ => return,
                };
                if equal {
                    self.refine_equal(act, *one, *other);
                    self.refine_equal(act, *other, *one);
                }
            }
            ExprKind::Call {
                callee, arguments, ..
            } if held => self.refine_guard(act, *callee, arguments),
            _ => {}
        }
    }

    fn refine_equal(&mut self, act: &Act<'_>, variable: ExprId, constant: ExprId) {
        let ExprKind::Var(var) = act.code.expr(variable).kind else {
            return;
        };
        let value = match &act.code.expr(constant).kind {
            ExprKind::Null => Value::null(),
            ExprKind::Bool(truth) => Value::bool(*truth),
            ExprKind::Int(number) => Value::int(*number),
            ExprKind::Text(text) => Value::of(Kind::Text(std::rc::Rc::clone(text))),
            _ => return,
        };
        let known = self.read_var(act, var);
        // Alternatives that cannot be equal are gone; what is unknown is the constant.
        if matches!(
            known.kind,
            Kind::Unknown(_) | Kind::Path(_) | Kind::OneOf(_) | Kind::Template(_)
        ) {
            self.write_var(act, var, value);
        }
    }

    fn refine_in(&mut self, act: &Act<'_>, variable: ExprId, container: ExprId, held: bool) {
        if let (ExprKind::Text(text), false) = (&act.code.expr(variable).kind, held) {
            return self.refine_absent(act, text, container);
        }
        let ExprKind::Var(var) = act.code.expr(variable).kind else {
            return;
        };
        if !held
            || !matches!(
                act.code.expr(container).kind,
                ExprKind::List(_) | ExprKind::Tuple(_) | ExprKind::Set(_) | ExprKind::Var(_)
            )
        {
            return;
        }
        let Ok(container) = self.eval(act, container) else {
            return;
        };
        if !matches!(container.kind, Kind::Object(_)) {
            return;
        }
        let Some(items) = self.items(&container) else {
            return;
        };
        if items.is_empty()
            || items.len() > super::value::ALTERNATIVES
            || !items.iter().all(Value::is_constant)
        {
            if !items.is_empty()
                && items
                    .iter()
                    .all(|item| item.is_constant() && item.marks.is_none())
            {
                self.write_var(act, var, Value::of(Kind::Unknown(items[0].ty())));
            }
            return;
        }
        self.write_var(act, var, super::value::from_alternatives(items));
    }

    /// A text does not stand in a variable, or in a part of it.
    fn refine_absent(&mut self, act: &Act<'_>, text: &str, container: ExprId) {
        let bits = crate::taint::data().absent(text);
        if bits == 0 {
            return;
        }
        let var = match &act.code.expr(container).kind {
            ExprKind::Var(var) => *var,
            ExprKind::Slice(base, ..) => match act.code.expr(*base).kind {
                ExprKind::Var(var) => var,
                _ => return,
            },
            _ => return,
        };
        let value = self.read_var(act, var);
        let value = self.cleared(&value, bits);
        self.write_var(act, var, value);
    }

    fn delete(&mut self, act: &Act<'_>, pattern: &Pattern) -> Result<(), Stop> {
        match pattern {
            Pattern::Var(var) => self.write_var(act, *var, Value::default()),
            Pattern::Global(name) => {
                self.globals.remove(name);
            }
            Pattern::Field(base, name) => {
                let base = self.eval_quiet(act, *base)?;
                self.delete_field(&base, *name);
            }
            Pattern::Index(base, index) => {
                let base = self.eval_quiet(act, *base)?;
                let index = self.eval(act, *index)?;
                self.delete_item(&base, &index);
            }
            Pattern::Slice(base, ..) => {
                self.eval(act, *base)?;
            }
            Pattern::List(items) => {
                for item in items {
                    let (crate::ir::PatternItem::One(one) | crate::ir::PatternItem::Rest(one)) = item;
                    self.delete(act, one)?;
                }
            }
            Pattern::Map(..) | Pattern::Default(..) | Pattern::Ignore => {}
        }
        Ok(())
    }
}

/// Blocks that are never reached and were read once: unit, first and last byte of their first statement.
pub(super) type DeadBlocks = FxHashSet<(u32, u32, u32)>;
