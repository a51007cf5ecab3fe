use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// What SQLite and PostgreSQL are given, or why not.
fn check(sql: &str, expected: Expect) {
    let shown = match judge(sql, Author::Guest, "") {
        Ok(statements) => statements
            .iter()
            .map(|statement| format!("{}\n{}\n", statement.sqlite, statement.postgres))
            .collect::<String>(),
        Err(Refusal(text)) => format!("{text}\n"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn names_are_quoted_and_lowered() {
    check(
        "SELECT S.Id, s.\"order\" FROM Session s WHERE key = $1",
        expect![[r#"
        SELECT "s"."id" AS "id", "s"."order" AS "order" FROM "session" AS "s" WHERE "key" = ?
        SELECT "s"."id" AS "id", "s"."order" AS "order" FROM "session" AS "s" WHERE "key" = $1
    "#]],
    );
    check(
        "SELECT user FROM session",
        expect![[r#"
        `user` means something to the databases; write "user" for a column, and ask the host who is calling instead of the database
    "#]],
    );
}

#[test]
fn engines_are_told_what_they_disagree_on() {
    check(
        "SELECT COUNT(*), AVG(n) OVER (PARTITION BY a ORDER BY b DESC) FROM t ORDER BY a, b DESC NULLS FIRST",
        expect![[r#"
        SELECT COUNT(*) AS "column1", AVG("n") OVER (PARTITION BY "a" ORDER BY "b" DESC) AS "column2" FROM "t" ORDER BY "a", "b" DESC NULLS FIRST
        SELECT COUNT(*) AS "column1", CAST(AVG("n") OVER (PARTITION BY "a" ORDER BY "b" DESC NULLS LAST) AS DOUBLE PRECISION) AS "column2" FROM "t" ORDER BY "a" NULLS FIRST, "b" DESC NULLS FIRST
    "#]],
    );
    check(
        "SELECT name FROM t WHERE name LIKE $1 AND LOWER(name) = 'x' AND n / m > 1.5",
        expect![[r#"
        SELECT "name" AS "name" FROM "t" WHERE "name" LIKE ? AND LOWER("name") = 'x' AND "n" / "m" > 1.5
        SELECT "name" AS "name" FROM "t" WHERE "name" LIKE $1 ESCAPE '' AND LOWER(("name") COLLATE "C") = 'x' AND "n" / NULLIF("m", 0) > CAST(1.5 AS DOUBLE PRECISION)
    "#]],
    );
    check(
        "INSERT INTO t (a) SELECT a FROM s ON CONFLICT (a) DO NOTHING",
        expect![[r#"
        INSERT INTO "t" ("a") SELECT "a" FROM "s" WHERE TRUE ON CONFLICT("a") DO NOTHING
        INSERT INTO "t" ("a") SELECT "a" FROM "s" WHERE TRUE ON CONFLICT("a") DO NOTHING
    "#]],
    );
}

#[test]
fn parameters_in_order_need_no_numbers_on_sqlite() {
    check(
        "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)",
        expect![[r#"
        INSERT INTO "t" ("a", "b") VALUES (?, ?), (?, ?)
        INSERT INTO "t" ("a", "b") VALUES ($1, $2), ($3, $4)
    "#]],
    );
    check(
        "UPDATE t SET a = $2 WHERE b = $1",
        expect![[r#"
        UPDATE "t" SET "a" = ?2 WHERE "b" = ?1
        UPDATE "t" SET "a" = $2 WHERE "b" = $1
    "#]],
    );
}

#[test]
fn tables_are_the_same_on_both() {
    check(
        "CREATE TABLE IF NOT EXISTS t (id TEXT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0, flag BOOLEAN, x DOUBLE PRECISION, b BYTEA, \
         s TEXT REFERENCES s (id) ON DELETE CASCADE, UNIQUE (n, flag), CHECK (n >= 0));
         CREATE UNIQUE INDEX i ON t (n DESC, LOWER(s)) WHERE flag",
        expect![[r#"
            CREATE TABLE IF NOT EXISTS "t" ("id" TEXT PRIMARY KEY NOT NULL CONSTRAINT "id is TEXT" CHECK (typeof("id") IN ('text', 'null')), "n" BIGINT NOT NULL DEFAULT 0 CONSTRAINT "n is BIGINT" CHECK (typeof("n") IN ('integer', 'null')), "flag" BOOLEAN CONSTRAINT "flag is BOOLEAN" CHECK ("flag" IN (0, 1)), "x" DOUBLE PRECISION CONSTRAINT "x is DOUBLE PRECISION" CHECK (typeof("x") IN ('real', 'null')), "b" BLOB CONSTRAINT "b is BYTEA" CHECK (typeof("b") IN ('blob', 'null')), "s" TEXT REFERENCES "s" ("id") ON DELETE CASCADE CONSTRAINT "s is TEXT" CHECK (typeof("s") IN ('text', 'null')), UNIQUE ("n", "flag"), CHECK ("n" >= 0))
            CREATE TABLE IF NOT EXISTS "t" ("id" TEXT COLLATE "C" PRIMARY KEY, "n" BIGINT NOT NULL DEFAULT CAST(0 AS BIGINT), "flag" BOOLEAN, "x" DOUBLE PRECISION, "b" BYTEA, "s" TEXT COLLATE "C" REFERENCES "s" ("id") ON DELETE CASCADE, UNIQUE ("n", "flag"), CHECK ("n" >= CAST(0 AS BIGINT)))
            CREATE UNIQUE INDEX "i" ON "t"("n" DESC, LOWER("s")) WHERE "flag"
            CREATE UNIQUE INDEX "i" ON "t"("n" DESC NULLS LAST, (LOWER(("s") COLLATE "C")) NULLS FIRST) WHERE "flag"
        "#]],
    );
}

#[test]
fn what_is_outside_the_subset_is_refused_with_a_remedy() {
    for (sql, expected) in [
        ("", expect!["there is no statement in the text"]),
        ("SELECT 1; SELECT 2", expect!["write one statement at a time"]),
        (
            "SELECT * FROM conman_outbox",
            expect!["`conman_outbox` is reserved: names starting with `conman_` belong to the host"],
        ),
        (
            "SELECT * FROM other.shift",
            expect!["`other.shift` is qualified; a plugin has one database, so write the table's name alone"],
        ),
        (
            "SELECT * FROM pg_class",
            expect!["`pg_class` belongs to the database itself; a plugin reaches only its own tables"],
        ),
        (
            "SELECT * FROM shift FOR UPDATE",
            expect!["FOR UPDATE and the like are not needed: transactions are serializable. Leave it out"],
        ),
        (
            "SELECT now()",
            expect![
                "the function now is not in the portable subset; take the time from the clock, store instants as BIGINT milliseconds, and pass them as parameters"
            ],
        ),
        (
            "SELECT pg_sleep(10)",
            expect!["the function pg_sleep is not in the portable subset; compute it in the plugin"],
        ),
        (
            "SELECT GROUP_CONCAT(a) FROM t",
            expect!["the function group_concat is not in the portable subset; write STRING_AGG(value, ', ')"],
        ),
        ("SELECT a::TEXT FROM t", expect!["write CAST(a AS TEXT)"]),
        (
            "SELECT DISTINCT ON (a) a FROM t",
            expect!["of DISTINCT there is only SELECT DISTINCT; use GROUP BY for DISTINCT ON"],
        ),
        ("SELECT a FROM t WHERE a IN ()", expect!["sql parser error: Expected: an expression, found: )"]),
        (
            "SELECT MAX(a, b) FROM t",
            expect!["max takes 1 to 1 arguments here; write CASE WHEN a > b THEN a ELSE b END"],
        ),
        (
            "SELECT rowid FROM t",
            expect!["`rowid` is a hidden column of one database only; declare a key column of your own"],
        ),
        (
            "SELECT \"Name\" FROM t",
            expect![[
                r#""Name" has capital letters, which the databases treat differently in quotes; write it in lower case"#
            ]],
        ),
        (
            "SELECT E'\\x41'",
            expect!["`E'A'` is no portable literal; write 'text', 12, 1.5, TRUE, FALSE or NULL, or pass a parameter"],
        ),
        (
            "SELECT $$x$$",
            expect!["`$$x$$` is no portable literal; write 'text', 12, 1.5, TRUE, FALSE or NULL, or pass a parameter"],
        ),
        (
            "SELECT U&'\\0041'",
            expect!["`U&'A'` is no portable literal; write 'text', 12, 1.5, TRUE, FALSE or NULL, or pass a parameter"],
        ),
        ("SELECT a FROM t LIMIT 1, 2", expect!["sql parser error: Expected: end of statement, found: ,"]),
        ("SELECT a FROM t OFFSET 2", expect!["OFFSET needs a LIMIT before it"]),
        (
            "SELECT a FROM t NATURAL JOIN s",
            expect!["NATURAL JOIN changes its meaning with every new column; write ON or USING"],
        ),
        ("SELECT a FROM t JOIN s", expect!["a JOIN needs ON or USING; a CROSS JOIN has neither"]),
        ("SELECT a FROM (SELECT a FROM t)", expect!["a SELECT in FROM needs a name: FROM (SELECT …) AS name"]),
        (
            "SELECT a FROM generate_series(1, 10)",
            expect!["`generate_series(…)` is a function of one database only; select from tables"],
        ),
        (
            "WITH RECURSIVE r(n) AS (SELECT 1) SELECT n FROM r",
            expect!["WITH RECURSIVE is not in the portable subset; read the rows and walk them in the plugin"],
        ),
        (
            "WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d",
            expect!["only SELECT and VALUES can stand inside a statement"],
        ),
        (
            "INSERT OR REPLACE INTO t (a) VALUES (1)",
            expect!["write INSERT … ON CONFLICT (columns) DO UPDATE or DO NOTHING instead of OR"],
        ),
        ("INSERT INTO t (a) VALUES (?)", expect!["sql parser error: Expected: an expression, found: ?"]),
        ("INSERT INTO t (a) VALUES (DEFAULT)", expect!["DEFAULT is no value; leave the column out to get its default"]),
        ("UPDATE t SET (a, b) = (1, 2)", expect!["set columns one by one: a = …, b = …"]),
        ("DELETE FROM t USING s", expect!["DELETE has no USING; choose the rows with WHERE id IN (SELECT …)"]),
        (
            "TRUNCATE t",
            expect![
                "TRUNCATE t … is not in the portable subset; there are SELECT, INSERT, UPDATE and DELETE, and in migrations CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP"
            ],
        ),
        ("BEGIN", expect!["the host opens and ends transactions; return an error to undo everything"]),
        ("PRAGMA foreign_keys = OFF", expect!["sql parser error: Expected: a concrete value, found: OFF"]),
        (
            "ATTACH DATABASE 'x' AS y",
            expect![
                "ATTACH DATABASE … is not in the portable subset; there are SELECT, INSERT, UPDATE and DELETE, and in migrations CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP"
            ],
        ),
        (
            "COPY t TO '/tmp/x'",
            expect![
                "COPY t … is not in the portable subset; there are SELECT, INSERT, UPDATE and DELETE, and in migrations CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP"
            ],
        ),
        (
            "SET ROLE x",
            expect![
                "SET ROLE … is not in the portable subset; there are SELECT, INSERT, UPDATE and DELETE, and in migrations CREATE TABLE, CREATE INDEX, ALTER TABLE and DROP"
            ],
        ),
        (
            "CREATE TABLE t (id SERIAL)",
            expect![
                "`SERIAL` is no portable type (column id); the types are TEXT, BIGINT, BOOLEAN, DOUBLE PRECISION and BYTEA"
            ],
        ),
        (
            "CREATE TABLE t (id TEXT) WITHOUT ROWID",
            expect![
                "the statement holds something that is not in the portable subset; all that was understood of it is: CREATE TABLE t (id TEXT)"
            ],
        ),
        (
            "CREATE TABLE t (id TEXT DEFAULT CURRENT_TIMESTAMP)",
            expect!["DEFAULT CURRENT_TIMESTAMP: a default is a constant; pass other values in the INSERT"],
        ),
        ("CREATE TABLE t AS SELECT 1", expect!["write CREATE TABLE name (columns), without TEMPORARY, AS or LIKE"]),
        (
            "CREATE TEMPORARY TABLE t (id TEXT)",
            expect!["write CREATE TABLE name (columns), without TEMPORARY, AS or LIKE"],
        ),
        (
            "CREATE INDEX i ON t USING gin (a)",
            expect![
                "the statement holds something that is not in the portable subset; all that was understood of it is: CREATE INDEX i ON t(a)"
            ],
        ),
        (
            "ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
            expect![
                "`ALTER COLUMN a TYPE BIGINT`: of changes to a table there are ADD COLUMN, DROP COLUMN, RENAME COLUMN and RENAME TO; for others make a new table and copy"
            ],
        ),
        ("DROP TABLE a, b", expect!["drop one thing at a time"]),
        (
            "DROP TABLE a CASCADE",
            expect![
                "the statement holds something that is not in the portable subset; all that was understood of it is: DROP TABLE a"
            ],
        ),
        ("DROP SCHEMA a", expect!["DROP SCHEMA is not in the portable subset; there are DROP TABLE and DROP INDEX"]),
    ] {
        let wall = verdicts::Wall::new(true).unwrap();
        let verdict = if sql.starts_with("CREATE") || sql.starts_with("ALTER") || sql.starts_with("DROP") {
            wall.guest_migration(sql).map(drop)
        } else {
            wall.guest(sql).map(drop)
        };
        let shown = verdict.map_or_else(|error| error.to_string(), |()| "LET THROUGH".to_owned());
        expected.assert_eq(&shown);
    }
}

#[test]
fn the_schema_is_for_migrations() {
    let wall = verdicts::Wall::new(true).unwrap();
    for sql in
        ["CREATE TABLE t (id TEXT)", "DROP TABLE t", "ALTER TABLE t ADD COLUMN a TEXT", "CREATE INDEX i ON t (a)"]
    {
        assert!(wall.guest(sql).unwrap_err().to_string().contains("migrations only"), "{sql}");
        assert!(wall.guest_migration(sql).is_ok(), "{sql}");
    }
}

#[test]
fn the_host_may_name_its_own_tables_and_its_texts_carry_the_tag() {
    let wall = verdicts::Wall::new(true).unwrap();
    let sql = "SELECT id FROM conman_outbox";
    assert!(wall.guest(sql).is_err());
    let statement = wall.host(sql).unwrap();
    assert!(statement.sqlite.ends_with(wall.tag().as_ref()) && wall.tag().len() > 30);
    assert!(wall.host("SELECT name FROM sqlite_master").is_err());
    let (own, guests) = (wall.host("SELECT id FROM shift").unwrap(), wall.guest("SELECT id FROM shift").unwrap());
    assert_ne!(own.sqlite, guests.sqlite);
}

#[test]
fn a_verdict_is_remembered() {
    let wall = verdicts::Wall::new(true).unwrap();
    let first = wall.guest("SELECT id FROM shift").unwrap();
    assert!(Arc::ptr_eq(&first, &wall.guest("SELECT id FROM shift").unwrap()));
}

#[test]
fn deep_statements_are_refused_or_read_and_never_overflow() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!("SELECT {}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for times in [10, 100, 900, 100_000] {
        for sql in [
            deep("(", "1", ")", times),
            deep("NOT ", "TRUE", "", times),
            deep("- ", "1", "", times),
            deep("1 + ", "1", "", times),
            deep("a = 1 OR ", "a = 1", "", times),
            deep("CASE WHEN TRUE THEN ", "1", " END", times),
            deep("ABS(", "1", ")", times),
            deep("(SELECT ", "1", ")", times),
            deep("1 UNION SELECT ", "1", "", times),
            deep("x IS NULL = ", "1", "", times),
            deep("CAST(", "1", " AS TEXT)", times),
        ] {
            drop(judge(&sql, Author::Guest, ""));
        }
    }
    assert!(judge(&deep("1 + ", "1", "", 900), Author::Guest, "").is_ok());
}

/// Words from which something like SQL comes about often enough to get past the parser.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "INSERT INTO",
    "VALUES",
    "UPDATE",
    "SET",
    "DELETE FROM",
    "JOIN",
    "ON",
    "LEFT",
    "GROUP BY",
    "ORDER BY",
    "LIMIT",
    "UNION",
    "ALL",
    "AS",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS NULL",
    "LIKE",
    "CASE WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST(",
    "COUNT(*)",
    "SUM(",
    "(",
    ")",
    ",",
    ".",
    "*",
    "=",
    "<",
    "+",
    "-",
    "||",
    "$1",
    "$2",
    "?",
    "1",
    "1.5",
    "'x'",
    "''",
    "\"a\"",
    "a",
    "b",
    "t",
    "s",
    "conman_outbox",
    "pg_class",
    "sqlite_master",
    "main",
    "WITH",
    "RETURNING",
    "ON CONFLICT",
    "DO NOTHING",
    "DO UPDATE SET",
    "excluded",
    ";",
    "--",
    "/*",
    "*/",
    "::",
    "CREATE TABLE",
    "TEXT",
    "BIGINT",
    "PRIMARY KEY",
    "CHECK",
    "DEFAULT",
    "ALTER TABLE",
    "ADD COLUMN",
    "DROP",
    "INDEX",
    "OVER",
    "PARTITION BY",
    "EXISTS",
    "BETWEEN",
    "NULL",
    "TRUE",
    "DISTINCT",
    "FOR UPDATE",
    "LATERAL",
    "ARRAY[",
    "]",
    "E'",
    "$$",
    "ATTACH",
    "PRAGMA",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn garbage_never_panics(sql in "\\PC{0,200}") {
        drop(judge(&sql, Author::Guest, ""));
    }

    #[test]
    fn what_is_let_through_names_nothing_reserved(words in proptest::collection::vec(proptest::sample::select(WORDS), 1..30)) {
        if let Ok(statements) = judge(&words.join(" "), Author::Guest, "") {
            for statement in statements {
                for text in [&statement.sqlite, &statement.postgres] {
                    let bare = text.replace("conman_sum(", "");
                    for reserved in ["conman_", "pg_", "sqlite_"] {
                        // Nothing but a literal may hold it, and the only literals here are 'x' and ''.
                        prop_assert!(!bare.contains(reserved) || !is_relation(&bare, reserved), "{text}");
                    }
                    prop_assert!(!text.contains(';') && !text.contains("--") && !text.contains("/*"), "{text}");
                }
            }
        }
    }

    #[test]
    fn literals_come_back_as_they_were(literal in "[^\\x00]{0,40}") {
        let sql = format!("SELECT '{}' AS x", literal.replace('\'', "''"));
        let statements = judge(&sql, Author::Guest, "").unwrap();
        prop_assert_eq!(&*statements[0].sqlite, format!("SELECT '{}' AS \"x\"", literal.replace('\'', "''")));
    }
}

/// Whether a name with this start stands where a table's does.
fn is_relation(text: &str, start: &str) -> bool {
    ["FROM ", "JOIN ", "INTO ", "UPDATE ", "TABLE ", "ON ", ", ", "INDEX "].iter().any(|before| {
        text.match_indices(&format!("{before}\"{start}")).any(|(at, _)| {
            // In a list it may be a column, which may be called anything.
            *before != ", " && *before != "ON " || text.get(..at).is_some_and(|head| head.ends_with("FROM"))
        })
    })
}
