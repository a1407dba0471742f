//! Escape tests: namespaces, from inside and from outside.

use casemate_tests::{HostFacts, NAMESPACES, Run, find_inside, held, marker, probe};

held! {
    /// No namespace can be entered.
    namespaces_cannot_be_entered => "namespaces/setns.py";
    /// No user namespace can be nested, by whichever tool.
    user_namespaces_do_not_nest => "namespaces/user_with_tools.py";
    /// The namespaces of init cannot be opened.
    namespaces_of_init_are_closed => "namespaces/init_links.py";
    /// No ioctl leads to the parent of a namespace.
    parents_cannot_be_climbed_to => "namespaces/ioctls.py";
    /// The clocks cannot be shifted.
    clocks_are_constant => "namespaces/timens.py";
}

macro_rules! own {
    ($($name:ident => $kind:literal;)+) => {
        $(#[test] fn $name() {
            probe("namespaces/own.py")
                .claim(concat!("The program's ", $kind, " namespace is not the host's."))
                .arg($kind).arg(HostFacts::namespace($kind)).held();
        })+
    };
}

own! {
    user_namespace_is_own => "user";
    pid_namespace_is_own => "pid";
    mount_namespace_is_own => "mnt";
    net_namespace_is_own => "net";
    ipc_namespace_is_own => "ipc";
    uts_namespace_is_own => "uts";
    cgroup_namespace_is_own => "cgroup";
    time_namespace_is_own => "time";
}

macro_rules! unshare {
    ($($name:ident => $flag:literal;)+) => {
        $(#[test] fn $name() {
            probe("namespaces/unshare.py")
                .claim(concat!("unshare(", $flag, ") meets a wall, also with a user namespace."))
                .arg($flag).held();
        })+
    };
}

unshare! {
    unshare_user_is_walled => "0x10000000";
    unshare_mount_is_walled => "0x20000";
    unshare_pid_is_walled => "0x20000000";
    unshare_net_is_walled => "0x40000000";
    unshare_ipc_is_walled => "0x8000000";
    unshare_uts_is_walled => "0x4000000";
    unshare_cgroup_is_walled => "0x2000000";
    unshare_time_is_walled => "0x80";
}

/// Host root is not among the mapped ids, and the map is final.
#[test]
fn user_map_leaves_root_out() {
    probe("namespaces/maps.py").held();
}

/// All eight namespaces differ from the host's also when looked at from outside.
#[test]
fn namespaces_differ_from_outside() {
    let word = marker();
    let mut running = Run::python("import time; time.sleep(60)")
        .arg(&word)
        .observed()
        .start();
    let process = find_inside(&word);
    for kind in NAMESPACES {
        let inside = process
            .namespace(kind)
            .unwrap_or_else(|| panic!("no {kind} namespace to read"));
        assert_ne!(inside, HostFacts::namespace(kind), "{kind}");
    }
    assert!(!running.ended());
    running.signal("TERM");
    assert_eq!(running.outcome().status(), "cancelled");
}
