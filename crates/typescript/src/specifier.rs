//! Which file of the workspace a relative import means, and how it is named from another.
//!
//! `rewrite` asks it for every import. It must never look at the file system.

/// What TypeScript tries for a specifier without an extension, in its order.
const IMPLIED: [&str; 6] = [".ts", ".tsx", ".js", "/index.ts", "/index.tsx", "/index.js"];
/// TypeScript takes the name of what a file becomes for the file.
const BECOMES: [(&str, &[&str]); 3] = [
    (".js", &[".ts", ".tsx"]),
    (".mjs", &[".mts"]),
    (".cjs", &[".cts"]),
];
/// What an extension becomes where the file is not there (TypeScript's `rewriteRelativeImportExtensions`).
const REWRITTEN: [(&str, &str); 4] = [
    (".tsx", ".js"),
    (".mts", ".mjs"),
    (".cts", ".cjs"),
    (".ts", ".js"),
];

/// The path in the workspace that a relative specifier names from a file; nothing for any other
/// specifier, or for one that leaves the workspace.
pub(crate) fn target(from: &str, specifier: &str) -> Option<String> {
    if !(specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..")) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The file that a target means, among those that are there.
pub(crate) fn resolve(target: &str, is_there: impl Fn(&str) -> bool) -> Option<String> {
    if is_there(target) {
        return Some(target.to_owned());
    }
    let sources = BECOMES.iter().filter_map(|(becomes, sources)| {
        let stem = target.strip_suffix(becomes)?;
        Some(sources.iter().map(move |source| format!("{stem}{source}")))
    });
    let implied = IMPLIED.iter().map(|end| match target {
        "" => end.trim_start_matches('/').to_owned(),
        target => format!("{target}{end}"),
    });
    sources.flatten().chain(implied).find(|path| is_there(path))
}

/// A specifier of a file that nobody gave, as TypeScript writes it.
pub(crate) fn rewritten(specifier: &str) -> Option<String> {
    let stem = specifier.rsplit_once('.')?.0;
    if stem.ends_with(".d") {
        return None;
    }
    REWRITTEN
        .iter()
        .find_map(|(end, becomes)| Some(format!("{}{becomes}", specifier.strip_suffix(end)?)))
}

/// How a file names another of the workspace.
pub(crate) fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = (from.len() - 1).min(to.len() - 1);
    let shared = (0..folders).take_while(|i| from[*i] == to[*i]).count();
    let up = from.len() - 1 - shared;
    let start = if up == 0 {
        "./".to_owned()
    } else {
        "../".repeat(up)
    };
    start + &to[shared..].join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(from: &str, specifier: &str, there: &[&str], expected: Option<&str>) {
        let found = target(from, specifier).and_then(|target| resolve(&target, |path| there.contains(&path)));
        assert_eq!(found.as_deref(), expected, "{specifier} from {from}");
    }

    #[test]
    fn a_specifier_finds_its_file_as_in_typescript() {
        check("main.ts", "./util.ts", &["util.ts"], Some("util.ts"));
        check("main.ts", "./util.js", &["util.ts"], Some("util.ts"));
        check("main.ts", "./util.js", &["util.ts", "util.js"], Some("util.js"));
        check("main.ts", "./util", &["util.js", "util.tsx"], Some("util.tsx"));
        check("main.ts", "./util.mjs", &["util.mts"], Some("util.mts"));
        check("main.ts", "./a.b", &["a.b.ts"], Some("a.b.ts"));
        check("main.ts", "./lib", &["lib/index.ts"], Some("lib/index.ts"));
        check("lib/a.ts", "..", &["index.ts"], Some("index.ts"));
        check("lib/a.ts", "../x/./b", &["x/b.ts"], Some("x/b.ts"));
        check("main.ts", "../util.ts", &["util.ts"], None);
        check("main.ts", "util.ts", &["util.ts"], None);
        check("main.ts", "node:fs", &["node:fs"], None);
        check("main.ts", "./none", &["util.ts"], None);
    }

    #[test]
    fn a_file_that_is_not_there_is_named_as_what_it_would_become() {
        assert_eq!(rewritten("./a.ts").as_deref(), Some("./a.js"));
        assert_eq!(rewritten("./a.tsx").as_deref(), Some("./a.js"));
        assert_eq!(rewritten("./a.cts").as_deref(), Some("./a.cjs"));
        assert_eq!(rewritten("./a.d.ts"), None);
        assert_eq!(rewritten("./a"), None);
    }

    proptest! {
        #[test]
        fn a_relative_name_leads_back(from in "[ab]{1,2}(/[ab]){0,3}", to in "[ab]{1,2}(/[ab]){0,3}") {
            prop_assert_eq!(target(&from, &relative(&from, &to)), Some(to));
        }
    }
}
