//! Records of keys that were used a moment ago, and when they were used.

use casemate_engine::service::store::KeyHolder;
use casemate_types::{KeyId, Principal};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long a record is believed. What this server changes is forgotten at once; another server of the same state
/// sees it after so long.
const BELIEVED: Duration = Duration::from_secs(2);
/// Records that are remembered.
const MOST: usize = 4096;
/// Times of use that wait to be recorded.
const MOST_USES: usize = 1000;

/// A record, and the principal made of it.
pub(super) type Remembered = (Arc<KeyHolder>, Arc<Principal>);

/// What is remembered of keys.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    known: Mutex<HashMap<KeyId, (Instant, Remembered)>>,
    uses: Mutex<HashMap<KeyId, SystemTime>>,
    /// How often everything was forgotten.
    turns: AtomicU64,
}

impl Holders {
    pub(super) fn find(&self, id: KeyId) -> Option<Remembered> {
        let known = lock(&self.known);
        let (at, remembered) = known.get(&id)?;
        (at.elapsed() < BELIEVED).then(|| remembered.clone())
    }

    /// To be taken before a record is read that is to be remembered.
    pub(super) fn ticket(&self) -> u64 {
        self.turns.load(Ordering::SeqCst)
    }

    pub(super) fn remember(
        &self,
        ticket: u64,
        holder: Arc<KeyHolder>,
        principal: Arc<Principal>,
    ) -> Remembered {
        let remembered = (holder, principal);
        let mut known = lock(&self.known);
        if ticket != self.turns.load(Ordering::SeqCst) {
            return remembered;
        }
        if known.len() >= MOST {
            known.retain(|_, (at, _)| at.elapsed() < BELIEVED);
        }
        if known.len() < MOST {
            known.insert(remembered.0.key.id, (Instant::now(), remembered.clone()));
        }
        remembered
    }

    /// A key was used.
    pub(super) fn note_use(&self, id: KeyId, at: SystemTime) {
        let mut uses = lock(&self.uses);
        if uses.len() < MOST_USES || uses.contains_key(&id) {
            uses.insert(id, at);
        }
    }

    /// The last use of each key that was used since the last time.
    pub(crate) fn take_uses(&self) -> Vec<(KeyId, SystemTime)> {
        std::mem::take(&mut *lock(&self.uses)).into_iter().collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one insertion or removal.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
