//! Regular expressions, as far as a small matcher reads them: letters, classes, groups, choices, repetitions. One that it
//! does not read matches nothing that is known.

use super::value::arg_text;
use crate::machine::Machine;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Type, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("RegExp", regexp),
    ("RegExp().test", test),
    ("RegExp().exec", exec),
];

/// A regular expression that is read.
pub(super) struct Regex {
    alternatives: Vec<Vec<Piece>>,
    ignore_case: bool,
    /// Every match, and not the first alone.
    pub(super) global: bool,
}

struct Piece {
    what: What,
    least: u32,
    most: u32,
}

enum What {
    Letter(char),
    Any,
    Class(Vec<(char, char)>, bool),
    Group(Vec<Vec<Piece>>),
    Start,
    End,
}

/// How many steps one search takes at most.
const STEPS: u32 = 200_000;
/// How deep groups and repetitions nest.
const DEPTH: u32 = 200;

fn regexp(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let source = call.arg(0);
    let flags = call.arg(1);
    let mut object = Object::new(Shape::Native(call.machine.paths.call(call.path)));
    for (name, value) in [("source", source), ("flags", flags)] {
        let key = Key::Name(call.machine.program.names.intern(name));
        object.entries.set(key, value);
    }
    Some(call.machine.new_object(object))
}

fn test(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let found = matched(call).map(|(_, found)| found.is_some());
    Some(Value::of(found.map_or(Kind::Unknown(Type::Bool), Kind::Bool)))
}

fn exec(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.argument_marks();
    match matched(call) {
        Some((_, None)) => Some(Value::null()),
        Some((text, Some((start, end)))) => {
            let whole = Value {
                kind: Kind::Text(text[start..end].into()),
                marks: marks.clone(),
            };
            let list = call.machine.list(vec![whole]);
            let group = Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            };
            call.machine.object_mut(list.as_object()?).add_rest(&group);
            Some(list)
        }
        None => {
            let group = Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            };
            Some(call.machine.list_of(group))
        }
    }
}

/// The text, and where the receiver first matches in it.
fn matched(call: &Call<'_, '_, '_>) -> Option<(String, Option<(usize, usize)>)> {
    let text = arg_text(call, 0)?;
    let regex = pattern_of(call.machine, call.receiver.as_ref()?)?;
    let found = find_all(&regex, &text)?.first().copied();
    Some((text, found))
}

/// The regular expression that a value is, if it is one that is read.
pub(super) fn pattern_of(machine: &Machine<'_>, value: &Value) -> Option<Regex> {
    let object = machine.object(value.as_object()?);
    let Shape::Native(path) = object.shape else {
        return None;
    };
    if &*machine.paths.text(path) != "RegExp()" {
        return None;
    }
    let entry = |name: &str| object.entries.get(&Key::Name(machine.program.names.find(name)?));
    let source = entry("source")?.as_text()?;
    let flags = entry("flags").and_then(Value::as_text).unwrap_or("");
    read(source, flags)
}

fn read(source: &str, flags: &str) -> Option<Regex> {
    let letters: Vec<char> = source.chars().take(2_000).collect();
    let mut reader = Reader {
        letters: &letters,
        at: 0,
    };
    let alternatives = reader.choices(0)?;
    (reader.at == letters.len()).then_some(())?;
    Some(Regex {
        alternatives,
        ignore_case: flags.contains('i'),
        global: flags.contains('g'),
    })
}

struct Reader<'r> {
    letters: &'r [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn eat(&mut self, letter: char) -> bool {
        let found = self.peek() == Some(letter);
        self.at += usize::from(found);
        found
    }

    fn choices(&mut self, depth: u32) -> Option<Vec<Vec<Piece>>> {
        (depth < 20).then_some(())?;
        let mut all = vec![self.pieces(depth)?];
        while self.eat('|') {
            all.push(self.pieces(depth)?);
        }
        Some(all)
    }

    fn pieces(&mut self, depth: u32) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        while let Some(letter) = self.peek() {
            if letter == '|' || letter == ')' {
                break;
            }
            self.at += 1;
            let what = match letter {
                '.' => What::Any,
                '^' => What::Start,
                '$' => What::End,
                '(' => {
                    if self.eat('?') && !self.eat(':') {
                        return None;
                    }
                    let inner = self.choices(depth + 1)?;
                    self.eat(')').then_some(())?;
                    What::Group(inner)
                }
                '[' => self.class()?,
                '\\' => self.escape()?,
                '*' | '+' | '?' => return None,
                letter => What::Letter(letter),
            };
            let (least, most) = self.repetition()?;
            pieces.push(Piece { what, least, most });
        }
        Some(pieces)
    }

    fn repetition(&mut self) -> Option<(u32, u32)> {
        let counts = match self.peek() {
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                let end = self.letters[self.at..].iter().position(|&letter| letter == '}')? + self.at;
                let inner: String = self.letters[self.at + 1..end].iter().collect();
                let Some((least, most)) = counts_of(&inner) else {
                    return Some((1, 1));
                };
                self.at = end + 1;
                return Some((least, most));
            }
            _ => return Some((1, 1)),
        };
        self.at += 1;
        // A lazy repetition would match less.
        if self.peek() == Some('?') {
            None
        } else {
            Some(counts)
        }
    }

    fn class(&mut self) -> Option<What> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            let letter = self.next()?;
            if letter == ']' {
                return Some(What::Class(ranges, negated));
            }
            let low = match letter {
                '\\' => match self.escape()? {
                    What::Letter(letter) => letter,
                    What::Class(more, false) => {
                        ranges.extend(more);
                        continue;
                    }
                    _ => return None,
                },
                letter => letter,
            };
            if self.peek() == Some('-') && self.letters.get(self.at + 1).is_some_and(|&next| next != ']') {
                self.at += 1;
                let high = match self.next()? {
                    '\\' => match self.escape()? {
                        What::Letter(letter) => letter,
                        _ => return None,
                    },
                    letter => letter,
                };
                ranges.push((low, high));
            } else {
                ranges.push((low, low));
            }
        }
    }

    fn escape(&mut self) -> Option<What> {
        let word = vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')];
        let space = vec![
            (' ', ' '),
            ('\t', '\r'),
            ('\u{a0}', '\u{a0}'),
            ('\u{feff}', '\u{feff}'),
        ];
        Some(match self.next()? {
            'd' => What::Class(vec![('0', '9')], false),
            'D' => What::Class(vec![('0', '9')], true),
            'w' => What::Class(word, false),
            'W' => What::Class(word, true),
            's' => What::Class(space, false),
            'S' => What::Class(space, true),
            'n' => What::Letter('\n'),
            'r' => What::Letter('\r'),
            't' => What::Letter('\t'),
            'x' => What::Letter(self.code(2)?),
            'u' => What::Letter(self.code(4)?),
            letter if letter.is_ascii_alphanumeric() => return None,
            letter => What::Letter(letter),
        })
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let text: String = self.letters.get(self.at..self.at + digits)?.iter().collect();
        self.at += digits;
        char::from_u32(u32::from_str_radix(&text, 16).ok()?)
    }
}

fn counts_of(inner: &str) -> Option<(u32, u32)> {
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let least = least.parse().ok()?;
    let most = if most.is_empty() {
        u32::MAX
    } else {
        most.parse().ok()?
    };
    Some((least, most))
}

/// The byte ranges of all matches; none when the search takes too long.
pub(super) fn find_all(regex: &Regex, text: &str) -> Option<Vec<(usize, usize)>> {
    let letters: Vec<(usize, char)> = text.char_indices().collect();
    let byte = |at: usize| letters.get(at).map_or(text.len(), |(byte, _)| *byte);
    let mut search = Search {
        regex,
        letters: &letters,
        steps: STEPS,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at <= letters.len() {
        let mut end = None;
        for pieces in &regex.alternatives {
            end = search.matches(pieces, at, DEPTH);
            if end.is_some() {
                break;
            }
        }
        if search.steps == 0 {
            return None;
        }
        match end {
            Some(end) => {
                found.push((byte(at), byte(end)));
                at = if end > at { end } else { at + 1 };
            }
            None => at += 1,
        }
    }
    Some(found)
}

struct Search<'s> {
    regex: &'s Regex,
    letters: &'s [(usize, char)],
    steps: u32,
}

impl Search<'_> {
    /// Where the pieces end from a place, if what follows them matches too.
    fn matches(&mut self, pieces: &[Piece], at: usize, depth: u32) -> Option<usize> {
        let Some((piece, after)) = pieces.split_first() else {
            return Some(at);
        };
        if depth == 0 || self.steps == 0 {
            return None;
        }
        // Every place to which so many repetitions reach; the longest is tried first.
        let mut reached = vec![at];
        let mut count = 0;
        while count < piece.most {
            let last = *reached.last()?;
            self.steps = self.steps.saturating_sub(1);
            if self.steps == 0 {
                return None;
            }
            match self.once(&piece.what, last, depth) {
                Some(end) if end > last => reached.push(end),
                Some(_) if count < piece.least => reached.push(last),
                _ => break,
            }
            count += 1;
        }
        let least = piece.least as usize;
        for place in (least..reached.len()).rev() {
            if let Some(end) = self.matches(after, reached[place], depth - 1) {
                return Some(end);
            }
        }
        None
    }

    fn once(&mut self, what: &What, at: usize, depth: u32) -> Option<usize> {
        let letter = self.letters.get(at).map(|(_, letter)| *letter);
        let fits = match what {
            What::Start => return (at == 0).then_some(at),
            What::End => return (at == self.letters.len()).then_some(at),
            What::Group(choices) => {
                return choices
                    .iter()
                    .find_map(|pieces| self.matches(pieces, at, depth - 1));
            }
            What::Any => letter? != '\n',
            What::Letter(wanted) => self.same(letter?, *wanted),
            What::Class(ranges, negated) => self.within(letter?, ranges) != *negated,
        };
        fits.then_some(at + 1)
    }

    fn same(&self, one: char, other: char) -> bool {
        one == other || (self.regex.ignore_case && one.eq_ignore_ascii_case(&other))
    }

    fn within(&self, letter: char, ranges: &[(char, char)]) -> bool {
        let inside = |letter: char| ranges.iter().any(|&(low, high)| (low..=high).contains(&letter));
        inside(letter)
            || (self.regex.ignore_case
                && (inside(letter.to_ascii_lowercase()) || inside(letter.to_ascii_uppercase())))
    }
}
