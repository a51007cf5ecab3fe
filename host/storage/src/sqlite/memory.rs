//! What SQLite may hold in memory for the plugins' databases.
//!
//! Values and answers are limited statement by statement, and what a statement sorts or gathers goes to temporary files. But a row of many
//! long values is there before anybody can count it, and several statements may make such rows at once. SQLite itself can only be limited
//! as a whole, so that one plugin's rows would make another's sort fail, or the host. So each plugin's database has an account of its own:
//! what SQLite allocates on the threads of its connections is counted there, and beyond the account's share it is refused. Then that
//! statement fails, and everybody else goes on. All accounts together have a limit too, for the machine's sake; a few megabytes are each
//! account's own all the same, enough to sort. The host's own database has no account and is refused nothing.
//!
//! Every connection works on a thread of its own, so the account is the thread's. What was allocated may be freed elsewhere (rows are, by
//! whoever reads them): each allocation says whose it is in front of what SQLite sees of it.

#![expect(unsafe_code, reason = "SQLite's allocator can be replaced only through its C interface")]

use std::alloc::{Layout, alloc, dealloc, realloc};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use libsqlite3_sys as ffi;

/// Bytes one account may hold.
pub(super) const SHARE: usize = 256 << 20;

/// Bytes one account may hold however much the others do: what three statements sort in before they go to files, and some rows.
pub(super) const GUARANTEED: usize = 32 << 20;

/// Bytes all accounts may hold together, apart from what is guaranteed.
const MOST: usize = 1 << 30;

/// Allocations from this size on are counted. Cached pages are smaller: connections hand them on to one another, so that nobody could say
/// whose they are, and how many there may be is limited for each connection anyway.
const LARGE: usize = 8 << 10;

static ALL: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ACCOUNT: Cell<Option<&'static Account>> = const { Cell::new(None) };
}

/// Counts what the connections of one database hold.
#[derive(Debug)]
pub(super) struct Account {
    held: AtomicUsize,
    all: &'static AtomicUsize,
}

/// Stands in front of everything allocated.
struct Header {
    bytes: usize,
    account: Option<&'static Account>,
}

/// Puts the counting allocator in place, once for the process. Has to come before SQLite is used.
pub(crate) fn limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(code) = install() {
            tracing::warn!(code, "SQLite is used already, so its memory cannot be limited");
        }
    });
}

/// Whose memory this thread asks for from now on.
pub(super) fn count_for(account: Option<&'static Account>) {
    ACCOUNT.set(account);
}

fn install() -> Result<(), c_int> {
    let methods = ffi::sqlite3_mem_methods {
        xMalloc: Some(allocate),
        xFree: Some(free),
        xRealloc: Some(resize),
        xSize: Some(size),
        xRoundup: Some(round_up),
        xInit: Some(start),
        xShutdown: None,
        pAppData: null_mut(),
    };
    // SAFETY: this option takes a pointer to such a structure and copies it. The functions do what its documentation asks for.
    done(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const methods) })?;
    // SAFETY: this option takes an int. SQLite's own count takes a mutex for each allocation of the process.
    done(unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int) })
}

const fn done(code: c_int) -> Result<(), c_int> {
    if code == ffi::SQLITE_OK { Ok(()) } else { Err(code) }
}

// === impl Account ===

impl Account {
    /// An account for a database that is opened. It stays for as long as the program runs, because a row may outlive its database.
    pub(super) fn open() -> &'static Self {
        Box::leak(Box::new(Self::among(&ALL)))
    }

    const fn among(all: &'static AtomicUsize) -> Self {
        Self { held: AtomicUsize::new(0), all }
    }

    /// Whether so many bytes are granted. What is refused never counts, not even for a moment: somebody else would be refused for it. So
    /// what several threads are granted at the same instant may be more than all are to hold together, once and by that much.
    fn take(&self, bytes: usize) -> bool {
        let with_these = |held: usize| {
            let held = held.saturating_add(bytes);
            let all = || self.all.load(Ordering::Relaxed).saturating_add(bytes);
            (held <= GUARANTEED || (held <= SHARE && all() <= MOST)).then_some(held)
        };
        let granted = self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, with_these).is_ok();
        if granted {
            self.all.fetch_add(bytes, Ordering::Relaxed);
        }
        granted
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

// === impl Header ===

impl Header {
    /// Of the header and what follows it.
    fn layout(bytes: usize) -> Option<Layout> {
        Layout::from_size_align(size_of::<Self>().checked_add(bytes)?, align_of::<Self>()).ok()
    }

    /// # Safety
    /// `memory` came from [`allocate`] or [`resize`] and is not freed.
    const unsafe fn of(memory: *mut c_void) -> *mut Self {
        // SAFETY: both put a header in front of what they give out.
        unsafe { memory.cast::<Self>().sub(1) }
    }
}

/// What an allocation of so many bytes counts.
const fn counted(bytes: usize) -> usize {
    if bytes >= LARGE { bytes } else { 0 }
}

fn is_granted(account: Option<&Account>, bytes: usize) -> bool {
    bytes == 0 || account.is_none_or(|account| account.take(bytes))
}

fn give_back(account: Option<&Account>, bytes: usize) {
    if let Some(account) = account.filter(|_| bytes > 0) {
        account.give_back(bytes);
    }
}

// === what SQLite calls ===

unsafe extern "C" fn allocate(bytes: c_int) -> *mut c_void {
    let Ok(bytes) = usize::try_from(bytes) else { return null_mut() };
    let Some(layout) = Header::layout(bytes) else { return null_mut() };
    let account = ACCOUNT.get();
    if !is_granted(account, counted(bytes)) {
        return null_mut();
    }
    // SAFETY: with the header it is more than nothing.
    let header = unsafe { alloc(layout) }.cast::<Header>();
    if header.is_null() {
        give_back(account, counted(bytes));
        return null_mut();
    }
    // SAFETY: a header fits in there, aligned as it has to be, and what follows it is of the same allocation.
    unsafe {
        header.write(Header { bytes, account });
        header.add(1).cast()
    }
}

unsafe extern "C" fn free(memory: *mut c_void) {
    // SAFETY: SQLite frees what it was given here, never null, and once.
    let (header, Header { bytes, account }) = unsafe { (Header::of(memory), Header::of(memory).read()) };
    let Some(layout) = Header::layout(bytes) else { return };
    // SAFETY: this is the layout it was allocated with.
    unsafe { dealloc(header.cast(), layout) };
    give_back(account, counted(bytes));
}

unsafe extern "C" fn resize(memory: *mut c_void, bytes: c_int) -> *mut c_void {
    let Ok(after) = usize::try_from(bytes) else { return null_mut() };
    // SAFETY: SQLite resizes what it was given here, never null.
    let (header, Header { bytes: before, account }) = unsafe { (Header::of(memory), Header::of(memory).read()) };
    let (Some(old), Some(new)) = (Header::layout(before), Header::layout(after)) else { return null_mut() };
    let more = counted(after).saturating_sub(counted(before));
    if !is_granted(account, more) {
        return null_mut();
    }
    // SAFETY: the old layout is the one it was allocated with, and the new size is more than nothing.
    let header = unsafe { realloc(header.cast(), old, new.size()) }.cast::<Header>();
    if header.is_null() {
        give_back(account, more);
        return null_mut();
    }
    give_back(account, counted(before).saturating_sub(counted(after)));
    // SAFETY: as in `allocate`.
    unsafe {
        (*header).bytes = after;
        header.add(1).cast()
    }
}

unsafe extern "C" fn size(memory: *mut c_void) -> c_int {
    // SAFETY: SQLite asks about what it was given here, never about null.
    let bytes = unsafe { (*Header::of(memory)).bytes };
    c_int::try_from(bytes).unwrap_or(c_int::MAX)
}

const unsafe extern "C" fn round_up(bytes: c_int) -> c_int {
    bytes.saturating_add(7) & !7
}

const unsafe extern "C" fn start(_data: *mut c_void) -> c_int {
    ffi::SQLITE_OK
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn an_account_has_its_share_and_a_part_that_nobody_takes_from_it() {
        static ALL: AtomicUsize = AtomicUsize::new(0);
        let accounts: Vec<_> = (0..5).map(|_| Account::among(&ALL)).collect();
        let (neighbour, hungry) = accounts.split_last().unwrap();
        for account in hungry {
            assert!(account.take(SHARE));
            assert!(!account.take(1));
        }
        assert_eq!(ALL.load(Ordering::Relaxed), MOST);
        assert!(neighbour.take(GUARANTEED));
        assert!(!neighbour.take(1));
        hungry.first().unwrap().give_back(SHARE);
        assert!(neighbour.take(SHARE - GUARANTEED));
        assert!(!neighbour.take(1), "that is its share");
    }

    #[test]
    fn what_is_refused_stands_in_nobodys_way() {
        static ALL: AtomicUsize = AtomicUsize::new(0);
        let (hungry, neighbour) = (Account::among(&ALL), Account::among(&ALL));
        assert!(hungry.take(GUARANTEED - MIB) && neighbour.take(GUARANTEED));
        // So much is left to all that what the neighbour asks for just fits.
        ALL.store(MOST - MIB, Ordering::Relaxed);
        let again = |asking: &Account| {
            (0..100_000).all(|_| {
                let granted = asking.take(MIB);
                if granted {
                    asking.give_back(MIB);
                }
                granted
            })
        };
        for asking in [&hungry, &neighbour] {
            let (begun, done) = (AtomicBool::new(false), AtomicBool::new(false));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        assert!(!hungry.take(SHARE));
                        begun.store(true, Ordering::Relaxed);
                    }
                });
                while !begun.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                let granted = again(asking);
                done.store(true, Ordering::Relaxed);
                assert!(granted);
            });
        }
    }

    /// Moves a pointer to another thread.
    struct Handed(*mut c_void);

    // SAFETY: SQLite's memory may be used by any thread.
    unsafe impl Send for Handed {}

    #[test]
    fn what_a_thread_allocates_in_large_pieces_counts_for_its_account_until_it_is_freed_anywhere() {
        limit();
        let account = Account::open();
        let held = || account.held.load(Ordering::Relaxed);
        let bytes = |count: usize| c_int::try_from(count).unwrap();
        // SAFETY: what is allocated is resized and freed as SQLite's interface asks for, and null is never written to.
        unsafe {
            let others = ffi::sqlite3_malloc(bytes(MIB));
            count_for(Some(account));
            let small = ffi::sqlite3_malloc(bytes(LARGE - 8));
            assert_eq!(held(), 0);
            let memory = ffi::sqlite3_malloc(bytes(MIB));
            memory.cast::<u8>().write_bytes(7, MIB);
            assert_eq!((held(), ffi::sqlite3_msize(memory)), (MIB, MIB as u64));
            assert!(ffi::sqlite3_malloc(bytes(SHARE)).is_null());
            assert!(ffi::sqlite3_realloc(memory, bytes(SHARE + 8)).is_null(), "what there was stays");
            let memory = ffi::sqlite3_realloc(memory, bytes(2 * MIB));
            assert_eq!((held(), memory.cast::<u8>().add(MIB - 1).read()), (2 * MIB, 7));
            let small = ffi::sqlite3_realloc(small, bytes(LARGE));
            assert_eq!(held(), 2 * MIB + LARGE);
            let small = ffi::sqlite3_realloc(small, bytes(LARGE / 2));
            assert_eq!(held(), 2 * MIB);
            ffi::sqlite3_free(others);
            assert_eq!(held(), 2 * MIB, "it was not this account's");
            let handed = Handed(memory);
            std::thread::spawn(move || {
                let Handed(memory) = { handed };
                ffi::sqlite3_free(memory);
            })
            .join()
            .unwrap();
            ffi::sqlite3_free(small);
        }
        assert_eq!(held(), 0);
    }
}
