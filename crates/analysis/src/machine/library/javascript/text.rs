//! Texts: what is called on them, `String`, and how addresses and pages escape them.

use super::array::ends;
use super::value::{arg_int, arg_text, marked, marked_text, receiver_text, some_text, text_of};
use crate::machine::library::{Call, Model, Table};
use crate::machine::value::{HOLE, Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("String", string),
    ("String.fromCharCode", from_char_code),
    ("String.fromCodePoint", from_char_code),
    ("encodeURIComponent", encode_component),
    ("encodeURI", encode_address),
    ("decodeURIComponent", decode_component),
    ("decodeURI", decode_component),
    ("escape", encode_component),
    ("unescape", unescape),
    ("string#toString", same_text),
    ("string#valueOf", same_text),
    ("string#normalize", same_text),
    ("string#trim", trim),
    ("string#trimStart", trim_start),
    ("string#trimEnd", trim_end),
    ("string#toLowerCase", to_lower),
    ("string#toLocaleLowerCase", to_lower),
    ("string#toUpperCase", to_upper),
    ("string#toLocaleUpperCase", to_upper),
    ("string#charAt", char_at),
    ("string#at", char_at),
    ("string#charCodeAt", char_code_at),
    ("string#codePointAt", char_code_at),
    ("string#slice", slice),
    ("string#substring", substring),
    ("string#substr", substr),
    ("string#concat", concat),
    ("string#repeat", repeat),
    ("string#padStart", pad_start),
    ("string#padEnd", pad_end),
    ("string#indexOf", index_of),
    ("string#lastIndexOf", last_index_of),
    ("string#includes", includes),
    ("string#startsWith", starts_with),
    ("string#endsWith", ends_with),
];

/// How long a text is that a model builds at most.
pub(super) const MOST: usize = 1 << 20;

fn string(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let text = match &value.kind {
        Kind::Unbound => Some(String::new()),
        _ => text_of(call.machine, &value),
    };
    Some(match text {
        Some(text) => marked_text(call, text),
        None => some_text(call),
    })
}

fn from_char_code(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut units = Vec::with_capacity(call.count());
    for place in 0..call.count() {
        match arg_int(call, place, 0) {
            Some(number) if (0..=0x0010_FFFF).contains(&number) => units.push(u32::try_from(number).ok()?),
            _ => return Some(some_text(call)),
        }
    }
    if call.arguments.more.is_some() {
        return Some(some_text(call));
    }
    let text: String = units
        .into_iter()
        .map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Some(marked_text(call, text))
}

fn encode_component(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    percent(call, "-_.!~*'()")
}

fn encode_address(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    percent(call, "-_.!~*'();/?:@&=+$,#")
}

fn percent(call: &mut Call<'_, '_, '_>, kept: &str) -> Option<Value> {
    let Some(text) = arg_text(call, 0) else {
        return Some(some_text(call));
    };
    let mut encoded = String::with_capacity(text.len());
    for &byte in text.as_bytes().iter().take(MOST) {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(marked_text(call, encoded))
}

fn decode_component(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Some(text) = arg_text(call, 0) else {
        return Some(some_text(call));
    };
    let mut bytes = Vec::with_capacity(text.len());
    let source = text.as_bytes();
    let mut at = 0;
    while at < source.len() {
        match hex(source.get(at + 1..at + 3)) {
            Some(byte) if source[at] == b'%' => {
                bytes.push(u8::try_from(byte).ok()?);
                at += 3;
            }
            _ => {
                bytes.push(source[at]);
                at += 1;
            }
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(marked_text(call, text))
}

/// `%u0041` and `%41`.
fn unescape(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Some(text) = arg_text(call, 0) else {
        return Some(some_text(call));
    };
    let source = text.as_bytes();
    let mut decoded = String::with_capacity(text.len());
    let mut at = 0;
    while at < source.len() {
        let long = (source[at] == b'%' && source.get(at + 1) == Some(&b'u'))
            .then(|| hex(source.get(at + 2..at + 6)));
        let short = (source[at] == b'%').then(|| hex(source.get(at + 1..at + 3)));
        if let Some(unit) = long.flatten() {
            decoded.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            at += 6;
        } else if let Some(unit) = short.flatten() {
            decoded.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            at += 3;
        } else {
            let letter = text[at..].chars().next()?;
            decoded.push(letter);
            at += letter.len_utf8();
        }
    }
    Some(marked_text(call, decoded))
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok()
}

fn same_text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    call.receiver.clone()
}

/// A text that is made from the receiver alone; of an unknown one, an unknown one.
fn mapped(call: &mut Call<'_, '_, '_>, map: impl FnOnce(&str) -> String) -> Option<Value> {
    Some(match receiver_text(call) {
        Some(text) => marked_text(call, map(&text)),
        None => some_text(call),
    })
}

fn trim(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, |text| text.trim().to_owned())
}

fn trim_start(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, |text| text.trim_start().to_owned())
}

fn trim_end(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, |text| text.trim_end().to_owned())
}

fn to_lower(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, str::to_lowercase)
}

fn to_upper(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    mapped(call, str::to_uppercase)
}

/// The letters of the receiver, when it is constant.
fn letters(call: &Call<'_, '_, '_>) -> Option<Vec<char>> {
    Some(receiver_text(call)?.chars().collect())
}

/// The letter at the first argument.
fn letter(call: &Call<'_, '_, '_>) -> Option<Option<char>> {
    let text = receiver_text(call)?;
    let place = usize::try_from(arg_int(call, 0, 0)?).ok()?;
    Some(if text.is_ascii() {
        text.as_bytes().get(place).map(|&byte| char::from(byte))
    } else {
        text.chars().nth(place)
    })
}

fn char_at(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let Some(known) = known_letters(call, arg_int(call, 0, 0), Some(1)) {
        return Some(Value::text(&known));
    }
    Some(match letter(call) {
        Some(letter) => marked_text(call, letter.map(String::from).unwrap_or_default()),
        None => some_text(call),
    })
}

fn char_code_at(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let Some(known) = known_letters(call, arg_int(call, 0, 0), Some(1)) {
        let code = known.chars().next().map_or(0, u32::from);
        return Some(Value::int(i64::from(code)));
    }
    let kind = match letter(call) {
        Some(Some(letter)) => Kind::Int(i64::from(u32::from(letter))),
        Some(None) => Kind::Float(f64::NAN),
        None => Kind::Unknown(Type::Number),
    };
    Some(marked(call, kind))
}

fn slice(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let Some(clean) = clean_part(call) {
        return Some(clean);
    }
    let part = letters(call).and_then(|letters| {
        let (start, end) = ends(call, letters.len())?;
        Some(letters[start..end].iter().collect())
    });
    part_or_some(call, part)
}

fn substring(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let Some(clean) = clean_part(call) {
        return Some(clean);
    }
    let part = letters(call).and_then(|letters| {
        let length = i64::try_from(letters.len()).ok()?;
        let start = arg_int(call, 0, 0)?.clamp(0, length);
        let end = arg_int(call, 1, length)?.clamp(0, length);
        let range = usize::try_from(start.min(end)).ok()?..usize::try_from(start.max(end)).ok()?;
        Some(letters[range].iter().collect())
    });
    part_or_some(call, part)
}

fn substr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if let Some(known) = known_letters(call, arg_int(call, 0, 0), arg_int(call, 1, -1)) {
        return Some(Value::text(&known));
    }
    let part = letters(call).and_then(|letters| {
        let length = i64::try_from(letters.len()).ok()?;
        let start = arg_int(call, 0, 0)?;
        let start = if start < 0 {
            (length + start).max(0)
        } else {
            start.min(length)
        };
        let count = arg_int(call, 1, length)?.clamp(0, length - start);
        let range = usize::try_from(start).ok()?..usize::try_from(start + count).ok()?;
        Some(letters[range].iter().collect())
    });
    part_or_some(call, part)
}

fn part_or_some(call: &mut Call<'_, '_, '_>, part: Option<String>) -> Option<Value> {
    Some(match part {
        Some(part) => marked_text(call, part),
        None => some_text(call),
    })
}

/// The part wanted by two ends, when it lies before the first letter that is not known: nothing unknown reaches it.
fn clean_part(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (start, end) = (arg_int(call, 0, 0)?, arg_int(call, 1, -1)?);
    known_letters(call, Some(start), Some(end.checked_sub(start)?)).map(|part| Value::text(&part))
}

/// So many letters from a place of a template, when all of them are known.
fn known_letters(call: &Call<'_, '_, '_>, start: Option<i64>, count: Option<i64>) -> Option<String> {
    let Kind::Template(text) = &call.receiver.as_ref()?.kind else {
        return None;
    };
    let start = usize::try_from(start?).ok()?;
    let end = start.checked_add(usize::try_from(count?).ok()?)?;
    let known: Vec<char> = text
        .chars()
        .take_while(|&letter| letter != HOLE)
        .take(end)
        .collect();
    known.get(start..end).map(|part| part.iter().collect())
}

fn concat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut text = call
        .machine
        .piece(&call.receiver.clone()?, crate::ir::Language::JavaScript);
    for value in &call.arguments.places {
        text.push_str(&call.machine.piece(value, crate::ir::Language::JavaScript));
    }
    if call.arguments.more.is_some() {
        text.push(HOLE);
    }
    Some(marked_text(call, text))
}

fn repeat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = receiver_text(call)
        .zip(arg_int(call, 0, 0))
        .and_then(|(text, count)| {
            let count = usize::try_from(count).ok()?;
            (text.len().checked_mul(count)? <= MOST).then(|| text.repeat(count))
        });
    part_or_some(call, text)
}

fn pad_start(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let padded = padding(call).map(|(text, padding)| padding + &text);
    part_or_some(call, padded)
}

fn pad_end(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let padded = padding(call).map(|(text, padding)| text + &padding);
    part_or_some(call, padded)
}

fn padding(call: &Call<'_, '_, '_>) -> Option<(String, String)> {
    let text = receiver_text(call)?;
    let width = usize::try_from(arg_int(call, 0, 0)?).ok()?.min(MOST);
    let filler = if call.count() > 1 {
        arg_text(call, 1)?
    } else {
        " ".to_owned()
    };
    let missing = width.saturating_sub(text.chars().count());
    let padding = if filler.is_empty() {
        String::new()
    } else {
        filler.chars().cycle().take(missing).collect()
    };
    Some((text, padding))
}

fn index_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(place_of(call, |text, part, from| {
        text.get(from..)
            .and_then(|rest| rest.find(part))
            .map(|at| at + from)
    }))
}

fn last_index_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(place_of(call, |text, part, _| text.rfind(part)))
}

fn place_of(call: &Call<'_, '_, '_>, find: impl FnOnce(&str, &str, usize) -> Option<usize>) -> Value {
    let found = receiver_text(call)
        .zip(arg_text(call, 0))
        .and_then(|(text, part)| {
            let from = usize::try_from(arg_int(call, 1, 0)?).ok()?;
            let at = find(&text, &part, from);
            Some(at.map_or(-1, |at| i64::try_from(text[..at].chars().count()).unwrap_or(-1)))
        });
    Value::of(found.map_or(Kind::Unknown(Type::Number), Kind::Int))
}

fn tested(call: &Call<'_, '_, '_>, test: impl FnOnce(&str, &str) -> bool) -> Option<Value> {
    let found = receiver_text(call)
        .zip(arg_text(call, 0))
        .map(|(text, part)| test(&text, &part));
    Some(Value::of(found.map_or(Kind::Unknown(Type::Bool), Kind::Bool)))
}

fn includes(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    tested(call, |text, part| text.contains(part))
}

fn starts_with(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    tested(call, |text, part| text.starts_with(part))
}

fn ends_with(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    tested(call, |text, part| text.ends_with(part))
}
