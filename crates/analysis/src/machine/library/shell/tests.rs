//! Small scripts: what reaches the command `seen` is what the models computed.

use crate::fact::{FactArgument, FactKind, Reach};
use crate::ir::{File, Language, Program};
use crate::{Bounds, front, machine};

fn facts(source: &str) -> Vec<FactKind> {
    let mut program = Program::default();
    let file = File::new("main.sh".to_owned(), Language::Bash, source.to_owned());
    program.files.push(file);
    let trace = machine::run(&mut program, &Bounds::default(), &front::lower);
    let reached = trace.facts.into_iter().filter(|fact| fact.reach != Reach::Dead);
    reached.map(|fact| fact.kind).collect()
}

fn shown(argument: &FactArgument) -> String {
    match (&argument.text, argument.number) {
        (Some(text), _) => text.to_string(),
        (None, Some(number)) => number.to_string(),
        (None, None) => argument.paths.join("|"),
    }
}

/// What `seen` is given.
fn check(source: &str, expected: &[&str]) {
    let mut seen = Vec::new();
    for fact in facts(source) {
        if let FactKind::Call { path, arguments } = fact
            && &*path == "sh:seen"
        {
            seen.extend(arguments.iter().map(shown));
        }
    }
    assert_eq!(seen, expected, "{source}");
}

#[test]
fn words_are_computed() {
    check(
        "a=x; b=${a}y; seen \"$b\" ${b/x/z} ${#b} ${b:1:1} ${b^^} ${b%y}",
        &["xy", "zy", "2", "y", "XY", "x"],
    );
    check(
        "a=(p q); a+=(r); for i in \"${a[@]}\"; do seen $i; done",
        &["p", "q", "r"],
    );
    check(
        "i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; seen $i $((i * 2))",
        &["3", "6"],
    );
    check(
        "for i in {1..2} $(seq 3 4); do seen $i; done",
        &["1", "2", "3", "4"],
    );
    check("f() { local x=$1; echo \"<$x>\"; }; seen \"$(f a)\"", &["<a>"]);
    check(
        "case ab in a?) seen 1;; *) seen 2;; esac; [[ ab == a* ]] && seen 3",
        &["1", "3"],
    );
    check("x=; seen a${x:-b}c${x:+d}", &["abc"]);
}

#[test]
fn commands_print() {
    check(
        "seen \"$(echo -e '\\x61b')\" \"$(printf '%s-%s' a b)\" \"$(printf '\\143\\141')\"",
        &["ab", "a-b", "ca"],
    );
    check(
        "seen $(echo aGk= | base64 -d) $(echo 6869 | xxd -r -p) $(echo olleh | rev)",
        &["hi", "hi", "hello"],
    );
    check(
        "seen $(echo uryyb | tr a-z n-za-m) $(echo a.b | tr . -) $(echo axb | sed s/x/y/)",
        &["hello", "a-b", "ayb"],
    );
    check(
        "seen $(echo a:b:c | cut -d: -f2) $(base64 -d <<< aGk=) $(echo hi | base64)",
        &["b", "hi", "aGk="],
    );
    check(
        "echo hi > /tmp/x; echo ho >> /tmp/x; seen \"$(cat /tmp/x)\"",
        &["hi\nho"],
    );
    check("seen \"$(cat <<E\na $((1+1))\nE\n)\"", &["a 2"]);
}

#[test]
fn code_runs() {
    check(
        "eval 'seen a'; bash -c 'seen b'; echo 'seen c' | sh; sh <<< 'seen d'",
        &["a", "b", "c", "d"],
    );
    check(
        "echo c2VlbiB4 | base64 -d | bash; $(echo seen) y; s=se; ${s}en z",
        &["x", "y", "z"],
    );
    check(
        "x=1; eval \"seen \\$x\"; f() { seen $1; }; eval 'f 2'",
        &["1", "2"],
    );
    check(
        "echo 'seen a' > f.sh; bash f.sh; source f.sh; trap 'seen b' EXIT",
        &["a", "a", "b"],
    );
    check(
        "w=\"sudo seen\"; $w q; find . -exec seen {} \\; ; ls | xargs -I% seen %x",
        &["q", "{}", "\u{FFFC}x", "sh:xargs()|sh:ls()"],
    );
    check(
        "python3 -c 'import os; os.system(\"seen p\")'; python3 <<E\nimport os\nos.system('seen q')\nE",
        &["p", "q"],
    );
}
