//! The warm pool: sandboxes that stand ready, by language, network and disk. Each is used once, by one principal.
//!
//! The engine's thread asks it for a sandbox before it orders a fresh one, and lets it order more. Numbers come from
//! [`crate::allocate`]; how a sandbox is made, from the warden.

use super::super::pools::PoolLevel;
use crate::allocate::{Bounds, Demands, PoolKey, Target};
use crate::error::EngineError;
use crate::pipeline::new_sandbox_id;
use crate::service::Kinds;
use crate::stages;
use casemate_runtime::oneshot::{Observer, ParkChange, ParkKey, Reactor, Wish};
use casemate_sandbox::Create;
use casemate_types::{Bytes, Limits, SandboxId};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Most sandboxes that are being made ahead at once: the warden serves orders in their order, and someone may wait.
const MOST_CREATING: usize = 4;
/// How often targets are reckoned anew.
const RECKONING: Duration = Duration::from_millis(50);
/// How long after a sandbox was taken none is ordered while more stand ready: the program that has just started is not
/// to share its processor with the making of the next one.
const QUIET: Duration = Duration::from_millis(4);
/// How long one may take until it stands ready.
const CREATION_LIMIT: Duration = Duration::from_secs(10);
/// How long one stands ready at most: the layout of its interpreter is that of its siblings.
const MOST_AGE: Duration = Duration::from_secs(600);
/// Failures in a row after which none is ordered for a while.
const MOST_FAILURES: u32 = 5;
const PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Idle {
    park: ParkKey,
    sandbox: SandboxId,
    since: Instant,
}

/// A sandbox out of the pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Warm {
    pub(super) park: ParkKey,
    pub(super) sandbox: SandboxId,
}

/// The pool.
#[derive(Debug)]
pub(super) struct Pool {
    bounds: Bounds,
    demands: Demands,
    targets: Vec<Target>,
    reckoned: Instant,
    idle: HashMap<PoolKey, VecDeque<Idle>>,
    creating: HashMap<ParkKey, (PoolKey, SandboxId, Instant)>,
    taken: Option<Instant>,
    failures: u32,
    paused_until: Option<Instant>,
    has_changed: bool,
    /// Whether some are wanted whatever is asked for.
    is_wanted: bool,
}

impl Pool {
    /// An empty pool; `ready` are the kinds that are wanted from the start.
    pub(super) fn new(bounds: Bounds, ready: &[PoolKey], now: Instant) -> Self {
        let mut demands = Demands::default();
        ready.iter().for_each(|key| demands.configure(*key, now));
        Self {
            bounds,
            demands,
            targets: Vec::new(),
            reckoned: now.checked_sub(RECKONING).unwrap_or(now),
            idle: HashMap::new(),
            creating: HashMap::new(),
            taken: None,
            failures: 0,
            paused_until: None,
            has_changed: true,
            is_wanted: bounds.min_idle > 0 && !ready.is_empty(),
        }
    }

    /// An execution wants a sandbox: the one that stands ready longest.
    pub(super) fn take(&mut self, key: PoolKey, now: Instant) -> Option<Warm> {
        self.demands.note_arrival(key, now);
        self.taken = Some(now);
        let idle = self.idle.get_mut(&key)?.pop_front()?;
        self.has_changed = true;
        Some(Warm {
            park: idle.park,
            sandbox: idle.sandbox,
        })
    }

    /// Takes note of what became of sandboxes.
    pub(super) fn note(&mut self, changes: Vec<ParkChange>, now: Instant) {
        for change in changes {
            self.has_changed = true;
            match change {
                ParkChange::Ready { key, took, .. } => {
                    let Some((pool, sandbox, _)) = self.creating.remove(&key) else {
                        continue;
                    };
                    self.failures = 0;
                    self.demands.note_created(pool, took, now);
                    self.idle.entry(pool).or_default().push_back(Idle {
                        park: key,
                        sandbox,
                        since: now,
                    });
                }
                ParkChange::Lost { key } => self.note_loss(key, now),
            }
        }
    }

    fn note_loss(&mut self, park: ParkKey, now: Instant) {
        if self.creating.remove(&park).is_some() {
            self.failures += 1;
            if self.failures >= MOST_FAILURES {
                self.failures = 0;
                self.paused_until = Some(now + PAUSE);
            }
        }
        for idle in self.idle.values_mut() {
            idle.retain(|idle| idle.park != park);
        }
    }

    /// Whether nothing stands ready, and nothing is to.
    pub(super) fn is_empty(&self) -> bool {
        !self.is_wanted && self.idle.is_empty() && self.creating.is_empty() && self.targets.is_empty()
    }

    /// When [`Pool::keep`] is to be called again at the latest.
    pub(super) fn due_in(&self) -> Option<Duration> {
        if self.taken.is_some() {
            return Some(QUIET);
        }
        (!self.is_empty()).then_some(RECKONING * 4)
    }

    /// Orders what is missing and ends what is too much or too old. `share` is how much of the targets memory allows.
    pub(super) fn keep<O: Observer>(
        &mut self,
        reactor: &mut Reactor<O>,
        kinds: &Kinds,
        share: f64,
        now: Instant,
    ) {
        if now.saturating_duration_since(self.reckoned) >= RECKONING {
            self.reckoned = now;
            self.targets = self.demands.targets(now, &self.bounds, share);
            self.shed(reactor, now);
        }
        if self.paused_until.is_some_and(|until| now < until) || !reactor.has_warden() {
            return;
        }
        self.paused_until = None;
        let is_quiet = self
            .taken
            .is_none_or(|at| now.saturating_duration_since(at) >= QUIET);
        if is_quiet {
            self.taken = None;
        }
        for target in self.targets.clone() {
            let count = self.count(target.key);
            // A pool that runs low cannot wait.
            if !is_quiet && count * 2 > target.idle {
                continue;
            }
            let wanted = target.idle.saturating_sub(count);
            for _ in 0..wanted {
                if self.creating.len() >= MOST_CREATING {
                    return;
                }
                if self.order(reactor, kinds, target.key, now).is_err() {
                    self.paused_until = Some(now + PAUSE);
                    return;
                }
            }
        }
    }

    fn count(&self, key: PoolKey) -> usize {
        let creating = self.creating.values().filter(|(pool, ..)| *pool == key).count();
        creating + self.idle.get(&key).map_or(0, VecDeque::len)
    }

    fn order<O: Observer>(
        &mut self,
        reactor: &mut Reactor<O>,
        kinds: &Kinds,
        key: PoolKey,
        now: Instant,
    ) -> Result<(), EngineError> {
        let kind = kinds.find(key.language)?;
        let sandbox = new_sandbox_id()?;
        let limits = Limits {
            disk: Bytes(key.disk_bytes),
            ..Limits::default()
        };
        let create = Create {
            blueprint: kind.blueprint,
            template: kind.template,
            ..stages::create(sandbox.value(), &limits, key.network, false)
        };
        let wish = match &kind.worker {
            Some(spec) => Wish::Worker(Box::new(spec.clone())),
            None if kind.forks => Wish::Child,
            None => Wish::Nothing,
        };
        let park = reactor.park(create, wish)?;
        self.creating.insert(park, (key, sandbox, now));
        self.has_changed = true;
        Ok(())
    }

    fn shed<O: Observer>(&mut self, reactor: &mut Reactor<O>, now: Instant) {
        let targets = &self.targets;
        for (key, idle) in &mut self.idle {
            let target = targets.iter().find(|t| t.key == *key).map_or(0, |t| t.idle);
            // A target that swings is no reason to throw away what was made for it a moment ago.
            let most = target + target / 2;
            let is_old = |idle: &Idle| now.saturating_duration_since(idle.since) >= MOST_AGE;
            while idle.len() > most.max(target) || idle.front().is_some_and(is_old) {
                let Some(gone) = idle.pop_front() else { break };
                reactor.unpark(gone.park);
                self.has_changed = true;
            }
        }
        self.idle.retain(|_, idle| !idle.is_empty());
        let late: Vec<ParkKey> = self
            .creating
            .iter()
            .filter(|(_, (.., since))| now.saturating_duration_since(*since) >= CREATION_LIMIT)
            .map(|(park, _)| *park)
            .collect();
        for park in late {
            reactor.unpark(park);
            self.note_loss(park, now);
        }
    }

    /// What there is, if it has changed since this was last asked.
    pub(super) fn levels(&mut self) -> Option<Vec<PoolLevel>> {
        if !std::mem::take(&mut self.has_changed) {
            return None;
        }
        let mut keys: Vec<PoolKey> = self.targets.iter().map(|target| target.key).collect();
        keys.extend(self.idle.keys());
        keys.extend(self.creating.values().map(|(key, ..)| key));
        let mut levels: Vec<PoolLevel> = Vec::new();
        for key in keys {
            if levels.iter().all(|level| level.key != key) {
                levels.push(PoolLevel {
                    key,
                    idle: self.idle.get(&key).map_or(0, VecDeque::len),
                    target: self.targets.iter().find(|t| t.key == key).map_or(0, |t| t.idle),
                    creating: self.creating.values().filter(|(pool, ..)| *pool == key).count(),
                });
            }
        }
        Some(levels)
    }
}
