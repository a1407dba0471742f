//! Checks `resources/languages.toml` and compiles it into a static table, so that nothing is parsed
//! when Casemate starts. A wrong row fails the build. It must never read anything else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

#[path = "src/language/schema.rs"]
mod schema;

use schema::{Chosen, Compile, File, Managed, Naming, Row};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder this way"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?;
    let table = Path::new(&folder).join("../../resources/languages.toml");
    println!("cargo::rerun-if-changed={}", table.display());
    println!("cargo::rerun-if-changed=src/language/schema.rs");
    let file = schema::parse(&std::fs::read_to_string(&table)?)
        .map_err(|fault| format!("resources/languages.toml: {fault}"))?;
    let out = std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    std::fs::write(Path::new(&out).join("languages.rs"), rust(&file)?)?;
    Ok(())
}

fn rust(file: &File) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(
        out,
        "pub(super) static SHIM_FOLDERS: &[&str] = {};",
        words(&file.shims.folders)
    )?;
    writeln!(
        out,
        "pub(super) static SHIM_PROGRAMS: &[&str] = {};",
        words(&file.shims.programs)
    )?;
    writeln!(out, "static LANGUAGES: &[Language] = &[")?;
    for language in &file.language {
        row(&mut out, language)?;
    }
    writeln!(out, "];")?;
    Ok(out)
}

fn row(out: &mut String, row: &Row) -> std::fmt::Result {
    writeln!(
        out,
        "Language {{ name: {:?}, aliases: {},",
        row.name,
        words(&row.aliases)
    )?;
    writeln!(
        out,
        "extensions: {}, shebangs: {},",
        words(&row.extensions),
        words(&row.shebangs)
    )?;
    let packages = &row.packages;
    writeln!(
        out,
        "packages: Packages {{ debian: {:?}, fedora: {:?} }},",
        packages.debian, packages.fedora
    )?;
    writeln!(
        out,
        "source: {:?}, naming: {},",
        row.source,
        option(row.naming.as_ref(), naming)
    )?;
    writeln!(out, "compile: {},", option(row.compile.as_ref(), compile))?;
    writeln!(out, "environment: {},", pairs(&row.environment))?;
    writeln!(out, "programs: {},", words(&row.programs))?;
    let tool =
        |(name, candidates): (&String, &Vec<String>)| format!("({name:?}, {} as &[&str])", words(candidates));
    writeln!(out, "requires: &[{}],", list(row.requires.iter().map(tool)))?;
    let (arguments, after) = (words(&row.version.arguments), words(&row.version.after));
    writeln!(
        out,
        "version: VersionRule {{ arguments: {arguments}, after: {after} }},"
    )?;
    writeln!(
        out,
        "command: {}, mounts: {}, zygote: {}, worker: {},",
        words(&row.command),
        words(&row.mounts),
        row.zygote,
        row.worker
    )?;
    writeln!(out, "managed: &[{}] }},", list(row.managed.iter().map(managed)))
}

fn naming(naming: &Naming) -> String {
    format!(
        "Naming {{ declares: {}, exported: {:?}, qualifier: {:?}, entry: {:?} }}",
        words(&naming.declares),
        naming.exported,
        naming.qualifier,
        naming.entry
    )
}

fn compile(compile: &Compile) -> String {
    let limits = &compile.limits;
    format!(
        "Compile {{ artifacts: {}, environment: {}, command: {}, binary: {:?}, becomes: {}, limits: CompileLimits {{ \
         wall: Duration::from_millis({}), memory_bytes: {} << 20, disk_bytes: {} << 20, pids: {} }} }}",
        words(&compile.artifacts),
        pairs(&compile.environment),
        words(&compile.command),
        compile.binary,
        pairs(&compile.becomes),
        limits.wall_ms,
        limits.memory_mib,
        limits.disk_mib,
        limits.pids
    )
}

fn managed(managed: &Managed) -> String {
    format!(
        "Managed {{ manager: {:?}, roots: {}, versions: {:?}, default: {}, aliases: {:?}, program: {:?} }}",
        managed.manager,
        words(&managed.roots),
        managed.versions,
        chosen(&managed.default),
        managed.aliases,
        managed.program
    )
}

fn chosen(chosen: &Chosen) -> String {
    match (&chosen.file, &chosen.link) {
        (Some(path), _) => format!("Chosen::File {{ path: {path:?}, key: {:?} }}", chosen.key),
        (None, Some(link)) => format!("Chosen::Link({link:?})"),
        (None, None) => "Chosen::Newest".into(),
    }
}

fn option<T>(value: Option<&T>, render: impl Fn(&T) -> String) -> String {
    value.map_or_else(|| "None".into(), |value| format!("Some({})", render(value)))
}

fn pairs(map: &BTreeMap<String, String>) -> String {
    format!(
        "&[{}]",
        list(map.iter().map(|(name, value)| format!("({name:?}, {value:?})")))
    )
}

fn words(words: &[String]) -> String {
    format!("&[{}]", list(words.iter().map(|word| format!("{word:?}"))))
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}
