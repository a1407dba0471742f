//! What must work in TypeScript: the language, several files, both kinds of modules, and errors that
//! name the source. Without node all of it is a reported skip.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use casemate_tests::{
    HostFacts, NAMESPACES, Outcome, Process, Run, Scratch, Skip, casemate, command, find_inside,
    need_language, need_root, programs, rootless, seconds, until,
};

fn need_node() -> Option<Skip> {
    need_language("typescript", &["node"])
}

fn typescript(code: impl AsRef<[u8]>) -> Run {
    Run::of("typescript", "ts", code)
}

#[track_caller]
fn prints(run: Run, expected: &str) -> Outcome {
    let outcome = run.go().succeeded();
    assert_eq!(outcome.stdout(), expected, "{outcome}");
    outcome
}

/// What a wrong program leaves: it did not compile, and the text says where.
#[track_caller]
fn refused(run: Run) -> String {
    let outcome = run.go().ended("failed", 1);
    assert_eq!(outcome.reason(), Some("compile"), "{outcome}");
    assert_eq!(outcome.layer("seccomp").as_deref(), Some("enforced"), "{outcome}");
    outcome.stderr().to_owned()
}

#[test]
fn typescript_features() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let code = std::fs::read(programs().join("works/features.ts")).unwrap();
    prints(
        typescript(code).arg("one"),
        "6 Green 1 a 42\nrex wuff 4 1001 1 add0 true\nover 2 3 const undefined text\ntrue [ 'one' ]\n",
    );
}

#[test]
fn files_import_each_other() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let main = "import { a } from './util.ts';\nimport { b } from './util.js';\nimport { c, type C } from './lib';\n\
                import old from './old.js';\nimport data from './lib/data.mts';\n\
                const late = await import('./late');\nconst n: C = a + b + c + old + data + late.d;\nconsole.log(n);";
    prints(
        typescript(main)
            .file("util.ts", "export const a: number = 1, b: number = 10;")
            .file(
                "lib/index.ts",
                "import { base } from '../base.cts';\nexport type C = number;\nexport const c = base;",
            )
            .file("base.cts", "exports.base = 100 as number;")
            .file("old.js", "module.exports = require('./older').older;")
            .file("older.ts", "exports.older = 1000 as number;")
            .file(
                "lib/data.mts",
                "const data: number = 10000;\nexport default data;",
            )
            .file("late.ts", "export const d: number = 100000;"),
        "111111\n",
    );
}

#[test]
fn syntax_and_extension_decide_the_kind_of_module() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let common =
        "const fs: any = require('fs');\nconsole.log(typeof fs.readFileSync, typeof module, __filename);";
    prints(typescript(common), "function object /workspace/main.js\n");
    prints(
        Run::of(
            "typescript",
            "cts",
            "import fs = require('fs');\nexport = fs;\nconsole.log(typeof fs.readFileSync);",
        ),
        "function\n",
    );
    prints(
        Run::of(
            "typescript",
            "mts",
            "console.log(typeof module as string, this as any);",
        ),
        "undefined undefined\n",
    );
    let package = r#"{ "name": "x", "exports": { "import": "./y", "default": "./z" } }"#;
    prints(
        typescript("import { type Stats } from 'fs';\nconsole.log(typeof module);")
            .file("package.json", package),
        "undefined\n",
    );
}

#[test]
fn jsx_becomes_calls() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let code = "const React = { createElement: (tag: string, properties: object | null, ...inner: unknown[]) =>\n\
                JSON.stringify([tag, properties, ...inner]) };\nconst name: string = 'x';\n\
                console.log(<p id={name}>text</p>);";
    prints(
        Run::of("typescript", "tsx", code),
        "[\"p\",{\"id\":\"x\"},\"text\"]\n",
    );
}

#[test]
fn a_mistake_is_told_with_its_place() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let text = refused(typescript("let a: number = 1;\nconst b: string = ;\n"));
    assert_eq!(
        text,
        "main.ts:2:19: error: Unexpected token\n   2 | const b: string = ;\n     |                   ^\n"
    );
    let text = refused(typescript("import './lib/b';").file("lib/b.ts", "let a;\nlet a;"));
    assert!(
        text.starts_with("lib/b.ts:1:5: error: Identifier `a` has already"),
        "{text}"
    );
}

#[test]
fn a_thrown_error_names_the_source() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let code = "interface Gone {\n  text: string;\n}\ntype AlsoGone = Gone;\n\nfunction broken(why: string): never {\n\
                \x20 throw new Error(why);\n}\nbroken('on purpose');\n";
    for code in [code.to_owned(), format!("{code}export {{}};\n")] {
        let outcome = typescript(code).go().ended("failed", 1);
        assert_eq!(outcome.reason(), None, "{outcome}");
        for expected in ["Error: on purpose", "main.ts:7", "main.ts:9"] {
            assert!(outcome.stderr().contains(expected), "{expected}: {outcome}");
        }
    }
}

/// A source that nests too deeply for its reader ends the reader, inside, and is the program's failure.
#[test]
fn a_source_too_deep_is_a_failure_of_its_own() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let deep = format!("let a = {}1{};", "(".repeat(400_000), ")".repeat(400_000));
    let text = refused(typescript(deep).observed());
    assert!(text.contains("nest too deeply"), "{text}");
}

#[test]
fn our_own_program_leaves_no_trace_in_the_run() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let code = "import { readdirSync } from 'fs';\nconsole.log(readdirSync('.').sort().join());";
    prints(typescript(code), "main.js,main.ts,package.json\n");
    let mine = "import { readFileSync } from 'fs';\nconsole.log(readFileSync('.casemate/mine', 'utf8'));";
    prints(typescript(mine).file(".casemate/mine", "kept"), "kept\n");
}

/// The binary may lie where only its owner may look, and be gone when it is needed as a compiler.
#[test]
fn a_binary_that_is_gone_still_compiles() {
    if let Some(skip) = need_node() {
        return skip.report();
    }
    let scratch = Scratch::new();
    let binary = scratch.write("private/casemate", std::fs::read(casemate()).unwrap());
    for path in [binary.as_path(), binary.parent().unwrap()] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut command = command(&binary);
    command.args(["run", "--quiet", "--language", "typescript", "-"]);
    if rootless() {
        command.args(["--allow-missing", "cgroup"]);
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::fs::remove_file(&binary).unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"console.log('still here' as string);")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "still here\n",
        "{output:?}"
    );
}

/// What takes the types out is itself behind every wall: it reads what nobody trusts.
#[test]
fn the_compiler_is_behind_the_walls() {
    if let Some(skip) = need_node().or_else(need_root) {
        return skip.report();
    }
    let line =
        "export function f(a: number, b: { c: string }): string { return `${a}` + (b.c as string); }\n";
    let lines = |name: &str| {
        (0..9_000)
            .map(|n| line.replacen("f(", &format!("{name}{n}("), 1))
            .collect::<String>()
    };
    let mut run = typescript(lines("main"));
    for n in 0..8 {
        run = run.file(&format!("more{n}.ts"), lines("more"));
    }
    // So much is read in seconds only where it is built to be fast.
    let running = run.observed().start();
    let signal = |process: &Process, name: &str| {
        let pid = process.pid.to_string();
        command("kill").args(["-s", name, &pid]).output().unwrap()
    };
    // The compiler of another test serves as well, if it can be held still.
    let held = until(seconds(20), || {
        let process = find_inside("strip-types");
        signal(&process, "STOP");
        process
            .status()
            .get("State")
            .is_some_and(|state| state.starts_with('T'))
            .then_some(process)
    });
    let process = held.expect("a compiler at work");
    let status = process.status();
    let own: Vec<_> = NAMESPACES
        .iter()
        .filter(|kind| process.namespace(kind) == Some(HostFacts::namespace(kind)))
        .collect();
    let home = process.path("root/home").exists();
    let uids = process.uids();
    signal(&process, "CONT");
    let field = |name: &str| status.get(name).map(String::as_str);
    assert_eq!(field("Seccomp"), Some("2"));
    assert_eq!(field("NoNewPrivs"), Some("1"));
    assert_eq!(field("CapEff"), Some("0000000000000000"));
    assert!(own.is_empty(), "it shares {own:?} with the host");
    assert!(!home && uids.iter().all(|uid| *uid > 65_535), "{uids:?}");
    running.outcome().succeeded();
}
