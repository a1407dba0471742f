//! The harness of the end to end tests: it starts the `casemate` binary, reads its result and
//! looks at the host from outside. The files under `tests/tests/` call it. It must never use a
//! crate of the product: what is tested is the binary, through its command line alone.
//!
//! Environment of the tests:
//! - `CASEMATE_BIN`: the binary; otherwise `casemate` of the workspace's release or debug build.
//! - `CASEMATE_BIN_OMIT`: a build with the feature `test-omit-walls`, for `omit.rs`.
//! - `VM_GUEST=1`: the machine is emulated; time limits are twenty times wider.
//! - `CASEMATE_TEST_ROOTLESS=1`: an ordinary user; the cgroup layer may be missing.
//! - `CASEMATE_TEST_NO_SKIP=1`: a missing capability fails the test instead of skipping it.
//! - `CASEMATE_TEST_SERVER`: the URL of a service; every run is then carried out by it, with the key in
//!   `CASEMATE_TEST_KEY`.
//! - `CASEMATE_LEAK_RUNS`: the number of runs in `leaks.rs`.

mod base64;
mod facts;
mod host;
pub mod http;
mod keys;
mod outcome;
mod postgres;
mod probe;
mod random;
mod residue;
mod run;
mod scratch;
mod service;
mod skip;
mod watch;

pub use facts::{HostFacts, NAMESPACES};
pub use host::{
    casemate, casemate_omit, command, environment, is_root, no_skip, programs, rootless, seconds, slowness,
    which,
};
pub use keys::key_of;
pub use outcome::{Outcome, RESULT_FIELDS};
pub use postgres::Postgres;
pub use probe::{Probe, Verdict, probe};
pub use random::Random;
pub use residue::Residue;
pub use run::{RawOutput, Run, Running, raw, raw_with};
pub use scratch::Scratch;
pub use service::{Service, Starting};
pub use skip::{Skip, need_cgroup, need_language, need_root, skip};
pub use watch::{Process, find_inside, marker, processes_with, until};

/// Declares escape tests that need nothing but their program: the doc comment is the claim.
#[macro_export]
macro_rules! held {
    ($($(#[doc = $claim:literal])+ $name:ident => $file:literal;)+) => {
        $($(#[doc = $claim])+ #[test] fn $name() { $crate::probe($file).claim(concat!($($claim),+)).held(); })+
    };
}
