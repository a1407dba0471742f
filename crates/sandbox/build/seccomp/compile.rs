//! Turns a policy into a filter: architecture, second ABI, then a balanced binary
//! search tree over the syscall numbers, with argument checks at its leaves.
//!
//! Called by `generate` and by the tests. A tree loads and runs faster than a list
//! of comparisons (`docs/decisions/0002-seccomp-compiler.md`). It must never leave
//! a number out: the ranges cover all 32 bits.

use super::arch::{Architecture, SyscallTable};
use super::assemble::{Assembler, IF_ANY_BIT, IF_AT_LEAST, IF_EQUAL, Instruction, Label};
use super::policy::{Condition, Entry, Policy, Rule, Verdict, Wanted, Width};

// Offsets in `struct seccomp_data` (seccomp(2)): nr, arch, instruction pointer, args.
const OFFSET_NUMBER: u32 = 0;
const OFFSET_ARCH: u32 = 4;
const OFFSET_ARGUMENTS: u32 = 16;

/// A compiled policy.
pub struct Filter {
    /// The program.
    pub instructions: Vec<Instruction>,
    /// How many syscalls some arguments let through.
    pub allowed: usize,
}

/// Numbers from `start` up to the next range share one entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range<'a> {
    /// The first number.
    pub start: u32,
    /// What the policy says; `None` is its default.
    pub entry: Option<&'a Entry>,
}

/// Compiles `policy` for `arch`.
///
/// # Errors
/// The file, the syscall and the reason.
pub fn compile(policy: &Policy, table: &SyscallTable, arch: Architecture) -> Result<Filter, String> {
    let ranges = ranges(policy, table, arch)?;
    let mut allowed = 0;
    for (name, entry) in &policy.entries {
        let here = table.number(name, arch)?.is_some();
        allowed += usize::from(here && entry.may_allow());
    }
    let mut assembler = Assembler::default();
    let tree = tree(&mut assembler, &ranges, policy.default);
    let kill = assembler.ret(Verdict::KillProcess.action());
    let numbers = match arch.foreign_bit() {
        Some(bit) => assembler.branch(IF_ANY_BIT, bit, kill, tree),
        None => tree,
    };
    let number = assembler.load(OFFSET_NUMBER, numbers);
    let ours = assembler.branch(IF_EQUAL, arch.audit(), number, kill);
    assembler.load(OFFSET_ARCH, ours);
    let instructions = assembler
        .finish()
        .map_err(|reason| format!("{}: {}: {reason}", policy.file, arch.name()))?;
    Ok(Filter {
        instructions,
        allowed,
    })
}

/// The policy as ranges of numbers: sorted, without gaps from 0 on, neighbours differ.
///
/// # Errors
/// A name without a number, with file and syscall.
pub fn ranges<'a>(
    policy: &'a Policy,
    table: &SyscallTable,
    arch: Architecture,
) -> Result<Vec<Range<'a>>, String> {
    let mut numbered = Vec::new();
    for (name, entry) in &policy.entries {
        let number = table
            .number(name, arch)
            .map_err(|reason| format!("{}: {reason}", policy.file))?;
        // An entry that only repeats the default needs no range of its own.
        let entry = Some(entry).filter(|entry| **entry != Entry::Always(policy.default));
        numbered.extend(number.map(|start| Range { start, entry }));
    }
    numbered.sort_by_key(|range| range.start);
    let mut ranges: Vec<Range<'a>> = Vec::new();
    let mut next = 0;
    for range in numbered {
        if range.start > next {
            extend(
                &mut ranges,
                Range {
                    start: next,
                    entry: None,
                },
            );
        }
        extend(&mut ranges, range);
        next = range.start + 1;
    }
    extend(
        &mut ranges,
        Range {
            start: next,
            entry: None,
        },
    );
    Ok(ranges)
}

/// Adds a range unless it only continues the last one.
fn extend<'a>(ranges: &mut Vec<Range<'a>>, range: Range<'a>) {
    if ranges.last().is_none_or(|last| last.entry != range.entry) {
        ranges.push(range);
    }
}

/// Halves the ranges until one is left; the depth is the logarithm of their number.
fn tree(assembler: &mut Assembler, ranges: &[Range], default: Verdict) -> Label {
    let middle = ranges.len() / 2;
    match ranges.get(middle) {
        Some(boundary) if middle > 0 => {
            let upper = tree(assembler, &ranges[middle..], default);
            let lower = tree(assembler, &ranges[..middle], default);
            assembler.branch(IF_AT_LEAST, boundary.start, upper, lower)
        }
        leaf => match leaf.and_then(|range| range.entry) {
            None => assembler.ret(default.action()),
            Some(Entry::Always(verdict)) => assembler.ret(verdict.action()),
            Some(Entry::Rules { rules, otherwise }) => rule_chain(assembler, rules, *otherwise),
        },
    }
}

/// The first rule whose conditions all hold answers.
fn rule_chain(assembler: &mut Assembler, rules: &[Rule], otherwise: Verdict) -> Label {
    let mut next = assembler.ret(otherwise.action());
    for rule in rules.iter().rev() {
        let mut entry = assembler.ret(rule.then.action());
        for condition in rule.when.iter().rev() {
            let (hit, miss) = match condition.wanted {
                Wanted::AnyOf => (entry, next),
                Wanted::NoneOf => (next, entry),
            };
            entry = match condition.width {
                Width::Bits32 => any_value_32(assembler, condition, hit, miss),
                Width::Bits64 => any_value_64(assembler, condition, hit, miss),
            };
        }
        next = entry;
    }
    next
}

/// Goes to `hit` if the lower half of the argument, masked, is one of the values.
fn any_value_32(assembler: &mut Assembler, condition: &Condition, hit: Label, miss: Label) -> Label {
    let mut next = miss;
    for value in condition.values.iter().rev() {
        next = assembler.branch(IF_EQUAL, low(*value), hit, next);
    }
    load_masked(
        assembler,
        offset_low(condition.argument),
        low(condition.mask),
        next,
    )
}

/// Goes to `hit` if the whole argument, masked, is one of the values.
fn any_value_64(assembler: &mut Assembler, condition: &Condition, hit: Label, miss: Label) -> Label {
    let mut next = miss;
    for value in condition.values.iter().rev() {
        let compare_low = assembler.branch(IF_EQUAL, low(*value), hit, next);
        let load_low = load_masked(
            assembler,
            offset_low(condition.argument),
            low(condition.mask),
            compare_low,
        );
        let compare_high = assembler.branch(IF_EQUAL, high(*value), load_low, next);
        next = load_masked(
            assembler,
            offset_low(condition.argument) + 4,
            high(condition.mask),
            compare_high,
        );
    }
    next
}

fn load_masked(assembler: &mut Assembler, offset: u32, mask: u32, next: Label) -> Label {
    let masked = if mask == u32::MAX {
        next
    } else {
        assembler.and(mask, next)
    };
    assembler.load(offset, masked)
}

/// Both architectures are little-endian: the lower half comes first.
fn offset_low(argument: u8) -> u32 {
    OFFSET_ARGUMENTS + 8 * u32::from(argument)
}

fn low(value: u64) -> u32 {
    (value & u64::from(u32::MAX)) as u32
}

fn high(value: u64) -> u32 {
    (value >> 32) as u32
}
