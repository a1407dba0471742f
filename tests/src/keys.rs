//! The keys of the services that the tests have started, by their addresses: who sends a request finds the key here.
//! It must never hold the key of a service of somebody else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

static KEYS: Mutex<Option<HashMap<SocketAddr, String>>> = Mutex::new(None);

fn keys() -> MutexGuard<'static, Option<HashMap<SocketAddr, String>>> {
    KEYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Learns the first key of a service of this data folder.
#[track_caller]
pub(crate) fn learn(address: SocketAddr, data: &Path) {
    let text = std::fs::read_to_string(data.join("admin.key")).unwrap_or_default();
    keys()
        .get_or_insert_default()
        .insert(address, text.trim().to_owned());
}

/// The key of the service at this address, if it is one of the tests'.
pub fn key_of(address: SocketAddr) -> Option<String> {
    keys().as_ref()?.get(&address).cloned()
}

/// The same for `http://` and an address.
pub(crate) fn key_of_url(url: &str) -> Option<String> {
    let address = url.strip_prefix("http://")?.trim_end_matches('/');
    key_of(address.parse().ok()?)
}
