//! The intermediate form as text that a person can read, for tests of front ends.
//!
//! Calls are `f(a, k=b)`, variables their names, globals `@name`, imports `<path.item>`; blocks are indented.

use super::{
    Argument, ArgumentKind, Block, Clause, Element, Entry, ExprId, ExprKind, FuncId, Handler, Param,
    ParamKind, Pattern, PatternItem, Program, Statement, StatementKind, Symbol,
};
use std::fmt::Write as _;

/// A function's parameters and body, with the functions and classes that it makes behind it.
pub(crate) fn function(program: &Program, id: FuncId) -> String {
    let mut printer = Printer {
        program,
        out: String::new(),
        indent: 0,
        depth: 0,
        waiting: Vec::new(),
    };
    printer.function(id);
    let mut next = 0;
    while let Some(&inner) = printer.waiting.get(next) {
        printer.function(inner);
        next += 1;
    }
    printer.out
}

struct Printer<'a> {
    program: &'a Program,
    out: String,
    indent: usize,
    depth: usize,
    waiting: Vec<FuncId>,
}

impl Printer<'_> {
    fn function(&mut self, id: FuncId) {
        let function = &self.program.functions[id.0 as usize];
        let params: Vec<_> = function.params.iter().map(|param| self.param(param)).collect();
        let mut head = format!("{}#{}({})", self.name(function.name), id.0, params.join(", "));
        if function.is_async {
            head.insert_str(0, "async ");
        }
        if function.is_generator {
            head.push_str(" yields");
        }
        self.line(&format!("{head}:"));
        self.block(&function.body);
    }

    fn param(&mut self, param: &Param) -> String {
        let sign = match param.kind {
            ParamKind::Normal => "",
            ParamKind::NamedOnly => "!",
            ParamKind::Rest => "*",
            ParamKind::NamedRest => "**",
        };
        let pattern = self.pattern(&param.pattern);
        match param.default {
            Some(default) => format!("{sign}{pattern}={}", self.expr(default)),
            None => format!("{sign}{pattern}"),
        }
    }

    fn name(&self, symbol: Symbol) -> String {
        self.program.names.text(symbol).to_owned()
    }

    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{text}", "", indent = self.indent * 2);
    }

    fn block(&mut self, block: &Block) {
        self.indent += 1;
        for statement in block {
            self.statement(statement);
        }
        self.indent -= 1;
    }

    fn part(&mut self, head: &str, block: &Block) {
        if !block.is_empty() {
            self.line(head);
            self.block(block);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Expr(value) => {
                let text = self.expr(*value);
                self.line(&text);
            }
            StatementKind::Assign(pattern, value) => {
                let text = format!("{} = {}", self.pattern(pattern), self.expr(*value));
                self.line(&text);
            }
            StatementKind::Delete(pattern) => {
                let text = format!("delete {}", self.pattern(pattern));
                self.line(&text);
            }
            StatementKind::If(test, then, otherwise) => {
                let head = format!("if {}:", self.expr(*test));
                self.line(&head);
                self.block(then);
                self.part("else:", otherwise);
            }
            StatementKind::Labelled(label, block) => {
                self.line(&format!("block {}:", label.0));
                self.block(block);
            }
            StatementKind::Break(label) => self.line(&format!("break {}", label.0)),
            StatementKind::Continue(label) => self.line(&format!("continue {}", label.0)),
            StatementKind::Return(value) => {
                let text = value.map_or(String::new(), |value| self.expr(value));
                self.line(format!("return {text}").trim_end());
            }
            StatementKind::Raise(value) => {
                let text = value.map_or(String::new(), |value| self.expr(value));
                self.line(format!("raise {text}").trim_end());
            }
            StatementKind::Assert(value) => {
                let text = self.expr(*value);
                self.line(&format!("assert {text}"));
            }
            StatementKind::Export(name, value) => {
                let text = format!("export {} = {}", self.name(*name), self.expr(*value));
                self.line(&text);
            }
            _ => self.compound(&statement.kind),
        }
    }

    fn compound(&mut self, kind: &StatementKind) {
        match kind {
            StatementKind::While {
                label,
                test,
                body,
                step,
                otherwise,
            } => {
                let head = format!("while {} [{}]:", self.expr(*test), label.0);
                self.line(&head);
                self.block(body);
                self.part("step:", step);
                self.part("else:", otherwise);
            }
            StatementKind::For {
                label,
                pattern,
                iterable,
                keys,
                body,
                otherwise,
            } => {
                let word = if *keys { "in" } else { "of" };
                let head = format!(
                    "for {} {word} {} [{}]:",
                    self.pattern(pattern),
                    self.expr(*iterable),
                    label.0
                );
                self.line(&head);
                self.block(body);
                self.part("else:", otherwise);
            }
            StatementKind::Switch {
                label,
                subject,
                cases,
            } => {
                let head = format!("switch {} [{}]:", self.expr(*subject), label.0);
                self.line(&head);
                for case in cases {
                    let head = match case.test {
                        Some(test) => format!("case {}:", self.expr(test)),
                        None => "default:".to_owned(),
                    };
                    self.line(&head);
                    self.block(&case.body);
                }
            }
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                self.line("try:");
                self.block(body);
                handlers.iter().for_each(|handler| self.handler(handler));
                self.part("else:", otherwise);
                self.part("finally:", finally);
            }
            _ => {}
        }
    }

    fn handler(&mut self, handler: &Handler) {
        let class = handler.class.map_or(String::new(), |class| self.expr(class));
        let pattern = handler
            .pattern
            .as_ref()
            .map_or(String::new(), |pattern| format!(" as {}", self.pattern(pattern)));
        self.line(&format!("except {class}{pattern}:"));
        self.block(&handler.body);
    }

    fn pattern(&mut self, pattern: &Pattern) -> String {
        match pattern {
            Pattern::Var(variable) => self.name(self.program.variables[variable.0 as usize].name),
            Pattern::Global(name) => format!("@{}", self.name(*name)),
            Pattern::Field(base, name) => format!("{}.{}", self.expr(*base), self.name(*name)),
            Pattern::Index(base, index) => format!("{}[{}]", self.expr(*base), self.expr(*index)),
            Pattern::Slice(base, low, high, step) => self.slice(*base, [*low, *high, *step]),
            Pattern::List(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| match item {
                        PatternItem::One(one) => self.pattern(one),
                        PatternItem::Rest(rest) => format!("*{}", self.pattern(rest)),
                    })
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Pattern::Map(entries, rest) => {
                let mut parts: Vec<_> = entries
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.expr(*key), self.pattern(value)))
                    .collect();
                if let Some(rest) = rest {
                    parts.push(format!("...{}", self.pattern(rest)));
                }
                format!("{{{}}}", parts.join(", "))
            }
            Pattern::Default(inner, default) => format!("{}={}", self.pattern(inner), self.expr(*default)),
            Pattern::Ignore => "_".to_owned(),
        }
    }

    fn slice(&mut self, base: ExprId, bounds: [Option<ExprId>; 3]) -> String {
        let bounds: Vec<_> = bounds
            .into_iter()
            .map(|bound| bound.map_or(String::new(), |bound| self.expr(bound)))
            .collect();
        format!("{}[{}]", self.expr(base), bounds.join(":"))
    }

    fn exprs(&mut self, ids: &[ExprId]) -> String {
        let parts: Vec<_> = ids.iter().map(|&id| self.expr(id)).collect();
        parts.join(", ")
    }

    fn elements(&mut self, elements: &[Element]) -> String {
        let parts: Vec<_> = elements
            .iter()
            .map(|element| match element {
                Element::One(one) => self.expr(*one),
                Element::Spread(all) => format!("*{}", self.expr(*all)),
            })
            .collect();
        parts.join(", ")
    }

    fn arguments(&mut self, arguments: &[Argument]) -> String {
        let parts: Vec<_> = arguments
            .iter()
            .map(|argument| {
                let value = self.expr(argument.value);
                match argument.kind {
                    ArgumentKind::Positional => value,
                    ArgumentKind::Spread => format!("*{value}"),
                    ArgumentKind::Named(name) => format!("{}={value}", self.name(name)),
                    ArgumentKind::NamedSpread => format!("**{value}"),
                }
            })
            .collect();
        parts.join(", ")
    }

    fn expr(&mut self, id: ExprId) -> String {
        self.depth += 1;
        let text = if self.depth > 60 {
            "...".to_owned()
        } else {
            self.simple(&self.program.exprs[id.0 as usize].kind)
        };
        self.depth -= 1;
        text
    }

    fn simple(&mut self, kind: &ExprKind) -> String {
        match kind {
            ExprKind::Null => "null".to_owned(),
            ExprKind::Undefined => "undefined".to_owned(),
            ExprKind::Bool(truth) => truth.to_string(),
            ExprKind::Int(number) => number.to_string(),
            ExprKind::Float(number) => format!("{number:?}"),
            ExprKind::Text(text) => format!("{text:?}"),
            ExprKind::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
            ExprKind::Var(variable) => self.name(self.program.variables[variable.0 as usize].name),
            ExprKind::Global(name) => format!("@{}", self.name(*name)),
            ExprKind::Field(base, name) => format!("{}.{}", self.expr(*base), self.name(*name)),
            ExprKind::Index(base, index) => format!("{}[{}]", self.expr(*base), self.expr(*index)),
            ExprKind::Slice(base, low, high, step) => self.slice(*base, [*low, *high, *step]),
            ExprKind::Call {
                callee,
                arguments,
                new,
            } => {
                let new = if *new { "new " } else { "" };
                format!("{new}{}({})", self.expr(*callee), self.arguments(arguments))
            }
            ExprKind::Binary(op, left, right) => {
                format!("({} {op:?} {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::Unary(op, operand) => format!("({op:?} {})", self.expr(*operand)),
            ExprKind::Compare(op, left, right) => {
                format!("({} {op:?} {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::Logic(op, left, right) => {
                format!("({} {op:?} {})", self.expr(*left), self.expr(*right))
            }
            ExprKind::List(elements) => format!("[{}]", self.elements(elements)),
            ExprKind::Tuple(elements) => format!("({},)", self.elements(elements)),
            ExprKind::Set(elements) => format!("set{{{}}}", self.elements(elements)),
            _ => self.rare(kind),
        }
    }

    fn rare(&mut self, kind: &ExprKind) -> String {
        match kind {
            ExprKind::Conditional(test, then, otherwise) => format!(
                "({} ? {} : {})",
                self.expr(*test),
                self.expr(*then),
                self.expr(*otherwise)
            ),
            ExprKind::Concat(parts) => format!("concat({})", self.exprs(parts)),
            ExprKind::Map(entries) => {
                let parts: Vec<_> = entries
                    .iter()
                    .map(|entry| match entry {
                        Entry::Pair(key, value) => format!("{}: {}", self.expr(*key), self.expr(*value)),
                        Entry::Spread(all) => format!("**{}", self.expr(*all)),
                    })
                    .collect();
                format!("{{{}}}", parts.join(", "))
            }
            ExprKind::Function(id) => {
                self.waiting.push(*id);
                let function = &self.program.functions[id.0 as usize];
                format!("function {}#{}", self.name(function.name), id.0)
            }
            ExprKind::Class(id) => {
                let class = &self.program.classes[id.0 as usize];
                self.waiting.push(class.body);
                format!("class {}({})", self.name(class.name), self.exprs(&class.bases))
            }
            ExprKind::Assign(pattern, value) => {
                format!("({} := {})", self.pattern(pattern), self.expr(*value))
            }
            ExprKind::Comprehension {
                kind,
                element,
                key,
                clauses,
            } => {
                let clauses: Vec<_> = clauses.iter().map(|clause| self.clause(clause)).collect();
                let key = key.map_or(String::new(), |key| format!("{}: ", self.expr(key)));
                format!("{kind:?}({key}{}{})", self.expr(*element), clauses.concat())
            }
            ExprKind::Await(inner) => format!("await {}", self.expr(*inner)),
            ExprKind::Yield(inner) => {
                let value = inner.map_or(String::new(), |inner| self.expr(inner));
                format!("yield({value})")
            }
            ExprKind::YieldFrom(inner) => format!("yield*({})", self.expr(*inner)),
            ExprKind::Import(path, item) => {
                let item = item.map_or(String::new(), |item| format!(":{}", self.name(item)));
                format!("<{path}{item}>")
            }
            ExprKind::Super => "super".to_owned(),
            ExprKind::Sequence(parts) => format!("seq({})", self.exprs(parts)),
            ExprKind::Unknown(parts) => format!("?({})", self.exprs(parts)),
            _ => String::new(),
        }
    }

    fn clause(&mut self, clause: &Clause) -> String {
        let pattern = self.pattern(&clause.pattern);
        let mut text = format!(" for {pattern} of {}", self.expr(clause.iterable));
        for condition in &clause.conditions {
            let _ = write!(text, " if {}", self.expr(*condition));
        }
        text
    }
}
