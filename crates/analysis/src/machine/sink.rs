//! Sinks: where data does harm, and the flows that lead there.

use super::library::Arguments;
use super::object::Shape;
use super::path::PathId;
use super::trace::TaintFlow;
use super::value::{Kind, Note, Taint, Value, Way};
use super::{Act, Machine};
use crate::fact::Reach;
use crate::ir::Span;
use crate::taint::{self, Data, SinkAt};
use std::rc::Rc;

impl Machine<'_> {
    /// Looks at what is given to a call.
    pub(super) fn sinks(
        &mut self,
        path: PathId,
        receiver: Option<&Value>,
        arguments: &Arguments,
        span: Span,
    ) {
        if self.paths.info(path).taint.sinks.is_empty() {
            return;
        }
        let sinks = self.paths.info(path).taint.sinks.clone();
        for at in &sinks {
            self.sink(at, receiver, arguments, span);
        }
    }

    fn sink(&mut self, at: &SinkAt, receiver: Option<&Value>, arguments: &Arguments, span: Span) {
        if let Some((name, wanted)) = at.when {
            let symbol = self.program.names.find(name);
            let given = arguments.named.iter().find(|(known, _)| Some(*known) == symbol);
            let truth = given.map_or(Some(false), |(_, value)| self.truth(value));
            if truth.is_some_and(|truth| truth != wanted) {
                return;
            }
        }
        for (place, value) in arguments.places.iter().enumerate() {
            let counts = at.places.is_empty() || at.places.iter().any(|known| usize::from(*known) == place);
            if counts && !(at.text_only && self.is_list(value)) {
                self.arrives(at.sink, value, span);
            }
        }
        if let Some(more) = &arguments.more {
            self.arrives(at.sink, more, span);
        }
        for (name, value) in &arguments.named {
            let name = self.program.names.text(*name);
            if at.names.contains(&name) || (at.places.is_empty() && at.names.is_empty()) {
                self.arrives(at.sink, value, span);
            }
        }
        if at.receiver
            && let Some(receiver) = receiver
        {
            self.arrives(at.sink, receiver, span);
        }
    }

    fn is_list(&self, value: &Value) -> bool {
        value
            .as_object()
            .is_some_and(|id| matches!(self.store.object(id).shape, Shape::List | Shape::Tuple))
    }

    /// Looks at what is assigned to a path.
    pub(super) fn write_sink(&mut self, act: &Act<'_>, path: PathId, value: &Value, span: Span) {
        let _ = act;
        if self.paths.info(path).taint.writes.is_empty() {
            return;
        }
        for sink in self.paths.info(path).taint.writes.clone() {
            self.arrives(sink, value, span);
        }
    }

    /// A value arrives at a sink: a model may say so of what no path tells.
    pub fn arrives(&mut self, sink: u16, value: &Value, span: Span) {
        if self.reach == Reach::Dead {
            return;
        }
        let Some(marks) = self.deep_marks(value) else {
            return;
        };
        for taint in &marks.taints {
            self.flow(sink, taint, span);
        }
    }

    /// The number of a sink, for models.
    pub fn sink_named(id: &str) -> Option<u16> {
        let place = taint::data().sinks.iter().position(|sink| sink.id == id)?;
        u16::try_from(place).ok()
    }

    fn flow(&mut self, sink: u16, taint: &Taint, span: Span) {
        let data = taint::data();
        if taint.cleared & Data::bit(sink) != 0 || !data.matters(taint.source, sink) {
            return;
        }
        if !self.collect.is_new(taint.source, sink, taint.from, span) {
            return;
        }
        let (Some(its), Some(source)) = (
            data.sinks.get(sink as usize),
            data.sources.get(taint.source as usize),
        ) else {
            return;
        };
        let mut steps = Vec::new();
        let mut way: Option<&Rc<Way>> = Some(&taint.way);
        while let Some(step) = way {
            let note = self.note(step.note, source.what);
            if steps.last().is_none_or(|(known, _)| *known != step.span) {
                steps.push((step.span, note));
            }
            way = step.before.as_ref();
        }
        steps.reverse();
        steps.push((span, its.what.to_owned()));
        let function = self.function_id();
        self.collect.trace.flows.push(TaintFlow {
            source,
            sink: its,
            function,
            steps,
        });
    }

    fn note(&self, note: Note, what: &str) -> String {
        match note {
            Note::Source => format!("{what} comes in"),
            Note::Assigned(name) => format!("assigned to {}", self.program.names.text(name)),
            Note::Passed(name) => format!("given as {}", self.program.names.text(name)),
            Note::Through(path) => format!("goes through {}", self.paths.text(path)),
            Note::Returned => "given back".to_owned(),
        }
    }

    /// Whether a value is a path of that text.
    pub fn is_path(&self, value: &Value, text: &str) -> bool {
        matches!(value.kind, Kind::Path(path) if &*self.paths.text(path) == text)
    }
}
