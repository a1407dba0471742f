//! Reads the data files. What does not fit is left out here and found by the test below.

use super::{Data, Meaning, Sink, SinkAt, Source, last_name};
use crate::ir::Language;
use casemate_types::analysis::Severity;
use std::sync::OnceLock;
use toml::{Table, Value};

/// The files, in the order in which they are read: sinks are known before sanitizers name them.
const FILES: [&str; 4] = [
    include_str!("../../resources/taint/sources.toml"),
    include_str!("../../resources/taint/sinks.toml"),
    include_str!("../../resources/taint/sanitizers.toml"),
    include_str!("../../resources/taint/conventions.toml"),
];

/// The files, parsed once per process: the data borrows its words from them.
fn parsed() -> &'static [Table] {
    static TABLES: OnceLock<Vec<Table>> = OnceLock::new();
    TABLES.get_or_init(|| FILES.iter().filter_map(|file| file.parse().ok()).collect())
}

/// Reads every file.
pub(super) fn read() -> Data {
    let mut data = Data::default();
    for table in parsed() {
        read_file(&mut data, table);
    }
    data
}

fn read_file(data: &mut Data, table: &'static Table) {
    for source in tables(table, "source") {
        let number = u16::try_from(data.sources.len()).unwrap_or(u16::MAX);
        data.sources.push(Source {
            id: text(source, "id"),
            what: text(source, "what"),
            secret: source.get("secret").and_then(Value::as_bool).unwrap_or(false),
        });
        for name in texts(source, "names") {
            data.names.insert(name, number);
        }
        for at in tables(source, "at") {
            let languages = languages(at);
            add(data, &texts(at, "read"), &languages, &Meaning::Read(number));
            add(data, &texts(at, "call"), &languages, &Meaning::Call(number));
            let place = u8::try_from(integer(at, "parameter").unwrap_or(0)).unwrap_or(0);
            add(
                data,
                &texts(at, "callback"),
                &languages,
                &Meaning::Parameter(number, place),
            );
            add(data, &texts(at, "harmless"), &languages, &Meaning::Harmless);
        }
    }
    for sink in tables(table, "sink") {
        let number = u16::try_from(data.sinks.len()).unwrap_or(u16::MAX);
        data.sinks.push(Sink {
            id: text(sink, "id"),
            what: text(sink, "what"),
            severity: Severity::from_word(text(sink, "severity")).unwrap_or(Severity::Medium),
            cwe: integer(sink, "cwe").and_then(|cwe| u32::try_from(cwe).ok()),
            sources: texts(sink, "sources"),
        });
        for at in tables(sink, "at") {
            let languages = languages(at);
            add(data, &texts(at, "write"), &languages, &Meaning::Write(number));
            add(
                data,
                &texts(at, "returned"),
                &languages,
                &Meaning::Returns(number),
            );
            add(
                data,
                &texts(at, "call"),
                &languages,
                &Meaning::Sink(sink_at(at, number)),
            );
        }
    }
    read_sanitizers(data, table);
}

fn read_sanitizers(data: &mut Data, table: &'static Table) {
    for sanitizer in tables(table, "sanitizer") {
        let bits = texts(sanitizer, "clears")
            .iter()
            .fold(0, |bits, id| bits | bits_of(data, id));
        data.prefixes.extend(
            texts(sanitizer, "prefix")
                .into_iter()
                .map(|method| (method, bits)),
        );
        for at in tables(sanitizer, "at") {
            let languages = languages(at);
            add(data, &texts(at, "call"), &languages, &Meaning::Clears(bits));
            add(data, &texts(at, "guard"), &languages, &Meaning::Guards(bits));
        }
        data.words
            .extend(texts(sanitizer, "words").into_iter().map(|word| (word, bits)));
        data.unless.extend(texts(sanitizer, "unless"));
        data.absent
            .extend(texts(sanitizer, "absent").into_iter().map(|text| (text, bits)));
    }
}

fn sink_at(at: &'static Table, sink: u16) -> SinkAt {
    let places = at.get("places").and_then(Value::as_array);
    let places = places.into_iter().flatten().filter_map(Value::as_integer);
    let when = at
        .get("when")
        .and_then(Value::as_table)
        .and_then(|when| when.iter().next());
    SinkAt {
        sink,
        places: places.filter_map(|place| u8::try_from(place).ok()).collect(),
        names: texts(at, "names"),
        receiver: at.get("receiver").and_then(Value::as_bool).unwrap_or(false),
        when: when.and_then(|(name, value)| Some((name.as_str(), value.as_bool()?))),
        text_only: at.get("text_only").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn bits_of(data: &Data, id: &str) -> u64 {
    if id == "all" {
        return u64::MAX;
    }
    let place = data.sinks.iter().position(|sink| sink.id == id);
    place
        .and_then(|place| u16::try_from(place).ok())
        .map_or(0, Data::bit)
}

fn add(data: &mut Data, paths: &[&'static str], languages: &[Language], meaning: &Meaning) {
    for path in paths {
        if let Some(ending) = path.strip_prefix("*.") {
            let all = data.endings.entry(last_name(ending)).or_default();
            all.push((ending, (languages.to_vec(), meaning.clone())));
        } else {
            data.exact
                .entry(path)
                .or_default()
                .push((languages.to_vec(), meaning.clone()));
        }
    }
}

fn tables(table: &'static Table, key: &str) -> impl Iterator<Item = &'static Table> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
}

fn text(table: &'static Table, key: &str) -> &'static str {
    table.get(key).and_then(Value::as_str).unwrap_or("")
}

fn integer(table: &Table, key: &str) -> Option<i64> {
    table.get(key).and_then(Value::as_integer)
}

fn texts(table: &'static Table, key: &str) -> Vec<&'static str> {
    table
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn languages(table: &'static Table) -> Vec<Language> {
    texts(table, "languages")
        .into_iter()
        .filter_map(Language::from_word)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_parse_and_name_what_exists() {
        let mut data = Data::default();
        assert_eq!(parsed().len(), FILES.len(), "every file parses");
        for table in parsed() {
            read_file(&mut data, table);
            for kind in ["source", "sink", "sanitizer"] {
                for entry in tables(table, kind) {
                    for at in tables(entry, "at") {
                        assert!(!languages(at).is_empty(), "{at:?}");
                    }
                    for id in texts(entry, "clears") {
                        assert!(bits_of(&data, id) != 0, "{id}");
                    }
                }
            }
        }
        assert!(data.sinks.len() <= 64, "one bit each");
        assert!(
            data.sinks
                .iter()
                .all(|sink| !sink.id.is_empty() && !sink.what.is_empty())
        );
        let known = |id: &&str| data.sources.iter().any(|source| source.id == *id);
        assert!(data.sinks.iter().flat_map(|sink| &sink.sources).all(known));
    }
}
