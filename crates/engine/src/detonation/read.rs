//! What the bytes of a witness's record mean: socket addresses, and the names that a resolver is asked for.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest name that is read of a query (RFC 1035, 2.3.4).
const MAX_NAME_BYTES: usize = 253;

/// Where a socket is to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The address as text.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
    /// Whether it is the sandbox itself.
    pub(super) is_own: bool,
}

/// An address of the internet (`struct sockaddr_in`, `struct sockaddr_in6`); none for other families.
pub(super) fn place(address: &[u8]) -> Option<Place> {
    let family = u16::from_ne_bytes(address.get(..2)?.try_into().ok()?);
    let port = u16::from_be_bytes(address.get(2..4)?.try_into().ok()?);
    let (host, is_own) = match family {
        2 => {
            let ip = Ipv4Addr::from(<[u8; 4]>::try_from(address.get(4..8)?).ok()?);
            (ip.to_string(), ip.is_loopback() || ip.is_unspecified())
        }
        10 => {
            let ip = Ipv6Addr::from(<[u8; 16]>::try_from(address.get(8..24)?).ok()?);
            let own = ip
                .to_ipv4_mapped()
                .map_or(ip.is_loopback(), |v4| v4.is_loopback());
            (ip.to_string(), own || ip.is_unspecified())
        }
        _ => return None,
    };
    Some(Place { host, port, is_own })
}

/// The name of the first question of a DNS query (RFC 1035, 4.1); none for what is no query.
pub(super) fn question(bytes: &[u8]) -> Option<String> {
    let (head, mut rest) = bytes.split_at_checked(12)?;
    let is_query = head[2] & 0xf8 == 0 && head[4..6] == [0, 1];
    if !is_query {
        return None;
    }
    let mut labels: Vec<String> = Vec::new();
    let mut length = 0;
    loop {
        let (size, after) = rest.split_first()?;
        let size = usize::from(*size);
        if size == 0 {
            break;
        }
        let (label, after) = after.split_at_checked(size)?;
        length += size + 1;
        let fine = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        if size > 63 || length > MAX_NAME_BYTES + 1 || !label.iter().all(fine) {
            return None;
        }
        labels.push(String::from_utf8_lossy(label).into_owned());
        rest = after;
    }
    (!labels.is_empty()).then(|| labels.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_questions_are_read_and_nothing_else_is() {
        let v4 = [
            &2u16.to_ne_bytes()[..],
            &443u16.to_be_bytes(),
            &[198, 51, 100, 7],
            &[0; 8],
        ]
        .concat();
        let seen = place(&v4).unwrap();
        assert_eq!(
            (seen.host.as_str(), seen.port, seen.is_own),
            ("198.51.100.7", 443, false)
        );
        assert_eq!(place(&v4[..6]), None);
        assert_eq!(place(&[1, 0, b'/', b'x']), None);
        let query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04evil\x04test\x00\x00\x01\x00\x01";
        assert_eq!(question(query).as_deref(), Some("evil.test"));
        for cut in 0..query.len() - 5 {
            assert_eq!(question(&query[..cut]), None, "{cut}");
        }
    }
}
