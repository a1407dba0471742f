//! The shape of `resources/languages.toml`: parses and checks it, and finds every fault before the
//! table is compiled in.
//!
//! `build.rs` includes this file and fails the build on a wrong row; the crate includes it in tests
//! only. It must never accept a row that could fail when a program runs.

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub shims: Shims,
    pub language: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shims {
    pub folders: Vec<String>,
    pub programs: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub extensions: Vec<String>,
    #[serde(default)]
    pub shebangs: Vec<String>,
    pub packages: Packages,
    pub programs: Vec<String>,
    #[serde(default)]
    pub requires: BTreeMap<String, Vec<String>>,
    pub version: Version,
    pub source: String,
    pub naming: Option<Naming>,
    pub command: Vec<String>,
    pub compile: Option<Compile>,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    #[serde(default)]
    pub mounts: Vec<String>,
    #[serde(default)]
    pub zygote: bool,
    #[serde(default)]
    pub worker: bool,
    #[serde(default)]
    pub managed: Vec<Managed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packages {
    pub debian: String,
    pub fedora: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub arguments: Vec<String>,
    pub after: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    pub declares: Vec<String>,
    pub exported: String,
    pub qualifier: String,
    pub entry: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compile {
    pub command: Vec<String>,
    pub binary: Option<String>,
    #[serde(default)]
    pub becomes: BTreeMap<String, String>,
    pub artifacts: Vec<String>,
    pub limits: Limits,
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub wall_ms: u64,
    pub memory_mib: u64,
    pub disk_mib: u64,
    pub pids: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Managed {
    pub manager: String,
    pub roots: Vec<String>,
    pub versions: String,
    #[serde(default)]
    pub default: Chosen,
    pub aliases: Option<String>,
    pub program: String,
}

/// Where a version manager says which version is the default one: a file, or a link.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    pub file: Option<String>,
    pub key: Option<String>,
    pub link: Option<String>,
}

/// Placeholders that every command may use; a row's tools come on top.
const PLACEHOLDERS: [&str; 10] = [
    "program",
    "casemate",
    "bin",
    "source",
    "compiled",
    "workspace",
    "binary",
    "entry",
    "memory_bytes",
    "memory_mib",
];

/// Parses and checks the table.
///
/// # Errors
/// A text that names the row and the fault.
pub fn parse(text: &str) -> Result<File, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    if file.shims.folders.is_empty() || file.shims.programs.is_empty() {
        return Err("shims: folders and programs must not be empty".into());
    }
    let mut names = BTreeSet::new();
    let mut extensions = BTreeSet::new();
    let mut shebangs = BTreeSet::new();
    for row in &file.language {
        check_row(row).map_err(|fault| format!("language {:?}: {fault}", row.name))?;
        for name in std::iter::once(&row.name).chain(&row.aliases) {
            claim(&mut names, name, "name or alias", row)?;
        }
        for extension in &row.extensions {
            claim(&mut extensions, extension, "extension", row)?;
        }
        for shebang in &row.shebangs {
            claim(&mut shebangs, shebang, "shebang", row)?;
        }
    }
    if file.language.is_empty() {
        Err("no language".into())
    } else {
        Ok(file)
    }
}

fn claim<'a>(seen: &mut BTreeSet<&'a str>, value: &'a str, what: &str, row: &Row) -> Result<(), String> {
    if seen.insert(value) {
        return Ok(());
    }
    Err(format!(
        "language {:?}: {what} {value:?} is already another row's",
        row.name
    ))
}

fn check_row(row: &Row) -> Result<(), String> {
    for name in std::iter::once(&row.name).chain(&row.aliases) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+#-".contains(c);
        check(
            !name.is_empty() && name.len() <= 32 && name.chars().all(plain),
            || format!("name {name:?}"),
        )?;
    }
    check(!row.extensions.is_empty(), || "no extension".into())?;
    for word in row.extensions.iter().chain(&row.shebangs) {
        check(is_file_name(word), || format!("{word:?} is not a plain name"))?;
    }
    for packages in [&row.packages.debian, &row.packages.fedora] {
        check(!packages.trim().is_empty(), || {
            "packages must not be empty".into()
        })?;
    }
    check(!row.programs.is_empty(), || "no program".into())?;
    for program in &row.programs {
        check(is_file_name(program) || is_absolute(program), || {
            format!("program {program:?}")
        })?;
    }
    check(!row.version.arguments.is_empty(), || {
        "version without arguments".into()
    })?;
    check(!row.version.after.is_empty(), || {
        "version without a marker".into()
    })?;
    check(row.version.after.iter().all(|m| !m.is_empty()), || {
        "an empty version marker".into()
    })?;
    check(is_file_name(&row.source), || format!("source {:?}", row.source))?;
    let extension = row
        .source
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_owned());
    check(extension.is_some_and(|e| row.extensions.contains(&e)), || {
        "the source's extension is none of the row's".into()
    })?;
    check_requires(row)?;
    check_naming(row)?;
    check_commands(row)?;
    check_environment(row)?;
    let is_plain = row.compile.is_none()
        && row.environment.is_empty()
        && row.command == ["{program}", "{source}", "{args...}"];
    check(!row.zygote || is_plain, || {
        "zygote: only for a program that is run by its name alone, in no environment of its own".into()
    })?;
    check_mounts(&row.mounts)?;
    check(!(row.zygote && row.worker), || "both zygote and worker".into())?;
    // Nothing but the end of its command may differ from program to program.
    let ends_open = row.command.last().is_some_and(|word| word == "{args...}");
    check(
        !row.worker || ends_open && row.compile.is_none() && row.naming.is_none(),
        || "a worker's command must end in {args...}, and its source have a fixed name".into(),
    )?;
    row.managed.iter().try_for_each(check_managed)
}

fn check_requires(row: &Row) -> Result<(), String> {
    for (tool, candidates) in &row.requires {
        check(is_word(tool), || format!("requires: {tool:?} is not a word"))?;
        check(!PLACEHOLDERS.contains(&tool.as_str()), || {
            format!("requires: {tool:?} is a placeholder")
        })?;
        check(!candidates.is_empty(), || {
            format!("requires: {tool:?} has no candidate")
        })?;
        for candidate in candidates {
            let name = candidate.strip_prefix("{bin}/").unwrap_or(candidate);
            check(is_file_name(name), || format!("requires: {candidate:?}"))?;
        }
    }
    Ok(())
}

fn check_naming(row: &Row) -> Result<(), String> {
    let Some(naming) = &row.naming else { return Ok(()) };
    check(!naming.declares.is_empty(), || "naming declares nothing".into())?;
    let words = naming
        .declares
        .iter()
        .chain([&naming.exported, &naming.qualifier, &naming.entry]);
    for word in words {
        check(is_word(word), || format!("naming: {word:?} is not a word"))?;
    }
    Ok(())
}

fn check_commands(row: &Row) -> Result<(), String> {
    check_command("command", &row.command, row, true)?;
    let Some(compile) = &row.compile else {
        return Ok(());
    };
    check_command("compile.command", &compile.command, row, false)?;
    if let Some(binary) = &compile.binary {
        check(is_file_name(binary), || format!("compile.binary {binary:?}"))?;
        check(compile.artifacts.contains(binary), || {
            "compile.artifacts lacks the binary".into()
        })?;
    }
    check_becomes(compile, row)?;
    check(!compile.artifacts.is_empty(), || {
        "compile without artifacts".into()
    })?;
    check(compile.artifacts.iter().all(|glob| is_relative(glob)), || {
        "compile.artifacts".into()
    })?;
    // The bounds that a caller's own limits have.
    let limits = &compile.limits;
    check((1..=3_600_000).contains(&limits.wall_ms), || {
        "compile.limits.wall_ms".into()
    })?;
    check((16..=8192).contains(&limits.memory_mib), || {
        "compile.limits.memory_mib".into()
    })?;
    check((1..=4096).contains(&limits.disk_mib), || {
        "compile.limits.disk_mib".into()
    })?;
    check((1..=4096).contains(&limits.pids), || "compile.limits.pids".into())
}

/// What the source's extension becomes: all of them, or none.
fn check_becomes(compile: &Compile, row: &Row) -> Result<(), String> {
    let is_whole = row
        .extensions
        .iter()
        .all(|extension| compile.becomes.contains_key(extension));
    let is_plain = compile.becomes.values().all(|extension| is_file_name(extension));
    let is_row = compile.becomes.len() == row.extensions.len();
    check(
        compile.becomes.is_empty() || (is_whole && is_row && is_plain),
        || "compile.becomes must say what each extension becomes".into(),
    )
}

/// A command has known placeholders only, and names the program's source or what came of it.
fn check_command(what: &str, command: &[String], row: &Row, is_run: bool) -> Result<(), String> {
    let mut used = BTreeSet::new();
    for (index, word) in command.iter().enumerate() {
        if word == "{args...}" {
            check(is_run && index > 0, || {
                format!("{what}: {{args...}} has no place there")
            })?;
            check(used.insert("args...".to_owned()), || {
                format!("{what}: {{args...}} twice")
            })?;
            continue;
        }
        let mut rest = word.as_str();
        while let Some((_, open)) = rest.split_once('{') {
            let (name, after) = open
                .split_once('}')
                .ok_or_else(|| format!("{what}: open brace in {word:?}"))?;
            let known = PLACEHOLDERS.contains(&name) || row.requires.contains_key(name);
            check(known, || format!("{what}: unknown placeholder {{{name}}}"))?;
            used.insert(name.to_owned());
            rest = after;
        }
    }
    let uses = |name: &str| used.contains(name);
    let binary = row
        .compile
        .as_ref()
        .is_some_and(|compile| compile.binary.is_some());
    check(binary || !uses("binary"), || {
        format!("{what}: {{binary}} without compile.binary")
    })?;
    let becomes = row
        .compile
        .as_ref()
        .is_some_and(|compile| !compile.becomes.is_empty());
    check(becomes || !uses("compiled"), || {
        format!("{what}: {{compiled}} without compile.becomes")
    })?;
    check(!is_run || !uses("casemate"), || {
        format!("{what}: {{casemate}} is there for a compiler only")
    })?;
    let first = command.first().ok_or_else(|| format!("{what} is empty"))?;
    check(first.starts_with('{') && first.ends_with('}'), || {
        format!("{what}: {first:?} is no placeholder")
    })?;
    if is_run {
        check(uses("args..."), || format!("{what}: {{args...}} is missing"))?;
        let runs =
            uses("source") || uses("binary") || uses("compiled") || (uses("workspace") && uses("entry"));
        return check(runs, || format!("{what}: neither source nor binary nor entry"));
    }
    check(uses("source"), || format!("{what}: {{source}} is missing"))?;
    check(uses("binary") || uses("workspace"), || {
        format!("{what}: it writes nothing")
    })
}

fn check_environment(row: &Row) -> Result<(), String> {
    const OURS: [&str; 6] = ["PATH", "HOME", "LANG", "USER", "TMPDIR", "TZ"];
    let compile = row.compile.iter().flat_map(|compile| &compile.environment);
    for (name, value) in row.environment.iter().chain(compile) {
        let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        check(starts && name.chars().all(upper), || {
            format!("environment: {name:?}")
        })?;
        check(!OURS.contains(&name.as_str()), || {
            format!("environment: {name} is set for every program")
        })?;
        check(!value.contains(['\0', '{']), || {
            format!("environment: value of {name}")
        })?;
    }
    Ok(())
}

fn check_managed(managed: &Managed) -> Result<(), String> {
    let what = &managed.manager;
    check(!managed.roots.is_empty(), || format!("{what}: no root"))?;
    for root in &managed.roots {
        check(is_home_or_absolute(root), || format!("{what}: root {root:?}"))?;
    }
    check(is_relative(&managed.versions), || {
        format!("{what}: versions {:?}", managed.versions)
    })?;
    check(is_relative(&managed.program), || {
        format!("{what}: program {:?}", managed.program)
    })?;
    if let Some(aliases) = &managed.aliases {
        check(is_relative(aliases), || format!("{what}: aliases {aliases:?}"))?;
    }
    let chosen = &managed.default;
    check(chosen.file.is_none() || chosen.link.is_none(), || {
        format!("{what}: default is a file or a link")
    })?;
    check(chosen.key.is_none() || chosen.file.is_some(), || {
        format!("{what}: a key without a file")
    })?;
    if let Some(file) = &chosen.file {
        check(is_relative(file.strip_prefix("~/").unwrap_or(file)), || {
            format!("{what}: default {file:?}")
        })?;
    }
    if let Some(link) = &chosen.link {
        check(is_file_name(link), || format!("{what}: default {link:?}"))?;
    }
    Ok(())
}

fn check_mounts(paths: &[String]) -> Result<(), String> {
    for path in paths {
        check(is_absolute(path), || {
            format!("mounts: {path:?} is not a plain absolute path")
        })?;
        check(!path.starts_with("/usr/"), || {
            format!("mounts: {path:?} is in every sandbox already")
        })?;
        let stars = |part: &str| part.matches('*').count();
        let narrow = path
            .split('/')
            .enumerate()
            .all(|(at, part)| stars(part) <= usize::from(at > 1));
        check(narrow, || format!("mounts: {path:?} has a `*` too many"))?;
    }
    Ok(())
}

fn check(holds: bool, fault: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault()) }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn is_file_name(text: &str) -> bool {
    is_relative(text) && !text.contains('/')
}

/// A relative path without dots, braces or anything a shell or a template could read otherwise.
fn is_relative(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-/*".contains(c);
    text.len() <= 256
        && text.chars().all(plain)
        && text
            .split('/')
            .all(|part| !matches!(part, "" | "." | "..") && !part.starts_with('-'))
}

fn is_absolute(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(is_relative)
}

fn is_home_or_absolute(text: &str) -> bool {
    text.strip_prefix("~/")
        .map_or_else(|| is_absolute(text), is_relative)
}
