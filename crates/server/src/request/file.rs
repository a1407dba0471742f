//! The input files of a request.

use super::blame::Blame;
use super::field::{Seen, both, missing};
use super::list::too_many;
use super::scalar::{base64, integer, text};
use casemate_types::request::{MAX_FILE_BYTES, MAX_FILES};
use casemate_types::{InputFile, RelativePath};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The fields of one file.
pub(crate) const FIELDS: [&str; 4] = ["path", "content", "content_base64", "mode"];
/// Permission bits of a file that names none.
pub(crate) const DEFAULT_MODE: u32 = 0o644;
/// Most permission bits.
pub(crate) const MAX_MODE: u64 = 0o777;

/// The array of files.
pub(super) fn files<'de, M: MapAccess<'de>>(map: &mut M, blame: &Blame) -> Result<Vec<InputFile>, M::Error> {
    map.next_value_seed(All { blame })
}

struct All<'a> {
    blame: &'a Blame,
}

struct One<'a> {
    blame: &'a Blame,
    /// Bytes that all files may still have.
    room: usize,
}

impl<'de> DeserializeSeed<'de> for All<'_> {
    type Value = Vec<InputFile>;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        let blame = self.blame;
        reader
            .deserialize_seq(self)
            .map_err(|error| blame.form("files", "an array of files", error))
    }
}

impl<'de> Visitor<'de> for All<'_> {
    type Value = Vec<InputFile>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of files")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Self::Value, S::Error> {
        let mut all: Vec<InputFile> = Vec::new();
        let mut room = MAX_FILE_BYTES;
        let blame = self.blame;
        while let Some(file) = items.next_element_seed(One { blame, room })? {
            if all.len() == MAX_FILES {
                return Err(blame.on(too_many("files", MAX_FILES)));
            }
            let bytes = file.content.len();
            blame.most("files", MAX_FILE_BYTES - room + bytes, MAX_FILE_BYTES)?;
            room -= bytes;
            all.push(file);
        }
        Ok(all)
    }
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = InputFile;
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<InputFile, D::Error> {
        let blame = self.blame;
        reader.deserialize_map(self).map_err(|error| {
            blame.form(
                "files",
                "an object of path, content or content_base64, and mode",
                error,
            )
        })
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = InputFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of path, content or content_base64, and mode")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<InputFile, M::Error> {
        let blame = self.blame;
        let mut seen = Seen::new("files.", &FIELDS);
        let (mut path, mut content, mut mode) = (None, Vec::new(), DEFAULT_MODE);
        while let Some(name) = seen.next(&mut map, blame)? {
            match name {
                "path" => {
                    let given = text(&mut map, blame, "files.path")?;
                    let checked = RelativePath::new("files.path", &given).map_err(Into::into);
                    path = Some(blame.check(checked)?);
                }
                "content" => content = text(&mut map, blame, "files.content")?.into_owned().into_bytes(),
                "content_base64" => content = base64(&mut map, blame, "files.content_base64", self.room)?,
                // At most 511: it fits.
                "mode" => mode = integer(&mut map, blame, "files.mode", 0, MAX_MODE)? as u32,
                _ => return Err(M::Error::custom("a field without a reader")),
            }
        }
        let Some(path) = path else {
            return Err(blame.on(missing("files.path")));
        };
        match (seen.has("content"), seen.has("content_base64")) {
            (true, true) => Err(blame.on(both("files.content_base64", "files.content"))),
            (false, false) => Err(blame.on(missing("files.content"))),
            _ => Ok(InputFile { path, content, mode }),
        }
    }
}
