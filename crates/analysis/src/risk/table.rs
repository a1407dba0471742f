//! The words of `resources/risk`: which call is which act, what it does to files. Read once for each process.

use rustc_hash::FxHashMap;
use std::sync::OnceLock;

const ACTS: &str = include_str!("../../../../resources/risk/acts.txt");
const COMMANDS: &str = include_str!("../../../../resources/risk/commands.txt");
const TOUCHES: &str = include_str!("../../../../resources/risk/touches.txt");

/// What a call does to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Touch {
    /// Such as `read`.
    pub(super) deed: &'static str,
    /// Which arguments name the place.
    pub(super) operands: Operands,
}

/// Which arguments of a call name a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operands {
    /// One, from 0.
    One(usize),
    /// All that are no flags.
    All,
    /// The last.
    Last,
    /// All but the last.
    First,
}

/// What a command does when its words are right.
#[derive(Debug)]
pub(super) struct Command {
    /// The act.
    pub(super) act: &'static str,
    /// All of these stand among its words; a word that ends with `=` is the start of one, one in `~` a part of one.
    pub(super) words: Vec<&'static str>,
}

/// Every table.
pub(super) struct Tables {
    calls: FxHashMap<&'static str, &'static str>,
    imports: FxHashMap<&'static str, &'static str>,
    touches: FxHashMap<&'static str, Vec<Touch>>,
    commands: FxHashMap<&'static str, Vec<Command>>,
}

/// The tables, read at the first use.
pub(super) fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(Tables::read)
}

impl Tables {
    /// The act of a call, by its path or the longest family that it is of.
    pub(super) fn act(&self, path: &str) -> Option<&'static str> {
        if let Some(act) = self.calls.get(path) {
            return Some(act);
        }
        let mut head = path;
        while let Some(at) = head.rfind('.') {
            head = head.get(..at)?;
            if let Some(act) = self.calls.get(FamilyKey(head).text().as_str()) {
                return Some(act);
            }
        }
        let name = path.rsplit('.').next()?;
        let is_method = path.contains("().") || path.starts_with("?.") || path.contains("].");
        if is_method || path.contains("windll") {
            return self.calls.get(format!("?.{name}").as_str()).copied();
        }
        None
    }

    /// The act of an import.
    pub(super) fn import(&self, module: &str) -> Option<&'static str> {
        let top = module.split('.').next().unwrap_or(module);
        self.imports
            .get(module)
            .or_else(|| self.imports.get(top))
            .copied()
    }

    /// What a call does to files.
    pub(super) fn touches(&self, path: &str) -> &[Touch] {
        if let Some(found) = self.touches.get(path) {
            return found;
        }
        if path.starts_with("?.") || path.contains("().") {
            let name = path.rsplit('.').next().unwrap_or(path);
            return self
                .touches
                .get(format!("?.{name}").as_str())
                .map_or(&[], Vec::as_slice);
        }
        &[]
    }

    /// What a command may do, by its name.
    pub(super) fn command(&self, name: &str) -> &[Command] {
        self.commands.get(name).map_or(&[], Vec::as_slice)
    }

    fn read() -> Self {
        let mut tables = Self {
            calls: FxHashMap::default(),
            imports: FxHashMap::default(),
            touches: FxHashMap::default(),
            commands: FxHashMap::default(),
        };
        for (act, words) in lines(ACTS) {
            tables.read_acts(act, words);
        }
        for (deed, words) in lines(TOUCHES) {
            for word in words {
                tables.read_touch(deed, word);
            }
        }
        for (act, words) in lines(COMMANDS) {
            for word in words {
                let mut parts = word.split('&');
                let name = parts.next().unwrap_or(word);
                tables.commands.entry(name).or_default().push(Command {
                    act,
                    words: parts.collect(),
                });
            }
        }
        tables
    }

    fn read_acts(&mut self, act: &'static str, words: impl Iterator<Item = &'static str>) {
        let mut is_import = false;
        for word in words {
            if word == "import" {
                is_import = true;
            } else if is_import {
                self.imports.entry(word).or_insert(act);
                is_import = false;
            } else {
                self.calls.entry(word).or_insert(act);
            }
        }
    }

    fn read_touch(&mut self, deed: &'static str, word: &'static str) {
        let (path, operands) = match word.rsplit_once(':') {
            Some((path, "last")) => (path, Operands::Last),
            Some((path, "first")) => (path, Operands::First),
            Some((path, number)) if path != "sh" => match number.parse() {
                Ok(number) => (path, Operands::One(number)),
                Err(_) => (word, Operands::All),
            },
            _ if word.starts_with("sh:") => (word, Operands::All),
            _ => (word, Operands::One(0)),
        };
        self.touches
            .entry(path)
            .or_default()
            .push(Touch { deed, operands });
    }
}

/// `a.b` as the family `a.b.*`.
struct FamilyKey<'a>(&'a str);

impl FamilyKey<'_> {
    fn text(&self) -> String {
        format!("{}.*", self.0)
    }
}

/// The first word of each line and the rest; comments and empty lines are left out.
fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    text.lines().filter_map(|line| {
        let line = line.trim();
        if line.is_empty() || line.starts_with("# ") {
            return None;
        }
        let mut words = line.split_whitespace();
        words.next().map(|first| (first, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_by_path_family_and_method() {
        let tables = tables();
        assert_eq!(tables.act("requests.get"), Some("net.fetch"));
        assert_eq!(tables.act("pynput.keyboard.Controller"), Some("watch.keys"));
        assert_eq!(tables.act("?.CryptUnprotectData"), Some("steal.browser"));
        assert_eq!(tables.act("own.thing"), None);
        assert_eq!(tables.import("psutil"), Some("watch.monitor"));
        assert_eq!(tables.touches("shutil.copy").len(), 2);
        assert_eq!(tables.touches("sh:cp").len(), 2);
        assert!(!tables.command("useradd").is_empty());
    }
}
