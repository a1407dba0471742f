//! Reads a policy file and checks it.
//!
//! Used by the compiler, and by the tests, which evaluate a policy by hand and
//! compare. The format is explained at the top of `resources/seccomp/program.toml`.
//! A policy that says something twice, or something that can never hold, is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

/// Most values in one condition; the check of a value is one instruction.
const MAX_VALUES: usize = 64;
/// Most rules of one syscall, and most conditions of one rule.
const MAX_RULES: usize = 16;

/// What happens to a syscall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It runs.
    Allow,
    /// It does not run, and the caller sees this errno.
    Errno(u16),
    /// The whole process dies by SIGSYS.
    KillProcess,
}

impl Verdict {
    /// `SECCOMP_RET_*` of linux/seccomp.h.
    pub fn action(self) -> u32 {
        match self {
            Self::Allow => 0x7fff_0000,
            Self::Errno(errno) => 0x0005_0000 | u32::from(errno),
            Self::KillProcess => 0x8000_0000,
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        // Numbers of asm-generic/errno-base.h and errno.h, equal on both architectures.
        let errno = match text {
            "allow" => return Ok(Self::Allow),
            "kill_process" => return Ok(Self::KillProcess),
            "EPERM" => 1,
            "ENOMEM" => 12,
            "EINVAL" => 22,
            "ENOTTY" => 25,
            "ENOSYS" => 38,
            "ENOPROTOOPT" => 92,
            "EOPNOTSUPP" => 95,
            _ => return Err(format!("`{text}` is no answer that the compiler knows")),
        };
        Ok(Self::Errno(errno))
    }

    fn parse_refusal(text: &str) -> Result<Self, String> {
        match Self::parse(text)? {
            Self::Allow => Err("`allow` is no refusal".to_owned()),
            verdict => Ok(verdict),
        }
    }
}

/// How much of an argument the kernel looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// The lower half; the upper one is ignored.
    Bits32,
    /// All of it.
    Bits64,
}

impl Width {
    /// The mask that cuts an argument to this width.
    pub fn mask(self) -> u64 {
        match self {
            Self::Bits32 => u64::from(u32::MAX),
            Self::Bits64 => u64::MAX,
        }
    }
}

/// Whether a condition wants one of its values, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The masked argument equals one of the values.
    AnyOf,
    /// The masked argument equals none of the values.
    NoneOf,
}

/// One check of one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which argument, 0 to 5.
    pub argument: u8,
    /// How much of it.
    pub width: Width,
    /// The bits that count; never wider than `width`.
    pub mask: u64,
    /// The values, never empty, each within `mask`.
    pub values: Vec<u64>,
    /// One of the values, or none of them.
    pub wanted: Wanted,
}

/// Conditions that must all hold, and the answer when they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Never empty.
    pub when: Vec<Condition>,
    /// The answer.
    pub then: Verdict,
}

/// What a policy says about one syscall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The answer does not depend on the arguments.
    Always(Verdict),
    /// The first rule that holds answers, else `otherwise`.
    Rules {
        /// In the order of the file.
        rules: Vec<Rule>,
        /// When no rule holds.
        otherwise: Verdict,
    },
}

impl Entry {
    /// Whether any arguments at all let this syscall through.
    pub fn may_allow(&self) -> bool {
        match self {
            Self::Always(verdict) => *verdict == Verdict::Allow,
            Self::Rules { rules, .. } => rules.iter().any(|rule| rule.then == Verdict::Allow),
        }
    }
}

/// A checked policy.
#[derive(Debug)]
pub struct Policy {
    /// Where it came from, for messages.
    pub file: String,
    /// The answer to every number that it does not name.
    pub default: Verdict,
    /// What it says, by name.
    pub entries: BTreeMap<String, Entry>,
}

impl Policy {
    /// Reads and checks a policy file.
    ///
    /// # Errors
    /// The file, the syscall and the reason.
    pub fn load(path: &Path) -> Result<Self, String> {
        Self::load_for(path, Reach::Loopback)
    }

    /// As [`Policy::load`], for one reach.
    pub fn load_for(path: &Path, reach: Reach) -> Result<Self, String> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{file}: {error}"))?;
        Self::parse_for(&file, &text, reach)
    }

    /// As [`Policy::load`], from text; `file` is for messages.
    #[cfg(test)]
    pub fn parse(file: &str, text: &str) -> Result<Self, String> {
        Self::parse_for(file, text, Reach::Loopback)
    }

    fn parse_for(file: &str, text: &str, reach: Reach) -> Result<Self, String> {
        let document: Document = toml::from_str(text).map_err(|error| format!("{file}: {error}"))?;
        let default = Verdict::parse_refusal(&document.default)
            .map_err(|reason| format!("{file}: default: {reason}"))?;
        let mut policy = Self {
            file: file.to_owned(),
            default,
            entries: BTreeMap::new(),
        };
        for group in document.allow {
            policy.add(&group.why, group.names, || Ok(Entry::Always(Verdict::Allow)))?;
        }
        for group in document.refuse {
            policy.add(&group.why, group.names, || {
                Ok(Entry::Always(Verdict::parse_refusal(&group.errno)?))
            })?;
        }
        for group in document.conditional {
            policy.add(&group.why, group.names, || {
                Ok(Entry::Rules {
                    otherwise: Verdict::parse_refusal(&group.otherwise)?,
                    rules: check_rules(&group.rule, reach)?,
                })
            })?;
        }
        Ok(policy)
    }

    /// Enters one group; every name may appear once in the whole file.
    fn add(
        &mut self,
        why: &str,
        names: Vec<String>,
        entry: impl Fn() -> Result<Entry, String>,
    ) -> Result<(), String> {
        let first = names.first().cloned().unwrap_or_default();
        let fail = |name: &str, reason: &str| Err(format!("{}: {name}: {reason}", self.file));
        if first.is_empty() {
            return fail(why, "a group without names");
        }
        if why.trim().is_empty() {
            return fail(&first, "the group does not say why");
        }
        for name in names {
            match entry() {
                Err(reason) => return fail(&name, &reason),
                Ok(_) if self.entries.contains_key(&name) => return fail(&name, "named twice"),
                Ok(entry) => self.entries.insert(name, entry),
            };
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default: String,
    #[serde(default)]
    allow: Vec<AllowGroup>,
    #[serde(default)]
    refuse: Vec<RefuseGroup>,
    #[serde(default)]
    conditional: Vec<ConditionalGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowGroup {
    why: String,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefuseGroup {
    why: String,
    names: Vec<String>,
    errno: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionalGroup {
    why: String,
    names: Vec<String>,
    otherwise: String,
    rule: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    then: String,
    when: Vec<ConditionText>,
    only: Option<String>,
}

/// Which filter a policy is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Runs without a network.
    None,
    /// Runs with a loopback interface: every rule.
    Loopback,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConditionText {
    arg: u8,
    bits: u8,
    mask: Option<u64>,
    is: Option<Vec<u64>>,
    is_not: Option<Vec<u64>>,
}

fn check_rules(rules: &[RuleText], reach: Reach) -> Result<Vec<Rule>, String> {
    if rules.is_empty() || rules.len() > MAX_RULES {
        return Err(format!("{} rules; 1 to {MAX_RULES} are possible", rules.len()));
    }
    if let Some(other) = rules
        .iter()
        .filter_map(|r| r.only.as_deref())
        .find(|only| *only != "loopback")
    {
        return Err(format!("only = {other:?}; \"loopback\" is possible"));
    }
    let applies = |rule: &&RuleText| reach == Reach::Loopback || rule.only.is_none();
    let checked: Vec<Rule> = rules
        .iter()
        .filter(applies)
        .map(check_rule)
        .collect::<Result<_, _>>()?;
    if checked.iter().all(|rule| rule.then != Verdict::Allow) {
        return Err("no rule allows; it belongs among the refused".to_owned());
    }
    Ok(checked)
}

fn check_rule(rule: &RuleText) -> Result<Rule, String> {
    if rule.when.is_empty() || rule.when.len() > MAX_RULES {
        return Err(format!(
            "a rule with {} conditions; 1 to {MAX_RULES} are possible",
            rule.when.len()
        ));
    }
    let when = rule.when.iter().map(check_condition).collect::<Result<_, _>>()?;
    Ok(Rule {
        when,
        then: Verdict::parse(&rule.then)?,
    })
}

fn check_condition(text: &ConditionText) -> Result<Condition, String> {
    let width = match text.bits {
        32 => Width::Bits32,
        64 => Width::Bits64,
        bits => return Err(format!("bits = {bits}; 32 or 64 are possible")),
    };
    if text.arg > 5 {
        return Err(format!("arg = {}; a syscall has arguments 0 to 5", text.arg));
    }
    let (values, wanted) = match (&text.is, &text.is_not) {
        (Some(values), None) => (values, Wanted::AnyOf),
        (None, Some(values)) => (values, Wanted::NoneOf),
        _ => return Err(format!("arg {}: exactly one of `is` and `is_not`", text.arg)),
    };
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(format!(
            "arg {}: {} values; 1 to {MAX_VALUES} are possible",
            text.arg,
            values.len()
        ));
    }
    let mask = text.mask.unwrap_or(width.mask());
    if mask == 0 || mask & !width.mask() != 0 {
        return Err(format!(
            "arg {}: mask {mask:#x} is empty or wider than {} bits",
            text.arg, text.bits
        ));
    }
    if let Some(value) = values.iter().find(|value| **value & !mask != 0) {
        return Err(format!(
            "arg {}: value {value:#x} has bits outside the mask and never matches",
            text.arg
        ));
    }
    if values.iter().collect::<BTreeSet<_>>().len() != values.len() {
        return Err(format!("arg {}: a value twice", text.arg));
    }
    Ok(Condition {
        argument: text.arg,
        width,
        mask,
        values: values.clone(),
        wanted,
    })
}
