//! The states of an execution, as the contract names them.

use casemate_types::Status;

/// Where an execution stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Accepted; not started.
    Queued,
    /// Started; not ended.
    Running,
    /// Ended; this never changes again.
    Ended(Status),
}

impl State {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ended(status) => status.as_str(),
        }
    }

    /// The state of a word of the contract.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::all().find(|state| state.as_str() == word)
    }

    /// Every state there is, in the order of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Queued, Self::Running]
            .into_iter()
            .chain(Status::ALL.into_iter().map(Self::Ended))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in State::all() {
            assert_eq!(State::from_word(state.as_str()), Some(state));
        }
        assert_eq!(State::all().count(), 12);
        assert_eq!(State::from_word("Queued"), None);
    }
}
