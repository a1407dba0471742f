//! The table's rows, its look-ups, and the commands it renders.

use super::super::testing::{installation, row};
use super::super::{RunContext, Table, schema, shebang};
use proptest::prelude::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const TEXT: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../resources/languages.toml"
));

#[test]
fn every_promised_language_has_its_row() {
    let names: Vec<_> = Table::builtin().iter().map(|language| language.name).collect();
    let promised = [
        "python",
        "javascript",
        "typescript",
        "bash",
        "c",
        "cpp",
        "rust",
        "go",
        "java",
        "ruby",
        "php",
        "perl",
        "lua",
        "r",
    ];
    for name in promised {
        assert!(names.contains(&name), "{name}");
    }
    let rows = schema::parse(TEXT).map_err(|e| panic!("{e}")).unwrap().language;
    assert_eq!(names.len(), rows.len());
    for row in rows {
        assert_eq!(Table::builtin().find(&row.name).unwrap().zygote, row.zygote);
    }
}

#[test]
fn names_aliases_and_extensions_find_their_row() {
    let table = Table::builtin();
    for language in table {
        assert!(std::ptr::eq(table.find(language.name).unwrap(), language));
        for alias in language.aliases {
            assert!(
                std::ptr::eq(table.find(&alias.to_uppercase()).unwrap(), language),
                "{alias}"
            );
        }
        for extension in language.extensions {
            assert!(
                std::ptr::eq(table.by_extension(extension).unwrap(), language),
                "{extension}"
            );
        }
        for name in language.shebangs {
            let line = format!("#!/usr/bin/{name}\n");
            assert!(
                std::ptr::eq(table.by_shebang(line.as_bytes()).unwrap(), language),
                "{name}"
            );
        }
    }
    assert_eq!(table.by_extension("C").unwrap().name, "cpp");
    assert_eq!(table.by_extension("c").unwrap().name, "c");
    assert_eq!(table.by_extension("PY").unwrap().name, "python");
    assert!(table.find("cobol").is_none() && table.find("").is_none() && table.by_extension("").is_none());
}

/// The table with one line of the python row exchanged must be refused, for the given reason.
fn check_refused(line: &str, instead: &str, reason: &str) {
    assert_eq!(TEXT.matches(line).count(), 1, "{line:?} must occur once");
    let Err(fault) = schema::parse(&TEXT.replace(line, instead)) else {
        panic!("accepted: {instead}")
    };
    assert!(fault.contains(reason), "{fault}");
}

#[test]
fn a_wrong_row_is_refused() {
    let aliases = r#"aliases = ["python3", "py"]"#;
    check_refused(aliases, r#"aliases = ["ruby"]"#, "already another row's");
    check_refused(aliases, r#"aliases = ["Py thon"]"#, "name");
    check_refused(aliases, "alias = []", "unknown field");
    check_refused(
        r#"extensions = ["py"]"#,
        r#"extensions = ["py", "js"]"#,
        "already another row's",
    );
    check_refused(r#"extensions = ["py"]"#, "extensions = []", "no extension");
    check_refused(
        r#"shebangs = ["python3", "python"]"#,
        r#"shebangs = ["../python"]"#,
        "plain name",
    );
    check_refused(
        r#"packages = { debian = "python3", fedora = "python3" }"#,
        "",
        "missing field",
    );
    check_refused(
        r#"programs = ["python3"]"#,
        r#"programs = ["./python3"]"#,
        "program",
    );
    check_refused(r#"programs = ["python3"]"#, "programs = []", "no program");
    check_refused(
        r#"after = ["Python "]"#,
        r#"after = [""]"#,
        "empty version marker",
    );
    check_refused(r#"source = "main.py""#, r#"source = "main.txt""#, "extension");
    check_refused(r#"source = "main.py""#, r#"source = "../main.py""#, "source");
}

#[test]
fn a_wrong_command_is_refused() {
    let command = r#"command = ["{program}", "--max-old-space-size={memory_mib}", "{source}", "{args...}"]"#;
    check_refused(command, "command = []", "empty");
    check_refused(
        command,
        r#"command = ["node", "{source}", "{args...}"]"#,
        "no placeholder",
    );
    check_refused(
        command,
        r#"command = ["{program}", "{source}"]"#,
        "{args...} is missing",
    );
    check_refused(
        command,
        r#"command = ["{program}", "{args...}"]"#,
        "neither source nor binary",
    );
    check_refused(
        command,
        r#"command = ["{program}", "{binary}", "{args...}"]"#,
        "without compile.binary",
    );
    check_refused(
        command,
        r#"command = ["{program}", "{source}", "{cc}", "{args...}"]"#,
        "unknown placeholder",
    );
    check_refused(
        command,
        r#"command = ["{program}", "{source", "{args...}"]"#,
        "open brace",
    );
    let javac = r#"javac = ["{bin}/javac"]"#;
    check_refused(javac, r#"javac = ["{bin}/../javac"]"#, "requires");
    check_refused(javac, "javac = []", "no candidate");
    check_refused(javac, r#"source = ["a"]"#, "is a placeholder");
    check_refused(javac, r#"other = ["a"]"#, "unknown placeholder");
    let limits = "limits = { wall_ms = 60_000, memory_mib = 512, disk_mib = 256, pids = 64 }";
    check_refused(
        limits,
        "limits = { wall_ms = 60_000, memory_mib = 512, disk_mib = 256 }",
        "pids",
    );
    check_refused(
        limits,
        "limits = { wall_ms = 0, memory_mib = 512, disk_mib = 256, pids = 64 }",
        "wall_ms",
    );
    check_refused(
        limits,
        "limits = { wall_ms = 1, memory_mib = 512, disk_mib = 9999, pids = 64 }",
        "disk_mib",
    );
    let becomes = r#"becomes = { ts = "js", tsx = "js", mts = "mjs", cts = "cjs" }"#;
    check_refused(becomes, "", "without compile.becomes");
    check_refused(becomes, r#"becomes = { ts = "js" }"#, "each extension");
    check_refused(
        becomes,
        r#"becomes = { ts = "../x", tsx = "js", mts = "mjs", cts = "cjs" }"#,
        "each extension",
    );
    check_refused(
        r#""{compiled}", "{args...}""#,
        r#""{casemate}", "{args...}""#,
        "for a compiler only",
    );
    let artifacts = r#"artifacts = ["**/*.class"]"#;
    check_refused(artifacts, r#"artifacts = ["/etc/*"]"#, "artifacts");
    check_refused(artifacts, r#"artifacts = ["../*"]"#, "artifacts");
}

#[test]
fn a_wrong_place_is_refused() {
    check_refused("GOENV = \"off\"", "PATH = \"/x\"", "set for every program");
    check_refused("GOENV = \"off\"", "\"A=B\" = \"\"", "environment");
    check_refused(r#"mounts = ["/etc/R"]"#, r#"mounts = ["etc/R"]"#, "absolute");
    check_refused(
        r#"mounts = ["/etc/R"]"#,
        r#"mounts = ["/etc/../root"]"#,
        "absolute",
    );
    check_refused(r#"mounts = ["/etc/R"]"#, r#"mounts = ["/*/R"]"#, "`*`");
    check_refused(r#"mounts = ["/etc/R"]"#, r#"mounts = ["/usr/lib/R"]"#, "already");
    check_refused(
        r#"default = { link = "current" }"#,
        r#"default = { link = "current", file = "x" }"#,
        "file or a link",
    );
    check_refused(
        r#"default = { link = "current" }"#,
        r#"default = { key = "current" }"#,
        "without a file",
    );
    check_refused(r#"roots = ["~/.sdkman"]"#, r#"roots = [".sdkman"]"#, "root");
    check_refused(r#"roots = ["~/.sdkman"]"#, r#"roots = ["~/../.sdkman"]"#, "root");
}

fn check_shebang(head: &str, expected: Option<&str>) {
    let found = Table::builtin()
        .by_shebang(head.as_bytes())
        .map(|language| language.name);
    assert_eq!(found, expected, "{head:?}");
}

#[test]
fn shebangs_name_their_language() {
    check_shebang("#!/bin/sh\necho", Some("bash"));
    check_shebang("#!/bin/bash -eu\r\necho", Some("bash"));
    check_shebang("#! \t/usr/bin/python3.11 -u\n", Some("python"));
    check_shebang("#!/usr/bin/env python3", Some("python"));
    check_shebang("#!/usr/bin/env -S python3 -u\n", Some("python"));
    check_shebang("#!/usr/bin/env -S ts-node --esm\n", Some("typescript"));
    check_shebang("#!/usr/bin/env -iS python3 -u\n", Some("python"));
    check_shebang("#!/usr/bin/env -Snode --x\n", Some("javascript"));
    check_shebang("#!/usr/bin/env --split-string=node --x\n", Some("javascript"));
    check_shebang("#!/usr/bin/env -u HOME -C /tmp A=b perl\n", Some("perl"));
    check_shebang("#!/usr/bin/lua5.4\n", Some("lua"));
    check_shebang("#!/home/u/bin/Rscript --vanilla\n", Some("r"));
    for none in [
        "",
        "#!",
        "#!\n/bin/sh",
        "#!/",
        "/bin/sh",
        "#!/usr/bin/env\n",
        "#!/usr/bin/env -u\n",
        "#!/bin/zsh\n",
        "#!/usr/bin/python2.7\n",
        " #!/bin/sh\n",
        "#!/bin/sh/\n",
        "\u{feff}#!/bin/sh\n",
    ] {
        check_shebang(none, None);
    }
}

#[test]
fn a_shebang_is_read_no_further_than_the_kernel_reads_it() {
    let long = |padding: usize| format!("#!{}/bin/sh{}", " ".repeat(padding), "x".repeat(300));
    // The name is cut off: it must not be taken for `sh`.
    check_shebang(&long(255 - "#!/bin/sh".len()), None);
    check_shebang(&format!("#!/bin/sh {}", "x".repeat(300)), Some("bash"));
    check_shebang(&format!("#!{}/bin/sh\n", " ".repeat(400)), None);
}

proptest! {
    #[test]
    fn any_head_is_survived(head in proptest::collection::vec(any::<u8>(), 0..400)) {
        let head = [b"#!".as_slice(), &head].concat();
        if let Some(name) = shebang::interpreter(&head) {
            prop_assert!(!name.is_empty() && !name.contains(['/', ' ', '\n']));
        }
        prop_assert_eq!(shebang::interpreter(&head), shebang::interpreter(&head[..head.len().min(shebang::LIMIT_BYTES)]));
    }

    #[test]
    fn arguments_pass_untouched(args in proptest::collection::vec("[ -~{}]{0,20}", 0..8)) {
        let args: Vec<OsString> = args.into_iter().map(OsString::from).collect();
        for language in Table::builtin() {
            let argv = language.run_command(&installation(language.name, "/usr/bin/x", Vec::new()), &context(&args));
            prop_assert!(argv.ends_with(&args));
            prop_assert!(argv.len() > args.len());
        }
    }
}

fn context(args: &[OsString]) -> RunContext<'_> {
    RunContext {
        workspace: Path::new("/workspace"),
        casemate: Path::new("/workspace/.casemate"),
        source: Path::new("/workspace/main.x"),
        entry: "a.Main",
        args,
        memory_bytes: 256 << 20,
    }
}

fn check_run(language: &str, program: &str, expected: &str) {
    let args = ["{source}".into(), "two words".into()];
    let argv = row(language).run_command(&installation(language, program, Vec::new()), &context(&args));
    let text: Vec<_> = argv.iter().map(|word| word.to_str().unwrap()).collect();
    assert_eq!(text.join("|"), format!("{expected}|{{source}}|two words"));
}

#[test]
fn run_commands_are_rendered() {
    check_run("python", "/usr/bin/python3", "/usr/bin/python3|/workspace/main.x");
    check_run(
        "javascript",
        "/n/bin/node",
        "/n/bin/node|--max-old-space-size=256|/workspace/main.x",
    );
    check_run("c", "/usr/bin/gcc", "/workspace/main");
    check_run(
        "java",
        "/j/bin/java",
        "/j/bin/java|-XX:+UseSerialGC|-Xshare:auto|-XX:-UsePerfData|-XX:MaxRAM=268435456\
         |-XX:MaxRAMPercentage=60|-cp|/workspace|a.Main",
    );
}

#[test]
fn a_compiled_source_has_the_name_of_what_it_became() {
    let installation = installation("typescript", "/usr/bin/node", Vec::new());
    for (source, expected) in [
        ("main.ts", "main.js"),
        ("main.tsx", "main.js"),
        ("main.mts", "main.mjs"),
    ] {
        let source = Path::new("/workspace").join(source);
        let context = RunContext {
            source: &source,
            ..context(&[])
        };
        let argv = row("typescript").run_command(&installation, &context);
        assert_eq!(
            argv.last().unwrap(),
            Path::new("/workspace").join(expected).as_os_str()
        );
    }
}

#[test]
fn compile_commands_are_rendered() {
    let compile = |language: &str, tools| {
        let argv =
            row(language).compile_command(&installation(language, "/t/bin/x", tools), &context(&[]))?;
        Some(
            argv.iter()
                .map(|word| word.to_str().unwrap())
                .collect::<Vec<_>>()
                .join(" "),
        )
    };
    assert_eq!(compile("python", Vec::new()), None);
    assert_eq!(
        compile("typescript", Vec::new()).unwrap(),
        "/workspace/.casemate strip-types --workspace /workspace /workspace/main.x"
    );
    assert_eq!(
        compile("c", Vec::new()).unwrap(),
        "/t/bin/x -O2 -o /workspace/main /workspace/main.x -lm"
    );
    let rust = compile("rust", vec![("cc", PathBuf::from("/usr/bin/gcc"))]).unwrap();
    assert!(
        rust.contains(" -Clinker=/usr/bin/gcc -o /workspace/main /workspace/main.x"),
        "{rust}"
    );
    let java = compile("java", vec![("javac", PathBuf::from("/t/bin/javac"))]).unwrap();
    assert!(
        java.starts_with("/t/bin/javac -J") && java.ends_with(" -d /workspace /workspace/main.x"),
        "{java}"
    );
}
