//! A run: top levels first, then what was put off, then every function that nobody called.

use super::code::Code;
use super::library::Arguments;
use super::member::Callee;
use super::module::ModuleState;
use super::object::{Join, Key, Object, Shape};
use super::path::Paths;
use super::store::Store;
use super::trace::{Collector, Trace};
use super::value::{Kind, ObjId, Value};
use super::{Lower, Machine, Stop, call::Site};
use crate::fact::{Fact, FactKind, Reach};
use crate::ir::{ExprId, FileId, FuncId, FunctionKind, Language, Program};
use crate::submission::Bounds;
use crate::taint;
use std::rc::Rc;

/// How many frames and objects there are at most.
pub(super) const OBJECTS: usize = 400_000;
/// What is known of a function that a library calls.
#[derive(Clone, Default)]
pub(super) struct Handler {
    /// What it returns reaches these sinks.
    pub returns: Vec<u16>,
    /// It gets data of these sources, each as its parameter of that number.
    pub parameters: Vec<(u16, u8)>,
}

/// Steps after which calls that are alike are not all followed, beside half a step for each byte.
const TIGHT_STEPS: u64 = 6_000;
/// Steps that each function is given that nobody called, at least.
const ENTRY_STEPS: u64 = 4_000;

/// Runs a program. Files that have no top level yet are lowered first. The forms are taken out of the program; its names and
/// files stay, with the files that were found inside others.
pub fn run(program: &mut Program, bounds: &Bounds, lower: Lower<'_>) -> Trace {
    for index in 0..program.files.len() {
        let id = FileId(u16::try_from(index).unwrap_or(u16::MAX));
        if program.files[index].module.is_none() {
            lower(program, id);
        }
    }
    let mut machine = Machine::new(program, *bounds, lower);
    machine.index_files();
    for index in 0..machine.program.files.len() {
        machine.tell_unreadable(FileId(u16::try_from(index).unwrap_or(u16::MAX)));
    }
    machine.run_top_levels();
    machine.run_deferred();
    machine.reach = Reach::Call;
    machine.run_entries();
    let mut trace = machine.collect.trace;
    trace.steps = machine.steps;
    trace
}

impl<'p> Machine<'p> {
    fn new(program: &'p mut Program, bounds: Bounds, lower: Lower<'p>) -> Self {
        let bytes: u64 = program.files.iter().map(|file| file.text.len() as u64).sum();
        let steps_most = bounds.steps_base + bounds.steps_per_byte * bytes;
        let code = Code::take(program, 0, 0);
        let mut modules = Vec::new();
        modules.resize_with(program.files.len(), ModuleState::default);
        for (state, file) in modules.iter_mut().zip(&program.files) {
            state.function = file.module.map(|function| (0, function));
        }
        let marked = taint::data()
            .names()
            .filter_map(|(name, source)| Some((program.names.find(name)?, source)));
        let marked = marked.collect();
        Self {
            program,
            paths: Paths::new(),
            bounds,
            store: Store::default(),
            lower,
            codes: vec![Rc::new(code)],
            collect: Collector::new(bounds.facts, bounds.flows),
            steps: 0,
            deadline: steps_most,
            steps_most,
            depth: 0,
            running: Vec::new(),
            active: Vec::new(),
            calls: 0,
            overrides: Default::default(),
            scopes: Vec::new(),
            parks: Vec::new(),
            uncertain: 0,
            rounds: 0,
            may_raise: false,
            modules,
            main: None,
            by_path: Default::default(),
            globals: Default::default(),
            global_paths: Default::default(),
            field_paths: Default::default(),
            sites: Default::default(),
            context: 0,
            called: Default::default(),
            closures: Default::default(),
            instances: Default::default(),
            memo: Default::default(),
            summaries: Default::default(),
            tight_from: TIGHT_STEPS + bytes / 2,
            setting: false,
            deferred: Default::default(),
            handlers: Default::default(),
            escaped: Vec::new(),
            yields: Vec::new(),
            inner: Default::default(),
            reach: Reach::Start,
            language: Language::Python,
            marked,
            literals: Default::default(),
            global_object: None,
            decoded: 0,
        }
    }

    fn run_top_levels(&mut self) {
        let files = self.program.files.len();
        for index in 0..files {
            let file = FileId(u16::try_from(index).unwrap_or(u16::MAX));
            self.main = Some(file);
            let left = (files - index) as u64;
            let most = self.steps_most.saturating_sub(self.steps) / 3 * 2;
            self.entry(most / left.min(4), |machine| {
                machine.run_module(file).map(|()| Value::null())
            });
        }
    }

    /// Runs something that nothing calls, with so many steps; what it leaves unfinished is forgotten.
    fn entry(&mut self, steps: u64, run: impl FnOnce(&mut Self) -> super::Eval) {
        self.deadline = (self.steps + steps.max(ENTRY_STEPS)).min(self.steps_most);
        let (scopes, layers) = (self.scopes.len(), self.store.depth());
        let (call, language, context) = (self.store.call, self.language, self.context);
        let result = run(self);
        if let Err(Stop::Exhausted) = result {
            self.collect.limit("steps");
        }
        self.give_up(scopes, layers);
        self.running.clear();
        self.active.clear();
        self.yields.clear();
        self.depth = 0;
        self.uncertain = 0;
        self.rounds = 0;
        self.setting = false;
        (self.store.call, self.language, self.context) = (call, language, context);
    }

    fn run_deferred(&mut self) {
        for _ in 0..4096 {
            let Some((callee, arguments, span)) = self.deferred.pop_front() else {
                break;
            };
            let steps = self.steps_most.saturating_sub(self.steps) / 4;
            self.entry(steps, |machine| machine.call_back(&callee, None, arguments, span));
        }
        self.deferred.clear();
    }

    fn run_entries(&mut self) {
        loop {
            let mut pending: Vec<(u32, FuncId)> = Vec::new();
            for (unit, code) in self.codes.iter().enumerate() {
                let unit = unit as u32;
                for (index, function) in code.functions.iter().enumerate() {
                    let id = FuncId(index as u32);
                    if function.kind == FunctionKind::Function
                        && !self.called.contains(&(unit, id))
                        && self.closures.contains_key(&(unit, id))
                    {
                        pending.push((unit, id));
                    }
                }
            }
            if pending.is_empty() || self.steps >= self.steps_most {
                break;
            }
            let count = pending.len() as u64;
            for (place, (unit, function)) in pending.into_iter().enumerate() {
                if self.called.contains(&(unit, function)) {
                    continue;
                }
                let left = (count - place as u64).max(1);
                let share = self.steps_most.saturating_sub(self.steps) / left * 8;
                self.run_uncalled(unit, function, share);
                self.called.insert((unit, function));
                self.run_deferred();
            }
        }
        if self.steps >= self.steps_most {
            self.collect.limit("steps");
        }
    }

    fn run_uncalled(&mut self, unit: u32, function: FuncId, steps: u64) {
        let Some(&id) = self.closures.get(&(unit, function)) else {
            return;
        };
        let Shape::Function(closure) = self.store.object(id).shape.clone() else {
            return;
        };
        let Some(code) = self.codes.get(unit as usize).map(Rc::clone) else {
            return;
        };
        let its = code.function(function);
        let language = self.program.files[its.span.file.0 as usize].language;
        let method = its.class.is_some();
        let name = its.name;
        let site = Site {
            span: its.span,
            expr: ExprId(u32::MAX),
            new: false,
        };
        self.entry(steps, |machine| {
            machine.language = language;
            machine.store.push();
            machine.uncertain += 1;
            let receiver = if method {
                machine.receiver_for(closure.class, name, language, site)
            } else {
                None
            };
            let handler = machine
                .handlers
                .get(&(unit, function))
                .cloned()
                .unwrap_or_default();
            let mut arguments = machine.anything_for(&handler, language, site.span);
            machine.web_arguments(&code.function(function).params, language, &mut arguments);
            let callee = Callee {
                value: Value::of(Kind::Object(id)),
                receiver,
            };
            let result = machine.call(callee, &arguments, site);
            if let Ok(value) = &result {
                for sink in &handler.returns {
                    machine.arrives(*sink, value, site.span);
                }
            }
            machine.uncertain = 0;
            if let Err(Stop::Exhausted) = result {
                return result;
            }
            let delta = machine.store.undo();
            machine.store.write_joined(&[&delta], Join::Keep, true);
            result
        });
    }

    /// Arguments of which nothing is known.
    fn anything(&self, language: Language) -> Rc<Arguments> {
        let any = Value::of(Kind::Path(Paths::unknown(language)));
        Rc::new(Arguments {
            more: Some(any.clone()),
            more_named: Some(any),
            ..Arguments::default()
        })
    }

    /// The same, for a function of which is known what it is given.
    fn anything_for(
        &mut self,
        handler: &Handler,
        language: Language,
        span: crate::ir::Span,
    ) -> Rc<Arguments> {
        let mut arguments = self.anything(language);
        if handler.parameters.is_empty() {
            return arguments;
        }
        let any = Value::of(Kind::Path(Paths::unknown(language)));
        let given = Rc::make_mut(&mut arguments);
        for (source, place) in &handler.parameters {
            while given.places.len() <= usize::from(*place) {
                given.places.push(any.clone());
            }
            given.places[usize::from(*place)] = self.as_source(&any, *source, span);
        }
        arguments
    }

    /// The receiver of a method that nobody called: the one instance of its class that stands for all.
    fn receiver_for(
        &mut self,
        class: Option<ObjId>,
        name: crate::ir::Symbol,
        language: Language,
        site: Site,
    ) -> Option<Value> {
        let class = class?;
        let entry = self
            .store
            .object(class)
            .entries
            .get(&Key::Name(name))
            .and_then(Value::as_object);
        if let Some(Shape::Unbound { of_class, .. }) =
            entry.map(|entry| self.store.object(entry).shape.clone())
        {
            return of_class.then(|| Value::of(Kind::Object(class)));
        }
        if let Some(known) = self.instances.get(&class) {
            return Some(known.clone());
        }
        let mut object = Object::new(Shape::Instance);
        object.class = Some(Value::of(Kind::Object(class)));
        let bare = self.new_object(object);
        self.instances.insert(class, bare.clone());
        let text = self.program.names.text(name);
        if !matches!(text, "__init__" | "constructor" | "__new__" | "@fields") {
            let arguments = self.anything(language);
            if let Ok(made) = self.construct(class, &arguments, site) {
                self.instances.insert(class, made.clone());
                return Some(made);
            }
        }
        Some(bare)
    }

    /// Facts of what a front end could not read.
    pub(super) fn tell_unreadable(&mut self, file: FileId) {
        let Some(its) = self.program.files.get(file.0 as usize) else {
            return;
        };
        let function = its.module.unwrap_or(FuncId(0));
        let reach = self.reach;
        let all: Vec<Fact> = its
            .unreadable
            .iter()
            .map(|(what, span)| Fact {
                kind: FactKind::Unreadable { what },
                span: *span,
                function,
                reach,
            })
            .collect();
        for fact in all {
            self.collect.fact(fact);
        }
    }
}
