//! The heap: one list of free blocks for each power of two up to 32 KiB, cut from regions of 64 KiB;
//! what is larger is mapped by itself and unmapped when freed. Regions are never given back: what init
//! holds at once is bounded by the formats that it reads.

use crate::call::syscall;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;

const LEAST: usize = 16;
const CLASSES: usize = 12;
const LARGEST: usize = LEAST << (CLASSES - 1);
const REGION: usize = 64 << 10;

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(State {
    free: [ptr::null_mut(); CLASSES],
    next: ptr::null_mut(),
    left: 0,
}));

struct Heap(UnsafeCell<State>);

// SAFETY: the program has one thread (module contract of `bare`), and no signal handler of its own.
unsafe impl Sync for Heap {}

struct State {
    /// Free blocks of each class; a free block begins with the address of the next.
    free: [*mut u8; CLASSES],
    next: *mut u8,
    left: usize,
}

/// The class whose blocks hold `layout`; `None` when it is mapped by itself. Blocks lie at multiples
/// of their size, so a class also gives the alignment.
fn class(layout: Layout) -> Option<usize> {
    let size = layout.size().max(layout.align()).max(LEAST).next_power_of_two();
    (size <= LARGEST).then(|| (size / LEAST).trailing_zeros() as usize)
}

fn map(size: usize) -> *mut u8 {
    let (protection, flags) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: a fresh anonymous mapping at an address of the kernel's choice touches nothing of ours.
    let at = unsafe { syscall!(libc::SYS_mmap, 0, size, protection, flags, -1, 0) };
    if at < 0 {
        return ptr::null_mut();
    }
    ptr::with_exposed_provenance_mut(at as usize)
}

impl State {
    fn cut(&mut self, class: usize) -> *mut u8 {
        let size = LEAST << class;
        // Regions begin at a page and blocks at multiples of their size.
        let skip = (size - self.next.addr() % size) % size;
        if self.next.is_null() || skip + size > self.left {
            let region = map(REGION + LARGEST);
            if region.is_null() {
                return region;
            }
            self.next = region;
            self.left = REGION + LARGEST;
            return self.cut(class);
        }
        // SAFETY: skip + size bytes are left in the region.
        let block = unsafe { self.next.add(skip) };
        // SAFETY: the same.
        self.next = unsafe { block.add(size) };
        self.left -= skip + size;
        block
    }
}

// SAFETY: blocks are disjoint, aligned to their class, and stay until freed; nothing here unwinds.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(class) = class(layout) else {
            // Pages are aligned enough for everything that this program asks for.
            return if layout.align() <= 4096 {
                map(layout.size())
            } else {
                ptr::null_mut()
            };
        };
        // SAFETY: one thread, and no call below comes back here, so this is the only reference.
        let state = unsafe { &mut *self.0.get() };
        let head = state.free[class];
        if head.is_null() {
            return state.cut(class);
        }
        // SAFETY: a free block begins with the address of the next; blocks are aligned to 16 and more.
        state.free[class] = unsafe { head.cast::<*mut u8>().read() };
        head
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller vouches for the layout.
        let block = unsafe { self.alloc(layout) };
        // What is mapped by itself is fresh, so its pages need not be touched.
        if !block.is_null() && class(layout).is_some() {
            // SAFETY: the block has at least `layout.size()` bytes and is nobody else's.
            unsafe { block.write_bytes(0, layout.size()) };
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(class) = class(layout) else {
            // SAFETY: the block was mapped by itself with this size, and its owner gives it up.
            unsafe { syscall!(libc::SYS_munmap, block, layout.size()) };
            return;
        };
        // SAFETY: one thread, and no call below comes back here, so this is the only reference.
        let state = unsafe { &mut *self.0.get() };
        // SAFETY: the block has at least 16 bytes, is aligned, and its owner gives it up.
        unsafe { block.cast::<*mut u8>().write(state.free[class]) };
        state.free[class] = block;
    }
}
