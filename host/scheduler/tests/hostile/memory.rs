//! Counts what a thread asks of the allocator, so that what reading takes can be compared with what is read.

#![expect(unsafe_code, reason = "an allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What a thread has had of memory.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    now: usize,
    /// The most at once, in bytes.
    pub(crate) most: usize,
    /// How often something was asked for.
    pub(crate) times: usize,
}

thread_local! {
    static TAKEN: Cell<Taken> = const { Cell::new(Taken { now: 0, most: 0, times: 0 }) };
}

/// What doing something takes of memory.
pub(crate) fn taken<T>(something: impl FnOnce() -> T) -> (T, Taken) {
    let before = TAKEN.get();
    TAKEN.set(Taken::default());
    let answer = something();
    let taken = TAKEN.get();
    // What is measured within something that is measured counts for both.
    TAKEN.set(Taken {
        now: before.now + taken.now,
        most: before.most.max(before.now + taken.most),
        times: before.times + taken.times,
    });
    (answer, taken)
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(more: usize, less: usize) {
    // A thread that is ending has no counter any more.
    let _ = TAKEN.try_with(|cell| {
        let Taken { now, most, times } = cell.get();
        // What was there before anybody counted may be given back while somebody does.
        let now = (now + more).saturating_sub(less);
        cell.set(Taken { now, most: most.max(now), times: times + usize::from(more > 0) });
    });
}

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the promises that this one asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller keeps the promises that this one asks for.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there for a moment, as far as anybody can tell.
        count(size, 0);
        count(0, layout.size());
        // SAFETY: the caller keeps the promises that this one asks for.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
