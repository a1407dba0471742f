//! `casemate watch-worker`: the process that reads the kernel's ring of events. Casemate starts it; nobody types it, so no
//! help names it.
//!
//! It loads the watching program with the privilege that it was started with, gives that up, and only then looks at
//! anything that a program did.

use crate::args::WatchWorker;
use casemate_engine::monitor::collect::collector::Collector;
use casemate_engine::sandbox::watcher;

/// The exit code of a worker that cannot watch. Who asked has heard why.
const REFUSED: u8 = 1;

/// Runs the worker to its end; the exit code.
pub fn run(args: &WatchWorker) -> u8 {
    let watching = watcher::own_socket().ok().and_then(|socket| {
        let collector = Collector::start(socket).ok()?;
        watcher::confine(args.id).ok()?;
        collector.run().ok()
    });
    if watching.is_some() { 0 } else { REFUSED }
}
