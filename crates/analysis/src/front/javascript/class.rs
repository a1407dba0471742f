//! Classes: methods, accessors, fields, static members, decorators.

use super::function::Parts;
use super::lowering::{Frame, Lowering, empty};
use crate::ir::{
    Argument, ArgumentKind, Block, Class, ClassId, ExprId, ExprKind, FuncId, FunctionKind, LogicOp, Param,
    ParamKind, Pattern, StatementKind, VarId,
};
use oxc_ast::ast;

/// Getters and setters by the name that they share.
#[derive(Default)]
pub(super) struct Accessors {
    pub(super) known: Vec<(String, Option<ExprId>, Option<ExprId>)>,
}

impl Accessors {
    pub(super) fn add(&mut self, name: String, get: Option<ExprId>, set: Option<ExprId>) {
        match self.known.iter_mut().find(|(known, ..)| *known == name) {
            Some((_, old_get, old_set)) => {
                *old_get = get.or(*old_get);
                *old_set = set.or(*old_set);
            }
            None => self.known.push((name, get, set)),
        }
    }
}

/// Where a class is made.
struct Site {
    class: ClassId,
    body: FuncId,
    /// What holds the class while its static parts are evaluated.
    holder: VarId,
    derived: bool,
}

impl<'a> Lowering<'a, '_> {
    /// A class where a value is expected: its name is bound inside it alone.
    pub(super) fn class_value(&mut self, class: &'a ast::Class<'a>) -> ExprId {
        self.scopes.push();
        let holder = match &class.id {
            Some(id) => self.declare(id.name.as_str()),
            None => self.temporary(),
        };
        let value = self.class(class, holder);
        self.scopes.pop();
        value
    }

    /// A class; the holder has it when the value is there.
    pub(super) fn class(&mut self, class: &'a ast::Class<'a>, holder: VarId) -> ExprId {
        self.deeper(|this| this.class_inside(class, holder))
            .unwrap_or_else(|| self.add(ExprKind::Unknown(Vec::new()), class.span))
    }

    fn class_inside(&mut self, class: &'a ast::Class<'a>, holder: VarId) -> ExprId {
        let name = self.name(class.id.as_ref().map_or("", |id| id.name.as_str()));
        let bases = class
            .heritage
            .as_ref()
            .map(|base| self.expr(&base.expression))
            .into_iter()
            .collect();
        let mut function = empty(name, FunctionKind::ClassBody, self.span(class.span));
        function.parent = Some(self.here());
        let body = self.program.function(function);
        let id = self.program.class(Class { name, bases, body });
        let site = Site {
            class: id,
            body,
            holder,
            derived: class.heritage.is_some(),
        };
        self.enter(body, true);
        let members = self.members(class, &site);
        self.functions.pop();
        if let Some(function) = self.function_at(body) {
            function.body = members;
        }
        let value = self.add(ExprKind::Class(id), class.span);
        let mut parts = vec![self.add(
            ExprKind::Assign(Box::new(Pattern::Var(holder)), value),
            class.span,
        )];
        self.static_parts(class, &site, &mut parts);
        for decorator in class.decorators.iter().rev() {
            let held = self.variable(holder, class.span);
            let decorated = self.decorated(decorator, held, held);
            parts.push(self.add(
                ExprKind::Assign(Box::new(Pattern::Var(holder)), decorated),
                class.span,
            ));
        }
        self.sequence(parts, class.span)
    }

    /// The body of the class: its methods and accessors become the attributes.
    fn members(&mut self, class: &'a ast::Class<'a>, site: &Site) -> Block {
        let mut out = Block::new();
        let fields: Vec<_> = class.body.body.iter().filter_map(instance_field_of).collect();
        let mut constructed = false;
        let mut accessors = Accessors::default();
        for element in &class.body.body {
            let ast::ClassElement::MethodDefinition(method) = element else {
                continue;
            };
            let constructor = method.kind == ast::MethodDefinitionKind::Constructor;
            if method.value.body.is_none() || (method.computed && key_text(&method.key).is_none()) {
                continue;
            }
            constructed |= constructor;
            let taken = if constructor { fields.clone() } else { Vec::new() };
            let Some(name) = key_text(&method.key) else {
                continue;
            };
            let value = self.method_function(method, taken, site, &name);
            match method.kind {
                ast::MethodDefinitionKind::Get => accessors.add(name, Some(value), None),
                ast::MethodDefinitionKind::Set => accessors.add(name, None, Some(value)),
                _ => {
                    let attribute = self.attribute(&name, site);
                    out.push(self.assign_to(attribute, value, method.span));
                }
            }
        }
        for (name, get, set) in accessors.known {
            let value = self.accessor(get, set, class.span);
            let attribute = self.attribute(&name, site);
            out.push(self.assign_to(attribute, value, class.span));
        }
        if !constructed && !fields.is_empty() {
            self.default_constructor(class, &fields, site, &mut out);
        }
        out
    }

    fn method_function(
        &mut self,
        method: &'a ast::MethodDefinition<'a>,
        fields: Vec<&'a ast::PropertyDefinition<'a>>,
        site: &Site,
        name: &str,
    ) -> ExprId {
        let mut parts = Parts::of(&method.value);
        parts.class = Some(site.class);
        parts.kind.derived = site.derived && method.kind == ast::MethodDefinitionKind::Constructor;
        parts.fields = fields;
        let made = self.function(parts);
        let symbol = self.name(name);
        if let Some(function) = self.function_at(made) {
            function.name = symbol;
        }
        let mut value = self.add(ExprKind::Function(made), method.span);
        for decorator in method.decorators.iter().rev() {
            value = self.decorated(decorator, value, value);
        }
        value
    }

    /// A variable of the class body that becomes the attribute of that name.
    fn attribute(&mut self, name: &str, site: &Site) -> VarId {
        let symbol = self.name(name);
        self.program.variable(symbol, site.body)
    }

    /// A class with fields and without a constructor.
    fn default_constructor(
        &mut self,
        class: &'a ast::Class<'a>,
        fields: &[&'a ast::PropertyDefinition<'a>],
        site: &Site,
        out: &mut Block,
    ) {
        let name = self.name("constructor");
        let mut function = empty(name, FunctionKind::Function, self.span(class.span));
        function.parent = Some(site.body);
        function.class = Some(site.class);
        let id = self.program.function(function);
        self.enter(id, false);
        let this = self.this();
        let mut body = Block::new();
        let mut params = Vec::new();
        if site.derived {
            let rest = self.temporary();
            let value = self.variable(rest, class.span);
            let callee = self.add(ExprKind::Super, class.span);
            let arguments = vec![Argument {
                value,
                kind: ArgumentKind::Spread,
            }];
            let call = self.add(
                ExprKind::Call {
                    callee,
                    arguments,
                    new: false,
                },
                class.span,
            );
            body.push(self.statement(StatementKind::Expr(call), class.span));
            params.push(Param {
                name,
                pattern: Pattern::Var(rest),
                default: None,
                kind: ParamKind::Rest,
            });
        }
        for field in fields {
            self.instance_field(field, &mut body);
        }
        self.functions.pop();
        if let Some(function) = self.function_at(id) {
            function.params = params;
            function.body = body;
            function.this = this;
        }
        let value = self.add(ExprKind::Function(id), class.span);
        let attribute = self.attribute("constructor", site);
        out.push(self.assign_to(attribute, value, class.span));
    }

    /// `name = value` of each instance.
    pub(super) fn instance_field(&mut self, field: &'a ast::PropertyDefinition<'a>, out: &mut Block) {
        let mut value = match &field.value {
            Some(value) => self.expr(value),
            None => self.undefined(field.span),
        };
        for decorator in field.decorators.iter().rev() {
            value = self.decorated_field(decorator, value);
        }
        if let Some(name) = key_text(&field.key) {
            self.assign_to_this(&name, value, field.span, out);
            return;
        }
        let Some(this) = self.this() else { return };
        let base = self.variable(this, field.span);
        let key = self.key(&field.key);
        out.push(self.statement(
            StatementKind::Assign(Pattern::Index(base, key), value),
            field.span,
        ));
    }

    /// Static fields and blocks, and methods whose names are computed, in order.
    fn static_parts(&mut self, class: &'a ast::Class<'a>, site: &Site, parts: &mut Vec<ExprId>) {
        let id = self.here();
        self.functions.push(Frame {
            id,
            arrow: false,
            this: Some(site.holder),
            arguments: None,
            labels: 0,
            jumps: Vec::new(),
        });
        let before = parts.len();
        for element in &class.body.body {
            self.static_part(element, site, parts);
        }
        self.functions.pop();
        if parts.len() > before {
            parts.push(self.variable(site.holder, class.span));
        }
    }

    fn static_part(&mut self, element: &'a ast::ClassElement<'a>, site: &Site, parts: &mut Vec<ExprId>) {
        match element {
            ast::ClassElement::PropertyDefinition(field) if field.r#static && !field.declare => {
                let value = match &field.value {
                    Some(value) => self.expr(value),
                    None => self.undefined(field.span),
                };
                parts.push(self.static_assignment(&field.key, value, site, field.span));
            }
            ast::ClassElement::MethodDefinition(method)
                if method.computed && method.value.body.is_some() && key_text(&method.key).is_none() =>
            {
                let value = self.method_function(method, Vec::new(), site, "");
                parts.push(self.static_assignment(&method.key, value, site, method.span));
            }
            ast::ClassElement::StaticBlock(block) => {
                let name = self.name("");
                let mut function = empty(name, FunctionKind::Function, self.span(block.span));
                function.parent = Some(self.here());
                let id = self.program.function(function);
                self.enter(id, true);
                self.scopes.push();
                self.hoist(&block.body);
                let mut body = Block::new();
                self.body(&block.body, &mut body);
                self.scopes.pop();
                self.functions.pop();
                if let Some(function) = self.function_at(id) {
                    function.body = body;
                }
                let callee = self.add(ExprKind::Function(id), block.span);
                let call = ExprKind::Call {
                    callee,
                    arguments: Vec::new(),
                    new: false,
                };
                parts.push(self.add(call, block.span));
            }
            _ => {}
        }
    }

    fn static_assignment(
        &mut self,
        key: &'a ast::PropertyKey<'a>,
        value: ExprId,
        site: &Site,
        span: ast::Span,
    ) -> ExprId {
        let base = self.variable(site.holder, span);
        let pattern = match key_text(key) {
            Some(name) => Pattern::Field(base, self.name(&name)),
            None => Pattern::Index(base, self.key(key)),
        };
        self.add(ExprKind::Assign(Box::new(pattern), value), span)
    }

    /// `decorator(value)`, or the value where that gives nothing.
    fn decorated(&mut self, decorator: &'a ast::Decorator<'a>, value: ExprId, otherwise: ExprId) -> ExprId {
        let callee = self.expr(&decorator.expression);
        let context = self.add(ExprKind::Map(Vec::new()), decorator.span);
        let arguments = [value, context]
            .map(|value| Argument {
                value,
                kind: ArgumentKind::Positional,
            })
            .to_vec();
        let call = self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            decorator.span,
        );
        self.add(
            ExprKind::Logic(LogicOp::Coalesce, call, otherwise),
            decorator.span,
        )
    }

    /// A decorator of a field gives a function that turns its first value into another.
    fn decorated_field(&mut self, decorator: &'a ast::Decorator<'a>, value: ExprId) -> ExprId {
        let callee = self.expr(&decorator.expression);
        let nothing = self.undefined(decorator.span);
        let context = self.add(ExprKind::Map(Vec::new()), decorator.span);
        let arguments = [nothing, context]
            .map(|value| Argument {
                value,
                kind: ArgumentKind::Positional,
            })
            .to_vec();
        let made = self.add(
            ExprKind::Call {
                callee,
                arguments,
                new: false,
            },
            decorator.span,
        );
        self.add(ExprKind::Unknown(vec![made, value]), decorator.span)
    }

    /// `@getter(get)`, `@setter(set)` or `@setter(set, @getter(get))`.
    pub(super) fn accessor(&mut self, get: Option<ExprId>, set: Option<ExprId>, span: ast::Span) -> ExprId {
        let mut made = None;
        for (name, part) in [("@getter", get), ("@setter", set)] {
            let Some(part) = part else { continue };
            let callee = self.global(name, span);
            let values = std::iter::once(part).chain(made);
            let arguments = values
                .map(|value| Argument {
                    value,
                    kind: ArgumentKind::Positional,
                })
                .collect();
            made = Some(self.add(
                ExprKind::Call {
                    callee,
                    arguments,
                    new: false,
                },
                span,
            ));
        }
        made.unwrap_or_else(|| self.undefined(span))
    }
}

/// The name of a key that is no expression.
pub(super) fn key_text(key: &ast::PropertyKey<'_>) -> Option<String> {
    Some(match key {
        ast::PropertyKey::StaticIdentifier(name) => name.name.as_str().to_owned(),
        ast::PropertyKey::PrivateIdentifier(name) => format!("#{}", name.name.as_str()),
        ast::PropertyKey::StringLiteral(text) => text.value.as_str().to_owned(),
        ast::PropertyKey::NumericLiteral(number) if number.value.fract() == 0.0 => {
            format!("{}", number.value)
        }
        ast::PropertyKey::StaticMemberExpression(member) => match &member.object {
            ast::Expression::Identifier(id) if id.name.as_str() == "Symbol" => {
                format!("@@{}", member.property.name.as_str())
            }
            _ => return None,
        },
        _ => return None,
    })
}

fn instance_field_of<'a>(element: &'a ast::ClassElement<'a>) -> Option<&'a ast::PropertyDefinition<'a>> {
    match element {
        ast::ClassElement::PropertyDefinition(field) if !field.r#static && !field.declare => {
            (field.value.is_some() || !field.decorators.is_empty()).then_some(field)
        }
        _ => None,
    }
}
