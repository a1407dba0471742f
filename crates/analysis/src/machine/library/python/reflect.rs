//! What looks into a program itself: `getattr` and its like, `isinstance`, imports by name, scopes as dictionaries, classes
//! that are made by calls.

use super::given;
use super::{Call, Model, Table};
use crate::ir::{Language, Symbol};
use crate::machine::object::{ClassOf, Key, Object, Shape};
use crate::machine::value::{Kind, Type, Value};
use crate::machine::{Act, Eval, Machine};
use std::rc::Rc;

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[
        ("builtins.getattr", "getattr"),
        ("builtins.setattr", "setattr"),
        ("builtins.__import__", "__import__"),
        ("__builtin__.__import__", "__import__"),
        ("importlib.__import__", "__import__"),
        ("imp.load_module", "importlib.import_module"),
        ("sys.modules.get", "importlib.import_module"),
    ],
};

const MODELS: &[(&str, Model)] = &[
    ("getattr", getattr),
    ("setattr", setattr),
    ("object.__setattr__", setattr),
    ("object.__getattribute__", getattr),
    ("hasattr", hasattr),
    ("isinstance", isinstance),
    ("issubclass", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
    ("callable", |_| Some(Value::of(Kind::Unknown(Type::Bool)))),
    ("type", type_of),
    ("object", |call| {
        Some(call.machine.bare_instance(&Value::unknown()))
    }),
    ("object.__new__", new),
    ("Super.__new__", new),
    ("vars", vars),
    ("globals", globals),
    ("locals", globals),
    ("__import__", import_first),
    ("importlib.import_module", import),
    ("operator.attrgetter", |call| {
        keeper(call, "operator.attrgetter()")
    }),
    ("operator.attrgetter()", attrgetter_call),
    ("operator.methodcaller", |call| {
        keeper(call, "operator.methodcaller()")
    }),
    ("operator.methodcaller()", methodcaller_call),
    ("property", property),
    ("dataclasses.dataclass", dataclass),
    ("dataclasses.field", field),
    ("dataclasses.asdict", vars),
    ("collections.namedtuple", namedtuple),
    ("typing.NamedTuple", namedtuple),
    ("abc.ABCMeta.register", |call| Some(call.arg(0))),
];

/// Does something in the function that is running.
fn within<T>(machine: &mut Machine<'_>, run: impl FnOnce(&mut Machine<'_>, &Act<'_>) -> T) -> Option<T> {
    let active = machine.active.last().cloned()?;
    let code = Rc::clone(machine.codes.get(active.unit as usize)?);
    let function = active.scope.function;
    let act = Act {
        function,
        frame: active.scope.frame,
        outer: active.scope.outer.clone(),
        own: std::cell::OnceCell::new(),
        class: None,
        receiver: None,
        arguments: None,
        language: Language::Python,
        file: code.function(function).span.file,
        code: &code,
    };
    Some(run(machine, &act))
}

/// Reads a field.
fn read(call: &mut Call<'_, '_, '_>, base: &Value, name: Symbol) -> Option<Value> {
    let span = call.span;
    let result: Option<Eval> = within(call.machine, |machine, act| {
        machine.read_field(act, base, name, span, crate::machine::outside::Leaf::Yes)
    });
    settle(call, result)
}

fn settle(call: &mut Call<'_, '_, '_>, result: Option<Eval>) -> Option<Value> {
    match result? {
        Ok(value) => Some(value),
        Err(stop) => {
            call.stop = Some(stop);
            None
        }
    }
}

/// The names that a value may be, when they are known.
fn names(call: &mut Call<'_, '_, '_>, value: &Value) -> Option<Vec<Symbol>> {
    let texts: Option<Vec<_>> = value
        .alternatives()
        .iter()
        .map(|one| given::known(given::of(one)))
        .collect();
    let texts = texts?;
    Some(
        texts
            .iter()
            .map(|text| call.machine.program.names.intern(text))
            .collect(),
    )
}

fn getattr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (base, name) = (call.arg(0), call.arg(1));
    let Some(names) = names(call, &name) else {
        let default = call.arg(2);
        let found = call.machine.any_item(&base);
        let marks = call.machine.deep_marks(&base);
        return Some(found.join(&default).marked(&marks));
    };
    let mut all = Value::default();
    for name in names {
        let found = read(call, &base, name)?;
        all = all.join(&found);
    }
    if call.count() > 2 && is_missing(call, &base, &all) {
        return Some(call.arg(2));
    }
    Some(all)
}

/// Whether an instance surely lacks what was read of it.
fn is_missing(call: &Call<'_, '_, '_>, base: &Value, found: &Value) -> bool {
    let Some(id) = base.as_object() else { return false };
    let object = call.machine.object(id);
    let unknown = match &found.kind {
        Kind::Path(path) => call.machine.paths.text(*path).starts_with(['?', 's']),
        Kind::Unbound => true,
        _ => false,
    };
    object.exact && matches!(object.shape, Shape::Instance) && unknown
}

fn setattr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (base, name, value) = (call.arg(0), call.arg(1), call.arg(2));
    let span = call.span;
    match names(call, &name) {
        Some(names) => {
            for name in names {
                let result = within(call.machine, |machine, act| {
                    machine.write_field(act, &base, name, value.clone(), span)
                });
                if let Some(Err(stop)) = result {
                    call.stop = Some(stop);
                    return None;
                }
            }
        }
        None => {
            if let Some(id) = base.as_object() {
                call.machine.object_mut(id).add_rest(&value);
            }
        }
    }
    Some(Value::null())
}

fn hasattr(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (base, name) = (call.arg(0), call.arg(1));
    let has = names(call, &name).and_then(|names| {
        let id = base.as_object()?;
        let found = names.iter().all(|name| call.machine.lookup(id, *name).is_some());
        found.then_some(true)
    });
    Some(match has {
        Some(truth) => Value::bool(truth),
        None => Value::of(Kind::Unknown(Type::Bool)),
    })
}

fn isinstance(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let (value, class) = (call.arg(0), call.arg(1));
    Some(match call.machine.is_instance(&value, &class) {
        Some(truth) => Value::bool(truth),
        None => Value::of(Kind::Unknown(Type::Bool)),
    })
}

/// `type(x)`, and `type(name, bases, attributes)`.
fn type_of(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg(0);
    if call.count() == 1 {
        if let Some(id) = value.as_object()
            && let Some(class) = &call.machine.object(id).class
        {
            return Some(class.clone());
        }
        let name = call.machine.kind_name(&value, Language::Python)?;
        return Some(call.machine.path(Language::Python, name));
    }
    let (bases, attributes) = (call.arg(1), call.arg(2));
    let name = given::known(given::of(&value))?;
    let bases = call.machine.items(&bases).unwrap_or_default();
    let class = class(call, &name, bases);
    if let (Some(id), Some(from)) = (class.as_object(), attributes.as_object()) {
        let entries = call.machine.object(from).entries.clone();
        call.machine.object_mut(id).entries = entries;
    }
    Some(class)
}

/// A class that no `class` statement made.
fn class(call: &mut Call<'_, '_, '_>, name: &str, bases: Vec<Value>) -> Value {
    let name = call.machine.program.names.intern(name);
    let shape = Shape::Class(ClassOf {
        unit: 0,
        class: None,
        name,
        bases,
    });
    call.machine.new_object(Object::new(shape))
}

/// `object.__new__(cls)`.
fn new(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let class = call.arg(0);
    Some(call.machine.bare_instance(&class))
}

/// The fields of an instance, or the names of a module, as a dictionary.
fn vars(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 {
        return globals(call);
    }
    let id = call.arg(0).as_object()?;
    let object = call.machine.object(id).clone();
    let mut dict = Object::new(Shape::Dict);
    dict.entries = object.entries;
    dict.exact = object.exact && matches!(object.shape, Shape::Instance);
    dict.rest = object.rest;
    Some(call.machine.new_object(dict))
}

/// Every name that is seen. What is assigned to it is told by the machine's own way of `exec`.
fn globals(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut dict = Object::new(Shape::Dict);
    for (name, value) in call.machine.visible() {
        dict.entries.set(Key::Name(name), value);
    }
    dict.exact = false;
    let path = call.machine.path(Language::Python, "builtins");
    let builtins = call.machine.program.names.intern("__builtins__");
    dict.entries.set(Key::Name(builtins), path);
    Some(call.machine.new_object(dict))
}

/// `__import__("a.b")` gives `a`, unless names are asked for.
fn import_first(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let name = given::known(given::of(&call.arg_or_named(0, "name")))?;
    let from = call.arg_or_named(3, "fromlist");
    let whole = call.machine.truth(&from) == Some(true);
    let span = call.span;
    let result = call.machine.import_text(Language::Python, &name, span);
    let loaded = settle(call, Some(result))?;
    let first = name.split('.').next().unwrap_or("");
    if whole || first.len() == name.len() {
        return Some(loaded);
    }
    let result = call.machine.import_text(Language::Python, first, span);
    settle(call, Some(result))
}

fn import(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let value = call.arg_or_named(0, "name");
    let name = given::known(given::of(&value))?;
    let span = call.span;
    let result = call.machine.import_text(Language::Python, &name, span);
    settle(call, Some(result))
}

fn keeper(call: &mut Call<'_, '_, '_>, path: &str) -> Option<Value> {
    let Kind::Path(path) = call.machine.path(Language::Python, path).kind else {
        return None;
    };
    let mut object = Object::new(Shape::Native(path));
    object.items = call.arguments.places.clone();
    Some(call.machine.new_object(object))
}

/// What the callable that is called keeps.
fn kept(call: &Call<'_, '_, '_>) -> Option<Vec<Value>> {
    let id = call.callee.as_object().or_else(|| call.receiver_object())?;
    Some(call.machine.object(id).items.clone())
}

fn attrgetter_call(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let names_kept = kept(call)?;
    let base = call.arg(0);
    let mut found = Vec::new();
    for name in &names_kept {
        let name = given::known(given::of(name))?;
        let mut value = base.clone();
        for part in name.split('.') {
            let symbol = call.machine.program.names.intern(part);
            value = read(call, &value, symbol)?;
        }
        found.push(value);
    }
    match found.len() {
        1 => found.pop(),
        _ => Some(call.machine.tuple(found)),
    }
}

fn methodcaller_call(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let mut kept = kept(call)?.into_iter();
    let name = given::known(given::of(&kept.next()?))?;
    let symbol = call.machine.program.names.intern(&name);
    let base = call.arg(0);
    let method = read(call, &base, symbol)?;
    Some(call.call_back(&method, kept.collect()))
}

fn property(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let shape = Shape::Accessor {
        getter: Some(call.arg(0)),
        setter: (call.count() > 1).then(|| call.arg(1)),
    };
    Some(call.machine.new_object(Object::new(shape)))
}

/// `@dataclass` and `@dataclass(...)`: the class; the order of its fields is known to whoever matches it.
fn dataclass(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    if call.count() == 0 {
        return Some(call.machine.path(Language::Python, "dataclasses.dataclass"));
    }
    Some(call.arg(0))
}

fn field(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let factory = call.named("default_factory");
    if matches!(factory.kind, Kind::Unbound) {
        return Some(call.named("default"));
    }
    Some(call.call_back(&factory, Vec::new()))
}

/// `namedtuple("P", "x y")`: a class of which the fields are given in order.
fn namedtuple(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let name = given::known(given::of(&call.arg(0)))?;
    let fields = call.arg_or_named(1, "field_names");
    let texts: Vec<Value> = match given::known(given::of(&fields)) {
        Some(text) => text
            .split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(Value::text)
            .collect(),
        None => call.machine.items(&fields)?,
    };
    let class = class(call, &name, Vec::new());
    let order = call.machine.tuple(texts);
    let key = call.machine.name_key("__match_args__");
    if let Some(id) = class.as_object() {
        call.machine.object_mut(id).entries.set(key, order);
    }
    Some(class)
}
