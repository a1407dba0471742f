//! Sequence models on small made-up sequences.

use super::*;

/// Words that repeat 1 2 3 4.
fn normal(length: u16) -> Vec<Symbol> {
    (0..length).map(|at| at % 4 + 1).collect()
}

fn odd() -> Vec<Symbol> {
    vec![4, 4, 9, 1, 3, 3, 9, 2, 1, 4, 9, 9]
}

#[test]
fn what_was_never_seen_surprises_more_than_what_always_comes() {
    let mut markov = Markov::new(4);
    for length in 8..40 {
        markov.learn(&normal(length));
    }
    assert!(markov.score(&normal(30)) < 1.0);
    assert!(markov.score(&odd()) > 4.0);
    assert_eq!(Markov::new(3).score(&[]), 0.0);
}

#[test]
fn a_step_at_a_time_is_the_whole() {
    let mut markov = Markov::new(3);
    markov.learn(&normal(40));
    let mut state = MarkovState::default();
    let stepped: Vec<f64> = odd().iter().map(|word| markov.step(&mut state, *word)).collect();
    assert_eq!(stepped, markov.surprises(&odd()));
}

#[test]
fn new_runs_are_counted() {
    let mut stide = Stide::new(3);
    stide.learn(&normal(20));
    assert_eq!(stide.score(&normal(12)), 0.0);
    assert_eq!(stide.score(&odd()), 1.0);
    assert_eq!(stide.score(&[1]), 0.0);
}

#[test]
fn neighbours_are_near_to_what_is_like_them() {
    let all: Vec<Vec<Symbol>> = (10..30).map(normal).collect();
    let grams = Grams::learn(all.iter().map(Vec::as_slice), 1);
    let vectors: Vec<Vector> = all.iter().map(|one| grams.weighed(one)).collect();
    let near = Neighbours::new(&vectors, grams.len());
    let far = near.score(&grams.weighed(&odd()), |_| true);
    assert!(near.score(&grams.weighed(&normal(22)), |_| true) < 0.05);
    assert!(far > 0.3, "{far}");
    assert!(near.score(&vectors[0], |_| false) > 0.99);
}

#[test]
fn the_classifier_learns_and_says_why() {
    let normals: Vec<Vec<Symbol>> = (10..40).map(normal).collect();
    let mut attacks = Vec::new();
    for length in 10..16 {
        let mut attack = normal(length);
        attack.extend([9, 9, 2]);
        attacks.push(attack);
    }
    let all: Vec<&Vec<Symbol>> = normals.iter().chain(&attacks).collect();
    let grams = Grams::learn(all.iter().map(|one| one.as_slice()), 1);
    let vectors: Vec<Vector> = all.iter().map(|one| grams.counts(one)).collect();
    let examples: Vec<Example> = vectors
        .iter()
        .enumerate()
        .map(|(at, features)| Example {
            features,
            attack: at >= normals.len(),
        })
        .collect();
    let model = Logistic::learn(&examples, grams.len(), 1.0);
    let attack = grams.counts(&[1, 2, 9, 9, 2]);
    assert!(model.sum(&attack) > 0.0);
    assert!(model.sum(&grams.counts(&normal(21))) < 0.0);
    let reasons = model.reasons(&attack, 3);
    assert!(grams.run(reasons[0].0).contains(&9), "{reasons:?}");
    let again = Logistic::learn(&examples, grams.len(), 1.0);
    assert_eq!(again.weights, model.weights);
}
