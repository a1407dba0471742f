//! Memory of one sandbox: what the machine has less when many are there, divided by how many.

use super::held::Held;
use crate::bench::machine::{available_bytes, share_bytes};
use crate::bench::report::{MemoryRow, Report};
use crate::bench::service::{Scratch, Service, Setting};
use crate::bench::watch::Watch;
use crate::bench::{Bench, Client, Entry};
use anyhow::Result;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How often each is measured: others come and go, and the middle figure counts.
const REPEATS: usize = 3;
/// How long the memory must stay as it is, within a part of it, before it is read: the kernel takes down control
/// groups and network namespaces in its own time. On a busy machine it never does, and is read after a while.
const STEADY: Duration = Duration::from_secs(1);
const STEADY_PART: u64 = 10_000;
const STEADY_LIMIT: Duration = Duration::from_secs(3);
/// How long pools may take to be full.
const FILL_LIMIT: Duration = Duration::from_secs(60);
/// How often we look.
const LOOK: Duration = Duration::from_millis(100);

/// Memory of an idle sandbox that waits for a program, and of one with a sleeping program.
pub fn memory(bench: &mut Bench<'_>, entries: &[Entry], report: &mut Report) -> Result<()> {
    report.memory.push(match idle(bench)? {
        Ok(row) => row,
        Err(reason) => MemoryRow::unavailable("idle", reason),
    });
    for entry in entries {
        if let Some(row) = running(bench, entry)? {
            report.memory.push(row);
        }
    }
    Ok(())
}

fn running(bench: &mut Bench<'_>, entry: &Entry) -> Result<Option<MemoryRow>> {
    let count = bench.options.memory_count();
    let mut shares = Vec::new();
    for _ in 0..REPEATS {
        bench.watch.say("letting the memory settle");
        let before = settled(&bench.watch)?;
        let held = Held::start(bench, entry, count)?;
        let is_whole = held.wait_running(bench)? && held.count() == count as usize;
        if is_whole {
            shares.push(share(before, settled(&bench.watch)?, count.into()));
        }
        held.cancel(bench)?;
        if !is_whole {
            return Ok(None);
        }
    }
    let language = Some(entry.program.language);
    Ok(Some(MemoryRow::of("running", language, count.into(), shares)))
}

/// Of a service that was just started, less what its own processes hold. The reason when it cannot be said.
fn idle(bench: &mut Bench<'_>) -> Result<Result<MemoryRow, String>> {
    let Some(setting) = bench.setting.clone() else {
        return Ok(Err("it takes a service of the bench's own".to_owned()));
    };
    if bench.client()?.get("/v1/pools")?.is_none() {
        return Ok(Err("this service keeps no idle sandboxes".to_owned()));
    }
    let scratch = Scratch::new()?;
    let setting = Setting {
        data: scratch.path().join("data"),
        ..setting
    };
    // The first start finds out about the host, and fills caches with it.
    drop(Service::start(&setting, &mut bench.watch)?);
    let (mut shares, mut sandboxes) = (Vec::new(), 0);
    for _ in 0..REPEATS {
        let before = settled(&bench.watch)?;
        let service = Service::start(&setting, &mut bench.watch)?;
        sandboxes = match fill(&bench.watch, &Client::new(service.target())?)? {
            Ok(sandboxes) => sandboxes,
            Err(reason) => return Ok(Err(reason)),
        };
        let available = settled(&bench.watch)?;
        let own: u64 = service.processes().into_iter().filter_map(share_bytes).sum();
        shares.push(share(before, available + own, sandboxes));
    }
    Ok(Ok(MemoryRow::of("idle", None, sandboxes, shares)))
}

/// What is available when it does not change any more.
fn settled(watch: &Watch) -> Result<u64> {
    let until = Instant::now() + STEADY_LIMIT;
    let mut last = available_bytes()?;
    loop {
        watch.rest(STEADY)?;
        let now = available_bytes()?;
        if now.abs_diff(last) <= now / STEADY_PART || Instant::now() >= until {
            return Ok(now);
        }
        last = now;
    }
}

/// Waits until every pool is as full as it is to be; how many sandboxes are idle then.
fn fill(watch: &Watch, client: &Client) -> Result<Result<u64, String>> {
    let until = Instant::now() + FILL_LIMIT;
    while Instant::now() < until {
        let pools = client.get("/v1/pools")?.unwrap_or_default();
        if let Some(sandboxes) = full(&pools) {
            return Ok(match sandboxes {
                0 => Err("this service keeps no idle sandboxes".to_owned()),
                _ => Ok(sandboxes),
            });
        }
        watch.rest(LOOK)?;
    }
    Ok(Err(format!(
        "the pools are not full after {} s",
        FILL_LIMIT.as_secs()
    )))
}

/// The idle sandboxes of all pools, if every pool has as many as it wants.
fn full(pools: &Value) -> Option<u64> {
    let list = pools.get("pools")?.as_array()?;
    list.iter().try_fold(0, |sum, pool| {
        let number = |name| pool.get(name).and_then(Value::as_u64);
        let idle = number("idle")?;
        (idle >= number("target")? && number("creating")? == 0).then_some(sum + idle)
    })
}

/// What each of many took of the memory; less than nothing when others gave some back meanwhile.
fn share(before: u64, after: u64, count: u64) -> i64 {
    let (before, after) = (before.cast_signed(), after.cast_signed());
    (before - after) / count.max(1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pools_are_full_when_each_is() {
        let check = |pools: Value, expected| assert_eq!(full(&pools), expected, "{pools}");
        let pool = |idle, target, creating| json!({"idle": idle, "target": target, "creating": creating});
        check(json!({"pools": [pool(2, 2, 0), pool(3, 1, 0)]}), Some(5));
        check(json!({"pools": [pool(2, 2, 0), pool(0, 1, 0)]}), None);
        check(json!({"pools": [pool(2, 2, 1)]}), None);
        check(json!({"pools": []}), Some(0));
        check(json!({"pools": [{}]}), None);
        check(json!({}), None);
    }

    #[test]
    fn shares_may_be_less_than_nothing() {
        assert_eq!(share(1000, 400, 3), 200);
        assert_eq!(share(400, 1000, 3), -200);
        assert_eq!(share(400, 100, 0), 300);
    }
}
