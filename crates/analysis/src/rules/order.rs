//! The order in which rules are judged: a rule comes behind the rules that it names.

use super::form::{ClauseForm, RuleForm};
use super::glob::Glob;
use rustc_hash::FxHashMap;

/// Orders rules, by their places in the list.
///
/// # Errors
/// A rule's place and the reason, when it names none, or itself over others.
pub fn order(forms: &[RuleForm]) -> Result<Vec<usize>, (usize, String)> {
    let numbers: FxHashMap<String, u32> = (0..)
        .zip(forms)
        .map(|(number, form)| (form.id.clone(), number))
        .collect();
    let mut names = Vec::with_capacity(forms.len());
    for (at, form) in forms.iter().enumerate() {
        let mut written = Vec::new();
        form.matches
            .iter()
            .for_each(|clause| collect(clause, &mut written));
        let mut all = Vec::new();
        for one in written {
            let found = named(std::slice::from_ref(one), &numbers);
            if found.is_empty() {
                return Err((at, format!("`{one}` names no rule")));
            }
            // A pattern that also means its own rule means the others.
            let own = |number: &u32| *number as usize == at;
            if found.iter().all(own) {
                return Err((at, "it names itself".to_owned()));
            }
            all.extend(found.into_iter().filter(|number| !own(number)));
        }
        names.push(all);
    }
    sort(&names).map_err(|at| (at, "it names itself over other rules".to_owned()))
}

/// The numbers of the rules that patterns name.
pub fn named(written: &[String], numbers: &FxHashMap<String, u32>) -> Vec<u32> {
    let globs: Vec<Glob> = written.iter().flat_map(|one| Glob::expand(one)).collect();
    let mut found: Vec<u32> = numbers
        .iter()
        .filter(|(id, _)| globs.iter().any(|glob| glob.matches(id)))
        .map(|(_, number)| *number)
        .collect();
    found.sort_unstable();
    found
}

fn collect<'f>(clause: &'f ClauseForm, written: &mut Vec<&'f String>) {
    written.extend(&clause.rule);
    for list in [&clause.all, &clause.any, &clause.then, &clause.not] {
        list.iter().for_each(|one| collect(one, written));
    }
}

/// Rounds over what is left: each takes the rules of which every named one is taken.
fn sort(names: &[Vec<u32>]) -> Result<Vec<usize>, usize> {
    let mut taken = vec![false; names.len()];
    let mut order = Vec::with_capacity(names.len());
    loop {
        let ready: Vec<usize> = (0..names.len())
            .filter(|at| !taken.get(*at).copied().unwrap_or(true))
            .filter(|at| {
                let mut needed = names.get(*at).into_iter().flatten();
                needed.all(|one| taken.get(*one as usize).copied().unwrap_or(true))
            })
            .collect();
        if ready.is_empty() {
            return match taken.iter().position(|one| !one) {
                Some(left) => Err(left),
                None => Ok(order),
            };
        }
        for at in ready {
            if let Some(one) = taken.get_mut(at) {
                *one = true;
            }
            order.push(at);
        }
    }
}
