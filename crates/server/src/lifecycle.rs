//! How the process that holds the server talks to it: it is told to stop, and says what only its
//! administrator may know.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Lines that wait for standard error to take them; more are dropped, and counted.
const MOST_LINES: usize = 256;

/// Takes one line for the administrator; must not block for long. Clients never see it.
pub type Report = Arc<dyn Fn(&str) + Send + Sync>;

/// Ends a server, from any thread. Clones end the same one.
#[derive(Clone, Debug)]
pub struct Stop {
    told: watch::Sender<bool>,
}

/// Somebody who wants to know that connections are taken.
pub(crate) type Ask = SyncSender<()>;

/// Shows whether a server turns, to any thread. Clones show the same one.
#[derive(Clone, Debug, Default)]
pub struct Pulse {
    line: Arc<Mutex<Option<Line>>>,
}

/// The way to a server that runs.
#[derive(Clone, Debug)]
struct Line {
    runtime: Handle,
    asks: mpsc::Sender<Ask>,
}

/// What the server needs of its process.
#[derive(Clone)]
pub struct Lifecycle {
    /// Ends it.
    pub stop: Stop,
    /// Where failures of ours are told in full.
    pub report: Report,
    /// Shows whether it turns.
    pub pulse: Pulse,
}

impl Stop {
    /// One that has not been told yet.
    pub fn new() -> Self {
        Self {
            told: watch::Sender::new(false),
        }
    }

    /// Tells the server to take no more connections, to finish what it is at, and to end.
    pub fn stop(&self) {
        self.told.send_replace(true);
    }

    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        *self.told.borrow()
    }

    /// Waits until it is told.
    pub(crate) async fn told(&self) {
        // The sender is in `self`: waiting cannot fail.
        let _ = self.told.subscribe().wait_for(|told| *told).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

impl Pulse {
    /// One of a server that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether HTTP turns: a task is run and the loop that takes connections answers, within so long. True
    /// before the server has begun and after it has ended. It blocks: call it from a thread without a runtime.
    pub fn beats_within(&self, limit: Duration) -> bool {
        let Some(line) = self.line().clone() else {
            return true;
        };
        let (answer, answered) = sync_channel(1);
        line.runtime.spawn(async move {
            let _ = line.asks.send(answer).await;
        });
        // A server that ends drops what it is asked, in a task that was run.
        answered.recv_timeout(limit) != Err(RecvTimeoutError::Timeout)
    }

    /// Begins to show a server; it answers what it is asked.
    pub(crate) fn begin(&self, runtime: Handle) -> mpsc::Receiver<Ask> {
        let (asks, asked) = mpsc::channel(1);
        *self.line() = Some(Line { runtime, asks });
        asked
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports to `sink` by a thread of its own: who reports neither waits nor fails, whatever becomes of `sink`.
fn report_to(sink: impl Write + Send + 'static) -> Report {
    let (lines, waiting) = sync_channel(MOST_LINES);
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = dropped.clone();
    let work = move || write_lines(sink, &waiting, &counted);
    // Without the thread all lines are dropped: nobody can be told.
    let _ = std::thread::Builder::new().name("report".into()).spawn(work);
    Arc::new(move |line| {
        if let Err(TrySendError::Full(_)) = lines.try_send(line.to_owned()) {
            dropped.fetch_add(1, Ordering::Relaxed);
        }
    })
}

fn write_lines(mut sink: impl Write, waiting: &Receiver<String>, dropped: &AtomicU64) {
    for line in waiting {
        let text = match dropped.swap(0, Ordering::Relaxed) {
            0 => format!("casemate: {line}\n"),
            lost => format!("casemate: {line} ({lost} more lines were dropped)\n"),
        };
        let _ = sink.write_all(text.as_bytes());
    }
}

impl Default for Lifecycle {
    /// Reports to standard error.
    fn default() -> Self {
        Self {
            stop: Stop::new(),
            report: report_to(std::io::stderr()),
            pulse: Pulse::new(),
        }
    }
}

impl std::fmt::Debug for Lifecycle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lifecycle")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    const SHORT: Duration = Duration::from_millis(100);
    const LONG: Duration = Duration::from_secs(10);

    /// Takes what it is given only after `go`, and fails then.
    struct Stuck {
        go: Receiver<()>,
        taken: SyncSender<String>,
    }

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let _ = self.go.recv();
            let _ = self.taken.send(String::from_utf8_lossy(bytes).into_owned());
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stuck_or_broken_sink_holds_up_nobody() {
        let (go, wait) = sync_channel(0);
        let (taken, lines) = sync_channel(2 * MOST_LINES);
        let report = report_to(Stuck { go: wait, taken });
        let begun = Instant::now();
        (0..MOST_LINES + 100).for_each(|n| report(&format!("line {n}")));
        assert!(begun.elapsed() < LONG);
        drop(go);
        drop(report);
        let lines: Vec<_> = lines.iter().collect();
        assert!(lines.len() >= MOST_LINES && lines.len() <= MOST_LINES + 1);
        assert!(lines.iter().any(|line| line.contains("more lines were dropped)")));
    }

    #[test]
    fn a_pulse_needs_the_runtime_and_the_loop() {
        let pulse = Pulse::new();
        assert!(pulse.beats_within(SHORT), "not begun");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let mut asked = pulse.begin(runtime.handle().clone());
        assert!(!pulse.beats_within(SHORT), "nobody answers");
        runtime.spawn(async move {
            while let Some(ask) = asked.recv().await {
                let _ = ask.try_send(());
            }
        });
        assert!(pulse.beats_within(LONG));
        let (go, wait) = sync_channel::<()>(0);
        runtime.spawn(async move { wait.recv() });
        assert!(!pulse.beats_within(SHORT), "the only thread is held up");
        drop(go);
        assert!(pulse.beats_within(LONG));
        runtime.shutdown_timeout(LONG);
        assert!(pulse.beats_within(SHORT), "ended");
    }
}
