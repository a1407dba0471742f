//! Expansions and conditions of the shell itself.

use super::super::{Call, Model, Table};
use super::glob::Pattern;
use super::{known_text, text_of};
use crate::machine::value::{HOLE, Kind, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:${#}", length),
    ("sh:${!}", indirect),
    ("sh:${x#p}", trimmed),
    ("sh:${x##p}", trimmed),
    ("sh:${x%p}", trimmed),
    ("sh:${x%%p}", trimmed),
    ("sh:${x/p}", replaced),
    ("sh:${x//p}", replaced),
    ("sh:${x/#p}", replaced),
    ("sh:${x/%p}", replaced),
    ("sh:${x^^}", cased),
    ("sh:${x^}", cased),
    ("sh:${x,,}", cased),
    ("sh:${x,}", cased),
    ("sh:${x@U}", cased),
    ("sh:${x@L}", cased),
    ("sh:${x@P}", same),
    ("sh:${x@E}", same),
    ("sh:${x@Q}", same),
    ("sh:split", split),
    ("sh:join", join),
    ("sh:case", case),
    ("sh:test", test),
];

/// Letters of a text on which patterns are tried.
const LETTERS: usize = 4096;

fn same(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    Some(call.arg(0))
}

fn length(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let length = match value.kind {
        Kind::Object(_) => call.machine.items(&value)?.len(),
        _ => known_text(call, &value)?.chars().count(),
    };
    Some(Value::int(i64::try_from(length).ok()?))
}

fn indirect(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let name = known_text(call, &call.arg(0))?;
    let symbol = call.machine.program.names.find(&format!("sh:{name}"))?;
    let visible = call.machine.visible();
    visible
        .into_iter()
        .find(|(known, _)| *known == symbol)
        .map(|(_, value)| value)
}

/// The arguments as letters and a pattern.
fn subject(call: &Call<'_, '_, '_>) -> Option<(Vec<char>, Pattern)> {
    let text = known_text(call, &call.arg(0))?;
    let pattern = known_text(call, &call.arg(1))?;
    let letters: Vec<char> = text.chars().collect();
    (letters.len() <= LETTERS && pattern.len() <= 256).then(|| (letters, Pattern::new(&pattern)))
}

fn built(call: &mut Call<'_, '_, '_>, letters: &[char]) -> Value {
    let text: String = letters.iter().collect();
    let marks = call.marks();
    call.machine.built(text, marks)
}

fn trimmed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (letters, pattern) = subject(call)?;
    let name = call.machine.paths.text(call.path);
    let (front, longest) = (name.contains('#'), name.contains("##") || name.contains("%%"));
    let length = letters.len();
    let cut = |size: usize| {
        if front {
            letters.get(..size)
        } else {
            letters.get(length - size..)
        }
    };
    let fits = |size: &usize| cut(*size).is_some_and(|part| pattern.fits(part));
    // Patterns that fit a part of any length are tried on short texts alone.
    if length > 512 {
        return None;
    }
    let size = if longest {
        (0..=length).rev().find(fits)
    } else {
        (0..=length).find(fits)
    };
    let size = size.unwrap_or(0);
    let rest = if front {
        letters.get(size..)
    } else {
        letters.get(..length - size)
    };
    let rest = rest?.to_vec();
    Some(built(call, &rest))
}

fn replaced(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let name = call.machine.paths.text(call.path);
    let with = text_of(call, &call.arg(2));
    let plain = known_text(call, &call.arg(1))?;
    if plain.is_empty() {
        return Some(call.arg(0));
    }
    let text = known_text(call, &call.arg(0))?;
    let special = plain.contains(['*', '?', '[', '\\']);
    let anchored = name.contains("/#") || name.contains("/%");
    if !special && !anchored {
        let result = if name.contains("//") {
            text.replace(&plain, &with)
        } else {
            text.replacen(&plain, &with, 1)
        };
        let marks = call.marks();
        return Some(call.machine.built(result, marks));
    }
    let (letters, pattern) = subject(call)?;
    if letters.len() > 512 {
        return None;
    }
    let mut result = String::new();
    let (mut at, mut done) = (0, false);
    while at < letters.len() {
        let longest = (at + 1..=letters.len())
            .rev()
            .find(|end| letters.get(at..*end).is_some_and(|part| pattern.fits(part)))
            .filter(|end| !name.contains("/%") || *end == letters.len())
            .filter(|_| !done && (!name.contains("/#") || at == 0));
        match longest {
            Some(end) => {
                result.push_str(&with);
                at = end;
                done = !name.contains("//");
            }
            None => {
                result.extend(letters.get(at));
                at += 1;
            }
        }
    }
    let marks = call.marks();
    Some(call.machine.built(result, marks))
}

fn cased(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = known_text(call, &call.arg(0))?;
    let name = call.machine.paths.text(call.path);
    let upper = name.contains('^') || name.contains('U');
    let all = ["^^", ",,", "@"].iter().any(|mark| name.contains(mark));
    let change = |text: &str| {
        if upper {
            text.to_uppercase()
        } else {
            text.to_lowercase()
        }
    };
    let result = if all {
        change(&text)
    } else {
        let first = text.chars().next().map_or(0, char::len_utf8);
        let (first, rest) = text.split_at(first);
        change(first) + rest
    };
    let marks = call.marks();
    Some(call.machine.built(result, marks))
}

fn split(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    if matches!(value.kind, Kind::Object(_)) {
        return Some(value);
    }
    let text = match known_text(call, &value) {
        Some(text) => text,
        None => {
            // Something of which only an item is known to be like the whole.
            return Some(call.machine.list_of(value));
        }
    };
    let words = text.split_ascii_whitespace().take(4096);
    let items = words
        .map(|word| Value {
            marks: value.marks.clone(),
            ..Value::text(word)
        })
        .collect();
    Some(call.machine.list(items))
}

fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let items = call.machine.items(&value)?;
    let texts: Vec<String> = items.iter().take(4096).map(|item| text_of(call, item)).collect();
    let marks = call.marks();
    Some(call.machine.built(texts.join(" "), marks))
}

fn case(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (letters, pattern) = subject(call)?;
    Some(Value::of(Kind::Bool(pattern.fits(&letters))))
}

/// `[ ... ]`: known where all that it compares is.
fn test(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let truth = |truth: bool| Some(Value::of(Kind::Bool(truth)));
    match call.count() {
        0 => truth(false),
        1 => truth(!known_text(call, &call.arg(0))?.is_empty()),
        2 => {
            let operator = known_text(call, &call.arg(0))?;
            match operator.as_str() {
                "-z" => {
                    let text = text_of(call, &call.arg(1));
                    // A text with a part that is known is not empty.
                    let known = text.chars().any(|letter| letter != HOLE);
                    if known {
                        truth(false)
                    } else {
                        truth(known_text(call, &call.arg(1))?.is_empty())
                    }
                }
                "-n" => truth(!known_text(call, &call.arg(1))?.is_empty()),
                "!" => truth(known_text(call, &call.arg(1))?.is_empty()),
                _ => None,
            }
        }
        3 => {
            let left = known_text(call, &call.arg(0))?;
            let operator = known_text(call, &call.arg(1))?;
            let right = known_text(call, &call.arg(2))?;
            compared(&left, &operator, &right).and_then(truth)
        }
        _ => None,
    }
}

fn compared(left: &str, operator: &str, right: &str) -> Option<bool> {
    let equal = || {
        let letters: Vec<char> = left.chars().take(LETTERS).collect();
        left == right || (right.contains(['*', '?', '[', '\\']) && Pattern::new(right).fits(&letters))
    };
    let numbers = || {
        Some((
            left.trim().parse::<i64>().ok()?,
            right.trim().parse::<i64>().ok()?,
        ))
    };
    Some(match operator {
        "=" | "==" => equal(),
        "!=" => !equal(),
        "<" => left < right,
        ">" => left > right,
        "-eq" => numbers().map(|(left, right)| left == right)?,
        "-ne" => numbers().map(|(left, right)| left != right)?,
        "-lt" => numbers().map(|(left, right)| left < right)?,
        "-le" => numbers().map(|(left, right)| left <= right)?,
        "-gt" => numbers().map(|(left, right)| left > right)?,
        "-ge" => numbers().map(|(left, right)| left >= right)?,
        _ => return None,
    })
}
