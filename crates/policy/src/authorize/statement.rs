//! A text of policies as its single statements: each is parsed alone, under an id that says where it stands.
//!
//! Cedar ends a policy with `;`, and that character stands in strings and comments too. Nothing else of the
//! language is known here: whatever a part is, Cedar parses it.

/// One statement: where it begins, and its text with the `;`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Statement<'a> {
    pub offset: usize,
    pub text: &'a str,
}

/// The statements of a text, without the space and the comments before each. What follows the last `;` is one more
/// when it is more than that, so that nothing is passed over.
pub(super) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut start = blank(text, 0);
    let mut at = start;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b'"' => string_end(bytes, at),
            b'/' if bytes.get(at + 1) == Some(&b'/') => line_end(bytes, at),
            b';' => {
                found.push(Statement {
                    offset: start,
                    text: &text[start..=at],
                });
                start = blank(text, at + 1);
                start
            }
            _ => at + 1,
        };
    }
    if start < text.len() {
        found.push(Statement {
            offset: start,
            text: &text[start..],
        });
    }
    found
}

/// Behind the space and the comments that begin here.
fn blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        let space = rest.len() - rest.trim_start().len();
        at += space;
        if !text[at..].starts_with("//") {
            return at;
        }
        at = line_end(text.as_bytes(), at);
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| at + end)
}

/// Behind the string that begins here, or the end of the text.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = statements(text).iter().map(|one| one.text).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn statements_end_at_their_own_semicolon() {
        check("", &[]);
        check(" // only; a comment\n", &[]);
        check("// a\n a; b;// c;\n", &["a;", "b;"]);
        check(r#"a "x;\";" ; b"#, &[r#"a "x;\";" ;"#, "b"]);
        check("a /x;", &["a /x;"]);
        check("a // b;\n c;", &["a // b;\n c;"]);
        check(r#"a "\"#, &[r#"a "\"#]);
        check(";;", &[";", ";"]);
    }

    proptest! {
        #[test]
        fn nothing_is_passed_over(text in "[a;/\"\\\\ \né]{0,40}") {
            let found = statements(&text);
            let mut end = 0;
            for one in &found {
                prop_assert_eq!(&text[one.offset..one.offset + one.text.len()], one.text);
                prop_assert!(one.offset >= end && is_blank(&text[end..one.offset]));
                end = one.offset + one.text.len();
            }
            prop_assert!(is_blank(&text[end..]));
        }
    }

    fn is_blank(text: &str) -> bool {
        text.lines().all(|line| {
            let line = line.trim();
            line.is_empty() || line.starts_with("//")
        })
    }
}
