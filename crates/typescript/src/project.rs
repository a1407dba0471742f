//! The files of a workspace as one project: in which format each is loaded, and what it is called then.
//!
//! `strip` fills it when every file is parsed; `rewrite` asks it.

use crate::file::{Format, stem};
use crate::folder::{Folders, Rule};
use crate::module::Module;
use crate::specifier;
use oxc_diagnostics::OxcDiagnostic;
use std::collections::BTreeMap;

/// What becomes of each file.
#[derive(Debug)]
pub(crate) struct Project<'p> {
    folders: &'p Folders,
    /// The format of the workspace's own folder.
    root: Format,
    /// By the path of a source, the path that node loads.
    names: BTreeMap<String, String>,
}

impl<'p> Project<'p> {
    /// A project whose first file is `entry`: where no package file decides, the workspace is what it is.
    pub(crate) fn new(folders: &'p Folders, entry: Option<&Module<'_>>) -> Self {
        let is_open = |module: &&Module<'_>| {
            module.kind.fixed.is_none()
                && folders.rule(module.path) == Rule::Open
                && module.syntax.common_js.is_none()
        };
        let is_module = entry
            .filter(is_open)
            .is_some_and(|module| module.syntax.module.is_some());
        Self {
            folders,
            root: if is_module {
                Format::Module
            } else {
                Format::CommonJs
            },
            names: BTreeMap::new(),
        }
    }

    /// The package file that makes node take the workspace as it was decided here, if it needs one.
    pub(crate) fn package(&self) -> Option<String> {
        (self.root == Format::Module).then(|| self.folders.root_of_modules())
    }

    /// The format of a file.
    ///
    /// # Errors
    /// When its syntax is that of the other format.
    pub(crate) fn format(&self, module: &Module<'_>) -> Result<Format, OxcDiagnostic> {
        let rule = self.folders.rule(module.path);
        let named = module.kind.fixed.or(match rule {
            Rule::Named(format) => Some(format),
            Rule::Silent | Rule::Open => None,
        });
        let syntax = module.syntax;
        match (named, syntax.module, syntax.common_js) {
            (_, Some(_), Some(span)) | (Some(Format::Module), _, Some(span)) => {
                let text = "an ES module cannot have `import x = require()` or `export =`";
                let help = "write `import x from` and `export default`, or name the file .cts";
                Err(OxcDiagnostic::error(text).with_label(span).with_help(help))
            }
            (Some(Format::CommonJs), Some(span), _) => {
                let text = "this is the syntax of an ES module, and the file is CommonJS by its extension or package.json";
                let help = "name the file .ts or .mts, or say \"type\": \"module\" in package.json";
                Err(OxcDiagnostic::error(text).with_label(span).with_help(help))
            }
            (Some(format), _, _) => Ok(format),
            (None, Some(_), None) => Ok(Format::Module),
            (None, None, _) => Ok(Format::CommonJs),
        }
    }

    /// Gives a file of this format its name.
    pub(crate) fn place(&mut self, module: &Module<'_>, format: Format) -> String {
        let folder = match self.folders.rule(module.path) {
            Rule::Named(format) => format,
            Rule::Silent => Format::CommonJs,
            Rule::Open => self.root,
        };
        let name = format!("{}.{}", stem(module.path), module.kind.extension(format, folder));
        self.names.insert(module.path.to_owned(), name.clone());
        name
    }

    /// A source that another source would be written over.
    pub(crate) fn overwritten(&self, path: &str) -> Option<&str> {
        let name = self.names.get(path)?;
        let mut others = self.names.iter().filter(|(other, _)| *other != path);
        others
            .find(|(other, becomes)| *other == name || *becomes == name)
            .map(|(other, _)| other.as_str())
    }

    /// Another name for a specifier of a file, where it needs one.
    pub(crate) fn renamed(&self, from: &str, specifier: &str) -> Option<String> {
        let target = specifier::target(from, specifier)?;
        let found = specifier::resolve(&target, |path| self.names.contains_key(path));
        let renamed = match found.and_then(|path| self.names.get(&path)) {
            Some(name) => specifier::relative(self.names.get(from).map_or(from, |name| name), name),
            None => specifier::rewritten(specifier)?,
        };
        (renamed != specifier).then_some(renamed)
    }
}
