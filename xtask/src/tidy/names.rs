//! Rule `names`: no file or folder whose name says nothing about what is in it.

use crate::finding::Finding;

const RULE: &str = "names";

/// Names that attract whatever has no place (CONTRIBUTING.md, layout).
const BANNED: [&str; 8] = [
    "util", "utils", "common", "helper", "helpers", "manager", "managers", "misc",
];

/// Checks one path.
pub fn check(path: &str) -> Option<Finding> {
    let banned = path.split('/').find(|part| {
        let stem = part.split('.').next().unwrap_or(part);
        BANNED.contains(&stem.to_ascii_lowercase().as_str())
    })?;
    Some(Finding::error(
        RULE,
        path,
        0,
        format!("{banned:?} says nothing: name the concept that the file holds"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names_that_say_nothing() {
        for bad in [
            "crates/a/src/utils.rs",
            "crates/common/src/lib.rs",
            "scripts/helpers.sh",
            "a/Manager.rs",
        ] {
            assert!(check(bad).is_some(), "{bad}");
        }
        for good in ["crates/a/src/commonality.rs", "crates/a/src/pool.rs", "Makefile"] {
            assert_eq!(check(good), None, "{good}");
        }
    }
}
