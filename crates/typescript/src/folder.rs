//! What the package files of the workspace say of their folders: ES modules or CommonJS.
//!
//! `project` asks it. Node looks for the nearest `package.json` upwards, and so does this.

use crate::file::Format;
use std::collections::BTreeMap;

/// The file's name.
pub(crate) const PACKAGE: &str = "package.json";

/// What a folder's package file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// It names this format.
    Named(Format),
    /// A package of its own without a word on it: CommonJS, unless a file's extension says otherwise.
    Silent,
    /// The workspace itself, with no word on it: the program's first file decides.
    Open,
}

/// The package files of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    /// By folder, `` for the workspace itself.
    packages: BTreeMap<String, Option<Format>>,
    /// The text of the workspace's own.
    root: Option<String>,
}

impl Folders {
    /// Takes a package file into account. One that cannot be read is node's to complain about.
    pub(crate) fn add(&mut self, path: &str, text: &str) {
        let folder = path.strip_suffix(PACKAGE).unwrap_or("").trim_end_matches('/');
        let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(text) else {
            return;
        };
        let named = match fields.get("type").and_then(|value| value.as_str()) {
            Some("module") => Some(Format::Module),
            Some("commonjs") => Some(Format::CommonJs),
            _ => None,
        };
        if folder.is_empty() {
            self.root = Some(text.to_owned());
        }
        self.packages.insert(folder.to_owned(), named);
    }

    /// The rule for a file.
    pub(crate) fn rule(&self, path: &str) -> Rule {
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Some(named) = self.packages.get(folder) {
                return named.map_or(Rule::Silent, Rule::Named);
            }
        }
        match self.packages.get("") {
            Some(Some(format)) => Rule::Named(*format),
            _ => Rule::Open,
        }
    }

    /// The workspace's package file with the word that makes its files ES modules. The order of the other
    /// fields stays: it means something in `exports`.
    pub(crate) fn root_of_modules(&self) -> String {
        const FIELD: &str = "\"type\": \"module\"";
        let fields = self
            .root
            .as_deref()
            .and_then(|text| text.split_once('{'))
            .map_or("}", |(_, fields)| fields);
        if fields.trim_start().starts_with('}') {
            return format!("{{ {FIELD} }}\n");
        }
        format!("{{ {FIELD},{fields}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(files: &[(&str, &str)]) -> Folders {
        let mut folders = Folders::default();
        for (path, text) in files {
            folders.add(path, text);
        }
        folders
    }

    #[test]
    fn the_nearest_package_file_rules() {
        let folders = folders(&[
            ("package.json", r#"{"type": "module"}"#),
            ("lib/package.json", r#"{"name": "lib"}"#),
            ("lib/deep/package.json", r#"{"type": "commonjs"}"#),
            ("bad/package.json", "{"),
        ]);
        assert_eq!(folders.rule("main.ts"), Rule::Named(Format::Module));
        assert_eq!(folders.rule("bad/a.ts"), Rule::Named(Format::Module));
        assert_eq!(folders.rule("lib/x/a.ts"), Rule::Silent);
        assert_eq!(folders.rule("lib/deep/a.ts"), Rule::Named(Format::CommonJs));
        assert_eq!(Folders::default().rule("a.ts"), Rule::Open);
    }

    #[test]
    fn the_word_is_added_and_the_rest_stays() {
        let text = |root: &str| folders(&[("package.json", root)]).root_of_modules();
        assert_eq!(Folders::default().root_of_modules(), "{ \"type\": \"module\" }\n");
        assert_eq!(text(" { }"), "{ \"type\": \"module\" }\n");
        assert_eq!(
            text("{\"b\": 1, \"a\": 2}"),
            "{ \"type\": \"module\",\"b\": 1, \"a\": 2}"
        );
    }
}
