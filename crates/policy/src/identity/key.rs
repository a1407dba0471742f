//! API keys: their text, its checksum, and the keyed hash that is all a service keeps of one.
//!
//! `csm_`, an id of 26 characters, `_`, 43 characters of secret, 6 of checksum.
//!
//! The id finds the record; the secret, 256 random bits, proves the right to it; the checksum tells a mistyped key
//! from an unknown one without a look into any table, and a leaked one from a text that only looks like it.

use super::base62;
use super::pepper::Pepper;
use casemate_types::KeyId;
use casemate_types::principal::API_KEY_PREFIX;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use zeroize::Zeroizing;

const ID_LENGTH: usize = 26;
const SECRET_LENGTH: usize = 43;
const CHECKSUM_LENGTH: usize = 6;
const SECRET_START: usize = API_KEY_PREFIX.len() + ID_LENGTH + 1;
const CHECKSUM_START: usize = SECRET_START + SECRET_LENGTH;
/// Characters of a key's text.
pub const KEY_LENGTH: usize = CHECKSUM_START + CHECKSUM_LENGTH;
/// Random bytes that a new key is made of.
pub const SECRET_BYTES: usize = 32;

/// What a service keeps of a key: HMAC-SHA256 of its id and secret under the service's pepper.
pub type KeyHash = [u8; 32];

/// A text that is no key of ours. Nothing of the text is in the error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Not of the form of a key.
    #[error("not an API key: csm_, an id, _ and 49 letters and digits are expected")]
    Malformed,
    /// Of the form of a key, and mistyped or cut.
    #[error("the API key is mistyped: its last 6 characters do not match the rest")]
    Checksum,
}

/// An API key with its secret. Shown once, by [`Self::reveal`]; in no log, for it has no other way to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: KeyId,
    text: Zeroizing<[u8; KEY_LENGTH]>,
}

impl ApiKey {
    /// The key of this id and these random bytes, which were never used before.
    pub fn new(id: KeyId, random: &[u8; SECRET_BYTES]) -> Self {
        let mut text = Zeroizing::new([0; KEY_LENGTH]);
        let head = format!("{API_KEY_PREFIX}{id}_");
        text[..SECRET_START].copy_from_slice(head.as_bytes());
        let secret = Zeroizing::new(base62::digits::<SECRET_LENGTH>(random));
        text[SECRET_START..CHECKSUM_START].copy_from_slice(&*secret);
        let checksum = checksum(&text[..CHECKSUM_START]);
        text[CHECKSUM_START..].copy_from_slice(&checksum);
        Self { id, text }
    }

    /// The id, which is no secret.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The text, secret and all.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(String::from_utf8_lossy(&*self.text).into_owned())
    }

    /// What a service keeps of it. The id is hashed too, so that no hash is of use in the record of another key.
    pub fn hash(&self, pepper: &Pepper) -> KeyHash {
        pepper.hash(&self.text[..CHECKSUM_START])
    }

    /// Whether it is the key that the hash was made of, in a time that does not depend on the answer.
    ///
    /// With no hash, which is to say no record, the same work is done for the answer no: the time does not tell
    /// whether an id is known.
    pub fn verify(&self, pepper: &Pepper, stored: Option<&KeyHash>) -> bool {
        let is_same = pepper.verify(&self.text[..CHECKSUM_START], stored.unwrap_or(&[0; 32]));
        is_same && stored.is_some()
    }
}

impl FromStr for ApiKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes: &[u8; KEY_LENGTH] = text.as_bytes().try_into().map_err(|_| KeyError::Malformed)?;
        let rest = text.strip_prefix(API_KEY_PREFIX).ok_or(KeyError::Malformed)?;
        let (id, tail) = rest.split_at_checked(ID_LENGTH).ok_or(KeyError::Malformed)?;
        let id = id.parse().map_err(|_| KeyError::Malformed)?;
        if !tail.starts_with('_') || !bytes[SECRET_START..].iter().all(|b| base62::is_digit(*b)) {
            return Err(KeyError::Malformed);
        }
        if bytes[CHECKSUM_START..] != checksum(&bytes[..CHECKSUM_START]) {
            return Err(KeyError::Checksum);
        }
        let text = Zeroizing::new(*bytes);
        Ok(Self { id, text })
    }
}

/// Without the secret.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}, secret not shown)", self.id)
    }
}

/// Whether a credential is meant as an API key: it goes to [`ApiKey::from_str`], everything else is a token.
pub fn is_meant_as_key(credential: &str) -> bool {
    credential.starts_with(API_KEY_PREFIX)
}

/// Where the first key stands in a text, whole and with a checksum that matches.
pub fn find(text: &str) -> Option<Range<usize>> {
    let starts = text.match_indices(API_KEY_PREFIX).map(|(at, _)| at);
    let mut places = starts.map(|at| at..at + KEY_LENGTH);
    places.find(|place| {
        text.get(place.clone())
            .is_some_and(|part| ApiKey::from_str(part).is_ok())
    })
}

fn checksum(text: &[u8]) -> [u8; CHECKSUM_LENGTH] {
    base62::digits(&crc32fast::hash(text).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::principal::API_KEY_PATTERN;
    use proptest::prelude::*;

    fn pepper() -> Pepper {
        Pepper::new(&[7; 32])
    }

    fn key() -> ApiKey {
        ApiKey::new(KeyId::from_value(1), &[3; 32])
    }

    #[test]
    fn the_text_is_as_documented() {
        let text = key().reveal();
        assert_eq!(text.len(), 80);
        assert!(text.starts_with("csm_00000000000000000000000001_"), "{}", *text);
        let pattern = regex_automata::meta::Regex::new(API_KEY_PATTERN).unwrap();
        assert_eq!(pattern.find(text.as_bytes()).map(|m| m.range()), Some(0..80));
    }

    #[test]
    fn a_key_is_verified_by_its_hash_alone() {
        let hash = key().hash(&pepper());
        assert!(key().verify(&pepper(), Some(&hash)));
        assert!(!key().verify(&Pepper::new(&[8; 32]), Some(&hash)));
        assert!(!key().verify(&pepper(), None));
        let other_id = ApiKey::new(KeyId::from_value(2), &[3; 32]);
        assert!(!other_id.verify(&pepper(), Some(&hash)));
        let other_secret = ApiKey::new(KeyId::from_value(1), &[4; 32]);
        assert!(!other_secret.verify(&pepper(), Some(&hash)));
    }

    #[test]
    fn nothing_shows_the_secret() {
        let shown = format!("{:?} {}", key(), KeyError::Checksum);
        assert!(
            !shown.contains(&key().reveal()[SECRET_START..SECRET_START + 8]),
            "{shown}"
        );
    }

    #[test]
    fn a_typo_is_found() {
        let text = key().reveal();
        for at in 0..KEY_LENGTH {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'7' { b'6' } else { b'7' };
            let typo = String::from_utf8(bytes).unwrap();
            assert!(typo.parse::<ApiKey>().is_err(), "{typo}");
        }
        for bad in [
            "",
            "csm_",
            &text[1..],
            &format!("{}0", *text),
            &text.to_uppercase(),
        ] {
            assert_eq!(bad.parse::<ApiKey>(), Err(KeyError::Malformed), "{bad}");
        }
    }

    #[test]
    fn a_leaked_key_is_found_in_a_text() {
        let text = format!("é csm_no Authorization: Bearer {}\"", *key().reveal());
        let place = find(&text).unwrap();
        assert_eq!(text[place].parse(), Ok(key()));
        assert_eq!(find("csm_é"), None);
    }

    proptest! {
        #[test]
        fn a_key_reads_back(id: u128, random: [u8; 32]) {
            let key = ApiKey::new(KeyId::from_value(id), &random);
            prop_assert_eq!(key.reveal().parse(), Ok(key));
        }

        #[test]
        fn any_text_is_survived(text in ".{0,100}") {
            let _ = (text.parse::<ApiKey>(), find(&text));
        }
    }
}
