//! From what the machine saw to the features of a program. One pass over the facts; combinations at the end.

mod commands;

use super::combine;
use super::command::{Words, acts_of};
use super::features::{Features, Holds};
use super::place::{Place, Target, place_of};
use super::shape;
use super::started;
use super::table::{Operands, Touch, tables};
use super::text;
use crate::fact::{Fact, FactArgument, FactKind, Reach};
use crate::ir::{FileId, Language, Program};
use casemate_types::analysis::{Axis, Confidence, Finding, Flow, Severity};
use rustc_hash::FxHashSet;
use std::borrow::Cow;

/// Commands within commands that are looked into.
const NESTED_COMMANDS: usize = 3;
/// Texts that are looked at in one program.
const TEXTS: usize = 4_000;
/// Calls that are looked at in one program.
const CALLS: usize = 20_000;

/// The features of a program, from what was told of it.
pub fn gather(program: &Program, facts: &[Fact], findings: &[Finding], flows: &[Flow]) -> Features {
    let mut gathering = Gathering {
        program,
        features: Features::default(),
        paths: Vec::new(),
        texts: FxHashSet::default(),
        calls: 0,
        shell: program
            .files
            .first()
            .is_some_and(|file| file.language == Language::Bash),
        commands: [0, 0],
    };
    for fact in facts.iter().filter(|fact| fact.reach != Reach::Dead) {
        gathering.fact(fact);
    }
    let [commands, unread] = gathering.commands;
    let mut features = gathering.features;
    features.set_if("sh.only-unread", Holds(unread > 0 && unread == commands));
    let lines = shape::look_at(program, &mut features);
    for finding in findings {
        add_finding(finding, &mut features);
    }
    for flow in flows {
        features.set(Cow::Owned(format!("flow.{}", flow.sink)));
    }
    combine::add(lines, &mut features);
    features
}

fn add_finding(finding: &Finding, features: &mut Features) {
    // How a program is packed says nothing about what it is for.
    if finding.axis == Axis::Weakness || finding.category == "install-hook" {
        return;
    }
    let sure = finding.confidence >= Confidence::Medium;
    let grave = finding.severity >= Severity::High && sure;
    let family = match (finding.axis, grave) {
        (Axis::Intent, true) => "finding.grave",
        (Axis::Intent, false) => "finding.intent",
        _ => "finding.capability",
    };
    features.set(family);
    features.set(Cow::Owned(format!("found.{}", finding.category)));
    if grave && finding.hidden.is_some() {
        features.set("finding.hidden");
    }
}

struct Gathering<'a> {
    program: &'a Program,
    features: Features,
    /// What was made into path objects, for the methods of them whose receiver's text is not known.
    paths: Vec<Target>,
    texts: FxHashSet<&'a str>,
    calls: usize,
    /// Whether the program is one of a shell, and not one that starts some.
    shell: bool,
    /// Commands, and those of them that start files of which nothing is known.
    commands: [usize; 2],
}

impl<'a> Gathering<'a> {
    fn fact(&mut self, fact: &'a Fact) {
        let is_hidden = self.is_hidden(fact.span.file);
        match &fact.kind {
            FactKind::Import { module } => {
                if let Some(act) = tables().import(module) {
                    self.act(act, fact.reach, Holds(is_hidden));
                }
            }
            FactKind::Call { path, arguments } if self.calls < CALLS => {
                self.calls += 1;
                if let Some(command) = path.strip_prefix("sh:") {
                    self.command(command, arguments, fact.reach, 0);
                } else {
                    self.call(path, arguments, fact.reach, Holds(is_hidden));
                }
            }
            FactKind::Read { path } => self.read(path),
            FactKind::Write { path, value } => self.write(path, value),
            FactKind::Text { text, origin } => {
                if self.texts.len() < TEXTS && self.texts.insert(text) {
                    text::look_at(text, *origin, &mut self.features);
                }
            }
            FactKind::Inner { path, file } => self.inner(path, *file),
            FactKind::EndlessLoop => self.features.set("loop.endless"),
            FactKind::Unreadable { what } => self.features.set_if("shape.bomb", Holds(what.contains("bomb"))),
            FactKind::Call { .. } => {}
        }
    }

    /// Whether a file was hidden in another, and not just quoted there.
    fn is_hidden(&self, file: FileId) -> bool {
        self.program
            .files
            .get(usize::from(file.0))
            .is_some_and(|file| file.inside.is_some() && file.depth > 1)
    }

    fn act(&mut self, act: &'static str, reach: Reach, hidden: Holds) {
        self.features.set(act);
        let family = act.split('.').next().unwrap_or(act);
        if reach == Reach::Start {
            match family {
                "net" => self.features.set("start.net"),
                "exec" => self.features.set("start.exec"),
                "steal" | "host" => self.features.set("start.host"),
                "watch" => self.features.set("start.watch"),
                "who" => self.features.set("start.who"),
                "code" => self.features.set("start.code"),
                _ => {}
            }
        }
        if hidden.0 && matches!(family, "net" | "exec" | "steal" | "host" | "watch") {
            self.features.set("hidden.act");
        }
    }

    fn call(&mut self, path: &str, arguments: &'a [FactArgument], reach: Reach, hidden: Holds) {
        let arguments = own_arguments(path, arguments);
        if matches!(
            path,
            "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "Path" | "os.path.join"
        ) {
            let text = arguments.iter().find_map(|argument| argument.text.as_deref());
            self.paths.extend(text.and_then(place_of));
        }
        let act = tables().act(path);
        if act == Some("exec.shell")
            && arguments
                .first()
                .and_then(|first| first.text.as_deref())
                .is_some_and(is_screen_command)
        {
            self.features.set("exec.screen");
            return;
        }
        if let Some(act) = act.map(|act| started::milder(act, arguments)) {
            self.act(act, reach, hidden);
            match act.split('.').next() {
                Some("exec") => self.executes(act, arguments),
                Some("net") => self.speaks(act, arguments),
                _ => {}
            }
        }
        for touch in tables().touches(path) {
            self.touch(path, touch, arguments, reach);
        }
    }

    /// What is known of what is executed.
    fn executes(&mut self, act: &'static str, arguments: &[FactArgument]) {
        for argument in arguments {
            let features = &mut self.features;
            features.set_if("exec.hidden", Holds(argument.hidden > 0));
            features.set_if("exec.tainted", Holds(!argument.taints.is_empty()));
            for path in &argument.paths {
                match act_of_value(path) {
                    Some(source) if source.starts_with("net.") => features.set("exec.fetched"),
                    Some("code.decode" | "code.inflate" | "code.decrypt" | "exec.load") => {
                        features.set("exec.decoded")
                    }
                    Some("code.char") => features.set("exec.built"),
                    _ => {}
                }
            }
            let is_quiet = argument.paths.iter().any(|path| {
                path.contains("DEVNULL")
                    || path.contains("NO_WINDOW")
                    || path.contains("SW_HIDE")
                    || path.contains("DETACHED_PROCESS")
            }) || argument.name.as_deref() == Some("creationflags")
                || argument.name.as_deref() == Some("windowsHide");
            features.set_if("exec.quiet", Holds(is_quiet));
            features.set_if(
                "exec.through-shell",
                Holds(argument.name.as_deref() == Some("shell") && argument.number == Some(1.0)),
            );
            if matches!(act, "exec.shell" | "exec.process") {
                if let Some(text) = argument.text.as_deref() {
                    features.set_if("exec.runs-file", Holds(ends_as_program(text)));
                }
                features.set_if("exec.installs-remote", Holds(installs_from_afar(argument)));
                features.set_if(
                    "exec.installs",
                    Holds(
                        argument.items.iter().any(|item| &**item == "pip")
                            && argument.items.iter().any(|item| &**item == "install"),
                    ),
                );
                features.set_if(
                    "exec.runs-file",
                    Holds(argument.items.first().is_some_and(|item| ends_as_program(item))),
                );
            }
        }
        if matches!(act, "exec.code" | "exec.shell") {
            let known = arguments.iter().any(|argument| {
                argument
                    .text
                    .as_deref()
                    .is_some_and(|text| !text.contains('\u{FFFC}'))
            });
            self.features.set_if(
                if act == "exec.code" {
                    "exec.code-constant"
                } else {
                    "exec.shell-constant"
                },
                Holds(known),
            );
        }
    }

    /// What is known of what is asked or sent.
    fn speaks(&mut self, act: &'static str, arguments: &[FactArgument]) {
        for (position, argument) in arguments.iter().enumerate() {
            // Whom to ask may be set up by the surroundings.
            let is_address = position == 0 && argument.text.is_none();
            for path in &argument.paths {
                let Some(source) = act_of_value(path) else {
                    self.features.set_if(
                        "send.environ",
                        Holds(
                            !is_address
                                && !matches!(argument.name.as_deref(), Some("headers" | "auth"))
                                && (path.starts_with("os.environ") || path.starts_with("process.env")),
                        ),
                    );
                    continue;
                };
                match source.split('.').next() {
                    Some("who")
                        if !is_address
                            && !matches!(act, "net.connect" | "net.listen" | "net.dns" | "net.socket") =>
                    {
                        self.features.set("send.who");
                    }
                    Some("watch") => self.features.set("send.watched"),
                    Some("steal") => self.features.set("send.stolen"),
                    _ if source == "code.encode" || source == "code.encrypt" => {
                        self.features.set("send.encoded")
                    }
                    _ if source == "code.decode" => self.features.set("net.hidden-address"),
                    _ => {}
                }
                self.features.set_if(
                    "send.file",
                    Holds(path.starts_with("open()") || path.contains(".read()")),
                );
            }
            if !argument.taints.is_empty() {
                self.features.set("send.tainted");
            }
            self.features
                .set_if("net.hidden-address", Holds(argument.hidden > 0));
            if let Some(text) = argument.text.as_deref() {
                self.features.set_if(
                    "net.constant",
                    Holds(text.contains("://") && !text.starts_with('\u{FFFC}')),
                );
                self.features.set_if(
                    "net.raw-request",
                    Holds(act == "net.send" && text.starts_with("GET ")),
                );
            }
            self.features.set_if(
                "net.unverified",
                Holds(argument.name.as_deref() == Some("verify") && argument.number == Some(0.0)),
            );
            self.features
                .set_if("send.file", Holds(argument.name.as_deref() == Some("files")));
        }
    }

    fn touch(&mut self, path: &str, touch: &Touch, arguments: &[FactArgument], reach: Reach) {
        let deed = if touch.deed == "read" && opens_to_write(path, arguments) {
            "write"
        } else {
            touch.deed
        };
        let Operands::One(number) = touch.operands else {
            return;
        };
        let Some(argument) = arguments.get(number) else {
            return;
        };
        self.features.set(deed_name(deed));
        let known = argument.text.as_deref().and_then(place_of);
        let mut targets: Vec<Target> = known
            .into_iter()
            .chain(argument.items.iter().filter_map(|item| place_of(item)))
            .collect();
        if argument.text.is_none() && argument.name.as_deref() == Some("self") {
            targets.extend_from_slice(&self.paths);
        }
        for target in targets {
            self.touched(deed, target, reach);
        }
    }

    fn touched(&mut self, deed: &'static str, target: Target, reach: Reach) {
        let place = text::place_name(target.place)
            .strip_prefix("place.")
            .unwrap_or("");
        self.features.set(Cow::Owned(format!("touch.{deed}.{place}")));
        if deed == "look" && !self.shell {
            return;
        }
        let is_read = matches!(deed, "read" | "look" | "list" | "find");
        if target.place == Place::Known && !is_read {
            self.features.set("touch.sensitive");
        }
        if target.place.is_sensitive() {
            self.features.set("touch.sensitive");
            self.features.set_if("start.touch", Holds(reach == Reach::Start));
            self.features.set_if("touch.climbs", Holds(target.climbs));
        }
    }

    fn read(&mut self, path: &str) {
        if path.starts_with("os.environ") || path.starts_with("process.env") {
            self.features.set("who.environ");
        }
    }

    fn write(&mut self, path: &str, value: &FactArgument) {
        let name = path
            .strip_prefix("sh:")
            .or_else(|| path.strip_prefix("os.environ."))
            .unwrap_or("");
        match name {
            "HISTFILE" | "HISTSIZE" | "HISTCONTROL" | "HISTIGNORE" | "HISTFILESIZE" => {
                self.features.set("sh.history-off")
            }
            "LD_PRELOAD" | "LD_LIBRARY_PATH" | "DYLD_INSERT_LIBRARIES" | "LD_AUDIT" | "BASH_ENV" | "ENV" => {
                self.features.set("sh.loader")
            }
            "PROMPT_COMMAND" | "PS1" | "PS2" | "PS4" => self.features.set("sh.prompt"),
            "PATH" => self.features.set("sh.path"),
            _ => {}
        }
        if path.starts_with("builtins.")
            || path.starts_with("sys.modules")
            || path.starts_with("__builtins__")
        {
            self.features.set("code.rewrite");
        }
        self.features.set_if("write.hidden", Holds(value.hidden > 0));
    }

    fn inner(&mut self, path: &str, file: FileId) {
        let Some(inner) = self.program.files.get(usize::from(file.0)) else {
            return;
        };
        self.features.set(match inner.language {
            Language::Bash => "inner.shell",
            _ => "inner.code",
        });
        self.features.set_if(
            "inner.piped",
            Holds(
                self.shell
                    && matches!(
                        path,
                        "sh:sh" | "sh:bash" | "sh:zsh" | "sh:dash" | "sh:ksh" | "sh:eval"
                    ),
            ),
        );
        self.features
            .set_if("inner.deep", Holds(inner.depth > if self.shell { 1 } else { 2 }));
        self.features.set_if(
            "inner.other",
            Holds(path.starts_with("sh:") && inner.language != Language::Bash),
        );
    }
}

/// An installer that is told to take what lies at an address.
fn installs_from_afar(argument: &FactArgument) -> bool {
    let any = |test: fn(&str) -> bool| argument.items.iter().any(|item| test(item));
    any(|item| item == "install") && any(|item| item.starts_with("git+") || item.starts_with("http"))
}

/// The act that made a value: `requests.get().text` is what a fetch gave.
fn act_of_value(path: &str) -> Option<&'static str> {
    let mut head = path;
    while let Some(at) = head.rfind("()") {
        head = head.get(..at)?;
        if let Some(act) = tables().act(head) {
            return Some(act);
        }
    }
    None
}

/// The arguments without the module that a function was taken from: only an object is something that a call is done to.
fn own_arguments<'a>(path: &str, arguments: &'a [FactArgument]) -> &'a [FactArgument] {
    let is_method =
        path.starts_with("?.") || path.contains("().") || path.contains("].") || path.contains('#');
    match arguments.split_first() {
        Some((first, rest)) if !is_method && first.name.as_deref() == Some("self") => rest,
        _ => arguments,
    }
}

/// Commands that clear or wait for the screen.
fn is_screen_command(text: &str) -> bool {
    text.split("||").chain(text.split("&&")).all(|part| {
        let first = part.split_whitespace().next().unwrap_or("");
        text.len() < 60
            && matches!(
                first,
                "cls"
                    | "clear"
                    | "pause"
                    | "color"
                    | "title"
                    | "mode"
                    | "reset"
                    | "tput"
                    | "stty"
                    | ""
                    | "cls||clear"
                    | "cls|clear"
            )
    })
}

fn ends_as_program(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or("");
    let lower = first.to_ascii_lowercase();
    [".exe", ".bat", ".cmd", ".vbs", ".ps1", ".scr", ".jar", ".msi"]
        .iter()
        .any(|end| lower.ends_with(end))
}

fn opens_to_write(path: &str, arguments: &[FactArgument]) -> bool {
    let is_open = path
        .rsplit('.')
        .next()
        .is_some_and(|name| name.starts_with("open") || name == "fopen");
    let mode = arguments
        .iter()
        .find(|argument| argument.name.as_deref() == Some("mode"))
        .or_else(|| arguments.get(1));
    is_open
        && mode
            .and_then(|mode| mode.text.as_deref())
            .is_some_and(|mode| mode.len() <= 4 && mode.contains(['w', 'a', 'x', '+']))
}

fn deed_name(deed: &str) -> &'static str {
    match deed {
        "read" => "file.read",
        "write" => "file.write",
        "delete" => "file.delete",
        "list" => "file.list",
        "copy" => "file.copy",
        "move" => "file.move",
        "link" => "file.link",
        "mode" => "file.mode",
        "pack" => "file.pack",
        "watch" => "file.watch",
        "stamp" => "file.stamp",
        _ => "file.look",
    }
}
