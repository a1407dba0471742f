//! Who may ask, while callers are not told apart: programs of this machine, by one of its own names. A web page in
//! the user's browser must not be able to run code, so neither a name that was made to point here (DNS rebinding)
//! nor a page of somebody else gets an answer.

use crate::problem::{Kind, Problem};
use hyper::header::{HOST, HeaderMap, ORIGIN};
use hyper::http::Uri;

/// Checks the target and the headers of a request.
///
/// # Errors
/// A [`Problem`] of status 403.
pub(crate) fn check(target: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() || !host.is_some_and(is_loopback) {
        return Err(foreign("Host", "localhost, 127.0.0.1 or [::1]"));
    }
    // A target in absolute form names a host too, and wins over the header: RFC 9112, section 3.2.2.
    if target
        .authority()
        .is_some_and(|named| !is_loopback(named.as_str()))
    {
        return Err(foreign("Host", "localhost, 127.0.0.1 or [::1]"));
    }
    for origin in headers.get_all(ORIGIN) {
        if !origin.to_str().is_ok_and(is_loopback_origin) {
            return Err(foreign("Origin", "a page of localhost, 127.0.0.1 or [::1]"));
        }
    }
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site.as_bytes().eq_ignore_ascii_case(b"cross-site")) {
        return Err(foreign("Sec-Fetch-Site", "not cross-site"));
    }
    Ok(())
}

fn foreign(header: &'static str, bound: &'static str) -> Problem {
    Problem::new(Kind::Foreign, format!("{header}: only this machine may ask"))
        .field(header)
        .bound(bound)
}

fn is_loopback_origin(origin: &str) -> bool {
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(is_loopback)
}

/// Whether a host with or without a port is a name of this machine.
fn is_loopback(host: &str) -> bool {
    let (name, port) = match host.rfind(':') {
        Some(at) if !host.ends_with(']') => (&host[..at], Some(&host[at + 1..])),
        _ => (host, None),
    };
    let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    port.is_none_or(is_port)
        && (matches!(name, "127.0.0.1" | "[::1]") || name.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: Option<&str>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let got = super::check(&Uri::from_static("/v1/executions"), &map);
        assert_eq!(
            got.err().and_then(|p| p.field).as_deref(),
            expected,
            "{headers:?}"
        );
    }

    #[test]
    fn only_names_of_this_machine_pass() {
        for host in [
            "localhost",
            "LocalHost:8484",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:65535",
        ] {
            check(&[("host", host)], None);
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "localhost.",
            "127.0.0.1.nip.io",
            "127.0.0.2",
            "::1",
            "localhost:",
            "localhost:x",
            "localhost:123456",
            "user@localhost",
            "localhost:80:80",
            "[::1]x",
            "0.0.0.0",
        ] {
            check(&[("host", host)], Some("Host"));
        }
        check(&[], Some("Host"));
        check(&[("host", "localhost"), ("host", "evil.example")], Some("Host"));
    }

    #[test]
    fn pages_of_others_do_not_pass() {
        for origin in ["http://localhost", "http://127.0.0.1:3000", "https://[::1]:8484"] {
            check(&[("host", "localhost"), ("origin", origin)], None);
        }
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost.evil.example",
            "file://localhost",
            "localhost",
        ] {
            check(&[("host", "localhost"), ("origin", origin)], Some("Origin"));
        }
        check(
            &[("host", "localhost"), ("sec-fetch-site", "cross-site")],
            Some("Sec-Fetch-Site"),
        );
        check(&[("host", "localhost"), ("sec-fetch-site", "same-origin")], None);
    }

    #[test]
    fn an_absolute_target_is_a_host_too() {
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost".parse().unwrap());
        assert!(super::check(&Uri::from_static("http://evil.example/v1/status"), &headers).is_err());
        assert!(super::check(&Uri::from_static("http://localhost:8484/v1/status"), &headers).is_ok());
    }
}
