//! Commands that run code: shells, interpreters, `eval`, `source`, and names that are computed.

use super::super::{Call, Model, Table};
use super::{input, known_text, stdin, text_of, words};
use crate::ir::Language;
use crate::machine::value::{HOLE, Kind, Value};

pub(super) const TABLE: Table = Table {
    models: MODELS,
    readers: &[],
    aliases: &[],
};

const MODELS: &[(&str, Model)] = &[
    ("sh:eval", eval),
    ("sh:source", source),
    ("sh:.", source),
    ("sh:bash", shell),
    ("sh:sh", shell),
    ("sh:dash", shell),
    ("sh:ash", shell),
    ("sh:zsh", shell),
    ("sh:ksh", shell),
    ("sh:rbash", shell),
    ("sh:su", shell),
    ("sh:script", shell),
    ("sh:runuser", shell),
    ("sh:trap", trap),
    ("sh:alias", alias),
    ("sh:crontab", crontab),
    ("sh:at", later),
    ("sh:batch", later),
    ("sh:python", interpreter),
    ("sh:python2", interpreter),
    ("sh:python3", interpreter),
    ("sh:python2.7", interpreter),
    ("sh:python3.8", interpreter),
    ("sh:python3.9", interpreter),
    ("sh:python3.10", interpreter),
    ("sh:python3.11", interpreter),
    ("sh:python3.12", interpreter),
    ("sh:python3.13", interpreter),
    ("sh:pypy3", interpreter),
    ("sh:node", interpreter),
    ("sh:nodejs", interpreter),
    ("sh:deno", interpreter),
    ("sh:bun", interpreter),
    ("sh:perl", interpreter),
    ("sh:ruby", interpreter),
    ("sh:php", interpreter),
    ("sh:lua", interpreter),
    ("sh:Rscript", interpreter),
    ("sh:$", computed),
];

/// The language that a program of a name runs.
pub(super) fn language_of(name: &str) -> Option<Language> {
    let plain = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    Some(match plain {
        "bash" | "sh" | "dash" | "ash" | "zsh" | "ksh" => Language::Bash,
        "python" | "pypy" => Language::Python,
        "node" | "nodejs" | "deno" | "bun" => Language::JavaScript,
        "perl" => Language::Perl,
        "ruby" => Language::Ruby,
        "php" => Language::Php,
        "lua" => Language::Lua,
        "Rscript" => Language::R,
        _ => return None,
    })
}

/// Runs a text as code of a language. What is not known of it stands as a hole.
pub(super) fn run(
    call: &mut Call<'_, '_, '_>,
    path: &str,
    language: Language,
    code: &Value,
) -> Option<Value> {
    let code = match &code.kind {
        Kind::Text(_) | Kind::Bytes(_) => code.clone(),
        Kind::Template(text) => Value {
            kind: Kind::Text(text.clone()),
            marks: code.marks.clone(),
        },
        _ => return None,
    };
    // PHP code given by an option stands without the mark that opens it.
    let code = match &code.kind {
        Kind::Text(text) if language == Language::Php && !text.contains("<?") => Value {
            kind: Kind::Text(format!("<?php {text}").into()),
            marks: code.marks.clone(),
        },
        _ => code,
    };
    match call.machine.run_inner(path, language, &code, call.span) {
        Ok(value) => match value.kind {
            // What a script of several commands prints is not gathered.
            Kind::Null => None,
            _ => Some(value),
        },
        Err(stop) => {
            call.stop = Some(stop);
            None
        }
    }
}

fn path_of(call: &Call<'_, '_, '_>) -> String {
    call.machine.paths.text(call.path).to_string()
}

fn eval(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let code = match call.count() {
        1 => call.arg(0),
        _ => {
            let text = words(call).join(" ");
            let marks = call.marks();
            call.machine.built(text, marks)
        }
    };
    run(call, "sh:eval", Language::Bash, &code)
}

fn source(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let code = match stdin(call) {
        Some(code) => code,
        None => {
            let file = known_text(call, &call.arg(0))?;
            input(call, Some(&file))?
        }
    };
    let path = path_of(call);
    run(call, &path, Language::Bash, &code)
}

/// `bash -c code`, `bash file`, or code that flows in.
fn shell(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let flag = words
        .iter()
        .position(|word| is_flag(word, 'c') || word == "--command");
    let path = path_of(call);
    if let Some(flag) = flag {
        let code = call.arg(flag + 1);
        return run(call, &path, Language::Bash, &code);
    }
    if matches!(path.as_str(), "sh:su" | "sh:script" | "sh:runuser") {
        let code = stdin(call)?;
        return run(call, &path, Language::Bash, &code);
    }
    let file = words.iter().find(|word| !word.starts_with('-'));
    let file = file.filter(|_| !words.iter().any(|word| is_flag(word, 's')));
    let code = match file {
        Some(file) => input(call, Some(&file.clone()))?,
        None => stdin(call)?,
    };
    run(call, &path, Language::Bash, &code)
}

/// Whether a word is options of one letter with a letter among them.
fn is_flag(word: &str, letter: char) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        letters.len() < 8
            && letters.contains(letter)
            && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

/// `python -c code`, `node -e code`, `perl -ne code`, a file, or code that flows in.
fn interpreter(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let path = path_of(call);
    let language = language_of(path.strip_prefix("sh:")?)?;
    let words = words(call);
    let flags: &[char] = match language {
        Language::Python => &['c'],
        Language::Php => &['r'],
        Language::JavaScript => &['e', 'p'],
        Language::Perl => &['e', 'E'],
        _ => &['e'],
    };
    for (number, word) in words.iter().enumerate() {
        let flag = flags
            .iter()
            .any(|flag| word.starts_with('-') && word.ends_with(*flag) && word.len() < 8);
        if flag || word == "--eval" || word == "--print" || word == "eval" && language == Language::JavaScript
        {
            let code = call.arg(number + 1);
            return run(call, &path, language, &code);
        }
        // Python's code may follow its option directly.
        if let Some(code) = word.strip_prefix("-c").filter(|_| language == Language::Python) {
            let code = Value::text(code);
            return run(call, &path, language, &code);
        }
        if !word.starts_with('-') {
            let code = input(call, Some(word))?;
            return run(call, &path, language, &code);
        }
        if word == "-m" {
            return None;
        }
    }
    let code = stdin(call)?;
    run(call, &path, language, &code)
}

fn trap(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let code = call.arg(0);
    let text = text_of(call, &code);
    if call.count() < 2 || text.is_empty() || text.starts_with('-') {
        return None;
    }
    run(call, "sh:trap", Language::Bash, &code);
    None
}

fn alias(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    for word in words(call).iter().take(8) {
        if let Some((_, code)) = word.split_once('=') {
            let code = Value::text(code);
            run(call, "sh:alias", Language::Bash, &code);
        }
    }
    None
}

/// A table of cron: five fields of time before each command, or one word.
fn crontab(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let file = words
        .iter()
        .rfind(|word| !word.starts_with('-') || *word == "-")
        .cloned();
    let table = input(call, file.as_deref())?;
    let text = text_of(call, &table);
    for line in text.lines().filter(|line| !line.starts_with('#')).take(16) {
        let fields = if line.starts_with('@') { 1 } else { 5 };
        let mut rest = line.trim_start();
        for _ in 0..fields {
            rest = rest
                .split_once(char::is_whitespace)
                .map_or("", |(_, rest)| rest.trim_start());
        }
        if !rest.is_empty() {
            let code = Value::text(rest);
            run(call, "sh:crontab", Language::Bash, &code);
        }
    }
    None
}

fn later(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let code = stdin(call)?;
    let path = path_of(call);
    run(call, &path, Language::Bash, &code);
    None
}

/// A command whose name is computed: where it is known, the command.
fn computed(call: &mut Call<'_, '_, '_>) -> Option<Value> {
    let words = words(call);
    let first = words.first()?;
    let mut names = first.split_ascii_whitespace();
    let name = names.next()?;
    if name.contains(HOLE) {
        return None;
    }
    // The words as a line of their own: so it is read what runs what, and what the script defines.
    let mut line = first.clone();
    for word in words.iter().skip(1) {
        line.push(' ');
        line.push('\'');
        line.push_str(&word.replace('\'', "'\\''"));
        line.push('\'');
    }
    if let Some(value) = stdin(call) {
        let text = text_of(call, &value);
        if !text.contains('\'') {
            line.push_str(&format!(" <<< '{text}'"));
        }
    }
    let marks = call.marks();
    let code = call.machine.built(line, marks);
    run(call, "sh:$", Language::Bash, &code)
}
