//! `GET /v1/executions/{id}/files/{path}`: bytes that a program wrote, which no browser may take for a page of ours.

use crate::authorize::{self, Caller};
use crate::percent;
use crate::problem::Problem;
use crate::reply::{self, Content, Reply};
use crate::slices::{self, Source};
use crate::state::State;
use casemate_types::{Action, ExecutionId};
use hyper::header::{self, HeaderMap};
use std::sync::Arc;

pub(super) async fn file(
    state: &Arc<State>,
    caller: &Caller,
    id: ExecutionId,
    path: String,
    headers: &HeaderMap,
    is_head: bool,
) -> Result<Reply, Problem> {
    authorize::reach(state, caller, Action::ExecutionRead, id).await?;
    let wanted = path.clone();
    let found = state
        .blocking(move |service| Ok(service.store().file(id, &wanted)?))
        .await?;
    let entry = found.ok_or_else(Problem::not_found)?;
    let hex: String = entry.sha256.iter().map(|b| format!("{b:02x}")).collect();
    let tag = format!("\"{hex}\"");
    let (status, content) = if is_known(headers, &tag) {
        (304, Content::whole(""))
    } else {
        let (frames, content) = Content::framed(Some(entry.size_bytes));
        if !is_head {
            let (state, source) = (state.clone(), Source::File(id, path));
            let sending = async move { slices::send_raw(&state, &frames, &source, entry.size_bytes).await };
            tokio::spawn(sending);
        }
        (200, content)
    };
    let mut reply = reply::reply(status, "application/octet-stream", content);
    reply::set(
        &mut reply,
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'",
    );
    reply::set_text(&mut reply, header::ETAG, tag);
    let name = entry.path.rsplit('/').next().unwrap_or_default();
    // RFC 6266 with the encoding of RFC 8187.
    let disposition = format!("attachment; filename*=UTF-8''{}", percent::encode(name));
    reply::set_text(&mut reply, header::CONTENT_DISPOSITION, disposition);
    Ok(reply)
}

/// Whether the client has these bytes already: RFC 9110, section 13.1.2.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(|known| known.trim())
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
