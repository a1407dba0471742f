//! Percent-encoding of paths and queries: RFC 3986, section 2.1.

/// Reads `%41` as `A`; `None` for a broken escape, or bytes that are no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (high, low) = (digit(*after.first()?)?, digit(*after.get(1)?)?);
            bytes.push(high << 4 | low);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Writes a text so that it can stand in a path; a slash stays one.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => {
                encoded.push('%');
                for half in [byte >> 4, byte & 15] {
                    encoded.push(char::from(b"0123456789ABCDEF"[usize::from(half)]));
                }
            }
        }
    }
    encoded
}

fn digit(byte: u8) -> Option<u8> {
    // At most 15: it fits.
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_escapes_are_refused() {
        for bad in ["%", "%4", "%4g", "%-1", "a%", "%ff", "%c3"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert_eq!(decode("a%2Fb+c").as_deref(), Some("a/b+c"));
    }

    proptest! {
        #[test]
        fn what_was_encoded_reads_back(text in ".{0,40}") {
            prop_assert_eq!(decode(&encode(&text)), Some(text));
        }
    }
}
