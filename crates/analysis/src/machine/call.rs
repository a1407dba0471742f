//! Calls: what is called, and by which way it is followed.

use super::library::Arguments;
use super::member::Callee;
use super::object::{Object, Shape};
use super::path::Paths;
use super::value::{Kind, Value, merge_marks};
use super::{Act, Eval, Machine};
use crate::ir::{Argument, ExprId, ExprKind, Language, Span, Symbol};
use std::rc::Rc;

/// Where a call stands.
#[derive(Clone, Copy)]
pub(super) struct Site {
    /// The place.
    pub span: Span,
    /// The expression.
    pub expr: ExprId,
    /// `new`.
    pub new: bool,
}

impl Machine<'_> {
    /// A call as the source has it.
    pub(super) fn call_expr(
        &mut self,
        act: &Act<'_>,
        id: ExprId,
        callee: ExprId,
        arguments: &[Argument],
        new: bool,
    ) -> Eval {
        let site = Site {
            span: act.code.expr(id).span,
            expr: id,
            new,
        };
        match &act.code.expr(callee).kind {
            ExprKind::Super => {
                let arguments = self.arguments(act, arguments)?;
                self.super_call(act, &arguments, site)
            }
            ExprKind::Field(base, name) => {
                let base = if matches!(act.code.expr(*base).kind, ExprKind::Super) {
                    self.super_of(act)
                } else {
                    self.eval_quiet(act, *base)?
                };
                let arguments = self.arguments(act, arguments)?;
                self.call_method(act, &base, *name, &arguments, site)
            }
            ExprKind::Index(base, index) if act.language != Language::Python => {
                self.call_item(act, *base, *index, arguments, site)
            }
            ExprKind::Global(name) => {
                let value = self.eval_quiet(act, callee)?;
                let arguments = self.arguments(act, arguments)?;
                if let Some(result) = self.language_call(act, *name, &value, &arguments, site) {
                    return result;
                }
                self.call(
                    Callee {
                        value,
                        receiver: None,
                    },
                    &arguments,
                    site,
                )
            }
            _ => {
                let value = self.eval_quiet(act, callee)?;
                let arguments = self.arguments(act, arguments)?;
                self.call(
                    Callee {
                        value,
                        receiver: None,
                    },
                    &arguments,
                    site,
                )
            }
        }
    }

    fn call_item(
        &mut self,
        act: &Act<'_>,
        base: ExprId,
        index: ExprId,
        arguments: &[Argument],
        site: Site,
    ) -> Eval {
        let base = self.eval_quiet(act, base)?;
        let index = self.eval(act, index)?;
        let arguments = self.arguments(act, arguments)?;
        if let Kind::Text(text) = &index.kind {
            let name = self.program.names.intern(text);
            return self.call_method(act, &base, name, &arguments, site);
        }
        let value = self.read_item(act, &base, &index, site.span)?;
        self.call(
            Callee {
                value,
                receiver: Some(base),
            },
            &arguments,
            site,
        )
    }

    fn call_method(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let all = base.alternatives();
        if all.len() > 1 {
            return self.either(all.len(), |machine, way| {
                machine.call_method(act, &all[way], name, arguments, site)
            });
        }
        if let Some(accessor) = self.accessor_method(base, name, arguments) {
            return Ok(accessor);
        }
        if act.language == Language::Python
            && let Some(result) = self.entered(base, name)
        {
            return Ok(result);
        }
        if matches!(base.kind, Kind::Null | Kind::Undefined | Kind::Unbound) {
            self.may_raise = true;
            return Ok(Value {
                marks: self.marks_of(arguments),
                ..Value::unknown()
            });
        }
        let callee = self.method(act, base, name, site.span)?;
        self.call(callee, arguments, site)
    }

    /// `with` of what is no class of the program: it is what is bound; of a generator what it yields.
    fn entered(&mut self, base: &Value, name: Symbol) -> Option<Value> {
        let enters = match self.program.names.text(name) {
            "__enter__" | "__aenter__" => true,
            "__exit__" | "__aexit__" => false,
            _ => return None,
        };
        let shape = base
            .as_object()
            .map(|id| (id, self.store.object(id).shape.clone()));
        let generator = match shape {
            Some((id, Shape::Instance)) if self.lookup(id, name).is_some() => return None,
            Some((_, Shape::Generator)) => true,
            _ => false,
        };
        Some(match (enters, generator) {
            (true, true) => self.any_item(base),
            (true, false) => base.clone(),
            (false, _) => Value::null(),
        })
    }

    /// `property.setter` and its like.
    fn accessor_method(&mut self, base: &Value, name: Symbol, arguments: &Arguments) -> Option<Value> {
        let Shape::Accessor { getter, setter } = self.store.object(base.as_object()?).shape.clone() else {
            return None;
        };
        let given = arguments.places.first().cloned();
        let shape = match self.program.names.text(name) {
            "setter" => Shape::Accessor {
                getter,
                setter: given,
            },
            "getter" => Shape::Accessor {
                getter: given,
                setter,
            },
            _ => Shape::Accessor { getter, setter },
        };
        Some(self.new_object(Object::new(shape)))
    }

    /// Calls that the language itself gives a meaning.
    fn language_call(
        &mut self,
        act: &Act<'_>,
        name: Symbol,
        callee: &Value,
        arguments: &Arguments,
        site: Site,
    ) -> Option<Eval> {
        let Kind::Path(path) = callee.kind else {
            return None;
        };
        if self.paths.info(path).length > 1 {
            return None;
        }
        let names = &self.program.names;
        let first = arguments.places.first().cloned();
        let shape = match (act.language, names.text(name)) {
            (Language::Python, "property") => Shape::Accessor {
                getter: first,
                setter: arguments.places.get(1).cloned(),
            },
            (Language::Python, "staticmethod") => Shape::Unbound {
                callee: first?,
                of_class: false,
            },
            (Language::Python, "classmethod") => Shape::Unbound {
                callee: first?,
                of_class: true,
            },
            (Language::JavaScript | Language::TypeScript, "@getter") => {
                let (_, setter) = self.accessor_before(arguments);
                Shape::Accessor {
                    getter: first,
                    setter,
                }
            }
            (Language::JavaScript | Language::TypeScript, "@setter") => {
                let (getter, _) = self.accessor_before(arguments);
                Shape::Accessor {
                    getter,
                    setter: first,
                }
            }
            (Language::JavaScript | Language::TypeScript, "require") => {
                let text = first?.as_text()?.to_owned();
                return Some(self.import(act, &text, None, site.span));
            }
            _ => return None,
        };
        Some(Ok(self.new_object(Object::new(shape))))
    }

    fn accessor_before(&self, arguments: &Arguments) -> (Option<Value>, Option<Value>) {
        let before = arguments.places.get(1).and_then(Value::as_object);
        match before.map(|id| &self.store.object(id).shape) {
            Some(Shape::Accessor { getter, setter }) => (getter.clone(), setter.clone()),
            _ => (None, None),
        }
    }

    /// The marks of all arguments, with those of what they contain.
    pub(super) fn marks_of(&self, arguments: &Arguments) -> Option<Rc<super::value::Marks>> {
        let mut marks = None;
        let all = arguments
            .places
            .iter()
            .chain(&arguments.more)
            .chain(&arguments.more_named);
        for value in all.chain(arguments.named.iter().map(|(_, value)| value)) {
            marks = merge_marks(&marks, &self.deep_marks(value));
        }
        marks
    }

    /// Calls something.
    pub(super) fn call(&mut self, callee: Callee, arguments: &Rc<Arguments>, site: Site) -> Eval {
        let result = self.nested(|machine| machine.call_within(&callee, arguments, site));
        result.unwrap_or_else(|| {
            Ok(Value {
                marks: self.marks_of(arguments),
                ..Value::unknown()
            })
        })
    }

    fn call_within(&mut self, callee: &Callee, arguments: &Rc<Arguments>, site: Site) -> Eval {
        self.tick()?;
        let Callee { value, receiver } = callee;
        match &value.kind {
            Kind::OneOf(all) => {
                let callable: Vec<Value> = all
                    .iter()
                    .filter(|one| matches!(one.kind, Kind::Object(_) | Kind::Path(_) | Kind::Unknown(_)))
                    .cloned()
                    .collect();
                if let [only] = callable.as_slice() {
                    let callee = Callee {
                        value: only.clone(),
                        receiver: receiver.clone(),
                    };
                    return self.call_within(&callee, arguments, site);
                }
                self.either(callable.len(), |machine, way| {
                    let callee = Callee {
                        value: callable[way].clone(),
                        receiver: receiver.clone(),
                    };
                    machine.call_within(&callee, arguments, site)
                })
            }
            Kind::Object(id) => self.call_object(*id, value, receiver.clone(), arguments, site),
            Kind::Path(path) => self.call_path(*path, value, receiver.clone(), arguments, site),
            _ => {
                let path = Paths::unknown(self.language);
                self.call_path(path, value, receiver.clone(), arguments, site)
            }
        }
    }

    fn call_object(
        &mut self,
        id: super::value::ObjId,
        value: &Value,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let object = self.store.shared_object(id);
        match &object.shape {
            Shape::Function(closure) => {
                if site.new {
                    return self.construct_by_function(id, arguments, site);
                }
                self.call_function(id, closure, receiver, arguments, site)
            }
            Shape::Class(_) => self.construct(id, arguments, site),
            Shape::Bound { receiver, callee } => {
                let callee = Callee {
                    value: callee.clone(),
                    receiver: Some(receiver.clone()),
                };
                self.call(callee, arguments, site)
            }
            Shape::Unbound { callee, .. } => {
                let callee = Callee {
                    value: callee.clone(),
                    receiver: None,
                };
                self.call(callee, arguments, site)
            }
            Shape::Native(_) if self.is_proxy(id) => self.proxy_call(id, receiver, arguments, site.span),
            Shape::Native(path) => self.call_path(*path, value, receiver, arguments, site),
            Shape::Instance => {
                let name = self.program.names.find("__call__");
                let found = name.and_then(|name| self.lookup(id, name));
                match found {
                    Some(found) => {
                        let callee = Callee {
                            value: found.value,
                            receiver: Some(value.clone()),
                        };
                        self.call(callee, arguments, site)
                    }
                    None => Ok(Value {
                        marks: self.marks_of(arguments),
                        ..Value::unknown()
                    }),
                }
            }
            _ => {
                self.may_raise = true;
                let marks = merge_marks(&self.marks_of(arguments), &value.marks);
                Ok(Value {
                    marks,
                    ..Value::unknown()
                })
            }
        }
    }

    /// Calls a value with values, as libraries do.
    pub fn call_back(
        &mut self,
        callee: &Value,
        receiver: Option<Value>,
        arguments: Vec<Value>,
        span: Span,
    ) -> Eval {
        let arguments = Rc::new(Arguments {
            places: arguments,
            ..Arguments::default()
        });
        let site = Site {
            span,
            expr: ExprId(u32::MAX),
            new: false,
        };
        self.call(
            Callee {
                value: callee.clone(),
                receiver,
            },
            &arguments,
            site,
        )
    }

    /// Calls a value with arguments of every kind, as libraries do.
    pub fn call_with(&mut self, callee: &Value, arguments: Arguments, span: Span) -> Eval {
        let site = Site {
            span,
            expr: ExprId(u32::MAX),
            new: false,
        };
        self.call(
            Callee {
                value: callee.clone(),
                receiver: None,
            },
            &Rc::new(arguments),
            site,
        )
    }

    /// Calls a value later, when the top levels have run: a callback of a timer, of a promise.
    pub fn defer(&mut self, callee: &Value, arguments: Vec<Value>, span: Span) {
        if self.deferred.len() < 1024 {
            self.deferred.push_back((callee.clone(), arguments, span));
        }
    }
}
