//! Tokens that hold, and everything about one that can be wrong.

use super::rsa_tokens::{MODULUS, PS256_TOKEN, RS256_TOKEN};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casemate_types::{ProjectId, Role, Scopes, TenantId};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use serde_json::json;

const NOW: Duration = Duration::from_secs(1_800_000_100);

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn ed() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap()
}

fn ed_jwk() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "x": b64(ed().public_key())})
}

fn rsa_jwk() -> Value {
    json!({"kty": "RSA", "kid": "rsa", "n": MODULUS, "e": "AQAB"})
}

fn jwks(keys: &[Value]) -> Jwks {
    Jwks::read(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

fn settings() -> IssuerSettings {
    IssuerSettings {
        issuer: "https://id.example".into(),
        audiences: vec!["casemate".into()],
        tenant_claim: Some("tenant".into()),
        ..IssuerSettings::default()
    }
}

fn verifier_of(settings: IssuerSettings, keys: Jwks) -> TokenVerifier {
    TokenVerifier::new(vec![Issuer::new(settings, keys).unwrap()]).unwrap()
}

fn verifier() -> TokenVerifier {
    verifier_of(settings(), jwks(&[ed_jwk(), rsa_jwk()]))
}

fn header() -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": "ed"})
}

fn claims() -> Value {
    json!({
        "iss": "https://id.example", "aud": ["other", "casemate"], "sub": "alice", "name": "Alice", "tenant": "acme",
        "role": "developer", "iat": 1_800_000_000, "exp": 1_800_003_600,
    })
}

fn sign(header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let signature = ed().sign(message.as_bytes());
    format!("{message}.{}", b64(signature))
}

fn with(mut value: Value, key: &str, to: Value) -> Value {
    match to {
        Value::Null => {
            value.as_object_mut().unwrap().remove(key);
        }
        to => value[key] = to,
    }
    value
}

fn check_header_of(key: &str, to: Value, expected: TokenError) {
    let token = sign(&with(header(), key, to), &claims());
    assert_eq!(verifier().verify(&token, NOW), Err(expected), "{key}");
}

fn check_claim(key: &str, to: Value, expected: Option<TokenError>) {
    let token = sign(&header(), &with(claims(), key, to.clone()));
    assert_eq!(verifier().verify(&token, NOW).err(), expected, "{key}: {to}");
}

#[test]
fn a_token_that_holds_says_who_asks() {
    let identity = verifier().verify(&sign(&header(), &claims()), NOW).unwrap();
    let words = (
        &*identity.subject,
        &*identity.name,
        &*identity.tenant,
        identity.role,
    );
    assert_eq!(words, ("alice", "Alice", "acme", Role::Developer));
    assert_eq!((identity.scopes, identity.project.clone()), (Scopes::ALL, None));
    let principal = identity
        .principal(TenantId::from_value(7), ProjectId::from_value(8))
        .unwrap();
    assert_eq!(principal.credential.to_string(), "token https://id.example alice");
    assert_eq!(principal.id, identity.principal_id());
    // No token makes somebody an admin of the service.
    assert_eq!(
        identity.principal(TenantId::BUILT_IN, ProjectId::from_value(1)),
        Err(TokenError::Tenant)
    );
}

#[test]
fn algorithms_of_rsa_are_checked_where_they_are_allowed() {
    let all = IssuerSettings {
        algorithms: ["RS256", "PS256", "EdDSA"].map(String::from).to_vec(),
        ..settings()
    };
    let all = verifier_of(all, jwks(&[ed_jwk(), rsa_jwk()]));
    assert_eq!(all.verify(RS256_TOKEN, NOW).unwrap().subject, "alice");
    assert_eq!(all.verify(PS256_TOKEN, NOW).unwrap().subject, "alice");
    assert_eq!(verifier().verify(PS256_TOKEN, NOW), Err(TokenError::Algorithm));
    let changed = RS256_TOKEN.replace("UlMyNTY", "UFMyNTY");
    assert!(changed == RS256_TOKEN || all.verify(&changed, NOW).is_err());
    // A key that says its algorithm is of no use for another.
    let only = with(rsa_jwk(), "alg", json!("RS512"));
    let only = verifier_of(settings(), jwks(&[only]));
    assert_eq!(only.verify(RS256_TOKEN, NOW), Err(TokenError::UnknownKey));
}

#[test]
fn es256_is_checked() {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])});
    let message = format!(
        "{}.{}",
        b64(json!({"alg": "ES256"}).to_string()),
        b64(claims().to_string())
    );
    let signature = pair.sign(&random, message.as_bytes()).unwrap();
    let token = format!("{message}.{}", b64(signature));
    // Without an id the only key that there is.
    let one = verifier_of(settings(), jwks(&[jwk.clone(), ed_jwk()]));
    assert_eq!(one.verify(&token, NOW).unwrap().subject, "alice");
    let two = verifier_of(settings(), jwks(&[jwk.clone(), jwk]));
    assert_eq!(two.verify(&token, NOW), Err(TokenError::AmbiguousKey));
}

#[test]
fn a_secret_or_nothing_signs_no_token() {
    let message = |alg: &str| {
        let header = json!({"alg": alg, "kid": "rsa"});
        format!("{}.{}", b64(header.to_string()), b64(claims().to_string()))
    };
    for alg in ["none", "None", "nOnE", ""] {
        let token = format!("{}.", message(alg));
        assert_eq!(
            verifier().verify(&token, NOW),
            Err(TokenError::Malformed),
            "{alg}"
        );
    }
    // The public key as the secret of an HMAC: CVE-2015-9235.
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, MODULUS.as_bytes());
    let message = message("HS256");
    let token = format!("{message}.{}", b64(ring::hmac::sign(&key, message.as_bytes())));
    assert_eq!(verifier().verify(&token, NOW), Err(TokenError::Algorithm));
    for word in ["HS256", "none", "rs256"] {
        let wrong = IssuerSettings {
            algorithms: vec![word.into()],
            ..settings()
        };
        assert!(Issuer::new(wrong, jwks(&[ed_jwk()])).is_err(), "{word}");
    }
}

#[test]
fn headers_that_ask_for_more_are_refused() {
    check_header_of("typ", json!("logout+jwt"), TokenError::Kind);
    check_header_of("typ", json!("dpop+jwt"), TokenError::Kind);
    check_header_of("crit", json!(["b64"]), TokenError::Extension);
    check_header_of("b64", json!(false), TokenError::Extension);
    check_header_of("zip", json!("DEF"), TokenError::Extension);
    check_header_of("kid", json!("other"), TokenError::UnknownKey);
    check_header_of("alg", json!("RS256"), TokenError::UnknownKey);
    check_header_of("alg", json!("ES384"), TokenError::Algorithm);
    for fine in [json!("at+jwt"), json!("application/at+JWT"), Value::Null] {
        let token = sign(&with(header(), "typ", fine), &claims());
        assert!(verifier().verify(&token, NOW).is_ok());
    }
    // Keys that the token brings itself are not looked at.
    let token = sign(&with(header(), "jwk", rsa_jwk()), &claims());
    assert!(verifier().verify(&token, NOW).is_ok());
}

#[test]
fn claims_are_checked_one_by_one() {
    use TokenError::{Audience, Claim, Expired, Issuer, NoRole, NotYet, TooOld};
    check_claim("iss", json!("https://evil.example"), Some(Issuer));
    check_claim("iss", json!(["https://id.example"]), Some(Issuer));
    check_claim("iss", Value::Null, Some(Issuer));
    check_claim("aud", json!("other"), Some(Audience));
    check_claim("aud", json!([]), Some(Audience));
    check_claim("aud", Value::Null, Some(Audience));
    check_claim("aud", json!("casemate"), None);
    check_claim("exp", Value::Null, Some(Claim("exp")));
    check_claim("exp", json!("1800003600"), Some(Claim("exp")));
    check_claim("exp", json!(-1), Some(Claim("exp")));
    check_claim("exp", json!(1e300), Some(Claim("exp")));
    check_claim("exp", json!(1_800_000_041), None);
    check_claim("exp", json!(1_800_000_040), Some(Expired));
    check_claim("exp", json!(1_800_090_000), Some(TooOld));
    check_claim("iat", json!(1_800_000_161), Some(NotYet));
    check_claim("iat", json!(1_799_900_000), Some(TooOld));
    check_claim("iat", Value::Null, None);
    check_claim("nbf", json!(1_800_000_161), Some(NotYet));
    check_claim("nbf", json!(1_800_000_150), None);
    check_claim("nbf", json!("soon"), Some(Claim("nbf")));
    check_claim("sub", Value::Null, Some(Claim("sub")));
    check_claim("sub", json!(""), Some(Claim("sub")));
    check_claim("sub", json!("a\nb"), Some(Claim("sub")));
    check_claim("tenant", Value::Null, Some(Claim("of the tenant")));
    check_claim("role", Value::Null, Some(NoRole));
    check_claim("role", json!("root"), Some(NoRole));
    check_claim("role", json!(["root", "viewer", "operator"]), None);
}

#[test]
fn a_changed_token_is_refused() {
    let token = sign(&header(), &claims());
    let parts: Vec<&str> = token.split('.').collect();
    let claims = b64(with(claims(), "role", json!("admin")).to_string());
    let forged = format!("{}.{claims}.{}", parts[0], parts[2]);
    assert_eq!(verifier().verify(&forged, NOW), Err(TokenError::Signature));
    for bad in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        &token[..token.len() - 90],
        &format!("{token}.a"),
    ] {
        assert_eq!(verifier().verify(bad, NOW), Err(TokenError::Malformed), "{bad}");
    }
    assert_eq!(
        verifier().verify(&"a".repeat(8193), NOW),
        Err(TokenError::TooLong)
    );
    // Signed by the key of another issuer.
    let other = json!({"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": b64([1; 32])});
    let other = verifier_of(settings(), jwks(&[other]));
    assert_eq!(other.verify(&token, NOW), Err(TokenError::Signature));
}

#[test]
fn settings_map_what_an_issuer_says() {
    let mapped = IssuerSettings {
        role_claim: Some("/realm_access/roles".into()),
        roles: [("sandbox-users".to_owned(), "developer".to_owned())].into(),
        scope_claim: Some("scope".into()),
        project_claim: Some("project".into()),
        tenant_claim: None,
        tenant: Some("acme".into()),
        ..settings()
    };
    let mapped = verifier_of(mapped, jwks(&[ed_jwk()]));
    let claims = with(claims(), "realm_access", json!({"roles": ["x", "sandbox-users"]}));
    let claims = with(claims, "scope", json!("openid execution:create"));
    let claims = with(claims, "project", json!("web"));
    let identity = mapped.verify(&sign(&header(), &claims), NOW).unwrap();
    assert_eq!(
        (identity.role, identity.scopes.to_string()),
        (Role::Developer, "execution:create".into())
    );
    assert_eq!(identity.project.as_deref(), Some("web"));
    assert!(identity.tenant_is_configured);
    // No word that means something here: the token is for nothing.
    let claims = with(claims, "scope", json!("openid"));
    assert!(
        mapped
            .verify(&sign(&header(), &claims), NOW)
            .unwrap()
            .scopes
            .is_empty()
    );
    let among = IssuerSettings {
        tenants: vec!["umbrella".into()],
        ..settings()
    };
    let among = verifier_of(among, jwks(&[ed_jwk()]));
    assert_eq!(
        among.verify(&sign(&header(), &self::claims()), NOW),
        Err(TokenError::Tenant)
    );
}

#[test]
fn settings_that_trust_too_much_are_refused() {
    let check = |change: fn(&mut IssuerSettings), field: &str| {
        let mut settings = settings();
        change(&mut settings);
        let error = Issuer::new(settings, jwks(&[ed_jwk()])).unwrap_err();
        assert_eq!(error.field, field);
    };
    check(|s| s.issuer.clear(), "issuer");
    check(|s| s.audiences.clear(), "audiences");
    check(|s| s.clock_skew = Some("6m".into()), "clock_skew");
    check(|s| s.max_age = Some("721h".into()), "max_age");
    check(|s| s.tenant_claim = None, "tenant");
    check(|s| s.tenant = Some("a".into()), "tenant");
    check(
        |s| s.roles = [("a".to_owned(), "root".to_owned())].into(),
        "roles",
    );
    let one = Issuer::new(settings(), jwks(&[ed_jwk()])).unwrap();
    assert!(TokenVerifier::new(vec![one.clone(), one]).is_err());
}

#[test]
fn sets_without_a_usable_key_are_refused() {
    let secret = json!({"kty": "oct", "alg": "HS256", "k": b64([1; 32])});
    let encryption = with(rsa_jwk(), "use", json!("enc"));
    let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"});
    for keys in [
        vec![],
        vec![secret.clone()],
        vec![encryption],
        vec![unknown],
        vec![json!(1)],
    ] {
        let bytes = json!({"keys": keys}).to_string();
        assert!(Jwks::read(bytes.as_bytes()).is_err(), "{bytes}");
    }
    assert_eq!(jwks(&[secret, rsa_jwk()]).len(), 1);
    assert!(Jwks::read(b"{}").is_err() && Jwks::read(&vec![b' '; MAX_JWKS_BYTES + 1]).is_err());
    let many = vec![rsa_jwk(); MAX_KEYS + 1];
    assert!(Jwks::read(json!({"keys": many}).to_string().as_bytes()).is_err());
}
