//! Handlers of requests, and parsers of XML that follow what a document names.

use super::{Call, Model, Table};
use crate::ir::Language;
use crate::machine::Machine;
use crate::machine::library::Arguments;
use crate::machine::object::{Object, Shape};
use crate::machine::path::Paths;
use crate::machine::value::{Kind, Type, Value};
use crate::taint;

/// The part of the table.
pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[
        ("xml.sax.expatreader.create_parser", "xml.sax.make_parser"),
        ("xml.dom.minidom.parse", "xml.dom.minidom.parseString"),
        ("xml.dom.pulldom.parseString", "xml.dom.minidom.parseString"),
        ("xml.dom.pulldom.parse", "xml.dom.minidom.parseString"),
        ("lxml.etree.XML", "lxml.etree.fromstring"),
        ("lxml.etree.parse", "lxml.etree.fromstring"),
    ],
};

const HANDLER: &str = "@handler";
const PARSER: &str = "xml.sax.make_parser()";

const MODELS: &[(&str, Model)] = &[
    ("?.route()", route),
    ("flask.Flask().route()", route),
    ("flask.Blueprint().route()", route),
    ("bottle.route()", route),
    ("flask.Flask().get()", route),
    ("flask.Flask().post()", route),
    (HANDLER, handle),
    ("flask.make_response", make_response),
    ("xml.sax.make_parser", |call| native(call, PARSER)),
    ("xml.sax.make_parser().setFeature", set_feature),
    ("xml.dom.minidom.parseString", |call| parse(call, "parser")),
    ("lxml.etree.XMLParser", lxml_parser),
    ("lxml.etree.fromstring", |call| parse(call, "parser")),
    ("xml.sax.make_parser().parse", parse_with),
];

fn native(call: &mut Call<'_, '_, '_>, path: &str) -> Option<Value> {
    let Kind::Path(path) = call.machine.path(Language::Python, path).kind else {
        return None;
    };
    Some(call.machine.new_object(Object::new(Shape::Native(path))))
}

/// A decorator that makes a function answer requests: it is called later, when everything is defined.
fn route(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let function = call.arg(0);
    function.as_object()?;
    let handler = native(call, HANDLER)?;
    if let Some(id) = handler.as_object() {
        call.machine.object_mut(id).items.push(function.clone());
    }
    call.machine.defer(&handler, Vec::new(), call.span);
    Some(function)
}

/// A request comes in: what an outsider chose is a handler's arguments, and what it gives back becomes a page.
fn handle(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let kept = call.callee.as_object()?;
    let function = call.machine.object(kept).items.first().cloned()?;
    let source = taint::data()
        .sources
        .iter()
        .position(|source| source.id == "http-request")?;
    let any = Value::of(Kind::Path(Paths::unknown(Language::Python)));
    let any = call
        .machine
        .as_source(&any, u16::try_from(source).ok()?, call.span);
    let arguments = Arguments {
        more: Some(any.clone()),
        more_named: Some(any),
        ..Arguments::default()
    };
    let page = super::called(call, &function, arguments)?;
    let sink = Machine::sink_named("markup")?;
    for one in page.alternatives() {
        let body = match one.as_object().map(|id| call.machine.object(id)) {
            Some(object) if matches!(object.shape, Shape::Tuple) => object.items.first().cloned(),
            _ => Some(one.clone()),
        };
        // A response that a library made has its own sinks.
        let body = body.filter(|body| {
            matches!(
                body.kind,
                Kind::Text(_) | Kind::Template(_) | Kind::Unknown(Type::Any | Type::Text)
            )
        });
        if let Some(body) = body {
            call.machine.arrives(sink, &body, call.span);
        }
    }
    Some(page)
}

/// `make_response(body)` and `make_response((body, headers))`: the body becomes a page.
fn make_response(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let given = call.arg(0);
    let body = match given.as_object().map(|id| call.machine.object(id)) {
        Some(object) if matches!(object.shape, Shape::Tuple) => object.items.first().cloned()?,
        _ => given,
    };
    call.machine
        .arrives(Machine::sink_named("markup")?, &body, call.span);
    None
}

/// Says of a parser that it follows what a document names.
fn set_feature(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let id = call.receiver_object()?;
    let feature = match call.arg(0).kind {
        Kind::Path(path) => call.machine.paths.text(path),
        Kind::Text(text) => text,
        _ => return None,
    };
    let value = call.arg(1);
    let on = call.machine.truth(&value) != Some(false);
    let external = [
        "external_ges",
        "external_pes",
        "external-general-entities",
        "external-parameter-entities",
    ];
    if external.iter().any(|name| feature.ends_with(name)) {
        let key = call.machine.name_key("external");
        call.machine.object_mut(id).entries.set(key, Value::bool(on));
    }
    Some(Value::null())
}

fn lxml_parser(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let options = ["resolve_entities", "load_dtd", "no_network"].map(|name| call.named(name));
    let [entities, dtd, no_network] = options.map(|value| {
        call.machine
            .truth(&value)
            .filter(|_| !matches!(value.kind, Kind::Unbound))
    });
    let external = entities == Some(true) || dtd == Some(true) || no_network == Some(false);
    let parser = native(call, "lxml.etree.XMLParser()")?;
    let key = call.machine.name_key("external");
    if let Some(id) = parser.as_object() {
        call.machine
            .object_mut(id)
            .entries
            .set(key, Value::bool(external));
    }
    Some(parser)
}

fn follows(call: &mut Call<'_, '_, '_>, parser: &Value) -> bool {
    let Some(id) = parser.as_object() else {
        return false;
    };
    let key = call.machine.name_key("external");
    let external = call.machine.object(id).entries.get(&key).cloned();
    external.is_some_and(|external| call.machine.truth(&external) != Some(false))
}

fn parse(call: &mut Call<'_, '_, '_>, name: &str) -> Option<Value> {
    let parser = call.arg_or_named(1, name);
    if follows(call, &parser) {
        let document = call.arg(0);
        call.machine
            .arrives(Machine::sink_named("xml")?, &document, call.span);
    }
    None
}

fn parse_with(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let parser = call.receiver.clone()?;
    if follows(call, &parser) {
        let document = call.arg(0);
        call.machine
            .arrives(Machine::sink_named("xml")?, &document, call.span);
    }
    None
}
