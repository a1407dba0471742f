//! Escape tests: files, folders, devices and mounts.

use casemate_tests::{HostFacts, Scratch, Verdict, environment, held, marker, probe};

held! {
    /// The host's secrets in /etc are not there.
    etc_holds_no_secret => "files/secrets_of_etc.py";
    /// Nobody's home and no service's state can be listed.
    homes_and_state_are_absent => "files/homes.py";
    /// There is no /sys.
    sys_is_absent => "files/sys.py";
    /// The root folder lists only what a program needs.
    root_folder_is_minimal => "files/top_level.py";
    /// No service's socket can be reached.
    service_sockets_are_absent => "files/sockets_of_services.py";
    /// No socket, FIFO or device lies about.
    no_special_file_is_in_sight => "files/any_socket.py";
    /// Nothing can be created in the system's folders.
    system_folders_are_closed => "files/write_system.py";
    /// Nothing in the system's folders can be changed.
    system_files_are_constant => "files/change_system.py";
    /// Nothing can be mounted, remounted or unmounted.
    mounts_are_final => "files/remount.py";
    /// /dev holds harmless devices only.
    dev_is_minimal => "files/devices.py";
    /// No device that hands over the machine can be opened.
    dangerous_devices_are_absent => "files/device_paths.py";
    /// No device node can be made.
    device_nodes_cannot_be_made => "files/mknod.py";
    /// Setuid bits and file capabilities of its own do nothing.
    own_setuid_bits_do_nothing => "files/setuid_made.py";
    /// Writable mounts are nosuid and nodev, all others read-only.
    mount_flags_are_tight => "files/flags_of_mounts.py";
    /// There is no way above the root.
    root_has_no_parent => "files/dotdot.py";
    /// Files cannot be opened by handle (CVE-2014-9357 and its class).
    handles_open_nothing => "files/handles.py";
    /// /tmp, /dev/shm and /workspace start empty.
    temporary_folders_start_empty => "files/own_tmp.py";
    /// No lease, flag or freeze can be put on a shared file.
    shared_files_cannot_be_locked => "files/limits_of_files.py";
    /// No FIFO can be made outside the program's own folders.
    special_files_only_in_own_folders => "files/landlock_device.py";
}

/// A readable secret of the host cannot be reached by any path.
#[test]
fn planted_secret_is_unreachable() {
    let scratch = Scratch::new();
    let path = scratch.write("secret", "the host's own");
    probe("files/planted.py").arg(path).held();
}

/// A file next to the program's own file on the host does not come along.
#[test]
fn neighbour_of_the_program_file_stays_out() {
    let name = marker();
    let scratch = Scratch::new();
    let place = scratch.write(format!("files/{name}"), "outside");
    let split = format!("{}+{}", &name[..8], &name[8..]);
    probe("files/canary_walk.py").arg(split).held();
    assert_eq!(std::fs::read_to_string(place).expect("the canary"), "outside");
}

/// A secret in the home folder of whoever runs the tests is out of reach.
#[test]
fn home_of_the_caller_is_unreachable() {
    let home = environment("HOME").unwrap_or_else(|| "/root".to_owned());
    let path = std::path::Path::new(&home).join(format!(".{}", marker()));
    let planted = std::fs::write(&path, "the caller's own");
    let result = std::panic::catch_unwind(|| probe("files/planted.py").arg(&path).held());
    if planted.is_ok() {
        std::fs::remove_file(&path).expect("the planted file");
    }
    assert!(result.is_ok(), "{} was reached", path.display());
}

/// The mount table names no path of the host.
#[test]
fn mount_table_names_no_path() {
    let temporary = std::env::temp_dir().join("casemate").display().to_string();
    let words = [
        temporary.as_str(),
        "/var/lib",
        "/home",
        "upperdir",
        "/sys/fs/cgroup",
        "cmtest-",
    ];
    words
        .iter()
        .fold(probe("files/mount_table.py"), |probe, word| probe.arg(word))
        .held();
}

/// The mount table names no disk of the host; where it must, the result says that this layer is partial.
#[test]
fn mount_table_names_no_disk_in_silence() {
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    let disk = |line: &str| {
        line.split(' ')
            .next()
            .filter(|name| name.starts_with("/dev/"))
            .map(str::to_owned)
    };
    let disks: Vec<String> = mounts.lines().filter_map(disk).collect();
    let program = disks
        .iter()
        .fold(probe("files/mount_table.py").arg("/dev/disk"), |probe, word| {
            probe.arg(word)
        });
    let (verdict, outcome) = program.verdict();
    assert!(
        verdict == Verdict::Held || outcome.layer("proc").as_deref() == Some("partial"),
        "{outcome}"
    );
}

/// The account list inside holds no account of the host but root and nobody.
#[test]
fn accounts_are_made_up() {
    let text = std::fs::read_to_string("/etc/passwd").expect("passwd");
    let name = |line: &str| line.split(':').next().map(str::to_owned);
    let common = ["root", "nobody", "user", "sandbox", "casemate"];
    let names: Vec<String> = text
        .lines()
        .filter_map(name)
        .filter(|n| !common.contains(&n.as_str()))
        .collect();
    assert!(!names.is_empty(), "the host has no account to look for");
    names
        .iter()
        .fold(probe("files/users.py"), |probe, name| probe.arg(name))
        .held();
}

/// The files written inside do not appear on the host.
#[test]
fn written_files_stay_inside() {
    let name = marker();
    let program = "import sys\nfor folder in ('/tmp', '/dev/shm', '/workspace'):\n  \
                   open(f'{folder}/{sys.argv[1]}', 'w').write('x')";
    casemate_tests::Run::python(program)
        .arg(&name)
        .observed()
        .go()
        .succeeded();
    for folder in ["/tmp", "/dev/shm", "/workspace", "."] {
        let path = std::path::Path::new(folder).join(&name);
        assert!(!path.exists(), "{} is on the host", path.display());
    }
    assert_ne!(HostFacts::namespace("mnt"), "none");
}

/// `find / -perm /6000` finds nothing. It looks at every file of `/usr`, which a busy or slow disk makes long.
#[test]
fn no_setuid_file_is_in_sight() {
    probe("files/setuid_files.py")
        .with(|run| run.timeout("300s").memory("1G").deadline(330))
        .held();
}
