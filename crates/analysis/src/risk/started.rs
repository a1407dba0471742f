//! What is known of what a program starts: plain commands that do nothing to anyone, its own children, and files of which
//! nothing is known.

use super::command::Words;
use super::place::place_of;
use crate::fact::FactArgument;
use crate::ir::Program;

/// Commands that only speak, wait, count or look at what flows in.
const PLAIN: &[&str] = &[
    "echo", "printf", "cat", "ls", "sleep", "true", "false", "sort", "tr", "wc", "head", "tail", "date",
    "pwd", "seq", "test", "[", "exit", "uniq", "grep", "cut", "expr", "basename", "dirname", "rev", "yes",
    "nl", "fold",
];
/// Programs that read what they are to do from a file.
const READERS: &[&str] = &[
    "sh", "bash", "zsh", "dash", "ksh", "python", "python3", "perl", "ruby", "node", "php", "source", ".",
];
/// Programs that make one of a file.
const COMPILERS: &[&str] = &["gcc", "g++", "clang", "clang++", "cc"];

/// What an act is when its arguments show that it is a harmless one of its kind.
pub(super) fn milder(act: &'static str, arguments: &[FactArgument]) -> &'static str {
    let Some(first) = arguments.first() else {
        return act;
    };
    match act {
        "exec.shell" | "exec.process" | "exec.pty" if is_plain(first, arguments) => "exec.plain",
        "net.connect" | "net.socket" if arguments.iter().any(is_local) => "net.local",
        "host.kill" if is_own_process(first) => "host.signal",
        _ => act,
    }
}

/// The machine itself as the one that is spoken to.
fn is_local(argument: &FactArgument) -> bool {
    let known = argument.text.as_deref().into_iter();
    known
        .chain(argument.items.iter().map(|item| &**item))
        .any(|host| matches!(host, "127.0.0.1" | "localhost" | "::1"))
}

/// A process that the program is, or has started.
fn is_own_process(argument: &FactArgument) -> bool {
    argument.paths.iter().any(|path| {
        matches!(&**path, "os.getpid()" | "os.fork()" | "os.getpid" | "process.pid")
            || path.ends_with("Popen().pid")
            || path.ends_with("Process().pid")
            || path.ends_with("spawn().pid")
            || path.ends_with("fork().pid")
    })
}

/// A known command that does nothing to the machine.
fn is_plain(first: &FactArgument, arguments: &[FactArgument]) -> bool {
    if first.hidden > 0 || !first.taints.is_empty() {
        return false;
    }
    if let Some(text) = first.text.as_deref() {
        let rest: Vec<&str> = arguments
            .iter()
            .skip(1)
            .filter(|argument| argument.name.is_none())
            .flat_map(|argument| argument.items.iter().map(|item| &**item))
            .collect();
        return is_plain_text(text) && rest.iter().all(|word| is_plain_word(word));
    }
    let words: Vec<&str> = first.items.iter().map(|item| &**item).collect();
    match words.as_slice() {
        ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c", text] => is_plain_text(text),
        [command, rest @ ..] => is_plain_command(command) && rest.iter().all(|word| is_plain_word(word)),
        [] => false,
    }
}

fn is_plain_text(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 200
        && !text.contains(['>', '`', '\u{FFFC}'])
        && !text.contains("$(")
        && text
            .split(['|', ';', '&', '\n'])
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .all(|part| {
                let mut words = part.split_whitespace();
                words.next().is_some_and(is_plain_command) && words.all(is_plain_word)
            })
}

fn is_plain_command(command: &str) -> bool {
    let name = command
        .strip_prefix("/bin/")
        .or_else(|| command.strip_prefix("/usr/bin/"))
        .unwrap_or(command);
    PLAIN.contains(&name)
}

/// A word that names no place that matters.
fn is_plain_word(word: &str) -> bool {
    place_of(word).is_none() && !word.contains("://")
}

/// A shell that is started with a text, or a signal to the own process: what the text does is told by itself.
pub(super) fn is_read_anyway(command: &str, words: &[&str]) -> bool {
    match command.rsplit('/').next().unwrap_or(command) {
        "sh" | "bash" | "dash" | "zsh" => {
            words.first() == Some(&"-c") && words.get(1).is_some_and(|text| !text.contains('\u{FFFC}'))
        }
        "kill" => words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .all(|word| matches!(*word, "$$" | "$!" | "\u{FFFC}")),
        _ => false,
    }
}

/// The file that a command reads its program from.
pub(super) fn script_of<'a>(name: &str, words: &Words<'a>) -> Option<&'a str> {
    if !READERS.contains(&name) {
        return None;
    }
    let first = words.all().first()?;
    (!first.starts_with('-')).then_some(*first)
}

/// Whether a command is the start of a file that lies in folders beside the program and was not handed over with it.
pub(super) fn is_unread(command: &str, words: &Words<'_>, program: &Program) -> bool {
    let name = command.rsplit('/').next().unwrap_or(command);
    let file = if COMPILERS.contains(&name) {
        words.operands().find(|word| word.contains('/'))
    } else {
        script_of(name, words).or(Some(command))
    };
    let Some(file) = file else {
        return false;
    };
    let is_beside = file.matches('/').count() >= 2
        && !file.starts_with(['/', '~', '$', '.', '>', '<'])
        && !file.contains("://")
        && !file.contains('\u{FFFC}');
    is_beside && !program.files.iter().any(|known| file.ends_with(&*known.path))
}
