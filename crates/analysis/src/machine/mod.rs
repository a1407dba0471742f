//! The machine: runs a lowered program on abstract values and tells what it saw. It never runs the program.
//!
//! The entry is [`run`]. Module top levels run first, in the order of the files; then every function that nobody called,
//! on arguments of which nothing is known. A condition that is known is followed, one that is not is followed both ways
//! and joined (`flow`); a loop that is known is run round by round, one that is not to a fixpoint (`loops`). Calls of the
//! program's functions are run each in its own context, with a memo (`function`). Objects live in a store with a journal
//! (`store`). What is outside the program is a path (`path`) and is known by models (`library`; its documentation says how
//! to add one), by the data on taint (`crate::taint`), or not at all: then data flows from arguments to result.
//!
//! Everything is bounded: steps, depth of calls and of expressions, alternatives of a value, objects. What a bound cuts is
//! named in [`Trace::limits_reached`] and leaves an unknown value with the marks of what it was made from.
//!
//! What front ends may rely on beyond the intermediate form itself:
//! - A class body's variables become the class's attributes. `constructor` (JavaScript) and `__init__` (Python) construct.
//!   Instance fields of JavaScript are a method `@fields` that assigns them to its `this`.
//! - Calls of the globals `@getter` and `@setter` with a function, and the accessor before it if there was one, make accessors.
//! - `arguments`, `require`, `module` and `exports` are globals; [`crate::ir::ExprKind::Super`] is `super`.
//! - A record of JavaScript has one entry for `x.a` and `x["a"]`; a dictionary of Python has no fields.
//! - A field of `null` or `undefined` is `undefined`. Promises are transparent to `await`.

pub mod library;
pub mod object;
pub mod path;
pub mod value;

mod arguments;
mod arithmetic;
mod ask;
mod assign;
mod branch;
mod call;
mod class;
mod code;
mod eval;
mod exception;
mod exec;
mod field;
mod function;
mod guard;
mod hidden;
mod index;
mod inner;
mod loops;
mod member;
mod module;
mod operate;
mod outside;
mod percent;
mod run;
mod script;
mod sink;
mod store;
mod tell;
mod trace;
mod tries;

#[cfg(test)]
mod tests;

pub use hidden::deeper;
pub use run::run;
pub use trace::{TaintFlow, Trace};

use crate::fact::Reach;
use crate::ir::{ExprId, FileId, FuncId, Label, Language, Program, Symbol};
use crate::submission::Bounds;
use branch::{Park, ScopeMark};
use code::Code;
use library::Arguments;
use object::{FrameId, Scope};
use path::{PathId, Paths};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;
use store::Store;
use trace::Collector;
use value::{ObjId, Value};

/// Lowers a file of a program by its language's front end.
pub type Lower<'l> = &'l dyn Fn(&mut Program, FileId);

/// Why an evaluation ends without a value.
#[derive(Clone, Debug)]
pub enum Stop {
    /// Something is raised.
    Raise(Box<Value>),
    /// Every way from here was followed elsewhere.
    Dead,
    /// The steps of this entry are used up.
    Exhausted,
}

/// What an evaluation gives.
pub(crate) type Eval = Result<Value, Stop>;

/// How a statement leaves.
#[derive(Clone, Debug)]
pub(crate) enum Flow {
    /// To the next statement.
    Next,
    /// Out of a loop or block.
    Break(Label),
    /// To the next round.
    Continue(Label),
    /// Out of the function.
    Return(Value),
    /// By an exception.
    Raise(Value),
    /// Nowhere: every way was followed elsewhere.
    Dead,
}

/// A function that is running.
pub(crate) struct Act<'c> {
    /// The unit it stands in.
    pub code: &'c Code,
    /// The function.
    pub function: FuncId,
    /// Its frame.
    pub frame: FrameId,
    /// The frames around it.
    pub outer: Option<Rc<Scope>>,
    /// Its own frame with those around it, once a closure was made.
    pub own: OnceCell<Rc<Scope>>,
    /// The class whose method it is.
    pub class: Option<ObjId>,
    /// The receiver.
    pub receiver: Option<Value>,
    /// What it was given.
    pub arguments: Option<Rc<Arguments>>,
    /// Its language.
    pub language: Language,
    /// Its file.
    pub file: FileId,
}

/// A call that is running, as recursion looks for it.
struct Running {
    unit: u32,
    function: FuncId,
    /// A number for the closure and its arguments.
    key: u64,
    /// It was called again with the same arguments.
    recursive: bool,
    /// What it is taken to give when it is.
    assumed: Option<Value>,
}

/// What a generator that is running yielded.
struct Yields {
    items: Vec<Value>,
    rest: Option<Value>,
    /// How many unknown branches were open when it began.
    uncertain: u32,
    parks: usize,
}

/// The state of a run.
pub struct Machine<'p> {
    /// Names and files; the forms were taken out of it.
    pub program: &'p mut Program,
    /// Every path.
    pub paths: Paths,
    /// The bounds.
    pub bounds: Bounds,
    /// Frames and objects.
    pub(crate) store: Store,
    lower: Lower<'p>,
    codes: Vec<Rc<Code>>,
    collect: Collector,
    /// Steps made, steps that the present entry may reach, and steps at all.
    steps: u64,
    deadline: u64,
    steps_most: u64,
    /// Expressions, statements and calls within each other.
    depth: u32,
    running: Vec<Running>,
    active: Vec<inner::Active>,
    /// Calls so far.
    calls: u32,
    /// What was assigned to paths.
    overrides: FxHashMap<PathId, Value>,
    scopes: Vec<ScopeMark>,
    parks: Vec<Park>,
    /// Unknown branches that are open.
    uncertain: u32,
    /// Loops to a fixpoint that are open.
    rounds: u32,
    /// Something happened that may raise, since somebody reset it.
    may_raise: bool,
    modules: Vec<module::ModuleState>,
    /// The file that runs as the program.
    main: Option<FileId>,
    by_path: FxHashMap<String, FileId>,
    globals: FxHashMap<Symbol, Value>,
    global_paths: FxHashMap<(Language, Symbol), PathId>,
    field_paths: FxHashMap<(PathId, Symbol), PathId>,
    sites: FxHashMap<(u32, ExprId, u64), ObjId>,
    /// A number for the calls around, by which objects of one place are told apart.
    context: u64,
    called: FxHashSet<(u32, FuncId)>,
    closures: FxHashMap<(u32, FuncId), ObjId>,
    instances: FxHashMap<ObjId, Value>,
    memo: FxHashMap<u64, function::Memo>,
    summaries: FxHashMap<u64, function::Summary>,
    /// From so many steps on calls that are alike are not all followed.
    tight_from: u64,
    /// A `__setattr__` of the program is running.
    setting: bool,
    deferred: VecDeque<(Value, Vec<Value>, crate::ir::Span)>,
    escaped: Vec<Value>,
    /// Functions that a library is known to call.
    handlers: FxHashMap<(u32, FuncId), run::Handler>,
    yields: Vec<Yields>,
    inner: inner::Inner,
    reach: Reach,
    /// The language of what is running.
    language: Language,
    marked: Vec<(Symbol, u16)>,
    literals: FxHashSet<(u32, ExprId)>,
    /// What `this` is where nothing else is.
    global_object: Option<ObjId>,
    /// Bytes that decoding gave.
    decoded: usize,
}

/// How deep expressions, statements and calls nest: the host's stack is bounded.
const DEPTH: u32 = 220;
/// How deep calls nest.
const CALLS: usize = 40;

impl Machine<'_> {
    /// Counts a step.
    fn tick(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > self.deadline {
            return Err(Stop::Exhausted);
        }
        Ok(())
    }

    /// Runs something within one more level of nesting, or gives nothing when there are too many.
    fn nested<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= DEPTH {
            self.collect.limit("depth");
            return None;
        }
        self.depth += 1;
        let result = run(self);
        self.depth -= 1;
        Some(result)
    }
}
