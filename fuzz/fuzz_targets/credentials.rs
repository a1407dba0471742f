//! What stands behind `Authorization: Bearer`: API keys, tokens, and claims that a trusted key did sign.
//!
//! Nobody who does not have the secret gets in, and what gets in has a role, an end, and the audience.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casemate_policy::identity::token::{Issuer, IssuerSettings, Jwks};
use casemate_policy::identity::{ApiKey, TokenVerifier, key};
use ring::signature::{Ed25519KeyPair, KeyPair};
use std::sync::LazyLock;
use std::time::Duration;

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap());

static VERIFIER: LazyLock<TokenVerifier> = LazyLock::new(|| {
    let x = URL_SAFE_NO_PAD.encode(PAIR.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{x}"}}]}}"#);
    let settings = IssuerSettings {
        issuer: "i".into(),
        audiences: vec!["a".into()],
        tenant_claim: Some("tenant".into()),
        scope_claim: Some("/scope/0".into()),
        ..IssuerSettings::default()
    };
    let issuer = Issuer::new(settings, Jwks::read(set.as_bytes()).unwrap()).unwrap();
    TokenVerifier::new(vec![issuer]).unwrap()
});

const NOW: Duration = Duration::from_secs(1_800_000_000);

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<ApiKey>() {
        assert_eq!(key.reveal().as_str(), text, "one key has one text");
    }
    if let Some(place) = key::find(text) {
        assert!(text[place].parse::<ApiKey>().is_ok());
    }
    assert!(VERIFIER.verify(text, NOW).is_err(), "nobody else has the key");
    let _ = Jwks::read(text.as_bytes());
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k"}"#);
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(text));
    let signature = URL_SAFE_NO_PAD.encode(PAIR.sign(message.as_bytes()));
    if let Ok(identity) = VERIFIER.verify(&format!("{message}.{signature}"), NOW) {
        assert_eq!(identity.issuer, "i");
        assert!(
            !identity.subject.is_empty() && !identity.tenant.is_empty() && !identity.tenant_is_configured
        );
        assert!(identity.expires + Duration::from_secs(60) > NOW);
        assert!(identity.expires <= NOW + Duration::from_secs(86_460));
    }
});
