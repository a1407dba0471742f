//! The word that an event becomes for sequence models: its kind with bucketed arguments.

use super::sequence::Symbol;
use crate::event::{Access, Address, Event, What};

/// The word of an event as text, such as `open.write.temporary` or `connect.outside.refused`. None for samples.
pub fn word_text(event: &Event) -> Option<String> {
    let what = &event.what;
    let done = match what.result() {
        None => "",
        Some(result) if result >= 0 || result == -115 => ".done",
        Some(_) => ".refused",
    };
    let middle = match what {
        What::Resources(_) => return None,
        What::Exec { path, nameless, .. } => {
            if *nameless {
                ".nameless"
            } else {
                program(path)
            }
        }
        What::Open { path, access, .. } => {
            return Some(format!("open.{}.{}{done}", way(*access), place(path)));
        }
        What::Unlink { path, .. } | What::Chmod { path, .. } | What::Rename { to: path, .. } => {
            return Some(format!("{}.{}{done}", what.word(), place(path)));
        }
        What::Connect { address, .. } | What::Bind { address, .. } => reach(address),
        What::Denied { call, .. } | What::Call { call, .. } => {
            return Some(format!("{}.{call}{done}", what.word()));
        }
        What::Redirect { socket: true, .. } => ".socket",
        What::Signal { number: 9 | 15, .. } => ".ending",
        What::Exit { code: 0, signal: 0 } => ".well",
        What::Exit { signal: 1.., .. } => ".signal",
        _ => "",
    };
    Some(format!("{}{middle}{done}", what.word()))
}

/// The number of an event's word: its text folded to 16 bits.
pub fn word(event: &Event) -> Option<Symbol> {
    let text = word_text(event)?;
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    Some((hash >> 16) as u16 ^ hash as u16)
}

fn program(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let starts = |names: &[&str]| names.iter().any(|start| name.starts_with(start));
    match name {
        "sh" | "bash" | "dash" | "zsh" | "ash" | "busybox" => ".shell",
        "curl" | "wget" | "nc" | "ncat" | "socat" | "ssh" | "scp" | "ftp" | "rsync" => ".network",
        "whoami" | "id" | "uname" | "hostname" | "ps" | "ip" | "ss" | "netstat" | "lsmod" => ".look",
        "chmod" | "chown" | "useradd" | "crontab" | "systemctl" | "sudo" | "su" | "mount" => ".system",
        _ if starts(&["python", "node", "perl", "ruby", "php", "lua", "Rscript", "java"]) => ".interpreter",
        _ if starts(&["gcc", "cc1", "as", "ld", "clang", "rustc", "go", "javac", "make"]) => ".build",
        _ if place(path) == "system" => ".tool",
        _ => ".own",
    }
}

fn way(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Create => "create",
        Access::Truncate => "empty",
        Access::Append => "append",
    }
}

fn place(path: &str) -> &'static str {
    let starts = |places: &[&str]| places.iter().any(|start| path.starts_with(start));
    if starts(&["/tmp", "/var/tmp", "/dev/shm"]) {
        "temporary"
    } else if starts(&["/etc"]) {
        "settings"
    } else if starts(&["/proc", "/sys"]) {
        "kernel"
    } else if starts(&["/usr", "/bin", "/lib", "/sbin", "/opt"]) {
        "system"
    } else if starts(&["/dev"]) {
        "device"
    } else if path.contains("/.") {
        "hidden"
    } else {
        "own"
    }
}

fn reach(address: &Address) -> &'static str {
    match address {
        Address::Unix { .. } => ".local",
        Address::Other { .. } => ".other",
        Address::Net { ip, .. } if ip.to_canonical().is_loopback() => ".loopback",
        Address::Net { port: 53, .. } => ".names",
        Address::Net { port: 80 | 443, .. } => ".web",
        Address::Net { .. } => ".outside",
    }
}
