//! What the service says of itself.

use crate::authorize::{self, Caller};
use crate::metrics::Gauges;
use crate::problem::Problem;
use crate::ready;
use crate::reply::{self, Content, Reply};
use crate::state::State;
use casemate_engine::allocate::Shortage;
use casemate_engine::service::store::Health;
use casemate_policy::authorize::Resource;
use casemate_types::Action;
use hyper::header;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Languages<'a> {
    languages: Vec<Language<'a>>,
}

#[derive(Serialize)]
struct Language<'a> {
    name: &'static str,
    aliases: &'static [&'static str],
    extensions: &'static [&'static str],
    compiled: bool,
    available: bool,
    version: Option<String>,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Pools {
    pools: Vec<Pool>,
}

#[derive(Serialize)]
struct Pool {
    language: &'static str,
    network: &'static str,
    disk_bytes: u64,
    idle: usize,
    target: usize,
    creating: usize,
    served: Served,
}

#[derive(Serialize)]
struct Served {
    pool: u64,
    fork: u64,
    exec: u64,
}

#[derive(Serialize)]
struct Status {
    version: &'static str,
    node_id: String,
    uptime_ms: u64,
    running: u64,
    queued: u64,
    waiting_for: Option<&'static str>,
    finished_total: u64,
    components: Components,
}

#[derive(Serialize)]
struct Components {
    server: Component,
    warden: Component,
    store: Component,
}

#[derive(Serialize)]
struct Component {
    health: &'static str,
}

#[derive(Serialize)]
struct Word {
    status: &'static str,
}

pub(super) fn languages(state: &State, caller: &Caller) -> Result<Reply, Problem> {
    authorize::allow(state, caller, Action::StatusRead, &Resource::Service)?;
    let rows = state.service.kinds().rows().map(|(language, kind)| Language {
        name: language.name,
        aliases: language.aliases,
        extensions: language.extensions,
        compiled: language.compile.is_some(),
        available: kind.is_ok(),
        version: state.service.kinds().version(language.name),
        reason: kind.err(),
    });
    reply::json(
        200,
        &Languages {
            languages: rows.collect(),
        },
    )
}

/// What there is of each kind of sandbox.
pub(super) fn pools(state: &State, caller: &Caller) -> Result<Reply, Problem> {
    authorize::allow(state, caller, Action::StatusRead, &Resource::Service)?;
    let rows = state.service.pools().into_iter().map(|row| Pool {
        language: row.language,
        network: row.network.as_str(),
        disk_bytes: row.disk_bytes,
        idle: row.idle,
        target: row.target,
        creating: row.creating,
        served: Served {
            pool: row.served_pool,
            fork: row.served_fork,
            exec: row.served_exec,
        },
    });
    let pools = rows.collect();
    reply::json(200, &Pools { pools })
}

pub(super) fn status(state: &State, caller: &Caller) -> Result<Reply, Problem> {
    authorize::allow(state, caller, Action::StatusRead, &Resource::Service)?;
    let load = state.service.load();
    let component = |health| Component { health };
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        node_id: state.service.node_id().to_string(),
        uptime_ms: u64::try_from(state.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        running: load.running,
        queued: load.queued,
        waiting_for: state.service.memory().shortage.map(Shortage::as_str),
        finished_total: load.finished,
        components: Components {
            server: component(if state.lifecycle.stop.is_told() {
                "stopping"
            } else {
                "healthy"
            }),
            warden: component(if load.has_warden { "healthy" } else { "down" }),
            store: component(match state.service.store().health() {
                Health::Healthy => "healthy",
                Health::ReadOnly { .. } => "read_only",
                Health::Full { .. } => "full",
                Health::Locked => "locked",
                Health::Away { .. } => "away",
            }),
        },
    };
    reply::json(200, &status)
}

/// The process answers; no more is said.
pub(super) fn health() -> Reply {
    reply::reply(200, "application/json", Content::whole(r#"{"status":"alive"}"#))
}

pub(super) async fn ready(state: &Arc<State>) -> Result<Reply, Problem> {
    ready::check(state).await?;
    reply::json(200, &Word { status: "ready" })
}

pub(super) fn metrics(state: &State, caller: &Caller) -> Result<Reply, Problem> {
    authorize::allow(state, caller, Action::MetricsRead, &Resource::Service)?;
    let gauges = Gauges {
        load: state.service.load(),
        memory: state.service.memory(),
        health: state.service.store().health(),
        body_free_bytes: state.bodies.free_bytes(),
        reading: state.service.reading(),
        decisions: state.service.decisions(),
        uptime: state.begun.elapsed(),
    };
    let text = state.metrics.text(&gauges, &state.service.times());
    let media = "text/plain; version=0.0.4; charset=utf-8";
    Ok(reply::reply(200, media, Content::whole(text)))
}

pub(super) fn openapi(state: &State) -> Reply {
    reply::reply(200, "application/json", Content::whole(state.openapi.clone()))
}

pub(super) fn docs(state: &State) -> Reply {
    let mut page = reply::reply(
        200,
        "text/html; charset=utf-8",
        Content::whole(state.docs.clone()),
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    reply::set(&mut page, header::CONTENT_SECURITY_POLICY, policy);
    page
}
