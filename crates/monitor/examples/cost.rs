//! What judging costs: nanoseconds an event, over events of all kinds.

use casemate_monitor::threat::rules::Rules;
use casemate_monitor::threat::{Judge, Terms};
use std::time::Instant;

fn main() -> Result<(), String> {
    let rules = Rules::shipped().map_err(|error| error.to_string())?;
    let programs = rules.all().iter().flat_map(|rule| rule.examples());
    let mut events: Vec<_> = programs.flat_map(|(_, events)| events).collect();
    let lone: Vec<_> = events.iter().take(400).cloned().collect();
    for _ in 0..100 {
        events.extend(lone.iter().cloned());
    }
    for (at, event) in (0_u64..).zip(&mut events) {
        event.at_ns = at * 100_000;
    }
    let begun = Instant::now();
    let mut judge = Judge::new(Terms::shipped()?);
    for event in &events {
        judge.take(event);
    }
    let took = begun.elapsed();
    println!(
        "{} events, {} ns each",
        events.len(),
        took.as_nanos() / events.len() as u128
    );
    let fresh = Instant::now();
    for _ in 0..1000 {
        let _ = Judge::new(Terms::shipped()?).verdict();
    }
    println!(
        "an execution without events: {} ns",
        fresh.elapsed().as_nanos() / 1000
    );
    Ok(())
}
