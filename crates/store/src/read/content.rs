//! The contents: streams and files, in bounded parts, without reading what comes before them.

use super::row;
use crate::error::StoreError;
use crate::model::bounds::MAX_SLICE_BYTES;
use crate::model::view::{FileEntry, Slice, Stream};
use crate::store::Store;
use casemate_types::ExecutionId;
use rusqlite::{Connection, MAIN_DB, OptionalExtension};

impl Store {
    /// Up to `limit_bytes` bytes of a kept stream from an offset on, at most 1 MiB; `None` when there is no such
    /// execution. Beyond the end it is empty.
    ///
    /// # Errors
    /// Those of every read.
    pub fn read_stream(
        &self,
        id: ExecutionId,
        stream: Stream,
        offset: u64,
        limit_bytes: usize,
    ) -> Result<Option<Slice>, StoreError> {
        let (exists, table) = match stream {
            Stream::Stdout => ("SELECT execution FROM stdouts WHERE execution = ?1", "stdouts"),
            Stream::Stderr => ("SELECT execution FROM stderrs WHERE execution = ?1", "stderrs"),
        };
        self.readers.read("read a stream", |connection| {
            let Some(number) = number(connection, id)? else {
                return Ok(None);
            };
            // A stream without a byte has no row.
            let row: Option<i64> = connection
                .prepare_cached(exists)?
                .query_row([number], |row| row.get(0))
                .optional()?;
            match row {
                Some(row) => slice(connection, table, row, offset, limit_bytes).map(Some),
                None => Ok(Some(Slice::default())),
            }
        })
    }

    /// A kept file without its content.
    ///
    /// # Errors
    /// Those of every read.
    pub fn file(&self, id: ExecutionId, path: &str) -> Result<Option<FileEntry>, StoreError> {
        self.readers.read("find a file", |connection| {
            Ok(file(connection, id, path)?.map(|(_, entry)| entry))
        })
    }

    /// Up to `limit_bytes` bytes of a kept file from an offset on, at most 1 MiB; `None` when there is no such file.
    /// Beyond the end it is empty.
    ///
    /// # Errors
    /// Those of every read.
    pub fn read_file(
        &self,
        id: ExecutionId,
        path: &str,
        offset: u64,
        limit_bytes: usize,
    ) -> Result<Option<Slice>, StoreError> {
        self.readers
            .read("read a file", |connection| match file(connection, id, path)? {
                Some((row, _)) => slice(connection, "files", row, offset, limit_bytes).map(Some),
                None => Ok(None),
            })
    }
}

fn number(connection: &Connection, id: ExecutionId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT number FROM executions WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()
}

fn file(connection: &Connection, id: ExecutionId, path: &str) -> rusqlite::Result<Option<(i64, FileEntry)>> {
    connection
        .prepare_cached(
            "SELECT f.number, f.path, f.mode, f.size_bytes, f.sha256
             FROM files f JOIN executions e ON e.number = f.execution WHERE e.id = ?1 AND f.path = ?2",
        )?
        .query_row([id.to_string().as_str(), path], |found| {
            let entry = FileEntry {
                path: found.get(1)?,
                mode: found.get(2)?,
                size_bytes: row::count(found, 3)?,
                sha256: found.get(4)?,
            };
            Ok((found.get(0)?, entry))
        })
        .optional()
}

/// A part of the column `content`, by incremental I/O: <https://sqlite.org/c3ref/blob_open.html>.
fn slice(
    connection: &Connection,
    table: &'static str,
    row: i64,
    offset: u64,
    limit_bytes: usize,
) -> rusqlite::Result<Slice> {
    let blob = connection.blob_open(MAIN_DB, table, "content", row, true)?;
    let size = blob.len();
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(size);
    let mut bytes = vec![0; limit_bytes.min(MAX_SLICE_BYTES).min(size - from)];
    if !bytes.is_empty() {
        blob.read_at_exact(&mut bytes, from)?;
    }
    Ok(Slice {
        bytes,
        size_bytes: size as u64,
    })
}
