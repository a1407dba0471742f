//! Policies from texts: all of them, held strictly against the schema, or none.

use super::problem::{At, PolicyError, Problem};
use super::schema::Vocabulary;
use super::statement::{Statement, statements};
use casemate_types::Action;
use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, ValidationMode, Validator};
use ring::digest;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Texts of one installation.
pub const MAX_FILES: usize = 64;
/// Bytes of all texts together.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Policies of all texts together.
pub const MAX_POLICIES: usize = 1000;
/// Bytes of an id.
const MAX_ID_BYTES: usize = 128;
/// How far policies may look: at what the principal and the resource say, not at what those name.
const DEPTH: u32 = 1;
/// Problems that are told of at once.
const MAX_PROBLEMS: usize = 50;

const SHIPPED: &str = include_str!("../../../../resources/policy/default.cedar");
const SHIPPED_NAME: &str = "default.cedar";

/// One text of policies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyText {
    /// How problems and explanations name it: its file name.
    pub name: String,
    /// The policies.
    pub text: String,
}

/// What the texts of an installation stand on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// The policies that are shipped.
    Shipped,
    /// Nothing: what the texts do not permit is denied.
    Empty,
}

/// What is known of a policy that is in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyInfo {
    /// Its id: its annotation `@id`, else its file and line.
    pub id: Arc<str>,
    /// Whether it permits; else it forbids.
    pub permits: bool,
    /// Its file.
    pub file: String,
    /// Its line there.
    pub line: usize,
    /// Its text.
    pub text: String,
}

/// Policies that are in force together. Never changed; a reload makes another one.
pub struct PolicySet {
    pub(super) words: Vocabulary,
    /// For each action the policies whose head takes it: no other policy can have a say.
    pub(super) by_action: Vec<cedar_policy::PolicySet>,
    pub(super) policies: BTreeMap<Arc<str>, PolicyInfo>,
    digest: [u8; 32],
}

impl PolicySet {
    /// The policies that are shipped, and nothing else.
    ///
    /// # Errors
    /// [`PolicyError`], which a test rules out.
    pub fn shipped() -> Result<Self, PolicyError> {
        Self::load(Base::Shipped, &[])
    }

    /// The policies of these texts, on their base.
    ///
    /// # Errors
    /// [`PolicyError::Invalid`] names every place that is not policy, or does not fit the schema;
    /// [`PolicyError::TooMuch`] a bound.
    pub fn load(base: Base, texts: &[PolicyText]) -> Result<Self, PolicyError> {
        most("policy files", texts.len(), MAX_FILES)?;
        most(
            "bytes of policies",
            texts.iter().map(|one| one.text.len()).sum(),
            MAX_TEXT_BYTES,
        )?;
        let words = Vocabulary::new()?;
        let shipped = PolicyText {
            name: SHIPPED_NAME.to_owned(),
            text: SHIPPED.to_owned(),
        };
        let shipped = (base == Base::Shipped).then_some(&shipped);
        let texts: Vec<&PolicyText> = shipped.into_iter().chain(texts).collect();
        let mut loader = Loader::default();
        texts.iter().for_each(|text| loader.read(text));
        most("policies", loader.parsed.len(), MAX_POLICIES)?;
        loader.validate(&words)?;
        let by_action = loader.by_action(&words)?;
        let infos = loader
            .parsed
            .into_iter()
            .map(|one| (one.info.id.clone(), one.info));
        Ok(Self {
            words,
            by_action,
            policies: infos.collect(),
            digest: digest_of(&texts),
        })
    }

    /// Every policy in force, by its id.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyInfo> {
        self.policies.values()
    }

    /// The policy of this id.
    pub fn policy(&self, id: &str) -> Option<&PolicyInfo> {
        self.policies.get(id)
    }

    /// SHA-256 over all texts with their names: tells one set from another in a log.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

struct Parsed<'a> {
    at: At<'a>,
    policy: Policy,
    info: PolicyInfo,
}

/// What is read so far, and what is wrong with it.
#[derive(Default)]
struct Loader<'a> {
    parsed: Vec<Parsed<'a>>,
    problems: Vec<Problem>,
}

impl<'a> Loader<'a> {
    fn read(&mut self, text: &'a PolicyText) {
        for statement in statements(&text.text) {
            if self.problems.len() >= MAX_PROBLEMS || self.parsed.len() > MAX_POLICIES {
                return;
            }
            let at = At {
                file: &text.name,
                text: &text.text,
                offset: statement.offset,
            };
            match parse(at, statement) {
                Ok(parsed) => self.take(parsed),
                Err(problem) => self.problems.push(problem),
            }
        }
    }

    /// Ids name policies in decisions and logs: one id, one policy.
    fn take(&mut self, parsed: Parsed<'a>) {
        match self.parsed.iter().find(|other| other.info.id == parsed.info.id) {
            Some(other) => {
                let PolicyInfo { id, file, line, .. } = &other.info;
                let message = format!("the id {id:?} is taken by the policy at {file}:{line}");
                self.problems.push(parsed.at.problem(0, message, None));
            }
            None => self.parsed.push(parsed),
        }
    }

    /// Strictly, and with what Cedar only warns of: a policy that can never apply is a rule that somebody relies on
    /// and that is not there.
    fn validate(&mut self, words: &Vocabulary) -> Result<(), PolicyError> {
        let mut set = cedar_policy::PolicySet::new();
        for one in &self.parsed {
            // Ids were found to differ above.
            if let Err(error) = set.add(one.policy.clone()) {
                self.problems.push(one.at.problem(0, error.to_string(), None));
            }
        }
        let validator = Validator::new(words.schema.clone());
        let result = validator.validate_with_level(&set, ValidationMode::Strict, DEPTH);
        for error in result.validation_errors() {
            self.blame(error.policy_id(), error);
        }
        for warning in result.validation_warnings() {
            self.blame(warning.policy_id(), warning);
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        self.problems
            .sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        self.problems.dedup();
        self.problems.truncate(MAX_PROBLEMS);
        Err(PolicyError::Invalid(std::mem::take(&mut self.problems)))
    }

    fn blame(&mut self, id: &PolicyId, diagnostic: &dyn miette::Diagnostic) {
        let id: &str = id.as_ref();
        let problem = match self.parsed.iter().find(|one| &*one.info.id == id) {
            Some(one) => one.at.diagnosed(diagnostic),
            None => Problem {
                file: id.to_owned(),
                line: 1,
                column: 1,
                message: diagnostic.to_string(),
                help: None,
            },
        };
        self.problems.push(problem);
    }

    fn by_action(&self, words: &Vocabulary) -> Result<Vec<cedar_policy::PolicySet>, PolicyError> {
        let sets = Action::ALL.iter().map(|action| {
            let uid = words.action(*action);
            let takes = |policy: &Policy| match policy.action_constraint() {
                ActionConstraint::Any => true,
                ActionConstraint::Eq(one) => one == uid,
                // The schema has no groups of actions, which a list could name instead.
                ActionConstraint::In(several) => several.contains(&uid),
            };
            let policies = self
                .parsed
                .iter()
                .map(|one| &one.policy)
                .filter(|policy| takes(policy));
            cedar_policy::PolicySet::from_policies(policies.cloned())
                .map_err(|error| PolicyError::Schema(error.to_string()))
        });
        sets.collect()
    }
}

fn parse<'a>(at: At<'a>, statement: Statement<'a>) -> Result<Parsed<'a>, Problem> {
    let line = at.problem(0, "", None).line;
    let unnamed = Policy::parse(None, statement.text).map_err(|errors| {
        let template = statement.text.contains("?principal") || statement.text.contains("?resource");
        let help = template.then(|| "templates are not taken: write each policy out".to_owned());
        let mut problem = at.diagnosed(&errors);
        problem.help = help.or(problem.help);
        problem
    })?;
    let id = match unnamed.annotation("id") {
        Some(id) if id.is_empty() || id.len() > MAX_ID_BYTES || id.chars().any(char::is_control) => {
            let message = format!("an id is 1 to {MAX_ID_BYTES} bytes without control characters");
            return Err(at.problem(0, message, None));
        }
        Some(id) => id.to_owned(),
        None => format!("{}:{line}", at.file),
    };
    let info = PolicyInfo {
        id: id.as_str().into(),
        permits: unnamed.effect() == Effect::Permit,
        file: at.file.to_owned(),
        line,
        text: statement.text.to_owned(),
    };
    let policy = unnamed.new_id(PolicyId::new(id));
    Ok(Parsed { at, policy, info })
}

fn digest_of(texts: &[&PolicyText]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in texts {
        // Lengths first: no two lists of texts are the same bytes.
        for part in [&text.name, &text.text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn most(what: &'static str, given: usize, bound: usize) -> Result<(), PolicyError> {
    if given > bound {
        return Err(PolicyError::TooMuch { what, given, bound });
    }
    Ok(())
}
