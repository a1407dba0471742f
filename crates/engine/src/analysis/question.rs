//! What of a request is read: its code, and every submitted file that is a source by its name or its first line.

use casemate_analysis::{SourceFile, Submission, ir};
use casemate_runtime::language::{SHEBANG_LIMIT_BYTES, Table};
use casemate_types::ExecutionRequest;

/// So much is read of a file that is no source: a table or a picture is not a program.
pub const MAX_TEXT_BYTES: usize = 64 << 10;

/// The submission of a request whose code is called `name` in its workspace; `language` is its name in the table.
pub fn submission(request: &ExecutionRequest, language: &str, name: &str) -> Submission {
    let code = SourceFile {
        path: name.to_owned(),
        language: ir::Language::from_word(language),
        bytes: request.code.clone(),
    };
    let others = request.files.iter().filter(|file| file.path.as_str() != name);
    let others = others.map(|file| {
        let language = language_of(file.path.as_str(), &file.content);
        let most = if language.is_some() {
            usize::MAX
        } else {
            MAX_TEXT_BYTES
        };
        SourceFile {
            path: file.path.as_str().to_owned(),
            language,
            bytes: file.content[..file.content.len().min(most)].to_vec(),
        }
    });
    Submission {
        files: std::iter::once(code).chain(others).collect(),
    }
}

/// The language of a file by its extension or its first line.
pub fn language_of(path: &str, content: &[u8]) -> Option<ir::Language> {
    if path.ends_with(".ipynb") {
        return Some(ir::Language::Python);
    }
    let table = Table::builtin();
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let head = &content[..content.len().min(SHEBANG_LIMIT_BYTES)];
    let found = extension
        .and_then(|extension| table.by_extension(extension))
        .or_else(|| table.by_shebang(head));
    ir::Language::from_word(found?.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_types::{InputFile, RelativePath};

    fn file(path: &str, content: &[u8]) -> InputFile {
        InputFile {
            path: RelativePath::new("files.path", path).unwrap(),
            content: content.to_vec(),
            mode: 0o644,
        }
    }

    #[test]
    fn every_source_of_a_request_is_read_and_of_others_a_part() {
        let request = ExecutionRequest {
            code: b"import helper".to_vec(),
            files: vec![
                file("helper.py", &[b'#'; 100_000]),
                file("main.py", b"never there"),
                file("run", b"#!/bin/bash\nls"),
                file("data.bin", &[0; 100_000]),
            ],
            ..ExecutionRequest::default()
        };
        let read = submission(&request, "python", "main.py");
        let seen: Vec<_> = read
            .files
            .iter()
            .map(|file| {
                (
                    file.path.as_str(),
                    file.language.map(ir::Language::as_str),
                    file.bytes.len(),
                )
            })
            .collect();
        let expected = [
            ("main.py", Some("python"), 13),
            ("helper.py", Some("python"), 100_000),
            ("run", Some("bash"), 14),
            ("data.bin", None, MAX_TEXT_BYTES),
        ];
        assert_eq!(seen, expected);
    }
}
