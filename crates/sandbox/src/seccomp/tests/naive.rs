//! The meaning of a policy, read without any compiler: entry by entry, rule by rule.

use super::compiler::arch::{Architecture, SyscallTable};
use super::compiler::policy::{Condition, Entry, Policy, Verdict, Wanted};
use super::interpreter::Call;

/// What the policy says about a call.
pub fn action(policy: &Policy, table: &SyscallTable, arch: Architecture, call: &Call) -> u32 {
    if call.arch != arch.audit() || (arch == Architecture::X86_64 && call.number & 0x4000_0000 != 0) {
        return Verdict::KillProcess.action();
    }
    let named = policy
        .entries
        .iter()
        .find(|(name, _)| table.number(name, arch).unwrap() == Some(call.number))
        .map(|(_, entry)| entry);
    match named {
        None => policy.default.action(),
        Some(entry) => verdict(entry, &call.arguments).action(),
    }
}

/// What an entry says about these arguments.
pub fn verdict(entry: &Entry, arguments: &[u64; 6]) -> Verdict {
    match entry {
        Entry::Always(verdict) => *verdict,
        Entry::Rules { rules, otherwise } => rules
            .iter()
            .find(|rule| rule.when.iter().all(|condition| holds(condition, arguments)))
            .map_or(*otherwise, |rule| rule.then),
    }
}

fn holds(condition: &Condition, arguments: &[u64; 6]) -> bool {
    let seen = arguments[usize::from(condition.argument)] & condition.width.mask() & condition.mask;
    condition.values.contains(&seen) == (condition.wanted == Wanted::AnyOf)
}
