//! The compiler alone: wide comparisons, long jumps, and every error it must give.

use super::Random;
use super::compiler::arch::{Architecture, SyscallTable};
use super::compiler::assemble::{Assembler, IF_EQUAL, MAX_INSTRUCTIONS};
use super::compiler::compile::compile;
use super::compiler::policy::Policy;
use super::interpreter::{Call, Program};
use super::tree::{compare, compare_all};

const ARCH: Architecture = Architecture::X86_64;

/// A table of `count` syscalls, `s0` and so on, at every `stride`th number.
fn numbered(count: usize, stride: usize) -> SyscallTable {
    let rows: String = (0..count)
        .map(|index| format!("s{index} = {{ x86_64 = {0}, aarch64 = {0} }}\n", index * stride))
        .collect();
    SyscallTable::parse("numbers", &rows).unwrap()
}

fn compiled(policy: &Policy, table: &SyscallTable) -> Program {
    let filter = compile(policy, table, ARCH).unwrap();
    Program::check(
        &filter
            .instructions
            .iter()
            .flat_map(|one| one.encode())
            .collect::<Vec<u8>>(),
    )
}

/// A policy with `count` syscalls that each compare an argument with `values` values.
fn large(count: usize, values: usize) -> Policy {
    let mut text = String::from("default = \"ENOSYS\"\n");
    for index in 0..count {
        let list: Vec<String> = (0..values)
            .map(|value| (index * 1000 + value * 3).to_string())
            .collect();
        text += &format!(
            "[[conditional]]\nwhy = \"t\"\nnames = [\"s{index}\"]\notherwise = \"EPERM\"\n[[conditional.rule]]\nthen = \"allow\"\nwhen = [{{ arg = {}, bits = 32, is = [{}] }}]\n",
            index % 6,
            list.join(", ")
        );
    }
    Policy::parse("large", &text).unwrap()
}

#[test]
fn jumps_reach_further_than_255_instructions() {
    let (policy, table) = (large(60, 60), numbered(60, 2));
    let program = compiled(&policy, &table);
    assert!(
        program.len() > 3000,
        "{} instructions need no long jump",
        program.len()
    );
    compare_all(&program, &policy, &table, ARCH, 130);
}

#[test]
fn branches_choose_long_jumps_at_every_distance() {
    // Either target may be the further one.
    for (padding, swapped) in (245..520).flat_map(|padding| [(padding, false), (padding, true)]) {
        let mut assembler = Assembler::default();
        let (further, nearer) = (assembler.ret(1), assembler.ret(2));
        let mut next = nearer;
        for _ in 0..padding {
            next = assembler.and(u32::MAX, next);
        }
        let (yes, no) = if swapped {
            (further, nearer)
        } else {
            (nearer, further)
        };
        let entry = assembler.branch(IF_EQUAL, 7, yes, no);
        assembler.load(0, entry);
        let bytes: Vec<u8> = assembler
            .finish()
            .unwrap()
            .iter()
            .flat_map(|one| one.encode())
            .collect();
        let program = Program::check(&bytes);
        for (number, action) in [(7, if swapped { 1 } else { 2 }), (8, if swapped { 2 } else { 1 })] {
            let call = Call {
                arch: 0,
                number,
                arguments: [0; 6],
            };
            assert_eq!(
                program.run(&call).0,
                action,
                "padding {padding}, swapped {swapped}"
            );
        }
    }
}

#[test]
fn a_filter_that_the_kernel_would_refuse_fails_the_build() {
    let error = compile(&large(100, 60), &numbered(100, 2), ARCH).err().unwrap();
    assert!(
        error.contains("large: x86_64") && error.contains(&MAX_INSTRUCTIONS.to_string()),
        "{error}"
    );
}

#[test]
fn wide_comparisons_see_all_64_bits() {
    let text = r#"
        default = "ENOSYS"
        [[conditional]]
        why = "t"
        names = ["s1"]
        otherwise = "EPERM"
        [[conditional.rule]]
        then = "EINVAL"
        when = [{ arg = 5, bits = 64, mask = 0x7f00_0000_0000_00ff, is_not = [0x0100_0000_0000_0002] }]
        [[conditional.rule]]
        then = "allow"
        when = [
          { arg = 0, bits = 64, is = [0x1_0000_0002, 0x2_0000_0002, 7] },
          { arg = 1, bits = 64, mask = 0xff_0000_0000, is = [0, 0x10_0000_0000] },
        ]
    "#;
    let (policy, table) = (Policy::parse("wide", text).unwrap(), numbered(3, 1));
    let program = compiled(&policy, &table);
    compare_all(&program, &policy, &table, ARCH, 4);
    let mut random = Random(7);
    let interesting = [
        0,
        2,
        7,
        0x1_0000_0002,
        0x2_0000_0002,
        0x3_0000_0002,
        0x10_0000_0000,
        0x20_0000_0000,
    ];
    let last = [
        0x0100_0000_0000_0002,
        0x8100_0000_0000_ff02,
        2,
        0x0100_0000_0000_0000,
    ];
    let mut allowed = 0;
    for _ in 0..4000 {
        let mut arguments = [0; 6];
        arguments[0] = interesting[random.below(interesting.len())];
        arguments[1] = interesting[random.below(interesting.len())];
        arguments[5] = last[random.below(last.len())];
        let call = Call {
            arch: ARCH.audit(),
            number: 1,
            arguments,
        };
        compare(&program, &policy, &table, ARCH, &call);
        allowed += usize::from(program.run(&call).0 == 0x7fff_0000);
    }
    assert!(
        (100..3900).contains(&allowed),
        "{allowed} of 4000: both answers must occur"
    );
}

#[test]
fn errors_name_file_syscall_and_reason() {
    let rule = |condition: &str| {
        format!(
            "default = \"EPERM\"\n[[conditional]]\nwhy = \"t\"\nnames = [\"s0\"]\notherwise = \"EPERM\"\n[[conditional.rule]]\nthen = \"allow\"\nwhen = [{condition}]"
        )
    };
    let allow = |names: &str| format!("default = \"EPERM\"\n[[allow]]\nwhy = \"t\"\nnames = [{names}]");
    let cases = [
        (allow(r#""s0", "s1", "s0""#), "s0: named twice"),
        (allow(r#""s0", "unheard_of""#), "unheard_of: no such syscall"),
        (allow(""), "without names"),
        (
            allow(r#""s0""#).replace("why = \"t\"", "why = \" \""),
            "s0: the group does not say why",
        ),
        (
            allow(r#""s0""#).replace("EPERM", "allow"),
            "default: `allow` is no refusal",
        ),
        (
            allow(r#""s0""#).replace("EPERM", "ESOMETHING"),
            "default: `ESOMETHING` is no answer",
        ),
        (allow(r#""s0""#) + "\nerrno = \"EPERM\"", "unknown field"),
        (rule("{ arg = 6, bits = 32, is = [0] }"), "s0: arg = 6"),
        (rule("{ arg = 0, bits = 16, is = [0] }"), "s0: bits = 16"),
        (rule("{ arg = 0, bits = 32, is = [] }"), "s0: arg 0: 0 values"),
        (rule("{ arg = 0, bits = 32, is = [1, 1] }"), "a value twice"),
        (rule("{ arg = 0, bits = 32 }"), "exactly one of"),
        (
            rule("{ arg = 0, bits = 32, is = [0], is_not = [1] }"),
            "exactly one of",
        ),
        (
            rule("{ arg = 0, bits = 32, mask = 0, is = [0] }"),
            "mask 0x0 is empty",
        ),
        (
            rule("{ arg = 0, bits = 32, mask = 0x1_0000_0000, is = [0] }"),
            "wider than 32 bits",
        ),
        (
            rule("{ arg = 0, bits = 32, is = [0x1_0000_0000] }"),
            "never matches",
        ),
        (
            rule("{ arg = 0, bits = 32, mask = 6, is = [1] }"),
            "never matches",
        ),
        (rule(""), "0 conditions"),
        (
            rule("{ arg = 0, bits = 32, is = [0] }").replace("then = \"allow\"", "then = \"EINVAL\""),
            "no rule allows",
        ),
    ];
    for (text, expected) in cases {
        let outcome = Policy::parse("test.toml", &text)
            .and_then(|policy| compile(&policy, &numbered(2, 1), ARCH).map(drop));
        let error = outcome.expect_err(&text);
        assert!(
            error.starts_with("test.toml: ") && error.contains(expected),
            "{error}\nwanted: {expected}"
        );
    }
}

#[test]
fn a_table_with_holes_or_doubles_fails_the_build() {
    let cases = [
        ("a = { x86_64 = 1 }", "a: no number on aarch64"),
        ("a = { aarch64 = 1 }", "a: no number on x86_64"),
        (
            "a = { x86_64 = 1, aarch64 = 2, only = \"x86_64\" }",
            "a: has a number on aarch64",
        ),
        (
            "a = { x86_64 = 1, aarch64 = 2 }\nb = { x86_64 = 1, aarch64 = 3 }",
            "b: number 1 on x86_64 is also a",
        ),
        ("a = { x86_64 = 1, aarch64 = 4000 }", "a: number 4000 is above"),
        ("a = { x86_64 = 1, aarch64 = 2, arm = 3 }", "unknown field"),
    ];
    for (text, expected) in cases {
        let error = SyscallTable::parse("numbers.toml", text).err().unwrap();
        assert!(
            error.starts_with("numbers.toml: ") && error.contains(expected),
            "{error}\nwanted: {expected}"
        );
    }
    let unused = numbered(2, 1).check_used(&["s0"].into()).unwrap_err();
    assert!(unused.contains("s1: no policy names it"), "{unused}");
}
