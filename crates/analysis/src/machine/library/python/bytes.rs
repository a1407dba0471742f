//! Methods of bytes, and between bytes, texts and numbers.

use super::given::{self, Given};
use super::{Call, Model, Table};
use crate::machine::value::{Kind, Type, Value};
use std::rc::Rc;

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("str#encode", encode),
    ("bytes#decode", decode),
    ("str#decode", decode_text),
    ("bytes#encode", decode_text),
    ("?.encode", |call| Some(given::some(call, Type::Bytes))),
    ("?.decode", |call| Some(given::some_text(call))),
    ("bytes#hex", hex),
    ("bytes.fromhex", fromhex),
    ("bytearray.fromhex", fromhex),
    ("bytes#fromhex", fromhex),
    ("bytes#join", join),
    ("bytes#replace", replace),
    ("bytes#split", split),
    ("bytes#strip", strip),
    ("bytes#rstrip", strip),
    ("bytes#lstrip", strip),
    ("bytes#lower", |call| map(call, <[u8]>::to_ascii_lowercase)),
    ("bytes#upper", |call| map(call, <[u8]>::to_ascii_uppercase)),
    ("bytes#copy", |call| map(call, <[u8]>::to_vec)),
    ("bytes#tobytes", |call| map(call, <[u8]>::to_vec)),
    ("bytes#translate", translate),
    ("bytes#startswith", |call| {
        affixed(call, |bytes, affix| bytes.starts_with(affix))
    }),
    ("bytes#endswith", |call| {
        affixed(call, |bytes, affix| bytes.ends_with(affix))
    }),
    ("bytes#find", find),
    ("bytes#index", find),
    ("bytes#count", |call| Some(given::some(call, Type::Number))),
    ("int.from_bytes", int_from_bytes),
    ("int#from_bytes", int_from_bytes),
    ("int#to_bytes", int_to_bytes),
    ("int#bit_length", bit_length),
];

/// A codec's name as Python compares it.
pub(super) fn codec(name: &Value) -> Option<String> {
    match &name.kind {
        Kind::Text(name) => Some(name.to_lowercase().replace(['-', ' '], "_")),
        Kind::Unbound | Kind::Null => Some("utf_8".to_owned()),
        _ => None,
    }
}

/// The bytes of a text in an encoding.
pub(super) fn encoded(text: &str, codec: &str) -> Option<Vec<u8>> {
    match codec {
        "utf_8" | "utf8" | "ascii" | "us_ascii" | "utf_8_sig" | "u8" => Some(text.as_bytes().to_vec()),
        "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "cp1252" | "charmap" | "l1" | "8859" => text
            .chars()
            .map(|letter| u8::try_from(u32::from(letter)).ok())
            .collect(),
        "utf_16_le" | "utf_16le" => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        "utf_16_be" | "utf_16be" => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        "utf_16" | "utf16" => {
            let body = text.encode_utf16().flat_map(u16::to_le_bytes);
            Some([0xFF, 0xFE].into_iter().chain(body).collect())
        }
        "utf_32_le" | "utf_32le" => Some(
            text.chars()
                .flat_map(|letter| u32::from(letter).to_le_bytes())
                .collect(),
        ),
        _ => None,
    }
}

/// The text of bytes in an encoding. What is malformed is replaced.
pub(super) fn decoded(bytes: &[u8], codec: &str) -> Option<String> {
    let wide = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| read([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match codec {
        "utf_8" | "utf8" | "ascii" | "us_ascii" | "utf_8_sig" | "u8" => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        "latin_1" | "latin1" | "iso_8859_1" | "iso8859_1" | "cp1252" | "charmap" | "l1" | "8859" => {
            Some(bytes.iter().map(|&byte| char::from(byte)).collect())
        }
        "utf_16_le" | "utf_16le" => Some(wide(u16::from_le_bytes, bytes)),
        "utf_16_be" | "utf_16be" => Some(wide(u16::from_be_bytes, bytes)),
        "utf_16" | "utf16" => Some(match bytes {
            [0xFE, 0xFF, rest @ ..] => wide(u16::from_be_bytes, rest),
            [0xFF, 0xFE, rest @ ..] => wide(u16::from_le_bytes, rest),
            _ => wide(u16::from_le_bytes, bytes),
        }),
        "unicode_escape" | "string_escape" | "raw_unicode_escape" => Some(unescaped(bytes)),
        _ => None,
    }
}

/// A text with Python's escapes read.
pub(super) fn unescaped(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        let next = letters.clone().next();
        match next {
            Some('0'..='7') => {
                let rest = letters.as_str();
                let taken: String = rest
                    .chars()
                    .take(3)
                    .take_while(|digit| digit.is_digit(8))
                    .collect();
                letters = rest.get(taken.len()..).unwrap_or("").chars();
                out.extend(u32::from_str_radix(&taken, 8).ok().and_then(char::from_u32));
            }
            Some(kind @ ('x' | 'u' | 'U')) => {
                letters.next();
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let rest = letters.as_str();
                let taken: String = rest
                    .chars()
                    .take(digits)
                    .take_while(char::is_ascii_hexdigit)
                    .collect();
                letters = rest.get(taken.len()..).unwrap_or("").chars();
                out.extend(u32::from_str_radix(&taken, 16).ok().and_then(char::from_u32));
            }
            Some(simple) => {
                letters.next();
                out.push(match simple {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'a' => '\u{7}',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'v' => '\u{b}',
                    other => other,
                });
            }
            None => out.push('\\'),
        }
    }
    out
}

fn encode(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let codec = codec(&call.arg_or_named(0, "encoding"));
    match (given::receiver(call)?, codec) {
        (Given::Text(text), Some(codec)) if !text.contains(crate::machine::value::HOLE) => {
            if let Some(value) =
                super::codecs::text_codec(call, text.as_bytes(), &codec, super::codecs::Way::Encode)
            {
                return Some(value);
            }
            match encoded(&text, &codec) {
                Some(bytes) => Some(given::bytes(call, bytes)),
                None => Some(given::some(call, Type::Bytes)),
            }
        }
        // Bytes have no holes: the text stays one.
        (Given::Text(text), _) => Some(given::text(call, text.to_string())),
        _ => Some(given::some(call, Type::Bytes)),
    }
}

fn decode(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let codec = codec(&call.arg_or_named(0, "encoding"));
    match (given::receiver(call)?, codec) {
        (Given::Bytes(bytes), Some(codec)) => {
            if let Some(value) = super::codecs::text_codec(call, &bytes, &codec, super::codecs::Way::Decode) {
                return Some(value);
            }
            match decoded(&bytes, &codec) {
                Some(text) => Some(given::text(call, text)),
                None => Some(given::some_text(call)),
            }
        }
        (Given::Text(text), _) => Some(given::text(call, text.to_string())),
        _ => Some(given::some_text(call)),
    }
}

/// `"...".decode("hex")` and `b"...".encode("hex")` of Python 2.
fn decode_text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let is_encode = call.machine.paths.text(call.path).ends_with("encode");
    let way = if is_encode {
        super::codecs::Way::Encode
    } else {
        super::codecs::Way::Decode
    };
    let codec = codec(&call.arg_or_named(0, "encoding"))?;
    let bytes = given::bytes_of(call.receiver.as_ref()?);
    if let Some(bytes) = bytes {
        if let Some(value) = super::codecs::text_codec(call, &bytes, &codec, way) {
            return Some(value);
        }
        if let Some(text) = decoded(&bytes, &codec) {
            return Some(given::text(call, text));
        }
    }
    Some(given::some_text(call))
}

fn hex(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match given::receiver(call)? {
        Given::Bytes(bytes) => {
            let text = hex_of(&bytes);
            Some(given::text(call, text))
        }
        _ => Some(given::some_text(call)),
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn fromhex(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match given::known(given::of(&call.arg(0))) {
        Some(text) => super::codecs::from_hex(call, text.as_bytes()),
        None => Some(given::some(call, Type::Bytes)),
    }
}

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Given::Bytes(by) = given::receiver(call)? else {
        return Some(given::some(call, Type::Bytes));
    };
    let items = call.machine.items(&call.arg(0));
    let pieces: Option<Vec<Rc<[u8]>>> = items.and_then(|items| items.iter().map(given::bytes_of).collect());
    match pieces {
        Some(pieces) => {
            let joined = pieces.join(&*by);
            Some(given::bytes(call, joined))
        }
        None => Some(given::some(call, Type::Bytes)),
    }
}

fn replace(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let texts = (
        given::receiver(call)?,
        given::of(&call.arg(0)),
        given::of(&call.arg(1)),
    );
    let (Given::Bytes(bytes), Given::Bytes(old), Given::Bytes(new)) = texts else {
        return Some(given::some(call, Type::Bytes));
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        if !old.is_empty() && rest.starts_with(&old) {
            out.extend_from_slice(&new);
            at += old.len();
        } else {
            out.push(rest[0]);
            at += 1;
        }
        if out.len() > crate::machine::ask::TEXT {
            return Some(given::some(call, Type::Bytes));
        }
    }
    Some(given::bytes(call, out))
}

fn split(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (Given::Bytes(bytes), by) = (given::receiver(call)?, given::of(&call.arg(0))) else {
        let any = given::some(call, Type::Bytes);
        return Some(call.machine.list_of(any));
    };
    let pieces: Vec<Vec<u8>> = match by {
        Given::Bytes(by) if by.len() == 1 => bytes.split(|byte| *byte == by[0]).map(<[u8]>::to_vec).collect(),
        Given::Other => bytes
            .split(u8::is_ascii_whitespace)
            .filter(|piece| !piece.is_empty())
            .map(<[u8]>::to_vec)
            .collect(),
        _ => {
            let any = given::some(call, Type::Bytes);
            return Some(call.machine.list_of(any));
        }
    };
    let items = pieces
        .into_iter()
        .map(|piece| given::bytes(call, piece))
        .collect();
    Some(call.machine.list(items))
}

fn strip(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() > 0 {
        return Some(given::some(call, Type::Bytes));
    }
    map(call, |bytes| bytes.trim_ascii().to_vec())
}

fn map(call: &mut Call<'_, '_, '_>, with: impl Fn(&[u8]) -> Vec<u8>) -> Option<Value> {
    match given::receiver(call)? {
        Given::Bytes(bytes) => {
            let made = with(&bytes);
            Some(given::bytes(call, made))
        }
        _ => Some(given::some(call, Type::Bytes)),
    }
}

fn translate(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match (given::receiver(call)?, given::of(&call.arg(0))) {
        (Given::Bytes(bytes), Given::Bytes(table)) if table.len() == 256 => {
            let made = bytes
                .iter()
                .filter_map(|&byte| table.get(usize::from(byte)).copied())
                .collect();
            Some(given::bytes(call, made))
        }
        _ => Some(given::some(call, Type::Bytes)),
    }
}

fn affixed(call: &mut Call<'_, '_, '_>, with: impl Fn(&[u8], &[u8]) -> bool) -> Option<Value> {
    match (given::receiver(call)?, given::of(&call.arg(0))) {
        (Given::Bytes(bytes), Given::Bytes(affix)) => {
            let truth = with(&bytes, &affix);
            Some(given::truth(call, truth))
        }
        _ => Some(given::some(call, Type::Bool)),
    }
}

fn find(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match (given::receiver(call)?, given::of(&call.arg(0))) {
        (Given::Bytes(bytes), Given::Bytes(part)) if !part.is_empty() && call.count() == 1 => {
            let place = bytes.windows(part.len()).position(|window| *window == *part);
            let place = place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1);
            Some(given::int(call, place))
        }
        _ => Some(given::some(call, Type::Number)),
    }
}

fn is_little(order: &Value) -> Option<bool> {
    match order.as_text() {
        Some("little") => Some(true),
        Some("big") => Some(false),
        _ if matches!(order.kind, Kind::Unbound) => Some(false),
        _ => None,
    }
}

fn int_from_bytes(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let bytes = given::bytes_of(&call.arg(0));
    let little = is_little(&call.arg_or_named(1, "byteorder"));
    let (Some(bytes), Some(little)) = (bytes, little) else {
        return Some(given::some(call, Type::Number));
    };
    let mut number = Some(0_i64);
    let mut add = |byte: &u8| {
        number = number.and_then(|number| number.checked_mul(256)?.checked_add(i64::from(*byte)));
    };
    if little {
        bytes.iter().rev().for_each(&mut add);
    } else {
        bytes.iter().for_each(&mut add);
    }
    match number {
        Some(number) => Some(given::int(call, number)),
        None => Some(given::some(call, Type::Number)),
    }
}

fn int_to_bytes(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let number = call.receiver.as_ref()?.as_int();
    let length = match call.arg_or_named(0, "length") {
        value if matches!(value.kind, Kind::Unbound) => Some(1),
        value => value.as_int().and_then(|length| usize::try_from(length).ok()),
    };
    let little = is_little(&call.arg_or_named(1, "byteorder"));
    match (number, length, little) {
        (Some(number), Some(length @ 0..=4096), Some(little)) => {
            let mut bytes = number.to_le_bytes().to_vec();
            bytes.resize(length, 0);
            if !little {
                bytes.reverse();
            }
            Some(given::bytes(call, bytes))
        }
        _ => Some(given::some(call, Type::Bytes)),
    }
}

fn bit_length(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match call.receiver.as_ref()?.as_int() {
        Some(number) => Some(given::int(
            call,
            i64::from(64 - number.unsigned_abs().leading_zeros()),
        )),
        None => Some(given::some(call, Type::Number)),
    }
}
