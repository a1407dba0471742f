//! What makes data harmless: sanitizers and tests. After a test that looked at a text, the text is harmless for the sinks
//! that the data on taint names.

use super::object::Shape;
use super::value::{Kind, Marks, Value};
use super::{Act, Machine};
use crate::ir::{Argument, ExprId, ExprKind, VarId};
use crate::taint;
use std::rc::Rc;

impl Machine<'_> {
    /// A value that is harmless for some sinks.
    pub(super) fn cleared(&mut self, value: &Value, bits: u64) -> Value {
        if let Kind::OneOf(all) = &value.kind {
            let all: Vec<Value> = all.iter().map(|one| self.cleared(one, bits)).collect();
            return Value::of(Kind::OneOf(all.into()));
        }
        let mut value = value.clone();
        value.marks = cleared_marks(&value.marks, bits);
        if let Kind::Object(id) = value.kind
            && matches!(self.store.object(id).shape, Shape::Native(_))
        {
            // A thing of a library that is not changed, such as a path: a twin of it is harmless.
            let mut object = self.store.object(id).clone();
            object.marks = cleared_marks(&object.marks, bits);
            for item in object.items.iter_mut().chain(object.entries.values_mut()) {
                item.marks = cleared_marks(&item.marks, bits);
            }
            value.kind = self.new_object(object).kind;
        }
        value
    }

    fn clear_variable(&mut self, act: &Act<'_>, variable: VarId, bits: u64) {
        let value = self.read_var(act, variable);
        let value = self.cleared(&value, bits);
        self.write_var(act, variable, value);
    }

    /// Where a call as a test held, what it guards is harmless.
    pub(super) fn refine_guard(&mut self, act: &Act<'_>, callee: ExprId, arguments: &[Argument]) {
        let Some(first) = arguments.first() else { return };
        if let ExprKind::Field(base, name) = act.code.expr(callee).kind {
            let method = self.program.names.text(name);
            let prefixes = taint::data().prefixes.iter();
            let bits = prefixes
                .filter(|(known, _)| *known == method)
                .fold(0, |bits, (_, more)| bits | more);
            if bits != 0 {
                if let (Some(variable), false) = (subject(act, base), is_short(act, first.value)) {
                    self.clear_variable(act, variable, bits);
                }
                return;
            }
        }
        let Ok(value) = self.eval_quiet(act, callee) else {
            return;
        };
        let Kind::Path(path) = value.kind else { return };
        let bits = self.paths.info(path).taint.guards;
        if bits != 0
            && let ExprKind::Var(variable) = act.code.expr(first.value).kind
        {
            self.clear_variable(act, variable, bits);
        }
    }
}

/// The variable that a test looks at: itself, or a text made of it.
fn subject(act: &Act<'_>, expr: ExprId) -> Option<VarId> {
    match &act.code.expr(expr).kind {
        ExprKind::Var(variable) => Some(*variable),
        ExprKind::Call {
            callee, arguments, ..
        } => match (&act.code.expr(*callee).kind, arguments.as_slice()) {
            (ExprKind::Global(_), [only]) => subject(act, only.value),
            (ExprKind::Field(base, _), []) => subject(act, *base),
            _ => None,
        },
        _ => None,
    }
}

/// Whether an expression is a text that is too short to be a folder.
fn is_short(act: &Act<'_>, expr: ExprId) -> bool {
    matches!(&act.code.expr(expr).kind, ExprKind::Text(text) if text.len() < 3)
}

fn cleared_marks(marks: &Option<Rc<Marks>>, bits: u64) -> Option<Rc<Marks>> {
    let known = marks.as_ref()?;
    if known.taints.is_empty() {
        return marks.clone();
    }
    let mut cleared = Marks::clone(known);
    if bits == u64::MAX {
        cleared.taints.clear();
    }
    for taint in &mut cleared.taints {
        taint.cleared |= bits;
    }
    Some(Rc::new(cleared))
}
