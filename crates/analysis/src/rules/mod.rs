//! Rules: data that says what a fact, or several together, mean. `resources/rules/` holds ours, checked by the build;
//! a user's own stand beside them. Facts come in and findings go out; nothing here reads a program's form, but for the
//! places of what was found. All is compiled once per process, so that judging a program costs what its facts cost.

mod argument;
mod check;
mod compile;
mod form;
mod glob;
mod judge;
mod naming;
mod order;
mod paths;
mod place;
mod text;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod tests;

pub use check::RuleError;
pub use naming::names;
pub use place::{Places, outermost};

use crate::fact::Fact;
use crate::ir::Program;
use casemate_types::analysis::{Finding, Flow};
use compile::Compiled;
use form::RuleForm;
use std::sync::OnceLock;

/// Our rules without their examples, as the build script checked them.
const BUILTIN: &str = include_str!(concat!(env!("OUT_DIR"), "/rules.json"));
/// Files of rules beside ours.
const MAX_FILES: usize = 32;

/// A set of rules.
#[derive(Debug)]
pub struct Rules {
    /// Where it started from, as the build script wrote it: read again where more come, and not kept read.
    base: &'static str,
    /// Those beside it.
    added: Vec<RuleForm>,
    files: usize,
    compiled: Compiled,
}

/// Reads what the build script wrote, which read it too; a test looks whether rules are there.
fn read(base: &str) -> Vec<RuleForm> {
    serde_json::from_str(base).unwrap_or_default()
}

impl Rules {
    /// Ours.
    pub fn builtin() -> &'static Self {
        static RULES: OnceLock<Rules> = OnceLock::new();
        RULES.get_or_init(|| Self {
            compiled: compile::compile(read(BUILTIN)).unwrap_or_default(),
            base: BUILTIN,
            added: Vec::new(),
            files: 0,
        })
    }

    /// These and those of a file. `name` is for errors alone.
    ///
    /// # Errors
    /// With the line and the reason, when the file cannot be used.
    pub fn with_file(&self, name: &str, text: &str) -> Result<Self, RuleError> {
        let fault = |line: usize, reason: String| RuleError {
            file: name.to_owned(),
            line,
            reason,
        };
        if self.files >= MAX_FILES {
            return Err(fault(1, format!("more than {MAX_FILES} files of rules")));
        }
        let new = check::read(name, text)?;
        let line_of = |id: &str| check::line_of_rule(text, id);
        let mut forms = read(self.base);
        forms.extend(self.added.iter().cloned());
        if let Some(twice) = new
            .iter()
            .find(|rule| forms.iter().any(|other| other.id == rule.id))
        {
            return Err(fault(
                line_of(&twice.id),
                format!("rule `{}` is there already", twice.id),
            ));
        }
        forms.extend(new.iter().cloned());
        let compiled = compile::compile(forms.clone()).map_err(|(at, reason)| {
            let id = forms.get(at).map(|rule| rule.id.as_str()).unwrap_or_default();
            fault(line_of(id), format!("rule `{id}`: {reason}"))
        })?;
        let mut added = self.added.clone();
        added.extend(new);
        Ok(Self {
            base: self.base,
            added,
            files: self.files + 1,
            compiled,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.compiled.rules.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.compiled.rules.is_empty()
    }

    /// What the facts and flows of a program mean: the gravest first, one finding of a rule for each line, bounded.
    /// `names` is what [`names`] told before the machine took the program's forms.
    pub fn judge(&self, program: &Program, facts: &[Fact], names: &[Fact], flows: &[Flow]) -> Vec<Finding> {
        judge::Judge::new(&self.compiled, program, facts, names, flows).findings()
    }
}
