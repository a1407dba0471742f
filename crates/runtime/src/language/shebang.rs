//! Reads the interpreter's name from a program's first line.
//!
//! The table uses it to pick a language. It must never look at the file system, nor hand out a path:
//! only the base name leaves this module.

/// The kernel reads no more of the line (`BINPRM_BUF_SIZE`, 256 since Linux 5.1; execve(2)).
pub const LIMIT_BYTES: usize = 256;

/// The base name of the interpreter that `#!` names, seen through `env`.
///
/// Answers nothing for a line that is not a shebang, is not UTF-8, or is cut off by the limit before
/// the name has ended.
pub fn interpreter(head: &[u8]) -> Option<&str> {
    let line = first_line(head.strip_prefix(b"#!")?)?;
    let mut words = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let name = base_name(words.next()?)?;
    if name == "env" {
        behind_env(words)
    } else {
        Some(name)
    }
}

/// `python3.11` without what follows the first dot; names without a dot stay as they are.
pub fn without_minor_version(name: &str) -> &str {
    match name.split_once('.') {
        Some((major, minor)) if minor.chars().all(|c| c.is_ascii_digit() || c == '.') => major,
        _ => name,
    }
}

/// The line without its end; a line longer than the limit ends at its last whole word.
fn first_line(text: &[u8]) -> Option<&[u8]> {
    let text = &text[..text.len().min(LIMIT_BYTES - 2)];
    if let Some(end) = text.iter().position(|byte| *byte == b'\n') {
        let line = &text[..end];
        return Some(line.strip_suffix(b"\r").unwrap_or(line));
    }
    if text.len() < LIMIT_BYTES - 2 {
        return Some(text);
    }
    text.iter()
        .rposition(u8::is_ascii_whitespace)
        .map(|end| &text[..end])
}

fn base_name(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|name| !name.is_empty())
}

/// The program that env(1) would start: options and assignments are passed over.
fn behind_env<'a>(words: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut words = words;
    while let Some(word) = words.next() {
        match word {
            "-u" | "--unset" | "-C" | "--chdir" | "-a" | "--argv0" => {
                words.next()?;
            }
            "-S" | "--split-string" => {}
            _ if word.starts_with("--split-string=") => return base_name(&word["--split-string=".len()..]),
            // Clusters such as `-vS` and `-iS`; `-Sname` holds the name itself.
            _ if word.starts_with('-') && !word.starts_with("--") => match word.split_once('S') {
                Some((_, name)) if !name.is_empty() => return base_name(name),
                _ => {}
            },
            _ if word.starts_with('-') || word.contains('=') => {}
            _ => return base_name(word),
        }
    }
    None
}
