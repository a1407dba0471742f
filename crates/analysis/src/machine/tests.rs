//! What the machine follows and what it keeps apart, on small programs of Python and JavaScript.

use super::{Trace, run};
use crate::fact::{FactKind, Origin, Reach};
use crate::front;
use crate::ir::{File, Language, Program};
use crate::submission::Bounds;

fn trace_of(files: &[(&str, &str)], language: Language) -> Trace {
    let files = files
        .iter()
        .map(|(path, text)| File::new((*path).to_owned(), language, (*text).to_owned()));
    let mut program = Program {
        files: files.collect(),
        ..Program::default()
    };
    run(&mut program, &Bounds::default(), &front::lower)
}

fn python(text: &str) -> Trace {
    trace_of(&[("main.py", text)], Language::Python)
}

/// Whether what somebody types is run as a command. `T` and `S` stand for the source and the sink.
fn check(body: &str, expected: bool) {
    let text = format!(
        "import os\n{}\n",
        body.replace("T()", "input()").replace("S(", "os.system(")
    );
    let trace = python(&text);
    assert_eq!(!trace.flows.is_empty(), expected, "{body}");
}

/// The same for JavaScript.
fn check_script(body: &str, expected: bool) {
    let text = format!(
        "const cp = require('child_process');\n{}\n",
        body.replace("T()", "process.argv[2]")
            .replace("S(", "cp.execSync(")
    );
    let trace = trace_of(&[("main.js", &text)], Language::JavaScript);
    assert_eq!(!trace.flows.is_empty(), expected, "{body}");
}

fn calls(trace: &Trace) -> Vec<String> {
    let calls = trace.facts.iter().filter_map(|fact| match &fact.kind {
        FactKind::Call { path, arguments } => {
            let texts: Vec<&str> = arguments
                .iter()
                .filter_map(|argument| argument.text.as_deref())
                .collect();
            Some(format!("{path}({})", texts.join(",")))
        }
        _ => None,
    });
    calls.collect()
}

#[test]
fn order_and_overwriting_count() {
    check("x = T()\nS(x)", true);
    check("x = T()\nx = 'ls'\nS(x)", false);
    check("x = 'ls'\nS(x)\nx = T()", false);
    check("x = y = T()\ny = ''\nS(x)", true);
}

#[test]
fn known_conditions_are_followed() {
    check("x = 'ls'\nif 3 * 4 > 20:\n    x = T()\nS(x)", false);
    check("x = 'ls'\nif 3 * 4 < 20:\n    x = T()\nS(x)", true);
    check("x = 'ls'\nif os.getcwd():\n    x = T()\nS(x)", true);
    check("x = T()\nif x == 'ls':\n    S(x)", false);
    check("x = T()\nif x not in ('ls', 'id'):\n    x = 'id'\nS(x)", false);
}

#[test]
fn loops_are_run_while_they_are_known() {
    check(
        "x = ''\nfor i in range(3):\n    if i == 5:\n        x = T()\nS(x)",
        false,
    );
    check(
        "x = ''\nfor i in range(3):\n    if i == 2:\n        x = T()\n        break\nelse:\n    x = 'ls'\nS(x)",
        true,
    );
    check(
        "x = a = b = ''\nwhile os.getpid():\n    x = b\n    b = a\n    a = T()\nS(x)",
        true,
    );
    check(
        "i = 0\nwhile True:\n    i += 1\n    if i > 3:\n        break\nS(T() if i == 9 else 'ls')",
        false,
    );
}

#[test]
fn jumps_leave_with_their_state() {
    check(
        "def f(a):\n    if os.getpid():\n        return a\n    return 'x'\nS(f(T()))",
        true,
    );
    check(
        "def f(a):\n    x = a\n    for i in os.listdir():\n        if i:\n            x = 'ls'\n            break\n    else:\n        x = 'id'\n    return x\nS(f(T()))",
        false,
    );
    check(
        "x = ''\nfor i in os.listdir():\n    if i:\n        x = T()\n        continue\n    x = 'ls'\nS(x)",
        true,
    );
}

#[test]
fn exceptions_reach_their_handlers() {
    check(
        "try:\n    raise ValueError(T())\nexcept ValueError as e:\n    S(str(e))",
        true,
    );
    check(
        "x = T()\ntry:\n    raise ValueError('a')\n    S(x)\nexcept ValueError as e:\n    S(str(e))",
        false,
    );
    check("x = 'ls'\ntry:\n    x = T()\nfinally:\n    x = 'id'\nS(x)", false);
    check(
        "class A(Exception): pass\nclass B(Exception): pass\ntry:\n    raise A()\nexcept B:\n    S(T())\nexcept A:\n    pass",
        false,
    );
    check(
        "def f():\n    if os.getpid():\n        raise KeyError(T())\n    return 'x'\ntry:\n    f()\nexcept KeyError as e:\n    S(e.args[0])",
        true,
    );
}

#[test]
fn fields_and_items_are_kept_apart() {
    check("d = {'a': T(), 'b': 'ls'}\nS(d['b'])", false);
    check("d = {'a': T(), 'b': 'ls'}\nS(d['a'])", true);
    check("l = ['ls', T()]\nS(l[0])", false);
    check("l = [['ls'], [T()]]\nS(l[1][0])", true);
    check(
        "class A: pass\na = A()\nb = A()\na.x = T()\nb.x = 'ls'\nS(b.x)",
        false,
    );
    check("class A: pass\na = A()\nb = a\nb.x = T()\nS(a.x)", true);
    check("a, *b = ['ls', T(), 'id']\nS(a)", false);
    check("a, *b = ['ls', T(), 'id']\nS(b[0])", true);
}

#[test]
fn calls_are_kept_apart() {
    check("def f(x):\n    return x\na = f(T())\nb = f('ls')\nS(b)", false);
    check("def f(x):\n    return x\na = f(T())\nb = f('ls')\nS(a)", true);
    check("def f(*a, **k):\n    return k['y']\nS(f(T(), y='ls'))", false);
    check(
        "def f(a, b='ls', *, c='id'):\n    return c\nS(f(T(), c=T()))",
        true,
    );
    check("def f(g, x):\n    return g(x)\nS(f(lambda v: v, T()))", true);
    check(
        "def f(n, x):\n    return x if n == 0 else f(n - 1, x)\nS(f(3, T()))",
        true,
    );
    check(
        "def f(n, x):\n    return x if n == 0 else f(n, x)\nS(f(os.getpid(), T()))",
        true,
    );
}

#[test]
fn closures_share_their_frame() {
    check(
        "def f():\n    x = 'ls'\n    def g():\n        nonlocal x\n        x = T()\n    g()\n    S(x)\nf()",
        true,
    );
    check(
        "def f(x):\n    return lambda: x\na = f(T())\nb = f('ls')\nS(b())",
        false,
    );
}

#[test]
fn classes_inherit_and_override() {
    check(
        "class A:\n    def m(self):\n        return T()\nclass B(A):\n    def m(self):\n        return 'ls'\nS(B().m())",
        false,
    );
    check(
        "class A:\n    def __init__(self, x):\n        self.x = x\nclass B(A):\n    def __init__(self, x):\n        super().__init__(x)\nS(B(T()).x)",
        true,
    );
    check(
        "class A:\n    @property\n    def p(self):\n        return T()\n    @staticmethod\n    def s(x):\n        return x\nS(A.s('ls'))\nS(A().p)",
        true,
    );
    check(
        "class A:\n    def __getitem__(self, i):\n        return T()\nS(A()['x'])",
        true,
    );
    check(
        "class A:\n    def __add__(self, other):\n        return 'ls'\nS(A() + T())",
        false,
    );
}

#[test]
fn generators_and_comprehensions_carry_items() {
    check(
        "def g():\n    yield 'ls'\n    yield T()\nfor x in g():\n    S(x)",
        true,
    );
    check("def g():\n    yield 'ls'\n    yield T()\nS(list(g())[0])", false);
    check("S([x for x in [T()]][0])", true);
    check("S({k: v for k, v in [('a', T()), ('b', 'ls')]}['b'])", false);
}

#[test]
fn functions_that_nobody_calls_are_entered() {
    check("def f(x):\n    S(T())", true);
    check(
        "class A:\n    def __init__(self):\n        self.x = T()\n    def m(self):\n        S(self.x)",
        true,
    );
    let trace = python("def f():\n    import socket\n    socket.socket()\n");
    assert!(trace.facts.iter().any(|fact| fact.reach == Reach::Call
        && matches!(&fact.kind, FactKind::Call { path, .. } if &**path == "socket.socket")));
}

#[test]
fn files_import_each_other() {
    let files = [
        ("main.py", "import os\nfrom lib.a import get\nos.system(get())\n"),
        ("lib/__init__.py", ""),
        ("lib/a.py", "from . import b\ndef get():\n    return b.value\n"),
        ("lib/b.py", "value = input()\n"),
    ];
    assert_eq!(trace_of(&files, Language::Python).flows.len(), 1);
    let files = [
        (
            "main.js",
            "import { get } from './lib/a.js';\nimport { execSync } from 'child_process';\nexecSync(get());\n",
        ),
        (
            "lib/a.js",
            "const b = require('../b');\nexport function get() { return b.value; }\n",
        ),
        ("b.js", "module.exports = { value: process.argv[2] };\n"),
    ];
    assert_eq!(trace_of(&files, Language::JavaScript).flows.len(), 1);
}

#[test]
fn scripts_have_prototypes_and_this() {
    check_script(
        "class A { constructor(x) { this.x = x; } get y() { return this.x; } }\nS(new A(T()).y);",
        true,
    );
    check_script(
        "class A { x = 'ls'; }\nclass B extends A { constructor(y) { super(); this.y = y; } }\nS(new B(T()).x);",
        false,
    );
    check_script(
        "function F(x) { this.x = x; }\nF.prototype.m = function () { return this.x; };\nS(new F(T()).m());",
        true,
    );
    check_script("const o = { a: T(), b: 'ls' };\nconst { b } = o;\nS(b);", false);
    check_script("const { a, ...r } = { a: 'ls', b: T() };\nS(r.b);", true);
    check_script("function f() { return arguments[1]; }\nS(f('ls', T()));", true);
    check_script(
        "let x = 'ls';\nswitch (2) { case 1: x = T(); break; case 2: x = 'id'; }\nS(x);",
        false,
    );
    check_script(
        "async function f(x) { return x; }\n(async () => { S(await f(T())); })();",
        true,
    );
    check_script("S(`ls ${T()}`);", true);
}

#[test]
fn what_is_built_and_hidden_is_seen() {
    let trace = python(
        "import base64\nm = __import__('o' + 's')\nf = getattr(m, 'sys' + 'tem')\nf(base64.b64decode('ZWNobyBoaQ==').decode())\n",
    );
    assert!(
        calls(&trace).contains(&"os.system(echo hi)".to_owned()),
        "{:?}",
        calls(&trace)
    );
    assert!(trace.facts.iter().any(|fact| matches!(&fact.kind, FactKind::Text { text, origin: Origin::Decoded(_) } if &**text == "echo hi")));
    let trace = python("exec(''.join(chr(ord(c) ^ 1) for c in 'hlqnsu!nr:nr/rxrudl)#he#('))\n");
    assert!(
        calls(&trace).iter().any(|call| call.starts_with("os.system(")),
        "{:?}",
        calls(&trace)
    );
}

#[test]
fn bounds_end_what_has_no_end() {
    let deep = format!("x = {}1{}\n", "(".repeat(400), ")".repeat(400));
    python(&deep);
    let nested: String = (0..12)
        .map(|i| format!("{}for i{i} in a{i}:\n", "  ".repeat(i)))
        .collect();
    python(&format!("x = 0\n{nested}{}x = {{i1: x}}\n", "  ".repeat(12)));
    let wide: String = (1..20)
        .map(|i| {
            format!(
                "def f{i}(x):\n    global g\n    g = x\n    f{}([x])\n    f{}(x)\n",
                i - 1,
                i - 1
            )
        })
        .collect();
    python(&format!("def f0(x):\n    pass\n{wide}f19(1)\n"));
    let trace = python("s = 's = s + s; exec(s)'\nexec(s)\n");
    assert!(trace.limits_reached.contains(&"depth"));
    let trace = python("while True:\n    pass\n");
    assert!(
        trace
            .facts
            .iter()
            .any(|fact| matches!(fact.kind, FactKind::EndlessLoop))
    );
}

#[test]
fn a_flow_is_a_way_that_can_be_followed() {
    let trace = python(
        "import os\n\ndef run(command):\n    os.system(command)\n\nname = input()\nrun('echo ' + name)\n",
    );
    let [flow] = trace.flows.as_slice() else {
        panic!("{:?}", trace.flows)
    };
    let notes: Vec<&str> = flow.steps.iter().map(|(_, note)| note.as_str()).collect();
    assert_eq!(flow.sink.id, "command");
    assert_eq!(notes.first(), Some(&"what somebody types comes in"));
    assert!(
        notes.contains(&"assigned to name") && notes.contains(&"given as command"),
        "{notes:?}"
    );
    assert_eq!(notes.last(), Some(&"is run as a command"));
}
