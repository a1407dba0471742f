//! What a file's name says: its dialect, and whether it is an ES module or CommonJS.
//!
//! `project` asks it about every file. It must never look at a text.

use oxc_span::SourceType;

/// How node is to load a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// An ES module.
    Module,
    /// CommonJS.
    CommonJs,
}

/// What the extension of a source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// It is TypeScript, and needs to be transformed.
    pub typed: bool,
    /// It may hold JSX.
    pub jsx: bool,
    /// The format that the extension fixes.
    pub fixed: Option<Format>,
}

impl Kind {
    /// The kind of a path; nothing for what is no source, such as a declaration file.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.')?;
        let (typed, jsx, fixed) = match extension {
            "ts" => (true, false, None),
            "tsx" => (true, true, None),
            "mts" => (true, false, Some(Format::Module)),
            "cts" => (true, false, Some(Format::CommonJs)),
            "js" => (false, false, None),
            "mjs" => (false, false, Some(Format::Module)),
            "cjs" => (false, false, Some(Format::CommonJs)),
            _ => return None,
        };
        (!typed || !is_declaration(stem)).then_some(Self { typed, jsx, fixed })
    }

    /// How the parser is to read it. Where the extension leaves it open, the syntax decides.
    pub(crate) fn source_type(self) -> SourceType {
        let plain = match (self.typed, self.jsx) {
            (false, _) => SourceType::mjs(),
            (true, false) => SourceType::ts(),
            (true, true) => SourceType::tsx(),
        };
        match self.fixed {
            None => plain.with_unambiguous(true),
            Some(Format::Module) => plain.with_module(true),
            Some(Format::CommonJs) => plain.with_commonjs(true),
        }
    }

    /// The extension that node takes for this format, in a folder of that format.
    pub(crate) fn extension(self, format: Format, folder: Format) -> &'static str {
        match (self.fixed, format) {
            (None, _) if format == folder => "js",
            (_, Format::Module) => "mjs",
            (_, Format::CommonJs) => "cjs",
        }
    }
}

/// `a.d.ts` and `a.d.json.ts` declare what is elsewhere.
fn is_declaration(stem: &str) -> bool {
    stem.ends_with(".d") || stem.contains(".d.")
}

/// A path without its extension; all of it when it has none.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    path[name..].rfind('.').map_or(path, |dot| &path[..name + dot])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<(bool, Option<Format>)>) {
        assert_eq!(Kind::of(path).map(|k| (k.typed, k.fixed)), expected, "{path}");
    }

    #[test]
    fn the_extension_tells_the_kind() {
        check("main.ts", Some((true, None)));
        check("a/b.tsx", Some((true, None)));
        check("a.mts", Some((true, Some(Format::Module))));
        check("a.cts", Some((true, Some(Format::CommonJs))));
        check("a.b.js", Some((false, None)));
        check("a.d.ts", None);
        check("a.d.mts", None);
        check("a.d.css.ts", None);
        check("ts", None);
        check("dir.ts/readme", None);
        check("package.json", None);
    }

    #[test]
    fn a_stem_is_the_path_without_its_extension() {
        for (path, expected) in [
            ("a/b.ts", "a/b"),
            ("a.x/b", "a.x/b"),
            ("a.b.ts", "a.b"),
            (".ts", ""),
        ] {
            assert_eq!(stem(path), expected);
        }
    }
}
