//! Blanks out what is not code, so that a search for a word finds only code.
//!
//! `mask` keeps every byte position and every newline; comments, string contents and character literals become
//! spaces. The quotes stay, so that it can be seen that there was a string. It is not a parser: it knows just
//! enough of Rust's lexical structure (The Rust Reference, "Tokens") to tell these apart.

/// The text with comments and literal contents blanked; the same length in bytes.
pub fn mask(text: &str) -> String {
    let mut mask = Mask {
        bytes: text.as_bytes(),
        out: Vec::with_capacity(text.len()),
        at: 0,
    };
    while mask.at < mask.bytes.len() {
        mask.step();
    }
    // Only whole characters are copied, so this never replaces anything.
    String::from_utf8_lossy(&mask.out).into_owned()
}

/// Whether the byte may be part of a word.
pub fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The positions of `word` in masked code, as a whole word.
pub fn find_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|index| bytes.get(index));
        let after = bytes.get(at + word.len());
        !before.is_some_and(|byte| is_word_byte(*byte)) && !after.is_some_and(|byte| is_word_byte(*byte))
    })
}

/// The position after the bracket that closes the one at `open`, in masked code.
pub fn matching(code: &str, open: usize) -> Option<usize> {
    let bytes = code.as_bytes();
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

struct Mask<'a> {
    bytes: &'a [u8],
    out: Vec<u8>,
    at: usize,
}

impl Mask<'_> {
    fn step(&mut self) {
        let rest = &self.bytes[self.at..];
        match rest {
            [b'/', b'/', ..] => self.line_comment(),
            [b'/', b'*', ..] => self.block_comment(),
            [b'"', ..] => self.string(),
            [b'r', b'"' | b'#', ..] if self.starts_word() => self.raw_string(),
            [b'\'', ..] => self.character_or_lifetime(),
            _ => self.keep(1),
        }
    }

    /// Whether a raw string may begin here: at the start of a word, or after the `b` or `c` that does.
    fn starts_word(&self) -> bool {
        let byte = |back: usize| self.at.checked_sub(back).map(|index| self.bytes[index]);
        match byte(1) {
            Some(b'b' | b'c') => !byte(2).is_some_and(is_word_byte),
            Some(other) => !is_word_byte(other),
            None => true,
        }
    }

    fn keep(&mut self, count: usize) {
        self.out.extend_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
    }

    fn blank(&mut self, count: usize) {
        let end = (self.at + count).min(self.bytes.len());
        for byte in &self.bytes[self.at..end] {
            self.out.push(if *byte == b'\n' { b'\n' } else { b' ' });
        }
        self.at = end;
    }

    fn line_comment(&mut self) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        self.blank(length);
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match &self.bytes[self.at..] {
                [b'/', b'*', ..] => {
                    depth += 1;
                    self.blank(2);
                }
                [b'*', b'/', ..] => {
                    depth -= 1;
                    self.blank(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.blank(1),
            }
        }
    }

    fn string(&mut self) {
        self.keep(1);
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.blank(2),
                b'"' => return self.keep(1),
                _ => self.blank(1),
            }
        }
    }

    /// `r"…"`, `r#"…"#` and so on; `r#name` is a raw identifier and stays.
    fn raw_string(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        if rest.get(hashes) != Some(&b'"') {
            return self.keep(1);
        }
        self.keep(1);
        self.blank(hashes);
        self.keep(1);
        while self.at < self.bytes.len() {
            let rest = &self.bytes[self.at..];
            let closes = rest[0] == b'"'
                && rest[1..]
                    .iter()
                    .take(hashes)
                    .filter(|byte| **byte == b'#')
                    .count()
                    == hashes;
            if closes {
                self.keep(1);
                return self.blank(hashes);
            }
            self.blank(1);
        }
    }

    /// `'x'` and `'\n'` are characters; `'a` without a closing quote is a lifetime.
    fn character_or_lifetime(&mut self) {
        let rest = &self.bytes[self.at + 1..];
        let length = match rest {
            [b'\\', ..] => rest
                .iter()
                .skip(2)
                .position(|byte| *byte == b'\'')
                .map(|end| end + 2),
            [first, ..] => {
                let width = match first {
                    0..0x80 => 1,
                    0x80..0xe0 => 2,
                    0xe0..0xf0 => 3,
                    _ => 4,
                };
                (rest.get(width) == Some(&b'\'')).then_some(width)
            }
            [] => None,
        };
        match length {
            Some(length) => self.blank(length + 2),
            None => self.keep(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked, expected);
    }

    #[test]
    fn blanks_comments_and_strings() {
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"f("un\"safe") g"#, r#"f("        ") g"#);
        check("f(\"a\nb\")", "f(\" \n \")");
    }

    #[test]
    fn blanks_raw_strings_only() {
        check(r###"x(r#"a"b"#) y"###, r###"x(r "   " ) y"###);
        check(r#"x(br"a\") y"#, r#"x(br"  ") y"#);
        check("r#fn r#type", "r#fn r#type");
        check(r#"bar"x""#, r#"bar" ""#);
    }

    #[test]
    fn tells_characters_from_lifetimes() {
        check("f('{', b'\\'', 'é') g", "f(   , b    ,     ) g");
        check("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check("'\\u{7f}' x", "         x");
        check("'outer: loop { break 'outer }", "'outer: loop { break 'outer }");
    }

    #[test]
    fn survives_what_does_not_end() {
        for text in ["\"", "r#\"x", "/* /*", "'", "'\\", "\\", "b'"] {
            assert_eq!(mask(text).len(), text.len(), "{text}");
        }
    }

    #[test]
    fn finds_words_and_brackets() {
        assert_eq!(
            find_word("unsafe_code unsafe xunsafe", "unsafe").collect::<Vec<_>>(),
            [12]
        );
        assert_eq!(matching("f(a[b]{c})d", 1), Some(10));
        assert_eq!(matching("f(a", 1), None);
    }
}
