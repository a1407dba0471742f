//! From an event to its bytes.

use std::net::IpAddr;

use super::EVIDENCE;
use crate::event::{Address, Event, Resources, Text, What};

/// Appends the binary form of `event` to `out`.
pub fn encode(event: &Event, out: &mut Vec<u8>) {
    let mark = if event.evidence { EVIDENCE } else { 0 };
    out.push(tag(&event.what) | mark);
    number(out, event.at_ns);
    number(out, event.pid.into());
    match &event.what {
        What::Exec { path, argv, nameless } => {
            out.push(u8::from(*nameless));
            text(out, path);
            number(out, argv.len() as u64);
            argv.iter().for_each(|argument| text(out, argument));
        }
        What::Fork { child } => number(out, (*child).into()),
        What::Exit { code, signal } => out.extend([*code, *signal]),
        What::Open { path, access, result } => {
            out.push(*access as u8);
            signed(out, *result);
            text(out, path);
        }
        What::Rename { path, to, result } | What::Link { path, to, result } => {
            signed(out, *result);
            text(out, path);
            text(out, to);
        }
        What::Unlink { path: name, result } | What::Memfd { name, result } => {
            signed(out, *result);
            text(out, name);
        }
        What::Chmod { path, mode, result } => {
            number(out, (*mode).into());
            signed(out, *result);
            text(out, path);
        }
        _ => encode_others(&event.what, out),
    }
}

/// The rest of an event that is neither of processes nor of files.
fn encode_others(what: &What, out: &mut Vec<u8>) {
    match what {
        What::Socket { family, kind, result } => {
            number(out, family.number().into());
            number(out, (*kind).into());
            signed(out, *result);
        }
        What::Connect { address, result } | What::Bind { address, result } => {
            signed(out, *result);
            address_out(out, address);
        }
        What::Listen { result } | What::Accept { result } => signed(out, *result),
        What::Redirect { to, socket } => out.extend([*to, u8::from(*socket)]),
        What::WriteExec { bytes, result } | What::BecameExec { bytes, result } => {
            number(out, *bytes);
            signed(out, *result);
        }
        What::Growth { bytes } => number(out, *bytes),
        What::Spray { bytes, count } => {
            number(out, *bytes);
            number(out, (*count).into());
        }
        What::Denied { call, errno } => {
            number(out, (*call).into());
            number(out, (*errno).into());
        }
        What::Call {
            call,
            arguments,
            result,
        } => {
            number(out, (*call).into());
            arguments.iter().for_each(|argument| number(out, *argument));
            signed(out, *result);
        }
        What::Signal {
            target,
            number: which,
            result,
        } => {
            signed(out, *target);
            out.push(*which);
            signed(out, *result);
        }
        What::Resources(sample) => resources_out(out, sample),
        What::Lost { class, count } => {
            out.push(*class as u8);
            number(out, *count);
        }
        _ => {}
    }
}

fn tag(what: &What) -> u8 {
    match what {
        What::Exec { .. } => 1,
        What::Fork { .. } => 2,
        What::Exit { .. } => 3,
        What::Open { .. } => 4,
        What::Unlink { .. } => 5,
        What::Rename { .. } => 6,
        What::Link { .. } => 7,
        What::Chmod { .. } => 8,
        What::Socket { .. } => 9,
        What::Connect { .. } => 10,
        What::Bind { .. } => 11,
        What::Listen { .. } => 12,
        What::Accept { .. } => 13,
        What::Redirect { .. } => 14,
        What::WriteExec { .. } => 15,
        What::BecameExec { .. } => 16,
        What::Memfd { .. } => 17,
        What::Growth { .. } => 18,
        What::Spray { .. } => 19,
        What::Denied { .. } => 20,
        What::Call { .. } => 21,
        What::Signal { .. } => 22,
        What::Resources(_) => 23,
        What::Lost { .. } => 24,
        What::Blind => 25,
    }
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag: small numbers of either sign are short.
fn signed(out: &mut Vec<u8>, value: i32) {
    number(out, u64::from((value << 1 ^ value >> 31).cast_unsigned()));
}

fn text(out: &mut Vec<u8>, text: &Text) {
    number(out, text.len() as u64);
    out.extend(text.as_bytes());
}

fn address_out(out: &mut Vec<u8>, address: &Address) {
    match address {
        Address::Net {
            ip: IpAddr::V4(ip),
            port,
        } => {
            out.push(0);
            out.extend(ip.octets());
            out.extend(port.to_le_bytes());
        }
        Address::Net {
            ip: IpAddr::V6(ip),
            port,
        } => {
            out.push(1);
            out.extend(ip.octets());
            out.extend(port.to_le_bytes());
        }
        Address::Unix { path } => {
            out.push(2);
            text(out, path);
        }
        Address::Other { number: family } => {
            out.push(3);
            out.extend(family.to_le_bytes());
        }
    }
}

fn resources_out(out: &mut Vec<u8>, sample: &Resources) {
    let pressure = sample.pressure;
    let values = [
        sample.cpu_ns,
        sample.memory_bytes,
        sample.disk_bytes,
        sample.pids.map(u64::from),
        sample.network_bytes,
        pressure.map(|pressure| pressure.cpu_us),
        pressure.map(|pressure| pressure.memory_us),
        pressure.map(|pressure| pressure.io_us),
    ];
    let present = values
        .iter()
        .enumerate()
        .fold(0, |bits, (i, value)| bits | u8::from(value.is_some()) << i);
    out.push(present);
    values.iter().flatten().for_each(|value| number(out, *value));
}
