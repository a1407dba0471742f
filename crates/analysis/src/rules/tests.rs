//! The words of the rule language on facts made by hand, and the errors of rule files.

use super::*;
use crate::fact::{FactArgument, FactKind, Origin, Reach};
use crate::ir::{File, FileId, FuncId, Language, Span};
use std::rc::Rc;

const HEAD: &str = "message = \"`{path}` {text}\"\nseverity = \"high\"\nconfidence = \"high\"\naxis = \"intent\"\ncategory = \"c\"\n";

fn rules(matches: &str) -> Rules {
    let none = Rules {
        base: "[]",
        added: Vec::new(),
        files: 0,
        compiled: Compiled::default(),
    };
    none.with_file(
        "t.toml",
        &format!("[[rule]]\nid = \"t.a\"\n{HEAD}match = [{matches}]\n"),
    )
    .unwrap()
}

fn program() -> Program {
    let file = |path: &str, language, text: &str, inside| File {
        path: path.to_owned(),
        language,
        text: text.to_owned(),
        module: None,
        inside,
        depth: 0,
        broken: false,
        unreadable: Vec::new(),
    };
    let outer = Span {
        file: FileId(0),
        start: 6,
        end: 8,
    };
    Program {
        files: vec![
            file("a.py", Language::Python, "ab\ncd\né f\n", None),
            file("a.py", Language::Bash, "rm -r x", Some(outer)),
        ],
        ..Program::default()
    }
}

fn fact(kind: FactKind, function: u32) -> Fact {
    Fact {
        kind,
        span: Span {
            file: FileId(0),
            start: 3 * function,
            end: 3 * function + 1,
        },
        function: FuncId(function),
        reach: Reach::Call,
    }
}

fn text(text: &str) -> FactArgument {
    FactArgument {
        text: Some(Rc::from(text)),
        ..FactArgument::default()
    }
}

fn named(name: &str, number: f64) -> FactArgument {
    FactArgument {
        name: Some(Rc::from(name)),
        number: Some(number),
        ..FactArgument::default()
    }
}

fn call(path: &str, arguments: Vec<FactArgument>) -> Fact {
    fact(
        FactKind::Call {
            path: Rc::from(path),
            arguments,
        },
        0,
    )
}

fn literal(content: &str) -> Fact {
    let kind = FactKind::Text {
        text: Rc::from(content),
        origin: Origin::Literal,
    };
    fact(kind, 0)
}

fn check(matches: &str, facts: &[Fact], expected: bool) {
    let found = rules(matches).judge(&program(), facts, &[], &[]);
    assert_eq!(!found.is_empty(), expected, "{matches}");
}

#[test]
fn asks_calls_and_their_arguments() {
    let one = [call("subprocess.run", vec![text("ls -l"), named("shell", 1.0)])];
    check("{ call = ['subprocess.*'] }", &one, true);
    check("{ call = ['subprocess.Popen'] }", &one, false);
    check(
        "{ call = ['**.run'], arguments = [{ name = 'shell', number = 1 }] }",
        &one,
        true,
    );
    check(
        "{ call = ['**.run'], arguments = [{ name = 'shell', number = 0 }] }",
        &one,
        false,
    );
    check(
        "{ call = ['**.run'], arguments = [{ name = 'check', missing = true }] }",
        &one,
        true,
    );
    check(
        "{ call = ['**.run'], arguments = [{ place = 0, missing = true }] }",
        &one,
        false,
    );
    check(
        "{ call = ['**.run'], arguments = [{ place = 0, text = { starts = ['LS '] } }] }",
        &one,
        true,
    );
    check(
        "{ call = ['**.run'], arguments = [{ place = 0, not = true, text = { equals = ['ls'] } }] }",
        &one,
        true,
    );
    check(
        "{ call = ['**.run'], arguments = [{ place = 0, constant = false }] }",
        &one,
        false,
    );
    check(
        "{ call = ['**.run'], line = { regex = ['^run ls'] } }",
        &one,
        true,
    );
    check("{ call = ['**.run'], hidden = true }", &one, false);
}

#[test]
fn asks_texts() {
    let one = [literal("See https://Example.test/hook")];
    check("{ text = { contains = ['example.test'] } }", &one, true);
    check("{ text = { starts = ['https'] } }", &one, false);
    check("{ text = { ends = ['/hook'] } }", &one, true);
    check("{ text = { equals = ['https'] } }", &one, false);
    check(
        "{ text = { regex = ['h[a-z]+k$'], needs = ['hoo'] } }",
        &one,
        true,
    );
    check(
        "{ text = { regex = ['h[a-z]+k$'], needs = ['absent'] } }",
        &one,
        false,
    );
    check("{ text = { contains = ['example'], longer = 100 } }", &one, false);
}

#[test]
fn puts_facts_together() {
    let facts = [
        call("a", vec![]),
        call("b", vec![]),
        fact(call("c", vec![]).kind, 1),
    ];
    check("{ all = [{ call = ['a'] }, { call = ['c'] }] }", &facts, true);
    check(
        "{ all = [{ call = ['a'] }, { call = ['c'] }], within = 'function' }",
        &facts,
        false,
    );
    check(
        "{ all = [{ call = ['a'] }, { call = ['b'] }], within = 'function' }",
        &facts,
        true,
    );
    check("{ then = [{ call = ['a'] }, { call = ['b'] }] }", &facts, true);
    check("{ then = [{ call = ['b'] }, { call = ['a'] }] }", &facts, false);
    check(
        "{ any = [{ call = ['a'] }, { call = ['x'] }], at_least = 2 }",
        &facts,
        false,
    );
    check(
        "{ any = [{ call = ['a'] }, { call = ['c'] }], at_least = 2 }",
        &facts,
        true,
    );
    check("{ call = ['a'], not = [{ call = ['b'] }] }", &facts, false);
    check("{ call = ['a'], not = [{ call = ['x'] }] }", &facts, true);
    check(
        "{ call = ['a'], not = [{ call = ['c'] }], within = 'function' }",
        &facts,
        true,
    );
}

#[test]
fn leaves_dead_code_and_other_languages_alone() {
    let mut one = call("a", vec![]);
    one.reach = Reach::Dead;
    check("{ call = ['a'] }", &[one], false);
    let bash =
        format!("[[rule]]\nid = \"t.a\"\nlanguages = [\"bash\"]\n{HEAD}match = [{{ call = [\"a\"] }}]\n");
    let rules = Rules::builtin().with_file("t.toml", &bash).unwrap();
    let found = rules.judge(&program(), &[call("a", vec![])], &[], &[]);
    assert!(found.iter().all(|finding| finding.rule != "t.a"));
}

#[test]
fn rules_name_rules() {
    let file = format!(
        "[[rule]]\nid = \"t.b\"\n{HEAD}match = [{{ all = [{{ rule = [\"p.*\"] }}, {{ call = [\"b\"] }}] }}]\n\
         [[rule]]\nid = \"p.a\"\npart = true\n{HEAD}match = [{{ call = [\"a\"] }}]\n"
    );
    let rules = Rules::builtin().with_file("t.toml", &file).unwrap();
    let found = rules.judge(&program(), &[call("a", vec![]), call("b", vec![])], &[], &[]);
    let ids: Vec<&str> = found.iter().map(|finding| finding.rule.as_str()).collect();
    assert_eq!(ids, ["t.b"]);
}

#[test]
fn tells_places_and_hidden_code() {
    let mut inner = fact(call("sh:rm", vec![text("-r"), text("x")]).kind, 0);
    inner.span = Span {
        file: FileId(1),
        start: 0,
        end: 7,
    };
    let found = rules("{ call = ['sh:rm'] }").judge(&program(), &[inner], &[], &[]);
    let finding = found.first().unwrap();
    assert_eq!((finding.location.line, finding.location.column), (3, 1));
    assert_eq!((finding.location.end_line, finding.location.end_column), (3, 2));
    assert_eq!(finding.hidden.as_deref(), Some("rm -r x"));
    assert_eq!(finding.message, "`rm` -r");
}

#[test]
fn one_finding_for_a_line() {
    let facts = [
        call("a", vec![]),
        call("a", vec![]),
        fact(call("a", vec![]).kind, 1),
    ];
    assert_eq!(
        rules("{ call = ['a'] }")
            .judge(&program(), &facts, &[], &[])
            .len(),
        2
    );
}

fn error(file: &str) -> String {
    Rules::builtin()
        .with_file("my.toml", file)
        .unwrap_err()
        .to_string()
}

#[test]
fn errors_name_line_and_reason() {
    let rule = |change: &str| format!("\n\n[[rule]]\nid = \"t.a\"\n{HEAD}{change}\n");
    let good = "match = [{ call = ['a'] }]";
    assert!(error("rule = 3").starts_with("my.toml:1: "));
    assert!(error(&rule("match = [{ coll = ['a'] }]")).starts_with("my.toml:10: unknown field `coll`"));
    assert_eq!(
        error(&rule("match = []")),
        "my.toml:3: rule `t.a`: `match` is empty"
    );
    assert_eq!(
        error(&rule(good).replace("\"high\"\nconf", "\"hgh\"\nconf")),
        "my.toml:3: rule `t.a`: `hgh` is no severity"
    );
    assert!(error(&rule("match = [{ call = ['a'], line = { regex = ['('] } }]")).contains("`(`"));
    assert!(error(&rule("match = [{ text = { regex = ['a+'] } }]")).contains("needs"));
    assert!(
        error(&rule("match = [{ rule = ['no.such'] }]"))
            .contains("my.toml:4: rule `t.a`: `no.such` names no rule")
    );
    assert!(error(&rule("match = [{ rule = ['t.a'] }]")).contains("names itself"));
    assert!(error(&format!("{}{}", rule(good), rule(good))).contains("is there twice"));
    assert!(error(&rule(good).replace("t.a", "exec.command")).contains("is there already"));
    assert!(error(&" ".repeat(2 << 20)).contains("bytes"));
}

#[test]
fn ours_are_there_and_their_expressions_compile() {
    assert!(Rules::builtin().len() > 20);
    assert!(!Rules::builtin().compiled.rules.is_empty());
    let mut written = Vec::new();
    let all = serde_json::from_str::<serde_json::Value>(BUILTIN).unwrap();
    expressions(&all, &mut written);
    for one in written {
        assert!(text::compile(&one).is_some(), "{one}");
    }
}

fn expressions(value: &serde_json::Value, written: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(list) => list.iter().for_each(|one| expressions(one, written)),
        serde_json::Value::Object(map) => {
            for (key, one) in map {
                if key == "regex" {
                    written.extend(
                        one.as_array()
                            .into_iter()
                            .flatten()
                            .filter_map(|one| one.as_str().map(str::to_owned)),
                    );
                }
                expressions(one, written);
            }
        }
        _ => {}
    }
}
