//! Paths of what is outside the program, as numbers: `os.environ.get()` is the call of the field `get` of ...
//!
//! What is known of a path (its model, its part in taint) is looked up once, when the path is first met.

use super::library::{self, Library, Model, Reader};
use crate::ir::Language;
use crate::taint::{self, PathTaint};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// A path's number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PathId(pub u32);

/// How a path goes on from another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Step {
    Field(Rc<str>),
    Item,
    Call,
}

/// What is known of a path.
pub struct PathInfo {
    /// Its text, such as `os.environ.get()`.
    pub text: Rc<str>,
    /// The language whose library it belongs to; TypeScript's is JavaScript's.
    pub language: Language,
    /// The path that it goes on from.
    pub parent: Option<PathId>,
    /// How many steps it has.
    pub length: u16,
    /// What a call of it does.
    pub model: Option<Model>,
    /// What reading it gives.
    pub reader: Option<Reader>,
    /// Its part in taint.
    pub taint: PathTaint,
}

/// How many steps a path has at most; what goes on from there is that path.
const LENGTH: u16 = 12;
/// How many paths are kept.
const PATHS: usize = 1 << 16;

/// Every path of one run. Paths of two languages differ, though their texts be the same.
pub struct Paths {
    all: Vec<PathInfo>,
    roots: FxHashMap<(Language, Rc<str>), PathId>,
    steps: FxHashMap<(PathId, Step), PathId>,
}

impl Default for Paths {
    fn default() -> Self {
        Self::new()
    }
}

impl Paths {
    /// No path but each language's unknown one, `?`.
    pub fn new() -> Self {
        let mut paths = Self {
            all: Vec::new(),
            roots: FxHashMap::default(),
            steps: FxHashMap::default(),
        };
        for language in Language::ALL {
            paths.add(language, Rc::from("?"), None, 1);
        }
        paths
    }

    /// The path of what is not known.
    pub fn unknown(language: Language) -> PathId {
        PathId(library::family(language) as u32)
    }

    /// Whether nothing is known of the thing itself.
    pub fn is_unknown(path: PathId) -> bool {
        (path.0 as usize) < Language::ALL.len()
    }

    /// What is known of a path.
    pub fn info(&self, path: PathId) -> &PathInfo {
        let index = path.0 as usize;
        &self.all[if index < self.all.len() { index } else { 0 }]
    }

    /// A path's text.
    pub fn text(&self, path: PathId) -> Rc<str> {
        Rc::clone(&self.info(path).text)
    }

    /// A path by its dotted text; `a.b` goes on from `a`.
    pub fn dotted(&mut self, language: Language, text: &str) -> PathId {
        let language = library::family(language);
        if let Some(&path) = self.roots.get(&(language, Rc::from(text))) {
            return path;
        }
        match text.rsplit_once('.') {
            Some((base, name))
                if !base.is_empty() && !name.is_empty() && !text.contains([':', '/', '(', '@']) =>
            {
                let base = self.dotted(language, base);
                self.field(base, name)
            }
            _ => self.root(language, text),
        }
    }

    /// A path that goes on from none.
    pub fn root(&mut self, language: Language, text: &str) -> PathId {
        let language = library::family(language);
        let text = library::of(language).canonical(text).unwrap_or(text);
        let key = (language, Rc::from(text));
        if let Some(&path) = self.roots.get(&key) {
            return path;
        }
        let path = self.add(language, Rc::clone(&key.1), None, 1);
        self.roots.insert(key, path);
        path
    }

    /// The path of a field.
    pub fn field(&mut self, base: PathId, name: &str) -> PathId {
        self.step(base, Step::Field(Rc::from(name)))
    }

    /// The path of an item.
    pub fn item(&mut self, base: PathId) -> PathId {
        self.step(base, Step::Item)
    }

    /// The path of what a call gives.
    pub fn call(&mut self, base: PathId) -> PathId {
        self.step(base, Step::Call)
    }

    fn step(&mut self, base: PathId, step: Step) -> PathId {
        let key = (base, step);
        if let Some(&path) = self.steps.get(&key) {
            return path;
        }
        let (language, length, text) = {
            let info = self.info(base);
            let text = match &key.1 {
                Step::Field(name) => format!("{}.{name}", info.text),
                Step::Item => format!("{}[]", info.text),
                Step::Call => format!("{}()", info.text),
            };
            (info.language, info.length + 1, text)
        };
        if length > LENGTH || self.all.len() >= PATHS {
            return base;
        }
        let text = library::of(language).canonical(&text).unwrap_or(&text);
        let root = (language, Rc::from(text));
        let path = match self.roots.get(&root) {
            Some(&path) => path,
            None => {
                let path = self.add(language, Rc::clone(&root.1), Some(base), length);
                self.roots.insert(root, path);
                path
            }
        };
        self.steps.insert(key, path);
        path
    }

    fn add(&mut self, language: Language, text: Rc<str>, parent: Option<PathId>, length: u16) -> PathId {
        let id = PathId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let library: &Library = library::of(language);
        let taint = taint::data().path(language, &text);
        let model = library.model(&text);
        let reader = library.reader(&text);
        self.all.push(PathInfo {
            text,
            language,
            parent,
            length,
            model,
            reader,
            taint,
        });
        id
    }
}
