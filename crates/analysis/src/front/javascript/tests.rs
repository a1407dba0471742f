//! Tests of the lowering, by sources and their forms.

use crate::ir::{File, FileId, Language, Program, display};

fn lowered(language: Language, text: &str) -> Program {
    let mut program = Program::default();
    program
        .files
        .push(File::new("a".to_owned(), language, text.to_owned()));
    crate::front::lower(&mut program, FileId(0));
    program
}

fn check_as(language: Language, source: &str, expected: &[&str]) {
    let program = lowered(language, source);
    assert!(!program.files[0].broken, "{:?}", program.files[0].unreadable);
    let text = display::function(&program, program.files[0].module.unwrap());
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(lines, expected, "\n{text}");
}

/// The lines of the form of a source, without the first.
fn check(source: &str, expected: &[&str]) {
    check_as(Language::JavaScript, source, expected);
}

#[test]
fn names_are_resolved() {
    check(
        "f(x); var x = 1; { let x = 2; g(x) } function f(a) { return a + y } window.z = globalThis.q",
        &[
            "  f = function f#1",
            "  f(x)",
            "  x = 1",
            "  x = 2",
            "  @g(x)",
            "  @z = @q",
            "f#1(a):",
            "  return (a Add @y)",
        ],
    );
}

#[test]
fn patterns_take_apart() {
    check(
        "const {a, b: [c = 1, , ...d], ...e} = o; [x.y, z[0]] = [a, c]",
        &[
            "  {\"a\": a, \"b\": [c=1, _, *d], ...e} = @o",
            "  [@x.y, @z[0]] = [a, c]",
        ],
    );
}

#[test]
fn parameters_have_defaults_and_arguments() {
    check(
        "function f(a, {b} = {}, ...c) { return this.x } function g(a = 1) { return arguments[1] }",
        &[
            "  f = function f#1",
            "  g = function g#2",
            "f#1(a, {\"b\": b}={}, *c):",
            "  return this.x",
            "g#2(*arguments):",
            "  [a=1] = arguments",
            "  return arguments[1]",
        ],
    );
}

#[test]
fn classes_have_fields_accessors_and_statics() {
    check(
        "class A extends B { x = 1; static y = 2; #z = 3; constructor(a) { super(a); this.w = this.#z }\n\
         get v() { return 1 } set v(b) {} [Symbol.iterator]() {} }",
        &[
            "  seq((A := class A(@B)), (A.y := 2), A)",
            "A#1():",
            "  constructor = function constructor#2",
            "  @@iterator = function @@iterator#5",
            "  v = @@setter(function v#4, @@getter(function v#3))",
            "constructor#2(a):",
            "  super(a)",
            "  this.x = 1",
            "  this.#z = 3",
            "  this.w = this.#z",
            "@@iterator#5():",
            "v#4(b):",
            "v#3():",
            "  return 1",
        ],
    );
    check(
        "class A extends B { x = 1 }",
        &[
            "  (A := class A(@B))",
            "A#1():",
            "  constructor = function constructor#2",
            "constructor#2(*%):",
            "  super(*%)",
            "  this.x = 1",
        ],
    );
}

#[test]
fn decorators_are_calls() {
    check(
        "@d class A { @e m() {} }",
        &[
            "  seq((A := class A()), (A := (@d(A, {}) Coalesce A)))",
            "A#1():",
            "  m = (@e(function m#2, {}) Coalesce function m#2)",
            "m#2():",
            "m#2():",
        ],
    );
}

#[test]
fn loops_and_jumps_name_what_they_leave() {
    check(
        "o: for (let i = 0; i < 3; i++) { for (const k in m) { if (k) continue o; break } }",
        &[
            "  i = 0",
            "  while (i Less 3) [1]:",
            "    for k in @m [2]:",
            "      if k:",
            "        continue 1",
            "      break 2",
            "  step:",
            "    (i := (i Add 1))",
        ],
    );
    check(
        "do { if (a) continue; b() } while (c); switch (a) { case 1: f(); default: break }",
        &[
            "  while true [1]:",
            "    block 2:",
            "      if @a:",
            "        break 2",
            "      @b()",
            "    if @c:",
            "    else:",
            "      break 1",
            "  switch @a [3]:",
            "  case 1:",
            "    @f()",
            "  default:",
            "    break 3",
        ],
    );
}

#[test]
fn operators_and_literals() {
    check(
        "a ||= b; c.d += 1; e().f++; y = x++; q = `a${1}b`; s = 'x' + a + 1; r = /a/g; t = -1; u = a === b; v = w?.x?.(1)",
        &[
            "  (@a Or (@a := @b))",
            "  (@c.d := (@c.d Add 1))",
            "  seq((% := @e()), (%.f := (%.f Add 1)))",
            "  @y = ((@x := (@x Add 1)) Subtract 1)",
            "  @q = concat(\"a\", 1, \"b\")",
            "  @s = concat(\"x\", @a, 1)",
            "  @r = new @RegExp(\"a\", \"g\")",
            "  @t = -1",
            "  @u = (@a Is @b)",
            "  @v = @w.x(1)",
        ],
    );
    check(
        "tag`a${b}c`; ({a, 'b-c': 1, [d]: 2, get e() { return 1 }, ...f}); (async () => await g())()",
        &[
            "  @tag([\"a\", \"c\"], @b)",
            "  {\"a\": @a, \"b-c\": 1, @d: 2, **@f, \"e\": @@getter(function e#1)}",
            "  function #2()",
            "e#1():",
            "  return 1",
            "async #2():",
            "  return await @g()",
        ],
    );
}

#[test]
fn modules_import_and_export() {
    check(
        "import a, {b as c} from 'node:fs'; import * as d from './d.js'; export {c as e}; export * from 'x';\n\
         export const f = 1; export default function g() {}",
        &[
            "  a = <fs:default>",
            "  c = <fs:b>",
            "  d = <./d.js>",
            "  g = function g#1",
            "  export default = g",
            "  export * = <x>",
            "  f = 1",
            "  export f = f",
            "  export e = c",
            "g#1():",
        ],
    );
    check(
        "const fs = require('fs'); exports.a = fs; module.exports = require(x)",
        &[
            "  exports = {}",
            "  module = {\"exports\": exports}",
            "  export = = exports",
            "  fs = <fs>",
            "  exports.a = fs",
            "  module.exports = @require(@x)",
            "  export = = module.exports",
        ],
    );
}

#[test]
fn types_are_dropped_and_what_runs_stays() {
    check_as(
        Language::TypeScript,
        "enum E { A, B = 5, C } interface I { x: number } namespace N { export const y: I = z as any }\n\
         class P { constructor(private a: string, b?: number) {} } declare const w: any; import q = require('q');",
        &[
            "  E = {\"A\": 0, \"B\": 5, \"C\": 6}",
            "  N = (N Coalesce {})",
            "  y = @z",
            "  N.y = y",
            "  (P := class P())",
            "  q = <q>",
            "P#1():",
            "  constructor = function constructor#2",
            "constructor#2(a, b):",
            "  this.a = a",
        ],
    );
}

#[test]
fn markup_is_calls() {
    check(
        "x = <A b={c} {...d}>t<b/></A>",
        &["  @x = @React.createElement(@A, {\"b\": @c, **@d}, \"t\", @React.createElement(\"b\", {}))"],
    );
}

#[test]
fn what_does_not_parse_is_left_out_and_said() {
    let program = lowered(Language::JavaScript, "f(1);\nvar = = 3;\ng(2);\n");
    assert!(program.files[0].broken);
    assert!(
        program.files[0]
            .unreadable
            .iter()
            .any(|(what, _)| *what == "syntax_error")
    );
    let text = display::function(&program, program.files[0].module.unwrap());
    assert!(text.contains("@f(1)") && text.contains("@g(2)"), "{text}");
}

#[test]
fn long_and_deep_sources_end() {
    let sum = format!("x = a{}", " + b".repeat(20_000));
    let nested = format!("x = {}1{}", "[".repeat(400), "]".repeat(400));
    let chain = format!("{}{{}}", "if (a) {} else ".repeat(1_000));
    for source in [sum, nested, chain] {
        let program = lowered(Language::JavaScript, &source);
        assert!(program.files[0].module.is_some());
    }
}
