//! `str.format`, `format` and format specifications.

use super::given::{self, Given};
use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::value::{HOLE, Kind, Marks, Value, merge_marks};
use std::rc::Rc;

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("str#format", format),
    ("str#format_map", format_map),
    ("format", builtin),
];

fn format(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    fill(call, None)
}

fn format_map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let map = call.arg(0);
    fill(call, Some(&map))
}

fn fill(call: &mut Call<'_, '_, '_>, map: Option<&Value>) -> Option<Value> {
    let Given::Text(text) = given::receiver(call)? else {
        return Some(given::some_text(call));
    };
    let mut marks = call.receiver.as_ref().and_then(Value::all_marks);
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    let mut automatic = 0;
    while let Some(place) = rest.find(['{', '}']) {
        out.push_str(rest.get(..place).unwrap_or(""));
        let brace = rest.as_bytes().get(place).copied().unwrap_or(b'{');
        rest = rest.get(place + 1..).unwrap_or("");
        if rest.as_bytes().first() == Some(&brace) {
            out.push(char::from(brace));
            rest = rest.get(1..).unwrap_or("");
            continue;
        }
        let Some(end) = field_end(rest) else { break };
        let field = rest.get(..end).unwrap_or("");
        rest = rest.get(end + 1..).unwrap_or("");
        let (name, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = name
            .split_once('!')
            .map_or((name, None), |(name, how)| (name, Some(how)));
        let value = field_value(call, name, &mut automatic, map);
        marks = merge_marks(&marks, &call.machine.deep_marks(&value));
        let shown = if conversion == Some("r") {
            super::convert::repr_of(call, &value, true, 3)
        } else {
            specified(call, &value, spec)
        };
        out.push_str(&shown);
        if out.len() > crate::machine::ask::TEXT {
            return Some(given::some_text(call));
        }
    }
    out.push_str(rest);
    Some(call.machine.built(out, marks))
}

/// Where a field ends; a specification may hold fields.
fn field_end(text: &str) -> Option<usize> {
    let mut depth = 0_u32;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some(place),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The value that `0`, `name`, `0[key]` or `name.field` means.
fn field_value(call: &mut Call<'_, '_, '_>, name: &str, automatic: &mut usize, map: Option<&Value>) -> Value {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, path) = name.split_at(end);
    let mut value = match (first.parse::<usize>(), map) {
        (_, Some(map)) => call.machine.entry_named(map, first),
        (Ok(place), None) => call.arg(place),
        (Err(_), None) if first.is_empty() => {
            *automatic += 1;
            call.arg(*automatic - 1)
        }
        (Err(_), None) => call.named(first),
    };
    let mut path = path;
    while let Some(key) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
        value = match key.0.parse::<i64>() {
            Ok(place) => {
                let items = call.machine.items(&value);
                let place = usize::try_from(place).unwrap_or(usize::MAX);
                match items {
                    Some(items) => items.get(place).cloned().unwrap_or_else(Value::unknown),
                    None => call.machine.any_item(&value),
                }
            }
            Err(_) => call.machine.entry_named(&value, key.0),
        };
        path = key.1;
    }
    if path.is_empty() {
        return value;
    }
    Value {
        marks: call.machine.deep_marks(&value),
        ..Value::unknown()
    }
}

fn builtin(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let marks: Option<Rc<Marks>> = call.argument_marks();
    let spec = if call.count() > 1 {
        given::known(given::of(&call.arg(1)))
    } else {
        Some("".into())
    };
    let text = match spec {
        Some(spec) => specified(call, &value, &spec),
        None => HOLE.to_string(),
    };
    Some(call.machine.built(text, marks))
}

/// A value in a format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`.
fn specified(call: &Call<'_, '_, '_>, value: &Value, spec: &str) -> String {
    if spec.is_empty() {
        return super::convert::repr_of(call, value, false, 3);
    }
    if spec.contains(['{', HOLE]) {
        return HOLE.to_string();
    }
    let letters: Vec<char> = spec.chars().collect();
    let is_align = |letter: Option<&char>| letter.is_some_and(|letter| "<>^=".contains(*letter));
    let (fill, align, mut at) = if is_align(letters.get(1)) {
        (
            letters.first().copied().unwrap_or(' '),
            letters.get(1).copied(),
            2,
        )
    } else if is_align(letters.first()) {
        (' ', letters.first().copied(), 1)
    } else {
        (' ', None, 0)
    };
    let mut take = |wanted: &dyn Fn(char) -> bool| {
        let start = at;
        while letters.get(at).is_some_and(|&letter| wanted(letter)) {
            at += 1;
        }
        letters
            .get(start..at)
            .unwrap_or_default()
            .iter()
            .collect::<String>()
    };
    take(&|letter| "+- ".contains(letter));
    let alternate = take(&|letter| letter == '#').len() == 1;
    let zero = take(&|letter| letter == '0').len() == 1;
    let width: usize = take(&|letter| letter.is_ascii_digit()).parse().unwrap_or(0);
    take(&|letter| ",_".contains(letter));
    let precision = take(&|letter| letter == '.' || letter.is_ascii_digit());
    let precision: Option<usize> = precision.strip_prefix('.').and_then(|digits| digits.parse().ok());
    let kind = take(&|_| true);
    let Some(body) = body(call, value, &kind, precision, alternate) else {
        return HOLE.to_string();
    };
    let (fill, align) = match align {
        Some(align) => (fill, align),
        None if zero => ('0', '>'),
        None if matches!(value.kind, Kind::Int(_) | Kind::Float(_)) => (fill, '>'),
        None => (fill, '<'),
    };
    let missing = width.min(1024).saturating_sub(body.chars().count());
    let left = match align {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let fill = |count: usize| fill.to_string().repeat(count);
    format!("{}{body}{}", fill(left), fill(missing - left))
}

fn body(
    call: &Call<'_, '_, '_>,
    value: &Value,
    kind: &str,
    precision: Option<usize>,
    alternate: bool,
) -> Option<String> {
    let prefix = |prefix: &'static str| if alternate { prefix } else { "" };
    let number = value.as_int();
    Some(match (kind, number) {
        ("x", Some(number)) => format!("{}{number:x}", prefix("0x")),
        ("X", Some(number)) => format!("{}{number:X}", prefix("0X")),
        ("o", Some(number)) => format!("{}{number:o}", prefix("0o")),
        ("b", Some(number)) => format!("{}{number:b}", prefix("0b")),
        ("c", Some(number)) => u32::try_from(number).ok().and_then(char::from_u32)?.to_string(),
        ("d" | "n", Some(number)) => number.to_string(),
        ("" | "s", _) => {
            let text = call.machine.piece(value, Language::Python);
            match precision {
                Some(precision) => text.chars().take(precision).collect(),
                None => text,
            }
        }
        ("f" | "F", _) => match &value.kind {
            Kind::Float(number) => format!("{number:.*}", precision.unwrap_or(6).min(64)),
            _ => return None,
        },
        _ => return None,
    })
}
