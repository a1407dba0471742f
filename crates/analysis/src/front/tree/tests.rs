//! Programs, and what they are lowered to.

use crate::front::show;
use crate::ir::{File, FileId, Language, Program};

fn lowered(language: Language, text: &str) -> Program {
    let mut program = Program::default();
    program
        .files
        .push(File::new("a".to_owned(), language, text.to_owned()));
    super::lower(&mut program, FileId(0));
    program
}

fn check(language: Language, text: &str, expected: &str) {
    let program = lowered(language, text);
    assert!(!program.files[0].broken, "{text}");
    let module = program.files[0].module.unwrap();
    let shown = show::block(&program, &program.functions[module.0 as usize].body);
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn c_and_cpp() {
    check(
        Language::C,
        "#include <stdlib.h>\nint main(int c, char **v) { char b[8], *p = \"l\" \"s\\n\"; strcpy(b, v[1]); while (1) fork(); return system(p); }",
        "import stdlib.h; main = function(c, v) { p = ['l', 's\n']; strcpy(b, v[1]); while 1 { fork() }; return system(p) }; main(argc, argv)",
    );
    check(
        Language::Cpp,
        "#include <string>\nclass A { int f(std::string s) { return std::system(s.c_str()); } };\nint main() { auto a = new A(); a->f(\"x\"); }",
        "import string; f = function(s) { return system(s.c_str()) }; main = function() { a = A(); a.f('x') }; main(argc, argv)",
    );
}

#[test]
fn rust_and_go() {
    check(
        Language::Rust,
        "use std::process::Command as C;\nfn main() { let x = \"a\"; C::new(\"sh\").arg(x).spawn()?; println!(\"{}\", x); }",
        "import std.process.Command; main = function() { x = 'a'; std.process.Command.new('sh').arg(x).spawn(); println!('{}', x) }; main(argc, argv)",
    );
    check(
        Language::Go,
        "package main\nimport (\n\"os/exec\"\nh \"net/http\"\n)\nfunc main() { x, y := \"a\", 1; if err := exec.Command(\"sh\", x).Run(); err != nil { h.Get(x) }; f(y) }\nfunc f(a int) {}",
        "import os/exec; import net/http; main = function() { x = 'a'; y = 1; err = exec.Command('sh', x).Run(); if (err NotEqual null) { http.Get(x) }; f(y) }; f = function(a) {  }; main(argc, argv)",
    );
}

#[test]
fn java_ruby_php() {
    check(
        Language::Java,
        "import java.io.*;\nclass A { static void main(String[] a) throws X { Runtime.getRuntime().exec(\"ls \" + a[0]); java.util.Base64 b = new java.net.URL(\"u\"); } }",
        "import java.io; main = function(a) { Runtime.getRuntime().exec(('ls ' Add a[0])); b = URL('u') }; main(argc, argv)",
    );
    check(
        Language::Ruby,
        "require 'socket'\nx = gets\nsystem(\"ls #{x}\")\n`id`\nIO.popen([\"a\"]) { |f| f.read }\neval x if x",
        "import socket; x = gets(); system(['ls ', x]); system('id'); IO.popen(list('a'), function(f) { f.read() }); if x { eval(x) }",
    );
    check(
        Language::Php,
        "<?php $x = $_GET['a']; system(\"ls $x\" . 'b'); eval(base64_decode($x)); `id`; $o = new Foo($x); $o->run(1);",
        "$x = $_GET['a']; system([['ls ', $x], 'b']); eval(base64_decode($x)); shell_exec('id'); $o = Foo($x); $o.run(1)",
    );
}

#[test]
fn perl_lua_r() {
    check(
        Language::Perl,
        "use Socket; my $x = \"ls $y\"; system('rm', $x); `id $x`; eval $x; my $s = IO::Socket->new(1); fork() while 1;",
        "import Socket; $x = ['ls ', $y]; system('rm', $x); system(['id ', $x]); eval($x); $s = IO.Socket.new(1); while 1 { fork() }",
    );
    check(
        Language::Lua,
        "local s = require(\"socket\")\nos.execute(\"ls \" .. x .. \"a\")\nfunction g(a) return a end\nlocal f = io.popen('id'):read()",
        "g = function(a) { return a }; s = import socket; os.execute(['ls ', x, 'a']); f = io.popen('id').read()",
    );
    check(
        Language::R,
        "library(httr); x <- system(\"ls\", intern=TRUE); f <- function(a) { base::system2(a) }",
        "import httr; (x = system('ls', intern=true)); (f = function(a) { system2(a) })",
    );
}

#[test]
fn hostile_text_ends() {
    for language in Language::ALL {
        for piece in [
            "(", "{", "[", "\"", "if (", "a.b().", "a + ", "<?php (", "$x{", "f(a, ", "'", "<<A\n", "`", "!",
            "x=>", "#if 1\n",
        ] {
            lowered(language, &piece.repeat(300));
        }
    }
}
