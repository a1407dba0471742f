//! Renders the commands of a row: what compiles a program and what runs it.
//!
//! The engine calls it once an installation is known. The build has checked every placeholder, so
//! rendering cannot fail; it must never expand anything inside the caller's own arguments.

use super::detect::Installation;
use super::table::Language;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a command is rendered for. Paths are those inside the sandbox.
#[derive(Clone, Copy, Debug)]
pub struct RunContext<'a> {
    /// The folder the program runs in.
    pub workspace: &'a Path,
    /// The source file; see [`Language::source_name`] for its name.
    pub source: &'a Path,
    /// Our own program, where it is the compiler; see [`super::Compile::is_ours`].
    pub casemate: &'a Path,
    /// [`super::SourceName::entry`] of the same program.
    pub entry: &'a str,
    /// The caller's arguments; a compiler gets none.
    pub args: &'a [OsString],
    /// The memory limit that will hold for this command.
    pub memory_bytes: u64,
}

impl Language {
    /// The argv that runs a program, absolute program first.
    pub fn run_command(&self, installation: &Installation, context: &RunContext<'_>) -> Vec<OsString> {
        self.render(self.command, installation, context)
    }

    /// The argv that compiles a program; nothing for a language that is not compiled.
    pub fn compile_command(
        &self,
        installation: &Installation,
        context: &RunContext<'_>,
    ) -> Option<Vec<OsString>> {
        self.compile
            .as_ref()
            .map(|compile| self.render(compile.command, installation, context))
    }

    fn render(
        &self,
        template: &[&str],
        installation: &Installation,
        context: &RunContext<'_>,
    ) -> Vec<OsString> {
        let mut argv = Vec::with_capacity(template.len() + context.args.len());
        for word in template {
            match *word {
                "{args...}" => argv.extend_from_slice(context.args),
                word => argv.push(self.expand(word, installation, context)),
            }
        }
        argv
    }

    fn expand(&self, word: &str, installation: &Installation, context: &RunContext<'_>) -> OsString {
        let mut out = OsString::new();
        let mut rest = word;
        while let Some((before, open)) = rest.split_once('{') {
            let (name, after) = open.split_once('}').unwrap_or((open, ""));
            out.push(before);
            out.push(self.value(name, installation, context));
            rest = after;
        }
        out.push(rest);
        out
    }

    /// What a source is called when it is compiled.
    fn compiled(&self, source: &Path) -> PathBuf {
        let extension = source.extension().unwrap_or_default();
        let becomes = self.compile.as_ref().map_or(&[][..], |compile| compile.becomes);
        let found = becomes.iter().find(|(from, _)| extension == *from);
        source.with_extension(found.map_or(extension, |(_, to)| to.as_ref()))
    }

    fn value(&self, name: &str, installation: &Installation, context: &RunContext<'_>) -> OsString {
        let binary = || {
            self.compile
                .as_ref()
                .and_then(|compile| compile.binary)
                .unwrap_or_default()
        };
        let tool = || {
            installation
                .tools
                .iter()
                .find(|(tool, _)| *tool == name)
                .map(|(_, path)| path.as_os_str())
        };
        match name {
            "casemate" => context.casemate.into(),
            "compiled" => self.compiled(context.source).into(),
            "program" => installation.program.clone().into(),
            "bin" => installation.bin_folder().into(),
            "source" => context.source.into(),
            "workspace" => context.workspace.into(),
            "binary" => context.workspace.join(binary()).into(),
            "entry" => context.entry.into(),
            "memory_bytes" => context.memory_bytes.to_string().into(),
            "memory_mib" => (context.memory_bytes >> 20).to_string().into(),
            // The schema lets nothing through but the row's own tools.
            _ => tool().unwrap_or_default().into(),
        }
    }
}
