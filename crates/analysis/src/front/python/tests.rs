//! The form of small sources, as text.

use crate::ir::{File, FileId, Language, Program, display};

fn lowered(path: &str, text: &str) -> Program {
    let mut program = Program::default();
    program
        .files
        .push(File::new(path.to_owned(), Language::Python, text.to_owned()));
    crate::front::lower(&mut program, FileId(0));
    program
}

fn shown(program: &Program) -> String {
    display::function(program, program.files[0].module.unwrap())
}

/// The lines of the form of a source, without the first.
fn check(source: &str, expected: &[&str]) {
    let program = lowered("a.py", source);
    assert!(!program.files[0].broken, "{:?}", program.files[0].unreadable);
    let text = shown(&program);
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(lines, expected, "\n{text}");
}

#[test]
fn names_are_resolved() {
    check(
        "import os.path as p, a.b\nfrom . import x as y\nfrom m import *\nz = p(y, len, w)",
        &[
            "  p = <os.path>",
            "  <a.b>",
            "  a = <a>",
            "  y = <.:x>",
            "  <m:*>",
            "  z = p(y, @len, @w)",
        ],
    );
    check(
        "def f(a, *b, c=1, **d):\n  global g\n  g = a\n  def h():\n    nonlocal a\n    a = g\nprint(g)",
        &[
            "  f = function f#1",
            "  @print(g)",
            "f#1(a, *b, !c=1, **d):",
            "  g = a",
            "  h = function h#2",
            "h#2():",
            "  a = g",
        ],
    );
}

#[test]
fn a_class_body_is_no_scope_of_its_methods() {
    check(
        "len = 1\nclass A(B):\n  x = x\n  y = x\n  def m(self):\n    return x, super().m()",
        &[
            "  len = 1",
            "  A = class A(@B)",
            "A#1():",
            "  x = @x",
            "  y = x",
            "  m = function m#2",
            "m#2(self):",
            "  return (@x, super.m(),)",
        ],
    );
}

#[test]
fn comprehensions_have_scopes_and_walruses_leave_them() {
    check(
        "x = 1\ny = [(z := x) for x in x if x]\nprint(x, z)",
        &[
            "  x = 1",
            "  y = List((z := .x) for .x of x if .x)",
            "  @print(x, z)",
        ],
    );
    check(
        "def f(a):\n  return {k: v for k, (v, *r) in a}",
        &[
            "  f = function f#1",
            "f#1(a):",
            "  return Map(k: v for [k, [v, *r]] of a)",
        ],
    );
}

#[test]
fn definitions() {
    check(
        "@d\ndef f(a=g(), b=2): yield a\ns = lambda q: q + 1",
        &[
            "  f = @d(seq((.t1 := @g()), function f#1))",
            "  s = function #2",
            "f#1(a=.t1, b=2) yields:",
            "  yield(a)",
            "#2(q):",
            "  return (q Add 1)",
        ],
    );
}

#[test]
fn statements() {
    check(
        "with open(p) as f, l: f.read()",
        &[
            "  .t1 = @open(@p)",
            "  f = .t1.__enter__()",
            "  .t2 = @l",
            "  .t2.__enter__()",
            "  try:",
            "    f.read()",
            "  finally:",
            "    .t2.__exit__(null, null, null)",
            "    .t1.__exit__(null, null, null)",
        ],
    );
    check(
        "for i in r:\n  if i: continue\n  elif q: break\nelse: e()\na.b[c()] += 1\nx = y = 2\ndel x",
        &[
            "  for i of @r [1]:",
            "    if i:",
            "      continue 1",
            "    else:",
            "      if @q:",
            "        break 1",
            "  else:",
            "    @e()",
            "  .t1 = @c()",
            "  @a.b[.t1] = (@a.b[.t1] Add 1)",
            "  x = 2",
            "  y = x",
            "  delete x",
        ],
    );
    check(
        "try: a()\nexcept* (E, F) as e: raise G from e\nfinally: pass",
        &[
            "  try:",
            "    @a()",
            "  except (@E, @F,) as e:",
            "    e",
            "    raise @G",
        ],
    );
}

#[test]
fn matching() {
    check(
        "match v:\n  case [1, *r]: a(r)\n  case {'k': str(s)} if s: b()\n  case P(x=0) | None: pass\n  case _: c()",
        &[
            "  .t1 = @v",
            "  block 1:",
            "    if ((@len(.t1) GreaterEqual 1) And ((.t1[0] Equal 1) And seq((r := .t1[1::]), true))):",
            "      @a(r)",
            "      break 1",
            "    if (((\"k\" In .t1) And ((.t1[\"k\"] InstanceOf @str) And seq((s := .t1[\"k\"]), true))) And s):",
            "      @b()",
            "      break 1",
            "    if (((.t1 InstanceOf @P) And (.t1.x Equal 0)) Or (.t1 Is null)):",
            "      break 1",
            "    if true:",
            "      @c()",
            "      break 1",
        ],
    );
}

#[test]
fn texts() {
    check(
        "t = 'a' \"b\" f'{x!r:>{w}}c{y=}' + b'q'[1:].hex() + -0x10",
        &[
            "  t = ((concat(\"a\", \"b\", @format(@repr(@x), concat(\">\", @w)), \"c\", \"y=\", @repr(@y)) Add b\"q\"[1::].hex()) Add -16)",
        ],
    );
    check(
        "'doc'\nx = 1 < y() < 3",
        &["  x = ((1 Less (.t1 := @y())) And (.t1 Less 3))"],
    );
    check(
        "'doc'\nexec(__doc__, __name__)",
        &["  __doc__ = \"doc\"", "  @exec(__doc__, \"__main__\")"],
    );
}

#[test]
fn python_2_is_translated() {
    let source = "print 'a', b\nprint >>f, c\ntry:\n\texec code in d\nexcept E, e:\n        raise X, `e`\nif a <> 0777L: print ur'x' % y\n";
    let program = lowered("a.py", source);
    let file = &program.files[0];
    let lines: Vec<_> = file.unreadable.iter().map(|(what, _)| *what).collect();
    assert_eq!(lines, ["python2"], "{}", shown(&program));
    assert!(!file.broken);
    let text = shown(&program);
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  @print(\"a\", @b)",
            "  @f.write((@c))",
            "  try:",
            "    @exec(@code, @d)",
            "  except @E as e:",
            "    raise @X(@repr(e))",
            "  if (@a NotEqual 511):",
            "    @print((\"x\" Modulo @y))",
        ]
        .map(|line| line.replace("(@c))", "@c)")),
        "\n{text}"
    );
    // Places are those of the source as it was.
    let last = program.exprs.last().unwrap().span;
    assert_eq!(&source[last.start as usize..last.end as usize], "print ur'x' % y");
}

#[test]
fn what_is_broken_is_said_and_the_rest_is_read() {
    let program = lowered(
        "a.py",
        "import os\ndef f(a:\n  pass\nos.system('x')\ny = 1 +\nx = )\nos.system('x')\n",
    );
    assert!(program.files[0].broken);
    let text = shown(&program);
    assert!(text.contains("os.system(\"x\")"), "{text}");
}

#[test]
fn byte_order_marks_are_no_part_of_the_source() {
    let source = "\u{feff}import os\n\u{feff}print 'a'\nx = 1\n";
    let program = lowered("a.py", source);
    assert!(!program.files[0].broken);
    let last = program.exprs.last().unwrap().span;
    assert_eq!(&source[last.start as usize..last.end as usize], "1");
}

#[test]
fn depth_is_bounded() {
    let brackets = format!("x = {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let signs = format!("x = {}1", "-".repeat(5_000));
    for source in [brackets, signs] {
        let program = lowered("a.py", &source);
        assert!(program.files[0].broken);
    }
    let sum = vec!["'a'"; 3_000].join(" + ");
    assert!(!lowered("a.py", &sum).files[0].broken);
    let elifs = format!("if a: b()\n{}", "elif a: b()\n".repeat(3_000));
    assert!(!lowered("a.py", &elifs).files[0].broken);
    let nots = format!("x = {}1", "not ".repeat(400));
    assert!(lowered("a.py", &nots).files[0].broken);
}

#[test]
fn notebooks() {
    let source = r#"{"cells": [
        {"cell_type": "markdown", "source": ["x"]},
        {"cell_type": "code", "metadata": {"a": [1, {}]}, "source": ["import os\n", "!curl \"h\" | sh\n", "y = 2"]},
        {"cell_type": "code", "source": "%%bash\nls\n"},
        {"cell_type": "code", "source": "%pip install q\n%matplotlib inline\nz = y\n"}
    ], "nbformat": 4}"#;
    let program = lowered("a.ipynb", source);
    let text = shown(&program);
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "  os = <os>",
            "  <os>.system(\"curl \\\"h\\\" | sh\")",
            "  y = 2",
            "  <os>.system(\"ls\")",
            "  <os>.system(\"pip install q\")",
            "  z = y",
        ]
    );
    let last = program
        .exprs
        .iter()
        .rfind(|expr| expr.span.end > expr.span.start)
        .unwrap()
        .span;
    assert_eq!(&source[last.start as usize..last.end as usize], "y");
}
