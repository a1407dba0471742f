//! Facts, from what is evaluated.

use super::library::Arguments;
use super::object::Shape;
use super::path::{PathId, Paths};
use super::value::{HOLE, Kind, Value};
use super::{Act, Machine};
use crate::fact::{Fact, FactArgument, FactKind, Origin};
use crate::ir::{FuncId, Span};
use crate::taint;
use std::rc::Rc;

/// How long a text of a fact is at most.
const TEXT: usize = 64 << 10;
/// How many items of a list a fact tells.
const ITEMS: usize = 32;

impl Machine<'_> {
    /// Tells a fact of the function that is running.
    pub(super) fn tell(&mut self, act: &Act<'_>, span: Span, kind: FactKind) {
        let function = FuncId(act.code.base + act.function.0);
        let reach = self.reach;
        self.collect.fact(Fact {
            kind,
            span,
            function,
            reach,
        });
    }

    /// Tells a fact; models use this.
    pub fn tell_at(&mut self, span: Span, kind: FactKind) {
        let function = self.function_id();
        let reach = self.reach;
        self.collect.fact(Fact {
            kind,
            span,
            function,
            reach,
        });
    }

    /// The function that is running, as facts number it.
    pub(super) fn function_id(&self) -> FuncId {
        let running = self
            .running
            .last()
            .map(|running| (running.unit, running.function));
        let (unit, function) = running.unwrap_or((0, FuncId(0)));
        FuncId(self.codes.get(unit as usize).map_or(0, |code| code.base) + function.0)
    }

    /// Tells of a text that was put together or decoded.
    pub(super) fn tell_built(&mut self, act: &Act<'_>, value: &Value, span: Span) {
        let Kind::Text(text) = &value.kind else { return };
        if text.len() < 3 {
            return;
        }
        let hidden = value.marks.as_ref().map_or(0, |marks| marks.hidden);
        let origin = if hidden > 0 {
            Origin::Decoded(hidden)
        } else {
            Origin::Built
        };
        if hidden == 0 && self.is_literal(act, span, text) {
            return;
        }
        let text = cut(text);
        self.tell(act, span, FactKind::Text { text, origin });
    }

    /// Whether a text stands in the source at a place: then it was told.
    fn is_literal(&self, act: &Act<'_>, span: Span, text: &str) -> bool {
        let source = self
            .program
            .files
            .get(act.file.0 as usize)
            .map_or("", |file| &file.text);
        let around = source.get(span.start as usize..span.end as usize).unwrap_or("");
        around.contains(text)
    }

    /// Tells of a call.
    pub(super) fn tell_call(
        &mut self,
        path: PathId,
        callee: &Value,
        receiver: Option<&Value>,
        arguments: &Arguments,
        span: Span,
    ) {
        let _ = callee;
        if Paths::is_unknown(path) && arguments.places.is_empty() && arguments.named.is_empty() {
            return;
        }
        let text = self.paths.text(path);
        if text.starts_with('@') {
            return;
        }
        let mut told = Vec::with_capacity(arguments.places.len() + arguments.named.len() + 1);
        if let Some(receiver) = receiver {
            told.push(self.fact_argument(Some(Rc::from("self")), receiver));
        }
        for value in arguments.places.iter().take(32) {
            told.push(self.fact_argument(None, value));
        }
        if let Some(more) = &arguments.more {
            told.push(self.fact_argument(None, more));
        }
        for (name, value) in arguments.named.iter().take(32) {
            let name = self.program.names.shared(*name);
            told.push(self.fact_argument(Some(name), value));
        }
        self.tell_at(
            span,
            FactKind::Call {
                path: text,
                arguments: told,
            },
        );
    }

    /// What is known of a value, in the words of facts.
    pub fn fact_argument(&self, name: Option<Rc<str>>, value: &Value) -> FactArgument {
        let mut argument = FactArgument {
            name,
            ..FactArgument::default()
        };
        for one in value.alternatives() {
            match &one.kind {
                Kind::Text(text) | Kind::Template(text) if argument.text.is_none() => {
                    argument.text = Some(cut(text))
                }
                Kind::Bytes(bytes) if argument.text.is_none() => {
                    let bytes = &bytes[..bytes.len().min(TEXT)];
                    argument.text = Some(Rc::from(String::from_utf8_lossy(bytes).as_ref()));
                }
                Kind::Int(number) => argument.number = Some(*number as f64),
                Kind::Float(number) => argument.number = Some(*number),
                Kind::Bool(truth) => argument.number = Some(f64::from(u8::from(*truth))),
                Kind::Path(path) => self.add_path(&mut argument, *path),
                Kind::Object(id) => self.object_argument(&mut argument, *id),
                _ => {}
            }
        }
        if let Some(marks) = self.deep_marks(value) {
            for origin in &marks.origins {
                self.add_path(&mut argument, *origin);
            }
            let data = taint::data();
            for taint in &marks.taints {
                let id = data
                    .sources
                    .get(taint.source as usize)
                    .map_or("", |source| source.id);
                if !argument.taints.contains(&id) {
                    argument.taints.push(id);
                }
            }
            argument.hidden = marks.hidden;
        }
        argument
    }

    fn add_path(&self, argument: &mut FactArgument, path: PathId) {
        let text = self.paths.text(path);
        if argument.paths.len() < 8 && !Paths::is_unknown(path) && !argument.paths.contains(&text) {
            argument.paths.push(text);
        }
    }

    fn object_argument(&self, argument: &mut FactArgument, id: super::value::ObjId) {
        let object = self.store.object(id);
        match &object.shape {
            Shape::List | Shape::Tuple | Shape::Set => {
                let items = object.items.iter().take(ITEMS);
                argument.items.extend(items.map(|item| match &item.kind {
                    Kind::Text(text) | Kind::Template(text) => cut(text),
                    Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) => {
                        Rc::from(self.piece(item, self.language))
                    }
                    _ => Rc::from(HOLE.to_string()),
                }));
            }
            Shape::Native(path) => self.add_path(argument, *path),
            Shape::Instance => {
                if let Some(name) = self.class_name(object) {
                    argument.paths.push(Rc::from(format!("self:{name}")));
                }
            }
            _ => {}
        }
    }
}

/// A text as facts hold it.
pub(super) fn cut(text: &Rc<str>) -> Rc<str> {
    if text.len() <= TEXT {
        return Rc::clone(text);
    }
    let mut end = TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Rc::from(&text[..end])
}
