//! Statements and what they assign to.

use super::expr::ExprId;
use super::name::Symbol;
use super::program::{Span, VarId};

/// Statements in order.
pub type Block = Vec<Statement>;

/// Names a loop or a block that a jump leaves; unique in its function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Label(pub u32);

/// A statement and where it stands.
#[derive(Debug)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Where it stands.
    pub span: Span,
}

/// What a statement is. Definitions of functions and classes are assignments.
#[derive(Debug)]
pub enum StatementKind {
    /// Evaluated for what it does.
    Expr(ExprId),
    /// An assignment. `x += 1` is one of a [`super::ExprKind::Binary`].
    Assign(Pattern, ExprId),
    /// `delete`, `del`, `unset`.
    Delete(Pattern),
    /// One of two blocks.
    If(ExprId, Block, Block),
    /// A loop with its test before each round. `do {} while` is a loop whose test is true and whose body ends with a
    /// [`StatementKind::Break`] under a condition.
    While {
        /// What jumps name.
        label: Label,
        /// Before each round.
        test: ExprId,
        /// A round.
        body: Block,
        /// After each round, also after a `continue`: the third part of a C loop.
        step: Block,
        /// When the test fails: Python's `else`.
        otherwise: Block,
    },
    /// A loop over items (`for in` of Python, `for of` of JavaScript) or over keys (`for in` of JavaScript).
    For {
        /// What jumps name.
        label: Label,
        /// Bound to each.
        pattern: Pattern,
        /// What is gone through.
        iterable: ExprId,
        /// Keys and not items.
        keys: bool,
        /// A round.
        body: Block,
        /// When it was gone through: Python's `else`.
        otherwise: Block,
    },
    /// A block that a [`StatementKind::Break`] may leave.
    Labelled(Label, Block),
    /// `switch`: falls through from case to case; a break names the label. Python's `match` is written with
    /// [`StatementKind::If`].
    Switch {
        /// What jumps name.
        label: Label,
        /// What is compared.
        subject: ExprId,
        /// In order.
        cases: Vec<Case>,
    },
    /// Leaves the loop or block.
    Break(Label),
    /// The next round of the loop.
    Continue(Label),
    /// Ends the function.
    Return(Option<ExprId>),
    /// `raise`, `throw`; nothing raises what is being handled.
    Raise(Option<ExprId>),
    /// Exceptions.
    Try {
        /// What may raise.
        body: Block,
        /// In order.
        handlers: Vec<Handler>,
        /// When nothing was raised: Python's `else`.
        otherwise: Block,
        /// In any case.
        finally: Block,
    },
    /// `assert`; a program may rely on it.
    Assert(ExprId),
    /// Adds a name to what the module gives to others. Python's modules give all their variables without it.
    Export(Symbol, ExprId),
}

/// A case of a `switch`.
#[derive(Debug)]
pub struct Case {
    /// Nothing is `default`.
    pub test: Option<ExprId>,
    /// What is done.
    pub body: Block,
}

/// A handler of exceptions.
#[derive(Debug)]
pub struct Handler {
    /// The class or classes that it takes; nothing takes all.
    pub class: Option<ExprId>,
    /// What the exception is bound to.
    pub pattern: Option<Pattern>,
    /// What is done.
    pub body: Block,
}

/// What is assigned to.
#[derive(Debug)]
pub enum Pattern {
    /// A variable.
    Var(VarId),
    /// A name that no scope binds.
    Global(Symbol),
    /// `base.name`.
    Field(ExprId, Symbol),
    /// `base[index]`.
    Index(ExprId, ExprId),
    /// `base[low:high:step]`.
    Slice(ExprId, Option<ExprId>, Option<ExprId>, Option<ExprId>),
    /// Items by place; the rest, if it is bound, stands at its place.
    List(Vec<PatternItem>),
    /// Fields by name, each with what stands for a missing one; then the rest.
    Map(Vec<(ExprId, Pattern)>, Option<Box<Pattern>>),
    /// A pattern and what stands for `undefined`.
    Default(Box<Pattern>, ExprId),
    /// Nothing.
    Ignore,
}

/// An item of a list pattern.
#[derive(Debug)]
pub enum PatternItem {
    /// One item.
    One(Pattern),
    /// All that the others leave.
    Rest(Pattern),
}
