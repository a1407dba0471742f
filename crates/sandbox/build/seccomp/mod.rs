//! Compiles the seccomp policies of `resources/seccomp/` into classic BPF.
//!
//! Called by the build script of this crate, and by the tests of `seccomp`, which
//! interpret what it emits. It must never guess: an unknown name, errno or
//! architecture is an error that names file, syscall and reason, and fails the
//! build. Equal input gives equal bytes.

pub mod arch;
pub mod assemble;
pub mod compile;
pub mod policy;

use std::collections::BTreeSet;
use std::path::Path;

use arch::{Architecture, SyscallTable};
use compile::Filter;
use policy::{Policy, Reach};

/// The policies, each in a file `resources/seccomp/NAME.toml`.
pub const POLICIES: [&str; 6] = ["program", "collector", "server", "analyser", "witness", "watcher"];

/// Compiles every policy for every architecture.
///
/// `resources` is the repository's `resources` folder. Writes to `out_dir`, per
/// architecture: `NAME.ARCH.bpf` (an array of `struct sock_filter`, little-endian)
/// and `NAME.ARCH.count` (a Rust literal: how many syscalls the filter allows).
///
/// # Errors
/// One sentence with file, syscall and reason; the policy or the table is wrong.
pub fn generate(resources: &Path, out_dir: &Path) -> Result<(), String> {
    let folder = resources.join("seccomp");
    let table = SyscallTable::load(&folder.join("syscalls.toml"))?;
    let mut policies = Vec::new();
    for name in POLICIES {
        policies.push((
            name.to_owned(),
            Policy::load(&folder.join(format!("{name}.toml")))?,
        ));
    }
    // The same policy without the rules that only a network needs.
    let offline = Policy::load_for(&folder.join("program.toml"), Reach::None)?;
    policies.push(("program-offline".to_owned(), offline));
    let named: BTreeSet<&str> = policies
        .iter()
        .flat_map(|(_, policy)| policy.entries.keys().map(String::as_str))
        .collect();
    table.check_used(&named)?;
    for arch in Architecture::ALL {
        for (name, policy) in &policies {
            let filter = compile::compile(policy, &table, arch)?;
            let stem = format!("{name}.{}", arch.name());
            write(&out_dir.join(format!("{stem}.bpf")), &bytes(&filter))?;
            write(
                &out_dir.join(format!("{stem}.count")),
                format!("{}usize\n", filter.allowed).as_bytes(),
            )?;
        }
    }
    Ok(())
}

/// The filter as the kernel reads it on a little-endian machine.
fn bytes(filter: &Filter) -> Vec<u8> {
    filter
        .instructions
        .iter()
        .flat_map(|instruction| instruction.encode())
        .collect()
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    std::fs::write(path, content).map_err(|error| format!("{}: {error}", path.display()))
}
