//! Assembles classic BPF from the end to the beginning.
//!
//! Used by `compile`. Classic BPF jumps forwards only, and conditional jumps reach
//! 255 instructions. Emitting the last instruction first means that every target
//! is known when a jump to it is made; one that is too far gets an unconditional
//! jump in between, whose reach is 32 bits (kernel: Documentation/networking/filter).

use std::collections::BTreeMap;

/// `BPF_MAXINSNS` of linux/bpf_common.h.
pub const MAX_INSTRUCTIONS: usize = 4096;
/// The reach of a conditional jump.
const MAX_REACH: usize = 255;
/// A return further away than this is emitted again rather than reached.
const SHARE_WITHIN: usize = 200;

/// `BPF_LD | BPF_W | BPF_ABS`: loads a word of `seccomp_data` at offset k.
pub const LOAD: u16 = 0x20;
/// `BPF_ALU | BPF_AND | BPF_K`.
pub const AND: u16 = 0x54;
/// `BPF_JMP | BPF_JA`.
pub const JUMP: u16 = 0x05;
/// `BPF_JMP | BPF_JEQ | BPF_K`.
pub const IF_EQUAL: u16 = 0x15;
/// `BPF_JMP | BPF_JGE | BPF_K`.
pub const IF_AT_LEAST: u16 = 0x35;
/// `BPF_JMP | BPF_JSET | BPF_K`.
pub const IF_ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`.
pub const RETURN: u16 = 0x06;

/// One `struct sock_filter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// How many instructions to skip when the test holds.
    pub if_true: u8,
    /// How many to skip when it does not.
    pub if_false: u8,
    /// The operand.
    pub operand: u32,
}

impl Instruction {
    /// The eight bytes of `struct sock_filter`, little-endian.
    pub fn encode(self) -> [u8; 8] {
        let [code_low, code_high] = self.code.to_le_bytes();
        let [a, b, c, d] = self.operand.to_le_bytes();
        [code_low, code_high, self.if_true, self.if_false, a, b, c, d]
    }
}

/// An instruction that is already emitted, counted from the end of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// A program under construction.
#[derive(Default)]
pub struct Assembler {
    reversed: Vec<Instruction>,
    returns: BTreeMap<u32, Label>,
}

impl Assembler {
    /// Ends the program with `action`; an equal end nearby is used again.
    pub fn ret(&mut self, action: u32) -> Label {
        match self.returns.get(&action) {
            Some(label) if self.distance(*label) <= SHARE_WITHIN => *label,
            _ => {
                let label = self.push(RETURN, 0, 0, action);
                self.returns.insert(action, label);
                label
            }
        }
    }

    /// Loads the word at `offset`, then goes on at `next`.
    pub fn load(&mut self, offset: u32, next: Label) -> Label {
        self.fall_into(next);
        self.push(LOAD, 0, 0, offset)
    }

    /// Keeps the bits of `mask`, then goes on at `next`.
    pub fn and(&mut self, mask: u32, next: Label) -> Label {
        self.fall_into(next);
        self.push(AND, 0, 0, mask)
    }

    /// Tests the loaded word and goes on at `yes` or `no`.
    pub fn branch(&mut self, code: u16, operand: u32, yes: Label, no: Label) -> Label {
        // `no` must stay in reach after a jump for `yes` has been put before it.
        let no = if self.distance(no) + 1 > MAX_REACH {
            self.jump(no)
        } else {
            no
        };
        let yes = if self.distance(yes) > MAX_REACH {
            self.jump(yes)
        } else {
            yes
        };
        let (if_true, if_false) = (self.reach(yes), self.reach(no));
        self.push(code, if_true, if_false, operand)
    }

    /// The finished program, first instruction first.
    ///
    /// # Errors
    /// It is longer than the kernel takes.
    pub fn finish(mut self) -> Result<Vec<Instruction>, String> {
        if self.reversed.len() > MAX_INSTRUCTIONS {
            return Err(format!(
                "{} instructions; the kernel takes {MAX_INSTRUCTIONS}",
                self.reversed.len()
            ));
        }
        self.reversed.reverse();
        Ok(self.reversed)
    }

    /// How many instructions a jump emitted now would skip.
    fn distance(&self, label: Label) -> usize {
        self.reversed.len() - 1 - label.0
    }

    /// The same, as a jump field; `branch` has made it fit.
    fn reach(&self, label: Label) -> u8 {
        debug_assert!(self.distance(label) <= MAX_REACH, "branch() bounds the distance");
        self.distance(label) as u8
    }

    fn jump(&mut self, label: Label) -> Label {
        // The program is bounded far below 32 bits.
        let distance = self.distance(label) as u32;
        self.push(JUMP, 0, 0, distance)
    }

    /// Makes `next` the instruction that follows the one emitted next.
    fn fall_into(&mut self, next: Label) {
        if self.distance(next) != 0 {
            self.jump(next);
        }
    }

    fn push(&mut self, code: u16, if_true: u8, if_false: u8, operand: u32) -> Label {
        self.reversed.push(Instruction {
            code,
            if_true,
            if_false,
            operand,
        });
        Label(self.reversed.len() - 1)
    }
}
