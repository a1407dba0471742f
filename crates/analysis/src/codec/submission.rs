//! A submission as bytes.

use super::{CodecError, In, MAX_SUBMISSION_BYTES, Out};
use crate::ir::Language;
use crate::submission::{SourceFile, Submission};

/// Most files: those of a request, and its code.
const MAX_FILES: usize = 4096;
/// Longest path, bytes (`PATH_MAX`).
const MAX_PATH_BYTES: usize = 4096;

/// The bytes of a submission. Equal submissions give equal bytes, which a cache goes by.
pub fn encode_submission(submission: &Submission) -> Vec<u8> {
    let content: usize = submission
        .files
        .iter()
        .map(|file| file.bytes.len() + file.path.len() + 16)
        .sum();
    let mut out = Out(Vec::with_capacity(content + 16));
    out.length(submission.files.len());
    for file in &submission.files {
        out.text(&file.path, MAX_PATH_BYTES);
        let place = file
            .language
            .and_then(|language| Language::ALL.iter().position(|l| *l == language));
        out.byte(place.map_or(u8::MAX, |place| place as u8));
        out.bytes(&file.bytes);
    }
    out.0
}

/// Reads them.
///
/// # Errors
/// Bytes that [`encode_submission`] does not make.
pub fn decode_submission(bytes: &[u8]) -> Result<Submission, CodecError> {
    if bytes.len() > MAX_SUBMISSION_BYTES {
        return Err(CodecError::TooMany("bytes"));
    }
    let mut from = In(bytes);
    let files = from.list("files", MAX_FILES, |from| {
        let path = from.text("path", MAX_PATH_BYTES)?;
        let language = match from.byte()? {
            u8::MAX => None,
            place => {
                let language = Language::ALL.get(usize::from(place)).copied();
                Some(language.ok_or(CodecError::Value("language"))?)
            }
        };
        let bytes = from.bytes("content", MAX_SUBMISSION_BYTES)?.to_vec();
        Ok(SourceFile {
            path,
            language,
            bytes,
        })
    })?;
    from.end()?;
    Ok(Submission { files })
}
