//! Decodes base64 as it appears in results. `Outcome` calls it. It must never accept a broken
//! text: a result that cannot be decoded is a failure of the product.

/// The bytes of a standard, padded base64 text (RFC 4648 section 4).
pub(crate) fn decode(text: &str) -> Vec<u8> {
    assert!(
        text.len().is_multiple_of(4),
        "base64 of {} characters",
        text.len()
    );
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let body = text.trim_end_matches('=');
    let (mut word, mut bits) = (0_u32, 0_u32);
    for character in body.bytes() {
        word = (word << 6) | u32::from(value(character));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    bytes
}

fn value(character: u8) -> u8 {
    match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other:#x} is no base64 character"),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn check(text: &str, expected: &[u8]) {
        assert_eq!(decode(text), expected);
    }

    #[test]
    fn decodes() {
        check("", b"");
        check("Zg==", b"f");
        check("Zm8=", b"fo");
        check("Zm9v", b"foo");
        check("/+7/", &[0xff, 0xee, 0xff]);
    }
}
