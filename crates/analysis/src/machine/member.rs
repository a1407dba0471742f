//! Members of objects: where a name is looked up, and what a method's receiver is.

use super::object::{Key, Object, Shape};
use super::path::Paths;
use super::value::{Kind, ObjId, Type, Value};
use super::{Act, Eval, Machine, Stop};
use crate::ir::{Language, Span, Symbol};
use std::rc::Rc;

/// What is called, with its receiver.
pub(super) struct Callee {
    /// The function, class, path.
    pub value: Value,
    /// The receiver.
    pub receiver: Option<Value>,
}

/// A member as it was found.
pub(super) struct Found {
    /// It.
    pub value: Value,
    /// It stands in the object itself, not in a class.
    pub own: bool,
}

/// How many classes one inherits from at most.
const CLASSES: usize = 64;

impl Machine<'_> {
    /// Looks a name up in an object and in what it inherits from.
    pub(super) fn lookup(&mut self, id: ObjId, name: Symbol) -> Option<Found> {
        let object = self.store.shared_object(id);
        let key = Key::Name(name);
        match &object.shape {
            Shape::Super { receiver, class } => return self.lookup_super(receiver, *class, name),
            Shape::Dict | Shape::Map => {}
            _ => {
                if let Some(value) = object.entries.get(&key) {
                    let mut value = value.clone();
                    if let Some(rest) = &object.rest
                        && !object.exact
                        && !matches!(object.shape, Shape::Class(_) | Shape::Function(_))
                    {
                        value = value.join(rest);
                    }
                    return Some(Found { value, own: true });
                }
            }
        }
        if let Shape::Class(class) = &object.shape {
            let bases = class.bases.clone();
            return self
                .lookup_in(&bases, name, 0)
                .map(|value| Found { value, own: true });
        }
        let class = object.class.clone()?;
        let order = self.class_order(&class);
        self.lookup_order(&order, name)
            .map(|value| Found { value, own: false })
    }

    fn lookup_super(&mut self, receiver: &Value, class: ObjId, name: Symbol) -> Option<Found> {
        let own = receiver.as_object().and_then(|id| {
            let object = self.store.object(id);
            if matches!(object.shape, Shape::Class(_)) {
                Some(receiver.clone())
            } else {
                object.class.clone()
            }
        });
        let own = own.unwrap_or(Value::of(Kind::Object(class)));
        let order = self.class_order(&own);
        let place = order.iter().position(|known| known.as_object() == Some(class));
        let order = match place {
            Some(place) => order[place + 1..].to_vec(),
            None => self
                .class_order(&Value::of(Kind::Object(class)))
                .into_iter()
                .skip(1)
                .collect(),
        };
        self.lookup_order(&order, name)
            .map(|value| Found { value, own: false })
    }

    fn lookup_order(&mut self, order: &[Value], name: Symbol) -> Option<Value> {
        let key = Key::Name(name);
        for class in order {
            match &class.kind {
                Kind::Object(id) => {
                    let object = self.store.shared_object(*id);
                    if let Shape::Function(_) = object.shape {
                        let prototype = self.prototype(*id);
                        if let Some(found) = self.lookup(prototype, name) {
                            return Some(found.value);
                        }
                        continue;
                    }
                    if let Some(value) = object.entries.get(&key) {
                        return Some(value.clone());
                    }
                    if !matches!(object.shape, Shape::Class(_))
                        && let Some(found) = self.lookup(*id, name)
                    {
                        return Some(found.value);
                    }
                }
                Kind::Path(path) if !Paths::is_unknown(*path) => {
                    let text = self.paths.text(*path);
                    let special = self.program.names.text(name).starts_with("__");
                    if matches!(
                        &*text,
                        "object" | "Exception" | "BaseException" | "type" | "Object"
                    ) || special
                    {
                        continue;
                    }
                    let field = self.field_path(*path, name);
                    return Some(Value::of(Kind::Path(field)));
                }
                _ => {}
            }
        }
        None
    }

    fn lookup_in(&mut self, bases: &[Value], name: Symbol, depth: usize) -> Option<Value> {
        if depth > 16 {
            return None;
        }
        let mut order = Vec::new();
        for base in bases {
            order.extend(self.class_order(base));
        }
        self.lookup_order(&order, name)
    }

    /// A class and what it inherits from, in the order in which names are looked up.
    pub(super) fn class_order(&self, class: &Value) -> Vec<Value> {
        let mut all = Vec::new();
        self.add_order(class, &mut all, 0);
        // The last mention counts, as in a diamond.
        let mut order: Vec<Value> = Vec::with_capacity(all.len());
        for (place, one) in all.iter().enumerate() {
            if !all[place + 1..]
                .iter()
                .any(|later| super::value::same_kind(&later.kind, &one.kind))
            {
                order.push(one.clone());
            }
        }
        order
    }

    fn add_order(&self, class: &Value, all: &mut Vec<Value>, depth: usize) {
        if depth > 24 || all.len() >= CLASSES {
            return;
        }
        for one in class.alternatives() {
            all.push(one.clone());
            if let Kind::Object(id) = one.kind {
                let object = self.store.object(id);
                if let Shape::Class(class) = &object.shape {
                    for base in &class.bases {
                        self.add_order(base, all, depth + 1);
                    }
                }
            }
        }
    }

    /// A method by name: what is called, and with which receiver.
    pub(super) fn method(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        span: Span,
    ) -> Result<Callee, Stop> {
        let Kind::Object(id) = base.kind else {
            let value = match self.kind_name(base, act.language) {
                Some(kind) => self.kind_method(kind, name, act.language),
                None => return self.unknown_method(act, base, name, span),
            };
            return Ok(Callee {
                value,
                receiver: Some(base.clone()),
            });
        };
        let object = self.store.shared_object(id);
        if matches!(object.shape, Shape::Module(_) | Shape::Package(_)) {
            let value = self.read_field(act, base, name, span, super::outside::Leaf::No)?;
            return Ok(Callee {
                value,
                receiver: None,
            });
        }
        let receiver = match &object.shape {
            Shape::Super { receiver, .. } => receiver.clone(),
            _ => base.clone(),
        };
        if let Some(found) = self.lookup(id, name) {
            return self.bind(act, found, receiver, &object, span);
        }
        if matches!(object.shape, Shape::Instance)
            && let Some(result) = self.get_attribute(act, base, name, span)
        {
            return Ok(Callee {
                value: result?,
                receiver: None,
            });
        }
        match self.kind_name(base, act.language) {
            Some("instance" | "module" | "type") | None => {
                let value = self.read_field(act, base, name, span, super::outside::Leaf::No)?;
                Ok(Callee {
                    value,
                    receiver: Some(receiver),
                })
            }
            Some(kind) => {
                let value = self.kind_method(kind, name, act.language);
                Ok(Callee {
                    value,
                    receiver: Some(receiver),
                })
            }
        }
    }

    fn bind(
        &mut self,
        act: &Act<'_>,
        found: Found,
        receiver: Value,
        object: &Object,
        span: Span,
    ) -> Result<Callee, Stop> {
        let script = act.language != Language::Python;
        let shape = found
            .value
            .as_object()
            .map(|id| self.store.object(id).shape.clone());
        match shape {
            Some(Shape::Accessor { getter, .. }) => {
                let value = match getter {
                    Some(getter) => self.call_back(&getter, Some(receiver.clone()), Vec::new(), span)?,
                    None => Value::undefined(),
                };
                Ok(Callee {
                    value,
                    receiver: script.then_some(receiver),
                })
            }
            Some(Shape::Unbound { callee, of_class }) => {
                let class = match object.shape {
                    Shape::Class(_) => Some(receiver),
                    _ => object.class.clone(),
                };
                Ok(Callee {
                    value: callee,
                    receiver: class.filter(|_| of_class),
                })
            }
            Some(Shape::Class(_)) => Ok(Callee {
                value: found.value,
                receiver: None,
            }),
            Some(Shape::Bound { .. }) => Ok(Callee {
                value: found.value,
                receiver: None,
            }),
            _ => {
                let bound = script || !found.own;
                Ok(Callee {
                    value: found.value,
                    receiver: bound.then_some(receiver),
                })
            }
        }
    }

    /// Python's `__getattr__`.
    pub(super) fn get_attribute(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        span: Span,
    ) -> Option<Eval> {
        if act.language != Language::Python || self.program.names.text(name).starts_with("__") {
            return None;
        }
        let text = Value::of(Kind::Text(self.program.names.shared(name)));
        self.call_special(base, "__getattr__", vec![text], span)
    }

    fn unknown_method(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        span: Span,
    ) -> Result<Callee, Stop> {
        let value = self.read_field(act, base, name, span, super::outside::Leaf::No)?;
        Ok(Callee {
            value,
            receiver: Some(base.clone()),
        })
    }

    /// The path of a method that a language's own kinds have.
    pub(super) fn kind_method(&mut self, kind: &str, name: Symbol, language: Language) -> Value {
        let text = format!("{kind}#{}", self.program.names.text(name));
        Value::of(Kind::Path(self.paths.root(language, &text)))
    }

    /// Calls a method that operators and builtins look for in a class of the program, if there is one.
    pub(super) fn call_special(
        &mut self,
        value: &Value,
        name: &str,
        arguments: Vec<Value>,
        span: Span,
    ) -> Option<Eval> {
        let id = value.as_object()?;
        let object = self.store.object(id);
        if !matches!(object.shape, Shape::Instance | Shape::Record) {
            return None;
        }
        let symbol = self.program.names.find(name)?;
        if matches!(object.shape, Shape::Record) {
            let method = object.entries.get(&Key::Name(symbol)).cloned()?;
            method.as_object()?;
            return Some(self.call_back(&method, Some(value.clone()), arguments, span));
        }
        let class = object.class.clone()?;
        let order = self.class_order(&class);
        let method = self.lookup_order(&order, symbol)?;
        if !matches!(method.kind, Kind::Object(_)) {
            return None;
        }
        Some(self.call_back(&method, Some(value.clone()), arguments, span))
    }

    /// The kind under which models know the methods of a value.
    pub fn kind_name(&self, value: &Value, language: Language) -> Option<&'static str> {
        let python = language == Language::Python;
        Some(match &value.kind {
            Kind::Text(_) | Kind::Template(_) | Kind::Unknown(Type::Text) => {
                if python {
                    "str"
                } else {
                    "string"
                }
            }
            Kind::Bytes(_) | Kind::Unknown(Type::Bytes) => {
                if python {
                    "bytes"
                } else {
                    "buffer"
                }
            }
            Kind::Int(_) if python => "int",
            Kind::Float(_) if python => "float",
            Kind::Bool(_) | Kind::Unknown(Type::Bool) => {
                if python {
                    "bool"
                } else {
                    "boolean"
                }
            }
            Kind::Int(_) | Kind::Float(_) => "number",
            Kind::Unknown(Type::Number) => {
                if python {
                    "int"
                } else {
                    "number"
                }
            }
            Kind::Object(id) => match &self.store.object(*id).shape {
                Shape::List => {
                    if python {
                        "list"
                    } else {
                        "array"
                    }
                }
                Shape::Tuple => {
                    if python {
                        "tuple"
                    } else {
                        "array"
                    }
                }
                Shape::Set => "set",
                Shape::Dict => "dict",
                Shape::Record => "object",
                Shape::Map => "map",
                Shape::Generator => "generator",
                Shape::Instance if python => "instance",
                Shape::Instance => "object",
                Shape::Function(_) | Shape::Bound { .. } | Shape::Unbound { .. } => "function",
                Shape::Class(_) if python => "type",
                Shape::Class(_) => "function",
                Shape::Module(_) | Shape::Package(_) => "module",
                Shape::Super { .. } | Shape::Accessor { .. } | Shape::Native(_) => return None,
            },
            _ => return None,
        })
    }

    /// The object that instances of a function made with `new` inherit from.
    pub(super) fn prototype(&mut self, function: ObjId) -> ObjId {
        let name = self.program.names.intern("prototype");
        let key = Key::Name(name);
        if let Some(known) = self
            .store
            .object(function)
            .entries
            .get(&key)
            .and_then(Value::as_object)
        {
            return known;
        }
        let mut object = Object::new(Shape::Record);
        let constructor = Key::Name(self.program.names.intern("constructor"));
        object.entries.set(constructor, Value::of(Kind::Object(function)));
        let new = self.store.add(object);
        let value = Value::of(Kind::Object(new));
        self.store.object_mut(function).entries.set(key, value);
        new
    }

    /// `super` in the running method.
    pub(super) fn super_of(&mut self, act: &Act<'_>) -> Value {
        let Some(class) = act.class else {
            return Value::unknown();
        };
        let receiver = act.receiver.clone().unwrap_or_else(Value::unknown);
        self.new_object(Object::new(Shape::Super { receiver, class }))
    }

    /// The name of an instance's class, as facts write it.
    pub(super) fn class_name(&self, object: &Object) -> Option<Rc<str>> {
        let class = object.class.as_ref()?.as_object()?;
        match &self.store.object(class).shape {
            Shape::Class(class) => Some(self.program.names.shared(class.name)),
            _ => None,
        }
    }
}
