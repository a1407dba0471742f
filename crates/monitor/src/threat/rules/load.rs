//! Reading of rules. A rule that cannot be right is refused, with its file and line.

use super::condition::{Condition, Glob};
use super::form::{Examples, FileForm, RuleForm, StepForm};
use super::progress::{MAX_COUNT, MAX_STEPS};
use super::{Rule, Step, call};
use casemate_types::analysis::{Confidence, Severity};
use std::sync::OnceLock;

/// Bytes of one file of rules.
const MAX_FILE_BYTES: usize = 1 << 20;
/// Rules in all.
const MAX_RULES: usize = 256;
/// Texts of one condition.
const MAX_TEXTS: usize = 128;
/// The longest time within which steps must hold, milliseconds.
const MAX_WITHIN_MS: u64 = 24 * 3600 * 1000;

/// The words of the kinds of events.
const KINDS: &[&str] = &[
    "exec",
    "fork",
    "exit",
    "open",
    "unlink",
    "rename",
    "link",
    "chmod",
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "redirect",
    "write_exec",
    "became_exec",
    "memfd",
    "growth",
    "spray",
    "denied",
    "call",
    "signal",
    "resources",
    "lost",
    "blind",
];

/// The rules that are shipped.
const SHIPPED: &[(&str, &str)] = &[
    (
        "abuse.toml",
        include_str!("../../../../../resources/rules/runtime/abuse.toml"),
    ),
    (
        "access.toml",
        include_str!("../../../../../resources/rules/runtime/access.toml"),
    ),
    (
        "control.toml",
        include_str!("../../../../../resources/rules/runtime/control.toml"),
    ),
    (
        "escape.toml",
        include_str!("../../../../../resources/rules/runtime/escape.toml"),
    ),
    (
        "persist.toml",
        include_str!("../../../../../resources/rules/runtime/persist.toml"),
    ),
];

/// Why rules were refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: {why}")]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// Rules, ready, and by the kinds of events which of their steps ask for them.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    /// By kind of event: rules and their steps.
    by_kind: rustc_hash::FxHashMap<&'static str, Vec<(u16, u8)>>,
}

impl Rules {
    /// The rules that are shipped.
    ///
    /// # Errors
    /// None in a build that passed its tests.
    pub fn shipped() -> Result<&'static Self, RuleError> {
        static RULES: OnceLock<Result<Rules, RuleError>> = OnceLock::new();
        RULES
            .get_or_init(|| Self::read(SHIPPED))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Reads files of rules: names and texts.
    ///
    /// # Errors
    /// The first rule that cannot be right.
    pub fn read(files: &[(&str, &str)]) -> Result<Self, RuleError> {
        let mut all = Self::default();
        for (file, text) in files {
            let error = |at: usize, why: String| RuleError {
                file: (*file).to_owned(),
                line: text
                    .get(..at)
                    .map_or(1, |before| before.matches('\n').count() + 1),
                why,
            };
            if text.len() > MAX_FILE_BYTES {
                return Err(error(0, format!("it has more than {MAX_FILE_BYTES} bytes")));
            }
            let form: FileForm = toml::from_str(text).map_err(|problem| {
                let at = problem.span().map_or(0, |span| span.start);
                error(at, problem.message().to_owned())
            })?;
            for rule in form.rule {
                let at = rule.span().start;
                all.add(rule.into_inner()).map_err(|why| error(at, why))?;
            }
        }
        Ok(all)
    }

    /// The rules.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// The steps that ask for events of this kind.
    pub(super) fn steps_of(&self, kind: &str) -> &[(u16, u8)] {
        self.by_kind.get(kind).map_or(&[], Vec::as_slice)
    }

    fn add(&mut self, form: RuleForm) -> Result<(), String> {
        if self.rules.len() >= MAX_RULES {
            return Err(format!("there are more than {MAX_RULES} rules"));
        }
        if self.rules.iter().any(|other| other.id == form.id) {
            return Err(format!("rule `{}` is there twice", form.id));
        }
        let id = form.id.clone();
        let rule = rule(form).map_err(|why| format!("rule `{id}`: {why}"))?;
        let number = self.rules.len() as u16;
        for (step, part) in (0_u8..).zip(&rule.steps) {
            for kind in KINDS {
                if part.condition.events.iter().any(|word| word == kind) {
                    self.by_kind.entry(kind).or_default().push((number, step));
                }
            }
        }
        self.rules.push(rule);
        Ok(())
    }
}

fn rule(form: RuleForm) -> Result<Rule, String> {
    if form.step.is_empty() || form.step.len() > MAX_STEPS {
        return Err(format!("`step`: there must be 1 to {MAX_STEPS}"));
    }
    if !is_technique(&form.technique) {
        return Err(format!("`technique`: `{}` is none of ATT&CK", form.technique));
    }
    let within_ms = form.within_ms.unwrap_or(MAX_WITHIN_MS);
    if within_ms == 0 || within_ms > MAX_WITHIN_MS {
        return Err(format!("`within_ms`: it must be 1 to {MAX_WITHIN_MS}"));
    }
    Ok(Rule {
        severity: Severity::from_word(&form.severity)
            .ok_or_else(|| format!("`severity`: `{}` is none", form.severity))?,
        confidence: Confidence::from_word(&form.confidence)
            .ok_or_else(|| format!("`confidence`: `{}` is none", form.confidence))?,
        steps: form.step.into_iter().map(step).collect::<Result<_, _>>()?,
        id: form.id,
        message: form.message,
        technique: form.technique,
        threat: form.threat,
        capability: form.capability,
        within_ns: within_ms * 1_000_000,
        scope: form.scope,
        ordered: form.ordered,
        examples: Examples {
            trips: form.trips,
            twins: form.twins,
        },
    })
}

fn step(form: StepForm) -> Result<Step, String> {
    if form.event.is_empty() {
        return Err("`event`: at least one kind is needed".to_owned());
    }
    if let Some(word) = form.event.iter().find(|word| !KINDS.contains(&word.as_str())) {
        return Err(format!("`event`: `{word}` is no kind of event"));
    }
    let count = form.count.unwrap_or(1);
    if count == 0 || count > MAX_COUNT {
        return Err(format!("`count`: it must be 1 to {MAX_COUNT}"));
    }
    let globs = |name: &str, texts: Vec<String>| match texts.len() {
        0..=MAX_TEXTS => Ok(texts.iter().map(|text| Glob::new(text)).collect::<Vec<_>>()),
        _ => Err(format!("`{name}`: there are more than {MAX_TEXTS}")),
    };
    let numbers = form.call.iter().map(|name| {
        call::number(name).ok_or_else(|| format!("`call`: `{name}` is no call that is told by its name"))
    });
    Ok(Step {
        count,
        distinct: form.distinct,
        condition: Condition {
            call: numbers.collect::<Result<_, _>>()?,
            path: globs("path", form.path)?,
            not_path: globs("not_path", form.not_path)?,
            name: globs("name", form.name)?,
            argument: globs("argument", form.argument)?,
            before: globs("before", form.before)?,
            events: form.event,
            result: form.result,
            access: form.access,
            reach: form.reach,
            port: form.port,
            packet: form.packet,
            signal: form.signal,
            nameless: form.nameless,
            socket: form.socket,
            mode: form.mode,
            bytes_from: form.bytes_from,
            count_from: form.count_from,
            cpu_from: form.cpu_from,
            pids_from: form.pids_from,
        },
    })
}

/// `T` and four digits, perhaps a point and three more.
fn is_technique(text: &str) -> bool {
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = text.strip_prefix('T') else {
        return false;
    };
    match rest.split_once('.') {
        Some((main, sub)) => digits(main, 4) && digits(sub, 3),
        None => digits(rest, 4),
    }
}
