//! Many sleeping programs at once, held until they are cancelled. None outlives the bench.

use crate::bench::client::Client;
use crate::bench::machine;
use crate::bench::watch::Watch;
use crate::bench::{Bench, Entry};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Connections that start and cancel executions.
const CONNECTIONS: u32 = 8;
/// How long all of them may take to run, and again to end.
const LIMIT: Duration = Duration::from_secs(300);
/// How often we look.
const LOOK: Duration = Duration::from_millis(5);
/// What of the machine's memory must stay free: a bench must not end other programs.
const SPARE: u64 = 20;

/// Executions that sleep.
#[derive(Debug)]
pub struct Held {
    client: Client,
    ids: Vec<String>,
}

impl Held {
    /// Starts `count` of them. It is over when all are accepted.
    ///
    /// # Errors
    /// When we are told to stop, or too many fail; what was started is cancelled then.
    pub fn start(bench: &mut Bench<'_>, entry: &Entry, count: u32) -> Result<Self> {
        let (client, body) = (bench.client()?, entry.program.sleeping_body());
        let (next, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
        let (ids, failures) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let work = |client: Client| {
            while !is_over.load(Ordering::Relaxed) && next.fetch_add(1, Ordering::Relaxed) < count {
                let started = check_memory().and_then(|()| client.start(&body));
                match started {
                    Ok(id) => lock(&ids).push(id),
                    Err(error) => {
                        lock(&failures).push(format!("{error:#}"));
                        is_over.store(true, Ordering::Relaxed);
                    }
                }
            }
        };
        let waited = in_parallel(bench, &work, &is_over);
        let held = Self {
            client,
            ids: ids.into_inner().unwrap_or_else(PoisonError::into_inner),
        };
        waited?;
        let who = format!("start {count} sleeping programs, {}", entry.program.language);
        for why in failures.into_inner().unwrap_or_else(PoisonError::into_inner) {
            bench.take::<()>(&who, Err(why))?;
        }
        Ok(held)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// Waits until the programs of all run; false when one does not.
    ///
    /// # Errors
    /// When we are told to stop, or too many fail.
    pub fn wait_running(&self, bench: &mut Bench<'_>) -> Result<bool> {
        let until = Instant::now() + LIMIT;
        for (index, id) in self.ids.iter().enumerate() {
            bench
                .watch
                .say(&format!("{index} of {} sleeping programs run", self.ids.len()));
            let running = self.wait(&bench.watch, id, until, |json| {
                match json.get("status").and_then(Value::as_str) {
                    Some("running") => json.get("started_at").map(|at| !at.is_null()),
                    Some("queued") => Some(false),
                    _ => None,
                }
            });
            if let Err(error) = running {
                bench.take::<()>("a sleeping program", Err(format!("{error:#}")))?;
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Cancels all and waits for their ends.
    ///
    /// # Errors
    /// When we are told to stop, or too many fail.
    pub fn cancel(mut self, bench: &mut Bench<'_>) -> Result<()> {
        let ids = std::mem::take(&mut self.ids);
        bench.watch.say("cancelling sleeping programs");
        let failures = cancel(&self.client, &ids);
        let until = Instant::now() + LIMIT;
        for why in failures {
            bench.take::<()>("cancel a sleeping program", Err(why))?;
        }
        for id in &ids {
            let ended = self.wait(&bench.watch, id, until, |json| {
                match json.get("status").and_then(Value::as_str) {
                    Some("cancelled") => Some(true),
                    Some("queued" | "running") => Some(false),
                    _ => None,
                }
            });
            bench.take("a cancelled program", ended.map_err(|error| format!("{error:#}")))?;
        }
        Ok(())
    }

    /// Looks until `is_there` says so; `None` of it is a failure.
    fn wait(
        &self,
        watch: &Watch,
        id: &str,
        until: Instant,
        is_there: impl Fn(&Value) -> Option<bool>,
    ) -> Result<()> {
        loop {
            watch.check()?;
            let json = self.client.execution(id)?;
            let status = json.get("status").and_then(Value::as_str).unwrap_or("no status");
            match is_there(&json) {
                Some(true) => return Ok(()),
                Some(false) if Instant::now() < until => watch.rest(LOOK)?,
                Some(false) => return Err(anyhow!("{id} is {status} after {} s", LIMIT.as_secs())),
                None => return Err(anyhow!("{id} is {status}")),
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The service may be another's.
        cancel(&self.client, &self.ids);
    }
}

/// Runs `work` on several threads, each with a connection of its own; a signal sets `is_over`.
fn in_parallel(bench: &Bench<'_>, work: &(impl Fn(Client) + Sync), is_over: &AtomicBool) -> Result<()> {
    let clients = (0..CONNECTIONS)
        .map(|_| bench.client())
        .collect::<Result<Vec<_>>>()?;
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        let mut result = Ok(());
        for client in clients {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || work(client));
            match thread {
                Ok(thread) => threads.push(thread),
                Err(error) => result = Err(error).context("start a thread"),
            }
        }
        while result.is_ok() && threads.iter().any(|thread| !thread.is_finished()) {
            result = bench.watch.rest(LOOK);
        }
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

/// Asks for all to end; what the service said against it.
fn cancel(client: &Client, ids: &[String]) -> Vec<String> {
    let failed = ids.iter().filter_map(|id| client.cancel(id).err());
    failed.map(|error| format!("{error:#}")).collect()
}

fn check_memory() -> Result<()> {
    let (available, total) = (machine::available_bytes()?, machine::total_bytes()?);
    match available > total / SPARE {
        true => Ok(()),
        false => Err(anyhow!(
            "the memory of this machine is used up; take a smaller --count"
        )),
    }
}

fn lock<T>(list: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
