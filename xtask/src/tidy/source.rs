//! One Rust file as the rules see it: its text, its code without comments and literals, and which lines are tests.

use super::lexer::{find_word, is_word_byte, mask, matching};

/// One Rust file.
#[derive(Debug)]
pub struct Source {
    /// Relative to the repository.
    pub path: String,
    /// As written.
    pub text: String,
    /// With comments and literal contents blanked.
    pub code: String,
    /// For each line, whether it belongs to tests.
    test_lines: Vec<bool>,
    /// The position of each newline.
    newlines: Vec<usize>,
}

impl Source {
    /// Reads the structure of `text`.
    pub fn new(path: &str, text: &str) -> Self {
        let code = mask(text);
        let newlines: Vec<usize> = code.match_indices('\n').map(|(at, _)| at).collect();
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code,
            test_lines: Vec::new(),
            newlines,
        };
        source.test_lines = source.find_tests();
        source
    }

    /// The line of a position in `code` or `text`, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.newlines.partition_point(|newline| *newline < at) + 1
    }

    /// Marks the whole file as a test, as `#[cfg(test)] mod name;` in its parent does.
    pub fn make_test(&mut self) {
        self.test_lines.fill(true);
    }

    /// The path of a module that this file declares, without its extension.
    pub fn child_stem(&self, name: &str) -> String {
        let (folder, file) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        match file.trim_end_matches(".rs") {
            "lib" | "main" | "mod" | "build" => format!("{folder}/{name}"),
            stem => format!("{folder}/{stem}/{name}"),
        }
    }

    /// The names of the modules of other files that exist in tests only.
    pub fn test_modules(&self) -> Vec<&str> {
        let declared = find_word(&self.code, "mod")
            .filter(|at| self.is_test(self.line(*at)))
            .filter_map(|at| {
                let (name, _) = self.code[at + 3..].split_once(';')?;
                let name = name.trim();
                name.bytes().all(is_word_byte).then_some(name)
            });
        declared.collect()
    }

    fn find_tests(&self) -> Vec<bool> {
        let count = self.code.lines().count();
        let mut lines = vec![is_test_path(&self.path); count];
        for (at, attribute) in self.attributes() {
            if makes_test(attribute) {
                let last = self.line(item_end(&self.code, at).saturating_sub(1)).min(count);
                lines[self.line(at) - 1..last].fill(true);
            }
        }
        lines
    }

    /// Whether the line, from 1, belongs to tests.
    pub fn is_test(&self, line: usize) -> bool {
        line.checked_sub(1)
            .and_then(|index| self.test_lines.get(index))
            .copied()
            .unwrap_or(false)
    }

    /// The number of lines that do not belong to tests.
    pub fn production_lines(&self) -> usize {
        self.test_lines.iter().filter(|test| !**test).count()
    }

    /// The attributes: position of the `#`, and the text between the brackets.
    pub fn attributes(&self) -> impl Iterator<Item = (usize, &str)> {
        attributes(&self.code)
    }
}

/// Whether the whole file is a test, a benchmark or a fuzz target.
pub fn is_test_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folders = path.split('/').rev().skip(1);
    name == "tests.rs"
        || folders
            .into_iter()
            .any(|folder| ["tests", "benches", "fuzz_targets"].contains(&folder))
}

fn attributes(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices('#').filter_map(|(at, _)| {
        let rest = &code[at + 1..];
        let open = at + 1 + usize::from(rest.starts_with('!'));
        if code.as_bytes().get(open) != Some(&b'[') {
            return None;
        }
        let end = matching(code, open)?;
        Some((at, &code[open + 1..end - 1]))
    })
}

/// `test`, `cfg(test)` and `cfg(all(test, ...))`; not `cfg(not(test))`, nor a mere `any`.
fn makes_test(attribute: &str) -> bool {
    let plain: String = attribute.chars().filter(|c| !c.is_whitespace()).collect();
    plain == "test" || plain == "cfg(test)" || plain.starts_with("cfg(all(test,")
}

/// The end of the item that the attribute at `at` belongs to: its `;` or the end of its block.
fn item_end(code: &str, at: usize) -> usize {
    let bytes = code.as_bytes();
    let mut position = at;
    while let Some(byte) = bytes.get(position) {
        match byte {
            b';' => return position + 1,
            b'{' => return matching(code, position).unwrap_or(code.len()),
            b'(' | b'[' => position = matching(code, position).unwrap_or(code.len()),
            _ => position += 1,
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[usize]) {
        let source = Source::new(path, text);
        let found: Vec<usize> = (1..=text.lines().count())
            .filter(|line| source.is_test(*line))
            .collect();
        assert_eq!(found, expected);
        assert_eq!(source.production_lines(), text.lines().count() - expected.len());
    }

    #[test]
    fn finds_the_lines_of_tests() {
        check(
            "crates/a/src/b.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
            &[2, 3, 4, 5],
        );
        check(
            "crates/a/src/b.rs",
            "#[cfg(test)]\nmod tests;\nfn c() {}\n",
            &[1, 2],
        );
        check(
            "crates/a/src/b.rs",
            "#[test]\n#[should_panic(expected = \"{\")]\nfn a() {\n}\nfn b() {}\n",
            &[1, 2, 3, 4],
        );
        check("crates/a/src/b.rs", "#[cfg(not(test))]\nfn a() {}\n", &[]);
        check("crates/a/src/b.rs", "// #[cfg(test)]\nfn a() {}\n", &[]);
    }

    #[test]
    fn finds_modules_of_tests() {
        let text = "mod a;\n#[cfg(test)]\npub(super) mod b;\n#[cfg(test)]\nmod c {\n mod d;\n}\n";
        assert_eq!(Source::new("crates/a/src/b.rs", text).test_modules(), ["b", "d"]);
    }

    #[test]
    fn finds_files_of_tests() {
        for (path, expected) in [
            ("tests/src/run.rs", true),
            ("crates/a/src/tests.rs", true),
            ("crates/a/src/b/tests/c.rs", true),
            ("crates/a/benches/b.rs", true),
            ("crates/a/src/latests.rs", false),
        ] {
            assert_eq!(is_test_path(path), expected, "{path}");
        }
    }

    #[test]
    fn lists_attributes() {
        let source = Source::new(
            "a.rs",
            "#![expect(a, reason = \"x]\")]\nfn f(#[cfg(b)] c: u8) {}\n",
        );
        let found: Vec<_> = source.attributes().map(|(_, text)| text.to_owned()).collect();
        assert_eq!(found, ["expect(a, reason = \"  \")", "cfg(b)"]);
    }
}
