//! Expressions.

use super::Lowerer;
use crate::ir::{
    Argument, ArgumentKind, ComprehensionKind, Element, Entry, ExprId, ExprKind, FunctionKind, Span,
};
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

impl Lowerer<'_> {
    /// Lowers an expression; one that lies too deep is not known.
    pub(super) fn expr(&mut self, expr: &Expr) -> ExprId {
        let range = expr.range();
        let span = self.span(range);
        if !self.descend(range) {
            return self.expr_at(ExprKind::Unknown(Vec::new()), span);
        }
        let id = self.simple_expr(expr, span);
        self.depth -= 1;
        id
    }

    fn simple_expr(&mut self, expr: &Expr, span: Span) -> ExprId {
        let kind = match expr {
            Expr::Name(name) => return self.read_name(name.id.as_str(), span),
            Expr::StringLiteral(text) => ExprKind::Text(text.value.to_str().into()),
            Expr::BytesLiteral(bytes) => return self.bytes(&bytes.value, span),
            Expr::NumberLiteral(number) => return self.number(&number.value, span),
            Expr::BooleanLiteral(truth) => ExprKind::Bool(truth.value),
            Expr::NoneLiteral(_) => ExprKind::Null,
            Expr::EllipsisLiteral(_) => return self.global("Ellipsis", span),
            Expr::FString(text) => return self.fstring(&text.value, span),
            Expr::TString(text) => return self.tstring(&text.value, span),
            Expr::Attribute(attribute) => {
                let base = self.expr(&attribute.value);
                let name = self.name(attribute.attr.as_str());
                ExprKind::Field(base, name)
            }
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Call(call) => return self.call_expr(call, span),
            Expr::BinOp(binary) => return self.binary(binary, span),
            Expr::BoolOp(logic) => return self.logic(logic, span),
            Expr::UnaryOp(unary) => return self.unary(unary, span),
            Expr::Compare(compare) => return self.compare(compare, span),
            Expr::List(list) => ExprKind::List(self.elements(&list.elts)),
            Expr::Tuple(tuple) => ExprKind::Tuple(self.elements(&tuple.elts)),
            Expr::Set(set) => ExprKind::Set(self.elements(&set.elts)),
            Expr::Dict(dict) => self.dict(dict),
            Expr::Slice(slice) => return self.slice_object(slice, span),
            Expr::Starred(starred) => return self.expr(&starred.value),
            Expr::Named(_)
            | Expr::If(_)
            | Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_)
            | Expr::Await(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::IpyEscapeCommand(_) => return self.rare_expr(expr, span),
        };
        self.expr_at(kind, span)
    }

    fn rare_expr(&mut self, expr: &Expr, span: Span) -> ExprId {
        let kind = match expr {
            Expr::Named(named) => {
                let value = self.expr(&named.value);
                let pattern = self.target(&named.target);
                ExprKind::Assign(Box::new(pattern), value)
            }
            Expr::If(conditional) => {
                let test = self.expr(&conditional.test);
                let then = self.expr(&conditional.body);
                let otherwise = self.expr(&conditional.orelse);
                ExprKind::Conditional(test, then, otherwise)
            }
            Expr::Lambda(lambda) => return self.lambda(lambda, span),
            Expr::ListComp(inner) => {
                let parts = (None, inner.elt.as_ref());
                return self.comprehension(ComprehensionKind::List, parts, &inner.generators, span);
            }
            Expr::SetComp(inner) => {
                let parts = (None, inner.elt.as_ref());
                return self.comprehension(ComprehensionKind::Set, parts, &inner.generators, span);
            }
            Expr::DictComp(inner) => {
                let parts = (inner.key.as_deref(), inner.value.as_ref());
                return self.comprehension(ComprehensionKind::Map, parts, &inner.generators, span);
            }
            Expr::Generator(inner) => {
                let parts = (None, inner.elt.as_ref());
                return self.comprehension(ComprehensionKind::Generator, parts, &inner.generators, span);
            }
            Expr::Await(inner) => ExprKind::Await(self.expr(&inner.value)),
            Expr::Yield(inner) => {
                let value = inner.value.as_ref().map(|value| self.expr(value));
                self.yields();
                ExprKind::Yield(value)
            }
            Expr::YieldFrom(inner) => {
                let value = self.expr(&inner.value);
                self.yields();
                ExprKind::YieldFrom(value)
            }
            _ => ExprKind::Unknown(Vec::new()),
        };
        self.expr_at(kind, span)
    }

    fn yields(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.yields = true;
        }
    }

    /// A name that is read.
    pub(super) fn read_name(&mut self, name: &str, span: Span) -> ExprId {
        if name.is_empty() {
            // What the parser puts where it found no expression.
            return self.expr_at(ExprKind::Unknown(Vec::new()), span);
        }
        let symbol = self.name(name);
        let mut kind = self.read(symbol);
        if self.is_main && name == "__name__" && matches!(kind, ExprKind::Global(_)) {
            kind = ExprKind::Text("__main__".into());
        }
        self.expr_at(kind, span)
    }

    fn subscript(&mut self, subscript: &ast::ExprSubscript) -> ExprKind {
        let base = self.expr(&subscript.value);
        if let Expr::Slice(slice) = subscript.slice.as_ref() {
            let (low, high, step) = self.slice(slice);
            return ExprKind::Slice(base, low, high, step);
        }
        ExprKind::Index(base, self.expr(&subscript.slice))
    }

    /// The bounds of a slice.
    pub(super) fn slice(
        &mut self,
        slice: &ast::ExprSlice,
    ) -> (Option<ExprId>, Option<ExprId>, Option<ExprId>) {
        let low = slice.lower.as_ref().map(|bound| self.expr(bound));
        let high = slice.upper.as_ref().map(|bound| self.expr(bound));
        let step = slice.step.as_ref().map(|bound| self.expr(bound));
        (low, high, step)
    }

    /// A slice among several subscripts.
    fn slice_object(&mut self, slice: &ast::ExprSlice, span: Span) -> ExprId {
        let (low, high, step) = self.slice(slice);
        let mut bounds = Vec::with_capacity(3);
        for bound in [low, high, step] {
            bounds.push(match bound {
                Some(bound) => bound,
                None => self.expr_at(ExprKind::Null, span),
            });
        }
        let callee = self.global("slice", span);
        self.call(callee, &bounds, span)
    }

    fn elements(&mut self, elements: &[Expr]) -> Vec<Element> {
        elements
            .iter()
            .map(|element| match element {
                Expr::Starred(starred) => Element::Spread(self.expr(&starred.value)),
                _ => Element::One(self.expr(element)),
            })
            .collect()
    }

    fn dict(&mut self, dict: &ast::ExprDict) -> ExprKind {
        let entries = dict
            .items
            .iter()
            .map(|item| match &item.key {
                Some(key) => {
                    let key = self.expr(key);
                    Entry::Pair(key, self.expr(&item.value))
                }
                None => Entry::Spread(self.expr(&item.value)),
            })
            .collect();
        ExprKind::Map(entries)
    }

    fn call_expr(&mut self, call: &ast::ExprCall, span: Span) -> ExprId {
        if let Expr::Name(name) = call.func.as_ref() {
            let symbol = self.name(name.id.as_str());
            if name.id.as_str() == "super" && self.resolve(symbol).is_none() {
                return self.expr_at(ExprKind::Super, span);
            }
        }
        let callee = self.expr(&call.func);
        let arguments = self.arguments(&call.arguments);
        self.expr_at(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            span,
        )
    }

    fn arguments(&mut self, arguments: &ast::Arguments) -> Vec<Argument> {
        let mut list = Vec::with_capacity(arguments.len());
        for argument in &arguments.args {
            list.push(match argument {
                Expr::Starred(starred) => Argument {
                    value: self.expr(&starred.value),
                    kind: ArgumentKind::Spread,
                },
                _ => Argument {
                    value: self.expr(argument),
                    kind: ArgumentKind::Positional,
                },
            });
        }
        for keyword in &arguments.keywords {
            let value = self.expr(&keyword.value);
            let kind = match &keyword.arg {
                Some(name) => ArgumentKind::Named(self.name(name.as_str())),
                None => ArgumentKind::NamedSpread,
            };
            list.push(Argument { value, kind });
        }
        list
    }

    fn lambda(&mut self, lambda: &ast::ExprLambda, span: Span) -> ExprId {
        let header = super::definition::Header {
            name: "",
            kind: FunctionKind::Function,
            is_async: false,
            parameters: lambda.parameters.as_deref(),
            span,
        };
        self.function_expr(&header, super::definition::Body::Expr(&lambda.body))
    }
}
