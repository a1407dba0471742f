//! Base 64, 32, 16 and 85. As lenient as the libraries that programs use: white space is skipped.

use super::Failure;

/// Base64, with the usual alphabet or that for addresses, with padding or without. What is no letter is skipped.
pub fn base64(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &letter in text {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => break,
            _ => continue,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    if bits >= 6 {
        Err(Failure::Malformed)
    } else {
        Ok(out)
    }
}

/// Base32 in either case.
pub fn base32(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(text.len() / 8 * 5 + 5);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for &letter in text {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a',
            b'2'..=b'7' => letter - b'2' + 26,
            b'=' => break,
            letter if letter.is_ascii_whitespace() => continue,
            _ => return Err(Failure::Malformed),
        };
        held = held << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Ok(out)
}

/// Hexadecimal in either case; white space and colons between the digits are skipped.
pub fn base16(text: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for &letter in text {
        let value = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'f' => letter - b'a' + 10,
            b'A'..=b'F' => letter - b'A' + 10,
            letter if letter.is_ascii_whitespace() || letter == b':' => continue,
            _ => return Err(Failure::Malformed),
        };
        match high.take() {
            None => high = Some(value),
            Some(high) => out.push(high << 4 | value),
        }
    }
    if high.is_some() {
        Err(Failure::Malformed)
    } else {
        Ok(out)
    }
}

/// The alphabets of base 85.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet85 {
    /// Adobe's, from `!` to `u`, with `z` for zeros, with or without `<~ ~>`.
    Ascii,
    /// That of RFC 1924, which Python calls `b85`.
    Rfc1924,
}

const RFC1924: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// Base 85.
pub fn base85(text: &[u8], alphabet: Alphabet85) -> Result<Vec<u8>, Failure> {
    let text = text.strip_prefix(b"<~").unwrap_or(text);
    let text = if alphabet == Alphabet85::Ascii {
        text.strip_suffix(b"~>").unwrap_or(text)
    } else {
        text
    };
    let mut out = Vec::with_capacity(text.len() / 5 * 4 + 4);
    let (mut held, mut count) = (0_u64, 0_usize);
    for &letter in text {
        let value = match (alphabet, letter) {
            (_, letter) if letter.is_ascii_whitespace() => continue,
            (Alphabet85::Ascii, b'z') if count == 0 => {
                out.extend([0; 4]);
                continue;
            }
            (Alphabet85::Ascii, b'!'..=b'u') => letter - b'!',
            (Alphabet85::Rfc1924, letter) => {
                let place = RFC1924.iter().position(|known| *known == letter);
                place
                    .and_then(|place| u8::try_from(place).ok())
                    .ok_or(Failure::Malformed)?
            }
            _ => return Err(Failure::Malformed),
        };
        held = held * 85 + u64::from(value);
        count += 1;
        if count == 5 {
            out.extend(u32::try_from(held).map_err(|_| Failure::Malformed)?.to_be_bytes());
            (held, count) = (0, 0);
        }
    }
    if count == 1 {
        return Err(Failure::Malformed);
    }
    if count > 1 {
        for _ in count..5 {
            held = held * 85 + 84;
        }
        let word = u32::try_from(held).map_err(|_| Failure::Malformed)?.to_be_bytes();
        out.extend(&word[..count - 1]);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_texts() {
        assert_eq!(base64(b"aGVsbG8="), Ok(b"hello".to_vec()));
        assert_eq!(base64(b"aGVs\nbG8"), Ok(b"hello".to_vec()));
        assert_eq!(base64(b"-_8="), Ok(vec![0xfb, 0xff]));
        assert_eq!(base64(b"a"), Err(Failure::Malformed));
        assert_eq!(base32(b"NBSWY3DP"), Ok(b"hello".to_vec()));
        assert_eq!(base16(b"68656c6C 6f"), Ok(b"hello".to_vec()));
        assert_eq!(base16(b"686"), Err(Failure::Malformed));
        assert_eq!(base85(b"<~BOu!rDZ~>", Alphabet85::Ascii), Ok(b"hello".to_vec()));
        assert_eq!(base85(b"Xk~0{Zv", Alphabet85::Rfc1924), Ok(b"hello".to_vec()));
    }
}
