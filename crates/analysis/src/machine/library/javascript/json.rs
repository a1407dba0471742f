//! `JSON`.

use super::value::{marked_text, some_text, text_of};
use crate::ir::Language;
use crate::machine::Machine;
use crate::machine::library::{Call, Model, Table};
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Marks, Value};
use std::rc::Rc;

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[("JSON.stringify", stringify), ("JSON.parse", parse)];

/// How deep what is written or read nests.
const DEPTH: u32 = 24;
/// How long a text is written.
const MOST: usize = 1 << 16;

fn stringify(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    let mut text = String::new();
    let whole = write(call.machine, &value, &mut text, DEPTH);
    Some(match whole {
        Some(()) => marked_text(call, text),
        None => some_text(call),
    })
}

fn write(machine: &mut Machine<'_>, value: &Value, out: &mut String, depth: u32) -> Option<()> {
    if depth == 0 || out.len() > MOST {
        return None;
    }
    match &value.kind {
        Kind::Text(text) => quote(text, out),
        Kind::Template(text) => quote(text, out),
        Kind::Int(_) | Kind::Float(_) | Kind::Bool(_) | Kind::Null => {
            out.push_str(&machine.piece(value, Language::JavaScript))
        }
        Kind::Undefined | Kind::Unbound => out.push_str("null"),
        Kind::Object(id) => {
            let object = machine.object(*id).clone();
            if !object.exact {
                return None;
            }
            match object.shape {
                Shape::List => {
                    out.push('[');
                    for (place, item) in object.items.iter().enumerate() {
                        if place > 0 {
                            out.push(',');
                        }
                        write(machine, item, out, depth - 1)?;
                    }
                    out.push(']');
                }
                Shape::Record | Shape::Instance => {
                    out.push('{');
                    for (place, (key, item)) in object.entries.iter().enumerate() {
                        if place > 0 {
                            out.push(',');
                        }
                        let key = machine.key_value(key);
                        quote(&text_of(machine, &key)?, out);
                        out.push(':');
                        write(machine, item, out, depth - 1)?;
                    }
                    out.push('}');
                }
                Shape::Map | Shape::Set => out.push_str("{}"),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            letter => out.push(letter),
        }
    }
    out.push('"');
}

fn parse(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let marks = call.marks();
    let text = text_of(call.machine, &call.arg(0))?;
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
        marks,
    };
    let value = reader.value(call.machine, DEPTH)?;
    reader.blank();
    (reader.at == reader.bytes.len()).then_some(value)
}

struct Reader<'r> {
    bytes: &'r [u8],
    at: usize,
    marks: Option<Rc<Marks>>,
}

impl Reader<'_> {
    fn blank(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.blank();
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, machine: &mut Machine<'_>, depth: u32) -> Option<Value> {
        (depth > 0).then_some(())?;
        self.blank();
        let kind = match self.bytes.get(self.at)? {
            b'{' => return self.record(machine, depth),
            b'[' => return self.list(machine, depth),
            b'"' => Kind::Text(self.text()?.into()),
            b't' => self.word("true", Kind::Bool(true))?,
            b'f' => self.word("false", Kind::Bool(false))?,
            b'n' => self.word("null", Kind::Null)?,
            _ => self.number()?,
        };
        Some(Value {
            kind,
            marks: self.marks.clone(),
        })
    }

    fn word(&mut self, word: &str, kind: Kind) -> Option<Kind> {
        self.bytes[self.at..].starts_with(word.as_bytes()).then(|| {
            self.at += word.len();
            kind
        })
    }

    fn number(&mut self) -> Option<Kind> {
        let start = self.at;
        while self
            .bytes
            .get(self.at)
            .is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte))
        {
            self.at += 1;
        }
        let text = std::str::from_utf8(&self.bytes[start..self.at]).ok()?;
        match text.parse::<i64>() {
            Ok(number) => Some(Kind::Int(number)),
            Err(_) => text.parse().ok().map(Kind::Float),
        }
    }

    fn text(&mut self) -> Option<String> {
        self.eat(b'"').then_some(())?;
        let mut out = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).ok(),
                b'\\' => {
                    let escape = *self.bytes.get(self.at)?;
                    self.at += 1;
                    let letter = match escape {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'u' => {
                            let digits = std::str::from_utf8(self.bytes.get(self.at..self.at + 4)?).ok()?;
                            self.at += 4;
                            let unit = u32::from_str_radix(digits, 16).ok()?;
                            char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
                        }
                        other => char::from(other),
                    };
                    out.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                byte => out.push(byte),
            }
        }
    }

    fn list(&mut self, machine: &mut Machine<'_>, depth: u32) -> Option<Value> {
        self.eat(b'[').then_some(())?;
        let mut items = Vec::new();
        if !self.eat(b']') {
            loop {
                items.push(self.value(machine, depth - 1)?);
                if !self.eat(b',') {
                    break;
                }
            }
            self.eat(b']').then_some(())?;
        }
        let list = machine.list(items);
        Some(list.marked(&self.marks))
    }

    fn record(&mut self, machine: &mut Machine<'_>, depth: u32) -> Option<Value> {
        self.eat(b'{').then_some(())?;
        let mut object = Object::new(Shape::Record);
        object.marks = self.marks.clone();
        if !self.eat(b'}') {
            loop {
                self.blank();
                let name = self.text()?;
                self.eat(b':').then_some(())?;
                let value = self.value(machine, depth - 1)?;
                let key = match name.parse::<i64>() {
                    Ok(number) if number.to_string() == name => Key::Int(number),
                    _ => Key::Name(machine.program.names.intern(&name)),
                };
                object.entries.set(key, value);
                if !self.eat(b',') {
                    break;
                }
            }
            self.eat(b'}').then_some(())?;
        }
        let record = machine.new_object(object);
        Some(record.marked(&self.marks))
    }
}
