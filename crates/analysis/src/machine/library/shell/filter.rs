//! Filters that decode: `base64 -d`, `xxd -r -p` and the like.

use super::super::{Call, Model, Table};
use super::{decoded, has_option, input, known_text, printed, words};
use crate::decode;
use crate::fact::FactKind;
use crate::machine::value::{Kind, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:base64", base64),
    ("sh:base32", base32),
    ("sh:basenc", base64),
    ("sh:xxd", xxd),
    ("sh:openssl", openssl),
    ("sh:gunzip", inflate),
    ("sh:zcat", inflate),
    ("sh:gzip", inflate),
    ("sh:zlib-flate", inflate),
    ("sh:pigz", inflate),
];

/// The file among the words of a filter, and the options whose value is a word of its own.
fn file<'words>(words: &'words [String], valued: &[&str]) -> Option<&'words str> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if valued.contains(&word.as_str()) {
            at += 2;
            continue;
        }
        if !word.starts_with('-') || word == "-" {
            return Some(word);
        }
        at += 1;
    }
    None
}

/// What a filter reads, without the blanks of lines.
fn packed(call: &mut Call<'_, '_, '_>, file: Option<&str>) -> Option<String> {
    let value = input(call, file)?;
    let mut text = known_text(call, &value)?;
    text.retain(|letter| !letter.is_ascii_whitespace());
    Some(text)
}

fn base64(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let file = file(&words, &["-w", "--wrap"]).map(str::to_owned);
    let decodes =
        has_option(&words, 'd') || has_option(&words, 'D') || words.iter().any(|word| word == "--decode");
    if decodes {
        let text = packed(call, file.as_deref())?;
        let bytes = decode::base64(text.as_bytes()).ok()?;
        return Some(decoded(call, bytes));
    }
    let value = input(call, file.as_deref())?;
    let text = known_text(call, &value)?;
    let encoded = encode64(text.as_bytes());
    Some(printed(call, &encoded))
}

fn encode64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
    for chunk in bytes.chunks(3) {
        let number = chunk
            .iter()
            .fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
        let number = number << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place > chunk.len() {
                text.push('=');
                continue;
            }
            let digit = (number >> (18 - 6 * place)) & 63;
            text.push(
                ALPHABET
                    .get(digit as usize)
                    .map_or('=', |letter| char::from(*letter)),
            );
        }
    }
    text
}

fn base32(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    if !(has_option(&words, 'd') || words.iter().any(|word| word == "--decode")) {
        return None;
    }
    let file = file(&words, &[]).map(str::to_owned);
    let text = packed(call, file.as_deref())?;
    let bytes = decode::base32(text.as_bytes()).ok()?;
    Some(decoded(call, bytes))
}

fn xxd(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    if !(has_option(&words, 'r') && has_option(&words, 'p')) {
        return None;
    }
    let file = file(&words, &[]).map(str::to_owned);
    let text = packed(call, file.as_deref())?.to_ascii_uppercase();
    let bytes = decode::base16(text.as_bytes()).ok()?;
    Some(decoded(call, bytes))
}

/// `gunzip`, `zcat`, `gzip -d` on bytes that are known.
fn inflate(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let name = call.machine.paths.text(call.path);
    let decodes = matches!(&*name, "sh:gunzip" | "sh:zcat")
        || has_option(&words, 'd')
        || words.iter().any(|word| word == "-uncompress");
    if !decodes {
        return None;
    }
    let file = file(&words, &[]).map(str::to_owned);
    let value = input(call, file.as_deref())?;
    let bytes = match &value.kind {
        Kind::Bytes(bytes) => bytes.to_vec(),
        _ => known_text(call, &value)?.into_bytes(),
    };
    match decode::any(&bytes, call.machine.bounds.decoded_bytes) {
        Ok(bytes) => Some(decoded(call, bytes)),
        Err(decode::Failure::TooLarge) => {
            let what = "decompression_bomb";
            call.machine.tell_at(call.span, FactKind::Unreadable { what });
            None
        }
        Err(decode::Failure::Malformed) => None,
    }
}

/// `openssl base64 -d`, `openssl enc -base64 -d`.
fn openssl(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let plain = |word: &String| matches!(word.as_str(), "base64" | "-base64" | "-a");
    let cipher = words
        .iter()
        .any(|word| word.contains("aes") || word.contains("des") || word == "-k");
    if cipher || !words.iter().any(plain) || !words.iter().any(|word| word == "-d") {
        return None;
    }
    let at = words.iter().position(|word| word == "-in");
    let file = at.and_then(|at| words.get(at + 1)).cloned();
    let text = packed(call, file.as_deref())?;
    let bytes = decode::base64(text.as_bytes()).ok()?;
    Some(decoded(call, bytes))
}
