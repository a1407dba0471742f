//! Tests of the policies and of their compiler. The filters are run by a small
//! interpreter, for both architectures, and compared with the policy read by hand.

#[path = "../../build/seccomp/mod.rs"]
mod compiler;

mod answers;
mod compiling;
mod docker;
mod interpreter;
mod naive;
mod tree;

use std::path::{Path, PathBuf};

use compiler::arch::{Architecture, SyscallTable};
use compiler::policy::Policy;
use interpreter::Program;

/// The repository's `resources` folder.
fn resources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources")
}

fn table() -> SyscallTable {
    SyscallTable::load(&resources().join("seccomp/syscalls.toml")).unwrap()
}

fn policy(name: &str) -> Policy {
    Policy::load(&resources().join(format!("seccomp/{name}.toml"))).unwrap()
}

/// Compiles a policy of the repository and checks it as the kernel would.
fn filter(name: &str, arch: Architecture) -> Program {
    let filter = compiler::compile::compile(&policy(name), &table(), arch).unwrap();
    let bytes: Vec<u8> = filter
        .instructions
        .iter()
        .flat_map(|instruction| instruction.encode())
        .collect();
    Program::check(&bytes)
}

/// A generator with a fixed seed (xorshift64, Marsaglia 2003): a failure repeats.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
