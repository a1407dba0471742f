//! Builtins that make one kind of value from another: numbers, texts, bytes.

use super::given::{self, Given, uncovered};
use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::object::Shape;
use crate::machine::value::{HOLE, Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("str", str_of),
    ("repr", repr),
    ("ascii", repr),
    ("int", int),
    ("float", float),
    ("bool", boolean),
    ("chr", chr),
    ("ord", ord),
    ("hex", |call| radix(call, |number| format!("{number:#x}"))),
    ("oct", |call| radix(call, |number| format!("{number:#o}"))),
    ("bin", |call| radix(call, |number| format!("{number:#b}"))),
    ("abs", |call| number(call, |number| number.checked_abs())),
    ("round", round),
    ("divmod", divmod),
    ("pow", pow),
    ("bytes", bytes),
    ("bytearray", bytearray),
    ("memoryview", |call| Some(call.arg(0))),
    ("list#decode", decode_list),
    ("list#hex", hex_list),
    ("id", |_| Some(Value::of(Kind::Unknown(Type::Number)))),
    ("hash", |_| Some(Value::of(Kind::Unknown(Type::Number)))),
    ("float#is_integer", |call| Some(given::some(call, Type::Bool))),
];

/// `str(x)`, `str(b"...", encoding)`.
fn str_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 && call.arguments.named.is_empty() {
        return Some(Value::text(""));
    }
    let value = call.arg_or_named(0, "object");
    for name in ["__str__", "__repr__"] {
        if let Some(result) = call.machine.call_special(&value, name, Vec::new(), call.span) {
            return result.ok();
        }
    }
    match (&value.kind, call.count()) {
        (Kind::Bytes(bytes), 2..) => {
            let codec = super::bytes::codec(&call.arg(1))?;
            match super::bytes::decoded(bytes, &codec) {
                Some(text) => Some(given::text(call, text)),
                None => Some(given::some_text(call)),
            }
        }
        (Kind::OneOf(_), _) => {
            let alternatives = value.alternatives().to_vec();
            let texts = alternatives.into_iter().map(|one| {
                let text = call.machine.piece(&one, Language::Python);
                let marks = call.machine.deep_marks(&one);
                call.machine.built(text, marks)
            });
            Some(
                texts
                    .collect::<Vec<_>>()
                    .iter()
                    .fold(Value::default(), |all, one| all.join(one)),
            )
        }
        _ => {
            let text = repr_of(call, &value, false, 4);
            Some(given::text(call, text))
        }
    }
}

fn repr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    if let Some(result) = call
        .machine
        .call_special(&value, "__repr__", Vec::new(), call.span)
    {
        return result.ok();
    }
    let text = repr_of(call, &value, true, 4);
    Some(given::text(call, text))
}

/// A value as Python shows it; quoted when it stands within something.
pub(super) fn repr_of(call: &Call<'_, '_, '_>, value: &Value, quoted: bool, depth: u8) -> String {
    match &value.kind {
        Kind::Text(text) if quoted => {
            let escaped = text
                .replace('\\', "\\\\")
                .replace('\n', "\\n")
                .replace('\'', "\\'");
            format!("'{escaped}'")
        }
        Kind::Template(text) if quoted => format!("'{text}'"),
        Kind::Object(id) if depth > 0 => {
            if let Some(text) = super::pathlib::text_of(call, value) {
                return call.machine.piece(&text, Language::Python);
            }
            let object = call.machine.object(*id);
            if !object.exact || object.items.len() > 256 || call.machine.store.is_summary(*id) {
                return HOLE.to_string();
            }
            let ends = match object.shape {
                Shape::List => ("[", "]"),
                Shape::Tuple => ("(", ")"),
                Shape::Set if !object.items.is_empty() => ("{", "}"),
                _ => return HOLE.to_string(),
            };
            let items: Vec<_> = object
                .items
                .iter()
                .map(|item| repr_of(call, item, true, depth - 1))
                .collect();
            format!("{}{}{}", ends.0, items.join(", "), ends.1)
        }
        _ => call.machine.piece(value, Language::Python),
    }
}

fn int(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 {
        return Some(Value::int(0));
    }
    let value = call.arg(0);
    let base = call.arg_or_named(1, "base");
    let base = if matches!(base.kind, Kind::Unbound) {
        Some(10)
    } else {
        base.as_int()
    };
    let number = match &value.kind {
        Kind::Int(number) => Some(*number),
        Kind::Bool(truth) => Some(i64::from(*truth)),
        Kind::Float(number) if number.is_finite() && number.abs() < 9e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
            Some(number.trunc() as i64)
        }
        Kind::Text(text) => base.and_then(|base| parsed(text, base)),
        Kind::Bytes(bytes) => std::str::from_utf8(bytes)
            .ok()
            .zip(base)
            .and_then(|(text, base)| parsed(text, base)),
        _ => None,
    };
    Some(match number {
        Some(number) => given::int(call, number),
        None => given::some(call, Type::Number),
    })
}

/// The integer that Python reads in a text.
fn parsed(text: &str, base: i64) -> Option<i64> {
    let text = text.trim().replace('_', "").to_ascii_lowercase();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let prefixed = |prefix: &str, base_of: i64| {
        if base == 0 || base == base_of {
            digits.strip_prefix(prefix)
        } else {
            None
        }
    };
    let (digits, base) = if let Some(digits) = prefixed("0x", 16) {
        (digits, 16)
    } else if let Some(digits) = prefixed("0o", 8) {
        (digits, 8)
    } else if let Some(digits) = prefixed("0b", 2) {
        (digits, 2)
    } else {
        (digits, if base == 0 { 10 } else { base })
    };
    let base = u32::try_from(base).ok().filter(|base| (2..=36).contains(base))?;
    let number = i64::from_str_radix(digits, base).ok()?;
    Some(if negative { -number } else { number })
}

fn float(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let number = match &value.kind {
        Kind::Float(number) => Some(*number),
        Kind::Text(text) => text.trim().parse().ok(),
        #[expect(clippy::cast_precision_loss, reason = "Python's float has the same")]
        _ => value.as_int().map(|number| number as f64),
    };
    Some(Value {
        kind: number.map_or(Kind::Unknown(Type::Number), Kind::Float),
        marks: call.marks(),
    })
}

fn boolean(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    Some(match call.machine.truth(&value) {
        Some(truth) => given::truth(call, truth),
        None => given::some(call, Type::Bool),
    })
}

fn chr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let number = call.arg(0).as_int();
    let letter = number
        .and_then(|number| u32::try_from(number).ok())
        .and_then(char::from_u32);
    Some(match letter {
        Some(letter) => uncovered(given::text(call, letter.to_string())),
        None => given::some_text(call),
    })
}

fn ord(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let number = match given::of(&call.arg(0)) {
        Given::Text(text) if !text.contains(HOLE) => {
            text.chars().next().map(|letter| i64::from(u32::from(letter)))
        }
        Given::Bytes(bytes) => bytes.first().map(|&byte| i64::from(byte)),
        _ => None,
    };
    Some(match number {
        Some(number) => given::int(call, number),
        None => given::some(call, Type::Number),
    })
}

fn radix(call: &mut Call<'_, '_, '_>, with: impl Fn(u64) -> String) -> Option<Value> {
    Some(match call.arg(0).as_int() {
        Some(number) => {
            let digits = with(number.unsigned_abs());
            let sign = if number < 0 { "-" } else { "" };
            given::text(call, format!("{sign}{digits}"))
        }
        None => given::some_text(call),
    })
}

fn number(call: &mut Call<'_, '_, '_>, with: impl Fn(i64) -> Option<i64>) -> Option<Value> {
    Some(match call.arg(0).as_int().and_then(with) {
        Some(number) => given::int(call, number),
        None => given::some(call, Type::Number),
    })
}

fn round(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match call.arg(0).kind {
        Kind::Int(_) => Some(call.arg(0)),
        #[expect(clippy::cast_possible_truncation, reason = "bounded")]
        Kind::Float(number) if call.count() == 1 && number.abs() < 9e15 => {
            Some(given::int(call, number.round_ties_even() as i64))
        }
        _ => Some(given::some(call, Type::Number)),
    }
}

fn divmod(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (Some(a), Some(b)) = (call.arg(0).as_int(), call.arg(1).as_int()) else {
        let any = given::some(call, Type::Number);
        return Some(call.machine.tuple(vec![any.clone(), any]));
    };
    let quotient = a.checked_div_euclid(b).filter(|_| b > 0)?;
    let (quotient, rest) = (given::int(call, quotient), given::int(call, a.rem_euclid(b)));
    Some(call.machine.tuple(vec![quotient, rest]))
}

fn pow(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let numbers = (call.arg(0).as_int(), call.arg(1).as_int(), call.arg(2).as_int());
    let power = match numbers {
        (Some(base), Some(power), None) if call.count() == 2 => u32::try_from(power)
            .ok()
            .and_then(|power| base.checked_pow(power)),
        (Some(base), Some(power), Some(modulus)) if modulus > 0 && power >= 0 => {
            modular(base, power, modulus)
        }
        _ => None,
    };
    Some(match power {
        Some(power) => given::int(call, power),
        None => given::some(call, Type::Number),
    })
}

fn modular(base: i64, power: i64, modulus: i64) -> Option<i64> {
    let modulus = i128::from(modulus);
    let mut base = i128::from(base).rem_euclid(modulus);
    let mut power = power;
    let mut result = 1 % modulus;
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        power >>= 1;
    }
    i64::try_from(result).ok()
}

/// The bytes of a list of numbers.
pub(super) fn bytes_of_items(call: &mut Call<'_, '_, '_>, value: &Value) -> Option<Vec<u8>> {
    let items = call.machine.items(value)?;
    items
        .iter()
        .map(|item| item.as_int().and_then(|number| u8::try_from(number).ok()))
        .collect()
}

/// What `bytes(...)` makes of its arguments, when it is known.
fn made(call: &mut Call<'_, '_, '_>) -> Option<Vec<u8>> {
    let value = call.arg_or_named(0, "source");
    match &value.kind {
        Kind::Unbound => Some(Vec::new()),
        Kind::Bytes(bytes) => Some(bytes.to_vec()),
        Kind::Text(text) => {
            let codec = super::bytes::codec(&call.arg_or_named(1, "encoding"))?;
            super::bytes::encoded(text, &codec)
        }
        Kind::Int(count) => usize::try_from(*count)
            .ok()
            .filter(|&count| count <= 1 << 16)
            .map(|count| vec![0; count]),
        Kind::Object(_) => bytes_of_items(call, &value),
        _ => None,
    }
}

fn bytes(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    if let Some(result) = call
        .machine
        .call_special(&value, "__bytes__", Vec::new(), call.span)
    {
        return result.ok();
    }
    let from_numbers = value.as_object().is_some();
    Some(match made(call) {
        Some(bytes) if from_numbers => uncovered(given::bytes(call, bytes)),
        Some(bytes) => given::bytes(call, bytes),
        None => given::some(call, Type::Bytes),
    })
}

/// A `bytearray` is a list of numbers: it can be changed.
fn bytearray(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Some(bytes) = made(call).filter(|bytes| bytes.len() <= 1 << 16) else {
        return Some(given::some(call, Type::Bytes));
    };
    let marks = call.marks();
    let items = bytes
        .iter()
        .map(|&byte| Value {
            kind: Kind::Int(i64::from(byte)),
            marks: marks.clone(),
        })
        .collect();
    Some(call.machine.list(items))
}

fn decode_list(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let codec = super::bytes::codec(&call.arg_or_named(0, "encoding"))?;
    let receiver = call.receiver.clone()?;
    let bytes = bytes_of_items(call, &receiver);
    Some(
        match bytes.and_then(|bytes| super::bytes::decoded(&bytes, &codec)) {
            Some(text) => uncovered(given::text(call, text)),
            None => given::some_text(call),
        },
    )
}

fn hex_list(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    Some(match bytes_of_items(call, &receiver) {
        Some(bytes) => {
            let text = super::bytes::hex_of(&bytes);
            given::text(call, text)
        }
        None => given::some_text(call),
    })
}
