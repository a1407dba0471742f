//! Escape tests: privileges, descriptors and environment.

use casemate_tests::{Scratch, held, marker, probe};

held! {
    /// All five sets of capabilities are empty.
    capability_sets_are_empty => "privileges/capabilities.py";
    /// The bounding set is empty.
    bounding_set_is_empty => "privileges/bounding.py";
    /// no_new_privs is set for good.
    no_new_privs_is_set => "privileges/new_privileges.py";
    /// A seccomp filter is in force.
    seccomp_is_in_force => "privileges/seccomp.py";
    /// No call turns the program into another user.
    ids_cannot_be_changed => "privileges/become_root.py";
    /// The ids used for files cannot be changed.
    file_ids_cannot_be_changed => "privileges/fsuid.py";
    /// No group of the host comes along.
    groups_are_its_own => "privileges/groups.py";
    /// The program is not root, not even inside.
    program_is_not_root => "privileges/not_root.py";
    /// No capability can be gained.
    capabilities_cannot_be_gained => "privileges/capset.py";
    /// The secure bits are locked.
    secure_bits_are_locked => "privileges/securebits.py";
    /// sudo and its like are absent or refuse.
    raising_tools_are_useless => "privileges/tools.py";
    /// Limits cannot be raised.
    limits_cannot_be_raised => "privileges/limits_raise.py";
    /// No descriptor but 0, 1 and 2 is open in an interpreter.
    interpreter_has_three_descriptors => "privileges/descriptors.py";
    /// No descriptor but 0, 1 and 2 comes with a compiled program.
    program_has_three_descriptors => "privileges/descriptors_c.c";
    /// The standard descriptors are neither sockets nor terminals nor files of the host.
    standard_descriptors_are_harmless => "privileges/stdio_directions.py";
    /// The environment is made up.
    environment_is_made_up => "privileges/environment.py";
    /// The auxiliary vector shows nothing raised.
    auxiliary_vector_is_plain => "privileges/auxiliary.py";
}

/// A low port cannot be bound, with or without loopback.
#[test]
fn low_ports_are_refused() {
    probe("privileges/ports.py").held();
    probe("privileges/ports.py")
        .with(|run| run.network("loopback"))
        .held();
}

/// Descriptors that `casemate` inherited do not arrive.
#[test]
fn inherited_descriptors_stay_outside() {
    let scratch = Scratch::new();
    let secret = scratch.write("secret", "of the host");
    let opened = format!("exec 9<{0}; exec 257>>{0}; exec 208</;", secret.display());
    probe("privileges/descriptors_c.c")
        .with(|run| run.after_shell(&opened))
        .held();
    probe("privileges/descriptors.py")
        .with(|run| run.after_shell(&opened))
        .held();
    assert_eq!(
        std::fs::read_to_string(secret).expect("the secret"),
        "of the host"
    );
}

/// The variables of `casemate`'s environment do not arrive; the caller's own do.
#[test]
fn environment_of_casemate_stays_outside() {
    let outcome = probe("privileges/environment.py")
        .with(|run| {
            let run = run
                .outside_env("LD_PRELOAD_TEST", "1")
                .outside_env("AWS_SECRET_ACCESS_KEY", "planted");
            run.outside_env("SSH_AUTH_SOCK", "/tmp/agent")
                .outside_env("PLANTED_TOKEN", "planted")
        })
        .arg("GIVEN")
        .with(|run| run.env("GIVEN", "yes"))
        .held();
    assert!(outcome.stdout().contains("GIVEN"), "{outcome}");
}

/// The file given with --stdin cannot be changed by the program.
#[test]
fn stdin_file_of_the_host_is_constant() {
    let scratch = Scratch::new();
    let path = scratch.write("stdin", marker());
    let before = std::fs::read(&path).expect("the file");
    probe("privileges/stdin_sealed.py")
        .with(|run| run.flag("--stdin").flag(&path))
        .held();
    assert_eq!(std::fs::read(&path).expect("the file"), before);
}

/// A file given with --file is a copy: changing it leaves the host's alone.
#[test]
fn given_files_are_copies() {
    let scratch = Scratch::new();
    let path = scratch.write("data", "original");
    let program = "import os\ntry:\n  open('data', 'w').write('changed')\n  os.chmod('data', 0o777)\n\
                   except OSError as e:\n  print(e)";
    let option = format!("{}:data", path.display());
    casemate_tests::Run::python(program)
        .flag("--file")
        .flag(option)
        .observed()
        .go()
        .succeeded();
    assert_eq!(std::fs::read_to_string(path).expect("the file"), "original");
}
