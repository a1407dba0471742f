//! Bytes and what hides texts: `Buffer`, `atob`, decoders of texts, `zlib`.

use super::value::{arg_text, items_of, marked, marked_text, text_of, uncovered};
use crate::decode;
use crate::machine::library::{Call, Model, Table};
use crate::machine::value::{Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const MODELS: &[(&str, Model)] = &[
    ("atob", atob),
    ("btoa", btoa),
    ("Buffer.from", buffer),
    ("Buffer", buffer),
    ("Buffer.alloc", alloc),
    ("Buffer.concat", concat),
    ("Uint8Array", buffer),
    ("Uint8Array.from", buffer),
    ("buffer#toString", to_string),
    ("buffer#slice", slice),
    ("buffer#map", map),
    ("TextDecoder().decode", decode_text),
    ("TextEncoder().encode", encode_text),
];

const ALIASES: &[(&str, &str)] = &[
    ("buffer.Buffer", "Buffer"),
    ("buffer#subarray", "buffer#slice"),
    ("util.TextDecoder", "TextDecoder"),
    ("util.TextEncoder", "TextEncoder"),
];

fn some_bytes(call: &Call<'_, '_, '_>) -> Value {
    marked(call, Kind::Unknown(Type::Bytes))
}

/// Bytes as the text in which each is a letter.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn atob(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let decoded = arg_text(call, 0).and_then(|text| decode::base64(text.as_bytes()).ok());
    let value = match decoded {
        Some(bytes) => marked_text(call, latin(&bytes)),
        None => marked(call, Kind::Unknown(Type::Text)),
    };
    Some(uncovered(value))
}

fn btoa(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let bytes: Option<Vec<u8>> = arg_text(call, 0).and_then(|text| {
        text.chars()
            .map(|letter| u8::try_from(u32::from(letter)).ok())
            .collect()
    });
    Some(match bytes {
        Some(bytes) => marked_text(call, base64_of(&bytes)),
        None => marked(call, Kind::Unknown(Type::Text)),
    })
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for place in 0..3 {
            bits = bits << 8 | u32::from(group.get(place).copied().unwrap_or(0));
        }
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Buffer.from(text, encoding)` or of numbers.
fn buffer(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let encoding = arg_text(call, 1).map_or_else(|| "utf8".to_owned(), |encoding| encoding.to_lowercase());
    if let Kind::Bytes(_) = source.kind {
        return Some(source);
    }
    if let Kind::Text(text) = &source.kind {
        let (bytes, hidden) = match encoding.as_str() {
            "base64" | "base64url" => (decode::base64(text.as_bytes()).ok(), true),
            "hex" => (decode::base16(text.as_bytes()).ok(), true),
            "latin1" | "binary" | "ascii" => (
                text.chars()
                    .map(|letter| u8::try_from(u32::from(letter)).ok())
                    .collect(),
                false,
            ),
            "utf16le" | "ucs2" => (
                Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
                false,
            ),
            _ => (Some(text.as_bytes().to_vec()), false),
        };
        let value = match bytes {
            Some(bytes) => marked(call, Kind::Bytes(bytes.into())),
            None => some_bytes(call),
        };
        return Some(if hidden { uncovered(value) } else { value });
    }
    if let Some(length) = source.as_int() {
        return zeros(call, length);
    }
    let bytes: Option<Vec<u8>> = items_of(call.machine, &source).and_then(|items| {
        items
            .iter()
            .map(|item| item.as_int().map(|number| (number & 255) as u8))
            .collect()
    });
    Some(match bytes {
        Some(bytes) => uncovered(marked(call, Kind::Bytes(bytes.into()))),
        None if matches!(encoding.as_str(), "base64" | "hex") => uncovered(some_bytes(call)),
        None => some_bytes(call),
    })
}

fn alloc(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let length = call.arg(0).as_int()?;
    zeros(call, length)
}

/// Zeros that are written to later: an array stands for them.
fn zeros(call: &mut Call<'_, '_, '_>, length: i64) -> Option<Value> {
    let length = usize::try_from(length).ok()?;
    if length > 1 << 12 {
        return Some(call.machine.list_of(Value::of(Kind::Unknown(Type::Number))));
    }
    Some(call.machine.list(vec![Value::int(0); length]))
}

fn concat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let list = call.arg(0);
    let items = items_of(call.machine, &list).unwrap_or_default();
    let mut all = Vec::new();
    for item in &items {
        match item.as_bytes() {
            Some(bytes) if all.len() < 1 << 20 => all.extend_from_slice(bytes),
            _ => return Some(some_bytes(call)),
        }
    }
    Some(if items.is_empty() {
        some_bytes(call)
    } else {
        marked(call, Kind::Bytes(all.into()))
    })
}

fn to_string(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let encoding = arg_text(call, 0).map_or_else(|| "utf8".to_owned(), |encoding| encoding.to_lowercase());
    let receiver = call.receiver.clone()?;
    let text = receiver.as_bytes().map(|bytes| match encoding.as_str() {
        "base64" => base64_of(bytes),
        "base64url" => base64_of(bytes)
            .replace('+', "-")
            .replace('/', "_")
            .trim_end_matches('=')
            .to_owned(),
        "hex" => hex_of(bytes),
        "latin1" | "binary" | "ascii" => latin(bytes),
        "utf16le" | "ucs2" => {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
                .collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    });
    Some(match text {
        Some(text) => marked_text(call, text),
        None => marked(call, Kind::Unknown(Type::Text)),
    })
}

fn slice(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let part = receiver.as_bytes().and_then(|bytes| {
        let (start, end) = super::array::ends(call, bytes.len())?;
        Some(bytes[start..end].to_vec())
    });
    Some(match part {
        Some(part) => marked(call, Kind::Bytes(part.into())),
        None => some_bytes(call),
    })
}

/// Bytes through a function: the way of deciphering by XOR.
fn map(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let receiver = call.receiver.clone()?;
    let function = call.arg(0);
    let bytes = receiver.as_bytes()?.to_vec();
    if bytes.len() > 1 << 12 {
        return Some(some_bytes(call));
    }
    let mut mapped = Vec::with_capacity(bytes.len());
    for (place, byte) in bytes.into_iter().enumerate() {
        let byte = Value::int(i64::from(byte));
        let made = call.call_back(&function, vec![byte, super::array::place_value(place)]);
        match made.as_int() {
            Some(number) => mapped.push((number & 255) as u8),
            None => return Some(some_bytes(call)),
        }
    }
    Some(uncovered(marked(call, Kind::Bytes(mapped.into()))))
}

fn decode_text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let text = match items_of(call.machine, &source) {
        Some(items) => {
            let bytes: Option<Vec<u8>> = items
                .iter()
                .map(|item| item.as_int().map(|number| (number & 255) as u8))
                .collect();
            bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        }
        None => None,
    };
    Some(match text {
        Some(text) => marked_text(call, text),
        None => marked(call, Kind::Unknown(Type::Text)),
    })
}

fn encode_text(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    Some(match text_of(call.machine, &source) {
        Some(text) => marked(call, Kind::Bytes(text.as_bytes().into())),
        None => some_bytes(call),
    })
}
