//! Decoders: what hides texts and code. A value that went through one is marked as hidden once more.

use super::given::{self, uncovered};
use super::{Call, Model, Table};
use crate::decode::{self, Alphabet85, Failure};
use crate::machine::value::{Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: ALIASES,
};

const ALIASES: &[(&str, &str)] = &[
    ("base64.decodestring", "base64.decodebytes"),
    ("base64.encodestring", "base64.encodebytes"),
    ("base64.standard_b64decode", "base64.b64decode"),
    ("base64.standard_b64encode", "base64.b64encode"),
    ("binascii.unhexlify", "binascii.a2b_hex"),
    ("binascii.hexlify", "binascii.b2a_hex"),
    ("_codecs.decode", "codecs.decode"),
    ("_codecs.encode", "codecs.encode"),
];

const MODELS: &[(&str, Model)] = &[
    ("base64.b64decode", |call| {
        decoded(call, |text, _| decode::base64(text))
    }),
    ("base64.urlsafe_b64decode", |call| {
        decoded(call, |text, _| decode::base64(text))
    }),
    ("base64.decodebytes", |call| {
        decoded(call, |text, _| decode::base64(text))
    }),
    ("binascii.a2b_base64", |call| {
        decoded(call, |text, _| decode::base64(text))
    }),
    ("base64.b32decode", |call| {
        decoded(call, |text, _| decode::base32(text))
    }),
    ("base64.b16decode", |call| {
        decoded(call, |text, _| decode::base16(text))
    }),
    ("binascii.a2b_hex", |call| {
        decoded(call, |text, _| decode::base16(text))
    }),
    ("base64.b85decode", |call| {
        decoded(call, |text, _| decode::base85(text, Alphabet85::Rfc1924))
    }),
    ("base64.a85decode", |call| {
        decoded(call, |text, _| decode::base85(text, Alphabet85::Ascii))
    }),
    ("base64.b64encode", |call| encoded(call, base64_of)),
    ("base64.urlsafe_b64encode", |call| {
        encoded(call, |bytes| base64_of(bytes).replace('+', "-").replace('/', "_"))
    }),
    ("base64.encodebytes", |call| encoded(call, base64_of)),
    ("binascii.b2a_base64", |call| encoded(call, base64_of)),
    ("base64.b16encode", |call| {
        encoded(call, |bytes| super::bytes::hex_of(bytes).to_uppercase())
    }),
    ("binascii.b2a_hex", |call| encoded(call, super::bytes::hex_of)),
    ("zlib.decompress", inflate),
    ("zlib.decompressobj().decompress", |call| {
        decoded(call, decode::any)
    }),
    ("gzip.decompress", |call| decoded(call, decode::gzip)),
    ("marshal.loads", marshalled),
    ("io.BytesIO", held),
    ("io.StringIO", held),
    ("bytes#read", |call| call.receiver.clone()),
    ("bytes#getvalue", |call| call.receiver.clone()),
    ("str#read", |call| call.receiver.clone()),
    ("str#getvalue", |call| call.receiver.clone()),
    ("codecs.decode", |call| codecs(call, Way::Decode)),
    ("codecs.encode", |call| codecs(call, Way::Encode)),
    ("urllib.parse.unquote", |call| unquote(call, false)),
    ("urllib.parse.unquote_plus", |call| unquote(call, true)),
    ("urllib.unquote", |call| unquote(call, false)),
    ("urllib.unquote_plus", |call| unquote(call, true)),
];

/// Which way a codec goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// To bytes.
    Encode,
    /// From bytes.
    Decode,
}

/// Decodes the first argument, as far as a program's decodings are bounded.
fn decoded(
    call: &mut Call<'_, '_, '_>,
    with: impl Fn(&[u8], usize) -> Result<Vec<u8>, Failure>,
) -> Option<Value> {
    let value = [call.arg(0), call.named("s"), call.named("data")]
        .into_iter()
        .find(|value| !matches!(value.kind, Kind::Unbound))?;
    let bytes = given::bytes_of(&value).or_else(|| {
        let numbers = super::convert::bytes_of_items(call, &value)?;
        Some(numbers.into())
    });
    let most = call.machine.decoding_bound();
    let result = bytes.map(|bytes| with(&bytes, most));
    let (marks, span) = (call.argument_marks(), call.span);
    let known = result.and_then(|result| call.machine.decoded_bytes(result, marks, span));
    Some(known.unwrap_or_else(|| uncovered(given::some(call, Type::Bytes))))
}

/// `zlib.decompress(data, wbits)`: the window says which of the three formats it is.
fn inflate(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let window = call.arg_or_named(1, "wbits").as_int();
    match window {
        Some(window) if window < 0 => decoded(call, decode::deflate),
        Some(window) if window > 15 => decoded(call, decode::any),
        _ => decoded(call, decode::zlib),
    }
}

/// Code that was marshalled is not run here; its texts are told.
fn marshalled(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let texts = given::bytes_of(&value).map(|bytes| decode::marshal_texts(&bytes, TEXTS));
    let marks = call.argument_marks();
    for text in texts.into_iter().flatten() {
        let span = call.span;
        call.machine
            .decoded_text(Ok(text.into_bytes()), marks.clone(), span);
    }
    let result = call.default_result();
    Some(uncovered(result))
}

/// How many texts of marshalled code are told.
const TEXTS: usize = 512;

fn encoded(call: &mut Call<'_, '_, '_>, with: impl Fn(&[u8]) -> String) -> Option<Value> {
    match given::bytes_of(&call.arg(0)) {
        Some(bytes) => {
            let text = with(&bytes);
            Some(given::bytes(call, text.into_bytes()))
        }
        None => Some(given::some(call, Type::Bytes)),
    }
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + 4);
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for place in 0..4 {
            let letter = BASE64[(number >> (18 - 6 * place)) as usize & 63];
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(letter)
            });
        }
    }
    text
}

/// A file in memory that is only read is what it holds.
fn held(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    match call.arg(0) {
        value if matches!(value.kind, Kind::Unbound) => None,
        value => Some(value),
    }
}

/// What was decoded, with the marks of receiver and arguments; something of the type when it could not be.
fn told(call: &mut Call<'_, '_, '_>, result: Result<Vec<u8>, Failure>, ty: Type) -> Value {
    let (marks, span) = (call.marks(), call.span);
    let known = match ty {
        Type::Text => call.machine.decoded_text(result, marks, span),
        _ => call.machine.decoded_bytes(result, marks, span),
    };
    known.unwrap_or_else(|| uncovered(given::some(call, ty)))
}

/// Hexadecimal digits.
pub(super) fn from_hex(call: &mut Call<'_, '_, '_>, text: &[u8]) -> Option<Value> {
    Some(told(call, decode::base16(text), Type::Bytes))
}

/// A codec that is no character set: `hex`, `rot13`, `base64`, escapes.
pub(super) fn text_codec(call: &mut Call<'_, '_, '_>, bytes: &[u8], codec: &str, way: Way) -> Option<Value> {
    let name = codec.trim_end_matches("_codec");
    let most = call.machine.decoding_bound();
    let value = match (name, way) {
        ("rot13" | "rot_13", _) => {
            let text = decode::rot13(&String::from_utf8_lossy(bytes));
            told(call, Ok(text.into_bytes()), Type::Text)
        }
        ("hex", Way::Decode) => from_hex(call, bytes)?,
        ("base64" | "base_64", Way::Decode) => told(call, decode::base64(bytes), Type::Bytes),
        ("hex", Way::Encode) => {
            let text = super::bytes::hex_of(bytes);
            given::bytes(call, text.into_bytes())
        }
        ("base64" | "base_64", Way::Encode) => {
            let text = base64_of(bytes);
            given::bytes(call, text.into_bytes())
        }
        ("unicode_escape" | "string_escape" | "raw_unicode_escape", Way::Decode) => {
            let text = super::bytes::unescaped(bytes);
            told(call, Ok(text.into_bytes()), Type::Text)
        }
        ("zlib" | "zip", Way::Decode) => told(call, decode::zlib(bytes, most), Type::Bytes),
        ("bz2", Way::Decode) => uncovered(given::some(call, Type::Bytes)),
        _ => return None,
    };
    Some(value)
}

fn codecs(call: &mut Call<'_, '_, '_>, way: Way) -> Option<Value> {
    let codec = super::bytes::codec(&call.arg_or_named(1, "encoding"))?;
    let value = call.arg_or_named(0, "obj");
    let Some(bytes) = given::bytes_of(&value) else {
        return Some(given::some(call, Type::Any));
    };
    if let Some(value) = text_codec(call, &bytes, &codec, way) {
        return Some(value);
    }
    match (way, &value.kind) {
        (Way::Decode, _) => {
            let text = super::bytes::decoded(&bytes, &codec)?;
            Some(given::text(call, text))
        }
        (Way::Encode, Kind::Text(text)) => {
            let bytes = super::bytes::encoded(text, &codec)?;
            Some(given::bytes(call, bytes))
        }
        _ => None,
    }
}

fn unquote(call: &mut Call<'_, '_, '_>, plus: bool) -> Option<Value> {
    let Some(text) = given::known(given::of(&call.arg(0))) else {
        return Some(given::some_text(call));
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let digits = behind
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = behind;
        match (byte, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = behind.get(2..).unwrap_or_default();
            }
            (b'+', _) if plus => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    let changed = bytes != text.as_bytes();
    let value = given::text(call, String::from_utf8_lossy(&bytes).into_owned());
    Some(if changed { uncovered(value) } else { value })
}
