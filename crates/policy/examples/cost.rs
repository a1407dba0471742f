//! What identity and authorization cost one request, in microseconds of CPU: `cargo run --release -p casemate-policy
//! --example cost`. Fails when a typical decision takes more than its budget.

use casemate_policy::authorize::{Asked, Base, Context, Place, PolicySet, PolicyText, Resource};
use casemate_policy::identity::token::{Issuer, IssuerSettings, Jwks};
use casemate_policy::identity::{ApiKey, Pepper, TokenVerifier};
use casemate_types::{
    Action, Credential, ExecutionId, KeyId, Principal, PrincipalId, PrincipalKind, ProjectId, Role, Scopes,
    TenantId,
};
use std::error::Error;
use std::time::{Duration, Instant};

const ROUNDS: u32 = 20_000;
const WARM_UP: u32 = 1000;
/// A typical decision takes less: it is done for each request, and twice for an execution that is read at once.
const BUDGET_MICROS: f64 = 50.0;

/// The CPU time of this thread: others use the machine too.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// The mean of a round, in microseconds of CPU.
fn measure(mut round: impl FnMut()) -> f64 {
    (0..WARM_UP).for_each(|_| round());
    let start = cpu();
    (0..ROUNDS).for_each(|_| round());
    (cpu() - start).as_secs_f64() * 1e6 / f64::from(ROUNDS)
}

fn main() -> Result<(), Box<dyn Error>> {
    let place = Place {
        tenant_id: TenantId::from_value(7),
        project_id: ProjectId::from_value(70),
    };
    let key_id = KeyId::from_value(1);
    let principal = Principal {
        id: PrincipalId::from_value(700),
        tenant_id: place.tenant_id,
        project_id: place.project_id,
        kind: PrincipalKind::User,
        role: Role::Developer,
        name: "somebody".to_owned(),
        credential: Credential::Key(key_id),
        scopes: Scopes::ALL,
    };
    let execution = Resource::Execution {
        place,
        id: ExecutionId::from_value(5),
        owner: principal.id,
        language: "python".to_owned(),
    };
    let context = Context {
        now: Duration::from_secs(1_800_000_000),
        source: Some([127, 0, 0, 1].into()),
        asked: Some(Asked::default()),
    };
    let key = ApiKey::new(key_id, &[3; 32]);
    let text = key.reveal();
    let pepper = Pepper::new(&[7; 32]);
    let hash = key.hash(&pepper);
    let read = measure(|| {
        let key = text.parse::<ApiKey>();
        assert!(key.is_ok_and(|key| key.verify(&pepper, Some(&hash))));
    });
    println!("api key, read and checked       {read:8.2} us");
    println!("token of Ed25519, all of it     {:8.2} us", token()?);
    let mut worst: f64 = 0.0;
    for (name, set) in [("shipped", PolicySet::shipped()?), ("shipped and 100", site()?)] {
        for action in [Action::ExecutionCreate, Action::ExecutionRead] {
            let decide = measure(|| assert!(set.decide(&principal, action, &execution, &context).allowed()));
            println!("decision, {name}, {action} {decide:8.2} us");
            if name == "shipped" {
                worst = worst.max(decide);
            }
        }
    }
    let start = Instant::now();
    site()?;
    println!(
        "load of the shipped and 100     {:8.2} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    if worst > BUDGET_MICROS {
        return Err(format!("a decision took {worst:.1} us, more than {BUDGET_MICROS}").into());
    }
    Ok(())
}

/// The shipped policies and 100 of a site, half of which a run meets.
fn site() -> Result<PolicySet, Box<dyn Error>> {
    let rule = |n: u32| {
        let action = if n.is_multiple_of(2) {
            "execution:create"
        } else {
            "network:connect"
        };
        let attribute = if n.is_multiple_of(2) { "language" } else { "host" };
        format!(
            "forbid (principal, action == Casemate::Action::\"{action}\", resource)\n\
             when {{ resource.{attribute} == \"never {n}\" }};\n"
        )
    };
    let text = PolicyText {
        name: "site.cedar".to_owned(),
        text: (0..100).map(rule).collect(),
    };
    Ok(PolicySet::load(Base::Shipped, &[text])?)
}

fn token() -> Result<f64, Box<dyn Error>> {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).map_err(|_| "no key")?;
    let x = BASE64.encode(pair.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{x}"}}]}}"#);
    let settings = IssuerSettings {
        issuer: "https://id.example".to_owned(),
        audiences: vec!["casemate".to_owned()],
        tenant_claim: Some("tenant".to_owned()),
        ..IssuerSettings::default()
    };
    let verifier = TokenVerifier::new(vec![Issuer::new(settings, Jwks::read(set.as_bytes())?)?])?;
    let claims = r#"{"iss":"https://id.example","aud":"casemate","sub":"alice","tenant":"acme","role":"developer",
        "iat":1800000000,"exp":1800003600}"#;
    let message = format!(
        "{}.{}",
        BASE64.encode(r#"{"alg":"EdDSA","typ":"JWT","kid":"k"}"#),
        BASE64.encode(claims)
    );
    let token = format!("{message}.{}", BASE64.encode(pair.sign(message.as_bytes())));
    let now = Duration::from_secs(1_800_000_100);
    Ok(measure(|| assert!(verifier.verify(&token, now).is_ok())))
}
