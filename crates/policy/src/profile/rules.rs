//! `limits.toml` of an installation: what tenants and roles may have at most, and their quotas.
//!
//! Rules are read from the first to the last; each is for the tenants and roles that it names, and a value of a later
//! rule takes the place of an earlier one's. What the host can give is another matter, and bounds in any case.

use super::bounds::Bounds;
use crate::quota::{Money, Quotas, Rate};
use casemate_types::units::parse_duration;
use casemate_types::{Bytes, Cpus, Network, Principal, Role, TenantId};
use serde::Deserialize;
use std::str::FromStr;
use std::time::Duration;

/// Bytes of the file.
const MAX_TEXT_BYTES: usize = 1 << 20;
/// Rules of the file.
const MAX_RULES: usize = 10_000;

/// The rules, in their order.
#[derive(Clone, Debug, Default)]
pub struct LimitRules(Vec<Rule>);

/// Rules that cannot be read; none of them is in force.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RuleError {
    /// Not of the form; the text names the line.
    #[error("{0}")]
    Form(String),
    /// A value that cannot be.
    #[error("rule {rule}: {field}: {problem}")]
    Value {
        /// Which rule, from 1.
        rule: usize,
        /// Which key of it.
        field: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// More than is taken.
    #[error("more than {0}")]
    TooMuch(&'static str),
}

#[derive(Clone, Debug)]
struct Rule {
    tenant: Option<TenantId>,
    role: Option<Role>,
    bounds: Bounds,
    quotas: Quotas,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Row>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Row {
    tenant: Option<String>,
    role: Option<String>,
    wall: Option<String>,
    cpu: Option<String>,
    cpus: Option<f64>,
    memory: Option<String>,
    disk: Option<String>,
    pids: Option<u32>,
    output: Option<String>,
    network: Option<String>,
    requests: Option<u32>,
    per: Option<String>,
    burst: Option<u32>,
    concurrent: Option<u32>,
    cpu_seconds_per_day: Option<u64>,
    gb_seconds_per_day: Option<u64>,
    money_per_day: Option<String>,
}

impl LimitRules {
    /// Reads the rules in TOML.
    ///
    /// # Errors
    /// [`RuleError`]: all of the file is taken, or none.
    pub fn read(text: &str) -> Result<Self, RuleError> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(RuleError::TooMuch("1 MiB of rules"));
        }
        let file: File = toml::from_str(text).map_err(|error| RuleError::Form(error.to_string()))?;
        if file.rule.len() > MAX_RULES {
            return Err(RuleError::TooMuch("10,000 rules"));
        }
        let rules = file
            .rule
            .into_iter()
            .enumerate()
            .map(|(at, row)| rule(at + 1, &row));
        rules.collect::<Result<_, _>>().map(Self)
    }

    /// What a principal may have at most.
    pub fn bounds(&self, principal: &Principal) -> Bounds {
        let fits = |rule: &&Rule| {
            rule.is_for(principal.tenant_id) && rule.role.is_none_or(|role| role == principal.role)
        };
        self.0
            .iter()
            .filter(fits)
            .fold(Bounds::default(), |so_far, rule| over(rule.bounds, so_far))
    }

    /// The quotas of a tenant. Rules of a role have none.
    pub fn quotas(&self, tenant_id: TenantId) -> Quotas {
        let rules = self
            .0
            .iter()
            .filter(|rule| rule.role.is_none() && rule.is_for(tenant_id));
        rules.fold(Quotas::default(), |so_far, rule| Quotas {
            rate: rule.quotas.rate.or(so_far.rate),
            concurrent: rule.quotas.concurrent.or(so_far.concurrent),
            cpu_per_day: rule.quotas.cpu_per_day.or(so_far.cpu_per_day),
            gb_seconds_per_day: rule.quotas.gb_seconds_per_day.or(so_far.gb_seconds_per_day),
            money_per_day: rule.quotas.money_per_day.or(so_far.money_per_day),
        })
    }
}

impl Rule {
    fn is_for(&self, tenant_id: TenantId) -> bool {
        self.tenant.is_none_or(|one| one == tenant_id)
    }
}

fn over(later: Bounds, earlier: Bounds) -> Bounds {
    Bounds {
        wall: later.wall.or(earlier.wall),
        cpu: later.cpu.or(earlier.cpu),
        cpus: later.cpus.or(earlier.cpus),
        memory: later.memory.or(earlier.memory),
        disk: later.disk.or(earlier.disk),
        pids: later.pids.or(earlier.pids),
        output: later.output.or(earlier.output),
        network: later.network.or(earlier.network),
    }
}

fn rule(number: usize, row: &Row) -> Result<Rule, RuleError> {
    let read = Reader { number };
    let role = read.parsed("role", row.role.as_deref().filter(|word| *word != "*"))?;
    let quotas = read.quotas(row)?;
    if role.is_some() && quotas != Quotas::default() {
        return Err(read.wrong("role", "a quota is of a tenant, whatever the role"));
    }
    Ok(Rule {
        tenant: read.parsed("tenant", row.tenant.as_deref().filter(|word| *word != "*"))?,
        role,
        bounds: read.bounds(row)?,
        quotas,
    })
}

/// Reads the values of one rule, and names it where one is wrong.
struct Reader {
    number: usize,
}

impl Reader {
    fn wrong(&self, field: &'static str, problem: impl ToString) -> RuleError {
        RuleError::Value {
            rule: self.number,
            field,
            problem: problem.to_string(),
        }
    }

    fn parsed<T: FromStr<Err: ToString>>(
        &self,
        field: &'static str,
        text: Option<&str>,
    ) -> Result<Option<T>, RuleError> {
        text.map(|text| {
            text.parse()
                .map_err(|error: T::Err| self.wrong(field, error.to_string()))
        })
        .transpose()
    }

    fn time(&self, field: &'static str, text: Option<&str>) -> Result<Option<Duration>, RuleError> {
        let time = text
            .map(|text| parse_duration(text).map_err(|error| self.wrong(field, error)))
            .transpose()?;
        self.positive(field, time, Duration::ZERO)
    }

    fn size(&self, field: &'static str, text: Option<&str>) -> Result<Option<Bytes>, RuleError> {
        self.parsed(field, text)
            .and_then(|size| self.positive(field, size, Bytes(0)))
    }

    /// A limit of nothing would be no limit to some readers of the file, and a refusal to others.
    fn positive<T: PartialEq>(
        &self,
        field: &'static str,
        value: Option<T>,
        zero: T,
    ) -> Result<Option<T>, RuleError> {
        if value.as_ref() == Some(&zero) {
            return Err(self.wrong(field, "0 is no bound; a policy forbids"));
        }
        Ok(value)
    }

    fn bounds(&self, row: &Row) -> Result<Bounds, RuleError> {
        let cpus = row.cpus.map(|number| {
            let cpus = Cpus::from_number(number).filter(|cpus| cpus.millis > 0);
            cpus.ok_or_else(|| self.wrong("cpus", "a positive number is expected"))
        });
        let network = row.network.as_deref().map(|word| match word {
            "none" => Ok(Network::None),
            "loopback" => Ok(Network::Loopback),
            _ => Err(self.wrong("network", "none or loopback is expected")),
        });
        Ok(Bounds {
            wall: self.time("wall", row.wall.as_deref())?,
            cpu: self.time("cpu", row.cpu.as_deref())?,
            cpus: cpus.transpose()?,
            memory: self.size("memory", row.memory.as_deref())?,
            disk: self.size("disk", row.disk.as_deref())?,
            pids: self.positive("pids", row.pids, 0)?,
            output: self.size("output", row.output.as_deref())?,
            network: network.transpose()?,
        })
    }

    fn quotas(&self, row: &Row) -> Result<Quotas, RuleError> {
        let per = self.time("per", row.per.as_deref())?;
        let rate = match (self.positive("requests", row.requests, 0)?, per) {
            (Some(requests), Some(per)) => Some(Rate {
                requests,
                per,
                burst: self.positive("burst", row.burst, 0)?.unwrap_or(requests),
            }),
            (None, None) if row.burst.is_none() => None,
            _ => return Err(self.wrong("requests", "requests and per stand together, burst beside them")),
        };
        Ok(Quotas {
            rate,
            concurrent: row.concurrent,
            cpu_per_day: row.cpu_seconds_per_day.map(Duration::from_secs),
            gb_seconds_per_day: row.gb_seconds_per_day,
            money_per_day: self.parsed::<Money>("money_per_day", row.money_per_day.as_deref())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::Credential;

    const RULES: &str = r#"
        [[rule]]
        concurrent = 16
        requests = 600
        per = "60s"
        burst = 100
        memory = "1G"
        wall = "5m"

        [[rule]]
        role = "developer"
        wall = "1m"
        network = "none"

        [[rule]]
        tenant = "00000000000000000000000007"
        concurrent = 64
        money_per_day = "5.00"
        memory = "4G"
    "#;

    fn of(tenant: u128, role: Role) -> Principal {
        Principal {
            tenant_id: TenantId::from_value(tenant),
            role,
            ..Principal::built_in(Credential::Off)
        }
    }

    #[test]
    fn later_rules_take_the_place_of_earlier_ones() {
        let rules = LimitRules::read(RULES).unwrap();
        let bounds = rules.bounds(&of(7, Role::Developer));
        assert_eq!(
            (bounds.memory, bounds.wall),
            (Some(Bytes::gib(4)), Some(Duration::from_secs(60)))
        );
        assert_eq!((bounds.network, bounds.disk), (Some(Network::None), None));
        let bounds = rules.bounds(&of(8, Role::Operator));
        assert_eq!(
            (bounds.memory, bounds.wall, bounds.network),
            (Some(Bytes::gib(1)), Some(Duration::from_secs(300)), None)
        );
        let (big, other) = (
            rules.quotas(TenantId::from_value(7)),
            rules.quotas(TenantId::from_value(8)),
        );
        assert_eq!((big.concurrent, other.concurrent), (Some(64), Some(16)));
        assert_eq!(
            (big.money_per_day.map(|m| m.nanos), other.money_per_day),
            (Some(5_000_000_000), None)
        );
        assert_eq!(big.rate.map(|rate| rate.burst), Some(100));
        assert_eq!(
            LimitRules::read("").unwrap().quotas(TenantId::BUILT_IN),
            Quotas::default()
        );
    }

    #[test]
    fn wrong_rules_are_refused() {
        let check = |from: &str, to: &str, words: &str| {
            let error = LimitRules::read(&RULES.replacen(from, to, 1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(words), "{error}");
        };
        check("concurrent", "concurent", "line 3");
        check("\"1G\"", "\"1T\"", "rule 1: memory");
        check("\"1G\"", "\"0\"", "rule 1: memory: 0 is no bound");
        check("developer", "root", "rule 2: role");
        check("0007", "000u", "rule 3: tenant");
        check("5.00", "5,00", "rule 3: money_per_day");
        check("per = \"60s\"", "", "rule 1: requests");
        check(
            "network = \"none\"",
            "concurrent = 1",
            "rule 2: role: a quota is of a tenant",
        );
        check("\"none\"", "\"internet\"", "rule 2: network");
    }
}
