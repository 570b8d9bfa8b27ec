//! The guest's allocator. Blocks are powers of two, and a freed one waits on the list of its size;
//! new ones are cut off one after the other from what follows the stack and the data.
//!
//! The standard library's allocator grows the memory at its first allocation, whatever is free. An
//! instance that lives for one callback would pay that each time, and the host twice: once to make
//! the pages writable, once to take them back. Memory is grown here only when it is used up.

#![allow(
    unsafe_code,
    reason = "an allocator hands out raw memory; a mistake stays inside the guest's sandbox"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::{self, NonNull};

const PAGE_BYTES: usize = 64 << 10;
const BLOCK_BYTES_MIN: usize = 16;
/// One list for each power of two that an address can hold.
const SIZES: usize = usize::BITS as usize;

#[global_allocator]
static HEAP: Heap = Heap { free: [const { Cell::new(None) }; SIZES], next: Cell::new(0) };

struct Heap {
    /// Freed blocks by the logarithm of their size; the first word of each is the next one.
    free: [Cell<Option<NonNull<u8>>>; SIZES],
    /// Where the next new block begins; 0 before the first.
    next: Cell<usize>,
}

// SAFETY: a guest has one thread.
unsafe impl Sync for Heap {}

unsafe extern "C" {
    /// Where the linker ends stack and data; only its address means something.
    static __heap_base: u8;
}

/// The size of the block that holds a layout. Blocks up to 16 bytes apart suit every alignment that
/// Rust asks for; a larger one is met by cutting the block at a multiple of it.
fn block_bytes(layout: Layout) -> usize {
    layout.size().max(layout.align()).max(BLOCK_BYTES_MIN).next_power_of_two()
}

impl Heap {
    /// A block that nobody had before, or null where there is no more memory.
    fn cut(&self, bytes: usize, align: usize) -> *mut u8 {
        let start = match self.next.get() {
            0 => ptr::addr_of!(__heap_base) as usize,
            next => next,
        };
        let start = start.next_multiple_of(align.max(BLOCK_BYTES_MIN));
        let Some(end) = start.checked_add(bytes) else { return ptr::null_mut() };
        let there = memory_size(0) * PAGE_BYTES;
        let missing = end.saturating_sub(there).div_ceil(PAGE_BYTES);
        if missing > 0 && memory_grow(0, missing) == usize::MAX {
            return ptr::null_mut();
        }
        self.next.set(end);
        ptr::with_exposed_provenance_mut(start)
    }
}

// SAFETY: blocks don't overlap, are as large and as aligned as asked for, and stay where they are
// until they are freed.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let bytes = block_bytes(layout);
        let list = &self.free[bytes.trailing_zeros() as usize];
        match list.get() {
            // A freed block may be less aligned than a rare layout wants.
            Some(block) if layout.align() <= BLOCK_BYTES_MIN => {
                // SAFETY: `dealloc` wrote the next one there.
                list.set(unsafe { block.cast::<Option<NonNull<u8>>>().read() });
                block.as_ptr()
            }
            _ => self.cut(bytes, layout.align()),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let list = &self.free[block_bytes(layout).trailing_zeros() as usize];
        let Some(block) = NonNull::new(block) else { return };
        // SAFETY: the block is ours again, and at least as large and aligned as a pointer.
        unsafe { block.cast::<Option<NonNull<u8>>>().write(list.get()) };
        list.set(Some(block));
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: the caller keeps to what `GlobalAlloc` asks of a layout.
        let wanted = unsafe { Layout::from_size_align_unchecked(bytes, layout.align()) };
        if block_bytes(wanted) == block_bytes(layout) {
            return block;
        }
        // SAFETY: both blocks are at least as large as what is copied, and don't overlap.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                ptr::copy_nonoverlapping(block, moved, layout.size().min(bytes));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
