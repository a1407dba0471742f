//! What models ask of the machine: contents, texts, marks, new objects.

use super::Machine;
use super::object::{Entries, Key, Object, Shape};
use super::path::{PathId, Paths};
use super::value::{HOLE, Kind, Marks, ObjId, Value, absorb_marks, add_origin};
use crate::ir::Language;
use std::rc::Rc;

/// How deep marks are looked for in what contains something.
const DEPTH: u8 = 5;
/// How many values are looked at for marks.
const VISITS: u32 = 256;
/// How long a text is built at most.
pub const TEXT: usize = 1 << 20;

impl Machine<'_> {
    /// The items of a list, tuple, set, text, bytes, generator, or the keys of a dictionary, when all are known.
    pub fn items(&mut self, value: &Value) -> Option<Vec<Value>> {
        match &value.kind {
            Kind::Object(id) => {
                let object = self.store.shared_object(*id);
                if !object.exact || object.rest.is_some() {
                    return None;
                }
                let items: Vec<Value> = match object.shape {
                    Shape::List | Shape::Tuple | Shape::Set | Shape::Generator => object.items.clone(),
                    Shape::Dict => object
                        .entries
                        .iter()
                        .map(|(key, _)| self.key_value(key))
                        .collect(),
                    Shape::Map => {
                        let pairs: Vec<(Value, Value)> = object
                            .entries
                            .iter()
                            .map(|(key, value)| (self.key_value(key), value.clone()))
                            .collect();
                        pairs
                            .into_iter()
                            .map(|(key, value)| self.list(vec![key, value]))
                            .collect()
                    }
                    _ => return None,
                };
                Some(items.into_iter().map(|item| item.marked(&object.marks)).collect())
            }
            Kind::Text(text) => {
                let mut buffer = [0; 4];
                let chars = text.chars().map(|letter| {
                    let mut item = Value::text(letter.encode_utf8(&mut buffer));
                    item.marks = value.marks.clone();
                    item
                });
                Some(chars.collect())
            }
            Kind::Bytes(bytes) => {
                let items = bytes.iter().map(|byte| Value {
                    kind: Kind::Int(i64::from(*byte)),
                    marks: value.marks.clone(),
                });
                Some(items.collect())
            }
            _ => None,
        }
    }

    /// The value of any item of a thing: what a loop over it binds when its items are not known.
    pub fn any_item(&mut self, value: &Value) -> Value {
        let mut any: Option<Value> = None;
        let mut add = |one: Value| {
            any = Some(any.as_ref().map_or_else(|| one.clone(), |any| any.join(&one)));
        };
        for one in value.alternatives() {
            match &one.kind {
                Kind::Object(id) => {
                    let object = self.store.shared_object(*id);
                    let dict = matches!(object.shape, Shape::Dict);
                    for item in &object.items {
                        add(item.clone().marked(&object.marks));
                    }
                    for (key, value) in object.entries.iter() {
                        let item = if dict { self.key_value(key) } else { value.clone() };
                        add(item.marked(&object.marks));
                    }
                    if let Some(rest) = &object.rest {
                        add(rest.clone().marked(&object.marks));
                    }
                }
                Kind::Path(path) => {
                    let item = self.paths.item(*path);
                    add(Value {
                        kind: Kind::Path(item),
                        marks: one.marks.clone(),
                    });
                }
                Kind::Text(_) | Kind::Template(_) | Kind::Unknown(super::value::Type::Text) => add(Value {
                    kind: Kind::Unknown(super::value::Type::Text),
                    marks: one.marks.clone(),
                }),
                _ => add(Value {
                    kind: Kind::Unknown(super::value::Type::Any),
                    marks: one.marks.clone(),
                }),
            }
        }
        any.unwrap_or_else(Value::unknown)
    }

    /// The value that a key stands for.
    pub fn key_value(&mut self, key: &Key) -> Value {
        match key {
            Key::Name(symbol) => Value::of(Kind::Text(self.program.names.shared(*symbol))),
            Key::Int(number) => Value::int(*number),
            Key::Float(bits) => Value::of(Kind::Float(f64::from_bits(*bits))),
            Key::Bytes(bytes) => Value::of(Kind::Bytes(Rc::clone(bytes))),
            Key::Object(id) => Value::of(Kind::Object(*id)),
            Key::Path(path) => Value::of(Kind::Path(*path)),
            Key::Null => Value::null(),
            Key::Tuple(keys) => {
                let items = keys.iter().map(|key| self.key_value(key)).collect();
                self.tuple(items)
            }
        }
    }

    /// The key that a value is, when it is known.
    pub fn key_of(&mut self, value: &Value) -> Option<Key> {
        Some(match &value.kind {
            Kind::Text(text) => Key::Name(self.program.names.intern(text)),
            Kind::Int(number) => Key::Int(*number),
            Kind::Bool(truth) => Key::Int(i64::from(*truth)),
            Kind::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Key::Int(*number as i64),
            Kind::Float(number) => Key::Float(number.to_bits()),
            Kind::Bytes(bytes) => Key::Bytes(Rc::clone(bytes)),
            Kind::Null => Key::Null,
            Kind::Path(path) if !Paths::is_unknown(*path) => Key::Path(*path),
            Kind::Object(id) => {
                let object = self.store.shared_object(*id);
                if !matches!(object.shape, Shape::Tuple) || object.items.len() > 8 {
                    return Some(Key::Object(*id));
                }
                let keys: Option<Vec<Key>> = object.items.iter().map(|item| self.key_of(item)).collect();
                Key::Tuple(keys?.into())
            }
            _ => return None,
        })
    }

    /// A new object as a value.
    pub fn new_object(&mut self, object: Object) -> Value {
        Value::of(Kind::Object(self.store.add(object)))
    }

    /// A new list.
    pub fn list(&mut self, items: Vec<Value>) -> Value {
        self.new_object(Object::list(items))
    }

    /// A new tuple.
    pub fn tuple(&mut self, items: Vec<Value>) -> Value {
        self.new_object(Object::tuple(items))
    }

    /// A new list of which is known only what its items may be.
    pub fn list_of(&mut self, any: Value) -> Value {
        let mut object = Object::list(Vec::new());
        object.add_rest(&any);
        self.new_object(object)
    }

    /// A new dictionary or record of a shape.
    pub fn record(&mut self, shape: Shape, entries: Vec<(&str, Value)>) -> Value {
        let mut object = Object::new(shape);
        let mut all = Entries::default();
        for (name, value) in entries {
            all.set(Key::Name(self.program.names.intern(name)), value);
        }
        object.entries = all;
        self.new_object(object)
    }

    /// An object.
    pub fn object(&self, id: ObjId) -> &Object {
        self.store.object(id)
    }

    /// An object, to change. Nothing outside branches changes: the journal keeps what it was.
    pub fn object_mut(&mut self, id: ObjId) -> &mut Object {
        self.store.object_mut(id)
    }

    /// Adds an item at the end of a list or set.
    pub fn append(&mut self, id: ObjId, value: Value) {
        let summary = self.store.is_summary(id);
        let object = self.store.object_mut(id);
        if summary || !object.exact || object.items.len() >= 1 << 16 {
            object.add_rest(&value);
        } else {
            object.items.push(value);
        }
    }

    /// What reached a value: itself, its alternatives, what it contains.
    pub fn deep_marks(&self, value: &Value) -> Option<Rc<Marks>> {
        let mut marks = None;
        let mut visits = VISITS;
        self.gather_marks(value, DEPTH, &mut visits, &mut marks);
        marks
    }

    fn gather_marks(&self, value: &Value, depth: u8, visits: &mut u32, into: &mut Option<Rc<Marks>>) {
        if *visits == 0 {
            return absorb_marks(into, &value.marks);
        }
        *visits -= 1;
        if let Kind::Path(path) = value.kind
            && !Paths::is_unknown(path)
        {
            add_origin(into, path);
        }
        absorb_marks(into, &value.marks);
        match &value.kind {
            Kind::OneOf(alternatives) => {
                for one in alternatives.iter() {
                    self.gather_marks(one, depth, visits, into);
                }
            }
            Kind::Object(id) => {
                let object = self.store.object(*id);
                absorb_marks(into, &object.marks);
                let opaque = matches!(
                    object.shape,
                    Shape::Function(_) | Shape::Class(_) | Shape::Module(_)
                );
                if depth == 0 || opaque {
                    return;
                }
                let all = object
                    .items
                    .iter()
                    .chain(object.entries.iter().map(|(_, value)| value));
                for one in all.chain(&object.rest) {
                    if *visits == 0 && one.marks.is_none() {
                        continue;
                    }
                    self.gather_marks(one, depth - 1, visits, into);
                }
            }
            _ => {}
        }
    }

    /// What a call of a path gives when nothing more is known.
    pub fn result_of(&mut self, path: PathId, marks: Option<Rc<Marks>>) -> Value {
        let result = self.paths.call(path);
        Value {
            kind: Kind::Path(result),
            marks,
        }
    }

    /// A path as a value, by its dotted text.
    pub fn path(&mut self, language: Language, text: &str) -> Value {
        Value::of(Kind::Path(self.paths.dotted(language, text)))
    }

    /// A value as a part of a text: its text when it is constant, else a hole.
    pub fn piece(&self, value: &Value, language: Language) -> String {
        match &value.kind {
            Kind::Text(text) | Kind::Template(text) => text.to_string(),
            Kind::Int(number) => number.to_string(),
            Kind::Float(number) => number_text(*number, language),
            Kind::Bool(truth) => match (language, truth) {
                (Language::Python, true) => "True".to_owned(),
                (Language::Python, false) => "False".to_owned(),
                (_, truth) => truth.to_string(),
            },
            Kind::Null if language == Language::Python => "None".to_owned(),
            Kind::Null => "null".to_owned(),
            Kind::Undefined => "undefined".to_owned(),
            _ => HOLE.to_string(),
        }
    }

    /// Counts what making so many bytes costs.
    pub fn charge(&mut self, bytes: usize) {
        self.steps += bytes as u64 >> 6;
    }

    /// A text put together; with holes it is a template. Marks are merged with those of the pieces.
    pub fn built(&mut self, text: String, marks: Option<Rc<Marks>>) -> Value {
        self.charge(text.len());
        let kind = if text.len() > TEXT {
            Kind::Unknown(super::value::Type::Text)
        } else if text.contains(HOLE) {
            if text.chars().all(|letter| letter == HOLE) {
                Kind::Unknown(super::value::Type::Text)
            } else {
                Kind::Template(text.into())
            }
        } else {
            Kind::Text(text.into())
        };
        Value { kind, marks }
    }
}

/// A number as its language writes it.
pub fn number_text(number: f64, language: Language) -> String {
    if language == Language::Python && number.fract() == 0.0 && number.abs() < 1e16 {
        format!("{number:.1}")
    } else {
        format!("{number}")
    }
}
