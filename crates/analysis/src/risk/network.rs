//! Addresses in texts: what kind of host a program names, and what it asks it for.
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// What is told about the addresses of a text, as bits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Traits(u32);

impl Traits {
    /// An address by its number, not of this machine or a private network.
    pub(super) const NUMBER: Self = Self(1);
    /// A place that takes messages from anybody: hooks of chats, bots.
    pub(super) const HOOK: Self = Self(1 << 1);
    /// A place that catches requests to show them.
    pub(super) const CATCHER: Self = Self(1 << 2);
    /// A place where anybody leaves text.
    pub(super) const PASTE: Self = Self(1 << 3);
    /// A place where anybody leaves files.
    pub(super) const SHARE: Self = Self(1 << 4);
    /// A place that tells the caller's own address.
    pub(super) const WHOAMI: Self = Self(1 << 5);
    /// A program or script is fetched.
    pub(super) const PROGRAM: Self = Self(1 << 6);
    /// A top level domain that costs nothing or little and is used for abuse.
    pub(super) const CHEAP: Self = Self(1 << 7);
    /// A name that no person chose.
    pub(super) const RANDOM: Self = Self(1 << 8);
    /// Pages of anybody under a well-known name.
    pub(super) const HOSTED: Self = Self(1 << 9);
    /// A tunnel to a machine behind it, a hidden service, a dynamic name.
    pub(super) const TUNNEL: Self = Self(1 << 10);
    /// A port that is none of the usual ones.
    pub(super) const PORT: Self = Self(1 << 11);
    /// Only this machine, private networks or the names reserved for examples.
    pub(super) const LOCAL: Self = Self(1 << 12);
    /// The metadata service of a cloud.
    pub(super) const METADATA: Self = Self(1 << 13);
    /// A site's raw content or release, from somebody's repository.
    pub(super) const RAW: Self = Self(1 << 14);
    /// Any address at all.
    pub(super) const ANY: Self = Self(1 << 15);
    /// Without protection on the way.
    pub(super) const PLAIN: Self = Self(1 << 16);
    /// A pool of miners.
    pub(super) const MINING: Self = Self(1 << 17);
    /// More than one extension hides what the page is, or the host's name stands in the path.
    pub(super) const DISGUISED: Self = Self(1 << 18);

    /// Every trait with the name of its feature.
    pub(super) const NAMES: [(Self, &'static str); 19] = [
        (Self::NUMBER, "address.number"),
        (Self::HOOK, "address.hook"),
        (Self::CATCHER, "address.catcher"),
        (Self::PASTE, "address.paste"),
        (Self::SHARE, "address.share"),
        (Self::WHOAMI, "address.whoami"),
        (Self::PROGRAM, "address.program"),
        (Self::CHEAP, "address.cheap"),
        (Self::RANDOM, "address.random"),
        (Self::HOSTED, "address.hosted"),
        (Self::TUNNEL, "address.tunnel"),
        (Self::PORT, "address.port"),
        (Self::LOCAL, "address.local"),
        (Self::METADATA, "address.metadata"),
        (Self::RAW, "address.raw"),
        (Self::ANY, "address.any"),
        (Self::PLAIN, "address.plain"),
        (Self::MINING, "address.mining"),
        (Self::DISGUISED, "address.disguised"),
    ];

    /// Whether it has all of these.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds these.
    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

const HOSTS: &str = include_str!("../../../../resources/risk/hosts.txt");

/// A list of `resources/risk/hosts.txt` by its name.
fn list(name: &str) -> &'static [&'static str] {
    static LISTS: OnceLock<FxHashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    let lists = LISTS.get_or_init(|| {
        let mut lists: FxHashMap<&'static str, Vec<&'static str>> = FxHashMap::default();
        for line in HOSTS.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            if let Some(first) = words.next() {
                lists.entry(first).or_default().extend(words);
            }
        }
        lists
    });
    lists.get(name).map_or(&[], Vec::as_slice)
}

/// Adds the traits whose lists have a part of an address.
fn add_listed(address: &str, listed: &[(&str, Traits)], least: Least, traits: &mut Traits) {
    for (name, bit) in listed {
        if list(name)
            .iter()
            .any(|part| part.len() >= least.0 && address.contains(part))
        {
            traits.add(*bit);
        }
    }
}

/// How many letters a part must have to be believed.
#[derive(Clone, Copy)]
struct Least(usize);

/// The traits of all addresses in a text; at most 16 of them are looked at.
pub(super) fn traits_of(text: &str) -> Traits {
    let mut traits = Traits::default();
    let mut rest = text;
    for _ in 0..16 {
        let Some(at) = rest.find("://") else { break };
        let before = &rest.as_bytes()[..at];
        let letters = before
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'+')
            .count();
        let scheme = rest.get(at - letters..at).unwrap_or("");
        let tail = rest.get(at + 3..).unwrap_or("");
        let end = tail
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | ')' | '|' | ';'))
            .unwrap_or(tail.len());
        let url = tail.get(..end).unwrap_or("");
        if letters > 0 {
            look_at(scheme, url, &mut traits);
        }
        rest = tail.get(end..).unwrap_or("");
    }
    if !traits.has(Traits::ANY) {
        bare(text, &mut traits);
    }
    traits
}

/// A host without a scheme: `hooks.slack.com/...`, `10.1.2.3`, `x.oast.fun`.
fn bare(text: &str, traits: &mut Traits) {
    let text = text.trim();
    if text.len() > 300 || text.len() < 7 || !text.contains('.') {
        return;
    }
    let first = text.split_whitespace().next().unwrap_or("");
    if first.len() != text.len() {
        return;
    }
    let host = host_of(first);
    if let Some(number) = number_of(host) {
        traits.add(if number.is_local {
            Traits::LOCAL
        } else {
            Traits::NUMBER
        });
        return;
    }
    let lower = first.to_ascii_lowercase();
    if host.contains('.') {
        let listed = [
            ("hook", Traits::HOOK),
            ("catcher", Traits::CATCHER),
            ("tunnel", Traits::TUNNEL),
            ("whoami", Traits::WHOAMI),
            ("mining", Traits::MINING),
        ];
        add_listed(&lower, &listed, Least(6), traits);
    }
}

fn host_of(url: &str) -> &str {
    let end = url.find(['/', '?', '#', '\u{FFFC}']).unwrap_or(url.len());
    let host = url.get(..end).unwrap_or("");
    let host = host.rsplit('@').next().unwrap_or(host);
    host.split(':').next().unwrap_or(host)
}

struct Number {
    is_local: bool,
}

/// Reads a dotted address, or an address written as one number.
fn number_of(host: &str) -> Option<Number> {
    if host.starts_with("0x") && host.len() >= 8 && host[2..].bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some(Number { is_local: false });
    }
    let mut parts = [0_u16; 4];
    let mut count = 0;
    for part in host.split('.') {
        if count == 4 || part.is_empty() || part.len() > 3 {
            return None;
        }
        parts[count] = part.parse().ok().filter(|value| *value < 256)?;
        count += 1;
    }
    if count != 4 {
        return None;
    }
    let is_local = matches!(
        parts,
        [127 | 10 | 0, ..]
            | [192, 168, ..]
            | [172, 16..=31, ..]
            | [8, 8, ..]
            | [1, 1, 1, _]
            | [255, ..]
            | [192, 0, 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    ) || parts[0] >= 224;
    Some(Number { is_local })
}

fn look_at(scheme: &str, url: &str, traits: &mut Traits) {
    let lower = url.to_ascii_lowercase();
    let host = host_of(&lower);
    if host.is_empty() || !host.contains(['.', '\u{FFFC}']) && host != "localhost" {
        return;
    }
    traits.add(Traits::ANY);
    if scheme.eq_ignore_ascii_case("http") {
        traits.add(Traits::PLAIN);
    }
    if host == "localhost"
        || [
            "example.com",
            "example.org",
            "example.net",
            ".example",
            ".test",
            ".local",
            ".localhost",
            ".invalid",
            ".internal",
        ]
        .iter()
        .any(|name| host.ends_with(name))
    {
        traits.add(Traits::LOCAL);
        return;
    }
    if host == "169.254.169.254" || host == "metadata.google.internal" {
        traits.add(Traits::METADATA);
    }
    if let Some(number) = number_of(host) {
        traits.add(if number.is_local {
            Traits::LOCAL
        } else {
            Traits::NUMBER
        });
    }
    listed_traits(scheme, &lower, host, traits);
    let domain = host.rsplit('.').next().unwrap_or("");
    if list("cheap").contains(&domain) {
        traits.add(Traits::CHEAP);
    }
    if host.split('.').any(is_random_label) {
        traits.add(Traits::RANDOM);
    }
    path_traits(&lower, host, traits);
}

fn listed_traits(scheme: &str, lower: &str, host: &str, traits: &mut Traits) {
    let in_address = [
        ("hook", Traits::HOOK),
        ("catcher", Traits::CATCHER),
        ("paste", Traits::PASTE),
        ("share", Traits::SHARE),
        ("whoami", Traits::WHOAMI),
        ("mining", Traits::MINING),
    ];
    add_listed(lower, &in_address, Least(0), traits);
    let in_host = [("hosted", Traits::HOSTED), ("tunnel", Traits::TUNNEL)];
    add_listed(host, &in_host, Least(0), traits);
    if scheme.starts_with("stratum") {
        traits.add(Traits::MINING);
    }
    if ["raw.githubusercontent.com", "/raw/", "/releases/download/"]
        .iter()
        .any(|part| lower.contains(part))
    {
        traits.add(Traits::RAW);
    }
}

fn path_traits(lower: &str, host: &str, traits: &mut Traits) {
    let port = lower
        .get(host.len()..)
        .and_then(|rest| rest.strip_prefix(':'))
        .map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    if port.is_some_and(|digits| digits > 0)
        && ![":80/", ":443/", ":8080", ":8000", ":3000", ":5000"]
            .iter()
            .any(|usual| lower.contains(usual))
    {
        traits.add(Traits::PORT);
    }
    let Some(at) = lower.find('/') else { return };
    let path = lower.get(at + 1..).unwrap_or("");
    let path = path.split(['?', '#']).next().unwrap_or("");
    if list("program").iter().any(|end| path.ends_with(end)) {
        traits.add(Traits::PROGRAM);
    }
    let name = path.rsplit('/').next().unwrap_or("");
    let dotted: Vec<&str> = name.split('.').collect();
    let disguised = dotted.len() >= 4
        && name.ends_with("html")
        && dotted.iter().all(|part| (2..=12).contains(&part.len()))
        && dotted.iter().any(|part| is_mixed(part));
    if disguised
        || lower
            .get(at..)
            .is_some_and(|rest| rest.contains('@') || rest.contains("%2e%2e"))
            && host.len() < 4
    {
        traits.add(Traits::DISGUISED);
    }
}

/// Letters and digits mixed, as in names that were drawn and not chosen.
fn is_mixed(part: &str) -> bool {
    let bytes = part.as_bytes();
    let changes = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit())
        .count();
    bytes.len() >= 5 && changes >= 2
}

/// A label that looks drawn: long, with digits among letters or hardly a vowel.
fn is_random_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    if bytes.len() < 12 || label.contains('-') && bytes.len() < 24 {
        return false;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let vowels = bytes
        .iter()
        .filter(|byte| matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u'))
        .count();
    digits * 5 >= bytes.len() && digits < bytes.len() || bytes.len() >= 16 && vowels * 6 < bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_what_they_are() {
        for (text, bit) in [
            ("see http://93.184.216.34/x", Traits::NUMBER),
            ("https://discord.com/api/webhooks/1/abc", Traits::HOOK),
            ("curl https://api.ipify.org", Traits::WHOAMI),
            ("http://example.com/a.exe", Traits::LOCAL),
            ("http://files.somewhere.info/a.exe", Traits::PROGRAM),
            ("https://abc.xyz/", Traits::CHEAP),
            ("http://q7w8e9r0t1y2u3.somewhere.info/", Traits::RANDOM),
            ("http://somewhere.info:4444/", Traits::PORT),
            ("http://127.0.0.1:8080/", Traits::LOCAL),
            ("93.184.216.34", Traits::NUMBER),
        ] {
            assert!(traits_of(text).has(bit), "{text}");
        }
        assert!(!traits_of("http://example.com/a.exe").has(Traits::PROGRAM));
        assert!(!traits_of("no address: here").has(Traits::ANY));
    }
}
