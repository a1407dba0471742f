//! The thread of a writer, of either database.

use crate::error::StoreError;
use crate::queue::Queue;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Answers everybody when the writer ends, however it ends.
struct LastWord(Arc<Queue>);

impl Drop for LastWord {
    fn drop(&mut self) {
        // Each job says by its own drop that the store has stopped.
        drop(self.0.abandon());
    }
}

/// Starts the thread.
pub(crate) fn spawn(
    queue: &Arc<Queue>,
    path: &Path,
    life: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let queue = Arc::clone(queue);
    let builder = std::thread::Builder::new().name("store-writer".to_owned());
    builder
        .spawn(move || {
            let _last_word = LastWord(queue);
            life();
        })
        .map_err(|error| StoreError::Open {
            path: path.to_owned(),
            cause: Arc::new(error),
        })
}
