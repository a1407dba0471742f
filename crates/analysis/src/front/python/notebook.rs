//! Notebooks: the code cells joined to one module, shell commands apart.

use super::position::{Positions, Translation};

/// A notebook's code.
pub(super) struct Cells {
    /// The Python of its code cells.
    pub(super) text: String,
    /// From that text to the notebook's.
    pub(super) positions: Positions,
    /// Its commands of a shell.
    pub(super) commands: Vec<Command>,
}

/// A command of a shell, from `!`, `%pip` or `%%bash`.
pub(super) struct Command {
    /// Before which place of the Python text it runs.
    pub(super) at: u32,
    /// The command, or the script.
    pub(super) text: String,
}

/// Reads a notebook; none when the text is not one.
pub(super) fn read(path: &str, text: &str) -> Option<Cells> {
    if !(path.ends_with(".ipynb") || text.trim_start().starts_with('{')) || !text.contains("\"cells\"") {
        return None;
    }
    let mut reader = Reader {
        bytes: text.as_bytes(),
        at: 0,
    };
    let mut builder = Builder::default();
    reader.object(|reader, key| {
        if key != "cells" {
            return reader.skip();
        }
        reader.array(|reader| {
            let (mut is_code, mut lines) = (false, Vec::new());
            reader.object(|reader, key| match key {
                "cell_type" => {
                    is_code = reader.string()?.1 == "code";
                    Some(())
                }
                "source" => reader.lines(&mut lines),
                _ => reader.skip(),
            })?;
            if is_code {
                builder.cell(&lines);
            }
            Some(())
        })
    })?;
    let (text, positions) = builder.translation.finish();
    Some(Cells {
        text,
        positions,
        commands: builder.commands,
    })
}

#[derive(Default)]
struct Builder {
    translation: Translation,
    commands: Vec<Command>,
}

impl Builder {
    fn command(&mut self, text: &str) {
        self.commands.push(Command {
            at: u32::try_from(self.translation.text.len()).unwrap_or(u32::MAX),
            text: text.trim().to_owned(),
        });
    }

    fn cell(&mut self, lines: &[(usize, String)]) {
        let mut lines = lines;
        if let Some(((_, first), rest)) = lines.split_first()
            && let Some(magic) = first.trim_start().strip_prefix("%%")
        {
            let mut words = magic.split_whitespace();
            let name = words.next().unwrap_or("");
            let shell = matches!(name, "bash" | "sh" | "system" | "sx" | "!")
                || (name == "script" && words.next().is_some_and(|word| word.ends_with("sh")));
            if shell {
                let script: String = rest.iter().map(|(_, line)| line.as_str()).collect();
                return self.command(&script);
            }
            if !matches!(
                name,
                "time" | "timeit" | "capture" | "prun" | "python" | "python3"
            ) {
                return;
            }
            lines = rest;
        }
        for (offset, line) in lines {
            self.line(*offset, line);
        }
        self.translation.text.push('\n');
    }

    fn line(&mut self, offset: usize, line: &str) {
        let code = line.trim_start();
        let indent = line.get(..line.len() - code.len()).unwrap_or("");
        let replace = |builder: &mut Self, left: &str| {
            builder.translation.push(indent, offset);
            builder.translation.text.push_str(left);
            builder.translation.text.push('\n');
        };
        if let Some(command) = code.strip_prefix("!!").or_else(|| code.strip_prefix('!')) {
            self.command(command);
            return replace(self, "pass");
        }
        if let Some(magic) = code.strip_prefix('%') {
            let name = magic.split_whitespace().next().unwrap_or("");
            match name {
                "pip" | "conda" => self.command(magic),
                "sx" | "system" => self.command(magic.get(name.len()..).unwrap_or("")),
                _ => {}
            }
            return replace(self, "pass");
        }
        if let Some((left, command)) = code.split_once("= !")
            && left
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_, ".contains(&byte))
        {
            self.command(command);
            return replace(self, &format!("{left}= None"));
        }
        if code.starts_with('?') || code.trim_end().ends_with('?') && !code.starts_with('#') {
            return replace(self, "pass");
        }
        self.translation.push(line, offset);
    }
}

/// As much of JSON as a notebook needs.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn object(&mut self, mut each: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.eat(b'{')?;
        while self.peek()? != b'}' {
            let key = self.string()?.1;
            self.eat(b':')?;
            each(self, &key)?;
            if self.eat(b',').is_none() {
                break;
            }
        }
        self.eat(b'}')
    }

    fn array(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'[')?;
        while self.peek()? != b']' {
            each(self)?;
            if self.eat(b',').is_none() {
                break;
            }
        }
        self.eat(b']')
    }

    /// A text, or an array of texts, as lines with their places.
    fn lines(&mut self, out: &mut Vec<(usize, String)>) -> Option<()> {
        if self.peek()? == b'[' {
            return self.array(|reader| {
                out.push(reader.string()?);
                Some(())
            });
        }
        let (start, text) = self.string()?;
        let mut offset = start;
        for line in text.split_inclusive('\n') {
            out.push((offset, line.to_owned()));
            // A line break is written with two letters.
            offset += line.len() + 1;
        }
        Some(())
    }

    /// A text and where it begins.
    fn string(&mut self) -> Option<(usize, String)> {
        self.eat(b'"')?;
        let start = self.at;
        let mut bytes = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut bytes)?,
                _ => bytes.push(byte),
            }
        }
        Some((start, String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'u' => {
                let mut code = self.hex()?;
                if (0xD800..0xDC00).contains(&code) && self.bytes.get(self.at..)?.starts_with(b"\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    code = 0x10000 + ((code - 0xD800) << 10) + (low & 0x3FF);
                }
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
            }
            other => out.push(other),
        }
        Some(())
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// Goes past a value, without recursion.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => self.at += 1,
                _ => {
                    while self
                        .bytes
                        .get(self.at)
                        .is_some_and(|byte| !b",]}:\"[{ \n\r\t".contains(byte))
                    {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
}
