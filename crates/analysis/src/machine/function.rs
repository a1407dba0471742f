//! Calls of the program's functions: each in its own context, with a memo, and to a fixpoint when they recurse.

use super::branch::Takes;
use super::call::Site;
use super::library::Arguments;
use super::object::{Closure, Object, Shape};
use super::value::{Kind, Marks, ObjId, Value, merge_marks};
use super::{Act, CALLS, Eval, Flow, Machine, Running, Stop, Yields};
use crate::ir::{ExprId, FuncId, Language, Span};
use rustc_hash::FxHasher;
use std::cell::OnceCell;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// What a call gave, to be given again to the same call in the same state.
pub(super) struct Memo {
    clock: u64,
    result: Value,
    may_raise: bool,
}

/// What calls gave that are alike.
#[derive(Default)]
pub(super) struct Summary {
    count: u32,
    result: Option<Value>,
}

/// How many calls that are alike are followed once steps are tight.
const SUMMARY_RUNS: u32 = 2;
/// How often a function is within itself, with other arguments each time.
const WITHIN: usize = 12;
/// How often a recursive call is repeated until what it gives stays the same.
const REPEATS: u32 = 4;
/// How many values of arguments are looked at for a memo.
const SEEN: u32 = 48;

impl Machine<'_> {
    /// A closure over the running frame.
    pub(super) fn closure(&mut self, act: &Act<'_>, id: ExprId, function: FuncId) -> Value {
        let scope = self.own_scope(act);
        let closure = Closure {
            unit: act.code.unit,
            function,
            scope: Some(scope),
            class: act.class,
            has_defaults: false,
        };
        let value = self.allocate(act, id, Object::new(Shape::Function(closure)));
        if let Some(object) = value.as_object() {
            self.closures.insert((act.code.unit, function), object);
        }
        value
    }

    /// The running frame with those around it, for code inside code; it is not yet seen by closures.
    pub(super) fn scope_of_frame(&self, act: &Act<'_>) -> Rc<super::object::Scope> {
        let scope = act.own.get_or_init(|| {
            Rc::new(super::object::Scope {
                function: act.function,
                frame: act.frame,
                outer: act.outer.clone(),
            })
        });
        Rc::clone(scope)
    }

    /// The running frame with those around it, to be seen by a closure.
    pub(super) fn own_scope(&mut self, act: &Act<'_>) -> Rc<super::object::Scope> {
        self.store.share(act.frame);
        self.scope_of_frame(act)
    }

    /// Calls a function of the program.
    pub(super) fn call_function(
        &mut self,
        id: ObjId,
        closure: &Closure,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let (unit, function) = (closure.unit, closure.function);
        self.called.insert((unit, function));
        let (key, whole) = self.signature(id, receiver.as_ref(), arguments);
        if let Some(running) = self
            .running
            .iter_mut()
            .rev()
            .find(|running| running.unit == unit && running.function == function && running.key == key)
        {
            running.recursive = true;
            return running.assumed.clone().ok_or(Stop::Dead);
        }
        let within = self
            .running
            .iter()
            .filter(|known| known.unit == unit && known.function == function)
            .count();
        if self.running.len() >= CALLS || within >= WITHIN {
            self.collect.limit("calls");
            let marks = merge_marks(
                &self.marks_of(arguments),
                &receiver.as_ref().and_then(|one| self.deep_marks(one)),
            );
            return Ok(Value {
                marks,
                ..Value::unknown()
            });
        }
        if let Some(memo) = self.memo.get(&key)
            && whole
            && memo.clock == self.store.clock
        {
            let result = memo.result.clone();
            self.may_raise |= memo.may_raise;
            return Ok(result);
        }
        let coarse = self
            .tight()
            .then(|| self.coarse(closure, receiver.as_ref(), arguments));
        if let Some(coarse) = coarse {
            let seen = self.summaries.entry(coarse).or_default();
            seen.count += 1;
            if seen.count > SUMMARY_RUNS
                && let Some(result) = &seen.result
            {
                return Ok(result.clone());
            }
        }
        let result = self.run_for_memo(closure, (key, whole), receiver, arguments, site);
        if let (Some(coarse), Ok(value)) = (coarse, &result) {
            let known = self.summaries.entry(coarse).or_default();
            known.result = Some(
                known
                    .result
                    .as_ref()
                    .map_or_else(|| value.clone(), |known| known.widen(value)),
            );
        }
        result
    }

    /// Whether so many steps were made that calls which are alike are no longer all followed.
    pub(super) fn tight(&self) -> bool {
        self.steps > self.tight_from
    }

    /// A number for a call in which constants are only their kind: calls of one such number are alike.
    fn coarse(&self, closure: &Closure, receiver: Option<&Value>, arguments: &Arguments) -> u64 {
        let mut hasher = FxHasher::default();
        (closure.unit, closure.function).hash(&mut hasher);
        let all = receiver
            .into_iter()
            .chain(&arguments.places)
            .chain(&arguments.more);
        for value in all.chain(arguments.named.iter().map(|(_, value)| value)) {
            for one in value.alternatives() {
                std::mem::discriminant(&one.kind).hash(&mut hasher);
                if let Kind::Object(id) = one.kind {
                    let object = self.store.object(id);
                    std::mem::discriminant(&object.shape).hash(&mut hasher);
                    match &object.shape {
                        Shape::Function(_) | Shape::Class(_) => id.hash(&mut hasher),
                        Shape::Instance => object.class.as_ref().and_then(Value::as_object).hash(&mut hasher),
                        _ => {}
                    }
                }
            }
            if let Some(marks) = self.deep_marks(value) {
                for taint in &marks.taints {
                    (taint.source, taint.from, taint.cleared).hash(&mut hasher);
                }
            }
        }
        hasher.finish()
    }

    fn run_for_memo(
        &mut self,
        closure: &Closure,
        (key, whole): (u64, bool),
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let before = (self.store.oldest_written, self.parks.len(), self.deferred.len());
        self.store.oldest_written = u32::MAX;
        let may_raise = std::mem::replace(&mut self.may_raise, false);
        let first_call = self.calls + 1;
        let result = self.run_to_fixpoint(closure, key, receiver, arguments, site);
        let pure = self.store.oldest_written >= first_call
            && self.parks.len() == before.1
            && self.deferred.len() == before.2;
        self.store.oldest_written = self.store.oldest_written.min(before.0);
        let raises = self.may_raise;
        self.may_raise |= may_raise;
        if let Ok(result) = &result
            && pure
            && whole
            && result
                .alternatives()
                .iter()
                .all(|one| !matches!(one.kind, Kind::Object(_)))
        {
            let memo = Memo {
                clock: self.store.clock,
                result: result.clone(),
                may_raise: raises,
            };
            self.memo.insert(key, memo);
        }
        result
    }

    fn run_to_fixpoint(
        &mut self,
        closure: &Closure,
        key: u64,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        self.running.push(Running {
            unit: closure.unit,
            function: closure.function,
            key,
            recursive: false,
            assumed: None,
        });
        let mut result = Err(Stop::Dead);
        for _ in 0..REPEATS {
            result = self.run_function(closure, receiver.clone(), arguments, site);
            let Some(running) = self.running.last_mut() else {
                break;
            };
            let Ok(value) = &result else { break };
            if !running.recursive || running.assumed.as_ref().is_some_and(|known| known.same(value)) {
                break;
            }
            running.assumed = Some(
                running
                    .assumed
                    .as_ref()
                    .map_or_else(|| value.clone(), |known| known.widen(value)),
            );
        }
        self.running.pop();
        result
    }

    fn run_function(
        &mut self,
        closure: &Closure,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        site: Site,
    ) -> Eval {
        let Some(code) = self.codes.get(closure.unit as usize).map(Rc::clone) else {
            return Ok(Value::unknown());
        };
        let function = code.function(closure.function);
        let language = self
            .program
            .files
            .get(function.span.file.0 as usize)
            .map_or(self.language, |file| file.language);
        let saved = (self.store.call, self.context, self.language);
        self.calls += 1;
        self.store.call = self.calls;
        self.language = language;
        self.context = mix(self.context, u64::from(site.expr.0));
        self.open(Takes::Return);
        let frame = self.store.frame(code.frame(closure.function).len());
        let act = Act {
            code: &code,
            function: closure.function,
            frame,
            outer: closure.scope.clone(),
            own: OnceCell::new(),
            class: closure.class,
            receiver: receiver.clone(),
            arguments: Some(Rc::clone(arguments)),
            language,
            file: function.span.file,
        };
        if function.is_generator {
            self.yields.push(Yields {
                items: Vec::new(),
                rest: None,
                uncertain: self.uncertain,
                parks: self.parks.len(),
            });
        }
        self.active.push(super::inner::Active {
            unit: closure.unit,
            scope: self.scope_of_frame(&act),
        });
        let flow = self.bind_and_run(&act, receiver, arguments, site.span);
        self.active.pop();
        let yields = if function.is_generator {
            self.yields.pop()
        } else {
            None
        };
        let flow = match flow {
            Ok(flow) => flow,
            Err(Stop::Exhausted) => return Err(Stop::Exhausted),
            Err(Stop::Raise(value)) => Flow::Raise(*value),
            Err(Stop::Dead) => Flow::Dead,
        };
        let closed = self.close(flow);
        (self.store.call, self.context, self.language) = saved;
        self.returned(&act, closed, yields)
    }

    /// What a call gives, from how its ways ended.
    fn returned(&mut self, act: &Act<'_>, closed: super::branch::Closed, yields: Option<Yields>) -> Eval {
        let mut value: Option<Value> = None;
        for flow in closed.flows {
            if let Flow::Return(returned) = flow {
                value = Some(value.map_or_else(|| returned.clone(), |known| known.join(&returned)));
            }
        }
        match closed.goes_on {
            Some(Flow::Next) => {
                let nothing = self.nothing(act);
                value = Some(value.map_or_else(|| nothing.clone(), |known| known.join(&nothing)));
            }
            Some(Flow::Raise(raised)) if value.is_none() && yields.is_none() && self.gives_promise(act) => {
                return Ok(super::library::javascript::rejected_with(self, raised));
            }
            Some(Flow::Raise(raised)) if value.is_none() => return Err(Stop::Raise(Box::new(raised))),
            _ => {}
        }
        match yields {
            Some(yields) => Ok(self.generator(yields)),
            None => {
                let value = value.ok_or(Stop::Dead)?;
                // Other values are taken for promises of themselves.
                let nothing = matches!(value.kind, Kind::Undefined | Kind::Null);
                if nothing && self.gives_promise(act) {
                    return Ok(super::library::javascript::settled_with(self, value));
                }
                Ok(value)
            }
        }
    }

    fn bind_and_run(
        &mut self,
        act: &Act<'_>,
        receiver: Option<Value>,
        arguments: &Rc<Arguments>,
        span: Span,
    ) -> Result<Flow, Stop> {
        let function = act.code.function(act.function);
        let python = act.language == Language::Python;
        if let Some(this) = function.this {
            let value = match &receiver {
                Some(receiver) => receiver.clone(),
                None => self.global_object(),
            };
            self.write_var(act, this, value);
        }
        let place = receiver.filter(|_| python);
        self.bind_parameters(act, &function.params, place, arguments, span)?;
        self.block(act, &function.body)
    }

    /// What `this` is in JavaScript where nothing else is: one object, of which not all is known.
    fn global_object(&mut self) -> Value {
        if let Some(known) = self.global_object {
            return Value::of(Kind::Object(known));
        }
        let mut object = Object::new(Shape::Record);
        object.exact = false;
        let id = self.store.add(object);
        self.global_object = Some(id);
        Value::of(Kind::Object(id))
    }

    fn generator(&mut self, yields: Yields) -> Value {
        let mut object = Object::new(Shape::Generator);
        object.items = yields.items;
        if let Some(rest) = &yields.rest {
            object.add_rest(rest);
        }
        self.new_object(object)
    }

    /// Something is yielded.
    pub(super) fn yielded(&mut self, value: Value) {
        let (uncertain, parks) = (self.uncertain, self.parks.len());
        let Some(yields) = self.yields.last_mut() else {
            return;
        };
        if yields.uncertain == uncertain
            && yields.parks == parks
            && yields.rest.is_none()
            && yields.items.len() < 4096
        {
            yields.items.push(value);
        } else {
            yields.rest = Some(
                yields
                    .rest
                    .as_ref()
                    .map_or_else(|| value.clone(), |rest| rest.widen(&value)),
            );
        }
    }

    /// Any number of such is yielded.
    pub(super) fn yielded_any(&mut self, value: &Value) {
        if let Some(yields) = self.yields.last_mut() {
            yields.rest = Some(
                yields
                    .rest
                    .as_ref()
                    .map_or_else(|| value.clone(), |rest| rest.widen(value)),
            );
        }
    }

    /// A number for a call, and whether all that it depends on is in it.
    fn signature(&self, id: ObjId, receiver: Option<&Value>, arguments: &Arguments) -> (u64, bool) {
        let mut hasher = FxHasher::default();
        id.hash(&mut hasher);
        let mut left = SEEN;
        if let Some(receiver) = receiver {
            self.sign(receiver, &mut hasher, &mut left);
        }
        arguments.places.len().hash(&mut hasher);
        for value in arguments
            .places
            .iter()
            .chain(&arguments.more)
            .chain(&arguments.more_named)
        {
            self.sign(value, &mut hasher, &mut left);
        }
        for (name, value) in &arguments.named {
            name.hash(&mut hasher);
            self.sign(value, &mut hasher, &mut left);
        }
        (hasher.finish(), left > 0)
    }

    fn sign(&self, value: &Value, hasher: &mut FxHasher, left: &mut u32) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        std::mem::discriminant(&value.kind).hash(hasher);
        match &value.kind {
            Kind::Unbound | Kind::Null | Kind::Undefined => {}
            Kind::Bool(truth) => truth.hash(hasher),
            Kind::Int(number) => number.hash(hasher),
            Kind::Float(number) => number.to_bits().hash(hasher),
            Kind::Text(text) | Kind::Template(text) => text.hash(hasher),
            Kind::Bytes(bytes) => bytes.hash(hasher),
            Kind::Path(path) => path.hash(hasher),
            Kind::Unknown(ty) => ty.hash(hasher),
            Kind::OneOf(all) => all.iter().for_each(|one| self.sign(one, hasher, left)),
            Kind::Object(id) => {
                id.hash(hasher);
                let object = self.store.object(*id);
                if !matches!(
                    object.shape,
                    Shape::Function(_) | Shape::Class(_) | Shape::Module(_)
                ) {
                    (object.items.len(), object.entries.len(), object.exact).hash(hasher);
                    let all = object
                        .items
                        .iter()
                        .chain(object.entries.iter().map(|(_, value)| value));
                    for one in all.chain(&object.rest) {
                        self.sign(one, hasher, left);
                    }
                    sign_marks(&object.marks, hasher);
                }
            }
        }
        sign_marks(&value.marks, hasher);
    }
}

fn sign_marks(marks: &Option<Rc<Marks>>, hasher: &mut FxHasher) {
    let Some(marks) = marks else { return };
    marks.hidden.hash(hasher);
    for taint in &marks.taints {
        (taint.source, taint.from, taint.cleared).hash(hasher);
    }
    marks.origins.hash(hasher);
}

/// A number made of two.
pub(super) fn mix(one: u64, other: u64) -> u64 {
    let mut hasher = FxHasher::default();
    (one, other).hash(&mut hasher);
    hasher.finish()
}
