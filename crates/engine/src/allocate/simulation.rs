//! A day of load against the decisions, in virtual time: how often a warm sandbox was there, what it cost to hold them,
//! and whether a host that fills up stays above its floor.

use super::*;
use casemate_types::Network;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;
/// A day of two hours.
const DAY_SECONDS: f64 = 7200.0;
const TICK: Duration = Duration::from_millis(10);
/// Targets are asked for as often as the engine does, in ticks.
const TARGET_TICKS: u32 = 10;
/// How often the host is looked at.
const LOOK: Duration = Duration::from_millis(100);
const CREATIONS_AT_ONCE: usize = 4;
const BOUNDS: Bounds = Bounds {
    min_idle: 1,
    max_idle: 32,
    max_total: 64,
};

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn wait(&mut self, rate: f64) -> f64 {
        -(1.0 - self.roll()).ln() / rate
    }
}

/// A language of the load.
struct Kind {
    key: PoolKey,
    /// Arrivals in a second at noon.
    noon_rate: f64,
    /// Arrivals at once, and how many seconds lie between two such, by the mean.
    burst: (usize, f64),
    creation: Duration,
}

fn kinds() -> [Kind; 4] {
    let kind = |language, noon_rate, burst, creation_ms| Kind {
        key: PoolKey {
            language,
            network: Network::None,
            disk_bytes: 128 * MIB,
        },
        noon_rate,
        burst,
        creation: Duration::from_millis(creation_ms),
    };
    [
        kind("python", 40.0, (16, 45.0), 60),
        kind("javascript", 8.0, (8, 90.0), 120),
        kind("bash", 2.0, (4, 120.0), 20),
        kind("java", 0.2, (2, 300.0), 900),
    ]
}

/// The seconds at which executions arrive: a curve over the day, thinned out of a steady rate, and bursts.
fn arrivals(kind: &Kind, dice: &mut Dice) -> VecDeque<f64> {
    let mut all = Vec::new();
    let mut at = dice.wait(kind.noon_rate);
    while at < DAY_SECONDS {
        let noon = 0.5 - 0.5 * (std::f64::consts::TAU * at / DAY_SECONDS).cos();
        if dice.roll() < 0.05 + 0.95 * noon {
            all.push(at);
        }
        at += dice.wait(kind.noon_rate);
    }
    let mut at = dice.wait(1.0 / kind.burst.1);
    while at < DAY_SECONDS {
        all.extend((0..kind.burst.0).map(|n| at + n as f64 * 0.002));
        at += dice.wait(1.0 / kind.burst.1);
    }
    all.sort_by(f64::total_cmp);
    all.into()
}

/// Idle sandboxes of one kind, and those that are being made.
#[derive(Default)]
struct Pool {
    idle: usize,
    creating: Vec<f64>,
    served: [u64; 2],
    target: usize,
}

#[derive(Default)]
struct Day {
    pools: Vec<Pool>,
    most_idle: usize,
    idle_seconds: f64,
}

fn simulate(seed: u64) -> Day {
    let begin = Instant::now();
    let kinds = kinds();
    let mut dice = Dice(seed);
    let mut waiting: Vec<_> = kinds.iter().map(|kind| arrivals(kind, &mut dice)).collect();
    let mut demands = Demands::default();
    let mut day = Day {
        pools: kinds.iter().map(|_| Pool::default()).collect(),
        ..Day::default()
    };
    for tick in 1..=(DAY_SECONDS / TICK.as_secs_f64()) as u32 {
        let now = f64::from(tick) * TICK.as_secs_f64();
        let at = |seconds: f64| begin + Duration::from_secs_f64(seconds);
        for ((kind, pool), arrivals) in kinds.iter().zip(&mut day.pools).zip(&mut waiting) {
            while let Some(arrived) = arrivals.front().copied().filter(|at| *at <= now) {
                arrivals.pop_front();
                pool.finish(kind, arrived, &mut demands, begin);
                demands.note_arrival(kind.key, at(arrived));
                pool.serve();
            }
            pool.finish(kind, now, &mut demands, begin);
        }
        if tick % TARGET_TICKS == 0 {
            day.aim(&kinds, &demands.targets(at(now), &BOUNDS, 1.0));
        }
        day.fill(&kinds, now);
        let idle: usize = day.pools.iter().map(|pool| pool.idle).sum();
        day.most_idle = day.most_idle.max(idle);
        day.idle_seconds += idle as f64 * TICK.as_secs_f64();
    }
    day
}

impl Pool {
    fn finish(&mut self, kind: &Kind, now: f64, demands: &mut Demands, begin: Instant) {
        let before = self.creating.len();
        self.creating.retain(|ready| *ready > now);
        let made = before - self.creating.len();
        self.idle += made;
        (0..made).for_each(|_| {
            demands.note_created(kind.key, kind.creation, begin + Duration::from_secs_f64(now));
        });
    }

    fn serve(&mut self) {
        let is_warm = self.idle > 0;
        self.idle -= usize::from(is_warm);
        self.served[usize::from(is_warm)] += 1;
    }
}

impl Day {
    /// Takes the targets, and gives up what is too much.
    fn aim(&mut self, kinds: &[Kind], targets: &[Target]) {
        for (kind, pool) in kinds.iter().zip(&mut self.pools) {
            pool.target = targets.iter().find(|t| t.key == kind.key).map_or(0, |t| t.idle);
            pool.idle = pool.idle.min(pool.target);
        }
    }

    /// Makes what is missing, the kind that lacks most first.
    fn fill(&mut self, kinds: &[Kind], now: f64) {
        let mut busy: usize = self.pools.iter().map(|pool| pool.creating.len()).sum();
        while busy < CREATIONS_AT_ONCE {
            let lack = |pool: &Pool| pool.target.saturating_sub(pool.idle + pool.creating.len());
            let Some((kind, pool)) = kinds.iter().zip(&mut self.pools).max_by_key(|(_, p)| lack(p)) else {
                return;
            };
            if lack(pool) == 0 {
                return;
            }
            pool.creating.push(now + kind.creation.as_secs_f64());
            busy += 1;
        }
    }
}

#[test]
fn most_of_a_day_is_served_warm_and_little_is_held_idle() {
    for seed in [1, 2] {
        let day = simulate(seed);
        let sum = |index: usize| day.pools.iter().map(|pool| pool.served[index]).sum::<u64>() as f64;
        let efficiency = sum(1) / (sum(0) + sum(1));
        let average = day.idle_seconds / DAY_SECONDS;
        eprintln!(
            "seed {seed}: {efficiency:.3} most {} average {average:.1}",
            day.most_idle
        );
        assert!(efficiency > 0.95, "seed {seed}: {efficiency}");
        // At 12 MiB each: at most 768 MiB, and by the mean below 500.
        assert!(
            day.most_idle <= BOUNDS.max_total,
            "seed {seed}: {}",
            day.most_idle
        );
        assert!(average < 40.0, "seed {seed}: {average}");
    }
}

/// A host whose programs take their time to take their memory.
struct ModelHost {
    now: Instant,
    others_bytes: u64,
    running: Vec<Program>,
    least_free: u64,
}

struct Program {
    key: u32,
    since: Instant,
    wants_bytes: u64,
}

const TOTAL: u64 = 16 << 30;

impl Program {
    /// It takes its memory evenly within its first second.
    fn used(&self, now: Instant) -> u64 {
        let part = now.duration_since(self.since).as_secs_f64().min(1.0);
        (self.wants_bytes as f64 * part) as u64
    }
}

impl ModelHost {
    fn read(&mut self) -> Reading {
        let used: u64 = self.running.iter().map(|program| program.used(self.now)).sum();
        let free = TOTAL.saturating_sub(self.others_bytes + used);
        self.least_free = self.least_free.min(free);
        Reading {
            total_bytes: TOTAL,
            available_bytes: free,
            stalled_basis_points: Some(0),
        }
    }
}

fn work() -> Work {
    Work {
        language: "python",
        step: Step::Program,
        bound_bytes: 384 * MIB,
    }
}

#[test]
fn a_host_that_fills_up_stays_above_its_floor_and_the_right_one_goes() {
    let mut host = ModelHost {
        now: Instant::now(),
        others_bytes: 4 << 30,
        running: Vec::new(),
        least_free: u64::MAX,
    };
    let mut admission = Admission::<u32>::new(Policy::default());
    let mut next = 0;
    // A flood: whatever may start does, and stays.
    for _ in 0..300 {
        admission.note_reading(Some(host.read()));
        while admission.admit(&work(), host.now) == Verdict::Admit {
            admission.note_started(next, &work(), host.now);
            host.running.push(Program {
                key: next,
                since: host.now,
                wants_bytes: 20 * MIB,
            });
            next += 1;
        }
        assert_eq!(admission.victim(&[], host.now), None);
        host.now += LOOK;
    }
    assert!(host.running.len() > 400, "{}", host.running.len());
    assert!(host.least_free >= TOTAL / 10, "{}", host.least_free);
    // One of them takes more than its like, until 95 % of the host are in use.
    let greedy = host.running.len() as u32 / 2;
    let mut victims = Vec::new();
    for _ in 0..100 {
        let program = host.running.iter_mut().find(|program| program.key == greedy);
        if let Some(program) = program {
            program.wants_bytes += 64 * MIB;
        }
        admission.note_reading(Some(host.read()));
        assert_ne!(admission.admit(&work(), host.now), Verdict::Admit);
        let running: Vec<_> = host
            .running
            .iter()
            .map(|program| Running {
                key: program.key,
                used_bytes: program.used(host.now),
            })
            .collect();
        if let Some(victim) = admission.victim(&running, host.now) {
            victims.push(victim);
            host.running.retain(|program| program.key != victim);
            admission.note_ended(victim, &work(), None);
            break;
        }
        host.now += LOOK;
    }
    assert_eq!(victims, [greedy]);
    assert!(host.least_free >= TOTAL / 25, "{}", host.least_free);
    admission.note_reading(Some(host.read()));
    assert!(!admission.is_critical());
}
