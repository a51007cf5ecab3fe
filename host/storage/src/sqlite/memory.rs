//! What SQLite may hold in memory, over all databases of the process.
//!
//! Values and answers are limited statement by statement, and what a statement sorts or gathers goes to temporary files. But a row of many
//! long values is there before anybody can count it, and several statements may make such rows at once. So there is a last line: large
//! allocations are counted, and beyond a limit they are refused. Then that statement fails, and the host goes on.
//!
//! SQLite could count by itself, but it counts small allocations too, all of them under one mutex.

#![expect(unsafe_code, reason = "SQLite's allocator can be replaced only through its C interface")]

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Once, OnceLock};

use libsqlite3_sys as ffi;

/// Bytes in large allocations.
const MOST: usize = 1 << 30;

/// Allocations from this size on are counted. Cached pages are smaller; how many of them there may be is limited for each connection.
const LARGE: usize = 64 << 10;

static HELD: AtomicUsize = AtomicUsize::new(0);

/// SQLite's own allocator.
static OWN: OnceLock<Allocator> = OnceLock::new();

struct Allocator {
    allocate: unsafe extern "C" fn(c_int) -> *mut c_void,
    free: unsafe extern "C" fn(*mut c_void),
    resize: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
    size: unsafe extern "C" fn(*mut c_void) -> c_int,
}

/// Sets the limit, once for the process. Has to come before SQLite is used.
pub(crate) fn limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(code) = install() {
            tracing::warn!(code, "SQLite is used already, so its memory cannot be limited");
        }
    });
}

fn install() -> Result<(), c_int> {
    let mut methods = ffi::sqlite3_mem_methods {
        xMalloc: None,
        xFree: None,
        xRealloc: None,
        xSize: None,
        xRoundup: None,
        xInit: None,
        xShutdown: None,
        pAppData: null_mut(),
    };
    // SAFETY: this option takes a pointer to such a structure and fills it in.
    done(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut methods) })?;
    let (Some(allocate), Some(free), Some(resize), Some(size)) =
        (methods.xMalloc, methods.xFree, methods.xRealloc, methods.xSize)
    else {
        return Err(ffi::SQLITE_ERROR);
    };
    OWN.get_or_init(|| Allocator { allocate, free, resize, size });
    methods.xMalloc = Some(counted_allocate);
    methods.xFree = Some(counted_free);
    methods.xRealloc = Some(counted_resize);
    // SAFETY: this option takes a pointer to such a structure and copies it; what it points to is there as long as the program.
    done(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) })?;
    // SAFETY: this option takes an int.
    done(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int) })
}

const fn done(code: c_int) -> Result<(), c_int> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
}

/// Bytes that count.
fn large(bytes: c_int) -> usize {
    usize::try_from(bytes).ok().filter(|bytes| *bytes >= LARGE).unwrap_or(0)
}

/// Whether there is room for an allocation of so many bytes where there was one of `before`.
fn is_room(bytes: c_int, before: c_int) -> bool {
    let (bytes, before) = (large(bytes), large(before));
    bytes <= before || HELD.load(Ordering::Relaxed).saturating_add(bytes - before) <= MOST
}

unsafe extern "C" fn counted_allocate(bytes: c_int) -> *mut c_void {
    let Some(own) = OWN.get().filter(|_| is_room(bytes, 0)) else { return null_mut() };
    // SAFETY: the arguments are SQLite's own, and so is the function.
    let memory = unsafe { (own.allocate)(bytes) };
    if !memory.is_null() {
        // SAFETY: the allocator has just given it out. It may be a little more than what was asked for.
        HELD.fetch_add(large(unsafe { (own.size)(memory) }), Ordering::Relaxed);
    }
    memory
}

unsafe extern "C" fn counted_free(memory: *mut c_void) {
    let Some(own) = OWN.get() else { return };
    // SAFETY: SQLite frees what this allocator gave out, once.
    let bytes = unsafe { (own.size)(memory) };
    HELD.fetch_sub(large(bytes), Ordering::Relaxed);
    // SAFETY: the same.
    unsafe { (own.free)(memory) };
}

unsafe extern "C" fn counted_resize(memory: *mut c_void, bytes: c_int) -> *mut c_void {
    let Some(own) = OWN.get() else { return null_mut() };
    // SAFETY: SQLite resizes what this allocator gave out.
    let before = unsafe { (own.size)(memory) };
    if !is_room(bytes, before) {
        return null_mut();
    }
    // SAFETY: the same.
    let resized = unsafe { (own.resize)(memory, bytes) };
    if !resized.is_null() {
        HELD.fetch_sub(large(before), Ordering::Relaxed);
        // SAFETY: the allocator has just given it out.
        HELD.fetch_add(large(unsafe { (own.size)(resized) }), Ordering::Relaxed);
    }
    resized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_allocations_are_counted_and_end_at_the_limit() {
        limit();
        let before = HELD.load(Ordering::Relaxed);
        let held = || HELD.load(Ordering::Relaxed) - before;
        // SAFETY: what is allocated is resized and freed as SQLite's interface asks for, and null is never written to.
        unsafe {
            let small = ffi::sqlite3_malloc(1 << 10);
            assert_eq!(held(), 0);
            let memory = ffi::sqlite3_malloc(1 << 20);
            assert!((1 << 20..2 << 20).contains(&held()));
            assert!(ffi::sqlite3_malloc(1 << 30).is_null());
            assert!(ffi::sqlite3_realloc(memory, (1 << 30) + 1).is_null(), "what there was stays");
            let memory = ffi::sqlite3_realloc(memory, 1 << 10);
            assert_eq!(held(), 0);
            ffi::sqlite3_free(memory);
            ffi::sqlite3_free(small);
        }
        assert_eq!(held(), 0);
    }
}
