//! Follows one execution through the rules, event by event, in bounded memory.

use super::condition::{Around, name, paths};
use super::form::Scope;
use super::load::Rules;
use super::progress::Progress;
use super::{Rule, Threat};
use crate::event::{Event, What};
use casemate_types::analysis::{Confidence, Severity};
use rustc_hash::FxHashMap;

/// Processes whose program is known at once.
const MAX_PROCESSES: usize = 512;
/// Pairs of rule and process that are followed at once; when there are more, the oldest goes.
const MAX_FOLLOWED: usize = 256;
/// Bytes of a program's name that are kept.
const MAX_NAME: usize = 24;
/// Honeytokens of one execution, and the shortest of them.
const MAX_TOKENS: usize = 16;
const SHORTEST_TOKEN: usize = 12;

/// Fake credentials that were planted: nobody uses them by chance.
#[derive(Clone, Debug, Default)]
pub struct Honeytokens(Vec<Box<str>>);

impl Honeytokens {
    /// The first 16 of them that are at least 12 bytes long: a shorter one could come by chance.
    pub fn new<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let long = tokens.into_iter().filter(|token| token.len() >= SHORTEST_TOKEN);
        Self(long.take(MAX_TOKENS).map(Into::into).collect())
    }

    /// Whether some text holds one of them.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|token| text.contains(&**token))
    }
}

/// A rule that held, the first time.
#[derive(Clone, PartialEq, Debug)]
pub struct Match {
    /// The rule.
    pub rule: String,
    /// What it says.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// The technique of ATT&CK.
    pub technique: String,
    /// What kind of threat it tells.
    pub threat: Threat,
    /// The capability that it shows.
    pub capability: String,
    /// When it held, and when its first step did.
    pub at_ns: u64,
    /// When its first step held.
    pub begun_ns: u64,
    /// The process of the event that completed it.
    pub pid: u32,
    /// The event that completed it, in words.
    pub seen: String,
    /// It rests on texts that the program could change meanwhile: no ground for an intervention.
    pub evidence: bool,
}

/// One execution's state.
pub struct Matcher<'a> {
    rules: &'a Rules,
    tokens: Honeytokens,
    /// By rule: for the execution as a whole.
    whole: Vec<Progress>,
    /// By rule and process.
    followed: FxHashMap<(u16, u32), Progress>,
    programs: FxHashMap<u32, Box<str>>,
    held: Vec<bool>,
    token_used: bool,
    /// Processor time and time of the last sample.
    sample: Option<(u64, u64)>,
}

impl<'a> Matcher<'a> {
    /// At the start of an execution.
    pub fn new(rules: &'a Rules, tokens: Honeytokens) -> Self {
        Self {
            rules,
            tokens,
            whole: vec![Progress::default(); rules.all().len()],
            followed: FxHashMap::default(),
            programs: FxHashMap::default(),
            held: vec![false; rules.all().len()],
            token_used: false,
            sample: None,
        }
    }

    /// Takes up an event; calls `told` with each rule that holds for the first time.
    pub fn take(&mut self, event: &Event, mut told: impl FnMut(Match)) {
        if !self.token_used && self.tokens_in(event) {
            self.token_used = true;
            told(honeytoken(event));
        }
        let cpu = self.cpu(event);
        let rules = self.rules;
        for (number, step) in rules.steps_of(event.what.word()) {
            let (rule_at, step_at) = (usize::from(*number), usize::from(*step));
            if self.held.get(rule_at) != Some(&false) {
                continue;
            }
            let Some(rule) = rules.all().get(rule_at) else {
                continue;
            };
            let around = Around {
                program: self.programs.get(&event.pid).map_or("", |name| &**name),
                cpu,
            };
            let Some(part) = rule.steps.get(step_at) else {
                continue;
            };
            if !part.condition.holds(event, around) {
                continue;
            }
            let Some(progress) = self.progress(*number, rule, event.pid) else {
                continue;
            };
            let is_whole = progress.advance(rule, step_at, event.at_ns, key(&event.what));
            progress.evidence |= event.evidence && part.condition.reads_texts();
            if is_whole {
                let found = found(rule, event, progress);
                if let Some(held) = self.held.get_mut(rule_at) {
                    *held = true;
                }
                told(found);
            }
        }
        self.follow(event);
    }

    /// The program that a process runs, as far as it is known.
    pub fn program(&self, pid: u32) -> &str {
        self.programs.get(&pid).map_or("", |name| &**name)
    }

    fn progress(&mut self, number: u16, rule: &Rule, pid: u32) -> Option<&mut Progress> {
        match rule.scope {
            Scope::Execution => self.whole.get_mut(usize::from(number)),
            Scope::Process => {
                let key = (number, pid);
                self.make_room(key);
                Some(self.followed.entry(key).or_default())
            }
        }
    }

    /// Who fills it with processes that only begin loses the oldest of them, and not what comes after.
    fn make_room(&mut self, key: (u16, u32)) {
        if self.followed.len() < MAX_FOLLOWED || self.followed.contains_key(&key) {
            return;
        }
        let age = |(key, progress): (&(u16, u32), &Progress)| (progress.begun_ns(), *key);
        if let Some((_, oldest)) = self.followed.iter().map(age).min() {
            self.followed.remove(&oldest);
        }
    }

    /// Keeps whose child and which program each process is.
    fn follow(&mut self, event: &Event) {
        match &event.what {
            What::Exec { path, .. } => {
                let name: String = name(path).chars().take(MAX_NAME).collect();
                if self.programs.len() < MAX_PROCESSES || self.programs.contains_key(&event.pid) {
                    self.programs.insert(event.pid, name.into());
                }
            }
            What::Fork { child } => {
                let room = self.programs.len() < MAX_PROCESSES;
                if let Some(name) = self.programs.get(&event.pid).filter(|_| room).cloned() {
                    self.programs.insert(*child, name);
                }
                for number in 0..self.rules.all().len() as u16 {
                    if let Some(progress) = self.followed.get(&(number, event.pid)).cloned() {
                        self.make_room((number, *child));
                        self.followed.insert((number, *child), progress);
                    }
                }
            }
            What::Exit { .. } => {
                self.programs.remove(&event.pid);
                if !self.followed.is_empty() {
                    for number in 0..self.rules.all().len() as u16 {
                        self.followed.remove(&(number, event.pid));
                    }
                }
            }
            _ => {}
        }
    }

    fn cpu(&mut self, event: &Event) -> Option<u64> {
        let What::Resources(sample) = &event.what else {
            return None;
        };
        let cpu = sample.cpu_ns?;
        let before = self.sample.replace((cpu, event.at_ns));
        let (old, then) = before?;
        let passed = event.at_ns.saturating_sub(then);
        (passed > 0).then(|| cpu.saturating_sub(old).saturating_mul(1000) / passed)
    }

    fn tokens_in(&self, event: &Event) -> bool {
        if self.tokens.0.is_empty() {
            return false;
        }
        let [first, second] = paths(&event.what);
        let argv = match &event.what {
            What::Exec { argv, .. } => argv.as_slice(),
            _ => &[],
        };
        self.tokens.is_in(first)
            || self.tokens.is_in(second)
            || argv.iter().any(|text| self.tokens.is_in(text))
    }
}

/// What makes an event another one of its kind.
fn key(what: &What) -> (&str, &str, u64) {
    let [first, second] = paths(what);
    let number = match what {
        What::Connect {
            address: crate::event::Address::Net { ip, port },
            ..
        } => {
            use std::hash::{Hash, Hasher};
            let mut hasher = rustc_hash::FxHasher::default();
            (ip, port).hash(&mut hasher);
            hasher.finish()
        }
        What::Fork { child } => u64::from(*child),
        What::Call { call, .. } | What::Denied { call, .. } => u64::from(*call),
        What::Redirect { to, .. } => u64::from(*to),
        What::Signal { target, .. } => *target as u64,
        _ => 0,
    };
    (first, second, number)
}

fn found(rule: &Rule, event: &Event, progress: &Progress) -> Match {
    Match {
        rule: rule.id.clone(),
        message: rule.message.clone(),
        severity: rule.severity,
        confidence: rule.confidence,
        technique: rule.technique.clone(),
        threat: rule.threat,
        capability: rule.capability.clone(),
        at_ns: event.at_ns,
        begun_ns: progress.begun_ns(),
        pid: event.pid,
        seen: seen(event),
        evidence: progress.evidence,
    }
}

/// A planted credential was used: a certain signal.
fn honeytoken(event: &Event) -> Match {
    Match {
        rule: "runtime.honeytoken".to_owned(),
        message: "A planted credential was used.".to_owned(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        technique: "T1552.001".to_owned(),
        threat: Threat::CredentialTheft,
        capability: "credentials".to_owned(),
        at_ns: event.at_ns,
        begun_ns: event.at_ns,
        pid: event.pid,
        // The token itself is not told on.
        seen: event.what.word().to_owned(),
        evidence: event.evidence,
    }
}

/// An event in a few words.
fn seen(event: &Event) -> String {
    let [first, second] = paths(&event.what);
    let mut words = vec![event.what.word().to_owned()];
    words.extend(
        [first, second]
            .iter()
            .filter(|path| !path.is_empty())
            .map(|path| (*path).to_owned()),
    );
    if let What::Connect {
        address: crate::event::Address::Net { ip, port },
        ..
    } = &event.what
    {
        words.push(format!("{ip} port {port}"));
    }
    if let What::Call { call, .. } | What::Denied { call, .. } = &event.what {
        words.push(format!("call {call}"));
    }
    words.join(" ")
}
