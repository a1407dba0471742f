//! A client of the service on a connection of its own, which is kept: that of `run --server`, for many
//! requests.

use crate::remote::{self, credential::PrivateKey};
use anyhow::{Context, Result, anyhow};
use serde_json::Value;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};

/// Largest answer, bytes: what the programs of a bench write is far smaller.
const MOST_ANSWER_BYTES: u64 = 1 << 20;
/// The name of this machine that every service takes.
const HOST: &str = "localhost";

/// A service, and the key that it takes.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its address.
    pub url: String,
    /// The key.
    pub key: Option<PrivateKey>,
}

/// A client. Used by one thread at a time it has one connection.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    base: String,
}

impl Client {
    /// For a service; nothing is sent yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(target: &Target) -> Result<Self> {
        let base = remote::base(&target.url)?;
        Ok(Self {
            agent: remote::agent(target.key.as_ref()),
            base,
        })
    }

    /// Runs a program to its end: the result object as it came.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub fn execute(&self, body: &[u8]) -> Result<Vec<u8>> {
        let mut answer = self.post(body, None)?;
        if answer.status() != StatusCode::OK {
            return Err(remote::problem(answer));
        }
        let reader = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES);
        reader.read_to_vec().context("read the result")
    }

    /// Starts a program: the id of its execution.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub fn start(&self, body: &[u8]) -> Result<String> {
        let answer = self.post(body, Some("respond-async"))?;
        let json = remote::object(answer, StatusCode::ACCEPTED)?;
        let id = json.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| anyhow!("the service named no execution"))
    }

    /// An object of the service; `None` where it has none.
    ///
    /// # Errors
    /// When the service does not answer, or with a failure.
    pub fn get(&self, path: &str) -> Result<Option<Value>> {
        let request = self
            .agent
            .get(format!("{}{path}", self.base))
            .header("Host", HOST);
        let answer = request.call().with_context(|| format!("ask for {path}"))?;
        if answer.status() == StatusCode::NOT_FOUND {
            // Read to its end, or the connection is lost.
            let _ = remote::problem(answer);
            return Ok(None);
        }
        remote::object(answer, StatusCode::OK).map(Some)
    }

    /// An execution, ended or not.
    ///
    /// # Errors
    /// When the service does not answer, or does not know it.
    pub fn execution(&self, id: &str) -> Result<Value> {
        let found = self.get(&format!("/v1/executions/{id}"))?;
        found.ok_or_else(|| anyhow!("the service does not know execution {id}"))
    }

    /// Asks for an execution to end.
    ///
    /// # Errors
    /// When the service does not answer, or refuses.
    pub fn cancel(&self, id: &str) -> Result<()> {
        let request = self.agent.delete(format!("{}/v1/executions/{id}", self.base));
        let answer = request.header("Host", HOST).call();
        let mut answer = answer.with_context(|| format!("cancel execution {id}"))?;
        if !answer.status().is_success() {
            return Err(remote::problem(answer));
        }
        let reader = answer.body_mut().with_config().limit(MOST_ANSWER_BYTES);
        reader.read_to_vec().context("read an answer").map(drop)
    }

    fn post(&self, body: &[u8], preference: Option<&str>) -> Result<Response<Body>> {
        let mut request = self
            .agent
            .post(format!("{}/v1/executions", self.base))
            .header("Host", HOST)
            .content_type("application/json");
        if let Some(preference) = preference {
            request = request.header("Prefer", preference);
        }
        request
            .send(body)
            .with_context(|| format!("reach the service at {}", self.base))
    }
}
