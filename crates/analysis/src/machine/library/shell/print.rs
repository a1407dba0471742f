//! Commands that print their words: `echo`, `printf`, `seq`.

use super::super::{Call, Model, Table};
use super::{has_option, hidden, printed, words};
use crate::machine::value::Value;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:echo", echo),
    ("sh:printf", printf),
    ("sh:seq", seq),
    ("sh:true", nothing),
    ("sh::", nothing),
];

/// Lines that `seq` gives.
const LINES: i64 = 1024;

fn nothing(_: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(Value::text(""))
}

fn echo(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let is_option = |word: &&String| {
        word.len() > 1
            && word.starts_with('-')
            && word
                .bytes()
                .skip(1)
                .all(|byte| matches!(byte, b'n' | b'e' | b'E'))
    };
    let options = words.iter().take_while(is_option).count();
    let escapes = words.iter().take(options).any(|word| word.contains('e'));
    let text = words.get(options..)?.join(" ");
    // One word alone stays what it is, with what is known of it.
    if !escapes && words.len() == options + 1 {
        return Some(call.arg(options));
    }
    if escapes {
        Some(unescaped(call, &text))
    } else {
        Some(printed(call, &text))
    }
}

/// A text with its escapes computed; one of mostly escapes was hidden.
fn unescaped(call: &mut Call<'_, '_, '_>, text: &str) -> Value {
    let mut result = String::new();
    let computed = escapes(text, &mut result);
    let mut value = printed(call, &result);
    if computed > 2 {
        value.marks = hidden(value.marks);
    }
    value
}

/// Computes escapes, and gives how many were numbers of letters.
fn escapes(text: &str, result: &mut String) -> usize {
    let mut bytes = Vec::new();
    let mut numbers = 0;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let escape = letters.next().unwrap_or('\\');
        let (radix, most) = match escape {
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            '0'..='7' => (8, 3),
            _ => (0, 0),
        };
        if radix == 0 {
            let plain = match escape {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'e' => '\u{1b}',
                other => other,
            };
            bytes.extend_from_slice(plain.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        let mut number = if radix == 8 {
            escape.to_digit(8).unwrap_or(0)
        } else {
            0
        };
        for _ in 0..most {
            let Some(digit) = letters.peek().and_then(|letter| letter.to_digit(radix)) else {
                break;
            };
            letters.next();
            number = number.wrapping_mul(radix).wrapping_add(digit);
        }
        numbers += 1;
        if matches!(escape, 'u' | 'U') {
            let letter = char::from_u32(number).unwrap_or('\u{FFFD}');
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            bytes.push(u8::try_from(number & 0xff).unwrap_or(0));
        }
    }
    result.push_str(&String::from_utf8_lossy(&bytes));
    numbers
}

fn printf(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut words = words(call);
    if words.first().map(String::as_str) == Some("--") {
        words.remove(0);
    }
    let (format, arguments) = words.split_first()?;
    let mut result = String::new();
    let mut numbers = 0;
    let mut rest = arguments.iter();
    // The format is used again while words are left.
    for round in 0..256 {
        let before = rest.len();
        numbers += formatted(format, &mut rest, &mut result);
        if rest.len() == 0 || rest.len() == before || round == 255 {
            break;
        }
    }
    let mut value = printed(call, &result);
    if numbers > 2 {
        value.marks = hidden(value.marks);
    }
    Some(value)
}

fn formatted(format: &str, words: &mut std::slice::Iter<'_, String>, result: &mut String) -> usize {
    let mut numbers = 0;
    let mut plain = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            plain.push(letter);
            if letter == '\\' {
                plain.extend(letters.next());
            }
            continue;
        }
        numbers += escapes(&std::mem::take(&mut plain), result);
        let kind = letters
            .by_ref()
            .find(|letter| letter.is_ascii_alphabetic() || *letter == '%');
        if kind == Some('%') {
            result.push('%');
            continue;
        }
        let word = words.next().map_or("", String::as_str);
        match kind {
            Some('b') => numbers += escapes(word, result),
            Some('c') => result.extend(word.chars().next()),
            Some('x') => match word.parse::<i64>() {
                Ok(number) => result.push_str(&format!("{number:x}")),
                Err(_) => result.push_str(word),
            },
            _ => result.push_str(word),
        }
    }
    numbers + escapes(&plain, result)
}

fn seq(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    if has_option(&words, 's') || has_option(&words, 'f') {
        return None;
    }
    let numbers: Option<Vec<i64>> = words.iter().map(|word| word.parse().ok()).collect();
    let (first, step, last) = match numbers?.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] if *step > 0 => (*first, *step, *last),
        _ => return None,
    };
    if last.checked_sub(first)? / step > LINES {
        return None;
    }
    let mut lines = Vec::new();
    let mut at = first;
    while at <= last {
        lines.push(at.to_string());
        at = at.checked_add(step)?;
    }
    Some(printed(call, &lines.join("\n")))
}
