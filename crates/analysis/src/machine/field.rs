//! Fields: read, assigned, removed.

use super::member::Found;
use super::object::{Key, Object, Shape};
use super::outside::Leaf;
use super::path::{PathId, Paths};
use super::value::{Kind, ObjId, Type, Value, merge_marks};
use super::{Act, Eval, Machine, Stop};
use crate::ir::{Language, Span, Symbol};
use std::rc::Rc;

impl Machine<'_> {
    /// A field of a value.
    pub(super) fn read_field(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        span: Span,
        leaf: Leaf,
    ) -> Eval {
        match &base.kind {
            Kind::OneOf(all) => {
                let all = Rc::clone(all);
                let mut joined = Value::default();
                for one in all.iter() {
                    joined = joined.join(&self.read_field(act, one, name, span, leaf)?);
                }
                Ok(joined)
            }
            Kind::Object(id) => self.object_field(act, *id, base, name, span, leaf),
            Kind::Path(path) => {
                let field = self.field_path(*path, name);
                Ok(self.read_path(act, field, base.marks.clone(), span, leaf))
            }
            Kind::Null | Kind::Undefined | Kind::Unbound => {
                if act.language == Language::Python {
                    self.may_raise = true;
                    return Ok(Value::unknown());
                }
                Ok(Value::undefined())
            }
            _ => Ok(self.constant_field(act, base, name)),
        }
    }

    fn constant_field(&mut self, act: &Act<'_>, base: &Value, name: Symbol) -> Value {
        let script = act.language != Language::Python;
        if script && self.program.names.text(name) == "length" {
            return match &base.kind {
                Kind::Text(text) => Value::int(text.encode_utf16().count() as i64),
                Kind::Bytes(bytes) => Value::int(bytes.len() as i64),
                _ => Value::of(Kind::Unknown(Type::Number)),
            };
        }
        if !script && matches!(self.program.names.text(name), "value" | "_value_" | "real") {
            // The member of an enumeration is its value; constants have no such field themselves.
            return base.clone();
        }
        match self.kind_name(base, act.language) {
            Some(kind) => {
                let callee = self.kind_method(kind, name, act.language);
                self.new_object(Object::new(Shape::Bound {
                    receiver: base.clone(),
                    callee,
                }))
            }
            None => {
                let field = self.field_path(Paths::unknown(act.language), name);
                Value {
                    kind: Kind::Path(field),
                    marks: base.marks.clone(),
                }
            }
        }
    }

    fn object_field(
        &mut self,
        act: &Act<'_>,
        id: ObjId,
        base: &Value,
        name: Symbol,
        span: Span,
        leaf: Leaf,
    ) -> Eval {
        let object = self.store.shared_object(id);
        match &object.shape {
            Shape::Module(file) => {
                let file = *file;
                return Ok(self.module_field(act, file, name, span));
            }
            Shape::Package(path) => {
                let path = Rc::clone(path);
                return self.package_field(act, &path, name, span);
            }
            Shape::Class(_)
                if act.language != Language::Python && self.program.names.text(name) == "prototype" =>
            {
                return Ok(base.clone());
            }
            Shape::Native(path) => {
                if let Some(result) = self.proxy_get(act, id, base, name, span) {
                    return result;
                }
                if let Some(found) = self.lookup(id, name) {
                    return Ok(found.value.marked(&base.marks));
                }
                let field = self.field_path(*path, name);
                let marks = merge_marks(&base.marks, &object.marks);
                return Ok(self.read_path(act, field, marks, span, leaf));
            }
            Shape::Function(_) if self.program.names.text(name) == "prototype" => {
                return Ok(Value::of(Kind::Object(self.prototype(id))));
            }
            _ => {}
        }
        let receiver = match &object.shape {
            Shape::Super { receiver, .. } => receiver.clone(),
            _ => base.clone(),
        };
        if let Some(found) = self.lookup(id, name) {
            let value = self.bound_field(act, found, receiver, &object, span)?;
            return Ok(value.marked(&base.marks));
        }
        self.missing_field(act, &object, base, name, span, leaf)
    }

    fn bound_field(
        &mut self,
        act: &Act<'_>,
        found: Found,
        receiver: Value,
        object: &Object,
        span: Span,
    ) -> Eval {
        let Some(id) = found.value.as_object() else {
            if let Kind::Path(path) = found.value.kind
                && !found.own
            {
                return Ok(self.read_path(act, path, found.value.marks, span, Leaf::Yes));
            }
            return Ok(found.value);
        };
        match self.store.object(id).shape.clone() {
            Shape::Accessor {
                getter: Some(getter), ..
            } => self.call_back(&getter, Some(receiver), Vec::new(), span),
            Shape::Accessor { .. } => Ok(Value::undefined()),
            Shape::Unbound {
                callee,
                of_class: false,
            } => Ok(callee),
            Shape::Unbound { callee, .. } => {
                let class = if matches!(object.shape, Shape::Class(_)) {
                    Some(receiver)
                } else {
                    object.class.clone()
                };
                let receiver = class.unwrap_or_else(Value::unknown);
                Ok(self.new_object(Object::new(Shape::Bound { receiver, callee })))
            }
            Shape::Function(_) if !found.own && act.language == Language::Python => {
                Ok(self.new_object(Object::new(Shape::Bound {
                    receiver,
                    callee: found.value,
                })))
            }
            _ => Ok(found.value),
        }
    }

    fn missing_field(
        &mut self,
        act: &Act<'_>,
        object: &Object,
        base: &Value,
        name: Symbol,
        span: Span,
        leaf: Leaf,
    ) -> Eval {
        let text = self.program.names.shared(name);
        let script = act.language != Language::Python;
        match &object.shape {
            Shape::Instance | Shape::Class(_) | Shape::Function(_)
                if &*text == "__class__" || &*text == "constructor" =>
            {
                return Ok(object.class.clone().unwrap_or_else(Value::unknown));
            }
            Shape::Class(class) if &*text == "__name__" || (script && &*text == "name") => {
                return Ok(Value::of(Kind::Text(self.program.names.shared(class.name))));
            }
            Shape::Class(_) if &*text == "__match_args__" && !script => {
                let names = base
                    .as_object()
                    .map(|id| self.field_names(id).0)
                    .unwrap_or_default();
                let names = names
                    .into_iter()
                    .map(|name| Value::of(Kind::Text(self.program.names.shared(name))));
                let names = names.collect();
                return Ok(self.tuple(names));
            }
            Shape::Instance => {
                if let Some(result) = self.get_attribute(act, base, name, span) {
                    return result;
                }
            }
            Shape::List | Shape::Tuple if script && &*text == "length" => {
                return Ok(if object.exact {
                    Value::int(object.items.len() as i64)
                } else {
                    Value::of(Kind::Unknown(Type::Number))
                });
            }
            Shape::Set | Shape::Map if script && &*text == "size" => {
                return Ok(if object.exact {
                    Value::int((object.items.len() + object.entries.len()) as i64)
                } else {
                    Value::of(Kind::Unknown(Type::Number))
                });
            }
            _ => {}
        }
        Ok(self.absent_field(act, object, base, name, span, leaf))
    }

    fn absent_field(
        &mut self,
        act: &Act<'_>,
        object: &Object,
        base: &Value,
        name: Symbol,
        span: Span,
        leaf: Leaf,
    ) -> Value {
        if let Some(rest) = &object.rest
            && matches!(object.shape, Shape::Record | Shape::Instance)
        {
            return rest.clone();
        }
        if let Some(kind) = self.kind_name(base, act.language)
            && !matches!(kind, "instance" | "module" | "type")
        {
            let callee = self.kind_method(kind, name, act.language);
            let known = matches!(callee.kind, Kind::Path(path) if self.paths.info(path).model.is_some());
            if known
                || !matches!(
                    object.shape,
                    Shape::Record | Shape::Instance | Shape::Function(_) | Shape::Class(_)
                )
            {
                return self.new_object(Object::new(Shape::Bound {
                    receiver: base.clone(),
                    callee,
                }));
            }
            return if object.exact {
                Value::undefined()
            } else {
                Value::unknown()
            };
        }
        let marks = merge_marks(&base.marks, &object.marks);
        if let Some(class) = self.class_name(object) {
            let path = self.paths.root(act.language, &format!("self:{class}"));
            let field = self.field_path(path, name);
            return self.read_path(act, field, marks, span, leaf);
        }
        let field = self.field_path(Paths::unknown(act.language), name);
        Value {
            kind: Kind::Path(field),
            marks,
        }
    }

    /// The path of a field of a path; looked up by name once.
    pub(super) fn field_path(&mut self, base: PathId, name: Symbol) -> PathId {
        if let Some(&path) = self.field_paths.get(&(base, name)) {
            return path;
        }
        let text = self.program.names.shared(name);
        let path = self.paths.field(base, &text);
        self.field_paths.insert((base, name), path);
        path
    }

    /// Assigns a field.
    pub(super) fn write_field(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        name: Symbol,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        let several = base.alternatives().len() > 1;
        for one in base.alternatives() {
            match &one.kind {
                Kind::Object(id) => self.write_object_field(act, *id, one, name, &value, several, span)?,
                Kind::Path(path) if !Paths::is_unknown(*path) => {
                    let field = self.field_path(*path, name);
                    self.tell_write(act, field, &value, span);
                    self.write_sink(act, field, &value, span);
                    self.override_path(field, &value);
                }
                Kind::Path(path) => {
                    let field = self.field_path(*path, name);
                    self.write_sink(act, field, &value, span);
                }
                _ => {}
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "an assignment has so many parts")]
    fn write_object_field(
        &mut self,
        act: &Act<'_>,
        id: ObjId,
        base: &Value,
        name: Symbol,
        value: &Value,
        several: bool,
        span: Span,
    ) -> Result<(), Stop> {
        let object = self.store.shared_object(id);
        match &object.shape {
            Shape::Module(file) => {
                let file = *file;
                self.write_module_field(file, name, value.clone());
                return Ok(());
            }
            Shape::Native(path) => {
                if let Some(result) = self.proxy_set(act, id, base, name, value, span) {
                    return result;
                }
                let field = self.field_path(*path, name);
                self.tell_write(act, field, value, span);
                self.write_sink(act, field, value, span);
            }
            Shape::Super { receiver, .. } => {
                let receiver = receiver.clone();
                return self.write_field(act, &receiver, name, value.clone(), span);
            }
            _ => {}
        }
        if let Some(found) = self.lookup(id, name)
            && let Some(accessor) = found.value.as_object()
            && let Shape::Accessor { setter, getter } = self.store.object(accessor).shape.clone()
        {
            if let Some(setter) = setter {
                self.call_back(&setter, Some(base.clone()), vec![value.clone()], span)?;
                return Ok(());
            }
            if getter.is_some() {
                return Ok(());
            }
        }
        if matches!(object.shape, Shape::Instance)
            && let Some(result) = {
                let text = Value::of(Kind::Text(self.program.names.shared(name)));
                self.set_attribute(base, text, value, span)
            }
        {
            result?;
            return Ok(());
        }
        self.set_entry(id, Key::Name(name), value.clone(), several);
        Ok(())
    }

    fn set_attribute(&mut self, base: &Value, name: Value, value: &Value, span: Span) -> Option<Eval> {
        // A `__setattr__` that assigns would come back here; the outermost one counts.
        if self.setting {
            return None;
        }
        self.setting = true;
        let result = self.call_special(base, "__setattr__", vec![name, value.clone()], span);
        self.setting = false;
        result
    }

    /// Sets an entry; one of several objects, or one that stands for several, keeps what it may have held.
    pub(super) fn set_entry(&mut self, id: ObjId, key: Key, value: Value, weak: bool) {
        let weak = weak || self.store.is_summary(id);
        let object = self.store.object_mut(id);
        let value = match object.entries.get(&key) {
            Some(known) if weak => known.join(&value),
            _ => value,
        };
        object.entries.set(key, value);
    }

    /// Removes a field.
    pub(super) fn delete_field(&mut self, base: &Value, name: Symbol) {
        if let Kind::Object(id) = base.kind
            && !self.store.is_summary(id)
        {
            self.store.object_mut(id).entries.remove(&Key::Name(name));
        }
    }

    /// Puts the entries of a value into an object.
    pub(super) fn spread_into(&mut self, object: &mut Object, other: &Value) {
        for one in other.alternatives() {
            let Kind::Object(id) = one.kind else {
                if !one.is_constant() {
                    let any = self.any_item(one);
                    object.add_rest(&any);
                }
                continue;
            };
            let other = self.store.shared_object(id);
            object.marks = merge_marks(&object.marks, &other.marks);
            for (key, value) in other.entries.iter() {
                object.entries.set(key.clone(), value.clone());
            }
            if matches!(object.shape, Shape::Record) {
                for (place, item) in other.items.iter().enumerate() {
                    object.entries.set(Key::Int(place as i64), item.clone());
                }
            }
            if let Some(rest) = &other.rest {
                object.add_rest(rest);
            }
            object.exact &= other.exact;
        }
    }

    /// The key of an entry that a language's records or dictionaries have for a value.
    pub(super) fn key_of_entry(&mut self, act: &Act<'_>, value: &Value) -> Option<Key> {
        if act.language == Language::Python {
            return self.key_of(value);
        }
        // Keys of records are texts.
        match &value.kind {
            Kind::Int(number) => Some(Key::Int(*number)),
            Kind::Text(text) => Some(match text.parse::<i64>() {
                Ok(number) if number.to_string() == **text => Key::Int(number),
                _ => Key::Name(self.program.names.intern(text)),
            }),
            Kind::Null | Kind::Undefined | Kind::Bool(_) | Kind::Float(_) => {
                let text = self.piece(value, act.language);
                Some(Key::Name(self.program.names.intern(&text)))
            }
            _ => self.key_of(value),
        }
    }

    /// An entry of a record or dictionary by its name.
    pub fn entry_named(&mut self, value: &Value, name: &str) -> Value {
        let key = Key::Name(self.program.names.intern(name));
        match value.kind {
            Kind::Object(id) => {
                let object = self.store.object(id);
                let found = object.entries.get(&key).cloned().or_else(|| object.rest.clone());
                found.unwrap_or_else(Value::unknown)
            }
            _ => Value {
                marks: value.marks.clone(),
                ..Value::unknown()
            },
        }
    }

    /// The keys that a loop over keys goes through, when all are known.
    pub(super) fn keys(&mut self, value: &Value) -> Option<Vec<Value>> {
        let Kind::Object(id) = value.kind else { return None };
        let object = self.store.shared_object(id);
        if !object.exact || object.rest.is_some() {
            return None;
        }
        let mut keys: Vec<Value> = (0..object.items.len())
            .map(|place| Value::text(&place.to_string()))
            .collect();
        for (key, _) in object.entries.iter() {
            let key = self.key_value(key);
            let text = self.piece(&key, Language::JavaScript);
            keys.push(Value {
                kind: Kind::Text(text.into()),
                marks: object.marks.clone(),
            });
        }
        Some(keys)
    }
}
