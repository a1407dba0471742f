//! Whether one event is what a step asks for.

use super::form::{Reach, ResultForm};
use crate::event::{Access, Address, Event, Family, What};
use std::net::IpAddr;

/// A text in which `*` stands for any text.
#[derive(Debug)]
pub(super) struct Glob(pub Box<[Box<str>]>);

impl Glob {
    pub fn new(text: &str) -> Self {
        Self(text.split('*').map(Into::into).collect())
    }

    pub fn matches(&self, text: &str) -> bool {
        let Some((first, rest)) = self.0.split_first() else {
            return false;
        };
        let Some(mut left) = text.strip_prefix(&**first) else {
            return false;
        };
        let Some((last, middle)) = rest.split_last() else {
            return left.is_empty();
        };
        for part in middle {
            let Some(at) = left.find(&**part) else {
                return false;
            };
            left = left.get(at + part.len()..).unwrap_or("");
        }
        left.ends_with(&**last)
    }
}

/// What a step asks for; what is empty or absent asks for nothing.
#[derive(Debug, Default)]
pub(super) struct Condition {
    pub events: Vec<String>,
    pub path: Vec<Glob>,
    pub not_path: Vec<Glob>,
    pub name: Vec<Glob>,
    pub argument: Vec<Glob>,
    pub before: Vec<Glob>,
    pub result: Option<ResultForm>,
    pub access: Vec<Access>,
    pub reach: Option<Reach>,
    pub port: Vec<u16>,
    pub packet: Option<bool>,
    pub call: Vec<u16>,
    pub signal: Vec<u8>,
    pub nameless: Option<bool>,
    pub socket: Option<bool>,
    pub mode: Option<u32>,
    pub bytes_from: Option<u64>,
    pub count_from: Option<u64>,
    pub cpu_from: Option<u64>,
    pub pids_from: Option<u32>,
}

/// What is known beside the event.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// The program that the process ran before this event.
    pub program: &'a str,
    /// Processors in use since the sample before, in thousandths.
    pub cpu: Option<u64>,
}

impl Condition {
    /// Whether the texts of an event matter to it.
    pub fn reads_texts(&self) -> bool {
        !(self.path.is_empty()
            && self.not_path.is_empty()
            && self.name.is_empty()
            && self.argument.is_empty())
    }

    /// Whether `event`, whose kind is one of its kinds, is what it asks for.
    pub fn holds(&self, event: &Event, around: Around) -> bool {
        self.holds_numbers(&event.what, around) && self.holds_texts(&event.what, around)
    }

    fn holds_numbers(&self, what: &What, around: Around) -> bool {
        let is = |wanted: Option<bool>, found: bool| wanted.is_none_or(|wanted| wanted == found);
        let (mut nameless, mut socket, mut packet) = (false, false, false);
        let (mut bytes, mut mode, mut count, mut pids) = (0, 0, 1, 0);
        match what {
            What::Exec { nameless: is, .. } => nameless = *is,
            What::Redirect { socket: is, .. } => socket = *is,
            What::Socket { family, kind, .. } => packet = *family == Family::Packet || *kind == 3,
            What::WriteExec { bytes: found, .. }
            | What::BecameExec { bytes: found, .. }
            | What::Growth { bytes: found } => bytes = *found,
            What::Spray {
                bytes: found,
                count: times,
            } => (bytes, count) = (*found, u64::from(*times)),
            What::Chmod { mode: found, .. } => mode = *found,
            What::Lost { count: found, .. } => count = *found,
            What::Resources(sample) => {
                pids = sample.pids.unwrap_or(0);
                bytes = sample.memory_bytes.unwrap_or(0);
            }
            _ => {}
        }
        let call = match what {
            What::Call { call, .. } | What::Denied { call, .. } => Some(*call),
            _ => None,
        };
        let signal = match what {
            What::Signal { number, .. } => Some(*number),
            _ => None,
        };
        let access = match what {
            What::Open { access, .. } => Some(*access),
            _ => None,
        };
        is(self.nameless, nameless)
            && is(self.socket, socket)
            && is(self.packet, packet)
            && self.bytes_from.is_none_or(|least| bytes >= least)
            && self.count_from.is_none_or(|least| count >= least)
            && self.pids_from.is_none_or(|least| pids >= least)
            && self.mode.is_none_or(|bits| mode & bits != 0)
            && self
                .cpu_from
                .is_none_or(|least| around.cpu.is_some_and(|cpu| cpu >= least))
            && is_among(&self.call, call)
            && is_among(&self.signal, signal)
            && is_among(&self.access, access)
            && self.holds_result(what)
            && self.holds_address(what)
    }

    fn holds_result(&self, what: &What) -> bool {
        let Some(wanted) = self.result else { return true };
        // A connection on its way is one: `EINPROGRESS`.
        let done = what.result().is_some_and(|result| result >= 0 || result == -115);
        (wanted == ResultForm::Done) == done
    }

    fn holds_address(&self, what: &What) -> bool {
        if self.reach.is_none() && self.port.is_empty() {
            return true;
        }
        let (What::Connect { address, .. } | What::Bind { address, .. }) = what else {
            return false;
        };
        let Address::Net { ip, port } = address else {
            return false;
        };
        let reaches = match self.reach {
            None => true,
            Some(Reach::Outside) => !is_own(ip),
            Some(Reach::Metadata) => is_metadata(ip),
        };
        reaches && is_among(&self.port, Some(*port))
    }

    fn holds_texts(&self, what: &What, around: Around) -> bool {
        if !self.before.is_empty() && !any(&self.before, around.program) {
            return false;
        }
        if !self.reads_texts() {
            return true;
        }
        let [first, second] = paths(what);
        let path = |globs: &[Glob]| any(globs, first) || !second.is_empty() && any(globs, second);
        if !self.path.is_empty() && !path(&self.path) || path(&self.not_path) {
            return false;
        }
        let What::Exec { path, argv, .. } = what else {
            return self.name.is_empty() && self.argument.is_empty();
        };
        if !self.name.is_empty() && !any(&self.name, name(path)) {
            return false;
        }
        if self.argument.is_empty() {
            return true;
        }
        let joined = argv
            .iter()
            .map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join(" ");
        any(&self.argument, &joined)
    }
}

/// The name of a program without its folders.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The paths of an event.
pub(super) fn paths(what: &What) -> [&str; 2] {
    match what {
        What::Exec { path, .. }
        | What::Open { path, .. }
        | What::Unlink { path, .. }
        | What::Chmod { path, .. } => [path, ""],
        What::Rename { path, to, .. } | What::Link { path, to, .. } => [path, to],
        What::Memfd { name, .. } => [name, ""],
        What::Connect {
            address: Address::Unix { path },
            ..
        } => [path, ""],
        _ => ["", ""],
    }
}

fn any(globs: &[Glob], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

/// Whether nothing is asked for, or one of them was found.
fn is_among<T: PartialEq>(wanted: &[T], found: Option<T>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.contains(&found))
}

fn is_own(ip: &IpAddr) -> bool {
    let ip = ip.to_canonical();
    ip.is_loopback() || ip.is_unspecified()
}

fn is_metadata(ip: &IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.octets() == [169, 254, 169, 254] || ip.octets() == [100, 100, 100, 200],
        IpAddr::V6(ip) => ip.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    }
}
