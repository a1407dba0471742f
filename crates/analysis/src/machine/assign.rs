//! Assignments: to variables, fields, items, and apart into patterns.

use super::object::{Key, Object, Shape};
use super::value::{Kind, Note, Value, with_step};
use super::{Act, Machine, Stop};
use crate::fact::FactKind;
use crate::ir::{ExprKind, FuncId, Language, Pattern, PatternItem, Span, Symbol, VarId};
use std::rc::Rc;

impl Machine<'_> {
    /// Assigns a value.
    pub(super) fn assign(
        &mut self,
        act: &Act<'_>,
        pattern: &Pattern,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        match pattern {
            Pattern::Var(var) => {
                let value = self.named(act, act.code.variable(*var).name, value, span);
                self.assign_var(act, *var, value, span);
            }
            Pattern::Global(name) => {
                let value = self.named(act, *name, value, span);
                let path = self.global_path(act.language, *name);
                self.tell_write(act, path, &value, span);
                self.globals.insert(*name, value);
            }
            Pattern::Field(base, name) => {
                let base = if matches!(act.code.expr(*base).kind, ExprKind::Super) {
                    act.receiver.clone().unwrap_or_else(Value::unknown)
                } else {
                    self.eval_quiet(act, *base)?
                };
                let value = self.named(act, *name, value, span);
                self.write_field(act, &base, *name, value, span)?;
            }
            Pattern::Index(base, index) => {
                let base = self.eval_quiet(act, *base)?;
                let index = self.eval(act, *index)?;
                self.write_item(act, &base, &index, value, span)?;
            }
            Pattern::Slice(base, low, high, step) => {
                let base = self.eval(act, *base)?;
                let mut bounds = [None, None, None];
                for (bound, given) in bounds.iter_mut().zip([low, high, step]) {
                    if let Some(given) = given {
                        *bound = Some(self.eval(act, *given)?);
                    }
                }
                self.write_slice(&base, &bounds, &value);
            }
            Pattern::List(items) => self.assign_list(act, items, &value, span)?,
            Pattern::Map(fields, rest) => self.assign_map(act, fields, rest.as_deref(), &value, span)?,
            Pattern::Default(inner, default) => match value.kind {
                Kind::Undefined | Kind::Unbound => {
                    let value = self.eval(act, *default)?;
                    self.assign(act, inner, value, span)?;
                }
                Kind::Unknown(_) | Kind::Path(_) | Kind::OneOf(_) => {
                    let default = self.either(2, |machine, way| {
                        if way == 0 {
                            Ok(value.clone())
                        } else {
                            machine.eval(act, *default)
                        }
                    })?;
                    self.assign(act, inner, default, span)?;
                }
                _ => self.assign(act, inner, value, span)?,
            },
            Pattern::Ignore => {}
        }
        Ok(())
    }

    /// The value with a step on its way that names what it is assigned to.
    fn named(&mut self, act: &Act<'_>, name: Symbol, mut value: Value, span: Span) -> Value {
        let _ = act;
        if let Some(marks) = &value.marks
            && !marks.taints.is_empty()
            && !self.program.names.text(name).starts_with('.')
        {
            value.marks = with_step(&value.marks, span, Note::Assigned(name));
        }
        value
    }

    /// Assigns to a variable as the source says; by the convention of test suites a name may stand for a source.
    fn assign_var(&mut self, act: &Act<'_>, var: VarId, value: Value, span: Span) {
        if !self.marked.is_empty() && act.code.function(act.function).parent.is_none() {
            let name = act.code.variable(var).name;
            let source = self
                .marked
                .iter()
                .find(|(marked, _)| *marked == name)
                .map(|(_, source)| *source);
            if let Some(source) = source
                && value.is_clean()
                && matches!(self.read_slot(act, var).kind, Kind::Unbound)
            {
                let value = self.as_convention(&value, source, span);
                return self.write_var(act, var, value);
            }
        }
        self.write_var(act, var, value);
    }

    fn read_slot(&self, act: &Act<'_>, var: VarId) -> Value {
        let frame = self.frame_of(act, act.code.variable(var).owner);
        frame.map_or_else(Value::default, |frame| {
            self.store.get(frame, act.code.slot(var)).clone()
        })
    }

    /// Sets a variable.
    pub(super) fn write_var(&mut self, act: &Act<'_>, var: VarId, value: Value) {
        let owner = act.code.variable(var).owner;
        if let Some(frame) = self.frame_of(act, owner) {
            self.store.set(frame, act.code.slot(var), value);
        }
    }

    /// The frame of a function around the running one.
    pub(super) fn frame_of(&self, act: &Act<'_>, owner: FuncId) -> Option<super::object::FrameId> {
        if owner == act.function {
            return Some(act.frame);
        }
        let mut scope = act.outer.as_ref();
        while let Some(known) = scope {
            if known.function == owner {
                return Some(known.frame);
            }
            scope = known.outer.as_ref();
        }
        None
    }

    fn assign_list(
        &mut self,
        act: &Act<'_>,
        items: &[PatternItem],
        value: &Value,
        span: Span,
    ) -> Result<(), Stop> {
        let known = match self.iterate(act, value, false, span)? {
            super::loops::Items::Known(items) => Some(items),
            super::loops::Items::Any(_) => None,
        };
        let partly = match (&known, value.as_object()) {
            (None, Some(id)) => Some(self.store.shared_object(id)),
            _ => None,
        };
        let any = match &known {
            Some(_) => Value::undefined(),
            None => self.any_item(value),
        };
        let after = items
            .iter()
            .rev()
            .take_while(|item| matches!(item, PatternItem::One(_)))
            .count();
        let mut place = 0;
        for (index, item) in items.iter().enumerate() {
            match item {
                PatternItem::One(pattern) => {
                    let item = match (&known, &partly) {
                        (Some(known), _) => known.get(place).cloned().unwrap_or_else(Value::undefined),
                        (None, Some(object)) => match object.items.get(place) {
                            Some(item) => item.clone(),
                            None => object.rest.clone().unwrap_or_else(|| any.clone()),
                        },
                        _ => any.clone(),
                    };
                    place += 1;
                    self.assign(act, pattern, item, span)?;
                }
                PatternItem::Rest(pattern) => {
                    let last = index + 1 == items.len();
                    let rest = match &known {
                        Some(known) => {
                            let end = if last {
                                known.len()
                            } else {
                                known.len().saturating_sub(after)
                            };
                            let rest = known.get(place..end.max(place)).unwrap_or_default().to_vec();
                            place = end.max(place);
                            self.list(rest)
                        }
                        None => self.list_of(any.clone()),
                    };
                    self.assign(act, pattern, rest, span)?;
                }
            }
        }
        Ok(())
    }

    fn assign_map(
        &mut self,
        act: &Act<'_>,
        fields: &[(crate::ir::ExprId, Pattern)],
        rest: Option<&Pattern>,
        value: &Value,
        span: Span,
    ) -> Result<(), Stop> {
        let mut taken = Vec::new();
        for (key, pattern) in fields {
            let key_value = self.eval(act, *key)?;
            let item = match &key_value.kind {
                Kind::Text(text) if act.language != Language::Python => {
                    let name = self.program.names.intern(text);
                    taken.push(Key::Name(name));
                    self.read_field(act, value, name, span, super::outside::Leaf::Yes)?
                }
                _ => {
                    taken.extend(self.key_of(&key_value));
                    self.read_item(act, value, &key_value, span)?
                }
            };
            self.assign(act, pattern, item, span)?;
        }
        let Some(rest) = rest else { return Ok(()) };
        let left = match value.as_object() {
            Some(id) => {
                let mut object = Object::clone(self.store.object(id));
                for key in &taken {
                    object.entries.remove(key);
                }
                if act.language != Language::Python {
                    object.shape = Shape::Record;
                }
                self.new_object(object)
            }
            None => value.clone(),
        };
        self.assign(act, rest, left, span)
    }

    /// A field of something is assigned, as the source says.
    pub(super) fn tell_write(&mut self, act: &Act<'_>, path: super::path::PathId, value: &Value, span: Span) {
        let argument = self.fact_argument(None, value);
        let path = self.paths.text(path);
        self.tell(
            act,
            span,
            FactKind::Write {
                path: Rc::clone(&path),
                value: argument,
            },
        );
    }
}
