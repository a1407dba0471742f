//! Python's `%` on texts.

use super::Machine;
use super::value::{HOLE, Kind, Type, Value, merge_marks};
use crate::ir::Language;

impl Machine<'_> {
    /// Python's `%` on a text.
    pub(super) fn percent(&mut self, format: &Value, places: Vec<Value>, names: Option<Value>) -> Value {
        let mut marks = format.marks.clone();
        for value in &places {
            marks = merge_marks(&marks, &self.deep_marks(value));
        }
        let (Kind::Text(text) | Kind::Template(text)) = &format.kind else {
            return Value {
                kind: Kind::Unknown(Type::Text),
                marks,
            };
        };
        let mut out = String::new();
        let mut used = merge_marks(&format.marks, &None);
        let mut rest = &**text;
        let mut next = places.iter();
        while let Some(place) = rest.find('%') {
            out.push_str(&rest[..place]);
            rest = &rest[place + 1..];
            let mut named = None;
            if let Some((name, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) {
                named = Some(name.to_owned());
                rest = after;
            }
            let width = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '%');
            let Some(width) = width else { break };
            let conversion = rest.as_bytes()[width];
            let plain = width == 0;
            rest = &rest[width + 1..];
            if conversion == b'%' {
                out.push('%');
                continue;
            }
            let value = match &named {
                Some(name) => names.as_ref().map(|names| self.entry_named(names, name)),
                None => next.next().cloned(),
            };
            let value = value.unwrap_or_else(Value::unknown);
            used = merge_marks(&used, &self.deep_marks(&value));
            out.push_str(&self.conversion(conversion, plain, &value));
        }
        out.push_str(rest);
        self.built(out, used)
    }

    fn conversion(&self, conversion: u8, plain: bool, value: &Value) -> String {
        match (conversion, value.as_int()) {
            (b's' | b'd' | b'i', _) if plain => self.piece(value, Language::Python),
            (b'r', _) if plain && value.as_text().is_some() => format!("'{}'", value.as_text().unwrap_or("")),
            (b'c', Some(number)) => u32::try_from(number)
                .ok()
                .and_then(char::from_u32)
                .map_or_else(|| HOLE.to_string(), String::from),
            (b'c', None) => self.piece(value, Language::Python),
            (b'x', Some(number)) if plain => format!("{number:x}"),
            (b'o', Some(number)) if plain => format!("{number:o}"),
            _ => HOLE.to_string(),
        }
    }
}
