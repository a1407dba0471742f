//! Constant texts: what a text is, by its letters and by the words in it.

use super::features::{Features, Holds};
use super::markers;
use super::network::{Traits, traits_of};
use super::place::{Place, place_of};
use crate::fact::Origin;

const PROGRAM_ENDS: &[&str] = &[
    ".exe", ".bat", ".cmd", ".ps1", ".scr", ".dll", ".vbs", ".msi", ".hta", ".pif", ".lnk", ".pyw",
];

/// Adds what one text tells.
pub(super) fn look_at(text: &str, origin: Origin, features: &mut Features) {
    let hidden = matches!(origin, Origin::Decoded(_));
    if hidden {
        features.set("text.decoded");
    }
    let traits = traits_of(text);
    for (bit, name) in Traits::NAMES {
        if traits.has(bit) {
            features.set(name);
            if hidden {
                features.set("hidden.address");
            }
        }
    }
    if let Some(target) = place_of(text) {
        features.set(place_name(target.place));
        features.set_if(
            "place.climbs",
            Holds(target.climbs && target.place.is_sensitive()),
        );
    }
    blobs(text, features);
    markers::look_for(text, |name, distinct| {
        features.set(name);
        if hidden {
            features.set("hidden.marker");
        }
        if distinct > 1 && name == "text.browser-data" {
            features.set("text.browser-data-many");
        }
    });
    if text.len() < 200 && PROGRAM_ENDS.iter().any(|end| ends_with_letters(text, end)) {
        features.set("text.program-file");
    }
    wallets(text, features);
}

/// The name of a place as a text.
pub(super) fn place_name(place: Place) -> &'static str {
    match place {
        Place::Secret => "place.secret",
        Place::Startup => "place.startup",
        Place::Record => "place.record",
        Place::Device => "place.device",
        Place::Accounts => "place.accounts",
        Place::Setup => "place.setup",
        Place::Kernel => "place.kernel",
        Place::Whole => "place.whole",
        Place::System => "place.system",
        Place::Known => "place.known",
        Place::Home => "place.home",
        Place::Temporary => "place.temporary",
    }
}

/// Long texts that are no language: base64, hex, escaped bytes, ciphers.
fn blobs(text: &str, features: &mut Features) {
    if text.len() < 80 {
        return;
    }
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    let spaces = f64::from(counts[32] + counts[10] + counts[9]) / total;
    let of = |test: fn(u8) -> bool| {
        (0..=255_u8)
            .filter(|byte| test(*byte))
            .map(|byte| counts[usize::from(byte)])
            .sum::<u32>()
    };
    let hex = f64::from(of(|byte| byte.is_ascii_hexdigit())) / total;
    let base = f64::from(of(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
    })) / total;
    let odd = f64::from(of(|byte| {
        byte >= 128 || byte < 32 && !matches!(byte, 9 | 10 | 13)
    })) / total;
    if spaces < 0.02 && hex > 0.98 {
        features.set("text.blob-hex");
    } else if spaces < 0.02 && base > 0.98 && f64::from(of(|byte| byte.is_ascii_uppercase())) / total > 0.1 {
        features.set("text.blob-base64");
    }
    if odd > 0.3 {
        features.set("text.blob-bytes");
    }
    if text.len() >= 1000 && spaces < 0.02 {
        features.set("text.blob-long");
    }
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum();
    if entropy > 5.4 && text.len() >= 200 && spaces < 0.05 && !text.contains("://") {
        features.set("text.dense");
    }
}

/// Addresses of coins: Bitcoin, Ethereum, Monero.
fn wallets(text: &str, features: &mut Features) {
    let text = text.trim();
    let all = |test: fn(&u8) -> bool| text.as_bytes().iter().all(test);
    let is_ethereum = text.len() == 42
        && text.starts_with("0x")
        && text.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit());
    let is_bitcoin = (26..=62).contains(&text.len())
        && (text.starts_with("bc1") || text.len() <= 35 && text.starts_with(['1', '3']))
        && all(u8::is_ascii_alphanumeric)
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().filter(u8::is_ascii_alphabetic).count() > 12;
    let is_monero = text.len() == 95 && text.starts_with(['4', '8']) && all(u8::is_ascii_alphanumeric);
    if is_ethereum || is_bitcoin || is_monero {
        features.set("text.coin-address");
    }
}

/// Whether a text ends so, whatever the size of its letters.
fn ends_with_letters(text: &str, end: &str) -> bool {
    text.len() > end.len() && text.as_bytes()[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
}
