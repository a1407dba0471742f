//! What must work inside, language by language: compilers, just-in-time compilers, threads,
//! processes and files of each. A language that the host lacks is a reported skip.

use casemate_tests::{Outcome, Run, Scratch, need_language, programs};

fn source(name: &str) -> String {
    let path = programs().join("works").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[track_caller]
fn prints(run: Run, expected: &str) -> Outcome {
    let outcome = run.go().succeeded();
    assert_eq!(outcome.stdout(), expected, "{outcome}");
    outcome
}

#[test]
fn bash_features() {
    let outcome = prints(
        Run::bash(source("features.sh")),
        "two one\nhere 42 nested\nstring\nsame\nout\nfive\n3 3\ntrapped\nwaited 0\nstatus 3\n1\nv\nt\nco\n0\nb\n",
    );
    assert_eq!(outcome.stderr(), "error\n", "{outcome}");
}

#[test]
fn c_features() {
    let run = Run::of("c", "c", source("features.c")).arg("argument");
    if let Some(skip) = need_language("c", &["gcc", "cc"]) {
        return skip.report();
    }
    prints(run, "42 7 5 1.414 argument\n");
}

#[test]
fn cpp_features() {
    if let Some(skip) = need_language("cpp", &["g++"]) {
        return skip.report();
    }
    prints(
        Run::of("cpp", "cpp", source("features.cpp")),
        "28 42 file 4 caught\n",
    );
}

#[test]
fn c_compile_error_is_the_programs_failure() {
    if let Some(skip) = need_language("c", &["gcc", "cc"]) {
        return skip.report();
    }
    let outcome = Run::c("int main(void) { return missing; }").go();
    assert_eq!(
        (outcome.status(), outcome.reason()),
        ("failed", Some("compile")),
        "{outcome}"
    );
    assert!(outcome.stderr().contains("missing"), "{outcome}");
    assert_ne!(outcome.code, 0);
}

#[test]
fn compiler_does_not_read_the_host() {
    if let Some(skip) = need_language("c", &["gcc", "cc"]) {
        return skip.report();
    }
    let scratch = Scratch::new();
    let secret = scratch.write("secret.h", "planted_secret_word");
    for path in [
        secret.display().to_string(),
        "/etc/shadow".to_owned(),
        "/proc/1/environ".to_owned(),
    ] {
        let outcome = Run::c(format!("#include \"{path}\"\nint main(void) {{ return 0; }}")).go();
        assert_eq!(
            (outcome.status(), outcome.reason()),
            ("failed", Some("compile")),
            "{outcome}"
        );
        assert!(
            !outcome.stderr().contains("planted_secret_word") && !outcome.stderr().contains("root:"),
            "{outcome}"
        );
    }
}

#[test]
fn compiler_bombs_are_bounded() {
    if let Some(skip) = need_language("c", &["gcc", "cc"]) {
        return skip.report();
    }
    let code = "#include __FILE__\n#include __FILE__\nint main(void) { return 0; }";
    let outcome = Run::c(code)
        .timeout(&format!("{}s", casemate_tests::seconds(10).as_secs()))
        .go();
    assert_ne!(outcome.status(), "succeeded", "{outcome}");
    assert!(outcome.elapsed < casemate_tests::seconds(40), "{outcome}");
}

#[test]
fn rust_features() {
    if let Some(skip) = need_language("rust", &["rustc"]) {
        return skip.report();
    }
    prints(
        Run::of("rust", "rs", source("features.rs"))
            .memory("1G")
            .disk("512M"),
        "14 file child true\n",
    );
}

#[test]
fn rust_compile_error() {
    if let Some(skip) = need_language("rust", &["rustc"]) {
        return skip.report();
    }
    let outcome = Run::of("rust", "rs", "fn main() { missing(); }")
        .memory("1G")
        .disk("512M")
        .go();
    assert_eq!(
        (outcome.status(), outcome.reason()),
        ("failed", Some("compile")),
        "{outcome}"
    );
    assert!(outcome.stderr().contains("missing"), "{outcome}");
}

#[test]
fn go_features() {
    if let Some(skip) = need_language("go", &["go"]) {
        return skip.report();
    }
    prints(
        Run::of("go", "go", source("features.go"))
            .memory("1G")
            .disk("1G")
            .pids(512),
        "4950 file child\n",
    );
}

#[test]
fn java_features() {
    if let Some(skip) = need_language("java", &["javac"]) {
        return skip.report();
    }
    prints(
        Run::of("java", "java", source("Main.java"))
            .memory("1G")
            .pids(256),
        "45 file child true\n",
    );
}

#[test]
fn javascript_features() {
    if let Some(skip) = need_language("javascript", &["node"]) {
        return skip.report();
    }
    let outcome = Run::javascript(source("features.js"))
        .memory("1G")
        .go()
        .succeeded();
    for line in [
        "worker 42",
        "child hello",
        "spawn piped",
        "fs 100000 true",
        "zlib zip sha ca978112",
        "wasm object",
        "sab 0 cpus true /tmp true",
        "signal",
        "stream 100000",
    ] {
        assert!(
            outcome.stdout().lines().any(|printed| printed == line),
            "no {line}: {outcome}"
        );
    }
}

#[test]
fn javascript_http_on_loopback() {
    if let Some(skip) = need_language("javascript", &["node"]) {
        return skip.report();
    }
    prints(
        Run::javascript(source("http.js"))
            .network("loopback")
            .memory("512M"),
        "page /x\n",
    );
}

#[test]
fn javascript_under_default_limits() {
    if let Some(skip) = need_language("javascript", &["node"]) {
        return skip.report();
    }
    prints(
        Run::javascript("console.log([1, 2, 3].map(n => n * 2).join())"),
        "2,4,6\n",
    );
    let outcome = Run::javascript("throw new Error('broken')")
        .go()
        .ended("failed", 1);
    assert!(outcome.stderr().contains("Error: broken"), "{outcome}");
}

macro_rules! small {
    ($($name:ident: $language:literal $extension:literal $tools:expr, $code:literal => $printed:literal;)+) => {
        $(#[test] fn $name() {
            if let Some(skip) = need_language($language, &$tools) { return skip.report(); }
            prints(Run::of($language, $extension, $code).memory("512M"), $printed);
        })+
    };
}

small! {
    perl_features: "perl" "pl" ["perl"], "use strict; use POSIX; use List::Util qw(sum); my $p = fork; if (!$p) { exit 3 } waitpid $p, 0;\
        open(my $f, '>', '/tmp/f') or die; print $f 'file'; close $f; print sum(1..10), ' ', $? >> 8, ' ', -s '/tmp/f', ' ', `echo child`;"
        => "55 3 4 child\n";
    ruby_features: "ruby" "rb" ["ruby"], "puts [1, 2, 3].sum; puts `echo child`; Thread.new { puts 'thread' }.join" => "6\nchild\nthread\n";
    php_features: "php" "php" ["php"], "<?php echo array_sum([1, 2, 3]), \"\\n\"; echo shell_exec('echo child');" => "6\nchild\n";
    lua_features: "lua" "lua" ["lua", "lua5.4"], "print(1 + 1); print(io.popen('echo child'):read())" => "2\nchild\n";
    r_features: "r" "R" ["Rscript"], "cat(sum(1:10), '\\n'); cat(system('echo child', intern = TRUE), '\\n')" => "55 \nchild \n";
}
