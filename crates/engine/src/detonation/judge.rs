//! What the acts of a detonated program amount to. Pure.
//!
//! An act that the source shows in plain text counts little: its reader has judged it. The same act of a source that
//! does not show it was hidden from its reader, and counts much.

use super::decoys::{self, HOME, MARK, PROJECT};
use super::read::{place, question};
use super::run::Witnessed;
use casemate_init::witness::{Act, Record};
use casemate_types::analysis::Severity;
use std::collections::BTreeSet;

/// Kinds of acts: rule, category, technique of ATT&CK, severity, and the weights of an act that the source does not show
/// and of one that it shows, in log-odds of malice. They were set by hand: no corpus may be run to learn them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Kind {
    pub(super) rule: &'static str,
    pub(super) category: &'static str,
    pub(super) technique: &'static str,
    pub(super) severity: Severity,
    pub(super) hidden: f64,
    pub(super) shown: f64,
}

macro_rules! kinds {
    ($($name:ident = $rule:literal, $category:literal, $technique:literal, $severity:ident, $hidden:literal, $shown:literal;)*) => {
        $(const $name: Kind = Kind {
            rule: $rule, category: $category, technique: $technique, severity: Severity::$severity,
            hidden: $hidden, shown: $shown,
        };)*
    };
}

kinds! {
    CREDENTIALS = "dynamic.credential-read", "credential-theft", "T1552.001", High, 5.0, 2.0;
    LEAK = "dynamic.secret-sent", "exfiltration", "T1041", Critical, 7.0, 4.0;
    EXFILTRATION = "dynamic.credential-read-then-network", "exfiltration", "T1041", Critical, 5.0, 3.0;
    OUTPUT = "dynamic.secret-in-output", "credential-theft", "T1005", Medium, 2.0, 0.5;
    NETWORK = "dynamic.network-attempt", "network", "T1071", Medium, 3.0, 0.0;
    METADATA = "dynamic.cloud-metadata", "credential-theft", "T1552.005", High, 6.0, 3.0;
    REVERSE = "dynamic.reverse-shell", "reverse-shell", "T1059.004", Critical, 8.0, 4.0;
    TOOL = "dynamic.network-tool", "downloader", "T1105", High, 5.0, 0.0;
    POWER = "dynamic.system-tool", "privilege", "T1548", High, 5.0, 1.0;
    PERSISTENCE = "dynamic.persistence", "persistence", "T1546", High, 6.0, 2.0;
    SENSITIVE = "dynamic.sensitive-read", "credential-theft", "T1003.008", High, 5.0, 2.0;
    DESTRUCTION = "dynamic.destruction", "ransom", "T1486", Critical, 8.0, 4.0;
    DROPPED = "dynamic.dropped-program", "downloader", "T1105", High, 5.0, 1.0;
    RECONNAISSANCE = "dynamic.reconnaissance", "reconnaissance", "T1082", Medium, 3.0, 0.5;
    LOST = "dynamic.testimony-lost", "evasion", "T1497", High, 6.0, 6.0;
}

/// One thing that it did.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    /// One sentence.
    pub(super) message: String,
    /// What the source would hold if it showed the act.
    pub(super) term: String,
}

const NETWORK_TOOLS: [&str; 11] = [
    "curl", "wget", "nc", "ncat", "netcat", "socat", "telnet", "ftp", "tftp", "scp", "ssh",
];
const SYSTEM_TOOLS: [&str; 16] = [
    "sudo",
    "su",
    "pkexec",
    "doas",
    "useradd",
    "usermod",
    "chattr",
    "crontab",
    "systemctl",
    "iptables",
    "nft",
    "insmod",
    "modprobe",
    "mount",
    "nsenter",
    "xmrig",
];
const RECONNAISSANCE_TOOLS: [&str; 16] = [
    "whoami",
    "id",
    "uname",
    "hostname",
    "ifconfig",
    "ip",
    "netstat",
    "ss",
    "ps",
    "w",
    "who",
    "last",
    "lsof",
    "arp",
    "dmidecode",
    "lscpu",
];
/// So many of them make a survey of the machine.
const SURVEY: usize = 3;
/// So many documents make a destruction.
const MANY_DOCUMENTS: usize = 3;
/// Places that are run or trusted later; below the home, and from the root.
const LASTING_AT_HOME: [&str; 9] = [
    ".bashrc",
    ".bash_profile",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".bash_logout",
    ".ssh/authorized_keys",
    ".config/autostart/",
    ".config/systemd/",
];
const LASTING: [&str; 12] = [
    "/etc/cron",
    "/var/spool/cron",
    "/etc/systemd/",
    "/lib/systemd/system/",
    "/usr/lib/systemd/system/",
    "/etc/init.d/",
    "/etc/rc.local",
    "/etc/ld.so.preload",
    "/etc/profile",
    "/etc/passwd",
    "/etc/shadow",
    "/etc/sudoers",
];
const SENSITIVE_FILES: [&str; 8] = [
    "/etc/shadow",
    "/etc/gshadow",
    "/root",
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/var/run/secrets/",
    "/proc/kcore",
    "/dev/mem",
];
/// The address of a cloud's metadata service.
const METADATA_HOST: &str = "169.254.169.254";
/// `O_WRONLY | O_RDWR`.
const WRITES: u64 = 3;

/// What the acts of a program tell as they come.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) seen: Vec<Seen>,
    /// Programs, hosts, as far as they fit a summary.
    pub(super) programs: BTreeSet<String>,
    pub(super) hosts: BTreeSet<String>,
    recon: BTreeSet<String>,
    written: BTreeSet<String>,
    secrets: BTreeSet<String>,
    documents: BTreeSet<String>,
}

/// Judges everything that was seen.
pub(super) fn judge(witnessed: &Witnessed) -> Judged {
    let mut judged = Judged::default();
    let mut started = false;
    for Record { act, .. } in &witnessed.records {
        match act {
            // The first is the program itself, by our command.
            Act::Exec { .. } if !started => started = true,
            Act::Exec { path, argv } => judged.execute(path, argv),
            Act::Open { path, flags } => judged.open(&text(path), flags & WRITES != 0),
            Act::Connect { address } => judged.reach(address, &[]),
            Act::Send { address, bytes } => judged.reach(address, bytes),
            Act::Remove { path } | Act::Rename { from: path, .. } => judged.lose(&text(path)),
            Act::Bind { .. } | Act::Mode { .. } | Act::Kill { .. } => {}
        }
    }
    judged.conclude(witnessed);
    judged
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A path without `.` and `..`, as far as its text tells.
fn plain(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Judged {
    fn note(&mut self, kind: Kind, term: &str, message: String) {
        let is_known = |seen: &Seen| seen.kind == kind && seen.term == term;
        if !self.seen.iter().any(is_known) {
            self.seen.push(Seen {
                kind,
                message,
                term: term.to_owned(),
            });
        }
    }

    fn execute(&mut self, path: &[u8], argv: &[Vec<u8>]) {
        let path = plain(&text(path));
        let words: Vec<String> = argv.iter().map(|word| text(word)).collect();
        let command = words.join(" ");
        let name = name_of(&path).to_owned();
        self.programs.insert(name.clone());
        if command.contains("/dev/tcp/") || command.contains("/dev/udp/") || listens_to_shell(&name, &words) {
            self.note(
                REVERSE,
                &command,
                format!("It gives a shell to the network: `{command}`."),
            );
        } else if NETWORK_TOOLS.contains(&name.as_str()) {
            self.note(TOOL, &name, format!("It runs `{command}`."));
        } else if SYSTEM_TOOLS.contains(&name.as_str()) {
            self.note(POWER, &name, format!("It runs `{command}`."));
        } else if RECONNAISSANCE_TOOLS.contains(&name.as_str()) {
            self.recon.insert(name.clone());
        }
        if self.written.contains(&path) {
            self.note(
                DROPPED,
                &name,
                format!("It writes a program and runs it: `{path}`."),
            );
        }
        if command.contains(MARK) {
            self.note(LEAK, &name, format!("It gives a planted secret to `{name}`."));
        }
    }

    fn open(&mut self, path: &str, writes: bool) {
        let path = plain(path);
        if let Some(decoy) = decoys::at(&path) {
            match (decoy.secret, writes) {
                (true, false) => {
                    self.secrets.insert(decoy.path.to_owned());
                    let message = format!("It opens a planted secret: `~/{}`.", decoy.path);
                    self.note(CREDENTIALS, name_of(decoy.path), message);
                }
                (_, true) => self.lose(&path),
                (false, false) => {}
            }
        }
        let home = format!("/workspace/{HOME}/");
        let at_home = path.strip_prefix(&home);
        let lasts = at_home.is_some_and(|below| LASTING_AT_HOME.iter().any(|place| below.starts_with(place)))
            || LASTING.iter().any(|place| path.starts_with(place));
        if writes {
            self.written.insert(path.clone());
            if lasts {
                self.note(
                    PERSISTENCE,
                    name_of(&path),
                    format!("It writes to `{path}`, which outlives it."),
                );
            }
        } else if SENSITIVE_FILES.iter().any(|place| path.starts_with(place)) {
            self.note(SENSITIVE, name_of(&path), format!("It opens `{path}`."));
        }
    }

    fn lose(&mut self, path: &str) {
        if let Some(decoy) = decoys::at(&plain(path)) {
            self.documents.insert(decoy.path.to_owned());
        }
    }

    fn reach(&mut self, address: &[u8], bytes: &[u8]) {
        if let Some(name) = question(bytes) {
            self.hosts.insert(name.clone());
            self.note(NETWORK, &name, format!("It looks up `{name}`."));
        }
        if let Some(place) = place(address).filter(|place| !place.is_own) {
            self.hosts.insert(place.host.clone());
            let kind = if place.host == METADATA_HOST {
                METADATA
            } else {
                NETWORK
            };
            self.note(
                kind,
                &place.host,
                format!("It connects to `{}`, port {}.", place.host, place.port),
            );
        }
        if contains(bytes, MARK.as_bytes()) {
            self.note(LEAK, MARK, "It sends a planted secret.".into());
        }
    }

    /// What only the whole tells.
    fn conclude(&mut self, witnessed: &Witnessed) {
        if self.recon.len() >= SURVEY {
            let all: Vec<&str> = self.recon.iter().map(String::as_str).collect();
            let message = format!("It surveys the machine: `{}`.", all.join("`, `"));
            let term = all[0].to_owned();
            self.note(RECONNAISSANCE, &term, message);
        }
        if let (Some(secret), Some(host)) = (self.secrets.first().cloned(), self.hosts.first().cloned()) {
            let message = format!("It opens `~/{secret}` and tries to reach `{host}`.");
            self.note(EXFILTRATION, &host, message);
        }
        self.destroyed(witnessed);
        let own = format!("{PROJECT}/");
        let wrote = witnessed
            .files
            .iter()
            .find(|file| file.path.starts_with(own.as_bytes()) && contains(&file.content, MARK.as_bytes()));
        if let Some(file) = wrote {
            let path = text(&file.path);
            self.note(
                OUTPUT,
                name_of(&path),
                format!("It copies a planted secret to `{path}`."),
            );
        } else if contains(&witnessed.output, MARK.as_bytes()) {
            self.note(OUTPUT, MARK, "It prints a planted secret.".into());
        }
        if witnessed.lost_bytes > 0 {
            self.note(
                LOST,
                "",
                "It makes more calls than can be kept: not all were judged.".into(),
            );
        }
    }

    /// Documents that it opened to write, removed or renamed, and those that were not there as they were in the end.
    fn destroyed(&mut self, witnessed: &Witnessed) {
        let home = format!("{HOME}/");
        for file in &witnessed.files {
            let path = text(&file.path);
            let decoy = path
                .strip_prefix(&home)
                .and_then(|below| decoys::DECOYS.iter().find(|d| d.path == below));
            if let Some(decoy) = decoy.filter(|decoy| decoy.content.as_bytes() != file.content) {
                self.documents.insert(decoy.path.to_owned());
            }
        }
        if self.documents.len() >= MANY_DOCUMENTS {
            let first = self.documents.first().cloned().unwrap_or_default();
            let message = format!(
                "It changes or removes {} of its user's files.",
                self.documents.len()
            );
            self.note(DESTRUCTION, name_of(&first), message);
        }
    }
}

/// `nc -e /bin/sh` and its kind.
fn listens_to_shell(name: &str, words: &[String]) -> bool {
    let is_net = ["nc", "ncat", "netcat", "socat"].contains(&name);
    is_net
        && words.iter().skip(1).any(|word| {
            ["-e", "-c", "--exec", "--sh-exec"].contains(&word.as_str())
                || word.to_ascii_lowercase().contains("exec:")
        })
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
