//! Operators on values: computed where both operands are constant, else unknown with the marks of both.

use super::arithmetic::{floats, integer, integers, loosely, may_be, number, order, script_number};
use super::ask::TEXT;
use super::object::{Object, Shape};
use super::value::{HOLE, Kind, Type, Value, merge_marks};
use super::{Act, Eval, Machine};
use crate::ir::{BinaryOp, CompareOp, Language, Span, UnaryOp};
use std::cmp::Ordering;
use std::rc::Rc;

/// How many pairs of alternatives are computed one by one.
const PAIRS: usize = 16;

impl Machine<'_> {
    /// Whether a value counts as true, if that is known.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        Some(match &value.kind {
            Kind::Unbound | Kind::Null | Kind::Undefined => false,
            Kind::Bool(truth) => *truth,
            Kind::Int(number) => *number != 0,
            Kind::Float(number) => *number != 0.0 && !number.is_nan(),
            Kind::Text(text) => !text.is_empty(),
            Kind::Template(text) => return text.chars().any(|letter| letter != HOLE).then_some(true),
            Kind::Bytes(bytes) => !bytes.is_empty(),
            Kind::Object(id) => return self.object_truth(*id),
            Kind::OneOf(all) => {
                let first = self.truth(all.first()?)?;
                return all
                    .iter()
                    .all(|one| self.truth(one) == Some(first))
                    .then_some(first);
            }
            Kind::Path(_) | Kind::Unknown(_) => return None,
        })
    }

    fn object_truth(&self, id: super::value::ObjId) -> Option<bool> {
        let object = self.store.object(id);
        let python = self.language == Language::Python;
        match object.shape {
            Shape::List | Shape::Tuple | Shape::Set | Shape::Dict if python => {
                if !object.items.is_empty() {
                    return Some(true);
                }
                let empty = object.items.is_empty() && object.entries.is_empty();
                object.exact.then_some(!empty)
            }
            Shape::Instance if python => None,
            _ => Some(true),
        }
    }

    /// Two operands.
    pub(super) fn binary(
        &mut self,
        act: &Act<'_>,
        op: BinaryOp,
        one: &Value,
        other: &Value,
        span: Span,
    ) -> Eval {
        let several = matches!(one.kind, Kind::OneOf(_)) || matches!(other.kind, Kind::OneOf(_));
        if several {
            let (left, right) = (one.alternatives(), other.alternatives());
            if left.len() * right.len() <= PAIRS {
                let mut joined = Value::default();
                for one in left {
                    for other in right {
                        joined = joined.join(&self.binary(act, op, one, other, span)?);
                    }
                }
                return Ok(joined);
            }
        }
        if matches!(one.kind, Kind::Object(_)) || matches!(other.kind, Kind::Object(_)) {
            return self.binary_objects(act, op, one, other, span);
        }
        if op == BinaryOp::Add && one.is_clean() != other.is_clean() && is_text(one) && is_text(other) {
            // Which letters an outsider chose has to be seen in what is made of both.
            let text = self.clean_piece(one, act.language) + &self.clean_piece(other, act.language);
            return Ok(self.built(text, merge_marks(&one.marks, &other.marks)));
        }
        if let Some(kind) = self.compute(act.language, op, one, other) {
            if let Kind::Text(text) = &kind {
                self.charge(text.len());
            } else if let Kind::Bytes(bytes) = &kind {
                self.charge(bytes.len());
            }
            return Ok(Value {
                kind,
                marks: merge_marks(&one.marks, &other.marks),
            });
        }
        if op == BinaryOp::Modulo && act.language == Language::Python && is_text(one) {
            let arguments = vec![other.clone()];
            return Ok(self.percent(one, arguments, None));
        }
        let text = matches!(op, BinaryOp::Add) && (is_text(one) || is_text(other));
        let marks = merge_marks(&self.deep_marks(one), &self.deep_marks(other));
        if text && (act.language != Language::Python || !matches!(one.ty(), Type::Bytes)) {
            let text = self.piece(one, act.language) + &self.piece(other, act.language);
            return Ok(self.built(text, marks));
        }
        let ty = match (op, one.ty(), other.ty()) {
            (_, Type::Number, Type::Number) => Type::Number,
            (BinaryOp::Add, one, other) if one == other => one,
            (BinaryOp::Multiply, Type::Text, _) | (BinaryOp::Add, Type::Text, _) => Type::Text,
            _ => Type::Any,
        };
        self.may_raise = true;
        Ok(Value {
            kind: Kind::Unknown(ty),
            marks,
        })
    }

    /// A part of a text, of which what a source reaches is a hole.
    pub(super) fn clean_piece(&self, value: &Value, language: Language) -> String {
        match &value.kind {
            Kind::Text(_) if !value.is_clean() => HOLE.to_string(),
            _ => self.piece(value, language),
        }
    }

    fn compute(&self, language: Language, op: BinaryOp, one: &Value, other: &Value) -> Option<Kind> {
        match (&one.kind, &other.kind) {
            (Kind::Text(a), Kind::Text(b)) if op == BinaryOp::Add && a.len() + b.len() <= TEXT => {
                let mut text = String::with_capacity(a.len() + b.len());
                text.push_str(a);
                text.push_str(b);
                Some(Kind::Text(text.into()))
            }
            (Kind::Bytes(a), Kind::Bytes(b)) if op == BinaryOp::Add && a.len() + b.len() <= TEXT => {
                Some(Kind::Bytes([&a[..], &b[..]].concat().into()))
            }
            (Kind::Text(text), Kind::Int(count)) | (Kind::Int(count), Kind::Text(text))
                if op == BinaryOp::Multiply && language == Language::Python =>
            {
                let count = usize::try_from(*count).unwrap_or(0);
                (count.saturating_mul(text.len()) <= TEXT).then(|| Kind::Text(text.repeat(count).into()))
            }
            (Kind::Bytes(bytes), Kind::Int(count)) | (Kind::Int(count), Kind::Bytes(bytes))
                if op == BinaryOp::Multiply =>
            {
                let count = usize::try_from(*count).unwrap_or(0);
                (count.saturating_mul(bytes.len()) <= TEXT).then(|| Kind::Bytes(bytes.repeat(count).into()))
            }
            (Kind::Text(_), _) | (_, Kind::Text(_)) => {
                let script = language != Language::Python && op == BinaryOp::Add;
                if !script || !one.is_constant() || !other.is_constant() {
                    return None;
                }
                Some(Kind::Text(
                    (self.piece(one, language) + &self.piece(other, language)).into(),
                ))
            }
            _ => match (integer(one), integer(other)) {
                (Some(a), Some(b)) => integers(language, op, a, b),
                _ => floats(op, number(one)?, number(other)?),
            },
        }
    }

    /// An operator of Python on a thing of a library or a set, by a model under the kind and the operator's method.
    fn operator_model(
        &mut self,
        act: &Act<'_>,
        op: BinaryOp,
        one: &Value,
        other: &Value,
        span: Span,
    ) -> Option<Eval> {
        if act.language != Language::Python {
            return None;
        }
        let kind = match self.store.object(one.as_object()?).shape {
            Shape::Set => "set".to_owned(),
            Shape::Native(path) => self.paths.text(path).to_string(),
            _ => return None,
        };
        let name = operator_method(op)?;
        let path = self.paths.root(Language::Python, &format!("{kind}#{name}"));
        self.paths.info(path).model?;
        let callee = super::member::Callee {
            value: Value::of(Kind::Path(path)),
            receiver: Some(one.clone()),
        };
        let arguments = super::library::Arguments {
            places: vec![other.clone()],
            ..Default::default()
        };
        let site = super::call::Site {
            span,
            expr: crate::ir::ExprId(u32::MAX),
            new: false,
        };
        Some(self.call(callee, &Rc::new(arguments), site))
    }

    fn binary_objects(
        &mut self,
        act: &Act<'_>,
        op: BinaryOp,
        one: &Value,
        other: &Value,
        span: Span,
    ) -> Eval {
        if let Some(name) = operator_method(op) {
            if let Some(result) = self.call_special(one, name, vec![other.clone()], span) {
                return result;
            }
            let reflected = format!("__r{}", &name[2..]);
            if let Some(result) = self.call_special(other, &reflected, vec![one.clone()], span) {
                return result;
            }
        }
        if let Some(result) = self.operator_model(act, op, one, other, span) {
            return result;
        }
        if let Some(value) = self.binary_lists(act, op, one, other) {
            return Ok(value);
        }
        if op == BinaryOp::Modulo && is_text(one) {
            let tuple = other.as_object().map(|id| self.store.shared_object(id));
            return Ok(match tuple {
                Some(object) if matches!(object.shape, Shape::Tuple) && object.exact => {
                    self.percent(one, object.items.clone(), None)
                }
                _ => self.percent(one, vec![other.clone()], Some(other.clone())),
            });
        }
        if op == BinaryOp::BitOr
            && let (Some(a), Some(_)) = (one.as_object(), other.as_object())
            && matches!(self.store.object(a).shape, Shape::Dict)
        {
            let mut object = Object::clone(self.store.object(a));
            self.spread_into(&mut object, other);
            return Ok(self.new_object(object));
        }
        let marks = merge_marks(&self.deep_marks(one), &self.deep_marks(other));
        if let Some(id) = one.as_object()
            && let Shape::Native(path) = self.store.object(id).shape
        {
            // A thing of a library and what an operator adds to it: such a thing again.
            let mut object = Object::new(Shape::Native(path));
            object.marks = marks;
            return Ok(self.new_object(object));
        }
        let ty = if op == BinaryOp::Add && (is_text(one) || is_text(other)) {
            Type::Text
        } else {
            Type::Any
        };
        Ok(Value {
            kind: Kind::Unknown(ty),
            marks,
        })
    }

    fn binary_lists(&mut self, act: &Act<'_>, op: BinaryOp, one: &Value, other: &Value) -> Option<Value> {
        let list = |machine: &Self, value: &Value| {
            let id = value.as_object()?;
            let object = machine.store.shared_object(id);
            matches!(object.shape, Shape::List | Shape::Tuple | Shape::Set).then_some(object)
        };
        match (op, list(self, one), list(self, other)) {
            (BinaryOp::Add | BinaryOp::BitOr, Some(a), Some(b)) if act.language == Language::Python => {
                let mut object = Object::clone(&a);
                object.marks = merge_marks(&a.marks, &b.marks);
                if a.exact && b.exact && a.items.len() + b.items.len() <= 1 << 16 {
                    object.items.extend(b.items.iter().cloned());
                } else {
                    for item in b.items.iter().chain(&b.rest) {
                        object.add_rest(item);
                    }
                }
                return Some(self.new_object(object));
            }
            (BinaryOp::Multiply, Some(a), None) if act.language == Language::Python => {
                let count = other.as_int().and_then(|count| usize::try_from(count).ok());
                let mut object = Object::clone(&a);
                match count {
                    Some(count) if a.items.len().saturating_mul(count) <= 1 << 16 => {
                        object.items = (0..count).flat_map(|_| a.items.iter().cloned()).collect();
                    }
                    _ => {
                        for item in &a.items {
                            object.add_rest(item);
                        }
                    }
                }
                return Some(self.new_object(object));
            }
            _ => {}
        }
        None
    }

    /// One operand.
    pub(super) fn unary(&mut self, act: &Act<'_>, op: UnaryOp, value: &Value) -> Value {
        if let Kind::OneOf(all) = &value.kind {
            let all = Rc::clone(all);
            return all.iter().fold(Value::default(), |joined, one| {
                joined.join(&self.unary(act, op, one))
            });
        }
        let kind = match (op, &value.kind) {
            (UnaryOp::Not, _) => {
                let Some(truth) = self.truth(value) else {
                    return Value::of(Kind::Unknown(Type::Bool));
                };
                let marks = if truth { None } else { value.all_marks() };
                return Value {
                    kind: Kind::Bool(!truth),
                    marks,
                };
            }
            (UnaryOp::Void, _) => return Value::undefined(),
            (UnaryOp::TypeOf, _) => return self.type_of(act, value),
            (UnaryOp::Negate, Kind::Int(number)) => number.checked_neg().map(Kind::Int),
            (UnaryOp::Negate, Kind::Float(number)) => Some(Kind::Float(-number)),
            (UnaryOp::Negate | UnaryOp::Plus, Kind::Bool(truth)) => {
                let number = i64::from(*truth);
                Some(Kind::Int(if op == UnaryOp::Negate { -number } else { number }))
            }
            (UnaryOp::Plus, Kind::Int(_) | Kind::Float(_)) => Some(value.kind.clone()),
            (UnaryOp::Plus, Kind::Text(text)) => Some(script_number(text)),
            (UnaryOp::BitNot, Kind::Int(number)) if act.language == Language::Python => {
                Some(Kind::Int(!number))
            }
            (UnaryOp::BitNot, _) => value
                .as_int()
                .map(|number| Kind::Int(i64::from(!(number as i32)))),
            _ => None,
        };
        Value {
            kind: kind.unwrap_or(Kind::Unknown(Type::Number)),
            marks: self.deep_marks(value),
        }
    }

    fn type_of(&self, act: &Act<'_>, value: &Value) -> Value {
        Value::text(match &value.kind {
            Kind::Undefined | Kind::Unbound => "undefined",
            Kind::Null => "object",
            Kind::Bool(_) | Kind::Unknown(Type::Bool) => "boolean",
            Kind::Int(_) | Kind::Float(_) | Kind::Unknown(Type::Number) => "number",
            Kind::Text(_) | Kind::Template(_) | Kind::Unknown(Type::Text) => "string",
            Kind::Object(id) => match self.store.object(*id).shape {
                Shape::Function(_) | Shape::Class(_) | Shape::Bound { .. } | Shape::Unbound { .. } => {
                    "function"
                }
                _ => "object",
            },
            Kind::Path(path) => {
                let text = self.paths.text(*path);
                match &*text {
                    "process" | "module" | "exports" | "global" | "globalThis" | "Math" | "JSON" => "object",
                    "require" | "eval" | "Function" | "Object" | "Array" | "String" | "Promise"
                    | "Symbol" => "function",
                    // Node has no window.
                    "window" | "document" | "navigator" if act.language == Language::JavaScript => {
                        return Value::of(Kind::Unknown(Type::Text));
                    }
                    _ => return Value::of(Kind::Unknown(Type::Text)),
                }
            }
            _ => return Value::of(Kind::Unknown(Type::Text)),
        })
    }

    /// A comparison as a value. How two values compare is not followed: the result has no marks.
    pub(super) fn compare_values(
        &mut self,
        act: &Act<'_>,
        op: CompareOp,
        one: &Value,
        other: &Value,
        span: Span,
    ) -> Eval {
        if let Some(name) = compare_method(op) {
            let (receiver, argument) = if matches!(op, CompareOp::In | CompareOp::NotIn) {
                (other, one)
            } else {
                (one, other)
            };
            if let Some(result) = self.call_special(receiver, name, vec![argument.clone()], span) {
                let result = result?;
                return Ok(if op == CompareOp::NotIn {
                    self.unary(act, UnaryOp::Not, &result)
                } else {
                    result
                });
            }
        }
        let (truth, ..) = self.compare(act, op, one, other);
        let mut result = truth.map_or(Value::of(Kind::Unknown(Type::Bool)), Value::bool);
        if truth == Some(true) {
            // That it holds tells what the data is.
            result.marks = merge_marks(&one.all_marks(), &other.all_marks());
        }
        Ok(result)
    }

    /// A comparison, if its outcome is known.
    pub(super) fn compare(
        &mut self,
        act: &Act<'_>,
        op: CompareOp,
        one: &Value,
        other: &Value,
    ) -> (Option<bool>,) {
        let (left, right) = (one.alternatives(), other.alternatives());
        if left.len() * right.len() > 1 {
            if left.len() * right.len() > PAIRS || matches!(op, CompareOp::InstanceOf) {
                return (None,);
            }
            let mut all: Option<bool> = None;
            for one in left {
                for other in right {
                    let (Some(truth),) = self.compare(act, op, one, other) else {
                        return (None,);
                    };
                    if all.is_some_and(|known| known != truth) {
                        return (None,);
                    }
                    all = Some(truth);
                }
            }
            return (all,);
        }
        let truth = match op {
            CompareOp::Equal => self.equal(act.language, one, other),
            CompareOp::NotEqual => self.equal(act.language, one, other).map(|truth| !truth),
            CompareOp::Is => self.identical(one, other),
            CompareOp::IsNot => self.identical(one, other).map(|truth| !truth),
            CompareOp::In => self.contains(act.language, other, one),
            CompareOp::NotIn => self.contains(act.language, other, one).map(|truth| !truth),
            CompareOp::InstanceOf => self.is_instance(one, other),
            CompareOp::Less => order(one, other).map(|order| order == Ordering::Less),
            CompareOp::LessEqual => order(one, other).map(|order| order != Ordering::Greater),
            CompareOp::Greater => order(one, other).map(|order| order == Ordering::Greater),
            CompareOp::GreaterEqual => order(one, other).map(|order| order != Ordering::Less),
        };
        (truth,)
    }

    /// Whether two values are equal, if that is known.
    pub fn equal(&self, language: Language, one: &Value, other: &Value) -> Option<bool> {
        match (&one.kind, &other.kind) {
            (Kind::Path(_) | Kind::Unknown(_) | Kind::OneOf(_) | Kind::Unbound, _)
            | (_, Kind::Path(_) | Kind::Unknown(_) | Kind::OneOf(_) | Kind::Unbound) => None,
            (Kind::Template(template), Kind::Text(text)) | (Kind::Text(text), Kind::Template(template)) => {
                may_be(template, text)
                    .then_some(())
                    .map_or(Some(false), |()| None)
            }
            (Kind::Template(_), _) | (_, Kind::Template(_)) => None,
            (Kind::Object(a), Kind::Object(b)) => {
                if a == b {
                    return Some(true);
                }
                let (a, b) = (self.store.object(*a), self.store.object(*b));
                if language != Language::Python {
                    return Some(false);
                }
                if !a.exact || !b.exact {
                    return None;
                }
                if a.items.len() != b.items.len() || a.entries.len() != b.entries.len() {
                    return Some(false);
                }
                if !matches!(a.shape, Shape::List | Shape::Tuple)
                    || !a.entries.is_empty()
                    || a.items.len() > 64
                {
                    return None;
                }
                let mut all = Some(true);
                for (a, b) in a.items.iter().zip(&b.items) {
                    match self.equal(language, a, b) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => all = None,
                    }
                }
                all
            }
            (Kind::Null | Kind::Undefined, Kind::Null | Kind::Undefined) => Some(true),
            (Kind::Int(a), Kind::Int(b)) => Some(a == b),
            (Kind::Text(a), Kind::Text(b)) => Some(a == b),
            (Kind::Bytes(a), Kind::Bytes(b)) => Some(a == b),
            (Kind::Object(_), _) | (_, Kind::Object(_)) => (language == Language::Python).then_some(false),
            _ => match (number(one), number(other)) {
                (Some(a), Some(b)) => Some(a == b),
                (None, None) | (Some(_), None) | (None, Some(_)) if language == Language::Python => {
                    Some(false)
                }
                _ => loosely(one, other),
            },
        }
    }

    fn identical(&self, one: &Value, other: &Value) -> Option<bool> {
        match (&one.kind, &other.kind) {
            (Kind::Object(a), Kind::Object(b)) if a == b => (!self.store.is_summary(*a)).then_some(true),
            (Kind::Object(a), Kind::Object(b)) => {
                (!self.store.is_summary(*a) && !self.store.is_summary(*b)).then_some(false)
            }
            (Kind::Object(_), Kind::Path(_) | Kind::Unknown(_))
            | (Kind::Path(_) | Kind::Unknown(_), Kind::Object(_)) => None,
            (Kind::Object(_), _) | (_, Kind::Object(_)) => Some(false),
            (Kind::Null, Kind::Undefined) | (Kind::Undefined, Kind::Null) => Some(false),
            (Kind::Path(a), Kind::Path(b))
                if a == b && !self.paths.text(*a).ends_with(')') && !super::path::Paths::is_unknown(*a) =>
            {
                Some(true)
            }
            (Kind::Bool(_), Kind::Int(_) | Kind::Float(_) | Kind::Text(_))
            | (Kind::Int(_) | Kind::Float(_) | Kind::Text(_), Kind::Bool(_)) => Some(false),
            (Kind::Int(_) | Kind::Float(_), Kind::Text(_))
            | (Kind::Text(_), Kind::Int(_) | Kind::Float(_)) => Some(false),
            (
                Kind::Null | Kind::Undefined,
                Kind::Bool(_)
                | Kind::Int(_)
                | Kind::Float(_)
                | Kind::Text(_)
                | Kind::Bytes(_)
                | Kind::Template(_),
            )
            | (
                Kind::Bool(_)
                | Kind::Int(_)
                | Kind::Float(_)
                | Kind::Text(_)
                | Kind::Bytes(_)
                | Kind::Template(_),
                Kind::Null | Kind::Undefined,
            ) => Some(false),
            _ => self.equal(Language::Python, one, other),
        }
    }

    fn contains(&mut self, language: Language, container: &Value, item: &Value) -> Option<bool> {
        match &container.kind {
            Kind::Text(text) => match &item.kind {
                Kind::Text(part) => Some(text.contains(&**part)),
                _ => None,
            },
            Kind::Template(text) => match &item.kind {
                Kind::Text(part) if text.contains(&**part) => Some(true),
                _ => None,
            },
            Kind::Bytes(bytes) => {
                let part = item.as_bytes()?;
                Some(part.is_empty() || bytes.windows(part.len()).any(|window| window == part))
            }
            Kind::Object(id) => {
                let object = self.store.shared_object(*id);
                if matches!(object.shape, Shape::Dict | Shape::Record | Shape::Instance) {
                    let key = self.key_of(item)?;
                    return match object.entries.get(&key) {
                        Some(_) if object.exact => Some(true),
                        Some(_) => None,
                        None if object.exact && !matches!(object.shape, Shape::Instance) => Some(false),
                        None => None,
                    };
                }
                let mut unknown = !object.exact;
                for known in &object.items {
                    match self.equal(language, known, item) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => unknown = true,
                    }
                }
                (!unknown && matches!(object.shape, Shape::List | Shape::Tuple | Shape::Set)).then_some(false)
            }
            _ => None,
        }
    }
}

fn is_text(value: &Value) -> bool {
    matches!(
        value.kind,
        Kind::Text(_) | Kind::Template(_) | Kind::Unknown(Type::Text)
    )
}

fn operator_method(op: BinaryOp) -> Option<&'static str> {
    Some(match op {
        BinaryOp::Add => "__add__",
        BinaryOp::Subtract => "__sub__",
        BinaryOp::Multiply => "__mul__",
        BinaryOp::Divide => "__truediv__",
        BinaryOp::FloorDivide => "__floordiv__",
        BinaryOp::Modulo => "__mod__",
        BinaryOp::Power => "__pow__",
        BinaryOp::MatrixMultiply => "__matmul__",
        BinaryOp::BitAnd => "__and__",
        BinaryOp::BitOr => "__or__",
        BinaryOp::BitXor => "__xor__",
        BinaryOp::ShiftLeft => "__lshift__",
        BinaryOp::ShiftRight => "__rshift__",
        BinaryOp::ShiftRightUnsigned => return None,
    })
}

fn compare_method(op: CompareOp) -> Option<&'static str> {
    Some(match op {
        CompareOp::Equal => "__eq__",
        CompareOp::NotEqual => "__ne__",
        CompareOp::Less => "__lt__",
        CompareOp::LessEqual => "__le__",
        CompareOp::Greater => "__gt__",
        CompareOp::GreaterEqual => "__ge__",
        CompareOp::In | CompareOp::NotIn => "__contains__",
        CompareOp::Is | CompareOp::IsNot | CompareOp::InstanceOf => return None,
    })
}
