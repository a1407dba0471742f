//! Expressions.

use super::object::{Object, Shape};
use super::outside::Leaf;
use super::value::merge_marks;
use super::value::{Kind, Value};
use super::{Act, Eval, Machine, Stop};
use crate::fact::{FactKind, Origin};
use crate::ir::Language;
use crate::ir::{
    BinaryOp, Clause, ComprehensionKind, Element, Entry, Expr, ExprId, ExprKind, LogicOp, UnaryOp, VarId,
};
use std::rc::Rc;

impl Machine<'_> {
    /// The value of an expression that is used as it is.
    pub(super) fn eval(&mut self, act: &Act<'_>, id: ExprId) -> Eval {
        self.tick()?;
        let expr = act.code.expr(id);
        match &expr.kind {
            ExprKind::Null => Ok(Value::null()),
            ExprKind::Undefined => Ok(Value::undefined()),
            ExprKind::Bool(truth) => Ok(Value::bool(*truth)),
            ExprKind::Int(number) => Ok(Value::int(*number)),
            ExprKind::Float(number) => Ok(Value::of(Kind::Float(*number))),
            ExprKind::Text(text) => {
                self.literal(act, id, expr, text);
                Ok(Value::of(Kind::Text(Rc::clone(text))))
            }
            ExprKind::Bytes(bytes) => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    self.literal(act, id, expr, &Rc::from(text));
                }
                Ok(Value::of(Kind::Bytes(Rc::clone(bytes))))
            }
            ExprKind::Var(var) => Ok(self.read_var(act, *var)),
            ExprKind::Global(name) => self.read_global(act, *name, expr.span, Leaf::Yes),
            _ => self.deep(act, id, expr, Leaf::Yes),
        }
    }

    /// The value of an expression of which only a part is used: a callee, the base of a field. No fact tells that it is
    /// read.
    pub(super) fn eval_quiet(&mut self, act: &Act<'_>, id: ExprId) -> Eval {
        let expr = act.code.expr(id);
        match &expr.kind {
            ExprKind::Global(name) => {
                self.tick()?;
                self.read_global(act, *name, expr.span, Leaf::No)
            }
            ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Import(..) => {
                self.tick()?;
                self.deep(act, id, expr, Leaf::No)
            }
            _ => self.eval(act, id),
        }
    }

    fn deep(&mut self, act: &Act<'_>, id: ExprId, expr: &Expr, leaf: Leaf) -> Eval {
        let result = self.nested(|machine| machine.compound(act, id, expr, leaf));
        result.unwrap_or_else(|| {
            self.tell(act, expr.span, FactKind::Unreadable { what: "too_deep" });
            Ok(Value::unknown())
        })
    }

    fn compound(&mut self, act: &Act<'_>, id: ExprId, expr: &Expr, leaf: Leaf) -> Eval {
        match &expr.kind {
            ExprKind::Field(base, name) => {
                if matches!(act.code.expr(*base).kind, ExprKind::Super) {
                    let base = self.super_of(act);
                    return self.read_field(act, &base, *name, expr.span, leaf);
                }
                let base = self.eval_quiet(act, *base)?;
                self.read_field(act, &base, *name, expr.span, leaf)
            }
            ExprKind::Index(base, index) => {
                let base = self.eval_quiet(act, *base)?;
                let index = self.eval(act, *index)?;
                self.read_item(act, &base, &index, expr.span)
            }
            ExprKind::Slice(base, low, high, step) => {
                let base = self.eval(act, *base)?;
                let mut bounds = [None, None, None];
                for (bound, given) in bounds.iter_mut().zip([low, high, step]) {
                    if let Some(given) = given {
                        *bound = Some(self.eval(act, *given)?);
                    }
                }
                self.read_slice(act, &base, &bounds)
            }
            ExprKind::Call {
                callee,
                arguments,
                new,
            } => self.call_expr(act, id, *callee, arguments, *new),
            ExprKind::Binary(op, one, other) => self.binary_expr(act, *op, *one, *other, expr),
            ExprKind::Unary(op, one) => self.unary_expr(act, *op, *one),
            ExprKind::Compare(op, one, other) => {
                let one = self.eval(act, *one)?;
                let other = self.eval(act, *other)?;
                self.compare_values(act, *op, &one, &other, expr.span)
            }
            ExprKind::Logic(op, one, other) => self.logic(act, *op, *one, *other),
            ExprKind::Conditional(test, then, otherwise) => self.conditional(act, *test, *then, *otherwise),
            ExprKind::Concat(parts) => self.concat(act, parts),
            ExprKind::List(elements) => self.sequence(act, id, Shape::List, elements),
            ExprKind::Tuple(elements) => self.sequence(act, id, Shape::Tuple, elements),
            ExprKind::Set(elements) => self.sequence(act, id, Shape::Set, elements),
            ExprKind::Map(entries) => self.map(act, id, entries),
            _ => self.compound_rare(act, id, expr),
        }
    }

    fn compound_rare(&mut self, act: &Act<'_>, id: ExprId, expr: &Expr) -> Eval {
        match &expr.kind {
            ExprKind::Function(function) => Ok(self.closure(act, id, *function)),
            ExprKind::Class(class) => self.make_class(act, id, *class),
            ExprKind::Assign(pattern, value) => {
                let value = self.eval(act, *value)?;
                self.assign(act, pattern, value.clone(), expr.span)?;
                Ok(value)
            }
            ExprKind::Comprehension {
                kind,
                element,
                key,
                clauses,
            } => self.comprehension(act, id, *kind, (*key, *element), clauses),
            ExprKind::Await(value) => {
                let value = self.eval(act, *value)?;
                self.await_value(value, expr.span)
            }
            ExprKind::Yield(value) => {
                let value = match value {
                    Some(value) => self.eval(act, *value)?,
                    None => Value::null(),
                };
                self.yielded(value);
                Ok(Value::unknown())
            }
            ExprKind::YieldFrom(value) => {
                let value = self.eval(act, *value)?;
                match self.iterate(act, &value, false, expr.span)? {
                    super::loops::Items::Known(items) => {
                        items.into_iter().for_each(|item| self.yielded(item))
                    }
                    super::loops::Items::Any(item) => self.yielded_any(&item),
                }
                Ok(Value::unknown())
            }
            ExprKind::Import(path, item) => self.import(act, path, *item, expr.span),
            ExprKind::Super => Ok(self.super_of(act)),
            ExprKind::Sequence(all) => {
                let mut last = Value::undefined();
                for one in all {
                    last = self.eval(act, *one)?;
                }
                Ok(last)
            }
            ExprKind::Unknown(parts) => {
                let mut marks = None;
                for part in parts {
                    let value = self.eval(act, *part)?;
                    marks = merge_marks(&marks, &self.deep_marks(&value));
                }
                Ok(Value {
                    marks,
                    ..Value::unknown()
                })
            }
            _ => Ok(Value::unknown()),
        }
    }

    fn conditional(&mut self, act: &Act<'_>, test: ExprId, then: ExprId, otherwise: ExprId) -> Eval {
        let value = self.eval(act, test)?;
        match self.truth(&value) {
            Some(true) => self.eval(act, then),
            Some(false) => self.eval(act, otherwise),
            None => self.either(2, |machine, way| {
                machine.refine(act, test, way == 0);
                machine.eval(act, if way == 0 { then } else { otherwise })
            }),
        }
    }

    fn literal(&mut self, act: &Act<'_>, id: ExprId, expr: &Expr, text: &Rc<str>) {
        if text.len() >= 3 && self.literals.insert((act.code.unit, id)) {
            let text = super::tell::cut(text);
            self.tell(
                act,
                expr.span,
                FactKind::Text {
                    text,
                    origin: Origin::Literal,
                },
            );
        }
    }

    /// Left operands of left operands are gone through without nesting: programs add long rows of texts.
    fn binary_expr(&mut self, act: &Act<'_>, op: BinaryOp, one: ExprId, other: ExprId, expr: &Expr) -> Eval {
        let mut spine = vec![(op, other, expr.span)];
        let mut first = one;
        while let ExprKind::Binary(op, one, other) = &act.code.expr(first).kind {
            spine.push((*op, *other, act.code.expr(first).span));
            first = *one;
        }
        let mut value = self.eval(act, first)?;
        while let Some((op, other, span)) = spine.pop() {
            self.tick()?;
            let other = self.eval(act, other)?;
            value = self.binary(act, op, &value, &other, span)?;
        }
        Ok(value)
    }

    fn unary_expr(&mut self, act: &Act<'_>, op: UnaryOp, one: ExprId) -> Eval {
        let value = match op {
            UnaryOp::TypeOf | UnaryOp::Delete => self.eval_quiet(act, one)?,
            _ => self.eval(act, one)?,
        };
        if op == UnaryOp::Delete {
            if let ExprKind::Field(base, name) = act.code.expr(one).kind {
                let base = self.eval_quiet(act, base)?;
                self.delete_field(&base, name);
            } else if let ExprKind::Index(base, index) = act.code.expr(one).kind {
                let base = self.eval_quiet(act, base)?;
                let index = self.eval(act, index)?;
                self.delete_item(&base, &index);
            }
            return Ok(Value::bool(true));
        }
        Ok(self.unary(act, op, &value))
    }

    fn logic(&mut self, act: &Act<'_>, op: LogicOp, one: ExprId, other: ExprId) -> Eval {
        let first = self.eval(act, one)?;
        let decided = match op {
            LogicOp::And => self.truth(&first).map(|truth| !truth),
            LogicOp::Or => self.truth(&first),
            LogicOp::Coalesce => match first.kind {
                Kind::Null | Kind::Undefined => Some(false),
                Kind::Unknown(_) | Kind::OneOf(_) | Kind::Path(_) => None,
                _ => Some(true),
            },
        };
        match decided {
            Some(true) => Ok(first),
            Some(false) => self.eval(act, other),
            None => self.either(2, |machine, way| {
                if way == 0 {
                    return Ok(first.clone());
                }
                machine.refine(act, one, op == LogicOp::And);
                machine.eval(act, other)
            }),
        }
    }

    fn concat(&mut self, act: &Act<'_>, parts: &[ExprId]) -> Eval {
        let mut text = String::new();
        let mut marks = None;
        for part in parts {
            let value = self.eval(act, *part)?;
            let value = self.as_text(act, value, act.code.expr(*part).span)?;
            if text.len() < super::ask::TEXT {
                let alone = parts.len() == 1;
                text.push_str(&if alone {
                    self.piece(&value, act.language)
                } else {
                    self.clean_piece(&value, act.language)
                });
            }
            marks = merge_marks(&marks, &self.deep_marks(&value));
        }
        Ok(self.built(text, marks))
    }

    fn sequence(&mut self, act: &Act<'_>, id: ExprId, shape: Shape, elements: &[Element]) -> Eval {
        let mut object = Object::new(shape);
        object.items.reserve(elements.len());
        for element in elements {
            match element {
                Element::One(one) => {
                    let value = self.eval(act, *one)?;
                    if object.exact {
                        object.items.push(value);
                    } else {
                        object.add_rest(&value);
                    }
                }
                Element::Spread(one) => {
                    let value = self.eval(act, *one)?;
                    match self.iterate(act, &value, false, act.code.expr(*one).span)? {
                        super::loops::Items::Known(items) if object.exact => object.items.extend(items),
                        super::loops::Items::Known(items) => {
                            items.iter().for_each(|item| object.add_rest(item))
                        }
                        super::loops::Items::Any(item) => object.add_rest(&item),
                    }
                }
            }
        }
        if matches!(object.shape, Shape::Set) {
            dedup(&mut object.items);
        }
        Ok(self.allocate(act, id, object))
    }

    fn map(&mut self, act: &Act<'_>, id: ExprId, entries: &[Entry]) -> Eval {
        let shape = if act.language == Language::Python {
            Shape::Dict
        } else {
            Shape::Record
        };
        let mut object = Object::new(shape);
        for entry in entries {
            match entry {
                Entry::Pair(key, value) => {
                    let key = self.eval(act, *key)?;
                    let value = self.eval(act, *value)?;
                    object.marks = merge_marks(&object.marks, &key.all_marks());
                    match self.key_of_entry(act, &key) {
                        Some(known) => object.entries.set(known, value),
                        None => object.add_rest(&value),
                    }
                }
                Entry::Spread(other) => {
                    let other = self.eval(act, *other)?;
                    self.spread_into(&mut object, &other);
                }
            }
        }
        Ok(self.allocate(act, id, object))
    }

    /// A new object of a place in the source. Within a loop to a fixpoint a place has one object for each context, so
    /// that rounds come to an end.
    pub(super) fn allocate(&mut self, act: &Act<'_>, id: ExprId, object: Object) -> Value {
        if self.store.size() > super::run::OBJECTS {
            self.collect.limit("objects");
            let mut marks = object.marks.clone();
            let all = object
                .items
                .iter()
                .chain(object.entries.iter().map(|(_, value)| value))
                .chain(&object.rest);
            for one in all {
                marks = merge_marks(&marks, &self.deep_marks(one));
            }
            return Value {
                marks,
                ..Value::unknown()
            };
        }
        if self.rounds == 0 {
            return self.new_object(object);
        }
        let site = (act.code.unit, id, self.context);
        if let Some(&known) = self.sites.get(&site) {
            self.store.summarize(known, &object);
            return Value::of(Kind::Object(known));
        }
        let new = self.store.add(object);
        self.sites.insert(site, new);
        Value::of(Kind::Object(new))
    }

    fn comprehension(
        &mut self,
        act: &Act<'_>,
        id: ExprId,
        kind: ComprehensionKind,
        (key, element): (Option<ExprId>, ExprId),
        clauses: &[Clause],
    ) -> Eval {
        let shape = match kind {
            ComprehensionKind::List => Shape::List,
            ComprehensionKind::Set => Shape::Set,
            ComprehensionKind::Generator => Shape::Generator,
            ComprehensionKind::Map if act.language == Language::Python => Shape::Dict,
            ComprehensionKind::Map => Shape::Record,
        };
        let mut object = Object::new(shape);
        let uncertain = self.uncertain;
        self.clause(act, (key, element), clauses, &mut object, uncertain)?;
        if matches!(object.shape, Shape::Set) {
            dedup(&mut object.items);
        }
        Ok(self.allocate(act, id, object))
    }

    fn clause(
        &mut self,
        act: &Act<'_>,
        what: (Option<ExprId>, ExprId),
        clauses: &[Clause],
        object: &mut Object,
        uncertain: u32,
    ) -> Result<(), Stop> {
        let Some((clause, inner)) = clauses.split_first() else {
            let key = what.0.map(|key| self.eval(act, key)).transpose()?;
            let value = self.eval(act, what.1)?;
            let key = key.map(|key| self.key_of_entry(act, &key).ok_or(key));
            match key {
                Some(Ok(key)) => {
                    object.exact &= self.uncertain == uncertain;
                    object.entries.set(key, value);
                }
                Some(Err(key)) => {
                    object.marks = merge_marks(&object.marks, &key.all_marks());
                    object.add_rest(&value);
                }
                None if self.uncertain == uncertain && object.exact => object.items.push(value),
                None => object.add_rest(&value),
            }
            return Ok(());
        };
        let value = self.eval(act, clause.iterable)?;
        let span = act.code.expr(clause.iterable).span;
        match self.iterate(act, &value, false, span)? {
            super::loops::Items::Known(items) => {
                for item in items {
                    self.assign(act, &clause.pattern, item, span)?;
                    self.conditions(act, what, clause, inner, object, uncertain)?;
                }
            }
            super::loops::Items::Any(item) => {
                self.uncertain += 1;
                self.rounds += 1;
                let result = self
                    .assign(act, &clause.pattern, item, span)
                    .and_then(|()| self.conditions(act, what, clause, inner, object, uncertain));
                self.rounds -= 1;
                self.uncertain -= 1;
                object.exact = false;
                result?;
            }
        }
        Ok(())
    }

    fn conditions(
        &mut self,
        act: &Act<'_>,
        what: (Option<ExprId>, ExprId),
        clause: &Clause,
        inner: &[Clause],
        object: &mut Object,
        uncertain: u32,
    ) -> Result<(), Stop> {
        let mut unknown = 0;
        for condition in &clause.conditions {
            let value = self.eval(act, *condition)?;
            match self.truth(&value) {
                Some(true) => {}
                Some(false) => {
                    self.uncertain -= unknown;
                    return Ok(());
                }
                None => {
                    unknown += 1;
                    self.uncertain += 1;
                    self.refine(act, *condition, true);
                }
            }
        }
        let result = self.clause(act, what, inner, object, uncertain);
        self.uncertain -= unknown;
        result
    }

    /// A variable's value. One of a module or class body that is not assigned yet means the global of its name.
    pub(super) fn read_var(&mut self, act: &Act<'_>, var: VarId) -> Value {
        let owner = act.code.variable(var).owner;
        let slot = act.code.slot(var);
        let Some(frame) = self.frame_of(act, owner) else {
            return Value::unknown();
        };
        let value = self.store.get(frame, slot).clone();
        if matches!(value.kind, Kind::Unbound) {
            return self.unbound(act, var);
        }
        value
    }
}

fn dedup(items: &mut Vec<Value>) {
    if items.len() > 512 {
        return;
    }
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        if !kept.iter().any(|known| known.same(&item)) {
            kept.push(item);
        }
    }
    *items = kept;
}
