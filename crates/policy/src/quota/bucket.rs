//! The rate of requests: a bucket of tokens that refills evenly.

use std::time::Duration;

/// So many requests in so long, and so many at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Requests, at least 1.
    pub requests: u32,
    /// In how long, at least 1 ms.
    pub per: Duration,
    /// How many may come at once after a pause, at least 1.
    pub burst: u32,
}

impl Rate {
    /// How long one request takes to be allowed again, in nanoseconds; at least one.
    fn interval(&self) -> u128 {
        (self.per.as_nanos() / u128::from(self.requests.max(1))).max(1)
    }
}

/// The bucket, as the time at which it is full again (the generic cell rate algorithm, ITU-T I.371).
///
/// One number: there is nothing to refill between requests, and no sum of parts of tokens to go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TokenBucket {
    full_at: u128,
}

impl TokenBucket {
    /// Takes a token.
    ///
    /// `now` is of a clock that never goes back. One that does makes the bucket no emptier than it was.
    ///
    /// # Errors
    /// How long to wait, when there is none.
    pub fn take(&mut self, rate: &Rate, now: Duration) -> Result<(), Duration> {
        let now = now.as_nanos();
        let interval = rate.interval();
        let full_at = self.full_at.max(now) + interval;
        let room = interval * u128::from(rate.burst.max(1));
        let wait = full_at.saturating_sub(now).saturating_sub(room);
        if wait > 0 {
            return Err(from_nanos(wait));
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Tokens that there are.
    pub fn tokens(&self, rate: &Rate, now: Duration) -> u32 {
        let interval = rate.interval();
        let missing = self.full_at.saturating_sub(now.as_nanos()).div_ceil(interval);
        rate.burst
            .max(1)
            .saturating_sub(u32::try_from(missing).unwrap_or(u32::MAX))
    }

    /// How long until the bucket is full.
    pub fn full_in(&self, now: Duration) -> Duration {
        from_nanos(self.full_at.saturating_sub(now.as_nanos()))
    }
}

fn from_nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_then_the_rate() {
        let rate = Rate {
            requests: 10,
            per: SECOND,
            burst: 3,
        };
        let mut bucket = TokenBucket::default();
        let now = Duration::from_secs(100);
        assert_eq!(bucket.tokens(&rate, now), 3);
        for left in [2, 1, 0] {
            assert_eq!(bucket.take(&rate, now), Ok(()));
            assert_eq!(bucket.tokens(&rate, now), left);
        }
        assert_eq!(bucket.take(&rate, now), Err(Duration::from_millis(100)));
        assert_eq!(bucket.full_in(now), Duration::from_millis(300));
        assert_eq!(bucket.take(&rate, now + Duration::from_millis(100)), Ok(()));
        // A clock that goes back gives nothing.
        assert!(bucket.take(&rate, Duration::ZERO).is_err());
    }

    proptest! {
        /// In no window do more come through than the burst and what the rate gives in it, and who waits as told
        /// comes through.
        #[test]
        fn no_window_has_more(
            requests in 1..1000u32, per_ms in 1..100_000u64, burst in 1..50u32,
            gaps in proptest::collection::vec(0..500u64, 1..200),
        ) {
            let rate = Rate { requests, per: Duration::from_millis(per_ms), burst };
            let mut bucket = TokenBucket::default();
            let mut now = Duration::from_secs(5);
            let mut taken = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                match bucket.take(&rate, now) {
                    Ok(()) => taken.push(now),
                    Err(wait) => {
                        let mut later = bucket;
                        prop_assert_eq!(later.take(&rate, now + wait), Ok(()));
                    }
                }
            }
            for (i, first) in taken.iter().enumerate() {
                for (j, last) in taken.iter().enumerate().skip(i) {
                    let given = (*last - *first).as_nanos() / rate.interval();
                    prop_assert!((j - i + 1) as u128 <= u128::from(burst) + given);
                }
            }
        }
    }
}
