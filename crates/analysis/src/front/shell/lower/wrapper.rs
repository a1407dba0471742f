//! Commands that run another command, which stands among their words.

use super::super::syntax::{Part, Quote, Word};

/// How the words of a command lead to the one that it runs.
struct Wrapper {
    name: &'static str,
    /// The options whose value is a word of its own.
    valued: &'static [&'static str],
    /// Words between the options and the command.
    words: usize,
    /// Options with which no command is run.
    query: &'static [&'static str],
}

const fn wrapper(name: &'static str, valued: &'static [&'static str], words: usize) -> Wrapper {
    Wrapper {
        name,
        valued,
        words,
        query: &[],
    }
}

const WRAPPERS: [Wrapper; 24] = [
    Wrapper {
        name: "sudo",
        valued: &[
            "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-D", "-R", "--user", "--group", "--host",
            "--prompt",
        ],
        words: 0,
        query: &["-l", "-v", "-k", "-K", "-e", "-V", "--list", "--validate"],
    },
    wrapper("doas", &["-u", "-C"], 0),
    wrapper("env", &["-u", "-C", "-S", "--unset", "--chdir"], 0),
    wrapper("nohup", &[], 0),
    wrapper("time", &["-f", "-o"], 0),
    wrapper("exec", &["-a"], 0),
    Wrapper {
        name: "command",
        valued: &[],
        words: 0,
        query: &["-v", "-V"],
    },
    wrapper("builtin", &[], 0),
    Wrapper {
        name: "busybox",
        valued: &[],
        words: 0,
        query: &["--list", "--help", "--install"],
    },
    wrapper("toybox", &[], 0),
    wrapper(
        "xargs",
        &[
            "-I",
            "-n",
            "-P",
            "-L",
            "-d",
            "-a",
            "-s",
            "-E",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--replace",
            "--arg-file",
        ],
        0,
    ),
    wrapper("timeout", &["-s", "-k", "--signal", "--kill-after"], 1),
    wrapper("setsid", &[], 0),
    wrapper("nice", &["-n", "--adjustment"], 0),
    wrapper("ionice", &["-c", "-n"], 0),
    wrapper("chrt", &[], 1),
    wrapper("taskset", &[], 1),
    wrapper("stdbuf", &["-i", "-o", "-e"], 0),
    wrapper("chroot", &[], 1),
    wrapper("strace", &["-e", "-o", "-p", "-s"], 0),
    wrapper("proxychains", &["-f"], 0),
    wrapper("proxychains4", &["-f"], 0),
    wrapper("unbuffer", &[], 0),
    wrapper("watch", &["-n", "-d", "--interval"], 0),
];

/// Where among its words the command stands that a command runs; nothing where it runs none.
pub(super) fn inner(name: &str, words: &[Word]) -> Option<usize> {
    let wrapper = WRAPPERS.iter().find(|wrapper| wrapper.name == name)?;
    let mut at = 0;
    while let Some(word) = words.get(at) {
        // A word that is computed is the command, or an option that we cannot tell from it.
        let Some(text) = word.text() else { break };
        if wrapper.query.contains(&text.as_str()) {
            return None;
        }
        if text == "--" {
            at += 1;
            break;
        }
        let assignment = matches!(name, "env" | "sudo" | "doas") && is_assignment(&text);
        if !(text.starts_with('-') && text.len() > 1 || assignment) {
            break;
        }
        at += 1 + usize::from(wrapper.valued.contains(&text.as_str()));
    }
    if name == "env" || name == "sudo" {
        while words.get(at).is_some_and(|word| is_assignment(word.prefix())) {
            at += 1;
        }
    }
    at += wrapper.words;
    (at < words.len()).then_some(at)
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=')
        .is_some_and(|(name, _)| super::parse::is_name(name))
}

/// The command of `xargs` without the text that stands for the line.
pub(super) fn without_placeholder(options: &[Word], command: &[Word]) -> Vec<Word> {
    let mut placeholder = None;
    for (at, option) in options.iter().enumerate() {
        match option.text().as_deref() {
            Some("-I") => placeholder = options.get(at + 1).and_then(Word::text),
            Some("-i" | "--replace") => placeholder = Some("{}".to_owned()),
            Some(text) => {
                if let Some(attached) = text.strip_prefix("-I") {
                    placeholder = Some(attached.to_owned());
                }
            }
            None => {}
        }
    }
    let Some(placeholder) = placeholder.filter(|text| !text.is_empty()) else {
        return command.to_vec();
    };
    let mut words = command.to_vec();
    words.retain(|word| word.text().as_deref() != Some(placeholder.as_str()));
    for part in words.iter_mut().flat_map(|word| word.parts.iter_mut()) {
        if let Part::Literal(text, quote) = part
            && text.contains(&placeholder)
        {
            // What the line adds is not known here: it stands as the hole of a text does.
            *text = text.replace(&placeholder, "\u{FFFC}");
            *quote = Quote::Quoted;
        }
    }
    words
}
