//! Texts taken apart and put together by what is found in them.

use super::array::place_value;
use super::regexp;
use super::text::MOST;
use super::value::{arg_int, receiver_text, some_text, text_of};
use crate::machine::library::{Call, Model, Table};
use crate::machine::value::{HOLE, Kind, Marks, Type, Value};
use std::rc::Rc;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("string#split", split),
    ("string#replace", replace),
    ("string#replaceAll", replace_all),
    ("string#match", match_all),
    ("string#matchAll", match_all),
    ("string#search", search),
];

fn split(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let parts = receiver_text(call).and_then(|text| split_parts(call, &text));
    let Some(parts) = parts else {
        let part = Value {
            kind: Kind::Unknown(Type::Text),
            marks,
        };
        return Some(call.machine.list_of(part));
    };
    let limit = usize::try_from(arg_int(call, 1, i64::MAX).unwrap_or(i64::MAX)).unwrap_or(usize::MAX);
    let parts = parts.into_iter().take(limit.min(1 << 16));
    let parts = parts
        .map(|part| Value {
            kind: Kind::Text(part.into()),
            marks: marks.clone(),
        })
        .collect();
    Some(call.machine.list(parts))
}

fn split_parts(call: &Call<'_, '_, '_>, text: &str) -> Option<Vec<String>> {
    if call.count() == 0 {
        return Some(vec![text.to_owned()]);
    }
    let separator = call.arg(0);
    if let Some(pattern) = regexp::pattern_of(call.machine, &separator) {
        let mut parts = Vec::new();
        let mut from = 0;
        for (start, end) in regexp::find_all(&pattern, text)? {
            if end > start {
                parts.push(text[from..start].to_owned());
                from = end;
            }
        }
        parts.push(text[from..].to_owned());
        return Some(parts);
    }
    let separator = text_of(call.machine, &separator)?;
    if separator.is_empty() {
        return Some(text.chars().map(String::from).collect());
    }
    Some(text.split(separator.as_str()).map(str::to_owned).collect())
}

fn replace(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    replaced(call, 1)
}

fn replace_all(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    replaced(call, usize::MAX)
}

/// `text.replace(what, by)`: by a text, or by what a function makes of each match.
fn replaced(call: &mut Call<'_, '_, '_>, most: usize) -> Option<Value> {
    let what = call.arg(0);
    let by = call.arg(1);
    let callback = by.as_object().is_some();
    let text = receiver_text(call);
    let matches = text.as_ref().and_then(|text| {
        if let Some(pattern) = regexp::pattern_of(call.machine, &what) {
            let most = if pattern.global { usize::MAX } else { most };
            return Some(
                regexp::find_all(&pattern, text)?
                    .into_iter()
                    .take(most)
                    .collect::<Vec<_>>(),
            );
        }
        let part = text_of(call.machine, &what)?;
        Some(
            text.match_indices(part.as_str())
                .take(most)
                .map(|(at, part)| (at, at + part.len()))
                .collect(),
        )
    });
    let (Some(text), Some(matches)) = (text, matches) else {
        if let Some(value) = hole_replaced(call, &what, &by) {
            return Some(value);
        }
        if callback {
            let part = some_text(call);
            let made = call.call_back(&by, vec![part]);
            let marks = crate::machine::value::merge_marks(&call.marks(), &made.all_marks());
            return Some(Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            });
        }
        return Some(some_text(call));
    };
    put_in_place(call, &text, matches, (&what, &by))
}

/// The text with its matches replaced.
fn put_in_place(
    call: &mut Call<'_, '_, '_>,
    text: &str,
    matches: Vec<(usize, usize)>,
    (what, by): (&Value, &Value),
) -> Option<Value> {
    let callback = by.as_object().is_some();
    let mut marks = call.receiver.as_ref().and_then(Value::all_marks);
    if !matches.is_empty() && comes_from(&marks, what) {
        // What came in is what is taken out.
        marks = None;
    }
    let mut result = String::new();
    let mut from = 0;
    let plain = if callback {
        None
    } else {
        Some(call.machine.piece(by, crate::ir::Language::JavaScript))
    };
    if !callback && !matches.is_empty() {
        marks = crate::machine::value::merge_marks(&marks, &by.all_marks());
    }
    for (start, end) in matches {
        result.push_str(&text[from..start]);
        match &plain {
            Some(plain) => result.push_str(&plain.replace("$&", &text[start..end])),
            None => {
                let part = Value {
                    kind: Kind::Text(text[start..end].into()),
                    marks: marks.clone(),
                };
                let made = call.call_back(by, vec![part, place_value(start)]);
                marks = crate::machine::value::merge_marks(&marks, &made.all_marks());
                result.push_str(&call.machine.piece(&made, crate::ir::Language::JavaScript));
            }
        }
        from = end;
        if result.len() > MOST {
            return Some(Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            });
        }
    }
    result.push_str(&text[from..]);
    Some(call.machine.built(result, marks))
}

/// A template of which what is not known is taken out, with what is put in its place.
fn hole_replaced(call: &mut Call<'_, '_, '_>, what: &Value, by: &Value) -> Option<Value> {
    let receiver = call.receiver.as_ref()?;
    let Kind::Template(text) = &receiver.kind else {
        return None;
    };
    if by.as_object().is_some() || text.matches(HOLE).count() != 1 || !same_data(&receiver.all_marks(), what)
    {
        return None;
    }
    let by_text = call.machine.piece(by, crate::ir::Language::JavaScript);
    let text = text.replace(HOLE, &by_text);
    Some(call.machine.built(text, by.all_marks()))
}

/// Whether all data that reached a text came with another value that is constant.
fn comes_from(marks: &Option<Rc<Marks>>, value: &Value) -> bool {
    matches!(value.kind, Kind::Text(_)) && same_data(marks, value)
}

fn same_data(marks: &Option<Rc<Marks>>, value: &Value) -> bool {
    let (Some(marks), Some(its)) = (marks, &value.marks) else {
        return false;
    };
    !marks.taints.is_empty()
        && marks.taints.iter().all(|taint| {
            its.taints
                .iter()
                .any(|known| known.source == taint.source && known.from == taint.from)
        })
}

fn match_all(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let found = receiver_text(call).and_then(|text| {
        let pattern = regexp::pattern_of(call.machine, &call.arg(0))?;
        let found = regexp::find_all(&pattern, &text)?;
        let found = if pattern.global {
            found
        } else {
            found.into_iter().take(1).collect()
        };
        Some(
            found
                .into_iter()
                .map(|(start, end)| text[start..end].to_owned())
                .collect::<Vec<_>>(),
        )
    });
    match found {
        Some(found) if found.is_empty() => Some(Value::null()),
        Some(found) => {
            let parts = found.into_iter().map(|part| Value {
                kind: Kind::Text(part.into()),
                marks: marks.clone(),
            });
            let parts = parts.collect();
            Some(call.machine.list(parts))
        }
        None => {
            let part = Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            };
            Some(call.machine.list_of(part))
        }
    }
}

fn search(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let found = receiver_text(call).and_then(|text| {
        let pattern = regexp::pattern_of(call.machine, &call.arg(0))?;
        let first = regexp::find_all(&pattern, &text)?.first().copied();
        Some(
            first
                .and_then(|(start, _)| i64::try_from(start).ok())
                .unwrap_or(-1),
        )
    });
    Some(Value::of(found.map_or(Kind::Unknown(Type::Number), Kind::Int)))
}
