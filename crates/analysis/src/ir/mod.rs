//! The small intermediate form to which every language is lowered, so that rules and taint are written once.
//!
//! A program is a set of functions over numbered variables. Control flow is structured: blocks nest, jumps name
//! the loop that they leave. Expressions live in one arena and are named by their number, so that a form is cheap to
//! make and to walk. A front end (`front/`) resolves every name to the variable it means before it gets here; what no
//! scope binds is a [`ExprKind::Global`].
//!
//! Nothing here refers to a parser's tree, and nothing here runs.

#[cfg(test)]
pub(crate) mod display;
mod expr;
mod name;
mod program;
mod statement;

pub use expr::{
    Argument, ArgumentKind, BinaryOp, Clause, CompareOp, ComprehensionKind, Element, Entry, Expr, ExprId,
    ExprKind, LogicOp, UnaryOp,
};
pub use name::{Names, Symbol};
pub use program::{
    Class, ClassId, File, FileId, FuncId, Function, FunctionKind, Language, Param, ParamKind, Program, Span,
    VarId, Variable,
};
pub use statement::{Block, Case, Handler, Label, Pattern, PatternItem, Statement, StatementKind};
