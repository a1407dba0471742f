//! Items and slices: read, assigned, removed.

use super::object::{Key, Object, Shape};
use super::outside::Leaf;
use super::value::{HOLE, Kind, ObjId, Type, Value, merge_marks};
use super::{Act, Eval, Machine, Stop};
use crate::fact::FactKind;
use crate::ir::{Language, Span};
use std::rc::Rc;

impl Machine<'_> {
    /// An item of a value.
    pub(super) fn read_item(&mut self, act: &Act<'_>, base: &Value, index: &Value, span: Span) -> Eval {
        if base.alternatives().len() > 1 || index.alternatives().len() > 1 {
            let mut joined = Value::default();
            for one in base.alternatives() {
                for index in index.alternatives() {
                    joined = joined.join(&self.read_item(act, one, index, span)?);
                }
            }
            return Ok(joined);
        }
        match &base.kind {
            Kind::Object(id) => self.object_item(act, *id, base, index, span),
            Kind::Text(text) => Ok(self.text_item(act, text, base, index)),
            Kind::Bytes(bytes) => {
                let place = index.as_int().and_then(|index| place(index, bytes.len()));
                let kind = place.map_or(Kind::Unknown(Type::Number), |place| {
                    Kind::Int(i64::from(bytes[place]))
                });
                Ok(Value {
                    kind,
                    marks: base.marks.clone(),
                })
            }
            Kind::Template(text)
                if index
                    .as_int()
                    .is_some_and(|index| known_part(text, index, index + 1).is_some()) =>
            {
                let index = index.as_int().unwrap_or(0);
                Ok(known_part(text, index, index + 1).unwrap_or_default())
            }
            Kind::Template(_) | Kind::Unknown(Type::Text) => {
                self.may_raise = true;
                Ok(Value {
                    kind: Kind::Unknown(Type::Text),
                    marks: base.marks.clone(),
                })
            }
            Kind::Path(path) => {
                if let (Kind::Text(text), true) = (&index.kind, act.language != Language::Python) {
                    let name = self.program.names.intern(text);
                    return self.read_field(act, base, name, span, Leaf::Yes);
                }
                self.may_raise = true;
                let base_path = *path;
                let text = self.paths.text(base_path);
                if !super::path::Paths::is_unknown(base_path) && !text.ends_with(')') {
                    self.tell(act, span, FactKind::Read { path: text });
                }
                let known = self.read_path(act, base_path, base.marks.clone(), span, Leaf::No);
                let item = self.paths.item(base_path);
                Ok(self.read_path(act, item, known.marks, span, Leaf::No))
            }
            Kind::Null | Kind::Undefined | Kind::Unbound if act.language != Language::Python => {
                Ok(Value::undefined())
            }
            _ => {
                self.may_raise = true;
                Ok(Value {
                    marks: base.marks.clone(),
                    ..Value::unknown()
                })
            }
        }
    }

    fn text_item(&mut self, act: &Act<'_>, text: &Rc<str>, base: &Value, index: &Value) -> Value {
        let Some(wanted) = index.as_int() else {
            if let (Some("length"), true) = (index.as_text(), act.language != Language::Python) {
                return Value::int(text.encode_utf16().count() as i64);
            }
            return Value {
                kind: Kind::Unknown(Type::Text),
                marks: base.marks.clone(),
            };
        };
        let letter = if text.is_ascii() {
            place(wanted, text.len()).map(|place| &text[place..=place])
        } else {
            let count = text.chars().count();
            place(wanted, count).and_then(|place| {
                let (start, letter) = text.char_indices().nth(place)?;
                Some(&text[start..start + letter.len_utf8()])
            })
        };
        match letter {
            Some(letter) => Value {
                kind: Kind::Text(Rc::from(letter)),
                marks: base.marks.clone(),
            },
            None => {
                self.may_raise = true;
                Value::undefined()
            }
        }
    }

    fn object_item(&mut self, act: &Act<'_>, id: ObjId, base: &Value, index: &Value, span: Span) -> Eval {
        let object = self.store.shared_object(id);
        match object.shape {
            Shape::List | Shape::Tuple | Shape::Generator | Shape::Set => {
                if let (Kind::Text(text), true) = (&index.kind, act.language != Language::Python) {
                    let name = self.program.names.intern(text);
                    match text.parse::<i64>() {
                        Ok(number) => return self.object_item(act, id, base, &Value::int(number), span),
                        Err(_) => return self.read_field(act, base, name, span, Leaf::Yes),
                    }
                }
                Ok(self.list_item(&object, base, index))
            }
            Shape::Dict => Ok(self.dict_item(&object, base, index)),
            Shape::Record | Shape::Instance | Shape::Function(_) | Shape::Class(_) | Shape::Native(_)
                if act.language != Language::Python =>
            {
                match self.key_of_entry(act, index) {
                    Some(Key::Name(name)) => self.read_field(act, base, name, span, Leaf::Yes),
                    Some(key) => Ok(match object.entries.get(&key) {
                        Some(value) => value.clone(),
                        None => object.rest.clone().unwrap_or_else(Value::undefined),
                    }),
                    None => Ok(self.any_item(base)),
                }
            }
            Shape::Native(path) => {
                let item = self.paths.item(path);
                let key = self
                    .key_of(index)
                    .and_then(|key| object.entries.get(&key).cloned());
                Ok(key.unwrap_or(Value {
                    kind: Kind::Path(item),
                    marks: merge_marks(&base.marks, &object.marks),
                }))
            }
            Shape::Instance => {
                if let Some(result) = self.call_special(base, "__getitem__", vec![index.clone()], span) {
                    return result;
                }
                Ok(self.dict_item(&object, base, index))
            }
            Shape::Class(_) => {
                // `list[int]` and the like: the class itself.
                Ok(base.clone())
            }
            _ => Ok(self.any_item(base)),
        }
    }

    fn list_item(&mut self, object: &Object, base: &Value, index: &Value) -> Value {
        let Some(wanted) = index.as_int() else {
            let any = self.any_item(base);
            return if object.items.is_empty() && object.rest.is_none() {
                Value::unknown()
            } else {
                any
            };
        };
        let marks = &object.marks;
        match place(wanted, object.items.len()) {
            Some(place) if object.exact => object.items[place].clone().marked(marks),
            Some(place) => {
                let item = object.items[place].clone();
                let item = object
                    .rest
                    .as_ref()
                    .map_or_else(|| item.clone(), |rest| item.join(rest));
                item.marked(marks)
            }
            None => {
                self.may_raise = true;
                match &object.rest {
                    Some(rest) => rest.clone().marked(marks),
                    None => Value::undefined(),
                }
            }
        }
    }

    fn dict_item(&mut self, object: &Object, base: &Value, index: &Value) -> Value {
        match self.key_of(index) {
            Some(key) => match (object.entries.get(&key), &object.rest) {
                (Some(value), None) => value.clone(),
                (Some(value), Some(rest)) => value.join(rest),
                (None, Some(rest)) => rest.clone(),
                (None, None) => {
                    self.may_raise = true;
                    Value {
                        marks: base.marks.clone(),
                        ..Value::unknown()
                    }
                }
            },
            None => {
                self.may_raise = true;
                let values = object.entries.iter().map(|(_, value)| value).chain(&object.rest);
                let any = values.fold(Value::default(), |any, value| any.join(value));
                if matches!(any.kind, Kind::Unbound) {
                    Value::unknown()
                } else {
                    any
                }
            }
        }
    }

    /// Assigns an item.
    pub(super) fn write_item(
        &mut self,
        act: &Act<'_>,
        base: &Value,
        index: &Value,
        value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        let several = base.alternatives().len() > 1 || index.alternatives().len() > 1;
        for one in base.alternatives() {
            match &one.kind {
                Kind::Object(id) => {
                    for index in index.alternatives() {
                        self.write_object_item(act, *id, one, index, &value, several, span)?;
                    }
                }
                Kind::Path(path) => {
                    if let (Kind::Text(text), true) = (&index.kind, act.language != Language::Python) {
                        let name = self.program.names.intern(text);
                        self.write_field(act, one, name, value.clone(), span)?;
                        continue;
                    }
                    let path = *path;
                    let item = self.paths.item(path);
                    if !super::path::Paths::is_unknown(path) {
                        self.tell_write(act, item, &value, span);
                    }
                    self.write_sink(act, path, &value, span);
                    self.write_sink(act, path, index, span);
                }
                _ => {}
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "an assignment has so many parts")]
    fn write_object_item(
        &mut self,
        act: &Act<'_>,
        id: ObjId,
        base: &Value,
        index: &Value,
        value: &Value,
        several: bool,
        span: Span,
    ) -> Result<(), Stop> {
        let shape = self.store.object(id).shape.clone();
        match shape {
            Shape::List | Shape::Tuple => {
                self.write_list_item(id, index, value, several);
                return Ok(());
            }
            Shape::Instance if act.language == Language::Python => {
                let arguments = vec![index.clone(), value.clone()];
                if let Some(result) = self.call_special(base, "__setitem__", arguments, span) {
                    result?;
                    return Ok(());
                }
            }
            Shape::Native(path) => {
                self.write_sink(act, path, value, span);
                self.write_sink(act, path, index, span);
            }
            Shape::Record | Shape::Instance | Shape::Function(_) | Shape::Class(_) | Shape::Module(_)
                if act.language != Language::Python =>
            {
                if let Some(Key::Name(name)) = self.key_of_entry(act, index) {
                    return self.write_field(act, &base.clone(), name, value.clone(), span);
                }
            }
            _ => {}
        }
        let marks = index.all_marks();
        match self.key_of_entry(act, index) {
            Some(key) => {
                self.set_entry(id, key, value.clone(), several);
                if marks.is_some() {
                    let object = self.store.object_mut(id);
                    object.marks = merge_marks(&object.marks, &marks);
                }
            }
            None => {
                let object = self.store.object_mut(id);
                object.add_rest(value);
                object.marks = merge_marks(&object.marks, &marks);
            }
        }
        Ok(())
    }

    fn write_list_item(&mut self, id: ObjId, index: &Value, value: &Value, several: bool) {
        let weak = several || self.store.is_summary(id);
        let wanted = index.as_int();
        let object = self.store.object_mut(id);
        let length = object.items.len();
        match wanted.map(|wanted| (wanted, place(wanted, length))) {
            Some((_, Some(place))) => {
                let known = &object.items[place];
                object.items[place] = if weak || !object.exact {
                    known.join(value)
                } else {
                    value.clone()
                };
            }
            Some((wanted, None)) if object.exact && (0..=4096).contains(&wanted) => {
                // JavaScript's arrays grow.
                object.items.resize(wanted as usize, Value::undefined());
                object.items.push(value.clone());
            }
            _ => object.add_rest(value),
        }
    }

    /// Removes an item.
    pub(super) fn delete_item(&mut self, base: &Value, index: &Value) {
        let Kind::Object(id) = base.kind else { return };
        if self.store.is_summary(id) {
            return;
        }
        let list = matches!(self.store.object(id).shape, Shape::List);
        if list {
            let wanted = index.as_int();
            let object = self.store.object_mut(id);
            match wanted.and_then(|wanted| place(wanted, object.items.len())) {
                Some(place) => drop(object.items.remove(place)),
                None => object.exact = false,
            }
            return;
        }
        let Some(key) = self.key_of(index) else { return };
        self.store.object_mut(id).entries.remove(&key);
    }

    /// A slice of a value.
    pub(super) fn read_slice(&mut self, act: &Act<'_>, base: &Value, bounds: &[Option<Value>; 3]) -> Eval {
        let _ = act;
        let mut joined = Value::default();
        for one in base.alternatives() {
            joined = joined.join(&self.slice_of(one, bounds));
        }
        Ok(joined)
    }

    fn slice_of(&mut self, base: &Value, bounds: &[Option<Value>; 3]) -> Value {
        let known = known_bounds(bounds);
        let marks = base.marks.clone();
        match (&base.kind, known) {
            (Kind::Text(text), Some(known)) => {
                let kind = if text.is_ascii() {
                    let bytes: Vec<u8> = places(known, text.len())
                        .map(|place| text.as_bytes()[place])
                        .collect();
                    Kind::Text(String::from_utf8_lossy(&bytes).as_ref().into())
                } else {
                    let letters: Vec<char> = text.chars().collect();
                    let slice: String = places(known, letters.len()).map(|place| letters[place]).collect();
                    Kind::Text(slice.into())
                };
                Value { kind, marks }
            }
            (Kind::Bytes(bytes), Some(known)) => {
                let slice: Vec<u8> = places(known, bytes.len()).map(|place| bytes[place]).collect();
                Value {
                    kind: Kind::Bytes(slice.into()),
                    marks,
                }
            }
            (Kind::Template(text), Some((low, Some(high), 1))) => known_part(text, low.unwrap_or(0), high)
                .unwrap_or(Value {
                    kind: Kind::Unknown(Type::Text),
                    marks,
                }),
            (Kind::Object(id), known) => {
                let object = self.store.shared_object(*id);
                let mut new = Object::new(object.shape.clone());
                new.marks = merge_marks(&object.marks, &marks);
                match known {
                    Some(known) if object.exact => {
                        new.items = places(known, object.items.len())
                            .map(|place| object.items[place].clone())
                            .collect();
                    }
                    _ => {
                        for item in object.items.iter().chain(&object.rest) {
                            new.add_rest(item);
                        }
                        new.exact = false;
                    }
                }
                self.new_object(new)
            }
            (Kind::Path(path), _) => {
                let item = self.paths.item(*path);
                Value {
                    kind: Kind::Path(item),
                    marks,
                }
            }
            (kind, _) => {
                let ty = Value::of(kind.clone()).ty();
                Value {
                    kind: Kind::Unknown(ty),
                    marks,
                }
            }
        }
    }

    /// Assigns a slice.
    pub(super) fn write_slice(&mut self, base: &Value, bounds: &[Option<Value>; 3], value: &Value) {
        let Kind::Object(id) = base.kind else { return };
        let items = self.items(value);
        let any = items.is_none().then(|| self.any_item(value));
        let known = known_bounds(bounds);
        let object = self.store.object_mut(id);
        match (items, known) {
            (Some(items), Some((low, high, 1))) if object.exact => {
                let length = object.items.len() as i64;
                let clamp =
                    |bound: i64| (if bound < 0 { bound + length } else { bound }).clamp(0, length) as usize;
                let (low, high) = (low.map_or(0, clamp), high.map_or(object.items.len(), clamp));
                object.items.splice(low..high.max(low), items);
            }
            (items, _) => {
                for item in items.into_iter().flatten().chain(any) {
                    object.add_rest(&item);
                }
                object.exact = false;
            }
        }
    }

    /// What a loop over a value goes through: of an instance, what its `__iter__` gives.
    pub(super) fn iterator_of(&mut self, act: &Act<'_>, value: &Value, span: Span) -> Eval {
        let Kind::Object(id) = value.kind else {
            return Ok(value.clone());
        };
        if act.language != Language::Python {
            return self.script_iterator(value, span);
        }
        if !matches!(self.store.object(id).shape, Shape::Instance) {
            return Ok(value.clone());
        }
        for name in ["__iter__", "__aiter__"] {
            if let Some(result) = self.call_special(value, name, Vec::new(), span) {
                let iterator = result?;
                if iterator.as_object() == Some(id) || self.is_plain_instance(&iterator) {
                    return self.next_of(&iterator, span);
                }
                return Ok(iterator);
            }
        }
        if let Some(result) = self.call_special(
            value,
            "__getitem__",
            vec![Value::of(Kind::Unknown(Type::Number))],
            span,
        ) {
            let item = result?;
            return Ok(self.list_of(item));
        }
        Ok(value.clone())
    }

    fn is_plain_instance(&self, value: &Value) -> bool {
        value
            .as_object()
            .is_some_and(|id| matches!(self.store.object(id).shape, Shape::Instance | Shape::Record))
    }

    /// What an iterator of the program gives in all its rounds.
    fn next_of(&mut self, iterator: &Value, span: Span) -> Eval {
        let mut any = Value::default();
        let scopes = self.waiting();
        for _ in 0..3 {
            let Some(result) = self
                .call_special(iterator, "__next__", Vec::new(), span)
                .or_else(|| self.call_special(iterator, "__anext__", Vec::new(), span))
            else {
                break;
            };
            match result {
                Ok(item) => any = any.join(&item),
                Err(Stop::Raise(_) | Stop::Dead) => break,
                Err(stop) => return Err(stop),
            }
        }
        let _ = scopes;
        if matches!(any.kind, Kind::Unbound) {
            return Ok(iterator.clone());
        }
        Ok(self.list_of(any))
    }
}

/// A part of a template that ends before the first letter that is not known: nothing unknown reaches it.
fn known_part(text: &str, low: i64, high: i64) -> Option<Value> {
    let (low, high) = (usize::try_from(low).ok()?, usize::try_from(high).ok()?);
    let known: Vec<char> = text
        .chars()
        .take_while(|letter| *letter != HOLE)
        .take(high)
        .collect();
    let part = known.get(low..high)?;
    Some(Value::text(&part.iter().collect::<String>()))
}

/// The place that an index means, counted from the end when it is negative.
fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index + length } else { index };
    (0..length).contains(&index).then_some(index as usize)
}

/// Bounds that are known: absent or integers; the step is 1 when absent.
fn known_bounds(bounds: &[Option<Value>; 3]) -> Option<(Option<i64>, Option<i64>, i64)> {
    let bound = |value: &Option<Value>| match value {
        None => Some(None),
        Some(Value { kind: Kind::Null, .. }) => Some(None),
        Some(value) => value.as_int().map(Some),
    };
    let step = bound(&bounds[2])?.unwrap_or(1);
    (step != 0).then_some(())?;
    Some((bound(&bounds[0])?, bound(&bounds[1])?, step))
}

/// The places of a slice in order, as Python counts them.
fn places((low, high, step): (Option<i64>, Option<i64>, i64), length: usize) -> impl Iterator<Item = usize> {
    let length = length as i64;
    let from_end = |bound: i64| if bound < 0 { bound + length } else { bound };
    let (start, end) = if step > 0 {
        (
            low.map_or(0, |low| from_end(low).clamp(0, length)),
            high.map_or(length, |high| from_end(high).clamp(0, length)),
        )
    } else {
        (
            low.map_or(length - 1, |low| from_end(low).clamp(-1, length - 1)),
            high.map_or(-1, |high| from_end(high).clamp(-1, length - 1)),
        )
    };
    let count = if step > 0 {
        (end - start + step - 1) / step
    } else {
        (start - end - step - 1) / -step
    };
    (0..count.max(0)).map(move |turn| (start + turn * step) as usize)
}
