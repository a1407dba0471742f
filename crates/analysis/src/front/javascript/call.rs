//! Calls, `new`, optional chains, `require`, dynamic imports, tagged templates.

use super::lowering::Lowering;
use super::module::module_path;
use crate::ir::{Argument, ArgumentKind, Element, ExprId, ExprKind};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    pub(super) fn call(&mut self, call: &'a ast::CallExpression<'a>) -> ExprId {
        if let Some(import) = self.require(call) {
            return import;
        }
        let callee = self.expr(&call.callee);
        let arguments = self.call_arguments(&call.arguments);
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            call.span,
        )
    }

    pub(super) fn new_call(&mut self, call: &'a ast::NewExpression<'a>) -> ExprId {
        let callee = self.expr(&call.callee);
        let arguments = self.call_arguments(&call.arguments);
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: true,
            },
            call.span,
        )
    }

    /// The parts of `a?.b.c` are read as they are: a field of what is not there is `undefined`.
    pub(super) fn chain(&mut self, chain: &'a ast::ChainElement<'a>) -> ExprId {
        match chain {
            ast::ChainElement::CallExpression(call) => self.call(call),
            ast::ChainElement::TSNonNullExpression(inner) => self.expr(&inner.expression),
            ast::ChainElement::StaticMemberExpression(member) => self.static_member(member),
            ast::ChainElement::ComputedMemberExpression(member) => self.computed_member(member),
            ast::ChainElement::PrivateFieldExpression(member) => {
                let base = self.expr(&member.object);
                let name = format!("#{}", member.field.name.as_str());
                self.field(base, &name, member.span)
            }
        }
    }

    fn call_arguments(&mut self, arguments: &'a [ast::Argument<'a>]) -> Vec<Argument> {
        let mut lowered = Vec::with_capacity(arguments.len());
        for argument in arguments {
            match argument {
                ast::Argument::SpreadElement(spread) => {
                    let value = self.expr(&spread.argument);
                    lowered.push(Argument {
                        value,
                        kind: ArgumentKind::Spread,
                    });
                }
                other => {
                    let Some(value) = other.as_expression() else {
                        continue;
                    };
                    let value = self.expr(value);
                    lowered.push(Argument {
                        value,
                        kind: ArgumentKind::Positional,
                    });
                }
            }
        }
        lowered
    }

    /// `require("path")`.
    fn require(&mut self, call: &'a ast::CallExpression<'a>) -> Option<ExprId> {
        let ast::Expression::Identifier(id) = &call.callee else {
            return None;
        };
        if id.name.as_str() != "require" || self.scopes.find("require").is_some() {
            return None;
        }
        match call.arguments.as_slice() {
            [ast::Argument::StringLiteral(path)] => Some(self.import(path.value.as_str(), None, call.span)),
            _ => None,
        }
    }

    /// `import(path)`.
    pub(super) fn dynamic_import(&mut self, import: &'a ast::ImportExpression<'a>) -> ExprId {
        if let ast::Expression::StringLiteral(path) = &import.source {
            return self.import(path.value.as_str(), None, import.span);
        }
        let value = self.expr(&import.source);
        let callee = self.global("import", import.span);
        let arguments = vec![Argument {
            value,
            kind: ArgumentKind::Positional,
        }];
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            import.span,
        )
    }

    /// A module, or an item of it.
    pub(super) fn import(&mut self, path: &str, item: Option<&str>, span: ast::Span) -> ExprId {
        let item = item.map(|name| self.name(name));
        self.add(ExprKind::Import(module_path(path), item), span)
    }

    /// ``tag`text ${value}` `` calls the tag with the texts, then the values.
    pub(super) fn tagged(&mut self, tagged: &'a ast::TaggedTemplateExpression<'a>) -> ExprId {
        if is_raw(&tagged.tag) {
            return self.template(&tagged.quasi, Quotes::Raw);
        }
        let callee = self.expr(&tagged.tag);
        let mut texts = Vec::with_capacity(tagged.quasi.quasis.len());
        for quasi in &tagged.quasi.quasis {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw);
            texts.push(Element::One(self.text(text.as_str(), quasi.span)));
        }
        let first = self.add(ExprKind::List(texts), tagged.quasi.span);
        let mut arguments = vec![Argument {
            value: first,
            kind: ArgumentKind::Positional,
        }];
        for value in &tagged.quasi.expressions {
            let value = self.expr(value);
            arguments.push(Argument {
                value,
                kind: ArgumentKind::Positional,
            });
        }
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            tagged.span,
        )
    }
}

/// Whether a template's escapes are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Read,
    Raw,
}

fn is_raw(tag: &ast::Expression<'_>) -> bool {
    let ast::Expression::StaticMemberExpression(member) = tag else {
        return false;
    };
    let ast::Expression::Identifier(id) = &member.object else {
        return false;
    };
    id.name.as_str() == "String" && member.property.name.as_str() == "raw"
}
