//! Patterns of file names, as `case`, `[[ ]]` and expansions use them.

/// A part of a pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Letter(char),
    Any,
    Some,
    /// Ranges, and whether the letter must be none of them.
    Class(Vec<(char, char)>, bool),
}

/// A pattern.
pub(super) struct Pattern(Vec<Part>);

impl Pattern {
    /// Reads a pattern.
    pub(super) fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        while let Some(&letter) = letters.get(at) {
            at += 1;
            match letter {
                '*' if parts.last() == Some(&Part::Some) => {}
                '*' => parts.push(Part::Some),
                '?' => parts.push(Part::Any),
                '\\' => {
                    parts.push(Part::Letter(letters.get(at).copied().unwrap_or('\\')));
                    at += 1;
                }
                '[' => match class(letters.get(at..).unwrap_or(&[])) {
                    Some((part, length)) => {
                        parts.push(part);
                        at += length;
                    }
                    None => parts.push(Part::Letter('[')),
                },
                other => parts.push(Part::Letter(other)),
            }
        }
        Self(parts)
    }

    /// Whether the whole of a text fits. Takes at most as many steps as the lengths multiplied.
    pub(super) fn fits(&self, text: &[char]) -> bool {
        let (mut at, mut part) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(part), text.get(at)) {
                (Some(Part::Some), _) => {
                    back = Some((part + 1, at));
                    part += 1;
                    continue;
                }
                (None, None) => return true,
                (Some(one), Some(&letter)) if one.takes(letter) => {
                    at += 1;
                    part += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = back.filter(|(_, from)| *from < text.len()) else {
                return false;
            };
            back = Some((after, from + 1));
            part = after;
            at = from + 1;
        }
    }
}

impl Part {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Letter(own) => *own == letter,
            Self::Any => true,
            Self::Some => false,
            Self::Class(ranges, not) => {
                let inside = ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter));
                inside != *not
            }
        }
    }
}

/// Behind `[`: a class and its length.
fn class(letters: &[char]) -> Option<(Part, usize)> {
    let mut at = 0;
    let not = matches!(letters.first(), Some('!' | '^'));
    if not {
        at += 1;
    }
    let mut ranges = Vec::new();
    let first = at;
    loop {
        let letter = *letters.get(at)?;
        if letter == ']' && at > first {
            return Some((Part::Class(ranges, not), at + 1));
        }
        if letter == '[' && letters.get(at + 1) == Some(&':') {
            let rest: String = letters.get(at + 2..)?.iter().take(12).collect();
            let (name, _) = rest.split_once(":]")?;
            ranges.extend_from_slice(named(name));
            at += name.len() + 4;
            continue;
        }
        match (letters.get(at + 1), letters.get(at + 2)) {
            (Some('-'), Some(&high)) if high != ']' => {
                ranges.push((letter, high));
                at += 3;
            }
            _ => {
                ranges.push((letter, letter));
                at += 1;
            }
        }
    }
}

/// The ranges of a named class.
pub(super) fn named(name: &str) -> &'static [(char, char)] {
    match name {
        "lower" => &[('a', 'z')],
        "upper" => &[('A', 'Z')],
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
        _ => &[],
    }
}
