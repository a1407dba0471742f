//! Whole programs through the transformation.

use crate::{Input, Output, Refusal, strip};
use proptest::prelude::*;

fn inputs(files: &[(&str, &str)]) -> Vec<Input> {
    let input = |(path, text): &(&str, &str)| Input {
        path: (*path).to_owned(),
        text: text.as_bytes().to_vec(),
    };
    files.iter().map(input).collect()
}

/// The files that are written, by a program whose first file comes first.
fn written(files: &[(&str, &str)]) -> Vec<Output> {
    strip(&inputs(files), files[0].0).unwrap_or_else(|error| panic!("{error}"))
}

/// The text of a written file, without its source map.
fn text<'a>(outputs: &'a [Output], path: &str) -> &'a str {
    let paths = || outputs.iter().map(|o| o.path.as_str()).collect::<Vec<_>>();
    let output = outputs.iter().find(|o| o.path == path);
    let output = output.unwrap_or_else(|| panic!("no {path} in {:?}", paths()));
    output.text.split("//# sourceMappingURL=").next().unwrap()
}

/// One file's JavaScript.
fn check(path: &str, source: &str, becomes: &str, expected: &str) {
    assert_eq!(
        text(&written(&[(path, source)]), becomes).trim_end(),
        expected,
        "{source}"
    );
}

fn refused(files: &[(&str, &str)]) -> String {
    match strip(&inputs(files), files[0].0) {
        Err(Refusal::Program(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn types_go_and_the_rest_stays() {
    let check = |source: &str, expected: &str| check("main.ts", source, "main.js", expected);
    check("let a: number = 1 as any as number;", "let a = 1;");
    check("const a = { b: 1 } satisfies object;", "const a = { b: 1 };");
    check(
        "function f<T>(this: Date, a?: T): asserts a is T {}",
        "function f(a) {}",
    );
    check("interface A { b: string }\ntype B = A;\ndeclare const c: B;", "");
    check("let a = b!.c!;", "let a = b.c;");
    check(
        "function f(a: string): void;\nfunction f(a: any) {}",
        "function f(a) {}",
    );
    check("f<number>(<string>x);", "f(x);");
    check(
        "abstract class A<T> implements B { declare x: T; readonly y!: T; private z = 1; abstract f(): void; }",
        "class A {\n\ty;\n\tz = 1;\n}",
    );
}

#[test]
fn what_only_typescript_has_is_written_out() {
    let js = |source: &str| text(&written(&[("main.ts", source)]), "main.js").to_owned();
    let color = js("enum Color { Red = 1, Green, Blue = 'b' }");
    assert!(
        color.contains("Color[Color[\"Green\"] = 2] = \"Green\"")
            && color.contains("Color[\"Blue\"] = \"b\"")
    );
    assert!(js("const enum E { A = 7 }\nconsole.log(E.A);").contains("E[E[\"A\"] = 7]"));
    assert!(js("namespace A.B { export const c = 1; }").contains("_B.c = 1"));
    assert!(js("class P { constructor(private readonly a: number) {} }").contains("this.a = a;"));
    assert!(js("import fs = require('fs');\nfs.x;").contains("const fs = require(\"fs\");"));
    assert!(js("export = 5;").contains("module.exports = 5;"));
    let tsx = written(&[("main.tsx", "const a = <div id=\"x\"><></></div>;")]);
    assert!(text(&tsx, "main.js").contains("React.createElement(\"div\", { id: \"x\" }"));
}

#[test]
fn decorators_call_helpers_that_are_written() {
    let source = "export class A { @d m(@p a: number) {} }";
    let outputs = written(&[("lib/a.ts", source)]);
    let js = text(&outputs, "lib/a.js");
    assert!(js.contains("\"../.typescript/helpers/decorate.cjs\""), "{js}");
    assert!(
        js.contains("\"../.typescript/helpers/decorateParam.cjs\""),
        "{js}"
    );
    assert!(text(&outputs, ".typescript/helpers/decorate.cjs").starts_with("module.exports"));
    let outputs = written(&[("main.ts", "import fs = require('fs');\n@d class A {}")]);
    let js = text(&outputs, "main.js");
    assert!(
        js.contains("require(\"./.typescript/helpers/decorate.cjs\")"),
        "{js}"
    );
}

/// The names of all files that are written.
fn check_names(files: &[(&str, &str)], expected: &[&str]) {
    let outputs = written(files);
    let mut names: Vec<_> = outputs.iter().map(|o| o.path.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, expected, "{files:?}");
}

#[test]
fn syntax_and_extension_decide_the_format() {
    const MODULE: &str = "export const a = 1;";
    const PLAIN: &str = "const fs = require('fs');";
    check_names(&[("main.ts", PLAIN)], &["main.js"]);
    check_names(&[("main.ts", MODULE)], &["main.js", "package.json"]);
    check_names(
        &[("main.ts", "const a = await f();")],
        &["main.js", "package.json"],
    );
    check_names(
        &[("main.ts", "console.log(import.meta.url);")],
        &["main.js", "package.json"],
    );
    check_names(&[("main.ts", "export {};")], &["main.js", "package.json"]);
    check_names(&[("main.ts", "async function f() { await 1; }")], &["main.js"]);
    check_names(
        &[("main.ts", "import type { A } from './a';\nexport interface B {}")],
        &["main.js"],
    );
    check_names(&[("main.mts", PLAIN)], &["main.mjs"]);
    check_names(&[("main.cts", PLAIN)], &["main.cjs"]);
    check_names(
        &[
            ("main.ts", MODULE),
            ("a.ts", PLAIN),
            ("b.js", PLAIN),
            ("c.js", MODULE),
        ],
        &["a.cjs", "b.cjs", "main.js", "package.json"],
    );
    check_names(&[("main.ts", PLAIN), ("a.ts", MODULE)], &["a.mjs", "main.js"]);
    let module = ("package.json", r#"{"type": "module"}"#);
    check_names(&[("main.ts", PLAIN), module], &["main.js"]);
    check_names(
        &[("main.ts", MODULE), ("package.json", r#"{"name": "a"}"#)],
        &["main.js", "package.json"],
    );
    check_names(&[("main.ts", PLAIN), ("types.d.ts", MODULE)], &["main.js"]);
}

#[test]
fn a_program_without_types_left_in_common_js_has_no_export() {
    check(
        "main.ts",
        "import type { A } from './a';\nlet a: A = 1;",
        "main.js",
        "let a = 1;",
    );
}

#[test]
fn imports_name_what_came_of_their_files() {
    let main = "import { a } from './util.ts';\nexport * from './lib';\nexport { b } from './c.js';\n\
                const d = await import(`./lib/d`);\nimport x from 'pkg/a.ts';\na, d, x;";
    let outputs = written(&[
        ("main.ts", main),
        ("util.ts", "export const a = 1;"),
        ("lib/index.ts", "export { a } from '../util';"),
        ("lib/d.mts", "export {}"),
        ("c.tsx", "export const b = 1;"),
        ("old.js", "module.exports = require('./util.ts');"),
    ]);
    let js = text(&outputs, "main.js");
    for expected in [
        "from \"./util.js\"",
        "from \"./lib/index.js\"",
        "from \"./c.js\"",
        "from \"pkg/a.ts\"",
    ] {
        assert!(js.contains(expected), "{expected} in {js}");
    }
    // TypeScript does not take `.mts` for an extension that may be left out.
    assert!(js.contains("import(`./lib/d`)"), "{js}");
    assert!(text(&outputs, "lib/index.js").contains("\"../util.js\""));
    assert!(text(&outputs, "old.cjs").contains("require(\"./util.js\")"));
}

#[test]
fn a_wrong_program_is_told_with_its_place() {
    let text = refused(&[("main.ts", "let a = 1;\nconst b: number = ;\n")]);
    assert!(
        text.starts_with("main.ts:2:19: error: Unexpected token\n   2 | const b: number = ;\n"),
        "{text}"
    );
    let text = refused(&[("main.ts", "let a;"), ("lib/b.ts", "let a; let a;")]);
    assert!(
        text.starts_with("lib/b.ts:1:5: error: Identifier `a` has already been declared"),
        "{text}"
    );
    let text = refused(&[("main.cts", "let a;\nexport default 1;")]);
    assert!(
        text.starts_with("main.cts:2:1: error: this is the syntax of an ES module"),
        "{text}"
    );
    let text = refused(&[("main.ts", "export default 1;\nimport fs = require('fs');")]);
    assert!(
        text.starts_with("main.ts:2:1: error: an ES module cannot have"),
        "{text}"
    );
    let text = refused(&[("main.ts", "1"), ("main.tsx", "2")]);
    assert!(text.contains("would be written over"), "{text}");
    let text = refused(&[("main.ts", "1"), ("main.js", "2")]);
    assert!(text.contains("would be written over"), "{text}");
}

#[test]
fn what_is_no_text_is_told() {
    let input = Input {
        path: "main.ts".into(),
        text: vec![b'a', 0xff],
    };
    let Err(Refusal::Program(text)) = strip(&[input], "main.ts") else {
        panic!()
    };
    assert!(text.contains("not UTF-8"), "{text}");
}

#[test]
fn javascript_that_cannot_be_read_is_left_to_node() {
    check_names(&[("main.ts", "1"), ("broken.js", "let = = ;")], &["main.js"]);
}

#[test]
fn a_source_map_names_the_source() {
    let outputs = written(&[("lib/a.ts", "let a: number = 1;")]);
    assert!(
        outputs[0]
            .text
            .contains("\n//# sourceMappingURL=data:application/json")
    );
}

#[test]
fn deep_sources_have_room() {
    let deep = format!("let a = {}1{};", "(".repeat(5_000), ")".repeat(5_000));
    assert!(text(&written(&[("main.ts", &deep)]), "main.js").starts_with("let a = "));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(let |class |enum |namespace |import |export |from |'./a'|@a |<a>|type |[a-c=;:{}()\n]){0,40}") {
        _ = strip(&inputs(&[("main.ts", &text), ("a.tsx", &text)]), "main.ts");
    }
}
