//! Takes secrets out of text before it is written: by the forms that issuers give them, and by their randomness.
//!
//! What is found becomes `[redacted:KIND]`. It errs on the side of taking out; ids, hashes, prose and embedded images
//! are known by their own forms and stay.

mod entropy;
mod patterns;

use std::borrow::Cow;
use std::ops::Range;

/// Text without its secrets.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut found: Vec<(Range<usize>, &'static str)> = patterns::find(text);
    entropy::find(text, &mut found);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut clean = String::with_capacity(text.len());
    let mut at = 0;
    for (range, kind) in found {
        if range.end <= at {
            continue;
        }
        if range.start >= at {
            clean.push_str(&text[at..range.start]);
            clean.push_str("[redacted:");
            clean.push_str(kind);
            clean.push(']');
        }
        at = range.end;
    }
    clean.push_str(&text[at..]);
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests;
