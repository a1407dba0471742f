//! Ids of records: time-ordered as far as the clock is, and increasing whatever the clock does.

use crate::error::AuditError;
use casemate_types::AuditId;
use ring::rand::{SecureRandom, SystemRandom};
use std::time::{SystemTime, UNIX_EPOCH};

/// Random bytes that are drawn at once.
const STOCK_BYTES: usize = 1000;
const RANDOM_BYTES: usize = casemate_types::id::RANDOM_BYTES;

/// Makes ids.
#[derive(Debug, Default)]
pub(super) struct Clock {
    stock: Vec<u8>,
}

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

impl Clock {
    /// An id behind the last one: of now, or where the clock stands still or went back, one more than the last.
    pub(super) fn next(&mut self, last: AuditId, now_ms: u64) -> Result<AuditId, AuditError> {
        if self.stock.len() < RANDOM_BYTES {
            self.stock.resize(STOCK_BYTES, 0);
            SystemRandom::new()
                .fill(&mut self.stock)
                .map_err(|_| AuditError::Key("no randomness is to be had"))?;
        }
        let mut random = [0; RANDOM_BYTES];
        random.copy_from_slice(&self.stock.split_off(self.stock.len() - RANDOM_BYTES));
        let id = AuditId::at(std::time::Duration::from_millis(now_ms), random);
        if now_ms > ms_of(last) {
            return Ok(id);
        }
        Ok(AuditId::from_value(last.value().saturating_add(1)))
    }
}

/// The time in an id.
pub(crate) fn ms_of(id: AuditId) -> u64 {
    (id.value() >> (8 * RANDOM_BYTES)) as u64
}
