//! The end of an execution: exactly one.

use super::start::standing;
use super::usage;
use crate::job::{Failure, Request};
use crate::model::change::Change;
use crate::model::execution::{Finished, StoredFile};
use crate::model::state::State;
use crate::model::time;
use crate::model::usage::Day;
use crate::sql::{self, Session, id, text};

impl Request for Finished {
    type Reply = Change;
    const OPERATION: &'static str = "record the end of an execution";

    fn apply(&self, session: &mut dyn Session) -> Result<Change, Failure> {
        let number = match standing(session, self.id)? {
            None => return Ok(Change::Missing),
            Some((_, state @ State::Ended(_))) => return Ok(Change::Unchanged(state)),
            Some((number, State::Queued | State::Running)) => number,
        };
        self.update(number, session)?;
        let day = Day::of(self.ended_at);
        usage::add(number, day, &self.spent.unwrap_or_default(), session)?;
        session.execute(
            "INSERT INTO results (execution, result, events) VALUES (?1, ?2, ?3)",
            &[
                number.into(),
                self.result.as_slice().into(),
                self.events.as_slice().into(),
            ],
        )?;
        let streams = [
            (
                "INSERT INTO stdouts (execution, content) VALUES (?1, ?2)",
                &self.stdout,
            ),
            (
                "INSERT INTO stderrs (execution, content) VALUES (?1, ?2)",
                &self.stderr,
            ),
        ];
        for (sql, stream) in streams {
            if !stream.kept.is_empty() {
                session.execute(sql, &[number.into(), stream.kept.as_slice().into()])?;
            }
        }
        self.files
            .iter()
            .try_for_each(|file| insert_file(file, number, session))?;
        Ok(Change::Done)
    }

    fn bytes(&self) -> u64 {
        let files: usize = self
            .files
            .iter()
            .map(|file| file.path.len() + file.content.len())
            .sum();
        let streams = self.stdout.kept.len() + self.stderr.kept.len();
        (self.events.len() + self.result.len() + streams + files) as u64
    }
}

impl Finished {
    fn update(&self, number: i64, session: &mut dyn Session) -> sql::Result<()> {
        let small = |number: Option<u8>| number.map(i64::from).into();
        session
            .execute(
                "UPDATE executions SET status = ?2, reason = ?3, exit_code = ?4, signal = ?5,
                     sandbox_id = coalesce(?6, sandbox_id), started_at_ms = coalesce(?7, started_at_ms),
                     ended_at_ms = ?8, stdout_kept_bytes = ?9, stdout_total_bytes = ?10,
                     stderr_kept_bytes = ?11, stderr_total_bytes = ?12, content_bytes = content_bytes + ?13,
                     audit_id = ?14, cpu_micros = ?15, memory_mib_ms = ?16, cost_micros = ?17
                 WHERE number = ?1",
                &[
                    number.into(),
                    text(self.status.as_str()),
                    self.reason.as_deref().into(),
                    small(self.exit_code),
                    small(self.signal),
                    self.sandbox_id.map(id).into(),
                    self.started_at.map(time::to_ms).into(),
                    time::to_ms(self.ended_at).into(),
                    (self.stdout.kept.len() as u64).into(),
                    self.stdout.total_bytes.into(),
                    (self.stderr.kept.len() as u64).into(),
                    self.stderr.total_bytes.into(),
                    self.bytes().into(),
                    self.audit_id.map(id).into(),
                    self.spent.map(|spent| spent.cpu_micros).into(),
                    self.spent.map(|spent| spent.memory_mib_ms).into(),
                    self.spent.map(|spent| spent.cost_micros).into(),
                ],
            )
            .map(drop)
    }
}

fn insert_file(file: &StoredFile, number: i64, session: &mut dyn Session) -> sql::Result<()> {
    session
        .execute(
            "INSERT INTO files (execution, path, mode, size_bytes, sha256, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                number.into(),
                text(&file.path),
                file.mode.into(),
                (file.content.len() as u64).into(),
                file.sha256.as_slice().into(),
                file.content.as_slice().into(),
            ],
        )
        .map(drop)
}
