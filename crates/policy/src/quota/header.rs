//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): how quotas stand, to who asks.

use super::meter::Standing;
use super::quotas::Quota;

/// The largest integer of a structured field (RFC 9651, section 3.3.1).
const MOST: u64 = 999_999_999_999_999;

/// The value of `RateLimit-Policy`: each quota with how much (`q`) of what (`qu`) it allows in how many seconds (`w`).
pub fn policy(standings: &[Standing]) -> String {
    let items = standings.iter().filter(|one| is_shown(one)).map(|one| {
        let window = one.window.map(|window| format!(";w={}", window.as_secs().max(1)));
        let unit = match one.quota {
            Quota::Rate => String::new(),
            Quota::Concurrent => ";qu=\"concurrent-requests\"".to_owned(),
            other => format!(";qu=\"{}\"", other.word()),
        };
        let name = one.quota.word();
        format!(
            "\"{name}\";q={}{unit}{}",
            one.limit.min(MOST),
            window.unwrap_or_default()
        )
    });
    items.collect::<Vec<_>>().join(", ")
}

/// The value of `RateLimit`: what is left (`r`) of each quota, and in how many seconds (`t`) all of it is there again.
pub fn limit(standings: &[Standing]) -> String {
    let items = standings.iter().filter(|one| is_shown(one)).map(|one| {
        let reset = one.reset.map(|reset| format!(";t={}", whole_seconds(reset)));
        format!(
            "\"{}\";r={}{}",
            one.quota.word(),
            one.left.min(MOST),
            reset.unwrap_or_default()
        )
    });
    items.collect::<Vec<_>>().join(", ")
}

/// The value of `Retry-After`: whole seconds, at least one.
pub fn retry_after(wait: std::time::Duration) -> String {
    whole_seconds(wait).max(1).to_string()
}

/// Amounts of money are told by `GET /v1/usage`: billionths mean nothing to who reads a header.
fn is_shown(standing: &Standing) -> bool {
    standing.quota != Quota::Money
}

fn whole_seconds(duration: std::time::Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::{Meter, Moment, Money, Quotas, Rate, Used};
    use std::time::Duration;

    #[test]
    fn headers_are_lists_of_structured_fields() {
        let quotas = Quotas {
            rate: Some(Rate {
                requests: 600,
                per: Duration::from_secs(60),
                burst: 100,
            }),
            concurrent: Some(16),
            cpu_per_day: Some(Duration::from_secs(3600)),
            gb_seconds_per_day: None,
            money_per_day: Some(Money { nanos: 5 }),
        };
        let now = Moment {
            monotonic: Duration::from_secs(9),
            since_epoch: Duration::from_secs(86_400 - 10),
        };
        let mut meter = Meter::new(quotas, now, Used::default());
        meter.request(now).unwrap();
        let standings = meter.standings(now);
        assert_eq!(
            policy(&standings),
            "\"requests\";q=600;w=60, \"concurrent\";q=16;qu=\"concurrent-requests\", \
             \"cpu-seconds\";q=3600;qu=\"cpu-seconds\";w=86400"
        );
        assert_eq!(
            limit(&standings),
            "\"requests\";r=99;t=1, \"concurrent\";r=16, \"cpu-seconds\";r=3600;t=10"
        );
        assert_eq!(retry_after(Duration::from_millis(1)), "1");
        assert_eq!((policy(&[]), limit(&[])), (String::new(), String::new()));
    }
}
