//! Literals: numbers, texts, templates, regular expressions, arrays, objects.

use super::call::Quotes;
use super::class::{Accessors, key_text};
use super::function::Parts;
use super::lowering::Lowering;
use crate::ir::{Argument, ArgumentKind, Element, Entry, ExprId, ExprKind};
use oxc_ast::ast;
use oxc_span::GetSpan;

impl<'a> Lowering<'a, '_> {
    pub(super) fn literal(&mut self, expr: &'a ast::Expression<'a>) -> ExprId {
        use ast::Expression as E;
        match expr {
            E::StringLiteral(text) => self.text(text.value.as_str(), text.span),
            E::NumericLiteral(number) => self.number(number.value, number.span),
            E::BooleanLiteral(truth) => self.add(ExprKind::Bool(truth.value), truth.span),
            E::NullLiteral(null) => self.add(ExprKind::Null, null.span),
            E::BigIntLiteral(number) => match number.value.as_str().parse::<i64>() {
                Ok(value) => self.add(ExprKind::Int(value), number.span),
                Err(_) => {
                    let value = number.value.as_str().parse::<f64>().unwrap_or(f64::INFINITY);
                    self.add(ExprKind::Float(value), number.span)
                }
            },
            E::RegExpLiteral(regex) => self.regex(regex),
            E::TemplateLiteral(template) => self.template(template, Quotes::Read),
            E::ArrayExpression(array) => self.array(array),
            E::ObjectExpression(object) => self.object(object),
            _ => self.add(ExprKind::Unknown(Vec::new()), expr.span()),
        }
    }

    pub(super) fn number(&mut self, value: f64, span: ast::Span) -> ExprId {
        // Whole numbers up to 2^53 are exact in both.
        const WHOLE: f64 = 9_007_199_254_740_992.0;
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
        let kind = if value.fract() == 0.0 && value.abs() <= WHOLE {
            ExprKind::Int(value as i64)
        } else {
            ExprKind::Float(value)
        };
        self.add(kind, span)
    }

    fn regex(&mut self, regex: &'a ast::RegExpLiteral<'a>) -> ExprId {
        let callee = self.global("RegExp", regex.span);
        let pattern = self.text(regex.regex.pattern.text.as_str(), regex.span);
        let flags = self.text(&regex.regex.flags.to_string(), regex.span);
        let arguments = [pattern, flags]
            .map(|value| Argument {
                value,
                kind: ArgumentKind::Positional,
            })
            .to_vec();
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: true,
            },
            regex.span,
        )
    }

    pub(super) fn template(&mut self, template: &'a ast::TemplateLiteral<'a>, quotes: Quotes) -> ExprId {
        let mut parts = Vec::with_capacity(template.quasis.len() * 2);
        let mut values = template.expressions.iter();
        for quasi in &template.quasis {
            let text = match (quotes, &quasi.value.cooked) {
                (Quotes::Read, Some(cooked)) => cooked.as_str(),
                _ => quasi.value.raw.as_str(),
            };
            if !text.is_empty() {
                parts.push(self.text(text, quasi.span));
            }
            if let Some(value) = values.next() {
                parts.push(self.expr(value));
            }
        }
        match parts.as_slice() {
            [] => self.text("", template.span),
            [only] if template.expressions.is_empty() => *only,
            _ => self.add(ExprKind::Concat(parts), template.span),
        }
    }

    fn array(&mut self, array: &'a ast::ArrayExpression<'a>) -> ExprId {
        let mut elements = Vec::with_capacity(array.elements.len());
        for element in &array.elements {
            elements.push(match element {
                ast::ArrayExpressionElement::SpreadElement(spread) => {
                    Element::Spread(self.expr(&spread.argument))
                }
                ast::ArrayExpressionElement::Elision(hole) => Element::One(self.undefined(hole.span)),
                other => match other.as_expression() {
                    Some(value) => Element::One(self.expr(value)),
                    None => continue,
                },
            });
        }
        self.add(ExprKind::List(elements), array.span)
    }

    fn object(&mut self, object: &'a ast::ObjectExpression<'a>) -> ExprId {
        let mut entries = Vec::with_capacity(object.properties.len());
        let mut accessors = Accessors::default();
        let mut prototype = None;
        for property in &object.properties {
            match property {
                ast::ObjectPropertyKind::ObjectProperty(property) if is_prototype(property) => {
                    prototype = Some(self.expr(&property.value));
                }
                ast::ObjectPropertyKind::SpreadProperty(spread) => {
                    entries.push(Entry::Spread(self.expr(&spread.argument)));
                }
                ast::ObjectPropertyKind::ObjectProperty(property) => {
                    self.property(property, &mut entries, &mut accessors);
                }
            }
        }
        for (name, get, set) in accessors.known {
            let key = self.text(&name, object.span);
            let value = self.accessor(get, set, object.span);
            entries.push(Entry::Pair(key, value));
        }
        let made = self.add(ExprKind::Map(entries), object.span);
        let Some(prototype) = prototype else {
            return made;
        };
        let callee = self.global("Object", object.span);
        let callee = self.field(callee, "setPrototypeOf", object.span);
        let arguments = [made, prototype].map(|value| Argument {
            value,
            kind: ArgumentKind::Positional,
        });
        let arguments = arguments.to_vec();
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            object.span,
        )
    }

    fn property(
        &mut self,
        property: &'a ast::ObjectProperty<'a>,
        entries: &mut Vec<Entry>,
        accessors: &mut Accessors,
    ) {
        let named = match &property.key {
            ast::PropertyKey::StaticIdentifier(id) => Some(id.name.as_str()),
            _ => None,
        };
        let key = if property.kind == ast::PropertyKind::Init {
            Some(self.key(&property.key))
        } else {
            None
        };
        let value = match (&property.value, named) {
            // A method's own name is not bound inside it.
            (ast::Expression::FunctionExpression(function), name) if function.id.is_none() => {
                let mut parts = Parts::of(function);
                parts.name = name.unwrap_or("");
                let made = self.function(parts);
                self.add(ExprKind::Function(made), function.span)
            }
            (value, Some(name)) => self.named(value, name),
            (value, None) => self.expr(value),
        };
        match (property.kind, key) {
            (ast::PropertyKind::Init, Some(key)) => entries.push(Entry::Pair(key, value)),
            (kind, _) => {
                let Some(name) = key_text(&property.key) else {
                    return;
                };
                match kind {
                    ast::PropertyKind::Get => accessors.add(name, Some(value), None),
                    _ => accessors.add(name, None, Some(value)),
                }
            }
        }
    }

    /// A property's name as an expression.
    pub(super) fn key(&mut self, key: &'a ast::PropertyKey<'a>) -> ExprId {
        if let Some(name) = key_text(key) {
            return self.text(&name, key.span());
        }
        match key.as_expression() {
            Some(value) => self.expr(value),
            None => self.text("", key.span()),
        }
    }
}

/// `__proto__: value` names what the object inherits from.
fn is_prototype(property: &ast::ObjectProperty<'_>) -> bool {
    property.kind == ast::PropertyKind::Init
        && !property.computed
        && !property.shorthand
        && !property.method
        && key_text(&property.key).as_deref() == Some("__proto__")
}
