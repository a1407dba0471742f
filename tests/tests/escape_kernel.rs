//! Escape tests: the kernel's own files and settings.

use casemate_tests::{HostFacts, Run, held, probe};

held! {
    /// No setting of the kernel can be written.
    sysctls_are_read_only => "kernel/sysctl_write.py";
    /// No file of /proc outside the processes can be opened for writing.
    nothing_in_proc_is_writable => "kernel/every_proc_write.py";
    /// The trigger that restarts the machine is out of reach.
    sysrq_is_closed => "kernel/sysrq.py";
    /// Memory and log of the kernel give nothing.
    kernel_memory_is_masked => "kernel/files_of_memory.py";
    /// The kernel's keys are not listed.
    keys_are_masked => "kernel/keys.py";
    /// How the kernel was built is not told.
    kernel_configuration_is_masked => "kernel/config.py";
    /// No symbol of the kernel is listed.
    kernel_symbols_are_masked => "kernel/kallsyms.py";
    /// What the hardware does is not told.
    interrupts_are_masked => "kernel/interrupts.py";
    /// What hardware there is is not told.
    hardware_is_masked => "kernel/hardware.py";
    /// Process ids of the host do not show in the load file.
    load_file_shows_own_ids => "kernel/machine_numbers.py";
    /// The host's name cannot be set.
    hostname_is_constant => "kernel/hostname.py";
    /// No debugging or tracing filesystem is there.
    debug_filesystems_are_absent => "kernel/debug_filesystems.py";
    /// No address of the kernel shows through the program's own files.
    kernel_addresses_are_hidden => "kernel/process_detail.py";
    /// The cgroup's path on the host is not told.
    cgroup_path_is_hidden => "kernel/cgroup_names.py";
}

/// The host's name appears nowhere in /proc, /etc or uname.
#[test]
fn hostname_is_secret() {
    let name = HostFacts::now().hostname;
    if name.len() < 4 {
        // A short name ("vm") would be found by chance: compare it whole.
        let outcome = Run::python("import os; print(os.uname().nodename)")
            .observed()
            .go()
            .succeeded();
        assert_ne!(outcome.stdout().trim(), name, "{outcome}");
        return;
    }
    probe("kernel/facts.py").arg(name).held();
}

/// The id of this boot appears nowhere.
#[test]
fn boot_id_is_secret() {
    let id = HostFacts::now().boot_id;
    probe("kernel/facts.py").arg(&id).arg(id.replace('-', "")).held();
}

/// The kernel's command line appears nowhere.
#[test]
fn kernel_command_line_is_secret() {
    let line = HostFacts::now().cmdline;
    let words: Vec<&str> = line
        .split_whitespace()
        .filter(|word| word.contains('=') && word.len() > 8)
        .collect();
    words
        .iter()
        .fold(probe("kernel/facts.py").arg(&line), |probe, word| {
            probe.arg(*word)
        })
        .held();
}

/// For how long the host runs cannot be told by any clock.
#[test]
fn uptime_is_secret() {
    let uptime = HostFacts::now().uptime;
    probe("kernel/clocks.py").arg(uptime.to_string()).held();
}

/// Start times of processes do not tell it either.
#[test]
fn start_times_are_shifted() {
    let uptime = HostFacts::now().uptime;
    probe("kernel/start_time.py").arg(uptime.to_string()).held();
}

/// The settings of the host are the same after a program tried to write them.
#[test]
fn host_settings_are_untouched() {
    let read = || {
        [
            "kernel/core_pattern",
            "kernel/hostname",
            "kernel/modprobe",
            "vm/overcommit_memory",
        ]
        .map(|name| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default())
    };
    let before = read();
    probe("kernel/sysctl_write.py").held();
    assert_eq!(read(), before);
}
