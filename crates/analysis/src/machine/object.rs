//! Objects: lists, records, instances, functions, classes, as far as they are known.

use super::path::PathId;
use super::value::{ObjId, Value};
use crate::ir::{ClassId, FileId, FuncId, Symbol};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A frame's number in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FrameId(pub u32);

/// The frame that a closure was made in, and those around it.
#[derive(Debug)]
pub struct Scope {
    /// Whose frame it is.
    pub function: FuncId,
    /// The frame.
    pub frame: FrameId,
    /// The one around it.
    pub outer: Option<Rc<Scope>>,
}

/// What an object is.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A list, an array.
    List,
    /// A tuple.
    Tuple,
    /// A set; its items are in no order.
    Set,
    /// A dictionary: entries are items and no fields.
    Dict,
    /// A record of JavaScript: an entry is both an item and a field.
    Record,
    /// `Map` of JavaScript: entries are reached by methods.
    Map,
    /// What a generator yields, as far as it was run.
    Generator,
    /// An instance of a class of the program.
    Instance,
    /// A function.
    Function(Closure),
    /// A class.
    Class(ClassOf),
    /// A method with its receiver.
    Bound {
        /// The receiver.
        receiver: Value,
        /// The function: an object or a path.
        callee: Value,
    },
    /// A module of the program.
    Module(FileId),
    /// A folder of modules of the program, by its dotted path.
    Package(Rc<str>),
    /// `super` with its receiver: methods are looked up in the bases of the class.
    Super {
        /// The receiver.
        receiver: Value,
        /// The class whose bases are meant.
        class: ObjId,
    },
    /// A field that is computed: a property, a getter, a setter.
    Accessor {
        /// What reads.
        getter: Option<Value>,
        /// What writes.
        setter: Option<Value>,
    },
    /// A method of the class itself, or of nothing.
    Unbound {
        /// The function.
        callee: Value,
        /// The class is its receiver.
        of_class: bool,
    },
    /// Something of a library that has state: a regular expression, a promise. Models use entries as they like.
    Native(PathId),
}

/// A function with the frames around it.
#[derive(Clone, Debug)]
pub struct Closure {
    /// In which unit it stands.
    pub unit: u32,
    /// The function.
    pub function: FuncId,
    /// The frames around it.
    pub scope: Option<Rc<Scope>>,
    /// The `this` of the arrow's surroundings is found by its variable; of a method, the class it stands in.
    pub class: Option<ObjId>,
    /// The values of parameters' defaults are in the entries of the object under the parameters' names.
    pub has_defaults: bool,
}

/// A class.
#[derive(Clone, Debug)]
pub struct ClassOf {
    /// In which unit it stands.
    pub unit: u32,
    /// The class; none for one that was made while running.
    pub class: Option<ClassId>,
    /// Its name.
    pub name: Symbol,
    /// What it inherits from, evaluated.
    pub bases: Vec<Value>,
}

/// A key of an entry.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Key {
    /// A text or a field's name.
    Name(Symbol),
    /// An integer, a truth value of Python.
    Int(i64),
    /// Another number, by its bits.
    Float(u64),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// An object, by identity.
    Object(ObjId),
    /// A path.
    Path(PathId),
    /// `None`, `null`.
    Null,
    /// Several, of a tuple.
    Tuple(Rc<[Key]>),
}

/// Entries in the order in which they were added.
#[derive(Clone, Default, Debug)]
pub struct Entries {
    all: Vec<(Key, Value)>,
    index: Option<Box<FxHashMap<Key, usize>>>,
}

const INDEX_FROM: usize = 12;

impl Entries {
    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.place(key).map(|place| &self.all[place].1)
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: Key, value: Value) {
        match self.place(&key) {
            Some(place) => self.all[place].1 = value,
            None => {
                if let Some(index) = &mut self.index {
                    index.insert(key.clone(), self.all.len());
                }
                self.all.push((key, value));
                if self.index.is_none() && self.all.len() > INDEX_FROM {
                    self.reindex();
                }
            }
        }
    }

    /// Removes a key.
    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        let place = self.place(key)?;
        let (_, value) = self.all.remove(place);
        if self.index.is_some() {
            self.reindex();
        }
        Some(value)
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &(Key, Value)> {
        self.all.iter()
    }

    /// All values, to change.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.all.iter_mut().map(|(_, value)| value)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.all.clear();
        self.index = None;
    }

    fn place(&self, key: &Key) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.all.iter().position(|(known, _)| known == key),
        }
    }

    fn reindex(&mut self) {
        let index = self
            .all
            .iter()
            .enumerate()
            .map(|(place, (key, _))| (key.clone(), place))
            .collect();
        self.index = Some(Box::new(index));
    }
}

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// What it is.
    pub shape: Shape,
    /// Its class: of an instance the class of the program; of others none.
    pub class: Option<Value>,
    /// Its items in order, of lists, tuples, sets, generators.
    pub items: Vec<Value>,
    /// Its entries: fields, or items of a dictionary.
    pub entries: Entries,
    /// What else it may hold, at places that are not known.
    pub rest: Option<Value>,
    /// Whether items and entries are all there are, each at its place.
    pub exact: bool,
    /// Marks of the object as a whole: its keys, its length, what it was made from.
    pub marks: Option<Rc<super::value::Marks>>,
}

impl Object {
    /// An empty object.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            class: None,
            items: Vec::new(),
            entries: Entries::default(),
            rest: None,
            exact: true,
            marks: None,
        }
    }

    /// A list.
    pub fn list(items: Vec<Value>) -> Self {
        Self {
            items,
            ..Self::new(Shape::List)
        }
    }

    /// A tuple.
    pub fn tuple(items: Vec<Value>) -> Self {
        Self {
            items,
            ..Self::new(Shape::Tuple)
        }
    }

    /// Adds to what it may hold at places that are not known.
    pub fn add_rest(&mut self, value: &Value) {
        self.exact = false;
        self.rest = Some(
            self.rest
                .as_ref()
                .map_or_else(|| value.clone(), |rest| rest.join(value)),
        );
    }

    /// Whether both are the same as far as is known.
    pub fn same(&self, other: &Self) -> bool {
        let values = |a: &Option<Value>, b: &Option<Value>| match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => a.same(b),
            _ => false,
        };
        self.exact == other.exact
            && self.items.len() == other.items.len()
            && self.entries.len() == other.entries.len()
            && self.items.iter().zip(&other.items).all(|(a, b)| a.same(b))
            && self
                .entries
                .iter()
                .all(|(key, value)| other.entries.get(key).is_some_and(|one| one.same(value)))
            && values(&self.rest, &other.rest)
            && self.marks.as_ref().map(|marks| marks.taints.len())
                == other.marks.as_ref().map(|marks| marks.taints.len())
    }

    /// What it is when it may be either.
    #[must_use]
    pub fn join(&self, other: &Self, how: Join) -> Self {
        let mut joined = self.clone();
        joined.marks = super::value::merge_marks(&self.marks, &other.marks);
        joined.exact = self.exact && other.exact;
        if let Some(rest) = &other.rest {
            joined.add_rest(rest);
        }
        if self.items.len() == other.items.len() {
            for (mine, theirs) in joined.items.iter_mut().zip(&other.items) {
                *mine = how.values(mine, theirs);
            }
        } else {
            let (short, long) = if self.items.len() < other.items.len() {
                (self, other)
            } else {
                (other, self)
            };
            let shared = short.items.len();
            joined.items = short
                .items
                .iter()
                .zip(&long.items)
                .map(|(a, b)| how.values(a, b))
                .collect();
            for item in &long.items[shared..] {
                joined.add_rest(item);
            }
        }
        for (key, theirs) in other.entries.iter() {
            let value = match joined.entries.get(key) {
                Some(mine) => how.values(mine, theirs),
                None => {
                    joined.exact = false;
                    theirs.clone()
                }
            };
            joined.entries.set(key.clone(), value);
        }
        if !self.entries.is_empty()
            && self
                .entries
                .iter()
                .any(|(key, _)| other.entries.get(key).is_none())
        {
            joined.exact = false;
        }
        joined
    }
}

/// How values are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Join {
    /// Alternatives are kept.
    Keep,
    /// Alternatives become unknown, so that a loop comes to an end.
    Widen,
}

impl Join {
    /// Joins two values.
    pub fn values(self, one: &Value, other: &Value) -> Value {
        match self {
            Self::Keep => one.join(other),
            Self::Widen => one.widen(other),
        }
    }
}
