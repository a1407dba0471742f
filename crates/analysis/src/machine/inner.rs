//! Code inside code: texts that something would run are lowered and run where they were found.

use super::code::Code;
use super::exec::DeadBlocks;
use super::module::ModuleState;
use super::object::{Key, Scope};
use super::value::{Kind, Value};
use super::{Eval, Machine};
use crate::fact::FactKind;
use crate::ir::{ExprKind, File, FileId, FuncId, Language, Program, Span, StatementKind, Symbol};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};
use std::mem;
use std::rc::Rc;

/// What is known of code inside code.
#[derive(Default)]
pub(super) struct Inner {
    /// Blocks that are never reached and were read once.
    pub dead: DeadBlocks,
    /// The frames around an inner file, with the unit in which each stands.
    around: FxHashMap<FileId, (u32, Rc<Scope>)>,
    seen: FxHashMap<u64, FileId>,
}

/// A function that is running, as code inside code sees it.
#[derive(Clone)]
pub(super) struct Active {
    pub unit: u32,
    pub scope: Rc<Scope>,
}

impl Machine<'_> {
    /// Runs a text as code: `path` is what would run it. Gives the value of an expression alone. Models of `eval`,
    /// `exec`, `os.system` and their like use this; the text of a program for another interpreter has its language.
    pub fn run_inner(&mut self, path: &str, language: Language, code: &Value, span: Span) -> Eval {
        let text = match &code.kind {
            Kind::Text(text) => text.to_string(),
            Kind::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => {
                return Ok(Value {
                    marks: self.deep_marks(code),
                    ..Value::unknown()
                });
            }
        };
        let hidden = code.marks.as_ref().map_or(0, |marks| marks.hidden);
        let Some(file) = self.inner_file(path, language, text, hidden, span) else {
            return Ok(Value {
                marks: code.marks.clone(),
                ..Value::unknown()
            });
        };
        let Some(function) = self.modules[file.0 as usize].function else {
            return Ok(Value::unknown());
        };
        if self.modules[file.0 as usize].started {
            // The same text in the same function: it was followed.
            return Ok(Value {
                marks: code.marks.clone(),
                ..Value::unknown()
            });
        }
        let value = self.only_expression(function);
        if value {
            self.modules[file.0 as usize].started = true;
            let value = self.nested(|machine| machine.run_expression(file, function));
            return value.unwrap_or_else(|| Ok(Value::unknown()));
        }
        match self.nested(|machine| machine.run_module(file)) {
            Some(result) => result?,
            None => return Ok(Value::unknown()),
        }
        self.give_names(file, function);
        Ok(Value::null())
    }

    fn inner_file(
        &mut self,
        path: &str,
        language: Language,
        text: String,
        hidden: u8,
        span: Span,
    ) -> Option<FileId> {
        let outer = self.program.files.get(span.file.0 as usize)?;
        let depth = outer.depth.saturating_add(1).saturating_add(hidden);
        if outer.depth >= self.bounds.depth {
            self.collect.limit("depth");
            return None;
        }
        if text.len() > self.bounds.file_bytes {
            self.collect.limit("file_bytes");
            return None;
        }
        let active = self.active.last().cloned();
        let mut hasher = FxHasher::default();
        (
            language,
            &text,
            span,
            active.as_ref().map(|active| active.scope.frame),
        )
            .hash(&mut hasher);
        if let Some(&known) = self.inner.seen.get(&hasher.finish()) {
            return Some(known);
        }
        if self.program.files.len() >= self.bounds.files {
            self.collect.limit("files");
            return None;
        }
        let id = FileId(u16::try_from(self.program.files.len()).ok()?);
        self.steps_most = self
            .steps_most
            .saturating_add(text.len() as u64 * self.bounds.steps_per_byte / 2);
        let mut file = File::new(
            self.program.files[span.file.0 as usize].path.clone(),
            language,
            text,
        );
        file.inside = Some(span);
        file.depth = depth;
        self.program.files.push(file);
        self.inner.seen.insert(hasher.finish(), id);
        if let Some(active) = active {
            self.inner.around.insert(id, (active.unit, active.scope));
        }
        self.lower_unit(id);
        self.tell_at(
            span,
            FactKind::Inner {
                path: Rc::from(path),
                file: id,
            },
        );
        Some(id)
    }

    /// Lowers a file into a unit of its own.
    fn lower_unit(&mut self, id: FileId) {
        let mut unit = Program {
            names: mem::take(&mut self.program.names),
            files: mem::take(&mut self.program.files),
            ..Program::default()
        };
        (self.lower)(&mut unit, id);
        self.program.names = mem::take(&mut unit.names);
        self.program.files = mem::take(&mut unit.files);
        let number = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        let base = self.codes.iter().map(|code| code.functions.len()).sum::<usize>();
        let code = Code::take(&mut unit, number, u32::try_from(base).unwrap_or(u32::MAX));
        let function = self.program.files[id.0 as usize]
            .module
            .map(|function| (number, function));
        self.codes.push(Rc::new(code));
        self.modules
            .resize_with(self.program.files.len(), ModuleState::default);
        self.modules[id.0 as usize].function = function;
        self.tell_unreadable(id);
    }

    /// Whether a unit is one expression, as what is given to `eval` is.
    fn only_expression(&self, (unit, function): (u32, FuncId)) -> bool {
        let Some(code) = self.codes.get(unit as usize) else {
            return false;
        };
        let body = &code.function(function).body;
        matches!(body.as_slice(), [only] if matches!(only.kind, StatementKind::Expr(id)
            if !matches!(code.expr(id).kind, ExprKind::Assign(..))))
    }

    fn run_expression(&mut self, file: FileId, (unit, function): (u32, FuncId)) -> Eval {
        let Some(code) = self.codes.get(unit as usize).map(Rc::clone) else {
            return Ok(Value::unknown());
        };
        let Some(StatementKind::Expr(id)) = code.function(function).body.first().map(|only| &only.kind)
        else {
            return Ok(Value::unknown());
        };
        let frame = self.store.frame(code.frame(function).len());
        let language = self.program.files[file.0 as usize].language;
        let act = super::Act {
            code: &code,
            function,
            frame,
            outer: None,
            own: std::cell::OnceCell::new(),
            class: None,
            receiver: None,
            arguments: None,
            language,
            file,
        };
        self.called.insert((unit, function));
        let saved = mem::replace(&mut self.language, language);
        let value = self.eval(&act, *id);
        self.language = saved;
        value
    }

    /// A name of an inner file that stands in the code around it.
    pub(super) fn around(&mut self, file: FileId, name: Symbol) -> Option<Value> {
        if self.inner.around.is_empty() {
            return None;
        }
        let (unit, scope) = self.inner.around.get(&file)?.clone();
        let code = self.codes.get(unit as usize).map(Rc::clone)?;
        let mut next = Some(scope);
        let mut outermost = None;
        while let Some(scope) = next {
            if let Some(var) = code.named(scope.function, name) {
                let value = self.store.get(scope.frame, code.slot(var)).clone();
                if !matches!(value.kind, Kind::Unbound) {
                    return Some(value);
                }
            }
            outermost = Some(scope.function);
            next = scope.outer.clone();
        }
        let outer_file = code.function(outermost?).span.file;
        if outer_file == file {
            None
        } else {
            self.around(outer_file, name)
        }
    }

    /// What an inner file of Python defines is known around it.
    fn give_names(&mut self, file: FileId, (unit, function): (u32, FuncId)) {
        let Some(frame) = self.modules[file.0 as usize].frame else {
            return;
        };
        let Some(code) = self.codes.get(unit as usize).map(Rc::clone) else {
            return;
        };
        let around = self.inner.around.get(&file).cloned();
        for var in code.frame(function) {
            let name = code.variable(*var).name;
            let value = self.store.get(frame, code.slot(*var)).clone();
            if matches!(value.kind, Kind::Unbound) || self.program.names.text(name).starts_with('.') {
                continue;
            }
            if !self.give_name(around.clone(), name, &value) {
                self.globals.insert(name, value);
            }
        }
    }

    fn give_name(&mut self, around: Option<(u32, Rc<Scope>)>, name: Symbol, value: &Value) -> bool {
        let Some((unit, scope)) = around else { return false };
        let Some(code) = self.codes.get(unit as usize).map(Rc::clone) else {
            return false;
        };
        let mut next = Some(scope);
        while let Some(scope) = next {
            if let Some(var) = code.named(scope.function, name) {
                let slot = code.slot(var);
                self.store.set(scope.frame, slot, value.clone());
                return true;
            }
            next = scope.outer.clone();
        }
        false
    }

    /// All names that the running code sees, as `locals()` and `globals()` of Python give them.
    pub fn visible(&mut self) -> Vec<(Symbol, Value)> {
        let Some(active) = self.active.last().cloned() else {
            return Vec::new();
        };
        let Some(code) = self.codes.get(active.unit as usize).map(Rc::clone) else {
            return Vec::new();
        };
        let mut all: Vec<(Symbol, Value)> = Vec::new();
        let mut next = Some(active.scope);
        while let Some(scope) = next {
            for var in code.frame(scope.function) {
                let name = code.variable(*var).name;
                let value = self.store.get(scope.frame, code.slot(*var)).clone();
                if !matches!(value.kind, Kind::Unbound) && !all.iter().any(|(known, _)| *known == name) {
                    all.push((name, value));
                }
            }
            next = scope.outer.clone();
        }
        all
    }

    /// Assigns a name that the running code sees, as `globals()["x"] = ...` does.
    pub fn set_visible(&mut self, name: &str, value: &Value) {
        let symbol = self.program.names.intern(name);
        let around = self
            .active
            .last()
            .map(|active| (active.unit, Rc::clone(&active.scope)));
        if !self.give_name(around, symbol, value) {
            self.globals.insert(symbol, value.clone());
        }
    }

    /// An entry's key of a name, for models.
    pub fn name_key(&mut self, name: &str) -> Key {
        Key::Name(self.program.names.intern(name))
    }
}
