//! Runs classic BPF as seccomp does, for tests. It decodes the bytes that the
//! binary embeds, and refuses what the kernel would refuse to load.

/// `struct seccomp_data` without the instruction pointer, which no policy reads.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub arch: u32,
    pub number: u32,
    pub arguments: [u64; 6],
}

#[derive(Clone, Copy, Debug)]
struct Step {
    code: u16,
    if_true: u8,
    if_false: u8,
    operand: u32,
}

/// A program that passed the checks of the kernel (net/core/filter.c,
/// `bpf_check_classic`, and kernel/seccomp.c, `seccomp_check_filter`).
pub struct Program(Vec<Step>);

impl Program {
    /// Decodes an array of `struct sock_filter`.
    pub fn check(bytes: &[u8]) -> Self {
        assert_eq!(bytes.len() % 8, 0, "half an instruction");
        let steps: Vec<Step> = bytes
            .chunks_exact(8)
            .map(|raw| Step {
                code: u16::from_le_bytes([raw[0], raw[1]]),
                if_true: raw[2],
                if_false: raw[3],
                operand: u32::from_le_bytes([raw[4], raw[5], raw[6], raw[7]]),
            })
            .collect();
        assert!((1..=4096).contains(&steps.len()), "{} instructions", steps.len());
        for (position, step) in steps.iter().enumerate() {
            let rest = steps.len() - position - 1;
            match step.code {
                0x20 => assert!(
                    step.operand.is_multiple_of(4) && step.operand < 64,
                    "load of {}",
                    step.operand
                ),
                0x54 | 0x06 => {}
                0x05 => assert!((step.operand as usize) < rest, "jump out at {position}"),
                0x15 | 0x35 | 0x45 => {
                    assert!(
                        usize::from(step.if_true.max(step.if_false)) < rest,
                        "branch out at {position}"
                    );
                }
                code => {
                    panic!("instruction {position} has the code {code:#x}, which the compiler never emits")
                }
            }
        }
        assert_eq!(
            steps[steps.len() - 1].code,
            0x06,
            "the last instruction must return"
        );
        Self(steps)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The action for a call, and how many instructions it took.
    pub fn run(&self, call: &Call) -> (u32, usize) {
        let mut accumulator = 0;
        let mut position = 0;
        // Jumps go forwards only, so the length bounds the steps.
        for steps in 1..=self.0.len() {
            let step = self.0[position];
            position += 1;
            match step.code {
                0x20 => accumulator = word(call, step.operand),
                0x54 => accumulator &= step.operand,
                0x06 => return (step.operand, steps),
                0x05 => position += step.operand as usize,
                code => {
                    let holds = match code {
                        0x15 => accumulator == step.operand,
                        0x35 => accumulator >= step.operand,
                        _ => accumulator & step.operand != 0,
                    };
                    position += usize::from(if holds { step.if_true } else { step.if_false });
                }
            }
        }
        panic!("the program did not return");
    }

    /// One line per instruction, with absolute jump targets.
    pub fn disassembly(&self) -> String {
        let line = |(position, step): (usize, &Step)| {
            let to = |skip: usize| position + 1 + skip;
            let branch = |test: &str| {
                let (yes, no) = (to(step.if_true.into()), to(step.if_false.into()));
                format!("if {test} {:#x} then {yes} else {no}", step.operand)
            };
            let text = match step.code {
                0x20 => format!("load {}", step.operand),
                0x54 => format!("and {:#x}", step.operand),
                0x06 => format!("return {:#x}", step.operand),
                0x05 => format!("goto {}", to(step.operand as usize)),
                0x15 => branch("=="),
                0x35 => branch(">="),
                _ => branch("&"),
            };
            format!("{position} {text}\n")
        };
        self.0.iter().enumerate().map(line).collect()
    }
}

/// The word of `struct seccomp_data` at a byte offset, on a little-endian machine.
fn word(call: &Call, offset: u32) -> u32 {
    match offset {
        0 => call.number,
        4 => call.arch,
        8 | 12 => 0x5555_5555,
        _ => {
            let argument = call.arguments[(offset as usize - 16) / 8];
            (if offset.is_multiple_of(8) {
                argument
            } else {
                argument >> 32
            }) as u32
        }
    }
}
