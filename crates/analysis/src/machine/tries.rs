//! Exceptions: what may be raised, which handler takes it, and what is done in any case.

use super::branch::Takes;
use super::object::{Join, Shape};
use super::path::Paths;
use super::store::Delta;
use super::value::{Kind, Value};
use super::{Act, Flow, Machine, Stop};
use crate::ir::{Block, Handler, Span};

impl Machine<'_> {
    /// A `try`.
    pub(super) fn try_statement(
        &mut self,
        act: &Act<'_>,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
        finally: &Block,
    ) -> Result<Flow, Stop> {
        if finally.is_empty() {
            return self.try_handlers(act, body, handlers, otherwise);
        }
        self.open(Takes::All);
        let flow = self.try_handlers(act, body, handlers, otherwise)?;
        let closed = self.close(flow);
        let mut flows = closed.flows;
        flows.extend(closed.goes_on);
        let ended = self.block(act, finally)?;
        if !matches!(ended, Flow::Next) {
            return Ok(ended);
        }
        if flows.len() < 2 {
            return Ok(flows.pop().unwrap_or(Flow::Dead));
        }
        self.ways(flows.len(), |_, way| Ok(flows[way].clone()))
    }

    fn try_handlers(
        &mut self,
        act: &Act<'_>,
        body: &Block,
        handlers: &[Handler],
        otherwise: &Block,
    ) -> Result<Flow, Stop> {
        if handlers.is_empty() {
            return match self.block(act, body)? {
                Flow::Next => self.block(act, otherwise),
                flow => Ok(flow),
            };
        }
        let may_raise = std::mem::replace(&mut self.may_raise, false);
        self.open(Takes::Raise);
        let flow = self.block(act, body)?;
        let might = std::mem::replace(&mut self.may_raise, may_raise);
        let (mut raised, mut normal) = (Vec::new(), false);
        let mut present_raises = might;
        match flow {
            Flow::Next => normal = true,
            Flow::Dead => {}
            Flow::Raise(value) => {
                raised.push(value);
                present_raises = true;
            }
            flow => self.park(flow),
        }
        if might {
            raised.push(Value::of(Kind::Path(Paths::unknown(act.language))));
        }
        let (present, parked) = self.take_apart();
        let mut deltas: Vec<&Delta> = Vec::new();
        for (flow, delta) in &parked {
            if let Flow::Raise(value) = flow {
                raised.push(value.clone());
                deltas.push(delta);
            }
        }
        if present_raises {
            deltas.push(&present);
        }
        let raises = !deltas.is_empty();
        let thrown = raised.iter().fold(Value::default(), |all, one| all.join(one));
        let follow = |machine: &mut Self, handler: bool| {
            if handler {
                machine.store.write_joined(&deltas, Join::Keep, might);
                machine.handle(act, &thrown, handlers)
            } else {
                machine.store.write_joined(&[&present], Join::Keep, false);
                machine.block(act, otherwise)
            }
        };
        match (normal, raises) {
            (true, true) => self.ways(2, |machine, way| follow(machine, way == 1)),
            (true, false) => follow(self, false),
            (false, true) => follow(self, true),
            (false, false) => Ok(Flow::Dead),
        }
    }

    /// Gives what was raised to the handlers that take it.
    fn handle(&mut self, act: &Act<'_>, value: &Value, handlers: &[Handler]) -> Result<Flow, Stop> {
        let mut takers = Vec::new();
        let mut certain = false;
        for handler in handlers {
            let takes = match handler.class {
                None => Some(true),
                Some(class) => {
                    let class = self.eval_quiet(act, class)?;
                    self.is_instance(value, &class)
                }
            };
            match takes {
                Some(false) => {}
                Some(true) => {
                    takers.push(handler);
                    certain = true;
                    break;
                }
                None => takers.push(handler),
            }
        }
        let known = value
            .alternatives()
            .iter()
            .any(|one| matches!(one.kind, Kind::Object(_)));
        let escapes = !certain && (known || takers.is_empty());
        let count = takers.len() + usize::from(escapes);
        if count == 1 {
            return match takers.first() {
                Some(handler) => self.handler(act, value, handler),
                None => Ok(Flow::Raise(value.clone())),
            };
        }
        self.ways(count, |machine, way| match takers.get(way) {
            Some(handler) => machine.handler(act, value, handler),
            None => Ok(Flow::Raise(value.clone())),
        })
    }

    fn handler(&mut self, act: &Act<'_>, value: &Value, handler: &Handler) -> Result<Flow, Stop> {
        if let Some(pattern) = &handler.pattern {
            let span = handler.body.first().map_or_else(
                || act.code.function(act.function).span,
                |statement| Span {
                    end: statement.span.start,
                    ..statement.span
                },
            );
            self.assign(act, pattern, value.clone(), span)?;
        }
        self.block(act, &handler.body)
    }

    /// Whether a value is an instance of a class or of one of several, as far as is known.
    pub(super) fn is_instance(&mut self, value: &Value, class: &Value) -> Option<bool> {
        let mut all: Option<Option<bool>> = None;
        for one in value.alternatives() {
            let is = self.is_one_instance(one, class);
            all = Some(match all {
                None => is,
                Some(known) if known == is => is,
                Some(_) => None,
            });
        }
        all.flatten()
    }

    fn is_one_instance(&mut self, value: &Value, class: &Value) -> Option<bool> {
        match &class.kind {
            Kind::OneOf(_) => None,
            Kind::Object(id) => {
                let shape = self.store.object(*id).shape.clone();
                if matches!(shape, Shape::Tuple | Shape::List) {
                    let items = self.items(class)?;
                    let mut any = Some(false);
                    for item in items {
                        match self.is_one_instance(value, &item) {
                            Some(true) => return Some(true),
                            Some(false) => {}
                            None => any = None,
                        }
                    }
                    return any;
                }
                self.descends(value, class)
            }
            Kind::Path(path) => {
                let text = self.paths.text(*path);
                if matches!(
                    &*text,
                    "BaseException" | "Exception" | "object" | "Error" | "Object"
                ) {
                    return match value.kind {
                        Kind::Unknown(_) => None,
                        _ => Some(true),
                    };
                }
                self.descends(value, class)
            }
            _ => None,
        }
    }

    fn descends(&mut self, value: &Value, class: &Value) -> Option<bool> {
        match &value.kind {
            Kind::Object(id) => {
                let object = self.store.shared_object(*id);
                let Some(own) = &object.class else {
                    return self.native_instance(value, class);
                };
                let mut outside = false;
                for known in self.class_order(own) {
                    if super::value::same_kind(&known.kind, &class.kind) {
                        return Some(true);
                    }
                    outside |= !matches!(known.kind, Kind::Object(_));
                }
                if outside && matches!(class.kind, Kind::Path(_)) {
                    None
                } else {
                    Some(false)
                }
            }
            Kind::Path(path) => {
                let parent = self.paths.info(*path).parent;
                match (&class.kind, parent) {
                    (Kind::Path(class), Some(parent)) if *class == parent => Some(true),
                    (Kind::Object(_), Some(_)) if self.paths.text(*path).ends_with("()") => Some(false),
                    _ => None,
                }
            }
            _ => self.native_instance(value, class),
        }
    }

    /// Whether a value of a kind that the language has itself is of a class that the language has.
    fn native_instance(&mut self, value: &Value, class: &Value) -> Option<bool> {
        let Kind::Path(path) = class.kind else {
            return Some(false);
        };
        let info = self.paths.info(path);
        let language = info.language;
        let name = std::rc::Rc::clone(&info.text);
        if let Some(made) = self.made_by(value)
            && let Some(known) = super::exception::descends(&made, &name)
        {
            return Some(known);
        }
        let kind = self.kind_name(value, language)?;
        let same = match (&*name, kind) {
            ("int", "bool")
            | ("Array", "array")
            | ("Map", "map")
            | ("Set", "set")
            | ("Function", "function") => true,
            ("Promise", "promise") | ("RegExp", "regexp") => true,
            (name, kind) => name == kind,
        };
        if same {
            return Some(true);
        }
        let builtin = [
            "int", "str", "bytes", "float", "bool", "list", "tuple", "set", "dict", "Array", "Map", "Set",
        ];
        builtin.contains(&&*name).then_some(false)
    }

    /// The path of the class outside the program that made a thing.
    fn made_by(&self, value: &Value) -> Option<std::rc::Rc<str>> {
        let id = value.as_object()?;
        let super::object::Shape::Native(path) = self.store.object(id).shape else {
            return None;
        };
        let text = self.paths.text(path);
        text.strip_suffix("()").map(std::rc::Rc::from)
    }
}
