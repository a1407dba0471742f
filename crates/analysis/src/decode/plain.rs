//! Ways of hiding that need no format: rot13, XOR with a key, strings within marshalled code.

/// Rot13.
pub fn rot13(text: &str) -> String {
    let turn = |letter: char, first: u8| char::from((letter as u8 - first + 13) % 26 + first);
    text.chars()
        .map(|letter| match letter {
            'a'..='z' => turn(letter, b'a'),
            'A'..='Z' => turn(letter, b'A'),
            letter => letter,
        })
        .collect()
}

/// XOR with a key that is repeated; an empty key changes nothing.
pub fn xor(data: &[u8], key: &[u8]) -> Vec<u8> {
    if key.is_empty() {
        return data.to_vec();
    }
    data.iter()
        .zip(key.iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect()
}

/// The texts within what Python's marshal made: names and constants of code, in order, at most `most`.
pub fn marshal_texts(data: &[u8], most: usize) -> Vec<String> {
    let mut texts = Vec::new();
    let mut place = 0;
    while place < data.len() && texts.len() < most {
        let kind = data[place] & 0x7f;
        let (length, head) = match kind {
            b's' | b'u' | b't' | b'a' | b'A' => {
                let Some(length) = data.get(place + 1..place + 5) else {
                    break;
                };
                let length = length
                    .iter()
                    .rev()
                    .fold(0_usize, |all, byte| all << 8 | usize::from(*byte));
                (length, 5)
            }
            b'z' | b'Z' => (data.get(place + 1).map_or(0, |length| usize::from(*length)), 2),
            _ => {
                place += 1;
                continue;
            }
        };
        let start = place + head;
        let text = start
            .checked_add(length)
            .and_then(|end| data.get(start..end))
            .and_then(printable);
        match text {
            Some(text) => {
                place = start + length;
                texts.push(text);
            }
            // A letter that only looks like the beginning of a text.
            None => place += 1,
        }
    }
    texts
}

fn printable(bytes: &[u8]) -> Option<String> {
    if bytes.len() < 3 {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let good = text
        .chars()
        .all(|letter| !letter.is_control() || letter.is_whitespace());
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_and_mixes() {
        assert_eq!(rot13("Hello, 1"), "Uryyb, 1");
        assert_eq!(rot13(&rot13("Hello")), "Hello");
        assert_eq!(xor(&xor(b"hello", b"ab"), b"ab"), b"hello");
        assert_eq!(xor(b"hello", b""), b"hello");
    }

    #[test]
    fn finds_texts_in_marshalled_code() {
        let mut data = b"\xe3\x00\x00\x00\x00".to_vec();
        data.extend(b"\xfa\x06system");
        data.extend(b"u\x04\x00\x00\x00echo");
        data.extend(b"s\xff\xff\xff\xff");
        assert_eq!(marshal_texts(&data, 10), ["system", "echo"]);
    }
}
