//! zlib, gzip and bare deflate. A bomb ends at the bound.

use super::Failure;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit, decompress_to_vec_zlib_with_limit};

/// What zlib made; at most `most_bytes`.
pub fn zlib(data: &[u8], most_bytes: usize) -> Result<Vec<u8>, Failure> {
    decompress_to_vec_zlib_with_limit(data, most_bytes).map_err(|error| failure(error.status))
}

/// What deflate made, without a header; at most `most_bytes`.
pub fn deflate(data: &[u8], most_bytes: usize) -> Result<Vec<u8>, Failure> {
    decompress_to_vec_with_limit(data, most_bytes).map_err(|error| failure(error.status))
}

/// What gzip made (RFC 1952); at most `most_bytes`. Only the first member is read.
pub fn gzip(data: &[u8], most_bytes: usize) -> Result<Vec<u8>, Failure> {
    let body = gzip_body(data).ok_or(Failure::Malformed)?;
    deflate(body, most_bytes)
}

/// What any of the three made, as its beginning tells.
pub fn any(data: &[u8], most_bytes: usize) -> Result<Vec<u8>, Failure> {
    if data.starts_with(&[0x1f, 0x8b]) {
        return gzip(data, most_bytes);
    }
    match zlib(data, most_bytes) {
        Err(Failure::Malformed) => deflate(data, most_bytes),
        result => result,
    }
}

fn failure(status: TINFLStatus) -> Failure {
    if status == TINFLStatus::HasMoreOutput {
        Failure::TooLarge
    } else {
        Failure::Malformed
    }
}

/// Behind the header of a gzip member.
fn gzip_body(data: &[u8]) -> Option<&[u8]> {
    let rest = data.strip_prefix(&[0x1f, 0x8b, 8])?;
    let (&flags, rest) = rest.split_first()?;
    let mut rest = rest.get(6..)?;
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for _ in 0..(u32::from(flags & 8 != 0) + u32::from(flags & 16 != 0)) {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = &rest[end + 1..];
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZLIB: &[u8] = &[
        0x78, 0x9c, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x06, 0x2c, 0x02, 0x15,
    ];

    #[test]
    fn reads_what_others_wrote() {
        assert_eq!(zlib(ZLIB, 100), Ok(b"hello".to_vec()));
        assert_eq!(deflate(&ZLIB[2..], 100), Ok(b"hello".to_vec()));
        let mut gzip_bytes = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, b'n', 0];
        gzip_bytes.extend(&ZLIB[2..]);
        assert_eq!(gzip(&gzip_bytes, 100), Ok(b"hello".to_vec()));
        assert_eq!(any(&gzip_bytes, 100), Ok(b"hello".to_vec()));
    }

    #[test]
    fn a_bomb_ends() {
        assert_eq!(zlib(ZLIB, 3), Err(Failure::TooLarge));
        assert_eq!(any(b"\x1f\x8b", 3), Err(Failure::Malformed));
        assert_eq!(gzip(b"", 3), Err(Failure::Malformed));
    }
}
