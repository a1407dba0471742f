//! Operators on constants.

use super::value::{HOLE, Kind, Value};
use crate::ir::{BinaryOp, Language};
use std::cmp::Ordering;

pub(super) fn integer(value: &Value) -> Option<i64> {
    match value.kind {
        Kind::Int(number) => Some(number),
        Kind::Bool(truth) => Some(i64::from(truth)),
        _ => None,
    }
}

pub(super) fn number(value: &Value) -> Option<f64> {
    match value.kind {
        Kind::Float(number) => Some(number),
        _ => integer(value).map(|number| number as f64),
    }
}

pub(super) fn integers(language: Language, op: BinaryOp, a: i64, b: i64) -> Option<Kind> {
    let python = language == Language::Python;
    let whole = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide if python => return (b != 0).then(|| Kind::Float(a as f64 / b as f64)),
        BinaryOp::Divide if b != 0 && a % b == 0 => Some(a / b),
        BinaryOp::Divide => return (b != 0).then(|| Kind::Float(a as f64 / b as f64)),
        BinaryOp::FloorDivide if b != 0 => a.checked_div(b).map(|whole| {
            if a % b != 0 && (a < 0) != (b < 0) {
                whole - 1
            } else {
                whole
            }
        }),
        BinaryOp::Modulo if b != 0 && python => a.checked_rem(b).map(|rest| {
            if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            }
        }),
        BinaryOp::Modulo if b != 0 => a.checked_rem(b),
        BinaryOp::Power => u32::try_from(b).ok().and_then(|power| a.checked_pow(power)),
        BinaryOp::BitAnd if python => Some(a & b),
        BinaryOp::BitOr if python => Some(a | b),
        BinaryOp::BitXor if python => Some(a ^ b),
        BinaryOp::BitAnd => Some(i64::from(a as i32 & b as i32)),
        BinaryOp::BitOr => Some(i64::from(a as i32 | b as i32)),
        BinaryOp::BitXor => Some(i64::from(a as i32 ^ b as i32)),
        BinaryOp::ShiftLeft if python => (0..=62).contains(&b).then(|| a.checked_mul(1_i64 << b)).flatten(),
        BinaryOp::ShiftRight if python => (0..=62).contains(&b).then(|| a >> b),
        BinaryOp::ShiftLeft => Some(i64::from((a as i32).wrapping_shl(b as u32))),
        BinaryOp::ShiftRight => Some(i64::from((a as i32).wrapping_shr(b as u32))),
        BinaryOp::ShiftRightUnsigned => Some(i64::from((a as u32).wrapping_shr(b as u32))),
        _ => None,
    };
    whole.map(Kind::Int)
}

pub(super) fn floats(op: BinaryOp, a: f64, b: f64) -> Option<Kind> {
    let number = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide if b != 0.0 => a / b,
        BinaryOp::FloorDivide if b != 0.0 => (a / b).floor(),
        BinaryOp::Modulo if b != 0.0 => a % b,
        BinaryOp::Power => a.powf(b),
        _ => return None,
    };
    Some(Kind::Float(number))
}

pub(super) fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (&one.kind, &other.kind) {
        (Kind::Text(a), Kind::Text(b)) => Some(a.cmp(b)),
        (Kind::Bytes(a), Kind::Bytes(b)) => Some(a.cmp(b)),
        _ => number(one)?.partial_cmp(&number(other)?),
    }
}

/// Whether a template may become a text: the parts between its holes stand in the text in order.
pub(super) fn may_be(template: &str, text: &str) -> bool {
    let mut rest = text;
    let mut parts = template.split(HOLE);
    if let Some(first) = parts.next() {
        let Some(after) = rest.strip_prefix(first) else {
            return false;
        };
        rest = after;
    }
    for part in parts {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    true
}

/// JavaScript's `==` between kinds.
pub(super) fn loosely(one: &Value, other: &Value) -> Option<bool> {
    match (&one.kind, &other.kind) {
        (Kind::Null | Kind::Undefined, _) | (_, Kind::Null | Kind::Undefined) => Some(false),
        (Kind::Text(text), _) => match script_number(text) {
            Kind::Int(value) => number(other).map(|other| other == value as f64),
            Kind::Float(value) => number(other).map(|other| other == value),
            _ => None,
        },
        (_, Kind::Text(_)) => loosely(other, one),
        _ => None,
    }
}

/// The number that JavaScript reads in a text.
pub(super) fn script_number(text: &str) -> Kind {
    let text = text.trim();
    if text.is_empty() {
        return Kind::Int(0);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Kind::Int(number);
    }
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).map_or(Kind::Float(f64::NAN), Kind::Int);
    }
    Kind::Float(text.parse::<f64>().unwrap_or(f64::NAN))
}
