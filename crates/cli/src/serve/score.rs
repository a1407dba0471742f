//! Our own processes are not to be what the kernel's OOM killer takes for a program's memory (proc_pid_oom_score_adj(5)).
//! The supervisor calls it before it starts any other; what it starts inherits the score. Sandboxes raise theirs to 900,
//! and the warden goes back to 0, since a process may lower its score as far as one of its ancestors was lowered.

use casemate_sys::fs;

const FILE: &[u8] = b"/proc/self/oom_score_adj";
/// As the unit in `deploy/` has it.
const WANTED: i32 = -500;

/// Lowers our score where we may; what an administrator should know when it stays above 0.
pub fn lower() -> Option<String> {
    let now = read();
    if now.is_some_and(|score| score <= WANTED) {
        return None;
    }
    let write = |score: i32| fs::write_existing(FILE, score.to_string().as_bytes());
    // Without CAP_SYS_RESOURCE it may go back to what nobody lowered, and no further.
    let lowered = write(WANTED).or_else(|error| match now {
        Some(score) if score > 0 => write(0),
        _ => Err(error),
    });
    match (now, lowered) {
        (Some(score), Err(error)) if score > 0 => Some(format!(
            "the kernel may end the service before its programs when memory runs out: oom_score_adj is {score} and \
             cannot be lowered ({error}); start it with 0 or less"
        )),
        _ => None,
    }
}

fn read() -> Option<i32> {
    let text = fs::read_start(FILE, 16).ok()?;
    String::from_utf8_lossy(&text).trim().parse().ok()
}
