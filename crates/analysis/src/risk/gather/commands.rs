//! What the commands of shells tell: their words, what they fetch, touch and hand on through pipes. Called for calls of
//! commands and for commands inside texts.

use super::*;

impl<'a> Gathering<'a> {
    pub(super) fn command(
        &mut self,
        command: &str,
        arguments: &'a [FactArgument],
        reach: Reach,
        depth: usize,
    ) {
        let words = Words::of(arguments);
        if !self.shell && started::is_read_anyway(command, words.all()) {
            return;
        }
        if !command.starts_with(['>', '<', '&']) {
            self.commands[0] += 1;
            if started::is_unread(command, &words, self.program) {
                self.commands[1] += 1;
                self.features.set("sh.run-unread");
            }
        }
        self.pipes(command, arguments);
        self.command_words(command, &words, reach, depth);
    }

    pub(super) fn command_words(&mut self, command: &str, words: &Words<'_>, reach: Reach, depth: usize) {
        if command.starts_with("/tmp/")
            || command.starts_with("/var/tmp/")
            || command.starts_with("/dev/shm/")
        {
            self.features.set("sh.run-temporary");
        } else if command.starts_with("./") {
            self.features.set("sh.run-local");
        } else if command.contains('\u{FFFC}') {
            self.features.set("sh.run-unknown");
        }
        let name = command.rsplit('/').next().unwrap_or(command);
        if let Some(file) = started::script_of(name, words)
            && ["/tmp/", "/var/tmp/", "/dev/shm/"]
                .iter()
                .any(|start| file.starts_with(start))
        {
            self.features.set("sh.run-temporary");
        }
        let name = if command.starts_with(['>', '<', '&']) {
            command
        } else {
            name
        };
        let features = &mut self.features;
        if command != "./script" {
            acts_of(name, words, |act| features.set(act));
        }
        if matches!(name, "curl" | "wget" | "aria2c" | "fetch" | "axel") {
            self.fetches(words, reach);
        }
        if !words.all().is_empty() {
            for touch in tables().touches(&format!("sh:{name}")) {
                self.touch_words(touch, words, reach);
            }
        }
        if depth < NESTED_COMMANDS
            && let Some((inner, rest)) = words.inner(name)
        {
            self.command_words(&inner, &rest, reach, depth + 1);
        }
    }

    /// Where a fetching command puts what it fetched, and which files it sends.
    pub(super) fn fetches(&mut self, words: &Words<'_>, reach: Reach) {
        let mut expects = None;
        for word in words.all() {
            let target = match expects.take() {
                Some(deed) => place_of(word.trim_start_matches('@')).map(|target| (deed, target)),
                None => word
                    .split_once('@')
                    .filter(|(before, _)| before.is_empty() || before.ends_with('='))
                    .and_then(|(_, path)| Some(("send", place_of(path)?))),
            };
            let word = word.strip_prefix("--post-file=").map_or(*word, |path| {
                expects = None;
                if let Some(target) = place_of(path) {
                    self.touched("send", target, reach);
                }
                path
            });
            if let Some((deed, target)) = target {
                self.touched(deed, target, reach);
            }
            let short = word.starts_with('-') && !word.starts_with("--") && word.len() <= 6;
            if matches!(word, "--output" | "--output-document")
                || short && word.ends_with(['o', 'O']) && word != "-LO"
            {
                expects = Some("write");
            } else if matches!(word, "-T" | "--upload-file" | "--post-file") {
                expects = Some("send");
            }
        }
    }

    pub(super) fn touch_words(&mut self, touch: &Touch, words: &Words<'_>, reach: Reach) {
        let operands: Vec<&str> = words.operands().collect();
        let chosen = match (touch.operands, operands.split_last()) {
            (Operands::Last, Some((last, _))) => std::slice::from_ref(last).to_vec(),
            (Operands::First, Some((_, first))) => first.to_vec(),
            (Operands::One(number), _) => operands.get(number).copied().into_iter().collect(),
            _ => operands,
        };
        let edits = touch.deed == "read"
            && words
                .all()
                .iter()
                .any(|word| word.starts_with("-i") || word.starts_with("-pi") || *word == "--in-place");
        for word in chosen {
            let path = word
                .strip_prefix("if=")
                .or_else(|| word.strip_prefix("of="))
                .or_else(|| word.strip_prefix('@'))
                .unwrap_or(word);
            let deed = if edits || word.starts_with("of=") {
                "write"
            } else {
                touch.deed
            };
            if let Some(target) = place_of(path) {
                self.touched(deed, target, reach);
            }
        }
    }

    /// What flows into a command.
    pub(super) fn pipes(&mut self, command: &str, arguments: &[FactArgument]) {
        let Some(input) = arguments
            .iter()
            .find(|argument| argument.name.as_deref() == Some("stdin"))
        else {
            return;
        };
        let runs = matches!(
            command.rsplit('/').next().unwrap_or(command),
            "sh" | "bash"
                | "zsh"
                | "dash"
                | "ksh"
                | "csh"
                | "ash"
                | "fish"
                | "python"
                | "python3"
                | "python2"
                | "perl"
                | "ruby"
                | "node"
                | "php"
                | "eval"
                | "source"
                | "at"
                | "batch"
                | "crontab"
        );
        if !runs {
            return;
        }
        self.features.set("pipe.run");
        self.features.set_if("pipe.hidden", Holds(input.hidden > 0));
        for path in &input.paths {
            let from = path.trim_start_matches("sh:").trim_end_matches("()");
            match from {
                "curl" | "wget" | "fetch" | "nc" | "lynx" => self.features.set("pipe.fetched"),
                "base64" | "xxd" | "b64decode" | "openssl" | "rev" | "tr" | "gunzip" | "zcat"
                | "uudecode" | "base32" => self.features.set("pipe.decoded"),
                _ => {}
            }
        }
    }
}
