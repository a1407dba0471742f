//! What `/proc` says of a forked child that an exec would have said anew: its arguments, and the ids in its auxiliary
//! vector (`PR_SET_MM_MAP`, prctl(2), Linux 3.18 with `CONFIG_CHECKPOINT_RESTORE`).
//!
//! The child's addresses are its parent's, so these are looked up once. A program's filter forbids the call, so that the
//! room for arguments is set aside before, and written later.

use crate::call::{check, syscall};
use crate::{fs, io};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// Room for the arguments; what does not fit is not shown.
const ROOM: usize = 2048;
const PR_SET_MM: libc::c_int = 35;
const PR_SET_MM_MAP: libc::c_int = 14;
/// Entries of the auxiliary vector (getauxval(3)).
const AT_NULL: u64 = 0;
const AT_IDS: core::ops::RangeInclusive<u64> = 11..=14;

/// `struct prctl_mm_map`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Map {
    start_code: u64,
    end_code: u64,
    start_data: u64,
    end_data: u64,
    start_brk: u64,
    brk: u64,
    start_stack: u64,
    arg_start: u64,
    arg_end: u64,
    env_start: u64,
    env_end: u64,
    auxv: u64,
    auxv_size: u32,
    exe_fd: u32,
}

/// The process as its `/proc` will show it.
pub struct Title {
    map: Map,
    auxv: Vec<u64>,
    room: Box<[u8]>,
}

impl Title {
    /// Looks at this process.
    ///
    /// # Errors
    /// When `/proc` does not say what it should.
    pub fn look() -> io::Result<Self> {
        let bad = || io::Error::from_raw_os_error(libc::EBADMSG);
        let stat = fs::read_start(b"/proc/self/stat", 4096)?;
        let after = stat.iter().rposition(|b| *b == b')').ok_or_else(bad)?;
        let text = core::str::from_utf8(&stat[after + 1..]).map_err(|_| bad())?;
        // Fields from the third on (proc_pid_stat(5)).
        let fields: Vec<u64> = text
            .split_whitespace()
            .map(|field| field.parse().unwrap_or_default())
            .collect();
        let field = |number: usize| fields.get(number - 3).copied().ok_or_else(bad);
        let auxv = fs::read_start(b"/proc/self/auxv", 4096)?;
        let auxv = auxv
            .chunks_exact(8)
            .map(|word| word.try_into().map(u64::from_ne_bytes).unwrap_or_default())
            .collect();
        let room = vec![0; ROOM].into_boxed_slice();
        let at = room.as_ptr().expose_provenance() as u64;
        let map = Map {
            start_code: field(26)?,
            end_code: field(27)?,
            start_stack: field(28)?,
            start_data: field(45)?,
            end_data: field(46)?,
            start_brk: field(47)?,
            brk: 0,
            arg_start: at,
            arg_end: at + ROOM as u64,
            env_start: at + ROOM as u64,
            env_end: at + ROOM as u64,
            auxv: 0,
            auxv_size: 0,
            exe_fd: u32::MAX,
        };
        Ok(Self { map, auxv, room })
    }

    /// Has the kernel show it, with these ids.
    ///
    /// # Errors
    /// What the kernel answers; nothing has changed then.
    pub fn show(&mut self, uid: u32, gid: u32) -> io::Result<()> {
        for pair in self.auxv.chunks_exact_mut(2) {
            match pair[0] {
                AT_NULL => break,
                kind if AT_IDS.contains(&kind) => pair[1] = if kind <= 12 { uid } else { gid }.into(),
                _ => {}
            }
        }
        // SAFETY: brk with 0 changes nothing, and answers where the heap ends.
        self.map.brk = unsafe { syscall!(libc::SYS_brk, 0) } as u64;
        self.map.auxv = self.auxv.as_ptr().expose_provenance() as u64;
        self.map.auxv_size = size_of_val(&self.auxv[..]) as u32;
        // SAFETY: the map and the vector it points to are live; the kernel copies both, and what the other addresses
        // name is only shown.
        check(unsafe {
            syscall!(
                libc::SYS_prctl,
                PR_SET_MM,
                PR_SET_MM_MAP,
                &self.map,
                size_of::<Map>(),
                0
            )
        })
        .map(drop)
    }

    /// Writes the arguments.
    pub fn write<T: AsRef<[u8]>>(&mut self, arguments: &[T]) {
        let bytes = arguments
            .iter()
            .flat_map(|word| word.as_ref().iter().copied().chain([0]));
        // The last byte stays NUL: otherwise the kernel takes the whole for one string (get_mm_cmdline, fs/proc/base.c).
        let most = self.room.len() - 1;
        self.room[..most].fill(0);
        self.room[..most]
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
    }
}
