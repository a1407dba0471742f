//! The kinds of events.

use serde::{Deserialize, Serialize};

use super::resources::Resources;
use super::text::{Argv, Text};

/// What happened. `result` is what the kernel answered: 0 or more for done, a negated errno for refused or failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// A process began to run another program. Path and arguments are read before its first instruction.
    Exec {
        /// What was executed, as the kernel resolved it; of a script, the script.
        path: Text,
        /// Its arguments.
        argv: Argv,
        /// The file has no name any more, or never had one: a memory file, or one that was unlinked.
        #[serde(default)]
        nameless: bool,
    },
    /// A process made another one.
    Fork {
        /// The new process.
        child: u32,
    },
    /// A process ended.
    Exit {
        /// Its status, when it ended by itself.
        code: u8,
        /// The signal that ended it, or 0.
        signal: u8,
    },
    /// A file was opened: for writing, or a sensitive one for reading.
    Open {
        /// The path; the kernel's own when it was opened, else the program's word.
        path: Text,
        /// How.
        access: Access,
        /// A descriptor, or why not.
        result: i32,
    },
    /// A name was taken from a file.
    Unlink {
        /// The name.
        path: Text,
        /// Whether it was done.
        result: i32,
    },
    /// A file got another name.
    Rename {
        /// The old one.
        path: Text,
        /// The new one.
        to: Text,
        /// Whether it was done.
        result: i32,
    },
    /// A link to a file was made.
    Link {
        /// What it leads to.
        path: Text,
        /// The new name.
        to: Text,
        /// Whether it was done.
        result: i32,
    },
    /// The mode or the owner of a file was changed.
    Chmod {
        /// The file; empty when it was named by a descriptor.
        path: Text,
        /// The new mode; 0 for a change of the owner.
        mode: u32,
        /// Whether it was done.
        result: i32,
    },
    /// A socket was made, which is not a local one.
    Socket {
        /// Its family.
        family: Family,
        /// `SOCK_STREAM` 1, `SOCK_DGRAM` 2, `SOCK_RAW` 3.
        kind: u32,
        /// A descriptor, or why not.
        result: i32,
    },
    /// A connection was tried, or a datagram sent to an address.
    Connect {
        /// Where to.
        address: Address,
        /// Whether it was done; -115 (`EINPROGRESS`) is a connection on its way.
        result: i32,
    },
    /// A socket was bound to an address.
    Bind {
        /// Which one.
        address: Address,
        /// Whether it was done.
        result: i32,
    },
    /// A socket waits for connections.
    Listen {
        /// Whether it was done.
        result: i32,
    },
    /// A connection was taken.
    Accept {
        /// A descriptor, or why not.
        result: i32,
    },
    /// A descriptor was copied onto the standard input, output or error of a process.
    Redirect {
        /// Which one, 0 to 2.
        to: u8,
        /// The copied descriptor is a socket.
        socket: bool,
    },
    /// Memory was mapped that can be written and executed at once.
    WriteExec {
        /// How much.
        bytes: u64,
        /// Whether it was done.
        result: i32,
    },
    /// Memory that was mapped without execution was made executable.
    BecameExec {
        /// How much.
        bytes: u64,
        /// Whether it was done.
        result: i32,
    },
    /// A file in memory without a name was made.
    Memfd {
        /// What it was called.
        name: Text,
        /// A descriptor, or why not.
        result: i32,
    },
    /// Memory grew by this much within one sample.
    Growth {
        /// How much more.
        bytes: u64,
    },
    /// Many mappings of one size were made in a short time.
    Spray {
        /// The size of each.
        bytes: u64,
        /// How many since the last event.
        count: u32,
    },
    /// The kernel refused a call for want of permission: a filter, a missing privilege, or another wall.
    Denied {
        /// The number of the call.
        call: u16,
        /// Why: `EPERM` 1, `EACCES` 13, `ENOSYS` 38.
        errno: u16,
    },
    /// A call that honest programs seldom make: tracing, other processes' memory, namespaces, mounts, keys, modules.
    Call {
        /// The number of the call.
        call: u16,
        /// Its first three arguments, as numbers.
        arguments: [u64; 3],
        /// What the kernel answered, cut to 32 bits.
        result: i32,
    },
    /// A signal was sent by a call.
    Signal {
        /// To whom, as the sender numbers it; negative for a group, -1 for all.
        target: i32,
        /// Which one.
        number: u8,
        /// Whether it was done.
        result: i32,
    },
    /// A sample of what the sandbox uses.
    Resources(Resources),
    /// Events that were not told: the program made more than it may.
    Lost {
        /// Of which class.
        class: Class,
        /// How many since the last event of this kind.
        count: u64,
    },
    /// The stream of events itself broke off: nothing after this was seen.
    Blind,
}

impl What {
    /// The word of the kind, as in traces and rules.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Exec { .. } => "exec",
            Self::Fork { .. } => "fork",
            Self::Exit { .. } => "exit",
            Self::Open { .. } => "open",
            Self::Unlink { .. } => "unlink",
            Self::Rename { .. } => "rename",
            Self::Link { .. } => "link",
            Self::Chmod { .. } => "chmod",
            Self::Socket { .. } => "socket",
            Self::Connect { .. } => "connect",
            Self::Bind { .. } => "bind",
            Self::Listen { .. } => "listen",
            Self::Accept { .. } => "accept",
            Self::Redirect { .. } => "redirect",
            Self::WriteExec { .. } => "write_exec",
            Self::BecameExec { .. } => "became_exec",
            Self::Memfd { .. } => "memfd",
            Self::Growth { .. } => "growth",
            Self::Spray { .. } => "spray",
            Self::Denied { .. } => "denied",
            Self::Call { .. } => "call",
            Self::Signal { .. } => "signal",
            Self::Resources(_) => "resources",
            Self::Lost { .. } => "lost",
            Self::Blind => "blind",
        }
    }

    /// What the kernel answered, where the event has an answer.
    pub fn result(&self) -> Option<i32> {
        match self {
            Self::Open { result, .. }
            | Self::Unlink { result, .. }
            | Self::Rename { result, .. }
            | Self::Link { result, .. }
            | Self::Chmod { result, .. }
            | Self::Socket { result, .. }
            | Self::Connect { result, .. }
            | Self::Bind { result, .. }
            | Self::Listen { result }
            | Self::Accept { result }
            | Self::WriteExec { result, .. }
            | Self::BecameExec { result, .. }
            | Self::Memfd { result, .. }
            | Self::Call { result, .. }
            | Self::Signal { result, .. } => Some(*result),
            _ => None,
        }
    }

    /// Which allowance of events it is counted against.
    pub fn class(&self) -> Class {
        match self {
            Self::Exec { .. } | Self::Fork { .. } | Self::Exit { .. } => Class::Process,
            Self::Open { .. }
            | Self::Unlink { .. }
            | Self::Rename { .. }
            | Self::Link { .. }
            | Self::Chmod { .. } => Class::File,
            Self::Resources(_) | Self::Growth { .. } | Self::Lost { .. } | Self::Blind => Class::Own,
            Self::Socket { .. }
            | Self::Connect { .. }
            | Self::Bind { .. }
            | Self::Listen { .. }
            | Self::Accept { .. } => Class::Network,
            Self::WriteExec { .. } | Self::BecameExec { .. } | Self::Spray { .. } => Class::Memory,
            Self::Denied { .. } => Class::Denied,
            _ => Class::Alert,
        }
    }
}

/// How a file was opened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// For reading.
    Read,
    /// For writing, what stands in it kept.
    Write,
    /// For writing, made if it was not there.
    Create,
    /// For writing, emptied first.
    Truncate,
    /// For writing at its end.
    Append,
}

/// Events share an allowance with others of their class, so that a flood of one class hides no other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Exec, fork and exit.
    Process,
    /// What is done to files.
    File,
    /// Everything else that can be the ground of an alert by itself.
    Alert,
    /// What the collector adds itself; nobody can flood it.
    Own,
    /// What is done with sockets of the network.
    Network,
    /// Pages that are made executable, and many mappings.
    Memory,
    /// Calls that were refused.
    Denied,
}

/// A socket's family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `AF_INET`.
    Inet,
    /// `AF_INET6`.
    Inet6,
    /// `AF_NETLINK`.
    Netlink,
    /// `AF_PACKET`.
    Packet,
    /// Any other, by its number.
    Other(u16),
}

impl Family {
    /// The family of this number (`AF_*`, socket(2)).
    pub fn of(number: u16) -> Self {
        match number {
            2 => Self::Inet,
            10 => Self::Inet6,
            16 => Self::Netlink,
            17 => Self::Packet,
            other => Self::Other(other),
        }
    }

    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Self::Inet => 2,
            Self::Inet6 => 10,
            Self::Netlink => 16,
            Self::Packet => 17,
            Self::Other(number) => number,
        }
    }
}

/// Where a socket leads.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "family", rename_all = "snake_case")]
pub enum Address {
    /// A socket of the network.
    Net {
        /// The address.
        ip: std::net::IpAddr,
        /// The port.
        port: u16,
    },
    /// A local socket.
    Unix {
        /// Its path; an abstract name begins with `@`.
        path: Text,
    },
    /// Of a family whose addresses are not read, by its number.
    Other {
        /// `AF_*`.
        number: u16,
    },
}
