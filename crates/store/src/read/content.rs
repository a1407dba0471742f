//! The contents: streams and files, in bounded parts, without reading what comes before them.

use crate::error::StoreError;
use crate::model::view::{FileEntry, Slice, Stream};
use crate::sql::{self, Content, Record, Session, id as id_of, malformed, text};
use crate::store::Store;
use casemate_types::ExecutionId;

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
        let content = match stream {
            Stream::Stdout => Content::Stdouts,
            Stream::Stderr => Content::Stderrs,
        };
        self.readers.read("read a stream", |session| {
            let sql = "SELECT number FROM executions WHERE id = ?1";
            let Some(found) = session.first(sql, &[id_of(id)])? else {
                return Ok(None);
            };
            let slice = session.content(content, found.integer(0)?, offset, limit_bytes)?;
            // A stream without a byte has no row.
            Ok(Some(slice.unwrap_or_default()))
        })
    }

    /// A kept file without its content.
    ///
    /// # Errors
    /// Those of every read.
    pub fn file(&self, id: ExecutionId, path: &str) -> Result<Option<FileEntry>, StoreError> {
        self.readers.read("find a file", |session| {
            Ok(file(session, id, path)?.map(|(_, entry)| entry))
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
            .read("read a file", |session| match file(session, id, path)? {
                Some((row, _)) => session.content(Content::Files, row, offset, limit_bytes),
                None => Ok(None),
            })
    }
}

fn file(session: &mut dyn Session, id: ExecutionId, path: &str) -> sql::Result<Option<(i64, FileEntry)>> {
    let found = session.first(
        "SELECT f.path, f.mode, f.size_bytes, f.sha256, f.number
         FROM files f JOIN executions e ON e.number = f.execution WHERE e.id = ?1 AND f.path = ?2",
        &[id_of(id), text(path)],
    )?;
    found
        .map(|row| Ok((row.integer(4)?, file_entry(&row)?)))
        .transpose()
}

/// Of path, mode, size and hash.
pub(super) fn file_entry(row: &Record) -> sql::Result<FileEntry> {
    Ok(FileEntry {
        path: row.text(0)?.to_owned(),
        mode: u32::try_from(row.integer(1)?).map_err(|_| malformed(1, "out of range"))?,
        size_bytes: row.count(2)?,
        sha256: row.hash(3)?,
    })
}
