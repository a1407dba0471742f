//! Which walls stood around a run, as its result names them.

use casemate_runtime::oneshot::Report;
use casemate_sandbox::Blueprint;
use casemate_sandbox::plan::landlock_lacks;
use casemate_types::{Layer, LayerName, LayerState, Network};

/// The layers of one run.
pub fn of_run(report: &Report, blueprint: &BlueprintFacts, network: Network) -> Vec<Layer> {
    let mut layers = namespaces(report, network);
    layers.push(cgroup(report));
    layers.push(enforced(
        LayerName::Seccomp,
        format!(
            "{} system calls of this architecture, by number and argument",
            casemate_sandbox::seccomp::allowed_count()
        ),
    ));
    layers.push(landlock(report.landlock_abi));
    layers.push(if blueprint.apparmor {
        enforced(
            LayerName::AppArmor,
            format!("profile {}", casemate_sandbox::plan::APPARMOR_PROFILE_NAME),
        )
    } else {
        missing(
            LayerName::AppArmor,
            "the profile is not loaded on this host; `casemate doctor --apparmor` prints it".into(),
        )
    });
    layers.push(enforced(
        LayerName::Privileges,
        "no capabilities, empty bounding set, locked securebits, no_new_privs".into(),
    ));
    layers.push(enforced(
        LayerName::ResourceLimits,
        "descriptors, stack, file size, no core dumps".into(),
    ));
    layers.push(proc_view(blueprint.apparmor));
    layers
}

/// What of a blueprint a result tells.
#[derive(Clone, Copy, Debug)]
pub struct BlueprintFacts {
    /// Whether programs enter the AppArmor profile.
    pub apparmor: bool,
}

impl From<&Blueprint> for BlueprintFacts {
    fn from(blueprint: &Blueprint) -> Self {
        Self {
            apparmor: blueprint.apparmor,
        }
    }
}

fn enforced(name: LayerName, detail: String) -> Layer {
    Layer {
        name,
        state: LayerState::Enforced,
        detail,
    }
}

fn missing(name: LayerName, detail: String) -> Layer {
    Layer {
        name,
        state: LayerState::Missing,
        detail,
    }
}

fn namespaces(report: &Report, network: Network) -> Vec<Layer> {
    let user = if report.separate_ids {
        enforced(
            LayerName::User,
            "host ids of its own for init and for the programs".into(),
        )
    } else {
        Layer {
            name: LayerName::User,
            state: LayerState::Partial,
            detail: "init and programs share the caller's id; a range in /etc/subuid and newuidmap would part them".into(),
        }
    };
    let net = match network {
        Network::None => "no interface is up",
        Network::Loopback => "its own loopback interface alone",
    };
    vec![
        user,
        enforced(LayerName::Pid, "pid 1 is ours; everything dies with it".into()),
        enforced(LayerName::Mount, "a read-only root of its own, pivoted".into()),
        enforced(LayerName::Net, net.into()),
        enforced(LayerName::Ipc, "its own System V and POSIX IPC".into()),
        enforced(LayerName::Uts, "its own host name".into()),
        enforced(
            LayerName::CgroupNamespace,
            if report.limited {
                "its own cgroup as root"
            } else {
                "the cgroup it was started in as root"
            }
            .into(),
        ),
        enforced(
            LayerName::Time,
            "monotonic and boot clocks start near zero".into(),
        ),
    ]
}

fn cgroup(report: &Report) -> Layer {
    if report.limited {
        enforced(LayerName::Cgroup, "CPU, memory without swap, processes".into())
    } else {
        missing(
            LayerName::Cgroup,
            "no usable cgroup subtree; its absence was allowed".into(),
        )
    }
}

fn landlock(abi: u32) -> Layer {
    let lacks = landlock_lacks(abi);
    match abi {
        0 => missing(LayerName::Landlock, "the kernel has none".into()),
        _ if lacks.is_empty() => enforced(LayerName::Landlock, format!("ABI {abi}")),
        _ => Layer {
            name: LayerName::Landlock,
            state: LayerState::Partial,
            detail: format!("ABI {abi}, without {}", lacks.join(", ")),
        },
    }
}

fn proc_view(apparmor: bool) -> Layer {
    if apparmor {
        return enforced(
            LayerName::Proc,
            "own processes only; what tells of the host is covered".into(),
        );
    }
    Layer {
        name: LayerName::Proc,
        state: LayerState::Partial,
        detail:
            "own processes only; what tells of the host is covered, but mountinfo of a process names host ids and \
                 devices behind its mounts"
                .into(),
    }
}
