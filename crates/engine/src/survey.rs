//! What this host can offer, found by trying: a real sandbox is built and a real program run in it.
//! `casemate doctor` shows the result.

use crate::error::EngineError;
use crate::layers::{self, BlueprintFacts};
use crate::outcome;
use crate::pipeline::Settings;
use crate::stages;
use casemate_init::spec::SpawnSpec;
use casemate_runtime::environment::{WORKSPACE, environment};
use casemate_runtime::oneshot::{self, By, Job, Keeping, Unobserved};
use casemate_sandbox::cgroup::{Hierarchy, Kind};
use casemate_sandbox::plan::{Ground, draw};
use casemate_sandbox::{Setup, WallSet, Warden, rootless, warden};
use casemate_types::{Bytes, Layer, Limits, Network, Status};
use std::path::Path;
use std::time::Duration;

/// Programs that end at once with 0; the first that the host has is run.
const PROGRAMS: [&str; 3] = ["/usr/bin/true", "/bin/true", "/usr/bin/env"];

/// The control groups of this host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CgroupFacts {
    /// `v1`, `v2` or `hybrid`.
    pub kind: &'static str,
    /// Where the subtree is.
    pub base: String,
    /// One line for each controller.
    pub controllers: Vec<String>,
}

/// All that a survey found.
#[derive(Debug)]
pub struct Survey {
    /// Release of the running kernel (uname(2)).
    pub kernel: String,
    /// Whether we build sandboxes as root.
    pub is_root: bool,
    /// The control groups, or why they cannot be used and what to do.
    pub cgroup: Result<CgroupFacts, String>,
    /// The layers of a run, or why it failed.
    pub layers: Result<Vec<Layer>, String>,
    /// Settings of the kernel that are known to stand in the way.
    pub obstacles: Vec<Obstacle>,
}

/// A setting that takes a wall away, and what lifts it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Obstacle {
    /// The setting and its value.
    pub setting: String,
    /// What to do.
    pub remedy: String,
    /// Whether the shipped AppArmor profile for user namespaces lifts it.
    pub needs_userns_profile: bool,
}

/// Surveys the host.
pub fn survey(settings: &Settings) -> Survey {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Survey {
        kernel: kernel.trim().to_owned(),
        is_root: rootless::is_privileged(),
        // After the trial run: a discovery can move this process to a leaf of its own.
        layers: trial(settings).map_err(|error| chain(&error)),
        cgroup: control_groups(settings),
        obstacles: obstacles(Path::new("/proc/sys")),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        if !text.contains(&inner.to_string()) {
            text = format!("{text}: {inner}");
        }
        cause = inner.source();
    }
    text
}

fn control_groups(settings: &Settings) -> Result<CgroupFacts, String> {
    let look = |hierarchy: &dyn Hierarchy| Ok(facts_of(hierarchy));
    warden::with_hierarchy(&settings.state_dir, settings.cgroup_base.clone(), look).map_err(|e| chain(&e))
}

fn facts_of(hierarchy: &dyn Hierarchy) -> CgroupFacts {
    let controllers = hierarchy
        .controllers()
        .iter()
        .map(|c| {
            let at =
                c.at.as_ref()
                    .map_or("not used".into(), |at| at.display().to_string());
            let note = c.note.as_ref().map_or(String::new(), |n| format!(" ({n})"));
            format!("{}: {at}{note}", c.name)
        })
        .collect();
    let kind = match hierarchy.kind() {
        Kind::V1 => "v1",
        Kind::V2 => "v2",
        Kind::Hybrid => "hybrid",
    };
    CgroupFacts {
        kind,
        base: hierarchy.base(),
        controllers,
    }
}

/// Builds a sandbox with every wall that can be had, and runs a program in it.
fn trial(settings: &Settings) -> Result<Vec<Layer>, EngineError> {
    let ground = Ground {
        cache_dir: Some(settings.state_dir.clone()),
        ..Ground::default()
    };
    let blueprint = draw(&ground)?;
    let facts = BlueprintFacts::from(&blueprint);
    let mut warden = Warden::start(Setup {
        blueprints: vec![blueprint],
        takes_blueprints: false,
        ids: settings.ids,
        state_dir: settings.state_dir.clone(),
        cgroup_base: settings.cgroup_base.clone(),
        // A missing cgroup shows in the layers, as missing.
        allow_missing: WallSet { cgroup: true },
        lifeline: None,
    })?;
    let limits = Limits {
        wall: Duration::from_secs(10),
        memory: Bytes::mib(32),
        ..Limits::default()
    };
    let program = PROGRAMS
        .iter()
        .find(|p| Path::new(p).exists())
        .unwrap_or(&PROGRAMS[0]);
    let job = Job {
        create: stages::create(0, &limits, Network::None, false),
        begun: None,
        parked: None,
        by: By::Exec,
        spec: SpawnSpec {
            program: program.as_bytes().to_vec(),
            argv: vec![program.as_bytes().to_vec()],
            env: environment(None, &[], &Default::default()),
            directory: WORKSPACE.into(),
            limits: stages::process_limits(&limits),
            files: Vec::new(),
        },
        contents: Vec::new(),
        stdin: &[],
        collect: None,
        output_limit: limits.output.0,
        keeping: Keeping::Report,
        witnessed: false,
    };
    let report = oneshot::run(&mut warden, job, &mut Unobserved)?;
    if let Some(failure) = &report.start_failure {
        let source = std::io::Error::from_raw_os_error(failure.errno);
        return Err(EngineError::Start {
            step: failure.step.clone(),
            source,
        });
    }
    if outcome::status(&report) != Status::Succeeded {
        let source = std::io::Error::other(format!("it ended as {}", outcome::status(&report).as_str()));
        return Err(EngineError::Start {
            step: format!("run {program} in a sandbox"),
            source,
        });
    }
    Ok(layers::of_run(&report, &facts, Network::None))
}

/// Reads the settings below `sys` that forbid what we need.
fn obstacles(sys: &Path) -> Vec<Obstacle> {
    let value = |name: &str| {
        std::fs::read_to_string(sys.join(name))
            .ok()
            .map(|v| v.trim().to_owned())
    };
    let mut found = Vec::new();
    let mut note = |name: &str, bad: &str, remedy: &str, needs_userns_profile: bool| {
        if value(name).as_deref() == Some(bad) {
            let setting = format!("{}={bad}", name.replace('/', "."));
            found.push(Obstacle {
                setting,
                remedy: remedy.to_owned(),
                needs_userns_profile,
            });
        }
    };
    note(
        "kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "load the profile that `casemate doctor --apparmor-userns` prints: \
         casemate doctor --apparmor-userns | sudo tee /etc/apparmor.d/casemate-userns && \
         sudo apparmor_parser -r /etc/apparmor.d/casemate-userns",
        true,
    );
    note(
        "kernel/unprivileged_userns_clone",
        "0",
        "sudo sysctl kernel.unprivileged_userns_clone=1, or run as root",
        false,
    );
    note(
        "user/max_user_namespaces",
        "0",
        "sudo sysctl user.max_user_namespaces=16384",
        false,
    );
    note(
        "user/max_net_namespaces",
        "0",
        "sudo sysctl user.max_net_namespaces=16384",
        false,
    );
    note("vm/memfd_noexec", "2", "sudo sysctl vm.memfd_noexec=1", false);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obstacles_are_recognised() {
        let sys = std::env::temp_dir().join(format!("casemate-survey-{}", std::process::id()));
        std::fs::create_dir_all(sys.join("kernel")).unwrap();
        std::fs::write(sys.join("kernel/apparmor_restrict_unprivileged_userns"), "1\n").unwrap();
        std::fs::write(sys.join("kernel/unprivileged_userns_clone"), "1\n").unwrap();
        let found = obstacles(&sys);
        assert_eq!(found.len(), 1);
        assert!(found[0].needs_userns_profile && found[0].setting.ends_with("_userns=1"));
        std::fs::remove_dir_all(&sys).unwrap();
    }
}
