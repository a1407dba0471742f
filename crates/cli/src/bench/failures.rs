//! The runs that failed. None is tolerated: one is enough for exit code 1, and many end the bench.

use super::watch::Stop;
use anyhow::Result;
use serde::Serialize;

/// Failures after which going on would measure nothing.
const MOST: u64 = 20;
/// Longest description of one, characters.
const MOST_CHARS: usize = 400;

/// Failures, of which the first are described.
#[derive(Debug, Default, Serialize)]
pub struct Failures {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Vec<String>,
}

impl Failures {
    /// Notes one.
    ///
    /// # Errors
    /// [`Stop::TooManyFailures`] when it is one too many.
    pub fn note(&mut self, what: String) -> Result<()> {
        self.count += 1;
        if self.first.len() as u64 >= MOST {
            return Err(Stop::TooManyFailures.into());
        }
        let line = what.trim().chars().take(MOST_CHARS).collect();
        self.first.push(line);
        if self.count >= MOST {
            return Err(Stop::TooManyFailures.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_too_many() {
        let mut failures = Failures::default();
        for number in 1..MOST {
            assert!(failures.note(format!("{number}")).is_ok());
        }
        for _ in 0..2 {
            let error = failures.note("x".repeat(1000)).unwrap_err();
            assert_eq!(error.downcast_ref::<Stop>(), Some(&Stop::TooManyFailures));
        }
        assert_eq!((failures.count, failures.first.len()), (MOST + 1, MOST as usize));
        assert_eq!(failures.first[MOST as usize - 1].len(), MOST_CHARS);
    }
}
