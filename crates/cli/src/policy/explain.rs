//! `casemate policy explain`: whether somebody may do something, and which policies say so.

use super::{Row, files};
use crate::{exit, output};
use anyhow::Result;
use casemate_policy::authorize::{Asked, Context, Decision, Ground, Place, PolicySet, Resource};
use casemate_types::units::parse_duration;
use casemate_types::{
    Action, Bytes, Cpus, Credential, ExecutionId, KeyId, Limits, Network, Principal, PrincipalId,
    PrincipalKind, ProjectId, Role, Scopes, TenantId,
};
use clap::Args;
use serde::Serialize;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who asks when no ids are given: an ordinary tenant, its project, somebody there.
const ORDINARY: u128 = 2;
const OTHER_PRINCIPAL: u128 = 3;

const HELP: &str = "\
Resources, of which each action takes some:
  service
  tenant, project, account, execution, key, audit-log
  destination=PROTOCOL://HOST:PORT
  data-source=KIND/NAME
  package-index=ECOSYSTEM/NAME
Without --resource it is the first that the action takes, in the principal's own project.

Examples:
  casemate policy explain --role developer --action execution:create --language bash
  casemate policy explain --role viewer --action execution:read --of-tenant 00000000000000000000000009
  casemate policy explain --role admin --tenant built-in --action policy:write --json
  casemate policy explain --role developer --action network:connect \\
      --resource destination=https://example.org:443 --policy site.cedar

Exit codes:
  0    allowed
  126  denied
  2    wrong flags, or policies that cannot be put in force";

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Options {
    /// What the principal is: admin, operator, developer, auditor or viewer
    #[arg(long, value_name = "ROLE")]
    role: Role,
    /// What is done, such as execution:create
    #[arg(long, value_name = "ACTION")]
    action: Action,
    /// On what
    #[arg(long, value_name = "RESOURCE")]
    resource: Option<String>,
    /// Files of policies, or folders with *.cedar; may be given again
    #[arg(long = "policy", value_name = "FILE")]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    which: files::Which,
    /// The principal's id
    #[arg(long, value_name = "ID", default_value_t = PrincipalId::from_value(ORDINARY))]
    principal: PrincipalId,
    /// The principal's tenant: an id, or built-in
    #[arg(long, value_name = "ID", value_parser = tenant, default_value_t = TenantId::from_value(ORDINARY))]
    tenant: TenantId,
    /// The principal's project
    #[arg(long, value_name = "ID", default_value_t = ProjectId::from_value(ORDINARY))]
    project: ProjectId,
    /// What kind of principal: user or service
    #[arg(long, value_name = "KIND", default_value_t = PrincipalKind::User)]
    kind: PrincipalKind,
    /// What the credential is for: actions with spaces between them, or *
    #[arg(long, value_name = "ACTIONS", default_value_t = Scopes::ALL)]
    scopes: Scopes,
    /// The tenant of the resource, where that is another
    #[arg(long, value_name = "ID", value_parser = tenant)]
    of_tenant: Option<TenantId>,
    /// The project of the resource, where that is another
    #[arg(long, value_name = "ID")]
    of_project: Option<ProjectId>,
    /// Whose execution or key it is, where that is somebody else
    #[arg(long, value_name = "ID")]
    of_principal: Option<PrincipalId>,
    /// The language of the execution
    #[arg(long, value_name = "NAME", default_value = "python")]
    language: String,
    /// What the execution may reach
    #[arg(long, value_enum, default_value_t = crate::args::NetworkArg::None)]
    network: crate::args::NetworkArg,
    /// Its wall clock limit
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Its memory
    #[arg(long, value_name = "SIZE")]
    memory: Option<Bytes>,
    /// Its CPUs
    #[arg(long, value_name = "N", value_parser = cpus)]
    cpus: Option<Cpus>,
    /// Its image
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Where the request comes from
    #[arg(long, value_name = "ADDRESS")]
    source: Option<IpAddr>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    allowed: bool,
    ground: &'static str,
    error: Option<&'a str>,
    action: &'static str,
    resource: String,
    policies: Vec<Explained<'a>>,
}

#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    row: Row<'a>,
    text: &'a str,
}

/// Runs the command.
pub(super) fn run(options: &Options) -> Result<u8> {
    let loaded = files::load(&options.policies, &options.which)?;
    let set = loaded.map_err(|error| exit::usage(error.to_string()))?;
    let resource = resource(options)?;
    let decision = set.decide(&principal(options), options.action, &resource, &context(options));
    let text = if options.json {
        serde_json::to_string_pretty(&answer(options, &set, &resource, &decision))? + "\n"
    } else {
        people(&set, &decision)
    };
    output::print(text.as_bytes())?;
    Ok(if decision.allowed() { 0 } else { exit::DENIED })
}

fn principal(options: &Options) -> Principal {
    Principal {
        id: options.principal,
        tenant_id: options.tenant,
        project_id: options.project,
        kind: options.kind,
        role: options.role,
        name: options.role.word().to_owned(),
        credential: Credential::Key(KeyId::from_value(ORDINARY)),
        scopes: options.scopes,
    }
}

fn context(options: &Options) -> Context {
    let usual = Limits::default();
    let limits = Limits {
        wall: options.timeout.unwrap_or(usual.wall),
        memory: options.memory.unwrap_or(usual.memory),
        cpus: options.cpus.unwrap_or(usual.cpus),
        ..usual
    };
    Context {
        now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        source: options.source,
        asked: Some(Asked {
            network: match options.network {
                crate::args::NetworkArg::None => Network::None,
                crate::args::NetworkArg::Loopback => Network::Loopback,
            },
            limits,
            image: options.image.clone(),
        }),
    }
}

fn resource(options: &Options) -> Result<Resource> {
    let place = Place {
        tenant_id: options.of_tenant.unwrap_or(options.tenant),
        // A project is of one tenant: that of another tenant is another one.
        project_id: options.of_project.unwrap_or(match options.of_tenant {
            Some(other) if other != options.tenant => ProjectId::from_value(other.value()),
            _ => options.project,
        }),
    };
    let owner = options.of_principal.unwrap_or(options.principal);
    let word = options
        .resource
        .as_deref()
        .unwrap_or_else(|| usual(options.action));
    let (kind, name) = word
        .split_once('=')
        .map_or((word, None), |(kind, name)| (kind, Some(name)));
    let resource = match (kind, name) {
        ("service", None) => Resource::Service,
        ("tenant", None) => Resource::Tenant(place.tenant_id),
        ("project", None) => Resource::Project(place),
        ("account", None) => Resource::Account {
            place,
            id: options
                .of_principal
                .unwrap_or(PrincipalId::from_value(OTHER_PRINCIPAL)),
            kind: PrincipalKind::User,
            role: Role::Developer,
        },
        ("execution", None) => Resource::Execution {
            place,
            id: ExecutionId::from_value(ORDINARY),
            owner,
            language: options.language.clone(),
        },
        ("audit-log", None) => Resource::AuditLog(place.tenant_id),
        ("key", None) => Resource::Key {
            place,
            id: KeyId::from_value(OTHER_PRINCIPAL),
            owner,
        },
        ("destination", Some(name)) => destination(place, name)?,
        ("data-source", Some(name)) => {
            let (kind, name) = two(name, "data-source=KIND/NAME")?;
            Resource::DataSource { place, name, kind }
        }
        ("package-index", Some(name)) => {
            let (ecosystem, name) = two(name, "package-index=ECOSYSTEM/NAME")?;
            Resource::PackageIndex {
                place,
                ecosystem,
                name,
            }
        }
        _ => {
            return Err(exit::usage(format!(
                "--resource {word:?} is no resource; see --help"
            )));
        }
    };
    Ok(resource)
}

/// What an action is on, when nothing is said.
fn usual(action: Action) -> &'static str {
    use Action::*;
    match action {
        ExecutionCreate | ExecutionObserve | ExecutionRead | ExecutionCancel | DebugAttach => "execution",
        ExecutionList | AnalysisCreate | KeyManage | PrincipalManage => "project",
        NetworkConnect => "destination",
        DataRead => "data-source",
        PackageInstall => "package-index",
        UsageRead | TenantManage => "tenant",
        AuditRead | AuditExport => "audit-log",
        StatusRead | MetricsRead | PolicyRead | PolicyWrite | BackupCreate | Administer => "service",
    }
}

fn destination(place: Place, name: &str) -> Result<Resource> {
    let wrong = || exit::usage("--resource destination=PROTOCOL://HOST:PORT is expected");
    let (protocol, rest) = name.split_once("://").ok_or_else(wrong)?;
    let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
    Ok(Resource::Destination {
        place,
        host: host.to_ascii_lowercase(),
        port: port.parse().map_err(|_| wrong())?,
        protocol: protocol.to_owned(),
        address: host.parse().ok(),
    })
}

fn two(name: &str, expected: &str) -> Result<(String, String)> {
    let parts = name
        .split_once('/')
        .ok_or_else(|| exit::usage(format!("--resource {expected} is expected")))?;
    Ok((parts.0.to_owned(), parts.1.to_owned()))
}

fn answer<'a>(
    options: &Options,
    set: &'a PolicySet,
    resource: &Resource,
    decision: &'a Decision,
) -> Answer<'a> {
    let policies = decision.reasons.iter().filter_map(|id| set.policy(id));
    Answer {
        allowed: decision.allowed(),
        ground: match decision.ground {
            Ground::Permitted => "permitted",
            Ground::Forbidden => "forbidden",
            Ground::NotPermitted => "not_permitted",
            Ground::OutOfScope => "out_of_scope",
            Ground::Failed(_) => "failed",
        },
        error: decision.error(),
        action: options.action.word(),
        resource: resource.label(),
        policies: policies
            .map(|policy| Explained {
                row: Row::of(policy),
                text: &policy.text,
            })
            .collect(),
    }
}

fn people(set: &PolicySet, decision: &Decision) -> String {
    let policies = decision.reasons.iter().filter_map(|id| set.policy(id));
    let texts = policies.map(|policy| {
        let row = Row::of(policy);
        format!(
            "\n{}:{} {} {}\n{}\n",
            row.file, row.line, row.effect, row.id, policy.text
        )
    });
    format!("{decision}\n{}", texts.collect::<String>())
}

fn tenant(text: &str) -> Result<TenantId, String> {
    if text == "built-in" {
        return Ok(TenantId::BUILT_IN);
    }
    text.parse()
        .map_err(|error: casemate_types::id::MalformedId| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn cpus(text: &str) -> Result<Cpus, String> {
    let number = text.parse().ok().and_then(Cpus::from_number);
    number.ok_or_else(|| "not a number of CPUs".to_owned())
}
