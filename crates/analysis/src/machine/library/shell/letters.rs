//! Filters that change letters and lines: `rev`, `tr`, `sed`, `cut`, `head`, `tail`.

use super::super::{Call, Model, Table};
use super::{glob, has_option, hidden, input, known_text, printed, stdin, words};
use crate::machine::value::Value;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:rev", rev),
    ("sh:tac", tac),
    ("sh:tr", tr),
    ("sh:sed", sed),
    ("sh:cut", cut),
    ("sh:head", head),
    ("sh:tail", tail),
    ("sh:basename", basename),
];

/// What flows in, or the text of the last word as a file.
fn lines(call: &mut Call<'_, '_, '_>) -> Option<String> {
    let words = words(call);
    let file = words.iter().rfind(|word| !word.starts_with('-')).cloned();
    let value = match stdin(call) {
        Some(value) => value,
        None => input(call, file.as_deref())?,
    };
    known_text(call, &value)
}

/// A text that was turned around is hidden.
fn turned(call: &mut Call<'_, '_, '_>, text: &str) -> Value {
    let mut value = printed(call, text);
    value.marks = hidden(value.marks);
    value
}

fn rev(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = lines(call)?;
    let turned_lines: Vec<String> = text.lines().map(|line| line.chars().rev().collect()).collect();
    Some(turned(call, &turned_lines.join("\n")))
}

fn tac(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = lines(call)?;
    let turned_lines: Vec<&str> = text.lines().rev().collect();
    Some(printed(call, &turned_lines.join("\n")))
}

/// The letters that a set of `tr` names, in order.
fn set(text: &str) -> Vec<char> {
    let letters: Vec<char> = text.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        if all.len() > 4096 {
            break;
        }
        if letter == '[' && letters.get(at + 1) == Some(&':') {
            let rest: String = letters.get(at + 2..).unwrap_or(&[]).iter().take(12).collect();
            if let Some((name, _)) = rest.split_once(":]") {
                for (low, high) in glob::named(name) {
                    all.extend(*low..=*high);
                }
                at += name.len() + 4;
                continue;
            }
        }
        let (letter, length) = match (letter, letters.get(at + 1)) {
            ('\\', Some('n')) => ('\n', 2),
            ('\\', Some('t')) => ('\t', 2),
            ('\\', Some(other)) => (*other, 2),
            (letter, _) => (letter, 1),
        };
        at += length;
        match (letters.get(at), letters.get(at + 1)) {
            (Some('-'), Some(&high)) if high >= letter && u32::from(high) - u32::from(letter) < 256 => {
                all.extend(letter..=high);
                at += 2;
            }
            _ => all.push(letter),
        }
    }
    all
}

fn tr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let sets: Vec<Vec<char>> = words
        .iter()
        .filter(|word| word.len() < 2 || !word.starts_with('-'))
        .map(|word| set(word))
        .collect();
    let value = stdin(call)?;
    let text = known_text(call, &value)?;
    if has_option(&words, 'c') || has_option(&words, 's') {
        return None;
    }
    let first = sets.first()?;
    if has_option(&words, 'd') {
        let result: String = text.chars().filter(|letter| !first.contains(letter)).collect();
        return Some(printed(call, &result));
    }
    let second = sets.get(1)?;
    let last = second.last()?;
    let change = |letter: char| match first.iter().rposition(|known| *known == letter) {
        Some(place) => *second.get(place).unwrap_or(last),
        None => letter,
    };
    let result: String = text.chars().map(change).collect();
    // Letters for letters is an encoding; one sign for another is none.
    if first.len() > 20 {
        return Some(turned(call, &result));
    }
    Some(printed(call, &result))
}

/// `sed s/a/b/g` where the pattern is plain text.
fn sed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let scripts: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let [script] = scripts.as_slice() else { return None };
    let value = stdin(call)?;
    let mut text = known_text(call, &value)?;
    for command in script.split(';').take(16) {
        let command = command.trim();
        let mark = command.strip_prefix('s')?.chars().next()?;
        let mut parts = command.get(1 + mark.len_utf8()..)?.split(mark);
        let (pattern, with, flags) = (parts.next()?, parts.next()?, parts.next()?);
        let plain = !pattern.contains(['.', '*', '[', '\\', '^', '$']) && !with.contains(['&', '\\']);
        if !plain || parts.next().is_some() || pattern.is_empty() || text.len() > super::TEXT {
            return None;
        }
        text = if flags.contains('g') {
            text.replace(pattern, with)
        } else {
            let lines: Vec<String> = text.lines().map(|line| line.replacen(pattern, with, 1)).collect();
            lines.join("\n")
        };
    }
    Some(printed(call, &text))
}

/// The value of an option of one letter, as the next word or attached.
fn option(words: &[String], letter: &str) -> Option<String> {
    for (number, word) in words.iter().enumerate() {
        if let Some(rest) = word.strip_prefix(letter) {
            return if rest.is_empty() {
                words.get(number + 1).cloned()
            } else {
                Some(rest.to_owned())
            };
        }
    }
    None
}

/// `2`, `2-4`, `-3`, `2-`: the first and the last, from one.
fn range(text: &str) -> Option<(usize, usize)> {
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (low, high),
        None => (text, text),
    };
    let low = if low.is_empty() { 1 } else { low.parse().ok()? };
    let high = if high.is_empty() {
        usize::MAX
    } else {
        high.parse().ok()?
    };
    (low >= 1).then_some((low, high))
}

fn cut(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let value = stdin(call)?;
    let text = known_text(call, &value)?;
    if let Some((low, high)) = option(&words, "-c").and_then(|letters| range(&letters)) {
        let pick = |line: &str| line.chars().take(high).skip(low - 1).collect::<String>();
        let lines: Vec<String> = text.lines().map(pick).collect();
        return Some(printed(call, &lines.join("\n")));
    }
    let (low, high) = option(&words, "-f").and_then(|fields| range(&fields))?;
    let mark = option(&words, "-d").unwrap_or_else(|| "\t".to_owned());
    if mark.is_empty() {
        return None;
    }
    let pick = |line: &str| {
        let fields: Vec<&str> = line.split(mark.as_str()).take(high).skip(low - 1).collect();
        fields.join(&mark)
    };
    let lines: Vec<String> = text.lines().map(pick).collect();
    Some(printed(call, &lines.join("\n")))
}

fn head(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let value = stdin(call)?;
    let text = known_text(call, &value)?;
    if let Some(bytes) = option(&words, "-c").and_then(|bytes| bytes.parse::<usize>().ok()) {
        let result: String = text.chars().take(bytes).collect();
        return Some(printed(call, &result));
    }
    let plain = words
        .iter()
        .find_map(|word| word.strip_prefix('-')?.parse::<usize>().ok());
    let count = option(&words, "-n")
        .and_then(|count| count.parse::<usize>().ok())
        .or(plain)
        .unwrap_or(10);
    let lines: Vec<&str> = text.lines().take(count).collect();
    Some(printed(call, &lines.join("\n")))
}

fn tail(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let value = stdin(call)?;
    let text = known_text(call, &value)?;
    let lines: Vec<&str> = text.lines().collect();
    let wanted = option(&words, "-n");
    let from = match wanted.as_deref() {
        Some(count) if count.starts_with('+') => count.get(1..)?.parse::<usize>().ok()?.saturating_sub(1),
        Some(count) => lines.len().saturating_sub(count.parse().ok()?),
        None if has_option(&words, 'c') => return None,
        None => lines.len().saturating_sub(10),
    };
    let result = lines.get(from.min(lines.len())..)?.join("\n");
    Some(printed(call, &result))
}

fn basename(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = known_text(call, &call.arg(0))?;
    let name = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or("")
        .to_owned();
    Some(printed(call, &name))
}
