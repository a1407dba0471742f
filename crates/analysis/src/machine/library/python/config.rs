//! `configparser`: sections of keys, each with its own value.

use super::{Call, Model, Table, given};
use crate::ir::Language;
use crate::machine::object::{Key, Object, Shape};
use crate::machine::value::{Kind, Type, Value};

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[
        ("ConfigParser.ConfigParser", "configparser.ConfigParser"),
        ("ConfigParser.RawConfigParser", "configparser.ConfigParser"),
        ("ConfigParser.SafeConfigParser", "configparser.ConfigParser"),
        ("configparser.RawConfigParser", "configparser.ConfigParser"),
        ("configparser.SafeConfigParser", "configparser.ConfigParser"),
    ],
};

const PARSER: &str = "configparser.ConfigParser()";

const MODELS: &[(&str, Model)] = &[
    ("configparser.ConfigParser", parser),
    ("configparser.ConfigParser().add_section", |_| Some(Value::null())),
    ("configparser.ConfigParser().set", set),
    ("configparser.ConfigParser().get", get),
    ("configparser.ConfigParser().getint", |call| {
        as_type(call, Type::Number)
    }),
    ("configparser.ConfigParser().getfloat", |call| {
        as_type(call, Type::Number)
    }),
    ("configparser.ConfigParser().getboolean", |call| {
        as_type(call, Type::Bool)
    }),
    ("configparser.ConfigParser().has_option", |_| {
        Some(Value::of(Kind::Unknown(Type::Bool)))
    }),
    ("configparser.ConfigParser().has_section", |_| {
        Some(Value::of(Kind::Unknown(Type::Bool)))
    }),
    ("configparser.ConfigParser().read", read),
    ("configparser.ConfigParser().read_string", read),
    ("configparser.ConfigParser().read_file", read),
    ("configparser.ConfigParser().read_dict", read),
];

fn parser(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = call.machine.path(Language::Python, PARSER);
    let Kind::Path(path) = path.kind else { return None };
    Some(call.machine.new_object(Object::new(Shape::Native(path))))
}

/// The key of a section's option: names of options are in lower case.
fn key(call: &mut Call<'_, '_, '_>) -> Option<Key> {
    let section = given::known(given::of(&call.arg_or_named(0, "section")))?;
    let option = given::known(given::of(&call.arg_or_named(1, "option")))?;
    let name = format!("{section}\u{0}{}", option.to_lowercase());
    Some(Key::Name(call.machine.program.names.intern(&name)))
}

fn set(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let value = call.arg_or_named(2, "value");
    let key = key(call);
    let summary = call.machine.store.is_summary(id);
    let object = call.machine.object_mut(id);
    match key {
        Some(key) if !summary => object.entries.set(key, value),
        _ => object.add_rest(&value),
    }
    Some(Value::null())
}

fn get(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let key = key(call);
    let object = call.machine.object(id);
    let rest = object.rest.clone();
    let found = match key {
        Some(key) => object.entries.get(&key).cloned(),
        None => object
            .entries
            .iter()
            .map(|(_, value)| value.clone())
            .reduce(|any, one| any.join(&one)),
    };
    let fallback = call.named("fallback");
    let found = match (found, rest) {
        (Some(found), Some(rest)) => found.join(&rest),
        (Some(found), None) => found,
        (None, Some(rest)) => rest.join(&fallback),
        (None, None) if matches!(fallback.kind, Kind::Unbound) => Value::of(Kind::Unknown(Type::Text)),
        (None, None) => fallback,
    };
    Some(found)
}

fn as_type(call: &mut Call<'_, '_, '_>, ty: Type) -> Option<Value> {
    let value = get(call)?;
    Some(Value {
        marks: call.machine.deep_marks(&value),
        ..Value::of(Kind::Unknown(ty))
    })
}

/// What is read from elsewhere may set anything.
fn read(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let read = given::some(call, Type::Text);
    call.machine.object_mut(id).add_rest(&read);
    None
}
