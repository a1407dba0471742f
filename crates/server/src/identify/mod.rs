//! Who asks: from the headers of a request to a caller. The one place where a credential is looked at; what it may do
//! is decided in [`crate::authorize`]. A credential is in no answer, no log and no error.
//!
//! Records of keys are kept for a moment, so that a request costs no look into the state.

mod first;
mod holders;

pub use first::install_first_key;

use crate::authorize::Caller;
use crate::problem::{Kind, Problem};
use crate::state::State;
use casemate_engine::service::store::KeyHolder;
use casemate_policy::identity::key::is_meant_as_key;
use casemate_policy::identity::{ApiKey, Pepper};
use casemate_types::{Credential, Principal};
use holders::Holders;
use hyper::header::{AUTHORIZATION, HeaderMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Longest credential, bytes.
const MAX_CREDENTIAL_BYTES: usize = 8 << 10;

/// Where a request came from, as its connection tells.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: Option<IpAddr>,
}

/// How callers are told apart.
#[derive(Debug)]
pub enum Identity {
    /// By their credentials.
    Required {
        /// The service's secret, by which keys were hashed.
        pepper: Pepper,
    },
    /// Not at all: everybody is the built-in principal and may do everything. For the benchmark's own service on
    /// loopback, and for nothing else.
    Off,
}

/// All that tells callers apart, and what is remembered of them.
#[derive(Debug)]
pub(crate) struct Identities {
    identity: Identity,
    holders: Holders,
}

impl Identities {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            holders: Holders::default(),
        }
    }

    /// Whether everybody may do everything.
    pub(crate) fn is_off(&self) -> bool {
        matches!(self.identity, Identity::Off)
    }

    /// The pepper, where there is one.
    pub(crate) fn pepper(&self) -> Option<&Pepper> {
        match &self.identity {
            Identity::Required { pepper } => Some(pepper),
            Identity::Off => None,
        }
    }
}

/// Who sent these headers.
///
/// # Errors
/// 401 without a credential that counts; what is said does not tell whether a key is known.
pub(crate) async fn identify(
    state: &Arc<State>,
    headers: &HeaderMap,
    peer: &Peer,
) -> Result<Caller, Problem> {
    let Some(pepper) = state.identities.pepper() else {
        let everybody = Principal::built_in(Credential::Off);
        return Ok(Caller::new(Arc::new(everybody), peer.address));
    };
    let credential = bearer(headers)?;
    if !is_meant_as_key(credential) {
        return Err(Problem::new(
            Kind::BadCredential,
            "the bearer token is no API key of this service",
        ));
    }
    let key: ApiKey = credential
        .parse()
        .map_err(|error| Problem::new(Kind::BadCredential, format!("{error}")))?;
    let holder = holder(state, &key).await?;
    let hash = holder.as_ref().map(|(holder, _)| &holder.key.hash);
    let is_right = key.verify(pepper, hash);
    let now = SystemTime::now();
    match holder {
        Some((holder, principal)) if is_right && holder.is_enabled && holder.key.counts_at(now) => {
            state.identities.holders.note_use(key.id(), now);
            Ok(Caller::new(principal, peer.address))
        }
        _ => Err(Problem::new(
            Kind::BadCredential,
            "the API key is unknown, revoked or expired",
        )),
    }
}

/// The record of a key, remembered or from the state.
async fn holder(state: &Arc<State>, key: &ApiKey) -> Result<Option<holders::Remembered>, Problem> {
    let id = key.id();
    if let Some(known) = state.identities.holders.find(id) {
        return Ok(Some(known));
    }
    // What is changed while it is read must not be remembered as it was.
    let ticket = state.identities.holders.ticket();
    let found = state
        .blocking(move |service| Ok(service.store().key_holder(id)?))
        .await?;
    Ok(found.map(|holder| {
        let principal = Arc::new(principal(&holder));
        state
            .identities
            .holders
            .remember(ticket, Arc::new(holder), principal)
    }))
}

fn principal(holder: &KeyHolder) -> Principal {
    let record = &holder.principal;
    Principal {
        id: record.id,
        tenant_id: record.tenant_id,
        project_id: record.project_id,
        kind: record.kind,
        role: record.role,
        name: record.name.clone(),
        credential: Credential::Key(holder.key.id),
        scopes: holder.key.scopes,
    }
}

/// How often times of use are recorded.
const RECORD_INTERVAL: Duration = Duration::from_secs(10);

/// Records when keys were used, many at a time, until the server stops.
pub(crate) async fn record_uses(state: Arc<State>) {
    let stop = state.lifecycle.stop.clone();
    while tokio::time::timeout(RECORD_INTERVAL, stop.told()).await.is_err() {
        record_last_uses(&state);
    }
}

/// Records what waits. What cannot be recorded is lost: a time of use is no reason to refuse anything.
pub(crate) fn record_last_uses(state: &State) {
    let uses = state.identities.holders.take_uses();
    if !uses.is_empty() {
        state.service.store().touch_keys(uses, |_| ());
    }
}

/// The credential of an `Authorization` header: RFC 6750, section 2.1.
fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let bad = |detail: &'static str| Problem::new(Kind::BadCredential, detail);
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        let detail = "this needs a credential: Authorization: Bearer csm_...";
        return Err(Problem::new(Kind::Unidentified, detail));
    };
    if lines.next().is_some() {
        return Err(bad("there are two Authorization headers"));
    }
    let text = line
        .to_str()
        .map_err(|_| bad("the Authorization header is no ASCII"))?;
    let (scheme, credential) = text.split_once(' ').unwrap_or((text, ""));
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(bad("the Authorization header is not of the form Bearer csm_..."));
    }
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if credential.is_empty() || credential.len() > MAX_CREDENTIAL_BYTES || !credential.bytes().all(is_token) {
        return Err(bad("the bearer token is empty, too long, or no token"));
    }
    Ok(credential)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_one_bearer_token() {
        let check = |lines: &[&'static str], expected: Result<&str, Kind>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, line.parse().unwrap());
            }
            let got = bearer(&headers).map_err(|problem| problem.kind);
            assert_eq!(got, expected, "{lines:?}");
        };
        check(&[], Err(Kind::Unidentified));
        check(&["Bearer abc"], Ok("abc"));
        check(&["bEARER  a.b-c_d~e+f/g== "], Ok("a.b-c_d~e+f/g=="));
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Basic abc",
            "abc",
            "Bearer a b",
            "Bearer a,b",
            "Bearer \u{e9}",
        ] {
            check(&[bad], Err(Kind::BadCredential));
        }
        check(&["Bearer abc", "Bearer abc"], Err(Kind::BadCredential));
    }
}
