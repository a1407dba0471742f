//! Where the readers of a request leave what is wrong with it: serde's own errors are texts, and lose the field.

use crate::problem::{Kind, Problem};
use serde::de::Error;
use std::cell::RefCell;

/// What the whole body is called; it is no field.
pub(super) const WHOLE: &str = "the body";

/// The first thing that was wrong.
#[derive(Default)]
pub(super) struct Blame {
    problem: RefCell<Option<Problem>>,
}

impl Blame {
    /// Keeps a problem, and gives the error that ends the reading.
    pub(super) fn on<E: Error>(&self, problem: Problem) -> E {
        self.problem.borrow_mut().get_or_insert(problem);
        E::custom("refused")
    }

    /// Passes on what reading an object or array of the form has failed with.
    pub(super) fn form<E: Error>(&self, what: &'static str, expected: &'static str, error: E) -> E {
        // A type error has left nothing yet; a syntax error is told as such, by its place.
        let text = error.to_string();
        if text.starts_with("invalid type") {
            let text = text.split(" at line ").next().unwrap_or_default();
            let text: String = text.chars().take(120).collect();
            let mut problem = Problem::new(Kind::InvalidField, format!("{what}: {text}")).bound(expected);
            if what != WHOLE {
                problem = problem.field(what);
            }
            self.problem.borrow_mut().get_or_insert(problem);
        }
        error
    }

    /// A problem of a value that is there, as an error.
    pub(super) fn check<T, E: Error>(&self, read: Result<T, Problem>) -> Result<T, E> {
        read.map_err(|problem| self.on(problem))
    }

    /// Refuses more than so many bytes.
    pub(super) fn most<E: Error>(&self, field: &'static str, given: usize, bound: usize) -> Result<(), E> {
        if given <= bound {
            return Ok(());
        }
        let problem = Problem::new(
            Kind::OutOfRange,
            format!("{field}: {given} bytes is more than {bound} bytes"),
        );
        Err(self.on(problem.field(field).bound(format!("{bound} bytes"))))
    }

    /// The problem that was kept, or else this one.
    pub(super) fn settle(&self, otherwise: impl FnOnce() -> Problem) -> Problem {
        self.problem.borrow_mut().take().unwrap_or_else(otherwise)
    }
}
