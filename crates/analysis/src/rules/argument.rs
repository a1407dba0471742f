//! What rules ask of one argument.

use super::form::ArgumentForm;
use super::glob::Glob;
use super::paths::plain;
use super::text::TextTest;
use crate::fact::FactArgument;

/// Stands in a text for a part that is not known.
const UNKNOWN: char = '\u{FFFC}';

/// What must hold of one argument.
#[derive(Debug)]
pub struct ArgumentTest {
    place: Option<usize>,
    name: Option<String>,
    text: Option<TextTest>,
    paths: Vec<Glob>,
    taints: Vec<Glob>,
    number: Option<f64>,
    below: Option<f64>,
    above: Option<f64>,
    constant: Option<bool>,
    hidden: Option<bool>,
    missing: bool,
    not: bool,
}

impl ArgumentTest {
    /// Makes a test of its written form.
    pub fn new(form: &ArgumentForm) -> Self {
        let globs = |list: &[String]| list.iter().flat_map(|one| Glob::expand(one)).collect();
        Self {
            place: form.place,
            name: form.name.clone(),
            text: form.text.as_ref().map(TextTest::new),
            paths: globs(&form.paths),
            taints: globs(&form.tainted_by),
            number: form.number,
            below: form.below,
            above: form.above,
            constant: form.constant,
            hidden: form.hidden,
            missing: form.missing,
            not: form.not,
        }
    }

    /// Whether it holds of what is given.
    pub fn holds(&self, arguments: &[FactArgument]) -> bool {
        let mut place = 0;
        let mut met = false;
        for argument in arguments {
            let at = argument.name.is_none().then_some(place);
            place += usize::from(argument.name.is_none());
            met |= self.means(argument, at) && (self.missing || self.fits(argument));
        }
        met != (self.missing || self.not)
    }

    fn means(&self, argument: &FactArgument, at: Option<usize>) -> bool {
        match (self.place, self.name.as_deref()) {
            // The receiver is meant where it is asked what it is, not where it is asked what is given.
            (None, None) => {
                argument.name.as_deref() != Some("self") || !self.paths.is_empty() || !self.taints.is_empty()
            }
            (place, name) => {
                (place.is_some() && place == at) || (name.is_some() && name == argument.name.as_deref())
            }
        }
    }

    fn fits(&self, argument: &FactArgument) -> bool {
        let texts = || argument.text.iter().chain(&argument.items);
        self.text
            .as_ref()
            .is_none_or(|test| texts().any(|text| test.matches(text)))
            && (self.paths.is_empty() || argument.paths.iter().any(|path| any(&self.paths, plain(path))))
            && (self.taints.is_empty() || argument.taints.iter().any(|taint| any(&self.taints, taint)))
            && self.number.is_none_or(|number| argument.number == Some(number))
            && self
                .below
                .is_none_or(|bound| argument.number.is_some_and(|number| number < bound))
            && self
                .above
                .is_none_or(|bound| argument.number.is_some_and(|number| number > bound))
            && self
                .constant
                .is_none_or(|constant| constant == is_constant(argument))
            && self.hidden.is_none_or(|hidden| hidden == (argument.hidden > 0))
    }
}

fn any(globs: &[Glob], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

fn is_constant(argument: &FactArgument) -> bool {
    // Of a list only the constant texts are told; what else is in it shows in its paths.
    let list = !argument.items.is_empty() && argument.paths.is_empty() && argument.taints.is_empty();
    list || argument.number.is_some() || argument.text.as_ref().is_some_and(|text| !text.contains(UNKNOWN))
}
