//! A baseline as text, to be kept, carried elsewhere, or shipped.

use super::profile::{MAX_PAIRS, Profile};
use super::{Baseline, Key, MAX_PROFILES};
use serde::{Deserialize, Serialize};

/// The form of the text. One of another form is refused.
pub const VERSION: u32 = 1;
/// Bytes of a baseline as text.
const MAX_BYTES: usize = 256 << 20;

/// Why a baseline was refused.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is of another form.
    #[error("the baseline has version {found}, this program reads {VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// It is too large.
    #[error("the baseline has more than {bound} {what}")]
    Bound {
        /// Of what there is too much.
        what: &'static str,
        /// How much there may be.
        bound: usize,
    },
    /// It is no baseline.
    #[error("it is no baseline")]
    Form(#[from] serde_json::Error),
    /// A number that none can be.
    #[error("the profile of `{language}`: a mean or deviation is out of range")]
    Number {
        /// Whose.
        language: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    profiles: Vec<(Key, Profile)>,
}

impl Baseline {
    /// As text.
    ///
    /// # Errors
    /// None that is known.
    pub fn export(&self) -> Result<String, BaselineError> {
        let profiles = self.profiles.iter();
        let stored = Stored {
            version: VERSION,
            profiles: profiles
                .map(|(key, profile)| (key.clone(), profile.clone()))
                .collect(),
        };
        Ok(serde_json::to_string(&stored)?)
    }

    /// From text.
    ///
    /// # Errors
    /// A text of another form, or one that goes over a bound.
    pub fn import(text: &str) -> Result<Self, BaselineError> {
        if text.len() > MAX_BYTES {
            return Err(BaselineError::Bound {
                what: "bytes",
                bound: MAX_BYTES,
            });
        }
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.version != VERSION {
            return Err(BaselineError::Version { found: head.version });
        }
        let stored: Stored = serde_json::from_str(text)?;
        if stored.profiles.len() > MAX_PROFILES {
            return Err(BaselineError::Bound {
                what: "profiles",
                bound: MAX_PROFILES,
            });
        }
        for (key, profile) in &stored.profiles {
            if profile.pairs.len() > MAX_PAIRS {
                return Err(BaselineError::Bound {
                    what: "pairs of a profile",
                    bound: MAX_PAIRS,
                });
            }
            let is_fine = |number: f64| number.is_finite() && (0.0..1e3).contains(&number);
            let fine = |metric: &super::profile::Metric| is_fine(metric.mean) && is_fine(metric.deviation);
            if !profile.metrics.iter().all(fine) {
                return Err(BaselineError::Number {
                    language: key.language.clone(),
                });
            }
        }
        Ok(Self {
            profiles: stored.profiles.into_iter().collect(),
            ..Self::default()
        })
    }
}
