//! What JavaScript has and others have not: promises that are awaited, iterators with `next`, proxies, `export =`.

use super::library::{Arguments, javascript};
use super::object::{Key, Shape};
use super::outside::Leaf;
use super::value::{Kind, ObjId, Value};
use super::{Act, Eval, Machine, Stop};
use crate::ir::{FileId, Language, Param, Span, Symbol};
use std::rc::Rc;

/// How many deferred calls are run until what is awaited is there.
const AWAITED: usize = 256;
/// How many rounds of an iterator are run until it says that it is done.
const ROUNDS: usize = 64;

impl Machine<'_> {
    /// What a handler of a web server is given, by the names that its parameters have by convention: a request and, behind
    /// it, a response; or a context.
    pub(super) fn web_arguments(
        &mut self,
        params: &[Param],
        language: Language,
        arguments: &mut Rc<Arguments>,
    ) {
        if !matches!(language, Language::JavaScript | Language::TypeScript) {
            return;
        }
        let names: Vec<&str> = params
            .iter()
            .map(|param| self.program.names.text(param.name))
            .collect();
        let request = names.windows(2).position(|pair| {
            matches!(pair[0], "req" | "request" | "_req")
                && matches!(pair[1], "res" | "response" | "reply" | "resp" | "_res")
        });
        let given: &[&str] = match request {
            Some(_) => &["@request", "@response"],
            None if names.first() == Some(&"ctx") => &["@context"],
            None => return,
        };
        let from = request.unwrap_or(0);
        let any = arguments.more.clone().unwrap_or_else(Value::unknown);
        let values: Vec<Value> = given.iter().map(|path| self.path(language, path)).collect();
        let arguments = Rc::make_mut(arguments);
        for (place, value) in values.into_iter().enumerate() {
            let place = from + place;
            while arguments.places.len() <= place {
                arguments.places.push(any.clone());
            }
            arguments.places[place] = value;
        }
    }

    /// Whether a function's result is a promise.
    pub(super) fn gives_promise(&self, act: &Act<'_>) -> bool {
        let script = matches!(act.language, Language::JavaScript | Language::TypeScript);
        script && act.code.function(act.function).is_async
    }

    /// What `await` gives: what a promise is settled with, after what was deferred has run; of anything else, itself.
    pub(super) fn await_value(&mut self, value: Value, span: Span) -> Eval {
        if let Some(result) = self.call_special(&value, "__await__", Vec::new(), span) {
            return result;
        }
        for _ in 0..AWAITED {
            if let Some(settled) = javascript::value_now(self, &value) {
                return Ok(settled);
            }
            if let Some(reason) = javascript::reason_now(self, &value) {
                self.may_raise = true;
                return Err(Stop::Raise(Box::new(reason)));
            }
            let Some((callee, arguments, span)) = self.deferred.pop_front() else {
                break;
            };
            match self.call_back(&callee, None, arguments, span) {
                Ok(_) | Err(Stop::Raise(_) | Stop::Dead) => {}
                Err(stop) => return Err(stop),
            }
        }
        let marks = self.deep_marks(&value);
        Ok(Value {
            marks,
            ..Value::unknown()
        })
    }

    /// What a loop goes through: of what has an iterator of the program's own, what that gives.
    pub(super) fn script_iterator(&mut self, value: &Value, span: Span) -> Eval {
        for name in ["@@iterator", "@@asyncIterator"] {
            let Some(result) = self.call_special(value, name, Vec::new(), span) else {
                continue;
            };
            let iterator = result?;
            let own = iterator
                .as_object()
                .is_some_and(|id| matches!(self.store.object(id).shape, Shape::Instance | Shape::Record));
            return if own {
                self.rounds_of(&iterator, span)
            } else {
                Ok(iterator)
            };
        }
        Ok(value.clone())
    }

    /// The items that an iterator gives until it is done; any of them when that is not known.
    fn rounds_of(&mut self, iterator: &Value, span: Span) -> Eval {
        let mut items = Vec::new();
        for _ in 0..ROUNDS {
            let Some(result) = self.call_special(iterator, "next", Vec::new(), span) else {
                break;
            };
            let round = self.await_value(result?, span)?;
            let done = self.entry_named(&round, "done");
            let item = self.entry_named(&round, "value");
            match self.truth(&done) {
                Some(true) => return Ok(self.list(items)),
                Some(false) => items.push(item),
                None => {
                    items.push(item);
                    break;
                }
            }
        }
        let any = items.into_iter().reduce(|one, other| one.widen(&other));
        Ok(self.list_of(any.unwrap_or_else(Value::unknown)))
    }

    /// Whether an object is a proxy.
    pub(super) fn is_proxy(&self, id: ObjId) -> bool {
        let Some(name) = self.program.names.find("%handler") else {
            return false;
        };
        self.store.object(id).entries.get(&Key::Name(name)).is_some()
    }

    fn proxy_parts(&mut self, id: ObjId, trap: &str) -> Option<(Value, Option<Value>)> {
        let handler = self.program.names.find("%handler")?;
        let target = self.program.names.find("%target")?;
        let object = self.store.object(id);
        let handler = object.entries.get(&Key::Name(handler))?.clone();
        let target = object.entries.get(&Key::Name(target))?.clone();
        let trap = self.program.names.find(trap);
        let trap = trap
            .zip(handler.as_object())
            .and_then(|(trap, id)| self.lookup(id, trap));
        Some((target, trap.map(|found| found.value)))
    }

    /// A field of a proxy; nothing for what is none.
    pub(super) fn proxy_get(
        &mut self,
        act: &Act<'_>,
        id: ObjId,
        base: &Value,
        name: Symbol,
        span: Span,
    ) -> Option<Eval> {
        let (target, trap) = self.proxy_parts(id, "get")?;
        Some(match trap {
            Some(trap) => {
                let key = Value::of(Kind::Text(self.program.names.shared(name)));
                self.call_back(&trap, None, vec![target, key, base.clone()], span)
            }
            None => self.read_field(act, &target, name, span, Leaf::No),
        })
    }

    /// Assigns a field of a proxy; nothing for what is none.
    pub(super) fn proxy_set(
        &mut self,
        act: &Act<'_>,
        id: ObjId,
        base: &Value,
        name: Symbol,
        value: &Value,
        span: Span,
    ) -> Option<Result<(), Stop>> {
        let (target, trap) = self.proxy_parts(id, "set")?;
        Some(match trap {
            Some(trap) => {
                let key = Value::of(Kind::Text(self.program.names.shared(name)));
                let arguments = vec![target, key, value.clone(), base.clone()];
                self.call_back(&trap, None, arguments, span).map(|_| ())
            }
            None => self.write_field(act, &target, name, value.clone(), span),
        })
    }

    /// Calls a proxy of a function.
    pub(super) fn proxy_call(
        &mut self,
        id: ObjId,
        receiver: Option<Value>,
        arguments: &Arguments,
        span: Span,
    ) -> Eval {
        let Some((target, trap)) = self.proxy_parts(id, "apply") else {
            return Ok(Value::unknown());
        };
        match trap {
            Some(trap) => {
                let list = self.list(arguments.places.clone());
                let this = receiver.unwrap_or_else(Value::undefined);
                self.call_back(&trap, None, vec![target, this, list], span)
            }
            None => self.call_back(&target, receiver, arguments.places.clone(), span),
        }
    }

    /// `module.exports = value`.
    pub(super) fn export_whole(&mut self, file: FileId, value: Value) {
        let key = Key::Name(self.program.names.intern("exports"));
        if let Some(id) = self.script_module(file).as_object() {
            self.set_entry(id, key, value, false);
        }
    }
}
