//! The form of a record: one line of JSON that begins with what the recorder gave it.
//!
//! ```text
//! {"metadata":{"uid":"<id>","sequence":<n>,"logged_time":<ms>,"correlation_uid":"<session>-<counter>",
//!  "version":"1.3.0","product":{...}},"prev":"<hash of the record before>",<the event>}
//! ```
//!
//! without the line breaks. The order of these members is fixed, so that a reader needs no JSON to follow the chain.

use crate::error::AuditError;
use crate::hash::Hash;
use casemate_types::AuditId;
use serde::de::IgnoredAny;
use std::collections::HashSet;
use std::fmt::Write as _;

/// Longest record, bytes.
pub const MAX_RECORD_BYTES: usize = 64 << 10;

/// Version of OCSF, and who makes the records.
const PRODUCT: &str = r#""version":"1.3.0","product":{"name":"Casemate","vendor_name":"Casemate"}"#;

/// Which request to append made a record: the session of a client, and the count of its requests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Origin {
    /// Drawn anew by each client.
    pub session: u64,
    /// From 1; 0 for records of the recorder's own.
    pub counter: u64,
}

/// What the recorder gives a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Its id.
    pub id: AuditId,
    /// Its place, from 0.
    pub sequence: u64,
    /// When the recorder took it, in milliseconds since 1970-01-01 UTC.
    pub logged_ms: u64,
    /// Who asked for it.
    pub origin: Origin,
    /// The hash of the record before it.
    pub previous: Hash,
}

/// Writes a record behind what is there, with its line's end.
pub fn write(to: &mut Vec<u8>, header: &Header, members: &str) {
    let mut text = String::with_capacity(320 + members.len());
    let Header {
        id,
        sequence,
        logged_ms,
        origin,
        previous,
    } = header;
    let _ = write!(
        text,
        r#"{{"metadata":{{"uid":"{id}","sequence":{sequence},"logged_time":{logged_ms},"correlation_uid":"{:016x}-{}",{PRODUCT}}},"prev":"{previous}",{members}}}"#,
        origin.session, origin.counter,
    );
    text.push('\n');
    to.extend_from_slice(text.as_bytes());
}

/// Reads what the recorder gave a record, which is its line without the end.
///
/// # Errors
/// [`AuditError::NotARecord`], with the first thing that is wrong.
pub fn parse(line: &[u8]) -> Result<Header, AuditError> {
    let wrong = AuditError::NotARecord;
    if line.len() > MAX_RECORD_BYTES {
        return Err(wrong("it is longer than a record may be"));
    }
    let text = std::str::from_utf8(line).map_err(|_| wrong("it is not UTF-8"))?;
    let mut rest = Rest(text);
    rest.skip(r#"{"metadata":{"uid":""#)?;
    let id = rest
        .until('"')?
        .parse()
        .map_err(|_| wrong("its id is malformed"))?;
    rest.skip(r#","sequence":"#)?;
    let sequence = number(rest.until(',')?)?;
    rest.skip(r#""logged_time":"#)?;
    let logged_ms = number(rest.until(',')?)?;
    rest.skip(r#""correlation_uid":""#)?;
    let origin = origin(rest.until('"')?).ok_or(wrong("its correlation_uid is malformed"))?;
    rest.skip(",")?;
    rest.skip(PRODUCT)?;
    rest.skip(r#"},"prev":""#)?;
    let previous = Hash::from_hex(rest.until('"')?).ok_or(wrong("its prev is malformed"))?;
    rest.skip(",\"")?;
    if !text.ends_with('}') {
        return Err(wrong("it has no end"));
    }
    Ok(Header {
        id,
        sequence,
        logged_ms,
        origin,
        previous,
    })
}

/// Checks what a client wants recorded: members of an object that is JSON, fits, and says nothing in the recorder's
/// place. Whoever took the server may write nonsense, but no records of the recorder's.
///
/// # Errors
/// [`AuditError::NotARecord`].
pub fn check_members(members: &str) -> Result<(), AuditError> {
    let wrong = AuditError::NotARecord;
    if members.len() > MAX_RECORD_BYTES - 512 {
        return Err(wrong("it is longer than a record may be"));
    }
    if members.bytes().any(|byte| byte < 0x20) {
        return Err(wrong("it has a control character"));
    }
    let json = format!("{{{members}}}");
    let object: Members = serde_json::from_str(&json).map_err(|_| wrong("it is not an object of JSON"))?;
    if object.0 {
        return Err(wrong("a member comes twice, or is the recorder's own"));
    }
    let kind = crate::search::kind_in(json.as_bytes()).ok_or(wrong("it is of no known kind"))?;
    if kind.is_recorders() {
        return Err(wrong("only the recorder writes records of this kind"));
    }
    Ok(())
}

/// Whether the members of an object are wrong.
struct Members(bool);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut names: HashSet<String> = HashSet::new();
                let mut is_wrong = false;
                while let Some(name) = map.next_key::<String>()? {
                    map.next_value::<IgnoredAny>()?;
                    is_wrong |= matches!(&*name, "metadata" | "prev") || !names.insert(name);
                }
                Ok(Members(is_wrong))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, expected: &str) -> Result<(), AuditError> {
        let rest = self.0.strip_prefix(expected);
        self.0 = rest.ok_or(AuditError::NotARecord(
            "its first members are not those of a record",
        ))?;
        Ok(())
    }

    fn until(&mut self, end: char) -> Result<&'a str, AuditError> {
        let (before, behind) = self
            .0
            .split_once(end)
            .ok_or(AuditError::NotARecord("it has no end"))?;
        self.0 = behind;
        Ok(before)
    }
}

/// A number as it is written: no sign, no zero before it.
fn number(text: &str) -> Result<u64, AuditError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = is_plain.then(|| text.parse().ok()).flatten();
    number.ok_or(AuditError::NotARecord("a number of it is malformed"))
}

fn origin(text: &str) -> Option<Origin> {
    let (session, counter) = text.split_once('-')?;
    let mut bytes = [0; 8];
    let session = crate::hash::decode_hex(session, &mut bytes).then_some(u64::from_be_bytes(bytes))?;
    Some(Origin {
        session,
        counter: number(counter).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Kind};
    use proptest::prelude::*;

    fn header() -> Header {
        Header {
            id: AuditId::from_value(77),
            sequence: 12,
            logged_ms: 1_700_000_000_000,
            origin: Origin {
                session: 0xabc,
                counter: 9,
            },
            previous: Hash::leaf(b"x"),
        }
    }

    #[test]
    fn a_record_reads_back_and_is_json() {
        let members = Event::new(Kind::LogIn).text("name", "a\nb").into_members();
        check_members(&members).expect("an event");
        let mut line = Vec::new();
        write(&mut line, &header(), &members);
        assert_eq!(line.pop(), Some(b'\n'));
        assert_eq!(parse(&line).expect("a record"), header());
        let json: serde_json::Value = serde_json::from_slice(&line).expect("json");
        assert_eq!(json["metadata"]["sequence"], 12);
        for cut in 0..line.len() {
            // What ends with a brace may look whole: such a line has no end, which its reader sees.
            assert!(parse(&line[..cut]).is_err() || line[cut - 1] == b'}', "{cut}");
        }
    }

    #[test]
    fn a_client_cannot_speak_for_the_recorder() {
        let good = Event::new(Kind::LogIn).into_members();
        let epoch = Event::new(Kind::Epoch).into_members();
        for bad in [
            "",
            "1",
            &epoch,
            &format!(r#"{good},"prev":"x""#),
            &format!(r#"{good},"metadata":{{}}"#),
            &format!(r#"{good},"time":1"#),
            &format!(r#"{good}}},{{"a":1"#),
            &format!("{good},\n\"a\":1"),
            r#""unmapped":{"kind":"nothing"}"#,
        ] {
            assert!(check_members(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,200}") {
            let _ = parse(&line);
            let _ = check_members(&text);
        }
    }
}
