//! Methods of texts.

use super::given::{self, Given};
use super::{Call, Model, Table};
use crate::machine::value::{HOLE, Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("str#lower", |call| map(call, |text| text.to_lowercase())),
    ("str#casefold", |call| map(call, |text| text.to_lowercase())),
    ("str#upper", |call| map(call, |text| text.to_uppercase())),
    ("str#swapcase", |call| map(call, swapcase)),
    ("str#title", |call| map(call, title)),
    ("str#capitalize", |call| map(call, capitalize)),
    ("str#strip", |call| strip(call, true, true)),
    ("str#lstrip", |call| strip(call, true, false)),
    ("str#rstrip", |call| strip(call, false, true)),
    ("str#removeprefix", |call| {
        affix(call, |text, affix| text.strip_prefix(affix))
    }),
    ("str#removesuffix", |call| {
        affix(call, |text, affix| text.strip_suffix(affix))
    }),
    ("str#replace", replace),
    ("str#split", |call| split(call, false)),
    ("str#rsplit", |call| split(call, true)),
    ("str#splitlines", splitlines),
    ("str#partition", |call| {
        partition(call, |text, by| text.split_once(by), false)
    }),
    ("str#rpartition", |call| {
        partition(call, |text, by| text.rsplit_once(by), true)
    }),
    ("str#join", join),
    ("str#__add__", add),
    ("str#__mul__", repeat),
    ("str#__str__", |call| map(call, str::to_owned)),
    ("str#__len__", |call| number(call, |text| text.chars().count())),
    ("str#startswith", |call| {
        affixed(call, |text, affix| text.starts_with(affix))
    }),
    ("str#endswith", |call| {
        affixed(call, |text, affix| text.ends_with(affix))
    }),
    ("str#__contains__", |call| {
        affixed(call, |text, part| text.contains(part))
    }),
    ("str#find", |call| find(call, |text, part| text.find(part))),
    ("str#index", |call| find(call, |text, part| text.find(part))),
    ("str#rfind", |call| find(call, |text, part| text.rfind(part))),
    ("str#rindex", |call| find(call, |text, part| text.rfind(part))),
    ("str#count", count),
    ("str#isdigit", |call| all(call, |letter| letter.is_numeric())),
    ("str#isdecimal", |call| all(call, |letter| letter.is_numeric())),
    ("str#isnumeric", |call| all(call, char::is_numeric)),
    ("str#isalpha", |call| all(call, char::is_alphabetic)),
    ("str#isalnum", |call| all(call, char::is_alphanumeric)),
    ("str#isspace", |call| all(call, char::is_whitespace)),
    ("str#isidentifier", |call| {
        all(call, |letter| letter == '_' || letter.is_alphanumeric())
    }),
    ("str#isascii", |call| all(call, |letter| letter.is_ascii())),
    ("str#isupper", |call| all(call, |letter| !letter.is_lowercase())),
    ("str#islower", |call| all(call, |letter| !letter.is_uppercase())),
    ("str#zfill", zfill),
    ("str#ljust", |call| justify(call, 0, 1)),
    ("str#rjust", |call| justify(call, 1, 0)),
    ("str#center", |call| justify(call, 1, 1)),
    ("str#expandtabs", |call| {
        map(call, |text| text.replace('\t', "        "))
    }),
    ("str#translate", translate),
    ("str.maketrans", maketrans),
    ("str#maketrans", maketrans),
];

/// A text from the receiver's, whose letters may be holes.
fn map(call: &mut Call<'_, '_, '_>, with: impl Fn(&str) -> String) -> Option<Value> {
    match given::receiver(call)? {
        Given::Text(text) => Some(given::text(call, with(&text))),
        _ => Some(given::some_text(call)),
    }
}

fn swapcase(text: &str) -> String {
    text.chars()
        .flat_map(|letter| {
            let swapped: Vec<char> = if letter.is_uppercase() {
                letter.to_lowercase().collect()
            } else {
                letter.to_uppercase().collect()
            };
            swapped
        })
        .collect()
}

fn title(text: &str) -> String {
    let mut inside = false;
    text.chars()
        .flat_map(|letter| {
            let changed: Vec<char> = if inside {
                letter.to_lowercase().collect()
            } else {
                letter.to_uppercase().collect()
            };
            inside = letter.is_alphabetic();
            changed
        })
        .collect()
}

fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + &letters.as_str().to_lowercase()
}

fn strip(call: &mut Call<'_, '_, '_>, left: bool, right: bool) -> Option<Value> {
    let Given::Text(text) = given::receiver(call)? else {
        return Some(given::some_text(call));
    };
    let letters = given::of(&call.arg(0));
    let is_stripped = |letter: char| match &letters {
        Given::Text(letters) => letters.contains(letter),
        _ => letter.is_whitespace(),
    };
    let mut stripped: &str = &text;
    if left {
        stripped = stripped.trim_start_matches(is_stripped);
    }
    if right {
        stripped = stripped.trim_end_matches(is_stripped);
    }
    Some(given::text(call, stripped.to_owned()))
}

fn affix(
    call: &mut Call<'_, '_, '_>,
    with: impl for<'t> Fn(&'t str, &str) -> Option<&'t str>,
) -> Option<Value> {
    let (Given::Text(text), Given::Text(affix)) = (given::receiver(call)?, given::of(&call.arg(0))) else {
        return Some(given::some_text(call));
    };
    let kept = with(&text, &affix).unwrap_or(&text).to_owned();
    Some(given::text(call, kept))
}

fn replace(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let texts = (
        given::receiver(call)?,
        given::of(&call.arg(0)),
        given::of(&call.arg(1)),
    );
    let (Given::Text(text), Given::Text(old), Given::Text(new)) = texts else {
        return Some(given::some_text(call));
    };
    let most = call.arg_or_named(2, "count").as_int();
    let replaced = match most.and_then(|most| usize::try_from(most).ok()) {
        Some(most) => text.replacen(&*old, &new, most),
        None => {
            let added = text.matches(&*old).count().saturating_mul(new.len());
            if added > crate::machine::ask::TEXT {
                return Some(given::some_text(call));
            }
            text.replace(&*old, &new)
        }
    };
    Some(given::text(call, replaced))
}

fn split(call: &mut Call<'_, '_, '_>, from_right: bool) -> Option<Value> {
    let Given::Text(text) = given::receiver(call)? else {
        return Some(given::some_texts(call));
    };
    let most = call
        .arg_or_named(1, "maxsplit")
        .as_int()
        .and_then(|most| usize::try_from(most).ok());
    let by = call.arg_or_named(0, "sep");
    let pieces: Vec<String> = match given::of(&by) {
        Given::Text(by) if !by.is_empty() => match (most, from_right) {
            (Some(most), false) => text.splitn(most + 1, &*by).map(str::to_owned).collect(),
            (Some(most), true) => {
                let mut pieces: Vec<_> = text.rsplitn(most + 1, &*by).map(str::to_owned).collect();
                pieces.reverse();
                pieces
            }
            _ => text.split(&*by).map(str::to_owned).collect(),
        },
        Given::Other if !matches!(by.kind, Kind::Unbound | Kind::Null) => {
            return Some(given::some_texts(call));
        }
        _ => split_blanks(&text, most, from_right),
    };
    Some(given::texts(call, pieces))
}

fn split_blanks(text: &str, most: Option<usize>, from_right: bool) -> Vec<String> {
    let Some(most) = most else {
        return text.split_whitespace().map(str::to_owned).collect();
    };
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while pieces.len() < most && !rest.is_empty() {
        let cut = if from_right {
            rest.rsplit_once(char::is_whitespace)
                .map(|(left, right)| (right, left.trim_end()))
        } else {
            rest.split_once(char::is_whitespace)
                .map(|(left, right)| (left, right.trim_start()))
        };
        let Some((piece, left)) = cut else { break };
        pieces.push(piece.to_owned());
        rest = left;
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    if from_right {
        pieces.reverse();
    }
    pieces
}

fn splitlines(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let Given::Text(text) = given::receiver(call)? else {
        return Some(given::some_texts(call));
    };
    let pieces = text.lines().map(str::to_owned).collect();
    Some(given::texts(call, pieces))
}

fn partition(
    call: &mut Call<'_, '_, '_>,
    with: impl for<'t> Fn(&'t str, &str) -> Option<(&'t str, &'t str)>,
    from_right: bool,
) -> Option<Value> {
    let (Given::Text(text), Given::Text(by)) = (given::receiver(call)?, given::of(&call.arg(0))) else {
        return Some(given::some_texts(call));
    };
    let parts = match with(&text, &by) {
        Some((left, right)) => [left, &by, right],
        None if from_right => ["", "", &text],
        None => [&*text, "", ""],
    };
    let parts = parts.map(str::to_owned);
    let items = parts.into_iter().map(|part| given::text(call, part)).collect();
    Some(call.machine.tuple(items))
}

/// The items' texts with the receiver's between them.
fn join(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let Given::Text(by) = given::receiver(call)? else {
        return Some(given::some_text(call));
    };
    let Some(items) = call.machine.items(&call.arg(0)) else {
        return Some(given::some_text(call));
    };
    let mut text = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            text.push_str(&by);
        }
        match &item.kind {
            Kind::Text(piece) | Kind::Template(piece) => text.push_str(piece),
            _ => text.push(HOLE),
        }
        if text.len() > crate::machine::ask::TEXT {
            return Some(given::some_text(call));
        }
    }
    Some(call.machine.built(text, marks))
}

fn add(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (Given::Text(left), Given::Text(right)) = (given::receiver(call)?, given::of(&call.arg(0))) else {
        return Some(given::some_text(call));
    };
    Some(given::text(call, format!("{left}{right}")))
}

fn repeat(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let times = call.arg(0).as_int();
    let (Given::Text(text), Some(times)) = (given::receiver(call)?, times) else {
        return Some(given::some_text(call));
    };
    let times = usize::try_from(times).unwrap_or(0);
    if text.len().saturating_mul(times) > crate::machine::ask::TEXT {
        return Some(given::some_text(call));
    }
    Some(given::text(call, text.repeat(times)))
}

fn number(call: &mut Call<'_, '_, '_>, with: impl Fn(&str) -> usize) -> Option<Value> {
    match given::known(given::receiver(call)?) {
        Some(text) => Some(given::int(call, i64::try_from(with(&text)).unwrap_or(i64::MAX))),
        None => Some(given::some(call, Type::Number)),
    }
}

/// Whether the text has an affix, or one of several.
fn affixed(call: &mut Call<'_, '_, '_>, with: impl Fn(&str, &str) -> bool) -> Option<Value> {
    let text = given::known(given::receiver(call)?);
    let argument = call.arg(0);
    let affixes = match call.machine.items(&argument) {
        Some(items) if argument.as_object().is_some() => items,
        _ => vec![argument],
    };
    let affixes: Option<Vec<_>> = affixes
        .iter()
        .map(|affix| given::known(given::of(affix)))
        .collect();
    match (text, affixes) {
        (Some(text), Some(affixes)) if call.count() == 1 => {
            let truth = affixes.iter().any(|affix| with(&text, affix));
            Some(given::truth(call, truth))
        }
        _ => Some(given::some(call, Type::Bool)),
    }
}

/// The place of a part, in letters.
fn find(call: &mut Call<'_, '_, '_>, with: impl Fn(&str, &str) -> Option<usize>) -> Option<Value> {
    let text = given::known(given::receiver(call)?);
    let part = given::known(given::of(&call.arg(0)));
    let from = match call.arg(1) {
        value if call.count() < 2 || matches!(value.kind, Kind::Null) => Some(0),
        value => value.as_int().and_then(|from| usize::try_from(from).ok()),
    };
    let (Some(text), Some(part), Some(from)) = (text, part, from) else {
        return Some(given::some(call, Type::Number));
    };
    if call.count() > 2 {
        return Some(given::some(call, Type::Number));
    }
    let start = text
        .char_indices()
        .nth(from)
        .map_or(text.len(), |(place, _)| place);
    let tail = text.get(start..).unwrap_or("");
    let place = with(tail, &part)
        .and_then(|place| tail.get(..place))
        .map(|before| before.chars().count() + from);
    let place = place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1);
    Some(given::int(call, place))
}

fn count(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let text = given::known(given::receiver(call)?);
    let part = given::known(given::of(&call.arg(0)));
    match (text, part) {
        (Some(text), Some(part)) if call.count() == 1 && !part.is_empty() => {
            let count = text.matches(&*part).count();
            Some(given::int(call, i64::try_from(count).unwrap_or(i64::MAX)))
        }
        _ => Some(given::some(call, Type::Number)),
    }
}

fn all(call: &mut Call<'_, '_, '_>, with: impl Fn(char) -> bool) -> Option<Value> {
    match given::known(given::receiver(call)?) {
        Some(text) => {
            let truth = !text.is_empty() && text.chars().all(with);
            Some(given::truth(call, truth))
        }
        None => Some(given::some(call, Type::Bool)),
    }
}

fn zfill(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let width = call.arg(0).as_int().and_then(|width| usize::try_from(width).ok());
    let (Given::Text(text), Some(width)) = (given::receiver(call)?, width) else {
        return Some(given::some_text(call));
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", &*text),
    };
    let zeros = width.min(4096).saturating_sub(text.chars().count());
    Some(given::text(call, format!("{sign}{}{digits}", "0".repeat(zeros))))
}

fn justify(call: &mut Call<'_, '_, '_>, left: usize, right: usize) -> Option<Value> {
    let width = call.arg(0).as_int().and_then(|width| usize::try_from(width).ok());
    let (Given::Text(text), Some(width)) = (given::receiver(call)?, width) else {
        return Some(given::some_text(call));
    };
    let filler = match given::of(&call.arg(1)) {
        Given::Text(filler) => filler.chars().next().unwrap_or(' '),
        _ => ' ',
    };
    let missing = width.min(4096).saturating_sub(text.chars().count());
    let before = missing * left / (left + right);
    let fill = |count: usize| filler.to_string().repeat(count);
    Some(given::text(
        call,
        format!("{}{text}{}", fill(before), fill(missing - before)),
    ))
}

/// `str.maketrans` of two texts or of a dictionary: a dictionary of letters' numbers.
fn maketrans(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 1 {
        return Some(call.arg(0));
    }
    let from = given::known(given::of(&call.arg(0)))?;
    let to = given::known(given::of(&call.arg(1)))?;
    let removed = given::known(given::of(&call.arg(2))).unwrap_or_default();
    let mut pairs: Vec<(i64, Value)> = Vec::new();
    for (old, new) in from.chars().zip(to.chars()) {
        pairs.push((i64::from(u32::from(old)), Value::int(i64::from(u32::from(new)))));
    }
    pairs.extend(
        removed
            .chars()
            .map(|letter| (i64::from(u32::from(letter)), Value::null())),
    );
    Some(given::dict(call, pairs))
}

fn translate(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    use crate::machine::object::{Key, Shape};
    let table = call.arg(0).as_object();
    let (Given::Text(text), Some(table)) = (given::receiver(call)?, table) else {
        return Some(given::some_text(call));
    };
    let object = call.machine.object(table).clone();
    if !matches!(object.shape, Shape::Dict) || !object.exact {
        return Some(given::some_text(call));
    }
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let by_number = object.entries.get(&Key::Int(i64::from(u32::from(letter))));
        let name = call.machine.program.names.find(letter.encode_utf8(&mut buffer));
        let entry = by_number.or_else(|| name.and_then(|name| object.entries.get(&Key::Name(name))));
        match entry.map(|value| &value.kind) {
            None => out.push(letter),
            Some(Kind::Null) => {}
            Some(Kind::Text(new) | Kind::Template(new)) => out.push_str(new),
            Some(Kind::Int(code)) => {
                let new = u32::try_from(*code).ok().and_then(char::from_u32);
                out.push(new.unwrap_or(HOLE));
            }
            Some(_) => out.push(HOLE),
        }
    }
    Some(given::text(call, out))
}
