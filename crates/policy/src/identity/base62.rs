//! Numbers as digits and letters: no character of a key ends a word, so that a double click takes it whole.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// So many digits of a big-endian number, the first digit first.
///
/// Digits that do not fit are left out: the caller takes as many as the number can have.
pub fn digits<const DIGITS: usize>(number: &[u8]) -> [u8; DIGITS] {
    let mut rest = number.to_vec();
    let mut text = [ALPHABET[0]; DIGITS];
    for digit in text.iter_mut().rev() {
        *digit = ALPHABET[usize::from(divide(&mut rest))];
    }
    rest.fill(0);
    text
}

/// Whether a byte is one of the digits.
pub fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// Divides a big-endian number by 62, and gives the remainder.
fn divide(number: &mut [u8]) -> u8 {
    let mut carry = 0u32;
    for byte in number {
        let value = carry << 8 | u32::from(*byte);
        *byte = (value / 62) as u8;
        carry = value % 62;
    }
    carry as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &[u8]) -> u128 {
        let position = |byte: &u8| ALPHABET.iter().position(|a| a == byte).unwrap() as u128;
        text.iter().fold(0, |sum, byte| sum * 62 + position(byte))
    }

    #[test]
    fn the_largest_numbers_fit() {
        // 62^43 is above 2^256, and 62^6 above 2^32.
        let text = digits::<43>(&[255; 32]);
        assert!(text[0] > ALPHABET[0] && text.iter().all(|b| is_digit(*b)));
        assert_eq!(value(&digits::<6>(&u32::MAX.to_be_bytes())), u128::from(u32::MAX));
    }

    proptest! {
        #[test]
        fn digits_are_the_number(number: u128) {
            prop_assert_eq!(value(&digits::<22>(&number.to_be_bytes())), number);
        }
    }
}
