//! Texts, bytes, numbers, f-strings.

use super::Lowerer;
use crate::ir::{ExprId, ExprKind, Span};
use ruff_python_ast as ast;
use ruff_python_ast::{ConversionFlag, FStringPart, InterpolatedStringElement};

impl Lowerer<'_> {
    /// A number. An integer that does not fit is read from its text when it is needed.
    pub(super) fn number(&mut self, number: &ast::Number, span: Span) -> ExprId {
        match number {
            ast::Number::Int(int) => {
                if let Some(value) = int.as_i64() {
                    return self.expr_at(ExprKind::Int(value), span);
                }
                let callee = self.global("int", span);
                let digits = self.expr_at(ExprKind::Text(int.to_string().into()), span);
                let base = self.expr_at(ExprKind::Int(0), span);
                self.call(callee, &[digits, base], span)
            }
            ast::Number::Float(value) => self.expr_at(ExprKind::Float(*value), span),
            ast::Number::Complex { .. } => self.expr_at(ExprKind::Unknown(Vec::new()), span),
        }
    }

    /// Bytes, of parts that stand beside each other.
    pub(super) fn bytes(&mut self, value: &ast::BytesLiteralValue, span: Span) -> ExprId {
        let bytes: Vec<u8> = value.bytes().collect();
        self.expr_at(ExprKind::Bytes(bytes.into()), span)
    }

    /// An f-string, of parts that stand beside each other.
    pub(super) fn fstring(&mut self, value: &ast::FStringValue, span: Span) -> ExprId {
        let mut parts = Vec::new();
        for part in value {
            match part {
                FStringPart::Literal(text) => {
                    let span = self.span(text.range);
                    parts.push(self.expr_at(ExprKind::Text(text.as_str().into()), span));
                }
                FStringPart::FString(inner) => self.interpolated(&inner.elements, &mut parts),
            }
        }
        self.concat(parts, span)
    }

    /// A t-string: no text, but all that flows into it.
    pub(super) fn tstring(&mut self, value: &ast::TStringValue, span: Span) -> ExprId {
        let mut parts = Vec::new();
        for part in value {
            self.interpolated(&part.elements, &mut parts);
        }
        self.expr_at(ExprKind::Unknown(parts), span)
    }

    fn concat(&mut self, mut parts: Vec<ExprId>, span: Span) -> ExprId {
        let is_text = |id: &ExprId| {
            let expr = self.program.exprs.get(id.0 as usize);
            expr.is_some_and(|expr| matches!(expr.kind, ExprKind::Text(_)))
        };
        match parts.as_slice() {
            [] => self.expr_at(ExprKind::Text("".into()), span),
            [one] if is_text(one) => parts.remove(0),
            _ => self.expr_at(ExprKind::Concat(parts), span),
        }
    }

    fn interpolated(&mut self, elements: &[InterpolatedStringElement], out: &mut Vec<ExprId>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(text) => {
                    let span = self.span(text.range);
                    out.push(self.expr_at(ExprKind::Text(text.value.as_ref().into()), span));
                }
                InterpolatedStringElement::Interpolation(inner) => {
                    if let Some(debug) = &inner.debug_text {
                        let span = self.span(inner.range);
                        let text = format!("{}{}{}", debug.leading(), debug.expression(), debug.trailing());
                        out.push(self.expr_at(ExprKind::Text(text.into()), span));
                    }
                    let value = self.interpolation(inner);
                    out.push(value);
                }
            }
        }
    }

    fn interpolation(&mut self, inner: &ast::InterpolatedElement) -> ExprId {
        let span = self.span(inner.range);
        let mut value = self.expr(&inner.expression);
        let conversion = match inner.conversion {
            ConversionFlag::Repr => Some("repr"),
            ConversionFlag::Ascii => Some("ascii"),
            ConversionFlag::Str => Some("str"),
            ConversionFlag::None if inner.debug_text.is_some() && inner.format_spec.is_none() => Some("repr"),
            ConversionFlag::None => None,
        };
        if let Some(name) = conversion {
            let callee = self.global(name, span);
            value = self.call(callee, &[value], span);
        }
        if let Some(spec) = &inner.format_spec
            && self.descend(spec.range)
        {
            let mut parts = Vec::new();
            self.interpolated(&spec.elements, &mut parts);
            let spec = self.concat(parts, span);
            let callee = self.global("format", span);
            value = self.call(callee, &[value, spec], span);
            self.depth -= 1;
        }
        value
    }
}
