//! Numbers: `Number`, `parseInt`, `Math`, and what numbers answer to.

use super::value::{arg_int, arg_text, marked, marked_text, some_text, truth};
use crate::ir::Language;
use crate::machine::library::{Call, Model, Reader, Table};
use crate::machine::value::{Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: READERS,
    aliases: ALIASES,
};

const MODELS: &[(&str, Model)] = &[
    ("Number", number),
    ("BigInt", number),
    ("Boolean", boolean),
    ("parseInt", parse_int),
    ("parseFloat", parse_float),
    ("isNaN", is_nan),
    ("Number.isInteger", is_integer),
    ("Math.floor", floor),
    ("Math.trunc", trunc),
    ("Math.ceil", ceil),
    ("Math.round", round),
    ("Math.abs", abs),
    ("Math.sqrt", sqrt),
    ("Math.pow", pow),
    ("Math.max", max),
    ("Math.min", min),
    ("Math.random", some_number),
    ("Date.now", some_number),
    ("number#toString", to_string),
    ("number#toFixed", to_text),
    ("number#toLocaleString", to_text),
    ("number#valueOf", same),
    ("boolean#toString", to_string),
    ("boolean#valueOf", same),
];

const READERS: &[(&str, Reader)] = &[
    ("Math.PI", |_| Value::of(Kind::Float(std::f64::consts::PI))),
    ("Number.MAX_SAFE_INTEGER", |_| Value::int(9_007_199_254_740_991)),
];

const ALIASES: &[(&str, &str)] = &[
    ("Number.parseInt", "parseInt"),
    ("Number.parseFloat", "parseFloat"),
    ("Number.isNaN", "isNaN"),
];

fn float(value: &Value) -> Option<f64> {
    match &value.kind {
        Kind::Int(number) => Some(*number as f64),
        Kind::Float(number) => Some(*number),
        Kind::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Kind::Null => Some(0.0),
        Kind::Text(text) => Some(read(text)),
        _ => None,
    }
}

/// The number that a whole text is.
fn read(text: &str) -> f64 {
    let text = text.trim();
    let whole = |digits: &str, radix: u32| {
        i64::from_str_radix(digits, radix).map_or(f64::NAN, |number| number as f64)
    };
    match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
        _ if text.is_empty() => 0.0,
        Some("0x") => whole(&text[2..], 16),
        Some("0b") => whole(&text[2..], 2),
        Some("0o") => whole(&text[2..], 8),
        _ if text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) =>
        {
            text.parse().unwrap_or(f64::NAN)
        }
        _ => f64::NAN,
    }
}

fn kind_of(number: f64) -> Kind {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Kind::Int(number as i64)
    } else {
        Kind::Float(number)
    }
}

/// A number made from the first argument, or an unknown one.
fn mapped(call: &mut Call<'_, '_, '_>, map: impl FnOnce(f64) -> f64) -> Option<Value> {
    let kind = float(&call.arg(0)).map_or(Kind::Unknown(Type::Number), |number| kind_of(map(number)));
    Some(marked(call, kind))
}

fn number(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 {
        return Some(Value::int(0));
    }
    mapped(call, |number| number)
}

fn boolean(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let truth = truth(&call.arg(0)).map_or(Kind::Unknown(Type::Bool), Kind::Bool);
    Some(Value::of(truth))
}

fn parse_int(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let read = arg_text(call, 0).and_then(|text| {
        let radix = arg_int(call, 1, 10)?;
        let text = text.trim();
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let (text, radix) = match hex {
            Some(text) if call.count() < 2 || radix == 16 => (text, 16),
            _ => (
                text,
                if radix == 0 {
                    10
                } else {
                    u32::try_from(radix).ok()?
                },
            ),
        };
        if !(2..=36).contains(&radix) {
            return Some(Kind::Float(f64::NAN));
        }
        let end = text
            .find(|letter: char| !letter.is_digit(radix))
            .unwrap_or(text.len());
        Some(
            i64::from_str_radix(&text[..end], radix)
                .map_or(Kind::Float(f64::NAN), |number| Kind::Int(sign * number)),
        )
    });
    Some(marked(call, read.unwrap_or(Kind::Unknown(Type::Number))))
}

fn parse_float(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let read = arg_text(call, 0).map(|text| {
        let text = text.trim();
        let end = text
            .find(|letter: char| !letter.is_ascii_digit() && !".-+eE".contains(letter))
            .unwrap_or(text.len());
        text[..end].parse::<f64>().map_or(Kind::Float(f64::NAN), kind_of)
    });
    Some(marked(call, read.unwrap_or(Kind::Unknown(Type::Number))))
}

fn is_nan(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let verdict = float(&call.arg(0)).map(f64::is_nan);
    Some(Value::of(verdict.map_or(Kind::Unknown(Type::Bool), Kind::Bool)))
}

fn is_integer(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let verdict = match call.arg(0).kind {
        Kind::Int(_) => Some(true),
        Kind::Float(number) => Some(number.fract() == 0.0),
        Kind::Text(_) | Kind::Object(_) | Kind::Null | Kind::Undefined | Kind::Bool(_) => Some(false),
        _ => None,
    };
    Some(Value::of(verdict.map_or(Kind::Unknown(Type::Bool), Kind::Bool)))
}

fn floor(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, f64::floor)
}

fn trunc(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, f64::trunc)
}

fn ceil(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, f64::ceil)
}

fn round(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, |number| (number + 0.5).floor())
}

fn abs(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, f64::abs)
}

fn sqrt(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, f64::sqrt)
}

fn pow(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let power = float(&call.arg(1));
    let kind = float(&call.arg(0))
        .zip(power)
        .map(|(base, power)| kind_of(base.powf(power)));
    Some(marked(call, kind.unwrap_or(Kind::Unknown(Type::Number))))
}

fn max(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    extreme(call, f64::max, f64::NEG_INFINITY)
}

fn min(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    extreme(call, f64::min, f64::INFINITY)
}

fn extreme(call: &mut Call<'_, '_, '_>, choose: fn(f64, f64) -> f64, start: f64) -> Option<Value> {
    let mut found = call.arguments.more.is_none().then_some(start);
    for value in &call.arguments.places {
        found = found
            .zip(float(value))
            .map(|(found, number)| choose(found, number));
    }
    Some(marked(call, found.map_or(Kind::Unknown(Type::Number), kind_of)))
}

fn some_number(_: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(Value::of(Kind::Unknown(Type::Number)))
}

fn to_string(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let radix = arg_int(call, 0, 10).and_then(|radix| u32::try_from(radix).ok());
    let text = match (radix, &receiver.kind) {
        (Some(10), Kind::Int(_) | Kind::Float(_) | Kind::Bool(_)) => {
            Some(call.machine.piece(&receiver, Language::JavaScript))
        }
        (Some(radix @ 2..=36), Kind::Int(number)) => Some(in_radix(*number, radix)),
        _ => None,
    };
    Some(match text {
        Some(text) => marked_text(call, text),
        None => some_text(call),
    })
}

fn in_radix(number: i64, radix: u32) -> String {
    let mut left = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(left % u64::from(radix)).unwrap_or(0);
        digits.push(char::from_digit(digit, radix).unwrap_or('0'));
        left /= u64::from(radix);
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        digits.push('-');
    }
    digits.into_iter().rev().collect()
}

fn to_text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(some_text(call))
}

fn same(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver.clone()
}
