//! The description of this API as a page for people, without anything from elsewhere.

use serde_json::Value;
use std::fmt::Write;

const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width\">\n<title>Casemate</title>\n<style>\n\
    body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }\n\
    code, pre { font: 14px/1.5 ui-monospace, monospace; }\n\
    pre { background: #8882; padding: .7rem; overflow: auto; }\n\
    table { border-collapse: collapse; width: 100%; }\n\
    td, th { border-top: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }\n\
    h2 { margin-top: 2.5rem; }\n@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } \
    a { color: #8cf; } }\n</style>\n";
const METHODS: [&str; 3] = ["get", "post", "delete"];

/// The page.
pub(crate) fn page(whole: &Value) -> String {
    let mut html = String::from(HEAD);
    let info = &whole["info"];
    // `write!` to a text does not fail.
    let _ = write!(
        html,
        "<h1>Casemate {}</h1>\n<p>{}.\n<p>",
        text(&info["version"]),
        text(&info["summary"])
    );
    html.push_str(&text(&info["description"]));
    let post = &whole["paths"]["/v1/executions"]["post"];
    let example = &post["requestBody"]["content"]["application/json"]["example"];
    let _ = write!(
        html,
        "\n<pre>curl --json '{}' \\\n  http://localhost:8484/v1/executions</pre>\n\
         <p>The same for programs: <a href=\"/openapi.json\">openapi.json</a>.\n<h2>Paths</h2>\n<ul>\n",
        escape(&example.to_string().replace('\'', "'\\''"))
    );
    let operations = || {
        let paths = whole["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = METHODS.into_iter().filter(|method| item.get(*method).is_some());
            methods.map(move |method| (path, item, method))
        })
    };
    for (path, item, method) in operations() {
        let summary = text(&item[method]["summary"]);
        let id = text(&item[method]["operationId"]);
        let _ = writeln!(
            html,
            "<li><a href=\"#{id}\"><code>{} {}</code></a> {summary}",
            method.to_uppercase(),
            escape(path)
        );
    }
    html.push_str("</ul>\n");
    for (path, item, method) in operations() {
        operation(&mut html, whole, path, item, method);
    }
    html.push_str("<h2>Objects</h2>\n");
    for (name, schema) in whole["components"]["schemas"].as_object().into_iter().flatten() {
        object(&mut html, name, schema);
    }
    html
}

fn operation(html: &mut String, whole: &Value, path: &str, item: &Value, method: &str) {
    let of = &item[method];
    let (id, upper) = (text(&of["operationId"]), method.to_uppercase());
    let _ = write!(
        html,
        "<h2 id=\"{id}\"><code>{upper} {}</code></h2>\n<p>",
        escape(path)
    );
    let _ = writeln!(html, "{}. {}", text(&of["summary"]), text(&of["description"]));
    let parameters = [&item["parameters"], &of["parameters"]];
    let parameters: Vec<&Value> = parameters
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(|one| resolve(whole, one))
        .collect();
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>Parameter<th>In<th>Form<th>\n");
        for one in parameters {
            let (name, place) = (text(&one["name"]), text(&one["in"]));
            let (form, about) = (form(&one["schema"]), text(&one["description"]));
            let _ = writeln!(
                html,
                "<tr><td><code>{name}</code><td>{place}<td>{form}<td>{about}"
            );
        }
        html.push_str("</table>\n");
    }
    let body = &of["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let _ = writeln!(html, "<p>Body: {}", form(body));
    }
    html.push_str("<table><tr><th>Status<th>Body<th>\n");
    for (status, answer) in of["responses"].as_object().into_iter().flatten() {
        let answer = resolve(whole, answer);
        let bodies = answer["content"].as_object().into_iter().flatten();
        let bodies: Vec<_> = bodies
            .map(|(media, content)| format!("{} {}", escape(media), form(&content["schema"])))
            .collect();
        let about = text(&answer["description"]);
        let _ = writeln!(html, "<tr><td>{status}<td>{}<td>{about}", bodies.join("<br>"));
    }
    html.push_str("</table>\n");
}

fn object(html: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(
        html,
        "<h3 id=\"{name}\">{name}</h3>\n<p>{}",
        text(&schema["description"])
    );
    let Some(properties) = schema["properties"].as_object() else {
        let _ = writeln!(html, "<p>{}", form(schema));
        return;
    };
    let required = schema["required"].as_array();
    html.push_str("<table><tr><th>Field<th>Form<th>\n");
    for (field, property) in properties {
        let is_required = required.is_some_and(|all| all.iter().any(|one| one == field));
        let mark = if is_required { "" } else { "?" };
        let (form, about) = (form(property), text(&property["description"]));
        let _ = writeln!(html, "<tr><td><code>{field}</code>{mark}<td>{form}<td>{about}");
    }
    html.push_str("</table>\n");
}

/// What stands behind a reference.
fn resolve<'a>(whole: &'a Value, one: &'a Value) -> &'a Value {
    let pointer = one["$ref"]
        .as_str()
        .map(|reference| reference.trim_start_matches('#'));
    pointer.and_then(|pointer| whole.pointer(pointer)).unwrap_or(one)
}

/// A schema in a few words.
fn form(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escape(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let choices = |name: &str| -> Option<String> {
        let all = schema[name].as_array()?;
        Some(all.iter().map(form).collect::<Vec<_>>().join(" or "))
    };
    if let Some(any) = choices("anyOf") {
        return any;
    }
    let mut words = match &schema["type"] {
        Value::Array(types) => types.iter().map(text).collect::<Vec<_>>().join(" or "),
        one => text(one),
    };
    if !schema["items"].is_null() {
        let _ = write!(words, " of {}", form(&schema["items"]));
    }
    if let Some(all) = schema["enum"].as_array() {
        let all: Vec<_> = all
            .iter()
            .map(|one| format!("<code>{}</code>", escape(&one.to_string())))
            .collect();
        let _ = write!(words, ": {}", all.join(", "));
    }
    for (key, word) in [
        ("const", "always"),
        ("format", "format"),
        ("minimum", "from"),
        ("maximum", "to"),
        ("default", "default"),
        ("minLength", "at least"),
        ("maxLength", "length up to"),
        ("maxItems", "up to"),
        ("maxProperties", "up to"),
        ("pattern", "pattern"),
    ] {
        if !schema[key].is_null() {
            let _ = write!(words, " {word} <code>{}</code>", text(&schema[key]));
        }
    }
    words
}

/// A value as text of the page.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
