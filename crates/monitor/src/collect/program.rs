//! The program in the kernel: loaded, attached, and read through its ring.

use std::os::fd::{AsFd, BorrowedFd};

use aya::maps::{Map, MapData, RingBuf};

use super::error::CollectError;
use super::record::{self, Told};

/// The program and its links, by the names in `bpf/watch.c`.
#[cfg(watch_program)]
const PROGRAMS: [(&str, &str); 4] = [
    ("on_sys_exit", "sys_exit"),
    ("on_fork", "sched_process_fork"),
    ("on_exit", "sched_process_exit"),
    ("on_exec", "sched_process_exec"),
];

/// What keeps it attached; it goes when this is dropped.
type Links = Vec<aya::programs::tp_btf::BtfTracePointLink>;

/// The program, attached for as long as this lives.
pub struct Program {
    ring: RingBuf<MapData>,
    sandboxes: MapData,
    _links: Links,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

/// Why this binary, or this host, has no such layer, as far as can be told without trying; `None` when it may have one.
pub fn missing() -> Option<&'static str> {
    if cfg!(not(watch_program)) {
        return Some("this binary was built without clang");
    }
    if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Some("the kernel tells no types of its own (CONFIG_DEBUG_INFO_BTF)");
    }
    None
}

impl Program {
    /// Loads and attaches it. It takes `CAP_BPF` and `CAP_PERFMON`, and Linux 5.11.
    ///
    /// # Errors
    /// [`CollectError::Missing`] when the layer was not built in; otherwise what the kernel refused.
    pub fn load() -> Result<Self, CollectError> {
        if let Some(why) = missing() {
            return Err(CollectError::Missing(why.to_owned()));
        }
        let (mut loaded, links) = attached()?;
        let mut take = |name: &'static str| match loaded.take_map(name) {
            Some(Map::RingBuf(data) | Map::HashMap(data)) => Ok(data),
            _ => Err(CollectError::Missing(format!("the program has no map {name}"))),
        };
        let ring = Map::RingBuf(take("ring")?);
        Ok(Self {
            ring: RingBuf::try_from(ring).map_err(|e| CollectError::kernel("map the ring of events", e))?,
            sandboxes: take("sandboxes")?,
            _links: links,
        })
    }

    /// The table of watched sandboxes, for [`super::Registrar::new`] in another process.
    pub fn sandboxes(&self) -> BorrowedFd<'_> {
        self.sandboxes.fd().as_fd()
    }

    /// Takes at most `most` records from the ring, in the order in which they were made; how many it took.
    pub fn drain(&mut self, most: usize, told: &mut dyn FnMut(Told)) -> usize {
        for taken in 0..most {
            let Some(item) = self.ring.next() else {
                return taken;
            };
            // One that cannot be read is of another program than ours, which load would have refused.
            if let Some(one) = record::read(&item) {
                told(one);
            }
        }
        most
    }
}

#[cfg(watch_program)]
fn attached() -> Result<(aya::Ebpf, Links), CollectError> {
    use aya::programs::BtfTracePoint;

    let types = aya::Btf::from_sys_fs().map_err(|e| CollectError::kernel("read the kernel's types", e))?;
    let object = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/watch.o"));
    let mut loaded = aya::EbpfLoader::new()
        .btf(Some(&types))
        .load(object)
        .map_err(|e| CollectError::kernel("make the tables of the watching program", e))?;
    let mut links = Vec::new();
    for (name, point) in PROGRAMS {
        let program = loaded
            .program_mut(name)
            .ok_or_else(|| CollectError::Missing(format!("the object has no program {name}")))?;
        let program: &mut BtfTracePoint = program
            .try_into()
            .map_err(|e| CollectError::kernel("find the watching program", e))?;
        program
            .load(point, &types)
            .map_err(|e| CollectError::kernel("load the watching program", e))?;
        let link = program
            .attach()
            .map_err(|e| CollectError::kernel("attach the watching program", e))?;
        links.push(
            program
                .take_link(link)
                .map_err(|e| CollectError::kernel("keep the watching program", e))?,
        );
    }
    Ok((loaded, links))
}

#[cfg(not(watch_program))]
fn attached() -> Result<(aya::Ebpf, Links), CollectError> {
    Err(CollectError::Missing(
        "this binary was built without clang".to_owned(),
    ))
}
