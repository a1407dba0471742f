//! Errors about what a caller asked for; each names the field and the bound.

use thiserror::Error;

/// Whose fault an error is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The caller must change the request.
    Caller,
    /// We or the host failed; the same request may work later or elsewhere.
    Platform,
}

/// A request that cannot be accepted. The fault is always the caller's; retrying does not help.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RequestError {
    /// A number, size or duration outside its range, 0 included.
    #[error("{field}: {given} is outside {bound}")]
    OutOfRange {
        /// The field's name in the contract.
        field: &'static str,
        /// What was given.
        given: String,
        /// The range.
        bound: String,
    },
    /// More items or bytes than allowed.
    #[error("{field}: {given} is more than {bound}")]
    TooMuch {
        /// The field's name in the contract.
        field: &'static str,
        /// How much was given.
        given: String,
        /// The bound.
        bound: String,
    },
    /// A value that is not of the field's form.
    #[error("{field}: {given:?} is not {expected}")]
    Form {
        /// The field's name in the contract.
        field: &'static str,
        /// What was given, shortened.
        given: String,
        /// What is expected.
        expected: &'static str,
    },
}

impl RequestError {
    /// The field that the caller must change.
    pub fn field(&self) -> &'static str {
        match self {
            Self::OutOfRange { field, .. } | Self::TooMuch { field, .. } | Self::Form { field, .. } => field,
        }
    }

    /// The bound that was missed, when there is one.
    pub fn bound(&self) -> Option<&str> {
        match self {
            Self::OutOfRange { bound, .. } | Self::TooMuch { bound, .. } => Some(bound),
            Self::Form { .. } => None,
        }
    }

    pub(crate) fn form(field: &'static str, given: &str, expected: &'static str) -> Self {
        Self::Form {
            field,
            given: given.chars().take(80).collect(),
            expected,
        }
    }
}

/// Causes of an error that [`with_causes`] tells of; a chain that is longer is cut.
const MOST_CAUSES: usize = 8;

/// An error's message with those of its causes, `message: cause: cause of that`.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes
        .take(MOST_CAUSES)
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Error)]
    #[error("level {depth}")]
    struct Nested {
        depth: usize,
        source: Option<Box<Nested>>,
    }

    fn nested(depths: std::ops::Range<usize>) -> Nested {
        let inner = depths.start + 1..depths.end;
        Nested {
            depth: depths.start,
            source: (!inner.is_empty()).then(|| Box::new(nested(inner))),
        }
    }

    #[test]
    fn causes_follow_the_message_up_to_a_bound() {
        assert_eq!(with_causes(&nested(0..1)), "level 0");
        assert_eq!(with_causes(&nested(0..3)), "level 0: level 1: level 2");
        let cut = with_causes(&nested(0..100));
        assert!(cut.ends_with(": level 8"), "{cut}");
    }
}
