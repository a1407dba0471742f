//! Brace expansion: `a{b,c}d` is two words, `{1..3}` three.

use super::quote::push_literal;
use crate::front::shell::syntax::{Part, Quote, Word};

/// Words that one word may become.
const WORDS: usize = 256;

/// Letters and parts of all words of a file that expansion may make.
pub(in crate::front::shell) const PIECES: usize = 1 << 18;

/// How deep braces may nest.
const DEPTH: u8 = 8;

/// A letter that means something, or anything else that a word holds.
#[derive(Clone)]
enum Piece {
    Letter(char),
    Part(Part),
}

/// The words that a word stands for. `left` is what remains of [`PIECES`]; once it is used up, words stay as they are.
pub(in crate::front::shell) fn expand(word: Word, left: &mut usize) -> Vec<Word> {
    let candidate = word.parts.iter().any(|part| match part {
        Part::Literal(text, Quote::None) => text.contains('{'),
        _ => false,
    });
    if !candidate {
        return vec![word];
    }
    let mut pieces = Vec::new();
    for part in &word.parts {
        match part {
            Part::Literal(text, Quote::None) => pieces.extend(text.chars().map(Piece::Letter)),
            other => pieces.push(Piece::Part(other.clone())),
        }
    }
    let Some(words) = alternatives(&pieces, 0, left) else {
        return vec![word];
    };
    words.into_iter().map(|pieces| rebuilt(pieces, &word)).collect()
}

fn rebuilt(pieces: Vec<Piece>, word: &Word) -> Word {
    let mut parts = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Letter(letter) => push_literal(&mut parts, letter.encode_utf8(&mut [0; 4]), Quote::None),
            Piece::Part(part) => parts.push(part),
        }
    }
    Word {
        parts,
        place: word.place,
    }
}

fn alternatives(pieces: &[Piece], depth: u8, left: &mut usize) -> Option<Vec<Vec<Piece>>> {
    let closing = closing(pieces);
    let mut done: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(piece) = pieces.get(at) {
        let group = closing
            .get(at)
            .copied()
            .flatten()
            .filter(|_| depth < DEPTH)
            .and_then(|end| Some((end, items(pieces.get(at + 1..end)?)?)));
        let Some((end, items)) = group else {
            *left = left.checked_sub(done.len())?;
            for word in &mut done {
                word.push(piece.clone());
            }
            at += 1;
            continue;
        };
        let mut choices = Vec::new();
        for item in items {
            choices.append(&mut alternatives(&item, depth + 1, left)?);
        }
        let mut longer: Vec<Vec<Piece>> = Vec::new();
        for word in &done {
            for choice in choices.iter().take(WORDS - longer.len().min(WORDS)) {
                *left = left.checked_sub(word.len() + choice.len() + 1)?;
                longer.push(word.iter().chain(choice).cloned().collect());
            }
        }
        done = longer;
        at = end + 1;
    }
    Some(done)
}

/// Of each opening brace where it is closed.
fn closing(pieces: &[Piece]) -> Vec<Option<usize>> {
    let mut closing = vec![None; pieces.len()];
    let mut open = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Letter('{') => open.push(at),
            Piece::Letter('}') => {
                if let Some(slot) = open.pop().and_then(|start| closing.get_mut(start)) {
                    *slot = Some(at);
                }
            }
            _ => {}
        }
    }
    closing
}

/// What stands between braces: the items between commas, or of a range.
fn items(inside: &[Piece]) -> Option<Vec<Vec<Piece>>> {
    let mut open = 0usize;
    let mut items = vec![Vec::new()];
    for piece in inside {
        match piece {
            Piece::Letter('{') => open += 1,
            Piece::Letter('}') => open = open.saturating_sub(1),
            Piece::Letter(',') if open == 0 => {
                items.push(Vec::new());
                continue;
            }
            _ => {}
        }
        if let Some(item) = items.last_mut() {
            item.push(piece.clone());
        }
    }
    if items.len() > 1 {
        Some(items)
    } else {
        range(inside)
    }
}

/// `1..5`, `a..e`, with a third part for the step.
fn range(inside: &[Piece]) -> Option<Vec<Vec<Piece>>> {
    let mut text = String::new();
    for piece in inside.iter().take(64) {
        match piece {
            Piece::Letter(letter) => text.push(*letter),
            Piece::Part(_) => return None,
        }
    }
    let mut ends = text.split("..");
    let (first, last) = (ends.next()?, ends.next()?);
    let step = ends.next().map_or(Some(1), |step| step.parse::<i64>().ok())?;
    let step = usize::try_from(step.unsigned_abs().max(1)).ok()?;
    let letters = |text: &str| {
        let mut letters = text.chars();
        letters
            .next()
            .filter(|letter| letters.next().is_none() && letter.is_ascii_alphabetic())
    };
    let words: Vec<String> = if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
        counted(first, last, step)
            .map(|number| number.to_string())
            .collect()
    } else {
        let (first, last) = (letters(first)?, letters(last)?);
        counted(i64::from(u32::from(first)), i64::from(u32::from(last)), step)
            .filter_map(|code| u32::try_from(code).ok().and_then(char::from_u32))
            .map(String::from)
            .collect()
    };
    Some(
        words
            .iter()
            .map(|word| word.chars().map(Piece::Letter).collect())
            .collect(),
    )
}

fn counted(first: i64, last: i64, step: usize) -> impl Iterator<Item = i64> {
    let down = first > last;
    let span = first.abs_diff(last).min(1 << 16);
    (0..=span).step_by(step).take(WORDS).map(move |offset| {
        let offset = i64::try_from(offset).unwrap_or(0);
        if down {
            first.saturating_sub(offset)
        } else {
            first.saturating_add(offset)
        }
    })
}
