//! What an execution costs, by a table of prices.

use super::money::{Currency, Money};
use super::used::{GB_SECOND, Used};
use serde::Deserialize;

/// The prices that are shipped; an installation sets its own.
const SHIPPED: &str = include_str!("../../../../resources/policy/prices.toml");

/// The price of each thing that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prices {
    /// Of all prices.
    pub currency: Currency,
    /// Of an execution, whatever it uses.
    pub execution: Money,
    /// Of a CPU second.
    pub cpu_second: Money,
    /// Of a GB-second of memory.
    pub gb_second: Money,
    /// Of 2^30 bytes over the network.
    pub network_gb: Money,
}

/// What one execution costs, and of which parts that is the sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// Of all amounts.
    pub currency: Currency,
    /// The sum.
    pub total: Money,
    /// For being run.
    pub execution: Money,
    /// For its CPU time.
    pub cpu: Money,
    /// For its memory.
    pub memory: Money,
    /// For what went over the network.
    pub network: Money,
}

/// Prices that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PriceError {
    /// Not a table of prices.
    #[error("{0}")]
    Form(String),
    /// A value that is no amount or no currency.
    #[error("{field}: {given:?} is not {expected}")]
    Value {
        /// The key.
        field: &'static str,
        /// Its value.
        given: String,
        /// What is expected.
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    currency: String,
    execution: String,
    cpu_second: String,
    gb_second: String,
    network_gb: String,
}

impl Prices {
    /// The prices that are shipped.
    ///
    /// # Errors
    /// [`PriceError`], which a test rules out.
    pub fn shipped() -> Result<Self, PriceError> {
        Self::read(SHIPPED)
    }

    /// Reads a table in TOML; amounts are texts, for a float is not exact.
    ///
    /// # Errors
    /// [`PriceError`] with the line, or the key.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        let table: Table = toml::from_str(text).map_err(|error| PriceError::Form(error.to_string()))?;
        let price = |field, given: String| {
            given.parse::<Money>().map_err(|_| PriceError::Value {
                field,
                given,
                expected: "an amount such as \"0.0000116\"",
            })
        };
        let currency = table.currency.parse().map_err(|_| PriceError::Value {
            field: "currency",
            given: table.currency,
            expected: "three capital letters such as \"EUR\"",
        });
        Ok(Self {
            currency: currency?,
            execution: price("execution", table.execution)?,
            cpu_second: price("cpu_second", table.cpu_second)?,
            gb_second: price("gb_second", table.gb_second)?,
            network_gb: price("network_gb", table.network_gb)?,
        })
    }

    /// What this much costs; each part is rounded up to a billionth.
    pub fn cost(&self, used: &Used) -> Cost {
        let execution = self.execution.times(used.executions.into(), 1);
        let cpu = self.cpu_second.times(used.cpu.as_nanos(), 1_000_000_000);
        let memory = self.gb_second.times(used.byte_millis, GB_SECOND);
        let network = self.network_gb.times(used.network_bytes.into(), 1 << 30);
        Cost {
            currency: self.currency,
            total: execution.plus(cpu).plus(memory).plus(network),
            execution,
            cpu,
            memory,
            network,
        }
    }

    /// The same amounts with their cost.
    #[must_use]
    pub fn priced(&self, used: Used) -> Used {
        Used {
            money: self.cost(&used).total,
            ..used
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::Limits;
    use proptest::prelude::*;
    use std::time::Duration;

    const TABLE: &str = "currency = \"EUR\"\nexecution = \"0.000001\"\ncpu_second = \"0.00002\"\n\
                         gb_second = \"0.000004\"\nnetwork_gb = \"0.05\"\n";

    #[test]
    fn a_cost_is_the_sum_of_its_parts() {
        let prices = Prices::read(TABLE).unwrap();
        let cost = prices.cost(&Used::at_most(&Limits::default()));
        assert_eq!(cost.cpu.to_string(), "0.0006");
        // 256 MiB for 30 s are 7.5 GB-seconds.
        assert_eq!(cost.memory.to_string(), "0.00003");
        assert_eq!(cost.total.to_string(), "0.000631");
        assert!(Prices::shipped().is_ok());
    }

    #[test]
    fn wrong_tables_are_refused() {
        let wrong = |from: &str, to: &str| Prices::read(&TABLE.replace(from, to)).unwrap_err().to_string();
        assert!(wrong("0.05", "0,05").contains("network_gb: \"0,05\""));
        assert!(wrong("EUR", "euro").contains("currency"));
        assert!(wrong("gb_second", "gb_seconds").contains("line 4"));
        assert!(wrong("\"0.05\"", "0.05").contains("line 5"));
    }

    proptest! {
        #[test]
        fn more_never_costs_less(cpu in 0..1_000_000u64, bytes: u64, more in 0..1_000_000u64) {
            let prices = Prices::read(TABLE).unwrap();
            let used = |cpu| Used {
                executions: 1,
                cpu: Duration::from_micros(cpu),
                byte_millis: bytes.into(),
                network_bytes: bytes,
                money: Money::ZERO,
            };
            prop_assert!(prices.cost(&used(cpu)).total <= prices.cost(&used(cpu + more)).total);
        }
    }
}
