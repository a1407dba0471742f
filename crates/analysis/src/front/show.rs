//! Shows what was lowered, for comparison.

use crate::ir::{
    Argument, ArgumentKind, Block, Element, ExprId, ExprKind, Pattern, Program, Statement, StatementKind,
    VarId,
};

pub(crate) fn block(program: &Program, block: &Block) -> String {
    let shown: Vec<String> = block.iter().map(|statement| show(program, statement)).collect();
    shown.join("; ")
}

fn show(program: &Program, statement: &Statement) -> String {
    let expr = |id: &ExprId| expr(program, *id);
    let block = |body: &Block| block(program, body);
    match &statement.kind {
        StatementKind::Expr(id) => expr(id),
        StatementKind::Assign(to, id) => format!("{} = {}", pattern(program, to), expr(id)),
        StatementKind::If(test, then, otherwise) if otherwise.is_empty() => {
            format!("if {} {{ {} }}", expr(test), block(then))
        }
        StatementKind::If(test, then, otherwise) => {
            format!(
                "if {} {{ {} }} else {{ {} }}",
                expr(test),
                block(then),
                block(otherwise)
            )
        }
        StatementKind::While { test, body, .. } => format!("while {} {{ {} }}", expr(test), block(body)),
        StatementKind::For {
            pattern: to,
            iterable,
            body,
            ..
        } => {
            format!(
                "for {} in {} {{ {} }}",
                pattern(program, to),
                expr(iterable),
                block(body)
            )
        }
        StatementKind::Break(_) => "break".to_owned(),
        StatementKind::Return(Some(id)) => format!("return {}", expr(id)),
        other => format!("{other:?}"),
    }
}

fn variable(program: &Program, id: VarId) -> String {
    let entry = program.variables[id.0 as usize];
    let name = program.names.text(entry.name);
    let name = name.strip_prefix("sh:").unwrap_or(name);
    if !name.is_empty() {
        return name.to_owned();
    }
    let unnamed = program.variables[..id.0 as usize]
        .iter()
        .filter(|other| program.names.text(other.name).is_empty())
        .count();
    format!("v{unnamed}")
}

fn pattern(program: &Program, pattern: &Pattern) -> String {
    match pattern {
        Pattern::Var(id) => variable(program, *id),
        Pattern::Global(name) => program.names.text(*name).to_owned(),
        Pattern::Field(base, name) => format!("{}.{}", expr(program, *base), program.names.text(*name)),
        Pattern::Index(base, key) => format!("{}[{}]", expr(program, *base), expr(program, *key)),
        other => format!("{other:?}"),
    }
}

fn all(program: &Program, ids: &[ExprId]) -> String {
    let shown: Vec<String> = ids.iter().map(|id| expr(program, *id)).collect();
    shown.join(", ")
}

fn argument(program: &Program, argument: &Argument) -> String {
    let value = expr(program, argument.value);
    match argument.kind {
        ArgumentKind::Named(name) => format!("{}={value}", program.names.text(name)),
        ArgumentKind::Spread => format!("*{value}"),
        _ => value,
    }
}

fn expr(program: &Program, id: ExprId) -> String {
    let show = |id: &ExprId| expr(program, *id);
    match &program.exprs[id.0 as usize].kind {
        ExprKind::Text(text) => format!("'{text}'"),
        ExprKind::Int(number) => number.to_string(),
        ExprKind::Bool(truth) => truth.to_string(),
        ExprKind::Var(id) => variable(program, *id),
        ExprKind::Global(name) => program.names.text(*name).to_owned(),
        ExprKind::Field(base, name) => format!("{}.{}", show(base), program.names.text(*name)),
        ExprKind::Import(path, _) => format!("import {path}"),
        ExprKind::Null => "null".to_owned(),
        ExprKind::Float(number) => number.to_string(),
        ExprKind::Assign(to, id) => format!("({} = {})", pattern(program, to), show(id)),
        ExprKind::Index(base, key) => format!("{}[{}]", show(base), show(key)),
        ExprKind::Slice(base, low, high, _) => {
            let end = |end: &Option<ExprId>| end.as_ref().map(show).unwrap_or_default();
            format!("{}[{}:{}]", show(base), end(low), end(high))
        }
        ExprKind::Call {
            callee, arguments, ..
        } => {
            let shown: Vec<String> = arguments.iter().map(|one| argument(program, one)).collect();
            format!("{}({})", show(callee), shown.join(", "))
        }
        ExprKind::Binary(op, left, right) => format!("({} {op:?} {})", show(left), show(right)),
        ExprKind::Logic(op, left, right) => format!("({} {op:?} {})", show(left), show(right)),
        ExprKind::Compare(op, left, right) => format!("({} {op:?} {})", show(left), show(right)),
        ExprKind::Unary(op, inner) => format!("{op:?} {}", show(inner)),
        ExprKind::Concat(parts) => format!("[{}]", all(program, parts)),
        ExprKind::Sequence(parts) => all(program, parts),
        ExprKind::Unknown(parts) => format!("?({})", all(program, parts)),
        ExprKind::List(items) => {
            let shown: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Element::One(id) => show(id),
                    Element::Spread(id) => format!("*{}", show(id)),
                })
                .collect();
            format!("list({})", shown.join(", "))
        }
        ExprKind::Function(id) => {
            let function = &program.functions[id.0 as usize];
            let params: Vec<&str> = function
                .params
                .iter()
                .map(|param| program.names.text(param.name))
                .collect();
            format!(
                "function({}) {{ {} }}",
                params.join(", "),
                block(program, &function.body)
            )
        }
        other => format!("{other:?}"),
    }
}
