//! Modules: the submission's files by the paths by which they import each other, and everything else by its path.

use super::object::{Entries, Key, Object, Shape};
use super::outside::Leaf;
use super::path::Paths;
use super::value::{Kind, ObjId, Value};
use super::{Act, Eval, Flow, Machine, Stop};
use crate::fact::FactKind;
use crate::ir::{FileId, FuncId, Language, Span, Symbol};
use std::cell::OnceCell;
use std::rc::Rc;

/// What is known of a file's top level.
#[derive(Default)]
pub(super) struct ModuleState {
    /// It runs or ran.
    pub started: bool,
    /// The unit it stands in, and its top level.
    pub function: Option<(u32, FuncId)>,
    /// Its frame.
    pub frame: Option<super::object::FrameId>,
    /// The object that is the module.
    pub object: Option<ObjId>,
    /// JavaScript's `module`.
    pub record: Option<ObjId>,
    /// Modules of which it imports everything.
    pub stars: Vec<Value>,
}

impl Machine<'_> {
    /// Runs a file's top level, unless it was.
    pub(super) fn run_module(&mut self, file: FileId) -> Result<(), Stop> {
        let Some(state) = self.modules.get_mut(file.0 as usize) else {
            return Ok(());
        };
        let (Some((unit, function)), false) = (state.function, state.started) else {
            return Ok(());
        };
        state.started = true;
        let flow = self.run_top_level(file, unit, function)?;
        match flow {
            Flow::Raise(_) => {
                self.may_raise = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn run_top_level(&mut self, file: FileId, unit: u32, function: FuncId) -> Result<Flow, Stop> {
        let Some(code) = self.codes.get(unit as usize).map(Rc::clone) else {
            return Ok(Flow::Next);
        };
        let language = self.program.files[file.0 as usize].language;
        let saved = (self.store.call, self.language);
        self.calls += 1;
        self.store.call = self.calls;
        self.language = language;
        self.open(super::branch::Takes::Return);
        let frame = self.store.frame(code.frame(function).len());
        self.store.share(frame);
        if let Some(state) = self.modules.get_mut(file.0 as usize) {
            state.frame = Some(frame);
        }
        let act = Act {
            code: &code,
            function,
            frame,
            outer: None,
            own: OnceCell::new(),
            class: None,
            receiver: None,
            arguments: None,
            language,
            file,
        };
        self.called.insert((unit, function));
        self.active.push(super::inner::Active {
            unit,
            scope: self.scope_of_frame(&act),
        });
        let flow = self.block(&act, &code.function(function).body);
        self.active.pop();
        let flow = match flow {
            Ok(flow) => flow,
            Err(Stop::Exhausted) => return Err(Stop::Exhausted),
            Err(_) => Flow::Dead,
        };
        let closed = self.close(flow);
        (self.store.call, self.language) = saved;
        Ok(closed.goes_on.unwrap_or(Flow::Next))
    }

    /// An import.
    pub(super) fn import(&mut self, act: &Act<'_>, path: &str, item: Option<Symbol>, span: Span) -> Eval {
        let found = self.find_module(act.language, act.file, path);
        let script = act.language != Language::Python;
        match found {
            Some(file) => {
                self.run_module(file)?;
                let module = self.module_value(file);
                let Some(item) = item else {
                    return Ok(if script { self.script_exports(file) } else { module });
                };
                match self.program.names.text(item) {
                    "*" => {
                        self.modules[act.file.0 as usize].stars.push(module.clone());
                        Ok(module)
                    }
                    "default" if script => {
                        let exports = self.script_exports(file);
                        let found = exports.as_object().and_then(|id| self.lookup(id, item));
                        Ok(found.map_or(exports, |found| found.value))
                    }
                    _ if script => {
                        let exports = self.script_exports(file);
                        self.read_field(act, &exports, item, span, Leaf::No)
                    }
                    _ => Ok(self.module_field(act, file, item, span)),
                }
            }
            None => self.import_outside(act, path, item, span),
        }
    }

    fn import_outside(&mut self, act: &Act<'_>, path: &str, item: Option<Symbol>, span: Span) -> Eval {
        let script = act.language != Language::Python;
        if !script && let Some(package) = self.find_package(act.file, path) {
            let module = self.new_object(Object::new(Shape::Package(Rc::from(package.as_str()))));
            return match item {
                Some(item) if self.program.names.text(item) != "*" => {
                    self.package_field(act, &package, item, span)
                }
                _ => Ok(module),
            };
        }
        let path = path.strip_prefix("node:").unwrap_or(path);
        let path = if script {
            path.replace('/', ".")
        } else {
            path.to_owned()
        };
        let module = self.import_module(act.language, &path, span);
        let Some(item) = item else { return Ok(module) };
        match self.program.names.text(item) {
            "*" => {
                self.modules[act.file.0 as usize].stars.push(module.clone());
                Ok(module)
            }
            "default" => Ok(module),
            _ => self.read_field(act, &module, item, span, Leaf::No),
        }
    }

    /// A library's module by its path; a fact tells of it. Models of `__import__` and its like use this.
    pub fn import_module(&mut self, language: Language, path: &str, span: Span) -> Value {
        let path = path.trim_start_matches('.');
        let id = self.paths.dotted(language, path);
        let fact = FactKind::Import {
            module: self.paths.text(id),
        };
        self.tell_at(span, fact);
        Value::of(Kind::Path(id))
    }

    /// A module by the path that a program computes: a file of the submission, or a library's.
    pub fn import_text(&mut self, language: Language, path: &str, span: Span) -> Eval {
        match self.find_module(language, span.file, path) {
            Some(file) => {
                self.run_module(file)?;
                Ok(if language == Language::Python {
                    self.module_value(file)
                } else {
                    self.script_exports(file)
                })
            }
            None => Ok(self.import_module(language, path, span)),
        }
    }

    pub(super) fn module_value(&mut self, file: FileId) -> Value {
        let index = file.0 as usize;
        if let Some(object) = self.modules.get(index).and_then(|state| state.object) {
            return Value::of(Kind::Object(object));
        }
        let object = self.store.add(Object::new(Shape::Module(file)));
        if let Some(state) = self.modules.get_mut(index) {
            state.object = Some(object);
        }
        Value::of(Kind::Object(object))
    }

    /// JavaScript's `module` of a file.
    pub(super) fn script_module(&mut self, file: FileId) -> Value {
        let index = file.0 as usize;
        if let Some(record) = self.modules.get(index).and_then(|state| state.record) {
            return Value::of(Kind::Object(record));
        }
        let exports = self.new_object(Object::new(Shape::Record));
        let mut module = Object::new(Shape::Record);
        let mut entries = Entries::default();
        entries.set(Key::Name(self.program.names.intern("exports")), exports);
        module.entries = entries;
        let record = self.store.add(module);
        if let Some(state) = self.modules.get_mut(index) {
            state.record = Some(record);
        }
        Value::of(Kind::Object(record))
    }

    /// What a file of JavaScript exports.
    pub(super) fn script_exports(&mut self, file: FileId) -> Value {
        let module = self.script_module(file);
        self.entry_named(&module, "exports")
    }

    /// `export`.
    pub(super) fn export(&mut self, act: &Act<'_>, name: Symbol, value: Value) {
        if self.program.names.text(name) == "=" {
            self.export_whole(act.file, value);
            return;
        }
        let exports = self.script_exports(act.file);
        let Some(id) = exports.as_object() else { return };
        if self.program.names.text(name) == "*" {
            let mut object = Object::clone(self.store.object(id));
            self.spread_into(&mut object, &value);
            *self.store.object_mut(id) = object;
            return;
        }
        self.set_entry(id, Key::Name(name), value, false);
    }

    /// A field of a file of Python: its variable, or a file below it.
    pub(super) fn module_field(&mut self, act: &Act<'_>, file: FileId, name: Symbol, span: Span) -> Value {
        if act.language != Language::Python {
            let exports = self.script_exports(file);
            return self
                .read_field(act, &exports, name, span, Leaf::No)
                .unwrap_or_else(|_| Value::unknown());
        }
        if let Some(value) = self.module_variable(file, name) {
            return value;
        }
        let own = self.dotted_of(file);
        let name_text = self.program.names.text(name);
        let below = if own.is_empty() {
            name_text.to_owned()
        } else {
            format!("{own}.{name_text}")
        };
        if let Some(file) = self.by_path.get(&below).copied() {
            if self.run_module(file).is_err() {
                return Value::unknown();
            }
            return self.module_value(file);
        }
        let stars = self.modules[file.0 as usize].stars.clone();
        for star in stars {
            let found = match star.kind {
                Kind::Object(id) => match self.store.object(id).shape {
                    Shape::Module(other) if other != file => self.module_variable(other, name),
                    _ => None,
                },
                Kind::Path(path) => {
                    let field = self.field_path(path, name);
                    Some(Value::of(Kind::Path(field)))
                }
                _ => None,
            };
            if let Some(found) = found {
                return found;
            }
        }
        Value::of(Kind::Path(Paths::unknown(act.language)))
    }

    /// A variable of a file's top level, when it has a value.
    pub(super) fn module_variable(&mut self, file: FileId, name: Symbol) -> Option<Value> {
        let state = self.modules.get(file.0 as usize)?;
        let ((unit, function), frame) = (state.function?, state.frame?);
        let object = state.object;
        let code = self.codes.get(unit as usize)?;
        if let Some(var) = code.named(function, name) {
            let value = self.store.get(frame, code.slot(var)).clone();
            if !matches!(value.kind, Kind::Unbound) {
                return Some(value);
            }
        }
        self.store.object(object?).entries.get(&Key::Name(name)).cloned()
    }

    /// Assigns a field of a module.
    pub(super) fn write_module_field(&mut self, file: FileId, name: Symbol, value: Value) {
        let Some(state) = self.modules.get(file.0 as usize) else {
            return;
        };
        if let (Some((unit, function)), Some(frame)) = (state.function, state.frame)
            && let Some(code) = self.codes.get(unit as usize)
            && let Some(var) = code.named(function, name)
        {
            let slot = code.slot(var);
            self.store.set(frame, slot, value);
            return;
        }
        if let Some(object) = self.module_value(file).as_object() {
            self.set_entry(object, Key::Name(name), value, false);
        }
    }

    /// A file below a folder.
    pub(super) fn package_field(&mut self, act: &Act<'_>, package: &str, name: Symbol, span: Span) -> Eval {
        let below = if package.is_empty() {
            self.program.names.text(name).to_owned()
        } else {
            format!("{package}.{}", self.program.names.text(name))
        };
        if let Some(file) = self.by_path.get(&below).copied() {
            self.run_module(file)?;
            return Ok(self.module_value(file));
        }
        let prefix = format!("{below}.");
        if self.by_path.keys().any(|path| path.starts_with(&prefix)) {
            return Ok(self.new_object(Object::new(Shape::Package(Rc::from(below.as_str())))));
        }
        Ok(self.import_module(act.language, &below, span))
    }

    /// The dotted path of a file, without `__init__`.
    fn dotted_of(&self, file: FileId) -> String {
        self.program
            .files
            .get(file.0 as usize)
            .map_or_else(String::new, |file| dotted(&file.path))
    }

    fn find_package(&self, from: FileId, path: &str) -> Option<String> {
        self.candidates(from, path).into_iter().find(|candidate| {
            let prefix = format!("{candidate}.");
            candidate.is_empty() || self.by_path.keys().any(|known| known.starts_with(&prefix))
        })
    }

    fn find_module(&self, language: Language, from: FileId, path: &str) -> Option<FileId> {
        if self.program.files.len() < 2 {
            return None;
        }
        if language == Language::Python {
            return self
                .candidates(from, path)
                .iter()
                .find_map(|candidate| self.by_path.get(candidate).copied())
                .filter(|file| *file != from || path.starts_with('.'));
        }
        if let Some((_, rest)) = path
            .strip_prefix(['#', '@', '~'])
            .and_then(|path| path.split_once('/'))
        {
            // A name that the package gives to a folder of its own.
            let end = format!("/{rest}");
            let fits = |known: &&String| known.ends_with(&end) || known.as_str() == rest;
            return self
                .by_path
                .keys()
                .filter(fits)
                .min()
                .and_then(|known| self.by_path.get(known))
                .copied();
        }
        if !path.starts_with('.') && !path.starts_with('/') {
            return None;
        }
        let own = &self.program.files.get(from.0 as usize)?.path;
        let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        let wanted = normal(folder, path);
        let ends = [
            "",
            ".js",
            ".ts",
            ".mjs",
            ".cjs",
            ".jsx",
            ".tsx",
            ".json",
            "/index.js",
            "/index.ts",
        ];
        ends.iter()
            .find_map(|end| self.by_path.get(&format!("{wanted}{end}")).copied())
            .or_else(|| {
                // A TypeScript file is imported under the name it will have.
                let stem = wanted.strip_suffix(".js")?;
                self.by_path.get(&format!("{stem}.ts")).copied()
            })
    }

    /// The dotted paths that an import may mean, the likeliest first.
    fn candidates(&self, from: FileId, path: &str) -> Vec<String> {
        let Some(file) = self.program.files.get(from.0 as usize) else {
            return Vec::new();
        };
        let mut folder: Vec<&str> = file
            .path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        folder.pop();
        let dots = path.bytes().take_while(|byte| *byte == b'.').count();
        let rest = &path[dots..];
        let join = |folder: &[&str]| {
            let mut parts = folder.to_vec();
            parts.extend(rest.split('.').filter(|part| !part.is_empty()));
            parts.join(".")
        };
        if dots > 0 {
            let keep = (folder.len() + 1).saturating_sub(dots);
            return vec![join(&folder[..keep.min(folder.len())])];
        }
        (0..=folder.len())
            .rev()
            .map(|keep| join(&folder[..keep]))
            .collect()
    }

    /// Makes the files findable by their paths.
    pub(super) fn index_files(&mut self) {
        for (index, file) in self.program.files.iter().enumerate() {
            let id = FileId(u16::try_from(index).unwrap_or(u16::MAX));
            let path = if file.language == Language::Python {
                dotted(&file.path)
            } else {
                normal("", &file.path)
            };
            self.by_path.entry(path).or_insert(id);
        }
    }
}

/// A path of Python with dots, without the ending and without `__init__`.
fn dotted(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let path = path
        .strip_suffix(".py")
        .or_else(|| path.strip_suffix(".pyw"))
        .unwrap_or(path);
    let path = path
        .strip_suffix("__init__")
        .map_or(path, |folder| folder.trim_end_matches('/'));
    path.replace('/', ".")
}

/// A path without `.` and `..`.
fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
