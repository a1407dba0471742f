//! Rule `layers`: crates depend downwards only. ARCHITECTURE.md shows the same table to people.

use super::manifest;
use super::tree::Tree;
use crate::finding::Finding;

const RULE: &str = "layers";

/// A crate's folder, its layer, and what it may use.
struct Crate {
    name: &'static str,
    layer: u8,
    may_use: &'static [&'static str],
}

const fn at(name: &'static str, layer: u8, may_use: &'static [&'static str]) -> Crate {
    Crate { name, layer, may_use }
}

const CRATES: [Crate; 16] = [
    at("types", 0, &[]),
    at("sys", 0, &[]),
    at("init", 1, &["sys"]),
    at("zygote", 2, &["sys", "init"]),
    at("policy", 1, &["types"]),
    at("analysis", 1, &["types"]),
    at("audit", 1, &["types"]),
    at("monitor", 1, &["types", "sys"]),
    at("store", 1, &["types"]),
    at("typescript", 1, &[]),
    at("sandbox", 2, &["types", "sys", "init"]),
    at("broker", 2, &["types", "policy"]),
    at("runtime", 3, &["types", "sandbox", "broker"]),
    at(
        "engine",
        4,
        &[
            "types", "policy", "analysis", "audit", "monitor", "store", "sandbox", "broker", "runtime",
        ],
    ),
    at("server", 5, &["types", "policy", "engine"]),
    at(
        "cli",
        6,
        &[
            "types",
            "policy",
            "analysis",
            "monitor",
            "typescript",
            "engine",
            "server",
        ],
    ),
];

/// An edge that points down but past the table: docs/decisions/0001-layer-exceptions.md.
struct Exception {
    from: &'static str,
    to: &'static str,
    /// For people; a reader of the manifest should find it here.
    reason: &'static str,
}

const fn except(from: &'static str, to: &'static str, reason: &'static str) -> Exception {
    Exception { from, to, reason }
}

const EXCEPTIONS: [Exception; 4] = [
    except(
        "runtime",
        "sys",
        "it asks interpreters for their versions, and moves bytes between descriptors",
    ),
    except(
        "runtime",
        "init",
        "the forms of a spawn and of the stream of output files are init's",
    ),
    except(
        "engine",
        "init",
        "it writes the spec of a spawn, whose form is init's",
    ),
    except(
        "cli",
        "sys",
        "terminals, signals, our own environment and folders by descriptor are system calls",
    ),
];

/// The only crate that may use `anyhow`: it answers to a person, not to a caller.
const ANYHOW_HOME: &str = "cli";

/// Checks every manifest of `crates/`, and that the tests and this tool stay outside.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["crates", folder, "Cargo.toml"] => findings.extend(check_crate(path, folder, text)),
            // The end to end tests see the binary alone.
            ["tests" | "xtask", "Cargo.toml"] => findings.extend(edges(path, text, "it", &[])),
            _ => {}
        }
    }
    findings
}

/// What a crate may use: its row of the table, and its exceptions.
fn allowed(known: &Crate) -> Vec<&'static str> {
    let exceptions = EXCEPTIONS.iter().filter(|one| one.from == known.name);
    known
        .may_use
        .iter()
        .copied()
        .chain(exceptions.map(|one| one.to))
        .collect()
}

/// Exceptions of a crate that it makes no use of: they go, so that the next use is a decision again.
fn stale(path: &str, folder: &str, text: &str) -> Vec<Finding> {
    let used = manifest::dependencies(text);
    let is_used = |to: &str| {
        used.iter()
            .any(|one| one.name.strip_prefix("casemate-") == Some(to))
    };
    let idle = EXCEPTIONS
        .iter()
        .filter(|one| one.from == folder && !is_used(one.to));
    idle.map(|one| {
        let message = format!(
            "{folder} no longer uses {}: drop the exception ({})",
            one.to, one.reason
        );
        Finding::error(RULE, path, 0, message)
    })
    .collect()
}

fn check_crate(path: &str, folder: &str, text: &str) -> Vec<Finding> {
    let Some(known) = CRATES.iter().find(|known| known.name == folder) else {
        let message =
            format!("{folder} is in no layer: give it one in xtask/src/tidy/layers.rs and ARCHITECTURE.md");
        return vec![Finding::error(RULE, path, 0, message)];
    };
    let mut findings = edges(path, text, known.name, &allowed(known));
    findings.extend(stale(path, known.name, text));
    let expected = format!("casemate-{folder}");
    if manifest::package_name(text).as_deref() != Some(expected.as_str()) {
        findings.push(Finding::error(
            RULE,
            path,
            0,
            format!("the package is called {expected}"),
        ));
    }
    if folder != ANYHOW_HOME {
        for dependency in manifest::dependencies(text)
            .iter()
            .filter(|dependency| dependency.name == "anyhow")
        {
            let message = format!("anyhow is for {ANYHOW_HOME} only: a library has an error enum");
            findings.push(Finding::error(RULE, path, dependency.line, message));
        }
    }
    findings
}

fn edges(path: &str, text: &str, from: &str, may_use: &[&str]) -> Vec<Finding> {
    let dependencies = manifest::dependencies(text);
    let ours = dependencies.iter().filter_map(|dependency| {
        let to = dependency.name.strip_prefix("casemate-")?;
        (!may_use.contains(&to)).then_some((dependency.line, to))
    });
    let layer = |name: &str| {
        CRATES
            .iter()
            .find(|known| known.name == name)
            .map(|known| known.layer)
    };
    ours.map(|(line, to)| {
        let direction = if layer(to) > layer(from) {
            "an upward edge"
        } else {
            "not on its list"
        };
        let message = format!(
            "{from} may not use {to} ({direction}); it may use {}",
            list(may_use)
        );
        Finding::error(RULE, path, line, message)
    })
    .collect()
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "no crate of ours".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::from_texts(&[(path, text)]))
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn the_table_points_down() {
        for one in &CRATES {
            for used in allowed(one) {
                let layer = CRATES
                    .iter()
                    .find(|known| known.name == used)
                    .map(|known| known.layer);
                assert!(
                    layer.is_some_and(|layer| layer < one.layer),
                    "{} uses {used}",
                    one.name
                );
            }
        }
    }

    #[test]
    fn an_exception_is_no_row_and_states_why() {
        for one in &EXCEPTIONS {
            let row = CRATES
                .iter()
                .find(|known| known.name == one.from)
                .expect("a crate");
            assert!(
                !row.may_use.contains(&one.to) && one.reason.len() > 20,
                "{} {}",
                one.from,
                one.to
            );
        }
    }

    #[test]
    fn finds_exceptions_that_nobody_uses() {
        let without = found(
            "crates/engine/Cargo.toml",
            "[package]\nname = \"casemate-engine\"\n",
        );
        assert!(without[0].contains("no longer uses init"), "{without:?}");
    }

    #[test]
    fn finds_upward_and_unlisted_edges() {
        let up = found(
            "crates/sandbox/Cargo.toml",
            "[package]\nname = \"casemate-sandbox\"\n[dependencies]\ncasemate-engine.workspace = true\n",
        );
        assert!(up[0].contains("upward"), "{up:?}");
        let engine =
            "[package]\nname = \"casemate-engine\"\n[build-dependencies]\ncasemate-sys.workspace = true\n";
        assert!(found("crates/engine/Cargo.toml", engine)[0].contains("not on its list"));
        assert_eq!(
            found(
                "tests/Cargo.toml",
                "[dependencies]\ncasemate-types.workspace = true\n"
            )
            .len(),
            1
        );
    }

    #[test]
    fn finds_strangers() {
        assert!(
            found("crates/new/Cargo.toml", "[package]\nname = \"casemate-new\"\n")[0].contains("in no layer")
        );
        assert!(found("crates/sys/Cargo.toml", "[package]\nname = \"sys\"\n")[0].contains("casemate-sys"));
        let anyhow = "[package]\nname = \"casemate-sys\"\n[dependencies]\nanyhow.workspace = true\n";
        assert!(found("crates/sys/Cargo.toml", anyhow)[0].contains("anyhow"));
    }

    #[test]
    fn takes_what_the_table_allows() {
        let cli = "[package]\nname = \"casemate-cli\"\n[dependencies]\nanyhow.workspace = true\n\
                   casemate-engine.workspace = true\ncasemate-sys.workspace = true\nlibc.workspace = true\n";
        assert_eq!(found("crates/cli/Cargo.toml", cli), [] as [&str; 0]);
    }
}
