//! The environment of a program: six fixed variables, the language's, and the caller's, which wins.

use std::collections::BTreeMap;

/// The folder in which programs start.
pub const WORKSPACE: &str = "/workspace";
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

/// `NAME=value` strings for init. `bin` is a folder outside the system's that goes first in `PATH`.
pub fn environment(
    bin: Option<&str>,
    language: &[(&str, &str)],
    caller: &BTreeMap<String, String>,
) -> Vec<Vec<u8>> {
    let path = bin.map_or_else(|| PATH.to_owned(), |bin| format!("{bin}:{PATH}"));
    let fixed = [
        ("PATH", path.as_str()),
        ("HOME", WORKSPACE),
        ("LANG", "C.UTF-8"),
        ("USER", "user"),
        ("TMPDIR", "/tmp"),
        ("TZ", "UTC"),
    ];
    let mut all: BTreeMap<&str, &str> = fixed.into_iter().chain(language.iter().copied()).collect();
    all.extend(caller.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    all.iter()
        .map(|(name, value)| format!("{name}={value}").into_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_wins() {
        let caller = BTreeMap::from([
            ("TZ".to_owned(), "CET".to_owned()),
            ("X".to_owned(), "a=b".to_owned()),
        ]);
        let all = environment(Some("/opt/bin"), &[("LANG", "C"), ("GO", "1")], &caller);
        for expected in ["TZ=CET", "X=a=b", "LANG=C", "GO=1", "HOME=/workspace"] {
            assert!(all.contains(&expected.as_bytes().to_vec()), "{expected}");
        }
        assert!(
            all.iter()
                .any(|v| v.starts_with(b"PATH=/opt/bin:/usr/local/bin:"))
        );
        assert_eq!(all.len(), 8);
    }
}
