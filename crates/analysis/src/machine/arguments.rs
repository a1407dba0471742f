//! Arguments: evaluated at a call, bound to parameters in the function that is called.

use super::library::Arguments;
use super::object::{Key, Object, Shape};
use super::path::Paths;
use super::value::{Kind, Note, Value, with_step};
use super::{Act, Machine, Stop};
use crate::ir::{Argument, ArgumentKind, Language, Param, ParamKind, Pattern, Span, Symbol};
use std::rc::Rc;

impl Machine<'_> {
    /// Evaluates the arguments of a call.
    pub(super) fn arguments(&mut self, act: &Act<'_>, given: &[Argument]) -> Result<Rc<Arguments>, Stop> {
        let mut arguments = Arguments::default();
        for argument in given {
            let value = self.eval(act, argument.value)?;
            match argument.kind {
                ArgumentKind::Positional if arguments.more.is_none() => arguments.places.push(value),
                ArgumentKind::Positional => {
                    arguments.more = arguments.more.map(|more| more.join(&value));
                }
                ArgumentKind::Named(name) => arguments.named.push((name, value)),
                ArgumentKind::Spread => {
                    let span = act.code.expr(argument.value).span;
                    match self.iterate(act, &value, false, span)? {
                        super::loops::Items::Known(items) if arguments.more.is_none() => {
                            arguments.places.extend(items);
                        }
                        super::loops::Items::Known(items) => {
                            for item in &items {
                                arguments.more = arguments.more.map(|more| more.join(item));
                            }
                        }
                        super::loops::Items::Any(item) => {
                            let more = arguments.more.take();
                            arguments.more = Some(more.map_or_else(|| item.clone(), |more| more.join(&item)));
                        }
                    }
                }
                ArgumentKind::NamedSpread => self.spread_named(&mut arguments, &value),
            }
        }
        Ok(Rc::new(arguments))
    }

    fn spread_named(&mut self, arguments: &mut Arguments, value: &Value) {
        for one in value.alternatives() {
            let Some(id) = one.as_object() else {
                let any = self.any_item(one);
                arguments.more_named = Some(any);
                continue;
            };
            let object = self.store.shared_object(id);
            for (key, value) in object.entries.iter() {
                if let Key::Name(name) = key {
                    arguments.named.push((*name, value.clone()));
                }
            }
            if let Some(rest) = &object.rest {
                arguments.more_named = Some(rest.clone());
            }
        }
    }

    /// Binds arguments to the parameters of the function that begins to run.
    pub(super) fn bind_parameters(
        &mut self,
        act: &Act<'_>,
        params: &[Param],
        receiver: Option<Value>,
        given: &Arguments,
        span: Span,
    ) -> Result<(), Stop> {
        let mut places = receiver.into_iter().chain(given.places.iter().cloned());
        let mut used: Vec<Symbol> = Vec::new();
        for param in params {
            let name = Some(param.name);
            let value = match param.kind {
                ParamKind::Normal => places.next(),
                ParamKind::NamedOnly => None,
                ParamKind::Rest => {
                    let mut object = Object::list(places.by_ref().collect());
                    if act.language == Language::Python {
                        object.shape = Shape::Tuple;
                    }
                    if let Some(more) = &given.more {
                        object.add_rest(more);
                    }
                    Some(self.new_object(object))
                }
                ParamKind::NamedRest => {
                    let mut object = Object::new(Shape::Dict);
                    for (name, value) in given.named.iter().filter(|(name, _)| !used.contains(name)) {
                        object.entries.set(Key::Name(*name), value.clone());
                    }
                    if let Some(more) = &given.more_named {
                        object.add_rest(more);
                    }
                    Some(self.new_object(object))
                }
            };
            let mut value = value;
            if value.is_none()
                && let Some(name) = name
                && let Some((_, found)) = given.named.iter().find(|(known, _)| *known == name)
            {
                used.push(name);
                value = Some(found.clone());
            }
            let value = match value {
                Some(value) => value,
                None => self.missing(act, param, name, given, span)?,
            };
            self.bind_one(act, param, name, value, span)?;
        }
        Ok(())
    }

    fn missing(
        &mut self,
        act: &Act<'_>,
        param: &Param,
        name: Option<Symbol>,
        given: &Arguments,
        span: Span,
    ) -> Result<Value, Stop> {
        let more = if param.kind == ParamKind::NamedOnly {
            &given.more_named
        } else {
            &given.more
        };
        if let Some(more) = more.as_ref().or(given.more_named.as_ref()) {
            let source = name.and_then(|name| {
                let unknown = matches!(more.kind, Kind::Path(path) if Paths::is_unknown(path));
                self.marked
                    .iter()
                    .find(|(marked, _)| unknown && *marked == name)
                    .map(|(_, source)| *source)
            });
            return Ok(match source {
                Some(source) => self.as_source(more, source, span),
                None => more.clone(),
            });
        }
        match param.default {
            Some(default) => self.eval(act, default),
            None if act.language == Language::Python => {
                Ok(Value::of(Kind::Path(Paths::unknown(act.language))))
            }
            None => Ok(Value::undefined()),
        }
    }

    fn bind_one(
        &mut self,
        act: &Act<'_>,
        param: &Param,
        name: Option<Symbol>,
        mut value: Value,
        span: Span,
    ) -> Result<(), Stop> {
        if let (Some(name), Some(marks)) = (name, &value.marks)
            && !marks.taints.is_empty()
        {
            value.marks = with_step(&value.marks, span, Note::Passed(name));
        }
        if let (Kind::Undefined, Some(default)) = (&value.kind, param.default)
            && act.language != Language::Python
        {
            value = self.eval(act, default)?;
        }
        match &param.pattern {
            Pattern::Var(var) => self.write_var(act, *var, value),
            pattern => self.assign(act, pattern, value, span)?,
        }
        Ok(())
    }
}
