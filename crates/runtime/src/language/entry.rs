//! Names a program's source file, and where it starts, for languages that tie both to the text.
//!
//! Java wants a public class in a file of its name, and is started by the name of a class. The words
//! come from the row (`naming`); the scanner knows the lexical form that Java shares with C. It reads
//! hostile text: it must stay linear, bounded, and hand out nothing but identifiers.

use super::table::{Language, Naming};

/// Text past this is not looked at; it is the largest program the contract accepts.
const TEXT_LIMIT_BYTES: usize = 1 << 20;
/// A longer name is taken for none: a file name has at most 255 bytes, `.java` and `.class` included.
const NAME_LIMIT_BYTES: usize = 200;
/// Declarations and parts of a qualifier that are remembered.
const DECLARATION_LIMIT: usize = 256;
const QUALIFIER_LIMIT: usize = 32;

/// How a program's source is stored and started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceName {
    /// The file's name in the workspace.
    pub file: String,
    /// What the run starts; for most languages the file's name without its extension.
    pub entry: String,
}

impl Language {
    /// Names the source file for a program's text. `extension` is that of the caller's own file,
    /// without the dot: it is kept when it is one of the row's, as `mjs` means something.
    pub fn source_name(&self, extension: Option<&str>, text: &[u8]) -> SourceName {
        let (stem, own) = self.source.rsplit_once('.').unwrap_or((self.source, ""));
        let extension = extension
            .filter(|extension| self.extensions.contains(extension))
            .unwrap_or(own);
        let outline = self.naming.as_ref().map(|naming| Outline::read(naming, text));
        let file = outline.as_ref().and_then(Outline::file).unwrap_or(stem);
        let entry = outline
            .as_ref()
            .map_or_else(|| file.to_owned(), |outline| outline.entry(file));
        SourceName {
            file: format!("{file}.{extension}"),
            entry,
        }
    }
}

/// A type declared at the top level.
struct Declaration<'a> {
    name: &'a str,
    is_exported: bool,
    has_entry: bool,
}

/// What the top level of a text declares.
#[derive(Default)]
struct Outline<'a> {
    qualifier: Vec<&'a str>,
    declarations: Vec<Declaration<'a>>,
}

impl<'a> Outline<'a> {
    fn read(naming: &Naming, text: &'a [u8]) -> Self {
        let text = &text[..text.len().min(TEXT_LIMIT_BYTES)];
        let mut reader = Reader {
            naming,
            outline: Self::default(),
            depth: 0,
            is_exported: false,
        };
        let mut tokens = Tokens { text, at: 0 };
        let mut before = Token::Mark(b';');
        while let Some(token) = tokens.next() {
            reader.take(before, token, &mut tokens);
            before = token;
        }
        reader.outline
    }

    /// The file must be named after the exported declaration.
    fn file(&self) -> Option<&'a str> {
        self.declarations.iter().find(|d| d.is_exported).map(|d| d.name)
    }

    /// What is started: the exported declaration if it has the entry, else any that has it, else the
    /// exported, else the first, which is what `java File.java` takes.
    fn entry(&self, file: &str) -> String {
        let find = |fits: &dyn Fn(&&Declaration<'_>) -> bool| self.declarations.iter().find(fits);
        let chosen = find(&|d| d.is_exported && d.has_entry)
            .or_else(|| find(&|d| d.has_entry))
            .or_else(|| find(&|d| d.is_exported))
            .or_else(|| find(&|_| true));
        let name = chosen.map_or(file, |d| d.name);
        let parts: Vec<&str> = self.qualifier.iter().copied().chain([name]).collect();
        parts.join(".")
    }
}

/// Folds tokens into an outline.
struct Reader<'a, 'n> {
    naming: &'n Naming,
    outline: Outline<'a>,
    /// Open braces and parentheses.
    depth: usize,
    /// The exporting word was met since the last declaration ended.
    is_exported: bool,
}

impl<'a> Reader<'a, '_> {
    fn take(&mut self, before: Token<'a>, token: Token<'a>, tokens: &mut Tokens<'a>) {
        match token {
            Token::Mark(b'{' | b'(') => {
                let is_entry = matches!(before, Token::Word(word) if word == self.naming.entry);
                if token == Token::Mark(b'(') && self.depth == 1 && is_entry {
                    self.outline
                        .declarations
                        .last_mut()
                        .into_iter()
                        .for_each(|d| d.has_entry = true);
                }
                self.depth += 1;
            }
            Token::Mark(b'}' | b')') => {
                self.depth = self.depth.saturating_sub(1);
                self.is_exported &= token == Token::Mark(b')');
            }
            Token::Mark(b';') => self.is_exported = false,
            Token::Word(word) if self.depth == 0 && before != Token::Mark(b'.') => {
                self.top_level(word, tokens)
            }
            _ => {}
        }
    }

    fn top_level(&mut self, word: &str, tokens: &mut Tokens<'a>) {
        let naming = self.naming;
        if word == naming.exported {
            self.is_exported = true;
        } else if word == naming.qualifier && self.outline.declarations.is_empty() {
            self.outline.qualifier = tokens.qualifier();
        } else if naming.declares.contains(&word) && self.outline.declarations.len() < DECLARATION_LIMIT {
            let mut ahead = tokens.clone();
            if let Some(Token::Word(name)) = ahead.next()
                && is_name(name)
            {
                *tokens = ahead;
                let is_exported = std::mem::take(&mut self.is_exported);
                self.outline.declarations.push(Declaration {
                    name,
                    is_exported,
                    has_entry: false,
                });
            }
        }
    }
}

fn is_name(word: &str) -> bool {
    word.len() <= NAME_LIMIT_BYTES && !word.starts_with(|c: char| c.is_ascii_digit())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Mark(u8),
}

/// Words and marks of a text, without comments and literals.
#[derive(Clone)]
struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            let first = *rest.first()?;
            self.at += match rest {
                [b'/', b'/', ..] => until(rest, 2, b"\n"),
                [b'/', b'*', ..] => until(rest, 2, b"*/"),
                [b'"', b'"', b'"', ..] => literal(rest, b"\"\"\""),
                [b'"', ..] => literal(rest, b"\""),
                [b'\'', ..] => literal(rest, b"'"),
                _ if first.is_ascii_whitespace() => 1,
                _ if is_part(first) => {
                    let end = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
                    self.at += end;
                    // A word that is not UTF-8 is no word of ours.
                    return Some(std::str::from_utf8(&rest[..end]).map_or(Token::Mark(b'?'), Token::Word));
                }
                _ => {
                    self.at += 1;
                    return Some(Token::Mark(first));
                }
            };
        }
    }

    /// The words of `a.b.c;`, or nothing when it is none.
    fn qualifier(&mut self) -> Vec<&'a str> {
        let mut ahead = self.clone();
        let mut parts = Vec::new();
        while let Some(Token::Word(part)) = ahead.next() {
            parts.push(part);
            match ahead.next() {
                Some(Token::Mark(b'.')) if parts.len() < QUALIFIER_LIMIT && is_name(part) => {}
                Some(Token::Mark(b';')) if is_name(part) => {
                    *self = ahead;
                    return parts;
                }
                _ => break,
            }
        }
        Vec::new()
    }
}

/// Letters, digits, `_`, `$` and everything beyond ASCII.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
}

/// The length up to and with `end`, or all of it.
fn until(text: &[u8], from: usize, end: &[u8]) -> usize {
    let found = text[from..].windows(end.len()).position(|window| window == end);
    found.map_or(text.len(), |at| from + at + end.len())
}

/// The length of a literal. A backslash guards the next byte; a one-line literal ends with its line.
fn literal(text: &[u8], quote: &[u8]) -> usize {
    let mut at = quote.len();
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            b'\n' if quote.len() == 1 => return at,
            _ if text[at..].starts_with(quote) => return at + quote.len(),
            _ => {}
        }
        at += 1;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;
    use proptest::prelude::*;

    fn java(text: &str) -> SourceName {
        Table::builtin()
            .find("java")
            .unwrap()
            .source_name(None, text.as_bytes())
    }

    fn check(text: &str, file: &str, entry: &str) {
        assert_eq!(
            java(text),
            SourceName {
                file: file.into(),
                entry: entry.into()
            },
            "{text}"
        );
    }

    const MAIN: &str = "public static void main(String[] a) {}";

    #[test]
    fn the_public_class_names_the_file_and_the_entry() {
        check(&format!("public class Hello {{ {MAIN} }}"), "Hello.java", "Hello");
        check(
            &format!("@A(\"}}\") public final strictfp class X<T> {{ {MAIN} }}"),
            "X.java",
            "X",
        );
        check(&format!("public record P(int x) {{ {MAIN} }}"), "P.java", "P");
        check(
            &format!("public sealed interface S permits A {{ {MAIN} }} final class A implements S {{}}"),
            "S.java",
            "S",
        );
        check(
            &format!("class Helper {{}}\npublic class App {{ {MAIN} }}"),
            "App.java",
            "App",
        );
        check(
            &format!("package a.b . c;\nimport x.y;\npublic class App {{ {MAIN} }}"),
            "App.java",
            "a.b.c.App",
        );
        check(
            &format!("public enum Größe {{ A; {MAIN} }}"),
            "Größe.java",
            "Größe",
        );
    }

    #[test]
    fn without_a_public_class_the_one_with_main_is_started() {
        check(
            &format!("class A {{ void f() {{ main(null); }} }} class B {{ {MAIN} }}"),
            "Main.java",
            "B",
        );
        check(
            &format!("public interface Shape {{}} class Run {{ {MAIN} }}"),
            "Shape.java",
            "Run",
        );
        check("class A {} class B {}", "Main.java", "A");
        check("public class Lib { int f; }", "Lib.java", "Lib");
        check("void main() { System.out.println(1); }", "Main.java", "Main");
        check("", "Main.java", "Main");
    }

    #[test]
    fn comments_literals_and_bodies_declare_nothing() {
        let text = format!(
            "// public class No1 {{\n/* public class No2 */ import a.*;\n\
             class Yes {{ String s = \"}} public class No3 {{\"; char q = '\\''; char b = '{{';\n\
             String t = \"\"\"\n }} public class \"No4\" \\\"\"\" \"\"\"; public class Inner {{}} {MAIN} }}"
        );
        check(&text, "Main.java", "Yes");
        check("class", "Main.java", "Main");
        check("class 9x {}", "Main.java", "Main");
        check("package a.b class A {}", "Main.java", "A");
        check("import x.class; public int y; class A {}", "Main.java", "A");
        check(
            &format!("public class {} {{}}", "x".repeat(300)),
            "Main.java",
            "Main",
        );
    }

    #[test]
    fn other_languages_keep_their_name_and_a_known_extension() {
        let name = |language: &str, extension| {
            Table::builtin()
                .find(language)
                .unwrap()
                .source_name(extension, b"public class A {}")
                .file
        };
        assert_eq!(name("python", None), "main.py");
        assert_eq!(name("javascript", Some("mjs")), "main.mjs");
        assert_eq!(name("javascript", Some("py")), "main.js");
        assert_eq!(name("r", Some("r")), "main.r");
        assert_eq!(name("java", Some("java")), "A.java");
    }

    proptest! {
        #[test]
        fn names_are_identifiers_whatever_the_text(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            let name = Table::builtin().find("java").unwrap().source_name(None, &text);
            prop_assert!(name.file.ends_with(".java") && name.file.len() <= NAME_LIMIT_BYTES + 5);
            prop_assert!(!name.file.contains(['/', '\0', ' ']) && !name.entry.contains(['/', '\0', '-']));
        }

        #[test]
        fn java_like_text_is_survived(text in "(public |class |package |main|\\(|\\)|\\{|\\}|\"|'|/\\*|\\*/|//|\\\\|\n|;|\\.|A|B){0,60}") {
            let name = java(&text);
            prop_assert!(name.file.ends_with(".java") && !name.entry.is_empty());
        }
    }
}
