//! The key that a client sends: `--key-file`, then `CASEMATE_KEY`, then `admin.key` of the data folder.
//!
//! A key goes to other machines only by TLS, and the data folder's key to no other machine at all unless it is named.

use crate::config::Loaded;
use crate::exit::usage;
use anyhow::{Context, Result};
use casemate_policy::identity::ApiKey;
use casemate_sys::{credentials, host};
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The file of the first key, in the data folder.
pub const ADMIN_KEY: &str = "admin.key";
/// The variable that holds a key.
const VARIABLE: &str = "CASEMATE_KEY";
/// Longest file or variable with a key or a token, bytes.
const MAX_BYTES: u64 = 8 << 10;

/// A credential as text. It has no other way to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(String);

impl PrivateKey {
    /// Reads the one line of a file; `None` when there is no file.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or others may read it.
    pub fn read(file: &Path) -> Result<Option<Self>> {
        let mut open = match File::open(file) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(usage(format!(
                    "cannot read the key in {}: {error}",
                    file.display()
                )));
            }
        };
        let facts = open
            .metadata()
            .with_context(|| format!("look at {}", file.display()))?;
        let is_ours = facts.uid() == 0 || facts.uid() == credentials::effective_uid();
        if facts.is_file() && (!is_ours || facts.mode() & 0o077 != 0) {
            return Err(usage(format!(
                "{}: others may read or replace this key: chmod 600 and own it",
                file.display()
            )));
        }
        let mut text = String::new();
        let read = open.by_ref().take(MAX_BYTES + 1).read_to_string(&mut text);
        read.map_err(|error| usage(format!("cannot read the key in {}: {error}", file.display())))?;
        Self::from_text(&text)
            .map(Some)
            .with_context(|| format!("read the key in {}", file.display()))
    }

    fn from_text(text: &str) -> Result<Self> {
        let line = text.trim();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if line.is_empty() || line.len() as u64 > MAX_BYTES || !line.bytes().all(is_token) {
            return Err(usage("a key is one line, csm_ and 76 letters and digits"));
        }
        Ok(Self(line.to_owned()))
    }

    /// The API key, if it is one.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(&self) -> Result<ApiKey> {
        self.0.parse().map_err(|error| usage(format!("{error}")))
    }

    /// The value of the `Authorization` header.
    pub fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(not shown)")
    }
}

/// The key for the service at an address; `None` when there is none to be found.
///
/// # Errors
/// When a named one cannot be read, or would go to another machine in clear.
pub fn find(url: &str, key_file: Option<&Path>, loaded: &Loaded) -> Result<Option<PrivateKey>> {
    let is_near = is_loopback(url);
    let named = match key_file {
        Some(file) => {
            let key = PrivateKey::read(file)?;
            Some(key.ok_or_else(|| usage(format!("key-file: there is no {}", file.display())))?)
        }
        None => match host::env(VARIABLE) {
            Some(text) => {
                let text = text
                    .into_string()
                    .map_err(|_| usage(format!("{VARIABLE} is not UTF-8")))?;
                Some(PrivateKey::from_text(&text).with_context(|| format!("read {VARIABLE}"))?)
            }
            None => None,
        },
    };
    if named.is_some() && !is_near && !url.starts_with("https://") {
        return Err(usage(format!(
            "server: {url} is another machine, and a key goes there by https only"
        )));
    }
    if named.is_some() || !is_near {
        return Ok(named);
    }
    // Somebody else's data folder is no reason to fail: the service says that a key is needed.
    Ok(PrivateKey::read(&loaded.data_dir().join(ADMIN_KEY)).unwrap_or(None))
}

/// Whether an address is this machine by its own names.
fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (name, port) = match authority.rfind(':') {
        Some(at) if !authority.ends_with(']') => (&authority[..at], &authority[at + 1..]),
        _ => (authority, ""),
    };
    // `localhost:80@elsewhere` is a user and a password of elsewhere.
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    matches!(name, "127.0.0.1" | "[::1]") || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_near() {
        for near in [
            "http://127.0.0.1:8484",
            "http://localhost/",
            "https://[::1]:1",
            "http://LOCALHOST",
        ] {
            assert!(is_loopback(near), "{near}");
        }
        for far in [
            "http://localhost.example",
            "http://127.0.0.1@evil.example",
            "http://localhost:80@evil.example",
            "http://evil.example/127.0.0.1",
            "http://evil.example#localhost",
        ] {
            assert!(!is_loopback(far), "{far}");
        }
    }

    #[test]
    fn a_key_is_one_line() {
        assert!(PrivateKey::from_text("csm_abc\n").is_ok());
        for bad in ["", "\n", "a b", "a\nb", "a\u{e9}"] {
            assert!(PrivateKey::from_text(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            format!("{:?}", PrivateKey("csm_x".into())),
            "PrivateKey(not shown)"
        );
    }
}
