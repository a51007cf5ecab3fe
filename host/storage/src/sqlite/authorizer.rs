//! SQLite's own wall: an authorizer that is asked, while a statement is compiled, about every table, column and
//! function it touches. It stands behind the parser's wall and does not rely on it.
//!
//! One connection serves a guest's statements and the host's in the same transaction, so the authorizer looks at a
//! [`Watch`] shared with the session, which says on whose behalf the connection works right now. Compiled statements are
//! cached by their text; a guest cannot reach one compiled for the host because host statements carry a random comment.
//!
//! Nothing runs that was not compiled first, on the connection's own thread. So the authorizer is also what tells that
//! thread on which account its memory is counted.

#![expect(
    unsafe_code,
    reason = "SQLite's authorizer and per-connection switches are reachable only through its C interface"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Arc;

use libsqlite3_sys as ffi;
use sqlx::sqlite::LockedSqliteHandle;

use super::memory;
use super::watch::{Mode, Watch};
use crate::session::MOST_BYTES;
use crate::wall::{functions, names};

/// How many instructions of SQLite's machine run between two looks at the watch: a fraction of a millisecond.
const INSTRUCTIONS: i32 = 4_000;

/// Columns of a table, an index or an answer. A row may have each of them at its longest before anybody has counted it.
const MOST_COLUMNS: c_int = 200;

/// Puts a connection under `watch`, for as long as it is open.
///
/// # Errors
/// The name of the switch SQLite would not turn.
pub(super) fn install(handle: &mut LockedSqliteHandle<'_>, watch: &Arc<Watch>) -> Result<(), &'static str> {
    let kept = Arc::clone(watch);
    handle.set_progress_handler(INSTRUCTIONS, move || !kept.must_stop());
    let database = handle.as_raw_handle().as_ptr();
    for (switch, on, name) in [
        (ffi::SQLITE_DBCONFIG_DEFENSIVE, 1, "defensive"),
        (ffi::SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "trusted_schema"),
        (ffi::SQLITE_DBCONFIG_DQS_DML, 0, "dqs_dml"),
        (ffi::SQLITE_DBCONFIG_DQS_DDL, 0, "dqs_ddl"),
    ] {
        // SAFETY: the handle is locked, so no other thread uses the connection; each of these switches takes an int and a
        // pointer that may be null.
        let code = unsafe { ffi::sqlite3_db_config(database, switch, on as c_int, std::ptr::null_mut::<c_int>()) };
        if code != ffi::SQLITE_OK {
            return Err(name);
        }
    }
    let most_bytes = c_int::try_from(MOST_BYTES).unwrap_or(c_int::MAX);
    for (category, most) in [(ffi::SQLITE_LIMIT_LENGTH, most_bytes), (ffi::SQLITE_LIMIT_COLUMN, MOST_COLUMNS)] {
        // SAFETY: the handle is locked; the call answers the limit there was and cannot fail.
        let _before = unsafe { ffi::sqlite3_limit(database, category, most) };
    }
    // SAFETY: the handle is locked. The pointer stays valid while the authorizer can be called: the progress handler set
    // above owns a reference to the same watch, nothing in this crate ever replaces it, and sqlx drops it only after the
    // last statement is finalized, when nothing is compiled any more. `authorize` has the signature SQLite asks for.
    let code = unsafe { ffi::sqlite3_set_authorizer(database, Some(authorize), Arc::as_ptr(watch).cast_mut().cast()) };
    if code == ffi::SQLITE_OK { Ok(()) } else { Err("authorizer") }
}

unsafe extern "C" fn authorize(
    watch: *mut c_void,
    action: c_int,
    first: *const c_char,
    second: *const c_char,
    _database: *const c_char,
    _trigger: *const c_char,
) -> c_int {
    // SAFETY: the pointer was made from an `Arc<Watch>` that outlives the authorizer (see `install`), and `Watch` is
    // only ever shared by reference.
    let watch = unsafe { &*watch.cast_const().cast::<Watch>() };
    memory::count_for(watch.account());
    // SAFETY: SQLite passes null or a NUL-terminated text that lives during this call.
    let (first, second) = unsafe { (text(first), text(second)) };
    if allows(watch.mode(), action, first, second) { ffi::SQLITE_OK } else { ffi::SQLITE_DENY }
}

/// # Safety
/// `pointer` is null or points to a NUL-terminated text that lives as long as the answer is used.
unsafe fn text<'a>(pointer: *const c_char) -> &'a str {
    if pointer.is_null() {
        return "";
    }
    // SAFETY: promised by the caller.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap_or("")
}

/// Whether `mode` may do `action` (SQLite's action codes) to what `first` and `second` name.
fn allows(mode: Mode, action: c_int, first: &str, second: &str) -> bool {
    match mode {
        Mode::Host => true,
        Mode::Guest => allows_guest(action, first, second),
        Mode::Migration => allows_guest(action, first, second) || allows_migration(action, first, second),
    }
}

fn allows_guest(action: c_int, first: &str, second: &str) -> bool {
    match action {
        ffi::SQLITE_SELECT => true,
        ffi::SQLITE_READ | ffi::SQLITE_INSERT | ffi::SQLITE_UPDATE | ffi::SQLITE_DELETE => !names::is_reserved(first),
        ffi::SQLITE_FUNCTION => functions::is_known_to_sqlite(second),
        _ => false,
    }
}

/// What SQLite itself reads and writes to change a schema.
const CATALOGUE: &[&str] = &[
    "sqlite_master",
    "sqlite_schema",
    "sqlite_temp_master",
    "sqlite_temp_schema",
    "sqlite_sequence",
    "sqlite_stat1",
    "sqlite_stat4",
    "pragma_quick_check",
];

/// What a change of the schema asks for besides. SQLite carries it out by writing its own catalogue, which direct writes
/// cannot reach: the defensive switch makes the catalogue read-only for statements.
fn allows_migration(action: c_int, first: &str, second: &str) -> bool {
    match action {
        ffi::SQLITE_CREATE_TABLE | ffi::SQLITE_DROP_TABLE => !names::is_reserved(first),
        ffi::SQLITE_CREATE_INDEX | ffi::SQLITE_DROP_INDEX => {
            !names::is_reserved(second) && (!names::is_reserved(first) || first.starts_with("sqlite_autoindex_"))
        }
        ffi::SQLITE_ALTER_TABLE => !names::is_reserved(second),
        ffi::SQLITE_REINDEX => !names::is_reserved(first),
        ffi::SQLITE_READ | ffi::SQLITE_INSERT | ffi::SQLITE_UPDATE | ffi::SQLITE_DELETE => CATALOGUE.contains(&first),
        // ADD COLUMN checks the rows there are.
        ffi::SQLITE_PRAGMA => first == "quick_check",
        ffi::SQLITE_FUNCTION => {
            second.eq_ignore_ascii_case("typeof")
                || second.starts_with("sqlite_rename_")
                || matches!(
                    second,
                    "sqlite_drop_column"
                        | "sqlite_add_constraint"
                        | "sqlite_fail"
                        | "printf"
                        | "raise"
                        | "instr"
                        | "glob"
                )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_may_do_anything() {
        assert!(allows(Mode::Host, ffi::SQLITE_PRAGMA, "journal_mode", ""));
    }

    #[test]
    fn a_guest_reads_and_writes_its_own_tables() {
        for action in [ffi::SQLITE_READ, ffi::SQLITE_INSERT, ffi::SQLITE_UPDATE, ffi::SQLITE_DELETE] {
            assert!(allows(Mode::Guest, action, "shift", "id"));
            assert!(!allows(Mode::Guest, action, "conman_outbox", "id"));
            assert!(!allows(Mode::Guest, action, "Conman_Outbox", "id"));
            assert!(!allows(Mode::Guest, action, "sqlite_master", "sql"));
        }
    }

    #[test]
    fn a_guest_reaches_nothing_else() {
        for mode in [Mode::Guest, Mode::Migration] {
            for action in [
                ffi::SQLITE_ATTACH,
                ffi::SQLITE_DETACH,
                ffi::SQLITE_PRAGMA,
                ffi::SQLITE_TRANSACTION,
                ffi::SQLITE_SAVEPOINT,
                ffi::SQLITE_CREATE_VTABLE,
                ffi::SQLITE_DROP_VTABLE,
                ffi::SQLITE_CREATE_TRIGGER,
                ffi::SQLITE_CREATE_TEMP_TABLE,
                ffi::SQLITE_CREATE_TEMP_TRIGGER,
                ffi::SQLITE_CREATE_VIEW,
                ffi::SQLITE_ANALYZE,
                ffi::SQLITE_RECURSIVE,
            ] {
                assert!(!allows(mode, action, "shift", "shift"), "{mode:?} {action}");
            }
            assert!(!allows(mode, ffi::SQLITE_FUNCTION, "", "load_extension"));
            assert!(allows(mode, ffi::SQLITE_FUNCTION, "", "lower"));
        }
    }

    #[test]
    fn only_a_migration_changes_the_schema_and_never_the_hosts_tables() {
        assert!(!allows(Mode::Guest, ffi::SQLITE_CREATE_TABLE, "shift", ""));
        assert!(allows(Mode::Migration, ffi::SQLITE_CREATE_TABLE, "shift", ""));
        assert!(!allows(Mode::Migration, ffi::SQLITE_DROP_TABLE, "conman_outbox", ""));
        assert!(!allows(Mode::Migration, ffi::SQLITE_CREATE_INDEX, "by_key", "conman_outbox"));
        assert!(!allows(Mode::Migration, ffi::SQLITE_ALTER_TABLE, "main", "conman_outbox"));
    }
}
