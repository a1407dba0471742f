//! What programs hide code in: base 64 and its like, deflate, marshal. It stands in a program that anybody may send.
//!
//! Whatever the bytes are, decoding ends, and yields no more than was allowed.
#![no_main]

use casemate_analysis::decode;

const MOST: usize = 1 << 16;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = decode::base64(data).map(|bytes| assert!(bytes.len() <= data.len()));
    let _ = decode::base32(data).map(|bytes| assert!(bytes.len() <= data.len()));
    let _ = decode::base16(data).map(|bytes| assert!(bytes.len() <= data.len()));
    for alphabet in [decode::Alphabet85::Ascii, decode::Alphabet85::Rfc1924] {
        let _ = decode::base85(data, alphabet).map(|bytes| assert!(bytes.len() <= data.len() * 5));
    }
    for inflate in [decode::zlib, decode::deflate, decode::gzip, decode::any] {
        let _ = inflate(data, MOST).map(|bytes| assert!(bytes.len() <= MOST));
    }
    assert!(decode::marshal_texts(data, 16).len() <= 16);
    let text = String::from_utf8_lossy(data);
    assert_eq!(decode::rot13(&decode::rot13(&text)), text);
    assert_eq!(decode::xor(&decode::xor(data, b"key"), b"key"), data);
});
