//! Models of libraries: what a call of something outside the program gives and does.
//!
//! # How to add one
//!
//! Each language has a table in its own folder (`python/`, `javascript/`, `shell/`): `pub const MODELS: &[(&str, Model)]`
//! and `pub const READERS: &[(&str, Reader)]`; a folder may have many tables and lists them in its `TABLES`. A model is a
//! function from a [`Call`] to a value:
//!
//! ```ignore
//! fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
//!     let separator = call.receiver.as_ref()?.as_text()?.to_owned();
//!     let items = call.machine.items(&call.arg(0))?;
//!     ...
//! }
//! pub const MODELS: &[(&str, Model)] = &[("str#join", join), ("base64.b64decode", b64decode)];
//! ```
//!
//! The key is a path as in facts (`os.path.join`, `socket.socket().recv`), or for a method of a value whose kind is known the
//! kind and the name: in Python `str`, `bytes`, `int`, `float`, `bool`, `list`, `tuple`, `set`, `dict`, `generator`, `function`,
//! `type`, `module`, `instance`; in JavaScript `string`, `number`, `boolean`, `array`, `object`, `map`, `set`, `function`, `promise`, `generator`, `regexp`; for a
//! method of an unknown value `?.name`, tried when the exact path has no model. A model that gives none leaves the
//! call to the default: the result is the path `callee()` and has the marks of receiver and arguments, also those of what
//! the arguments contain. A model that gives a value adds the marks itself ([`Call::marks`] has them all).
//! A builtin of the language is a path of one word (`len`, `parseInt`); a method of a global is `Object.keys`.
//!
//! A reader gives the value of a path that is read and not called (`os.sep`, `string.ascii_letters`).
//! `ALIASES` are pairs of a path and the path under which it is known (`codecs.encode` is none; `os.popen2` may be).
//!
//! Facts, sources, sinks and sanitizers are not the models' business: the machine looks them up by path.
//! Arguments given to a sink are seen before the model runs.

pub mod javascript;
pub mod python;
pub mod shell;

use super::path::PathId;
use super::value::{Marks, ObjId, Value, merge_marks};
use super::{Machine, Stop};
use crate::ir::{Language, Span, Symbol};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::OnceLock;

/// What a call of a library's function gives and does. None is the default.
pub type Model = fn(&mut Call<'_, '_, '_>) -> Option<Value>;

/// What reading a path gives.
pub type Reader = fn(&mut Machine<'_>) -> Value;

/// A part of a language's library.
pub struct Table {
    /// By path, what a call does.
    pub models: &'static [(&'static str, Model)],
    /// By path, what reading gives.
    pub readers: &'static [(&'static str, Reader)],
    /// Other names of paths.
    pub aliases: &'static [(&'static str, &'static str)],
}

/// The arguments of a call, evaluated.
#[derive(Clone, Default, Debug)]
pub struct Arguments {
    /// By place.
    pub places: Vec<Value>,
    /// What more places may hold, when something of unknown length was spread.
    pub more: Option<Value>,
    /// By name.
    pub named: Vec<(Symbol, Value)>,
    /// What more names may hold.
    pub more_named: Option<Value>,
}

/// A call of something outside the program.
pub struct Call<'c, 'm, 'p> {
    /// The machine.
    pub machine: &'m mut Machine<'p>,
    /// What is called.
    pub path: PathId,
    /// The value that is called.
    pub callee: &'c Value,
    /// Whose method it is: a value of a known kind, or the value of the path before the last name.
    pub receiver: Option<Value>,
    /// The arguments.
    pub arguments: &'c Arguments,
    /// Whether it is called with `new`.
    pub new: bool,
    /// Where.
    pub span: Span,
    /// Set by a model when what it calls raised and nothing went on.
    pub stop: Option<Stop>,
}

impl Call<'_, '_, '_> {
    /// The argument at a place, or unbound.
    pub fn arg(&self, place: usize) -> Value {
        match self.arguments.places.get(place) {
            Some(value) => value.clone(),
            None => self.arguments.more.clone().unwrap_or_default(),
        }
    }

    /// How many places were given.
    pub fn count(&self) -> usize {
        self.arguments.places.len()
    }

    /// The argument of a name, or unbound.
    pub fn named(&self, name: &str) -> Value {
        let Some(symbol) = self.machine.program.names.find(name) else {
            return Value::default();
        };
        let found = self.arguments.named.iter().find(|(known, _)| *known == symbol);
        found.map_or_else(
            || self.arguments.more_named.clone().unwrap_or_default(),
            |(_, value)| value.clone(),
        )
    }

    /// The argument at a place or of a name, or unbound.
    pub fn arg_or_named(&self, place: usize, name: &str) -> Value {
        if place < self.count() {
            self.arg(place)
        } else {
            self.named(name)
        }
    }

    /// The marks of the receiver and of all arguments, with those of what they contain.
    pub fn marks(&self) -> Option<Rc<Marks>> {
        let mut marks = self
            .receiver
            .as_ref()
            .and_then(|receiver| self.machine.deep_marks(receiver));
        marks = merge_marks(&marks, &self.argument_marks());
        marks
    }

    /// The marks of all arguments, with those of what they contain.
    pub fn argument_marks(&self) -> Option<Rc<Marks>> {
        let mut marks = None;
        let all = self
            .arguments
            .places
            .iter()
            .chain(&self.arguments.more)
            .chain(&self.arguments.more_named);
        for value in all.chain(self.arguments.named.iter().map(|(_, value)| value)) {
            marks = merge_marks(&marks, &self.machine.deep_marks(value));
        }
        marks
    }

    /// What the default gives: the path of the result, with all marks.
    pub fn default_result(&mut self) -> Value {
        let marks = self.marks();
        self.machine.result_of(self.path, marks)
    }

    /// Calls a value of the program or outside it, as a callback.
    pub fn call_back(&mut self, callee: &Value, arguments: Vec<Value>) -> Value {
        if self.stop.is_some() {
            return Value::unknown();
        }
        match self.machine.call_back(callee, None, arguments, self.span) {
            Ok(value) => value,
            Err(stop) => {
                self.stop = Some(stop);
                Value::unknown()
            }
        }
    }

    /// The object of the receiver.
    pub fn receiver_object(&self) -> Option<ObjId> {
        self.receiver.as_ref()?.as_object()
    }
}

/// A language's library.
#[derive(Default)]
pub struct Library {
    models: FxHashMap<&'static str, Model>,
    readers: FxHashMap<&'static str, Reader>,
    aliases: FxHashMap<&'static str, &'static str>,
}

impl Library {
    /// The model of a path.
    pub fn model(&self, path: &str) -> Option<Model> {
        self.models.get(path).copied()
    }

    /// The reader of a path.
    pub fn reader(&self, path: &str) -> Option<Reader> {
        self.readers.get(path).copied()
    }

    /// The path under which a path is known, if it is another.
    pub fn canonical(&self, path: &str) -> Option<&'static str> {
        self.aliases.get(path).copied()
    }

    fn of_tables(tables: &[&Table]) -> Self {
        let mut library = Self::default();
        for table in tables {
            library.models.extend(table.models.iter().copied());
            library.readers.extend(table.readers.iter().copied());
            library.aliases.extend(table.aliases.iter().copied());
        }
        library
    }
}

/// The language whose library another uses.
pub fn family(language: Language) -> Language {
    match language {
        Language::TypeScript => Language::JavaScript,
        other => other,
    }
}

/// A language's library; built once per process.
pub fn of(language: Language) -> &'static Library {
    static PYTHON: OnceLock<Library> = OnceLock::new();
    static JAVASCRIPT: OnceLock<Library> = OnceLock::new();
    static SHELL: OnceLock<Library> = OnceLock::new();
    static NONE: OnceLock<Library> = OnceLock::new();
    match language {
        Language::Python => PYTHON.get_or_init(|| Library::of_tables(python::TABLES)),
        Language::JavaScript | Language::TypeScript => {
            JAVASCRIPT.get_or_init(|| Library::of_tables(javascript::TABLES))
        }
        Language::Bash => SHELL.get_or_init(|| Library::of_tables(shell::TABLES)),
        _ => NONE.get_or_init(Library::default),
    }
}

/// Whether a global is one that the language has itself: only such a name means the builtin before it is assigned.
pub fn is_builtin(language: Language, name: &str) -> bool {
    let known = of(language);
    known.models.contains_key(name) || known.readers.contains_key(name) || taint_knows(language, name)
}

fn taint_knows(language: Language, name: &str) -> bool {
    let taint = crate::taint::data().path(family(language), name);
    taint.read.is_some() || taint.call.is_some() || !taint.sinks.is_empty() || taint.clears != 0
}
