//! What all answers share.

use crate::access::Access;
use crate::authorize::Policies;
use crate::config::Config;
use crate::identify::Identities;
use crate::intake::Budget;
use crate::lifecycle::Lifecycle;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::ready::Readiness;
use crate::{docs, openapi};
use casemate_engine::service::Service;
use hyper::body::Bytes;
use std::sync::Arc;
use std::time::Instant;

/// The one state of a server.
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) identities: Identities,
    pub(crate) policies: Policies,
    pub(crate) service: Service,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) bodies: Budget,
    pub(crate) ready: Readiness,
    pub(crate) begun: Instant,
    /// The description of this API on this machine.
    pub(crate) openapi: Bytes,
    /// The same for people.
    pub(crate) docs: Bytes,
}

impl State {
    pub(crate) fn new(config: Config, access: Access, service: Service, lifecycle: Lifecycle) -> Arc<Self> {
        let described = openapi::describe(&service, &config);
        Arc::new(Self {
            bodies: Budget::new(config.body_budget_bytes),
            metrics: Arc::default(),
            ready: Readiness::default(),
            begun: Instant::now(),
            docs: docs::page(&described).into(),
            openapi: described.to_string().into(),
            config,
            identities: Identities::new(access.identity),
            policies: Policies::new(access.policies),
            service,
            lifecycle,
        })
    }

    /// Runs what reads the state or takes long, where that may block.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Service) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let service = self.service.clone();
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(done) => done,
            Err(error) => Err(Problem::internal(format!("a read did not end: {error}"))),
        }
    }

    /// Tells the administrator what the client is not told.
    pub(crate) fn report(&self, problem: &Problem, of: &str) {
        if let Some(internal) = problem.internal.as_deref().filter(|text| !text.is_empty()) {
            (self.lifecycle.report)(&format!("{of}: {internal}"));
        }
    }
}
