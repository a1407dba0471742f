//! The table of languages, as compiled in from `resources/languages.toml`, and its look-ups.
//!
//! The engine and the command line ask it which language a name, a file or a first line means. It
//! must never touch the host: what is installed is `detect`'s business.

use super::shebang;
use std::time::Duration;

/// One language: a row of the table.
#[derive(Debug)]
pub struct Language {
    /// The one name it goes by.
    pub name: &'static str,
    /// Further names a caller may use.
    pub aliases: &'static [&'static str],
    /// Extensions of its source files, without the dot.
    pub extensions: &'static [&'static str],
    /// Base names of its interpreters after `#!`.
    pub shebangs: &'static [&'static str],
    /// What to install when it is missing.
    pub packages: Packages,
    /// The name its source gets in the workspace.
    pub source: &'static str,
    /// Set when the source must be named after a declaration in it.
    pub naming: Option<Naming>,
    /// Set when it is compiled before it runs.
    pub compile: Option<Compile>,
    /// Variables of its programs, beside those that every program gets; a compiler has its own.
    pub environment: &'static [(&'static str, &'static str)],
    /// Whether a started interpreter can fork its programs.
    pub zygote: bool,
    /// Whether a started interpreter can wait for its program.
    pub worker: bool,
    pub(super) programs: &'static [&'static str],
    pub(super) requires: &'static [(&'static str, &'static [&'static str])],
    pub(super) version: VersionRule,
    pub(super) command: &'static [&'static str],
    pub(super) mounts: &'static [&'static str],
    pub(super) managed: &'static [Managed],
}

/// Names of the packages that provide a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packages {
    /// For `apt-get install`.
    pub debian: &'static str,
    /// For `dnf install`.
    pub fedora: &'static str,
}

/// How a language is compiled; the command itself comes from [`Language::compile_command`].
#[derive(Debug)]
pub struct Compile {
    /// Globs, relative to the workspace, of what the run needs.
    pub artifacts: &'static [&'static str],
    /// Limits of the compiler, apart from those of the program.
    pub limits: CompileLimits,
    /// Variables of the compiler, beside those that every program gets.
    pub environment: &'static [(&'static str, &'static str)],
    pub(super) command: &'static [&'static str],
    pub(super) binary: Option<&'static str>,
    pub(super) becomes: &'static [(&'static str, &'static str)],
}

impl Compile {
    /// Whether the compiler is our own program, which then has to be in the workspace.
    pub fn is_ours(&self) -> bool {
        self.command.first() == Some(&"{casemate}")
    }
}

/// What a compiler may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Wall-clock time.
    pub wall: Duration,
    /// Memory without swap.
    pub memory_bytes: u64,
    /// The tmpfs of `/tmp` and the workspace.
    pub disk_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
}

/// Words by which the name of a source file is found in it; see `entry`.
#[derive(Debug)]
pub struct Naming {
    pub(super) declares: &'static [&'static str],
    pub(super) exported: &'static str,
    pub(super) qualifier: &'static str,
    pub(super) entry: &'static str,
}

/// How a version is asked for and read.
#[derive(Debug)]
pub(super) struct VersionRule {
    pub arguments: &'static [&'static str],
    pub after: &'static [&'static str],
}

/// Where a version manager keeps real toolchains.
#[derive(Debug)]
pub(super) struct Managed {
    pub manager: &'static str,
    pub roots: &'static [&'static str],
    pub versions: &'static str,
    pub default: Chosen,
    pub aliases: Option<&'static str>,
    pub program: &'static str,
}

/// Where a version manager says which version is the default one.
#[derive(Debug)]
pub(super) enum Chosen {
    /// Nowhere: the newest is taken.
    Newest,
    /// In a file: its first word, or the value of a key.
    File {
        path: &'static str,
        key: Option<&'static str>,
    },
    /// By a link beside the versions.
    Link(&'static str),
}

include!(concat!(env!("OUT_DIR"), "/languages.rs"));

static BUILTIN: Table = Table { languages: LANGUAGES };

/// All languages Casemate knows.
#[derive(Debug)]
pub struct Table {
    languages: &'static [Language],
}

impl Table {
    /// The table this binary was built with. It costs nothing: it was parsed and checked by the build.
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Every language, in the order of the table.
    pub fn iter(&self) -> std::slice::Iter<'static, Language> {
        self.languages.iter()
    }

    /// Finds a language by its name or an alias, in any letter case.
    pub fn find(&self, name: &str) -> Option<&'static Language> {
        let is_name = |known: &&str| known.eq_ignore_ascii_case(name);
        self.iter()
            .find(|language| is_name(&language.name) || language.aliases.iter().any(is_name))
    }

    /// Finds a language by a file's extension, without the dot: as spelled, else in lower case.
    pub fn by_extension(&self, extension: &str) -> Option<&'static Language> {
        let exact = |wanted: &str| self.iter().find(|language| language.extensions.contains(&wanted));
        exact(extension).or_else(|| exact(&extension.to_ascii_lowercase()))
    }

    /// Finds a language by the interpreter that a program's first line names.
    ///
    /// Takes the head of the program and reads at most [`shebang::LIMIT_BYTES`] of it. The line only
    /// picks a row: the path it names is never run, nor are its options kept.
    pub fn by_shebang(&self, head: &[u8]) -> Option<&'static Language> {
        let interpreter = shebang::interpreter(head)?;
        let exact = |wanted: &str| self.iter().find(|language| language.shebangs.contains(&wanted));
        exact(interpreter).or_else(|| exact(shebang::without_minor_version(interpreter)))
    }
}

impl IntoIterator for &Table {
    type Item = &'static Language;
    type IntoIter = std::slice::Iter<'static, Language>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
