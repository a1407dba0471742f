//! A request as the contract writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use casemate_types::{ExecutionRequest, InputFile};
use serde_json::{Map, Value, json};

/// The JSON body of a request.
pub fn of(request: &ExecutionRequest) -> Value {
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| _ = body.insert(name.to_owned(), value);
    put("language", request.language.clone().into());
    put("code", String::from_utf8_lossy(&request.code).into());
    if !request.stdin.is_empty() {
        put("stdin_base64", STANDARD.encode(&request.stdin).into());
    }
    put("args", json!(request.args));
    put("env", json!(request.env));
    put("files", request.files.iter().map(file).collect());
    let outputs: Vec<&str> = request.outputs.iter().map(|glob| glob.as_str()).collect();
    put("outputs", json!(outputs));
    put("network", request.network.as_str().into());
    put("profile", request.profile.as_str().into());
    if let Some(mode) = request.mode {
        put("mode", mode.as_str().into());
    }
    put("labels", json!(request.labels));
    put("limits", limits(request));
    Value::Object(body)
}

fn file(file: &InputFile) -> Value {
    json!({
        "path": file.path.as_str(),
        "content_base64": STANDARD.encode(&file.content),
        "mode": file.mode,
    })
}

fn limits(request: &ExecutionRequest) -> Value {
    let limits = &request.limits;
    let millis = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let mut object = json!({
        "wall_ms": millis(limits.wall),
        "cpus": f64::from(limits.cpus.millis) / 1000.0,
        "memory_bytes": limits.memory.0,
        "disk_bytes": limits.disk.0,
        "pids": limits.pids,
        "output_bytes": limits.output.0,
    });
    if let (Some(cpu), Some(map)) = (limits.cpu, object.as_object_mut()) {
        map.insert("cpu_ms".into(), millis(cpu).into());
    }
    object
}
