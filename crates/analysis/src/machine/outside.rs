//! What is outside the program: globals, paths that are read, calls of libraries.

use super::call::Site;
use super::library::{self, Arguments, Call};
use super::object::{Object, Shape};
use super::path::{PathId, Paths};
use super::value::Note;
use super::value::{Kind, Marks, Taint, Type, Value, Way, merge_marks, with_step};
use super::{Act, Eval, Machine};
use crate::fact::FactKind;
use crate::ir::{Language, Span, Symbol, VarId};
use crate::taint;
use std::rc::Rc;

/// Whether what is read is used as it is, or only a part of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Leaf {
    /// As it is: a fact tells of it.
    Yes,
    /// A part of it.
    No,
}

impl Machine<'_> {
    /// The path of a global.
    pub(super) fn global_path(&mut self, language: Language, name: Symbol) -> PathId {
        if let Some(&path) = self.global_paths.get(&(language, name)) {
            return path;
        }
        let text = self.program.names.shared(name);
        let path = self.paths.root(language, &text);
        self.global_paths.insert((language, name), path);
        path
    }

    /// A global.
    pub(super) fn read_global(&mut self, act: &Act<'_>, name: Symbol, span: Span, leaf: Leaf) -> Eval {
        if let Some(value) = self.globals.get(&name) {
            return Ok(value.clone());
        }
        if act.language != Language::Python && act.language != Language::Bash {
            match self.program.names.text(name) {
                "arguments" => {
                    if let Some(arguments) = &act.arguments {
                        let mut object = Object::list(arguments.places.clone());
                        if let Some(more) = &arguments.more {
                            object.add_rest(more);
                        }
                        return Ok(self.new_object(object));
                    }
                }
                "module" => return Ok(self.script_module(act.file)),
                "exports" => return Ok(self.script_exports(act.file)),
                _ => {}
            }
        }
        if let Some(value) = self.around(act.file, name) {
            return Ok(value);
        }
        if act.language == Language::Python {
            if self.program.names.text(name) == "__name__" {
                return Ok(self.name_of(act.file));
            }
            let stars = !self.modules[act.file.0 as usize].stars.is_empty();
            if stars {
                let path = self.global_path(act.language, name);
                if !super::library::is_builtin(act.language, &self.paths.text(path)) {
                    return Ok(self.module_field(act, act.file, name, span));
                }
            }
        }
        let path = self.global_path(act.language, name);
        Ok(self.read_path(act, path, None, span, leaf))
    }

    fn name_of(&mut self, file: crate::ir::FileId) -> Value {
        let path = self.program.files[file.0 as usize].path.clone();
        if self.importing(file) {
            return Value::text(&path.trim_end_matches(".py").replace('/', "."));
        }
        Value::text("__main__")
    }

    /// Whether a file runs because another imports it.
    fn importing(&self, file: crate::ir::FileId) -> bool {
        self.main != Some(file)
    }

    /// A variable without a value.
    pub(super) fn unbound(&mut self, act: &Act<'_>, var: VarId) -> Value {
        let variable = act.code.variable(var);
        let owner = act.code.function(variable.owner);
        if owner.kind == crate::ir::FunctionKind::Function {
            return if act.language == Language::Python {
                Value::unknown()
            } else {
                Value::undefined()
            };
        }
        if self.program.names.text(variable.name).starts_with('.') {
            return Value::unknown();
        }
        let script = act.language == Language::JavaScript || act.language == Language::TypeScript;
        if script && !library::is_builtin(act.language, self.program.names.text(variable.name)) {
            return Value::undefined();
        }
        let span = owner.span;
        self.read_global(act, variable.name, span, Leaf::No)
            .unwrap_or_else(|_| Value::unknown())
    }

    /// What reading a path gives.
    pub(super) fn read_path(
        &mut self,
        act: &Act<'_>,
        path: PathId,
        marks: Option<Rc<Marks>>,
        span: Span,
        leaf: Leaf,
    ) -> Value {
        if leaf == Leaf::Yes && !Paths::is_unknown(path) {
            let text = self.paths.text(path);
            if !text.starts_with('?') && self.paths.info(path).length > 1 {
                self.tell(act, span, FactKind::Read { path: text });
            }
        }
        self.value_of_path(path, marks, span)
    }

    fn value_of_path(&mut self, path: PathId, marks: Option<Rc<Marks>>, span: Span) -> Value {
        let info = self.paths.info(path);
        let (reader, source, harmless) = (info.reader, info.taint.read, info.taint.harmless);
        let mut value = match reader {
            Some(reader) => reader(self),
            None => Value::of(Kind::Path(path)),
        };
        if !self.overrides.is_empty()
            && let Some(over) = self.overrides.get(&path)
        {
            value = over.clone();
        }
        let mut value = value.marked(&marks);
        if harmless {
            value = self.cleared(&value, u64::MAX);
        }
        if let Some(source) = source
            && value.is_clean()
        {
            value = self.as_source(&value, source, span);
        }
        value
    }

    /// A value as data of a source: what it is, an outsider chooses.
    pub(super) fn as_source(&mut self, value: &Value, source: u16, span: Span) -> Value {
        let way = Rc::new(Way {
            span,
            note: Note::Source,
            before: None,
            length: 1,
        });
        let taint = Taint {
            source,
            from: span,
            cleared: 0,
            way,
        };
        let marks = Some(Rc::new(Marks {
            taints: vec![taint],
            ..Marks::default()
        }));
        let kind = match &value.kind {
            Kind::Object(id) => {
                self.mark_within(*id, &marks);
                value.kind.clone()
            }
            Kind::Path(_) => value.kind.clone(),
            _ => Kind::Unknown(value.ty()),
        };
        Value {
            kind,
            marks: merge_marks(&value.marks, &marks),
        }
    }

    /// A value that a test suite's convention calls a source: it stays what it is.
    pub(super) fn as_convention(&mut self, value: &Value, source: u16, span: Span) -> Value {
        let marked = self.as_source(value, source, span);
        if value.is_constant() {
            return Value {
                kind: value.kind.clone(),
                marks: marked.marks,
            };
        }
        marked
    }

    fn mark_within(&mut self, id: super::value::ObjId, marks: &Option<Rc<Marks>>) {
        let object = self.store.object_mut(id);
        object.marks = merge_marks(&object.marks, marks);
        for item in object.items.iter_mut().chain(object.entries.values_mut()) {
            *item = item.clone().marked(marks);
        }
    }

    /// A path is assigned: reading it gives what was assigned, or what it was.
    pub(super) fn override_path(&mut self, path: PathId, value: &Value) {
        let before = self.overrides.get(&path).cloned();
        let value = match before {
            Some(before) if self.uncertain > 0 => before.join(value),
            None if self.uncertain > 0 => Value::of(Kind::Path(path)).join(value),
            _ => value.clone(),
        };
        if self.overrides.len() < 1024 {
            self.overrides.insert(path, value);
        }
    }

    /// A call of something outside.
    pub(super) fn call_path(
        &mut self,
        path: PathId,
        value: &Value,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let text = self.paths.text(path);
        let own_kind = text.contains('#');
        let span = site.span;
        if !own_kind {
            self.tell_call(path, value, receiver.as_ref(), arguments, span);
            // To make an exception raises none.
            self.may_raise |= !super::exception::is_known(&text);
        }
        self.sinks(path, receiver.as_ref(), arguments, span);
        let model = self
            .paths
            .info(path)
            .model
            .or_else(|| self.model_of_last(path, &text));
        let mut result = None;
        if let Some(model) = model {
            let mut call = Call {
                machine: self,
                path,
                callee: value,
                receiver: receiver.clone(),
                arguments,
                new: site.new,
                span,
                stop: None,
            };
            result = model(&mut call);
            if let Some(stop) = call.stop.take() {
                return Err(stop);
            }
        }
        let result = match result {
            Some(result) => result,
            None => self.unmodelled(path, value, receiver.as_ref(), arguments, site, own_kind),
        };
        Ok(self.after_call(path, result, span))
    }

    /// The model of a method of the same name of anything.
    fn model_of_last(&mut self, path: PathId, text: &str) -> Option<library::Model> {
        if text.contains('#') {
            return None;
        }
        let (_, last) = text.rsplit_once('.')?;
        let language = self.paths.info(path).language;
        let any = self.paths.field(Paths::unknown(language), last);
        self.paths.info(any).model
    }

    fn unmodelled(
        &mut self,
        path: PathId,
        value: &Value,
        receiver: Option<&Value>,
        arguments: &Rc<Arguments>,
        site: Site,
        own_kind: bool,
    ) -> Value {
        let given = self.marks_of(arguments);
        let mut marks = merge_marks(&value.marks, &given);
        if let Some(receiver) = receiver {
            marks = merge_marks(&marks, &self.deep_marks(receiver));
        }
        if own_kind {
            return Value {
                kind: Kind::Unknown(Type::Any),
                marks,
            };
        }
        // A thing of a library keeps what is given to its methods.
        if let Some(id) = receiver.and_then(Value::as_object)
            && matches!(self.store.object(id).shape, Shape::Native(_) | Shape::Instance)
            && given.as_ref().is_some_and(|given| !given.taints.is_empty())
        {
            let object = self.store.object_mut(id);
            object.marks = merge_marks(&object.marks, &given);
        }
        self.escape(arguments);
        self.hand_over(path, arguments);
        if let Some(decorated) = self.decorated(receiver, arguments) {
            return decorated.marked(&value.marks);
        }
        let text = self.paths.text(path);
        let last = text.rsplit('.').next().unwrap_or("");
        let makes = site.new || (self.language == Language::Python && last.starts_with(char::is_uppercase));
        if makes && !text.starts_with('?') && !text.ends_with(')') && !text.ends_with(']') {
            let result = self.paths.call(path);
            let mut object = Object::new(Shape::Native(result));
            object.marks = marks;
            return self.new_object(object);
        }
        let words = taint::data().words(last.trim_end_matches("()"));
        let mut kept = marks;
        if words != 0 {
            let cleared = Value {
                marks: kept,
                ..Value::unknown()
            };
            kept = self.cleared(&cleared, words).marks;
        }
        if let Some(marks) = &kept
            && !marks.taints.is_empty()
        {
            kept = with_step(&kept, site.span, Note::Through(path));
        }
        self.result_of(path, kept)
    }

    /// Functions given to what is known to call them: what they return may reach a sink, what they are given be data.
    fn hand_over(&mut self, path: PathId, arguments: &Arguments) {
        let taint = &self.paths.info(path).taint;
        if taint.returns.is_empty() && taint.parameters.is_empty() {
            return;
        }
        let handler = super::run::Handler {
            returns: taint.returns.clone(),
            parameters: taint.parameters.clone(),
        };
        for value in &arguments.places {
            let Some(id) = value.as_object() else { continue };
            if let Shape::Function(closure) = &self.store.object(id).shape {
                self.handlers
                    .insert((closure.unit, closure.function), handler.clone());
            }
        }
    }

    /// What a decorator that is not known gives: what it was given.
    fn decorated(&self, receiver: Option<&Value>, arguments: &Arguments) -> Option<Value> {
        let [only] = arguments.places.as_slice() else {
            return None;
        };
        if self.language != Language::Python
            || !arguments.named.is_empty()
            || receiver.is_some_and(|one| one.as_object().is_some())
        {
            return None;
        }
        let shape = &self.store.object(only.as_object()?).shape;
        matches!(shape, Shape::Function(_) | Shape::Class(_)).then(|| only.clone())
    }

    /// Functions given to what is not known may be called by it, with anything.
    fn escape(&mut self, arguments: &Arguments) {
        for value in arguments
            .places
            .iter()
            .chain(arguments.named.iter().map(|(_, value)| value))
        {
            let Some(id) = value.as_object() else { continue };
            if matches!(self.store.object(id).shape, Shape::Bound { .. }) && self.escaped.len() < 4096 {
                self.escaped.push(value.clone());
            }
        }
    }

    /// What the data on taint says of the result of a call.
    fn after_call(&mut self, path: PathId, result: Value, span: Span) -> Value {
        let taint = &self.paths.info(path).taint;
        let (clears, source) = (taint.clears, taint.call);
        let mut result = result;
        if clears != 0 {
            result = self.cleared(&result, clears);
        }
        if let Some(source) = source {
            result = self.as_source(&result, source, span);
        }
        result
    }

    /// A value as a text is made of it: of an instance, what its `__str__` gives.
    pub(super) fn as_text(&mut self, act: &Act<'_>, value: Value, span: Span) -> Eval {
        let _ = act;
        for name in ["__str__", "__repr__", "__format__", "toString"] {
            if let Some(result) = self.call_special(&value, name, Vec::new(), span) {
                return result;
            }
        }
        Ok(value)
    }
}
