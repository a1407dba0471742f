//! JSX: `<Tag name={value}>child</Tag>` is `React.createElement(Tag, {name: value}, child)`.

use super::lowering::Lowering;
use crate::ir::{Argument, ArgumentKind, Entry, ExprId, ExprKind};
use oxc_ast::ast;

impl<'a> Lowering<'a, '_> {
    pub(super) fn jsx_element(&mut self, element: &'a ast::JSXElement<'a>) -> ExprId {
        let opening = &element.opening_element;
        let tag = self.jsx_name(&opening.name);
        let mut entries = Vec::with_capacity(opening.attributes.len());
        for attribute in &opening.attributes {
            match attribute {
                ast::JSXAttributeItem::SpreadAttribute(spread) => {
                    entries.push(Entry::Spread(self.expr(&spread.argument)));
                }
                ast::JSXAttributeItem::Attribute(attribute) => {
                    let name = match &attribute.name {
                        ast::JSXAttributeName::Identifier(id) => id.name.as_str(),
                        ast::JSXAttributeName::NamespacedName(name) => name.name.name.as_str(),
                    };
                    let key = self.text(name, attribute.span);
                    let value = self.jsx_attribute(attribute);
                    entries.push(Entry::Pair(key, value));
                }
            }
        }
        let properties = self.add(ExprKind::Map(entries), opening.span);
        self.jsx_call(tag, properties, &element.children, element.span)
    }

    pub(super) fn jsx_fragment(&mut self, fragment: &'a ast::JSXFragment<'a>) -> ExprId {
        let react = self.global("React", fragment.span);
        let tag = self.field(react, "Fragment", fragment.span);
        let properties = self.add(ExprKind::Null, fragment.span);
        self.jsx_call(tag, properties, &fragment.children, fragment.span)
    }

    fn jsx_call(
        &mut self,
        tag: ExprId,
        properties: ExprId,
        children: &'a [ast::JSXChild<'a>],
        span: ast::Span,
    ) -> ExprId {
        let mut values = vec![tag, properties];
        for child in children {
            let value = match child {
                ast::JSXChild::Text(text) if text.value.as_str().trim().is_empty() => continue,
                ast::JSXChild::Text(text) => self.text(text.value.as_str(), text.span),
                ast::JSXChild::Element(element) => self.jsx_nested(element),
                ast::JSXChild::Fragment(fragment) => self
                    .deeper(|this| this.jsx_fragment(fragment))
                    .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), fragment.span)),
                ast::JSXChild::ExpressionContainer(container) => match container.expression.as_expression() {
                    Some(value) => self.expr(value),
                    None => continue,
                },
                ast::JSXChild::Spread(spread) => self.expr(&spread.expression),
            };
            values.push(value);
        }
        let react = self.global("React", span);
        let callee = self.field(react, "createElement", span);
        let arguments = values
            .into_iter()
            .map(|value| Argument {
                value,
                kind: ArgumentKind::Positional,
            })
            .collect();
        self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            span,
        )
    }

    fn jsx_nested(&mut self, element: &'a ast::JSXElement<'a>) -> ExprId {
        self.deeper(|this| this.jsx_element(element))
            .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), element.span))
    }

    fn jsx_attribute(&mut self, attribute: &'a ast::JSXAttribute<'a>) -> ExprId {
        match &attribute.value {
            None => self.add(ExprKind::Bool(true), attribute.span),
            Some(ast::JSXAttributeValue::StringLiteral(text)) => self.text(text.value.as_str(), text.span),
            Some(ast::JSXAttributeValue::ExpressionContainer(container)) => {
                match container.expression.as_expression() {
                    Some(value) => self.expr(value),
                    None => self.undefined(attribute.span),
                }
            }
            Some(ast::JSXAttributeValue::Element(element)) => self.jsx_nested(element),
            Some(ast::JSXAttributeValue::Fragment(fragment)) => self.jsx_fragment(fragment),
        }
    }

    fn jsx_name(&mut self, name: &'a ast::JSXElementName<'a>) -> ExprId {
        match name {
            ast::JSXElementName::Identifier(id) => self.text(id.name.as_str(), id.span),
            ast::JSXElementName::IdentifierReference(id) => self.read(id.name.as_str(), id.span),
            ast::JSXElementName::NamespacedName(name) => self.text(name.name.name.as_str(), name.span),
            ast::JSXElementName::MemberExpression(member) => self.jsx_member(member),
            ast::JSXElementName::ThisExpression(this) => self.add(ExprKind::Unknown(Vec::new()), this.span),
        }
    }

    fn jsx_member(&mut self, member: &'a ast::JSXMemberExpression<'a>) -> ExprId {
        let base = match &member.object {
            ast::JSXMemberExpressionObject::IdentifierReference(id) => self.read(id.name.as_str(), id.span),
            ast::JSXMemberExpressionObject::MemberExpression(inner) => self
                .deeper(|this| this.jsx_member(inner))
                .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), inner.span)),
            ast::JSXMemberExpressionObject::ThisExpression(this) => {
                self.add(ExprKind::Unknown(Vec::new()), this.span)
            }
        };
        self.field(base, member.property.name.as_str(), member.span)
    }
}
