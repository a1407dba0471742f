//! What is said of many samples of one kind. It never invents a value: a percentile is a sample.

use std::time::Duration;

/// Durations in milliseconds, sorted. There may be none.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    sorted: Vec<f64>,
}

impl Samples {
    /// Of durations in any order.
    pub fn new(durations: &[Duration]) -> Self {
        let mut sorted: Vec<f64> = durations.iter().map(|d| d.as_secs_f64() * 1000.0).collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The middle one; of an even number the mean of the middle two.
    pub fn median_ms(&self) -> Option<f64> {
        let count = self.sorted.len();
        let upper = *self.sorted.get(count / 2)?;
        let value = match count % 2 {
            0 => f64::midpoint(*self.sorted.get(count / 2 - 1)?, upper),
            _ => upper,
        };
        Some(rounded(value))
    }

    /// The least sample that `percent` of all do not exceed: the nearest rank.
    pub fn percentile_ms(&self, percent: u32) -> Option<f64> {
        let rank = (self.sorted.len() * percent as usize).div_ceil(100);
        self.sorted.get(rank.max(1) - 1).copied().map(rounded)
    }

    /// The largest.
    pub fn max_ms(&self) -> Option<f64> {
        self.sorted.last().copied().map(rounded)
    }
}

/// To three digits after the point: more are noise.
pub fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// How many times one value is another; `None` when there is nothing to divide by.
pub fn ratio(value: Option<f64>, base: Option<f64>) -> Option<f64> {
    match (value, base) {
        (Some(value), Some(base)) if base > 0.0 => Some(rounded(value / base)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples(values: &[u64]) -> Samples {
        let durations: Vec<Duration> = values.iter().map(|v| Duration::from_millis(*v)).collect();
        Samples::new(&durations)
    }

    #[test]
    fn figures_of_known_samples() {
        let check = |values: &[u64], median, p95, p99, max| {
            let of = samples(values);
            let got = [
                of.median_ms(),
                of.percentile_ms(95),
                of.percentile_ms(99),
                of.max_ms(),
            ];
            assert_eq!(got, [median, p95, p99, max], "{values:?}");
        };
        check(&[], None, None, None, None);
        check(&[7], Some(7.0), Some(7.0), Some(7.0), Some(7.0));
        check(&[4, 1], Some(2.5), Some(4.0), Some(4.0), Some(4.0));
        check(&[3, 1, 2], Some(2.0), Some(3.0), Some(3.0), Some(3.0));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        check(&hundred, Some(50.5), Some(95.0), Some(99.0), Some(100.0));
    }

    #[test]
    fn ratios_need_a_base() {
        assert_eq!(ratio(Some(3.0), Some(2.0)), Some(1.5));
        assert_eq!(ratio(Some(3.0), Some(0.0)), None);
        assert_eq!(ratio(Some(3.0), None), None);
        assert_eq!(ratio(None, Some(1.0)), None);
    }

    proptest! {
        #[test]
        fn figures_are_in_order(values in proptest::collection::vec(0u64..100_000, 1..300)) {
            let of = samples(&values);
            prop_assert_eq!(of.count(), values.len());
            prop_assert!(of.percentile_ms(1) <= of.median_ms());
            prop_assert!(of.median_ms() <= of.max_ms());
            prop_assert!(of.percentile_ms(95) <= of.percentile_ms(99));
            prop_assert_eq!(of.percentile_ms(100), of.max_ms());
        }
    }
}
