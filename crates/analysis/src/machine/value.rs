//! Abstract values: what is known of a value, by which data reached it, and how deep it was hidden.

use super::path::PathId;
use crate::ir::{Span, Symbol};
use std::rc::Rc;

/// An object's number in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjId(pub u32);

/// What is known of a value. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// What reached it; nothing for most.
    pub marks: Option<Rc<Marks>>,
}

/// What a value is.
#[derive(Clone, Default, Debug)]
pub enum Kind {
    /// No value yet: a variable that was not assigned.
    #[default]
    Unbound,
    /// `None`, `null`.
    Null,
    /// `undefined`.
    Undefined,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Another number.
    Float(f64),
    /// Text.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// Text of which parts are not known: each is [`HOLE`].
    Template(Rc<str>),
    /// Something outside the program, by its path: a library's function, what a call of it gave, an item of that.
    Path(PathId),
    /// Something that the program made.
    Object(ObjId),
    /// One of several, at most [`ALTERNATIVES`].
    OneOf(Rc<[Value]>),
    /// Anything of a type.
    Unknown(Type),
}

/// What is known of the type of an unknown value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the type of that name")]
pub enum Type {
    Any,
    Text,
    Bytes,
    Number,
    Bool,
}

/// Stands for a part of a text that is not known.
pub const HOLE: char = '\u{FFFC}';

/// How many alternatives a value keeps before they become unknown.
pub const ALTERNATIVES: usize = 6;

/// How many taints and origins a value keeps.
pub const MARKS: usize = 8;

/// How many steps a way keeps.
pub const WAY: u16 = 60;

/// What reached a value.
#[derive(Clone, Default, Debug)]
pub struct Marks {
    /// The sources that reach it.
    pub taints: Vec<Taint>,
    /// The paths of what it was made from.
    pub origins: Vec<PathId>,
    /// How many decodings it was hidden behind.
    pub hidden: u8,
}

/// A source that reaches a value.
#[derive(Clone, Debug)]
pub struct Taint {
    /// Which, in [`crate::taint::Data::sources`].
    pub source: u16,
    /// Where it came in.
    pub from: Span,
    /// Bits of the kinds of sinks for which it was made harmless.
    pub cleared: u64,
    /// The way so far, the last step first.
    pub way: Rc<Way>,
}

/// A step of a way.
#[derive(Debug)]
pub struct Way {
    /// Where.
    pub span: Span,
    /// What happened.
    pub note: Note,
    /// The step before.
    pub before: Option<Rc<Way>>,
    /// How many steps lie before.
    pub length: u16,
}

/// What happens at a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// Data comes in.
    Source,
    /// It is assigned to a variable or field.
    Assigned(Symbol),
    /// It is given to a function.
    Passed(Symbol),
    /// It goes through a call.
    Through(PathId),
    /// A function gives it back.
    Returned,
}

impl Value {
    /// A value without marks.
    pub const fn of(kind: Kind) -> Self {
        Self { kind, marks: None }
    }

    /// Anything.
    pub const fn unknown() -> Self {
        Self::of(Kind::Unknown(Type::Any))
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::of(Kind::Text(Rc::from(text)))
    }

    /// Bytes.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::of(Kind::Bytes(Rc::from(bytes)))
    }

    /// An integer.
    pub const fn int(number: i64) -> Self {
        Self::of(Kind::Int(number))
    }

    /// A truth value.
    pub const fn bool(truth: bool) -> Self {
        Self::of(Kind::Bool(truth))
    }

    /// `None`.
    pub const fn null() -> Self {
        Self::of(Kind::Null)
    }

    /// `undefined`.
    pub const fn undefined() -> Self {
        Self::of(Kind::Undefined)
    }

    /// The same value, reached also by what reached something else.
    #[must_use]
    pub fn marked(mut self, marks: &Option<Rc<Marks>>) -> Self {
        let Some(more) = marks else { return self };
        if let Kind::OneOf(alternatives) = &self.kind {
            let all: Vec<Self> = alternatives.iter().map(|one| one.clone().marked(marks)).collect();
            self.kind = Kind::OneOf(all.into());
            return self;
        }
        self.marks = merge_marks(&self.marks, &Some(Rc::clone(more)));
        self
    }

    /// The marks of the value and of all its alternatives, not of what it contains.
    pub fn all_marks(&self) -> Option<Rc<Marks>> {
        match &self.kind {
            Kind::OneOf(alternatives) => {
                let mut marks = self.marks.clone();
                for one in alternatives.iter() {
                    marks = merge_marks(&marks, &one.all_marks());
                }
                marks
            }
            _ => self.marks.clone(),
        }
    }

    /// Its alternatives; itself when there is one.
    pub fn alternatives(&self) -> &[Self] {
        match &self.kind {
            Kind::OneOf(alternatives) => alternatives,
            _ => std::slice::from_ref(self),
        }
    }

    /// Its text when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Its bytes, also those of a text.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Text(text) => Some(text.as_bytes()),
            Kind::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Its integer when it is one.
    pub fn as_int(&self) -> Option<i64> {
        match &self.kind {
            Kind::Int(number) => Some(*number),
            Kind::Bool(truth) => Some(i64::from(*truth)),
            Kind::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            _ => None,
        }
    }

    /// Its object when it is one.
    pub fn as_object(&self) -> Option<ObjId> {
        match &self.kind {
            Kind::Object(id) => Some(*id),
            _ => None,
        }
    }

    /// Whether it is wholly known and no object.
    pub fn is_constant(&self) -> bool {
        !matches!(
            self.kind,
            Kind::Unbound
                | Kind::Template(_)
                | Kind::Path(_)
                | Kind::Object(_)
                | Kind::OneOf(_)
                | Kind::Unknown(_)
        )
    }

    /// Whether no source reaches it.
    pub fn is_clean(&self) -> bool {
        self.all_marks().is_none_or(|marks| marks.taints.is_empty())
    }

    /// Whether both are the same as far as is known; ways do not count.
    pub fn same(&self, other: &Self) -> bool {
        same_kind(&self.kind, &other.kind) && same_marks(&self.marks, &other.marks)
    }

    /// What it is when it may be either.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        if matches!(self.kind, Kind::Unbound) {
            return other.clone();
        }
        if matches!(other.kind, Kind::Unbound) {
            return self.clone();
        }
        if same_kind(&self.kind, &other.kind) {
            return Self {
                kind: self.kind.clone(),
                marks: merge_marks(&self.marks, &other.marks),
            };
        }
        if let (Kind::OneOf(known), None) = (&self.kind, &self.marks)
            && other
                .alternatives()
                .iter()
                .all(|one| known.iter().any(|known| holds(known, one)))
        {
            return self.clone();
        }
        let mut all: Vec<Self> = self.alternatives().to_vec();
        for one in other.alternatives() {
            add_alternative(&mut all, one);
        }
        from_alternatives(all)
    }

    /// What it is when it may be either and more rounds would tell still more: constants become unknown.
    #[must_use]
    pub fn widen(&self, other: &Self) -> Self {
        let joined = self.join(other);
        if joined.same(self) {
            return joined;
        }
        let all = joined.alternatives().to_vec();
        if all.len() < 2 {
            return joined;
        }
        collapse(all)
    }

    /// The type of a constant or unknown.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Bool(_) => Type::Bool,
            Kind::Int(_) | Kind::Float(_) => Type::Number,
            Kind::Text(_) | Kind::Template(_) => Type::Text,
            Kind::Bytes(_) => Type::Bytes,
            Kind::Unknown(ty) => *ty,
            _ => Type::Any,
        }
    }
}

/// Whether joining another value to one changes nothing.
fn holds(known: &Value, other: &Value) -> bool {
    let marks = match (&known.marks, &other.marks) {
        (_, None) => true,
        (Some(a), Some(b)) => Rc::ptr_eq(a, b) || within(b, a),
        (None, Some(_)) => false,
    };
    marks && same_kind(&known.kind, &other.kind)
}

fn add_alternative(all: &mut Vec<Value>, one: &Value) {
    for known in all.iter_mut() {
        if same_kind(&known.kind, &one.kind) {
            known.marks = merge_marks(&known.marks, &one.marks);
            return;
        }
    }
    all.push(one.clone());
}

/// A value of alternatives, bounded.
pub fn from_alternatives(mut all: Vec<Value>) -> Value {
    match all.len() {
        0 => Value::unknown(),
        1 => all.swap_remove(0),
        2..=ALTERNATIVES => Value::of(Kind::OneOf(all.into())),
        _ => collapse(all),
    }
}

/// Makes what is no object unknown, and keeps a bounded number of objects.
fn collapse(all: Vec<Value>) -> Value {
    let mut kept: Vec<Value> = Vec::new();
    let mut marks = None;
    let mut ty: Option<Type> = None;
    for one in all {
        match one.kind {
            Kind::Object(_) if kept.len() < ALTERNATIVES - 1 => kept.push(one),
            Kind::Path(path) => {
                marks = merge_marks(&marks, &one.marks);
                let origin = Marks {
                    origins: vec![path],
                    ..Marks::default()
                };
                marks = merge_marks(&marks, &Some(Rc::new(origin)));
                ty = Some(Type::Any);
            }
            _ => {
                marks = merge_marks(&marks, &one.marks);
                let its = one.ty();
                ty = Some(ty.map_or(its, |known| if known == its { its } else { Type::Any }));
            }
        }
    }
    if let Some(ty) = ty {
        kept.push(Value {
            kind: Kind::Unknown(ty),
            marks,
        });
    }
    if kept.len() == 1 {
        return kept.swap_remove(0);
    }
    Value::of(Kind::OneOf(kept.into()))
}

/// Whether both kinds are the same as far as is known.
pub fn same_kind(one: &Kind, other: &Kind) -> bool {
    match (one, other) {
        (Kind::Unbound, Kind::Unbound) | (Kind::Null, Kind::Null) | (Kind::Undefined, Kind::Undefined) => {
            true
        }
        (Kind::Bool(a), Kind::Bool(b)) => a == b,
        (Kind::Int(a), Kind::Int(b)) => a == b,
        (Kind::Float(a), Kind::Float(b)) => a.to_bits() == b.to_bits(),
        (Kind::Text(a), Kind::Text(b)) | (Kind::Template(a), Kind::Template(b)) => Rc::ptr_eq(a, b) || a == b,
        (Kind::Bytes(a), Kind::Bytes(b)) => Rc::ptr_eq(a, b) || a == b,
        (Kind::Path(a), Kind::Path(b)) => a == b,
        (Kind::Object(a), Kind::Object(b)) => a == b,
        (Kind::Unknown(a), Kind::Unknown(b)) => a == b,
        (Kind::OneOf(a), Kind::OneOf(b)) => {
            Rc::ptr_eq(a, b)
                || (a.len() == b.len() && a.iter().all(|one| b.iter().any(|other| one.same(other))))
        }
        _ => false,
    }
}

fn same_marks(one: &Option<Rc<Marks>>, other: &Option<Rc<Marks>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(a), Some(b)) if Rc::ptr_eq(a, b) => true,
        (a, b) => {
            let (a, b) = (a.as_deref(), b.as_deref());
            let taints = |marks: Option<&Marks>| -> Vec<(u16, Span, u64)> {
                let mut all: Vec<_> = marks
                    .iter()
                    .flat_map(|marks| {
                        marks
                            .taints
                            .iter()
                            .map(|taint| (taint.source, taint.from, taint.cleared))
                    })
                    .collect();
                all.sort_unstable();
                all
            };
            let origins = |marks: Option<&Marks>| marks.map_or(0, |marks| marks.origins.len());
            let hidden = |marks: Option<&Marks>| marks.map_or(0, |marks| marks.hidden);
            taints(a) == taints(b) && origins(a) == origins(b) && hidden(a) == hidden(b)
        }
    }
}

/// What reached a value that was made from two.
pub fn merge_marks(one: &Option<Rc<Marks>>, other: &Option<Rc<Marks>>) -> Option<Rc<Marks>> {
    let mut marks = one.clone();
    absorb_marks(&mut marks, other);
    marks
}

/// Adds what reached another to what reached a value, in place.
pub fn absorb_marks(into: &mut Option<Rc<Marks>>, more: &Option<Rc<Marks>>) {
    let Some(more) = more else { return };
    let Some(known) = into else {
        *into = Some(Rc::clone(more));
        return;
    };
    if Rc::ptr_eq(known, more) || within(more, known) {
        return;
    }
    let marks = Rc::make_mut(known);
    for taint in &more.taints {
        let known = marks
            .taints
            .iter()
            .position(|known| known.source == taint.source && known.from == taint.from);
        match known {
            Some(known) => marks.taints[known].cleared &= taint.cleared,
            None if marks.taints.len() < MARKS => marks.taints.push(taint.clone()),
            None => {}
        }
    }
    for origin in &more.origins {
        if marks.origins.len() < MARKS && !marks.origins.contains(origin) {
            marks.origins.push(*origin);
        }
    }
    marks.hidden = marks.hidden.max(more.hidden);
}

/// Adds a path to what a value was made from.
pub fn add_origin(into: &mut Option<Rc<Marks>>, path: PathId) {
    let known = into.get_or_insert_default();
    if known.origins.len() < MARKS && !known.origins.contains(&path) {
        Rc::make_mut(known).origins.push(path);
    }
}

fn within(small: &Marks, large: &Marks) -> bool {
    small.hidden <= large.hidden
        && small.origins.iter().all(|origin| large.origins.contains(origin))
        && small.taints.iter().all(|taint| {
            large.taints.iter().any(|known| {
                known.source == taint.source
                    && known.from == taint.from
                    && known.cleared & !taint.cleared == 0
            })
        })
}

/// Adds a step to the way of every taint.
pub fn with_step(marks: &Option<Rc<Marks>>, span: Span, note: Note) -> Option<Rc<Marks>> {
    let marks = marks.as_ref()?;
    if marks.taints.is_empty() {
        return Some(Rc::clone(marks));
    }
    let mut marks = Marks::clone(marks);
    for taint in &mut marks.taints {
        if taint.way.length < WAY && !(taint.way.span == span && taint.way.note == note) {
            taint.way = Rc::new(Way {
                span,
                note,
                before: Some(Rc::clone(&taint.way)),
                length: taint.way.length + 1,
            });
        }
    }
    Some(Rc::new(marks))
}
