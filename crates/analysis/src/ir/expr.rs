//! Expressions. Where a language has an operator of its own, its front end writes it with these.

use super::name::Symbol;
use super::program::{ClassId, FuncId, Span, VarId};
use super::statement::Pattern;
use std::rc::Rc;

/// An expression's number in its program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ExprId(pub u32);

/// An expression and where it stands.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind {
    /// `None`, `null`.
    Null,
    /// JavaScript's `undefined`; what a missing argument is.
    Undefined,
    /// A truth value.
    Bool(bool),
    /// An integer that fits.
    Int(i64),
    /// A number that is no such integer.
    Float(f64),
    /// Text.
    Text(Rc<str>),
    /// Bytes.
    Bytes(Rc<[u8]>),
    /// A variable.
    Var(VarId),
    /// A name that no scope binds: a builtin, a global of the host, in Bash a command.
    Global(Symbol),
    /// `base.name`.
    Field(ExprId, Symbol),
    /// `base[index]`.
    Index(ExprId, ExprId),
    /// `base[low:high:step]`.
    Slice(ExprId, Option<ExprId>, Option<ExprId>, Option<ExprId>),
    /// A call; with `new` where JavaScript has it.
    Call {
        /// What is called. For a method it is a [`ExprKind::Field`] or [`ExprKind::Index`] of the receiver.
        callee: ExprId,
        /// The arguments in order.
        arguments: Vec<Argument>,
        /// `new callee(...)`.
        new: bool,
    },
    /// Two operands.
    Binary(BinaryOp, ExprId, ExprId),
    /// One operand.
    Unary(UnaryOp, ExprId),
    /// A comparison. A chain is written with [`LogicOp::And`].
    Compare(CompareOp, ExprId, ExprId),
    /// The second operand may not be evaluated.
    Logic(LogicOp, ExprId, ExprId),
    /// `then if test else otherwise`.
    Conditional(ExprId, ExprId, ExprId),
    /// Texts put together: f-strings, templates, words of a shell.
    Concat(Vec<ExprId>),
    /// A list or an array.
    List(Vec<Element>),
    /// A tuple.
    Tuple(Vec<Element>),
    /// A set.
    Set(Vec<Element>),
    /// A dictionary or an object.
    Map(Vec<Entry>),
    /// A closure over the frame it is made in.
    Function(FuncId),
    /// A class, made here.
    Class(ClassId),
    /// An assignment that is an expression; its value is what was assigned.
    Assign(Box<Pattern>, ExprId),
    /// `[element for pattern in iterable if conditions]`.
    Comprehension {
        /// What it makes.
        kind: ComprehensionKind,
        /// Of a map the value.
        element: ExprId,
        /// Of a map alone.
        key: Option<ExprId>,
        /// The loops, the outermost first.
        clauses: Vec<Clause>,
    },
    /// `await`.
    Await(ExprId),
    /// `yield`; nothing where no value is given.
    Yield(Option<ExprId>),
    /// `yield from`, `yield*`.
    YieldFrom(ExprId),
    /// A module, by the path that the source gives (`os.path`, `./b.js`, `..pkg`); with a name, that item of it. An item
    /// `*` is every item.
    Import(Rc<str>, Option<Symbol>),
    /// JavaScript's `this` outside every function, and in Python `super()`'s receiver of the base class.
    Super,
    /// Expressions in order; the value is the last one's.
    Sequence(Vec<ExprId>),
    /// What the front end does not know, with the parts that it evaluates: data flows from them to it.
    Unknown(Vec<ExprId>),
}

/// An argument.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// Its value.
    pub value: ExprId,
    /// How it is given.
    pub kind: ArgumentKind,
}

/// How an argument is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgumentKind {
    /// By its place.
    Positional,
    /// `*list`, `...list`.
    Spread,
    /// By name. In Bash `stdin` is what flows in through a pipe or from a file.
    Named(Symbol),
    /// `**map`.
    NamedSpread,
}

/// An element of a list.
#[derive(Clone, Copy, Debug)]
pub enum Element {
    /// One.
    One(ExprId),
    /// All of another.
    Spread(ExprId),
}

/// An entry of a map.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// A key and its value.
    Pair(ExprId, ExprId),
    /// All of another.
    Spread(ExprId),
}

/// One loop of a comprehension.
#[derive(Debug)]
pub struct Clause {
    /// Bound to each item.
    pub pattern: Pattern,
    /// What is gone through.
    pub iterable: ExprId,
    /// All must hold.
    pub conditions: Vec<ExprId>,
}

/// What a comprehension makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each is what it is called")]
pub enum ComprehensionKind {
    List,
    Set,
    Map,
    Generator,
}

/// Operators on two operands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the operation of that name")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    /// In Python also the formatting of text.
    Modulo,
    Power,
    MatrixMultiply,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
}

/// Operators on one operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the operation of that name")]
pub enum UnaryOp {
    Not,
    Negate,
    Plus,
    BitNot,
    TypeOf,
    Void,
    Delete,
}

/// Comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each is the comparison of that name")]
pub enum CompareOp {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Is,
    IsNot,
    In,
    NotIn,
    /// `instanceof`, and a pattern's class.
    InstanceOf,
}

/// Operators that may leave their second operand alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LogicOp {
    /// Both.
    And,
    /// Either.
    Or,
    /// The second where the first is null.
    Coalesce,
}
