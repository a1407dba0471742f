//! Taint as data: where data comes in that an outsider may choose, where it does harm, and what makes it harmless.
//!
//! Read from `resources/taint/*.toml`, which are compiled in, once per process. The machine asks for what a path means
//! when it first meets the path.

mod read;

use crate::ir::Language;
use casemate_types::analysis::Severity;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;

/// Where data comes in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Its id, such as `http-request`.
    pub id: &'static str,
    /// What it is, for people: `a request's data`.
    pub what: &'static str,
    /// Whether what comes in is text that an outsider writes, as opposed to a secret of this machine.
    pub secret: bool,
}

/// Where data does harm.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sink {
    /// Its id, such as `command`.
    pub id: &'static str,
    /// What happens, for people: `is run as a command`.
    pub what: &'static str,
    /// How bad.
    pub severity: Severity,
    /// The weakness.
    pub cwe: Option<u32>,
    /// The ids of the sources that matter here; none is every source that is no secret.
    pub sources: Vec<&'static str>,
}

/// Which arguments of a call a sink takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SinkAt {
    /// Which, in [`Data::sinks`].
    pub sink: u16,
    /// The places that matter; none is all of them.
    pub places: Vec<u8>,
    /// The names that matter beside them.
    pub names: Vec<&'static str>,
    /// The receiver matters.
    pub receiver: bool,
    /// A named argument that has to be given so: `shell=True`.
    pub when: Option<(&'static str, bool)>,
    /// The place that must not be a list: a command of a list is run without a shell.
    pub text_only: bool,
}

/// What a path means for taint.
#[derive(Clone, Default, Debug)]
pub struct PathTaint {
    /// Reading it gives data of this source.
    pub read: Option<u16>,
    /// Calling it gives data of this source.
    pub call: Option<u16>,
    /// Calling it does harm.
    pub sinks: Vec<SinkAt>,
    /// Assigning to it, or to an item of it, does harm.
    pub writes: Vec<u16>,
    /// Bits of the sinks for which a call of it makes its arguments harmless.
    pub clears: u64,
    /// A call of it tells whether its first argument or receiver is harmless, for the sinks of these bits.
    pub guards: u64,
    /// A function given to a call of it gets data of this source, as its parameter of that number.
    pub parameters: Vec<(u16, u8)>,
    /// What a function given to a call of it returns reaches these sinks.
    pub returns: Vec<u16>,
    /// Reading it gives nothing that an outsider chooses, though what it is read from does.
    pub harmless: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Meaning {
    Read(u16),
    Call(u16),
    Sink(SinkAt),
    Write(u16),
    Clears(u64),
    Guards(u64),
    Parameter(u16, u8),
    Returns(u16),
    Harmless,
}

/// In which languages a path means something, and what.
type Entry = (Vec<Language>, Meaning);

/// All of it.
#[derive(Default, Debug)]
pub struct Data {
    /// Every source.
    pub sources: Vec<Source>,
    /// Every sink.
    pub sinks: Vec<Sink>,
    exact: FxHashMap<&'static str, Vec<Entry>>,
    /// By the last name of the path, with what the path must end with.
    endings: FxHashMap<&'static str, Vec<(&'static str, Entry)>>,
    names: FxHashMap<&'static str, u16>,
    /// Words in the names of functions that nobody modelled, and the bits of the sinks for which they make harmless.
    words: Vec<(&'static str, u64)>,
    /// Words of names that make nothing harmless, whatever else stands in them.
    unless: Vec<&'static str>,
    /// Methods that tell whether a text begins as it has to, with the bits of the sinks.
    pub prefixes: Vec<(&'static str, u64)>,
    /// Texts whose absence makes a text harmless for the sinks of these bits.
    absent: Vec<(&'static str, u64)>,
}

/// The data; read once per process.
pub fn data() -> &'static Data {
    static DATA: OnceLock<Data> = OnceLock::new();
    DATA.get_or_init(read::read)
}

impl Data {
    /// What a path means.
    pub fn path(&self, language: Language, path: &str) -> PathTaint {
        let mut taint = PathTaint::default();
        for (languages, meaning) in self.exact.get(path).into_iter().flatten() {
            if languages.contains(&language) {
                taint.add(meaning);
            }
        }
        let last = last_name(path);
        for (ending, (languages, meaning)) in self.endings.get(last).into_iter().flatten() {
            let fits = path
                .strip_suffix(ending)
                .is_some_and(|front| front.ends_with('.'));
            if fits && languages.contains(&language) {
                taint.add(meaning);
            }
        }
        taint
    }

    /// Every name that is a source by the convention of test suites.
    pub fn names(&self) -> impl Iterator<Item = (&'static str, u16)> {
        self.names.iter().map(|(name, source)| (*name, *source))
    }

    /// The bits of the sinks for which a function that nobody modelled makes harmless, by the words of its name: what calls
    /// itself an escape is taken to be one.
    pub fn words(&self, name: &str) -> u64 {
        if self.words.iter().all(|(word, _)| !name.contains(word)) {
            return 0;
        }
        if name.split('_').any(|part| self.unless.contains(&part)) {
            return 0;
        }
        let words = name.split('_');
        words
            .flat_map(|part| self.words.iter().filter(move |(word, _)| *word == part))
            .fold(0, |bits, (_, its)| bits | its)
    }

    /// The bits of the sinks for which a text is harmless in which another does not stand.
    pub fn absent(&self, text: &str) -> u64 {
        self.absent
            .iter()
            .filter(|(known, _)| *known == text)
            .fold(0, |bits, (_, its)| bits | its)
    }

    /// The bit of a sink in [`super::machine::value::Taint::cleared`].
    pub fn bit(sink: u16) -> u64 {
        1 << (sink & 63)
    }

    /// Whether data of a source matters at a sink.
    pub fn matters(&self, source: u16, sink: u16) -> bool {
        let (Some(source), Some(sink)) = (self.sources.get(source as usize), self.sinks.get(sink as usize))
        else {
            return false;
        };
        if sink.sources.is_empty() {
            !source.secret
        } else {
            sink.sources.contains(&source.id)
        }
    }
}

impl PathTaint {
    fn add(&mut self, meaning: &Meaning) {
        match meaning {
            Meaning::Read(source) => self.read = Some(*source),
            Meaning::Call(source) => self.call = Some(*source),
            Meaning::Sink(at) => self.sinks.push(at.clone()),
            Meaning::Write(sink) => self.writes.push(*sink),
            Meaning::Clears(bits) => self.clears |= bits,
            Meaning::Guards(bits) => self.guards |= bits,
            Meaning::Parameter(source, place) => self.parameters.push((*source, *place)),
            Meaning::Returns(sink) => self.returns.push(*sink),
            Meaning::Harmless => self.harmless = true,
        }
    }
}

fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
