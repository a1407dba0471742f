//! `casemate doctor`: each wall, whether it stands here, why not, and what to do; languages, control
//! groups, kernel.

use crate::watch::Watching;
use crate::{args, config, languages, output};
use anyhow::{Context, Result};
use casemate_engine::Settings;
use casemate_engine::sandbox::plan::APPARMOR_PROFILE;
use casemate_engine::survey::{Survey, survey};
use casemate_types::{LayerName, LayerState};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

const USERNS_PROFILE: &str = include_str!("../../../resources/apparmor/casemate-userns");
/// The exit code when a required wall is missing.
const MISSING: u8 = 1;

/// What a wall is, and whether casemate runs nothing without it.
struct About {
    name: LayerName,
    what: &'static str,
    required: bool,
    remedy: &'static str,
}

const WALLS: [About; 15] = [
    About {
        name: LayerName::User,
        what: "user namespace: ids that mean nothing on the host",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::Pid,
        what: "pid namespace: no process of the host can be seen",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::Mount,
        what: "mount namespace: a root filesystem of its own",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::Net,
        what: "network namespace: no interface of the host",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::Ipc,
        what: "ipc namespace: no queue or segment of the host",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::Uts,
        what: "uts namespace: a host name of its own",
        required: true,
        remedy: "allow user namespaces",
    },
    About {
        name: LayerName::CgroupNamespace,
        what: "cgroup namespace: no path of the host's groups",
        required: true,
        remedy: "use Linux 4.6 or newer",
    },
    About {
        name: LayerName::Time,
        what: "time namespace: clocks of its own",
        required: true,
        remedy: "use Linux 5.6 or newer with CONFIG_TIME_NS",
    },
    About {
        name: LayerName::Cgroup,
        what: "cgroup: CPU, memory and process limits",
        required: true,
        remedy: "run as root, or under `systemd-run --user --scope -p Delegate=yes`",
    },
    About {
        name: LayerName::Seccomp,
        what: "seccomp: an allowlist of system calls",
        required: true,
        remedy: "use a kernel with CONFIG_SECCOMP_FILTER",
    },
    About {
        name: LayerName::Landlock,
        what: "Landlock: files, TCP, abstract sockets and signals by rule",
        required: false,
        remedy: "use Linux 6.12 or newer with landlock in the list of LSMs",
    },
    About {
        name: LayerName::AppArmor,
        what: "AppArmor: one more profile around programs",
        required: false,
        remedy: "casemate doctor --apparmor | sudo apparmor_parser -r",
    },
    About {
        name: LayerName::Privileges,
        what: "no capabilities, no new privileges",
        required: true,
        remedy: "",
    },
    About {
        name: LayerName::ResourceLimits,
        what: "limits of each process",
        required: true,
        remedy: "",
    },
    About {
        name: LayerName::Proc,
        what: "a view of /proc that tells nothing of the host",
        required: true,
        remedy: "load the AppArmor profile, which closes mountinfo",
    },
];

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    version: &'static str,
    kernel: String,
    privilege: &'static str,
    cgroup: CgroupReport,
    walls: Vec<WallReport>,
    problem: Option<String>,
    obstacles: Vec<ObstacleReport>,
    watching: WatchReport,
    languages: Vec<languages::Row>,
}

/// Watching from inside the kernel, which no run needs.
#[derive(Debug, Serialize)]
struct WatchReport {
    state: &'static str,
    detail: String,
}

#[derive(Debug, Serialize)]
struct CgroupReport {
    kind: Option<&'static str>,
    base: Option<String>,
    controllers: Vec<String>,
    problem: Option<String>,
}

#[derive(Debug, Serialize)]
struct WallReport {
    name: &'static str,
    what: &'static str,
    state: &'static str,
    required: bool,
    detail: String,
    remedy: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct ObstacleReport {
    setting: String,
    remedy: String,
}

/// Runs the command; 1 when a required wall is missing.
pub fn run(args: &args::Doctor, explicit: Option<&Path>) -> Result<u8> {
    if args.apparmor {
        output::print(APPARMOR_PROFILE.as_bytes())?;
        return Ok(0);
    }
    if args.apparmor_userns {
        output::print(userns_profile()?.as_bytes())?;
        return Ok(0);
    }
    let settings = config::load(explicit)?.settings()?;
    let survey = survey(&settings);
    let report = report(survey, watching(&settings), languages::rows(&settings.host));
    let text = if args.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        text(&report)?
    };
    output::print(text.as_bytes())?;
    Ok(if report.ok { 0 } else { MISSING })
}

/// The profile with the path of this very binary.
fn userns_profile() -> Result<String> {
    let binary = std::env::current_exe().context("find our own path")?;
    Ok(USERNS_PROFILE.replace("@BINARY@", &binary.display().to_string()))
}

/// Tries it: the program is loaded, and gone again.
fn watching(settings: &Settings) -> WatchReport {
    match Watching::start(settings) {
        Ok(_) => WatchReport {
            state: LayerState::Enforced.as_str(),
            detail: "from inside the kernel: casemate run --watch, casemate trace record".to_owned(),
        },
        Err(error) => WatchReport {
            state: LayerState::Missing.as_str(),
            detail: format!("{error:#}"),
        },
    }
}

fn report(survey: Survey, watching: WatchReport, languages: Vec<languages::Row>) -> Report {
    let walls: Vec<WallReport> = WALLS.iter().map(|about| wall(about, &survey)).collect();
    let ok = walls
        .iter()
        .all(|w| !w.required || w.state != LayerState::Missing.as_str());
    let (cgroup, cgroup_problem) = match survey.cgroup {
        Ok(facts) => (Some(facts), None),
        Err(problem) => (None, Some(problem)),
    };
    Report {
        ok,
        version: env!("CARGO_PKG_VERSION"),
        kernel: survey.kernel,
        privilege: if survey.is_root { "root" } else { "rootless" },
        cgroup: CgroupReport {
            kind: cgroup.as_ref().map(|c| c.kind),
            base: cgroup.as_ref().map(|c| c.base.clone()),
            controllers: cgroup.map(|c| c.controllers).unwrap_or_default(),
            problem: cgroup_problem,
        },
        walls,
        problem: survey.layers.err(),
        obstacles: survey
            .obstacles
            .into_iter()
            // Root needs no leave for user namespaces.
            .filter(|o| !(survey.is_root && o.needs_userns_profile))
            .map(|o| ObstacleReport {
                setting: o.setting,
                remedy: o.remedy,
            })
            .collect(),
        watching,
        languages,
    }
}

fn wall(about: &About, survey: &Survey) -> WallReport {
    let layer = survey
        .layers
        .as_ref()
        .ok()
        .and_then(|layers| layers.iter().find(|l| l.name == about.name));
    let (state, detail) = match layer {
        Some(layer) => (layer.state, layer.detail.clone()),
        None => (
            LayerState::Missing,
            "no sandbox could be built; see the problem below".into(),
        ),
    };
    // A namespace that stands in part says in its detail what would complete it.
    let wanted =
        state == LayerState::Missing || (state == LayerState::Partial && about.name != LayerName::User);
    let remedy = (wanted && !about.remedy.is_empty()).then_some(about.remedy);
    WallReport {
        name: about.name.as_str(),
        what: about.what,
        state: state.as_str(),
        required: about.required,
        detail,
        remedy,
    }
}

fn text(report: &Report) -> Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "casemate {}, Linux {}, {}",
        report.version, report.kernel, report.privilege
    )?;
    match (&report.cgroup.kind, &report.cgroup.base, &report.cgroup.problem) {
        (Some(kind), Some(base), _) => writeln!(out, "cgroup {kind} at {base}")?,
        (_, _, problem) => writeln!(out, "cgroup: {}", problem.as_deref().unwrap_or("not usable"))?,
    }
    for controller in &report.cgroup.controllers {
        writeln!(out, "  {controller}")?;
    }
    writeln!(out, "\nWalls")?;
    for wall in &report.walls {
        let required = if wall.required { "" } else { " (optional)" };
        writeln!(
            out,
            "  {:<9} {:<17} {}{required}",
            wall.state, wall.name, wall.what
        )?;
        writeln!(out, "  {:<9} {:<17} {}", "", "", wall.detail)?;
        if let Some(remedy) = wall.remedy {
            writeln!(out, "  {:<9} {:<17} to do: {remedy}", "", "")?;
        }
    }
    if let Some(problem) = &report.problem {
        writeln!(out, "\nProblem: {problem}")?;
    }
    for obstacle in &report.obstacles {
        writeln!(
            out,
            "\n{} stands in the way\n  to do: {}",
            obstacle.setting, obstacle.remedy
        )?;
        if obstacle.setting.contains("apparmor") {
            writeln!(out, "  the profile:\n{}", userns_profile()?)?;
        }
    }
    writeln!(
        out,
        "\nWatching\n  {:<9} {}",
        report.watching.state, report.watching.detail
    )?;
    writeln!(out, "\nLanguages")?;
    for row in &report.languages {
        writeln!(out, "  {}", languages::line(row))?;
    }
    let verdict = if report.ok {
        "Every required wall stands."
    } else {
        "A required wall is missing."
    };
    writeln!(out, "\n{verdict}")?;
    Ok(out)
}
