//! Rule `reasons`: whoever silences a lint or a test says why, and the compiler says when it is no longer true.

use super::lexer::find_word;
use super::source::Source;
use crate::finding::Finding;

const RULE: &str = "reasons";

/// The one `allow`: the crate that holds every `unsafe` block would need an `expect` for each.
const UNSAFE_CRATE: &str = "crates/sys/src/lib.rs";

/// Checks every attribute of one file.
pub fn check(source: &Source) -> Vec<Finding> {
    source
        .attributes()
        .filter_map(|(at, attribute)| {
            let message = complaint(&source.path, attribute)?;
            Some(Finding::error(RULE, &source.path, source.line(at), message))
        })
        .collect()
}

fn complaint(path: &str, attribute: &str) -> Option<&'static str> {
    let attribute = attribute.trim();
    let calls = |word| {
        find_word(attribute, word).any(|at| {
            attribute[at..]
                .trim_start_matches(word)
                .trim_start()
                .starts_with('(')
        })
    };
    if calls("allow") && !(path == UNSAFE_CRATE && attribute == "allow(unsafe_code)") {
        return Some("use #[expect(lint, reason = \"...\")]: it ends when its cause does");
    }
    if calls("expect") && find_word(attribute, "reason").next().is_none() {
        return Some("#[expect] states its reason: reason = \"...\"");
    }
    (attribute == "ignore").then_some("#[ignore] states its reason: #[ignore = \"...\"]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(path, text))
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn wants_reasons() {
        assert_eq!(
            lines(
                "crates/a/src/b.rs",
                "#![allow(dead_code)]\n#[allow (x)]\nfn f() {}\n"
            ),
            [1, 2]
        );
        assert_eq!(
            lines(
                "crates/a/src/b.rs",
                "#[cfg_attr(x, allow(y))]\n#[expect(y)]\n#[ignore]\nfn f() {}\n"
            ),
            [1, 2, 3]
        );
        assert_eq!(lines("crates/a/src/lib.rs", "#![allow(unsafe_code)]\n"), [1]);
        assert_eq!(
            lines("crates/sys/src/lib.rs", "#![allow(unsafe_code, dead_code)]\n"),
            [1]
        );
    }

    #[test]
    fn takes_reasons() {
        assert_eq!(lines("crates/sys/src/lib.rs", "#![allow(unsafe_code)]\n"), []);
        assert_eq!(
            lines(
                "crates/a/src/b.rs",
                "#[expect(y, reason = \"z\")]\n#[ignore = \"slow\"]\nfn f() {}\n"
            ),
            []
        );
        assert_eq!(
            lines("crates/a/src/b.rs", "// #[allow(x)]\nfn allow(x: u8) {}\n"),
            []
        );
    }
}
