//! Paths and patterns that name files of the workspace; both are checked once, here.

use crate::error::RequestError;
use std::fmt;

/// Longest path or pattern, bytes.
pub const MAX_PATH_BYTES: usize = 1024;
/// Most folders deep.
pub const MAX_DEPTH: usize = 64;

/// A path below the workspace: relative, no empty part, no `.` or `..`, no NUL.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RelativePath(String);

impl RelativePath {
    /// Checks a path for the field `field`.
    ///
    /// # Errors
    /// [`RequestError`] naming the field and what is wrong.
    pub fn new(field: &'static str, path: &str) -> Result<Self, RequestError> {
        bounded(field, path)?;
        let plain = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !plain || path.contains('\0') {
            return Err(RequestError::form(
                field,
                path,
                "a relative path without empty parts, `.`, `..` or NUL",
            ));
        }
        if path.split('/').count() > MAX_DEPTH {
            let bound = format!("{MAX_DEPTH} folders deep");
            return Err(RequestError::TooMuch {
                field,
                given: format!("{path:.80}"),
                bound,
            });
        }
        Ok(Self(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern of output files: `*`, `?`, `[...]` within a folder, `**` across folders.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glob(String);

impl Glob {
    /// Checks a pattern for the field `field`.
    ///
    /// # Errors
    /// [`RequestError`] naming the field and what is wrong.
    pub fn new(field: &'static str, pattern: &str) -> Result<Self, RequestError> {
        bounded(field, pattern)?;
        let climbs = pattern.starts_with('/') || pattern.split('/').any(|part| part == "..");
        if climbs || pattern.contains('\0') {
            return Err(RequestError::form(
                field,
                pattern,
                "a pattern relative to the workspace without `..` or NUL",
            ));
        }
        Ok(Self(pattern.to_owned()))
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn bounded(field: &'static str, text: &str) -> Result<(), RequestError> {
    if text.is_empty() {
        return Err(RequestError::form(field, text, "a path of at least one byte"));
    }
    if text.len() > MAX_PATH_BYTES {
        let given = format!("{} bytes", text.len());
        return Err(RequestError::TooMuch {
            field,
            given,
            bound: format!("{MAX_PATH_BYTES} bytes"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn climbing_paths_are_refused() {
        for bad in ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\0"] {
            assert!(RelativePath::new("files.path", bad).is_err(), "{bad:?}");
        }
        for bad in ["", "/**", "../*", "a/../*"] {
            assert!(Glob::new("outputs", bad).is_err(), "{bad:?}");
        }
        for good in ["a", "a/b.txt", "..a", "-x", "ü/\n"] {
            assert!(RelativePath::new("files.path", good).is_ok(), "{good:?}");
        }
        assert!(RelativePath::new("files.path", "a/".repeat(64).trim_end_matches('/')).is_ok());
        assert!(RelativePath::new("files.path", &format!("{}a", "a/".repeat(64))).is_err());
    }

    proptest! {
        #[test]
        fn accepted_paths_never_climb(path in "[a./\\x00-]{0,12}") {
            if let Ok(path) = RelativePath::new("files.path", &path) {
                let joined = std::path::Path::new("/w").join(path.as_str());
                prop_assert!(joined.components().all(|c| !matches!(c, std::path::Component::ParentDir)));
                prop_assert!(joined.starts_with("/w") && joined != std::path::Path::new("/w"));
            }
        }
    }
}
