//! The seccomp filters, compiled into the binary by the build script.
//!
//! The sandbox hands [`program`] to init, which loads it last before it executes
//! the user's program, and [`collector`] to the process that collects output files. The process of a
//! service that reads the network loads [`server`], one that reads programs before they run [`analyser`],
//! and the one that reads the kernel's events [`watcher`].
//! Policy is data in `resources/seccomp/`; nothing here builds or changes a filter
//! at run time.

#[cfg(target_arch = "x86_64")]
mod generated {
    pub(super) static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/program.x86_64.bpf"));
    pub(super) static OFFLINE: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/program-offline.x86_64.bpf"));
    pub(super) static COLLECTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/collector.x86_64.bpf"));
    pub(super) static SERVER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/server.x86_64.bpf"));
    pub(super) static ANALYSER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/analyser.x86_64.bpf"));
    pub(super) static WITNESS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/witness.x86_64.bpf"));
    pub(super) static WATCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/watcher.x86_64.bpf"));
    pub(super) const ALLOWED: usize = include!(concat!(env!("OUT_DIR"), "/program.x86_64.count"));
}

#[cfg(target_arch = "aarch64")]
mod generated {
    pub(super) static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/program.aarch64.bpf"));
    pub(super) static OFFLINE: &[u8] =
        include_bytes!(concat!(env!("OUT_DIR"), "/program-offline.aarch64.bpf"));
    pub(super) static COLLECTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/collector.aarch64.bpf"));
    pub(super) static SERVER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/server.aarch64.bpf"));
    pub(super) static ANALYSER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/analyser.aarch64.bpf"));
    pub(super) static WITNESS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/witness.aarch64.bpf"));
    pub(super) static WATCHER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/watcher.aarch64.bpf"));
    pub(super) const ALLOWED: usize = include!(concat!(env!("OUT_DIR"), "/program.aarch64.count"));
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("there is no seccomp policy for this architecture, and a sandbox without one is not built");

#[cfg(test)]
mod tests;

/// The filter around the user's program: an array of `struct sock_filter`, eight
/// bytes each, for the architecture of this binary. The bytes are not aligned.
pub fn program() -> &'static [u8] {
    generated::PROGRAM
}

/// The filter around a program without a network: [`program`] less netlink sockets.
pub fn program_offline() -> &'static [u8] {
    generated::OFFLINE
}

/// The filter around the process that collects output files, in the same form.
///
/// It allows no exec and no start-up of a new image: the collector loads it when
/// its descriptors are open and its loop begins.
pub fn collector() -> &'static [u8] {
    generated::COLLECTOR
}

/// The filter around the process of a service that reads the network, in the same form.
///
/// It allows threads and its own files, and no exec, no new socket but local pairs, no new code.
pub fn server() -> &'static [u8] {
    generated::SERVER
}

/// The filter around a process that reads programs before they run, in the same form.
///
/// It allows the socket that the process holds, memory, and nothing else.
pub fn analyser() -> &'static [u8] {
    generated::ANALYSER
}

/// The filter around the witness that hears of a program's calls, in the same form.
pub fn witness() -> &'static [u8] {
    generated::WITNESS
}

/// The filter around the process that reads the kernel's ring of events, in the same form.
///
/// It allows the socket that the process holds, waiting, memory, and nothing else.
pub fn watcher() -> &'static [u8] {
    generated::WATCHER
}

/// How many syscalls the program's filter lets through, freely or by their arguments.
pub fn allowed_count() -> usize {
    generated::ALLOWED
}
