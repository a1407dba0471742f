//! The description of this API as a page for people, without anything from elsewhere.

use serde_json::Value;

/// The page.
pub(crate) fn page(described: &Value) -> String {
    described.to_string()
}
